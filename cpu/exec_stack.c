// The stack (SDM vol. 2): PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE. The 64-bit forms exist in 64-bit mode
// only, where the stack is flat, so they are direct; the others go through SS.
#include "cpu/exec_table.h"
#include "cpu/stack.h"

enum exec_result x_push_Zv_64(struct cpu *c, const struct insn *i)
{
    uint64_t sp = c->s.reg[RSP] - 8;
    TRY(store_at(c, i, sp, 8, c->s.reg[i->reg]));
    c->s.reg[RSP] = sp;
    return next(c, i);
}

enum exec_result x_pop_Zv_64(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load_at(c, i, c->s.reg[RSP], 8, &v));
    c->s.reg[RSP] += 8;
    c->s.reg[i->reg] = v;
    return next(c, i);
}

static enum exec_result push(struct cpu *c, const struct insn *i, unsigned size, uint64_t v)
{
    TRY(stack_write(c, i, -(int)size, size, v));
    stack_move(c, -(int)size);
    return next(c, i);
}

enum exec_result x_push_Zv_16(struct cpu *c, const struct insn *i)
{
    return push(c, i, 2, get16(c, i->reg));
}
enum exec_result x_push_Zv_32(struct cpu *c, const struct insn *i)
{
    return push(c, i, 4, get32(c, i->reg));
}

static enum exec_result pop_reg(struct cpu *c, const struct insn *i, unsigned size)
{
    TRY(stack_read(c, i, 0, size));
    uint64_t v = c->mem_value;
    stack_move(c, (int)size);
    set_reg(c, i->reg, size, v);
    return next(c, i);
}

enum exec_result x_pop_Zv_16(struct cpu *c, const struct insn *i)
{
    return pop_reg(c, i, 2);
}
enum exec_result x_pop_Zv_32(struct cpu *c, const struct insn *i)
{
    return pop_reg(c, i, 4);
}

enum exec_result x_push_Iz(struct cpu *c, const struct insn *i)
{
    return push(c, i, i->opsize, (uint64_t)(int64_t)(int32_t)i->imm);
}

enum exec_result x_push_Ev(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(push_operand_probe(c, i, i->opsize));
    TRY(read_rm(c, i, i->opsize, &v));
    return push(c, i, i->opsize, v);
}

enum exec_result x_pop_Ev(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize;
    TRY(stack_read(c, i, 0, size));
    uint64_t v = c->mem_value, sp = c->s.reg[RSP];
    // An address based on RSP uses the value after the pop.
    stack_move(c, (int)size);
    uint64_t after = c->s.reg[RSP];
    enum exec_result r = write_rm(c, i, size, v);
    if (r != EXEC_NEXT) {
        c->s.reg[RSP] = sp;
        return r;
    }
    if (i->flags & INSN_MEM)
        c->s.reg[RSP] = after;
    return next(c, i);
}

enum exec_result x_pusha(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize;
    for (unsigned n = 0; n < 8; n++)
        TRY(stack_probe(c, i, -(int)((n + 1) * size), size, FOR_WRITE));
    for (unsigned n = 0; n < 8; n++)
        TRY(stack_write(c, i, -(int)((n + 1) * size), size, get_reg(c, n, size)));
    stack_move(c, -8 * (int)size);
    return next(c, i);
}

enum exec_result x_popa(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize;
    uint64_t v[8];
    TRY(stack_probe_each(c, i, 8, size, FOR_READ));
    for (unsigned n = 0; n < 8; n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        v[7 - n] = c->mem_value;
    }
    stack_move(c, 8 * (int)size);
    for (unsigned n = 0; n < 8; n++)
        if (n != RSP)
            set_reg(c, n, size, v[n]);
    return next(c, i);
}

enum exec_result x_pushf(struct cpu *c, const struct insn *i)
{
    uint64_t flags = cpu_rflags(c) & ~(uint64_t)(F_VM | F_RF);
    if (c->mode & MODE_VM && (flags & F_IOPL) != F_IOPL) {
        if (!(c->s.cr4 & CR4_VME) || i->opsize != 2)
            return fault_gp0(c, i);
        // The program sees VIF as its IF, and IOPL as 3.
        flags = (flags & ~(uint64_t)F_IF) | F_IOPL | (flags & F_VIF ? F_IF : 0);
    }
    return push(c, i, i->opsize, flags);
}

