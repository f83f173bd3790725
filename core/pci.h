// The PCI function contract (PCI Local Bus Specification 2.1, chapter 6): 256 bytes of configuration space with a write
// mask, and base address registers that the board maps and unmaps as the guest programs them.
#ifndef CORE_PCI_H
#define CORE_PCI_H

#include "core/line.h"
#include "core/state.h"

#define PCI_CONFIG_STATE(F, A, S, T) A(T, uint8_t, config, 256, 0, "configuration space, offsets 00h to FFh")
STATE_STRUCT(pci_config, PCI_CONFIG_STATE);

struct pci_function {
    struct pci_config *s;      // in the owning chip's state
    const uint8_t *write_mask; // 256 bytes: bits that the guest can write
    const uint8_t *clear_mask; // 256 bytes: bits that writing 1 clears; may be NULL
    // Called after a write changed configuration space (BARs, command, chip registers); may be NULL.
    void (*config_changed)(void *ctx, unsigned offset, unsigned size);
    void *ctx;
    struct line intx; // INTA# to the board's PIRQ routing
};

// Reads 1, 2 or 4 bytes; `offset` is 0..255 and the access lies within the space.
uint32_t pci_config_read(const struct pci_function *f, unsigned offset, unsigned size);
void pci_config_write(struct pci_function *f, unsigned offset, unsigned size, uint32_t value);

#endif
