// PIIX4 power management: PM1 block, PM timer to the tick, SCI, soft off and APM ports (data sheet 290562). The clock
// runs at one nanosecond a tick.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/piix4_pm.h"

struct rig {
    struct clock clock;
    struct pci_bus bus;
    struct piix4_pm pm;
    bool sci;
    unsigned offs, io_changes;
};

static void set_sci(void *ctx, unsigned n, bool level)
{
    assert_int_equal(n, PIIX4_SCI_IRQ);
    ((struct rig *)ctx)->sci = level;
}

static void on_off(void *ctx)
{
    ((struct rig *)ctx)->offs++;
}

static void on_io(void *ctx)
{
    ((struct rig *)ctx)->io_changes++;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    piix4_pm_init(&r->pm, &r->bus, &r->clock, 7);
    r->pm.sci = (struct line){set_sci, r, PIIX4_SCI_IRQ};
    r->pm.power_off = on_off;
    r->pm.power_off_ctx = r;
    r->pm.io_changed = on_io;
    r->pm.io_ctx = r;
}

enum { DEVFN = PIIX4_PM_DEVICE << 3 | PIIX4_PM_FUNCTION };

static uint32_t in(struct rig *r, unsigned offset, unsigned size)
{
    return (uint32_t)piix4_pm_io.read(&r->pm, offset, size);
}

static void out(struct rig *r, unsigned offset, unsigned size, uint32_t value)
{
    piix4_pm_io.write(&r->pm, offset, size, value);
}

static void run_to(struct rig *r, uint64_t to)
{
    for (;;) {
        uint64_t next = clock_tick_at(&r->clock, clock_next_deadline(&r->clock));
        if (next > to)
            break;
        r->clock.s.tick = next > r->clock.s.tick ? next : r->clock.s.tick;
        clock_run_due(&r->clock, 1);
    }
    r->clock.s.tick = to;
}

static void acpi_on(struct rig *r)
{
    piix4_apm_io.write(&r->pm, 0, 1, 0xf1);
}

static void test_configuration(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0, 4), 0x71138086);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 8, 4), 0x06800003);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x3d, 1), 1);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x40, 4), 0x00000001);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x58, 4) & 1 << 25, 1 << 25); // APMC_EN
    pci_bus_write(&r.bus, DEVFN, 0x58, 4, 0);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x58, 4), 1 << 25);
    uint16_t base;
    assert_false(piix4_pm_io_base(&r.pm, &base));
    pci_bus_write(&r.bus, DEVFN, 0x40, 4, 0xffffffff);
    assert_int_equal(r.io_changes, 1);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x40, 4), 0x0000ffc1);
    pci_bus_write(&r.bus, DEVFN, 0x80, 1, 0xff);
    assert_int_equal(r.io_changes, 2);
    assert_true(piix4_pm_io_base(&r.pm, &base));
    assert_int_equal(base, 0xffc0);
    piix4_pm_firmware_setup(&r.pm, 0xb000);
    assert_true(piix4_pm_io_base(&r.pm, &base));
    assert_int_equal(base, 0xb000);
    assert_int_equal(pci_bus_read(&r.bus, DEVFN, 0x3c, 1), 9);
    assert_null(piix4_pm_class.check(&r.pm));
}

static void test_timer(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(in(&r, 8, 4), 0);
    run_to(&r, 279); // one count is 279.365 ns
    assert_int_equal(in(&r, 8, 4), 0);
    run_to(&r, 280);
    assert_int_equal(in(&r, 8, 4), 1);
    run_to(&r, 1000000000);
    assert_int_equal(in(&r, 8, 4), 3579545);
    assert_int_equal(in(&r, 8, 1), 3579545 & 0xff);
    assert_int_equal(in(&r, 9, 2), 3579545 >> 8 & 0xffff);
    out(&r, 8, 4, 0); // read only
    assert_int_equal(in(&r, 8, 4), 3579545);
    // 24 bits: 2^24 counts are 4686968874.5 ns.
    run_to(&r, 4686968874);
    assert_int_equal(in(&r, 8, 4), 0xffffff);
    run_to(&r, 4686968875);
    assert_int_equal(in(&r, 8, 4), 0);
}

static void test_timer_overflow(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    // Bit 23 first changes at 2^23 counts: 2343484437.3 ns.
    uint64_t half = 2343484438;
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
    run_to(&r, half - 1);
    assert_int_equal(in(&r, 0, 2), 0);
    run_to(&r, half);
    assert_int_equal(in(&r, 0, 2), 1);
    assert_false(r.sci);
    out(&r, 2, 2, 1); // enabled, but not in ACPI mode
    assert_false(r.sci);
    acpi_on(&r);
    assert_true(r.sci);
    out(&r, 0, 1, 1);
    assert_false(r.sci);
    assert_int_equal(in(&r, 0, 2), 0);
    assert_int_equal(clock_next_deadline(&r.clock), 4686968875); // the change back
    run_to(&r, 4686968874);
    assert_false(r.sci);
    run_to(&r, 4686968875);
    assert_true(r.sci);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER); // until it is cleared
    out(&r, 2, 2, 0);
    assert_false(r.sci);
    out(&r, 0, 2, 1);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER); // not needed
}

static void test_power_button(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix4_pm_power_button(&r.pm);
    assert_int_equal(in(&r, 0, 2), 0x100);
    acpi_on(&r);
    assert_int_equal(in(&r, 4, 2), 1);
    assert_false(r.sci);
    out(&r, 2, 2, 0x120);
    assert_int_equal(in(&r, 0, 4), 0x01200100);
    assert_true(r.sci);
    out(&r, 0, 2, 0x0001); // another bit
    assert_true(r.sci);
    out(&r, 1, 1, 0x01); // the high byte alone
    assert_false(r.sci);
    assert_int_equal(in(&r, 0, 2), 0);
    out(&r, 2, 2, 0xffff);
    assert_int_equal(in(&r, 2, 2), 0x0521);
}

