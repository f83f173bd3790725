// What directed programs cannot reach of the later extensions: VEX prefixes in every mode, models without a feature,
// MWAIT woken by a device's store, and the reserved bits of model-specific registers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/insn.h"
#include "cpu/segment.h"

#include <stdlib.h>

enum { RAM_BYTES = 1 << 20, CODE = 0x1000 };

// ---- decoding -------------------------------------------------------------------------------------------------------

static struct insn decoded(uint64_t features, uint32_t mode, const char *bytes, unsigned n, enum decode_status want)
{
    static struct decode_index index;
    decode_index_init(&index, features);
    struct insn i = {.index = 0};
    assert_int_equal(decode(&index, mode, (const uint8_t *)bytes, n, 0, &i), want);
    return i;
}

static const uint32_t mode64 = MODE_64 | MODE_PE | MODE_LMA | MODE_CPL0, mode32 = MODE_32 | MODE_PE | MODE_CPL0;
static const uint64_t bmi = (uint64_t)1 << FEAT_BMI1 | (uint64_t)1 << FEAT_BMI2;

#define DECODED(features, mode, bytes, want) decoded(features, mode, bytes, sizeof(bytes) - 1, want)
#define NAME(i)                              insn_rows[(i).row].name

static void test_vex_fields(void **state)
{
    (void)state;
    // ANDN r8, r9, [r10 + r11*4 + 8]
    struct insn i = DECODED(bmi, mode64, "\xc4\x02\xb0\xf2\x44\x9a\x08", DECODE_OK);
    assert_string_equal(NAME(i), "ANDN");
    assert_int_equal(i.len, 7);
    assert_int_equal(i.opsize, 8);
    assert_int_equal(i.reg, 8);
    assert_int_equal(insn_vvvv(&i), 9);
    assert_int_equal(i.base, 10);
    assert_int_equal(i.idx, 11);
    assert_int_equal(i.scale, 2);
    assert_int_equal(i.disp, 8);
    // RORX eax, ecx, 0xff: the immediate is below VEX.vvvv.
    i = DECODED(bmi, mode64, "\xc4\xe3\x7b\xf0\xc1\xff", DECODE_OK);
    assert_string_equal(NAME(i), "RORX");
    assert_int_equal(i.imm, 0xff);
    assert_int_equal(i.opsize, 4);
    // In 32-bit code W and B do not count, nor does the fourth bit of a register.
    i = DECODED(bmi, mode32, "\xc4\xc2\xb8\xf2\xc1", DECODE_OK);
    assert_string_equal(NAME(i), "ANDN");
    assert_int_equal(i.opsize, 4);
    assert_int_equal(i.rm, 1);
    assert_int_equal(insn_vvvv(&i), 0);
    // 16-bit code of protected mode has it too.
    i = DECODED(bmi, MODE_PE | MODE_CPL0, "\xc4\xe2\x70\xf2\xc2", DECODE_OK);
    assert_string_equal(NAME(i), "ANDN");
    assert_int_equal(i.opsize, 4);
}

static void test_vex_refused(void **state)
{
    (void)state;
    const enum decode_status no = DECODE_INVALID;
    DECODED(bmi, mode64, "\xc4\xe2\x74\xf2\xc2", no);     // L
    DECODED(bmi, mode64, "\xc4\xe3\x73\xf0\xc1\x01", no); // vvvv without an operand there
    DECODED(bmi, mode64, "\xc4\xe3\x7a\xf0\xc1\x01", no); // no such pp
    DECODED(bmi, mode64, "\x66\xc4\xe2\x70\xf2\xc2", no); // prefixes before it
    DECODED(bmi, mode64, "\xf2\xc4\xe2\x70\xf2\xc2", no);
    DECODED(bmi, mode64, "\xf3\xc4\xe2\x70\xf2\xc2", no);
    DECODED(bmi, mode64, "\xf0\xc4\xe2\x70\xf2\xc2", no);
    DECODED(bmi, mode64, "\x48\xc4\xe2\x70\xf2\xc2", no);
    DECODED(bmi, mode64, "\x65\xc4\xe2\x70\xf2\x02", DECODE_OK);
    DECODED(bmi, mode64, "\x67\xc4\xe2\x70\xf2\x02", DECODE_OK);
    DECODED(bmi, mode64, "\xc4\xe0\x70\xf2\xc2", no); // no such map
    DECODED(bmi, mode64, "\xc4\xe4\x70\xf2\xc2", no);
    DECODED(bmi, mode64, "\xc5\xf0\x58\xc2", no); // the two-byte form is AVX's
    // Real and virtual-8086 mode: LES and LDS, which have no register form.
    DECODED(bmi, MODE_CPL0, "\xc4\xe2\x70\xf2\xc2", no);
    DECODED(bmi, MODE_PE | MODE_VM | MODE_CPL3, "\xc4\xe2\x70\xf2\xc2", no);
    struct insn i = DECODED(bmi, mode32, "\xc4\x42\x70", DECODE_OK);
    assert_string_equal(NAME(i), "LES");
    i = DECODED(bmi, mode32, "\xc5\x02", DECODE_OK);
    assert_string_equal(NAME(i), "LDS");
    // Cut off anywhere it goes on.
    for (unsigned n = 1; n < 5; n++) {
        decoded(bmi, mode64, "\xc4\xe2\x70\xf2\xc2", n, DECODE_MORE);
        decoded(bmi, mode32, "\xc4\xe2\x70\xf2\xc2", n, DECODE_MORE);
    }
}

