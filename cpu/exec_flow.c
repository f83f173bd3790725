// Near branches (SDM vol. 2): Jcc, JMP, CALL, RET, LOOP, JCXZ. Targets are page-relative, so that blocks stay
// position-independent; a target in the same page is chained.
#include "cpu/exec_table.h"
#include "cpu/stack.h"

// The target of a relative branch for an operand size: EIP and IP wrap.
static inline uint64_t target_rip(const struct cpu *c, const struct insn *i, unsigned bits)
{
    uint64_t rip = rip_after(c, i) + (uint64_t)(int64_t)(int32_t)i->imm;
    return bits == 64 ? rip : rip & (~(uint64_t)0 >> (64 - bits));
}

// Whether it lies beyond the code segment's limit or is not canonical: then the branch itself faults, with nothing
// committed.
static inline bool outside(const struct cpu *c, const struct insn *i, unsigned bits)
{
    uint64_t rip = target_rip(c, i, bits);
    return unlikely(bits == 64 ? !canonical(rip) : rip > c->s.seg[SEG_CS].limit);
}

static inline enum exec_result relative(struct cpu *c, const struct insn *i, unsigned bits)
{
    if (bits == 64) // branch_slow() looks whether the target is canonical
        return branch(c, i, i->index + 1u, i->ip + (int64_t)(int32_t)i->imm, 0);
    if (outside(c, i, bits))
        return fault_gp0(c, i);
    return branch(c, i, i->index + 1u, (int64_t)(target_rip(c, i, bits) - c->s.reg[REG_PAGE_RIP]), 0);
}

static inline enum exec_result fall_through(struct cpu *c, const struct insn *i)
{
    return branch(c, i, i->index + 1u, i->ip, 1);
}

#define BRANCHES(B)                                                                                                    \
    enum exec_result x_jcc_##B(struct cpu *c, const struct insn *i)                                                    \
    {                                                                                                                  \
        return condition(c, i->modrm) ? relative(c, i, B) : fall_through(c, i);                                        \
    }                                                                                                                  \
    enum exec_result x_jmp_Jz_##B(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return relative(c, i, B);                                                                                      \
    }
BRANCHES(16)
BRANCHES(32)
BRANCHES(64)

// Indirect and returning branches are looked up by the run loop. A target outside the address space is the branch's own
// fault (SDM vol. 3A, 6.15, #GP).
static inline enum exec_result jump_to(struct cpu *c, const struct insn *i, uint64_t rip)
{
    c->tick += i->index + 1u;
    c->s.rip = rip;
    return jump_indirect(c);
}

enum exec_result x_call_Jz_64(struct cpu *c, const struct insn *i)
{
    uint64_t sp = c->s.reg[RSP] - 8;
    if (outside(c, i, 64))
        return fault_gp0(c, i);
    TRY(store_at(c, i, sp, 8, rip_after(c, i)));
    c->s.reg[RSP] = sp;
    return relative(c, i, 64);
}

static enum exec_result call_relative(struct cpu *c, const struct insn *i, unsigned size)
{
    if (outside(c, i, 8 * size)) {
        TRY(stack_probe(c, i, -(int)size, size, FOR_WRITE));
        return fault_gp0(c, i);
    }
    TRY(stack_write(c, i, -(int)size, size, rip_after(c, i)));
    stack_move(c, -(int)size);
    return relative(c, i, 8 * size);
}

enum exec_result x_call_Jz_16(struct cpu *c, const struct insn *i)
{
    return call_relative(c, i, 2);
}
enum exec_result x_call_Jz_32(struct cpu *c, const struct insn *i)
{
    return call_relative(c, i, 4);
}

enum exec_result x_call_Ev_64(struct cpu *c, const struct insn *i)
{
    uint64_t rip = 0, sp = c->s.reg[RSP] - 8;
    TRY(push_operand_probe(c, i, 8));
    TRY(read_rm(c, i, 8, &rip));
    if (unlikely(!canonical(rip)))
        return fault_gp0(c, i);
    TRY(store_at(c, i, sp, 8, rip_after(c, i)));
    c->s.reg[RSP] = sp;
    return jump_to(c, i, rip);
}

