// Multiplication and division (SDM vol. 2): MUL, IMUL with one, two and three operands, DIV, IDIV.
//
// Flags that the manual leaves undefined: after multiplications SF, ZF and PF come from the low half and AF is clear;
// divisions change none.
#include "cpu/exec.h"
#include "cpu/exec_table.h"

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

// CF and OF say that the high half carries information; CF ^ OF is never set.
static inline void flags_mul(struct cpu *c, uint64_t low, bool significant, unsigned bits)
{
    flags_set(c, (uint64_t)sign_extend(low, bits), significant ? AUX_CF : 0);
}

// ---- one operand
// ---------------------------------------------------------------------------------------------------------------

enum exec_result x_mul_Eb(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 1, &b));
    uint64_t r = get8(c, RAX) * b;
    flags_mul(c, r, r >> 8 != 0, 8);
    set16(c, RAX, (uint16_t)r);
    return next(c, i);
}

enum exec_result x_imul_Eb(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 1, &b));
    int64_t r = (int8_t)get8(c, RAX) * sign_extend(b, 8);
    flags_mul(c, (uint64_t)r, r != (int8_t)r, 8);
    set16(c, RAX, (uint16_t)r);
    return next(c, i);
}

#define MUL(B)                                                                                                         \
    enum exec_result x_mul_Ev_##B(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(read_rm(c, i, B / 8, &b));                                                                                 \
        uint64_t r = get##B(c, RAX) * b;                                                                               \
        flags_mul(c, r, r >> B != 0, B);                                                                               \
        set##B(c, RAX, (uint##B##_t)r);                                                                                \
        set##B(c, RDX, (uint##B##_t)(r >> B));                                                                         \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_imul_Ev_##B(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(read_rm(c, i, B / 8, &b));                                                                                 \
        int64_t r = sign_extend(get##B(c, RAX), B) * sign_extend(b, B);                                                \
        flags_mul(c, (uint64_t)r, r != (int##B##_t)r, B);                                                              \
        set##B(c, RAX, (uint##B##_t)r);                                                                                \
        set##B(c, RDX, (uint##B##_t)((uint64_t)r >> B));                                                               \
        return next(c, i);                                                                                             \
    }
MUL(16)
MUL(32)

enum exec_result x_mul_Ev_64(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 8, &b));
    u128 r = (u128)get64(c, RAX) * b;
    flags_mul(c, (uint64_t)r, r >> 64 != 0, 64);
    set64(c, RAX, (uint64_t)r);
    set64(c, RDX, (uint64_t)(r >> 64));
    return next(c, i);
}

enum exec_result x_imul_Ev_64(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 8, &b));
    s128 r = (s128)(int64_t)get64(c, RAX) * (int64_t)b;
    flags_mul(c, (uint64_t)r, r != (int64_t)r, 64);
    set64(c, RAX, (uint64_t)r);
    set64(c, RDX, (uint64_t)((u128)r >> 64));
    return next(c, i);
}

// ---- two and three operands
// ----------------------------------------------------------------------------------------------------

#define PRODUCT(B) int64_t r = sign_extend(a, B) * sign_extend(b, B)
#define PRODUCT_64 s128 r = (s128)(int64_t)a * (int64_t)b

