// SSE and SSE2 arithmetic on binary32 and binary64, scalar and packed: add to sqrt, minimum, comparison, conversion,
// RCPPS and RSQRTPS.
//
// After Intel SDM volume 1, 10.4, 11.4 and 11.5 (exceptions), appendix E, and the instructions' pages in volume 2. The
// arithmetic is cpu/softfloat.h's. The host's own is used where nothing can differ: host_arithmetic() says when.
// An unmasked exception leaves the destination alone and sets just MXCSR's flags; lanes are all computed before.
// Differs: RCPPS and RSQRTPS round the exact result down to 24 and 20 bits, closer than the 12 that the manual
// promises.
#include <float.h>

#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/sse.h"

#define INLINE static inline __attribute__((always_inline))

// ---- the host's arithmetic --------------------------------------------------------------------------------------

// With rounding to nearest, and PE masked and set already, an operation on normal numbers whose result is normal too
// changes no flag, and its result is what IEEE 754 says. So hosts that evaluate in the operands' own format agree.
INLINE bool host_arithmetic(uint32_t mxcsr)
{
    const uint32_t masked = FP_PE << MXCSR_MASK_SHIFT;
    return FLT_EVAL_METHOD == 0 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53 &&
           (mxcsr & (3u << MXCSR_RC_SHIFT | masked | FP_PE)) == (masked | FP_PE);
}

INLINE bool is_zero32(uint32_t a)
{
    return a << 1 == 0;
}
INLINE bool is_zero64(uint64_t a)
{
    return a << 1 == 0;
}
// A normal number: neither denormal nor infinite nor NaN, nor zero.
INLINE bool is_normal32(uint32_t a)
{
    return (((a >> 23) + 1) & 0xfe) != 0;
}
INLINE bool is_normal64(uint64_t a)
{
    return (((a >> 52) + 1) & 0x7fe) != 0;
}
INLINE bool is_plain32(uint32_t a)
{
    return is_normal32(a) || is_zero32(a);
}
INLINE bool is_plain64(uint64_t a)
{
    return is_normal64(a) || is_zero64(a);
}
// A result that neither overflowed nor can have been tiny before it was rounded.
INLINE bool is_safe32(uint32_t r)
{
    return (r >> 23 & 0xff) - 2 < 253;
}
INLINE bool is_safe64(uint64_t r)
{
    return (r >> 52 & 0x7ff) - 2 < 2045;
}

INLINE float to_float(uint32_t a)
{
    float f;
    memcpy(&f, &a, sizeof f);
    return f;
}
INLINE double to_double(uint64_t a)
{
    double f;
    memcpy(&f, &a, sizeof f);
    return f;
}
INLINE uint32_t from_float(float f)
{
    uint32_t a;
    memcpy(&a, &f, sizeof a);
    return a;
}
INLINE uint64_t from_double(double f)
{
    uint64_t a;
    memcpy(&a, &f, sizeof a);
    return a;
}

// Each computes into *r and tells whether that is the answer (the caller has asked host_arithmetic()). Sums of normal
// numbers that are zero, and products with zero, are exact.
INLINE bool host_add32(uint32_t a, uint32_t b, uint32_t *r)
{
    *r = from_float(to_float(a) + to_float(b));
    return is_plain32(a) && is_plain32(b) && (is_safe32(*r) || is_zero32(*r));
}
INLINE bool host_sub32(uint32_t a, uint32_t b, uint32_t *r)
{
    *r = from_float(to_float(a) - to_float(b));
    return is_plain32(a) && is_plain32(b) && (is_safe32(*r) || is_zero32(*r));
}
INLINE bool host_mul32(uint32_t a, uint32_t b, uint32_t *r)
{
    *r = from_float(to_float(a) * to_float(b));
    return is_plain32(a) && is_plain32(b) && (is_safe32(*r) || is_zero32(a) || is_zero32(b));
}
INLINE bool host_div32(uint32_t a, uint32_t b, uint32_t *r)
{
    *r = from_float(to_float(a) / to_float(b));
    return is_plain32(a) && is_normal32(b) && (is_safe32(*r) || is_zero32(a));
}
INLINE bool host_add64(uint64_t a, uint64_t b, uint64_t *r)
{
    *r = from_double(to_double(a) + to_double(b));
    return is_plain64(a) && is_plain64(b) && (is_safe64(*r) || is_zero64(*r));
}
INLINE bool host_sub64(uint64_t a, uint64_t b, uint64_t *r)
{
    *r = from_double(to_double(a) - to_double(b));
    return is_plain64(a) && is_plain64(b) && (is_safe64(*r) || is_zero64(*r));
}
INLINE bool host_mul64(uint64_t a, uint64_t b, uint64_t *r)
{
    *r = from_double(to_double(a) * to_double(b));
    return is_plain64(a) && is_plain64(b) && (is_safe64(*r) || is_zero64(a) || is_zero64(b));
}
INLINE bool host_div64(uint64_t a, uint64_t b, uint64_t *r)
{
    *r = from_double(to_double(a) / to_double(b));
    return is_plain64(a) && is_normal64(b) && (is_safe64(*r) || is_zero64(a));
}

