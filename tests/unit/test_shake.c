// Saving and loading in place (machine_shake): every chip arms its events again, nothing that the guest sees changes,
// and the mean build does it behind each event, also where several are due at one tick.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/pc.h"

enum {
    PIT_CONTROL = 0x43,
    PIT_COUNTER0 = 0x40,
    CMOS_INDEX = 0x70,
    CMOS_DATA = 0x71,
    PIC_MASK = 0x21,
    PIC2_MASK = 0xa1
};

static void out(struct machine *m, uint16_t port, uint8_t value)
{
    map_write(&m->ports, port, 1, value);
}

// A machine that halts with its interrupts masked while two timers run: the PIT every `period` of its clocks, the RTC
// at 8192 Hz.
static struct machine *create(uint16_t period)
{
    struct machine_config config = {.ram_bytes = 1 << 20, .cpus = 1, .serial_count = 1, .date = 1767225600};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    assert_non_null(m);
    out(m, PIC_MASK, 0xff);
    out(m, PIC2_MASK, 0xff);
    out(m, PIT_CONTROL, 0x36); // mode 3, both bytes
    out(m, PIT_COUNTER0, (uint8_t)period);
    out(m, PIT_COUNTER0, (uint8_t)(period >> 8));
    out(m, CMOS_INDEX, 0x0a);
    out(m, CMOS_DATA, 0x23);
    out(m, CMOS_INDEX, 0x0b);
    out(m, CMOS_DATA, 0x42); // periodic interrupts, 24 hours
    m->cpu->s.rflags |= F_IF;
    m->cpu->s.activity = CPU_HALTED;
    cpu_update(m->cpu);
    return m;
}

// The RTC arms no event while its interrupt waits.
static void read_register_c(struct machine *m)
{
    out(m, CMOS_INDEX, 0x0c);
    map_read(&m->ports, CMOS_DATA, 1);
}

static void run_until(struct machine *m, uint64_t tick)
{
    enum machine_stop stop;
    do
        stop = machine_run(m, tick, true);
    while (stop == MACHINE_SLICE);
    assert_int_equal(stop, MACHINE_UNTIL);
}

static void test_behind_each_event(void **state)
{
    (void)state;
    enum { TICKS = 20000 };
    struct machine *m = create(2);
    machine_set_ratio(m, (uint64_t)1 << 32); // 4096 ns a tick: several periods of the PIT
    run_until(m, TICKS);
    assert_true(machine_events(m) > TICKS);
    assert_int_equal(machine_shakes(m), SNOWGLOBE_MEAN ? machine_events(m) : 0);
    machine_destroy(m);
}

struct armed {
    uint64_t deadline;
    uint32_t id;
};

static unsigned armed_events(const struct machine *m, struct armed *list, unsigned size)
{
    unsigned n = 0;
    for (const struct event *e = m->clock.queue; e; e = e->next) {
        assert_true(n < size);
        list[n++] = (struct armed){e->deadline, e->id};
    }
    return n;
}

static void test_nothing_changes(void **state)
{
    (void)state;
    struct machine *a = create(1193), *b = create(1193);
    for (unsigned k = 0; k < 200; k++) {
        struct armed before[32], after[32];
        uint8_t x[MACHINE_DIGEST_BYTES], y[MACHINE_DIGEST_BYTES];
        uint64_t tick = 1 + k * 77777;
        run_until(a, tick);
        run_until(b, tick);
        read_register_c(a);
        read_register_c(b);
        unsigned count = armed_events(a, before, ARRAY_LEN(before));
        assert_true(count >= 2);
        uint64_t shakes = machine_shakes(a);
        assert_null(machine_shake(a));
        assert_int_equal(machine_shakes(a), shakes + 1);
        assert_int_equal(armed_events(a, after, ARRAY_LEN(after)), count);
        for (unsigned n = 0; n < count; n++) {
            assert_true(after[n].deadline == before[n].deadline);
            assert_int_equal(after[n].id, before[n].id);
        }
        machine_digest(a, x);
        machine_digest(b, y);
        assert_memory_equal(x, y, sizeof x);
    }
    assert_int_equal(machine_events(a), machine_events(b));
    machine_destroy(a);
    machine_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behind_each_event),
        cmocka_unit_test(test_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
