// Comparison of two outcomes. Exempt are: RFLAGS bits that the row leaves undefined; the x87 pointers and opcode, in
// the state and in stored images, with the image fields that say which processor it is (MXCSR_MASK, reserved bytes);
// the last place of transcendentals, and for FSIN, FCOS, FSINCOS and FPTAN what the processors' 66-bit pi makes of
// large operands; RCP and RSQRT within their error bound; the upper half of a 32-bit push of a segment register, which
// SDM vol. 2 (PUSH) leaves to the model. The emulated processor is an Intel one; where AMD's differ by design is in
// forgive_amd().
#include "tests/oracle/compare.h"

#include "cpu/x87.h"

static void forgive(uint8_t *ours, const uint8_t *host, uint64_t addr, unsigned from, unsigned to)
{
    for (unsigned k = from; k < to; k++) {
        int off = arena_offset(addr + k);
        if (off >= 0)
            ours[off] = host[off];
    }
}

static void forgive_images(const struct insn_row *row, const struct cell *cell, const struct test_case *t,
                           const uint8_t *host, uint8_t *ours)
{
    if (!strcmp(row->name, "FNSTENV") || !strcmp(row->name, "FNSAVE")) {
        if (cell->opsize == 2)
            forgive(ours, host, t->operand, 6, 14);
        else
            forgive(ours, host, t->operand, 12, 28);
    } else if (!strcmp(row->name, "PUSH") && row->implicit_read & R_SEG && cell->opsize == 4) {
        uint64_t top = t->in.gpr[RSP] - 4;
        if (t->mode == CODE_16)
            top = STACK_ADDR + ((top + WRAP) & UINT16_MAX);
        int off = arena_offset(top + 2);
        if (off >= 0 && load_u16(host + off) == 0) // a zero-extending model; ours writes 16 bits
            forgive(ours, host, top, 2, 4);
    } else if (!strcmp(row->name, "FXSAVE")) {
        forgive(ours, host, t->operand, FX_FOP, FX_MXCSR);
        forgive(ours, host, t->operand, FX_MASK, FX_MASK + 4);
        forgive(ours, host, t->operand, 416, 512);
    }
}

static void forgive_status(const struct context *host, struct context *ours, unsigned bits)
{
    unsigned a = load_u16(host->fx + FX_FSW), b = load_u16(ours->fx + FX_FSW);
    store_u16(ours->fx + FX_FSW, (uint16_t)((b & ~bits) | (a & bits)));
}

// Comparisons with an unmasked exception: SDM vol. 2 (FCOM, FCOMI) leaves the condition codes alone then, AMD's set
// them. C1: the SDM clears it in FCOMI and its relatives, AMD's leave it alone.
static void forgive_amd(const struct insn_row *row, const struct context *host, struct context *ours)
{
    bool compares = strstr(row->name, "COM") || !strcmp(row->name, "FTST");
    if (!(row->attr & A_FPU) || !compares)
        return;
    bool to_flags = row->flags_written;
    if (to_flags)
        forgive_status(host, ours, FSW_C1);
    unsigned unmasked = load_u16(ours->fx + FX_FSW) & ~(unsigned)load_u16(ours->fx + FX_FCW) & 3;
    if (unmasked && to_flags)
        ours->rflags = (ours->rflags & ~(uint64_t)F_ARITH) | (host->rflags & F_ARITH);
    else if (unmasked)
        forgive_status(host, ours, FSW_C0 | FSW_C2 | FSW_C3);
}

static bool f80_finite(const uint8_t *p)
{
    unsigned exponent = load_u16(p + 8) & 0x7fff;
    return exponent != 0x7fff && load_u64(p) >> 63 == (exponent != 0);
}

static long double to_f80(unsigned exponent, uint64_t significand)
{
    uint8_t image[16] = {0};
    long double v;
    store_u64(image, significand);
    store_u16(image + 8, (uint16_t)exponent);
    memcpy(&v, image, sizeof v < sizeof image ? sizeof v : sizeof image);
    return v;
}

// |a - b| <= one unit in the last place + what an error of the operand by `reduction` (absolute) makes of it.
static bool f80_near(const uint8_t *a, const uint8_t *b, long double reduction)
{
    unsigned exponent = load_u16(a + 8) & 0x7fff;
    if (exponent <= 64) {
        // The same exponent, or the largest number of one and the smallest of the next.
        const uint8_t *low = load_u16(a + 8) <= load_u16(b + 8) ? a : b, *high = low == a ? b : a;
        unsigned step = (unsigned)load_u16(high + 8) - load_u16(low + 8);
        uint64_t top = (low[8] | (low[9] & 0x7f)) ? UINT64_MAX : INT64_MAX; // a denormal's
        return step ? step == 1 && load_u64(low) == top && load_u64(high) == (uint64_t)1 << 63
                    : load_u64(a) - load_u64(b) + 1 <= 2;
    }
    long double x = to_f80(load_u16(a + 8), load_u64(a)), y = to_f80(load_u16(b + 8), load_u64(b));
    long double ulp = to_f80(exponent - 63, (uint64_t)1 << 63), d = x > y ? x - y : y - x;
    return d <= ulp || (reduction > 0 && d <= ulp + reduction * (1 + x * x));
}

