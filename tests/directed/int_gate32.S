//@ mode protected32
// Interrupt and trap gates of 32 and 16 bits (SDM vol. 2, INT n; vol. 3A, 6.12): privilege of software interrupts, the level
// of the handler, what is pushed, IF, TF, NT and RF, error codes, and the faults of a delivery.
#include "pm32.inc"
#include "check32.inc"
        .set    gate20, 0x9000 + 0x20 * 8
        .macro  gate type, dpl, selector=0x08, label=entered
        set_gate gate20, \selector, \label, \type, \dpl
        .endm
        .macro  stack1 ss, esp=0x74000
        movl    $\esp, 0x500c
        movl    $\ss, 0x5010
        .endm
        setup_pm32
        jmp     1f
        // Every handler: the stack, flags, CS.
entered:
        mov     %esp, %ebx
        pushf
        pop     %esi
        mov     %cs, %edi
        mov     %ss, %edx
bare:   int     $0x30
1:      // INT n: the gate's DPL against CPL, and its #GP has the vector with IDT set.
        .irp    dpl, 0, 1, 2, 3
        gate    14, \dpl
        .irp    cpl, 0, 1, 2, 3
        .if     \cpl <= \dpl
        expect_ring (0x8000 + \dpl * 16 + \cpl), \cpl, 0xff, 0, int $0x20
        .else
        expect_ring (0x8000 + \dpl * 16 + \cpl), \cpl, 13, 0x102, int $0x20
        .endif
        .endr
        .endr
        // The same for INT3 and INTO, but not for INT1.
        RING_FAULTS(3, 13, 0x1a, int3)
        RING_FAULTS(3, 13, 0x1a, .byte 0xcd, 3)
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $3f, start
        to_ring 3, 1f
1:      mov     $0x7fffffff, %eax
        inc     %eax
3:      into
        int     $0x30
2:      EXPECT(13, 0x22)
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $3f - 1, start
        to_ring 3, 1f
1:      int1
3:      int     $0x30
2:      expect_record __LINE__, 1, 0x10000      // EIP behind INT1
        mov     %dr6, %eax
        EQUAL(%eax, 0xffff0ff0)         // INT1 reports nothing
        RING_PASSES(3, into)
        // In ring 0 INT3's frame points behind it.
        movb    $0xee, 0x9000 + 3 * 8 + 5
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $3f - 1, start
        to_ring 3, 1f
1:      int3
3:      int     $0x30
2:      expect_record __LINE__, 3, 0x10000
        movb    $0x8e, 0x9000 + 3 * 8 + 5
        // Vectors beyond the limit, absent gates, wrong types.
        RING_FAULTS(3, 13, 0x18a, int $0x31)
        FAULTS(13, 0x7fa, int $0xff)
        gate    14, 3
        movb    $0x6e, gate20 + 5
        RING_FAULTS(3, 11, 0x102, int $0x20)
        movb    $0x0e, gate20 + 5
        RING_FAULTS(3, 13, 0x102, int $0x20)    // DPL before presence
        .irp    type, 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 30, 31, 16
        movb    $(0xe0 | \type), gate20 + 5
        expect_ring (0x9000 + \type), 3, 13, 0x102, int $0x20
        .endr
        // Targets.
