// Runs cases measured on a real processor, an 80286 in real mode, on the processor of cpu/ and compares registers,
// FLAGS, memory and exceptions. The data is JSON, one case a line, in gzipped files named after the opcode; it is not
// part of the source tree.
//
//   vectors LIST [FOLDER] [-v] [OPCODE...]      FOLDER holds 80286-real/; by default the value of SNOWGLOBE_VECTORS
//
// LIST names what later processors define otherwise (later.txt, with the reasons): how many cases of which opcodes
// differ in which way. A case that differs in another way is a failure, and so is a count that is not met exactly.
//
// Not compared: FLAGS bits 12 to 15, which an 80286 in real mode keeps at zero; flags that the instruction table
// declares undefined, also in pushed FLAGS; bus cycles.
#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "cpu/segment.h"

enum {
    RAM_SIZE = 16 << 20, // all that 24 address lines reach
    LINE_MAX_BYTES = 1 << 17,
    BYTES_MAX = 2048,
    RULES_MAX = 64,
    TICKS = 70000, // more than any case takes: 65,535 iterations of REP, and a handler that is one HLT
    SKIPPED = 77,
    NO_EXCEPTION = -1,
    COMPARED = F_ARITH | F_TF | F_IF | F_DF,
};

// ---- a case as it stands in the file --------------------------------------------------------------------------------

enum name { AX, BX, CX, DX, CS, SS, DS, ES, SP, BP, SI, DI, IP, FLAGS, NAMES };
static const char *const name_text[NAMES] = {"ax", "bx", "cx", "dx", "cs", "ss", "ds",
                                             "es", "sp", "bp", "si", "di", "ip", "flags"};

struct byte_at {
    uint32_t addr;
    uint8_t value;
};

struct vector {
    char text[80]; // disassembly
    unsigned index;
    uint8_t bytes[32];
    unsigned n_bytes;
    uint16_t before[NAMES], after[NAMES];
    struct byte_at ram[BYTES_MAX], final_ram[BYTES_MAX];
    unsigned n_ram, n_final_ram;
    int exception; // vector or NO_EXCEPTION
};

struct text {
    const char *p;
    bool bad;
};

static void space(struct text *t)
{
    while (isspace((unsigned char)*t->p))
        t->p++;
}

// Whether the next character is `ch`; then it is behind us.
static bool accept(struct text *t, char ch)
{
    space(t);
    if (*t->p != ch)
        return false;
    t->p++;
    return true;
}

static void expect(struct text *t, char ch)
{
    t->bad |= !accept(t, ch);
}

static uint32_t number(struct text *t)
{
    char *end;
    space(t);
    unsigned long v = strtoul(t->p, &end, 10);
    t->bad |= end == t->p || v > UINT32_MAX;
    t->p = end;
    return (uint32_t)v;
}

static void string(struct text *t, char *out, size_t size)
{
    size_t n = 0;
    expect(t, '"');
    for (; *t->p && *t->p != '"'; t->p++)
        if (n + 1 < size)
            out[n++] = *t->p;
    out[n] = 0;
    expect(t, '"');
}

// Both "regs" and "final_regs": only the latter leaves some out.
static unsigned registers(struct text *t, uint16_t *v)
{
    unsigned seen = 0;
    expect(t, '{');
    while (!t->bad && !accept(t, '}')) {
        char key[16];
        string(t, key, sizeof key);
        expect(t, ':');
        uint32_t value = number(t);
        unsigned n = 0;
        while (n < NAMES && strcmp(key, name_text[n]) != 0)
            n++;
        t->bad |= n == NAMES || value > UINT16_MAX;
        if (t->bad)
            break;
        v[n] = (uint16_t)value;
        seen |= 1u << n;
        accept(t, ',');
    }
    return seen;
}

static unsigned memory(struct text *t, struct byte_at *v)
{
    unsigned n = 0;
    expect(t, '[');
    while (!t->bad && !accept(t, ']')) {
        expect(t, '[');
        uint32_t addr = number(t);
        expect(t, ',');
        uint32_t value = number(t);
        expect(t, ']');
        accept(t, ',');
        t->bad |= n == BYTES_MAX || addr >= RAM_SIZE || value > UINT8_MAX;
        if (!t->bad)
            v[n++] = (struct byte_at){addr, (uint8_t)value};
    }
    return n;
}

