// The monitor's words about the chips: every register of any of them with its meaning, from the chip's state table; and
// in QEMU's shape the interrupt controllers.
#include "machine/mon.h"

#include <inttypes.h>
#include <stdio.h>

// ---- any chip
// ---------------------------------------------------------------------------------------------------------

static unsigned twins(struct monitor *m, const struct device_class *cls)
{
    unsigned count = 0;
    for (unsigned n = 0; n < m->c->m->device_count; n++)
        count += m->c->m->device[n].cls == cls;
    return count;
}

// Serial ports have numbers, all others are alone.
bool mon_device_name(struct monitor *m, unsigned n, char *name, size_t size)
{
    const struct machine *mc = m->c->m;
    unsigned before = 0;
    if (n >= mc->device_count)
        return false;
    const struct device_class *cls = mc->device[n].cls;
    for (unsigned k = 0; k < n; k++)
        before += mc->device[k].cls == cls;
    if (twins(m, cls) > 1)
        snprintf(name, size, "%s%u", cls->name, before);
    else
        snprintf(name, size, "%s", cls->name);
    return true;
}

const struct device *mon_device(struct monitor *m, const char *word)
{
    char name[32];
    for (unsigned n = 0; mon_device_name(m, n, name, sizeof name); n++)
        if (strcmp(name, word) == 0 || strcmp(m->c->m->device[n].cls->name, word) == 0)
            return &m->c->m->device[n];
    return NULL;
}

#define ARRAY_ROW 8u // arrays that are longer than this are shown in rows

struct rows {
    struct monitor *m;
    const struct state_field *field;
    unsigned at; // element of the array
};

static void show_field(void *ctx, const char *path, uint64_t value, const struct state_field *f)
{
    struct rows *r = ctx;
    bool first = r->field != f || r->at == r->field->count;
    if (first) {
        r->field = f;
        r->at = 0;
    }
    bool rows = f->count > ARRAY_ROW;
    unsigned per_row = f->size == 1 ? 16 : f->size == 8 ? 4 : 8;
    if (!rows) {
        mon_print(r->m, "%-24s %0*" PRIx64 "%*s %s\n", path, f->size * 2, value, 17 - f->size * 2, "",
                  first ? f->doc : "");
    } else {
        if (first)
            mon_print(r->m, "%.*s: %s\n", (int)strcspn(path, "["), path, f->doc);
        if (r->at % per_row == 0)
            mon_print(r->m, "  [%3u]", r->at);
        mon_print(r->m, " %0*" PRIx64 "%s", f->size * 2, value,
                  r->at % per_row == per_row - 1 || r->at + 1 == f->count ? "\n" : "");
    }
    r->at++;
}

void mon_device_state(struct monitor *m, const struct device *d)
{
    struct rows r = {.m = m};
    if (d->cls == &cpu_class)
        control_cpu(m->c);
    mon_print(m, "%s: %s\n", d->cls->name, d->cls->title);
    state_each(d->cls->fields, device_state(d), show_field, &r);
}

// ---- interrupt controllers
// --------------------------------------------------------------------------------------------

static const char *delivery(unsigned mode)
{
    static const char *const names[8] = {"fixed", "lowest", "SMI", "reserved", "NMI", "INIT", "startup", "ExtINT"};
    return names[mode & 7];
}

static void show_bits(struct monitor *m, const char *name, const uint32_t *word, unsigned words)
{
    bool any = false;
    mon_print(m, "%s", name);
    for (unsigned n = 0; n < words * 32; n++)
        if (word[n / 32] >> n % 32 & 1) {
            mon_print(m, " %u", n);
            any = true;
        }
    mon_print(m, "%s\n", any ? "" : " (none)");
}

static void show_ioapic(struct monitor *m)
{
    const struct ioapic_state *s = &m->c->m->ioapic.s;
    uint32_t remote = 0;
    mon_print(m, "ioapic0: ver=0x20 id=0x%02x sel=0x%02x\n", s->id, s->ioregsel);
    for (unsigned n = 0; n < IOAPIC_PINS; n++) {
        uint64_t e = s->ioredtbl[n];
        mon_print(m, "  pin %-2u 0x%016" PRIx64 " dest=%x vec=%-3u active-%s %s %s %-6s %s\n", n, e,
                  (unsigned)(e >> 56), (unsigned)(e & 0xff), e >> 13 & 1 ? "lo" : "hi", e >> 15 & 1 ? "level" : "edge ",
                  e >> 16 & 1 ? "masked" : "      ", delivery(e >> 8 & 7), e >> 11 & 1 ? "logical" : "physical");
        remote |= (uint32_t)(e >> 14 & 1) << n;
    }
    show_bits(m, "  IRR     ", &s->pins, 1);
    show_bits(m, "  Remote IRR", &remote, 1);
}

static void info_ioapic(struct monitor *m, struct mon_args *a)
{
    if (!mon_end(m, a))
        return;
    show_ioapic(m);
    mon_device_state(m, mon_device(m, "ioapic"));
}

