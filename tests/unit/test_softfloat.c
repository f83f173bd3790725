// cpu/softfloat*.c against the host's own SSE and x87 on x86-64 hosts (elsewhere skips), and against the values that
// the SDM gives for special cases and unmasked exceptions, cpu/fptrans.c's included.
#include "cpu/softfloat.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <ucontext.h>
#endif

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#ifdef __x86_64__

// ---- operands ----

#define RANDOM_CASES 24000 // per function

static uint64_t next_random(uint64_t *state) // xorshift64*
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

// Few set bits, few clear bits, or anything: what makes carries, ties and cancellations.
static uint64_t random_pattern(uint64_t *state)
{
    uint64_t v = next_random(state), w = next_random(state);
    switch (next_random(state) >> 60) {
    case 0:
        return 1ull << (v & 63);
    case 1:
        return ~(1ull << (v & 63));
    case 2:
        return 1ull << (v & 63) | 1ull << (w & 63);
    case 3:
        return UINT64_MAX << (v & 63);
    case 4:
        return (1ull << (v & 63)) - 1;
    case 5:
        return v << (w & 63);
    case 6:
        return v << 11 | 0x400;
    case 7:
        return v << 40 | 0x8000000000;
    default:
        return v;
    }
}

static const uint32_t edges32[] = {
    0x00000000, 0x00000001, 0x00000002, 0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff,
    0x01000000, 0x33800000, 0x34000000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000,
    0x3f800001, 0x3fc00000, 0x40000000, 0x40200000, 0x4b000000, 0x4b000001, 0x4b7fffff, 0x4effffff,
    0x4f000000, 0x4f000001, 0x5effffff, 0x5f000000, 0x7e800000, 0x7f000000, 0x7f7fffff, 0x7f800000,
    0x7f800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x7fffffff,
};

static const uint64_t edges64[] = {
    0x0000000000000000, 0x0000000000000001, 0x0000000000000002, 0x0008000000000000, 0x000fffffffffffff,
    0x0010000000000000, 0x0010000000000001, 0x001fffffffffffff, 0x0020000000000000, 0x3690000000000000,
    0x36a0000000000000, 0x37f0000000000000, 0x380fffffe0000000, 0x380fffffffffffff, 0x3810000000000000,
    0x3ca0000000000000, 0x3cb0000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001,
    0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000,
    0x4004000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0x41e0000000100000,
    0x41e0000000200000, 0x4330000000000000, 0x4330000000000001, 0x433fffffffffffff, 0x43dfffffffffffff,
    0x43e0000000000000, 0x43e0000000000001, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
    0x7fd0000000000000, 0x7fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
    0x7ff4000000000000, 0x7ff7ffffffffffff, 0x7ff8000000000000, 0x7ff8000012345678, 0x7fffffffffffffff,
};

// Integers for the conversions from them.
static const uint64_t edges_integer[] = {
    0,
    1,
    2,
    3,
    0x7fff,
    0x8000,
    0xffffff,
    0x1000000,
    0x1000001,
    0x1000003,
    0x7fffff80,
    0x7fffffc0,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0xffffffff,
    0x20000000000000,
    0x20000000000001,
    0x20000000000003,
    0x7ffffffffffffbff,
    0x7ffffffffffffc00,
    0x7fffffffffffffff,
    0x8000000000000000,
    0x8000000000000001,
    0xffffffffffffffff,
};

static const struct float80 edges80[] = {
    {0x0000000000000000, 0x0000}, {0x0000000000000001, 0x0000}, {0x0000000000000003, 0x0000},
    {0x0000010000000000, 0x0000}, {0x4000000000000000, 0x0000}, {0x7fffffffffffffff, 0x0000},
    {0x8000000000000000, 0x0000}, {0x8000000000000001, 0x0000}, {0xffffffffffffffff, 0x0000},
    {0x8000000000000000, 0x0001}, {0x8000000000000001, 0x0001}, {0xffffffffffffffff, 0x0001},
    {0xffffff8000000000, 0x0001}, {0x8000000000000000, 0x0002}, {0x8000000000000000, 0x3bcd},
    {0x8000000000000000, 0x3c00}, {0xfffffffffffff800, 0x3c00}, {0xfffffffffffffc00, 0x3c00},
    {0x8000000000000000, 0x3c01}, {0x8000000000000000, 0x3f69}, {0xffffff8000000000, 0x3f80},
    {0x8000000000000000, 0x3f81}, {0x8000000000000000, 0x3fbe}, {0x8000000000000000, 0x3fbf},
    {0xffffffffffffffff, 0x3ffd}, {0x8000000000000000, 0x3ffe}, {0x8000000000000001, 0x3ffe},
    {0xffffffffffffffff, 0x3ffe}, {0x8000000000000000, 0x3fff}, {0x8000000000000001, 0x3fff},
    {0x8000000000000400, 0x3fff}, {0x8000000000000c00, 0x3fff}, {0x8000008000000000, 0x3fff},
    {0xc000000000000000, 0x3fff}, {0x8000000000000000, 0x4000}, {0xa000000000000000, 0x4000},
    {0xfffe000000000000, 0x400d}, {0xffff000000000000, 0x400d}, {0x8000000000000000, 0x400e},
    {0x8001000000000000, 0x400e}, {0xfffffffe00000000, 0x401d}, {0xffffffff00000000, 0x401d},
    {0x8000000000000000, 0x401e}, {0x8000000100000000, 0x401e}, {0xde0b6b3a763ffff0, 0x403a},
    {0xde0b6b3a763ffff8, 0x403a}, {0xde0b6b3a76400000, 0x403a}, {0x8000000000000001, 0x403d},
    {0xfffffffffffffffe, 0x403d}, {0xffffffffffffffff, 0x403d}, {0x8000000000000000, 0x403e},
    {0x8000000000000001, 0x403e}, {0x8000000000000000, 0x407e}, {0xffffff0000000000, 0x407e},
    {0xffffff8000000000, 0x407e}, {0xfffffffffffff800, 0x43fe}, {0xfffffffffffffc00, 0x43fe},
    {0x8000000000000000, 0x43ff}, {0x8000000000000000, 0x7ffd}, {0xffffff0000000000, 0x7ffe},
    {0xffffffffffffffff, 0x7ffe}, {0x8000000000000000, 0x7fff}, {0x8000000000000001, 0x7fff},
    {0xa000000000000000, 0x7fff}, {0xbfffffffffffffff, 0x7fff}, {0xc000000000000000, 0x7fff},
    {0xc000000000000001, 0x7fff}, {0xe000000000000000, 0x7fff}, {0xffffffffffffffff, 0x7fff},
    {0x0000000000000000, 0x7fff}, {0x4000000000000000, 0x7fff}, {0x7fffffffffffffff, 0x3fff},
    {0x0000000000000000, 0x3fff}, {0x4000000000000000, 0x0001},
};

