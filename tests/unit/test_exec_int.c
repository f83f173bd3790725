// Shifts and rotates, multiplication and division, bit instructions. On x86-64 hosts every row of theirs runs on
// generated states natively and here, and registers, memory, flags and #DE are compared; the cases that no row can say
// follow by hand.
#define _DEFAULT_SOURCE // for MAP_ANONYMOUS, sigsetjmp
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/exec.h"
#include "cpu/exec_table.h"

#if defined(__x86_64__) && defined(__linux__)
#define NATIVE 1
#include <signal.h>
#include <sys/mman.h>
#else
#define NATIVE 0
#endif

// ---- a processor and a little memory, without the run loop
// ---------------------------------------------------------------

enum { RAM_SIZE = 0x4000, DATA_PAGES = 4, DATA_SIZE = DATA_PAGES * 4096, NOT_RAM = 0x100000 };
enum { MODE_LONG = MODE_64 | MODE_PE | MODE_LMA | MODE_FLAT | MODE_CPL0, MODE_REAL = MODE_CPL0 };

struct bench {
    struct cpu *c;
    struct block *block;
    struct decode_index index;
    struct clock clock;
    struct map devices;
    struct phys phys;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t ram[RAM_SIZE];
    uint8_t *data; // DATA_SIZE bytes, page-aligned
};

static enum exec_result stop(struct cpu *c, const struct insn *i)
{
    (void)c;
    (void)i;
    return EXEC_NEXT;
}

static void drop_tlb(struct cpu *c)
{
    for (unsigned n = 0; n < TLB_CONTEXTS; n++)
        for (unsigned k = 0; k < TLB_ENTRIES; k++)
            c->data_tlb[n].read[k].tag = c->data_tlb[n].write[k].tag = (uint64_t)(k ^ 1) << PAGE_SHIFT;
}

// Makes the page at `linear` be the one at `host`.
static void map_page(struct cpu *c, uint64_t linear, const uint8_t *host, bool writable)
{
    struct tlb_entry e = {linear, (uintptr_t)host};
    c->tlb->read[tlb_index(linear)] = e;
    if (writable)
        c->tlb->write[tlb_index(linear)] = e;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->c = calloc(1, sizeof *b->c);
    b->block = calloc(1, sizeof *b->block + 2 * sizeof(struct insn));
    b->data = aligned_alloc(PAGE_SIZE, DATA_SIZE);
    assert_non_null(b->c);
    assert_non_null(b->block);
    assert_non_null(b->data);
    memset(b->data, 0, DATA_SIZE);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
    decode_index_init(&b->index, 0);
    struct cpu *c = b->c;
    c->clock = &b->clock;
    c->phys = &b->phys;
    c->tlb = &c->data_tlb[TLB_KERNEL];
    drop_tlb(c);
    for (unsigned n = 0; n < SEG_COUNT; n++) {
        c->s.seg[n].limit = 0xffff;
        c->s.seg[n].attr = 0x93;
    }
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    free(b->data);
    free(b->block);
    free(b->c);
    free(b);
    return 0;
}

static enum exec_result run(struct bench *b, uint32_t mode, const uint8_t *code, unsigned n)
{
    struct insn *i = b->block->insn;
    i->index = 0;
    assert_int_equal(decode(&b->index, mode, code, n, 0x100, i), DECODE_OK);
    assert_int_equal(i->len, n);
    i[1].fn = stop;
    b->c->mode = mode;
    return i->fn(b->c, i);
}
#define RUN(b, mode, ...) run(b, mode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

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

// ---- against the host
// ------------------------------------------------------------------------------------------------------

#if NATIVE

#ifndef ROUNDS
#define ROUNDS 2000 // states for each instruction, size and form
#endif

// What an instruction sees and leaves. The layout is known to emit().
struct regs {
    uint64_t rax, rcx, rdx, rbx, rsi, flags;
};

static const char *const names[] = {"ROL",  "ROR", "RCL",  "RCR", "SHL", "SHR", "SAR", "SHLD", "SHRD", "MUL",
                                    "IMUL", "DIV", "IDIV", "BT",  "BTS", "BTR", "BTC", "BSF",  "BSR"};

