// Floating point in integers: the arithmetic of SSE/SSE2 (binary32, binary64) and of the x87 (80-bit extended).
//
// After Intel SDM volume 1, chapter 4.8 and 4.9 (formats, rounding, exception priority), chapter 8 (x87), chapter 11.5
// (SSE exceptions), appendix E. Every function is pure: the same on every host, no state but *env.
//
// The caller fills round, precision, masks, daz and ftz of the environment, clears flags, calls, then looks at flags:
//  SSE: if (env.flags & ~env.masks) the instruction raises #XM and writes nothing but MXCSR's flags; for packed
//       operations call fp_settle_packed first.
//  x87, register destination: on an unmasked IE, DE or ZE nothing is written, popped or pushed; on unmasked OE, UE, PE
//       the returned result is written. fp_x87_writes says which.
//  x87, memory destination (f80_to_*): on an unmasked IE, OE or UE nothing is stored or popped. fp_x87_stores says
//  which.
// Stack faults (IS), the tag word and the summary bit are the caller's. Files: softfloat.c (SSE), softfloat80.c (x87),
// fptrans.c (x87 transcendentals).
#ifndef CPU_SOFTFLOAT_H
#define CPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

// An 80-bit extended number: explicit integer bit in frac's bit 63; sexp = sign << 15 | biased exponent (bias 16383).
struct float80 {
    uint64_t frac;
    uint16_t sexp;
};

// Rounding control, in the encoding of RC in FCW and MXCSR.
enum fp_round { FP_NEAREST, FP_DOWN, FP_UP, FP_ZERO };

// Exception flags and masks, in the bit order of FSW, FCW and MXCSR (there: masks shifted by 7).
enum { FP_IE = 1, FP_DE = 2, FP_ZE = 4, FP_OE = 8, FP_UE = 16, FP_PE = 32 };

// What an operation reads from and reports to the control and status registers.
struct fp_env {
    uint8_t round;      // enum fp_round
    uint8_t precision;  // x87 PC: 0 = 24 bit, 2 = 53, 3 = 64 (1, reserved, acts as 3); x87 functions only
    uint8_t masks;      // FP_* bits that are masked (as in FCW/MXCSR, 1 = masked)
    bool daz, ftz;      // MXCSR; SSE functions only
    uint8_t flags;      // out: FP_* raised by this operation (ORed in)
    bool round_up;      // out (x87): C1, the last rounding was away from zero in magnitude; set by each x87 function
    bool narrow_denorm; // x87: a memory operand was a denormal of its own format; see f80_operand_f32. Else false.
};

// The outcome of a comparison.
enum fp_relation { FP_LESS, FP_EQUAL, FP_GREATER, FP_UNORDERED };

// FXAM's classes, with the value (C3 << 2 | C2 << 1 | C0); "empty" (5) is the caller's. C1 is the sign.
enum fp_class {
    FP_CLASS_UNSUPPORTED = 0,
    FP_CLASS_NAN = 1,
    FP_CLASS_NORMAL = 2,
    FP_CLASS_INFINITY = 3,
    FP_CLASS_ZERO = 4,
    FP_CLASS_EMPTY = 5,
    FP_CLASS_DENORMAL = 6, // pseudo-denormals too
};

// The constants of FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2 and FLDZ, in the order of their opcodes D9 E8..EE.
enum fp_constant { FP_CONST_1, FP_CONST_L2T, FP_CONST_L2E, FP_CONST_PI, FP_CONST_LG2, FP_CONST_LN2, FP_CONST_0 };

#define F32_DEFAULT_NAN 0xffc00000u         // the QNaN floating-point indefinite
#define F64_DEFAULT_NAN 0xfff8000000000000u // the QNaN floating-point indefinite
#define I16_INDEFINITE  INT16_MIN           // integer indefinite: what a masked invalid conversion stores
#define I32_INDEFINITE  INT32_MIN
#define I64_INDEFINITE  INT64_MIN

static inline struct float80 f80_make(uint16_t sexp, uint64_t frac)
{
    return (struct float80){frac, sexp};
}

// The x87's QNaN floating-point indefinite.
static inline struct float80 f80_default_nan(void)
{
    return f80_make(0xffff, 0xc000000000000000u);
}

// For packed SSE operations, after the last element: an unmasked pre-computation exception (IE, DE, ZE) in one element
// suppresses the post-computation flags (OE, UE, PE) of all (SDM vol. 1, 11.5.2 and E.4.2).
static inline void fp_settle_packed(struct fp_env *env)
{
    const uint8_t pre = FP_IE | FP_DE | FP_ZE;
    if (env->flags & ~env->masks & pre)
        env->flags &= pre;
}

