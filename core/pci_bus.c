// PCI bus 0 as a table of functions: PCI Local Bus Specification 2.1, section 3.7.4.
//
// Not implemented: bridges to further buses (the board has one bus); parity and system errors.
#include "core/pci_bus.h"

void pci_bus_attach(struct pci_bus *bus, unsigned device, unsigned function, struct pci_function *f)
{
    bus->function[(device & 31) * 8 + (function & 7)] = f;
}

uint32_t pci_bus_read(const struct pci_bus *bus, uint8_t devfn, unsigned offset, unsigned size)
{
    const struct pci_function *f = bus->function[devfn];
    return f ? pci_config_read(f, offset, size) : (uint32_t)size_mask(size);
}

void pci_bus_write(struct pci_bus *bus, uint8_t devfn, unsigned offset, unsigned size, uint32_t value)
{
    struct pci_function *f = bus->function[devfn];
    if (f)
        pci_config_write(f, offset, size, value);
}

bool pci_config_plausible(const struct pci_config *s, const uint8_t *reset, const uint8_t *write_mask,
                          const uint8_t *clear_mask)
{
    for (unsigned n = 0; n < 256; n++) {
        uint8_t open = write_mask[n] | (clear_mask ? clear_mask[n] : 0);
        if ((s->config[n] ^ reset[n]) & ~open)
            return false;
    }
    return true;
}
