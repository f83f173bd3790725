// The monitor's words about what is where: PCI functions, address maps, the list of chips.
#include "machine/mon.h"

#include <inttypes.h>
#include <stdio.h>

// ---- PCI
// --------------------------------------------------------------------------------------------------------------

const char *mon_pci_class(unsigned cls)
{
    switch (cls) {
    case 0x0100:
        return "SCSI controller";
    case 0x0101:
        return "IDE controller";
    case 0x0106:
        return "SATA controller";
    case 0x0200:
        return "Ethernet controller";
    case 0x0300:
        return "VGA controller";
    case 0x0600:
        return "Host bridge";
    case 0x0601:
        return "ISA bridge";
    case 0x0604:
        return "PCI bridge";
    case 0x0680:
        return "Bridge";
    default:
        return NULL;
    }
}

// How much a base address register decodes, from the bits that can be written.
static void show_bar(struct monitor *m, const struct pci_function *f, unsigned n)
{
    unsigned at = 0x10 + 4 * n;
    uint32_t v = load_u32(f->s->config + at), mask = load_u32(f->write_mask + at);
    bool io = v & 1;
    if (!mask)
        return;
    uint32_t low = io ? mask & ~(uint32_t)3 : mask & ~(uint32_t)15, size = low & (0 - low);
    uint32_t base = v & low;
    if (io)
        mon_print(m, "      BAR%u: I/O at 0x%04x [0x%04x].\n", n, base & 0xffff, (base + size - 1) & 0xffff);
    else
        mon_print(m, "      BAR%u: 32 bit %smemory at 0x%08x [0x%08x].\n", n, v & 8 ? "prefetchable " : "", base,
                  base + size - 1);
}

static void info_pci(struct monitor *m, struct mon_args *a)
{
    if (!mon_end(m, a))
        return;
    for (unsigned n = 0; n < 256; n++) {
        const struct pci_function *f = m->c->m->pci.function[n];
        if (!f)
            continue;
        const uint8_t *c = f->s->config;
        const char *name = mon_pci_class(load_u16(c + 0x0a));
        mon_print(m, "  Bus  0, device %3u, function %u:\n", n / 8, n % 8);
        if (name)
            mon_print(m, "    %s: ", name);
        else
            mon_print(m, "    Class %04x: ", load_u16(c + 0x0a));
        mon_print(m, "PCI device %04x:%04x\n", load_u16(c), load_u16(c + 2));
        if (load_u16(c + 0x2c))
            mon_print(m, "      PCI subsystem %04x:%04x\n", load_u16(c + 0x2c), load_u16(c + 0x2e));
        if (c[0x3d])
            mon_print(m, "      IRQ %u, pin %c\n", c[0x3c], 'A' + (c[0x3d] - 1) % 4);
        for (unsigned k = 0; k < 6; k++)
            show_bar(m, f, k);
        mon_print(m, "      id \"\"\n");
    }
}

// ---- address maps
// -----------------------------------------------------------------------------------------------------

static const char *owner(const struct machine *m, const void *ctx)
{
    for (unsigned n = 0; n < m->device_count; n++)
        if (m->device[n].self == ctx)
            return m->device[n].cls->name;
    if (ctx == &m->debugcon)
        return "debugcon";
    if (ctx == &m->debug_exit)
        return "debug-exit";
    if (ctx == &m->pvpanic)
        return "pvpanic";
    return "?";
}

static void show_windows(struct monitor *m, const struct map *map, int digits)
{
    for (unsigned n = 0; n < map->count; n++) {
        const struct map_window *w = &map->window[n];
        mon_print(m, "  %0*" PRIx64 "-%0*" PRIx64 " (prio 0, i/o): %s\n", digits, w->base, digits,
                  w->base + w->size - 1, owner(m->c->m, w->ctx));
    }
}

static unsigned page_kind(const struct machine *m, uint64_t addr)
{
    const struct phys_page *p = phys_page(&m->phys, addr);
    return p ? p->flags & (PHYS_RAM | PHYS_ROM) : 0;
}

static void info_mtree(struct monitor *m, struct mon_args *a)
{
    const struct machine *mc = m->c->m;
    uint64_t high = (uint64_t)1 << 32, from = 0;
    a->rest += strlen(a->rest); // QEMU's flags choose among views of which there is one here
    mon_print(m, "address-space: memory\n");
    for (uint64_t at = 0; at < mc->phys.low_size; at = at + PAGE_SIZE) {
        unsigned kind = page_kind(mc, at);
        if (at + PAGE_SIZE < mc->phys.low_size && page_kind(mc, at + PAGE_SIZE) == kind)
            continue;
        if (kind)
            mon_print(m, "  %016" PRIx64 "-%016" PRIx64 " (prio 0, %s): pc.ram\n", from, at + PAGE_SIZE - 1,
                      kind & PHYS_RAM ? "ram" : "rom");
        from = at + PAGE_SIZE;
    }
    show_windows(m, &mc->memory, 16);
    if (mc->phys.ram_size > mc->phys.low_size)
        mon_print(m, "  %016" PRIx64 "-%016" PRIx64 " (prio 0, ram): pc.ram\n", high,
                  high + mc->phys.ram_size - mc->phys.low_size - 1);
    mon_print(m, "\naddress-space: I/O\n");
    show_windows(m, &mc->ports, 16);
}

static void info_qtree(struct monitor *m, struct mon_args *a)
{
    char name[32];
    if (!mon_end(m, a))
        return;
    mon_print(m, "board pc-1\n");
    for (unsigned n = 0; mon_device_name(m, n, name, sizeof name); n++)
        mon_print(m, "  dev: %-12s %s\n", name, m->c->m->device[n].cls->title);
}

const struct mon_command mon_bus_infos[] = {
    {"pci", "", "show PCI info", info_pci},
    {"mtree", "", "show memory tree", info_mtree},
    {"qtree", "", "show the chips; 'info NAME' shows their registers", info_qtree},
    {NULL, NULL, NULL, NULL},
};
