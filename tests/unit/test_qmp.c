// QMP: greeting, negotiation, answers, errors, events; packets in pieces, several in one piece, and garbage.
#include "machine/qmp.h"
#include "tests/unit/outside_rig.h"

#include <jansson.h>

static void say(struct qmp *q, const char *text)
{
    qmp_input(q, (const uint8_t *)text, strlen(text));
}

static struct qmp *begin(struct rig *r, bool negotiate)
{
    rig_begin(r, true);
    struct char_backend out = rig_out(r);
    struct qmp *q = qmp_create(&r->c, &out);
    assert_non_null(q);
    qmp_opened(q);
    if (negotiate)
        say(q, "{\"execute\": \"qmp_capabilities\"}");
    rig_forget(r);
    return q;
}

static void end(struct rig *r, struct qmp *q)
{
    qmp_closed(q);
    qmp_destroy(q);
    rig_end(r);
}

// Each line that was heard is JSON.
static unsigned lines(const struct rig *r)
{
    unsigned n = 0;
    for (char *p = r->heard, *e; (e = strstr(p, "\r\n")); p = e + 2, n++) {
        json_t *all = json_loadb(p, (size_t)(e - p), 0, NULL);
        assert_non_null(all);
        json_decref(all);
    }
    return n;
}

static const char *answer(struct rig *r, struct qmp *q, const char *packet)
{
    rig_forget(r);
    say(q, packet);
    assert_int_equal(lines(r), 1);
    return r->heard;
}

static void test_negotiation(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct qmp *q = qmp_create(&r.c, &out);
    qmp_opened(q);
    assert_string_equal(r.heard, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 3, \"minor\": 2, \"major\": 1}, "
                                 "\"package\": \"Snowglobe\"}, \"capabilities\": []}}\r\n");
    rig_forget(&r);
    control_resume(&r.c, UINT64_MAX); // no event yet
    assert_string_equal(r.heard, "");
    assert_string_equal(
        answer(&r, q, "{\"execute\": \"stop\"}"),
        "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Expecting capabilities negotiation with "
        "'qmp_capabilities'\"}}\r\n");
    assert_false(r.c.paused);
    assert_string_equal(answer(&r, q, "{\"execute\": \"qmp_capabilities\", \"id\": [1, \"x\"]}"),
                        "{\"return\": {}, \"id\": [1, \"x\"]}\r\n");
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"qmp_capabilities\"}"), "already complete"));
    qmp_closed(q);
    rig_forget(&r);
    control_pause(&r.c, REASON_COMMAND);
    assert_string_equal(r.heard, "");
    qmp_opened(q); // the next client begins anew
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"cont\"}"), "Expecting"));
    end(&r, q);
}