// Operations that are never left to the host.
INLINE bool host_never32(uint32_t a, uint32_t b, uint32_t *r)
{
    (void)a;
    *r = b;
    return false;
}
INLINE bool host_never64(uint64_t a, uint64_t b, uint64_t *r)
{
    (void)a;
    *r = b;
    return false;
}

// ---- the general way --------------------------------------------------------------------------------------------

typedef uint32_t op32(uint32_t a, uint32_t b, struct fp_env *env);
typedef uint64_t op64(uint64_t a, uint64_t b, struct fp_env *env);

// Computes and commits register `reg` op b. False: sse_fault() is due. Apart from the instructions' functions, so that
// these have no environment on their stacks and can jump to the next.
static NOINLINE bool scalar32(struct cpu *c, unsigned reg, uint32_t b, op32 *op)
{
    struct fp_env env = sse_env(c);
    uint32_t r = op((uint32_t)xmm(c, reg)[0], b, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, reg, r);
    return true;
}

static NOINLINE bool scalar64(struct cpu *c, unsigned reg, uint64_t b, op64 *op)
{
    struct fp_env env = sse_env(c);
    uint64_t r = op(xmm(c, reg)[0], b, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm(c, reg)[0] = r;
    return true;
}

static NOINLINE bool packed32(struct cpu *c, unsigned reg, struct v128 b, op32 *op)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, reg);
    uint32_t r[4];
    for (unsigned n = 0; n < 4; n++)
        r[n] = op(v128_u32(a, n), v128_u32(b, n), &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, reg, v128_from_u32(r[0], r[1], r[2], r[3]));
    return true;
}

static NOINLINE bool packed64(struct cpu *c, unsigned reg, struct v128 b, op64 *op)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, reg), r;
    r.lo = op(a.lo, b.lo, &env);
    r.hi = op(a.hi, b.hi, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, reg, r);
    return true;
}

// The same as the end of an instruction.
static NOINLINE enum exec_result general_ss(struct cpu *c, const struct insn *i, uint32_t b, op32 *op)
{
    return scalar32(c, i->reg, b, op) ? next(c, i) : sse_fault(c, i);
}
static NOINLINE enum exec_result general_sd(struct cpu *c, const struct insn *i, uint64_t b, op64 *op)
{
    return scalar64(c, i->reg, b, op) ? next(c, i) : sse_fault(c, i);
}
static NOINLINE enum exec_result general_ps(struct cpu *c, const struct insn *i, struct v128 b, op32 *op)
{
    return packed32(c, i->reg, b, op) ? next(c, i) : sse_fault(c, i);
}
static NOINLINE enum exec_result general_pd(struct cpu *c, const struct insn *i, struct v128 b, op64 *op)
{
    return packed64(c, i->reg, b, op) ? next(c, i) : sse_fault(c, i);
}

// The ends of the instructions' functions: the host's way or the general one.
INLINE enum exec_result end_ss(struct cpu *c, const struct insn *i, uint32_t b, op32 *op,
                               bool (*host)(uint32_t, uint32_t, uint32_t *))
{
    uint32_t r;
    if (!host_arithmetic(c->s.mxcsr) || !host((uint32_t)xmm(c, i->reg)[0], b, &r))
        return general_ss(c, i, b, op);
    xmm_set32(c, i->reg, r);
    return next(c, i);
}

INLINE enum exec_result end_sd(struct cpu *c, const struct insn *i, uint64_t b, op64 *op,
                               bool (*host)(uint64_t, uint64_t, uint64_t *))
{
    uint64_t r;
    if (!host_arithmetic(c->s.mxcsr) || !host(xmm(c, i->reg)[0], b, &r))
        return general_sd(c, i, b, op);
    xmm(c, i->reg)[0] = r;
    return next(c, i);
}

