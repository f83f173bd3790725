// "Commit last" from the instruction table: every instruction with a memory or stack operand, in every form, as user
// and as kernel, runs with its page absent and with its page read-only, whole and across two pages. A page fault must
// leave registers, flags, x87, SSE and system state and all memory as they were; with the page back the instruction
// must end as if nothing had happened.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/segment.h"
#include "tests/oracle/emulated.h"
#include "tests/oracle/encode.h"
#include "tests/oracle/gen_row.h"

struct rig {
    struct emulated e;
    uint8_t before[ARENA_SIZE], after[ARENA_SIZE]; // the arena before a run, and after the undisturbed one
    struct context in, clean, out;
    const struct insn_row *row;
    const struct cell *cell;
    unsigned runs, faults, restarts, rows, wrong;
};

// What no user instruction changes, and no fault does.
struct system_state {
    struct segment_state seg[4], ldtr, tr, gdtr, idtr; // ES DS FS GS
    uint64_t cr0, cr3, cr4, dr[4], dr7, efer, xcr0;
};

static void read_system(const struct cpu_state *s, struct system_state *out)
{
    static const uint8_t segs[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    memset(out, 0, sizeof *out);
    for (unsigned n = 0; n < ARRAY_LEN(segs); n++)
        out->seg[n] = s->seg[segs[n]];
    out->ldtr = s->ldtr[0];
    out->tr = s->tr[0];
    out->gdtr = s->gdtr[0];
    out->idtr = s->idtr[0];
    out->cr0 = s->cr0;
    out->cr3 = s->cr3;
    out->cr4 = s->cr4;
    memcpy(out->dr, s->dr, sizeof out->dr);
    out->dr7 = s->dr7;
    out->efer = s->efer;
    out->xcr0 = s->xcr0;
}

// An image or structure of many fields, which is wanted aligned and zero.
static bool is_image(const struct insn_row *row)
{
    return row_starts(row, "FX") || row_starts(row, "XSAVE") || row_starts(row, "XRSTOR");
}

static void complain(struct rig *g, const char *what, unsigned place, enum page_rights rights)
{
    static const char *const place_text[] = {"whole", "first page", "second page", "stack"};
    char ops[24], buf[24];
    if (g->wrong++ < 25)
        print_error("%s %s, %s, %s, %s %s: %s (vector %d error %x cr2 %llx rip %llx)\n", g->row->name,
                    gen_operands(g->row, ops), cell_text(g->cell, buf), g->e.kernel ? "kernel" : "user",
                    place_text[place], rights == PAGE_ABSENT ? "absent" : "read-only", what, g->out.vector,
                    g->out.error, (unsigned long long)g->out.cr2, (unsigned long long)g->out.rip);
}

static bool run(struct rig *g, struct context *out)
{
    const char *why;
    memcpy(g->e.arena, g->before, ARENA_SIZE);
    g->runs++;
    return emulated_run(&g->e, g->cell->mode, false, &g->in, out, &why);
}

static bool same_context(const struct context *a, const struct context *b)
{
    return !memcmp(a->gpr, b->gpr, sizeof a->gpr) && a->rip == b->rip && a->rflags == b->rflags &&
           !memcmp(a->fx, b->fx, FX_SIZE);
}

// Whether nothing has changed since before the run, RF and what the image does not have apart.
static bool unchanged(const struct rig *g, const struct system_state *before)
{
    struct context now = g->out, in = g->in;
    struct system_state after;
    read_system(&g->e.cpu->s, &after);
    now.rflags &= ~(uint64_t)(F_RF | F_TF | F_IF);
    in.rflags = (in.rflags | 2) & ~(uint64_t)(F_RF | F_TF | F_IF);
    return same_context(&now, &in) && !memcmp(before, &after, sizeof after) &&
           !memcmp(g->e.arena, g->before, ARENA_SIZE);
}

enum place { WHOLE, FIRST, SECOND, STACK, PLACES };

// Takes rights away from `page`, runs, and gives them back. `must`: the instruction cannot go on without.
static void disturb(struct rig *g, enum place place, uint64_t page, enum page_rights rights, bool must)
{
    struct system_state before;
    read_system(&g->e.cpu->s, &before);
    emulated_protect(&g->e, page, rights);
    bool back = run(g, &g->out);
    emulated_protect(&g->e, page, PAGE_WRITABLE);
    if (!back) {
        complain(g, "lost", place, rights);
        return;
    }
    if (g->out.vector != EXC_PF) {
        if (must)
            complain(g, "no page fault", place, rights);
        else if (!same_context(&g->clean, &g->out))
            complain(g, "ends otherwise", place, rights);
        return;
    }
    g->faults++;
    if (!unchanged(g, &before))
        complain(g, "not unchanged", place, rights);
    if ((g->out.cr2 & ~(uint64_t)(ORACLE_PAGE - 1)) != page)
        complain(g, "CR2", place, rights);
    if ((g->out.error & 5) != (rights == PAGE_READ_ONLY ? 1u : 0u) + (g->e.kernel ? 0u : 4u) ||
        (rights == PAGE_READ_ONLY && !(g->out.error & 2)))
        complain(g, "error code", place, rights);
    if (g->row->attr & A_SYSTEM)
        return;
    bool again = run(g, &g->out);
    g->restarts++;
    if (!again || g->out.vector != g->clean.vector || !same_context(&g->out, &g->clean) ||
        memcmp(g->e.arena, g->after, ARENA_SIZE) != 0)
        complain(g, "not restarted", place, rights);
}

static void set_up(struct rig *g, uint64_t address)
{
    const struct insn_row *row = g->row;
    enum code_mode mode = g->cell->mode;
    struct context *in = &g->in;
    memset(in, 0, sizeof *in);
    memset(g->before, is_image(row) ? 0 : 1, ARENA_SIZE);
    in->gpr[RAX] = row_starts(row, "X") && is_image(row) ? 7 : row_is(row, "XLAT") ? 0 : 1;
    in->gpr[RCX] = 1;
    in->gpr[RDX] = 3; // an RPL that ARPL has to raise to
    in->gpr[RBX] = in->gpr[RSI] = in->gpr[RDI] = address;
    in->gpr[RSP] = mode == CODE_16 ? ENTRY_ADDR : STACK_ADDR + ORACLE_PAGE;
    in->gpr[RBP] = in->gpr[RSP];
    in->rip = mode == CODE_16 ? 0x100 : CODE_ADDR + 0x1100;
    in->rflags = 2;
    store_u16(in->fx + FX_FCW, 0x37f);
    in->fx[FX_FTW] = 0x0f;
    store_u32(in->fx + FX_MXCSR, 0x1f80);
    for (unsigned n = 0; n < 8; n++) {
        store_u64(in->fx + FX_ST + 16 * n, (uint64_t)1 << 63);
        store_u16(in->fx + FX_ST + 16 * n + 8, 0x3fff);
    }
    // A NOP first: segments and processor are then in this mode and level.
    uint8_t bytes[ENCODE_MAX + 4] = {0x90};
    emulated_code(&g->e, CODE_ADDR + code_offset(mode, in->rip), bytes, 1);
    run(g, &g->clean);
    unsigned n = encode_row(row, g->cell, NULL, address, bytes);
    memset(bytes + n, 0x90, sizeof bytes - n);
    emulated_code(&g->e, CODE_ADDR + code_offset(mode, in->rip), bytes, n + 4);
}

// The run with everything in place. False if the row is not legal here, so that its operand is not looked at.
static bool undisturbed(struct rig *g)
{
    if (g->row->attr & A_SYSTEM) { // it may change what all runs rest on
        g->clean.vector = EXC_DB;
        return !(g->row->attr & (A_CPL0 | A_RING0)) || g->e.kernel;
    }
    if (!run(g, &g->clean)) {
        g->out = g->clean;
        complain(g, "lost when undisturbed", WHOLE, PAGE_WRITABLE);
        return false;
    }
    memcpy(g->after, g->e.arena, ARENA_SIZE);
    return g->clean.vector != EXC_UD && g->clean.vector != EXC_GP && g->clean.vector != EXC_NM;
}

static void check_operand(struct rig *g)
{
    const struct insn_row *row = g->row;
    bool narrow = g->cell->mode == CODE_16;
    bool ports = row_starts(row, "INS") || row_starts(row, "OUTS");
    if (ports && !g->e.kernel) // not allowed
        return;
    bool writes = row->access == ACC_W || row->access == ACC_RW;
    for (unsigned place = WHOLE; place <= SECOND && !(narrow && place != WHOLE); place++) {
        uint64_t boundary = DATA_ADDR + ORACLE_PAGE;
        uint64_t page = narrow ? DATA16_ADDR + 0xf000 : place == SECOND ? boundary : DATA_ADDR;
        uint64_t address = narrow ? 0xf400 : place == WHOLE ? DATA_ADDR + 0x400 : boundary - (is_image(row) ? 64 : 1);
        set_up(g, address);
        if (!undisturbed(g))
            continue;
        bool byte = HAS_ANY_OP(row, Eb, Mb, Ob, Xb, Yb) || row_is(row, "XLAT");
        bool must = place != SECOND || !byte;
        if (must || !(row->attr & A_SYSTEM))
            disturb(g, (enum place)place, page, PAGE_ABSENT, must);
        if ((must && writes) || !(row->attr & A_SYSTEM))
            disturb(g, (enum place)place, page, PAGE_READ_ONLY, must && writes);
    }
}

static void check_stack(struct rig *g)
{
    bool narrow = g->cell->mode == CODE_16;
    uint64_t low = narrow ? STACK16_ADDR + 0xf000 : STACK_ADDR, high = narrow ? STACK16_ADDR : STACK_ADDR + ORACLE_PAGE;
    static const int8_t offset[] = {0, 2, -2, 8, -8, 24};
    for (unsigned n = 0; n < ARRAY_LEN(offset); n++) {
        if (narrow && offset[n] & 7) // a push across the end of the segment
            continue;
        set_up(g, narrow ? 0xf400 : DATA_ADDR + 0x400);
        uint64_t top = g->in.gpr[RSP] + (uint64_t)(int64_t)offset[n];
        g->in.gpr[RSP] = narrow ? ENTRY_ADDR | (top & 0xffff) : top;
        g->in.gpr[RBP] = g->in.gpr[RSP];
        if (!undisturbed(g))
            continue;
        disturb(g, STACK, low, PAGE_ABSENT, false);
        disturb(g, STACK, high, PAGE_ABSENT, false);
        disturb(g, STACK, low, PAGE_READ_ONLY, false);
        disturb(g, STACK, high, PAGE_READ_ONLY, false);
    }
}

static void every_row(void **state)
{
    (void)state;
    struct rig *g = calloc(1, sizeof *g);
    assert_non_null(g);
    assert_null(emulated_open(&g->e, 0, 0));
    for (unsigned r = 0; r < insn_row_count; r++) {
        const struct insn_row *row = &insn_rows[r];
        struct cell cell[MAX_CELLS];
        unsigned cells = gen_cells(row, cell), faults = g->faults;
        bool stack = (row->implicit_read | row->implicit_written) & R_(RSP);
        for (unsigned k = 0; k < 2 * cells; k++) {
            g->row = row;
            g->cell = &cell[k / 2];
            g->e.kernel = k & 1;
            if (g->e.kernel && g->cell->mode == CODE_16)
                continue;
            if (row->access != ACC_NONE && (g->cell->kind == CELL_MEM || !form_of(row).modrm))
                check_operand(g);
            if (stack && !(row->attr & A_SYSTEM))
                check_stack(g);
        }
        g->rows += g->faults != faults;
        bool has_operand = stack || (row->access != ACC_NONE && (form_of(row).mem || !form_of(row).modrm));
        if (has_operand && !(row->attr & A_SYSTEM) && row->feature == FEAT_NONE && g->faults == faults) {
            print_error("%s: never faults\n", row->name);
            g->wrong++;
        }
    }
    print_message("%u runs, %u page faults, %u restarts, of %u rows\n", g->runs, g->faults, g->restarts, g->rows);
    assert_int_equal(g->wrong, 0);
    assert_true(g->rows > 500);
    emulated_close(&g->e);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
