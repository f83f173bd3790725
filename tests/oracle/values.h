// Random and edge values of every type that instructions work on, from a seed.
#ifndef TESTS_ORACLE_VALUES_H
#define TESTS_ORACLE_VALUES_H

#include "tests/oracle/case.h"

struct rng {
    uint64_t state;
};

// C leaves the order of operands and of arguments open, so two draws in one expression make cases depend on the
// compiler.
uint64_t rng_next(struct rng *r);
static inline unsigned rng_below(struct rng *r, unsigned n)
{
    return (unsigned)((rng_next(r) >> 32) * n >> 32);
}
static inline bool one_in(struct rng *r, unsigned n)
{
    return rng_below(r, n) == 0;
}
void rng_bytes(struct rng *r, uint8_t *p, unsigned n);

// Integers: small ones, powers of two and their neighbours, runs of ones, any. Valid for every width up to 64 bit.
uint64_t value_int(struct rng *r);
uint32_t value_f32(struct rng *r);
uint64_t value_f64(struct rng *r);
// Sign and exponent in the upper 2 bytes of the 10. Includes the encodings that an x87 calls unsupported.
void value_f80(struct rng *r, uint8_t out[10]);
// Like value_f80() with an exponent so that the magnitude is about 2^low to 2^high.
void value_f80_range(struct rng *r, int low, int high, uint8_t out[10]);
// 18 valid decimal digits and a sign.
void value_bcd(struct rng *r, uint8_t out[10]);

enum vector_type { VEC_INT, VEC_F32, VEC_F64 };
// 16 bytes; one in eight is of another type.
void value_vector(struct rng *r, enum vector_type type, uint8_t out[16]);

uint16_t value_fcw(struct rng *r);
uint32_t value_mxcsr(struct rng *r);
// A whole x87 and SSE state in FXSAVE's form.
void value_fx(struct rng *r, enum vector_type type, uint8_t fx[FX_SIZE]);

#endif
