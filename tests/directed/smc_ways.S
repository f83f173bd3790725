// Code changed under itself: the next instruction, the running one, the other blocks of the page, by stores of every kind, through an
// alias, by a bus master, by REP over itself; and code pages remapped or made non-executable while their blocks are linked.
#include "idt.inc"
#include "expect.inc"
        .code64
        .macro  dma to, value           // a dword; EDX and EAX are used up
        mov     $0xd00, %edx
        mov     \to, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        mov     \value, %eax
        out     %eax, %dx
        .endm
        setup_idt
        lea     expect_failed(%rip), %rax
        mov     %rax, 0xa020
        // The next instruction's immediate, by each kind of store.
        mov     $3, %ecx
        movb    $1, 1f + 1(%rip)
1:      mov     $0, %eax
        EQUAL(%rax, 1)
        incb    2f + 1(%rip)
2:      mov     $1, %eax
        EQUAL(%rax, 2)
        lock xadd %cl, 3f + 1(%rip)
3:      mov     $0, %eax
        EQUAL(%rax, 3)
        mov     $0x04, %al
        lea     4f + 1(%rip), %rdi
        stosb
4:      mov     $0, %eax
        EQUAL(%rax, 4)
        mov     $5, %eax
        mov     %rsp, %rbp
        lea     5f + 2 + 8(%rip), %rsp
        push    %rax
5:      movabs  $0, %rbx
        mov     %rbp, %rsp
        EQUAL(%rbx, 5)
        mov     $6, %eax
        movd    %eax, %xmm0
        movss   %xmm0, 1f + 1(%rip)
1:      mov     $0, %eax
        EQUAL(%rax, 6)
        fninit
        fld1
        fistps  2f + 1(%rip)            // 16 bits
2:      mov     $0x70000, %eax
        EQUAL(%rax, 0x70001)
        mov     $1, %eax
        cmpxchg %cl, 3f + 1(%rip)       // ECX is 0 now
3:      mov     $1, %eax
        EQUAL(%rax, 0)
        stc
        setc    4f + 1(%rip)
4:      mov     $0, %eax
        EQUAL(%rax, 1)
        btsl    $4, 5f + 1(%rip)
5:      mov     $0, %eax
        EQUAL(%rax, 0x10)
        // Through another linear address; by a bus master.
        lea     6f + 1(%rip), %rdi
        mov     $0x8000000000, %rax
        movq    $0x11003, 0x10008       // PML4[1]: the same 512 GiB
        movb    $7, (%rdi, %rax)
6:      mov     $0, %eax
        EQUAL(%rax, 7)
        dma     $7f + 1, $8
7:      mov     $0, %eax
        EQUAL(%rax, 8)
        // The opcode, and the length: xor %eax, %eax; ret with a NOP ahead.
        movw    $0x9090, 1f(%rip)
1:      ud2
        // Another block of the page, linked and hot.
        mov     $200, %ecx
1:      call    hot
        dec     %ecx
        jnz     1b
        EQUAL(%rax, 1)
        movb    $2, hot2 + 1(%rip)
        call    hot
        EQUAL(%rax, 2)
        dma     $hot2 + 1, $3
        call    hot
        EQUAL(%rax, 3)
        lea     hot2 + 1(%rip), %rdi
        mov     $0x8000000000, %rdx
        movb    $4, (%rdi, %rdx)
        call    hot
        EQUAL(%rax, 4)
        // A loop that changes its own body each time round.
        xor     %ebx, %ebx
        mov     $20, %ecx
1:      incb    2f + 1(%rip)
2:      mov     $0, %eax
        add     %eax, %ebx
        dec     %ecx
        jnz     1b
        EQUAL(%rbx, 210)
        // By a bus master in the running block's loop.
        xor     %ebx, %ebx
        mov     $0xd00, %edx
        mov     $2f + 1, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        mov     $10, %ecx
1:      mov     %ecx, %eax
        out     %al, %dx
2:      mov     $0, %eax
        add     %eax, %ebx
        dec     %ecx
        jnz     1b
        EQUAL(%rbx, 55)
        // REP STOS over itself: the first element that hits it ends it, for the new bytes are NOPs.
        lea     1f - 16(%rip), %rdi
        mov     $64, %ecx
        mov     $0x90, %al
        jmp     1f
        .fill   16, 1, 0xcc
