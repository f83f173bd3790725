// x87 transcendental instructions: F2XM1, FYL2X, FYL2XP1, FPATAN, FSIN, FCOS, FSINCOS, FPTAN.
//
// After Intel SDM volume 2 (the instructions' tables of special cases) and volume 1, 8.3.10. Computed in integers with
// 128-bit significands: argument reduction, then Taylor series whose error is below 2^-118 of the result, rounded once,
// as env->round says. So results are within 0.5001 units in the last place in FP_NEAREST.
// FSIN, FCOS, FSINCOS and FPTAN reduce with the real pi (2/pi to 256 bits) over the whole range |x| < 2^63.
// Differs: processors reduce with a 66-bit pi, and so are less exact near its multiples; operands that the SDM calls
// undefined give: F2XM1 beyond [-1, 1] and FYL2XP1 of x <= -1 ST0 and PE; FYL2XP1 of larger x y log2(x + 1).
#include "cpu/softfloat_int.h"

// sig * 2^(exp - 127), sig having bit 127 set, or 0.
struct wide {
    u128 sig;
    int32_t exp;
    bool sign;
};

// A 128-bit constant; as fixed point: hi's bit 63 is worth 1.
struct bits128 {
    uint64_t hi, lo;
};

// clang-format off
static const struct bits128 inverse_factorial[] = {
    {0x8000000000000000u, 0x0000000000000000u}, // 1 / 0!
    {0x8000000000000000u, 0x0000000000000000u}, // 1 / 1!
    {0x4000000000000000u, 0x0000000000000000u}, // 1 / 2!
    {0x1555555555555555u, 0x5555555555555555u}, // 1 / 3!
    {0x0555555555555555u, 0x5555555555555555u}, // 1 / 4!
    {0x0111111111111111u, 0x1111111111111111u}, // 1 / 5!
    {0x002d82d82d82d82du, 0x82d82d82d82d82d8u}, // 1 / 6!
    {0x0006806806806806u, 0x8068068068068068u}, // 1 / 7!
    {0x0000d00d00d00d00u, 0xd00d00d00d00d00du}, // 1 / 8!
    {0x0000171de3a556c7u, 0x338faac1c88e5001u}, // 1 / 9!
    {0x0000024fc9f6ef13u, 0xeb8e5de02da7d4cdu}, // 1 / 10!
    {0x00000035cc8acfeau, 0x89c71fce8fc97070u}, // 1 / 11!
    {0x000000047bb63bfeu, 0x3625ed5136a61eb4u}, // 1 / 12!
    {0x000000005849184eu, 0xa1b425f28e0cc749u}, // 1 / 13!
    {0x00000000064e5d2au, 0x301f27482eb7c517u}, // 1 / 14!
    {0x00000000006b9fcfu, 0x9ccee07c476195acu}, // 1 / 15!
    {0x000000000006b9fcu, 0xf9ccee07c476195bu}, // 1 / 16!
    {0x000000000000654bu, 0x1dc0c2b529ac9814u}, // 1 / 17!
    {0x00000000000005a0u, 0x9e18ee5f65deec01u}, // 1 / 18!
    {0x000000000000004bu, 0xd26d1a05055c9328u}, // 1 / 19!
    {0x0000000000000003u, 0xca8574804044a0f5u}, // 1 / 20!
    {0x0000000000000000u, 0x2e371dedb9eae318u}, // 1 / 21!
    {0x0000000000000000u, 0x0219c72db6ff0a53u}, // 1 / 22!
    {0x0000000000000000u, 0x001761b41316381au}, // 1 / 23!
    {0x0000000000000000u, 0x0000f96780cb97acu}, // 1 / 24!
    {0x0000000000000000u, 0x000009f9e66e8b30u}, // 1 / 25!
    {0x0000000000000000u, 0x000000623a17f1a9u}, // 1 / 26!
    {0x0000000000000000u, 0x00000003a356385cu}, // 1 / 27!
    {0x0000000000000000u, 0x000000002143144cu}, // 1 / 28!
    {0x0000000000000000u, 0x0000000001259f99u}, // 1 / 29!
    {0x0000000000000000u, 0x000000000009c996u}, // 1 / 30!
    {0x0000000000000000u, 0x00000000000050d3u}, // 1 / 31!
    {0x0000000000000000u, 0x0000000000000287u}, // 1 / 32!
    {0x0000000000000000u, 0x0000000000000014u}, // 1 / 33!
};

