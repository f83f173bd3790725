// Encodings and operands from the instruction table. The row's operand codes say what is encoded; what they cannot say
// (which implicit address, which values make an instruction interesting) is in settle(), by mnemonic.
//
// Not generated, because the manual leaves the result itself undefined: BSWAP of 16 bits, SHLD and SHRD of 16 bits by
// more than 16, FBLD of invalid digits. Because the host's kernel would notice: EFLAGS.AC from POPF, addresses in the
// kernel's half, MXCSR bit 17 (AMD's misaligned mode). Because processors differ: PREFETCHW of a register, MOVSXD to 16
// bits, UD0 and UD1 at the end of the code pages, LOOP with F2 or F3, what POPA has loaded and where images of many
// fields fault when they lie across two pages; in 16-bit code the end of the code segment, and the end of a data
// segment under operands that are accessed in pieces.
#include "tests/oracle/gen_build.h"

// ---- what the mnemonic wants ----------------------------------------------------------------------------------------

static uint64_t stack_address(struct build *b, bool may_fault)
{
    struct rng *r = &b->rng;
    if (may_fault && one_in(r, 24))
        return one_in(r, 2) ? STACK_ADDR + rng_below(r, 12) : STACK_END - rng_below(r, 12);
    uint64_t a = STACK_ADDR + 512 + rng_below(r, STACK_SIZE - 1024);
    return one_in(r, 4) ? a : a & ~(uint64_t)7;
}

// Makes the register point to an address of the stack pages.
static void set_stack_pointer(struct build *b, unsigned r, uint64_t a)
{
    if (b->t->mode != CODE_16)
        set_reg_value(b, r, a);
    else if (r == RSP)
        set_reg_value(b, r, ENTRY_ADDR | segment_offset(b, SEG_SS, a));
    else
        set_address_value(b, r, segment_offset(b, SEG_SS, a), 2);
}

// Something to jump to: near, anywhere, or not canonical. Nothing there is executed.
static uint64_t jump_target(struct build *b)
{
    struct rng *r = &b->rng;
    uint64_t v;
    if (b->t->mode == CODE_16)
        return one_in(r, 4) ? (uint32_t)value_int(r) : (rng_below(r, CODE_SIZE) - WRAP) & UINT16_MAX;
    switch (rng_below(r, 4)) {
    case 0:
        return (uint32_t)rng_next(r);
    case 1:
        v = rng_next(r);
        return v >> (17 + rng_below(r, 8));
    case 2:
        return b->t->mode == CODE_64 && one_in(r, 4) ? rng_next(r) & 0x7fffffffffffffff : CODE_ADDR;
    default:
        return CODE_ADDR + rng_below(r, CODE_SIZE);
    }
}

