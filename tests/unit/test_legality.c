// Legality from the instruction table: every row, in every form, mode and privilege, under each condition that one of
// its attributes names, is either what it says or raises that attribute's exception and changes nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/cpu.h"
#include "cpu/exec.h"
#include "cpu/model.h"
#include "cpu/segment.h"
#include "tests/oracle/encode.h"
#include "tests/oracle/gen_row.h"

enum { RAM_SIZE = 1 << 20 };

struct rig {
    struct clock clock;
    struct log log;
    struct map devices, ports;
    struct phys phys;
    struct lapic lapic;
    struct cpu *cpu;
    struct block *block;
    struct decode_index index;
    uint64_t features;
    unsigned checked, wrong;
};

// What a processor is set to before all rows are looked at.
enum situation { PLAIN, WITH_LOCK, TASK_SWITCHED, EMULATION, NO_OSFXSR, NO_OSXSAVE, REAL, VIRTUAL, SITUATIONS };
static const char *const situation_text[] = {"plain",     "LOCK",       "CR0.TS", "CR0.EM",
                                             "no OSFXSR", "no OSXSAVE", "real",   "virtual-8086"};

static void dead(void *ctx)
{
    (void)ctx;
}

static struct rig *open_rig(const struct cpu_model *model)
{
    struct rig *g = calloc(1, sizeof *g);
    uint8_t *ram = calloc(1, RAM_SIZE);
    struct phys_page *dir = calloc(RAM_SIZE / PAGE_SIZE, sizeof *dir);
    assert_true(g && ram && dir);
    clock_init(&g->clock);
    log_init(&g->log, NULL, NULL);
    phys_init(&g->phys, ram, RAM_SIZE, dir, &g->devices);
    lapic_init(&g->lapic, &g->clock, 0, 0, true);
    struct cpu_wiring wiring = {.ports = &g->ports, .fatal = dead, .ctx = g, .model = model};
    g->cpu = cpu_create(&g->phys, &g->clock, &g->lapic, &g->log, &wiring);
    g->block = calloc(1, sizeof *g->block + 2 * sizeof(struct insn));
    assert_true(g->cpu && g->block);
    g->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, g->cpu};
    g->features = cpu_features(model);
    decode_index_init(&g->index, g->features);
    return g;
}

static void close_rig(struct rig *g)
{
    cpu_destroy(g->cpu);
    free(g->block);
    free(g->phys.ram);
    free(g->phys.dir);
    free(g);
}

static void set_up_cpu(struct rig *g, enum code_mode mode, unsigned cpl, enum situation situation)
{
    struct cpu_state *s = &g->cpu->s;
    bool big = mode != CODE_16;
    const uint16_t data = (uint16_t)(ATTR_P | ATTR_S | 3 | cpl << ATTR_DPL_SHIFT | (big ? ATTR_G | ATTR_DB : 0));
    for (unsigned n = 0; n < SEG_COUNT; n++)
        s->seg[n] =
            (struct segment_state){.limit = big ? UINT32_MAX : 0xffff, .selector = (uint16_t)(16 | cpl), .attr = data};
    s->seg[SEG_CS].attr = (uint16_t)((data & ~ATTR_DB) | 8 | (mode == CODE_64 ? ATTR_L : big ? ATTR_DB : 0));
    s->efer = mode == CODE_64 ? EFER_LME | EFER_LMA | EFER_SCE : 0;
    s->cr0 = CR0_ET | CR0_NE | CR0_MP | (situation == REAL ? 0 : CR0_PE) | (mode == CODE_64 ? CR0_PG : 0) |
             (situation == TASK_SWITCHED ? CR0_TS : 0) | (situation == EMULATION ? CR0_EM : 0);
    s->cr4 = (mode == CODE_64 ? CR4_PAE : 0) | CR4_OSXMMEXCPT | (situation == NO_OSFXSR ? 0 : CR4_OSFXSR) |
             (situation == NO_OSXSAVE ? 0 : CR4_OSXSAVE);
    s->rflags = 2 | (situation == VIRTUAL ? F_VM : 0);
    s->rip = 0x1000;
    for (unsigned n = 0; n < 16; n++)
        s->reg[n] = 0x2000 + 0x10 * n;
    cpu_update(g->cpu);
}

enum { LEGAL = -1, NOT_THIS_ROW = -2 };

// What the attributes say, in the order of SDM vol. 3A, 6.9: decoding (#UD), then privilege, then #NM.
static int expected(const struct rig *g, const struct insn_row *row, const struct cell *cell, unsigned cpl,
                    enum situation situation)
{
    bool protected = situation != REAL && situation != VIRTUAL;
    if ((cell->mode == CODE_64 ? row->attr & A_NO64 : row->attr & A_ONLY64) ||
        (row->feature && !(g->features >> row->feature & 1)))
        return NOT_THIS_ROW;
    if (row->map >= MAP_VEX_0F && (!protected || situation == WITH_LOCK))
        return protected ? EXC_UD : NOT_THIS_ROW;
    if (situation == WITH_LOCK && (!(row->attr & A_LOCK) || cell->kind != CELL_MEM))
        return EXC_UD;
    if ((row->attr & A_PE && !protected) || (row->attr & A_RING0 && cpl) ||
        (row->attr & A_XSAVE && situation == NO_OSXSAVE))
        return EXC_UD;
    if (row->attr & A_SSE && (situation == NO_OSFXSR || situation == EMULATION))
        return EXC_UD;
    if (row->attr & A_MMX && situation == EMULATION)
        return EXC_UD;
    if (row->attr & A_CPL0 && cpl)
        return EXC_GP;
    if (row->attr & A_FPU && (situation == TASK_SWITCHED || situation == EMULATION))
        return EXC_NM;
    if (row->attr & (A_SSE | A_MMX | A_WAIT) && situation == TASK_SWITCHED)
        return EXC_NM;
    return LEGAL;
}