// `A` is the operand that is not in memory.
#define IMUL_TO(B, suffix, A, COMPUTE)                                                                                 \
    enum exec_result x_imul_##suffix##_##B##r(struct cpu *c, const struct insn *i)                                     \
    {                                                                                                                  \
        uint64_t a = (A), b = get##B(c, i->rm);                                                                        \
        COMPUTE;                                                                                                       \
        flags_mul(c, (uint64_t)r, r != (int##B##_t)r, B);                                                              \
        set##B(c, i->reg, (uint##B##_t)r);                                                                             \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_imul_##suffix##_##B##m(struct cpu *c, const struct insn *i)                                     \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, B / 8, &b));                                                                                    \
        uint64_t a = (A);                                                                                              \
        COMPUTE;                                                                                                       \
        flags_mul(c, (uint64_t)r, r != (int##B##_t)r, B);                                                              \
        set##B(c, i->reg, (uint##B##_t)r);                                                                             \
        return next(c, i);                                                                                             \
    }
IMUL_TO(16, GvEv, get16(c, i->reg), PRODUCT(16))
IMUL_TO(32, GvEv, get32(c, i->reg), PRODUCT(32))
IMUL_TO(64, GvEv, get64(c, i->reg), PRODUCT_64)
IMUL_TO(16, GvEvIz, i->imm, PRODUCT(16))
IMUL_TO(32, GvEvIz, i->imm, PRODUCT(32))
IMUL_TO(64, GvEvIz, (uint64_t)(int32_t)i->imm, PRODUCT_64)

// ---- division
// ------------------------------------------------------------------------------------------------------------------

// The quotient fits exactly when the dividend's high half is below the divisor, which also rules out a divisor of 0.

enum exec_result x_div_Eb(struct cpu *c, const struct insn *i)
{
    uint64_t d;
    TRY(read_rm(c, i, 1, &d));
    unsigned n = get16(c, RAX);
    if (n >> 8 >= d)
        return fault(c, i, EXC_DE);
    unsigned divisor = (unsigned)d;
    set16(c, RAX, (uint16_t)(n % divisor << 8 | n / divisor));
    return next(c, i);
}

#define DIV(B, T)                                                                                                      \
    enum exec_result x_div_Ev_##B(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        uint64_t d;                                                                                                    \
        TRY(read_rm(c, i, B / 8, &d));                                                                                 \
        T hi = get##B(c, RDX), n = hi << B | get##B(c, RAX);                                                           \
        if (hi >= d)                                                                                                   \
            return fault(c, i, EXC_DE);                                                                                \
        T divisor = (T)d;                                                                                              \
        set##B(c, RAX, (uint##B##_t)(n / divisor));                                                                    \
        set##B(c, RDX, (uint##B##_t)(n % divisor));                                                                    \
        return next(c, i);                                                                                             \
    }
DIV(16, uint32_t)
DIV(32, uint64_t)

// hi:lo / d for hi < d.
static inline uint64_t quotient(uint64_t hi, uint64_t lo, uint64_t d)
{
    return hi ? (uint64_t)(((u128)hi << 64 | lo) / d) : lo / d;
}

enum exec_result x_div_Ev_64(struct cpu *c, const struct insn *i)
{
    uint64_t d;
    TRY(read_rm(c, i, 8, &d));
    uint64_t hi = get64(c, RDX), lo = get64(c, RAX);
    if (hi >= d)
        return fault(c, i, EXC_DE);
    uint64_t q = quotient(hi, lo, d);
    set64(c, RAX, q);
    set64(c, RDX, lo - q * d);
    return next(c, i);
}

// Signed division goes by magnitudes, because C leaves the quotients that do not fit undefined. The remainder has the
// dividend's sign.

static inline uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

// Whether a quotient of magnitude `q` does not fit in `bits`.
static inline bool quotient_too_big(uint64_t q, bool negative, unsigned bits)
{
    return q > ((uint64_t)1 << (bits - 1)) - !negative;
}

enum exec_result x_idiv_Eb(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 1, &b));
    int n = (int16_t)get16(c, RAX), d = (int8_t)b;
    if (d == 0 || n / d != (int8_t)(n / d))
        return fault(c, i, EXC_DE);
    set16(c, RAX, (uint16_t)((unsigned)(n % d) << 8 | (uint8_t)(n / d)));
    return next(c, i);
}

enum exec_result x_idiv_Ev_16(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 2, &b));
    int64_t n = (int32_t)((uint32_t)get16(c, RDX) << 16 | get16(c, RAX)), d = (int16_t)b;
    if (d == 0 || n / d != (int16_t)(n / d))
        return fault(c, i, EXC_DE);
    set16(c, RAX, (uint16_t)(n / d));
    set16(c, RDX, (uint16_t)(n % d));
    return next(c, i);
}

enum exec_result x_idiv_Ev_32(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 4, &b));
    int64_t n = (int64_t)((uint64_t)get32(c, RDX) << 32 | get32(c, RAX)), d = (int32_t)b;
    if (d == 0)
        return fault(c, i, EXC_DE);
    bool negative = (n < 0) != (d < 0);
    uint64_t q = magnitude(n) / magnitude(d), r = magnitude(n) % magnitude(d);
    if (quotient_too_big(q, negative, 32))
        return fault(c, i, EXC_DE);
    set32(c, RAX, (uint32_t)(negative ? 0 - q : q));
    set32(c, RDX, (uint32_t)(n < 0 ? 0 - r : r));
    return next(c, i);
}

enum exec_result x_idiv_Ev_64(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(read_rm(c, i, 8, &b));
    uint64_t hi = get64(c, RDX), lo = get64(c, RAX), d = magnitude((int64_t)b);
    bool minus = hi >> 63, negative = minus != b >> 63;
    if (minus) {
        hi = ~hi + (lo == 0);
        lo = 0 - lo;
    }
    if (hi >= d)
        return fault(c, i, EXC_DE);
    uint64_t q = quotient(hi, lo, d), r = lo - q * d;
    if (quotient_too_big(q, negative, 64))
        return fault(c, i, EXC_DE);
    set64(c, RAX, negative ? 0 - q : q);
    set64(c, RDX, minus ? 0 - r : r);
    return next(c, i);
}
