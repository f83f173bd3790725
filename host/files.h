// Whole files and host facts that are read once.
#ifndef HOST_FILES_H
#define HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The contents, malloc()ed; NULL after one line on stderr.
uint8_t *file_read(const char *name, size_t *size);

// Entropy and the date, for a machine that was not given its own.
uint64_t host_seed(void);
uint64_t host_date(bool localtime);

// Nanoseconds of a clock that never goes back.
uint64_t host_ns(void);

#endif
