// Pausing, stepping and inspecting (machine/control.h).
#include "machine/control.h"
#include "cpu/paging.h"
#include "machine/pc.h"

void control_init(struct control *c, struct machine *m, bool paused)
{
    *c = (struct control){.m = m, .paused = paused, .reason = paused ? REASON_START : REASON_NONE, .until = UINT64_MAX};
}

bool control_listen(struct control *c, void (*event)(void *ctx, enum control_event event), void *ctx)
{
    for (unsigned n = 0; n < CONTROL_LISTENERS; n++) {
        if (!c->listener[n].event) {
            c->listener[n] = (struct control_listener){event, ctx};
            return true;
        }
    }
    return false;
}

void control_unlisten(struct control *c, void *ctx)
{
    for (unsigned n = 0; n < CONTROL_LISTENERS; n++)
        if (c->listener[n].ctx == ctx)
            c->listener[n] = (struct control_listener){NULL, NULL};
}

void control_tell(struct control *c, enum control_event event)
{
    for (unsigned n = 0; n < CONTROL_LISTENERS; n++)
        if (c->listener[n].event)
            c->listener[n].event(c->listener[n].ctx, event);
}

void control_pause(struct control *c, enum control_reason reason)
{
    if (c->paused)
        return;
    c->paused = true;
    c->reason = reason;
    c->until = UINT64_MAX;
    control_tell(c, CONTROL_PAUSED);
}

void control_resume(struct control *c, uint64_t until)
{
    c->until = until;
    if (!c->paused)
        return;
    observe_pass(c->m->cpu);
    c->paused = false;
    c->reason = REASON_NONE;
    control_tell(c, CONTROL_RESUMED);
}

void control_quit(struct control *c)
{
    c->quit = true;
    c->reason = REASON_QUIT;
}

void control_reset(struct control *c)
{
    machine_reset(c->m);
}

void control_power_down(struct control *c)
{
    machine_power_button(c->m);
    control_tell(c, CONTROL_POWER_DOWN);
}

void control_ran(struct control *c, enum machine_stop stop)
{
    const struct observer *o = &c->m->cpu->observer;
    if (c->m->resets != c->resets_told) {
        c->resets_told = c->m->resets;
        control_tell(c, CONTROL_RESET);
    }
    if (stop == MACHINE_STOPPED) {
        c->address = o->hit_addr;
        c->address_kind = o->hit_kind;
        control_pause(c, o->hit_kind == OBSERVE_EXEC ? REASON_BREAKPOINT : REASON_WATCHPOINT);
    } else if (machine_tick(c->m) >= c->until) {
        control_pause(c, REASON_STEP);
    }
}

const struct cpu_state *control_cpu(struct control *c)
{
    cpu_sync(c->m->cpu);
    return &c->m->cpu->s;
}

const char *control_set_cpu(struct control *c, const struct cpu_state *s)
{
    struct cpu *cpu = c->m->cpu;
    cpu_sync(cpu);
    struct cpu_state before = cpu->s;
    cpu->s = *s;
    const char *wrong = cpu_check(cpu);
    cpu->s = before;
    if (wrong)
        return wrong;
    state_save(cpu_state_fields, s, c->m->packed);
    machine_enter(c->m, JOURNAL_CPU, 0, 0, c->m->packed, (uint32_t)state_size(cpu_state_fields));
    return NULL;
}

// The part of [addr, addr + n) that lies in one page of RAM or ROM: its directory entry and how many bytes; else NULL.
static struct phys_page *part(struct control *c, enum control_space space, uint64_t addr, size_t n, uint64_t *phys,
                              size_t *size)
{
    struct cpu *cpu = c->m->cpu;
    size_t room = PAGE_SIZE - (size_t)(addr & PAGE_MASK);
    *phys = addr;
    *size = n < room ? n : room;
    if (space == SPACE_LINEAR) {
        bool lma = cpu->s.efer & EFER_LMA;
        if (lma && !canonical(addr))
            return NULL;
        if (!translate_peek(cpu, lma ? addr : (uint32_t)addr, phys))
            return NULL;
    }
    return phys_page(&c->m->phys, *phys);
}

size_t control_read(struct control *c, enum control_space space, uint64_t addr, void *buf, size_t n)
{
    size_t done = 0;
    while (done < n) {
        uint64_t phys;
        size_t size;
        struct phys_page *page = part(c, space, addr + done, n - done, &phys, &size);
        if (!page)
            break;
        memcpy((uint8_t *)buf + done, page->host + (phys & PAGE_MASK), size);
        done += size;
    }
    return done;
}

size_t control_write(struct control *c, enum control_space space, uint64_t addr, const void *buf, size_t n)
{
    size_t done = 0;
    while (done < n) {
        uint64_t phys;
        size_t size;
        struct phys_page *page = part(c, space, addr + done, n - done, &phys, &size);
        if (!page || !(page->flags & PHYS_RAM))
            break;
        machine_enter(c->m, JOURNAL_MEMORY, 0, phys, (const uint8_t *)buf + done, (uint32_t)size);
        done += size;
    }
    return done;
}

uint32_t control_port_read(struct control *c, uint16_t port, unsigned size)
{
    machine_enter(c->m, JOURNAL_PORT_READ, port, size, NULL, 0);
    return c->m->port_value;
}

void control_port_write(struct control *c, uint16_t port, unsigned size, uint32_t value)
{
    uint8_t bytes[4];
    store_u32(bytes, value);
    machine_enter(c->m, JOURNAL_PORT, port, 0, bytes, size);
}

uint64_t control_interrupts(const struct control *c)
{
    return c->m->cpu->observer.interrupts;
}

bool control_add_point(struct control *c, enum observe_kind kind, uint64_t addr, uint64_t size)
{
    return observe_add(c->m->cpu, &(struct observe_point){addr, size, kind});
}

bool control_remove_point(struct control *c, enum observe_kind kind, uint64_t addr, uint64_t size)
{
    return observe_remove(c->m->cpu, &(struct observe_point){addr, size, kind});
}
