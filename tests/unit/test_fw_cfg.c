// fw_cfg: items and files by both ways of reading, and a guest that asks for what there is not.
#include "tests/unit/chip_rig.h"

#include <stdlib.h>

#include "devices/fw_cfg.h"

enum { RAM = 2 << 20, ACCESS = 0x1000, BUFFER = 0x20000 };
enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };

struct rig {
    struct fw_cfg cfg;
    struct phys phys;
    struct map ports, devices;
    struct phys_page dir[RAM / PAGE_SIZE];
    uint8_t *ram;
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->ram = calloc(1, RAM);
    assert_non_null(r->ram);
    phys_init(&r->phys, r->ram, RAM, r->dir, &r->devices);
    fw_cfg_init(&r->cfg, &r->phys);
    assert_true(map_add(&r->ports, FW_CFG_PORT, FW_CFG_WINDOW, &fw_cfg_io, &r->cfg));
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    free(r->ram);
    free(r);
    return 0;
}

static void choose(struct rig *r, uint16_t key)
{
    map_write(&r->ports, 0x510, 2, key);
}

static uint8_t next(struct rig *r)
{
    return (uint8_t)map_read(&r->ports, 0x511, 1);
}

static uint64_t number(struct rig *r, uint16_t key, unsigned size)
{
    uint64_t v = 0;
    choose(r, key);
    for (unsigned n = 0; n < size; n++)
        v |= (uint64_t)next(r) << 8 * n;
    assert_int_equal(next(r), 0);
    return v;
}

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_big(uint8_t *p, uint32_t v)
{
    store_u32(p, __builtin_bswap32(v));
}

// Runs a transfer whose control structure is at `at`; the control word afterwards.
static uint32_t dma_at(struct rig *r, uint64_t at, uint32_t control, uint32_t length, uint64_t addr)
{
    uint8_t access[16];
    put_big(access, control);
    put_big(access + 4, length);
    put_big(access + 8, (uint32_t)(addr >> 32));
    put_big(access + 12, (uint32_t)addr);
    phys_write(&r->phys, at, access, sizeof access);
    map_write(&r->ports, 0x514, 4, __builtin_bswap32((uint32_t)(at >> 32)));
    map_write(&r->ports, 0x518, 4, __builtin_bswap32((uint32_t)at));
    phys_read(&r->phys, at, access, sizeof access);
    return big(access);
}

static uint32_t dma(struct rig *r, uint32_t control, uint32_t length, uint64_t addr)
{
    return dma_at(r, ACCESS, control, length, addr);
}

static void test_items(void **state)
{
    struct rig *r = *state;
    assert_int_equal(number(r, FW_CFG_SIGNATURE, 4), 0x554d4551); // "QEMU"
    assert_int_equal(number(r, FW_CFG_ID, 4), 3);
    assert_int_equal(number(r, FW_CFG_FILE_DIR, 4), 0);
    assert_int_equal(number(r, FW_CFG_RAM_SIZE, 8), 0); // not there
    assert_true(fw_cfg_add_number(&r->cfg, FW_CFG_RAM_SIZE, 8, 0x123456789a));
    assert_true(number(r, FW_CFG_RAM_SIZE, 8) == 0x123456789a);
    assert_true(fw_cfg_add_number(&r->cfg, FW_CFG_RAM_SIZE, 2, 0xabcd)); // replaced
    assert_true(number(r, FW_CFG_RAM_SIZE, 8) == 0xabcd);
    assert_true(fw_cfg_add_number(&r->cfg, FW_CFG_IRQ0_OVERRIDE, 4, 1));
    assert_int_equal(number(r, FW_CFG_IRQ0_OVERRIDE, 4), 1);
    assert_int_equal(number(r, 0x0002, 4), 0); // the same number without the PC's bit
    assert_int_equal(number(r, 0x4001, 4), 3); // bit 14 does not count
    // Writing does nothing, and reading beside the data port gives nothing.
    choose(r, FW_CFG_SIGNATURE);
    map_write(&r->ports, 0x511, 1, 'X');
    map_write(&r->ports, 0x510, 1, FW_CFG_ID);
    assert_int_equal(map_read(&r->ports, 0x510, 1), 0);
    assert_int_equal(next(r), 'Q');
    assert_int_equal(map_read(&r->ports, 0x512, 2), 0);
    assert_int_equal(next(r), 'E');
    for (unsigned n = 0; n < FW_CFG_ITEMS + 4; n++)
        fw_cfg_add_number(&r->cfg, 0x8100 + n, 4, n);
    assert_false(fw_cfg_add_number(&r->cfg, 0x9000, 4, 0)); // full
}

