// Shifts and rotates (SDM vol. 2): ROL ROR RCL RCR SHL SHR SAR by an immediate, by 1 and by CL, SHLD and SHRD.
//
// What the manual leaves undefined: OF after more than one step is what the last step would have given; AF is cleared;
// CF after shifting an 8- or 16-bit operand by more than its width is 0 (SAR: the sign); SHLD and SHRD of 16 bits by
// more than 16 shift in the second operand again and clear CF.
#include "cpu/alu.h"
#include "cpu/exec.h"
#include "cpu/exec_table.h"

// A count of 0 changes no flag; but a 32-bit register is written (which clears its upper half), and memory too.
#define SHIFT_BY(name, B, suffix, COUNT)                                                                               \
    enum exec_result x_##name##_##suffix##r(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        unsigned n = (COUNT) & (B == 64 ? 63 : 31);                                                                    \
        uint64_t a = get##B(c, i->rm);                                                                                 \
        if (likely(n != 0))                                                                                            \
            a = alu_##name(c, a, n, B);                                                                                \
        set##B(c, i->rm, (uint##B##_t)a);                                                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##suffix##m(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        unsigned n = (COUNT) & (B == 64 ? 63 : 31);                                                                    \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint64_t a = load_u##B(p);                                                                                     \
        if (likely(n != 0))                                                                                            \
            a = alu_##name(c, a, n, B);                                                                                \
        rmw_end(c, i, B / 8, p, a);                                                                                    \
        return next(c, i);                                                                                             \
    }
#define SHIFT(name)                                                                                                    \
    SHIFT_BY(name, 8, EbIb_, i->imm)                                                                                   \
    SHIFT_BY(name, 16, EvIb_16, i->imm)                                                                                \
    SHIFT_BY(name, 32, EvIb_32, i->imm)                                                                                \
    SHIFT_BY(name, 64, EvIb_64, i->imm)                                                                                \
    SHIFT_BY(name, 8, EbCL_, get8(c, RCX))                                                                             \
    SHIFT_BY(name, 16, EvCL_16, get8(c, RCX))                                                                          \
    SHIFT_BY(name, 32, EvCL_32, get8(c, RCX))                                                                          \
    SHIFT_BY(name, 64, EvCL_64, get8(c, RCX))

SHIFT(rol)
SHIFT(ror)
SHIFT(rcl)
SHIFT(rcr)
SHIFT(shl)
SHIFT(shr)
SHIFT(sar)

// ---- double shifts
// -----------------------------------------------------------------------------------------------------------

static inline uint64_t shld(struct cpu *c, uint64_t a, uint64_t b, unsigned n, unsigned bits)
{
    uint64_t r;
    if (bits == 64)
        r = a << n | b >> (64 - n);
    else
        r = (a << 32 | (bits == 16 ? b << 16 | b : b)) << n >> 32;
    flags_set(c, (uint64_t)sign_extend(r, bits), alu_aux_left(a << (n - 1), bits));
    return r;
}

static inline uint64_t shrd(struct cpu *c, uint64_t a, uint64_t b, unsigned n, unsigned bits)
{
    uint64_t r;
    if (bits == 64)
        r = a >> n | b << (64 - n);
    else
        r = (a | b << bits | (bits == 16 ? b << 32 : 0)) >> n;
    uint64_t cf = a >> (n - 1) & 1, of = (r >> (bits - 1) ^ r >> (bits - 2)) & 1;
    flags_set(c, (uint64_t)sign_extend(r, bits), cf << 31 | (cf ^ of) << 30);
    return r;
}

#define DOUBLE_SHIFT_BY(name, B, suffix, COUNT)                                                                        \
    enum exec_result x_##name##_##suffix##_##B(struct cpu *c, const struct insn *i)                                    \
    {                                                                                                                  \
        unsigned n = (COUNT) & (B == 64 ? 63 : 31);                                                                    \
        uint8_t *p = NULL;                                                                                             \
        uint64_t a;                                                                                                    \
        if (i->flags & INSN_MEM) {                                                                                     \
            TRY(rmw_begin(c, i, B / 8, &p));                                                                           \
            a = load_u##B(p);                                                                                          \
        } else {                                                                                                       \
            a = get##B(c, i->rm);                                                                                      \
        }                                                                                                              \
        if (likely(n != 0))                                                                                            \
            a = name(c, a, get##B(c, i->reg), n, B);                                                                   \
        if (p)                                                                                                         \
            rmw_end(c, i, B / 8, p, a);                                                                                \
        else                                                                                                           \
            set##B(c, i->rm, (uint##B##_t)a);                                                                          \
        return next(c, i);                                                                                             \
    }
#define DOUBLE_SHIFT(name)                                                                                             \
    DOUBLE_SHIFT_BY(name, 16, Ib, i->imm)                                                                              \
    DOUBLE_SHIFT_BY(name, 32, Ib, i->imm)                                                                              \
    DOUBLE_SHIFT_BY(name, 64, Ib, i->imm)                                                                              \
    DOUBLE_SHIFT_BY(name, 16, CL, get8(c, RCX))                                                                        \
    DOUBLE_SHIFT_BY(name, 32, CL, get8(c, RCX))                                                                        \
    DOUBLE_SHIFT_BY(name, 64, CL, get8(c, RCX))

DOUBLE_SHIFT(shld)
DOUBLE_SHIFT(shrd)
