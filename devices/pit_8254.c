// Three counters: Intel 8254 data sheet (231164), all six modes, binary and BCD, counter latch and read-back commands.
//
// Nothing is counted: a counter is the pulse that loaded it and the count that it got, and OUT, CE and OUT's next edge
// follow from those. A write or a gate change takes effect at the CLK pulse after it.
//
// Differs: a count of 1 in mode 2 (illegal) keeps OUT high; GATE falling within a strobe of mode 4 ends the strobe; CE
// of a counter without a count, or between a control word and its count, stands still; before its first control word a
// counter is in mode 0, with OUT low (the data sheet leaves all of these undefined).
#include "devices/pit_8254.h"

STATE_TABLE(pit_8254_counter, PIT_8254_COUNTER_STATE);
STATE_TABLE(pit_8254_state, PIT_8254_STATE);

enum phase { NO_COUNT, WAITING, LOADED };

// RW bits of a control word.
enum { RW_LATCH = 0, RW_LOW = 1, RW_HIGH = 2, RW_BOTH = 3 };

enum {
    CONTROL_PORT = 3,
    READ_BACK = 3, // counter field of the read-back command
    READ_BACK_NO_COUNT = 0x20,
    READ_BACK_NO_STATUS = 0x10,
    STATUS_OUT = 0x80,
    STATUS_NULL_COUNT = 0x40,
};

// A stamp beyond every reachable pulse; sums of two stay far from wrapping.
#define PULSE_LIMIT ((uint64_t)1 << 60)

static uint64_t pulse_now(const struct pit_8254 *pit)
{
    return mul_div_u64(clock_ns(pit->clock), PIT_8254_CLK_PULSES, PIT_8254_CLK_NS);
}

// The first nanosecond at or after pulse k.
static uint64_t pulse_ns(uint64_t k)
{
    uint64_t whole = k / PIT_8254_CLK_PULSES, rest = k % PIT_8254_CLK_PULSES;
    if (whole > UINT64_MAX / PIT_8254_CLK_NS - 1)
        return CLOCK_NEVER;
    return whole * PIT_8254_CLK_NS + (rest * PIT_8254_CLK_NS + PIT_8254_CLK_PULSES - 1) / PIT_8254_CLK_PULSES;
}

static unsigned rw(const struct pit_8254_counter *c)
{
    return c->control >> 4 & 3;
}

static bool bcd(const struct pit_8254_counter *c)
{
    return c->control & 1;
}

// 0 to 5; of the three mode bits the first is "don't care" in modes 2 and 3.
static unsigned mode(const struct pit_8254_counter *c)
{
    unsigned m = c->control >> 1 & 7;
    return m > 5 ? m - 4 : m;
}

// In modes 1 and 5 GATE only triggers, in the others its low level stops the counting.
static bool stopped(const struct pit_8254_counter *c)
{
    return !c->gate && mode(c) != 1 && mode(c) != 5;
}

static uint32_t pulses_of_cr(const struct pit_8254_counter *c)
{
    if (!bcd(c))
        return c->cr ? c->cr : 0x10000;
    uint32_t n = (c->cr >> 12) * 1000u + (c->cr >> 8 & 15) * 100u + (c->cr >> 4 & 15) * 10u + (c->cr & 15);
    return n ? n : 10000;
}

// CE's low 16 bits for a count that may have wrapped below zero.
static uint16_t displayed(const struct pit_8254_counter *c, uint64_t value)
{
    if (!bcd(c))
        return (uint16_t)value;
    // Wrapping subtraction of at most 2^63 pulses: bring a negative value into 0..9999.
    uint32_t v = (int64_t)value < 0 ? (10000 - (uint32_t)((0 - value) % 10000)) % 10000 : (uint32_t)(value % 10000);
    return (uint16_t)((v / 1000) << 12 | (v / 100 % 10) << 8 | (v / 10 % 10) << 4 | v % 10);
}

// Pulses counted since CE was loaded; not before c->start.
static uint64_t elapsed(const struct pit_8254_counter *c, uint64_t k)
{
    return stopped(c) ? c->held : k - c->start;
}

// Length of mode 3's high half.
static uint32_t high_half(const struct pit_8254_counter *c)
{
    return (c->count + 1) / 2;
}

// Pulses since the high half of mode 3 began last.
static uint32_t position(const struct pit_8254_counter *c, uint64_t k)
{
    return (uint32_t)((elapsed(c, k) + (c->low_half ? high_half(c) : 0)) % c->count);
}

