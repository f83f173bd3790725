// Tables that map themselves, pages that map their own entry, A and D bits set exactly when, tables in read-only shadow memory at every
// level, and tables where there is no memory.
#include "idt.inc"
#include "expect.inc"
        .set    at, 0x40000000
        // A and D of the leaf after an instruction that began with neither; the entry is 0x30003.
#define MARKS(bits, ...) marks __LINE__, bits, __VA_ARGS__
        .macro  marks line, bits, insn:vararg
        movq    $0x30003, 0x20000
        \insn
        mov     0x20000, %r15
        mov     $\line, %r14d
        cmp     $0x30003 | \bits, %r15
        jne     expect_failed
        .endm
        .code64
        setup_idt
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        movq    $0x31003, 0x20008
        mov     $at, %edi
        movb    $0xc3, 0x30800
        lea     0x800(%rdi), %r8
        mov     %rsp, %rbp
        mov     $1, %eax
        xor     %ecx, %ecx
        movl    $0, 0x30000
        MARKS(0x20, mov (%rdi), %ebx)
        MARKS(0x60, mov %ebx, (%rdi))
        MARKS(0x60, addl $0, (%rdi))
        MARKS(0x20, cmpl $0, (%rdi))
        MARKS(0x20, testl $1, (%rdi))
        MARKS(0x60, cmpxchg %ecx, (%rdi))       // unequal, but written
        MARKS(0x60, xchg %ecx, (%rdi))
        MARKS(0x20, btl $1, (%rdi))
        MARKS(0x60, btrl $1, (%rdi))
        MARKS(0x60, shll $1, (%rdi))
        MARKS(0x60, shll $0, (%rdi))
        MARKS(0, lea (%rdi), %rbx)
        MARKS(0, nopl (%rdi))
        MARKS(0, invlpg (%rdi))
        MARKS(0x20, call *%r8)
        MARKS(0x20, movups (%rdi), %xmm0)
        MARKS(0x60, movups %xmm0, 16(%rdi))
        MARKS(0x20, verw (%rdi))
        xor     %ecx, %ecx
        MARKS(0, rep stosb)
        MARKS(0, rep lodsb)
        mov     $1, %ecx
        MARKS(0x60, rep stosb)
        mov     $at, %edi
        xor     %eax, %eax
        MARKS(0x20, scasb)
        mov     $at, %edi
        lea     0x100(%rdi), %rsp
        MARKS(0x60, push %rax)
        MARKS(0x20, pop %rbx)
        mov     %rbp, %rsp
        // A fault leaves none: read-only, and upper levels above an absent entry.
        movq    $0x30001, 0x20000
        movq    $0x13003, 0x11008
        movq    $0x20003, 0x13000
        FAULTS(14, 3, mov %eax, (%rdi))
        FAULTS(14, 3, incl (%rdi))
        mov     0x20000, %rbx
        EQUAL(%rbx, 0x30001)
        mov     0x13000, %rbx
        EQUAL(%rbx, 0x20003)
        mov     0x11008, %rbx
        EQUAL(%rbx, 0x13003)
        movq    $0, 0x20000
        FAULTS(14, 0, mov (%rdi), %eax)
        mov     0x13000, %rbx
        EQUAL(%rbx, 0x20003)
        // D is never set above the leaf, and a leaf that has it keeps it.
        movq    $0x30043, 0x20000
        mov     %eax, (%rdi)
        mov     0x13000, %rbx
        EQUAL(%rbx, 0x20023)
        mov     (%rdi), %eax
        mov     0x20000, %rbx
        EQUAL(%rbx, 0x30063)
        // ---- a page that maps its own entry: 0x40002000 -> 0x20000, whose entry is at +10h
        movq    $0x20003, 0x20010
        lea     0x2000(%rdi), %rsi
        mov     0x10(%rsi), %rax
        EQUAL(%rax, 0x20023)                    // A was set first
        orq     $0x800, 0x10(%rsi)
        mov     0x20010, %rax
        EQUAL(%rax, 0x20863)
        movq    $0x31003, 0x10(%rsi)            // and now it maps another
        mov     0x20010, %rax
        EQUAL(%rax, 0x31003)                    // D was set before the store, not after
        movl    $0x5a5a, 0x31010
        mov     0x10(%rsi), %eax
        EQUAL(%rax, 0x5a5a)
        movq    $0x20003, 0x20010
        movq    $0, 0x10(%rsi)
        FAULTS(14, 0, mov 0x10(%rsi), %eax)
        movq    $0x20003, 0x20010
        movl    $0x20001, 0x10(%rsi)            // read-only by its own hand
        FAULTS(14, 3, movl $0, 0x10(%rsi))
        mov     0x10(%rsi), %rax
        EQUAL(%rax, 0x20021)
        // REP STOS that unmaps its own page: the third element is the entry.
        movq    $0x20003, 0x20010
        mov     %rsi, %rdi
        mov     $8, %ecx
        xor     %eax, %eax
        FAULTS(14, 2, rep stosq)
        EQUAL(%rcx, 5)
        mov     0x20010, %rax
        EQUAL(%rax, 0)
        // ---- the recursive map: PML4[1F0] is the PML4
        movq    $0x10003, 0x10f80
        movq    $0x20003, 0x13000
        movq    $0x30003, 0x20000
        movl    $0x1111, 0x30000
        movl    $0x2222, 0x31000
        mov     $at, %edi
        mov     $0xfffff80000000000 + (at >> 9), %rsi // its table entry
        mov     (%rsi), %rax
        EQUAL(%rax, 0x30003)
        mov     (%rdi), %eax
        EQUAL(%rax, 0x1111)
        mov     (%rsi), %rax
        EQUAL(%rax, 0x30023)
        movq    $0x31003, (%rsi)
        mov     (%rdi), %eax
        EQUAL(%rax, 0x2222)
        movq    $0x30003, (%rsi)
        mov     (%rdi), %eax
        EQUAL(%rax, 0x1111)
        // Its directory entry, and the third level's, by the same way.
        mov     $0xfffff87c00000000 + (at >> 18), %rbx
        movq    $0x21003, (%rbx)
        movq    $0x31003, 0x21000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x2222)
        mov     (%rsi), %rax                    // the recursive map follows
        EQUAL(%rax, 0x31023)
        mov     $0xfffff87c3e1f0f80, %rdx       // the PML4's own entry
        mov     (%rdx), %rax
        EQUAL(%rax, 0x10023)
        // Another space for the recursive slot: the same tables by a copy of the PML4.
        movq    $0x10023, 0x22f80
        mov     0x10000, %rax
        mov     %rax, 0x22000
        movq    $0x22003, (%rdx)
        mov     (%rdx), %rax                    // copy, PML4, copy, and the PML4 is the page
        EQUAL(%rax, 0x22023)
        // ---- tables in shadow memory at C0000h, write-protected; then no memory
        movq    $0, 0x10f80
        mov     $0x80000058, %eax
        mov     $0xcf8, %edx
        out     %eax, %dx
        mov     $0xcfe, %edx
        mov     $0x33, %al
        out     %al, %dx
        movq    $0x30003, 0xc0000               // a table, a directory, a third level in turn: all are the same page,
        movq    $0xc0003, 0xc1000               // one level each
        movq    $0xc1003, 0xc2000
        mov     $0x11, %al
        out     %al, %dx
        .irp    entry, 0xc0003
        movq    $\entry, 0x13000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x1111)
        movl    $0x1111, (%rdi)
        mov     0xc0000, %rax
        EQUAL(%rax, 0x30003)                    // neither A nor D
        .endr
        movq    $0xc1003, 0x11008
        mov     (%rdi), %eax
        EQUAL(%rax, 0x1111)
        movq    $0xc2003, 0x10008
        mov     $0x8000000000, %rsi
        mov     (%rsi), %eax
        EQUAL(%rax, 0x1111)
        // A table in RAM below a read-only directory is followed as ever.
        mov     $0x33, %al
        out     %al, %dx
        movq    $0x20003, 0xc1000
        mov     $0x11, %al
        out     %al, %dx
        movq    $0x31003, 0x20000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x2222)
        movq    $0x30003, 0x20000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x1111)
        // The window rewritten while it is in use.
        mov     $0x33, %al
        out     %al, %dx
        movq    $0x21003, 0xc1000
        movq    $0x31003, 0x21000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x2222)
        // Nobody at the table's place: absent.
        movq    $0x13003, 0x11008
        .irp    entry, 0xa0003, 0x7ffff003, 0xfee00003, 0xfffffff003
        mov     $\entry, %rax
        mov     %rax, 0x13000
        FAULTS(14, 0, mov (%rdi), %eax)
        FAULTS(14, 2, mov %eax, (%rdi))
        .endr
        movq    $0x21003, 0x13000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x2222)
        DONE
//= R14 0
