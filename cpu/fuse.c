// Faster functions for what is frequent: conditional branches by condition, and a compare or test with the conditional
// branch behind it as one function. They do just what the two rows' functions do; the run loop uses the rows' own ones
// wherever an instruction has to run by itself.
#include "cpu/exec.h"
#include "cpu/exec_table.h"

// Condition cc from operands and result, for operations whose flags are just being set. Cases that are not listed ask
// the lazy flags.
#define SIGN(B, v) ((int##B##_t)(v))

// Ends a pair: `i` is the first of the two; the branch is i[1].
static inline enum exec_result pair_end(struct cpu *c, const struct insn *i, bool taken)
{
    const struct insn *j = i + 1;
    if (taken)
        return branch(c, j, i->index + 2u, j->ip + (int64_t)(int32_t)j->imm, 0);
    return branch(c, j, i->index + 2u, j->ip, 1);
}

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

#define IMM(B) (B == 64 ? (uint64_t)(int64_t)(int32_t)i->imm : i->imm & (~(uint64_t)0 >> (64 - B)))

#define CMP_BODY(cc, B)                                                                                                \
    uint64_t r = a - b;                                                                                                \
    flags_set(c, (uint64_t)sign_extend(r, B), carries_sub(a, b, r, B));                                                \
    return pair_end(c, i, CMP_CONDITION(cc, B))
#define TEST_BODY(cc, B)                                                                                               \
    uint64_t r = a & b;                                                                                                \
    flags_set(c, (uint64_t)sign_extend(r, B), 0);                                                                      \
    return pair_end(c, i, TEST_CONDITION(cc, B))

#define RR(op, BODY, cc, B)                                                                                            \
    static enum exec_result op##_rr_##B##_##cc(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = get##B(c, i->reg);                                                          \
        BODY(cc, B);                                                                                                   \
    }
#define RI(op, BODY, cc, B)                                                                                            \
    static enum exec_result op##_ri_##B##_##cc(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), b = IMM(B);                                                                     \
        BODY(cc, B);                                                                                                   \
    }
#define MI(op, BODY, cc, B)                                                                                            \
    static enum exec_result op##_mi_##B##_##cc(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(load(c, i, B / 8, &a));                                                                                    \
        uint64_t b = IMM(B);                                                                                           \
        BODY(cc, B);                                                                                                   \
    }
#define MR(op, BODY, cc, B)                                                                                            \
    static enum exec_result op##_mr_##B##_##cc(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(load(c, i, B / 8, &a));                                                                                    \
        uint64_t b = get##B(c, i->reg);                                                                                \
        BODY(cc, B);                                                                                                   \
    }
#define RM(op, BODY, cc, B)                                                                                            \
    static enum exec_result op##_rm_##B##_##cc(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, B / 8, &b));                                                                                    \
        uint64_t a = get##B(c, i->reg);                                                                                \
        BODY(cc, B);                                                                                                   \
    }

// Conditions without O and P, which never follow a compare in practice.
// clang-format off
#define EACH_CC(FORM, op, BODY, B)                                                                                     \
    FORM(op, BODY, 2, B) FORM(op, BODY, 3, B) FORM(op, BODY, 4, B) FORM(op, BODY, 5, B)                                \
    FORM(op, BODY, 6, B) FORM(op, BODY, 7, B) FORM(op, BODY, 8, B) FORM(op, BODY, 9, B)                                \
    FORM(op, BODY, 12, B) FORM(op, BODY, 13, B) FORM(op, BODY, 14, B) FORM(op, BODY, 15, B)
// clang-format on
#define TABLE(op, form, B)                                                                                             \
    static exec_fn *const op##_##form##_##B[16] = {                                                                    \
        [2] = op##_##form##_##B##_2,   [3] = op##_##form##_##B##_3,   [4] = op##_##form##_##B##_4,                     \
        [5] = op##_##form##_##B##_5,   [6] = op##_##form##_##B##_6,   [7] = op##_##form##_##B##_7,                     \
        [8] = op##_##form##_##B##_8,   [9] = op##_##form##_##B##_9,   [12] = op##_##form##_##B##_12,                   \
        [13] = op##_##form##_##B##_13, [14] = op##_##form##_##B##_14, [15] = op##_##form##_##B##_15}
#define PAIRS(FORM, op, form, BODY, B)                                                                                 \
    EACH_CC(FORM, op, BODY, B)                                                                                         \
    TABLE(op, form, B);

