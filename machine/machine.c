// The machine as the outside sees it: creation, the run loop, inputs through the journal.
#include "machine/machine.h"
#include "machine/pc.h"

#ifndef SNOWGLOBE_JIT
#define SNOWGLOBE_JIT 0
#endif
#if SNOWGLOBE_JIT
#include "jit/jit.h"
#endif

#include <stdio.h>
#include <stdlib.h>

// ---- journal
// -------------------------------------------------------------------------------------------------------------------

static void apply(void *ctx, const struct journal_entry *e)
{
    struct machine *m = ctx;
    switch ((enum journal_kind)e->kind) {
    case JOURNAL_SERIAL:
        uart_16550a_receive(&m->uart[e->index], e->data, e->size);
        break;
    case JOURNAL_SERIAL_END:
        break;
    case JOURNAL_BREAK:
        uart_16550a_receive_break(&m->uart[e->index]);
        break;
    case JOURNAL_DATE:
        rtc_set_date(&m->rtc, e->value);
        break;
    case JOURNAL_SEED:
        m->cpu->s.rng = e->value;
        break;
    case JOURNAL_RATIO:
        clock_set_ratio(&m->clock, e->value, 1 << 20);
        break;
    case JOURNAL_IDLE:
        m->clock.s.tick += e->value;
        break;
    case JOURNAL_POWER_BUTTON:
        piix4_pm_power_button(&m->pm);
        break;
    case JOURNAL_RESET:
        pc_want_reset(m);
        break;
    case JOURNAL_CPU:
        state_load(cpu_state_fields, &m->cpu->s, e->data);
        cpu_update(m->cpu);
        break;
    case JOURNAL_MEMORY:
        phys_write(&m->phys, e->value, e->data, e->size);
        break;
    case JOURNAL_PORT_READ:
        m->port_value = (uint32_t)map_read(&m->ports, e->index, (unsigned)e->value);
        break;
    case JOURNAL_PORT:
        map_write(&m->ports, e->index, e->size, load_le(e->data, e->size));
        break;
    case JOURNAL_MOUSE:
        ps2_mouse_move(&m->mouse, (int16_t)e->value, (int16_t)(e->value >> 16), (int16_t)(e->value >> 32), e->index);
        break;
    case JOURNAL_KEY:
        ps2_keyboard_key(&m->keyboard, (uint32_t)e->value, e->index);
        break;
    }
}

void machine_enter(struct machine *m, enum journal_kind kind, unsigned index, uint64_t value, const uint8_t *data,
                   uint32_t size)
{
    journal_enter(&m->journal, m->clock.s.tick, kind, index, value, data, size);
}

// ---- creation
// --------------------------------------------------------------------------------------------------------------------

bool machine_has_jit(void)
{
    return SNOWGLOBE_JIT;
}

struct machine *machine_create(const struct machine_config *config, char *error, size_t size)
{
    if (config->ram_bytes < (1 << 20) || config->ram_bytes > MACHINE_MAX_RAM || config->ram_bytes % (1 << 20)) {
        snprintf(error, size, "memory size must be whole MiB from 1 MiB to %u GiB", (unsigned)(MACHINE_MAX_RAM >> 30));
        return NULL;
    }
    const struct cpu_model *model = cpu_model_find(config->cpu_model);
    if (!model) {
        int n = snprintf(error, size, "there is no processor '%s'; there are", config->cpu_model);
        for (unsigned k = 0; n > 0 && (size_t)n < size && cpu_model_at(k); k++)
            n += snprintf(error + n, size - (size_t)n, " %s", cpu_model_at(k)->name);
        return NULL;
    }
    struct machine *m = calloc(1, sizeof *m);
    uint8_t *ram = m ? calloc(1, config->ram_bytes) : NULL;
    struct phys_page *dir = ram ? calloc(config->ram_bytes >> PAGE_SHIFT, sizeof *dir) : NULL;
    if (!dir) {
        snprintf(error, size, "cannot allocate %llu MiB of guest memory",
                 (unsigned long long)(config->ram_bytes >> 20));
        free(ram);
        free(m);
        return NULL;
    }
    m->config = *config;
    m->config.cpu_model = model->name;
    log_init(&m->log, config->log, config->log_ctx);
    clock_init(&m->clock);
    phys_init(&m->phys, ram, config->ram_bytes, dir, &m->memory);
    m->journal =
        (struct journal){.record = config->record, .record_ctx = config->record_ctx, .apply = apply, .apply_ctx = m};
    if (!pc_build(m)) {
        snprintf(error, size, "cannot build the board: out of memory, or the files of fw_cfg do not fit");
        machine_destroy(m);
        return NULL;
    }
#if SNOWGLOBE_JIT
    if (config->jit_threshold && !(m->jit = jit_create(m->cpu, config->jit_threshold))) {
        snprintf(error, size, "this host has no memory for translated code");
        machine_destroy(m);
        return NULL;
    }
#endif
    pc_reset(m);
    machine_enter(m, JOURNAL_DATE, 0, config->date, NULL, 0);
    machine_enter(m, JOURNAL_SEED, 0, config->seed, NULL, 0);
    return m;
}

