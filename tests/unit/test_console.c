// The terminal's keys and timestamps.
#include "host/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// Types `text`; what goes to the front end comes back, with a letter in {} for each command.
static const char *type(struct console *c, const char *text)
{
    static char out[4096];
    size_t n = 0;
    for (; *text; text++) {
        static const char *const marks[] = {[CONSOLE_NONE] = "",      [CONSOLE_EXIT] = "{x}",  [CONSOLE_HELP] = "{h}",
                                            [CONSOLE_SWITCH] = "{c}", [CONSOLE_BREAK] = "{b}", [CONSOLE_SAVE] = "{s}"};
        enum console_action action = console_key(c, (uint8_t)*text);
        n += (size_t)(action == CONSOLE_SEND ? sprintf(out + n, "%c", *text) : sprintf(out + n, "%s", marks[action]));
    }
    out[n] = 0;
    return out;
}

static void keys_are_taken_out(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, true, CONSOLE_ESCAPE);
    assert_string_equal(type(&c, "a\x03\x1a\r\x7f"), "a\x03\x1a\r\x7f");
    assert_string_equal(type(&c, "a\x01\x01z"), "a\x01z");
    assert_string_equal(type(&c, "\x01xy"), "{x}y");
    assert_string_equal(type(&c, "\x01qr"), "r");
    assert_string_equal(type(&c, "\x01h\x01?\x01s"), "{h}{h}{s}");
    assert_string_equal(type(&c, "\001c\001bd"), "{c}{b}d");
    // The two halves may come at different times.
    assert_string_equal(type(&c, "\x01"), "");
    assert_string_equal(type(&c, "x"), "{x}");
}

static void another_escape(void **state)
{
    (void)state;
    struct console c;
    char help[CONSOLE_HELP_BYTES], key[CONSOLE_KEY_NAME];
    console_init(&c, true, 0x14);
    assert_string_equal(type(&c, "\x01xy\x14x\x14\x14"), "\x01xy{x}\x14");
    assert_non_null(strstr(console_help(&c, help), "Ctrl-T x"));
    assert_null(strstr(help, "Ctrl-A"));
    assert_string_equal(console_key_name(1, key), "Ctrl-A");
    assert_string_equal(console_key_name('q', key), "q");
    assert_string_equal(console_key_name(0xff, key), "0xff");
}

static void help(void **state)
{
    (void)state;
    struct console c;
    char text[CONSOLE_HELP_BYTES];
    console_init(&c, true, CONSOLE_ESCAPE);
    static const char *const keys[] = {"Ctrl-A h", "Ctrl-A x", "Ctrl-A c",     "Ctrl-A b",
                                       "Ctrl-A t", "Ctrl-A s", "Ctrl-A Ctrl-A"};
    for (unsigned n = 0; n < ARRAY_LEN(keys); n++)
        assert_non_null(strstr(console_help(&c, text), keys[n]));
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void without_keys_all_is_the_guests(void **state)
{
    (void)state;
    struct console c;
    console_init(&c, false, CONSOLE_ESCAPE);
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
    console_init(&c, true, CONSOLE_ESCAPE);
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
        cmocka_unit_test(another_escape),
        cmocka_unit_test(help),
        cmocka_unit_test(without_keys_all_is_the_guests),
        cmocka_unit_test(timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
