// The XSAVE feature set (SDM vol. 1, chapter 13): XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XGETBV, XSETBV. State components are
// x87 and SSE.
//
// Not implemented: AVX and later components, XSAVES and XRSTORS; none is announced.
// Differs: a component counts as in use exactly while it differs from its initial configuration (for SSE, while an XMM
// register is not zero or MXCSR is not 1F80h); XSAVEOPT never leaves a component out because it was not modified. Which
// is within what 13.6 allows.
#include "cpu/exec_table.h"
#include "cpu/fpstate.h"
#include "cpu/x87.h"

enum { XS_X87 = 1, XS_SSE = 2, XS_AVX = 4, XS_ALL = XS_X87 | XS_SSE };

// The header behind the legacy region.
enum { XH_XSTATE_BV = 512, XH_XCOMP_BV = 520, XH_RESERVED = 528, XH_END = 576 };
#define XH_COMPACT ((uint64_t)1 << 63)

enum { MXCSR_INIT = 0x1f80 };

static bool x87_initial(const struct cpu *c)
{
    uint64_t any = 0;
    for (unsigned n = 0; n < 8; n++)
        any |= c->s.st_frac[n] | c->s.st_sexp[n];
    return c->s.fcw == FCW_INIT && !(c->s.fsw | c->s.ftw | c->s.fop) && !(c->s.fip | c->s.fdp | any);
}

static bool sse_initial(struct cpu *c)
{
    uint64_t any = 0;
    for (unsigned n = 0; n < 16; n++)
        any |= xmm(c, n)[0] | xmm(c, n)[1];
    return c->s.mxcsr == MXCSR_INIT && !any;
}

// XINUSE.
static uint64_t in_use(struct cpu *c)
{
    return (x87_initial(c) ? 0 : XS_X87) | (sse_initial(c) ? 0 : XS_SSE);
}

// The requested-feature bitmap.
static uint64_t requested(const struct cpu *c)
{
    return c->s.xcr0 & ((uint64_t)get32(c, RDX) << 32 | get32(c, RAX));
}

// Checks that all of the area's legacy region and header is accessible.
static enum exec_result area(struct cpu *c, const struct insn *i, enum access_kind kind)
{
    uint64_t linear;
    if (c->s.cr0 & CR0_TS)
        return fault(c, i, EXC_NM);
    TRY(ea_linear(c, i, XH_END, kind, &linear));
    if (linear & 63)
        return fault_gp0(c, i);
    return probe(c, i, linear, XH_END, kind);
}

enum form { XSAVE, XSAVEOPT, XSAVEC };

// Nothing can fail after area().
static NOINLINE enum exec_result save(struct cpu *c, const struct insn *i, enum form form)
{
    uint8_t image[XH_END], old[8];
    TRY(area(c, i, FOR_WRITE));
    uint64_t rfbm = requested(c), used = in_use(c), saved = form == XSAVE ? rfbm : rfbm & used;
    bool mxcsr = form == XSAVEC ? saved & XS_SSE : rfbm & (XS_SSE | XS_AVX);
    unsigned xmm_end = FX_XMM + 16 * fx_xmm_count(c);
    fx_put_x87(c, i->opsize == 8, image);
    fx_put_mxcsr(c, image);
    fx_put_xmm(c, image);
    if (saved == XS_ALL) {
        TRY(store_bytes(c, i, 0, image, xmm_end));
    } else {
        if (saved & XS_X87) {
            TRY(store_bytes(c, i, 0, image, FX_POINTERS_END));
            TRY(store_bytes(c, i, FX_ST, image + FX_ST, FX_XMM - FX_ST));
        }
        if (mxcsr)
            TRY(store_bytes(c, i, FX_MXCSR, image + FX_MXCSR, FX_ST - FX_MXCSR));
        if (saved & XS_SSE)
            TRY(store_bytes(c, i, FX_XMM, image + FX_XMM, xmm_end - FX_XMM));
    }
    if (form == XSAVEC) {
        store_u64(image + XH_XSTATE_BV, saved);
        store_u64(image + XH_XCOMP_BV, rfbm | XH_COMPACT);
        return store_bytes(c, i, XH_XSTATE_BV, image + XH_XSTATE_BV, 16);
    }
    TRY(load_bytes(c, i, XH_XSTATE_BV, old, sizeof old));
    store_u64(image + XH_XSTATE_BV, (load_u64(old) & ~rfbm) | (used & rfbm));
    return store_bytes(c, i, XH_XSTATE_BV, image + XH_XSTATE_BV, 8);
}

