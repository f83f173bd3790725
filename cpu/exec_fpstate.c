// The instructions of 0F AE: FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, the fences, CLFLUSH, CLFLUSHOPT and CLWB.
//
// After Intel SDM volume 1, 10.5 (the image: table 10-2) and 11.6, and the instructions' pages in volume 2.
// Differs: FXSAVE and FXRSTOR transfer XMM registers and MXCSR whether CR4.OSFXSR is set or not; FCS and FDS are always
// zero. Memory is always coherent and in order here: fences do nothing, CLFLUSH and kin just check that they could
// read.
#include "cpu/exec_table.h"
#include "cpu/fpstate.h"
#include "cpu/x87.h"

// ---- the image ------------------------------------------------------------------------------------------------------

void fx_put_x87(const struct cpu *c, bool wide, uint8_t *image)
{
    store_u16(image + FX_FCW, c->s.fcw);
    store_u16(image + FX_FSW, c->s.fsw);
    store_u16(image + FX_FTW, c->s.ftw);
    store_u16(image + FX_FOP, c->s.fop);
    store_u64(image + FX_FIP, wide ? c->s.fip : (uint32_t)c->s.fip);
    store_u64(image + FX_FDP, wide ? c->s.fdp : (uint32_t)c->s.fdp);
    for (unsigned n = 0; n < 8; n++) {
        struct float80 v = x87_get(c, n);
        store_u64(image + FX_ST + 16 * n, v.frac);
        store_u64(image + FX_ST + 16 * n + 8, v.sexp);
    }
}

void fx_get_x87(struct cpu *c, bool wide, const uint8_t *image)
{
    c->s.fcw = (load_u16(image + FX_FCW) & FCW_WRITABLE) | FCW_ONE;
    c->s.fsw = load_u16(image + FX_FSW);
    x87_update_summary(c);
    c->s.ftw = image[FX_FTW];
    c->s.fop = load_u16(image + FX_FOP) & 0x7ff;
    c->s.fip = wide ? load_u64(image + FX_FIP) : load_u32(image + FX_FIP);
    c->s.fdp = wide ? load_u64(image + FX_FDP) : load_u32(image + FX_FDP);
    c->s.fcs = c->s.fds = 0;
    for (unsigned n = 0; n < 8; n++) {
        unsigned r = x87_phys(c, n);
        c->s.st_frac[r] = load_u64(image + FX_ST + 16 * n);
        c->s.st_sexp[r] = load_u16(image + FX_ST + 16 * n + 8);
    }
}

void fx_put_mxcsr(const struct cpu *c, uint8_t *image)
{
    store_u32(image + FX_MXCSR, c->s.mxcsr);
    store_u32(image + FX_MXCSR_MASK, MXCSR_WRITABLE);
}

void fx_put_xmm(struct cpu *c, uint8_t *image)
{
    for (unsigned n = 0; n < fx_xmm_count(c); n++) {
        store_u64(image + FX_XMM + 16 * n, xmm(c, n)[0]);
        store_u64(image + FX_XMM + 16 * n + 8, xmm(c, n)[1]);
    }
}

void fx_get_xmm(struct cpu *c, const uint8_t *image)
{
    for (unsigned n = 0; n < fx_xmm_count(c); n++)
        xmm_set(c, n, v128_make(load_u64(image + FX_XMM + 16 * n), load_u64(image + FX_XMM + 16 * n + 8)));
}

// ---- instructions ---------------------------------------------------------------------------------------------------

// The whole image must be aligned and accessible, whatever part of it is transferred. Its last byte is touched first,
// as processors do: CR2 says so.
static enum exec_result fx_operand(struct cpu *c, const struct insn *i, enum access_kind kind)
{
    uint64_t linear;
    TRY(ea_linear(c, i, FX_SIZE, kind, &linear));
    if (linear & 15)
        return fault_gp0(c, i);
    TRY(probe(c, i, linear + FX_SIZE - 1, 1, kind));
    return probe(c, i, linear, FX_SIZE, kind);
}

// The transfers stand apart from the instructions' functions: with the image on its stack a function could not jump to
// the next one, and the stack would grow with every turn of a guest's loop. Bytes behind the last register are not
// written: they are reserved or the software's.
static NOINLINE enum exec_result save(struct cpu *c, const struct insn *i)
{
    uint8_t image[FX_SIZE];
    TRY(fx_operand(c, i, FOR_WRITE));
    fx_put_x87(c, i->opsize == 8, image);
    fx_put_mxcsr(c, image);
    fx_put_xmm(c, image);
    return store_bytes(c, i, 0, image, FX_XMM + 16 * fx_xmm_count(c));
}

static NOINLINE enum exec_result restore(struct cpu *c, const struct insn *i)
{
    uint8_t image[FX_SIZE];
    TRY(fx_operand(c, i, FOR_READ));
    TRY(load_bytes(c, i, 0, image, FX_XMM + 16 * fx_xmm_count(c)));
    if (load_u32(image + FX_MXCSR) & ~(uint32_t)MXCSR_WRITABLE)
        return fault_gp0(c, i);
    c->s.mxcsr = load_u32(image + FX_MXCSR);
    fx_get_x87(c, i->opsize == 8, image);
    fx_get_xmm(c, image);
    return EXEC_NEXT;
}

enum exec_result x_fxsave(struct cpu *c, const struct insn *i)
{
    TRY(save(c, i));
    return next(c, i);
}

enum exec_result x_fxrstor(struct cpu *c, const struct insn *i)
{
    TRY(restore(c, i));
    return next(c, i);
}

enum exec_result x_ldmxcsr(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(load(c, i, 4, &v));
    if (v & ~(uint64_t)MXCSR_WRITABLE)
        return fault_gp0(c, i);
    c->s.mxcsr = (uint32_t)v;
    return next(c, i);
}

enum exec_result x_stmxcsr(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 4, c->s.mxcsr));
    return next(c, i);
}

enum exec_result x_fence(struct cpu *c, const struct insn *i)
{
    return next(c, i);
}

enum exec_result x_clflush(struct cpu *c, const struct insn *i)
{
    uint64_t linear;
    TRY(ea_linear(c, i, 1, FOR_READ, &linear));
    TRY(probe(c, i, linear, 1, FOR_READ));
    return next(c, i);
}
