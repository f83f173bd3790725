// The pair of interrupt controllers of a PC: Intel 8259A data sheet (231468), edge/level registers of the 82371SB.
#ifndef DEVICES_PIC_8259A_H
#define DEVICES_PIC_8259A_H

#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define PIC_8259A_INPUTS      16u
#define PIC_8259A_MASTER_PORT 0x20u  // where the board maps pic_8259a_master_io
#define PIC_8259A_SLAVE_PORT  0xa0u  // where the board maps pic_8259a_slave_io
#define PIC_8259A_WINDOW      2u     // ports of each of the two
#define PIC_8259A_ELCR_PORT   0x4d0u // where the board maps pic_8259a_elcr_io
#define PIC_8259A_ELCR_WINDOW 2u

// clang-format off
#define PIC_8259A_CHIP_STATE(F, A, S, T)                                                                               \
    F(T, uint8_t, pins,        0,    "last levels of IR0 to IR7")                                                      \
    F(T, uint8_t, edge,        0,    "edge sense latches: IRR bits of edge-triggered inputs")                          \
    F(T, uint8_t, elcr,        0,    "ELCR: 1 for a level-triggered input")                                            \
    F(T, uint8_t, isr,         0,    "ISR: levels in service")                                                         \
    F(T, uint8_t, imr,         0xff, "IMR: masked levels (OCW1)")                                                      \
    F(T, uint8_t, icw1,        0,    "ICW1")                                                                           \
    F(T, uint8_t, icw2,        0,    "ICW2: vector bits 7:3")                                                          \
    F(T, uint8_t, icw3,        0,    "ICW3: inputs with slaves, or the slave's identity")                              \
    F(T, uint8_t, icw4,        0,    "ICW4")                                                                           \
    F(T, uint8_t, expect,      0,    "number of the ICW that the next write to the odd port is, 0 for OCW1")           \
    F(T, uint8_t, lowest,      7,    "level with the lowest priority")                                                 \
    F(T, uint8_t, rotate_aeoi, 0,    "1: automatic EOI rotates the priorities")                                        \
    F(T, uint8_t, smm,         0,    "1: special mask mode")                                                           \
    F(T, uint8_t, read_isr,    0,    "1: the even port reads ISR, 0: IRR")                                             \
    F(T, uint8_t, poll,        0,    "1: the next read is a poll")
STATE_STRUCT(pic_8259a_chip, PIC_8259A_CHIP_STATE);

#define PIC_8259A_STATE(F, A, S, T) S(T, pic_8259a_chip, chip, 2, "0 master, 1 slave on IR2")
STATE_STRUCT(pic_8259a_state, PIC_8259A_STATE);
// clang-format on

struct pic_8259a {
    struct pic_8259a_state s;
    struct line intr; // wiring: INT of the master; set by the board after pic_8259a_init()
};

extern const struct device_class pic_8259a_class;
extern const struct io_ops pic_8259a_master_io; // ctx = struct pic_8259a *, bytes
extern const struct io_ops pic_8259a_slave_io;  // ctx = struct pic_8259a *, bytes
extern const struct io_ops pic_8259a_elcr_io;   // ctx = struct pic_8259a *, bytes

// Clears `p` and resets its state.
void pic_8259a_init(struct pic_8259a *p);

// Input IRQ n, n < PIC_8259A_INPUTS, as a target of struct line; ctx = struct pic_8259a *. Input 2 is the cascade and
// is ignored.
void pic_8259a_set(void *ctx, unsigned n, bool level);

// The INTA cycles, as a target of struct intr_ack; ctx = struct pic_8259a *. Returns the vector; without a request it
// is that of level 7, which is then not in service (data sheet, "Edge and Level Triggered Modes").
uint8_t pic_8259a_acknowledge(void *ctx);

// Level of INT.
bool pic_8259a_pending(const struct pic_8259a *p);

#endif
