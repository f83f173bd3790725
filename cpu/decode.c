// The decoder: prefixes, opcode maps, ModRM, SIB, immediates (SDM vol. 2, chapter 2), driven by the instruction table.
// What a row can check (legality by mode, privilege, prefix, FPU state) is checked here, once per decoding: the block
// key includes everything that the answer depends on.
#include "cpu/exec_table.h"

struct cursor {
    const uint8_t *bytes;
    unsigned n; // available
    unsigned at;
    bool more; // ran out of bytes
};

static uint8_t fetch8(struct cursor *k)
{
    if (k->at >= k->n) {
        k->more = true;
        return 0;
    }
    return k->bytes[k->at++];
}

static uint32_t fetch(struct cursor *k, unsigned size)
{
    uint32_t v = 0;
    for (unsigned b = 0; b < size; b++)
        v |= (uint32_t)fetch8(k) << (8 * b);
    return v;
}

struct prefixes {
    bool opsize, adsize, lock;
    uint8_t rep; // 0, F2, F3: the last one
    uint8_t seg; // SEG_COUNT: none
    uint8_t rex;
    bool vex, vex_l; // a VEX prefix: its pp is in `opsize` and `rep`, its R, X, B and W in `rex`
    bool vex_wrong;  // with LOCK, 66, F2, F3 or REX before it
    uint8_t vvvv;    // not inverted: 0 where no register is given
};

static int match(const struct insn_row *row, uint32_t mode, const struct prefixes *p, int modrm)
{
    int score = 0;
    switch (row->prefix) {
    case P_ANY:
        break;
    case P_NONE:
        if (p->rep || p->opsize)
            return -1;
        score = 1;
        break;
    case P_66:
        if (p->rep || !p->opsize)
            return -1;
        score = 1;
        break;
    case P_NO_REP:
        if (p->rep)
            return -1;
        break;
    case P_F3:
        if (p->rep != 0xf3)
            return -1;
        score = 1;
        break;
    default:
        if (p->rep != 0xf2)
            return -1;
        score = 1;
        break;
    }
    if (mode & MODE_64 ? row->attr & A_NO64 : row->attr & A_ONLY64)
        return -1;
    if (row->ext != NX) {
        if (row->ext & EXT_FULL)
            return modrm == (row->ext & 0xff) ? score + 8 : -1;
        bool mem = modrm < 0xc0;
        if (row->ext & (EXT_MEM | EXT_ANYMEM) && !mem)
            return -1;
        if (row->ext & (EXT_REG | EXT_ANYREG) && mem)
            return -1;
        if (!(row->ext & (EXT_ANYMEM | EXT_ANYREG))) {
            if ((modrm >> 3 & 7) != (row->ext & 7))
                return -1;
            score += 2;
        }
        score += row->ext >= EXT_MEM;
    }
    return score;
}

// C4 and C5 are LES and LDS outside 64-bit mode, unless what follows cannot be a ModRM byte of theirs. Real and
// virtual-8086 mode have no VEX (SDM vol. 2, 2.3.1).
static bool is_vex(const struct cursor *k, uint32_t mode, uint8_t b)
{
    if (b != 0xc4 && b != 0xc5)
        return false;
    bool no_modrm = k->at < k->n && k->bytes[k->at] >= 0xc0;
    return mode & MODE_64 || (no_modrm && mode & MODE_PE && !(mode & MODE_VM));
}

// The rest of a VEX prefix that begins with `b` (SDM vol. 2, 2.3.5), and the opcode's map; MAP_COUNT: none, #UD.
static unsigned fetch_vex(struct cursor *k, uint8_t b, bool mode64, struct prefixes *p)
{
    static const uint8_t rep[4] = {0, 0, 0xf3, 0xf2};
    unsigned map = 1;
    p->vex_wrong = p->lock || p->opsize || p->rep || p->rex;
    uint8_t last = fetch8(k);
    p->rex = (uint8_t)~last >> 5 & 4;
    if (b == 0xc4) {
        map = last & 31;
        p->rex = (uint8_t)~last >> 5;
        last = fetch8(k);
        p->rex |= last >> 4 & 8;
    }
    if (!mode64)
        p->rex = 0;
    p->vex = true;
    p->vex_l = last & 4;
    p->vvvv = (uint8_t)~last >> 3 & 15;
    p->opsize = (last & 3) == 1;
    p->rep = rep[last & 3];
    return map < 1 || map > 3 ? MAP_COUNT : MAP_VEX_0F + map - 1;
}

