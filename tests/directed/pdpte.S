//@ mode protected32
// PAE's directory pointers (SDM vol. 3A, 4.4.1): every bit of each of the four when CR3 is loaded (reserved ones raise #GP, if the
// entry is present, and CR3 stays); they are registers, so that a change in memory counts from the next load on, which MOV to CR3, a
// change of CR0.CD, NW or PG and one of CR4.PAE, PSE, PGE or SMEP are.
#define BITS 32
#include "access.inc"
#include "tables.inc"
#include "expect32.inc"
        .set    at, 0x40000000
        setup_access
        setup_tables_pae
        movl    $0x32007, 0x22000
        movl    $0x22007, 0x26000       // another directory, to frame 2
        // Each bit of each entry, flipped in a copy of the four at 0x20fe0.
        xor     %esi, %esi              // entry
each:   xor     %ebx, %ebx              // bit
bits:   mov     $8, %ecx
copy:   mov     0x20000 - 4(, %ecx, 4), %eax
        mov     %eax, 0x20fe0 - 4(, %ecx, 4)
        dec     %ecx
        jnz     copy
        orl     $0x26001, 0x20fe0(, %esi, 8)
        testl   $0xffffffff, 0x20000(, %esi, 8)
        jz      flip
        mov     0x20000(, %esi, 8), %eax
        mov     %eax, 0x20fe0(, %esi, 8)
flip:   lea     (%ebx), %ecx
        lea     0x20fe0(, %esi, 8), %edi
        btcl    %ecx, (%edi)
        mov     $0x1e6, %eax            // reserved below 32
        cmp     $32, %ebx
        jb      low
        mov     $0xffffff00, %eax       // beyond 40 bits
low:    bt      %ebx, %eax
        sbb     %edx, %edx              // -1: reserved
        // A change of a present entry's address in use would take the program away: entry 0 gets its own address bits only.
        test    %edx, %edx
        jnz     try
        test    %esi, %esi
        jz      skip
try:    call    load_cr3
        cmp     %edx, %eax
        jne     failed
        // Absent, nothing is reserved.
        cmp     $0, %esi
        je      skip
        andl    $~1, 0x20fe0(, %esi, 8)
        call    load_cr3
        test    %eax, %eax
        jnz     failed
skip:   inc     %ebx
        cmp     $64, %ebx
        jb      bits
        inc     %esi
        cmp     $4, %esi
        jb      each
        mov     $0x20000, %eax
        mov     %eax, %cr3
        jmp     registers
failed: mov     $0x1000, %ebp
        hlt
        // EAX = 0, or -1 with #GP(0) and CR3 as it was.
load_cr3:
        mov     $0x20000, %eax
        mov     %eax, %cr3
        call    1f
        cmpl    $13, acc_vector
        jne     failed
        cmpl    $0, acc_error
        jne     failed
        mov     %cr3, %eax
        cmp     $0x20000, %eax
        jne     failed
        mov     $-1, %eax
        ret
1:      mov     %esp, acc_sp
        mov     $0x20fe0, %eax
        mov     %eax, %cr3
        mov     $0x20000, %eax
        mov     %eax, %cr3
        pop     %eax
        xor     %eax, %eax
        ret
registers:
        FINDS(READ, at, 1)
        EQUAL32(0x20008, 0x25001)       // no A in a pointer
        // In memory only; then loaded in each way.
        .macro  reload how:vararg
        movl    $0x26001, 0x20008
        FINDS(READ, at, 1)
        FINDS(EXEC | USER, at, 1)
        \how
        FINDS(READ, at, 2)
        FINDS(EXEC | USER, at, 2)
        movl    $0, 0x20008
        FINDS(READ, at, 2)
        movl    $0x25001, 0x20008
        mov     $0x20000, %eax
        mov     %eax, %cr3
        FINDS(READ, at, 1)
        .endm
        .macro  same_cr3
        mov     %cr3, %eax
        mov     %eax, %cr3
        .endm
        .macro  toggle register, bit
        mov     %\register, %eax
        btc     $\bit, %eax
        mov     %eax, %\register
        .endm
        reload  same_cr3
        reload  toggle cr4, 4     // PSE
        reload  toggle cr4, 7     // PGE
        reload  toggle cr4, 20    // SMEP
        reload  toggle cr0, 30    // CD
        reload  toggle cr0, 29    // NW
        toggle  cr0, 29
        toggle  cr0, 30
        // Not by other bits.
        movl    $0x26001, 0x20008
        toggle  cr4, 2                  // TSD
        toggle  cr4, 21                 // SMAP
        toggle  cr0, 16                 // WP
        toggle  cr0, 3                  // TS
        toggle  cr4, 21
        toggle  cr0, 16
        toggle  cr0, 3
        mov     $at, %edi
        invlpg  (%edi)
        FINDS(READ, at, 1)
        // A reserved bit refuses the change of the control register.
        movl    $0x26003, 0x20008
        mov     %cr4, %edx
        btc     $7, %edx
        FAULTS32(13, 0, mov %edx, %cr4)
        FINDS(READ, at, 1)
        mov     %cr0, %edx
        btc     $30, %edx
        FAULTS32(13, 0, mov %edx, %cr0)
        FINDS(READ, at, 1)
        // Paging off and on: loaded again, and refused.
        mov     %cr0, %edx
        btr     $31, %edx
        mov     %edx, %cr0
        bts     $31, %edx
        FAULTS32(13, 0, mov %edx, %cr0)
        movl    $0x26001, 0x20008
        mov     %edx, %cr0
        FINDS(READ, at, 2)
        // Absent.
        movl    $0x26000, 0x20008
        mov     %cr3, %eax
        mov     %eax, %cr3
        ACCESS(READ, at, 0)
        ACCESS(WRITE | USER, at, 6)
        ACCESS(EXEC, at, 0x10)
        ACCESS(READ, 0x7ffff000, 0)
        // The address of the four is a multiple of 32, whatever the low bits say.
        movl    $0x2e001, 0x20fe0
        movl    $0, 0x20fe4
        movl    $0x25001, 0x20fe8
        movl    $0, 0x20fec
        movl    $0, 0x20ff0
        movl    $0, 0x20ff8
        mov     $0x20fff, %eax
        mov     %eax, %cr3
        FINDS(READ, at, 1)
        DONE32
//= RBP 0
