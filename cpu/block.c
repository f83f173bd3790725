// Decoded blocks (docs/architecture.md: Blocks): at most 64 instructions within one physical page. An instruction that
// crosses into the next page is a block of its own, registered on both pages. Invalidation is by 64-byte granules.
#include "cpu/engine.h"

#include <stdlib.h>

struct code_cache *code_create(uint64_t features)
{
    struct code_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->arena = malloc(CODE_CACHE_BYTES);
    cache->page_room = CODE_CACHE_BYTES / 1024;
    cache->pages = calloc(cache->page_room, sizeof cache->pages[0]);
    if (!cache->arena || !cache->pages) {
        code_destroy(cache);
        return NULL;
    }
    decode_index_init(&cache->index, features);
    return cache;
}

void code_destroy(struct code_cache *cache)
{
    if (!cache)
        return;
    free(cache->arena);
    free(cache->pages);
    free(cache);
}

void *code_alloc(struct code_cache *cache, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > CODE_CACHE_BYTES - cache->used)
        return NULL;
    void *p = cache->arena + cache->used;
    cache->used += size;
    return p;
}

void code_flush(struct code_cache *cache, struct phys *phys)
{
    (void)phys;
    if (cache->engine)
        cache->engine->flush(cache->engine->ctx);
    for (uint32_t n = 0; n < cache->page_count; n++) {
        cache->pages[n]->phys->code = 0;
        cache->pages[n]->phys->cookie = 0;
    }
    cache->page_count = 0;
    cache->used = 0;
    cache->flushed++;
}

struct code_page *code_page(struct code_cache *cache, struct phys *phys, struct phys_page *page)
{
    if (page->cookie)
        return cache->pages[page->cookie - 1];
    if (cache->page_count == cache->page_room)
        return NULL;
    struct code_page *p = code_alloc(cache, sizeof *p);
    if (!p)
        return NULL;
    memset(p, 0, sizeof *p);
    p->phys = page;
    p->host = page->host;
    p->addr = phys_page_addr(phys, page);
    if (cache->engine)
        p->entry = cache->engine->entries(cache->engine->ctx, cache->page_count);
    cache->pages[cache->page_count++] = p;
    page->cookie = cache->page_count;
    return p;
}

static uint64_t granules(unsigned from, unsigned to) // [from, to), from < to <= PAGE_SIZE
{
    unsigned first = from / GRANULE_SIZE, last = (to - 1) / GRANULE_SIZE;
    return (~(uint64_t)0 >> (63 - last)) & (~(uint64_t)0 << first);
}

static uint64_t block_granules(const struct block *b)
{
    return granules(b->off, b->end < PAGE_SIZE ? b->end : PAGE_SIZE);
}

static void finish(struct insn *sentinel, unsigned index, unsigned ip)
{
    *sentinel = (struct insn){.fn = x_block_end, .index = (uint8_t)index, .ip = (uint16_t)ip};
}

static void enter(struct code_page *page, struct block *b)
{
    struct block **bucket = &page->bucket[(b->off ^ b->off >> 6) % CODE_BUCKETS];
    b->next = *bucket;
    *bucket = b;
    page->phys->code |= block_granules(b);
}

// An instruction whose bytes go on in the next page.
static struct block *decode_crossing(struct code_cache *cache, struct code_page *page, unsigned off, uint32_t mode,
                                     struct code_page *second)
{
    struct block *b = code_alloc(cache, sizeof *b + 2 * sizeof(struct insn));
    if (!b)
        return NULL;
    memset(b, 0, sizeof *b);
    uint8_t bytes[16];
    unsigned here = PAGE_SIZE - off;
    memcpy(bytes, page->host + off, here);
    memcpy(bytes + here, second->host, sizeof bytes - here);
    b->insn[0].index = 0;
    decode(&cache->index, mode, bytes, 15, off, &b->insn[0]);
    finish(&b->insn[1], 1, b->insn[0].ip);
    *b = (struct block){.page = page,
                        .mode = mode,
                        .off = (uint16_t)off,
                        .end = b->insn[0].ip,
                        .count = 1,
                        .crosses = 1,
                        .unlinked = 1};
    b->second = second;
    b->next_in = second->crossing;
    second->crossing = b;
    if (b->end > PAGE_SIZE)
        second->phys->code |= granules(0, b->end - PAGE_SIZE);
    enter(page, b);
    return b;
}

