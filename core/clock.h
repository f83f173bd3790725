// The machine's clock and its event queue. Time inside the guest is counted in ticks (one per retired instruction, see
// docs/architecture.md: Time); guest nanoseconds are an exact rational function of the tick. Deadlines are in
// nanoseconds, and only this file converts between the two. One clock per machine, no host time anywhere.
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/state.h"

#define CLOCK_NEVER UINT64_MAX

#define CLOCK_STATE(F, A, S, T)                                                                                        \
    F(T, uint64_t, tick, 0, "instructions retired and events delivered since power-on")                                \
    F(T, uint64_t, base_tick, 0, "tick at which the present ratio began")                                              \
    F(T, uint64_t, base_ns, 0, "guest nanoseconds at base_tick")                                                       \
    F(T, uint64_t, num, 1, "nanoseconds per `den` ticks")                                                              \
    F(T, uint64_t, den, 1, "see num")
STATE_STRUCT(clock_state, CLOCK_STATE);

struct clock;

// A timer of one chip. Embed it in the chip's wiring; it is derived state: the chip's `update` arms it again from the
// chip's fields after a load. `id` is the fixed event id of the board: at equal deadlines the lower id runs first.
struct event {
    uint64_t deadline; // guest ns, CLOCK_NEVER when not armed
    uint32_t id;
    void (*fire)(void *ctx);
    void *ctx;
    struct clock *clock;
    struct event *next; // queue order, valid while armed
};

struct clock {
    struct clock_state s;
    struct event *queue;   // armed events, soonest first
    bool deadline_changed; // set whenever the head of the queue changes; the run loop clears it
    uint64_t fired;        // events that have run since clock_init(); nothing that the guest can see
};

void clock_init(struct clock *c);

// Guest nanoseconds at the present tick.
uint64_t clock_ns(const struct clock *c);

// The first tick at which clock_ns() >= ns; CLOCK_NEVER for CLOCK_NEVER and when it is beyond 2^64.
uint64_t clock_tick_at(const struct clock *c, uint64_t ns);

// Sets the ratio from the present tick on: num nanoseconds per den ticks, both in 1..2^32. A journalled input.
void clock_set_ratio(struct clock *c, uint64_t num, uint64_t den);

// Whole periods of a `hz` counter that have passed by now since power-on: floor(ns * hz / 1e9).
uint64_t clock_count(const struct clock *c, uint64_t hz);

// The first nanosecond at which a `hz` counter has reached `count`: ceil(count * 1e9 / hz), saturating.
uint64_t clock_ns_of_count(uint64_t count, uint64_t hz);

void event_init(struct event *e, struct clock *c, uint32_t id, void (*fire)(void *ctx), void *ctx);

// Arms (or moves) the event; `deadline` in guest ns may lie in the past (it fires at once), CLOCK_NEVER disarms.
void event_set(struct event *e, uint64_t deadline);
void event_cancel(struct event *e);

// Disarms all events, as in a machine that is new: every chip's `update` arms its own again.
void clock_disarm(struct clock *c);

// Deadline in ns of the soonest event, or CLOCK_NEVER.
uint64_t clock_next_deadline(const struct clock *c);

// Fires every event that is due now, in (deadline, id) order; events armed meanwhile for now or earlier fire too, at
// most `limit` in all, so that a guest cannot hold the host thread. Returns the number fired.
unsigned clock_run_due(struct clock *c, unsigned limit);

#endif
