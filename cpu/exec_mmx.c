// MMX: its own instructions, those that SSE, SSE2 and SSSE3 added to it, and the conversions between MMX and XMM.
//
// After Intel SDM volume 1, chapter 9 (9.5: MMX registers are the significands of the x87's, MMn is Rn), and the
// instructions' pages in volume 2. Every instruction sets TOP to 0 and all tags to not empty (EMMS: to empty), and all
// ones in the sign and exponent of a register that it writes. A pending x87 exception comes first. Operations on a
// quadword are in cpu/packed.h. Differs: CVTPI2PS from memory takes no notice of the x87 and leaves its state alone, as
// processors do; the manual says so just of CVTPI2PD.
#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/segment.h"
#include "cpu/sse.h"
#include "cpu/x87.h"

// REX.R and REX.B do not count.
static inline uint64_t mmx_get(const struct cpu *c, unsigned n)
{
    return c->s.st_frac[n & 7];
}

// The transition from x87 to MMX (9.5.1). Once nothing can fault any more.
static inline void mmx_begin(struct cpu *c)
{
    c->s.fsw &= (uint16_t)~FSW_TOP;
    c->s.ftw = 0xff;
}

static inline void mmx_set(struct cpu *c, unsigned n, uint64_t v)
{
    mmx_begin(c);
    c->s.st_frac[n & 7] = v;
    c->s.st_sexp[n & 7] = 0xffff;
}

// Defines x_mmx_NAME_r and x_mmx_NAME_m: destination = op(destination, source). The memory operand has `size` bytes.
#define MMX_BINARY(name, op, size)                                                                                     \
    enum exec_result x_mmx_##name##_r(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        TRY(x87_wait(c, i));                                                                                           \
        mmx_set(c, i->reg, op(mmx_get(c, i->reg), mmx_get(c, i->rm)));                                                 \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mmx_##name##_m(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(x87_wait(c, i));                                                                                           \
        TRY(load(c, i, size, &b));                                                                                     \
        mmx_set(c, i->reg, op(mmx_get(c, i->reg), b));                                                                 \
        return next(c, i);                                                                                             \
    }
#define MMX_QUADWORD(name) MMX_BINARY(name, q_##name, 8)

MMX_QUADWORD(paddb)
MMX_QUADWORD(paddw)
MMX_QUADWORD(paddd)
MMX_QUADWORD(paddq)
MMX_QUADWORD(psubb)
MMX_QUADWORD(psubw)
MMX_QUADWORD(psubd)
MMX_QUADWORD(psubq)
MMX_QUADWORD(paddusb)
MMX_QUADWORD(paddusw)
MMX_QUADWORD(psubusb)
MMX_QUADWORD(psubusw)
MMX_QUADWORD(paddsb)
MMX_QUADWORD(paddsw)
MMX_QUADWORD(psubsb)
MMX_QUADWORD(psubsw)
MMX_QUADWORD(pcmpeqb)
MMX_QUADWORD(pcmpeqw)
MMX_QUADWORD(pcmpeqd)
MMX_QUADWORD(pcmpgtb)
MMX_QUADWORD(pcmpgtw)
MMX_QUADWORD(pcmpgtd)
MMX_QUADWORD(pminub)
MMX_QUADWORD(pmaxub)
MMX_QUADWORD(pminsw)
MMX_QUADWORD(pmaxsw)
MMX_QUADWORD(pavgb)
MMX_QUADWORD(pavgw)
MMX_QUADWORD(psadbw)
MMX_QUADWORD(pmullw)
MMX_QUADWORD(pmulhw)
MMX_QUADWORD(pmulhuw)
MMX_QUADWORD(pmuludq)
MMX_QUADWORD(pmaddwd)
MMX_QUADWORD(pand)
MMX_QUADWORD(pandn)
MMX_QUADWORD(por)
MMX_QUADWORD(pxor)
MMX_QUADWORD(pabsb)
MMX_QUADWORD(pabsw)
MMX_QUADWORD(pabsd)
MMX_QUADWORD(psignb)
MMX_QUADWORD(psignw)
MMX_QUADWORD(psignd)
MMX_QUADWORD(pmulhrsw)
MMX_QUADWORD(pmaddubsw)

