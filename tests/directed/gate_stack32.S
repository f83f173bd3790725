//@ mode protected32
// Call gates of 16 and 32 bits (SDM vol. 2, CALL, RET): the privilege of the gate itself, parameters, each fault of the new
// stack with its error code, which leaves everything as it was, and RETF outwards with its parameters.
#include "pm32.inc"
#include "check32.inc"
        // Stack of ring 1 in the TSS: ESP1 at 500Ch, SS1 at 5010h.
        .macro  stack1 ss, esp=0x74000
        movl    $\esp, 0x500c
        movl    $\ss, 0x5010
        .endm
        .macro  gate type, dpl, count, selector=0x19
        set_gate 0x8058, \selector, entered, \type, \dpl, \count
        .endm
        setup_pm32
        jmp     1f
entered:
        mov     %esp, %ebx
        mov     %ss, %ecx
        int     $0x30
back:   lret    $8
1:
        // The gate's DPL against CPL and RPL.
        .macro  rights dpl, cpl, rpl
        gate    12, \dpl, 0, 0x08
        .if     \cpl <= \dpl && \rpl <= \dpl
        expect_ring (0x8000 + \dpl * 256 + \cpl * 16 + \rpl), \cpl, 0xff, 0, lcall $(0x58 + \rpl), $0
        .else
        expect_ring (0x8000 + \dpl * 256 + \cpl * 16 + \rpl), \cpl, 13, 0x58, lcall $(0x58 + \rpl), $0
        .endif
        .endm
        .irp    dpl, 0, 1, 2, 3
        .irp    cpl, 0, 1, 2, 3
        rights  \dpl, \cpl, 0
        rights  \dpl, \cpl, 1
        rights  \dpl, \cpl, 2
        rights  \dpl, \cpl, 3
        .endr
        .endr
        // A gate that may not be used is #GP before it is not present.
        gate    12, 0, 0
        movw    $0x0c00, 0x805c
        RING_FAULTS(3, 13, 0x58, lcall $0x58, $0)
        FAULTS(11, 0x58, lcall $0x58, $0)
        // Its target: null, outside, data, inner by JMP, outer by CALL, system.
        .macro  target selector
        movw    $\selector, 0x805a
        .endm
        gate    12, 3, 0
        target  0
        FAULTS(13, 0, lcall $0x58, $0)
        target  3
        FAULTS(13, 0, lcall $0x58, $0)
        target  0x7fb
        FAULTS(13, 0x7f8, lcall $0x58, $0)
        target  0x44                    // the LDT has nothing there
        FAULTS(13, 0x44, lcall $0x58, $0)
        target  0x105                   // beyond its limit
        FAULTS(13, 0x104, lcall $0x58, $0)
        target  0x10
        FAULTS(13, 0x10, lcall $0x58, $0)
        target  0x48
        FAULTS(13, 0x48, lcall $0x58, $0)
        target  0x3b
        FAULTS(13, 0x38, lcall $0x58, $0)
        target  0x08
        RING_FAULTS(3, 13, 0x08, ljmp $0x58, $0)
        set_desc 0x60, 0, 0xfffff, 0xc03b       // ring 1 code, not present
        target  0x60
        RING_FAULTS(3, 11, 0x60, lcall $0x58, $0)
        // The RPL of the gate's selector does not matter.
        target  0x1b
        RING_PASSES(3, lcall $0x58, $0)
        EQUAL(frame + 4, 0x19)

        // 32 bits with parameters: 31 of them, the outer ESP and SS, the return address, in order.
        gate    12, 3, 31
        movl    $log, log_ptr
        movl    $2f, resume
        to_ring 3, 1f
1:      .set    k, 31
        .rept   31
        push    $(k * 0x01010101)
        .set    k, k - 1
        .endr
        lcall   $0x58, $0
