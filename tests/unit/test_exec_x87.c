// The x87 instructions. On x86-64 hosts every row of the table runs on generated states, natively and here, and the
// whole register files are compared; what hosts disagree about, or the manual leaves open, is listed in `differences`.
#define _DEFAULT_SOURCE // for MAP_ANONYMOUS
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/exec_table.h"
#include "cpu/tlb.h"
#include "cpu/x87.h"

#if defined(__x86_64__) && defined(__linux__)
#define NATIVE 1
#include <sys/mman.h>
#else
#define NATIVE 0
#endif

// ---- a processor and a little memory, without the run loop --------------------------------------------------------

enum { RAM_SIZE = 0x20000, PAGE_AT = 0x10000, OPERAND = 0x100, IMAGE_IN = 0x200, IMAGE_OUT = 0x300 };
enum { CODE_AT = 0x5000, OLD_FIP = 0x11223344 };

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
    c->s.reg[REG_PAGE_RIP] = CODE_AT;
    c->s.fcw = FCW_INIT;
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

// The row of an x87 opcode and ModRM byte, or NULL.
static const struct insn_row *find_row(unsigned opcode, unsigned modrm)
{
    const struct insn_row *found = NULL;
    for (unsigned k = 0; k < insn_row_count; k++) {
        const struct insn_row *row = &insn_rows[k];
        int form = modrm >= 0xc0 ? EXT_REG : EXT_MEM;
        if (row->map != MAP_1 || row->opcode != opcode)
            continue;
        if (row->ext == (int)(EXT_FULL | modrm) && modrm >= 0xc0)
            return row;
        if (row->ext == NX || row->ext == (int)(form | (modrm >> 3 & 7)))
            found = row;
    }
    return found;
}

// Runs one instruction whose memory operand, if it has one, is at page offset `at`.
static enum exec_result run_at(struct bench *b, unsigned opcode, unsigned modrm, unsigned at, unsigned opsize)
{
    const struct insn_row *row = find_row(opcode, modrm);
    assert_non_null(row);
    struct insn *i = b->block->insn;
    bool mem = modrm < 0xc0 && opcode != 0x9b;
    memset(i, 0, 2 * sizeof *i);
    i->fn = row->fn[(mem ? 3 : 0) + (opsize == 2 ? 0 : opsize == 4 ? 1 : 2)];
    i->row = (uint16_t)(row - insn_rows);
    i->disp = (int32_t)(PAGE_AT + at);
    i->base = i->idx = REG_ZERO;
    i->seg = SEG_DS;
    i->ea = EA_FLAT;
    i->ip = 0x42;
    i->len = 2;
    i->opsize = (uint8_t)opsize;
    i->flags = (uint8_t)(INSN_ASIZE64 | (mem ? INSN_MEM : 0));
    i->modrm = (uint8_t)modrm;
    i->reg = modrm >> 3 & 7;
    i->rm = modrm & 7;
    i[1].fn = stop;
    enum exec_result r = i->fn(b->c, i);
    return r == EXEC_LEAVE ? EXEC_NEXT : r; // some end the block
}

static enum exec_result run(struct bench *b, unsigned opcode, unsigned modrm)
{
    return run_at(b, opcode, modrm, OPERAND, 4);
}

// ---- against the host ---------------------------------------------------------------------------------------------

#if NATIVE

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

static const uint64_t edge_fracs[] = {
    0x8000000000000000, 0x8000000000000001, 0xffffffffffffffff, 0xc000000000000000, 0xa000000000000000,
    0xc90fdaa22168c235, 0xfffffffffffff800, 0xfffffffffffffc00, 0x8000000000000400, 0xffffff0000000000,
    0xffffff8000000000, 0x8000008000000000, 0x7fffffffffffffff, 0x4000000000000000, 0x0000000000000001,
    0x0000000000000000, 0xde0b6b3a76400000, 0xde0b6b3a763fffff, 0xfffe000000000000, 0xffff000000000000,
};
static const uint16_t edge_exps[] = {
    0,      1,      2,      0x3c00, 0x3bff, 0x3c01, 0x3bcd, 0x3bcc, 0x3f80, 0x3f81, 0x3f6a, 0x3f69,
    0x3ffd, 0x3ffe, 0x3fff, 0x4000, 0x4001, 0x400d, 0x400e, 0x401d, 0x401e, 0x403a, 0x403b, 0x403d,
    0x403e, 0x403f, 0x407e, 0x407f, 0x43fe, 0x43ff, 0x7ffe, 0x7fff, 0x3fbe, 0x3fbf, 0x4040, 0x7ffd,
};

