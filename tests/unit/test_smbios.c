// The SMBIOS tables as a guest finds them, and the options that set their texts.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/smbios.h"
#include "machine/smbios.h"

enum { RAM_SIZE = 2 << 20 };
#define GIB ((uint64_t)1 << 30)

struct bench {
    struct phys phys;
    struct map devices;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t *ram;
    struct machine_smbios texts;
    struct smbios_config config;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->ram = calloc(1, RAM_SIZE);
    assert_non_null(b->ram);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
    b->config = (struct smbios_config){
        .texts = &b->texts, .cpus = 1, .signature = 0x306a9, .features = 0x1783fbff, .low_bytes = 128 << 20};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    free(b->ram);
    free(b);
    return 0;
}

static uint8_t sum(const uint8_t *bytes, size_t n)
{
    unsigned total = 0;
    while (n--)
        total += *bytes++;
    return (uint8_t)total;
}

// Text `index` of a structure.
static const char *text_of(const uint8_t *s, unsigned index)
{
    const char *text = (const char *)s + s[1];
    if (!index)
        return "";
    while (--index) {
        assert_true(*text);
        text += strlen(text) + 1;
    }
    assert_true(*text);
    return text;
}

// Builds, walks all structures; structure n of a type, or NULL.
static const uint8_t *build(struct bench *b, unsigned type, unsigned nth)
{
    assert_true(smbios_build(&b->phys, &b->config));
    const uint8_t *entry = NULL, *found = NULL;
    for (uint32_t at = 0xf0000; at < 0x100000 && !entry; at += 16)
        if (!memcmp(b->ram + at, "_SM_", 4))
            entry = b->ram + at;
    assert_non_null(entry);
    assert_int_equal(entry[5], 31);
    assert_int_equal(sum(entry, 31), 0);
    assert_memory_equal(entry + 16, "_DMI_", 5);
    assert_int_equal(sum(entry + 16, 15), 0);
    assert_int_equal(entry[6], 2);
    assert_int_equal(entry[7], 8);
    const uint8_t *s = b->ram + load_u32(entry + 24), *end = s + load_u16(entry + 22);
    assert_true(end <= b->ram + SMBIOS_END);
    size_t largest = 0;
    unsigned last = 0, handles = 0;
    for (unsigned n = load_u16(entry + 28); n; n--) {
        const uint8_t *next = s + s[1];
        assert_true(next < end);
        while (next[0] || next[1])
            next++;
        next += 2;
        assert_true(next <= end);
        assert_true(load_u16(s + 2) >= handles); // all different
        handles = load_u16(s + 2) + 1;
        if (s[0] == type && nth-- == 0)
            found = s;
        largest = (size_t)(next - s) > largest ? (size_t)(next - s) : largest;
        last = s[0];
        s = next;
    }
    assert_ptr_equal(s, end);
    assert_int_equal(largest, load_u16(entry + 8));
    assert_int_equal(last, 127);
    return found;
}

static void test_defaults(void **state)
{
    struct bench *b = *state;
    static const struct {
        unsigned type, length;
    } types[] = {{0, 24}, {1, 27}, {3, 22}, {4, 42}, {16, 23}, {17, 40}, {19, 31}, {32, 11}, {127, 4}};
    for (unsigned n = 0; n < ARRAY_LEN(types); n++) {
        const uint8_t *s = build(b, types[n].type, 0);
        assert_non_null(s);
        assert_int_equal(s[1], types[n].length);
        assert_null(build(b, types[n].type, 1));
    }
    const uint8_t *s = build(b, 1, 0);
    assert_string_equal(text_of(s, s[4]), "Snowglobe");
    assert_string_equal(text_of(s, s[5]), "pc-1");
    assert_int_equal(s[7], 0); // no serial number
    s = build(b, 4, 0);
    assert_int_equal(load_u32(s + 8), 0x306a9);
    assert_int_equal(load_u32(s + 12), 0x1783fbff);
}

