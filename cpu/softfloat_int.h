// Integer helpers that softfloat.c, softfloat80.c and fptrans.c share; private to these three.
#ifndef CPU_SOFTFLOAT_INT_H
#define CPU_SOFTFLOAT_INT_H

#include "cpu/softfloat.h"

__extension__ typedef unsigned __int128 u128;

#define F80_BIAS    16383
#define F80_EXP_MAX 0x7fff
#define F80_INTEGER 0x8000000000000000u // the explicit integer bit
#define F80_QUIET   0x4000000000000000u

// What a bit pattern stands for; the order lets NaNs be tested with >=.
enum fp_kind { FP_KIND_ZERO, FP_KIND_NORMAL, FP_KIND_DENORMAL, FP_KIND_INF, FP_KIND_QNAN, FP_KIND_SNAN, FP_KIND_BAD };

// An 80-bit number taken apart. For normal and denormal ones sig has bit 63 set (denormals are normalised) and the
// value is sig * 2^(exp - 16383 - 63).
struct num80 {
    uint64_t sig;
    int32_t exp;
    bool sign;
    uint8_t kind; // enum fp_kind
};

// v >> n for any n, with every bit shifted out ORed into bit 0, which keeps later rounding right.
static inline uint64_t shift_right_jam(uint64_t v, unsigned n)
{
    if (n == 0)
        return v;
    return n < 64 ? v >> n | (v << (64 - n) != 0) : v != 0;
}

static inline u128 shift_right_jam128(u128 v, unsigned n)
{
    if (n == 0)
        return v;
    return n < 128 ? v >> n | (v << (128 - n) != 0) : v != 0;
}

// How the discarded part of a number relates to half a unit in the last place.
enum fp_rest { FP_REST_ZERO, FP_REST_LOW, FP_REST_HALF, FP_REST_HIGH };

// Whether a magnitude with the given discarded part is rounded up; odd: its last kept bit is 1.
static inline bool round_away(enum fp_rest rest, bool odd, bool sign, uint8_t round)
{
    switch (round & 3) {
    case FP_NEAREST:
        return rest == FP_REST_HIGH || (rest == FP_REST_HALF && odd);
    case FP_DOWN:
        return rest != FP_REST_ZERO && sign;
    case FP_UP:
        return rest != FP_REST_ZERO && !sign;
    default:
        return false;
    }
}

// What lies below bit n (0..64) of v, with a further part below v's bit 0 in lo.
static inline enum fp_rest rest_below(uint64_t v, unsigned n, uint64_t lo)
{
    if (n != 0)
        lo = v << (64 - n) | (lo != 0);
    if (lo == 0)
        return FP_REST_ZERO;
    return lo < F80_INTEGER ? FP_REST_LOW : lo == F80_INTEGER ? FP_REST_HALF : FP_REST_HIGH;
}

// sig * 2^-shift (shift >= 0) rounded to an integer. The caller keeps results below 2^64.
static inline uint64_t round_shift(uint64_t sig, unsigned shift, bool sign, uint8_t round, enum fp_rest *rest, bool *up)
{
    uint64_t kept;
    if (shift > 64) {
        kept = 0;
        *rest = sig != 0 ? FP_REST_LOW : FP_REST_ZERO;
    } else {
        kept = shift < 64 ? sig >> shift : 0;
        *rest = rest_below(sig, shift, 0);
    }
    *up = round_away(*rest, kept & 1, sign, round);
    return kept + *up;
}

// The integer square root of n >= 2^14, 8 bits, bit by bit: the seed of the larger ones.
static inline uint32_t isqrt16(uint32_t n)
{
    uint32_t root = 0;
    for (uint32_t bit = 0x80; bit != 0; bit >>= 1)
        if ((root | bit) * (root | bit) <= n)
            root |= bit;
    return root;
}

// floor(sqrt(n)) and the remainder for n >= 2^62, each step doubling the digits by one division (Zimmermann, "Karatsuba
// Square Root", 1999).
static inline uint64_t isqrt64(uint64_t n, uint64_t *rem)
{
    uint32_t top = (uint32_t)(n >> 48);
    uint64_t s = isqrt16(top), r = top - s * s;
    for (int half = 8, low = 32; half <= 16; half *= 2, low = 0) {
        // s has `half` bits; the next 2 * half bits of n stand above bit `low`.
        uint64_t next = n >> low, mask = (1u << half) - 1;
        uint64_t t = r << half | (next >> half & mask);
        uint64_t q = t / (2 * s), u = t % (2 * s);
        s = (s << half) + q;
        int64_t d = (int64_t)(u << half | (next & mask)) - (int64_t)(q * q);
        if (d < 0) {
            d += (int64_t)(2 * s - 1);
            s--;
        }
        r = (uint64_t)d;
    }
    *rem = r;
    return s;
}

// floor(sqrt(n)) for n = top * 2^64, top >= 2^62; *rem is n - root^2 (up to 65 bits).
static inline uint64_t isqrt128(uint64_t top, u128 *rem)
{
    uint64_t r, s = isqrt64(top, &r);
    u128 t = (u128)r << 32;
    uint64_t q = (uint64_t)(t / (2 * s)), u = (uint64_t)(t - (u128)q * (2 * s));
    u128 root = ((u128)s << 32) + q, square = (u128)q * q, rest = (u128)u << 32;
    if (rest < square) {
        rest += 2 * root - 1;
        root--;
    }
    *rem = rest - square;
    return (uint64_t)root;
}

// ---- in softfloat80.c, for fptrans.c ----

struct num80 f80_unpack(struct float80 a);

// Rounds (hi:lo) / 2^127 * 2^(exp - 16383), hi's bit 63 set, to the precision pc (as fp_env.precision) and packs it,
// with overflow, underflow and their unmasked forms.
struct float80 f80_pack(bool sign, int32_t exp, uint64_t hi, uint64_t lo, uint8_t pc, struct fp_env *env);

// True if a or b is a NaN or unsupported: then *result is the NaN to deliver and IE is raised where it is due.
bool f80_nan_result(struct num80 a, struct num80 b, struct float80 *result, struct fp_env *env);

// Raises the flag; true if it is unmasked, so that the operation ends.
static inline bool fp_raise(struct fp_env *env, uint8_t flag)
{
    env->flags |= flag;
    return !(env->masks & flag);
}

#endif
