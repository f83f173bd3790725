// The PIIX3 ISA bridge: interrupt routing with sharing, I/O APIC window, reset control (data sheet 290550).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/piix3.h"

struct rig {
    struct pci_bus bus;
    struct piix3 p;
    bool irq[16];
    bool pirq[4];
    bool ignne;
    unsigned resets, hard, apic_changes;
};

static void set_irq(void *ctx, unsigned n, bool level)
{
    ((struct rig *)ctx)->irq[n] = level;
}

static void set_pirq(void *ctx, unsigned n, bool level)
{
    ((struct rig *)ctx)->pirq[n] = level;
}

static void set_ignne(void *ctx, unsigned n, bool level)
{
    (void)n;
    ((struct rig *)ctx)->ignne = level;
}

static void on_reset(void *ctx, bool hard)
{
    struct rig *r = ctx;
    r->resets++;
    r->hard += hard;
}

static void on_apic(void *ctx)
{
    ((struct rig *)ctx)->apic_changes++;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    piix3_init(&r->p, &r->bus);
    for (unsigned n = 0; n < 16; n++)
        r->p.irq[n] = (struct line){set_irq, r, n};
    for (unsigned n = 0; n < 4; n++)
        r->p.pirq[n] = (struct line){set_pirq, r, n};
    r->p.ignne = (struct line){set_ignne, r, 0};
    r->p.reset = on_reset;
    r->p.reset_ctx = r;
    r->p.apic_changed = on_apic;
    r->p.apic_ctx = r;
}

enum { DEVFN = PIIX3_DEVICE << 3 };

static uint32_t rd(struct rig *r, unsigned reg, unsigned size)
{
    return pci_bus_read(&r->bus, DEVFN, reg, size);
}

static void wr(struct rig *r, unsigned reg, unsigned size, uint32_t v)
{
    pci_bus_write(&r->bus, DEVFN, reg, size, v);
}

static unsigned irqs(const struct rig *r)
{
    unsigned mask = 0;
    for (unsigned n = 0; n < 16; n++)
        mask |= (unsigned)r->irq[n] << n;
    return mask;
}

static void test_identity(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(rd(&r, 0, 4), 0x70008086);
    assert_int_equal(rd(&r, 8, 4), 0x06010000);
    assert_int_equal(rd(&r, 0x0e, 1), 0x80);
    assert_int_equal(rd(&r, 4, 4), 0x02000007);
    assert_int_equal(rd(&r, 0x60, 4), 0x80808080);
    wr(&r, 0x60, 4, 0xffffffff);
    assert_int_equal(rd(&r, 0x60, 4), 0x8f8f8f8f);
    wr(&r, 0, 4, 0);
    assert_int_equal(rd(&r, 0, 4), 0x70008086);
    wr(&r, 0x82, 1, 0xff);
    assert_int_equal(rd(&r, 0x82, 1), 0x0f);
}

static void test_routing(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix3_intx(&r.p, 1 * 4 + 0, true); // device 1 INTA# is PIRQA, which is not routed yet
    assert_true(r.pirq[0]);
    assert_int_equal(irqs(&r), 0);
    piix3_firmware_setup(&r.p);
    assert_int_equal(rd(&r, 0x60, 4), 0x0b0b0a0a);
    assert_int_equal(irqs(&r), 1 << 10);
    piix3_intx(&r.p, 2 * 4 + 0, true); // PIRQB shares IRQ 10
    piix3_intx(&r.p, 1 * 4 + 0, false);
    assert_int_equal(irqs(&r), 1 << 10);
    assert_false(r.pirq[0]);
    assert_true(r.pirq[1]);
    piix3_intx(&r.p, 2 * 4 + 0, false);
    assert_int_equal(irqs(&r), 0);
    piix3_intx(&r.p, 3 * 4 + 3, true); // (3 + 3 - 1) mod 4: PIRQB
    piix3_intx(&r.p, 6 * 4 + 0, true); // (0 + 6 - 1) mod 4: PIRQB, the same wire
    piix3_intx(&r.p, 3 * 4 + 3, false);
    assert_true(r.pirq[1]);
    assert_int_equal(irqs(&r), 1 << 10);
    wr(&r, 0x61, 1, 5); // rerouted while asserted
    assert_int_equal(irqs(&r), 1 << 5);
    wr(&r, 0x61, 1, 0x85); // off
    assert_int_equal(irqs(&r), 0);
    wr(&r, 0x61, 1, 8); // reserved values route nowhere
    assert_int_equal(irqs(&r), 0);
    piix3_intx(&r.p, 31 * 4 + 3, true); // (3 + 31 - 1) mod 4: PIRQB
    assert_int_equal(irqs(&r), 0);
    piix3_intx(&r.p, 0 * 4 + 0, true); // device 0 INTA#: PIRQD
    assert_true(r.pirq[3]);
    assert_int_equal(irqs(&r), 1 << 11);
}

static void test_isa_inputs(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix3_firmware_setup(&r.p);
    piix3_isa_irq(&r.p, 0, true);
    piix3_isa_irq(&r.p, 9, true);
    assert_int_equal(irqs(&r), 1 << 9 | 1 << 0);
    piix3_isa_irq(&r.p, 0, false);
    wr(&r, 0x60, 1, 9);
    piix3_intx(&r.p, 5 * 4, true); // PIRQA and the ISA input share IRQ 9
    piix3_isa_irq(&r.p, 9, false);
    assert_int_equal(irqs(&r), 1 << 9);
    piix3_intx(&r.p, 5 * 4, false);
    assert_int_equal(irqs(&r), 0);
}