static void test_files(void **state)
{
    struct rig *r = *state;
    static const char text[] = "hello";
    assert_true(fw_cfg_add_file(&r->cfg, "opt/b", text, 5));
    assert_true(fw_cfg_add_file(&r->cfg, "etc/e820", text + 1, 3));
    assert_true(fw_cfg_add_file(&r->cfg, "opt/c", NULL, 0));
    assert_false(fw_cfg_add_file(&r->cfg, "opt/b", text, 5));
    assert_false(fw_cfg_add_file(&r->cfg, "", text, 5));
    assert_false(fw_cfg_add_file(&r->cfg, "opt/5678901234567890123456789012345678901234567890123456", text, 5));
    assert_true(fw_cfg_add_file(&r->cfg, "opt/567890123456789012345678901234567890123456789012345", text, 5));
    uint8_t dir[4 + 4 * 64];
    choose(r, FW_CFG_FILE_DIR);
    for (unsigned n = 0; n < sizeof dir; n++)
        dir[n] = next(r);
    assert_int_equal(big(dir), 4);
    static const char *const names[] = {"etc/e820", "opt/567890123456789012345678901234567890123456789012345", "opt/b",
                                        "opt/c"};
    static const uint32_t sizes[] = {3, 5, 5, 0};
    for (unsigned n = 0; n < 4; n++) {
        const uint8_t *e = dir + 4 + 64 * n;
        assert_int_equal(big(e), sizes[n]);
        assert_int_equal(big(e + 4), (0x20 + n) << 16);
        assert_string_equal((const char *)e + 8, names[n]);
    }
    choose(r, 0x22);
    for (unsigned n = 0; n < 5; n++)
        assert_int_equal(next(r), text[n]);
    assert_int_equal(next(r), 0);
    choose(r, 0x24);
    assert_int_equal(next(r), 0);
    char name[] = "x00";
    for (unsigned n = 4; n < FW_CFG_FILES; n++) {
        name[1] = (char)('0' + n / 10);
        name[2] = (char)('0' + n % 10);
        assert_true(fw_cfg_add_file(&r->cfg, name, text, 5));
    }
    assert_false(fw_cfg_add_file(&r->cfg, "y", text, 5));
    assert_int_equal(number(r, 0x20, 3), 0x6c6c65); // etc/e820 is still the first
}