// The opcode byte, from the first byte behind the legacy prefixes on, and its map; MAP_COUNT: none, #UD.
static unsigned fetch_opcode(struct cursor *k, uint8_t *b, uint32_t mode, struct prefixes *p)
{
    unsigned map = MAP_1;
    if (*b == 0x0f) {
        *b = fetch8(k);
        if (*b != 0x38 && *b != 0x3a)
            return MAP_0F;
        map = *b == 0x38 ? MAP_0F38 : MAP_0F3A;
    } else if (is_vex(k, mode, *b)) {
        map = fetch_vex(k, *b, mode & MODE_64, p);
    } else {
        return MAP_1;
    }
    *b = fetch8(k);
    return map;
}

// Whether the row has a ModRM byte.
static bool has_modrm(const struct insn_row *row)
{
    if (row->ext != NX)
        return true;
    for (unsigned k = 0; k < 3; k++) {
        switch (row->op[k]) {
        case Eb:
        case Ew:
        case Ed:
        case Eq:
        case Ev:
        case Ey:
        case Gb:
        case Gw:
        case Gd:
        case Gq:
        case Gv:
        case Gy:
        case By:
        case M:
        case Mb:
        case Mw:
        case Md:
        case Mq:
        case Mdq:
        case Mt:
        case Mp:
        case Ms:
        case Sw:
        case Cd:
        case Dd:
        case Vx:
        case Vd:
        case Vq:
        case Wx:
        case Wd:
        case Wq:
        case Ux:
        case Uq:
        case Pq:
        case Qq:
        case Qd:
        case Nq:
            return true;
        default:
            break;
        }
    }
    return false;
}

static bool is_byte_reg(uint8_t op)
{
    return op == Eb || op == Gb || op == Zb;
}

// 16-bit addressing (SDM vol. 2, table 2-1).
static void address16(struct cursor *k, struct insn *i, uint8_t modrm, uint8_t *seg)
{
    static const uint8_t base[8] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    static const uint8_t index[8] = {RSI, RDI, RSI, RDI, REG_ZERO, REG_ZERO, REG_ZERO, REG_ZERO};
    unsigned mod = modrm >> 6, rm = modrm & 7;
    i->base = base[rm];
    i->idx = index[rm];
    i->scale = 0;
    if (mod == 0 && rm == 6) {
        i->base = REG_ZERO;
        i->disp = (int32_t)fetch(k, 2);
    } else if (mod == 1) {
        i->disp = (int8_t)fetch8(k);
    } else if (mod == 2) {
        i->disp = (int16_t)fetch(k, 2);
    }
    *seg = i->base == RBP ? SEG_SS : SEG_DS;
}

