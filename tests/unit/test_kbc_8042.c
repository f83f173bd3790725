// The 8042: commands, buffers and their timing, translation, interrupts, A20 and reset; with devices that only record.
#include "tests/unit/chip_rig.h"

#include "devices/kbc_8042.h"

// A device that has bytes to send as soon as the clock is free.
struct fake {
    struct ps2_sender sender;
    struct clock *clock;
    struct event event;
    struct kbc_8042 *kbc;
    unsigned port, written;
    uint8_t byte;
    uint64_t written_tick;
};

struct rig {
    struct clock clock;
    struct kbc_8042 kbc;
    struct fake fake[2];
    struct probe irq[2], a20, reset;
};

static void fake_arm(struct fake *f)
{
    event_set(&f->event, ps2_deadline(&f->sender));
}

static void fake_fire(void *ctx)
{
    struct fake *f = ctx;
    uint8_t byte = ps2_take(&f->sender, clock_ns(f->clock));
    kbc_8042_receive(f->kbc, f->port, byte);
    fake_arm(f);
}

static void fake_write(void *ctx, uint8_t byte)
{
    struct fake *f = ctx;
    f->written++;
    f->byte = byte;
    f->written_tick = f->clock->s.tick;
}

static void fake_clock(void *ctx, bool free)
{
    struct fake *f = ctx;
    ps2_clock(&f->sender, clock_ns(f->clock), free);
    fake_arm(f);
}

static void connect(struct rig *r, bool aux)
{
    for (unsigned n = 0; n < 2; n++) {
        struct fake *f = &r->fake[n];
        f->clock = &r->clock;
        f->kbc = &r->kbc;
        f->port = n;
        event_init(&f->event, &r->clock, 13 + n, fake_fire, f);
        r->irq[n].clock = &r->clock;
        r->kbc.irq[n] = probe_line(&r->irq[n]);
        if (n == 0 || aux)
            r->kbc.device[n] = (struct ps2_device){fake_write, fake_clock, f};
    }
    r->kbc.a20 = probe_line(&r->a20);
    r->kbc.reset = probe_line(&r->reset);
}

static void rig_init(struct rig *r, bool aux)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    kbc_8042_init(&r->kbc, &r->clock, 12);
    for (unsigned n = 0; n < 2; n++)
        state_reset(ps2_sender_fields, &r->fake[n].sender);
    connect(r, aux);
    kbc_8042_class.update(&r->kbc);
}

static void say(struct rig *r, unsigned port, uint8_t byte)
{
    ps2_queue(&r->fake[port].sender, clock_ns(&r->clock), byte);
    fake_arm(&r->fake[port]);
}

static void wait(struct rig *r, uint64_t ns)
{
    run_to(&r->clock, r->clock.s.tick + ns);
}

static uint8_t status(struct rig *r)
{
    return in(&kbc_8042_command_io, &r->kbc, 0);
}

static uint8_t data(struct rig *r)
{
    return in(&kbc_8042_data_io, &r->kbc, 0);
}

static void command(struct rig *r, uint8_t v)
{
    out(&kbc_8042_command_io, &r->kbc, 0, v);
}

static void parameter(struct rig *r, uint8_t v)
{
    out(&kbc_8042_data_io, &r->kbc, 0, v);
}

// As a careful system does it: waits for the input buffer, then for the answer.
static void careful(struct rig *r, uint8_t v)
{
    for (unsigned n = 0; status(r) & 2; n++) {
        assert_true(n < 100);
        wait(r, 50000);
    }
    command(r, v);
}

static uint8_t answer(struct rig *r)
{
    for (unsigned n = 0; !(status(r) & 1); n++) {
        assert_true(n < 100);
        wait(r, 50000);
    }
    return data(r);
}

