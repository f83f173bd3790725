// Processes: forks whose child ends at once, and forks whose child becomes busybox' `true`.
#include "start.h"

enum { FORKS = 400, EXECS = 200, DIRTY_PAGES = 64 };

static u8 dirty[DIRTY_PAGES * 4096];

static int wait_for(long child)
{
    int status = -1;
    if (child < 0 || sys(__NR_wait4, child, (long)&status, 0, 0, 0, 0) != child)
        quit(4);
    return status;
}

static u64 bench(void)
{
    static const char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
    u64 sum = MIX_BEGIN;
    for (u32 i = 0; i < sizeof dirty; i += 4096)
        dirty[i] = 1;
    for (int i = 0; i < FORKS; i++) {
        long child = sys0(__NR_fork);
        if (child == 0) {
            // A page of the parent's is copied.
            dirty[0] = (u8)i;
            quit(dirty[0] & 0x3f);
        }
        sum = mix(sum, (u64)wait_for(child));
    }
    for (int i = 0; i < EXECS; i++) {
        long child = sys0(__NR_fork);
        if (child == 0) {
            sys3(__NR_execve, (long)"/bin/busybox", (long)argv, (long)envp);
            quit(5);
        }
        sum = mix(sum, (u64)wait_for(child));
    }
    return sum;
}
