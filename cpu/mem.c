// The slow paths behind the soft TLB: translation, page crossings, devices, and pages that are watched. Whatever is not
// a plain access to RAM is done only while stepping (see cpu/exec.h), so that the run loop sees every effect at once.
#include "cpu/debug.h"
#include "cpu/observe.h"
#include "cpu/paging.h"

enum exec_result ask_step(struct cpu *c, const struct insn *i)
{
    c->s.rip = rip_of(c, i);
    c->tick += i->index;
    c->alone = i;
    return EXEC_STEP;
}

static enum exec_result page_fault(struct cpu *c, const struct insn *i)
{
    c->s.rip = rip_of(c, i);
    c->tick += i->index;
    return EXEC_FAULT;
}

// #SS(0) for stack accesses, else #GP(0) (SDM vol. 3A, 6.15): operands in SS, and what PUSH, POP, CALL and kin access
// beside their operand.
static enum exec_result non_canonical(struct cpu *c, const struct insn *i, uint64_t linear)
{
    bool implicit = insn_rows[i->row].implicit_read & (R_(RSP) | R_(RBP));
    bool operand = i->flags & INSN_MEM && (!implicit || linear - ea_offset(c, i) < 16);
    bool stack = operand ? i->seg == SEG_SS : implicit;
    return fault_code(c, i, stack ? EXC_SS : EXC_GP, 0);
}

// Both ends of an access must be canonical before anything is translated.
static inline enum exec_result check_canonical(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size)
{
    bool good = !(c->mode & MODE_64) || (canonical(linear) && canonical(linear + size - 1));
    return likely(good) ? EXEC_NEXT : non_canonical(c, i, linear);
}

// Alignment is a matter of the linear address, and comes before translation.
static inline bool misaligned(const struct cpu *c, uint64_t linear, unsigned size)
{
    return unlikely(c->align_check) && linear & (size - 1);
}

static enum exec_result alignment_fault(struct cpu *c, const struct insn *i)
{
    return fault_code(c, i, EXC_AC, 0);
}

// Translates one page of an access; FAULT or NEXT.
static enum exec_result resolve(struct cpu *c, const struct insn *i, uint64_t linear, enum access_kind kind,
                                struct translation *t)
{
    if (!(c->mode & MODE_64))
        linear = (uint32_t)linear;
    if (!translate(c, linear, kind, tlb_context(c), t))
        return page_fault(c, i);
    bool alone = c->walk_hit_code && !c->stepping;
    c->walk_hit_code = 0;
    return alone ? ask_step(c, i) : EXEC_NEXT;
}

static bool crosses(uint64_t linear, unsigned size)
{
    return (linear & PAGE_MASK) + size > PAGE_SIZE;
}

static uint64_t granules(unsigned off, unsigned size)
{
    unsigned first = off / GRANULE_SIZE, last = (off + size - 1) / GRANULE_SIZE;
    return (~(uint64_t)0 >> (63 - last)) & (~(uint64_t)0 << first);
}

// Whether a load there must be done alone: it comes from a device or nobody, or from a page with a data breakpoint.
static bool special_load(const struct cpu *c, const struct translation *t, uint64_t linear)
{
    return !t->page || debug_watched(c, linear);
}

// Whether a store there must be done alone: moreover if it hits decoded code or a used table entry.
static bool special_store(const struct cpu *c, const struct translation *t, uint64_t linear, unsigned size)
{
    if (special_load(c, t, linear))
        return true;
    return ((t->page->code | t->page->table) & granules((unsigned)(t->phys & PAGE_MASK), size)) != 0;
}

static uint64_t read_part(struct cpu *c, const struct insn *i, const struct translation *t, unsigned size)
{
    if (t->page)
        return load_le(t->page->host + (t->phys & PAGE_MASK), size);
    tick_sync(c, i);
    return map_read(c->phys->devices, t->phys, size);
}

static void write_part(struct cpu *c, const struct insn *i, const struct translation *t, unsigned size, uint64_t v)
{
    if (t->page) {
        phys_page_store(c->phys, t->page, (unsigned)(t->phys & PAGE_MASK), size, v);
        return;
    }
    tick_sync(c, i);
    map_write(c->phys->devices, t->phys, size, v);
}

// An access over a page boundary, byte by byte: `first` bytes lie in page a.
static uint64_t read_two(struct cpu *c, const struct insn *i, struct translation a, struct translation b,
                         unsigned first, unsigned size)
{
    uint64_t v = 0;
    for (unsigned n = 0; n < size; n++) {
        struct translation *t = n < first ? &a : &b;
        v |= read_part(c, i, t, 1) << (8 * n);
        t->phys++;
    }
    return v;
}

