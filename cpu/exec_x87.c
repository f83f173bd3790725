// The x87: loads, stores, the register stack, the four operations and comparisons. Arithmetic is softfloat's. Functions
// of ST(0) and ST(1): exec_x87_math.c; control: exec_x87_env.c.
//
// After Intel SDM volume 1, chapter 8 (stack faults 8.5.1.1, responses to exceptions 8.5), and the instructions' pages
// in volume 2. Status bits that the manual leaves undefined keep their values; C1 is cleared. Aliases that it does not
// list (FSTP1, FCOM2, FXCH4, FFREEP...) are as processors do them.
// Differs: FOP and FDP change at unmasked exceptions only, as processors that say so in CPUID.07H:EBX[6] do.
#include "cpu/exec_table.h"
#include "cpu/x87.h"

#define NOINLINE __attribute__((noinline))

// ---- exceptions ---------------------------------------------------------------------------------------------------

void x87_pend(struct cpu *c, const struct insn *i)
{
    c->s.fsw |= FSW_ES | FSW_B;
    c->s.fop = (uint16_t)((insn_rows[i->row].opcode & 7) << 8 | i->modrm);
    if (i->flags & INSN_MEM) {
        uint64_t mask = i->flags & INSN_ASIZE64 ? UINT64_MAX : i->flags & INSN_ASIZE32 ? UINT32_MAX : UINT16_MAX;
        c->s.fdp = ea_offset(c, i) & mask;
    }
}

// Several pairs of instructions differ in this bit of ModRM: the second one pops.
static bool pops(const struct insn *i)
{
    return i->modrm & 8;
}

// ---- loads --------------------------------------------------------------------------------------------------------

// Checks that there is room; if not, and the fault is masked, pushes the indefinite.
static bool has_room(struct cpu *c, const struct insn *i)
{
    if (likely(x87_empty(c, 7)))
        return true;
    if (x87_overflow(c, i))
        x87_push(c, f80_default_nan());
    return false;
}

static NOINLINE void push_exact(struct cpu *c, const struct insn *i, struct float80 v)
{
    x87_begin(c, i);
    if (has_room(c, i)) {
        x87_clear_c1(c);
        x87_push(c, v);
    }
}

// A denormal is pushed even if DE is unmasked: its exception counts as one of the conversion, not of the operand.
static void loaded(struct cpu *c, const struct insn *i, struct float80 v, const struct fp_env *env)
{
    x87_settle(c, i, env);
    if (!(env->flags & ~env->masks & FP_IE))
        x87_push(c, v);
}

static NOINLINE void push_f32(struct cpu *c, const struct insn *i, uint32_t v)
{
    x87_begin(c, i);
    if (has_room(c, i)) {
        struct fp_env env = x87_env(c);
        struct float80 r = f80_from_f32(v, &env);
        loaded(c, i, r, &env);
    }
}

static NOINLINE void push_f64(struct cpu *c, const struct insn *i, uint64_t v)
{
    x87_begin(c, i);
    if (has_room(c, i)) {
        struct fp_env env = x87_env(c);
        struct float80 r = f80_from_f64(v, &env);
        loaded(c, i, r, &env);
    }
}

enum exec_result x_fld_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    push_f32(c, i, (uint32_t)v);
    return next(c, i);
}

enum exec_result x_fld_m64(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 8, &v));
    unsigned exp = v >> 52 & 0x7ff;
    if (likely(exp - 1 < 0x7fe && x87_empty(c, 7))) { // a normal number, and room: nothing can be raised
        x87_begin(c, i);
        x87_clear_c1(c);
        x87_push(c, f80_make((uint16_t)((v >> 63) << 15 | (exp + 16383 - 1023)), (uint64_t)1 << 63 | v << 11));
    } else {
        push_f64(c, i, v);
    }
    return next(c, i);
}

// The linear address of the second part of a ten-byte operand.
static uint64_t high_part(const struct cpu *c, uint64_t linear)
{
    return c->mode & MODE_64 ? linear + 8 : (uint32_t)(linear + 8);
}