static void test_commands(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, true);
    assert_int_equal(status(&r), 0x18);
    command(&r, 0xaa);
    assert_int_equal(status(&r) & 0x03, 2); // busy, no answer yet
    wait(&r, 19999);
    assert_int_equal(status(&r) & 0x03, 2);
    wait(&r, 1);
    assert_int_equal(status(&r), 0x1d); // OBF, SYS, command, not locked
    assert_int_equal(data(&r), 0x55);
    assert_int_equal(status(&r), 0x1c);
    static const uint8_t pairs[][2] = {{0xab, 0x00}, {0xa9, 0x00}, {0xa4, 0xf1},
                                       {0xc0, 0x80}, {0xd0, 0xcf}, {0x20, 0x34}};
    for (unsigned n = 0; n < ARRAY_LEN(pairs); n++) {
        careful(&r, pairs[n][0]);
        assert_int_equal(answer(&r), pairs[n][1]);
    }
    careful(&r, 0x60);
    parameter(&r, 0x47);
    assert_int_equal(status(&r) & 0x08, 0); // a data byte was last
    careful(&r, 0x20);
    assert_int_equal(answer(&r), 0x47);
    careful(&r, 0xa7);
    careful(&r, 0xad);
    careful(&r, 0x20);
    assert_int_equal(answer(&r), 0x77);
    careful(&r, 0xa8);
    careful(&r, 0xae);
    careful(&r, 0x20);
    assert_int_equal(answer(&r), 0x47);
    careful(&r, 0x7f); // the last byte of the RAM
    parameter(&r, 0xa5);
    careful(&r, 0x3f);
    assert_int_equal(answer(&r), 0xa5);
    careful(&r, 0xd2);
    parameter(&r, 0x5a);
    assert_int_equal(answer(&r), 0x5a);
    careful(&r, 0xd3);
    parameter(&r, 0xa5);
    wait(&r, 20000);
    assert_int_equal(status(&r) & 0x21, 0x21);
    assert_true(r.irq[1].level);
    assert_int_equal(data(&r), 0xa5);
    assert_false(r.irq[1].level);
    assert_int_equal(r.fake[0].written + r.fake[1].written, 0);
}

static void test_to_devices(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, true);
    uint64_t from = r.clock.s.tick;
    parameter(&r, 0xf4);
    wait(&r, PS2_BYTE_NS - 1);
    assert_int_equal(r.fake[0].written, 0);
    assert_int_equal(status(&r) & 2, 2);
    wait(&r, 1);
    assert_int_equal(r.fake[0].written, 1);
    assert_int_equal(r.fake[0].byte, 0xf4);
    assert_int_equal(r.fake[0].written_tick - from, PS2_BYTE_NS);
    assert_int_equal(status(&r) & 2, 0);
    assert_int_equal(r.kbc.s.ram[0] & 0x10, 0); // the keyboard is on now
    command(&r, 0xd4);
    parameter(&r, 0xf2);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(r.fake[1].byte, 0xf2);
    // Without looking at IBF: nothing is lost.
    parameter(&r, 0xed);
    parameter(&r, 0x07);
    assert_int_equal(r.fake[0].byte, 0xed);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(r.fake[0].byte, 0x07);
    assert_int_equal(r.fake[0].written, 3);
}

static void test_absent(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, false);
    command(&r, 0xd4);
    parameter(&r, 0xff);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(status(&r) & 0x61, 0x61); // time-out, auxiliary
    assert_int_equal(data(&r), 0xfe);
    assert_int_equal(status(&r) & 0x41, 0);
}

static void test_from_devices(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, true);
    say(&r, 0, 0x1c);
    wait(&r, 10 * PS2_BYTE_NS);
    assert_int_equal(status(&r) & 1, 0); // the clock is held
    command(&r, 0x60);
    parameter(&r, 0x03); // both on, both interrupts, as they come
    say(&r, 0, 0xf0);
    say(&r, 1, 0x09);
    uint64_t from = r.clock.s.tick;
    wait(&r, PS2_BYTE_NS);
    assert_true(r.irq[0].level);
    assert_int_equal(r.irq[0].rise_tick, from + PS2_BYTE_NS);
    assert_int_equal(status(&r) & 0x21, 0x01);
    wait(&r, 10 * PS2_BYTE_NS); // nobody overwrites it
    assert_int_equal(data(&r), 0x1c);
    assert_false(r.irq[0].level);
    assert_int_equal(status(&r) & 1, 0);
    assert_int_equal(data(&r), 0x1c); // the last one again
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(data(&r), 0xf0);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(status(&r) & 0x21, 0x21);
    assert_true(r.irq[1].level);
    assert_int_equal(data(&r), 0x09);
    assert_int_equal(r.irq[0].rises, 2);
    assert_int_equal(r.irq[1].rises, 1);
    // A command's answer waits for the buffer.
    say(&r, 0, 0x33);
    wait(&r, PS2_BYTE_NS);
    command(&r, 0x20);
    wait(&r, 100000);
    assert_int_equal(data(&r), 0x33);
    wait(&r, 1);
    assert_int_equal(data(&r), 0x03);
}

static void test_translation(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, false);
    kbc_8042_firmware_setup(&r.kbc);
    static const uint8_t set2[] = {0x1c, 0xf0, 0x1c, 0xe0, 0x75, 0xe0, 0xf0, 0x75,
                                   0x83, 0x84, 0x00, 0xfa, 0xaa, 0xfe, 0xee};
    static const uint8_t set1[] = {0x1e, 0x9e, 0xe0, 0x48, 0xe0, 0xc8, 0x41, 0x54, 0xff, 0xfa, 0xaa, 0xfe, 0xee};
    for (unsigned n = 0; n < ARRAY_LEN(set2); n++)
        say(&r, 0, set2[n]);
    for (unsigned n = 0; n < ARRAY_LEN(set1); n++)
        assert_int_equal(answer(&r), set1[n]);
    wait(&r, 100 * PS2_BYTE_NS);
    assert_int_equal(status(&r) & 1, 0);
    assert_int_equal(r.irq[0].rises, ARRAY_LEN(set1));
}

