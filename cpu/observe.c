// Breakpoints, watchpoints and traces from outside (cpu/observe.h).
//
// Differs: accesses that the processor makes by itself (descriptors, task states, frames of interrupts) meet no
// watchpoint and are not traced.
#include "cpu/observe.h"
#include "cpu/code.h"
#include "cpu/debug.h"

static uint64_t truncate(const struct cpu *c, uint64_t linear)
{
    return c->s.efer & EFER_LMA ? linear : (uint32_t)linear;
}

// After points or traces changed: decoded blocks are cut elsewhere, other pages are watched.
static void refresh(struct cpu *c)
{
    struct observer *o = &c->observer;
    o->code = o->data = false;
    memset(c->code->stops, 0, sizeof c->code->stops);
    for (unsigned n = 0; n < o->count; n++) {
        const struct observe_point *p = &o->point[n];
        if (p->kind == OBSERVE_EXEC) {
            unsigned off = (unsigned)(p->addr & PAGE_MASK);
            c->code->stops[off / 8] |= (uint8_t)(1 << off % 8);
            o->code = true;
        } else {
            o->data = true;
        }
    }
    cpu_map_changed(c);
    debug_update(c);
}

bool observe_add(struct cpu *c, const struct observe_point *p)
{
    struct observer *o = &c->observer;
    if (o->count == OBSERVE_POINTS)
        return false;
    o->point[o->count++] = *p;
    refresh(c);
    return true;
}

bool observe_remove(struct cpu *c, const struct observe_point *p)
{
    struct observer *o = &c->observer;
    for (unsigned n = 0; n < o->count; n++) {
        const struct observe_point *q = &o->point[n];
        if (q->addr != p->addr || q->size != p->size || q->kind != p->kind)
            continue;
        o->point[n] = o->point[--o->count];
        refresh(c);
        return true;
    }
    return false;
}

void observe_trace(struct cpu *c, uint32_t kinds, uint64_t from, uint64_t to,
                   void (*fn)(void *ctx, const struct trace_event *e), void *ctx)
{
    struct observer *o = &c->observer;
    o->traces = fn ? kinds : 0;
    o->trace_from = from;
    o->trace_to = to;
    o->trace = fn;
    o->trace_ctx = ctx;
    refresh(c);
}

bool observe_fetch(struct cpu *c, uint64_t linear)
{
    struct observer *o = &c->observer;
    if (o->told && o->told_tick == c->tick && o->told_rip == linear)
        return false;
    for (unsigned n = 0; n < o->count; n++) {
        if (o->point[n].kind != OBSERVE_EXEC || truncate(c, o->point[n].addr) != linear)
            continue;
        o->told = o->hit = true;
        o->told_tick = c->tick;
        o->told_rip = o->hit_addr = linear;
        o->hit_kind = OBSERVE_EXEC;
        return true;
    }
    return false;
}

void observe_pass(struct cpu *c)
{
    c->observer.told = true;
    c->observer.told_tick = c->clock->s.tick;
    c->observer.told_rip = code_linear(c, c->s.rip);
}

bool observe_page(const struct cpu *c, uint64_t linear)
{
    const struct observer *o = &c->observer;
    uint64_t page = truncate(c, linear) & ~PAGE_MASK, last = page | PAGE_MASK;
    if (o->traces & TRACE_MEM && last >= o->trace_from && page <= o->trace_to)
        return true;
    for (unsigned n = 0; n < o->count; n++) {
        const struct observe_point *p = &o->point[n];
        if (p->kind != OBSERVE_EXEC && p->size && p->addr <= last && p->addr + p->size - 1 >= page)
            return true;
    }
    return false;
}

void observe_access(struct cpu *c, uint64_t linear, unsigned size, bool write)
{
    struct observer *o = &c->observer;
    uint64_t a = truncate(c, linear);
    for (unsigned n = 0; n < o->count && !o->hit; n++) {
        const struct observe_point *p = &o->point[n];
        if (p->kind == OBSERVE_EXEC || p->kind == (write ? OBSERVE_READ : OBSERVE_WRITE))
            continue;
        if (a <= p->addr + p->size - 1 && a + size - 1 >= p->addr) {
            o->hit = true;
            o->hit_kind = p->kind;
            o->hit_addr = a > p->addr ? a : p->addr;
        }
    }
}

static bool wanted(const struct observer *o, enum trace_kind kind, uint64_t addr)
{
    return o->traces & kind && addr >= o->trace_from && addr <= o->trace_to;
}

void observe_code(struct cpu *c, enum trace_kind kind, uint64_t linear, unsigned size)
{
    struct observer *o = &c->observer;
    struct trace_event e = {.kind = kind, .tick = c->tick, .rip = linear, .size = (uint8_t)size};
    if (wanted(o, kind, linear))
        o->trace(o->trace_ctx, &e);
}

void observe_memory(struct cpu *c, uint64_t rip, uint64_t tick, uint64_t linear, unsigned size, bool write,
                    uint64_t value)
{
    struct observer *o = &c->observer;
    struct trace_event e = {.kind = TRACE_MEM,
                            .tick = tick,
                            .rip = rip,
                            .addr = truncate(c, linear),
                            .value = value,
                            .size = (uint8_t)size,
                            .write = write};
    if (wanted(o, TRACE_MEM, e.addr))
        o->trace(o->trace_ctx, &e);
}

void observe_port(struct cpu *c, uint64_t rip, uint64_t port, unsigned size, bool write, uint64_t value)
{
    struct observer *o = &c->observer;
    struct trace_event e = {.kind = TRACE_IO,
                            .tick = c->clock->s.tick,
                            .rip = rip,
                            .addr = port,
                            .value = value,
                            .size = (uint8_t)size,
                            .write = write};
    if (wanted(o, TRACE_IO, rip))
        o->trace(o->trace_ctx, &e);
}

void observe_delivery(struct cpu *c, unsigned vector, bool external, bool software, bool has_error, unsigned error)
{
    struct observer *o = &c->observer;
    uint64_t rip = code_linear(c, c->s.rip);
    struct trace_event e = {.kind = TRACE_INT,
                            .tick = c->tick,
                            .rip = rip,
                            .addr = vector,
                            .value = error,
                            .has_error = has_error,
                            .external = external,
                            .software = software};
    if (wanted(o, TRACE_INT, rip))
        o->trace(o->trace_ctx, &e);
}

void observe_reset(struct cpu *c)
{
    observe_code(c, TRACE_RESET, code_linear(c, c->s.rip), 0);
}
