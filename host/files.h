// Files named on the command line.
#ifndef HOST_FILES_H
#define HOST_FILES_H

#include "core/types.h"

struct file_bytes {
    uint8_t *bytes; // freed by file_free()
    size_t size;
};

// Reads the whole of `path`, which may be a pipe, too. It must have 1..limit bytes. False with a line in `error` (size
// bytes) that begins with the path.
bool file_read(const char *path, uint64_t limit, struct file_bytes *out, char *error, size_t size);
void file_free(struct file_bytes *f);

// Opens `path` for output, created or emptied. The descriptor, or -1 with a line in `error`.
int file_create(const char *path, char *error, size_t size);
// The same, but what is there stays and output comes behind it.
int file_append(const char *path, char *error, size_t size);

#endif
