// The x87 instructions on ST(0), or ST(0) and ST(1), by themselves: sign, class, square root, rounding, scaling,
// remainders and the transcendental ones. Arithmetic is softfloat's; C1 and what is undefined: see exec_x87.c.
//
// After Intel SDM volume 1, 8.3.5 to 8.3.9, 8.5, and the instructions' pages in volume 2.
#include "cpu/exec_table.h"
#include "cpu/x87.h"

#define NOINLINE __attribute__((noinline))

typedef struct float80 f80_binary(struct float80 a, struct float80 b, struct fp_env *env);

// ---- one operand --------------------------------------------------------------------------------------------------

// ST(0) is not empty; if it is, and the fault is masked, it becomes the indefinite.
static bool has_st0(struct cpu *c, const struct insn *i)
{
    if (likely(!x87_empty(c, 0)))
        return true;
    if (x87_underflow(c, i))
        x87_set(c, 0, f80_default_nan());
    return false;
}

enum exec_result x_fxam(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    struct float80 a = x87_get(c, 0);
    unsigned class = x87_empty(c, 0) ? FP_CLASS_EMPTY : f80_classify(a);
    unsigned fsw = c->s.fsw & ~(unsigned)(FSW_C3 | FSW_C2 | FSW_C1 | FSW_C0);
    fsw |= (class & 4) << 12 | (class & 2) << 9 | (class & 1) << 8 | (unsigned)(a.sexp >> 15) << 9;
    c->s.fsw = (uint16_t)fsw;
    return next(c, i);
}

enum exec_result x_fchs(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (has_st0(c, i)) {
        x87_clear_c1(c);
        c->s.st_sexp[x87_phys(c, 0)] ^= 0x8000;
    }
    return next(c, i);
}

enum exec_result x_fabs(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (has_st0(c, i)) {
        x87_clear_c1(c);
        c->s.st_sexp[x87_phys(c, 0)] &= 0x7fff;
    }
    return next(c, i);
}

typedef struct float80 f80_unary(struct float80 a, struct fp_env *env);

static NOINLINE void unary(struct cpu *c, const struct insn *i, f80_unary *fn)
{
    x87_begin(c, i);
    if (!has_st0(c, i))
        return;
    struct fp_env env = x87_env(c);
    struct float80 r = fn(x87_get(c, 0), &env);
    if (x87_settle(c, i, &env))
        x87_set(c, 0, r);
}

static inline enum exec_result unary_op(struct cpu *c, const struct insn *i, f80_unary *fn)
{
    TRY(x87_wait(c, i));
    unary(c, i, fn);
    return next(c, i);
}

enum exec_result x_fsqrt(struct cpu *c, const struct insn *i)
{
    return unary_op(c, i, f80_sqrt);
}
enum exec_result x_frndint(struct cpu *c, const struct insn *i)
{
    return unary_op(c, i, f80_round);
}
enum exec_result x_f2xm1(struct cpu *c, const struct insn *i)
{
    return unary_op(c, i, f80_f2xm1);
}

// FSIN and FCOS: C2 says that the operand is out of range.
typedef struct float80 f80_trigonometric(struct float80 a, bool *c2, struct fp_env *env);

static void set_c2(struct cpu *c, bool c2)
{
    c->s.fsw = (uint16_t)((c->s.fsw & ~(unsigned)FSW_C2) | (c2 ? FSW_C2 : 0));
}

static enum exec_result trigonometric(struct cpu *c, const struct insn *i, f80_trigonometric *fn)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    set_c2(c, false);
    if (!has_st0(c, i))
        return leave(c, i);
    struct fp_env env = x87_env(c);
    bool c2 = false;
    struct float80 r = fn(x87_get(c, 0), &c2, &env);
    bool writes = x87_settle(c, i, &env);
    set_c2(c, c2);
    if (writes && !c2)
        x87_set(c, 0, r);
    return leave(c, i);
}

enum exec_result x_fsin(struct cpu *c, const struct insn *i)
{
    return trigonometric(c, i, f80_fsin);
}
enum exec_result x_fcos(struct cpu *c, const struct insn *i)
{
    return trigonometric(c, i, f80_fcos);
}

// ---- one operand, two results -------------------------------------------------------------------------------------

// ST(0) is there, and room for a second result; if not, and the fault is masked, both results are the indefinite.
static bool has_st0_and_room(struct cpu *c, const struct insn *i)
{
    bool underflow = x87_empty(c, 0);
    if (likely(!underflow && x87_empty(c, 7)))
        return true;
    if (underflow ? x87_underflow(c, i) : x87_overflow(c, i)) {
        x87_set(c, 0, f80_default_nan());
        x87_push(c, f80_default_nan());
    }
    return false;
}

