// The I/O APIC against the 82093AA data sheet, section 3.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/ioapic_82093aa.h"

struct rig {
    struct ioapic io;
    unsigned count;
    struct apic_message last;
};

static void bus_send(void *ctx, const struct apic_message *msg)
{
    struct rig *r = ctx;
    r->count++;
    r->last = *msg;
}

static void rig_init(struct rig *r)
{
    r->count = 0;
    ioapic_init(&r->io);
    r->io.bus = (struct apic_bus){bus_send, r};
}

static uint32_t rd(struct rig *r, unsigned reg)
{
    ioapic_io.write(&r->io, 0x00, 4, reg);
    return (uint32_t)ioapic_io.read(&r->io, 0x10, 4);
}

static void wr(struct rig *r, unsigned reg, uint32_t value)
{
    ioapic_io.write(&r->io, 0x00, 4, reg);
    ioapic_io.write(&r->io, 0x10, 4, value);
}

static void test_registers(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(rd(&r, 0), 0);
    assert_int_equal(rd(&r, 1), 0x00170020);
    wr(&r, 1, 0xffffffff);
    assert_int_equal(rd(&r, 1), 0x00170020);
    wr(&r, 0, 0xffffffff);
    assert_int_equal(rd(&r, 0), 0x0f000000);
    assert_int_equal(rd(&r, 2), 0x0f000000);
    for (unsigned n = 0; n < 24; n++) {
        assert_int_equal(rd(&r, 0x10 + 2 * n), 0x10000);
        assert_int_equal(rd(&r, 0x11 + 2 * n), 0);
    }
    wr(&r, 0x3e, 0xffffffff);
    wr(&r, 0x3f, 0xffffffff);
    assert_int_equal(rd(&r, 0x3e), 0x1afff); // status bits and reserved bits stay
    assert_int_equal(rd(&r, 0x3f), 0xff000000);
    wr(&r, 0x40, 0xffffffff); // beyond the table
    assert_int_equal(rd(&r, 0x40), 0);
    assert_int_equal(ioapic_io.read(&r.io, 0x00, 4), 0x40);
    assert_int_equal(ioapic_io.read(&r.io, 0xffc, 4), 0);
    assert_int_equal(r.count, 0);
}

static void test_edge(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    ioapic_pin(&r.io, 4, true); // masked: lost
    wr(&r, 0x19, 0x03000000);
    wr(&r, 0x18, 0x00934);
    assert_int_equal(r.count, 0);
    ioapic_pin(&r.io, 4, true); // no edge
    ioapic_pin(&r.io, 4, false);
    assert_int_equal(r.count, 0);
    ioapic_pin(&r.io, 4, true);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.last.vector, 0x34);
    assert_int_equal(r.last.delivery, APIC_LOWEST);
    assert_int_equal(r.last.dest, 3);
    assert_int_equal(r.last.dest_logical, 1);
    assert_int_equal(r.last.level, 0);
    assert_int_equal(rd(&r, 0x18), 0x00934); // no Remote IRR
    ioapic_pin(&r.io, 4, false);
    ioapic_pin(&r.io, 4, true); // needs no EOI
    assert_int_equal(r.count, 2);
    ioapic_pin(&r.io, 24, true); // no such input
    assert_int_equal(r.count, 2);
}

static void test_level(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    ioapic_pin(&r.io, 11, true);
    wr(&r, 0x26, 0x1a05b); // masked, level, polarity low
    assert_int_equal(r.count, 0);
    wr(&r, 0x26, 0x0a05b); // a level is seen when it is unmasked
    assert_int_equal(r.count, 1);
    assert_int_equal(r.last.vector, 0x5b);
    assert_int_equal(r.last.level, 1);
    assert_int_equal(rd(&r, 0x26), 0x0e05b); // Remote IRR
    ioapic_pin(&r.io, 11, false);
    ioapic_pin(&r.io, 11, true);
    assert_int_equal(r.count, 1); // waits for the EOI
    ioapic_eoi(&r.io, 0x5a);
    assert_int_equal(rd(&r, 0x26), 0x0e05b);
    ioapic_eoi(&r.io, 0x5b); // still asserted: again
    assert_int_equal(r.count, 2);
    assert_int_equal(rd(&r, 0x26), 0x0e05b);
    ioapic_pin(&r.io, 11, false);
    ioapic_io.write(&r.io, 0x40, 4, 0x5b); // the EOI register
    assert_int_equal(r.count, 2);
    assert_int_equal(rd(&r, 0x26), 0x0a05b);
    // Masked while in service: the EOI clears Remote IRR, but sends nothing.
    ioapic_pin(&r.io, 11, true);
    wr(&r, 0x26, 0x1a05b);
    assert_int_equal(rd(&r, 0x26), 0x1e05b);
    ioapic_eoi(&r.io, 0x5b);
    assert_int_equal(r.count, 3);
    // Edge mode and back clears Remote IRR.
    wr(&r, 0x26, 0x0a05b);
    assert_int_equal(r.count, 4);
    wr(&r, 0x26, 0x1205b);
    assert_int_equal(rd(&r, 0x26), 0x1205b);
    wr(&r, 0x26, 0x0a05b);
    assert_int_equal(r.count, 5);
}

