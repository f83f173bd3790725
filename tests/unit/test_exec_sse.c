// The SSE instructions. On x86-64 hosts every row of the table that works on XMM registers runs on generated operands,
// natively and here. The rest holds on all hosts: unmasked exceptions, alignment, images, and that the host's
// arithmetic and softfloat's agree.
#define _DEFAULT_SOURCE // for MAP_ANONYMOUS
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/exec_table.h"
#include "cpu/sse.h"
#include "cpu/tlb.h"
#include "cpu/x87.h"

#if defined(__x86_64__) && defined(__linux__)
#define NATIVE 1
#include <sys/mman.h>
#include <xmmintrin.h>
#else
#define NATIVE 0
#endif

// ---- a processor and a little memory, without the run loop --------------------------------------------------------

enum { RAM_SIZE = 0x20000, PAGE_AT = 0x10000, OPERAND = 0x100, CODE_AT = 0x5000 };
enum { MXCSR_RESET = 0x1f80 };

struct bench {
    struct cpu *c;
    struct block *block;
    uint8_t *page; // at PAGE_AT: what the instructions work on
    struct clock clock;
    struct map devices;
    struct phys phys;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t ram[RAM_SIZE];
};

static enum exec_result stop(struct cpu *c, const struct insn *i)
{
    (void)c;
    (void)i;
    return EXEC_NEXT;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->c = calloc(1, sizeof *b->c);
    b->block = calloc(1, sizeof *b->block + 2 * sizeof(struct insn));
    assert_non_null(b->c);
    assert_non_null(b->block);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
    b->page = b->ram + PAGE_AT;
    struct cpu *c = b->c;
    c->clock = &b->clock;
    c->phys = &b->phys;
    c->tlb2 = calloc(1, sizeof *c->tlb2);
    assert_non_null(c->tlb2);
    c->tlb = &c->data_tlb[TLB_KERNEL];
    for (unsigned n = 0; n < TLB_CONTEXTS; n++)
        for (unsigned k = 0; k < TLB_ENTRIES; k++)
            c->data_tlb[n].read[k].tag = c->data_tlb[n].write[k].tag = (uint64_t)(k ^ 1) << PAGE_SHIFT;
    c->mode = MODE_64 | MODE_32 | MODE_PE | MODE_LMA | MODE_CPL0;
    c->s.cr0 = CR0_PE | CR0_NE;
    c->s.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    c->s.reg[REG_PAGE_RIP] = CODE_AT;
    c->s.mxcsr = MXCSR_RESET;
    for (unsigned n = 0; n < 16; n++)
        c->s.vec[4 * n + 2] = c->s.vec[4 * n + 3] = 0x1111111111111111u * n;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    free(b->block);
    free(b->c->tlb2);
    free(b->c);
    free(b);
    return 0;
}

// The row of that name in that form. Names are unique but for moves' two directions, where the first counts.
static const struct insn_row *find_row(const char *name)
{
    for (unsigned k = 0; k < insn_row_count; k++)
        if (!strcmp(insn_rows[k].name, name) && insn_rows[k].attr & (A_SSE | A_FPU))
            return &insn_rows[k];
    fail_msg("no row %s", name);
    return NULL;
}

enum { RM_REG = 1, AT_OPERAND = -1 };

// Runs one instruction: register 0 (XMM0, RAX) and register 1, or, with at >= 0, memory at that page offset.
static enum exec_result run_row(struct bench *b, const struct insn_row *row, int at, unsigned opsize, unsigned imm)
{
    struct insn *i = b->block->insn;
    bool mem = at >= 0;
    memset(i, 0, 2 * sizeof *i);
    i->fn = row->fn[(mem ? 3 : 0) + (opsize == 2 ? 0 : opsize == 4 ? 1 : 2)];
    i->row = (uint16_t)(row - insn_rows);
    i->disp = (int32_t)PAGE_AT + at;
    i->base = i->idx = REG_ZERO;
    i->seg = SEG_DS;
    i->ea = EA_FLAT;
    i->ip = 0x42;
    i->len = 4;
    i->opsize = (uint8_t)opsize;
    i->flags = (uint8_t)(INSN_ASIZE64 | (mem ? INSN_MEM : 0));
    i->rm = RM_REG;
    i->imm = imm;
    i[1].fn = stop;
    return i->fn(b->c, i);
}

static enum exec_result run(struct bench *b, const char *name, int at)
{
    return run_row(b, find_row(name), at, 4, 0);
}

static void set_xmm(struct bench *b, unsigned n, uint64_t lo, uint64_t hi)
{
    xmm_set(b->c, n, v128_make(lo, hi));
}

static void assert_xmm(struct bench *b, unsigned n, uint64_t lo, uint64_t hi)
{
    assert_int_equal(xmm(b->c, n)[0], lo);
    assert_int_equal(xmm(b->c, n)[1], hi);
}

static void assert_fault(struct bench *b, enum exec_result r, unsigned vector)
{
    assert_int_equal(r, EXEC_FAULT);
    assert_int_equal(b->c->exc.vector, vector);
    assert_int_equal(b->c->s.rip, CODE_AT + 0x42 - 4);
}

// ---- operands -----------------------------------------------------------------------------------------------------