INLINE enum exec_result end_ps(struct cpu *c, const struct insn *i, struct v128 b, op32 *op,
                               bool (*host)(uint32_t, uint32_t, uint32_t *))
{
    struct v128 a = xmm_get(c, i->reg);
    uint32_t r[4];
    if (!host_arithmetic(c->s.mxcsr) || !host(v128_u32(a, 0), v128_u32(b, 0), &r[0]) ||
        !host(v128_u32(a, 1), v128_u32(b, 1), &r[1]) || !host(v128_u32(a, 2), v128_u32(b, 2), &r[2]) ||
        !host(v128_u32(a, 3), v128_u32(b, 3), &r[3]))
        return general_ps(c, i, b, op);
    xmm_set(c, i->reg, v128_from_u32(r[0], r[1], r[2], r[3]));
    return next(c, i);
}

INLINE enum exec_result end_pd(struct cpu *c, const struct insn *i, struct v128 b, op64 *op,
                               bool (*host)(uint64_t, uint64_t, uint64_t *))
{
    struct v128 a = xmm_get(c, i->reg);
    uint64_t lo, hi;
    if (!host_arithmetic(c->s.mxcsr) || !host(a.lo, b.lo, &lo) || !host(a.hi, b.hi, &hi))
        return general_pd(c, i, b, op);
    xmm_set(c, i->reg, v128_make(lo, hi));
    return next(c, i);
}

#define SCALAR32(name, op, host)                                                                                       \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return end_ss(c, i, (uint32_t)xmm(c, i->rm)[0], op, host);                                                     \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, 4, &b));                                                                                        \
        return end_ss(c, i, (uint32_t)b, op, host);                                                                    \
    }
#define SCALAR64(name, op, host)                                                                                       \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return end_sd(c, i, xmm(c, i->rm)[0], op, host);                                                               \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, 8, &b));                                                                                        \
        return end_sd(c, i, b, op, host);                                                                              \
    }
#define PACKED(name, end, op, host)                                                                                    \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return end(c, i, xmm_get(c, i->rm), op, host);                                                                 \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(load_v128(c, i, &b));                                                                                      \
        return end(c, i, b, op, host);                                                                                 \
    }
