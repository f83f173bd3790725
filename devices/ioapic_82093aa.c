// I/O APIC, 24 redirection entries: Intel 82093AA data sheet (290566), section 3. It reports version 20h, whose EOI
// register at offset 40h is described in the data sheets of later Intel south bridges (ICH, "EOIR").
//
// An edge on a masked input is lost, as section 3.2.4 says of the mask bit; a level is looked at when it is unmasked.
//
// Not implemented: the APIC bus arbitration that IOAPICARB is for (it reads as the ID).
// Differs: delivery is immediate, so delivery status is always idle, and Remote IRR is set although no local APIC may
// have accepted the message; polarity bits are kept without effect, because lines carry asserted or not, not a voltage;
// returning an entry to edge mode clears its Remote IRR (the data sheet leaves it undefined), which old systems use.
#include "devices/ioapic_82093aa.h"

STATE_TABLE(ioapic_state, IOAPIC_STATE);

enum {
    OFFSET_IOREGSEL = 0x00,
    OFFSET_IOWIN = 0x10,
    OFFSET_EOI = 0x40,
};

enum { IOAPICID = 0, IOAPICVER = 1, IOAPICARB = 2, IOREDTBL = 0x10 };

enum {
    VERSION = 0x170020, // 24 entries, version 20h

    ENTRY_REMOTE_IRR = 1 << 14,
    ENTRY_LEVEL = 1 << 15,
    ENTRY_MASKED = 1 << 16,
    ENTRY_LOW_WRITABLE = 0x1afff,
};

#define ENTRY_LOGICAL       ((uint64_t)1 << 11)
#define ENTRY_HIGH_WRITABLE ((uint64_t)0xff << 56)

static unsigned delivery(uint64_t entry)
{
    return entry >> 8 & 7;
}

// Only fixed and lowest-priority interrupts can be level sensitive; all other modes are edges (3.2.4, delivery mode).
static bool level_sensitive(uint64_t entry)
{
    return entry & ENTRY_LEVEL && delivery(entry) <= APIC_LOWEST;
}

static void send(struct ioapic *io, uint64_t entry)
{
    if (delivery(entry) == 3 || delivery(entry) == APIC_STARTUP) {
        log_line(io->log, LOG_GUEST_ERROR, "ioapic: reserved delivery mode %u", delivery(entry));
        return;
    }
    struct apic_message msg = {
        .dest = (uint8_t)(entry >> 56),
        .dest_logical = (entry & ENTRY_LOGICAL) != 0,
        .delivery = (uint8_t)delivery(entry),
        .vector = (uint8_t)entry,
        .level = level_sensitive(entry),
    };
    if (io->bus.send)
        io->bus.send(io->bus.ctx, &msg);
}

// Requests a level-sensitive interrupt whose input is asserted, unless the last request still waits for its EOI.
static void evaluate_level(struct ioapic *io, unsigned n)
{
    uint64_t *entry = &io->s.ioredtbl[n];
    if (!level_sensitive(*entry) || *entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR) || !(io->s.pins >> n & 1))
        return;
    *entry |= ENTRY_REMOTE_IRR;
    send(io, *entry);
}

void ioapic_pin(void *ctx, unsigned n, bool level)
{
    struct ioapic *io = ctx;
    if (n >= IOAPIC_PINS || (io->s.pins >> n & 1) == level)
        return;
    io->s.pins ^= (uint32_t)1 << n;
    if (level_sensitive(io->s.ioredtbl[n]))
        evaluate_level(io, n);
    else if (level && !(io->s.ioredtbl[n] & ENTRY_MASKED))
        send(io, io->s.ioredtbl[n]);
}

void ioapic_eoi(void *ctx, uint8_t vector)
{
    struct ioapic *io = ctx;
    for (unsigned n = 0; n < IOAPIC_PINS; n++) {
        uint64_t *entry = &io->s.ioredtbl[n];
        if (*entry & ENTRY_REMOTE_IRR && (uint8_t)*entry == vector) {
            *entry &= ~(uint64_t)ENTRY_REMOTE_IRR;
            evaluate_level(io, n);
        }
    }
}

static void write_entry(struct ioapic *io, unsigned n, bool high, uint32_t value)
{
    uint64_t *entry = &io->s.ioredtbl[n];
    if (high)
        *entry = (*entry & ~ENTRY_HIGH_WRITABLE) | ((uint64_t)value << 32 & ENTRY_HIGH_WRITABLE);
    else
        *entry = (*entry & ~(uint64_t)ENTRY_LOW_WRITABLE) | (value & ENTRY_LOW_WRITABLE);
    if (!level_sensitive(*entry))
        *entry &= ~(uint64_t)ENTRY_REMOTE_IRR;
    evaluate_level(io, n);
}

static uint64_t read_register(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    const struct ioapic *io = ctx;
    if (offset == OFFSET_IOREGSEL)
        return io->s.ioregsel;
    if (offset != OFFSET_IOWIN)
        return 0;
    unsigned reg = io->s.ioregsel;
    if (reg == IOAPICID || reg == IOAPICARB)
        return (uint32_t)io->s.id << 24;
    if (reg == IOAPICVER)
        return VERSION;
    if (reg >= IOREDTBL && reg < IOREDTBL + 2 * IOAPIC_PINS)
        return (uint32_t)(io->s.ioredtbl[(reg - IOREDTBL) / 2] >> (reg & 1 ? 32 : 0));
    return 0;
}

static void write_register(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    struct ioapic *io = ctx;
    unsigned reg = io->s.ioregsel;
    switch (offset) {
    case OFFSET_IOREGSEL:
        io->s.ioregsel = (uint8_t)value;
        break;
    case OFFSET_IOWIN:
        if (reg == IOAPICID)
            io->s.id = value >> 24 & 15;
        else if (reg >= IOREDTBL && reg < IOREDTBL + 2 * IOAPIC_PINS)
            write_entry(io, (reg - IOREDTBL) / 2, reg & 1, (uint32_t)value);
        break;
    case OFFSET_EOI:
        ioapic_eoi(io, (uint8_t)value);
        break;
    default:
        break;
    }
}

const struct io_ops ioapic_io = {.read = read_register, .write = write_register, .sizes = 4};

static const char *check(const void *self)
{
    const struct ioapic *io = self;
    if (io->s.id > 15)
        return "ioapic: id is out of range";
    if (io->s.pins >> IOAPIC_PINS)
        return "ioapic: pins has more than 24 inputs";
    for (unsigned n = 0; n < IOAPIC_PINS; n++) {
        uint64_t entry = io->s.ioredtbl[n];
        if (entry & ~(ENTRY_HIGH_WRITABLE | ENTRY_LOW_WRITABLE | ENTRY_REMOTE_IRR))
            return "ioapic: ioredtbl has reserved bits set";
        if (entry & ENTRY_REMOTE_IRR && !level_sensitive(entry))
            return "ioapic: ioredtbl has Remote IRR set in an edge-sensitive entry";
    }
    return NULL;
}

// There is nothing to derive: no timer, no output line, and messages are events, not levels.
const struct device_class ioapic_class = {
    .name = "ioapic",
    .title = "Intel 82093AA I/O APIC",
    .version = 1,
    .fields = ioapic_state_fields,
    .state_offset = offsetof(struct ioapic, s),
    .check = check,
};

void ioapic_init(struct ioapic *io)
{
    *io = (struct ioapic){0};
    device_reset(&(struct device){&ioapic_class, io});
}