// ---- shifts -----------------------------------------------------------------------------------------------------

#define MMX_SHIFT(name)                                                                                                \
    MMX_QUADWORD(name)                                                                                                 \
    enum exec_result x_mmx_##name##_NqIb(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        TRY(x87_wait(c, i));                                                                                           \
        mmx_set(c, i->rm, q_##name(mmx_get(c, i->rm), i->imm));                                                        \
        return next(c, i);                                                                                             \
    }
MMX_SHIFT(psllw)
MMX_SHIFT(pslld)
MMX_SHIFT(psllq)
MMX_SHIFT(psrlw)
MMX_SHIFT(psrld)
MMX_SHIFT(psrlq)
MMX_SHIFT(psraw)
MMX_SHIFT(psrad)

// ---- pack, unpack, shuffle, horizontal --------------------------------------------------------------------------

static inline uint64_t m_packsswb(uint64_t a, uint64_t b)
{
    return pair32(narrow_wb(a, -128, 127), narrow_wb(b, -128, 127));
}
static inline uint64_t m_packuswb(uint64_t a, uint64_t b)
{
    return pair32(narrow_wb(a, 0, 255), narrow_wb(b, 0, 255));
}
static inline uint64_t m_packssdw(uint64_t a, uint64_t b)
{
    return pair32(narrow_dw(a, -32768, 32767), narrow_dw(b, -32768, 32767));
}
static inline uint64_t m_punpcklbw(uint64_t a, uint64_t b)
{
    return interleave8((uint32_t)a, (uint32_t)b);
}
static inline uint64_t m_punpcklwd(uint64_t a, uint64_t b)
{
    return interleave16((uint32_t)a, (uint32_t)b);
}
static inline uint64_t m_punpckldq(uint64_t a, uint64_t b)
{
    return pair32((uint32_t)a, (uint32_t)b);
}
static inline uint64_t m_punpckhbw(uint64_t a, uint64_t b)
{
    return interleave8(lane32(a, 1), lane32(b, 1));
}
static inline uint64_t m_punpckhwd(uint64_t a, uint64_t b)
{
    return interleave16(lane32(a, 1), lane32(b, 1));
}
static inline uint64_t m_punpckhdq(uint64_t a, uint64_t b)
{
    return pair32(lane32(a, 1), lane32(b, 1));
}
MMX_BINARY(packsswb, m_packsswb, 8)
MMX_BINARY(packuswb, m_packuswb, 8)
MMX_BINARY(packssdw, m_packssdw, 8)
MMX_BINARY(punpcklbw, m_punpcklbw, 4)
MMX_BINARY(punpcklwd, m_punpcklwd, 4)
MMX_BINARY(punpckldq, m_punpckldq, 4)
MMX_BINARY(punpckhbw, m_punpckhbw, 8)
MMX_BINARY(punpckhwd, m_punpckhwd, 8)
MMX_BINARY(punpckhdq, m_punpckhdq, 8)

#define MMX_HORIZONTAL(name)                                                                                           \
    static inline uint64_t m_##name(uint64_t a, uint64_t b)                                                            \
    {                                                                                                                  \
        return pair32(half_##name(a), half_##name(b));                                                                 \
    }                                                                                                                  \
    MMX_BINARY(name, m_##name, 8)
MMX_HORIZONTAL(phaddw)
MMX_HORIZONTAL(phaddd)
MMX_HORIZONTAL(phaddsw)
MMX_HORIZONTAL(phsubw)
MMX_HORIZONTAL(phsubd)
MMX_HORIZONTAL(phsubsw)

static inline uint64_t m_pshufb(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned n = 0; n < 8; n++) {
        uint8_t k = lane8(b, n);
        r |= (uint64_t)(k & 0x80 ? 0 : lane8(a, k & 7)) << (8 * n);
    }
    return r;
}
MMX_BINARY(pshufb, m_pshufb, 8)

// As MMX_BINARY, with the immediate as the third argument.
#define MMX_SHUFFLE(name, op)                                                                                          \
    enum exec_result x_mmx_##name##_r(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        TRY(x87_wait(c, i));                                                                                           \
        mmx_set(c, i->reg, op(mmx_get(c, i->reg), mmx_get(c, i->rm), i->imm));                                         \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mmx_##name##_m(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(x87_wait(c, i));                                                                                           \
        TRY(load(c, i, 8, &b));                                                                                        \
        mmx_set(c, i->reg, op(mmx_get(c, i->reg), b, i->imm));                                                         \
        return next(c, i);                                                                                             \
    }

