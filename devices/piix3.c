// 82371SB (PIIX3) function 0: Intel data sheet 290550, section 2.2: configuration registers, PCI interrupt routing
// (PIRQRC, 60h to 63h), I/O APIC chip select, coprocessor errors (port F0h), and the reset control register at port
// CF9h. Its interrupt controllers, timer, DMA controllers and IDE function are chips of their own files.
//
// Not implemented: the SMI, fast-off timer and clock throttling registers (A0h to AEh), ISA clock and recovery timing,
// MBIRQ0, MBDMA, PCSC and TOM: all kept without effect; the USB function; the self test of RC bit 3.
// Differs: a routed IRQ still combines with the ISA input of that number, so level-triggered sources may share it;
// coprocessor errors are passed on whether XBCS bit 5 is set or not, because few boot programs set it.
#include "devices/piix3.h"

STATE_TABLE(piix3_state, PIIX3_STATE);

enum {
    XBCS_HIGH = 0x4f, // bit 0: XBCS bit 8, APIC chip select
    PIRQRC = 0x60,
    PIRQRC_DISABLE = 0x80,
    APICBASE = 0x80,
    RC_HARD = 1 << 1,
    RC_RCPU = 1 << 2,
    RC_WRITABLE = 0x0e,
    ROUTABLE_IRQS = 0xdef8, // all but 0, 1, 2, 8 and 13
};

// clang-format off
static const uint8_t config_reset[256] = {
    [0x00] = 0x86, 0x80, 0x00, 0x70, // vendor, device
    [0x04] = 0x07, 0x00, 0x00, 0x02, // PCICMD: I/O, memory, master; PCISTS: DEVSEL medium
    [0x08] = 0x00, 0x00, 0x01, 0x06, // revision, class: ISA bridge
    [0x0e] = 0x80,                   // several functions
    [0x4c] = 0x4d, 0x00, 0x03, 0x00, // IORT, XBCS
    [0x60] = 0x80, 0x80, 0x80, 0x80, // PIRQRC[A:D]: not routed
    [0x69] = 0x02,                   // TOM
    [0x70] = 0x80,                   // MBIRQ0
    [0x76] = 0x0c, 0x0c, 0x02, 0x00, // MBDMA0, MBDMA1, PCSC
    [0xa0] = 0x08,                   // SMICNTL
    [0xa8] = 0x0f,                   // FTMR
};

static const uint8_t config_write[256] = {
    [0x04] = 0x08, 0x01,             // PCICMD: special cycles, SERR# enable
    [0x4c] = 0xff, 0x00, 0xff, 0x01, // IORT, XBCS
    [0x60] = 0x8f, 0x8f, 0x8f, 0x8f, // PIRQRC[A:D]
    [0x69] = 0xfe,                   // TOM
    [0x70] = 0xef,                   // MBIRQ0
    [0x76] = 0x8f, 0x8f, 0xff, 0xff, // MBDMA0, MBDMA1, PCSC
    [0x80] = 0x7f, 0x00, 0x0f,       // APICBASE, DLC
    [0xa0] = 0x1f, 0x00, 0xff, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, // SMICNTL, SMIEN, SEE, FTMR
    [0xac] = 0xff, 0x00, 0xff,       // CTLTMR, CTHTMR
};

static const uint8_t config_clear[256] = {
    [0x07] = 0x78, // PCISTS
};
// clang-format on

static bool pirq_level(const struct piix3 *p, unsigned pirq)
{
    uint32_t any = 0;
    for (unsigned pin = 0; pin < 4; pin++) {
        // Devices d whose pin comes to this PIRQ: (pin + d - 1) mod 4 == pirq.
        uint32_t devices = (uint32_t)0x11111111 << ((pirq - pin + 1) & 3);
        any |= p->s.intx[pin] & devices;
    }
    return any;
}

static void drive_irq(const struct piix3 *p, unsigned irq)
{
    bool level = p->s.isa >> irq & 1;
    for (unsigned pirq = 0; pirq < 4; pirq++) {
        uint8_t route = p->s.pci[0].config[PIRQRC + pirq];
        if (!(route & PIRQRC_DISABLE) && (route & 15) == irq && ROUTABLE_IRQS >> irq & 1)
            level |= pirq_level(p, pirq);
    }
    line_set(&p->irq[irq], level);
}

static void drive_all(const struct piix3 *p)
{
    for (unsigned irq = 0; irq < 16; irq++)
        drive_irq(p, irq);
    for (unsigned pirq = 0; pirq < 4; pirq++)
        line_set(&p->pirq[pirq], pirq_level(p, pirq));
}

