//@ mode protected32
// Task switches of every kind between every size of TSS (SDM vol. 3A, 7.3, table 7-2): JMP, CALL and IRET, INT n through a
// task gate, from 32 and 16 bits to 32 and 16 bits: busy bits, back link, NT before and behind, what is saved. And
// error codes through task gates, what is refused, and CR3.
#include "pm32.inc"
#include "check32.inc"
        .set    T32A, 0x5000            // 48h: the first task
        .set    T32B, 0x5400            // 58h
        .set    T16A, 0x5500            // 60h
        .set    T16B, 0x5600            // 68h
        .macro  task32 base, selector, label, flags=2
        mov     $\base, %edi
        xor     %eax, %eax
        mov     $0x68 / 4, %ecx
        rep stosl
        movl    $\label, \base + 0x20
        movl    $\flags, \base + 0x24
        movl    $0x80000, \base + 0x38
        movl    $0x10, \base + 0x48
        movl    $8, \base + 0x4c
        movl    $0x10, \base + 0x50
        movl    $0x10, \base + 0x54
        movw    $0x68, \base + 0x66
        set_desc \selector, \base, 0x67, 0x89
        .endm
        .macro  task16 base, selector, label, flags=2
        mov     $\base, %edi
        xor     %eax, %eax
        mov     $0x2c / 4, %ecx
        rep stosl
        mov     $(\label - 0x100000), %eax
        mov     %ax, \base + 0x0e
        movw    $\flags, \base + 0x10
        movw    $0xf000, \base + 0x1a
        movw    $0x10, \base + 0x22
        movw    $0x80, \base + 0x24     // code at 1 MiB
        movw    $0x88, \base + 0x26     // a stack of 64 KiB
        movw    $0x10, \base + 0x28
        set_desc \selector, \base, 0x2b, 0x81
        .endm
        .macro  busy line, selector, is
        movl    $\line, failed_line
        mov     0x8005 + \selector, %al
        and     $2, %al
        cmp     $(2 * \is), %al
        jne     expect_failed
        .endm
        // A task of `to`, entered from a task of `from`, by a way: both its own and the old task's bits, link, NT.
        .macro  inside line, from, to, to_base, nested
        busy    \line, \to, 1
        busy    \line, \from, \nested
        movl    $\line, failed_line
        str     %eax
        cmp     $\to, %eax
        jne     expect_failed
        pushf
        pop     %eax
        and     $0x4000, %eax
        cmp     $(0x4000 * \nested), %eax
        jne     expect_failed
        .if     \nested
        cmpw    $\from, \to_base
        .else
        cmpw    $0, \to_base
        .endif
        jne     expect_failed
        smsw    %ax
        test    $8, %al                 // TS
        jz      expect_failed
        clts
        .endm
        // From the task that runs: JMP there and back, CALL and IRET, INT 20h and IRET.
        .macro  kinds line, from, from_base, to, to_base, width, make
        \make   \to_base, \to, .Ljmp_\@
        ljmp    $\to, $0
        jmp     .Lback_\@
.Ljmp_\@: inside \line, \from, \to, \to_base, 0
        ljmp    $\from, $0
.Lback_\@: busy \line, \from, 1
        busy    \line, \to, 0
        \make   \to_base, \to, .Lcall_\@
        mov     $0x12345678, %esi
        push    $0x4ed5                 // IF, OF, DF; and NT, which is the old task's own
        popf
        lcall   $\to, $0
        pushf
        pop     %edx
        cld
        movl    $\line, failed_line
        cmp     $0x4ed7, %edx           // as it was, with bit 1
        jne     expect_failed
        push    $2
        popf
        busy    \line, \from, 1
        busy    \line, \to, 0
        jmp     .Lint_\@
.Lcall_\@: cld
        inside  \line, \from, \to, \to_base, 1
        iret
.Lint_\@: \make \to_base, \to, .Lhandler_\@
        movl    $(\to << 16), 0x9000 + 0x20 * 8
        movl    $0x8500, 0x9004 + 0x20 * 8
        int     $0x20
        busy    \line, \from, 1
        busy    \line, \to, 0
        // The task gate by CALL.
        \make   \to_base, \to, .Lhandler_\@
        movl    $(\to << 16), 0x8090
        movl    $0x8500, 0x8094
        lcall   $0x90, $0
        jmp     .Lend_\@
.Lhandler_\@: inside \line, \from, \to, \to_base, 1
        .if     \width == 4
        cmpl    $0x12345678, \from_base + 0x40
        .endif
        iret
.Lend_\@: busy  \line, \from, 1
        .endm
#define KINDS(...) kinds __LINE__, __VA_ARGS__
        setup_pm32
        set_desc 0x80, 0x100000, 0xffff, 0x409b
        set_desc 0x88, 0x60000, 0xffff, 0x0093
        KINDS(0x48, T32A, 0x58, T32B, 4, task32)
        KINDS(0x48, T32A, 0x60, T16A, 2, task16)
        // The same from a 16-bit task.
        task16  T16B, 0x68, in16
        lcall   $0x68, $0
        jmp     rest
in16:   KINDS(0x68, T16B, 0x60, T16A, 2, task16)
        KINDS(0x68, T16B, 0x58, T32B, 4, task32)
        push    $0x4002
        popf
        iret
