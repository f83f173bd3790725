// Fuzzer of the processor on the whole board: any code in any mode, with what can come from outside. The input's format
// is in cpu_setup.h. It is run in four ways that must end alike: straight; cut into slices of one tick; saved and
// loaded in place again and again; and saved and loaded into another machine once.
#include "tests/fuzz/cpu_setup.h"

#include <stdio.h>
#include <stdlib.h>

#define RAM_BYTES ((uint64_t)2 << 20)

enum way { STRAIGHT, SLICED, SHAKEN, MOVED, WAYS }; // a machine each, and one more to move to
_Static_assert(WAYS < FUZZ_SLOTS, "one more machine than ways");
static const char *const way_name[WAYS] = {"straight", "cut into single ticks", "saved and loaded in place",
                                           "moved to another machine"};

struct outcome {
    struct machine *m;
    enum machine_stop stop;
};

// Runs up to tick `end`; events come when their tick is reached, or when nothing else can happen.
static struct outcome run(struct machine *m, const struct cpu_plan *plan, enum way way, uint64_t end)
{
    unsigned event = 0;
    bool saved = false;
    for (;;) {
        uint64_t tick = machine_tick(m), until = end;
        if (way == MOVED && !saved && tick >= plan->save_at) {
            m = fuzz_move(m, WAYS);
            saved = true;
        }
        if (event < plan->events && plan->event[event].tick <= tick) {
            cpu_event_apply(m, &plan->event[event++]);
            continue;
        }
        if (tick >= end)
            return (struct outcome){m, MACHINE_UNTIL};
        if (event < plan->events && plan->event[event].tick < until)
            until = plan->event[event].tick;
        if (way == MOVED && !saved && plan->save_at < until)
            until = plan->save_at;
        if (way == SLICED)
            until = tick + 1;
        if (way == SHAKEN && tick + plan->shake_ticks < until)
            until = tick + plan->shake_ticks;
        enum machine_stop stop = machine_run(m, until, true);
        if (machine_tick(m) > until)
            fuzz_finding("%s: asked for tick %llu, at tick %llu", way_name[way], (unsigned long long)until,
                         (unsigned long long)machine_tick(m));
        const char *wrong = way == SHAKEN ? machine_shake(m) : NULL;
        if (wrong)
            fuzz_finding("a machine does not load what it saved: %s", wrong);
        if (stop == MACHINE_UNTIL || stop == MACHINE_SLICE)
            continue;
        if (event == plan->events || (stop != MACHINE_IDLE && stop != MACHINE_STUCK))
            return (struct outcome){m, stop};
        cpu_event_apply(m, &plan->event[event++]);
    }
}

// NULL if the input is no state.
static struct machine *start(const uint8_t *data, size_t size, enum way way, struct cpu_plan *plan)
{
    struct machine *m = fuzz_machine(way, cpu_setup_model(data, size), RAM_BYTES, 1);
    return cpu_setup(m, data, size, plan) ? m : NULL;
}

static bool same(struct outcome *a, struct outcome *b)
{
    uint8_t da[MACHINE_DIGEST_BYTES], db[MACHINE_DIGEST_BYTES];
    machine_digest(a->m, da);
    machine_digest(b->m, db);
    if (a->stop == MACHINE_EXIT && a->m->exit_value != b->m->exit_value)
        return false;
    return a->stop == b->stop && !memcmp(da, db, sizeof da);
}

static void print_place(struct machine *m)
{
    const struct cpu_state *s = &m->cpu->s;
    uint64_t linear = s->rip + (m->cpu->mode & MODE_64 ? 0 : s->seg[SEG_CS].base);
    fprintf(stderr, "  tick %llu, mode %x, CPL %u, RIP %llx, bytes there if pages map onto themselves:",
            (unsigned long long)machine_tick(m), m->cpu->mode, m->cpu->cpl, (unsigned long long)s->rip);
    for (unsigned n = 0; n < 15; n++) {
        uint8_t byte;
        phys_read(&m->phys, (linear + n) & (RAM_BYTES - 1), &byte, 1);
        fprintf(stderr, " %02x", byte);
    }
    fputc('\n', stderr);
}

// The first tick at which the two ways differ, by bisection: run straight up to it, then compare.
static void explain(const uint8_t *data, size_t size, enum way way, uint64_t end)
{
    uint64_t good = 0, bad = end;
    while (bad - good > 1) {
        struct cpu_plan plan;
        uint64_t middle = good + (bad - good) / 2;
        struct outcome a = run(start(data, size, STRAIGHT, &plan), &plan, STRAIGHT, middle);
        struct outcome b = run(start(data, size, way, &plan), &plan, way, middle);
        *(same(&a, &b) ? &good : &bad) = middle;
    }
    for (uint64_t tick = good;; tick = bad) {
        struct cpu_plan plan;
        struct outcome a = run(start(data, size, STRAIGHT, &plan), &plan, STRAIGHT, tick);
        struct outcome b = run(start(data, size, way, &plan), &plan, way, tick);
        if (a.stop != b.stop)
            fprintf(stderr, "  stop %d against %d\n", a.stop, b.stop);
        print_place(a.m);
        print_place(b.m);
        fuzz_print_difference(a.m, b.m);
        if (tick == bad)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpu_plan plan;
    struct machine *m = start(data, size, STRAIGHT, &plan);
    if (!m)
        return 0;
    struct outcome straight = run(m, &plan, STRAIGHT, plan.ticks);
    for (enum way way = SLICED; way < WAYS; way++) {
        struct outcome other = run(start(data, size, way, &plan), &plan, way, plan.ticks);
        if (!same(&straight, &other)) {
            fprintf(stderr, "straight against %s:\n", way_name[way]);
            explain(data, size, way, plan.ticks);
            fuzz_finding("the end differs when %s", way_name[way]);
        }
    }
    return 0;
}

#ifdef SNOWGLOBE_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return cpu_mutate(data, size, max, seed, LLVMFuzzerMutate);
}
#endif