PAIRS(RR, cmp, rr, CMP_BODY, 8)
PAIRS(RR, cmp, rr, CMP_BODY, 32)
PAIRS(RR, cmp, rr, CMP_BODY, 64)
PAIRS(RI, cmp, ri, CMP_BODY, 8)
PAIRS(RI, cmp, ri, CMP_BODY, 16)
PAIRS(RI, cmp, ri, CMP_BODY, 32)
PAIRS(RI, cmp, ri, CMP_BODY, 64)
PAIRS(MI, cmp, mi, CMP_BODY, 8)
PAIRS(MI, cmp, mi, CMP_BODY, 16)
PAIRS(MI, cmp, mi, CMP_BODY, 32)
PAIRS(MI, cmp, mi, CMP_BODY, 64)
PAIRS(MR, cmp, mr, CMP_BODY, 8)
PAIRS(MR, cmp, mr, CMP_BODY, 32)
PAIRS(MR, cmp, mr, CMP_BODY, 64)
PAIRS(RM, cmp, rm, CMP_BODY, 8)
PAIRS(RM, cmp, rm, CMP_BODY, 32)
PAIRS(RM, cmp, rm, CMP_BODY, 64)
PAIRS(RR, test, rr, TEST_BODY, 8)
PAIRS(RR, test, rr, TEST_BODY, 32)
PAIRS(RR, test, rr, TEST_BODY, 64)
PAIRS(RI, test, ri, TEST_BODY, 8)
PAIRS(RI, test, ri, TEST_BODY, 32)
PAIRS(MI, test, mi, TEST_BODY, 8)
PAIRS(MI, test, mi, TEST_BODY, 32)

// Which fused functions replace a row's function.
static const struct {
    exec_fn *plain;
    exec_fn *const *fused;
} pairs[] = {
    {x_cmp_EbGb_r, cmp_rr_8},      {x_cmp_EvGv_32r, cmp_rr_32},   {x_cmp_EvGv_64r, cmp_rr_64},
    {x_cmp_EbIb_r, cmp_ri_8},      {x_cmp_EvIz_16r, cmp_ri_16},   {x_cmp_EvIz_32r, cmp_ri_32},
    {x_cmp_EvIz_64r, cmp_ri_64},   {x_cmp_EbIb_m, cmp_mi_8},      {x_cmp_EvIz_16m, cmp_mi_16},
    {x_cmp_EvIz_32m, cmp_mi_32},   {x_cmp_EvIz_64m, cmp_mi_64},   {x_cmp_EbGb_m, cmp_mr_8},
    {x_cmp_EvGv_32m, cmp_mr_32},   {x_cmp_EvGv_64m, cmp_mr_64},   {x_cmp_GbEb_m, cmp_rm_8},
    {x_cmp_GvEv_32m, cmp_rm_32},   {x_cmp_GvEv_64m, cmp_rm_64},   {x_test_EbGb_r, test_rr_8},
    {x_test_EvGv_32r, test_rr_32}, {x_test_EvGv_64r, test_rr_64}, {x_test_EbIb_r, test_ri_8},
    {x_test_EvIz_32r, test_ri_32}, {x_test_EbIb_m, test_mi_8},    {x_test_EvIz_32m, test_mi_32},
};

// Conditional branches by condition, 64-bit operand size.
#define JCC(cc, expr)                                                                                                  \
    static enum exec_result jcc_64_##cc(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        if (expr)                                                                                                      \
            return branch(c, i, i->index + 1u, i->ip + (int64_t)(int32_t)i->imm, 0);                                   \
        return branch(c, i, i->index + 1u, i->ip, 1);                                                                  \
    }
JCC(0, flag_o(c))
JCC(1, !flag_o(c))
JCC(2, flag_c(c))
JCC(3, !flag_c(c))
JCC(4, flag_z(c))
JCC(5, !flag_z(c))
JCC(6, flag_c(c) || flag_z(c))
JCC(7, !(flag_c(c) || flag_z(c)))
JCC(8, flag_s(c))
JCC(9, !flag_s(c))
JCC(10, flag_p(c))
JCC(11, !flag_p(c))
JCC(12, flag_s(c) != flag_o(c))
JCC(13, flag_s(c) == flag_o(c))
JCC(14, flag_z(c) || (flag_s(c) != flag_o(c)))
JCC(15, !(flag_z(c) || (flag_s(c) != flag_o(c))))
static exec_fn *const jcc_64[16] = {jcc_64_0,  jcc_64_1,  jcc_64_2,  jcc_64_3, jcc_64_4,  jcc_64_5,
                                    jcc_64_6,  jcc_64_7,  jcc_64_8,  jcc_64_9, jcc_64_10, jcc_64_11,
                                    jcc_64_12, jcc_64_13, jcc_64_14, jcc_64_15};

void fuse(struct insn *a, const struct insn *b)
{
    if (a->fn == x_jcc_64) {
        a->fn = jcc_64[a->modrm];
        a->flags |= INSN_FUSED;
        return;
    }
    // The branch must be a 64-bit one, whose target does not wrap.
    if (!b || b->fn != x_jcc_64)
        return;
    for (unsigned n = 0; n < ARRAY_LEN(pairs); n++) {
        if (pairs[n].plain == a->fn && pairs[n].fused[b->modrm]) {
            a->fn = pairs[n].fused[b->modrm];
            a->flags |= INSN_FUSED;
            return;
        }
    }
}
