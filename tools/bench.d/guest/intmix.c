// Integer mix: shifts, adds, multiplies, rotates, 32- and 64-bit, branches that depend on random bits,
// small tables in the first cache.
#include "start.h"

enum { ROUNDS = 5000000 };

static u32 table[256];

static NOINLINE u64 churn(u64 *state, u32 rounds)
{
    u64 a = 1, b = 2, c = 3;
    for (u32 i = 0; i < rounds; i++) {
        u64 x = xorshift(state);
        u32 low = (u32)x;
        if (low & 1)
            a += b ^ x;
        else
            a -= c + (x >> 5);
        if ((low & 0x700) == 0x300) {
            b = b * 0x9e3779b97f4a7c15u + x;
        } else if (low & 0x800) {
            b = (b << 11 | b >> 53) ^ a;
        } else {
            b += table[low >> 24];
        }
        u32 t = table[i & 255] + low;
        table[i & 255] = t << 3 | t >> 29;
        switch (x >> 20 & 7) {
        case 0:
            c ^= a;
            break;
        case 1:
            c += b >> 3;
            break;
        case 2:
            c = ~c;
            break;
        case 3:
            c -= t;
            break;
        case 4:
            c = c << 1 | c >> 63;
            break;
        case 5:
            c ^= (u64)(u16)a << 32;
            break;
        case 6:
            c += (u8)b;
            break;
        default:
            c = c * 5 + 1;
        }
    }
    return a ^ b ^ c;
}

static u64 bench(void)
{
    u64 state = 88172645463325252u, sum = MIX_BEGIN;
    sum = mix(sum, churn(&state, ROUNDS));
    for (int i = 0; i < 256; i++)
        sum = mix(sum, table[i]);
    return sum;
}
