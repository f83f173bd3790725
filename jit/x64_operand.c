// Operands of translated code: where flags and registers are, memory through the soft TLB.
#include "jit/x64_tr.h"

// ---- flags
// ----

void tr_save_flags(struct tr *t)
{
    if (t->in_ax)
        return;
    emit_byte(&t->e, 0x9f);                 // lahf
    emit_rr(&t->e, X_0F | 0x90, 0, 0, HAX); // seto al
    t->in_ax = true;
}

void tr_clobber(struct tr *t)
{
    tr_save_flags(t);
    t->in_host = false;
}

void tr_restore_flags(struct tr *t)
{
    if (t->in_host && !t->but_af)
        return;
    emit_byte(&t->e, 0x04); // add al, 7Fh: OF from bit 0
    emit_byte(&t->e, 0x7f);
    emit_byte(&t->e, 0x9e); // sahf
    t->in_host = true;
    t->in_ax = t->but_af = false;
}

void tr_restore_carry(struct tr *t)
{
    if (t->in_host)
        return;
    emit_rr(&t->e, X_0F | 0xba, X_32, 4, HAX); // bt eax, 8
    emit_byte(&t->e, 8);
}

void tr_produced(struct tr *t)
{
    t->in_host = true;
    t->in_ax = t->but_af = false;
}

static void test_ah(struct tr *t, unsigned bits)
{
    emit_byte(&t->e, 0xf6);
    emit_byte(&t->e, 0xc4);
    emit_byte(&t->e, bits);
}

unsigned tr_condition_code(struct tr *t, unsigned cc)
{
    static const uint8_t ah_bits[8] = {0, 1, 0x40, 0x41, 0x80, 4, 0, 0};
    if (t->in_host)
        return cc;
    if (cc >> 1 == 0)
        emit_rr(&t->e, 0x84, 0, HAX, HAX); // test al, al
    else if (ah_bits[cc >> 1])
        test_ah(t, ah_bits[cc >> 1]);
    else {
        tr_restore_flags(t);
        return cc;
    }
    return cc & 1 ? CC_Z : CC_NZ;
}

const struct insn_row *tr_row_of(const struct insn *i)
{
    return &insn_rows[i->row];
}

bool tr_plain(const struct insn *i)
{
    return i->flags & INSN_FUSED || i->fn == insn_plain_fn(i);
}

bool tr_flags_dead(const struct tr *t)
{
    for (unsigned n = t->k + 1; n < t->b->count; n++) {
        const struct insn *i = &t->b->insn[n];
        const struct insn_row *r = tr_row_of(i);
        if (!tr_plain(i) || i->flags & INSN_MEM || r->flags_read ||
            r->attr & (A_ENDS | A_STRING | A_SYSTEM | A_FPU | A_MMX) || r->map != MAP_1 || r->implicit_read & R_(RSP))
            return false;
        unsigned o = r->opcode;
        if (o < 0x40 && (o & 7) < 6)
            return true;
        if ((o >= 0x80 && o <= 0x85) || o == 0xa8 || o == 0xa9)
            return true;
        bool quiet = (o >= 0x88 && o <= 0x8b) || o == 0x8d || o == 0x63 || (o >= 0xb0 && o <= 0xbf) || o == 0x98 ||
                     o == 0x99 || o == 0xc6 || o == 0xc7 || ((o == 0xc0 || o == 0xc1 || o == 0xd0 || o == 0xd1));
        if (!quiet)
            return false;
        if (o >= 0xc0 && o != 0xc6 && o != 0xc7 && o < 0xd2 && (i->modrm >> 3 & 7) < 4)
            return false; // rotates keep some
    }
    return false;
}

// ---- the slow way
// ----

struct slow *tr_slow_of(struct tr *t)
{
    if (!t->slow) {
        t->slow = &t->slows[t->slow_count++];
        *t->slow = (struct slow){.k = t->k};
    }
    return t->slow;
}

void tr_slow_jump(struct tr *t, unsigned cc)
{
    struct slow *s = tr_slow_of(t);
    s->site[s->sites++] = emit_jump(&t->e, cc);
}

// ---- memory operands
// ----

bool tr_effective_address(struct tr *t, const struct insn *i)
{
    struct emit *e = &t->e;
    bool wide = i->ea == EA_FLAT || i->ea == EA_BASE64;
    if (!wide && i->ea != EA_FLAT32)
        return false;
    unsigned size = wide ? X_64 : X_32, base = NO_BASE, index = HSP;
    if (i->base != REG_ZERO) {
        if (i->base < 16 && host_of[i->base] != NOWHERE) {
            base = (unsigned)host_of[i->base];
        } else {
            mov_load(e, X_64, HSI, slot(i->base));
            base = HSI;
        }
    }
    if (i->idx != REG_ZERO) {
        if (i->idx < 16 && host_of[i->idx] != NOWHERE) {
            index = (unsigned)host_of[i->idx];
        } else {
            mov_load(e, X_64, HDI, slot(i->idx));
            index = HDI;
        }
    }
    if (base == NO_BASE && index == HSP)
        mov_imm(e, HSI, wide ? (uint64_t)(int64_t)i->disp : (uint32_t)i->disp);
    else if (!(base == HSI && index == HSP && i->disp == 0 && wide))
        emit_rm(e, 0x8d, size, HSI, (struct mem){(uint8_t)base, (uint8_t)index, i->scale, i->disp});
    if (i->ea == EA_BASE64)
        emit_rm(e, 0x03, X_64, HSI, cpu_at(offsetof(struct cpu, s.seg) + i->seg * sizeof(struct segment_state)));
    return true;
}

