// What instruction functions are made of: registers, effective addresses, memory operands through the soft TLB, and how
// a function ends.
//
// A function reads its operands, may return early with a fault (nothing committed), then commits and ends with
// `return next(c, i)`, `return leave(c, i)` or one of the branch helpers. Memory goes through load(), store() and
// rmw_begin()/rmw_end(): anything unusual (device, code or used table page) makes them return EXEC_STEP, upon which the
// run loop executes the same instruction alone with c->stepping set and looks at the world afterwards. So a function
// never needs to know about devices.
#ifndef CPU_EXEC_H
#define CPU_EXEC_H

#include "cpu/flags.h"
#include "cpu/insn.h"

// ---- endings
// -----------------------------------------------------------------------------------------------------------

// The next instruction's function is jumped to; it returns for the whole rest of the block. Compilers make a jump of
// this call unless a local variable's address has escaped: a function that needs that does its work in another one, or
// ends the block with leave() (tests/unit/tailcalls.sh looks at the machine code). In unoptimised and sanitizer builds
// the nesting is bounded by BLOCK_MAX.
static inline enum exec_result next(struct cpu *c, const struct insn *i)
{
    return i[1].fn(c, i + 1);
}

static inline uint64_t rip_of(const struct cpu *c, const struct insn *i)
{
    return c->s.reg[REG_PAGE_RIP] + i->ip - i->len;
}
static inline uint64_t rip_after(const struct cpu *c, const struct insn *i)
{
    return c->s.reg[REG_PAGE_RIP] + i->ip;
}

// Stores the exact tick: before anything that looks at the clock.
static inline void tick_sync(struct cpu *c, const struct insn *i)
{
    c->clock->s.tick = c->tick + i->index;
}

// Ends the block behind this instruction, RIP at the next one.
enum exec_result leave(struct cpu *c, const struct insn *i);
// Ends the block behind this instruction with RIP = rip.
enum exec_result leave_to(struct cpu *c, const struct insn *i, uint64_t rip);

// Exceptions. They store RIP and tick of the instruction and return EXEC_FAULT.
enum exec_result fault(struct cpu *c, const struct insn *i, unsigned vector);
enum exec_result fault_code(struct cpu *c, const struct insn *i, unsigned vector, unsigned error);
static inline enum exec_result fault_gp0(struct cpu *c, const struct insn *i)
{
    return fault_code(c, i, EXC_GP, 0);
}
// Asks the run loop to execute the instruction alone. Returns EXEC_STEP.
enum exec_result ask_step(struct cpu *c, const struct insn *i);

// ---- registers
// ---------------------------------------------------------------------------------------------------------

static inline uint8_t get8(const struct cpu *c, unsigned code)
{
    return (uint8_t)(c->s.reg[code & 15] >> (code >> 4));
}
static inline void set8(struct cpu *c, unsigned code, uint8_t v)
{
    uint64_t *r = &c->s.reg[code & 15];
    *r = (*r & ~((uint64_t)0xff << (code >> 4))) | (uint64_t)v << (code >> 4);
}
static inline uint16_t get16(const struct cpu *c, unsigned n)
{
    return (uint16_t)c->s.reg[n];
}
static inline uint32_t get32(const struct cpu *c, unsigned n)
{
    return (uint32_t)c->s.reg[n];
}
static inline uint64_t get64(const struct cpu *c, unsigned n)
{
    return c->s.reg[n];
}
static inline void set16(struct cpu *c, unsigned n, uint16_t v)
{
    c->s.reg[n] = (c->s.reg[n] & ~(uint64_t)0xffff) | v;
}
static inline void set32(struct cpu *c, unsigned n, uint32_t v)
{
    c->s.reg[n] = v;
}
static inline void set64(struct cpu *c, unsigned n, uint64_t v)
{
    c->s.reg[n] = v;
}

// By size in bytes; byte registers by code.
static inline uint64_t get_reg(const struct cpu *c, unsigned n, unsigned size)
{
    return size == 1 ? get8(c, n) : c->s.reg[n] & size_mask(size);
}
static inline void set_reg(struct cpu *c, unsigned n, unsigned size, uint64_t v)
{
    if (size == 1)
        set8(c, n, (uint8_t)v);
    else if (size == 2)
        set16(c, n, (uint16_t)v);
    else if (size == 4)
        set32(c, n, (uint32_t)v);
    else
        set64(c, n, v);
}

// The XMM registers: quadword q (0, 1) of register n.
static inline uint64_t *xmm(struct cpu *c, unsigned n)
{
    return &c->s.vec[4 * n];
}

// ---- addresses
// ---------------------------------------------------------------------------------------------------------