static const struct bits128 inverse_odd[] = {
    {0x8000000000000000u, 0x0000000000000000u}, // 1 / 1
    {0x2aaaaaaaaaaaaaaau, 0xaaaaaaaaaaaaaaabu}, // 1 / 3
    {0x1999999999999999u, 0x999999999999999au}, // 1 / 5
    {0x1249249249249249u, 0x2492492492492492u}, // 1 / 7
    {0x0e38e38e38e38e38u, 0xe38e38e38e38e38eu}, // 1 / 9
    {0x0ba2e8ba2e8ba2e8u, 0xba2e8ba2e8ba2e8cu}, // 1 / 11
    {0x09d89d89d89d89d8u, 0x9d89d89d89d89d8au}, // 1 / 13
    {0x0888888888888888u, 0x8888888888888889u}, // 1 / 15
    {0x0787878787878787u, 0x8787878787878788u}, // 1 / 17
    {0x06bca1af286bca1au, 0xf286bca1af286bcau}, // 1 / 19
    {0x0618618618618618u, 0x6186186186186186u}, // 1 / 21
    {0x0590b21642c8590bu, 0x21642c8590b21643u}, // 1 / 23
    {0x051eb851eb851eb8u, 0x51eb851eb851eb85u}, // 1 / 25
    {0x04bda12f684bda12u, 0xf684bda12f684bdau}, // 1 / 27
    {0x0469ee58469ee584u, 0x69ee58469ee5846au}, // 1 / 29
    {0x0421084210842108u, 0x4210842108421084u}, // 1 / 31
    {0x03e0f83e0f83e0f8u, 0x3e0f83e0f83e0f84u}, // 1 / 33
    {0x03a83a83a83a83a8u, 0x3a83a83a83a83a84u}, // 1 / 35
    {0x03759f22983759f2u, 0x2983759f2298375au}, // 1 / 37
    {0x0348348348348348u, 0x3483483483483483u}, // 1 / 39
    {0x031f3831f3831f38u, 0x31f3831f3831f383u}, // 1 / 41
    {0x02fa0be82fa0be82u, 0xfa0be82fa0be82fau}, // 1 / 43
    {0x02d82d82d82d82d8u, 0x2d82d82d82d82d83u}, // 1 / 45
    {0x02b9310572620ae4u, 0xc415c9882b931057u}, // 1 / 47
    {0x029cbc14e5e0a72fu, 0x05397829cbc14e5eu}, // 1 / 49
    {0x0282828282828282u, 0x8282828282828283u}, // 1 / 51
};

