// SYSRET to 64-bit code of ring 3: RIP from RCX, RFLAGS from R11 without RF and VM, selectors from STAR; and to an address
// that is not canonical: #GP(0) in ring 0.
#include "idt.inc"
#include "expect.inc"
#include "user.inc"
        .code64
        setup_idt
        setup_user
        setup_syscall
        lea     user(%rip), %rcx
        mov     $0x30246, %r11d         // RF and VM, IF
        mov     $0x88000, %esp
        sysretq
user:   pushf
        pop     %rbx
        mov     %cs, %edi
        mov     %ss, %esi
        leave_user kernel
kernel: EQUAL(%rbx, 0x246)
        EQUAL(%rdi, 0x23)
        EQUAL(%rsi, 0x1b)
        movabs  $0x800000000000, %rcx
        FAULTS(13, 0, sysretq)
        mov     %cs, %eax
        EQUAL(%rax, 8)
        DONE
//= R14 0
