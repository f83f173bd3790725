// From an input of the fuzzer `cpu` to a machine. Physical memory (linear is the same where the tables say so):
//
//     00000  real mode's vectors     00500  handlers, one per kind of frame
//     01000  IDT                     02000  GDT, 02800 LDT
//     03000  TSS, 03400 another      04000  page tables: top, 05000, 06000, 07000 lowest, 08000 the fourth GiB
//     0f000  stacks of inner rings   10000  code, 18000 stack behind it
//     20000  data
//
// The handlers step over the byte at which a fault stands, so that execution comes by everything.
#include "tests/fuzz/cpu_setup.h"

#include "cpu/segment.h"

enum {
    HANDLERS = 0x500,
    IDT = 0x1000,
    GDT = 0x2000,
    LDT = 0x2800,
    TSS = 0x3000,
    TSS2 = 0x3400,
    TABLES = 0x4000,
    INNER_STACK = 0xff00,
    CODE = 0x10000,
    STACK = 0x18000,
    DATA = 0x20000,
};

// Selectors, without RPL. Code, data and 64-bit code of ring n are 20h bytes behind those of ring 0.
enum {
    SEL_CODE32 = 0x08,
    SEL_DATA = 0x10,
    SEL_CODE64 = 0x18,
    SEL_CODE16 = 0x20,
    SEL_RING = 0x20, // from one ring to the next
    SEL_TSS = 0x88,  // 16 bytes in long mode
    SEL_LDT = 0x98,
    SEL_CALL_GATE = 0xa8,
    SEL_TASK_GATE = 0xb8,
    SEL_TSS2 = 0xc0,
    SEL_CONFORMING = 0xd0,
    SEL_EXPAND_DOWN = 0xd8,
    SEL_ABSENT = 0xe0,
    SEL_READ_ONLY = 0xe8,
    SEL_CALL_GATE16 = 0xf0,
};

static void poke64(struct machine *m, uint64_t addr, uint64_t v)
{
    uint8_t bytes[8];
    store_u64(bytes, v);
    phys_write(&m->phys, addr, bytes, 8);
}

static uint64_t peek64(struct machine *m, uint64_t addr)
{
    uint8_t bytes[8];
    phys_read(&m->phys, addr, bytes, 8);
    return load_u64(bytes);
}

static void flip64(struct machine *m, uint64_t addr, uint64_t bits)
{
    poke64(m, addr, peek64(m, addr) ^ bits);
}

// ---- descriptors ---------------------------------------------------------------------------------------------------

static uint64_t descriptor(uint32_t base, uint32_t limit, unsigned type, unsigned dpl, unsigned high)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(type | dpl << 5 | 0x80) << 40 |
           (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)high << 52 | (uint64_t)(base >> 24) << 56;
}

enum { HIGH_L = 2, HIGH_DB = 4, HIGH_G = 8 };

static uint64_t gate(unsigned selector, uint32_t offset, unsigned type, unsigned dpl)
{
    return (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)(type | dpl << 5 | 0x80) << 40 |
           (uint64_t)(offset >> 16) << 48;
}

