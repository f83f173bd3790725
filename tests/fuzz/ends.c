// One input of a fuzzer of a protocol end (tests/fuzz/ends.h).
#include "tests/fuzz/ends.h"
#include "tests/fuzz/fuzz.h"

#define RAM_BYTES ((uint64_t)1 << 20)

enum { CLIENT = 0xfe, LINES_MAX = 64, RUNS = 3, RUN_TICKS = 500, MACHINES = 2 };

struct side {
    struct control c;
    void *end;
    bool pieces;
    uint64_t hash; // of the answers
};

static void answers(void *ctx, const uint8_t *bytes, size_t n)
{
    struct side *s = ctx;
    for (size_t k = 0; k < n; k++)
        s->hash = (s->hash ^ bytes[k]) * 0x100000001b3u;
}

static void feed_line(const struct fuzz_end *f, struct side *s, const uint8_t *line, size_t n)
{
    if (n && *line == CLIENT) {
        f->closed(s->end);
        f->opened(s->end);
    } else if (!s->pieces) {
        f->input(s->end, line, n);
    } else {
        for (size_t k = 0; k < n; k++)
            f->input(s->end, line + k, 1);
    }
    for (unsigned k = 0; k < RUNS && control_running(&s->c); k++) {
        uint64_t end = machine_tick(s->c.m) + RUN_TICKS;
        control_ran(&s->c, machine_run(s->c.m, s->c.until < end ? s->c.until : end, true));
    }
}

int fuzz_end(const struct fuzz_end *f, const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, data + size};
    const char *model = fuzz_u8(&in) & 1 ? "pentium3" : NULL;
    struct side side[MACHINES] = {{.pieces = false}, {.pieces = true}};
    for (unsigned k = 0; k < MACHINES; k++) {
        struct side *s = &side[k];
        control_init(&s->c, fuzz_machine(k, model, RAM_BYTES, 1), true);
        s->end = f->create(&s->c, &(struct char_backend){answers, s});
        if (!s->end)
            return 0;
        f->opened(s->end);
    }
    for (unsigned n = 0; in.at < in.end && n < LINES_MAX; n++) {
        const uint8_t *end = memchr(in.at, '\n', (size_t)(in.end - in.at));
        size_t length = (size_t)((end ? end + 1 : in.end) - in.at);
        for (unsigned k = 0; k < MACHINES; k++)
            feed_line(f, &side[k], in.at, length);
        in.at += length;
    }
    struct machine *m = side[0].c.m, *other = side[1].c.m;
    if (side[0].hash != side[1].hash)
        fuzz_finding("the answers depend on the pieces");
    if (machine_tick(m) != machine_tick(other) || !fuzz_same_chips(m, other)) {
        fuzz_print_difference(m, other);
        fuzz_finding("the machine depends on the pieces");
    }
    for (unsigned k = 0; k < MACHINES; k++) {
        f->destroy(side[k].end);
        if (side[k].c.m->cpu->observer.count)
            fuzz_finding("points are left behind");
    }
    return 0;
}
