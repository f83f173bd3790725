// The guest's memory into a file of the host.
#include "machine/memory_save.h"
#include "machine/pc.h"

#include <inttypes.h>
#include <stdio.h>

bool memory_save(struct control *c, enum control_space space, uint64_t addr, uint64_t n, const char *path, char *error,
                 size_t size)
{
    const struct outside *o = c->outside;
    uint64_t done = 0;
    bool ok = true;
    if (!o->create_file) {
        snprintf(error, size, "files cannot be written from here");
        return false;
    }
    void *file = o->create_file(o->ctx, path, error, size);
    if (!file)
        return false;
    while (ok && done < n) {
        uint8_t bytes[PAGE_SIZE];
        size_t want = n - done < sizeof bytes ? (size_t)(n - done) : sizeof bytes;
        size_t got = control_read(c, space, addr + done, bytes, want);
        ok = o->write_file(o->ctx, file, bytes, got);
        done += got;
        if (got < want)
            break;
    }
    ok &= o->close_file(o->ctx, file);
    if (!ok)
        snprintf(error, size, "%s: cannot be written", path);
    else if (done < n)
        snprintf(error, size, "Invalid addr 0x%016" PRIx64 "/size %" PRIu64 " specified", addr, n);
    return ok && done == n;
}
