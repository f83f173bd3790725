// Digests, saving and loading of the whole machine: all over the board's device list, plus RAM. None of it changes
// anything that the guest can see.
//
// The saved form (in memory): "SGLB", version, RAM bytes, device count, processor model; per device its class version,
// packed size and packed state; then per 4 KiB page of RAM one byte, 0 for a zero page, or 1 and the page.
#include "machine/pc.h"

#include <sodium.h>
#include <stdlib.h>

#define STATE_MAGIC   0x424c4753u
#define STATE_VERSION 2u
#define STATE_HEADER  40u // the last 16 bytes: the name of the processor model, padded with zeros

static const uint8_t zero_page[PAGE_SIZE];

static uint64_t page_count(const struct machine *m)
{
    return m->phys.ram_size >> PAGE_SHIFT;
}

static uint8_t *page_bytes(const struct machine *m, uint64_t n)
{
    return m->phys.ram + (n << PAGE_SHIFT);
}

void machine_digest(struct machine *m, uint8_t digest[MACHINE_DIGEST_BYTES])
{
    uint64_t pages = page_count(m);
    if (!m->page_hash)
        m->page_hash = malloc(pages * sizeof m->page_hash[0]);
    uint8_t zero[MACHINE_DIGEST_BYTES];
    crypto_generichash(zero, sizeof zero, zero_page, sizeof zero_page, NULL, 0);

    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, MACHINE_DIGEST_BYTES);
    cpu_sync(m->cpu);
    for (unsigned n = 0; n < m->device_count; n++) {
        const struct device *d = &m->device[n];
        state_save(d->cls->fields, device_state(d), m->packed);
        crypto_generichash_update(&h, m->packed, state_size(d->cls->fields));
    }
    for (uint64_t n = 0; n < pages; n++) {
        struct phys_page *p = &m->phys.dir[n];
        uint8_t fresh[MACHINE_DIGEST_BYTES], *hash = m->page_hash ? m->page_hash[n] : fresh;
        if (!(p->flags & (PHYS_DIRTY | PHYS_HASHED))) {
            hash = zero; // never written
        } else if (p->flags & PHYS_DIRTY || !m->page_hash) {
            crypto_generichash(hash, MACHINE_DIGEST_BYTES, page_bytes(m, n), PAGE_SIZE, NULL, 0);
            if (m->page_hash)
                p->flags = (p->flags | PHYS_HASHED) & ~(uint32_t)PHYS_DIRTY;
        }
        crypto_generichash_update(&h, hash, MACHINE_DIGEST_BYTES);
    }
    cpu_flush_writes(m->cpu);
    crypto_generichash_final(&h, digest, MACHINE_DIGEST_BYTES);
}

static bool is_zero(const struct machine *m, uint64_t n)
{
    return !(m->phys.dir[n].flags & (PHYS_DIRTY | PHYS_HASHED)) || !memcmp(page_bytes(m, n), zero_page, PAGE_SIZE);
}

size_t machine_state_size(struct machine *m)
{
    size_t size = STATE_HEADER;
    for (unsigned n = 0; n < m->device_count; n++)
        size += 8 + state_size(m->device[n].cls->fields);
    for (uint64_t n = 0; n < page_count(m); n++)
        size += is_zero(m, n) ? 1 : 1 + PAGE_SIZE;
    return size;
}

static void model_name(const struct machine *m, uint8_t out[16])
{
    size_t n = strlen(m->config.cpu_model);
    memset(out, 0, 16);
    memcpy(out, m->config.cpu_model, n < 16 ? n : 16);
}

