// 4-level paging: access rights with 2-MiB pages (SDM vol. 3A, 4.5, 4.6).
#define BITS   64
#define LEVELS 3
#define ENTRY  8
#define CASES  2000
#include "access.inc"
#include "rights.inc"
#include "tables.inc"
        .code64
        setup_access
        setup_tables_64
        run_rights
target: .quad   0x8000000000
entry_at:
        .long   0x10008, 0x29000, 0x2c000
entry_base:
        .long   0x29000, 0x2c000, 0x400080
entry_nx:
        .long   1 << 31, 1 << 31, 1 << 31
//= RBP 0
