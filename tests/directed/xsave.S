// The XSAVE feature set with x87 and SSE state (SDM vol. 1, chapter 13): enabling, XCR0, images, headers, the init
// optimization, the compacted format.
#include "idt.inc"
#include "expect.inc"
        .set    AREA, 0xc000
        .code64
        // Fills the area with a pattern.
        .macro  fill byte
        mov     $AREA, %edi
        mov     $\byte, %eax
        mov     $1024, %ecx
        rep stosb
        .endm
        .macro  mask bits
        mov     $\bits, %eax
        xor     %edx, %edx
        .endm
        setup_idt
        mov     %cr4, %rbx
        mov     $1, %eax
        cpuid
        bt      $27, %ecx               // OSXSAVE
        jc      expect_failed
        xor     %ecx, %ecx
        FAULTS_ANY(6, xgetbv)
        FAULTS_ANY(6, xsave AREA)
        FAULTS_ANY(6, xrstor AREA)
        mov     %cr4, %rax
        or      $1 << 18, %rax
        mov     %rax, %cr4
        mov     $1, %eax
        cpuid
        bt      $27, %ecx
        jnc     expect_failed
        // XCR0: bit 0 always, nothing that is not there.
        xor     %ecx, %ecx
        mov     $-1, %rdx
        xgetbv
        EQUAL(%rax, 1)
        EQUAL(%rdx, 0)
        mask    2
        FAULTS(13, 0, xsetbv)
        mask    7
        FAULTS(13, 0, xsetbv)
        mask    3
        mov     $1, %edx
        FAULTS(13, 0, xsetbv)
        mask    3
        inc     %ecx
        FAULTS(13, 0, xsetbv)
        inc     %ecx
        FAULTS(13, 0, xgetbv)
        xor     %ecx, %ecx
        mask    3
        xsetbv
        xgetbv
        EQUAL(%rax, 3)
        mask    3
        FAULTS_ANY(6, .byte 0x66, 0x0f, 0x01, 0xd0)
        FAULTS(13, 0, xsave AREA + 16)
        FAULTS(13, 0, xrstor AREA + 32)
        mov     %cr0, %rcx
        or      $8, %rcx
        mov     %rcx, %cr0
        FAULTS_ANY(7, xsave AREA)
        FAULTS_ANY(7, xrstor AREA)
        clts

        // XSAVE: what is asked for, whole; the header's XSTATE_BV says what is in use.
        fninit
        fld1
        mov     $0x1122334455667788, %rax
        movq    %rax, %xmm9
        fill    0xcc
        movq    $0xf0, AREA + 512
        mask    3
        xsave   AREA
        EQUAL(AREA + 512, 0xf3)
        mov     $0xcccccccccccccccc, %rsi
        cmp     %rsi, AREA + 520        // XCOMP_BV and the rest of the header are not written
        jne     expect_failed
        cmpw    $0x37f, AREA
        jne     expect_failed
        cmpl    $0x1f80, AREA + 24
        jne     expect_failed
        EQUAL(AREA + 32, 0x8000000000000000)
        EQUAL(AREA + 160 + 9 * 16, 0x1122334455667788)
        EQUAL(AREA + 416, 0xcccccccccccccccc)
        // SSE alone leaves the x87's bytes alone, but takes MXCSR.
        fill    0xcc
        movq    $0, AREA + 512
        mask    2
        xsave   AREA
        EQUAL(AREA + 512, 2)
        EQUAL(AREA, 0xcccccccccccccccc)
        EQUAL(AREA + 32, 0xcccccccccccccccc)
        cmpl    $0x1f80, AREA + 24
        jne     expect_failed
        EQUAL(AREA + 160 + 9 * 16, 0x1122334455667788)
        // The x87 alone.
        fill    0xcc
        movq    $2, AREA + 512
        mask    1
        xsave   AREA
        EQUAL(AREA + 512, 3)
        EQUAL(AREA + 24, 0xcccccccccccccccc)
        EQUAL(AREA + 160 + 9 * 16, 0xcccccccccccccccc)
        EQUAL(AREA + 32, 0x8000000000000000)

        // XRSTOR: a component whose bit is clear becomes initial; MXCSR comes from memory in the standard form.
        fill    0
        movl    $0x9fc0, AREA + 24
        movq    $0x99, AREA + 160
        movq    $1, AREA + 512
        movw    $0x27f, AREA
        movb    $0x80, AREA + 4         // ST0 is R0 by its TOP
        movw    $0x4001, AREA + 40
        mov     $0xc000000000000000, %rax
        mov     %rax, AREA + 32
        mask    3
        xrstor  AREA
        stmxcsr 0xb000
        cmpl    $0x9fc0, 0xb000
        jne     expect_failed
        fnstcw  0xb000
        cmpw    $0x27f, 0xb000
        jne     expect_failed
        movq    %xmm0, %rax
        movq    %xmm9, %rcx
        or      %rcx, %rax
        EQUAL(%rax, 0)
        movq    $3, AREA + 512
        xor     %ecx, %ecx
        mask    2
        xrstor  AREA
        movq    %xmm0, %rax
        EQUAL(%rax, 0x99)
        fnstcw  0xb000
        cmpw    $0x27f, 0xb000
        jne     expect_failed
        movq    $2, AREA + 512
        mask    1
        xrstor  AREA                    // x87 to its initial configuration
        fnstcw  0xb000
        cmpw    $0x37f, 0xb000
        jne     expect_failed
        movq    %xmm0, %rax
        EQUAL(%rax, 0x99)
        // Refused: states that XCR0 lacks, reserved bytes, bits of MXCSR.
        mask    3
        movq    $4, AREA + 512
        FAULTS(13, 0, xrstor AREA)
        movq    $3, AREA + 512
        movq    $1, AREA + 528
        FAULTS(13, 0, xrstor AREA)
        movq    $0, AREA + 528
        movq    $3, AREA + 520
        FAULTS(13, 0, xrstor AREA)
        movq    $0, AREA + 520
        movl    $0x11f80, AREA + 24
        FAULTS(13, 0, xrstor AREA)
        mask    1
        xrstor  AREA                    // MXCSR is not asked for
        movl    $0x1f80, AREA + 24

        // In use: XGETBV of 1. Initial states are left out by XSAVEOPT and XSAVEC.
        fill    0
        mask    3
        xrstor  AREA
        ldmxcsr init_mxcsr(%rip)
        mov     $1, %ecx
        xgetbv
        EQUAL(%rax, 0)
        fld1
        xgetbv
        EQUAL(%rax, 1)
        fill    0xcc
        movq    $0xff, AREA + 512
        mask    3
        xsaveopt AREA
        EQUAL(AREA + 512, 0xfd)
        EQUAL(AREA + 160, 0xcccccccccccccccc)
        EQUAL(AREA + 32, 0x8000000000000000)
        cmpl    $0x1f80, AREA + 24      // MXCSR is always saved
        jne     expect_failed
        fill    0xcc
        mask    3
        xsavec  AREA
        EQUAL(AREA + 512, 1)
        EQUAL(AREA + 520, 0x8000000000000003)
        EQUAL(AREA + 528, 0xcccccccccccccccc)
        EQUAL(AREA + 160, 0xcccccccccccccccc)
        EQUAL(AREA + 24, 0xcccccccccccccccc)
        // The compacted form wants the rest of the header zero, and MXCSR goes with the registers.
        FAULTS(13, 0, xrstor AREA)
        lea     AREA + 528, %rdi
        xor     %eax, %eax
        mov     $48, %ecx
        rep stosb
        mov     $-1, %rax
        movq    %rax, %xmm3
        fninit
        ldmxcsr other_mxcsr(%rip)
        mask    3
        xrstor  AREA
        stmxcsr 0xb000
        cmpl    $0x1f80, 0xb000
        jne     expect_failed
        movq    %xmm3, %rax
        EQUAL(%rax, 0)
        fstpl   0xb008
        EQUAL(0xb008, 0x3ff0000000000000)
        mask    3
        movq    $3, AREA + 512
        mov     $0x8000000000000001, %rcx
        mov     %rcx, AREA + 520
        FAULTS(13, 0, xrstor AREA)      // a bit that is not in XCOMP_BV
        mov     $0x8000000000000007, %rcx
        mov     %rcx, AREA + 520
        FAULTS(13, 0, xrstor AREA)      // a state that XCR0 lacks
        // A changed MXCSR alone is SSE state.
        ldmxcsr other_mxcsr(%rip)
        mask    2
        xsavec  AREA
        EQUAL(AREA + 512, 2)
        // Across two pages, the second absent: nothing is written.
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        mov     $0x40000fc0, %edi
        movq    $0x5555, (%rdi)
        mask    3
        FAULTS(14, 2, xsave (%rdi))
        EQUAL((%rdi), 0x5555)
        movq    $0x31003, 0x20008
        movq    $0, 512(%rdi)
        xsave   (%rdi)
        cmpw    $0x37f, (%rdi)
        jne     expect_failed
        EQUAL(512(%rdi), 3)
        DONE
init_mxcsr: .long 0x1f80
other_mxcsr: .long 0x7f80
//= R14 0
