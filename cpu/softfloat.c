// SSE and SSE2 arithmetic on binary32 and binary64, in integers.
//
// After Intel SDM volume 1, 4.8 (formats, rounding, NaNs), 4.9.2 (priority of exceptions), 11.5 and appendix E.
// Tininess is detected after rounding. Both formats share one implementation: functions that take `p`, the precision
// (24 or 53), are inlined with it as a constant. Significands are held with the leading bit at bit 62, so that a sum
// or a rounding increment stays in 64 bits.
// Not implemented: fused multiply-add, binary16, unsigned conversions (AVX-512).
#include "cpu/softfloat_int.h"

#define INLINE static inline __attribute__((always_inline))

struct num {
    uint64_t sig; // leading bit at 62 for normal and (normalised) denormal numbers
    int32_t exp;  // biased
    bool sign;
    uint8_t kind; // enum fp_kind
};

INLINE int total_bits(int p)
{
    return p == 24 ? 32 : 64;
}
INLINE int exp_max(int p)
{
    return p == 24 ? 255 : 2047;
}
INLINE int exp_bias(int p)
{
    return p == 24 ? 127 : 1023;
}
INLINE uint64_t hidden_bit(int p)
{
    return 1ull << (p - 1);
}
INLINE uint64_t quiet_bit(int p)
{
    return 1ull << (p - 2);
}
INLINE uint64_t sign_bit(int p)
{
    return 1ull << (total_bits(p) - 1);
}
INLINE bool sign_of(uint64_t a, int p)
{
    return a >> (total_bits(p) - 1);
}
INLINE int exp_of(uint64_t a, int p)
{
    return (int)(a >> (p - 1)) & exp_max(p);
}
INLINE uint64_t frac_of(uint64_t a, int p)
{
    return a & (hidden_bit(p) - 1);
}
INLINE uint64_t infinity(bool sign, int p)
{
    return (uint64_t)sign << (total_bits(p) - 1) | (uint64_t)exp_max(p) << (p - 1);
}
INLINE uint64_t zero(bool sign, int p)
{
    return (uint64_t)sign << (total_bits(p) - 1);
}
INLINE uint64_t default_nan(int p)
{
    return p == 24 ? F32_DEFAULT_NAN : F64_DEFAULT_NAN;
}
INLINE bool is_nan(uint64_t a, int p)
{
    return (a & (sign_bit(p) - 1)) > (uint64_t)exp_max(p) << (p - 1);
}
INLINE bool is_snan(uint64_t a, int p)
{
    return is_nan(a, p) && !(a & quiet_bit(p));
}
INLINE bool is_denormal(uint64_t a, int p)
{
    return exp_of(a, p) == 0 && frac_of(a, p) != 0;
}

// Neither zero, denormal, infinity nor NaN.
INLINE bool is_normal(uint64_t a, int p)
{
    return (unsigned)(exp_of(a, p) - 1) < (unsigned)(exp_max(p) - 1);
}

// The significand of a normal number, leading bit at 62.
INLINE uint64_t normal_sig(uint64_t a, int p)
{
    return (frac_of(a, p) | hidden_bit(p)) << (63 - p);
}

static struct num unpack(uint64_t a, const struct fp_env *env, int p)
{
    struct num n = {.sig = frac_of(a, p), .exp = exp_of(a, p), .sign = sign_of(a, p)};
    if (n.exp == exp_max(p)) {
        n.kind = n.sig == 0 ? FP_KIND_INF : n.sig & quiet_bit(p) ? FP_KIND_QNAN : FP_KIND_SNAN;
    } else if (n.exp != 0) {
        n.kind = FP_KIND_NORMAL;
        n.sig = normal_sig(a, p);
    } else if (n.sig == 0 || env->daz) {
        n.kind = FP_KIND_ZERO;
        n.sig = 0;
    } else {
        n.kind = FP_KIND_DENORMAL;
        int shift = __builtin_clzll(n.sig) - 1;
        n.sig <<= shift;
        n.exp = 1 - (shift - (63 - p));
    }
    return n;
}

// With DAZ a denormal operand is a zero of its sign.
INLINE uint64_t apply_daz(uint64_t a, const struct fp_env *env, int p)
{
    return env->daz && is_denormal(a, p) ? a & sign_bit(p) : a;
}