// 32- and 64-bit addressing (tables 2-2 and 2-3). True if RIP-relative.
static bool address32(struct cursor *k, struct insn *i, uint8_t modrm, uint8_t rex, bool mode64, uint8_t *seg)
{
    unsigned mod = modrm >> 6, rm = modrm & 7;
    bool rip = false;
    i->idx = REG_ZERO;
    i->scale = 0;
    *seg = SEG_DS;
    if (rm == 4) {
        uint8_t sib = fetch8(k);
        unsigned index = (sib >> 3 & 7) | (rex & 2) << 2;
        i->scale = sib >> 6;
        i->idx = index == 4 ? REG_ZERO : (uint8_t)index;
        rm = sib & 7;
        i->base = (uint8_t)(rm | (rex & 1) << 3);
        if (rm == 5 && mod == 0) {
            i->base = REG_ZERO;
            i->disp = (int32_t)fetch(k, 4);
        }
    } else if (rm == 5 && mod == 0) {
        rip = mode64;
        i->base = rip ? REG_PAGE_RIP : REG_ZERO;
        i->disp = (int32_t)fetch(k, 4);
    } else {
        i->base = (uint8_t)(rm | (rex & 1) << 3);
    }
    if (i->base == RSP || i->base == RBP)
        *seg = SEG_SS;
    if (mod == 1)
        i->disp = (int8_t)fetch8(k);
    else if (mod == 2)
        i->disp = (int32_t)fetch(k, 4);
    return rip;
}

static uint8_t choose_ea(uint32_t mode, unsigned asize, unsigned seg)
{
    if (mode & MODE_64) {
        if (asize == 4)
            return EA_SEG32;
        return seg == SEG_FS || seg == SEG_GS ? EA_BASE64 : EA_FLAT;
    }
    if (asize == 2)
        return EA_SEG16;
    // A code segment can never be written, so CS is always checked.
    return mode & MODE_FLAT && seg != SEG_FS && seg != SEG_GS && seg != SEG_CS ? EA_FLAT32 : EA_SEG32;
}

static bool has_operand(const struct insn_row *row, enum operand op)
{
    return row->op[0] == op || row->op[1] == op || row->op[2] == op;
}

// Raises the exception of an instruction that is not allowed here.
static enum decode_status refuse(struct insn *i, exec_fn *fn, unsigned off, unsigned len)
{
    i->fn = fn;
    i->row = 0;
    i->flags = 0;
    i->len = (uint8_t)len;
    i->ip = (uint16_t)(off + len);
    return DECODE_INVALID;
}

static bool allowed(const struct insn_row *row, const struct insn *i, const struct prefixes *p, uint32_t mode,
                    exec_fn **fn)
{
    *fn = x_undefined;
    // VEX.L is for vectors; VEX.vvvv must be 1111b where no operand is in it.
    if (p->vex_wrong || p->vex_l || (p->vvvv && !has_operand(row, By)))
        return false;
    if (p->lock && (!(row->attr & A_LOCK) || !(i->flags & INSN_MEM)))
        return false;
    if (row->attr & A_PE && (!(mode & MODE_PE) || mode & MODE_VM))
        return false;
    if (row->attr & A_SSE && mode & MODE_NO_SSE)
        return false;
    if ((row->attr & A_RING0 && !(mode & MODE_CPL0)) || (row->attr & A_XSAVE && mode & MODE_NO_XSAVE))
        return false;
    if (row->attr & A_CPL0 && !(mode & MODE_CPL0)) {
        *fn = x_privileged;
        return false;
    }
    *fn = row->attr & A_MMX ? x_no_mmx : x_no_fpu;
    if (row->attr & (A_FPU | A_MMX | A_SSE) && mode & MODE_NO_FPU)
        return false;
    return !(row->attr & A_WAIT && mode & MODE_NO_WAIT);
}

enum decode_status decode(const struct decode_index *x, uint32_t mode, const uint8_t *bytes, unsigned n, unsigned off,
                          struct insn *i)
{
    bool mode64 = mode & MODE_64;
    struct cursor k = {bytes, n < 15 ? n : 15, 0, false};
    struct prefixes p = {.seg = SEG_COUNT};
    uint8_t index = i->index, b;
    memset(i, 0, sizeof *i);
    i->index = index;

