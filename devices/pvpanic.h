// Pvpanic, port 505h: a guest tells that it has crashed.
#ifndef DEVICES_PVPANIC_H
#define DEVICES_PVPANIC_H

#include "core/device.h"
#include "core/map.h"

#define PVPANIC_PORT   0x505u // where the board maps pvpanic_io
#define PVPANIC_WINDOW 1u

// Bits of the events.
enum pvpanic_event { PVPANIC_PANICKED = 1, PVPANIC_CRASH_LOADED = 2, PVPANIC_SHUTDOWN = 4 };

struct pvpanic {
    // Wiring: called with the events written (OR of enum pvpanic_event, not 0). May be NULL.
    void (*event)(void *ctx, unsigned events);
    void *ctx;
};

extern const struct device_class pvpanic_class;
extern const struct io_ops pvpanic_io; // ctx = struct pvpanic *, bytes

// Clears `p` and connects it.
void pvpanic_init(struct pvpanic *p, void (*event)(void *ctx, unsigned events), void *ctx);

#endif