static void test_reset_control(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix3_rcr_io.write(&r.p, 0, 1, 0x02);
    assert_int_equal(r.resets, 0);
    assert_int_equal(piix3_rcr_io.read(&r.p, 0, 1), 0x02);
    piix3_rcr_io.write(&r.p, 0, 1, 0x06);
    assert_int_equal(r.resets, 1);
    assert_int_equal(r.hard, 1);
    piix3_rcr_io.write(&r.p, 0, 1, 0x06); // only 0 to 1
    assert_int_equal(r.resets, 1);
    piix3_rcr_io.write(&r.p, 0, 1, 0x00);
    piix3_rcr_io.write(&r.p, 0, 1, 0xf5);
    assert_int_equal(r.resets, 2);
    assert_int_equal(r.hard, 1);
    assert_int_equal(piix3_rcr_io.read(&r.p, 0, 1), 0x04);
}

static void test_apic_base(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    uint32_t base;
    assert_false(piix3_apic_base(&r.p, &base));
    wr(&r, 0x4e, 2, 0x0103);
    assert_int_equal(r.apic_changes, 1);
    assert_true(piix3_apic_base(&r.p, &base));
    assert_int_equal(base, 0xfec00000);
    wr(&r, 0x80, 1, 0x0d);
    assert_int_equal(r.apic_changes, 2);
    assert_true(piix3_apic_base(&r.p, &base));
    assert_int_equal(base, 0xfec03400);
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix3_firmware_setup(&r.p);
    assert_null(piix3_class.check(&r.p));
    r.p.s.rcr = 1;
    assert_non_null(piix3_class.check(&r.p));
    r.p.s.rcr = 0;
    r.p.s.pci[0].config[0x0e] = 0;
    assert_non_null(piix3_class.check(&r.p));
}

static void drive(struct rig *r, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        switch (n % 4) {
        case 0:
            wr(r, 0x60 + n / 4 % 4, 1, n * 11);
            break;
        case 1:
            piix3_isa_irq(&r->p, n * 5 % 16, n & 32);
            break;
        default:
            piix3_intx(&r->p, n * 13 % 128, n & 8);
            break;
        }
        if (n % 50 == 0)
            piix3_rcr_io.write(&r->p, 0, 1, n);
    }
}

static void test_save_load(void **state)
{
    (void)state;
    size_t size = state_size(piix3_state_fields);
    uint8_t packed[512], one[512], two[512];
    assert_true(size <= sizeof packed);
    for (unsigned at = 0; at < 200; at += 7) {
        struct rig a, b;
        rig_init(&a);
        rig_init(&b);
        drive(&a, 0, at);
        state_save(piix3_state_fields, &a.p.s, packed);
        state_load(piix3_state_fields, &b.p.s, packed);
        assert_null(piix3_class.check(&b.p));
        piix3_class.update(&b.p);
        assert_int_equal(irqs(&a), irqs(&b));
        assert_memory_equal(a.pirq, b.pirq, sizeof a.pirq);
        state_save(piix3_state_fields, &b.p.s, two);
        assert_memory_equal(packed, two, size);
        drive(&a, at, 400);
        drive(&b, at, 400);
        assert_int_equal(irqs(&a), irqs(&b));
        state_save(piix3_state_fields, &a.p.s, one);
        state_save(piix3_state_fields, &b.p.s, two);
        assert_memory_equal(one, two, size);
    }
}

// FERR# latches IRQ 13 until port F0h is written; then IGNNE# is there until FERR# goes.
static void test_coprocessor(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    piix3_coprocessor_io.write(&r.p, 0, 1, 0);
    assert_int_equal(irqs(&r), 0);
    assert_false(r.ignne);
    piix3_ferr(&r.p, 0, true);
    assert_int_equal(irqs(&r), 1 << 13);
    piix3_ferr(&r.p, 0, false);
    assert_int_equal(irqs(&r), 1 << 13);
    piix3_coprocessor_io.write(&r.p, 0, 1, 0xff);
    assert_int_equal(irqs(&r), 0);
    assert_false(r.ignne);
    piix3_ferr(&r.p, 0, true);
    piix3_coprocessor_io.write(&r.p, 0, 1, 0);
    assert_int_equal(irqs(&r), 0);
    assert_true(r.ignne);
    piix3_ferr(&r.p, 0, false);
    assert_false(r.ignne);
    r.p.s.ignne = 1;
    piix3_class.update(&r.p);
    assert_true(r.ignne);
    r.p.s.ferr = 2;
    assert_non_null(piix3_class.check(&r.p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),      cmocka_unit_test(test_routing),     cmocka_unit_test(test_isa_inputs),
        cmocka_unit_test(test_reset_control), cmocka_unit_test(test_apic_base),   cmocka_unit_test(test_check),
        cmocka_unit_test(test_save_load),     cmocka_unit_test(test_coprocessor),
    };
    return cmocka_run_group_tests_name("piix3", tests, NULL, NULL);
}
