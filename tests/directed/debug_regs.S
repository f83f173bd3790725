// Debug registers (SDM vol. 3B, 17.2, 17.3): breakpoints of all kinds, lengths and alignments, the bits of DR6 and DR7, GD,
// DR4 and DR5, RF, and what comes first when several things come together.
#include "idt.inc"
#include "expect.inc"
        .code64
        .macro  dr n, value:vararg
        mov     $\value, %rax
        mov     %rax, %dr\n
        .endm
        // The instruction makes a data breakpoint's trap behind itself, with these bits of DR6; -1: none.
        .macro  traps line, bits, code:vararg
        mov     $\line, %r14d
        movq    $-1, 0xa000
        movq    $0, 0xa020
        mov     $0xffff0ff0, %r15d
        mov     %r15, %dr6
        \code
.Lbehind_\@:
        nop
        mov     %dr6, %r15
        xor     $0xffff0ff0, %r15d
        .if     \bits < 0
        test    %r15, %r15
        jne     expect_failed
        cmpq    $-1, 0xa000
        jne     expect_failed
        .else
        cmp     $\bits, %r15
        jne     expect_failed
        cmpq    $1, 0xa000
        jne     expect_failed
        lea     .Lbehind_\@(%rip), %r15
        cmp     %r15, 0xa010
        jne     expect_failed
        .endif
        .endm
#define TRAPS(bits, ...)  traps __LINE__, bits, __VA_ARGS__
#define QUIET(...)        traps __LINE__, -1, __VA_ARGS__
        setup_idt
        // What reads back.
        dr      6, 0
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff0ff0)
        dr      6, 0xffffffff
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffffefff)
        dr      7, 0
        mov     %dr7, %rbx
        EQUAL(%rbx, 0x400)
        dr      7, 0xffffdbaa           // all but for those that break or lock
        mov     %dr7, %rbx
        mov     $0x400, %eax
        mov     %rax, %dr7
        EQUAL(%rbx, 0xffff07aa)
        dr      0, 0xfedcba9876543210
        mov     %dr0, %rbx
        EQUAL(%rbx, 0xfedcba9876543210)
        mov     $0x100000000, %rax
        FAULTS(13, 0, mov %rax, %dr6)
        FAULTS(13, 0, mov %rax, %dr7)
        FAULTS(6, 0, .byte 0x44, 0x0f, 0x23, 0xc0)      // DR8
        // DR4 and DR5 are DR6 and DR7 without CR4.DE.
        dr      6, 0xffff0ff1
        .byte   0x0f, 0x21, 0xe3        // mov %dr4, %rbx
        EQUAL(%rbx, 0xffff0ff1)
        .byte   0x0f, 0x21, 0xeb        // mov %dr5, %rbx
        EQUAL(%rbx, 0x400)
        mov     %cr4, %rax
        or      $8, %eax
        mov     %rax, %cr4
        FAULTS(6, 0, .byte 0x0f, 0x21, 0xe3)
        FAULTS(6, 0, .byte 0x0f, 0x23, 0xe8)
        // GD: any access is #DB with BD, and GD is cleared.
        dr      6, 0
        dr      7, 0x2400
        FAULTS(1, 0, mov %dr0, %rbx)
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff2ff0)
        mov     %dr7, %rbx
        EQUAL(%rbx, 0x400)
        dr      7, 0x2400
        xor     %eax, %eax
        FAULTS(1, 0, mov %rax, %dr7)
        dr      7, 0x2400
        mov     $2, %eax
        FAULTS(1, 0, mov %rax, %dr6)
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff2ff0)         // the bits stay until software clears them

        // Data writes: DR0 one byte at B003, only stores.
        dr      0, 0xb003
        dr      7, 0x00010401
        TRAPS(1, movb $0, 0xb003)
        QUIET(movb $0, 0xb002)
        QUIET(movb $0, 0xb004)
        TRAPS(1, movl $0, 0xb000)
        TRAPS(1, movq $0, 0xaffc)
        QUIET(movw $0, 0xb001)
        TRAPS(1, movw $0, 0xb002)
        QUIET(movb 0xb003, %al)
        QUIET(cmpb $0, 0xb003)
        TRAPS(1, incb 0xb003)
        TRAPS(1, movups %xmm0, 0xaff4)
        QUIET(movups %xmm0, 0xaff3)
        TRAPS(1, xchg %al, 0xb003)
        mov     $5, %eax
        TRAPS(1, cmpxchg %bl, 0xb003)   // also when it does not match: it writes back
        QUIET(prefetchnta 0xb003)
        QUIET(leaq 0xb003, %rbx)
        // Reads and writes, eight bytes.
        dr      0, 0xb008
        dr      7, 0x000b0401
        TRAPS(1, movb 0xb00f, %al)
        TRAPS(1, movb $0, 0xb008)
        QUIET(movb 0xb007, %al)
        QUIET(movb 0xb010, %al)
        TRAPS(1, movq 0xb001, %rax)
        TRAPS(1, movq 0xb00f, %rax)
        TRAPS(1, push 0xb008)
        pop     %rax
        // Two and four bytes; the address is aligned down.
        dr      0, 0xb00b
        dr      7, 0x00070401           // R/W, two: B00A and B00B
        QUIET(movb 0xb009, %al)
        TRAPS(1, movb 0xb00a, %al)
        TRAPS(1, movb 0xb00b, %al)
        QUIET(movb 0xb00c, %al)
        dr      7, 0x000f0401           // four: B008 to B00B
        QUIET(movb 0xb007, %al)
        TRAPS(1, movb 0xb008, %al)
        TRAPS(1, movb 0xb00b, %al)
        QUIET(movb 0xb00c, %al)
        // Over a page boundary from both sides.
        dr      0, 0xd000
        dr      7, 0x00030401
        TRAPS(1, movl 0xcffe, %eax)
        QUIET(movw 0xcffe, %ax)
        dr      0, 0xcfff
        TRAPS(1, movl 0xcffe, %eax)
        TRAPS(1, movq %rax, 0xcff9)
        // Several at once; G and L are the same; those not enabled stay silent.
        dr      0, 0xb000
        dr      1, 0xb001
        dr      2, 0xb002
        dr      3, 0xb003
        dr      7, 0x33330402 | 0x08 | 0x10 | 0x40
        TRAPS(15, movl 0xb000, %eax)
        TRAPS(6, movw 0xb001, %ax)
        dr      7, 0x33330404           // DR1 alone
        TRAPS(2, movl 0xb000, %eax)
        QUIET(movb 0xb002, %al)
        // Accumulating.
        TRAPS(2, movl 0xb000, %eax)
        dr      7, 0x33330440
        movl    0xb000, %eax
        nop
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff0ffa)
        // A faulting instruction makes none.
        dr      0, 0xb000
        dr      7, 0x00030401
        dr      6, 0
        xor     %ecx, %ecx
        mov     $0xb000, %ebx
        movl    $0, (%rbx)
        nop
        dr      6, 0
        FAULTS(0, 0, divl (%rbx))
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff0ff0)
        // Strings: behind the iteration, which is on the instruction itself.
        dr      0, 0xb103
        dr      7, 0x00010401
        mov     $0xb100, %edi
        mov     $8, %ecx
        movq    $-1, 0xa000
        movq    $0, 0xa018
        movq    $0, 0xa020
