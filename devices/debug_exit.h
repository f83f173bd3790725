// Debug exit, ports F4h to F7h, and 501h to 504h for who asks: a guest ends the run with a value of its own.
#ifndef DEVICES_DEBUG_EXIT_H
#define DEVICES_DEBUG_EXIT_H

#include "core/device.h"
#include "core/map.h"

#define DEBUG_EXIT_PORT   0xf4u // where the board maps debug_exit_io
#define DEBUG_EXIT_WINDOW 4u

struct debug_exit {
    // Wiring: called with the value written, 8, 16 or 32 bits, zero extended; the board makes (value << 1) | 1 of it
    // and ends the run. May be NULL.
    void (*exit)(void *ctx, uint32_t value);
    void *ctx;
};

extern const struct device_class debug_exit_class;
extern const struct io_ops debug_exit_io; // ctx = struct debug_exit *, 1, 2 or 4 bytes

// Clears `d` and connects it.
void debug_exit_init(struct debug_exit *d, void (*exit)(void *ctx, uint32_t value), void *ctx);

#endif