#define FOUR_FORMS(name, f, host)                                                                                      \
    SCALAR32(name##ss, f32_##f, host_##host##32)                                                                       \
    SCALAR64(name##sd, f64_##f, host_##host##64)                                                                       \
    PACKED(name##ps, end_ps, f32_##f, host_##host##32)                                                                 \
    PACKED(name##pd, end_pd, f64_##f, host_##host##64)

FOUR_FORMS(add, add, add)
FOUR_FORMS(sub, sub, sub)
FOUR_FORMS(mul, mul, mul)
FOUR_FORMS(div, div, div)
FOUR_FORMS(min, min, never)
FOUR_FORMS(max, max, never)

// Unary operations: of the second operand.
static uint32_t f32_sqrt_second(uint32_t a, uint32_t b, struct fp_env *env)
{
    (void)a;
    return f32_sqrt(b, env);
}
static uint64_t f64_sqrt_second(uint64_t a, uint64_t b, struct fp_env *env)
{
    (void)a;
    return f64_sqrt(b, env);
}
FOUR_FORMS(sqrt, sqrt_second, never)

// ---- CMPccxx ----------------------------------------------------------------------------------------------------

// Predicates 0..7: EQ, LT, LE, UNORD and their negations. LT, LE, NLT and NLE signal quiet NaNs too.
static bool predicate_signals(unsigned p)
{
    return (p & 3) == 1 || (p & 3) == 2;
}
static bool predicate_holds(unsigned p, enum fp_relation r)
{
    static const uint8_t relations[4] = {1u << FP_EQUAL, 1u << FP_LESS, 1u << FP_LESS | 1u << FP_EQUAL,
                                         1u << FP_UNORDERED};
    return (relations[p & 3] >> r & 1) != (p >> 2 & 1);
}
static uint32_t compare32(uint32_t a, uint32_t b, unsigned p, struct fp_env *env)
{
    return predicate_holds(p, f32_compare(a, b, predicate_signals(p), env)) ? UINT32_MAX : 0;
}
static uint64_t compare64(uint64_t a, uint64_t b, unsigned p, struct fp_env *env)
{
    return predicate_holds(p, f64_compare(a, b, predicate_signals(p), env)) ? UINT64_MAX : 0;
}

static NOINLINE bool compare_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    struct fp_env env = sse_env(c);
    uint32_t r = compare32((uint32_t)xmm(c, i->reg)[0], b, i->imm & 7, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, i->reg, r);
    return true;
}

static NOINLINE bool compare_sd(struct cpu *c, const struct insn *i, uint64_t b)
{
    struct fp_env env = sse_env(c);
    uint64_t r = compare64(xmm(c, i->reg)[0], b, i->imm & 7, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm(c, i->reg)[0] = r;
    return true;
}

static NOINLINE bool compare_ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg);
    uint32_t r[4];
    for (unsigned n = 0; n < 4; n++)
        r[n] = compare32(v128_u32(a, n), v128_u32(b, n), i->imm & 7, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, v128_from_u32(r[0], r[1], r[2], r[3]));
    return true;
}

static NOINLINE bool compare_pd(struct cpu *c, const struct insn *i, struct v128 b)
{
    struct fp_env env = sse_env(c);
    struct v128 a = xmm_get(c, i->reg), r;
    r.lo = compare64(a.lo, b.lo, i->imm & 7, &env);
    r.hi = compare64(a.hi, b.hi, i->imm & 7, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, r);
    return true;
}

SSE_SCALAR(cmpss, compare_ss, 4, uint32_t)
SSE_SCALAR(cmpsd, compare_sd, 8, uint64_t)
SSE_PACKED(cmpps, compare_ps)
SSE_PACKED(cmppd, compare_pd)

// ---- COMISx, UCOMISx --------------------------------------------------------------------------------------------

static NOINLINE bool order32(struct cpu *c, uint32_t a, uint32_t b, bool signalling)
{
    struct fp_env env = sse_env(c);
    enum fp_relation r = f32_compare(a, b, signalling, &env);
    if (!sse_settle(c, &env))
        return false;
    sse_compare_flags(c, r);
    return true;
}

static NOINLINE bool order64(struct cpu *c, uint64_t a, uint64_t b, bool signalling)
{
    struct fp_env env = sse_env(c);
    enum fp_relation r = f64_compare(a, b, signalling, &env);
    if (!sse_settle(c, &env))
        return false;
    sse_compare_flags(c, r);
    return true;
}

// Numbers that raise nothing are ordered like sign and magnitude; both zeros are 0.
INLINE int64_t key64(uint64_t a)
{
    int64_t magnitude = (int64_t)(a & INT64_MAX);
    return (int64_t)a < 0 ? -magnitude : magnitude;
}

INLINE bool comi_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    return order32(c, (uint32_t)xmm(c, i->reg)[0], b, true);
}
INLINE bool ucomi_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    return order32(c, (uint32_t)xmm(c, i->reg)[0], b, false);
}
INLINE bool order_sd(struct cpu *c, const struct insn *i, uint64_t b, bool signalling)
{
    uint64_t a = xmm(c, i->reg)[0];
    if (unlikely(!is_plain64(a) || !is_plain64(b)))
        return order64(c, a, b, signalling);
    int64_t x = key64(a), y = key64(b);
    sse_compare_flags(c, x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL);
    return true;
}
INLINE bool comi_sd(struct cpu *c, const struct insn *i, uint64_t b)
{
    return order_sd(c, i, b, true);
}
INLINE bool ucomi_sd(struct cpu *c, const struct insn *i, uint64_t b)
{
    return order_sd(c, i, b, false);
}
SSE_SCALAR(comiss, comi_ss, 4, uint32_t)
SSE_SCALAR(ucomiss, ucomi_ss, 4, uint32_t)
SSE_SCALAR(comisd, comi_sd, 8, uint64_t)
SSE_SCALAR(ucomisd, ucomi_sd, 8, uint64_t)

// Every doubleword is a binary64 number: whatever the rounding, hosts cannot differ.
INLINE uint64_t from_doubleword(uint32_t v)
{
    return DBL_MANT_DIG == 53 ? from_double((int32_t)v) : f64_from_i32((int32_t)v);
}

// ---- between the formats ----------------------------------------------------------------------------------------

