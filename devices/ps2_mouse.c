// The PS/2 mouse (IBM PS/2 Hardware Interface Technical Reference, auxiliary device), which the rates 200, 100, 80 turn
// into an IntelliMouse and 200, 200, 80 into an IntelliMouse Explorer.
//
// Differs: the basic assurance test takes 5 ms, and none runs at power-on; the resolution is kept without effect, a
// count is what the outside says it is.
#include "devices/ps2_mouse.h"

STATE_TABLE(ps2_mouse_state, PS2_MOUSE_STATE);

enum {
    SCALING_1 = 0xe6,
    SCALING_2 = 0xe7,
    SET_RESOLUTION = 0xe8,
    STATUS = 0xe9,
    STREAM = 0xea,
    READ_DATA = 0xeb,
    WRAP_OFF = 0xec,
    WRAP_ON = 0xee,
    REMOTE_ON = 0xf0,
    READ_ID = 0xf2,
    SET_RATE = 0xf3,
    ENABLE = 0xf4,
    DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    RESEND = 0xfe,
    RESET = 0xff,

    ACK = 0xfa,
    TEST_PASSED = 0xaa,
};

enum { WRAP = 0x01, SCALED = 0x10, ENABLED = 0x20, REMOTE = 0x40, MODES = WRAP | SCALED | ENABLED | REMOTE };
enum { LEFT = 1, RIGHT = 2, MIDDLE = 4, BUTTONS = 0x1f };
enum { WHEEL = 3, EXPLORER = 4, REPORT_MAX = 4 };

#define TEST_NS 5000000u

static uint64_t now(const struct ps2_mouse *m)
{
    return clock_ns(m->clock);
}

static bool changed(const struct ps2_mouse_state *s)
{
    unsigned seen = s->id == EXPLORER ? BUTTONS : LEFT | RIGHT | MIDDLE;
    return s->dx || s->dy || (s->dz && s->id) || (s->buttons ^ s->told) & seen;
}

static void update(void *self)
{
    struct ps2_mouse *m = self;
    const struct ps2_mouse_state *s = &m->s;
    event_set(&m->send, ps2_deadline(&s->sender[0]));
    // A report waits until the one before has been sent.
    bool report = (s->mode & MODES) == (ENABLED | (s->mode & SCALED)) && changed(s) && !s->sender[0].queued;
    event_set(&m->timer, s->test_ns ? s->test_ns : report ? s->report_ns : CLOCK_NEVER);
}

// ---- Reports ----

// Takes from a sum what lies within the limits.
static int take(uint16_t *sum, int least, int most)
{
    int all = (int16_t)*sum, part = all < least ? least : all > most ? most : all;
    *sum = (uint16_t)(all - part);
    return part;
}

// Scaling 2:1.
static int scaled(int counts)
{
    static const uint8_t small[] = {0, 1, 1, 3, 6, 9};
    int size = counts < 0 ? -counts : counts;
    size = size < (int)sizeof small ? small[size] : 2 * size;
    size = size < 255 ? size : 255;
    return counts < 0 ? -size : size;
}

