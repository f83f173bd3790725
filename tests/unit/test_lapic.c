// The local APIC against SDM vol. 3A, chapter 11. The clock runs at one nanosecond a tick, so ticks are nanoseconds and
// one bus clock is five of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/lapic.h"

enum { NS_PER_BUS_CLOCK = 5 };

struct rig {
    struct clock clock;
    struct lapic apic[2];
    unsigned intr_level[2];
    unsigned nmis[2];
    unsigned inits, startups, startup_vector;
    unsigned acks, eois, eoi_vector, base_changes;
    uint8_t pic_vector;
    uint64_t tsc_offset;
};

static void set_intr(void *ctx, unsigned n, bool level)
{
    ((struct rig *)ctx)->intr_level[n] = level;
}

static void set_nmi(void *ctx, unsigned n, bool level)
{
    ((struct rig *)ctx)->nmis[n] += level;
}

static void on_init(void *ctx)
{
    ((struct rig *)ctx)->inits++;
}

static void on_startup(void *ctx, uint8_t vector)
{
    struct rig *r = ctx;
    r->startups++;
    r->startup_vector = vector;
}

static void on_base_changed(void *ctx)
{
    ((struct rig *)ctx)->base_changes++;
}

static void on_eoi(void *ctx, uint8_t vector)
{
    struct rig *r = ctx;
    r->eois++;
    r->eoi_vector = vector;
}

static uint8_t pic_acknowledge(void *ctx)
{
    struct rig *r = ctx;
    r->acks++;
    lapic_lint(&r->apic[0], 0, false);
    return r->pic_vector;
}

// The board's part: delivers to every APIC that matches.
static void bus_send(void *ctx, const struct apic_message *msg)
{
    struct rig *r = ctx;
    for (unsigned n = 0; n < 2; n++)
        if (lapic_matches(&r->apic[n], msg->dest, msg->dest_logical))
            lapic_receive(&r->apic[n], msg);
}

static uint64_t tsc_deadline_ns(void *ctx, uint64_t tsc)
{
    uint64_t offset = ((struct rig *)ctx)->tsc_offset;
    return tsc > offset ? tsc - offset : 0;
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){.pic_vector = 0x38};
    clock_init(&r->clock);
    for (unsigned n = 0; n < 2; n++) {
        struct lapic *l = &r->apic[n];
        lapic_init(l, &r->clock, 10 + n, (uint8_t)n, n == 0);
        l->bus = (struct apic_bus){bus_send, r};
        l->pic = (struct intr_ack){pic_acknowledge, r};
        l->intr = (struct line){set_intr, r, n};
        l->nmi = (struct line){set_nmi, r, n};
        l->eoi = on_eoi;
        l->eoi_ctx = r;
        l->init = on_init;
        l->startup = on_startup;
        l->base_changed = on_base_changed;
        l->ctx = r;
    }
}

static uint32_t rd(struct lapic *l, unsigned offset)
{
    return (uint32_t)lapic_io.read(l, offset, 4);
}

static void wr(struct lapic *l, unsigned offset, uint32_t value)
{
    lapic_io.write(l, offset, 4, value);
}

static void enable(struct lapic *l)
{
    wr(l, 0xf0, 0x1ff);
}

// Runs every event up to and including tick `to`.
static void run_to(struct rig *r, uint64_t to)
{
    for (;;) {
        uint64_t next = clock_tick_at(&r->clock, clock_next_deadline(&r->clock));
        if (next > to)
            break;
        if (next > r->clock.s.tick)
            r->clock.s.tick = next;
        clock_run_due(&r->clock, 1);
    }
    r->clock.s.tick = to;
}

static void message(struct lapic *l, uint8_t vector, bool level)
{
    lapic_receive(l, &(struct apic_message){.dest = 0xff, .vector = vector, .level = level});
}

