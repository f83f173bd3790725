// Local APIC, xAPIC mode: Intel SDM vol. 3A, chapter 11 (registers 11.4, LVT 11.5, IPIs 11.6, priorities 11.8). Version
// 14h with six LVT entries. The timer counts LAPIC_BUS_HZ in closed form from the clock, so nothing runs while it
// counts.
//
// Not implemented: x2APIC mode; SMI delivery (there is no SMM); the CMCI entry and EOI-broadcast suppression, which the
// version register does not announce; focus processor checking (SVR bit 9 is kept, without effect).
// Differs: delivery is immediate, so delivery status is always idle; polarity bits are kept without effect, because
// lines carry asserted or not, not a voltage; writing the BSP flag of IA32_APIC_BASE has no effect; an ExtINT goes
// before vectors of the IRR; changing the divider restarts the divider's phase.
#include "cpu/lapic.h"

STATE_TABLE(lapic_state, LAPIC_STATE);

// Register offsets (SDM table 11-1) and bits.
// clang-format off
enum {
    REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_APR = 0x90, REG_PPR = 0xa0, REG_EOI = 0xb0, REG_RRD = 0xc0,
    REG_LDR = 0xd0, REG_DFR = 0xe0, REG_SVR = 0xf0, REG_ISR = 0x100, REG_TMR = 0x180, REG_IRR = 0x200, REG_ESR = 0x280,
    REG_ICR_LOW = 0x300, REG_ICR_HIGH = 0x310, REG_LVT = 0x320, REG_LVT_LAST = 0x370, REG_INITIAL = 0x380,
    REG_CURRENT = 0x390, REG_DIVIDE = 0x3e0,
};

enum {
    VERSION = 0x50014, // max LVT entry 5, version 14h

    BASE_BSP = 1 << 8, BASE_ENABLE = 1 << 11,

    SVR_ENABLE = 1 << 8, SVR_WRITABLE = 0x3ff,

    LVT_REMOTE_IRR = 1 << 14, LVT_LEVEL = 1 << 15, LVT_MASKED = 1 << 16,

    ICR_LOGICAL = 1 << 11, ICR_ASSERT = 1 << 14, ICR_LEVEL = 1 << 15, ICR_WRITABLE = 0xccfff,

    ESR_SEND_ILLEGAL = 1 << 5, ESR_RECEIVE_ILLEGAL = 1 << 6, ESR_REGISTER = 1 << 7,

    DIVIDE_WRITABLE = 0xb,
};

enum timer_mode { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_TSC_DEADLINE, TIMER_RESERVED };

