// Packed integer operations on a quadword: eight bytes, four words, two doublewords or one quadword at a time, for MMX
// (one quadword) and SSE (two). Bytes, and what strings are searched with, work in parallel within the word; the rest
// goes lane by lane. Named after the instructions (SDM vol. 2).
#ifndef CPU_PACKED_H
#define CPU_PACKED_H

#include "core/types.h"

#define PACKED_HIGH8 0x8080808080808080u // the highest bit of each byte
#define PACKED_LOW8  0x0101010101010101u // the lowest

// ---- lanes ------------------------------------------------------------------------------------------------------

static inline uint8_t lane8(uint64_t v, unsigned n)
{
    return (uint8_t)(v >> (8 * n));
}
static inline uint16_t lane16(uint64_t v, unsigned n)
{
    return (uint16_t)(v >> (16 * n));
}
static inline uint32_t lane32(uint64_t v, unsigned n)
{
    return (uint32_t)(v >> (32 * n));
}
static inline uint64_t pair32(uint32_t lo, uint32_t hi)
{
    return (uint64_t)hi << 32 | lo;
}

static inline int32_t saturate(int32_t v, int32_t min, int32_t max)
{
    return v < min ? min : v > max ? max : v;
}

// One function per operation on a lane, applied to all of them. The functions are inlined.
static inline __attribute__((always_inline)) uint64_t each8(uint64_t a, uint64_t b, int32_t (*f)(int32_t, int32_t))
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++)
        r |= (uint64_t)(uint8_t)f((int8_t)lane8(a, n), (int8_t)lane8(b, n)) << (8 * n);
    return r;
}
static inline __attribute__((always_inline)) uint64_t each16(uint64_t a, uint64_t b, int32_t (*f)(int32_t, int32_t))
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= (uint64_t)(uint16_t)f((int16_t)lane16(a, n), (int16_t)lane16(b, n)) << (16 * n);
    return r;
}
static inline __attribute__((always_inline)) uint64_t each32(uint64_t a, uint64_t b, uint32_t (*f)(uint32_t, uint32_t))
{
    return pair32(f(lane32(a, 0), lane32(b, 0)), f(lane32(a, 1), lane32(b, 1)));
}

// ---- add, subtract ----------------------------------------------------------------------------------------------

// `high` has the highest bit of each lane.
static inline uint64_t packed_add(uint64_t a, uint64_t b, uint64_t high)
{
    return ((a & ~high) + (b & ~high)) ^ ((a ^ b) & high);
}
static inline uint64_t packed_sub(uint64_t a, uint64_t b, uint64_t high)
{
    return ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
}

static inline uint64_t q_paddb(uint64_t a, uint64_t b)
{
    return packed_add(a, b, PACKED_HIGH8);
}
static inline uint64_t q_paddw(uint64_t a, uint64_t b)
{
    return packed_add(a, b, 0x8000800080008000u);
}
static inline uint64_t q_paddd(uint64_t a, uint64_t b)
{
    return pair32(lane32(a, 0) + lane32(b, 0), lane32(a, 1) + lane32(b, 1));
}
static inline uint64_t q_paddq(uint64_t a, uint64_t b)
{
    return a + b;
}
static inline uint64_t q_psubb(uint64_t a, uint64_t b)
{
    return packed_sub(a, b, PACKED_HIGH8);
}
static inline uint64_t q_psubw(uint64_t a, uint64_t b)
{
    return packed_sub(a, b, 0x8000800080008000u);
}
static inline uint64_t q_psubd(uint64_t a, uint64_t b)
{
    return pair32(lane32(a, 0) - lane32(b, 0), lane32(a, 1) - lane32(b, 1));
}
static inline uint64_t q_psubq(uint64_t a, uint64_t b)
{
    return a - b;
}

// All ones in each byte whose highest bit is set in `v`; other bits of `v` are zero.
static inline uint64_t spread8(uint64_t v)
{
    return (v >> 7) * 255;
}
// Bytes where a < b, unsigned.
static inline uint64_t below8(uint64_t a, uint64_t b)
{
    return spread8(((~a & b) | ((~a | b) & q_psubb(a, b))) & PACKED_HIGH8);
}

