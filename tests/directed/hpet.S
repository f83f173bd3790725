// The HPET on the board: the counter follows the time, and timer 0 in legacy replacement mode interrupts in the 8254's
// place, timer 2 by an input of the I/O APIC.
#include "idt.inc"
#include "expect.inc"
        .set    LAPIC, 0xfee00000
        .set    IOAPIC, 0xfec00000
        .set    HPET, 0xfed00000
        .code64
        .macro  redirect input, low
        movl    $0x10 + 2 * \input, (%rdi)
        movl    $\low, 0x10(%rdi)
        .endm
        setup_idt
        mov     $HPET, %esi
        mov     $IOAPIC, %edi
        mov     $LAPIC, %ebp
        movl    $0x1ff, 0xf0(%rbp)
        EQUAL(0(%rsi), 0x05f5e1008086a201)

        // 100 counts are 10000 ticks.
        movl    $1, 0x10(%rsi)
        mov     0xf0(%rsi), %rax
        mov     $5000, %ecx
1:      loop    1b
        mov     0xf0(%rsi), %rbx
        sub     %rax, %rbx
        cmp     $50, %rbx
        jb      expect_failed
        cmp     $102, %rbx
        ja      expect_failed

        // The 8259A is masked, IRQ 0 arrives at input 2: vector 12h.
        mov     $0xff, %al
        out     %al, $0x21
        redirect 2, 0x12
        movl    $0, 0x10(%rsi)
        movl    $0x14c, 0x100(%rsi)     // 32 bits, periodic, VAL_SET, enabled
        movl    $0, 0xf0(%rsi)
        movl    $200, 0x108(%rsi)
        movl    $50, 0x108(%rsi)
        movl    $3, 0x10(%rsi)
        movq    $0, 0xa018
        sti
        mov     $3, %ecx
2:      hlt
        movl    $0, 0xb0(%rbp)
        loop    2b
        cli
        EQUAL(0xa018, 3)
        EQUAL(0xa000, 0x12)
        mov     0xf0(%rsi), %eax
        cmp     $300, %eax
        jb      expect_failed
        cmp     $310, %eax
        ja      expect_failed
        movl    $0, 0x100(%rsi)

        // Timer 2, level-triggered, input 21, vector 15h.
        redirect 21, 0x8015
        mov     0xf0(%rsi), %eax
        add     $100, %eax
        mov     %eax, 0x148(%rsi)
        movl    $0x2b06, 0x140(%rsi)    // input 21, 32 bits, enabled, level
        mov     0xf0(%rsi), %eax
        add     $100, %eax
        mov     %eax, 0x148(%rsi)
        movq    $0, 0xa018
        sti
        hlt
        cli
        EQUAL(0xa018, 1)
        EQUAL(0xa000, 0x15)
        mov     0x20(%rsi), %eax
        EQUAL(%rax, 4)
        movl    $4, 0x20(%rsi)
        movl    $0, 0xb0(%rbp)
        sti
        mov     $1000, %ecx
3:      loop    3b
        cli
        EQUAL(0xa018, 1)
        DONE
//= R14 0
