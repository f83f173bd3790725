// The guest's memory into a file of the host, for commands of monitor and QMP.
#ifndef MACHINE_MEMORY_SAVE_H
#define MACHINE_MEMORY_SAVE_H

#include "machine/control.h"

// Writes `n` bytes from `addr` on to a new file. False with a line in `error`; what could be read is then there.
bool memory_save(struct control *c, enum control_space space, uint64_t addr, uint64_t n, const char *path, char *error,
                 size_t size);

#endif
