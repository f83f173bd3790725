// LZ77 with a hash table, byte-aligned output: compressing and unpacking a megabyte of made-up text.
// A token is a literal run (0lllllll, then the bytes) or a match (1lllllll, 16-bit distance; length l + 4).
#include "start.h"

enum { SIZE = 1 << 20, HASH_BITS = 14, TIMES = 5 };

static u8 text[SIZE + 8], packed[SIZE + SIZE / 64], unpacked[SIZE];
static u32 head[1 << HASH_BITS];

static void write_text(void)
{
    static const char words[16][9] = {"snow ",  "globe ", "shakes ", "and ", "settles ", "back ", "the ",  "a ",
                                      "window", "flake ", "in ",     "it ",  "glass ",   "of ",   "water", "\n"};
    u64 state = 2026;
    for (u32 n = 0; n < SIZE;) {
        u64 x = xorshift(&state);
        const char *w = words[x >> 40 & 15];
        while (*w && n < SIZE)
            text[n++] = (u8)*w++;
        if ((x & 7) == 0 && n < SIZE)
            text[n++] = (u8)('0' + (x >> 8) % 10);
    }
}

static u32 load4(const u8 *p)
{
    u32 v;
    __builtin_memcpy(&v, p, 4);
    return v;
}

static u32 literals(u8 *out, u32 o, const u8 *from, u32 n)
{
    while (n) {
        u32 run = n < 128 ? n : 128;
        out[o++] = (u8)(run - 1);
        for (u32 i = 0; i < run; i++)
            out[o++] = *from++;
        n -= run;
    }
    return o;
}

static NOINLINE u32 compress(u8 *out, const u8 *in, u32 n)
{
    u32 o = 0, i = 0, from = 0;
    for (u32 h = 0; h < 1 << HASH_BITS; h++)
        head[h] = 0;
    while (i + 4 <= n) {
        u32 word = load4(in + i);
        u32 *slot = &head[word * 2654435761u >> (32 - HASH_BITS)];
        // Slots hold positions plus one, so that zero is none.
        u32 old = *slot;
        *slot = i + 1;
        if (old == 0 || i - (old - 1) > 65535 || load4(in + old - 1) != word) {
            i++;
            continue;
        }
        u32 at = old - 1, len = 4;
        while (len < 131 && i + len < n && in[at + len] == in[i + len])
            len++;
        o = literals(out, o, in + from, i - from);
        out[o++] = (u8)(0x80 | (len - 4));
        out[o++] = (u8)(i - at);
        out[o++] = (u8)((i - at) >> 8);
        i += len;
        from = i;
    }
    return literals(out, o, in + from, n - from);
}

static NOINLINE u32 unpack(u8 *out, const u8 *in, u32 n)
{
    u32 o = 0;
    for (u32 i = 0; i < n;) {
        u32 token = in[i++];
        if (token & 0x80) {
            u32 len = (token & 0x7f) + 4, from = o - (in[i] | (u32)in[i + 1] << 8);
            i += 2;
            while (len--)
                out[o++] = out[from++];
        } else {
            for (u32 k = 0; k <= token; k++)
                out[o++] = in[i++];
        }
    }
    return o;
}

static u64 bench(void)
{
    u64 sum = MIX_BEGIN;
    write_text();
    for (int t = 0; t < TIMES; t++) {
        u32 n = compress(packed, text, SIZE);
        sum = mix(sum, n);
        sum = mix(sum, unpack(unpacked, packed, n));
        for (u32 i = 0; i < SIZE; i++)
            if (unpacked[i] != text[i])
                return 0;
        for (u32 i = 0; i < n; i += 16)
            sum = mix(sum, packed[i]);
        // The next text is another one.
        for (u32 i = 0; i < SIZE; i += 97)
            text[i] ^= 1;
    }
    return sum;
}