static NOINLINE bool widen(struct cpu *c, unsigned reg, uint32_t b)
{
    struct fp_env env = sse_env(c);
    uint64_t r = f32_to_f64(b, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm(c, reg)[0] = r;
    return true;
}

INLINE bool cvt_ss2sd(struct cpu *c, const struct insn *i, uint32_t b)
{
    if (unlikely(!is_normal32(b)))
        return widen(c, i->reg, b);
    xmm(c, i->reg)[0] =
        (uint64_t)(b >> 31) << 63 | (((uint64_t)(b & INT32_MAX) << 29) + ((uint64_t)(1023 - 127) << 52));
    return true;
}

static NOINLINE bool narrow(struct cpu *c, unsigned reg, uint64_t b)
{
    struct fp_env env = sse_env(c);
    uint32_t r = f64_to_f32(b, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, reg, r);
    return true;
}

INLINE bool cvt_sd2ss(struct cpu *c, const struct insn *i, uint64_t b)
{
    if (host_arithmetic(c->s.mxcsr) && is_normal64(b)) {
        uint32_t r = from_float((float)to_double(b));
        if (is_safe32(r)) {
            xmm_set32(c, i->reg, r);
            return true;
        }
    }
    return narrow(c, i->reg, b);
}
SSE_SCALAR(cvtss2sd, cvt_ss2sd, 4, uint32_t)
SSE_SCALAR(cvtsd2ss, cvt_sd2ss, 8, uint64_t)

static NOINLINE bool cvt_ps2pd(struct cpu *c, const struct insn *i, uint64_t b)
{
    struct fp_env env = sse_env(c);
    struct v128 r;
    r.lo = f32_to_f64((uint32_t)b, &env);
    r.hi = f32_to_f64((uint32_t)(b >> 32), &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, i->reg, r);
    return true;
}
SSE_SCALAR(cvtps2pd, cvt_ps2pd, 8, uint64_t)

INLINE bool cvt_dq2pd(struct cpu *c, const struct insn *i, uint64_t b)
{
    xmm_set(c, i->reg, v128_make(from_doubleword((uint32_t)b), from_doubleword((uint32_t)(b >> 32))));
    return true;
}
SSE_SCALAR(cvtdq2pd, cvt_dq2pd, 8, uint64_t)

// Two binary64 to two doublewords in the low quadword; the high one becomes zero.
static NOINLINE bool halve(struct cpu *c, unsigned reg, struct v128 b, uint32_t (*op)(uint64_t, struct fp_env *))
{
    struct fp_env env = sse_env(c);
    uint32_t lo = op(b.lo, &env), hi = op(b.hi, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm_set(c, reg, v128_make(pair32(lo, hi), 0));
    return true;
}
static uint32_t f64_to_u32_rounded(uint64_t a, struct fp_env *env)
{
    return (uint32_t)f64_to_i32(a, false, env);
}
static uint32_t f64_to_u32_truncated(uint64_t a, struct fp_env *env)
{
    return (uint32_t)f64_to_i32(a, true, env);
}
INLINE bool cvt_pd2ps(struct cpu *c, const struct insn *i, struct v128 b)
{
    return halve(c, i->reg, b, f64_to_f32);
}
INLINE bool cvt_pd2dq(struct cpu *c, const struct insn *i, struct v128 b)
{
    return halve(c, i->reg, b, f64_to_u32_rounded);
}
INLINE bool cvtt_pd2dq(struct cpu *c, const struct insn *i, struct v128 b)
{
    return halve(c, i->reg, b, f64_to_u32_truncated);
}
SSE_PACKED(cvtpd2ps, cvt_pd2ps)
SSE_PACKED(cvtpd2dq, cvt_pd2dq)
SSE_PACKED(cvttpd2dq, cvtt_pd2dq)

static uint32_t i32_to_f32(uint32_t a, uint32_t b, struct fp_env *env)
{
    (void)a;
    return f32_from_i32((int32_t)b, env);
}
static uint32_t f32_to_u32_rounded(uint32_t a, uint32_t b, struct fp_env *env)
{
    (void)a;
    return (uint32_t)f32_to_i32(b, false, env);
}
static uint32_t f32_to_u32_truncated(uint32_t a, uint32_t b, struct fp_env *env)
{
    (void)a;
    return (uint32_t)f32_to_i32(b, true, env);
}
PACKED(cvtdq2ps, end_ps, i32_to_f32, host_never32)
PACKED(cvtps2dq, end_ps, f32_to_u32_rounded, host_never32)
PACKED(cvttps2dq, end_ps, f32_to_u32_truncated, host_never32)

// ---- integers in general registers ------------------------------------------------------------------------------

static NOINLINE bool from_i32_ss(struct cpu *c, unsigned reg, uint64_t v)
{
    struct fp_env env = sse_env(c);
    uint32_t r = f32_from_i32((int32_t)(uint32_t)v, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, reg, r);
    return true;
}

static NOINLINE bool from_i64_ss(struct cpu *c, unsigned reg, uint64_t v)
{
    struct fp_env env = sse_env(c);
    uint32_t r = f32_from_i64((int64_t)v, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm_set32(c, reg, r);
    return true;
}

INLINE bool from_i32_sd(struct cpu *c, unsigned reg, uint64_t v)
{
    xmm(c, reg)[0] = from_doubleword((uint32_t)v);
    return true;
}

static NOINLINE bool from_i64_sd(struct cpu *c, unsigned reg, uint64_t v)
{
    struct fp_env env = sse_env(c);
    uint64_t r = f64_from_i64((int64_t)v, &env);
    if (!sse_settle(c, &env))
        return false;
    xmm(c, reg)[0] = r;
    return true;
}

#define FROM_INTEGER(name, size, bits, f)                                                                              \
    enum exec_result x_##name##_##bits##r(struct cpu *c, const struct insn *i)                                         \
    {                                                                                                                  \
        return likely(f(c, i->reg, get64(c, i->rm))) ? next(c, i) : sse_fault(c, i);                                   \
    }                                                                                                                  \
    enum exec_result x_##name##_##bits##m(struct cpu *c, const struct insn *i)                                         \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        return likely(f(c, i->reg, v)) ? next(c, i) : sse_fault(c, i);                                                 \
    }
FROM_INTEGER(cvtsi2ss, 4, 32, from_i32_ss)
FROM_INTEGER(cvtsi2ss, 8, 64, from_i64_ss)
FROM_INTEGER(cvtsi2sd, 4, 32, from_i32_sd)
FROM_INTEGER(cvtsi2sd, 8, 64, from_i64_sd)

static NOINLINE bool to_gpr_ss(struct cpu *c, unsigned reg, uint32_t a, bool truncate, bool wide)
{
    struct fp_env env = sse_env(c);
    uint64_t r = wide ? (uint64_t)f32_to_i64(a, truncate, &env) : (uint32_t)f32_to_i32(a, truncate, &env);
    if (!sse_settle(c, &env))
        return false;
    set64(c, reg, r);
    return true;
}

static NOINLINE bool to_gpr_sd(struct cpu *c, unsigned reg, uint64_t a, bool truncate, bool wide)
{
    struct fp_env env = sse_env(c);
    uint64_t r = wide ? (uint64_t)f64_to_i64(a, truncate, &env) : (uint32_t)f64_to_i32(a, truncate, &env);
    if (!sse_settle(c, &env))
        return false;
    set64(c, reg, r);
    return true;
}

// Truncation of a number below 2^31 in magnitude can only be inexact.
INLINE bool to_gpr_sd_quick(struct cpu *c, unsigned reg, uint64_t a, bool truncate, bool wide)
{
    if (truncate && host_arithmetic(c->s.mxcsr) && is_normal64(a) && (a >> 52 & 0x7ff) < 1023 + 31) {
        int32_t v = (int32_t)to_double(a);
        set64(c, reg, wide ? (uint64_t)(int64_t)v : (uint32_t)v);
        return true;
    }
    return to_gpr_sd(c, reg, a, truncate, wide);
}

#define TO_INTEGER(name, size, type, f, truncate)                                                                      \
    enum exec_result x_##name##_32r(struct cpu *c, const struct insn *i)                                               \
    {                                                                                                                  \
        return likely(f(c, i->reg, (type)xmm(c, i->rm)[0], truncate, false)) ? next(c, i) : sse_fault(c, i);           \
    }                                                                                                                  \
    enum exec_result x_##name##_64r(struct cpu *c, const struct insn *i)                                               \
    {                                                                                                                  \
        return likely(f(c, i->reg, (type)xmm(c, i->rm)[0], truncate, true)) ? next(c, i) : sse_fault(c, i);            \
    }                                                                                                                  \
    enum exec_result x_##name##_32m(struct cpu *c, const struct insn *i)                                               \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        return likely(f(c, i->reg, (type)v, truncate, false)) ? next(c, i) : sse_fault(c, i);                          \
    }                                                                                                                  \
    enum exec_result x_##name##_64m(struct cpu *c, const struct insn *i)                                               \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        return likely(f(c, i->reg, (type)v, truncate, true)) ? next(c, i) : sse_fault(c, i);                           \
    }
