// The gdb stub: packets in any pieces and with any damage, and what each packet does to a machine.
#include "machine/gdb.h"
#include "machine/gdb_packet.h"
#include "machine/pc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

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
    0xe6, 0xf4,             // 8011 out 0f4h, al: debug exit 100
};

struct rig {
    struct machine *m;
    struct control c;
    struct gdb *g;
    uint8_t out[1 << 17];
    size_t count;
    char answer[1 << 16];
};

static void take(void *ctx, const uint8_t *bytes, size_t n)
{
    struct rig *r = ctx;
    assert_true(n <= sizeof r->out - r->count);
    memcpy(r->out + r->count, bytes, n);
    r->count += n;
}

static struct rig *begin(const char *model, bool paused)
{
    struct machine_config config = {.ram_bytes = 2 << 20, .cpus = 1, .no_reboot = true, .cpu_model = model};
    char error[200];
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->m = machine_create(&config, error, sizeof error);
    assert_non_null(r->m);
    control_init(&r->c, r->m, paused);
    assert_int_equal(control_write(&r->c, SPACE_PHYSICAL, CODE, program, sizeof program), sizeof program);
    struct cpu_state s = *control_cpu(&r->c);
    s.seg[SEG_CS] = (struct segment_state){0, 0xffff, 0, 0x93};
    s.rip = CODE;
    assert_null(control_set_cpu(&r->c, &s));
    r->g = gdb_create(&r->c, &(struct char_backend){take, r});
    assert_non_null(r->g);
    return r;
}

static void end(struct rig *r)
{
    gdb_destroy(r->g);
    assert_int_equal(r->m->cpu->observer.count, 0);
    machine_destroy(r->m);
    free(r);
}

// Runs until the machine pauses or ends, as the session does.
static void go(struct rig *r)
{
    enum machine_stop stop = MACHINE_SLICE;
    while (control_running(&r->c) && (stop == MACHINE_SLICE || stop == MACHINE_STOPPED || stop == MACHINE_UNTIL)) {
        stop = machine_run(r->m, r->c.until, true);
        control_ran(&r->c, stop);
    }
    if (stop == MACHINE_EXIT) {
        r->c.reason = REASON_EXIT;
        control_tell(&r->c, CONTROL_SHUTDOWN);
    }
}

static void feed(struct rig *r, const char *bytes)
{
    gdb_input(r->g, (const uint8_t *)bytes, strlen(bytes));
}

static void feed_packet(struct rig *r, const void *content, size_t n)
{
    uint8_t sum = 0;
    char end[4];
    for (size_t k = 0; k < n; k++)
        sum += ((const uint8_t *)content)[k];
    snprintf(end, sizeof end, "#%02x", sum);
    feed(r, "$");
    gdb_input(r->g, content, n);
    feed(r, end);
}

// The content of the next packet that came out, NULL if there is none; acknowledgements before it are passed over.
static const char *next(struct rig *r)
{
    size_t at = 0, n = 0;
    uint8_t sum = 0;
    while (at < r->count && r->out[at] != '$')
        assert_true(r->out[at++] == '+');
    if (at == r->count) {
        r->count = 0;
        return NULL;
    }
    for (at++; r->out[at] != '#'; at++) {
        assert_true(at < r->count && n + 1 < sizeof r->answer);
        sum += r->out[at];
        r->answer[n++] = (char)r->out[at];
    }
    r->answer[n] = 0;
    char end[4];
    snprintf(end, sizeof end, "#%02x", sum);
    assert_memory_equal(r->out + at, end, 3);
    at += 3;
    r->count -= at;
    memmove(r->out, r->out + at, r->count);
    return r->answer;
}

static const char *ask(struct rig *r, const char *content)
{
    assert_null(next(r));
    feed_packet(r, content, strlen(content));
    const char *answer = next(r);
    assert_non_null(answer);
    return answer;
}

#define assert_answer(r, question, expected) assert_string_equal(ask(r, question), expected)

// ---- packets -------------------------------------------------------------------------------------------------------