static const uint32_t lvt_writable[LVT_COUNT] = {
    [LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_PERF] = 0x107ff,
    [LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff, [LVT_ERROR] = 0x100ff,
};
// clang-format on

// Beyond any reachable time (2^60 bus clocks are 182 years), yet far from overflow in the sums made with it.
#define TIMER_BASE_MAX ((uint64_t)1 << 60)

static bool software_enabled(const struct lapic *l)
{
    return l->s.svr & SVR_ENABLE;
}

bool lapic_enabled(const struct lapic *l)
{
    return l->s.apic_base & BASE_ENABLE;
}

// The 256-bit registers.

static void bit_set(uint32_t *v, uint8_t n)
{
    v[n / 32] |= (uint32_t)1 << n % 32;
}

static void bit_clear(uint32_t *v, uint8_t n)
{
    v[n / 32] &= ~((uint32_t)1 << n % 32);
}

static bool bit_test(const uint32_t *v, uint8_t n)
{
    return v[n / 32] >> n % 32 & 1;
}

// The highest vector set, or -1.
static int highest(const uint32_t *v)
{
    for (int n = 7; n >= 0; n--)
        if (v[n])
            return n * 32 + 31 - __builtin_clz(v[n]);
    return -1;
}

// Priorities (SDM 11.8.3.1).

static uint8_t ppr(const struct lapic *l)
{
    int isrv = highest(l->s.isr);
    uint8_t in_service = isrv < 0 ? 0 : (uint8_t)isrv & 0xf0;
    return (l->s.tpr & 0xf0) >= in_service ? l->s.tpr : in_service;
}

uint8_t lapic_arbitration_priority(const struct lapic *l)
{
    int isr = highest(l->s.isr), irr = highest(l->s.irr);
    unsigned isrv = isr < 0 ? 0 : (unsigned)isr >> 4, irrv = irr < 0 ? 0 : (unsigned)irr >> 4, tprv = l->s.tpr >> 4;
    if (tprv >= irrv && tprv > isrv)
        return l->s.tpr;
    unsigned apr = tprv & isrv;
    return (uint8_t)((apr > irrv ? apr : irrv) << 4);
}

static bool extint_pending(const struct lapic *l)
{
    if (!lapic_enabled(l))
        return l->s.lint[0];
    uint32_t lvt = l->s.lvt[LVT_LINT0];
    return l->s.extint || (l->s.lint[0] && !(lvt & LVT_MASKED) && (lvt >> 8 & 7) == APIC_EXTINT);
}

bool lapic_pending(const struct lapic *l)
{
    if (extint_pending(l))
        return true;
    int irrv = highest(l->s.irr);
    return irrv >= 0 && irrv >> 4 > ppr(l) >> 4;
}

// Acceptance of interrupts.

static void deliver_local(struct lapic *l, enum lapic_lvt entry);

// The error interrupt fires on the first error after the register was written, which rearms it (SDM 11.5.3).
static void error(struct lapic *l, uint8_t bit)
{
    bool armed = !l->s.esr_pending;
    l->s.esr_pending |= bit;
    if (armed)
        deliver_local(l, LVT_ERROR);
}

static void accept(struct lapic *l, uint8_t vector, bool level)
{
    if (vector < 16) {
        error(l, ESR_RECEIVE_ILLEGAL);
        return;
    }
    bit_set(l->s.irr, vector);
    if (level)
        bit_set(l->s.tmr, vector);
    else
        bit_clear(l->s.tmr, vector);
}

static void pulse_nmi(struct lapic *l)
{
    line_set(&l->nmi, true);
    line_set(&l->nmi, false);
}

// An edge at the input of a local vector table entry (SDM 11.5.1).
static void deliver_local(struct lapic *l, enum lapic_lvt entry)
{
    uint32_t lvt = l->s.lvt[entry];
    if (lvt & LVT_MASKED)
        return;
    unsigned mode = entry == LVT_TIMER || entry == LVT_ERROR ? APIC_FIXED : lvt >> 8 & 7;
    switch (mode) {
    case APIC_FIXED:
        accept(l, (uint8_t)lvt, false);
        break;
    case APIC_NMI:
        pulse_nmi(l);
        break;
    case APIC_INIT:
        if (l->init)
            l->init(l->ctx);
        break;
    case APIC_SMI:
        log_line(l->log, LOG_NOT_IMPLEMENTED, "lapic: SMI by the local vector table");
        break;
    default: // ExtINT follows the level of the pin; the rest is reserved
        break;
    }
}

// LINT0 as a level-sensitive fixed interrupt: requested while the pin is high and the last one has seen its EOI.
static void evaluate_lint0(struct lapic *l)
{
    uint32_t *lvt = &l->s.lvt[LVT_LINT0];
    bool wanted = (*lvt & (LVT_LEVEL | LVT_MASKED | LVT_REMOTE_IRR | 0x700)) == LVT_LEVEL;
    if (!wanted || !l->s.lint[0] || !lapic_enabled(l))
        return;
    *lvt |= LVT_REMOTE_IRR;
    accept(l, (uint8_t)*lvt, true);
}

void lapic_lint(void *ctx, unsigned n, bool level)
{
    struct lapic *l = ctx;
    if (n > 1 || l->s.lint[n] == level)
        return;
    l->s.lint[n] = level;
    if (!lapic_enabled(l)) {
        if (n == 1 && level)
            pulse_nmi(l);
    } else if (level) {
        if (n == 0 && (l->s.lvt[LVT_LINT0] & (LVT_LEVEL | 0x700)) == LVT_LEVEL)
            evaluate_lint0(l);
        else
            deliver_local(l, n == 0 ? LVT_LINT0 : LVT_LINT1);
    }
    lapic_update(l);
}

int lapic_acknowledge(struct lapic *l)
{
    int vector = l->s.svr & 0xff;
    if (extint_pending(l)) {
        l->s.extint = 0;
        if (l->pic.acknowledge)
            vector = l->pic.acknowledge(l->pic.ctx);
    } else if (lapic_pending(l)) {
        vector = highest(l->s.irr);
        bit_clear(l->s.irr, (uint8_t)vector);
        bit_set(l->s.isr, (uint8_t)vector);
    }
    lapic_update(l);
    return vector;
}

// EOI (SDM 11.8.5): ends the highest vector in service.
static void end_of_interrupt(struct lapic *l)
{
    int isrv = highest(l->s.isr);
    if (isrv < 0)
        return;
    uint8_t vector = (uint8_t)isrv;
    bit_clear(l->s.isr, vector);
    if (!bit_test(l->s.tmr, vector))
        return;
    uint32_t *lint0 = &l->s.lvt[LVT_LINT0];
    if (*lint0 & LVT_REMOTE_IRR && (uint8_t)*lint0 == vector) {
        *lint0 &= ~(uint32_t)LVT_REMOTE_IRR;
        evaluate_lint0(l);
    }
    if (l->eoi)
        l->eoi(l->eoi_ctx, vector);
}

// The bus (SDM 11.6).

bool lapic_matches(const struct lapic *l, uint8_t dest, bool logical)
{
    if (!lapic_enabled(l) || l->excluded)
        return false;
    if (dest == 0xff)
        return true;
    if (!logical)
        return dest == l->s.id;
    if (l->s.dfr == 15)
        return dest & l->s.ldr;
    if (l->s.dfr == 0)
        return (dest >> 4 == 15 || dest >> 4 == l->s.ldr >> 4) && dest & l->s.ldr & 15;
    return false;
}

void lapic_receive(struct lapic *l, const struct apic_message *msg)
{
    if (!lapic_enabled(l) || l->excluded)
        return;
    switch (msg->delivery) {
    case APIC_FIXED:
    case APIC_LOWEST:
        if (software_enabled(l))
            accept(l, msg->vector, msg->level);
        break;
    case APIC_NMI:
        pulse_nmi(l);
        break;
    case APIC_INIT:
        if (l->init)
            l->init(l->ctx);
        break;
    case APIC_STARTUP:
        if (l->startup)
            l->startup(l->ctx, msg->vector);
        break;
    case APIC_EXTINT:
        if (software_enabled(l))
            l->s.extint = 1;
        break;
    default:
        log_line(l->log, LOG_NOT_IMPLEMENTED, "lapic: message with delivery mode %u", msg->delivery);
        break;
    }
    lapic_update(l);
}

// Sends what the interrupt command register holds (SDM 11.6.1).
static void send_command(struct lapic *l)
{
    enum { NO_SHORTHAND, SELF, ALL, ALL_BUT_SELF };
    uint32_t low = l->s.icr_low;
    unsigned mode = low >> 8 & 7, shorthand = low >> 18 & 3;
    uint8_t vector = (uint8_t)low;
    // The de-assertion of INIT only set arbitration IDs on old buses.
    if (mode == APIC_INIT && (low & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL)
        return;
    if (mode == APIC_SMI) {
        log_line(l->log, LOG_NOT_IMPLEMENTED, "lapic: SMI by the interrupt command register");
        return;
    }
    if (mode == 3 || mode == APIC_EXTINT || (shorthand == SELF && mode != APIC_FIXED)) {
        log_line(l->log, LOG_GUEST_ERROR, "lapic: invalid interrupt command %08x", (unsigned)low);
        return;
    }
    if (mode <= APIC_LOWEST && vector < 16) {
        error(l, ESR_SEND_ILLEGAL);
        return;
    }
    if (shorthand == SELF) {
        if (software_enabled(l))
            accept(l, vector, false);
        return;
    }
    if (!l->bus.send)
        return;
    // Interrupts between processors are edge triggered whatever bit 15 says.
    struct apic_message msg = {.dest = 0xff, .delivery = (uint8_t)mode, .vector = vector};
    if (shorthand == NO_SHORTHAND) {
        msg.dest = l->s.icr_dest;
        msg.dest_logical = (low & ICR_LOGICAL) != 0;
    }
    l->excluded = shorthand == ALL_BUT_SELF;
    l->bus.send(l->bus.ctx, &msg);
    l->excluded = false;
}

// The timer (SDM 11.5.4).

static enum timer_mode timer_mode(const struct lapic *l)
{
    return (enum timer_mode)(l->s.lvt[LVT_TIMER] >> 17 & 3);
}

// log2 of the divider: 000b is 2, 110b is 128, 111b is 1.
static unsigned divide_shift(const struct lapic *l)
{
    return ((l->s.divide >> 1 & 4) + (l->s.divide & 3) + 1) & 7;
}

static uint64_t counts_since_base(const struct lapic *l)
{
    uint64_t now = clock_count(l->clock, LAPIC_BUS_HZ);
    return now <= l->s.timer_base ? 0 : (now - l->s.timer_base) >> divide_shift(l);
}

static uint32_t current_count(const struct lapic *l)
{
    if (timer_mode(l) > TIMER_PERIODIC || !l->s.timer_count)
        return 0;
    uint64_t passed = counts_since_base(l);
    if (passed < l->s.timer_count)
        return l->s.timer_count - (uint32_t)passed;
    if (timer_mode(l) == TIMER_ONE_SHOT)
        return 0;
    return l->s.timer_initial - (uint32_t)((passed - l->s.timer_count) % l->s.timer_initial);
}

static uint64_t deadline_ns(const struct lapic *l)
{
    return l->tsc_deadline_ns ? l->tsc_deadline_ns(l->ctx, l->s.tsc_deadline) : l->s.tsc_deadline;
}

static bool deadline_passed(const struct lapic *l)
{
    uint64_t ns = l->s.tsc_deadline ? deadline_ns(l) : CLOCK_NEVER;
    return ns != CLOCK_NEVER && ns <= clock_ns(l->clock);
}

void lapic_timer_sync(struct lapic *l)
{
    enum timer_mode mode = timer_mode(l);
    if (mode == TIMER_TSC_DEADLINE) {
        if (!deadline_passed(l))
            return;
        l->s.tsc_deadline = 0;
    } else {
        uint64_t passed = counts_since_base(l);
        if (mode == TIMER_RESERVED || !l->s.timer_count || passed < l->s.timer_count)
            return;
        if (mode == TIMER_ONE_SHOT) {
            l->s.timer_count = 0;
        } else {
            uint64_t into = (passed - l->s.timer_count) % l->s.timer_initial;
            l->s.timer_base += (passed - into) << divide_shift(l);
            l->s.timer_count = l->s.timer_initial;
        }
    }
    deliver_local(l, LVT_TIMER);
}

static void timer_fire(void *ctx)
{
    struct lapic *l = ctx;
    lapic_timer_sync(l);
    lapic_update(l);
}

// Guest ns at which the timer next interrupts. A masked timer counts on, but needs no event.
static uint64_t next_expiry(const struct lapic *l)
{
    if (l->s.lvt[LVT_TIMER] & LVT_MASKED)
        return CLOCK_NEVER;
    if (timer_mode(l) == TIMER_TSC_DEADLINE)
        return l->s.tsc_deadline ? deadline_ns(l) : CLOCK_NEVER;
    if (timer_mode(l) == TIMER_RESERVED || !l->s.timer_count)
        return CLOCK_NEVER;
    return clock_ns_of_count(l->s.timer_base + ((uint64_t)l->s.timer_count << divide_shift(l)), LAPIC_BUS_HZ);
}

static void write_initial_count(struct lapic *l, uint32_t value)
{
    if (timer_mode(l) > TIMER_PERIODIC)
        return;
    lapic_timer_sync(l);
    l->s.timer_initial = value;
    l->s.timer_count = value;
    l->s.timer_base = clock_count(l->clock, LAPIC_BUS_HZ);
}

static void write_divide(struct lapic *l, uint8_t value)
{
    lapic_timer_sync(l);
    l->s.timer_count = current_count(l);
    l->s.timer_base = clock_count(l->clock, LAPIC_BUS_HZ);
    l->s.divide = value & DIVIDE_WRITABLE;
}

uint64_t lapic_tsc_deadline_read(const struct lapic *l)
{
    return deadline_passed(l) ? 0 : l->s.tsc_deadline;
}

void lapic_tsc_deadline_write(struct lapic *l, uint64_t tsc)
{
    if (timer_mode(l) != TIMER_TSC_DEADLINE)
        return;
    lapic_timer_sync(l);
    l->s.tsc_deadline = tsc;
    lapic_update(l);
}

void lapic_update(struct lapic *l)
{
    event_set(&l->timer, next_expiry(l));
    line_set(&l->intr, lapic_pending(l));
}

// Registers.

static void write_lvt(struct lapic *l, enum lapic_lvt entry, uint32_t value)
{
    if (entry == LVT_TIMER)
        lapic_timer_sync(l);
    uint32_t old = l->s.lvt[entry];
    uint32_t lvt = (value & lvt_writable[entry]) | (old & LVT_REMOTE_IRR);
    if (!software_enabled(l))
        lvt |= LVT_MASKED;
    if ((lvt & (LVT_LEVEL | 0x700)) != LVT_LEVEL)
        lvt &= ~(uint32_t)LVT_REMOTE_IRR;
    l->s.lvt[entry] = lvt;
    if (entry == LVT_TIMER) {
        unsigned from = old >> 17 & 3, to = lvt >> 17 & 3;
        if (from != to && (from > TIMER_PERIODIC || to > TIMER_PERIODIC)) {
            // Changing to or from TSC-deadline mode disarms the timer.
            l->s.timer_initial = l->s.timer_count = 0;
            l->s.tsc_deadline = 0;
        }
    }
    evaluate_lint0(l);
}

static void write_svr(struct lapic *l, uint32_t value)
{
    lapic_timer_sync(l);
    l->s.svr = value & SVR_WRITABLE;
    if (!software_enabled(l))
        for (unsigned n = 0; n < LVT_COUNT; n++)
            l->s.lvt[n] |= LVT_MASKED;
}

static uint64_t read_register(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    struct lapic *l = ctx;
    if (offset & 15)
        return 0;
    if (offset >= REG_ISR && offset < REG_ESR) {
        unsigned n = offset >> 4 & 7;
        return offset < REG_TMR ? l->s.isr[n] : offset < REG_IRR ? l->s.tmr[n] : l->s.irr[n];
    }
    if (offset >= REG_LVT && offset <= REG_LVT_LAST)
        return l->s.lvt[(offset - REG_LVT) >> 4];
    switch (offset) {
    case REG_ID:
        return (uint32_t)l->s.id << 24;
    case REG_VERSION:
        return VERSION;
    case REG_TPR:
        return l->s.tpr;
    case REG_APR:
        return lapic_arbitration_priority(l);
    case REG_PPR:
        return ppr(l);
    case REG_EOI:
    case REG_RRD:
        return 0;
    case REG_LDR:
        return (uint32_t)l->s.ldr << 24;
    case REG_DFR:
        return (uint32_t)l->s.dfr << 28 | 0x0fffffff;
    case REG_SVR:
        return l->s.svr;
    case REG_ESR:
        return l->s.esr;
    case REG_ICR_LOW:
        return l->s.icr_low;
    case REG_ICR_HIGH:
        return (uint32_t)l->s.icr_dest << 24;
    case REG_INITIAL:
        return l->s.timer_initial;
    case REG_CURRENT:
        return current_count(l);
    case REG_DIVIDE:
        return l->s.divide;
    default:
        error(l, ESR_REGISTER);
        lapic_update(l);
        return 0;
    }
}

static void write_register(void *ctx, uint64_t offset, unsigned size, uint64_t value64)
{
    (void)size;
    struct lapic *l = ctx;
    uint32_t value = (uint32_t)value64;
    if (offset & 15 || (offset >= REG_ISR && offset < REG_ESR))
        return;
    if (offset >= REG_LVT && offset <= REG_LVT_LAST) {
        write_lvt(l, (enum lapic_lvt)((offset - REG_LVT) >> 4), value);
        lapic_update(l);
        return;
    }
    switch (offset) {
    case REG_ID:
        l->s.id = (uint8_t)(value >> 24);
        break;
    case REG_VERSION:
    case REG_APR:
    case REG_PPR:
    case REG_RRD:
    case REG_CURRENT:
        break;
    case REG_TPR:
        l->s.tpr = (uint8_t)value;
        break;
    case REG_EOI:
        end_of_interrupt(l);
        break;
    case REG_LDR:
        l->s.ldr = (uint8_t)(value >> 24);
        break;
    case REG_DFR:
        l->s.dfr = (uint8_t)(value >> 28);
        break;
    case REG_SVR:
        write_svr(l, value);
        break;
    case REG_ESR:
        l->s.esr = l->s.esr_pending;
        l->s.esr_pending = 0;
        break;
    case REG_ICR_LOW:
        l->s.icr_low = value & ICR_WRITABLE;
        send_command(l);
        break;
    case REG_ICR_HIGH:
        l->s.icr_dest = (uint8_t)(value >> 24);
        break;
    case REG_INITIAL:
        write_initial_count(l, value);
        break;
    case REG_DIVIDE:
        write_divide(l, (uint8_t)value);
        break;
    default:
        error(l, ESR_REGISTER);
        break;
    }
    lapic_update(l);
}

const struct io_ops lapic_io = {.read = read_register, .write = write_register, .sizes = 4};

uint8_t lapic_tpr_read(const struct lapic *l)
{
    return l->s.tpr >> 4;
}

void lapic_tpr_write(struct lapic *l, uint8_t cr8)
{
    l->s.tpr = (uint8_t)(cr8 << 4);
    lapic_update(l);
}

// IA32_APIC_BASE (SDM 11.4.4).

static uint64_t base_reserved(const struct lapic *l)
{
    // Bit 10 would be x2APIC mode.
    return ~(((uint64_t)1 << l->phys_bits) - 1) | 0x6ff;
}

uint64_t lapic_base_msr_read(const struct lapic *l)
{
    return l->s.apic_base;
}

bool lapic_base_msr_write(struct lapic *l, uint64_t value)
{
    if (value & base_reserved(l))
        return false;
    bool was = lapic_enabled(l);
    l->s.apic_base = (value & ~(uint64_t)BASE_BSP) | (l->s.apic_base & BASE_BSP);
    if (was && !lapic_enabled(l))
        lapic_init_reset(l); // "the APIC may return to the state described in power-up"
    lapic_update(l);
    if (l->base_changed)
        l->base_changed(l->ctx);
    return true;
}

// Life.

void lapic_init_reset(struct lapic *l)
{
    struct lapic_state old = l->s;
    state_reset(lapic_state_fields, &l->s);
    l->s.id = old.id;
    l->s.apic_base = old.apic_base;
    l->s.lint[0] = old.lint[0];
    l->s.lint[1] = old.lint[1];
    lapic_update(l);
}

void lapic_firmware_setup(struct lapic *l)
{
    l->s.svr |= SVR_ENABLE;
    l->s.lvt[LVT_LINT0] = APIC_EXTINT << 8;
    l->s.lvt[LVT_LINT1] = APIC_NMI << 8;
    lapic_update(l);
}

static void reset(void *self)
{
    struct lapic *l = self;
    l->s.id = l->boot_id;
    if (l->bsp)
        l->s.apic_base |= BASE_BSP;
}

static const char *check(const void *self)
{
    const struct lapic *l = self;
    const struct lapic_state *s = &l->s;
    if (s->apic_base & (base_reserved(l) & ~(uint64_t)BASE_BSP))
        return "lapic: apic_base has reserved bits set";
    if (s->dfr > 15)
        return "lapic: dfr is out of range";
    if (s->svr & ~(uint32_t)SVR_WRITABLE)
        return "lapic: svr has reserved bits set";
    if ((s->isr[0] | s->tmr[0] | s->irr[0]) & 0xffff)
        return "lapic: a vector below 16 is in isr, tmr or irr";
    if ((s->esr | s->esr_pending) & ~(ESR_SEND_ILLEGAL | ESR_RECEIVE_ILLEGAL | ESR_REGISTER))
        return "lapic: esr has reserved bits set";
    if (s->icr_low & ~(uint32_t)ICR_WRITABLE)
        return "lapic: icr_low has reserved bits set";
    for (unsigned n = 0; n < LVT_COUNT; n++) {
        uint32_t lvt = s->lvt[n], allowed = lvt_writable[n] | (n == LVT_LINT0 ? LVT_REMOTE_IRR : 0);
        if (lvt & ~allowed)
            return "lapic: lvt has reserved bits set";
        if (!software_enabled(l) && !(lvt & LVT_MASKED))
            return "lapic: lvt is unmasked in a disabled APIC";
    }
    if (s->divide & ~DIVIDE_WRITABLE)
        return "lapic: divide has reserved bits set";
    if (s->timer_count && !s->timer_initial)
        return "lapic: timer_count runs without timer_initial";
    if (s->timer_base > TIMER_BASE_MAX)
        return "lapic: timer_base is out of range";
    if (s->lint[0] > 1 || s->lint[1] > 1 || s->extint > 1)
        return "lapic: lint or extint is out of range";
    return NULL;
}

static void update(void *self)
{
    struct lapic *l = self;
    lapic_update(l);
    if (l->base_changed)
        l->base_changed(l->ctx);
}

const struct device_class lapic_class = {
    .name = "lapic",
    .title = "local APIC",
    .version = 1,
    .fields = lapic_state_fields,
    .state_offset = offsetof(struct lapic, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void lapic_init(struct lapic *l, struct clock *clock, uint32_t timer_event, uint8_t apic_id, bool bsp)
{
    *l = (struct lapic){.clock = clock, .boot_id = apic_id, .bsp = bsp, .phys_bits = 40};
    event_init(&l->timer, clock, timer_event, timer_fire, l);
    device_reset(&(struct device){&lapic_class, l});
}
