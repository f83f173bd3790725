// SSE3, SSSE3 and SSE4.1 on XMM registers.
//
// After Intel SDM volume 1, 12.3 (SSE3), 12.6 (SSSE3), 12.10 (SSE4.1), and the instructions' pages in volume 2. FISTTP
// is with the x87, MONITOR with the system instructions; the MMX forms of SSSE3 are in exec_mmx.c. Differs: MOVNTDQA's
// hint means nothing. DPPS and DPPD add in the order of the manual's pages, and end at the first of their steps
// (products, sums) that raises an unmasked exception.
#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/sse.h"

// ---- SSE3: duplicating moves ------------------------------------------------------------------------------------

static bool mov_ddup(struct cpu *c, const struct insn *i, uint64_t b)
{
    xmm_set(c, i->reg, v128_make(b, b));
    return true;
}
SSE_SCALAR(movddup, mov_ddup, 8, uint64_t)

static inline struct v128 v_movsldup(struct v128 a, struct v128 b)
{
    (void)a;
    return v128_make(pair32(lane32(b.lo, 0), lane32(b.lo, 0)), pair32(lane32(b.hi, 0), lane32(b.hi, 0)));
}
static inline struct v128 v_movshdup(struct v128 a, struct v128 b)
{
    (void)a;
    return v128_make(pair32(lane32(b.lo, 1), lane32(b.lo, 1)), pair32(lane32(b.hi, 1), lane32(b.hi, 1)));
}
SSE_BINARY(movsldup, v_movsldup)
SSE_BINARY(movshdup, v_movshdup)

// ---- SSE3: horizontal and alternating arithmetic ----------------------------------------------------------------

typedef uint32_t op32(uint32_t a, uint32_t b, struct fp_env *env);
typedef uint64_t op64(uint64_t a, uint64_t b, struct fp_env *env);

// Register reg becomes {a0 op a1, a2 op a3, b0 op b1, b2 op b3}. False: sse_fault() is due.
static NOINLINE bool horizontal32(struct cpu *c, unsigned reg, struct v128 b, op32 *op)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, reg), r;
    r.lo = op(v128_u32(a, 0), v128_u32(a, 1), &env);
    r.lo |= (uint64_t)op(v128_u32(a, 2), v128_u32(a, 3), &env) << 32;
    r.hi = op(v128_u32(b, 0), v128_u32(b, 1), &env);
    r.hi |= (uint64_t)op(v128_u32(b, 2), v128_u32(b, 3), &env) << 32;
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, reg, r);
    return true;
}

static NOINLINE bool horizontal64(struct cpu *c, unsigned reg, struct v128 b, op64 *op)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, reg), r;
    r.lo = op(a.lo, a.hi, &env);
    r.hi = op(b.lo, b.hi, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, reg, r);
    return true;
}

static bool hadd_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    return horizontal32(c, i->reg, b, f32_add);
}
static bool hsub_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    return horizontal32(c, i->reg, b, f32_sub);
}
static bool hadd_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    return horizontal64(c, i->reg, b, f64_add);
}
static bool hsub_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    return horizontal64(c, i->reg, b, f64_sub);
}

static NOINLINE bool addsub_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg);
    uint32_t r[4];
    for (unsigned n = 0; n < 4; n++)
        r[n] = (n & 1 ? f32_add : f32_sub)(v128_u32(a, n), v128_u32(b, n), &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, v128_from_u32(r[0], r[1], r[2], r[3]));
    return true;
}

static NOINLINE bool addsub_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg), r;
    r.lo = f64_sub(a.lo, b.lo, &env);
    r.hi = f64_add(a.hi, b.hi, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, r);
    return true;
}

SSE_PACKED(haddps, hadd_ps)
SSE_PACKED(hsubps, hsub_ps)
SSE_PACKED(haddpd, hadd_pd)
SSE_PACKED(hsubpd, hsub_pd)
SSE_PACKED(addsubps, addsub_ps)
SSE_PACKED(addsubpd, addsub_pd)

// ---- SSSE3 ------------------------------------------------------------------------------------------------------

SSE_QUADWISE(pabsb)
SSE_QUADWISE(pabsw)
SSE_QUADWISE(pabsd)
SSE_QUADWISE(psignb)
SSE_QUADWISE(psignw)
SSE_QUADWISE(psignd)
SSE_QUADWISE(pmulhrsw)
SSE_QUADWISE(pmaddubsw)

