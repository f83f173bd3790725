// Runs one directed test: a flat binary made from a .S file, loaded and entered in ring 0 in the mode that a line
//
//     //@ mode long | protected32 | protected16 | real
//
// of the file asks for (long if there is none). The test ends with HLT. What must hold then stands in the file, in
// lines
//
//     //= NAME VALUE              the value in C notation; NAME is
//
// RAX..R15, RIP, RFLAGS, CR0, CR2, CR3, CR4, DR6, DR7, CPL, TICK, CS..GS, TR or LDTR (selectors), or a physical address
// in brackets, [0x5000], for the 32 bits that stand there. `//= STOP triple` says that the test ends in a triple fault.
//
//     long         at 1 MiB, identity pages over the first 4 GiB (2 MiB pages; tables from 0x10000), RSP 0x90000
//     protected32  at 1 MiB, no paging, ESP 0x90000
//     protected16  at 0x20000, CS base 0x20000, the others 0; SS 16 bit, SP 0x7000
//     real         at 2000:0000, the others 0, SP 0x7000
//
// The GDT is at 0x8000 (room for 32 entries): 08h code, 10h data with limit 4 GiB - 1; in protected16 08h code and 18h
// stack with 64 KiB. There is no IDT but for real mode's, at 0, empty.
//
// Beside the chips there is a test device that masters the bus. OUT to its 32-bit ports: D00h the address to write to;
// an OUT of 1, 2 or 4 bytes to D04h writes them there at once; D08h the address to copy from, D0Ch copies so many bytes
// (up to 64 KiB).
//
// The same program is run several times: as it is, cut into slices of one tick, saved and loaded into another machine
// every few hundred ticks (some hundred times if it is long), and so by the second engine. All must end in the same
// state.
//
// The run of one tick at a time knows which rows of the instruction table were executed; they go to COVERAGE.
//
//   run FILE.S FILE.bin [COVERAGE]
#include "machine/pc.h"
#include "tests/directed/executed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_ADDR 0x100000u
#define LIMIT     50000000u // ticks

static const char *const names[16] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                      "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};

// The test device that masters the bus. What it holds belongs to the run, so that it outlives the saved machines.
struct bus_master {
    struct machine *m;
    uint32_t to, from;
};

static void bus_master_write(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    struct bus_master *d = ctx;
    static uint8_t copy[65536];
    uint8_t bytes[8];
    switch (offset) {
    case 0:
        d->to = (uint32_t)value;
        break;
    case 4:
        store_u64(bytes, value);
        phys_write(&d->m->phys, d->to, bytes, size);
        break;
    case 8:
        d->from = (uint32_t)value;
        break;
    case 12:
        value = value < sizeof copy ? value : sizeof copy;
        phys_read(&d->m->phys, d->from, copy, value);
        phys_write(&d->m->phys, d->to, copy, value);
        break;
    default:
        break;
    }
}

static const struct io_ops bus_master_ops = {.write = bus_master_write, .sizes = 1 | 2 | 4};

static struct machine *create(struct bus_master *d, unsigned jit_threshold)
{
    struct machine_config config = {
        .ram_bytes = 16 << 20, .cpus = 1, .serial_count = 1, .no_reboot = true, .jit_threshold = jit_threshold};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    if (!m) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    d->m = m;
    if (!map_add(&m->ports, 0xd00, 16, &bus_master_ops, d)) {
        fprintf(stderr, "a chip has taken the test device's ports\n");
        exit(2);
    }
    return m;
}

static void flat(struct segment_state *s, uint16_t selector, uint16_t attr)
{
    *s = (struct segment_state){0, 0xffffffffu, selector, attr};
}

enum mode { LONG, PROTECTED32, PROTECTED16, REAL };

enum { CODE = ATTR_P | ATTR_S | 11, DATA = ATTR_P | ATTR_S | 3 };

static void long_tables(struct machine *m)
{
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned n = 0; n < 512; n++) {
            uint8_t entry[8];
            store_u64(entry, ((uint64_t)(k * 512 + n) << 21) | 0x83);
            phys_write(&m->phys, 0x12000 + k * 4096 + n * 8, entry, 8);
        }
        uint8_t entry[8];
        store_u64(entry, 0x12000 + k * 4096 + 3);
        phys_write(&m->phys, 0x11000 + k * 8, entry, 8);
    }
    uint8_t top[8];
    store_u64(top, 0x11003);
    phys_write(&m->phys, 0x10000, top, 8);
}

