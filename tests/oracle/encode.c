// Encodings without variety, for what is asked of every row alike (see encode.h).
#include "tests/oracle/encode.h"

#include "tests/oracle/gen_row.h"

#include <stdio.h>

struct bytes {
    uint8_t *at;
};

static void put(struct bytes *b, uint64_t v, unsigned size)
{
    store_le(b->at, size, v);
    b->at += size;
}

static void put_prefixes(struct bytes *b, const struct insn_row *row, const struct cell *cell, const char *before)
{
    while (before && *before)
        put(b, (uint8_t)*before++, 1);
    bool doubleword = HAS_ANY_OP(row, Ey, Gy) || row_is(row, "CMPXCHG8B"); // y: not 16 bits in any mode
    bool other = cell->mode == CODE_16 ? cell->opsize == 4 && !doubleword : cell->opsize == 2;
    bool wide = cell->opsize == 8 && !(row->attr & (A_D64 | A_F64));
    if (row->map >= MAP_VEX_0F) {
        static const uint8_t pp[] = {[P_NONE] = 0, [P_66] = 1, [P_F3] = 2, [P_F2] = 3};
        put(b, 0xc4, 1);
        put(b, 0xe0u | (unsigned)(row->map - MAP_VEX_0F + 1), 1);
        put(b, (wide ? 0x80u : 0) | (has_op(row, By) ? 0x68u : 0x78u) | pp[row->prefix], 1);
        return;
    }
    if (row->prefix == P_66 || other)
        put(b, 0x66, 1);
    if (row->prefix == P_F2 || row->prefix == P_F3)
        put(b, row->prefix == P_F2 ? 0xf2 : 0xf3, 1);
    if (wide)
        put(b, 0x48, 1);
    if (row->map != MAP_1)
        put(b, 0x0f, 1);
    if (row->map == MAP_0F38 || row->map == MAP_0F3A)
        put(b, row->map == MAP_0F38 ? 0x38 : 0x3a, 1);
}

static void put_modrm(struct bytes *b, const struct insn_row *row, const struct cell *cell)
{
    struct form f = form_of(row);
    if (f.full >= 0) {
        put(b, (unsigned)f.full, 1);
    } else if (f.modrm) {
        bool second = HAS_ANY_OP(row, Gb, Gw, Gd, Gq, Gv, Gy, Vx, Vd, Vq, Pq);
        unsigned reg = f.digit >= 0 ? (unsigned)f.digit : has_op(row, Sw) ? 0 : second ? 2 : 4;
        put(b, cell->kind == CELL_MEM ? reg << 3 | (cell->mode == CODE_16 ? 7 : 3) : 0xc0 | reg << 3 | 1, 1);
    }
}

unsigned encode_row(const struct insn_row *row, const struct cell *cell, const char *before, uint64_t absolute,
                    uint8_t out[ENCODE_MAX])
{
    struct bytes b = {out};
    unsigned opsize = cell->opsize ? cell->opsize : cell->mode == CODE_16 ? 2 : 4, z = opsize == 2 ? 2 : 4;
    static const uint8_t address[] = {[CODE_64] = 8, [CODE_32] = 4, [CODE_16] = 2};
    put_prefixes(&b, row, cell, before);
    put(&b, row->opcode | (HAS_ANY_OP(row, Zb, Zv, Zq) ? 1u : 0), 1);
    put_modrm(&b, row, cell);
    for (unsigned k = 0; k < 3; k++) {
        switch (row->op[k]) {
        case Ib:
            put(&b, HAS_ANY_OP(row, Iw) ? 0 : row_is(row, "AAM") ? 10 : row->attr & A_SYSTEM ? 0x80 : 1, 1);
            break;
        case sIb:
        case Jb:
            put(&b, 0, 1);
            break;
        case Iw:
            put(&b, 0, 2);
            break;
        case Iz:
        case sIz:
            put(&b, 0, z);
            break;
        case Jz:
            put(&b, 0, cell->mode == CODE_64 ? 4 : z);
            break;
        case Iv:
            put(&b, 0, opsize);
            break;
        case Ob:
        case Ov:
            put(&b, absolute, address[cell->mode]);
            break;
        case Ap:
            put(&b, 0, z + 2);
            break;
        default:
            break;
        }
    }
    return (unsigned)(b.at - out);
}

const char *cell_text(const struct cell *cell, char buf[24])
{
    static const char *const kind[] = {"-", "reg", "mem"};
    static const char *const mode[] = {[CODE_64] = "64", [CODE_32] = "32", [CODE_16] = "16"};
    if (cell->opsize)
        snprintf(buf, 24, "%s %-2u %-3s", mode[cell->mode], cell->opsize * 8, kind[cell->kind]);
    else
        snprintf(buf, 24, "%s -  %-3s", mode[cell->mode], kind[cell->kind]);
    return buf;
}