// The part of the addend that rounds: what to add below the last place before cutting off.
INLINE uint64_t round_increment(bool sign, uint8_t round, uint64_t half)
{
    if (round == FP_NEAREST)
        return half;
    return round == FP_ZERO || (round == FP_DOWN) != sign ? 0 : 2 * half - 1;
}

// Overflow, underflow, denormal results: the rare rest of round_pack.
static uint64_t round_pack_extreme(bool sign, int exp, uint64_t sig, struct fp_env *env, int p)
{
    const int drop = 63 - p;
    const uint64_t half = 1ull << (drop - 1);
    uint64_t increment = round_increment(sign, env->round, half);
    if (exp <= 0) {
        bool tiny = exp < 0 || sig + increment < 1ull << 63;
        if (tiny && env->ftz && (env->masks & FP_UE)) {
            env->flags |= FP_UE | FP_PE;
            return zero(sign, p);
        }
        enum fp_rest rest;
        bool up;
        uint64_t unit = round_shift(sig, (unsigned)(drop + 1 - exp), sign, env->round, &rest, &up);
        if (tiny && !(env->masks & FP_UE)) {
            // The trap handler's view: the result rounded as if the exponent were unbounded decides on PE.
            env->flags |= FP_UE | ((sig & (2 * half - 1)) != 0 ? FP_PE : 0);
            return zero(sign, p);
        }
        if (rest != FP_REST_ZERO)
            env->flags |= tiny ? FP_UE | FP_PE : FP_PE;
        return zero(sign, p) + unit; // a carry into the exponent field makes the smallest normal number
    }
    if (exp >= exp_max(p) || (exp == exp_max(p) - 1 && sig + increment >= 1ull << 63)) {
        bool inexact = (env->masks & FP_OE) || (sig & (2 * half - 1)) != 0;
        env->flags |= inexact ? FP_OE | FP_PE : FP_OE;
        return infinity(sign, p) - (increment == 0); // the largest finite number is one below infinity
    }
    uint64_t rest = sig & (2 * half - 1), kept = (sig + increment) >> drop;
    if (rest == half && env->round == FP_NEAREST)
        kept &= ~1ull;
    if (rest != 0)
        env->flags |= FP_PE;
    return zero(sign, p) + ((uint64_t)(exp - 1) << (p - 1)) + kept;
}

// Packs sig / 2^62 * 2^(exp - bias), sig in [2^62, 2^63), bit 0 sticky.
INLINE uint64_t round_pack(bool sign, int exp, uint64_t sig, struct fp_env *env, int p)
{
    const int drop = 63 - p;
    const uint64_t half = 1ull << (drop - 1);
    if ((unsigned)(exp - 1) >= (unsigned)(exp_max(p) - 2))
        return round_pack_extreme(sign, exp, sig, env, p);
    uint64_t rest = sig & (2 * half - 1);
    uint64_t kept = (sig + round_increment(sign, env->round, half)) >> drop;
    if (rest == half && env->round == FP_NEAREST)
        kept &= ~1ull; // a tie goes to even
    if (rest != 0)
        env->flags |= FP_PE;
    // kept's leading bit adds the one that is missing from the exponent field; so does a carry.
    return zero(sign, p) + ((uint64_t)(exp - 1) << (p - 1)) + kept;
}

// The result of an operation with a NaN operand.
INLINE uint64_t nan_result(uint64_t a, uint64_t b, struct fp_env *env, int p)
{
    if (is_snan(a, p) || is_snan(b, p))
        env->flags |= FP_IE;
    return (is_nan(a, p) ? a : b) | quiet_bit(p);
}

INLINE uint64_t invalid(struct fp_env *env, int p)
{
    env->flags |= FP_IE;
    return default_nan(p);
}

// ---- add, subtract ----