// What the bytes mean to a processor that does not have the extension.
static void test_features(void **state)
{
    (void)state;
    struct insn i = DECODED(bmi, mode64, "\xf3\x0f\xbc\xc1", DECODE_OK);
    assert_string_equal(NAME(i), "TZCNT");
    i = DECODED(0, mode64, "\xf3\x0f\xbc\xc1", DECODE_OK);
    assert_string_equal(NAME(i), "BSF");
    i = DECODED(bmi, mode64, "\xf3\x0f\xbd\xc1", DECODE_OK); // LZCNT is not announced
    assert_string_equal(NAME(i), "BSR");
    DECODED((uint64_t)1 << FEAT_BMI2, mode64, "\xc4\xe2\x70\xf2\xc2", DECODE_INVALID);
    static const struct {
        uint8_t feature;
        const char *bytes;
        const char *name;
    } other[] = {
        {FEAT_RDRAND, "\x0f\xc7\xf0\x90", "RDRAND"},         {FEAT_RDSEED, "\x0f\xc7\xf8\x90", "RDSEED"},
        {FEAT_RDPID, "\xf3\x0f\xc7\xf8", "RDPID"},           {FEAT_SMAP, "\x0f\x01\xca\x90", "CLAC"},
        {FEAT_MONITOR, "\x0f\x01\xc8\x90", "MONITOR"},       {FEAT_FSGSBASE, "\xf3\x0f\xae\xc0", "RDFSBASE"},
        {FEAT_XSAVE, "\x0f\xae\x20\x90", "XSAVE"},           {FEAT_XSAVEOPT, "\x0f\xae\x30\x90", "XSAVEOPT"},
        {FEAT_XSAVEC, "\x0f\xc7\x20\x90", "XSAVEC"},         {FEAT_CLWB, "\x66\x0f\xae\x30", "CLWB"},
        {FEAT_CLFLUSHOPT, "\x66\x0f\xae\x38", "CLFLUSHOPT"}, {FEAT_SEP, "\x0f\x34\x90\x90", "SYSENTER"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(other); n++) {
        i = decoded((uint64_t)1 << other[n].feature, mode64, other[n].bytes, 4, DECODE_OK);
        assert_string_equal(NAME(i), other[n].name);
        decoded(~((uint64_t)1 << other[n].feature), mode64, other[n].bytes, 4, DECODE_INVALID);
    }
    // The XSAVE feature set wants CR4.OSXSAVE.
    decoded((uint64_t)1 << FEAT_XSAVE, mode64 | MODE_NO_XSAVE, "\x0f\xae\x20", 3, DECODE_INVALID);
}

// ---- a processor ----------------------------------------------------------------------------------------------------

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

// In real mode at CODE, with MONITOR of DS:[EAX] = 2040h, a store to 2000h, MWAIT, INC BX, HLT.
static void rig_init(struct rig *r)
{
    static const uint8_t code[] = {0x66, 0xb8, 0x40, 0x20, 0,    0, 0x66, 0x31, 0xc9, 0x0f, 0x01,
                                   0xc8, 0xc6, 0x06, 0,    0x20, 1, 0x0f, 0x01, 0xc9, 0x43, 0xf4};
    *r = (struct rig){0};
    r->ram = calloc(1, RAM_BYTES);
    r->dir = calloc(RAM_BYTES / PAGE_SIZE, sizeof *r->dir);
    assert_non_null(r->ram);
    assert_non_null(r->dir);
    clock_init(&r->clock);
    phys_init(&r->phys, r->ram, RAM_BYTES, r->dir, &r->devices);
    lapic_init(&r->lapic, &r->clock, 0, 0, true);
    struct cpu_wiring wiring = {.ports = &r->ports, .fatal = nothing, .ctx = r};
    r->cpu = cpu_create(&r->phys, &r->clock, &r->lapic, NULL, &wiring);
    assert_non_null(r->cpu);
    r->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, r->cpu};
    phys_write(&r->phys, CODE, code, sizeof code);
    r->cpu->s.seg[SEG_CS].base = 0;
    r->cpu->s.seg[SEG_CS].selector = 0;
    r->cpu->s.rip = CODE;
    cpu_update(r->cpu);
}

static void rig_free(struct rig *r)
{
    cpu_destroy(r->cpu);
    free(r->ram);
    free(r->dir);
}

