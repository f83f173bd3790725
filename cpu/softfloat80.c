// x87 arithmetic on 80-bit extended numbers, in integers.
//
// After Intel SDM volume 1, 4.8, 4.9 and chapter 8 (8.3.5 non-arithmetic, 8.5 exceptions and their masked and unmasked
// responses), and volume 2 for FPREM, FPREM1, FSCALE, FXTRACT, FBSTP. Tininess is detected after rounding.
// Differs: FBLD of digits above 9, undefined in the SDM, takes them at their value.
#include "cpu/softfloat_int.h"

#include <string.h>

// What unmasked overflow and underflow add to or take from the exponent of a register result (SDM vol. 1, 8.5.4).
#define F80_EXP_ADJUST 24576

static struct float80 pack80(bool sign, int32_t exp, uint64_t frac)
{
    return f80_make((uint16_t)((unsigned)sign << 15 | (unsigned)exp), frac);
}

static struct float80 zero80(bool sign)
{
    return pack80(sign, 0, 0);
}
static struct float80 infinity80(bool sign)
{
    return pack80(sign, F80_EXP_MAX, F80_INTEGER);
}

static struct float80 invalid80(struct fp_env *env)
{
    env->flags |= FP_IE;
    return f80_default_nan();
}

static inline struct num80 unpack(struct float80 a)
{
    struct num80 n = {.sig = a.frac, .exp = a.sexp & 0x7fff, .sign = a.sexp >> 15};
    if (n.exp == 0) {
        if (n.sig == 0) {
            n.kind = FP_KIND_ZERO;
        } else {
            int shift = __builtin_clzll(n.sig); // 0 for a pseudo-denormal
            n.kind = FP_KIND_DENORMAL;
            n.sig <<= shift;
            n.exp = 1 - shift;
        }
    } else if (!(n.sig & F80_INTEGER)) {
        n.kind = FP_KIND_BAD;
    } else if (n.exp != F80_EXP_MAX) {
        n.kind = FP_KIND_NORMAL;
    } else {
        n.kind = n.sig == F80_INTEGER ? FP_KIND_INF : n.sig & F80_QUIET ? FP_KIND_QNAN : FP_KIND_SNAN;
    }
    return n;
}

struct num80 f80_unpack(struct float80 a)
{
    return unpack(a);
}

bool f80_nan_result(struct num80 a, struct num80 b, struct float80 *result, struct fp_env *env)
{
    if (a.kind < FP_KIND_QNAN && b.kind < FP_KIND_QNAN)
        return false;
    if (a.kind == FP_KIND_BAD || b.kind == FP_KIND_BAD) {
        *result = invalid80(env);
        return true;
    }
    if (a.kind == FP_KIND_SNAN || b.kind == FP_KIND_SNAN)
        env->flags |= FP_IE;
    bool first;
    if (b.kind < FP_KIND_QNAN)
        first = true;
    else if (a.kind < FP_KIND_QNAN)
        first = false;
    else if (a.kind != b.kind)
        first = a.kind == FP_KIND_QNAN;
    else if (a.sig != b.sig)
        first = a.sig > b.sig;
    else
        first = !a.sign;
    *result = first ? pack80(a.sign, F80_EXP_MAX, a.sig | F80_QUIET) : pack80(b.sign, F80_EXP_MAX, b.sig | F80_QUIET);
    return true;
}

// Raises DE for a denormal operand; true if that ends the operation.
static bool denormal_stops(struct num80 a, struct num80 b, struct fp_env *env)
{
    bool denormal = a.kind == FP_KIND_DENORMAL || b.kind == FP_KIND_DENORMAL || env->narrow_denorm;
    return denormal && fp_raise(env, FP_DE);
}

// ---- rounding ----

// Bits of the 64-bit significand that precision control drops.
static unsigned dropped_bits(uint8_t pc)
{
    return pc == 0 ? 40 : pc == 2 ? 11 : 0;
}

