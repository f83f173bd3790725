// PCI configuration space by write masks.
#include "core/pci.h"

STATE_TABLE(pci_config, PCI_CONFIG_STATE);

uint32_t pci_config_read(const struct pci_function *f, unsigned offset, unsigned size)
{
    uint32_t v = 0;
    for (unsigned n = 0; n < size; n++)
        v |= (uint32_t)f->s->config[(offset + n) & 255] << (8 * n);
    return v;
}

void pci_config_write(struct pci_function *f, unsigned offset, unsigned size, uint32_t value)
{
    for (unsigned n = 0; n < size; n++) {
        unsigned at = (offset + n) & 255;
        uint8_t byte = (uint8_t)(value >> (8 * n));
        uint8_t w = f->write_mask[at], c = f->clear_mask ? f->clear_mask[at] : 0;
        f->s->config[at] = (uint8_t)(((f->s->config[at] & ~w) | (byte & w)) & ~(byte & c));
    }
    if (f->config_changed)
        f->config_changed(f->ctx, offset, size);
}
