// Logs and traces as text, in QEMU's shapes where a script may read them.
//
// Differs: `exec` and `cpu` see every block, as in QEMU with nochain.
#include "machine/tracing.h"
#include "cpu/paging.h"
#include "machine/disasm.h"
#include "machine/log_words.h"
#include "machine/pc.h"
#include "machine/registers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TRACES 16u

struct tracing {
    struct control *c;
    struct char_backend out;
    uint32_t on; // bit n: item n
    struct log_trace trace[TRACES];
    unsigned traces;
    unsigned interrupts; // shown so far
};

// ---- output
// -----------------------------------------------------------------------------------------------------------

static void put(struct tracing *t, const char *text)
{
    if (t->out.write)
        t->out.write(t->out.ctx, (const uint8_t *)text, strlen(text));
}

static void print(struct tracing *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void print(struct tracing *t, const char *fmt, ...)
{
    char text[512];
    va_list list;
    va_start(list, fmt);
    vsnprintf(text, sizeof text, fmt, list);
    va_end(list);
    put(t, text);
}

static bool is_on(const struct tracing *t, enum log_item item)
{
    return t->on >> item & 1;
}

static unsigned bits_of(const struct cpu *c)
{
    return c->mode & MODE_64 ? 64 : c->mode & MODE_32 ? 32 : 16;
}

// The instruction at a linear address; its length, at least 1.
static unsigned instruction(struct tracing *t, uint64_t linear, char text[DISASM_TEXT])
{
    uint8_t bytes[DISASM_BYTES];
    size_t n = control_read(t->c, SPACE_LINEAR, linear, bytes, sizeof bytes);
    unsigned length = n ? disasm(bytes, n, bits_of(t->c->m->cpu), linear, text) : 0;
    if (!n)
        snprintf(text, DISASM_TEXT, "(not in memory)");
    return length ? length : 1;
}

static void show_registers(struct tracing *t, bool vectors)
{
    char text[REGISTERS_TEXT];
    registers_text(t->c->m, vectors, text);
    put(t, text);
}

// ---- log items
// --------------------------------------------------------------------------------------------------------

static void log_interrupt(struct tracing *t, const struct trace_event *e)
{
    const struct cpu *c = t->c->m->cpu;
    const struct cpu_state *s = &c->s;
    bool fault = !e->external && e->addr < 32 && e->addr == c->exc.vector;
    if (e->external)
        print(t, "Servicing hardware INT=0x%02x\n", (unsigned)e->addr);
    print(t, "%6u: v=%02x e=%04x i=%d cpl=%d IP=%04x:%016" PRIx64 " pc=%016" PRIx64 " SP=%04x:%016" PRIx64,
          t->interrupts++, (unsigned)e->addr, (unsigned)e->value, e->software, c->cpl, s->seg[SEG_CS].selector, s->rip,
          e->rip, s->seg[SEG_SS].selector, s->reg[RSP]);
    if (fault && e->addr == EXC_PF)
        print(t, " CR2=%016" PRIx64 "\n", c->exc.cr2);
    else
        print(t, " EAX=%016" PRIx64 "\n", s->reg[RAX]);
    show_registers(t, false);
}

static void log_block(struct tracing *t, const struct trace_event *e)
{
    const struct cpu *c = t->c->m->cpu;
    if (is_on(t, LOG_ITEM_EXEC))
        print(t, "Trace 0: 0x%" PRIx64 " [%08x/%016" PRIx64 "/%08x/%08x]\n", e->tick, (uint32_t)c->s.seg[SEG_CS].base,
              e->rip, c->mode, e->size);
    if (is_on(t, LOG_ITEM_CPU))
        show_registers(t, is_on(t, LOG_ITEM_FPU));
}

static void log_decoded(struct tracing *t, const struct trace_event *e)
{
    uint64_t at = e->rip;
    print(t, "----------------\nIN: \n");
    for (unsigned n = 0; n < e->size; n++) {
        uint8_t bytes[DISASM_BYTES];
        char text[DISASM_TEXT], hex[3 * DISASM_BYTES + 1] = "";
        unsigned length = instruction(t, at, text);
        size_t got = control_read(t->c, SPACE_LINEAR, at, bytes, length);
        for (size_t k = 0; k < got; k++)
            snprintf(hex + 3 * k, 4, "%02x ", bytes[k]);
        print(t, "0x%08" PRIx64 ":  %-24s %s\n", at, hex, text);
        at += length;
    }
    put(t, "\n");
}

// ---- traces
// -----------------------------------------------------------------------------------------------------------

static void trace_line(struct tracing *t, const struct trace_event *e)
{
    char text[DISASM_TEXT];
    print(t, "%" PRIu64 " %08" PRIx64 " ", e->tick, e->rip);
    switch (e->kind) {
    case TRACE_INSN:
        instruction(t, e->rip, text);
        print(t, "%s\n", text);
        break;
    case TRACE_BLOCK:
        instruction(t, e->rip, text);
        print(t, "block of %u: %s\n", e->size, text);
        break;
    case TRACE_INT:
        print(t, "%s %02x",
              e->external   ? "interrupt"
              : e->software ? "software interrupt"
                            : "exception",
              (unsigned)e->addr);
        if (e->has_error)
            print(t, " error %04x", (unsigned)e->value);
        put(t, "\n");
        break;
    case TRACE_IO:
        print(t, "%s port %04x %0*" PRIx64 "\n", e->write ? "out" : "in", (unsigned)e->addr, e->size * 2, e->value);
        break;
    default:
        print(t, "%s %08" PRIx64 " %0*" PRIx64 "\n", e->write ? "write" : "read", e->addr, e->size * 2,
              e->size < 8 ? e->value & size_mask(e->size == 3 ? 4
                                                 : e->size    ? e->size
                                                              : 1)
                          : e->value);
    }
}

static void traced(void *ctx, const struct trace_event *e)
{
    struct tracing *t = ctx;
    uint64_t where = e->kind == TRACE_MEM ? e->addr : e->rip;
    if (e->kind == TRACE_INT && is_on(t, LOG_ITEM_INT))
        log_interrupt(t, e);
    else if (e->kind == TRACE_BLOCK)
        log_block(t, e);
    else if (e->kind == TRACE_DECODE && is_on(t, LOG_ITEM_IN_ASM))
        log_decoded(t, e);
    else if (e->kind == TRACE_RESET && is_on(t, LOG_ITEM_RESET)) {
        put(t, "CPU Reset (CPU 0)\n");
        show_registers(t, true);
    }
    for (unsigned n = 0; n < t->traces; n++)
        if (t->trace[n].kind == e->kind && where >= t->trace[n].from && where <= t->trace[n].to) {
            trace_line(t, e);
            return;
        }
}

// Asks the processor for what is wanted now: no more kinds, and memory events from no more pages, than that.
static void renew(struct tracing *t)
{
    uint64_t from = UINT64_MAX, to = 0;
    uint32_t kinds = (is_on(t, LOG_ITEM_INT) ? TRACE_INT : 0) |
                     (is_on(t, LOG_ITEM_EXEC) || is_on(t, LOG_ITEM_CPU) ? TRACE_BLOCK : 0) |
                     (is_on(t, LOG_ITEM_IN_ASM) ? TRACE_DECODE : 0) | (is_on(t, LOG_ITEM_RESET) ? TRACE_RESET : 0);
    if (kinds)
        from = 0, to = UINT64_MAX;
    for (unsigned n = 0; n < t->traces; n++) {
        kinds |= t->trace[n].kind;
        from = t->trace[n].from < from ? t->trace[n].from : from;
        to = t->trace[n].to > to ? t->trace[n].to : to;
    }
    observe_trace(t->c->m->cpu, kinds, from, to, kinds ? traced : NULL, t);
}

// ---- the interface
// ----------------------------------------------------------------------------------------------------

struct tracing *tracing_create(struct control *c, const struct char_backend *out)
{
    struct tracing *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->c = c;
    t->out = *out;
    return t;
}

void tracing_destroy(struct tracing *t)
{
    if (!t)
        return;
    if (t->on || t->traces)
        observe_trace(t->c->m->cpu, 0, 0, 0, NULL, NULL);
    free(t);
}

void tracing_set_out(struct tracing *t, const struct char_backend *out)
{
    t->out = *out;
}

bool tracing_item_on(const struct tracing *t, unsigned n)
{
    return n < LOG_ITEMS && t->on >> n & 1;
}

bool tracing_set_items(struct tracing *t, const char *words, char *error, size_t size)
{
    uint32_t on;
    if (!log_parse_items(words, &on, error, size))
        return false;
    if (t->on != on) {
        t->on = on;
        renew(t);
    }
    return true;
}

bool tracing_add(struct tracing *t, const char *what, char *error, size_t size)
{
    struct log_trace trace;
    if (!log_parse_trace(what, &trace, error, size))
        return false;
    if (trace.kind && t->traces == TRACES) {
        snprintf(error, size, "more than %u traces", TRACES);
        return false;
    }
    if (trace.kind)
        t->trace[t->traces++] = trace;
    else
        t->traces = 0;
    renew(t);
    return true;
}

bool tracing_log(struct tracing *t, enum log_kind kind, const char *line)
{
    if (!(kind == LOG_GUEST_ERROR && is_on(t, LOG_ITEM_GUEST)) &&
        !(kind == LOG_NOT_IMPLEMENTED && is_on(t, LOG_ITEM_UNIMP)))
        return false;
    print(t, "%s\n", line);
    return true;
}
