// Port 61h: speaker gate and data, NMI sources, refresh toggle: Intel 82371SB PIIX3 data sheet (290550), NMI status and
// control register.
//
// Differs: the refresh toggle follows the time, a toggle every 18 pulses of the timer's clock (15.085 us) as every PC
// programs counter 1, and not that counter's OUT.
#include "devices/port61.h"

STATE_TABLE(port61_state, PORT61_STATE);

enum {
    GATE2 = 0x01,
    SPEAKER_DATA = 0x02,
    SERR_OFF = 0x04,
    IOCHK_OFF = 0x08,
    REFRESH_TOGGLE = 0x10,
    OUT2 = 0x20,
    IOCHK_STATUS = 0x40,
    SERR_STATUS = 0x80,
};

// Pulses of 105 / 88000 ns in a refresh interval.
enum { REFRESH_PULSES = 18, CLK_PULSES = 105, CLK_NS = 88000 };

static bool input(const struct port61 *p, enum port61_input n)
{
    return p->s.inputs >> n & 1;
}

static void update(void *self)
{
    struct port61 *p = self;
    line_set(&p->gate2, p->s.control & GATE2);
    line_set(&p->speaker, p->s.control & SPEAKER_DATA && input(p, PORT61_OUT2));
    line_set(&p->nmi, p->s.status && input(p, PORT61_NMI_ENABLE));
}

// A source that is on sets its status; one that is off clears it.
static void latch_status(struct port61 *p)
{
    if (p->s.control & IOCHK_OFF)
        p->s.status &= (uint8_t)~IOCHK_STATUS;
    else if (input(p, PORT61_IOCHK))
        p->s.status |= IOCHK_STATUS;
    if (p->s.control & SERR_OFF)
        p->s.status &= (uint8_t)~SERR_STATUS;
    else if (input(p, PORT61_SERR))
        p->s.status |= SERR_STATUS;
}

void port61_input(void *ctx, unsigned n, bool level)
{
    struct port61 *p = ctx;
    if (n >= PORT61_INPUTS || input(p, n) == level)
        return;
    p->s.inputs ^= (uint8_t)(1u << n);
    latch_status(p);
    update(p);
}

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    const struct port61 *p = ctx;
    uint64_t pulses = mul_div_u64(clock_ns(p->clock), CLK_PULSES, CLK_NS);
    bool toggle = pulses / REFRESH_PULSES & 1;
    return p->s.control | p->s.status | (toggle ? REFRESH_TOGGLE : 0u) | (input(p, PORT61_OUT2) ? OUT2 : 0u);
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct port61 *p = ctx;
    p->s.control = value & (GATE2 | SPEAKER_DATA | SERR_OFF | IOCHK_OFF);
    latch_status(p);
    update(p);
}

const struct io_ops port61_io = {.read = read_port, .write = write_port, .sizes = 1};

static const char *check(const void *self)
{
    const struct port61 *p = self;
    if (p->s.control & 0xf0 || p->s.status & 0x3f || p->s.inputs >> PORT61_INPUTS)
        return "port61: a field has reserved bits set";
    return NULL;
}

const struct device_class port61_class = {
    .name = "port61",
    .title = "System control port B",
    .version = 1,
    .fields = port61_state_fields,
    .state_offset = offsetof(struct port61, s),
    .check = check,
    .update = update,
};

void port61_init(struct port61 *p, struct clock *clock)
{
    *p = (struct port61){.clock = clock};
    device_reset(&(struct device){&port61_class, p});
}