// atan(i / 16) as exponent and significand.
static const struct {
    int exp;
    struct bits128 sig;
} atan_sixteenth[] = {
    {0, {0, 0}},
    {-5, {0xffaaddb967ef4e36u, 0xcb2792dc0e2e0d51u}}, // atan(1/16)
    {-4, {0xfeadd4d5617b6e32u, 0xc897989f3e888ef8u}}, // atan(2/16)
    {-3, {0xbdcbda5e72d81134u, 0x7b0b4f881c9c7488u}}, // atan(3/16)
    {-3, {0xfadbafc96406eb15u, 0x6dc79ef5f7a217e6u}}, // atan(4/16)
    {-2, {0x9b13b9b83f5e5e69u, 0xc5abb498d27af328u}}, // atan(5/16)
    {-2, {0xb7b0ca0f26f78473u, 0x8aa32122dcfe4483u}}, // atan(6/16)
    {-2, {0xd327761e611fe5b6u, 0x427c95e9001e7136u}}, // atan(7/16)
    {-2, {0xed63382b0dda7b45u, 0x6fe445ecbc3a8d03u}}, // atan(8/16)
    {-1, {0x832bf4a6d9867e2au, 0x4b6a09cb61a515c1u}}, // atan(9/16)
    {-1, {0x8f005d5ef7f59f9bu, 0x5c835e1665c43748u}}, // atan(10/16)
    {-1, {0x9a2f80e671bdda20u, 0x4226f8e2204ff3bdu}}, // atan(11/16)
    {-1, {0xa4bc7d1934f70924u, 0x19a87f2a457dac9fu}}, // atan(12/16)
    {-1, {0xaeac4c38b4d8c080u, 0x14725e2f3e52070au}}, // atan(13/16)
    {-1, {0xb8053e2bc2319e73u, 0xcb2da55210a4443du}}, // atan(14/16)
    {-1, {0xc0ce85b8ac526640u, 0x89dd62c46e92fa25u}}, // atan(15/16)
    {-1, {0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u}}, // atan(16/16)
};

// 2/pi as a fraction: the first word's bit 63 is worth 1/2.
static const uint64_t two_over_pi[4] = {
    0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc562u,
};
// clang-format on

static u128 join(uint64_t hi, uint64_t lo)
{
    return (u128)hi << 64 | lo;
}

static struct wide constant(int32_t exp, uint64_t hi, uint64_t lo)
{
    return (struct wide){join(hi, lo), exp, false};
}
static struct wide half_pi(void)
{
    return constant(0, 0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u);
}
static struct wide ln2(void)
{
    return constant(-1, 0xb17217f7d1cf79abu, 0xc9e3b39803f2f6afu);
}
static struct wide two_over_ln2(void)
{
    return constant(1, 0xb8aa3b295c17f0bbu, 0xbe87fed0691d3e89u);
}
static struct wide one(void)
{
    return constant(0, F80_INTEGER, 0);
}

// ---- arithmetic of 128 bits, truncating ----

static u128 mul_high(u128 a, u128 b)
{
    uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a, b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
    u128 mid = (u128)a1 * b0 + ((u128)a0 * b0 >> 64);
    u128 mid2 = (u128)a0 * b1 + (uint64_t)mid;
    return (u128)a1 * b1 + (mid >> 64) + (mid2 >> 64);
}

static int leading_zeros(u128 v)
{
    uint64_t hi = (uint64_t)(v >> 64);
    return hi != 0 ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)v);
}

// v * 2^(exp - 127)
static struct wide normalise(bool sign, int32_t exp, u128 v)
{
    if (v == 0)
        return (struct wide){0, 0, sign};
    int shift = leading_zeros(v);
    return (struct wide){v << shift, exp - shift, sign};
}

static struct wide from_num(struct num80 n)
{
    return n.kind == FP_KIND_ZERO ? (struct wide){0, 0, n.sign}
                                  : (struct wide){join(n.sig, 0), n.exp - F80_BIAS, n.sign};
}

static struct wide wide_mul(struct wide a, struct wide b)
{
    return normalise(a.sign ^ b.sign, a.exp + b.exp + 1, mul_high(a.sig, b.sig));
}

static struct wide wide_add(struct wide a, struct wide b)
{
    if (a.sig == 0)
        return b;
    if (b.sig == 0)
        return a;
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct wide t = a;
        a = b;
        b = t;
    }
    int32_t d = a.exp - b.exp;
    u128 low = d < 128 ? b.sig >> d : 0;
    if (a.sign != b.sign)
        return normalise(a.sign, a.exp, a.sig - low);
    u128 sum = a.sig + low;
    if (sum < low)
        return (struct wide){sum >> 1 | (u128)1 << 127, a.exp + 1, a.sign};
    return (struct wide){sum, a.exp, a.sign};
}

