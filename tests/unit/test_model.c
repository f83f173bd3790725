// The processor models: each has just its features. What a model lacks is #UD (instructions) or #GP (bits of CR4,
// MSRs), and address bits that it has not are reserved.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/insn.h"
#include "cpu/paging.h"
#include "cpu/segment.h"
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

enum { RAM_BYTES = 8 << 20, MODELS = 5 };
// From the oldest; a feature is there from one of them on.
enum { I486, PENTIUM, PENTIUM3, QEMU64, V2 };
static const char *const names[MODELS] = {"486", "pentium", "pentium3", "qemu64", "v2"};

struct rig {
    struct clock clock;
    struct map devices, ports;
    struct phys phys;
    struct lapic lapic;
    struct cpu *cpu;
    uint8_t *ram;
    struct phys_page *dir;
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void rig_init(struct rig *r, const struct cpu_model *model)
{
    *r = (struct rig){0};
    r->ram = calloc(1, RAM_BYTES);
    r->dir = calloc(RAM_BYTES / PAGE_SIZE, sizeof *r->dir);
    assert_non_null(r->ram);
    assert_non_null(r->dir);
    clock_init(&r->clock);
    phys_init(&r->phys, r->ram, RAM_BYTES, r->dir, &r->devices);
    lapic_init(&r->lapic, &r->clock, 0, 0, true);
    struct cpu_wiring wiring = {.ports = &r->ports, .fatal = nothing, .ctx = r, .model = model};
    r->cpu = cpu_create(&r->phys, &r->clock, &r->lapic, NULL, &wiring);
    assert_non_null(r->cpu);
    r->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, r->cpu};
}

static void rig_free(struct rig *r)
{
    cpu_destroy(r->cpu);
    free(r->ram);
    free(r->dir);
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned n = 0; n < MODELS; n++) {
        assert_non_null(cpu_model_at(n));
        assert_string_equal(cpu_model_at(n)->name, names[n]);
        assert_ptr_equal(cpu_model_find(names[n]), cpu_model_at(n));
    }
    assert_null(cpu_model_at(MODELS));
    assert_null(cpu_model_find("i386"));
    assert_null(cpu_model_find(""));
    assert_ptr_equal(cpu_model_find(NULL), &cpu_model_v2);
    assert_ptr_equal(cpu_model_find("host"), &cpu_model_v2);
    assert_ptr_equal(cpu_model_find("max"), &cpu_model_v2);
}

static void test_cpuid(void **state)
{
    (void)state;
    static const struct {
        uint32_t basic, signature, ebx, ecx, edx;
        bool extended;
    } want[] = {
        [I486] = {1, 0x480, 0, 0, 0x3, false},
        [PENTIUM] = {1, 0x543, 0, 0, 0x8003bf, false},
        [PENTIUM3] = {2, 0x683, 2, 0, 0x383fbff, false},
        [QEMU64] = {4, 0x106ca, 0x10800, 0x2001, 0x78bfbfd, true},
    };
    for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
        struct rig r;
        uint32_t out[4], last[4];
        rig_init(&r, cpu_model_at(n));
        cpuid(r.cpu, 0, 0, out);
        assert_int_equal(out[CPUID_EAX], want[n].basic);
        assert_int_equal(out[CPUID_EBX], 0x756e6547);
        assert_int_equal(out[CPUID_EDX], 0x49656e69);
        assert_int_equal(out[CPUID_ECX], 0x6c65746e);
        cpuid(r.cpu, 1, 0, out);
        assert_int_equal(out[CPUID_EAX], want[n].signature);
        assert_int_equal(out[CPUID_EBX], want[n].ebx);
        assert_int_equal(out[CPUID_ECX], want[n].ecx);
        assert_int_equal(out[CPUID_EDX], want[n].edx);
        assert_int_equal(r.cpu->s.reg[RDX], want[n].signature);
        // Beyond the last leaf it is the last basic one that answers.
        cpuid(r.cpu, want[n].basic, 0, last);
        cpuid(r.cpu, want[n].basic + 1, 0, out);
        assert_memory_equal(out, last, sizeof out);
        cpuid(r.cpu, 0x80000000u, 0, out);
        if (want[n].extended)
            assert_int_equal(out[CPUID_EAX], 0x80000008u);
        else
            assert_memory_equal(out, last, sizeof out);
        // The APIC bit follows the APIC.
        if (want[n].edx >> 9 & 1) {
            r.lapic.s.apic_base &= ~(uint64_t)0x800;
            cpuid(r.cpu, 1, 0, out);
            assert_int_equal(out[CPUID_EDX], want[n].edx & ~(uint32_t)0x200);
        }
        rig_free(&r);
    }
}

