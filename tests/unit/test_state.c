// The state table: struct, reset values, packed form and listing come from one list.
#include "tests/unit/chip_rig.h"

// clang-format off
#define INNER_STATE(F, A, S, T)                                                                                        \
    F(T, uint8_t,  small, 0x5a,   "a byte")                                                                            \
    F(T, uint32_t, large, 0x1234, "a dword")
STATE_STRUCT(inner, INNER_STATE);
STATE_TABLE(inner, INNER_STATE);

#define OUTER_STATE(F, A, S, T)                                                                                        \
    F(T, uint16_t, word,  0xbeef, "a word")                                                                            \
    A(T, uint16_t, array, 3, 7,   "three words")                                                                       \
    S(T, inner,    pair,  2,      "two structs")                                                                       \
    S(T, inner,    one,   1,      "one struct")                                                                        \
    F(T, uint64_t, quad,  UINT64_MAX, "a qword")
STATE_STRUCT(outer, OUTER_STATE);
STATE_TABLE(outer, OUTER_STATE);
// clang-format on

enum { PACKED = 2 + 6 + 2 * 5 + 5 + 8 };

static void test_reset(void **state)
{
    (void)state;
    struct outer o;
    memset(&o, 0xcc, sizeof o);
    state_reset(outer_fields, &o);
    assert_int_equal(o.word, 0xbeef);
    for (unsigned n = 0; n < 3; n++)
        assert_int_equal(o.array[n], 7);
    for (unsigned n = 0; n < 2; n++) {
        assert_int_equal(o.pair[n].small, 0x5a);
        assert_int_equal(o.pair[n].large, 0x1234);
    }
    assert_int_equal(o.one[0].large, 0x1234);
    assert_true(o.quad == UINT64_MAX);
}

// The packed form is a file format: little endian, in list order, without padding.
static void test_packed_form(void **state)
{
    (void)state;
    static const uint8_t expected[PACKED] = {
        0x02, 0x01,                                     // word
        0x12, 0x11, 0x14, 0x13, 0x16, 0x15,             // array
        0x21, 0x25, 0x24, 0x23, 0x22,                   // pair[0]
        0x31, 0x35, 0x34, 0x33, 0x32,                   // pair[1]
        0x41, 0x45, 0x44, 0x43, 0x42,                   // one
        0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51, // quad
    };
    struct outer o = {
        .word = 0x0102,
        .array = {0x1112, 0x1314, 0x1516},
        .pair = {{0x21, 0x22232425}, {0x31, 0x32333435}},
        .one = {{0x41, 0x42434445}},
        .quad = 0x5152535455565758,
    };
    uint8_t packed[PACKED + 2];
    memset(packed, 0xee, sizeof packed);
    assert_int_equal(state_size(outer_fields), PACKED);
    state_save(outer_fields, &o, packed + 1);
    assert_memory_equal(packed + 1, expected, PACKED);
    assert_int_equal(packed[0], 0xee);
    assert_int_equal(packed[PACKED + 1], 0xee);

    struct outer back;
    memset(&back, 0, sizeof back);
    state_load(outer_fields, &back, expected);
    assert_int_equal(back.word, 0x0102);
    assert_int_equal(back.array[2], 0x1516);
    assert_int_equal(back.pair[1].large, 0x32333435);
    assert_int_equal(back.one[0].small, 0x41);
    assert_true(back.quad == 0x5152535455565758);
}

static void test_any_bytes_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned round = 0; round < 1000; round++) {
        uint8_t before[PACKED], after[PACKED];
        struct outer o;
        for (unsigned n = 0; n < PACKED; n++)
            before[n] = (uint8_t)next_random(&seed);
        state_load(outer_fields, &o, before);
        state_save(outer_fields, &o, after);
        assert_memory_equal(before, after, PACKED);
    }
}

struct listing {
    char paths[20][32];
    uint64_t values[20];
    unsigned count;
};

static void emit(void *ctx, const char *path, uint64_t value, const struct state_field *field)
{
    struct listing *l = ctx;
    assert_true(l->count < 20 && strlen(path) < 32);
    assert_null(field->sub);
    assert_non_null(field->doc);
    strcpy(l->paths[l->count], path);
    l->values[l->count++] = value;
}

static void test_each(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "word",          "array[0]",      "array[1]",  "array[2]",  "pair[0].small", "pair[0].large",
        "pair[1].small", "pair[1].large", "one.small", "one.large", "quad",
    };
    struct outer o;
    struct listing l = {0};
    state_reset(outer_fields, &o);
    o.pair[1].large = 0xdeadbeef;
    state_each(outer_fields, &o, emit, &l);
    assert_int_equal(l.count, ARRAY_LEN(paths));
    for (unsigned n = 0; n < l.count; n++)
        assert_string_equal(l.paths[n], paths[n]);
    assert_int_equal(l.values[0], 0xbeef);
    assert_int_equal(l.values[7], 0xdeadbeef);
    assert_true(l.values[10] == UINT64_MAX);
}

static void test_docs(void **state)
{
    (void)state;
    unsigned rows = 0;
    for (const struct state_field *f = outer_fields; f->name; f++, rows++)
        assert_true(f->doc[0] != 0);
    assert_int_equal(rows, 5);
    assert_string_equal(outer_fields[2].name, "pair");
    assert_ptr_equal(outer_fields[2].sub, inner_fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset), cmocka_unit_test(test_packed_form), cmocka_unit_test(test_any_bytes_round_trip),
        cmocka_unit_test(test_each),  cmocka_unit_test(test_docs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
