// Stack accesses relative to the top, for any stack size. Offsets are in bytes from (E/R)SP.
#ifndef CPU_STACK_H
#define CPU_STACK_H

#include "cpu/exec.h"
#include "cpu/segment.h"

static inline uint64_t stack_mask(const struct cpu *c)
{
    return c->mode & MODE_64 ? ~(uint64_t)0 : c->mode & MODE_STACK32 ? 0xffffffffu : 0xffffu;
}

static inline void stack_set(struct cpu *c, uint64_t sp)
{
    uint64_t mask = stack_mask(c);
    // A 32-bit stack pointer clears the upper half, a 16-bit one leaves the rest alone.
    c->s.reg[RSP] = mask == 0xffff ? (c->s.reg[RSP] & ~mask) | (sp & mask) : sp & mask;
}

static inline void stack_move(struct cpu *c, int by)
{
    stack_set(c, c->s.reg[RSP] + (uint64_t)(int64_t)by);
}

// The linear address of `size` bytes at the top plus `at`, in c->mem_value.
static inline enum exec_result stack_linear(struct cpu *c, const struct insn *i, int at, unsigned size,
                                            enum access_kind kind)
{
    uint64_t offset = (c->s.reg[RSP] + (uint64_t)(int64_t)at) & stack_mask(c);
    if (likely(c->mode & MODE_FLAT) && likely(offset <= ((uint64_t)1 << 32) - size)) {
        c->mem_value = offset;
        return EXEC_NEXT;
    }
    return segment_linear(c, i, SEG_SS, offset, size, kind);
}

static inline enum exec_result stack_read(struct cpu *c, const struct insn *i, int at, unsigned size)
{
    uint64_t v;
    TRY(stack_linear(c, i, at, size, FOR_READ));
    TRY(load_at(c, i, c->mem_value, size, &v));
    c->mem_value = v;
    return EXEC_NEXT;
}

static inline enum exec_result stack_write(struct cpu *c, const struct insn *i, int at, unsigned size, uint64_t v)
{
    TRY(stack_linear(c, i, at, size, FOR_WRITE));
    return store_at(c, i, c->mem_value, size, v);
}

// Checks a whole range before the first access of an instruction that makes several.
static inline enum exec_result stack_probe(struct cpu *c, const struct insn *i, int at, unsigned size,
                                           enum access_kind kind)
{
    TRY(stack_linear(c, i, at, size, kind));
    return probe_access(c, i, c->mem_value, size, kind);
}

// Before PUSH and CALL read a memory operand that may be a device's: everything that can fault, in the order of the
// accesses.
static inline enum exec_result push_operand_probe(struct cpu *c, const struct insn *i, unsigned size)
{
    if (likely(!c->stepping) || !(i->flags & INSN_MEM))
        return EXEC_NEXT;
    uint64_t linear;
    TRY(ea_linear(c, i, size, FOR_READ, &linear));
    TRY(probe_access(c, i, linear, size, FOR_READ));
    return stack_probe(c, i, -(int)size, size, FOR_WRITE);
}

// Checks `count` operands of `size` bytes from the top: each wraps by itself at the end of the stack segment.
static inline enum exec_result stack_probe_each(struct cpu *c, const struct insn *i, unsigned count, unsigned size,
                                                enum access_kind kind)
{
    for (unsigned n = 0; n < count; n++)
        TRY(stack_probe(c, i, (int)(n * size), size, kind));
    return EXEC_NEXT;
}

#endif