static void put_gdt(struct machine *m, bool lma)
{
    for (unsigned ring = 0; ring < 4; ring++) {
        uint64_t at = GDT + ring * SEL_RING;
        poke64(m, at + SEL_CODE32, descriptor(0, 0xfffff, 0x1b, ring, HIGH_G | HIGH_DB));
        poke64(m, at + SEL_DATA, descriptor(0, 0xfffff, 0x13, ring, HIGH_G | HIGH_DB));
        poke64(m, at + SEL_CODE64, descriptor(0, 0xfffff, 0x1b, ring, HIGH_G | HIGH_L));
        poke64(m, at + SEL_CODE16, descriptor(CODE, 0xffff, 0x1b, ring, 0));
    }
    poke64(m, GDT + SEL_TSS, descriptor(TSS, 0x3ff, 0x09, 0, 0));
    poke64(m, GDT + SEL_LDT, descriptor(LDT, 0xff, 0x02, 0, 0));
    poke64(m, GDT + SEL_CALL_GATE, gate(lma ? SEL_CODE64 : SEL_CODE32, HANDLERS + 0x40, 0x0c, 3));
    poke64(m, GDT + SEL_TASK_GATE, gate(SEL_TSS2, 0, 0x05, 3));
    poke64(m, GDT + SEL_TSS2, descriptor(TSS2, 0x67, 0x09, 0, 0));
    poke64(m, GDT + SEL_CONFORMING, descriptor(0, 0xfffff, 0x1f, 0, HIGH_G | HIGH_DB));
    poke64(m, GDT + SEL_EXPAND_DOWN, descriptor(DATA, 0x00fff, 0x17, 3, HIGH_DB));
    poke64(m, GDT + SEL_ABSENT, descriptor(0, 0xfffff, 0x13, 3, HIGH_G | HIGH_DB) ^ (uint64_t)0x80 << 40);
    poke64(m, GDT + SEL_READ_ONLY, descriptor(DATA, 0xfff, 0x11, 3, HIGH_DB));
    if (!lma)
        poke64(m, GDT + SEL_CALL_GATE16, gate(SEL_CODE32, HANDLERS + 0x40, 0x04, 3) | (uint64_t)2 << 32);
    for (unsigned n = 1; n < 16; n++)
        poke64(m, LDT + 8 * n, peek64(m, GDT + 8 * n));
}

// Stacks for inner rings, an I/O bitmap that allows some ports, and an interrupt redirection bitmap before it.
static void put_tss(struct machine *m, bool lma)
{
    if (lma) {
        poke64(m, TSS + 4, INNER_STACK);
        poke64(m, TSS + 12, INNER_STACK - 0x200);
        poke64(m, TSS + 20, INNER_STACK - 0x400);
        for (unsigned n = 0; n < 7; n++)
            poke64(m, TSS + 36 + 8 * n, INNER_STACK - 0x600 - n * 0x100);
    } else {
        for (unsigned n = 0; n < 3; n++)
            poke64(m, TSS + 4 + 8 * n, (INNER_STACK - 0x200 * n) | (uint64_t)(SEL_DATA + SEL_RING * n + n) << 32);
        poke64(m, TSS + 28, 0x2);
    }
    poke64(m, TSS + 0x64, (uint64_t)0xa8 << 16 | (uint64_t)0xffff0000 << 32);
    poke64(m, TSS + 0x88 + 0x20, 0x00ff00ff00000000);
    // The other task begins behind the code.
    poke64(m, TSS2 + 4, INNER_STACK | (uint64_t)SEL_DATA << 32);
    poke64(m, TSS2 + 28, (uint64_t)(CODE + 0x40) << 32);
    poke64(m, TSS2 + 36, 0x2);
    poke64(m, TSS2 + 56, STACK);
    poke64(m, TSS2 + 72, SEL_DATA | (uint64_t)SEL_CODE32 << 32);
    poke64(m, TSS2 + 80, SEL_DATA | (uint64_t)SEL_DATA << 32);
    poke64(m, TSS2 + 0x64, (uint64_t)0x68 << 16);
}