enum exec_result x_fxtract(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (!has_st0_and_room(c, i))
        return leave(c, i);
    struct fp_env env = x87_env(c);
    struct float80 significand, exponent = f80_extract(x87_get(c, 0), &significand, &env);
    if (x87_settle(c, i, &env)) {
        x87_set(c, 0, exponent);
        x87_push(c, significand);
    }
    return leave(c, i);
}

static struct float80 tangent(struct float80 x, struct float80 *one, bool *c2, struct fp_env *env)
{
    struct float80 r = f80_fptan(x, c2, env);
    *one = f80_classify(r) == FP_CLASS_NAN ? r : f80_constant(FP_CONST_1, FP_NEAREST);
    return r;
}

typedef struct float80 f80_two_results(struct float80 x, struct float80 *second, bool *c2, struct fp_env *env);

static enum exec_result two_results(struct cpu *c, const struct insn *i, f80_two_results *fn)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    set_c2(c, false);
    if (!has_st0_and_room(c, i))
        return leave(c, i);
    struct fp_env env = x87_env(c);
    bool c2 = false;
    struct float80 second, first = fn(x87_get(c, 0), &second, &c2, &env);
    bool writes = x87_settle(c, i, &env);
    set_c2(c, c2);
    if (writes && !c2) {
        x87_set(c, 0, first);
        x87_push(c, second);
    }
    return leave(c, i);
}

enum exec_result x_fsincos(struct cpu *c, const struct insn *i)
{
    return two_results(c, i, f80_fsincos);
}
enum exec_result x_fptan(struct cpu *c, const struct insn *i)
{
    return two_results(c, i, tangent);
}

// ---- ST(0) and ST(1) ----------------------------------------------------------------------------------------------

static NOINLINE void binary(struct cpu *c, const struct insn *i, f80_binary *fn, unsigned dst, bool pop)
{
    x87_begin(c, i);
    struct float80 r;
    if (unlikely(x87_empty(c, 0) || x87_empty(c, 1))) {
        if (!x87_underflow(c, i))
            return;
        r = f80_default_nan();
    } else {
        struct fp_env env = x87_env(c);
        r = fn(x87_get(c, 0), x87_get(c, 1), &env);
        if (!x87_settle(c, i, &env))
            return;
    }
    x87_set(c, dst, r);
    if (pop)
        x87_pop(c);
}

static inline enum exec_result binary_op(struct cpu *c, const struct insn *i, f80_binary *fn, unsigned dst, bool pop)
{
    TRY(x87_wait(c, i));
    binary(c, i, fn, dst, pop);
    return next(c, i);
}

enum exec_result x_fscale(struct cpu *c, const struct insn *i)
{
    return binary_op(c, i, f80_scale, 0, false);
}
enum exec_result x_fyl2x(struct cpu *c, const struct insn *i)
{
    return binary_op(c, i, f80_fyl2x, 1, true);
}
enum exec_result x_fyl2xp1(struct cpu *c, const struct insn *i)
{
    return binary_op(c, i, f80_fyl2xp1, 1, true);
}
enum exec_result x_fpatan(struct cpu *c, const struct insn *i)
{
    return binary_op(c, i, f80_fpatan, 1, true);
}

static enum exec_result remainder_op(struct cpu *c, const struct insn *i, bool nearest)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    set_c2(c, false);
    if (unlikely(x87_empty(c, 0) || x87_empty(c, 1))) {
        if (x87_underflow(c, i))
            x87_set(c, 0, f80_default_nan());
        return leave(c, i);
    }
    struct fp_env env = x87_env(c);
    struct fp_quotient q;
    struct float80 r = f80_rem(x87_get(c, 0), x87_get(c, 1), nearest, &q, &env);
    if (!x87_settle(c, i, &env))
        return leave(c, i);
    x87_set(c, 0, r);
    if (f80_classify(r) == FP_CLASS_NAN) // no quotient
        return leave(c, i);
    unsigned fsw = c->s.fsw & ~(unsigned)(FSW_C3 | FSW_C2 | FSW_C1 | FSW_C0);
    fsw |= (q.low & 4u) << 6 | (q.low & 2u) << 13 | (q.low & 1u) << 9 | (q.partial ? FSW_C2 : 0);
    c->s.fsw = (uint16_t)fsw;
    return leave(c, i);
}

enum exec_result x_fprem(struct cpu *c, const struct insn *i)
{
    return remainder_op(c, i, false);
}
enum exec_result x_fprem1(struct cpu *c, const struct insn *i)
{
    return remainder_op(c, i, true);
}
