// Port 92h: A20, and a processor reset on the rising bit only.
#include "tests/unit/chip_rig.h"

#include "devices/reset_control.h"

struct rig {
    struct reset_control chip;
    struct probe a20, init;
};

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    reset_control_init(&r->chip);
    r->chip.a20 = probe_line(&r->a20);
    r->chip.init = probe_line(&r->init);
    reset_control_class.update(&r->chip);
}

static void port92(struct rig *r, uint8_t v)
{
    out(&reset_control_port92_io, &r->chip, 0, v);
}
static void test_a20(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_true(r.a20.level); // no keyboard controller pulls it down
    reset_control_a20_gate(&r.chip, 0, false);
    assert_false(r.a20.level);
    port92(&r, 0x02);
    assert_true(r.a20.level);
    assert_int_equal(in(&reset_control_port92_io, &r.chip, 0), 0x02);
    port92(&r, 0x00);
    assert_false(r.a20.level);
    reset_control_a20_gate(&r.chip, 0, true);
    assert_true(r.a20.level);
    assert_int_equal(r.init.rises, 0);
}

static void test_fast_init(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    port92(&r, 0x01);
    assert_int_equal(r.init.rises, 1);
    assert_false(r.init.level); // a pulse
    port92(&r, 0x03);
    assert_int_equal(r.init.rises, 1); // no new edge of the bit
    port92(&r, 0xfe);
    assert_int_equal(in(&reset_control_port92_io, &r.chip, 0), 0x02);
    port92(&r, 0x03);
    assert_int_equal(r.init.rises, 2);
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 92;
    struct rig r[2];
    rig_init(&r[0]);
    for (unsigned step = 0; step < 1000; step++) {
        if (step % 100 == 0) {
            rig_init(&r[1]);
            r[1] = (struct rig){.chip = r[1].chip, .a20 = r[0].a20, .init = r[0].init};
            r[1].chip.a20 = probe_line(&r[1].a20);
            r[1].chip.init = probe_line(&r[1].init);
            transfer(&reset_control_class, &r[0].chip, &r[1].chip); // loading resets nothing
        }
        uint32_t random = next_random(&seed);
        for (unsigned n = 0; n < 2; n++) {
            if (random % 2 == 0)
                port92(&r[n], (uint8_t)(random >> 8));
            else
                reset_control_a20_gate(&r[n].chip, 0, random >> 8 & 1);
        }
        assert_int_equal(r[0].a20.level, r[1].a20.level);
        assert_int_equal(r[0].init.rises, r[1].init.rises);
        assert_same_state(&reset_control_class, &r[0].chip, &r[1].chip);
    }
    assert_true(r[0].init.rises > 10);
    r[0].chip.s.port92 = 0x80;
    assert_non_null(reset_control_class.check(&r[0].chip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a20),
        cmocka_unit_test(test_fast_init),
        cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
