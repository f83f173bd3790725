// System calls: the cheapest one, and a byte through a pipe and back out.
#include "start.h"

enum { CALLS = 300000, BYTES = 40000 };

static u64 bench(void)
{
    int ends[2];
    u64 sum = MIX_BEGIN;
    for (int i = 0; i < CALLS; i++)
        sum = mix(sum, sys0(__NR_getppid) > 0);
    if (sys1(__NR_pipe, (long)ends) != 0)
        return 0;
    for (int i = 0; i < BYTES; i++) {
        u8 out = (u8)i, in = 0;
        if (sys3(__NR_write, ends[1], (long)&out, 1) != 1 || sys3(__NR_read, ends[0], (long)&in, 1) != 1)
            return 0;
        sum = mix(sum, in);
    }
    return sum;
}
