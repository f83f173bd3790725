// x87 errors without CR0.NE: FERR# raises IRQ 13 at the next waiting instruction, which is not executed before the handler
// has cleared the exception or asserted IGNNE# by port F0h.
#include "idt.inc"
#include "expect.inc"
        .set    LAPIC, 0xfee00000
        .code64
        .macro  divide_by_zero
        fninit
        fldcw   unmasked(%rip)
        fld1
        fldz
        fdivrp
        .endm
        .macro  eoi
        mov     $0x20, %al
        out     %al, $0xa0
        out     %al, $0x20
        .endm
        setup_idt
        mov     %cr0, %rax
        and     $~0x20, %eax
        mov     %rax, %cr0
        mov     $LAPIC, %ebp
        movl    $0x1ff, 0xf0(%rbp)
        movl    $0x700, 0x350(%rbp)     // LINT0: ExtINT
        // 8259As: vectors 10h and 18h, slave at 2, all but IRQ 2 and 13 masked.
        mov     $0x11, %al
        out     %al, $0x20
        out     %al, $0xa0
        mov     $0x10, %al
        out     %al, $0x21
        mov     $0x18, %al
        out     %al, $0xa1
        mov     $4, %al
        out     %al, $0x21
        mov     $2, %al
        out     %al, $0xa1
        mov     $1, %al
        out     %al, $0x21
        out     %al, $0xa1
        mov     $0xfb, %al
        out     %al, $0x21
        mov     $0xdf, %al
        out     %al, $0xa1

        // Nothing happens before a waiting instruction; those that do not wait go on.
        movq    $0, 0xa018
        sti
        divide_by_zero
        nop
        fnstsw  %ax
        and     $0x80bf, %eax
        EQUAL(%rax, 0x8084)
        EQUAL(0xa018, 0)
        lea     1f(%rip), %rbx
        lea     2f(%rip), %rax
        mov     %rax, 0xa020
1:      fwait
        jmp     expect_failed
2:      EQUAL(0xa000, 29)
        cmp     %rbx, 0xa010
        jne     expect_failed
        EQUAL(0xa018, 1)
        // Still pending; port F0h ends the request and asserts IGNNE#: waiting instructions go on.
        out     %al, $0xf0
        eoi
        fwait
        fld1
        fnstsw  %ax
        and     $0xbf, %eax
        EQUAL(%rax, 0x84)
        EQUAL(0xa018, 1)
        // When the exception is cleared FERR# ends, and IGNNE# with it: the next error interrupts again. Here the handler clears
        // it, and the instruction is executed after all.
        fnclex
        fwait
        divide_by_zero
        movq    $0, 0xa020
        lea     handler(%rip), %rax
        mov     %ax, 0x9000 + 29 * 16
        shr     $16, %rax
        mov     %ax, 0x9000 + 29 * 16 + 6
        xor     %ecx, %ecx
        fld1
        EQUAL(%rcx, 1)
        fnstsw  %ax
        and     $0x80ff, %eax
        EQUAL(%rax, 0)
        // SSE is not concerned, and FNINIT does not wait.
        divide_by_zero
        cli
        movq    %rax, %xmm0
        addsd   %xmm0, %xmm0
        fninit
        fwait
        // EMMS and MMX wait as well.
        divide_by_zero
        sti
        emms
        cli
        EQUAL(%rcx, 2)
        // With NE it is #MF.
        mov     %cr0, %rax
        or      $0x20, %eax
        mov     %rax, %cr0
        divide_by_zero
        FAULTS_ANY(16, fwait)
        EQUAL(%rcx, 2)
        fninit
        DONE
handler:
        push    %rax
        inc     %ecx
        fnclex
        out     %al, $0xf0
        eoi
        pop     %rax
        iretq
unmasked: .word 0x37b
//= R14 0
