// Translation of integer arithmetic.
#include "jit/x64_tr.h"

static unsigned alu_opcode(unsigned op)
{
    return op == OP_TEST ? 0x84 : op << 3;
}

static void before_alu(struct tr *t, unsigned op)
{
    if (op == OP_ADC || op == OP_SBB)
        tr_restore_carry(t);
}

bool tr_alu_eg(struct tr *t, const struct insn *i, unsigned op, unsigned size, bool to_reg)
{
    struct emit *e = &t->e;
    unsigned opcode = alu_opcode(op) + (size != 1), reg, rm;
    bool writes = op != OP_CMP && op != OP_TEST;
    if (!(i->flags & INSN_MEM)) {
        unsigned to = to_reg ? i->reg : i->rm, from = to_reg ? i->rm : i->reg;
        if (!tr_pair(t, size, to, from, &rm, &reg))
            return false;
        before_alu(t, op);
        emit_rr(e, opcode, width(size), reg, rm);
        if (writes)
            tr_done(t, size, to, rm);
        tr_produced(t);
        return true;
    }
    struct mem m;
    if (!tr_operand(t, i, size, writes && !to_reg, &m))
        return false;
    if (!tr_beside(t, size, i->reg, &m, &reg))
        return false;
    before_alu(t, op);
    emit_rm(e, opcode + (to_reg ? 2 : 0), width(size), reg, m);
    if (writes && to_reg)
        tr_done(t, size, i->reg, reg);
    tr_produced(t);
    return true;
}

bool tr_alu_ei(struct tr *t, const struct insn *i, unsigned op, unsigned size)
{
    struct emit *e = &t->e;
    bool writes = op != OP_CMP && op != OP_TEST;
    int32_t imm = (int32_t)i->imm;
    bool small = op != OP_TEST && size != 1 && imm >= -128 && imm < 128;
    if (size == 2)
        small = op != OP_TEST && (int16_t)imm >= -128 && (int16_t)imm < 128;
    unsigned opcode = op == OP_TEST ? (size == 1 ? 0xf6 : 0xf7)
                      : size == 1   ? 0x80
                      : small       ? 0x83
                                    : 0x81,
             n = op == OP_TEST ? 0 : op;
    if (!(i->flags & INSN_MEM)) {
        unsigned rm;
        if (!tr_reg_operand(t, size, i->rm, HDI, &rm))
            return false;
        before_alu(t, op);
        emit_rr(e, opcode, width(size) & ~(unsigned)X_BYTE_REG, n, rm);
        tr_immediate(e, small ? 1 : size, i->imm);
        if (writes)
            tr_done(t, size, i->rm, rm);
    } else {
        struct mem m;
        if (!tr_operand(t, i, size, writes, &m))
            return false;
        before_alu(t, op);
        emit_rm(e, opcode, width(size) & ~(unsigned)X_BYTE_REG, n, m);
        tr_immediate(e, small ? 1 : size, i->imm);
    }
    tr_produced(t);
    return true;
}

bool tr_unary(struct tr *t, const struct insn *i, unsigned size, unsigned opcode, unsigned n)
{
    struct emit *e = &t->e;
    bool keeps_carry = opcode >= 0xfe, is_not = !keeps_carry && n == 2;
    if (!(i->flags & INSN_MEM)) {
        unsigned rm;
        if (!tr_reg_operand(t, size, i->rm, HDI, &rm))
            return false;
        if (keeps_carry)
            tr_restore_carry(t);
        emit_rr(e, opcode, width(size) & ~(unsigned)X_BYTE_REG, n, rm);
        tr_done(t, size, i->rm, rm);
    } else {
        struct mem m;
        if (!tr_operand(t, i, size, true, &m))
            return false;
        if (keeps_carry)
            tr_restore_carry(t);
        emit_rm(e, opcode, width(size) & ~(unsigned)X_BYTE_REG, n, m);
    }
    if (!is_not)
        tr_produced(t);
    return true;
}

static enum host_shift host_shift(const struct tr *t, unsigned n, unsigned size)
{
    return t->j->shift[n][size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3];
}

