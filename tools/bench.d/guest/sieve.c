// Sieve of Eratosthenes over one byte per odd number, a megabyte of them, several times.
#include "start.h"

enum { ODDS = 1 << 20, TIMES = 9 };

static u8 composite[ODDS];

static NOINLINE u32 sieve(void)
{
    u32 primes = 1;
    for (u32 i = 0; i < ODDS; i++)
        composite[i] = 0;
    // Index i stands for 2i + 3.
    for (u32 i = 0; i < ODDS; i++) {
        if (composite[i])
            continue;
        primes++;
        u32 step = 2 * i + 3;
        for (u64 k = i + (u64)step; k < ODDS; k += step)
            composite[k] = 1;
    }
    return primes;
}

static u64 bench(void)
{
    u64 sum = MIX_BEGIN;
    for (int t = 0; t < TIMES; t++)
        sum = mix(sum, sieve());
    return sum;
}