INLINE uint64_t add_magnitudes(struct num a, struct num b, struct fp_env *env, int p)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct num t = a;
        a = b;
        b = t;
    }
    b.sig = shift_right_jam(b.sig, (unsigned)(a.exp - b.exp));
    if (a.sign == b.sign) {
        uint64_t sum = a.sig + b.sig;
        int carry = sum >> 63;
        return round_pack(a.sign, a.exp + carry, sum >> carry | (sum & 1), env, p);
    }
    uint64_t difference = a.sig - b.sig;
    if (difference == 0)
        return zero(env->round == FP_DOWN, p);
    int shift = __builtin_clzll(difference) - 1;
    return round_pack(a.sign, a.exp - shift, difference << shift, env, p);
}

// b comes with the sign that it is added with, except in NaNs, which keep theirs.
static uint64_t add_special(uint64_t a, uint64_t b, bool negate, struct fp_env *env, int p)
{
    if (is_nan(a, p) || is_nan(b, p))
        return nan_result(a, b, env, p);
    struct num x = unpack(a, env, p), y = unpack(b, env, p);
    y.sign ^= negate;
    if (x.kind == FP_KIND_INF && y.kind == FP_KIND_INF && x.sign != y.sign)
        return invalid(env, p);
    if ((x.kind == FP_KIND_DENORMAL || y.kind == FP_KIND_DENORMAL) && fp_raise(env, FP_DE))
        return 0;
    if (x.kind == FP_KIND_INF)
        return infinity(x.sign, p);
    if (y.kind == FP_KIND_INF)
        return infinity(y.sign, p);
    if (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_ZERO)
        return zero(x.sign == y.sign ? x.sign : env->round == FP_DOWN, p);
    if (x.kind == FP_KIND_ZERO)
        return round_pack(y.sign, y.exp, y.sig, env, p);
    if (y.kind == FP_KIND_ZERO)
        return round_pack(x.sign, x.exp, x.sig, env, p);
    return add_magnitudes(x, y, env, p);
}

INLINE uint64_t add(uint64_t a, uint64_t b, bool negate, struct fp_env *env, int p)
{
    if (!is_normal(a, p) || !is_normal(b, p))
        return add_special(a, b, negate, env, p);
    struct num x = {normal_sig(a, p), exp_of(a, p), sign_of(a, p), FP_KIND_NORMAL};
    struct num y = {normal_sig(b, p), exp_of(b, p), sign_of(b, p) ^ negate, FP_KIND_NORMAL};
    return add_magnitudes(x, y, env, p);
}

uint32_t f32_add(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)add(a, b, false, env, 24);
}
uint32_t f32_sub(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)add(a, b, true, env, 24);
}
uint64_t f64_add(uint64_t a, uint64_t b, struct fp_env *env)
{
    return add(a, b, false, env, 53);
}
uint64_t f64_sub(uint64_t a, uint64_t b, struct fp_env *env)
{
    return add(a, b, true, env, 53);
}

// ---- multiply ----

INLINE uint64_t mul_finite(bool sign, struct num a, struct num b, struct fp_env *env, int p)
{
    int exp = a.exp + b.exp - exp_bias(p);
    u128 product = (u128)a.sig * (b.sig << 1); // leading bit at 125 or 126
    int carry = (int)(product >> 126);
    uint64_t sig = (uint64_t)(product >> (63 + carry)) | ((uint64_t)(product << (1 - carry)) != 0);
    return round_pack(sign, exp + carry, sig, env, p);
}

static uint64_t mul_special(uint64_t a, uint64_t b, struct fp_env *env, int p)
{
    if (is_nan(a, p) || is_nan(b, p))
        return nan_result(a, b, env, p);
    struct num x = unpack(a, env, p), y = unpack(b, env, p);
    bool sign = x.sign ^ y.sign;
    bool inf = x.kind == FP_KIND_INF || y.kind == FP_KIND_INF,
         nought = x.kind == FP_KIND_ZERO || y.kind == FP_KIND_ZERO;
    if (inf && nought)
        return invalid(env, p);
    if ((x.kind == FP_KIND_DENORMAL || y.kind == FP_KIND_DENORMAL) && fp_raise(env, FP_DE))
        return 0;
    if (inf)
        return infinity(sign, p);
    if (nought)
        return zero(sign, p);
    return mul_finite(sign, x, y, env, p);
}

