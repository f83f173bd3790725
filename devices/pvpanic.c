// Pvpanic: QEMU's ISA device at its customary port 505h, one port wide (QEMU, docs/specs/pvpanic: bit 0 the guest has
// panicked, 1 it has and runs its crash kernel, 2 it shuts down). A read gives the events that are known. It has no
// state.
#include "devices/pvpanic.h"

enum { EVENTS = PVPANIC_PANICKED | PVPANIC_CRASH_LOADED | PVPANIC_SHUTDOWN };

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)ctx, (void)offset, (void)size;
    return EVENTS;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    const struct pvpanic *p = ctx;
    if (value & EVENTS && p->event)
        p->event(p->ctx, value & EVENTS);
}

const struct io_ops pvpanic_io = {.read = read_port, .write = write_port, .sizes = 1};

static const struct state_field no_fields[] = {{NULL, NULL, 0, 0, 0, 0, NULL}};

const struct device_class pvpanic_class = {
    .name = "pvpanic",
    .title = "Pvpanic",
    .version = 1,
    .fields = no_fields,
};

void pvpanic_init(struct pvpanic *p, void (*event)(void *ctx, unsigned events), void *ctx)
{
    *p = (struct pvpanic){.event = event, .ctx = ctx};
}
