// The x87 register stack and status word, for the instruction functions that work on them (SDM vol. 1, 8.1).
//
// Registers are physical (R0 to R7) in the state; ST(n) is R((TOP + n) & 7). A tag is one bit, "not empty"; the two-bit
// tag word exists in memory images only.
#ifndef CPU_X87_H
#define CPU_X87_H

#include "cpu/exec.h"
#include "cpu/softfloat.h"

// Status word. Bits 0..5 are the FP_ exception flags.
enum fsw {
    FSW_EXCEPTIONS = 0x3f,
    FSW_SF = 1 << 6, // stack fault
    FSW_ES = 1 << 7, // an unmasked exception is pending
    FSW_C0 = 1 << 8,
    FSW_C1 = 1 << 9,
    FSW_C2 = 1 << 10,
    FSW_TOP_SHIFT = 11,
    FSW_TOP = 7 << 11,
    FSW_C3 = 1 << 14,
    FSW_B = 1 << 15, // always equal to ES
};

// Control word: the masks are bits 0..5; bit 6 reads as one, bits 7 and 13 to 15 as zero.
enum fcw {
    FCW_MASKS = 0x3f,
    FCW_ONE = 0x40,
    FCW_WRITABLE = 0x1f3f,
    FCW_PC_SHIFT = 8,
    FCW_RC_SHIFT = 10,
    FCW_INIT = 0x37f,
};

// The physical register that is ST(n).
static inline unsigned x87_phys(const struct cpu *c, unsigned n)
{
    return (((unsigned)c->s.fsw >> FSW_TOP_SHIFT) + n) & 7;
}

static inline bool x87_empty(const struct cpu *c, unsigned n)
{
    return !(c->s.ftw >> x87_phys(c, n) & 1);
}

static inline struct float80 x87_get(const struct cpu *c, unsigned n)
{
    unsigned r = x87_phys(c, n);
    return f80_make(c->s.st_sexp[r], c->s.st_frac[r]);
}

// Writes ST(n) and tags it as not empty.
static inline void x87_set(struct cpu *c, unsigned n, struct float80 v)
{
    unsigned r = x87_phys(c, n);
    c->s.st_frac[r] = v.frac;
    c->s.st_sexp[r] = v.sexp;
    c->s.ftw |= (uint8_t)(1u << r);
}

// Adds n (modulo 8) to TOP.
static inline void x87_turn(struct cpu *c, unsigned n)
{
    unsigned fsw = c->s.fsw;
    c->s.fsw = (uint16_t)((fsw & ~(unsigned)FSW_TOP) | ((fsw + (n << FSW_TOP_SHIFT)) & FSW_TOP));
}

static inline void x87_free(struct cpu *c, unsigned n)
{
    c->s.ftw &= (uint8_t) ~(1u << x87_phys(c, n));
}

static inline void x87_pop(struct cpu *c)
{
    x87_free(c, 0);
    x87_turn(c, 1);
}

static inline void x87_push(struct cpu *c, struct float80 v)
{
    x87_turn(c, 7);
    x87_set(c, 0, v);
}

// Drives FERR#.
void x87_ferr(struct cpu *c, bool level);
// With ES set: #MF, or by way of FERR# and IGNNE#.
enum exec_result x87_error(struct cpu *c, const struct insn *i);

// What every waiting instruction does first: deliver a pending unmasked exception (SDM vol. 1, 8.6 and 8.7).
static inline enum exec_result x87_wait(struct cpu *c, const struct insn *i)
{
    return likely(!(c->s.fsw & FSW_ES)) ? EXEC_NEXT : x87_error(c, i);
}

// After ES was cleared: FERR# goes with it.
static inline void x87_settled(struct cpu *c)
{
    if (unlikely(c->s.ferr) && !(c->s.fsw & FSW_ES))
        x87_ferr(c, false);
}

// Makes ES and B what flags and masks say: after either was loaded.
static inline void x87_update_summary(struct cpu *c)
{
    bool pending = c->s.fsw & ~c->s.fcw & FSW_EXCEPTIONS;
    c->s.fsw = (uint16_t)((c->s.fsw & ~(unsigned)(FSW_ES | FSW_B)) | (pending ? FSW_ES | FSW_B : 0));
    x87_settled(c);
}

// Every non-control instruction records where it is, once nothing can fault any more.
static inline void x87_begin(struct cpu *c, const struct insn *i)
{
    c->s.fip = rip_of(c, i);
}

static inline void x87_clear_c1(struct cpu *c)
{
    c->s.fsw &= (uint16_t)~FSW_C1;
}

// An unmasked exception was raised: sets ES and B, FOP and (of an instruction with a memory operand) FDP.
void x87_pend(struct cpu *c, const struct insn *i);

// Raises FP_ flags, SF and C1; C1 is cleared if not among them. True if all exceptions among them are masked.
static inline bool x87_raise(struct cpu *c, const struct insn *i, unsigned flags)
{
    c->s.fsw = (uint16_t)((c->s.fsw & ~(unsigned)FSW_C1) | flags);
    if (likely(!(flags & ~(unsigned)c->s.fcw & FSW_EXCEPTIONS)))
        return true;
    x87_pend(c, i);
    return false;
}

static inline bool x87_underflow(struct cpu *c, const struct insn *i)
{
    return x87_raise(c, i, FP_IE | FSW_SF);
}
static inline bool x87_overflow(struct cpu *c, const struct insn *i)
{
    return x87_raise(c, i, FP_IE | FSW_SF | FSW_C1);
}

// What the control word means for an operation.
static inline struct fp_env x87_env(const struct cpu *c)
{
    return (struct fp_env){.round = c->s.fcw >> FCW_RC_SHIFT & 3,
                           .precision = c->s.fcw >> FCW_PC_SHIFT & 3,
                           .masks = c->s.fcw & FCW_MASKS};
}

// Takes over what an operation raised. True if the result is to be written to a register.
static inline bool x87_settle(struct cpu *c, const struct insn *i, const struct fp_env *env)
{
    x87_raise(c, i, env->flags | (env->round_up ? FSW_C1 : 0u));
    return fp_x87_writes(env);
}

// The n of ST(n) in register forms.
static inline unsigned x87_sti(const struct insn *i)
{
    return i->modrm & 7;
}

// The two-bit tag word of FSTENV and FSAVE: 0 valid, 1 zero, 2 special, 3 empty; R0 in bits 0 and 1.
uint16_t x87_tag_word(const struct cpu *c);

#endif