static void test_instructions(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        unsigned since;
        uint32_t mode; // besides protected mode, ring 0
        const char *text;
    } want[] = {
        {{0x0f, 0xa2}, I486, MODE_32, "CPUID"},
        {{0x0f, 0xc8}, I486, MODE_32, "BSWAP"},
        {{0x0f, 0xb1, 0x0e}, I486, MODE_32, "CMPXCHG"},
        {{0x0f, 0xc1, 0x0e}, I486, MODE_32, "XADD"},
        {{0x0f, 0x01, 0x3e}, I486, MODE_32, "INVLPG"},
        {{0x0f, 0x31}, PENTIUM, MODE_32, "RDTSC"},
        {{0x0f, 0x32}, PENTIUM, MODE_32, "RDMSR"},
        {{0x0f, 0x30}, PENTIUM, MODE_32, "WRMSR"},
        {{0x0f, 0x33}, PENTIUM, MODE_32, "RDPMC"},
        {{0x0f, 0xc7, 0x0e}, PENTIUM, MODE_32, "CMPXCHG8B"},
        {{0x0f, 0xef, 0xc1}, PENTIUM, MODE_32, "PXOR mm"},
        {{0x0f, 0x44, 0xc1}, PENTIUM3, MODE_32, "CMOVE"},
        {{0xda, 0xc1}, PENTIUM3, MODE_32, "FCMOVB"},
        {{0xdb, 0xf1}, PENTIUM3, MODE_32, "FCOMI"},
        {{0x0f, 0x34}, PENTIUM3, MODE_32, "SYSENTER"},
        {{0x0f, 0x35}, PENTIUM3, MODE_32, "SYSEXIT"},
        {{0x0f, 0x1f, 0xc0}, PENTIUM3, MODE_32, "NOP Ev"},
        {{0x0f, 0x18, 0x0e}, PENTIUM3, MODE_32, "PREFETCHT0"},
        {{0x0f, 0xae, 0x06}, PENTIUM3, MODE_32, "FXSAVE"},
        {{0x0f, 0x58, 0xc1}, PENTIUM3, MODE_32, "ADDPS"},
        {{0x0f, 0xae, 0xf8}, PENTIUM3, MODE_32, "SFENCE"},
        {{0x66, 0x0f, 0x58, 0xc1}, QEMU64, MODE_32, "ADDPD"},
        {{0x66, 0x0f, 0xef, 0xc1}, QEMU64, MODE_32, "PXOR xmm"},
        {{0x0f, 0xc3, 0x06}, QEMU64, MODE_32, "MOVNTI"},
        {{0x0f, 0xae, 0xf0}, QEMU64, MODE_32, "MFENCE"},
        {{0x0f, 0xae, 0x3e}, QEMU64, MODE_32, "CLFLUSH"},
        {{0xf2, 0x0f, 0x7c, 0xc1}, QEMU64, MODE_32, "HADDPS"},
        {{0xdb, 0x0e}, QEMU64, MODE_32, "FISTTP"},
        {{0x0f, 0x05}, QEMU64, MODE_64 | MODE_LMA, "SYSCALL"},
        {{0x0f, 0x01, 0xf9}, V2, MODE_32, "RDTSCP"},
        {{0x66, 0x0f, 0x38, 0x00, 0xc1}, V2, MODE_32, "PSHUFB"},
        {{0x66, 0x0f, 0x38, 0x17, 0xc1}, V2, MODE_32, "PTEST"},
        {{0xf2, 0x0f, 0x38, 0xf1, 0xc1}, V2, MODE_32, "CRC32"},
        {{0xf3, 0x0f, 0xb8, 0xc1}, V2, MODE_32, "POPCNT"},
    };
    for (unsigned m = 0; m < MODELS; m++) {
        struct decode_index *index = malloc(sizeof *index);
        assert_non_null(index);
        decode_index_init(index, cpu_features(cpu_model_at(m)));
        for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
            struct insn i = {0};
            uint32_t mode = MODE_PE | MODE_CPL0 | want[n].mode;
            enum decode_status got = decode(index, mode, want[n].bytes, sizeof want[n].bytes, 0, &i);
            if ((got == DECODE_OK) != (m >= want[n].since))
                fail_msg("%s on %s: %d", want[n].text, names[m], got);
            if (got != DECODE_OK)
                assert_ptr_equal(i.fn, x_undefined);
        }
        free(index);
    }
}