static void test_dma(void **state)
{
    struct rig *r = *state;
    static uint8_t blob[3 * PAGE_SIZE];
    for (unsigned n = 0; n < sizeof blob; n++)
        blob[n] = (uint8_t)(n * 7 + n / 256 + 1);
    assert_true(fw_cfg_add_file(&r->cfg, "opt/blob", blob, sizeof blob));
    assert_int_equal(map_read(&r->ports, 0x514, 4), 0x554d4551); // "QEMU CFG"
    assert_int_equal(map_read(&r->ports, 0x518, 4), 0x47464320);
    assert_int_equal(dma(r, 0x20u << 16 | SELECT | READ, sizeof blob, BUFFER + 5), 0);
    assert_memory_equal(r->ram + BUFFER + 5, blob, sizeof blob);
    assert_int_equal(r->ram[BUFFER + 4] | r->ram[BUFFER + 5 + sizeof blob], 0);
    // In parts, with a part left out, then what is behind the end.
    memset(r->ram + BUFFER, 0xee, PAGE_SIZE);
    assert_int_equal(dma(r, 0x20u << 16 | SELECT, 12345, 0xffffffffffff), 0);
    assert_int_equal(dma(r, READ, 10, BUFFER), 0);
    assert_int_equal(dma(r, SKIP, 100, 0), 0);
    assert_int_equal(next(r), blob[110]); // the data port goes on from there
    assert_int_equal(dma(r, READ, 10, BUFFER + 10), 0);
    assert_memory_equal(r->ram + BUFFER, blob, 10);
    assert_memory_equal(r->ram + BUFFER + 10, blob + 111, 10);
    assert_int_equal(r->ram[BUFFER + 20], 0xee);
    assert_int_equal(dma(r, SKIP, UINT32_MAX - 1, 0), 0);
    assert_int_equal(r->cfg.s.offset, sizeof blob);
    assert_int_equal(dma(r, READ, 4, BUFFER), 0);
    assert_int_equal(load_u32(r->ram + BUFFER), 0);
    assert_int_equal(r->ram[BUFFER + 4], blob[4]);
    // A selector that stands for nothing.
    assert_int_equal(dma(r, 0x7777u << 16 | SELECT | READ, 4, BUFFER + 4), 0);
    assert_int_equal(load_u32(r->ram + BUFFER + 4), 0);
    // Nothing can be written.
    assert_int_equal(dma(r, 0x20u << 16 | SELECT | WRITE, 4, BUFFER), ERROR);
    assert_true(r->cfg.s.dma == 0);
}

static void test_hostile(void **state)
{
    struct rig *r = *state;
    static const uint8_t blob[64] = {1, 2, 3};
    assert_true(fw_cfg_add_file(&r->cfg, "opt/blob", blob, sizeof blob));
    uint32_t read = 0x20u << 16 | SELECT | READ;
    // To the end of RAM and beyond; around the end of the address space; to the VGA window; without an end.
    assert_int_equal(dma(r, read, 64, RAM - 32), ERROR);
    assert_int_equal(r->ram[RAM - 32], 1);
    assert_int_equal(dma(r, read, 64, UINT64_MAX - 31), ERROR);
    assert_int_equal(dma(r, read, 64, 0xa0000 - 1), ERROR);
    assert_int_equal(dma(r, read, UINT32_MAX, BUFFER), ERROR);
    // ROM keeps its content.
    r->dir[0xf0].flags = PHYS_ROM;
    assert_int_equal(dma(r, read, 64, 0xf0000), ERROR);
    assert_int_equal(r->ram[0xf0000], 0);
    // The control structure itself: nowhere, half there, over a page's end, in the way of its own data.
    map_write(&r->ports, 0x514, 4, 0xffffffff);
    map_write(&r->ports, 0x518, 4, 0xffffffff);
    map_write(&r->ports, 0x518, 4, __builtin_bswap32(RAM - 8));
    assert_int_equal(dma_at(r, 0x1ff8, read, 3, BUFFER), 0);
    assert_int_equal(dma(r, read, 64, ACCESS), 0);
    assert_int_equal(load_u32(r->ram + ACCESS), 0);
    // Any state will do.
    r->cfg.s = (struct fw_cfg_state){.selector = 0xffff, .offset = UINT32_MAX, .dma = UINT64_MAX};
    assert_int_equal(next(r), 0);
    r->cfg.s.selector = 0x20;
    assert_int_equal(next(r), 0);
    assert_int_equal(dma(r, SKIP, UINT32_MAX, 0), 0);
    assert_int_equal(dma(r, READ, 8, BUFFER), 0);
}

static void test_save_and_load(void **state)
{
    struct rig *r = *state;
    struct fw_cfg other;
    fw_cfg_init(&other, &r->phys);
    choose(r, FW_CFG_SIGNATURE);
    next(r);
    map_write(&r->ports, 0x514, 4, 0x12345678);
    transfer(&fw_cfg_class, &r->cfg, &other);
    assert_int_equal(in(&fw_cfg_io, &other, 1), 'E');
    assert_true(other.s.dma == 0x7856341200000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dma, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_save_and_load, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