struct mem tr_lookup(struct tr *t, unsigned size, bool write, bool aligned)
{
    struct emit *e = &t->e;
    size_t array = offsetof(struct cpu, data_tlb) + t->context * sizeof(struct tlb) +
                   (write ? offsetof(struct tlb, write) : offsetof(struct tlb, read));
    struct mem tag = {HBP, HDI, 0, (int32_t)array}, host = tag;
    host.disp += (int32_t)offsetof(struct tlb_entry, host);
    mov_rr(e, X_32, HDI, HSI);
    shift_imm(e, X_32, 5, HDI, PAGE_SHIFT - 4);
    emit_rr(e, 0x81, X_32, 4, HDI);
    emit_u32(e, (TLB_ENTRIES - 1) << 4);
    emit_rm(e, 0x33, X_64, HSI, tag);
    emit_rr(e, 0x81, X_64, 7, HSI);
    emit_u32(e, PAGE_SIZE - size);
    tr_slow_jump(t, CC_A);
    if (aligned) {
        emit_rr(e, 0xf6, X_BYTE | X_BYTE_RM, 0, HSI);
        emit_byte(e, 15);
        tr_slow_jump(t, CC_NZ);
    }
    mov_load(e, X_64, HDI, host);
    return (struct mem){HDI, HSI, 0, 0};
}

bool tr_operand(struct tr *t, const struct insn *i, unsigned size, bool write, struct mem *m)
{
    if (i->ea == (t->long_mode ? EA_FLAT : EA_FLAT32) && i->idx == REG_ZERO &&
        tr_window(t, i->base, i->disp, size, write, m))
        return true;
    tr_clobber(t);
    if (!tr_effective_address(t, i))
        return false;
    *m = tr_lookup(t, size, write, false);
    return true;
}

// ---- registers
// ----

unsigned tr_read_reg(struct tr *t, unsigned g, unsigned scratch)
{
    if (host_of[g] != NOWHERE)
        return (unsigned)host_of[g];
    mov_load(&t->e, X_64, scratch, slot(g));
    return scratch;
}

unsigned tr_write_reg(unsigned g, unsigned scratch)
{
    return host_of[g] != NOWHERE ? (unsigned)host_of[g] : scratch;
}

void tr_done_reg(struct tr *t, unsigned g, unsigned host)
{
    if (host_of[g] == NOWHERE)
        mov_store(&t->e, X_64, slot(g), host);
}

static void put_together(struct tr *t, struct mem *m)
{
    emit_rm(&t->e, 0x8d, X_64, HDI, *m);
    *m = (struct mem){HDI, HSP, 0, 0};
}

void tr_collapse(struct tr *t, struct mem *m)
{
    if (m->index == HSI)
        put_together(t, m);
}

bool tr_beside(struct tr *t, unsigned size, unsigned g, struct mem *m, unsigned *host)
{
    if (size != 1 ? host_of[g] == NOWHERE : !(g & 0x80) && host_of[g & 15] == NOWHERE)
        tr_collapse(t, m);
    else if (size == 1 && g & 0x80 && (m->base >= 8 || m->index >= 8))
        put_together(t, m);
    return tr_reg_operand(t, size, g, HSI, host);
}

unsigned tr_read_beside(struct tr *t, unsigned g, struct mem *m)
{
    if (host_of[g] == NOWHERE)
        tr_collapse(t, m);
    return tr_read_reg(t, g, HSI);
}

bool tr_byte_reg(struct tr *t, unsigned code, unsigned scratch, unsigned *host)
{
    if (!(code & 0x80)) {
        *host = tr_read_reg(t, code & 15, scratch);
        return true;
    }
    unsigned h = (unsigned)host_of[code & 15];
    if (h > HBX)
        return false;
    *host = HIGH | h;
    return true;
}

static bool needs_rex(unsigned reg)
{
    return !(reg & HIGH) && reg >= 4;
}

void tr_done_byte(struct tr *t, unsigned code, unsigned host)
{
    if (!(code & 0x80))
        tr_done_reg(t, code & 15, host);
}

bool tr_pair(struct tr *t, unsigned size, unsigned to, unsigned from, unsigned *d, unsigned *s)
{
    if (size != 1) {
        *d = tr_read_reg(t, to, HDI);
        *s = tr_read_reg(t, from, HSI);
        return true;
    }
    if (!tr_byte_reg(t, to, HDI, d) || !tr_byte_reg(t, from, HSI, s))
        return false;
    return !((*d & HIGH && needs_rex(*s)) || (*s & HIGH && needs_rex(*d)));
}

void tr_done(struct tr *t, unsigned size, unsigned g, unsigned host)
{
    if (size == 1)
        tr_done_byte(t, g, host);
    else
        tr_done_reg(t, g, host);
}

bool tr_reg_operand(struct tr *t, unsigned size, unsigned g, unsigned scratch, unsigned *host)
{
    if (size == 1)
        return tr_byte_reg(t, g, scratch, host);
    *host = tr_read_reg(t, g, scratch);
    return true;
}

void tr_immediate(struct emit *e, unsigned size, uint32_t v)
{
    if (size == 1)
        emit_byte(e, v & 0xff);
    else if (size == 2) {
        emit_byte(e, v & 0xff);
        emit_byte(e, v >> 8 & 0xff);
    } else {
        emit_u32(e, v);
    }
}