static inline uint64_t m_pshufw(uint64_t a, uint64_t b, unsigned imm)
{
    (void)a;
    return q_pshufw(b, imm);
}
static inline uint64_t m_palignr(uint64_t a, uint64_t b, unsigned imm)
{
    unsigned bits = 8 * (imm & 7);
    uint64_t lo = imm < 8 ? b : imm < 16 ? a : 0, hi = imm < 8 ? a : 0;
    return bits ? lo >> bits | hi << (64 - bits) : lo;
}
MMX_SHUFFLE(pshufw, m_pshufw)
MMX_SHUFFLE(palignr, m_palignr)

// ---- moves ------------------------------------------------------------------------------------------------------

static inline uint64_t m_second(uint64_t a, uint64_t b)
{
    (void)a;
    return b;
}
MMX_BINARY(movq_PqQq, m_second, 8)

enum exec_result x_mmx_movq_QqPq_r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_set(c, i->rm, mmx_get(c, i->reg));
    return next(c, i);
}

// Also MOVNTQ and, with REX.W, MOVQ to memory.
enum exec_result x_mmx_movq_QqPq_m(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    TRY(store(c, i, 8, mmx_get(c, i->reg)));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_mmx_movd_PqEy_32r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_set(c, i->reg, get32(c, i->rm));
    return next(c, i);
}

enum exec_result x_mmx_movd_PqEy_64r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_set(c, i->reg, get64(c, i->rm));
    return next(c, i);
}

enum exec_result x_mmx_movd_PqEy_32m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    mmx_set(c, i->reg, v);
    return next(c, i);
}

enum exec_result x_mmx_movd_EyPq_32r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    set32(c, i->rm, (uint32_t)mmx_get(c, i->reg));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_mmx_movd_EyPq_64r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    set64(c, i->rm, mmx_get(c, i->reg));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_mmx_movd_EyPq_32m(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    TRY(store(c, i, 4, (uint32_t)mmx_get(c, i->reg)));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_mmx_pmovmskb(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    set64(c, i->reg, q_pmovmskb(mmx_get(c, i->rm)));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_mmx_pextrw(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    set64(c, i->reg, lane16(mmx_get(c, i->rm), i->imm & 3));
    mmx_begin(c);
    return next(c, i);
}

static inline void insert_word(struct cpu *c, const struct insn *i, uint16_t v)
{
    unsigned at = 16 * (i->imm & 3);
    mmx_set(c, i->reg, (mmx_get(c, i->reg) & ~((uint64_t)0xffff << at)) | (uint64_t)v << at);
}

enum exec_result x_mmx_pinsrw_r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    insert_word(c, i, get16(c, i->rm));
    return next(c, i);
}

enum exec_result x_mmx_pinsrw_m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 2, &v));
    insert_word(c, i, (uint16_t)v);
    return next(c, i);
}

