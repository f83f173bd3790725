// Fuzzer of the gdb stub: packets, bytes that are none, clients that come and go, and a machine that runs in between.
//
// The input: one byte (the processor model), then lines. A line that begins with FFh is sent as it is, one with FEh is
// a new client; of any other a packet is made. Two machines get the same, one in single bytes. Their answers and states
// must be the same, all that is answered must be well-formed, and no point may be left behind.
#include "machine/gdb.h"
#include "machine/gdb_packet.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#define RAM_BYTES ((uint64_t)1 << 20)

enum { RAW = 0xff, CLIENT = 0xfe, LINES_MAX = 64, RUNS = 3, RUN_TICKS = 500, MACHINES = 2 };

struct side {
    struct control c;
    struct gdb *g;
    bool pieces;
    uint64_t hash; // of the answers
    enum { BETWEEN, INSIDE, SUM1, SUM2 } at;
    uint8_t sum, high;
    size_t size;
};

static unsigned digit(uint8_t c)
{
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
        fuzz_finding("a checksum has %02x", c);
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void answer(struct side *s, uint8_t c)
{
    s->hash = (s->hash ^ c) * 0x100000001b3u;
    switch (s->at) {
    case BETWEEN:
        if (c == '$') {
            s->at = INSIDE;
            s->sum = 0;
            s->size = 0;
        } else if (c != '+' && c != '-') {
            fuzz_finding("%02x between packets", c);
        }
        break;
    case INSIDE:
        if (c == '#')
            s->at = SUM1;
        else if (c == '$' || ++s->size > 2 * GDB_PACKET_MAX)
            fuzz_finding("a packet does not end");
        else
            s->sum += c;
        break;
    case SUM1:
        s->high = (uint8_t)digit(c);
        s->at = SUM2;
        break;
    case SUM2:
        if ((s->high << 4 | digit(c)) != s->sum)
            fuzz_finding("a wrong checksum");
        s->at = BETWEEN;
        break;
    }
}

static void answers(void *ctx, const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; k < n; k++)
        answer(ctx, bytes[k]);
}

static void repeat(void *ctx, const char *line, const struct char_backend *out)
{
    (void)ctx;
    out->write(out->ctx, (const uint8_t *)line, strlen(line));
}

static void feed(struct side *s, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    if (!s->pieces)
        gdb_input(s->g, from, n);
    else
        for (size_t k = 0; k < n; k++)
            gdb_input(s->g, from + k, 1);
}

static void feed_line(struct side *s, const uint8_t *line, size_t n)
{
    if (n && *line == RAW) {
        feed(s, line + 1, n - 1);
    } else if (n && *line == CLIENT) {
        gdb_closed(s->g);
        s->at = BETWEEN;
        gdb_opened(s->g);
    } else {
        uint8_t sum = 0;
        char end[4];
        for (size_t k = 0; k < n; k++)
            sum += line[k];
        snprintf(end, sizeof end, "#%02x", sum);
        feed(s, "$", 1);
        feed(s, line, n);
        feed(s, end, 3);
    }
    for (unsigned k = 0; k < RUNS && control_running(&s->c); k++) {
        uint64_t end = machine_tick(s->c.m) + RUN_TICKS;
        control_ran(&s->c, machine_run(s->c.m, s->c.until < end ? s->c.until : end, true));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, data + size};
    const char *model = fuzz_u8(&in) & 1 ? "pentium3" : NULL;
    struct side side[MACHINES] = {{.pieces = false}, {.pieces = true}};
    for (unsigned k = 0; k < MACHINES; k++) {
        struct side *s = &side[k];
        control_init(&s->c, fuzz_machine(k, model, RAM_BYTES, 1), true);
        s->g = gdb_create(&s->c, &(struct char_backend){answers, s});
        if (!s->g)
            return 0;
        gdb_set_monitor(s->g, repeat, NULL);
        gdb_opened(s->g);
    }
    for (unsigned n = 0; in.at < in.end && n < LINES_MAX; n++) {
        const uint8_t *end = memchr(in.at, '\n', (size_t)(in.end - in.at));
        size_t length = (size_t)((end ? end : in.end) - in.at);
        for (unsigned k = 0; k < MACHINES; k++)
            feed_line(&side[k], in.at, length);
        in.at = end ? end + 1 : in.end;
    }
    struct machine *m = side[0].c.m, *other = side[1].c.m;
    if (side[0].hash != side[1].hash)
        fuzz_finding("the answers depend on the pieces");
    if (machine_tick(m) != machine_tick(other) || !fuzz_same_chips(m, other)) {
        fuzz_print_difference(m, other);
        fuzz_finding("the machine depends on the pieces");
    }
    for (unsigned k = 0; k < MACHINES; k++) {
        gdb_destroy(side[k].g);
        if (side[k].c.m->cpu->observer.count)
            fuzz_finding("points are left behind");
    }
    return 0;
}
