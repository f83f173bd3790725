// The state table's walkers: reset, save, load and listing, all driven by the same field list.
#include "core/state.h"

#include <stdio.h>

void state_reset(const struct state_field *fields, void *obj)
{
    for (const struct state_field *f = fields; f->name; f++) {
        char *p = (char *)obj + f->offset;
        for (uint32_t n = 0; n < f->count; n++, p += f->size) {
            if (f->sub)
                state_reset(f->sub, p);
            else
                switch (f->size) {
                case 1:
                    *(uint8_t *)p = (uint8_t)f->reset;
                    break;
                case 2:
                    *(uint16_t *)p = (uint16_t)f->reset;
                    break;
                case 4:
                    *(uint32_t *)p = (uint32_t)f->reset;
                    break;
                default:
                    *(uint64_t *)p = f->reset;
                    break;
                }
        }
    }
}

size_t state_size(const struct state_field *fields)
{
    size_t total = 0;
    for (const struct state_field *f = fields; f->name; f++)
        total += f->count * (f->sub ? state_size(f->sub) : f->size);
    return total;
}

static uint64_t get(const char *p, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)p;
    case 2:
        return *(const uint16_t *)p;
    case 4:
        return *(const uint32_t *)p;
    default:
        return *(const uint64_t *)p;
    }
}

static void put(char *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1:
        *(uint8_t *)p = (uint8_t)v;
        break;
    case 2:
        *(uint16_t *)p = (uint16_t)v;
        break;
    case 4:
        *(uint32_t *)p = (uint32_t)v;
        break;
    default:
        *(uint64_t *)p = v;
        break;
    }
}

static uint8_t *save(const struct state_field *fields, const void *obj, uint8_t *out)
{
    for (const struct state_field *f = fields; f->name; f++) {
        const char *p = (const char *)obj + f->offset;
        for (uint32_t n = 0; n < f->count; n++, p += f->size) {
            if (f->sub) {
                out = save(f->sub, p, out);
            } else {
                store_le(out, f->size, get(p, f->size));
                out += f->size;
            }
        }
    }
    return out;
}

static const uint8_t *load(const struct state_field *fields, void *obj, const uint8_t *in)
{
    for (const struct state_field *f = fields; f->name; f++) {
        char *p = (char *)obj + f->offset;
        for (uint32_t n = 0; n < f->count; n++, p += f->size) {
            if (f->sub) {
                in = load(f->sub, p, in);
            } else {
                put(p, f->size, load_le(in, f->size));
                in += f->size;
            }
        }
    }
    return in;
}

void state_save(const struct state_field *fields, const void *obj, uint8_t *out)
{
    save(fields, obj, out);
}

void state_load(const struct state_field *fields, void *obj, const uint8_t *in)
{
    load(fields, obj, in);
}

static void each(const struct state_field *fields, const void *obj, const char *prefix,
                 void (*emit)(void *, const char *, uint64_t, const struct state_field *), void *ctx)
{
    for (const struct state_field *f = fields; f->name; f++) {
        const char *p = (const char *)obj + f->offset;
        for (uint32_t n = 0; n < f->count; n++, p += f->size) {
            char path[160];
            if (f->count > 1)
                snprintf(path, sizeof path, "%s%s[%u]%s", prefix, f->name, (unsigned)n, f->sub ? "." : "");
            else
                snprintf(path, sizeof path, "%s%s%s", prefix, f->name, f->sub ? "." : "");
            if (f->sub)
                each(f->sub, p, path, emit, ctx);
            else
                emit(ctx, path, get(p, f->size), f);
        }
    }
}

void state_each(const struct state_field *fields, const void *obj,
                void (*emit)(void *ctx, const char *path, uint64_t value, const struct state_field *field), void *ctx)
{
    each(fields, obj, "", emit, ctx);
}
