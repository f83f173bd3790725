// The keyboard: scan codes of the three sets, typematic repetition, the queue and its overrun, every command.
#include "tests/unit/chip_rig.h"

#include <stdio.h>

#include "devices/ps2_keyboard.h"

struct rig {
    struct clock clock;
    struct ps2_keyboard kbd;
    uint8_t got[256];
    unsigned count;
    uint64_t tick; // of the last byte
};

#define MS 1000000u

enum { A = 0x04, F7 = 0x40, PRINT = 0x46, PAUSE = 0x48, UP = 0x52, LCTRL = 0xe0, LSHIFT = 0xe1, RALT = 0xe6 };

static void receive(void *ctx, unsigned port, uint8_t byte)
{
    struct rig *r = ctx;
    assert_int_equal(port, 0);
    r->tick = r->clock.s.tick;
    r->got[r->count++ % sizeof r->got] = byte;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    ps2_keyboard_init(&r->kbd, &r->clock, 13);
    r->kbd.host = (struct ps2_host){receive, r, 0};
    ps2_keyboard_class.update(&r->kbd);
}

static void wait(struct rig *r, uint64_t ns)
{
    run_to(&r->clock, r->clock.s.tick + ns);
}

static void key(struct rig *r, uint32_t usage, bool down)
{
    ps2_keyboard_key(&r->kbd, usage, down);
}

// What has come by now, all of it, as text.
static void expect(struct rig *r, const char *text)
{
    char got[3 * sizeof r->got + 1] = "";
    wait(r, 20 * PS2_BYTE_NS);
    for (unsigned n = 0; n < r->count; n++)
        snprintf(got + strlen(got), sizeof got - strlen(got), n ? " %02x" : "%02x", r->got[n]);
    assert_string_equal(got, text);
    r->count = 0;
}

static void command(struct rig *r, uint8_t v, const char *answer)
{
    ps2_keyboard_write(&r->kbd, v);
    expect(r, answer);
}

static void press(struct rig *r, uint32_t usage, const char *make, const char *breaks)
{
    key(r, usage, true);
    expect(r, make);
    key(r, usage, false);
    expect(r, breaks);
}

static void test_sets(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    press(&r, A, "1c", "f0 1c");
    press(&r, F7, "83", "f0 83");
    press(&r, UP, "e0 75", "e0 f0 75");
    press(&r, PRINT, "e0 12 e0 7c", "e0 f0 7c e0 f0 12");
    press(&r, PAUSE, "e1 14 77 e1 f0 14 f0 77", "");
    press(&r, 0xc00e9, "e0 32", "e0 f0 32"); // volume up
    command(&r, 0xf0, "fa");
    command(&r, 0x01, "fa");
    press(&r, A, "1e", "9e");
    press(&r, UP, "e0 48", "e0 c8");
    press(&r, PRINT, "e0 2a e0 37", "e0 b7 e0 aa");
    press(&r, PAUSE, "e1 1d 45 e1 9d c5", "");
    key(&r, LSHIFT, true);
    expect(&r, "2a");
    press(&r, PRINT, "e0 37", "e0 b7");
    key(&r, LSHIFT, false);
    key(&r, RALT, true);
    expect(&r, "aa e0 38");
    press(&r, PRINT, "54", "d4");
    key(&r, RALT, false);
    key(&r, LCTRL, true);
    expect(&r, "e0 b8 1d");
    press(&r, PAUSE, "e0 46 e0 c6", "");
    key(&r, LCTRL, false);
    expect(&r, "9d");
    command(&r, 0xf0, "fa");
    command(&r, 0x03, "fa");
    press(&r, A, "1c", ""); // typematic, no break
    press(&r, LSHIFT, "12", "f0 12");
    press(&r, PAUSE, "62", "");
    press(&r, 0xc00e9, "", "");
    command(&r, 0xf0, "fa");
    command(&r, 0x00, "fa 03");
}

static void test_not_there(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    press(&r, 0, "", "");
    press(&r, 0xffffffff, "", "");
    press(&r, 0x70004, "", ""); // page 7 is given as 0
    key(&r, A, true);
    key(&r, A, true);
    key(&r, A, false);
    key(&r, A, false);
    expect(&r, "1c f0 1c");
}

