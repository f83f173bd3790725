// RDRAND and RDSEED draw from one seeded generator (the seed is 0 here); flags; operand sizes. RDPID reads IA32_TSC_AUX.
#include "idt.inc"
#include "expect.inc"
        .code64
        setup_idt
        push    $0x8d7                  // all six
        popf
        rdrand  %rax
        pushf
        pop     %rbx
        and     $0x8d5, %ebx
        EQUAL(%rbx, 1)
        EQUAL(%rax, 0xe220a8397b1dcdaf)
        mov     $-1, %rcx
        rdseed  %ecx
        EQUAL(%rcx, 0xa1b965f4)         // of 6E789E6AA1B965F4
        mov     $-1, %rdx
        rdrand  %dx
        EQUAL(%rdx, 0xffffffffffff454f) // of 06C45D188009454F
        rdseed  %r13
        EQUAL(%r13, 0xf88bb8a8724c81ec)
        FAULTS_ANY(6, .byte 0xf2, 0x0f, 0xc7, 0xf0)
        FAULTS_ANY(6, .byte 0xf3, 0x0f, 0xc7, 0xf0)
        FAULTS_ANY(6, .byte 0xf0, 0x0f, 0xc7, 0xf8)
        mov     $0xc0000103, %ecx
        mov     $0x87654321, %eax
        xor     %edx, %edx
        wrmsr
        mov     $-1, %rbx
        rdpid   %rbx
        EQUAL(%rbx, 0x87654321)
        inc     %edx
        FAULTS(13, 0, wrmsr)            // 32 bits only
        DONE
//= R14 0