static struct float80 random_f80(uint64_t *s)
{
    uint64_t r = rng_next(s);
    uint64_t frac = r & 1 ? edge_fracs[below(s, ARRAY_LEN(edge_fracs))] : rng_next(s) | 1ull << 63;
    unsigned exp = 0;
    switch (r >> 1 & 7) {
    case 0:
        return f80_make((uint16_t)(r >> 48 & 0x8000), 0);
    case 1: // infinities and NaNs
        exp = 0x7fff;
        break;
    case 2:
    case 3:
        exp = edge_exps[below(s, ARRAY_LEN(edge_exps))];
        break;
    case 4:
        exp = (unsigned)(r >> 8 & 0x7fff);
        break;
    default:
        exp = 0x3fff - 40 + (unsigned)below(s, 110);
        break;
    }
    return f80_make((uint16_t)(exp | (r >> 48 & 0x8000)), frac);
}

// A memory operand of any format: 16 bytes.
static void random_operand(uint64_t *s, uint8_t p[16])
{
    store_u64(p, rng_next(s));
    store_u64(p + 8, rng_next(s));
    static const uint32_t exps32[] = {0, 1, 127, 128, 126, 150, 254, 255};
    static const uint32_t exps64[] = {0, 1, 1023, 1022, 1024, 1076, 2046, 2047};
    uint64_t frac = below(s, 3) ? rng_next(s) & 0xfffffffffffff : (uint64_t)1 << below(s, 53) >> 1;
    uint64_t sign = below(s, 2);
    struct float80 v;
    switch (below(s, 6)) {
    case 0:
        store_u32(p, (uint32_t)(sign << 31 | (uint64_t)exps32[below(s, 8)] << 23 | (frac & 0x7fffff)));
        break;
    case 1:
        store_u64(p, sign << 63 | (uint64_t)exps64[below(s, 8)] << 52 | frac);
        break;
    case 2:
        v = random_f80(s);
        store_u64(p, v.frac);
        store_u16(p + 8, v.sexp);
        break;
    case 3: // packed decimal
        for (unsigned k = 0; k < 9; k++)
            p[k] = (uint8_t)(below(s, 10) << 4 | below(s, 10));
        p[9] = (uint8_t)(sign << 7);
        break;
    case 4:
        store_u64(p, (uint64_t)1 << below(s, 64));
        break;
    default:
        break;
    }
}

// An FNSAVE image in the 32-bit protected format: registers in ST order from byte 28 on.
struct image {
    uint8_t b[108];
};

static void random_image(uint64_t *s, bool pathological, struct image *im)
{
    memset(im, 0, sizeof *im);
    unsigned fcw = FCW_ONE | (unsigned)below(s, 4) << FCW_RC_SHIFT;
    static const uint8_t pcs[] = {0, 2, 3, 3};
    fcw |= (unsigned)pcs[below(s, 4)] << FCW_PC_SHIFT;
    fcw |= below(s, 2) ? FCW_MASKS : (unsigned)below(s, 64);
    unsigned top = (unsigned)below(s, 8);
    unsigned fsw = top << FSW_TOP_SHIFT | (rng_next(s) & (FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3));
    if (below(s, 4) == 0)
        fsw |= (unsigned)below(s, 64) & fcw & FCW_MASKS; // pending but masked
    // Full from ST(0) to somewhere, so that most instructions find operands and room; or anything.
    unsigned tags = 0, depth = (unsigned)below(s, 9);
    for (unsigned k = 0; k < 8; k++) {
        bool full = pathological ? below(s, 2) : k < depth;
        tags |= (full ? 0u : 3u) << (2 * ((top + k) & 7));
        struct float80 v = random_f80(s);
        store_u64(im->b + 28 + 10 * k, v.frac);
        store_u16(im->b + 36 + 10 * k, v.sexp);
    }
    store_u16(im->b, (uint16_t)fcw);
    store_u16(im->b + 4, (uint16_t)fsw);
    store_u16(im->b + 8, (uint16_t)tags);
    store_u32(im->b + 12, OLD_FIP);
}

