// Breakpoints, watchpoints, steps and traces from outside: they meet what they should, and change nothing.
#include "machine/control.h"
#include "machine/pc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define CODE 0x8000u

// 16-bit code: a loop that counts in AX and stores it.
static const uint8_t program[] = {
    0x31, 0xc0,             // 8000 xor ax, ax
    0x40,                   // 8002 inc ax
    0xa3, 0x00, 0x90,       // 8003 mov [9000h], ax
    0x8b, 0x1e, 0x00, 0x90, // 8006 mov bx, [9000h]
    0xe6, 0x80,             // 800a out 80h, al
    0x3d, 0x64, 0x00,       // 800c cmp ax, 100
    0x75, 0xf1,             // 800f jne 8002
    0xf4,                   // 8011 hlt
    0xeb, 0xfd,             // 8012 jmp 8011
};

struct rig {
    struct machine *m;
    struct control c;
    unsigned events[8];
};

static void heard(void *ctx, enum control_event event)
{
    ((struct rig *)ctx)->events[event]++;
}

static void begin(struct rig *r)
{
    struct machine_config config = {.ram_bytes = 2 << 20, .cpus = 1, .no_reboot = true};
    char error[200];
    *r = (struct rig){.m = machine_create(&config, error, sizeof error)};
    assert_non_null(r->m);
    control_init(&r->c, r->m, false);
    assert_true(control_listen(&r->c, heard, r));
    assert_int_equal(control_write(&r->c, SPACE_PHYSICAL, CODE, program, sizeof program), sizeof program);
    struct cpu_state s = *control_cpu(&r->c);
    s.seg[SEG_CS] = (struct segment_state){0, 0xffff, 0, 0x93};
    s.rip = CODE;
    assert_null(control_set_cpu(&r->c, &s));
}

// Runs until the machine pauses or ends.
static enum machine_stop go(struct rig *r)
{
    enum machine_stop stop = MACHINE_SLICE;
    while (control_running(&r->c) && (stop == MACHINE_SLICE || stop == MACHINE_STOPPED || stop == MACHINE_UNTIL)) {
        stop = machine_run(r->m, r->c.until, true);
        control_ran(&r->c, stop);
    }
    return stop;
}

static uint64_t ax(struct rig *r)
{
    return control_cpu(&r->c)->reg[RAX] & 0xffff;
}

static void test_breakpoint(void **state)
{
    struct rig r;
    (void)state;
    begin(&r);
    assert_true(control_add_point(&r.c, OBSERVE_EXEC, CODE + 3, 1));
    for (unsigned n = 1; n <= 3; n++) {
        assert_int_equal(go(&r), MACHINE_STOPPED);
        assert_int_equal(r.c.reason, REASON_BREAKPOINT);
        assert_int_equal(r.c.address, CODE + 3);
        assert_int_equal(control_cpu(&r.c)->rip, CODE + 3);
        assert_int_equal(ax(&r), n);
        assert_int_equal(r.events[CONTROL_PAUSED], n);
        control_resume(&r.c, UINT64_MAX);
    }
    assert_true(control_remove_point(&r.c, OBSERVE_EXEC, CODE + 3, 1));
    assert_false(control_remove_point(&r.c, OBSERVE_EXEC, CODE + 3, 1));
    assert_int_equal(go(&r), MACHINE_STUCK);
    assert_int_equal(ax(&r), 100);
    machine_destroy(r.m);
}

// In the middle of a block that has been decoded and linked before, and at its begin.
static void test_breakpoint_in_running_code(void **state)
{
    struct rig r;
    (void)state;
    begin(&r);
    control_resume(&r.c, 1 + 6 * 40);
    go(&r);
    assert_int_equal(r.c.reason, REASON_STEP);
    assert_int_equal(ax(&r), 40);
    assert_true(control_add_point(&r.c, OBSERVE_EXEC, CODE + 0xc, 1));
    control_resume(&r.c, UINT64_MAX);
    assert_int_equal(go(&r), MACHINE_STOPPED);
    assert_int_equal(control_cpu(&r.c)->rip, CODE + 0xc);
    assert_int_equal(ax(&r), 41);
    machine_destroy(r.m);
}

