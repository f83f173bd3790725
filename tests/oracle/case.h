// What one comparison consists of: the bytes of an instruction, the whole user-visible state before it, the memory that
// it can reach, and what came out. Shared by the generator, the host's processor and the emulated one.
//
// Memory is an arena of five pages at fixed linear addresses with nothing mapped around them: two data pages, one page
// that cannot be written, two stack pages. The two code pages are apart.
//
// 16-bit code sees the same pages once more, through segments of 64 KiB: of two neighbouring pages the first is the
// segment's last, the second its first, so that the place where they meet is where offsets wrap.
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
    CODE16_ADDR = 0x30150000, // code at f000h and 0; the data pages, to be read, from 4000h on
    DATA16_ADDR = 0x30160000, // data at f000h and 0, the page that cannot be written at 3000h
    STACK16_ADDR = 0x30170000,
    CODE16_DATA = 0x4000,
    WRAP = 0x1000, // from an offset in two pages to one in their segment: minus this, modulo 64 KiB
    // Both processors come to user mode through a stack in this page: the upper half of ESP may stay when SP is loaded.
    ENTRY_ADDR = 0x301f0000,
    // FS: expand-up, its limit in the second data page. GS: expand-down, from the first data page on upward. Not in
    // 64-bit code.
    FS_SEG_BASE = DATA_ADDR - 0x40,
    FS_SEG_LIMIT = 0x183f,
    GS_SEG_BASE = DATA_ADDR - 0x20,
    GS_SEG_LIMIT = 0x1f,
    ARENA_SIZE = DATA_SIZE + RDONLY_SIZE + STACK_SIZE,
    REGION_ADDR = CODE_ADDR,
    REGION_SIZE = 0x200000,
    SEL_CODE32 = 0x23,
    SEL_DATA = 0x2b,
    SEL_CODE64 = 0x33,
    // In the local descriptor table.
    SEL_CODE16 = 0x07,
    SEL_DATA16 = 0x0f,
    SEL_STACK16 = 0x17,
    SEL_FS = 0x1f,
    SEL_GS = 0x27,
    ORACLE_LDT_ENTRIES = 5,
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

enum code_mode { CODE_64, CODE_32, CODE_16 };

// Offset in the code pages of an instruction pointer.
static inline unsigned code_offset(enum code_mode mode, uint64_t rip)
{
    return mode == CODE_16 ? (unsigned)(rip + WRAP) & UINT16_MAX : (unsigned)(rip - CODE_ADDR);
}

// The selectors that are loaded for a mode; FS and GS are left alone in 64-bit code.
static inline uint16_t mode_selector(enum code_mode mode, unsigned seg)
{
    static const uint16_t selector[][6] = {
        [CODE_64] = {SEL_DATA, SEL_CODE64, SEL_DATA, SEL_DATA, 0, 0},
        [CODE_32] = {SEL_DATA, SEL_CODE32, SEL_DATA, SEL_DATA, SEL_FS, SEL_GS},
        [CODE_16] = {SEL_DATA16, SEL_CODE16, SEL_STACK16, SEL_DATA16, SEL_FS, SEL_GS},
    };
    return selector[mode][seg];
}

// The local descriptor table, by index.
struct ldt_entry {
    uint32_t base, limit;
    bool code, down, big;
};
static const struct ldt_entry ldt_entry[ORACLE_LDT_ENTRIES] = {
    {CODE16_ADDR, 0xffff, true, false, false},      {DATA16_ADDR, 0xffff, false, false, false},
    {STACK16_ADDR, 0xffff, false, false, false},    {FS_SEG_BASE, FS_SEG_LIMIT, false, false, true},
    {GS_SEG_BASE, GS_SEG_LIMIT, false, true, true},
};

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
