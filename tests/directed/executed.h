// Which rows of the instruction table a directed test has executed and committed, by mode, operand size and form.
#ifndef TESTS_DIRECTED_EXECUTED_H
#define TESTS_DIRECTED_EXECUTED_H

#include "machine/pc.h"
#include "tests/oracle/gen.h"

#include <stdio.h>

struct executed {
    struct decode_index index;
    unsigned char (*seen)[3][3][CELL_KINDS]; // by row, mode, operand size 2, 4, 8 and kind of operand
    // The instruction that stands at RIP before a tick.
    bool pending;
    struct insn insn;
    uint16_t tr, cs;
};

void executed_open(struct executed *e, const struct cpu_model *model);
void executed_close(struct executed *e);
// To be called around each tick of the machine's.
void executed_before(struct executed *e, struct machine *m);
void executed_after(struct executed *e, struct machine *m);
// A line "ROW MODE OPSIZE KIND" for each that was seen.
void executed_write(const struct executed *e, FILE *f);

#endif
