//@ mode protected32
// 32-bit paging: access rights over both levels with 4-KiB pages (SDM vol. 3A, 4.3, 4.6).
#define BITS   32
#define LEVELS 2
#define ENTRY  4
#define CASES  3000
#include "access.inc"
#include "rights.inc"
#include "tables.inc"
        setup_access
        setup_tables_32
        run_rights
target: .long   0x40000000
entry_at:
        .long   0x20400, 0x23000
entry_base:
        .long   0x23000, 0x30000
//= RBP 0