static void test_answers(void **state)
{
    static const struct {
        const char *packet, *answer;
    } cases[] = {
        {"{\"execute\": \"query-status\"}",
         "{\"return\": {\"status\": \"prelaunch\", \"singlestep\": false, \"running\": false}}\r\n"},
        {"{'execute': 'query-name', 'id': 'it\\'s \"5\"'}",
         "{\"return\": {\"name\": \"globe\"}, \"id\": \"it's \\\"5\\\"\"}\r\n"},
        {"{\"execute\": \"query-kvm\"}", "{\"return\": {\"enabled\": false, \"present\": false}}\r\n"},
        {"{\"execute\": \"query-block\"}", "{\"return\": []}\r\n"},
        {"{\"execute\": \"query-version\"}", "{\"return\": {\"qemu\": {\"micro\": 3, \"minor\": 2, \"major\": 1}, "
                                             "\"package\": \"Snowglobe\"}}\r\n"},
        {"{\"execute\": \"query-chardev\"}", "{\"return\": [{\"frontend-open\": true, \"filename\": \"null\", "
                                             "\"label\": \"serial0\"}, {\"frontend-open\": true, "
                                             "\"filename\": \"unix:/tmp/m,server=on\", \"label\": \"mon\"}]}\r\n"},
        {"{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"p 6*7\"}}",
         "{\"return\": \"0x2a\\n\"}\r\n"},
        {"{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"\xc3\xa4\"}}",
         "{\"return\": \"unknown command: '\\u00E4'\\n\"}\r\n"},
        {"{\"execute\": \"memsave\", \"arguments\": {\"val\": 32768, \"size\": 22, \"filename\": \"f\"}}",
         "{\"return\": {}}\r\n"},
        {"{\"execute\": \"pmemsave\", \"arguments\": {\"val\": 32768, \"size\": 22, \"filename\": \"bad\"}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"bad: no such place\"}}\r\n"},
        {"{\"execute\": \"pmemsave\", \"arguments\": {\"val\": 0, \"size\": -1, \"filename\": \"f\"}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Parameter 'size' expects a number that is not "
         "negative\"}}\r\n"},
        {"{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"f\"}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"there is no display\"}}\r\n"},
        {"{\"execute\": \"foo\", \"id\": 7}",
         "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command foo has "
         "not been found\"}, \"id\": 7}\r\n"},
        {"{\"execute\": \"stop\", \"arguments\": {\"x\": 1}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Parameter 'x' is unexpected\"}}\r\n"},
        {"{\"execute\": \"memsave\", \"arguments\": {\"val\": 0}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Parameter 'size' is missing\"}}\r\n"},
        {"{\"execute\": \"memsave\", \"arguments\": {\"val\": \"0\"}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Invalid parameter type for 'val', expected: "
         "integer\"}}\r\n"},
        {"{}", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input lacks member 'execute'\"}}\r\n"},
        {"{\"execute\": 5}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input member 'execute' must be a "
         "string\"}}\r\n"},
        {"{\"execute\": \"stop\", \"arguments\": []}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input "
         "member 'arguments' must be an object\"}}\r\n"},
        {"{\"execute\": \"stop\", \"foo\": []}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input member 'foo' is unexpected\"}}\r\n"},
        {"{\"execute\": \"send-key\", \"arguments\": {\"keys\": [{\"type\": \"qcode\", \"data\": \"ctrl\"}, {\"type\": "
         "\"qcode\", \"data\": \"a\"}], \"hold-time\": 5}}",
         "{\"return\": {}}\r\n"},
        {"{\"execute\": \"send-key\", \"arguments\": {\"keys\": [{\"type\": \"qcode\", \"data\": \"ctrl-a\"}]}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"there is no key 'ctrl-a'\"}}\r\n"},
        {"{\"execute\": \"send-key\", \"arguments\": {\"keys\": [5]}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"a key is {\\\"type\\\": \\\"qcode\\\", \\\"data\\\": "
         "NAME}\"}}\r\n"},
        {"{\"execute\": \"input-send-event\", \"arguments\": {\"events\": [{\"type\": \"key\", \"data\": {\"down\": "
         "true, "
         "\"key\": {\"type\": \"qcode\", \"data\": \"b\"}}}, {\"type\": \"rel\", \"data\": {\"axis\": \"x\", "
         "\"value\": "
         "-3}}, {\"type\": \"btn\", \"data\": {\"down\": true, \"button\": \"left\"}}]}}",
         "{\"return\": {}}\r\n"},
        {"{\"execute\": \"input-send-event\", \"arguments\": {\"events\": [{\"type\": \"abs\"}]}}",
         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"an event is of type key, btn or rel, with its "
         "data\"}}\r\n"},
    };
    struct rig r;
    (void)state;
    struct qmp *q = begin(&r, true);
    for (size_t n = 0; n < ARRAY_LEN(cases); n++)
        assert_string_equal(answer(&r, q, cases[n].packet), cases[n].answer);
    assert_int_equal(r.file_length, 22); // what was refused has not touched the file
    end(&r, q);
}

static void test_lists(void **state)
{
    struct rig r;
    (void)state;
    struct qmp *q = begin(&r, true);
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"query-commands\"}"), "{\"name\": \"query-cpus-fast\"}"));
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"query-cpus-fast\"}"), "\"cpu-index\": 0"));
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"query-pci\"}"),
                           "\"class_info\": {\"class\": 1536, \"desc\": \"Host bridge\"}, \"id\": {\"device\": 4663, "
                           "\"vendor\": 32902}"));
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"query-uuid\"}"), "00000000-0000-0000-0000-000000000000"));
    end(&r, q);
}

static void test_events(void **state)
{
    struct rig r;
    (void)state;
    struct qmp *q = begin(&r, true);
    say(q, "{\"execute\": \"cont\"}");
    assert_string_equal(r.heard, "{\"timestamp\": {\"seconds\": 0, \"microseconds\": 0}, \"event\": \"RESUME\"}\r\n"
                                 "{\"return\": {}}\r\n");
    rig_forget(&r);
    control_resume(&r.c, 60);
    rig_go(&r);
    rig_says(&r, "\"event\": \"STOP\"}\r\n");
    rig_forget(&r);
    say(q, "{\"execute\": \"system_reset\"}{\"execute\": \"cont\"}");
    control_resume(&r.c, 70);
    rig_go(&r);
    rig_says(&r, "\"event\": \"RESET\", \"data\": {\"guest\": false, \"reason\": \"host-qmp-system-reset\"}}\r\n");
    rig_forget(&r);
    say(q, "{\"execute\": \"system_powerdown\"}");
    rig_says(&r, "\"event\": \"POWERDOWN\"}\r\n{\"return\": {}}\r\n");
    rig_forget(&r);
    control_tell(&r.c, CONTROL_PANIC);
    rig_says(&r, "\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"pause\"}}\r\n");
    r.c.reason = REASON_POWER_OFF;
    control_tell(&r.c, CONTROL_SHUTDOWN);
    rig_says(&r, "\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-shutdown\"}}\r\n");
    say(q, "{\"execute\": \"quit\"}");
    assert_true(r.c.quit);
    control_tell(&r.c, CONTROL_SHUTDOWN);
    rig_says(&r, "\"data\": {\"guest\": false, \"reason\": \"host-qmp-quit\"}}\r\n");
    assert_true(lines(&r) >= 4);
    end(&r, q);
}