static inline uint64_t q_paddusb(uint64_t a, uint64_t b)
{
    uint64_t r = q_paddb(a, b);
    return r | spread8(((a & b) | ((a | b) & ~r)) & PACKED_HIGH8);
}
static inline uint64_t q_psubusb(uint64_t a, uint64_t b)
{
    return q_psubb(a, b) & ~below8(a, b);
}
static inline int32_t lane_addus(int32_t a, int32_t b)
{
    return saturate((uint16_t)a + (uint16_t)b, 0, 65535);
}
static inline int32_t lane_subus(int32_t a, int32_t b)
{
    return saturate((uint16_t)a - (uint16_t)b, 0, 65535);
}
static inline int32_t lane_addsb(int32_t a, int32_t b)
{
    return saturate(a + b, -128, 127);
}
static inline int32_t lane_subsb(int32_t a, int32_t b)
{
    return saturate(a - b, -128, 127);
}
static inline int32_t lane_addsw(int32_t a, int32_t b)
{
    return saturate(a + b, -32768, 32767);
}
static inline int32_t lane_subsw(int32_t a, int32_t b)
{
    return saturate(a - b, -32768, 32767);
}
static inline uint64_t q_paddusw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_addus);
}
static inline uint64_t q_psubusw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_subus);
}
static inline uint64_t q_paddsb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_addsb);
}
static inline uint64_t q_paddsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_addsw);
}
static inline uint64_t q_psubsb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_subsb);
}
static inline uint64_t q_psubsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_subsw);
}

// ---- compare, minimum, maximum, average -------------------------------------------------------------------------

static inline uint64_t q_pcmpeqb(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ b;
    return spread8(~(((x & ~PACKED_HIGH8) + ~PACKED_HIGH8) | x) & PACKED_HIGH8);
}
static inline int32_t lane_eq(int32_t a, int32_t b)
{
    return -(a == b);
}
static inline int32_t lane_gt(int32_t a, int32_t b)
{
    return -(a > b);
}
static inline uint32_t lane_eqd(uint32_t a, uint32_t b)
{
    return a == b ? ~0u : 0;
}
static inline uint32_t lane_gtd(uint32_t a, uint32_t b)
{
    return (int32_t)a > (int32_t)b ? ~0u : 0;
}
static inline uint64_t q_pcmpeqw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_eq);
}
static inline uint64_t q_pcmpeqd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_eqd);
}
static inline uint64_t q_pcmpgtb(uint64_t a, uint64_t b)
{
    return below8(b ^ PACKED_HIGH8, a ^ PACKED_HIGH8);
}
static inline uint64_t q_pcmpgtw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_gt);
}
static inline uint64_t q_pcmpgtd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_gtd);
}

static inline uint64_t q_pminub(uint64_t a, uint64_t b)
{
    uint64_t m = below8(a, b);
    return (a & m) | (b & ~m);
}
static inline uint64_t q_pmaxub(uint64_t a, uint64_t b)
{
    uint64_t m = below8(a, b);
    return (b & m) | (a & ~m);
}
static inline int32_t lane_min(int32_t a, int32_t b)
{
    return a < b ? a : b;
}
static inline int32_t lane_max(int32_t a, int32_t b)
{
    return a > b ? a : b;
}
static inline uint64_t q_pminsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_min);
}
static inline uint64_t q_pmaxsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_max);
}

// (a + b + 1) / 2 without the ninth bit: a | b is the sum's half, rounded up, plus half of where they differ.
static inline uint64_t q_pavgb(uint64_t a, uint64_t b)
{
    return (a | b) - (((a ^ b) & 0xfefefefefefefefeu) >> 1);
}
static inline uint64_t q_pavgw(uint64_t a, uint64_t b)
{
    return (a | b) - (((a ^ b) & 0xfffefffefffefffeu) >> 1);
}

// The sum of absolute differences of the bytes.
static inline uint64_t q_psadbw(uint64_t a, uint64_t b)
{
    uint64_t d = q_psubusb(a, b) | q_psubusb(b, a), sum = 0;
    for (unsigned n = 0; n < 8; n++)
        sum += lane8(d, n);
    return sum;
}

// ---- multiply ---------------------------------------------------------------------------------------------------

