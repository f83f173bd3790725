// The MC146818A against its data sheet: calendar, formats, updates, alarm, periodic interrupts, memory.
#include "tests/unit/chip_rig.h"

#include "devices/rtc_mc146818.h"

struct rig {
    struct clock clock;
    struct rtc_mc146818 rtc;
    struct probe irq, nmi_enable;
};

#define SECOND ((uint64_t)1000000000)
#define UIP    ((uint64_t)2228000)

// Thursday, 2026-01-01 00:00:00 UTC.
#define NEW_YEAR_2026 ((uint64_t)1767225600)

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    rtc_mc146818_init(&r->rtc, &r->clock, 3);
    r->irq.clock = &r->clock;
    r->rtc.irq = probe_line(&r->irq);
    r->rtc.nmi_enable = probe_line(&r->nmi_enable);
    rtc_mc146818_class.update(&r->rtc);
}

static uint8_t rd(struct rig *r, uint8_t index)
{
    out(&rtc_mc146818_io, &r->rtc, 0, index);
    return in(&rtc_mc146818_io, &r->rtc, 1);
}

static void wr(struct rig *r, uint8_t index, uint8_t v)
{
    out(&rtc_mc146818_io, &r->rtc, 0, index);
    out(&rtc_mc146818_io, &r->rtc, 1, v);
}

// Century, year, month, date, hours, minutes and seconds as one number, for example 0x20260101000000.
static uint64_t date(struct rig *r)
{
    static const uint8_t order[] = {0x32, 9, 8, 7, 4, 2, 0};
    uint64_t v = 0;
    for (unsigned n = 0; n < sizeof order; n++)
        v = v << 8 | rd(r, order[n]);
    return v;
}

static void set_registers(struct rig *r, uint64_t v)
{
    static const uint8_t order[] = {0, 2, 4, 7, 8, 9, 0x32};
    for (unsigned n = 0; n < sizeof order; n++, v >>= 8)
        wr(r, order[n], (uint8_t)v);
}

static void test_power_on(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_true(date(&r) == 0x19700101000000);
    assert_int_equal(rd(&r, 6), 5); // Thursday
    assert_int_equal(rd(&r, 0x0a), 0x26);
    assert_int_equal(rd(&r, 0x0b), 0x02);
    assert_int_equal(rd(&r, 0x0c), 0x00);
    assert_int_equal(rd(&r, 0x0d), 0x80);
    assert_int_equal(in(&rtc_mc146818_io, &r.rtc, 0), 0xff);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds, registers;
        uint8_t day;
    } known[] = {
        {0, 0x19700101000000, 5},          {951782399, 0x20000228235959, 2},
        {951782400, 0x20000229000000, 3},  {951868800, 0x20000301000000, 4},
        {1709210096, 0x20240229123456, 5}, {NEW_YEAR_2026, 0x20260101000000, 5},
        {2147483648, 0x20380119031408, 3}, {4107542400, 0x21000301000000, 2},
        {4107542399, 0x21000228235959, 1}, {253402300799, 0x99991231235959, 6},
    };
    for (unsigned n = 0; n < ARRAY_LEN(known); n++) {
        struct rig r;
        rig_init(&r);
        rtc_set_date(&r.rtc, known[n].seconds);
        assert_true(date(&r) == known[n].registers);
        assert_int_equal(rd(&r, 6), known[n].day);
        // The same by counting on from a minute before.
        if (known[n].seconds < 60)
            continue;
        rtc_set_date(&r.rtc, known[n].seconds - 60);
        run_to(&r.clock, 60 * SECOND - 1);
        assert_true(date(&r) != known[n].registers);
        run_to(&r.clock, 60 * SECOND);
        assert_true(date(&r) == known[n].registers);
        assert_int_equal(rd(&r, 6), known[n].day);
    }
}

static void test_long_jump(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    run_to(&r.clock, 3653 * 86400 * SECOND + 5 * SECOND); // ten years with three leap days
    assert_true(date(&r) == 0x20360102000005);
    assert_int_equal(rd(&r, 6), 4);
}

