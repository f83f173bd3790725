// 82441FX host bridge: Intel 440FX PCIset data sheet (290549), section 3: configuration mechanism #1, its function's
// registers, the programmable attribute map (PAM) and SMRAM control. The board acts on PAM and SMRAM by `pam_changed`.
//
// Not implemented: the DRAM, timing, error and deturbo registers, kept without effect; resets by TRC (port CF9h of the
// south bridge is the way); the fixed DRAM hole; special cycles and buses other than 0.
// Differs: the DRAM row boundaries stay at their reset value whatever the size of memory.
#include "devices/i440fx.h"

STATE_TABLE(i440fx_state, I440FX_STATE);

enum {
    PAM0 = 0x59,
    PAM6 = 0x5f,
    SMRAM = 0x72,
    SMRAM_DLCK = 1 << 4,
    SMRAM_DOPEN = 1 << 6,
};

#define CONFADD_ENABLE   ((uint32_t)1 << 31)
#define CONFADD_WRITABLE 0x80fffffcu

// clang-format off
static const uint8_t config_reset[256] = {
    [0x00] = 0x86, 0x80, 0x37, 0x12, // vendor, device
    [0x04] = 0x06, 0x00, 0x80, 0x02, // PCICMD: memory, master; PCISTS: fast back to back, DEVSEL medium
    [0x08] = 0x02, 0x00, 0x00, 0x06, // revision, class: host bridge
    [0x53] = 0x80,                   // DBC
    [0x57] = 0x01, 0x10,             // DRAMC, DRAMT
    [0x60] = 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, // DRB0 to DRB7
    [0x71] = 0x10,                   // CLT
    [SMRAM] = 0x02,
};

static const uint8_t config_write[256] = {
    [0x04] = 0x40, 0x01,                                      // PCICMD: parity error, SERR# enable
    [0x0d] = 0xf8,                                            // MLT
    [0x50] = 0x74, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // PMCCFG to DRAMT
    [0x59] = 0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33,        // PAM0 to PAM6
    [0x60] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // DRB0 to DRB7
    [0x68] = 0xc0,                                            // FDHC
    [0x70] = 0xf8, 0x1f, 0x78,                                // MTT, CLT, SMRAM
    [0x90] = 0xff,                                            // ERRCMD
    [0x93] = 0x0f,                                            // TRC
};

static const uint8_t config_clear[256] = {
    [0x07] = 0xf1, // PCISTS
    [0x91] = 0x13, // ERRSTS
};
// clang-format on

// Once DLCK is set, DOPEN and DLCK are read only until reset (data sheet, SMRAM register).
static void apply_lock(struct i440fx *h)
{
    bool locked = h->s.pci[0].config[SMRAM] & SMRAM_DLCK;
    h->write_mask[SMRAM] = config_write[SMRAM] & (locked ? (uint8_t) ~(SMRAM_DLCK | SMRAM_DOPEN) : 0xff);
}

static void update(void *self)
{
    struct i440fx *h = self;
    apply_lock(h);
    if (h->pam_changed)
        h->pam_changed(h->pam_ctx);
}

static void config_changed(void *ctx, unsigned offset, unsigned size)
{
    struct i440fx *h = ctx;
    uint8_t *smram = &h->s.pci[0].config[SMRAM];
    if (*smram & SMRAM_DLCK)
        *smram &= (uint8_t)~SMRAM_DOPEN;
    bool pam = offset <= PAM6 && offset + size > PAM0;
    if (pam || (offset <= SMRAM && offset + size > SMRAM))
        update(h);
}

unsigned i440fx_pam(const struct i440fx *h, uint32_t addr)
{
    const uint8_t *pam = &h->s.pci[0].config[PAM0];
    if (addr >= 0xf0000)
        return pam[0] >> 4 & 3;
    unsigned block = (addr - 0xc0000) >> 14 & 15; // of 16 KiB; 0 to 11
    return block < 12 ? pam[1 + block / 2] >> (block & 1 ? 4 : 0) & 3 : 0;
}

bool i440fx_smram_open(const struct i440fx *h)
{
    return h->s.pci[0].config[SMRAM] & SMRAM_DOPEN;
}