// Rounds *hi (with lo below it) at `drop` bits; true if that carried out of bit 63, *hi then being 2^63.
static bool round_sig(bool sign, uint8_t round, unsigned drop, uint64_t *hi, uint64_t lo, bool *inexact, bool *up)
{
    enum fp_rest rest = rest_below(*hi, drop, lo);
    uint64_t kept = *hi >> drop;
    *inexact = rest != FP_REST_ZERO;
    *up = round_away(rest, kept & 1, sign, round);
    *hi = (kept + *up) << drop;
    if (*up && *hi == 0) {
        *hi = F80_INTEGER;
        return true;
    }
    return false;
}

static struct float80 pack_overflow(bool sign, int32_t exp, uint64_t hi, bool inexact, bool up, unsigned drop,
                                    struct fp_env *env)
{
    env->flags |= FP_OE;
    if (!(env->masks & FP_OE)) {
        exp -= F80_EXP_ADJUST;
        if (exp < F80_EXP_MAX) {
            env->flags |= inexact ? FP_PE : 0;
            env->round_up = up;
            return pack80(sign, exp, hi);
        }
        // Only FSCALE gets here: beyond even the adjusted range it delivers an infinity (SDM vol. 1, 8.5.4).
        env->flags |= FP_PE;
        env->round_up = true;
        return infinity80(sign);
    }
    env->flags |= FP_PE;
    env->round_up = round_away(FP_REST_HIGH, true, sign, env->round);
    return env->round_up ? infinity80(sign) : pack80(sign, F80_EXP_MAX - 1, UINT64_MAX << drop);
}

static struct float80 pack_underflow(bool sign, int32_t exp, uint64_t hi, uint64_t lo, unsigned drop,
                                     struct fp_env *env)
{
    bool inexact, up;
    uint64_t sig = hi;
    bool carry = round_sig(sign, env->round, drop, &sig, lo, &inexact, &up);
    bool tiny = exp < 0 || !carry;
    if (tiny && !(env->masks & FP_UE)) {
        exp += F80_EXP_ADJUST + carry;
        env->flags |= inexact ? FP_UE | FP_PE : FP_UE;
        env->round_up = up;
        if (exp > 0)
            return pack80(sign, exp, sig);
        env->flags |= FP_PE; // only FSCALE gets here
        env->round_up = false;
        return zero80(sign);
    }
    u128 shifted = shift_right_jam128((u128)hi << 64 | lo, (unsigned)(1 - exp));
    sig = (uint64_t)(shifted >> 64);
    round_sig(sign, env->round, drop, &sig, (uint64_t)shifted, &inexact, &up);
    if (inexact)
        env->flags |= tiny ? FP_UE | FP_PE : FP_PE;
    env->round_up = up;
    return pack80(sign, sig >> 63, sig);
}

struct float80 f80_pack(bool sign, int32_t exp, uint64_t hi, uint64_t lo, uint8_t pc, struct fp_env *env)
{
    unsigned drop = dropped_bits(pc);
    if (drop == 0 && env->round == FP_NEAREST && exp > 0 && exp < F80_EXP_MAX - 1) { // the common case
        bool up = lo > F80_INTEGER || (lo == F80_INTEGER && (hi & 1));
        env->round_up = up;
        env->flags |= lo != 0 ? FP_PE : 0;
        hi += up;
        return pack80(sign, exp + (hi == 0), hi | F80_INTEGER);
    }
    if (exp <= 0)
        return pack_underflow(sign, exp, hi, lo, drop, env);
    bool inexact, up;
    exp += round_sig(sign, env->round, drop, &hi, lo, &inexact, &up);
    if (exp >= F80_EXP_MAX)
        return pack_overflow(sign, exp, hi, inexact, up, drop, env);
    if (inexact)
        env->flags |= FP_PE;
    env->round_up = up;
    return pack80(sign, exp, hi);
}

// ---- add, subtract, multiply, divide, square root ----

static struct float80 add_finite(struct num80 a, struct num80 b, struct fp_env *env)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct num80 t = a;
        a = b;
        b = t;
    }
    // A bit of headroom above; the sticky bit at the far end is below anything that rounding looks at one by one.
    u128 x = (u128)a.sig << 63, y = shift_right_jam128((u128)b.sig << 63, (unsigned)(a.exp - b.exp));
    u128 sum = a.sign == b.sign ? x + y : x - y;
    if (sum == 0)
        return zero80((env->round & 3) == FP_DOWN);
    uint64_t hi = (uint64_t)(sum >> 64), lo = (uint64_t)sum;
    int shift = hi != 0 ? __builtin_clzll(hi) : 64 + __builtin_clzll(lo);
    sum <<= shift;
    return f80_pack(a.sign, a.exp + 1 - shift, (uint64_t)(sum >> 64), (uint64_t)sum, env->precision, env);
}

