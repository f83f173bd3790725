// The MultiProcessor tables as a guest finds them: checksums, counts, and the same interrupts as in the MADT.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine/acpi.h"
#include "machine/mptable.h"

enum { RAM_SIZE = 2 << 20 };

struct bench {
    struct phys phys;
    struct map devices;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t *ram;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->ram = calloc(1, RAM_SIZE);
    assert_non_null(b->ram);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
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

// As a system searches.
static const uint8_t *find_pointer(const struct bench *b)
{
    for (uint32_t at = 0xf0000; at < 0x100000; at += 16)
        if (!memcmp(b->ram + at, "_MP_", 4))
            return b->ram + at;
    fail_msg("no floating pointer");
    return NULL;
}

static void check_entries(struct bench *b, unsigned cpus)
{
    const struct mptable_config config = {.cpus = cpus, .signature = 0x306a9, .features = 0x1783fbff};
    assert_true(mptable_build(&b->phys, &config));
    const uint8_t *pointer = find_pointer(b), *table = b->ram + load_u32(pointer + 4);
    assert_int_equal(pointer[8], 1);
    assert_int_equal(pointer[9], 4);
    assert_int_equal(sum(pointer, 16), 0);
    assert_int_equal(load_u32(pointer + 11) & 0xffffff, 0); // a table of its own, virtual wire mode
    assert_memory_equal(table, "PCMP", 4);
    unsigned size = load_u16(table + 4);
    assert_true(table + size <= b->ram + MPTABLE_END);
    assert_int_equal(sum(table, size), 0);
    assert_int_equal(load_u32(table + 36), 0xfee00000);
    static const unsigned sizes[] = {20, 8, 8, 8, 8};
    unsigned count[5] = {0}, isa = 0, pci = 0;
    const uint8_t *e = table + 44;
    for (unsigned n = load_u16(table + 34); n; n--, e += sizes[e[0]]) {
        assert_true(e[0] < 5 && e + sizes[e[0]] <= table + size);
        switch (e[0]) {
        case 0:
            assert_int_equal(e[1], count[0]);
            assert_int_equal(e[3], count[0] ? 0 : 3);
            assert_int_equal(load_u32(e + 4), 0x306a9);
            assert_int_equal(load_u32(e + 8), 0x1783fbff);
            break;
        case 1:
            assert_memory_equal(e + 2, e[1] ? "ISA   " : "PCI   ", 6);
            break;
        case 2:
            assert_int_equal(e[1], 0);
            assert_int_equal(e[3], 1);
            assert_int_equal(load_u32(e + 4), 0xfec00000);
            break;
        case 3:
            assert_int_equal(e[1], 0);
            assert_int_equal(e[6], 0);
            if (e[4] == 1) {
                isa |= 1u << e[5];
                assert_int_equal(e[7], e[5] ? e[5] : 2);
                bool level = e[5] == 5 || (e[5] >= 9 && e[5] <= 11); // the MADT's overrides
                assert_int_equal(load_u16(e + 2), level ? 0x0d : 0);
            } else {
                unsigned device = e[5] >> 2, pin = e[5] & 3;
                pci++;
                assert_int_equal(e[7], e[5] == 4 ? 9 : 16 + (pin + device - 1) % 4);
                assert_int_equal(load_u16(e + 2), 0x0d);
            }
            break;
        default:
            assert_int_equal(e[1], count[4] ? 1 : 3);    // ExtINT, NMI
            assert_int_equal(e[6], count[4] ? 0xff : 0); // of the first, of all
            assert_int_equal(e[7], count[4]);
        }
        count[e[0]]++;
    }
    assert_ptr_equal(e, table + size);
    assert_int_equal(count[0], cpus);
    assert_int_equal(count[1], 2);
    assert_int_equal(count[2], 1);
    assert_int_equal(isa, 0xfffb);
    assert_int_equal(pci, 31 * 4);
    assert_int_equal(count[4], 2);
}

static void test_entries(void **state)
{
    check_entries(*state, 1);
    check_entries(*state, MPTABLE_CPUS_MAX);
}

static void test_refused(void **state)
{
    struct bench *b = *state;
    assert_false(mptable_build(&b->phys, &(struct mptable_config){.cpus = 0}));
    assert_false(mptable_build(&b->phys, &(struct mptable_config){.cpus = MPTABLE_CPUS_MAX + 1}));
    b->dir[MPTABLE_POINTER / PAGE_SIZE].flags = PHYS_ROM;
    b->dir[MPTABLE_POINTER / PAGE_SIZE].host = b->ram + (MPTABLE_POINTER & ~PAGE_MASK);
    assert_false(mptable_build(&b->phys, &(struct mptable_config){.cpus = 1}));
}

// Nothing of one lies in another.
static void test_beside_acpi(void **state)
{
    struct bench *b = *state;
    const struct acpi_config config = {.cpus = 1, .serial_count = 1, .pm_base = 0x600, .low_ram_top = RAM_SIZE};
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &config, &rsdp));
    check_entries(b, MPTABLE_CPUS_MAX);
    assert_int_equal(sum(b->ram + rsdp, 36), 0);
    assert_memory_equal(b->ram + rsdp, "RSD PTR ", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_beside_acpi, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