enum exec_result x_fld_m80(struct cpu *c, const struct insn *i)
{
    uint64_t linear, lo, hi;
    TRY(x87_wait(c, i));
    TRY(ea_linear(c, i, 10, FOR_READ, &linear));
    TRY(load_at(c, i, linear, 8, &lo));
    TRY(load_at(c, i, high_part(c, linear), 2, &hi));
    push_exact(c, i, f80_make((uint16_t)hi, lo));
    return next(c, i);
}

enum exec_result x_fild_m16(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 2, &v));
    push_exact(c, i, f80_from_i64((int16_t)v));
    return next(c, i);
}

enum exec_result x_fild_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    push_exact(c, i, f80_from_i64((int32_t)v));
    return next(c, i);
}

enum exec_result x_fild_m64(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 8, &v));
    push_exact(c, i, f80_from_i64((int64_t)v));
    return next(c, i);
}

enum exec_result x_fbld(struct cpu *c, const struct insn *i)
{
    uint8_t bcd[10];
    TRY(x87_wait(c, i));
    TRY(load_bytes(c, i, 0, bcd, sizeof bcd));
    push_exact(c, i, f80_from_bcd(bcd));
    return leave(c, i);
}

// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ.
enum exec_result x_fld_constant(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    push_exact(c, i, f80_constant((enum fp_constant)(i->modrm & 7), c->s.fcw >> FCW_RC_SHIFT & 3));
    return next(c, i);
}

enum exec_result x_fld_r(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (unlikely(x87_empty(c, x87_sti(i)))) {
        if (x87_underflow(c, i))
            x87_push(c, f80_default_nan());
    } else if (has_room(c, i)) {
        x87_clear_c1(c);
        x87_push(c, x87_get(c, x87_sti(i)));
    }
    return next(c, i);
}

// ---- stores -------------------------------------------------------------------------------------------------------

enum format { TO_F32, TO_F64, TO_I16, TO_I32, TO_I64, TO_I16_TRUNCATED, TO_I32_TRUNCATED, TO_I64_TRUNCATED };

// A value on its way to memory: what to store and which FSW bits (FP_, SF, C1) come with it.
struct outgoing {
    uint64_t value;
    uint32_t fsw;
    bool blocked; // an unmasked exception: nothing is stored or popped
};

static NOINLINE struct outgoing outgoing(const struct cpu *c, enum format format)
{
    static const uint64_t indefinite[] = {
        [TO_F32] = F32_DEFAULT_NAN,
        [TO_F64] = F64_DEFAULT_NAN,
        [TO_I16] = (uint16_t)I16_INDEFINITE,
        [TO_I32] = (uint32_t)I32_INDEFINITE,
        [TO_I64] = (uint64_t)I64_INDEFINITE,
        [TO_I16_TRUNCATED] = (uint16_t)I16_INDEFINITE,
        [TO_I32_TRUNCATED] = (uint32_t)I32_INDEFINITE,
        [TO_I64_TRUNCATED] = (uint64_t)I64_INDEFINITE,
    };
    if (unlikely(x87_empty(c, 0)))
        return (struct outgoing){indefinite[format], FP_IE | FSW_SF, !(c->s.fcw & FP_IE)};
    struct fp_env env = x87_env(c);
    struct float80 a = x87_get(c, 0);
    uint64_t v;
    switch (format) {
    case TO_F32:
        v = f80_to_f32(a, &env);
        break;
    case TO_F64:
        v = f80_to_f64(a, &env);
        break;
    case TO_I16:
    case TO_I16_TRUNCATED:
        v = (uint16_t)f80_to_i16(a, format == TO_I16_TRUNCATED, &env);
        break;
    case TO_I32:
    case TO_I32_TRUNCATED:
        v = (uint32_t)f80_to_i32(a, format == TO_I32_TRUNCATED, &env);
        break;
    default:
        v = (uint64_t)f80_to_i64(a, format == TO_I64_TRUNCATED, &env);
        break;
    }
    return (struct outgoing){v, env.flags | (env.round_up ? FSW_C1 : 0u), !fp_x87_stores(&env)};
}

