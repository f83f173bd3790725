// System control port B at 61h: NMI status and control register of the Intel 82371SB PIIX3 (290550, section 2.5.3).
#ifndef DEVICES_PORT61_H
#define DEVICES_PORT61_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define PORT61_PORT 0x61u // where the board maps port61_io, one port

// clang-format off
#define PORT61_STATE(F, A, S, T)                                                                                       \
    F(T, uint8_t, control,    0, "bits 3:0: IOCHK# off, SERR# off, speaker data, GATE2")                               \
    F(T, uint8_t, status,     0, "bits 7:6: latched SERR# and IOCHK#")                                                 \
    F(T, uint8_t, inputs,     0, "last levels of the inputs, bit n is input n")
STATE_STRUCT(port61_state, PORT61_STATE);
// clang-format on

// Inputs of port61_input().
enum port61_input {
    PORT61_OUT2,       // OUT of the timer's counter 2
    PORT61_IOCHK,      // an expansion board reports an error
    PORT61_SERR,       // the PCI bus reports an error
    PORT61_NMI_ENABLE, // high when port 70h lets the NMI through
    PORT61_INPUTS,
};

struct port61 {
    struct port61_state s;
    struct clock *clock;
    // Wiring, set by the board after port61_init().
    struct line gate2;   // GATE of the timer's counter 2
    struct line speaker; // OUT2 when speaker data is on, else low
    struct line nmi;     // to the processor
};

extern const struct device_class port61_class;
extern const struct io_ops port61_io; // ctx = struct port61 *, bytes

// Clears `p` and resets its state.
void port61_init(struct port61 *p, struct clock *clock);

// Input n (enum port61_input), as a target of struct line; ctx = struct port61 *.
void port61_input(void *ctx, unsigned n, bool level);

#endif
