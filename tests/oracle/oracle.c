// Compares the emulated processor with the host's, instruction by instruction: each row of the instruction table, in
// every operand size, with register and memory operands, in 64-bit, 32-bit and 16-bit code, with edge and random
// values. Every case is a function of the seed, the row, the cell and its number, so that a failure's line can be run
// again.
//
// Exit status: 0 equal, 1 differences, 2 usage, 77 not possible on this host.
#include "tests/oracle/compare.h"
#include "tests/oracle/emulated.h"
#include "tests/oracle/encode.h"
#include "tests/oracle/gen.h"
#include "tests/oracle/native.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef ORACLE_ZYDIS
#include <Zydis/Zydis.h>
#endif

struct options {
    const char *row; // only rows of this name
    uint64_t cases;  // of each cell
    uint64_t seed;
    uint64_t show;     // failures printed for each cell
    const char *cells; // file for the cells that were compared
    bool list, coverage, quiet;
    bool one; // a single case: row, cell, number
    unsigned one_row, one_cell;
    uint64_t one_case;
};

struct totals {
    uint64_t cases, failures, vectors[32];
    unsigned rows, cells, mode_cells[3], skipped_cells, system, other, no_host, no_model, failed_cells;
};

struct oracle {
    struct native native;
    struct emulated emulated;
    struct gen_host gen;
    uint8_t background[ARENA_SIZE]; // what memory is filled with
    struct test_case t;
    struct context host, ours;
    struct totals total;
    FILE *cells;
};

static const char *const vector_name[32] = {
    [EXC_DE] = "#DE", [EXC_DB] = "ok",  [EXC_NMI] = "NMI", [EXC_BP] = "#BP", [EXC_OF] = "#OF", [EXC_BR] = "#BR",
    [EXC_UD] = "#UD", [EXC_NM] = "#NM", [EXC_DF] = "#DF",  [EXC_TS] = "#TS", [EXC_NP] = "#NP", [EXC_SS] = "#SS",
    [EXC_GP] = "#GP", [EXC_PF] = "#PF", [EXC_MF] = "#MF",  [EXC_AC] = "#AC", [EXC_MC] = "#MC", [EXC_XM] = "#XM",
};

static const char *vector_text(int v)
{
    return v >= 0 && v < 32 && vector_name[v] ? vector_name[v] : "?";
}

// ---- one case -------------------------------------------------------------------------------------------------------

static void prepare(struct oracle *o)
{
    const struct test_case *t = &o->t;
    memcpy(o->native.arena, o->background, ARENA_SIZE);
    for (unsigned k = 0; k < t->patches; k++) {
        const struct patch *p = &t->patch[k];
        for (unsigned b = 0; b < p->len; b++) {
            int off = arena_offset(p->addr + b);
            if (off >= 0)
                o->native.arena[off] = p->data[b];
        }
    }
    memcpy(o->emulated.arena, o->native.arena, ARENA_SIZE);
    unsigned at = code_offset(t->mode, t->in.rip), n = sizeof t->code;
    if (n > CODE_SIZE - at)
        n = CODE_SIZE - at;
    memcpy(o->native.code + at, t->code, n);
    emulated_code(&o->emulated, CODE_ADDR + at, t->code, n);
}

// The INT3 that it runs into counts as its end.
static void settle_end(const struct test_case *t, bool to_end, struct context *c)
{
    uint64_t end = t->in.rip + t->len + t->tail + 1;
    if (to_end && c->vector == EXC_BP && (c->rip == end || (t->tail && c->rip == end + 1))) {
        c->vector = EXC_DB;
        c->rip--;
    }
}

static unsigned run_case(struct oracle *o, const struct insn_row *row, const struct cell *cell, const char **why)
{
    const struct test_case *t = &o->t;
    prepare(o);
    native_run(&o->native, t->mode, t->to_end, &t->in, &o->host);
    bool ours_to_end = t->to_end || t->ours_to_end;
    bool back = emulated_run(&o->emulated, t->mode, ours_to_end, &t->in, &o->ours, why);
    settle_end(t, t->to_end, &o->host);
    settle_end(t, ours_to_end, &o->ours);
    if (!back)
        return DIFF_LOST;
    return compare(row, cell, t, &o->host, &o->ours, o->native.arena, o->emulated.arena, o->native.amd);
}

