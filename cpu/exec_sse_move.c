// SSE and SSE2 instructions that move, shuffle, unpack and combine bits, and the non-temporal stores.
//
// After Intel SDM volume 1, 10.4 and 11.4, and the instructions' pages in volume 2. Single- and double-precision logic
// and moves are the integer ones' functions: no value is looked at.
// Differs: non-temporal hints mean nothing; MASKMOVDQU accesses just the selected bytes, and with an empty mask
// nothing.
#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/segment.h"
#include "cpu/sse.h"

// ---- whole registers --------------------------------------------------------------------------------------------

// Register to register in either direction of the encoding.
enum exec_result x_mov_VxWx_r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->reg, xmm_get(c, i->rm));
    return next(c, i);
}

enum exec_result x_mov_WxVx_r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->rm, xmm_get(c, i->reg));
    return next(c, i);
}

// MOVAPS, MOVAPD, MOVDQA.
enum exec_result x_mova_VxWx_m(struct cpu *c, const struct insn *i)
{
    struct v128 v;
    TRY(load_v128(c, i, &v));
    xmm_set(c, i->reg, v);
    return next(c, i);
}

// These and MOVNTPS, MOVNTPD, MOVNTDQ.
enum exec_result x_mova_WxVx_m(struct cpu *c, const struct insn *i)
{
    TRY(store128(c, i, true, xmm(c, i->reg)[0], xmm(c, i->reg)[1]));
    return next(c, i);
}

// MOVUPS, MOVUPD, MOVDQU.
enum exec_result x_movu_VxWx_m(struct cpu *c, const struct insn *i)
{
    struct v128 v;
    TRY(load128(c, i, false, &v.lo, &v.hi));
    xmm_set(c, i->reg, v);
    return next(c, i);
}

enum exec_result x_movu_WxVx_m(struct cpu *c, const struct insn *i)
{
    TRY(store128(c, i, false, xmm(c, i->reg)[0], xmm(c, i->reg)[1]));
    return next(c, i);
}

// ---- scalars: a load clears the rest of the register, a register move keeps it ----------------------------------

enum exec_result x_movss_VxWd_r(struct cpu *c, const struct insn *i)
{
    xmm_set32(c, i->reg, (uint32_t)xmm(c, i->rm)[0]);
    return next(c, i);
}

enum exec_result x_movss_VxWd_m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 4, &v));
    xmm_set(c, i->reg, v128_make(v, 0));
    return next(c, i);
}

enum exec_result x_movss_WdVx_r(struct cpu *c, const struct insn *i)
{
    xmm_set32(c, i->rm, (uint32_t)xmm(c, i->reg)[0]);
    return next(c, i);
}

enum exec_result x_movss_WdVx_m(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 4, (uint32_t)xmm(c, i->reg)[0]));
    return next(c, i);
}

enum exec_result x_movsd_VxWq_r(struct cpu *c, const struct insn *i)
{
    xmm(c, i->reg)[0] = xmm(c, i->rm)[0];
    return next(c, i);
}

// MOVSD and MOVQ.
enum exec_result x_movsd_VxWq_m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 8, &v));
    xmm_set(c, i->reg, v128_make(v, 0));
    return next(c, i);
}

enum exec_result x_movsd_WqVx_r(struct cpu *c, const struct insn *i)
{
    xmm(c, i->rm)[0] = xmm(c, i->reg)[0];
    return next(c, i);
}

// MOVSD, MOVQ, MOVLPS, MOVLPD.
enum exec_result x_movsd_WqVx_m(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 8, xmm(c, i->reg)[0]));
    return next(c, i);
}

// MOVQ between registers clears the high quadword.
enum exec_result x_movq_VxWq_r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->reg, v128_make(xmm(c, i->rm)[0], 0));
    return next(c, i);
}

enum exec_result x_movq_WqVx_r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->rm, v128_make(xmm(c, i->reg)[0], 0));
    return next(c, i);
}

// ---- halves -----------------------------------------------------------------------------------------------------

// MOVLPS, MOVLPD: the low quadword from memory.
enum exec_result x_movlps_VxMq(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 8, &v));
    xmm(c, i->reg)[0] = v;
    return next(c, i);
}

enum exec_result x_movhps_VxMq(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 8, &v));
    xmm(c, i->reg)[1] = v;
    return next(c, i);
}

enum exec_result x_movhps_MqVx(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 8, xmm(c, i->reg)[1]));
    return next(c, i);
}

enum exec_result x_movhlps(struct cpu *c, const struct insn *i)
{
    xmm(c, i->reg)[0] = xmm(c, i->rm)[1];
    return next(c, i);
}

enum exec_result x_movlhps(struct cpu *c, const struct insn *i)
{
    xmm(c, i->reg)[1] = xmm(c, i->rm)[0];
    return next(c, i);
}

// ---- general registers ------------------------------------------------------------------------------------------

enum exec_result x_movd_VxEy_32r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->reg, v128_make(get32(c, i->rm), 0));
    return next(c, i);
}

enum exec_result x_movd_VxEy_64r(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->reg, v128_make(get64(c, i->rm), 0));
    return next(c, i);
}

