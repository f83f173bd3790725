// Guest physical memory: one host allocation for RAM, a page directory that says for each 4 KiB page what it is, and
// the watch on pages that hold decoded code or page tables. Everything that writes guest RAM (processor slow path, DMA,
// loaders) comes through here; the processor's fast path writes directly only to pages whose directory entry has no
// reason to be told (phys_plain()).
#ifndef CORE_PHYS_H
#define CORE_PHYS_H

#include "core/map.h"

#define PAGE_SHIFT   12
#define PAGE_SIZE    4096u
#define PAGE_MASK    ((uint64_t)PAGE_SIZE - 1)
#define GRANULE_SIZE 64u // bytes that one bit of a page's code and table maps covers

enum phys_flag {
    PHYS_RAM = 1,      // reads and writes go to `host`
    PHYS_ROM = 2,      // reads go to `host`, writes are lost
    PHYS_DIRTY = 4,    // written since its hash was taken
    PHYS_HASHED = 8,   // the stored hash is of its content unless PHYS_DIRTY
    PHYS_MONITOR = 32, // stores to it are told to the watch
    PHYS_UPPER = 16,   // its used table entries (also) point to tables, not only to pages
};

// 40 bytes a page. A page with host == NULL is a device's or nobody's: the device map answers.
struct phys_page {
    uint8_t *host;
    uint64_t code;        // granules that hold bytes of decoded instructions
    uint64_t table;       // granules that hold page-table entries that were used by a translation
    uint32_t flags;       // enum phys_flag
    uint32_t cookie;      // the code cache's index for this page, 0 = none
    uint32_t write_epoch; // the processor's flush count when a write TLB entry was last made for it
};

// Who is told before code bytes change and after a used table entry changed. One per machine.
struct phys_watch {
    // Bytes [addr, addr+size) of a page with code granules, or of a PHYS_MONITOR page, are about to change; within one
    // page.
    void (*code_write)(void *ctx, struct phys_page *page, uint64_t addr, unsigned size);
    // The used table entry at `addr` (aligned to 4) was changed.
    void (*table_write)(void *ctx, struct phys_page *page, uint64_t addr);
    void *ctx;
};

struct phys {
    uint8_t *ram;          // owned by the machine
    uint64_t ram_size;     // bytes, a multiple of 4 KiB
    uint64_t low_size;     // RAM below 4 GiB; the rest begins at 4 GiB
    struct phys_page *dir; // ram_size / 4096 entries: low RAM first, then high RAM
    struct map *devices;
    struct phys_watch watch;
    uint64_t a20_mask; // ANDed to every physical address of the processor; all ones when A20 is on
};

// `ram` and `dir` are zeroed memory of ram_size bytes and ram_size / 4096 entries, owned by the caller.
void phys_init(struct phys *p, uint8_t *ram, uint64_t ram_size, struct phys_page *dir, struct map *devices);

// The directory entry of a physical address, or NULL where there is neither RAM nor ROM.
static inline struct phys_page *phys_page(const struct phys *p, uint64_t addr)
{
    uint64_t page = addr >> PAGE_SHIFT;
    if (likely(addr < p->low_size))
        return p->dir[page].host ? &p->dir[page] : NULL;
    uint64_t high = addr - ((uint64_t)1 << 32);
    if (addr >> 32 && high < p->ram_size - p->low_size)
        return &p->dir[(p->low_size + high) >> PAGE_SHIFT];
    return NULL;
}

// The physical address at which a directory entry's page begins.
static inline uint64_t phys_page_addr(const struct phys *p, const struct phys_page *page)
{
    uint64_t addr = (uint64_t)(page - p->dir) << PAGE_SHIFT;
    return addr < p->low_size ? addr : addr - p->low_size + ((uint64_t)1 << 32);
}

// Whether stores may go straight to `host`: plain, already dirty RAM.
static inline bool phys_plain(const struct phys_page *page)
{
    return (page->flags & (PHYS_RAM | PHYS_DIRTY | PHYS_MONITOR)) == (PHYS_RAM | PHYS_DIRTY) && !page->code &&
           !page->table;
}

// A store of 1 to 8 bytes within one RAM page, with dirty marking and the watches. `off` is the offset in the page.
void phys_page_store(struct phys *p, struct phys_page *page, unsigned off, unsigned size, uint64_t value);

// Bulk access by devices and loaders. Parts outside RAM go to the device map byte by byte (reads of nobody give ones).
void phys_read(struct phys *p, uint64_t addr, void *buf, size_t n);
void phys_write(struct phys *p, uint64_t addr, const void *buf, size_t n);

#endif
