// I/O APIC with 24 inputs: Intel 82093AA data sheet (order number 290566), with the EOI register of its successors.
#ifndef DEVICES_IOAPIC_82093AA_H
#define DEVICES_IOAPIC_82093AA_H

#include "core/device.h"
#include "core/line.h"
#include "core/log.h"
#include "core/map.h"

#define IOAPIC_PINS   24u
#define IOAPIC_BASE   0xfec00000u // where the board maps it
#define IOAPIC_WINDOW 4096u       // bytes

// clang-format off
#define IOAPIC_STATE(F, A, S, T)                                                                                       \
    F(T, uint8_t,  ioregsel, 0,           "IOREGSEL: register that IOWIN reaches")                                     \
    F(T, uint8_t,  id,       0,           "IOAPICID, bits 27:24")                                                      \
    A(T, uint64_t, ioredtbl, 24, 0x10000, "IOREDTBL: redirection entries")                                             \
    F(T, uint32_t, pins,     0,           "levels of INTIN0 to INTIN23")
STATE_STRUCT(ioapic_state, IOAPIC_STATE);
// clang-format on

struct ioapic {
    struct ioapic_state s;
    struct apic_bus bus; // wiring: where interrupt messages go; set by the board after ioapic_init()
    struct log *log;     // wiring, may be NULL
};

extern const struct device_class ioapic_class;
extern const struct io_ops ioapic_io; // ctx = struct ioapic *, window of IOAPIC_WINDOW bytes, dwords only

// Clears `io` and resets its state.
void ioapic_init(struct ioapic *io);

// Input INTINn, n < IOAPIC_PINS, as a target of struct line; ctx = struct ioapic *. `level` is asserted or not.
void ioapic_pin(void *ctx, unsigned n, bool level);

// A local APIC's EOI broadcast for a level-triggered vector; ctx = struct ioapic *.
void ioapic_eoi(void *ctx, uint8_t vector);

#endif
