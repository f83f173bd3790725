//@ mode protected32
// 32-bit paging: every bit of the entries of both levels (SDM vol. 3A, tables 4-4 to 4-6), with 4-MiB pages of PSE-36 for 40 bits of
// physical address; and with CR4.PSE clear.
#define BITS 32
#define WIDE 32
#include "access.inc"
#include "tables.inc"
#include "bits.inc"
        setup_access
        setup_tables_32
        // Without PSE, bit 7 of a directory entry is ignored, and bit 21 an address bit.
        mov     %cr4, %eax
        btr     $4, %eax
        mov     %eax, %cr4
        movl    $0x23087, 0x20400
        mov     $0x40000000, %edi
        mov     $READ, %edx
        call    do_access
        mov     $1, %ebp
        cmpl    $FRAME_WORD(1), acc_value
        jne     bit_failed
        mov     %cr4, %eax
        bts     $4, %eax
        mov     %eax, %cr4
        // With PSE the same entry is one for 8800000000h, where nobody is.
        call    do_access
        cmpl    $-1, acc_value
        jne     bit_failed
        run_bits
rows:
        bits_row 0x20400, 0x23007, 0x40000000, "n.u....f", "....", "tttttttttttttttttttt"
        bits_row 0x23000, 0x30007, 0x40000000, "n.u.....", "....", "ffffffffffffffffffff"
        bits_row 0x20400, 0x400087, 0x40000000, "n.u....t", ".....", "ffffffff", "r", "ffffffffff"
rows_end:
//= RBP 0