static void write_two(struct cpu *c, const struct insn *i, struct translation a, struct translation b, unsigned first,
                      unsigned size, uint64_t v)
{
    for (unsigned n = 0; n < size; n++) {
        struct translation *t = n < first ? &a : &b;
        write_part(c, i, t, 1, (uint8_t)(v >> (8 * n)));
        t->phys++;
    }
}

static void traced(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, bool write, uint64_t value)
{
    if (unlikely(c->observer.traces & TRACE_MEM))
        observe_memory(c, (c->mode & MODE_64 ? 0 : c->s.seg[SEG_CS].base) + rip_of(c, i), c->tick + i->index, linear,
                       size, write, value);
}

enum exec_result load_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size)
{
    struct translation a, b;
    c->mem_value = 0;
    TRY(check_canonical(c, i, linear, size));
    if (misaligned(c, linear, size))
        return alignment_fault(c, i);
    TRY(resolve(c, i, linear, FOR_READ, &a));
    if (!crosses(linear, size)) {
        if (special_load(c, &a, linear)) {
            if (!c->stepping)
                return ask_step(c, i);
            debug_access(c, linear, size, false);
        } else if (a.cacheable) {
            tlb_fill_data(c, tlb_context(c), false, c->s.efer & EFER_LMA ? linear : (uint32_t)linear, a.page);
        }
        c->mem_value = read_part(c, i, &a, size);
        traced(c, i, linear, size, false, c->mem_value);
        return EXEC_NEXT;
    }
    unsigned first = PAGE_SIZE - (unsigned)(linear & PAGE_MASK);
    TRY(resolve(c, i, linear + first, FOR_READ, &b));
    if (special_load(c, &a, linear) || special_load(c, &b, linear + first)) {
        if (!c->stepping)
            return ask_step(c, i);
        debug_access(c, linear, size, false);
    }
    c->mem_value = read_two(c, i, a, b, first, size);
    traced(c, i, linear, size, false, c->mem_value);
    return EXEC_NEXT;
}

// The plain case of a store within one page: may the fast path do it from now on?
static void fill_write(struct cpu *c, uint64_t linear, const struct translation *t)
{
    struct phys_page *page = t->page;
    if (!(page->flags & PHYS_RAM))
        return;
    page->flags |= PHYS_DIRTY;
    if (phys_plain(page) && t->cacheable)
        tlb_fill_data(c, tlb_context(c), true, c->s.efer & EFER_LMA ? linear : (uint32_t)linear, page);
}

// Translates for a store or a read-modify-write. STEP when it must be done alone.
struct target {
    struct translation a, b;
    unsigned first; // bytes in the first page
};

static enum exec_result resolve_store(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size,
                                      struct target *t)
{
    TRY(check_canonical(c, i, linear, size));
    if (misaligned(c, linear, size))
        return alignment_fault(c, i);
    TRY(resolve(c, i, linear, FOR_WRITE, &t->a));
    if (!crosses(linear, size)) {
        t->first = size;
        if (!special_store(c, &t->a, linear, size)) {
            fill_write(c, linear, &t->a);
            return EXEC_NEXT;
        }
    } else {
        t->first = PAGE_SIZE - (unsigned)(linear & PAGE_MASK);
        TRY(resolve(c, i, linear + t->first, FOR_WRITE, &t->b));
        if (!special_store(c, &t->a, linear, t->first) && !special_store(c, &t->b, linear + t->first, size - t->first))
            return EXEC_NEXT;
    }
    if (!c->stepping)
        return ask_step(c, i);
    debug_access(c, linear, size, true);
    return EXEC_NEXT;
}

enum exec_result store_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, uint64_t value)
{
    struct target t;
    TRY(resolve_store(c, i, linear, size, &t));
    if (t.first == size)
        write_part(c, i, &t.a, size, value);
    else
        write_two(c, i, t.a, t.b, t.first, size, value);
    traced(c, i, linear, size, true, value);
    return EXEC_NEXT;
}

enum exec_result rmw_slow(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size)
{
    struct target t;
    TRY(resolve_store(c, i, linear, size, &t));
    uint64_t v = t.first == size ? read_part(c, i, &t.a, size) : read_two(c, i, t.a, t.b, t.first, size);
    store_le(c->rmw, size, v);
    traced(c, i, linear, size, false, v);
    c->rmw_linear = linear;
    return EXEC_NEXT;
}