void machine_destroy(struct machine *m)
{
    if (!m)
        return;
#if SNOWGLOBE_JIT
    jit_destroy(m->jit);
#endif
    cpu_destroy(m->cpu);
    free(m->kernel_copy);
    free(m->page_hash);
    free(m->packed);
    free(m->phys.ram);
    free(m->phys.dir);
    free(m);
}

// ---- running
// --------------------------------------------------------------------------------------------------------------------

// A guest's event handlers cannot hold the host thread longer than this many events at one tick.
#define DUE_LIMIT 4096

static void do_reset(struct machine *m)
{
    char error[512];
    m->reset_wanted = false;
    m->resets++;
    observe_reset(m->cpu);
    pc_reset(m);
    if (m->kernel_copy && !pc_boot(m, error, sizeof error)) {
        log_line(&m->log, LOG_HOST_ERROR, "reset: %s", error);
        m->stop = MACHINE_RESET;
    }
}

// Whether an interrupt could still be taken. At MWAIT a device's store or an interrupt that is held off will do.
static bool can_wake(const struct machine *m)
{
    const struct cpu_state *s = &m->cpu->s;
    return s->rflags & F_IF || s->nmi_pending || s->activity == CPU_MWAIT || s->activity == CPU_MWAIT_ANY;
}

// The mean build saves and loads behind each event, not only behind the last of those that are due together.
static void run_due(struct machine *m)
{
    const unsigned step = SNOWGLOBE_MEAN ? 1 : DUE_LIMIT;
    for (unsigned n = 0; n < DUE_LIMIT && clock_run_due(&m->clock, step) && SNOWGLOBE_MEAN; n++) {
        const char *wrong = machine_shake(m);
        if (wrong)
            log_line(&m->log, LOG_HOST_ERROR, "the machine does not load what it saved: %s", wrong);
    }
}

enum machine_stop machine_run(struct machine *m, uint64_t until, bool skip_idle)
{
    uint64_t slice_end = (m->clock.s.tick / MACHINE_SLICE_TICKS + 1) * MACHINE_SLICE_TICKS;
    m->stop = MACHINE_SLICE;
    for (;;) {
        run_due(m);
        if (m->reset_wanted && m->stop == MACHINE_SLICE)
            do_reset(m);
        if (m->stop != MACHINE_SLICE)
            return m->stop;
        uint64_t tick = m->clock.s.tick;
        if (tick >= until)
            return MACHINE_UNTIL;
        if (tick >= slice_end)
            return MACHINE_SLICE;
        uint64_t deadline = clock_tick_at(&m->clock, clock_next_deadline(&m->clock));
        uint64_t target = until < slice_end ? until : slice_end;
        if (deadline < target)
            target = deadline > tick ? deadline : tick + 1;
        enum cpu_stop why = cpu_run(m->cpu, target - tick);
        if (m->stop != MACHINE_SLICE || m->reset_wanted || why == CPU_BUDGET || why == CPU_DEADLINE)
            continue;
        if (why == CPU_STOPPED)
            return MACHINE_STOPPED;
        if (!can_wake(m))
            return m->stop = MACHINE_STUCK;
        if (!skip_idle || deadline == CLOCK_NEVER)
            return MACHINE_IDLE;
        if (m->clock.s.tick < deadline)
            m->clock.s.tick = deadline < until ? deadline : until;
    }
}

