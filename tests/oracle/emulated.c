// The emulated processor under test. Each case enters user mode by an IRETQ of the tiny kernel with the trap flag set
// and comes back through an interrupt gate into a HLT, so that what is compared passed the emulator's own IRET, single
// step, exception delivery and page walks; nothing looks at the emulator's inside but to set and read registers.
#include "tests/oracle/emulated.h"

#include "cpu/insn.h"
#include "cpu/segment.h"

#include <stdlib.h>

enum {
    RAM_SIZE = 16 << 20,
    // Physical addresses.
    P_PML4 = 0x1000,
    P_PDPT = 0x2000,
    P_PD = 0x3000,
    P_PT = 0x4000,
    P_GDT = 0x5000,
    P_IDT = 0x6000,
    P_TSS = 0x7000,
    P_TEXT = 0x8000,
    P_STACK = 0x9000,
    P_ARENA = 0x100000,
    P_CODE = 0x200000,
    // The kernel's pages, P_GDT to P_STACK, from here on in linear memory.
    KERNEL_ADDR = ENTRY_ADDR,
    LDT_OFFSET = 0x800,                       // in the page of the GDT
    GATE_STUB = KERNEL_ADDR + P_TEXT - P_GDT, // one of 16 bytes for each vector
    IRET_STUB = GATE_STUB + 0x800,
    STACK_TOP = KERNEL_ADDR + P_STACK - P_GDT + 0x1000,
    VECTORS = 32,
    SEL_KERNEL_CODE32 = 0x08,
    SEL_KERNEL_CODE = 0x10,
    SEL_KERNEL_DATA = 0x18,
    SEL_TSS = 0x40,
    TICKS = 4096,
};

struct emulated_board {
    struct clock clock;
    struct log log;
    struct map devices, ports;
    struct phys phys;
    struct lapic lapic;
    bool dead;
};

static void fatal(void *ctx)
{
    struct emulated_board *b = ctx;
    b->dead = true;
}

static void put64(struct emulated_board *b, uint64_t at, uint64_t v)
{
    store_u64(b->phys.ram + at, v);
}

static void map_pages(struct emulated_board *b, uint64_t linear, uint64_t phys, unsigned bytes, uint64_t flags)
{
    for (unsigned at = 0; at < bytes; at += ORACLE_PAGE)
        put64(b, P_PT + ((linear + at - REGION_ADDR) >> 12) * 8, (phys + at) | flags);
}

// As the kernel makes it: accessed, present, of user level.
static uint64_t descriptor(const struct ldt_entry *e)
{
    uint64_t type = e->code ? 0xfb : e->down ? 0xf7 : 0xf3;
    return (uint64_t)(e->base >> 24) << 56 | (uint64_t)(e->limit >> 16) << 48 | (uint64_t)e->big << 54 | type << 40 |
           (uint64_t)(e->base & 0xffffff) << 16 | (e->limit & 0xffff);
}

