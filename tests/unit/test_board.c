// The board pc-1: what several chips have in common must not depend on the order in which they speak.
#include "machine/pc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COM2 = 0x2f8, COM4 = 0x2e8, IER = 1, MCR = 4, LAPIC_VERSION = 0x30 };

static struct machine *create(void)
{
    struct machine_config config = {.ram_bytes = 1 << 20, .cpus = 1, .serial_count = 4};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    assert_non_null(m);
    return m;
}

static void load(struct machine *to, struct machine *from)
{
    size_t size = machine_state_size(from);
    uint8_t *state = malloc(size);
    assert_non_null(state);
    machine_save(from, state);
    assert_null(machine_load(to, state, size));
    free(state);
}

static void assert_same(struct machine *a, struct machine *b)
{
    uint8_t da[MACHINE_DIGEST_BYTES], db[MACHINE_DIGEST_BYTES];
    machine_digest(a, da);
    machine_digest(b, db);
    assert_memory_equal(da, db, sizeof da);
}

// Opens the gate of a port and enables the interrupt of its empty transmitter.
static void raise(struct machine *m, uint16_t port)
{
    map_write(&m->ports, port + MCR, 1, 8);
    map_write(&m->ports, port + IER, 1, 2);
}

// COM2 and COM4 share IRQ 3. After a load nothing may look like a new edge.
static void shared_irq_loads(void **state)
{
    static const uint16_t port[] = {COM2, COM4};
    (void)state;
    for (unsigned n = 0; n < ARRAY_LEN(port); n++) {
        struct machine *m = create(), *fresh = create(), *used = create();
        raise(m, port[n]);
        raise(used, port[!n]);
        m->pic.s.chip[0].edge = 0; // as if it had been acknowledged
        load(fresh, m);
        assert_same(fresh, m);
        load(used, m);
        assert_same(used, m);
        machine_destroy(m);
        machine_destroy(fresh);
        machine_destroy(used);
    }
}

// The local APIC is put over the I/O APIC's window, which then goes elsewhere and comes back. Where both want to be,
// the local APIC answers; a machine that is loaded in between agrees.
static void apic_windows_meet(void **state)
{
    (void)state;
    enum { APICBASE = 0x80000880 }; // PIIX3 configuration offset 80h
    struct machine *m = create(), *other = create();
    uint64_t at = m->ioapic_base;
    assert_int_equal(at, 0xfec00000);
    assert_true(lapic_base_msr_write(&m->lapic, at | 0x900));
    for (unsigned n = 0; n < 3; n++) {
        map_write(&m->ports, 0xcf8, 4, APICBASE);
        map_write(&m->ports, 0xcfc, 1, n == 1 ? 4 : 0);
        assert_int_equal(map_read(&m->memory, at + LAPIC_VERSION, 4) & 0xff, 0x14);
        load(other, m);
        assert_int_equal(m->lapic_base, other->lapic_base);
        assert_int_equal(m->ioapic_base, other->ioapic_base);
    }
    machine_destroy(m);
    machine_destroy(other);
}

// Lines and latches of the processor have two levels; a saved state that says otherwise is refused.
static void impossible_lines(void **state)
{
    (void)state;
    struct machine *m = create();
    uint8_t *const field[] = {&m->cpu->s.nmi_level, &m->cpu->s.nmi_pending, &m->cpu->s.nmi_blocked, &m->cpu->s.intr};
    for (unsigned n = 0; n < ARRAY_LEN(field); n++) {
        uint8_t was = *field[n];
        assert_null(cpu_check(m->cpu));
        *field[n] = 0x47;
        assert_non_null(cpu_check(m->cpu));
        *field[n] = was;
    }
    m->cpu->s.db_pending = 64;
    assert_non_null(cpu_check(m->cpu));
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_irq_loads),
        cmocka_unit_test(apic_windows_meet),
        cmocka_unit_test(impossible_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