static uint64_t rng_next(uint64_t *s) // splitmix64
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t *s, uint64_t n)
{
    return rng_next(s) % n;
}

static uint32_t random_f32(uint64_t *s)
{
    static const uint8_t exps[] = {0, 1, 2, 103, 126, 127, 128, 149, 150, 157, 158, 189, 190, 253, 254, 255};
    uint32_t r = (uint32_t)rng_next(s), frac = r & 0x7fffff;
    static const uint32_t fracs[] = {0, 1, 0x7fffff, 0x400000, 0x3fffff, 0x7ffffe};
    if (below(s, 3) == 0)
        frac = fracs[below(s, ARRAY_LEN(fracs))];
    uint32_t exp = below(s, 2) ? exps[below(s, sizeof exps)] : 120 + (uint32_t)below(s, 16);
    return (r & 0x80000000u) | exp << 23 | frac;
}

static uint64_t random_f64(uint64_t *s)
{
    static const uint16_t exps[] = {0,    1,    2,    897,  896,  874,  1022, 1023, 1024, 1053,
                                    1054, 1074, 1085, 1086, 1149, 1150, 1151, 2045, 2046, 2047};
    uint64_t r = rng_next(s), frac = r & 0xfffffffffffff;
    static const uint64_t fracs[] = {0,         1, 0xfffffffffffff, 0x8000000000000, 0x7ffffffffffff, 0xfffffe0000000,
                                     0x10000000};
    if (below(s, 3) == 0)
        frac = fracs[below(s, ARRAY_LEN(fracs))];
    uint64_t exp = below(s, 2) ? exps[below(s, ARRAY_LEN(exps))] : 1016 + below(s, 16);
    return (r & 1ull << 63) | exp << 52 | frac;
}

static uint64_t random_quad(uint64_t *s)
{
    switch (below(s, 6)) {
    case 0:
    case 1:
        return random_f32(s) | (uint64_t)random_f32(s) << 32;
    case 2:
    case 3:
        return random_f64(s);
    case 4: // bytes and words around their limits
        return rng_next(s) & 0x8181018180017fffu;
    default:
        return rng_next(s) >> below(s, 64);
    }
}

// Bits beyond the exceptions: rounding, DAZ, FTZ and flags that are set already.
static uint32_t random_mxcsr(uint64_t *s)
{
    uint32_t m = MXCSR_RESET | (uint32_t)below(s, 4) << MXCSR_RC_SHIFT;
    if (below(s, 4) == 0)
        m |= MXCSR_DAZ;
    if (below(s, 4) == 0)
        m |= MXCSR_FTZ;
    return below(s, 2) ? m | (uint32_t)below(s, 64) : m | FP_PE;
}

// Rows that generated operands fit: XMM instructions but for control, and those that MMX registers take part in.
static bool is_vector_row(const struct insn_row *row)
{
    if (!(row->attr & A_SSE) || !strcmp(row->name, "LDMXCSR") || !strcmp(row->name, "MASKMOVDQU"))
        return false;
    for (unsigned k = 0; k < 3; k++)
        if (row->op[k] == Pq || row->op[k] == Qq || row->op[k] == Qd || row->op[k] == Nq)
            return false;
    return true;
}

static bool has_form(const struct insn_row *row, bool mem)
{
    return row->ext == NX || !(row->ext & (mem ? EXT_REG | EXT_ANYREG : EXT_MEM | EXT_ANYMEM));
}

// ---- against the host ---------------------------------------------------------------------------------------------

struct operands {
    uint64_t x[2][2];
    uint64_t rax, rcx, flags;
    uint32_t mxcsr, unused;
    uint64_t rdx;
    uint8_t mem[64];
};

static void random_operands(uint64_t *s, struct operands *o)
{
    memset(o, 0, sizeof *o);
    for (unsigned k = 0; k < 4; k++)
        o->x[k >> 1][k & 1] = random_quad(s);
    if (below(s, 8) == 0)
        memcpy(o->x[1], o->x[0], sizeof o->x[1]);
    o->rax = below(s, 4) ? random_quad(s) : below(s, 20) - 2;
    o->rdx = below(s, 4) ? random_quad(s) : below(s, 20) - 2;
    o->rcx = random_quad(s);
    o->flags = 0x202 | (rng_next(s) & F_ARITH);
    o->mxcsr = random_mxcsr(s);
    for (unsigned k = 0; k < sizeof o->mem; k += 8)
        store_u64(o->mem + k, random_quad(s));
}

static enum exec_result run_here(struct bench *b, const struct insn_row *row, bool mem, unsigned opsize, unsigned imm,
                                 struct operands *o)
{
    struct cpu *c = b->c;
    set_xmm(b, 0, o->x[0][0], o->x[0][1]);
    set_xmm(b, 1, o->x[1][0], o->x[1][1]);
    c->s.reg[RAX] = o->rax;
    c->s.reg[RCX] = o->rcx;
    c->s.reg[RDX] = o->rdx;
    c->s.mxcsr = o->mxcsr;
    flags_import(c, o->flags);
    memcpy(b->page + OPERAND, o->mem, sizeof o->mem);
    // Shifts by an immediate have their register in rm; so do stores: register 1.
    enum exec_result r = run_row(b, row, mem ? OPERAND : AT_OPERAND, opsize, imm);
    for (unsigned k = 0; k < 4; k++)
        o->x[k >> 1][k & 1] = xmm(c, k >> 1)[k & 1];
    o->rax = c->s.reg[RAX];
    o->rcx = c->s.reg[RCX];
    o->rdx = c->s.reg[RDX];
    o->mxcsr = c->s.mxcsr;
    o->flags = (o->flags & ~(uint64_t)F_ARITH) | flags_arith(c);
    memcpy(o->mem, b->page + OPERAND, sizeof o->mem);
    return r;
}

#if NATIVE

typedef void native_fn(void *mem, struct operands *o);

_Static_assert(offsetof(struct operands, rax) == 32 && offsetof(struct operands, flags) == 48 &&
                   offsetof(struct operands, mxcsr) == 56 && offsetof(struct operands, rdx) == 64,
               "see emit()");

// The instruction with [rdi] or register 1, between loading and storing what `operands` (rsi) has.
static void emit(uint8_t *code, const struct insn_row *row, bool mem, unsigned opsize, unsigned imm)
{
    static const uint8_t before[] = {
        0xf3, 0x0f, 0x6f, 0x06,       // movdqu xmm0, [rsi]
        0xf3, 0x0f, 0x6f, 0x4e, 0x10, // movdqu xmm1, [rsi + 16]
        0x48, 0x8b, 0x46, 0x20,       // mov rax, [rsi + 32]
        0x48, 0x8b, 0x4e, 0x28,       // mov rcx, [rsi + 40]
        0x48, 0x8b, 0x56, 0x40,       // mov rdx, [rsi + 64]
        0x0f, 0xae, 0x56, 0x38,       // ldmxcsr [rsi + 56]
        0xff, 0x76, 0x30, 0x9d,       // push [rsi + 48]; popfq
    };
    static const uint8_t after[] = {
        0x9c, 0x41, 0x58,             // pushfq; pop r8
        0x0f, 0xae, 0x5e, 0x38,       // stmxcsr [rsi + 56]
        0x4c, 0x89, 0x46, 0x30,       // mov [rsi + 48], r8
        0x48, 0x89, 0x46, 0x20,       // mov [rsi + 32], rax
        0x48, 0x89, 0x4e, 0x28,       // mov [rsi + 40], rcx
        0x48, 0x89, 0x56, 0x40,       // mov [rsi + 64], rdx
        0xf3, 0x0f, 0x7f, 0x06,       // movdqu [rsi], xmm0
        0xf3, 0x0f, 0x7f, 0x4e, 0x10, // movdqu [rsi + 16], xmm1
        0xc3,
    };
    static const uint8_t prefix[] = {[P_66] = 0x66, [P_F3] = 0xf3, [P_F2] = 0xf2};
    memcpy(code, before, sizeof before);
    code += sizeof before;
    if (row->prefix >= P_66)
        *code++ = prefix[row->prefix];
    if (opsize == 8)
        *code++ = 0x48;
    *code++ = 0x0f;
    if (row->map != MAP_0F)
        *code++ = row->map == MAP_0F38 ? 0x38 : 0x3a;
    *code++ = row->opcode;
    unsigned reg = row->ext != NX && !(row->ext & (EXT_ANYREG | EXT_ANYMEM)) ? row->ext & 7u : 0;
    *code++ = (uint8_t)(reg << 3 | (mem ? 7 : 0xc0 | RM_REG));
    if (row->op[1] == Ib || row->op[2] == Ib)
        *code++ = (uint8_t)imm;
    memcpy(code, after, sizeof after);
}

static bool host_has(unsigned feature)
{
    __builtin_cpu_init();
    switch (feature) {
    case FEAT_SSE3:
        return __builtin_cpu_supports("sse3");
    case FEAT_SSSE3:
        return __builtin_cpu_supports("ssse3");
    case FEAT_SSE41:
        return __builtin_cpu_supports("sse4.1");
    case FEAT_SSE42:
        return __builtin_cpu_supports("sse4.2");
    default:
        return true;
    }
}

// RCPxS and RSQRTxS are approximations; each processor has its own.
static bool is_approximate(const struct insn_row *row)
{
    return !strncmp(row->name, "RCP", 3) || !strncmp(row->name, "RSQRT", 5);
}

static bool same(const struct insn_row *row, const struct operands *a, const struct operands *b)
{
    uint64_t flags = (a->flags ^ b->flags) & row->flags_written & ~(unsigned)row->flags_undefined;
    return !memcmp(a->x, b->x, sizeof a->x) && a->rax == b->rax && a->rcx == b->rcx && a->rdx == b->rdx &&
           a->mxcsr == b->mxcsr && !memcmp(a->mem, b->mem, sizeof a->mem) && !flags;
}

static void show(const char *name, const struct operands *o)
{
    print_error("  %-6s %016llx_%016llx %016llx_%016llx rax %llx rcx %llx mxcsr %04x flags %llx mem %016llx_%016llx\n",
                name, (unsigned long long)o->x[0][1], (unsigned long long)o->x[0][0], (unsigned long long)o->x[1][1],
                (unsigned long long)o->x[1][0], (unsigned long long)o->rax, (unsigned long long)o->rcx, o->mxcsr,
                (unsigned long long)o->flags, (unsigned long long)load_u64(o->mem + 8),
                (unsigned long long)load_u64(o->mem));
}

