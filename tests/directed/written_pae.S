//@ mode protected32
// PAE paging: entries of both levels changed by stores, through an alias and by bus masters count at once.
#define BITS    32
#define WIDE    64
#define ADDRESS 0x40000000
#include "access.inc"
#include "tables.inc"
#include "written.inc"
        setup_access
        setup_tables_pae
        movl    $0x83, 0x2e040          // the alias
        movl    $0x32007, 0x22000       // another table
        run_written
        .balign 8
rows:
        // The page-table entry: another frame, absent, read-only, the supervisor's.
        change  0x23000, READ, 0x30007, DONE_, 1, 0x32007, DONE_, 2
        change  0x23000, EXEC, 0x30007, DONE_, 1, 0x32007, DONE_, 2
        change  0x23000, WRITE, 0x30007, DONE_, 1, 0x32007, DONE_, 2
        change  0x23000, RMW | USER, 0x30007, DONE_, 1, 0x32007, DONE_, 2
        change  0x23000, EXEC | USER, 0x30067, DONE_, 1, 0x32067, DONE_, 2
        change  0x23000, READ, 0x30007, DONE_, 1, 0x30006, 0, 0
        change  0x23000, EXEC | USER, 0x30007, DONE_, 1, 0x30006, 0x14, 0
        change  0x23000, WRITE | USER, 0x30007, DONE_, 1, 0, 6, 0
        change  0x23000, WRITE, 0x30007, DONE_, 1, 0x30005, 3, 0
        change  0x23000, RMW, 0x30067, DONE_, 1, 0x30065, 3, 0
        change  0x23000, WRITE | USER, 0x30007, DONE_, 1, 0x30005, 7, 0
        change  0x23000, READ | USER, 0x30007, DONE_, 1, 0x30003, 5, 0
        change  0x23000, EXEC | USER, 0x30007, DONE_, 1, 0x30003, 0x15, 0
        change  0x23000, EXEC, 0x30007, DONE_, 1, 1 << 63 | 0x30007, 0x11, 0
        change  0x23000, EXEC | USER, 0x30007, DONE_, 1, 1 << 63 | 0x30007, 0x15, 0
        change  0x23000, READ, 0x30007, DONE_, 1, 1 << 63 | 0x30007, DONE_, 1
        change  0x23000, READ, 0x30007, DONE_, 1, 1 << 51 | 0x30007, 9, 0
        // The directory's: another table, absent, read-only, the supervisor's, a large page.
        change  0x25000, READ, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x25000, EXEC, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x25000, RMW, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x25000, EXEC | USER, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x25000, READ, 0x23007, DONE_, 1, 0x23006, 0, 0
        change  0x25000, EXEC, 0x23007, DONE_, 1, 0, 0x10, 0
        change  0x25000, WRITE, 0x23007, DONE_, 1, 0x23005, 3, 0
        change  0x25000, READ | USER, 0x23007, DONE_, 1, 0x23003, 5, 0
        change  0x25000, READ, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x25000, EXEC, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x25000, WRITE, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x25000, EXEC | USER, 0x400087, DONE_, 3, 0xc00087, DONE_, 4
        change  0x25000, WRITE | USER, 0x400087, DONE_, 3, 0xc00085, 7, 0
        change  0x25000, READ, 0x400087, DONE_, 3, 0x402087, 9, 0
        change  0x25000, EXEC, 0x400087, DONE_, 3, 0, 0x10, 0
        change  0x25000, EXEC, 0x23007, DONE_, 1, 1 << 63 | 0x23007, 0x11, 0
        change  0x25000, EXEC | USER, 0x23007, DONE_, 1, 1 << 63 | 0x23007, 0x15, 0
        change  0x25000, READ, 0x23007, DONE_, 1, 1 << 63 | 0x23007, DONE_, 1
        change  0x25000, READ, 0x23007, DONE_, 1, 1 << 51 | 0x23007, 9, 0
        change  0x25000, EXEC, 0x400087, DONE_, 3, 1 << 63 | 0x400087, 0x11, 0
        change  0x25000, EXEC | USER, 0x400087, DONE_, 3, 1 << 63 | 0x400087, 0x15, 0
        change  0x25000, READ, 0x400087, DONE_, 3, 1 << 63 | 0x400087, DONE_, 3
        change  0x25000, READ, 0x400087, DONE_, 3, 1 << 51 | 0x400087, 9, 0
rows_end:
//= RBP 0