static unsigned code(struct text *t, uint8_t *v, unsigned max)
{
    unsigned n = 0;
    expect(t, '[');
    while (!t->bad && !accept(t, ']')) {
        uint32_t value = number(t);
        accept(t, ',');
        t->bad |= n == max || value > UINT8_MAX;
        if (!t->bad)
            v[n++] = (uint8_t)value;
    }
    return n;
}

static bool parse(const char *line, struct vector *v)
{
    struct text t = {line, false};
    unsigned before = 0;
    memset(v, 0, sizeof *v);
    v->exception = NO_EXCEPTION;
    bool done = false;
    expect(&t, '{');
    while (!t.bad && !accept(&t, '}')) {
        char key[32];
        string(&t, key, sizeof key);
        expect(&t, ':');
        if (!strcmp(key, "name")) {
            string(&t, v->text, sizeof v->text);
        } else if (!strcmp(key, "index")) {
            v->index = number(&t);
        } else if (!strcmp(key, "bytes")) {
            v->n_bytes = code(&t, v->bytes, ARRAY_LEN(v->bytes));
        } else if (!strcmp(key, "regs")) {
            before = registers(&t, v->before);
            memcpy(v->after, v->before, sizeof v->after);
        } else if (!strcmp(key, "ram")) {
            v->n_ram = memory(&t, v->ram);
        } else if (!strcmp(key, "final_regs")) {
            registers(&t, v->after);
            done = true;
        } else if (!strcmp(key, "final_ram")) {
            v->n_final_ram = memory(&t, v->final_ram);
        } else if (!strcmp(key, "exception")) {
            v->exception = (int)number(&t);
        } else if (!strcmp(key, "flags_address")) {
            number(&t);
        } else {
            t.bad = true;
        }
        accept(&t, ',');
    }
    return !t.bad && done && before == (1u << NAMES) - 1 && v->n_bytes > 1;
}

// ---- the machine ----------------------------------------------------------------------------------------------------

struct rig {
    struct clock clock;
    struct log log;
    struct map devices, ports;
    struct phys phys;
    struct lapic lapic;
    struct cpu *cpu;
    uint8_t *expected; // memory as it should be
    bool dead;
};

static void fatal(void *ctx)
{
    struct rig *r = ctx;
    r->dead = true;
}

static bool rig_open(struct rig *r)
{
    uint8_t *ram = calloc(1, RAM_SIZE);
    struct phys_page *dir = calloc(RAM_SIZE / PAGE_SIZE, sizeof *dir);
    r->expected = calloc(1, RAM_SIZE);
    if (!ram || !dir || !r->expected)
        return false;
    clock_init(&r->clock);
    log_init(&r->log, NULL, NULL);
    phys_init(&r->phys, ram, RAM_SIZE, dir, &r->devices);
    for (uint32_t page = 0; page < RAM_SIZE / PAGE_SIZE; page++) // no hole below 1 MiB
        dir[page] = (struct phys_page){.host = ram + page * PAGE_SIZE, .flags = PHYS_RAM};
    lapic_init(&r->lapic, &r->clock, 0, 0, true);
    struct cpu_wiring wiring = {.ports = &r->ports, .fatal = fatal, .ctx = r};
    r->cpu = cpu_create(&r->phys, &r->clock, &r->lapic, &r->log, &wiring);
    if (!r->cpu)
        return false;
    r->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, r->cpu};
    return true;
}

static void rig_close(struct rig *r)
{
    if (r->cpu)
        cpu_destroy(r->cpu);
    free(r->phys.ram);
    free(r->phys.dir);
    free(r->expected);
}

static void poke(struct rig *r, uint32_t addr, uint8_t value)
{
    phys_write(&r->phys, addr, &value, 1);
    r->expected[addr] = value;
}

static const struct {
    uint8_t name, reg;
} general[] = {{AX, RAX}, {BX, RBX}, {CX, RCX}, {DX, RDX}, {SP, RSP}, {BP, RBP}, {SI, RSI}, {DI, RDI}};
static const struct {
    uint8_t name, seg;
} segments[] = {{CS, SEG_CS}, {SS, SEG_SS}, {DS, SEG_DS}, {ES, SEG_ES}};

static void setup(struct rig *r, const struct vector *v)
{
    struct cpu *c = r->cpu;
    for (unsigned n = 0; n < v->n_ram; n++)
        poke(r, v->ram[n].addr, v->ram[n].value);
    cpu_reset(c);
    for (unsigned n = 0; n < ARRAY_LEN(general); n++)
        c->s.reg[general[n].reg] = v->before[general[n].name];
    for (unsigned n = 0; n < ARRAY_LEN(segments); n++) {
        struct segment_state *s = &c->s.seg[segments[n].seg];
        s->selector = v->before[segments[n].name];
        s->base = (uint32_t)s->selector << 4;
    }
    c->s.rip = v->before[IP];
    c->s.rflags = (v->before[FLAGS] & COMPARED) | 2;
    r->dead = false;
    for (uint32_t page = 0; page < RAM_SIZE / PAGE_SIZE; page++)
        r->phys.dir[page].flags &= ~(uint32_t)PHYS_DIRTY;
    cpu_update(c);
}