// Handlers of each kind of frame: for faults without and with an error code, which step over a byte; for all else; and
// for interrupts of the local APIC, which end them.
static const uint8_t handlers16[4][16] = {
    {0x55, 0x89, 0xe5, 0xff, 0x46, 0x02, 0x5d, 0xcf}, // push bp; mov bp, sp; inc word [bp + 2]; pop bp; iret
    {0x55, 0x89, 0xe5, 0xff, 0x46, 0x02, 0x5d, 0xcf},
    {0xcf}, // iret
    {0xcf},
};
static const uint8_t handlers32[4][16] = {
    {0xff, 0x04, 0x24, 0xcf},                               // inc dword [esp]; iret
    {0x58, 0xff, 0x04, 0x24, 0xcf},                         // pop eax; inc dword [esp]; iret
    {0xcf},                                                 // iret
    {0xc7, 0x05, 0xb0, 0x00, 0xe0, 0xfe, 0, 0, 0, 0, 0xcf}, // mov dword [0xfee000b0], 0; iret
};
static const uint8_t handlers64[4][16] = {
    {0x48, 0xff, 0x04, 0x24, 0x48, 0xcf},       // inc qword [rsp]; iretq
    {0x58, 0x48, 0xff, 0x04, 0x24, 0x48, 0xcf}, // pop rax; inc qword [rsp]; iretq
    {0x48, 0xcf},                               // iretq
    {0xb8, 0xb0, 0x00, 0xe0, 0xfe, 0x67, 0xc7, 0x00, 0, 0, 0, 0, 0x48,
     0xcf}, // mov eax, 0xfee000b0; mov [eax], 0; iretq
};