// A store that an unmasked exception suppresses still faults on its operand first.
static enum exec_result probe_operand(struct cpu *c, const struct insn *i, unsigned size)
{
    uint64_t linear;
    TRY(ea_linear(c, i, size, FOR_WRITE, &linear));
    return probe(c, i, linear, size, FOR_WRITE);
}

static inline enum exec_result store_as(struct cpu *c, const struct insn *i, enum format format, unsigned size,
                                        bool pop)
{
    TRY(x87_wait(c, i));
    struct outgoing out = outgoing(c, format);
    if (likely(!out.blocked))
        TRY(store(c, i, size, out.value));
    else
        TRY(probe_operand(c, i, size));
    x87_begin(c, i);
    x87_raise(c, i, out.fsw);
    if (pop && !out.blocked)
        x87_pop(c);
    return next(c, i);
}

// FST and FSTP.
enum exec_result x_fst_m32(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_F32, 4, pops(i));
}

// FST and FSTP. Most values have come from double precision and fit it without rounding.
enum exec_result x_fst_m64(struct cpu *c, const struct insn *i)
{
    struct float80 a = x87_get(c, 0);
    unsigned exp = (a.sexp & 0x7fffu) - (16383 - 1023);
    if (unlikely(exp - 1 >= 0x7fe || (a.frac & 0x7ff) || !(a.frac >> 63) || x87_empty(c, 0)))
        return store_as(c, i, TO_F64, 8, pops(i));
    TRY(x87_wait(c, i));
    TRY(store(c, i, 8, (uint64_t)(a.sexp >> 15) << 63 | (uint64_t)exp << 52 | a.frac << 1 >> 12));
    x87_begin(c, i);
    x87_clear_c1(c);
    if (pops(i))
        x87_pop(c);
    return next(c, i);
}

// Ten bytes at the ModRM operand; all or none.
static inline enum exec_result store80(struct cpu *c, const struct insn *i, struct float80 a)
{
    uint64_t linear;
    TRY(ea_linear(c, i, 10, FOR_WRITE, &linear));
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - 10)) {
        uint8_t *p = (uint8_t *)(e->host + (linear ^ e->tag));
        store_u64(p, a.frac);
        store_u16(p + 8, a.sexp);
        return EXEC_NEXT;
    }
    TRY(probe(c, i, linear, 10, FOR_WRITE));
    TRY(store_at(c, i, linear, 8, a.frac));
    return store_at(c, i, high_part(c, linear), 2, a.sexp);
}

enum exec_result x_fstp_m80(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    if (unlikely(x87_empty(c, 0))) {
        if (c->s.fcw & FP_IE)
            TRY(store80(c, i, f80_default_nan()));
        else
            TRY(probe_operand(c, i, 10));
        x87_begin(c, i);
        if (x87_underflow(c, i))
            x87_pop(c);
        return next(c, i);
    }
    TRY(store80(c, i, x87_get(c, 0)));
    x87_begin(c, i);
    x87_clear_c1(c);
    x87_pop(c);
    return next(c, i);
}

// FIST and FISTP.
enum exec_result x_fist_m16(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I16, 2, pops(i));
}
enum exec_result x_fist_m32(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I32, 4, pops(i));
}
enum exec_result x_fistp_m64(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I64, 8, true);
}

enum exec_result x_fisttp_m16(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I16_TRUNCATED, 2, true);
}

enum exec_result x_fisttp_m32(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I32_TRUNCATED, 4, true);
}

enum exec_result x_fisttp_m64(struct cpu *c, const struct insn *i)
{
    return store_as(c, i, TO_I64_TRUNCATED, 8, true);
}