// ---- comparing ------------------------------------------------------------------------------------------------------

// The flags that the manual leaves undefined for this instruction with these operands.
static uint32_t undefined_flags(const struct insn *i, const struct vector *v)
{
    const struct insn_row *row = &insn_rows[i->row];
    uint32_t u = row->flags_undefined;
    bool shift = row->map == MAP_1 && ((row->opcode & 0xfe) == 0xc0 || (row->opcode & 0xfc) == 0xd0);
    if (!shift)
        return u;
    unsigned count = (row->opcode < 0xd0 ? i->imm : row->opcode < 0xd2 ? 1 : v->before[CX]) & 31;
    if (count == 0)
        return 0;
    if (count == 1)
        return u & F_AF;
    return count < (row->opcode & 1 ? 16 : 8) ? u & ~(uint32_t)F_CF : u;
}

struct difference {
    char text[400];
    size_t n;
    bool any, only_flags;
    int exception; // what was raised here, or NO_EXCEPTION
};

__attribute__((format(printf, 2, 3))) static void say(struct difference *d, const char *fmt, ...)
{
    va_list args;
    d->any = true;
    if (d->n + 1 >= sizeof d->text)
        return;
    va_start(args, fmt);
    int n = vsnprintf(d->text + d->n, sizeof d->text - d->n, fmt, args);
    va_end(args);
    d->n = n < 0 ? sizeof d->text : d->n + (size_t)n;
}

static void compare_registers(struct cpu *c, const struct vector *v, uint32_t mask, struct difference *d)
{
    uint16_t now[NAMES];
    for (unsigned n = 0; n < ARRAY_LEN(general); n++)
        now[general[n].name] = (uint16_t)c->s.reg[general[n].reg];
    for (unsigned n = 0; n < ARRAY_LEN(segments); n++)
        now[segments[n].name] = c->s.seg[segments[n].seg].selector;
    now[IP] = (uint16_t)c->s.rip;
    now[FLAGS] = (uint16_t)c->s.rflags;
    for (unsigned n = 0; n < NAMES; n++) {
        unsigned bits = n == FLAGS ? mask : UINT16_MAX;
        if (((now[n] ^ v->after[n]) & bits) == 0)
            continue;
        say(d, " %s %x not %x", name_text[n], now[n] & bits, v->after[n] & bits);
        d->only_flags &= n == FLAGS;
    }
}

static void compare_memory(const struct rig *r, const struct vector *v, uint32_t mask, struct difference *d)
{
    bool look[RAM_SIZE / PAGE_SIZE];
    // The data's flags_address is that of the bus cycle, which is even.
    uint32_t pushed = ((uint32_t)v->after[SS] << 4) + (uint16_t)(v->after[SP] + 4);
    for (uint32_t page = 0; page < ARRAY_LEN(look); page++)
        look[page] = r->phys.dir[page].flags & PHYS_DIRTY;
    for (unsigned n = 0; n < v->n_final_ram; n++) {
        r->expected[v->final_ram[n].addr] = v->final_ram[n].value;
        look[v->final_ram[n].addr / PAGE_SIZE] = true;
    }
    for (uint32_t page = 0; page < ARRAY_LEN(look); page++) {
        const uint8_t *got = r->phys.ram + page * PAGE_SIZE, *want = r->expected + page * PAGE_SIZE;
        if (!look[page] || !memcmp(got, want, PAGE_SIZE))
            continue;
        for (uint32_t n = 0; n < PAGE_SIZE; n++) {
            uint32_t addr = page * PAGE_SIZE + n, bits = 0xff;
            if (v->exception != NO_EXCEPTION && addr - pushed < 2)
                bits = addr == pushed ? mask : mask >> 8;
            if (((got[n] ^ want[n]) & bits & 0xff) == 0)
                continue;
            say(d, " [%x] %x not %x", addr, got[n], want[n]);
            d->only_flags &= bits != 0xff;
        }
    }
}

