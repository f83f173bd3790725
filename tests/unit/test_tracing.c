// Logs and traces: their words, their lines, and that they change nothing.
#include "tests/unit/outside_rig.h"

#include "machine/disasm.h"
#include "machine/log_words.h"

static unsigned count(const struct rig *r, const char *text)
{
    unsigned n = 0;
    for (const char *p = r->heard; (p = strstr(p, text)); p++)
        n++;
    return n;
}

static void run(struct rig *r, const char *items, const char *trace)
{
    char error[200] = "";
    rig_begin(r, false);
    if (!tracing_set_items(r->tracing, items, error, sizeof error))
        fail_msg("%s", error);
    if (trace && !tracing_add(r->tracing, trace, error, sizeof error))
        fail_msg("%s", error);
    assert_int_equal(rig_go(r), MACHINE_STUCK);
}

static void test_words(void **state)
{
    static const char *const bad[] = {"insn,", "insn,1",  "insn,5-4",    "insn,-1-2", "foo",
                                      "",      "mem,0-x", "mem,0-9junk", "insnx,0-9", "none,1-2"};
    uint32_t on;
    struct log_trace t;
    char error[200];
    (void)state;
    assert_true(log_parse_items("int,cpu_reset,guest_errors,mmu", &on, error, sizeof error));
    assert_int_equal(on, 1 << LOG_ITEM_INT | 1 << LOG_ITEM_RESET | 1 << LOG_ITEM_GUEST);
    assert_true(log_parse_items("int,none", &on, error, sizeof error));
    assert_int_equal(on, 0);
    assert_false(log_parse_items("int,foo", &on, error, sizeof error));
    assert_string_equal(error, "there is no log item 'foo'");
    assert_true(log_parse_trace("mem,0x1000-0x1fff", &t, error, sizeof error));
    assert_true(t.kind == TRACE_MEM && t.from == 0x1000 && t.to == 0x1fff);
    assert_true(log_parse_trace("none", &t, error, sizeof error));
    assert_int_equal(t.kind, 0);
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++)
        assert_false(log_parse_trace(bad[n], &t, error, sizeof error));
}

static void test_log_items(void **state)
{
    struct rig r;
    (void)state;
    run(&r, "int", NULL);
    assert_int_equal(count(&r, "v="), 1);
    rig_says(&r, "     0: v=40 e=0000 i=1 cpl=0 IP=0000:0000000000008013 pc=0000000000008013 SP=0000:0000000000007000 "
                 "EAX=0000000000000064\nEAX=00000064 EBX=00000064 ");
    rig_end(&r);

    run(&r, "in_asm", NULL);
    if (disasm_present()) {
        rig_says(&r, "----------------\nIN: \n0x00008000:  31 c0                    xor %ax, %ax\n");
        rig_says(&r, "0x00008011:  cd 40                    int $0x40\n");
    }
    unsigned blocks = count(&r, "IN: ");
    assert_in_range(blocks, 3, 16); // decoded, not executed
    rig_end(&r);

    run(&r, "exec,cpu", NULL);
    assert_true(count(&r, "Trace 0: 0x") >= 101);
    assert_int_equal(count(&r, "Trace 0: 0x"), count(&r, "EIP="));
    rig_says(&r, "Trace 0: 0x0 [00000000/0000000000008000/");
    rig_silent_of(&r, "XMM00");
    rig_end(&r);

    run(&r, "cpu,fpu", NULL);
    rig_says(&r, "XMM00=");
    rig_end(&r);

    run(&r, "nochain,mmu,pcall", NULL);
    assert_string_equal(r.heard, "");
    rig_end(&r);
}

static void test_messages(void **state)
{
    struct rig r;
    char error[200];
    (void)state;
    rig_begin(&r, true);
    assert_false(tracing_log(r.tracing, LOG_GUEST_ERROR, "uart: odd"));
    tracing_set_items(r.tracing, "guest_errors", error, sizeof error);
    assert_true(tracing_log(r.tracing, LOG_GUEST_ERROR, "uart: odd"));
    assert_false(tracing_log(r.tracing, LOG_NOT_IMPLEMENTED, "uart: later"));
    assert_false(tracing_log(r.tracing, LOG_HOST_ERROR, "uart: broken"));
    assert_string_equal(r.heard, "uart: odd\n");
    rig_end(&r);
}

