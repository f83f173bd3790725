// Code memory by a dual mapping of one anonymous file. This file and the emitter are all of jit/ that knows the host.
#include "jit/codemem.h"

#include <sys/mman.h>
#include <unistd.h>

bool codemem_create(struct codemem *m, size_t size)
{
    *m = (struct codemem){0};
    int fd = memfd_create("snowglobe-code", MFD_CLOEXEC);
    if (fd < 0)
        return false;
    if (ftruncate(fd, (off_t)size) == 0) {
        void *w = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        void *x = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        if (w != MAP_FAILED && x != MAP_FAILED) {
            *m = (struct codemem){w, x, size};
        } else {
            if (w != MAP_FAILED)
                munmap(w, size);
            if (x != MAP_FAILED)
                munmap(x, size);
        }
    }
    close(fd);
    return m->write != NULL;
}

void codemem_destroy(struct codemem *m)
{
    if (!m->write)
        return;
    munmap(m->write, m->size);
    munmap((void *)(uintptr_t)m->exec, m->size);
    *m = (struct codemem){0};
}