static void load_program(struct machine *m, enum mode mode, const uint8_t *code, size_t size)
{
    static const uint64_t tables[][4] = {
        [LONG] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff},
        [PROTECTED32] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff},
        [PROTECTED16] = {0, 0x00009b020000ffff, 0x00cf93000000ffff, 0x000093000000ffff},
        [REAL] = {0},
    };
    uint8_t gdt[32 * 8] = {0};
    for (unsigned n = 0; n < 4; n++)
        store_u64(gdt + 8 * n, tables[mode][n]);
    phys_write(&m->phys, 0x8000, gdt, sizeof gdt);
    phys_write(&m->phys, mode >= PROTECTED16 ? 0x20000 : LOAD_ADDR, code, size);

    struct cpu_state *s = &m->cpu->s;
    static const uint8_t data[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};
    s->cr0 = CR0_ET | CR0_NE | CR0_MP | (mode == REAL ? 0 : CR0_PE | CR0_WP);
    s->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    s->gdtr[0] = (struct segment_state){.base = 0x8000, .limit = sizeof gdt - 1};
    s->idtr[0] = (struct segment_state){.limit = mode == REAL ? 0x3ff : 0};
    for (unsigned n = 0; n < ARRAY_LEN(data); n++)
        flat(&s->seg[data[n]], 16, ATTR_G | ATTR_DB | DATA);
    memset(s->reg, 0, sizeof s->reg);
    s->rip = mode >= PROTECTED16 ? 0 : LOAD_ADDR;
    s->reg[RSP] = mode >= PROTECTED16 ? 0x7000 : 0x90000;
    s->rflags = 2;
    switch (mode) {
    case LONG:
        long_tables(m);
        s->cr0 |= CR0_PG;
        s->cr3 = 0x10000;
        s->cr4 |= CR4_PAE;
        s->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
        flat(&s->seg[SEG_CS], 8, ATTR_G | ATTR_L | CODE);
        break;
    case PROTECTED32:
        flat(&s->seg[SEG_CS], 8, ATTR_G | ATTR_DB | CODE);
        break;
    case PROTECTED16:
        s->seg[SEG_CS] = (struct segment_state){0x20000, 0xffff, 8, CODE};
        s->seg[SEG_SS] = (struct segment_state){0, 0xffff, 24, DATA};
        break;
    default:
        for (unsigned n = 0; n < ARRAY_LEN(data); n++)
            s->seg[data[n]] = (struct segment_state){0, 0xffff, 0, DATA};
        s->seg[SEG_CS] = (struct segment_state){0x20000, 0xffff, 0x2000, DATA};
        break;
    }
    cpu_update(m->cpu);
}

static struct machine *reload(struct machine *m, struct bus_master *d, unsigned jit_threshold)
{
    size_t size = machine_state_size(m);
    uint8_t *state = malloc(size);
    machine_save(m, state);
    struct machine *twin = create(d, jit_threshold);
    const char *wrong = machine_load(twin, state, size);
    if (wrong) {
        fprintf(stderr, "loading: %s\n", wrong);
        exit(1);
    }
    free(state);
    machine_destroy(m);
    return twin;
}

// Runs to the final HLT in pieces of `piece` ticks; `save`: through a save and a load after each.
static struct machine *run(enum mode mode, const uint8_t *code, size_t size, uint64_t piece, bool save, bool triple,
                           unsigned jit_threshold, struct executed *executed)
{
    struct bus_master *d = calloc(1, sizeof *d);
    struct machine *m = create(d, jit_threshold);
    load_program(m, mode, code, size);
    for (;;) {
        uint64_t until = machine_tick(m) + piece;
        if (executed)
            executed_before(executed, m);
        enum machine_stop stop = machine_run(m, until < LIMIT ? until : LIMIT, true);
        if (executed && stop != MACHINE_TRIPLE)
            executed_after(executed, m);
        if (machine_tick(m) >= LIMIT) {
            printf("FAIL: does not end: RIP %llx\n", (unsigned long long)m->cpu->s.rip);
            exit(1);
        }
        if (stop == MACHINE_TRIPLE && triple)
            break;
        if (stop == MACHINE_TRIPLE) {
            printf("FAIL: triple fault at %llx, vector %u error %x\n", (unsigned long long)m->cpu->s.rip,
                   m->cpu->exc.vector, m->cpu->exc.error);
            exit(1);
        }
        if (stop != MACHINE_SLICE && stop != MACHINE_UNTIL) {
            if (triple) {
                printf("FAIL: no triple fault\n");
                exit(1);
            }
            break;
        }
        if (save)
            m = reload(m, d, jit_threshold);
    }
    cpu_sync(m->cpu);
    free(d);
    return m;
}

