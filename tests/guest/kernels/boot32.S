// Where the loader enters kernel32: 32-bit protected mode, flat segments, no paging.
        .section .multiboot, "a"
        .balign 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl start
start:
        cli
        mov $stack_top, %esp
        push %ebx
        push %eax
        call main32
1:      hlt
        jmp 1b

        .bss
        .balign 16
        .skip 16384
stack_top:
