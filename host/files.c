// Whole files into memory.
#include "host/files.h"
#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_PIECE (1u << 20)

static const char too_large[] = "does not fit into the guest's memory (-m)";

static bool fail(const char *path, const char *reason, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", path, reason);
    return false;
}

// Reads until the end, at most limit + 1 bytes. NULL or the reason.
static const char *read_all(int fd, size_t expected, uint64_t limit, struct file_bytes *out)
{
    size_t room = expected < limit ? expected + 1 : (size_t)limit + 1;
    out->bytes = malloc(room);
    if (!out->bytes)
        return "out of memory";
    for (;;) {
        ssize_t n = read(fd, out->bytes + out->size, room - out->size);
        if (n < 0 && errno == EINTR && !terminal_signal())
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            return out->size ? NULL : "the file is empty";
        out->size += (size_t)n;
        if (out->size > limit)
            return too_large;
        if (out->size < room)
            continue;
        room = room < limit / 2 ? room * 2 : (size_t)limit + 1;
        uint8_t *bigger = realloc(out->bytes, room);
        if (!bigger)
            return "out of memory";
        out->bytes = bigger;
    }
}

bool file_read(const char *path, uint64_t limit, struct file_bytes *out, char *error, size_t size)
{
    *out = (struct file_bytes){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, strerror(errno), error, size);
    struct stat st;
    const char *reason = NULL;
    if (fstat(fd, &st) != 0)
        reason = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        reason = "is a directory";
    else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
        reason = too_large;
    else
        reason = read_all(fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : FIRST_PIECE, limit, out);
    close(fd);
    if (!reason)
        return true;
    fail(path, reason, error, size);
    file_free(out);
    return false;
}

void file_free(struct file_bytes *f)
{
    free(f->bytes);
    *f = (struct file_bytes){0};
}

static int open_output(const char *path, int flag, char *error, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flag, 0666);
    if (fd < 0)
        fail(path, strerror(errno), error, size);
    return fd;
}

int file_create(const char *path, char *error, size_t size)
{
    return open_output(path, O_TRUNC, error, size);
}

int file_append(const char *path, char *error, size_t size)
{
    return open_output(path, O_APPEND, error, size);
}
