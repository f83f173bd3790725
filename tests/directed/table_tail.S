// A store into the table entry that maps the code itself: the next instruction comes from the new page, also when the
// run ends in the midst of the block.
        .code64
        movq    $0x20003, 0x13000    // 0x40000000: a table at 0x20000
        movq    $0x00078948, %rax
        mov     %rax, 0x30000        // mov %rax, (%rdi); nop
        mov     %rax, 0x31000
        mov     $0x9090909090909090, %rax
        mov     %rax, 0x30003
        mov     %rax, 0x31003
        movl    $0xc301c183, 0x3000a // add $1, %ecx; ret
        movl    $0xc302c183, 0x3100a // add $2, %ecx; ret
        xor     %ecx, %ecx
        mov     $0x20000, %edi
        mov     $0x31003, %eax
        mov     $0x40000000, %ebx
        mov     $300, %ebp
1:      movq    $0x30003, (%rdi)
        call    *%rbx
        dec     %ebp
        jnz     1b
        hlt
//= RCX 600
