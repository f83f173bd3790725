// A PS/2 keyboard: IBM enhanced keyboard with scan code sets 1, 2 and 3 (IBM PS/2 Hardware Interface Technical
// Reference, 101/102-key keyboard).
#ifndef DEVICES_PS2_KEYBOARD_H
#define DEVICES_PS2_KEYBOARD_H

#include "core/device.h"
#include "core/ps2.h"

#define PS2_KEYBOARD_KEYS 160u // room in the state; the table of keys is shorter

// clang-format off
#define PS2_KEYBOARD_STATE(F, A, S, T)                                                                                 \
    S(T, ps2_sender, sender, 1,         "bytes to the controller")                                                     \
    F(T, uint8_t,  command,   0,        "command that waits for its parameter, 0: none")                               \
    F(T, uint8_t,  enabled,   1,        "1: keys are scanned")                                                         \
    F(T, uint8_t,  set,       2,        "scan code set, 1 to 3")                                                       \
    F(T, uint8_t,  leds,      0,        "bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock")                                  \
    F(T, uint8_t,  rate,      0x2b,     "typematic delay and rate as in the parameter of F3h")                         \
    A(T, uint8_t,  kind,      160, 0,   "set 3, by row of the key table: bit 0 typematic, bit 1 sends a break code")   \
    A(T, uint8_t,  down,      160, 0,   "1: the key of that row is held down")                                         \
    F(T, uint8_t,  repeated,  0,        "1 + row of the key that repeats, 0: none")                                    \
    F(T, uint64_t, repeat_ns, 0,        "guest ns at which it does")                                                   \
    F(T, uint64_t, test_ns,   0,        "guest ns at which the basic assurance test ends, 0: none runs")
STATE_STRUCT(ps2_keyboard_state, PS2_KEYBOARD_STATE);
// clang-format on

struct ps2_keyboard {
    struct ps2_keyboard_state s;
    struct clock *clock;
    struct event send, timer;
    struct ps2_host host; // wiring, set by the board after ps2_keyboard_init()
};

extern const struct device_class ps2_keyboard_class;

// Clears `k` and resets its state. Takes the event ids first_id and first_id + 1.
void ps2_keyboard_init(struct ps2_keyboard *k, struct clock *clock, uint32_t first_id);

// The socket, of struct ps2_device; ctx = struct ps2_keyboard *.
void ps2_keyboard_write(void *ctx, uint8_t byte);
void ps2_keyboard_clock(void *ctx, bool free);

// A key goes down or up. `usage` is a USB HID usage: page << 16 | id, with 0 in place of the page of keyboards (7).
// What the keyboard does not have, and a key that is there already, is ignored.
void ps2_keyboard_key(struct ps2_keyboard *k, uint32_t usage, bool down);

#endif
