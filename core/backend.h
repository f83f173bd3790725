// What the outside offers to chips: small structs of functions that host/ (or a test) implements. Output goes out
// through them at once; input never comes through them but through the journal (core/journal.h).
#ifndef CORE_BACKEND_H
#define CORE_BACKEND_H

#include "core/types.h"

// A character sink: serial port, debug console. `write` never blocks for ever and keeps what it is given, in order.
struct char_backend {
    void (*write)(void *ctx, const uint8_t *bytes, size_t n); // NULL: bytes go nowhere
    void *ctx;
};

static inline void char_write(const struct char_backend *b, uint8_t byte)
{
    if (b->write)
        b->write(b->ctx, &byte, 1);
}

#endif
