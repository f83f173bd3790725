// Comparison of two outcomes. Exempt are: RFLAGS bits that the row leaves undefined; the x87 pointers and opcode, in the
// state and in stored images, with the image fields that say which processor it is (MXCSR_MASK, reserved bytes); the last
// place of transcendentals; RCP and RSQRT within their error bound.
#include "tests/oracle/compare.h"

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
    } else if (!strcmp(row->name, "FXSAVE")) {
        forgive(ours, host, t->operand, FX_FOP, FX_MXCSR);
        forgive(ours, host, t->operand, FX_MASK, FX_MASK + 4);
        forgive(ours, host, t->operand, 416, 512);
    }
}

static bool f80_finite(const uint8_t *p) { return (load_u16(p + 8) & 0x7fff) != 0x7fff; }

// Units in the last place between two finite results of one sign, UINT64_MAX if they are far apart.
static uint64_t f80_distance(const uint8_t *a, const uint8_t *b)
{
    unsigned ea = load_u16(a + 8), eb = load_u16(b + 8);
    uint64_t fa = load_u64(a), fb = load_u64(b);
    if (ea == eb)
        return fa > fb ? fa - fb : fb - fa;
    if (ea == eb + 1 && fa == (uint64_t)1 << 63)
        return UINT64_MAX - fb + 1;
    if (eb == ea + 1 && fb == (uint64_t)1 << 63)
        return UINT64_MAX - fa + 1;
    return UINT64_MAX;
}

// Makes ours the host's where a transcendental is within one unit in the last place; C1 then tells how it was rounded.
static void forgive_transcendental(const struct context *host, struct context *ours)
{
    bool near = false;
    for (unsigned k = 0; k < 2; k++) {
        const uint8_t *a = host->fx + FX_ST + 16 * k;
        uint8_t *b = ours->fx + FX_ST + 16 * k;
        if (f80_finite(a) && f80_finite(b) && f80_distance(a, b) <= 1) {
            near = true;
            memcpy(b, a, 10);
        }
    }
    if (near) {
        uint16_t a = load_u16(host->fx + FX_FSW), b = load_u16(ours->fx + FX_FSW);
        store_u16(ours->fx + FX_FSW, (uint16_t)((b & ~0x200) | (a & 0x200)));
    }
}

static float to_f32(uint32_t v)
{
    float f;
    memcpy(&f, &v, sizeof f);
    return f;
}

// |a - b| <= 2 * 1.5 * 2^-12 * |b|: each may be off by half of that.
static bool reciprocal_near(uint32_t a, uint32_t b)
{
    double x = to_f32(a), y = to_f32(b), d = x > y ? x - y : y - x, m = y < 0 ? -y : y;
    return d <= m * (3.0 / 4096.0);
}

static void forgive_reciprocal(const struct context *host, struct context *ours)
{
    for (unsigned k = FX_XMM; k < FX_XMM + 256; k += 4)
        if (reciprocal_near(load_u32(host->fx + k), load_u32(ours->fx + k)))
            memcpy(ours->fx + k, host->fx + k, 4);
}

unsigned compare(const struct insn_row *row, const struct cell *cell, const struct test_case *t, const struct context *host,
                 struct context *ours, const uint8_t *host_arena, uint8_t *our_arena)
{
    unsigned d = 0;
    if (host->vector != ours->vector)
        return DIFF_VECTOR;
    if (host->error != ours->error)
        d |= DIFF_ERROR;
    if (host->cr2 != ours->cr2)
        d |= DIFF_CR2;
    if (host->rip != ours->rip)
        d |= DIFF_RIP;
    bool done = host->vector == EXC_DB;
    uint64_t flags = COMPARED_FLAGS & ~(uint64_t)(t->to_end ? F_TF : 0) &
                     ~(uint64_t)(done ? gen_undefined(row, cell, t) : 0);
    if ((host->rflags ^ ours->rflags) & flags)
        d |= DIFF_FLAGS;
    // In 32-bit mode the upper halves of the first eight registers are undefined (SDM vol. 1, 3.4.1.1).
    for (unsigned r = 0; r < 16; r++)
        if ((host->gpr[r] ^ ours->gpr[r]) & (t->mode == CODE_32 && r < 8 ? UINT32_MAX : UINT64_MAX))
            d |= DIFF_GPR;

    if (done) {
        enum tolerance tolerance = gen_tolerance(row);
        if (tolerance == TRANSCENDENTAL)
            forgive_transcendental(host, ours);
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
