// The HPET against its specification: counter, one-shot and periodic timers, levels and edges, routing.
#include "tests/unit/chip_rig.h"

#include <stdlib.h>

#include "devices/hpet.h"

struct rig {
    struct clock clock;
    struct hpet hpet;
    struct probe pin[HPET_PINS], legacy[HPET_LEGACY], mode;
};

enum { CAP = 0x000, CONF = 0x010, STATUS = 0x020, COUNT = 0x0f0, T0 = 0x100, T1 = 0x120, T2 = 0x140, COMP = 8 };
enum { LEVEL = 2, ENABLE = 4, PERIODIC = 8, VALUE_SET = 0x40, MODE_32 = 0x100, PIN_20 = 20 << 9, PIN_22 = 22 << 9 };

static void connect(struct rig *r)
{
    for (unsigned n = 0; n < HPET_PINS; n++) {
        r->pin[n].clock = &r->clock;
        r->hpet.pin[n] = probe_line(&r->pin[n]);
    }
    for (unsigned n = 0; n < HPET_LEGACY; n++) {
        r->legacy[n].clock = &r->clock;
        r->hpet.legacy[n] = probe_line(&r->legacy[n]);
    }
    r->hpet.legacy_mode = probe_line(&r->mode);
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    hpet_init(&r->hpet, &r->clock, 6);
    connect(r);
    hpet_class.update(&r->hpet);
}

static uint64_t rd(struct rig *r, unsigned at)
{
    return hpet_io.read(&r->hpet, at, 8);
}

static uint32_t rd32(struct rig *r, unsigned at)
{
    return (uint32_t)hpet_io.read(&r->hpet, at, 4);
}

static void wr(struct rig *r, unsigned at, uint64_t v)
{
    hpet_io.write(&r->hpet, at, 8, v);
}

static void wr32(struct rig *r, unsigned at, uint32_t v)
{
    hpet_io.write(&r->hpet, at, 4, v);
}

static void test_capabilities(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_true(rd(&r, CAP) == 0x05f5e1008086a201); // 100 ns in femtoseconds
    assert_int_equal(rd32(&r, CAP + 4), 100000000);
    wr(&r, CAP, 0);
    assert_int_equal(rd32(&r, CAP), 0x8086a201);
    for (unsigned t = T0; t <= T2; t += 0x20) {
        wr(&r, t, UINT64_MAX & ~(uint64_t)ENABLE);
        assert_true(rd(&r, t) == 0x00f0000000003f3a);
        assert_int_equal(rd32(&r, t + 4), 0x00f00000); // inputs 20 to 23
    }
    assert_true(rd(&r, 0x160) == 0); // there is no fourth
    wr(&r, 0x160, UINT64_MAX);
    assert_true(rd(&r, 0x3f8) == 0);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
}

static void test_counter(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    run_to(&r.clock, 1000);
    assert_true(rd(&r, COUNT) == 0);
    wr(&r, COUNT, 0xfffffff0);
    wr32(&r, CONF, 1);
    run_to(&r.clock, 1000 + 99);
    assert_true(rd(&r, COUNT) == 0xfffffff0);
    run_to(&r.clock, 1000 + 100);
    assert_true(rd(&r, COUNT) == 0xfffffff1);
    run_to(&r.clock, 1000 + 2000);
    assert_true(rd(&r, COUNT) == 0x100000004);
    assert_int_equal(rd32(&r, COUNT), 4);
    assert_int_equal(rd32(&r, COUNT + 4), 1);
    wr32(&r, CONF, 0);
    run_to(&r.clock, 50000);
    assert_true(rd(&r, COUNT) == 0x100000004);
    wr32(&r, COUNT + 4, 7);
    assert_true(rd(&r, COUNT) == 0x700000004);
}

static void test_one_shot_level(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, T1, LEVEL | ENABLE | PIN_22);
    wr(&r, T1 + COMP, 50);
    wr(&r, CONF, 1);
    run_to(&r.clock, 4999);
    assert_int_equal(r.pin[2].rises, 0);
    assert_int_equal(rd(&r, STATUS), 0);
    run_to(&r.clock, 5000);
    assert_true(r.pin[2].level);
    assert_int_equal(r.pin[2].rise_tick, 5000);
    assert_int_equal(rd(&r, STATUS), 2);
    wr(&r, STATUS, 1); // of another timer
    assert_true(r.pin[2].level);
    run_to(&r.clock, 1000000);
    assert_int_equal(r.pin[2].rises, 1);
    wr(&r, STATUS, 2);
    assert_false(r.pin[2].level);
    // No second match before the counter has come round.
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    // Without INT_ENB the status comes all the same.
    wr(&r, T1, LEVEL | PIN_22);
    wr(&r, T1 + COMP, rd(&r, COUNT) + 10);
    run_to(&r.clock, 1001000);
    assert_int_equal(rd(&r, STATUS), 2);
    assert_int_equal(r.pin[2].rises, 1);
    wr(&r, T1, LEVEL | ENABLE | PIN_22);
    assert_int_equal(r.pin[2].rises, 2);
    wr(&r, CONF, 0); // stops interrupts too
    assert_false(r.pin[2].level);
}

