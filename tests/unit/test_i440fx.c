// The host bridge: configuration mechanism #1 (PCI 2.1 section 3.7.4.1) through a port map, PAM and SMRAM.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/i440fx.h"

struct rig {
    struct map ports;
    struct pci_bus bus;
    struct i440fx h;
    struct pci_config other_config; // a second function, device 5 function 2
    struct pci_function other;
    uint8_t cf9;
    unsigned pam_changes;
};

static const uint8_t all_writable[256] = {[0x10] = 0xff, 0xff, 0xff, 0xff, [0xff] = 0xff};

static uint64_t cf9_read(void *ctx, uint64_t offset, unsigned size)
{
    assert_int_equal(offset, 0);
    assert_int_equal(size, 1);
    return ((struct rig *)ctx)->cf9;
}

static void cf9_write(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    assert_int_equal(offset, 0);
    assert_int_equal(size, 1);
    ((struct rig *)ctx)->cf9 = (uint8_t)value;
}

static const struct io_ops cf9_io = {.read = cf9_read, .write = cf9_write, .sizes = 1};

static void pam_changed(void *ctx)
{
    ((struct rig *)ctx)->pam_changes++;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){.cf9 = 0x5a};
    i440fx_init(&r->h, &r->bus);
    r->h.cf9 = &cf9_io;
    r->h.cf9_ctx = r;
    r->h.pam_changed = pam_changed;
    r->h.pam_ctx = r;
    r->other = (struct pci_function){.s = &r->other_config, .write_mask = all_writable};
    pci_bus_attach(&r->bus, 5, 2, &r->other);
    assert_true(map_add(&r->ports, I440FX_PORT, I440FX_WINDOW, &i440fx_io, &r->h));
}

static uint32_t in(struct rig *r, unsigned port, unsigned size)
{
    return (uint32_t)map_read(&r->ports, port, size);
}

static void out(struct rig *r, unsigned port, unsigned size, uint32_t v)
{
    map_write(&r->ports, port, size, v);
}

static uint32_t cfg_read(struct rig *r, unsigned devfn, unsigned reg, unsigned size)
{
    out(r, 0xcf8, 4, 0x80000000u | devfn << 8 | (reg & 0xfc));
    return in(r, 0xcfc + (reg & 3), size);
}

static void cfg_write(struct rig *r, unsigned devfn, unsigned reg, unsigned size, uint32_t value)
{
    out(r, 0xcf8, 4, 0x80000000u | devfn << 8 | (reg & 0xfc));
    out(r, 0xcfc + (reg & 3), size, value);
}

static void test_mechanism_1(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    out(&r, 0xcf8, 4, 0xffffffff);
    assert_int_equal(in(&r, 0xcf8, 4), 0x80fffffc); // reserved bits read as zero
    assert_int_equal(cfg_read(&r, 0, 0, 4), 0x12378086);
    assert_int_equal(cfg_read(&r, 0, 2, 2), 0x1237);
    assert_int_equal(cfg_read(&r, 0, 1, 1), 0x80);
    assert_int_equal(cfg_read(&r, 0, 1, 2), 0x3780); // unaligned in the dword
    assert_int_equal(cfg_read(&r, 0, 8, 4), 0x06000002);
    assert_int_equal(cfg_read(&r, 0, 4, 4), 0x02800006);
    assert_int_equal(cfg_read(&r, 1, 0, 4), 0xffffffff); // absent function
    assert_int_equal(cfg_read(&r, 8 << 3, 0, 2), 0xffff);
    cfg_write(&r, 8 << 3, 0x10, 4, 0);
    cfg_write(&r, 5 << 3 | 2, 0x10, 4, 0x12345678);
    cfg_write(&r, 5 << 3 | 2, 0x12, 1, 0xaa);
    cfg_write(&r, 5 << 3 | 2, 0xff, 1, 0x77);
    assert_int_equal(cfg_read(&r, 5 << 3 | 2, 0x10, 4), 0x12aa5678);
    assert_int_equal(cfg_read(&r, 5 << 3 | 2, 0xff, 1), 0x77);
    out(&r, 0xcf8, 4, 0x00000000); // disabled
    assert_int_equal(in(&r, 0xcfc, 4), 0xffffffff);
    out(&r, 0xcf8, 4, 0x80010000); // bus 1
    assert_int_equal(in(&r, 0xcfc, 4), 0xffffffff);
}

static void test_narrow_accesses(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    out(&r, 0xcf8, 4, 0x80000004);
    out(&r, 0xcfb, 1, 0x01); // Linux's probe for mechanism #2
    out(&r, 0xcf8, 1, 0xff);
    assert_int_equal(in(&r, 0xcf8, 4), 0x80000004);
    assert_int_equal(in(&r, 0xcf8, 1), 0xff);
    assert_int_equal(in(&r, 0xcf9, 1), 0x5a);
    out(&r, 0xcf9, 1, 0x06);
    assert_int_equal(r.cf9, 0x06);
    assert_int_equal(in(&r, 0xcf8, 2), 0x06ff);
    out(&r, 0xcf8, 2, 0x0eff);
    assert_int_equal(r.cf9, 0x0e);
    assert_int_equal(in(&r, 0xcf8, 4), 0x80000004);
    assert_int_equal(in(&r, 0xcfa, 4), 0x0006ffff); // crosses into the data register: PCICMD
    assert_int_equal(in(&r, 0xcff, 2), 0xff02);     // crosses the end
}

