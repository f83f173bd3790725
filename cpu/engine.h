// What a second engine (jit/) is to the processor: it runs blocks that are hot, with the interpreter's behaviour, and
// leaves everything unusual to it. Without one nothing here is used.
#ifndef CPU_ENGINE_H
#define CPU_ENGINE_H

#include "cpu/code.h"

struct cpu_engine {
    void *ctx;
    // Runs translated block `b` (b->code), which fits the budget, and what follows it; returns as a block's first
    // function does. Everything in c->s and the lazy flags is right on return.
    enum exec_result (*run)(void *ctx, struct block *b);
    // Block `b` is hot: sets b->code, or leaves it NULL.
    void (*translate)(void *ctx, struct block *b);
    // `b` is about to go, or to be seen by the run loop each time.
    void (*drop)(void *ctx, struct block *b);
    // All blocks are about to go.
    void (*flush)(void *ctx);
    // Room for the entries of the n-th code page, PAGE_SIZE zeros.
    uint32_t *(*entries)(void *ctx, uint32_t n);
    unsigned threshold; // how often the run loop meets a block before it is translated
};

// Blocks follow each other without the run loop for this many ticks while there is a second engine: so a hot one is
// met soon.
#define ENGINE_CHAIN_TICKS 48

#endif
