// The x87 and SSE parts of the FXSAVE image, which is also the legacy region of the XSAVE area (SDM vol. 1, 10.5.1
// and 13.4.1).
#ifndef CPU_FPSTATE_H
#define CPU_FPSTATE_H

#include "cpu/sse.h"

// Offsets in the image.
enum {
    FX_FCW = 0,
    FX_FSW = 2,
    FX_FTW = 4,
    FX_FOP = 6,
    FX_FIP = 8,
    FX_FDP = 16,
    FX_POINTERS_END = 24,
    FX_MXCSR = 24,
    FX_MXCSR_MASK = 28,
    FX_ST = 32,
    FX_XMM = 160,
    FX_SIZE = 512,
};

// How many XMM registers are transferred: those that the mode has.
static inline unsigned fx_xmm_count(const struct cpu *c)
{
    return c->mode & MODE_64 ? 16 : 8;
}

// x87 state: bytes [0, FX_POINTERS_END) and [FX_ST, FX_XMM). `wide`: 64-bit pointers.
void fx_put_x87(const struct cpu *c, bool wide, uint8_t *image);
void fx_get_x87(struct cpu *c, bool wide, const uint8_t *image);
// SSE state: MXCSR and its mask, and the registers from FX_XMM on.
void fx_put_mxcsr(const struct cpu *c, uint8_t *image);
void fx_put_xmm(struct cpu *c, uint8_t *image);
void fx_get_xmm(struct cpu *c, const uint8_t *image);

#endif
