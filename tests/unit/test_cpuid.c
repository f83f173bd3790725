// docs/cpu.md against the code: the literal CPUID table, the MSRs with their access and reset values, and the bits of
// CR4; and that what CPUID announces is in the instruction table. What the page does not list must not be there either.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/insn.h"
#include "cpu/segment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE SNOWGLOBE_SOURCE_DIR "/docs/cpu.md"

enum { RAM_BYTES = 1 << 20, MAX_CELLS = 7, ANY_SUBLEAF = -1 };

// ---- the page
// -----------------------------------------------------------------------------------------------------------

// Calls `row` for each row of the Markdown table whose header line begins with `header`; cells are trimmed, without
// backticks. Returns how many rows there were.
static unsigned each_row(const char *header, void (*row)(void *ctx, char *const *cell, unsigned cells), void *ctx)
{
    FILE *f = fopen(PAGE, "r");
    if (!f)
        fail_msg("cannot open " PAGE);
    char line[1024];
    bool inside = false;
    unsigned rows = 0;
    while (fgets(line, sizeof line, f)) {
        if (!inside) {
            inside = !strncmp(line, header, strlen(header));
            continue;
        }
        if (line[0] != '|')
            break;
        if (line[1] == '-')
            continue;
        char *cell[MAX_CELLS];
        unsigned n = 0;
        for (char *p = line + 1; n < MAX_CELLS && strchr(p, '|'); n++) {
            char *end = strchr(p, '|'), *out = p;
            cell[n] = p;
            for (char *q = p; q < end; q++)
                if (*q != '`' && !(out == cell[n] && isspace((unsigned char)*q)))
                    *out++ = *q;
            while (out > cell[n] && isspace((unsigned char)out[-1]))
                out--;
            *out = 0;
            p = end + 1;
        }
        row(ctx, cell, n);
        rows++;
    }
    fclose(f);
    assert_true(inside);
    return rows;
}

static uint64_t hex(const char *text)
{
    char *end;
    uint64_t v = strtoull(text, &end, 16);
    if (end == text || *end)
        fail_msg(PAGE ": '%s' is not a hexadecimal number", text);
    return v;
}

// ---- a processor
// ----------------------------------------------------------------------------------------------------------

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

static void rig_init(struct rig *r)
{
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
}

static void rig_free(struct rig *r)
{
    cpu_destroy(r->cpu);
    free(r->ram);
    free(r->dir);
}

// ---- CPUID
// ------------------------------------------------------------------------------------------------------------------

struct leaf_row {
    uint32_t leaf, value[4];
    int32_t subleaf;
};

struct leaf_table {
    struct leaf_row row[64];
    unsigned count;
};

static void leaf_row(void *ctx, char *const *cell, unsigned cells)
{
    struct leaf_table *t = ctx;
    assert_int_equal(cells, 7);
    assert_true(t->count < ARRAY_LEN(t->row));
    struct leaf_row *r = &t->row[t->count++];
    r->leaf = (uint32_t)hex(cell[0]);
    r->subleaf = strcmp(cell[1], "any") ? (int32_t)hex(cell[1]) : ANY_SUBLEAF;
    for (unsigned k = 0; k < 4; k++) {
        assert_int_equal(strlen(cell[2 + k]), 8);
        r->value[k] = (uint32_t)hex(cell[2 + k]);
    }
    if (!*cell[6])
        fail_msg(PAGE ": leaf %08x has no meaning", (unsigned)r->leaf);
}

static void read_leaves(struct leaf_table *t)
{
    *t = (struct leaf_table){.count = 0};
    each_row("| Leaf |", leaf_row, t);
}

// What the page says of a leaf that is in range.
static const uint32_t *expected(const struct leaf_table *t, uint32_t leaf, uint32_t subleaf)
{
    static const uint32_t zero[4];
    const uint32_t *found = NULL;
    for (unsigned n = 0; n < t->count; n++) {
        const struct leaf_row *r = &t->row[n];
        if (r->leaf != leaf || (r->subleaf != ANY_SUBLEAF && (uint32_t)r->subleaf != subleaf))
            continue;
        if (found)
            fail_msg(PAGE ": leaf %08x.%u is there twice", (unsigned)leaf, (unsigned)subleaf);
        found = r->value;
    }
    return found ? found : zero;
}

static void assert_leaf(const struct cpu *c, uint32_t leaf, uint32_t subleaf, const uint32_t *want)
{
    uint32_t got[4];
    cpuid(c, leaf, subleaf, got);
    if (memcmp(got, want, sizeof got))
        fail_msg("CPUID %08x.%u answers %08X %08X %08X %08X, " PAGE " has %08X %08X %08X %08X", (unsigned)leaf,
                 (unsigned)subleaf, (unsigned)got[0], (unsigned)got[1], (unsigned)got[2], (unsigned)got[3],
                 (unsigned)want[0], (unsigned)want[1], (unsigned)want[2], (unsigned)want[3]);
}