static void test_power_up(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[1];
    assert_int_equal(rd(l, 0x20), 0x01000000);
    assert_int_equal(rd(l, 0x30), 0x00050014);
    assert_int_equal(rd(l, 0x80), 0);
    assert_int_equal(rd(l, 0xd0), 0);
    assert_int_equal(rd(l, 0xe0), 0xffffffff);
    assert_int_equal(rd(l, 0xf0), 0xff);
    for (unsigned offset = 0x320; offset <= 0x370; offset += 0x10)
        assert_int_equal(rd(l, offset), 0x10000);
    assert_int_equal(rd(l, 0x380), 0);
    assert_int_equal(rd(l, 0x390), 0);
    assert_int_equal(rd(l, 0x3e0), 0);
    assert_int_equal(lapic_base_msr_read(&r.apic[0]), 0xfee00900);
    assert_int_equal(lapic_base_msr_read(&r.apic[1]), 0xfee00800);
    assert_int_equal(rd(l, 0x24), 0); // between registers
}

static void test_priorities(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    message(l, 0x41, false);
    assert_false(lapic_pending(l)); // a software-disabled APIC takes no fixed interrupts
    enable(l);
    message(l, 0x41, false);
    assert_true(lapic_pending(l));
    assert_int_equal(r.intr_level[0], 1);
    wr(l, 0x80, 0x45); // same class as the vector: inhibited
    assert_int_equal(r.intr_level[0], 0);
    assert_int_equal(rd(l, 0xa0), 0x45);
    lapic_tpr_write(l, 3);
    assert_int_equal(rd(l, 0x80), 0x30);
    assert_int_equal(lapic_tpr_read(l), 3);
    assert_int_equal(r.intr_level[0], 1);
    assert_int_equal(rd(l, 0x220), 1u << 1);
    assert_int_equal(lapic_acknowledge(l), 0x41);
    assert_int_equal(rd(l, 0x220), 0);
    assert_int_equal(rd(l, 0x120), 1u << 1);
    assert_int_equal(rd(l, 0xa0), 0x40);
    assert_int_equal(r.intr_level[0], 0);
    message(l, 0x4f, false); // same class as the one in service waits
    assert_false(lapic_pending(l));
    message(l, 0x50, true); // a higher class nests
    assert_true(lapic_pending(l));
    assert_int_equal(lapic_acknowledge(l), 0x50);
    assert_int_equal(rd(l, 0x1a0), 1u << 16); // TMR of 0x50
    assert_int_equal(rd(l, 0xa0), 0x50);
    wr(l, 0xb0, 0);
    assert_int_equal(r.eois, 1); // level: broadcast
    assert_int_equal(r.eoi_vector, 0x50);
    assert_false(lapic_pending(l));
    wr(l, 0xb0, 0);
    assert_int_equal(r.eois, 1); // edge: none
    assert_true(lapic_pending(l));
    assert_int_equal(lapic_acknowledge(l), 0x4f);
    wr(l, 0xb0, 0);
    wr(l, 0xb0, 0); // nothing in service: no effect
    assert_int_equal(rd(l, 0xa0), 0x30);
    assert_int_equal(lapic_acknowledge(l), 0xff); // nothing requested: spurious, and not in service
    assert_int_equal(rd(l, 0x170), 0);
}

static void test_arbitration_priority(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    wr(l, 0x80, 0x35);
    assert_int_equal(rd(l, 0x90), 0x35);
    message(l, 0x62, false);
    assert_int_equal(rd(l, 0x90), 0x60);
    assert_int_equal(lapic_acknowledge(l), 0x62);
    assert_int_equal(rd(l, 0x90), 0x20); // TPR 3 AND ISR 6
}

