// Debug console of emulators and of Bochs first: bytes written to port E9h appear outside; a read gives E9h, by which
// guests recognize it.
#ifndef DEVICES_DEBUGCON_H
#define DEVICES_DEBUGCON_H

#include "core/backend.h"
#include "core/device.h"
#include "core/map.h"

#define DEBUGCON_PORT 0xe9u // where the board maps debugcon_io, one port

struct debugcon {
    struct char_backend out; // wiring: the chip has no state
};

extern const struct device_class debugcon_class;
extern const struct io_ops debugcon_io; // ctx = struct debugcon *, bytes

// Clears `d` and connects its output.
void debugcon_init(struct debugcon *d, const struct char_backend *out);

#endif