enum operand { F32, F64, F80, INTEGER, DECIMAL };

// An operand of a kind as bytes: edge number i, or random if i is beyond the edges. `near` draws exponents close to 1.
static void make_operand(enum operand kind, size_t i, uint64_t *state, uint8_t out[16])
{
    uint64_t r = next_random(state), frac = random_pattern(state), v = 0;
    bool near = r & 6, negative = r & 1;
    memset(out, 0, 16);
    switch (kind) {
    case F32:
        if (i < 2 * COUNT(edges32))
            v = edges32[i / 2] | (uint64_t)(i & 1) << 31;
        else
            v = (uint64_t)negative << 31 | (near ? 127 - 20 + (r >> 8) % 40 : r >> 8 & 0xff) << 23 | frac >> 41;
        break;
    case F64:
        if (i < 2 * COUNT(edges64))
            v = edges64[i / 2] | (uint64_t)(i & 1) << 63;
        else
            v = (uint64_t)negative << 63 | (near ? 1023 - 40 + (r >> 8) % 80 : r >> 8 & 0x7ff) << 52 | frac >> 12;
        break;
    case F80: {
        uint64_t exp = r >> 8 & 0x7fff;
        if (i < 2 * COUNT(edges80)) {
            memcpy(out, &edges80[i / 2].frac, 8);
            exp = edges80[i / 2].sexp | (i & 1) << 15;
        } else {
            switch (r >> 1 & 7) {
            case 0:
                exp %= 80; // denormals and their neighbours
                break;
            case 1:
                exp = 0x7ffe - exp % 40;
                break;
            case 2:
                break; // anywhere
            case 3:
                exp = 0x3fff - 0x420 + exp % 0x840; // about binary64's range
                break;
            default:
                exp = 0x3fff - 40 + exp % 80;
            }
            if ((r >> 56) != 0 && exp != 0)
                frac |= 1ull << 63;
            memcpy(out, &frac, 8);
            exp |= (uint64_t)negative << 15;
        }
        memcpy(out + 8, &exp, 2);
        return;
    }
    case INTEGER:
        v = i < COUNT(edges_integer) ? edges_integer[i] : (uint64_t)((int64_t)frac >> (r & 63));
        break;
    case DECIMAL:
        for (int d = 0; d < 9; d++)
            out[d] = (uint8_t)((next_random(state) >> 32) % 10 << 4 | (next_random(state) >> 32) % 10);
        if (i & 1)
            memset(out + 9 - (r >> 32) % 10, 0, (r >> 32) % 10);
        out[9] = negative ? 0x80 : 0;
        return;
    }
    memcpy(out, &v, 8);
}

static size_t edge_count(enum operand kind)
{
    switch (kind) {
    case F32:
        return 2 * COUNT(edges32);
    case F64:
        return 2 * COUNT(edges64);
    case F80:
        return 2 * COUNT(edges80);
    case INTEGER:
        return COUNT(edges_integer);
    default:
        return 200;
    }
}

static struct float80 get80(const uint8_t *p)
{
    struct float80 v;
    memcpy(&v.frac, p, 8);
    memcpy(&v.sexp, p + 8, 2);
    return v;
}

static void put80(uint8_t *p, struct float80 v)
{
    memcpy(p, &v.frac, 8);
    memcpy(p + 8, &v.sexp, 2);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static void print_bytes(const char *name, const uint8_t *p)
{
    char text[33];
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", p[15 - i]);
    print_error("  %-6s %s\n", name, text);
}

// ---- SSE against the host ----

// clang-format off
#define HOST_SSE(name, insn)                                                                                           \
    static uint64_t host_##name(uint64_t a, uint64_t b, uint32_t *mxcsr)                                               \
    {                                                                                                                  \
        uint32_t saved;                                                                                                \
        uint64_t r;                                                                                                    \
        __asm__ volatile("stmxcsr %[saved]\n\tldmxcsr %[csr]\n\tmovq %[a], %%xmm0\n\tmovq %[b], %%xmm1\n\t" insn       \
                         "\n\tmovq %%xmm0, %[r]\n\tstmxcsr %[csr]\n\tldmxcsr %[saved]"                                 \
                         : [r] "=&r"(r), [csr] "+m"(*mxcsr), [saved] "=m"(saved)                                       \
                         : [a] "r"(a), [b] "r"(b)                                                                      \
                         : "rax", "cc", "xmm0", "xmm1");                                                               \
        return r;                                                                                                      \
    }
#define OURS_SSE(name, expr)                                                                                           \
    static uint64_t ours_##name(uint64_t a, uint64_t b, struct fp_env *env)                                            \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        return (uint64_t)(expr);                                                                                       \
    }