enum exec_result x_mmx_maskmovq(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    TRY(sse_masked_store(c, i, v128_make(mmx_get(c, i->reg), 0), q_pmovmskb(mmx_get(c, i->rm)), 8));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_emms(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_begin(c);
    c->s.ftw = 0;
    return next(c, i);
}

// ---- between MMX and XMM ----------------------------------------------------------------------------------------

// A SIMD floating-point exception comes after the transition to MMX. CVTPI2xx from memory make none.

enum exec_result x_movq2dq(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    xmm_set(c, i->reg, v128_make(mmx_get(c, i->rm), 0));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_movdq2q(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_set(c, i->reg, xmm(c, i->rm)[0]);
    return next(c, i);
}

// Two doublewords to the low two binary32. False: sse_fault() is due.
static NOINLINE bool pi_to_ps(struct cpu *c, const struct insn *i, uint64_t b)
{
    struct fp_env env = sse_env(c);
    uint32_t lo = f32_from_i32((int32_t)lane32(b, 0), &env), hi = f32_from_i32((int32_t)lane32(b, 1), &env);
    if (!sse_settle_packed(c, &env))
        return false;
    xmm(c, i->reg)[0] = pair32(lo, hi);
    return true;
}

enum exec_result x_cvtpi2ps_r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    mmx_begin(c);
    return pi_to_ps(c, i, mmx_get(c, i->rm)) ? next(c, i) : sse_fault(c, i);
}

enum exec_result x_cvtpi2ps_m(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(load(c, i, 8, &b));
    return pi_to_ps(c, i, b) ? next(c, i) : sse_fault(c, i);
}

static void pi_to_pd(struct cpu *c, const struct insn *i, uint64_t b)
{
    xmm_set(c, i->reg, v128_make(f64_from_i32((int32_t)lane32(b, 0)), f64_from_i32((int32_t)lane32(b, 1))));
}

enum exec_result x_cvtpi2pd_r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    pi_to_pd(c, i, mmx_get(c, i->rm));
    mmx_begin(c);
    return next(c, i);
}

enum exec_result x_cvtpi2pd_m(struct cpu *c, const struct insn *i)
{
    uint64_t b;
    TRY(load(c, i, 8, &b));
    pi_to_pd(c, i, b);
    return next(c, i);
}

static NOINLINE bool ps_to_pi(struct cpu *c, const struct insn *i, uint64_t b, bool truncate)
{
    mmx_begin(c);
    struct fp_env env = sse_env(c);
    uint32_t lo = (uint32_t)f32_to_i32(lane32(b, 0), truncate, &env);
    uint32_t hi = (uint32_t)f32_to_i32(lane32(b, 1), truncate, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    mmx_set(c, i->reg, pair32(lo, hi));
    return true;
}

static NOINLINE bool pd_to_pi(struct cpu *c, const struct insn *i, struct v128 b, bool truncate)
{
    mmx_begin(c);
    struct fp_env env = sse_env(c);
    uint32_t lo = (uint32_t)f64_to_i32(b.lo, truncate, &env), hi = (uint32_t)f64_to_i32(b.hi, truncate, &env);
    if (!sse_settle_packed(c, &env))
        return false;
    mmx_set(c, i->reg, pair32(lo, hi));
    return true;
}

#define TO_MMX(ps, pd, truncate)                                                                                       \
    enum exec_result x_##ps##_r(struct cpu *c, const struct insn *i)                                                   \
    {                                                                                                                  \
        TRY(x87_wait(c, i));                                                                                           \
        return ps_to_pi(c, i, xmm(c, i->rm)[0], truncate) ? next(c, i) : sse_fault(c, i);                              \
    }                                                                                                                  \
    enum exec_result x_##ps##_m(struct cpu *c, const struct insn *i)                                                   \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(x87_wait(c, i));                                                                                           \
        TRY(load(c, i, 8, &b));                                                                                        \
        return ps_to_pi(c, i, b, truncate) ? next(c, i) : sse_fault(c, i);                                             \
    }                                                                                                                  \
    enum exec_result x_##pd##_r(struct cpu *c, const struct insn *i)                                                   \
    {                                                                                                                  \
        TRY(x87_wait(c, i));                                                                                           \
        return pd_to_pi(c, i, xmm_get(c, i->rm), truncate) ? next(c, i) : sse_fault(c, i);                             \
    }                                                                                                                  \
    enum exec_result x_##pd##_m(struct cpu *c, const struct insn *i)                                                   \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(x87_wait(c, i));                                                                                           \
        TRY(load_v128(c, i, &b));                                                                                      \
        return pd_to_pi(c, i, b, truncate) ? next(c, i) : sse_fault(c, i);                                             \
    }
TO_MMX(cvtps2pi, cvtpd2pi, false)
TO_MMX(cvttps2pi, cvttpd2pi, true)
