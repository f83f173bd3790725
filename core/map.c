// Address maps: a sorted table with binary search, and the splitting of accesses into what a chip declares.
#include "core/map.h"

bool map_add(struct map *m, uint64_t base, uint64_t size, const struct io_ops *ops, void *ctx)
{
    if (size == 0 || base + size - 1 < base || m->count == MAP_MAX_WINDOWS)
        return false;
    unsigned at = 0;
    while (at < m->count && m->window[at].base < base)
        at++;
    if (at > 0 && base - m->window[at - 1].base < m->window[at - 1].size)
        return false;
    if (at < m->count && m->window[at].base - base < size)
        return false;
    memmove(&m->window[at + 1], &m->window[at], (m->count - at) * sizeof m->window[0]);
    m->window[at] = (struct map_window){base, size, ops, ctx};
    m->count++;
    m->generation++;
    return true;
}

void map_remove(struct map *m, uint64_t base)
{
    for (unsigned n = 0; n < m->count; n++) {
        if (m->window[n].base == base) {
            memmove(&m->window[n], &m->window[n + 1], (m->count - n - 1) * sizeof m->window[0]);
            m->count--;
            m->generation++;
            return;
        }
    }
}

const struct map_window *map_find(const struct map *m, uint64_t addr)
{
    unsigned lo = 0, hi = m->count;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct map_window *w = &m->window[mid];
        if (addr < w->base)
            hi = mid;
        else if (addr - w->base >= w->size)
            lo = mid + 1;
        else
            return w;
    }
    return NULL;
}

// The widest piece of an access at `addr` with `left` bytes to go that window `w` takes in one go.
static unsigned piece(const struct map_window *w, uint64_t addr, unsigned left)
{
    uint64_t room = w->size - (addr - w->base);
    unsigned size = 8;
    while (size > 1 && (size > left || size > room || !(w->ops->sizes & size) || (size < left && addr % size)))
        size /= 2;
    return size;
}

uint64_t map_read(const struct map *m, uint64_t addr, unsigned size)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < size;) {
        const struct map_window *w = map_find(m, addr + done);
        unsigned n = w ? piece(w, addr + done, size - done) : 1;
        uint64_t part = size_mask(n);
        // A chip that takes no access this narrow answers nothing.
        if (w && w->ops->read && (w->ops->sizes & n))
            part &= w->ops->read(w->ctx, addr + done - w->base, n);
        value |= part << (8 * done);
        done += n;
    }
    return value;
}

void map_write(const struct map *m, uint64_t addr, unsigned size, uint64_t value)
{
    for (unsigned done = 0; done < size;) {
        const struct map_window *w = map_find(m, addr + done);
        unsigned n = w ? piece(w, addr + done, size - done) : 1;
        if (w && w->ops->write && (w->ops->sizes & n))
            w->ops->write(w->ctx, addr + done - w->base, n, (value >> (8 * done)) & size_mask(n));
        done += n;
    }
}
