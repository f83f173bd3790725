// 82371AB (PIIX4) function 3: Intel data sheet 290562, section 7 (registers) and 11.6 (ACPI support): PM1 block, 24-bit
// PM timer whose TMROF_STS is set when bit 23 changes, SCI, soft off, and ports APMC and APMS. The timer is computed
// from the clock, and its overflow status from the count of changes when it was last cleared.
//
// SUS_TYP 0 is soft off (S5), as the data sheet encodes it; the DSDT's \_S5 must use it.
//
// Not implemented: SMIs: APMC_EN reads as one, as if firmware had set them up, and APMC acts in this chip instead
// (F1h = ACPI_ENABLE, F0h = ACPI_DISABLE of SCI_EN). Suspend states other than soft off; the SMBus host controller (its
// base register is kept); device and idle monitors, clock control, GPI and GPO pins (registers kept); RTC_STS, BM_STS
// and the four-second power button override.
#include "devices/piix4_pm.h"

STATE_TABLE(piix4_pm_state, PIIX4_PM_STATE);

enum { PMBA = 0x40, PMREGMISC = 0x80 }; // configuration space

enum { PMSTS = 0x00, PMEN = 0x02, PMCNTRL = 0x04, PMTMR = 0x08, GPSTS = 0x0c, GPEN = 0x0e, OTHER = 0x10 };

enum {
    TMROF = 1 << 0, // in PMSTS and PMEN
    PWRBTN = 1 << 8,
    PMSTS_CLEARABLE = 0x8d30, // all but TMROF_STS
    PMEN_WRITABLE = 0x0521,

    SCI_EN = 1 << 0,
    SUS_EN = 1 << 13,
    SUS_TYP_SHIFT = 10,
    SUS_TYP_SOFT_OFF = 0,
    PMCNTRL_WRITABLE = 0x1c03,

    GP_EVENTS = 0x0f01,

    ACPI_ENABLE = 0xf1,
    ACPI_DISABLE = 0xf0,
};

#define TIMER_HALF     23                  // log2 of the counts between two changes of the top bit
#define TMROF_SEEN_MAX ((uint64_t)1 << 40) // more than 2^64 ns hold

// clang-format off
static const uint8_t config_reset[256] = {
    [0x00] = 0x86, 0x80, 0x13, 0x71, // vendor, device
    [0x04] = 0x00, 0x00, 0x80, 0x02, // PCISTS: fast back to back, DEVSEL medium
    [0x08] = 0x03, 0x00, 0x80, 0x06, // revision, class: other bridge
    [0x3d] = 0x01,                   // interrupt pin INTA#
    [0x40] = 0x01,                   // PMBA: I/O space
    [0x5b] = 0x02,                   // DEVACTB: APMC_EN
    [0x90] = 0x01,                   // SMBBA: I/O space
};

static const uint8_t config_write[256] = {
    [0x04] = 0x01,                   // PCICMD: I/O space (the SMBus block)
    [0x3c] = 0xff,                   // interrupt line
    [0x40] = 0xc0, 0xff, 0x00, 0x00, // PMBA
    [0x44] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // CNTA, CNTB
    [0x4c] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // GPICTL, DEVRESD
    [0x54] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, // DEVACTA, DEVACTB
    [0x5c] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // DEVRESA, DEVRESB
    [0x64] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // DEVRESC, DEVRESE
    [0x6c] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // DEVRESF, DEVRESG
    [0x74] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // DEVRESH, DEVRESI
    [0x7c] = 0xff, 0xff, 0xff, 0xff, 0x01,                   // DEVRESJ, PMREGMISC
    [0x90] = 0xf0, 0xff,                                     // SMBBA
    [0xd2] = 0x0f, 0xff, 0xff, 0xff,                         // SMBHSTCFG, SMBSLVC, SMBSHDW1, SMBSHDW2
};

static const uint8_t config_clear[256] = {
    [0x07] = 0x78, // PCISTS
};

// Registers 10h to 3Fh.
static const uint8_t other_reset[48] = {
    [0x30 - OTHER] = 0xff, 0xff, 0xff,       // GPIREG: inputs pulled up
    [0x34 - OTHER] = 0xff, 0xbf, 0xff, 0x7f, // GPOREG
};

static const uint8_t other_write[48] = {
    [0x10 - OTHER] = 0xfe, 0x3f, 0x02,       // PCNTRL
    [0x20 - OTHER] = 0xff, 0xff,             // GLBEN
    [0x28 - OTHER] = 0xff, 0xff, 0xff, 0xff, // GLBCTL
    [0x2c - OTHER] = 0xff, 0xff, 0xff, 0xff, // DEVCTL
    [0x34 - OTHER] = 0xff, 0xff, 0xff, 0xff, // GPOREG
};
// clang-format on