static void test_one_shot(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    run_to(&r, 1000);
    wr(l, 0x3e0, 0xb); // divide by 1
    wr(l, 0x320, 0x31);
    wr(l, 0x380, 1000);
    assert_int_equal(clock_next_deadline(&r.clock), 1000 + 1000 * NS_PER_BUS_CLOCK);
    run_to(&r, 1000 + 400 * NS_PER_BUS_CLOCK);
    assert_int_equal(rd(l, 0x390), 600);
    run_to(&r, 5999);
    assert_int_equal(rd(l, 0x390), 1);
    assert_false(lapic_pending(l));
    run_to(&r, 6000);
    assert_true(lapic_pending(l));
    assert_int_equal(rd(l, 0x390), 0);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
    assert_int_equal(lapic_acknowledge(l), 0x31);
    wr(l, 0xb0, 0);

    wr(l, 0x3e0, 0x3); // divide by 16
    wr(l, 0x380, 100);
    run_to(&r, 6000 + 50 * 16 * NS_PER_BUS_CLOCK);
    assert_int_equal(rd(l, 0x390), 50);
    wr(l, 0x3e0, 0x0); // by 2 for the remaining 50
    run_to(&r, 10000 + 50 * 2 * NS_PER_BUS_CLOCK - 1);
    assert_false(lapic_pending(l));
    run_to(&r, 10000 + 50 * 2 * NS_PER_BUS_CLOCK);
    assert_int_equal(lapic_acknowledge(l), 0x31);

    wr(l, 0x380, 100);
    wr(l, 0x380, 0); // stops
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
}

static void test_periodic(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    wr(l, 0x3e0, 0x2); // divide by 8: 40 ns a count
    wr(l, 0x320, 0x20040);
    wr(l, 0x380, 25); // 1000 ns
    for (unsigned n = 1; n <= 5; n++) {
        run_to(&r, n * 1000 - 1);
        assert_false(lapic_pending(l));
        run_to(&r, n * 1000);
        assert_int_equal(rd(l, 0x390), 25);
        assert_int_equal(lapic_acknowledge(l), 0x40);
        wr(l, 0xb0, 0);
    }
    // Masked, it counts on with no event and no interrupt; periods missed are not made up.
    wr(l, 0x320, 0x30040);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
    run_to(&r, 7400);
    assert_int_equal(rd(l, 0x390), 15);
    wr(l, 0x320, 0x20040);
    assert_false(lapic_pending(l));
    assert_int_equal(clock_next_deadline(&r.clock), 8000);
    // Two late periods at once request one interrupt, and the phase stays.
    r.clock.s.tick = 9100;
    clock_run_due(&r.clock, 1);
    assert_true(lapic_pending(l));
    assert_int_equal(clock_next_deadline(&r.clock), 10000);
}

static void test_tsc_deadline(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    lapic_tsc_deadline_write(l, 500); // not in this mode
    assert_int_equal(lapic_tsc_deadline_read(l), 0);
    wr(l, 0x320, 0x400ec);
    wr(l, 0x380, 77); // ignored in this mode
    assert_int_equal(rd(l, 0x380), 0);
    lapic_tsc_deadline_write(l, 500);
    run_to(&r, 499);
    assert_int_equal(lapic_tsc_deadline_read(l), 500);
    assert_false(lapic_pending(l));
    run_to(&r, 500);
    assert_int_equal(lapic_tsc_deadline_read(l), 0);
    assert_int_equal(lapic_acknowledge(l), 0xec);
    wr(l, 0xb0, 0);
    lapic_tsc_deadline_write(l, 100); // past: at once
    run_to(&r, 500);
    assert_int_equal(lapic_acknowledge(l), 0xec);
    wr(l, 0xb0, 0);

    l->tsc_deadline_ns = tsc_deadline_ns; // a TSC that is ahead
    r.tsc_offset = 1000000;
    lapic_tsc_deadline_write(l, 1000900);
    assert_int_equal(clock_next_deadline(&r.clock), 900);
    lapic_timer_sync(l);
    r.tsc_offset = 1000100; // WRMSR to the TSC
    lapic_update(l);
    assert_int_equal(clock_next_deadline(&r.clock), 800);
    wr(l, 0x320, 0x000ec); // a mode change disarms
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
    wr(l, 0x320, 0x500ec); // masked: expires silently
    lapic_tsc_deadline_write(l, 1000700);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
    run_to(&r, 700);
    assert_int_equal(lapic_tsc_deadline_read(l), 0);
    wr(l, 0x320, 0x400ec);
    assert_false(lapic_pending(l));
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
}