static void test_formats(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, 0x0b, 0x06); // binary, 24 hours
    rtc_set_date(&r.rtc, NEW_YEAR_2026 + 23 * 3600 + 59 * 60 + 58);
    assert_int_equal(rd(&r, 4), 23);
    assert_int_equal(rd(&r, 2), 59);
    assert_int_equal(rd(&r, 9), 26);
    assert_int_equal(rd(&r, 0x32), 20);
    wr(&r, 0x0b, 0x00); // BCD, 12 hours
    static const uint8_t hours[24] = {0x12, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x11,
                                      0x92, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91};
    for (unsigned h = 0; h < 24; h++) {
        rtc_set_date(&r.rtc, NEW_YEAR_2026 + h * 3600);
        assert_int_equal(rd(&r, 4), hours[h]);
        rtc_set_date(&r.rtc, NEW_YEAR_2026 + h * 3600 - 1);
        run_to(&r.clock, r.clock.s.tick + SECOND);
        assert_int_equal(rd(&r, 4), hours[h]);
    }
    wr(&r, 0x0b, 0x04); // binary, 12 hours
    rtc_set_date(&r.rtc, NEW_YEAR_2026 + 22 * 3600);
    assert_int_equal(rd(&r, 4), 0x80 | 10);
}

static void test_update_in_progress(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    for (unsigned second = 1; second < 4; second++) {
        run_to(&r.clock, second * SECOND - UIP - 1);
        assert_int_equal(rd(&r, 0x0a), 0x26);
        run_to(&r.clock, second * SECOND - UIP);
        assert_int_equal(rd(&r, 0x0a), 0xa6);
        run_to(&r.clock, second * SECOND - 1);
        assert_int_equal(rd(&r, 0x0a), 0xa6);
        assert_int_equal(rd(&r, 0), second - 1);
        run_to(&r.clock, second * SECOND);
        assert_int_equal(rd(&r, 0x0a), 0x26);
        assert_int_equal(rd(&r, 0), second);
    }
    run_to(&r.clock, 4 * SECOND - 1000);
    wr(&r, 0x0b, 0x82);
    assert_int_equal(rd(&r, 0x0a), 0x26); // SET clears UIP
}

static void test_set(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    wr(&r, 0x0a, 0x20); // no periodic flag
    wr(&r, 0x0b, 0x12); // UIE
    run_to(&r.clock, SECOND / 4);
    wr(&r, 0x0b, 0x92);
    assert_int_equal(rd(&r, 0x0b), 0x82); // SET clears UIE
    set_registers(&r, 0x19991231235959);
    wr(&r, 6, 6);
    run_to(&r.clock, 10 * SECOND + SECOND / 2);
    assert_true(date(&r) == 0x19991231235959);
    assert_int_equal(rd(&r, 0x0c), 0); // no update ended
    wr(&r, 0x0b, 0x02);
    run_to(&r.clock, 11 * SECOND - 1);
    assert_true(date(&r) == 0x19991231235959);
    run_to(&r.clock, 11 * SECOND); // the divider chain kept its phase
    assert_true(date(&r) == 0x20000101000000);
    assert_int_equal(rd(&r, 6), 7);
    assert_int_equal(rd(&r, 0x0c), 0x30); // midnight is the alarm registers' reset value
}

static void test_write_without_set(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    run_to(&r.clock, 5 * SECOND + 1);
    wr(&r, 4, 0x17);
    wr(&r, 2, 0x59);
    assert_true(date(&r) == 0x20260101175905);
    run_to(&r.clock, 60 * SECOND);
    assert_true(date(&r) == 0x20260101180000);
}

static void test_nonsense_in_registers(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct rig r;
    for (unsigned round = 0; round < 2000; round++) {
        rig_init(&r);
        wr(&r, 0x0b, (uint8_t)(next_random(&seed) & 6));
        for (unsigned n = 0; n < 10; n++)
            wr(&r, (uint8_t)n, (uint8_t)next_random(&seed));
        wr(&r, 0x32, (uint8_t)next_random(&seed));
        wr(&r, 0x0b, (uint8_t)(next_random(&seed) & 0x76));
        run_to(&r.clock, next_random(&seed) * (uint64_t)20);
        // Once counted on, the registers are in range again.
        run_to(&r.clock, r.clock.s.tick + SECOND);
        (void)rd(&r, 0x0c);
        wr(&r, 0x0b, 0x06);
        rtc_set_date(&r.rtc, next_random(&seed));
        run_to(&r.clock, r.clock.s.tick + SECOND);
        assert_in_range(rd(&r, 0), 0, 59);
        assert_in_range(rd(&r, 4), 0, 23);
        assert_in_range(rd(&r, 6), 1, 7);
        assert_in_range(rd(&r, 8), 1, 12);
    }
}