// One 64-bit digit of *rem * 2^64 / d, for *rem < d and d's bit 127 set; *rem becomes the remainder.
static uint64_t quotient_digit(u128 *rem, u128 d)
{
    uint64_t d1 = (uint64_t)(d >> 64), d0 = (uint64_t)d;
    uint64_t q = (uint64_t)(*rem >> 64) >= d1 ? UINT64_MAX : (uint64_t)(*rem / d1);
    // q is at most 2 too large. The product q * d in 192 bits, and *rem * 2^64 less it.
    u128 p0 = (u128)q * d0, p1 = (u128)q * d1 + (uint64_t)(p0 >> 64);
    uint64_t low = 0 - (uint64_t)p0;
    bool borrow = (uint64_t)p0 != 0;
    bool negative = *rem < p1 + borrow;
    u128 high = *rem - p1 - borrow;
    while (negative) {
        q--;
        uint64_t sum = low + d0;
        u128 raised = high + d1 + (sum < low);
        low = sum;
        negative = raised >= high; // no wrap through zero yet
        high = raised;
    }
    *rem = high << 64 | low;
    return q;
}

// a / b; *exact tells whether nothing was cut off. a's bit 0 must be clear.
static struct wide wide_div(struct wide a, struct wide b, bool *exact)
{
    int32_t exp = a.exp - b.exp;
    *exact = true;
    if (a.sig == 0)
        return a;
    if (a.sig >= b.sig)
        a.sig >>= 1;
    else
        exp--;
    uint64_t hi = quotient_digit(&a.sig, b.sig), lo = quotient_digit(&a.sig, b.sig);
    *exact = a.sig == 0;
    return normalise(a.sign ^ b.sign, exp, join(hi, lo));
}

// |a| < 1 as a fraction of 128 bits.
static u128 fraction(struct wide a)
{
    return a.exp < -128 ? 0 : a.sig >> (-1 - a.exp);
}

// The sum of c[first + k * step] * (-1)^(k * alternate) * z^k for k = 0..n; z a fraction, the result in units of
// 2^-127.
static u128 series(const struct bits128 *c, int first, int step, int n, bool alternate, u128 z)
{
    u128 sum = 0;
    for (int k = n; k >= 0; k--) {
        u128 term = mul_high(sum, z);
        u128 coefficient = join(c[first + k * step].hi, c[first + k * step].lo);
        sum = alternate ? coefficient - term : coefficient + term;
    }
    return sum;
}

// ---- results ----

static struct float80 deliver(struct wide v, bool exact, struct fp_env *env)
{
    // Values that are not exact are irrational, or quotients with a remainder: something always follows the last bit.
    struct float80 result =
        f80_pack(v.sign, v.exp + F80_BIAS, (uint64_t)(v.sig >> 64), (uint64_t)v.sig | !exact, 3, env);
    // The few exact ones are reported as inexact all the same: these instructions "by nature produce inexact results"
    // (SDM vol. 1, 4.9.1.6), and processors do so.
    env->flags |= (result.sexp & 0x7fff) == 0 && !(result.frac & F80_INTEGER) ? FP_UE | FP_PE : FP_PE;
    return result;
}

// The value just below (or above) x in magnitude, for functions that come that close to x.
static struct float80 deliver_beside(struct wide x, bool above, struct fp_env *env)
{
    x.sig += above ? 1 : (u128)-1;
    return deliver(normalise(x.sign, x.exp, x.sig), false, env);
}

static struct float80 zero80(bool sign)
{
    return f80_make((uint16_t)(sign << 15), 0);
}
static struct float80 infinity80(bool sign)
{
    return f80_make((uint16_t)(sign << 15 | F80_EXP_MAX), F80_INTEGER);
}