static bool wanted(const struct insn_row *row)
{
    for (unsigned k = 0; k < ARRAY_LEN(names); k++)
        if (!strcmp(names[k], row->name))
            return true;
    return false;
}

static bool has(const struct insn_row *row, unsigned op)
{
    return row->op[0] == op || row->op[1] == op || row->op[2] == op;
}

// Whether the memory form goes by the bit offset in G.
static bool bit_string(const struct insn_row *row)
{
    return row->op[0] == Ev && row->op[1] == Gv && row->op[2] == NO;
}

// One instruction with E = RBX or [RSI], G = RDX.
static unsigned encode(const struct insn_row *row, unsigned size, bool mem, uint64_t *s, uint8_t *p)
{
    unsigned n = 0;
    if (size == 2)
        p[n++] = 0x66;
    if (size == 8)
        p[n++] = 0x48;
    if (row->map == MAP_0F)
        p[n++] = 0x0f;
    p[n++] = row->opcode;
    unsigned reg = row->ext == NX ? RDX : (unsigned)row->ext & 7;
    unsigned rm = has(row, Eb) && size != 8 && below(s, 4) == 0 ? 7 : RBX; // 7: BH
    p[n++] = (uint8_t)(mem ? reg << 3 | RSI : 0xc0 | reg << 3 | rm);
    unsigned imm = has(row, Ib) || has(row, sIb) ? 1 : !has(row, Iz) ? 0 : size == 2 ? 2 : 4;
    uint64_t v = below(s, 4) ? rng_next(s) : (uint64_t)0x80 << (imm ? 8 * (imm - 1) : 0);
    for (unsigned k = 0; k < imm; k++)
        p[n++] = (uint8_t)(v >> (8 * k));
    return n;
}

static void emit(uint8_t *p, const uint8_t *code, unsigned n)
{
    static const uint8_t before[] = {
        0x53,                   // push rbx
        0xff, 0x77, 0x28, 0x9d, // push qword [rdi + 40]; popfq
        0x48, 0x8b, 0x07,       // mov rax, [rdi]
        0x48, 0x8b, 0x4f, 0x08, // mov rcx, [rdi + 8]
        0x48, 0x8b, 0x57, 0x10, // mov rdx, [rdi + 16]
        0x48, 0x8b, 0x5f, 0x18, // mov rbx, [rdi + 24]
        0x48, 0x8b, 0x77, 0x20, // mov rsi, [rdi + 32]
    };
    static const uint8_t after[] = {
        0x48, 0x89, 0x07,       // mov [rdi], rax
        0x48, 0x89, 0x4f, 0x08, // mov [rdi + 8], rcx
        0x48, 0x89, 0x57, 0x10, // mov [rdi + 16], rdx
        0x48, 0x89, 0x5f, 0x18, // mov [rdi + 24], rbx
        0x9c, 0x8f, 0x47, 0x28, // pushfq; pop qword [rdi + 40]
        0x5b, 0xc3,             // pop rbx; ret
    };
    memcpy(p, before, sizeof before);
    memcpy(p + sizeof before, code, n);
    memcpy(p + sizeof before + n, after, sizeof after);
}

_Static_assert(offsetof(struct regs, flags) == 40, "see emit()");

static sigjmp_buf divide_error;
static void on_sigfpe(int signal)
{
    (void)signal;
    siglongjmp(divide_error, 1);
}

// False: #DE.
static bool run_natively(const uint8_t *page, struct regs *r)
{
    void (*fn)(struct regs *);
    memcpy(&fn, &page, sizeof fn);
    if (sigsetjmp(divide_error, 1))
        return false;
    fn(r);
    return true;
}

