// Port 92h: A20 gate and fast processor reset.
#ifndef DEVICES_RESET_CONTROL_H
#define DEVICES_RESET_CONTROL_H

#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define RESET_CONTROL_PORT_92 0x92u // where the board maps reset_control_port92_io, one port

// clang-format off
#define RESET_CONTROL_STATE(F, A, S, T)                                                                                \
    F(T, uint8_t, port92,   0, "port 92h: bit 1 FAST_A20, bit 0 FAST_INIT")                                            \
    F(T, uint8_t, a20_gate, 1, "A20 gate of the keyboard controller; high while nothing drives it")
STATE_STRUCT(reset_control_state, RESET_CONTROL_STATE);
// clang-format on

struct reset_control {
    struct reset_control_state s;
    // Wiring, set by the board after reset_control_init().
    struct line a20;  // high: the processor's A20 reaches memory
    struct line init; // pulsed high: soft reset, the processor's INIT
};

extern const struct device_class reset_control_class;
extern const struct io_ops reset_control_port92_io; // ctx = struct reset_control *, bytes

// Clears `r` and resets its state.
void reset_control_init(struct reset_control *r);

// The keyboard controller's A20 gate, as a target of struct line; ctx = struct reset_control *, n is ignored. A20 is on
// while either it or port 92h says so.
void reset_control_a20_gate(void *ctx, unsigned n, bool level);

#endif
