// Serial port with FIFOs: National Semiconductor PC16550D data sheet (TL/C/8652), in a PC's wiring, where OUT2 gates
// the interrupt line.
//
// Sending takes no time: a byte is with the backend when the write ends, so THRE and TEMT are always set, and the
// interrupt of an emptied THR follows each write at once.
//
// Not implemented: parity and framing errors from outside (a journalled byte has none), DMA pins, sending a break (the
// backend carries bytes only; loopback mode does see it).
// Differs: word length, parity and stop bits only stretch the character timeout and mask no data; the divisor delays
// nothing; a read of an empty receiver gives the byte that was read last.
#include "devices/uart_16550a.h"

STATE_TABLE(uart_16550a_state, UART_16550A_STATE);

// Registers; DLL and DLM are at 0 and 1 while LCR.DLAB is set.
enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

enum {
    IER_ERBFI = 0x01,
    IER_ETBEI = 0x02,
    IER_ELSI = 0x04,
    IER_EDSSI = 0x08,

    IIR_MODEM = 0x00,
    IIR_NONE = 0x01,
    IIR_THRE = 0x02,
    IIR_DATA = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFOS = 0xc0,

    FCR_ENABLE = 0x01,
    FCR_CLEAR_RECEIVER = 0x02,
    FCR_KEPT = 0xc9,

    LCR_WLS = 0x03,
    LCR_STB = 0x04,
    LCR_PEN = 0x08,
    LCR_BREAK = 0x40,
    LCR_DLAB = 0x80,

    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,

    LSR_DR = 0x01,
    LSR_OE = 0x02,
    LSR_FE = 0x08,
    LSR_BI = 0x10,
    LSR_OF_BYTE = 0x1c,
    LSR_ERRORS = 0x1e,
    LSR_THRE = 0x20,
    LSR_TEMT = 0x40,
    LSR_FIFO_ERROR = 0x80,

    MSR_DELTAS = 0x0f,
    MSR_TERI = 0x04,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
};

// The crystal of a PC's serial port; a bit lasts 16 * divisor of its periods.
enum { CRYSTAL_HZ = 1843200 };

static bool fifos(const struct uart_16550a_state *s)
{
    return s->fcr & FCR_ENABLE;
}

static unsigned depth(const struct uart_16550a_state *s)
{
    return fifos(s) ? UART_16550A_FIFO : 1;
}

static bool trigger_reached(const struct uart_16550a_state *s)
{
    static const uint8_t trigger[4] = {1, 4, 8, 14};
    return s->count >= (fifos(s) ? trigger[s->fcr >> 6] : 1);
}

// Duration of `n` characters, start, parity and stop bits included.
static uint64_t characters_ns(const struct uart_16550a_state *s, unsigned n)
{
    unsigned bits = 5 + (s->lcr & LCR_WLS);
    unsigned stop_halves = !(s->lcr & LCR_STB) ? 2 : bits == 5 ? 3 : 4;
    unsigned halves = 2 * (1 + bits + (s->lcr & LCR_PEN ? 1 : 0)) + stop_halves;
    unsigned divisor = s->divisor ? s->divisor : 1;
    return clock_ns_of_count((uint64_t)n * halves * 8 * divisor, CRYSTAL_HZ);
}

// When a character timeout will be pending: four characters after the receiver was last touched ("FIFO Interrupt Mode
// Operation"), or CLOCK_NEVER. Once the trigger level is reached its interrupt hides the timeout's.
static uint64_t timeout_at(const struct uart_16550a_state *s)
{
    if (!fifos(s) || !(s->ier & IER_ERBFI) || !s->count || s->timeout_pending || trigger_reached(s))
        return CLOCK_NEVER;
    return s->touched_ns + characters_ns(s, 4);
}

// IIR bits 3:0: the pending interrupt of highest priority (table IV).
static uint8_t pending(const struct uart_16550a_state *s)
{
    if (s->ier & IER_ELSI && s->lsr & LSR_ERRORS)
        return IIR_LINE;
    if (s->ier & IER_ERBFI && trigger_reached(s))
        return IIR_DATA;
    if (s->ier & IER_ERBFI && s->timeout_pending)
        return IIR_TIMEOUT;
    if (s->ier & IER_ETBEI && s->thre_pending)
        return IIR_THRE;
    if (s->ier & IER_EDSSI && s->msr & MSR_DELTAS)
        return IIR_MODEM;
    return IIR_NONE;
}

