// Later additions to the system instructions (SDM vol. 2): RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE, CLAC, STAC, INVPCID,
// RDPID, RDRAND, RDSEED, MONITOR, MWAIT.
//
// MONITOR watches one 64-byte line of RAM by its physical address; a store of anyone, or any event that is delivered,
// ends what it began. MWAIT halts until then, whatever hint EAX gives. Differs: RDRAND and RDSEED never fail, and both
// come from the one seeded generator in the machine's state (splitmix64, of period 2^64): the numbers are good, and
// they are the same in every run with the same seed.
#include "cpu/exec_table.h"
#include "cpu/segment.h"

// ---- segment bases
// ---------------------------------------------------------------------------------------------------

static inline enum exec_result read_base(struct cpu *c, const struct insn *i, unsigned seg)
{
    if (!(c->s.cr4 & CR4_FSGSBASE))
        return fault(c, i, EXC_UD);
    set_reg(c, i->rm, i->opsize == 8 ? 8 : 4, c->s.seg[seg].base);
    return next(c, i);
}

static inline enum exec_result write_base(struct cpu *c, const struct insn *i, unsigned seg)
{
    if (!(c->s.cr4 & CR4_FSGSBASE))
        return fault(c, i, EXC_UD);
    uint64_t v = get_reg(c, i->rm, i->opsize == 8 ? 8 : 4);
    if (!canonical(v))
        return fault_gp0(c, i);
    c->s.seg[seg].base = v;
    return next(c, i);
}

enum exec_result x_rdfsbase(struct cpu *c, const struct insn *i)
{
    return read_base(c, i, SEG_FS);
}
enum exec_result x_rdgsbase(struct cpu *c, const struct insn *i)
{
    return read_base(c, i, SEG_GS);
}
enum exec_result x_wrfsbase(struct cpu *c, const struct insn *i)
{
    return write_base(c, i, SEG_FS);
}
enum exec_result x_wrgsbase(struct cpu *c, const struct insn *i)
{
    return write_base(c, i, SEG_GS);
}

// ---- supervisor-mode access prevention
// -------------------------------------------------------------------------------

// CPL is 0: translations with and without AC stand side by side, so there is nothing to flush.
enum exec_result x_clac(struct cpu *c, const struct insn *i)
{
    c->s.rflags &= ~(uint64_t)F_AC;
    c->tlb = &c->data_tlb[TLB_KERNEL];
    return next(c, i);
}

enum exec_result x_stac(struct cpu *c, const struct insn *i)
{
    c->s.rflags |= F_AC;
    c->tlb = &c->data_tlb[TLB_KERNEL_AC];
    return next(c, i);
}

// ---- process-context identifiers
// -------------------------------------------------------------------------------------

// The TLB is invisible, so that only the checks remain.
enum exec_result x_invpcid(struct cpu *c, const struct insn *i)
{
    enum { ADDRESS, CONTEXT, ALL, ALL_BUT_GLOBAL };
    uint64_t pcid, address, type = get_reg(c, i->reg, i->opsize == 8 ? 8 : 4);
    TRY(load128(c, i, false, &pcid, &address));
    if (type > ALL_BUT_GLOBAL || pcid >> 12 || (type <= CONTEXT && pcid && !(c->s.cr4 & CR4_PCIDE)) ||
        (type == ADDRESS && !canonical(address)))
        return fault_gp0(c, i);
    return next(c, i);
}

enum exec_result x_rdpid(struct cpu *c, const struct insn *i)
{
    set64(c, i->rm, c->s.tsc_aux);
    return next(c, i);
}

// ---- random numbers
// --------------------------------------------------------------------------------------------------

// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), figure 13's mixing function of Stafford.
static inline uint64_t draw(struct cpu *c)
{
    uint64_t z = c->s.rng += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline enum exec_result random_number(struct cpu *c, const struct insn *i, unsigned size)
{
    set_reg(c, i->rm, size, draw(c));
    flags_import(c, F_CF); // there was one
    return next(c, i);
}

enum exec_result x_rdrand_16(struct cpu *c, const struct insn *i)
{
    return random_number(c, i, 2);
}
enum exec_result x_rdrand_32(struct cpu *c, const struct insn *i)
{
    return random_number(c, i, 4);
}
enum exec_result x_rdrand_64(struct cpu *c, const struct insn *i)
{
    return random_number(c, i, 8);
}

// ---- MONITOR and MWAIT
// -----------------------------------------------------------------------------------------------

void monitor_arm(struct cpu *c, uint64_t line)
{
    if (c->monitor_page)
        c->monitor_page->flags &= ~(uint32_t)PHYS_MONITOR;
    c->monitor_page = NULL;
    c->s.monitor = line;
    if (!line)
        return;
    struct phys_page *page = phys_page(c->phys, line & ~PAGE_MASK);
    if (!page)
        return;
    tlb_protect(c, page);
    page->flags |= PHYS_MONITOR;
    c->monitor_page = page;
}

void monitor_write(struct cpu *c, uint64_t addr, unsigned size)
{
    uint64_t line = c->s.monitor - 1;
    if (!c->s.monitor || addr >= line + GRANULE_SIZE || addr + size <= line)
        return;
    monitor_arm(c, 0);
    if (c->s.activity == CPU_MWAIT || c->s.activity == CPU_MWAIT_ANY) {
        c->s.activity = CPU_RUNNING;
        c->attention = 1;
    }
}

enum exec_result x_monitor(struct cpu *c, const struct insn *i)
{
    if (get32(c, RCX)) // no extensions
        return fault_gp0(c, i);
    uint64_t mask = i->flags & INSN_ASIZE64 ? ~(uint64_t)0 : i->flags & INSN_ASIZE32 ? UINT32_MAX : UINT16_MAX;
    TRY(segment_linear(c, i, i->seg, c->s.reg[RAX] & mask, 1, FOR_READ));
    uint64_t linear = c->mem_value;
    TRY(probe(c, i, linear, 1, FOR_READ));
    struct translation t;
    if (!translate(c, c->mode & MODE_64 ? linear : (uint32_t)linear, FOR_READ, tlb_context(c), &t))
        return ask_step(c, i); // cannot be: it was there a moment ago
    // Only memory can be watched.
    monitor_arm(c, t.page && t.page->flags & PHYS_RAM ? (t.phys & ~(uint64_t)(GRANULE_SIZE - 1)) + 1 : 0);
    return leave(c, i);
}

enum exec_result x_mwait(struct cpu *c, const struct insn *i)
{
    enum { BREAK_ON_INTERRUPT = 1 };
    if (get32(c, RCX) & ~(uint32_t)BREAK_ON_INTERRUPT)
        return fault_gp0(c, i);
    if (c->s.monitor) {
        c->s.activity = get32(c, RCX) & BREAK_ON_INTERRUPT ? CPU_MWAIT_ANY : CPU_MWAIT;
        c->attention = 1;
    }
    return leave(c, i);
}
