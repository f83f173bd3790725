// What rows of the instruction table mean to the comparison: which are compared, in how many forms and sizes, what they
// are called, and which of their flags are undefined.
#include "tests/oracle/gen_row.h"

#include <stdio.h>

// ---- rows -----------------------------------------------------------------------------------------------------------

static bool is_one_of(const struct insn_row *row, const char *const *names, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (row_is(row, names[k]))
            return true;
    return false;
}
#define IS_ONE_OF(row, names) is_one_of(row, names, ARRAY_LEN(names))

bool has_any_op(const struct insn_row *row, const enum operand *ops, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (has_op(row, ops[k]))
            return true;
    return false;
}

bool row_is_shift(const struct insn_row *row)
{
    static const char *const names[] = {"ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SAR", "SHLD", "SHRD"};
    return IS_ONE_OF(row, names);
}

bool row_is_bit_test(const struct insn_row *row)
{
    static const char *const names[] = {"BT", "BTS", "BTR", "BTC"};
    return IS_ONE_OF(row, names);
}

bool row_is_env(const struct insn_row *row)
{
    static const char *const names[] = {"FNSTENV", "FLDENV", "FNSAVE", "FRSTOR"};
    return IS_ONE_OF(row, names);
}

bool row_no_access(const struct insn_row *row)
{
    return row_is(row, "LEA") || row_is(row, "NOP") || row_starts(row, "PREFETCH") || row_starts(row, "UD");
}

const char *gen_excluded(const struct insn_row *row)
{
    static const char *const thread_state[] = {"WRFSBASE", "WRGSBASE", "RDFSBASE", "RDGSBASE"};
    static const char *const by_xcr0[] = {"XSAVE", "XSAVEOPT", "XRSTOR", "XGETBV", "XSAVEC"};
    static const char *const random[] = {"RDRAND", "RDSEED", "RDPID"};
    if (row->attr & A_CPL0)
        return "system: privileged";
    if (row->attr & A_SYSTEM)
        return "system";
    if (IS_ONE_OF(row, thread_state))
        return "thread state";
    if (IS_ONE_OF(row, by_xcr0))
        return "depends on XCR0";
    if (IS_ONE_OF(row, random))
        return "not reproducible";
    return NULL;
}

enum tolerance gen_tolerance(const struct insn_row *row)
{
    static const char *const transcendental[] = {"F2XM1",   "FYL2X",   "FPTAN", "FPATAN",
                                                 "FYL2XP1", "FSINCOS", "FSIN",  "FCOS"};
    if (IS_ONE_OF(row, transcendental))
        return TRANSCENDENTAL;
    if (row_is(row, "RCPPS") || row_is(row, "RCPSS"))
        return RECIPROCAL;
    if (row_is(row, "RSQRTPS") || row_is(row, "RSQRTSS"))
        return RECIPROCAL_ROOT;
    return EXACT;
}

const char *gen_operands(const struct insn_row *row, char *buf)
{
    static const char *const name[] = {
        [Eb] = "Eb",   [Ew] = "Ew",    [Ed] = "Ed",  [Eq] = "Eq",    [Ev] = "Ev",   [Ey] = "Ey",  [Gb] = "Gb",
        [Gw] = "Gw",   [Gd] = "Gd",    [Gq] = "Gq",  [Gv] = "Gv",    [Gy] = "Gy",   [By] = "By",  [Zb] = "Zb",
        [Zv] = "Zv",   [Zq] = "Zq",    [Ib] = "Ib",  [Iw] = "Iw",    [Iz] = "Iz",   [Iv] = "Iv",  [sIb] = "sIb",
        [sIz] = "sIz", [Jb] = "Jb",    [Jz] = "Jz",  [Ob] = "Ob",    [Ov] = "Ov",   [M] = "M",    [Mb] = "Mb",
        [Mw] = "Mw",   [Md] = "Md",    [Mq] = "Mq",  [Mdq] = "Mdq",  [Mt] = "Mt",   [Mp] = "Mp",  [Ms] = "Ms",
        [Sw] = "Sw",   [Cd] = "Cd",    [Dd] = "Dd",  [Ap] = "Ap",    [I1] = "1",    [rCL] = "CL", [rAL] = "AL",
        [rAX] = "rAX", [rEAX] = "eAX", [rDX] = "DX", [rST0] = "ST0", [rST] = "STi", [Vx] = "Vx",  [Vd] = "Vd",
        [Vq] = "Vq",   [Wx] = "Wx",    [Wd] = "Wd",  [Wq] = "Wq",    [Ux] = "Ux",   [Uq] = "Uq",  [Pq] = "Pq",
        [Qq] = "Qq",   [Qd] = "Qd",    [Nq] = "Nq",  [Xb] = "Xb",    [Xv] = "Xv",   [Yb] = "Yb",  [Yv] = "Yv",
        [sFS] = "FS",  [sGS] = "GS",   [sES] = "ES", [sCS] = "CS",   [sSS] = "SS",  [sDS] = "DS",
    };
    int n = 0;
    buf[0] = 0;
    for (unsigned k = 0; k < 3 && row->op[k] != NO; k++) {
        const char *op = row->op[k] < ARRAY_LEN(name) && name[row->op[k]] ? name[row->op[k]] : "?";
        n += snprintf(buf + n, 24 - (size_t)n, "%s%s", k ? "," : "", op);
    }
    return buf;
}

