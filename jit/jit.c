// The second engine's blocks: when they are translated, how they are linked, entered and dropped.
#include "jit/jit.h"
#include "jit/translate.h"

#include <stdlib.h>
#include <sys/mman.h>

#define CODE_BYTES  (64u << 20)
#define ENTRY_PAGES (CODE_CACHE_BYTES / 1024)
#define ENTRY_BYTES ((size_t)ENTRY_PAGES * PAGE_SIZE * sizeof(uint32_t))

static void import_flags(struct cpu *c)
{
    if (!c->engine.flags_valid)
        return;
    uint16_t f = c->engine.flags;
    flags_import(c, (uint64_t)(f >> 8 & 0xd5) | (uint64_t)(f & 1) << 11);
    c->engine.flags_valid = 0;
}

static void export_flags(struct cpu *c)
{
    uint32_t f = flags_arith(c);
    c->engine.flags = (uint16_t)((f & 0xff) << 8 | (f >> 11 & 1));
}

enum exec_result jit_call_insn(struct cpu *c, const struct insn *i)
{
    c->engine.flags_valid = 1;
    import_flags(c);
    enum exec_result r = i->fn(c, i);
    export_flags(c);
    return r;
}

enum exec_result jit_last_insn(struct cpu *c, const struct insn *i)
{
    c->engine.flags_valid = 1;
    import_flags(c);
    exec_fn *fn = i->flags & INSN_FUSED ? insn_plain_fn(i) : i->fn;
    return fn(c, i);
}

// Links the edge by which code was left to block `b`, if that is where it leads.
static void link_edge(struct jit *j, struct block *b)
{
    struct jit_edge *e = (struct jit_edge *)(uintptr_t)j->c->engine.link;
    j->c->engine.link = NULL;
    if (!e || e->linked || e->from->dead || e->from->page != b->page || e->from->mode != b->mode ||
        e->target != b->off || e->target >= PAGE_SIZE)
        return;
    struct jit_code *code = b->code;
    e->linked = true;
    e->next = code->in;
    code->in = e;
    translate_link(j, e, code->entry);
    j->stats.links++;
}

static enum exec_result run(void *ctx, struct block *b)
{
    struct jit *j = ctx;
    struct cpu *c = j->c;
    link_edge(j, b);
    j->stats.enters++;
    export_flags(c);
    const struct jit_code *code = b->code;
    enum exec_result r = translate_enter(j, code->entry);
    import_flags(c);
    const struct jit_edge *e = c->engine.link;
    if (e)
        c->s.rip =
            c->mode & MODE_64 ? c->s.reg[REG_PAGE_RIP] + e->target : (uint32_t)(c->s.reg[REG_PAGE_RIP] + e->target);
    return r;
}

// A page's entries are those of the mode in which one of its blocks was translated last: others come and go at boot.
static void enter_mode(struct code_page *page, uint32_t mode)
{
    memset(page->entry, 0, PAGE_SIZE * sizeof page->entry[0]);
    page->entry_mode = mode;
    for (unsigned n = 0; n < CODE_BUCKETS; n++)
        for (struct block *b = page->bucket[n]; b; b = b->next)
            if (b->code && b->mode == mode)
                page->entry[b->off] = ((const struct jit_code *)b->code)->entry;
}

static void translate(void *ctx, struct block *b)
{
    struct jit *j = ctx;
    if (j->full || !(b->mode & (MODE_64 | MODE_FLAT)) || b->mode & (MODE_DEBUG | MODE_VM))
        return;
    if (!(b->mode & MODE_64) && (b->mode & (MODE_32 | MODE_STACK32 | MODE_PE)) != (MODE_32 | MODE_STACK32 | MODE_PE))
        return;
    struct jit_code *code = code_alloc(j->c->code, sizeof *code);
    uint32_t entry = code ? translate_block(j, b) : 0;
    if (!entry) {
        // The next turn of the run loop drops everything and begins again.
        j->full = true;
        j->c->map_changed = 1;
        return;
    }
    *code = (struct jit_code){.entry = entry};
    b->code = code;
    j->stats.blocks++;
    if (b->page->entry_mode != b->mode)
        enter_mode(b->page, b->mode);
    b->page->entry[b->off] = entry;
}

static void drop(void *ctx, struct block *b)
{
    struct jit *j = ctx;
    struct jit_code *code = b->code;
    if (b->page->entry[b->off] == code->entry)
        b->page->entry[b->off] = 0;
    for (struct jit_edge *e = code->in; e; e = e->next) {
        e->linked = false;
        translate_link(j, e, e->stub);
    }
    code->in = NULL;
    b->code = NULL;
}

static void flush(void *ctx)
{
    struct jit *j = ctx;
    j->used = j->fixed;
    j->full = false;
    j->c->engine.link = NULL;
    j->stats.flushes++;
    if (j->entry_pages)
        madvise(j->entries, (size_t)j->entry_pages * PAGE_SIZE * sizeof(uint32_t), MADV_DONTNEED);
    j->entry_pages = 0;
}

static uint32_t *entries(void *ctx, uint32_t n)
{
    struct jit *j = ctx;
    if (n >= j->entry_pages)
        j->entry_pages = n + 1;
    return j->entries + (size_t)n * PAGE_SIZE;
}

struct jit *jit_create(struct cpu *c, unsigned threshold)
{
    struct jit *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->c = c;
    j->room = CODE_BYTES;
    j->engine = (struct cpu_engine){j, run, translate, drop, flush, entries, threshold};
    void *table = mmap(NULL, ENTRY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    j->entries = table == MAP_FAILED ? NULL : table;
    if (!j->entries || !codemem_create(&j->mem, CODE_BYTES) || !translate_init(j)) {
        jit_destroy(j);
        return NULL;
    }
    c->engine.code = j->mem.exec;
    c->code->engine = &j->engine;
    cpu_map_changed(c);
    return j;
}

void jit_destroy(struct jit *j)
{
    if (!j)
        return;
    if (j->entries)
        munmap(j->entries, ENTRY_BYTES);
    codemem_destroy(&j->mem);
    free(j);
}

void jit_stats(const struct jit *j, struct jit_stats *stats)
{
    *stats = j->stats;
    stats->code_bytes = j->used;
    stats->code_room = j->room;
}
