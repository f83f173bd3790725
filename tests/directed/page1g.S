// 1-GiB pages: translation, A and D bits, reserved bits, rights, NX, and large pages beside them.
#include "idt.inc"
#include "expect.inc"
        .code64
        setup_idt
        // 0x4000000000: the second PML4 entry's gigabytes 0 and 1.
        movq    $0x20003, 0x10008
        movq    $0x83, 0x20000
        mov     $0x8000000000, %rdi
        movq    $0x1234, 0x345678
        mov     0x345678(%rdi), %rax
        EQUAL(%rax, 0x1234)
        mov     0x20000, %rbx
        EQUAL(%rbx, 0xa3)               // A
        movq    $0x5678, 0x345678(%rdi)
        mov     0x20000, %rbx
        EQUAL(%rbx, 0xe3)               // and D
        mov     0x345678, %rax
        EQUAL(%rax, 0x5678)
        // Bits 29:13 of the entry are reserved; bit 12 is PAT.
        movq    $0x1083, 0x20000
        mov     0x345678(%rdi), %rax
        EQUAL(%rax, 0x5678)
        movq    $0x2083, 0x20000
        FAULTS(14, 9, mov (%rdi), %rax)
        movq    $0x20000083, 0x20000
        FAULTS(14, 0xb, mov %rax, (%rdi))
        mov     $1 << 40 | 0x83, %rax   // beyond 40 bits of address
        mov     %rax, 0x20000
        FAULTS(14, 9, mov (%rdi), %rax)
        // Read-only, absent, no execution.
        movq    $0x81, 0x20000
        FAULTS(14, 3, mov %rax, 0x345678(%rdi))
        movq    $0x82, 0x20000
        FAULTS(14, 0, mov (%rdi), %rax)
        mov     $0x83, %eax
        bts     $63, %rax
        mov     %rax, 0x20000
        movb    $0xc3, 0x345000
        lea     0x345000(%rdi), %rbx
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rbx
        jmp     expect_failed
1:      mov     0xa008, %rax
        EQUAL(%rax, 0x11)               // P and I/D
        mov     0xa010, %rax
        EQUAL(%rax, 0x8000345000)
        mov     %cr2, %rax
        EQUAL(%rax, 0x8000345000)
        pop     %rax
        movq    $0x83, 0x20000
        call    *%rbx
        // The entry turns into a table's, and back.
        movq    $0x21003, 0x20000
        movq    $0x600083, 0x21000
        movq    $0x77, 0x600000
        mov     (%rdi), %rax
        EQUAL(%rax, 0x77)
        movq    $0x83, 0x20000
        mov     0x345678(%rdi), %rax
        EQUAL(%rax, 0x5678)
        // In the PML4 bit 7 is reserved.
        movq    $0x20083, 0x10008
        FAULTS(14, 9, mov (%rdi), %rax)
        DONE
//= R14 0