#define BINARY(name, insn)                                                                                             \
    HOST_SSE(f32_##name, insn "ss %%xmm1, %%xmm0") OURS_SSE(f32_##name, f32_##name((uint32_t)a, (uint32_t)b, env))     \
    HOST_SSE(f64_##name, insn "sd %%xmm1, %%xmm0") OURS_SSE(f64_##name, f64_##name(a, b, env))
#define RELATION "\n\tlahf\n\tmovzbl %%ah, %%eax\n\tandl $0x45, %%eax\n\tmovq %%rax, %%xmm0"

static uint8_t relation_flags(enum fp_relation r)
{
    static const uint8_t flags[] = {[FP_LESS] = 1, [FP_EQUAL] = 0x40, [FP_GREATER] = 0, [FP_UNORDERED] = 0x45};
    return flags[r];
}

BINARY(add, "add")
BINARY(sub, "sub")
BINARY(mul, "mul")
BINARY(div, "div")
BINARY(min, "min")
BINARY(max, "max")
HOST_SSE(f32_sqrt, "sqrtss %%xmm0, %%xmm0") OURS_SSE(f32_sqrt, f32_sqrt((uint32_t)a, env))
HOST_SSE(f64_sqrt, "sqrtsd %%xmm0, %%xmm0") OURS_SSE(f64_sqrt, f64_sqrt(a, env))
HOST_SSE(f32_comi, "comiss %%xmm1, %%xmm0" RELATION)
OURS_SSE(f32_comi, relation_flags(f32_compare((uint32_t)a, (uint32_t)b, true, env)))
HOST_SSE(f32_ucomi, "ucomiss %%xmm1, %%xmm0" RELATION)
OURS_SSE(f32_ucomi, relation_flags(f32_compare((uint32_t)a, (uint32_t)b, false, env)))
HOST_SSE(f64_comi, "comisd %%xmm1, %%xmm0" RELATION)
OURS_SSE(f64_comi, relation_flags(f64_compare(a, b, true, env)))
HOST_SSE(f64_ucomi, "ucomisd %%xmm1, %%xmm0" RELATION)
OURS_SSE(f64_ucomi, relation_flags(f64_compare(a, b, false, env)))
HOST_SSE(f32_to_f64, "cvtss2sd %%xmm0, %%xmm0") OURS_SSE(f32_to_f64, f32_to_f64((uint32_t)a, env))
HOST_SSE(f64_to_f32, "cvtsd2ss %%xmm0, %%xmm0") OURS_SSE(f64_to_f32, f64_to_f32(a, env))
HOST_SSE(f32_from_i32, "movq %%xmm0, %%rax\n\tcvtsi2ssl %%eax, %%xmm0")
OURS_SSE(f32_from_i32, f32_from_i32((int32_t)a, env))
HOST_SSE(f32_from_i64, "movq %%xmm0, %%rax\n\tcvtsi2ssq %%rax, %%xmm0") OURS_SSE(f32_from_i64, f32_from_i64((int64_t)a, env))
HOST_SSE(f64_from_i32, "movq %%xmm0, %%rax\n\tcvtsi2sdl %%eax, %%xmm0")
OURS_SSE(f64_from_i32, ((void)env, f64_from_i32((int32_t)a)))
HOST_SSE(f64_from_i64, "movq %%xmm0, %%rax\n\tcvtsi2sdq %%rax, %%xmm0") OURS_SSE(f64_from_i64, f64_from_i64((int64_t)a, env))
#define TO_INT(name, insn32, insn64, from, cast)                                                                       \
    HOST_SSE(from##_to_i32##name, insn32 " %%xmm0, %%eax\n\tmovq %%rax, %%xmm0")                                       \
    OURS_SSE(from##_to_i32##name, from##_to_i32((cast)a, sizeof #name > 1, env))                                       \
    HOST_SSE(from##_to_i64##name, insn64 " %%xmm0, %%rax\n\tmovq %%rax, %%xmm0")                                       \
    OURS_SSE(from##_to_i64##name, from##_to_i64((cast)a, sizeof #name > 1, env))
TO_INT(, "cvtss2sil", "cvtss2siq", f32, uint32_t)
TO_INT(t, "cvttss2sil", "cvttss2siq", f32, uint32_t)
TO_INT(, "cvtsd2sil", "cvtsd2siq", f64, uint64_t)
TO_INT(t, "cvttsd2sil", "cvttsd2siq", f64, uint64_t)
HOST_SSE(f32_round, "roundss $4, %%xmm0, %%xmm0") OURS_SSE(f32_round, f32_round((uint32_t)a, true, env))
HOST_SSE(f64_round, "roundsd $4, %%xmm0, %%xmm0") OURS_SSE(f64_round, f64_round(a, true, env))
HOST_SSE(f32_quiet_round, "roundss $12, %%xmm0, %%xmm0") OURS_SSE(f32_quiet_round, f32_round((uint32_t)a, false, env))
HOST_SSE(f64_quiet_round, "roundsd $12, %%xmm0, %%xmm0") OURS_SSE(f64_quiet_round, f64_round(a, false, env))

#define SSE(name, operand, result) {#name, host_##name, ours_##name, operand, true, result}
#define SSE1(name, operand, result) {#name, host_##name, ours_##name, operand, false, result}
#define SSE_PAIR(name) SSE(f32_##name, F32, 32), SSE(f64_##name, F64, 64)
static const struct sse_case {
    const char *name;
    uint64_t (*host)(uint64_t a, uint64_t b, uint32_t *mxcsr);
    uint64_t (*ours)(uint64_t a, uint64_t b, struct fp_env *env);
    enum operand operand;
    bool binary;
    int result_bits;
} sse_cases[] = {
    SSE_PAIR(add), SSE_PAIR(sub), SSE_PAIR(mul), SSE_PAIR(div), SSE_PAIR(min), SSE_PAIR(max),
    SSE1(f32_sqrt, F32, 32), SSE1(f64_sqrt, F64, 64),
    SSE(f32_comi, F32, 64), SSE(f32_ucomi, F32, 64), SSE(f64_comi, F64, 64), SSE(f64_ucomi, F64, 64),
    SSE1(f32_to_f64, F32, 64), SSE1(f64_to_f32, F64, 32),
    SSE1(f32_from_i32, INTEGER, 32), SSE1(f32_from_i64, INTEGER, 32), SSE1(f64_from_i32, INTEGER, 64),
    SSE1(f64_from_i64, INTEGER, 64),
    SSE1(f32_to_i32, F32, 32), SSE1(f32_to_i64, F32, 64), SSE1(f32_to_i32t, F32, 32), SSE1(f32_to_i64t, F32, 64),
    SSE1(f64_to_i32, F64, 32), SSE1(f64_to_i64, F64, 64), SSE1(f64_to_i32t, F64, 32), SSE1(f64_to_i64t, F64, 64),
    SSE1(f32_round, F32, 32), SSE1(f64_round, F64, 64), SSE1(f32_quiet_round, F32, 32), SSE1(f64_quiet_round, F64, 64),
};
// clang-format on

// mode: RC in bits 0-1, DAZ bit 2, FTZ bit 3.
static bool sse_equal(const struct sse_case *c, const uint8_t *a, const uint8_t *b, unsigned mode)
{
    uint32_t csr = 0x1f80 | (mode & 3) << 13 | (mode & 4 ? 0x40 : 0) | (mode & 8 ? 0x8000 : 0);
    struct fp_env env = {.round = mode & 3, .masks = 0x3f, .daz = mode & 4, .ftz = mode & 8};
    uint64_t mask = c->result_bits == 32 ? UINT32_MAX : UINT64_MAX;
    uint64_t x = get64(a), y = get64(b);
    uint64_t host = c->host(x, y, &csr) & mask, ours = c->ours(x, y, &env) & mask;
    if (host == ours && (csr & 0x3f) == env.flags)
        return true;
    print_error("%s(%016llx, %016llx) RC %u DAZ %u FTZ %u: host %016llx flags %02x, ours %016llx flags %02x\n", c->name,
                (unsigned long long)x, (unsigned long long)y, mode & 3, mode >> 2 & 1, mode >> 3 & 1,
                (unsigned long long)host, csr & 0x3f, (unsigned long long)ours, env.flags);
    return false;
}

static void test_sse_host(void **unused)
{
    (void)unused;
    uint8_t a[16], b[16];
    int bad = 0;
    for (size_t n = 0; n < COUNT(sse_cases); n++) {
        const struct sse_case *c = &sse_cases[n];
        uint64_t state = 0x9e3779b97f4a7c15u + n;
        size_t edges = edge_count(c->operand), others = c->binary ? edges : 1;
        int failed = 0;
        for (size_t i = 0; i < edges; i++)
            for (size_t j = 0; j < others; j++) {
                make_operand(c->operand, i, &state, a);
                make_operand(c->operand, j, &state, b);
                for (unsigned mode = 0; mode < 16 && failed < 5; mode++)
                    failed += !sse_equal(c, a, b, mode);
            }
        for (int i = 0; i < RANDOM_CASES && failed < 5; i++) {
            make_operand(c->operand, SIZE_MAX, &state, a);
            make_operand(c->operand, SIZE_MAX, &state, b);
            if (c->binary && (i & 7) == 0) { // neighbours
                uint64_t v = get64(a) ^ (next_random(&state) & 3) ^ (uint64_t)(i & 8) << (c->operand == F32 ? 28 : 60);
                memcpy(b, &v, 8);
            }
            failed += !sse_equal(c, a, b, (unsigned)(next_random(&state) >> 32) & 15);
        }
        bad += failed;
    }
    assert_int_equal(bad, 0);
}

#if defined(__linux__)

#define UNMASKED_CASES 3000 // per function: each may cost a signal

static volatile sig_atomic_t trap_seen;
static volatile uint32_t trap_mxcsr;

// Notes MXCSR as the exception left it, and lets the instruction run again with everything masked.
static void on_sigfpe(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)number, (void)info;
    trap_seen = 1;
    trap_mxcsr = u->uc_mcontext.fpregs->mxcsr;
    u->uc_mcontext.fpregs->mxcsr |= 0x1f80;
}

static void test_sse_unmasked_host(void **unused)
{
    (void)unused;
    struct sigaction action = {.sa_sigaction = on_sigfpe, .sa_flags = SA_SIGINFO}, saved;
    uint8_t a[16], b[16];
    int bad = 0;
    sigaction(SIGFPE, &action, &saved);
    for (size_t n = 0; n < COUNT(sse_cases); n++) {
        const struct sse_case *c = &sse_cases[n];
        uint64_t state = 0x853c49e6748fea9bu + n;
        size_t edges = edge_count(c->operand);
        int failed = 0;
        for (int i = 0; i < UNMASKED_CASES && failed < 5; i++) {
            uint64_t r = next_random(&state);
            make_operand(c->operand, r & 0x300 ? (r >> 16) % edges : SIZE_MAX, &state, a);
            make_operand(c->operand, r & 0xc00 ? (r >> 32) % edges : SIZE_MAX, &state, b);
            uint8_t masks = r >> 48 & 0x3f;
            uint32_t csr = (uint32_t)masks << 7 | (r & 3) << 13 | (r & 4 ? 0x40 : 0) | (r & 8 ? 0x8000 : 0);
            struct fp_env env = {.round = r & 3, .masks = masks, .daz = r & 4, .ftz = r & 8};
            uint64_t mask = c->result_bits == 32 ? UINT32_MAX : UINT64_MAX;
            trap_seen = 0;
            uint64_t host = c->host(get64(a), get64(b), &csr) & mask, ours = c->ours(get64(a), get64(b), &env) & mask;
            uint32_t flags = (trap_seen ? trap_mxcsr : csr) & 0x3f;
            bool traps = env.flags & ~env.masks;
            if (flags == env.flags && traps == !!trap_seen && (traps || host == ours))
                continue;
            print_error("%s masks %02x: host flags %02x, ours %02x\n", c->name, masks, flags, env.flags);
            print_bytes("a", a);
            print_bytes("b", b);
            failed++;
        }
        bad += failed;
    }
    sigaction(SIGFPE, &saved, NULL);
    assert_int_equal(bad, 0);
}

#endif

// ---- x87 against the host ----

// The operands a (ST0) and b (ST1), or a memory operand, the control word, then results, and the status word.
struct x87_run {
    uint8_t a[16], b[16], out0[16], out1[16];
    uint16_t cw, sw;
};

// clang-format off
#define OFFSET(field) [field] "i"(offsetof(struct x87_run, field))
#define HOST_X87(name, before, after)                                                                                  \
    static void host_##name(struct x87_run *run)                                                                       \
    {                                                                                                                  \
        static const uint16_t plain = 0x37f;                                                                           \
        __asm__ volatile("fninit\n\tfldcw %c[cw](%[p])\n\t" before "\n\tfnstsw %c[sw](%[p])\n\tfnclex\n\t"             \
                         "fldcw %[plain]\n\t" after "\n\tfninit"                                                       \
                         :: [p] "r"(run), [plain] "m"(plain), OFFSET(a), OFFSET(b), OFFSET(out0), OFFSET(out1),        \
                            OFFSET(cw), OFFSET(sw) : "memory", "cc");                                                  \
    }
#define OURS_X87(name, body)                                                                                           \
    static void ours_##name(struct x87_run *run, struct fp_env *env)                                                   \
    {                                                                                                                  \
        struct float80 a = get80(run->a), b = get80(run->b);                                                           \
        (void)a, (void)b, (void)env;                                                                                   \
        body;                                                                                                          \
    }
#define LOAD_B "fldt %c[b](%[p])\n\t"
#define LOAD_A "fldt %c[a](%[p])\n\t"
#define STORE "fstpt %c[out0](%[p])"
#define STORE2 STORE "\n\tfstpt %c[out1](%[p])"
#define X87_BINARY(name, insn)                                                                                         \
    HOST_X87(name, LOAD_B LOAD_A insn, STORE) OURS_X87(name, put80(run->out0, f80_##name(a, b, env)))
#define X87_UNARY(name, insn)                                                                                          \
    HOST_X87(name, LOAD_A insn, STORE) OURS_X87(name, put80(run->out0, f80_##name(a, env)))

#define SW_C0 0x100
#define SW_C1 0x200
#define SW_C2 0x400
#define SW_C3 0x4000

static void set_quotient(struct x87_run *run, struct fp_quotient q)
{
    run->sw |= (q.low & 4 ? SW_C0 : 0) | (q.low & 2 ? SW_C3 : 0) | (q.low & 1 ? SW_C1 : 0) | (q.partial ? SW_C2 : 0);
}

static void set_relation(struct x87_run *run, enum fp_relation r)
{
    static const uint16_t codes[] = {[FP_LESS] = SW_C0, [FP_EQUAL] = SW_C3, [FP_UNORDERED] = SW_C0 | SW_C2 | SW_C3};
    run->sw |= r == FP_GREATER ? 0 : codes[r];
}

static void set_class(struct x87_run *run, struct float80 a)
{
    enum fp_class c = f80_classify(a);
    run->sw |= (c & 1 ? SW_C0 : 0) | (c & 2 ? SW_C2 : 0) | (c & 4 ? SW_C3 : 0) | (a.sexp >> 15 ? SW_C1 : 0);
}

static void put_bytes(uint8_t *p, uint64_t v, size_t size, const struct fp_env *env)
{
    if (fp_x87_stores(env))
        memcpy(p, &v, size);
}

X87_BINARY(add, "fadd %%st(1), %%st")
X87_BINARY(sub, "fsub %%st(1), %%st")
X87_BINARY(mul, "fmul %%st(1), %%st")
X87_BINARY(div, "fdiv %%st(1), %%st")
X87_BINARY(scale, "fscale")
X87_UNARY(sqrt, "fsqrt")
X87_UNARY(round, "frndint")
HOST_X87(extract, LOAD_A "fxtract", STORE2)
OURS_X87(extract, struct float80 s; put80(run->out1, f80_extract(a, &s, env)); put80(run->out0, s))
HOST_X87(rem, LOAD_B LOAD_A "fprem", STORE)
OURS_X87(rem, struct fp_quotient q; put80(run->out0, f80_rem(a, b, false, &q, env)); set_quotient(run, q))
HOST_X87(rem1, LOAD_B LOAD_A "fprem1", STORE)
OURS_X87(rem1, struct fp_quotient q; put80(run->out0, f80_rem(a, b, true, &q, env)); set_quotient(run, q))
HOST_X87(com, LOAD_B LOAD_A "fcom %%st(1)", "") OURS_X87(com, set_relation(run, f80_compare(a, b, true, env)))
HOST_X87(ucom, LOAD_B LOAD_A "fucom %%st(1)", "") OURS_X87(ucom, set_relation(run, f80_compare(a, b, false, env)))
HOST_X87(xam, LOAD_A "fxam", "") OURS_X87(xam, set_class(run, a))
HOST_X87(ld32, "flds %c[a](%[p])", STORE) OURS_X87(ld32, put80(run->out0, f80_from_f32((uint32_t)a.frac, env)))
HOST_X87(ld64, "fldl %c[a](%[p])", STORE) OURS_X87(ld64, put80(run->out0, f80_from_f64(a.frac, env)))
HOST_X87(ild16, "filds %c[a](%[p])", STORE) OURS_X87(ild16, put80(run->out0, f80_from_i64((int16_t)a.frac)))
HOST_X87(ild32, "fildl %c[a](%[p])", STORE) OURS_X87(ild32, put80(run->out0, f80_from_i64((int32_t)a.frac)))
HOST_X87(ild64, "fildll %c[a](%[p])", STORE) OURS_X87(ild64, put80(run->out0, f80_from_i64((int64_t)a.frac)))
HOST_X87(bld, "fbld %c[a](%[p])", STORE) OURS_X87(bld, put80(run->out0, f80_from_bcd(run->a)))
HOST_X87(add32, LOAD_A "fadds %c[b](%[p])", STORE)
OURS_X87(add32, put80(run->out0, f80_add(a, f80_operand_f32((uint32_t)b.frac, env), env)))
HOST_X87(mul64, LOAD_A "fmull %c[b](%[p])", STORE)
OURS_X87(mul64, put80(run->out0, f80_mul(a, f80_operand_f64(b.frac, env), env)))
HOST_X87(divr64, LOAD_A "fdivrl %c[b](%[p])", STORE)
OURS_X87(divr64, put80(run->out0, f80_div(f80_operand_f64(b.frac, env), a, env)))
HOST_X87(com32, LOAD_A "fcoms %c[b](%[p])", "")
OURS_X87(com32, set_relation(run, f80_compare(a, f80_operand_f32((uint32_t)b.frac, env), true, env)))
#define X87_STORE(name, insn, size, value)                                                                             \
    HOST_X87(name, LOAD_A insn " %c[out0](%[p])", "") OURS_X87(name, put_bytes(run->out0, (uint64_t)(value), size, env))
#define CONSTANT(name, insn, constant)                                                                                 \
    HOST_X87(name, insn, STORE) OURS_X87(name, put80(run->out0, f80_constant(constant, env->round)))
CONSTANT(one, "fld1", FP_CONST_1)
CONSTANT(l2t, "fldl2t", FP_CONST_L2T)
CONSTANT(l2e, "fldl2e", FP_CONST_L2E)
CONSTANT(pi, "fldpi", FP_CONST_PI)
CONSTANT(lg2, "fldlg2", FP_CONST_LG2)
CONSTANT(ln2, "fldln2", FP_CONST_LN2)
CONSTANT(zero, "fldz", FP_CONST_0)
X87_STORE(st32, "fsts", 4, f80_to_f32(a, env))
X87_STORE(st64, "fstl", 8, f80_to_f64(a, env))
X87_STORE(ist16, "fists", 2, f80_to_i16(a, false, env))
X87_STORE(ist32, "fistl", 4, f80_to_i32(a, false, env))
X87_STORE(ist64, "fistpll", 8, f80_to_i64(a, false, env))
X87_STORE(istt16, "fisttps", 2, f80_to_i16(a, true, env))
X87_STORE(istt32, "fisttpl", 4, f80_to_i32(a, true, env))
X87_STORE(istt64, "fisttpll", 8, f80_to_i64(a, true, env))
HOST_X87(bst, LOAD_A "fbstp %c[out0](%[p])", "")
OURS_X87(bst, uint8_t d[10]; f80_to_bcd(a, d, env); if (fp_x87_stores(env)) memcpy(run->out0, d, 10))

// b == -1: one operand. `codes` are the condition codes that the SDM defines beside C1; store: a memory destination.
#define X87(name, a, b, codes, store) {#name, host_##name, ours_##name, a, b, codes, store}
static const struct x87_case {
    const char *name;
    void (*host)(struct x87_run *run);
    void (*ours)(struct x87_run *run, struct fp_env *env);
    int a, b;
    uint16_t codes;
    bool store;
} x87_cases[] = {
    X87(add, F80, F80, 0, false), X87(sub, F80, F80, 0, false), X87(mul, F80, F80, 0, false),
    X87(div, F80, F80, 0, false), X87(sqrt, F80, -1, 0, false), X87(round, F80, -1, 0, false),
    X87(scale, F80, F80, 0, false), X87(extract, F80, -1, 0, false),
    X87(rem, F80, F80, SW_C0 | SW_C2 | SW_C3, false), X87(rem1, F80, F80, SW_C0 | SW_C2 | SW_C3, false),
    X87(com, F80, F80, SW_C0 | SW_C2 | SW_C3, true), X87(ucom, F80, F80, SW_C0 | SW_C2 | SW_C3, true),
    X87(xam, F80, -1, SW_C0 | SW_C2 | SW_C3, true),
    X87(ld32, F32, -1, 0, false), X87(ld64, F64, -1, 0, false), X87(ild16, INTEGER, -1, 0, false),
    X87(ild32, INTEGER, -1, 0, false), X87(ild64, INTEGER, -1, 0, false), X87(bld, DECIMAL, -1, 0, false),
    X87(add32, F80, F32, 0, false), X87(mul64, F80, F64, 0, false), X87(divr64, F80, F64, 0, false),
    X87(com32, F80, F32, SW_C0 | SW_C2 | SW_C3, true),
    X87(st32, F80, -1, 0, true), X87(st64, F80, -1, 0, true), X87(ist16, F80, -1, 0, true),
    X87(ist32, F80, -1, 0, true), X87(ist64, F80, -1, 0, true), X87(istt16, F80, -1, 0, true),
    X87(istt32, F80, -1, 0, true), X87(istt64, F80, -1, 0, true), X87(bst, F80, -1, 0, true),
    X87(one, F80, -1, 0, false), X87(l2t, F80, -1, 0, false), X87(l2e, F80, -1, 0, false), X87(pi, F80, -1, 0, false),
    X87(lg2, F80, -1, 0, false), X87(ln2, F80, -1, 0, false), X87(zero, F80, -1, 0, false),
};
// clang-format on

static bool x87_equal(const struct x87_case *c, struct x87_run *run, unsigned rc, unsigned pc, unsigned masks)
{
    run->cw = (uint16_t)(masks | 0x40 | pc << 8 | rc << 10);
    run->sw = 0;
    memset(run->out0, 0xee, 16);
    memset(run->out1, 0xee, 16);
    struct x87_run ours = *run;
    struct fp_env env = {.round = (uint8_t)rc, .precision = (uint8_t)pc, .masks = (uint8_t)masks};
    c->host(run);
    c->ours(&ours, &env);
    ours.sw |= env.flags | (env.round_up ? SW_C1 : 0);
    uint16_t sw_mask = 0x3f | SW_C1 | c->codes;
    bool writes = c->store || fp_x87_writes(&env);
    bool same = !((run->sw ^ ours.sw) & sw_mask) &&
                (!writes || (!memcmp(run->out0, ours.out0, 16) && !memcmp(run->out1, ours.out1, 16)));
    if (same)
        return true;
    print_error("%s RC %u PC %u masks %02x: host SW %04x, ours %04x\n", c->name, rc, pc, masks, run->sw & sw_mask,
                ours.sw & sw_mask);
    print_bytes("a", run->a);
    print_bytes("b", run->b);
    print_bytes("host", run->out0);
    print_bytes("ours", ours.out0);
    print_bytes("host 1", run->out1);
    print_bytes("ours 1", ours.out1);
    return false;
}

static void test_x87_host(void **unused)
{
    (void)unused;
    struct x87_run run;
    int bad = 0;
    for (size_t n = 0; n < COUNT(x87_cases); n++) {
        const struct x87_case *c = &x87_cases[n];
        uint64_t state = 0x2545f4914f6cdd1du + n;
        bool binary = c->b >= 0;
        enum operand kind_b = binary ? (enum operand)c->b : F80;
        size_t edges = edge_count((enum operand)c->a), others = binary ? edge_count(kind_b) : 12;
        int failed = 0;
        for (size_t i = 0; i < edges; i++)
            for (size_t j = 0; j < others && failed < 5; j++) {
                // Two operands: one mode each, by turns; one operand: every mode.
                unsigned mode = binary ? (unsigned)(next_random(&state) >> 32) % 12 : (unsigned)j;
                make_operand((enum operand)c->a, i, &state, run.a);
                make_operand(kind_b, j, &state, run.b);
                failed += !x87_equal(c, &run, mode & 3, mode / 4 + (mode >= 4), 0x3f);
            }
        for (int i = 0; i < RANDOM_CASES && failed < 5; i++) {
            uint64_t r = next_random(&state) >> 20;
            make_operand((enum operand)c->a, SIZE_MAX, &state, run.a);
            make_operand(kind_b, SIZE_MAX, &state, run.b);
            if (binary && i % 8 == 0) // edges meet everything
                make_operand(kind_b, (r >> 12) % edge_count(kind_b), &state, run.b);
            failed += !x87_equal(c, &run, r & 3, (r >> 2 & 3) == 1 ? 3 : r >> 2 & 3, 0x3f);
            // fnclex takes a pending unmasked exception away before it traps.
            failed += !x87_equal(c, &run, r & 3, (r >> 2 & 3) == 1 ? 3 : r >> 2 & 3, r >> 4 & 0x3f);
        }
        bad += failed;
    }
    assert_int_equal(bad, 0);
}

#else

static void test_sse_host(void **unused)
{
    (void)unused;
    print_message("SKIP: this host is not x86-64 Linux\n");
    skip();
}

static void test_x87_host(void **unused)
{
    (void)unused;
    print_message("SKIP: this host is not x86-64 Linux\n");
    skip();
}

#endif

#if !(defined(__x86_64__) && defined(__linux__))
static void test_sse_unmasked_host(void **unused)
{
    (void)unused;
    print_message("SKIP: this host is not x86-64 Linux\n");
    skip();
}
#endif

// ---- directed values ----

enum operation { ADD, MUL, DIV, SQRT, SCALE, REM, FYL2X, FYL2XP1, FPATAN, F2XM1, FSIN, FCOS, FPTAN };

// clang-format off
#define PLUS_0    {0, 0x0000}
#define MINUS_0   {0, 0x8000}
#define ONE       {1ull << 63, 0x3fff}
#define MINUS_ONE {1ull << 63, 0xbfff}
#define HALF      {1ull << 63, 0x3ffe}
#define TWO       {1ull << 63, 0x4000}
#define INF       {1ull << 63, 0x7fff}
#define MINUS_INF {1ull << 63, 0xffff}
#define INDEFINITE {3ull << 62, 0xffff}
#define DENORMAL  {1, 0x0000}
#define SMALLEST  {1ull << 63, 0x0001}
#define LARGEST   {UINT64_MAX, 0x7ffe}
#define PI        {0xc90fdaa22168c235, 0x4000}
#define MINUS_PI  {0xc90fdaa22168c235, 0xc000}
#define HALF_PI   {0xc90fdaa22168c235, 0x3fff}
#define QUARTER_PI {0xc90fdaa22168c235, 0x3ffe}
#define THREE_QUARTERS_PI {0x96cbe3f9990e91a8, 0x4000}
#define MASKED 0x3f

static const struct directed {
    const char *what;
    enum operation operation;
    struct float80 st0, st1;
    uint8_t masks;
    struct float80 result;
    uint8_t flags;
    bool writes, c2;
} directed[] = {
    // SDM vol. 1, 8.5.4 and 8.5.5: the exponent adjusted by 24576
    {"unmasked overflow", MUL, LARGEST, TWO, MASKED & ~FP_OE, {UINT64_MAX, 0x1fff}, FP_OE, true, false},
    {"unmasked underflow", MUL, SMALLEST, HALF, MASKED & ~FP_UE, {1ull << 63, 0x6000}, FP_UE, true, false},
    {"masked exact underflow", MUL, SMALLEST, HALF, MASKED, {1ull << 62, 0}, 0, true, false},
    {"massive overflow", SCALE, LARGEST, {0xffff000000000000, 0x400e}, MASKED & ~FP_OE, INF, FP_OE | FP_PE, true, false},
    {"massive underflow", SCALE, SMALLEST, {0xffff000000000000, 0xc00e}, MASKED & ~FP_UE, PLUS_0, FP_UE | FP_PE, true, false},
    // 8.5.1 to 8.5.3: nothing is written
    {"unmasked invalid", ADD, INF, MINUS_INF, MASKED & ~FP_IE, INDEFINITE, FP_IE, false, false},
    {"unmasked denormal", ADD, DENORMAL, ONE, MASKED & ~FP_DE, DENORMAL, FP_DE, false, false},
    {"unmasked zero divide", DIV, ONE, PLUS_0, MASKED & ~FP_ZE, INF, FP_ZE, false, false},
    {"masked zero divide", DIV, MINUS_ONE, PLUS_0, MASKED, MINUS_INF, FP_ZE, true, false},
    {"zero by zero", DIV, PLUS_0, PLUS_0, MASKED, INDEFINITE, FP_IE, true, false},
    {"root of a negative", SQRT, MINUS_ONE, ONE, MASKED, INDEFINITE, FP_IE, true, false},
    {"root of minus zero", SQRT, MINUS_0, ONE, MASKED, MINUS_0, 0, true, false},
    {"unnormal", ADD, {1, 0x3fff}, ONE, MASKED, INDEFINITE, FP_IE, true, false},
    {"larger NaN", ADD, {0xc000000000000001, 0x7fff}, {0xc000000000000002, 0x7fff}, MASKED, {0xc000000000000002, 0x7fff}, 0, true, false},
    {"quiet NaN wins", ADD, {0xbfffffffffffffff, 0x7fff}, {0xc000000000000002, 0x7fff}, MASKED, {0xc000000000000002, 0x7fff}, FP_IE, true, false},
    {"remainder by zero", REM, ONE, PLUS_0, MASKED, INDEFINITE, FP_IE, true, false},
    {"partial remainder", REM, {3ull << 62, 0x403f}, ONE, MASKED, PLUS_0, 0, true, true},
    // vol. 2, FYL2X
    {"log of zero", FYL2X, PLUS_0, ONE, MASKED, MINUS_INF, FP_ZE, true, false},
    {"log of zero, y inf", FYL2X, PLUS_0, INF, MASKED, MINUS_INF, 0, true, false},
    {"log of zero, y zero", FYL2X, PLUS_0, PLUS_0, MASKED, INDEFINITE, FP_IE, true, false},
    {"log of a negative", FYL2X, MINUS_ONE, ONE, MASKED, INDEFINITE, FP_IE, true, false},
    {"log of one", FYL2X, ONE, MINUS_ONE, MASKED, MINUS_0, 0, true, false},
    {"log of one, y inf", FYL2X, ONE, INF, MASKED, INDEFINITE, FP_IE, true, false},
    {"log of inf", FYL2X, INF, MINUS_ONE, MASKED, MINUS_INF, 0, true, false},
    {"log of inf, y zero", FYL2X, INF, PLUS_0, MASKED, INDEFINITE, FP_IE, true, false},
    {"log of half, y inf", FYL2X, HALF, INF, MASKED, MINUS_INF, 0, true, false},
    {"log of two", FYL2X, TWO, TWO, MASKED, TWO, FP_PE, true, false},
    {"log1p of zero", FYL2XP1, MINUS_0, ONE, MASKED, MINUS_0, 0, true, false},
    {"log1p of zero, y inf", FYL2XP1, PLUS_0, INF, MASKED, INDEFINITE, FP_IE, true, false},
    // FPATAN: st0 = x, st1 = y
    {"atan -inf, inf", FPATAN, MINUS_INF, INF, MASKED, THREE_QUARTERS_PI, FP_PE, true, false},
    {"atan inf, inf", FPATAN, INF, INF, MASKED, QUARTER_PI, FP_PE, true, false},
    {"atan x, inf", FPATAN, ONE, INF, MASKED, HALF_PI, FP_PE, true, false},
    {"atan -inf, y", FPATAN, MINUS_INF, MINUS_ONE, MASKED, MINUS_PI, FP_PE, true, false},
    {"atan inf, y", FPATAN, INF, MINUS_ONE, MASKED, MINUS_0, 0, true, false},
    {"atan -0, 0", FPATAN, MINUS_0, PLUS_0, MASKED, PI, FP_PE, true, false},
    {"atan 0, -0", FPATAN, PLUS_0, MINUS_0, MASKED, MINUS_0, 0, true, false},
    {"atan 0, y", FPATAN, PLUS_0, ONE, MASKED, HALF_PI, FP_PE, true, false},
    {"atan -1, 0", FPATAN, MINUS_ONE, PLUS_0, MASKED, PI, FP_PE, true, false},
    // F2XM1, FSIN, FCOS, FPTAN
    {"2^1 - 1", F2XM1, ONE, ONE, MASKED, ONE, FP_PE, true, false},
    {"2^-1 - 1", F2XM1, MINUS_ONE, ONE, MASKED, {1ull << 63, 0xbffe}, FP_PE, true, false},
    {"2^-0 - 1", F2XM1, MINUS_0, ONE, MASKED, MINUS_0, 0, true, false},
    {"sin -0", FSIN, MINUS_0, ONE, MASKED, MINUS_0, 0, true, false},
    {"cos -0", FCOS, MINUS_0, ONE, MASKED, ONE, 0, true, false},
    {"tan -0", FPTAN, MINUS_0, ONE, MASKED, MINUS_0, 0, true, false},
    {"sin inf", FSIN, INF, ONE, MASKED, INDEFINITE, FP_IE, true, false},
    {"cos inf", FCOS, MINUS_INF, ONE, MASKED, INDEFINITE, FP_IE, true, false},
    {"tan 2^63", FPTAN, {1ull << 63, 0x403e}, ONE, MASKED, {1ull << 63, 0x403e}, 0, true, true},
    {"sin -2^63", FSIN, {1ull << 63, 0xc03e}, ONE, MASKED, {1ull << 63, 0xc03e}, 0, true, true},
    {"sin of the smallest", FSIN, DENORMAL, ONE, MASKED, DENORMAL, FP_DE | FP_UE | FP_PE, true, false},
    {"sin, unmasked denormal", FSIN, DENORMAL, ONE, MASKED & ~FP_DE, DENORMAL, FP_DE, false, false},
};
// clang-format on

static struct float80 run_directed(const struct directed *d, struct fp_env *env, bool *c2)
{
    struct fp_quotient q = {0};
    struct float80 result;
    *c2 = false;
    switch (d->operation) {
    case ADD:
        return f80_add(d->st0, d->st1, env);
    case MUL:
        return f80_mul(d->st0, d->st1, env);
    case DIV:
        return f80_div(d->st0, d->st1, env);
    case SQRT:
        return f80_sqrt(d->st0, env);
    case SCALE:
        return f80_scale(d->st0, d->st1, env);
    case REM:
        result = f80_rem(d->st0, d->st1, false, &q, env);
        *c2 = q.partial;
        return result;
    case FYL2X:
        return f80_fyl2x(d->st0, d->st1, env);
    case FYL2XP1:
        return f80_fyl2xp1(d->st0, d->st1, env);
    case FPATAN:
        return f80_fpatan(d->st0, d->st1, env);
    case F2XM1:
        return f80_f2xm1(d->st0, env);
    case FSIN:
        return f80_fsin(d->st0, c2, env);
    case FCOS:
        return f80_fcos(d->st0, c2, env);
    default:
        return f80_fptan(d->st0, c2, env);
    }
}

static void test_directed(void **unused)
{
    (void)unused;
    int bad = 0;
    for (size_t i = 0; i < COUNT(directed); i++) {
        const struct directed *d = &directed[i];
        struct fp_env env = {.round = FP_NEAREST, .precision = 3, .masks = d->masks};
        bool c2;
        struct float80 r = run_directed(d, &env, &c2);
        if (r.frac == d->result.frac && r.sexp == d->result.sexp && env.flags == d->flags && c2 == d->c2 &&
            fp_x87_writes(&env) == d->writes)
            continue;
        print_error("%s: %04x:%016llx flags %02x C2 %d\n", d->what, r.sexp, (unsigned long long)r.frac, env.flags, c2);
        bad++;
    }
    assert_int_equal(bad, 0);
}

static void test_stores_and_packed(void **unused)
{
    (void)unused;
    const struct float80 largest = LARGEST, smallest = SMALLEST;
    struct fp_env env = {.masks = MASKED & ~FP_OE, .precision = 3};
    f80_to_f32(largest, &env); // SDM vol. 1, 8.5.6: to memory, an unmasked overflow is all that is reported
    assert_int_equal(env.flags, FP_OE);
    assert_false(fp_x87_stores(&env));
    env = (struct fp_env){.masks = MASKED & ~FP_UE, .precision = 3};
    f80_to_f64(smallest, &env);
    assert_int_equal(env.flags, FP_UE);
    assert_false(fp_x87_stores(&env));
    env = (struct fp_env){.masks = MASKED & ~FP_PE, .precision = 3};
    assert_true(f80_to_f64(smallest, &env) == 0);
    assert_int_equal(env.flags, FP_UE | FP_PE);
    assert_true(fp_x87_stores(&env));
    assert_int_equal(f80_to_i32(largest, false, &env), I32_INDEFINITE);

    // One element divides by zero, the other is inexact: an unmasked ZE leaves ZE alone (11.5.2).
    env = (struct fp_env){.masks = MASKED & ~FP_ZE};
    f32_div(0x3f800000, 0, &env);
    f32_div(0x3f800000, 0x40400000, &env);
    assert_int_equal(env.flags, FP_ZE | FP_PE);
    fp_settle_packed(&env);
    assert_int_equal(env.flags, FP_ZE);
    env.masks = MASKED;
    env.flags = FP_ZE | FP_PE;
    fp_settle_packed(&env);
    assert_int_equal(env.flags, FP_ZE | FP_PE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse_host), cmocka_unit_test(test_sse_unmasked_host), cmocka_unit_test(test_x87_host),
        cmocka_unit_test(test_directed), cmocka_unit_test(test_stores_and_packed),
    };
    return cmocka_run_group_tests_name("softfloat", tests, NULL, NULL);
}