static void test_acknowledgements(void **state)
{
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    feed(r, "$qC#b4");
    assert_int_equal(r->count, 1 + 8);
    assert_memory_equal(r->out, "+$QC01#f5", 9);
    feed(r, "-"); // once more
    assert_int_equal(r->count, 1 + 16);
    assert_memory_equal(r->out + 9, "$QC01#f5", 8);
    r->count = 0;
    feed(r, "+++$qC#b5"); // a wrong checksum
    assert_int_equal(r->count, 1);
    assert_memory_equal(r->out, "-", 1);
    r->count = 0;
    feed(r, "$qC#xy");
    assert_memory_equal(r->out, "-", 1);
    r->count = 0;
    feed(r, "$QStartNoAckMode#b0");
    assert_memory_equal(r->out, "+$OK#9a", 7);
    r->count = 0;
    feed(r, "$qC#b4$qC#b5-+");
    assert_int_equal(r->count, 8);
    assert_memory_equal(r->out, "$QC01#f5", 8);
    // The next client acknowledges again.
    gdb_closed(r->g);
    gdb_opened(r->g);
    r->count = 0;
    feed(r, "-$qC#b4");
    assert_memory_equal(r->out, "+$QC01#f5", 9);
    end(r);
}

static void test_pieces_and_garbage(void **state)
{
    static const char text[] = "\xff\x01garbage}}##$half a packet$qC#b4";
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    for (size_t k = 0; k < sizeof text - 1; k++)
        gdb_input(r->g, (const uint8_t *)text + k, 1);
    assert_string_equal(next(r), "QC01");
    assert_null(next(r));
    feed(r, "$m8000");
    gdb_closed(r->g); // with half a packet
    feed(r, ",2#9a");
    gdb_opened(r->g);
    feed(r, ",2#9a");
    assert_null(next(r));
    assert_answer(r, "m8000,2", "31c0");
    // Whatever comes: some answer or none, and nothing breaks.
    unsigned seed = 1;
    for (unsigned n = 0; n < 20000; n++) {
        static const char letters[] = "gGpPmMXcsCSzZHTqQv?,:;=0123456789abcdef-.!$#}";
        char packet[24];
        unsigned size = (seed = seed * 1103515245 + 12345) >> 16 & 15;
        for (unsigned k = 0; k < size; k++)
            packet[k] = letters[((seed = seed * 1103515245 + 12345) >> 16) % (sizeof letters - 1)];
        feed_packet(r, packet, size);
        r->count = 0;
    }
    end(r);
}

static void test_too_long(void **state)
{
    (void)state;
    struct rig *r = begin(NULL, true);
    char *big = malloc(GDB_PACKET_MAX + 16);
    assert_non_null(big);
    memset(big, '0', GDB_PACKET_MAX + 16);
    gdb_opened(r->g);
    memcpy(big, "M9000,1ff0:", 11);
    feed_packet(r, big, 11 + 2 * 0x1ff0);
    assert_string_equal(next(r), "OK");
    feed_packet(r, big, GDB_PACKET_MAX + 1);
    assert_string_equal(next(r), "");
    assert_int_equal(strlen(ask(r, "m0,100000")), GDB_PACKET_MAX);
    assert_answer(r, "m8000,2", "31c0");
    free(big);
    end(r);
}

static void test_not_known(void **state)
{
    static const char *const empty[] = {"vMustReplyEmpty", "bs",   "bc",       "!",      "R00",      "qTStatus",
                                        "qSymbol::",       "QFoo", "qCRC:0,1", "Z5,0,1", "vAttach;1"};
    static const char *const wrong[] = {"m",
                                        "m8000",
                                        "m8000,",
                                        "m8000,1x",
                                        "m11112222333344445,1",
                                        "M8000,2:00",
                                        "M8000,1:0g",
                                        "M8000,1:0011",
                                        "X8000,2:a",
                                        "p",
                                        "pff",
                                        "P0",
                                        "P0=1",
                                        "Pff=00",
                                        "Z1,8000",
                                        "Z2,8000,0",
                                        "Z2,ffffffffffffffff,2",
                                        "c800x",
                                        "C",
                                        "vCont",
                                        "vCont;",
                                        "vCont;x",
                                        "vCont;c:2",
                                        "vCont;c:1x",
                                        "Hg2",
                                        "H",
                                        "T2",
                                        "G00",
                                        "qRcmd,0",
                                        "Qqemu.PhyMemMode:2",
                                        "Qqemu.sstep=8"};
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    for (unsigned n = 0; n < ARRAY_LEN(empty); n++)
        assert_answer(r, empty[n], "");
    for (unsigned n = 0; n < ARRAY_LEN(wrong); n++)
        if (strcmp(ask(r, wrong[n]), "E22"))
            fail_msg("%s: %s", wrong[n], r->answer);
    assert_false(control_running(&r->c));
    assert_answer(r, "m8000,2", "31c0");
    end(r);
}

