// Wires between chips: an interrupt or reset line, interrupt acknowledge, and APIC bus messages. A chip holds these
// structs in its wiring and never knows who is at the other end.
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include "core/types.h"

// One wire towards input `n` of the receiver. An unconnected line has set == NULL.
struct line {
    void (*set)(void *ctx, unsigned n, bool level);
    void *ctx;
    unsigned n;
};

static inline void line_set(const struct line *l, bool level)
{
    if (l->set)
        l->set(l->ctx, l->n, level);
}

// The INTA cycle of an interrupt controller: returns the vector and moves the request into service.
struct intr_ack {
    uint8_t (*acknowledge)(void *ctx);
    void *ctx;
};

// Delivery modes of APIC messages (SDM vol. 3A, Interrupt Command Register; 82093AA I/O APIC 3.2.4).
enum apic_delivery {
    APIC_FIXED = 0,
    APIC_LOWEST = 1,
    APIC_SMI = 2,
    APIC_NMI = 4,
    APIC_INIT = 5,
    APIC_STARTUP = 6,
    APIC_EXTINT = 7
};

struct apic_message {
    uint8_t dest;         // APIC id (physical) or message destination address (logical)
    uint8_t dest_logical; // 0 physical, 1 logical
    uint8_t delivery;     // enum apic_delivery
    uint8_t vector;
    uint8_t level; // trigger mode: 0 edge, 1 level
};

// Where an I/O APIC (or an MSI write) sends its messages: implemented by the board, which owns the local APICs.
struct apic_bus {
    void (*send)(void *ctx, const struct apic_message *msg);
    void *ctx;
};

#endif
