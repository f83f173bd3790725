// NMI and interrupts at instruction boundaries (SDM vol. 3A, 6.7.1, 6.8.3, table 6-2): NMI is blocked in its handler until an
// IRET, even one of another handler; shadows of STI; and who comes first: traps, NMI, interrupts, breakpoints.
#include "idt.inc"
#include "expect.inc"
        .set    events, 0xc000          // what came: vector << 32 | RIP
        .set    event_ptr, 0xb000
        .set    again, 0xb008           // the NMI handler sends this to itself: ICR
        .set    inner, 0xb010           // and then executes INT3
        .set    APIC, 0xfee00000
        .set    SELF_NMI, 0x4400
        .set    SELF_40, 0x44040
        .code64
        .macro  fresh line
        mov     $\line, %r14d
        movq    $events, event_ptr
        .endm
        .macro  came vector, label, more:vararg
        lea     \label(%rip), %rax
        mov     $\vector, %rdx
        shl     $32, %rdx
        or      %rdx, %rax
        cmp     %rax, (%rsi)
        jne     expect_failed
        add     $8, %rsi
        .ifnb   \more
        came    \more
        .endif
        .endm
        .macro  events_were what:vararg
        mov     $events, %esi
        .ifnb   \what
        came    \what
        .endif
        cmp     %rsi, event_ptr
        jne     expect_failed
        .endm
#define FRESH fresh __LINE__
        .macro  vector n, label
        lea     \label(%rip), %rax
        mov     %ax, 0x9000 + \n * 16
        movl    $0x8e000008, 0x9002 + \n * 16
        shr     $16, %rax
        mov     %ax, 0x9006 + \n * 16
        .endm
        setup_idt
        vector  1, on_db
        vector  2, on_nmi
        vector  3, on_bp
        vector  0x40, on_40
        movw    $0x4ff, idt_pointer(%rip)
        lidt    idt_pointer(%rip)
        mov     $APIC, %ebp
        movl    $0x1ff, 0xf0(%rbp)
        movl    $0, 0x310(%rbp)
        movq    $0, again
        movq    $0, inner
        // NMI comes at once, whatever IF.
        FRESH
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
        events_were 2, 1b
        // An interrupt only with IF.
        FRESH
        movl    $SELF_40, 0x300(%rbp)
        nop
        events_were
        sti
        nop
1:      nop
        cli
        events_were 0x40, 1b
        // STI: not before the next instruction has run; a second STI has no shadow.
        FRESH
        movl    $SELF_40, 0x300(%rbp)
        sti
        cli
        nop
        events_were
        sti
        sti
1:      nop
        cli
        events_were 0x40, 1b
        // POPF and IRET have none.
        FRESH
        movl    $SELF_40, 0x300(%rbp)
        push    $0x202
        popf
1:      cli
        events_were 0x40, 1b
        FRESH
        movl    $SELF_40, 0x300(%rbp)
        mov     %rsp, %rbx
        push    $0x10
        push    %rbx
        push    $0x202
        push    $8
        lea     1f(%rip), %rax
        push    %rax
        iretq
1:      cli
        events_were 0x40, 1b
        // STI; HLT wakes: behind HLT.
        FRESH
        movl    $SELF_40, 0x300(%rbp)
        sti
        hlt
1:      cli
        events_were 0x40, 1b
        // An NMI in the handler waits for its IRET, and then comes at once.
        FRESH
        movq    $SELF_NMI, again
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
        events_were 2, 1b, 2, 1b
        // The IRET of another handler within ends the blocking.
        FRESH
        movq    $SELF_NMI, again
        movq    $1, inner
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
        events_were 2, 1b, 3, in_nmi, 2, in_nmi
        // NMI before an interrupt: the handler's IRET has both waiting.
        FRESH
        movq    $SELF_NMI, again
        movl    $SELF_40, 0x300(%rbp)
        sti
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
        cli
        events_were 2, 1b, 2, 1b, 0x40, 1b
        // A trap before NMI: it enters its handler, whose first instruction NMI then precedes (and so is listed first).
        FRESH
        pushf
        orq     $0x100, (%rsp)
        popf
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
2:      pushf
3:      andq    $~0x100, (%rsp)
4:      popf
5:      events_were 2, on_db, 1, 1b, 1, 2b, 1, 3b, 1, 4b, 1, 5b
        // NMI before an instruction breakpoint.
        FRESH
        lea     1f(%rip), %rax
        mov     %rax, %dr0
        mov     $0x401, %eax
        mov     %rax, %dr7
        movl    $SELF_NMI, 0x300(%rbp)
1:      nop
        mov     $0x400, %eax
        mov     %rax, %dr7
        events_were 2, 1b, 1, 1b
        // An interrupt before it, too, but not in STI's shadow, which ends with the breakpoint.
        FRESH
        lea     1f(%rip), %rax
        mov     %rax, %dr0
        mov     $0x401, %eax
        mov     %rax, %dr7
        movl    $SELF_40, 0x300(%rbp)
        push    $0x202
        popf
1:      nop
        cli
        events_were 0x40, 1b, 1, 1b
        FRESH
        lea     1f(%rip), %rax
        mov     %rax, %dr0
        movl    $SELF_40, 0x300(%rbp)
        sti
1:      nop
2:      cli
        events_were 1, 1b, 0x40, 1b
        mov     $0x400, %eax
        mov     %rax, %dr7
        // HLT is left by NMI: the timer's, which pin 2 of the I/O APIC turns into one.
        FRESH
        mov     $0xfec00000, %ebx
        movl    $0x14, (%rbx)
        movl    $0x400, 0x10(%rbx)
        mov     $0x30, %al
        out     %al, $0x43
        mov     $0x40, %al
        out     %al, $0x40
        xor     %al, %al
        out     %al, $0x40
        mov     $0xff, %al
        out     %al, $0x21
        sti
        hlt
1:      cli
        movl    $0x14, (%rbx)
        movl    $0x10400, 0x10(%rbx)
        events_were 2, 1b
        DONE
        .macro  event vector
        push    %rax
        push    %rdx
        mov     $\vector, %rdx
        shl     $32, %rdx
        or      16(%rsp), %rdx
        mov     event_ptr, %rax
        mov     %rdx, (%rax)
        addq    $8, event_ptr
        pop     %rdx
        pop     %rax
        .endm
on_db:  event   1
        push    %rax
        mov     %dr6, %rax
        test    $1, %al
        jz      1f
        orq     $0x10000, 24(%rsp)
1:      mov     $0xffff0ff0, %eax
        mov     %rax, %dr6
        pop     %rax
        iretq
on_nmi: event   2
        push    %rax
        mov     again, %rax
        test    %rax, %rax
        jz      1f
        movq    $0, again
        mov     %eax, 0x300(%rbp)
        nop
        nop
        cmpq    $0, inner
        je      1f
        movq    $0, inner
        int3
in_nmi: nop
1:      pop     %rax
        iretq
on_bp:  event   3
        iretq
on_40:  event   0x40
        movl    $0, 0xb0(%rbp)
        iretq
//= R14 0