#define TARGET(selector, vector, error) gate 14, 3, selector; expect_ring __LINE__, 1, vector, error, int $0x20
        TARGET(0, 13, 0)
        TARGET(2, 13, 0)
        TARGET(0x7f8, 13, 0x7f8)
        TARGET(0x7c, 13, 0x7c)
        TARGET(0x10, 13, 0x10)
        TARGET(0x48, 13, 0x48)
        TARGET(0x28, 13, 0x28)          // outer
        set_desc 0x60, 0, 0xfffff, 0xc01b
        TARGET(0x60, 11, 0x60)
        set_desc 0x60, 0, 0xfffff, 0xc05b
        TARGET(0x60, 13, 0x60)          // outer before absent
        set_desc 0x60, 0, 0xfff, 0x409b
        TARGET(0x60, 13, 0)             // beyond its limit
        set_desc 0x60, 0, 0xfffff, 0xc0df
        TARGET(0x60, 13, 0x60)          // conforming of an outer level
        // Level of the handler, for every pair; same level pushes three, else five.
        .irp    cpl, 0, 1, 2, 3
        .irp    dpl, 0, 1, 2, 3
        gate    14, 3, (8 + 16 * \dpl)
        .if     \dpl <= \cpl
        expect_ring (0xa000 + \dpl * 16 + \cpl), \cpl, 0xff, 0, int $0x20
        expect_equal (0xa100 + \dpl * 16 + \cpl), %edi, (8 + 17 * \dpl)
        expect_equal (0xa200 + \dpl * 16 + \cpl), %edx, (16 + 17 * \dpl)
        .if     \dpl == \cpl
        .if     \cpl
        expect_equal (0xa300 + \dpl * 16 + \cpl), %ebx, 0x5fff4
        .endif
        .else
        expect_equal (0xa300 + \dpl * 16 + \cpl), %ebx, (0x70000 + 0x4000 * \dpl - 20)
        .endif
        .else
        expect_ring (0xa000 + \dpl * 16 + \cpl), \cpl, 13, (8 + 16 * \dpl), int $0x20
        .endif
        set_desc 0x60, 0, 0xfffff, (0xc09f | \dpl << 5)
        gate    14, 3, 0x60
        .if     \dpl <= \cpl
        expect_ring (0xb000 + \dpl * 16 + \cpl), \cpl, 0xff, 0, int $0x20
        expect_equal (0xb100 + \dpl * 16 + \cpl), %edi, (0x60 + \cpl)
        expect_equal (0xb200 + \dpl * 16 + \cpl), %edx, (16 + 17 * \cpl)
        .else
        expect_ring (0xb000 + \dpl * 16 + \cpl), \cpl, 13, 0x60, int $0x20
        .endif
        .endr
        .endr
        // Flags in the handler: IF by the gate; TF, NT, RF cleared; the others stay. All pushed as they were.
        .macro  flag_case line, type, flags, inside
        gate    \type, 3
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        push    $0x43
        push    $0x60000
        push    $\flags
        push    $0x3b
        push    $.Lin_\@
        iret
.Lin_\@: int    $0x20
.Lgo_\@:
        movl    $\line, failed_line
        cmpl    $0xff000000, log
        jne     expect_failed_log
        expect_equal \line, %esi, \inside
        expect_equal \line, 0x6fff4, \flags
        .endm
#define FLAG_CASE(...) flag_case __LINE__, __VA_ARGS__
        FLAG_CASE(14, 0x202, 0x2)
        FLAG_CASE(15, 0x202, 0x202)
        FLAG_CASE(15, 0x2, 0x2)
        FLAG_CASE(14, 0x7ed7, 0x3cd7)
        FLAG_CASE(15, 0x7ed7, 0x3ed7)
        FLAG_CASE(14, 0x247ad7, 0x2438d7)
        // 16 bits: three words, IP's upper half is lost.
        gate    6, 3
        set_desc 0x60, 0x100000, 0xfffff, 0xc09b
        movw    $0x60, gate20 + 2
        mov     $entered - 0x100000, %eax
        mov     %ax, gate20
        movw    $0xffff, gate20 + 6
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $0xdead0000, 0x6fff8
        push    $0x43
        push    $0x12346000
        push    $0x40202
        push    $0x3b
        push    $1f
        iret
1:      int     $0x20
3:
2:      EXPECT(0xff, 0)
        EQUAL(%esi, 0x40002)            // AC stays
        EQUAL(%ebx, 0x6fff6)
        EQUAL(0x6fffc, 0x00436000)
        EQUAL(0x6fff8, 0x0202003b)
        movzwl  0x6fff6, %eax
        sub     $3b - 0x100000, %eax
        movzwl  %ax, %eax
        EQUAL(%eax, 0)
        // With an error code: a word through a 16-bit gate.
        mov     0x9000 + 13 * 8, %ebp
        mov     0x9004 + 13 * 8, %ecx
        mov     gate20, %eax
        mov     %eax, 0x9000 + 13 * 8
        movl    $0xffff8600, 0x9004 + 13 * 8
        movl    $log, log_ptr
        movl    $2f, resume
        to_ring 3, 1f