// OUT after pulse k, while no new count is taken.
static bool cycle_out(const struct pit_8254_counter *c, uint64_t k)
{
    if (c->phase != LOADED)
        return mode(c) != 0;
    if (stopped(c) && (mode(c) == 2 || mode(c) == 3))
        return true;
    if (k < c->start)
        return c->out_before;
    uint64_t e = elapsed(c, k);
    switch (mode(c)) {
    case 0:
    case 1:
        return e >= c->count;
    case 2:
        return c->count == 1 || e % c->count != c->count - 1;
    case 3:
        return position(c, k) < high_half(c);
    default:
        return stopped(c) || e != c->count;
    }
}

// The counter as it is after pulse k: modes 2 and 3 take a new count where a cycle or half cycle ends.
static struct pit_8254_counter settled(const struct pit_8254_counter *given, uint64_t k)
{
    struct pit_8254_counter c = *given;
    if (c.reload && c.reload_at <= k) {
        c.low_half = mode(&c) == 3 && !cycle_out(&c, c.reload_at);
        c.count = pulses_of_cr(&c);
        c.start = c.reload_at;
        c.reload = 0;
        c.reload_at = UINT64_MAX;
    }
    return c;
}

static bool out(const struct pit_8254_counter *given, uint64_t k)
{
    struct pit_8254_counter c = settled(given, k);
    return cycle_out(&c, k);
}

// CE after pulse k, as it is read.
static uint16_t value(const struct pit_8254_counter *given, uint64_t k)
{
    struct pit_8254_counter c = settled(given, k);
    if (c.phase != LOADED || k < c.start)
        return c.before;
    uint64_t e = elapsed(&c, k);
    uint32_t p;
    switch (mode(&c)) {
    case 2:
        return displayed(&c, c.count - e % c.count);
    case 3:
        // Both halves count an even number down by twos.
        p = position(&c, k);
        return displayed(&c, (c.count & ~1u) - 2 * (p < high_half(&c) ? p : p - high_half(&c)));
    default:
        return displayed(&c, c.count - e);
    }
}

// The first pulse after k at which OUT changes, while no new count is taken; UINT64_MAX if there is none.
static uint64_t cycle_edge(const struct pit_8254_counter *c, uint64_t k)
{
    if (c->phase != LOADED)
        return UINT64_MAX;
    if (k < c->start) {
        if (cycle_out(c, c->start) != cycle_out(c, k))
            return c->start;
        k = c->start;
    }
    if (stopped(c))
        return UINT64_MAX;
    uint64_t e = k - c->start;
    uint32_t n = c->count, p;
    switch (mode(c)) {
    case 0:
    case 1:
        return e < n ? c->start + n : UINT64_MAX;
    case 2:
        p = (uint32_t)(e % n);
        if (n == 1)
            return UINT64_MAX;
        return k - p + (p < n - 1 ? n - 1 : n);
    case 3:
        p = position(c, k);
        if (n == 1)
            return UINT64_MAX;
        return k - p + (p < high_half(c) ? high_half(c) : n);
    default:
        return e < n ? c->start + n : e == n ? k + 1 : UINT64_MAX;
    }
}

// The first pulse after k at which OUT changes, UINT64_MAX if there is none.
static uint64_t next_edge(const struct pit_8254_counter *given, uint64_t k)
{
    struct pit_8254_counter c = settled(given, k);
    uint64_t edge = cycle_edge(&c, k);
    if (!c.reload || c.reload_at >= edge)
        return edge;
    // Only a cycle without edges, a count of 1, ends unseen.
    uint64_t at = c.reload_at;
    bool level = cycle_out(&c, k);
    c = settled(&c, at);
    return cycle_out(&c, at) != level ? at : cycle_edge(&c, at);
}

// Puts the edges of OUT up to pulse k on the line. If there are more than a pulse's, the line sees one and the level.
static void drive(struct pit_8254 *pit, unsigned n, uint64_t k)
{
    struct pit_8254_counter *c = &pit->s.counter[n];
    for (unsigned edges = 0; edges < 3; edges++) {
        uint64_t edge = next_edge(c, c->driven);
        if (edge > k)
            return;
        c->driven = edges < 2 ? edge : k;
        line_set(&pit->out[n], out(c, c->driven));
    }
}