#define SSE_HORIZONTAL(name)                                                                                           \
    static inline struct v128 v_##name(struct v128 a, struct v128 b)                                                   \
    {                                                                                                                  \
        return v128_make(pair32(half_##name(a.lo), half_##name(a.hi)), pair32(half_##name(b.lo), half_##name(b.hi)));  \
    }                                                                                                                  \
    SSE_BINARY(name, v_##name)
SSE_HORIZONTAL(phaddw)
SSE_HORIZONTAL(phaddd)
SSE_HORIZONTAL(phaddsw)
SSE_HORIZONTAL(phsubw)
SSE_HORIZONTAL(phsubd)
SSE_HORIZONTAL(phsubsw)

static inline uint8_t byte_of(struct v128 v, unsigned n)
{
    return lane8(n & 8 ? v.hi : v.lo, n & 7);
}

// Eight result bytes of PSHUFB: byte n of v, or zero if the control byte's highest bit is set.
static inline uint64_t pick_bytes(struct v128 v, uint64_t control)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++) {
        uint8_t k = lane8(control, n);
        r |= (uint64_t)(k & 0x80 ? 0 : byte_of(v, k)) << (8 * n);
    }
    return r;
}
static inline struct v128 v_pshufb(struct v128 a, struct v128 b)
{
    return v128_make(pick_bytes(a, b.lo), pick_bytes(a, b.hi));
}
SSE_BINARY(pshufb, v_pshufb)

// Quadword of {hi:lo} beginning `bits` (0..63) from the right.
static inline uint64_t funnel(uint64_t lo, uint64_t hi, unsigned bits)
{
    return bits ? lo >> bits | hi << (64 - bits) : lo;
}
static inline struct v128 v_palignr(struct v128 a, struct v128 b, unsigned imm)
{
    const uint64_t q[6] = {b.lo, b.hi, a.lo, a.hi, 0, 0};
    unsigned from = imm >> 3, bits = 8 * (imm & 7);
    if (from > 3)
        return v128_make(0, 0);
    return v128_make(funnel(q[from], q[from + 1], bits), funnel(q[from + 1], q[from + 2], bits));
}

// ---- operations with an immediate -------------------------------------------------------------------------------

static inline struct v128 v_blendps(struct v128 a, struct v128 b, unsigned imm)
{
    return v128_from_u32(v128_u32(imm & 1 ? b : a, 0), v128_u32(imm & 2 ? b : a, 1), v128_u32(imm & 4 ? b : a, 2),
                         v128_u32(imm & 8 ? b : a, 3));
}
static inline struct v128 v_blendpd(struct v128 a, struct v128 b, unsigned imm)
{
    return v128_make(imm & 1 ? b.lo : a.lo, imm & 2 ? b.hi : a.hi);
}
static inline uint64_t blend16(uint64_t a, uint64_t b, unsigned imm)
{
    uint64_t mask = 0;
    for (unsigned n = 0; n < 4; n++)
        mask |= (imm >> n & 1 ? (uint64_t)0xffff : 0) << (16 * n);
    return (a & ~mask) | (b & mask);
}
static inline struct v128 v_pblendw(struct v128 a, struct v128 b, unsigned imm)
{
    return v128_make(blend16(a.lo, b.lo, imm), blend16(a.hi, b.hi, imm >> 4));
}

// Eight sums of four absolute differences: a's bytes from 0 or 4 on, each time one further, against four of b's.
static struct v128 v_mpsadbw(struct v128 a, struct v128 b, unsigned imm)
{
    unsigned from = imm & 4, block = 4 * (imm & 3);
    uint64_t r[2] = {0, 0};
    for (unsigned n = 0; n < 8; n++) {
        unsigned sum = 0;
        for (unsigned k = 0; k < 4; k++) {
            int d = byte_of(a, from + n + k) - byte_of(b, block + k);
            sum += (unsigned)(d < 0 ? -d : d);
        }
        r[n >> 2] |= (uint64_t)sum << (16 * (n & 3));
    }
    return v128_make(r[0], r[1]);
}

SSE_SHUFFLE(palignr, v_palignr)
SSE_SHUFFLE(blendps, v_blendps)
SSE_SHUFFLE(blendpd, v_blendpd)
SSE_SHUFFLE(pblendw, v_pblendw)
SSE_SHUFFLE(mpsadbw, v_mpsadbw)

// ---- SSE4.1: blends by XMM0 -------------------------------------------------------------------------------------

// Each lane's highest bit spread over the lane.
static inline uint64_t sign_mask32(uint64_t v)
{
    return (v >> 31 & 0x0000000100000001u) * UINT32_MAX;
}
static inline uint64_t sign_mask64(uint64_t v)
{
    return 0 - (v >> 63);
}
static inline uint64_t sign_mask8(uint64_t v)
{
    return spread8(v & PACKED_HIGH8);
}
static inline uint64_t select(uint64_t a, uint64_t b, uint64_t mask)
{
    return (a & ~mask) | (b & mask);
}

#define SSE_BLENDV(name, spread)                                                                                       \
    static bool v_##name(struct cpu *c, const struct insn *i, struct v128 b)                                           \
    {                                                                                                                  \
        struct v128 a = xmm_get(c, i->reg), m = xmm_get(c, 0);                                                         \
        xmm_set(c, i->reg, v128_make(select(a.lo, b.lo, spread(m.lo)), select(a.hi, b.hi, spread(m.hi))));             \
        return true;                                                                                                   \
    }                                                                                                                  \
    SSE_PACKED(name, v_##name)
SSE_BLENDV(pblendvb, sign_mask8)
SSE_BLENDV(blendvps, sign_mask32)
SSE_BLENDV(blendvpd, sign_mask64)

// ---- SSE4.1: packed integers ------------------------------------------------------------------------------------

static inline uint32_t lane_mind(uint32_t a, uint32_t b)
{
    return (int32_t)a < (int32_t)b ? a : b;
}
static inline uint32_t lane_maxd(uint32_t a, uint32_t b)
{
    return (int32_t)a > (int32_t)b ? a : b;
}
static inline uint32_t lane_minud(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static inline uint32_t lane_maxud(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}
static inline int32_t lane_minuw(int32_t a, int32_t b)
{
    return (uint16_t)a < (uint16_t)b ? a : b;
}
static inline int32_t lane_maxuw(int32_t a, int32_t b)
{
    return (uint16_t)a > (uint16_t)b ? a : b;
}
static inline uint32_t lane_mulld(uint32_t a, uint32_t b)
{
    return a * b;
}
static inline uint64_t q_pminsb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_min);
}
static inline uint64_t q_pmaxsb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_max);
}
static inline uint64_t q_pminuw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_minuw);
}
static inline uint64_t q_pmaxuw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_maxuw);
}
static inline uint64_t q_pminsd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_mind);
}
static inline uint64_t q_pmaxsd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_maxd);
}
static inline uint64_t q_pminud(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_minud);
}
static inline uint64_t q_pmaxud(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_maxud);
}
static inline uint64_t q_pmulld(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_mulld);
}
static inline uint64_t q_pmuldq(uint64_t a, uint64_t b)
{
    return (uint64_t)((int64_t)(int32_t)lane32(a, 0) * (int32_t)lane32(b, 0));
}
static inline uint64_t q_pcmpeqq(uint64_t a, uint64_t b)
{
    return a == b ? UINT64_MAX : 0;
}
SSE_QUADWISE(pminsb)
SSE_QUADWISE(pmaxsb)
SSE_QUADWISE(pminuw)
SSE_QUADWISE(pmaxuw)
SSE_QUADWISE(pminsd)
SSE_QUADWISE(pmaxsd)
SSE_QUADWISE(pminud)
SSE_QUADWISE(pmaxud)
SSE_QUADWISE(pmulld)
SSE_QUADWISE(pmuldq)
SSE_QUADWISE(pcmpeqq)