static unsigned handler_of(unsigned vector)
{
    if (vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
        return 1;
    if (vector == EXC_DB || vector == EXC_NMI || vector == EXC_BP || vector == EXC_OF)
        return 2;
    return vector < 32 ? 0 : vector < 64 ? 2 : 3;
}

static void put_handlers(struct machine *m, bool real, bool lma)
{
    const uint8_t(*code)[16] = real ? handlers16 : lma ? handlers64 : handlers32;
    phys_write(&m->phys, HANDLERS, code, 64);
    // Behind a call gate: a far return.
    phys_write(&m->phys, HANDLERS + 0x40, "\x48\xcb", 2);
    for (unsigned v = 0; v < 256; v++) {
        unsigned at = HANDLERS + 16 * handler_of(v), dpl = v == EXC_BP || v >= 32 ? 3 : 0;
        if (real) {
            uint8_t bytes[4];
            store_u32(bytes, at);
            phys_write(&m->phys, v * 4, bytes, 4);
        } else if (lma) {
            poke64(m, IDT + 16 * v, gate(SEL_CODE64, at, v & 1 ? 14 : 15, dpl) | (uint64_t)(v == 8) << 32);
            poke64(m, IDT + 16 * v + 8, 0);
        } else {
            poke64(m, IDT + 8 * v, gate(SEL_CODE32, at, v & 1 ? 14 : 15, dpl));
        }
    }
}

// ---- page tables ---------------------------------------------------------------------------------------------------

enum { PTE_OPEN = 7, PTE_SYSTEM = 3, PTE_LARGE = 0x80 };
enum { APIC_PAGES = 0x800000 }; // linear address of another large page, for PSE

static unsigned page_bits(unsigned page, bool open)
{
    return page < CODE >> PAGE_SHIFT && !open ? PTE_SYSTEM : PTE_OPEN;
}

static void poke32(struct machine *m, uint64_t addr, uint32_t v)
{
    uint8_t bytes[4];
    store_u32(bytes, v);
    phys_write(&m->phys, addr, bytes, 4);
}

// Two levels. The last entry of the top table maps the table itself.
static void tables32(struct machine *m, unsigned user)
{
    for (unsigned n = 0; n < 1024; n++) {
        poke32(m, TABLES + 0x3000 + 4 * n, (n % 512) << PAGE_SHIFT | page_bits(n, user & 4));
        poke32(m, TABLES + 0x4000 + 4 * n, (0xfec00000u + (n << PAGE_SHIFT)) | PTE_SYSTEM);
    }
    for (unsigned n = 0; n < 16; n++)
        poke32(m, TABLES + 4 * n, (TABLES + 0x3000) | PTE_OPEN);
    poke32(m, TABLES + 4 * (APIC_PAGES >> 22), PTE_LARGE | PTE_OPEN);
    poke32(m, TABLES + 4 * (0xfec00000u >> 22), (TABLES + 0x4000) | PTE_OPEN);
    poke32(m, TABLES + 4 * 1023, TABLES | PTE_OPEN);
}

// PAE and four levels: the first 2 MiB by pages, then large pages onto the same, the interrupt controllers at their
// places; a self map in the directory of the fourth GiB.
static void tables64(struct machine *m, bool lma, unsigned user)
{
    uint64_t pointers = lma ? TABLES + 0x1000 : TABLES;
    for (unsigned n = 0; n < 512; n++) {
        poke64(m, TABLES + 0x3000 + 8 * n, n << PAGE_SHIFT | page_bits(n, user & 4));
        poke64(m, TABLES + 0x2000 + 8 * n, n < 16 ? PTE_LARGE | PTE_OPEN : 0);
    }
    poke64(m, TABLES + 0x2000, (TABLES + 0x3000) | PTE_OPEN);
    poke64(m, TABLES + 0x2008, (TABLES + 0x3000) | PTE_OPEN);
    poke64(m, TABLES + 0x4000 + 8 * (0xfec00000u >> 21 & 511), 0xfec00000u | PTE_LARGE | PTE_SYSTEM);
    poke64(m, TABLES + 0x4000 + 8 * (0xfee00000u >> 21 & 511), 0xfee00000u | PTE_LARGE | PTE_SYSTEM);
    poke64(m, TABLES + 0x4000 + 8 * 511, (TABLES + 0x4000) | PTE_OPEN);
    for (unsigned n = 0; n < 4; n++)
        poke64(m, pointers + 8 * n, (n == 3 ? TABLES + 0x4000 : TABLES + 0x2000) | (lma ? PTE_OPEN : 1));
    if (!lma)
        return;
    poke64(m, TABLES, (TABLES + 0x1000) | PTE_OPEN);
    poke64(m, TABLES + 8 * 510, TABLES | PTE_OPEN);
    poke64(m, TABLES + 8 * 511, (TABLES + 0x1000) | PTE_OPEN);
}

// ---- the processor -------------------------------------------------------------------------------------------------

static const uint8_t models = 5;

const char *cpu_setup_model(const uint8_t *data, size_t size)
{
    return size > CPU_H_MODEL ? cpu_model_at(models - 1 - data[CPU_H_MODEL] % models)->name : NULL;
}

// A segment register as its descriptor says.
static void take_segment(struct machine *m, struct segment_state *s, unsigned selector)
{
    uint64_t raw = peek64(m, GDT + (selector & 0xf8));
    *s = (struct segment_state){descriptor_base(raw), descriptor_limit(raw), (uint16_t)selector, descriptor_attr(raw)};
}

static void real_segments(struct cpu_state *s, bool v86, bool big)
{
    static const uint16_t base[SEG_COUNT] = {DATA >> 4, CODE >> 4, STACK >> 4, DATA >> 4, 0xffff, 0x1000};
    for (unsigned n = 0; n < SEG_COUNT; n++)
        s->seg[n] = (struct segment_state){(uint64_t)base[n] << 4, big && n != SEG_CS ? 0xffffffffu : 0xffff, base[n],
                                           v86 ? ATTR_V86 : 0x93};
}

static void set_registers(struct cpu_state *s, bool wide)
{
    // Small numbers do for 16-bit code, whose segments begin at the data.
    uint64_t base = wide ? DATA : 0;
    static const uint16_t offset[16] = {0x1234, 3, 0x3f8, 0x100, 0, 0x200, 0x300, 0x400, 0, 8, 0xff8, 0x1000};
    for (unsigned n = 0; n < 16; n++)
        s->reg[n] = (n == RAX || n == RCX || n == RDX ? 0 : base) + offset[n];
    s->reg[RSP] = wide ? STACK + 0x7000 : 0x7000;
}

static void set_flags(struct cpu_state *s, const uint8_t *h, bool v86)
{
    static const uint32_t bit[4] = {F_IF, F_TF, F_AC, F_NT};
    s->rflags = 2 | (uint64_t)(h[CPU_H_FLAGS] >> 2 & 3) << 12 | (v86 ? F_VM : 0);
    for (unsigned n = 0; n < 4; n++)
        if (h[CPU_H_FLAGS] >> (4 + n) & 1)
            s->rflags |= bit[n];
}

static const uint32_t cr0_bit[7] = {CR0_MP, CR0_EM, CR0_TS, CR0_NE, CR0_WP, CR0_AM, CR0_CD};
static const uint32_t cr4_bit[16] = {CR4_VME,  CR4_PVI,  CR4_TSD,    CR4_DE,        CR4_PSE,   CR4_MCE,
                                     CR4_PGE,  CR4_PCE,  CR4_UMIP,   CR4_FSGSBASE,  CR4_PCIDE, CR4_OSXSAVE,
                                     CR4_SMEP, CR4_SMAP, CR4_OSFXSR, CR4_OSXMMEXCPT};

// Where the code is in its 64 KiB. In the last page 16-bit code can wrap.
static unsigned code_offset(const uint8_t *h)
{
    return (h[CPU_H_PAGE] < 0xc0 ? 0 : h[CPU_H_PAGE] < 0xe0 ? 0xf000 : 0x7000) + h[CPU_H_OFFSET] * 16u;
}

static void set_mode(struct machine *m, const uint8_t *h)
{
    struct cpu_state *s = &m->cpu->s;
    enum cpu_mode mode = h[CPU_H_MODE] % CPU_MODES;
    bool real = mode <= CPU_BIG_REAL, v86 = mode == CPU_V86 || mode == CPU_V86_PAGED;
    bool lma = mode >= CPU_LONG && cpu_model_has(m->cpu->model, 0x80000001u, 0, CPUID_EDX, 29);
    bool pae = lma || (mode == CPU_PAE && m->cpu->cr4_known & CR4_PAE);
    bool paged = mode >= CPU_PAGED32 && mode != CPU_V86;
    unsigned cpl = real ? 0 : v86 ? 3 : h[CPU_H_FLAGS] & 3, ring = SEL_RING * cpl + cpl;
    uint64_t cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | (mode == CPU_PSE ? CR4_PSE : 0);

    s->cr0 = CR0_ET | CR0_NE | CR0_MP | (real ? 0 : CR0_PE | CR0_WP) | (paged ? CR0_PG : 0);
    for (unsigned n = 0; n < ARRAY_LEN(cr0_bit); n++)
        s->cr0 ^= h[CPU_H_CR0] >> n & 1 ? cr0_bit[n] : 0;
    for (unsigned n = 0; n < ARRAY_LEN(cr4_bit); n++)
        cr4 ^= load_u16(h + CPU_H_CR4) >> n & 1 ? cr4_bit[n] : 0;
    s->cr4 = ((cr4 & (lma ? ~(uint64_t)0 : ~(uint64_t)CR4_PCIDE)) | (pae ? CR4_PAE : 0)) & m->cpu->cr4_known;
    s->efer = (h[CPU_H_EFER] & 1 ? 0 : EFER_SCE) | (h[CPU_H_EFER] & 2 ? 0 : EFER_NXE);
    s->efer = cpu_model_has(m->cpu->model, 0x80000001u, 0, CPUID_EDX, 20) ? s->efer : 0;
    s->efer |= lma ? EFER_LME | EFER_LMA : 0;

    put_gdt(m, lma);
    put_tss(m, lma);
    put_handlers(m, real, lma);
    s->gdtr[0] = (struct segment_state){.base = GDT, .limit = 0xff};
    s->idtr[0] = (struct segment_state){.base = real ? 0 : IDT, .limit = real ? 0x3ff : lma ? 0xfff : 0x7ff};
    take_segment(m, &s->ldtr[0], SEL_LDT);
    take_segment(m, &s->tr[0], SEL_TSS);
    s->tr[0].attr |= 2;
    flip64(m, GDT + SEL_TSS, (uint64_t)2 << 40);
    set_flags(s, h, v86);
    set_registers(s, !real && !v86 && mode != CPU_PROT16 && mode != CPU_COMPAT16);
    s->rip = code_offset(h);
    if (real || v86) {
        real_segments(s, v86, mode == CPU_BIG_REAL);
    } else {
        bool code16 = mode == CPU_PROT16 || mode == CPU_COMPAT16;
        unsigned code = code16 ? SEL_CODE16 : lma && mode == CPU_LONG ? SEL_CODE64 : SEL_CODE32;
        static const uint8_t data[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};
        for (unsigned n = 0; n < ARRAY_LEN(data); n++)
            take_segment(m, &s->seg[data[n]], SEL_DATA + ring);
        take_segment(m, &s->seg[SEG_CS], code + ring);
        s->rip += code16 ? 0 : CODE;
        if (code16)
            s->seg[SEG_SS].base = STACK, s->seg[SEG_SS].attr &= (uint16_t)~ATTR_DB;
        if (code16)
            s->seg[SEG_DS].base = s->seg[SEG_ES].base = DATA;
    }
    if (!paged)
        return;
    if (pae)
        tables64(m, lma, h[CPU_H_EFER]);
    else
        tables32(m, h[CPU_H_EFER]);
    s->cr3 = TABLES;
}

// ---- set-up operations ---------------------------------------------------------------------------------------------

static uint64_t *msr_field(struct cpu_state *s, unsigned n)
{
    uint64_t *const field[] = {&s->star,        &s->lstar,        &s->cstar,        &s->fmask,      &s->kernel_gs_base,
                               &s->sysenter_cs, &s->sysenter_esp, &s->sysenter_eip, &s->tsc_offset, &s->pat,
                               &s->misc_enable, &s->tsc_aux,      &s->rng};
    return field[n % ARRAY_LEN(field)];
}

static void set_segment(struct cpu_state *s, unsigned index, uint64_t value)
{
    static const uint32_t limits[] = {0xffffffffu, 0xffff, 0, 0xfff, 0x20, 0x10007, 0xffffefff, 0x20fff};
    struct segment_state *const reg[] = {&s->seg[0], &s->seg[1], &s->seg[2],  &s->seg[3],
                                         &s->seg[4], &s->seg[5], &s->ldtr[0], &s->tr[0]};
    *reg[index % 8] =
        (struct segment_state){value >> 32, limits[index >> 3 & 7], (uint16_t)value, (uint16_t)(value >> 16 & 0xf0ff)};
}

static void set_fpu(struct cpu_state *s, unsigned index, uint64_t value)
{
    unsigned n = index & 7;
    if (index & 8) {
        s->st_frac[n] = value;
        s->ftw |= (uint8_t)(1 << n);
    } else if (index & 16) {
        s->st_sexp[n] = (uint16_t)value;
    } else if (n == 0) {
        s->fcw = (uint16_t)((value & 0x1f3f) | 0x40);
    } else if (n == 1) {
        s->fsw = (uint16_t)value;
    } else if (n == 2) {
        s->ftw = (uint8_t)value;
    } else {
        s->mxcsr = value & 0xffff;
    }
}

static void set_control(struct cpu *c, unsigned index, uint64_t value)
{
    struct cpu_state *s = &c->s;
    switch (index & 7) {
    case 0:
        s->cr0 ^= value & 0xe005003f & ~(uint64_t)CR0_ET;
        break;
    case 1:
        s->xcr0 = (value & 2) | 1;
        break;
    case 2:
        s->cr2 = value;
        break;
    case 3:
        s->cr3 ^= value & (((uint64_t)1 << c->phys_bits) - 1);
        break;
    case 4:
        s->cr4 ^= value & c->cr4_known;
        break;
    case 5:
        s->rflags ^= value & 0x3f7fd5 & ~(uint64_t)F_VM;
        break;
    case 6:
        s->gdtr[0].limit = (uint16_t)value;
        break;
    default:
        s->idtr[0].limit = (uint16_t)value;
        s->idtr[0].base ^= value >> 16 & 0xffff;
        break;
    }
}

static bool set_field(struct machine *m, uint64_t value)
{
    static uint8_t packed[4096];
    size_t size = state_size(cpu_state_fields);
    if (size > sizeof packed)
        fuzz_finding("the packed processor is larger than %zu bytes", sizeof packed);
    state_save(cpu_state_fields, &m->cpu->s, packed);
    packed[(value & 0xffff) % size] ^= (uint8_t)(value >> 16);
    state_load(cpu_state_fields, &m->cpu->s, packed);
    return !cpu_check(m->cpu);
}

static void add_event(struct cpu_plan *plan, unsigned index, uint64_t value)
{
    if (plan->events == CPU_MAX_EVENTS)
        return;
    struct cpu_event e = {.tick = value % plan->ticks, .value = value >> 16, .kind = (uint8_t)(index % CPU_EVENTS)};
    unsigned at = plan->events++;
    for (; at && plan->event[at - 1].tick > e.tick; at--)
        plan->event[at] = plan->event[at - 1];
    plan->event[at] = e;
}

static bool set_up(struct machine *m, struct cpu_plan *plan, unsigned kind, unsigned index, uint64_t value)
{
    struct cpu_state *s = &m->cpu->s;
    bool wide = s->cr4 & CR4_PAE;
    static const uint16_t upper[4] = {TABLES, TABLES + 0x1000, TABLES + 0x2000, TABLES + 0x4000};
    unsigned entry = index >> 2 == 63 ? 511 : index >> 2 == 62 ? 510 : index >> 2;
    switch ((enum cpu_op)(kind % CPU_OPS)) {
    case CPU_OP_REG:
        s->reg[index % 16] = value;
        break;
    case CPU_OP_PAGE:
        flip64(m, TABLES + 0x3000 + (wide ? 8 : 4) * index, wide ? value : (uint32_t)value);
        break;
    case CPU_OP_UPPER:
        flip64(m, upper[index & 3] + (wide ? 8 : 4) * entry, wide ? value : (uint32_t)value);
        break;
    case CPU_OP_GDT:
        flip64(m, GDT + 8 * (index % 32), value);
        break;
    case CPU_OP_IDT:
        flip64(m, IDT + (s->efer & EFER_LMA ? 16 : 8) * index, value);
        break;
    case CPU_OP_TSS:
        poke64(m, TSS + 4 * index, value);
        break;
    case CPU_OP_MEMORY:
        poke64(m, DATA + 16 * index, value);
        break;
    case CPU_OP_SEGMENT:
        set_segment(s, index, value);
        break;
    case CPU_OP_DEBUG:
        if (index % 6 < 4)
            s->dr[index % 6] = value;
        else if (index % 6 == 4)
            s->dr6 = (value & 0xe00f) | 0xffff0ff0;
        else
            s->dr7 = (uint32_t)value | 0x400;
        break;
    case CPU_OP_CONTROL:
        set_control(m->cpu, index, value);
        break;
    case CPU_OP_FPU:
        set_fpu(s, index, value);
        break;
    case CPU_OP_VECTOR:
        s->vec[index / 2 % 16 * 4 + index % 2] = value;
        break;
    case CPU_OP_MSR:
        *msr_field(s, index) = value;
        break;
    case CPU_OP_EVENT:
        add_event(plan, index, value);
        break;
    case CPU_OP_PIT:
        map_write(&m->ports, 0x43, 1, 0x30 | (index & 0x0e));
        map_write(&m->ports, 0x40, 1, value & 0xff);
        map_write(&m->ports, 0x40, 1, value >> 8 & 3);
        break;
    case CPU_OP_FIELD:
        return set_field(m, value);
    default:
        break;
    }
    return true;
}

// Both 8259As with vectors from 20h on, nothing masked.
static void set_pics(struct machine *m)
{
    static const uint8_t word[2][5] = {{0x11, 0x20, 4, 1, 0}, {0x11, 0x28, 2, 1, 0}};
    for (unsigned k = 0; k < 2; k++)
        for (unsigned n = 0; n < 5; n++)
            map_write(&m->ports, (k ? 0xa0 : 0x20) + (n > 0), 1, word[k][n]);
}

bool cpu_setup(struct machine *m, const uint8_t *data, size_t size, struct cpu_plan *plan)
{
    uint8_t h[CPU_HEADER_BYTES] = {0};
    memcpy(h, data, size < sizeof h ? size : sizeof h);
    struct fuzz_input in = {data + (size < sizeof h ? size : sizeof h), data + size};
    *plan = (struct cpu_plan){.ticks = (uint64_t)64 << (h[CPU_H_TICKS] & 3)};
    plan->shake_ticks = plan->ticks / 32 + h[CPU_H_SHAKE] % 64; // at most 32 times
    plan->save_at = plan->ticks * (h[CPU_H_TICKS] >> 2) / 64;
    set_mode(m, h);
    if (h[CPU_H_EFER] & 8)
        set_pics(m);
    if (h[CPU_H_CR0] & 0x80)
        map_write(&m->ports, 0x92, 1, 0);
    cpu_update(m->cpu);
    for (unsigned n = h[CPU_H_OPS] % (CPU_MAX_OPS + 1); n; n--) {
        unsigned kind = fuzz_u8(&in), index = fuzz_u8(&in);
        if (!set_up(m, plan, kind, index, fuzz_le(&in, 8)))
            return false;
    }
    if (cpu_check(m->cpu))
        return false;
    size_t code = (size_t)(in.end - in.at);
    phys_write(&m->phys, CODE + code_offset(h), in.at, code < 0x4000 ? code : 0x4000);
    struct cpu_state *s = &m->cpu->s;
    if (s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA))
        for (unsigned n = 0; n < 4; n++)
            s->pdpte[n] = peek64(m, (s->cr3 & 0xffffffe0u) + 8 * n);
    // As a load would leave it: chips drive their lines to where they are.
    return !machine_shake(m);
}

