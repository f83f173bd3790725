// 4-level paging: access rights over all levels, with NX (SDM vol. 3A, 4.5, 4.6).
#define BITS   64
#define LEVELS 4
#define ENTRY  8
#define CASES  3000
#include "access.inc"
#include "rights.inc"
#include "tables.inc"
        .code64
        setup_access
        setup_tables_64
        run_rights
target: .quad   0x8000000000
entry_at:
        .long   0x10008, 0x29000, 0x2c000, 0x23000
entry_base:
        .long   0x29000, 0x2c000, 0x23000, 0x30000
entry_nx:
        .long   1 << 31, 1 << 31, 1 << 31, 1 << 31
//= RBP 0