static inline struct v128 v_packusdw(struct v128 a, struct v128 b)
{
    return v128_make(pair32(narrow_dw(a.lo, 0, 65535), narrow_dw(a.hi, 0, 65535)),
                     pair32(narrow_dw(b.lo, 0, 65535), narrow_dw(b.hi, 0, 65535)));
}
SSE_BINARY(packusdw, v_packusdw)

// The smallest word and, above it, its index; the first of equals.
static inline struct v128 v_phminposuw(struct v128 a, struct v128 b)
{
    (void)a;
    uint32_t best = UINT32_MAX; // value above index, so that the index decides between equals
    for (unsigned n = 0; n < 8; n++) {
        uint32_t key = (uint32_t)lane16(n & 4 ? b.hi : b.lo, n & 3) << 16 | n;
        best = key < best ? key : best;
    }
    return v128_make(best >> 16 | (uint64_t)(best & 7) << 16, 0);
}
SSE_BINARY(phminposuw, v_phminposuw)

// Lanes of `from` bits of the source's low part, sign- or zero-extended to lanes of `to` bits.
static inline __attribute__((always_inline)) struct v128 extend(uint64_t v, unsigned from, unsigned to, bool sign)
{
    uint64_t r[2] = {0, 0};
    for (unsigned n = 0; n < 128 / to; n++) {
        uint64_t lane = v >> (from * n);
        lane = sign ? (uint64_t)((int64_t)(lane << (64 - from)) >> (64 - from)) : lane << (64 - from) >> (64 - from);
        r[n * to / 64] |= lane << (64 - to) >> (64 - to) << (n * to % 64);
    }
    return v128_make(r[0], r[1]);
}

