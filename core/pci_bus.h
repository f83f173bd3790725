// PCI bus 0: which function answers which configuration cycle (PCI Local Bus Specification 2.1, section 3.7.4).
#ifndef CORE_PCI_BUS_H
#define CORE_PCI_BUS_H

#include "core/pci.h"

// 32 devices of 8 functions, indexed by device * 8 + function. Wiring only, no state; functions are owned by their
// chips.
struct pci_bus {
    struct pci_function *function[256];
};

// Plugs a function in; device < 32, function < 8. `f` lives as long as the bus.
void pci_bus_attach(struct pci_bus *bus, unsigned device, unsigned function, struct pci_function *f);

// A configuration cycle to devfn = device * 8 + function. `size` is 1, 2 or 4, and the access lies within offsets
// 0..255. Absent functions read as ones and ignore writes.
uint32_t pci_bus_read(const struct pci_bus *bus, uint8_t devfn, unsigned offset, unsigned size);
void pci_bus_write(struct pci_bus *bus, uint8_t devfn, unsigned offset, unsigned size, uint32_t value);

// Whether the bits that the guest can neither write nor clear have the values of `reset`; for the chips' `check`. All
// arrays have 256 bytes; clear_mask may be NULL.
bool pci_config_plausible(const struct pci_config *s, const uint8_t *reset, const uint8_t *write_mask,
                          const uint8_t *clear_mask);

#endif
