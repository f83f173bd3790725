// Serial port: National Semiconductor PC16550D data sheet (TL/C/8652).
#ifndef DEVICES_UART_16550A_H
#define DEVICES_UART_16550A_H

#include "core/backend.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define UART_16550A_WINDOW 8u  // ports
#define UART_16550A_FIFO   16u // bytes

// clang-format off
#define UART_16550A_STATE(F, A, S, T)                                                                                  \
    F(T, uint8_t,  ier,             0,     "IER")                                                                      \
    F(T, uint8_t,  fcr,             0,     "FCR: bits 7:6, 3 and 0")                                                   \
    F(T, uint8_t,  lcr,             0,     "LCR")                                                                      \
    F(T, uint8_t,  mcr,             0,     "MCR")                                                                      \
    F(T, uint8_t,  lsr,             0,     "LSR: bits 4:1, errors not read yet")                                       \
    F(T, uint8_t,  msr,             0xb0,  "MSR")                                                                      \
    F(T, uint8_t,  modem,           0xb0,  "inputs DCD, RI, DSR, CTS, as in MSR bits 7:4")                             \
    F(T, uint8_t,  scr,             0,     "SCR")                                                                      \
    F(T, uint16_t, divisor,         0,     "DLM and DLL")                                                              \
    F(T, uint8_t,  rbr,             0,     "RBR: byte read last")                                                      \
    A(T, uint8_t,  fifo,            16, 0, "received bytes")                                                           \
    A(T, uint8_t,  error,           16, 0, "LSR bits 4:2 of each, until it comes to the top")                          \
    F(T, uint8_t,  head,            0,     "index of the oldest")                                                      \
    F(T, uint8_t,  count,           0,     "bytes in the FIFO, or in RBR")                                             \
    F(T, uint8_t,  thre_pending,    0,     "1: THR ran empty, or ETBEI was set, and IIR has not told it")              \
    F(T, uint8_t,  timeout_pending, 0,     "1: character timeout")                                                     \
    F(T, uint64_t, touched_ns,      0,     "guest ns at which a byte last came or was read")                           \
    F(T, uint64_t, break_ns,        UINT64_MAX, "guest ns at which a break in loopback mode is received, else all ones")
STATE_STRUCT(uart_16550a_state, UART_16550A_STATE);
// clang-format on

struct uart_16550a {
    struct uart_16550a_state s;
    struct clock *clock;
    struct event event; // character timeout, and break in loopback mode
    // Wiring, set by the board after uart_16550a_init().
    struct line irq; // INTR through the board's gate, which OUT2 opens
    struct char_backend out;
};

extern const struct device_class uart_16550a_class;
extern const struct io_ops uart_16550a_io; // ctx = struct uart_16550a *, bytes

// Clears `u` and resets its state.
void uart_16550a_init(struct uart_16550a *u, struct clock *clock, uint32_t event_id);

// The level of `irq`, as the state has it.
bool uart_16550a_interrupt(const struct uart_16550a *u);

// Bytes that uart_16550a_receive() takes now: what is free of the FIFO, or of RBR. None in loopback mode, in which the
// serial input is not connected.
size_t uart_16550a_room(const struct uart_16550a *u);

// Receives as many of `n` bytes as there is room for; returns their number.
size_t uart_16550a_receive(struct uart_16550a *u, const uint8_t *bytes, size_t n);

// Receives a break: a zero byte with BI and FE. False without room.
bool uart_16550a_receive_break(struct uart_16550a *u);

// The modem's inputs DCD, RI, DSR, CTS as in MSR bits 7:4 (other bits are ignored). At reset all but RI are on.
void uart_16550a_set_modem(struct uart_16550a *u, uint8_t levels);

#endif
