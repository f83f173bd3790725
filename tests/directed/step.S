// Single steps: behind which instructions the trap comes, and the shadow of loads of SS (SDM vol. 3B, 17.3.1.4; vol. 3A,
// 6.8.3; vol. 2, SYSCALL, SYSRET). The #DB handler lists where it came from; each case has the list that it expects.
#include "idt.inc"
#include "expect.inc"
        .set    list, 0xc000
        .set    list_ptr, 0xb000
        .code64
        .macro  begin line
        mov     $\line, %r13d
        movq    $list, list_ptr
        pushf
        orq     $0x100, (%rsp)
        popf
        .endm
        // Ends stepping, and compares: the labels, then the three that end it.
        .macro  ends labels:vararg
        pushf
.Le1_\@: andq   $~0x100, (%rsp)
.Le2_\@: popf
.Le3_\@:
        mov     %r13d, %r14d
        mov     $list, %esi
        .irp    label, \labels
        lea     \label(%rip), %rax
        cmp     %rax, (%rsi)
        jne     expect_failed
        add     $8, %esi
        .endr
        .irp    label, .Le1_\@, .Le2_\@, .Le3_\@
        lea     \label(%rip), %rax
        cmp     %rax, (%rsi)
        jne     expect_failed
        add     $8, %esi
        .endr
        cmp     %rsi, list_ptr
        jne     expect_failed
        .endm
#define BEGIN begin __LINE__
        setup_idt
        lea     step(%rip), %rax
        mov     %ax, 0x9010
        shr     $16, %rax
        mov     %ax, 0x9016
        BEGIN
        nop
1:      nop
2:      ends    1b, 2b
        // Jumps, taken and not.
        BEGIN
        jmp     2f
1:      nop
2:      call    4f
3:      jmp     5f
4:      ret
5:      cmp     %eax, %eax
6:      je      8f
7:      nop
8:      jne     7b
9:      ends    2b, 4b, 3b, 5b, 6b, 8b, 9b
        // Behind MOV SS there is no trap, and none is made up for.
        mov     %ss, %ebx
        BEGIN
        mov     %ebx, %ss
1:      nop
2:      nop
3:      ends    2b, 3b
        // MOV SS, then an instruction that enters a handler: none at all.
        movq    $0, 0xa020
        BEGIN
        mov     %ebx, %ss
1:      int3
2:      nop
3:      ends    3b
        // INT n enters its handler without a trap; IRET in it does not yet see the TF that it pops.
        BEGIN
        int3
1:      nop
2:      int     $0x10
3:      nop
4:      ends    2b, 4b
        // A fault makes no trap of its instruction; the handler goes on behind it.
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        BEGIN
        ud2
1:      nop
2:      ends    2b
        movq    $0, 0xa020
        // STI has no shadow for it.
        BEGIN
        sti
1:      nop
2:      cli
3:      ends    1b, 2b, 3b
        // Far returns and IRET, with TF before and behind: at the target.
        BEGIN
        push    $8
1:      lea     3f(%rip), %rax
2:      push    %rax
4:      lretq
3:      nop
5:      ends    1b, 2b, 4b, 3b, 5b
        mov     %ss, %ebx
        mov     %rsp, %rbp
        BEGIN
        push    %rbx
1:      push    %rbp
2:      push    $0x102
3:      push    $8
4:      lea     7f(%rip), %rax
5:      push    %rax
6:      iretq
8:      nop
7:      ends    1b, 2b, 3b, 4b, 5b, 6b, 7b
        // Serializing ones, a REP of nothing, and one of three.
        BEGIN
        mov     %cr3, %rax
1:      mov     %rax, %cr3
2:      mov     %dr7, %rax
3:      mov     %rax, %dr7
4:      xor     %ecx, %ecx
5:      rep movsb
6:      ends    1b, 2b, 3b, 4b, 5b, 6b
        mov     $3, %ecx
        mov     $0xd000, %edi
        BEGIN
1:      rep stosb
2:      ends    1b, 1b, 2b
        // A data breakpoint of a load of SS waits for the next instruction, and then comes with the step.
        mov     $0xb010, %eax
        mov     %rax, %dr0
        mov     $0x000f0401, %eax
        mov     %rax, %dr7
        movw    $0x10, 0xb010
        nop
        mov     $0xffff0ff0, %eax
        mov     %rax, %dr6
        BEGIN
        movw    0xb010, %ss
1:      nop
2:      ends    2b
        mov     %dr6, %rbx
        EQUAL(%rbx, 0xffff4ff1)
        // With INT3 next, it comes at the first instruction of the handler.
        movq    $list, list_ptr
        movw    0xb010, %ss
        int3
1:      nop
        mov     $0x400, %eax
        mov     %rax, %dr7
        EQUAL(list_ptr, list + 8)
        lea     stubs + 3 * 16(%rip), %rbx
        cmp     %rbx, list
        jne     expect_failed
        // SYSCALL and SYSRET trap by the TF that they leave.
        mov     $0xc0000082, %ecx
        lea     kernel(%rip), %rax
        xor     %edx, %edx
        wrmsr
        mov     $0xc0000081, %ecx
        xor     %eax, %eax
        mov     $0x000b0008, %edx
        wrmsr
        mov     $0xc0000084, %ecx
        xor     %eax, %eax
        xor     %edx, %edx
        wrmsr
        jmp     1f
kernel: nop
kernel2:
        jmp     *%rdi
1:      lea     2f(%rip), %rdi
        BEGIN
        syscall
1:      nop
2:      ends    kernel, kernel2, 2b
        mov     $0xc0000084, %ecx
        mov     $0x100, %eax
        xor     %edx, %edx
        wrmsr
        lea     2f(%rip), %rdi
        BEGIN
        syscall
2:      mov     $__LINE__, %r14d
        cmpq    $list, list_ptr
        jne     expect_failed
        DONE
step:   push    %rax
        push    %rbx
        mov     list_ptr, %rax
        mov     16(%rsp), %rbx
        mov     %rbx, (%rax)
        addq    $8, list_ptr
        pop     %rbx
        pop     %rax
        iretq
//= R14 0
