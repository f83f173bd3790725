//@ mode protected32
// Paging switched off and on in different formats: the same linear address leads to another frame each time (SDM vol. 3A, 4.1.2), with
// nothing invalidated; 32-bit tables by way of PSE, PAE tables with NX, none.
#define BITS 32
#include "access.inc"
#include "tables.inc"
#include "expect32.inc"
        .set    at, 0x40000000
        .macro  paging on
        mov     %cr0, %eax
        .if     \on
        bts     $31, %eax
        .else
        btr     $31, %eax
        .endif
        mov     %eax, %cr0
        .endm
        .macro  format pae, tables
        paging  0
        mov     %cr4, %eax
        .if     \pae
        bts     $5, %eax
        .else
        btr     $5, %eax
        bts     $4, %eax
        .endif
        mov     %eax, %cr4
        mov     $\tables, %eax
        mov     %eax, %cr3
        paging  1
        .endm
        setup_access
        setup_tables_pae
        // 32-bit tables: directory 0x26000, table 0x27000.
        movl    $0x83, 0x26000
        movl    $0x27003, 0x26400
        movl    $0x32003, 0x27000
        movl    $0x400083, 0x26004
        movl    $4, cycles
again:  FINDS(READ, at, 1)
        FINDS(EXEC, at, 1)
        movl    $1 << 31, 0x23004       // NX
        ACCESS(EXEC, at, 0x11)
        movl    $0, 0x23004
        paging  0
        movl    $0, acc_value
        ACCESS(READ, at, DONE_)         // nobody is there
        EQUAL32(acc_value, 0xffffffff)
        FINDS(READ, 0x32000, 2)
        format  0, 0x26000
        FINDS(READ, at, 2)
        FINDS(EXEC, at, 2)
        ACCESS(READ, 0x800000, 0)
        format  1, 0x20000
        FINDS(READ, at, 1)
        // One table used in both formats.
        format  0, 0x26000
        movl    $0x23003, 0x26400
        movl    $0x30003, 0x23000       // the same table for both formats
        FINDS(READ, at, 1)
        movl    $0x32003, 0x23000
        FINDS(READ, at, 2)
        format  1, 0x20000
        FINDS(READ, at, 2)
        movl    $0x30003, 0x23000
        FINDS(READ, at, 1)
        format  0, 0x26000
        FINDS(READ, at, 1)
        movl    $0x27003, 0x26400
        FINDS(READ, at, 2)
        format  1, 0x20000
        decl    cycles
        jnz     again
        DONE32
cycles: .long   0
//= RBP 0
