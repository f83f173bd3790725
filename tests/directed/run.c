// Runs one directed test: a flat binary made from a .S file, loaded at 1 MiB and entered in 64-bit mode with identity
// page tables over the first 4 GiB (2 MiB pages; the tables begin at 0x10000), flat segments (code 08h, data 10h), ring
// 0, and no IDT. The test ends with HLT. What must hold then stands in the .S file itself, in lines
//
//     //= REGISTER VALUE          RAX..R15, RIP, RFLAGS, CR2, TICK; the value in C notation
//
// The same program is run three times: as it is, cut into slices of one tick, and saved and loaded into another machine
// every few hundred ticks. All must end in the same state.
//
//   run FILE.S FILE.bin
#include "machine/pc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_ADDR 0x100000u
#define LIMIT     50000000u // ticks

static const char *const names[16] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                      "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};

static struct machine *create(void)
{
    struct machine_config config = {.ram_bytes = 16 << 20, .cpus = 1, .serial_count = 1, .no_reboot = true};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    if (!m) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    return m;
}

static void flat(struct segment_state *s, uint16_t selector, uint16_t attr)
{
    *s = (struct segment_state){0, 0xffffffffu, selector, attr};
}

static void load_program(struct machine *m, const uint8_t *code, size_t size)
{
    uint64_t gdt[] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0, 0, 0, 0};
    for (unsigned n = 0; n < 8; n++)
        gdt[n] = CORE_LE64(gdt[n]);
    phys_write(&m->phys, 0x8000, gdt, sizeof gdt);
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
    phys_write(&m->phys, LOAD_ADDR, code, size);
    struct cpu_state *s = &m->cpu->s;
    s->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG | CR0_MP;
    s->cr3 = 0x10000;
    s->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    s->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    s->gdtr[0] = (struct segment_state){.base = 0x8000, .limit = sizeof gdt - 1};
    s->idtr[0] = (struct segment_state){.limit = 0};
    flat(&s->seg[SEG_CS], 8, ATTR_G | ATTR_L | ATTR_P | ATTR_S | 11);
    static const uint8_t data[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned n = 0; n < ARRAY_LEN(data); n++)
        flat(&s->seg[data[n]], 16, ATTR_G | ATTR_DB | ATTR_P | ATTR_S | 3);
    memset(s->reg, 0, sizeof s->reg);
    s->rip = LOAD_ADDR;
    s->reg[RSP] = 0x90000;
    s->rflags = 2;
    cpu_update(m->cpu);
}

static struct machine *reload(struct machine *m)
{
    size_t size = machine_state_size(m);
    uint8_t *state = malloc(size);
    machine_save(m, state);
    struct machine *twin = create();
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
static struct machine *run(const uint8_t *code, size_t size, uint64_t piece, bool save)
{
    struct machine *m = create();
    load_program(m, code, size);
    for (;;) {
        uint64_t until = machine_tick(m) + piece;
        enum machine_stop stop = machine_run(m, until < LIMIT ? until : LIMIT, true);
        if (machine_tick(m) >= LIMIT) {
            printf("FAIL: does not end\n");
            exit(1);
        }
        if (stop == MACHINE_TRIPLE) {
            printf("FAIL: triple fault at %llx, vector %u error %x\n", (unsigned long long)m->cpu->s.rip,
                   m->cpu->exc.vector, m->cpu->exc.error);
            exit(1);
        }
        if (stop != MACHINE_SLICE && stop != MACHINE_UNTIL)
            break;
        if (save)
            m = reload(m);
    }
    cpu_sync(m->cpu);
    return m;
}

static bool value_of(const struct machine *m, const char *name, uint64_t *v)
{
    const struct cpu_state *s = &m->cpu->s;
    for (unsigned n = 0; n < 16; n++) {
        if (!strcmp(name, names[n])) {
            *v = s->reg[n];
            return true;
        }
    }
    if (!strcmp(name, "RIP"))
        *v = s->rip;
    else if (!strcmp(name, "RFLAGS"))
        *v = s->rflags;
    else if (!strcmp(name, "CR2"))
        *v = s->cr2;
    else if (!strcmp(name, "TICK"))
        *v = machine_tick(m);
    else
        return false;
    return true;
}

static unsigned check(const struct machine *m, const char *source)
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

int main(int argc, char **argv)
{
    static uint8_t code[1 << 20];
    if (argc != 3) {
        fprintf(stderr, "usage: run FILE.S FILE.bin\n");
        return 2;
    }
    FILE *f = fopen(argv[2], "rb");
    if (!f) {
        perror(argv[2]);
        return 2;
    }
    size_t size = fread(code, 1, sizeof code, f);
    fclose(f);

    struct machine *m = run(code, size, UINT64_MAX / 2, false);
    unsigned wrong = check(m, argv[1]);
    uint8_t digest[MACHINE_DIGEST_BYTES];
    machine_digest(m, digest);
    static const struct {
        const char *what;
        uint64_t piece;
        bool save;
    } variant[] = {{"one tick at a time", 1, false}, {"saved and loaded", 211, true}};
    for (unsigned n = 0; n < ARRAY_LEN(variant); n++) {
        // A tick at a time is for short programs.
        if (variant[n].piece * 2000000 < machine_tick(m))
            continue;
        struct machine *other = run(code, size, variant[n].piece, variant[n].save);
        uint8_t again[MACHINE_DIGEST_BYTES];
        machine_digest(other, again);
        if (machine_tick(other) != machine_tick(m) || memcmp(digest, again, sizeof digest)) {
            printf("FAIL: %s ends otherwise: tick %llu against %llu\n", variant[n].what,
                   (unsigned long long)machine_tick(other), (unsigned long long)machine_tick(m));
            check(other, argv[1]);
            wrong++;
        }
        machine_destroy(other);
    }
    printf("%s: %llu ticks, %u wrong\n", argv[1], (unsigned long long)machine_tick(m), wrong);
    machine_destroy(m);
    return wrong != 0;
}
