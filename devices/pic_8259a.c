// Two 8259A interrupt controllers in cascade: Intel 8259A data sheet (231468), and the edge/level control registers
// 4D0h and 4D1h of the 82371SB PIIX3 (290550, section 2.5).
//
// A request of an edge-triggered input falls with its input, so that an acknowledge which finds none gives the spurious
// level 7; the slave's INT falls with its acknowledge, so that its next request is a new edge for the master.
//
// Not implemented: MCS-80/85 mode (vectors are always those of 8086 mode) and buffered mode, which only steers a pin.
// Differs: ICW1 also ends the interrupts in service; ICW1.LTIM is ignored for ELCR, as the 82371SB does; no request is
// made until the ICWs that ICW1 announced are written; a poll that finds nothing reads as zero; before ICW1 all levels
// are masked (the data sheet leaves that undefined).
#include "devices/pic_8259a.h"

STATE_TABLE(pic_8259a_chip, PIC_8259A_CHIP_STATE);
STATE_TABLE(pic_8259a_state, PIC_8259A_STATE);

enum { MASTER = 0, SLAVE = 1, CASCADE = 2, SPURIOUS = 7 };

enum {
    ICW1_IC4 = 0x01,
    ICW1_SNGL = 0x02,
    ICW1_SELECT = 0x10,
    ICW4_AEOI = 0x02,
    ICW4_SFNM = 0x10,

    OCW3_SELECT = 0x08,
    OCW3_RIS = 0x01,
    OCW3_RR = 0x02,
    OCW3_P = 0x04,
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40,
};

// OCW2 bits 7:5.
enum {
    ROTATE_AEOI_CLEAR = 0,
    EOI = 1,
    EOI_SPECIFIC = 3,
    ROTATE_AEOI_SET = 4,
    ROTATE_EOI = 5,
    SET_PRIORITY = 6,
    ROTATE_EOI_SPECIFIC = 7,
};

// Inputs that can be level triggered: not the timer, keyboard and cascade, nor the clock and the coprocessor.
static const uint8_t elcr_mask[2] = {0xf8, 0xde};

static uint8_t irr(const struct pic_8259a_chip *c)
{
    return c->edge | (c->pins & c->elcr);
}

// The level that INT asks service for, or -1: priority resolver, "Fully Nested Mode", "Special Mask Mode" and "The
// Special Fully Nested Mode".
static int request(const struct pic_8259a *p, unsigned which)
{
    const struct pic_8259a_chip *c = &p->s.chip[which];
    if (c->expect)
        return -1;
    unsigned wanted = irr(c) & ~c->imr;
    unsigned blocking = c->smm ? c->isr & ~c->imr : c->isr;
    // A slave in service does not lock its own further requests out.
    unsigned open = which == MASTER && c->icw4 & ICW4_SFNM && !(c->icw1 & ICW1_SNGL) ? c->icw3 : 0;
    for (unsigned rank = 0; rank < 8; rank++) {
        unsigned level = (c->lowest + 1u + rank) & 7, bit = 1u << level;
        // In special mask mode a level in service stays inhibited itself.
        if (wanted & bit && !(c->isr & bit & ~open))
            return (int)level;
        if (blocking & bit)
            return -1;
    }
    return -1;
}

static void set_pin(struct pic_8259a_chip *c, unsigned n, bool level)
{
    uint8_t bit = (uint8_t)(1u << n);
    if (((c->pins & bit) != 0) == level)
        return;
    c->pins ^= bit;
    if (!level)
        c->edge &= (uint8_t)~bit;
    else if (!(c->elcr & bit))
        c->edge |= bit;
}

bool pic_8259a_pending(const struct pic_8259a *p)
{
    return request(p, MASTER) >= 0;
}

static void update(void *self)
{
    struct pic_8259a *p = self;
    set_pin(&p->s.chip[MASTER], CASCADE, request(p, SLAVE) >= 0);
    line_set(&p->intr, pic_8259a_pending(p));
}

