// Runs single instructions on the emulated processor, as a user program under a tiny kernel: page tables, a GDT, a TSS
// and an interrupt gate for each vector that leads to a HLT of its own.
#ifndef TESTS_ORACLE_EMULATED_H
#define TESTS_ORACLE_EMULATED_H

#include "cpu/cpu.h"
#include "tests/oracle/case.h"

struct emulated {
    struct cpu *cpu;
    uint8_t *arena; // the guest RAM behind the arena, ARENA_SIZE bytes
    struct emulated_board *board;
    uint64_t fs_base, gs_base; // in 64-bit code
    bool kernel;               // run at CPL 0; not for 16-bit code
};

// Builds the machine; FS.base and GS.base are the host's. NULL, or what failed.
const char *emulated_open(struct emulated *e, uint64_t fs_base, uint64_t gs_base);
void emulated_close(struct emulated *e);

// Puts bytes into the code pages; `addr` lies in them.
void emulated_code(struct emulated *e, uint64_t addr, const void *bytes, unsigned n);

// As native_run(). False if the emulated machine did not arrive in one of its gates; `*why` then says what happened.
bool emulated_run(struct emulated *e, enum code_mode mode, bool to_end, const struct context *in, struct context *out,
                  const char **why);

// What the page of the arena at a linear address allows, at every level. The arena's own are WRITABLE, but for the one
// that cannot be written.
enum page_rights { PAGE_ABSENT, PAGE_READ_ONLY, PAGE_WRITABLE };
void emulated_protect(struct emulated *e, uint64_t addr, enum page_rights rights);

// Whether the emulated processor's CPUID announces a feature of the table.
bool emulated_has_feature(struct emulated *e, unsigned feature);

#endif