static void test_soft_off(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    acpi_on(&r);
    out(&r, 4, 2, 0x1401 | 0x2000); // SUS_TYP 5 is no suspend state here
    assert_int_equal(r.offs, 0);
    assert_int_equal(in(&r, 4, 2), 0x1401); // SUS_EN reads as zero
    out(&r, 4, 2, 0x0001);
    assert_int_equal(r.offs, 0);
    out(&r, 4, 2, 0x2001); // SUS_TYP 0
    assert_int_equal(r.offs, 1);
}

static void test_apm(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix4_apm_io.write(&r.pm, 1, 1, 0x42);
    assert_int_equal(piix4_apm_io.read(&r.pm, 1, 1), 0x42);
    assert_int_equal(in(&r, 4, 2), 0);
    acpi_on(&r);
    assert_int_equal(piix4_apm_io.read(&r.pm, 0, 1), 0xf1);
    assert_int_equal(in(&r, 4, 2), 1);
    piix4_apm_io.write(&r.pm, 0, 1, 0x55);
    assert_int_equal(in(&r, 4, 2), 1);
    piix4_apm_io.write(&r.pm, 0, 1, 0xf0);
    assert_int_equal(in(&r, 4, 2), 0);
}

static void test_general_purpose_events(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    acpi_on(&r);
    out(&r, 0x0e, 2, 0xffff);
    assert_int_equal(in(&r, 0x0e, 2), 0x0f01);
    piix4_pm_gpe(&r.pm, 2); // no such event
    assert_false(r.sci);
    piix4_pm_gpe(&r.pm, 9);
    assert_true(r.sci);
    assert_int_equal(in(&r, 0x0c, 4), 0x0f010200);
    out(&r, 0x0c, 2, 0x0200);
    assert_false(r.sci);
}

static void test_other_registers(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(in(&r, 0x34, 4), 0x7fffbfff);
    assert_int_equal(in(&r, 0x14, 2), 0);
    for (unsigned offset = 0; offset < 64; offset++) {
        if (offset != 5)
            out(&r, offset, 1, 0xff);
    }
    assert_int_equal(in(&r, 0x28, 4), 0xffffffff);
    assert_int_equal(in(&r, 0x18, 4), 0);
    assert_int_equal(in(&r, 0x06, 4) & 0xffff, 0); // reserved
    out(&r, 62, 4, 0);                             // past the end wraps within the block
    assert_null(piix4_pm_class.check(&r.pm));
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct piix4_pm_state good = r.pm.s;
    assert_null(piix4_pm_class.check(&r.pm));
    r.pm.s.pmsts = 1; // lives in tmrof_seen
    assert_non_null(piix4_pm_class.check(&r.pm));
    r.pm.s = good;
    r.pm.s.tmrof_seen = UINT64_MAX;
    assert_non_null(piix4_pm_class.check(&r.pm));
    r.pm.s = good;
    r.pm.s.gpen = 2;
    assert_non_null(piix4_pm_class.check(&r.pm));
    r.pm.s = good;
    r.pm.s.pci[0].config[0x40] = 0;
    assert_non_null(piix4_pm_class.check(&r.pm));
    r.pm.s = good;
    r.pm.s.other[0x18 - 0x10] = 1;
    assert_non_null(piix4_pm_class.check(&r.pm));
}

static void drive(struct rig *r, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        switch (n % 6) {
        case 0:
            piix4_apm_io.write(&r->pm, 0, 1, n % 36 ? 0xf1 : 0xf0);
            break;
        case 1:
            out(r, 2, 2, n % 4 ? 0x101 : 0x100);
            break;
        case 2:
            piix4_pm_power_button(&r->pm);
            break;
        case 3:
            piix4_pm_gpe(&r->pm, n % 12);
            out(r, 0x0e, 2, n);
            break;
        case 4:
            out(r, 0, 2, n & 8 ? 0x101 : 0x100);
            break;
        default:
            out(r, n % 64 == 5 ? 4 : n % 64, 1, n);
            break;
        }
        run_to(r, r->clock.s.tick + 333333333);
    }
}

static void test_save_load(void **state)
{
    (void)state;
    size_t size = state_size(piix4_pm_state_fields);
    uint8_t packed[512], one[512], two[512];
    assert_true(size <= sizeof packed);
    for (unsigned at = 0; at < 100; at++) {
        struct rig a, b;
        rig_init(&a);
        rig_init(&b);
        drive(&a, 0, at);
        state_save(piix4_pm_state_fields, &a.pm.s, packed);
        b.clock.s = a.clock.s;
        state_load(piix4_pm_state_fields, &b.pm.s, packed);
        assert_null(piix4_pm_class.check(&b.pm));
        piix4_pm_class.update(&b.pm);
        assert_int_equal(a.sci, b.sci);
        assert_int_equal(clock_next_deadline(&a.clock), clock_next_deadline(&b.clock));
        drive(&a, at, 150);
        drive(&b, at, 150);
        assert_int_equal(a.sci, b.sci);
        state_save(piix4_pm_state_fields, &a.pm.s, one);
        state_save(piix4_pm_state_fields, &b.pm.s, two);
        assert_memory_equal(one, two, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_timer_overflow),
        cmocka_unit_test(test_power_button),
        cmocka_unit_test(test_soft_off),
        cmocka_unit_test(test_apm),
        cmocka_unit_test(test_general_purpose_events),
        cmocka_unit_test(test_other_registers),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_save_load),
    };
    return cmocka_run_group_tests_name("piix4_pm", tests, NULL, NULL);
}