enum exec_result x_popf(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize, iopl = (unsigned)(c->s.rflags >> 12 & 3);
    bool virtual = c->mode & MODE_VM && iopl != 3;
    if (virtual && (!(c->s.cr4 & CR4_VME) || size != 2))
        return fault_gp0(c, i);
    TRY(stack_read(c, i, 0, size));
    uint64_t v = c->mem_value, mask = F_ARITH | F_TF | F_DF | F_NT;
    if (virtual) {
        if (v & F_TF || (v & F_IF && c->s.rflags & F_VIP))
            return fault_gp0(c, i);
        v |= v & F_IF ? F_VIF : 0;
        mask |= F_VIF;
    }
    stack_move(c, (int)size);
    if (size > 2)
        mask |= F_AC | F_ID | F_RF; // RF is cleared
    if (c->cpl <= iopl)
        mask |= F_IF;
    if (c->cpl == 0)
        mask |= F_IOPL;
    flags_write(c, v & ~(uint64_t)F_RF, mask);
    return leave(c, i);
}

enum exec_result x_leave_64(struct cpu *c, const struct insn *i)
{
    uint64_t v, bp = c->s.reg[RBP];
    TRY(load_at(c, i, bp, 8, &v));
    c->s.reg[RSP] = bp + 8;
    c->s.reg[RBP] = v;
    return next(c, i);
}

static enum exec_result leave_frame(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t mask = stack_mask(c), bp = c->s.reg[RBP] & mask;
    TRY(segment_linear(c, i, SEG_SS, bp, size, FOR_READ));
    uint64_t v;
    TRY(load_at(c, i, c->mem_value, size, &v));
    stack_set(c, bp + size);
    set_reg(c, RBP, size, v);
    return next(c, i);
}

enum exec_result x_leave_16(struct cpu *c, const struct insn *i)
{
    return leave_frame(c, i, 2);
}
enum exec_result x_leave_32(struct cpu *c, const struct insn *i)
{
    return leave_frame(c, i, 4);
}

enum exec_result x_enter(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize, alloc = i->imm, level = (unsigned)i->disp & 31;
    uint64_t mask = stack_mask(c), bp = c->s.reg[RBP];
    int words = 1 + (int)level;
    // All accesses in their order, without effect; then again with effect.
    TRY(stack_probe(c, i, -(int)size, size, FOR_WRITE));
    for (unsigned n = 1; n < level; n++) {
        TRY(segment_linear(c, i, SEG_SS, (bp - n * size) & mask, size, FOR_READ));
        TRY(probe_access(c, i, c->mem_value, size, FOR_READ));
        TRY(stack_probe(c, i, -(int)((n + 1) * size), size, FOR_WRITE));
    }
    if (level)
        TRY(stack_probe(c, i, -words * (int)size, size, FOR_WRITE));
    // The new top must be writable too, as the next push would.
    TRY(stack_probe(c, i, -(words * (int)size + (int)alloc), size, FOR_WRITE));
    TRY(stack_write(c, i, -(int)size, size, bp));
    // With a 16-bit stack only SP moves: the upper half of the frame pointer is ESP's.
    uint64_t frame = (c->s.reg[RSP] & ~mask) | ((c->s.reg[RSP] - size) & mask);
    for (unsigned n = 1; n < level; n++) {
        TRY(segment_linear(c, i, SEG_SS, (bp - n * size) & mask, size, FOR_READ));
        uint64_t v;
        TRY(load_at(c, i, c->mem_value, size, &v));
        TRY(stack_write(c, i, -(int)((n + 1) * size), size, v));
    }
    if (level)
        TRY(stack_write(c, i, -words * (int)size, size, frame));
    stack_move(c, -(words * (int)size + (int)alloc));
    set_reg(c, RBP, size, frame);
    return next(c, i);
}