static uint64_t timer_changes(const struct piix4_pm *pm)
{
    return clock_count(pm->clock, PIIX4_PM_TIMER_HZ) >> TIMER_HALF;
}

static uint16_t pmsts(const struct piix4_pm *pm)
{
    return pm->s.pmsts | (timer_changes(pm) != pm->s.tmrof_seen ? TMROF : 0);
}

// Recomputes the SCI and arms the overflow event; changes no state.
static void refresh(struct piix4_pm *pm)
{
    bool acpi = pm->s.pmcntrl & SCI_EN;
    uint16_t status = pmsts(pm);
    bool wait = acpi && pm->s.pmen & TMROF && !(status & TMROF);
    event_set(&pm->overflow,
              wait ? clock_ns_of_count((pm->s.tmrof_seen + 1) << TIMER_HALF, PIIX4_PM_TIMER_HZ) : CLOCK_NEVER);
    line_set(&pm->sci, acpi && ((status & pm->s.pmen) || (pm->s.gpsts & pm->s.gpen)));
}

static void overflow_fire(void *ctx)
{
    refresh(ctx);
}

bool piix4_pm_io_base(const struct piix4_pm *pm, uint16_t *base)
{
    const uint8_t *config = pm->s.pci[0].config;
    *base = load_u16(&config[PMBA]) & 0xffc0;
    return config[PMREGMISC] & 1;
}

static void config_changed(void *ctx, unsigned offset, unsigned size)
{
    struct piix4_pm *pm = ctx;
    bool base = offset < PMBA + 4 && offset + size > PMBA;
    if ((base || (offset <= PMREGMISC && offset + size > PMREGMISC)) && pm->io_changed)
        pm->io_changed(pm->io_ctx);
}

// The register block.

static uint32_t read_dword(const struct piix4_pm *pm, unsigned offset)
{
    switch (offset) {
    case PMSTS:
        return pmsts(pm) | (uint32_t)pm->s.pmen << 16;
    case PMCNTRL:
        return pm->s.pmcntrl;
    case PMTMR:
        return clock_count(pm->clock, PIIX4_PM_TIMER_HZ) & 0xffffff;
    case GPSTS:
        return pm->s.gpsts | (uint32_t)pm->s.gpen << 16;
    default:
        return load_u32(&pm->s.other[offset - OTHER]);
    }
}

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    const struct piix4_pm *pm = ctx;
    unsigned at = (unsigned)offset & 60, shift = 8 * ((unsigned)offset & 3);
    uint64_t value = read_dword(pm, at);
    if (shift + 8 * size > 32)
        value |= (uint64_t)read_dword(pm, (at + 4) & 60) << 32;
    return value >> shift & size_mask(size);
}

static void set_byte(uint16_t *reg, unsigned high, uint8_t value, uint16_t writable)
{
    uint16_t mask = writable & (high ? 0xff00 : 0x00ff);
    *reg = (uint16_t)((*reg & ~mask) | ((high ? value << 8 : value) & mask));
}

static void write_control(struct piix4_pm *pm, unsigned high, uint8_t value)
{
    set_byte(&pm->s.pmcntrl, high, value, PMCNTRL_WRITABLE);
    if (!high || !(value & SUS_EN >> 8))
        return;
    unsigned type = pm->s.pmcntrl >> SUS_TYP_SHIFT & 7;
    if (type != SUS_TYP_SOFT_OFF)
        log_line(pm->log, LOG_NOT_IMPLEMENTED, "piix4_pm: suspend type %u", type);
    else if (pm->power_off)
        pm->power_off(pm->power_off_ctx);
}

static void write_byte(struct piix4_pm *pm, unsigned offset, uint8_t value)
{
    unsigned high = offset & 1;
    switch (offset & ~1u) {
    case PMSTS:
        if (!high && value & TMROF)
            pm->s.tmrof_seen = timer_changes(pm);
        pm->s.pmsts &= (uint16_t) ~(high ? value << 8 : value);
        break;
    case PMEN:
        set_byte(&pm->s.pmen, high, value, PMEN_WRITABLE);
        break;
    case PMCNTRL:
        write_control(pm, high, value);
        break;
    case GPSTS:
        pm->s.gpsts &= (uint16_t) ~(high ? value << 8 : value);
        break;
    case GPEN:
        set_byte(&pm->s.gpen, high, value, GP_EVENTS);
        break;
    default:
        if (offset >= OTHER) {
            uint8_t *reg = &pm->s.other[offset - OTHER], mask = other_write[offset - OTHER];
            *reg = (uint8_t)((*reg & ~mask) | (value & mask));
        }
        break;
    }
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    struct piix4_pm *pm = ctx;
    for (unsigned n = 0; n < size; n++)
        write_byte(pm, ((unsigned)offset + n) & 63, (uint8_t)(value >> (8 * n)));
    refresh(pm);
}