static void settle_strings(struct build *b)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    bool source = HAS_ANY_OP(row, Xb, Xv), dest = HAS_ANY_OP(row, Yb, Yv);
    bool compare = row_starts(row, "CMPS") || row_starts(row, "SCAS");
    unsigned size = HAS_ANY_OP(row, Xb, Yb) ? 1 : b->opsize;
    enum place place;
    if (one_in(r, 2)) {
        b->rep = compare && one_in(r, 2) ? 0xf2 : 0xf3;
        b->t->to_end = true;
    }
    uint64_t count = one_in(r, 8) ? 0 : rng_below(r, 40);
    uint64_t from = choose_address(b, size, true, &place), to = choose_address(b, size, true, &place);
    if (source && dest && one_in(r, 4)) // overlapping
        to = from + (uint64_t)((int64_t)rng_below(r, 33) - 16);
    if (b->t->mode != CODE_64) {
        if (arena_offset(from) < 0)
            from = DATA_END;
        if (arena_offset(to) < 0)
            to = DATA_END;
    }
    unsigned seg = SEG_DS;
    if (source && one_in(r, 16) && !place)
        seg = choose_fs_gs(b);
    else if (b->t->mode == CODE_64)
        b->p67 = one_in(r, 12) && !(from >> 32) && !(to >> 32);
    else
        b->p67 = one_in(r, b->t->mode == CODE_16 ? 4 : 64);
    unsigned asize = address_size(b);
    if (source)
        set_address_value(b, RSI, segment_offset(b, seg, from), asize);
    if (dest)
        set_address_value(b, RDI, segment_offset(b, SEG_ES, to), asize);
    if (b->rep)
        set_address_value(b, RCX, count, asize);
    else
        set_reg_value(b, RCX, value_int(r));

    // Comparisons go on for a while: equal bytes but for one.
    uint8_t unit[8], data[2][544];
    store_u64(unit, value_int(r));
    if (row_starts(row, "SCAS"))
        set_reg_value(b, RAX, load_u64(unit));
    for (unsigned k = 0; k < sizeof data[0]; k++)
        data[0][k] = data[1][k] = compare && row_starts(row, "SCAS") ? unit[k % size]
                                  : compare                          ? unit[0]
                                                                     : (uint8_t)rng_next(r);
    if (compare) {
        unsigned at = 272 + rng_below(r, 2 * 20 * size + 1) - 20 * size;
        unsigned which = one_in(r, 2);
        data[which][at] ^= (uint8_t)(1 + rng_below(r, 255));
        // With REPNE most elements must differ.
        if (b->rep == 0xf2 && !one_in(r, 4))
            for (unsigned k = 0; k < sizeof data[0]; k++)
                data[1][k] = k / size % 20 == 3 ? data[0][k] : (uint8_t)~data[1][k];
    }
    if (source)
        memcpy(add_patch(b, from - 272, 544)->data, data[0], 544);
    if (dest)
        memcpy(add_patch(b, to - 272, 544)->data, data[1], 544);
    b->t->operand = dest ? to : from;
    b->t->operand_size = size;
}

static void settle_x87(struct build *b)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    uint8_t *st0 = b->t->in.fx + FX_ST, *st1 = st0 + 16;
    if (one_in(r, 4)) // leave the wild values
        return;
    if (row_is(row, "F2XM1"))
        value_f80_range(r, one_in(r, 8) ? -70 : -8, -1, st0);
    else if (row_starts(row, "FSIN") || row_is(row, "FCOS") || row_is(row, "FPTAN")) {
        int low = one_in(r, 8) ? -70 : -6, high = one_in(r, 16) ? 66 : 2;
        value_f80_range(r, low, high, st0);
    } else if (row_is(row, "FPATAN"))
        value_f80_range(r, -8, 8, st0), value_f80_range(r, -8, 8, st1);
    else if (row_is(row, "FYL2X"))
        value_f80_range(r, -40, 40, st0), value_f80_range(r, -8, 8, st1), st0[9] &= 0x7f;
    else if (row_is(row, "FYL2XP1"))
        value_f80_range(r, -30, -2, st0), value_f80_range(r, -8, 8, st1);
    else if (row_is(row, "FSCALE"))
        value_f80_range(r, 0, one_in(r, 4) ? 20 : 8, st1);
    else if (row_starts(row, "FPREM"))
        value_f80_range(r, 0, one_in(r, 2) ? 80 : 20, st0), value_f80_range(r, -4, 10, st1);
    else if (row_is(row, "FBSTP"))
        value_f80_range(r, -1, 60, st0);
    else if (row_starts(row, "FIST") || row_is(row, "FRNDINT"))
        value_f80_range(r, -3, 66, st0);
}

static void settle_stack(struct build *b)
{
    const struct insn_row *row = b->row;
    // One fault only where the target may be outside the segment as well: the order differs.
    bool far_target = b->t->mode == CODE_16 && b->opsize == 4 && row_is(row, "CALL");
    uint64_t top = far_target ? stack_address(b, false) & ~(uint64_t)7 : stack_address(b, true);
    if (row_is(row, "POPA") && top > STACK_END - 64)
        top = STACK_END - rng_below(&b->rng, 2);
    if (row_is(row, "POPA") && b->t->mode == CODE_16) // no element where offsets wrap
        top &= top < STACK_END - 64 ? ~(uint64_t)3 : UINT64_MAX;
    set_stack_pointer(b, RSP, top);
    fill_operand(b, add_patch(b, top, 8)->data, 8);
    if (row_is(row, "LEAVE") || row_is(row, "ENTER"))
        set_stack_pointer(b, RBP, stack_address(b, true));
    if (row_is(row, "RET"))
        store_u64(add_patch(b, top, 8)->data, jump_target(b));
    if (row_is(row, "POPF"))
        store_u64(add_patch(b, top, 8)->data, rng_next(&b->rng) & ~(uint64_t)F_AC);
    b->t->any_memory = row_is(row, "ENTER") || row_is(row, "PUSHA");
}

