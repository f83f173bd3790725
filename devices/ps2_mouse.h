// A PS/2 mouse with a wheel and five buttons (IBM PS/2 Hardware Interface Technical Reference, auxiliary device;
// Microsoft, IntelliMouse and IntelliMouse Explorer).
#ifndef DEVICES_PS2_MOUSE_H
#define DEVICES_PS2_MOUSE_H

#include "core/device.h"
#include "core/ps2.h"

// clang-format off
#define PS2_MOUSE_STATE(F, A, S, T)                                                                                    \
    S(T, ps2_sender, sender, 1,       "bytes to the controller")                                                       \
    F(T, uint8_t,  command,    0,     "command that waits for its parameter, 0: none")                                 \
    F(T, uint8_t,  mode,       0,     "as in the status: bit 6 remote, 5 reports are on, 4 scaling 2:1; bit 0 wraps")  \
    F(T, uint8_t,  resolution, 2,     "2^n counts a millimetre")                                                       \
    F(T, uint8_t,  rate,       100,   "reports a second")                                                              \
    A(T, uint8_t,  rates,      2, 0,  "the two rates set before it, the newer one first")                              \
    F(T, uint8_t,  id,         0,     "0 three buttons, 3 and a wheel, 4 and five buttons")                            \
    F(T, uint8_t,  buttons,    0,     "bits 0 left, 1 right, 2 middle, 3 fourth, 4 fifth")                             \
    F(T, uint8_t,  told,       0,     "buttons in the last report")                                                    \
    F(T, uint16_t, dx,         0,     "movement since then to the right, two's complement")                            \
    F(T, uint16_t, dy,         0,     "up")                                                                            \
    F(T, uint16_t, dz,         0,     "of the wheel towards the user")                                                 \
    F(T, uint64_t, report_ns,  0,     "guest ns before which there is no report")                                      \
    F(T, uint64_t, test_ns,    0,     "guest ns at which the basic assurance test ends, 0: none runs")
STATE_STRUCT(ps2_mouse_state, PS2_MOUSE_STATE);
// clang-format on

struct ps2_mouse {
    struct ps2_mouse_state s;
    struct clock *clock;
    struct event send, timer;
    struct ps2_host host; // wiring, set by the board after ps2_mouse_init()
};

extern const struct device_class ps2_mouse_class;

// Clears `m` and resets its state. Takes the event ids first_id and first_id + 1.
void ps2_mouse_init(struct ps2_mouse *m, struct clock *clock, uint32_t first_id);

// The socket, of struct ps2_device; ctx = struct ps2_mouse *.
void ps2_mouse_write(void *ctx, uint8_t byte);
void ps2_mouse_clock(void *ctx, bool free);

// The mouse was moved by counts to the right and down, its wheel turned by notches towards the user, and its buttons
// are as in the field `buttons` now.
void ps2_mouse_move(struct ps2_mouse *m, int dx, int dy, int dz, unsigned buttons);

#endif
