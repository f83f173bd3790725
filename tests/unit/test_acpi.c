// The ACPI tables as a guest finds them: checksums, addresses, and what they say about the chips.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine/acpi.h"

enum { RAM_SIZE = 4 << 20, PM_BASE = 0x600, HEADER = 36 };

struct bench {
    struct phys phys;
    struct map devices;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t *ram;
};

static const struct acpi_config plain = {.cpus = 1, .serial_count = 2, .pm_base = PM_BASE, .low_ram_top = RAM_SIZE};

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

// A table at a physical address, checked.
static const uint8_t *table_at(const struct bench *b, uint64_t addr, const char *signature)
{
    assert_true(addr >= RAM_SIZE - ACPI_AREA_BYTES + ACPI_NVS_BYTES && addr <= RAM_SIZE - HEADER);
    assert_int_equal(addr % 16, 0);
    const uint8_t *table = b->ram + addr;
    assert_memory_equal(table, signature, 4);
    uint32_t size = load_u32(table + 4);
    assert_in_range(size, HEADER, RAM_SIZE - addr);
    assert_int_equal(sum(table, size), 0);
    return table;
}

// Finds a table by its signature, by way of the RSDP and XSDT.
static const uint8_t *find(const struct bench *b, uint64_t rsdp, const char *signature)
{
    const uint8_t *xsdt = table_at(b, load_u64(b->ram + rsdp + 24), "XSDT");
    for (const uint8_t *p = xsdt + HEADER; p < xsdt + load_u32(xsdt + 4); p += 8)
        if (!memcmp(b->ram + load_u64(p), signature, 4))
            return table_at(b, load_u64(p), signature);
    fail_msg("no %s", signature);
    return NULL;
}

static void test_root(void **state)
{
    struct bench *b = *state;
    uint64_t at = 0;
    assert_true(acpi_build(&b->phys, &plain, &at));
    assert_in_range(at, 0xe0000, 0xfffff);
    assert_int_equal(at % 16, 0); // where systems search
    const uint8_t *rsdp = b->ram + at;
    assert_memory_equal(rsdp, "RSD PTR ", 8);
    assert_int_equal(sum(rsdp, 20), 0);
    assert_int_equal(rsdp[15], 2);
    assert_int_equal(load_u32(rsdp + 20), 36);
    assert_int_equal(sum(rsdp, 36), 0);
    const uint8_t *rsdt = table_at(b, load_u32(rsdp + 16), "RSDT"), *xsdt = table_at(b, load_u64(rsdp + 24), "XSDT");
    unsigned count = (load_u32(rsdt + 4) - HEADER) / 4;
    assert_int_equal(count, 4);
    assert_int_equal(load_u32(xsdt + 4), HEADER + 8 * count);
    for (unsigned n = 0; n < count; n++)
        assert_int_equal(load_u32(rsdt + HEADER + 4 * n), load_u64(xsdt + HEADER + 8 * n));
}

