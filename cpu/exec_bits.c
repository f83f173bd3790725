// Single bits (SDM vol. 2): BT BTS BTR BTC, BSF, BSR.
//
// What the manual leaves undefined: BT and kin change CF only, BSF and BSR ZF only; BSF and BSR of 0 leave the whole
// destination register as it was.
#include "cpu/exec.h"
#include "cpu/exec_table.h"

static inline void set_cf(struct cpu *c, bool cf)
{
    uint64_t change = (uint64_t)(cf != flag_c(c)) << 31;
    c->flag_aux ^= change ^ change >> 1; // CF ^ OF too, so that OF stays
}

static inline void set_zf(struct cpu *c, bool zf)
{
    if (flag_z(c) != zf)
        flags_import(c, flags_arith(c) ^ F_ZF);
}

// The linear address of the operand-sized unit with bit `n` (signed) of the bit string at the ModRM operand.
static inline enum exec_result bit_linear(struct cpu *c, const struct insn *i, int64_t n, unsigned size,
                                          enum access_kind kind, uint64_t *linear)
{
    // n / (8 * size) * size, rounding down
    uint64_t a = ea_offset(c, i) + ((uint64_t)(n >> 3) & ~(uint64_t)(size - 1));
    if (likely(i->ea == EA_FLAT)) {
        *linear = a;
        return EXEC_NEXT;
    }
    if (i->ea == EA_BASE64) {
        *linear = a + c->s.seg[i->seg].base;
        return EXEC_NEXT;
    }
    if (i->ea == EA_FLAT32) {
        *linear = (uint32_t)a;
        return EXEC_NEXT;
    }
    enum exec_result r = ea_slow_value(c, i, a, size, kind);
    *linear = c->mem_value;
    return r;
}

// rmw_begin() for an address that is not just the ModRM operand's.
static inline enum exec_result rmw_begin_at(struct cpu *c, const struct insn *i, uint64_t linear, unsigned size,
                                            uint8_t **p)
{
    const struct tlb_entry *e = &c->tlb->write[tlb_index(linear)];
    if (likely((linear ^ e->tag) <= PAGE_SIZE - size)) {
        *p = (uint8_t *)(e->host + (linear ^ e->tag));
        return EXEC_NEXT;
    }
    *p = c->rmw;
    return rmw_slow(c, i, linear, size);
}

#define BT(B)                                                                                                          \
    enum exec_result x_bt_EvGv_##B##r(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        set_cf(c, get##B(c, i->rm) >> (get##B(c, i->reg) & (B - 1)) & 1);                                              \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_bt_EvIb_##B##r(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        set_cf(c, get##B(c, i->rm) >> (i->imm & (B - 1)) & 1);                                                         \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_bt_EvGv_##B##m(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        uint64_t linear, a;                                                                                            \
        TRY(bit_linear(c, i, (int##B##_t)get##B(c, i->reg), B / 8, FOR_READ, &linear));                                \
        TRY(load_at(c, i, linear, B / 8, &a));                                                                         \
        set_cf(c, a >> (get##B(c, i->reg) & (B - 1)) & 1);                                                             \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_bt_EvIb_##B##m(struct cpu *c, const struct insn *i)                                             \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(load(c, i, B / 8, &a));                                                                                    \
        set_cf(c, a >> (i->imm & (B - 1)) & 1);                                                                        \
        return next(c, i);                                                                                             \
    }
BT(16)
BT(32)
BT(64)

#define WITH_SET(a, bit)        ((a) | (bit))
#define WITH_RESET(a, bit)      ((a) & ~(bit))
#define WITH_COMPLEMENT(a, bit) ((a) ^ (bit))

#define BIT_CHANGE(name, B, WITH)                                                                                      \
    enum exec_result x_##name##_EvGv_##B##r(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), bit = (uint64_t)1 << (get##B(c, i->reg) & (B - 1));                             \
        set_cf(c, (a & bit) != 0);                                                                                     \
        set##B(c, i->rm, (uint##B##_t)WITH(a, bit));                                                                   \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_EvIb_##B##r(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint64_t a = get##B(c, i->rm), bit = (uint64_t)1 << (i->imm & (B - 1));                                        \
        set_cf(c, (a & bit) != 0);                                                                                     \
        set##B(c, i->rm, (uint##B##_t)WITH(a, bit));                                                                   \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_EvGv_##B##m(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint64_t linear;                                                                                               \
        uint8_t *p;                                                                                                    \
        TRY(bit_linear(c, i, (int##B##_t)get##B(c, i->reg), B / 8, FOR_WRITE, &linear));                               \
        TRY(rmw_begin_at(c, i, linear, B / 8, &p));                                                                    \
        uint64_t a = load_u##B(p), bit = (uint64_t)1 << (get##B(c, i->reg) & (B - 1));                                 \
        rmw_end(c, i, B / 8, p, WITH(a, bit));                                                                         \
        set_cf(c, (a & bit) != 0);                                                                                     \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_EvIb_##B##m(struct cpu *c, const struct insn *i)                                       \
    {                                                                                                                  \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint64_t a = load_u##B(p), bit = (uint64_t)1 << (i->imm & (B - 1));                                            \
        rmw_end(c, i, B / 8, p, WITH(a, bit));                                                                         \
        set_cf(c, (a & bit) != 0);                                                                                     \
        return next(c, i);                                                                                             \
    }
#define BIT_CHANGE_ALL(name, WITH) BIT_CHANGE(name, 16, WITH) BIT_CHANGE(name, 32, WITH) BIT_CHANGE(name, 64, WITH)
BIT_CHANGE_ALL(bts, WITH_SET)
BIT_CHANGE_ALL(btr, WITH_RESET)
BIT_CHANGE_ALL(btc, WITH_COMPLEMENT)

#define SCAN(name, B, INDEX)                                                                                           \
    enum exec_result x_##name##_##B(struct cpu *c, const struct insn *i)                                               \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        TRY(read_rm(c, i, B / 8, &a));                                                                                 \
        set_zf(c, a == 0);                                                                                             \
        if (a)                                                                                                         \
            set##B(c, i->reg, (uint##B##_t)(INDEX));                                                                   \
        return next(c, i);                                                                                             \
    }
SCAN(bsf, 16, __builtin_ctzll(a))
SCAN(bsf, 32, __builtin_ctzll(a))
SCAN(bsf, 64, __builtin_ctzll(a))
SCAN(bsr, 16, 63 - __builtin_clzll(a))
SCAN(bsr, 32, 63 - __builtin_clzll(a))
SCAN(bsr, 64, 63 - __builtin_clzll(a))