// Makes ours the host's where a transcendental is near enough; C1 then tells how it was rounded.
static void forgive_transcendental(const struct insn_row *row, const struct test_case *t, const struct context *host,
                                   struct context *ours)
{
    static const char *const reduced[] = {"FSIN", "FCOS", "FSINCOS", "FPTAN"};
    const uint8_t *operand = t->in.fx + FX_ST;
    long double reduction = 0;
    for (unsigned k = 0; k < ARRAY_LEN(reduced); k++)
        if (!strcmp(row->name, reduced[k]) && f80_finite(operand)) // pi to 66 bits: relative error 2^-67.7
            reduction =
                to_f80(load_u16(operand + 8) & 0x7fff, load_u64(operand)) * to_f80(0x3fff - 67, (uint64_t)1 << 63);
    bool near = false;
    for (unsigned k = 0; k < 2; k++) {
        const uint8_t *a = host->fx + FX_ST + 16 * k;
        uint8_t *b = ours->fx + FX_ST + 16 * k;
        if (f80_finite(a) && f80_finite(b) && f80_near(a, b, reduction)) {
            near = true;
            memcpy(b, a, 10);
        }
    }
    if (near)
        forgive_status(host, ours, FSW_C1);
}

static float to_f32(uint32_t v)
{
    float f;
    memcpy(&f, &v, sizeof f);
    return f;
}

// |a - b| <= 2 * 1.5 * 2^-12 * |b|: each may be off by half of that. Around the smallest normal number either may have
// been flushed to a zero of the same sign (SDM vol. 2, RCPPS).
static bool reciprocal_near(uint32_t a, uint32_t b)
{
    const uint32_t tiny = 0x00801000;
    if ((a ^ b) >> 31 == 0 && (a & INT32_MAX) <= tiny && (b & INT32_MAX) <= tiny)
        return true;
    double x = to_f32(a), y = to_f32(b), d = x > y ? x - y : y - x, m = y < 0 ? -y : y;
    return d <= m * (3.0 / 4096.0);
}

static void forgive_reciprocal(const struct context *host, struct context *ours)
{
    for (unsigned k = FX_XMM; k < FX_XMM + 256; k += 4)
        if (reciprocal_near(load_u32(host->fx + k), load_u32(ours->fx + k)))
            memcpy(ours->fx + k, host->fx + k, 4);
}

unsigned compare(const struct insn_row *row, const struct cell *cell, const struct test_case *t,
                 const struct context *host, struct context *ours, const uint8_t *host_arena, uint8_t *our_arena,
                 bool amd)
{
    unsigned d = 0;
    if (host->vector != ours->vector)
        return DIFF_VECTOR;
    if (amd && host->vector == EXC_DB)
        forgive_amd(row, host, ours);
    if (host->error != ours->error)
        d |= DIFF_ERROR;
    // Which byte of an image is touched first is the processor's affair.
    uint64_t cr2_mask = t->operand_size > 16 ? ~(uint64_t)(ORACLE_PAGE - 1) : UINT64_MAX;
    if ((host->cr2 ^ ours->cr2) & cr2_mask)
        d |= DIFF_CR2;
    if (host->rip != ours->rip)
        d |= DIFF_RIP;
    bool done = host->vector == EXC_DB;
    uint64_t flags = COMPARED_FLAGS & ~(uint64_t)(t->to_end || t->ours_to_end ? F_TF : 0) &
                     ~(uint64_t)(done ? gen_undefined(row, cell, t) : 0);
    if ((host->rflags ^ ours->rflags) & flags)
        d |= DIFF_FLAGS;
    // Outside 64-bit mode the upper halves of the first eight registers are undefined (SDM vol. 1, 3.4.1.1).
    for (unsigned r = 0; r < 16; r++)
        if ((host->gpr[r] ^ ours->gpr[r]) & (t->mode != CODE_64 && r < 8 ? UINT32_MAX : UINT64_MAX))
            d |= DIFF_GPR;

    if (done) {
        enum tolerance tolerance = gen_tolerance(row);
        if (tolerance == TRANSCENDENTAL)
            forgive_transcendental(row, t, host, ours);
        else if (tolerance != EXACT)
            forgive_reciprocal(host, ours);
        forgive_images(row, cell, t, host_arena, our_arena);
    }
    const uint8_t *a = host->fx, *b = ours->fx;
    if (load_u16(a + FX_FCW) != load_u16(b + FX_FCW))
        d |= DIFF_FCW;
    if (load_u16(a + FX_FSW) != load_u16(b + FX_FSW))
        d |= DIFF_FSW;
    if (a[FX_FTW] != b[FX_FTW])
        d |= DIFF_TAGS;
    for (unsigned k = 0; k < 8; k++)
        if (memcmp(a + FX_ST + 16 * k, b + FX_ST + 16 * k, 10) != 0)
            d |= DIFF_ST;
    if (memcmp(a + FX_XMM, b + FX_XMM, 256) != 0)
        d |= DIFF_XMM;
    if (load_u32(a + FX_MXCSR) != load_u32(b + FX_MXCSR))
        d |= DIFF_MXCSR;
    if (!(t->any_memory && !done) && memcmp(host_arena, our_arena, ARENA_SIZE) != 0)
        d |= DIFF_MEMORY;
    return d;
}