static void test_fadt(void **state)
{
    struct bench *b = *state;
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &plain, &rsdp));
    const uint8_t *fadt = find(b, rsdp, "FACP");
    assert_int_equal(load_u32(fadt + 4), 244);
    assert_int_equal(fadt[8], 3);
    uint32_t facs = load_u32(fadt + 36), dsdt = load_u32(fadt + 40);
    assert_int_equal(facs, RAM_SIZE - ACPI_AREA_BYTES);
    assert_memory_equal(b->ram + facs, "FACS", 4);
    assert_int_equal(load_u32(b->ram + facs + 4), 64);
    table_at(b, dsdt, "DSDT");
    assert_int_equal(load_u64(fadt + 140), dsdt);
    assert_int_equal(load_u16(fadt + 46), 9);
    assert_int_equal(load_u32(fadt + 48), 0xb2);
    assert_int_equal(fadt[52], 0xf1);
    assert_int_equal(fadt[53], 0xf0);
    static const struct {
        unsigned legacy, extended, size_at, size, port;
    } blocks[] = {{56, 148, 88, 4, 0}, {64, 172, 89, 2, 4}, {76, 208, 91, 4, 8}, {80, 220, 92, 4, 12}};
    for (unsigned n = 0; n < ARRAY_LEN(blocks); n++) {
        assert_int_equal(load_u32(fadt + blocks[n].legacy), PM_BASE + blocks[n].port);
        assert_int_equal(fadt[blocks[n].size_at], blocks[n].size);
        const uint8_t *address = fadt + blocks[n].extended;
        assert_int_equal(address[0], 1);
        assert_int_equal(address[1], 8 * blocks[n].size);
        assert_int_equal(load_u64(address + 4), PM_BASE + blocks[n].port);
    }
    assert_int_equal(fadt[108], 0x32);
    assert_int_equal(load_u16(fadt + 109), 7); // legacy devices, 8042, no VGA
    uint32_t flags = load_u32(fadt + 112);
    assert_int_equal(flags & 0x170, 0x60); // FIX_RTC, SLP_BUTTON; not PWR_BUTTON, TMR_VAL_EXT
    assert_int_equal(flags & 0x400, 0x400);
    assert_int_equal(fadt[116], 1);
    assert_int_equal(load_u64(fadt + 120), 0xcf9);
    assert_int_equal(fadt[128], 6);
}

static void check_madt(struct bench *b, unsigned cpus)
{
    struct acpi_config config = plain;
    uint64_t rsdp;
    config.cpus = cpus;
    assert_true(acpi_build(&b->phys, &config, &rsdp));
    const uint8_t *madt = find(b, rsdp, "APIC"), *end = madt + load_u32(madt + 4);
    assert_int_equal(load_u32(madt + 36), 0xfee00000);
    assert_int_equal(load_u32(madt + 40), 1);
    unsigned local = 0, enabled = 0, io = 0, nmi = 0;
    unsigned gsi[16] = {0}, flags[16] = {0};
    const uint8_t *p = madt + 44;
    for (; p < end; p += p[1]) {
        assert_true(p[1] >= 2 && p + p[1] <= end);
        switch (p[0]) {
        case 0:
            assert_int_equal(p[1], 8);
            assert_int_equal(p[3], local);
            enabled += load_u32(p + 4);
            assert_int_equal(load_u32(p + 4), local == 0);
            local++;
            break;
        case 1:
            assert_int_equal(p[1], 12);
            assert_int_equal(load_u32(p + 4), 0xfec00000);
            assert_int_equal(load_u32(p + 8), 0);
            io++;
            break;
        case 2:
            assert_int_equal(p[1], 10);
            assert_in_range(p[3], 0, 15);
            gsi[p[3]] = load_u32(p + 4);
            flags[p[3]] = load_u16(p + 8);
            break;
        case 4:
            assert_int_equal(p[1], 6);
            assert_int_equal(p[2], 0xff);
            assert_int_equal(p[5], 1);
            nmi++;
            break;
        default:
            fail_msg("entry of type %u", p[0]);
        }
    }
    assert_ptr_equal(p, end);
    assert_int_equal(local, cpus);
    assert_int_equal(enabled, 1);
    assert_int_equal(io, 1);
    assert_int_equal(nmi, 1);
    assert_int_equal(gsi[0], 2);
    assert_int_equal(flags[0], 0);
    static const unsigned level[] = {5, 9, 10, 11};
    for (unsigned n = 0; n < ARRAY_LEN(level); n++) {
        assert_int_equal(gsi[level[n]], level[n]);
        assert_int_equal(flags[level[n]], 0xd);
    }
}

static void test_madt(void **state)
{
    check_madt(*state, 1);
    check_madt(*state, 4);
    check_madt(*state, ACPI_CPUS_MAX);
}

