// Port 92h (system control port A): A20 gate and fast processor reset. The reset control register CF9h is the PIIX3's.
#include "devices/reset_control.h"

STATE_TABLE(reset_control_state, RESET_CONTROL_STATE);

enum {
    FAST_INIT = 0x01,
    FAST_A20 = 0x02,
};

static void pulse(const struct line *l)
{
    line_set(l, true);
    line_set(l, false);
}

static void update(void *self)
{
    struct reset_control *r = self;
    line_set(&r->a20, r->s.a20_gate || r->s.port92 & FAST_A20);
}

void reset_control_a20_gate(void *ctx, unsigned n, bool level)
{
    (void)n;
    struct reset_control *r = ctx;
    r->s.a20_gate = level;
    update(r);
}

static uint64_t read_port92(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    const struct reset_control *r = ctx;
    return r->s.port92;
}

static void write_port92(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct reset_control *r = ctx;
    bool begins = value & ~(uint64_t)r->s.port92 & FAST_INIT;
    r->s.port92 = value & (FAST_A20 | FAST_INIT);
    update(r);
    if (begins)
        pulse(&r->init);
}

const struct io_ops reset_control_port92_io = {.read = read_port92, .write = write_port92, .sizes = 1};

static const char *check(const void *self)
{
    const struct reset_control *r = self;
    if (r->s.port92 & ~(FAST_A20 | FAST_INIT) || r->s.a20_gate > 1)
        return "reset: a field has reserved bits set";
    return NULL;
}

const struct device_class reset_control_class = {
    .name = "reset",
    .title = "Reset control",
    .version = 1,
    .fields = reset_control_state_fields,
    .state_offset = offsetof(struct reset_control, s),
    .check = check,
    .update = update,
};

void reset_control_init(struct reset_control *r)
{
    *r = (struct reset_control){0};
    device_reset(&(struct device){&reset_control_class, r});
}