// Puts memory back to all zeros.
static void clear(struct rig *r, const struct vector *v)
{
    static const uint8_t zeros[PAGE_SIZE];
    for (uint32_t page = 0; page < RAM_SIZE / PAGE_SIZE; page++)
        if (r->phys.dir[page].flags & PHYS_DIRTY)
            phys_write(&r->phys, page * PAGE_SIZE, zeros, PAGE_SIZE);
    for (unsigned n = 0; n < v->n_ram; n++)
        poke(r, v->ram[n].addr, 0);
    for (unsigned n = 0; n < v->n_final_ram; n++)
        r->expected[v->final_ram[n].addr] = 0;
}

static void run(struct rig *r, const struct vector *v, const struct decode_index *index, struct difference *d)
{
    struct cpu *c = r->cpu;
    struct insn insn = {0};
    memset(d, 0, sizeof *d);
    d->only_flags = true;
    setup(r, v);
    decode(index, c->mode, v->bytes, v->n_bytes, 0, &insn);
    uint32_t mask = COMPARED & ~undefined_flags(&insn, v);
    c->exc = (struct exception_info){.vector = UINT8_MAX};
    uint64_t end = r->clock.s.tick + TICKS, start = c->s.rip;
    // The instruction, a tick at a time because REP may take many, then the rest.
    while (c->s.rip == start && c->exc.vector == UINT8_MAX && c->s.activity == CPU_RUNNING && r->clock.s.tick < end)
        cpu_run(c, 1);
    d->exception = c->exc.vector == UINT8_MAX ? NO_EXCEPTION : c->exc.vector;
    while (c->s.activity == CPU_RUNNING && r->clock.s.tick < end && !r->dead)
        cpu_run(c, end - r->clock.s.tick);
    cpu_sync(c);
    if (c->s.activity != CPU_HALTED)
        say(d, " does not halt");
    compare_registers(c, v, mask, d);
    compare_memory(r, v, mask, d);
    d->only_flags &= d->any && c->s.activity == CPU_HALTED;
    clear(r, v);
}

// ---- what is known to differ ----------------------------------------------------------------------------------------

// A line of the list: how many cases, opcodes (names of data files, or *), the exception measured ("-" for none, "*"
// for any), what happens here, and the reason. What happens here is an exception, "-" for none, "flags" if FLAGS alone
// differ, "lock" for #UD of an instruction with a LOCK prefix, "long" for none in an instruction of more than 10 bytes.
struct rule {
    unsigned want, seen, line;
    char opcodes[200], measured[8], here[8], reason[400];
};

struct list {
    struct rule rule[RULES_MAX];
    unsigned n;
};

static bool read_list(const char *path, struct list *list)
{
    char line[1024];
    unsigned at = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    list->n = 0;
    bool good = true;
    while (good && fgets(line, sizeof line, f)) {
        at++;
        if (line[0] == '#' || line[strspn(line, " \t\r\n")] == 0)
            continue;
        struct rule *r = &list->rule[list->n];
        good = list->n < RULES_MAX &&
               sscanf(line, "%u %199s %7s %7s %399[^\n]", &r->want, r->opcodes, r->measured, r->here, r->reason) == 5;
        if (!good)
            break;
        r->line = at;
        r->seen = 0;
        list->n++;
    }
    fclose(f);
    if (!good)
        fprintf(stderr, "%s:%u: not understood\n", path, at);
    return good;
}

static bool has_opcode(const char *opcodes, const char *opcode)
{
    size_t n = strlen(opcode);
    if (!strcmp(opcodes, "*"))
        return true;
    for (const char *p = opcodes; (p = strstr(p, opcode)); p += n)
        if ((p == opcodes || p[-1] == ',') && (p[n] == 0 || p[n] == ','))
            return true;
    return false;
}

static void kind(char out[8], int exception)
{
    if (exception == NO_EXCEPTION)
        snprintf(out, 8, "-");
    else
        snprintf(out, 8, "%d", exception);
}

static bool has_lock(const struct vector *v)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0xf0, 0xf2, 0xf3};
    for (unsigned n = 0; n < v->n_bytes && memchr(prefixes, v->bytes[n], sizeof prefixes); n++)
        if (v->bytes[n] == 0xf0)
            return true;
    return false;
}