static void test_step(void **state)
{
    static const uint16_t rips[] = {0x8002, 0x8003, 0x8006, 0x800a, 0x800c, 0x800f, 0x8002};
    struct rig r;
    (void)state;
    begin(&r);
    assert_true(control_add_point(&r.c, OBSERVE_EXEC, CODE + 6, 1));
    for (unsigned n = 0; n < ARRAY_LEN(rips); n++) {
        control_resume(&r.c, machine_tick(r.m) + 1);
        go(&r);
        assert_int_equal(control_cpu(&r.c)->rip, rips[n]);
        assert_int_equal(machine_tick(r.m), n + 1);
    }
    machine_destroy(r.m);
}

static void test_watchpoints(void **state)
{
    static const struct {
        enum observe_kind kind;
        uint16_t rip;
    } cases[] = {{OBSERVE_WRITE, 0x8006}, {OBSERVE_READ, 0x800a}, {OBSERVE_ACCESS, 0x8006}};
    (void)state;
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct rig r;
        begin(&r);
        assert_true(control_add_point(&r.c, cases[n].kind, 0x9001, 1)); // the second byte of the word
        assert_int_equal(go(&r), MACHINE_STOPPED);
        assert_int_equal(r.c.reason, REASON_WATCHPOINT);
        assert_int_equal(r.c.address, 0x9001);
        assert_int_equal(control_cpu(&r.c)->rip, cases[n].rip);
        control_resume(&r.c, UINT64_MAX);
        assert_int_equal(go(&r), MACHINE_STOPPED);
        assert_true(control_remove_point(&r.c, cases[n].kind, 0x9001, 1));
        control_resume(&r.c, UINT64_MAX);
        assert_int_equal(go(&r), MACHINE_STUCK);
        machine_destroy(r.m);
    }
}

// The access is the last instruction that the budget allows.
static void test_watchpoint_at_a_step(void **state)
{
    struct rig r;
    (void)state;
    begin(&r);
    assert_true(control_add_point(&r.c, OBSERVE_WRITE, 0x9000, 2));
    control_resume(&r.c, 3);
    assert_int_equal(go(&r), MACHINE_STOPPED);
    assert_int_equal(r.c.reason, REASON_WATCHPOINT);
    assert_int_equal(machine_tick(r.m), 3);
    assert_int_equal(control_cpu(&r.c)->rip, 0x8006);
    machine_destroy(r.m);
}

struct counts {
    unsigned insn, block, io, mem;
    uint64_t last_port_value, last_store;
};

static void count(void *ctx, const struct trace_event *e)
{
    struct counts *n = ctx;
    switch (e->kind) {
    case TRACE_INSN:
        n->insn++;
        break;
    case TRACE_BLOCK:
        n->block++;
        break;
    case TRACE_IO:
        n->io++;
        assert_int_equal(e->rip, CODE + 0xa);
        n->last_port_value = e->value;
        break;
    case TRACE_MEM:
        n->mem++;
        assert_int_equal(e->addr, 0x9000);
        if (e->write)
            n->last_store = e->value;
        break;
    default:
        break;
    }
}

// A loop, and a timer's interrupt about every 1700 instructions.
static const uint8_t ticking[] = {
    0x40,       // 8000 inc ax
    0x53,       // 8001 push bx
    0x5b,       // 8002 pop bx
    0xeb, 0xfb, // 8003 jmp 8000
    0xfb, 0xf4, // 8005 sti; hlt
    0xeb, 0xf7, // 8007 jmp 8000
};
static const uint8_t handler[] = {
    0x50,                   // 8100 push ax
    0xff, 0x06, 0x00, 0x90, // 8101 inc word [9000h]
    0xb0, 0x20,             // 8105 mov al, 20h
    0xe6, 0x20,             // 8107 out 20h, al
    0x58,                   // 8109 pop ax
    0xcf,                   // 810a iret
};
#define HANDLER 0x8100u

