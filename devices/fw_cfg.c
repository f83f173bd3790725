// Firmware configuration: QEMU's device with its ports and DMA (QEMU, docs/specs/fw_cfg): selector at 510h, data at
// 511h, DMA address at 514h. Nothing here is state but what is selected; the items are set up by the board.
//
// Not implemented: items that the guest can write: data port writes do nothing, and DMA writes end with an error.
// Differs: a DMA transfer to what is no RAM ends with an error there.
#include "devices/fw_cfg.h"

STATE_TABLE(fw_cfg_state, FW_CFG_STATE);

enum { SELECTOR = 0, DATA = 1, DMA_HIGH = 4, DMA_LOW = 8 };

enum {
    DMA_ERROR = 1,
    DMA_READ = 2,
    DMA_SKIP = 4,
    DMA_SELECT = 8,
    DMA_WRITE = 16,
};

enum {
    KEY_MASK = 0xbfff, // bit 14 once asked for writing
    ID_TRADITIONAL = 1,
    ID_DMA = 2,
    FILE_ENTRY = 64, // of the directory: size, key, reserved, name
    FILE_NAME = 8,
};

static const uint8_t dma_signature[8] = "QEMU CFG";
static const uint8_t zeros[PAGE_SIZE];

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_big32(uint8_t *p, uint32_t v)
{
    for (unsigned n = 0; n < 4; n++)
        p[n] = (uint8_t)(v >> (24 - 8 * n));
}

// ---- Items ----

static struct fw_cfg_item *find(struct fw_cfg *f, unsigned key)
{
    if (key >= FW_CFG_FILE_FIRST && key < FW_CFG_FILE_FIRST + f->files)
        return &f->file[key - FW_CFG_FILE_FIRST];
    for (unsigned n = 0; n < f->items; n++)
        if (f->item[n].key == key)
            return &f->item[n];
    return NULL;
}

static const uint8_t *bytes_of(const struct fw_cfg_item *item)
{
    return item->bytes ? item->bytes : item->number;
}

// The room for an item with that key, or NULL.
static struct fw_cfg_item *place(struct fw_cfg *f, unsigned key, uint32_t size)
{
    struct fw_cfg_item *item = find(f, key);
    if (!item && f->items < FW_CFG_ITEMS)
        item = &f->item[f->items++];
    if (item)
        *item = (struct fw_cfg_item){.key = (uint16_t)key, .size = size};
    return item;
}

bool fw_cfg_add(struct fw_cfg *f, unsigned key, const void *bytes, uint32_t size)
{
    struct fw_cfg_item *item = place(f, key, bytes ? size : 0);
    if (item)
        item->bytes = bytes;
    return item;
}

bool fw_cfg_add_number(struct fw_cfg *f, unsigned key, unsigned size, uint64_t value)
{
    struct fw_cfg_item *item = place(f, key, size);
    if (item)
        store_u64(item->number, value);
    return item;
}

static uint8_t *entry(struct fw_cfg *f, unsigned n)
{
    return f->directory + 4 + n * FILE_ENTRY;
}

bool fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *bytes, uint32_t size)
{
    size_t length = strlen(name);
    if (f->files == FW_CFG_FILES || !length || length >= FW_CFG_NAME_BYTES)
        return false;
    unsigned at = 0;
    while (at < f->files && strcmp((const char *)entry(f, at) + FILE_NAME, name) < 0)
        at++;
    if (at < f->files && !strcmp((const char *)entry(f, at) + FILE_NAME, name))
        return false;
    memmove(&f->file[at + 1], &f->file[at], (f->files - at) * sizeof f->file[0]);
    memmove(entry(f, at + 1), entry(f, at), (size_t)(f->files - at) * FILE_ENTRY);
    f->files++;
    f->file[at] = (struct fw_cfg_item){.size = bytes ? size : 0, .bytes = bytes};
    memset(entry(f, at), 0, FILE_ENTRY);
    put_big32(entry(f, at), f->file[at].size);
    memcpy(entry(f, at) + FILE_NAME, name, length);
    put_big32(f->directory, f->files);
    for (unsigned n = 0; n < f->files; n++) {
        f->file[n].key = (uint16_t)(FW_CFG_FILE_FIRST + n);
        put_big32(entry(f, n) + 4, (uint32_t)f->file[n].key << 16);
    }
    return fw_cfg_add(f, FW_CFG_FILE_DIR, f->directory, 4 + f->files * FILE_ENTRY);
}

// ---- Reading ----

static void select_item(struct fw_cfg *f, unsigned key)
{
    f->s.selector = key & KEY_MASK;
    f->s.offset = 0;
}