// The source has `size` bytes.
#define SSE_EXTEND(letters, size, from, to)                                                                            \
    static bool movsx_##letters(struct cpu *c, const struct insn *i, uint64_t v)                                       \
    {                                                                                                                  \
        xmm_set(c, i->reg, extend(v, from, to, true));                                                                 \
        return true;                                                                                                   \
    }                                                                                                                  \
    static bool movzx_##letters(struct cpu *c, const struct insn *i, uint64_t v)                                       \
    {                                                                                                                  \
        xmm_set(c, i->reg, extend(v, from, to, false));                                                                \
        return true;                                                                                                   \
    }                                                                                                                  \
    SSE_SCALAR(pmovsx##letters, movsx_##letters, size, uint64_t)                                                       \
    SSE_SCALAR(pmovzx##letters, movzx_##letters, size, uint64_t)
SSE_EXTEND(bw, 8, 8, 16)
SSE_EXTEND(bd, 4, 8, 32)
SSE_EXTEND(bq, 2, 8, 64)
SSE_EXTEND(wd, 8, 16, 32)
SSE_EXTEND(wq, 4, 16, 64)
SSE_EXTEND(dq, 8, 32, 64)

// ---- SSE4.1: test, insert, extract ------------------------------------------------------------------------------

// ZF: no bit of the source is set in the destination; CF: none outside it. The other flags are cleared.
static bool p_test(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct v128 a = xmm_get(c, i->reg);
    bool zf = !((a.lo & b.lo) | (a.hi & b.hi)), cf = !((~a.lo & b.lo) | (~a.hi & b.hi));
    flags_import(c, (zf ? F_ZF : 0u) | (cf ? F_CF : 0u));
    return true;
}
SSE_PACKED(ptest, p_test)

// Lane n of `size` bytes of a register.
static inline uint64_t get_lane(struct cpu *c, unsigned reg, unsigned n, unsigned size)
{
    unsigned at = n * size & 15;
    return xmm(c, reg)[at >> 3] >> (8 * (at & 7)) & size_mask(size);
}
static inline void set_lane(struct cpu *c, unsigned reg, unsigned n, unsigned size, uint64_t v)
{
    unsigned at = n * size & 15, shift = 8 * (at & 7);
    uint64_t *q = &xmm(c, reg)[at >> 3], mask = size_mask(size);
    *q = (*q & ~(mask << shift)) | (v & mask) << shift;
}

// PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS: to a general register or memory; PINSRB, PINSRD, PINSRQ from there.
#define SSE_EXTRACT(name, suffix, size)                                                                                \
    enum exec_result x_##name##suffix##r(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        set64(c, i->rm, get_lane(c, i->reg, i->imm, size));                                                            \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##suffix##m(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        TRY(store(c, i, size, get_lane(c, i->reg, i->imm, size)));                                                     \
        return next(c, i);                                                                                             \
    }
SSE_EXTRACT(pextrb, _, 1)
SSE_EXTRACT(pextrw41, _, 2)
SSE_EXTRACT(pextrd, _32, 4)
SSE_EXTRACT(pextrd, _64, 8)

#define SSE_INSERT(name, suffix, size)                                                                                 \
    enum exec_result x_##name##suffix##r(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        set_lane(c, i->reg, i->imm, size, get64(c, i->rm));                                                            \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##suffix##m(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        set_lane(c, i->reg, i->imm, size, v);                                                                          \
        return next(c, i);                                                                                             \
    }
