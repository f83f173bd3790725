// Model-specific registers (SDM vol. 4). docs/cpu.md has a table of the default model's.
#include "cpu/segment.h"

enum {
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
    MSR_FEATURE_CONTROL = 0x3a,
    MSR_TSC_ADJUST = 0x3b,
    MSR_BIOS_UPDT = 0x79,
    MSR_BIOS_SIGN_ID = 0x8b,
    MSR_MTRRCAP = 0xfe,
    MSR_ARCH_CAPABILITIES = 0x10a,
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
    MSR_MCG_CAP = 0x179,
    MSR_MCG_STATUS = 0x17a,
    MSR_PLATFORM_ID = 0x17,
    MSR_MISC_ENABLE = 0x1a0,
    MSR_P5_MC_ADDR = 0,
    MSR_P5_MC_TYPE = 1,
    MSR_MTRR_VAR = 0x200,
    MSR_MTRR_FIX64K = 0x250,
    MSR_MTRR_FIX16K = 0x258,
    MSR_MTRR_FIX4K = 0x268,
    MSR_PAT = 0x277,
    MSR_MTRR_DEF_TYPE = 0x2ff,
    MSR_MC = 0x400,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_DEBUGCTL = 0x1d9,
};
enum {
    MSR_EFER = 0xc0000080u - 0xc0000000u,
    MSR_STAR,
    MSR_LSTAR,
    MSR_CSTAR,
    MSR_FMASK,
    MSR_FS_BASE = 0x100,
    MSR_GS_BASE,
    MSR_KERNEL_GS_BASE,
    MSR_TSC_AUX
};

// Eight variable ranges, the fixed ones, write combining.
#define MTRRCAP 0x508

// "Not affected", wherever this register decides: RDCL_NO, RSBA clear, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO,
// PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO.
#define ARCH_CAPABILITIES                                                                                              \
    (1u << 0 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 20 |           \
     1u << 24 | 1u << 26 | 1u << 27 | (uint64_t)1 << 62)

// What can be changed in IA32_MISC_ENABLE: fast strings, and what the model has to limit. That branch trace and PEBS
// are unavailable stays.
static uint64_t misc_writable(const struct cpu *c)
{
    return 1 | MISC_LIMIT_CPUID | (cpu_model_has(c->model, 1, 0, CPUID_ECX, 3) ? MISC_MONITOR : 0) |
           (cpu_model_has(c->model, 0x80000001u, 0, CPUID_EDX, 20) ? MISC_XD_DISABLE : 0);
}

// Later processors show bank 0 where the Pentium had its machine-check registers.
static uint32_t p5_alias(uint32_t index)
{
    return MSR_MC + (index == MSR_P5_MC_ADDR ? 2 : 1);
}

// Four banks, no extensions.
#define MCG_CAP 4

// The fixed MTRR of an index in the three groups, or -1.
static int fixed_mtrr(uint32_t index)
{
    if (index == MSR_MTRR_FIX64K)
        return 0;
    if (index == MSR_MTRR_FIX16K || index == MSR_MTRR_FIX16K + 1)
        return (int)(index - MSR_MTRR_FIX16K) + 1;
    if (index >= MSR_MTRR_FIX4K && index < MSR_MTRR_FIX4K + 8)
        return (int)(index - MSR_MTRR_FIX4K) + 3;
    return -1;
}

static bool extended_read(struct cpu *c, uint32_t index, uint64_t *v)
{
    switch (index) {
    case MSR_EFER:
        *v = c->s.efer;
        return true;
    case MSR_STAR:
        *v = c->s.star;
        return true;
    case MSR_LSTAR:
        *v = c->s.lstar;
        return true;
    case MSR_CSTAR:
        *v = c->s.cstar;
        return true;
    case MSR_FMASK:
        *v = c->s.fmask;
        return true;
    case MSR_FS_BASE:
        *v = c->s.seg[SEG_FS].base;
        return true;
    case MSR_GS_BASE:
        *v = c->s.seg[SEG_GS].base;
        return true;
    case MSR_KERNEL_GS_BASE:
        *v = c->s.kernel_gs_base;
        return true;
    case MSR_TSC_AUX:
        *v = c->s.tsc_aux;
        return true;
    default:
        return false;
    }
}