// True if an x87 instruction with a register destination writes its result (SDM vol. 1, 8.5).
static inline bool fp_x87_writes(const struct fp_env *env)
{
    return !(env->flags & ~env->masks & (FP_IE | FP_DE | FP_ZE));
}

// True if an x87 store writes its memory destination (and pops).
static inline bool fp_x87_stores(const struct fp_env *env)
{
    return !(env->flags & ~env->masks & (FP_IE | FP_OE | FP_UE));
}

// ---- SSE: binary32 and binary64 as their bit patterns
// ----------------------------------------------------------------- NaN results: the first operand's NaN if it is one,
// else the second's, quieted; else the default NaN. With an unmasked exception raised the returned value means nothing.

uint32_t f32_add(uint32_t a, uint32_t b, struct fp_env *env);
uint32_t f32_sub(uint32_t a, uint32_t b, struct fp_env *env);
uint32_t f32_mul(uint32_t a, uint32_t b, struct fp_env *env);
uint32_t f32_div(uint32_t a, uint32_t b, struct fp_env *env); // a / b
uint32_t f32_sqrt(uint32_t a, struct fp_env *env);
uint64_t f64_add(uint64_t a, uint64_t b, struct fp_env *env);
uint64_t f64_sub(uint64_t a, uint64_t b, struct fp_env *env);
uint64_t f64_mul(uint64_t a, uint64_t b, struct fp_env *env);
uint64_t f64_div(uint64_t a, uint64_t b, struct fp_env *env);
uint64_t f64_sqrt(uint64_t a, struct fp_env *env);

// MINSS, MAXSS and kin: a is the first (destination) operand; b is returned, not quieted, if either is a NaN or both
// are zeros. IE on any NaN.
uint32_t f32_min(uint32_t a, uint32_t b, struct fp_env *env);
uint32_t f32_max(uint32_t a, uint32_t b, struct fp_env *env);
uint64_t f64_min(uint64_t a, uint64_t b, struct fp_env *env);
uint64_t f64_max(uint64_t a, uint64_t b, struct fp_env *env);

// a against b. signalling: IE on any NaN (COMISx, CMPxx LT/LE/NLT/NLE); else on signalling NaNs only (UCOMISx, CMPxx
// EQ/NEQ/ORD/UNORD).
enum fp_relation f32_compare(uint32_t a, uint32_t b, bool signalling, struct fp_env *env);
enum fp_relation f64_compare(uint64_t a, uint64_t b, bool signalling, struct fp_env *env);

uint64_t f32_to_f64(uint32_t a, struct fp_env *env); // CVTSS2SD
uint32_t f64_to_f32(uint64_t a, struct fp_env *env); // CVTSD2SS

uint32_t f32_from_i32(int32_t v, struct fp_env *env);
uint32_t f32_from_i64(int64_t v, struct fp_env *env);
uint64_t f64_from_i32(int32_t v); // exact
uint64_t f64_from_i64(int64_t v, struct fp_env *env);

// truncate: CVTT*, else env's rounding. A NaN or a value that does not fit gives IE (alone) and the indefinite.
int32_t f32_to_i32(uint32_t a, bool truncate, struct fp_env *env);
int64_t f32_to_i64(uint32_t a, bool truncate, struct fp_env *env);
int32_t f64_to_i32(uint64_t a, bool truncate, struct fp_env *env);
int64_t f64_to_i64(uint64_t a, bool truncate, struct fp_env *env);

// ROUNDSS and kin: to an integral value with env's rounding (the caller puts imm8's there); inexact: report PE.
uint32_t f32_round(uint32_t a, bool inexact, struct fp_env *env);
uint64_t f64_round(uint64_t a, bool inexact, struct fp_env *env);

// ---- x87
// -------------------------------------------------------------------------------------------------------------- NaN
// results: SDM vol. 1, table 4-7 (the larger significand of two NaNs of a kind, the quiet one of two kinds);
// unsupported encodings give IE and the default NaN. Unmasked OE or UE: the result scaled by 2^-24576 or 2^24576.

// A memory operand of FADD m32 and kin, widened without an exception (a signalling NaN stays one, for the arithmetic to
// judge); a denormal sets env->narrow_denorm, for which the next arithmetic or comparison on this env raises DE where
// an 80-bit denormal operand would. Integer operands (FIADD...): f80_from_i64.
struct float80 f80_operand_f32(uint32_t v, struct fp_env *env);
struct float80 f80_operand_f64(uint64_t v, struct fp_env *env);

