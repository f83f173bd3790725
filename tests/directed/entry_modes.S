//@ mode real
// From real mode to protected, long and compatibility mode and all the way back (SDM vol. 3A, 9.8.5, 9.9), with what the
// switches refuse; segments that keep their limits in real mode; paging refused without PE and PAE.
        .code16
start:  cli
        xor     %ax, %ax
        mov     %ax, %ss
        mov     $0x7000, %sp
        mov     %cs, %ax
        mov     %ax, %ds
        mov     %ax, %es
        // A limit of 64 KiB first: #GP through vector 13, without an error code.
        movw    $gp_real, %bx
        mov     %ax, %fs
        xor     %ax, %ax
        mov     %ax, %gs
        mov     %bx, %gs:13 * 4
        mov     %cs, %gs:13 * 4 + 2
        movl    $0x10000, %ebx
        xor     %edx, %edx
at1:    movb    (%ebx), %al
        // PG without PE.
        mov     %cr0, %eax
        or      $0x80000000, %eax
at2:    mov     %eax, %cr0
        addr32 lgdtl gdtr
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        // Still 16-bit code of CS's old base; a selector is one of the GDT now.
        mov     $0x10, %ax
        mov     %ax, %gs
        ljmpl   $0x08, $prot32 + 0x20000
gp_real:
        inc     %dx
        pop     %ax                     // IP of the fault
        mov     $3, %bx                 // its length
        cmp     $at3, %ax
        jne     3f
        inc     %bx
3:      add     %bx, %ax
        push    %ax
        iret
        .balign 8
gdt:    .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff, 0x00009b020000ffff, 0x000093000000ffff
        .quad   0x0000890050000067, 0x0000810050000067
gdtr:   .word   . - gdt - 1
        .long   gdt + 0x20000
        .code32
prot32: mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $0x90000, %esp
        movl    $0, 0xb000
        mov     %edx, 0xb004            // two faults
        // Tables at 0x10000: the first GiB.
        movl    $0x11003, 0x10000
        movl    $0, 0x10004
        movl    $0x12003, 0x11000
        movl    $0, 0x11004
        movl    $0x83, 0x12000
        movl    $0, 0x12004
        mov     $0x10000, %eax
        mov     %eax, %cr3
        // LME without PAE: PG is #GP.
        mov     $0xc0000080, %ecx
        mov     $0x100, %eax
        xor     %edx, %edx
        wrmsr
        movl    $gp32 + 0x20000, %eax
        mov     %ax, 0x9068
        movw    $8, 0x906a
        movw    $0x8e00, 0x906c
        shr     $16, %eax
        mov     %ax, 0x906e
        movw    $0x7ff, 0xb010
        movl    $0x9000, 0xb012
        lidt    0xb010
        xor     %ebp, %ebp
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        mov     %ebp, 0xb008            // 1
        mov     $0x20, %eax
        mov     %eax, %cr4
        // Nor with a 16-bit TSS.
        mov     $0x38, %eax
        ltr     %ax
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        mov     %ebp, 0xb034            // 2
        mov     $0x30, %eax
        ltr     %ax
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        rdmsr
        mov     %eax, 0xb00c            // LME, LMA
        // Compatibility mode: EIP and addresses have 32 bits; PUSH too.
        push    $-1
        mov     %esp, 0xb014
        ljmp    $0x18, $long64 + 0x20000
gp32:   inc     %ebp
        add     $4, %esp
        addl    $3, (%esp)
        iret
        .code64
long64: mov     $0x123456789abcdef0, %rbx
        mov     %rbx, 0xb018
        push    %rbx
        mov     %esp, 0xb020
        pop     %rbx
        ljmp    *back(%rip)
back:   .long   compat + 0x20000
        .word   0x08
        .code32
compat: mov     %ebx, 0xb024
        // Leaving: paging off clears LMA, then LME can go, then PE.
        mov     %cr0, %eax
        and     $0x7fffffff, %eax
        mov     %eax, %cr0
        rdmsr
        mov     %eax, 0xb028            // LME alone
        xor     %eax, %eax
        xor     %edx, %edx
        wrmsr
        mov     %eax, %cr4
        // With GS of 4 GiB into real mode, through 16-bit code.
        ljmp    $0x20, $prot16
        .code16
prot16: mov     $0x28, %ax
        mov     %ax, %ss
        mov     $0x7000, %sp
        mov     %ax, %es
        mov     %cr0, %eax
        and     $~1, %al
        mov     %eax, %cr0
        ljmp    $0x2000, $real
real:   movw    $0x3ff, %cs:idtr
        movl    $0, %cs:idtr + 2
        lidt    %cs:idtr
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %ss
        mov     %ax, %es
        xor     %dx, %dx
        movl    $0x00100000, %ebx
        movl    $0x600dcafe, %gs:(%ebx) // unreal: 4 GiB
        mov     %ax, %gs
        movl    %gs:(%ebx), %ecx        // a load in real mode keeps the limit
        movl    $0x10000, %ebx
at3:    movb    %es:(%ebx), %al         // ES has 64 KiB
        movl    %ecx, 0xb02c
        mov     %dx, 0xb030
        hlt
idtr:   .word   0, 0, 0
//= [0xb004] 2
//= [0xb008] 1
//= [0xb034] 2
//= [0xb00c] 0x500
//= [0xb014] 0x8fffc
//= [0xb018] 0x9abcdef0
//= [0xb01c] 0x12345678
//= [0xb020] 0x8fff4
//= [0xb024] 0x9abcdef0
//= [0xb028] 0x100
//= [0xb02c] 0x600dcafe
//= [0xb030] 1
