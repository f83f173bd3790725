// Translation of one instruction: its template, or a call of its row's function.
#include "jit/x64_tr.h"

static bool one_byte(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    const struct insn_row *r = tr_row_of(i);
    unsigned o = r->opcode, size = i->opsize, n = i->modrm >> 3 & 7, ax = (unsigned)host_of[RAX];
    bool word = size == 2;
    if (o < 0x40 && (o & 7) < 6) {
        unsigned op = o >> 3, s = o & 1 ? size : 1;
        return (o & 7) < 4 ? tr_alu_eg(t, i, op, s, o & 2) : tr_alu_ei(t, i, op, s);
    }
    if (r->prefix != P_ANY && r->prefix != P_NO_REP && r->prefix != P_NONE)
        return o == 0x90; // PAUSE
    switch (o) {
    case 0x40: // only outside 64-bit mode
        return tr_unary(t, i, size, 0xff, 0);
    case 0x48:
        return tr_unary(t, i, size, 0xff, 1);
    case 0x50:
        return !word && tr_push_reg(t, i->rm);
    case 0x58:
        return !word && tr_pop_reg(t, i->rm);
    case 0x63:
        return t->long_mode && (size == 8 ? tr_extend(t, i, 0x63, 4) : tr_mov_eg(t, i, size, true));
    case 0x68:
    case 0x6a:
        return !word && tr_push_imm(t, i->imm);
    case 0x69:
    case 0x6b:
        return tr_imul_to(t, i, size, true);
    case 0x70:
        return !word && tr_jcc(t, i);
    case 0x80:
    case 0x82:
        return tr_alu_ei(t, i, (unsigned)r->ext & 7, 1);
    case 0x81:
    case 0x83:
        return tr_alu_ei(t, i, (unsigned)r->ext & 7, size);
    case 0x84:
    case 0x85:
        return tr_alu_eg(t, i, OP_TEST, o == 0x84 ? 1 : size, false);
    case 0x87:
        return !(i->flags & INSN_MEM) && tr_xchg(t, size, i->reg, i->rm);
    case 0x88:
        return tr_mov_eg(t, i, 1, false);
    case 0x89:
        return tr_mov_eg(t, i, size, false);
    case 0x8a:
        return tr_mov_eg(t, i, 1, true);
    case 0x8b:
        return tr_mov_eg(t, i, size, true);
    case 0x8d:
        return tr_lea(t, i);
    case 0x90:
        return i->rm == RAX || tr_xchg(t, size, RAX, i->rm);
    case 0x98:
        if (word)
            return false;
        emit_rr(e, 0x63, size == 8 ? X_64 : 0, ax, ax);
        if (size == 4) { // CWDE
            e->at -= 2;
            emit_rr(e, X_0F | 0xbf, X_32, ax, ax);
        }
        return true;
    case 0x99:
        if (word)
            return false;
        tr_clobber(t);
        mov_rr(e, width(size), HDX, ax);
        shift_imm(e, width(size), 7, HDX, 8 * size - 1);
        return true;
    case 0xa8:
    case 0xa9:
        return tr_alu_ei(t, i, OP_TEST, o == 0xa8 ? 1 : size);
    case 0xb0:
        return tr_mov_ei(t, i, 1);
    case 0xb8: {
        unsigned d = tr_write_reg(i->rm, HDI);
        if (word)
            return false;
        mov_imm(e, d, size == 8 ? (uint64_t)(uint32_t)i->disp << 32 | i->imm : i->imm);
        tr_done_reg(t, i->rm, d);
        return true;
    }
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
        return tr_shift(t, i, o & 1 ? size : 1, n, o >= 0xd0);
    case 0xd3:
        return tr_shift_cl(t, i, size, n);
    case 0xc3:
        return !word && tr_ret(t);
    case 0xc6:
        return tr_mov_ei(t, i, 1);
    case 0xc7:
        return tr_mov_ei(t, i, size);
    case 0xc9:
        return !word && tr_leave_frame(t);
    case 0xe8:
        return !word && tr_call_rel(t, i);
    case 0xe9:
    case 0xeb:
        if (word)
            return false;
        if (tr_in_page(tr_branch_target(i)))
            tr_clobber(t);
        else
            tr_put_flags_aside(t);
        tr_jump(t, tr_branch_target(i), 0);
        return true;
    case 0xf6:
    case 0xf7: {
        unsigned s = o == 0xf6 ? 1 : size;
        if (n < 2)
            return tr_alu_ei(t, i, OP_TEST, s);
        if (n < 4)
            return tr_unary(t, i, s, o, n);
        return s != 1 && (n < 6 ? tr_multiply(t, i, s, n) : tr_divide(t, i, s, n));
    }
    case 0xfe:
        return tr_unary(t, i, 1, o, n);
    case 0xff:
        switch (n) {
        case 0:
        case 1:
            return tr_unary(t, i, size, o, n);
        case 2:
        case 4:
            return !word && tr_branch_ev(t, i, n == 2);
        case 6:
            return !word && i->flags & INSN_MEM && tr_push_mem(t, i);
        default:
            return false;
        }
    default:
        return false;
    }
}

