// String instructions (SDM vol. 2): MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS, with REP. An iteration is a tick, so a REP
// runs at most as many iterations as the budget has, and goes on later where it stopped. MOVS and STOS work in
// page-sized pieces when both sides are plain memory; everything else goes element by element.
#include "cpu/debug.h"
#include "cpu/exec.h"
#include "cpu/exec_table.h"
#include "cpu/segment.h"

static inline uint64_t address_mask(const struct insn *i)
{
    return i->flags & INSN_ASIZE64 ? ~(uint64_t)0 : i->flags & INSN_ASIZE32 ? 0xffffffffu : 0xffffu;
}

// A 32-bit result clears the upper half of the register, a 16-bit one leaves it alone.
static inline void set_address(struct cpu *c, unsigned reg, uint64_t mask, uint64_t v)
{
    c->s.reg[reg] = mask == 0xffff ? (c->s.reg[reg] & ~mask) | (v & mask) : v & mask;
}

static inline void advance(struct cpu *c, unsigned reg, uint64_t mask, int64_t by)
{
    set_address(c, reg, mask, c->s.reg[reg] + (uint64_t)by);
}

static inline int64_t direction(const struct cpu *c, unsigned size)
{
    return c->s.rflags & F_DF ? -(int64_t)size : (int64_t)size;
}

static inline enum exec_result source(struct cpu *c, const struct insn *i, unsigned size)
{
    return segment_linear(c, i, i->seg, c->s.reg[RSI] & address_mask(i), size, FOR_READ);
}

static inline enum exec_result destination(struct cpu *c, const struct insn *i, unsigned size, enum access_kind kind)
{
    return segment_linear(c, i, SEG_ES, c->s.reg[RDI] & address_mask(i), size, kind);
}

// ---- one iteration of each
// -------------------------------------------------------------------------------------------------

typedef enum exec_result iteration(struct cpu *c, const struct insn *i, unsigned size);

static enum exec_result movs(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t v, mask = address_mask(i);
    // Both must be known to work, the source first, before a device is read.
    TRY(source(c, i, size));
    uint64_t from = c->mem_value;
    TRY(probe_access(c, i, from, size, FOR_READ));
    TRY(destination(c, i, size, FOR_WRITE));
    uint64_t to = c->mem_value;
    TRY(probe_access(c, i, to, size, FOR_WRITE));
    TRY(load_at(c, i, from, size, &v));
    TRY(store_at(c, i, to, size, v));
    advance(c, RSI, mask, direction(c, size));
    advance(c, RDI, mask, direction(c, size));
    return EXEC_NEXT;
}

static enum exec_result stos(struct cpu *c, const struct insn *i, unsigned size)
{
    TRY(destination(c, i, size, FOR_WRITE));
    TRY(store_at(c, i, c->mem_value, size, get_reg(c, RAX, size)));
    advance(c, RDI, address_mask(i), direction(c, size));
    return EXEC_NEXT;
}

static enum exec_result lods(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t v;
    TRY(source(c, i, size));
    TRY(load_at(c, i, c->mem_value, size, &v));
    set_reg(c, RAX, size, v);
    advance(c, RSI, address_mask(i), direction(c, size));
    return EXEC_NEXT;
}

static void compare(struct cpu *c, unsigned size, uint64_t a, uint64_t b)
{
    uint64_t r = a - b;
    flags_set(c, (uint64_t)sign_extend(r, 8 * size),
              size == 8   ? carries_sub(a, b, r, 64)
              : size == 4 ? carries_sub(a, b, r, 32)
              : size == 2 ? carries_sub(a, b, r, 16)
                          : carries_sub(a, b, r, 8));
}

static enum exec_result cmps(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t a = 0, b, mask = address_mask(i);
    TRY(source(c, i, size));
    uint64_t from = c->mem_value;
    // A device is read once, after everything that can fault; the source's faults come first.
    if (c->stepping)
        TRY(probe_access(c, i, from, size, FOR_READ));
    else
        TRY(load_at(c, i, from, size, &a));
    TRY(destination(c, i, size, FOR_READ));
    uint64_t to = c->mem_value;
    if (c->stepping) {
        TRY(probe_access(c, i, to, size, FOR_READ));
        TRY(load_at(c, i, from, size, &a));
    }
    TRY(load_at(c, i, to, size, &b));
    compare(c, size, a, b);
    advance(c, RSI, mask, direction(c, size));
    advance(c, RDI, mask, direction(c, size));
    return EXEC_NEXT;
}

static enum exec_result scas(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t b;
    TRY(destination(c, i, size, FOR_READ));
    TRY(load_at(c, i, c->mem_value, size, &b));
    compare(c, size, get_reg(c, RAX, size), b);
    advance(c, RDI, address_mask(i), direction(c, size));
    return EXEC_NEXT;
}

static enum exec_result ins(struct cpu *c, const struct insn *i, unsigned size)
{
    TRY(port_allowed(c, i, get16(c, RDX), size));
    TRY(destination(c, i, size, FOR_WRITE));
    uint64_t to = c->mem_value;
    TRY(probe_access(c, i, to, size, FOR_WRITE));
    uint64_t v = port_read(c, i, get16(c, RDX), size);
    TRY(store_at(c, i, to, size, v));
    advance(c, RDI, address_mask(i), direction(c, size));
    return EXEC_NEXT;
}

static enum exec_result outs(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t v;
    TRY(port_allowed(c, i, get16(c, RDX), size));
    TRY(source(c, i, size));
    TRY(load_at(c, i, c->mem_value, size, &v));
    port_write(c, i, get16(c, RDX), size, v);
    advance(c, RSI, address_mask(i), direction(c, size));
    return EXEC_NEXT;
}

