// Runs single instructions on the host's own processor. x86-64 Linux only.
#ifndef TESTS_ORACLE_NATIVE_H
#define TESTS_ORACLE_NATIVE_H

#include "tests/oracle/case.h"

struct native {
    uint8_t *arena;             // writable view of the arena, ARENA_SIZE bytes
    uint8_t *code;              // writable view of the code pages, CODE_SIZE bytes
    uint64_t fs_base;           // the thread's own; code under test must not change it
    struct native_entry *entry; // at ENTRY_ADDR
    bool has_32;                // 32-bit code can be run
    bool has_ldt;               // FS and GS have segments outside 64-bit code
    bool has_16;                // 16-bit code can be run
    bool amd;                   // the processor is one of AMD's design
};

// Maps the arena and takes over SIGTRAP, SIGSEGV, SIGILL, SIGFPE and SIGBUS. NULL, or why this host cannot do it. One
// at a time in a process.
const char *native_open(struct native *n);
void native_close(struct native *n);

// Executes one instruction whose bytes are in place in n->code: `in` is loaded, the trap flag is set unless `to_end`,
// and `out` is what the processor and the kernel's signal frame show afterwards.
void native_run(struct native *n, enum code_mode mode, bool to_end, const struct context *in, struct context *out);

// Whether the host has the CPUID feature that a row names (enum feature in cpu/insn.h).
bool native_has_feature(unsigned feature);

#endif