static void test_reset(void **state)
{
    struct rig r;
    char error[200];
    (void)state;
    rig_begin(&r, false);
    tracing_set_items(r.tracing, "cpu_reset", error, sizeof error);
    control_resume(&r.c, 50);
    rig_go(&r);
    control_reset(&r.c);
    control_resume(&r.c, 60);
    rig_go(&r);
    rig_says(&r, "CPU Reset (CPU 0)\nEAX=00000009 ");
    assert_int_equal(count(&r, "CPU Reset"), 1);
    rig_end(&r);
}

static void test_traces(void **state)
{
    struct rig r;
    (void)state;
    run(&r, "", "insn");
    rig_says(&r, "0 00008000 ");
    rig_says(&r, "\n1 00008002 ");
    if (disasm_present())
        rig_says(&r, "\n2 00008003 mov %ax, 0x9000\n");
    assert_int_equal(count(&r, "\n"), 1 + 100 * 6 + 3);
    rig_end(&r);

    run(&r, "", "insn,0x8011-0x8013");
    assert_int_equal(count(&r, "\n"), 2);
    rig_end(&r);

    run(&r, "", "io");
    rig_says(&r, "4 0000800a out port 0080 01\n");
    assert_int_equal(count(&r, "\n"), 100);
    rig_end(&r);

    run(&r, "", "int");
    assert_int_equal(count(&r, "\n"), 1);
    rig_says(&r, " software interrupt 40\n");
    rig_end(&r);

    run(&r, "", "mem,0x9000-0x9001");
    rig_says(&r, "2 00008003 write 00009000 0001\n3 00008006 read 00009000 0001\n");
    assert_int_equal(count(&r, "\n"), 200);
    rig_end(&r);

    run(&r, "", "mem,0x9002-0x9fff");
    assert_string_equal(r.heard, "");
    rig_end(&r);
}

// Several at once, each with its own addresses; and their end.
static void test_together(void **state)
{
    struct rig r;
    char error[200];
    (void)state;
    rig_begin(&r, false);
    assert_true(tracing_add(r.tracing, "io,0x8000-0x8fff", error, sizeof error));
    assert_true(tracing_add(r.tracing, "mem,0x9000-0x9001", error, sizeof error));
    assert_true(tracing_add(r.tracing, "insn,0x8000-0x8001", error, sizeof error));
    control_resume(&r.c, 7);
    rig_go(&r);
    assert_int_equal(count(&r, "\n"), 4);
    assert_true(tracing_add(r.tracing, "none", error, sizeof error));
    control_resume(&r.c, UINT64_MAX);
    rig_go(&r);
    assert_int_equal(count(&r, "\n"), 4);
    for (unsigned n = 0; n < 16; n++)
        assert_true(tracing_add(r.tracing, "io", error, sizeof error));
    assert_false(tracing_add(r.tracing, "io", error, sizeof error));
    assert_string_equal(error, "more than 16 traces");
    rig_end(&r);
}

static void test_digests(void **state)
{
    static const char *const items[] = {"int", "in_asm", "exec", "cpu,fpu", "cpu_reset", "int,in_asm,exec,cpu"};
    static const char *const traces[] = {"insn", "block", "int", "io", "mem", "mem,0x9000-0x9fff"};
    uint8_t plain[MACHINE_DIGEST_BYTES], traced[MACHINE_DIGEST_BYTES];
    (void)state;
    rig_plain(plain);
    for (unsigned n = 0; n < ARRAY_LEN(items) + ARRAY_LEN(traces); n++) {
        struct rig r;
        bool item = n < ARRAY_LEN(items);
        run(&r, item ? items[n] : "", item ? NULL : traces[n - ARRAY_LEN(items)]);
        machine_digest(r.m, traced);
        assert_memory_equal(plain, traced, sizeof plain);
        rig_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),    cmocka_unit_test(test_log_items),
                                       cmocka_unit_test(test_messages), cmocka_unit_test(test_reset),
                                       cmocka_unit_test(test_traces),   cmocka_unit_test(test_together),
                                       cmocka_unit_test(test_digests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
