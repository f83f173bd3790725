//@ mode protected32
// Leaving virtual-8086 mode (SDM vol. 3B, 20.3; vol. 2, INT n, IRET): gates of 16 and 32 bits, handlers that are not of ring 0,
// the stack's room for nine, and what IRET to it refuses.
#include "pm32.inc"
#include "check32.inc"
#include "v86.inc"
        .macro  v86_case line, flags, vector, error, code:vararg
        movl    $log, log_ptr
        v86_begin \flags
        \code
        v86_end
        movl    $\line, failed_line
        mov     log, %eax
        and     $0xff00ffff, %eax
        cmp     $((\vector) << 24 | (\error)), %eax
        jne     expect_failed_log
        .endm
#define V86(flags, vector, error, ...)  v86_case __LINE__, flags, vector, error, __VA_ARGS__
        .macro  gate type, dpl, selector=8, label=entered
        set_gate 0x9100, \selector, \label, \type, \dpl
        .endm
        setup_pm32
        jmp     1f
entered:
        mov     %esp, %ebx
        mov     %ds, %esi
        mov     %gs, %edi
        pushf
        pop     %ebp
        int     $0x30
1:      gate    14, 3
        // IOPL before the gate; the gate's DPL against CPL 3.
        V86(0x2000, 13, 0, int $0x20)
        V86(0x3000, 0xff, 0, int $0x20)
        EQUAL(%ebx, 0x70000 - 36)
        or      %esi, %edi              // null
        EQUAL(%edi, 0)
        EQUAL(%ebp, 0x3002)             // VM is clear
        EQUAL(0x6fffc, 0x4444)
        EQUAL(0x6fff0, 0x2222)
        EQUAL(0x6ffec, 0x3800)
        EQUAL(0x6ffe8, 0x1000)
        EQUAL(0x6ffe4, 0x23002)
        EQUAL(0x6ffe0, 0x3000)
        EQUAL(0x6ffdc, 2)
        gate    14, 2
        V86(0x3000, 13, 0x102, int $0x20)
        // The handler must be of ring 0 and not conforming.
        gate    14, 3, 0x18
        V86(0x3000, 13, 0x18, int $0x20)
        gate    14, 3, 0x38
        V86(0x3000, 13, 0x38, int $0x20)
        set_desc 0x60, 0, 0xfffff, 0xc09f
        gate    14, 3, 0x60
        V86(0x3000, 13, 0x60, int $0x20)
        // Room for nine.
        set_desc 0x68, 0x70000, 0x23, 0x4093
        jmp     1f
bare:   mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        lss     stack_ptr, %esp
        movl    $0x70000, 0x5004
        movl    $0x10, 0x5008
        int     $0x30
1:      movl    $0x24, 0x5004
        movl    $0x68, 0x5008
        gate    14, 3, 0x08, bare
        V86(0x3000, 0xff, 0, int $0x20)
        // 16 bits: nine words.
        set_desc 0x60, 0x100000, 0xfffff, 0xc09b
        gate    6, 3, 0x60
        mov     $entered - 0x100000, %eax
        mov     %ax, 0x9100
        V86(0x3000, 0xff, 0, int $0x20)
        EQUAL(%ebx, 0x70000 - 18)
        EQUAL(0x6fffc, 0x44443333)
        EQUAL(0x6fff8, 0x11112222)
        EQUAL(0x6fff4, 0x38001000)
        EQUAL(0x6fff0, 0x30023000)
        // IRET of 32 bits within, at IOPL 3: IOPL, VIF and VIP stay; of 16 bits too.
        v86_begin 0x3000
5:      pushl   $0x3c0ad7
        pushl   $0x3000
        pushl   $6f - 5b
        iretl
6:      pushfl
        popl    %ebp
        pushl   $0x3c08d7
        popfl
        pushfl
        popl    %edi
        v86_end
        EQUAL(%ebp, 0x243ad7)
        EQUAL(%edi, 0x2438d7)
        // IP beyond 64 KiB.
        movl    $log, log_ptr
        v86_begin 0x3000
        pushl   $0x2
        pushl   $0x3000
        pushl   $0x10000
        iretl
        v86_end
        mov     log, %eax
        shr     $24, %eax
        EQUAL(%eax, 13)
        // IRET into it: EIP beyond 64 KiB is #GP(0) in ring 0; VM popped in ring 3 is ignored.
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $1f, start
        push    $0
        push    $0
        push    $0
        push    $0
        push    $0x3800
        push    $0x1000
        push    $0x20002
        push    $0x3000
        push    $0x10000
1:      iret
2:      EXPECT(13, 0)
        movl    $log, log_ptr
        movl    $2f, resume
        to_ring 3, 1f
1:      push    $0x20202
        push    $0x3b
        push    $3f
        iret
3:      pushf
        pop     %ebp
        int     $0x30
2:      EXPECT(0xff, 0)
        EQUAL(%ebp, 2)
        DONE
//= [0xb000] 0
//= [0xb004] 0
