// 4-level paging: every bit of the entries of every level (SDM vol. 3A, tables 4-15 to 4-20) for 40 bits of physical address.
#define BITS 64
#define WIDE 64
#include "access.inc"
#include "tables.inc"
#include "bits.inc"
        .code64
        setup_access
        setup_tables_64
        run_bits
rows:
        bits_row 0x10008, 0x29007, 0x8000000000, "n.u....r", "....", "tttttttttttttttttttttttttttt", "rrrrrrrrrrrr", "...........", "x"
        bits_row 0x29000, 0x2c007, 0x8000000000, "n.u....r", "....", "tttttttttttttttttttttttttttt", "rrrrrrrrrrrr", "...........", "x"
        bits_row 0x2c000, 0x23007, 0x8000000000, "n.u....r", "....", "tttttttttttttttttttttttttttt", "rrrrrrrrrrrr", "...........", "x"
        bits_row 0x23000, 0x30007, 0x8000000000, "n.u.....", "....", "ffffffffffffffffffffffffffff", "rrrrrrrrrrrr", "...........", "x"
        bits_row 0x2c000, 0x400087, 0x8000000000, "n.u....t", ".....", "rrrrrrrr", "fffffffffffffffffff", "rrrrrrrrrrrr", "...........", "x"
        bits_row 0x29000, 0x87, 0x8000030000, "n.u....t", ".....", "rrrrrrrrrrrrrrrrr", "ffffffffff", "rrrrrrrrrrrr", "...........", "x"
rows_end:
//= RBP 0
