// Debug console: what is written goes out, what is read says that it is there.
#include "tests/unit/chip_rig.h"

#include "devices/debugcon.h"

struct rig {
    uint8_t bytes[16];
    size_t count;
};

static void sink(void *ctx, const uint8_t *bytes, size_t n)
{
    struct rig *r = ctx;
    for (size_t i = 0; i < n && r->count < sizeof r->bytes; i++)
        r->bytes[r->count++] = bytes[i];
}

static void test_port(void **state)
{
    (void)state;
    struct rig r = {0};
    struct debugcon d;
    struct map ports = {0};
    debugcon_init(&d, &(struct char_backend){sink, &r});
    assert_true(map_add(&ports, DEBUGCON_PORT, 1, &debugcon_io, &d));
    assert_int_equal(map_read(&ports, 0xe9, 1), 0xe9);
    map_write(&ports, 0xe9, 1, 'h');
    map_write(&ports, 0xe9, 2, 'i' | 'x' << 8); // the high byte is port EAh's
    assert_int_equal(r.count, 2);
    assert_memory_equal(r.bytes, "hi", 2);
}

static void test_without_backend(void **state)
{
    (void)state;
    struct debugcon d;
    debugcon_init(&d, &(struct char_backend){NULL, NULL});
    out(&debugcon_io, &d, 0, 'x');
    assert_int_equal(in(&debugcon_io, &d, 0), 0xe9);
}

static void test_no_state(void **state)
{
    (void)state;
    struct rig r = {0};
    struct debugcon d[2];
    debugcon_init(&d[0], &(struct char_backend){sink, &r});
    debugcon_init(&d[1], &(struct char_backend){sink, &r});
    assert_int_equal(state_size(debugcon_class.fields), 0);
    device_reset(&(struct device){&debugcon_class, &d[0]});
    transfer(&debugcon_class, &d[0], &d[1]);
    out(&debugcon_io, &d[0], 0, 'a'); // resetting and loading leave the wiring
    out(&debugcon_io, &d[1], 0, 'b');
    assert_memory_equal(r.bytes, "ab", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_port),
        cmocka_unit_test(test_without_backend),
        cmocka_unit_test(test_no_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
