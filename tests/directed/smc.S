// Self-modifying code: a store into the running block takes effect at the next instruction; a store into another block of
// the page, and through another linear address, before it runs again.
        .code64
        // In the running block: turn `mov $1, %eax` into `mov $2, %eax`.
        movb    $2, patch + 1(%rip)
patch:  mov     $1, %eax
        // In a loop that has run often.
        xor     %ebx, %ebx
        mov     $100, %ecx
loop:   add     $1, %ebx
step:   nop
        dec     %ecx
        jnz     loop
        lea     loop + 2(%rip), %rdi
        movb    $5, (%rdi)              // add $5
        mov     $10, %ecx
again:  call    body
        dec     %ecx
        jnz     again
        hlt
body:   push    %rcx
        mov     $1, %ecx
        cmp     $1, %r15
        jne     skip
skip:   lea     after(%rip), %r14
        jmp     loop_once
after:  pop     %rcx
        ret
loop_once:
        // The same bytes as the loop, jumped into at its patched instruction, once.
        mov     $1, %ecx
        movb    $0xc3, step(%rip)       // nop becomes ret
        call    loop
        movb    $0x90, step(%rip)
        jmp     *%r14
//= RAX 2
//= RBX 150
//= RCX 0