// Register values and implicit memory that belong to a mnemonic; before the addressing registers are chosen.
static void settle(struct build *b)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    struct test_case *t = b->t;
    bool stack = (row->implicit_read | row->implicit_written) & R_(RSP);
    if (row->attr & A_STRING) {
        settle_strings(b);
    } else if (stack) {
        settle_stack(b);
    } else if (row_is(row, "XLAT")) {
        enum place place;
        uint64_t a = choose_address(b, 1, true, &place);
        if (t->mode != CODE_64 && place == PLACE_NONCANONICAL)
            a = DATA_END;
        b->p67 = one_in(r, t->mode == CODE_32 ? 64 : 8) && (t->mode != CODE_64 || place == PLACE_PLAIN);
        set_address_value(b, RBX, segment_offset(b, SEG_DS, a) - (uint8_t)*gpr(b, RAX), address_size(b));
        t->operand = a;
        t->operand_size = 1;
    } else if (row_starts(row, "MASKMOV")) {
        enum place place;
        unsigned size = row->attr & A_MMX && row->prefix != P_66 ? 8 : 16;
        uint64_t a = choose_address(b, size, false, &place);
        set_address_value(b, RDI, segment_offset(b, SEG_DS, a), address_size(b));
        t->operand = a;
        t->operand_size = size;
    } else if (has_op(row, rCL)) {
        *gpr(b, RCX) = (*gpr(b, RCX) & ~(uint64_t)0xff) | (one_in(r, 4) ? (uint8_t)rng_next(r) : rng_below(r, 66));
    } else if (row_starts(row, "LOOP") || row_is(row, "JCXZ")) {
        if (one_in(r, 2)) {
            unsigned count = rng_below(r, 3);
            set_reg_value(b, RCX, count | (one_in(r, 2) ? rng_next(r) << 32 : 0));
        }
        b->p67 = one_in(r, 3);
    }
    if (row->attr & A_FPU)
        settle_x87(b);
}

static void put_imm(struct build *b, uint64_t v, unsigned size)
{
    store_le(b->imm + b->imm_size, size, v);
    b->imm_size += size;
}

static void choose_immediates(struct build *b)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    struct test_case *t = b->t;
    unsigned z = b->opsize == 2 ? 2 : 4;
    for (unsigned k = 0; k < 3; k++) {
        uint64_t v = value_int(r);
        switch (row->op[k]) {
        case Ib:
            if (row_is(row, "ENTER"))
                v = one_in(r, 8) ? rng_below(r, 32) : rng_below(r, 4);
            else if (row_is(row, "AAM") && !one_in(r, 16))
                v |= 1;
            else if (row_is_shift(row) && !one_in(r, 4))
                v = rng_below(r, 66);
            put_imm(b, v, 1);
            break;
        case sIb:
        case Jb:
            put_imm(b, v, 1);
            break;
        case Iw:
            put_imm(b, row_is(row, "ENTER") ? rng_below(r, 256) : v, 2);
            break;
        case Iz:
        case sIz:
            put_imm(b, v, z);
            break;
        case Jz:
            put_imm(b, v, t->mode == CODE_64 ? 4 : z);
            break;
        case Iv:
            put_imm(b, v, b->opsize);
            break;
        case Ob:
        case Ov: {
            enum place place;
            unsigned size = operand_bytes(b);
            uint64_t a = choose_address(b, size, true, &place);
            if (t->mode != CODE_64 && place == PLACE_NONCANONICAL)
                a = DATA_END;
            b->p67 = place != PLACE_NONCANONICAL && one_in(r, t->mode == CODE_32 ? 64 : 4);
            fill_operand(b, add_patch(b, a, size)->data, size);
            t->operand = a;
            t->operand_size = size;
            unsigned seg = SEG_DS;
            if (!(t->mode == CODE_64 && b->p67) && place != PLACE_NONCANONICAL && one_in(r, 8))
                seg = choose_fs_gs(b);
            put_imm(b, segment_offset(b, seg, a), address_size(b));
            break;
        }
        default:
            break;
        }
    }
}