static bool value_of(struct machine *m, const char *name, uint64_t *v)
{
    const struct cpu_state *s = &m->cpu->s;
    for (unsigned n = 0; n < 16; n++) {
        if (!strcmp(name, names[n])) {
            *v = s->reg[n];
            return true;
        }
    }
    const struct {
        const char *name;
        uint64_t value;
    } others[] = {
        {"RIP", s->rip},
        {"RFLAGS", s->rflags},
        {"CR0", s->cr0},
        {"CR2", s->cr2},
        {"CR3", s->cr3},
        {"CR4", s->cr4},
        {"DR6", s->dr6},
        {"DR7", s->dr7},
        {"CPL", m->cpu->cpl},
        {"TICK", machine_tick(m)},
        {"ES", s->seg[SEG_ES].selector},
        {"CS", s->seg[SEG_CS].selector},
        {"SS", s->seg[SEG_SS].selector},
        {"DS", s->seg[SEG_DS].selector},
        {"FS", s->seg[SEG_FS].selector},
        {"GS", s->seg[SEG_GS].selector},
        {"TR", s->tr[0].selector},
        {"LDTR", s->ldtr[0].selector},
    };
    for (unsigned n = 0; n < ARRAY_LEN(others); n++) {
        if (!strcmp(name, others[n].name)) {
            *v = others[n].value;
            return true;
        }
    }
    if (*name != '[')
        return false;
    uint8_t bytes[4];
    phys_read(&m->phys, strtoull(name + 1, NULL, 0), bytes, 4);
    *v = load_u32(bytes);
    return true;
}

// The word behind a marker at the beginning of a line, such as "//@ mode"; false if there is no such line.
static bool directive(const char *source, const char *format, char word[32])
{
    char line[256];
    bool found = false;
    FILE *f = fopen(source, "r");
    if (!f) {
        perror(source);
        exit(2);
    }
    while (!found && fgets(line, sizeof line, f))
        found = sscanf(line, format, word) == 1;
    fclose(f);
    return found;
}

static enum mode start_mode(const char *source)
{
    static const char *const modes[] = {
        [LONG] = "long", [PROTECTED32] = "protected32", [PROTECTED16] = "protected16", [REAL] = "real"};
    char word[32];
    if (!directive(source, "//@ mode %31s", word))
        return LONG;
    for (unsigned n = 0; n < ARRAY_LEN(modes); n++)
        if (!strcmp(word, modes[n]))
            return (enum mode)n;
    fprintf(stderr, "%s: unknown mode %s\n", source, word);
    exit(2);
}

static unsigned check(struct machine *m, const char *source)
{
    FILE *f = fopen(source, "r");
    char line[256], name[32], text[64];
    unsigned wrong = 0, seen = 0;
    if (!f) {
        perror(source);
        exit(2);
    }
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "//= %31s %63s", name, text) != 2)
            continue;
        uint64_t want = strtoull(text, NULL, 0), got;
        seen++;
        if (!strcmp(name, "STOP"))
            continue;
        if (!value_of(m, name, &got)) {
            printf("FAIL: unknown name %s\n", name);
            wrong++;
        } else if (got != want) {
            printf("FAIL: %s is %#llx, expected %#llx\n", name, (unsigned long long)got, (unsigned long long)want);
            wrong++;
        }
    }
    fclose(f);
    if (!seen) {
        printf("FAIL: %s expects nothing\n", source);
        wrong++;
    }
    return wrong;
}

