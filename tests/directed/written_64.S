// 4-level paging: entries of all levels changed by stores, through an alias and by bus masters count at once.
#define BITS    64
#define WIDE    64
#define ADDRESS 0x8000000000
#include "access.inc"
#include "tables.inc"
#include "written.inc"
        .code64
        setup_access
        setup_tables_64
        movq    $0x83, 0x12040          // the alias
        movq    $0x32007, 0x22000       // another table, directory and third level
        movq    $0x22007, 0x26000
        movq    $0x26007, 0x28000
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
        change  0x2c000, READ, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x2c000, EXEC, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x2c000, RMW, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x2c000, EXEC | USER, 0x23007, DONE_, 1, 0x22007, DONE_, 2
        change  0x2c000, READ, 0x23007, DONE_, 1, 0x23006, 0, 0
        change  0x2c000, EXEC, 0x23007, DONE_, 1, 0, 0x10, 0
        change  0x2c000, WRITE, 0x23007, DONE_, 1, 0x23005, 3, 0
        change  0x2c000, READ | USER, 0x23007, DONE_, 1, 0x23003, 5, 0
        change  0x2c000, READ, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x2c000, EXEC, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x2c000, WRITE, 0x23007, DONE_, 1, 0x400087, DONE_, 3
        change  0x2c000, EXEC | USER, 0x400087, DONE_, 3, 0xc00087, DONE_, 4
        change  0x2c000, WRITE | USER, 0x400087, DONE_, 3, 0xc00085, 7, 0
        change  0x2c000, READ, 0x400087, DONE_, 3, 0x402087, 9, 0
        change  0x2c000, EXEC, 0x400087, DONE_, 3, 0, 0x10, 0
        change  0x2c000, EXEC, 0x23007, DONE_, 1, 1 << 63 | 0x23007, 0x11, 0
        change  0x2c000, EXEC | USER, 0x23007, DONE_, 1, 1 << 63 | 0x23007, 0x15, 0
        change  0x2c000, READ, 0x23007, DONE_, 1, 1 << 63 | 0x23007, DONE_, 1
        change  0x2c000, READ, 0x23007, DONE_, 1, 1 << 51 | 0x23007, 9, 0
        change  0x2c000, EXEC, 0x400087, DONE_, 3, 1 << 63 | 0x400087, 0x11, 0
        change  0x2c000, EXEC | USER, 0x400087, DONE_, 3, 1 << 63 | 0x400087, 0x15, 0
        change  0x2c000, READ, 0x400087, DONE_, 3, 1 << 63 | 0x400087, DONE_, 3
        change  0x2c000, READ, 0x400087, DONE_, 3, 1 << 51 | 0x400087, 9, 0
        change  0x2c000, READ, 0x23007, DONE_, 1, 0xc00087, DONE_, 4
        // The third level's: another directory, absent, read-only, the supervisor's, a page of 1 GiB.
        change  0x29000, READ, 0x2c007, DONE_, 1, 0x26007, DONE_, 2
        change  0x29000, EXEC | USER, 0x2c007, DONE_, 1, 0x26007, DONE_, 2
        change  0x29000, WRITE, 0x2c007, DONE_, 1, 0x26007, DONE_, 2
        change  0x29000, READ, 0x2c007, DONE_, 1, 0, 0, 0
        change  0x29000, WRITE, 0x2c007, DONE_, 1, 0x2c005, 3, 0
        change  0x29000, READ | USER, 0x2c007, DONE_, 1, 0x2c003, 5, 0
        change  0x29000, WRITE, 0x2c007, DONE_, 1, 0x2087, 0xb, 0
        change  0x29000, EXEC, 0x2c007, DONE_, 1, 1 << 63 | 0x2c007, 0x11, 0
        change  0x29000, EXEC | USER, 0x2c007, DONE_, 1, 1 << 63 | 0x2c007, 0x15, 0
        change  0x29000, READ, 0x2c007, DONE_, 1, 1 << 63 | 0x2c007, DONE_, 1
        change  0x29000, READ, 0x2c007, DONE_, 1, 1 << 51 | 0x2c007, 9, 0
        // The top: another third level, absent, read-only, the supervisor's.
        change  0x10008, READ, 0x29007, DONE_, 1, 0x28007, DONE_, 2
        change  0x10008, EXEC | USER, 0x29007, DONE_, 1, 0x28007, DONE_, 2
        change  0x10008, WRITE, 0x29007, DONE_, 1, 0x28007, DONE_, 2
        change  0x10008, READ, 0x29007, DONE_, 1, 0, 0, 0
        change  0x10008, WRITE, 0x29007, DONE_, 1, 0x29005, 3, 0
        change  0x10008, READ | USER, 0x29007, DONE_, 1, 0x29003, 5, 0
        change  0x10008, READ, 0x29007, DONE_, 1, 0x29087, 9, 0
        change  0x10008, EXEC, 0x29007, DONE_, 1, 1 << 63 | 0x29007, 0x11, 0
        change  0x10008, EXEC | USER, 0x29007, DONE_, 1, 1 << 63 | 0x29007, 0x15, 0
        change  0x10008, READ, 0x29007, DONE_, 1, 1 << 63 | 0x29007, DONE_, 1
        change  0x10008, READ, 0x29007, DONE_, 1, 1 << 51 | 0x29007, 9, 0
rows_end:
//= RBP 0