static void test_mwait_woken_by_dma(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(cpu_run(r.cpu, 1000), CPU_HALT);
    assert_int_equal(r.cpu->s.activity, CPU_MWAIT);
    assert_int_equal(r.cpu->s.monitor, 0x2041);
    uint64_t tick = r.clock.s.tick;
    const uint8_t byte = 7;
    // Beside the line, on both sides.
    phys_write(&r.phys, 0x203f, &byte, 1);
    phys_write(&r.phys, 0x2080, &byte, 1);
    assert_int_equal(cpu_run(r.cpu, 1000), CPU_HALT);
    assert_int_equal(r.clock.s.tick, tick);
    // It is state: another processor goes on waiting.
    struct cpu_state saved = r.cpu->s;
    cpu_reset(r.cpu);
    phys_write(&r.phys, 0x2040, &byte, 1);
    assert_int_equal(r.cpu->s.monitor, 0);
    r.cpu->s = saved;
    assert_null(cpu_check(r.cpu));
    cpu_update(r.cpu);
    assert_int_equal(cpu_run(r.cpu, 1000), CPU_HALT);
    assert_int_equal(r.cpu->s.activity, CPU_MWAIT);
    // A store that just reaches into it.
    uint8_t many[64] = {0};
    phys_write(&r.phys, 0x2001, many, sizeof many);
    assert_int_equal(r.cpu->s.activity, CPU_RUNNING);
    assert_int_equal(cpu_run(r.cpu, 1000), CPU_HALT);
    assert_int_equal(r.cpu->s.activity, CPU_HALTED);
    assert_int_equal(r.cpu->s.reg[RBX], 1);
    assert_int_equal(r.clock.s.tick, tick + 2);
    phys_write(&r.phys, 0x2040, &byte, 1); // no more
    assert_int_equal(r.cpu->s.activity, CPU_HALTED);
    rig_free(&r);
}

// ---- model-specific registers ---------------------------------------------------------------------------------------

static void test_reserved_bits(void **state)
{
    (void)state;
    static const struct {
        uint32_t index;
        uint64_t value;
        bool taken;
    } write[] = {
        {0x200, 0x80000006, true},  // PHYSBASE: write-back
        {0x200, 0x80000002, false}, // no such type
        {0x200, 0x80000007, false}, // UC- is PAT's
        {0x200, 0x80000106, false}, // reserved
        {0x200, (uint64_t)1 << 40, false},
        {0x201, 0xff80000800, true},
        {0x201, 0xff80000006, false},
        {0x250, 0x0606060606060606, true},
        {0x250, 0x0606060606060602, false},
        {0x277, 0x0007040600070406, true},
        {0x277, 0x0007040600070403, false},
        {0x277, 0x0008040600070406, false},
        {0x2ff, 0xc06, true},
        {0x2ff, 0x1c06, false},
        {0x2ff, 0xc07, false},
        {0x17a, 7, true},
        {0x17a, 8, false}, // MCG_STATUS
        {0x400, UINT64_MAX, true},
        {0x401, 1, false},
        {0x402, 1, false},
        {0x403, 1, false},
        {0x401, 0, true},
        {0x402, 0, true},
        {0, 1, false},
        {1, 0, true},
        {0x1a0, 0x41801 ^ 1, true},
        {0x1a0, 0x41801 | 2, false},
        {0x1a0, 0x41801 ^ 0x800, false},
    };
    struct rig r;
    rig_init(&r);
    for (unsigned n = 0; n < ARRAY_LEN(write); n++) {
        uint64_t before, after;
        assert_true(msr_read(r.cpu, write[n].index, &before));
        if (msr_write(r.cpu, write[n].index, write[n].value) != write[n].taken)
            fail_msg("MSR %x = %llx", (unsigned)write[n].index, (unsigned long long)write[n].value);
        assert_true(msr_read(r.cpu, write[n].index, &after));
        assert_true(after == (write[n].taken ? write[n].value : before));
    }
    rig_free(&r);
}

// IA32_MISC_ENABLE takes features away.
static void test_misc_enable(void **state)
{
    (void)state;
    struct rig r;
    uint32_t out[4];
    rig_init(&r);
    assert_true(msr_write(r.cpu, 0x1a0, 0x1801 | MISC_LIMIT_CPUID | MISC_XD_DISABLE));
    cpuid(r.cpu, 0, 0, out);
    assert_int_equal(out[0], 2);
    cpuid(r.cpu, 1, 0, out);
    assert_false(out[2] & 1 << 3);
    cpuid(r.cpu, 0x80000001u, 0, out);
    assert_false(out[3] & 1 << 20);
    assert_false(msr_write(r.cpu, 0xc0000080u, EFER_NXE));
    assert_true(msr_write(r.cpu, 0x1a0, 0x41801));
    assert_true(msr_write(r.cpu, 0xc0000080u, EFER_NXE));
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vex_fields),    cmocka_unit_test(test_vex_refused),
        cmocka_unit_test(test_features),      cmocka_unit_test(test_mwait_woken_by_dma),
        cmocka_unit_test(test_reserved_bits), cmocka_unit_test(test_misc_enable),
    };
    return cmocka_run_group_tests_name("exec_ext", tests, NULL, NULL);
}
