// Unpacks what Linux kernels are packed with.
#ifndef MACHINE_UNPACK_H
#define MACHINE_UNPACK_H

#include "core/types.h"

// Unpacks the stream at the start of `in`; what it is follows from its first bytes. Bytes after the end of the stream
// are ignored (a kernel's build appends the unpacked size). On success *out is malloc()ed memory of *out_size bytes, at
// most `max`, that the caller frees. On failure, which can be of memory too, *out is NULL and `error` (error_size
// bytes) has a line.
bool unpack(const uint8_t *in, size_t size, size_t max, uint8_t **out, size_t *out_size, char *error,
            size_t error_size);

#endif
