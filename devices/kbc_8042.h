// The keyboard controller of a PC: Intel 8042 as programmed for the IBM PS/2 (IBM PS/2 Hardware Interface Technical
// Reference, keyboard and auxiliary device controller).
#ifndef DEVICES_KBC_8042_H
#define DEVICES_KBC_8042_H

#include "core/device.h"
#include "core/line.h"
#include "core/map.h"
#include "core/ps2.h"

#define KBC_8042_DATA    0x60u // where the board maps kbc_8042_data_io, one port
#define KBC_8042_COMMAND 0x64u // where the board maps kbc_8042_command_io, one port

enum kbc_8042_port { KBC_8042_KEYBOARD, KBC_8042_AUX, KBC_8042_PORTS };

// clang-format off
#define KBC_8042_STATE(F, A, S, T)                                                                                     \
    A(T, uint8_t,  ram,     32, 0, "internal RAM; byte 0 is the command byte")                                         \
    F(T, uint8_t,  status,  0x18,  "status register without IBF")                                                      \
    F(T, uint8_t,  output,  0,     "output buffer")                                                                    \
    F(T, uint8_t,  port,    0xcf,  "output port P2 as written; bits 4 and 5 are derived")                              \
    F(T, uint8_t,  command, 0,     "command that waits for its data byte, 0: none")                                    \
    F(T, uint8_t,  breaks,  0,     "1: F0h has come from the keyboard, the translated code gets bit 7")                \
    F(T, uint8_t,  work,    0,     "0 nothing, 1, 2 byte for the buffer, 3, 4 byte for a device (keyboard, auxiliary)") \
    F(T, uint8_t,  byte,    0,     "the byte of work")                                                                 \
    F(T, uint64_t, busy_ns, 0,     "guest ns until which IBF is set; the work is done then")
STATE_STRUCT(kbc_8042_state, KBC_8042_STATE);
// clang-format on

struct kbc_8042 {
    struct kbc_8042_state s;
    struct clock *clock;
    struct event event;
    // Wiring, set by the board after kbc_8042_init().
    struct ps2_device device[KBC_8042_PORTS];
    struct line irq[KBC_8042_PORTS]; // IRQ 1 and IRQ 12: the output buffer is full
    struct line a20;                 // P21, the A20 gate
    struct line reset;               // P20, asserted when low; pulsed
};

extern const struct device_class kbc_8042_class;
extern const struct io_ops kbc_8042_data_io;    // ctx = struct kbc_8042 *, bytes
extern const struct io_ops kbc_8042_command_io; // ctx = struct kbc_8042 *, bytes

// Clears `k` and resets its state.
void kbc_8042_init(struct kbc_8042 *k, struct clock *clock, uint32_t event_id);

// As firmware leaves it: self test passed, keyboard on with translation and IRQ 1, auxiliary port off.
void kbc_8042_firmware_setup(struct kbc_8042 *k);

// A byte from a device, of struct ps2_host; ctx = struct kbc_8042 *.
void kbc_8042_receive(void *ctx, unsigned port, uint8_t byte);

#endif