// env->precision applies. FSUBR, FDIVR: swap the operands.
struct float80 f80_add(struct float80 a, struct float80 b, struct fp_env *env);
struct float80 f80_sub(struct float80 a, struct float80 b, struct fp_env *env);
struct float80 f80_mul(struct float80 a, struct float80 b, struct fp_env *env);
struct float80 f80_div(struct float80 a, struct float80 b, struct fp_env *env); // a / b
struct float80 f80_sqrt(struct float80 a, struct fp_env *env);

struct float80 f80_round(struct float80 a, struct fp_env *env);                   // FRNDINT
struct float80 f80_scale(struct float80 a, struct float80 b, struct fp_env *env); // FSCALE: a = ST0, b = ST1

// FXTRACT: returns the exponent (the new ST1) and stores the significand (the new ST0).
struct float80 f80_extract(struct float80 a, struct float80 *significand, struct fp_env *env);

// What FPREM and FPREM1 report beside the remainder.
struct fp_quotient {
    uint8_t low;  // the quotient's three low bits: C0 = bit 2, C3 = bit 1, C1 = bit 0; 0 if partial
    bool partial; // C2: the reduction is not complete, execute again
};

// a = ST0, b = ST1. nearest: FPREM1 (IEEE remainder), else FPREM (truncating).
struct float80 f80_rem(struct float80 a, struct float80 b, bool nearest, struct fp_quotient *q, struct fp_env *env);

// signalling: FCOM, FICOM, FTST, FCOMI (IE on any NaN); else FUCOM, FUCOMI (IE on signalling NaNs and unsupported
// ones).
enum fp_relation f80_compare(struct float80 a, struct float80 b, bool signalling, struct fp_env *env);

enum fp_class f80_classify(struct float80 a); // FXAM

// FLD m32, FLD m64 (IE quiets a signalling NaN; DE). FLD m80 is a copy.
struct float80 f80_from_f32(uint32_t v, struct fp_env *env);
struct float80 f80_from_f64(uint64_t v, struct fp_env *env);
struct float80 f80_from_i64(int64_t v);                         // FILD of all sizes (sign-extend); exact
struct float80 f80_from_bcd(const uint8_t bcd[10]);             // FBLD; a digit above 9 counts as its value
struct float80 f80_constant(enum fp_constant c, uint8_t round); // FLDPI and kin: round is an enum fp_round

// FST m32/m64, FIST/FISTP (truncate: FISTTP), FBSTP. A value that does not fit an integer or BCD: IE (alone),
// indefinite.
uint32_t f80_to_f32(struct float80 a, struct fp_env *env);
uint64_t f80_to_f64(struct float80 a, struct fp_env *env);
int16_t f80_to_i16(struct float80 a, bool truncate, struct fp_env *env);
int32_t f80_to_i32(struct float80 a, bool truncate, struct fp_env *env);
int64_t f80_to_i64(struct float80 a, bool truncate, struct fp_env *env);
void f80_to_bcd(struct float80 a, uint8_t bcd[10], struct fp_env *env);

// ---- x87 transcendentals
// ---------------------------------------------------------------------------------------------- env->precision does
// not apply; env's rounding does.

struct float80 f80_f2xm1(struct float80 x, struct fp_env *env);                     // 2^ST0 - 1
struct float80 f80_fyl2x(struct float80 x, struct float80 y, struct fp_env *env);   // x = ST0, y = ST1: y log2(x)
struct float80 f80_fyl2xp1(struct float80 x, struct float80 y, struct fp_env *env); // y log2(x + 1)
struct float80 f80_fpatan(struct float80 x, struct float80 y, struct fp_env *env);  // arg(x + iy): atan(ST1 / ST0)

// *c2 is true, and the operand returned, if |x| >= 2^63 (then nothing is written or pushed but C2).
struct float80 f80_fsin(struct float80 x, bool *c2, struct fp_env *env);
struct float80 f80_fcos(struct float80 x, bool *c2, struct fp_env *env);
// FSINCOS: returns the sine (replaces ST0) and stores the cosine (pushed). For a NaN result both are that NaN.
struct float80 f80_fsincos(struct float80 x, struct float80 *cosine, bool *c2, struct fp_env *env);
// FPTAN: returns the tangent (replaces ST0); the caller pushes 1.0, or the same NaN if the tangent is a NaN.
struct float80 f80_fptan(struct float80 x, bool *c2, struct fp_env *env);

#endif
