// Data movement (SDM vol. 2): MOV in all forms, LEA, MOVZX, MOVSX, XCHG, CMOVcc, SETcc, CMPXCHG, XADD, conversions of
// AX, XLAT.
#include "cpu/exec.h"
#include "cpu/exec_table.h"
#include "cpu/segment.h"

#define IMM(B) (B == 64 ? (uint64_t)(int64_t)(int32_t)i->imm : i->imm & (~(uint64_t)0 >> (64 - B)))

#define MOVES(B, EG, GE, EI)                                                                                           \
    enum exec_result x_mov_##EG##r(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        set##B(c, i->rm, get##B(c, i->reg));                                                                           \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mov_##GE##r(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        set##B(c, i->reg, get##B(c, i->rm));                                                                           \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mov_##EI##r(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        set##B(c, i->rm, (uint##B##_t)IMM(B));                                                                         \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mov_##EG##m(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        TRY(store(c, i, B / 8, get##B(c, i->reg)));                                                                    \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mov_##GE##m(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, B / 8, &v));                                                                                    \
        set##B(c, i->reg, (uint##B##_t)v);                                                                             \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_mov_##EI##m(struct cpu *c, const struct insn *i)                                                \
    {                                                                                                                  \
        TRY(store(c, i, B / 8, IMM(B)));                                                                               \
        return next(c, i);                                                                                             \
    }
MOVES(8, EbGb_, GbEb_, EbIb_)
MOVES(16, EvGv_16, GvEv_16, EvIz_16)
MOVES(32, EvGv_32, GvEv_32, EvIz_32)
MOVES(64, EvGv_64, GvEv_64, EvIz_64)

enum exec_result x_mov_ZvIv_16(struct cpu *c, const struct insn *i)
{
    set16(c, i->rm, (uint16_t)i->imm);
    return next(c, i);
}

enum exec_result x_mov_ZvIv_32(struct cpu *c, const struct insn *i)
{
    set32(c, i->rm, i->imm);
    return next(c, i);
}

enum exec_result x_mov_ZvIv_64(struct cpu *c, const struct insn *i)
{
    set64(c, i->rm, (uint64_t)(uint32_t)i->disp << 32 | i->imm);
    return next(c, i);
}

// MOV with an absolute offset: the address is in the instruction.
static enum exec_result offset_linear(struct cpu *c, const struct insn *i, unsigned size, enum access_kind kind)
{
    uint64_t a = i->imm;
    if (i->flags & INSN_ASIZE64)
        a |= (uint64_t)(uint32_t)i->disp << 32;
    return segment_linear(c, i, i->seg, a, size, kind);
}

static enum exec_result load_offset(struct cpu *c, const struct insn *i, unsigned size)
{
    TRY(offset_linear(c, i, size, FOR_READ));
    uint64_t v;
    TRY(load_at(c, i, c->mem_value, size, &v));
    set_reg(c, RAX, size, v);
    return next(c, i);
}

static enum exec_result store_offset(struct cpu *c, const struct insn *i, unsigned size)
{
    TRY(offset_linear(c, i, size, FOR_WRITE));
    TRY(store_at(c, i, c->mem_value, size, get_reg(c, RAX, size)));
    return next(c, i);
}

enum exec_result x_mov_rALOb(struct cpu *c, const struct insn *i)
{
    return load_offset(c, i, 1);
}
enum exec_result x_mov_rAXOv(struct cpu *c, const struct insn *i)
{
    return load_offset(c, i, i->opsize);
}
enum exec_result x_mov_ObAL(struct cpu *c, const struct insn *i)
{
    return store_offset(c, i, 1);
}
enum exec_result x_mov_OvAX(struct cpu *c, const struct insn *i)
{
    return store_offset(c, i, i->opsize);
}

static inline uint64_t lea_offset(const struct cpu *c, const struct insn *i)
{
    uint64_t a = ea_offset(c, i);
    if (unlikely(i->ea == EA_RIP_FAR))
        a += i->ip;
    if (unlikely(!(i->flags & INSN_ASIZE64)))
        a = i->flags & INSN_ASIZE32 ? (uint32_t)a : (uint16_t)a;
    return a;
}

