// The mouse: reports of each kind, their rate and scaling, and every command.
#include "tests/unit/chip_rig.h"

#include <stdio.h>

#include "devices/ps2_mouse.h"

struct rig {
    struct clock clock;
    struct ps2_mouse mouse;
    uint8_t got[256];
    unsigned count;
};

#define MS 1000000u

static void receive(void *ctx, unsigned port, uint8_t byte)
{
    struct rig *r = ctx;
    assert_int_equal(port, 1);
    r->got[r->count++ % sizeof r->got] = byte;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    ps2_mouse_init(&r->mouse, &r->clock, 15);
    r->mouse.host = (struct ps2_host){receive, r, 1};
    ps2_mouse_class.update(&r->mouse);
}

static void wait(struct rig *r, uint64_t ns)
{
    run_to(&r->clock, r->clock.s.tick + ns);
}

// What has come by now, all of it, as text.
static void expect(struct rig *r, const char *text)
{
    char got[3 * sizeof r->got + 1] = "";
    wait(r, 30 * MS);
    for (unsigned n = 0; n < r->count; n++)
        snprintf(got + strlen(got), sizeof got - strlen(got), n ? " %02x" : "%02x", r->got[n]);
    assert_string_equal(got, text);
    r->count = 0;
}

static void command(struct rig *r, uint8_t v, const char *answer)
{
    ps2_mouse_write(&r->mouse, v);
    expect(r, answer);
}

static void set_rate(struct rig *r, uint8_t rate)
{
    command(r, 0xf3, "fa");
    command(r, rate, "fa");
}

static void test_reports(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    ps2_mouse_move(&r.mouse, 1, 1, 1, 1);
    expect(&r, ""); // off
    command(&r, 0xf4, "fa");
    expect(&r, ""); // and that is gone
    ps2_mouse_move(&r.mouse, 3, 4, 0, 1);
    expect(&r, "29 03 fc"); // left, down is negative
    ps2_mouse_move(&r.mouse, -3, -4, 5, 2 | 4);
    expect(&r, "1e fd 04"); // no wheel yet
    ps2_mouse_move(&r.mouse, 0, 0, 1, 2 | 4 | 8);
    expect(&r, ""); // nor a fourth button
    ps2_mouse_move(&r.mouse, 600, -300, 0, 0);
    expect(&r, "08 ff ff 08 ff 2d 08 5a 00"); // more than a report can say
    ps2_mouse_move(&r.mouse, INT32_MIN, INT32_MAX, INT32_MIN, 0xffffffff);
    wait(&r, 20 * MS);
    assert_int_equal(r.got[0], 0x3f);
    assert_int_equal(r.got[1], 1); // -255
}

static void test_wheel(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    set_rate(&r, 200);
    set_rate(&r, 100);
    set_rate(&r, 80);
    command(&r, 0xf2, "fa 03");
    command(&r, 0xf4, "fa");
    ps2_mouse_move(&r.mouse, 1, 0, -2, 8);
    expect(&r, "08 01 00 fe");
    set_rate(&r, 200);
    set_rate(&r, 200);
    set_rate(&r, 80);
    command(&r, 0xf2, "fa 04");
    ps2_mouse_move(&r.mouse, 0, 0, 9, 16);
    expect(&r, "08 00 00 27 08 00 00 22");
    ps2_mouse_move(&r.mouse, 0, 0, -1, 8);
    expect(&r, "08 00 00 1f");
    ps2_mouse_write(&r.mouse, 0xff);
    expect(&r, "fa aa 00");
    command(&r, 0xf2, "fa 00");
}

static void test_rate(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    set_rate(&r, 20);
    command(&r, 0xf4, "fa");
    for (unsigned n = 0; n < 1000; n++) {
        ps2_mouse_move(&r.mouse, 1, 0, 0, 0);
        wait(&r, MS);
    }
    assert_in_range(r.count, 3 * 20, 3 * 21);
    unsigned sum = 0;
    wait(&r, 100 * MS);
    for (unsigned n = 1; n < r.count; n += 3)
        sum += r.got[n];
    assert_int_equal(sum, 1000); // nothing is lost
}

