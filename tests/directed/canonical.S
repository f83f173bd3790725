// The edges of the 64-bit address space (SDM vol. 1, 3.3.7.1; vol. 3A, 6.15): operands, stacks, branches and code that reach over
// the canonical halves fault with #GP or #SS before any page is looked at; the last and first canonical bytes, and the wrap from the
// last byte of the address space to the first, work.
#include "idt.inc"
#include "expect.inc"
        .set    low_end, 0x800000000000
        .set    high_begin, -0x800000000000
        .code64
        setup_idt
        // The last page of the lower half and the first of the upper one: 0x30000, 0x31000; the last of all: 0x32000.
        movq    $0x20003, 0x107f8       // PML4[FF]
        movq    $0x21003, 0x20ff8
        movq    $0x22003, 0x21ff8
        movq    $0x30003, 0x22ff8
        movq    $0x23003, 0x10800       // PML4[100]
        movq    $0x24003, 0x23000
        movq    $0x25003, 0x24000
        movq    $0x31003, 0x25000
        movq    $0x26003, 0x10ff8       // PML4[1FF]
        movq    $0x27003, 0x26ff8
        movq    $0x28003, 0x27ff8
        movq    $0x32003, 0x28ff8
        mov     $low_end, %rdi
        mov     $high_begin, %rsi
        mov     $0x1122334455667788, %rax
        mov     %rax, -8(%rdi)
        mov     -8(%rdi), %rbx
        EQUAL(%rbx, 0x1122334455667788)
        mov     %rax, (%rsi)
        mov     0x31000, %rbx
        EQUAL(%rbx, 0x1122334455667788)
        FAULTS(13, 0, mov %rax, (%rdi))
        FAULTS(13, 0, mov -1(%rsi), %al)
        FAULTS(13, 0, mov -7(%rdi), %rax)
        FAULTS(13, 0, mov %rax, -1(%rdi))
        FAULTS(13, 0, incw -1(%rdi))
        FAULTS(13, 0, movups -8(%rdi), %xmm0)
        FAULTS(13, 0, movups %xmm0, -8(%rdi))
        FAULTS(13, 0, fxsave -0x100(%rdi))
        FAULTS(13, 0, fnsave -0x20(%rdi))
        FAULTS(13, 0, mov -4(%rsi), %rax)
        FAULTS(13, 0, lss -4(%rdi), %eax)
        FAULTS(13, 0, lgdt -4(%rdi))
        mov     0x30ff8, %rbx           // nothing was written
        EQUAL(%rbx, 0x1122334455667788)
        // Not even the present half is asked for.
        movq    $0, 0x22ff8
        FAULTS(13, 0, mov -7(%rdi), %rax)
        FAULTS(13, 0, mov %rax, -7(%rdi))
        FAULTS(13, 0, incq -7(%rdi))
        FAULTS(13, 0, movups -8(%rdi), %xmm0)
        FAULTS(13, 0, movups %xmm0, -8(%rdi))
        FAULTS(13, 0, fxsave -0x100(%rdi))
        FAULTS(13, 0, fxrstor -0x100(%rdi))
        FAULTS(14, 0, mov -8(%rdi), %rax)
        movq    $0x30003, 0x22ff8
        // Over the top: eight bytes, four of them at 0.
        movl    $0xaabbccdd, 0
        movl    $0x11223344, 0x32ffc
        mov     -4, %rax
        EQUAL(%rax, 0xaabbccdd11223344)
        movq    $-2, -4
        mov     0x32ffc, %eax
        EQUAL(%rax, 0xfffffffe)
        mov     0, %eax
        EQUAL(%rax, 0xffffffff)
        // Strings.
        mov     $low_end - 2, %rdi
        mov     $5, %ecx
        mov     $0x77, %al
        FAULTS(13, 0, rep stosb)
        EQUAL(%rcx, 3)
        EQUAL(%rdi, low_end)
        mov     $high_begin + 1, %rdi
        mov     $5, %ecx
        std
        FAULTS(13, 0, rep stosb)
        cld
        EQUAL(%rcx, 3)
        EQUAL(%rdi, 0xffff7fffffffffff)
        // Stacks: #SS.
        mov     %rsp, %rbp
        lea     ist(%rip), %rax
        movq    $0x80000, 0x7024        // IST1
        mov     $0x0000890070000067, %rax
        mov     %rax, 0x8018
        movq    $0, 0x8020
        mov     $0x18, %eax
        ltr     %ax
        movb    $1, 0x90c4              // #SS, #GP and #PF there
        movb    $1, 0x90d4
        movb    $1, 0x90e4
        mov     $low_end, %rdi
        mov     %rdi, %rsp
        push    %rax
        pop     %rax
        FAULTS(12, 0, pop %rax)
        FAULTS(12, 0, ret)
        FAULTS(12, 0, popf)
        FAULTS(12, 0, mov (%rsp), %rax)
        FAULTS(12, 0, mov %rax, (%rsp))
        lea     8(%rdi), %rsp
        FAULTS(12, 0, push %rax)
        FAULTS(12, 0, call 1f)
