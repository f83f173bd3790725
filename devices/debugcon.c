// Debug console, port E9h: after the "port E9 hack" of Bochs' user manual. It has no data sheet and no state.
#include "devices/debugcon.h"

enum { READBACK = 0xe9 };

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)ctx, (void)offset, (void)size;
    return READBACK;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    const struct debugcon *d = ctx;
    char_write(&d->out, (uint8_t)value);
}

const struct io_ops debugcon_io = {.read = read_port, .write = write_port, .sizes = 1};

static const struct state_field no_fields[] = {{NULL, NULL, 0, 0, 0, 0, NULL}};

const struct device_class debugcon_class = {
    .name = "debugcon",
    .title = "Debug console",
    .version = 1,
    .fields = no_fields,
};

void debugcon_init(struct debugcon *d, const struct char_backend *out)
{
    *d = (struct debugcon){.out = *out};
}