// Configuration mechanism #1 (PCI 2.1 section 3.7.4.1). Only a dword access to CF8h reaches CONFADD; anything narrower
// is an ordinary I/O cycle, of which the south bridge claims CF9h.

static uint32_t read_data(const struct i440fx *h, unsigned lane, unsigned size)
{
    uint32_t a = h->s.confadd;
    if (!(a & CONFADD_ENABLE) || (a >> 16 & 0xff) != 0)
        return (uint32_t)size_mask(size);
    return pci_bus_read(h->bus, (uint8_t)(a >> 8), (a & 0xfc) + lane, size);
}

static void write_data(struct i440fx *h, unsigned lane, unsigned size, uint32_t value)
{
    uint32_t a = h->s.confadd;
    if (a & CONFADD_ENABLE && (a >> 16 & 0xff) == 0)
        pci_bus_write(h->bus, (uint8_t)(a >> 8), (a & 0xfc) + lane, size, value);
}

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    struct i440fx *h = ctx;
    if (offset == 0 && size == 4)
        return h->s.confadd;
    if (offset >= 4)
        return read_data(h, (unsigned)offset - 4, size);
    if (size == 1)
        return offset == 1 && h->cf9 && h->cf9->read ? h->cf9->read(h->cf9_ctx, 0, 1) & 0xff : 0xff;
    uint64_t value = 0;
    for (unsigned n = 0; n < size; n++)
        value |= read_port(h, offset + n, 1) << (8 * n);
    return value;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    struct i440fx *h = ctx;
    if (offset == 0 && size == 4)
        h->s.confadd = (uint32_t)value & CONFADD_WRITABLE;
    else if (offset >= 4)
        write_data(h, (unsigned)offset - 4, size, (uint32_t)value);
    else if (size > 1)
        for (unsigned n = 0; n < size; n++)
            write_port(h, offset + n, 1, value >> (8 * n) & 0xff);
    else if (offset == 1 && h->cf9 && h->cf9->write)
        h->cf9->write(h->cf9_ctx, 0, 1, value);
}

const struct io_ops i440fx_io = {.read = read_port, .write = write_port, .sizes = 1 | 2 | 4};

static void reset(void *self)
{
    struct i440fx *h = self;
    memcpy(h->s.pci[0].config, config_reset, sizeof config_reset);
    apply_lock(h);
}

static const char *check(const void *self)
{
    const struct i440fx *h = self;
    if (h->s.confadd & ~CONFADD_WRITABLE)
        return "i440fx: confadd has reserved bits set";
    if (!pci_config_plausible(&h->s.pci[0], config_reset, config_write, config_clear))
        return "i440fx: a read-only bit of configuration space differs";
    uint8_t smram = h->s.pci[0].config[SMRAM];
    if (smram & SMRAM_DLCK && smram & SMRAM_DOPEN)
        return "i440fx: SMRAM is both locked and open";
    return NULL;
}

const struct device_class i440fx_class = {
    .name = "i440fx",
    .title = "Intel 82441FX host bridge",
    .version = 1,
    .fields = i440fx_state_fields,
    .state_offset = offsetof(struct i440fx, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void i440fx_init(struct i440fx *h, struct pci_bus *bus)
{
    *h = (struct i440fx){.bus = bus};
    memcpy(h->write_mask, config_write, sizeof config_write);
    h->pci = (struct pci_function){
        .s = &h->s.pci[0],
        .write_mask = h->write_mask,
        .clear_mask = config_clear,
        .config_changed = config_changed,
        .ctx = h,
    };
    pci_bus_attach(bus, 0, 0, &h->pci);
    device_reset(&(struct device){&i440fx_class, h});
}

void i440fx_firmware_setup(struct i440fx *h)
{
    uint8_t *pam = &h->s.pci[0].config[PAM0];
    pam[0] = I440FX_PAM_READ << 4;
    for (unsigned n = 1; n <= PAM6 - PAM0; n++)
        pam[n] = I440FX_PAM_READ << 4 | I440FX_PAM_READ;
    update(h);
}