// Registers that a model has only with a feature. The others are there in all models that have RDMSR.
static bool exists(const struct cpu *c, uint32_t index)
{
    enum { EXT = 0x80000001 };
    static const struct {
        uint32_t first, last, leaf;
        uint8_t reg, bit;
    } map[] = {
        {MSR_TSC, MSR_TSC, 1, CPUID_EDX, 4},
        {MSR_PLATFORM_ID, MSR_PLATFORM_ID, 1, CPUID_EDX, 15}, // the P6 family, which has CMOV
        {MSR_APIC_BASE, MSR_APIC_BASE, 1, CPUID_EDX, 15},
        {MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, EXT, CPUID_EDX, 29},
        {MSR_TSC_ADJUST, MSR_TSC_ADJUST, 7, CPUID_EBX, 1},
        {MSR_BIOS_UPDT, MSR_BIOS_UPDT, 1, CPUID_EDX, 15},
        {MSR_BIOS_SIGN_ID, MSR_BIOS_SIGN_ID, 1, CPUID_EDX, 15},
        {MSR_MTRRCAP, MSR_MTRRCAP, 1, CPUID_EDX, 12},
        {MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES, 7, CPUID_EDX, 29},
        {MSR_SYSENTER_CS, MSR_SYSENTER_EIP, 1, CPUID_EDX, 11},
        {MSR_MCG_CAP, MSR_MCG_STATUS, 1, CPUID_EDX, 14},
        {MSR_MISC_ENABLE, MSR_MISC_ENABLE, EXT, CPUID_EDX, 29},
        {MSR_DEBUGCTL, MSR_DEBUGCTL, 1, CPUID_EDX, 15},
        {MSR_MTRR_VAR, MSR_MTRR_FIX4K + 7, 1, CPUID_EDX, 12},
        {MSR_PAT, MSR_PAT, 1, CPUID_EDX, 16},
        {MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, 1, CPUID_EDX, 12},
        {MSR_MC, MSR_MC + 15, 1, CPUID_EDX, 14},
        {MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, 1, CPUID_ECX, 24},
        {0xc0000080, 0xc0000080, EXT, CPUID_EDX, 29}, // EFER and what belongs to it
        {0xc0000081, 0xc0000084, EXT, CPUID_EDX, 11},
        {0xc0000100, 0xc0000102, EXT, CPUID_EDX, 29},
        {0xc0000103, 0xc0000103, EXT, CPUID_EDX, 27},
    };
    for (unsigned n = 0; n < ARRAY_LEN(map); n++)
        if (index >= map[n].first && index <= map[n].last)
            return cpu_model_has(c->model, map[n].leaf, 0, map[n].reg, map[n].bit);
    return true;
}

// P5_MC_ADDR and P5_MC_TYPE: the first Pentium's machine checks, of which there are none.
static bool p5_machine_check(const struct cpu *c, uint32_t index)
{
    return index <= 1 && (cpu_model_signature(c->model) >> 8 & 15) == 5;
}