static const char *text(int outcome)
{
    return outcome == LEGAL          ? "legal"
           : outcome == NOT_THIS_ROW ? "not this row"
           : outcome == EXC_UD       ? "#UD"
           : outcome == EXC_NM       ? "#NM"
           : outcome == EXC_GP       ? "#GP(0)"
                                     : "another";
}

// Raises what a refused instruction raises; nothing else of the state may change.
static int raise(struct rig *g, const struct insn *i, bool *changed)
{
    struct cpu *c = g->cpu;
    static struct cpu_state before;
    cpu_sync(c);
    before = c->s;
    g->block->insn[0] = *i;
    c->exc = (struct exception_info){.vector = 0xff};
    if (i->fn(c, g->block->insn) != EXEC_FAULT)
        return LEGAL;
    cpu_sync(c);
    *changed = memcmp(&before, &c->s, sizeof before) != 0 || (c->exc.vector == EXC_GP && c->exc.error != 0);
    return c->exc.vector;
}

static void check(struct rig *g, const struct insn_row *row, const struct cell *cell, unsigned cpl,
                  enum situation situation)
{
    uint8_t bytes[ENCODE_MAX];
    struct insn i = {.index = 0};
    unsigned n = encode_row(row, cell, situation == WITH_LOCK ? "\xf0" : NULL, 0x2000, bytes);
    g->cpu->s.rip = 0x1000;
    g->cpu->s.reg[REG_PAGE_RIP] = 0x1000;
    enum decode_status status = decode(&g->index, g->cpu->mode, bytes, n, 0, &i);
    bool changed = false;
    int want = expected(g, row, cell, cpl, situation);
    int got = status == DECODE_OK        ? (&insn_rows[i.row] == row ? LEGAL : NOT_THIS_ROW)
              : status == DECODE_INVALID ? raise(g, &i, &changed)
                                         : 0xff;
    g->checked++;
    // Without the row its bytes may be another instruction's, or nothing's.
    bool right = want == NOT_THIS_ROW ? got != LEGAL : got == want;
    // A legal instruction whose length the decoder sees otherwise is not the one that was written.
    if (want == LEGAL && got == LEGAL && i.len != n)
        right = false;
    if (right && !changed)
        return;
    char ops[24], buf[24];
    if (g->wrong++ < 20)
        print_error("%s %s, %s, CPL %u, %s: %s, wanted %s%s\n", row->name, gen_operands(row, ops), cell_text(cell, buf),
                    cpl, situation_text[situation], text(got), text(want),
                    changed ? ", and the state has changed" : "");
}

static void check_all(struct rig *g, enum code_mode mode, unsigned cpl, enum situation situation)
{
    set_up_cpu(g, mode, cpl, situation);
    for (unsigned r = 0; r < insn_row_count; r++) {
        struct cell cell[MAX_CELLS];
        unsigned cells = gen_cells_of(&insn_rows[r], mode, cell);
        for (unsigned k = 0; k < cells; k++)
            check(g, &insn_rows[r], &cell[k], cpl, situation);
    }
}

static void check_model(const struct cpu_model *model, bool every_situation)
{
    struct rig *g = open_rig(model);
    for (unsigned mode = CODE_64; mode <= CODE_16; mode++) {
        if (mode == CODE_64 && !(g->features >> FEAT_LM & 1))
            continue;
        for (unsigned n = 0; n < SITUATIONS; n++) {
            if ((n >= REAL && mode != CODE_16) || (n != PLAIN && !every_situation))
                continue;
            if (n != VIRTUAL)
                check_all(g, (enum code_mode)mode, 0, (enum situation)n);
            if (n != REAL)
                check_all(g, (enum code_mode)mode, 3, (enum situation)n);
        }
    }
    print_message("%s: %u checks\n", model->name, g->checked);
    unsigned wrong = g->wrong, checked = g->checked;
    close_rig(g);
    assert_int_equal(wrong, 0);
    assert_true(checked > 1000);
}

static void every_row_and_attribute(void **state)
{
    (void)state;
    check_model(&cpu_model_v2, true);
}

// Rows whose feature a model lacks do not exist there.
static void every_model(void **state)
{
    (void)state;
    const struct cpu_model *m;
    for (unsigned n = 0; (m = cpu_model_at(n)); n++)
        check_model(m, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_and_attribute),
        cmocka_unit_test(every_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