static struct float80 add80(struct float80 a, struct float80 b, bool negate, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, y, &result, env))
        return result;
    y.sign ^= negate;
    if (x.kind == FP_KIND_INF && y.kind == FP_KIND_INF && x.sign != y.sign)
        return invalid80(env);
    if (denormal_stops(x, y, env))
        return a;
    if (x.kind == FP_KIND_INF || y.kind == FP_KIND_INF)
        return infinity80(x.kind == FP_KIND_INF ? x.sign : y.sign);
    if (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_ZERO)
        return zero80(x.sign == y.sign ? x.sign : (env->round & 3) == FP_DOWN);
    if (x.kind == FP_KIND_ZERO)
        return f80_pack(y.sign, y.exp, y.sig, 0, env->precision, env);
    if (y.kind == FP_KIND_ZERO)
        return f80_pack(x.sign, x.exp, x.sig, 0, env->precision, env);
    return add_finite(x, y, env);
}

struct float80 f80_add(struct float80 a, struct float80 b, struct fp_env *env)
{
    return add80(a, b, false, env);
}
struct float80 f80_sub(struct float80 a, struct float80 b, struct fp_env *env)
{
    return add80(a, b, true, env);
}

struct float80 f80_mul(struct float80 a, struct float80 b, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, y, &result, env))
        return result;
    bool sign = x.sign ^ y.sign, inf = x.kind == FP_KIND_INF || y.kind == FP_KIND_INF;
    bool nought = x.kind == FP_KIND_ZERO || y.kind == FP_KIND_ZERO;
    if (inf && nought)
        return invalid80(env);
    if (denormal_stops(x, y, env))
        return a;
    if (inf)
        return infinity80(sign);
    if (nought)
        return zero80(sign);
    u128 product = (u128)x.sig * y.sig;
    int carry = (int)(product >> 127);
    product <<= 1 - carry;
    int32_t exp = x.exp + y.exp - F80_BIAS + carry;
    return f80_pack(sign, exp, (uint64_t)(product >> 64), (uint64_t)product, env->precision, env);
}

struct float80 f80_div(struct float80 a, struct float80 b, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, y, &result, env))
        return result;
    bool sign = x.sign ^ y.sign;
    if (x.kind == y.kind && (x.kind == FP_KIND_ZERO || x.kind == FP_KIND_INF))
        return invalid80(env);
    if (y.kind == FP_KIND_ZERO && x.kind != FP_KIND_INF) {
        env->flags |= FP_ZE;
        return infinity80(sign);
    }
    if (denormal_stops(x, y, env))
        return a;
    if (x.kind == FP_KIND_INF)
        return infinity80(sign);
    if (x.kind == FP_KIND_ZERO || y.kind == FP_KIND_INF)
        return zero80(sign);
    // x / 2 < y, so the quotient of the first step fits 64 bits; what remains only has to be placed against one half.
    int32_t exp = x.exp - y.exp + F80_BIAS;
    u128 n = (u128)x.sig << 63;
    if (x.sig < y.sig) {
        n <<= 1;
        exp--;
    }
    uint64_t hi = (uint64_t)(n / y.sig), rem = (uint64_t)n - hi * y.sig;
    uint64_t lo = rem == 0 ? 0 : rem > y.sig - rem ? F80_INTEGER + 1 : rem == y.sig - rem ? F80_INTEGER : 1;
    return f80_pack(sign, exp, hi, lo, env->precision, env);
}