static struct float80 invalid80(struct fp_env *env)
{
    env->flags |= FP_IE;
    return f80_default_nan();
}

static bool denormal_stops(struct num80 a, struct num80 b, struct fp_env *env)
{
    return (a.kind == FP_KIND_DENORMAL || b.kind == FP_KIND_DENORMAL) && fp_raise(env, FP_DE);
}

// ---- 2^x - 1 ----

struct float80 f80_f2xm1(struct float80 x, struct fp_env *env)
{
    struct num80 n = f80_unpack(x);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(n, n, &result, env))
        return result;
    if (denormal_stops(n, n, env))
        return x;
    if (n.kind == FP_KIND_INF)
        return n.sign ? f80_make(0xbfff, F80_INTEGER) : x;
    if (n.kind == FP_KIND_ZERO)
        return x;
    if (n.exp >= F80_BIAS) {
        env->flags |= FP_PE;
        if (n.exp == F80_BIAS && n.sig == F80_INTEGER && n.sign)
            return f80_make(0xbffe, F80_INTEGER);
        return x; // 1, or undefined
    }
    // e^y - 1 = y (1 + y/2! + y^2/3! + ...)
    struct wide y = wide_mul(from_num(n), ln2());
    u128 sum = series(inverse_factorial, 1, 1, 31, y.sign, fraction(y));
    return deliver(wide_mul(y, normalise(false, 0, sum)), false, env);
}

// ---- logarithms ----

// 2 atanh(s) / ln 2 = log2((1 + s) / (1 - s)), |s| < 0.172
static struct wide log2_ratio(struct wide s)
{
    u128 sum = series(inverse_odd, 0, 1, 25, false, fraction(wide_mul(s, s)));
    return wide_mul(wide_mul(s, normalise(false, 0, sum)), two_over_ln2());
}

// log2(v) for v > 0; *exact if v is a power of two.
static struct wide log2_wide(struct wide v, bool *exact)
{
    int32_t e = v.exp;
    v.exp = 0;
    if (v.sig >> 64 > 0xb504f333f9de6484u) { // above the square root of 2
        v.exp = -1;
        e++;
    }
    struct wide integer = normalise(e < 0, 127, (u128)(e < 0 ? -e : e)), minus_one = one();
    minus_one.sign = true;
    struct wide n = wide_add(v, minus_one);
    *exact = n.sig == 0;
    if (*exact)
        return integer;
    bool ignored;
    n.sig &= ~(u128)1;
    return wide_add(integer, log2_ratio(wide_div(n, wide_add(v, one()), &ignored)));
}

// y log2(v) where log2(v), whose sign and kind are given, or y is 0 or infinite; false if that is invalid.
static bool log_special(struct num80 y, bool log_sign, enum fp_kind log_kind, struct float80 *result)
{
    bool inf = log_kind == FP_KIND_INF || y.kind == FP_KIND_INF;
    *result = inf ? infinity80(y.sign ^ log_sign) : zero80(y.sign ^ log_sign);
    return !(inf && (log_kind == FP_KIND_ZERO || y.kind == FP_KIND_ZERO));
}

struct float80 f80_fyl2x(struct float80 x, struct float80 y, struct fp_env *env)
{
    struct num80 n = f80_unpack(x), m = f80_unpack(y);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(n, m, &result, env))
        return result;
    if (n.sign && n.kind != FP_KIND_ZERO)
        return invalid80(env);
    bool is_one = n.kind == FP_KIND_NORMAL && n.exp == F80_BIAS && n.sig == F80_INTEGER;
    enum fp_kind log_kind = is_one ? FP_KIND_ZERO : FP_KIND_NORMAL;
    bool log_sign = n.exp < F80_BIAS;
    if (n.kind == FP_KIND_ZERO || n.kind == FP_KIND_INF)
        log_kind = FP_KIND_INF;
    if (log_kind == FP_KIND_INF || is_one || m.kind == FP_KIND_ZERO || m.kind == FP_KIND_INF) {
        if (!log_special(m, log_sign, log_kind, &result))
            return invalid80(env);
        if (n.kind == FP_KIND_ZERO && m.kind != FP_KIND_INF) {
            env->flags |= FP_ZE;
            return result;
        }
        return denormal_stops(n, m, env) ? y : result;
    }
    if (denormal_stops(n, m, env))
        return y;
    bool exact;
    struct wide log = log2_wide(from_num(n), &exact);
    return deliver(wide_mul(log, from_num(m)), exact, env);
}