static void test_questions(void **state)
{
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    assert_string_equal(ask(r, "qSupported:swbreak+;hwbreak+;xmlRegisters=i386"),
                        "PacketSize=4000;qXfer:features:read+;vContSupported+;QStartNoAckMode+;swbreak+;hwbreak+");
    assert_answer(r, "?", "T05thread:01;");
    assert_answer(r, "qfThreadInfo", "m01");
    assert_answer(r, "qsThreadInfo", "l");
    assert_answer(r, "qAttached", "1");
    assert_answer(r, "Hg0", "OK");
    assert_answer(r, "Hc-1", "OK");
    assert_answer(r, "Hgp1.1", "OK");
    assert_answer(r, "T1", "OK");
    assert_answer(r, "vCont?", "vCont;c;C;s;S;t");
    assert_answer(r, "qqemu.sstepbits", "ENABLE=1,NOIRQ=2,NOTIMER=4");
    assert_answer(r, "qqemu.sstep", "0x7");
    assert_answer(r, "Qqemu.sstep=0x5", "OK");
    assert_answer(r, "qqemu.sstep", "0x5");
    assert_answer(r, "qqemu.sstep=7", "OK");
    assert_answer(r, "qqemu.sstep", "0x7");
    end(r);
}

static void answer_twice(void *ctx, const char *line, const struct char_backend *out)
{
    *(unsigned *)ctx += 1;
    assert_string_equal(line, "hi");
    out->write(out->ctx, (const uint8_t *)"one", 3);
    out->write(out->ctx, (const uint8_t *)"2\n", 2);
}

static void test_monitor(void **state)
{
    unsigned calls = 0;
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    assert_answer(r, "qRcmd,6869", "O7468657265206973206e6f206d6f6e69746f720a");
    assert_string_equal(next(r), "OK");
    gdb_set_monitor(r->g, answer_twice, &calls);
    assert_answer(r, "qRcmd,6869", "O6f6e65");
    assert_string_equal(next(r), "O320a");
    assert_string_equal(next(r), "OK");
    assert_int_equal(calls, 1);
    end(r);
}

// ---- memory and registers ------------------------------------------------------------------------------------------

static void test_memory(void **state)
{
    static const uint8_t binary[] = "X9000,4:a}\x03}]}\x04";
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    assert_answer(r, "M9000,3:0a0B0c", "OK");
    assert_answer(r, "m9000,3", "0a0b0c");
    feed_packet(r, binary, sizeof binary - 1);
    assert_string_equal(next(r), "OK");
    assert_answer(r, "m9000,4", "61237d24");
    assert_answer(r, "X9000,0:", "OK");
    assert_answer(r, "m1fffff,10", "00");
    assert_answer(r, "m200000,10", "E14");
    assert_answer(r, "M1fffff,2:0000", "E14");
    // Linear and physical addresses differ: page 9 is mapped to page 8.
    struct cpu_state s = *control_cpu(&r->c);
    uint8_t entry[4];
    for (unsigned n = 0; n < 16; n++) {
        store_u32(entry, (n == 9 ? 8 : n) << 12 | 3);
        control_write(&r->c, SPACE_PHYSICAL, 0x11000 + 4 * n, entry, 4);
    }
    store_u32(entry, 0x11003);
    control_write(&r->c, SPACE_PHYSICAL, 0x10000, entry, 4);
    s.cr3 = 0x10000;
    s.cr0 |= CR0_PG | CR0_PE;
    assert_null(control_set_cpu(&r->c, &s));
    assert_answer(r, "m9000,2", "31c0");
    assert_answer(r, "mfffffff0,2", "E14");
    assert_answer(r, "qqemu.PhyMemMode", "0");
    assert_answer(r, "Qqemu.PhyMemMode:1", "OK");
    assert_answer(r, "qqemu.PhyMemMode", "1");
    assert_answer(r, "m9000,4", "61237d24");
    assert_answer(r, "M9000,1:62", "OK");
    assert_answer(r, "Qqemu.PhyMemMode:0", "OK");
    assert_answer(r, "m9000,2", "31c0");
    end(r);
}

