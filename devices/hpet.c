// HPET of the PC: IA-PC HPET Specification 1.0a. The main counter is computed from the clock, and so are the matches of
// a comparator since it was last looked at; one event waits for the soonest match that makes an interrupt.
//
// Edge-triggered timers leave their line high until the next match, which lowers and raises it: nobody can miss it.
//
// Not implemented: interrupts by memory writes (FSB), which the capabilities do not announce.
// Differs: matches that come faster than events are delivered are one interrupt; a comparator that is written with the
// present count matches at once.
#include "devices/hpet.h"

STATE_TABLE(hpet_timer, HPET_TIMER_STATE);
STATE_TABLE(hpet_state, HPET_STATE);

enum {
    GCAP_ID = 0x00,
    GEN_CONF = 0x10,
    GINTR_STA = 0x20,
    MAIN_CNT = 0xf0,
    TIMER = 0x100,
    TIMER_BYTES = 0x20,
    TN_CONF = 0x00, // in a timer's registers
    TN_COMP = 0x08,
};

enum {
    ENABLE = 1,
    LEGACY_ROUTE = 2,

    LEVEL = 1 << 1,
    INT_ENABLE = 1 << 2,
    PERIODIC = 1 << 3,
    PERIODIC_CAP = 1 << 4,
    SIZE_CAP = 1 << 5,
    VALUE_SET = 1 << 6,
    MODE_32 = 1 << 8,
    ROUTE_SHIFT = 9,
    TN_WRITABLE = 0x3f4e,
};

#define PERIOD_FS     ((uint64_t)100000000)
#define ROUTE_CAP     ((((uint64_t)1 << HPET_PINS) - 1) << HPET_FIRST_PIN)
#define CAPABILITIES  (PERIOD_FS << 32 | HPET_BLOCK_ID)
#define TN_CAPABILITY (ROUTE_CAP << 32 | SIZE_CAP | PERIODIC_CAP)

static bool running(const struct hpet *h)
{
    return h->s.config & ENABLE;
}

static uint64_t counter(const struct hpet *h)
{
    return h->s.counter + (running(h) ? clock_count(h->clock, HPET_HZ) - h->s.since : 0);
}

static uint64_t mask_of(const struct hpet_timer *t)
{
    return t->config & MODE_32 ? UINT32_MAX : UINT64_MAX;
}

// Counts from t->from to the next match.
static uint64_t distance(const struct hpet_timer *t)
{
    return (t->comparator - t->from) & mask_of(t);
}

// ---- Lines and events ----

static bool asserted(const struct hpet *h, unsigned n)
{
    const struct hpet_timer *t = &h->s.timer[n];
    if (!running(h) || !(t->config & INT_ENABLE))
        return false;
    return t->config & LEVEL ? h->s.status >> n & 1 : t->out;
}

static bool is_legacy(const struct hpet *h, unsigned n)
{
    return h->s.config & LEGACY_ROUTE && n < HPET_LEGACY;
}

static void drive(const struct hpet *h)
{
    bool pin[HPET_PINS] = {false};
    for (unsigned n = 0; n < HPET_TIMERS; n++) {
        unsigned route = h->s.timer[n].config >> ROUTE_SHIFT & 31;
        if (!is_legacy(h, n) && route >= HPET_FIRST_PIN && route < HPET_FIRST_PIN + HPET_PINS)
            pin[route - HPET_FIRST_PIN] |= asserted(h, n);
    }
    for (unsigned n = 0; n < HPET_PINS; n++)
        line_set(&h->pin[n], pin[n]);
    for (unsigned n = 0; n < HPET_LEGACY; n++)
        line_set(&h->legacy[n], is_legacy(h, n) && asserted(h, n));
    line_set(&h->legacy_mode, h->s.config & LEGACY_ROUTE);
}

