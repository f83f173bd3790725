// Port 61h by itself and wired to the 8254: gate and OUT2, refresh toggle, NMI sources.
#include "tests/unit/chip_rig.h"

#include "devices/pit_8254.h"
#include "devices/port61.h"

struct rig {
    struct clock clock;
    struct port61 port;
    struct pit_8254 pit;
    struct probe speaker, nmi;
};

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    port61_init(&r->port, &r->clock);
    pit_8254_init(&r->pit, &r->clock, 0);
    r->speaker.clock = &r->clock;
    r->port.gate2 = (struct line){pit_8254_gate, &r->pit, 2};
    r->port.speaker = probe_line(&r->speaker);
    r->port.nmi = probe_line(&r->nmi);
    r->pit.out[2] = (struct line){port61_input, &r->port, PORT61_OUT2};
    port61_class.update(&r->port);
    pit_8254_class.update(&r->pit);
}

static uint8_t rd(struct rig *r)
{
    return in(&port61_io, &r->port, 0);
}
static void wr(struct rig *r, uint8_t v)
{
    out(&port61_io, &r->port, 0, v);
}

static uint64_t pulse(uint64_t k)
{
    return (k * 88000 + 104) / 105;
}

static void test_control_bits(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(rd(&r), 0);
    wr(&r, 0xff);
    assert_int_equal(rd(&r), 0x0f);
    wr(&r, 0x02);
    assert_int_equal(rd(&r), 0x02);
}

// How kernels measure time: counter 2 in mode 0, gate by bit 0, OUT2 at bit 5.
static void test_calibration_loop(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(r.pit.s.counter[2].gate, 0);
    wr(&r, 0x01);
    assert_int_equal(r.pit.s.counter[2].gate, 1);
    out(&pit_8254_io, &r.pit, 3, 0xb0);
    out(&pit_8254_io, &r.pit, 2, 11932 & 0xff);
    out(&pit_8254_io, &r.pit, 2, 11932 >> 8);
    run_to(&r.clock, pulse(11933) - 1);
    assert_int_equal(rd(&r) & 0x20, 0);
    run_to(&r.clock, pulse(11933));
    assert_int_equal(rd(&r) & 0x20, 0x20);
}

static void test_speaker(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    out(&pit_8254_io, &r.pit, 3, 0xb6);
    out(&pit_8254_io, &r.pit, 2, 100);
    out(&pit_8254_io, &r.pit, 2, 0);
    wr(&r, 0x01);
    run_to(&r.clock, pulse(1000));
    assert_int_equal(r.speaker.rises, 0); // no data bit
    wr(&r, 0x03);
    unsigned before = r.speaker.rises;
    run_to(&r.clock, pulse(2000));
    assert_int_equal(r.speaker.rises - before, 10);
    wr(&r, 0x00);
    assert_false(r.speaker.level);
}

static void test_refresh_toggle(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    for (unsigned n = 0; n < 1000; n++) {
        run_to(&r.clock, pulse(18 * n));
        assert_int_equal(rd(&r) >> 4 & 1, n & 1);
        run_to(&r.clock, pulse(18 * (n + 1)) - 1);
        assert_int_equal(rd(&r) >> 4 & 1, n & 1);
    }
}

static void test_nmi(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    port61_input(&r.port, PORT61_SERR, true);
    port61_input(&r.port, PORT61_SERR, false);
    assert_int_equal(rd(&r), 0x80); // latched
    assert_false(r.nmi.level);      // port 70h holds it back
    port61_input(&r.port, PORT61_NMI_ENABLE, true);
    assert_true(r.nmi.level);
    wr(&r, 0x04);
    assert_int_equal(rd(&r), 0x04);
    assert_false(r.nmi.level);
    port61_input(&r.port, PORT61_SERR, true);
    assert_false(r.nmi.level); // off
    wr(&r, 0x00);
    assert_true(r.nmi.level); // the source still asserts it
    wr(&r, 0x04);
    port61_input(&r.port, PORT61_IOCHK, true);
    assert_int_equal(rd(&r), 0x44);
    assert_true(r.nmi.level);
    port61_input(&r.port, PORT61_NMI_ENABLE, false);
    assert_false(r.nmi.level);
    wr(&r, 0x0c);
    assert_int_equal(rd(&r), 0x0c);
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 61;
    for (unsigned round = 0; round < 50; round++) {
        struct rig r[2];
        rig_init(&r[0]);
        unsigned copies = 1;
        for (unsigned step = 0; step < 100; step++) {
            if (step == 50) {
                rig_init(&r[1]);
                r[1].clock.s = r[0].clock.s;
                r[1].nmi = r[0].nmi;
                r[1].speaker = r[0].speaker;
                // As a board: the fields of all chips first.
                r[1].pit.s = r[0].pit.s;
                r[1].port.s = r[0].port.s;
                transfer(&pit_8254_class, &r[0].pit, &r[1].pit);
                transfer(&port61_class, &r[0].port, &r[1].port);
                assert_same_state(&pit_8254_class, &r[0].pit, &r[1].pit);
                copies = 2;
            }
            uint32_t random = next_random(&seed);
            uint64_t to = r[0].clock.s.tick + (random >> 16);
            for (unsigned n = 0; n < copies; n++) {
                if (random % 4 == 0)
                    wr(&r[n], (uint8_t)(random >> 8));
                else if (random % 4 == 1)
                    port61_input(&r[n].port, 1 + (random >> 8) % 3, random >> 10 & 1);
                else if (random % 4 == 2)
                    out(&pit_8254_io, &r[n].pit, 2 + (random >> 8 & 1),
                        (random >> 8 & 1) ? 0x96 : (uint8_t)(random >> 10));
                else
                    run_to(&r[n].clock, to);
            }
            if (copies == 2) {
                assert_int_equal(rd(&r[0]), rd(&r[1]));
                assert_int_equal(r[0].speaker.rises, r[1].speaker.rises);
                assert_int_equal(r[0].nmi.rises, r[1].nmi.rises);
                assert_same_state(&port61_class, &r[0].port, &r[1].port);
                assert_same_state(&pit_8254_class, &r[0].pit, &r[1].pit);
            }
        }
    }
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_null(port61_class.check(&r.port));
    r.port.s.inputs = 0x10;
    assert_non_null(port61_class.check(&r.port));
    rig_init(&r);
    r.port.s.status = 1;
    assert_non_null(port61_class.check(&r.port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_bits), cmocka_unit_test(test_calibration_loop),
        cmocka_unit_test(test_speaker),      cmocka_unit_test(test_refresh_toggle),
        cmocka_unit_test(test_nmi),          cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
