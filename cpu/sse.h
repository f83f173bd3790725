// What the SSE instruction functions share: 128-bit values, operands, and the way from MXCSR to a floating-point
// environment and back (SDM vol. 1, 10.2 and 11.5).
#ifndef CPU_SSE_H
#define CPU_SSE_H

#include "cpu/exec.h"
#include "cpu/softfloat.h"

#define NOINLINE __attribute__((noinline))

// MXCSR. Bits 0..5 are the FP_ exception flags, bits 7..12 their masks.
enum mxcsr {
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASK_SHIFT = 7,
    MXCSR_RC_SHIFT = 13,
    MXCSR_FTZ = 1 << 15,
    MXCSR_WRITABLE = 0xffff, // also MXCSR_MASK in FXSAVE's image
};

// The value of an XMM register, or of a 16-byte operand.
struct v128 {
    uint64_t lo, hi;
};

static inline struct v128 v128_make(uint64_t lo, uint64_t hi)
{
    return (struct v128){lo, hi};
}

// Lanes, lowest first; n is a constant in most uses.
static inline uint32_t v128_u32(struct v128 v, unsigned n)
{
    return (uint32_t)((n & 2 ? v.hi : v.lo) >> (32 * (n & 1)));
}
static inline struct v128 v128_from_u32(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return v128_make((uint64_t)b << 32 | a, (uint64_t)d << 32 | c);
}

// XMM registers. The upper half of the vector register is never touched.
static inline struct v128 xmm_get(struct cpu *c, unsigned n)
{
    return v128_make(xmm(c, n)[0], xmm(c, n)[1]);
}
static inline void xmm_set(struct cpu *c, unsigned n, struct v128 v)
{
    xmm(c, n)[0] = v.lo;
    xmm(c, n)[1] = v.hi;
}
// The lowest doubleword of a register; the rest stays.
static inline void xmm_set32(struct cpu *c, unsigned n, uint32_t v)
{
    xmm(c, n)[0] = (xmm(c, n)[0] & 0xffffffff00000000u) | v;
}

// The aligned 16-byte memory operand.
static inline enum exec_result load_v128(struct cpu *c, const struct insn *i, struct v128 *v)
{
    return load128(c, i, true, &v->lo, &v->hi);
}

// Defines x_NAME_r and x_NAME_m: destination = op(destination, source).
#define SSE_BINARY(name, op)                                                                                           \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        xmm_set(c, i->reg, op(xmm_get(c, i->reg), xmm_get(c, i->rm)));                                                 \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(load_v128(c, i, &b));                                                                                      \
        xmm_set(c, i->reg, op(xmm_get(c, i->reg), b));                                                                 \
        return next(c, i);                                                                                             \
    }

// As SSE_BINARY, with the immediate as the third argument.
#define SSE_SHUFFLE(name, op)                                                                                          \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        xmm_set(c, i->reg, op(xmm_get(c, i->reg), xmm_get(c, i->rm), i->imm));                                         \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(load_v128(c, i, &b));                                                                                      \
        xmm_set(c, i->reg, op(xmm_get(c, i->reg), b, i->imm));                                                         \
        return next(c, i);                                                                                             \
    }

// As SSE_BINARY for an operation that treats both quadwords alike: uint64_t q_NAME(uint64_t a, uint64_t b).
#define SSE_QUADWISE(name)                                                                                             \
    static inline struct v128 v_##name(struct v128 a, struct v128 b)                                                   \
    {                                                                                                                  \
        return v128_make(q_##name(a.lo, b.lo), q_##name(a.hi, b.hi));                                                  \
    }                                                                                                                  \
    SSE_BINARY(name, v_##name)

// MASKMOVDQU, MASKMOVQ: stores those of v's lower `size` bytes that `mask` selects at DS:rDI (or the prefix's segment).
enum exec_result sse_masked_store(struct cpu *c, const struct insn *i, struct v128 v, unsigned mask, unsigned size);

// ---- floating point ---------------------------------------------------------------------------------------------

static inline struct fp_env sse_env(const struct cpu *c)
{
    uint32_t m = c->s.mxcsr;
    return (struct fp_env){.round = m >> MXCSR_RC_SHIFT & 3,
                           .masks = m >> MXCSR_MASK_SHIFT & 0x3f,
                           .daz = m & MXCSR_DAZ,
                           .ftz = m & MXCSR_FTZ};
}

// Takes over what an operation raised. True if the destination is to be written, else sse_fault() is due.
static inline bool sse_settle(struct cpu *c, const struct fp_env *env)
{
    c->s.mxcsr |= env->flags;
    return likely(!(env->flags & ~env->masks));
}
// The same for packed operations, after the last lane.
static inline bool sse_settle_packed(struct cpu *c, struct fp_env *env)
{
    fp_settle_packed(env);
    return sse_settle(c, env);
}

// An unmasked SIMD floating-point exception: #XM, or #UD if the system software does not expect it.
static inline enum exec_result sse_fault(struct cpu *c, const struct insn *i)
{
    return fault(c, i, c->s.cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

// UCOMISx, COMISx: ZF, PF and CF from the relation; OF, SF and AF cleared. The words are flags_import()'s.
static inline void sse_compare_flags(struct cpu *c, enum fp_relation r)
{
    const uint64_t carry = AUX_CF | AUX_PO, odd = (uint64_t)1 << 32;
    static const uint64_t res[4] = {[FP_LESS] = 1, [FP_EQUAL] = 0, [FP_GREATER] = 1, [FP_UNORDERED] = 0};
    const uint64_t aux[4] = {[FP_LESS] = carry, [FP_EQUAL] = odd, [FP_GREATER] = 0, [FP_UNORDERED] = carry};
    flags_set(c, res[r], aux[r]);
}

// A function of both forms around one that does the work: f(c, i, operand), false if sse_fault() is due.
#define SSE_SCALAR(name, f, size, type)                                                                                \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return likely(f(c, i, (type)xmm(c, i->rm)[0])) ? next(c, i) : sse_fault(c, i);                                 \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, size, &b));                                                                                     \
        return likely(f(c, i, (type)b)) ? next(c, i) : sse_fault(c, i);                                                \
    }
#define SSE_PACKED(name, f)                                                                                            \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        return likely(f(c, i, xmm_get(c, i->rm))) ? next(c, i) : sse_fault(c, i);                                      \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(load_v128(c, i, &b));                                                                                      \
        return likely(f(c, i, b)) ? next(c, i) : sse_fault(c, i);                                                      \
    }

#endif