    for (;;) {
        b = fetch8(&k);
        if (k.more)
            return n >= 15 ? refuse(i, x_too_long, off, 15), DECODE_TOO_LONG : DECODE_MORE;
        if (mode64 && (b & 0xf0) == 0x40) {
            p.rex = b;
            continue;
        }
        uint8_t seg = b == 0x26 ? SEG_ES : b == 0x2e ? SEG_CS : b == 0x36 ? SEG_SS : b == 0x3e ? SEG_DS : SEG_COUNT;
        if (seg != SEG_COUNT) {
            if (!mode64)
                p.seg = seg;
        } else if (b == 0x64 || b == 0x65) {
            p.seg = b == 0x64 ? SEG_FS : SEG_GS;
        } else if (b == 0x66) {
            p.opsize = true;
        } else if (b == 0x67) {
            p.adsize = true;
        } else if (b == 0xf0) {
            p.lock = true;
        } else if (b == 0xf2 || b == 0xf3) {
            p.rep = b;
        } else {
            break;
        }
        p.rex = 0; // REX counts only immediately before the opcode
    }

    unsigned map = fetch_opcode(&k, &b, mode, &p);
    if (k.more)
        return n >= 15 ? refuse(i, x_too_long, off, 15), DECODE_TOO_LONG : DECODE_MORE;
    if (map == MAP_COUNT)
        return refuse(i, x_undefined, off, k.at);
    unsigned first = x->first[map][b], last = x->first[map][b + 1];
    if (first == last)
        return refuse(i, x_undefined, off, k.at);

    const struct insn_row *row = NULL;
    int modrm = -1, best = -1;
    for (unsigned r = first; r < last; r++)
        if (has_modrm(&insn_rows[x->order[r]]) && (mode64 || !(insn_rows[x->order[r]].attr & A_ONLY64)) &&
            (!mode64 || !(insn_rows[x->order[r]].attr & A_NO64)))
            modrm = 0;
    if (modrm == 0) {
        modrm = fetch8(&k);
        if (k.more)
            return n >= 15 ? refuse(i, x_too_long, off, 15), DECODE_TOO_LONG : DECODE_MORE;
    }
    for (unsigned r = first; r < last; r++) {
        const struct insn_row *candidate = &insn_rows[x->order[r]];
        int score = match(candidate, mode, &p, modrm);
        if (score > best) {
            best = score;
            row = candidate;
        }
    }
    if (!row)
        return refuse(i, x_undefined, off, k.at);
    i->row = (uint16_t)(row - insn_rows);

    // Sizes.
    bool wide = p.rex & 8;
    if (p.vex)
        i->opsize = wide ? 8 : 4;
    else if (mode64)
        i->opsize = wide || row->attr & A_F64 ? 8 : p.opsize && row->prefix != P_66 ? 2 : row->attr & A_D64 ? 8 : 4;
    else
        i->opsize = (mode & MODE_32 ? 4 : 2) ^ (p.opsize && row->prefix != P_66 ? 6 : 0);
    unsigned asize = mode64 ? (p.adsize ? 4 : 8) : (mode & MODE_32 ? 4 : 2) ^ (p.adsize ? 6 : 0);
    i->flags = (uint8_t)((p.lock ? INSN_LOCK : 0) | (p.rep == 0xf3 ? INSN_REP : 0) | (p.rep == 0xf2 ? INSN_REPNE : 0) |
                         (asize == 8   ? INSN_ASIZE64
                          : asize == 4 ? INSN_ASIZE32
                                       : 0));
    i->seg = p.seg;
    i->base = i->idx = REG_ZERO;
    i->modrm = modrm >= 0 ? (uint8_t)modrm : b;