static void test_memory(void **state)
{
    struct bench *b = *state;
    assert_int_equal(load_u32(build(b, 16, 0) + 7), 128 << 10);
    assert_int_equal(load_u16(build(b, 17, 0) + 12), 128);
    assert_int_equal(load_u32(build(b, 19, 0) + 8), (128 << 10) - 1);
    b->config.low_bytes = 3 * GIB;
    b->config.high_bytes = 61 * GIB;
    assert_int_equal(load_u32(build(b, 16, 0) + 7), 64u << 20);
    assert_int_equal(load_u16(build(b, 17, 0) + 12), 0x7fff);
    assert_int_equal(load_u32(build(b, 17, 0) + 28), 64 << 10);
    assert_int_equal(load_u32(build(b, 19, 0) + 8), (3u << 20) - 1);
    const uint8_t *high = build(b, 19, 1);
    assert_int_equal(load_u32(high + 4), 4 << 20);
    assert_int_equal(load_u32(high + 8), (65 << 20) - 1);
}

static const char *take(struct bench *b, const char *value)
{
    static char word[128];
    const char *wrong = smbios_option(&b->texts, value, word, sizeof word);
    assert_true(memchr(word, 0, sizeof word) != NULL);
    return wrong;
}

static void test_options(void **state)
{
    struct bench *b = *state;
    assert_null(take(b, "type=1,manufacturer=Maker,product=A,, B,serial=,family=f=g"));
    assert_null(take(b, "type=1,serial=S-1,uuid=00112233-4455-6677-8899-aabbCCDDeeff"));
    assert_null(take(b, "type=0,vendor=V,version=W,date=X"));
    assert_null(take(b, "type=3,asset=tag"));
    assert_null(take(b, "type=4,part=p"));
    assert_null(take(b, "type=17,serial=m"));
    const uint8_t *s = build(b, 1, 0);
    assert_string_equal(text_of(s, s[4]), "Maker");
    assert_string_equal(text_of(s, s[5]), "A, B");
    assert_string_equal(text_of(s, s[7]), "S-1");
    assert_string_equal(text_of(s, s[26]), "f=g");
    static const uint8_t uuid[] = {0x33, 0x22, 0x11, 0,    0x55, 0x44, 0x77, 0x66,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    assert_memory_equal(s + 8, uuid, 16);
    s = build(b, 0, 0);
    assert_string_equal(text_of(s, s[4]), "V");
    assert_string_equal(text_of(s, s[5]), "W");
    assert_string_equal(text_of(s, s[8]), "X");
    s = build(b, 3, 0);
    assert_string_equal(text_of(s, s[8]), "tag");
    s = build(b, 4, 0);
    assert_string_equal(text_of(s, s[34]), "p");
    s = build(b, 17, 0);
    assert_string_equal(text_of(s, s[24]), "m");
}

static void test_bad_options(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *value, *why;
    } cases[] = {
        {"", "type=N"},
        {"serial=1", "type=N"},
        {"type=", "is not a type"},
        {"type=2,serial=x", "is not a type"},
        {"type=99999999999999", "is not a type"},
        {"type=1x", "is not a type"},
        {"type=1,serial", "has no value"},
        {"type=1,vendor=x", "is not a field"},
        {"type=1,uuid=1234", "is no UUID"},
        {"type=1,uuid=00112233-4455-6677-8899-aabbccddeeff0", "is no UUID"},
        {"type=1,uuid=00112233445566778899aabbccddeeff", "is no UUID"},
        {"type=1,serial=12345678901234567890123456789012345678901234567890123456789012345", "longer than 64"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        const char *wrong = take(b, cases[n].value);
        assert_non_null(wrong);
        assert_non_null(strstr(wrong, cases[n].why));
    }
    char large[1000] = "type=1,serial=";
    memset(large + 14, 'x', sizeof large - 15);
    assert_string_equal(take(b, large), "is too long");
    large[0] = 'x';
    assert_non_null(take(b, large));
}

// The longest texts everywhere stay in the area.
static void test_longest(void **state)
{
    struct bench *b = *state;
    for (unsigned n = 0; n < SMBIOS_TEXTS; n++)
        memset(b->texts.text[n], 'a' + (int)n, MACHINE_SMBIOS_TEXT_MAX - 1);
    const uint8_t *s = build(b, 17, 0);
    assert_int_equal(strlen(text_of(s, s[26])), MACHINE_SMBIOS_TEXT_MAX - 1);
    b->dir[SMBIOS_ENTRY / PAGE_SIZE].flags = PHYS_ROM;
    memset(b->ram + SMBIOS_ENTRY, 0, 31);
    assert_false(smbios_build(&b->phys, &b->config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_longest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
