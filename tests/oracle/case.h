// What one comparison consists of: the bytes of an instruction, the whole user-visible state before it, the memory that
// it can reach, and what came out. Shared by the generator, the host's processor and the emulated one.
//
// Memory is an arena of five pages at fixed linear addresses with nothing mapped around them: two data pages, one page
// that cannot be written, two stack pages. The two code pages are apart.
#ifndef TESTS_ORACLE_CASE_H
#define TESTS_ORACLE_CASE_H

#include "core/types.h"

enum {
    ORACLE_PAGE = 4096,
    CODE_ADDR = 0x30000000,
    CODE_SIZE = 2 * ORACLE_PAGE,
    CODE_END = CODE_ADDR + CODE_SIZE,
    DATA_ADDR = 0x30010000,
    DATA_SIZE = 2 * ORACLE_PAGE,
    DATA_END = DATA_ADDR + DATA_SIZE,
    RDONLY_ADDR = 0x30014000,
    RDONLY_SIZE = ORACLE_PAGE,
    STACK_ADDR = 0x30020000,
    STACK_SIZE = 2 * ORACLE_PAGE,
    STACK_END = STACK_ADDR + STACK_SIZE,
    GS_BASE = DATA_ADDR + 0x100,
    ARENA_SIZE = DATA_SIZE + RDONLY_SIZE + STACK_SIZE,
    REGION_ADDR = CODE_ADDR,
    REGION_SIZE = 0x200000,
    SEL_CODE32 = 0x23,
    SEL_DATA = 0x2b,
    SEL_CODE64 = 0x33,
};

// Offset in the arena of a linear address, or -1 outside.
static inline int arena_offset(uint64_t addr)
{
    if (addr - DATA_ADDR < DATA_SIZE)
        return (int)(addr - DATA_ADDR);
    if (addr - RDONLY_ADDR < RDONLY_SIZE)
        return (int)(addr - RDONLY_ADDR) + DATA_SIZE;
    if (addr - STACK_ADDR < STACK_SIZE)
        return (int)(addr - STACK_ADDR) + DATA_SIZE + RDONLY_SIZE;
    return -1;
}

// The inverse of arena_offset().
static inline uint64_t arena_addr(unsigned off)
{
    if (off < DATA_SIZE)
        return DATA_ADDR + (uint64_t)off;
    if (off < DATA_SIZE + RDONLY_SIZE)
        return RDONLY_ADDR + (uint64_t)off - DATA_SIZE;
    return STACK_ADDR + (uint64_t)off - DATA_SIZE - RDONLY_SIZE;
}

enum code_mode { CODE_64, CODE_32 };

// Offsets in an FXSAVE image (SDM vol. 1, table 10-2; the 64-bit form).
enum fx_offset {
    FX_FCW = 0,
    FX_FSW = 2,
    FX_FTW = 4,
    FX_FOP = 6,
    FX_FIP = 8,
    FX_FDP = 16,
    FX_MXCSR = 24,
    FX_MASK = 28,
    FX_ST = 32,
    FX_XMM = 160,
    FX_SIZE = 512
};

// The user-visible state, and after a run how the instruction ended.
struct context {
    uint64_t gpr[16]; // in encoding order
    uint64_t rip, rflags;
    uint8_t fx[FX_SIZE]; // x87, XMM and MXCSR in FXSAVE's form
    // Outputs. Vector 1 (#DB of the trap flag, or the stop behind a repeated instruction): it was executed.
    int vector;
    uint32_t error; // of vectors that have one, else 0
    uint64_t cr2;   // for #PF, else 0
};

// Bytes put into the arena before the run; what lies outside it is dropped.
struct patch {
    uint64_t addr;
    unsigned len;
    uint8_t data[544];
};

enum { MAX_PATCHES = 4 };

struct test_case {
    enum code_mode mode;
    uint8_t code[24]; // INT3s behind it
    unsigned len;     // bytes of the instruction
    unsigned tail;    // bytes of a conditional branch behind it that goes one byte on, 0 if there is none
    struct context in;
    struct patch patch[MAX_PATCHES];
    unsigned patches;
    uint64_t operand;      // linear address of the memory operand, 0 if there is none
    unsigned operand_size; // bytes, 0 if there is none
    bool to_end;      // run without the trap flag to an INT3 behind it (repeated instructions, those with a branch)
    bool ours_to_end; // the emulated processor runs it so, as part of a block, the host by the trap flag
    bool any_memory;  // memory after a fault is not defined (several stores may have been done in part)
};

#endif