struct float80 f80_sqrt(struct float80 a, struct fp_env *env)
{
    struct num80 x = unpack(a);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, x, &result, env))
        return result;
    if (x.kind == FP_KIND_ZERO)
        return a;
    if (x.sign)
        return invalid80(env);
    if (denormal_stops(x, x, env))
        return a;
    if (x.kind == FP_KIND_INF)
        return a;
    int32_t exp = x.exp - F80_BIAS;
    u128 rem;
    uint64_t root, lo = 0;
    if (exp & 1) {
        root = isqrt128(x.sig, &rem);
    } else {
        // sig / 2 may have a lowest bit that isqrt128's argument, a multiple of 2^64, cannot hold: root it without that
        // bit (worth 2^63), then put it into the remainder.
        root = isqrt128(x.sig >> 1, &rem);
        if (x.sig & 1) {
            rem += (u128)1 << 63;
            if (rem > (u128)root * 2) {
                rem -= (u128)root * 2 + 1;
                root++;
            }
        }
    }
    if (rem != 0) // (root + 1/2)^2 = root^2 + root + 1/4: never a tie
        lo = rem > root ? F80_INTEGER + 1 : 1;
    return f80_pack(false, (exp - (exp & 1)) / 2 + F80_BIAS, root, lo, env->precision, env);
}

// ---- integral value, scale, extract, remainder ----

struct float80 f80_round(struct float80 a, struct fp_env *env)
{
    struct num80 x = unpack(a);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, x, &result, env))
        return result;
    if (denormal_stops(x, x, env))
        return a;
    if (x.kind == FP_KIND_ZERO || x.kind == FP_KIND_INF || x.exp >= F80_BIAS + 63)
        return a;
    enum fp_rest rest;
    bool up;
    uint64_t magnitude = round_shift(x.sig, (unsigned)(F80_BIAS + 63 - x.exp), x.sign, env->round, &rest, &up);
    if (rest != FP_REST_ZERO)
        env->flags |= FP_PE;
    env->round_up = up;
    if (magnitude == 0)
        return zero80(x.sign);
    int shift = __builtin_clzll(magnitude);
    return pack80(x.sign, F80_BIAS + 63 - shift, magnitude << shift);
}

struct float80 f80_scale(struct float80 a, struct float80 b, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(x, y, &result, env))
        return result;
    if (y.kind == FP_KIND_INF && (y.sign ? x.kind == FP_KIND_INF : x.kind == FP_KIND_ZERO))
        return invalid80(env);
    if (denormal_stops(x, y, env))
        return a;
    if (x.kind == FP_KIND_ZERO || x.kind == FP_KIND_INF)
        return a;
    if (y.kind == FP_KIND_INF)
        return y.sign ? zero80(x.sign) : infinity80(x.sign);
    int32_t n = 0;
    if (y.kind == FP_KIND_NORMAL && y.exp >= F80_BIAS)
        n = y.exp >= F80_BIAS + 17 ? 1 << 17 : (int32_t)(y.sig >> (F80_BIAS + 63 - y.exp));
    return f80_pack(x.sign, x.exp + (y.sign ? -n : n), x.sig, 0, 3, env);
}

struct float80 f80_extract(struct float80 a, struct float80 *significand, struct fp_env *env)
{
    struct num80 x = unpack(a);
    struct float80 result;
    env->round_up = false;
    *significand = a;
    if (f80_nan_result(x, x, &result, env)) {
        *significand = result;
        return result;
    }
    if (x.kind == FP_KIND_INF)
        return infinity80(false);
    if (x.kind == FP_KIND_ZERO) {
        env->flags |= FP_ZE;
        return infinity80(true);
    }
    if (denormal_stops(x, x, env))
        return a;
    *significand = pack80(x.sign, F80_BIAS, x.sig);
    return f80_from_i64(x.exp - F80_BIAS);
}

// r * 2^(exp - bias - 63), exact.
static struct float80 pack_exact(bool sign, int32_t exp, uint64_t r, struct fp_env *env)
{
    if (r == 0)
        return zero80(sign);
    int shift = __builtin_clzll(r);
    return f80_pack(sign, exp - shift, r << shift, 0, 3, env);
}