// A byte register number as a place: register and shift.
static uint8_t *byte_register(struct build *b, unsigned n, bool rex)
{
    return (uint8_t *)gpr(b, !rex && n >= 4 && n < 8 ? n - 4 : n) + (!rex && n >= 4 && n < 8);
}

// The value of the ModRM operand as chosen, up to 8 bytes.
static uint64_t operand_value(struct build *b, unsigned size, bool rex)
{
    if (b->mem)
        return load_le(b->t->patch[b->t->patches - 1].data, size);
    if (size == 1)
        return *byte_register(b, b->rm, rex);
    return *gpr(b, b->rm) & size_mask(size);
}

static void keep_unpinned(struct build *b, unsigned r, unsigned size, uint64_t v)
{
    bool operand = !b->mem && b->form.modrm && b->rm == r;
    if (b->pinned >> r & 1 || operand)
        return;
    uint64_t mask = size_mask(size);
    *gpr(b, r) = (*gpr(b, r) & ~mask) | (v & mask);
}

static int64_t to_signed(uint64_t v, unsigned size)
{
    return (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size);
}

// Values that depend on the operand's: quotients that fit, comparisons that are equal.
static void settle_values(struct build *b, bool rex)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    unsigned size = has_op(row, Eb) ? 1 : b->opsize;
    if (row_is(row, "DIV") && !one_in(r, 6)) {
        uint64_t d = operand_value(b, size, rex);
        if (d) {
            uint64_t upper = rng_next(r) % d;
            if (size == 1)
                keep_unpinned(b, RAX, 2, upper << 8 | (rng_next(r) & 0xff));
            else
                keep_unpinned(b, RDX, size, upper);
        }
    } else if (row_is(row, "IDIV") && !one_in(r, 6)) {
        int64_t d = to_signed(operand_value(b, size, rex), size);
        uint64_t magnitude = d < 0 ? -(uint64_t)d : (uint64_t)d;
        uint64_t upper = magnitude > 1 ? rng_next(r) % magnitude / 2 : 0;
        if (one_in(r, 2))
            upper = ~upper;
        if (size == 1)
            keep_unpinned(b, RAX, 2, upper << 8 | (rng_next(r) & 0xff));
        else
            keep_unpinned(b, RDX, size, upper);
    } else if ((row_is(row, "BEXTR") || row_is(row, "BZHI")) && !one_in(r, 4)) {
        unsigned start = rng_below(r, 70), length = rng_below(r, 70);
        keep_unpinned(b, b->vvvv & (registers(b) - 1), 2, start | length << 8);
    } else if (row_is(row, "CMPXCHG") && one_in(r, 2)) {
        keep_unpinned(b, RAX, size, operand_value(b, size, rex));
    } else if (row_is(row, "CMPXCHG8B") && one_in(r, 2)) {
        const uint8_t *p = b->t->patch[b->t->patches - 1].data;
        keep_unpinned(b, RAX, b->opsize, load_le(p, b->opsize));
        keep_unpinned(b, RDX, b->opsize, load_le(p + b->opsize, b->opsize));
    } else if ((row_is(row, "CALL") || row_is(row, "JMP")) && has_op(row, Ev)) {
        uint64_t to = jump_target(b), rsp = *gpr(b, RSP);
        if (to >> 47 && row_is(row, "CALL") &&
            (rsp < STACK_ADDR + 8 || rsp > STACK_END)) // one fault only: their order differs
            to = CODE_ADDR;
        if (b->mem)
            store_u64(b->t->patch[b->t->patches - 1].data, to);
        else
            keep_unpinned(b, b->rm, 8, to), *gpr(b, b->rm) = b->rm == RSP ? *gpr(b, RSP) : to;
    } else if (row_is(row, "BOUND")) {
        uint8_t *p = b->t->patch[b->t->patches - 1].data;
        uint64_t low = value_int(r);
        store_le(p, b->opsize, low);
        store_le(p + b->opsize, b->opsize, low + rng_below(r, 1000));
        if (one_in(r, 2))
            keep_unpinned(b, b->reg, b->opsize, low + rng_below(r, 1000));
    }
}