static bool two_byte(struct tr *t, const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    unsigned o = r->opcode, size = i->opsize;
    if (r->attr & A_SSE)
        return tr_vector(t, i);
    if (o == 0xb8 && r->prefix == P_F3)
        return tr_popcnt(t, i);
    if (r->prefix != P_ANY)
        return false;
    switch (o) {
    case 0x40:
        return tr_cmov(t, i);
    case 0x80:
        return size != 2 && tr_jcc(t, i);
    case 0x90:
        return tr_setcc(t, i);
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
        return tr_bit_test(t, i, (o - 0x83) >> 3, false);
    case 0xba:
        return tr_bit_test(t, i, i->modrm >> 3 & 7, true);
    case 0xaf:
        return tr_imul_to(t, i, size, false);
    case 0xb6:
        return tr_extend(t, i, X_0F | 0xb6, 1);
    case 0xb7:
        return tr_extend(t, i, X_0F | 0xb7, 2);
    case 0xbe:
        return tr_extend(t, i, X_0F | 0xbe, 1);
    case 0xbf:
        return tr_extend(t, i, X_0F | 0xbf, 2);
    case 0xbc:
    case 0xbd:
        return tr_bit_scan(t, i, o);
    case 0xc8: {
        unsigned d = tr_read_reg(t, i->rm, HDI);
        if (size == 2)
            return false;
        emit_head(&t->e, X_0F | (0xc8 + (d & 7)), width(size), 0, 0, d);
        tr_done_reg(t, i->rm, d);
        return true;
    }
    case 0x0d:
    case 0x18:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
        return true; // hints access nothing
    default:
        return false;
    }
}

static bool native(struct tr *t, const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    if (!tr_plain(i))
        return false;
    switch (r->map) {
    case MAP_1:
        return one_byte(t, i);
    case MAP_0F:
        return two_byte(t, i);
    case MAP_0F38:
    case MAP_0F3A:
        return tr_vector(t, i);
    default:
        return false;
    }
}

// Behind these the plain TLB or the masks of MXCSR may be others.
static bool leaves_after(const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    return r->map == MAP_0F && (r->opcode == 0x01 || r->opcode == 0xae || r->opcode == 0xc7);
}

static exec_fn next_returns;
static enum exec_result next_returns(struct cpu *c, const struct insn *i)
{
    (void)c;
    (void)i;
    return EXEC_NEXT;
}

// A copy of instruction k that executes it by the row's function and returns.
static const struct insn *lone_insn(struct tr *t, unsigned k)
{
    struct insn *copy = code_alloc(t->j->c->code, 2 * sizeof *copy);
    if (!copy) {
        t->failed = true;
        return NULL;
    }
    copy[0] = t->b->insn[k];
    if (copy[0].flags & INSN_FUSED)
        copy[0].fn = insn_plain_fn(&copy[0]);
    copy[1] = (struct insn){.fn = next_returns, .index = (uint8_t)(k + 1), .ip = copy[0].ip};
    return copy;
}

void tr_call_insn(struct tr *t, unsigned k)
{
    struct emit *e = &t->e;
    mov_imm(e, HDI, (uintptr_t)lone_insn(t, k));
    mov_imm(e, HSI, t->b->count);
    emit_byte(e, 0xe8);
    emit_u32(e, t->j->call - (e->at + 4));
}

void tr_last_insn(struct tr *t, unsigned k)
{
    struct emit *e = &t->e;
    mov_imm(e, HDI, (uintptr_t)&t->b->insn[k]);
    mov_imm(e, HSI, t->b->count);
    emit_jump_to(e, ALWAYS, t->j->last);
}

void tr_leave_at(struct tr *t, unsigned off, unsigned rest)
{
    struct emit *e = &t->e;
    if (rest)
        emit_rm(e, 0x8d, X_64, H15, (struct mem){H15, HSP, 0, (int)rest});
    tr_rip_at(t, off);
    mov_store(e, X_64, CPU(s.rip), HSI);
    emit_jump_to(e, ALWAYS, t->j->leave_next);
}

static bool is_last(const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    return r->attr & A_ENDS || (r->attr & A_STRING && i->flags & (INSN_REP | INSN_REPNE));
}

void tr_translate_insn(struct tr *t)
{
    const struct insn *i = &t->b->insn[t->k];
    struct tr before = *t;
    t->slow = NULL;
    if (!native(t, i)) {
        struct emit full = t->e;
        bool failed = t->failed;
        *t = before;
        t->e.full = full.full;
        t->failed = failed;
        t->slow = NULL;
        tr_clobber(t);
        if (is_last(i)) {
            tr_last_insn(t, t->k);
            t->ended = true;
            return;
        }
        tr_call_insn(t, t->k);
        tr_windows_end(t);
        if (leaves_after(i)) {
            tr_leave_at(t, i->ip, t->b->count - t->k - 1);
            t->ended = true;
        }
        return;
    }
    tr_windows_after(t, i);
    if (t->slow) {
        t->slow->leaves |= tr_windows_live(t);
        t->slow->resume = t->e.at;
        t->slow->hot_after = t->in_host && !t->in_ax;
        t->slow->last = t->ended;
        // Behind it, the flags have to be in AX, too, if the code there counts on it.
        if (t->in_host && t->in_ax)
            t->in_host = false;
    }
}