enum exec_result x_lea_16(struct cpu *c, const struct insn *i)
{
    set16(c, i->reg, (uint16_t)lea_offset(c, i));
    return next(c, i);
}

enum exec_result x_lea_32(struct cpu *c, const struct insn *i)
{
    set32(c, i->reg, (uint32_t)lea_offset(c, i));
    return next(c, i);
}

enum exec_result x_lea_64(struct cpu *c, const struct insn *i)
{
    set64(c, i->reg, lea_offset(c, i));
    return next(c, i);
}

#define EXTEND(name, B, S, T, suffix)                                                                                  \
    enum exec_result x_##name##_##suffix##_##B##r(struct cpu *c, const struct insn *i)                                 \
    {                                                                                                                  \
        set##B(c, i->reg, (uint##B##_t)(T)get##S(c, i->rm));                                                           \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##suffix##_##B##m(struct cpu *c, const struct insn *i)                                 \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, S / 8, &v));                                                                                    \
        set##B(c, i->reg, (uint##B##_t)(T)v);                                                                          \
        return next(c, i);                                                                                             \
    }
#define EXTEND_ALL(name, S, T, suffix)                                                                                 \
    EXTEND(name, 16, S, T, suffix) EXTEND(name, 32, S, T, suffix) EXTEND(name, 64, S, T, suffix)
EXTEND_ALL(movzx, 8, uint8_t, GvEb)
EXTEND_ALL(movzx, 16, uint16_t, GvEw)
EXTEND_ALL(movsx, 8, int8_t, GvEb)
EXTEND_ALL(movsx, 16, int16_t, GvEw)

// MOVSXD: with a 16- or 32-bit operand size it is a plain move.
#define MOVSXD(B, S, T)                                                                                                \
    enum exec_result x_movsxd_##B##r(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        set##B(c, i->reg, (uint##B##_t)(T)get##S(c, i->rm));                                                           \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_movsxd_##B##m(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, S / 8, &v));                                                                                    \
        set##B(c, i->reg, (uint##B##_t)(T)v);                                                                          \
        return next(c, i);                                                                                             \
    }
MOVSXD(16, 16, int16_t)
MOVSXD(32, 32, int32_t)
MOVSXD(64, 32, int32_t)

#define XCHG(B, suffix)                                                                                                \
    enum exec_result x_xchg_##suffix##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint##B##_t a = get##B(c, i->rm), b = get##B(c, i->reg);                                                       \
        set##B(c, i->rm, b);                                                                                           \
        set##B(c, i->reg, a);                                                                                          \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_xchg_##suffix##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint8_t *p;                                                                                                    \
        TRY(rmw_begin(c, i, B / 8, &p));                                                                               \
        uint##B##_t a = load_u##B(p);                                                                                  \
        rmw_end(c, i, B / 8, p, get##B(c, i->reg));                                                                    \
        set##B(c, i->reg, a);                                                                                          \
        return next(c, i);                                                                                             \
    }
XCHG(8, EbGb_)
XCHG(16, EvGv_16)
XCHG(32, EvGv_32)
XCHG(64, EvGv_64)

// 90 is NOP: with a 32-bit operand it must not clear the upper half of RAX.
#define XCHG_AX(B)                                                                                                     \
    enum exec_result x_xchg_ZvAX_##B(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        if (i->rm != RAX) {                                                                                            \
            uint##B##_t a = get##B(c, RAX), b = get##B(c, i->rm);                                                      \
            set##B(c, RAX, b);                                                                                         \
            set##B(c, i->rm, a);                                                                                       \
        }                                                                                                              \
        return next(c, i);                                                                                             \
    }
XCHG_AX(16)
XCHG_AX(32)
XCHG_AX(64)