void pic_8259a_set(void *ctx, unsigned n, bool level)
{
    struct pic_8259a *p = ctx;
    if (n >= PIC_8259A_INPUTS || n == CASCADE || (p->s.chip[n / 8].pins >> n % 8 & 1) == level)
        return;
    set_pin(&p->s.chip[n / 8], n % 8, level);
    update(p);
}

// Moves the request into service and returns its level, or -1 without one. INT falls until update() looks again.
static int acknowledge(struct pic_8259a *p, unsigned which)
{
    struct pic_8259a_chip *c = &p->s.chip[which];
    int level = request(p, which);
    if (level >= 0) {
        uint8_t bit = (uint8_t)(1u << level);
        c->edge &= (uint8_t)~bit;
        if (!(c->icw4 & ICW4_AEOI))
            c->isr |= bit;
        else if (c->rotate_aeoi)
            c->lowest = (uint8_t)level;
    }
    if (which == SLAVE)
        set_pin(&p->s.chip[MASTER], CASCADE, false);
    else
        line_set(&p->intr, false);
    return level;
}

static uint8_t vector(const struct pic_8259a_chip *c, int level)
{
    return (uint8_t)((c->icw2 & 0xf8) | (level < 0 ? SPURIOUS : level));
}

uint8_t pic_8259a_acknowledge(void *ctx)
{
    struct pic_8259a *p = ctx;
    const struct pic_8259a_chip *master = &p->s.chip[MASTER], *slave = &p->s.chip[SLAVE];
    int level = acknowledge(p, MASTER);
    uint8_t answer = vector(master, level);
    if (level >= 0 && !(master->icw1 & ICW1_SNGL) && master->icw3 >> level & 1) {
        // The master is silent in the second cycle; nobody drives the bus unless a slave recognizes its identity.
        answer = 0xff;
        if (level == (slave->icw3 & 7))
            answer = vector(slave, acknowledge(p, SLAVE));
    }
    update(p);
    return answer;
}

static void write_icw1(struct pic_8259a_chip *c, uint8_t value)
{
    c->icw1 = value;
    c->expect = 2;
    c->edge = 0;
    c->imr = 0;
    c->isr = 0;
    c->lowest = 7;
    c->icw3 = 7;
    c->smm = 0;
    c->read_isr = 0;
    c->poll = 0;
    if (!(value & ICW1_IC4)) {
        c->icw4 = 0;
        c->rotate_aeoi = 0;
    }
}

// Ends the level of highest priority in service, or none; returns it or -1. In special mask mode the masked ones stay.
static int end_highest(struct pic_8259a_chip *c)
{
    unsigned in_service = c->smm ? c->isr & ~c->imr : c->isr;
    for (unsigned rank = 0; rank < 8; rank++) {
        unsigned level = (c->lowest + 1u + rank) & 7;
        if (in_service >> level & 1) {
            c->isr &= (uint8_t) ~(1u << level);
            return (int)level;
        }
    }
    return -1;
}

static void write_ocw2(struct pic_8259a_chip *c, uint8_t value)
{
    uint8_t level = value & 7;
    int ended;
    switch (value >> 5) {
    case ROTATE_AEOI_CLEAR:
    case ROTATE_AEOI_SET:
        c->rotate_aeoi = value >> 7;
        break;
    case EOI:
        end_highest(c);
        break;
    case ROTATE_EOI:
        ended = end_highest(c);
        if (ended >= 0)
            c->lowest = (uint8_t)ended;
        break;
    case ROTATE_EOI_SPECIFIC:
        c->lowest = level;
        c->isr &= (uint8_t) ~(1u << level);
        break;
    case EOI_SPECIFIC:
        c->isr &= (uint8_t) ~(1u << level);
        break;
    case SET_PRIORITY:
        c->lowest = level;
        break;
    default:
        break;
    }
}

static void write_ocw3(struct pic_8259a_chip *c, uint8_t value)
{
    if (value & OCW3_ESMM)
        c->smm = (value & OCW3_SMM) != 0;
    if (value & OCW3_RR)
        c->read_isr = value & OCW3_RIS;
    c->poll = (value & OCW3_P) != 0;
}