const struct io_ops piix4_pm_io = {.read = read_port, .write = write_port, .sizes = 1 | 2 | 4};

static uint64_t read_apm(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    const struct piix4_pm *pm = ctx;
    return offset ? pm->s.apms : pm->s.apmc;
}

static void write_apm(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    struct piix4_pm *pm = ctx;
    if (offset) {
        pm->s.apms = (uint8_t)value;
        return;
    }
    pm->s.apmc = (uint8_t)value;
    if (value == ACPI_ENABLE)
        pm->s.pmcntrl |= SCI_EN;
    else if (value == ACPI_DISABLE)
        pm->s.pmcntrl &= (uint16_t)~SCI_EN;
    refresh(pm);
}

const struct io_ops piix4_apm_io = {.read = read_apm, .write = write_apm, .sizes = 1};

void piix4_pm_power_button(struct piix4_pm *pm)
{
    pm->s.pmsts |= PWRBTN;
    refresh(pm);
}

void piix4_pm_gpe(struct piix4_pm *pm, unsigned n)
{
    if (n < 16)
        pm->s.gpsts |= (uint16_t)(1u << n & GP_EVENTS);
    refresh(pm);
}

static void reset(void *self)
{
    struct piix4_pm *pm = self;
    memcpy(pm->s.pci[0].config, config_reset, sizeof config_reset);
    memcpy(pm->s.other, other_reset, sizeof other_reset);
    pm->s.tmrof_seen = timer_changes(pm);
}

static const char *check(const void *self)
{
    const struct piix4_pm *pm = self;
    const struct piix4_pm_state *s = &pm->s;
    if (!pci_config_plausible(&s->pci[0], config_reset, config_write, config_clear))
        return "piix4_pm: a read-only bit of configuration space differs";
    if (s->pmsts & ~PMSTS_CLEARABLE || s->pmen & ~PMEN_WRITABLE || s->pmcntrl & ~PMCNTRL_WRITABLE)
        return "piix4_pm: pmsts, pmen or pmcntrl has reserved bits set";
    if ((s->gpsts | s->gpen) & ~GP_EVENTS)
        return "piix4_pm: gpsts or gpen has reserved bits set";
    if (s->tmrof_seen > TMROF_SEEN_MAX)
        return "piix4_pm: tmrof_seen is out of range";
    for (unsigned n = 0; n < sizeof s->other; n++)
        if ((s->other[n] ^ other_reset[n]) & ~other_write[n])
            return "piix4_pm: a read-only bit of registers 10h to 3Fh differs";
    return NULL;
}

static void update(void *self)
{
    struct piix4_pm *pm = self;
    refresh(pm);
    if (pm->io_changed)
        pm->io_changed(pm->io_ctx);
}

const struct device_class piix4_pm_class = {
    .name = "piix4_pm",
    .title = "Intel 82371AB power management",
    .version = 1,
    .fields = piix4_pm_state_fields,
    .state_offset = offsetof(struct piix4_pm, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void piix4_pm_init(struct piix4_pm *pm, struct pci_bus *bus, struct clock *clock, uint32_t overflow_event)
{
    *pm = (struct piix4_pm){.clock = clock};
    event_init(&pm->overflow, clock, overflow_event, overflow_fire, pm);
    pm->pci = (struct pci_function){
        .s = &pm->s.pci[0],
        .write_mask = config_write,
        .clear_mask = config_clear,
        .config_changed = config_changed,
        .ctx = pm,
    };
    pci_bus_attach(bus, PIIX4_PM_DEVICE, PIIX4_PM_FUNCTION, &pm->pci);
    device_reset(&(struct device){&piix4_pm_class, pm});
}

void piix4_pm_firmware_setup(struct piix4_pm *pm, uint16_t io_base)
{
    uint8_t *config = pm->s.pci[0].config;
    store_u16(&config[PMBA], (uint16_t)((io_base & 0xffc0) | 1));
    config[PMREGMISC] |= 1;
    config[0x3c] = PIIX4_SCI_IRQ;
    update(pm);
}
