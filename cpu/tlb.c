// Both TLB levels. The first is what the fast paths look at; the second keeps translations across CR3 loads and knows
// from which table entry each came, so that a store to that entry drops just those. Every first-level entry of the
// present address space has a second-level one.
#include "cpu/tlb.h"

static uint64_t never(unsigned index)
{
    return (uint64_t)(index ^ 1) << PAGE_SHIFT;
}

void tlb_init_empty(struct tlb *tlb)
{
    for (unsigned n = 0; n < TLB_ENTRIES; n++)
        tlb->read[n] = tlb->write[n] = (struct tlb_entry){never(n), 0};
}

static unsigned index_of(struct cpu *c, struct tlb_entry *e)
{
    return (unsigned)(e - c->data_tlb[0].read) & (TLB_ENTRIES - 1);
}

_Static_assert(offsetof(struct cpu, fetch_tlb) - offsetof(struct cpu, data_tlb) == sizeof(struct tlb) * TLB_CONTEXTS,
               "the TLB arrays are contiguous");

static void clear_log(struct cpu *c)
{
    struct tlb2 *t = c->tlb2;
    if (t->filled_count > TLB_LOG) {
        struct tlb_entry *e = c->data_tlb[0].read;
        for (unsigned n = 0; n < 3 * TLB_CONTEXTS * TLB_ENTRIES; n++)
            e[n] = (struct tlb_entry){never(n & (TLB_ENTRIES - 1)), 0};
    } else {
        for (unsigned n = 0; n < t->filled_count; n++)
            t->filled[n]->tag = never(index_of(c, t->filled[n]));
    }
    t->filled_count = 0;
}

void tlb_flush(struct cpu *c)
{
    clear_log(c);
    c->tlb2->epoch++;
}

void tlb_flush_all(struct cpu *c)
{
    struct tlb2 *t = c->tlb2;
    tlb_flush(c);
    t->flushes++;
    t->generation++;
    for (unsigned n = 0; n < t->table_count; n++) {
        t->table[n]->table = 0;
        t->table[n]->flags &= ~(uint32_t)PHYS_UPPER;
    }
    t->table_count = 0;
}

static void drop_entry(struct tlb_entry *e, uint64_t page, unsigned index)
{
    if (e->tag == page)
        e->tag = never(index);
}

void tlb_drop_page(struct cpu *c, uint64_t linear)
{
    uint64_t page = linear & ~PAGE_MASK;
    unsigned index = tlb_index(linear);
    for (unsigned x = 0; x < TLB_CONTEXTS; x++) {
        drop_entry(&c->data_tlb[x].read[index], page, index);
        drop_entry(&c->data_tlb[x].write[index], page, index);
        drop_entry(&c->fetch_tlb[x][index], page, index);
    }
}

void tlb_protect(struct cpu *c, struct phys_page *page)
{
    if (page->write_epoch != c->tlb2->epoch)
        return;
    for (unsigned x = 0; x < TLB_CONTEXTS; x++) {
        for (unsigned n = 0; n < TLB_ENTRIES; n++) {
            struct tlb_entry *e = &c->data_tlb[x].write[n];
            if (e->host == (uintptr_t)page->host)
                e->tag = never(n);
        }
    }
    page->write_epoch = c->tlb2->epoch - 1;
}

static void fill(struct cpu *c, struct tlb_entry *e, uint64_t linear, uintptr_t host)
{
    struct tlb2 *t = c->tlb2;
    if (t->filled_count < TLB_LOG)
        t->filled[t->filled_count++] = e;
    else
        t->filled_count = TLB_LOG + 1;
    e->tag = linear & ~PAGE_MASK;
    e->host = host;
}

void tlb_fill_data(struct cpu *c, unsigned context, bool write, uint64_t linear, struct phys_page *page)
{
    struct tlb *tlb = &c->data_tlb[context];
    struct tlb_entry *e = &(write ? tlb->write : tlb->read)[tlb_index(linear)];
    fill(c, e, linear, (uintptr_t)page->host);
    if (write)
        page->write_epoch = c->tlb2->epoch;
}

void tlb_fill_fetch(struct cpu *c, uint64_t linear, struct code_page *page)
{
    fill(c, &c->exec_tlb[tlb_index(linear)], linear, (uintptr_t)page);
}

