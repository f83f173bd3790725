// Live time: guest time follows the wall for any speed of the host.
#include "host/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLICE 65536u
#define MS    1000000u

// A busy guest on a host that needs `cost` ns of wall time for 1024 ticks.
struct host {
    struct pace pace;
    uint64_t wall, guest, tick, cost, entries;
};

static void begin(struct host *h, uint64_t cost)
{
    *h = (struct host){.wall = 123456789, .guest = 42, .cost = cost};
    pace_start(&h->pace, h->wall, h->guest, PACE_RATIO_MIN);
}

static int64_t off(const struct host *h)
{
    return (int64_t)(h->guest - pace_guest_at(&h->pace, h->wall));
}

static void execute(struct host *h, uint64_t wall_ns)
{
    for (uint64_t end = h->wall + wall_ns; h->wall < end;) {
        uint64_t spent = SLICE * h->cost / 1024;
        h->tick += SLICE;
        h->wall += spent;
        h->guest += mul_div_u64(SLICE, h->pace.ratio, 1 << 20);
        h->entries += pace_measure(&h->pace, SLICE, spent, h->wall, h->guest) != 0;
        h->wall += pace_ahead(&h->pace, h->wall, h->guest);
        assert_in_range(h->pace.ratio, PACE_RATIO_MIN, PACE_RATIO_MAX);
    }
}

static void follows_the_wall(void **state)
{
    (void)state;
    static const uint64_t costs[] = {1200, 2048, 6800, 20000, 300000};
    for (unsigned n = 0; n < ARRAY_LEN(costs); n++) {
        struct host h;
        begin(&h, costs[n]);
        execute(&h, 2000 * (uint64_t)MS);
        uint64_t entries = h.entries;
        for (unsigned part = 0; part < 50; part++) {
            execute(&h, 20 * MS);
            assert_in_range(off(&h) + 20 * MS, 0, 40 * MS);
        }
        // Steady speed needs no more entries in the journal.
        assert_true(h.entries - entries < 20);
        uint64_t expected = costs[n] << 10;
        assert_in_range(h.pace.ratio, expected * 9 / 10, expected * 11 / 10);
    }
}

static void never_far_ahead(void **state)
{
    (void)state;
    struct host h;
    begin(&h, 6800);
    execute(&h, 1000 * MS);
    // The host becomes six times as fast; the ratio is far too high for a moment.
    h.cost = 1100;
    for (unsigned n = 0; n < 1000; n++) {
        execute(&h, 1);
        assert_true(off(&h) <= (int64_t)PACE_AHEAD_MAX);
    }
    execute(&h, 1000 * MS);
    assert_in_range(off(&h) + 10 * MS, 0, 20 * MS);
}

static void catches_up(void **state)
{
    (void)state;
    struct host h;
    begin(&h, 6800);
    execute(&h, 1000 * MS);
    h.wall += 300 * MS;
    execute(&h, 2000 * (uint64_t)MS);
    assert_in_range(off(&h) + 10 * MS, 0, 20 * MS);
    // What was slept through for long is left behind.
    uint64_t guest = h.guest;
    h.wall += 3600000 * (uint64_t)MS;
    execute(&h, 100 * MS);
    assert_true(h.guest - guest < 1000 * MS);
    assert_in_range(off(&h) + 100 * MS, 0, 200 * MS);
}

static void bounds(void **state)
{
    (void)state;
    struct host h;
    begin(&h, 100);
    execute(&h, 100 * MS);
    assert_int_equal(h.pace.ratio, PACE_RATIO_MIN);
    assert_true(off(&h) <= (int64_t)PACE_AHEAD_MAX);
    begin(&h, 4000000);
    execute(&h, 20000 * (uint64_t)MS);
    assert_int_equal(h.pace.ratio, PACE_RATIO_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_wall),
        cmocka_unit_test(never_far_ahead),
        cmocka_unit_test(catches_up),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
