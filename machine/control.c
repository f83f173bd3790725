// Pausing, stepping and inspecting (machine/control.h).
#include "machine/control.h"
#include "cpu/paging.h"
#include "machine/pc.h"

void control_init(struct control *c, struct machine *m, bool paused)
{
    static const struct outside nothing;
    *c = (struct control){.m = m,
                          .outside = &nothing,
                          .paused = paused,
                          .reason = paused ? REASON_START : REASON_NONE,
                          .until = UINT64_MAX};
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

static void tell(struct control *c, enum control_event event)
{
    for (unsigned n = 0; n < CONTROL_LISTENERS; n++)
        if (c->listener[n].event)
            c->listener[n].event(c->listener[n].ctx, event);
}

// ---- steps
// ----------------------------------------------------------------------------------------------------------------

static uint64_t stack_pointer(const struct cpu *cpu)
{
    uint32_t mode = cpu->mode;
    return cpu->s.reg[RSP] & (mode & MODE_64 ? UINT64_MAX : mode & MODE_STACK32 ? UINT32_MAX : 0xffff);
}

// Notes where the step begins; it is over one tick later if no interrupt comes first.
static void begin_step(struct control *c)
{
    const struct cpu_state *s = control_cpu(c);
    const struct cpu *cpu = c->m->cpu;
    c->step = (struct control_step){.active = true,
                                    .halted = s->activity != CPU_RUNNING,
                                    .rip = cpu->mode & MODE_64 ? s->rip : (uint32_t)(s->rip + s->seg[SEG_CS].base),
                                    .rsp = stack_pointer(cpu),
                                    .cr3 = s->cr3,
                                    .interrupts = control_interrupts(c)};
    c->until = machine_tick(c->m) + 1;
}

static void end_step(struct control *c)
{
    if (c->step.away)
        control_remove_point(c, OBSERVE_EXEC, c->step.rip, 1);
    c->step = (struct control_step){0};
}

// A tick of a step has passed: whether it was an interrupt's or a halt's, so that the step goes on.
static bool step_goes_on(struct control *c)
{
    bool halted = c->step.halted && c->m->cpu->s.activity != CPU_RUNNING;
    if (!c->step.active || (control_interrupts(c) == c->step.interrupts && !halted))
        return false;
    c->step.away = control_add_point(c, OBSERVE_EXEC, c->step.rip, 1);
    c->until = UINT64_MAX;
    return c->step.away;
}

static unsigned breakpoints_at(const struct observer *o, uint64_t addr)
{
    unsigned count = 0;
    for (unsigned n = 0; n < o->count; n++)
        count += o->point[n].kind == OBSERVE_EXEC && o->point[n].addr == addr;
    return count;
}

// A point was met: whether it was the step's own, so that the step goes on. Another task may be there first: it has
// another stack, or in user mode another address space.
static bool step_returns(struct control *c)
{
    const struct cpu *cpu = c->m->cpu;
    const struct control_step *s = &c->step;
    if (!s->away || c->address_kind != OBSERVE_EXEC || c->address != s->rip)
        return false;
    if (stack_pointer(cpu) != s->rsp || (cpu->cpl == 3 && cpu->s.cr3 != s->cr3))
        return breakpoints_at(&cpu->observer, s->rip) == 1;
    end_step(c);
    begin_step(c);
    return true;
}

void control_step(struct control *c)
{
    control_resume(c, UINT64_MAX);
    begin_step(c);
}

// ---- pausing
// --------------------------------------------------------------------------------------------------------------

void control_tell(struct control *c, enum control_event event)
{
    if (c->telling) {
        if (c->later_count < CONTROL_LATER)
            c->later[c->later_count++] = event;
        return;
    }
    c->telling = true;
    tell(c, event);
    while (c->later_count) {
        event = c->later[0];
        memmove(c->later, c->later + 1, --c->later_count * sizeof c->later[0]);
        tell(c, event);
    }
    c->telling = false;
}

void control_pause(struct control *c, enum control_reason reason)
{
    if (c->paused)
        return;
    end_step(c);
    c->paused = true;
    c->reason = reason;
    c->until = UINT64_MAX;
    control_tell(c, CONTROL_PAUSED);
}

void control_resume(struct control *c, uint64_t until)
{
    end_step(c);
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
    c->reset_asked = true;
    machine_reset(c->m);
}

void control_power_down(struct control *c)
{
    machine_power_button(c->m);
    control_tell(c, CONTROL_POWER_DOWN);
}

// ---- keys
// ------------------------------------------------------------------------------------------------------------

static void press(struct control *c, bool down)
{
    const struct control_chord *k = &c->chord[c->chord_first];
    for (unsigned n = 0; n < k->count; n++)
        machine_key(c->m, k->usage[down ? n : k->count - 1 - n], down);
    c->chord_down = down;
    c->chord_until = machine_ns(c->m) + k->hold;
}

// Keys come up in their time; at once when that cannot come, because nothing is armed that moves it on.
static void type(struct control *c, bool no_time)
{
    if (c->chords && c->chord_down && (no_time || machine_ns(c->m) >= c->chord_until)) {
        press(c, false);
        c->chord_first = (c->chord_first + 1) % CONTROL_CHORDS;
        c->chords--;
    } else if (c->chords && !c->chord_down) {
        press(c, true);
    }
}

bool control_keys(struct control *c, const uint32_t *usage, unsigned count, uint64_t hold)
{
    struct control_chord *k = &c->chord[(c->chord_first + c->chords) % CONTROL_CHORDS];
    if (c->chords == CONTROL_CHORDS || !count || count > ARRAY_LEN(k->usage))
        return false;
    memcpy(k->usage, usage, count * sizeof *usage);
    k->count = count;
    k->hold = hold;
    if (!c->chords++)
        press(c, true);
    return true;
}

// ---- what the loop tells
// ---------------------------------------------------------------------------------------------

const char *control_status(const struct control *c)
{
    if (!c->paused)
        return "running";
    switch (c->reason) {
    case REASON_START:
        return "prelaunch";
    case REASON_STEP:
    case REASON_BREAKPOINT:
    case REASON_WATCHPOINT:
        return "debug";
    case REASON_POWER_OFF:
    case REASON_RESET:
    case REASON_TRIPLE:
        return "shutdown";
    default:
        return "paused";
    }
}

void control_ran(struct control *c, enum machine_stop stop)
{
    type(c, stop == MACHINE_IDLE && machine_idle_deadline(c->m) == UINT64_MAX);
    const struct observer *o = &c->m->cpu->observer;
    if (c->m->resets != c->resets_told) {
        c->resets_told = c->m->resets;
        control_tell(c, CONTROL_RESET);
        if (c->step.active)
            control_pause(c, REASON_STEP);
        c->reset_asked = false;
    }
    if (stop == MACHINE_STOPPED) {
        c->address = o->hit_addr;
        c->address_kind = o->hit_kind;
        if (!step_returns(c))
            control_pause(c, o->hit_kind == OBSERVE_EXEC ? REASON_BREAKPOINT : REASON_WATCHPOINT);
    } else if (machine_tick(c->m) >= c->until && !step_goes_on(c)) {
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
