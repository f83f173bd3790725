// Where operands lie and how they are addressed: ModRM and SIB forms of 16, 32 and 64-bit addresses, segment overrides.
#include "tests/oracle/gen_build.h"

struct patch *add_patch(struct build *b, uint64_t addr, unsigned len)
{
    struct patch *p = &b->t->patch[b->t->patches < MAX_PATCHES ? b->t->patches++ : MAX_PATCHES - 1];
    p->addr = addr;
    p->len = len < sizeof p->data ? len : (unsigned)sizeof p->data;
    return p;
}

unsigned operand_bytes(const struct build *b)
{
    const struct insn_row *row = b->row;
    if (row_is(row, "FXSAVE") || row_is(row, "FXRSTOR"))
        return 512;
    if (row_is(row, "FNSTENV") || row_is(row, "FLDENV"))
        return b->opsize == 2 ? 14 : 28;
    if (row_is(row, "FNSAVE") || row_is(row, "FRSTOR"))
        return b->opsize == 2 ? 94 : 108;
    if (row_is(row, "LDMXCSR") || row_is(row, "STMXCSR"))
        return 4;
    if (row_is(row, "CMPXCHG8B"))
        return 2 * b->opsize;
    if (row_is(row, "BOUND"))
        return 2 * b->opsize;
    if (row_is(row, "CLFLUSH"))
        return 1;
    for (unsigned k = 0; k < 3; k++) {
        switch (row->op[k]) {
        case Eb:
        case Mb:
        case Ob:
        case Xb:
        case Yb:
            return 1;
        case Ew:
        case Mw:
            return 2;
        case Ed:
        case Md:
        case Wd:
        case Qd:
            return 4;
        case Eq:
        case Mq:
        case Wq:
        case Qq:
            return 8;
        case Ev:
        case Ey:
        case Ov:
        case Xv:
        case Yv:
            return b->opsize;
        case Mt:
            return 10;
        case Wx:
        case Mdq:
            return 16;
        case M:
            return HAS_ANY_OP(row, Gy, Gv) ? b->opsize : HAS_ANY_OP(row, Pq) ? 8 : 16;
        default:
            break;
        }
    }
    return b->opsize;
}

static void fill_f80(struct build *b, uint8_t *p)
{
    if (row_is(b->row, "FBLD"))
        value_bcd(&b->rng, p);
    else
        value_f80(&b->rng, p);
}

void fill_operand(struct build *b, uint8_t *p, unsigned n)
{
    const struct insn_row *row = b->row;
    struct rng *r = &b->rng;
    memset(p, 0, n);
    if (row_is(row, "FXRSTOR") && n == FX_SIZE) {
        value_fx(r, b->type, p);
        if (one_in(r, 16))
            store_u32(p + FX_MXCSR, (uint32_t)rng_next(r) & 0xfffdffff);
    } else if (row_is(row, "LDMXCSR")) {
        store_u32(p, one_in(r, 16) ? (uint32_t)rng_next(r) & 0xfffdffff : value_mxcsr(r));
    } else if (row_is(row, "FLDENV") || row_is(row, "FRSTOR")) {
        unsigned step = b->opsize == 2 ? 2 : 4;
        rng_bytes(r, p, n);
        store_u16(p, value_fcw(r));
        if (one_in(r, 2)) // a status word without pending exceptions
            store_u16(p + step, (uint16_t)(rng_next(r) & 0x7f00));
        for (unsigned at = 7 * step; at + 10 <= n; at += 10)
            value_f80(r, p + at);
    } else if (row_is(row, "FLDCW")) {
        store_u16(p, one_in(r, 2) ? value_fcw(r) : (uint16_t)rng_next(r));
    } else if (row->attr & A_FPU && !row_starts(row, "FI") && n == 4) {
        store_u32(p, value_f32(r));
    } else if (row->attr & A_FPU && !row_starts(row, "FI") && n == 8) {
        store_u64(p, value_f64(r));
    } else if (n == 10) {
        fill_f80(b, p);
    } else if (row->attr & A_SSE || n == 16) {
        uint8_t v[16];
        value_vector(r, b->type, v);
        memcpy(p, v, n < 16 ? n : 16);
    } else {
        uint64_t v = value_int(r);
        for (unsigned k = 0; k < n; k++)
            p[k] = (uint8_t)(k < 8 ? v >> (8 * k) : rng_next(r));
    }
}

