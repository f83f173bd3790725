// Names of keys: combinations, and one line for each mistake.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/keys.h"

static void test_combinations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned count;
        uint32_t usage[3];
    } good[] = {
        {"a", 1, {0x04}},
        {"0", 1, {0x27}},
        {"ret", 1, {0x28}},
        {"kp_5", 1, {0x5d}},
        {"f12", 1, {0x45}},
        {"f24", 1, {0x73}},
        {"shift-a", 2, {0xe1, 0x04}},
        {"ctrl-alt-delete", 3, {0xe0, 0xe2, 0x4c}},
        {"ctrl_r-minus", 2, {0xe4, 0x2d}},
        {"volumeup", 1, {0xc00e9}},
        {"sleep", 1, {0x10082}},
    };
    for (unsigned n = 0; n < ARRAY_LEN(good); n++) {
        uint32_t usage[KEYS_MAX];
        char error[100] = "";
        assert_int_equal(keys_parse(good[n].text, usage, error, sizeof error), good[n].count);
        assert_memory_equal(usage, good[n].usage, good[n].count * sizeof usage[0]);
        assert_string_equal(error, "");
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "missing"},
        {"-", "missing"},
        {"ctrl-", "missing"},
        {"ctrl--a", "missing"},
        {"A", "'A'"},
        {"ctrl-enter", "'enter'"},
        {"ctrl alt", "'ctrl alt'"},
        {"a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a", "more than 16"},
        {"kp_55555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555", "no key"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++) {
        uint32_t usage[KEYS_MAX];
        char error[120] = "";
        assert_int_equal(keys_parse(bad[n].text, usage, error, sizeof error), 0);
        assert_non_null(strstr(error, bad[n].part));
        assert_null(strchr(error, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
