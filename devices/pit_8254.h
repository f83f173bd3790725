// The timer of a PC: Intel 8254 programmable interval timer data sheet (231164).
#ifndef DEVICES_PIT_8254_H
#define DEVICES_PIT_8254_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define PIT_8254_COUNTERS 3u
#define PIT_8254_PORT     0x40u // where the board maps pit_8254_io
#define PIT_8254_WINDOW   4u

// CLK is 14.31818 MHz / 12, that is 13125000/11 Hz: 105 pulses in 88000 ns, pulse k at k * 88000 / 105 ns.
#define PIT_8254_CLK_PULSES 105u
#define PIT_8254_CLK_NS     88000u

// clang-format off
#define PIT_8254_COUNTER_STATE(F, A, S, T)                                                                             \
    F(T, uint8_t,  control,        0x30, "control word bits 5:0: RW, mode, BCD")                                       \
    F(T, uint8_t,  phase,          0,    "0 no count written, 1 waits for its trigger, 2 CE is loaded or will be")     \
    F(T, uint8_t,  gate,           1,    "level of GATE")                                                              \
    F(T, uint16_t, cr,             0,    "CR: count last written")                                                     \
    F(T, uint8_t,  write_low,      0,    "low byte of a count whose high byte has not been written")                   \
    F(T, uint8_t,  write_high,     0,    "1: the next byte written is the high one")                                   \
    F(T, uint8_t,  read_high,      0,    "1: the next byte read is the high one")                                      \
    F(T, uint8_t,  count_latched,  0,    "1: OL holds a latched count")                                                \
    F(T, uint16_t, ol,             0,    "OL: latched count")                                                          \
    F(T, uint8_t,  status_latched, 0,    "1: the next read is the latched status")                                     \
    F(T, uint8_t,  status,         0,    "latched status byte")                                                        \
    F(T, uint32_t, count,          1,    "pulses that CE was loaded for, 1 to 65536")                                  \
    F(T, uint64_t, start,          0,    "CLK pulse that loads CE")                                                    \
    F(T, uint8_t,  low_half,       0,    "1: that pulse begins the low half of mode 3")                                \
    F(T, uint16_t, before,         0,    "CE until that pulse")                                                        \
    F(T, uint8_t,  out_before,     0,    "OUT until that pulse")                                                       \
    F(T, uint64_t, held,           0,    "pulses counted when GATE went low in modes 0, 2, 3 and 4")                   \
    F(T, uint8_t,  reload,         0,    "1: CR is newer than what CE was loaded with")                                \
    F(T, uint64_t, reload_at,      UINT64_MAX, "CLK pulse that ends the cycle and takes the new CR, else all ones")    \
    F(T, uint64_t, driven,         0,    "CLK pulse up to which OUT's edges are on the line")
STATE_STRUCT(pit_8254_counter, PIT_8254_COUNTER_STATE);

#define PIT_8254_STATE(F, A, S, T) S(T, pit_8254_counter, counter, 3, "counters 0 to 2")
STATE_STRUCT(pit_8254_state, PIT_8254_STATE);
// clang-format on

struct pit_8254;

// The timer of one OUT line.
struct pit_8254_timer {
    struct pit_8254 *pit;
    unsigned n;
    struct event event;
};

struct pit_8254 {
    struct pit_8254_state s;
    struct clock *clock;
    struct line out[PIT_8254_COUNTERS]; // wiring: set by the board after pit_8254_init(); no timer runs for an open one
    struct pit_8254_timer timer[PIT_8254_COUNTERS];
};

extern const struct device_class pit_8254_class;
extern const struct io_ops pit_8254_io; // ctx = struct pit_8254 *, bytes

// Clears `pit` and resets its state. Its timers take the event ids first_id to first_id + 2.
void pit_8254_init(struct pit_8254 *pit, struct clock *clock, uint32_t first_id);

// GATE of counter n, n < PIT_8254_COUNTERS, as a target of struct line; ctx = struct pit_8254 *. All are high at reset.
void pit_8254_gate(void *ctx, unsigned n, bool level);

#endif