static void test_leaves(void **state)
{
    (void)state;
    struct rig r;
    struct leaf_table t;
    rig_init(&r);
    read_leaves(&t);
    uint32_t basic = expected(&t, 0, 0)[0], extended = expected(&t, 0x80000000u, 0)[0];
    assert_in_range(basic, 1, 0xff);
    assert_in_range(extended, 0x80000001u, 0x800000ffu);
    for (unsigned n = 0; n < t.count; n++)
        assert_true(t.row[n].leaf <= basic || (t.row[n].leaf >= 0x80000000u && t.row[n].leaf <= extended));
    for (uint32_t subleaf = 0; subleaf < 8; subleaf++) {
        for (uint32_t leaf = 0; leaf <= basic; leaf++)
            assert_leaf(r.cpu, leaf, subleaf, expected(&t, leaf, subleaf));
        for (uint32_t leaf = 0x80000000u; leaf <= extended; leaf++)
            assert_leaf(r.cpu, leaf, subleaf, expected(&t, leaf, subleaf));
    }
    const uint32_t beyond[] = {basic + 1, 0x40000000u, 0x7fffffffu, extended + 1, 0xc0000000u, 0xffffffffu};
    for (unsigned n = 0; n < ARRAY_LEN(beyond); n++)
        assert_leaf(r.cpu, beyond[n], 0, expected(&t, basic, 0));
    rig_free(&r);
}

// The two fields of leaf 1 that are no constants.
static void test_leaf_1_follows_the_apic(void **state)
{
    (void)state;
    struct rig r;
    struct leaf_table t;
    rig_init(&r);
    read_leaves(&t);
    uint32_t want[4];
    memcpy(want, expected(&t, 1, 0), sizeof want);
    assert_true(msr_write(r.cpu, 0x1b, 0xfee00100));
    want[3] ^= 1u << 9;
    assert_leaf(r.cpu, 1, 0, want);
    r.lapic.boot_id = 3;
    want[1] |= 3u << 24;
    assert_leaf(r.cpu, 1, 0, want);
    rig_free(&r);
}

// An instruction of each extension. If it is announced, it must be in the table; if it is not, its rows must not
// decode.
static void test_announced_is_built(void **state)
{
    (void)state;
    static const struct {
        uint32_t leaf;
        uint8_t subleaf, reg, bit, feature; // feature: FEAT_NONE if its rows need none
        const char *row;
    } extension[] = {
        {1, 0, 2, 0, FEAT_SSE3, "HADDPD"},
        {1, 0, 2, 1, FEAT_NONE, "PCLMULQDQ"},
        {1, 0, 2, 3, FEAT_MONITOR, "MWAIT"},
        {1, 0, 2, 9, FEAT_SSSE3, "PSHUFB"},
        {1, 0, 2, 13, FEAT_CX16, "CMPXCHG8B"},
        {1, 0, 2, 19, FEAT_SSE41, "PBLENDW"},
        {1, 0, 2, 20, FEAT_SSE42, "CRC32"},
        {1, 0, 2, 22, FEAT_MOVBE, "MOVBE"},
        {1, 0, 2, 23, FEAT_POPCNT, "POPCNT"},
        {1, 0, 2, 25, FEAT_NONE, "AESENC"},
        {1, 0, 2, 26, FEAT_XSAVE, "XGETBV"},
        {1, 0, 2, 30, FEAT_RDRAND, "RDRAND"},
        {1, 0, 3, 0, FEAT_NONE, "FADD"},
        {1, 0, 3, 4, FEAT_NONE, "RDTSC"},
        {1, 0, 3, 5, FEAT_NONE, "RDMSR"},
        {1, 0, 3, 8, FEAT_CX8, "CMPXCHG8B"},
        {1, 0, 3, 11, FEAT_SEP, "SYSENTER"},
        {1, 0, 3, 15, FEAT_CMOV, "CMOVcc"},
        {1, 0, 3, 19, FEAT_CLFLUSH, "CLFLUSH"},
        {1, 0, 3, 23, FEAT_MMX, "EMMS"},
        {1, 0, 3, 24, FEAT_FXSR, "FXSAVE"},
        {1, 0, 3, 25, FEAT_SSE, "ADDPS"},
        {1, 0, 3, 26, FEAT_SSE2, "ADDPD"},
        {7, 0, 1, 0, FEAT_FSGSBASE, "RDFSBASE"},
        {7, 0, 1, 3, FEAT_BMI1, "ANDN"},
        {7, 0, 1, 8, FEAT_BMI2, "PEXT"},
        {7, 0, 1, 10, FEAT_INVPCID, "INVPCID"},
        {7, 0, 1, 18, FEAT_RDSEED, "RDSEED"},
        {7, 0, 1, 19, FEAT_ADX, "ADCX"},
        {7, 0, 1, 20, FEAT_SMAP, "STAC"},
        {7, 0, 1, 23, FEAT_CLFLUSHOPT, "CLFLUSHOPT"},
        {7, 0, 1, 24, FEAT_CLWB, "CLWB"},
        {7, 0, 2, 22, FEAT_RDPID, "RDPID"},
        {0xd, 1, 0, 0, FEAT_XSAVEOPT, "XSAVEOPT"},
        {0xd, 1, 0, 1, FEAT_XSAVEC, "XSAVEC"},
        {0x80000001u, 0, 2, 8, FEAT_NONE, "PREFETCHW"},
        {0x80000001u, 0, 2, 0, FEAT_NONE, "LAHF"},
        {0x80000001u, 0, 3, 11, FEAT_SYSCALL, "SYSCALL"},
        {0x80000001u, 0, 3, 27, FEAT_RDTSCP, "RDTSCP"},
    };
    struct rig r;
    rig_init(&r);
    for (unsigned n = 0; n < ARRAY_LEN(extension); n++) {
        uint32_t out[4];
        cpuid(r.cpu, extension[n].leaf, extension[n].subleaf, out);
        bool announced = out[extension[n].reg] >> extension[n].bit & 1, built = false;
        for (unsigned k = 0; k < insn_row_count; k++)
            built |= !strcmp(insn_rows[k].name, extension[n].row);
        if (announced && !built)
            fail_msg("CPUID announces bit %u of leaf %x, but there is no %s", extension[n].bit,
                     (unsigned)extension[n].leaf, extension[n].row);
        if (extension[n].feature != FEAT_NONE)
            assert_int_equal(cpu_features(&cpu_model_v2) >> extension[n].feature & 1, announced);
    }
    rig_free(&r);
}