3:      int     $0x30
2:      EXPECT(0xff, 0)
        EQUAL(%ebx, 0x74000 - 35 * 4)
        EQUAL(%ecx, 0x21)
        EQUAL(0x73ffc, 0x43)
        EQUAL(0x73ff8, 0x60000 - 31 * 4)
        EQUAL(0x73ff4, 31 * 0x01010101)
        EQUAL(0x74000 - 33 * 4, 0x01010101)
        EQUAL(0x74000 - 34 * 4, 0x3b)
        EQUAL(0x74000 - 35 * 4, 3b)
        // 16 bits: words, of ESP the low one, IP; the offset's upper half is not used.
        gate    4, 3, 3
        mov     $entered, %eax
        sub     $0x100000, %eax
        mov     %ax, 0x8058
        movw    $0xffff, 0x805e
        set_desc 0x60, 0x100000, 0xfffff, 0xc0bb
        target  0x60
        set_desc 0x68, 0x60000, 0xffff, 0x00b3  // 16-bit stack of ring 1
        stack1  0x69, 0x12374000
        movl    $log, log_ptr
        movl    $2f, resume
        set_desc 0x70, 0x100000, 0xffff, 0x40fb
        to_ring 3, 1f
1:      ljmp    $0x73, $(4f - 0x100000)
4:      pushw   $0x3333
        pushw   $0x2222
        pushw   $0x1111
        lcall   $0x58, $0
3:      int     $0x30
2:      EXPECT(0xff, 0)
        EQUAL(%ecx, 0x69)
        and     $0xffff, %ebx
        EQUAL(%ebx, 0x4000 - 14)
        EQUAL(0x60000 + 0x4000 - 4, 0x0043fffa)
        EQUAL(0x60000 + 0x4000 - 8, 0x33332222)
        EQUAL(0x60000 + 0x4000 - 12, 0x11110073)
        movzwl  0x60000 + 0x4000 - 14, %eax
        add     $0x100000, %eax
        EQUAL(%eax, 3b)

        // The new stack: everything that can be wrong with SS1.
        gate    12, 3, 2, 0x19
#define BAD(vector, error, ...)         stack1 __VA_ARGS__; expect_ring __LINE__, 3, vector, error, lcall $0x58, $0
        BAD(10, 0, 0)                   // null
        BAD(10, 0, 1)
        BAD(10, 0x7f8, 0x7f9)           // outside
        BAD(10, 0x104, 0x105)
        BAD(10, 0x20, 0x20)             // RPL 0
        BAD(10, 0x20, 0x22)             // RPL 2
        BAD(10, 0x30, 0x31)             // DPL 2
        BAD(10, 0x10, 0x11)             // DPL 0
        BAD(10, 0x18, 0x19)             // code
        BAD(10, 0x48, 0x49)             // system
        set_desc 0x68, 0, 0xfffff, 0xc0b1
        BAD(10, 0x68, 0x69)             // read-only
        set_desc 0x68, 0, 0xfffff, 0xc033
        BAD(12, 0x68, 0x69)             // not present
        EQUAL(frame + 12, 0x60000)      // the outer stack has not moved
        EQUAL(frame + 16, 0x43)
        EQUAL(frame + 4, 0x3b)
        set_desc 0x68, 0, 0xfffff, 0xc032
        BAD(12, 0x68, 0x69)
        EQUAL(0x806c, 0x00cf3200)   // not accessed
        set_desc 0x68, 0, 0xfffff, 0xc0b2
        BAD(0xff, 0, 0x69)
        EQUAL(0x806c, 0x00cfb300)       // accessed
        set_desc 0x68, 0x70000, 0x17, 0x40b3    // room for six: CS EIP, two parameters, SS ESP
        BAD(0xff, 0, 0x69, 0x18)
        BAD(12, 0x68, 0x69, 0x14)
        BAD(12, 0x68, 0x69, 0x1c)
        BAD(12, 0x68, 0x69, 0x40)
        set_desc 0x68, 0x70000, 0xfff, 0x40b7   // expanding down
        BAD(0xff, 0, 0x69, 0x1018)
        BAD(12, 0x68, 0x69, 0x1014)
        stack1  0x21
        // The TSS is too short for SS1.
        set_desc 0x68, 0x5000, 0x10, 0x89
        mov     $0x68, %eax
        ltr     %ax
        stack1  0x21
        movl    $0x74000, 0x500c
        // Ring 0's is there, for the recorder.
        RING_FAULTS(3, 10, 0x68, lcall $0x58, $0)
        set_desc 0x68, 0x5000, 0x11, 0x89
        mov     $0x68, %eax
        ltr     %ax
        RING_PASSES(3, lcall $0x58, $0)
        set_desc 0x48, 0x5000, 0xfff, 0x89
        mov     $0x48, %eax
        ltr     %ax
        // A target beyond the limit of its segment: #GP(0).
        set_desc 0x68, 0, 0xfff, 0x40bb
        target  0x68
        RING_FAULTS(3, 13, 0, lcall $0x58, $0)
        // Parameters beyond the old stack: #SS(0).
        target  0x18
        set_desc 0x68, 0x60000, 0xf, 0x40f3
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $3f, start
        to_ring 3, 1f
