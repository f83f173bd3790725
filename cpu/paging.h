// Linear to physical (SDM vol. 3A, chapter 4).
#ifndef CPU_PAGING_H
#define CPU_PAGING_H

#include "cpu/exec.h"
#include "cpu/tlb.h"

// A finished translation of one linear address.
struct translation {
    uint64_t phys;          // physical address, A20 applied
    struct phys_page *page; // NULL: device or nobody
    bool cacheable;         // the first-level TLB may keep it: its tables lie in RAM, so changes are seen
};

// The data context of a privilege level. Accesses that the processor makes by itself to descriptor tables and
// task-state segments are TLB_KERNEL at every level, whatever EFLAGS.AC says (SDM vol. 3A, 4.6).
static inline unsigned tlb_context_at(const struct cpu *c, unsigned cpl)
{
    if (cpl == 3)
        return TLB_USER;
    return c->s.rflags & F_AC ? TLB_KERNEL_AC : TLB_KERNEL;
}

// That of the current one.
static inline unsigned tlb_context(const struct cpu *c)
{
    return tlb_context_at(c, c->cpl);
}

// Translates for an access with the privileges of `context`. False: c->exc has the #PF. Sets A and D bits.
bool translate(struct cpu *c, uint64_t linear, enum access_kind kind, unsigned context, struct translation *t);

// Whether a linear address is canonical for 48 bits.
static inline bool canonical(uint64_t a)
{
    return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}

// Translates without side effects, as the monitor and debuggers want it. False: not present.
bool translate_peek(const struct cpu *c, uint64_t linear, uint64_t *phys);

// Loads the four PAE directory pointers; false: a reserved bit is set (#GP).
bool paging_load_pdptes(struct cpu *c, uint64_t cr3);

#endif