1:      FAULTS(12, 0, pushf)
        FAULTS(12, 0, enter $0, $0)
        lea     4(%rdi), %rsp
        FAULTS(12, 0, push %rax)
        lea     -4(%rdi), %rsp
        FAULTS(12, 0, pop %rax)
        EQUAL(%rsp, low_end - 4)
        mov     %rdi, %rbx
        mov     %rbp, %rsp
        mov     %rbx, %rbp
        FAULTS(12, 0, leave)
        FAULTS(12, 0, mov (%rbp), %rax)
        FAULTS(13, 0, mov (%rbx), %rax)
        FAULTS(12, 0, mov %ds:(%rbp), %rax)   // the prefix counts for nothing
        // Branches: the branch faults.
        FAULTS(13, 0, jmp *%rbx)
        FAULTS(13, 0, call *%rbx)
        mov     %rbx, 0xb000
        FAULTS(13, 0, jmp *0xb000)
        push    %rbx
        mov     %rsp, %rax
        FAULTS(13, 0, ret)
        cmp     %rsp, %rax
        jne     expect_failed
        pop     %rax
        // Relative ones, from the last page, and code that runs off its end: EB 7E, E9, E8, 0F 84 at the end of the page.
        movl    $0x7eeb, 0x30f90
        mov     $1, %r13d
        lea     -0x70(%rbx), %rax
        call    edge
        movl    $0x000100e9, 0x30fa0
        movl    $0, 0x30fa4
        lea     -0x60(%rbx), %rax
        call    edge
        movl    $0x000100e8, 0x30fb0
        movl    $0, 0x30fb4
        lea     -0x50(%rbx), %rax
        call    edge
        movl    $0x0100840f, 0x30fc0
        movl    $0, 0x30fc4
        lea     -0x40(%rbx), %rax
        call    edge
        movl    $0x7e74c085, 0x30fd0    // test, jz: at the JZ
        mov     $2, %r13d
        lea     -0x30(%rbx), %rax
        call    edge2
        movl    $0x7ee2, 0x30fe0        // loop
        lea     -0x20(%rbx), %rax
        mov     $5, %ecx
        call    edge
        EQUAL(%rcx, 5)
        movl    $0x90909090, 0x30ffc
        lea     -4(%rbx), %rax
        mov     $4, %r13d
        call    edge2
        movl    $0x00b89090, 0x30ffc    // an instruction that goes on behind
        lea     -4(%rbx), %rax
        mov     $2, %r13d
        call    edge2
        DONE
        // Runs RAX, which must fault there, or R13 bytes further, with #GP and RSP as it was.
edge:   xor     %r13d, %r13d
edge2:  mov     $0x1000, %r14d
        add     %rax, %r13
        movq    $-1, 0xa000
        lea     1f(%rip), %r15
        mov     %r15, 0xa020
        mov     %rsp, %r12
        mov     %rax, %r11
        xor     %eax, %eax
        jmp     *%r11
1:      mov     %r11, %r14
        cmp     %rsp, %r12
        jne     expect_failed
        cmpq    $13, 0xa000
        jne     expect_failed
        cmpq    $0, 0xa008
        jne     expect_failed
        cmp     %r13, 0xa010
        jne     expect_failed
        ret
ist:
//= R14 0