TO_INTEGER(cvtss2si, 4, uint32_t, to_gpr_ss, false)
TO_INTEGER(cvttss2si, 4, uint32_t, to_gpr_ss, true)
TO_INTEGER(cvtsd2si, 8, uint64_t, to_gpr_sd_quick, false)
TO_INTEGER(cvttsd2si, 8, uint64_t, to_gpr_sd_quick, true)

// ---- RCPxS, RSQRTxS ---------------------------------------------------------------------------------------------

enum { F32_INFINITY = 0x7f800000, F32_QUIET = 0x400000, F32_SIGN_BIT = 31, F32_BIAS = 127 };

static uint32_t significand32(uint32_t a)
{
    return (a & 0x7fffff) | 0x800000;
}

// Neither raises exceptions nor looks at MXCSR. Denormals count as zeros, results that are not above the smallest
// normal number are zeros.
static uint32_t reciprocal(uint32_t a)
{
    uint32_t sign = a & 1u << F32_SIGN_BIT, exp = a >> 23 & 0xff;
    if (exp == 255)
        return a & 0x7fffff ? a | F32_QUIET : sign;
    if (exp == 0)
        return sign | F32_INFINITY;
    if (exp >= 2 * F32_BIAS - 1)
        return sign;
    // The quotient's leading bit, at 23, or at 24 if the significand is 1.0, adds what is missing from the exponent.
    uint32_t q = (uint32_t)(((uint64_t)1 << 47) / significand32(a));
    return sign | (((2 * F32_BIAS - 2 - exp) << 23) + q);
}

