// Non-canonical addresses: #SS for the stack, #GP for other operands.
#include "idt.inc"
        .code64
        setup_idt
        movl $0x8000,0x30024          // TSS at 0x30000: IST1
        movl $0x00088000,0x30024
        mov $0x0000890300000067,%rax
        mov %rax,0x8018
        movq $0,0x8020
        mov $0x18,%eax
        ltr %ax
        movb $1,0x90c4
        movb $1,0x90d4
        lea 1f(%rip),%rax
        mov %rax,0xa020
        mov %rsp,%rbp
        mov $0x8000000000000000,%rsp
        push %rax
1:      mov %rbp,%rsp
        mov 0xa000,%rax
        hlt
//= RAX 12