    // ModRM.
    bool rip = false;
    if (modrm >= 0) {
        bool rex = p.rex != 0, byte_rm = false, byte_reg = false;
        for (unsigned o = 0; o < 3; o++) {
            byte_rm |= row->op[o] == Eb;
            byte_reg |= row->op[o] == Gb;
        }
        unsigned reg = (modrm >> 3 & 7) | (p.rex & 4) << 1;
        i->reg = byte_reg ? reg_code8(reg, rex) : (uint8_t)reg;
        // MOV to and from control and debug registers has a register operand whatever mod says.
        bool always_reg = map == MAP_0F && (b & 0xfc) == 0x20;
        if (modrm >= 0xc0 || always_reg) {
            unsigned rm = (modrm & 7) | (p.rex & 1) << 3;
            i->rm = byte_rm ? reg_code8(rm, rex) : (uint8_t)rm;
        } else {
            uint8_t seg;
            i->flags |= INSN_MEM;
            if (asize == 2)
                address16(&k, i, (uint8_t)modrm, &seg);
            else
                rip = address32(&k, i, (uint8_t)modrm, p.rex, mode64, &seg);
            if (i->seg == SEG_COUNT)
                i->seg = seg;
            i->ea = choose_ea(mode, asize, i->seg);
        }
    }
    if (i->seg == SEG_COUNT)
        i->seg = SEG_DS;
    if (row->attr & A_CC)
        i->modrm = b & 15;

    // Other operands.
    for (unsigned o = 0; o < 3; o++) {
        switch (row->op[o]) {
        case Zb:
        case Zv:
        case Zq: {
            unsigned reg = (b & 7) | (p.rex & 1) << 3;
            i->reg = i->rm = is_byte_reg(row->op[o]) ? reg_code8(reg, p.rex != 0) : (uint8_t)reg;
            break;
        }
        case Ib:
            if (row->op[0] == Iw) // ENTER
                i->disp = fetch8(&k);
            else
                i->imm = fetch8(&k);
            break;
        case I1:
            i->imm = 1;
            break;
        case Iw:
            i->imm = fetch(&k, 2);
            break;
        case Iz:
        case sIz:
            i->imm = i->opsize == 2 ? (uint32_t)(int16_t)fetch(&k, 2) : fetch(&k, 4);
            break;
        case sIb:
            i->imm = (uint32_t)(int8_t)fetch8(&k);
            break;
        case Iv:
            i->imm = i->opsize == 2 ? (uint32_t)(int16_t)fetch(&k, 2) : fetch(&k, 4);
            if (i->opsize == 8)
                i->disp = (int32_t)fetch(&k, 4);
            break;
        case Jb:
            i->imm = (uint32_t)(int8_t)fetch8(&k);
            break;
        case Jz:
            i->imm = i->opsize == 2 ? (uint32_t)(int16_t)fetch(&k, 2) : fetch(&k, 4);
            break;
        case Ob:
        case Ov: // the address: low half in imm, high half in disp
            i->imm = fetch(&k, asize == 2 ? 2 : 4);
            if (asize == 8)
                i->disp = (int32_t)fetch(&k, 4);
            i->ea = choose_ea(mode, asize, i->seg);
            break;
        case Ap:
            i->imm = fetch(&k, i->opsize == 2 ? 2 : 4);
            i->disp = (int32_t)fetch(&k, 2);
            break;
        case sES:
            i->reg = SEG_ES;
            break;
        case sCS:
            i->reg = SEG_CS;
            break;
        case sSS:
            i->reg = SEG_SS;
            break;
        case sDS:
            i->reg = SEG_DS;
            break;
        case sFS:
            i->reg = SEG_FS;
            break;
        case sGS:
            i->reg = SEG_GS;
            break;
        default:
            break;
        }
    }
    i->imm |= (uint32_t)(p.vvvv & (mode64 ? 15 : 7)) << 8;
    if (k.more)
        return n >= 15 ? refuse(i, x_too_long, off, 15), DECODE_TOO_LONG : DECODE_MORE;

    i->len = (uint8_t)k.at;
    i->ip = (uint16_t)(off + k.at);
    if (rip) {
        int64_t from_page = (int64_t)i->disp + i->ip;
        if (from_page == (int32_t)from_page || asize == 4)
            i->disp = (int32_t)from_page;
        else
            i->ea = EA_RIP_FAR;
    }

    exec_fn *fn;
    if (!allowed(row, i, &p, mode, &fn)) {
        refuse(i, fn, off, k.at);
        return DECODE_INVALID;
    }
    i->fn = insn_plain_fn(i);
    return DECODE_OK;
}