// The line's level and its timer, from the fields alone.
static void refresh(struct pit_8254 *pit, unsigned n)
{
    const struct pit_8254_counter *c = &pit->s.counter[n];
    if (!pit->out[n].set) {
        event_cancel(&pit->timer[n].event);
        return;
    }
    line_set(&pit->out[n], out(c, c->driven));
    uint64_t edge = next_edge(c, c->driven);
    event_set(&pit->timer[n].event, edge == UINT64_MAX ? CLOCK_NEVER : pulse_ns(edge));
}

static void update(void *self)
{
    for (unsigned n = 0; n < PIT_8254_COUNTERS; n++)
        refresh(self, n);
}

static void fire(void *ctx)
{
    struct pit_8254_timer *timer = ctx;
    drive(timer->pit, timer->n, pulse_now(timer->pit));
    refresh(timer->pit, timer->n);
}

// Before a change: everything up to pulse k has happened.
static struct pit_8254_counter *begin(struct pit_8254 *pit, unsigned n, uint64_t k)
{
    struct pit_8254_counter *c = &pit->s.counter[n];
    drive(pit, n, k);
    *c = settled(c, k);
    c->driven = k;
    return c;
}

// CE takes CR at the pulse after k.
static void load(struct pit_8254_counter *c, uint64_t k)
{
    uint16_t before = value(c, k);
    bool out_before = mode(c) != 0 && out(c, k);
    c->before = before;
    c->out_before = out_before;
    c->phase = LOADED;
    c->count = pulses_of_cr(c);
    c->start = k + 1;
    c->low_half = 0;
    c->held = 0;
    c->reload = 0;
    c->reload_at = UINT64_MAX;
}

// CR has been written whole.
static void new_count(struct pit_8254_counter *c, uint64_t k)
{
    bool triggered = mode(c) == 1 || mode(c) == 5;
    if (mode(c) == 0 || mode(c) == 4 || (c->phase == LOADED && k < c->start)) {
        load(c, k); // also in place of a count that would be loaded at the next pulse
    } else if (c->phase != LOADED) {
        if (triggered)
            c->phase = WAITING;
        else
            load(c, k);
    } else if (!c->reload) {
        c->reload = 1;
        if (triggered || stopped(c))
            return; // a trigger will take it
        uint32_t p = mode(c) == 2 ? (uint32_t)((k - c->start) % c->count) : position(c, k);
        uint32_t end = mode(c) == 3 && p < high_half(c) ? high_half(c) : c->count;
        c->reload_at = k - p + end;
    }
}

static void write_count(struct pit_8254 *pit, unsigned n, uint8_t byte)
{
    uint64_t k = pulse_now(pit);
    struct pit_8254_counter *c = begin(pit, n, k);
    if (rw(c) == RW_BOTH && !c->write_high) {
        c->write_low = byte;
        c->write_high = 1;
        if (mode(c) == 0) {
            // "Writing the first byte disables counting. OUT is set low immediately."
            c->before = value(c, k);
            c->phase = NO_COUNT;
        }
    } else {
        c->cr = rw(c) == RW_LOW ? byte : (uint16_t)(byte << 8 | (c->write_high ? c->write_low : 0));
        c->write_high = 0;
        c->write_low = 0;
        new_count(c, k);
    }
    refresh(pit, n);
}

static void latch_count(struct pit_8254_counter *c, uint64_t k)
{
    if (c->count_latched)
        return;
    c->count_latched = 1;
    c->ol = value(c, k);
}

static void latch_status(struct pit_8254_counter *given, uint64_t k)
{
    if (given->status_latched)
        return;
    struct pit_8254_counter c = settled(given, k);
    bool null_count = c.phase != LOADED || k < c.start || c.reload;
    given->status_latched = 1;
    given->status = (uint8_t)((cycle_out(&c, k) ? STATUS_OUT : 0) | (null_count ? STATUS_NULL_COUNT : 0) | c.control);
}