static unsigned make_report(struct ps2_mouse_state *s, bool stream, uint8_t out[REPORT_MAX])
{
    int dx = take(&s->dx, -255, 255), dy = take(&s->dy, -255, 255);
    if (stream && s->mode & SCALED) {
        dx = scaled(dx);
        dy = scaled(dy);
    }
    out[0] = (uint8_t)((s->buttons & (LEFT | RIGHT | MIDDLE)) | 8 | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
    out[1] = (uint8_t)dx;
    out[2] = (uint8_t)dy;
    s->told = s->buttons;
    if (s->id == EXPLORER)
        out[3] = (uint8_t)((take(&s->dz, -8, 7) & 0x0f) | (s->buttons & 0x18) << 1);
    else if (s->id == WHEEL)
        out[3] = (uint8_t)take(&s->dz, -128, 127);
    else
        s->dz = 0;
    return s->id ? 4 : 3;
}

static void add(uint16_t *sum, int counts)
{
    int all = (int16_t)*sum + (counts < -32768 ? -32768 : counts > 32767 ? 32767 : counts);
    *sum = (uint16_t)(all < -32768 ? -32768 : all > 32767 ? 32767 : all);
}

void ps2_mouse_move(struct ps2_mouse *m, int dx, int dy, int dz, unsigned buttons)
{
    struct ps2_mouse_state *s = &m->s;
    add(&s->dx, dx);
    add(&s->dy, dy < -32767 ? 32767 : -dy);
    add(&s->dz, dz);
    s->buttons = buttons & BUTTONS;
    update(m);
}

// ---- Commands ----

static void reply(struct ps2_mouse *m, uint8_t byte)
{
    ps2_reply(&m->s.sender[0], now(m), byte);
}

// What was in progress is forgotten, so that reports begin with the present.
static void forget(struct ps2_mouse_state *s)
{
    s->sender[0].queued = 0;
    s->dx = s->dy = s->dz = 0;
    s->told = s->buttons;
}

static void set_defaults(struct ps2_mouse_state *s)
{
    forget(s);
    s->mode = 0;
    s->resolution = 2;
    s->rate = 100;
}

static void set_rate(struct ps2_mouse_state *s, uint8_t rate)
{
    s->rates[1] = s->rates[0];
    s->rates[0] = s->rate;
    s->rate = rate;
    if (s->rates[1] == 200 && s->rates[0] == 100 && rate == 80)
        s->id = WHEEL;
    else if (s->rates[1] == 200 && s->rates[0] == 200 && rate == 80)
        s->id = EXPLORER;
}

// The parameter of an earlier command; false if it cannot be.
static bool take_parameter(struct ps2_mouse *m, uint8_t command, uint8_t byte)
{
    static const uint8_t rates[] = {10, 20, 40, 60, 80, 100, 200};
    if (command == SET_RESOLUTION) {
        if (byte > 3)
            return false;
        m->s.resolution = byte;
        reply(m, ACK);
        return true;
    }
    if (!memchr(rates, byte, sizeof rates))
        return false;
    set_rate(&m->s, byte);
    reply(m, ACK);
    return true;
}

static void reply_status(struct ps2_mouse *m)
{
    const struct ps2_mouse_state *s = &m->s;
    reply(m, ACK);
    reply(m, (s->mode & (REMOTE | ENABLED | SCALED)) | (s->buttons & LEFT ? 4 : 0) | (s->buttons & MIDDLE ? 2 : 0) |
                 (s->buttons & RIGHT ? 1 : 0));
    reply(m, s->resolution);
    reply(m, s->rate);
}

static void reply_data(struct ps2_mouse *m)
{
    uint8_t report[REPORT_MAX];
    m->s.sender[0].queued = 0;
    unsigned n = make_report(&m->s, false, report);
    reply(m, ACK);
    for (unsigned i = 0; i < n; i++)
        reply(m, report[i]);
}

static void run_command(struct ps2_mouse *m, uint8_t command)
{
    struct ps2_mouse_state *s = &m->s;
    switch (command) {
    case SCALING_1:
        s->mode &= (uint8_t)~SCALED;
        break;
    case SCALING_2:
        s->mode |= SCALED;
        break;
    case SET_RESOLUTION:
    case SET_RATE:
        s->command = command;
        break;
    case STATUS:
        reply_status(m);
        return;
    case READ_DATA:
        reply_data(m);
        return;
    case READ_ID:
        reply(m, ACK);
        reply(m, s->id);
        return;
    case STREAM:
    case REMOTE_ON:
        forget(s);
        s->mode = (uint8_t)((s->mode & ~REMOTE) | (command == REMOTE_ON ? REMOTE : 0));
        break;
    case WRAP_ON:
    case WRAP_OFF:
        forget(s);
        s->mode = (uint8_t)((s->mode & ~WRAP) | (command == WRAP_ON ? WRAP : 0));
        break;
    case ENABLE:
    case DISABLE:
        forget(s);
        s->mode = (uint8_t)((s->mode & ~ENABLED) | (command == ENABLE ? ENABLED : 0));
        break;
    case SET_DEFAULT:
        set_defaults(s);
        break;
    case RESEND:
        reply(m, s->sender[0].last);
        return;
    case RESET:
        set_defaults(s);
        s->id = 0;
        s->rates[0] = s->rates[1] = 0;
        s->test_ns = now(m) + TEST_NS;
        break;
    default:
        reply(m, RESEND);
        return;
    }
    reply(m, ACK);
}

void ps2_mouse_write(void *ctx, uint8_t byte)
{
    struct ps2_mouse *m = ctx;
    struct ps2_mouse_state *s = &m->s;
    uint8_t command = s->command;
    ps2_interrupt(&s->sender[0], now(m));
    s->command = 0;
    s->test_ns = 0;
    if (s->mode & WRAP && byte != RESET && byte != WRAP_OFF)
        reply(m, byte);
    else if (!command || !take_parameter(m, command, byte))
        run_command(m, byte);
    update(m);
}

// ---- Time ----

static void send_fire(void *ctx)
{
    struct ps2_mouse *m = ctx;
    uint8_t byte = ps2_take(&m->s.sender[0], now(m));
    if (m->host.receive)
        m->host.receive(m->host.ctx, m->host.port, byte);
    update(m);
}

static void timer_fire(void *ctx)
{
    struct ps2_mouse *m = ctx;
    struct ps2_mouse_state *s = &m->s;
    if (s->test_ns) {
        s->test_ns = 0;
        reply(m, TEST_PASSED);
        reply(m, s->id);
    } else {
        uint8_t report[REPORT_MAX];
        unsigned n = make_report(s, true, report);
        for (unsigned i = 0; i < n; i++)
            ps2_queue(&s->sender[0], now(m), report[i]);
        s->report_ns = now(m) + 1000000000 / s->rate;
    }
    update(m);
}

void ps2_mouse_clock(void *ctx, bool free)
{
    struct ps2_mouse *m = ctx;
    if (ps2_clock(&m->s.sender[0], now(m), free))
        update(m);
}

// ---- The board's side ----

static const char *check(const void *self)
{
    const struct ps2_mouse *m = self;
    const struct ps2_mouse_state *s = &m->s;
    if (!ps2_plausible(&s->sender[0]))
        return "mouse: sender";
    if (s->mode & ~MODES || s->resolution > 3 || !s->rate || (s->buttons | s->told) & ~BUTTONS)
        return "mouse: mode, resolution, rate or buttons is out of range";
    if ((s->id && s->id != WHEEL && s->id != EXPLORER) ||
        (s->command && s->command != SET_RESOLUTION && s->command != SET_RATE))
        return "mouse: id or command is none";
    return NULL;
}

const struct device_class ps2_mouse_class = {
    .name = "mouse",
    .title = "PS/2 mouse",
    .version = 1,
    .fields = ps2_mouse_state_fields,
    .state_offset = offsetof(struct ps2_mouse, s),
    .check = check,
    .update = update,
};

void ps2_mouse_init(struct ps2_mouse *m, struct clock *clock, uint32_t first_id)
{
    *m = (struct ps2_mouse){.clock = clock};
    event_init(&m->send, clock, first_id, send_fire, m);
    event_init(&m->timer, clock, first_id + 1, timer_fire, m);
    device_reset(&(struct device){&ps2_mouse_class, m});
}