static inline int32_t lane_mull(int32_t a, int32_t b)
{
    return a * b;
}
static inline int32_t lane_mulh(int32_t a, int32_t b)
{
    return a * b >> 16;
}
static inline int32_t lane_mulhu(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)(uint16_t)a * (uint16_t)b >> 16);
}
static inline uint64_t q_pmullw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_mull);
}
static inline uint64_t q_pmulhw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_mulh);
}
static inline uint64_t q_pmulhuw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_mulhu);
}
static inline uint64_t q_pmuludq(uint64_t a, uint64_t b)
{
    return (uint64_t)lane32(a, 0) * lane32(b, 0);
}
static inline uint32_t multiply_add(uint64_t a, uint64_t b, unsigned n)
{
    int32_t x = (int16_t)lane16(a, n) * (int16_t)lane16(b, n);
    int32_t y = (int16_t)lane16(a, n + 1) * (int16_t)lane16(b, n + 1);
    return (uint32_t)x + (uint32_t)y;
}
static inline uint64_t q_pmaddwd(uint64_t a, uint64_t b)
{
    return pair32(multiply_add(a, b, 0), multiply_add(a, b, 2));
}

// ---- logic ------------------------------------------------------------------------------------------------------

static inline uint64_t q_pand(uint64_t a, uint64_t b)
{
    return a & b;
}
static inline uint64_t q_pandn(uint64_t a, uint64_t b)
{
    return ~a & b;
}
static inline uint64_t q_por(uint64_t a, uint64_t b)
{
    return a | b;
}
static inline uint64_t q_pxor(uint64_t a, uint64_t b)
{
    return a ^ b;
}

// ---- shifts: `n` is the count operand's low quadword ------------------------------------------------------------

// Lanes of `bits` bits; counts from there on shift everything out.
static inline uint64_t lane_mask(unsigned bits)
{
    return bits == 16 ? 0x0001000100010001u : 0x0000000100000001u;
}
static inline uint64_t shift_left(uint64_t v, uint64_t n, unsigned bits)
{
    if (n >= bits)
        return 0;
    return bits == 64 ? v << n : v << n & lane_mask(bits) * (((uint64_t)1 << bits) - ((uint64_t)1 << n));
}
static inline uint64_t shift_right(uint64_t v, uint64_t n, unsigned bits)
{
    if (n >= bits)
        return 0;
    return bits == 64 ? v >> n : v >> n & lane_mask(bits) * (((uint64_t)1 << (bits - n)) - 1);
}

static inline uint64_t q_psllw(uint64_t v, uint64_t n)
{
    return shift_left(v, n, 16);
}
static inline uint64_t q_pslld(uint64_t v, uint64_t n)
{
    return shift_left(v, n, 32);
}
static inline uint64_t q_psllq(uint64_t v, uint64_t n)
{
    return shift_left(v, n, 64);
}
static inline uint64_t q_psrlw(uint64_t v, uint64_t n)
{
    return shift_right(v, n, 16);
}
static inline uint64_t q_psrld(uint64_t v, uint64_t n)
{
    return shift_right(v, n, 32);
}
static inline uint64_t q_psrlq(uint64_t v, uint64_t n)
{
    return shift_right(v, n, 64);
}
static inline uint64_t q_psraw(uint64_t v, uint64_t n)
{
    unsigned by = n > 15 ? 15 : (unsigned)n;
    uint64_t r = 0;
    for (unsigned k = 0; k < 4; k++)
        r |= (uint64_t)(uint16_t)((int16_t)lane16(v, k) >> by) << (16 * k);
    return r;
}
static inline uint64_t q_psrad(uint64_t v, uint64_t n)
{
    unsigned by = n > 31 ? 31 : (unsigned)n;
    return pair32((uint32_t)((int32_t)lane32(v, 0) >> by), (uint32_t)((int32_t)lane32(v, 1) >> by));
}

// ---- pack, unpack, masks ----------------------------------------------------------------------------------------

// Four words or two doublewords to saturated narrower ones, in the low half of the result.
static inline uint32_t narrow_wb(uint64_t v, int32_t min, int32_t max)
{
    uint32_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= (uint32_t)(uint8_t)saturate((int16_t)lane16(v, n), min, max) << (8 * n);
    return r;
}
static inline uint32_t narrow_dw(uint64_t v, int32_t min, int32_t max)
{
    uint32_t lo = (uint16_t)saturate((int32_t)lane32(v, 0), min, max);
    return lo | (uint32_t)(uint16_t)saturate((int32_t)lane32(v, 1), min, max) << 16;
}

