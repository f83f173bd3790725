// Compares, tests and some arithmetic with the conditional branch behind them as one function (see cpu/fast.h).
#include "cpu/fuse.h"

// Ends a pair: `i` is the first of the two; the branch is i[1].
FAST_INLINE enum exec_result pair_end(struct cpu *c, const struct insn *i, bool taken)
{
    const struct insn *j = i + 1;
    if (taken)
        return branch(c, j, i->index + 2u, j->ip + (int64_t)(int32_t)j->imm, 0);
    return branch(c, j, i->index + 2u, j->ip, 1);
}

// Condition cc from operands and result.
#define SIGN(B, v) ((int##B##_t)(v))
#define CMP_CONDITION(cc, B)                                                                                           \
    ((cc) == 2    ? a < b                                                                                              \
     : (cc) == 3  ? a >= b                                                                                             \
     : (cc) == 4  ? a == b                                                                                             \
     : (cc) == 5  ? a != b                                                                                             \
     : (cc) == 6  ? a <= b                                                                                             \
     : (cc) == 7  ? a > b                                                                                              \
     : (cc) == 8  ? SIGN(B, r) < 0                                                                                     \
     : (cc) == 9  ? SIGN(B, r) >= 0                                                                                    \
     : (cc) == 12 ? SIGN(B, a) < SIGN(B, b)                                                                            \
     : (cc) == 13 ? SIGN(B, a) >= SIGN(B, b)                                                                           \
     : (cc) == 14 ? SIGN(B, a) <= SIGN(B, b)                                                                           \
                  : SIGN(B, a) > SIGN(B, b))
#define TEST_CONDITION(cc, B)                                                                                          \
    ((cc) == 2    ? false                                                                                              \
     : (cc) == 3  ? true                                                                                               \
     : (cc) == 4  ? r == 0                                                                                             \
     : (cc) == 5  ? r != 0                                                                                             \
     : (cc) == 6  ? r == 0                                                                                             \
     : (cc) == 7  ? r != 0                                                                                             \
     : (cc) == 8  ? SIGN(B, r) < 0                                                                                     \
     : (cc) == 9  ? SIGN(B, r) >= 0                                                                                    \
     : (cc) == 12 ? SIGN(B, r) < 0                                                                                     \
     : (cc) == 13 ? SIGN(B, r) >= 0                                                                                    \
     : (cc) == 14 ? SIGN(B, r) <= 0                                                                                    \
                  : SIGN(B, r) > 0)

#define FLAGS_cmp(B)                                                                                                   \
    uint64_t r = a - b;                                                                                                \
    flags_set(c, (uint64_t)sign_extend(r, B), carries_sub(a, b, r, B));
#define FLAGS_test(B)                                                                                                  \
    uint64_t r = a & b;                                                                                                \
    flags_set(c, (uint64_t)sign_extend(r, B), 0);
#define CONDITION_cmp(cc, B)  CMP_CONDITION(cc, B)
#define CONDITION_test(cc, B) TEST_CONDITION(cc, B)

// Operands a and b by form: register or immediate with a register, a memory operand without or with index; the register
// first in rb and rx.
#define OPERANDS_r(B)  uint64_t a = get##B(c, i->base), b = get##B(c, i->idx);
#define OPERANDS_i(B)  uint64_t a = get##B(c, i->base), b = FAST_IMM(i, B);
#define OPERANDS_bi(B) FAST_LOAD(i, FAST_EA_b(i), B / 8, a) uint64_t b = FAST_IMM(i, B);
#define OPERANDS_xi(B) FAST_LOAD(i, FAST_EA_x(i), B / 8, a) uint64_t b = FAST_IMM(i, B);
#define OPERANDS_br(B) FAST_LOAD(i, FAST_EA_b(i), B / 8, a) uint64_t b = get##B(c, i->reg);
#define OPERANDS_xr(B) FAST_LOAD(i, FAST_EA_x(i), B / 8, a) uint64_t b = get##B(c, i->reg);
#define OPERANDS_rb(B) FAST_LOAD(i, FAST_EA_b(i), B / 8, b) uint64_t a = get##B(c, i->reg);
#define OPERANDS_rx(B) FAST_LOAD(i, FAST_EA_x(i), B / 8, b) uint64_t a = get##B(c, i->reg);

#define COMPARE(op, form, B, cc)                                                                                       \
    static enum exec_result f_##op##_##form##B##_##cc(struct cpu *c, const struct insn *i)                             \
    {                                                                                                                  \
        OPERANDS_##form(B) FLAGS_##op(B) return pair_end(c, i, CONDITION_##op(cc, B));                                 \
    }