#define CMOV(B)                                                                                                        \
    enum exec_result x_cmovcc_##B##r(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        uint##B##_t v = get##B(c, condition(c, i->modrm) ? i->rm : i->reg);                                            \
        set##B(c, i->reg, v);                                                                                          \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_cmovcc_##B##m(struct cpu *c, const struct insn *i)                                              \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, B / 8, &v));                                                                                    \
        set##B(c, i->reg, condition(c, i->modrm) ? (uint##B##_t)v : get##B(c, i->reg));                                \
        return next(c, i);                                                                                             \
    }
CMOV(16)
CMOV(32)
CMOV(64)

enum exec_result x_setcc_r(struct cpu *c, const struct insn *i)
{
    set8(c, i->rm, condition(c, i->modrm));
    return next(c, i);
}

enum exec_result x_setcc_m(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 1, condition(c, i->modrm)));
    return next(c, i);
}

enum exec_result x_nop(struct cpu *c, const struct insn *i)
{
    return next(c, i);
}

enum exec_result x_cbw_16(struct cpu *c, const struct insn *i)
{
    set16(c, RAX, (uint16_t)(int8_t)get8(c, RAX));
    return next(c, i);
}

enum exec_result x_cbw_32(struct cpu *c, const struct insn *i)
{
    set32(c, RAX, (uint32_t)(int16_t)get16(c, RAX));
    return next(c, i);
}

enum exec_result x_cbw_64(struct cpu *c, const struct insn *i)
{
    set64(c, RAX, (uint64_t)(int32_t)get32(c, RAX));
    return next(c, i);
}

enum exec_result x_cwd_16(struct cpu *c, const struct insn *i)
{
    set16(c, RDX, (uint16_t)((int16_t)get16(c, RAX) >> 15));
    return next(c, i);
}

enum exec_result x_cwd_32(struct cpu *c, const struct insn *i)
{
    set32(c, RDX, (uint32_t)((int32_t)get32(c, RAX) >> 31));
    return next(c, i);
}

enum exec_result x_cwd_64(struct cpu *c, const struct insn *i)
{
    set64(c, RDX, (uint64_t)((int64_t)get64(c, RAX) >> 63));
    return next(c, i);
}

// Not in the manual, but in every processor outside 64-bit mode: AL becomes CF in all bits.
enum exec_result x_salc(struct cpu *c, const struct insn *i)
{
    set8(c, RAX, flag_c(c) ? 0xff : 0);
    return next(c, i);
}

enum exec_result x_xlat(struct cpu *c, const struct insn *i)
{
    uint64_t a = c->s.reg[RBX] + get8(c, RAX), v;
    if (!(i->flags & INSN_ASIZE64))
        a = i->flags & INSN_ASIZE32 ? (uint32_t)a : (uint16_t)a;
    TRY(segment_linear(c, i, i->seg, a, 1, FOR_READ));
    TRY(load_at(c, i, c->mem_value, 1, &v));
    set8(c, RAX, (uint8_t)v);
    return next(c, i);
}

// ---- compare and exchange
// ------------------------------------------------------------------------------------------------------

static inline enum exec_result cmpxchg(struct cpu *c, const struct insn *i, unsigned size)
{
    uint8_t *p = NULL;
    uint64_t old;
    if (i->flags & INSN_MEM) {
        TRY(rmw_begin(c, i, size, &p));
        old = load_le(p, size);
    } else {
        old = get_reg(c, i->rm, size);
    }
    uint64_t a = get_reg(c, RAX, size), r = a - old;
    bool equal = a == old;
    uint64_t v = equal ? get_reg(c, i->reg, size) : old;
    // The destination is written in either case, as a locked bus cycle would.
    if (p)
        rmw_end(c, i, size, p, v);
    else if (equal)
        set_reg(c, i->rm, size, v);
    if (!equal)
        set_reg(c, RAX, size, old);
    flags_set(c, (uint64_t)sign_extend(r, 8 * size), carries_sub(a, old, r, 8 * size));
    return next(c, i);
}

