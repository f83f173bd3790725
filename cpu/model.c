// The processor models but the default one, which is in cpuid.c, and what follows from a model's CPUID rows.
// docs/cpu.md says what each is for.
//
// Differs: what no bit of CPUID announces is the same in all models (an 80486 without local APIC finds one at
// FEE00000h, passing the 8259A's interrupts through; undefined flags are those of later processors). qemu64 is by
// GenuineIntel, without AMD's variants of SYSCALL and without SVM.
#include "cpu/model.h"

#include "cpu/insn.h"

#include <string.h>

#define BIT(n) (1u << (n))

// Leaf 1, EDX.
enum {
    FPU = BIT(0),
    VME = BIT(1),
    DE = BIT(2),
    PSE = BIT(3),
    TSC = BIT(4),
    MSR = BIT(5),
    PAE = BIT(6),
    MCE = BIT(7),
    CX8 = BIT(8),
    APIC = BIT(9),
    SEP = BIT(11),
    MTRR = BIT(12),
    PGE = BIT(13),
    MCA = BIT(14),
    CMOV = BIT(15),
    PAT = BIT(16),
    PSE36 = BIT(17),
    CLFSH = BIT(19),
    MMX = BIT(23),
    FXSR = BIT(24),
    SSE = BIT(25),
    SSE2 = BIT(26),
};

// clang-format off
#define GENUINE_INTEL 0x756e6547, 0x6c65746e, 0x49656e69

static const struct cpuid_leaf i486[] = { // Intel486 DX4
    {0x00000000, CPUID_ANY, 1, GENUINE_INTEL},
    {0x00000001, CPUID_ANY, 0x00000480, 0, 0, FPU | VME},
};

static const struct cpuid_leaf pentium[] = { // with MMX: P55C
    {0x00000000, CPUID_ANY, 1, GENUINE_INTEL},
    {0x00000001, CPUID_ANY, 0x00000543, 0, 0, FPU | VME | DE | PSE | TSC | MSR | MCE | CX8 | APIC | MMX},
};

static const struct cpuid_leaf pentium3[] = { // Coppermine
    {0x00000000, CPUID_ANY, 2, GENUINE_INTEL},
    {0x00000001, CPUID_ANY, 0x00000683, 2, 0, // brand index 2
                             FPU | VME | DE | PSE | TSC | MSR | PAE | MCE | CX8 | APIC | SEP | MTRR | PGE | MCA | CMOV | PAT |
                             PSE36 | MMX | FXSR | SSE},
    {0x00000002, CPUID_ANY, 0x03020101, 0, 0, 0x0c040882}, // 16 KiB code, 16 KiB data, 256 KiB level 2
};

static const struct cpuid_leaf qemu64[] = {
    {0x00000000, CPUID_ANY, 4, GENUINE_INTEL},
    {0x00000001, CPUID_ANY, 0x000106ca, 8 << 8, BIT(0) | BIT(13), // CLFLUSH line 64 bytes; SSE3 CX16
                             FPU | DE | PSE | TSC | MSR | PAE | MCE | CX8 | APIC | SEP | MTRR | PGE | MCA | CMOV | PAT | PSE36 |
                             CLFSH | MMX | FXSR | SSE | SSE2},
    {0x00000002, CPUID_ANY, 0x0000ff01, 0x000000f0, 0, 0},
    {0x00000004, 0, 0x00000121, 0x01c0003f, 0x0000003f, 1}, // caches as the default model's
    {0x00000004, 1, 0x00000122, 0x01c0003f, 0x0000003f, 1},
    {0x00000004, 2, 0x00000143, 0x01c0003f, 0x000001ff, 1},
    {0x80000000, CPUID_ANY, 0x80000008, 0, 0, 0},
    {0x80000001, CPUID_ANY, 0, 0, BIT(0), BIT(11) | BIT(20) | BIT(29)}, // LAHF64; SYSCALL NX LM
    {0x80000002, CPUID_ANY, 0x776f6e53, 0x626f6c67, 0x69762065, 0x61757472}, // "Snowglobe virtua"
    {0x80000003, CPUID_ANY, 0x5043206c, 0x65712055, 0x3436756d, 0},          // "l CPU qemu64"
    {0x80000006, CPUID_ANY, 0, 0, 0x01006040, 0},
    {0x80000008, CPUID_ANY, 0x00003028, 0, 0, 0},
};

