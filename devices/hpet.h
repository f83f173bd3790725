// High precision event timers: IA-PC HPET Specification 1.0a.
#ifndef DEVICES_HPET_H
#define DEVICES_HPET_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define HPET_BASE      0xfed00000u // where the board maps hpet_io
#define HPET_WINDOW    0x400u
#define HPET_HZ        10000000u
#define HPET_TIMERS    3u
#define HPET_FIRST_PIN 20u // inputs of the I/O APIC that a timer can be routed to
#define HPET_PINS      4u
#define HPET_LEGACY    2u         // timers 0 and 1 have lines of their own in legacy replacement mode
#define HPET_BLOCK_ID  0x8086a201 // bits 31:0 of the capabilities: revision 1, three 64-bit timers, legacy routing

// clang-format off
#define HPET_TIMER_STATE(F, A, S, T)                                                                                   \
    F(T, uint32_t, config,     0,          "Tn_CONF bits 13:1 that can be written")                                    \
    F(T, uint64_t, comparator, UINT64_MAX, "value of the next match")                                                  \
    F(T, uint64_t, period,     0,          "what a periodic timer adds to it at a match")                              \
    F(T, uint64_t, from,       0,          "counts before this one have been compared")                                \
    F(T, uint8_t,  out,        0,          "1: the line is high after an edge")
STATE_STRUCT(hpet_timer, HPET_TIMER_STATE);

#define HPET_STATE(F, A, S, T)                                                                                         \
    F(T, uint8_t,  config,  0, "GEN_CONF: bit 0 the counter runs, 1 legacy replacement")                               \
    F(T, uint8_t,  status,  0, "GINTR_STA: bit n set by timer n in level mode")                                        \
    F(T, uint64_t, counter, 0, "main counter when it last stopped, started or was written")                            \
    F(T, uint64_t, since,   0, "10 MHz count of the clock at that time")                                               \
    S(T, hpet_timer, timer, 3, "timers 0 to 2")
STATE_STRUCT(hpet_state, HPET_STATE);
// clang-format on

struct hpet {
    struct hpet_state s;
    struct clock *clock;
    struct event event;
    // Wiring, set by the board after hpet_init().
    struct line pin[HPET_PINS];      // to the I/O APIC's inputs from HPET_FIRST_PIN on
    struct line legacy[HPET_LEGACY]; // timer 0 in place of the 8254's IRQ 0, timer 1 in place of the clock's IRQ 8
    struct line legacy_mode;         // high while they are; set after the two above
};

extern const struct device_class hpet_class;
extern const struct io_ops hpet_io; // ctx = struct hpet *, dwords and qwords

// Clears `h` and resets its state.
void hpet_init(struct hpet *h, struct clock *clock, uint32_t event_id);

#endif