rest:   busy    __LINE__, 0x48, 1
        busy    __LINE__, 0x68, 0
        // An exception through a task gate: its error code is on the new task's stack, of the TSS's width; EIP that of the
        // fault. IRET runs it again.
        task32  T32B, 0x58, 1f
        mov     0x9000 + 13 * 8, %ebx
        mov     0x9004 + 13 * 8, %ebp
        movl    $0x00580000, 0x9000 + 13 * 8
        movl    $0x8500, 0x9004 + 13 * 8
        mov     $0x7f8, %eax
3:      mov     %eax, %fs
        jmp     2f
1:      EQUAL(T32A + 0x20, 3b)
        pop     %eax
        EQUAL(%eax, 0x7f8)
        EQUAL(%esp, 0x80000)
        movl    $0, T32A + 0x28         // EAX: null
        iret
2:      EQUAL(%eax, 0)
        task16  T16A, 0x60, 1f
        movl    $0x00600000, 0x9000 + 13 * 8
        mov     $0x7f8, %eax
3:      mov     %eax, %fs
        jmp     2f
1:      EQUAL(T32A + 0x20, 3b)
        movzwl  %sp, %eax
        EQUAL(%eax, 0xeffe)
        popw    %ax
        movzwl  %ax, %eax
        EQUAL(%eax, 0x7f8)
        movl    $0, T32A + 0x28
        iret
2:      EQUAL(%eax, 0)
        mov     %ebx, 0x9000 + 13 * 8
        mov     %ebp, 0x9004 + 13 * 8
        // What is refused, in the old task: a busy one, of an inner level, from the LDT, too short; the old TSS too short.
        task16  T16A, 0x60, 1f
1:      set_desc 0x60, T16A, 0x2a, 0x81
        FAULTS(10, 0x60, ljmp $0x60, $0)
        FAULTS(10, 0x60, lcall $0x60, $0)
        set_desc 0x60, T16A, 0x2b, 0x83
        FAULTS(13, 0x60, ljmp $0x60, $0)
        set_desc 0x60, T16A, 0x2b, 0x01
        FAULTS(11, 0x60, ljmp $0x60, $0)
        set_desc 0x60, T16A, 0x2b, 0x81
        RING_FAULTS(3, 13, 0x60, ljmp $0x60, $0)
        set_desc 0x60, T16A, 0x2b, 0xc1
        RING_FAULTS(3, 13, 0x60, lcall $0x60, $0)
        FAULTS(13, 0x60, lcall $0x63, $0)
        // Task gates: their DPL counts, not the TSS's; errors have the gate's selector or the TSS's.
        set_desc 0x60, T16A, 0x2a, 0x81
        movl    $0x00600000, 0x8090
        movl    $0xe500, 0x8094
        RING_FAULTS(3, 10, 0x60, lcall $0x93, $0)
        movl    $0xc500, 0x8094
        RING_FAULTS(3, 13, 0x90, lcall $0x93, $0)
        movl    $0x6500, 0x8094
        RING_FAULTS(3, 11, 0x90, lcall $0x93, $0)
        movl    $0xe500, 0x8094
        movl    $0x00640000, 0x8090
        RING_FAULTS(3, 13, 0x64, lcall $0x93, $0)
        movl    $0x00000000, 0x8090
        RING_FAULTS(3, 13, 0, lcall $0x93, $0)
        movl    $0x07f80000, 0x8090
        RING_FAULTS(3, 13, 0x7f8, lcall $0x93, $0)
        set_desc 0x60, T16A, 0x2b, 0x01
        movl    $0x00600000, 0x8090
        RING_FAULTS(3, 11, 0x60, lcall $0x93, $0)
        // The same in the IDT, where an exception sets EXT.
        movl    $0x00600000, 0x9000 + 6 * 8
        movl    $0x8500, 0x9004 + 6 * 8
        RING_FAULTS(3, 11, 0x61, ud2)
        set_desc 0x60, T16A, 0x2b, 0x83
        RING_FAULTS(3, 13, 0x61, ud2)
        set_desc 0x60, T16A, 0x2a, 0x81
        RING_FAULTS(3, 10, 0x61, ud2)
        movl    $0x00640000, 0x9000 + 6 * 8
        RING_FAULTS(3, 13, 0x65, ud2)
        set_gate 0x9030, 8, "(pm_stubs + 6 * 16)", 14, 0
        // CR3 goes with a 32-bit task, when paging is on.
        movl    $0x00000083, 0x18000
        movl    $0x00000083, 0x19000
        mov     $0x10, %eax
        mov     %eax, %cr4
        mov     $0x18000, %eax
        mov     %eax, %cr3
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        task32  T32B, 0x58, 1f
        movl    $0x19000, T32B + 0x1c
        movl    $0x18000, T32A + 0x1c
        lcall   $0x58, $0
        jmp     2f
1:      mov     %cr3, %eax
        EQUAL(%eax, 0x19000)
        iret
2:      mov     %cr3, %eax
        EQUAL(%eax, 0x18000)
        task16  T16A, 0x60, 1f
        lcall   $0x60, $0
        jmp     2f
1:      mov     %cr3, %eax
        EQUAL(%eax, 0x18000)
        iret
2:      DONE
//= [0xb000] 0
//= [0xb004] 0