static uint64_t date(void *ctx)
{
    (void)ctx;
    return 1767225600000007;
}

static void test_timestamps(void **state)
{
    struct rig r;
    (void)state;
    struct qmp *q = begin(&r, true);
    r.outside.microseconds = date;
    control_resume(&r.c, 60);
    rig_says(&r, "{\"timestamp\": {\"seconds\": 1767225600, \"microseconds\": 7}, \"event\": \"RESUME\"}");
    end(&r, q);
}

static void test_pieces(void **state)
{
    static const char two[] = " {\"execute\": \"query-kvm\",\n \"id\": \"a}\\\"{\"}\r\n{\"execute\":\"query-name\"} ";
    struct rig r;
    (void)state;
    struct qmp *q = begin(&r, true);
    for (size_t n = 0; n < sizeof two - 1; n++)
        qmp_input(q, (const uint8_t *)two + n, 1);
    assert_string_equal(r.heard, "{\"return\": {\"enabled\": false, \"present\": false}, \"id\": \"a}\\\"{\"}\r\n"
                                 "{\"return\": {\"name\": \"globe\"}}\r\n");
    end(&r, q);
}

static void test_garbage(void **state)
{
    struct rig r;
    uint64_t x = 1;
    (void)state;
    struct qmp *q = begin(&r, true);
    rig_forget(&r);
    say(q, "hello, is it me\r\n");
    assert_int_equal(lines(&r), 1);
    assert_non_null(strstr(answer(&r, q, "{\"execute\" \"x\"}"), "JSON parse error"));
    assert_non_null(strstr(answer(&r, q, "{]\n"), "JSON parse error"));
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"stop\", \"execute\": \"stop\"}"), "JSON parse error"));
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"\xff\"}"), "JSON parse error"));
    // Too deep, too long: an error when it is over, and the next one is understood.
    rig_forget(&r);
    for (unsigned n = 0; n < 100000; n++)
        say(q, "{\"a\":[");
    say(q, "\n");
    rig_says(&r, "JSON parse error, more than");
    rig_forget(&r);
    say(q, "{\"execute\": \"");
    for (unsigned n = 0; n < 100000; n++)
        say(q, "x");
    say(q, "\"}");
    rig_says(&r, "JSON parse error, more than");
    assert_non_null(strstr(answer(&r, q, "{\"execute\": \"query-name\"}"), "globe"));
    for (unsigned n = 0; n < 200000; n++) {
        static const char bytes[] = "{}[]\"':,\\ \nexecute1-";
        x = x * 6364136223846793005u + 1442695040888963407u;
        uint8_t byte = x >> 60 ? (uint8_t)bytes[(x >> 33) % (sizeof bytes - 1)] : (uint8_t)(x >> 40);
        qmp_input(q, &byte, 1);
        if (r.length > HEARD / 2)
            rig_forget(&r);
    }
    end(&r, q);
}

static void test_digests(void **state)
{
    static const char *const names[] = {"query-status", "query-pci", "query-commands", "query-cpus-fast",
                                        "query-chardev"};
    uint8_t plain[MACHINE_DIGEST_BYTES], asked[MACHINE_DIGEST_BYTES];
    char packet[200];
    struct rig r;
    (void)state;
    rig_plain(plain);
    struct qmp *q = begin(&r, true);
    for (unsigned n = 0; n < 100; n++) {
        control_resume(&r.c, machine_tick(r.m) + 1 + n % 5);
        rig_go(&r);
        snprintf(packet, sizeof packet, "{\"execute\": \"%s\"}", names[n % ARRAY_LEN(names)]);
        answer(&r, q, packet);
    }
    say(q, "{\"execute\": \"cont\"}");
    assert_int_equal(rig_go(&r), MACHINE_STUCK);
    machine_digest(r.m, asked);
    assert_memory_equal(plain, asked, sizeof plain);
    end(&r, q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_negotiation), cmocka_unit_test(test_answers),
                                       cmocka_unit_test(test_lists),       cmocka_unit_test(test_events),
                                       cmocka_unit_test(test_timestamps),  cmocka_unit_test(test_pieces),
                                       cmocka_unit_test(test_garbage),     cmocka_unit_test(test_digests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