struct float80 f80_rem(struct float80 a, struct float80 b, bool nearest, struct fp_quotient *q, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    struct float80 result;
    env->round_up = false;
    *q = (struct fp_quotient){0, false};
    if (f80_nan_result(x, y, &result, env))
        return result;
    if (x.kind == FP_KIND_INF || y.kind == FP_KIND_ZERO)
        return invalid80(env);
    if (denormal_stops(x, y, env))
        return a;
    if (x.kind == FP_KIND_ZERO)
        return a;
    int32_t d = x.exp - y.exp;
    if (y.kind == FP_KIND_INF || d < -1 || (d < 0 && !nearest))
        return pack_exact(x.sign, x.exp, x.sig, env);
    if (d < 0) { // |a| is from 1/4 to 1 of |b|: the nearest quotient is 0 or 1
        if (x.sig <= y.sig)
            return pack_exact(x.sign, x.exp, x.sig, env);
        q->low = 1;
        return pack_exact(!x.sign, x.exp, y.sig - (x.sig - y.sig), env);
    }
    if (d >= 64) {
        // Take part of the exponent's difference off: the SDM leaves to the processor how many bits, 32 to 63.
        int32_t n = (d & 31) + 32;
        q->partial = true;
        return pack_exact(x.sign, y.exp + d - n, (uint64_t)(((u128)x.sig << n) % y.sig), env);
    }
    u128 n = (u128)x.sig << d, quotient = n / y.sig;
    uint64_t rem = (uint64_t)(n - quotient * y.sig);
    bool sign = x.sign;
    if (nearest && (rem > y.sig - rem || (rem == y.sig - rem && (quotient & 1)))) {
        rem = y.sig - rem;
        sign = !sign;
        quotient++;
    }
    q->low = quotient & 7;
    return pack_exact(sign, y.exp, rem, env);
}

// ---- compare, classify ----

enum fp_relation f80_compare(struct float80 a, struct float80 b, bool signalling, struct fp_env *env)
{
    struct num80 x = unpack(a), y = unpack(b);
    env->round_up = false;
    if (x.kind >= FP_KIND_QNAN || y.kind >= FP_KIND_QNAN) {
        if (signalling || x.kind > FP_KIND_QNAN || y.kind > FP_KIND_QNAN)
            env->flags |= FP_IE;
        return FP_UNORDERED;
    }
    (void)denormal_stops(x, y, env);
    if (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_ZERO)
        return FP_EQUAL;
    if (x.kind == FP_KIND_ZERO)
        return y.sign ? FP_GREATER : FP_LESS;
    if (y.kind == FP_KIND_ZERO || x.sign != y.sign)
        return x.sign ? FP_LESS : FP_GREATER;
    if (x.exp == y.exp && x.sig == y.sig)
        return FP_EQUAL;
    bool smaller = x.exp != y.exp ? x.exp < y.exp : x.sig < y.sig;
    return smaller != x.sign ? FP_LESS : FP_GREATER;
}

enum fp_class f80_classify(struct float80 a)
{
    static const uint8_t classes[] = {
        [FP_KIND_ZERO] = FP_CLASS_ZERO,         [FP_KIND_NORMAL] = FP_CLASS_NORMAL,
        [FP_KIND_DENORMAL] = FP_CLASS_DENORMAL, [FP_KIND_INF] = FP_CLASS_INFINITY,
        [FP_KIND_QNAN] = FP_CLASS_NAN,          [FP_KIND_SNAN] = FP_CLASS_NAN,
        [FP_KIND_BAD] = FP_CLASS_UNSUPPORTED,
    };
    return (enum fp_class)classes[unpack(a).kind];
}

// ---- from other formats ----

// Widens a binary32 or binary64 number of precision p whose significand is `frac` and exponent field `exp`, exactly.
static struct float80 widen(bool sign, int exp, uint64_t frac, int exp_max, int bias, int p, bool *denormal)
{
    *denormal = false;
    if (exp == exp_max)
        return pack80(sign, F80_EXP_MAX, F80_INTEGER | frac << (64 - p));
    if (exp != 0)
        return pack80(sign, exp - bias + F80_BIAS, F80_INTEGER | frac << (64 - p));
    if (frac == 0)
        return zero80(sign);
    *denormal = true;
    int shift = __builtin_clzll(frac);
    return pack80(sign, 1 - bias + F80_BIAS - (shift - (64 - p)), frac << shift);
}