static enum exec_result call_indirect(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t rip;
    TRY(push_operand_probe(c, i, size));
    TRY(read_rm(c, i, size, &rip));
    if (rip > c->s.seg[SEG_CS].limit)
        return fault_gp0(c, i);
    TRY(stack_write(c, i, -(int)size, size, rip_after(c, i)));
    stack_move(c, -(int)size);
    return jump_to(c, i, rip);
}

enum exec_result x_call_Ev_16(struct cpu *c, const struct insn *i)
{
    return call_indirect(c, i, 2);
}
enum exec_result x_call_Ev_32(struct cpu *c, const struct insn *i)
{
    return call_indirect(c, i, 4);
}

static inline enum exec_result jmp_indirect(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t rip = 0;
    TRY(read_rm(c, i, size, &rip));
    if (unlikely(size == 8 ? !canonical(rip) : rip > c->s.seg[SEG_CS].limit))
        return fault_gp0(c, i);
    return jump_to(c, i, rip);
}

enum exec_result x_jmp_Ev_16(struct cpu *c, const struct insn *i)
{
    return jmp_indirect(c, i, 2);
}
enum exec_result x_jmp_Ev_32(struct cpu *c, const struct insn *i)
{
    return jmp_indirect(c, i, 4);
}
enum exec_result x_jmp_Ev_64(struct cpu *c, const struct insn *i)
{
    return jmp_indirect(c, i, 8);
}

enum exec_result x_ret_64(struct cpu *c, const struct insn *i)
{
    uint64_t rip;
    TRY(load_at(c, i, c->s.reg[RSP], 8, &rip));
    if (unlikely(!canonical(rip)))
        return fault_gp0(c, i);
    c->s.reg[RSP] += 8;
    return jump_to(c, i, rip);
}

static enum exec_result ret(struct cpu *c, const struct insn *i, unsigned size, unsigned extra)
{
    TRY(stack_read(c, i, 0, size));
    uint64_t rip = c->mem_value;
    if (size == 8 ? !canonical(rip) : rip > c->s.seg[SEG_CS].limit)
        return fault_gp0(c, i);
    stack_move(c, (int)(size + extra));
    return jump_to(c, i, rip);
}

enum exec_result x_ret_16(struct cpu *c, const struct insn *i)
{
    return ret(c, i, 2, 0);
}
enum exec_result x_ret_32(struct cpu *c, const struct insn *i)
{
    return ret(c, i, 4, 0);
}
enum exec_result x_ret_Iw_16(struct cpu *c, const struct insn *i)
{
    return ret(c, i, 2, i->imm);
}
enum exec_result x_ret_Iw_32(struct cpu *c, const struct insn *i)
{
    return ret(c, i, 4, i->imm);
}
enum exec_result x_ret_Iw_64(struct cpu *c, const struct insn *i)
{
    return ret(c, i, 8, i->imm);
}

// The counter of LOOP and JCXZ has the address size.
static uint64_t counter(const struct cpu *c, const struct insn *i)
{
    uint64_t v = c->s.reg[RCX];
    return i->flags & INSN_ASIZE64 ? v : i->flags & INSN_ASIZE32 ? (uint32_t)v : (uint16_t)v;
}

static enum exec_result relative_by_size(struct cpu *c, const struct insn *i)
{
    return relative(c, i, 8u * i->opsize);
}

enum exec_result x_loop(struct cpu *c, const struct insn *i)
{
    uint64_t mask = i->flags & INSN_ASIZE64 ? ~(uint64_t)0 : i->flags & INSN_ASIZE32 ? 0xffffffffu : 0xffffu;
    uint64_t v = (counter(c, i) - 1) & mask;
    bool taken = v != 0;
    if (i->modrm == 0xe0)
        taken &= !flag_z(c);
    else if (i->modrm == 0xe1)
        taken &= flag_z(c);
    if (taken && outside(c, i, 8u * i->opsize))
        return fault_gp0(c, i);
    c->s.reg[RCX] = mask == 0xffff ? (c->s.reg[RCX] & ~mask) | v : v;
    return taken ? relative_by_size(c, i) : fall_through(c, i);
}

enum exec_result x_jcxz(struct cpu *c, const struct insn *i)
{
    return counter(c, i) == 0 ? relative_by_size(c, i) : fall_through(c, i);
}