static void test_commands(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    command(&r, 0xe9, "fa 00 02 64");
    command(&r, 0xe7, "fa");
    command(&r, 0xe8, "fa");
    command(&r, 0x03, "fa");
    set_rate(&r, 200);
    command(&r, 0xf4, "fa");
    ps2_mouse_move(&r.mouse, 0, 0, 0, 1);
    expect(&r, "09 00 00");
    command(&r, 0xe9, "fa 34 03 c8");
    ps2_mouse_move(&r.mouse, 4, -200, 0, 1); // scaled: 6, and as much as there can be
    expect(&r, "09 06 ff");
    ps2_mouse_move(&r.mouse, -9, 2, 0, 1);
    expect(&r, "39 ee ff");
    command(&r, 0xe6, "fa");
    command(&r, 0xe8, "fa");
    command(&r, 0x04, "fe");
    command(&r, 0xf3, "fa");
    command(&r, 0x07, "fe");
    command(&r, 0x01, "fe");
    command(&r, 0xf0, "fa"); // remote
    ps2_mouse_move(&r.mouse, 7, 0, 0, 1);
    expect(&r, "");
    command(&r, 0xeb, "fa 09 07 00");
    command(&r, 0xeb, "fa 09 00 00");
    command(&r, 0xee, "fa"); // wrap
    command(&r, 0xf2, "f2");
    command(&r, 0xeb, "eb");
    command(&r, 0xec, "fa");
    command(&r, 0xfe, "fa");
    command(&r, 0xea, "fa");
    ps2_mouse_move(&r.mouse, 7, 0, 0, 1);
    expect(&r, "09 07 00");
    command(&r, 0xf5, "fa");
    ps2_mouse_move(&r.mouse, 7, 0, 0, 0);
    expect(&r, "");
    command(&r, 0xf6, "fa");
    command(&r, 0xe9, "fa 00 02 64");
}

static void test_checked(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_null(ps2_mouse_class.check(&r.mouse));
    struct ps2_mouse bad[6];
    for (unsigned n = 0; n < 6; n++)
        bad[n] = r.mouse;
    bad[0].s.sender[0].queued = 17;
    bad[1].s.rate = 0;
    bad[2].s.id = 1;
    bad[3].s.mode = 0x80;
    bad[4].s.command = 0xff;
    bad[5].s.buttons = 0x20;
    for (unsigned n = 0; n < 6; n++)
        assert_non_null(ps2_mouse_class.check(&bad[n]));
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint64_t seed = 3;
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
            ps2_mouse_init(&r[1].mouse, &r[1].clock, 15);
            r[1].mouse.host = (struct ps2_host){receive, &r[1], 1};
            transfer(&ps2_mouse_class, &r[0].mouse, &r[1].mouse);
            received += r[0].count;
            r[0].count = 0;
        }
        uint32_t random = next_random(&seed), value = next_random(&seed);
        for (unsigned n = 0; n < 2; n++) {
            switch (random % 8) {
            case 0:
                ps2_mouse_write(&r[n].mouse, random & 0x100 ? 0xf4 : (uint8_t)(random & 0x200 ? value | 0xe0 : value));
                break;
            case 1:
                ps2_mouse_clock(&r[n].mouse, value % 4);
                break;
            case 2:
            case 3:
            case 4:
                ps2_mouse_move(&r[n].mouse, (int)(value & 0x3ff) - 512, (int)(value >> 10 & 0x3f) - 32,
                               (int)(value >> 16 & 7) - 4, value >> 20);
                break;
            default:
                wait(&r[n], value % (20 * MS));
                break;
            }
        }
        assert_int_equal(r[0].count, r[1].count);
        assert_memory_equal(r[0].got, r[1].got, r[0].count < 256 ? r[0].count : 256);
        assert_same_state(&ps2_mouse_class, &r[0].mouse, &r[1].mouse);
    }
    assert_true(received > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),  cmocka_unit_test(test_wheel),   cmocka_unit_test(test_rate),
        cmocka_unit_test(test_commands), cmocka_unit_test(test_checked), cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