// ---- cells ----------------------------------------------------------------------------------------------------------

struct form form_of(const struct insn_row *row)
{
    struct form f = {.digit = -1, .full = -1};
    bool e = HAS_ANY_OP(row, Eb, Ew, Ed, Eq, Ev, Ey, Wx, Wd, Wq, Qq, Qd);
    bool m = HAS_ANY_OP(row, M, Mb, Mw, Md, Mq, Mdq, Mt, Mp, Ms);
    bool u = HAS_ANY_OP(row, Ux, Uq, Nq);
    bool g = HAS_ANY_OP(row, Gb, Gw, Gd, Gq, Gv, Gy, Vx, Vd, Vq, Pq);
    f.modrm = row->ext != NX || e || m || u || g;
    f.mem = f.modrm && (e || m || (row->ext != NX && row->ext & (EXT_MEM | EXT_ANYMEM)));
    f.reg = f.modrm && !m && !row_starts(row, "PREFETCH");
    if (row->ext == NX)
        return f;
    if (row->ext & EXT_FULL) {
        f.full = row->ext & 0xff;
        f.reg = f.mem = false;
        return f;
    }
    if (row->ext & (EXT_MEM | EXT_ANYMEM))
        f.reg = false;
    if (row->ext & (EXT_REG | EXT_ANYREG))
        f.mem = false;
    if (!(row->ext & (EXT_ANYMEM | EXT_ANYREG)))
        f.digit = row->ext & 7;
    return f;
}

static unsigned sizes_of(const struct insn_row *row, enum code_mode mode, unsigned size[3])
{
    bool v = HAS_ANY_OP(row, Ev, Gv, Zv, Iz, Iv, sIz, Ov, Xv, Yv, Ap, Mp) || row_is(row, "IRET") || row_is(row, "RETF"),
         y = HAS_ANY_OP(row, Ey, Gy) || row_is(row, "CMPXCHG8B");
    v |= !(row->attr & A_FPU) && row->fn[0] != row->fn[1] && !y;
    v |= row->attr & A_NO64 && row->implicit_written & R_(RSP);
    unsigned n = 0;
    if (row_is_env(row)) {
        size[n++] = 4;
        size[n++] = 2;
    } else if (row->attr & A_F64 && (mode == CODE_64 || row->prefix == P_66)) {
        size[n++] = mode == CODE_64 ? 8 : 0;
    } else if (row->attr & (A_D64 | A_F64)) {
        size[n++] = mode == CODE_64 ? 8 : 4;
        size[n++] = 2;
    } else if (has_op(row, rEAX)) { // a port has no 64 bits
        size[n++] = 4;
        size[n++] = 2;
    } else if (v || y) {
        size[n++] = 4;
        if (v && !row_is(row, "BSWAP") && !row_is(row, "MOVSXD") && row->prefix != P_66)
            size[n++] = 2;
        if (mode == CODE_64)
            size[n++] = 8;
    } else {
        size[n++] = 0;
    }
    return n;
}

unsigned gen_cells_of(const struct insn_row *row, enum code_mode mode, struct cell cell[MAX_CELLS])
{
    struct form f = form_of(row);
    unsigned size[3], sizes = sizes_of(row, mode, size), n = 0;
    for (unsigned s = 0; s < sizes; s++) {
        if (!f.reg && !f.mem)
            cell[n++] = (struct cell){mode, size[s], CELL_NONE};
        if (f.reg)
            cell[n++] = (struct cell){mode, size[s], CELL_REG};
        if (f.mem)
            cell[n++] = (struct cell){mode, size[s], CELL_MEM};
    }
    return n;
}

unsigned gen_cells(const struct insn_row *row, struct cell cell[MAX_CELLS])
{
    unsigned n = 0;
    for (int mode = CODE_64; mode <= CODE_16; mode++)
        if (!(mode == CODE_64 ? row->attr & A_NO64 : row->attr & A_ONLY64))
            n += gen_cells_of(row, (enum code_mode)mode, cell + n);
    return n;
}

// ---- what is undefined ----------------------------------------------------------------------------------------------

uint32_t gen_undefined(const struct insn_row *row, const struct cell *cell, const struct test_case *t)
{
    uint32_t u = row->flags_undefined;
    if (!u || !row_is_shift(row))
        return u;
    // SDM vol. 2, SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD: a masked count of 0 changes no flag, and OF is defined
    // for a count of 1; CF of SHL and SHR is undefined only for counts from the operand size on.
    unsigned count = has_op(row, I1) ? 1 : has_op(row, rCL) ? (uint8_t)t->in.gpr[RCX] : t->code[t->len - 1];
    unsigned size = has_op(row, Eb) ? 1 : cell->opsize;
    count &= size == 8 ? 63 : 31;
    if (count == 0)
        return 0;
    if (count == 1)
        u &= ~(uint32_t)F_OF;
    if (count < 8 * size)
        u &= ~(uint32_t)F_CF;
    return u;
}