bool uart_16550a_interrupt(const struct uart_16550a *u)
{
    // Loopback mode forces the pin OUT2 inactive.
    return (u->s.mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2 && pending(&u->s) != IIR_NONE;
}

static void update(void *self)
{
    struct uart_16550a *u = self;
    const struct uart_16550a_state *s = &u->s;
    line_set(&u->irq, uart_16550a_interrupt(u));
    uint64_t timeout = timeout_at(s);
    event_set(&u->event, timeout < s->break_ns ? timeout : s->break_ns);
}

// The errors of a byte show in LSR when it comes to the top.
static void show_top(struct uart_16550a_state *s)
{
    if (!s->count)
        return;
    s->lsr |= s->error[s->head];
    s->error[s->head] = 0;
}

// A byte out of the receiver's shift register. Without room it is lost with the FIFO, and it replaces RBR's without.
static void shift_in(struct uart_16550a *u, uint8_t byte, uint8_t error)
{
    struct uart_16550a_state *s = &u->s;
    s->touched_ns = clock_ns(u->clock);
    if (s->count == depth(s)) {
        s->lsr |= LSR_OE;
        if (fifos(s))
            return;
        s->count = 0;
    }
    unsigned tail = (s->head + s->count) % UART_16550A_FIFO;
    s->fifo[tail] = byte;
    s->error[tail] = error;
    s->count++;
    if (s->count == 1)
        show_top(s);
}

static void fire(void *ctx)
{
    struct uart_16550a *u = ctx;
    uint64_t now = clock_ns(u->clock);
    if (timeout_at(&u->s) <= now)
        u->s.timeout_pending = 1;
    if (u->s.break_ns <= now) {
        u->s.break_ns = CLOCK_NEVER;
        shift_in(u, 0, LSR_BI | LSR_FE);
    }
    update(u);
}

static void clear_receiver(struct uart_16550a_state *s)
{
    memset(s->fifo, 0, sizeof s->fifo);
    memset(s->error, 0, sizeof s->error);
    s->head = 0;
    s->count = 0;
    s->timeout_pending = 0;
}

static uint8_t read_rbr(struct uart_16550a *u)
{
    struct uart_16550a_state *s = &u->s;
    if (s->count) {
        s->rbr = s->fifo[s->head];
        s->head = (s->head + 1) % UART_16550A_FIFO;
        s->count--;
        s->touched_ns = clock_ns(u->clock);
        s->timeout_pending = 0;
        show_top(s);
    }
    return s->rbr;
}

static uint8_t lsr(const struct uart_16550a_state *s)
{
    uint8_t errors = s->lsr;
    for (unsigned n = 0; n < UART_16550A_FIFO; n++)
        errors |= s->error[n];
    bool in_fifo = fifos(s) && errors & LSR_OF_BYTE;
    return (uint8_t)(LSR_THRE | LSR_TEMT | s->lsr | (s->count ? LSR_DR : 0) | (in_fifo ? LSR_FIFO_ERROR : 0));
}

// MSR bits 7:4 follow the inputs, or in loopback mode the outputs; changes show in bits 3:0.
static void follow_modem(struct uart_16550a_state *s)
{
    uint8_t now = s->modem;
    if (s->mcr & MCR_LOOP)
        now = (uint8_t)((s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
                        (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0));
    uint8_t deltas = (uint8_t)((s->msr ^ now) >> 4);
    if (now & MSR_RI)
        deltas &= (uint8_t)~MSR_TERI; // only the trailing edge counts
    s->msr = (uint8_t)(now | (s->msr & MSR_DELTAS) | deltas);
}

static void write_thr(struct uart_16550a *u, uint8_t byte)
{
    // The write ends a pending interrupt; the byte's leaving makes the next one, an edge of its own.
    u->s.thre_pending = 0;
    update(u);
    if (!(u->s.mcr & MCR_LOOP))
        char_write(&u->out, byte);
    else if (!(u->s.lcr & LCR_BREAK))
        shift_in(u, byte, 0);
    u->s.thre_pending = 1;
}

static void write_fcr(struct uart_16550a_state *s, uint8_t value)
{
    if ((s->fcr ^ value) & FCR_ENABLE)
        clear_receiver(s);
    if (!(value & FCR_ENABLE)) {
        s->fcr = 0; // the other bits are only programmed together with bit 0
        return;
    }
    s->fcr = value & FCR_KEPT;
    if (value & FCR_CLEAR_RECEIVER)
        clear_receiver(s);
}

// A break that loops back is received once, after it has lasted a character; a shorter one is nothing.
static void set_break(struct uart_16550a *u, uint8_t lcr, uint8_t mcr)
{
    struct uart_16550a_state *s = &u->s;
    bool was = s->lcr & LCR_BREAK && s->mcr & MCR_LOOP;
    bool is = lcr & LCR_BREAK && mcr & MCR_LOOP;
    s->lcr = lcr;
    s->mcr = mcr;
    if (!is)
        s->break_ns = CLOCK_NEVER;
    else if (!was)
        s->break_ns = clock_ns(u->clock) + characters_ns(s, 1);
}

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    struct uart_16550a *u = ctx;
    struct uart_16550a_state *s = &u->s;
    bool dlab = s->lcr & LCR_DLAB;
    uint8_t value;
    switch (offset) {
    case RBR_THR:
        value = dlab ? (uint8_t)s->divisor : read_rbr(u);
        break;
    case IER:
        return dlab ? s->divisor >> 8 : s->ier;
    case IIR_FCR:
        value = pending(s);
        if (value == IIR_THRE)
            s->thre_pending = 0;
        value |= fifos(s) ? IIR_FIFOS : 0;
        break;
    case LCR:
        return s->lcr;
    case MCR:
        return s->mcr;
    case LSR:
        value = lsr(s);
        s->lsr = 0;
        break;
    case MSR:
        value = s->msr;
        s->msr &= (uint8_t)~MSR_DELTAS;
        break;
    default:
        return s->scr;
    }
    update(u);
    return value;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t wide)
{
    (void)size;
    struct uart_16550a *u = ctx;
    struct uart_16550a_state *s = &u->s;
    uint8_t value = (uint8_t)wide;
    bool dlab = s->lcr & LCR_DLAB;
    switch (offset) {
    case RBR_THR:
        if (dlab)
            s->divisor = (uint16_t)((s->divisor & 0xff00) | value);
        else
            write_thr(u, value);
        break;
    case IER:
        if (dlab) {
            s->divisor = (uint16_t)((s->divisor & 0xff) | value << 8);
            break;
        }
        // THR is empty: enabling its interrupt raises it, again if it was told before.
        if (value & ~s->ier & IER_ETBEI)
            s->thre_pending = 1;
        s->ier = value & 0x0f;
        break;
    case IIR_FCR:
        write_fcr(s, value);
        break;
    case LCR:
        set_break(u, value, s->mcr);
        break;
    case MCR:
        set_break(u, s->lcr, value & 0x1f);
        follow_modem(s);
        break;
    case SCR:
        s->scr = value;
        break;
    default:
        break; // LSR and MSR are read only
    }
    update(u);
}

const struct io_ops uart_16550a_io = {.read = read_port, .write = write_port, .sizes = 1};

size_t uart_16550a_room(const struct uart_16550a *u)
{
    return u->s.mcr & MCR_LOOP ? 0 : depth(&u->s) - u->s.count;
}

size_t uart_16550a_receive(struct uart_16550a *u, const uint8_t *bytes, size_t n)
{
    size_t room = uart_16550a_room(u);
    if (n > room)
        n = room;
    for (size_t i = 0; i < n; i++)
        shift_in(u, bytes[i], 0);
    update(u);
    return n;
}

bool uart_16550a_receive_break(struct uart_16550a *u)
{
    if (!uart_16550a_room(u))
        return false;
    shift_in(u, 0, LSR_BI | LSR_FE);
    update(u);
    return true;
}

void uart_16550a_set_modem(struct uart_16550a *u, uint8_t levels)
{
    u->s.modem = levels & 0xf0;
    follow_modem(&u->s);
    update(u);
}

static const char *check(const void *self)
{
    const struct uart_16550a *u = self;
    const struct uart_16550a_state *s = &u->s;
    if (s->head >= UART_16550A_FIFO || s->count > depth(s))
        return "uart: head or count is outside the FIFO";
    if (s->ier > 0x0f || s->mcr > 0x1f || s->modem & 0x0f || s->lsr & ~LSR_ERRORS)
        return "uart: a register has reserved bits set";
    if (s->fcr & ~FCR_KEPT || (s->fcr && !fifos(s)))
        return "uart: fcr is out of range";
    for (unsigned n = 0; n < UART_16550A_FIFO; n++)
        if (s->error[n] & ~LSR_OF_BYTE)
            return "uart: error has other bits than a byte's errors";
    if ((s->thre_pending | s->timeout_pending) > 1)
        return "uart: a flag is neither 0 nor 1";
    if (s->touched_ns >> 63 || (s->break_ns >> 63 && s->break_ns != CLOCK_NEVER))
        return "uart: a time stamp is out of range";
    return NULL;
}

const struct device_class uart_16550a_class = {
    .name = "uart",
    .title = "National Semiconductor PC16550D serial port",
    .version = 1,
    .fields = uart_16550a_state_fields,
    .state_offset = offsetof(struct uart_16550a, s),
    .check = check,
    .update = update,
};

void uart_16550a_init(struct uart_16550a *u, struct clock *clock, uint32_t event_id)
{
    *u = (struct uart_16550a){.clock = clock};
    event_init(&u->event, clock, event_id, fire, u);
    device_reset(&(struct device){&uart_16550a_class, u});
}