struct outcome {
    struct image im;
    uint8_t operand[128];
    uint64_t rflags, rax;
};

static void run_here(struct bench *b, unsigned opcode, unsigned modrm, unsigned opsize, const struct image *in,
                     const uint8_t *operand, uint64_t rflags, struct outcome *out)
{
    struct cpu *c = b->c;
    memcpy(b->page + IMAGE_IN, in, sizeof *in);
    memcpy(b->page + OPERAND, operand, sizeof out->operand);
    c->s.reg[RAX] = 0;
    c->s.fsw = 0;
    flags_import(c, rflags);
    assert_int_equal(run_at(b, 0xdd, 0x27, IMAGE_IN, 4), EXEC_NEXT);
    assert_int_equal(run_at(b, opcode, modrm, OPERAND, opsize), EXEC_NEXT);
    assert_int_equal(run_at(b, 0xdd, 0x37, IMAGE_OUT, 4), EXEC_NEXT);
    memcpy(&out->im, b->page + IMAGE_OUT, sizeof out->im);
    memcpy(out->operand, b->page + OPERAND, sizeof out->operand);
    out->rflags = flags_arith(c);
    out->rax = c->s.reg[RAX];
}

typedef void native_fn(void *operand, const struct image *in, uint64_t rflags, struct outcome *out);

static void emit(uint8_t *code, unsigned opcode, unsigned modrm, unsigned opsize)
{
    static const uint8_t before[] = {
        0x31, 0xc0, // xor eax, eax
        0xdd, 0x26, // frstor [rsi]
        0x52, 0x9d, // push rdx; popfq
    };
    static const uint8_t after[] = {
        0x9c, 0x41, 0x59,                // pushfq; pop r9
        0xdd, 0x31,                      // fnsave [rcx]
        0x48, 0x89, 0x81, 0xf8, 0, 0, 0, // mov [rcx + 248], rax
        0x4c, 0x89, 0x89, 0xf0, 0, 0, 0, // mov [rcx + 240], r9
        0xc3,
    };
    memcpy(code, before, sizeof before);
    code += sizeof before;
    if (opsize == 2)
        *code++ = 0x66;
    *code++ = (uint8_t)opcode;
    *code++ = (uint8_t)modrm;
    memcpy(code, after, sizeof after);
}

_Static_assert(offsetof(struct outcome, rflags) == 240 && offsetof(struct outcome, rax) == 248, "see emit()");

// What is not compared.
struct difference {
    const char *name; // beginning of the mnemonic
    uint16_t fsw;     // FSW bits
    uint16_t pending; // more of them, and RFLAGS, if an unmasked exception is pending
    uint8_t ulps;     // results may be that far apart
};

