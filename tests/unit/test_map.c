// Address maps: windows that never overlap, and accesses split into what a chip takes.
#include "tests/unit/chip_rig.h"

// A chip that records its accesses; its byte at offset n reads as n + 0x10.
struct chip {
    struct {
        uint64_t offset, value;
        unsigned size;
    } access[16];
    unsigned count;
};

static void record(struct chip *c, uint64_t offset, unsigned size, uint64_t value)
{
    assert_true(c->count < ARRAY_LEN(c->access));
    c->access[c->count].offset = offset;
    c->access[c->count].size = size;
    c->access[c->count++].value = value;
}

static uint64_t chip_read(void *ctx, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned n = 0; n < size; n++)
        value |= (offset + n + 0x10) << (8 * n);
    record(ctx, offset, size, value);
    return value;
}

static void chip_write(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    record(ctx, offset, size, value);
}

static const struct io_ops bytes = {chip_read, chip_write, 1};
static const struct io_ops words = {chip_read, chip_write, 1 | 2};
static const struct io_ops dwords = {chip_read, chip_write, 4};
static const struct io_ops any = {chip_read, chip_write, 1 | 2 | 4 | 8};
static const struct io_ops write_only = {NULL, chip_write, 1};
static const struct io_ops read_only = {chip_read, NULL, 1};

static void test_windows(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip c = {0};
    assert_true(map_add(&m, 0x100, 0x10, &bytes, &c));
    assert_false(map_add(&m, 0x100, 1, &bytes, &c));
    assert_false(map_add(&m, 0x10f, 1, &bytes, &c));
    assert_false(map_add(&m, 0xff, 2, &bytes, &c));
    assert_false(map_add(&m, 0x80, 0x1000, &bytes, &c));
    assert_false(map_add(&m, 0x200, 0, &bytes, &c));
    assert_false(map_add(&m, UINT64_MAX, 2, &bytes, &c)); // wraps
    assert_true(map_add(&m, UINT64_MAX, 1, &bytes, &c));
    assert_true(map_add(&m, 0x110, 0x10, &bytes, &c));
    assert_true(map_add(&m, 0xf0, 0x10, &bytes, &c));
    assert_int_equal(m.count, 4);
    assert_null(map_find(&m, 0xef));
    assert_int_equal(map_find(&m, 0xf0)->base, 0xf0);
    assert_int_equal(map_find(&m, 0xff)->base, 0xf0);
    assert_int_equal(map_find(&m, 0x100)->base, 0x100);
    assert_int_equal(map_find(&m, 0x11f)->base, 0x110);
    assert_null(map_find(&m, 0x120));
    assert_non_null(map_find(&m, UINT64_MAX));
    unsigned generation = m.generation;
    map_remove(&m, 0x101); // begins nowhere
    assert_int_equal(m.generation, generation);
    map_remove(&m, 0x100);
    assert_int_not_equal(m.generation, generation);
    assert_null(map_find(&m, 0x100));
    assert_int_equal(map_find(&m, 0x110)->base, 0x110);
}

static void test_full_table(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip c = {0};
    for (unsigned n = 0; n < MAP_MAX_WINDOWS; n++)
        assert_true(map_add(&m, 0x10000 - 0x10 * n, 8, &bytes, &c));
    assert_false(map_add(&m, 0x20000, 8, &bytes, &c));
    for (unsigned n = 0; n < MAP_MAX_WINDOWS; n++) {
        assert_int_equal(map_find(&m, 0x10007 - 0x10 * n)->base, 0x10000 - 0x10 * n);
        assert_null(map_find(&m, 0x10008 - 0x10 * n));
    }
    map_remove(&m, 0x10000);
    assert_true(map_add(&m, 0x20000, 8, &bytes, &c));
}

static void test_nobody_answers(void **state)
{
    (void)state;
    struct map m = {0};
    assert_int_equal(map_read(&m, 0x60, 1), 0xff);
    assert_int_equal(map_read(&m, 0x60, 2), 0xffff);
    assert_int_equal(map_read(&m, 0x60, 4), 0xffffffff);
    assert_true(map_read(&m, 0x60, 8) == UINT64_MAX);
    map_write(&m, 0x60, 8, 0);
}

