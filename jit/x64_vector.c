// Translation of SSE instructions whose result every processor defines in the same way, and of POPCNT.
#include "jit/x64_tr.h"

enum { OPND_NONE, OPND_XMM, OPND_GPR, OPND_BAD };

static unsigned operand_class(unsigned code)
{
    switch (code) {
    case Vx:
    case Vd:
    case Vq:
    case Wx:
    case Wd:
    case Wq:
    case Ux:
    case Uq:
        return OPND_XMM;
    case Gd:
    case Gy:
    case Gq:
    case Eb:
    case Ew:
    case Ed:
    case Eq:
    case Ey:
        return OPND_GPR;
    case Ib:
    case NO:
    case M:
    case Mb:
    case Mw:
    case Md:
    case Mq:
    case Mdq:
        return OPND_NONE;
    default:
        return OPND_BAD;
    }
}

static unsigned memory_size(const struct insn *i, unsigned code)
{
    switch (code) {
    case Wx:
    case M:
    case Mdq:
        return 16;
    case Wq:
    case Mq:
    case Eq:
        return 8;
    case Wd:
    case Md:
    case Ed:
        return 4;
    case Ew:
    case Mw:
        return 2;
    case Eb:
    case Mb:
        return 1;
    case Ey:
        return i->opsize == 8 ? 8 : 4;
    default:
        return 0;
    }
}

static bool host_has(const struct jit *j, unsigned feature)
{
    switch (feature) {
    case FEAT_SSE:
    case FEAT_SSE2:
        return true;
    case FEAT_SSE3:
        return j->has_sse3;
    case FEAT_SSSE3:
        return j->has_ssse3;
    case FEAT_SSE41:
        return j->has_sse41;
    case FEAT_SSE42:
        return j->has_sse42;
    case FEAT_AES:
        return j->has_aes;
    case FEAT_PCLMULQDQ:
        return j->has_pclmul;
    default:
        return false;
    }
}

bool tr_vector(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    const struct insn_row *r = tr_row_of(i);
    if (!(r->attr & A_SSE) || r->implicit_read || r->implicit_written || !host_has(t->j, r->feature))
        return false;
    if (r->map == MAP_0F) {
        if (r->opcode == 0x52 || r->opcode == 0x53 || r->opcode == 0xae || r->opcode == 0xf7)
            return false; // approximations, MXCSR, MASKMOVDQU
    } else if (r->map == MAP_0F3A) {
        if (r->opcode == 0x40 || r->opcode == 0x41 || (r->opcode >= 0x60 && r->opcode <= 0x63))
            return false; // DPPS, DPPD; strings
    } else if (r->map != MAP_0F38) {
        return false;
    }
    if (r->flags_written && r->flags_written != F_ARITH)
        return false;
    unsigned rm_code = NO, gpr = 0, wide = 0;
    bool imm = false;
    for (unsigned n = 0; n < 3; n++) {
        unsigned code = r->op[n], cls = operand_class(code);
        if (cls == OPND_BAD)
            return false;
        if (code == Ib)
            imm = true;
        else if (code == Vx || code == Vd || code == Vq || code == Gd || code == Gy || code == Gq) {
            if (cls == OPND_GPR)
                gpr |= 1;
        } else if (code != NO) {
            // PSxx Ux, Ib: the register is in rm, the field is the extension.
            rm_code = code;
            if (cls == OPND_GPR)
                gpr |= 2;
        }
        if ((code == Gy || code == Ey || code == Gq || code == Eq) && i->opsize == 8)
            wide = X_64;
    }
    bool extension = r->ext >= 0 && (r->ext & 7) != 0 && r->op[0] == Ux && r->op[1] == Ib;
    if (r->ext >= 0 && !extension && !(r->ext & (EXT_ANYREG | EXT_ANYMEM)))
        return false;
    static const uint32_t prefix[] = {[P_ANY] = 0, [P_NONE] = 0, [P_66] = X_66, [P_F3] = X_F3, [P_F2] = X_F2};
    if (r->prefix > P_F2)
        return false;
    unsigned opcode = prefix[r->prefix] | (r->map == MAP_0F ? X_0F : r->map == MAP_0F38 ? X_0F38 : X_0F3A) | r->opcode;
    unsigned reg = extension ? (unsigned)r->ext & 7 : i->reg;
    bool writes_flags = r->flags_written != 0;
    bool memory = i->flags & INSN_MEM;
    bool gpr_written = gpr & 1 && r->op[0] != NO && operand_class(r->op[0]) == OPND_GPR &&
                       (r->op[0] == Gd || r->op[0] == Gy || r->op[0] == Gq);
    bool rm_written = gpr & 2 && r->access == ACC_W;
    if (memory) {
        unsigned size = memory_size(i, rm_code);
        if (!size)
            return false;
        struct mem m;
        bool aligned = size == 16 && r->attr & A_ALIGN;
        if (!aligned && !tr_operand(t, i, size, r->access == ACC_W, &m))
            return false;
        if (aligned) {
            tr_clobber(t);
            if (!tr_effective_address(t, i))
                return false;
            m = tr_lookup(t, size, r->access == ACC_W, true);
        }
        if (gpr & 1)
            reg = tr_write_reg(i->reg, HSI);
        emit_rm(e, opcode, wide, reg, m);
    } else {
        unsigned rm = i->rm;
        if (gpr & 2)
            rm = rm_written ? tr_write_reg(i->rm, HDI) : tr_read_reg(t, i->rm, HDI);
        if (gpr & 1)
            reg = tr_write_reg(i->reg, HSI);
        emit_rr(e, opcode, wide, reg, rm);
        if (rm_written)
            tr_done_reg(t, i->rm, rm);
    }
    if (imm)
        emit_byte(e, i->imm & 0xff);
    if (gpr_written)
        tr_done_reg(t, i->reg, reg);
    if (writes_flags)
        tr_produced(t);
    return true;
}

bool tr_popcnt(struct tr *t, const struct insn *i)
{
    unsigned d = tr_write_reg(i->reg, HSI);
    struct mem m;
    if (i->opsize == 2 || !t->j->has_popcnt)
        return false;
    if (i->flags & INSN_MEM) {
        if (!tr_operand(t, i, i->opsize, false, &m))
            return false;
        emit_rm(&t->e, X_F3 | X_0F | 0xb8, width(i->opsize), d, m);
    } else {
        emit_rr(&t->e, X_F3 | X_0F | 0xb8, width(i->opsize), d, tr_read_reg(t, i->rm, HDI));
    }
    tr_done_reg(t, i->reg, d);
    tr_produced(t);
    return true;
}