// Without O and P, which hardly ever follow a compare.
#define COMPARES(op, form, B)                                                                                          \
    COMPARE(op, form, B, 2)                                                                                            \
    COMPARE(op, form, B, 3)                                                                                            \
    COMPARE(op, form, B, 4)                                                                                            \
    COMPARE(op, form, B, 5)                                                                                            \
    COMPARE(op, form, B, 6)                                                                                            \
    COMPARE(op, form, B, 7)                                                                                            \
    COMPARE(op, form, B, 8)                                                                                            \
    COMPARE(op, form, B, 9)                                                                                            \
    COMPARE(op, form, B, 12)                                                                                           \
    COMPARE(op, form, B, 13)                                                                                           \
    COMPARE(op, form, B, 14)                                                                                           \
    COMPARE(op, form, B, 15)                                                                                           \
    TABLE(op##_##form##B)
#define TABLE(kind)                                                                                                    \
    static exec_fn *const t_##kind[16] = {                                                                             \
        [2] = f_##kind##_2,   [3] = f_##kind##_3,   [4] = f_##kind##_4,   [5] = f_##kind##_5,                          \
        [6] = f_##kind##_6,   [7] = f_##kind##_7,   [8] = f_##kind##_8,   [9] = f_##kind##_9,                          \
        [12] = f_##kind##_12, [13] = f_##kind##_13, [14] = f_##kind##_14, [15] = f_##kind##_15};

COMPARES(cmp, r, 8)
COMPARES(cmp, r, 32)
COMPARES(cmp, r, 64)
COMPARES(cmp, i, 8)
COMPARES(cmp, i, 16)
COMPARES(cmp, i, 32)
COMPARES(cmp, i, 64)
COMPARES(test, r, 8)
COMPARES(test, r, 32)
COMPARES(test, r, 64)
COMPARES(test, i, 8)
COMPARES(test, i, 32)
COMPARES(cmp, bi, 8)
COMPARES(cmp, bi, 16)
COMPARES(cmp, bi, 32)
COMPARES(cmp, bi, 64)
COMPARES(cmp, xi, 8)
COMPARES(cmp, xi, 16)
COMPARES(cmp, xi, 32)
COMPARES(cmp, xi, 64)
COMPARES(cmp, br, 8)
COMPARES(cmp, br, 32)
COMPARES(cmp, br, 64)
COMPARES(cmp, xr, 8)
COMPARES(cmp, xr, 32)
COMPARES(cmp, xr, 64)
COMPARES(cmp, rb, 8)
COMPARES(cmp, rb, 32)
COMPARES(cmp, rb, 64)
COMPARES(cmp, rx, 8)
COMPARES(cmp, rx, 32)
COMPARES(cmp, rx, 64)
COMPARES(test, bi, 8)
COMPARES(test, bi, 32)
COMPARES(test, xi, 8)
COMPARES(test, xi, 32)

// Arithmetic: the condition comes from the flags, which the compiler has in registers.
#define ARITHMETIC(kind, cc)                                                                                           \
    static enum exec_result f_##kind##_##cc(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        FAST_##kind(i) return pair_end(c, i, condition(c, cc));                                                        \
    }
#define ARITHMETICS(kind)                                                                                              \
    ARITHMETIC(kind, 2)                                                                                                \
    ARITHMETIC(kind, 3)                                                                                                \
    ARITHMETIC(kind, 4)                                                                                                \
    ARITHMETIC(kind, 5)                                                                                                \
    ARITHMETIC(kind, 6)                                                                                                \
    ARITHMETIC(kind, 7)                                                                                                \
    ARITHMETIC(kind, 8)                                                                                                \
    ARITHMETIC(kind, 9)                                                                                                \
    ARITHMETIC(kind, 12)                                                                                               \
    ARITHMETIC(kind, 13)                                                                                               \
    ARITHMETIC(kind, 14)                                                                                               \
    ARITHMETIC(kind, 15)                                                                                               \
    TABLE(kind)
// clang-format off
#define ARITHMETIC_KINDS(K)                                                                                            \
    K(add_r32) K(add_r64) K(add_i32) K(add_i64)                                                                        \
    K(sub_r32) K(sub_r64) K(sub_i32) K(sub_i64)                                                                        \
    K(and_r32) K(and_r64) K(and_i32) K(and_i64)                                                                        \
    K(or_r32) K(xor_r32) K(inc_32) K(inc_64) K(dec_32) K(dec_64) K(shr_i32) K(shr_i64)
// clang-format on
ARITHMETIC_KINDS(ARITHMETICS)

#define K(kind) [KIND_##kind] = &t_##kind,
exec_fn *const (*const fast_branch[KIND_COUNT])[16] = {COMPARE_KINDS(K) ARITHMETIC_KINDS(K)};
#undef K
