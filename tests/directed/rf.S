// RF is set in the frame of a fault and cleared by the next completed instruction.
#include "idt.inc"
        .code64
        setup_idt
        lea h3(%rip),%rax
        mov %ax,0x9030
        shr $16,%rax
        mov %ax,0x9036
        lea 1f(%rip),%rax
        mov %rax,0xa020
        ud2
1:      nop
        nop
        int3
        and $0x10000,%r9
        hlt
h3:     mov 16(%rsp),%r9
        iretq
//= R9 0
