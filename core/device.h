// The device contract. Guest-visible state (`struct NAME_state`, from a state table) and host wiring (lines, events,
// backends: `struct NAME`) are two structs; only the first is saved. The board keeps one `struct device` per chip, in
// board order, and does reset, save, load, digest and `info` over that list.
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "core/state.h"

struct device_class {
    const char *name;  // the word of `info NAME` and of the snapshot's row, e.g. "pit"
    const char *title; // e.g. "Intel 8254 programmable interval timer"
    uint16_t version;  // of the packed form; rises when fields change
    const struct state_field *fields;
    size_t state_offset; // of the state struct in the chip's struct

    // After state_reset(): what a reset value cannot say. May be NULL. `self` is the chip's struct.
    void (*reset)(void *self);
    // After loading: NULL if the fields make sense, else one line that says which does not. May be NULL. It must reject
    // everything that could make the chip index out of bounds, divide by zero or loop. Changes nothing.
    const char *(*check)(const void *self);
    // Derives everything derivable from the fields: armed events, output line levels. Used by every handler that
    // changed state and after load; it must be idempotent. May be NULL.
    void (*update)(void *self);
};

struct device {
    const struct device_class *cls;
    void *self;
};

static inline void *device_state(const struct device *d)
{
    return (char *)d->self + d->cls->state_offset;
}

static inline void device_reset(const struct device *d)
{
    state_reset(d->cls->fields, device_state(d));
    if (d->cls->reset)
        d->cls->reset(d->self);
}

#endif
