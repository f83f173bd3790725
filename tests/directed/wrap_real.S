//@ mode real
// 16-bit addresses wrap at 64 KiB; an operand over the end of the segment faults instead (#GP, or #SS for the stack; vector only, in
// real mode), with nothing changed. Unreal mode: a limit of 4 GiB lifts that, and stays over segment loads. Each case adds its vector
// or 0 to the list at 0x600.
        .set    list, 0x600
        .code16
        .macro  try code:vararg
        movw    $.Lnext\@, %cs:resume
        \code
        movb    $0, %al
        jmp     1f
.Lnext\@:
        mov     %cs:vector, %al
1:      call    note
        .endm
        xor     %ax, %ax
        mov     %ax, %ds
        movw    $gp, 13 * 4
        movw    %cs, 13 * 4 + 2
        movw    $ss, 12 * 4
        movw    %cs, 12 * 4 + 2
        mov     $0x3000, %ax            // data segment
        mov     %ax, %es
        mov     %ax, %ds
        movl    $0x44332211, 0
        movw    $0x8877, 0xfffe
        // The last bytes of the segment; over its end.
        mov     $0xffff, %bx
        try     mov (%bx), %dl
        try     mov (%bx), %dx
        try     mov -1(%bx), %dx
        try     mov -1(%bx), %edx
        try     mov %edx, -2(%bx)
        try     addw $1, (%bx)
        try     fldl -3(%bx)
        try     lds -2(%bx), %si
        // Offsets that wrap before the access: BX + SI + disp.
        mov     $0x8000, %si
        try     mov -0x7fff(%bx, %si), %dx
        try     mov 0x7fff(%bx, %si), %dx
        try     mov 0x8000(%bx, %si), %dx
        try     mov 2(%bx), %dl
        // Strings: each element by itself.
        mov     $0xffff, %di
        mov     $3, %cx
        cld
        try     rep stosb
        mov     $0xfffd, %di
        mov     $3, %cx
        try     rep stosw
        mov     %cx, %es:0x102          // 2, and DI ffff
        mov     $0xffff, %si
        try     lodsw
        try     lodsb
        mov     $0xfffe, %di
        try     scasw
        mov     %di, %es:0x104          // 0
        // Stacks. SP 0 pushes at FFFE; the word at FFFF is beyond the end.
        mov     %sp, %bp
        mov     $0, %sp
        push    %ax
        mov     %sp, %dx
        mov     %bp, %sp
        mov     %dx, %es:0x106          // fffe
        mov     $0xffff, %bp
        try     mov (%bp), %ax
        try     mov %ds:(%bp), %ax
        mov     $0x7000, %bp
        // 32-bit offsets beyond 64 KiB.
        mov     $0x10000, %ebx
        try     mov (%ebx), %al
        mov     $0xfffe, %ebx
        try     mov (%ebx), %eax
        // Unreal.
        cli
        lgdtl   %cs:gdtr
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        mov     $8, %cx
        mov     %cx, %ds
        mov     %cx, %es
        and     $~1, %al
        mov     %eax, %cr0
        // The same again, and far; the base of what was loaded in protected mode is 0.
        try     mov (%ebx), %eax
        mov     $0x300000, %edi
        movl    $0x12345678, (%edi)
        try     mov (%edi), %edx
        mov     %edx, %es:-0x100000(%edi)
        mov     $0x3000, %ax
        mov     %ax, %ds                // base 0x30000, the limit stays
        mov     $0x1d0000, %ebx
        mov     (%ebx), %ecx            // 0x200000
        movb    $0x22, 1
        mov     $0xffff, %ebx
        try     mov (%bx), %edx
        // A 16-bit address still wraps.
        mov     2(%bx), %ah             // 30001: 22
        movzbl  %ah, %esi
        hlt
note:   push    %bx
        push    %ds
        push    $0
        pop     %ds
        mov     %cs:count, %bx
        mov     %al, list(%bx)
        incw    %cs:count
        pop     %ds
        pop     %bx
        ret
gp:     movb    $13, %cs:vector
        jmp     back
ss:     movb    $12, %cs:vector
back:   mov     $0x7000, %sp
        push    $0
        popf
        jmp     *%cs:resume
resume: .word   0
vector: .byte   0
count:  .word   0
gdtr:   .word   15
        .long   0x20000 + gdt
        .balign 8
gdt:    .quad   0
        .quad   0x00cf93000000ffff
//= [0x600] 0x0d000d00
//= [0x604] 0x0d0d0d0d
//= [0x608] 0x000d0000
//= [0x60c] 0x000d0d00
//= [0x610] 0x0d0d0c00
//= [0x614] 0x0000000d
//= [0x30102] 0x00000002
//= [0x30104] 0xfffe0000
//= RCX 0x12345678
//= RSI 0x22