void rmw_commit(struct cpu *c, const struct insn *i, unsigned size)
{
    // rmw_slow() has translated for writing, and nothing came between: this cannot fail.
    store_slow(c, i, c->rmw_linear, size, load_le(c->rmw, size));
}

enum exec_result probe(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size, enum access_kind kind)
{
    TRY(check_canonical(c, i, linear, size));
    while (size) {
        unsigned part = PAGE_SIZE - (unsigned)(linear & PAGE_MASK);
        part = part < size ? part : size;
        struct translation t;
        TRY(resolve(c, i, linear, kind, &t));
        if (!c->stepping && (kind == FOR_WRITE ? special_store(c, &t, linear, part) : special_load(c, &t, linear)))
            return ask_step(c, i);
        linear += part;
        size -= part;
    }
    return EXEC_NEXT;
}

enum exec_result probe_access(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size,
                              enum access_kind kind)
{
    if (misaligned(c, linear, size))
        return alignment_fault(c, i);
    return probe(c, i, linear, size, kind);
}

enum exec_result load128_slow(struct cpu *c, const struct insn *i, uint64_t linear)
{
    TRY(check_canonical(c, i, linear, 16));
    if (misaligned(c, linear, 16))
        return alignment_fault(c, i);
    TRY(probe(c, i, linear, 16, FOR_READ));
    TRY(load_slow(c, i, linear, 8));
    uint64_t lo = c->mem_value;
    TRY(load_slow(c, i, linear + 8, 8));
    store_u64(c->rmw, lo);
    store_u64(c->rmw + 8, c->mem_value);
    return EXEC_NEXT;
}

enum exec_result store128_slow(struct cpu *c, const struct insn *i, uint64_t linear, uint64_t lo, uint64_t hi)
{
    TRY(check_canonical(c, i, linear, 16));
    if (misaligned(c, linear, 16))
        return alignment_fault(c, i);
    TRY(probe(c, i, linear, 16, FOR_WRITE));
    TRY(store_slow(c, i, linear, 8, lo));
    return store_slow(c, i, linear + 8, 8, hi);
}

static unsigned chunk(uint64_t linear, unsigned left)
{
    unsigned size = 8;
    while (size > left || linear % size)
        size /= 2;
    return size;
}

// What an image of `n` bytes must be aligned to: far pointers, bounds and x87 images (SDM vol. 3A, table 6-7).
static unsigned image_alignment(unsigned n)
{
    return n <= 4 || n == 14 || n == 94 ? 2 : n == 10 ? 8 : 4;
}

enum exec_result load_bytes(struct cpu *c, const struct insn *i, unsigned at, void *buf, unsigned n)
{
    uint64_t linear;
    TRY(ea_linear(c, i, at + n, FOR_READ, &linear));
    TRY(check_canonical(c, i, linear, at + n));
    if (misaligned(c, linear, image_alignment(n)))
        return alignment_fault(c, i);
    linear += at;
    const struct tlb_entry *e = &c->tlb->read[tlb_index(linear)];
    if ((linear ^ e->tag) <= PAGE_SIZE - n) {
        memcpy(buf, (const void *)(e->host + (linear ^ e->tag)), n);
        return EXEC_NEXT;
    }
    TRY(probe(c, i, linear, n, FOR_READ));
    for (unsigned done = 0; done < n;) {
        unsigned size = chunk(linear + done, n - done);
        TRY(load_slow(c, i, linear + done, size));
        store_le((uint8_t *)buf + done, size, c->mem_value);
        done += size;
    }
    return EXEC_NEXT;
}

enum exec_result store_bytes(struct cpu *c, const struct insn *i, unsigned at, const void *buf, unsigned n)
{
    uint64_t linear;
    TRY(ea_linear(c, i, at + n, FOR_WRITE, &linear));
    TRY(check_canonical(c, i, linear, at + n));
    if (misaligned(c, linear, image_alignment(n)))
        return alignment_fault(c, i);
    linear += at;
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if ((linear ^ e->tag) <= PAGE_SIZE - n) {
        memcpy((void *)(e->host + (linear ^ e->tag)), buf, n);
        return EXEC_NEXT;
    }
    TRY(probe(c, i, linear, n, FOR_WRITE));
    for (unsigned done = 0; done < n;) {
        unsigned size = chunk(linear + done, n - done);
        TRY(store_slow(c, i, linear + done, size, load_le((const uint8_t *)buf + done, size)));
        done += size;
    }
    return EXEC_NEXT;
}