struct float80 f80_fyl2xp1(struct float80 x, struct float80 y, struct fp_env *env)
{
    struct num80 n = f80_unpack(x), m = f80_unpack(y);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(n, m, &result, env))
        return result;
    if (n.sign && n.kind == FP_KIND_INF)
        return invalid80(env);
    if (n.kind == FP_KIND_ZERO || n.kind == FP_KIND_INF || m.kind == FP_KIND_ZERO || m.kind == FP_KIND_INF) {
        if (!log_special(m, n.sign, (enum fp_kind)n.kind, &result))
            return invalid80(env);
        return denormal_stops(n, m, env) ? y : result;
    }
    if (denormal_stops(n, m, env))
        return y;
    if (n.sign && n.exp >= F80_BIAS) {
        env->flags |= FP_PE;
        return x;
    }
    struct wide v = from_num(n), log;
    bool exact = false;
    if (v.exp < -2) { // |x| < 1/4: no cancellation in x / (2 + x)
        struct wide two = one();
        two.exp = 1;
        bool ignored;
        log = log2_ratio(wide_div(v, wide_add(v, two), &ignored));
    } else {
        // Large x keep their low bits only as far as 128 reach, which is far enough.
        log = log2_wide(wide_add(v, one()), &exact);
        exact = exact && v.exp < 64;
    }
    return deliver(wide_mul(log, from_num(m)), exact, env);
}

// ---- arc tangent ----

// atan(n / d) for 0 < n <= d. *tiny: the result is n / d, to be told from it only by being below; *exact then says
// whether the quotient was.
static struct wide atan_ratio(struct num80 n, struct num80 d, bool *tiny, bool *exact)
{
    int32_t lag = d.exp - n.exp;
    struct wide u;
    int i = 0;
    n.sign = d.sign = false;
    *tiny = lag > 57;
    *exact = false;
    if (lag > 5) {
        u = wide_div(from_num(n), from_num(d), exact);
        if (*tiny)
            return u;
    } else {
        // Near i/16: atan(n/d) = atan(i/16) + atan((16 n - i d) / (16 d + i n)), whose parts are exact in 128 bits.
        u128 big = (u128)d.sig << lag;
        i = (int)(((u128)n.sig * 32 / big + 1) / 2);
        u128 n16 = (u128)n.sig * 16, di = big * (unsigned)i;
        bool sign = n16 < di;
        struct wide numerator = normalise(sign, 127, sign ? di - n16 : n16 - di);
        u = wide_div(numerator, normalise(false, 127, big * 16 + (u128)n.sig * (unsigned)i), exact);
    }
    if (u.sig != 0) {
        u128 sum = series(inverse_odd, 0, 1, 14, true, fraction(wide_mul(u, u)));
        u = wide_mul(u, normalise(false, 0, sum));
    }
    return wide_add(u, constant(atan_sixteenth[i].exp, atan_sixteenth[i].sig.hi, atan_sixteenth[i].sig.lo));
}

