// cpu/fptrans.c against MPFR: every result must be the exact value correctly rounded, with its flags and C1.
#include "cpu/softfloat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <mpfr.h>

#define MPFR_CASES 6000 // per function and range
#define MPFR_BITS  320
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

static uint64_t next_random(uint64_t *state) // xorshift64*
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

// Few set bits, few clear bits, or anything.
static uint64_t random_pattern(uint64_t *state)
{
    uint64_t v = next_random(state), bit = 1ull << (v & 63);
    switch (next_random(state) >> 61) {
    case 0:
        return bit;
    case 1:
        return ~bit;
    case 2:
        return 0 - bit;
    case 3:
        return v << (v >> 8 & 63);
    default:
        return v;
    }
}

static const mpfr_rnd_t mpfr_modes[] = {
    [FP_NEAREST] = MPFR_RNDN, [FP_DOWN] = MPFR_RNDD, [FP_UP] = MPFR_RNDU, [FP_ZERO] = MPFR_RNDZ};

static void to_mpfr(mpfr_t v, struct float80 a)
{
    int exp = a.sexp & 0x7fff;
    mpfr_set_ui(v, (unsigned long)(a.frac >> 32), MPFR_RNDN);
    mpfr_mul_2ui(v, v, 32, MPFR_RNDN);
    mpfr_add_ui(v, v, (unsigned long)(a.frac & UINT32_MAX), MPFR_RNDN);
    mpfr_mul_2si(v, v, (exp == 0 ? 1 : exp) - 16383 - 63, MPFR_RNDN);
    if (a.sexp >> 15)
        mpfr_neg(v, v, MPFR_RNDN);
}

// Each leaves the value truncated and returns MPFR's ternary value, not 0 if something was cut off.
static int exact_f2xm1(mpfr_t r, mpfr_t x, mpfr_t y)
{
    mpfr_const_log2(y, MPFR_RNDN);
    mpfr_mul(r, x, y, MPFR_RNDN);
    return mpfr_expm1(r, r, MPFR_RNDZ);
}

static int exact_fyl2x(mpfr_t r, mpfr_t x, mpfr_t y)
{
    mpfr_log2(r, x, MPFR_RNDN);
    return mpfr_mul(r, r, y, MPFR_RNDZ);
}

static int exact_fyl2xp1(mpfr_t r, mpfr_t x, mpfr_t y)
{
    if (mpfr_get_exp(x) > -100) { // x + 1 is exact, and may be a power of two
        mpfr_add_ui(x, x, 1, MPFR_RNDN);
        return exact_fyl2x(r, x, y);
    }
    mpfr_log1p(r, x, MPFR_RNDN);
    mpfr_mul(r, r, y, MPFR_RNDN);
    mpfr_const_log2(y, MPFR_RNDN);
    return mpfr_div(r, r, y, MPFR_RNDZ);
}

static int exact_fpatan(mpfr_t r, mpfr_t x, mpfr_t y)
{
    return mpfr_atan2(r, y, x, MPFR_RNDZ);
}

static int exact_fsin(mpfr_t r, mpfr_t x, mpfr_t y)
{
    (void)y;
    return mpfr_sin(r, x, MPFR_RNDZ);
}

static int exact_fcos(mpfr_t r, mpfr_t x, mpfr_t y)
{
    (void)y;
    return mpfr_cos(r, x, MPFR_RNDZ);
}

static int exact_fptan(mpfr_t r, mpfr_t x, mpfr_t y)
{
    (void)y;
    return mpfr_tan(r, x, MPFR_RNDZ);
}

static struct float80 run_f2xm1(struct float80 x, struct float80 y, struct fp_env *env)
{
    (void)y;
    return f80_f2xm1(x, env);
}

static struct float80 run_fsin(struct float80 x, struct float80 y, struct fp_env *env)
{
    bool c2 = true;
    struct float80 cosine;
    struct fp_env other = *env;
    struct float80 result = f80_fsin(x, &c2, env), pair = f80_fsincos(x, &cosine, &c2, &other);
    (void)y;
    assert_false(c2);
    assert_true(result.frac == pair.frac && result.sexp == pair.sexp);
    return result;
}

static struct float80 run_fcos(struct float80 x, struct float80 y, struct fp_env *env)
{
    bool c2 = true;
    struct float80 cosine;
    struct fp_env other = *env;
    struct float80 result = f80_fcos(x, &c2, env);
    (void)y;
    f80_fsincos(x, &cosine, &c2, &other);
    assert_false(c2);
    assert_true(result.frac == cosine.frac && result.sexp == cosine.sexp);
    return result;
}