bool segment_allows(const struct cpu *c, unsigned seg, const struct segment_state *s, uint32_t offset, unsigned size,
                    enum access_kind kind)
{
    if (!(s->attr & ATTR_P) || !(s->attr & ATTR_S))
        return false; // a null or unusable selector
    bool code = s->attr & 8;
    if (seg != SEG_CS || c->mode & MODE_PE) {
        if (kind == FOR_WRITE && (code || !(s->attr & 2)))
            return false;
        if (kind == FOR_READ && code && !(s->attr & 2))
            return false;
    }
    uint64_t last = (uint64_t)offset + size - 1;
    if (!code && s->attr & 4) // expand-down
        return offset > s->limit && last <= (s->attr & ATTR_DB ? 0xffffffffu : 0xffffu);
    return last <= s->limit;
}

// The linear address of offset `a` in segment `seg` for the current mode.
enum exec_result segment_linear(struct cpu *c, const struct insn *i, unsigned seg, uint64_t a, unsigned size,
                                enum access_kind kind)
{
    const struct segment_state *s = &c->s.seg[seg];
    if (c->mode & MODE_64) {
        c->mem_value = a + (seg == SEG_FS || seg == SEG_GS ? s->base : 0);
        return EXEC_NEXT;
    }
    if (!segment_allows(c, seg, s, (uint32_t)a, size, kind))
        return fault_code(c, i, seg == SEG_SS ? EXC_SS : EXC_GP, 0);
    c->mem_value = (uint32_t)(s->base + a);
    return EXEC_NEXT;
}

enum exec_result ea_slow_value(struct cpu *c, const struct insn *i, uint64_t offset, unsigned size,
                               enum access_kind kind)
{
    if (i->ea == EA_RIP_FAR)
        return segment_linear(c, i, i->seg, offset + i->ip, size, kind);
    return segment_linear(c, i, i->seg, i->ea == EA_SEG16 ? (uint16_t)offset : (uint32_t)offset, size, kind);
}

// ---- accesses by the processor itself: descriptor tables, TSS, interrupt stacks
// ---------------------------------------------

bool system_read(struct cpu *c, uint64_t linear, unsigned size, uint64_t *v)
{
    *v = 0;
    for (unsigned n = 0; n < size; n++) {
        struct translation t;
        uint64_t a = c->s.efer & EFER_LMA ? linear + n : (uint32_t)(linear + n);
        if (!translate(c, a, FOR_READ, TLB_KERNEL, &t))
            return false;
        if (t.page && !crosses(a, size) && n == 0) {
            *v = load_le(t.page->host + (t.phys & PAGE_MASK), size);
            return true;
        }
        uint8_t byte = t.page ? t.page->host[t.phys & PAGE_MASK] : (uint8_t)map_read(c->phys->devices, t.phys, 1);
        *v |= (uint64_t)byte << (8 * n);
    }
    return true;
}

bool system_write(struct cpu *c, uint64_t linear, unsigned size, uint64_t v, unsigned context)
{
    struct translation t[8];
    for (unsigned n = 0; n < size; n++) {
        uint64_t a = c->s.efer & EFER_LMA ? linear + n : (uint32_t)(linear + n);
        if (!translate(c, a, FOR_WRITE, context, &t[n]))
            return false;
        if (t[n].page && !crosses(a, size) && n == 0) {
            phys_page_store(c->phys, t[n].page, (unsigned)(t[n].phys & PAGE_MASK), size, v);
            return true;
        }
    }
    for (unsigned n = 0; n < size; n++) {
        if (t[n].page)
            phys_page_store(c->phys, t[n].page, (unsigned)(t[n].phys & PAGE_MASK), 1, (uint8_t)(v >> (8 * n)));
        else
            map_write(c->phys->devices, t[n].phys, 1, (uint8_t)(v >> (8 * n)));
    }
    return true;
}

bool system_probe(struct cpu *c, uint64_t linear, unsigned size, enum access_kind kind)
{
    for (unsigned done = 0; done < size;) {
        uint64_t a = c->s.efer & EFER_LMA ? linear + done : (uint32_t)(linear + done);
        struct translation t;
        if (!translate(c, a, kind, TLB_KERNEL, &t))
            return false;
        done += PAGE_SIZE - (unsigned)(a & PAGE_MASK);
    }
    return true;
}