static void write_control(struct pit_8254 *pit, uint8_t byte)
{
    uint64_t k = pulse_now(pit);
    unsigned n = byte >> 6;
    if (n == READ_BACK) {
        for (n = 0; n < PIT_8254_COUNTERS; n++) {
            if (!(byte >> (n + 1) & 1))
                continue;
            if (!(byte & READ_BACK_NO_COUNT))
                latch_count(&pit->s.counter[n], k);
            if (!(byte & READ_BACK_NO_STATUS))
                latch_status(&pit->s.counter[n], k);
        }
        return;
    }
    if ((byte >> 4 & 3) == RW_LATCH) {
        latch_count(&pit->s.counter[n], k);
        return;
    }
    struct pit_8254_counter *c = begin(pit, n, k);
    c->before = value(c, k);
    c->control = byte & 0x3f;
    c->phase = NO_COUNT;
    c->cr = 0;
    c->write_low = 0;
    c->write_high = 0;
    c->read_high = 0;
    c->count_latched = 0;
    c->status_latched = 0;
    c->reload = 0;
    c->reload_at = UINT64_MAX;
    refresh(pit, n);
}

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    struct pit_8254 *pit = ctx;
    if (offset >= CONTROL_PORT)
        return 0xff; // no operation: the bus floats
    struct pit_8254_counter *c = &pit->s.counter[offset];
    if (c->status_latched) {
        c->status_latched = 0;
        return c->status;
    }
    uint16_t v = c->count_latched ? c->ol : value(c, pulse_now(pit));
    bool high = rw(c) == RW_HIGH || (rw(c) == RW_BOTH && c->read_high);
    if (rw(c) == RW_BOTH)
        c->read_high = !c->read_high;
    if (rw(c) != RW_BOTH || high)
        c->count_latched = 0;
    return high ? v >> 8 : v & 0xff;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t byte)
{
    (void)size;
    if (offset >= CONTROL_PORT)
        write_control(ctx, (uint8_t)byte);
    else
        write_count(ctx, (unsigned)offset, (uint8_t)byte);
}

const struct io_ops pit_8254_io = {.read = read_port, .write = write_port, .sizes = 1};

void pit_8254_gate(void *ctx, unsigned n, bool level)
{
    struct pit_8254 *pit = ctx;
    if (n >= PIT_8254_COUNTERS || pit->s.counter[n].gate == level)
        return;
    uint64_t k = pulse_now(pit);
    struct pit_8254_counter *c = begin(pit, n, k);
    switch (mode(c)) {
    case 1:
    case 5:
        if (level && c->phase != NO_COUNT)
            load(c, k);
        break;
    default:
        if (c->phase != LOADED)
            break;
        if (!level) {
            c->held = k < c->start ? 0 : k - c->start;
            c->reload_at = UINT64_MAX;
        } else if (mode(c) == 2 || mode(c) == 3) {
            load(c, k);
        } else if (k >= c->start) {
            c->start = c->held < k ? k - c->held : 0;
        }
        break;
    }
    c->gate = level;
    refresh(pit, n);
}

static const char *check(const void *self)
{
    const struct pit_8254 *pit = self;
    for (unsigned n = 0; n < PIT_8254_COUNTERS; n++) {
        const struct pit_8254_counter *c = &pit->s.counter[n];
        if (c->control > 0x3f || rw(c) == RW_LATCH)
            return "pit: control is no control word";
        if (c->phase > LOADED)
            return "pit: phase is out of range";
        if (c->count == 0 || c->count > 0x10000)
            return "pit: count is out of range";
        if ((c->gate | c->write_high | c->read_high | c->count_latched | c->status_latched | c->low_half |
             c->out_before | c->reload) > 1)
            return "pit: a flag is neither 0 nor 1";
        if (c->start > PULSE_LIMIT || c->held > PULSE_LIMIT || c->driven > PULSE_LIMIT)
            return "pit: a pulse number is out of range";
        if (c->reload_at != UINT64_MAX &&
            (c->reload_at > PULSE_LIMIT || !c->reload || stopped(c) || c->phase != LOADED || c->reload_at <= c->start))
            return "pit: reload_at does not fit";
    }
    return NULL;
}

const struct device_class pit_8254_class = {
    .name = "pit",
    .title = "Intel 8254 programmable interval timer",
    .version = 1,
    .fields = pit_8254_state_fields,
    .state_offset = offsetof(struct pit_8254, s),
    .check = check,
    .update = update,
};

void pit_8254_init(struct pit_8254 *pit, struct clock *clock, uint32_t first_id)
{
    *pit = (struct pit_8254){.clock = clock};
    for (unsigned n = 0; n < PIT_8254_COUNTERS; n++) {
        struct pit_8254_timer *timer = &pit->timer[n];
        timer->pit = pit;
        timer->n = n;
        event_init(&timer->event, clock, first_id + n, fire, timer);
    }
    device_reset(&(struct device){&pit_8254_class, pit});
}
