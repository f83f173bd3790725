// Integer operations with their flags (SDM vol. 2), for the functions of the rows and the faster ones. Operands `a` and
// `b` are zero-extended, `bits` is a constant after inlining; the result is zero-extended or has garbage above the
// operand.
#ifndef CPU_ALU_H
#define CPU_ALU_H

#include "cpu/flags.h"

__extension__ typedef __int128 alu_s128;

static inline uint64_t alu_add(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t r = a + b;
    flags_set(c, (uint64_t)sign_extend(r, bits), carries_add(a, b, r, bits));
    return r;
}

static inline uint64_t alu_adc(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t r = a + b + flag_c(c);
    flags_set(c, (uint64_t)sign_extend(r, bits), carries_add(a, b, r, bits));
    return r;
}

static inline uint64_t alu_sub(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t r = a - b;
    flags_set(c, (uint64_t)sign_extend(r, bits), carries_sub(a, b, r, bits));
    return r;
}

static inline uint64_t alu_sbb(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t r = a - b - flag_c(c);
    flags_set(c, (uint64_t)sign_extend(r, bits), carries_sub(a, b, r, bits));
    return r;
}

static inline uint64_t alu_logic(struct cpu *c, uint64_t r, unsigned bits)
{
    flags_set(c, (uint64_t)sign_extend(r, bits), 0);
    return r;
}

static inline uint64_t alu_and(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    return alu_logic(c, a & b, bits);
}
static inline uint64_t alu_or(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    return alu_logic(c, a | b, bits);
}
static inline uint64_t alu_xor(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    return alu_logic(c, a ^ b, bits);
}

// INC and DEC keep CF. PO follows CF, because OF is their difference.
static inline void flags_keep_cf(struct cpu *c, uint64_t res, uint64_t aux)
{
    uint64_t change = (aux ^ c->flag_aux) & AUX_CF; // CF as computed differs from CF as it stays
    c->flag_res = res;
    c->flag_aux = aux ^ change ^ change >> 1;
}

static inline uint64_t alu_inc(struct cpu *c, uint64_t a, unsigned bits)
{
    uint64_t r = a + 1;
    flags_keep_cf(c, (uint64_t)sign_extend(r, bits), carries_add(a, 1, r, bits));
    return r;
}

static inline uint64_t alu_dec(struct cpu *c, uint64_t a, unsigned bits)
{
    uint64_t r = a - 1;
    flags_keep_cf(c, (uint64_t)sign_extend(r, bits), carries_sub(a, 1, r, bits));
    return r;
}

// The low half of a signed product. CF and OF say that the high half carries information; CF ^ OF is never set.
static inline uint64_t alu_imul(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    alu_s128 r = (alu_s128)sign_extend(a, bits) * sign_extend(b, bits);
    int64_t low = sign_extend((uint64_t)r, bits);
    flags_set(c, (uint64_t)low, r != low ? AUX_CF : 0);
    return (uint64_t)low;
}

// ---- shifts and rotates; `n` is the masked count and not 0
// ----------------------------------------------------------------

// CF and CF^OF of a left shift, from the operand shifted by one step less.
static inline uint64_t alu_aux_left(uint64_t last, unsigned bits)
{
    return (bits == 64 ? last >> 32 : last << (bits < 32 ? 32 - bits : 0)) & (AUX_CF | AUX_PO);
}

static inline uint64_t alu_shl(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t last = a << (n - 1), r = last << 1;
    flags_set(c, (uint64_t)sign_extend(r, bits), alu_aux_left(last, bits));
    return r;
}

static inline uint64_t alu_shr(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t last = a >> (n - 1), r = last >> 1;
    uint64_t cf = last & 1, of = last >> (bits - 1);
    flags_set(c, (uint64_t)sign_extend(r, bits), cf << 31 | (cf ^ of) << 30);
    return r;
}

static inline uint64_t alu_sar(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    int64_t last = sign_extend(a, bits) >> (n - 1), r = last >> 1;
    flags_set(c, (uint64_t)r, (0 - ((uint64_t)last & 1)) & (AUX_CF | AUX_PO));
    return (uint64_t)r;
}

// Rotates change CF and OF only.
static inline void flags_rotate(struct cpu *c, uint64_t cf, uint64_t po)
{
    c->flag_aux = (c->flag_aux & ~(uint64_t)(AUX_CF | AUX_PO)) | (cf & 1) << 31 | (po & 1) << 30;
}

// Compilers make one instruction of it where the width is the host's.
static inline uint64_t alu_rotate(uint64_t a, unsigned left, unsigned right, unsigned bits)
{
    return bits == 32 ? (uint32_t)a << left | (uint32_t)a >> right : a << left | a >> right;
}

static inline uint64_t alu_rol(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    unsigned m = n & (bits - 1);
    uint64_t r = alu_rotate(a, m, (bits - m) & (bits - 1), bits);
    flags_rotate(c, r, r >> (bits - 1));
    return r;
}

static inline uint64_t alu_ror(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    unsigned m = n & (bits - 1);
    uint64_t r = alu_rotate(a, (bits - m) & (bits - 1), m, bits);
    flags_rotate(c, r >> (bits - 1), r >> (bits - 2));
    return r;
}

static inline uint64_t alu_rcl(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    unsigned m = bits < 32 ? n % (bits + 1) : n;
    uint64_t cf = flag_c(c), r = a;
    if (m) {
        r = a << m | cf << (m - 1) | a >> 1 >> (bits - m);
        cf = a >> (bits - m);
    }
    flags_rotate(c, cf, r >> (bits - 1));
    return r;
}

static inline uint64_t alu_rcr(struct cpu *c, uint64_t a, unsigned n, unsigned bits)
{
    unsigned m = bits < 32 ? n % (bits + 1) : n;
    uint64_t cf = flag_c(c), r = a;
    if (m) {
        r = a >> m | cf << (bits - m) | a << 1 << (bits - m);
        cf = a >> (m - 1);
    }
    flags_rotate(c, cf, cf ^ r >> (bits - 1) ^ r >> (bits - 2));
    return r;
}

#endif
