// Debug exit: the interface of QEMU's isa-debug-exit device at its customary port F4h, four ports wide. Reads give
// zero. It has no data sheet and no state.
#include "devices/debug_exit.h"

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)ctx, (void)offset, (void)size;
    return 0;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    const struct debug_exit *d = ctx;
    if (d->exit)
        d->exit(d->ctx, (uint32_t)value);
}

const struct io_ops debug_exit_io = {.read = read_port, .write = write_port, .sizes = 1 | 2 | 4};

static const struct state_field no_fields[] = {{NULL, NULL, 0, 0, 0, 0, NULL}};

const struct device_class debug_exit_class = {
    .name = "debug-exit",
    .title = "Debug exit",
    .version = 1,
    .fields = no_fields,
};

void debug_exit_init(struct debug_exit *d, void (*exit)(void *ctx, uint32_t value), void *ctx)
{
    *d = (struct debug_exit){.exit = exit, .ctx = ctx};
}