static void test_software_disable(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    wr(l, 0x350, 0x00700);
    assert_int_equal(rd(l, 0x350), 0x10700); // masks cannot be cleared while disabled
    enable(l);
    wr(l, 0x350, 0x00700);
    assert_int_equal(rd(l, 0x350), 0x00700);
    message(l, 0x55, false);
    wr(l, 0xf0, 0x0ff);
    assert_int_equal(rd(l, 0x350), 0x10700);
    assert_true(lapic_pending(l)); // what was accepted is held for the processor
    message(l, 0x99, false);
    assert_int_equal(lapic_acknowledge(l), 0x55);
    lapic_receive(l, &(struct apic_message){.delivery = APIC_NMI});
    assert_int_equal(r.nmis[0], 1);
    wr(l, 0xf0, 0xffffffff);
    assert_int_equal(rd(l, 0xf0), 0x3ff);
}

static void test_commands(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *a = &r.apic[0], *b = &r.apic[1];
    enable(a);
    enable(b);
    wr(a, 0x310, 1u << 24); // physical 1
    wr(a, 0x300, 0x61);
    assert_false(lapic_pending(a));
    assert_int_equal(lapic_acknowledge(b), 0x61);
    assert_int_equal(rd(a, 0x300) & 0x1000, 0); // idle
    assert_int_equal(rd(a, 0x310), 0x01000000);
    wr(a, 0x300, 0x40062); // self
    assert_int_equal(lapic_acknowledge(a), 0x62);
    wr(a, 0x300, 0x80073); // all
    assert_int_equal(lapic_acknowledge(a), 0x73);
    assert_int_equal(lapic_acknowledge(b), 0x73);
    wr(a, 0x300, 0xc0084); // all but self
    assert_false(lapic_pending(a));
    assert_int_equal(lapic_acknowledge(b), 0x84);
    wr(a, 0x300, 0xc0400); // NMI
    assert_int_equal(r.nmis[0], 0);
    assert_int_equal(r.nmis[1], 1);
    wr(a, 0x300, 0x0c500); // INIT, level assert
    assert_int_equal(r.inits, 1);
    wr(a, 0x300, 0x08500); // de-assert: nothing
    assert_int_equal(r.inits, 1);
    wr(a, 0x300, 0x0069a); // start-up
    assert_int_equal(r.startups, 1);
    assert_int_equal(r.startup_vector, 0x9a);
    wr(a, 0x300, 0x40400); // NMI to self is no valid command
    assert_int_equal(r.nmis[0], 0);
    // A level-triggered command to a processor is an edge.
    wr(a, 0x300, 0x0c0a5);
    assert_int_equal(lapic_acknowledge(b), 0xa5);
    assert_int_equal(rd(b, 0x1d0), 0);
}

static void test_logical_destinations(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    wr(l, 0xd0, 0x04000000);
    assert_true(lapic_matches(l, 0x06, true));
    assert_false(lapic_matches(l, 0x02, true));
    assert_true(lapic_matches(l, 0xff, true));
    wr(l, 0xe0, 0x00000000); // cluster model
    assert_int_equal(rd(l, 0xe0), 0x0fffffff);
    wr(l, 0xd0, 0x32000000);
    assert_true(lapic_matches(l, 0x32, true));
    assert_true(lapic_matches(l, 0x3f, true));
    assert_false(lapic_matches(l, 0x31, true));
    assert_false(lapic_matches(l, 0x22, true));
    assert_true(lapic_matches(l, 0xf2, true));
    assert_true(lapic_matches(l, 0, false));
    assert_false(lapic_matches(l, 1, false));
    assert_true(lapic_matches(l, 0xff, false));
    wr(l, 0x20, 0x07000000); // the ID can be written
    assert_true(lapic_matches(l, 7, false));
}