#ifndef ROUNDS
#define ROUNDS 400 // operands for each row, form and size
#endif

static unsigned compare_form(struct bench *b, uint8_t *code, const struct insn_row *row, bool mem, unsigned opsize,
                             uint64_t *seed)
{
    _Alignas(16) uint8_t buffer[64];
    unsigned wrong = 0;
    native_fn *native;
    memcpy(&native, &code, sizeof native);
    for (unsigned k = 0; k < ROUNDS; k++) {
        struct operands in, here, host;
        random_operands(seed, &in);
        unsigned imm = (unsigned)(below(seed, 3) ? below(seed, 256) : below(seed, 20));
        here = host = in;
        emit(code, row, mem, opsize, imm);
        memcpy(buffer, in.mem, sizeof buffer);
        native(buffer, &host);
        _mm_setcsr(MXCSR_RESET);
        memcpy(host.mem, buffer, sizeof buffer);
        assert_int_equal(run_here(b, row, mem, opsize, imm, &here), EXEC_NEXT);
        if (same(row, &here, &host))
            continue;
        if (wrong++ < 2) {
            print_error("%s (%02x, %s, size %u, imm %02x)\n", row->name, row->opcode, mem ? "memory" : "register",
                        opsize, imm);
            show("before", &in);
            show("host", &host);
            show("here", &here);
        }
    }
    return wrong;
}

#endif

static void test_against_host(void **state)
{
#if NATIVE
    struct bench *b = *state;
    uint64_t seed = 1;
    unsigned wrong = 0, forms = 0;
    uint8_t *code = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        skip(); // a host that never lets memory be written and executed
    for (unsigned k = 0; k < insn_row_count; k++) {
        const struct insn_row *row = &insn_rows[k];
        if (!is_vector_row(row) || is_approximate(row) || !host_has(row->feature))
            continue;
        bool wide = false;
        for (unsigned o = 0; o < 3; o++)
            wide |= row->op[o] == Ey || row->op[o] == Gy;
        for (unsigned form = 0; form < 4; form++) {
            bool mem = form & 1;
            if (!has_form(row, mem) || (form & 2 && !wide))
                continue;
            wrong += compare_form(b, code, row, mem, form & 2 ? 8 : 4, &seed);
            forms++;
        }
    }
    munmap(code, PAGE_SIZE);
    assert_true(forms > 300);
    assert_int_equal(wrong, 0);
#else
    (void)state;
    print_message("SKIP: this host is not x86-64 Linux\n");
    skip();
#endif
}

// ---- on every host ------------------------------------------------------------------------------------------------

static void test_upper_halves(void **state)
{
    struct bench *b = *state;
    uint64_t seed = 2;
    for (unsigned k = 0; k < insn_row_count; k++) {
        const struct insn_row *row = &insn_rows[k];
        for (unsigned mem = 0; is_vector_row(row) && mem < 2; mem++) {
            struct operands o;
            random_operands(&seed, &o);
            if (has_form(row, mem))
                assert_int_equal(run_here(b, row, mem, 4, (unsigned)below(&seed, 256), &o), EXEC_NEXT);
        }
    }
    for (unsigned n = 0; n < 16; n++) {
        assert_int_equal(b->c->s.vec[4 * n + 2], 0x1111111111111111u * n);
        assert_int_equal(b->c->s.vec[4 * n + 3], 0x1111111111111111u * n);
    }
}

// What the host computes when PE is set already is what softfloat computes when it is not.
static void test_host_arithmetic(void **state)
{
    static const char *const names[] = {"ADDSD", "SUBSD", "MULSD", "DIVSD", "ADDSS",    "SUBSS",
                                        "MULSS", "DIVSS", "ADDPD", "SUBPD", "MULPD",    "DIVPD",
                                        "ADDPS", "SUBPS", "MULPS", "DIVPS", "CVTSD2SS", "CVTTSD2SI"};
    struct bench *b = *state;
    uint64_t seed = 3;
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        const struct insn_row *row = find_row(names[n]);
        bool single = strstr(names[n], "SS") && strcmp(names[n], "CVTSD2SS");
        single |= strstr(names[n], "PS") != NULL;
        for (unsigned k = 0; k < 4000; k++) {
            struct operands soft, host;
            random_operands(&seed, &soft);
            for (unsigned q = 0; q < 4; q++)
                soft.x[q >> 1][q & 1] =
                    single ? random_f32(&seed) | (uint64_t)random_f32(&seed) << 32 : random_f64(&seed);
            soft.mxcsr = MXCSR_RESET | (uint32_t)below(&seed, 2) << 15 | (uint32_t)below(&seed, 2) << 6;
            host = soft;
            host.mxcsr |= FP_PE;
            assert_int_equal(run_here(b, row, false, 8, 0, &soft), EXEC_NEXT);
            assert_int_equal(run_here(b, row, false, 8, 0, &host), EXEC_NEXT);
            assert_memory_equal(soft.x, host.x, sizeof soft.x);
            assert_int_equal(soft.rax, host.rax);
            assert_int_equal(soft.mxcsr | FP_PE, host.mxcsr);
        }
    }
}

