// Guest physical memory: stores with the code and table watches, and bulk access.
#include "core/phys.h"

void phys_init(struct phys *p, uint8_t *ram, uint64_t ram_size, struct phys_page *dir, struct map *devices)
{
    // As on the real board, RAM stops below the PCI window and continues at 4 GiB.
    uint64_t low = ram_size > 0xe0000000u ? 0xc0000000u : ram_size;
    *p = (struct phys){.ram = ram, .ram_size = ram_size, .low_size = low, .dir = dir, .devices = devices};
    p->a20_mask = ~(uint64_t)0;
    for (uint64_t n = 0; n < ram_size >> PAGE_SHIFT; n++) {
        bool vga = n >= 0xa0 && n < 0xc0;
        dir[n].host = vga ? NULL : ram + (n << PAGE_SHIFT);
        dir[n].flags = vga ? 0 : PHYS_RAM;
    }
}

static uint64_t granules(unsigned off, unsigned size)
{
    unsigned first = off / GRANULE_SIZE, last = (off + size - 1) / GRANULE_SIZE;
    return (~(uint64_t)0 >> (63 - last)) & (~(uint64_t)0 << first);
}

// Present and accessed, in an entry of any format (the bits are the same in all of them).
enum { ENTRY_USED = 0x21 };

// Tells the watch of each changed dword that can belong to a used table entry. An eight-byte entry has its bits in the
// low half, so a change of the upper half looks there; that drops at most too much.
static void table_changes(struct phys *p, struct phys_page *page, unsigned off, const uint8_t *old, unsigned n)
{
    uint64_t base = phys_page_addr(p, page);
    for (unsigned k = 0; k < n; k += 4) {
        if (load_u32(old + k) == load_u32(page->host + off + k))
            continue;
        bool used = (load_u32(old + k) & ENTRY_USED) == ENTRY_USED;
        if ((off + k) & 4)
            used |= ((k ? load_u32(old + k - 4) : load_u32(page->host + off + k - 4)) & ENTRY_USED) == ENTRY_USED;
        if (used)
            p->watch.table_write(p->watch.ctx, page, base + off + k);
    }
}

// Bytes [off, off+n) of one RAM page.
static void page_write(struct phys *p, struct phys_page *page, unsigned off, const uint8_t *bytes, unsigned n)
{
    page->flags |= PHYS_DIRTY;
    uint64_t hit = page->code || page->table ? granules(off, n) : 0;
    if (page->code & hit || unlikely(page->flags & PHYS_MONITOR))
        p->watch.code_write(p->watch.ctx, page, phys_page_addr(p, page) + off, n);
    if (!(page->table & hit)) {
        memcpy(page->host + off, bytes, n);
        return;
    }
    unsigned from = off & ~7u, to = (off + n + 7) & ~7u;
    uint8_t old[PAGE_SIZE];
    memcpy(old, page->host + from, to - from);
    memcpy(page->host + off, bytes, n);
    table_changes(p, page, from, old, to - from);
}

void phys_page_store(struct phys *p, struct phys_page *page, unsigned off, unsigned size, uint64_t value)
{
    if (!(page->flags & PHYS_RAM))
        return;
    uint8_t bytes[8];
    store_le(bytes, size, value);
    page_write(p, page, off, bytes, size);
}

void phys_read(struct phys *p, uint64_t addr, void *buf, size_t n)
{
    uint8_t *out = buf;
    while (n) {
        size_t part = PAGE_SIZE - (addr & PAGE_MASK);
        part = part < n ? part : n;
        struct phys_page *page = phys_page(p, addr);
        if (page)
            memcpy(out, page->host + (addr & PAGE_MASK), part);
        else
            for (size_t k = 0; k < part; k++)
                out[k] = (uint8_t)map_read(p->devices, addr + k, 1);
        addr += part;
        out += part;
        n -= part;
    }
}

void phys_write(struct phys *p, uint64_t addr, const void *buf, size_t n)
{
    const uint8_t *in = buf;
    while (n) {
        size_t part = PAGE_SIZE - (addr & PAGE_MASK);
        part = part < n ? part : n;
        struct phys_page *page = phys_page(p, addr);
        if (page) {
            if (page->flags & PHYS_RAM)
                page_write(p, page, (unsigned)(addr & PAGE_MASK), in, (unsigned)part);
        } else {
            for (size_t k = 0; k < part; k++)
                map_write(p->devices, addr + k, 1, in[k]);
        }
        addr += part;
        in += part;
        n -= part;
    }
}