// ---- what comes from outside ---------------------------------------------------------------------------------------

void cpu_event_apply(struct machine *m, const struct cpu_event *e)
{
    struct apic_message msg = {.vector = (uint8_t)e->value};
    uint8_t bytes[8];
    switch ((enum cpu_event_kind)e->kind) {
    case CPU_EVENT_NMI:
        cpu_pulse_nmi(m->cpu, 0, true);
        cpu_pulse_nmi(m->cpu, 0, false);
        break;
    case CPU_EVENT_FIXED:
        lapic_receive(&m->lapic, &msg);
        break;
    case CPU_EVENT_ISA:
        piix3_isa_irq(&m->piix3, 5 + e->value % 3, true);
        piix3_isa_irq(&m->piix3, 5 + e->value % 3, false);
        break;
    case CPU_EVENT_MESSAGE:
        msg.delivery = e->value >> 8 & 7;
        msg.level = e->value >> 11 & 1;
        lapic_receive(&m->lapic, &msg);
        break;
    case CPU_EVENT_SERIAL:
        store_u64(bytes, e->value);
        machine_serial_input(m, 0, bytes, 4);
        break;
    case CPU_EVENT_A20:
        map_write(&m->ports, 0x92, 1, e->value & 2);
        break;
    case CPU_EVENT_TIMER:
        map_write(&m->memory, 0xfee003e0, 4, e->value >> 8 & 11);
        map_write(&m->memory, 0xfee00320, 4, (e->value & 0xff) | (e->value >> 12 & 3) << 17);
        map_write(&m->memory, 0xfee00380, 4, e->value >> 16 & 0x3ff);
        break;
    case CPU_EVENT_DMA:
        store_u64(bytes, e->value >> 16);
        phys_write(&m->phys,
                   (e->value & 1   ? CODE
                    : e->value & 2 ? TABLES
                                   : TABLES + 0x3000) +
                       (e->value & 0xff8),
                   bytes, 4);
        break;
    default:
        break;
    }
    // The run loop looks at lines between instructions.
    m->clock.deadline_changed = true;
}
