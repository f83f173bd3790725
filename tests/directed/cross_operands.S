// Operands and stacks that reach from one page into the next, which is absent or read-only: #PF with the right error code, CR2 is the
// first byte of the second page, and nothing has changed: no register, no byte of the first page. Then with both pages there, the
// operand is whole, the pages lying far apart.
//
//   ABSENT(error, instruction)      the second page is absent
//   READONLY(error, instruction)    it is read-only
//   WORKS(instruction)              both are there
#include "idt.inc"
#include "expect.inc"
        .set    edge, 0x40001000
        .set    saved, 0xb000
#define ABSENT(error, ...)   cross __LINE__, 0x31002, error, edge, __VA_ARGS__
#define READONLY(error, ...) cross __LINE__, 0x31001, error, edge, __VA_ARGS__
#define BOTH(error, ...)     ABSENT(error, __VA_ARGS__); READONLY(error + 1, __VA_ARGS__)
#define WORKS(...)           crosses __VA_ARGS__
        .macro  keep_registers op
        .set    at, saved
        .irp    r, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13
        \op     %\r, at
        .set    at, at + 8
        .endr
        .endm
        .macro  same_register r, where
        cmp     \r, \where
        jne     expect_failed
        .endm
        .macro  cross line, entry, error, address, insn:vararg
        movq    $\entry, 0x20008
        keep_registers mov
        .irp    n, 0xf00, 0xfe0, 0xfe8, 0xff0, 0xff8
        movq    $\n * 0x10001, 0x30000 + \n
        .endr
        expect_fault \line, 14, \error, \insn
        keep_registers same_register
        mov     %cr2, %r15
        cmp     $\address, %r15
        jne     expect_failed
        .irp    n, 0xf00, 0xfe0, 0xfe8, 0xff0, 0xff8
        cmpq    $\n * 0x10001, 0x30000 + \n
        jne     expect_failed
        .endr
        cmpl    $\entry, 0x20008        // no A bit
        jne     expect_failed
        .endm
        .macro  crosses insn:vararg
        movq    $0x35003, 0x20008
        lea     unexpected(%rip), %r15
        mov     %r15, 0xa020
        \insn
        .endm
        .code64
        setup_idt
        fninit
        // IST1 for #PF; the pages.
        movq    $0x80000, 0x7024
        mov     $0x0000890070000067, %rax
        mov     %rax, 0x8018
        movq    $0, 0x8020
        mov     $0x18, %eax
        ltr     %ax
        movb    $1, 0x90e4
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        mov     $edge, %edi
        mov     $edge, %esi
        mov     %rsp, %rbp
        mov     $0x1122334455667788, %rax
        // Loads of each size and kind.
        ABSENT(0, mov -1(%rdi), %ax)
        ABSENT(0, mov -3(%rdi), %eax)
        ABSENT(0, mov -7(%rdi), %rax)
        ABSENT(0, mov -1(%rdi), %rax)
        ABSENT(0, add -4(%rdi), %rax)
        ABSENT(0, cmp %eax, -2(%rdi))
        ABSENT(0, movzwl -1(%rdi), %eax)
        ABSENT(0, movups -8(%rdi), %xmm0)
        ABSENT(0, movups -15(%rdi), %xmm0)
        ABSENT(0, movsd -4(%rdi), %xmm1)
        ABSENT(0, movq -1(%rdi), %mm0)
        ABSENT(0, movhps -1(%rdi), %xmm1)
        ABSENT(0, lddqu -1(%rdi), %xmm1)
        ABSENT(0, cvtsi2sdl -1(%rdi), %xmm1)
        ABSENT(0, fldt -2(%rdi))
        ABSENT(0, fldl -2(%rdi))
        ABSENT(0, fildll -7(%rdi))
        ABSENT(0, fbld -9(%rdi))
        ABSENT(0, fldcw -1(%rdi))
        ABSENT(0, fldenv -27(%rdi))
        ABSENT(0, frstor -107(%rdi))
        ABSENT(0, ldmxcsr -1(%rdi))
        ABSENT(0, lgdt -9(%rdi))
        ABSENT(0, lidt -1(%rdi))
        ABSENT(0, lss -4(%rdi), %eax)
        ABSENT(0, lfs -1(%rdi), %eax)
        ABSENT(0, ljmp *-4(%rdi))
        ABSENT(0, lcall *-5(%rdi))
        ABSENT(0, jmp *-4(%rdi))
        ABSENT(0, push -4(%rdi))
        ABSENT(0, call *-7(%rdi))
        ABSENT(0, movbe -3(%rdi), %eax)
        ABSENT(0, crc32q -3(%rdi), %rax)
        ABSENT(0, bt %rcx, -1(%rdi))
        ABSENT(0, imul -1(%rdi), %rax)
        ABSENT(0, mulq -2(%rdi))
        ABSENT(0, cmovc -1(%rdi), %eax)
        // Stores and what reads and writes.
        BOTH(2, mov %ax, -1(%rdi))
        BOTH(2, mov %eax, -1(%rdi))
        BOTH(2, mov %rax, -7(%rdi))
        BOTH(2, movq $5, -4(%rdi))
        BOTH(2, add %rax, -4(%rdi))
        BOTH(2, lock xadd %eax, -2(%rdi))
        BOTH(2, xchg %eax, -3(%rdi))
        BOTH(2, cmpxchg %rax, -1(%rdi))
        BOTH(2, cmpxchg8b -4(%rdi))
        BOTH(2, incl -1(%rdi))
        BOTH(2, notq -7(%rdi))
        BOTH(2, shlq $3, -7(%rdi))
        BOTH(2, rorl %cl, -1(%rdi))
        BOTH(2, shld $3, %rax, -7(%rdi))
        BOTH(2, btsq $3, -7(%rdi))
        BOTH(2, lock btcl $3, -1(%rdi))
        BOTH(2, movups %xmm0, -8(%rdi))
        BOTH(2, movdqu %xmm0, -1(%rdi))
        BOTH(2, movhps %xmm0, -1(%rdi))
        BOTH(2, movnti %rax, -1(%rdi))
        BOTH(2, movbe %rax, -2(%rdi))
        BOTH(2, fnstenv -27(%rdi))
        BOTH(2, fnsave -107(%rdi))
        BOTH(2, fnstcw -1(%rdi))
        BOTH(2, stmxcsr -3(%rdi))
        BOTH(2, sgdt -9(%rdi))
        BOTH(2, sidt -1(%rdi))
        BOTH(2, smsw -1(%rdi))
        fld1
        BOTH(2, fstpt -2(%rdi))
        BOTH(2, fstpl -2(%rdi))
        BOTH(2, fistpll -7(%rdi))
        BOTH(2, fbstp -9(%rdi))
        BOTH(2, fisttps -1(%rdi))
        // FXSAVE and FXRSTOR touch the last byte first.
        cross   __LINE__, 0x31002, 2, edge + 0xff, fxsave -0x100(%rdi)
        cross   __LINE__, 0x31001, 3, edge + 0xff, fxsave -0x100(%rdi)
        cross   __LINE__, 0x31002, 0, edge + 0xff, fxrstor -0x100(%rdi)
        // Strings: one element, and a REP after some of them.
        lea     -3(%rdi), %rdi
        BOTH(2, stosq)
        ABSENT(0, scasl)
        lea     3(%rdi), %rdi
        lea     -1(%rsi), %rsi
        ABSENT(0, lodsw)
        ABSENT(0, movsq)
        ABSENT(0, cmpsl)
        mov     $5, %ecx
        ABSENT(0, rep movsw)
        mov     $0xb800, %esi
        lea     -3(%rdi), %rdi
        BOTH(2, rep stosl)
        BOTH(2, movsq)
        BOTH(2, rep movsl)
        ABSENT(0, repe cmpsq)
        lea     3(%rdi), %rdi
        // Stacks.
        lea     4(%rdi), %rsp
        BOTH(2, push %rax)
        BOTH(2, push $7)
        BOTH(2, pushf)
        BOTH(2, call 1f)
