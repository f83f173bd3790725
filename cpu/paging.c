// The page walker: 32-bit, PAE and 4-level paging (SDM vol. 3A, 4.3 to 4.5), access rights (4.6), accessed and dirty
// flags (4.8). Walks fill the second-level TLB; all present entries on the way are marked as used tables.
//
// Differs: table entries where there is no memory, or a device, are absent; nothing is asked for them.
#include "cpu/paging.h"

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 32, PTE_D = 64, PTE_PS = 128 };
#define PTE_NX   ((uint64_t)1 << 63)
#define PTE_ADDR 0x000ffffffffff000ull

// Page-fault error code bits (4.7).
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };

// Bits above the address that only 4-level paging ignores (tables 4-8 to 4-11).
#define PTE_HIGH ((uint64_t)0x7ff << 52)

struct walk {
    uint64_t linear;
    enum access_kind kind;
    bool user;
    uint64_t phys;  // of the 4 KiB page
    uint64_t leaf;  // address of the leaf entry
    uint32_t perms; // enum tlb2_perm
    bool reserved;  // failed on a reserved bit
    bool cacheable; // all tables lie in RAM
};

// The entry at a physical address behind the A20 gate.
static uint64_t table_read(const struct cpu *c, uint64_t addr, unsigned size, struct phys_page **page)
{
    *page = phys_page(c->phys, addr);
    if (!*page)
        return 0; // tables outside RAM: nobody answers, nothing is present
    const uint8_t *p = (*page)->host + (addr & PAGE_MASK);
    return size == 8 ? load_u64(p) : load_u32(p);
}

// Sets bits in an entry. Only A and D are ever set so, which changes nothing that was derived from the entry.
// Decoded code in the same granule goes, and the instruction must then run alone, because it may stand there itself.
static void table_set(struct cpu *c, struct phys_page *page, uint64_t addr, uint8_t bits)
{
    if (!(page->flags & PHYS_RAM))
        return;
    if (page->code >> (addr & PAGE_MASK) / GRANULE_SIZE & 1) {
        cpu_code_write(c, page, addr, 1);
        c->walk_hit_code = 1;
    }
    page->host[addr & PAGE_MASK] |= bits;
    page->flags |= PHYS_DIRTY;
}

// Whether the access is allowed by the rights collected so far.
static bool permitted(const struct cpu *c, const struct walk *w, unsigned context)
{
    bool u = w->perms & PERM_USER;
    if (w->user) {
        if (!u)
            return false;
        if (w->kind == FOR_WRITE && !(w->perms & PERM_WRITE))
            return false;
    } else {
        if (w->kind == FOR_WRITE && !(w->perms & PERM_WRITE) && c->s.cr0 & CR0_WP)
            return false;
        if (w->kind == FOR_EXEC && u && c->s.cr4 & CR4_SMEP)
            return false;
        if (w->kind != FOR_EXEC && u && c->s.cr4 & CR4_SMAP && context != TLB_KERNEL_AC)
            return false;
    }
    return w->kind != FOR_EXEC || w->perms & PERM_EXEC;
}

// Reads the tables from the top. `levels` entries are collected; true if the leaf is present without reserved bits.
struct step {
    struct phys_page *page;
    uint64_t addr, entry;
    unsigned size;
    bool leaf;
};

// Reserved bits of an entry for a 4 MiB page (table 4-4): those of bits 21..13 that no address bit from 32 on takes.
static uint32_t pse36_reserved(const struct cpu *c)
{
    unsigned wide = c->phys_bits < 40 ? c->phys_bits - 32u : 8;
    return (1u << 22) - (1u << (13 + wide));
}

static unsigned read_tables(const struct cpu *c, struct walk *w, struct step *steps, bool *present)
{
    bool pae = c->s.cr4 & CR4_PAE, nx = c->s.efer & EFER_NXE;
    unsigned level, n = 0, size = pae ? 8 : 4, bits = pae ? 9 : 10;
    uint64_t table;
    *present = false;
    w->perms = PERM_USER | PERM_WRITE | PERM_EXEC;
    w->cacheable = true;
    if (c->s.efer & EFER_LMA) {
        level = 4;
        table = c->s.cr3 & PTE_ADDR;
    } else if (pae) {
        uint64_t pdpte = c->s.pdpte[w->linear >> 30 & 3];
        if (!(pdpte & PTE_P))
            return 0;
        level = 2;
        table = pdpte & PTE_ADDR;
    } else {
        level = 2;
        table = c->s.cr3 & 0xfffff000u;
    }
    for (;; level--) {
        unsigned shift = 12 + bits * (level - 1);
        struct step *s = &steps[n++];
        // As the bus sees it, because a store to the entry will name it so.
        s->addr = (table + (w->linear >> shift & ((1u << bits) - 1)) * size) & c->phys->a20_mask;
        s->size = size;
        uint64_t e = s->entry = table_read(c, s->addr, size, &s->page);
        if (!(e & PTE_P))
            return n;
        bool large =
            e & PTE_PS && (pae ? level == 2 || (level == 3 && c->gib_pages) : level == 2 && c->s.cr4 & CR4_PSE);
        s->leaf = level == 1 || large;
        if (pae) {
            uint64_t reserved = c->pte_reserved | (nx ? 0 : PTE_NX) | (c->s.efer & EFER_LMA ? 0 : PTE_HIGH);
            if (large)
                reserved |= (((uint64_t)1 << shift) - 1) & PTE_ADDR & ~(uint64_t)0x1000;
            if (level > 2 && !large)
                reserved |= PTE_PS;
            if (e & reserved) {
                w->reserved = true;
                return n;
            }
            if (e & PTE_NX)
                w->perms &= ~(uint32_t)PERM_EXEC;
        } else if (large && e & pse36_reserved(c)) {
            w->reserved = true;
            return n;
        }
        if (!(e & PTE_W))
            w->perms &= ~(uint32_t)PERM_WRITE;
        if (!(e & PTE_U))
            w->perms &= ~(uint32_t)PERM_USER;
        if (s->leaf) {
            uint64_t mask = ((uint64_t)1 << shift) - 1;
            uint64_t base;
            if (pae)
                base = e & PTE_ADDR & ~mask;
            else if (large) // PSE-36: bits 39..32 in bits 20..13
                base = (e & 0xffc00000u) | (e >> 13 & 0xff) << 32;
            else
                base = e & 0xfffff000u;
            w->phys = (base | (w->linear & mask)) & ~PAGE_MASK;
            w->leaf = s->addr;
            if (e & PTE_D)
                w->perms |= PERM_DIRTY;
            *present = true;
            return n;
        }
        table = pae ? e & PTE_ADDR : e & 0xfffff000u;
    }
}

