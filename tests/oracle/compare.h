// What must be equal between the host's and the emulated processor, and by how much the exempt instructions may differ.
#ifndef TESTS_ORACLE_COMPARE_H
#define TESTS_ORACLE_COMPARE_H

#include "tests/oracle/gen.h"

// What of a case differed; bit set.
enum difference {
    DIFF_VECTOR = 1,
    DIFF_ERROR = 2,
    DIFF_CR2 = 4,
    DIFF_RIP = 8,
    DIFF_FLAGS = 16,
    DIFF_GPR = 32,
    DIFF_MEMORY = 64,
    DIFF_FCW = 128,
    DIFF_FSW = 256,
    DIFF_TAGS = 512,
    DIFF_ST = 1024,
    DIFF_XMM = 2048,
    DIFF_MXCSR = 4096,
    DIFF_LOST = 8192, // the emulated machine did not come back
};

// Compares the outcomes of one case. The arenas are ARENA_SIZE bytes each; bytes of `ours` that are exempt are
// overwritten. `amd`: the host is an AMD processor.
unsigned compare(const struct insn_row *row, const struct cell *cell, const struct test_case *t,
                 const struct context *host, struct context *ours, const uint8_t *host_arena, uint8_t *our_arena,
                 bool amd);

// RFLAGS bits that are compared at all: not IF (the same on both sides) and RF (debugging).
#define COMPARED_FLAGS (F_ARITH | F_TF | F_DF | F_IOPL | F_NT | F_AC | F_ID)

#endif
