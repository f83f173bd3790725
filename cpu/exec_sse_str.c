// SSE4.2 on XMM registers: the string comparisons PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM, and PCMPGTQ.
//
// After Intel SDM volume 1, 12.11, and volume 2B, 4.1 (imm8's control byte, the override of invalid elements).
#include "cpu/exec_table.h"
#include "cpu/packed.h"
#include "cpu/sse.h"

static inline uint64_t q_pcmpgtq(uint64_t a, uint64_t b)
{
    return (int64_t)a > (int64_t)b ? UINT64_MAX : 0;
}
SSE_QUADWISE(pcmpgtq)

// imm8.
enum control {
    STR_WORDS = 1,
    STR_SIGNED = 2,
    STR_AGGREGATION = 3 << 2,
    STR_ANY = 0 << 2,     // is the element one of the set in the first operand?
    STR_RANGES = 1 << 2,  // is it in one of the ranges there (pairs of bounds)?
    STR_EACH = 2 << 2,    // are both operands' elements equal?
    STR_ORDERED = 3 << 2, // does the first operand begin here?
    STR_NEGATIVE = 1 << 4,
    STR_MASKED = 1 << 5,   // negate just what is within the second string
    STR_LAST = 1 << 6,     // index: the highest set bit
    STR_EXPANDED = 1 << 6, // mask: elements, not bits
};

// A string: its elements, and how many of them are valid.
struct string {
    int32_t element[16];
    unsigned length;
};

static unsigned element_count(unsigned imm)
{
    return imm & STR_WORDS ? 8 : 16;
}

static int32_t element_of(struct v128 v, unsigned n, unsigned imm)
{
    if (imm & STR_WORDS) {
        uint16_t w = lane16(n & 4 ? v.hi : v.lo, n & 3);
        return imm & STR_SIGNED ? (int16_t)w : w;
    }
    uint8_t b = lane8(n & 8 ? v.hi : v.lo, n & 7);
    return imm & STR_SIGNED ? (int8_t)b : b;
}

// The length operand of explicit strings: its magnitude, at most `count`.
static unsigned explicit_length(uint64_t v, bool wide, unsigned count)
{
    uint64_t magnitude = wide ? ((int64_t)v < 0 ? 0 - v : v) : (int32_t)v < 0 ? 0 - (uint32_t)v : (uint32_t)v;
    return magnitude < count ? (unsigned)magnitude : count;
}

static void take_elements(struct string *s, struct v128 v, unsigned imm)
{
    unsigned count = element_count(imm);
    s->length = count;
    for (unsigned n = count; n-- > 0;) {
        s->element[n] = element_of(v, n, imm);
        if (s->element[n] == 0)
            s->length = n;
    }
}

static bool in_set(const struct string *set, int32_t e)
{
    for (unsigned n = 0; n < set->length; n++)
        if (set->element[n] == e)
            return true;
    return false;
}

// A range whose upper bound is not valid any more does not count.
static bool in_ranges(const struct string *bounds, int32_t e)
{
    for (unsigned n = 0; n + 1 < bounds->length; n += 2)
        if (e >= bounds->element[n] && e <= bounds->element[n + 1])
            return true;
    return false;
}

// As far as the register goes: a match may be cut off by its end.
static bool begins_at(const struct string *needle, const struct string *s, unsigned at, unsigned count)
{
    for (unsigned n = 0; n < needle->length && at + n < count; n++)
        if (at + n >= s->length || s->element[at + n] != needle->element[n])
            return false;
    return true;
}

static bool element_result(const struct string *a, const struct string *b, unsigned n, unsigned imm)
{
    switch (imm & STR_AGGREGATION) {
    case STR_ANY:
        return n < b->length && in_set(a, b->element[n]);
    case STR_RANGES:
        return n < b->length && in_ranges(a, b->element[n]);
    case STR_EACH:
        if (n < a->length && n < b->length)
            return a->element[n] == b->element[n];
        return n >= a->length && n >= b->length;
    default:
        return begins_at(a, b, n, element_count(imm));
    }
}

// The manual's IntRes2: a bit for each element of the second operand. Sets the flags.
static unsigned compare_strings(struct cpu *c, const struct string *a, const struct string *b, unsigned imm)
{
    unsigned count = element_count(imm), r = 0;
    for (unsigned n = 0; n < count; n++)
        r |= (unsigned)element_result(a, b, n, imm) << n;
    if (imm & STR_NEGATIVE)
        r ^= imm & STR_MASKED ? (1u << b->length) - 1 : (1u << count) - 1;
    flags_import(c, (r ? F_CF : 0u) | (b->length < count ? F_ZF : 0u) | (a->length < count ? F_SF : 0u) |
                        (r & 1 ? F_OF : 0u));
    return r;
}

static void put_index(struct cpu *c, unsigned r, unsigned imm)
{
    unsigned index = element_count(imm);
    if (r)
        index = imm & STR_LAST ? 31 - (unsigned)__builtin_clz(r) : (unsigned)__builtin_ctz(r);
    set64(c, RCX, index);
}

static void put_mask(struct cpu *c, unsigned r, unsigned imm)
{
    uint64_t q[2] = {0, 0};
    unsigned count = element_count(imm), bits = 128 / count;
    if (!(imm & STR_EXPANDED)) {
        xmm_set(c, 0, v128_make(r, 0));
        return;
    }
    for (unsigned n = 0; n < count; n++)
        if (r >> n & 1)
            q[n * bits / 64] |= size_mask(bits / 8) << (n * bits % 64);
    xmm_set(c, 0, v128_make(q[0], q[1]));
}

static NOINLINE void compare_string(struct cpu *c, const struct insn *i, struct v128 v, bool is_explicit, bool mask)
{
    struct string a, b;
    take_elements(&a, xmm_get(c, i->reg), i->imm);
    take_elements(&b, v, i->imm);
    if (is_explicit) {
        a.length = explicit_length(get64(c, RAX), i->opsize == 8, element_count(i->imm));
        b.length = explicit_length(get64(c, RDX), i->opsize == 8, element_count(i->imm));
    }
    unsigned r = compare_strings(c, &a, &b, i->imm);
    if (mask)
        put_mask(c, r, i->imm);
    else
        put_index(c, r, i->imm);
}

// The memory operand need not be aligned.
#define STRING_COMPARISON(name, is_explicit, mask)                                                                     \
    enum exec_result x_##name##_r(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        compare_string(c, i, xmm_get(c, i->rm), is_explicit, mask);                                                    \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_m(struct cpu *c, const struct insn *i)                                                 \
    {                                                                                                                  \
        struct v128 b;                                                                                                 \
        TRY(load128(c, i, false, &b.lo, &b.hi));                                                                       \
        compare_string(c, i, b, is_explicit, mask);                                                                    \
        return next(c, i);                                                                                             \
    }
STRING_COMPARISON(pcmpestrm, true, true)
STRING_COMPARISON(pcmpestri, true, false)
STRING_COMPARISON(pcmpistrm, false, true)
STRING_COMPARISON(pcmpistri, false, false)