// The undefined results named at the top.
static void avoid_undefined(struct build *b)
{
    const struct insn_row *row = b->row;
    if ((row_is(row, "SHLD") || row_is(row, "SHRD")) && b->opsize == 2) {
        unsigned count = rng_below(&b->rng, 17), ignored = rng_below(&b->rng, 8);
        count |= ignored << 5;
        if (has_op(row, Ib))
            b->imm[0] = (uint8_t)count;
        else
            *gpr(b, RCX) = (*gpr(b, RCX) & ~(uint64_t)0xff) | count;
    }
}

static void choose_prefixes(struct build *b, unsigned opsize)
{
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    bool mode64 = b->t->mode == CODE_64;
    bool fixed = opsize == 0;
    if (b->vex) { // the mandatory prefix is in it, and others before it are wrong
        b->rex_w = opsize == 8 || (!mode64 && one_in(r, 2));
        b->vex_l = one_in(r, 64);
        b->vvvv = has_op(row, By) ? (uint8_t)rng_below(r, 16) : one_in(r, 32) ? (uint8_t)rng_below(r, 16) : 0;
        b->p66 = one_in(r, 64);
        b->lock = one_in(r, 64);
        b->rep = one_in(r, 64) ? 0xf2 + rng_below(r, 2) : 0;
        return;
    }
    bool other =
        b->t->mode == CODE_16 ? opsize == 4 && !HAS_ANY_OP(row, Ey, Gy) && !row_is(row, "CMPXCHG8B") : opsize == 2;
    if (other)
        b->p66 = true;
    if (opsize == 8 && !(row->attr & (A_F64 | A_D64)))
        b->rex_w = true;
    if (mode64 && opsize == 8 && row->attr & A_D64)
        b->rex_w = one_in(r, 8);
    bool sized = HAS_ANY_OP(row, Ed, Eq, Gd, Gq, Ey, Gy, Mq);
    if (mode64 && fixed && !sized && one_in(r, 16))
        b->rex_w = true;
    if (mode64 && one_in(r, 8))
        b->rex_any = true;
    // Prefixes that mean nothing here.
    if (row->map == MAP_1 && row->prefix == P_ANY) {
        if (fixed && !(row->attr & (A_F64 | A_D64)) && one_in(r, 32))
            b->p66 = true;
        if (!(row->attr & A_STRING) && row->opcode != 0x90 && !row_starts(row, "LOOP") && one_in(r, 32))
            b->rep = one_in(r, 2) ? 0xf2 : 0xf3;
    }
    if (row->attr & A_LOCK ? b->mem && one_in(r, 8) : one_in(r, 64))
        b->lock = true;
    else if (row->attr & A_LOCK && !b->mem && one_in(r, 64))
        b->lock = true; // #UD
    if (row->prefix == P_66)
        b->p66 = true;
    else if (row->prefix == P_F2)
        b->rep = 0xf2;
    else if (row->prefix == P_F3)
        b->rep = 0xf3;
}

// The three-byte form; only R, W, vvvv, L and pp can be in the two-byte one, and no row so far has its map.
static unsigned put_vex(const struct build *b, uint8_t rex, uint8_t *p)
{
    static const uint8_t pp[] = {[P_NONE] = 0, [P_66] = 1, [P_F3] = 2, [P_F2] = 3};
    p[0] = 0xc4;
    p[1] = (uint8_t)((~rex & 7) << 5 | (b->row->map - MAP_VEX_0F + 1));
    p[2] = (uint8_t)((rex & 8) << 4 | (~b->vvvv & 15) << 3 | b->vex_l << 2 | pp[b->row->prefix]);
    return 3;
}