static void test_cr4(void **state)
{
    (void)state;
    static const struct {
        uint32_t bit;
        unsigned since;
    } want[] = {
        {CR4_TSD, PENTIUM},         {CR4_DE, PENTIUM},   {CR4_PSE, PENTIUM},  {CR4_MCE, PENTIUM},
        {CR4_PCE, PENTIUM},         {CR4_PAE, PENTIUM3}, {CR4_PGE, PENTIUM3}, {CR4_OSFXSR, PENTIUM3},
        {CR4_OSXMMEXCPT, PENTIUM3}, {CR4_SMEP, V2},      {1u << 14, MODELS},  {1u << 30, MODELS},
    };
    for (unsigned m = 0; m < MODELS; m++) {
        struct rig r;
        rig_init(&r, cpu_model_at(m));
        for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
            bool ok = cr_write(r.cpu, 4, want[n].bit);
            if (ok != (m >= want[n].since))
                fail_msg("CR4 %x on %s", want[n].bit, names[m]);
            assert_int_equal(r.cpu->s.cr4, ok ? want[n].bit : 0);
            cr_write(r.cpu, 4, 0);
        }
        // QEMU's model of that name has no virtual-8086 extensions either.
        assert_int_equal(cr_write(r.cpu, 4, CR4_VME | CR4_PVI), m != QEMU64);
        cr_write(r.cpu, 4, 0);
        // A saved state with a bit that the model has not is refused.
        r.cpu->s.cr4 = 1u << 30;
        assert_non_null(cpu_check(r.cpu));
        rig_free(&r);
    }
}

static void test_msrs(void **state)
{
    (void)state;
    static const struct {
        uint32_t index;
        unsigned since, until; // the last model that has it
    } want[] = {
        {0x0, PENTIUM, V2},       // P5_MC_ADDR
        {0x1, PENTIUM, V2},       // P5_MC_TYPE
        {0x10, PENTIUM, V2},      // IA32_TIME_STAMP_COUNTER
        {0x17, PENTIUM3, V2},     // IA32_PLATFORM_ID
        {0x1b, PENTIUM3, V2},     // IA32_APIC_BASE
        {0x3b, V2, V2},           // IA32_TSC_ADJUST
        {0x8b, PENTIUM3, V2},     // IA32_BIOS_SIGN_ID
        {0xfe, PENTIUM3, V2},     // IA32_MTRRCAP
        {0x10a, V2, V2},          // IA32_ARCH_CAPABILITIES
        {0x174, PENTIUM3, V2},    // IA32_SYSENTER_CS
        {0x179, PENTIUM3, V2},    // IA32_MCG_CAP
        {0x1a0, QEMU64, V2},      // IA32_MISC_ENABLE
        {0x200, PENTIUM3, V2},    // IA32_MTRR_PHYSBASE0
        {0x268, PENTIUM3, V2},    // IA32_MTRR_FIX4K_C0000
        {0x277, PENTIUM3, V2},    // IA32_PAT
        {0x2ff, PENTIUM3, V2},    // IA32_MTRR_DEF_TYPE
        {0x400, PENTIUM3, V2},    // IA32_MC0_CTL
        {0x6e0, V2, V2},          // IA32_TSC_DEADLINE
        {0xc0000080, QEMU64, V2}, // IA32_EFER
        {0xc0000082, QEMU64, V2}, // IA32_LSTAR
        {0xc0000100, QEMU64, V2}, // IA32_FS_BASE
        {0xc0000103, V2, V2},     // IA32_TSC_AUX
    };
    for (unsigned m = PENTIUM; m < MODELS; m++) { // an 80486 has no RDMSR
        struct rig r;
        rig_init(&r, cpu_model_at(m));
        for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
            uint64_t v;
            bool there = m >= want[n].since && m <= want[n].until;
            if (msr_read(r.cpu, want[n].index, &v) != there)
                fail_msg("RDMSR %x on %s", want[n].index, names[m]);
            if (!there)
                assert_false(msr_write(r.cpu, want[n].index, 0));
        }
        rig_free(&r);
    }
}