static bool save_coverage(const struct executed *e, const char *path)
{
    FILE *f = fopen(path, "w");
    if (f)
        executed_write(e, f);
    if (f && fclose(f) == 0)
        return true;
    perror(path);
    return false;
}

// Says where two machines differ: the processor's fields, the first byte of memory.
struct listing {
    uint64_t value[1024];
    unsigned count;
    bool compare;
};

static void field(void *ctx, const char *path, uint64_t value, const struct state_field *f)
{
    struct listing *l = ctx;
    (void)f;
    if (l->count == ARRAY_LEN(l->value))
        return;
    if (l->compare && l->value[l->count] != value)
        printf("  %s is %#llx, was %#llx\n", path, (unsigned long long)value, (unsigned long long)l->value[l->count]);
    l->value[l->count++] = value;
}

static void tell_differences(struct machine *want, struct machine *got)
{
    static struct listing l;
    l.count = 0;
    l.compare = false;
    cpu_sync(want->cpu);
    cpu_sync(got->cpu);
    state_each(cpu_state_fields, &want->cpu->s, field, &l);
    l.count = 0;
    l.compare = true;
    state_each(cpu_state_fields, &got->cpu->s, field, &l);
    for (uint64_t at = 0; at < want->phys.ram_size; at++) {
        if (want->phys.ram[at] != got->phys.ram[at]) {
            printf("  [%#llx] is %#x, was %#x\n", (unsigned long long)at, got->phys.ram[at], want->phys.ram[at]);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    static uint8_t code[1 << 20];
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: run FILE.S FILE.bin [COVERAGE]\n");
        return 2;
    }
    FILE *f = fopen(argv[2], "rb");
    if (!f) {
        perror(argv[2]);
        return 2;
    }
    size_t size = fread(code, 1, sizeof code, f);
    fclose(f);

    enum mode mode = start_mode(argv[1]);
    char word[32];
    bool triple = directive(argv[1], "//= STOP %31s", word) && !strcmp(word, "triple");
    struct machine *m = run(mode, code, size, UINT64_MAX / 2, false, triple, 0, NULL);
    unsigned wrong = check(m, argv[1]);
    struct executed executed;
    executed_open(&executed, m->cpu->model);
    uint8_t digest[MACHINE_DIGEST_BYTES];
    machine_digest(m, digest);
    static const struct {
        const char *what;
        uint64_t piece;
        bool save;
        unsigned jit_threshold;
    } variant[] = {{"one tick at a time", 1, false, 0},      {"saved and loaded", 211, true, 0},
                   {"translated", UINT64_MAX / 2, false, 1}, {"translated when hot", UINT64_MAX / 2, false, 3},
                   {"translated, in pieces", 7, false, 1},   {"translated, saved and loaded", 211, true, 1}};
    for (unsigned n = 0; n < ARRAY_LEN(variant); n++) {
        // A tick at a time is for short programs; a save takes as long as some thousand instructions.
        uint64_t piece = variant[n].piece;
        if (piece < machine_tick(m) / 2000000)
            continue;
        // Some hundred saves are enough.
        uint64_t spread = machine_tick(m) / 300 | 1;
        if (variant[n].save && piece < spread)
            piece = spread;
        struct machine *other = run(mode, code, size, piece, variant[n].save, triple, variant[n].jit_threshold,
                                    variant[n].piece == 1 ? &executed : NULL);
        uint8_t again[MACHINE_DIGEST_BYTES];
        machine_digest(other, again);
        if (machine_tick(other) != machine_tick(m) || memcmp(digest, again, sizeof digest)) {
            printf("FAIL: %s ends otherwise: tick %llu against %llu\n", variant[n].what,
                   (unsigned long long)machine_tick(other), (unsigned long long)machine_tick(m));
            check(other, argv[1]);
            tell_differences(m, other);
            wrong++;
        }
        machine_destroy(other);
    }
    printf("%s: %llu ticks, %u wrong\n", argv[1], (unsigned long long)machine_tick(m), wrong);
    machine_destroy(m);
    if (argc == 4 && !wrong)
        wrong += !save_coverage(&executed, argv[3]);
    executed_close(&executed);
    return wrong != 0;
}
