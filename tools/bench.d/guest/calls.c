// Calls and returns: Fibonacci by two functions that call each other, and Takeuchi's function.
#include "start.h"

enum { FIB = 31, TAK_TIMES = 110 };

static NOINLINE u32 even(u32 n);

static NOINLINE u32 odd(u32 n)
{
    return n < 2 ? n : even(n - 1) + even(n - 2);
}

static NOINLINE u32 even(u32 n)
{
    return n < 2 ? n : odd(n - 1) + odd(n - 2);
}

static NOINLINE int tak(int x, int y, int z);

// Between tak and itself, so that the compiler unrolls nothing.
static NOINLINE int down(int x, int y, int z)
{
    return tak(x - 1, y, z);
}

static NOINLINE int tak(int x, int y, int z)
{
    return y >= x ? z : tak(down(x, y, z), down(y, z, x), down(z, x, y));
}

static u64 bench(void)
{
    u64 sum = MIX_BEGIN;
    sum = mix(sum, even(FIB));
    sum = mix(sum, odd(FIB + 1));
    for (int i = 0; i < TAK_TIMES; i++)
        sum = mix(sum, (u64)tak(16 + (i & 3), 11, 6));
    return sum;
}
