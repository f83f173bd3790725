// The processor's registers as text. The shape is what QEMU's `info registers` has, which scripts parse.
//
// Differs: SMM is always 0, because there is none.
#include "machine/registers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct text {
    char *p;
    size_t n;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    int n = vsnprintf(t->p + t->n, REGISTERS_TEXT - t->n, fmt, list);
    va_end(list);
    t->n += n < 0 ? 0 : (size_t)n < REGISTERS_TEXT - t->n ? (size_t)n : REGISTERS_TEXT - 1 - t->n;
}

// How QEMU names the types of system descriptors (SDM vol. 3A, table 3-2).
static const char *const system_types[2][16] = {
    {"Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate", "IntGate16", "TrapGate16", "Reserved",
     "TSS32-avl", "Reserved", "TSS32-busy", "CallGate32", "Reserved", "IntGate32", "TrapGate32"},
    {"<hiword>", "Reserved", "LDT", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved", "TSS64-avl",
     "Reserved", "TSS64-busy", "CallGate64", "Reserved", "IntGate64", "TrapGate64"},
};

static void put_segment(struct text *t, const struct cpu_state *s, const char *name, const struct segment_state *seg,
                        bool code64)
{
    uint16_t a = seg->attr;
    uint32_t pages = a & ATTR_G ? seg->limit >> 12 : seg->limit, flags = (uint32_t)a << 8 | (pages & 0xf0000);
    bool lma = s->efer & EFER_LMA;
    put(t, "%-3s=%04x ", name, seg->selector);
    if (code64)
        put(t, "%016" PRIx64, seg->base);
    else
        put(t, "%08x", (uint32_t)seg->base);
    put(t, " %08x %08x", seg->limit, flags);
    if (!(s->cr0 & CR0_PE) || !(a & ATTR_P)) {
        put(t, "\n");
        return;
    }
    put(t, " DPL=%d ", a >> ATTR_DPL_SHIFT & 3);
    if (!(a & ATTR_S))
        put(t, "%s", system_types[lma][a & ATTR_TYPE]);
    else if (a & 8)
        put(t, "%s [%c%c%c]",
            a & ATTR_L    ? "CS64"
            : a & ATTR_DB ? "CS32"
                          : "CS16",
            a & 4 ? 'C' : '-', a & 2 ? 'R' : '-', a & 1 ? 'A' : '-');
    else
        put(t, "%s [%c%c%c]", a & ATTR_DB || lma ? "DS  " : "DS16", a & 4 ? 'E' : '-', a & 2 ? 'W' : '-',
            a & 1 ? 'A' : '-');
    put(t, "\n");
}

static void put_general(struct text *t, const struct cpu_state *s, bool code64)
{
    static const char *const wide[16] = {"RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP",
                                         "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15"};
    static const uint8_t order[16] = {RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15};
    for (unsigned n = 0; n < (code64 ? 16 : 8); n++) {
        if (code64)
            put(t, "%s=%016" PRIx64, wide[n], s->reg[order[n]]);
        else
            put(t, "E%s=%08x", wide[n] + 1, (uint32_t)s->reg[order[n]]);
        put(t, n % 4 == 3 ? "\n" : " ");
    }
}

static void put_vectors(struct text *t, const struct cpu_state *s)
{
    bool wide = s->efer & EFER_LMA;
    put(t, "FCW=%04x FSW=%04x [ST=%d] FTW=%02x MXCSR=%08x\n", s->fcw, s->fsw, s->fsw >> 11 & 7, s->ftw, s->mxcsr);
    for (unsigned n = 0; n < 8; n++)
        put(t, "FPR%u=%016" PRIx64 " %04x%s", n, s->st_frac[n], s->st_sexp[n], n & 1 ? "\n" : " ");
    for (unsigned n = 0; n < (wide ? 16 : 8); n++)
        put(t, "XMM%02u=%016" PRIx64 " %016" PRIx64 "%s", n, s->vec[4 * n + 1], s->vec[4 * n], n & 1 ? "\n" : " ");
}

void registers_text(struct machine *m, bool vectors, char text[REGISTERS_TEXT])
{
    static const char *const segments[SEG_COUNT] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    struct text t = {text, 0};
    cpu_sync(m->cpu);
    const struct cpu_state *s = &m->cpu->s;
    bool code64 = m->cpu->mode & MODE_64, lma = s->efer & EFER_LMA;
    int wide = lma ? 16 : 8;
    uint64_t f = s->rflags;
    put_general(&t, s, code64);
    if (code64)
        put(&t, "RIP=%016" PRIx64 " RFL=%08x", s->rip, (uint32_t)f);
    else
        put(&t, "EIP=%08x EFL=%08x", (uint32_t)s->rip, (uint32_t)f);
    put(&t, " [%c%c%c%c%c%c%c] CPL=%d II=%d A20=%d SMM=0 HLT=%d\n", f & F_DF ? 'D' : '-', f & F_OF ? 'O' : '-',
        f & F_SF ? 'S' : '-', f & F_ZF ? 'Z' : '-', f & F_AF ? 'A' : '-', f & F_PF ? 'P' : '-', f & F_CF ? 'C' : '-',
        m->cpu->cpl, s->shadow != 0, (int)(m->phys.a20_mask >> 20 & 1), s->activity != CPU_RUNNING);
    for (unsigned n = 0; n < SEG_COUNT; n++)
        put_segment(&t, s, segments[n], &s->seg[n], code64);
    put_segment(&t, s, "LDT", &s->ldtr[0], code64);
    put_segment(&t, s, "TR", &s->tr[0], code64);
    put(&t, "GDT=     %0*" PRIx64 " %08x\n", wide, s->gdtr[0].base, s->gdtr[0].limit);
    put(&t, "IDT=     %0*" PRIx64 " %08x\n", wide, s->idtr[0].base, s->idtr[0].limit);
    put(&t, "CR0=%08x CR2=%0*" PRIx64 " CR3=%0*" PRIx64 " CR4=%08x\n", (uint32_t)s->cr0, wide, s->cr2, wide, s->cr3,
        (uint32_t)s->cr4);
    for (unsigned n = 0; n < 4; n++)
        put(&t, "DR%u=%016" PRIx64 "%s", n, s->dr[n], n == 3 ? "\n" : " ");
    put(&t, "DR6=%016" PRIx64 " DR7=%016" PRIx64 "\n", s->dr6, s->dr7);
    put(&t, "EFER=%016" PRIx64 "\n", s->efer);
    if (vectors)
        put_vectors(&t, s);
}