uint64_t choose_address(struct build *b, unsigned size, bool may_fault, enum place *place)
{
    struct rng *r = &b->rng;
    unsigned choice = may_fault ? rng_below(r, 64) : 8 + rng_below(r, 56);
    bool image = size > (b->t->mode == CODE_16 ? 8 : 10) && size != 16; // accessed piece by piece
    image |= b->t->mode == CODE_16 && (row_is(b->row, "BOUND") || row_starts(b->row, "MASKMOV"));
    uint64_t upper;
    *place = PLACE_FAULT;
    switch (choice) {
    case 0:
    case 1:
        if (!image)
            return DATA_END - size + 1 + rng_below(r, size);
        return DATA_END + 16 * rng_below(r, 64);
    case 2:
        return DATA_END + rng_below(r, 64);
    case 3:
        if (!image)
            return DATA_ADDR - 1 - rng_below(r, size);
        return DATA_ADDR - 1024;
    case 4:
        return RDONLY_ADDR + 16 * rng_below(r, (RDONLY_SIZE - FX_SIZE) / 16);
    case 5:
        *place = PLACE_NONCANONICAL;
        upper = (uint64_t)0x8000 + rng_below(r, 0x7f00);
        return upper << 32 | (rng_next(r) & 0xfffffff0);
    case 6:
        if (!image)
            return RDONLY_ADDR + RDONLY_SIZE - 1 - rng_below(r, size);
        return RDONLY_ADDR + RDONLY_SIZE;
    case 7:
        if (b->t->mode == CODE_16) // where the segment has no page
            return DATA_ADDR + 0x6000 + ORACLE_PAGE * rng_below(r, 4);
        return (REGION_ADDR + 0x40000 + rng_below(r, 0x100000)) & (image ? ~(uint64_t)(ORACLE_PAGE - 1) : UINT64_MAX);
    default:
        break;
    }
    *place = PLACE_PLAIN;
    uint64_t a;
    if (choice < 14)
        a = DATA_ADDR + ORACLE_PAGE - rng_below(r, size + 1);
    else
        a = DATA_ADDR + rng_below(r, DATA_SIZE - size - 64);
    // Images are wanted aligned; operands that must be aligned only once in a while elsewhere.
    bool strict =
        b->row->attr & A_ALIGN || row_is(b->row, "FXSAVE") || row_is(b->row, "FXRSTOR") || row_is(b->row, "CMPXCHG8B");
    if (b->t->mode == CODE_16 && (image || (strict && one_in(r, 16)))) { // not where offsets wrap
        a = DATA_ADDR + ORACLE_PAGE * rng_below(r, 2);
        a += (image ? 16 : 1) * rng_below(r, (ORACLE_PAGE - size) / 16);
    } else if (strict ? b->t->mode == CODE_16 || !one_in(r, 16) : choice < 40 && choice >= 14)
        a &= ~(uint64_t)(size >= 16 ? 15 : size == 10 ? 1 : size - 1);
    return a;
}

void set_reg_value(struct build *b, unsigned r, uint64_t v)
{
    *gpr(b, r) = b->t->mode == CODE_64 ? v : (uint32_t)v;
    b->pinned |= 1u << r;
}

void set_address_value(struct build *b, unsigned r, uint64_t v, unsigned size)
{
    set_reg_value(b, r, size == 8 ? v : (v & size_mask(size)) | (rng_next(&b->rng) & ~size_mask(size)));
}

uint64_t segment_offset(const struct build *b, unsigned seg, uint64_t a)
{
    if (b->t->mode == CODE_64)
        return seg == SEG_FS ? a - b->host->fs_base : seg == SEG_GS ? a - GS_BASE : a;
    if (seg == SEG_FS)
        return (uint32_t)(a - FS_SEG_BASE);
    if (seg == SEG_GS)
        return (uint32_t)(a - GS_SEG_BASE);
    if (b->t->mode == CODE_32)
        return a;
    if (seg == SEG_CS)
        return (a - DATA_ADDR + CODE16_DATA) & UINT16_MAX;
    return (a - (seg == SEG_SS ? STACK_ADDR : DATA_ADDR) - WRAP) & UINT16_MAX;
}

unsigned choose_fs_gs(struct build *b)
{
    if (b->t->mode != CODE_64 && !b->host->has_ldt)
        return SEG_DS;
    unsigned seg = one_in(&b->rng, 2) ? SEG_FS : SEG_GS;
    b->seg = seg == SEG_FS ? 0x64 : 0x65;
    return seg;
}

static unsigned free_register(struct build *b)
{
    for (unsigned tries = 0; tries < 64; tries++) {
        unsigned r = rng_below(&b->rng, registers(b));
        if (!(b->pinned >> r & 1))
            return r;
    }
    return RBX;
}