struct float80 f80_operand_f32(uint32_t v, struct fp_env *env)
{
    return widen(v >> 31, v >> 23 & 0xff, v & 0x7fffff, 0xff, 127, 24, &env->narrow_denorm);
}

struct float80 f80_operand_f64(uint64_t v, struct fp_env *env)
{
    return widen(v >> 63, v >> 52 & 0x7ff, v & 0xfffffffffffff, 0x7ff, 1023, 53, &env->narrow_denorm);
}

// What loading does with a widened number beyond converting it.
static struct float80 loaded(struct float80 a, struct fp_env *env)
{
    env->round_up = false;
    if (env->narrow_denorm) {
        env->flags |= FP_DE;
        env->narrow_denorm = false;
    }
    if (unpack(a).kind == FP_KIND_SNAN) {
        env->flags |= FP_IE;
        a.frac |= F80_QUIET;
    }
    return a;
}

struct float80 f80_from_f32(uint32_t v, struct fp_env *env)
{
    return loaded(f80_operand_f32(v, env), env);
}
struct float80 f80_from_f64(uint64_t v, struct fp_env *env)
{
    return loaded(f80_operand_f64(v, env), env);
}

static struct float80 from_magnitude(bool sign, uint64_t magnitude)
{
    if (magnitude == 0)
        return zero80(sign);
    int shift = __builtin_clzll(magnitude);
    return pack80(sign, F80_BIAS + 63 - shift, magnitude << shift);
}