// ---- MSRs
// -------------------------------------------------------------------------------------------------------------------

struct msr_row {
    uint32_t first, last;
    bool readable, writable, constant;
    uint64_t reset;
};

struct msr_table {
    struct msr_row row[64];
    unsigned count;
};

static void msr_row(void *ctx, char *const *cell, unsigned cells)
{
    struct msr_table *t = ctx;
    assert_int_equal(cells, 5);
    assert_true(t->count < ARRAY_LEN(t->row));
    struct msr_row *r = &t->row[t->count++];
    char *dash = strchr(cell[0], '-');
    if (dash)
        *dash = 0;
    r->first = (uint32_t)hex(cell[0]);
    r->last = dash ? (uint32_t)hex(dash + 1) : r->first;
    r->readable = strchr(cell[2], 'R');
    r->writable = strchr(cell[2], 'W');
    r->constant = r->readable && strcmp(cell[3], "time");
    if (r->constant)
        r->reset = hex(cell[3]);
}

static const struct msr_row *find_msr(const struct msr_table *t, uint32_t index)
{
    for (unsigned n = 0; n < t->count; n++)
        if (index >= t->row[n].first && index <= t->row[n].last)
            return &t->row[n];
    return NULL;
}

static void test_msrs(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1fff}, {0xc0000000u, 0xc0001fffu}, {0x40000000u, 0x400000ffu}};
    struct rig r;
    struct msr_table t = {.count = 0};
    rig_init(&r);
    each_row("| Index |", msr_row, &t);
    for (unsigned k = 0; k < ARRAY_LEN(ranges); k++) {
        for (uint64_t index = ranges[k].first; index <= ranges[k].last; index++) {
            const struct msr_row *row = find_msr(&t, (uint32_t)index);
            uint64_t v = 0;
            bool readable = msr_read(r.cpu, (uint32_t)index, &v);
            if (readable != (row && row->readable))
                fail_msg("MSR %x: readable is %d, " PAGE " says otherwise", (unsigned)index, readable);
            if (row && row->constant && v != row->reset)
                fail_msg("MSR %x is %llx after reset, " PAGE " has %llx", (unsigned)index, (unsigned long long)v,
                         (unsigned long long)row->reset);
            // What it has can be written back.
            bool writable = msr_write(r.cpu, (uint32_t)index, v);
            if (writable != (row && row->writable))
                fail_msg("MSR %x: writable is %d, " PAGE " says otherwise", (unsigned)index, writable);
        }
    }
    rig_free(&r);
}

// ---- CR4
// --------------------------------------------------------------------------------------------------------------------

static void cr4_row(void *ctx, char *const *cell, unsigned cells)
{
    uint64_t *bits = ctx;
    assert_int_equal(cells, 3);
    unsigned long bit = strtoul(cell[0], NULL, 10);
    assert_in_range(bit, 0, 63);
    *bits |= (uint64_t)1 << bit;
}

static void test_cr4(void **state)
{
    (void)state;
    struct rig r;
    uint64_t listed = 0;
    rig_init(&r);
    each_row("| Bit of CR4 |", cr4_row, &listed);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t v = (uint64_t)1 << bit;
        if (v == CR4_PCIDE) { // only in IA-32e mode
            r.cpu->s.efer |= EFER_LMA;
            v |= CR4_PAE;
        }
        bool taken = cr_write(r.cpu, 4, v);
        if (taken != (listed >> bit & 1))
            fail_msg("CR4 bit %u: can be set is %d, " PAGE " says otherwise", bit, taken);
        if (taken)
            assert_true(r.cpu->s.cr4 == v);
        r.cpu->s.cr4 = r.cpu->s.efer = 0;
    }
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_leaf_1_follows_the_apic),
        cmocka_unit_test(test_announced_is_built),
        cmocka_unit_test(test_msrs),
        cmocka_unit_test(test_cr4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
