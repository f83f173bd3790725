// What the fuzzers share (tests/fuzz/fuzz.h).
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t fuzz_le(struct fuzz_input *in, unsigned n)
{
    uint64_t v = 0;
    for (unsigned k = 0; k < n; k++)
        v |= (uint64_t)fuzz_u8(in) << 8 * k;
    return v;
}

void fuzz_finding(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "FINDING: ");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

// ---- machines ------------------------------------------------------------------------------------------------------

struct slot {
    struct machine *m;
    uint8_t *power_on; // as it was made
    size_t size;
};

static void load(struct machine *m, const uint8_t *state, size_t size)
{
    const char *wrong = machine_load(m, state, size);
    if (wrong)
        fuzz_finding("a machine does not load what another one saved: %s", wrong);
}

static uint8_t *save(struct machine *m, size_t *size)
{
    *size = machine_state_size(m);
    uint8_t *state = malloc(*size);
    if (!state)
        exit(2);
    machine_save(m, state);
    return state;
}

struct machine *fuzz_machine(unsigned slot, const char *model, uint64_t ram_bytes, unsigned serial_count)
{
    static struct slot pool[8][FUZZ_SLOTS];
    const struct cpu_model *wanted = cpu_model_find(model);
    unsigned number = 0;
    while (cpu_model_at(number) != wanted)
        number++;
    struct slot *s = &pool[number][slot];
    if (s->m) {
        load(s->m, s->power_on, s->size);
        return s->m;
    }
    struct machine_config config = {.ram_bytes = ram_bytes,
                                    .cpus = 1,
                                    .cpu_model = model,
                                    .serial_count = serial_count,
                                    .seed = 1,
                                    .pvpanic = true};
    char error[200];
    s->m = machine_create(&config, error, sizeof error);
    if (!s->m) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    s->power_on = save(s->m, &s->size);
    return s->m;
}

struct machine *fuzz_move(struct machine *m, unsigned slot)
{
    size_t size;
    uint8_t *state = save(m, &size);
    struct machine *other = fuzz_machine(slot, m->config.cpu_model, m->config.ram_bytes, m->config.serial_count);
    load(other, state, size);
    free(state);
    return other;
}

// ---- comparing -----------------------------------------------------------------------------------------------------

// All fields of all chips, packed. The caller frees it.
static uint8_t *pack(struct machine *m, size_t *size)
{
    *size = 0;
    for (unsigned n = 0; n < m->device_count; n++)
        *size += state_size(m->device[n].cls->fields);
    uint8_t *all = malloc(*size), *at = all;
    if (!all)
        exit(2);
    cpu_sync(m->cpu);
    for (unsigned n = 0; n < m->device_count; n++) {
        state_save(m->device[n].cls->fields, device_state(&m->device[n]), at);
        at += state_size(m->device[n].cls->fields);
    }
    return all;
}

bool fuzz_same_chips(struct machine *a, struct machine *b)
{
    size_t an, bn;
    uint8_t *pa = pack(a, &an), *pb = pack(b, &bn);
    bool same = an == bn && !memcmp(pa, pb, an);
    free(pa);
    free(pb);
    return same;
}

struct values {
    uint64_t *value;
    unsigned at, room;
    const char *chip;
};

static void keep_value(void *ctx, const char *path, uint64_t value, const struct state_field *field)
{
    struct values *v = ctx;
    (void)path;
    (void)field;
    if (v->at < v->room)
        v->value[v->at++] = value;
}

static void print_other(void *ctx, const char *path, uint64_t value, const struct state_field *field)
{
    struct values *v = ctx;
    (void)field;
    if (v->at < v->room && v->value[v->at++] != value)
        fprintf(stderr, "  %s.%s: %llx against %llx\n", v->chip, path, (unsigned long long)v->value[v->at - 1],
                (unsigned long long)value);
}

void fuzz_print_difference(struct machine *a, struct machine *b)
{
    static uint64_t value[4096];
    cpu_sync(a->cpu);
    cpu_sync(b->cpu);
    for (unsigned n = 0; n < a->device_count && n < b->device_count; n++) {
        const struct device_class *cls = a->device[n].cls;
        struct values v = {value, 0, ARRAY_LEN(value), cls->name};
        state_each(cls->fields, device_state(&a->device[n]), keep_value, &v);
        v.room = v.at;
        v.at = 0;
        state_each(cls->fields, device_state(&b->device[n]), print_other, &v);
    }
    if (clock_next_deadline(&a->clock) != clock_next_deadline(&b->clock))
        fprintf(stderr, "  next deadline: %llu against %llu\n", (unsigned long long)clock_next_deadline(&a->clock),
                (unsigned long long)clock_next_deadline(&b->clock));
    for (uint64_t k = 0; k < a->phys.ram_size; k++) {
        if (a->phys.ram[k] != b->phys.ram[k]) {
            fprintf(stderr, "  RAM at %llx: %02x against %02x\n", (unsigned long long)k, a->phys.ram[k],
                    b->phys.ram[k]);
            break;
        }
    }
}

static void check_same(struct machine *m, const uint8_t *before, uint64_t deadline, const char *what)
{
    size_t size;
    uint8_t *after = pack(m, &size);
    if (memcmp(before, after, size) != 0) {
        const uint8_t *was = before;
        for (unsigned n = 0; n < m->device_count; n++) {
            size_t part = state_size(m->device[n].cls->fields);
            for (size_t k = 0; k < part; k++)
                if (was[k] != after[was - before + (ptrdiff_t)k])
                    fprintf(stderr, "  %s: byte %zu of its packed state\n", m->device[n].cls->name, k);
            was += part;
        }
        fuzz_finding("%s changes a field", what);
    }
    if (clock_next_deadline(&m->clock) != deadline)
        fuzz_finding("%s moves the next deadline from %llu to %llu", what, (unsigned long long)deadline,
                     (unsigned long long)clock_next_deadline(&m->clock));
    free(after);
}

void fuzz_shake(struct machine *m)
{
    size_t size;
    uint8_t *before = pack(m, &size);
    uint64_t deadline = clock_next_deadline(&m->clock);
    const char *wrong = machine_shake(m);
    if (wrong)
        fuzz_finding("a machine does not load what it saved: %s", wrong);
    check_same(m, before, deadline, "saving and loading");
    for (unsigned n = 0; n < m->device_count; n++)
        if (m->device[n].cls->update)
            m->device[n].cls->update(m->device[n].self);
    check_same(m, before, deadline, "a second update");
    free(before);
}
