// The code cache: decoded blocks by physical page. One per machine; blocks are keyed by mode and position-independent,
// so processors can share it.
#ifndef CPU_CODE_H
#define CPU_CODE_H

#include "cpu/insn.h"

#define CODE_BUCKETS 64

// A physical page that holds decoded code.
struct code_page {
    struct phys_page *phys;
    uint8_t *host;
    uint64_t addr;
    struct block *bucket[CODE_BUCKETS];
    uint32_t *entry;        // by page offset: where the second engine's code for it begins, 0 none; of blocks with ...
    uint32_t entry_mode;    // ... this mode
    struct block *crossing; // blocks of other pages whose only instruction ends here, by next_in
};

struct link {
    struct block *from;
    struct link *next;
    unsigned slot;
};

// Bytes of decoded code that are kept; when they are used up everything is dropped and decoding starts again.
#ifndef CODE_CACHE_BYTES
#define CODE_CACHE_BYTES (24u << 20)
#endif

struct cpu_engine;

struct code_cache {
    const struct cpu_engine *engine; // NULL: none
    struct decode_index index;
    uint8_t *arena;
    size_t used;
    struct code_page **pages; // by cookie - 1
    uint32_t page_count, page_room;
    uint64_t decoded, dropped, flushed; // statistics
    uint8_t stops[PAGE_SIZE / 8];       // by page offset: a breakpoint may stand there; no block goes on beyond it
};

struct code_cache *code_create(uint64_t features);
void code_destroy(struct code_cache *cache);

// Drops every block. Processors must have dropped their fetch TLBs.
void code_flush(struct code_cache *cache, struct phys *phys);

// The code page of a RAM or ROM page; NULL when the cache is full (flush and try again).
struct code_page *code_page(struct code_cache *cache, struct phys *phys, struct phys_page *page);

// The decoded block at page offset `off` in `mode`, or NULL.
static inline struct block *code_find(const struct code_page *page, unsigned off, uint32_t mode)
{
    struct block *b = page->bucket[(off ^ off >> 6) % CODE_BUCKETS];
    while (b && (b->off != off || b->mode != mode))
        b = b->next;
    return b;
}

static inline bool code_stops_at(const struct code_cache *cache, unsigned off)
{
    return cache->stops[off / 8] >> off % 8 & 1;
}

// Decodes a block. `second` is the code page behind (in linear order) if an instruction that crosses the boundary
// stands at `off`; NULL asks whether one is needed: then *need_second is set and NULL returned. NULL without it: cache
// full.
struct block *code_decode(struct code_cache *cache, struct code_page *page, unsigned off, uint32_t mode,
                          struct code_page *second, bool *need_second);

// Remembers that `slot` of `from` leads to `to`.
void code_link(struct code_cache *cache, struct block *from, unsigned slot, struct block *to);

// The block gets code of the second engine: whoever comes here from another block must go through the run loop.
void code_unlink(struct block *b);

// `size` bytes that live until the next flush, or NULL when the cache is full.
void *code_alloc(struct code_cache *cache, size_t size);

// Drops the blocks that touch bytes [off, off+size) of a page.
void code_invalidate(struct code_cache *cache, struct phys_page *page, unsigned off, unsigned size);

#endif