uint64_t machine_events(const struct machine *m)
{
    return m->clock.fired;
}

uint64_t machine_shakes(const struct machine *m)
{
    return m->shakes;
}

uint64_t machine_tick(const struct machine *m)
{
    return m->clock.s.tick;
}
uint64_t machine_ns(const struct machine *m)
{
    return clock_ns(&m->clock);
}
uint64_t machine_tick_at(const struct machine *m, uint64_t ns)
{
    return clock_tick_at(&m->clock, ns);
}
uint8_t machine_exit_value(const struct machine *m)
{
    return m->exit_value;
}
uint64_t machine_idle_deadline(const struct machine *m)
{
    return clock_next_deadline(&m->clock);
}

void machine_idle_skip(struct machine *m, uint64_t ns, uint64_t until)
{
    uint64_t now = clock_ns(&m->clock), deadline = clock_next_deadline(&m->clock);
    uint64_t to = ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
    uint64_t tick = clock_tick_at(&m->clock, to < deadline ? to : deadline);
    if (tick > until)
        tick = until;
    if (tick > m->clock.s.tick)
        machine_enter(m, JOURNAL_IDLE, 0, tick - m->clock.s.tick, NULL, 0);
}

void machine_set_ratio(struct machine *m, uint64_t ns_per_mega)
{
    if (ns_per_mega == 0)
        ns_per_mega = 1;
    if (ns_per_mega > (uint64_t)1 << 32)
        ns_per_mega = (uint64_t)1 << 32;
    if (m->clock.s.num != ns_per_mega || m->clock.s.den != 1 << 20)
        machine_enter(m, JOURNAL_RATIO, 0, ns_per_mega, NULL, 0);
}

// Whoever is at the other end waits until someone listens: the guest raises RTS or enables receive interrupts. Before
// that a driver's first reset of the FIFO would eat what was typed.
size_t machine_serial_room(const struct machine *m, unsigned port)
{
    enum { IER_ERBFI = 1, MCR_RTS = 2 };
    if (port >= m->config.serial_count)
        return 0;
    const struct uart_16550a *u = &m->uart[port];
    return u->s.ier & IER_ERBFI || u->s.mcr & MCR_RTS ? uart_16550a_room(u) : 0;
}

size_t machine_serial_input(struct machine *m, unsigned port, const uint8_t *bytes, size_t n)
{
    size_t room = machine_serial_room(m, port);
    n = n < room ? n : room;
    if (n)
        machine_enter(m, JOURNAL_SERIAL, port, 0, bytes, (uint32_t)n);
    return n;
}

bool machine_serial_break(struct machine *m, unsigned port)
{
    if (!machine_serial_room(m, port))
        return false;
    machine_enter(m, JOURNAL_BREAK, port, 0, NULL, 0);
    return true;
}

void machine_reset(struct machine *m)
{
    machine_enter(m, JOURNAL_RESET, 0, 0, NULL, 0);
}

void machine_power_button(struct machine *m)
{
    machine_enter(m, JOURNAL_POWER_BUTTON, 0, 0, NULL, 0);
}

void machine_key(struct machine *m, uint32_t usage, bool down)
{
    machine_enter(m, JOURNAL_KEY, down, usage, NULL, 0);
}

static uint64_t word(int v)
{
    return (uint16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

void machine_mouse(struct machine *m, int dx, int dy, int dz, unsigned buttons)
{
    machine_enter(m, JOURNAL_MOUSE, buttons & 0x1f, word(dx) | word(dy) << 16 | word(dz) << 32, NULL, 0);
}
