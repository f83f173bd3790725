// SSE2's packed integer instructions: arithmetic, comparison, shifts, packing and unpacking, and the masks and words
// that go to and come from general registers.
//
// After Intel SDM volume 1, 11.4.2, and the instructions' pages in volume 2. Operations on a quadword are in
// cpu/packed.h, which MMX shares.
#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/sse.h"

// ---- quadword by quadword ---------------------------------------------------------------------------------------

SSE_QUADWISE(paddb)
SSE_QUADWISE(paddw)
SSE_QUADWISE(paddd)
SSE_QUADWISE(paddq)
SSE_QUADWISE(psubb)
SSE_QUADWISE(psubw)
SSE_QUADWISE(psubd)
SSE_QUADWISE(psubq)
SSE_QUADWISE(paddusb)
SSE_QUADWISE(paddusw)
SSE_QUADWISE(psubusb)
SSE_QUADWISE(psubusw)
SSE_QUADWISE(paddsb)
SSE_QUADWISE(paddsw)
SSE_QUADWISE(psubsb)
SSE_QUADWISE(psubsw)
SSE_QUADWISE(pcmpeqb)
SSE_QUADWISE(pcmpeqw)
SSE_QUADWISE(pcmpeqd)
SSE_QUADWISE(pcmpgtb)
SSE_QUADWISE(pcmpgtw)
SSE_QUADWISE(pcmpgtd)
SSE_QUADWISE(pminub)
SSE_QUADWISE(pmaxub)
SSE_QUADWISE(pminsw)
SSE_QUADWISE(pmaxsw)
SSE_QUADWISE(pavgb)
SSE_QUADWISE(pavgw)
SSE_QUADWISE(psadbw)
SSE_QUADWISE(pmullw)
SSE_QUADWISE(pmulhw)
SSE_QUADWISE(pmulhuw)
SSE_QUADWISE(pmuludq)
SSE_QUADWISE(pmaddwd)
SSE_QUADWISE(pand)
SSE_QUADWISE(pandn)
SSE_QUADWISE(por)
SSE_QUADWISE(pxor)

// ---- shifts -----------------------------------------------------------------------------------------------------

// By the source's low quadword, or by an immediate (in the rm register).
#define SSE_SHIFT(name)                                                                                                \
    static inline struct v128 v_##name(struct v128 v, struct v128 n)                                                   \
    {                                                                                                                  \
        return v128_make(q_##name(v.lo, n.lo), q_##name(v.hi, n.lo));                                                  \
    }                                                                                                                  \
    SSE_BINARY(name, v_##name)                                                                                         \
    enum exec_result x_##name##_UxIb(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        xmm_set(c, i->rm, v_##name(xmm_get(c, i->rm), v128_make(i->imm, 0)));                                          \
        return next(c, i);                                                                                             \
    }
SSE_SHIFT(psllw)
SSE_SHIFT(pslld)
SSE_SHIFT(psllq)
SSE_SHIFT(psrlw)
SSE_SHIFT(psrld)
SSE_SHIFT(psrlq)
SSE_SHIFT(psraw)
SSE_SHIFT(psrad)

// Shifts the register pair right by bytes, 0..15; zeros come in from above.
static inline struct v128 bytes_right(struct v128 v, unsigned n)
{
    unsigned bits = 8 * (n & 7);
    if (n & 8)
        v = v128_make(v.hi, 0);
    if (bits)
        v = v128_make(v.lo >> bits | v.hi << (64 - bits), v.hi >> bits);
    return v;
}
static inline struct v128 bytes_left(struct v128 v, unsigned n)
{
    unsigned bits = 8 * (n & 7);
    if (n & 8)
        v = v128_make(0, v.lo);
    if (bits)
        v = v128_make(v.lo << bits, v.hi << bits | v.lo >> (64 - bits));
    return v;
}

enum exec_result x_psrldq_UxIb(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->rm, i->imm > 15 ? v128_make(0, 0) : bytes_right(xmm_get(c, i->rm), i->imm));
    return next(c, i);
}