static bool run_here(struct bench *b, const uint8_t *code, unsigned n, struct regs *r)
{
    struct cpu *c = b->c;
    c->s.reg[RAX] = r->rax;
    c->s.reg[RCX] = r->rcx;
    c->s.reg[RDX] = r->rdx;
    c->s.reg[RBX] = r->rbx;
    c->s.reg[RSI] = r->rsi;
    flags_import(c, r->flags);
    enum exec_result result = run(b, MODE_LONG, code, n);
    assert_true(result == EXEC_NEXT || (result == EXEC_FAULT && c->exc.vector == EXC_DE));
    *r = (struct regs){c->s.reg[RAX], c->s.reg[RCX], c->s.reg[RDX], c->s.reg[RBX], c->s.reg[RSI], flags_arith(c)};
    return result == EXEC_NEXT;
}

static uint64_t random_value(uint64_t *s)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     0x7f,
                                     0x80,
                                     0xff,
                                     0x7fff,
                                     0x8000,
                                     0xffff,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xffffffffffffffff,
                                     0x0101010101010101};
    uint64_t v = rng_next(s);
    switch (below(s, 6)) {
    case 0:
        return edges[below(s, ARRAY_LEN(edges))];
    case 1:
        return 0 - edges[below(s, ARRAY_LEN(edges))];
    case 2:
        return v >> below(s, 64);
    case 3:
        return (uint64_t)((int64_t)v >> below(s, 64));
    case 4: // bytes that are their own sign extension, at all sizes
        return edges[below(s, ARRAY_LEN(edges))] * 0x0001000100010001;
    default:
        return v;
    }
}

static void random_regs(struct bench *b, const struct insn_row *row, unsigned size, unsigned round, bool mem,
                        uint64_t *s, struct regs *r)
{
    *r = (struct regs){random_value(s), random_value(s), random_value(s), random_value(s), 0, 0};
    r->flags = (rng_next(s) & F_ARITH) | 2;
    r->rsi = (uintptr_t)b->data + DATA_SIZE / 2;
    if (has(row, rCL))
        r->rcx = (r->rcx & ~(uint64_t)0xff) | (round & 0xff);
    bool divides = !strcmp(row->name, "DIV") || !strcmp(row->name, "IDIV");
    if (divides && below(s, 4)) { // mostly quotients near what fits
        unsigned bits = 8 * size;
        int64_t d = sign_extend(r->rbx, bits);
        if (has(row, Eb))
            r->rax = (uint64_t)((int8_t)r->rbx * (int64_t)below(s, 300) - (int64_t)below(s, 200));
        else if (bits < 64)
            r->rdx = (uint64_t)((d >> 1) - (int64_t)below(s, 3));
        else
            r->rdx = (uint64_t)(d >> below(s, 3)) - below(s, 3);
        if (below(s, 2) && !has(row, Eb))
            r->rdx = 0 - r->rdx;
    }
    if (mem && bit_string(row)) { // a bit offset within the data
        int64_t n = (int64_t)(rng_next(s) & 0xffff) - 0x8000;
        n = n < 0 - 0x3f00 ? n / 4 : n; // stays before and behind [RSI]
        uint64_t sized = (uint64_t)n & size_mask(size);
        r->rdx = size == 8 ? (uint64_t)n : (rng_next(s) & ~size_mask(size)) | sized;
    }
}

// Of the rows compared.
static bool is_shift(const struct insn_row *row)
{
    return row->name[0] == 'S' || row->name[0] == 'R';
}

// The masked count of a shift or rotate; 1 for all other instructions.
static unsigned shift_count(const struct insn_row *row, unsigned size, const uint8_t *code, unsigned n, uint64_t rcx)
{
    if (!is_shift(row) || has(row, I1))
        return 1;
    return (has(row, Ib) ? code[n - 1] : (unsigned)rcx) & (size == 8 && !has(row, Eb) ? 63 : 31);
}

// Which flags must be equal. By 0 steps none changes, by one step only AF is undefined (vol. 2, SAL, RCL, SHLD).
static uint64_t defined_flags(const struct insn_row *row, unsigned count)
{
    unsigned undefined = row->flags_undefined;
    if (is_shift(row) && count < 2)
        undefined &= count ? F_AF : 0;
    return F_ARITH & ~undefined;
}

