// The monitor's words about the processor: its registers as QEMU shows them, and the descriptor tables explained
// (SDM vol. 3A, 3.4.5, 6.11, 7.2, 8.7).
#include "cpu/segment.h"
#include "machine/mon.h"
#include "machine/registers.h"

#include <inttypes.h>
#include <stdio.h>

static void info_registers(struct monitor *m, struct mon_args *a)
{
    char text[REGISTERS_TEXT], word[16];
    if (mon_more(a) && (!mon_word(m, a, word, sizeof word) || !mon_end(m, a)))
        return;
    registers_text(m->c->m, true, text);
    mon_print(m, "\nCPU#0\n");
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
        mon_print(m, "%.*s", (int)(end - line + 1), line);
}

static void info_cpus(struct monitor *m, struct mon_args *a)
{
    static const char *const activity[] = {"running",        "halted",        "shut down",
                                           "waits for SIPI", "waits (MWAIT)", "waits (MWAIT)"};
    if (!mon_end(m, a))
        return;
    const struct cpu_state *s = control_cpu(m->c);
    mon_print(m, "* CPU #0: pc=0x%016" PRIx64 " %s\n", mon_pc(m), activity[s->activity]);
}

// ---- descriptors
// ------------------------------------------------------------------------------------------------------

static const char *exception_name(unsigned vector)
{
    static const char *const names[] = {
        "#DE divide error",
        "#DB debug",
        "NMI",
        "#BP breakpoint",
        "#OF overflow",
        "#BR bound",
        "#UD invalid opcode",
        "#NM no FPU",
        "#DF double fault",
        "coprocessor overrun",
        "#TS invalid TSS",
        "#NP segment not present",
        "#SS stack fault",
        "#GP general protection",
        "#PF page fault",
        "reserved",
        "#MF x87 error",
        "#AC alignment check",
        "#MC machine check",
        "#XM SIMD error",
        "#VE virtualization",
        "#CP control protection",
    };
    return vector < ARRAY_LEN(names) ? names[vector] : vector < 32 ? "reserved" : "";
}

static const char *system_type(unsigned type, bool lma)
{
    static const char *const names[2][16] = {
        {"reserved", "TSS 16-bit, available", "LDT", "TSS 16-bit, busy", "call gate 16-bit", "task gate",
         "interrupt gate 16-bit", "trap gate 16-bit", "reserved", "TSS 32-bit, available", "reserved",
         "TSS 32-bit, busy", "call gate 32-bit", "reserved", "interrupt gate 32-bit", "trap gate 32-bit"},
        {"reserved", "reserved", "LDT", "reserved", "reserved", "reserved", "reserved", "reserved", "reserved",
         "TSS 64-bit, available", "reserved", "TSS 64-bit, busy", "call gate 64-bit", "reserved",
         "interrupt gate 64-bit", "trap gate 64-bit"},
    };
    return names[lma][type & 15];
}

// A segment in words, from its attributes.
static void segment_words(char *out, size_t size, unsigned attr, bool lma)
{
    if (attr & 8)
        snprintf(out, size, "code %s-bit, %s%s%s",
                 lma && attr & ATTR_L ? "64"
                 : attr & ATTR_DB     ? "32"
                                      : "16",
                 attr & 2 ? "execute and read" : "execute only", attr & 4 ? ", conforming" : "",
                 attr & 1 ? ", accessed" : "");
    else
        snprintf(out, size, "data%s, %s%s%s", attr & ATTR_DB ? " 32-bit" : " 16-bit",
                 attr & 2 ? "read and write" : "read only", attr & 4 ? ", expands down" : "",
                 attr & 1 ? ", accessed" : "");
}

// One entry of GDT or LDT; whether it took two slots.
static bool show_descriptor(struct monitor *m, unsigned selector, uint64_t raw, uint64_t upper, bool have_upper)
{
    bool lma = m->c->m->cpu->s.efer & EFER_LMA;
    unsigned attr = descriptor_attr(raw), type = attr & ATTR_TYPE;
    char words[120];
    if (!raw) {
        mon_print(m, "%04x: %016" PRIx64 "  empty\n", selector, raw);
        return false;
    }
    bool gate = !(attr & ATTR_S) && (type == 4 || type == 5 || type == 12);
    bool wide = lma && !(attr & ATTR_S) && have_upper && (type == 2 || type == 9 || type == 11 || type == 12);
    mon_print(m, "%04x: %016" PRIx64 "  ", selector, raw);
    if (attr & ATTR_S)
        segment_words(words, sizeof words, attr, lma);
    else
        snprintf(words, sizeof words, "%s", system_type(type, lma));
    if (gate) {
        uint64_t offset = (raw & 0xffff) | (raw >> 32 & 0xffff0000) | (wide ? upper << 32 : 0);
        mon_print(m, "to %04x:%08" PRIx64 " DPL %u: %s", (unsigned)(raw >> 16 & 0xffff), offset, descriptor_dpl(raw),
                  words);
    } else {
        uint64_t base = descriptor_base(raw) | (wide ? upper << 32 : 0);
        mon_print(m, "base %08" PRIx64 " limit %08x DPL %u: %s", base, descriptor_limit(raw), descriptor_dpl(raw),
                  words);
    }
    mon_print(m, "%s\n", attr & ATTR_P ? "" : ", NOT PRESENT");
    return wide;
}