// Whether a header may be restored from (13.8.1, 13.8.2).
static bool header_valid(const struct cpu *c, const uint8_t *image, uint64_t xstate, uint64_t xcomp)
{
    unsigned zero_end = xcomp & XH_COMPACT ? XH_END : XH_RESERVED + 8;
    uint8_t any = 0;
    for (unsigned n = XH_RESERVED; n < zero_end; n++)
        any |= image[n];
    if (any)
        return false;
    if (xcomp & XH_COMPACT)
        return !(xcomp & ~(c->s.xcr0 | XH_COMPACT)) && !(xstate & (~xcomp | XH_COMPACT));
    return !xcomp && !(xstate & ~c->s.xcr0);
}

static NOINLINE enum exec_result restore(struct cpu *c, const struct insn *i)
{
    uint8_t image[XH_END];
    TRY(area(c, i, FOR_READ));
    TRY(load_bytes(c, i, 0, image, sizeof image));
    uint64_t rfbm = requested(c), xstate = load_u64(image + XH_XSTATE_BV), xcomp = load_u64(image + XH_XCOMP_BV);
    if (!header_valid(c, image, xstate, xcomp))
        return fault_gp0(c, i);
    // The standard form loads MXCSR whatever XSTATE_BV says, the compacted one with the registers.
    uint32_t mxcsr = load_u32(image + FX_MXCSR);
    bool with_mxcsr = xcomp & XH_COMPACT ? rfbm & xstate & XS_SSE : rfbm & (XS_SSE | XS_AVX);
    if (with_mxcsr && mxcsr & ~(uint32_t)MXCSR_WRITABLE)
        return fault_gp0(c, i);
    if (rfbm & XS_X87) {
        if (!(xstate & XS_X87)) {
            memset(image, 0, FX_POINTERS_END);
            memset(image + FX_ST, 0, FX_XMM - FX_ST);
            store_u16(image + FX_FCW, FCW_INIT);
        }
        fx_get_x87(c, i->opsize == 8, image);
    }
    if (rfbm & XS_SSE) {
        if (!(xstate & XS_SSE))
            memset(image + FX_XMM, 0, XH_XSTATE_BV - FX_XMM);
        fx_get_xmm(c, image);
        if (!with_mxcsr)
            c->s.mxcsr = MXCSR_INIT;
    }
    if (with_mxcsr)
        c->s.mxcsr = mxcsr;
    return EXEC_NEXT;
}

enum exec_result x_xsave(struct cpu *c, const struct insn *i)
{
    TRY(save(c, i, XSAVE));
    return next(c, i);
}

enum exec_result x_xsaveopt(struct cpu *c, const struct insn *i)
{
    TRY(save(c, i, XSAVEOPT));
    return next(c, i);
}

enum exec_result x_xsavec(struct cpu *c, const struct insn *i)
{
    TRY(save(c, i, XSAVEC));
    return next(c, i);
}

enum exec_result x_xrstor(struct cpu *c, const struct insn *i)
{
    TRY(restore(c, i));
    return next(c, i);
}

enum exec_result x_xgetbv(struct cpu *c, const struct insn *i)
{
    uint32_t n = get32(c, RCX);
    if (n > 1)
        return fault_gp0(c, i);
    uint64_t v = n == 0 ? c->s.xcr0 : c->s.xcr0 & in_use(c);
    set32(c, RAX, (uint32_t)v);
    set32(c, RDX, (uint32_t)(v >> 32));
    return next(c, i);
}

enum exec_result x_xsetbv(struct cpu *c, const struct insn *i)
{
    uint64_t v = (uint64_t)get32(c, RDX) << 32 | get32(c, RAX);
    if (c->cpl || get32(c, RCX) || !(v & XS_X87) || v & ~(uint64_t)XS_ALL)
        return fault_gp0(c, i);
    c->s.xcr0 = v;
    return next(c, i);
}