static void test_one_shot_32(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, T2, ENABLE | PIN_20 | MODE_32);
    wr(&r, T2 + COMP, 0xab00000010);
    assert_true(rd(&r, T2 + COMP) == 0x10);
    wr(&r, COUNT, 0x1fffffff0);
    wr(&r, CONF, 1);
    run_to(&r.clock, 3199);
    assert_int_equal(r.pin[0].rises, 0);
    run_to(&r.clock, 3200);
    assert_int_equal(r.pin[0].rises, 1);
    assert_int_equal(rd(&r, STATUS), 0); // an edge leaves no status
    // The next time round, 2^32 counts later.
    run_to(&r.clock, 3199 + ((uint64_t)100 << 32));
    assert_int_equal(r.pin[0].rises, 1);
    run_to(&r.clock, 3200 + ((uint64_t)100 << 32));
    assert_int_equal(r.pin[0].rises, 2);
}

static void test_written_late(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, T0, ENABLE | PIN_20);
    wr(&r, CONF, 1);
    run_to(&r.clock, 1000);
    wr(&r, T0 + COMP, 10); // now
    assert_int_equal(r.pin[0].rises, 1);
    wr(&r, T0 + COMP, 9); // gone by
    run_to(&r.clock, 1000000000);
    assert_int_equal(r.pin[0].rises, 1);
    wr32(&r, T0 + COMP, 0);
    wr32(&r, T0 + COMP + 4, 1); // by halves: 2^32
    run_to(&r.clock, ((uint64_t)100 << 32) - 1);
    assert_int_equal(r.pin[0].rises, 1);
    run_to(&r.clock, (uint64_t)100 << 32);
    assert_int_equal(r.pin[0].rises, 2);
}

// As Linux sets it up: VAL_SET, the first match, then the period.
static void test_periodic(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, CONF, 3);
    assert_true(r.mode.level);
    run_to(&r.clock, 1000);
    wr32(&r, T0, ENABLE | PERIODIC | VALUE_SET | MODE_32);
    wr32(&r, T0 + COMP, 30);
    assert_int_equal(rd32(&r, T0) & VALUE_SET, 0);
    wr32(&r, T0 + COMP, 25);
    assert_int_equal(rd32(&r, T0 + COMP), 30);
    run_to(&r.clock, 2999);
    assert_int_equal(r.legacy[0].rises, 0);
    for (unsigned n = 0; n < 1000; n++) {
        run_to(&r.clock, 3000 + n * 2500);
        assert_int_equal(r.legacy[0].rises, n + 1);
        assert_int_equal(r.legacy[0].rise_tick, 3000 + n * 2500);
        assert_int_equal(rd32(&r, T0 + COMP), 30 + 25 * (n + 1));
        run_to(&r.clock, 3000 + n * 2500 + 2499);
        assert_int_equal(r.legacy[0].rises, n + 1);
        assert_true(r.legacy[0].level); // until the next one
    }
    // A jump of a thousand periods is one interrupt, and the phase stays.
    unsigned rises = r.legacy[0].rises;
    r.clock.s.tick += 2500 * 1000;
    clock_run_due(&r.clock, 64);
    assert_int_equal(r.legacy[0].rises, rises + 1);
    assert_int_equal((rd32(&r, T0 + COMP) - 30) % 25, 0);
    uint32_t ahead = rd32(&r, T0 + COMP) - rd32(&r, COUNT);
    assert_in_range(ahead, 1, 25);
    wr32(&r, T0, 0);
    assert_false(r.legacy[0].level);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
}

static void test_routes(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    for (unsigned n = 0; n < 3; n++) {
        wr(&r, T0 + 0x20 * n, LEVEL | ENABLE | PIN_20);
        wr(&r, T0 + 0x20 * n + COMP, 10);
    }
    wr(&r, CONF, 1);
    run_to(&r.clock, 1000);
    assert_true(r.pin[0].level);
    assert_int_equal(r.pin[0].rises, 1);
    wr(&r, STATUS, 5);
    assert_true(r.pin[0].level); // timer 1
    wr(&r, CONF, 3);             // which is IRQ 8 now
    assert_false(r.pin[0].level);
    assert_true(r.legacy[1].level);
    assert_false(r.legacy[0].level);
    wr(&r, CONF, 1);
    assert_false(r.legacy[1].level);
    assert_true(r.pin[0].level);
    wr(&r, T1, LEVEL | ENABLE | 2 << 9); // a route that there is not
    assert_false(r.pin[0].level);
    assert_int_equal(rd(&r, STATUS), 2);
    wr(&r, T1, ENABLE | PIN_20); // another type: the status is void
    assert_int_equal(rd(&r, STATUS), 0);
    assert_false(r.pin[0].level);
}