static void test_divider_reset(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    run_to(&r.clock, SECOND + SECOND / 3);
    wr(&r, 0x0a, 0x76);
    run_to(&r.clock, 20 * SECOND + 12345);
    assert_true(date(&r) == 0x20260101000001);
    assert_int_equal(rd(&r, 0x0a), 0x76);
    (void)rd(&r, 0x0c);
    wr(&r, 0x0a, 0x26);
    wr(&r, 0x0b, 0x42); // PIE, 1024 Hz
    run_to(&r.clock, 20 * SECOND + 12345 + 976562);
    assert_false(r.irq.level);
    run_to(&r.clock, 20 * SECOND + 12345 + 976563); // periods begin with the divider
    assert_true(r.irq.level);
    wr(&r, 0x0b, 0x02);
    run_to(&r.clock, 20 * SECOND + 12345 + SECOND / 2 - 1);
    assert_true(date(&r) == 0x20260101000001);
    run_to(&r.clock, 20 * SECOND + 12345 + SECOND / 2); // "one-half second later"
    assert_true(date(&r) == 0x20260101000002);
}

static void test_periodic(void **state)
{
    (void)state;
    // Table 5: rates at a 32.768 kHz time base.
    static const uint32_t hz[16] = {0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2};
    for (unsigned rs = 1; rs < 16; rs++) {
        struct rig r;
        rig_init(&r);
        wr(&r, 0x0a, (uint8_t)(0x20 | rs));
        wr(&r, 0x0b, 0x42);
        for (unsigned n = 1; n <= 20; n++) {
            uint64_t at = clock_ns_of_count(n, hz[rs]);
            assert_int_equal(clock_next_deadline(&r.clock), at);
            run_to(&r.clock, at);
            assert_int_equal(r.irq.rises, n);
            assert_int_equal(r.irq.rise_tick, at);
            run_to(&r.clock, at + 10);
            assert_int_equal(rd(&r, 0x0c) & 0xc0, 0xc0);
            assert_int_equal(rd(&r, 0x0c), 0);
            assert_false(r.irq.level);
        }
    }
    struct rig r;
    rig_init(&r);
    wr(&r, 0x0a, 0x20); // RS 0: none
    wr(&r, 0x0b, 0x42);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    // Flags are set without an interrupt enabled and without an event.
    wr(&r, 0x0a, 0x26);
    wr(&r, 0x0b, 0x02);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    run_to(&r.clock, SECOND / 1000);
    assert_int_equal(rd(&r, 0x0c), 0x40);
    assert_int_equal(rd(&r, 0x0c), 0x00);
}

static void test_update_interrupt(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    wr(&r, 0x0a, 0x20);
    wr(&r, 0x0b, 0x12);
    run_to(&r.clock, 3 * SECOND - 1);
    assert_int_equal(r.irq.rises, 1); // not read: one interrupt
    assert_int_equal(r.irq.rise_tick, SECOND);
    assert_int_equal(rd(&r, 0x0c), 0x90);
    assert_false(r.irq.level);
    run_to(&r.clock, 3 * SECOND);
    assert_true(r.irq.level);
    assert_int_equal(rd(&r, 0), 3);
    (void)rd(&r, 0x0c);
    // A flag that came before its enable interrupts at once.
    wr(&r, 0x0b, 0x02);
    run_to(&r.clock, 4 * SECOND);
    assert_false(r.irq.level);
    wr(&r, 0x0b, 0x12);
    assert_true(r.irq.level);
    wr(&r, 0x0b, 0x02);
    assert_false(r.irq.level);
    assert_int_equal(rd(&r, 0x0c), 0x10);
}

static void alarm_at(struct rig *r, uint8_t h, uint8_t m, uint8_t s)
{
    wr(r, 5, h);
    wr(r, 3, m);
    wr(r, 1, s);
}

