// The instruction table's rows as data, and the index that the decoder searches.
#include "cpu/exec_table.h"

#define I(map, opc, ext, pfx, name, o1, o2, o3, acc, feat, attr, ir, iw, fr, fw, fu, ud, ...)                          \
    {map, opc, ext, pfx, acc, feat, ud, #name, {o1, o2, o3}, attr, ir, iw, fr, fw, fu, {__VA_ARGS__}},
const struct insn_row insn_rows[] = {
#include "cpu/insn.def"
};
#undef I
const unsigned insn_row_count = ARRAY_LEN(insn_rows);

// How many consecutive opcodes a row stands for.
static unsigned span(const struct insn_row *r)
{
    if (r->attr & A_CC)
        return 16;
    for (unsigned k = 0; k < 3; k++)
        if (r->op[k] == Zb || r->op[k] == Zv || r->op[k] == Zq)
            return 8;
    return 1;
}

void decode_index_init(struct decode_index *x, uint64_t features)
{
    unsigned n = 0;
    for (unsigned map = 0; map < MAP_COUNT; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            x->first[map][opcode] = (uint16_t)n;
            for (unsigned r = 0; r < insn_row_count; r++) {
                const struct insn_row *row = &insn_rows[r];
                if (row->feature != FEAT_NONE && !(features >> row->feature & 1))
                    continue;
                if (row->map == map && opcode >= row->opcode && opcode < row->opcode + span(row) &&
                    n < ARRAY_LEN(x->order))
                    x->order[n++] = (uint16_t)r;
            }
        }
        x->first[map][256] = (uint16_t)n;
    }
    fuse_index_init(x);
}
