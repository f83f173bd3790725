// The terminal's keys and timestamps.
#include "host/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// Types `text`; what goes to the guest comes back, with answers in {}, and ! for the end.
static const char *type(struct console *c, const char *text)
{
    static char out[4096];
    size_t n = 0;
    for (; *text; text++) {
        const char *answer = NULL;
        switch (console_key(c, (uint8_t)*text, &answer)) {
        case CONSOLE_NONE:
            break;
        case CONSOLE_SEND:
            out[n++] = *text;
            break;
        case CONSOLE_EXIT:
            out[n++] = '!';
            break;
        case CONSOLE_SAY:
            assert_non_null(answer);
            assert_int_equal(answer[strlen(answer) - 1], '\n');
            n += (size_t)snprintf(out + n, sizeof out - n, "{%s}", answer);
            break;
        }
    }
    out[n] = 0;
    return out;
}

static void keys_are_taken_out(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, true);
    assert_string_equal(type(&c, "a\x03\x1a\r\x7f"), "a\x03\x1a\r\x7f");
    assert_string_equal(type(&c, "a\x01\x01z"), "a\x01z");
    assert_string_equal(type(&c, "\x01xy"), "!y");
    assert_string_equal(type(&c, "\x01qr"), "r");
    // The two halves may come at different times.
    assert_string_equal(type(&c, "\x01"), "");
    assert_string_equal(type(&c, "x"), "!");
}

static void answers(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, true);
    static const char *const keys[] = {"Ctrl-A h", "Ctrl-A x", "Ctrl-A c",     "Ctrl-A b",
                                       "Ctrl-A t", "Ctrl-A s", "Ctrl-A Ctrl-A"};
    for (unsigned n = 0; n < ARRAY_LEN(keys); n++) {
        assert_non_null(strstr(type(&c, "\x01h"), keys[n]));
        assert_non_null(strstr(type(&c, "\x01?"), keys[n]));
    }
    assert_non_null(strstr(type(&c, "\x01"
                                    "c"),
                           "monitor comes later"));
    assert_non_null(strstr(type(&c, "\x01"
                                    "b"),
                           "break"));
    assert_non_null(strstr(type(&c, "\x01s"), "no disks yet"));
}

static void without_keys_all_is_the_guests(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, false);
    assert_string_equal(type(&c, "\x01x\x01\x01h"), "\x01x\x01\x01h");
}

// Writes `text` at guest time `ns`.
static const char *show(struct console *c, const char *text, uint64_t ns)
{
    static char out[256];
    size_t n = 0;
    for (; *text; text++) {
        n += console_stamp(c, (uint8_t)*text, ns, out + n);
        out[n++] = *text;
    }
    out[n] = 0;
    return out;
}

static void timestamps(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, true);
    assert_string_equal(show(&c, "a\nb", 0), "a\nb");
    type(&c, "\x01t");
    assert_string_equal(show(&c, "c\nd\n\ne", 61002999999), "c\n[00:01:01.002] d\n[00:01:01.002] \n[00:01:01.002] e");
    assert_string_equal(show(&c, "\nf", 3600000000000u * 25), "\n[25:00:00.000] f");
    assert_string_equal(show(&c, "\ng", UINT64_MAX), "\n[95:34:33.709] g");
    type(&c, "\x01t");
    assert_string_equal(show(&c, "\nh", 0), "\nh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_taken_out),
        cmocka_unit_test(answers),
        cmocka_unit_test(without_keys_all_is_the_guests),
        cmocka_unit_test(timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