struct trial {
    uint8_t code[16];
    unsigned size, n;
    bool mem;
    struct regs in, here, host;
    bool here_ok, host_ok; // no #DE
    uint64_t here_mem, host_mem;
};

static void show(const struct insn_row *row, const struct trial *t, uint64_t defined)
{
    print_error("%s %s, size %u, bytes", row->name, t->mem ? "memory" : "register", t->size);
    for (unsigned k = 0; k < t->n; k++)
        print_error(" %02x", t->code[k]);
    print_error("\n");
    const struct regs *const all[] = {&t->in, &t->host, &t->here};
    static const char *const what[] = {"in", "host", "here"};
    for (unsigned k = 0; k < 3; k++)
        print_error("  %-4s rax %016llx rcx %016llx rdx %016llx rbx %016llx flags %03llx of %03llx\n", what[k],
                    (unsigned long long)all[k]->rax, (unsigned long long)all[k]->rcx, (unsigned long long)all[k]->rdx,
                    (unsigned long long)all[k]->rbx, (unsigned long long)(all[k]->flags & F_ARITH),
                    (unsigned long long)defined);
    print_error("  #DE: host %d here %d; memory: host %016llx here %016llx\n", !t->host_ok, !t->here_ok,
                (unsigned long long)t->host_mem, (unsigned long long)t->here_mem);
}

// Runs `t` in both places on [RSI], or the unit of the bit string there. `page`: for native code.
static void run_both(struct bench *b, uint8_t *page, const struct insn_row *row, struct trial *t)
{
    int64_t unit = 0;
    if (t->mem && bit_string(row))
        unit = sign_extend(t->in.rdx, 8 * t->size) >> 3 & ~(int64_t)(t->size - 1);
    uint8_t *p = b->data + DATA_SIZE / 2 + unit;
    assert_in_range((uintptr_t)p, (uintptr_t)b->data, (uintptr_t)b->data + DATA_SIZE - 8);
    store_u64(p, t->in.rbx);
    t->here = t->in;
    t->here_ok = run_here(b, t->code, t->n, &t->here);
    t->here_mem = load_u64(p);
    store_u64(p, t->in.rbx);
    t->host = t->in;
    emit(page, t->code, t->n);
    t->host_ok = run_natively(page, &t->host);
    t->host_mem = load_u64(p);
    if (!t->host_ok)
        t->host = t->in; // what a fault must leave
}

static bool same(const struct trial *t, uint64_t defined)
{
    return t->here_ok == t->host_ok && t->here.rax == t->host.rax && t->here.rcx == t->host.rcx &&
           t->here.rdx == t->host.rdx && t->here.rbx == t->host.rbx && t->here_mem == t->host_mem &&
           !((t->here.flags ^ t->host.flags) & defined);
}

static void compare_row(struct bench *b, uint8_t *page, const struct insn_row *row, uint64_t *s, unsigned *faults)
{
    for (unsigned variant = 0; variant < 6 * ROUNDS; variant++) {
        struct trial t = {.size = 2u << variant % 3, .mem = variant / 3 % 2};
        t.n = encode(row, t.size, t.mem, s, t.code);
        random_regs(b, row, t.size, variant / 6, t.mem, s, &t.in);
        unsigned count = shift_count(row, t.size, t.code, t.n, t.in.rcx);
        if (t.size == 2 && count > 16 && row->map == MAP_0F)
            continue; // SHLD and SHRD: processors differ
        run_both(b, page, row, &t);
        // A bit scan of 0 leaves the destination undefined. Not here.
        bool scan = row->map == MAP_0F && (row->opcode & 0xfe) == 0xbc;
        if (scan && !(t.in.rbx & size_mask(t.size)))
            t.host.rdx = t.in.rdx;
        uint64_t defined = t.host_ok ? defined_flags(row, count) : F_ARITH;
        *faults += !t.host_ok;
        if (!same(&t, defined)) {
            show(row, &t, defined);
            fail();
        }
    }
}

