// RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE: #UD without CR4.FSGSBASE, 32- and 64-bit operands, canonical addresses only; the
// base counts at the next access, and the MSRs show it.
#include "idt.inc"
#include "expect.inc"
        .code64
        setup_idt
        FAULTS_ANY(6, rdfsbase %rax)
        FAULTS_ANY(6, wrgsbase %rax)
        mov     %cr4, %rax
        or      $1 << 16, %rax
        mov     %rax, %cr4
        rdfsbase %rax
        EQUAL(%rax, 0)
        mov     $0xffff812345678000, %rbx
        wrfsbase %rbx
        rdfsbase %rax
        EQUAL(%rax, 0xffff812345678000)
        rdfsbase %eax
        EQUAL(%rax, 0x45678000)
        mov     $0xc0000100, %ecx
        rdmsr
        EQUAL(%rax, 0x45678000)
        EQUAL(%rdx, 0xffff8123)
        mov     $0xffffffff80000010, %rbx
        wrgsbase %ebx                   // the upper half is dropped
        rdgsbase %rax
        EQUAL(%rax, 0x80000010)
        mov     $0x8000000000000000, %rbx
        FAULTS(13, 0, wrfsbase %rbx)
        FAULTS(13, 0, wrgsbase %rbx)
        rdgsbase %rax
        EQUAL(%rax, 0x80000010)
        mov     $0xb000, %ebx
        wrfsbase %rbx
        wrgsbase %rbx
        movq    $0x1234, 0xb008
        mov     %fs:8, %rax
        EQUAL(%rax, 0x1234)
        mov     %gs:8, %rcx
        EQUAL(%rcx, 0x1234)
        swapgs
        rdgsbase %rax
        EQUAL(%rax, 0)
        FAULTS_ANY(6, .byte 0xf0, 0xf3, 0x48, 0x0f, 0xae, 0xc0)
        DONE
//= R14 0
