//@ mode protected32
// PAE paging: access rights with 2-MiB pages (SDM vol. 3A, 4.4, 4.6).
#define BITS   32
#define LEVELS 1
#define ENTRY  8
#define CASES  3000
#include "access.inc"
#include "rights.inc"
#include "tables.inc"
        setup_access
        setup_tables_pae
        run_rights
target: .long   0x40000000
entry_at:
        .long   0x25000
entry_base:
        .long   0x400080
entry_nx:
        .long   1 << 31
//= RBP 0