static struct rule *excuse(struct list *list, const char *opcode, const struct vector *v, const struct difference *d)
{
    char measured[8], here[8];
    kind(measured, v->exception);
    kind(here, d->exception);
    if (d->only_flags)
        snprintf(here, sizeof here, "flags");
    else if (d->exception == EXC_UD && has_lock(v))
        snprintf(here, sizeof here, "lock");
    else if (d->exception == NO_EXCEPTION && v->n_bytes - 1 > 10) // the last one is HLT
        snprintf(here, sizeof here, "long");
    for (unsigned n = 0; n < list->n; n++) {
        struct rule *r = &list->rule[n];
        bool same = !strcmp(r->measured, "*") || !strcmp(r->measured, measured);
        if (same && has_opcode(r->opcodes, opcode) && !strcmp(r->here, here))
            return r;
    }
    return NULL;
}

// ---- the program ----------------------------------------------------------------------------------------------------

struct total {
    unsigned cases, passed, listed, failed;
    bool broken; // a file that cannot be read
};

static void run_file(struct rig *r, const struct decode_index *index, const char *path, const char *opcode,
                     struct list *list, bool verbose, struct total *total)
{
    static char line[LINE_MAX_BYTES];
    static struct vector v;
    gzFile f = gzopen(path, "rb");
    unsigned cases = 0;
    while (f && gzgets(f, line, sizeof line)) {
        struct difference d;
        cases++;
        if (!parse(line, &v)) {
            printf("%s: line %u is not understood\n", path, cases);
            total->broken = true;
            break;
        }
        run(r, &v, index, &d);
        struct rule *rule = d.any ? excuse(list, opcode, &v, &d) : NULL;
        if (rule)
            rule->seen++;
        total->passed += !d.any;
        total->listed += rule != NULL;
        total->failed += d.any && !rule;
        if (d.any && (verbose || (!rule && total->failed <= 100)))
            printf("%s %u (%s): exception %d, measured %d:%s\n", opcode, v.index, v.text, d.exception, v.exception,
                   d.text);
    }
    total->cases += cases;
    if (!cases) {
        printf("%s cannot be read\n", path);
        total->broken = true;
    }
    if (f)
        gzclose(f);
}

static int is_data(const struct dirent *e)
{
    const char *end = strstr(e->d_name, ".jsonl.gz");
    return end && end[strlen(".jsonl.gz")] == 0;
}

int main(int argc, char **argv)
{
    static struct rig rig;
    static struct list list;
    static struct decode_index index;
    const char *folder = argc > 2 && argv[2][0] != '-' ? argv[2] : getenv("SNOWGLOBE_VECTORS");
    int rest = argc > 2 && argv[2][0] != '-' ? 3 : 2;
    bool verbose = rest < argc && !strcmp(argv[rest], "-v");
    rest += verbose;
    if (argc < 2 || !read_list(argv[1], &list)) {
        fprintf(stderr, "usage: vectors LIST [FOLDER] [-v] [OPCODE...]\n");
        return 2;
    }
    char path[4096];
    struct dirent **file = NULL;
    int files = 0;
    if (folder && *folder) {
        snprintf(path, sizeof path, "%s/80286-real", folder);
        files = scandir(path, &file, is_data, alphasort);
    }
    if (files <= 0) {
        printf("SKIP: no test vectors (SNOWGLOBE_VECTORS names their folder)\n");
        return SKIPPED;
    }
    if (!rig_open(&rig))
        return 2;
    decode_index_init(&index, cpu_features(&cpu_model_v2));
    struct total total = {0};
    for (int n = 0; n < files; n++) {
        char opcode[32];
        snprintf(opcode, sizeof opcode, "%.*s", (int)strcspn(file[n]->d_name, "j") - 1, file[n]->d_name);
        bool wanted = rest >= argc;
        for (int k = rest; k < argc; k++)
            wanted |= !strcmp(argv[k], opcode);
        snprintf(path, sizeof path, "%s/80286-real/%s", folder, file[n]->d_name);
        if (wanted)
            run_file(&rig, &index, path, opcode, &list, verbose, &total);
        free(file[n]);
    }
    free(file);
    rig_close(&rig);
    printf("%u cases: %u as measured, %u listed differences, %u failures\n", total.cases, total.passed, total.listed,
           total.failed);
    bool good = total.cases > 0 && total.failed == 0 && !total.broken;
    for (unsigned n = 0; n < list.n; n++) {
        const struct rule *r = &list.rule[n];
        if (rest < argc ? r->seen == 0 : false)
            continue;
        printf("%6u of %s (measured %s, here %s): %s\n", r->seen, r->opcodes, r->measured, r->here, r->reason);
        if (r->seen != r->want && rest >= argc) {
            printf("       but the list says %u (line %u)\n", r->want, r->line);
            good = false;
        }
    }
    return good ? 0 : 1;
}