static struct float80 run_fptan(struct float80 x, struct float80 y, struct fp_env *env)
{
    bool c2 = true;
    struct float80 result = f80_fptan(x, &c2, env);
    (void)y;
    assert_false(c2);
    return result;
}

// Exponents (unbiased) that the operands are drawn from.
static const struct transcendental {
    const char *name;
    struct float80 (*ours)(struct float80 x, struct float80 y, struct fp_env *env);
    int (*exact)(mpfr_t r, mpfr_t x, mpfr_t y);
    int x_low, x_high, y_low, y_high;
    bool positive, two;
} transcendentals[] = {
    {"F2XM1", run_f2xm1, exact_f2xm1, -75, -1, 0, 0, false, false},
    {"F2XM1 small", run_f2xm1, exact_f2xm1, -16445, -1, 0, 0, false, false},
    {"FYL2X", f80_fyl2x, exact_fyl2x, -16382, 16383, -60, 60, true, true},
    {"FYL2X near 1", f80_fyl2x, exact_fyl2x, -1, 0, -60, 60, true, true},
    {"FYL2X extremes", f80_fyl2x, exact_fyl2x, -3, 3, -16445, 16383, true, true},
    {"FYL2XP1", f80_fyl2xp1, exact_fyl2xp1, -75, -3, -60, 60, false, true},
    {"FYL2XP1 extremes", f80_fyl2xp1, exact_fyl2xp1, -16445, -3, -16445, 16383, false, true},
    {"FYL2XP1 beyond", f80_fyl2xp1, exact_fyl2xp1, -2, 200, -60, 60, true, true},
    {"FPATAN", f80_fpatan, exact_fpatan, -8, 8, -8, 8, false, true},
    {"FPATAN apart", f80_fpatan, exact_fpatan, -40, 40, -40, 40, false, true},
    {"FPATAN extremes", f80_fpatan, exact_fpatan, -16445, 16383, -16445, 16383, false, true},
    {"FSIN", run_fsin, exact_fsin, -70, 4, 0, 0, false, false},
    {"FSIN large", run_fsin, exact_fsin, 0, 62, 0, 0, false, false},
    {"FSIN small", run_fsin, exact_fsin, -16445, -30, 0, 0, false, false},
    {"FCOS", run_fcos, exact_fcos, -70, 4, 0, 0, false, false},
    {"FCOS large", run_fcos, exact_fcos, 0, 62, 0, 0, false, false},
    {"FPTAN", run_fptan, exact_fptan, -70, 4, 0, 0, false, false},
    {"FPTAN large", run_fptan, exact_fptan, 0, 62, 0, 0, false, false},
    {"FPTAN small", run_fptan, exact_fptan, -16445, -30, 0, 0, false, false},
};

static struct float80 random80(int low, int high, bool positive, uint64_t *state)
{
    uint64_t r = next_random(state), frac = random_pattern(state) | 1ull << 63;
    int exp = low + (int)((r >> 16) % (uint64_t)(high - low + 1)) + 16383;
    if (exp <= 0) {
        frac >>= 1 - exp;
        exp = 0;
        if (frac == 0)
            frac = 1;
    }
    return f80_make((uint16_t)(exp | (positive ? 0 : (int)(r & 1) << 15)), frac);
}

// The multiple of pi/2 nearest to a: where sine, cosine and tangent are hardest.
static struct float80 near_half_pi(struct float80 a)
{
    mpfr_t v, half_pi;
    mpfr_init2(v, MPFR_BITS);
    mpfr_init2(half_pi, MPFR_BITS);
    mpfr_const_pi(half_pi, MPFR_RNDN);
    mpfr_div_2ui(half_pi, half_pi, 1, MPFR_RNDN);
    to_mpfr(v, a);
    mpfr_div(v, v, half_pi, MPFR_RNDN);
    mpfr_rint(v, v, MPFR_RNDN);
    mpfr_mul(v, v, half_pi, MPFR_RNDN);
    if (!mpfr_zero_p(v) && mpfr_get_exp(v) <= 63) {
        mpfr_exp_t exp = mpfr_get_exp(v);
        mpfr_abs(v, v, MPFR_RNDN);
        mpfr_mul_2si(v, v, 32 - exp, MPFR_RNDN);
        uint64_t hi = mpfr_get_ui(v, MPFR_RNDZ);
        mpfr_sub_ui(v, v, (unsigned long)hi, MPFR_RNDN);
        mpfr_mul_2ui(v, v, 32, MPFR_RNDN);
        a = f80_make((uint16_t)((a.sexp & 0x8000) | (16383 + exp - 1)), hi << 32 | mpfr_get_ui(v, MPFR_RNDZ));
    }
    mpfr_clear(v);
    mpfr_clear(half_pi);
    return a;
}