struct float80 f80_fpatan(struct float80 x, struct float80 y, struct fp_env *env)
{
    struct num80 n = f80_unpack(x), m = f80_unpack(y);
    struct float80 result;
    env->round_up = false;
    if (f80_nan_result(n, m, &result, env))
        return result;
    if (denormal_stops(n, m, env))
        return y;
    struct wide pi = half_pi();
    pi.exp = 1;
    struct wide angle;
    if (m.kind == FP_KIND_ZERO || (n.kind == FP_KIND_INF && m.kind != FP_KIND_INF)) {
        if (!n.sign)
            return zero80(m.sign);
        angle = pi;
    } else if (n.kind == FP_KIND_ZERO || (m.kind == FP_KIND_INF && n.kind != FP_KIND_INF)) {
        angle = half_pi();
    } else if (m.kind == FP_KIND_INF) { // both: a diagonal
        angle = n.sign ? constant(1, 0x96cbe3f9990e91a7u, 0x9394c9e8a0a5159du) : half_pi();
        angle.exp -= !n.sign;
    } else {
        bool steep = m.exp != n.exp ? m.exp > n.exp : m.sig > n.sig, tiny, exact;
        angle = steep ? atan_ratio(n, m, &tiny, &exact) : atan_ratio(m, n, &tiny, &exact);
        if (tiny && exact && !steep && !n.sign) {
            angle.sign = m.sign;
            return deliver_beside(angle, false, env);
        }
        if (steep || n.sign) {
            // pi/2 - a, pi/2 + a (steep), or pi - a
            angle.sign = !(steep && n.sign);
            angle = wide_add(steep ? half_pi() : pi, angle);
        }
    }
    angle.sign = m.sign;
    return deliver(angle, false, env);
}

// ---- sine, cosine, tangent ----

// |x| less the nearest multiple of pi/2; *quadrant is that multiple mod 4. x is finite, not 0, |x| < 2^63.
static struct wide reduce(struct num80 x, unsigned *quadrant)
{
    struct wide r = from_num(x);
    r.sign = false;
    *quadrant = 0;
    if (x.exp < F80_BIAS - 1 || (x.exp == F80_BIAS - 1 && x.sig < 0xc90fdaa22168c234u)) // below pi/4
        return r;
    uint64_t product[5]; // x.sig * 2/pi: the first word is the most significant
    uint64_t carry = 0;
    for (int i = 3; i >= 0; i--) {
        u128 p = (u128)x.sig * two_over_pi[i] + carry;
        product[i + 1] = (uint64_t)p;
        carry = (uint64_t)(p >> 64);
    }
    product[0] = carry;
    int integer_bits = x.exp - F80_BIAS + 1; // 0..63
    if (integer_bits > 0) {
        *quadrant = (unsigned)(product[0] >> (64 - integer_bits)) & 3;
        for (int i = 0; i < 4; i++)
            product[i] = product[i] << integer_bits | product[i + 1] >> (64 - integer_bits);
        product[4] <<= integer_bits;
    }
    bool negative = product[0] >> 63;
    if (negative) { // beyond the half: the next multiple is nearer
        *quadrant = (*quadrant + 1) & 3;
        carry = 1;
        for (int i = 4; i >= 0; i--) {
            product[i] = ~product[i] + carry;
            carry = carry && product[i] == 0;
        }
    }
    // No 80-bit number below 2^63 comes nearer than 2^-70 to a multiple: the top three words hold 120 good bits.
    int32_t exp = -1;
    int word = 0;
    while (word < 2 && product[word] == 0) {
        word++;
        exp -= 64;
    }
    int shift = product[word] != 0 ? __builtin_clzll(product[word]) : 0;
    u128 sig = join(product[word], product[word + 1]) << shift;
    if (shift != 0)
        sig |= product[word + 2] >> (64 - shift);
    return wide_mul(normalise(negative, exp - shift, sig), half_pi());
}

static struct wide sine(struct wide r)
{
    u128 sum = series(inverse_factorial, 1, 2, 16, true, fraction(wide_mul(r, r)));
    return wide_mul(r, normalise(false, 0, sum));
}