static void begin_ticking(struct rig *r)
{
    static const uint8_t vector[] = {HANDLER & 0xff, HANDLER >> 8, 0, 0};
    static const struct {
        uint16_t port;
        uint8_t value;
    } chips[] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0x21, 0xfe}, // 8259A: vectors 20h on, the timer
                 {0x43, 0x34}, {0x40, 2},    {0x40, 0}};                         // 8254: every 2 of its periods
    begin(r);
    control_write(&r->c, SPACE_PHYSICAL, CODE, ticking, sizeof ticking);
    control_write(&r->c, SPACE_PHYSICAL, HANDLER, handler, sizeof handler);
    control_write(&r->c, SPACE_PHYSICAL, 4 * 0x20, vector, sizeof vector);
    for (unsigned n = 0; n < ARRAY_LEN(chips); n++)
        control_port_write(&r->c, chips[n].port, 1, chips[n].value);
    struct cpu_state s = *control_cpu(&r->c);
    s.reg[RSP] = 0x7000;
    s.rflags |= F_IF;
    assert_null(control_set_cpu(&r->c, &s));
}

static uint16_t handled(struct rig *r)
{
    uint8_t bytes[2];
    control_read(&r->c, SPACE_PHYSICAL, 0x9000, bytes, 2);
    return load_u16(bytes);
}

// Steps end behind one instruction of the program, whatever interrupts came first, and change nothing.
static void test_steps_over_interrupts(void **state)
{
    static const uint16_t after[] = {0x8001, 0x8002, 0x8003, 0, 0x8000};
    uint8_t stepped[MACHINE_DIGEST_BYTES], plain[MACHINE_DIGEST_BYTES];
    struct rig r;
    (void)state;
    begin_ticking(&r);
    uint64_t rip = CODE;
    for (unsigned n = 0; n < 400000; n++) {
        control_step(&r.c);
        go(&r);
        assert_int_equal(r.c.reason, REASON_STEP);
        assert_int_equal(control_cpu(&r.c)->rip, rip == CODE + 3 ? CODE : after[rip - CODE]);
        rip = control_cpu(&r.c)->rip;
    }
    assert_int_equal(ax(&r), 400000 / 4 & 0xffff);
    assert_true(handled(&r) > 200);
    assert_int_equal(r.m->cpu->observer.count, 0);
    uint64_t tick = machine_tick(r.m);
    machine_digest(r.m, stepped);
    machine_destroy(r.m);

    begin_ticking(&r);
    control_resume(&r.c, tick);
    go(&r);
    assert_int_equal(machine_tick(r.m), tick);
    machine_digest(r.m, plain);
    assert_memory_equal(stepped, plain, sizeof plain);
    machine_destroy(r.m);
}

// A step onto a halt stops there, the next one comes out of it. What is met on the way stops, too.
static void test_steps_and_halts(void **state)
{
    struct rig r;
    (void)state;
    begin_ticking(&r);
    struct cpu_state s = *control_cpu(&r.c);
    s.rip = CODE + 6;
    assert_null(control_set_cpu(&r.c, &s));
    control_step(&r.c);
    go(&r);
    assert_int_equal(control_cpu(&r.c)->rip, CODE + 7);
    assert_int_equal(control_cpu(&r.c)->activity, CPU_HALTED);
    unsigned before = handled(&r);
    control_step(&r.c);
    go(&r);
    assert_int_equal(control_cpu(&r.c)->rip, CODE);
    assert_int_equal(handled(&r), before + 1);

    assert_true(control_add_point(&r.c, OBSERVE_EXEC, HANDLER + 5, 1));
    while (control_cpu(&r.c)->rip < HANDLER) {
        control_step(&r.c);
        go(&r);
    }
    assert_int_equal(r.c.reason, REASON_BREAKPOINT);
    assert_int_equal(control_cpu(&r.c)->rip, HANDLER + 5);
    assert_int_equal(r.m->cpu->observer.count, 1); // the step's own has gone
    // A pause and a resume end a step, too.
    control_step(&r.c);
    assert_true(r.c.step.active);
    control_pause(&r.c, REASON_COMMAND);
    assert_false(r.c.step.active);
    machine_destroy(r.m);
}