static void build_tables(struct emulated_board *b)
{
    enum { P = 1, W = 2, U = 4 };
    const uint64_t nx = (uint64_t)1 << 63;
    put64(b, P_PML4, P_PDPT | P | W | U);
    put64(b, P_PDPT, P_PD | P | W | U);
    put64(b, P_PD + (REGION_ADDR >> 21) * 8, P_PT | P | W | U);
    map_pages(b, CODE_ADDR, P_CODE, CODE_SIZE, P | U);
    map_pages(b, DATA_ADDR, P_ARENA, DATA_SIZE, P | W | U | nx);
    map_pages(b, RDONLY_ADDR, P_ARENA + DATA_SIZE, RDONLY_SIZE, P | U | nx);
    map_pages(b, STACK_ADDR, P_ARENA + DATA_SIZE + RDONLY_SIZE, STACK_SIZE, P | W | U | nx);
    map_pages(b, CODE16_ADDR, P_CODE + ORACLE_PAGE, ORACLE_PAGE, P | U);
    map_pages(b, CODE16_ADDR + 0xf000, P_CODE, ORACLE_PAGE, P | U);
    map_pages(b, CODE16_ADDR + CODE16_DATA, P_ARENA, DATA_SIZE, P | U | nx);
    map_pages(b, DATA16_ADDR, P_ARENA + ORACLE_PAGE, ORACLE_PAGE, P | W | U | nx);
    map_pages(b, DATA16_ADDR + 0xf000, P_ARENA, ORACLE_PAGE, P | W | U | nx);
    map_pages(b, DATA16_ADDR + RDONLY_ADDR - DATA_ADDR - WRAP, P_ARENA + DATA_SIZE, RDONLY_SIZE, P | U | nx);
    unsigned stack = P_ARENA + DATA_SIZE + RDONLY_SIZE;
    map_pages(b, STACK16_ADDR, stack + ORACLE_PAGE, ORACLE_PAGE, P | W | U | nx);
    map_pages(b, STACK16_ADDR + 0xf000, stack, ORACLE_PAGE, P | W | U | nx);
    map_pages(b, KERNEL_ADDR, P_GDT, P_STACK + ORACLE_PAGE - P_GDT, P | W);

    // The host's selectors (Linux, arch/x86/include/asm/segment.h): 32-bit and 64-bit user code, user data.
    put64(b, P_GDT + SEL_KERNEL_CODE32, 0x00cf9b000000ffff);
    put64(b, P_GDT + SEL_KERNEL_CODE, 0x00af9b000000ffff);
    put64(b, P_GDT + SEL_KERNEL_DATA, 0x00cf93000000ffff);
    put64(b, P_GDT + (SEL_CODE32 & ~7), 0x00cffb000000ffff);
    put64(b, P_GDT + (SEL_DATA & ~7), 0x00cff3000000ffff);
    put64(b, P_GDT + (SEL_CODE64 & ~7), 0x00affb000000ffff);
    for (unsigned k = 0; k < ORACLE_LDT_ENTRIES; k++)
        put64(b, P_GDT + LDT_OFFSET + 8 * k, descriptor(&ldt_entry[k]));
    uint64_t tss = KERNEL_ADDR + P_TSS - P_GDT;
    put64(b, P_GDT + SEL_TSS, (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56 | 0x00008b0000000067);
    put64(b, P_GDT + SEL_TSS + 8, tss >> 32);
    put64(b, P_TSS + 4, STACK_TOP);  // RSP0
    put64(b, P_TSS + 36, STACK_TOP); // IST1, for all gates

    for (unsigned v = 0; v < VECTORS; v++) {
        uint64_t to = GATE_STUB + v * 16, dpl = v == EXC_BP || v == EXC_OF ? 3 : 0;
        put64(b, P_IDT + v * 16,
              (to & 0xffff) | SEL_KERNEL_CODE << 16 | (0x8e01 | dpl << 13) << 32 | (to >> 16 & 0xffff) << 48);
        put64(b, P_IDT + v * 16 + 8, to >> 32);
        b->phys.ram[P_TEXT + v * 16] = 0xf4; // HLT
    }
    static const uint8_t iretq[] = {0x48, 0xcf};
    memcpy(b->phys.ram + P_TEXT + IRET_STUB - GATE_STUB, iretq, sizeof iretq);
}

static void set_segment(struct segment_state *s, uint16_t selector, uint64_t base, uint32_t limit, uint16_t attr)
{
    *s = (struct segment_state){.base = base, .limit = limit, .selector = selector, .attr = attr};
}

static void build_state(struct cpu *c, uint64_t fs_base, uint64_t gs_base)
{
    struct cpu_state *s = &c->s;
    s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    s->cr3 = P_PML4;
    s->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
    s->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    const uint16_t data = ATTR_G | ATTR_DB | ATTR_P | ATTR_S | 3;
    const uint16_t user = data | 3 << ATTR_DPL_SHIFT;
    set_segment(&s->seg[SEG_CS], SEL_KERNEL_CODE, 0, UINT32_MAX, ATTR_G | ATTR_L | ATTR_P | ATTR_S | 11);
    set_segment(&s->seg[SEG_SS], SEL_KERNEL_DATA, 0, UINT32_MAX, data);
    set_segment(&s->seg[SEG_DS], SEL_DATA, 0, UINT32_MAX, user);
    set_segment(&s->seg[SEG_ES], SEL_DATA, 0, UINT32_MAX, user);
    set_segment(&s->seg[SEG_FS], 0, fs_base, UINT32_MAX, user);
    set_segment(&s->seg[SEG_GS], 0, gs_base, UINT32_MAX, user);
    set_segment(s->gdtr, 0, KERNEL_ADDR, 0x4f, 0);
    set_segment(s->ldtr, 0x50, KERNEL_ADDR + LDT_OFFSET, 8 * ORACLE_LDT_ENTRIES - 1, ATTR_P | 2);
    set_segment(s->idtr, 0, KERNEL_ADDR + P_IDT - P_GDT, VECTORS * 16 - 1, 0);
    set_segment(s->tr, SEL_TSS, KERNEL_ADDR + P_TSS - P_GDT, 0x67, ATTR_P | 11);
    s->rip = IRET_STUB;
    s->rflags = 2;
}

const char *emulated_open(struct emulated *e, uint64_t fs_base, uint64_t gs_base)
{
    memset(e, 0, sizeof *e);
    e->fs_base = fs_base;
    e->gs_base = gs_base;
    struct emulated_board *b = calloc(1, sizeof *b);
    uint8_t *ram = calloc(1, RAM_SIZE);
    struct phys_page *dir = calloc(RAM_SIZE / PAGE_SIZE, sizeof *dir);
    if (!b || !ram || !dir) {
        free(b);
        free(ram);
        free(dir);
        return "out of memory";
    }
    e->board = b;
    clock_init(&b->clock);
    log_init(&b->log, NULL, NULL);
    phys_init(&b->phys, ram, RAM_SIZE, dir, &b->devices);
    lapic_init(&b->lapic, &b->clock, 0, 0, true);
    build_tables(b);
    struct cpu_wiring wiring = {.ports = &b->ports, .fatal = fatal, .ctx = b};
    e->cpu = cpu_create(&b->phys, &b->clock, &b->lapic, &b->log, &wiring);
    if (!e->cpu) {
        emulated_close(e);
        return "no processor";
    }
    b->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, e->cpu};
    e->arena = ram + P_ARENA;
    build_state(e->cpu, fs_base, gs_base);
    const char *wrong = cpu_check(e->cpu);
    if (wrong)
        return wrong;
    cpu_update(e->cpu);
    return NULL;
}