void piix3_intx(void *ctx, unsigned n, bool level)
{
    struct piix3 *p = ctx;
    unsigned device = n / 4 & 31, pin = n & 3, pirq = (pin + device - 1) & 3;
    uint32_t bit = (uint32_t)1 << device;
    if (((p->s.intx[pin] & bit) != 0) == level)
        return;
    p->s.intx[pin] ^= bit;
    line_set(&p->pirq[pirq], pirq_level(p, pirq));
    drive_irq(p, p->s.pci[0].config[PIRQRC + pirq] & 15);
}

void piix3_isa_irq(void *ctx, unsigned n, bool level)
{
    struct piix3 *p = ctx;
    n &= 15;
    if ((p->s.isa >> n & 1) == level)
        return;
    p->s.isa ^= (uint16_t)(1u << n);
    drive_irq(p, n);
}

void piix3_ferr(void *ctx, unsigned n, bool level)
{
    struct piix3 *p = ctx;
    (void)n;
    p->s.ferr = level;
    if (level) {
        piix3_isa_irq(p, 13, true);
    } else if (p->s.ignne) {
        p->s.ignne = 0;
        line_set(&p->ignne, false);
    }
}

static uint64_t read_coprocessor(void *ctx, uint64_t offset, unsigned size)
{
    (void)ctx, (void)offset, (void)size;
    return 0xff;
}

static void write_coprocessor(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size, (void)value;
    struct piix3 *p = ctx;
    piix3_isa_irq(p, 13, false);
    if (p->s.ferr && !p->s.ignne) {
        p->s.ignne = 1;
        line_set(&p->ignne, true);
    }
}

const struct io_ops piix3_coprocessor_io = {.read = read_coprocessor, .write = write_coprocessor, .sizes = 1};

bool piix3_apic_base(const struct piix3 *p, uint32_t *base)
{
    // APICBASE: bits 5:2 are address bits 15:12, bits 1:0 are address bits 11:10.
    const uint8_t *config = p->s.pci[0].config;
    *base = 0xfec00000u | (uint32_t)(config[APICBASE] & 0x3f) << 10;
    return config[XBCS_HIGH] & 1;
}

static void config_changed(void *ctx, unsigned offset, unsigned size)
{
    struct piix3 *p = ctx;
    if (offset < PIRQRC + 4 && offset + size > PIRQRC)
        drive_all(p);
    bool apic = (offset <= APICBASE && offset + size > APICBASE) || (offset <= XBCS_HIGH && offset + size > XBCS_HIGH);
    if (apic && p->apic_changed)
        p->apic_changed(p->apic_ctx);
}

static uint64_t read_rcr(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    return ((const struct piix3 *)ctx)->s.rcr;
}

// A reset begins when RCPU goes from 0 to 1; SRST then says which.
static void write_rcr(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct piix3 *p = ctx;
    bool start = value & RC_RCPU && !(p->s.rcr & RC_RCPU);
    p->s.rcr = value & RC_WRITABLE;
    if (start && p->reset)
        p->reset(p->reset_ctx, value & RC_HARD);
}

const struct io_ops piix3_rcr_io = {.read = read_rcr, .write = write_rcr, .sizes = 1};

static void reset(void *self)
{
    struct piix3 *p = self;
    memcpy(p->s.pci[0].config, config_reset, sizeof config_reset);
}

static const char *check(const void *self)
{
    const struct piix3 *p = self;
    if (!pci_config_plausible(&p->s.pci[0], config_reset, config_write, config_clear))
        return "piix3: a read-only bit of configuration space differs";
    if (p->s.rcr & ~RC_WRITABLE)
        return "piix3: rcr has reserved bits set";
    if (p->s.ferr > 1 || p->s.ignne > 1)
        return "piix3: FERR#, IGNNE#";
    return NULL;
}

static void update(void *self)
{
    struct piix3 *p = self;
    drive_all(p);
    line_set(&p->ignne, p->s.ignne);
    if (p->apic_changed)
        p->apic_changed(p->apic_ctx);
}

const struct device_class piix3_class = {
    .name = "piix3",
    .title = "Intel 82371SB PCI ISA bridge",
    .version = 1,
    .fields = piix3_state_fields,
    .state_offset = offsetof(struct piix3, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void piix3_init(struct piix3 *p, struct pci_bus *bus)
{
    *p = (struct piix3){0};
    p->pci = (struct pci_function){
        .s = &p->s.pci[0],
        .write_mask = config_write,
        .clear_mask = config_clear,
        .config_changed = config_changed,
        .ctx = p,
    };
    pci_bus_attach(bus, PIIX3_DEVICE, 0, &p->pci);
    device_reset(&(struct device){&piix3_class, p});
}

void piix3_firmware_setup(struct piix3 *p)
{
    static const uint8_t routes[4] = {10, 10, 11, 11};
    memcpy(&p->s.pci[0].config[PIRQRC], routes, sizeof routes);
    p->s.pci[0].config[XBCS_HIGH] |= 1;
    update(p);
}
