// Integer arithmetic and logic (SDM vol. 2): ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG in all forms and
// widths, one function each, so that operand kinds cost nothing at run time. tools/bench interp shows what that is
// worth.
#include "cpu/alu.h"
#include "cpu/exec.h"
#include "cpu/exec_table.h"

// r and aux of each operation on zero-extended a and b of B bits; carry-in from the flags where the operation has one.
#define OP_ADD(B, a, b, r, aux) uint64_t r = a + b, aux = carries_add(a, b, r, B)
#define OP_ADC(B, a, b, r, aux) uint64_t r = a + b + flag_c(c), aux = carries_add(a, b, r, B)
#define OP_SUB(B, a, b, r, aux) uint64_t r = a - b, aux = carries_sub(a, b, r, B)
#define OP_SBB(B, a, b, r, aux) uint64_t r = a - b - flag_c(c), aux = carries_sub(a, b, r, B)
#define OP_AND(B, a, b, r, aux) uint64_t r = a & b, aux = 0
#define OP_OR(B, a, b, r, aux)  uint64_t r = a | b, aux = 0
#define OP_XOR(B, a, b, r, aux) uint64_t r = a ^ b, aux = 0

#define IMM(B) (B == 64 ? (uint64_t)(int64_t)(int32_t)i->imm : i->imm & (~(uint64_t)0 >> (64 - B)))

// Operation with a destination: register forms, then memory forms.
#define BINARY(name, OP, B, EG, GE, EI)                                                                                \
    enum exec_result x_##name##_##EG##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = get##B(c, i->reg);                                                          \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        set##B(c, i->rm, (uint##B##_t)r);                                                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##GE##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->reg), b = get##B(c, i->rm);                                                          \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        set##B(c, i->reg, (uint##B##_t)r);                                                                             \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##EI##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = IMM(B);                                                                     \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        set##B(c, i->rm, (uint##B##_t)r);                                                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##GE##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, B / 8, &b));                                                                                    \
        uint64_t a = get##B(c, i->reg);                                                                                \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        set##B(c, i->reg, (uint##B##_t)r);                                                                             \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##EG##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint64_t a = load_u##B(p), b = get##B(c, i->reg);                                                              \
        OP(B, a, b, r, aux);                                                                                           \
        rmw_end(c, i, B / 8, p, r);                                                                                    \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##EI##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint64_t a = load_u##B(p), b = IMM(B);                                                                         \
        OP(B, a, b, r, aux);                                                                                           \
        rmw_end(c, i, B / 8, p, r);                                                                                    \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }

#define BINARY_ALL(name, OP)                                                                                           \
    BINARY(name, OP, 8, EbGb_, GbEb_, EbIb_)                                                                           \
    BINARY(name, OP, 16, EvGv_16, GvEv_16, EvIz_16)                                                                    \
    BINARY(name, OP, 32, EvGv_32, GvEv_32, EvIz_32)                                                                    \
    BINARY(name, OP, 64, EvGv_64, GvEv_64, EvIz_64)

BINARY_ALL(add, OP_ADD)
BINARY_ALL(or, OP_OR)
BINARY_ALL(adc, OP_ADC)
BINARY_ALL(sbb, OP_SBB)
BINARY_ALL(and, OP_AND)
BINARY_ALL(sub, OP_SUB)
BINARY_ALL(xor, OP_XOR)

// Operations that only set flags.
#define COMPARE_EG(name, OP, B, EG)                                                                                    \
    enum exec_result x_##name##_##EG##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = get##B(c, i->reg);                                                          \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##EG##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(load(c, i, B / 8, &a));                                                                                    \
        uint64_t b = get##B(c, i->reg);                                                                                \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }
#define COMPARE_GE(name, OP, B, GE)                                                                                    \
    enum exec_result x_##name##_##GE##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->reg), b = get##B(c, i->rm);                                                          \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##GE##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, B / 8, &b));                                                                                    \
        uint64_t a = get##B(c, i->reg);                                                                                \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }
#define COMPARE_EI(name, OP, B, EI)                                                                                    \
    enum exec_result x_##name##_##EI##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = IMM(B);                                                                     \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##EI##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(load(c, i, B / 8, &a));                                                                                    \
        uint64_t b = IMM(B);                                                                                           \
        OP(B, a, b, r, aux);                                                                                           \
        flags_set(c, (uint64_t)sign_extend(r, B), aux);                                                                \
        return next(c, i);                                                                                             \
    }
#define COMPARE_ALL(M, name, OP, b, v)                                                                                 \
    M(name, OP, 8, b##_) M(name, OP, 16, v##_16) M(name, OP, 32, v##_32) M(name, OP, 64, v##_64)

COMPARE_ALL(COMPARE_EG, cmp, OP_SUB, EbGb, EvGv)
COMPARE_ALL(COMPARE_GE, cmp, OP_SUB, GbEb, GvEv)
COMPARE_ALL(COMPARE_EI, cmp, OP_SUB, EbIb, EvIz)
COMPARE_ALL(COMPARE_EG, test, OP_AND, EbGb, EvGv)
COMPARE_ALL(COMPARE_EI, test, OP_AND, EbIb, EvIz)

// Operation with one operand: F is a statement over a, r, aux.
#define UNARY(name, B, suffix, COMPUTE, FLAGS)                                                                         \
    enum exec_result x_##name##_##suffix##r(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm);                                                                                 \
        COMPUTE(B);                                                                                                    \
        FLAGS(B);                                                                                                      \
        set##B(c, i->rm, (uint##B##_t)r);                                                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##suffix##m(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint64_t a = load_u##B(p);                                                                                     \
        COMPUTE(B);                                                                                                    \
        rmw_end(c, i, B / 8, p, r);                                                                                    \
        FLAGS(B);                                                                                                      \
        return next(c, i);                                                                                             \
    }
#define UNARY_ALL(name, COMPUTE, FLAGS)                                                                                \
    UNARY(name, 8, Eb_, COMPUTE, FLAGS)                                                                                \
    UNARY(name, 16, Ev_16, COMPUTE, FLAGS)                                                                             \
    UNARY(name, 32, Ev_32, COMPUTE, FLAGS)                                                                             \
    UNARY(name, 64, Ev_64, COMPUTE, FLAGS)

#define C_INC(B)      uint64_t r = a + 1, aux = carries_add(a, 1, r, B)
#define C_DEC(B)      uint64_t r = a - 1, aux = carries_sub(a, 1, r, B)
#define C_NEG(B)      uint64_t r = 0 - a, aux = carries_sub(0, a, r, B)
#define C_NOT(B)      uint64_t r = ~a
#define FL_KEEP_CF(B) flags_keep_cf(c, (uint64_t)sign_extend(r, B), aux)
#define FL_ALL(B)     flags_set(c, (uint64_t)sign_extend(r, B), aux)
#define FL_NONE(B)    (void)0

UNARY_ALL(inc, C_INC, FL_KEEP_CF)
UNARY_ALL(dec, C_DEC, FL_KEEP_CF)
UNARY_ALL(neg, C_NEG, FL_ALL)
UNARY_ALL(not, C_NOT, FL_NONE)

// ---- flag operations
// ---------------------------------------------------------------------------------------------------------

static void set_cf(struct cpu *c, bool cf)
{
    uint64_t change = (uint64_t)(cf != flag_c(c)) << 31;
    c->flag_aux ^= change ^ change >> 1;
}

enum exec_result x_cmc(struct cpu *c, const struct insn *i)
{
    set_cf(c, !flag_c(c));
    return next(c, i);
}

enum exec_result x_clc(struct cpu *c, const struct insn *i)
{
    set_cf(c, false);
    return next(c, i);
}

