// Debug exit: the value arrives at the board as it was written.
#include "tests/unit/chip_rig.h"

#include "devices/debug_exit.h"

struct rig {
    unsigned calls;
    uint32_t value;
};

static void board_exit(void *ctx, uint32_t value)
{
    struct rig *r = ctx;
    r->calls++;
    r->value = value;
}

static void test_sizes(void **state)
{
    (void)state;
    struct rig r = {0};
    struct debug_exit d;
    struct map ports = {0};
    debug_exit_init(&d, board_exit, &r);
    assert_true(map_add(&ports, DEBUG_EXIT_PORT, DEBUG_EXIT_WINDOW, &debug_exit_io, &d));
    map_write(&ports, 0xf4, 1, 0x10);
    assert_int_equal(r.value, 0x10);
    map_write(&ports, 0xf4, 2, 0x1234);
    assert_int_equal(r.value, 0x1234);
    map_write(&ports, 0xf4, 4, 0xfedcba98);
    assert_int_equal(r.value, 0xfedcba98);
    assert_int_equal(r.calls, 3);
    assert_int_equal(map_read(&ports, 0xf4, 4), 0);
    assert_int_equal(r.calls, 3); // a read ends nothing
    map_write(&ports, 0xf8, 1, 1);
    assert_int_equal(r.calls, 3);
}

static void test_unconnected(void **state)
{
    (void)state;
    struct rig r = {0};
    struct debug_exit d[2];
    debug_exit_init(&d[0], NULL, NULL);
    out(&debug_exit_io, &d[0], 0, 1);
    debug_exit_init(&d[1], board_exit, &r);
    transfer(&debug_exit_class, &d[0], &d[1]);
    assert_int_equal(r.calls, 0);
    out(&debug_exit_io, &d[1], 0, 1);
    assert_int_equal(r.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_unconnected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
