// What tests each row of the instruction table, in each mode and form in which it exists: the comparison with the host
// (a cell that ended equal) or a directed test that has executed and committed it. Fails if any has none.
//
//   coverage [--list] ORACLE DIRECTED...      files as oracle --cells and directed_run write them
//
// What only the oracle could show and the host cannot (it is not an x86, or lacks a feature) is counted as skipped.
#include "tests/oracle/encode.h"
#include "tests/oracle/gen_row.h"

#include <stdio.h>
#include <stdlib.h>

enum by { BY_ORACLE = 1, BY_DIRECTED = 2, SKIPPED = 4 };

struct coverage {
    uint8_t (*by)[3][9][CELL_KINDS]; // by row, mode, operand size (0: the row has one) and kind
    bool no_oracle;
};

static bool read_cells(struct coverage *c, const char *path, enum by by)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    char line[64], word[8];
    unsigned row, mode, size, kind;
    while (fgets(line, sizeof line, f)) {
        int n = sscanf(line, "%u %u %u %u %7s", &row, &mode, &size, &kind, word);
        if (n >= 4 && row < insn_row_count && mode < 3 && size < 9 && kind < CELL_KINDS)
            c->by[row][mode][size][kind] |= (uint8_t)(n == 5 ? SKIPPED : by);
    }
    fclose(f);
    return true;
}

// What covers a cell: of its operand size, or of any where the row has only one.
static unsigned covered(const struct coverage *c, unsigned row, const struct cell *cell)
{
    const uint8_t(*by)[CELL_KINDS] = c->by[row][cell->mode];
    unsigned b = by[0][cell->kind];
    for (unsigned size = 2; size <= 8; size *= 2)
        if (!cell->opsize || cell->opsize == size)
            b |= by[size][cell->kind];
    return b;
}

int main(int argc, char **argv)
{
    bool list = argc > 1 && !strcmp(argv[1], "--list");
    argc -= list, argv += list;
    if (argc < 2) {
        fprintf(stderr, "usage: coverage [--list] ORACLE DIRECTED...\n");
        return 2;
    }
    struct coverage c = {.by = calloc(insn_row_count, sizeof *c.by)};
    if (!c.by)
        return 2;
    c.no_oracle = !read_cells(&c, argv[1], BY_ORACLE);
    for (int k = 2; k < argc; k++) {
        if (!read_cells(&c, argv[k], BY_DIRECTED)) {
            perror(argv[k]);
            return 2;
        }
    }

    unsigned cells = 0, bare_rows = 0, bare = 0, skipped = 0, oracle = 0, directed = 0, both = 0;
    for (unsigned r = 0; r < insn_row_count; r++) {
        struct cell cell[MAX_CELLS];
        unsigned n = gen_cells(&insn_rows[r], cell), before = bare;
        for (unsigned k = 0; k < n; k++) {
            char ops[24], text[24];
            unsigned b = covered(&c, r, &cell[k]);
            cells++;
            oracle += (b & BY_ORACLE) != 0;
            directed += (b & BY_DIRECTED) != 0;
            both += (b & (BY_ORACLE | BY_DIRECTED)) == (BY_ORACLE | BY_DIRECTED);
            bool skip = b == SKIPPED || (!b && c.no_oracle && !gen_excluded(&insn_rows[r]));
            skipped += skip;
            bare += !b && !skip;
            if (list || (!b && !skip))
                printf("%s%-11s %-12s %s%s%s\n", b || skip ? "" : "NO TEST: ", insn_rows[r].name,
                       gen_operands(&insn_rows[r], ops), cell_text(&cell[k], text), b & BY_ORACLE ? " oracle" : "",
                       b & BY_DIRECTED ? " directed" : "");
        }
        bare_rows += bare != before;
    }
    if (skipped)
        printf("SKIP: the host cannot compare: %u forms\n", skipped);
    printf(
        "REPORT: %u rows, %u forms: %u by the oracle, %u by directed tests (%u of them by both), %u skipped; %u forms "
        "of %u rows without a test\n",
        insn_row_count, cells, oracle, directed, both, skipped, bare, bare_rows);
    free(c.by);
    return bare ? 1 : 0;
}