1:      mov     $0x6b, %eax
        mov     %eax, %ss
        mov     $0xc, %esp
3:      lcall   $0x58, $0
        int     $0x30
2:      EXPECT(12, 0)
        EQUAL(frame + 12, 0xc)
        // To the same level no parameters are copied; a gate to conforming code keeps the level.
        gate    12, 3, 5, 0x08
        FAULTS(0xff, 0, lcall $0x58, $0)
        EQUAL(%ebx, 0x8fff8)
        set_desc 0x60, 0, 0xfffff, 0xc09f
        target  0x60
        RING_PASSES(3, lcall $0x58, $0)
        EQUAL(%ebx, 0x5fff8)
        EQUAL(%ecx, 0x43)
        EQUAL(frame + 4, 0x63)

        // RETF outwards: both stacks lose the parameters; faults of the frame.
        .macro  outwards line, vector, error, ss, sp, cs, count=8
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $.Lat_\@, start
        push    $\ss
        push    $\sp
        .if     \count
        sub     $\count, %esp
        .endif
        push    $\cs
        push    $.Lin_\@
.Lat_\@: lret   $\count
.Lin_\@: mov    %esp, %ebx
        int     $0x30
.Lgo_\@:
        expect_record \line, \vector, \error
        .endm
#define OUT(vector, error, ...) outwards __LINE__, vector, error, __VA_ARGS__
        OUT(0xff, 0, 0x43, 0x60000, 0x3b)
        EQUAL(%ebx, 0x60008)
        OUT(0xff, 0, 0x43, 0x60000, 0x3b, 0x7ffc)
        EQUAL(%ebx, 0x67ffc)
        OUT(0xff, 0, 0x32, 0x60000, 0x2a, 4)
        EQUAL(%ebx, 0x60004)
        OUT(13, 0, 0, 0x60000, 0x3b)            // null SS
        OUT(13, 0, 3, 0x60000, 0x3b)
        OUT(13, 0x40, 0x42, 0x60000, 0x3b)
        OUT(13, 0x30, 0x33, 0x60000, 0x3b)
        OUT(13, 0x38, 0x3b, 0x60000, 0x3b)
        OUT(13, 0x7f8, 0x7fb, 0x60000, 0x3b)
        OUT(13, 0, 0x43, 0x60000, 0)            // null CS
        OUT(13, 0x7f8, 0x43, 0x60000, 0x7fb)
        set_desc 0x68, 0, 0xfff, 0x40fb
        OUT(13, 0, 0x43, 0x60000, 0x6b)         // beyond CS's limit
        set_desc 0x68, 0, 0xfffff, 0xc073
        OUT(12, 0x68, 0x6b, 0x60000, 0x3b)
        // Into a 16-bit stack the upper half of ESP stays.
        set_desc 0x68, 0x60000, 0xffff, 0x00f3
        OUT(0xff, 0, 0x6b, 0x12344000, 0x3b)
        EQUAL(%ebx, 0x00084008)         // 9xxxxh was ESP
        DONE
//= [0xb000] 0
//= [0xb004] 0
