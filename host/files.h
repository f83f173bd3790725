// Files by name, with errors that say what is wrong.
#ifndef HOST_FILES_H
#define HOST_FILES_H

#include "core/types.h"

struct file_bytes {
    uint8_t *bytes; // owned
    size_t size;
};

// Reads a whole file. False with a line "NAME: reason" in `error`: missing, a directory, unreadable, empty, or larger
// than `max` bytes.
bool file_read(const char *name, uint64_t max, struct file_bytes *out, char *error, size_t size);
void file_free(struct file_bytes *f);

// Creates or empties a file for writing; the descriptor, or -1 with a line in `error`.
int file_create(const char *name, char *error, size_t size);

#endif