INLINE uint64_t mul(uint64_t a, uint64_t b, struct fp_env *env, int p)
{
    if (!is_normal(a, p) || !is_normal(b, p))
        return mul_special(a, b, env, p);
    struct num x = {normal_sig(a, p), exp_of(a, p), false, FP_KIND_NORMAL};
    struct num y = {normal_sig(b, p), exp_of(b, p), false, FP_KIND_NORMAL};
    return mul_finite(sign_of(a ^ b, p), x, y, env, p);
}

uint32_t f32_mul(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)mul(a, b, env, 24);
}
uint64_t f64_mul(uint64_t a, uint64_t b, struct fp_env *env)
{
    return mul(a, b, env, 53);
}

// ---- divide, square root ----

INLINE uint64_t div_finite(bool sign, struct num a, struct num b, struct fp_env *env, int p)
{
    int exp = a.exp - b.exp + exp_bias(p);
    if (a.sig < b.sig) {
        a.sig <<= 1;
        exp--;
    }
    uint64_t quotient;
    if (p == 24) { // 24-bit significands: one 64-bit division gives 39 bits
        uint64_t n = a.sig >> 1, d = b.sig >> 39;
        quotient = n / d << 24 | (n % d != 0);
    } else {
        u128 n = (u128)a.sig << 62;
        quotient = (uint64_t)(n / b.sig);
        quotient |= (uint64_t)n - quotient * b.sig != 0;
    }
    return round_pack(sign, exp, quotient, env, p);
}

static uint64_t div_special(uint64_t a, uint64_t b, struct fp_env *env, int p)
{
    if (is_nan(a, p) || is_nan(b, p))
        return nan_result(a, b, env, p);
    struct num x = unpack(a, env, p), y = unpack(b, env, p);
    bool sign = x.sign ^ y.sign;
    if (x.kind == y.kind && (x.kind == FP_KIND_ZERO || x.kind == FP_KIND_INF))
        return invalid(env, p);
    if (y.kind == FP_KIND_ZERO && x.kind != FP_KIND_INF) {
        env->flags |= FP_ZE;
        return infinity(sign, p);
    }
    if ((x.kind == FP_KIND_DENORMAL || y.kind == FP_KIND_DENORMAL) && fp_raise(env, FP_DE))
        return 0;
    if (x.kind == FP_KIND_INF)
        return infinity(sign, p);
    if (x.kind == FP_KIND_ZERO || y.kind == FP_KIND_INF)
        return zero(sign, p);
    return div_finite(sign, x, y, env, p);
}

INLINE uint64_t divide(uint64_t a, uint64_t b, struct fp_env *env, int p)
{
    if (!is_normal(a, p) || !is_normal(b, p))
        return div_special(a, b, env, p);
    struct num x = {normal_sig(a, p), exp_of(a, p), false, FP_KIND_NORMAL};
    struct num y = {normal_sig(b, p), exp_of(b, p), false, FP_KIND_NORMAL};
    return div_finite(sign_of(a ^ b, p), x, y, env, p);
}

uint32_t f32_div(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)divide(a, b, env, 24);
}
uint64_t f64_div(uint64_t a, uint64_t b, struct fp_env *env)
{
    return divide(a, b, env, 53);
}

INLINE uint64_t square_root(uint64_t a, struct fp_env *env, int p)
{
    struct num x = unpack(a, env, p);
    if (x.kind >= FP_KIND_QNAN)
        return nan_result(a, a, env, p);
    if (x.kind == FP_KIND_ZERO)
        return zero(x.sign, p);
    if (x.sign)
        return invalid(env, p);
    if (x.kind == FP_KIND_INF)
        return a;
    if (x.kind == FP_KIND_DENORMAL && fp_raise(env, FP_DE))
        return 0;
    int exp = x.exp - exp_bias(p);
    if (exp & 1) {
        x.sig <<= 1;
        exp--;
    }
    uint64_t root;
    if (p == 24) {
        uint64_t rem, r = isqrt64(x.sig, &rem); // 32 bits
        root = r << 31 | (rem != 0);
    } else {
        u128 rem;
        uint64_t r = isqrt128(x.sig, &rem); // 64 bits
        root = r >> 1 | (r & 1) | (rem != 0);
    }
    return round_pack(false, exp / 2 + exp_bias(p), root, env, p);
}

