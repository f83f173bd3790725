// Ticks: one per instruction, one per REP iteration (at least one), one per delivered exception, one for HLT.
#include "idt.inc"
        .code64
        setup_idt
        rdtsc
        mov     %eax, %r8d
        nop                             // 1
        nop
        nop
        rdtsc
        sub     %r8d, %eax              // rdtsc, mov, 3 nop: 5
        mov     %eax, %r9d
        mov     $100, %ecx
        mov     $0x30000, %edi
        rdtsc
        mov     %eax, %r8d
        rep stosb                       // 100
        rdtsc
        sub     %r8d, %eax              // rdtsc, mov, 100: 102
        mov     %eax, %r10d
        rdtsc
        mov     %eax, %r8d
        rep stosb                       // RCX is 0: 1
        rdtsc
        sub     %r8d, %eax              // 3
        mov     %eax, %r11d
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        rdtsc
        mov     %eax, %r8d
        ud2                             // no tick, delivery one
1:      rdtsc
        sub     %r8d, %eax              // rdtsc, mov, delivery, and the stub
        mov     %eax, %r12d
        hlt
//= R9 5
//= R10 102
//= R11 3
//= R12 23