static void test_typematic(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    key(&r, A, true);
    wait(&r, 500 * MS); // the delay, and then 24 / 2.18 times a second
    assert_int_equal(r.count, 1);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(r.count, 2);
    uint64_t from = r.tick, period = (uint64_t)(8 + 3) * 2 * 1000 * MS / 240;
    wait(&r, period * 7 + 2);
    assert_int_equal(r.count, 2 + 7);
    assert_in_range(r.tick - from, period * 7, period * 7 + 7);
    key(&r, F7, true); // the one pressed last repeats
    wait(&r, 500 * MS + PS2_BYTE_NS);
    assert_int_equal(r.got[r.count - 1], 0x83);
    unsigned count = r.count;
    key(&r, A, false);
    wait(&r, 4 * PS2_BYTE_NS);
    assert_int_equal(r.count, count + 2);
    wait(&r, 1000 * MS);
    assert_true(r.count > count + 9);
    key(&r, F7, false);
    wait(&r, 4 * PS2_BYTE_NS);
    count = r.count;
    wait(&r, 5000 * MS);
    assert_int_equal(r.count, count);
    r.count = 0;
    command(&r, 0xf3, "fa");
    command(&r, 0x00, "fa"); // 250 ms, 30 a second
    key(&r, A, true);
    wait(&r, (uint64_t)1250 * MS + PS2_BYTE_NS);
    assert_in_range(r.count, 31, 32);
    key(&r, A, false);
    wait(&r, 20 * PS2_BYTE_NS);
    r.count = 0;
    key(&r, PAUSE, true); // never repeats
    wait(&r, 5000 * MS);
    assert_int_equal(r.count, 8);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
}

static void test_overrun(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    ps2_keyboard_clock(&r.kbd, false);
    for (unsigned n = 0; n < 5; n++) { // 15 bytes
        key(&r, A + n, true);
        key(&r, A + n, false);
    }
    key(&r, UP, true); // two more do not fit
    key(&r, UP, false);
    wait(&r, 100 * MS);
    assert_int_equal(r.count, 0); // the clock is held
    ps2_keyboard_clock(&r.kbd, true);
    uint64_t from = r.clock.s.tick;
    expect(&r, "1c f0 1c 32 f0 32 21 f0 21 23 f0 23 24 f0 24 00");
    assert_int_equal(r.tick - from, 16 * PS2_BYTE_NS);
    // An answer overtakes keys.
    ps2_keyboard_clock(&r.kbd, false);
    key(&r, A, true);
    ps2_keyboard_write(&r.kbd, 0xee);
    key(&r, A, false);
    ps2_keyboard_clock(&r.kbd, true);
    expect(&r, "ee 1c f0 1c");
}

static void test_commands(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    command(&r, 0xee, "ee");
    command(&r, 0xf2, "fa ab 83");
    command(&r, 0xfe, "83"); // the last byte again
    command(&r, 0x12, "fe");
    command(&r, 0xed, "fa");
    command(&r, 0x07, "fa");
    assert_int_equal(r.kbd.s.leds, 7);
    command(&r, 0xed, "fa");
    command(&r, 0xf4, "fa"); // another command in place of the parameter
    assert_int_equal(r.kbd.s.leds, 7);
    command(&r, 0xf0, "fa");
    command(&r, 0x04, "fe");
    command(&r, 0xf0, "fa");
    command(&r, 0x00, "fa 02");
    command(&r, 0xf5, "fa");
    press(&r, A, "", "");
    command(&r, 0xf6, "fa"); // defaults, and still off
    press(&r, A, "", "");
    command(&r, 0xf4, "fa");
    press(&r, A, "1c", "f0 1c");
    key(&r, A, true);
    ps2_keyboard_write(&r.kbd, 0xf4); // clears the queue
    expect(&r, "fa");
    key(&r, A, false);
    expect(&r, "f0 1c");
    // Kinds of keys in set 3.
    command(&r, 0xf0, "fa");
    command(&r, 0x03, "fa");
    command(&r, 0xf8, "fa");
    press(&r, A, "1c", "f0 1c");
    command(&r, 0xf9, "fa");
    press(&r, A, "1c", "");
    press(&r, LSHIFT, "12", "");
    command(&r, 0xfc, "fa");
    command(&r, 0x1c, "fa");
    command(&r, 0x32, "fa");
    command(&r, 0xf4, "fa"); // ends the list
    press(&r, A, "1c", "f0 1c");
    press(&r, A + 1, "32", "f0 32");
    press(&r, A + 2, "21", "");
    command(&r, 0xfa, "fa");
    key(&r, A, true);
    wait(&r, 700 * MS);
    assert_true(r.count > 2);
    key(&r, A, false);
    wait(&r, 20 * PS2_BYTE_NS);
    r.count = 0;
    command(&r, 0xf6, "fa");
    press(&r, A, "1c", "f0 1c"); // set 2
}

