// The processor as a device: creation, reset, loading, and its lines.
#include "cpu/cpu.h"
#include "cpu/code.h"
#include "cpu/debug.h"
#include "cpu/segment.h"

#include <stdlib.h>

STATE_TABLE(segment_state, SEGMENT_STATE);
STATE_TABLE(cpu_state, CPU_STATE);

struct cpu *cpu_create(struct phys *phys, struct clock *clock, struct lapic *lapic, struct log *log,
                       const struct cpu_wiring *wiring)
{
    struct cpu *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->phys = phys;
    c->clock = clock;
    c->lapic = lapic;
    c->log = log;
    c->w = *wiring;
    c->tlb2 = calloc(1, sizeof *c->tlb2);
    c->model = wiring->model ? wiring->model : &cpu_model_v2;
    c->cr4_known = cpu_model_cr4(c->model);
    c->phys_bits = (uint8_t)cpu_model_phys_bits(c->model);
    c->pte_reserved = ((uint64_t)1 << 52) - ((uint64_t)1 << c->phys_bits);
    c->gib_pages = cpu_model_has(c->model, 0x80000001u, 0, CPUID_EDX, 26);
    c->code = code_create(cpu_features(c->model));
    c->step_block = calloc(1, sizeof *c->step_block + 2 * sizeof(struct insn));
    if (!c->tlb2 || !c->code || !c->step_block) {
        cpu_destroy(c);
        return NULL;
    }
    c->tlb2->generation = 1;
    c->tlb2->epoch = 1;
    tlb_init_empty(&c->no_tlb);
    c->tlb2->filled_count = TLB_LOG + 1; // nothing is valid yet: clear everything
    cpu_reset(c);
    return c;
}

void cpu_destroy(struct cpu *c)
{
    if (!c)
        return;
    code_destroy(c->code);
    free(c->tlb2);
    free(c->step_block);
    free(c);
}

static void reset_state(void *self)
{
    struct cpu *c = self;
    c->s.seg[SEG_CS] = (struct segment_state){0xffff0000u, 0xffff, 0xf000, 0x93};
    c->s.ldtr[0] = (struct segment_state){0, 0xffff, 0, 0x82};
    c->s.tr[0] = (struct segment_state){0, 0xffff, 0, 0x8b};
    c->s.reg[RDX] = cpu_model_signature(c->model);
    if (!cpu_model_has(c->model, 1, 0, CPUID_ECX, 3))
        c->s.misc_enable &= ~MISC_MONITOR;
    flags_import(c, 0);
}

void cpu_reset(struct cpu *c)
{
    // Time does not stop at a reset, and the generator goes on.
    uint64_t rng = c->s.rng;
    if (c->s.ferr)
        line_set(&c->ferr, false);
    state_reset(cpu_state_fields, &c->s);
    c->s.rng = rng;
    reset_state(c);
    cpu_update(c);
}

void cpu_sync(struct cpu *c)
{
    c->s.rflags = cpu_rflags(c);
    flags_import(c, c->s.rflags);
    uint64_t linear = c->mode & MODE_64 ? c->s.rip : (uint32_t)(c->s.rip + c->s.seg[SEG_CS].base);
    c->s.reg[REG_PAGE_RIP] = c->s.rip - (linear & PAGE_MASK);
}

const char *cpu_check(const struct cpu *c)
{
    const struct cpu_state *s = &c->s;
    if (s->reg[REG_ZERO])
        return "cpu: the zero slot is not zero";
    if (s->activity > CPU_MWAIT_ANY)
        return "cpu: activity";
    if (s->shadow > 2)
        return "cpu: shadow";
    if (s->cr0 & CR0_PG && !(s->cr0 & CR0_PE))
        return "cpu: CR0";
    bool lma = s->efer & EFER_LMA;
    if (lma != ((s->efer & EFER_LME) && (s->cr0 & CR0_PG)) || (lma && !(s->cr4 & CR4_PAE)))
        return "cpu: EFER";
    if (s->cr4 & ~c->cr4_known)
        return "cpu: CR4";
    if (s->ferr > 1 || s->ignne > 1)
        return "cpu: FERR#, IGNNE#";
    if (s->nmi_pending > 1 || s->nmi_blocked > 1 || s->nmi_level > 1 || s->intr > 1)
        return "cpu: NMI, INTR";
    if (s->db_pending > 63)
        return "cpu: pending debug traps";
    if (s->monitor && (s->monitor & 63) != 1)
        return "cpu: monitor";
    if (s->cr4 & CR4_PCIDE && !lma)
        return "cpu: CR4.PCIDE";
    if (s->cr3 >> c->phys_bits)
        return "cpu: CR3";
    if (s->mxcsr & 0xffff0000u)
        return "cpu: MXCSR";
    return NULL;
}

void cpu_update(struct cpu *c)
{
    flags_import(c, c->s.rflags);
    c->link_from = NULL;
    c->alone = NULL;
    c->attention = 1;
    c->switched = 0;
    c->watch_hit = 0;
    monitor_arm(c, c->s.monitor);
    cpu_map_changed(c);
    debug_update(c); // and the mode word
}

static const char *check(const void *self)
{
    return cpu_check(self);
}
static void update(void *self)
{
    cpu_update(self);
}

const struct device_class cpu_class = {
    .name = "cpu",
    .title = "x86-64 processor",
    .version = 1,
    .fields = cpu_state_fields,
    .state_offset = offsetof(struct cpu, s),
    .reset = reset_state,
    .check = check,
    .update = update,
};

void cpu_set_intr(void *cpu, unsigned n, bool level)
{
    struct cpu *c = cpu;
    (void)n;
    c->s.intr = level;
    if (level)
        c->attention = 1;
}

void cpu_pulse_nmi(void *cpu, unsigned n, bool level)
{
    struct cpu *c = cpu;
    (void)n;
    if (level && !c->s.nmi_level) {
        c->s.nmi_pending = 1;
        c->attention = 1;
    }
    c->s.nmi_level = level;
}
