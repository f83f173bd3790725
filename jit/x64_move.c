// Translation of moves, bit operations and the stack.
#include "jit/x64_tr.h"

// ---- moves and bits
// ----

bool tr_mov_eg(struct tr *t, const struct insn *i, unsigned size, bool to_reg)
{
    struct emit *e = &t->e;
    unsigned d, s;
    if (!(i->flags & INSN_MEM)) {
        unsigned to = to_reg ? i->reg : i->rm, from = to_reg ? i->rm : i->reg;
        if (size >= 4) {
            s = tr_read_reg(t, from, HSI);
            d = tr_write_reg(to, HDI);
        } else if (!tr_pair(t, size, to, from, &d, &s)) {
            return false;
        }
        emit_rr(e, size == 1 ? 0x8a : 0x8b, width(size), d, s);
        tr_done(t, size, to, d);
        return true;
    }
    struct mem m;
    if (!tr_operand(t, i, size, !to_reg, &m))
        return false;
    if (!to_reg || size < 4) {
        if (!tr_beside(t, size, i->reg, &m, &d))
            return false;
    } else {
        d = tr_write_reg(i->reg, HSI);
    }
    emit_rm(e, (to_reg ? 0x8a : 0x88) + (size != 1), width(size), d, m);
    if (to_reg)
        tr_done(t, size, i->reg, d);
    return true;
}

bool tr_mov_ei(struct tr *t, const struct insn *i, unsigned size)
{
    struct emit *e = &t->e;
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, true, &m))
            return false;
        emit_rm(e, size == 1 ? 0xc6 : 0xc7, width(size) & ~(unsigned)X_BYTE_REG, 0, m);
        tr_immediate(e, size, i->imm);
        return true;
    }
    unsigned d;
    if (size >= 4) {
        d = tr_write_reg(i->rm, HDI);
        mov_imm(e, d, size == 8 ? (uint64_t)(int64_t)(int32_t)i->imm : i->imm);
    } else {
        if (!tr_reg_operand(t, size, i->rm, HDI, &d))
            return false;
        emit_rr(e, size == 1 ? 0xc6 : 0xc7, width(size) & ~(unsigned)X_BYTE_REG, 0, d);
        tr_immediate(e, size, i->imm);
    }
    tr_done(t, size, i->rm, d);
    return true;
}

bool tr_extend(struct tr *t, const struct insn *i, unsigned opcode, unsigned from)
{
    struct emit *e = &t->e;
    unsigned size = i->opsize, w = width(size), s, d = tr_write_reg(i->reg, HSI);
    if (size == 2)
        return false;
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, from, false, &m))
            return false;
        emit_rm(e, opcode, w, d, m);
    } else {
        if (!tr_reg_operand(t, from, i->rm, HDI, &s))
            return false;
        if (s & HIGH && (d >= 8 || size == 8))
            return false;
        emit_rr(e, opcode, w | (from == 1 ? X_BYTE_RM : 0u), d, s);
    }
    tr_done_reg(t, i->reg, d);
    return true;
}

bool tr_lea(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    unsigned size = i->opsize, d;
    bool wide = i->flags & INSN_ASIZE64;
    if (size == 2 || !(i->flags & (INSN_ASIZE64 | INSN_ASIZE32)))
        return false;
    if (!tr_plain(i) || i->ea == EA_RIP_FAR)
        return false;
    unsigned base = NO_BASE, index = HSP;
    if (i->base != REG_ZERO) {
        if (i->base < 16 && host_of[i->base] != NOWHERE)
            base = (unsigned)host_of[i->base];
        else
            mov_load(e, X_64, base = HSI, slot(i->base));
    }
    if (i->idx != REG_ZERO) {
        if (i->idx < 16 && host_of[i->idx] != NOWHERE)
            index = (unsigned)host_of[i->idx];
        else
            mov_load(e, X_64, index = HDI, slot(i->idx));
    }
    d = tr_write_reg(i->reg, HSI);
    if (base == NO_BASE && index == HSP)
        mov_imm(e, d, size == 8 && wide ? (uint64_t)(int64_t)i->disp : (uint32_t)i->disp);
    else
        emit_rm(e, 0x8d, size == 8 && wide ? X_64 : X_32, d,
                (struct mem){(uint8_t)base, (uint8_t)index, i->scale, i->disp});
    tr_done_reg(t, i->reg, d);
    return true;
}