// The same for 16-bit addresses (SDM vol. 2, table 2-1). Returns the segment that the form has by itself.
static unsigned encode_address16(struct build *b, uint64_t target)
{
    static const uint8_t base[8] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    static const uint8_t index[8] = {RSI, RDI, RSI, RDI, 0, 0, 0, 0};
    struct rng *r = &b->rng;
    unsigned rm = rng_below(r, 8), mod = rng_below(r, 3);
    bool taken = b->pinned >> base[rm] & 1 || (rm < 4 && b->pinned >> index[rm] & 1);
    if (taken || one_in(r, 8)) // a plain offset
        rm = 6, mod = 0;
    b->rm = (uint8_t)rm;
    b->modrm_mode = (uint8_t)mod;
    b->disp_size = mod == 0 && rm == 6 ? 2 : mod;
    if (mod == 0 && rm == 6) {
        b->disp = (int32_t)(target & UINT16_MAX);
        return SEG_DS;
    }
    b->disp = mod == 1 ? (int8_t)rng_next(r) : mod == 2 ? (int32_t)(value_int(r) & UINT16_MAX) : 0;
    uint64_t value = target - (uint64_t)(int64_t)b->disp;
    if (rm < 4) {
        uint64_t v = one_in(r, 2) ? rng_next(r) : value_int(r);
        set_address_value(b, index[rm], v, 2);
        value -= v;
    }
    set_address_value(b, base[rm], value, 2);
    return base[rm] == RBP ? SEG_SS : SEG_DS;
}

// The low part of the ModRM byte, SIB and displacement for an address, and register values that make it so. `target` is
// the offset before the segment's base. Returns the segment that the form has by itself.
static unsigned encode_address32(struct build *b, uint64_t target, bool must_base)
{
    struct rng *r = &b->rng;
    bool narrow = address_size(b) == 4;
    unsigned kind = must_base ? 3 + rng_below(r, 5) : rng_below(r, 8);
    b->modrm_mode = 0;
    b->disp = 0;
    b->disp_size = 0;
    if (kind == 0) { // RIP-relative; plain disp32 in 32-bit mode
        b->rm = 5;
        b->disp_size = 4;
        b->rip_relative = b->t->mode == CODE_64;
        b->disp = (int32_t)target; // RIP-relative ones are completed when the address of the instruction is known
        return SEG_DS;
    }
    if (kind == 1) { // absolute
        b->rm = 4;
        b->has_sib = true;
        b->sib = (uint8_t)(rng_below(r, 4) << 6 | 4 << 3 | 5);
        b->disp_size = 4;
        b->disp = (int32_t)target;
        return SEG_DS;
    }
    unsigned scale = rng_below(r, 4);
    bool with_base = kind != 2, with_index = kind == 2 || kind >= 5;
    // The stack pointer as base or its absence is decided by what is free.
    unsigned base = RSP, index = RSP;
    if (with_base)
        base = free_register(b);
    if (with_index) {
        do
            index = free_register(b);
        while (index == RSP);
    }
    unsigned mod = rng_below(r, 3);
    if (!with_base)
        mod = 0;
    else if (mod == 0 && (base & 7) == 5)
        mod = 1;
    int32_t disp = mod == 1 ? (int8_t)rng_next(r) : mod == 2 || !with_base ? (int32_t)value_int(r) : 0;
    uint64_t value = target - (uint64_t)(int64_t)disp;
    if (!with_base) { // index * scale + disp32: the displacement takes the rest
        uint64_t v = (rng_next(r) & 0x0fffffff) >> scale;
        disp = (int32_t)(target - (v << scale));
        set_reg_value(b, index, v | (narrow ? rng_next(r) << 32 : 0));
    } else if (with_index && index == base) {
        mod = 2;
        uint64_t v = target / (1 + (1u << scale));
        if (narrow)
            v = (uint32_t)target / (1 + (1u << scale));
        disp = (int32_t)(target - v * (1 + (1u << scale)));
        set_reg_value(b, base, v);
    } else {
        if (with_index) {
            uint64_t v = one_in(r, 2) ? rng_next(r) : value_int(r);
            set_reg_value(b, index, v);
            value -= v << scale;
        }
        set_reg_value(b, base, narrow ? (uint32_t)value | rng_next(r) << 32 : value);
    }
    b->modrm_mode = (uint8_t)mod;
    b->disp = disp;
    b->disp_size = !with_base ? 4 : mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (with_index || (base & 7) == 4 || one_in(r, 8)) {
        b->has_sib = true;
        b->index = (uint8_t)(with_index ? index : 4);
        b->sib = (uint8_t)(scale << 6 | (b->index & 7) << 3 | (with_base ? base & 7 : 5));
        b->rm = (uint8_t)(4 | (with_base ? base & 8 : 0));
    } else {
        b->rm = (uint8_t)base;
    }
    return with_base && (base == RSP || base == RBP) ? SEG_SS : SEG_DS;
}

