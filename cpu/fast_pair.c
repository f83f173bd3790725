// Two instructions that follow each other as one function (see cpu/fast.h). Where the second one uses the first one's
// result, that stays in a host register: through the register file in memory it would take several cycles longer, which
// is what long chains of dependent instructions and mispredicted branches behind them cost.
#include "cpu/fuse.h"

// Register forms by operation, operand (r: register, i: immediate) and width.
// clang-format off
#define FIRSTS(M)                                                                                                      \
    M(mov, r, 32)                                                                                                      \
    M(mov, r, 64)                                                                                                      \
    M(add, r, 32)                                                                                                      \
    M(add, r, 64)                                                                                                      \
    M(add, i, 32) M(add, i, 64) M(sub, r, 32) M(sub, r, 64) M(and, r, 32) M(and, r, 64) M(and, i, 32) M(or, r, 32)     \
        M(or, r, 64) M(xor, r, 32) M(xor, r, 64) M(shl, i, 32) M(shl, i, 64) M(shr, i, 32) M(shr, i, 64) M(sar, i, 32) \
            M(rol, i, 32) M(ror, i, 32) M(imul, r, 64)
// clang-format on
// clang-format off
#define SECONDS(M, ...)                                                                                                \
    M(__VA_ARGS__, add, i, 32)                                                                                         \
    M(__VA_ARGS__, add, i, 64)                                                                                         \
    M(__VA_ARGS__, sub, i, 32)                                                                                         \
    M(__VA_ARGS__, sub, i, 64)                                                                                         \
    M(__VA_ARGS__, and, i, 32) M(__VA_ARGS__, and, i, 64) M(__VA_ARGS__, or, i, 32) M(__VA_ARGS__, shl, i, 32)         \
        M(__VA_ARGS__, shl, i, 64) M(__VA_ARGS__, shr, i, 32) M(__VA_ARGS__, shr, i, 64) M(__VA_ARGS__, sar, i, 32)    \
            M(__VA_ARGS__, sar, i, 64) M(__VA_ARGS__, rol, i, 32) M(__VA_ARGS__, rol, i, 64)                           \
                M(__VA_ARGS__, ror, i, 32) M(__VA_ARGS__, ror, i, 64)
// clang-format on
// clang-format off
#define SECONDS_R(M, ...)                                                                                              \
    M(__VA_ARGS__, mov, r, 32)                                                                                         \
    M(__VA_ARGS__, mov, r, 64)                                                                                         \
    M(__VA_ARGS__, add, r, 32)                                                                                         \
    M(__VA_ARGS__, add, r, 64)                                                                                         \
    M(__VA_ARGS__, sub, r, 32) M(__VA_ARGS__, sub, r, 64) M(__VA_ARGS__, and, r, 32) M(__VA_ARGS__, and, r, 64)        \
        M(__VA_ARGS__, or, r, 32) M(__VA_ARGS__, or, r, 64) M(__VA_ARGS__, xor, r, 32) M(__VA_ARGS__, xor, r, 64)      \
            M(__VA_ARGS__, imul, r, 64)
// clang-format on

static inline uint64_t alu_mov(struct cpu *c, uint64_t a, uint64_t b, unsigned bits)
{
    (void)c, (void)a, (void)bits;
    return b;
}

// The second changes the first one's destination; its other operand is something else.
#define CHAIN(op1, src1, B1, op2, src2, B2)                                                                            \
    static enum exec_result f_##op1##_##src1##B1##_on_##op2##_##src2##B2(struct cpu *c, const struct insn *i)          \
    {                                                                                                                  \
        unsigned d = i->base;                                                                                          \
        uint64_t b1 = FAST_SRC_##src1(i, B1), b2 = FAST_SRC_##src2(i + 1, B2);                                         \
        uint##B1##_t v = (uint##B1##_t)alu_##op1(c, get##B1(c, d), b1, B1);                                            \
        set##B2(c, d, (uint##B2##_t)alu_##op2(c, (uint##B2##_t)v, b2, B2));                                            \
        return next(c, i + 1);                                                                                         \
    }
// The first one's destination is the second's source, not its destination.
#define USE(op1, src1, B1, op2, src2, B2)                                                                              \
    static enum exec_result f_##op1##_##src1##B1##_to_##op2##_##src2##B2(struct cpu *c, const struct insn *i)          \
    {                                                                                                                  \
        unsigned d = i->base, e = i[1].base;                                                                           \
        uint64_t b = FAST_SRC_##src1(i, B1), a = get##B2(c, e);                                                        \
        uint##B1##_t v = (uint##B1##_t)alu_##op1(c, get##B1(c, d), b, B1);                                             \
        set##B1(c, d, v);                                                                                              \
        set##B2(c, e, (uint##B2##_t)alu_##op2(c, a, (uint##B2##_t)v, B2));                                             \
        return next(c, i + 1);                                                                                         \
    }
#define CHAINS(...) SECONDS(CHAIN, __VA_ARGS__) SECONDS_R(CHAIN, __VA_ARGS__)
#define USES(...)   SECONDS_R(USE, __VA_ARGS__)
FIRSTS(CHAINS)
FIRSTS(USES)

enum first {
    FIRST_NONE,
#define M(op, src, B) FIRST_##op##_##src##B,
    FIRSTS(M)
#undef M
        FIRST_COUNT
};
enum second {
    SECOND_NONE,
#define M(x, op, src, B) SECOND_##op##_##src##B,
    SECONDS_R(M, 0)
#undef M
        SECOND_R_COUNT,
    SECOND_LAST_R = SECOND_R_COUNT - 1,
#define M(x, op, src, B) SECOND_##op##_##src##B,
    SECONDS(M, 0)
#undef M
        SECOND_COUNT
};

#define M(op, src, B) [KIND_##op##_##src##B] = FIRST_##op##_##src##B,
static const uint8_t first_of[KIND_COUNT] = {FIRSTS(M)};
#undef M
#define M(x, op, src, B) [KIND_##op##_##src##B] = SECOND_##op##_##src##B,
static const uint8_t second_of[KIND_COUNT] = {SECONDS(M, 0) SECONDS_R(M, 0)};
#undef M

#define ENTRY(op1, src1, B1, op2, src2, B2)                                                                            \
    [FIRST_##op1##_##src1##B1][SECOND_##op2##_##src2##B2] = f_##op1##_##src1##B1##_on_##op2##_##src2##B2,
#define ENTRIES(...) SECONDS(ENTRY, __VA_ARGS__) SECONDS_R(ENTRY, __VA_ARGS__)
static exec_fn *const chained[FIRST_COUNT][SECOND_COUNT] = {FIRSTS(ENTRIES)};
#undef ENTRY
#undef ENTRIES
#define ENTRY(op1, src1, B1, op2, src2, B2)                                                                            \
    [FIRST_##op1##_##src1##B1][SECOND_##op2##_##src2##B2] = f_##op1##_##src1##B1##_to_##op2##_##src2##B2,
#define ENTRIES(...) SECONDS_R(ENTRY, __VA_ARGS__)
static exec_fn *const used[FIRST_COUNT][SECOND_R_COUNT] = {FIRSTS(ENTRIES)};

exec_fn *fast_pair(const struct insn *i, enum fast_kind first, enum fast_kind second)
{
    const struct insn *j = i + 1;
    unsigned a = first_of[first], b = second_of[second];
    if (!a || !b)
        return NULL;
    bool source = b < SECOND_R_COUNT && j->idx == i->base;
    if (j->base == i->base)
        return source ? NULL : chained[a][b];
    return source ? used[a][b] : NULL;
}