// Transcendental results differ in the last places. Comparisons: some processors report the relation (as unordered) in
// spite of an unmasked exception, against the manual; some leave C1 alone in FCOMI.
static const struct difference differences[] = {
    {"F2XM1", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FYL2X", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FPATAN", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FPTAN", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FSIN", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FCOS", FSW_C1 | FP_PE | FP_UE, 0, 4},
    {"FCOMI", FSW_C1, 0xffff, 0},
    {"FUCOMI", FSW_C1, 0xffff, 0},
    {"FCOM", 0, FSW_C3 | FSW_C2 | FSW_C0, 0},
    {"FUCOM", 0, FSW_C3 | FSW_C2 | FSW_C0, 0},
    {"FICOM", 0, FSW_C3 | FSW_C2 | FSW_C0, 0},
    {"FTST", 0, FSW_C3 | FSW_C2 | FSW_C0, 0},
};

static const struct difference *difference_of(const char *name)
{
    static const struct difference none = {"", 0, 0, 0};
    for (unsigned k = 0; k < ARRAY_LEN(differences); k++)
        if (!strncmp(differences[k].name, name, strlen(differences[k].name)))
            return &differences[k];
    return &none;
}

// Reduction by pi is as good as the processor's value of it: operands are kept below 1/2, or out of range.
static void tame(const char *name, struct image *in)
{
    if (strcmp(name, "FPTAN") && strncmp(name, "FSIN", 4) && strcmp(name, "FCOS"))
        return;
    unsigned sexp = load_u16(in->b + 36), exp = sexp & 0x7fff;
    if (exp >= 0x3ffe && exp < 0x403e)
        store_u16(in->b + 36, (uint16_t)((sexp & 0x8000) | (0x3fe0 + exp % 29)));
}

static bool close_enough(const uint8_t *p, const uint8_t *q, unsigned ulps)
{
    if (ulps == 0)
        return !memcmp(p, q, 10);
    int exps = load_u16(p + 8) - load_u16(q + 8);
    // The exponent's lowest bit in the place of the integer bit makes neighbours of numbers around a power of two.
    uint64_t a = load_u64(p) << 1 >> 1 | (uint64_t)load_u16(p + 8) << 63;
    uint64_t b = load_u64(q) << 1 >> 1 | (uint64_t)load_u16(q + 8) << 63;
    return exps >= -1 && exps <= 1 && (a - b <= ulps || b - a <= ulps);
}

static bool same(const struct outcome *a, const struct outcome *b, const struct difference *d)
{
    uint16_t fsw = (uint16_t)(load_u16(a->im.b + 4) ^ load_u16(b->im.b + 4));
    bool pending = load_u16(a->im.b + 4) & FSW_ES;
    unsigned ignored = d->fsw | (pending ? d->pending & ~(FSW_TOP | FSW_ES) : 0u);
    if (fsw & ~ignored)
        return false;
    if (load_u32(a->im.b) != load_u32(b->im.b) || load_u32(a->im.b + 8) != load_u32(b->im.b + 8))
        return false;
    for (unsigned k = 0; k < 8; k++)
        if (!close_enough(a->im.b + 28 + 10 * k, b->im.b + 28 + 10 * k, d->ulps))
            return false;
    if (((a->rflags ^ b->rflags) & F_ARITH) && !(pending && d->pending == 0xffff))
        return false;
    if ((load_u32(a->im.b + 12) == OLD_FIP) != (load_u32(b->im.b + 12) == OLD_FIP))
        return false; // one has recorded the instruction's address, the other not
    return (a->rax & ~(uint64_t)d->fsw) == (b->rax & ~(uint64_t)d->fsw) &&
           !memcmp(a->operand, b->operand, sizeof a->operand);
}

static void show_image(const char *name, const struct image *im)
{
    print_error("  %-6s FCW %04x FSW %04x FTW %04x", name, load_u16(im->b), load_u16(im->b + 4), load_u16(im->b + 8));
    for (unsigned k = 0; k < 8; k++)
        print_error(" %04x:%016llx", load_u16(im->b + 36 + 10 * k), (unsigned long long)load_u64(im->b + 28 + 10 * k));
    print_error("\n");
}

static void show(const struct insn_row *row, unsigned modrm, const struct image *in, const uint8_t *operand,
                 const struct outcome *here, const struct outcome *host)
{
    print_error("%s (%02x %02x)\n", row->name, row->opcode, modrm);
    show_image("before", in);
    show_image("host", &host->im);
    show_image("here", &here->im);
    print_error("  operand %04x:%016llx, host %04x:%016llx, here %04x:%016llx; flags %llx %llx; ax %llx %llx\n",
                load_u16(operand + 8), (unsigned long long)load_u64(operand), load_u16(host->operand + 8),
                (unsigned long long)load_u64(host->operand), load_u16(here->operand + 8),
                (unsigned long long)load_u64(here->operand), (unsigned long long)(host->rflags & F_ARITH),
                (unsigned long long)here->rflags, (unsigned long long)host->rax, (unsigned long long)here->rax);
}

#ifndef ROUNDS
#define ROUNDS 300 // states for each opcode and ModRM byte
#endif

static unsigned compare_op(struct bench *b, uint8_t *code, const struct insn_row *row, unsigned modrm, unsigned opsize,
                           uint64_t *seed)
{
    const struct difference *d = difference_of(row->name);
    native_fn *native;
    unsigned wrong = 0;
    memset(code, 0xcc, 64);
    emit(code, row->opcode, modrm, opsize);
    memcpy(&native, &code, sizeof native);
    for (unsigned k = 0; k < ROUNDS; k++) {
        struct image in;
        struct outcome here, host;
        uint8_t operand[128] = {0};
        random_image(seed, below(seed, 8) == 0, &in);
        tame(row->name, &in);
        if (row->fn[3] == x_frstor || row->fn[3] == x_fldenv) {
            random_image(seed, true, (struct image *)operand);
            store_u16(operand, (uint16_t)rng_next(seed));
            store_u16(operand + 4, (uint16_t)rng_next(seed));
        } else {
            random_operand(seed, operand);
        }
        uint64_t rflags = 2 | (rng_next(seed) & F_ARITH);
        memset(&here, 0, sizeof here);
        run_here(b, row->opcode, modrm, opsize, &in, operand, rflags, &here);
        // Some processors forget the last instruction's address when the system switches to another process and back.
        for (unsigned tries = 0; tries < 5; tries++) {
            memset(&host, 0, sizeof host);
            memcpy(host.operand, operand, sizeof operand);
            native(host.operand, &in, rflags, &host);
            if (same(&here, &host, d))
                break;
        }
        if (!same(&here, &host, d) && wrong++ < 3)
            show(row, modrm, &in, operand, &here, &host);
    }
    if (wrong > 0)
        print_error("%s (%02x %02x): %u of %u differ\n", row->name, row->opcode, modrm, wrong, ROUNDS);
    return wrong;
}

static void test_host(void **state)
{
    struct bench *b = *state;
    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        skip(); // a host that allows no such pages
    uint64_t seed = 1;
    unsigned wrong = 0;
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++) {
        for (unsigned modrm = 7; modrm < 0x100; modrm += modrm < 0xc0 ? 8 : 1) {
            if (modrm == 0x47)
                modrm = 0xc0;
            const struct insn_row *row = find_row(opcode, modrm);
            if (row)
                wrong += compare_op(b, code, row, modrm, 4, &seed);
            if (row && modrm < 0xc0 && row->op[0] == M) // images have a 16-bit format
                wrong += compare_op(b, code, row, modrm, 2, &seed);
        }
    }
    munmap(code, 4096);
    assert_int_equal(wrong, 0);
}

