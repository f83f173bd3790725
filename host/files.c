// Reading and creating files.
#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *name, const char *why, int fd, struct file_bytes *f, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", name, why);
    if (fd >= 0)
        close(fd);
    file_free(f);
    return false;
}

bool file_read(const char *name, uint64_t max, struct file_bytes *out, char *error, size_t size)
{
    struct stat st;
    *out = (struct file_bytes){0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        return fail(name, strerror(errno), fd, out, error, size);
    if (S_ISDIR(st.st_mode))
        return fail(name, "is a directory", fd, out, error, size);
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
        return fail(name, "is larger than the guest's memory", fd, out, error, size);
    size_t room = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 1 << 20;
    out->bytes = malloc(room);
    while (out->bytes) {
        ssize_t got = read(fd, out->bytes + out->size, room - out->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(name, strerror(errno), fd, out, error, size);
        if (got == 0)
            break;
        out->size += (size_t)got;
        if (out->size > max)
            return fail(name, "is larger than the guest's memory", fd, out, error, size);
        if (out->size == room) {
            uint8_t *more = realloc(out->bytes, room * 2);
            if (!more)
                return fail(name, "out of memory", fd, out, error, size);
            out->bytes = more;
            room *= 2;
        }
    }
    if (!out->bytes)
        return fail(name, "out of memory", fd, out, error, size);
    if (out->size == 0)
        return fail(name, "is empty", fd, out, error, size);
    close(fd);
    return true;
}

void file_free(struct file_bytes *f)
{
    free(f->bytes);
    *f = (struct file_bytes){0};
}

int file_create(const char *name, char *error, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        snprintf(error, size, "%s: %s", name, strerror(errno));
    return fd;
}