static void compare_with_host(void **state)
{
    struct bench *b = *state;
    for (unsigned k = 0; k < DATA_PAGES; k++) // the same addresses there and here
        map_page(b->c, (uintptr_t)b->data + k * PAGE_SIZE, b->data + k * PAGE_SIZE, true);
    uint8_t *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        skip(); // hosts that allow no writable code
    struct sigaction old, action = {.sa_handler = on_sigfpe};
    sigaction(SIGFPE, &action, &old);
    uint64_t s = 1;
    unsigned rows = 0, faults = 0;
    for (unsigned k = 0; k < insn_row_count; k++) {
        if (wanted(&insn_rows[k])) {
            rows++;
            compare_row(b, page, &insn_rows[k], &s, &faults);
        }
    }
    sigaction(SIGFPE, &old, NULL);
    munmap(page, PAGE_SIZE);
    assert_true(rows >= 73);
    assert_in_range(faults, ROUNDS, 20 * ROUNDS); // divisions are 24 * ROUNDS
}

#else

static void compare_with_host(void **state)
{
    (void)state;
    print_message("SKIP: this host is not x86-64 Linux\n");
    skip();
}

#endif

// ---- by hand
// ---------------------------------------------------------------------------------------------------------------

// The flags and results that the manual leaves undefined, as this processor has them.
static void undefined_results(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    c->s.reg[RBX] = 0xc1;
    RUN(b, MODE_LONG, 0xc0, 0xe3, 8); // shl bl, 8: CF is bit 0, OF = CF ^ SF
    assert_int_equal(flags_arith(c), F_CF | F_OF | F_ZF | F_PF);
    c->s.reg[RBX] = 0xc1;
    RUN(b, MODE_LONG, 0xc0, 0xe3, 9);
    assert_int_equal(flags_arith(c), F_ZF | F_PF);
    c->s.reg[RBX] = 0xc1;
    RUN(b, MODE_LONG, 0xc0, 0xfb, 31); // sar bl, 31
    assert_int_equal(c->s.reg[RBX], 0xff);
    assert_int_equal(flags_arith(c), F_CF | F_SF | F_PF);
    c->s.reg[RBX] = 0x8123;
    c->s.reg[RDX] = 0xc567;
    RUN(b, MODE_LONG, 0x66, 0x0f, 0xa4, 0xd3, 20); // shld bx, dx, 20
    assert_int_equal(c->s.reg[RBX], 0x567c);
    assert_int_equal(flags_arith(c), 0);
    c->s.reg[RBX] = 0x8123;
    RUN(b, MODE_LONG, 0x66, 0x0f, 0xac, 0xd3, 20); // shrd bx, dx, 20
    assert_int_equal(c->s.reg[RBX], 0x7c56);
    assert_int_equal(flags_arith(c), F_OF | F_PF);
    flags_import(c, F_ARITH);
    c->s.reg[RAX] = 0xffffffff;
    c->s.reg[RBX] = 3;
    RUN(b, MODE_LONG, 0xf7, 0xe3); // mul ebx: 2_fffffffd
    assert_int_equal(flags_arith(c), F_CF | F_OF | F_SF);
    flags_import(c, F_ARITH);
    c->s.reg[RBX] = 8;
    RUN(b, MODE_LONG, 0x0f, 0xbc, 0xd3); // bsf edx, ebx
    assert_int_equal(c->s.reg[RDX], 3);
    assert_int_equal(flags_arith(c), F_ARITH & ~F_ZF);
    for (unsigned bit = 0; bit < 2; bit++) { // bt ebx, 3 and 4
        for (unsigned f = 0; f < 2; f++) {
            flags_import(c, f ? F_ARITH & ~F_CF : F_CF);
            RUN(b, MODE_LONG, 0x0f, 0xba, 0xe3, (uint8_t)(3 + bit));
            assert_int_equal(flags_arith(c), (f ? F_ARITH & ~F_CF : 0) | (bit ? 0 : F_CF));
        }
    }
    flags_import(c, F_CF | F_SF);
    c->s.reg[RBX] = 0xffffffff00000000;
    c->s.reg[RDX] = 0x1234567812345678;
    RUN(b, MODE_LONG, 0x0f, 0xbd, 0xd3); // bsr edx, ebx
    assert_int_equal(c->s.reg[RDX], 0x1234567812345678);
    assert_int_equal(flags_arith(c), F_CF | F_SF | F_ZF);
}