static void raise_pf(struct cpu *c, const struct walk *w, bool present)
{
    bool nx = c->s.cr4 & CR4_PAE && c->s.efer & EFER_NXE;
    unsigned error = (present || w->reserved ? PF_P : 0) | (w->kind == FOR_WRITE ? PF_W : 0) | (w->user ? PF_U : 0) |
                     (w->reserved ? PF_RSVD : 0) | (w->kind == FOR_EXEC && (nx || c->s.cr4 & CR4_SMEP) ? PF_I : 0);
    c->exc = (struct exception_info){.vector = EXC_PF, .has_error = true, .error = (uint16_t)error, .cr2 = w->linear};
}

bool translate(struct cpu *c, uint64_t linear, enum access_kind kind, unsigned context, struct translation *t)
{
    if (!(c->s.cr0 & CR0_PG)) {
        t->phys = linear & c->phys->a20_mask;
        t->page = phys_page(c->phys, t->phys);
        t->cacheable = true;
        return true;
    }
    struct walk w = {.linear = linear, .kind = kind, .user = context == TLB_USER};
    uint64_t space = c->s.cr3 & ~(uint64_t)0xfff;
    struct tlb2_entry *e = tlb2_find(c, linear, space);
    c->tlb2->misses++;
    if (e) {
        w.perms = e->perms;
        if (permitted(c, &w, context) && (kind != FOR_WRITE || e->perms & PERM_DIRTY)) {
            t->phys = (e->phys | (linear & PAGE_MASK)) & c->phys->a20_mask;
            t->page = phys_page(c->phys, t->phys);
            t->cacheable = true;
            return true;
        }
    }
    struct step steps[4];
    bool present;
    c->tlb2->walks++;
    unsigned n = read_tables(c, &w, steps, &present);
    if (!present || !permitted(c, &w, context)) {
        raise_pf(c, &w, present);
        return false;
    }
    for (unsigned k = 0; k < n; k++) {
        struct step *s = &steps[k];
        uint8_t bits = PTE_A | (s->leaf && kind == FOR_WRITE ? PTE_D : 0);
        if ((s->entry & bits) != bits)
            table_set(c, s->page, s->addr, bits);
        if (!(s->page->flags & PHYS_RAM))
            w.cacheable = false;
    }
    if (kind == FOR_WRITE)
        w.perms |= PERM_DIRTY;
    if (w.cacheable) {
        // A full table list flushes everything; so mark first, insert last.
        uint32_t generation;
        do {
            generation = c->tlb2->generation;
            for (unsigned k = 0; k < n; k++)
                tlb_mark_table(c, steps[k].page, steps[k].addr, !steps[k].leaf);
        } while (generation != c->tlb2->generation);
        tlb2_insert(c, linear, space, w.phys, w.leaf, w.perms);
    }
    t->phys = (w.phys | (linear & PAGE_MASK)) & c->phys->a20_mask;
    t->page = phys_page(c->phys, t->phys);
    t->cacheable = w.cacheable;
    return true;
}

bool translate_peek(const struct cpu *c, uint64_t linear, uint64_t *phys)
{
    if (!(c->s.cr0 & CR0_PG)) {
        *phys = linear & c->phys->a20_mask;
        return true;
    }
    struct walk w = {.linear = linear};
    struct step steps[4];
    bool present;
    read_tables(c, &w, steps, &present);
    *phys = (w.phys | (linear & PAGE_MASK)) & c->phys->a20_mask;
    return present;
}

bool paging_load_pdptes(struct cpu *c, uint64_t cr3)
{
    uint64_t pdpte[4];
    struct phys_page *page;
    for (unsigned n = 0; n < 4; n++) {
        pdpte[n] = table_read(c, ((cr3 & 0xffffffe0u) + 8 * n) & c->phys->a20_mask, 8, &page);
        if (pdpte[n] & PTE_P && pdpte[n] & (c->pte_reserved | PTE_HIGH | PTE_NX | 0x1e6))
            return false;
    }
    memcpy(c->s.pdpte, pdpte, sizeof pdpte);
    return true;
}