enum exec_result x_fbstp(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    uint8_t bcd[10];
    struct fp_env env = x87_env(c);
    bool empty = x87_empty(c, 0);
    f80_to_bcd(empty ? f80_default_nan() : x87_get(c, 0), bcd, &env);
    if (fp_x87_stores(&env))
        TRY(store_bytes(c, i, 0, bcd, sizeof bcd));
    else
        TRY(probe_operand(c, i, sizeof bcd));
    x87_begin(c, i);
    x87_raise(c, i, env.flags | (empty ? FSW_SF : 0u) | (env.round_up ? FSW_C1 : 0u));
    if (fp_x87_stores(&env))
        x87_pop(c);
    return leave(c, i);
}

static inline enum exec_result copy_st0(struct cpu *c, const struct insn *i, bool pop)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (unlikely(x87_empty(c, 0))) {
        if (!x87_underflow(c, i))
            return next(c, i);
        x87_set(c, x87_sti(i), f80_default_nan());
    } else {
        x87_clear_c1(c);
        x87_set(c, x87_sti(i), x87_get(c, 0));
    }
    if (pop)
        x87_pop(c);
    return next(c, i);
}

enum exec_result x_fst_r(struct cpu *c, const struct insn *i)
{
    return copy_st0(c, i, false);
}
enum exec_result x_fstp_r(struct cpu *c, const struct insn *i)
{
    return copy_st0(c, i, true);
}

// FSTP1 (D9 D8): FSTP ST(i) that takes an empty ST(0) as it is.
enum exec_result x_fstp1(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    x87_clear_c1(c);
    if (!x87_empty(c, 0))
        x87_set(c, x87_sti(i), x87_get(c, 0));
    x87_pop(c);
    return next(c, i);
}

// ---- the stack ----------------------------------------------------------------------------------------------------

enum exec_result x_fxch(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    bool empty0 = x87_empty(c, 0), empty1 = x87_empty(c, x87_sti(i));
    if (likely(!(empty0 | empty1)))
        x87_clear_c1(c);
    else if (!x87_underflow(c, i))
        return next(c, i);
    struct float80 a = empty0 ? f80_default_nan() : x87_get(c, 0);
    struct float80 b = empty1 ? f80_default_nan() : x87_get(c, x87_sti(i));
    x87_set(c, 0, b);
    x87_set(c, x87_sti(i), a);
    return next(c, i);
}

enum exec_result x_ffree(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    x87_clear_c1(c);
    x87_free(c, x87_sti(i));
    return next(c, i);
}

enum exec_result x_ffreep(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    x87_clear_c1(c);
    x87_free(c, x87_sti(i));
    x87_pop(c);
    return next(c, i);
}

enum exec_result x_fdecstp(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    x87_clear_c1(c);
    x87_turn(c, 7);
    return next(c, i);
}

enum exec_result x_fincstp(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    x87_clear_c1(c);
    x87_turn(c, 1);
    return next(c, i);
}

enum exec_result x_fnop(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    return next(c, i);
}

static inline enum exec_result move_if(struct cpu *c, const struct insn *i, bool taken)
{
    TRY(x87_wait(c, i));
    x87_begin(c, i);
    if (unlikely(x87_empty(c, 0) || x87_empty(c, x87_sti(i)))) {
        if (x87_underflow(c, i))
            x87_set(c, 0, f80_default_nan());
        return next(c, i);
    }
    if (taken)
        x87_set(c, 0, x87_get(c, x87_sti(i)));
    return next(c, i);
}

enum exec_result x_fcmovb(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, flag_c(c));
}
enum exec_result x_fcmove(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, flag_z(c));
}
enum exec_result x_fcmovbe(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, flag_c(c) || flag_z(c));
}
enum exec_result x_fcmovu(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, flag_p(c));
}
enum exec_result x_fcmovnb(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, !flag_c(c));
}
enum exec_result x_fcmovne(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, !flag_z(c));
}
enum exec_result x_fcmovnbe(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, !(flag_c(c) || flag_z(c)));
}
enum exec_result x_fcmovnu(struct cpu *c, const struct insn *i)
{
    return move_if(c, i, !flag_p(c));
}

