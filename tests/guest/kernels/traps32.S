// Entries of interrupts and exceptions, 16 bytes each from `vectors` on; struct frame is pushed here.
#include "layout.h"

        .globl vectors, load_segments, user_start
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
        pushl $SYSTEM_CALL
        .else
        pushl $n
        .endif
        jmp common
        .set n, n + 1
        .endr

common:
        pusha
        push %ds
        push %es
        mov $KERNEL_DS, %eax
        mov %eax, %ds
        mov %eax, %es
        cld
        push %esp
        call trap
        mov %eax, %esp          // perhaps another task's
        pop %es
        pop %ds
        popa
        add $8, %esp
        iret

// After LGDT.
load_segments:
        mov $KERNEL_DS, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %fs
        mov %eax, %gs
        mov %eax, %ss
        ljmp $KERNEL_CS, $1f
1:      ret

// A program begins with its number in EAX and its memory in EBX.
        .section .user, "ax"
user_start:
        push %ebx
        push %eax
        call user_main
        mov %eax, %ebx
        mov $CALL_EXIT, %eax
        int $SYSTEM_CALL
