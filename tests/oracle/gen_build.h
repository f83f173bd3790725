// A case under construction: the generator's own half of gen.h. What is encoded (gen.c) and where operands lie
// (gen_address.c) work on it together.
#ifndef TESTS_ORACLE_GEN_BUILD_H
#define TESTS_ORACLE_GEN_BUILD_H

#include "tests/oracle/gen_row.h"
#include "tests/oracle/values.h"

struct build {
    struct rng rng;
    const struct insn_row *row;
    struct test_case *t;
    const struct gen_host *host;
    struct form form;
    bool mem;
    unsigned opsize; // bytes; 4 for rows with one size only
    uint32_t pinned; // registers whose values are settled
    enum vector_type type;

    bool p66, p67, lock, rex_w, rex_any;
    uint8_t rep, seg; // prefix bytes, 0 = none
    uint8_t opcode;
    uint8_t reg, rm; // 0..15
    bool vex, vex_l;
    uint8_t vvvv; // 0..15, not inverted; 0 where the row has no operand in it
    uint8_t modrm_mode, sib;
    bool has_sib, rip_relative;
    unsigned disp_size;
    int32_t disp;
    uint8_t index; // with REX.X
    uint8_t imm[8];
    unsigned imm_size;
};

static inline uint64_t *gpr(struct build *b, unsigned r)
{
    return &b->t->in.gpr[r];
}

// General registers that the mode can name.
static inline unsigned registers(const struct build *b)
{
    return b->t->mode == CODE_64 ? 16 : 8;
}

// Address size in bytes, from the mode and the prefix.
static inline unsigned address_size(const struct build *b)
{
    static const uint8_t size[][2] = {[CODE_64] = {8, 4}, [CODE_32] = {4, 2}, [CODE_16] = {2, 4}};
    return size[b->t->mode][b->p67];
}

enum place { PLACE_PLAIN, PLACE_FAULT, PLACE_NONCANONICAL };

// Room for bytes that are put into the arena before the run.
struct patch *add_patch(struct build *b, uint64_t addr, unsigned len);
// Bytes of the row's memory operand.
unsigned operand_bytes(const struct build *b);
// Bytes as the row's memory operand wants them.
void fill_operand(struct build *b, uint8_t *p, unsigned n);
// Where the memory operand is: plain, across the two pages, or where it faults. An address of the arena as in case.h.
uint64_t choose_address(struct build *b, unsigned size, bool may_fault, enum place *place);
// Gives a register its value for good.
void set_reg_value(struct build *b, unsigned r, uint64_t v);
// The same for a register that holds an address of `size` bytes: what lies above is random.
void set_address_value(struct build *b, unsigned r, uint64_t v, unsigned size);
// What is to be added to the base of a segment to reach an address of the arena.
uint64_t segment_offset(const struct build *b, unsigned seg, uint64_t a);
// An override prefix for FS or GS where the mode has them at hand. SEG_DS if not.
unsigned choose_fs_gs(struct build *b);
// ModRM, SIB, displacement, prefixes and register values of the memory operand.
void encode_memory(struct build *b);

#endif