// ---- the four operations ------------------------------------------------------------------------------------------

typedef struct float80 f80_binary(struct float80 a, struct float80 b, struct fp_env *env);

static struct float80 subtract_reversed(struct float80 a, struct float80 b, struct fp_env *env)
{
    return f80_sub(b, a, env);
}

static struct float80 divide_reversed(struct float80 a, struct float80 b, struct fp_env *env)
{
    return f80_div(b, a, env);
}

// By ModRM.reg, of ST(0) and the other operand; 2 and 3 are comparisons.
static f80_binary *const arithmetic[8] = {
    f80_add, f80_mul, NULL, NULL, f80_sub, subtract_reversed, f80_div, divide_reversed,
};

// ST(dst) = ST(0) op b.
static inline void operate(struct cpu *c, const struct insn *i, struct float80 b, bool b_empty, struct fp_env *env,
                           unsigned dst, bool pop)
{
    x87_begin(c, i);
    struct float80 r;
    if (unlikely(b_empty || x87_empty(c, 0))) {
        if (!x87_underflow(c, i))
            return;
        r = f80_default_nan();
    } else {
        r = arithmetic[i->modrm >> 3 & 7](x87_get(c, 0), b, env);
        if (unlikely(!x87_settle(c, i, env)))
            return;
    }
    x87_set(c, dst, r);
    if (pop)
        x87_pop(c);
}

static NOINLINE void operate_f32(struct cpu *c, const struct insn *i, uint32_t v)
{
    struct fp_env env = x87_env(c);
    operate(c, i, f80_operand_f32(v, &env), false, &env, 0, false);
}

static NOINLINE void operate_f64(struct cpu *c, const struct insn *i, uint64_t v)
{
    struct fp_env env = x87_env(c);
    operate(c, i, f80_operand_f64(v, &env), false, &env, 0, false);
}

static NOINLINE void operate_int(struct cpu *c, const struct insn *i, int32_t v)
{
    struct fp_env env = x87_env(c);
    operate(c, i, f80_from_i64(v), false, &env, 0, false);
}

static NOINLINE void operate_st0(struct cpu *c, const struct insn *i)
{
    struct fp_env env = x87_env(c);
    operate(c, i, x87_get(c, x87_sti(i)), x87_empty(c, x87_sti(i)), &env, 0, false);
}

static NOINLINE void operate_sti(struct cpu *c, const struct insn *i, bool pop)
{
    struct fp_env env = x87_env(c);
    operate(c, i, x87_get(c, x87_sti(i)), x87_empty(c, x87_sti(i)), &env, x87_sti(i), pop);
}

enum exec_result x_farith_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    operate_f32(c, i, (uint32_t)v);
    return next(c, i);
}

enum exec_result x_farith_m64(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 8, &v));
    operate_f64(c, i, v);
    return next(c, i);
}

enum exec_result x_fiarith_m16(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 2, &v));
    operate_int(c, i, (int16_t)v);
    return next(c, i);
}

enum exec_result x_fiarith_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    operate_int(c, i, (int32_t)v);
    return next(c, i);
}

// ST(0) = ST(0) op ST(i).
enum exec_result x_farith_st0(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    operate_st0(c, i);
    return next(c, i);
}

// ST(i) = ST(0) op ST(i).
enum exec_result x_farith_sti(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    operate_sti(c, i, false);
    return next(c, i);
}

enum exec_result x_farithp(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    operate_sti(c, i, true);
    return next(c, i);
}

// ---- comparisons --------------------------------------------------------------------------------------------------

// What a comparison does with its outcome, beside signalling.
enum compare_form {
    COMPARE_QUIET = 1, // FUCOM: no exception for quiet NaNs
    COMPARE_FLAGS = 2, // FCOMI: to EFLAGS
};