enum access_kind { FOR_READ = 0, FOR_WRITE = 1, FOR_EXEC = 2 };

// The offset part (what LEA computes before truncation to the address size).
static inline uint64_t ea_offset(const struct cpu *c, const struct insn *i)
{
    return c->s.reg[i->base] + (c->s.reg[i->idx] << i->scale) + (uint64_t)(int64_t)i->disp;
}

// Segmented and narrow addresses: wraps, adds the base, checks limit and type. FAULT, or NEXT with the linear address
// in c->mem_value (so that callers keep no local variable in memory).
enum exec_result ea_slow_value(struct cpu *c, const struct insn *i, uint64_t offset, unsigned size,
                               enum access_kind kind);

// The linear address of the ModRM operand.
static inline enum exec_result ea_linear(struct cpu *c, const struct insn *i, unsigned size, enum access_kind kind,
                                         uint64_t *linear)
{
    uint64_t a = ea_offset(c, i);
    if (likely(i->ea == EA_FLAT)) {
        *linear = a;
        return EXEC_NEXT;
    }
    if (i->ea == EA_BASE64) {
        *linear = a + c->s.seg[i->seg].base;
        return EXEC_NEXT;
    }
    if (i->ea == EA_FLAT32) {
        *linear = (uint32_t)a;
        return EXEC_NEXT;
    }
    enum exec_result r = ea_slow_value(c, i, a, size, kind);
    *linear = c->mem_value;
    return r;
}

// ---- memory by linear address
// --------------------------------------------------------------------------------------------

// The slow paths (cpu/mem.c): translation, page crossing, devices, watched pages. The value of a load is in
// c->mem_value. `seg` decides between #GP and #SS for non-canonical addresses.
enum exec_result load_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size);
enum exec_result store_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, uint64_t value);
enum exec_result rmw_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size);
// 16 bytes (and other multiples of 8 up to 16) into and from c->rmw.
enum exec_result load128_slow(struct cpu *c, const struct insn *i, uint64_t linear);
enum exec_result store128_slow(struct cpu *c, const struct insn *i, uint64_t linear, uint64_t lo, uint64_t hi);
// Checks that [linear, linear+size) can be accessed, size <= 4096, without accessing it; FAULT, STEP (when it is not
// plain RAM and c->stepping is off) or NEXT.
enum exec_result probe(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, enum access_kind kind);
// The same for a single access, which can moreover be misaligned.
enum exec_result probe_access(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size,
                              enum access_kind kind);

static inline enum exec_result load_at(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, uint64_t *v)
{
    const struct tlb_entry *e = &c->tlb->read[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - size)) {
        *v = load_le((const void *)(e->host + (linear ^ e->tag)), size);
        return EXEC_NEXT;
    }
    enum exec_result r = load_slow(c, i, linear, size);
    *v = c->mem_value;
    return r;
}

static inline enum exec_result store_at(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, uint64_t v)
{
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - size)) {
        store_le((void *)(e->host + (linear ^ e->tag)), size, v);
        return EXEC_NEXT;
    }
    return store_slow(c, i, linear, size, v);
}

// ---- the ModRM operand
// ---------------------------------------------------------------------------------------------------

static inline enum exec_result load(struct cpu *c, const struct insn *i, unsigned size, uint64_t *v)
{
    uint64_t linear;
    enum exec_result r = ea_linear(c, i, size, FOR_READ, &linear);
    if (unlikely(r != EXEC_NEXT))
        return r;
    return load_at(c, i, linear, size, v);
}

static inline enum exec_result store(struct cpu *c, const struct insn *i, unsigned size, uint64_t v)
{
    uint64_t linear;
    enum exec_result r = ea_linear(c, i, size, FOR_WRITE, &linear);
    if (unlikely(r != EXEC_NEXT))
        return r;
    return store_at(c, i, linear, size, v);
}

// Read-modify-write: rmw_begin() checks for writing and gives the old value's place; rmw_end() writes the new value
// there. Between the two nothing else may touch memory. rmw_end() cannot fail.
static inline enum exec_result rmw_begin(struct cpu *c, const struct insn *i, unsigned size, uint8_t **p)
{
    uint64_t linear;
    enum exec_result r = ea_linear(c, i, size, FOR_WRITE, &linear);
    if (unlikely(r != EXEC_NEXT))
        return r;
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - size)) {
        *p = (uint8_t *)(e->host + (linear ^ e->tag));
        return EXEC_NEXT;
    }
    *p = c->rmw;
    return rmw_slow(c, i, linear, size);
}