bool tr_xchg(struct tr *t, unsigned size, unsigned a, unsigned b)
{
    unsigned x, y;
    if (size < 4 || a == b)
        return false;
    x = tr_read_reg(t, a, HDI);
    y = tr_read_reg(t, b, HSI);
    if (size == 4) {
        mov_rr(&t->e, X_32, x, x);
        mov_rr(&t->e, X_32, y, y);
    }
    emit_rr(&t->e, 0x87, width(size), x, y);
    tr_done_reg(t, a, x);
    tr_done_reg(t, b, y);
    return true;
}

bool tr_setcc(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    unsigned cc = i->modrm & 15, d;
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, 1, true, &m))
            return false;
        cc = tr_condition_code(t, cc);
        emit_rm(e, X_0F | 0x90 | cc, 0, 0, m);
        return true;
    }
    if (!tr_byte_reg(t, i->rm, HDI, &d))
        return false;
    cc = tr_condition_code(t, cc);
    emit_rr(e, X_0F | 0x90 | cc, X_BYTE_RM, 0, d);
    tr_done_byte(t, i->rm, d);
    return true;
}

bool tr_cmov(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    unsigned size = i->opsize, cc = i->modrm & 15, d, s;
    if (size == 2)
        return false;
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, false, &m))
            return false;
        d = tr_read_beside(t, i->reg, &m);
        cc = tr_condition_code(t, cc);
        emit_rm(e, X_0F | 0x40 | cc, width(size), d, m);
    } else {
        s = tr_read_reg(t, i->rm, HSI);
        d = tr_read_reg(t, i->reg, HDI);
        cc = tr_condition_code(t, cc);
        emit_rr(e, X_0F | 0x40 | cc, width(size), d, s);
    }
    tr_done_reg(t, i->reg, d);
    return true;
}

bool tr_bit_test(struct tr *t, const struct insn *i, unsigned n, bool by_imm)
{
    struct emit *e = &t->e;
    unsigned size = i->opsize, d, s;
    if (size == 2 || (i->flags & INSN_MEM && !by_imm))
        return false;
    tr_clobber(t);
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, n != 4, &m))
            return false;
        emit_rm(e, X_0F | 0xba, width(size), n, m);
        emit_byte(e, i->imm & (8 * size - 1));
    } else if (by_imm) {
        d = tr_read_reg(t, i->rm, HDI);
        emit_rr(e, X_0F | 0xba, width(size), n, d);
        emit_byte(e, i->imm & 0xff);
        if (n != 4)
            tr_done_reg(t, i->rm, d);
    } else {
        d = tr_read_reg(t, i->rm, HDI);
        s = tr_read_reg(t, i->reg, HSI);
        emit_rr(e, X_0F | 0x83 | n << 3, width(size), s, d);
        if (n != 4)
            tr_done_reg(t, i->rm, d);
    }
    // CF into bit 8 of AX: setc sil; and ah, FEh; or ah, sil needs a move
    emit_rr(e, X_0F | 0x92, X_BYTE_RM, 0, HSI);   // setc sil
    emit_rr(e, X_0F | 0xb6, X_BYTE_RM, HSI, HSI); // movzx esi, sil
    shift_imm(e, X_32, 4, HSI, 8);                // shl esi, 8
    emit_rr(e, 0x81, X_32, 4, HAX);               // and eax, ~100h
    emit_u32(e, 0xfffffeff);
    emit_rr(e, 0x0b, X_32, HAX, HSI); // or eax, esi
    return true;
}