static void test_a20_and_reset(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, false);
    assert_true(r.a20.level);
    command(&r, 0xd1);
    parameter(&r, 0xdd);
    assert_false(r.a20.level);
    careful(&r, 0xd0);
    assert_int_equal(answer(&r), 0xcd);
    command(&r, 0xd1);
    parameter(&r, 0xdf);
    assert_true(r.a20.level);
    command(&r, 0xdd);
    assert_false(r.a20.level);
    command(&r, 0xdf);
    assert_true(r.a20.level);
    assert_int_equal(r.reset.rises, 0);
    command(&r, 0xff); // pulses nothing
    assert_int_equal(r.reset.rises, 0);
    command(&r, 0xfe); // at once: the processor may halt for ever behind it
    assert_int_equal(r.reset.rises, 1);
    assert_false(r.reset.level);
    command(&r, 0xd1);
    parameter(&r, 0x02);
    assert_int_equal(r.reset.rises, 2);
    assert_true(r.a20.level);
}

static void test_checked(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, false);
    assert_null(kbc_8042_class.check(&r.kbc));
    struct kbc_8042 bad[5];
    for (unsigned n = 0; n < 5; n++)
        bad[n] = r.kbc;
    bad[0].s.status |= 2;
    bad[1].s.status = 0;
    bad[2].s.port = 0;
    bad[3].s.work = 5;
    bad[4].s.breaks = 2;
    for (unsigned n = 0; n < 5; n++)
        assert_non_null(kbc_8042_class.check(&bad[n]));
}

static void test_save_and_load(void **state)
{
    (void)state;
    static const uint8_t often[] = {0xd3, 0xd4, 0x20, 0xad};
    uint64_t seed = 8042;
    struct rig r[2];
    rig_init(&r[0], true);
    rig_init(&r[1], true);
    for (unsigned step = 0; step < 20000; step++) {
        if (step % 50 == 0) {
            struct rig old = r[0];
            uint64_t tick = r[0].clock.s.tick;
            memset(&r[1], 0, sizeof r[1]);
            clock_init(&r[1].clock);
            r[1].clock.s.tick = tick;
            kbc_8042_init(&r[1].kbc, &r[1].clock, 12);
            memcpy(r[1].irq, old.irq, sizeof old.irq);
            r[1].a20 = old.a20;
            r[1].reset = old.reset;
            for (unsigned n = 0; n < 2; n++)
                r[1].fake[n] = old.fake[n];
            connect(&r[1], true);
            for (unsigned n = 0; n < 2; n++)
                fake_arm(&r[1].fake[n]);
            transfer(&kbc_8042_class, &r[0].kbc, &r[1].kbc);
        }
        uint32_t random = next_random(&seed), value = next_random(&seed);
        for (unsigned n = 0; n < 2; n++) {
            switch (random % 8) {
            case 0:
                command(&r[n], value & 0x100 ? often[value % 4] : (uint8_t)value);
                break;
            case 1:
                parameter(&r[n], (uint8_t)value);
                break;
            case 2:
                say(&r[n], value & 1, (uint8_t)(value >> 8));
                break;
            case 3:
            case 4:
                data(&r[n]);
                break;
            case 5:
                command(&r[n], 0x60);
                parameter(&r[n], value & 0x43);
                break;
            default:
                wait(&r[n], value % 1000000);
                break;
            }
        }
        assert_int_equal(status(&r[0]), status(&r[1]));
        for (unsigned n = 0; n < 2; n++) {
            assert_int_equal(r[0].irq[n].level, r[1].irq[n].level);
            assert_int_equal(r[0].irq[n].rises, r[1].irq[n].rises);
            assert_int_equal(r[0].fake[n].written, r[1].fake[n].written);
        }
        assert_int_equal(r[0].a20.level, r[1].a20.level);
        assert_int_equal(r[0].reset.rises, r[1].reset.rises);
        assert_same_state(&kbc_8042_class, &r[0].kbc, &r[1].kbc);
    }
    assert_true(r[0].irq[0].rises > 100 && r[0].irq[1].rises > 20 && r[0].fake[1].written > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),     cmocka_unit_test(test_to_devices),    cmocka_unit_test(test_absent),
        cmocka_unit_test(test_from_devices), cmocka_unit_test(test_translation),   cmocka_unit_test(test_a20_and_reset),
        cmocka_unit_test(test_checked),      cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
