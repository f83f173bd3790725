// ACPI tables for kernels that are started without firmware (ACPI Specification 6.3, chapter 5): the RSDP at ACPI_RSDP;
// RSDT, XSDT, FADT (revision 3), MADT, HPET, DSDT and SSDT in the area at the top of low RAM, after the FACS. The
// values are those of the chips: piix4_pm.h (82371AB data sheet, section 7), the I/O APIC and how the ISA interrupts
// reach it.
//
// Not implemented: MCFG and everything else that the board has no chip for.
#include "machine/acpi.h"

#include "machine/dsdt_aml.h"

enum {
    HEADER = 36, // of every table but FACS and RSDP: signature, length, revision, checksum, who made it
    MADT_FIXED = HEADER + 8 + 12 + 5 * 10 + 6,
    LOCAL_APIC_ENTRY = 8,
    TABLES = 4,     // in RSDT and XSDT
    CENTURY = 0x32, // CMOS byte
    RESET_PORT = 0xcf9,
    RESET_VALUE = 6,
    SCI_IRQ = 9,
    SMI_CMD = 0xb2,
    ACPI_ENABLE = 0xf1,
    ACPI_DISABLE = 0xf0,
};

#define LOCAL_APIC_BASE 0xfee00000u
#define IO_APIC_BASE    0xfec00000u
#define HPET_BASE       0xfed00000u
#define HPET_BLOCK_ID   0x8086a201u // the low half of its capabilities

// Tables are put together in `table` and then placed one after the other.
struct builder {
    struct phys *phys;
    uint64_t next, end; // what is free of the area
    uint8_t table[MADT_FIXED + LOCAL_APIC_ENTRY * ACPI_CPUS_MAX];
    size_t size;
};

static void put(struct builder *b, unsigned bytes, uint64_t value)
{
    for (unsigned n = 0; n < bytes; n++)
        b->table[b->size++] = n < 8 ? (uint8_t)(value >> 8 * n) : 0;
}

static void begin(struct builder *b, const char *signature, uint8_t revision)
{
    memset(b->table, 0, sizeof b->table);
    memcpy(b->table, signature, 4);
    b->table[8] = revision;
    b->size = HEADER;
}

static uint8_t checksum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;
    while (n--)
        sum = (uint8_t)(sum + *bytes++);
    return (uint8_t)-sum;
}

// Writes `size` bytes of a table whose header is in `head` and whose rest is `body`; 0 when the area is full.
static uint64_t place(struct builder *b, uint8_t *head, const uint8_t *body, size_t size)
{
    uint64_t addr = (b->next + 15) & ~(uint64_t)15;
    if (addr > b->end || b->end - addr < size)
        return 0;
    store_u32(head + 4, (uint32_t)size);
    head[9] = 0;
    memcpy(head + 10, "SNOWGL", 6);
    memcpy(head + 16, "PC-1    ", 8);
    store_u32(head + 24, 1);
    // Not the compiler's, so that machines do not differ by it.
    memcpy(head + 28, "SNOW", 4);
    store_u32(head + 32, 1);
    head[9] = (uint8_t)(checksum(head, HEADER) + checksum(body, size - HEADER));
    phys_write(b->phys, addr, head, HEADER);
    phys_write(b->phys, addr + HEADER, body, size - HEADER);
    b->next = addr + size;
    return addr;
}

static uint64_t finish(struct builder *b)
{
    return place(b, b->table, b->table + HEADER, b->size);
}

static uint64_t place_facs(struct builder *b)
{
    uint8_t facs[64] = {'F', 'A', 'C', 'S', sizeof facs};
    facs[32] = 1; // version
    uint64_t addr = b->next;
    phys_write(b->phys, addr, facs, sizeof facs);
    b->next = addr + ACPI_NVS_BYTES;
    return addr;
}

static uint64_t place_dsdt(struct builder *b)
{
    uint8_t head[HEADER];
    memcpy(head, dsdt_aml, HEADER);
    return place(b, head, dsdt_aml + HEADER, sizeof dsdt_aml);
}

