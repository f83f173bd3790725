// Encoding of x86-64 instructions into a buffer (SDM vol. 2, chapter 2).
#ifndef JIT_X64_H
#define JIT_X64_H

#include "core/types.h"

enum host_reg { HAX, HCX, HDX, HBX, HSP, HBP, HSI, HDI, H8, H9, H10, H11, H12, H13, H14, H15 };

// A byte register's second byte (AH, CH, DH, BH): HIGH | HAX to HBX. No register above 7 and no byte register SPL to
// DIL may be in the same instruction.
#define HIGH 0x20u

// Opcode: map in bits 8..9 (0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A), mandatory prefix in bits 16..23.
#define X_0F   0x100u
#define X_0F38 0x200u
#define X_0F3A 0x300u
#define X_66   0x660000u
#define X_F3   0xf30000u
#define X_F2   0xf20000u

// What the operand size adds.
enum { X_BYTE = 1, X_16 = 2, X_32 = 4, X_64 = 8, X_BYTE_REG = 16, X_BYTE_RM = 32 };

struct emit {
    uint8_t *base;
    uint32_t at, end; // offsets; once `at` passes `end`, bytes are lost and `full` is set
    bool full;
};

// [base + index << scale + disp]; index HSP: none; base NO_BASE: none.
#define NO_BASE 0x10
struct mem {
    uint8_t base, index, scale;
    int32_t disp;
};

static inline void emit_byte(struct emit *e, unsigned v)
{
    if (e->at < e->end)
        e->base[e->at++] = (uint8_t)v;
    else
        e->full = true;
}
static inline void emit_u32(struct emit *e, uint32_t v)
{
    for (unsigned n = 0; n < 4; n++)
        emit_byte(e, v >> (8 * n) & 0xff);
}
static inline void emit_u64(struct emit *e, uint64_t v)
{
    emit_u32(e, (uint32_t)v);
    emit_u32(e, (uint32_t)(v >> 32));
}

// Prefixes, REX and opcode. `reg`, `index`, `base` are register numbers.
static inline void emit_head(struct emit *e, unsigned opcode, unsigned size, unsigned reg, unsigned index,
                             unsigned base)
{
    if (size & X_16)
        emit_byte(e, 0x66);
    if (opcode >> 16)
        emit_byte(e, opcode >> 16 & 0xff);
    unsigned rex = (size & X_64 ? 8u : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    bool low_byte =
        (size & X_BYTE_REG && !(reg & HIGH) && reg >= 4) || (size & X_BYTE_RM && !(base & HIGH) && base >= 4);
    if (rex || low_byte)
        emit_byte(e, 0x40 | rex);
    unsigned map = opcode >> 8 & 3;
    if (map)
        emit_byte(e, 0x0f);
    if (map >= 2)
        emit_byte(e, map == 2 ? 0x38 : 0x3a);
    emit_byte(e, opcode & 0xff);
}

static inline unsigned emit_low(unsigned reg)
{
    return reg & HIGH ? (reg & 3) + 4 : reg & 7;
}

static inline void emit_rr(struct emit *e, unsigned opcode, unsigned size, unsigned reg, unsigned rm)
{
    emit_head(e, opcode, size, reg, 0, rm);
    emit_byte(e, 0xc0 | emit_low(reg) << 3 | emit_low(rm));
}

static inline void emit_rm(struct emit *e, unsigned opcode, unsigned size, unsigned reg, struct mem m)
{
    bool indexed = m.index != HSP;
    emit_head(e, opcode, size & ~(unsigned)X_BYTE_RM, reg, indexed ? m.index : 0, m.base & 15);
    if (m.base == NO_BASE) {
        emit_byte(e, emit_low(reg) << 3 | 4);
        emit_byte(e, (unsigned)m.scale << 6 | (unsigned)(m.index & 7) << 3 | 5);
        emit_u32(e, (uint32_t)m.disp);
        return;
    }
    unsigned mod = m.disp == 0 && (m.base & 7) != 5 ? 0 : m.disp >= -128 && m.disp < 128 ? 1 : 2;
    if (indexed || (m.base & 7) == 4) {
        emit_byte(e, mod << 6 | emit_low(reg) << 3 | 4);
        emit_byte(e, (unsigned)m.scale << 6 | (unsigned)(m.index & 7) << 3 | (m.base & 7));
    } else {
        emit_byte(e, mod << 6 | emit_low(reg) << 3 | (m.base & 7));
    }
    if (mod == 1)
        emit_byte(e, (unsigned)m.disp & 0xff);
    else if (mod == 2)
        emit_u32(e, (uint32_t)m.disp);
}

// A jump with a 32-bit displacement to be filled in: the offset of the displacement. `cc`: 0..15, or 16 for always.
static inline uint32_t emit_jump(struct emit *e, unsigned cc)
{
    if (cc == 16) {
        emit_byte(e, 0xe9);
    } else {
        emit_byte(e, 0x0f);
        emit_byte(e, 0x80 | cc);
    }
    emit_u32(e, 0);
    return e->at - 4;
}

// Makes the displacement at `site` lead to offset `target`.
static inline void emit_patch(uint8_t *base, uint32_t site, uint32_t target)
{
    store_u32(base + site, target - (site + 4));
}

static inline void emit_jump_to(struct emit *e, unsigned cc, uint32_t target)
{
    uint32_t site = emit_jump(e, cc);
    if (!e->full)
        emit_patch(e->base, site, target);
}

#endif