bool msr_read(struct cpu *c, uint32_t index, uint64_t *v)
{
    *v = 0;
    if (!exists(c, index))
        return false;
    if (p5_machine_check(c, index))
        return true;
    if (index >= 0xc0000000u && index < 0xc0001000u)
        return extended_read(c, index - 0xc0000000u, v);
    if (fixed_mtrr(index) >= 0) {
        *v = c->s.mtrr_fix[fixed_mtrr(index)];
        return true;
    }
    if (index >= MSR_MTRR_VAR && index < MSR_MTRR_VAR + 16) {
        *v = c->s.mtrr_var[index - MSR_MTRR_VAR];
        return true;
    }
    if (index >= MSR_MC && index < MSR_MC + 16) {
        *v = c->s.mc[index - MSR_MC];
        return true;
    }
    switch (index) {
    case MSR_TSC:
        *v = cpu_tsc(c);
        return true;
    case MSR_TSC_ADJUST:
        *v = c->s.tsc_offset;
        return true;
    case MSR_APIC_BASE:
        *v = lapic_base_msr_read(c->lapic);
        return true;
    case MSR_BIOS_SIGN_ID:
        *v = c->s.bios_sign_id;
        return true;
    case MSR_MTRRCAP:
        *v = MTRRCAP;
        return true;
    case MSR_ARCH_CAPABILITIES:
        *v = ARCH_CAPABILITIES;
        return true;
    case MSR_SYSENTER_CS:
        *v = c->s.sysenter_cs;
        return true;
    case MSR_SYSENTER_ESP:
        *v = c->s.sysenter_esp;
        return true;
    case MSR_SYSENTER_EIP:
        *v = c->s.sysenter_eip;
        return true;
    case MSR_MCG_CAP:
        *v = MCG_CAP;
        return true;
    case MSR_MCG_STATUS:
        *v = c->s.mcg_status;
        return true;
    case MSR_P5_MC_ADDR:
    case MSR_P5_MC_TYPE:
        return msr_read(c, p5_alias(index), v);
    case MSR_MISC_ENABLE:
        *v = c->s.misc_enable;
        return true;
    case MSR_PAT:
        *v = c->s.pat;
        return true;
    case MSR_MTRR_DEF_TYPE:
        *v = c->s.mtrr_def_type;
        return true;
    case MSR_TSC_DEADLINE:
        *v = lapic_tsc_deadline_read(c->lapic);
        return true;
    case MSR_FEATURE_CONTROL:
        *v = 1; // locked, VMX off
        return true;
    case MSR_PLATFORM_ID:
    case MSR_DEBUGCTL:
        return true;
    default:
        log_line(c->log, LOG_GUEST_ERROR, "cpu: RDMSR %x", (unsigned)index);
        return false;
    }
}

static bool store_canonical(uint64_t *field, uint64_t v)
{
    if (!canonical(v))
        return false;
    *field = v;
    return true;
}

static bool extended_write(struct cpu *c, uint32_t index, uint64_t v)
{
    switch (index) {
    case MSR_EFER: {
        uint64_t known = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
        if (c->s.misc_enable & MISC_XD_DISABLE)
            known &= ~(uint64_t)EFER_NXE;
        if (v & ~known || (c->s.cr0 & CR0_PG && (v ^ c->s.efer) & EFER_LME))
            return false;
        bool nxe = (v ^ c->s.efer) & EFER_NXE;
        c->s.efer = (v & ~(uint64_t)EFER_LMA) | (c->s.efer & EFER_LMA);
        if (nxe)
            tlb_flush_all(c);
        return true;
    }
    case MSR_STAR:
        c->s.star = v;
        return true;
    case MSR_LSTAR:
        return store_canonical(&c->s.lstar, v);
    case MSR_CSTAR:
        return store_canonical(&c->s.cstar, v);
    case MSR_FMASK:
        if (v >> 32)
            return false;
        c->s.fmask = v;
        return true;
    case MSR_FS_BASE:
        return store_canonical(&c->s.seg[SEG_FS].base, v);
    case MSR_GS_BASE:
        return store_canonical(&c->s.seg[SEG_GS].base, v);
    case MSR_KERNEL_GS_BASE:
        return store_canonical(&c->s.kernel_gs_base, v);
    case MSR_TSC_AUX:
        if (v >> 32)
            return false;
        c->s.tsc_aux = v;
        return true;
    default:
        return false;
    }
}

