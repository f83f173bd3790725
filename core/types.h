// Words that everyone speaks: integer helpers and little-endian access. This is the only place where host byte order
// can appear; every other file reads and writes guest memory through these functions.
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a)          (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, T, m) ((T *)((char *)(p)-offsetof(T, m)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CORE_LE16(v) __builtin_bswap16(v)
#define CORE_LE32(v) __builtin_bswap32(v)
#define CORE_LE64(v) __builtin_bswap64(v)
#else
#define CORE_LE16(v) (v)
#define CORE_LE32(v) (v)
#define CORE_LE64(v) (v)
#endif

// Unaligned little-endian loads and stores; `p` need not be aligned.
static inline uint8_t load_u8(const void *p)
{
    return *(const uint8_t *)p;
}

static inline uint16_t load_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return CORE_LE16(v);
}

static inline uint32_t load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return CORE_LE32(v);
}

static inline uint64_t load_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return CORE_LE64(v);
}

static inline void store_u8(void *p, uint8_t v)
{
    *(uint8_t *)p = v;
}

static inline void store_u16(void *p, uint16_t v)
{
    v = CORE_LE16(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_u32(void *p, uint32_t v)
{
    v = CORE_LE32(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_u64(void *p, uint64_t v)
{
    v = CORE_LE64(v);
    memcpy(p, &v, sizeof v);
}

// Little-endian value of `size` bytes (1, 2, 4 or 8).
static inline uint64_t load_le(const void *p, unsigned size)
{
    switch (size) {
    case 1:
        return load_u8(p);
    case 2:
        return load_u16(p);
    case 4:
        return load_u32(p);
    default:
        return load_u64(p);
    }
}

static inline void store_le(void *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1:
        store_u8(p, (uint8_t)v);
        break;
    case 2:
        store_u16(p, (uint16_t)v);
        break;
    case 4:
        store_u32(p, (uint32_t)v);
        break;
    default:
        store_u64(p, v);
        break;
    }
}

// All ones in the low `8 * size` bits; `size` is 1, 2, 4 or 8.
static inline uint64_t size_mask(unsigned size)
{
    return ~(uint64_t)0 >> (64 - 8 * size);
}

// a * b / c with a 128-bit intermediate; c is not 0 and the result fits 64 bits.
static inline uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t c)
{
    __extension__ typedef unsigned __int128 u128;
    return (uint64_t)((u128)a * b / c);
}

#endif