1:      rep stosb
        lea     1b(%rip), %rbx
        cmp     %rbx, 0xa010
        mov     $__LINE__, %r14d
        jne     expect_failed
        EQUAL(0xa018, 1)
        EQUAL(%rdi, 0xb108)
        // Ports, with CR4.DE.
        dr      0, 0x80
        dr      7, 0x00020401
        TRAPS(1, out %al, $0x80)
        TRAPS(1, in $0x80, %al)
        QUIET(out %al, $0x81)
        QUIET(movb 0x80, %al)
        dr      0, 0x82
        dr      7, 0x000e0401           // four: 80 to 83
        TRAPS(1, out %al, $0x83)
        mov     $0x7e, %edx
        TRAPS(1, outl %eax, %dx)
        QUIET(out %al, $0x84)

        // Instructions: a fault before the first byte, none in the middle.
        .macro  code_at label
        lea     \label(%rip), %rax
        mov     %rax, %dr0
        .endm
        code_at 2f
        dr      7, 0x00000401
        dr      6, 0
        mov     $0x11, %ebx
        movq    $-1, 0xa000
        lea     3f(%rip), %rax
        mov     %rax, 0xa020
2:      mov     $0x22, %ebx
        jmp     expect_failed
3:      EQUAL(0xa000, 1)
        EQUAL(%rbx, 0x11)
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff0ff1)
        code_at 2f + 1
        movq    $-1, 0xa000
2:      mov     $0x22, %ebx
        EQUAL(0xa000, -1)
        EQUAL(%rbx, 0x22)
        // A prefix is the first byte.
        code_at 2f
        lea     3f(%rip), %rax
        mov     %rax, 0xa020
2:      rep stosb
        jmp     expect_failed
3:      EQUAL(0xa000, 1)
        // RF lets the instruction through once; its frame has RF clear.
        lea     handler(%rip), %rax
        mov     %ax, 0x9010
        shr     $16, %rax
        mov     %ax, 0x9016
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        code_at 2f
        mov     $3, %ecx
2:      inc     %r9d
        loop    2b
        EQUAL(%r8, 3)
        EQUAL(%r9, 3)
        EQUAL(%r10, 0)                  // RF in the frames, together
        // A REP with a breakpoint and TF: the breakpoint once, a step per iteration, whose frames but the last have RF.
        xor     %r8d, %r8d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        code_at 2f
        dr      6, 0
        mov     $4, %ecx
        mov     $0xb200, %edi
        pushf
        orq     $0x100, (%rsp)
        popf
2:      rep stosb
3:      pushf
        andq    $~0x100, (%rsp)
        popf
        EQUAL(%rcx, 0)
        EQUAL(%r8, 8)                   // the breakpoint; four of REP; PUSHF, AND, POPF
        EQUAL(%r11, 0x70)               // RF: not of the breakpoint, nor behind the last iteration
        DONE
        // Counts #DB in R8, gathers RF in R10, lists it in R11; sets RF for a breakpoint.
handler:
        inc     %r8d
        mov     16(%rsp), %rsi
        or      %rsi, %r10
        and     $0x10000, %r10d
        shl     $1, %r11d
        bt      $16, %esi
        adc     $0, %r11d
        mov     %dr6, %rsi
        test    $1, %sil
        jz      1f
        orq     $0x10000, 16(%rsp)
1:      mov     $0xffff0ff0, %esi
        mov     %rsi, %dr6
        iretq
//= R14 0
