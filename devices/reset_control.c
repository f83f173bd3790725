// Port 92h and reset control register CF9h: Intel 82371SB PIIX3 data sheet (290550), section 2.5.
//
// Differs: a reset takes effect at the write and lasts no time, so that a hard reset ends before anyone could read RC.
#include "devices/reset_control.h"

STATE_TABLE(reset_control_state, RESET_CONTROL_STATE);

enum {
    FAST_INIT = 0x01,
    FAST_A20 = 0x02,

    RC_SRST = 0x02, // 1: hard reset, 0: soft reset
    RC_RCPU = 0x04, // a change from 0 to 1 begins the reset
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

static uint64_t read_cf9(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    const struct reset_control *r = ctx;
    return r->s.rc;
}

static void write_cf9(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct reset_control *r = ctx;
    bool begins = value & ~(uint64_t)r->s.rc & RC_RCPU;
    r->s.rc = value & (RC_RCPU | RC_SRST);
    if (begins)
        pulse(r->s.rc & RC_SRST ? &r->reset : &r->init);
}

const struct io_ops reset_control_port92_io = {.read = read_port92, .write = write_port92, .sizes = 1};
const struct io_ops reset_control_cf9_io = {.read = read_cf9, .write = write_cf9, .sizes = 1};

static const char *check(const void *self)
{
    const struct reset_control *r = self;
    if (r->s.port92 & ~(FAST_A20 | FAST_INIT) || r->s.rc & ~(RC_RCPU | RC_SRST) || r->s.a20_gate > 1)
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