static void test_registers(void **state)
{
    char packet[2000];
    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct rig *r = begin(wide ? NULL : "pentium3", true);
        gdb_opened(r->g);
        unsigned ip = wide ? 16 : 8, digits = wide ? 16 : 8, ax = 0, dx = wide ? 3 : 2;
        const char *value = wide ? "0080000000000000" : "00800000";
        // What gdb expects by itself, without MXCSR.
        assert_int_equal(strlen(ask(r, "g")), 2 * (wide ? 532 : 304));
        assert_memory_equal(r->answer + ip * digits, value, digits);
        snprintf(packet, sizeof packet, "p%x", ip);
        assert_answer(r, packet, value);
        snprintf(packet, sizeof packet, "P%x=%s", ax, wide ? "0102030405060708" : "01020304");
        assert_answer(r, packet, "OK");
        assert_int_equal(control_cpu(&r->c)->reg[RAX], 0x04030201);
        // G changes only what it changes.
        struct cpu_state s = *control_cpu(&r->c);
        s.reg[RBX] = 0x1122334455667788;
        s.fsw = 3 << 11;
        s.ftw = 0xfe;
        s.st_frac[1] = s.st_frac[2] = 1;
        s.st_sexp[2] = 0x4000;
        s.st_frac[3] = (uint64_t)1 << 63;
        s.st_sexp[3] = 0xbfff;
        assert_null(control_set_cpu(&r->c, &s));
        s = *control_cpu(&r->c);
        packet[0] = 'G';
        strcpy(packet + 1, ask(r, "g"));
        memset(packet + 1 + dx * digits, '1', digits);
        assert_answer(r, packet, "OK");
        s.reg[RDX] = 0x11111111;
        assert_memory_equal(control_cpu(&r->c), &s, sizeof s);
        unsigned st0 = wide ? 24 : 16;
        snprintf(packet, sizeof packet, "p%x", st0);
        assert_answer(r, packet, "0000000000000080ffbf");
        snprintf(packet, sizeof packet, "p%x", st0 + 8 + 2); // ftag: R0 empty, R1 and R2 special, R3 valid, zeros
        assert_answer(r, packet, "2b550000");
        // Real mode: a segment register brings its base.
        snprintf(packet, sizeof packet, "P%x=34120000", ip + 4);
        assert_answer(r, packet, "OK");
        assert_int_equal(control_cpu(&r->c)->seg[SEG_DS].base, 0x12340);
        // CR0 with paging and without protection.
        snprintf(packet, sizeof packet, "P%x=%s", wide ? 60u : 44u, wide ? "1000008000000000" : "10000080");
        assert_answer(r, packet, "E22");
        assert_int_equal(control_cpu(&r->c)->cr0, 0x60000010);
        end(r);
    }
}

// ---- the description -----------------------------------------------------------------------------------------------

static bool describes(struct rig *r, const char *architecture)
{
    char whole[GDB_PACKET_MAX] = "", question[64];
    do {
        snprintf(question, sizeof question, "qXfer:features:read:target.xml:%zx,200", strlen(whole));
        ask(r, question);
        assert_true((r->answer[0] == 'm' && strlen(r->answer) == 0x201) || r->answer[0] == 'l');
        strcat(whole, r->answer + 1);
    } while (r->answer[0] == 'm');
    assert_non_null(strstr(whole, "</target>"));
    assert_answer(r, "qXfer:features:read:target.xml:ffffff,200", "l");
    assert_answer(r, "qXfer:features:read:other.xml:0,200", "E00");
    return strstr(whole, architecture) != NULL;
}