#define ONE   0x3ff0000000000000u
#define ONE_S 0x3f800000u

static void test_unmasked_scalar(void **state)
{
    struct bench *b = *state;
    b->c->s.mxcsr = MXCSR_RESET & ~(FP_ZE << MXCSR_MASK_SHIFT);
    set_xmm(b, 0, ONE, 7);
    set_xmm(b, 1, 0, 0);
    assert_fault(b, run(b, "DIVSD", AT_OPERAND), EXC_XM);
    assert_xmm(b, 0, ONE, 7);
    assert_int_equal(b->c->s.mxcsr, (MXCSR_RESET & ~(FP_ZE << MXCSR_MASK_SHIFT)) | FP_ZE);
    b->c->s.cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
    assert_fault(b, run(b, "DIVSD", AT_OPERAND), EXC_UD);
    // A conversion leaves its general register alone, a comparison the flags.
    b->c->s.mxcsr = MXCSR_RESET & ~(FP_IE << MXCSR_MASK_SHIFT);
    b->c->s.reg[RAX] = 5;
    set_xmm(b, 1, F64_DEFAULT_NAN, 0);
    assert_fault(b, run(b, "CVTSD2SI", AT_OPERAND), EXC_UD);
    assert_int_equal(b->c->s.reg[RAX], 5);
    flags_import(b->c, F_OF | F_ZF);
    assert_fault(b, run(b, "COMISD", AT_OPERAND), EXC_UD);
    assert_int_equal(flags_arith(b->c), F_OF | F_ZF);
    assert_int_equal(run(b, "UCOMISD", AT_OPERAND), EXEC_NEXT);
    assert_int_equal(flags_arith(b->c), F_ZF | F_PF | F_CF);
}

// Flags of all lanes are collected; an unmasked pre-computation exception in one suppresses the others' inexactness.
static void test_unmasked_packed(void **state)
{
    struct bench *b = *state;
    const uint64_t thirds = 0x40400000, third = (uint64_t)ONE_S << 32 | ONE_S;
    set_xmm(b, 0, third, third);
    set_xmm(b, 1, thirds << 32 | thirds, thirds); // the last lane divides by zero
    b->c->s.mxcsr = MXCSR_RESET & ~(FP_ZE << MXCSR_MASK_SHIFT);
    assert_fault(b, run(b, "DIVPS", AT_OPERAND), EXC_XM);
    assert_int_equal(b->c->s.mxcsr & 0x3f, FP_ZE);
    assert_xmm(b, 0, third, third);
    b->c->s.mxcsr = MXCSR_RESET;
    assert_int_equal(run(b, "DIVPS", AT_OPERAND), EXEC_NEXT);
    assert_int_equal(b->c->s.mxcsr & 0x3f, FP_ZE | FP_PE);
    assert_xmm(b, 0, 0x3eaaaaab3eaaaaabu, 0x7f8000003eaaaaabu);
    // Inexactness in the first lane, overflow in the second, both unmasked: both are reported.
    b->c->s.mxcsr = 0;
    set_xmm(b, 0, ONE, 0x7fefffffffffffffu);
    set_xmm(b, 1, 0x3fb999999999999au, 0x7fefffffffffffffu);
    assert_fault(b, run(b, "ADDPD", AT_OPERAND), EXC_XM);
    assert_int_equal(b->c->s.mxcsr, FP_OE | FP_PE);
    assert_xmm(b, 0, ONE, 0x7fefffffffffffffu);
}

static void test_alignment(void **state)
{
    static const char *const aligned[] = {"MOVAPS", "MOVDQA", "ADDPS", "PXOR", "SQRTPD", "PSHUFD", "CVTPD2PS", "CMPPS"};
    static const char *const unaligned[] = {"MOVUPS", "MOVDQU", "ADDSD", "CVTPS2PD", "CVTDQ2PD", "MOVQ", "MOVHPS"};
    struct bench *b = *state;
    set_xmm(b, 0, 1, 2);
    for (unsigned k = 0; k < ARRAY_LEN(aligned); k++) {
        assert_fault(b, run(b, aligned[k], OPERAND + 8), EXC_GP);
        assert_xmm(b, 0, 1, 2);
    }
    for (unsigned k = 0; k < ARRAY_LEN(unaligned); k++)
        assert_int_equal(run(b, unaligned[k], OPERAND + 1), EXEC_NEXT);
    // Stores.
    const struct insn_row *nt = find_row("MOVNTDQ");
    assert_fault(b, run_row(b, nt, OPERAND + 4, 4, 0), EXC_GP);
    assert_int_equal(run_row(b, nt, OPERAND, 4, 0), EXEC_NEXT);
    assert_int_equal(load_u64(b->page + OPERAND), xmm(b->c, 0)[0]);
}

