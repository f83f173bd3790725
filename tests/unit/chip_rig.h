// What the chips' tests share: a recorder at the end of a line, running a clock, port accesses, comparing states, and a
// reproducible sequence of numbers.
#ifndef TESTS_UNIT_CHIP_RIG_H
#define TESTS_UNIT_CHIP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

// Records the edges of the line that ends here.
struct probe {
    struct clock *clock; // may be NULL
    bool level;
    unsigned rises, falls;
    uint64_t rise_tick, fall_tick;
};

static inline void probe_set(void *ctx, unsigned n, bool level)
{
    (void)n;
    struct probe *p = ctx;
    if (p->level == level)
        return;
    p->level = level;
    uint64_t tick = p->clock ? p->clock->s.tick : 0;
    if (level) {
        p->rises++;
        p->rise_tick = tick;
    } else {
        p->falls++;
        p->fall_tick = tick;
    }
}

static inline struct line probe_line(struct probe *p)
{
    return (struct line){probe_set, p, 0};
}

// Moves the clock on to `tick`, firing each event at its own tick.
static inline void run_to(struct clock *c, uint64_t tick)
{
    for (;;) {
        uint64_t at = clock_tick_at(c, clock_next_deadline(c));
        if (at > tick)
            break;
        if (at > c->s.tick)
            c->s.tick = at;
        assert_true(clock_run_due(c, 64) < 64);
    }
    c->s.tick = tick;
}

static inline uint8_t in(const struct io_ops *io, void *chip, unsigned offset)
{
    return (uint8_t)io->read(chip, offset, 1);
}

static inline void out(const struct io_ops *io, void *chip, unsigned offset, uint8_t value)
{
    io->write(chip, offset, 1, value);
}

#define RIG_STATE_MAX 1024

static inline void assert_same_state(const struct device_class *cls, void *a, void *b)
{
    uint8_t packed[2][RIG_STATE_MAX];
    struct device d[2] = {{cls, a}, {cls, b}};
    size_t size = state_size(cls->fields);
    assert_true(size <= RIG_STATE_MAX);
    for (unsigned n = 0; n < 2; n++)
        state_save(cls->fields, device_state(&d[n]), packed[n]);
    assert_memory_equal(packed[0], packed[1], size);
}

// Saves `from` and loads it into `to` as a board does: fields, check, update. The lines of `to` must already have their
// levels. Neither saving nor updating may change a field.
static inline void transfer(const struct device_class *cls, void *from, void *to)
{
    uint8_t packed[RIG_STATE_MAX];
    struct device d = {cls, from};
    assert_true(state_size(cls->fields) <= RIG_STATE_MAX);
    state_save(cls->fields, device_state(&d), packed);
    d.self = to;
    state_load(cls->fields, device_state(&d), packed);
    assert_null(cls->check ? cls->check(to) : NULL);
    if (cls->update) {
        cls->update(to);
        cls->update(to);
    }
    assert_same_state(cls, from, to);
}

// xorshift64; `seed` is not 0.
static inline uint32_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 32);
}

#endif