struct block *code_decode(struct code_cache *cache, struct code_page *page, unsigned off, uint32_t mode,
                          struct code_page *second, bool *need_second)
{
    *need_second = false;
    cache->decoded++;
    if (second)
        return decode_crossing(cache, page, off, mode, second);

    struct insn insn[BLOCK_MAX];
    unsigned n = 0, at = off, max = mode & MODE_DEBUG ? 1 : BLOCK_MAX;
    bool open = true;
    while (open && n < max && at < PAGE_SIZE) {
        insn[n].index = (uint8_t)n;
        enum decode_status status = decode(&cache->index, mode, page->host + at, PAGE_SIZE - at, at, &insn[n]);
        if (status == DECODE_MORE) {
            if (n == 0) {
                *need_second = true;
                return NULL;
            }
            break;
        }
        at = insn[n].ip;
        open = status == DECODE_OK && !(insn_rows[insn[n].row].attr & A_ENDS) &&
               !(insn_rows[insn[n].row].attr & A_STRING && insn[n].flags & (INSN_REP | INSN_REPNE)) &&
               !(at < PAGE_SIZE && code_stops_at(cache, at));
        n++;
    }
    fuse(&cache->index, insn, n);

    struct block *b = code_alloc(cache, sizeof *b + (n + 1) * sizeof(struct insn));
    if (!b)
        return NULL;
    *b = (struct block){.page = page,
                        .mode = mode,
                        .off = (uint16_t)off,
                        .end = (uint16_t)at,
                        .count = (uint8_t)n,
                        .unlinked = code_stops_at(cache, off)};
    memcpy(b->insn, insn, n * sizeof insn[0]);
    finish(&b->insn[n], n, at);
    enter(page, b);
    return b;
}

void code_link(struct code_cache *cache, struct block *from, unsigned slot, struct block *to)
{
    struct link *l = code_alloc(cache, sizeof *l);
    if (!l)
        return;
    *l = (struct link){from, to->in, slot};
    to->in = l;
    from->link[slot] = to;
}

void code_unlink(struct block *b)
{
    for (struct link *l = b->in; l; l = l->next)
        if (l->from->link[l->slot] == b)
            l->from->link[l->slot] = NULL;
    b->in = NULL;
}

static void drop(struct code_cache *cache, struct block *b)
{
    cache->dropped++;
    b->dead = 1;
    if (b->code)
        cache->engine->drop(cache->engine->ctx, b);
    code_unlink(b);
    struct block **p = &b->page->bucket[(b->off ^ b->off >> 6) % CODE_BUCKETS];
    while (*p && *p != b)
        p = &(*p)->next;
    if (*p)
        *p = b->next;
    if (b->crosses) {
        for (p = &b->second->crossing; *p && *p != b;)
            p = &(*p)->next_in;
        if (*p)
            *p = b->next_in;
    }
}

// The granules that blocks of this page still cover.
static void recompute(struct code_page *page)
{
    uint64_t map = 0;
    for (unsigned k = 0; k < CODE_BUCKETS; k++)
        for (struct block *b = page->bucket[k]; b; b = b->next)
            map |= block_granules(b);
    for (struct block *b = page->crossing; b; b = b->next_in)
        if (b->end > PAGE_SIZE)
            map |= granules(0, b->end - PAGE_SIZE);
    page->phys->code = map;
}

void code_invalidate(struct code_cache *cache, struct phys_page *phys, unsigned off, unsigned size)
{
    if (!phys->cookie)
        return;
    struct code_page *page = cache->pages[phys->cookie - 1];
    uint64_t hit = granules(off, off + size);
    for (unsigned k = 0; k < CODE_BUCKETS; k++) {
        for (struct block *b = page->bucket[k], *next; b; b = next) {
            next = b->next;
            if (block_granules(b) & hit) {
                struct code_page *second = b->crosses ? b->second : NULL;
                drop(cache, b);
                if (second)
                    recompute(second);
            }
        }
    }
    for (struct block *b = page->crossing, *next; b; b = next) {
        next = b->next_in;
        if (b->end > PAGE_SIZE && granules(0, b->end - PAGE_SIZE) & hit) {
            struct code_page *first = b->page;
            drop(cache, b);
            recompute(first);
        }
    }
    recompute(page);
}