#endif

// ---- on any host --------------------------------------------------------------------------------------------------

static void put_operand(struct bench *b, uint64_t v)
{
    store_u64(b->page + OPERAND, v);
}

static void push_double(struct bench *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_operand(b, bits);
    assert_int_equal(run(b, 0xdd, 0x07), EXEC_NEXT);
}

static double pop_double(struct bench *b)
{
    assert_int_equal(run(b, 0xdd, 0x1f), EXEC_NEXT);
    uint64_t bits = load_u64(b->page + OPERAND);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void assert_same_double(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_operations(void **state)
{
    static const struct {
        uint8_t modrm; // of DE
        double result; // for ST(1) = 6, ST(0) = 1.5
    } ops[] = {{0xc1, 7.5}, {0xc9, 9.0}, {0xe1, -4.5}, {0xe9, 4.5}, {0xf1, 0.25}, {0xf9, 4.0}};
    struct bench *b = *state;
    for (unsigned k = 0; k < ARRAY_LEN(ops); k++) {
        push_double(b, 6);
        push_double(b, 1.5);
        assert_int_equal(run(b, 0xde, ops[k].modrm), EXEC_NEXT);
        assert_same_double(pop_double(b), ops[k].result);
        assert_int_equal(b->c->s.fsw, 0);
        assert_int_equal(b->c->s.ftw, 0);
    }
}

static void test_stack_faults(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    assert_int_equal(run(b, 0xd9, 0xe0), EXEC_NEXT); // FCHS of nothing
    assert_int_equal(c->s.fsw, FP_IE | FSW_SF);
    assert_int_equal(c->s.ftw, 1);
    assert_int_equal(c->s.st_sexp[0], 0xffff);
    assert_int_equal(c->s.st_frac[0], 0xc000000000000000u);
    assert_int_equal(run(b, 0xdb, 0xe3), EXEC_NEXT); // FNINIT
    for (unsigned k = 0; k < 8; k++)
        assert_int_equal(run(b, 0xd9, 0xe8), EXEC_NEXT); // FLD1
    assert_int_equal(c->s.fsw, 0);
    assert_int_equal(c->s.ftw, 0xff);
    assert_int_equal(run(b, 0xd9, 0xee), EXEC_NEXT); // FLDZ with no room
    assert_int_equal(c->s.fsw, FP_IE | FSW_SF | FSW_C1 | 7 << FSW_TOP_SHIFT);
    assert_int_equal(c->s.st_sexp[7], 0xffff);
    c->s.fcw = 0x37e;
    c->s.fsw = 0;
    assert_int_equal(run(b, 0xd9, 0xee), EXEC_NEXT); // the same unmasked: nothing is pushed
    assert_int_equal(c->s.fsw, FP_IE | FSW_SF | FSW_C1 | FSW_ES | FSW_B);
    assert_int_equal(c->s.st_sexp[0], 0x3fff);
}

static void test_comparisons(void **state)
{
    static const struct {
        double st0, st1;
        uint16_t codes;
        uint8_t flags;
    } cases[] = {{1, 2, FSW_C0, F_CF},
                 {2, 1, 0, 0},
                 {-0.0, 0, FSW_C3, F_ZF},
                 {__builtin_nan(""), 0, FSW_C3 | FSW_C2 | FSW_C0, F_ZF | F_PF | F_CF}};
    struct bench *b = *state;
    for (unsigned k = 0; k < ARRAY_LEN(cases); k++) {
        assert_int_equal(run(b, 0xdb, 0xe3), EXEC_NEXT);
        push_double(b, cases[k].st1);
        push_double(b, cases[k].st0);
        unsigned top = 6 << FSW_TOP_SHIFT;
        assert_int_equal(run(b, 0xdd, 0xe1), EXEC_NEXT); // FUCOM
        assert_int_equal(b->c->s.fsw, top | cases[k].codes);
        flags_import(b->c, F_ARITH);
        assert_int_equal(run(b, 0xdb, 0xe9), EXEC_NEXT); // FUCOMI
        assert_int_equal(flags_arith(b->c), cases[k].flags);
        assert_int_equal(run(b, 0xde, 0xd9), EXEC_NEXT); // FCOMPP
        assert_int_equal(b->c->s.fsw, cases[k].codes | (cases[k].codes & FSW_C2 ? FP_IE : 0));
        assert_int_equal(b->c->s.ftw, 0);
    }
}

static void test_integers(void **state)
{
    struct bench *b = *state;
    push_double(b, -2.5);
    assert_int_equal(run(b, 0xdb, 0x17), EXEC_NEXT); // FIST m32
    assert_int_equal((int32_t)load_u32(b->page + OPERAND), -2);
    b->c->s.fcw |= FP_DOWN << FCW_RC_SHIFT;
    assert_int_equal(run(b, 0xdf, 0x17), EXEC_NEXT); // FIST m16
    assert_int_equal((int16_t)load_u16(b->page + OPERAND), -3);
    assert_int_equal(run(b, 0xdd, 0x0f), EXEC_NEXT); // FISTTP m64
    assert_int_equal((int64_t)load_u64(b->page + OPERAND), -2);
    assert_int_equal(b->c->s.ftw, 0);
    push_double(b, -1234);
    assert_int_equal(run(b, 0xdf, 0x37), EXEC_NEXT); // FBSTP
    static const uint8_t bcd[10] = {0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0x80};
    assert_memory_equal(b->page + OPERAND, bcd, sizeof bcd);
    assert_int_equal(run(b, 0xdf, 0x27), EXEC_NEXT); // FBLD
    assert_same_double(pop_double(b), -1234);
    push_double(b, 32768);
    assert_int_equal(run(b, 0xdf, 0x1f), EXEC_NEXT); // FISTP m16
    assert_int_equal(load_u16(b->page + OPERAND), 0x8000);
    assert_true(b->c->s.fsw & FP_IE);
}

static void test_unmasked(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    push_double(b, 3);
    put_operand(b, 0);
    c->s.fcw = 0x37b;
    assert_int_equal(c->s.fop, 0);
    assert_int_equal(run(b, 0xdc, 0x37), EXEC_NEXT); // FDIV m64 by zero
    assert_int_equal(c->s.fsw, FP_ZE | FSW_ES | FSW_B | 7 << FSW_TOP_SHIFT);
    assert_int_equal(c->s.st_frac[7], 0xc000000000000000u);
    assert_int_equal(c->s.fip, CODE_AT + 0x40);
    assert_int_equal(c->s.fop, 0x437);
    assert_int_equal(c->s.fdp, PAGE_AT + OPERAND);
    assert_int_equal(c->s.fcs | c->s.fds, 0);

    assert_int_equal(run(b, 0xd9, 0xe8), EXEC_FAULT); // FLD1
    assert_int_equal(c->exc.vector, EXC_MF);
    assert_int_equal(c->s.ftw, 0x80);
    c->exc.vector = 0;
    assert_int_equal(run(b, 0x9b, 0), EXEC_FAULT); // FWAIT
    assert_int_equal(c->exc.vector, EXC_MF);
    assert_int_equal(run(b, 0xdf, 0xe0), EXEC_NEXT); // FNSTSW AX
    assert_int_equal(get16(c, RAX), c->s.fsw);
    c->s.cr0 &= ~(uint64_t)CR0_NE;
    assert_int_equal(run(b, 0x9b, 0), EXEC_NEXT);
    c->s.cr0 |= CR0_NE;
    assert_int_equal(run(b, 0xdb, 0xe2), EXEC_NEXT); // FNCLEX
    assert_int_equal(c->s.fsw, 7 << FSW_TOP_SHIFT);
    assert_int_equal(run(b, 0x9b, 0), EXEC_NEXT);
    // FLDCW that unmasks what is flagged.
    c->s.fsw |= FP_PE;
    put_operand(b, 0x35f);
    assert_int_equal(run(b, 0xd9, 0x2f), EXEC_NEXT);
    assert_int_equal(c->s.fcw, 0x35f);
    assert_int_equal(c->s.fsw, FP_PE | FSW_ES | FSW_B | 7 << FSW_TOP_SHIFT);
}

static void test_images(void **state)
{
    static const struct {
        uint32_t mode;
        uint8_t opsize, size;
        uint8_t expected[28];
    } cases[] = {
        {MODE_PE | MODE_32, 4, 28, {0x7f, 3, 0xff, 0xff, 0, 0x38, 0xff, 0xff, 0xff, 0x3f, 0xff, 0xff, 0x78, 0x56, 0x34,
                                    0x12, 0, 0,    0x21, 6, 0xf0, 0xde, 0xbc, 0x9a, 0,    0,    0xff, 0xff}},
        {MODE_32, 4, 28, {0x7f, 3,    0xff, 0xff, 0,    0x38, 0xff, 0xff, 0xff, 0x3f, 0xff, 0xff, 0x78, 0x56,
                          0xff, 0xff, 0x21, 0x46, 0x23, 1,    0xf0, 0xde, 0xff, 0xff, 0,    0xc0, 0xab, 9}},
        {MODE_PE | MODE_VM, 2, 14, {0x7f, 3, 0, 0x38, 0xff, 0x3f, 0x78, 0x56, 0x21, 0x46, 0xf0, 0xde, 0, 0xc0}},
        {MODE_PE, 2, 14, {0x7f, 3, 0, 0x38, 0xff, 0x3f, 0x78, 0x56, 0, 0, 0xf0, 0xde, 0, 0}},
    };
    struct bench *b = *state;
    struct cpu *c = b->c;
    for (unsigned k = 0; k < ARRAY_LEN(cases); k++) {
        c->mode = cases[k].mode;
        c->s.fcw = 0x37f;
        c->s.fsw = 7 << FSW_TOP_SHIFT;
        c->s.ftw = 0x80;
        c->s.st_sexp[7] = 0x3fff;
        c->s.st_frac[7] = (uint64_t)1 << 63;
        c->s.fip = 0x12345678;
        c->s.fdp = 0x9abcdef0;
        c->s.fop = 0x621;
        memset(b->page + OPERAND, 0x55, 128);
        assert_int_equal(run_at(b, 0xdd, 0x37, OPERAND, cases[k].opsize), EXEC_NEXT); // FNSAVE
        const uint8_t *p = b->page + OPERAND;
        assert_memory_equal(p, cases[k].expected, cases[k].size);
        assert_int_equal(load_u64(p + cases[k].size), (uint64_t)1 << 63);
        assert_int_equal(load_u16(p + cases[k].size + 8), 0x3fff);
        assert_int_equal(p[cases[k].size + 80], 0x55);
        assert_int_equal(c->s.fcw, FCW_INIT);
        assert_int_equal(c->s.fsw | c->s.ftw | c->s.fop, 0);

        c->s.st_sexp[7] = 0;
        assert_int_equal(run_at(b, 0xdd, 0x27, OPERAND, cases[k].opsize), EXEC_NEXT); // FRSTOR
        bool real = !(c->mode & MODE_PE) || c->mode & MODE_VM;
        uint64_t mask = cases[k].opsize == 4 ? 0xffffffff : real ? 0xfffff : 0xffff;
        assert_int_equal(c->s.fip, 0x12345678 & mask);
        assert_int_equal(c->s.fdp, 0x9abcdef0 & mask);
        assert_int_equal(c->s.fop, cases[k].opsize == 4 || real ? 0x621 : 0);
        assert_int_equal(c->s.ftw, 0x80);
        assert_int_equal(c->s.fsw, 7 << FSW_TOP_SHIFT);
        assert_int_equal(c->s.st_sexp[7], 0x3fff);
    }
}

// A store that faults pops nothing and records nothing.
static void test_store_fault(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    static const uint8_t stores[][2] = {{0xd9, 0x1f}, {0xdd, 0x1f}, {0xdb, 0x3f}, {0xdf, 0x1f},
                                        {0xdb, 0x0f}, {0xdf, 0x37}, {0xdf, 0x3f}};
    push_double(b, 1.25);
    c->mode = MODE_PE | MODE_32 | MODE_STACK32 | MODE_CPL0;
    c->s.seg[SEG_DS] = (struct segment_state){0, 0xfff, 8, 0x93 | ATTR_DB};
    c->s.fip = 1;
    for (unsigned k = 0; k < ARRAY_LEN(stores); k++) {
        const struct insn_row *row = find_row(stores[k][0], stores[k][1]);
        struct insn *i = b->block->insn;
        i->fn = row->fn[4];
        i->row = (uint16_t)(row - insn_rows);
        i->modrm = stores[k][1];
        i->disp = PAGE_AT;
        i->ea = EA_SEG32;
        i->flags = INSN_MEM | INSN_ASIZE32;
        c->exc.vector = 0;
        assert_int_equal(i->fn(c, i), EXEC_FAULT);
        assert_int_equal(c->exc.vector, EXC_GP);
        assert_int_equal(c->s.fsw, 7 << FSW_TOP_SHIFT);
        assert_int_equal(c->s.ftw, 0x80);
        assert_int_equal(c->s.fip, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_operations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stack_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_comparisons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unmasked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_images, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_store_fault, set_up, tear_down),
#if NATIVE
        cmocka_unit_test_setup_teardown(test_host, set_up, tear_down),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
