// What came with SSE4.2 and after it for general registers: CRC32, POPCNT, MOVBE.
//
// After the instructions' pages in Intel SDM volume 2.
#include "cpu/exec.h"
#include "cpu/exec_table.h"

// ---- CRC32 (the Castagnoli polynomial 11EDC6F41h, bits reflected) ----------------------------------------------

// The checksum moved on by n bytes, lowest first, four bits at a time.
static uint32_t crc32c(uint32_t crc, uint64_t v, unsigned n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (; n > 0; n--, v >>= 8) {
        crc ^= (uint8_t)v;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#define CRC32(suffix, size)                                                                                            \
    enum exec_result x_crc32_##suffix##r(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        set64(c, i->reg, crc32c(get32(c, i->reg), get_reg(c, i->rm, size), size));                                     \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_crc32_##suffix##m(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        set64(c, i->reg, crc32c(get32(c, i->reg), v, size));                                                           \
        return next(c, i);                                                                                             \
    }
CRC32(GyEb_, 1)
CRC32(GyEv_16, 2)
CRC32(GyEv_32, 4)
CRC32(GyEv_64, 8)

// ---- POPCNT -----------------------------------------------------------------------------------------------------

static inline uint64_t count_bits(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return v * 0x0101010101010101u >> 56;
}

// All flags but ZF are cleared; ZF says that the source is zero.
static inline void flags_count(struct cpu *c, uint64_t count)
{
    flags_import(c, count ? 0 : F_ZF);
}

#define POPCNT(bits, size)                                                                                             \
    enum exec_result x_popcnt_##bits##r(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t n = count_bits(get_reg(c, i->rm, size));                                                              \
        flags_count(c, n);                                                                                             \
        set_reg(c, i->reg, size, n);                                                                                   \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_popcnt_##bits##m(struct cpu *c, const struct insn *i)                                           \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        v = count_bits(v);                                                                                             \
        flags_count(c, v);                                                                                             \
        set_reg(c, i->reg, size, v);                                                                                   \
        return next(c, i);                                                                                             \
    }
POPCNT(16, 2)
POPCNT(32, 4)
POPCNT(64, 8)

// ---- MOVBE ------------------------------------------------------------------------------------------------------

static inline uint64_t swap_bytes(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

#define MOVBE(bits, size)                                                                                              \
    enum exec_result x_movbe_GvMv_##bits(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        TRY(load(c, i, size, &v));                                                                                     \
        set_reg(c, i->reg, size, swap_bytes(v, size));                                                                 \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_movbe_MvGv_##bits(struct cpu *c, const struct insn *i)                                          \
    {                                                                                                                  \
        TRY(store(c, i, size, swap_bytes(get_reg(c, i->reg, size), size)));                                            \
        return next(c, i);                                                                                             \
    }
MOVBE(16, 2)
MOVBE(32, 4)
MOVBE(64, 8)
