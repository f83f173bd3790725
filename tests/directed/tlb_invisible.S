// The TLB is invisible: a table entry changed by a store, without INVLPG, counts at the next access; A and D bits that are
// cleared are set again; a write-protected page faults at once; changes through another mapping of the table count too.
#include "idt.inc"
        .code64
        setup_idt
        // A page table for 0x40000000..0x401fffff at 0x20000, in the directory of the second GiB (0x13000).
        movq    $0x30003, 0x20000       // 0x40000000 -> 0x30000
        movq    $0x31003, 0x20008       // 0x40001000 -> 0x31000
        movq    $0x20003, 0x13000
        movq    $0x1111, 0x30000
        movq    $0x2222, 0x31000
        mov     $0x40000000, %edi
        mov     (%rdi), %rax            // 1111
        movq    $0x31003, 0x20000       // remap, no INVLPG
        mov     (%rdi), %rbx            // 2222
        mov     0x20000, %rcx
        and     $0x60, %ecx             // A only: 20
        movq    $0x3333, (%rdi)
        mov     0x20000, %rdx
        and     $0x60, %edx             // A and D: 60
        movq    $0x31003, 0x20000       // clear A and D
        mov     (%rdi), %rsi            // 3333
        mov     0x20000, %r8
        and     $0x60, %r8d             // 20 again
        // Read-only: faults although a store worked a moment ago (CR0.WP is set).
        movq    $0x4444, (%rdi)
        movq    $0x31001, 0x20000
        lea     1f(%rip), %rax
        mov     %rax, 0xa020
        movq    $0x5555, (%rdi)
1:      mov     0xa000, %r9             // 14
        mov     0xa008, %r10            // P | W = 3
        // Through an alias of the table: map 0x20000 at 0x40002000, and change the entry there.
        movq    $0x31003, 0x20000
        movq    $0x20003, 0x20010
        mov     (%rdi), %r11
        movq    $0x30003, 0x2000(%rdi)
        mov     (%rdi), %r11            // 1111
        // An upper level: another table altogether.
        movq    $0x32003, 0x21000
        movq    $0x6666, 0x32000
        movq    $0x21003, 0x13000
        mov     (%rdi), %r12            // 6666
        // Not present, then present again: no stale refusal.
        movq    $0, 0x21000
        lea     2f(%rip), %rax
        mov     %rax, 0xa020
        mov     (%rdi), %r13
        mov     $0xbad, %r13d
2:      mov     0xa008, %r14            // 0
        movq    $0x32003, 0x21000
        mov     (%rdi), %r13            // 6666
        mov     $0x1111, %eax
        hlt
//= RAX 0x1111
//= RBX 0x2222
//= RCX 0x20
//= RDX 0x60
//= RSI 0x3333
//= R8 0x20
//= R9 14
//= R10 3
//= R11 0x1111
//= R12 0x6666
//= R13 0x6666
//= R14 0
//= CR2 0x40000000
