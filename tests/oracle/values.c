// Values for the generated cases.
#include "tests/oracle/values.h"

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void rng_bytes(struct rng *r, uint8_t *p, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        p[k] = (uint8_t)rng_next(r);
}

uint64_t value_int(struct rng *r)
{
    uint64_t v = rng_next(r);
    unsigned bit = (unsigned)(v & 63);
    switch (rng_below(r, 8)) {
    case 0:
        return (uint64_t)(int64_t)(int8_t)v;
    case 1:
        return (uint64_t)1 << bit;
    case 2:
        return ((uint64_t)1 << bit) - 1;
    case 3:
        return ~((uint64_t)1 << bit);
    case 4: { // the smallest and largest of each width
        static const uint64_t edge[] = {0,
                                        0x7f,
                                        0x80,
                                        0xff,
                                        0x7fff,
                                        0x8000,
                                        0xffff,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        INT64_MAX,
                                        (uint64_t)INT64_MIN,
                                        UINT64_MAX,
                                        1,
                                        0x8080808080808080,
                                        0x7fff80007fff8000};
        return edge[v >> 8 & 15];
    }
    case 5:
        return v >> bit;
    default:
        return v;
    }
}

// A significand of `bits` bits: few ones, long runs, or any. Such come near to rounding borders.
static uint64_t value_significand(struct rng *r, unsigned bits)
{
    uint64_t v = rng_next(r), mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    unsigned at = rng_below(r, bits);
    switch (rng_below(r, 6)) {
    case 0:
        return 0;
    case 1:
        return mask;
    case 2:
        return (uint64_t)1 << at;
    case 3:
        return mask << at & mask;
    case 4:
        return (v << at & mask) ^ (one_in(r, 2) ? 1 : 0);
    default:
        return v & mask;
    }
}

static uint64_t value_ieee(struct rng *r, unsigned exponent_bits, unsigned fraction_bits)
{
    unsigned max = (1u << exponent_bits) - 1, bias = max >> 1, exponent;
    uint64_t fraction = value_significand(r, fraction_bits);
    switch (rng_below(r, 16)) {
    case 0: // zero or denormal
        exponent = 0;
        fraction = one_in(r, 3) ? 0 : fraction;
        break;
    case 1: // infinity or NaN
        exponent = max;
        fraction = one_in(r, 3) ? 0 : fraction;
        break;
    case 2:
        exponent = 1 + rng_below(r, 3);
        break;
    case 3:
        exponent = max - 1 - rng_below(r, 3);
        break;
    case 4:
    case 5:
        exponent = rng_below(r, max + 1);
        break;
    case 6:
    case 7:
    case 8: // integers of up to 64 bits, the borders of conversions
        exponent = bias + rng_below(r, 66);
        break;
    default:
        exponent = bias - 4 + rng_below(r, 9);
        break;
    }
    uint64_t sign = rng_next(r) >> 63;
    return sign << (exponent_bits + fraction_bits) | (uint64_t)(exponent > max ? max : exponent) << fraction_bits |
           fraction;
}

uint32_t value_f32(struct rng *r)
{
    return (uint32_t)value_ieee(r, 8, 23);
}

uint64_t value_f64(struct rng *r)
{
    return value_ieee(r, 11, 52);
}

static void put_f80(uint8_t out[10], unsigned sexp, uint64_t significand)
{
    store_u64(out, significand);
    store_u16(out + 8, (uint16_t)sexp);
}

void value_f80_range(struct rng *r, int low, int high, uint8_t out[10])
{
    unsigned exponent = (unsigned)(0x3fff + low + (int)rng_below(r, (unsigned)(high - low + 1)));
    unsigned sign = rng_next(r) & 0x8000;
    put_f80(out, exponent | sign, (uint64_t)1 << 63 | value_significand(r, 63));
}