1:      mov     $0x7f8, %eax
3:      mov     %eax, %fs
2:      mov     %ebp, 0x9000 + 13 * 8
        mov     %ecx, 0x9004 + 13 * 8
        EXPECT(0xff, 0)
        EQUAL(%ebx, 0x6fff4)
        movzwl  0x6fff4, %eax
        EQUAL(%eax, 0x7f8)
        // EXT: a fault while an exception is delivered has it, one while INT n is delivered has not.
        movw    $0, 0x9002 + 6 * 8
        RING_FAULTS(3, 13, 1, ud2)      // the gate's target is null
        movw    $0x10, 0x9002 + 6 * 8
        RING_FAULTS(3, 13, 0x11, ud2)
        movb    $0x0e, 0x9005 + 6 * 8
        RING_FAULTS(3, 11, 0x33, ud2)
        movb    $0x8c, 0x9005 + 6 * 8
        RING_FAULTS(3, 13, 0x33, ud2)
        movb    $0x8e, 0x9005 + 1 * 8
        movw    $0x10, 0x9002 + 1 * 8
        RING_FAULTS(3, 13, 0x11, int1)  // INT1 counts as hardware's
        movw    $8, 0x9002 + 1 * 8
        movw    $8, 0x9002 + 6 * 8
        movb    $0x8e, 0x9005 + 6 * 8
        // The new stack, here of ring 1.
#define STACK(vector, error, ...) stack1 __VA_ARGS__; expect_ring __LINE__, 3, vector, error, int $0x20
        gate    14, 3, 0x18, bare
        STACK(0xff, 0, 0x21)
        STACK(10, 0, 0)
        STACK(10, 0, 1)
        STACK(10, 0x7f8, 0x7f9)
        STACK(10, 0x20, 0x22)
        STACK(10, 0x30, 0x31)
        STACK(10, 0x18, 0x19)
        set_desc 0x68, 0, 0xfffff, 0xc0b1
        STACK(10, 0x68, 0x69)
        set_desc 0x68, 0, 0xfffff, 0xc033
        STACK(12, 0x68, 0x69)
        set_desc 0x68, 0x70000, 0x13, 0x40b3
        STACK(0xff, 0, 0x69, 0x14)
        STACK(12, 0x68, 0x69, 0x10)
        STACK(12, 0x68, 0x69, 0x18)
        set_desc 0x68, 0x70000, 0xffff, 0x00b3
        STACK(0xff, 0, 0x69, 0x4000)
        STACK(0xff, 0, 0x69, 0)         // wraps
        STACK(12, 0x68, 0x69, 2)
        // The same for an exception: EXT.
        movw    $0x18, 0x9002 + 6 * 8
        stack1  0
        RING_FAULTS(3, 10, 1, ud2)
        stack1  0x31
        RING_FAULTS(3, 10, 0x31, ud2)
        set_desc 0x68, 0, 0xfffff, 0xc033
        stack1  0x69
        RING_FAULTS(3, 12, 0x69, ud2)
        movw    $8, 0x9002 + 6 * 8
        stack1  0x21
        // The TSS too short for SS1.
        set_desc 0x68, 0x5000, 0x10, 0x89
        mov     $0x68, %eax
        ltr     %ax
        movw    $0x18, 0x9002 + 6 * 8
        RING_FAULTS(3, 10, 0x68, int $0x20)
        RING_FAULTS(3, 10, 0x69, ud2)
        // No room at the same level: #SS(0), of an exception #SS(EXT).
        set_desc 0x48, 0x5000, 0xfff, 0x89
        mov     $0x48, %eax
        ltr     %ax
        movw    $0x38, 0x9002 + 6 * 8
        gate    14, 3, 0x38, bare
        set_desc 0x68, 0x60000, 0xf, 0x40f3
        .macro  short_stack line, sp, vector, error, code:vararg
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $.Lat_\@, start
        to_ring 3, .Lin_\@
.Lin_\@: mov    $0x6b, %eax
        mov     %eax, %ss
        mov     $\sp, %esp
.Lat_\@: \code
        int     $0x30
.Lgo_\@: expect_record \line, \vector, \error
        .endm
#define SHORT(...) short_stack __LINE__, __VA_ARGS__
        SHORT(0xc, 0xff, 0, int $0x20)
        SHORT(8, 12, 0, int $0x20)
        EQUAL(frame + 12, 8)
        SHORT(8, 12, 1, ud2)
        DONE
//= [0xb000] 0
//= [0xb004] 0