// After a shift by a count that was not zero: AF is clear by the table.
static void shifted(struct tr *t, enum host_shift host, bool dead)
{
    tr_produced(t);
    if (host == HOST_SETS_AF && !dead) {
        tr_save_flags(t);
        emit_rm(&t->e, 0x8d, X_32, HAX, (struct mem){HAX, HSP, 0, -0x1000});
        t->but_af = true;
    }
}

bool tr_shift(struct tr *t, const struct insn *i, unsigned size, unsigned n, bool by_one)
{
    struct emit *e = &t->e;
    unsigned count = by_one ? 1 : i->imm & (size == 8 ? 63 : 31);
    bool rotate = n < 4, dead;
    if (count == 0 || n == 2 || n == 3 || (size < 4 && count >= 8 * size))
        return false;
    enum host_shift host = host_shift(t, n, size);
    dead = tr_flags_dead(t);
    if (host == HOST_DIFFERS && !dead)
        return false;
    struct mem m;
    unsigned rm = 0;
    bool memory = i->flags & INSN_MEM;
    if (memory ? !tr_operand(t, i, size, true, &m) : !tr_reg_operand(t, size, i->rm, HDI, &rm))
        return false;
    if (rotate && !dead)
        tr_restore_flags(t);
    unsigned w = width(size) & ~(unsigned)X_BYTE_REG, opcode = (by_one ? 0xd0 : 0xc0) + (size != 1);
    if (memory)
        emit_rm(e, opcode, w, n, m);
    else
        emit_rr(e, opcode, w, n, rm);
    if (!by_one)
        emit_byte(e, count);
    if (!memory)
        tr_done(t, size, i->rm, rm);
    if (rotate)
        tr_produced(t);
    else
        shifted(t, host, dead);
    return true;
}

bool tr_shift_cl(struct tr *t, const struct insn *i, unsigned size, unsigned n)
{
    struct emit *e = &t->e;
    enum host_shift host = host_shift(t, n, size);
    bool dead = tr_flags_dead(t);
    if (n < 4 || size < 4 || i->flags & INSN_MEM || (host == HOST_DIFFERS && !dead))
        return false;
    if (dead && t->j->has_bmi2) {
        // shlx, shrx, sarx: no flags at all
        unsigned rm = tr_read_reg(t, i->rm, HDI), to = tr_write_reg(i->rm, HDI);
        unsigned pp = n == 5 ? 3 : n == 7 ? 2 : 1; // F2, F3, 66
        emit_byte(e, 0xc4);
        emit_byte(e, (~(to >> 3) & 1) << 7 | 1u << 6 | (~(rm >> 3) & 1) << 5 | 2);
        emit_byte(e, (size == 8 ? 0x80u : 0) | (~(unsigned)HCX & 15) << 3 | pp);
        emit_byte(e, 0xf7);
        emit_byte(e, 0xc0 | (to & 7) << 3 | (rm & 7));
        tr_done_reg(t, i->rm, to);
        return true;
    }
    tr_clobber(t);
    unsigned rm = tr_read_reg(t, i->rm, HDI);
    emit_rr(e, 0xf6, X_BYTE | X_BYTE_RM, 0, HCX); // test cl, 31 or 63
    emit_byte(e, size == 8 ? 63 : 31);
    uint32_t skip = emit_jump(e, CC_Z);
    emit_rr(e, 0xd3, width(size), n, rm);
    emit_byte(e, 0x9f);
    emit_rr(e, X_0F | 0x90, 0, 0, HAX);
    if (host == HOST_SETS_AF)
        emit_rm(e, 0x8d, X_32, HAX, (struct mem){HAX, HSP, 0, -0x1000});
    if (size == 4) {
        // A count of zero clears the upper half, too.
        uint32_t over = emit_jump(e, ALWAYS);
        if (!e->full)
            emit_patch(e->base, skip, e->at);
        mov_rr(e, X_32, rm, rm);
        if (!e->full)
            emit_patch(e->base, over, e->at);
    } else if (!e->full) {
        emit_patch(e->base, skip, e->at);
    }
    tr_done_reg(t, i->rm, rm);
    return true;
}