void value_f80(struct rng *r, uint8_t out[10])
{
    unsigned sign = (unsigned)(rng_next(r) & 0x8000);
    uint64_t fraction = value_significand(r, 63), one = (uint64_t)1 << 63;
    switch (rng_below(r, 20)) {
    case 0:
        put_f80(out, sign, 0);
        break;
    case 1: // denormal, pseudo-denormal
        put_f80(out, sign, fraction | (one_in(r, 3) ? one : 0));
        break;
    case 2:
        put_f80(out, sign | 0x7fff, one | (one_in(r, 2) ? 0 : fraction));
        break;
    case 3: // unnormal, pseudo-infinity, pseudo-NaN
        put_f80(out, sign | (one_in(r, 3) ? 0x7fff : 1 + rng_below(r, 0x7ffe)), fraction);
        break;
    case 4:
        put_f80(out, sign | (1 + rng_below(r, 4)), one | fraction);
        break;
    case 5:
        put_f80(out, sign | (0x7ffe - rng_below(r, 4)), one | fraction);
        break;
    case 6:
        put_f80(out, sign | (1 + rng_below(r, 0x7ffe)), one | fraction);
        break;
    case 7: // around the smallest double
        value_f80_range(r, -1080, -1015, out);
        break;
    case 8:
        value_f80_range(r, 1020, 1025, out);
        break;
    case 9:
        value_f80_range(r, -155, -120, out);
        break;
    case 10:
        value_f80_range(r, 125, 129, out);
        break;
    case 11:
    case 12:
        value_f80_range(r, 0, 66, out);
        break;
    case 13: { // an integer
        uint64_t v = value_int(r);
        if (!v) {
            put_f80(out, sign, 0);
            break;
        }
        unsigned shift = (unsigned)__builtin_clzll(v);
        put_f80(out, sign | (0x3fff + 63 - shift), v << shift);
        break;
    }
    default:
        value_f80_range(r, -4, 4, out);
        break;
    }
}

void value_bcd(struct rng *r, uint8_t out[10])
{
    unsigned digits = rng_below(r, 19);
    memset(out, 0, 10);
    for (unsigned d = 0; d < digits; d++)
        out[d / 2] |= (uint8_t)(rng_below(r, 10) << (d & 1 ? 4 : 0));
    out[9] = one_in(r, 2) ? 0x80 : 0;
}

void value_vector(struct rng *r, enum vector_type type, uint8_t out[16])
{
    if (one_in(r, 8))
        type = (enum vector_type)rng_below(r, 3);
    for (unsigned k = 0; k < 4; k++) {
        if (type == VEC_F32)
            store_u32(out + 4 * k, value_f32(r));
        else if (!(k & 1))
            store_u64(out + 4 * k, type == VEC_F64 ? value_f64(r) : value_int(r));
    }
    if (type == VEC_INT && one_in(r, 2)) { // narrow elements at their edges
        unsigned at = rng_below(r, 16);
        for (unsigned k = 0; k < 8; k++)
            out[(at + k) & 15] = (uint8_t)value_int(r);
    }
}

uint16_t value_fcw(struct rng *r)
{
    unsigned v = (unsigned)rng_next(r), masks = one_in(r, 4) ? v & 0x3f : 0x3f;
    return (uint16_t)(0x40 | masks | (v & 0x1c00) | (one_in(r, 2) ? 0x300 : (v & 0x300) == 0x100 ? 0x200 : v & 0x300));
}

uint32_t value_mxcsr(struct rng *r)
{
    uint32_t v = (uint32_t)rng_next(r);
    uint32_t masks = one_in(r, 4) ? v & 0x1f80 : 0x1f80;
    uint32_t zeroes = one_in(r, 4) ? v & 0x8040 : 0, flags = one_in(r, 2) ? v & 0x3f : 0;
    return masks | (v & 0x6000) | zeroes | flags;
}

void value_fx(struct rng *r, enum vector_type type, uint8_t fx[FX_SIZE])
{
    uint64_t v = rng_next(r);
    memset(fx, 0, FX_SIZE);
    uint16_t fcw = value_fcw(r);
    // TOP and the condition codes; exception flags in half of the cases.
    uint16_t fsw = (uint16_t)(v & 0x7f00) | (uint16_t)(v >> 16 & 1 ? v >> 20 & 0x7f : 0);
    if (!(fsw & 1))
        fsw &= 0xffbf; // a stack fault is an invalid operation
    bool pending = fsw & ~fcw & 0x3f;
    if (pending && v >> 32 & 3) { // mostly not: it only leads to #MF
        fsw &= (uint16_t) ~(~fcw & 0x3f);
        if (!(fsw & 1))
            fsw &= 0xffbf;
        pending = false;
    }
    store_u16(fx + FX_FCW, fcw);
    store_u16(fx + FX_FSW, (uint16_t)(fsw | (pending ? 0x8080 : 0)));
    fx[FX_FTW] = one_in(r, 4) ? (uint8_t)(v >> 40) : 0xff;
    store_u32(fx + FX_MXCSR, value_mxcsr(r));
    for (unsigned k = 0; k < 8; k++)
        value_f80(r, fx + FX_ST + 16 * k);
    if (one_in(r, 8)) // equal operands
        memcpy(fx + FX_ST + 16, fx + FX_ST, 10);
    for (unsigned k = 0; k < 16; k++)
        value_vector(r, type, fx + FX_XMM + 16 * k);
    if (one_in(r, 8))
        for (unsigned k = 1; k < 16; k += 2)
            memcpy(fx + FX_XMM + 16 * k, fx + FX_XMM + 16 * (k - 1), 16);
}
