// Guest time and the event queue: a sorted singly linked list, because a board has about twenty events.
#include "core/clock.h"

__extension__ typedef unsigned __int128 u128;

STATE_TABLE(clock_state, CLOCK_STATE);

void clock_init(struct clock *c)
{
    state_reset(clock_state_fields, &c->s);
    c->queue = NULL;
    c->deadline_changed = true;
    c->fired = 0;
}

uint64_t clock_ns(const struct clock *c)
{
    return c->s.base_ns + mul_div_u64(c->s.tick - c->s.base_tick, c->s.num, c->s.den);
}

uint64_t clock_tick_at(const struct clock *c, uint64_t ns)
{
    if (ns == CLOCK_NEVER)
        return CLOCK_NEVER;
    if (ns <= c->s.base_ns)
        return c->s.base_tick;
    u128 t = ((u128)(ns - c->s.base_ns) * c->s.den + c->s.num - 1) / c->s.num + c->s.base_tick;
    return t >= CLOCK_NEVER ? CLOCK_NEVER : (uint64_t)t;
}

void clock_set_ratio(struct clock *c, uint64_t num, uint64_t den)
{
    uint64_t now = clock_ns(c);
    c->s.base_tick = c->s.tick;
    c->s.base_ns = now;
    c->s.num = num;
    c->s.den = den;
    c->deadline_changed = true;
}

uint64_t clock_count(const struct clock *c, uint64_t hz)
{
    return mul_div_u64(clock_ns(c), hz, 1000000000);
}

uint64_t clock_ns_of_count(uint64_t count, uint64_t hz)
{
    u128 ns = ((u128)count * 1000000000 + hz - 1) / hz;
    return ns >= CLOCK_NEVER ? CLOCK_NEVER : (uint64_t)ns;
}

void event_init(struct event *e, struct clock *c, uint32_t id, void (*fire)(void *ctx), void *ctx)
{
    *e = (struct event){.deadline = CLOCK_NEVER, .id = id, .fire = fire, .ctx = ctx, .clock = c};
}

static void unlink_event(struct event *e)
{
    for (struct event **p = &e->clock->queue; *p; p = &(*p)->next) {
        if (*p == e) {
            *p = e->next;
            break;
        }
    }
    e->next = NULL;
}

void event_set(struct event *e, uint64_t deadline)
{
    struct clock *c = e->clock;
    if (e->deadline == deadline)
        return;
    if (e->deadline != CLOCK_NEVER) {
        c->deadline_changed |= c->queue == e;
        unlink_event(e);
    }
    e->deadline = deadline;
    if (deadline == CLOCK_NEVER)
        return;
    struct event **p = &c->queue;
    while (*p && ((*p)->deadline < deadline || ((*p)->deadline == deadline && (*p)->id < e->id)))
        p = &(*p)->next;
    e->next = *p;
    *p = e;
    c->deadline_changed |= c->queue == e;
}

void event_cancel(struct event *e)
{
    event_set(e, CLOCK_NEVER);
}

void clock_disarm(struct clock *c)
{
    while (c->queue)
        event_cancel(c->queue);
}

uint64_t clock_next_deadline(const struct clock *c)
{
    return c->queue ? c->queue->deadline : CLOCK_NEVER;
}

unsigned clock_run_due(struct clock *c, unsigned limit)
{
    uint64_t now = clock_ns(c);
    unsigned fired = 0;
    while (c->queue && c->queue->deadline <= now && fired < limit) {
        struct event *e = c->queue;
        event_cancel(e);
        c->fired++;
        fired++;
        e->fire(e->ctx);
    }
    return fired;
}
