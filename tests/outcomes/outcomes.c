// Prints what the emulated processor makes of the oracle's cases: for each row of the instruction table in each operand
// size and form a hash of all registers, flags, memory and exceptions that came out. Equal for every compiler and host;
// what the values should be, the oracle says on x86-64 hosts.
//
//   outcomes [CASES]     of each size and form; 40 unless given
#include "tests/oracle/emulated.h"
#include "tests/oracle/gen.h"

#include <stdio.h>
#include <stdlib.h>

// As a host that runs code of every kind.
static const struct gen_host host = {true, true, true, DATA_ADDR + 0x180};

struct run {
    struct emulated emulated;
    uint8_t background[ARENA_SIZE]; // what memory is filled with
    struct test_case t;
    struct context out;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *p, size_t n) // n is a multiple of 8
{
    for (size_t k = 0; k < n; k += 8)
        hash = mix(hash, load_u64(p + k));
    return hash;
}

static void prepare(struct run *r)
{
    const struct test_case *t = &r->t;
    uint8_t *arena = r->emulated.arena;
    memcpy(arena, r->background, ARENA_SIZE);
    for (unsigned k = 0; k < t->patches; k++) {
        for (unsigned b = 0; b < t->patch[k].len; b++) {
            int off = arena_offset(t->patch[k].addr + b);
            if (off >= 0)
                arena[off] = t->patch[k].data[b];
        }
    }
    unsigned at = code_offset(t->mode, t->in.rip), n = sizeof t->code;
    emulated_code(&r->emulated, CODE_ADDR + at, t->code, n < CODE_SIZE - at ? n : CODE_SIZE - at);
}

static uint64_t outcome(struct run *r, uint64_t hash)
{
    const char *why;
    const struct test_case *t = &r->t;
    const struct context *out = &r->out;
    prepare(r);
    bool back = emulated_run(&r->emulated, t->mode, t->to_end || t->ours_to_end, &t->in, &r->out, &why);
    hash = mix(hash, back ? (unsigned)out->vector : 256);
    for (unsigned k = 0; k < 16; k++)
        hash = mix(hash, out->gpr[k]);
    hash = mix(mix(hash, out->rip), out->rflags);
    hash = mix(mix(hash, out->error), out->cr2);
    hash = mix_bytes(hash, out->fx, FX_SIZE);
    return mix_bytes(hash, r->emulated.arena, ARENA_SIZE);
}

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 40;
    struct run *r = calloc(1, sizeof *r);
    if (!r)
        return 2;
    const char *problem = emulated_open(&r->emulated, host.fs_base, GS_BASE);
    if (problem) {
        fprintf(stderr, "outcomes: %s\n", problem);
        return 1;
    }
    uint64_t x = 1;
    for (unsigned k = 0; k < ARENA_SIZE; k++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        r->background[k] = (uint8_t)(x >> 56);
    }
    for (unsigned n = 0; n < insn_row_count; n++) {
        const struct insn_row *row = &insn_rows[n];
        if (gen_excluded(row) || !emulated_has_feature(&r->emulated, row->feature))
            continue;
        struct cell cell[MAX_CELLS];
        char ops[24];
        unsigned cells = gen_cells(row, cell);
        for (unsigned k = 0; k < cells; k++) {
            uint64_t hash = 0;
            for (uint64_t c = 0; c < cases; c++) {
                gen_case(row, &cell[k], 1, c, &host, &r->t);
                hash = outcome(r, hash);
            }
            printf("%u.%u %s %s %016llx\n", n, k, row->name, gen_operands(row, ops), (unsigned long long)hash);
        }
    }
    emulated_close(&r->emulated);
    free(r);
    return 0;
}