void machine_save(struct machine *m, uint8_t *out)
{
    store_u32(out, STATE_MAGIC);
    store_u32(out + 4, STATE_VERSION);
    store_u64(out + 8, m->phys.ram_size);
    store_u64(out + 16, m->device_count);
    model_name(m, out + 24);
    out += STATE_HEADER;
    cpu_sync(m->cpu);
    for (unsigned n = 0; n < m->device_count; n++) {
        const struct device *d = &m->device[n];
        size_t size = state_size(d->cls->fields);
        store_u32(out, d->cls->version);
        store_u32(out + 4, (uint32_t)size);
        state_save(d->cls->fields, device_state(d), out + 8);
        out += 8 + size;
    }
    for (uint64_t n = 0; n < page_count(m); n++) {
        bool zero = is_zero(m, n);
        *out++ = !zero;
        if (!zero) {
            memcpy(out, page_bytes(m, n), PAGE_SIZE);
            out += PAGE_SIZE;
        }
    }
}

const char *machine_shake(struct machine *m)
{
    cpu_sync(m->cpu);
    for (unsigned n = 0; n < m->device_count; n++) {
        const struct device *d = &m->device[n];
        state_save(d->cls->fields, device_state(d), m->packed);
        state_reset(d->cls->fields, device_state(d));
        state_load(d->cls->fields, device_state(d), m->packed);
        const char *wrong = d->cls->check ? d->cls->check(d->self) : NULL;
        if (wrong)
            return wrong;
    }
    clock_disarm(&m->clock);
    pc_derive(m);
    for (unsigned n = 0; n < m->device_count; n++)
        if (m->device[n].cls->update)
            m->device[n].cls->update(m->device[n].self);
    m->shakes++;
    return NULL;
}

static const char *check_clock(const struct clock_state *s)
{
    if (s->tick >> 62 || s->base_ns >> 62)
        return "clock: beyond its range";
    if (!s->num || !s->den || s->num >> 33 || s->den >> 33 || s->base_tick > s->tick)
        return "clock: ratio";
    return NULL;
}

const char *machine_load(struct machine *m, const uint8_t *in, size_t size)
{
    const uint8_t *end = in + size;
    if (size < STATE_HEADER || load_u32(in) != STATE_MAGIC || load_u32(in + 4) != STATE_VERSION)
        return "not a saved machine of this version";
    uint8_t model[16];
    model_name(m, model);
    if (load_u64(in + 8) != m->phys.ram_size || load_u64(in + 16) != m->device_count || memcmp(in + 24, model, 16) != 0)
        return "saved with another configuration";
    in += STATE_HEADER;

    // All fields first, then the checks, then everything derived.
    for (unsigned n = 0; n < m->device_count; n++) {
        const struct device *d = &m->device[n];
        size_t packed = state_size(d->cls->fields);
        if ((size_t)(end - in) < 8 + packed || load_u32(in) != d->cls->version || load_u32(in + 4) != packed)
            return "a chip's state has another size or version";
        state_load(d->cls->fields, device_state(d), in + 8);
        in += 8 + packed;
    }
    const char *wrong = check_clock(&m->clock.s);
    for (unsigned n = 0; n < m->device_count && !wrong; n++)
        if (m->device[n].cls->check)
            wrong = m->device[n].cls->check(m->device[n].self);
    if (wrong)
        return wrong;
    for (uint64_t n = 0; n < page_count(m); n++) {
        struct phys_page *p = &m->phys.dir[n];
        if (in == end || *in > 1)
            return "memory is cut short";
        bool present = *in++;
        if (present && end - in < PAGE_SIZE)
            return "memory is cut short";
        if (present || !is_zero(m, n)) {
            memcpy(page_bytes(m, n), present ? in : zero_page, PAGE_SIZE);
            p->flags |= PHYS_DIRTY;
        }
        in += present ? PAGE_SIZE : 0;
    }
    pc_derive(m);
    for (unsigned n = 0; n < m->device_count; n++)
        if (m->device[n].cls->update)
            m->device[n].cls->update(m->device[n].self);
    m->stop = MACHINE_SLICE;
    m->reset_wanted = false;
    return in == end ? NULL : "there is more than a machine";
}