static void report_relation(struct cpu *c, enum fp_relation relation, unsigned form)
{
    static const uint16_t codes[] = {
        [FP_LESS] = FSW_C0, [FP_EQUAL] = FSW_C3, [FP_GREATER] = 0, [FP_UNORDERED] = FSW_C3 | FSW_C2 | FSW_C0};
    static const uint8_t flags[] = {
        [FP_LESS] = F_CF, [FP_EQUAL] = F_ZF, [FP_GREATER] = 0, [FP_UNORDERED] = F_ZF | F_PF | F_CF};
    if (form & COMPARE_FLAGS)
        flags_import(c, flags[relation]);
    else
        c->s.fsw = (uint16_t)((c->s.fsw & ~(unsigned)(FSW_C3 | FSW_C2 | FSW_C0)) | codes[relation]);
}

static inline void compare(struct cpu *c, const struct insn *i, struct float80 b, bool b_empty, struct fp_env *env,
                           unsigned form, unsigned pop)
{
    x87_begin(c, i);
    enum fp_relation relation = FP_UNORDERED;
    if (unlikely(b_empty || x87_empty(c, 0))) {
        if (!x87_underflow(c, i))
            return;
    } else {
        relation = f80_compare(x87_get(c, 0), b, !(form & COMPARE_QUIET), env);
        if (!x87_settle(c, i, env))
            return;
    }
    report_relation(c, relation, form);
    while (pop-- > 0)
        x87_pop(c);
}

static NOINLINE void compare_f32(struct cpu *c, const struct insn *i, uint32_t v)
{
    struct fp_env env = x87_env(c);
    compare(c, i, f80_operand_f32(v, &env), false, &env, 0, pops(i));
}

static NOINLINE void compare_f64(struct cpu *c, const struct insn *i, uint64_t v)
{
    struct fp_env env = x87_env(c);
    compare(c, i, f80_operand_f64(v, &env), false, &env, 0, pops(i));
}

static NOINLINE void compare_exact(struct cpu *c, const struct insn *i, struct float80 v, bool pop)
{
    struct fp_env env = x87_env(c);
    compare(c, i, v, false, &env, 0, pop);
}

static NOINLINE void compare_sti(struct cpu *c, const struct insn *i, unsigned form, unsigned pop)
{
    struct fp_env env = x87_env(c);
    compare(c, i, x87_get(c, x87_sti(i)), x87_empty(c, x87_sti(i)), &env, form, pop);
}

// FCOM and FCOMP.
enum exec_result x_fcom_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    compare_f32(c, i, (uint32_t)v);
    return next(c, i);
}

enum exec_result x_fcom_m64(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 8, &v));
    compare_f64(c, i, v);
    return next(c, i);
}

// FICOM and FICOMP.
enum exec_result x_ficom_m16(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 2, &v));
    compare_exact(c, i, f80_from_i64((int16_t)v), pops(i));
    return next(c, i);
}

enum exec_result x_ficom_m32(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 4, &v));
    compare_exact(c, i, f80_from_i64((int32_t)v), pops(i));
    return next(c, i);
}

enum exec_result x_ftst(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    compare_exact(c, i, f80_make(0, 0), false);
    return next(c, i);
}

static inline enum exec_result compare_r(struct cpu *c, const struct insn *i, unsigned form, unsigned pop)
{
    TRY(x87_wait(c, i));
    compare_sti(c, i, form, pop);
    return next(c, i);
}

enum exec_result x_fcom_r(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, 0, 0);
}
enum exec_result x_fcomp_r(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, 0, 1);
}
enum exec_result x_fcompp(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, 0, 2);
}
enum exec_result x_fucom(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_QUIET, 0);
}
enum exec_result x_fucomp(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_QUIET, 1);
}
enum exec_result x_fucompp(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_QUIET, 2);
}
enum exec_result x_fcomi(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_FLAGS, 0);
}
enum exec_result x_fcomip(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_FLAGS, 1);
}

enum exec_result x_fucomi(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_FLAGS | COMPARE_QUIET, 0);
}

enum exec_result x_fucomip(struct cpu *c, const struct insn *i)
{
    return compare_r(c, i, COMPARE_FLAGS | COMPARE_QUIET, 1);
}
