// Reading files with clear errors, and the host's clock and entropy: nothing else in the program asks for them.
#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint8_t *fail(const char *name, const char *why, int fd, uint8_t *bytes)
{
    fprintf(stderr, "snowglobe: %s: %s\n", name, why);
    if (fd >= 0)
        close(fd);
    free(bytes);
    return NULL;
}

uint8_t *file_read(const char *name, size_t *size)
{
    struct stat st;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        return fail(name, strerror(errno), fd, NULL);
    if (S_ISDIR(st.st_mode))
        return fail(name, "is a directory", fd, NULL);
    size_t room = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 1 << 20, n = 0;
    uint8_t *bytes = malloc(room);
    for (;;) {
        if (!bytes)
            return fail(name, "out of memory", fd, NULL);
        ssize_t got = read(fd, bytes + n, room - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(name, strerror(errno), fd, bytes);
        if (got == 0)
            break;
        n += (size_t)got;
        if (n == room) {
            uint8_t *more = realloc(bytes, room *= 2);
            if (!more)
                return fail(name, "out of memory", fd, bytes);
            bytes = more;
        }
    }
    close(fd);
    if (n == 0)
        return fail(name, "is empty", -1, bytes);
    *size = n;
    return bytes;
}

uint64_t host_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = host_ns();
    return seed;
}

uint64_t host_date(bool local)
{
    time_t now = time(NULL);
    struct tm t;
    if (local && localtime_r(&now, &t))
        now = timegm(&t);
    return (uint64_t)now;
}

uint64_t host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