static void test_read_only(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    for (unsigned reg = 0; reg < 256; reg += 4)
        if (reg != 0x70)
            cfg_write(&r, 0, reg, 4, 0xffffffff);
    assert_int_equal(cfg_read(&r, 0, 0, 4), 0x12378086);
    assert_int_equal(cfg_read(&r, 0, 4, 2), 0x0146);
    assert_int_equal(cfg_read(&r, 0, 8, 4), 0x06000002);
    assert_int_equal(cfg_read(&r, 0, 0x0c, 4), 0x0000f800);
    assert_int_equal(cfg_read(&r, 0, 0x10, 4), 0);
    assert_int_equal(cfg_read(&r, 0, 0x59, 1), 0x30);
    assert_int_equal(cfg_read(&r, 0, 0x5f, 1), 0x33);
    assert_null(i440fx_class.check(&r.h));
}

static void test_pam(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(i440fx_pam(&r.h, 0xf0000), 0);
    cfg_write(&r, 0, 0x59, 1, 0x30);
    assert_int_equal(r.pam_changes, 1);
    assert_int_equal(i440fx_pam(&r.h, 0xfffff), I440FX_PAM_READ | I440FX_PAM_WRITE);
    assert_int_equal(i440fx_pam(&r.h, 0xeffff), 0);
    cfg_write(&r, 0, 0x5a, 1, 0x21);
    assert_int_equal(i440fx_pam(&r.h, 0xc0000), I440FX_PAM_READ);
    assert_int_equal(i440fx_pam(&r.h, 0xc3fff), I440FX_PAM_READ);
    assert_int_equal(i440fx_pam(&r.h, 0xc4000), I440FX_PAM_WRITE);
    assert_int_equal(i440fx_pam(&r.h, 0xc8000), 0);
    cfg_write(&r, 0, 0x5f, 1, 0x10);
    assert_int_equal(i440fx_pam(&r.h, 0xe8000), 0);
    assert_int_equal(i440fx_pam(&r.h, 0xec000), I440FX_PAM_READ);
    cfg_write(&r, 0, 0x58, 4, 0); // a dword that reaches PAM0 to PAM2
    assert_int_equal(r.pam_changes, 4);
    cfg_write(&r, 0, 0x60, 4, 0);
    cfg_write(&r, 0, 0x54, 4, 0);
    assert_int_equal(r.pam_changes, 4);
    i440fx_firmware_setup(&r.h);
    for (uint32_t addr = 0xc0000; addr < 0x100000; addr += 0x4000)
        assert_int_equal(i440fx_pam(&r.h, addr), I440FX_PAM_READ);
    assert_null(i440fx_class.check(&r.h));
}

static void test_smram_lock(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(cfg_read(&r, 0, 0x72, 1), 0x02);
    cfg_write(&r, 0, 0x72, 1, 0x4f);
    assert_int_equal(cfg_read(&r, 0, 0x72, 1), 0x4a);
    assert_true(i440fx_smram_open(&r.h));
    cfg_write(&r, 0, 0x72, 1, 0x58); // locking closes it
    assert_int_equal(cfg_read(&r, 0, 0x72, 1), 0x1a);
    cfg_write(&r, 0, 0x72, 1, 0x40); // neither can be changed again
    assert_int_equal(cfg_read(&r, 0, 0x72, 1), 0x12);
    assert_false(i440fx_smram_open(&r.h));
    device_reset(&(struct device){&i440fx_class, &r.h});
    cfg_write(&r, 0, 0x72, 1, 0x40);
    assert_true(i440fx_smram_open(&r.h));
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_null(i440fx_class.check(&r.h));
    r.h.s.pci[0].config[0] = 0;
    assert_non_null(i440fx_class.check(&r.h));
    r.h.s.pci[0].config[0] = 0x86;
    r.h.s.pci[0].config[0x72] = 0x52;
    assert_non_null(i440fx_class.check(&r.h));
    r.h.s.pci[0].config[0x72] = 0x02;
    r.h.s.confadd = 1;
    assert_non_null(i440fx_class.check(&r.h));
}

static void drive(struct rig *r, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        if (n % 3 == 0)
            out(r, 0xcf8, 4, 0x80000000u | ((n * 12) & 0xfc));
        else
            out(r, 0xcfc + n % 4, 1, n * 37);
        if (n == 40)
            cfg_write(r, 0, 0x72, 1, 0x58);
    }
}

static void test_save_load(void **state)
{
    (void)state;
    size_t size = state_size(i440fx_state_fields);
    uint8_t packed[512], one[512], two[512];
    assert_true(size <= sizeof packed);
    for (unsigned at = 0; at < 100; at += 3) {
        struct rig a, b;
        rig_init(&a);
        rig_init(&b);
        drive(&a, 0, at);
        state_save(i440fx_state_fields, &a.h.s, packed);
        state_load(i440fx_state_fields, &b.h.s, packed);
        assert_null(i440fx_class.check(&b.h));
        i440fx_class.update(&b.h);
        assert_int_equal(b.pam_changes, 1); // the board maps memory again
        drive(&a, at, 200);
        drive(&b, at, 200);
        state_save(i440fx_state_fields, &a.h.s, one);
        state_save(i440fx_state_fields, &b.h.s, two);
        assert_memory_equal(one, two, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mechanism_1), cmocka_unit_test(test_narrow_accesses), cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_pam),         cmocka_unit_test(test_smram_lock),      cmocka_unit_test(test_check),
        cmocka_unit_test(test_save_load),
    };
    return cmocka_run_group_tests_name("i440fx", tests, NULL, NULL);
}
