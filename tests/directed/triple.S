// A fault that #DF cannot report either stops the processor (SDM vol. 3A, 6.15, interrupt 8).
#include "pm64.inc"
        setup_pm64
        movb    $0x0e, idt + 5 + 16 * 8
        mov     $0x8000000000000000, %rsp
        mov     $0x11, %ebx
        push    %rax
        mov     $0x22, %ebx
        hlt
//= STOP triple
//= RBX 0x11