// The worst that a guest can program costs an event for each match, not a loop.
static void test_hostile(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    static const uint64_t periods[] = {0, 1, UINT32_MAX, UINT64_MAX};
    for (unsigned n = 0; n < ARRAY_LEN(periods); n++) {
        wr(&r, T0, ENABLE | PERIODIC | VALUE_SET | PIN_20);
        wr(&r, T0 + COMP, periods[n]);
        wr(&r, CONF, 1);
        run_to(&r.clock, r.clock.s.tick + 10000);
        r.clock.s.tick += (uint64_t)1 << 50;
        assert_true(clock_run_due(&r.clock, 64) < 3);
    }
    struct hpet hostile = r.hpet;
    hostile.s.timer[2].config = 1u << 15;
    assert_non_null(hpet_class.check(&hostile));
    hostile = r.hpet;
    hostile.s.status = 8;
    assert_non_null(hpet_class.check(&hostile));
    hostile = r.hpet;
    hostile.s.timer[0].config = MODE_32;
    hostile.s.timer[0].comparator = UINT64_MAX;
    assert_non_null(hpet_class.check(&hostile));
    // Whatever passes the check does no harm.
    uint64_t seed = 10;
    for (unsigned n = 0; n < 1000; n++) {
        for (unsigned t = 0; t < HPET_TIMERS; t++) {
            r.hpet.s.timer[t].from = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
            r.hpet.s.timer[t].comparator &= next_random(&seed);
        }
        r.hpet.s.since = (uint64_t)next_random(&seed) << 32;
        assert_null(hpet_class.check(&r.hpet));
        hpet_class.update(&r.hpet);
        r.clock.s.tick += next_random(&seed);
        clock_run_due(&r.clock, 64);
    }
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 1000;
    struct rig *r = calloc(2, sizeof *r);
    assert_non_null(r);
    rig_init(&r[0]);
    rig_init(&r[1]);
    for (unsigned step = 0; step < 20000; step++) {
        if (step % 50 == 0) {
            uint64_t tick = r[0].clock.s.tick;
            r[1] = (struct rig){0};
            clock_init(&r[1].clock);
            r[1].clock.s.tick = tick;
            hpet_init(&r[1].hpet, &r[1].clock, 6);
            memcpy(r[1].pin, r[0].pin, sizeof r[0].pin);
            memcpy(r[1].legacy, r[0].legacy, sizeof r[0].legacy);
            r[1].mode = r[0].mode;
            connect(&r[1]);
            transfer(&hpet_class, &r[0].hpet, &r[1].hpet);
        }
        uint32_t random = next_random(&seed), value = next_random(&seed);
        for (unsigned n = 0; n < 2; n++) {
            unsigned timer = T0 + (random >> 8) % 3 * 0x20;
            uint64_t soon = rd(&r[n], COUNT) + value % 300;
            switch (random % 8) {
            case 0:
                wr(&r[n], CONF, value % 8 ? 1 | (value >> 8 & 2) : 0);
                break;
            case 1:
                wr(&r[n], timer, (value & 0x14e) | (20 + (value >> 12) % 5) << 9);
                break;
            case 2:
                wr(&r[n], timer + COMP, soon);
                break;
            case 3:
                wr(&r[n], timer + COMP, value % 50 + 1);
                break;
            case 4:
                wr(&r[n], STATUS, value & 7);
                break;
            case 5:
                assert_true(rd(&r[0], timer + COMP) == rd(&r[1], timer + COMP));
                break;
            default:
                run_to(&r[n].clock, r[n].clock.s.tick + value % 5000);
                break;
            }
        }
        for (unsigned n = 0; n < HPET_PINS; n++) {
            assert_int_equal(r[0].pin[n].level, r[1].pin[n].level);
            assert_int_equal(r[0].pin[n].rises, r[1].pin[n].rises);
        }
        assert_int_equal(r[0].legacy[0].rises, r[1].legacy[0].rises);
        assert_int_equal(r[0].legacy[1].rises, r[1].legacy[1].rises);
        assert_same_state(&hpet_class, &r[0].hpet, &r[1].hpet);
    }
    assert_true(r[0].pin[0].rises > 10 && r[0].legacy[0].rises > 10);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capabilities), cmocka_unit_test(test_counter),      cmocka_unit_test(test_one_shot_level),
        cmocka_unit_test(test_one_shot_32),  cmocka_unit_test(test_written_late), cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_routes),       cmocka_unit_test(test_hostile),      cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