// floor(sqrt(n)) for n < 2^42.
static uint32_t root42(uint64_t n)
{
    uint64_t root = 0;
    for (uint64_t bit = 1 << 20; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= n)
            root |= bit;
    return (uint32_t)root;
}

static uint32_t reciprocal_root(uint32_t a)
{
    uint32_t sign = a & 1u << F32_SIGN_BIT, exp = a >> 23 & 0xff;
    if (exp == 255 && a & 0x7fffff)
        return a | F32_QUIET;
    if (exp == 0)
        return sign | F32_INFINITY;
    if (sign)
        return F32_DEFAULT_NAN;
    if (exp == 255)
        return 0;
    // a = m * 2^(2k) with m in [1, 4). 2^20 / sqrt(m) has its leading bit at 19, or at 20 if m is 1: as above.
    int32_t power = (int32_t)exp - F32_BIAS, k = power >> 1;
    uint32_t q = root42(((uint64_t)1 << 63) / ((uint64_t)significand32(a) << (power & 1)));
    return ((uint32_t)(F32_BIAS - 2 - k) << 23) + (q << 4);
}

static struct v128 v_rcpps(struct v128 a, struct v128 b)
{
    (void)a;
    return v128_from_u32(reciprocal(v128_u32(b, 0)), reciprocal(v128_u32(b, 1)), reciprocal(v128_u32(b, 2)),
                         reciprocal(v128_u32(b, 3)));
}
static struct v128 v_rsqrtps(struct v128 a, struct v128 b)
{
    (void)a;
    return v128_from_u32(reciprocal_root(v128_u32(b, 0)), reciprocal_root(v128_u32(b, 1)),
                         reciprocal_root(v128_u32(b, 2)), reciprocal_root(v128_u32(b, 3)));
}
SSE_BINARY(rcpps, v_rcpps)
SSE_BINARY(rsqrtps, v_rsqrtps)

static bool rcp_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    xmm_set32(c, i->reg, reciprocal(b));
    return true;
}
static bool rsqrt_ss(struct cpu *c, const struct insn *i, uint32_t b)
{
    xmm_set32(c, i->reg, reciprocal_root(b));
    return true;
}
SSE_SCALAR(rcpss, rcp_ss, 4, uint32_t)
SSE_SCALAR(rsqrtss, rsqrt_ss, 4, uint32_t)
