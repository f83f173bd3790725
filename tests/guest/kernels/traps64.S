// Entries of interrupts, exceptions and SYSCALL; struct frame is pushed here.
#include "layout.h"

        .globl vectors, syscall_entry, load_segments, user_start, kernel_stack
        .text
        .balign 16
vectors:
        .set n, 0
        .rept 49
        .balign 16
        .if !(n == 8 || (n >= 10 && n <= 14) || n == 17)
        push $0
        .endif
        .if n == 48
        pushq $-1               // no INT 80h here
        .else
        pushq $n
        .endif
        jmp common
        .set n, n + 1
        .endr

common:
        push %rax
        push %rbx
        push %rcx
        push %rdx
        push %rsi
        push %rdi
        push %rbp
        push %r8
        push %r9
        push %r10
        push %r11
        push %r12
        push %r13
        push %r14
        push %r15
        cld
        mov %rsp, %rdi
        call trap
        mov %rax, %rsp          // perhaps another task's
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %r11
        pop %r10
        pop %r9
        pop %r8
        pop %rbp
        pop %rdi
        pop %rsi
        pop %rdx
        pop %rcx
        pop %rbx
        pop %rax
        cmpl $SYSTEM_CALL, (%rsp)
        je 1f
        add $16, %rsp
        iretq
1:      mov 16(%rsp), %rcx      // as SYSCALL left them
        mov 32(%rsp), %r11
        mov 40(%rsp), %rsp
        sysretq

// Interrupts are off. One processor: a variable keeps the user's stack for these few instructions.
syscall_entry:
        mov %rsp, user_stack(%rip)
        mov kernel_stack(%rip), %rsp
        pushq $USER_DS
        pushq user_stack(%rip)
        push %r11
        pushq $USER_CS
        push %rcx
        pushq $0
        pushq $SYSTEM_CALL
        jmp common

// After LGDT.
load_segments:
        mov $KERNEL_DS, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %fs
        mov %eax, %gs
        mov %eax, %ss
        pop %rax
        pushq $KERNEL_CS
        push %rax
        lretq

// A program begins with its number in RDI and its memory in RSI.
        .section .user, "ax"
user_start:
        call user_main
        mov %eax, %edi
        mov $CALL_EXIT, %eax
        syscall

        .bss
        .balign 8
kernel_stack:
        .skip 8
user_stack:
        .skip 8