// What the DSDT cannot know: Name (\SERC, ...), Name (\PCIM, ...), Name (\PMIO, ...), Name (\PVPN, ...).
static uint64_t place_ssdt(struct builder *b, const struct acpi_config *config)
{
    enum { NAME_OP = 0x08, BYTE_PREFIX = 0x0a, WORD_PREFIX = 0x0b, DWORD_PREFIX = 0x0c };
    const struct {
        const char *name;
        uint8_t prefix, bytes;
        uint64_t value;
    } names[] = {
        {"\\SERC", BYTE_PREFIX, 1, config->serial_count},
        {"\\PCIM", DWORD_PREFIX, 4, config->low_ram_top},
        {"\\PMIO", WORD_PREFIX, 2, config->pm_base},
        {"\\PVPN", BYTE_PREFIX, 1, config->pvpanic},
    };
    begin(b, "SSDT", 2);
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        put(b, 1, NAME_OP);
        memcpy(b->table + b->size, names[n].name, 5);
        b->size += 5;
        put(b, 1, names[n].prefix);
        put(b, names[n].bytes, names[n].value);
    }
    return finish(b);
}

// Generic address of an I/O register; the access size is left to the block's kind, except of single bytes.
static void put_io_address(struct builder *b, unsigned bits, uint64_t port)
{
    put(b, 1, 1); // system I/O space
    put(b, 1, bits);
    put(b, 1, 0);
    put(b, 1, bits == 8 ? 1 : 0);
    put(b, 8, port);
}

static uint64_t place_fadt(struct builder *b, const struct acpi_config *config, uint64_t facs, uint64_t dsdt)
{
    enum { LEGACY_DEVICES = 1, KEYBOARD_CONTROLLER = 2, NO_VGA = 4 }; // of IAPC_BOOT_ARCH
    enum { WBINVD = 1, PROC_C1 = 4, SLP_BUTTON = 0x20, FIX_RTC = 0x40, RESET_REG_SUP = 0x400 };
    uint64_t pm = config->pm_base;
    begin(b, "FACP", 3);
    put(b, 4, facs);
    put(b, 4, dsdt);
    put(b, 1, 0);
    put(b, 1, 1); // preferred profile: desktop
    put(b, 2, SCI_IRQ);
    put(b, 4, SMI_CMD);
    put(b, 1, ACPI_ENABLE);
    put(b, 1, ACPI_DISABLE);
    put(b, 2, 0);       // S4BIOS_REQ, PSTATE_CNT
    put(b, 4, pm);      // PM1a_EVT_BLK
    put(b, 4, 0);       // PM1b_EVT_BLK
    put(b, 4, pm + 4);  // PM1a_CNT_BLK
    put(b, 4, 0);       // PM1b_CNT_BLK
    put(b, 4, 0);       // PM2_CNT_BLK
    put(b, 4, pm + 8);  // PM_TMR_BLK
    put(b, 4, pm + 12); // GPE0_BLK
    put(b, 4, 0);       // GPE1_BLK
    put(b, 1, 4);       // bytes of PM1_EVT
    put(b, 1, 2);       // PM1_CNT
    put(b, 1, 0);       // PM2_CNT
    put(b, 1, 4);       // PM_TMR
    put(b, 1, 4);       // GPE0
    put(b, 3, 0);       // GPE1 and its base, CST_CNT
    put(b, 2, 0xfff);   // P_LVL2_LAT: no C2
    put(b, 2, 0xfff);   // P_LVL3_LAT: no C3
    put(b, 4, 0);       // FLUSH_SIZE and FLUSH_STRIDE: WBINVD works
    put(b, 2, 0);       // duty cycle
    put(b, 2, 0);       // no alarm of day or month
    put(b, 1, CENTURY);
    put(b, 2, LEGACY_DEVICES | KEYBOARD_CONTROLLER | NO_VGA);
    put(b, 1, 0);
    put(b, 4, WBINVD | PROC_C1 | SLP_BUTTON | FIX_RTC | RESET_REG_SUP);
    put_io_address(b, 8, RESET_PORT);
    put(b, 1, RESET_VALUE);
    put(b, 3, 0);
    put(b, 8, 0); // X_FIRMWARE_CTRL: the 32-bit field has it
    put(b, 8, dsdt);
    put_io_address(b, 32, pm);
    put(b, 12, 0);
    put_io_address(b, 16, pm + 4);
    put(b, 12, 0);
    put(b, 12, 0);
    put_io_address(b, 32, pm + 8);
    put_io_address(b, 32, pm + 12);
    put(b, 12, 0);
    return finish(b);
}

static void put_override(struct builder *b, unsigned irq, unsigned gsi, unsigned flags)
{
    put(b, 1, 2);
    put(b, 1, 10);
    put(b, 1, 0); // bus: ISA
    put(b, 1, irq);
    put(b, 4, gsi);
    put(b, 2, flags);
}