1:      BOTH(2, call *%rbp)
        BOTH(2, push 0xa000)
        BOTH(2, enter $16, $0)
        BOTH(2, push %fs)
        lea     1(%rdi), %rsp
        BOTH(2, pushw %ax)
        lea     2(%rdi), %rsp
        BOTH(2, lcall *far(%rip))
        lea     -4(%rdi), %rsp
        ABSENT(0, pop %rax)
        ABSENT(0, popf)
        ABSENT(0, pop 0xb800)
        ABSENT(0, pop %fs)
        ABSENT(0, ret)
        ABSENT(0, ret $8)
        lea     -12(%rdi), %rsp
        ABSENT(0, lretq)
        ABSENT(0, iretq)
        mov     $0x90000, %esp
        lea     -4(%rdi), %rbp
        ABSENT(0, leave)
        mov     $0x90000, %ebp
        // A POP to memory: the operand faults, the stack pointer stays.
        lea     -64(%rbp), %rsp
        BOTH(2, pop -4(%rdi))
        mov     %rbp, %rsp
        // Both pages are there: 0x30fff is followed by 0x35000.
        mov     $0x1122334455667788, %rax
        WORKS(mov %rax, -3(%rdi))
        mov     0x30ff8, %rbx
        shr     $40, %rbx
        EQUAL(%rbx, 0x667788)
        mov     0x35000, %rbx
        mov     $0xffffffffff, %rcx
        and     %rcx, %rbx
        EQUAL(%rbx, 0x1122334455)
        WORKS(mov -3(%rdi), %rbx)
        EQUAL(%rbx, 0x1122334455667788)
        WORKS(addq $0x99, -3(%rdi))
        WORKS(mov -3(%rdi), %rbx)
        EQUAL(%rbx, 0x1122334455667821)
        WORKS(movups -8(%rdi), %xmm0)
        WORKS(movups %xmm0, -15(%rdi))
        WORKS(movups -15(%rdi), %xmm1)
        pcmpeqb %xmm0, %xmm1
        pmovmskb %xmm1, %ebx
        EQUAL(%rbx, 0xffff)
        WORKS(fldpi)
        WORKS(fstpt -4(%rdi))
        WORKS(fldt -4(%rdi))
        fldpi
        fcomip  %st(1), %st
        setz    %bl
        movzbl  %bl, %ebx
        EQUAL(%rbx, 1)
        WORKS(fxsave -0x100(%rdi))
        xorps   %xmm0, %xmm0
        WORKS(fxrstor -0x100(%rdi))
        movups  %xmm0, 0xb800
        WORKS(movups -15(%rdi), %xmm1)
        lea     4(%rdi), %rsp
        WORKS(push %rax)
        WORKS(pop %rbx)
        EQUAL(%rbx, 0x1122334455667788)
        WORKS(call 1f)
        jmp     2f
1:      ret
2:      mov     %rbp, %rsp
        mov     $0xb800, %esi
        mov     $0x0123456789abcdef, %rbx
        mov     %rbx, 0xb800
        mov     %rbx, 0xb808
        lea     -7(%rdi), %rdi
        mov     $2, %ecx
        WORKS(rep movsq)
        EQUAL(%rdi, edge + 9)
        WORKS(mov -8(%rdi), %rcx)
        EQUAL(%rcx, 0x0123456789abcdef)
        DONE
unexpected:
        mov     $0xeeee, %r14d
        jmp     expect_failed
        .balign 8
far:    .long   0
        .word   8
//= R14 0