static void set_tsc_offset(struct cpu *c, uint64_t offset)
{
    lapic_timer_sync(c->lapic);
    c->s.tsc_offset = offset;
    lapic_update(c->lapic);
}

// A physical base or mask of a variable range: a type in the one, nothing in the other, below bit 11 or 12.
static bool mtrr_var_valid(const struct cpu *c, unsigned n, uint64_t v)
{
    uint8_t type = (uint8_t)v;
    if (v >> c->phys_bits)
        return false;
    return n & 1 ? !(v & 0x7ff) : !(v & 0xf00) && type <= 6 && type != 2 && type != 3;
}

// Memory types of PAT and MTRRs: 0, 1, 4, 5, 6, and 7 in PAT only.
static bool memory_types(uint64_t v, bool pat)
{
    for (unsigned n = 0; n < 8; n++) {
        uint8_t type = (uint8_t)(v >> (8 * n));
        if (type > (pat ? 7 : 6) || type == 2 || type == 3)
            return false;
    }
    return true;
}

bool msr_write(struct cpu *c, uint32_t index, uint64_t v)
{
    if (!exists(c, index))
        return false;
    if (p5_machine_check(c, index))
        return true;
    if (index >= 0xc0000000u && index < 0xc0001000u)
        return extended_write(c, index - 0xc0000000u, v);
    if (fixed_mtrr(index) >= 0) {
        if (!memory_types(v, false))
            return false;
        c->s.mtrr_fix[fixed_mtrr(index)] = v;
        return true;
    }
    if (index >= MSR_MTRR_VAR && index < MSR_MTRR_VAR + 16) {
        if (!mtrr_var_valid(c, index - MSR_MTRR_VAR, v))
            return false;
        c->s.mtrr_var[index - MSR_MTRR_VAR] = v;
        return true;
    }
    if (index >= MSR_MC && index < MSR_MC + 16) {
        // All but the control registers can only be cleared.
        if (index & 3 && v)
            return false;
        c->s.mc[index - MSR_MC] = v;
        return true;
    }
    switch (index) {
    case MSR_TSC:
        set_tsc_offset(c, v - clock_ns(c->clock));
        return true;
    case MSR_TSC_ADJUST:
        set_tsc_offset(c, v);
        return true;
    case MSR_APIC_BASE:
        return lapic_base_msr_write(c->lapic, v);
    case MSR_BIOS_UPDT:
        return true; // there is no microcode to update
    case MSR_BIOS_SIGN_ID:
        c->s.bios_sign_id = v;
        return true;
    case MSR_SYSENTER_CS:
        c->s.sysenter_cs = v;
        return true;
    case MSR_SYSENTER_ESP:
        return store_canonical(&c->s.sysenter_esp, v);
    case MSR_SYSENTER_EIP:
        return store_canonical(&c->s.sysenter_eip, v);
    case MSR_MCG_STATUS:
        if (v & ~(uint64_t)7)
            return false;
        c->s.mcg_status = v;
        return true;
    case MSR_P5_MC_ADDR:
    case MSR_P5_MC_TYPE:
        return msr_write(c, p5_alias(index), v);
    case MSR_MISC_ENABLE:
        if ((v ^ c->s.misc_enable) & ~misc_writable(c))
            return false;
        c->s.misc_enable = v;
        return true;
    case MSR_PAT:
        if (!memory_types(v, true))
            return false;
        c->s.pat = v;
        return true;
    case MSR_MTRR_DEF_TYPE:
        if (v & ~(uint64_t)0xcff || (v & 0xff) > 6 || (v & 0xff) == 2 || (v & 0xff) == 3)
            return false;
        c->s.mtrr_def_type = v;
        return true;
    case MSR_TSC_DEADLINE:
        lapic_tsc_deadline_write(c->lapic, v);
        return true;
    case MSR_DEBUGCTL:
        return v == 0;
    default:
        log_line(c->log, LOG_GUEST_ERROR, "cpu: WRMSR %x", (unsigned)index);
        return false;
    }
}