enum exec_result x_movd_EyVx_32r(struct cpu *c, const struct insn *i)
{
    set32(c, i->rm, (uint32_t)xmm(c, i->reg)[0]);
    return next(c, i);
}

enum exec_result x_movd_EyVx_64r(struct cpu *c, const struct insn *i)
{
    set64(c, i->rm, xmm(c, i->reg)[0]);
    return next(c, i);
}

enum exec_result x_movmskps(struct cpu *c, const struct insn *i)
{
    struct v128 v = xmm_get(c, i->rm);
    set64(c, i->reg, (v.lo >> 31 & 1) | (v.lo >> 63) << 1 | (v.hi >> 31 & 1) << 2 | (v.hi >> 63) << 3);
    return next(c, i);
}

enum exec_result x_movmskpd(struct cpu *c, const struct insn *i)
{
    struct v128 v = xmm_get(c, i->rm);
    set64(c, i->reg, v.lo >> 63 | (v.hi >> 63) << 1);
    return next(c, i);
}

// ---- unpack doublewords and quadwords (PUNPCKLDQ and UNPCKLPS are the same, and so on) --------------------------

static inline struct v128 v_unpckldq(struct v128 a, struct v128 b)
{
    return v128_make(pair32((uint32_t)a.lo, (uint32_t)b.lo), pair32(lane32(a.lo, 1), lane32(b.lo, 1)));
}
static inline struct v128 v_unpckhdq(struct v128 a, struct v128 b)
{
    return v128_make(pair32((uint32_t)a.hi, (uint32_t)b.hi), pair32(lane32(a.hi, 1), lane32(b.hi, 1)));
}
static inline struct v128 v_unpcklqdq(struct v128 a, struct v128 b)
{
    return v128_make(a.lo, b.lo);
}
static inline struct v128 v_unpckhqdq(struct v128 a, struct v128 b)
{
    return v128_make(a.hi, b.hi);
}
SSE_BINARY(unpckldq, v_unpckldq)
SSE_BINARY(unpckhdq, v_unpckhdq)
SSE_BINARY(unpcklqdq, v_unpcklqdq)
SSE_BINARY(unpckhqdq, v_unpckhqdq)

// ---- shuffles ---------------------------------------------------------------------------------------------------

static inline struct v128 v_shufps(struct v128 a, struct v128 b, unsigned imm)
{
    return v128_from_u32(v128_u32(a, imm & 3), v128_u32(a, imm >> 2 & 3), v128_u32(b, imm >> 4 & 3),
                         v128_u32(b, imm >> 6 & 3));
}
static inline struct v128 v_shufpd(struct v128 a, struct v128 b, unsigned imm)
{
    return v128_make(imm & 1 ? a.hi : a.lo, imm & 2 ? b.hi : b.lo);
}
static inline struct v128 v_pshufd(struct v128 a, struct v128 b, unsigned imm)
{
    (void)a;
    return v_shufps(b, b, imm);
}
static inline struct v128 v_pshuflw(struct v128 a, struct v128 b, unsigned imm)
{
    (void)a;
    return v128_make(q_pshufw(b.lo, imm), b.hi);
}
static inline struct v128 v_pshufhw(struct v128 a, struct v128 b, unsigned imm)
{
    (void)a;
    return v128_make(b.lo, q_pshufw(b.hi, imm));
}
SSE_SHUFFLE(shufps, v_shufps)
SSE_SHUFFLE(shufpd, v_shufpd)
SSE_SHUFFLE(pshufd, v_pshufd)
SSE_SHUFFLE(pshuflw, v_pshuflw)
SSE_SHUFFLE(pshufhw, v_pshufhw)

// ---- MASKMOVDQU -------------------------------------------------------------------------------------------------

enum exec_result sse_masked_store(struct cpu *c, const struct insn *i, struct v128 v, unsigned mask, unsigned size)
{
    if (!mask)
        return EXEC_NEXT;
    uint64_t address = i->flags & INSN_ASIZE64   ? c->s.reg[RDI]
                       : i->flags & INSN_ASIZE32 ? get32(c, RDI)
                                                 : get16(c, RDI);
    TRY(segment_linear(c, i, i->seg, address, size, FOR_WRITE));
    uint64_t linear = c->mem_value;
    unsigned first = (unsigned)__builtin_ctz(mask), last = 31 - (unsigned)__builtin_clz(mask);
    TRY(probe(c, i, linear + first, last - first + 1, FOR_WRITE));
    for (unsigned n = first; n <= last; n++)
        if (mask >> n & 1)
            TRY(store_at(c, i, linear + n, 1, lane8(n < 8 ? v.lo : v.hi, n & 7)));
    return EXEC_NEXT;
}

enum exec_result x_maskmovdqu(struct cpu *c, const struct insn *i)
{
    struct v128 mask = xmm_get(c, i->rm);
    TRY(sse_masked_store(c, i, xmm_get(c, i->reg), q_pmovmskb(mask.lo) | q_pmovmskb(mask.hi) << 8, 16));
    return next(c, i);
}