uint32_t f32_sqrt(uint32_t a, struct fp_env *env)
{
    return (uint32_t)square_root(a, env, 24);
}
uint64_t f64_sqrt(uint64_t a, struct fp_env *env)
{
    return square_root(a, env, 53);
}

// ---- compare, minimum, maximum ----

// Numbers in order as signed integers; both zeros are 0.
INLINE int64_t order_key(uint64_t a, int p)
{
    int64_t magnitude = (int64_t)(a & (sign_bit(p) - 1));
    return sign_of(a, p) ? -magnitude : magnitude;
}

INLINE enum fp_relation compare(uint64_t a, uint64_t b, bool signalling, struct fp_env *env, int p)
{
    if (is_nan(a, p) || is_nan(b, p)) {
        if (signalling || is_snan(a, p) || is_snan(b, p))
            env->flags |= FP_IE;
        return FP_UNORDERED;
    }
    if (is_denormal(a, p) || is_denormal(b, p)) {
        if (env->daz) {
            a = apply_daz(a, env, p);
            b = apply_daz(b, env, p);
        } else {
            env->flags |= FP_DE;
        }
    }
    int64_t x = order_key(a, p), y = order_key(b, p);
    return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
}

enum fp_relation f32_compare(uint32_t a, uint32_t b, bool signalling, struct fp_env *env)
{
    return compare(a, b, signalling, env, 24);
}

enum fp_relation f64_compare(uint64_t a, uint64_t b, bool signalling, struct fp_env *env)
{
    return compare(a, b, signalling, env, 53);
}

INLINE uint64_t select_by(uint64_t a, uint64_t b, enum fp_relation wanted, struct fp_env *env, int p)
{
    enum fp_relation relation = compare(a, b, true, env, p);
    return relation == wanted ? apply_daz(a, env, p) : apply_daz(b, env, p);
}

uint32_t f32_min(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)select_by(a, b, FP_LESS, env, 24);
}
uint32_t f32_max(uint32_t a, uint32_t b, struct fp_env *env)
{
    return (uint32_t)select_by(a, b, FP_GREATER, env, 24);
}
uint64_t f64_min(uint64_t a, uint64_t b, struct fp_env *env)
{
    return select_by(a, b, FP_LESS, env, 53);
}
uint64_t f64_max(uint64_t a, uint64_t b, struct fp_env *env)
{
    return select_by(a, b, FP_GREATER, env, 53);
}

// ---- between the formats ----

uint64_t f32_to_f64(uint32_t a, struct fp_env *env)
{
    uint64_t sign = (uint64_t)(a >> 31) << 63;
    if (is_normal(a, 24))
        return sign + ((uint64_t)(a & 0x7fffffff) << 29) + ((uint64_t)(1023 - 127) << 52);
    struct num x = unpack(a, env, 24);
    switch (x.kind) {
    case FP_KIND_ZERO:
        return sign;
    case FP_KIND_DENORMAL:
        env->flags |= FP_DE;
        return sign + ((uint64_t)(x.exp - 127 + 1023 - 1) << 52) + (x.sig >> 10);
    case FP_KIND_SNAN:
        env->flags |= FP_IE;
        return sign | infinity(false, 53) | quiet_bit(53) | x.sig << 29;
    default: // infinities and quiet NaNs
        return sign | infinity(false, 53) | x.sig << 29;
    }
}

uint32_t f64_to_f32(uint64_t a, struct fp_env *env)
{
    struct num x = unpack(a, env, 53);
    switch (x.kind) {
    case FP_KIND_ZERO:
        return (uint32_t)zero(x.sign, 24);
    case FP_KIND_INF:
        return (uint32_t)infinity(x.sign, 24);
    case FP_KIND_SNAN:
        env->flags |= FP_IE;
        // fall through
    case FP_KIND_QNAN:
        return (uint32_t)(infinity(x.sign, 24) | quiet_bit(24) | x.sig >> 29);
    case FP_KIND_DENORMAL:
        if (fp_raise(env, FP_DE))
            return 0;
        // fall through
    default:
        return (uint32_t)round_pack(x.sign, x.exp - 1023 + 127, x.sig, env, 24);
    }
}

// ---- integers ----