// ---- pages at a time
// --------------------------------------------------------------------------------------------------------

static uint8_t *host_of(const struct tlb_entry *array, uint64_t linear)
{
    const struct tlb_entry *e = &array[tlb_index(linear)];
    return (linear ^ e->tag) < PAGE_SIZE ? (uint8_t *)(e->host + (linear ^ e->tag)) : NULL;
}

// How many elements from `linear` on lie in its page.
static uint64_t in_page(uint64_t linear, unsigned size)
{
    return (PAGE_SIZE - (linear & PAGE_MASK)) / size;
}

// Does up to `n` iterations of MOVS or STOS at once, upwards, if the first-level TLB has both pages. Returns how many.
static uint64_t bulk(struct cpu *c, const struct insn *i, unsigned size, iteration *f, uint64_t n)
{
    if ((f != movs && f != stos) || c->s.rflags & F_DF || !(c->mode & (MODE_64 | MODE_FLAT)) || c->stepping)
        return 0;
    uint64_t mask = address_mask(i);
    if (mask == 0xffff || (i->seg == SEG_FS || i->seg == SEG_GS))
        return 0;
    uint64_t to = c->s.reg[RDI] & mask, from = c->s.reg[RSI] & mask;
    uint64_t room = in_page(to, size);
    n = n < room ? n : room;
    uint8_t *d = host_of(c->tlb->write, to);
    if (!d || n < 2)
        return 0;
    if (f == stos) {
        uint64_t v = c->s.reg[RAX];
        if (size == 1)
            memset(d, (int)(v & 0xff), n);
        else
            for (uint64_t k = 0; k < n; k++)
                store_le(d + k * size, size, v);
    } else {
        room = in_page(from, size);
        n = n < room ? n : room;
        const uint8_t *s = host_of(c->tlb->read, from);
        if (!s || n < 2)
            return 0;
        // Overlapping upwards, each element may have been written by an earlier one.
        if ((uintptr_t)d - (uintptr_t)s >= n * size)
            memmove(d, s, n * size);
        else
            for (uint64_t k = 0; k < n; k++)
                store_le(d + k * size, size, load_le(s + k * size, size));
        advance(c, RSI, mask, (int64_t)(n * size));
    }
    advance(c, RDI, mask, (int64_t)(n * size));
    return n;
}

// ---- repetition
// ----------------------------------------------------------------------------------------------------------------

// Whether the next iteration must be fetched anew: what answers at a port can write anywhere, as a bus master into this
// instruction or the tables that lead to it.
static bool refetch(const struct cpu *c, const struct insn *i)
{
    const struct block *b = block_of(i);
    uint64_t linear = rip_of(c, i);
    if (!(c->mode & MODE_64))
        linear = (uint32_t)(linear + c->s.seg[SEG_CS].base);
    return b->dead || b->crosses || (linear ^ c->exec_tlb[tlb_index(linear)].tag) >= PAGE_SIZE;
}

static inline enum exec_result repeat(struct cpu *c, const struct insn *i, unsigned size, iteration *f, bool compares)
{
    if (!(i->flags & (INSN_REP | INSN_REPNE))) {
        TRY(f(c, i, size));
        return insn_rows[i->row].attr & A_ENDS ? leave(c, i) : next(c, i);
    }
    uint64_t mask = address_mask(i), count = c->s.reg[RCX] & mask;
    if (count == 0)
        return leave(c, i);
    uint64_t budget = c->limit - (c->tick + i->index);
    if (c->stepping)
        budget = 1;
    bool done = false, io = f == ins || f == outs;
    while (!done && budget) {
        // c->tick counts the finished iterations, so that a fault finds the exact tick.
        uint64_t n = bulk(c, i, size, f, count < budget ? count : budget);
        if (!n) {
            TRY(f(c, i, size));
            n = 1;
            done = compares && flag_z(c) != !(i->flags & INSN_REPNE);
        }
        count -= n;
        budget -= n;
        c->tick += n;
        set_address(c, RCX, mask, count);
        done |= count == 0;
        // A port may have changed what the run loop has to look at.
        if (io && (c->attention || c->clock->deadline_changed || c->map_changed || refetch(c, i)))
            break;
    }
    c->tick += i->index;
    // What comes between two iterations finds RF set (SDM vol. 3B, 17.3.1.1).
    c->s.rflags = done ? c->s.rflags & ~(uint64_t)F_RF : c->s.rflags | F_RF;
    c->s.rip = done ? rip_after(c, i) : rip_of(c, i);
    return EXEC_LEAVE;
}

#define STRING(name, compares)                                                                                         \
    enum exec_result x_##name##_8(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return repeat(c, i, 1, name, compares);                                                                        \
    }                                                                                                                  \
    enum exec_result x_##name##_16(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        return repeat(c, i, 2, name, compares);                                                                        \
    }                                                                                                                  \
    enum exec_result x_##name##_32(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        return repeat(c, i, 4, name, compares);                                                                        \
    }
#define STRING64(name, compares)                                                                                       \
    enum exec_result x_##name##_64(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        return repeat(c, i, 8, name, compares);                                                                        \
    }
STRING(movs, false)
STRING(stos, false)
STRING(lods, false)
STRING(cmps, true)
STRING(scas, true)
STRING(ins, false)
STRING(outs, false)
STRING64(movs, false)
STRING64(stos, false)
STRING64(lods, false)
STRING64(cmps, true)
STRING64(scas, true)

// Port accesses have no 64-bit form: REX.W means 32 bits.
enum exec_result x_ins_64(struct cpu *c, const struct insn *i)
{
    return repeat(c, i, 4, ins, false);
}
enum exec_result x_outs_64(struct cpu *c, const struct insn *i)
{
    return repeat(c, i, 4, outs, false);
}