bool tr_bit_scan(struct tr *t, const struct insn *i, unsigned opcode)
{
    struct emit *e = &t->e;
    unsigned size = i->opsize, d;
    if (size == 2)
        return false;
    tr_clobber(t);
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, false, &m))
            return false;
        mov_load(e, width(size), HDI, m);
    } else {
        mov_rr(e, width(size), HDI, tr_read_reg(t, i->rm, HDI));
    }
    emit_rr(e, 0x85, width(size), HDI, HDI);
    tr_slow_jump(t, CC_Z);
    d = tr_write_reg(i->reg, HSI);
    emit_rr(e, X_0F | opcode, width(size), d, HDI);
    tr_done_reg(t, i->reg, d);
    emit_rr(e, 0x81, X_32, 4, HAX); // and eax, ~4000h
    emit_u32(e, 0xffffbfff);
    return true;
}

// ---- the stack
// ----

unsigned tr_stack_size(const struct tr *t)
{
    return t->long_mode ? 8 : 4;
}

void tr_stack_add(struct tr *t, int by)
{
    unsigned sp = (unsigned)host_of[RSP];
    emit_rm(&t->e, 0x8d, t->long_mode ? X_64 : X_32, sp, (struct mem){(uint8_t)sp, HSP, 0, by});
}

struct mem tr_push_place(struct tr *t)
{
    unsigned size = tr_stack_size(t);
    struct mem m;
    if (tr_window(t, RSP, -(int)size, size, true, &m))
        return m;
    tr_clobber(t);
    emit_rm(&t->e, 0x8d, width(size), HSI, (struct mem){(uint8_t)host_of[RSP], HSP, 0, -(int)size});
    return tr_lookup(t, size, true, false);
}

struct mem tr_pop_place(struct tr *t)
{
    unsigned size = tr_stack_size(t);
    struct mem m;
    if (tr_window(t, RSP, 0, size, false, &m))
        return m;
    tr_clobber(t);
    mov_rr(&t->e, width(size), HSI, (unsigned)host_of[RSP]);
    return tr_lookup(t, size, false, false);
}

bool tr_push_reg(struct tr *t, unsigned g)
{
    struct mem m = tr_push_place(t);
    unsigned r = tr_read_beside(t, g, &m);
    mov_store(&t->e, width(tr_stack_size(t)), m, r);
    tr_stack_add(t, -(int)tr_stack_size(t));
    return true;
}

bool tr_pop_reg(struct tr *t, unsigned g)
{
    struct mem m = tr_pop_place(t);
    unsigned d = tr_write_reg(g, HSI);
    mov_load(&t->e, width(tr_stack_size(t)), d, m);
    if (g != RSP)
        tr_stack_add(t, (int)tr_stack_size(t));
    tr_done_reg(t, g, d);
    return true;
}

bool tr_push_imm(struct tr *t, uint32_t imm)
{
    struct mem m = tr_push_place(t);
    emit_rm(&t->e, 0xc7, width(tr_stack_size(t)), 0, m);
    emit_u32(&t->e, imm);
    tr_stack_add(t, -(int)tr_stack_size(t));
    return true;
}

bool tr_push_mem(struct tr *t, const struct insn *i)
{
    unsigned w = width(tr_stack_size(t));
    struct mem m;
    if (!tr_operand(t, i, tr_stack_size(t), false, &m))
        return false;
    mov_load(&t->e, w, HSI, m);
    mov_store(&t->e, X_64, CPU(engine.word), HSI);
    m = tr_push_place(t);
    tr_collapse(t, &m);
    mov_load(&t->e, X_64, HSI, CPU(engine.word));
    mov_store(&t->e, w, m, HSI);
    tr_stack_add(t, -(int)tr_stack_size(t));
    return true;
}

bool tr_leave_frame(struct tr *t)
{
    unsigned size = tr_stack_size(t), bp = (unsigned)host_of[RBP], sp = (unsigned)host_of[RSP];
    tr_clobber(t);
    mov_rr(&t->e, width(size), HSI, bp);
    struct mem m = tr_lookup(t, size, false, false);
    emit_rm(&t->e, 0x8d, width(size), sp, (struct mem){(uint8_t)bp, HSP, 0, (int)size});
    mov_load(&t->e, width(size), bp, m);
    return true;
}