// ---- second level
// ------------------------------------------------------------------------------------------------------------

static unsigned set_of(uint64_t linear)
{
    uint64_t page = linear >> PAGE_SHIFT;
    return (unsigned)(page ^ page >> 11) % (TLB2_ENTRIES / TLB2_WAYS) * TLB2_WAYS;
}

static unsigned leaf_hash(uint64_t leaf)
{
    return (unsigned)(leaf >> 3 ^ leaf >> 16) % TLB2_ENTRIES;
}

struct tlb2_entry *tlb2_find(struct cpu *c, uint64_t linear, uint64_t space)
{
    struct tlb2 *t = c->tlb2;
    struct tlb2_entry *e = &t->entry[set_of(linear)];
    for (unsigned n = 0; n < TLB2_WAYS; n++)
        if (e[n].linear == (linear & ~PAGE_MASK) && e[n].space == space && e[n].generation == t->generation)
            return &e[n];
    return NULL;
}

static void unchain(struct tlb2 *t, struct tlb2_entry *e)
{
    if (e->prev)
        t->entry[e->prev - 1].next = e->next;
    else
        t->leaf[leaf_hash(e->leaf)].head = e->next;
    if (e->next)
        t->entry[e->next - 1].prev = e->prev;
    e->generation = t->generation - 1;
}

struct tlb2_entry *tlb2_insert(struct cpu *c, uint64_t linear, uint64_t space, uint64_t phys, uint64_t leaf,
                               uint32_t perms)
{
    struct tlb2 *t = c->tlb2;
    struct tlb2_entry *set = &t->entry[set_of(linear)], *e = tlb2_find(c, linear, space);
    for (unsigned n = 0; !e && n < TLB2_WAYS; n++)
        if (set[n].generation != t->generation)
            e = &set[n];
    if (!e)
        e = &set[t->victim++ % TLB2_WAYS];
    if (e->generation == t->generation) {
        tlb_drop_page(c, e->linear);
        unchain(t, e);
    }
    unsigned h = leaf_hash(leaf);
    uint32_t self = (uint32_t)(e - t->entry) + 1;
    if (t->leaf[h].generation != t->generation) {
        t->leaf[h].generation = t->generation;
        t->leaf[h].head = 0;
    }
    *e = (struct tlb2_entry){linear & ~PAGE_MASK, space, phys, leaf, t->generation, perms, t->leaf[h].head, 0};
    if (e->next)
        t->entry[e->next - 1].prev = self;
    t->leaf[h].head = self;
    return e;
}

void tlb2_drop_leaf(struct cpu *c, uint64_t leaf)
{
    struct tlb2 *t = c->tlb2;
    unsigned h = leaf_hash(leaf);
    if (t->leaf[h].generation != t->generation)
        return;
    for (uint32_t n = t->leaf[h].head, next; n; n = next) {
        struct tlb2_entry *e = &t->entry[n - 1];
        next = e->next;
        if (e->leaf == leaf) {
            t->drops++;
            tlb_drop_page(c, e->linear);
            unchain(t, e);
        }
    }
}

void tlb_mark_table(struct cpu *c, struct phys_page *page, uint64_t addr, bool upper)
{
    struct tlb2 *t = c->tlb2;
    if (upper)
        page->flags |= PHYS_UPPER;
    uint64_t bit = (uint64_t)1 << (addr & PAGE_MASK) / GRANULE_SIZE;
    if (page->table & bit)
        return;
    if (!page->table) {
        if (t->table_count == TABLE_PAGES) {
            tlb_flush_all(c);
            if (upper)
                page->flags |= PHYS_UPPER;
        }
        t->table[t->table_count++] = page;
        tlb_protect(c, page);
    }
    page->table |= bit;
}

void cpu_table_write(void *cpu, struct phys_page *page, uint64_t addr)
{
    struct cpu *c = cpu;
    if (page->flags & PHYS_UPPER) {
        tlb_flush_all(c);
        return;
    }
    // The entry begins here or, if this is the upper half of an eight-byte one, four bytes before.
    tlb2_drop_leaf(c, addr);
    tlb2_drop_leaf(c, addr ^ 4);
}

void cpu_flush_writes(struct cpu *c)
{
    tlb_flush(c);
}
