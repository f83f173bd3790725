// Page tables in write-protected shadow memory: nothing derived from them may outlive a change.
#include "idt.inc"
        .code64
        setup_idt
        mov $0x80000058,%eax
        mov $0xcf8,%edx
        out %eax,%dx
        mov $0xcfe,%edx
        mov $0x33,%al
        out %al,%dx
        movq $0x11023,0xc0000
        mov $0x11,%al
        out %al,%dx
        mov 0xc0000,%r15
        movq $0x20023,0x13000
        movq $0x30063,0x20000
        movq $0x1111,0x30000
        movq $0x2222,0x31000
        mov $0xc0000,%eax
        mov %rax,%cr3
        mov $0x40000000,%edi
        mov (%rdi),%r8
        movq $0x31063,0x20000
        mov (%rdi),%r9
        hlt
//= R15 0x11023
//= R8 0x1111
//= R9 0x2222
