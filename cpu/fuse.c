// Chooses faster functions for the instructions of a block: by the shape of their operands, and for two that follow
// each other (see cpu/fast.h). The run loop uses the rows' own functions wherever an instruction has to run by itself.
#include "cpu/fuse.h"
#include "cpu/exec_table.h"

// Where the operands are: a register form with the destination in rm or in reg; a shift with its count; a memory
// operand, of which the kind is for addresses without index, and the next one (if `x`) for those with one.
enum order { RM_REG, REG_RM, SHIFT, MEM };

// clang-format off
#define ALU(op, kind)                                                                                                  \
    {x_##op##_EvGv_32r, KIND_##kind##_r32, 0, RM_REG}, {x_##op##_EvGv_64r, KIND_##kind##_r64, 0, RM_REG},              \
    {x_##op##_GvEv_32r, KIND_##kind##_r32, 0, REG_RM}, {x_##op##_GvEv_64r, KIND_##kind##_r64, 0, REG_RM},              \
    {x_##op##_EvIz_32r, KIND_##kind##_i32, 0, RM_REG}, {x_##op##_EvIz_64r, KIND_##kind##_i64, 0, RM_REG}
#define COUNTED(op)                                                                                                    \
    {x_##op##_EvIb_32r, KIND_##op##_i32, 0, SHIFT}, {x_##op##_EvIb_64r, KIND_##op##_i64, 0, SHIFT}

static const struct choice {
    exec_fn *plain;
    uint8_t kind;
    uint8_t kind_x; // with an index; KIND_NONE: not chosen then
    uint8_t order;
} choices[] = {
    ALU(mov, mov), ALU(add, add), ALU(sub, sub), ALU(and, and), ALU(or, or), ALU(xor, xor),
    COUNTED(shl), COUNTED(shr), COUNTED(sar), COUNTED(rol), COUNTED(ror),
    {x_mov_ZvIv_32, KIND_mov_i32, 0, RM_REG},
    {x_adc_EvGv_64r, KIND_adc_r64, 0, RM_REG},
    {x_imul_GvEv_32r, KIND_imul_r32, 0, REG_RM},
    {x_imul_GvEv_64r, KIND_imul_r64, 0, REG_RM},
    {x_inc_Ev_32r, KIND_inc_32, 0, RM_REG},
    {x_inc_Ev_64r, KIND_inc_64, 0, RM_REG},
    {x_dec_Ev_32r, KIND_dec_32, 0, RM_REG},
    {x_dec_Ev_64r, KIND_dec_64, 0, RM_REG},
    {x_movzx_GvEb_32r, KIND_movzx_r8, 0, REG_RM},
    {x_movzx_GvEb_64r, KIND_movzx_r8, 0, REG_RM},
    {x_movzx_GvEw_32r, KIND_movzx_r16, 0, REG_RM},
    {x_movzx_GvEw_64r, KIND_movzx_r16, 0, REG_RM},
    {x_movsxd_64r, KIND_movsxd_r, 0, REG_RM},
    {x_nop, KIND_nop, KIND_nop, RM_REG},
    {x_push_Zv_64, KIND_push, 0, RM_REG},
    {x_pop_Zv_64, KIND_pop, 0, RM_REG},

    {x_lea_32, KIND_lea_b32, KIND_lea_x32, MEM},
    {x_lea_64, KIND_lea_b64, KIND_lea_x64, MEM},
    {x_mov_GvEv_64m, KIND_Lb64, KIND_Lx64, MEM},
    {x_mov_GvEv_32m, KIND_Lb32, KIND_Lx32, MEM},
    {x_movzx_GvEw_32m, KIND_Lbz16, KIND_Lxz16, MEM},
    {x_movzx_GvEw_64m, KIND_Lbz16, KIND_Lxz16, MEM},
    {x_movzx_GvEb_32m, KIND_Lbz8, KIND_Lxz8, MEM},
    {x_movzx_GvEb_64m, KIND_Lbz8, KIND_Lxz8, MEM},
    {x_movsx_GvEb_32m, KIND_Lbs8, KIND_Lxs8, MEM},
    {x_movsxd_64m, KIND_Lbs32, KIND_Lxs32, MEM},
    {x_mov_EvGv_64m, KIND_Sb64, KIND_Sx64, MEM},
    {x_mov_EvGv_32m, KIND_Sb32, KIND_Sx32, MEM},
    {x_mov_EvGv_16m, KIND_Sb16, KIND_Sx16, MEM},
    {x_mov_EbGb_m, KIND_Sb8, KIND_Sx8, MEM},
    {x_mov_EvIz_64m, KIND_Sbi64, KIND_Sxi64, MEM},
    {x_mov_EvIz_32m, KIND_Sbi32, KIND_Sxi32, MEM},
    {x_mov_EbIb_m, KIND_Sbi8, KIND_Sxi8, MEM},
    {x_add_GvEv_32m, KIND_add_Lb32, KIND_add_Lx32, MEM},
    {x_add_GvEv_64m, KIND_add_Lb64, KIND_add_Lx64, MEM},
    {x_sub_GvEv_32m, KIND_sub_Lb32, KIND_sub_Lx32, MEM},
    {x_sub_GvEv_64m, KIND_sub_Lb64, KIND_sub_Lx64, MEM},
    {x_and_GvEv_32m, KIND_and_Lb32, 0, MEM},
    {x_and_GvEv_64m, KIND_and_Lb64, 0, MEM},
    {x_or_GvEv_32m, KIND_or_Lb32, 0, MEM},
    {x_or_GvEv_64m, KIND_or_Lb64, 0, MEM},
    {x_xor_GvEv_32m, KIND_xor_Lb32, KIND_xor_Lx32, MEM},
    {x_xor_GvEv_64m, KIND_xor_Lb64, KIND_xor_Lx64, MEM},
    {x_imul_GvEv_64m, KIND_imul_Lb64, 0, MEM},
    {x_add_EvGv_32m, KIND_add_Sb32, KIND_add_Sx32, MEM},
    {x_add_EvGv_64m, KIND_add_Sb64, KIND_add_Sx64, MEM},
    {x_add_EvIz_32m, KIND_add_Sbi32, 0, MEM},
    {x_add_EvIz_64m, KIND_add_Sbi64, 0, MEM},
    {x_sub_EvGv_64m, KIND_sub_Sb64, 0, MEM},
    {x_sub_EvIz_32m, KIND_sub_Sbi32, 0, MEM},
    {x_sub_EvIz_64m, KIND_sub_Sbi64, 0, MEM},
    {x_and_EvIz_32m, KIND_and_Sbi32, 0, MEM},
    {x_or_EvIz_32m, KIND_or_Sbi32, 0, MEM},
    {x_inc_Ev_32m, KIND_inc_S32, 0, MEM},
    {x_dec_Ev_32m, KIND_dec_S32, 0, MEM},

    {x_cmp_EbGb_r, KIND_cmp_r8, 0, RM_REG},
    {x_cmp_GbEb_r, KIND_cmp_r8, 0, REG_RM},
    {x_cmp_EvGv_32r, KIND_cmp_r32, 0, RM_REG},
    {x_cmp_GvEv_32r, KIND_cmp_r32, 0, REG_RM},
    {x_cmp_EvGv_64r, KIND_cmp_r64, 0, RM_REG},
    {x_cmp_GvEv_64r, KIND_cmp_r64, 0, REG_RM},
    {x_cmp_EbIb_r, KIND_cmp_i8, 0, RM_REG},
    {x_cmp_EvIz_16r, KIND_cmp_i16, 0, RM_REG},
    {x_cmp_EvIz_32r, KIND_cmp_i32, 0, RM_REG},
    {x_cmp_EvIz_64r, KIND_cmp_i64, 0, RM_REG},
    {x_test_EbGb_r, KIND_test_r8, 0, RM_REG},
    {x_test_EvGv_32r, KIND_test_r32, 0, RM_REG},
    {x_test_EvGv_64r, KIND_test_r64, 0, RM_REG},
    {x_test_EbIb_r, KIND_test_i8, 0, RM_REG},
    {x_test_EvIz_32r, KIND_test_i32, 0, RM_REG},
    {x_cmp_EbIb_m, KIND_cmp_bi8, KIND_cmp_xi8, MEM},
    {x_cmp_EvIz_16m, KIND_cmp_bi16, KIND_cmp_xi16, MEM},
    {x_cmp_EvIz_32m, KIND_cmp_bi32, KIND_cmp_xi32, MEM},
    {x_cmp_EvIz_64m, KIND_cmp_bi64, KIND_cmp_xi64, MEM},
    {x_cmp_EbGb_m, KIND_cmp_br8, KIND_cmp_xr8, MEM},
    {x_cmp_EvGv_32m, KIND_cmp_br32, KIND_cmp_xr32, MEM},
    {x_cmp_EvGv_64m, KIND_cmp_br64, KIND_cmp_xr64, MEM},
    {x_cmp_GbEb_m, KIND_cmp_rb8, KIND_cmp_rx8, MEM},
    {x_cmp_GvEv_32m, KIND_cmp_rb32, KIND_cmp_rx32, MEM},
    {x_cmp_GvEv_64m, KIND_cmp_rb64, KIND_cmp_rx64, MEM},
    {x_test_EbIb_m, KIND_test_bi8, KIND_test_xi8, MEM},
    {x_test_EvIz_32m, KIND_test_bi32, KIND_test_xi32, MEM},
};
// clang-format on

void fuse_index_init(struct decode_index *x)
{
    for (unsigned r = 0; r < insn_row_count && r < ARRAY_LEN(x->choice); r++)
        for (unsigned form = 0; form < 6; form++)
            for (unsigned n = 0; n < ARRAY_LEN(choices); n++)
                if (choices[n].plain == insn_rows[r].fn[form])
                    x->choice[r][form] = (uint8_t)(n + 1);
}

static enum fast_kind classify(const struct decode_index *x, struct insn *i)
{
    unsigned n = x->choice[i->row][insn_form(i)];
    if (!n || choices[n - 1].plain != i->fn)
        return KIND_NONE;
    const struct choice *k = &choices[n - 1];
    switch (k->order) {
    case SHIFT:
        if (!(i->imm & (i->opsize == 8 ? 63 : 31)))
            return KIND_NONE;
        i->imm &= i->opsize == 8 ? 63 : 31;
        i->base = i->rm;
        return k->kind;
    case RM_REG:
        if (i->flags & INSN_MEM)
            return k->kind;
        i->base = i->rm;
        i->idx = i->reg;
        return k->kind;
    case REG_RM:
        i->base = i->reg;
        i->idx = i->rm;
        return k->kind;
    default:
        if (i->ea != EA_FLAT)
            return KIND_NONE;
        return i->idx == REG_ZERO ? k->kind : k->kind_x;
    }
}

static void choose(struct insn *i, exec_fn *fn)
{
    if (fn) {
        i->fn = fn;
        i->flags |= INSN_FUSED;
    }
}

void fuse(const struct decode_index *x, struct insn *insn, unsigned count)
{
    enum fast_kind kind[BLOCK_MAX];
    for (unsigned k = 0; k < count; k++) {
        exec_fn *plain = insn[k].fn;
        kind[k] = classify(x, &insn[k]);
        if (kind[k])
            choose(&insn[k], fast_one[kind[k]]);
        else if (plain == x_setcc_r)
            choose(&insn[k], fast_setcc[insn[k].modrm]);
        else if (plain == x_cmovcc_32r)
            choose(&insn[k], fast_cmov_32[insn[k].modrm]);
        else if (plain == x_cmovcc_64r)
            choose(&insn[k], fast_cmov_64[insn[k].modrm]);
    }
    unsigned end = count;
    // The branch must be a 64-bit one, whose target does not wrap.
    if (count && insn[count - 1].fn == x_jcc_64) {
        unsigned cc = insn[count - 1].modrm;
        choose(&insn[count - 1], fast_jcc[cc]);
        end--;
        if (count > 1 && fast_branch[kind[count - 2]] && (*fast_branch[kind[count - 2]])[cc]) {
            choose(&insn[count - 2], (*fast_branch[kind[count - 2]])[cc]);
            end--;
        }
    }
    for (unsigned k = 0; k + 1 < end; k++) {
        exec_fn *fn = fast_pair(&insn[k], kind[k], kind[k + 1]);
        if (fn)
            choose(&insn[k++], fn);
    }
}