static void test_errors(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    wr(l, 0x370, 0xfe);
    wr(l, 0x300, 0x4000f);             // self, vector 15
    assert_int_equal(rd(l, 0x280), 0); // not before it is written
    assert_int_equal(lapic_acknowledge(l), 0xfe);
    wr(l, 0xb0, 0);
    message(l, 8, false);
    assert_false(lapic_pending(l)); // the error interrupt is not armed again yet
    wr(l, 0x280, 0);
    assert_int_equal(rd(l, 0x280), 0x60); // send and receive illegal vector
    rd(l, 0x40);                          // reserved register
    assert_int_equal(lapic_acknowledge(l), 0xfe);
    wr(l, 0x280, 0);
    assert_int_equal(rd(l, 0x280), 0x80);
    wr(l, 0x280, 0);
    assert_int_equal(rd(l, 0x280), 0);
    wr(l, 0x370, 0x02); // an illegal vector in the error entry itself must not recurse
    message(l, 8, false);
    wr(l, 0x280, 0);
    assert_int_equal(rd(l, 0x280), 0x40);
}

static void test_lint(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    lapic_lint(l, 0, true);
    assert_false(lapic_pending(l)); // masked at power-up
    lapic_firmware_setup(l);        // virtual wire mode
    assert_int_equal(rd(l, 0x350), 0x700);
    assert_int_equal(rd(l, 0x360), 0x400);
    assert_int_equal(r.intr_level[0], 1);
    wr(l, 0x80, 0xff); // the task priority does not hold back ExtINT
    assert_true(lapic_pending(l));
    assert_int_equal(lapic_acknowledge(l), 0x38);
    assert_int_equal(r.acks, 1);
    assert_int_equal(r.intr_level[0], 0);
    assert_int_equal(rd(l, 0x110), 0); // not in service here
    lapic_lint(l, 0, true);
    lapic_lint(l, 0, false); // withdrawn
    assert_false(lapic_pending(l));
    lapic_lint(l, 1, true);
    lapic_lint(l, 1, true);
    lapic_lint(l, 1, false);
    assert_int_equal(r.nmis[0], 1);

    // A message from an I/O APIC in ExtINT mode.
    lapic_receive(l, &(struct apic_message){.delivery = APIC_EXTINT});
    assert_int_equal(lapic_acknowledge(l), 0x38);
    assert_int_equal(r.acks, 2);
    assert_false(lapic_pending(l));

    // Level-sensitive fixed interrupt on LINT0 with Remote IRR.
    wr(l, 0x80, 0);
    wr(l, 0x350, 0x8035);
    lapic_lint(l, 0, true);
    assert_int_equal(rd(l, 0x350), 0xc035);
    assert_int_equal(lapic_acknowledge(l), 0x35);
    assert_false(lapic_pending(l));
    wr(l, 0xb0, 0); // still asserted: again
    assert_int_equal(lapic_acknowledge(l), 0x35);
    lapic_lint(l, 0, false);
    wr(l, 0xb0, 0);
    assert_int_equal(rd(l, 0x350), 0x8035);
    assert_false(lapic_pending(l));
}

static void test_base_msr(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    assert_false(lapic_base_msr_write(l, 0xfee00d00)); // x2APIC
    assert_false(lapic_base_msr_write(l, (uint64_t)1 << 40 | 0xfee00900));
    assert_false(lapic_base_msr_write(l, 0xfee00901));
    assert_int_equal(lapic_base_msr_read(l), 0xfee00900);
    assert_true(lapic_base_msr_write(l, 0x1fee10900));
    assert_int_equal(r.base_changes, 1);
    assert_int_equal(lapic_base_msr_read(l), 0x1fee10900);
    lapic_firmware_setup(l);
    assert_true(lapic_base_msr_write(l, 0xfee00100)); // globally disabled
    assert_false(lapic_enabled(l));
    assert_false(lapic_matches(l, 0xff, false));
    lapic_lint(l, 0, true); // INTR and NMI pins
    assert_true(lapic_pending(l));
    assert_int_equal(lapic_acknowledge(l), 0x38);
    lapic_lint(l, 1, true);
    assert_int_equal(r.nmis[0], 1);
    assert_true(lapic_base_msr_write(l, 0xfee00900));
    assert_int_equal(rd(l, 0xf0), 0xff); // power-up state
}