// The low four bytes, or two words, of both operands, alternating; a's first.
static inline uint64_t interleave8(uint32_t a, uint32_t b)
{
    uint64_t x = a, y = b;
    x = (x | x << 16) & 0x0000ffff0000ffffu;
    y = (y | y << 16) & 0x0000ffff0000ffffu;
    x = (x | x << 8) & 0x00ff00ff00ff00ffu;
    y = (y | y << 8) & 0x00ff00ff00ff00ffu;
    return x | y << 8;
}
static inline uint64_t interleave16(uint32_t a, uint32_t b)
{
    return (a & 0xffff) | (uint64_t)(b & 0xffff) << 16 | (uint64_t)(a >> 16) << 32 | (uint64_t)(b >> 16) << 48;
}

// The highest bit of each byte.
static inline uint32_t q_pmovmskb(uint64_t v)
{
    return (uint32_t)(((v & PACKED_HIGH8) >> 7) * 0x0102040810204080u >> 56);
}

// Words of v in the order that imm's four bit pairs say.
static inline uint64_t q_pshufw(uint64_t v, unsigned imm)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 4; n++)
        r |= (uint64_t)lane16(v, imm >> (2 * n) & 3) << (16 * n);
    return r;
}

// ---- SSSE3 ------------------------------------------------------------------------------------------------------

static inline int32_t lane_abs(int32_t a, int32_t b)
{
    (void)a;
    return b < 0 ? -b : b;
}
static inline uint32_t lane_absd(uint32_t a, uint32_t b)
{
    (void)a;
    return (int32_t)b < 0 ? 0 - b : b;
}
static inline int32_t lane_sign(int32_t a, int32_t b)
{
    return b < 0 ? -a : b > 0 ? a : 0;
}
static inline uint32_t lane_signd(uint32_t a, uint32_t b)
{
    return (int32_t)b < 0 ? 0 - a : b ? a : 0;
}
static inline int32_t lane_mulhrs(int32_t a, int32_t b)
{
    return ((a * b >> 14) + 1) >> 1;
}
static inline uint64_t q_pabsb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_abs);
}
static inline uint64_t q_pabsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_abs);
}
static inline uint64_t q_pabsd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_absd);
}
static inline uint64_t q_psignb(uint64_t a, uint64_t b)
{
    return each8(a, b, lane_sign);
}
static inline uint64_t q_psignw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_sign);
}
static inline uint64_t q_psignd(uint64_t a, uint64_t b)
{
    return each32(a, b, lane_signd);
}
static inline uint64_t q_pmulhrsw(uint64_t a, uint64_t b)
{
    return each16(a, b, lane_mulhrs);
}
// Unsigned bytes of a times signed ones of b, neighbours added.
static inline uint64_t q_pmaddubsw(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n += 2) {
        int32_t sum = lane8(a, n) * (int8_t)lane8(b, n) + lane8(a, n + 1) * (int8_t)lane8(b, n + 1);
        r |= (uint64_t)(uint16_t)saturate(sum, -32768, 32767) << (8 * n);
    }
    return r;
}

// Neighbours within a quadword combined: half a quadword. Horizontal instructions put such halves together.
static inline uint32_t half_phaddw(uint64_t v)
{
    return (uint16_t)(lane16(v, 0) + lane16(v, 1)) | (uint32_t)(lane16(v, 2) + lane16(v, 3)) << 16;
}
static inline uint32_t half_phsubw(uint64_t v)
{
    return (uint16_t)(lane16(v, 0) - lane16(v, 1)) | (uint32_t)(lane16(v, 2) - lane16(v, 3)) << 16;
}
static inline uint32_t half_phaddsw(uint64_t v)
{
    return (uint32_t)(q_paddsw(v, v >> 16) & 0xffff) | (uint32_t)(q_paddsw(v, v >> 16) >> 16 & 0xffff0000u);
}
static inline uint32_t half_phsubsw(uint64_t v)
{
    return (uint32_t)(q_psubsw(v, v >> 16) & 0xffff) | (uint32_t)(q_psubsw(v, v >> 16) >> 16 & 0xffff0000u);
}
static inline uint32_t half_phaddd(uint64_t v)
{
    return lane32(v, 0) + lane32(v, 1);
}
static inline uint32_t half_phsubd(uint64_t v)
{
    return lane32(v, 0) - lane32(v, 1);
}

#endif