// Guest ns of the timer's next interrupt.
static uint64_t deadline(const struct hpet *h, unsigned n)
{
    const struct hpet_timer *t = &h->s.timer[n];
    if (!running(h) || !(t->config & INT_ENABLE) || (t->config & LEVEL && h->s.status >> n & 1))
        return CLOCK_NEVER;
    uint64_t now = clock_count(h->clock, HPET_HZ), behind = counter(h) - t->from, ahead = distance(t);
    if (behind >> 63) // `from` is yet to come
        ahead = ahead > UINT64_MAX - (t->from - counter(h)) ? UINT64_MAX : ahead + (t->from - counter(h));
    else
        ahead = ahead > behind ? ahead - behind : 0;
    return ahead > UINT64_MAX - now ? CLOCK_NEVER : clock_ns_of_count(now + ahead, HPET_HZ);
}

static void update(void *self)
{
    struct hpet *h = self;
    uint64_t soonest = CLOCK_NEVER;
    for (unsigned n = 0; n < HPET_TIMERS; n++) {
        uint64_t at = deadline(h, n);
        soonest = at < soonest ? at : soonest;
    }
    event_set(&h->event, soonest);
    drive(h);
}

// Whether the timer has matched between `from` and now, which are both compared then.
static bool compare(struct hpet_timer *t, uint64_t now)
{
    uint64_t span = now - t->from, first = distance(t);
    if (span >> 63)
        return false;
    t->from = now + 1;
    if (first > span)
        return false;
    if (t->config & PERIODIC && t->period)
        t->comparator = (t->comparator + ((span - first) / t->period + 1) * t->period) & mask_of(t);
    return true;
}

// Brings the timers up to the present count.
static void settle(struct hpet *h)
{
    uint64_t now = counter(h);
    if (!running(h))
        return;
    for (unsigned n = 0; n < HPET_TIMERS; n++) {
        struct hpet_timer *t = &h->s.timer[n];
        if (!compare(t, now))
            continue;
        if (t->config & LEVEL) {
            h->s.status |= (uint8_t)(1u << n);
        } else if (t->config & INT_ENABLE) {
            // Down, so that it can rise.
            t->out = 0;
            drive(h);
            t->out = 1;
            drive(h);
        }
    }
}

static void fire(void *ctx)
{
    settle(ctx);
    update(ctx);
}

// Comparing begins anew with the present count.
static void restart(struct hpet *h, struct hpet_timer *t)
{
    t->from = counter(h);
}

// ---- Registers ----

static uint64_t read_qword(const struct hpet *h, unsigned at)
{
    switch (at) {
    case GCAP_ID:
        return CAPABILITIES;
    case GEN_CONF:
        return h->s.config;
    case GINTR_STA:
        return h->s.status;
    case MAIN_CNT:
        return counter(h);
    default:
        break;
    }
    unsigned n = (at - TIMER) / TIMER_BYTES;
    if (at < TIMER || n >= HPET_TIMERS)
        return 0;
    const struct hpet_timer *t = &h->s.timer[n];
    switch (at % TIMER_BYTES) {
    case TN_CONF:
        return TN_CAPABILITY | (t->config & ~(uint32_t)VALUE_SET);
    case TN_COMP:
        return t->comparator;
    default:
        return 0;
    }
}

static uint64_t read_register(void *ctx, uint64_t offset, unsigned size)
{
    struct hpet *h = ctx;
    unsigned at = (unsigned)offset & ~7u;
    if (at != MAIN_CNT) {
        settle(h);
        update(h);
    }
    uint64_t value = read_qword(h, at);
    return size == 8 ? value : (uint32_t)(offset & 4 ? value >> 32 : value);
}

// The counter stands or goes on from `value`.
static void set_counter(struct hpet *h, uint64_t value)
{
    h->s.counter = value;
    h->s.since = clock_count(h->clock, HPET_HZ);
    for (unsigned n = 0; n < HPET_TIMERS; n++)
        restart(h, &h->s.timer[n]);
}