static struct wide cosine_of(struct wide r)
{
    u128 sum = series(inverse_factorial, 0, 2, 16, true, fraction(wide_mul(r, r)));
    return normalise(false, 0, sum - (sum >> 127)); // below 1 however small r is
}

// sin(|x| + quarter * pi/2) with a sign given as well.
static struct float80 deliver_sine(struct wide r, unsigned quadrant, bool sign, struct fp_env *env)
{
    struct wide v = quadrant & 1 ? cosine_of(r) : sine(r);
    v.sign ^= sign ^ (quadrant >> 1 & 1);
    return deliver(v, false, env);
}

// What the four instructions have in common. True if the result (of sine and tangent) is *result already.
static bool trigonometric_special(struct float80 x, struct num80 n, struct float80 *result, bool *c2,
                                  struct fp_env *env)
{
    env->round_up = false;
    *c2 = false;
    if (f80_nan_result(n, n, result, env))
        return true;
    *result = x;
    if (n.kind == FP_KIND_INF) {
        *result = invalid80(env);
        return true;
    }
    if (n.kind == FP_KIND_NORMAL && n.exp >= F80_BIAS + 63) {
        *c2 = true;
        return true;
    }
    return n.kind == FP_KIND_ZERO || denormal_stops(n, n, env);
}

// Where sin x and tan x agree with x, and cos x with 1, to more than 64 bits.
static bool is_tiny(struct num80 n)
{
    return n.exp < F80_BIAS - 56;
}

static struct float80 finish_sine(struct num80 n, struct fp_env *env)
{
    if (is_tiny(n))
        return deliver_beside(from_num(n), false, env);
    unsigned quadrant;
    struct wide r = reduce(n, &quadrant);
    return deliver_sine(r, quadrant, n.sign, env);
}

static struct float80 finish_cosine(struct num80 n, struct fp_env *env)
{
    if (n.kind == FP_KIND_ZERO)
        return f80_make(F80_BIAS, F80_INTEGER);
    if (is_tiny(n))
        return deliver_beside(one(), false, env);
    unsigned quadrant;
    struct wide r = reduce(n, &quadrant);
    return deliver_sine(r, (quadrant + 1) & 3, false, env);
}

struct float80 f80_fsin(struct float80 x, bool *c2, struct fp_env *env)
{
    struct num80 n = f80_unpack(x);
    struct float80 result;
    return trigonometric_special(x, n, &result, c2, env) ? result : finish_sine(n, env);
}

struct float80 f80_fcos(struct float80 x, bool *c2, struct fp_env *env)
{
    struct num80 n = f80_unpack(x);
    struct float80 result;
    if (trigonometric_special(x, n, &result, c2, env) && n.kind != FP_KIND_ZERO)
        return result;
    return finish_cosine(n, env);
}

struct float80 f80_fsincos(struct float80 x, struct float80 *cosine, bool *c2, struct fp_env *env)
{
    struct num80 n = f80_unpack(x);
    struct float80 result;
    bool special = trigonometric_special(x, n, &result, c2, env);
    *cosine = result;
    if (special && n.kind != FP_KIND_ZERO)
        return result;
    result = special ? x : finish_sine(n, env);
    *cosine = finish_cosine(n, env);
    return result;
}

struct float80 f80_fptan(struct float80 x, bool *c2, struct fp_env *env)
{
    struct num80 n = f80_unpack(x);
    struct float80 result;
    if (trigonometric_special(x, n, &result, c2, env))
        return result;
    if (is_tiny(n))
        return deliver_beside(from_num(n), true, env);
    unsigned quadrant;
    bool ignored;
    struct wide r = reduce(n, &quadrant), s = sine(r), c = cosine_of(r);
    s.sig &= ~(u128)1;
    c.sig &= ~(u128)1;
    struct wide v = quadrant & 1 ? wide_div(c, s, &ignored) : wide_div(s, c, &ignored);
    v.sign ^= n.sign ^ (quadrant & 1);
    return deliver(v, false, env);
}