static void test_description(void **state)
{
    (void)state;
    struct rig *r = begin("pentium3", true);
    gdb_opened(r->g);
    assert_true(describes(r, "<architecture>i386</architecture>"));
    end(r);
    r = begin(NULL, true);
    gdb_opened(r->g);
    assert_true(describes(r, "<architecture>i386:x86-64</architecture>"));
    // A client that gives up at the registers gets the other set the next time, and may keep it.
    for (unsigned n = 0; n < 2; n++) {
        ask(r, "g");
        gdb_closed(r->g);
        assert_false(control_running(&r->c));
        gdb_opened(r->g);
        r->count = 0;
        assert_true(describes(r, n ? "<architecture>i386:x86-64</architecture>" : "<architecture>i386</architecture>"));
    }
    ask(r, "g");
    ask(r, "qC");
    gdb_closed(r->g);
    gdb_opened(r->g);
    r->count = 0;
    assert_true(describes(r, "<architecture>i386:x86-64</architecture>"));
    end(r);
}

// ---- running -------------------------------------------------------------------------------------------------------

static void test_breakpoints(void **state)
{
    static const char *const tell[] = {"T05thread:01;swbreak:;", "T05thread:01;hwbreak:;"};
    char packet[32];
    (void)state;
    for (unsigned type = 0; type < 2; type++) {
        struct rig *r = begin(NULL, true);
        gdb_opened(r->g);
        ask(r, "qSupported:swbreak+;hwbreak+");
        snprintf(packet, sizeof packet, "Z%u,8003,1", type);
        assert_answer(r, packet, "OK");
        assert_answer(r, packet, "OK"); // once more is the same
        assert_answer(r, "m8003,1", "a3");
        for (unsigned n = 0; n < 3; n++) {
            feed(r, n == 2 ? "$vCont;c:1#13" : "$c#63");
            assert_true(control_running(&r->c));
            assert_null(next(r));
            go(r);
            assert_string_equal(next(r), tell[type]);
            assert_int_equal(control_cpu(&r->c)->reg[RAX], n + 1);
        }
        packet[0] = 'z';
        assert_answer(r, packet, "OK");
        assert_answer(r, packet, "OK");
        feed(r, "$C05#a8");
        go(r);
        assert_string_equal(next(r), "Wc9"); // debug exit 100
        end(r);
    }
}

// What simple graders do: packets without acknowledgements, a breakpoint while the guest runs.
static void test_simple_client(void **state)
{
    (void)state;
    struct rig *r = begin(NULL, false);
    machine_run(r->m, 3, true);
    gdb_opened(r->g);
    assert_false(control_running(&r->c));
    feed(r, "$c#63");
    feed(r, "$Z1,800a,1#0d");
    assert_string_equal(next(r), "OK");
    assert_true(control_running(&r->c));
    go(r);
    assert_string_equal(next(r), "T05thread:01;");
    assert_int_equal(control_cpu(&r->c)->rip, 0x800a);
    feed(r, "\003"); // nothing: it stands
    assert_null(next(r));
    feed(r, "$z1,800a,1#2d");
    feed(r, "$c#63\003");
    assert_string_equal(next(r), "OK");
    assert_string_equal(next(r), "T02thread:01;");
    assert_false(control_running(&r->c));
    feed(r, "$k#6b");
    assert_true(r->c.quit);
    end(r);
}

static void test_watchpoints(void **state)
{
    static const struct {
        const char *set, *tell;
        uint16_t rip;
    } cases[] = {{"Z2,9000,2", "T05thread:01;watch:9000;", 0x8006},
                 {"Z3,9001,1", "T05thread:01;rwatch:9001;", 0x800a},
                 {"Z4,8fff,4", "T05thread:01;awatch:9000;", 0x8006}};
    (void)state;
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct rig *r = begin(NULL, true);
        gdb_opened(r->g);
        assert_answer(r, cases[n].set, "OK");
        feed(r, "$c#63");
        go(r);
        assert_string_equal(next(r), cases[n].tell);
        assert_int_equal(control_cpu(&r->c)->rip, cases[n].rip);
        // A step over such an access tells, too.
        feed(r, "$c8003#2e");
        go(r);
        next(r);
        feed(r, n == 1 ? "$s8006#41" : "$s8003#3e");
        go(r);
        assert_string_equal(next(r), cases[n].tell);
        end(r);
    }
}