static void show_table(struct monitor *m, const char *name, uint64_t base, uint32_t limit, unsigned ti)
{
    limit &= 0xffff;
    mon_print(m, "%s at 0x%" PRIx64 ", limit 0x%x: %u entries\n", name, base, limit, (limit + 1) / 8);
    for (uint32_t at = 0; at + 7 <= limit; at += 8) {
        uint8_t bytes[16] = {0};
        size_t n = control_read(m->c, SPACE_LINEAR, base + at, bytes, at + 15 <= limit ? 16 : 8);
        if (n < 8) {
            mon_print(m, "%04x: cannot be read: its page is not mapped, or not RAM\n", at | ti);
            return;
        }
        if (show_descriptor(m, at | ti, load_u64(bytes), load_u64(bytes + 8), n == 16))
            at += 8;
    }
}

static void info_gdt(struct monitor *m, struct mon_args *a)
{
    const struct cpu_state *s = control_cpu(m->c);
    if (mon_end(m, a))
        show_table(m, "GDT", s->gdtr[0].base, s->gdtr[0].limit, 0);
}

static void info_ldt(struct monitor *m, struct mon_args *a)
{
    const struct segment_state *l = &control_cpu(m->c)->ldtr[0];
    if (!mon_end(m, a))
        return;
    if (!(l->selector & ~3))
        mon_print(m, "LDTR holds the null selector: there is no LDT\n");
    else
        show_table(m, "LDT", l->base, l->limit, 4);
}

// ---- interrupts
// -------------------------------------------------------------------------------------------------------

static void show_gate(struct monitor *m, unsigned vector, const uint8_t *bytes, bool lma)
{
    uint64_t raw = load_u64(bytes);
    unsigned attr = descriptor_attr(raw), type = attr & ATTR_TYPE;
    uint64_t offset = (raw & 0xffff) | (raw >> 32 & 0xffff0000) | (lma ? (uint64_t)load_u32(bytes + 8) << 32 : 0);
    bool legal = !(attr & ATTR_S) && (type == 14 || type == 15 || (!lma && (type == 5 || type == 6 || type == 7)));
    mon_print(m, "%02x: ", vector);
    if (!lma && type == 5)
        mon_print(m, "TSS %04x", (unsigned)(raw >> 16 & 0xffff));
    else
        mon_print(m, "%04x:%0*" PRIx64, (unsigned)(raw >> 16 & 0xffff), lma ? 16 : 8, offset);
    mon_print(m, " DPL %u %s%s", descriptor_dpl(raw), attr & ATTR_S ? "a segment" : system_type(type, lma),
              legal ? "" : ", NOT ALLOWED HERE");
    if (lma && raw >> 32 & 7)
        mon_print(m, ", stack IST%u", (unsigned)(raw >> 32 & 7));
    mon_print(m, "%s%s\n", *exception_name(vector) ? "  " : "", exception_name(vector));
}

static void info_idt(struct monitor *m, struct mon_args *a)
{
    const struct cpu_state *s = control_cpu(m->c);
    bool lma = s->efer & EFER_LMA, real = !(s->cr0 & CR0_PE);
    unsigned size = lma ? 16 : real ? 4 : 8, absent = 0, count = (s->idtr[0].limit + 1) / size;
    uint64_t base = s->idtr[0].base;
    if (!mon_end(m, a))
        return;
    count = count < 256 ? count : 256;
    mon_print(m, "%s at 0x%" PRIx64 ", limit 0x%x: %u vectors\n", real ? "interrupt vector table" : "IDT", base,
              s->idtr[0].limit, count);
    for (unsigned n = 0; n < count; n++) {
        uint8_t bytes[16] = {0};
        if (control_read(m->c, SPACE_LINEAR, base + n * size, bytes, size) < size) {
            mon_print(m, "%02x: cannot be read: its page is not mapped, or not RAM\n", n);
            return;
        }
        if (real ? !load_u32(bytes) : !(load_u64(bytes) >> 40 & ATTR_P))
            absent++;
        else if (real)
            mon_print(m, "%02x: %04x:%04x  %s\n", n, load_u16(bytes + 2), load_u16(bytes), exception_name(n));
        else
            show_gate(m, n, bytes, lma);
    }
    if (absent)
        mon_print(m, "%u others are %s\n", absent, real ? "0000:0000" : "not present");
}

