// Pvpanic: the events arrive at the board as they were written, and a read says which there are.
#include "tests/unit/chip_rig.h"

#include "devices/pvpanic.h"

struct rig {
    unsigned calls, events;
};

static void board_event(void *ctx, unsigned events)
{
    struct rig *r = ctx;
    r->calls++;
    r->events = events;
}

static void test_events(void **state)
{
    (void)state;
    struct rig r = {0};
    struct pvpanic p;
    struct map ports = {0};
    pvpanic_init(&p, board_event, &r);
    assert_true(map_add(&ports, PVPANIC_PORT, PVPANIC_WINDOW, &pvpanic_io, &p));
    assert_int_equal(map_read(&ports, 0x505, 1), 7);
    assert_int_equal(map_read(&ports, 0x505, 2), 0xff07); // one port wide
    assert_int_equal(r.calls, 0);
    for (unsigned bit = 0; bit < 8; bit++) {
        map_write(&ports, 0x505, 1, 1u << bit);
        assert_int_equal(r.calls, bit < 3 ? bit + 1 : 3);
        assert_int_equal(r.events, bit < 3 ? 1u << bit : 4);
    }
    map_write(&ports, 0x505, 1, 0xff);
    assert_int_equal(r.events, 7);
    map_write(&ports, 0x505, 1, 0);
    assert_int_equal(r.calls, 4);
}

static void test_unconnected(void **state)
{
    (void)state;
    struct pvpanic p;
    pvpanic_init(&p, NULL, NULL);
    out(&pvpanic_io, &p, 0, PVPANIC_PANICKED);
    assert_int_equal(in(&pvpanic_io, &p, 0), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_unconnected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
