// What monitor, traces and QMP may want from outside besides the bytes of their client: names, files, the list of
// character devices. host/ offers it; tests do without. Every function may be NULL: commands that need it say so.
#ifndef MACHINE_OUTSIDE_H
#define MACHINE_OUTSIDE_H

#include "core/types.h"

struct tracing;

struct outside {
    const char *version; // of the program, "0.1"
    const char *name;    // of the machine, or NULL
    // Creates or empties a file that a command names. NULL with a line in `error`.
    void *(*create_file)(void *ctx, const char *path, char *error, size_t size);
    bool (*write_file)(void *ctx, void *file, const void *bytes, size_t n);
    bool (*close_file)(void *ctx, void *file); // false: not everything has been written
    // Sends logs and traces to this file from here on. False with a line in `error`.
    bool (*log_to)(void *ctx, const char *path, char *error, size_t size);
    // Calls `each` for every character device: its label, and what it is ("unix:/tmp/s,server=on").
    void (*chardevs)(void *ctx, void (*each)(void *to, const char *label, const char *what), void *to);
    uint64_t (*microseconds)(void *ctx); // since 1970, for timestamps of events; NULL: guest time
    struct tracing *tracing;             // NULL: nothing can be traced
    void *ctx;
};

#endif
