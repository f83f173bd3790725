// The single ones of the faster functions, conditional branches by condition, and the way back to the rows' own
// functions (see cpu/fast.h).
#include "cpu/fast.h"
#include "cpu/fuse.h"

enum exec_result fast_miss(struct cpu *c, const struct insn *i)
{
    return insn_plain_fn(i)(c, i);
}

#define K(kind)                                                                                                        \
    static enum exec_result f_##kind(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        FAST_##kind(i) return next(c, i);                                                                              \
    }
FAST_KINDS(K)
#undef K

#define K(kind) [KIND_##kind] = f_##kind,
exec_fn *const fast_one[KIND_COUNT] = {FAST_KINDS(K)};
#undef K

// Conditional branches by condition, 64-bit operand size.
#define JCC(cc)                                                                                                        \
    static enum exec_result f_jcc_##cc(struct cpu *c, const struct insn *i)                                            \
    {                                                                                                                  \
        if (condition(c, cc))                                                                                          \
            return branch(c, i, i->index + 1u, i->ip + (int64_t)(int32_t)i->imm, 0);                                   \
        return branch(c, i, i->index + 1u, i->ip, 1);                                                                  \
    }
// clang-format off
JCC(0) JCC(1) JCC(2) JCC(3) JCC(4) JCC(5) JCC(6) JCC(7)
JCC(8) JCC(9) JCC(10) JCC(11) JCC(12) JCC(13) JCC(14) JCC(15)
// clang-format on

// SETcc and CMOVcc by condition.
#define BY_CC(cc)                                                                                                      \
    static enum exec_result f_setcc_##cc(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        set8(c, i->rm, condition(c, cc));                                                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    static enum exec_result f_cmov_32_##cc(struct cpu *c, const struct insn *i)                                        \
    {                                                                                                                  \
        uint64_t old = get32(c, i->reg), v = get32(c, i->rm);                                                          \
        c->s.reg[i->reg] = condition(c, cc) ? v : old;                                                                 \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    static enum exec_result f_cmov_64_##cc(struct cpu *c, const struct insn *i)                                        \
    {                                                                                                                  \
        uint64_t old = get64(c, i->reg), v = get64(c, i->rm);                                                          \
        c->s.reg[i->reg] = condition(c, cc) ? v : old;                                                                 \
        return next(c, i);                                                                                             \
    }
    BY_CC(0) BY_CC(1) BY_CC(2) BY_CC(3) BY_CC(4) BY_CC(5) BY_CC(6) BY_CC(7) BY_CC(8) BY_CC(9) BY_CC(10) BY_CC(11)
        BY_CC(12) BY_CC(13) BY_CC(14) BY_CC(15)
#define EACH_CC(p)                                                                                                     \
    {                                                                                                                  \
        p##0, p##1, p##2, p##3, p##4, p##5, p##6, p##7, p##8, p##9, p##10, p##11, p##12, p##13, p##14, p##15           \
    }
            exec_fn *const fast_jcc[16] = EACH_CC(f_jcc_);
exec_fn *const fast_setcc[16] = EACH_CC(f_setcc_);
exec_fn *const fast_cmov_32[16] = EACH_CC(f_cmov_32_);
exec_fn *const fast_cmov_64[16] = EACH_CC(f_cmov_64_);