// Points and traces of all kinds lead to the same state at the same tick.
static void test_digests(void **state)
{
    uint8_t plain[MACHINE_DIGEST_BYTES], observed[MACHINE_DIGEST_BYTES];
    struct counts counts = {0};
    struct rig r;
    (void)state;
    begin(&r);
    assert_int_equal(go(&r), MACHINE_STUCK);
    uint64_t tick = machine_tick(r.m);
    machine_digest(r.m, plain);
    machine_destroy(r.m);

    begin(&r);
    observe_trace(r.m->cpu, TRACE_INSN | TRACE_BLOCK | TRACE_IO | TRACE_MEM, 0, UINT64_MAX, count, &counts);
    control_add_point(&r.c, OBSERVE_EXEC, CODE + 0xf, 1);
    control_add_point(&r.c, OBSERVE_ACCESS, 0x9000, 2);
    unsigned stops = 0;
    while (go(&r) == MACHINE_STOPPED) {
        stops++;
        control_resume(&r.c, UINT64_MAX);
    }
    assert_int_equal(stops, 300);
    assert_int_equal(machine_tick(r.m), tick);
    machine_digest(r.m, observed);
    assert_memory_equal(plain, observed, sizeof plain);
    assert_int_equal(counts.insn, 1 + 100 * 6 + 1);
    assert_int_equal(counts.io, 100);
    assert_int_equal(counts.mem, 200);
    assert_int_equal(counts.last_port_value, 100);
    assert_int_equal(counts.last_store, 100);
    assert_true(counts.block >= 101);
    machine_destroy(r.m);
}

static void test_refused(void **state)
{
    struct rig r;
    (void)state;
    begin(&r);
    struct cpu_state before = *control_cpu(&r.c), s = before;
    s.cr0 = CR0_PG;
    assert_non_null(control_set_cpu(&r.c, &s));
    assert_memory_equal(control_cpu(&r.c), &before, sizeof before);
    uint8_t byte = 0;
    assert_int_equal(control_read(&r.c, SPACE_PHYSICAL, (2 << 20) - 1, &byte, 1), 1);
    assert_int_equal(control_read(&r.c, SPACE_PHYSICAL, 2 << 20, &byte, 1), 0);
    assert_int_equal(control_write(&r.c, SPACE_PHYSICAL, UINT64_MAX, &byte, 1), 0);
    for (unsigned n = 0; n < OBSERVE_POINTS; n++)
        assert_true(control_add_point(&r.c, OBSERVE_EXEC, n, 1));
    assert_false(control_add_point(&r.c, OBSERVE_EXEC, 1, 1));
    machine_destroy(r.m);
}

// A break from outside waits until somebody listens, as bytes do.
static void test_serial_break(void **state)
{
    (void)state;
    struct machine_config config = {.ram_bytes = 1 << 20, .cpus = 1, .serial_count = 1};
    struct control c;
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    assert_non_null(m);
    control_init(&c, m, false);
    assert_false(machine_serial_break(m, 0));
    control_port_write(&c, 0x3fc, 1, 2); // RTS
    assert_true(machine_serial_break(m, 0));
    assert_int_equal(control_port_read(&c, 0x3fd, 1) & 0x1f, 0x19); // DR, FE, BI
    assert_int_equal(control_port_read(&c, 0x3f8, 1), 0);
    assert_int_equal(control_port_read(&c, 0x3fd, 1) & 0x1f, 0);
    assert_false(machine_serial_break(m, 1));
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial_break),
        cmocka_unit_test(test_breakpoint),
        cmocka_unit_test(test_breakpoint_in_running_code),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_watchpoints),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_watchpoint_at_a_step),
        cmocka_unit_test(test_steps_over_interrupts),
        cmocka_unit_test(test_steps_and_halts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