SSE_INSERT(pinsrb, _, 1)
SSE_INSERT(pinsrd, _32, 4)
SSE_INSERT(pinsrd, _64, 8)

// Doubleword imm[5:4] becomes v, then those in imm[3:0] zero.
static inline void insert_ps(struct cpu *c, const struct insn *i, uint32_t v)
{
    set_lane(c, i->reg, i->imm >> 4 & 3, 4, v);
    for (unsigned n = 0; n < 4; n++)
        if (i->imm >> n & 1)
            set_lane(c, i->reg, n, 4, 0);
}

enum exec_result x_insertps_r(struct cpu *c, const struct insn *i)
{
    insert_ps(c, i, (uint32_t)get_lane(c, i->rm, i->imm >> 6 & 3, 4));
    return next(c, i);
}

// A memory operand is one number: imm[7:6] means nothing.
enum exec_result x_insertps_m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 4, &v));
    insert_ps(c, i, (uint32_t)v);
    return next(c, i);
}

// ---- SSE4.1: rounding -------------------------------------------------------------------------------------------

// imm[1:0] is the rounding control unless imm[2] says MXCSR's; imm[3] suppresses PE.
static struct fp_env round_env(const struct cpu *c, unsigned imm, bool *inexact)
{
    struct fp_env env = sse_env(c);
    if (!(imm & 4))
        env.round = imm & 3;
    *inexact = !(imm & 8);
    return env;
}

static NOINLINE bool round_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    bool inexact;
    struct fp_env env = round_env(c, i->imm, &inexact);
    uint32_t r = f32_round(b, inexact, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, i->reg, r);
    return true;
}

static NOINLINE bool round_sd(struct cpu *c, const struct insn *i, uint64_t b)
{
    bool inexact;
    struct fp_env env = round_env(c, i->imm, &inexact);
    uint64_t r = f64_round(b, inexact, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm(c, i->reg)[0] = r;
    return true;
}

static NOINLINE bool round_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    bool inexact;
    struct fp_env env = round_env(c, i->imm, &inexact);
    uint32_t r[4];
    for (unsigned n = 0; n < 4; n++)
        r[n] = f32_round(v128_u32(b, n), inexact, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, v128_from_u32(r[0], r[1], r[2], r[3]));
    return true;
}

static NOINLINE bool round_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    bool inexact;
    struct fp_env env = round_env(c, i->imm, &inexact);
    struct v128 r;
    r.lo = f64_round(b.lo, inexact, &env);
    r.hi = f64_round(b.hi, inexact, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, r);
    return true;
}

SSE_SCALAR(roundss, round_ss, 4, uint32_t)
SSE_SCALAR(roundsd, round_sd, 8, uint64_t)
SSE_PACKED(roundps, round_ps)
SSE_PACKED(roundpd, round_pd)

// ---- SSE4.1: dot products ---------------------------------------------------------------------------------------

// imm[7:4] selects the products, imm[3:0] where the sum goes; the rest is +0.
static NOINLINE bool dp_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg);
    uint32_t p[4], imm = i->imm;
    for (unsigned n = 0; n < 4; n++)
        p[n] = imm >> (4 + n) & 1 ? f32_mul(v128_u32(a, n), v128_u32(b, n), &env) : 0;
    if (!sse_settle_packed(c, &env))
        return false;
    uint32_t low = f32_add(p[0], p[1], &env), high = f32_add(p[2], p[3], &env);
    if (!sse_settle_packed(c, &env))
        return false;
    uint32_t sum = f32_add(low, high, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set(c, i->reg, v128_from_u32(imm & 1 ? sum : 0, imm & 2 ? sum : 0, imm & 4 ? sum : 0, imm & 8 ? sum : 0));
    return true;
}

static NOINLINE bool dp_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg);
    uint64_t lo = i->imm & 0x10 ? f64_mul(a.lo, b.lo, &env) : 0, hi = i->imm & 0x20 ? f64_mul(a.hi, b.hi, &env) : 0;
    if (!sse_settle_packed(c, &env))
        return false;
    uint64_t sum = f64_add(lo, hi, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set(c, i->reg, v128_make(i->imm & 1 ? sum : 0, i->imm & 2 ? sum : 0));
    return true;
}

SSE_PACKED(dpps, dp_ps)
SSE_PACKED(dppd, dp_pd)
