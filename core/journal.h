// The journal: the one door through which anything enters the machine from outside. Every input is an entry stamped
// with (tick, sequence); recording appends entries, replaying reads them. The machine applies an entry only through
// journal_enter(), so that a host call that bypasses the journal cannot exist.
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/types.h"

enum journal_kind {
    JOURNAL_SERIAL = 1, // index: port 0..3; data: received bytes
    JOURNAL_SERIAL_END, // index: port; the input has ended
    JOURNAL_DATE,       // value: seconds since 1970-01-01 UTC at power-on
    JOURNAL_SEED,       // value: entropy seed
    JOURNAL_RATIO,      // value: ns per 2^20 ticks from here on
    JOURNAL_IDLE,       // value: ticks by which a parked or idle machine was moved on
    JOURNAL_POWER_BUTTON,
    JOURNAL_RESET,     // the reset button
    JOURNAL_CPU,       // data: the packed state of the processor, as a debugger left it
    JOURNAL_MEMORY,    // value: physical address; data: bytes that a debugger wrote
    JOURNAL_PORT_READ, // index: port; value: bytes read by a debugger, for the sake of what reading does
    JOURNAL_PORT,      // index: port; data: 1, 2 or 4 bytes that a debugger wrote
    JOURNAL_KEY,       // index: 1 down, 0 up; value: USB HID usage (machine_key())
    JOURNAL_MOUSE,     // index: buttons; value: movement by bits 15:0 right, 31:16 down, 47:32 wheel (machine_mouse())
    JOURNAL_BREAK,     // index: serial port 0..3 that receives a break
};

struct journal_entry {
    uint64_t tick;
    uint32_t sequence; // order among entries of one tick
    uint16_t kind;     // enum journal_kind
    uint16_t index;
    uint64_t value;
    const uint8_t *data; // `size` bytes, valid during the call only
    uint32_t size;
};

struct journal {
    // Records an entry just before it is applied; NULL: not recorded.
    void (*record)(void *ctx, const struct journal_entry *entry);
    void *record_ctx;
    // Applies an entry to the machine.
    void (*apply)(void *ctx, const struct journal_entry *entry);
    void *apply_ctx;
    uint64_t last_tick;
    uint32_t sequence;
};

// Stamps, records and applies one input at the present tick.
void journal_enter(struct journal *j, uint64_t tick, enum journal_kind kind, unsigned index, uint64_t value,
                   const uint8_t *data, uint32_t size);

#endif