// ---- printing a failure ---------------------------------------------------------------------------------------------

static void print_bytes(const uint8_t *p, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        printf("%02x%s", p[k], k + 1 < n ? " " : "");
}

static void print_disassembly(const struct test_case *t)
{
#ifdef ORACLE_ZYDIS
    ZydisDisassembledInstruction d;
    static const ZydisMachineMode mode[] = {[CODE_64] = ZYDIS_MACHINE_MODE_LONG_64,
                                            [CODE_32] = ZYDIS_MACHINE_MODE_LEGACY_32,
                                            [CODE_16] = ZYDIS_MACHINE_MODE_LEGACY_16};
    if (ZYAN_SUCCESS(ZydisDisassembleIntel(mode[t->mode], t->in.rip, t->code, t->len, &d)))
        printf("  %s", d.text);
#else
    (void)t;
#endif
}

static void print_f80(const uint8_t *p)
{
    printf("%04x:%016llx", load_u16(p + 8), (unsigned long long)load_u64(p));
}

static void print_xmm(const uint8_t *p)
{
    printf("%016llx_%016llx", (unsigned long long)load_u64(p + 8), (unsigned long long)load_u64(p));
}

static void print_input(const struct test_case *t, const struct insn_row *row)
{
    static const char *const name[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"};
    const uint8_t *fx = t->in.fx;
    printf("    in: rip %llx flags %llx", (unsigned long long)t->in.rip, (unsigned long long)t->in.rflags);
    for (unsigned r = 0; r < 16; r++) {
        if (r < 8)
            printf(" %s %llx", name[r], (unsigned long long)t->in.gpr[r]);
        else
            printf(" r%u %llx", r, (unsigned long long)t->in.gpr[r]);
    }
    printf("\n");
    if (row->attr & (A_FPU | A_MMX)) {
        printf("    in: fcw %04x fsw %04x ftw %02x st", load_u16(fx + FX_FCW), load_u16(fx + FX_FSW), fx[FX_FTW]);
        for (unsigned k = 0; k < 8; k++) {
            printf(" ");
            print_f80(fx + FX_ST + 16 * k);
        }
        printf("\n");
    }
    if (row->attr & A_SSE) {
        printf("    in: mxcsr %04x", load_u32(fx + FX_MXCSR));
        for (unsigned k = 0; k < 16; k++) {
            printf(" x%u ", k);
            print_xmm(fx + FX_XMM + 16 * k);
        }
        printf("\n");
    }
    if (t->operand_size)
        printf("    in: operand %llx, %u bytes\n", (unsigned long long)t->operand, t->operand_size);
    for (unsigned k = 0; k < t->patches; k++) {
        printf("    in: [%llx] ", (unsigned long long)t->patch[k].addr);
        print_bytes(t->patch[k].data, t->patch[k].len < 128 ? t->patch[k].len : 128);
        printf("\n");
    }
}

static void print_differences(const struct oracle *o, unsigned d)
{
    const struct context *h = &o->host, *u = &o->ours;
    if (d & DIFF_VECTOR)
        printf("    vector: host %s error %x cr2 %llx, ours %s error %x cr2 %llx\n", vector_text(h->vector), h->error,
               (unsigned long long)h->cr2, vector_text(u->vector), u->error, (unsigned long long)u->cr2);
    if (d & (DIFF_ERROR | DIFF_CR2))
        printf("    %s: host error %x cr2 %llx, ours %x cr2 %llx\n", vector_text(h->vector), h->error,
               (unsigned long long)h->cr2, u->error, (unsigned long long)u->cr2);
    if (d & DIFF_RIP)
        printf("    rip: host %llx, ours %llx\n", (unsigned long long)h->rip, (unsigned long long)u->rip);
    if (d & DIFF_FLAGS)
        printf("    flags: host %llx, ours %llx, differ in %llx\n", (unsigned long long)h->rflags,
               (unsigned long long)u->rflags, (unsigned long long)((h->rflags ^ u->rflags) & COMPARED_FLAGS));
    for (unsigned r = 0; r < 16 && d & DIFF_GPR; r++)
        if (h->gpr[r] != u->gpr[r])
            printf("    r%u: host %llx, ours %llx\n", r, (unsigned long long)h->gpr[r], (unsigned long long)u->gpr[r]);
    if (d & DIFF_FCW)
        printf("    fcw: host %04x, ours %04x\n", load_u16(h->fx + FX_FCW), load_u16(u->fx + FX_FCW));
    if (d & DIFF_FSW)
        printf("    fsw: host %04x, ours %04x\n", load_u16(h->fx + FX_FSW), load_u16(u->fx + FX_FSW));
    if (d & DIFF_TAGS)
        printf("    tags: host %02x, ours %02x\n", h->fx[FX_FTW], u->fx[FX_FTW]);
    if (d & DIFF_MXCSR)
        printf("    mxcsr: host %04x, ours %04x\n", load_u32(h->fx + FX_MXCSR), load_u32(u->fx + FX_MXCSR));
    for (unsigned k = 0; k < 8 && d & DIFF_ST; k++) {
        const uint8_t *a = h->fx + FX_ST + 16 * k, *b = u->fx + FX_ST + 16 * k;
        if (memcmp(a, b, 10) != 0) {
            printf("    st%u: host ", k);
            print_f80(a);
            printf(", ours ");
            print_f80(b);
            printf("\n");
        }
    }
    for (unsigned k = 0; k < 16 && d & DIFF_XMM; k++) {
        const uint8_t *a = h->fx + FX_XMM + 16 * k, *b = u->fx + FX_XMM + 16 * k;
        if (memcmp(a, b, 16) != 0) {
            printf("    xmm%u: host ", k);
            print_xmm(a);
            printf(", ours ");
            print_xmm(b);
            printf("\n");
        }
    }
    if (d & DIFF_MEMORY) {
        const uint8_t *a = o->native.arena, *b = o->emulated.arena;
        unsigned shown = 0;
        for (unsigned at = 0; at < ARENA_SIZE && shown < 4; at++) {
            if (a[at] == b[at])
                continue;
            unsigned n = ARENA_SIZE - at < 16 ? ARENA_SIZE - at : 16;
            printf("    memory %llx: host ", (unsigned long long)arena_addr(at));
            print_bytes(a + at, n);
            printf(", ours ");
            print_bytes(b + at, n);
            printf("\n");
            at += n - 1;
            shown++;
        }
    }
}

static void print_failure(const struct oracle *o, const struct options *opt, const struct insn_row *row,
                          unsigned cell_number, uint64_t n, unsigned d, const char *why)
{
    char ops[24];
    printf("  FAIL %s %s: ", row->name, gen_operands(row, ops));
    print_bytes(o->t.code, o->t.len);
    print_disassembly(&o->t);
    if (o->t.tail)
        printf("  + %02x %02x", o->t.code[o->t.len], o->t.code[o->t.len + 1]);
    printf("%s\n    again: oracle --seed %llu --one %u.%u.%llu\n", o->t.ours_to_end ? "  (in a block)" : "",
           (unsigned long long)opt->seed, (unsigned)(row - insn_rows), cell_number, (unsigned long long)n);
    print_input(&o->t, row);
    printf("    ended: host %s, ours %s\n", vector_text(o->host.vector), vector_text(o->ours.vector));
    if (d & DIFF_LOST)
        printf("    emulated machine: %s at %llx\n", why, (unsigned long long)o->ours.rip);
    print_differences(o, d);
}

// ---- rows -----------------------------------------------------------------------------------------------------------

static void record_cell(struct oracle *o, const struct insn_row *row, const struct cell *cell, const char *word)
{
    if (o->cells)
        fprintf(o->cells, "%u %u %u %u%s\n", (unsigned)(row - insn_rows), cell->mode, cell->opsize, cell->kind, word);
}

static void run_cell(struct oracle *o, const struct options *opt, const struct insn_row *row, const struct cell *cell,
                     unsigned cell_number)
{
    uint64_t vectors[32] = {0}, failures = 0, cases = 0;
    uint64_t first = opt->one ? opt->one_case : 0, last = opt->one ? first + 1 : opt->cases;
    for (uint64_t n = first; n < last; n++) {
        const char *why = "";
        gen_case(row, cell, opt->seed, n, &o->gen, &o->t);
        unsigned d = run_case(o, row, cell, &why);
        cases++;
        if (o->host.vector >= 0 && o->host.vector < 32)
            vectors[o->host.vector]++;
        if (d) {
            if (failures++ < opt->show)
                print_failure(o, opt, row, cell_number, n, d, why);
        } else if (opt->one) {
            print_bytes(o->t.code, o->t.len);
            print_disassembly(&o->t);
            printf("\n");
            print_input(&o->t, row);
        }
    }
    o->total.cells++;
    o->total.mode_cells[cell->mode]++;
    // Its purpose compared at least once: not only the exceptions on the way.
    if (!failures && (vectors[EXC_DB] || row->attr & A_ENDS || !strncmp(row->name, "UD", 2)))
        record_cell(o, row, cell, "");
    o->total.cases += cases;
    o->total.failures += failures;
    o->total.failed_cells += failures != 0;
    if (!opt->quiet || failures) {
        char ops[24], text[24];
        printf("%-11s %-12s %s ", row->name, gen_operands(row, ops), cell_text(cell, text));
        for (unsigned v = 0; v < 32; v++)
            if (vectors[v])
                printf(" %s %llu", vector_text((int)v), (unsigned long long)vectors[v]);
        printf(failures ? ", FAILED %llu\n" : "\n", (unsigned long long)failures);
    }
    for (unsigned v = 0; v < 32; v++)
        o->total.vectors[v] += vectors[v];
    fflush(stdout);
}

static bool cell_runs(const struct oracle *o, const struct cell *cell)
{
    return cell->mode == CODE_64 || (cell->mode == CODE_32 ? o->gen.has_32 : o->gen.has_16);
}

static void run_row(struct oracle *o, const struct options *opt, const struct insn_row *row)
{
    char ops[24];
    struct cell cell[MAX_CELLS];
    unsigned cells = gen_cells(row, cell);
    const char *excluded = gen_excluded(row);
    const char *state = excluded ? excluded : NULL;
    if (excluded) {
        if (!strncmp(excluded, "system", 6))
            o->total.system++;
        else
            o->total.other++;
    } else if (!emulated_has_feature(&o->emulated, row->feature)) {
        state = "not announced by the emulated processor";
        o->total.no_model++;
    } else if (!native_has_feature(row->feature)) {
        state = "SKIP: the host lacks the feature";
        o->total.no_host++;
    } else {
        o->total.rows++;
    }
    if (opt->list || opt->coverage) {
        if (opt->list || state)
            printf("%-4u %-11s %-12s map %u opcode %02x: %s\n", (unsigned)(row - insn_rows), row->name,
                   gen_operands(row, ops), row->map, row->opcode, state ? state : "compared");
        return;
    }
    bool no_host = state && !strncmp(state, "SKIP", 4);
    if (state && !no_host)
        return;
    for (unsigned k = 0; k < cells; k++) {
        bool runs = cell_runs(o, &cell[k]);
        o->total.skipped_cells += !runs;
        if (!runs || no_host)
            record_cell(o, row, &cell[k], " skip");
        else if (!opt->one || k == opt->one_cell)
            run_cell(o, opt, row, &cell[k], k);
    }
}

static void print_rows(const struct oracle *o)
{
    const struct totals *t = &o->total;
    printf("rows: %u compared, %u system, %u otherwise excluded, %u not announced, %u skipped (host)\n", t->rows,
           t->system, t->other, t->no_model, t->no_host);
}

static void print_totals(const struct oracle *o)
{
    const struct totals *t = &o->total;
    printf("outcomes:");
    for (unsigned v = 0; v < 32; v++)
        if (t->vectors[v])
            printf(" %s %llu", vector_text((int)v), (unsigned long long)t->vectors[v]);
    printf("\n");
    print_rows(o);
    if (t->skipped_cells)
        printf("SKIP: the host does not run %s: %u cells\n", o->gen.has_32 ? "16-bit code" : "16-bit and 32-bit code",
               t->skipped_cells);
    printf("cells: %u in 64-bit, %u in 32-bit, %u in 16-bit code\n", t->mode_cells[CODE_64], t->mode_cells[CODE_32],
           t->mode_cells[CODE_16]);
    printf("oracle: %llu cases in %u cells, %llu differences in %u cells\n", (unsigned long long)t->cases, t->cells,
           (unsigned long long)t->failures, t->failed_cells);
}

// ---- main -----------------------------------------------------------------------------------------------------------

static int usage(void)
{
    fprintf(stderr, "usage: oracle [--row NAME] [--cases N] [--seed S] [--show N] [--cells FILE] [--one ROW.CELL.CASE] "
                    "[--list] [--coverage] "
                    "[--quiet]\n");
    return 2;
}

static bool parse_number(const char *s, uint64_t *v)
{
    char *end;
    *v = s ? strtoull(s, &end, 0) : 0;
    return s && *s && !*end;
}

static bool parse(struct options *opt, int argc, char **argv)
{
    for (int k = 1; k < argc; k++) {
        const char *a = argv[k], *v = k + 1 < argc ? argv[k + 1] : NULL;
        unsigned long long n = 0;
        if (!strcmp(a, "--list")) {
            opt->list = true;
        } else if (!strcmp(a, "--coverage")) {
            opt->coverage = true;
        } else if (!strcmp(a, "--quiet")) {
            opt->quiet = true;
        } else if (!strcmp(a, "--row") && v) {
            opt->row = v, k++;
        } else if (!strcmp(a, "--cells") && v) {
            opt->cells = v, k++;
        } else if (!strcmp(a, "--cases") && parse_number(v, &opt->cases)) {
            k++;
        } else if (!strcmp(a, "--seed") && parse_number(v, &opt->seed)) {
            k++;
        } else if (!strcmp(a, "--show") && parse_number(v, &opt->show)) {
            k++;
        } else if (!strcmp(a, "--one") && v && sscanf(v, "%u.%u.%llu", &opt->one_row, &opt->one_cell, &n) == 3) {
            opt->one = true;
            opt->one_case = n;
            k++;
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options opt = {.cases = 1000, .seed = 1, .show = 2};
    if (!parse(&opt, argc, argv))
        return usage();
    struct oracle *o = calloc(1, sizeof *o);
    if (!o)
        return 2;
    const char *problem = native_open(&o->native);
    if (problem) {
        printf("SKIP: %s\n", problem);
        free(o);
        return 77;
    }
    o->gen = (struct gen_host){o->native.has_32, o->native.has_16, o->native.has_ldt, o->native.fs_base};
    problem = emulated_open(&o->emulated, o->native.fs_base, GS_BASE);
    if (problem) {
        fprintf(stderr, "oracle: %s\n", problem);
        return 1;
    }
    uint64_t x = 1;
    for (unsigned k = 0; k < ARENA_SIZE; k++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        o->background[k] = (uint8_t)(x >> 56);
    }
    if (opt.cells && !(o->cells = fopen(opt.cells, "w"))) {
        perror(opt.cells);
        return 2;
    }
    for (unsigned r = 0; r < insn_row_count; r++)
        if (opt.one ? r == opt.one_row : !opt.row || !strcmp(opt.row, insn_rows[r].name))
            run_row(o, &opt, &insn_rows[r]);
    if (opt.list || opt.coverage)
        print_rows(o);
    else
        print_totals(o);
    int status = o->total.failures ? 1 : !o->total.rows && opt.row ? 2 : 0;
    if (o->cells && fclose(o->cells) != 0) {
        perror(opt.cells);
        status = 2;
    }
    emulated_close(&o->emulated);
    native_close(&o->native);
    free(o);
    return status;
}