static void test_reset(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    command(&r, 0xf5, "fa");
    ps2_keyboard_write(&r.kbd, 0xff);
    wait(&r, PS2_BYTE_NS);
    assert_int_equal(r.count, 1);
    key(&r, A, true); // during the test
    wait(&r, 5 * MS - PS2_BYTE_NS);
    assert_int_equal(r.count, 1);
    key(&r, A, false);
    wait(&r, PS2_BYTE_NS);
    expect(&r, "fa aa f0 1c");
    press(&r, A, "1c", "f0 1c"); // on again
}

static void test_checked(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_null(ps2_keyboard_class.check(&r.kbd));
    struct ps2_keyboard bad[9];
    for (unsigned n = 0; n < 9; n++)
        bad[n] = r.kbd;
    bad[0].s.sender[0].replies = 9;
    bad[1].s.sender[0].queued = 17;
    bad[2].s.set = 0;
    bad[3].s.rate = 0x80;
    bad[4].s.repeated = 0xff;
    bad[5].s.command = 0xee;
    bad[6].s.kind[0] = 4;
    bad[7].s.down[PS2_KEYBOARD_KEYS - 1] = 1;
    bad[8].s.set = 4;
    for (unsigned n = 0; n < 9; n++)
        assert_non_null(ps2_keyboard_class.check(&bad[n]));
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 102;
    struct rig r[2];
    rig_init(&r[0]);
    rig_init(&r[1]);
    unsigned received = 0;
    for (unsigned step = 0; step < 20000; step++) {
        if (step % 50 == 0) {
            uint64_t tick = r[0].clock.s.tick;
            memset(&r[1], 0, sizeof r[1]);
            clock_init(&r[1].clock);
            r[1].clock.s.tick = tick;
            ps2_keyboard_init(&r[1].kbd, &r[1].clock, 13);
            r[1].kbd.host = (struct ps2_host){receive, &r[1], 0};
            transfer(&ps2_keyboard_class, &r[0].kbd, &r[1].kbd);
            received += r[0].count;
            r[0].count = 0;
        }
        uint32_t random = next_random(&seed), value = next_random(&seed);
        for (unsigned n = 0; n < 2; n++) {
            switch (random % 8) {
            case 0:
                ps2_keyboard_write(&r[n].kbd, (uint8_t)(random & 0x100 ? value | 0xe0 : value));
                break;
            case 1:
                ps2_keyboard_clock(&r[n].kbd, value % 4);
                break;
            case 2:
            case 3:
            case 4:
                key(&r[n], value & 0xff, value & 0x100);
                break;
            default:
                wait(&r[n], value % (random & 0x100 ? 3 * MS : 600 * MS));
                break;
            }
        }
        assert_int_equal(r[0].count, r[1].count);
        assert_memory_equal(r[0].got, r[1].got, r[0].count < 256 ? r[0].count : 256);
        assert_same_state(&ps2_keyboard_class, &r[0].kbd, &r[1].kbd);
    }
    assert_true(received > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),    cmocka_unit_test(test_not_there),     cmocka_unit_test(test_typematic),
        cmocka_unit_test(test_overrun), cmocka_unit_test(test_commands),      cmocka_unit_test(test_reset),
        cmocka_unit_test(test_checked), cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
