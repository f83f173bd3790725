// ISA bridge of the board: Intel 82371SB (PIIX3), function 0. Data sheet 290550 "82371FB (PIIX) and 82371SB (PIIX3)".
#ifndef DEVICES_PIIX3_H
#define DEVICES_PIIX3_H

#include "core/device.h"
#include "core/map.h"
#include "core/pci_bus.h"

#define PIIX3_DEVICE 1u // its device number on the bus

// clang-format off
#define PIIX3_STATE(F, A, S, T)                                                                                        \
    S(T, pci_config, pci, 1,       "function 0: 8086:7000")                                                            \
    A(T, uint32_t, intx,  4, 0,    "INTA# to INTD#: bit n set while device n asserts it")                              \
    F(T, uint16_t, isa,   0,       "ISA IRQ inputs, bit n is IRQn")                                                    \
    F(T, uint8_t,  rcr,   0,       "RC: reset control register, port CF9h")                                             \
    F(T, uint8_t,  ferr,  0,       "level of FERR#")                                                                    \
    F(T, uint8_t,  ignne, 0,       "level of IGNNE#")
STATE_STRUCT(piix3_state, PIIX3_STATE);
// clang-format on

struct piix3 {
    struct piix3_state s;
    struct pci_function pci;

    // Wiring, filled in by the board after piix3_init(); what is not connected stays zero.
    struct line irq[16]; // ISA IRQ lines towards the interrupt controllers: ISA inputs and routed PIRQs together
    struct line ignne;   // IGNNE# of the processor
    struct line pirq[4]; // the wires PIRQA# to PIRQD# themselves (asserted is true), e.g. to I/O APIC inputs 16 to 19
    void (*reset)(void *ctx, bool hard); // port CF9h: false resets the processor only
    void *reset_ctx;
    void (*apic_changed)(void *ctx); // piix3_apic_base() may have changed; also after a load
    void *apic_ctx;
};

extern const struct device_class piix3_class;
extern const struct io_ops piix3_rcr_io;         // ctx = struct piix3 *, one port: CF9h
extern const struct io_ops piix3_coprocessor_io; // ctx = struct piix3 *, one port: F0h

// Clears `p`, plugs function 0 into `bus` as device PIIX3_DEVICE, and resets its state.
void piix3_init(struct piix3 *p, struct pci_bus *bus);

// As firmware leaves it: PIRQA and PIRQB on IRQ 10, PIRQC and PIRQD on IRQ 11, I/O APIC chip select on.
void piix3_firmware_setup(struct piix3 *p);

// An interrupt pin of a PCI device, as a target of struct line: n = device * 4 + pin, pin 0 is INTA#; ctx = struct
// piix3 *. The board's slots are swizzled: INTx# of device d is wired to PIRQ (x + d - 1) mod 4.
void piix3_intx(void *ctx, unsigned n, bool level);

// IRQn of an ISA device or of the board, as a target of struct line, n < 16; ctx = struct piix3 *. Several sources of
// one IRQ are combined by the board.
void piix3_isa_irq(void *ctx, unsigned n, bool level);

// FERR# of the processor, as a target of struct line; ctx = struct piix3 *. It raises IRQ 13, which a write to port F0h
// takes back; until FERR# ends IGNNE# is then asserted.
void piix3_ferr(void *ctx, unsigned n, bool level);

// Where APICBASE and XBCS place the I/O APIC's window; false while its chip select is off.
bool piix3_apic_base(const struct piix3 *p, uint32_t *base);

#endif
