// Memory for translated code: one object mapped twice, so that no address is both writable and executable.
#ifndef JIT_CODEMEM_H
#define JIT_CODEMEM_H

#include "core/types.h"

struct codemem {
    uint8_t *write;      // where the emitter writes
    const uint8_t *exec; // where the same bytes run
    size_t size;
};

// False: the host allows no such memory.
bool codemem_create(struct codemem *m, size_t size);
void codemem_destroy(struct codemem *m);

#endif
