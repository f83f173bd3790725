// Page faults: memory is mapped, each page is written once, and the memory is given back.
#include "start.h"

enum { PAGES = 1024, TIMES = 30 };

static u64 bench(void)
{
    u64 sum = MIX_BEGIN;
    for (int t = 0; t < TIMES; t++) {
        u8 *m = map_pages(PAGES * 4096);
        // 4096 is no multiple of the step, so every page is found clean.
        for (u32 i = 0; i < PAGES; i++)
            m[(u64)i * 4096 + (i & 0xfff)] += (u8)(i + 1);
        for (u32 i = 0; i < PAGES; i += 64)
            sum = mix(sum, m[(u64)i * 4096 + (i & 0xfff)]);
        unmap_pages(m, PAGES * 4096);
    }
    return sum;
}
