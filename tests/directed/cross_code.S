// An instruction of ten bytes that begins 1 to 9 bytes before a page boundary: the second page absent, not executable, remapped;
// bytes of either page changed by stores, through an alias and by a bus master; and a page that follows itself. RIP and CR2 are exact.
#include "idt.inc"
#include "expect.inc"
        .set    edge, 0x40001000
        .code64
        .macro  dma_byte                // AL to RDI; EDX is used up
        mov     %eax, %ebx
        mov     $0xd00, %edx
        mov     %edi, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        mov     %ebx, %eax
        out     %al, %dx
        .endm
        // Calls RSI, which must fault with this error code at the boundary.
        .macro  fetch_faults line, error
        mov     $\line, %r14d
        lea     .Lback\@(%rip), %rax
        mov     %rax, 0xa020
        call    *%rsi
        jmp     expect_failed
.Lback\@:
        pop     %rax
        cmpq    $14, 0xa000
        jne     expect_failed
        cmpq    $\error, 0xa008
        jne     expect_failed
        cmp     %rsi, 0xa010
        jne     expect_failed
        cmpq    $edge, 0xa028
        jne     expect_failed
        .endm
        .macro  runs value
        call    *%rsi
        EQUAL(%rax, \value)
        .endm
        setup_idt
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        mov     $1, %ebp                // bytes in the first page
each:   mov     $edge, %esi
        sub     %rbp, %rsi
        // The instruction and its RET, in 0x30000 with 0x31000 behind; another end in 0x33000.
        mov     $0x31000, %edi
        call    lay
        mov     $0x33000, %edi
        call    lay
        mov     $9, %eax                // the last byte of the immediate
        sub     %ebp, %eax
        movb    $0x77, 0x33000(%rax)
        movq    $0x31003, 0x20008
        runs    0x1122334455667788
        runs    0x1122334455667788
        movq    $0x31002, 0x20008
        fetch_faults __LINE__, 0x10
        movq    $0x31003, %rax
        bts     $63, %rax
        mov     %rax, 0x20008
        fetch_faults __LINE__, 0x11
        movq    $0x33003, 0x20008
        call    *%rsi
        mov     %rax, %rbx
        shr     $56, %rbx
        EQUAL(%rbx, 0x77)
        movq    $0x31003, 0x20008
        runs    0x1122334455667788
        // Stores into the second page: its first byte, if that is the immediate's, and the last.
        lea     9(%rsi), %rdi
        movb    $0x66, (%rdi)
        runs    0x6622334455667788
        sub     $0x40001000 - 0x31000, %rdi
        movb    $0x55, (%rdi)
        runs    0x5522334455667788
        mov     $0x44, %al
        dma_byte
        runs    0x4422334455667788
        // Into the first page's last byte: opcode bytes become the same again, an immediate's changes.
        mov     $edge - 1, %edi
        mov     (%rdi), %al
        notb    (%rdi)
        mov     %al, (%rdi)
        runs    0x4422334455667788
        mov     $0x30fff, %edi
        cmp     $3, %ebp
        jb      1f
        incb    (%rdi)
        call    *%rsi
        mov     $0x4422334455667788, %rbx
        lea     -3(%rbp), %ecx
        shl     $3, %ecx
        mov     $1, %edx
        shl     %cl, %rdx
        add     %rdx, %rbx
        cmp     %rax, %rbx
        jne     expect_failed
        mov     (%rdi), %al
        dec     %al
        dma_byte
        runs    0x4422334455667788
1:      inc     %ebp
        cmp     $10, %ebp
        jb      each
        // A page that follows itself: its first bytes are its own end.
        movq    $0x30003, 0x20008
        mov     $edge - 4, %esi
        movl    $0x7788b848, 0x30ffc
        movl    $0x33445566, 0x30000
        movl    $0x00c31122, 0x30004
        runs    0x1122334455667788
        movb    $0x99, 0x30005
        runs    0x9922334455667788
        // Prefixes up to the boundary, the opcode behind it; the fault comes before an undefined or too long instruction.
        movq    $0x31002, 0x20008
        movl    $0x66666666, 0x30ffc
        fetch_faults __LINE__, 0x10
        movb    $0x0f, 0x30fff
        fetch_faults __LINE__, 0x10
        // One that ends with the page does not need the other: ud2, and ret.
        movw    $0x0b0f, 0x30ffe
        mov     $edge - 2, %esi
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rsi
        jmp     expect_failed
1:      pop     %rax
        mov     0xa000, %rax
        EQUAL(%rax, 6)
        movb    $0xc3, 0x30fff
        mov     $edge - 1, %esi
        call    *%rsi
        // Running into it: the next fetch faults there.
        movb    $0x90, 0x30fff
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rsi
        jmp     expect_failed
1:      pop     %rax
        mov     0xa010, %rax
        EQUAL(%rax, edge)
        mov     0xa008, %rax
        EQUAL(%rax, 0x10)
        DONE
        // Lays the program's end at RDI and its beginning before 0x31000.
lay:    push    %rsi
        push    %rdi
        lea     insn(%rip), %rsi
        mov     $0x31000, %edi
        sub     %rbp, %rdi
        mov     %ebp, %ecx
        rep movsb
        pop     %rdi
        mov     $11, %ecx
        sub     %ebp, %ecx
        rep movsb
        pop     %rsi
        ret
insn:   movabs  $0x1122334455667788, %rax
        ret
//= R14 0
