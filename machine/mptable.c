// Intel MultiProcessor Specification 1.4, chapter 4: the floating pointer and the configuration table. It says what the
// MADT and the DSDT say: ISA IRQs on I/O APIC inputs of their numbers, the timer on 2; INTx# of PCI device d on input
// 16 + (x + d - 1) mod 4, but INTA# of the south bridge, which is the SCI.
//
// Not implemented: the extended table entries.
#include "machine/mptable.h"

enum {
    HEADER = 44,
    POINTER = 16,
    REVISION = 4, // of the specification: 1.4
    PROCESSOR_ENTRY = 20,
    OTHER_ENTRY = 8,
    PCI_DEVICES = 32,
    IO_APIC_ID = 0, // as in the MADT
    IO_APIC_VERSION = 0x20,
    LOCAL_APIC_VERSION = 0x14,
    BUS_PCI = 0,
    BUS_ISA = 1,
    SCI_IRQ = 9,
    ENTRIES_MAX = PROCESSOR_ENTRY * MPTABLE_CPUS_MAX + OTHER_ENTRY * (2 + 1 + 15 + 4 * PCI_DEVICES + 2),
};
enum entry_kind { ENTRY_PROCESSOR, ENTRY_BUS, ENTRY_IO_APIC, ENTRY_IO_INTERRUPT, ENTRY_LOCAL_INTERRUPT };
enum interrupt { INTERRUPT_VECTORED, INTERRUPT_NMI, INTERRUPT_SMI, INTERRUPT_EXTINT };
enum { AS_THE_BUS = 0, LEVEL_HIGH = 0x0d }; // polarity and trigger

#define LOCAL_APIC_BASE 0xfee00000u
#define IO_APIC_BASE    0xfec00000u

struct builder {
    uint8_t table[HEADER + ENTRIES_MAX];
    size_t size;
    unsigned entries;
};

static uint8_t *add(struct builder *b, enum entry_kind kind)
{
    uint8_t *entry = b->table + b->size;
    entry[0] = kind;
    b->size += kind == ENTRY_PROCESSOR ? PROCESSOR_ENTRY : OTHER_ENTRY;
    b->entries++;
    return entry;
}

static void add_processor(struct builder *b, const struct mptable_config *config, unsigned n)
{
    enum { ENABLED = 1, BOOTSTRAP = 2 };
    uint8_t *e = add(b, ENTRY_PROCESSOR);
    e[1] = (uint8_t)n; // local APIC id
    e[2] = LOCAL_APIC_VERSION;
    e[3] = n == 0 ? ENABLED | BOOTSTRAP : 0;
    store_u32(e + 4, config->signature);
    store_u32(e + 8, config->features);
}

static void add_bus(struct builder *b, unsigned id, const char *name)
{
    uint8_t *e = add(b, ENTRY_BUS);
    e[1] = (uint8_t)id;
    memcpy(e + 2, name, 6);
}

static void add_io_apic(struct builder *b)
{
    uint8_t *e = add(b, ENTRY_IO_APIC);
    e[1] = IO_APIC_ID;
    e[2] = IO_APIC_VERSION;
    e[3] = 1; // enabled
    store_u32(e + 4, IO_APIC_BASE);
}

static void add_interrupt(struct builder *b, enum entry_kind kind, enum interrupt what, unsigned flags, unsigned bus,
                          unsigned irq, unsigned apic, unsigned input)
{
    uint8_t *e = add(b, kind);
    e[1] = what;
    store_u16(e + 2, (uint16_t)flags);
    e[4] = (uint8_t)bus;
    e[5] = (uint8_t)irq;
    e[6] = (uint8_t)apic;
    e[7] = (uint8_t)input;
}

static void add_interrupts(struct builder *b)
{
    for (unsigned irq = 0; irq < 16; irq++) {
        // The SCI, and what the PCI links can choose.
        bool level = irq == 5 || irq == SCI_IRQ || irq == 10 || irq == 11;
        if (irq != 2)
            add_interrupt(b, ENTRY_IO_INTERRUPT, INTERRUPT_VECTORED, level ? LEVEL_HIGH : AS_THE_BUS, BUS_ISA, irq,
                          IO_APIC_ID, irq ? irq : 2);
    }
    for (unsigned device = 1; device < PCI_DEVICES; device++) {
        for (unsigned pin = 0; pin < 4; pin++) {
            bool sci = device == 1 && pin == 0;
            add_interrupt(b, ENTRY_IO_INTERRUPT, INTERRUPT_VECTORED, LEVEL_HIGH, BUS_PCI, device << 2 | pin, IO_APIC_ID,
                          sci ? SCI_IRQ : 16 + ((pin + device - 1) & 3));
        }
    }
    add_interrupt(b, ENTRY_LOCAL_INTERRUPT, INTERRUPT_EXTINT, AS_THE_BUS, BUS_ISA, 0, 0, 0);
    add_interrupt(b, ENTRY_LOCAL_INTERRUPT, INTERRUPT_NMI, AS_THE_BUS, BUS_ISA, 0, 0xff, 1);
}

static uint8_t checksum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;
    while (n--)
        sum = (uint8_t)(sum + *bytes++);
    return (uint8_t)-sum;
}

bool mptable_build(struct phys *phys, const struct mptable_config *config)
{
    if (config->cpus < 1 || config->cpus > MPTABLE_CPUS_MAX)
        return false;
    struct builder b = {.size = HEADER};
    for (unsigned n = 0; n < config->cpus; n++)
        add_processor(&b, config, n);
    add_bus(&b, BUS_PCI, "PCI   ");
    add_bus(&b, BUS_ISA, "ISA   ");
    add_io_apic(&b);
    add_interrupts(&b);
    memcpy(b.table, "PCMP", 4);
    store_u16(b.table + 4, (uint16_t)b.size);
    b.table[6] = REVISION;
    memcpy(b.table + 8, "SNOWGLOB", 8);
    memcpy(b.table + 16, "PC-1        ", 12);
    store_u16(b.table + 34, (uint16_t)b.entries);
    store_u32(b.table + 36, LOCAL_APIC_BASE);
    b.table[7] = checksum(b.table, b.size);

    uint8_t pointer[POINTER] = "_MP_", got[POINTER];
    store_u32(pointer + 4, MPTABLE_CONFIG);
    pointer[8] = POINTER / 16;
    pointer[9] = REVISION;
    pointer[10] = checksum(pointer, POINTER);
    phys_write(phys, MPTABLE_CONFIG, b.table, b.size);
    phys_write(phys, MPTABLE_POINTER, pointer, sizeof pointer);
    phys_read(phys, MPTABLE_POINTER, got, sizeof got);
    return !memcmp(pointer, got, sizeof got);
}