enum exec_result x_pslldq_UxIb(struct cpu *c, const struct insn *i)
{
    xmm_set(c, i->rm, i->imm > 15 ? v128_make(0, 0) : bytes_left(xmm_get(c, i->rm), i->imm));
    return next(c, i);
}

// ---- pack, unpack -----------------------------------------------------------------------------------------------

static inline struct v128 v_packsswb(struct v128 a, struct v128 b)
{
    return v128_make(pair32(narrow_wb(a.lo, -128, 127), narrow_wb(a.hi, -128, 127)),
                     pair32(narrow_wb(b.lo, -128, 127), narrow_wb(b.hi, -128, 127)));
}
static inline struct v128 v_packuswb(struct v128 a, struct v128 b)
{
    return v128_make(pair32(narrow_wb(a.lo, 0, 255), narrow_wb(a.hi, 0, 255)),
                     pair32(narrow_wb(b.lo, 0, 255), narrow_wb(b.hi, 0, 255)));
}
static inline struct v128 v_packssdw(struct v128 a, struct v128 b)
{
    return v128_make(pair32(narrow_dw(a.lo, -32768, 32767), narrow_dw(a.hi, -32768, 32767)),
                     pair32(narrow_dw(b.lo, -32768, 32767), narrow_dw(b.hi, -32768, 32767)));
}

// The low quadwords of both operands interleaved; the high unpack takes the high ones.
static inline struct v128 unpack_bw(uint64_t a, uint64_t b)
{
    return v128_make(interleave8((uint32_t)a, (uint32_t)b), interleave8((uint32_t)(a >> 32), (uint32_t)(b >> 32)));
}
static inline struct v128 unpack_wd(uint64_t a, uint64_t b)
{
    return v128_make(interleave16((uint32_t)a, (uint32_t)b), interleave16((uint32_t)(a >> 32), (uint32_t)(b >> 32)));
}
static inline struct v128 v_punpcklbw(struct v128 a, struct v128 b)
{
    return unpack_bw(a.lo, b.lo);
}
static inline struct v128 v_punpckhbw(struct v128 a, struct v128 b)
{
    return unpack_bw(a.hi, b.hi);
}
static inline struct v128 v_punpcklwd(struct v128 a, struct v128 b)
{
    return unpack_wd(a.lo, b.lo);
}
static inline struct v128 v_punpckhwd(struct v128 a, struct v128 b)
{
    return unpack_wd(a.hi, b.hi);
}

SSE_BINARY(packsswb, v_packsswb)
SSE_BINARY(packuswb, v_packuswb)
SSE_BINARY(packssdw, v_packssdw)
SSE_BINARY(punpcklbw, v_punpcklbw)
SSE_BINARY(punpckhbw, v_punpckhbw)
SSE_BINARY(punpcklwd, v_punpcklwd)
SSE_BINARY(punpckhwd, v_punpckhwd)

// ---- general registers ------------------------------------------------------------------------------------------

enum exec_result x_pmovmskb(struct cpu *c, const struct insn *i)
{
    struct v128 v = xmm_get(c, i->rm);
    set64(c, i->reg, q_pmovmskb(v.lo) | q_pmovmskb(v.hi) << 8);
    return next(c, i);
}

// Word n of a register becomes v.
static inline void insert16(struct cpu *c, unsigned reg, unsigned n, uint16_t v)
{
    uint64_t *q = &xmm(c, reg)[n >> 2 & 1];
    unsigned at = 16 * (n & 3);
    *q = (*q & ~((uint64_t)0xffff << at)) | (uint64_t)v << at;
}

enum exec_result x_pinsrw_r(struct cpu *c, const struct insn *i)
{
    insert16(c, i->reg, i->imm, get16(c, i->rm));
    return next(c, i);
}

enum exec_result x_pinsrw_m(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 2, &v));
    insert16(c, i->reg, i->imm, (uint16_t)v);
    return next(c, i);
}

enum exec_result x_pextrw(struct cpu *c, const struct insn *i)
{
    set64(c, i->reg, lane16(xmm(c, i->rm)[i->imm >> 2 & 1], i->imm & 3));
    return next(c, i);
}