static const struct cpu_model model_486 = {"486", "Intel486 DX4", i486, ARRAY_LEN(i486)};
static const struct cpu_model model_pentium = {"pentium", "Pentium with MMX", pentium, ARRAY_LEN(pentium)};
static const struct cpu_model model_pentium3 = {"pentium3", "Pentium III", pentium3, ARRAY_LEN(pentium3)};
static const struct cpu_model model_qemu64 = {"qemu64", "64 bit, up to SSE3", qemu64, ARRAY_LEN(qemu64)};
// clang-format on

const struct cpu_model *cpu_model_at(unsigned n)
{
    static const struct cpu_model *const models[] = {&model_486, &model_pentium, &model_pentium3, &model_qemu64,
                                                     &cpu_model_v2};
    return n < ARRAY_LEN(models) ? models[n] : NULL;
}

const struct cpu_model *cpu_model_find(const char *name)
{
    if (!name || !strcmp(name, "host") || !strcmp(name, "max"))
        return &cpu_model_v2;
    const struct cpu_model *m;
    for (unsigned n = 0; (m = cpu_model_at(n)); n++)
        if (!strcmp(name, m->name))
            return m;
    return NULL;
}

// ---- what follows --------------------------------------------------------------------------------------------------

const struct cpuid_leaf *cpu_model_leaf(const struct cpu_model *m, uint32_t leaf, uint32_t subleaf)
{
    for (unsigned n = 0; n < m->leaves; n++) {
        const struct cpuid_leaf *l = &m->leaf[n];
        if (l->leaf == leaf && (l->subleaf == CPUID_ANY || l->subleaf == subleaf))
            return l;
    }
    return NULL;
}

bool cpu_model_has(const struct cpu_model *m, uint32_t leaf, uint32_t subleaf, enum cpuid_register reg, unsigned bit)
{
    const struct cpuid_leaf *l = cpu_model_leaf(m, leaf, subleaf);
    uint32_t out[4] = {0};
    if (l)
        cpuid_registers(l, out);
    return out[reg] >> bit & 1;
}

uint32_t cpu_model_signature(const struct cpu_model *m)
{
    return cpu_model_leaf(m, 1, 0)->eax;
}

unsigned cpu_model_phys_bits(const struct cpu_model *m)
{
    const struct cpuid_leaf *l = cpu_model_leaf(m, 0x80000008u, 0);
    if (l)
        return l->eax & 0xff;
    // SDM vol. 3A, 4.1.4.
    return cpu_model_has(m, 1, 0, CPUID_EDX, 6) || cpu_model_has(m, 1, 0, CPUID_EDX, 17) ? 36 : 32;
}

uint64_t cpu_model_cr4(const struct cpu_model *m)
{
    // What has no bit of its own hangs on one that came with the same processor: DE and TSD with the first Pentium's
    // TSC, PCE with MMX.
    static const struct {
        uint32_t leaf;
        uint8_t reg, bit;
        uint32_t cr4;
    } map[] = {
        {1, CPUID_EDX, 1, CR4_VME | CR4_PVI}, {1, CPUID_EDX, 3, CR4_PSE},     {1, CPUID_EDX, 4, CR4_TSD | CR4_DE},
        {1, CPUID_EDX, 6, CR4_PAE},           {1, CPUID_EDX, 7, CR4_MCE},     {1, CPUID_EDX, 13, CR4_PGE},
        {1, CPUID_EDX, 23, CR4_PCE},          {1, CPUID_EDX, 24, CR4_OSFXSR}, {1, CPUID_EDX, 25, CR4_OSXMMEXCPT},
        {7, CPUID_EBX, 7, CR4_SMEP},          {1, CPUID_ECX, 17, CR4_PCIDE},  {1, CPUID_ECX, 26, CR4_OSXSAVE},
        {7, CPUID_EBX, 0, CR4_FSGSBASE},      {7, CPUID_EBX, 20, CR4_SMAP},   {7, CPUID_ECX, 2, CR4_UMIP},
    };
    uint64_t bits = 0;
    for (unsigned n = 0; n < ARRAY_LEN(map); n++)
        if (cpu_model_has(m, map[n].leaf, 0, map[n].reg, map[n].bit))
            bits |= map[n].cr4;
    return bits;
}
