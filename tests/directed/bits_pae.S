//@ mode protected32
// PAE paging: every bit of the entries below the directory pointers (SDM vol. 3A, tables 4-9 to 4-11) for 40 bits of physical address.
#define BITS 32
#define WIDE 64
#include "access.inc"
#include "tables.inc"
#include "bits.inc"
        setup_access
        setup_tables_pae
        run_bits
rows:
        bits_row 0x25000, 0x23007, 0x40000000, "n.u....r", "....", "tttttttttttttttttttttttttttt", "rrrrrrrrrrrr", "rrrrrrrrrrr", "x"
        bits_row 0x23000, 0x30007, 0x40000000, "n.u.....", "....", "ffffffffffffffffffffffffffff", "rrrrrrrrrrrr", "rrrrrrrrrrr", "x"
        bits_row 0x25000, 0x400087, 0x40000000, "n.u....t", ".....", "rrrrrrrr", "fffffffffffffffffff", "rrrrrrrrrrrr", "rrrrrrrrrrr", "x"
rows_end:
//= RBP 0
