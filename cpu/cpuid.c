// CPUID of the default model (SDM vol. 2, CPUID). docs/cpu.md explains each leaf; what is announced is what is built.
// The leaves never depend on the host.
//
// Differs: family 6, model 28 is an in-order processor, which system software knows not to speculate; its feature set
// here is larger than that of the real part.
#include "cpu/insn.h"
#include "cpu/model.h"
#include "cpu/segment.h"

enum { ANY = CPUID_ANY };

#define BIT(n) (1u << (n))

// clang-format off
static const struct cpuid_leaf leaves[] = {
    {0x00000000, ANY, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69}, // "GenuineIntel"
    {0x00000001, ANY,
     0x000106ca,                                    // family 6, model 28, stepping 10
     8 << 8,                                        // CLFLUSH line 64 bytes; APIC ID patched in
     BIT(0) | BIT(1) | BIT(3) | BIT(9) | BIT(13) | BIT(17) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | // SSE3 PCLMULQDQ MONITOR SSSE3 CX16 PCID SSE4.1 SSE4.2 MOVBE POPCNT
     BIT(24) | BIT(25) | BIT(26) | BIT(30),         // TSC-deadline AES XSAVE RDRAND; OSXSAVE patched in
     BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(11) | BIT(12) | BIT(13) | // FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE
     BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26)},    // MCA CMOV PAT PSE-36 CLFSH MMX FXSR SSE SSE2
    {0x00000002, ANY, 0x0000ff01, 0x000000f0, 0x00000000, 0x00000000}, // TLBs and caches: see leaf 4; 64-byte prefetch
    {0x00000004, 0, 0x00000121, 0x01c0003f, 0x0000003f, 0x00000001}, // 32 KiB data
    {0x00000004, 1, 0x00000122, 0x01c0003f, 0x0000003f, 0x00000001}, // 32 KiB code
    {0x00000004, 2, 0x00000143, 0x01c0003f, 0x000001ff, 0x00000001}, // 256 KiB unified
    {0x00000005, ANY, 64, 64, BIT(0) | BIT(1), 0},  // MONITOR: 64-byte lines; MWAIT: breaks on interrupts; no sub-states
    {0x00000006, ANY, BIT(2), 0, 0, 0},             // the APIC timer always runs
    {0x00000007, 0, 0, BIT(0) | BIT(1) | BIT(3) | BIT(6) | BIT(7) | BIT(8) | BIT(10) | BIT(13) | // FSGSBASE TSC_ADJUST BMI1 FDP-on-exceptions SMEP BMI2 INVPCID FCS/FDS-zero
     BIT(18) | BIT(19) | BIT(20) | BIT(23) | BIT(24), BIT(2) | BIT(22), BIT(29)},                // RDSEED ADX SMAP CLFLUSHOPT CLWB; UMIP RDPID; ARCH_CAPABILITIES
    {0x0000000d, 0, 3, 576, 576, 0},                // XCR0: x87 and SSE, 576 bytes
    {0x0000000d, 1, BIT(0) | BIT(1) | BIT(2), 576, 0, 0}, // XSAVEOPT XSAVEC XGETBV1
    {0x00000015, ANY, 1, 5, 200000000, 0},          // TSC = 5 * 200 MHz crystal
    {0x00000016, ANY, 1000, 1000, 200, 0},          // MHz
    {0x80000000, ANY, 0x80000008, 0, 0, 0},
    {0x80000001, ANY, 0, 0, BIT(0) | BIT(8), BIT(11) | BIT(20) | BIT(26) | BIT(27) | BIT(29)}, // LAHF64 PREFETCHW; SYSCALL NX 1-GiB pages RDTSCP LM
    {0x80000002, ANY, 0x776f6e53, 0x626f6c67, 0x69762065, 0x61757472}, // "Snowglobe virtua"
    {0x80000003, ANY, 0x5043206c, 0x32762055, 0x00000000, 0x00000000}, // "l CPU v2"
    {0x80000004, ANY, 0, 0, 0, 0},
    {0x80000006, ANY, 0, 0, 0x01006040, 0},         // 256 KiB, 8 ways, 64-byte lines
    {0x80000007, ANY, 0, 0, 0, BIT(8)},             // invariant TSC
    {0x80000008, ANY, 0x00003028, 0, 0, 0},         // 40 physical, 48 linear address bits
};
// clang-format on

const struct cpu_model cpu_model_v2 = {"v2", "the default: x86-64-v2 and more", leaves, ARRAY_LEN(leaves)};