// Lays the bytes out and sets RIP.
static void assemble(struct build *b)
{
    struct test_case *t = b->t;
    struct rng *r = &b->rng;
    const struct insn_row *row = b->row;
    uint8_t *p = t->code;
    uint8_t prefix[5];
    unsigned prefixes = 0, n = 0;
    if (b->p66)
        prefix[prefixes++] = 0x66;
    if (b->p67)
        prefix[prefixes++] = 0x67;
    if (b->lock)
        prefix[prefixes++] = 0xf0;
    if (b->rep)
        prefix[prefixes++] = b->rep;
    if (b->seg)
        prefix[prefixes++] = b->seg;
    for (unsigned k = prefixes; k > 1; k--) { // in any order
        unsigned other = rng_below(r, k);
        uint8_t swap = prefix[k - 1];
        prefix[k - 1] = prefix[other];
        prefix[other] = swap;
    }
    memcpy(p, prefix, prefixes);
    n = prefixes;
    uint8_t rex = (uint8_t)((b->rex_w ? 8 : 0) | (b->reg & 8 ? 4 : 0) | (b->has_sib && b->index & 8 ? 2 : 0) |
                            (b->rm & 8 ? 1 : 0));
    if (b->vex)
        n += put_vex(b, rex, p + n);
    else if (t->mode == CODE_64 && (rex || b->rex_any))
        p[n++] = 0x40 | rex;
    if (row->map != MAP_1 && !b->vex)
        p[n++] = 0x0f;
    if (row->map == MAP_0F38 || row->map == MAP_0F3A)
        p[n++] = row->map == MAP_0F38 ? 0x38 : 0x3a;
    p[n++] = b->opcode;
    unsigned disp_at = 0;
    if (b->form.full >= 0) {
        p[n++] = (uint8_t)b->form.full;
    } else if (b->form.modrm) {
        p[n++] = (uint8_t)((b->mem ? b->modrm_mode : 3) << 6 | (b->reg & 7) << 3 | (b->rm & 7));
        if (b->mem && b->has_sib)
            p[n++] = b->sib;
        if (b->mem && b->disp_size) {
            disp_at = n;
            store_le(p + n, b->disp_size, (uint32_t)b->disp);
            n += b->disp_size;
        }
    }
    if (n + b->imm_size > 15) { // does not happen: the longest are 66 67 F0 64 REX 81 /0 SIB disp32 imm32
        b->imm_size = 0;
    }
    memcpy(p + n, b->imm, b->imm_size);
    n += b->imm_size;
    t->len = n;
    memset(p + n, 0xcc, sizeof t->code - n);

    uint64_t rip = CODE_ADDR + 64 + rng_below(r, CODE_SIZE - 128);
    if (one_in(r, 24))
        rip = CODE_ADDR + ORACLE_PAGE - rng_below(r, n + 1);
    else if (n > 1 && !t->to_end && !row_starts(row, "UD") && one_in(r, 96))
        rip = CODE_END - 1 - rng_below(r, n - 1);
    if (t->mode == CODE_16) {
        if (rip < CODE_ADDR + ORACLE_PAGE && rip + sizeof t->code > CODE_ADDR + ORACLE_PAGE)
            rip = CODE_ADDR + ORACLE_PAGE; // where offsets wrap
        rip = (rip - CODE_ADDR - WRAP) & UINT16_MAX;
    }
    t->in.rip = rip;
    if (b->mem && b->rip_relative && disp_at && !row_no_access(row))
        store_u32(p + disp_at, (uint32_t)((uint32_t)b->disp - (uint32_t)(rip + n)));
}

// Blocks and fused pairs: every second case runs in the emulated processor without the trap flag, half of those
// together with a conditional branch on flags that the row defines.
static void choose_ending(struct build *b, uint64_t n)
{
    struct test_case *t = b->t;
    const struct insn_row *row = b->row;
    unsigned end = code_offset(t->mode, t->in.rip) + t->len + 4;
    bool room =
        t->mode == CODE_16 ? end / ORACLE_PAGE == code_offset(t->mode, t->in.rip) / ORACLE_PAGE : end <= CODE_SIZE;
    if (row->attr & (A_ENDS | A_STRING) || row_is(row, "PUSHF") || !(n & 1) || !room)
        return;
    t->ours_to_end = true;
    if (row->flags_written & F_ARITH && !(row->attr & A_FPU) && !(row->flags_undefined & F_ARITH & ~F_AF) && n & 2) {
        t->code[t->len] = (uint8_t)(0x70 | rng_below(&b->rng, 16));
        t->code[t->len + 1] = 1;
        t->tail = 2;
        t->to_end = true;
    }
}