enum exec_result x_cmpxchg_EbGb(struct cpu *c, const struct insn *i)
{
    return cmpxchg(c, i, 1);
}
enum exec_result x_cmpxchg_EvGv_16(struct cpu *c, const struct insn *i)
{
    return cmpxchg(c, i, 2);
}
enum exec_result x_cmpxchg_EvGv_32(struct cpu *c, const struct insn *i)
{
    return cmpxchg(c, i, 4);
}
enum exec_result x_cmpxchg_EvGv_64(struct cpu *c, const struct insn *i)
{
    return cmpxchg(c, i, 8);
}

static inline enum exec_result xadd(struct cpu *c, const struct insn *i, unsigned size)
{
    uint8_t *p = NULL;
    uint64_t a;
    if (i->flags & INSN_MEM) {
        TRY(rmw_begin(c, i, size, &p));
        a = load_le(p, size);
    } else {
        a = get_reg(c, i->rm, size);
    }
    uint64_t b = get_reg(c, i->reg, size), r = a + b;
    set_reg(c, i->reg, size, a);
    if (p)
        rmw_end(c, i, size, p, r);
    else
        set_reg(c, i->rm, size, r);
    flags_set(c, (uint64_t)sign_extend(r, 8 * size), carries_add(a, b, r, 8 * size));
    return next(c, i);
}

enum exec_result x_xadd_EbGb(struct cpu *c, const struct insn *i)
{
    return xadd(c, i, 1);
}
enum exec_result x_xadd_EvGv_16(struct cpu *c, const struct insn *i)
{
    return xadd(c, i, 2);
}
enum exec_result x_xadd_EvGv_32(struct cpu *c, const struct insn *i)
{
    return xadd(c, i, 4);
}
enum exec_result x_xadd_EvGv_64(struct cpu *c, const struct insn *i)
{
    return xadd(c, i, 8);
}

static void set_zf(struct cpu *c, bool zf)
{
    flags_import(c, (flags_arith(c) & ~(uint32_t)F_ZF) | (zf ? F_ZF : 0));
}

// CMPXCHG8B and, with REX.W, CMPXCHG16B (which faults when not aligned).
enum exec_result x_cmpxchg8b(struct cpu *c, const struct insn *i)
{
    if (i->opsize != 8) {
        uint8_t *p;
        TRY(rmw_begin(c, i, 8, &p));
        uint64_t old = load_u64(p), want = (uint64_t)get32(c, RDX) << 32 | get32(c, RAX);
        bool equal = old == want;
        rmw_end(c, i, 8, p, equal ? (uint64_t)get32(c, RCX) << 32 | get32(c, RBX) : old);
        if (!equal) {
            set32(c, RAX, (uint32_t)old);
            set32(c, RDX, (uint32_t)(old >> 32));
        }
        set_zf(c, equal);
        return next(c, i);
    }
    uint64_t linear, lo, hi;
    TRY(ea_linear(c, i, 16, FOR_WRITE, &linear));
    if (linear & 15)
        return fault_gp0(c, i);
    TRY(probe(c, i, linear, 16, FOR_WRITE));
    TRY(load128(c, i, true, &lo, &hi));
    bool equal = lo == c->s.reg[RAX] && hi == c->s.reg[RDX];
    TRY(store128(c, i, true, equal ? c->s.reg[RBX] : lo, equal ? c->s.reg[RCX] : hi));
    if (!equal) {
        c->s.reg[RAX] = lo;
        c->s.reg[RDX] = hi;
    }
    set_zf(c, equal);
    return next(c, i);
}

enum exec_result x_bswap_16(struct cpu *c, const struct insn *i)
{
    set16(c, i->rm, 0); // undefined by the manual; what processors do
    return next(c, i);
}

enum exec_result x_bswap_32(struct cpu *c, const struct insn *i)
{
    set32(c, i->rm, __builtin_bswap32(get32(c, i->rm)));
    return next(c, i);
}

enum exec_result x_bswap_64(struct cpu *c, const struct insn *i)
{
    set64(c, i->rm, __builtin_bswap64(get64(c, i->rm)));
    return next(c, i);
}