static uint64_t place_madt(struct builder *b, const struct acpi_config *config)
{
    enum { PCAT_COMPAT = 1, LEVEL_HIGH = 0x0d };
    begin(b, "APIC", 1);
    put(b, 4, LOCAL_APIC_BASE);
    put(b, 4, PCAT_COMPAT);
    for (unsigned n = 0; n < config->cpus; n++) {
        put(b, 1, 0); // local APIC
        put(b, 1, LOCAL_APIC_ENTRY);
        put(b, 1, n); // the DSDT's _UID
        put(b, 1, n); // APIC id
        put(b, 4, n == 0);
    }
    put(b, 1, 1); // I/O APIC
    put(b, 1, 12);
    put(b, 2, 0); // its id
    put(b, 4, IO_APIC_BASE);
    put(b, 4, 0); // first global interrupt
    put_override(b, 0, 2, 0);
    static const uint8_t level[] = {5, SCI_IRQ, 10, 11}; // the SCI, and what the PCI links can choose
    for (unsigned n = 0; n < ARRAY_LEN(level); n++)
        put_override(b, level[n], level[n], LEVEL_HIGH);
    put(b, 1, 4); // NMI
    put(b, 1, 6);
    put(b, 1, 0xff); // of every processor
    put(b, 2, 0);    // polarity and trigger as the bus has them
    put(b, 1, 1);    // LINT1
    return finish(b);
}

// IA-PC HPET Specification 1.0a, 3.2.4.
static uint64_t place_hpet(struct builder *b)
{
    begin(b, "HPET", 1);
    put(b, 4, HPET_BLOCK_ID);
    put(b, 1, 0); // memory
    put(b, 1, 64);
    put(b, 2, 0);
    put(b, 8, HPET_BASE);
    put(b, 1, 0);   // its number
    put(b, 2, 100); // least counts between periodic interrupts
    put(b, 1, 0);   // the page has no protection
    return finish(b);
}

static uint64_t place_root(struct builder *b, const char *signature, unsigned bytes, const uint64_t tables[TABLES])
{
    begin(b, signature, 1);
    for (unsigned n = 0; n < TABLES; n++)
        put(b, bytes, tables[n]);
    return finish(b);
}

static bool place_rsdp(struct builder *b, uint64_t rsdt, uint64_t xsdt)
{
    uint8_t rsdp[36] = "RSD PTR ", got[sizeof rsdp];
    memcpy(rsdp + 9, "SNOWGL", 6);
    rsdp[15] = 2; // revision
    store_u32(rsdp + 16, (uint32_t)rsdt);
    store_u32(rsdp + 20, sizeof rsdp);
    store_u64(rsdp + 24, xsdt);
    rsdp[8] = checksum(rsdp, 20);
    rsdp[32] = checksum(rsdp, sizeof rsdp);
    phys_write(b->phys, ACPI_RSDP, rsdp, sizeof rsdp);
    phys_read(b->phys, ACPI_RSDP, got, sizeof got);
    return !memcmp(rsdp, got, sizeof got);
}

bool acpi_build(struct phys *phys, const struct acpi_config *config, uint64_t *rsdp)
{
    uint64_t top = config->low_ram_top;
    if (config->cpus < 1 || config->cpus > ACPI_CPUS_MAX || config->serial_count > 4 || config->pm_base > 0xffc0)
        return false;
    if (top & PAGE_MASK || top < (1u << 20) + ACPI_AREA_BYTES || top > phys->low_size)
        return false;
    struct builder b = {.phys = phys, .next = top - ACPI_AREA_BYTES, .end = top};
    uint64_t facs = place_facs(&b);
    uint64_t dsdt = place_dsdt(&b);
    const uint64_t tables[TABLES] = {place_fadt(&b, config, facs, dsdt), place_madt(&b, config), place_ssdt(&b, config),
                                     place_hpet(&b)};
    uint64_t rsdt = place_root(&b, "RSDT", 4, tables), xsdt = place_root(&b, "XSDT", 8, tables);
    if (!dsdt || !tables[0] || !tables[1] || !tables[2] || !tables[3] || !rsdt || !xsdt)
        return false;
    if (!place_rsdp(&b, rsdt, xsdt))
        return false;
    *rsdp = ACPI_RSDP;
    return true;
}