// The odd port: the ICWs in their order, then OCW1.
static void write_odd(struct pic_8259a_chip *c, uint8_t value)
{
    bool needs_icw4 = c->icw1 & ICW1_IC4;
    switch (c->expect) {
    case 2:
        c->icw2 = value;
        c->expect = !(c->icw1 & ICW1_SNGL) ? 3 : needs_icw4 ? 4 : 0;
        break;
    case 3:
        c->icw3 = value;
        c->expect = needs_icw4 ? 4 : 0;
        break;
    case 4:
        c->icw4 = value;
        c->expect = 0;
        break;
    default:
        c->imr = value;
        break;
    }
}

static void write_chip(struct pic_8259a *p, unsigned which, uint64_t offset, uint8_t value)
{
    struct pic_8259a_chip *c = &p->s.chip[which];
    if (offset & 1)
        write_odd(c, value);
    else if (value & ICW1_SELECT)
        write_icw1(c, value);
    else if (value & OCW3_SELECT)
        write_ocw3(c, value);
    else
        write_ocw2(c, value);
    update(p);
}

static uint64_t read_chip(struct pic_8259a *p, unsigned which, uint64_t offset)
{
    struct pic_8259a_chip *c = &p->s.chip[which];
    if (c->poll) {
        // "The 8259A treats the next RD pulse as an interrupt acknowledge."
        c->poll = 0;
        int level = acknowledge(p, which);
        update(p);
        return level < 0 ? 0 : 0x80u | (unsigned)level;
    }
    if (offset & 1)
        return c->imr;
    return c->read_isr ? c->isr : irr(c);
}

static uint64_t read_master(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    return read_chip(ctx, MASTER, offset);
}

static void write_master(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    write_chip(ctx, MASTER, offset, (uint8_t)value);
}

static uint64_t read_slave(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    return read_chip(ctx, SLAVE, offset);
}

static void write_slave(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    write_chip(ctx, SLAVE, offset, (uint8_t)value);
}

static uint64_t read_elcr(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    const struct pic_8259a *p = ctx;
    return p->s.chip[offset & 1].elcr;
}

static void write_elcr(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    struct pic_8259a *p = ctx;
    struct pic_8259a_chip *c = &p->s.chip[offset & 1];
    c->elcr = (uint8_t)value & elcr_mask[offset & 1];
    c->edge &= (uint8_t)~c->elcr;
    update(p);
}

const struct io_ops pic_8259a_master_io = {.read = read_master, .write = write_master, .sizes = 1};
const struct io_ops pic_8259a_slave_io = {.read = read_slave, .write = write_slave, .sizes = 1};
const struct io_ops pic_8259a_elcr_io = {.read = read_elcr, .write = write_elcr, .sizes = 1};

static const char *check(const void *self)
{
    const struct pic_8259a *p = self;
    for (unsigned which = MASTER; which <= SLAVE; which++) {
        const struct pic_8259a_chip *c = &p->s.chip[which];
        if (c->expect == 1 || c->expect > 4)
            return "pic: expect is no initialization command word";
        if (c->lowest > 7)
            return "pic: lowest is out of range";
        if (c->elcr & ~elcr_mask[which])
            return "pic: elcr has reserved bits set";
        if (c->edge & (~c->pins | c->elcr))
            return "pic: edge is set for an input that is low or level triggered";
        if ((c->rotate_aeoi | c->smm | c->read_isr | c->poll) > 1)
            return "pic: a flag is neither 0 nor 1";
    }
    return NULL;
}

const struct device_class pic_8259a_class = {
    .name = "pic",
    .title = "Intel 8259A interrupt controllers",
    .version = 1,
    .fields = pic_8259a_state_fields,
    .state_offset = offsetof(struct pic_8259a, s),
    .check = check,
    .update = update,
};

void pic_8259a_init(struct pic_8259a *p)
{
    *p = (struct pic_8259a){0};
    device_reset(&(struct device){&pic_8259a_class, p});
}
