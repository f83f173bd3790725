// The PS/2 port: the contract between the keyboard controller and what is plugged into it, and the sending half that
// every device has (IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device controller).
//
// Two wires, clock and data, carry one byte at a time. The controller holds the clock low while it has no room, and the
// device then keeps its bytes; once the clock is free a byte takes PS2_BYTE_NS.
#ifndef CORE_PS2_H
#define CORE_PS2_H

#include "core/clock.h"

#define PS2_BYTE_NS     880000u // eleven bits at 12.5 kHz
#define PS2_QUEUE_BYTES 16u

// A device, as the controller sees it. Without one `write` is NULL.
struct ps2_device {
    void (*write)(void *ctx, uint8_t byte); // a byte from the controller has arrived
    void (*clock)(void *ctx, bool free);    // the controller lets the clock go, or holds it; a level may be repeated
    void *ctx;
};

// The controller, as a device sees it; `port` is the controller's number of the socket. Called only while the clock is
// free.
struct ps2_host {
    void (*receive)(void *ctx, unsigned port, uint8_t byte);
    void *ctx;
    unsigned port;
};

// clang-format off
#define PS2_SENDER_STATE(F, A, S, T)                                                                                   \
    A(T, uint8_t,  reply,    8, 0,  "answers to the controller, sent before the queue")                                \
    F(T, uint8_t,  replies,  0,     "bytes in reply")                                                                  \
    A(T, uint8_t,  queue,    16, 0, "what the device has to say, oldest first")                                        \
    F(T, uint8_t,  queued,   0,     "bytes in queue")                                                                  \
    F(T, uint8_t,  last,     0,     "byte sent last, for the command FEh")                                             \
    F(T, uint8_t,  clock,    1,     "1: the clock is free")                                                            \
    F(T, uint64_t, ready_ns, 0,     "guest ns at which the present byte has been sent")
STATE_STRUCT(ps2_sender, PS2_SENDER_STATE);
// clang-format on

// Answers to a command; what does not fit is lost. `now` is the present guest ns, here and below.
void ps2_reply(struct ps2_sender *s, uint64_t now, uint8_t byte);
// Appends to the queue. The caller has looked for room: PS2_QUEUE_BYTES - queued.
void ps2_queue(struct ps2_sender *s, uint64_t now, uint8_t byte);
// A command has arrived: answers that were not sent are void, and a byte on the wire is sent again later.
void ps2_interrupt(struct ps2_sender *s, uint64_t now);
// The level of the clock, of struct ps2_device; whether it changed.
bool ps2_clock(struct ps2_sender *s, uint64_t now, bool free);
// When the next byte will have been sent, CLOCK_NEVER without one or while the clock is held.
uint64_t ps2_deadline(const struct ps2_sender *s);
// At that time: takes the byte.
uint8_t ps2_take(struct ps2_sender *s, uint64_t now);
// Whether the fields make sense.
bool ps2_plausible(const struct ps2_sender *s);

#endif