// ---- task state
// -------------------------------------------------------------------------------------------------------

struct tss_field {
    const char *name;
    uint8_t offset, size;
    const char *doc;
};

static const struct tss_field tss16[] = {{"link", 0, 2, "selector of the task that was interrupted"},
                                         {"SP0", 2, 2, "stack of level 0"},
                                         {"SS0", 4, 2, ""},
                                         {"SP1", 6, 2, "stack of level 1"},
                                         {"SS1", 8, 2, ""},
                                         {"SP2", 10, 2, "stack of level 2"},
                                         {"SS2", 12, 2, ""},
                                         {"IP", 14, 2, ""},
                                         {"FLAGS", 16, 2, ""},
                                         {"LDT", 42, 2, "selector"},
                                         {NULL, 0, 0, NULL}};
static const struct tss_field tss32[] = {
    {"link", 0, 2, "selector of the task that was interrupted"},
    {"ESP0", 4, 4, "stack of level 0"},
    {"SS0", 8, 2, ""},
    {"ESP1", 12, 4, "stack of level 1"},
    {"SS1", 16, 2, ""},
    {"ESP2", 20, 4, "stack of level 2"},
    {"SS2", 24, 2, ""},
    {"CR3", 28, 4, "page tables of the task"},
    {"EIP", 32, 4, ""},
    {"EFLAGS", 36, 4, ""},
    {"EAX", 40, 4, ""},
    {"ECX", 44, 4, ""},
    {"EDX", 48, 4, ""},
    {"EBX", 52, 4, ""},
    {"ESP", 56, 4, ""},
    {"EBP", 60, 4, ""},
    {"ESI", 64, 4, ""},
    {"EDI", 68, 4, ""},
    {"ES", 72, 2, ""},
    {"CS", 76, 2, ""},
    {"SS", 80, 2, ""},
    {"DS", 84, 2, ""},
    {"FS", 88, 2, ""},
    {"GS", 92, 2, ""},
    {"LDT", 96, 2, "selector"},
    {"I/O map", 102, 2, "offset of the I/O permission map; beyond the limit: no port is allowed"},
    {NULL, 0, 0, NULL}};
static const struct tss_field tss64[] = {
    {"RSP0", 4, 8, "stack of level 0"},
    {"RSP1", 12, 8, "stack of level 1"},
    {"RSP2", 20, 8, "stack of level 2"},
    {"IST1", 36, 8, "interrupt stacks, that gates choose"},
    {"IST2", 44, 8, ""},
    {"IST3", 52, 8, ""},
    {"IST4", 60, 8, ""},
    {"IST5", 68, 8, ""},
    {"IST6", 76, 8, ""},
    {"IST7", 84, 8, ""},
    {"I/O map", 102, 2, "offset of the I/O permission map; beyond the limit: no port is allowed"},
    {NULL, 0, 0, NULL}};

static void info_tss(struct monitor *m, struct mon_args *a)
{
    const struct cpu_state *s = control_cpu(m->c);
    const struct segment_state *t = &s->tr[0];
    bool lma = s->efer & EFER_LMA;
    const struct tss_field *f = lma ? tss64 : t->attr & 8 ? tss32 : tss16;
    if (!mon_end(m, a))
        return;
    if (!(t->selector & ~3)) {
        mon_print(m, "TR holds the null selector: there is no task-state segment\n");
        return;
    }
    mon_print(m, "%s, selector %04x at 0x%" PRIx64 ", limit 0x%x\n", system_type(t->attr & ATTR_TYPE, lma), t->selector,
              t->base, t->limit);
    for (; f->name; f++) {
        uint8_t bytes[8] = {0};
        if ((uint32_t)f->offset + f->size - 1 > t->limit)
            mon_print(m, "%-8s beyond the limit\n", f->name);
        else if (control_read(m->c, SPACE_LINEAR, t->base + f->offset, bytes, f->size) < f->size)
            mon_print(m, "%-8s cannot be read\n", f->name);
        else
            mon_print(m, "%-8s %0*" PRIx64 "%s%s\n", f->name, f->size * 2, load_le(bytes, f->size), *f->doc ? "  " : "",
                      f->doc);
    }
}

const struct mon_command mon_cpu_infos[] = {
    {"registers", "[-a|vcpu]", "show the cpu registers", info_registers},
    {"cpus", "", "show infos for each CPU", info_cpus},
    {"gdt", "", "show the global descriptor table, each entry in words", info_gdt},
    {"ldt", "", "show the local descriptor table", info_ldt},
    {"idt", "", "show the interrupt descriptor table, each gate in words", info_idt},
    {"tss", "", "show the task-state segment", info_tss},
    {NULL, NULL, NULL, NULL},
};