static void test_alarm(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    wr(&r, 0x0a, 0x20);
    alarm_at(&r, 0x01, 0x02, 0x03);
    wr(&r, 0x0b, 0x22);
    assert_int_equal(clock_next_deadline(&r.clock), 3723 * SECOND);
    run_to(&r.clock, 4000 * SECOND);
    assert_int_equal(r.irq.rise_tick, 3723 * SECOND);
    assert_int_equal(rd(&r, 0x0c), 0xb0); // with UF
    assert_int_equal(clock_next_deadline(&r.clock), (86400 + 3723) * SECOND);
    // "Don't care": every minute at 5 seconds, every second.
    alarm_at(&r, 0xff, 0xc0, 0x05);
    assert_int_equal(clock_next_deadline(&r.clock), 4025 * SECOND);
    alarm_at(&r, 0xff, 0xff, 0xff);
    assert_int_equal(clock_next_deadline(&r.clock), 4001 * SECOND);
    alarm_at(&r, 0xff, 0x00, 0x00);
    assert_int_equal(clock_next_deadline(&r.clock), 7200 * SECOND);
    alarm_at(&r, 0x00, 0xff, 0xff);
    assert_int_equal(clock_next_deadline(&r.clock), 86400 * SECOND);
    alarm_at(&r, 0x01, 0x06, 0x40); // now: a day from now
    assert_true(date(&r) == 0x20260101010640);
    assert_int_equal(clock_next_deadline(&r.clock), (86400 + 4000) * SECOND);
    alarm_at(&r, 0x24, 0x00, 0x00); // never
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    alarm_at(&r, 0xff, 0x60, 0xff);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    // 12 hours: 1 pm is 81h.
    wr(&r, 0x0b, 0x20);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    alarm_at(&r, 0x81, 0x00, 0x00);
    assert_int_equal(clock_next_deadline(&r.clock), (4000 + 13 * 3600) * SECOND);
}

// The alarm's closed form against looking every second.
static void test_alarm_flag_lazily(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (unsigned round = 0; round < 300; round++) {
        struct rig lazy, eager;
        uint8_t alarm[3];
        for (unsigned n = 0; n < 3; n++) {
            uint32_t random = next_random(&seed);
            unsigned v = (random >> 8) % (n == 0 ? 24 : 60);
            alarm[n] = random & 1 ? 0xc0 : (uint8_t)(v / 10 << 4 | v % 10);
        }
        unsigned seconds = 1 + next_random(&seed) % 4000;
        uint64_t start = NEW_YEAR_2026 + next_random(&seed) % 86400;
        struct rig *both[2] = {&lazy, &eager};
        for (unsigned n = 0; n < 2; n++) {
            rig_init(both[n]);
            rtc_set_date(&both[n]->rtc, start);
            alarm_at(both[n], alarm[0], alarm[1], alarm[2]);
        }
        bool expected = false;
        for (unsigned s = 1; s <= seconds; s++) {
            run_to(&eager.clock, s * SECOND);
            bool match = true;
            for (unsigned n = 0; n < 3; n++)
                match = match && (alarm[n] >= 0xc0 || alarm[n] == rd(&eager, (uint8_t)(4 - 2 * n)));
            expected = expected || match;
        }
        run_to(&lazy.clock, seconds * SECOND);
        assert_int_equal(rd(&lazy, 0x0c) & 0x20, expected ? 0x20 : 0);
        assert_int_equal(rd(&eager, 0x0c) & 0x20, expected ? 0x20 : 0);
    }
}

static void test_memory_and_nmi_mask(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    for (unsigned n = 0x0e; n < 0x80; n++)
        if (n != 0x32)
            wr(&r, (uint8_t)n, (uint8_t)(n ^ 0x5a));
    run_to(&r.clock, 100 * SECOND);
    for (unsigned n = 0x0e; n < 0x80; n++)
        if (n != 0x32)
            assert_int_equal(rd(&r, (uint8_t)n), n ^ 0x5a);
    wr(&r, 0x0c, 0xff);
    wr(&r, 0x0d, 0x00);
    assert_int_equal(rd(&r, 0x0d), 0x80);
    assert_true(r.nmi_enable.level);
    assert_int_equal(rd(&r, 0x80 | 0x10), 0x10 ^ 0x5a); // bit 7 is no address
    assert_false(r.nmi_enable.level);
    assert_int_equal(r.rtc.s.nmi_mask, 1);
    out(&rtc_mc146818_io, &r.rtc, 0, 0x0d);
    assert_true(r.nmi_enable.level);
    rtc_mc146818_set_cmos(&r.rtc, 0x15, 0x80);
    rtc_mc146818_set_cmos(&r.rtc, 0x0d, 0x00); // no memory
    rtc_mc146818_set_cmos(&r.rtc, 0x80, 0x55);
    assert_int_equal(rd(&r, 0x15), 0x80);
    assert_int_equal(rd(&r, 0x0d), 0x80);
}

