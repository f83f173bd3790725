// The soft TLB's second level and the tracking of used table entries that keeps both levels invisible.
#ifndef CPU_TLB_H
#define CPU_TLB_H

#include "cpu/cpu.h"

// What a translation allows. The leaf's D bit decides whether stores may use it without another walk.
enum tlb2_perm { PERM_USER = 1, PERM_WRITE = 2, PERM_EXEC = 4, PERM_DIRTY = 8 };

#ifndef TLB2_ENTRIES
#define TLB2_ENTRIES 8192u // a power of two
#endif
#define TLB2_WAYS 4u

// One translated 4 KiB page in one address space.
struct tlb2_entry {
    uint64_t linear;     // page address
    uint64_t space;      // CR3 (and paging form) it belongs to
    uint64_t phys;       // page address
    uint64_t leaf;       // physical address of the table entry it came from
    uint32_t generation; // valid if equal to tlb2.generation
    uint32_t perms;
    uint32_t next, prev; // chain of entries with the same leaf hash; index + 1
};

struct code_page; // cpu/code.h

#define TLB_LOG 2048u
#ifndef TABLE_PAGES
#define TABLE_PAGES 16384u
#endif

struct tlb2 {
    struct tlb2_entry entry[TLB2_ENTRIES];
    struct {
        uint32_t head, generation;
    } leaf[TLB2_ENTRIES];
    uint32_t generation;
    uint32_t victim;
    struct tlb_entry *filled[TLB_LOG]; // first-level entries made since the last flush
    uint32_t filled_count;
    struct phys_page *table[TABLE_PAGES]; // pages with table granules
    uint32_t table_count;
    uint32_t epoch;                         // first-level flush count, for phys_page.write_epoch
    uint64_t misses, walks, flushes, drops; // statistics
};

// Invalidates the first level of all contexts.
void tlb_flush(struct cpu *c);
// Invalidates both levels and forgets all used table entries.
void tlb_flush_all(struct cpu *c);
// Invalidates the first level's entries of one page.
void tlb_drop_page(struct cpu *c, uint64_t linear);
// Write entries of a physical page must go: it got code or table granules, or was cleaned.
void tlb_protect(struct cpu *c, struct phys_page *page);

// Makes a first-level TLB that matches nothing.
void tlb_init_empty(struct tlb *tlb);

// First-level fills.
void tlb_fill_data(struct cpu *c, unsigned context, bool write, uint64_t linear, struct phys_page *page);
void tlb_fill_fetch(struct cpu *c, uint64_t linear, struct code_page *page);

struct tlb2_entry *tlb2_find(struct cpu *c, uint64_t linear, uint64_t space);
struct tlb2_entry *tlb2_insert(struct cpu *c, uint64_t linear, uint64_t space, uint64_t phys, uint64_t leaf,
                               uint32_t perms);
// Drops what was derived from the leaf entry at this physical address.
void tlb2_drop_leaf(struct cpu *c, uint64_t leaf);
// Marks a table entry as used.
void tlb_mark_table(struct cpu *c, struct phys_page *page, uint64_t addr, bool upper);

#endif