enum exec_result x_stc(struct cpu *c, const struct insn *i)
{
    set_cf(c, true);
    return next(c, i);
}

enum exec_result x_cld(struct cpu *c, const struct insn *i)
{
    c->s.rflags &= ~(uint64_t)F_DF;
    return next(c, i);
}

enum exec_result x_std(struct cpu *c, const struct insn *i)
{
    c->s.rflags |= F_DF;
    return next(c, i);
}

enum exec_result x_sahf(struct cpu *c, const struct insn *i)
{
    flags_import(c, (flags_arith(c) & F_OF) | (c->s.reg[RAX] >> 8 & (F_ARITH & ~F_OF)));
    return next(c, i);
}

enum exec_result x_lahf(struct cpu *c, const struct insn *i)
{
    set8(c, RAX | 0x80, (uint8_t)((flags_arith(c) & (F_ARITH & ~F_OF)) | 2));
    return next(c, i);
}

// ---- decimal adjustment (flags: SDM; OF, undefined, is cleared)
// ----------------------------------------------------------------

static void decimal_flags(struct cpu *c, uint8_t al, bool af, bool cf)
{
    flags_import(c, (af ? F_AF : 0) | (cf ? F_CF : 0) | (al ? 0 : F_ZF) | (al & 0x80 ? F_SF : 0) |
                        (__builtin_parity(al) ? 0 : F_PF));
}

enum exec_result x_daa(struct cpu *c, const struct insn *i)
{
    uint8_t al = get8(c, RAX), old = al;
    bool cf = flag_c(c), af = (al & 15) > 9 || flag_a(c), carry = old > 0x99 || cf;
    if (af)
        al = (uint8_t)(al + 6);
    if (carry)
        al = (uint8_t)(al + 0x60);
    set8(c, RAX, al);
    decimal_flags(c, al, af, carry);
    return next(c, i);
}

enum exec_result x_das(struct cpu *c, const struct insn *i)
{
    uint8_t al = get8(c, RAX), old = al;
    bool cf = flag_c(c), af = (al & 15) > 9 || flag_a(c), carry = old > 0x99 || cf;
    if (af) {
        carry |= al < 6;
        al = (uint8_t)(al - 6);
    }
    if (old > 0x99 || cf)
        al = (uint8_t)(al - 0x60);
    set8(c, RAX, al);
    decimal_flags(c, al, af, carry);
    return next(c, i);
}

static enum exec_result ascii_adjust(struct cpu *c, const struct insn *i, unsigned ax, unsigned adjusted)
{
    bool adjust = (ax & 15) > 9 || flag_a(c);
    uint16_t r = (uint16_t)((adjust ? adjusted : ax) & 0xff0f);
    set16(c, RAX, r);
    decimal_flags(c, (uint8_t)r, adjust, adjust);
    return next(c, i);
}

enum exec_result x_aaa(struct cpu *c, const struct insn *i)
{
    return ascii_adjust(c, i, get16(c, RAX), get16(c, RAX) + 0x106u);
}

enum exec_result x_aas(struct cpu *c, const struct insn *i)
{
    return ascii_adjust(c, i, get16(c, RAX), get16(c, RAX) - 0x106u);
}

enum exec_result x_aam(struct cpu *c, const struct insn *i)
{
    unsigned base = i->imm & 0xff, al = get8(c, RAX);
    if (!base)
        return fault(c, i, EXC_DE);
    set16(c, RAX, (uint16_t)(al / base << 8 | al % base));
    decimal_flags(c, (uint8_t)(al % base), false, false);
    return next(c, i);
}

enum exec_result x_aad(struct cpu *c, const struct insn *i)
{
    uint8_t al = (uint8_t)(get8(c, RAX) + get8(c, RAX | 0x80) * (i->imm & 0xff));
    set16(c, RAX, al);
    decimal_flags(c, al, false, false);
    return next(c, i);
}
