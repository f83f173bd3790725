// The recorder behind directed_run's coverage file: the instruction at RIP is decoded before a tick, and counted if the
// tick was its own and no exception took its place.
#include "tests/directed/executed.h"

#include "cpu/model.h"
#include "cpu/paging.h"
#include "tests/oracle/gen_row.h"

#include <stdlib.h>

enum { NO_VECTOR = 0xff };

void executed_open(struct executed *e, const struct cpu_model *model)
{
    memset(e, 0, sizeof *e);
    decode_index_init(&e->index, cpu_features(model));
    e->seen = calloc(insn_row_count, sizeof *e->seen);
    if (!e->seen)
        abort();
}

void executed_close(struct executed *e)
{
    free(e->seen);
}

static unsigned fetch_code(struct machine *m, uint8_t bytes[15])
{
    const struct cpu *c = m->cpu;
    uint64_t linear = (c->mode & MODE_64 ? 0 : c->s.seg[SEG_CS].base) + c->s.rip, phys;
    unsigned n = 0;
    while (n < 15 && translate_peek(c, c->mode & MODE_64 ? linear + n : (uint32_t)(linear + n), &phys))
        phys_read(&m->phys, phys, &bytes[n++], 1);
    return n;
}

void executed_before(struct executed *e, struct machine *m)
{
    struct cpu *c = m->cpu;
    uint8_t bytes[15];
    cpu_sync(c);
    c->delivered = 0;
    c->exc.vector = NO_VECTOR;
    e->tr = c->s.tr[0].selector;
    e->cs = c->s.seg[SEG_CS].selector;
    e->pending = c->s.activity == CPU_RUNNING &&
                 decode(&e->index, c->mode, bytes, fetch_code(m, bytes), c->s.rip & PAGE_MASK, &e->insn) == DECODE_OK;
    if (e->pending)
        e->insn.index = (uint8_t)(c->mode & MODE_64 ? CODE_64 : c->mode & MODE_32 ? CODE_32 : CODE_16);
}

// Whether a tick in which something was delivered was the instruction's own: it raised what it is there to raise, or
// switched the task.
static bool delivers(const struct executed *e, const struct insn_row *row, const struct machine *m)
{
    if (row_starts(row, "INT") || row_starts(row, "UD") || row_is(row, "RDPMC"))
        return true;
    if (row_starts(row, "SYS")) // they say so, too, because of the trap flag
        return m->cpu->exc.vector == NO_VECTOR;
    bool transfers = row_is(row, "CALLF") || row_is(row, "JMPF") || row_is(row, "IRET");
    return transfers && m->cpu->s.tr[0].selector != e->tr;
}

void executed_after(struct executed *e, struct machine *m)
{
    const struct insn_row *row = &insn_rows[e->insn.row];
    if (!e->pending || (m->cpu->delivered && !delivers(e, row, m)))
        return;
    struct form f = form_of(row);
    enum cell_kind kind = e->insn.flags & INSN_MEM ? CELL_MEM : f.reg ? CELL_REG : CELL_NONE;
    unsigned size = e->insn.opsize == 2 && HAS_ANY_OP(row, Ey, Gy) ? 4 : e->insn.opsize; // y: 32 bits at least
    e->seen[e->insn.row][e->insn.index][size == 2 ? 0 : size == 4 ? 1 : 2][kind] = 1;
    e->pending = false;
}

void executed_write(const struct executed *e, FILE *f)
{
    for (unsigned r = 0; r < insn_row_count; r++)
        for (unsigned mode = 0; mode < 3; mode++)
            for (unsigned size = 0; size < 3; size++)
                for (unsigned kind = 0; kind < CELL_KINDS; kind++)
                    if (e->seen[r][mode][size][kind])
                        fprintf(f, "%u %u %u %u\n", r, mode, 2u << size, kind);
}
