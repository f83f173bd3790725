// Lazy arithmetic flags in two words (the idea of carry-out vectors): flag_res is the result, sign-extended to 64 bits;
// flag_aux has CF in bit 31, CF ^ OF ("partial overflow": the carry into the sign bit) in bit 30, AF in bit 3.
// Bits 32..39 are XORed to the low result byte before its parity is taken, bit 40 to the sign: only imported flags need
// them, because ZF with SF or without PF cannot be expressed by a result. Bits 4..29 and 0..2 of flag_aux mean nothing.
#ifndef CPU_FLAGS_H
#define CPU_FLAGS_H

#include "cpu/cpu.h"

enum { AUX_CF = 1u << 31, AUX_PO = 1u << 30, AUX_AF = 1u << 3 };

static inline int64_t sign_extend(uint64_t v, unsigned bits)
{
    return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

// Carry-out vectors of a + b (+ carry) = r and a - b (- borrow) = r, arranged for `bits` wide operands.
static inline uint64_t carries_add(uint64_t a, uint64_t b, uint64_t r, unsigned bits)
{
    uint64_t c = (a & b) | ((a | b) & ~r);
    if (bits == 64)
        return (uint32_t)(c >> 32 & (AUX_CF | AUX_PO)) | (c & AUX_AF);
    if (bits == 32)
        return (uint32_t)c;
    return (uint32_t)(c << (32 - bits)) | (c & AUX_AF);
}

static inline uint64_t carries_sub(uint64_t a, uint64_t b, uint64_t r, unsigned bits)
{
    uint64_t c = (~a & b) | ((~a | b) & r);
    if (bits == 64)
        return (uint32_t)(c >> 32 & (AUX_CF | AUX_PO)) | (c & AUX_AF);
    if (bits == 32)
        return (uint32_t)c;
    return (uint32_t)((uint32_t)c << (32 - bits)) | (c & AUX_AF);
}

static inline bool flag_c(const struct cpu *c)
{
    return c->flag_aux >> 31 & 1;
}
static inline bool flag_z(const struct cpu *c)
{
    return c->flag_res == 0;
}
static inline bool flag_s(const struct cpu *c)
{
    return (c->flag_res >> 63) ^ (c->flag_aux >> 40 & 1);
}
static inline bool flag_o(const struct cpu *c)
{
    return (c->flag_aux >> 31 ^ c->flag_aux >> 30) & 1;
}
static inline bool flag_a(const struct cpu *c)
{
    return c->flag_aux >> 3 & 1;
}
static inline bool flag_p(const struct cpu *c)
{
    return !__builtin_parity((uint8_t)(c->flag_res ^ c->flag_aux >> 32));
}

static inline void flags_set(struct cpu *c, uint64_t res, uint64_t aux)
{
    c->flag_res = res;
    c->flag_aux = aux;
}

// The six arithmetic flags as RFLAGS bits.
static inline uint32_t flags_arith(const struct cpu *c)
{
    return (uint32_t)flag_c(c) | (uint32_t)flag_p(c) << 2 | (uint32_t)flag_a(c) << 4 | (uint32_t)flag_z(c) << 6 |
           (uint32_t)flag_s(c) << 7 | (uint32_t)flag_o(c) << 11;
}

// Sets all six from RFLAGS bits. The form is canonical: equal flags give equal words.
static inline void flags_import(struct cpu *c, uint64_t f)
{
    uint64_t res = f & F_ZF ? 0 : 1; // 1 has PF clear and SF clear
    bool pf = f & F_PF, cf = f & F_CF, of = f & F_OF;
    uint64_t pdb = pf == !__builtin_parity((unsigned)res) ? 0 : 1;
    c->flag_res = res;
    c->flag_aux = (uint64_t)(f & F_SF ? 1 : 0) << 40 | pdb << 32 | (uint32_t)(cf ? AUX_CF : 0) |
                  (uint32_t)(cf != of ? AUX_PO : 0) | (f & F_AF ? AUX_AF : 0);
}

static inline uint64_t cpu_rflags(const struct cpu *c)
{
    return (c->s.rflags & ~(uint64_t)F_ARITH) | flags_arith(c);
}

// Condition code 0..15 (SDM vol. 1, appendix B).
static inline bool condition(const struct cpu *c, unsigned cc)
{
    bool v;
    switch (cc >> 1) {
    case 0:
        v = flag_o(c);
        break;
    case 1:
        v = flag_c(c);
        break;
    case 2:
        v = flag_z(c);
        break;
    case 3:
        v = flag_c(c) || flag_z(c);
        break;
    case 4:
        v = flag_s(c);
        break;
    case 5:
        v = flag_p(c);
        break;
    case 6:
        v = flag_s(c) != flag_o(c);
        break;
    default:
        v = flag_z(c) || flag_s(c) != flag_o(c);
        break;
    }
    return v != (cc & 1);
}

#endif
