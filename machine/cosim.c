// Lockstep of two machines (machine/cosim.h). The leader goes forward by at most one block's length at a time, so that
// translated code runs and a difference is known to within a few blocks.
#include "machine/cosim.h"
#include "cpu/paging.h"
#include "machine/pc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_TICKS   64u
#define MEMORY_TICKS ((uint64_t)1 << 22)

struct cosim {
    struct machine *leader, *follower;
    uint64_t from, to, next_memory;
    struct cpu_state before; // of the follower, where the last step began
    uint64_t before_tick;
    void (*report)(void *ctx, const char *line);
    void *ctx;
};

struct cosim *cosim_create(struct machine *leader, struct machine *follower, uint64_t from, uint64_t to)
{
    struct cosim *s = calloc(1, sizeof *s);
    if (s)
        *s =
            (struct cosim){.leader = leader, .follower = follower, .from = from, .to = to, .next_memory = MEMORY_TICKS};
    return s;
}

void cosim_destroy(struct cosim *s)
{
    free(s);
}

void cosim_record(void *cosim, const struct journal_entry *e)
{
    struct cosim *s = cosim;
    machine_enter(s->follower, (enum journal_kind)e->kind, e->index, e->value, e->data, e->size);
}

static void __attribute__((format(printf, 2, 3))) say(struct cosim *s, const char *fmt, ...)
{
    char line[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    s->report(s->ctx, line);
}

struct field_pass {
    struct cosim *s;
    const struct state_field *fields;
    const void *other;
    uint64_t wanted[1024];
    unsigned n;
    bool collect;
};

static void field(void *ctx, const char *path, uint64_t value, const struct state_field *f)
{
    struct field_pass *p = ctx;
    (void)f;
    if (p->n >= ARRAY_LEN(p->wanted))
        return;
    if (p->collect)
        p->wanted[p->n] = value;
    else if (p->wanted[p->n] != value)
        say(p->s, "  %-16s %016llx, should be %016llx", path, (unsigned long long)value,
            (unsigned long long)p->wanted[p->n]);
    p->n++;
}

static void code_bytes(struct cosim *s, const struct cpu_state *st)
{
    struct cpu *c = s->follower->cpu;
    char text[3 * 32 + 1] = "";
    uint64_t linear =
        st->efer & EFER_LMA && st->seg[SEG_CS].attr & ATTR_L ? st->rip : (uint32_t)(st->rip + st->seg[SEG_CS].base);
    for (unsigned n = 0; n < 32; n++) {
        uint64_t phys;
        struct phys_page *page = translate_peek(c, linear + n, &phys) ? phys_page(&s->follower->phys, phys) : NULL;
        if (!page)
            break;
        snprintf(text + 3 * n, 4, "%02x ", page->host[phys & PAGE_MASK]);
    }
    say(s, "  code at %llx: %s", (unsigned long long)linear, text);
}

static void tell(struct cosim *s, const char *what)
{
    struct field_pass *p = calloc(1, sizeof *p);
    say(s, "the engines differ in %s between tick %llu and %llu", what, (unsigned long long)s->before_tick,
        (unsigned long long)s->follower->clock.s.tick);
    if (p) {
        *p = (struct field_pass){.s = s, .collect = true};
        state_each(cpu_state_fields, &s->follower->cpu->s, field, p);
        p->n = 0;
        p->collect = false;
        state_each(cpu_state_fields, &s->leader->cpu->s, field, p);
        free(p);
    }
    if (s->leader->clock.s.tick != s->follower->clock.s.tick)
        say(s, "  tick %llu, should be %llu", (unsigned long long)s->leader->clock.s.tick,
            (unsigned long long)s->follower->clock.s.tick);
    say(s, "before, at tick %llu:", (unsigned long long)s->before_tick);
    static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (unsigned n = 0; n < 16; n += 2)
        say(s, "  %-3s %016llx  %-3s %016llx", names[n], (unsigned long long)s->before.reg[n], names[n + 1],
            (unsigned long long)s->before.reg[n + 1]);
    say(s, "  rip %016llx  rflags %llx", (unsigned long long)s->before.rip, (unsigned long long)s->before.rflags);
    code_bytes(s, &s->before);
}

static bool same_memory(struct cosim *s)
{
    const struct phys *a = &s->leader->phys, *b = &s->follower->phys;
    for (uint64_t at = 0; at < a->ram_size; at += PAGE_SIZE) {
        if (!memcmp(a->ram + at, b->ram + at, PAGE_SIZE))
            continue;
        unsigned n = 0;
        while (a->ram[at + n] == b->ram[at + n])
            n++;
        say(s, "memory differs at %llx: %02x, should be %02x", (unsigned long long)(at + n), a->ram[at + n],
            b->ram[at + n]);
        return false;
    }
    return true;
}

static bool same(struct cosim *s)
{
    struct cpu *a = s->leader->cpu, *b = s->follower->cpu;
    uint64_t tick = s->follower->clock.s.tick;
    if (s->leader->clock.s.tick != tick) {
        tell(s, "time");
        return false;
    }
    if (tick < s->from || tick > s->to)
        return true;
    cpu_sync(a);
    cpu_sync(b);
    if (memcmp(&a->s, &b->s, sizeof a->s) != 0) {
        tell(s, "the processor");
        return false;
    }
    if (tick >= s->next_memory) {
        s->next_memory = tick + MEMORY_TICKS;
        if (!same_memory(s)) {
            tell(s, "memory");
            return false;
        }
    }
    return true;
}

enum machine_stop cosim_run(struct cosim *s, uint64_t until, bool skip_idle, bool *differs,
                            void (*report)(void *ctx, const char *line), void *ctx)
{
    uint64_t slice_end = (s->leader->clock.s.tick / MACHINE_SLICE_TICKS + 1) * MACHINE_SLICE_TICKS;
    s->report = report;
    s->ctx = ctx;
    *differs = false;
    for (;;) {
        uint64_t tick = s->leader->clock.s.tick, to = tick + STEP_TICKS;
        bool whole = tick >= s->from && tick <= s->to;
        if (!whole)
            to = tick < s->from && s->from < slice_end ? s->from : slice_end;
        to = to < until ? to : until;
        cpu_sync(s->follower->cpu);
        s->before = s->follower->cpu->s;
        s->before_tick = tick;
        enum machine_stop stop = machine_run(s->leader, to, skip_idle);
        enum machine_stop other = MACHINE_SLICE;
        while (other == MACHINE_SLICE && s->follower->clock.s.tick < s->leader->clock.s.tick)
            other = machine_run(s->follower, s->leader->clock.s.tick, skip_idle);
        *differs = !same(s);
        if (*differs || (stop != MACHINE_UNTIL && stop != MACHINE_SLICE))
            return stop;
        tick = s->leader->clock.s.tick;
        if (tick >= until)
            return MACHINE_UNTIL;
        if (tick >= slice_end)
            return MACHINE_SLICE;
    }
}