static void test_splitting(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip c = {0};
    assert_true(map_add(&m, 0x100, 0x10, &bytes, &c));
    assert_int_equal(map_read(&m, 0x102, 4), 0x15141312);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.access[3].offset, 5);
    assert_int_equal(c.access[3].size, 1);
    c.count = 0;
    map_write(&m, 0x104, 2, 0xbbaa);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.access[0].value, 0xaa);
    assert_int_equal(c.access[1].value, 0xbb);

    map_remove(&m, 0x100);
    assert_true(map_add(&m, 0x100, 0x10, &words, &c));
    c.count = 0;
    assert_int_equal(map_read(&m, 0x104, 4), 0x17161514);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.access[1].size, 2);
    c.count = 0;
    map_write(&m, 0x103, 4, 0x44332211); // odd: byte, word, byte
    assert_int_equal(c.count, 3);
    assert_int_equal(c.access[0].value, 0x11);
    assert_int_equal(c.access[1].value, 0x3322);
    assert_int_equal(c.access[1].offset, 4);
    assert_int_equal(c.access[2].value, 0x44);

    map_remove(&m, 0x100);
    assert_true(map_add(&m, 0x100, 0x10, &any, &c));
    c.count = 0;
    assert_true(map_read(&m, 0x108, 8) == 0x1f1e1d1c1b1a1918);
    map_write(&m, 0x101, 4, 0xdeadbeef); // one unaligned access stays whole if the chip takes its size
    assert_int_equal(c.count, 2);
    assert_int_equal(c.access[1].size, 4);
}

static void test_narrower_than_declared(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip c = {0};
    assert_true(map_add(&m, 0xfec00000, 0x20, &dwords, &c));
    assert_int_equal(map_read(&m, 0xfec00000, 1), 0xff);
    assert_int_equal(map_read(&m, 0xfec00000, 2), 0xffff);
    map_write(&m, 0xfec00000, 1, 0x55);
    assert_int_equal(c.count, 0);
    assert_int_equal(map_read(&m, 0xfec00004, 4), 0x17161514);
    assert_true(map_read(&m, 0xfec00008, 8) == 0x1f1e1d1c1b1a1918);
    assert_int_equal(c.count, 3);
}

static void test_across_windows(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip a = {0}, b = {0};
    assert_true(map_add(&m, 0x100, 2, &any, &a));
    assert_true(map_add(&m, 0x103, 2, &any, &b));
    assert_int_equal(map_read(&m, 0x101, 4), 0x1110ff11);
    assert_int_equal(a.count, 1);
    assert_int_equal(b.count, 1); // what is left is one access that the chip takes
    a.count = b.count = 0;
    map_write(&m, 0x0ff, 8, 0x8877665544332211);
    assert_int_equal(a.access[0].offset, 0);
    assert_int_equal(a.access[0].value, 0x3322);
    assert_int_equal(b.access[0].value, 0x55);
    assert_int_equal(b.access[1].value, 0x66);
    assert_int_equal(b.count, 2);
}

static void test_one_way_chips(void **state)
{
    (void)state;
    struct map m = {0};
    struct chip c = {0};
    assert_true(map_add(&m, 0x80, 1, &write_only, &c));
    assert_true(map_add(&m, 0x81, 1, &read_only, &c));
    assert_int_equal(map_read(&m, 0x80, 1), 0xff);
    map_write(&m, 0x81, 1, 0x12);
    assert_int_equal(c.count, 0);
    map_write(&m, 0x80, 2, 0x3412);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.access[0].value, 0x12);
    assert_int_equal(map_read(&m, 0x80, 2), 0x10ff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_splitting),
        cmocka_unit_test(test_narrower_than_declared),
        cmocka_unit_test(test_across_windows),
        cmocka_unit_test(test_one_way_chips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