// Commits a slow read-modify-write whose new value is in c->rmw.
void rmw_commit(struct cpu *c, const struct insn *i, unsigned size);

static inline void rmw_end(struct cpu *c, const struct insn *i, unsigned size, uint8_t *p, uint64_t v)
{
    store_le(p, size, v);
    if (unlikely(p == c->rmw))
        rmw_commit(c, i, size);
}

// 128-bit ModRM operand; `align`: #GP(0) unless 16-byte aligned. v[0] is the low quadword.
static inline enum exec_result load128(struct cpu *c, const struct insn *i, bool align, uint64_t *lo, uint64_t *hi)
{
    uint64_t linear;
    *lo = *hi = 0;
    enum exec_result r = ea_linear(c, i, 16, FOR_READ, &linear);
    if (unlikely(r != EXEC_NEXT))
        return r;
    if (unlikely(align && (linear & 15)))
        return fault_gp0(c, i);
    const struct tlb_entry *e = &c->tlb->read[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - 16)) {
        const uint8_t *p = (const uint8_t *)(e->host + (linear ^ e->tag));
        *lo = load_u64(p);
        *hi = load_u64(p + 8);
        return EXEC_NEXT;
    }
    r = load128_slow(c, i, linear);
    *lo = load_u64(c->rmw);
    *hi = load_u64(c->rmw + 8);
    return r;
}

static inline enum exec_result store128(struct cpu *c, const struct insn *i, bool align, uint64_t lo, uint64_t hi)
{
    uint64_t linear;
    enum exec_result r = ea_linear(c, i, 16, FOR_WRITE, &linear);
    if (unlikely(r != EXEC_NEXT))
        return r;
    if (unlikely(align && (linear & 15)))
        return fault_gp0(c, i);
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - 16)) {
        uint8_t *p = (uint8_t *)(e->host + (linear ^ e->tag));
        store_u64(p, lo);
        store_u64(p + 8, hi);
        return EXEC_NEXT;
    }
    return store128_slow(c, i, linear, lo, hi);
}

// Whole images (FXSAVE, FNSAVE, descriptors): `n` bytes at the ModRM operand plus `at`; n <= 512. Probes everything
// before the first byte is transferred.
enum exec_result load_bytes(struct cpu *c, const struct insn *i, unsigned at, void *buf, unsigned n);
enum exec_result store_bytes(struct cpu *c, const struct insn *i, unsigned at, const void *buf, unsigned n);

// ---- the register-or-memory operand by size, for functions that serve both forms
// -------------------------------------------

static inline enum exec_result read_rm(struct cpu *c, const struct insn *i, unsigned size, uint64_t *v)
{
    if (i->flags & INSN_MEM)
        return load(c, i, size, v);
    *v = get_reg(c, i->rm, size);
    return EXEC_NEXT;
}

static inline enum exec_result write_rm(struct cpu *c, const struct insn *i, unsigned size, uint64_t v)
{
    if (i->flags & INSN_MEM)
        return store(c, i, size, v);
    set_reg(c, i->rm, size, v);
    return EXEC_NEXT;
}

// Leaves the function when a memory access did not succeed.
#define TRY(expr)                                                                                                      \
    do {                                                                                                               \
        enum exec_result try_result_ = (expr);                                                                         \
        if (unlikely(try_result_ != EXEC_NEXT))                                                                        \
            return try_result_;                                                                                        \
    } while (0)

// ---- branches
// -----------------------------------------------------------------------------------------------------------

enum exec_result branch_slow(struct cpu *c, const struct insn *i, uint64_t rip, unsigned slot);

// Whether the tail of a chain may jump straight to the next block (not in builds without tail calls).
#ifndef CPU_TAIL_CALLS
#define CPU_TAIL_CALLS 1
#endif

// Goes to page offset `target` (already computed, may lie outside the page) through link `slot`; `ticks` instructions
// of the block have been retired. Always inlined: each function has a jump of its own, which hosts predict better.
static inline __attribute__((always_inline)) enum exec_result branch(struct cpu *c, const struct insn *i,
                                                                     unsigned ticks, int64_t target, unsigned slot)
{
    uint64_t tick = c->tick + ticks;
    const struct block *b = block_of(i)->link[slot];
    c->tick = tick;
    if (CPU_TAIL_CALLS && likely(b != NULL) && likely(tick < c->chain_limit))
        return b->insn[0].fn(c, b->insn);
    return branch_slow(c, i, c->s.reg[REG_PAGE_RIP] + (uint64_t)target, slot);
}

// Goes on at s.rip, with the tick already counted: finds the block without returning to the run loop when it is at
// hand.
enum exec_result jump_indirect(struct cpu *c);

#endif