1:      rep stosb
        .fill   60, 1, 0x90
        EQUAL(%rcx, 47)
        // REP MOVS over itself with four bytes at a time.
        lea     nops(%rip), %rsi
        lea     1f - 16(%rip), %rdi
        mov     $32, %ecx
        jmp     1f
        .balign 4
        .fill   16, 1, 0xcc
1:      rep movsl
        .fill   200, 1, 0x90
        EQUAL(%rcx, 27)
        // REP OUTS of a bus master's data over itself: out of 0xF3 0x6E the first byte becomes NOP, then it is a single OUTS.
        mov     $0xd00, %edx
        mov     $1f, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        lea     nops(%rip), %rsi
        mov     $50, %ecx
1:      rep outsb
        EQUAL(%rcx, 49)
        // The page of running code remapped: 0x40000000 -> 0x30000, 0x31000. At +0: movq to its own table entry; then mov $n, %eax.
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        lea     remap(%rip), %rsi
        mov     $0x30000, %edi
        mov     $64, %ecx
        rep movsb
        lea     remap(%rip), %rsi
        mov     $0x31000, %edi
        mov     $64, %ecx
        rep movsb
        movb    $1, 0x30000 + remap_n - remap
        movb    $2, 0x31000 + remap_n - remap
        mov     $0x40000000, %edi
        mov     $0x20000, %ebx
        mov     $0x30003, %edx
        call    *%rdi
        EQUAL(%rax, 1)
        mov     $50, %ecx
1:      call    *%rdi
        dec     %ecx
        jnz     1b
        mov     $0x31003, %edx
        call    *%rdi                   // changed under its feet
        EQUAL(%rax, 2)
        mov     $0x30003, %edx
        call    *%rdi
        EQUAL(%rax, 1)
        // Absent, or not executable: the next instruction faults.
        mov     $0x30002, %edx
        movq    $-1, 0xa000
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rdi
        jmp     expect_failed
1:      pop     %rax
        mov     0xa008, %rax
        EQUAL(%rax, 0x10)
        mov     0xa010, %rax
        EQUAL(%rax, 0x40000000 + remap_next - remap)
        mov     %cr2, %rax
        EQUAL(%rax, 0x40000000 + remap_next - remap)
        movq    $0x30003, 0x20000
        mov     $0x30003, %edx
        bts     $63, %rdx
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rdi
        jmp     expect_failed
1:      pop     %rax
        mov     0xa008, %rax
        EQUAL(%rax, 0x11)
        mov     0xa010, %rax
        EQUAL(%rax, 0x40000000 + remap_next - remap)
        // By the directory, while a loop of two linked blocks runs there: at +128.
        movq    $0x30003, 0x20000
        movq    $0x31003, 0x21000
        lea     loop2(%rip), %rsi
        mov     $0x30080, %edi
        mov     $64, %ecx
        rep movsb
        lea     loop2(%rip), %rsi
        mov     $0x31080, %edi
        mov     $64, %ecx
        rep movsb
        movb    $7, 0x31080 + loop2_n - loop2
        mov     $0x40000080, %edi
        mov     $0x13000, %ebx
        mov     $0x21003, %edx
        mov     $100, %ecx
        xor     %eax, %eax
        call    *%rdi
        // 100 to 51 with 1 each, at 50 remapped: 50 to 1 with 7 each.
        EQUAL(%rax, 50 + 50 * 7)
        DONE
hot:    jmp     hot1
        .balign 16
hot1:   xor     %ebx, %ebx
        jmp     hot2
        .balign 64
hot2:   mov     $1, %eax
        jmp     hot3
        .balign 64
hot3:   ret
        .balign 16
remap:  mov     %rdx, (%rbx)
remap_next:
        .byte   0xb8
remap_n:
        .long   0
        ret
        .balign 16
loop2:  cmp     $50, %ecx
        jne     1f
        mov     %rdx, (%rbx)
1:      .byte   0x83, 0xc0              // add $n, %eax
loop2_n:
        .byte   1
        dec     %ecx
        jnz     loop2
        ret
        .balign 16
nops:   .fill   256, 1, 0x90
//= R14 0