// The SSDT gives the DSDT the board's variable parts.
static void test_ssdt(void **state)
{
    struct bench *b = *state;
    struct acpi_config config = plain;
    uint64_t rsdp;
    config.serial_count = 3;
    config.pm_base = 0xb000;
    config.pvpanic = true;
    assert_true(acpi_build(&b->phys, &config, &rsdp));
    static const uint8_t names[] = {
        0x08, '\\', 'S', 'E', 'R', 'C', 0x0a, 3,                      // byte
        0x08, '\\', 'P', 'C', 'I', 'M', 0x0c, 0x00, 0x00, 0x40, 0x00, // dword: end of RAM
        0x08, '\\', 'P', 'M', 'I', 'O', 0x0b, 0x00, 0xb0,             // word
        0x08, '\\', 'P', 'V', 'P', 'N', 0x0a, 1,                      // byte
    };
    const uint8_t *ssdt = find(b, rsdp, "SSDT");
    assert_int_equal(load_u32(ssdt + 4), HEADER + sizeof names);
    assert_memory_equal(ssdt + HEADER, names, sizeof names);
    assert_int_equal(load_u32(find(b, rsdp, "FACP") + 56), 0xb000);
}

static void test_hpet(void **state)
{
    struct bench *b = *state;
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &plain, &rsdp));
    const uint8_t *hpet = find(b, rsdp, "HPET");
    assert_int_equal(load_u32(hpet + 4), 56);
    assert_int_equal(load_u32(hpet + 36), 0x8086a201);
    assert_int_equal(hpet[40], 0); // in memory
    assert_true(load_u64(hpet + 44) == 0xfed00000);
    assert_int_equal(hpet[52], 0);
}

// What a system needs to find in the DSDT: soft off, PCI routing, the links' resources.
static void test_dsdt(void **state)
{
    struct bench *b = *state;
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &plain, &rsdp));
    const uint8_t *dsdt = table_at(b, load_u32(find(b, rsdp, "FACP") + 40), "DSDT");
    static const char *const parts[] = {"_S5_\x12", "PCI0", "_PRT\x12", "LNKA", "LNKD",     "LNKS",     "COM1", "SERC",
                                        "PCIM",     "KBD_", "MOU_",     "FWCF", "QEMU0002", "QEMU0001", "HPET"};
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++) {
        size_t size = strlen(parts[n]);
        const uint8_t *p = dsdt, *end = dsdt + load_u32(dsdt + 4) - size;
        while (p < end && memcmp(p, parts[n], size))
            p++;
        if (p == end)
            fail_msg("no %s", parts[n]);
    }
    assert_int_equal(dsdt[8], 2);
    // Which compiler made it does not show.
    assert_memory_equal(dsdt + 28, "SNOW", 4);
}

// Nothing but the RSDP's page and the area is touched, and building again gives the same bytes.
static void test_outside(void **state)
{
    struct bench *b = *state;
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &plain, &rsdp));
    for (size_t n = 0; n < RAM_SIZE - ACPI_AREA_BYTES; n++)
        if (n < rsdp || n >= rsdp + 36)
            assert_int_equal(b->ram[n], 0);
    uint8_t *before = malloc(RAM_SIZE);
    assert_non_null(before);
    memcpy(before, b->ram, RAM_SIZE);
    assert_true(acpi_build(&b->phys, &plain, &rsdp));
    assert_memory_equal(before, b->ram, RAM_SIZE);
    free(before);
}

static void test_refused(void **state)
{
    struct bench *b = *state;
    uint64_t rsdp = 1;
    struct acpi_config bad[] = {plain, plain, plain, plain, plain, plain, plain};
    bad[0].cpus = 0;
    bad[1].cpus = ACPI_CPUS_MAX + 1;
    bad[2].serial_count = 5;
    bad[3].pm_base = 0x10000;
    bad[4].low_ram_top = RAM_SIZE + PAGE_SIZE;
    bad[5].low_ram_top = RAM_SIZE - 1;
    bad[6].low_ram_top = 1 << 20;
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++)
        assert_false(acpi_build(&b->phys, &bad[n], &rsdp));
    for (size_t n = 0; n < RAM_SIZE; n++)
        assert_int_equal(b->ram[n], 0);
    // Write protected already.
    b->dir[ACPI_RSDP >> PAGE_SHIFT].flags = PHYS_ROM;
    assert_false(acpi_build(&b->phys, &plain, &rsdp));
    assert_int_equal(rsdp, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fadt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_madt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ssdt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hpet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dsdt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