void gen_case(const struct insn_row *row, const struct cell *cell, uint64_t seed, uint64_t n,
              const struct gen_host *host, struct test_case *t)
{
    memset(t, 0, offsetof(struct test_case, patch));
    t->patches = 0;
    t->operand = 0;
    t->operand_size = 0;
    t->tail = 0;
    t->to_end = t->ours_to_end = t->any_memory = false;
    t->mode = cell->mode;
    struct build b = {.row = row, .t = t, .host = host, .form = form_of(row), .mem = cell->kind == CELL_MEM};
    b.vex = row->map >= MAP_VEX_0F;
    b.rng.state = seed ^ (uint64_t)(row - insn_rows) << 40 ^ (uint64_t)cell->mode << 36 ^ (uint64_t)cell->opsize << 32 ^
                  (uint64_t)cell->kind << 30;
    b.rng.state = rng_next(&b.rng) + n;
    b.rng.state = rng_next(&b.rng);
    struct rng *r = &b.rng;
    b.opsize = cell->opsize ? cell->opsize : 4;

    size_t len = strlen(row->name);
    const char *end = len > 2 ? row->name + len - 2 : "";
    b.type = !strcmp(end, "PS") || !strcmp(end, "SS")   ? VEC_F32
             : !strcmp(end, "PD") || !strcmp(end, "SD") ? VEC_F64
                                                        : VEC_INT;
    if (row_starts(row, "CVT")) // by what it converts from
        b.type = strstr(row->name, "PS2") || strstr(row->name, "SS2")   ? VEC_F32
                 : strstr(row->name, "PD2") || strstr(row->name, "SD2") ? VEC_F64
                                                                        : VEC_INT;

    for (unsigned k = 0; k < 16; k++)
        t->in.gpr[k] = cell->mode == CODE_64 || k >= 8 ? value_int(r) : (uint32_t)value_int(r);
    if (cell->mode == CODE_16)
        set_reg_value(&b, RSP, ENTRY_ADDR | (t->in.gpr[RSP] & UINT16_MAX));
    t->in.rflags = rng_next(r) & (F_ARITH | F_DF);
    value_fx(r, b.type, t->in.fx);
    if (row->attr & (A_SSE | A_MMX) || !(row->attr & A_FPU)) { // no pending x87 exception in the way but rarely
        bool rare = row->attr & A_MMX && one_in(r, 16);
        if (!rare) {
            store_u16(t->in.fx + FX_FCW, load_u16(t->in.fx + FX_FCW) | 0x3f);
            store_u16(t->in.fx + FX_FSW, load_u16(t->in.fx + FX_FSW) & 0x7f7f);
        }
    }

    b.opcode = row->opcode;
    if (row->attr & A_CC)
        b.opcode |= (uint8_t)rng_below(r, 16);
    choose_prefixes(&b, cell->opsize);
    settle(&b);
    if (HAS_ANY_OP(row, Zb, Zv, Zq)) {
        b.rm = (uint8_t)rng_below(r, registers(&b));
        b.opcode |= b.rm & 7;
    }
    choose_immediates(&b);
    if (b.form.modrm && b.form.full < 0) {
        b.reg = (uint8_t)(b.form.digit >= 0 ? (unsigned)b.form.digit : rng_below(r, registers(&b)));
        if (b.mem)
            encode_memory(&b);
        else
            b.rm = (uint8_t)rng_below(r, row->attr & A_FPU ? 8 : registers(&b));
    }
    bool rex = cell->mode == CODE_64 && (b.rex_w || b.rex_any || b.reg & 8 || b.rm & 8 || (b.has_sib && b.index & 8));
    settle_values(&b, rex);
    avoid_undefined(&b);
    assemble(&b);
    choose_ending(&b, n);
    if (cell->mode != CODE_64) {
        for (unsigned k = 0; k < 8; k++)
            t->in.gpr[k] = (uint32_t)t->in.gpr[k];
    }
}