static void info_pic(struct monitor *m, struct mon_args *a)
{
    if (!mon_end(m, a))
        return;
    show_ioapic(m);
    for (unsigned n = 2; n-- > 0;) {
        const struct pic_8259a_chip *p = &m->c->m->pic.s.chip[n];
        uint8_t irr = (uint8_t)((p->pins & p->elcr) | p->edge);
        mon_print(m, "pic%u: irr=%02x imr=%02x isr=%02x hprio=%u irq_base=%02x rr_sel=%u elcr=%02x fnm=%u\n", n, irr,
                  p->imr, p->isr, (p->lowest + 1) & 7, p->icw2 & 0xf8, p->read_isr, p->elcr, p->icw4 >> 4 & 1);
    }
    mon_device_state(m, mon_device(m, "pic"));
}

static void show_lvt(struct monitor *m, const char *name, uint32_t v, bool timer)
{
    static const char *const modes[4] = {"one-shot", "periodic", "tsc-deadline", "reserved"};
    mon_print(m, "%s\t 0x%08x active-%s %s %s %-12s %-6s (vec %u)\n", name, v, v >> 13 & 1 ? "lo" : "hi",
              v >> 15 & 1 ? "level" : "edge ", v >> 16 & 1 ? "masked" : "      ", timer ? modes[v >> 17 & 3] : "",
              delivery(v >> 8 & 7), v & 0xff);
}

static void info_lapic(struct monitor *m, struct mon_args *a)
{
    const struct lapic_state *s = &m->c->m->lapic.s;
    uint64_t id;
    if (mon_more(a) && !mon_expression(m, a, &id))
        return;
    if (!mon_end(m, a))
        return;
    mon_print(m, "dumping local APIC state for CPU 0\n\n");
    show_lvt(m, "LVT0", s->lvt[LVT_LINT0], false);
    show_lvt(m, "LVT1", s->lvt[LVT_LINT1], false);
    show_lvt(m, "LVTPC", s->lvt[LVT_PERF], false);
    show_lvt(m, "LVTERR", s->lvt[LVT_ERROR], false);
    show_lvt(m, "LVTTHMR", s->lvt[LVT_THERMAL], false);
    show_lvt(m, "LVTT", s->lvt[LVT_TIMER], true);
    unsigned divide = ((s->divide & 3) | (s->divide >> 1 & 4)) + 1;
    mon_print(m, "Timer\t DCR=0x%x (divide by %u) initial_count = %u count = %u at its base\n", s->divide,
              1u << (divide & 7), s->timer_initial, s->timer_count);
    mon_print(m, "SPIV\t 0x%08x APIC %s, focus=%s, spurious vec %u\n", s->svr, s->svr >> 8 & 1 ? "enabled" : "disabled",
              s->svr >> 9 & 1 ? "on" : "off", s->svr & 0xff);
    mon_print(m, "ICR\t 0x%08x %s %s %s\n", s->icr_low, s->icr_low >> 11 & 1 ? "logical" : "physical",
              s->icr_low >> 15 & 1 ? "level" : "edge", s->icr_low >> 14 & 1 ? "assert" : "de-assert");
    mon_print(m, "ICR2\t 0x%08x\n", (unsigned)s->icr_dest << 24);
    mon_print(m, "ESR\t 0x%08x\n", s->esr);
    show_bits(m, "ISR\t", s->isr, 8);
    show_bits(m, "IRR\t", s->irr, 8);
    mon_print(m, "\nTPR 0x%02x DFR 0x%02x LDR 0x%02x\n", s->tpr, s->dfr, s->ldr);
    mon_device_state(m, mon_device(m, "lapic"));
}

// QEMU counts interrupts; here the lines are shown, because counters would be a second truth beside the chips.
static void info_irq(struct monitor *m, struct mon_args *a)
{
    static const char *const users[16] = {"timer", "keyboard", "cascade", "COM2, COM4", "COM1, COM3", "",    "", "",
                                          "clock", "ACPI",     "",        "",           "mouse",      "FPU", "", ""};
    const struct machine *mc = m->c->m;
    if (!mon_end(m, a))
        return;
    mon_print(m, "external interrupts taken: %" PRIu64 "\n", control_interrupts(m->c));
    mon_print(m, "IRQ  line  8259A                     I/O APIC\n");
    for (unsigned n = 0; n < 16; n++) {
        const struct pic_8259a_chip *p = &mc->pic.s.chip[n / 8];
        unsigned bit = n % 8, pin = n ? n : 2;
        uint64_t e = mc->ioapic.s.ioredtbl[pin];
        char pic[64], apic[64];
        snprintf(pic, sizeof pic, "vec %-3u %s%s%s", (p->icw2 & 0xf8) + bit, p->imr >> bit & 1 ? "masked" : "open  ",
                 p->edge >> bit & 1 || p->pins & p->elcr & 1 << bit ? " requested" : "",
                 p->isr >> bit & 1 ? " in service" : "");
        snprintf(apic, sizeof apic, "pin %-2u vec %-3u %s", pin, (unsigned)(e & 0xff),
                 e >> 16 & 1 ? "masked" : "open  ");
        mon_print(m, "%3u  %-4s  %-25s %s  %s\n", n, p->pins >> bit & 1 ? "high" : "low", n == 2 ? "" : pic,
                  n == 2 ? "" : apic, users[n]);
    }
}

const struct mon_command mon_chip_infos[] = {
    {"pic", "", "show PIC state", info_pic},
    {"ioapic", "", "show I/O APIC state", info_ioapic},
    {"lapic", "[apic-id]", "show local apic state", info_lapic},
    {"irq", "", "show the interrupt lines and who is connected to them", info_irq},
    {NULL, NULL, NULL, NULL},
};