// The result must be the exact value correctly rounded, with the flags and C1 to match.
static bool transcendental_right(const struct transcendental *t, struct float80 x, struct float80 y, uint8_t round)
{
    struct fp_env env = {.round = round, .precision = 0, .masks = 0x3f};
    struct float80 ours = t->ours(x, y, &env);
    mpfr_t mx, my, exact, rounded, result;
    mpfr_inits2(MPFR_BITS, mx, my, exact, result, (mpfr_ptr)NULL);
    mpfr_set_prec(result, MPFR_BITS + 4);
    to_mpfr(mx, x);
    to_mpfr(my, y);
    if (t->exact(exact, mx, my) != 0) { // something beyond the last bit, which rounding must see
        mpfr_prec_round(exact, MPFR_BITS + 4, MPFR_RNDN);
        mpfr_signbit(exact) ? mpfr_nextbelow(exact) : mpfr_nextabove(exact);
    }
    mpfr_exp_t exp = mpfr_get_exp(exact);
    uint8_t flags = (!(x.sexp & 0x7fff) || (t->two && !(y.sexp & 0x7fff)) ? FP_DE : 0);
    bool right = true, tiny = false;
    mpfr_init2(rounded, 64);
    mpfr_set(rounded, exact, mpfr_modes[round]);
    if (exp > 16384 || mpfr_get_exp(rounded) > 16384) {
        flags |= FP_OE;
        right = (ours.sexp & 0x7fff) == 0x7fff || ((ours.sexp & 0x7fff) == 0x7ffe && ours.frac == UINT64_MAX);
    } else {
        tiny = mpfr_get_exp(rounded) < -16381;
        if (tiny) { // to a multiple of the smallest denormal
            mpfr_set(result, exact, MPFR_RNDN);
            mpfr_mul_2ui(result, result, 16445, MPFR_RNDN);
            mpfr_rint(result, result, mpfr_modes[round]);
            mpfr_div_2ui(result, result, 16445, MPFR_RNDN);
            mpfr_set(rounded, result, MPFR_RNDN);
        }
        to_mpfr(result, ours);
        right = mpfr_equal_p(result, rounded);
        right = right && env.round_up == (mpfr_cmpabs(rounded, exact) > 0);
    }
    flags |= tiny ? FP_UE | FP_PE : FP_PE; // PE of exact results too: SDM vol. 1, 4.9.1.6
    right = right && flags == env.flags && (ours.sexp >> 15) == (unsigned)(mpfr_signbit(exact) != 0);
    if (!right) {
        print_error("%s x %04x:%016llx y %04x:%016llx RC %u: %04x:%016llx flags %02x (want %02x) C1 %d\n", t->name,
                    x.sexp, (unsigned long long)x.frac, y.sexp, (unsigned long long)y.frac, round, ours.sexp,
                    (unsigned long long)ours.frac, env.flags, flags, env.round_up);
        mpfr_fprintf(stderr, "  exact %.40Rb\n", exact);
    }
    mpfr_clears(mx, my, exact, rounded, result, (mpfr_ptr)NULL);
    return right;
}

static void test_transcendentals(void **unused)
{
    (void)unused;
    int bad = 0;
    for (size_t n = 0; n < COUNT(transcendentals); n++) {
        const struct transcendental *t = &transcendentals[n];
        uint64_t state = 0xd1b54a32d192ed03u + n;
        int failed = 0;
        for (int i = 0; i < MPFR_CASES && failed < 5; i++) {
            struct float80 x = random80(t->x_low, t->x_high, t->positive, &state);
            struct float80 y = random80(t->y_low, t->y_high, false, &state);
            if (!t->two && t->x_high > 0 && i % 3 == 0)
                x = near_half_pi(x);
            if (t->exact == exact_fyl2x && x.frac == 1ull << 63 && x.sexp == 0x3fff)
                continue; // log2(1) = 0: among the special cases
            failed += !transcendental_right(t, x, y, (uint8_t)(i & 3));
        }
        bad += failed;
    }
    mpfr_free_cache();
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transcendentals)};
    return cmocka_run_group_tests_name("fptrans", tests, NULL, NULL);
}