static unsigned encode_address(struct build *b, uint64_t target, bool must_base)
{
    return address_size(b) == 2 ? encode_address16(b, target) : encode_address32(b, target, must_base);
}

// Any ModRM memory form with any register values, for instructions that make no access.
static void encode_any_address(struct build *b)
{
    struct rng *r = &b->rng;
    encode_address(b, rng_next(r), false);
    for (unsigned k = 0; k < registers(b); k++)
        *gpr(b, k) = b->t->mode == CODE_64 ? value_int(r) : (uint32_t)value_int(r);
}

// The segment of the memory operand, and its prefix where there must be one. Outside 16-bit code all but FS and GS are
// the same.
static unsigned choose_segment(struct build *b, bool canonical)
{
    static const uint8_t prefix[] = {[SEG_ES] = 0x26, [SEG_CS] = 0x2e, [SEG_SS] = 0x36, [SEG_DS] = 0x3e};
    struct rng *r = &b->rng;
    enum code_mode mode = b->t->mode;
    if (mode == CODE_64 && !canonical)
        return SEG_DS;
    if (one_in(r, mode == CODE_64 ? 16 : 8))
        return choose_fs_gs(b);
    if (!one_in(r, mode == CODE_64 ? 32 : mode == CODE_32 ? 8 : 3))
        return SEG_DS;
    unsigned seg = rng_below(r, 4);
    b->seg = prefix[seg];
    return mode == CODE_16 ? seg : SEG_DS;
}

void encode_memory(struct build *b)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    unsigned size = operand_bytes(b);
    enum place place;
    bool stack = (row->implicit_read | row->implicit_written) & R_(RSP);
    if (row_no_access(row)) {
        b->p67 = one_in(r, 8);
        encode_any_address(b);
        return;
    }
    uint64_t a = choose_address(b, size, true, &place);
    if (b->t->mode != CODE_64 && place == PLACE_NONCANONICAL)
        a = DATA_END, place = PLACE_FAULT;
    unsigned seg = choose_segment(b, place != PLACE_NONCANONICAL);
    if (seg == SEG_SS) // the same place in the stack pages
        a = a - DATA_ADDR + STACK_ADDR;
    bool based = b->t->mode == CODE_64 && (seg == SEG_FS || seg == SEG_GS);
    if (b->t->mode == CODE_64)
        b->p67 = place != PLACE_NONCANONICAL && !based && one_in(r, 16);
    else // 16-bit addresses reach the arena through segments only
        b->p67 = one_in(r, b->t->mode == CODE_16 ? 4 : seg == SEG_DS ? 64 : 3);

    struct patch *p = add_patch(b, a, size);
    fill_operand(b, p->data, size);
    uint64_t target = segment_offset(b, seg, a);
    if (row_is_bit_test(row) && has_op(row, Gv)) {
        // The bit offset reaches out of the operand by multiples of its size.
        unsigned bits = 8 * b->opsize;
        int64_t away = one_in(r, 2) ? 0 : (int64_t)rng_below(r, 17) - 8;
        b->reg = (uint8_t)free_register(b);
        uint64_t offset = (uint64_t)(away * (int64_t)bits + (int64_t)rng_below(r, bits));
        uint64_t garbage = b->opsize == 8 ? 0 : rng_next(r) << bits;
        set_reg_value(b, b->reg, (offset & size_mask(b->opsize)) | garbage);
        target -= (uint64_t)away * b->opsize;
    }
    b->t->operand = a;
    b->t->operand_size = size;
    // A base that is the stack pointer itself: only where the instruction does not use the stack.
    if (stack)
        b->pinned |= 1u << RSP;
    unsigned natural = encode_address(b, target, based || place == PLACE_NONCANONICAL);
    if (b->t->mode == CODE_16 && !b->seg && natural == SEG_SS)
        b->seg = 0x3e;
    else if (b->t->mode == CODE_16 && seg == SEG_SS && natural == SEG_SS && one_in(r, 2))
        b->seg = 0;
}