static void test_init_reset(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    enable(l);
    wr(l, 0x20, 0x05000000);
    wr(l, 0x3e0, 0xb);
    wr(l, 0x320, 0x31);
    wr(l, 0x380, 1000);
    message(l, 0x90, false);
    lapic_init_reset(l);
    assert_int_equal(rd(l, 0x20), 0x05000000);
    assert_int_equal(rd(l, 0xf0), 0xff);
    assert_false(lapic_pending(l));
    assert_int_equal(r.intr_level[0], 0);
    assert_int_equal(clock_next_deadline(&r.clock), CLOCK_NEVER);
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    struct lapic *l = &r.apic[0];
    struct lapic_state good = l->s;
    assert_null(lapic_class.check(l));
    l->s.timer_count = 1; // would divide by an initial count of 0
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.timer_base = UINT64_MAX;
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.irr[0] = 1;
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.lvt[LVT_LINT0] = 0x700; // unmasked while disabled
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.lint[1] = 2;
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.apic_base |= 1 << 10;
    assert_non_null(lapic_class.check(l));
    l->s = good;
    l->s.dfr = 16;
    assert_non_null(lapic_class.check(l));
}

// Drives the APIC with a fixed program from step `from` to `to`.
static void drive(struct rig *r, unsigned from, unsigned to)
{
    struct lapic *l = &r->apic[0];
    for (unsigned n = from; n < to; n++) {
        switch (n % 8) {
        case 0:
            wr(l, 0x320, n % 16 ? 0x20041 : 0x00041);
            wr(l, 0x380, 30 + n);
            break;
        case 1:
            lapic_receive(l, &(struct apic_message){.vector = (uint8_t)(0x50 + n), .level = n & 1});
            break;
        case 2:
            lapic_lint(l, 0, n & 16);
            break;
        case 3:
            wr(l, 0x300, 0x4000 | 0x40000 | (0x60 + n % 64));
            break;
        case 4:
            if (lapic_pending(l))
                lapic_acknowledge(l);
            break;
        case 5:
            wr(l, 0xb0, 0);
            break;
        case 6:
            wr(l, 0x3e0, n / 8 & 0xb);
            break;
        default:
            rd(l, 0x40);
            wr(l, 0x280, 0);
            break;
        }
        run_to(r, r->clock.s.tick + 137);
    }
}

static void test_save_load(void **state)
{
    (void)state;
    size_t size = state_size(lapic_state_fields);
    uint8_t packed[512], one[512], two[512];
    assert_true(size <= sizeof packed);
    for (unsigned at = 0; at < 64; at++) {
        struct rig a, b;
        rig_init(&a);
        rig_init(&b);
        lapic_firmware_setup(&a.apic[0]);
        drive(&a, 0, at);
        state_save(lapic_state_fields, &a.apic[0].s, packed);
        b.clock.s = a.clock.s;
        state_load(lapic_state_fields, &b.apic[0].s, packed);
        assert_null(lapic_class.check(&b.apic[0]));
        lapic_class.update(&b.apic[0]);
        assert_int_equal(b.intr_level[0], a.intr_level[0]);
        assert_int_equal(clock_next_deadline(&b.clock), clock_next_deadline(&a.clock));
        state_save(lapic_state_fields, &b.apic[0].s, two);
        assert_memory_equal(packed, two, size); // update changes nothing
        drive(&a, at, 96);
        drive(&b, at, 96);
        state_save(lapic_state_fields, &a.apic[0].s, one);
        state_save(lapic_state_fields, &b.apic[0].s, two);
        assert_memory_equal(one, two, size);
        assert_int_equal(b.intr_level[0], a.intr_level[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_up),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_arbitration_priority),
        cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_tsc_deadline),
        cmocka_unit_test(test_software_disable),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_logical_destinations),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lint),
        cmocka_unit_test(test_base_msr),
        cmocka_unit_test(test_init_reset),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_save_load),
    };
    return cmocka_run_group_tests_name("lapic", tests, NULL, NULL);
}
