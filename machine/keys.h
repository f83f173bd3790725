// Keys by name, for who types on behalf of the user: "ctrl-alt-delete".
#ifndef MACHINE_KEYS_H
#define MACHINE_KEYS_H

#include "core/types.h"

#define KEYS_MAX 16u

// Takes a combination of names with dashes between them. Gives the usages for machine_key() in that order (they go down
// in it, and up the other way round) and their number, or 0 with a line in `error` (size bytes).
unsigned keys_parse(const char *text, uint32_t usage[KEYS_MAX], char *error, size_t size);

// The name of key `n`, for completion; NULL behind the last.
const char *keys_name(unsigned n);

#endif