// Shifting by 0 changes nothing, but is a write all the same: the page is not mapped for writing, nor is it RAM.
static void count_0_is_a_write(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    static const uint8_t code[][5] = {
        {0xd3, 0x26},       // shl [rsi], cl
        {0xd2, 0x1e},       // rcr byte [rsi], cl
        {0x0f, 0xa5, 0x16}, // shld [rsi], edx, cl
    };
    c->s.reg[RSI] = NOT_RAM;
    map_page(c, NOT_RAM, b->data, false);
    for (unsigned k = 0; k < ARRAY_LEN(code); k++) {
        c->s.reg[RCX] = 32; // masked: 0
        flags_import(c, F_ARITH);
        assert_int_equal(run(b, MODE_LONG, code[k], k == 2 ? 3 : 2), EXEC_STEP);
        map_page(c, NOT_RAM, b->data, true);
        store_u32(b->data, 0x12345678);
        assert_int_equal(run(b, MODE_LONG, code[k], k == 2 ? 3 : 2), EXEC_NEXT);
        assert_int_equal(load_u32(b->data), 0x12345678);
        assert_int_equal(flags_arith(c), F_ARITH);
        drop_tlb(c);
        map_page(c, NOT_RAM, b->data, false);
    }
    // BT only reads.
    store_u32(b->data, 2);
    c->s.reg[RDX] = 1;
    assert_int_equal(RUN(b, MODE_LONG, 0x0f, 0xa3, 0x16), EXEC_NEXT); // bt [rsi], edx
    assert_true(flag_c(c));
    assert_int_equal(RUN(b, MODE_LONG, 0x0f, 0xab, 0x16), EXEC_STEP); // bts
}

// Addresses of bits wrap at the address size.
static void bit_addresses_wrap(void **state)
{
    struct bench *b = *state;
    struct cpu *c = b->c;
    uint64_t s = 1;
    for (unsigned k = 0; k < 100; k++) {
        unsigned byte = (unsigned)below(&s, 64), bit = (unsigned)below(&s, 8);
        memset(b->data, 0, 128);
        map_page(c, 0, b->data, true);
        // Real mode: bts [bx+si], dx counts from DS:FFF0 upwards.
        c->s.seg[SEG_DS].base = 0;
        c->s.reg[RBX] = 0xff00;
        c->s.reg[RSI] = 0x00f0;
        c->s.reg[RDX] = (16 + byte) * 8 + bit;
        assert_int_equal(RUN(b, MODE_REAL, 0x0f, 0xab, 0x10), EXEC_NEXT);
        assert_int_equal(b->data[byte], 1u << bit);
        // 67 in 64-bit mode: btr [esi], edx from FFFFFFF0, and down again.
        c->s.reg[RSI] = 0x12fffffff0;
        assert_int_equal(RUN(b, MODE_LONG, 0x67, 0x0f, 0xb3, 0x16), EXEC_NEXT);
        assert_true(flag_c(c));
        assert_int_equal(b->data[byte], 0);
        c->s.reg[RSI] = 64;
        c->s.reg[RDX] = (uint32_t)((int)byte - 64) * 8 + bit;
        assert_int_equal(RUN(b, MODE_LONG, 0x67, 0x0f, 0xbb, 0x16), EXEC_NEXT); // btc
        assert_false(flag_c(c));
        assert_int_equal(b->data[byte], 1u << bit);
        // Flat 32-bit code.
        c->s.reg[RSI] = 0xfffffff0;
        c->s.reg[RDX] = (16 + byte) * 8 + bit;
        assert_int_equal(RUN(b, MODE_PE | MODE_32 | MODE_FLAT | MODE_CPL0, 0x0f, 0xbb, 0x16), EXEC_NEXT);
        assert_true(flag_c(c));
        assert_int_equal(b->data[byte], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(compare_with_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undefined_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(count_0_is_a_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bit_addresses_wrap, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
