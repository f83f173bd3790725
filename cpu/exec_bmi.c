// Bit manipulation without flags to wait for (SDM vol. 2): BMI1 (TZCNT ANDN BLSR BLSMSK BLSI BEXTR), BMI2 (BZHI PEXT
// PDEP MULX SHLX SARX SHRX RORX) and ADX (ADCX ADOX).
//
// What the manual leaves undefined: AF is cleared, PF and SF are the result's.
#include "cpu/exec.h"
#include "cpu/exec_table.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint64_t second(const struct cpu *c, const struct insn *i, unsigned size)
{
    return get_reg(c, insn_vvvv(i), size);
}

// OF is cleared, the others but CF come from the result.
ALWAYS_INLINE void set_flags(struct cpu *c, uint64_t r, unsigned size, bool cf)
{
    flags_set(c, (uint64_t)sign_extend(r, 8 * size), cf ? AUX_CF | AUX_PO : 0);
}

ALWAYS_INLINE uint64_t pext(uint64_t a, uint64_t mask)
{
    uint64_t r = 0;
    for (unsigned n = 0; mask; n++, mask &= mask - 1)
        r |= (a >> __builtin_ctzll(mask) & 1) << n;
    return r;
}

ALWAYS_INLINE uint64_t pdep(uint64_t a, uint64_t mask)
{
    uint64_t r = 0;
    for (; mask; a >>= 1, mask &= mask - 1)
        r |= a & 1 ? mask & -mask : 0;
    return r;
}

// What an instruction does with its operand `b` of `size` bytes.

ALWAYS_INLINE void do_tzcnt(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t r = b ? (uint64_t)__builtin_ctzll(b) : 8 * size;
    set_flags(c, r, size, b == 0);
    set_reg(c, i->reg, size, r);
}

ALWAYS_INLINE void do_andn(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t r = ~second(c, i, size) & b;
    set_flags(c, r, size, false);
    set_reg(c, i->reg, size, r);
}

ALWAYS_INLINE void do_blsr(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t r = b & (b - 1);
    set_flags(c, r, size, b == 0);
    set_reg(c, insn_vvvv(i), size, r);
}

ALWAYS_INLINE void do_blsmsk(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t r = b ^ (b - 1);
    set_flags(c, r, size, b == 0);
    set_reg(c, insn_vvvv(i), size, r);
}

ALWAYS_INLINE void do_blsi(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t r = b & -b;
    set_flags(c, r, size, b != 0);
    set_reg(c, insn_vvvv(i), size, r);
}

// The lowest `n` bits, n up to 255.
ALWAYS_INLINE uint64_t low_bits(unsigned n)
{
    return n < 64 ? ((uint64_t)1 << n) - 1 : ~(uint64_t)0;
}

ALWAYS_INLINE void do_bextr(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    unsigned control = get16(c, insn_vvvv(i)), start = control & 0xff;
    uint64_t r = start < 8 * size ? b >> start & low_bits(control >> 8) : 0;
    set_flags(c, r, size, false);
    set_reg(c, i->reg, size, r);
}

ALWAYS_INLINE void do_bzhi(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    unsigned n = (uint8_t)c->s.reg[insn_vvvv(i)];
    uint64_t r = b & low_bits(n);
    set_flags(c, r, size, n >= 8 * size);
    set_reg(c, i->reg, size, r);
}

ALWAYS_INLINE void do_pext(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    set_reg(c, i->reg, size, pext(second(c, i, size), b));
}

ALWAYS_INLINE void do_pdep(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    set_reg(c, i->reg, size, pdep(second(c, i, size), b));
}

// The upper half last: it wins if both go to the same register.
ALWAYS_INLINE void do_mulx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    uint64_t low, high, a = get_reg(c, RDX, size);
    if (size == 8) {
        unsigned __int128 p = (unsigned __int128)a * b;
        low = (uint64_t)p;
        high = (uint64_t)(p >> 64);
    } else {
        low = a * b;
        high = low >> 32;
    }
    set_reg(c, insn_vvvv(i), size, low);
    set_reg(c, i->reg, size, high);
}

ALWAYS_INLINE unsigned shift_count(const struct cpu *c, const struct insn *i, unsigned size)
{
    return (unsigned)c->s.reg[insn_vvvv(i)] & (8 * size - 1);
}

ALWAYS_INLINE void do_shlx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    set_reg(c, i->reg, size, b << shift_count(c, i, size));
}

ALWAYS_INLINE void do_shrx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    set_reg(c, i->reg, size, b >> shift_count(c, i, size));
}

ALWAYS_INLINE void do_sarx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    set_reg(c, i->reg, size, (uint64_t)(sign_extend(b, 8 * size) >> shift_count(c, i, size)));
}

ALWAYS_INLINE void do_rorx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    unsigned n = i->imm & (8 * size - 1);
    set_reg(c, i->reg, size, n ? b >> n | b << (8 * size - n) : b);
}

// Adds with the carry in CF, or in OF; nothing else changes. A sum of more than `size` bytes is its own carry for 32
// bits.
ALWAYS_INLINE bool add_carry(struct cpu *c, const struct insn *i, unsigned size, uint64_t b, bool carry)
{
    uint64_t a = get_reg(c, i->reg, size), r = a + b + carry;
    set_reg(c, i->reg, size, r);
    return size == 8 ? ((a & b) | ((a | b) & ~r)) >> 63 : r >> 32 & 1;
}

ALWAYS_INLINE void do_adcx(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    bool old = flag_c(c), cf = add_carry(c, i, size, b, old);
    uint64_t change = cf != old ? AUX_CF | AUX_PO : 0; // PO is CF ^ OF
    c->flag_aux ^= change;
}

ALWAYS_INLINE void do_adox(struct cpu *c, const struct insn *i, unsigned size, uint64_t b)
{
    bool old = flag_o(c), of = add_carry(c, i, size, b, old);
    c->flag_aux ^= of != old ? AUX_PO : 0;
}

#define FORMS(name, B)                                                                                                 \
    enum exec_result x_##name##_##B##r(struct cpu *c, const struct insn *i)                                            \
    {                                                                                                                  \
        do_##name(c, i, B / 8, get##B(c, i->rm));                                                                      \
        return next(c, i);                                                                                             \
    }                                                                                                                  \
    enum exec_result x_##name##_##B##m(struct cpu *c, const struct insn *i)                                            \
    {                                                                                                                  \
        uint64_t b;                                                                                                    \
        TRY(load(c, i, B / 8, &b));                                                                                    \
        do_##name(c, i, B / 8, b);                                                                                     \
        return next(c, i);                                                                                             \
    }
#define FORMS_Y(name) FORMS(name, 32) FORMS(name, 64)

FORMS(tzcnt, 16)
FORMS_Y(tzcnt)
FORMS_Y(andn)
FORMS_Y(blsr)
FORMS_Y(blsmsk)
FORMS_Y(blsi)
FORMS_Y(bextr)
FORMS_Y(bzhi)
FORMS_Y(pext)
FORMS_Y(pdep)
FORMS_Y(mulx)
FORMS_Y(shlx)
FORMS_Y(shrx)
FORMS_Y(sarx)
FORMS_Y(rorx)
FORMS_Y(adcx)
FORMS_Y(adox)