static void test_scalar_moves(void **state)
{
    struct bench *b = *state;
    store_u64(b->page + OPERAND, 0x1122334455667788u);
    set_xmm(b, 0, 0xaaaaaaaaaaaaaaaau, 0xbbbbbbbbbbbbbbbbu);
    set_xmm(b, 1, 0xccccccccccccccccu, 0xddddddddddddddddu);
    assert_int_equal(run(b, "MOVSS", AT_OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0xaaaaaaaaccccccccu, 0xbbbbbbbbbbbbbbbbu);
    assert_int_equal(run(b, "MOVSD", AT_OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0xccccccccccccccccu, 0xbbbbbbbbbbbbbbbbu);
    assert_int_equal(run(b, "MOVSS", OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0x55667788u, 0);
    b->c->s.vec[1] = 3;
    assert_int_equal(run(b, "MOVLPS", OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0x1122334455667788u, 3);
}

// |r * x - 1| and |r * r * x - 1| for a sample of all normal numbers, and what is no number.
static void test_reciprocals(void **state)
{
    struct bench *b = *state;
    for (uint32_t a = 0x00800000; a < 0x7f800000; a += 4057) {
        float x, r, q;
        memcpy(&x, &a, sizeof x);
        set_xmm(b, 1, a, 0);
        set_xmm(b, 0, 0, 0);
        assert_int_equal(run(b, "RSQRTSS", AT_OPERAND), EXEC_NEXT);
        memcpy(&q, xmm(b->c, 0), sizeof q);
        double error = (double)q * q * x - 1; // about twice the relative error
        assert_true(error <= 3.0 / 4096 && error >= -3.0 / 4096);
        if (a >= 0x7e800000)
            continue; // the reciprocal is tiny
        assert_int_equal(run(b, "RCPSS", AT_OPERAND), EXEC_NEXT);
        memcpy(&r, xmm(b->c, 0), sizeof r);
        error = (double)r * x - 1;
        assert_true(error <= 1.5 / 4096 && error >= -1.5 / 4096);
    }
    set_xmm(b, 1, 0x8000000000000001u, 0xff8000007f800001u); // denormal, -0, signalling NaN, -infinity
    assert_int_equal(run(b, "RCPPS", AT_OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0xff8000007f800000u, 0x800000007fc00001u);
    assert_int_equal(run(b, "RSQRTPS", AT_OPERAND), EXEC_NEXT);
    assert_xmm(b, 0, 0xff8000007f800000u, 0xffc000007fc00001u);
    assert_int_equal(b->c->s.mxcsr, MXCSR_RESET);
}

static void test_mxcsr(void **state)
{
    struct bench *b = *state;
    store_u32(b->page + OPERAND, 0x10000);
    assert_fault(b, run(b, "LDMXCSR", OPERAND), EXC_GP);
    assert_int_equal(b->c->s.mxcsr, MXCSR_RESET);
    store_u32(b->page + OPERAND, 0xffff);
    assert_int_equal(run(b, "LDMXCSR", OPERAND), EXEC_NEXT);
    assert_int_equal(b->c->s.mxcsr, 0xffff);
    assert_int_equal(run(b, "STMXCSR", OPERAND + 8), EXEC_NEXT);
    assert_int_equal(load_u32(b->page + OPERAND + 8), 0xffff);
}

static void fill_state(struct bench *b)
{
    struct cpu *c = b->c;
    c->s.fcw = 0x27f;
    c->s.fsw = 5 << FSW_TOP_SHIFT | FSW_C0 | FP_PE;
    c->s.ftw = 0xe0; // R5, R6, R7: ST(0) to ST(2)
    c->s.fop = 0x123;
    c->s.fip = 0x123456789abcu;
    c->s.fdp = 0xdef012345678u;
    c->s.mxcsr = 0x1fa0;
    for (unsigned r = 0; r < 8; r++) {
        c->s.st_frac[r] = 0x8000000000000000u + r;
        c->s.st_sexp[r] = (uint16_t)(0x4000 + r);
    }
    for (unsigned n = 0; n < 16; n++)
        set_xmm(b, n, 0x100 + n, 0x200 + n);
}

static void test_fxsave(void **state)
{
    struct bench *b = *state;
    const uint8_t *p = b->page + OPERAND;
    fill_state(b);
    memset(b->page, 0xee, PAGE_SIZE);
    assert_int_equal(run_row(b, find_row("FXSAVE"), OPERAND, 8, 0), EXEC_NEXT);
    assert_int_equal(load_u16(p), 0x27f);
    assert_int_equal(load_u16(p + 2), b->c->s.fsw);
    assert_int_equal(load_u16(p + 4), 0xe0);
    assert_int_equal(load_u16(p + 6), 0x123);
    assert_int_equal(load_u64(p + 8), 0x123456789abcu);
    assert_int_equal(load_u64(p + 16), 0xdef012345678u);
    assert_int_equal(load_u32(p + 24), 0x1fa0);
    assert_int_equal(load_u32(p + 28), 0xffff);
    assert_int_equal(load_u64(p + 32), 0x8000000000000005u); // ST(0) is R5
    assert_int_equal(load_u64(p + 40), 0x4005);
    assert_int_equal(load_u64(p + 80), 0x8000000000000000u); // ST(3) is R0
    assert_int_equal(load_u64(p + 160 + 15 * 16 + 8), 0x20f);
    assert_int_equal(p[416], 0xee);
    // Without REX.W offsets have 32 bits; outside 64-bit mode there are eight registers.
    memset(b->page, 0xee, PAGE_SIZE);
    b->c->mode &= ~(unsigned)MODE_64;
    assert_int_equal(run(b, "FXSAVE", OPERAND), EXEC_NEXT);
    assert_int_equal(load_u64(p + 8), 0x56789abcu);
    assert_int_equal(load_u64(p + 16), 0x12345678u);
    assert_int_equal(load_u64(p + 160 + 7 * 16), 0x107);
    assert_int_equal(p[288], 0xee);
    assert_fault(b, run(b, "FXSAVE", OPERAND + 8), EXC_GP);
}

static void test_fxrstor(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    fill_state(b);
    assert_int_equal(run_row(b, find_row("FXSAVE"), OPERAND, 8, 0), EXEC_NEXT);
    struct cpu_state saved = c->s;
    c->s.fcw = c->s.fsw = 0;
    c->s.ftw = 0xff;
    c->s.fop = 0;
    c->s.fip = c->s.fdp = 0;
    c->s.mxcsr = 0;
    memset(c->s.st_frac, 0, sizeof c->s.st_frac);
    memset(c->s.st_sexp, 0, sizeof c->s.st_sexp);
    for (unsigned n = 0; n < 16; n++)
        set_xmm(b, n, 0, 0);
    struct cpu_state zeroed = c->s;
    store_u32(b->page + OPERAND + 24, 0x80001f80);
    assert_fault(b, run_row(b, find_row("FXRSTOR"), OPERAND, 8, 0), EXC_GP);
    zeroed.rip = c->s.rip;
    assert_memory_equal(&c->s, &zeroed, sizeof zeroed);
    store_u32(b->page + OPERAND + 24, 0x1fa0);
    assert_int_equal(run_row(b, find_row("FXRSTOR"), OPERAND, 8, 0), EXEC_NEXT);
    saved.rip = c->s.rip;
    assert_memory_equal(&c->s, &saved, sizeof saved);
    assert_fault(b, run(b, "FXRSTOR", OPERAND + 4), EXC_GP);
    // An unmasked exception in the image is pending: ES and B follow, whatever the image says.
    store_u16(b->page + OPERAND, 0x37f & ~FP_ZE);
    store_u16(b->page + OPERAND + 2, FP_ZE);
    assert_int_equal(run(b, "FXRSTOR", OPERAND), EXEC_NEXT);
    assert_int_equal(c->s.fsw, FP_ZE | FSW_ES | FSW_B);
}

static void test_maskmovdqu(void **state)
{
    struct bench *b = *state;
    memset(b->page, 0xee, PAGE_SIZE);
    set_xmm(b, 0, 0x0706050403020100u, 0x0f0e0d0c0b0a0908u);
    set_xmm(b, 1, 0x80000000007f8000u, 0x00000000000000ffu);
    b->c->s.reg[RDI] = PAGE_AT + OPERAND + 3;
    assert_int_equal(run(b, "MASKMOVDQU", AT_OPERAND), EXEC_NEXT);
    for (unsigned n = 0; n < 32; n++) {
        bool stored = n == 3 + 1 || n == 3 + 7 || n == 3 + 8;
        assert_int_equal(b->page[OPERAND + n], stored ? n - 3 : 0xee);
    }
    // Outside memory the store has to be done alone, unless nothing is selected.
    b->c->s.reg[RDI] = RAM_SIZE;
    assert_int_equal(run(b, "MASKMOVDQU", AT_OPERAND), EXEC_STEP);
    set_xmm(b, 1, 0x7f, 0);
    assert_int_equal(run(b, "MASKMOVDQU", AT_OPERAND), EXEC_NEXT);
}

// The transition to MMX: TOP, tags, sign and exponent; and a pending x87 exception comes first.
static void test_mmx(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    const struct insn_row *paddb = NULL, *movd = NULL, *emms = NULL, *pi2ps = find_row("CVTPI2PS");
    for (unsigned k = 0; k < insn_row_count; k++) {
        if (!(insn_rows[k].attr & A_MMX))
            continue;
        if (!strcmp(insn_rows[k].name, "PADDB"))
            paddb = &insn_rows[k];
        else if (!strcmp(insn_rows[k].name, "MOVD"))
            movd = &insn_rows[k];
        else if (!strcmp(insn_rows[k].name, "EMMS"))
            emms = &insn_rows[k];
    }
    assert_true(paddb && movd && emms);
    fill_state(b);
    c->s.st_frac[0] = 0xff01ff02ff03ff04u;
    c->s.st_frac[1] = 0x0101010101010101u;
    unsigned fsw = c->s.fsw;
    assert_int_equal(run_row(b, paddb, AT_OPERAND, 4, 0), EXEC_NEXT);
    assert_int_equal(c->s.st_frac[0], 0x0002000300040005u);
    assert_int_equal(c->s.st_sexp[0], 0xffff);
    assert_int_equal(c->s.st_sexp[1], 0x4001);
    assert_int_equal(c->s.fsw, fsw & ~(unsigned)FSW_TOP);
    assert_int_equal(c->s.ftw, 0xff);
    // To a general register: the register is not written, but the tags are.
    c->s.ftw = 0;
    assert_int_equal(run_row(b, movd, AT_OPERAND, 8, 0), EXEC_NEXT);
    assert_int_equal(c->s.reg[RCX], 0x0002000300040005u);
    assert_int_equal(c->s.ftw, 0xff);
    assert_int_equal(run_row(b, emms, AT_OPERAND, 4, 0), EXEC_NEXT);
    assert_int_equal(c->s.ftw, 0);
    c->s.st_frac[1] = 0xffffffff00000003u;
    assert_int_equal(run_row(b, pi2ps, AT_OPERAND, 4, 0), EXEC_NEXT);
    assert_xmm(b, 0, 0xbf80000040400000u, 0x200);
    c->s.fsw = FSW_ES | FSW_B | FP_IE;
    c->s.fcw &= (uint16_t)~FP_IE;
    c->s.ftw = 0;
    assert_fault(b, run_row(b, paddb, AT_OPERAND, 4, 0), EXC_MF);
    assert_int_equal(c->s.ftw, 0);
    assert_int_equal(c->s.st_frac[0], 0x0002000300040005u);
}

static void set_text(struct bench *b, unsigned n, const char *text)
{
    uint8_t v[16] = {0};
    memcpy(v, text, strlen(text) < 16 ? strlen(text) : 16);
    set_xmm(b, n, load_u64(v), load_u64(v + 8));
}

// PCMPISTRI's and PCMPESTRM's usual jobs.
static void test_strings(void **state)
{
    struct bench *b = *state;
    const struct insn_row *index = find_row("PCMPISTRI"), *mask = find_row("PCMPESTRM");
    set_text(b, 1, "find the needle.");
    set_text(b, 0, "needle"); // equal ordered: where is the substring?
    assert_int_equal(run_row(b, index, AT_OPERAND, 4, 0x0c), EXEC_NEXT);
    assert_int_equal(b->c->s.reg[RCX], 9);
    assert_int_equal(flags_arith(b->c), F_CF | F_SF);
    set_text(b, 0, "az"); // ranges, negated: the first that is no small letter
    assert_int_equal(run_row(b, index, AT_OPERAND, 4, 0x14), EXEC_NEXT);
    assert_int_equal(b->c->s.reg[RCX], 4);
    set_text(b, 0, "xyz!"); // equal any: none
    assert_int_equal(run_row(b, index, AT_OPERAND, 4, 0x00), EXEC_NEXT);
    assert_int_equal(b->c->s.reg[RCX], 16);
    assert_int_equal(flags_arith(b->c), F_SF);
    set_text(b, 1, "short");
    set_text(b, 0, "shore"); // equal each, negated within the string: the first difference
    assert_int_equal(run_row(b, index, AT_OPERAND, 4, 0x38), EXEC_NEXT);
    assert_int_equal(b->c->s.reg[RCX], 4);
    assert_int_equal(flags_arith(b->c), F_CF | F_ZF | F_SF);
    // Explicit lengths: their magnitude; bytes of the mask.
    b->c->s.reg[RAX] = (uint32_t)-2;
    b->c->s.reg[RDX] = 3;
    assert_int_equal(run_row(b, mask, AT_OPERAND, 4, 0x48), EXEC_NEXT);
    assert_xmm(b, 0, 0xffffffffff00ffffu, 0xffffffffffffffffu);
}

static void test_general_registers(void **state)
{
    struct bench *b = *state;
    uint64_t *reg = b->c->s.reg;
    const struct insn_row *row[4] = {NULL};
    static const char *const names[4] = {"CRC32", "CRC32", "POPCNT", "MOVBE"};
    for (unsigned n = 0, k = 0; n < 4; n++, k++) {
        while (strcmp(insn_rows[k].name, names[n]))
            assert_true(++k < insn_row_count);
        row[n] = &insn_rows[k];
    }
    // The checksum of "123456789", a byte and eight bytes at a time.
    reg[RAX] = 0xffffffff;
    memcpy(b->page + OPERAND, "123456789", 9);
    assert_int_equal(run_row(b, row[1], OPERAND, 8, 0), EXEC_NEXT);
    assert_int_equal(run_row(b, row[0], OPERAND + 8, 4, 0), EXEC_NEXT);
    assert_int_equal(reg[RAX] ^ 0xffffffff, 0xe3069283u);
    reg[RCX] = 0xf0f0f0f0f0f0f0ffu;
    reg[RAX] = UINT64_MAX;
    assert_int_equal(run_row(b, row[2], AT_OPERAND, 2, 0), EXEC_NEXT);
    assert_int_equal(reg[RAX], 0xffffffffffff000cu);
    assert_int_equal(run_row(b, row[2], AT_OPERAND, 8, 0), EXEC_NEXT);
    assert_int_equal(reg[RAX], 36);
    assert_int_equal(flags_arith(b->c), 0);
    assert_int_equal(run_row(b, row[3], OPERAND, 2, 0), EXEC_NEXT);
    assert_int_equal(reg[RAX], 0x3132);
    assert_int_equal(run_row(b, row[3], OPERAND, 4, 0), EXEC_NEXT);
    assert_int_equal(reg[RAX], 0x31323334);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_against_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_upper_halves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_host_arithmetic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unmasked_scalar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unmasked_packed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alignment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scalar_moves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reciprocals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mxcsr, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fxsave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fxrstor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_maskmovdqu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mmx, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_general_registers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
