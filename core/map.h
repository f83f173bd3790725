// Address maps: which chip answers at which port or device address. The same type serves the 64 Ki I/O ports and the
// memory-mapped devices; RAM and ROM are in the page directory (core/phys.h), not here.
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include "core/types.h"

// One chip's window. `offset` is relative to the window's base. `size` is 1, 2, 4 or 8 and allowed by `sizes`; wider or
// narrower accesses are split or refused by the map, so a handler sees only sizes that it declared. `value` is zero
// extended. Reads of write-only registers return what the chip's bus returns. Either function may be NULL: reads then
// give all ones, writes go nowhere.
struct io_ops {
    uint64_t (*read)(void *ctx, uint64_t offset, unsigned size);
    void (*write)(void *ctx, uint64_t offset, unsigned size, uint64_t value);
    uint8_t sizes; // OR of the sizes that the handlers take: 1 | 2 | 4 | 8
};

#define MAP_MAX_WINDOWS 96

struct map_window {
    uint64_t base;
    uint64_t size;
    const struct io_ops *ops;
    void *ctx;
};

struct map {
    struct map_window window[MAP_MAX_WINDOWS]; // sorted by base, never overlapping
    unsigned count;
    unsigned generation; // rises with each change
};

// Adds a window; false if it would overlap, wrap, be empty or not fit the table (a board error or a guest-programmed
// BAR: the caller decides).
bool map_add(struct map *m, uint64_t base, uint64_t size, const struct io_ops *ops, void *ctx);
// Removes the window that starts at base, if there is one.
void map_remove(struct map *m, uint64_t base);
// The window that covers addr, or NULL.
const struct map_window *map_find(const struct map *m, uint64_t addr);

// An access of 1, 2, 4 or 8 bytes. It is split into the sizes that the window takes; bytes outside any window read as
// ones and are ignored when written.
uint64_t map_read(const struct map *m, uint64_t addr, unsigned size);
void map_write(const struct map *m, uint64_t addr, unsigned size, uint64_t value);

#endif