void emulated_close(struct emulated *e)
{
    if (e->cpu)
        cpu_destroy(e->cpu);
    free(e->board->phys.ram);
    free(e->board->phys.dir);
    free(e->board);
}

void emulated_code(struct emulated *e, uint64_t addr, const void *bytes, unsigned n)
{
    phys_write(&e->board->phys, addr - CODE_ADDR + P_CODE, bytes, n);
}

static void load_fx(struct cpu_state *s, const uint8_t *fx)
{
    s->fcw = load_u16(fx + FX_FCW);
    s->fsw = load_u16(fx + FX_FSW);
    s->ftw = fx[FX_FTW];
    s->fop = 0;
    s->fip = s->fdp = 0;
    s->mxcsr = load_u32(fx + FX_MXCSR);
    for (unsigned k = 0; k < 8; k++) {
        unsigned r = (k + (s->fsw >> 11)) & 7;
        s->st_frac[r] = load_u64(fx + FX_ST + 16 * k);
        s->st_sexp[r] = load_u16(fx + FX_ST + 16 * k + 8);
    }
    for (unsigned k = 0; k < 16; k++) {
        s->vec[4 * k] = load_u64(fx + FX_XMM + 16 * k);
        s->vec[4 * k + 1] = load_u64(fx + FX_XMM + 16 * k + 8);
    }
}

static void save_fx(const struct cpu_state *s, uint8_t *fx)
{
    memset(fx, 0, FX_SIZE);
    store_u16(fx + FX_FCW, s->fcw);
    store_u16(fx + FX_FSW, s->fsw);
    fx[FX_FTW] = s->ftw;
    store_u32(fx + FX_MXCSR, s->mxcsr);
    for (unsigned k = 0; k < 8; k++) {
        unsigned r = (k + (s->fsw >> 11)) & 7;
        store_u64(fx + FX_ST + 16 * k, s->st_frac[r]);
        store_u16(fx + FX_ST + 16 * k + 8, s->st_sexp[r]);
    }
    for (unsigned k = 0; k < 16; k++) {
        store_u64(fx + FX_XMM + 16 * k, s->vec[4 * k]);
        store_u64(fx + FX_XMM + 16 * k + 8, s->vec[4 * k + 1]);
    }
}