static void test_modes(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, 0x10, 0x08700); // ExtINT is an edge whatever the trigger mode says
    ioapic_pin(&r.io, 0, true);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.last.delivery, APIC_EXTINT);
    assert_int_equal(r.last.level, 0);
    assert_int_equal(rd(&r, 0x10), 0x08700);
    wr(&r, 0x12, 0x00400);
    ioapic_pin(&r.io, 1, true);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.last.delivery, APIC_NMI);
    wr(&r, 0x14, 0x00300); // reserved modes send nothing
    ioapic_pin(&r.io, 2, true);
    wr(&r, 0x16, 0x00600);
    ioapic_pin(&r.io, 3, true);
    assert_int_equal(r.count, 2);
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_null(ioapic_class.check(&r.io));
    r.io.s.ioredtbl[3] = 1 << 14;
    assert_non_null(ioapic_class.check(&r.io));
    r.io.s.ioredtbl[3] = (uint64_t)1 << 40;
    assert_non_null(ioapic_class.check(&r.io));
    r.io.s.ioredtbl[3] = 0x10000;
    r.io.s.pins = 1 << 24;
    assert_non_null(ioapic_class.check(&r.io));
    r.io.s.pins = 0;
    r.io.s.id = 16;
    assert_non_null(ioapic_class.check(&r.io));
}

static void drive(struct rig *r, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        unsigned pin = n * 7 % 24;
        switch (n % 4) {
        case 0:
            wr(r, 0x10 + 2 * pin, (n & 4 ? 0x8000 : 0) | (n % 12 ? 0 : 0x10000) | (0x40 + n));
            break;
        case 3:
            ioapic_eoi(&r->io, (uint8_t)(0x40 + (n & ~3u)));
            break;
        default:
            ioapic_pin(&r->io, (n & ~3u) * 7 % 24, !(r->io.s.pins >> (n & ~3u) * 7 % 24 & 1));
            break;
        }
    }
}

static void test_save_load(void **state)
{
    (void)state;
    size_t size = state_size(ioapic_state_fields);
    uint8_t packed[256], one[256], two[256];
    assert_true(size <= sizeof packed);
    for (unsigned at = 0; at < 100; at++) {
        struct rig a, b;
        rig_init(&a);
        rig_init(&b);
        drive(&a, 0, at);
        state_save(ioapic_state_fields, &a.io.s, packed);
        state_load(ioapic_state_fields, &b.io.s, packed);
        assert_null(ioapic_class.check(&b.io));
        for (unsigned n = 0; n < 24; n++) // the board drives its lines again
            ioapic_pin(&b.io, n, a.io.s.pins >> n & 1);
        assert_int_equal(b.count, 0);
        a.count = 0;
        drive(&a, at, 128);
        drive(&b, at, 128);
        assert_int_equal(a.count, b.count);
        assert_true(a.count > 0);
        state_save(ioapic_state_fields, &a.io.s, one);
        state_save(ioapic_state_fields, &b.io.s, two);
        assert_memory_equal(one, two, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers), cmocka_unit_test(test_edge),  cmocka_unit_test(test_level),
        cmocka_unit_test(test_modes),     cmocka_unit_test(test_check), cmocka_unit_test(test_save_load),
    };
    return cmocka_run_group_tests_name("ioapic_82093aa", tests, NULL, NULL);
}