void cpuid(const struct cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    const struct cpu_model *m = c->model;
    // Beyond the last leaf the answer is the last basic leaf's (SDM).
    uint32_t basic = cpu_model_leaf(m, 0, 0)->eax;
    const struct cpuid_leaf *extended = cpu_model_leaf(m, 0x80000000u, 0);
    if (leaf >= 0x80000000u ? !extended || leaf > extended->eax : leaf > basic)
        leaf = basic;
    const struct cpuid_leaf *l = cpu_model_leaf(m, leaf, subleaf);
    memset(out, 0, 4 * sizeof out[0]);
    if (l)
        cpuid_registers(l, out);
    if (leaf == 0 && c->s.misc_enable & MISC_LIMIT_CPUID)
        out[CPUID_EAX] = 2;
    if (leaf == 0x80000001u && c->s.misc_enable & MISC_XD_DISABLE)
        out[CPUID_EDX] &= ~BIT(20);
    if (leaf == 1) {
        if (out[CPUID_EDX] & BIT(19)) // with CLFLUSH came the APIC ID and the number of logical processors
            out[CPUID_EBX] |= (uint32_t)c->lapic->boot_id << 24 | 1u << 16;
        if (!lapic_enabled(c->lapic))
            out[CPUID_EDX] &= ~BIT(9);
        if (!(c->s.misc_enable & MISC_MONITOR))
            out[CPUID_ECX] &= ~BIT(3);
        if (c->s.cr4 & CR4_OSXSAVE)
            out[CPUID_ECX] |= BIT(27);
    }
}

uint64_t cpu_features(const struct cpu_model *m)
{
    static const struct {
        uint32_t leaf;
        uint8_t subleaf, reg, bit, feature;
    } map[] = {
        {1, 0, 3, 15, FEAT_CMOV},
        {1, 0, 3, 4, FEAT_TSC},
        {1, 0, 3, 5, FEAT_MSR},
        {1, 0, 3, 8, FEAT_CX8},
        {1, 0, 3, 11, FEAT_SEP},
        {1, 0, 3, 15, FEAT_HINTS}, // of the same processors
        {1, 0, 3, 23, FEAT_RDPMC}, // likewise
        {1, 0, 2, 13, FEAT_CX16},
        {1, 0, 3, 23, FEAT_MMX},
        {1, 0, 3, 25, FEAT_SSE},
        {1, 0, 3, 26, FEAT_SSE2},
        {1, 0, 2, 0, FEAT_SSE3},
        {1, 0, 2, 9, FEAT_SSSE3},
        {1, 0, 2, 19, FEAT_SSE41},
        {1, 0, 2, 20, FEAT_SSE42},
        {1, 0, 2, 23, FEAT_POPCNT},
        {1, 0, 3, 24, FEAT_FXSR},
        {1, 0, 3, 19, FEAT_CLFLUSH},
        {1, 0, 2, 26, FEAT_XSAVE},
        {1, 0, 2, 3, FEAT_MONITOR},
        {1, 0, 2, 22, FEAT_MOVBE},
        {1, 0, 2, 25, FEAT_AES},
        {1, 0, 2, 1, FEAT_PCLMULQDQ},
        {7, 0, 1, 0, FEAT_FSGSBASE},
        {7, 0, 1, 3, FEAT_BMI1},
        {7, 0, 1, 8, FEAT_BMI2},
        {7, 0, 1, 19, FEAT_ADX},
        {7, 0, 1, 10, FEAT_INVPCID},
        {7, 0, 1, 18, FEAT_RDSEED},
        {7, 0, 1, 20, FEAT_SMAP},
        {7, 0, 1, 23, FEAT_CLFLUSHOPT},
        {7, 0, 1, 24, FEAT_CLWB},
        {7, 0, 2, 22, FEAT_RDPID},
        {1, 0, 2, 30, FEAT_RDRAND},
        {0xd, 1, 0, 0, FEAT_XSAVEOPT},
        {0xd, 1, 0, 1, FEAT_XSAVEC},
        {0x80000001, 0, 3, 29, FEAT_LM},
        {0x80000001, 0, 3, 11, FEAT_SYSCALL},
        {0x80000001, 0, 3, 27, FEAT_RDTSCP},
        {0x80000001, 0, 2, 0, FEAT_LAHF64},
    };
    uint64_t features = 0;
    for (unsigned n = 0; n < ARRAY_LEN(map); n++)
        if (cpu_model_has(m, map[n].leaf, map[n].subleaf, map[n].reg, map[n].bit))
            features |= (uint64_t)1 << map[n].feature;
    return features;
}