static bool has_error_code(unsigned vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

// The data segments of user mode. FS and GS have bases without selectors in 64-bit code.
static void load_segments(struct emulated *e, enum code_mode mode)
{
    static const uint8_t segs[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    const uint16_t user = ATTR_P | ATTR_S | 3 | 3 << ATTR_DPL_SHIFT;
    struct segment_state *seg = e->cpu->s.seg;
    for (unsigned k = 0; k < ARRAY_LEN(segs); k++) {
        uint16_t selector = mode_selector(mode, segs[k]);
        const struct ldt_entry *d = &ldt_entry[selector >> 3];
        if (selector & 4)
            set_segment(&seg[segs[k]], selector, d->base, d->limit,
                        (uint16_t)(user | (d->down ? 4 : 0) | (d->big ? ATTR_DB : 0)));
        else
            set_segment(&seg[segs[k]], selector, 0, UINT32_MAX, user | ATTR_G | ATTR_DB);
    }
    if (mode == CODE_64) {
        seg[SEG_FS].base = e->fs_base;
        seg[SEG_GS].base = e->gs_base;
    }
}

bool emulated_run(struct emulated *e, enum code_mode mode, bool to_end, const struct context *in, struct context *out,
                  const char **why)
{
    struct cpu *c = e->cpu;
    struct cpu_state *s = &c->s;
    uint8_t *frame = e->board->phys.ram + P_STACK + ORACLE_PAGE - 40;
    cpu_sync(c);
    memcpy(s->reg, in->gpr, sizeof in->gpr);
    load_fx(s, in->fx);
    load_segments(e, mode);
    store_u64(frame, in->rip);
    uint16_t kernel_code = mode == CODE_64 ? SEL_KERNEL_CODE : SEL_KERNEL_CODE32;
    store_u64(frame + 8, e->kernel ? kernel_code : mode_selector(mode, SEG_CS));
    store_u64(frame + 16, in->rflags | 2 | F_IF | (to_end ? 0 : F_TF));
    store_u64(frame + 24, in->gpr[RSP]);
    store_u64(frame + 32, e->kernel ? SEL_KERNEL_DATA : mode_selector(mode, SEG_SS));
    s->reg[RSP] = STACK_TOP - 40;
    s->rip = IRET_STUB;
    s->activity = CPU_RUNNING;
    e->board->dead = false;

    enum cpu_stop stop = cpu_run(c, TICKS);
    cpu_sync(c);
    memset(out, 0, sizeof *out);
    memcpy(out->gpr, s->reg, sizeof out->gpr);
    out->vector = -1;
    out->rip = s->rip;
    out->rflags = s->rflags;
    save_fx(s, out->fx);
    uint64_t at = s->rip - 1 - GATE_STUB;
    if (e->board->dead || stop != CPU_HALT || at % 16 || at / 16 >= VECTORS) {
        *why = e->board->dead ? "triple fault" : stop == CPU_HALT ? "halted outside the gates" : "does not come back";
        build_state(c, e->fs_base, e->gs_base);
        s->activity = CPU_RUNNING;
        cpu_update(c);
        return false;
    }
    out->vector = (int)(at / 16);
    if (has_error_code((unsigned)out->vector))
        out->error = load_u32(frame - 8);
    out->rip = load_u64(frame);
    out->rflags = load_u64(frame + 16);
    out->gpr[RSP] = load_u64(frame + 24);
    out->cr2 = out->vector == EXC_PF ? s->cr2 : 0;
    if (s->reg[RSP] != STACK_TOP - (has_error_code((unsigned)out->vector) ? 48u : 40u)) {
        *why = "an exception inside the exception's handler";
        return false;
    }
    return true;
}

void emulated_protect(struct emulated *e, uint64_t addr, enum page_rights rights)
{
    uint64_t at = P_PT + ((addr - REGION_ADDR) >> 12) * 8;
    uint8_t entry[8];
    phys_read(&e->board->phys, at, entry, sizeof entry);
    uint64_t v = load_u64(entry) & ~(uint64_t)3;
    store_u64(entry, v | (rights == PAGE_ABSENT ? 0 : rights == PAGE_READ_ONLY ? 1 : 3));
    phys_write(&e->board->phys, at, entry, sizeof entry);
}

bool emulated_has_feature(struct emulated *e, unsigned feature)
{
    (void)e;
    return feature == FEAT_NONE || cpu_features(&cpu_model_v2) >> feature & 1;
}