static void test_reset_pin(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rtc_set_date(&r.rtc, NEW_YEAR_2026);
    wr(&r, 0x40, 0x77);
    wr(&r, 0x0b, 0x7e);
    run_to(&r.clock, 7 * SECOND);
    assert_true(r.irq.level);
    rtc_mc146818_reset_pin(&r.rtc);
    assert_false(r.irq.level);
    assert_int_equal(rd(&r, 0x0b), 0x06);
    assert_int_equal(rd(&r, 0x0c), 0x00);
    assert_int_equal(rd(&r, 0x40), 0x77);
    run_to(&r.clock, 9 * SECOND);
    wr(&r, 0x0b, 0x02);
    assert_int_equal(rd(&r, 0), 9);
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 146818;
    for (unsigned round = 0; round < 300; round++) {
        struct rig r[2];
        rig_init(&r[0]);
        rtc_set_date(&r[0].rtc, next_random(&seed));
        unsigned copies = 1;
        for (unsigned step = 0; step < 200; step++) {
            if (step == 70) {
                rig_init(&r[1]);
                r[1].clock.s = r[0].clock.s;
                r[1].irq = r[0].irq;
                r[1].irq.clock = &r[1].clock;
                r[1].nmi_enable = r[0].nmi_enable;
                transfer(&rtc_mc146818_class, &r[0].rtc, &r[1].rtc);
                assert_true(clock_next_deadline(&r[0].clock) == clock_next_deadline(&r[1].clock));
                copies = 2;
            }
            uint32_t random = next_random(&seed), kind = random % 8;
            uint8_t index = random >> 3 & 15, value = (uint8_t)(random >> 8), answer[2] = {0};
            if (index == 0x0a && random >> 28)
                value = (value & 0x0f) | 0x20; // mostly running
            uint64_t to = r[0].clock.s.tick + (uint64_t)(random >> 16) * (random & 0x80 ? 100 : 100000);
            for (unsigned n = 0; n < copies; n++) {
                if (kind < 3)
                    wr(&r[n], index, value);
                else if (kind < 6)
                    answer[n] = rd(&r[n], index);
                else
                    run_to(&r[n].clock, to);
            }
            assert_null(rtc_mc146818_class.check(&r[0].rtc));
            if (copies == 2) {
                assert_int_equal(answer[0], answer[1]);
                assert_int_equal(r[0].irq.level, r[1].irq.level);
                assert_int_equal(r[0].irq.rises, r[1].irq.rises);
                assert_int_equal(r[0].irq.rise_tick, r[1].irq.rise_tick);
                assert_same_state(&rtc_mc146818_class, &r[0].rtc, &r[1].rtc);
            }
        }
    }
}

static void test_hostile_state(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    unsigned accepted = 0;
    for (unsigned round = 0; round < 5000; round++) {
        struct rig r;
        rig_init(&r);
        r.clock.s.tick = (uint64_t)next_random(&seed) << next_random(&seed) % 32;
        for (unsigned n = 0; n < 128; n++)
            r.rtc.s.ram[n] = (uint8_t)next_random(&seed);
        r.rtc.s.ram[0x0a] &= 0x7f;
        r.rtc.s.ram[0x0c] &= 0x70;
        r.rtc.s.ram[0x0d] = 0x80;
        r.rtc.s.index = next_random(&seed) % 130;
        r.rtc.s.update_ns = (uint64_t)next_random(&seed) << next_random(&seed) % 33;
        r.rtc.s.divider_ns = (uint64_t)next_random(&seed) << next_random(&seed) % 33;
        r.rtc.s.settled_ns = (uint64_t)next_random(&seed) << next_random(&seed) % 33;
        if (rtc_mc146818_class.check(&r.rtc))
            continue;
        accepted++;
        rtc_mc146818_class.update(&r.rtc);
        for (unsigned step = 0; step < 5; step++) {
            assert_true(clock_run_due(&r.clock, 64) < 64);
            (void)rd(&r, 0x0c);
            (void)date(&r);
            r.clock.s.tick += SECOND;
        }
    }
    assert_true(accepted > 1000);
    struct rig r;
    rig_init(&r);
    r.rtc.s.update_ns = UINT64_MAX;
    assert_non_null(rtc_mc146818_class.check(&r.rtc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_on),           cmocka_unit_test(test_dates),
        cmocka_unit_test(test_long_jump),          cmocka_unit_test(test_formats),
        cmocka_unit_test(test_update_in_progress), cmocka_unit_test(test_set),
        cmocka_unit_test(test_write_without_set),  cmocka_unit_test(test_nonsense_in_registers),
        cmocka_unit_test(test_divider_reset),      cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_update_interrupt),   cmocka_unit_test(test_alarm),
        cmocka_unit_test(test_alarm_flag_lazily),  cmocka_unit_test(test_memory_and_nmi_mask),
        cmocka_unit_test(test_reset_pin),          cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_hostile_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