// After a multiplication: OF and CF are right, SF ZF PF come from the product in `reg`, AF is clear.
static void multiplied(struct tr *t, unsigned size, unsigned reg)
{
    struct emit *e = &t->e;
    tr_produced(t);
    if (tr_flags_dead(t))
        return;
    emit_rr(e, X_0F | 0x90, 0, 0, HAX);      // seto al
    emit_rr(e, 0x85, width(size), reg, reg); // test
    emit_byte(e, 0x9f);                      // lahf
    emit_byte(e, 0x08);                      // or ah, al: CF = OF
    emit_byte(e, 0xc4);
    t->in_ax = true;
    t->in_host = false;
}

bool tr_imul_to(struct tr *t, const struct insn *i, unsigned size, bool has_imm)
{
    struct emit *e = &t->e;
    unsigned to = tr_write_reg(i->reg, HSI), rm = 0;
    struct mem m;
    bool memory = i->flags & INSN_MEM;
    if (size == 2)
        return false;
    if (memory) {
        if (!tr_operand(t, i, size, false, &m))
            return false;
        if (host_of[i->reg] == NOWHERE)
            tr_collapse(t, &m);
    } else {
        rm = tr_read_reg(t, i->rm, HDI);
    }
    if (!has_imm)
        to = tr_read_reg(t, i->reg, HSI);
    unsigned opcode = has_imm ? 0x69u : X_0F | 0xaf;
    if (memory)
        emit_rm(e, opcode, width(size), to, m);
    else
        emit_rr(e, opcode, width(size), to, rm);
    if (has_imm)
        emit_u32(e, i->imm);
    tr_done_reg(t, i->reg, to);
    multiplied(t, size, to);
    return true;
}

bool tr_multiply(struct tr *t, const struct insn *i, unsigned size, unsigned n)
{
    struct emit *e = &t->e;
    struct mem m;
    unsigned rm = 0;
    bool memory = i->flags & INSN_MEM;
    if (size < 4)
        return false;
    if (memory) {
        if (!tr_operand(t, i, size, false, &m))
            return false;
    } else {
        rm = tr_read_reg(t, i->rm, HDI);
    }
    mov_rr(e, X_64, HAX, (unsigned)host_of[RAX]);
    if (memory)
        emit_rm(e, 0xf7, width(size), n, m);
    else
        emit_rr(e, 0xf7, width(size), n, rm);
    mov_rr(e, X_64, (unsigned)host_of[RAX], HAX);
    multiplied(t, size, (unsigned)host_of[RAX]);
    return true;
}

bool tr_divide(struct tr *t, const struct insn *i, unsigned size, unsigned n)
{
    struct emit *e = &t->e;
    unsigned w = width(size), ax = (unsigned)host_of[RAX];
    if (size < 4)
        return false;
    tr_clobber(t);
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, false, &m))
            return false;
        mov_load(e, w, HDI, m);
    } else {
        mov_rr(e, w, HDI, tr_read_reg(t, i->rm, HDI));
    }
    if (n == 6) {
        emit_rr(e, 0x3b, w, HDX, HDI); // the quotient fits if the upper half is less than the divisor
        tr_slow_jump(t, CC_NC);
    } else {
        // The upper half is the sign of the lower one, and the divisor neither 0 nor -1.
        mov_rr(e, w, HSI, ax);
        shift_imm(e, w, 7, HSI, 8 * size - 1);
        emit_rr(e, 0x3b, w, HSI, HDX);
        tr_slow_jump(t, CC_NZ);
        emit_rm(e, 0x8d, w, HSI, (struct mem){HDI, HSP, 0, 1});
        group1(e, w, 7, HSI, 1);
        tr_slow_jump(t, 6); // below or equal
    }
    mov_rr(e, X_64, HSI, HAX);
    mov_rr(e, X_64, HAX, ax);
    emit_rr(e, 0xf7, w, n, HDI);
    mov_rr(e, X_64, ax, HAX);
    mov_rr(e, X_32, HAX, HSI);
    return true;
}
