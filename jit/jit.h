// The second engine: translates hot blocks into code of the host (x86-64) and runs it, with the interpreter's behaviour
// at every tick. Without it the emulator is slower and nothing else.
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "cpu/cpu.h"

struct jit;

struct jit_stats {
    uint64_t blocks;     // translated
    uint64_t flushes;    // of all code
    uint64_t enters;     // from the run loop
    uint64_t links;      // edges that go straight to another block
    uint64_t code_bytes; // in use
    uint64_t code_room;  // bound
};

// Gives `c` its second engine, before it has run anything. NULL: this host has none, or not enough memory.
// `threshold`: how often the run loop meets a block before it is translated, at least 1.
struct jit *jit_create(struct cpu *c, unsigned threshold);
// After, or just before, cpu_destroy().
void jit_destroy(struct jit *j);

void jit_stats(const struct jit *j, struct jit_stats *stats);

#endif
