// Breakpoints of the debug registers (SDM vol. 3B, 17.2, 17.3.1): instructions, data, and ports with CR4.DE.
//
// Not implemented: DR6.RTM, last-branch recording.
// Differs: accesses that the processor makes by itself (descriptors, task states, frames of interrupts) meet no
// breakpoint. LE and GE do nothing: data breakpoints are always exact.
#include "cpu/debug.h"
#include "cpu/segment.h"

enum { RW_EXECUTE, RW_WRITE, RW_PORT, RW_ACCESS };

static unsigned rw(const struct cpu *c, unsigned n)
{
    return (unsigned)(c->s.dr7 >> (16 + 4 * n)) & 3;
}

// Bytes that breakpoint n covers, less one.
static uint64_t length_mask(const struct cpu *c, unsigned n)
{
    static const uint8_t mask[4] = {0, 1, 7, 3};
    return mask[c->s.dr7 >> (18 + 4 * n) & 3];
}

void debug_update(struct cpu *c)
{
    uint8_t code = 0, data = 0, port = 0;
    for (unsigned n = 0; n < 4; n++) {
        if (!(c->s.dr7 >> (2 * n) & 3))
            continue;
        unsigned kind = rw(c, n);
        if (kind == RW_EXECUTE)
            code |= (uint8_t)(1 << n);
        else if (kind != RW_PORT)
            data |= (uint8_t)(1 << n);
        else if (c->s.cr4 & CR4_DE)
            port |= (uint8_t)(1 << n);
    }
    if (c->observer.data || c->observer.traces & TRACE_MEM)
        data |= WATCH_OUTSIDE;
    if (data)
        tlb_flush(c); // the first level may have the pages
    c->watch_code = code;
    c->watch_data = data;
    c->watch_port = port;
    cpu_update_mode(c);
}

static uint64_t truncate(const struct cpu *c, uint64_t linear)
{
    return c->s.efer & EFER_LMA ? linear : (uint32_t)linear;
}

bool debug_page(const struct cpu *c, uint64_t linear)
{
    for (unsigned n = 0; n < 4; n++)
        if (c->watch_data >> n & 1 && (truncate(c, linear) ^ truncate(c, c->s.dr[n])) < PAGE_SIZE)
            return true;
    return c->watch_data & WATCH_OUTSIDE && observe_page(c, linear);
}

// Whether [a, a + size) meets breakpoint n.
static bool meets(const struct cpu *c, unsigned n, uint64_t a, unsigned size)
{
    uint64_t mask = length_mask(c, n), first = truncate(c, c->s.dr[n]) & ~mask;
    return a <= first + mask && a + size - 1 >= first;
}

void debug_access(struct cpu *c, uint64_t linear, unsigned size, bool write)
{
    for (unsigned n = 0; n < 4; n++)
        if (c->watch_data >> n & 1 && (write || rw(c, n) == RW_ACCESS) && meets(c, n, truncate(c, linear), size))
            c->watch_hit |= (uint8_t)(1 << n);
    if (c->watch_data & WATCH_OUTSIDE)
        observe_access(c, linear, size, write);
}

void debug_port(struct cpu *c, unsigned port, unsigned size)
{
    for (unsigned n = 0; n < 4; n++)
        if (c->watch_port >> n & 1 && meets(c, n, port, size))
            c->watch_hit |= (uint8_t)(1 << n);
    debug_commit(c);
}

void debug_commit(struct cpu *c)
{
    if (c->watch_hit) {
        c->s.db_pending |= c->watch_hit;
        c->watch_hit = 0;
        c->attention = 1;
    }
}

bool debug_fetch(struct cpu *c, uint64_t linear)
{
    uint64_t hit = 0;
    for (unsigned n = 0; n < 4; n++)
        if (c->watch_code >> n & 1 && truncate(c, c->s.dr[n]) == linear)
            hit |= (uint64_t)1 << n;
    if (!hit)
        return false;
    raise_vector(c, EXC_DB);
    c->exc.dr6 = hit;
    return true;
}