static void write_config(struct hpet *h, uint64_t value)
{
    uint64_t now = counter(h);
    bool was = running(h);
    h->s.config = value & (ENABLE | LEGACY_ROUTE);
    if (running(h) != was)
        set_counter(h, now);
    if (!running(h))
        for (unsigned n = 0; n < HPET_TIMERS; n++)
            h->s.timer[n].out = 0;
}

static void write_timer_config(struct hpet *h, unsigned n, uint32_t value)
{
    struct hpet_timer *t = &h->s.timer[n];
    uint32_t changed = t->config ^ value;
    t->config = value & TN_WRITABLE;
    t->comparator &= mask_of(t);
    t->period &= mask_of(t);
    if (changed & LEVEL)
        h->s.status &= (uint8_t) ~(1u << n);
    if (t->config & LEVEL || !(t->config & INT_ENABLE))
        t->out = 0;
    if (changed & MODE_32)
        restart(h, t);
}

// The new value of a comparator, of which `written` are the bits that change. It is the period too; with VAL_SET, or in
// a timer that is not periodic, it is the value of the next match.
static void write_comparator(struct hpet *h, struct hpet_timer *t, uint64_t value, uint64_t written)
{
    written &= mask_of(t);
    t->period = (t->period & ~written) | (value & written);
    if (!(t->config & PERIODIC) || t->config & VALUE_SET) {
        t->comparator = (t->comparator & ~written) | (value & written);
        restart(h, t);
    }
    t->config &= ~(uint32_t)VALUE_SET;
}

static void write_qword(struct hpet *h, unsigned at, uint64_t value, uint64_t written)
{
    switch (at) {
    case GEN_CONF:
        if (written & 3)
            write_config(h, value);
        return;
    case GINTR_STA:
        h->s.status &= (uint8_t) ~(value & written);
        return;
    case MAIN_CNT:
        set_counter(h, (counter(h) & ~written) | (value & written));
        return;
    default:
        break;
    }
    unsigned n = (at - TIMER) / TIMER_BYTES;
    if (at < TIMER || n >= HPET_TIMERS)
        return;
    if (at % TIMER_BYTES == TN_COMP)
        write_comparator(h, &h->s.timer[n], value, written);
    else if (at % TIMER_BYTES == TN_CONF && written & UINT32_MAX)
        write_timer_config(h, n, (uint32_t)value);
}

static void write_register(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    struct hpet *h = ctx;
    unsigned shift = size == 8 ? 0 : 8 * ((unsigned)offset & 4);
    settle(h);
    write_qword(h, (unsigned)offset & ~7u, value << shift, size_mask(size) << shift);
    // A comparator that is written with the present count has matched.
    settle(h);
    update(h);
}

const struct io_ops hpet_io = {.read = read_register, .write = write_register, .sizes = 4 | 8};

static const char *check(const void *self)
{
    const struct hpet *h = self;
    if (h->s.config & ~(ENABLE | LEGACY_ROUTE) || h->s.status >> HPET_TIMERS)
        return "hpet: config or status has reserved bits set";
    for (unsigned n = 0; n < HPET_TIMERS; n++) {
        const struct hpet_timer *t = &h->s.timer[n];
        if (t->config & ~(uint32_t)TN_WRITABLE || t->out > 1 || t->comparator & ~mask_of(t) || t->period & ~mask_of(t))
            return "hpet: a timer has reserved bits set";
    }
    return NULL;
}

const struct device_class hpet_class = {
    .name = "hpet",
    .title = "IA-PC HPET",
    .version = 1,
    .fields = hpet_state_fields,
    .state_offset = offsetof(struct hpet, s),
    .check = check,
    .update = update,
};

void hpet_init(struct hpet *h, struct clock *clock, uint32_t event_id)
{
    *h = (struct hpet){.clock = clock};
    event_init(&h->event, clock, event_id, fire, h);
    device_reset(&(struct device){&hpet_class, h});
}