// Address bits that a model has not are reserved in table entries: a page fault with RSVD and P.
static void test_physical_bits(void **state)
{
    (void)state;
    static const uint8_t bits[MODELS] = {32, 32, 36, 40, 40};
    enum { CR3 = 0x1000, TABLE = 0x2000, POINTERS = 0x3000, LINEAR = 0x400000, P = 1, RSVD = 8, ENTRY = 7 };
    for (unsigned m = 0; m < MODELS; m++) {
        struct rig r;
        rig_init(&r, cpu_model_at(m));
        struct cpu *c = r.cpu;
        struct translation t;
        assert_int_equal(cpu_model_phys_bits(cpu_model_at(m)), bits[m]);
        c->s.cr0 |= CR0_PE | CR0_PG;
        c->s.cr3 = CR3;
        if (m >= PENTIUM) { // 4 MiB pages: bits 13 to 20 are address bits 32 to 39
            c->s.cr4 = CR4_PSE;
            for (unsigned bit = 13; bit <= 21; bit++) {
                store_u32(r.ram + CR3 + (LINEAR >> 22) * 4, ENTRY | 0x80 | 1u << bit);
                cpu_update(c);
                bool there = translate(c, LINEAR, FOR_READ, TLB_KERNEL, &t);
                assert_int_equal(there, bit + 19 < bits[m]);
                if (there)
                    assert_int_equal(t.phys, (uint64_t)1 << (bit + 19));
                else
                    assert_int_equal(c->exc.error, RSVD | P);
            }
        }
        if (m >= PENTIUM3) {
            c->s.cr4 = CR4_PAE;
            c->s.pdpte[0] = TABLE | 1;
            for (unsigned bit = 32; bit < 63; bit++) {
                store_u64(r.ram + TABLE + (LINEAR >> 21) * 8, ENTRY | 0x80 | (uint64_t)1 << bit);
                cpu_update(c);
                bool there = translate(c, LINEAR, FOR_READ, TLB_KERNEL, &t);
                assert_int_equal(there, bit < bits[m]);
                if (there)
                    assert_int_equal(t.phys, (uint64_t)1 << bit);
                else
                    assert_int_equal(c->exc.error, RSVD | P);
                // The same bit in a page-directory pointer keeps CR3 from being loaded.
                store_u64(r.ram + POINTERS, 1 | (uint64_t)1 << bit);
                assert_int_equal(paging_load_pdptes(c, POINTERS), bit < bits[m]);
                c->s.pdpte[0] = TABLE | 1;
            }
        }
        if (m >= QEMU64) { // 1 GiB pages
            c->s.cr4 = CR4_PAE;
            c->s.efer = EFER_LME | EFER_LMA;
            store_u64(r.ram + CR3, TABLE | ENTRY);
            store_u64(r.ram + TABLE, ENTRY | 0x80);
            cpu_update(c);
            assert_int_equal(translate(c, LINEAR, FOR_READ, TLB_KERNEL, &t), m == V2);
        }
        rig_free(&r);
    }
}

static struct machine *machine_of(const char *model)
{
    char error[200];
    struct machine_config config = {.ram_bytes = 1 << 20, .cpus = 1, .cpu_model = model};
    return machine_create(&config, error, sizeof error);
}

static void test_machine(void **state)
{
    (void)state;
    assert_null(machine_of("nonsense"));
    struct machine *a = machine_of("pentium3"), *b = machine_of("pentium3"), *c = machine_of(NULL);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    size_t size = machine_state_size(a);
    uint8_t *saved = malloc(size);
    assert_non_null(saved);
    machine_save(a, saved);
    assert_null(machine_load(b, saved, size));
    assert_string_equal(machine_load(c, saved, size), "saved with another configuration");
    free(saved);
    machine_destroy(a);
    machine_destroy(b);
    machine_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_cpuid), cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_cr4),     cmocka_unit_test(test_msrs),  cmocka_unit_test(test_physical_bits),
        cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
