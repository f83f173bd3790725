// What cpu/fuse.c chooses from: the tables of the faster functions (see cpu/fast.h).
#ifndef CPU_FUSE_H
#define CPU_FUSE_H

#include "cpu/fast.h"

// The kinds of instructions: those that exist as bodies, then compares, which exist before a branch.
// clang-format off
#define COMPARE_KINDS(K)                                                                                               \
    K(cmp_r8)                                                                                                          \
    K(cmp_r32)                                                                                                         \
    K(cmp_r64)                                                                                                         \
    K(cmp_i8)                                                                                                          \
    K(cmp_i16)                                                                                                         \
    K(cmp_i32)                                                                                                         \
    K(cmp_i64) K(test_r8) K(test_r32) K(test_r64) K(test_i8) K(test_i32) K(cmp_bi8) K(cmp_bi16) K(cmp_bi32)            \
        K(cmp_bi64) K(cmp_xi8) K(cmp_xi16) K(cmp_xi32) K(cmp_xi64) K(cmp_br8) K(cmp_br32) K(cmp_br64) K(cmp_xr8)       \
            K(cmp_xr32) K(cmp_xr64) K(cmp_rb8) K(cmp_rb32) K(cmp_rb64) K(cmp_rx8) K(cmp_rx32) K(cmp_rx64) K(test_bi8)  \
                K(test_bi32) K(test_xi8) K(test_xi32)
// clang-format on

#define K(kind) KIND_##kind,
enum fast_kind { KIND_NONE, FAST_KINDS(K) COMPARE_KINDS(K) KIND_jmp, KIND_call, KIND_ret, KIND_COUNT };
#undef K

extern exec_fn *const fast_one[KIND_COUNT];
// By condition; NULL where there is none. fast_branch: a kind with the conditional branch behind it.
extern exec_fn *const fast_jcc[16], *const fast_setcc[16], *const fast_cmov_32[16], *const fast_cmov_64[16];
extern exec_fn *const (*const fast_branch[KIND_COUNT])[16];

// The function for i[0] and i[1], of these kinds; NULL: there is none.
exec_fn *fast_pair(const struct insn *i, enum fast_kind first, enum fast_kind second);

#endif
