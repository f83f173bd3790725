// An instruction that crosses a page boundary, executed, then with its second page remapped (other bytes), then absent: #PF at
// the second page's address; and an operand that crosses with the second page read-only or absent.
#include "idt.inc"
        .code64
        setup_idt
        // 0x40000000 -> 0x30000, 0x40001000 -> 0x31000
        movq    $0x30003, 0x20000
        movq    $0x31003, 0x20008
        movq    $0x20003, 0x13000
        // mov $0x11223344, %eax; ret -- three bytes in the first page
        mov     $0x40000ffd, %edi
        movw    $0xc311, 0x31001
        movb    $0x22, 0x31000
        movb    $0xb8, 0x30ffd
        movb    $0x44, 0x30ffe
        movb    $0x33, 0x30fff
        mov     $50, %ecx
1:      call    *%rdi
        dec     %ecx
        jnz     1b
        mov     %rax, %rbx              // 11223344
        // Another second page: 55 66.
        movb    $0x55, 0x32000
        movw    $0xc366, 0x32001
        movq    $0x32003, 0x20008
        call    *%rdi
        mov     %rax, %rdx              // 66553344
        // A store into the second page's bytes.
        movb    $0x77, 0x40001000
        call    *%rdi
        mov     %rax, %rsi              // 66773344
        // Absent.
        movq    $0, 0x20008
        lea     2f(%rip), %rax
        mov     %rax, 0xa020
        call    *%rdi
2:      mov     0xa008, %r8             // instruction fetch: 10h
        mov     %cr2, %r9
        add     $8, %rsp
        // A store over the boundary: nothing may be written.
        movq    $-1, 0x30ff8
        lea     3f(%rip), %rax
        mov     %rax, 0xa020
        movq    $0, 0x40000ffc
3:      mov     0x30ff8, %r10           // all ones
        mov     %cr2, %r11
        // Second page read-only.
        movq    $0x32001, 0x20008
        lea     4f(%rip), %rax
        mov     %rax, 0xa020
        addq    $1, 0x40000ffc
4:      mov     0x30ff8, %r12
        mov     0xa008, %r13            // P | W
        mov     0xa018, %r14
        xor     %eax, %eax
        hlt
//= RBX 0x11223344
//= RDX 0x66553344
//= RSI 0x66773344
//= R8 0x10
//= R9 0x40001000
//= R10 0xffffffffffffffff
//= R11 0x40001000
//= R12 0xffffffffffffffff
//= R13 3
//= R14 3
