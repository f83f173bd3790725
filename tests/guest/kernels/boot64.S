// Where the loader enters kernel64, in 32-bit protected mode, and the way to long mode: the first GiB mapped to itself
// with 2 MiB pages until paging_init().
        .section .multiboot, "a"
        .balign 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .code32
        .globl start, enter_long, long_entry
start:
        cli
        mov $stack_top, %esp
        mov %eax, %edi          // first two arguments of kmain
        mov %ebx, %esi
        mov $pdpt + 3, %eax
        mov %eax, pml4
        mov $page_directory + 3, %eax
        mov %eax, pdpt
        xor %ecx, %ecx
1:      mov %ecx, %eax
        shl $21, %eax
        or $0x83, %eax          // present, writable, 2 MiB
        mov %eax, page_directory(,%ecx,8)
        inc %ecx
        cmp $512, %ecx
        jne 1b

enter_long:
        mov %cr4, %eax
        or $0x20, %eax          // PAE
        mov %eax, %cr4
        mov $pml4, %eax
        mov %eax, %cr3
        mov $0xc0000080, %ecx   // EFER: LME, SCE
        rdmsr
        or $0x101, %eax
        wrmsr
        mov %cr0, %eax
        or $0x80010000, %eax    // PG, WP
        mov %eax, %cr0
        lgdt boot_gdt_pointer
        ljmp $0x08, $long_entry

        .code64
long_entry:
        mov $0x10, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $stack_top, %rsp
        xor %ebp, %ebp
        call kmain
1:      hlt
        jmp 1b

        .section .rodata
        .balign 8
boot_gdt:
        .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
        .word . - boot_gdt - 1
        .long boot_gdt

        .bss
        .balign 4096
pml4:   .skip 4096
pdpt:   .skip 4096
page_directory:
        .skip 4096
        .skip 16384
stack_top:
