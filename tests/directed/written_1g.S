// 4-level paging: pages of 1 GiB changed to tables and back, and their rights, by stores, through an alias and by bus masters count at once.
#define BITS    64
#define WIDE    64
#define ADDRESS 0x8000030000
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
        movq    $0x32007, 0x23180
        run_written
        .balign 8
rows:
        change  0x29000, READ, 0x87, DONE_, 1, 0x2c007, DONE_, 2
        change  0x29000, EXEC, 0x87, DONE_, 1, 0x2c007, DONE_, 2
        change  0x29000, WRITE | USER, 0x87, DONE_, 1, 0x2c007, DONE_, 2
        change  0x29000, WRITE, 0x87, DONE_, 1, 0x85, 3, 0
        change  0x29000, READ | USER, 0x87, DONE_, 1, 0x83, 5, 0
        change  0x29000, EXEC, 0x87, DONE_, 1, 0x86, 0x10, 0
        change  0x29000, EXEC, 0x87, DONE_, 1, 1 << 63 | 0x87, 0x11, 0
        change  0x29000, EXEC | USER, 0x87, DONE_, 1, 1 << 63 | 0x87, 0x15, 0
        change  0x29000, READ, 0x87, DONE_, 1, 1 << 63 | 0x87, DONE_, 1
        change  0x29000, READ, 0x87, DONE_, 1, 1 << 51 | 0x87, 9, 0
rows_end:
//= RBP 0