static void test_steps(void **state)
{
    static const uint16_t rips[] = {0x8002, 0x8003, 0x8006, 0x800a, 0x800c, 0x800f, 0x8002};
    (void)state;
    struct rig *r = begin(NULL, true);
    gdb_opened(r->g);
    for (unsigned n = 0; n < ARRAY_LEN(rips); n++) {
        feed(r, n % 2 ? "$s#73" : "$vCont;s:p1.1;c#90");
        go(r);
        assert_string_equal(next(r), "T05thread:01;");
        assert_int_equal(control_cpu(&r->c)->rip, rips[n]);
    }
    feed(r, "$s800c#6e");
    go(r);
    assert_string_equal(next(r), "T05thread:01;");
    assert_int_equal(control_cpu(&r->c)->rip, 0x800f);
    end(r);
}

static void test_clients_come_and_go(void **state)
{
    (void)state;
    struct rig *r = begin(NULL, false);
    machine_run(r->m, 3, true);
    // One that vanishes: its points go, the machine goes on.
    gdb_opened(r->g);
    ask(r, "Z1,8003,1");
    gdb_closed(r->g);
    assert_true(control_running(&r->c));
    assert_int_equal(r->m->cpu->observer.count, 0);
    // While it waits for the machine.
    gdb_opened(r->g);
    feed(r, "$Z0,8003,1#de$c#63");
    gdb_closed(r->g);
    r->count = 0;
    machine_run(r->m, 9, true);
    control_pause(&r->c, REASON_COMMAND);
    assert_null(next(r));
    // In the middle of a step.
    control_resume(&r->c, UINT64_MAX);
    gdb_opened(r->g);
    feed(r, "$s#73");
    gdb_closed(r->g);
    r->count = 0;
    assert_true(control_running(&r->c) && r->c.until == UINT64_MAX && !r->c.step.active);
    control_pause(&r->c, REASON_COMMAND);
    // Who finds it standing leaves it so, unless it asked for more.
    gdb_opened(r->g);
    gdb_opened(r->g);
    gdb_closed(r->g);
    gdb_closed(r->g);
    assert_false(control_running(&r->c));
    gdb_opened(r->g);
    feed(r, "$D#44");
    assert_string_equal(next(r), "OK");
    assert_true(control_running(&r->c));
    gdb_closed(r->g);
    assert_true(control_running(&r->c));
    // A pause by someone else is not undone.
    gdb_opened(r->g);
    feed(r, "$c#63");
    control_pause(&r->c, REASON_COMMAND);
    assert_string_equal(next(r), "T02thread:01;");
    gdb_closed(r->g);
    assert_false(control_running(&r->c));
    end(r);
}

// The same state at the same tick with a client's points and steps, and without. With no points set whole slices run.
static void test_digests(void **state)
{
    uint8_t plain[MACHINE_DIGEST_BYTES], seen[MACHINE_DIGEST_BYTES];
    (void)state;
    struct rig *r = begin(NULL, false);
    go(r);
    uint64_t tick = machine_tick(r->m);
    machine_digest(r->m, plain);
    end(r);
    r = begin(NULL, false);
    gdb_opened(r->g);
    ask(r, "Z0,8003,1");
    ask(r, "Z2,9000,2");
    for (unsigned n = 0; r->m->stop != MACHINE_EXIT; n++) {
        feed(r, n % 3 ? "$s#73" : "$c#63");
        go(r);
        assert_non_null(next(r));
        ask(r, "g");
        ask(r, "m8000,100");
    }
    assert_int_equal(machine_tick(r->m), tick);
    machine_digest(r->m, seen);
    assert_memory_equal(plain, seen, sizeof plain);
    end(r);

    r = begin(NULL, false);
    gdb_opened(r->g);
    feed(r, "$c#63");
    assert_true(r->c.until == UINT64_MAX);
    assert_int_equal(r->m->cpu->observer.count, 0);
    assert_false(r->m->cpu->observer.code || r->m->cpu->observer.data);
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledgements),
        cmocka_unit_test(test_pieces_and_garbage),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_not_known),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_monitor),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_breakpoints),
        cmocka_unit_test(test_simple_client),
        cmocka_unit_test(test_watchpoints),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_clients_come_and_go),
        cmocka_unit_test(test_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