struct float80 f80_from_i64(int64_t v)
{
    return from_magnitude(v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

struct float80 f80_from_bcd(const uint8_t bcd[10])
{
    uint64_t v = 0;
    for (int i = 8; i >= 0; i--)
        v = v * 100 + (bcd[i] >> 4) * 10u + (bcd[i] & 15);
    return from_magnitude(bcd[9] >> 7, v);
}

struct float80 f80_constant(enum fp_constant c, uint8_t round)
{
    // Truncated, and whether the part cut off is above one half; all of them are positive.
    static const struct {
        uint64_t frac;
        uint16_t sexp;
        uint8_t rest;
    } constants[] = {
        [FP_CONST_1] = {0x8000000000000000u, 0x3fff, FP_REST_ZERO},
        [FP_CONST_L2T] = {0xd49a784bcd1b8afeu, 0x4000, FP_REST_LOW},
        [FP_CONST_L2E] = {0xb8aa3b295c17f0bbu, 0x3fff, FP_REST_HIGH},
        [FP_CONST_PI] = {0xc90fdaa22168c234u, 0x4000, FP_REST_HIGH},
        [FP_CONST_LG2] = {0x9a209a84fbcff798u, 0x3ffd, FP_REST_HIGH},
        [FP_CONST_LN2] = {0xb17217f7d1cf79abu, 0x3ffe, FP_REST_HIGH},
        [FP_CONST_0] = {0, 0, FP_REST_ZERO},
    };
    bool up = round_away((enum fp_rest)constants[c].rest, constants[c].frac & 1, false, round);
    return f80_make(constants[c].sexp, constants[c].frac + up);
}

// ---- to other formats ----

// Raises the flag if it is unmasked; then nothing is stored, PE not reported and C1 clear (SDM vol. 1, 8.5.6).
static bool raise_if_unmasked(struct fp_env *env, uint8_t flag)
{
    return !(env->masks & flag) && fp_raise(env, flag);
}

// To a binary32 or binary64 pattern of precision p. (A denormal 80-bit operand raises no DE here.)
static uint64_t narrow(struct float80 a, int p, int bits, int bias, struct fp_env *env)
{
    const int exp_max = 2 * bias + 1, drop = 64 - p;
    struct num80 x = unpack(a);
    uint64_t sign = (uint64_t)x.sign << (bits - 1), inf = (uint64_t)exp_max << (p - 1);
    struct float80 nan;
    env->round_up = false;
    if (f80_nan_result(x, x, &nan, env))
        return (uint64_t)(nan.sexp >> 15) << (bits - 1) | inf | (nan.frac << 1 >> 1) >> drop;
    if (x.kind == FP_KIND_ZERO)
        return sign;
    if (x.kind == FP_KIND_INF)
        return sign | inf;
    int32_t exp = x.exp - F80_BIAS + bias;
    enum fp_rest rest;
    bool up;
    if (exp <= 0) {
        uint64_t full = round_shift(x.sig, (unsigned)drop, x.sign, env->round, &rest, &up);
        bool tiny = exp < 0 || full < 1ull << p;
        if (tiny && raise_if_unmasked(env, FP_UE))
            return sign;
        uint64_t unit = round_shift(x.sig, (unsigned)(drop + 1 - exp), x.sign, env->round, &rest, &up);
        if (rest != FP_REST_ZERO)
            env->flags |= tiny ? FP_UE | FP_PE : FP_PE;
        env->round_up = up;
        return sign + unit;
    }
    uint64_t kept = round_shift(x.sig, (unsigned)drop, x.sign, env->round, &rest, &up);
    if (exp + (int32_t)(kept >> p) >= exp_max) {
        if (raise_if_unmasked(env, FP_OE))
            return sign;
        env->flags |= FP_OE | FP_PE;
        env->round_up = up = round_away(FP_REST_HIGH, true, x.sign, env->round);
        return sign | (inf - !up);
    }
    if (rest != FP_REST_ZERO)
        env->flags |= FP_PE;
    env->round_up = up;
    return sign + ((uint64_t)(exp - 1) << (p - 1)) + kept;
}

uint32_t f80_to_f32(struct float80 a, struct fp_env *env)
{
    return (uint32_t)narrow(a, 24, 32, 127, env);
}
uint64_t f80_to_f64(struct float80 a, struct fp_env *env)
{
    return narrow(a, 53, 64, 1023, env);
}

// Rounds a to an integer and gives its magnitude; false, with IE, if there is none or it is above `limit` (to which a
// negative one may add `extra`).
static bool to_magnitude(struct num80 x, bool truncate, uint64_t limit, bool extra, uint64_t *magnitude,
                         struct fp_env *env)
{
    enum fp_rest rest = FP_REST_ZERO;
    bool up = false;
    env->round_up = false;
    *magnitude = 0;
    if (x.kind >= FP_KIND_INF || (x.kind != FP_KIND_ZERO && x.exp > F80_BIAS + 63)) {
        env->flags |= FP_IE;
        return false;
    }
    if (x.kind != FP_KIND_ZERO)
        *magnitude =
            round_shift(x.sig, (unsigned)(F80_BIAS + 63 - x.exp), x.sign, truncate ? FP_ZERO : env->round, &rest, &up);
    if (*magnitude > limit + (extra && x.sign)) {
        env->flags |= FP_IE;
        return false;
    }
    if (rest != FP_REST_ZERO)
        env->flags |= FP_PE;
    env->round_up = up;
    return true;
}

static int64_t to_integer(struct float80 a, bool truncate, int64_t max, struct fp_env *env)
{
    struct num80 x = unpack(a);
    uint64_t magnitude;
    if (!to_magnitude(x, truncate, (uint64_t)max, true, &magnitude, env))
        return -max - 1;
    return (int64_t)(x.sign ? 0 - magnitude : magnitude);
}

int16_t f80_to_i16(struct float80 a, bool truncate, struct fp_env *env)
{
    return (int16_t)to_integer(a, truncate, INT16_MAX, env);
}

int32_t f80_to_i32(struct float80 a, bool truncate, struct fp_env *env)
{
    return (int32_t)to_integer(a, truncate, INT32_MAX, env);
}

int64_t f80_to_i64(struct float80 a, bool truncate, struct fp_env *env)
{
    return to_integer(a, truncate, INT64_MAX, env);
}

void f80_to_bcd(struct float80 a, uint8_t bcd[10], struct fp_env *env)
{
    struct num80 x = unpack(a);
    uint64_t magnitude;
    if (!to_magnitude(x, false, 999999999999999999u, false, &magnitude, env)) {
        static const uint8_t indefinite[10] = {0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff};
        memcpy(bcd, indefinite, sizeof indefinite);
        return;
    }
    for (int i = 0; i < 9; i++, magnitude /= 100)
        bcd[i] = (uint8_t)(magnitude % 100 / 10 << 4 | magnitude % 10);
    bcd[9] = x.sign ? 0x80 : 0;
}