// What is left of the selected item.
static uint32_t left(struct fw_cfg *f, const uint8_t **bytes)
{
    const struct fw_cfg_item *item = find(f, f->s.selector);
    if (!item || f->s.offset >= item->size)
        return 0;
    *bytes = bytes_of(item) + f->s.offset;
    return item->size - f->s.offset;
}

static uint8_t next_byte(struct fw_cfg *f)
{
    const uint8_t *bytes;
    if (!left(f, &bytes))
        return 0;
    f->s.offset++;
    return *bytes;
}

// ---- DMA ----

// Whether `n` bytes at a physical address, within one page, are RAM.
static bool is_ram(const struct fw_cfg *f, uint64_t addr)
{
    const struct phys_page *page = phys_page(f->phys, addr);
    return page && page->flags & PHYS_RAM;
}

// The item and then zeros, page by page: no more of them than there is RAM.
static bool dma_read(struct fw_cfg *f, uint64_t addr, uint32_t length)
{
    while (length) {
        const uint8_t *bytes = zeros;
        uint32_t have = left(f, &bytes), part = (uint32_t)(PAGE_SIZE - (addr & PAGE_MASK));
        part = part < length ? part : length;
        if (have && part > have)
            part = have;
        if (!is_ram(f, addr))
            return false;
        phys_write(f->phys, addr, bytes, part);
        f->s.offset += have ? part : 0;
        addr += part;
        length -= part;
    }
    return true;
}

static bool transfer(struct fw_cfg *f, uint32_t control, uint32_t length, uint64_t addr)
{
    const uint8_t *bytes;
    if (control & DMA_SELECT)
        select_item(f, control >> 16);
    if (control & DMA_READ)
        return dma_read(f, addr, length);
    if (control & DMA_WRITE)
        return false;
    if (control & DMA_SKIP) {
        uint32_t have = left(f, &bytes);
        f->s.offset += length < have ? length : have;
    }
    return true;
}

// The address register is complete: control, length and address are read from there, and control is written back.
static void run_dma(struct fw_cfg *f)
{
    uint8_t access[16], done[4] = {0};
    uint64_t at = f->s.dma;
    f->s.dma = 0;
    if (!is_ram(f, at) || !is_ram(f, at + sizeof access - 1))
        return;
    phys_read(f->phys, at, access, sizeof access);
    uint64_t addr = (uint64_t)big32(access + 8) << 32 | big32(access + 12);
    if (!transfer(f, big32(access), big32(access + 4), addr))
        put_big32(done, DMA_ERROR);
    phys_write(f->phys, at, done, sizeof done);
}

// ---- Ports ----

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    struct fw_cfg *f = ctx;
    uint64_t value = 0;
    for (unsigned n = 0; n < size; n++) {
        uint64_t at = offset + n;
        uint8_t byte = at == DATA                             ? next_byte(f)
                       : at >= DMA_HIGH && at < FW_CFG_WINDOW ? dma_signature[at - DMA_HIGH]
                                                              : 0;
        value |= (uint64_t)byte << 8 * n;
    }
    return value;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    struct fw_cfg *f = ctx;
    uint32_t swapped = __builtin_bswap32((uint32_t)value);
    if (offset == SELECTOR && size == 2) {
        select_item(f, (unsigned)value);
    } else if (offset == DMA_HIGH && size == 4) {
        f->s.dma = (uint64_t)swapped << 32 | (uint32_t)f->s.dma;
    } else if (offset == DMA_LOW && size == 4) {
        f->s.dma = (f->s.dma & ~(uint64_t)UINT32_MAX) | swapped;
        run_dma(f);
    }
}

const struct io_ops fw_cfg_io = {.read = read_port, .write = write_port, .sizes = 1 | 2 | 4};

// Any selector and offset will do: both are compared with the items at each use.
const struct device_class fw_cfg_class = {
    .name = "fw_cfg",
    .title = "Firmware configuration",
    .version = 1,
    .fields = fw_cfg_state_fields,
    .state_offset = offsetof(struct fw_cfg, s),
};

void fw_cfg_init(struct fw_cfg *f, struct phys *phys)
{
    static const uint8_t signature[] = {'Q', 'E', 'M', 'U'};
    *f = (struct fw_cfg){.phys = phys};
    device_reset(&(struct device){&fw_cfg_class, f});
    fw_cfg_add(f, FW_CFG_SIGNATURE, signature, sizeof signature);
    fw_cfg_add_number(f, FW_CFG_ID, 4, ID_TRADITIONAL | ID_DMA);
    fw_cfg_add(f, FW_CFG_FILE_DIR, f->directory, 4);
}