INLINE uint64_t from_integer(int64_t v, struct fp_env *env, int p)
{
    if (v == 0)
        return 0;
    bool sign = v < 0;
    uint64_t magnitude = sign ? 0 - (uint64_t)v : (uint64_t)v;
    int lead = 63 - __builtin_clzll(magnitude);
    uint64_t sig = lead == 63 ? magnitude >> 1 | (magnitude & 1) : magnitude << (62 - lead);
    return round_pack(sign, exp_bias(p) + lead, sig, env, p);
}

uint32_t f32_from_i32(int32_t v, struct fp_env *env)
{
    return (uint32_t)from_integer(v, env, 24);
}
uint32_t f32_from_i64(int64_t v, struct fp_env *env)
{
    return (uint32_t)from_integer(v, env, 24);
}
uint64_t f64_from_i64(int64_t v, struct fp_env *env)
{
    return from_integer(v, env, 53);
}

uint64_t f64_from_i32(int32_t v)
{
    struct fp_env env = {.round = FP_NEAREST};
    return from_integer(v, &env, 53);
}

// To a signed integer of the given width (32 or 64), sign-extended.
INLINE int64_t to_integer(uint64_t a, bool truncate, int width, struct fp_env *env, int p)
{
    const int64_t indefinite = width == 32 ? INT32_MIN : INT64_MIN;
    a = apply_daz(a, env, p);
    int exp = exp_of(a, p) - exp_bias(p);
    bool sign = sign_of(a, p);
    if (exp > width - 1) {
        env->flags |= FP_IE;
        return indefinite;
    }
    uint64_t sig = exp_of(a, p) != 0 ? normal_sig(a, p) : frac_of(a, p); // of denormals only "not zero" counts
    enum fp_rest rest = FP_REST_ZERO;
    bool up;
    uint64_t magnitude;
    if (exp >= 62)
        magnitude = sig << (exp - 62);
    else
        magnitude = round_shift(sig, (unsigned)(62 - exp), sign, truncate ? FP_ZERO : env->round, &rest, &up);
    if (magnitude > (uint64_t)(width == 32 ? INT32_MAX : INT64_MAX) + sign) {
        env->flags |= FP_IE;
        return indefinite;
    }
    if (rest != FP_REST_ZERO)
        env->flags |= FP_PE;
    return (int64_t)(sign ? 0 - magnitude : magnitude);
}

int32_t f32_to_i32(uint32_t a, bool truncate, struct fp_env *env)
{
    return (int32_t)to_integer(a, truncate, 32, env, 24);
}

int64_t f32_to_i64(uint32_t a, bool truncate, struct fp_env *env)
{
    return to_integer(a, truncate, 64, env, 24);
}

int32_t f64_to_i32(uint64_t a, bool truncate, struct fp_env *env)
{
    return (int32_t)to_integer(a, truncate, 32, env, 53);
}

int64_t f64_to_i64(uint64_t a, bool truncate, struct fp_env *env)
{
    return to_integer(a, truncate, 64, env, 53);
}

INLINE uint64_t round_integral(uint64_t a, bool inexact, struct fp_env *env, int p)
{
    if (is_nan(a, p))
        return nan_result(a, a, env, p);
    a = apply_daz(a, env, p);
    int exp = exp_of(a, p) - exp_bias(p);
    if (exp >= p - 1)
        return a; // an integer already, or infinite
    uint64_t sig = exp_of(a, p) != 0 ? normal_sig(a, p) : frac_of(a, p);
    enum fp_rest rest;
    bool up;
    uint64_t magnitude = round_shift(sig, (unsigned)(62 - exp), sign_of(a, p), env->round, &rest, &up);
    if (rest == FP_REST_ZERO)
        return a;
    if (inexact)
        env->flags |= FP_PE;
    struct fp_env exact = {.round = FP_NEAREST};
    return zero(sign_of(a, p), p) | from_integer((int64_t)magnitude, &exact, p);
}

uint32_t f32_round(uint32_t a, bool inexact, struct fp_env *env)
{
    return (uint32_t)round_integral(a, inexact, env, 24);
}
uint64_t f64_round(uint64_t a, bool inexact, struct fp_env *env)
{
    return round_integral(a, inexact, env, 53);
}
