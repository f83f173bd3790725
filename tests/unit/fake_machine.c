// machine/machine.h and machine/control.h without a machine: a "guest" that does what the kernel command line says,
// word by word, for tests of host/. A .c file that includes this needs no library of machine/.
//
//   say:TEXT     writes TEXT to port 0, with _ for a space and | for a newline
//   flood:N      writes N bytes
//   debug:TEXT   writes TEXT to the debug console
//   busy:N       executes N ticks
//   sleep:NS     halts until NS guest ns later
//   time         writes the guest time in ms
//   read         halts until a byte comes, and echoes it
//   spin         executes until a byte comes, and echoes it
//   until:C      goes back to the word before unless the byte that came last is C
//   log          a line of the log
//   break        halts until a break comes
//   slow-load    (anywhere) loading takes more than a second
//   exit:V poweroff reset triple panic stuck halt crash abort: as they say; halt has no deadline and wakes for nothing
#include "host/ends.h"
#include "machine/control.h"
#include "machine/tracing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FAKE_FIFO 16

struct machine {
    struct machine_config config;
    char script[1024];
    const char *at;
    uint64_t tick, ns, ratio; // ns at tick, by steps
    uint64_t left;            // ticks of the present word
    uint64_t deadline;
    bool started, sleeping;
    uint8_t fifo[FAKE_FIFO];
    size_t count;
    uint8_t last;
    unsigned breaks;
    uint64_t hash;
    uint8_t exit_value;
    volatile uint64_t work;
};

static void fake_mix(struct machine *m, uint64_t v)
{
    m->hash = (m->hash ^ v) * 0x100000001b3u;
}

struct machine *machine_create(const struct machine_config *config, char *error, size_t size)
{
    struct machine *m = calloc(1, sizeof *m);
    if (!m)
        snprintf(error, size, "out of memory");
    else
        *m = (struct machine){.config = *config, .ratio = 1 << 20, .hash = config->seed * 31 + config->date};
    return m;
}

void machine_destroy(struct machine *m)
{
    free(m);
}

enum machine_kernel_kind machine_kernel_kind(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return MACHINE_KERNEL_LINUX;
}

bool machine_load_kernel(struct machine *m, const struct machine_kernel *kernel, char *error, size_t size)
{
    if (kernel->size < 4 || memcmp(kernel->bytes, "fake", 4) != 0) {
        snprintf(error, size, "not a fake kernel");
        return false;
    }
    snprintf(m->script, sizeof m->script, "%s", kernel->append);
    m->at = m->script;
    if (kernel->progress && strstr(m->script, "slow-load")) {
        kernel->progress(kernel->progress_ctx, "being slow");
        struct timespec from, now;
        clock_gettime(CLOCK_MONOTONIC, &from);
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < 1200);
    }
    return true;
}

static void fake_advance(struct machine *m, uint64_t ticks)
{
    for (uint64_t n = 0; n < ticks * 2; n++)
        m->work = m->work * 6364136223846793005u + n;
    m->tick += ticks;
    m->ns += mul_div_u64(ticks, m->ratio, 1 << 20);
}

static void fake_text(const struct char_backend *b, const char *text)
{
    for (; *text && *text != ' '; text++)
        char_write(b, (uint8_t)(*text == '_' ? ' ' : *text == '|' ? '\n' : *text));
}

static bool fake_word(const struct machine *m, const char *word)
{
    size_t n = strlen(word);
    return strncmp(m->at, word, n) == 0 && (word[n - 1] == ':' || m->at[n] == ' ' || !m->at[n]);
}

static void fake_next(struct machine *m)
{
    m->started = false;
    m->at += strcspn(m->at, " ");
    m->at += strspn(m->at, " ");
}

static bool fake_take(struct machine *m)
{
    if (!m->count)
        return false;
    m->last = m->fifo[0];
    memmove(m->fifo, m->fifo + 1, --m->count);
    fake_mix(m, m->tick ^ m->last);
    return true;
}

// Executes at most up to tick `end`; MACHINE_SLICE to go on.
static enum machine_stop fake_step(struct machine *m, uint64_t end)
{
    const char *colon = strchr(m->at, ':');
    uint64_t value = colon ? strtoull(colon + 1, NULL, 0) : 0;
    char text[32];
    if (fake_word(m, "busy:")) {
        m->left = m->started ? m->left : value;
        m->started = true;
        uint64_t n = m->left < end - m->tick ? m->left : end - m->tick;
        fake_advance(m, n);
        m->left -= n;
        if (m->left)
            return MACHINE_SLICE;
    } else if (fake_word(m, "sleep:")) {
        if (!m->started)
            m->deadline = m->ns + value;
        m->started = true;
        m->sleeping = m->ns < m->deadline;
        if (m->sleeping)
            return MACHINE_IDLE;
        m->deadline = UINT64_MAX;
    } else if (fake_word(m, "read")) {
        if (!fake_take(m))
            return MACHINE_IDLE;
        char_write(&m->config.serial[0], m->last);
    } else if (fake_word(m, "spin")) {
        if (!fake_take(m)) {
            fake_advance(m, end - m->tick < 1000 ? end - m->tick : 1000);
            return MACHINE_SLICE;
        }
        char_write(&m->config.serial[0], m->last);
    } else if (fake_word(m, "until:")) {
        if (m->last != colon[1]) {
            const char *p = m->at - 1;
            while (p > m->script && p[-1] != ' ')
                p--;
            m->at = p;
            return MACHINE_SLICE;
        }
    } else if (fake_word(m, "say:")) {
        fake_text(&m->config.serial[0], m->at + 4);
    } else if (fake_word(m, "debug:")) {
        fake_text(&m->config.debugcon, m->at + 6);
    } else if (fake_word(m, "time")) {
        snprintf(text, sizeof text, "%llu_ms|", (unsigned long long)(m->ns / 1000000));
        fake_text(&m->config.serial[0], text);
    } else if (fake_word(m, "flood:")) {
        m->left = m->started ? m->left : value;
        m->started = true;
        for (; m->left && m->tick < end; m->left--, fake_advance(m, 10))
            char_write(&m->config.serial[0], m->left % 64 ? 'x' : '\n');
        if (m->left)
            return MACHINE_SLICE;
    } else if (fake_word(m, "exit:")) {
        m->exit_value = (uint8_t)value;
        return MACHINE_EXIT;
    } else if (fake_word(m, "poweroff")) {
        fake_next(m);
        return MACHINE_POWER_OFF;
    } else if (fake_word(m, "reset")) {
        return MACHINE_RESET;
    } else if (fake_word(m, "triple")) {
        return MACHINE_TRIPLE;
    } else if (fake_word(m, "panic")) {
        fake_next(m);
        return MACHINE_PANIC;
    } else if (fake_word(m, "stuck")) {
        return MACHINE_STUCK;
    } else if (fake_word(m, "halt") || !*m->at) {
        return MACHINE_IDLE;
    } else if (fake_word(m, "crash")) {
        *(volatile char *)m->work = 0;
    } else if (fake_word(m, "abort")) {
        abort();
    } else if (fake_word(m, "break")) {
        if (!m->breaks)
            return MACHINE_IDLE;
        m->breaks--;
    } else if (fake_word(m, "log")) {
        m->config.log(m->config.log_ctx, LOG_HOST_ERROR, "fake: a line of the log");
    }
    fake_next(m);
    return MACHINE_SLICE;
}

enum machine_stop machine_run(struct machine *m, uint64_t until, bool skip_idle)
{
    uint64_t slice = (m->tick / MACHINE_SLICE_TICKS + 1) * MACHINE_SLICE_TICKS;
    for (;;) {
        if (m->tick >= until)
            return MACHINE_UNTIL;
        if (m->tick >= slice)
            return MACHINE_SLICE;
        uint64_t end = until < slice ? until : slice;
        enum machine_stop stop = fake_step(m, end);
        if (stop == MACHINE_IDLE && skip_idle && machine_idle_deadline(m) != UINT64_MAX) {
            uint64_t deadline = machine_tick_at(m, m->deadline), tick = deadline < end ? deadline : end;
            m->ns += mul_div_u64(tick - m->tick, m->ratio, 1 << 20);
            m->tick = tick;
        } else if (stop != MACHINE_SLICE) {
            return stop;
        }
    }
}

uint64_t machine_tick(const struct machine *m)
{
    return m->tick;
}
uint64_t machine_ns(const struct machine *m)
{
    return m->ns;
}

// As in any build but the mean one.
uint64_t machine_events(const struct machine *m)
{
    (void)m;
    return 0;
}
uint64_t machine_shakes(const struct machine *m)
{
    (void)m;
    return 0;
}

uint64_t machine_tick_at(const struct machine *m, uint64_t ns)
{
    if (ns == UINT64_MAX)
        return UINT64_MAX;
    return ns <= m->ns ? m->tick : m->tick + mul_div_u64(ns - m->ns, 1 << 20, m->ratio) + ((1 << 20) % m->ratio != 0);
}

uint8_t machine_exit_value(const struct machine *m)
{
    return m->exit_value;
}
uint64_t machine_idle_deadline(const struct machine *m)
{
    return m->sleeping ? m->deadline : UINT64_MAX;
}

void machine_idle_skip(struct machine *m, uint64_t ns, uint64_t until)
{
    uint64_t deadline = machine_idle_deadline(m), to = ns > UINT64_MAX - m->ns ? UINT64_MAX : m->ns + ns;
    uint64_t tick = machine_tick_at(m, to < deadline ? to : deadline);
    tick = tick < until ? tick : until;
    if (tick <= m->tick)
        return;
    m->ns += mul_div_u64(tick - m->tick, m->ratio, 1 << 20);
    m->tick = tick;
}

void machine_set_ratio(struct machine *m, uint64_t ns_per_mega)
{
    m->ratio = ns_per_mega;
}
size_t machine_serial_room(const struct machine *m, unsigned port)
{
    return port == 0 ? FAKE_FIFO - m->count : 0;
}

size_t machine_serial_input(struct machine *m, unsigned port, const uint8_t *bytes, size_t n)
{
    size_t room = machine_serial_room(m, port);
    n = n < room ? n : room;
    memcpy(m->fifo + m->count, bytes, n);
    m->count += n;
    fake_mix(m, m->tick * 256 + n);
    return n;
}

bool machine_serial_break(struct machine *m, unsigned port)
{
    m->breaks += port == 0;
    return port == 0;
}

void machine_power_button(struct machine *m)
{
    (void)m;
}

void machine_digest(struct machine *m, uint8_t digest[MACHINE_DIGEST_BYTES])
{
    for (unsigned n = 0; n < MACHINE_DIGEST_BYTES; n++)
        digest[n] = (uint8_t)((m->hash ^ m->tick * 0x9e3779b97f4a7c15u) >> n % 8 * 8);
}

size_t machine_state_size(struct machine *m)
{
    (void)m;
    return 0;
}

void machine_save(struct machine *m, uint8_t *out)
{
    (void)m;
    (void)out;
}

const char *machine_load(struct machine *m, const uint8_t *in, size_t size)
{
    (void)m;
    (void)in;
    (void)size;
    return NULL;
}

bool machine_has_jit(void)
{
    return true;
}

void control_init(struct control *c, struct machine *m, bool paused)
{
    *c = (struct control){.m = m, .paused = paused, .until = UINT64_MAX};
}

bool control_listen(struct control *c, void (*event)(void *ctx, enum control_event event), void *ctx)
{
    unsigned n = 0;
    while (n < CONTROL_LISTENERS && c->listener[n].event)
        n++;
    if (n == CONTROL_LISTENERS)
        return false;
    c->listener[n] = (struct control_listener){event, ctx};
    return true;
}

void control_tell(struct control *c, enum control_event event)
{
    for (unsigned n = 0; n < CONTROL_LISTENERS; n++)
        if (c->listener[n].event)
            c->listener[n].event(c->listener[n].ctx, event);
}

void control_pause(struct control *c, enum control_reason reason)
{
    c->paused = true;
    c->reason = reason;
    c->until = UINT64_MAX;
    control_tell(c, CONTROL_PAUSED);
}

void control_resume(struct control *c, uint64_t until)
{
    c->paused = false;
    c->until = until;
    control_tell(c, CONTROL_RESUMED);
}

void control_quit(struct control *c)
{
    c->quit = true;
}

void control_ran(struct control *c, enum machine_stop stop)
{
    (void)stop;
    if (machine_tick(c->m) >= c->until)
        control_pause(c, REASON_STEP);
}

// ---- nothing can be traced
struct tracing {
    char nothing;
};

struct tracing *tracing_create(struct control *c, const struct char_backend *out)
{
    (void)c;
    (void)out;
    return calloc(1, sizeof(struct tracing));
}

void tracing_destroy(struct tracing *t)
{
    free(t);
}

bool tracing_set_items(struct tracing *t, const char *items, char *error, size_t size)
{
    (void)t;
    (void)items;
    (void)error;
    (void)size;
    return true;
}

bool tracing_add(struct tracing *t, const char *what, char *error, size_t size)
{
    return tracing_set_items(t, what, error, size);
}

bool tracing_log(struct tracing *t, enum log_kind kind, const char *line)
{
    (void)t;
    (void)kind;
    (void)line;
    return false;
}

// A monitor, and QMP, that knows a few lines; no gdb.
struct fake_end {
    struct control *control;
    struct char_backend out;
    char line[64];
    size_t length;
};

static void fake_say(struct fake_end *e, const char *text)
{
    e->out.write(e->out.ctx, (const uint8_t *)text, strlen(text));
}

static void *fake_end_create(struct control *c, const struct char_backend *out)
{
    struct fake_end *e = calloc(1, sizeof *e);
    *e = (struct fake_end){.control = c, .out = *out};
    return e;
}

static void fake_end_opened(void *end)
{
    fake_say(end, "(fake) ");
}

static void fake_end_closed(void *end)
{
    ((struct fake_end *)end)->length = 0;
}

static void fake_command(struct fake_end *e)
{
    char text[64];
    snprintf(text, sizeof text, "tick %llu\n", (unsigned long long)machine_tick(e->control->m));
    if (!strcmp(e->line, "ping"))
        fake_say(e, "pong\n");
    else if (!strcmp(e->line, "stop"))
        control_pause(e->control, REASON_COMMAND);
    else if (!strcmp(e->line, "cont"))
        control_resume(e->control, UINT64_MAX);
    else if (!strcmp(e->line, "step"))
        control_resume(e->control, machine_tick(e->control->m) + 1);
    else if (!strcmp(e->line, "quit"))
        control_quit(e->control);
    else if (!strcmp(e->line, "time"))
        fake_say(e, text);
    for (unsigned n = 0; !strcmp(e->line, "flood") && n < 1000; n++)
        fake_say(e, "a line of a long answer that nobody may ever read\n");
    fake_say(e, "(fake) ");
}

static void fake_end_input(void *end, const uint8_t *bytes, size_t n)
{
    struct fake_end *e = end;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            e->line[e->length] = 0;
            fake_command(e);
            e->length = 0;
        } else if (e->length + 1 < sizeof e->line) {
            e->line[e->length++] = (char)bytes[i];
        }
    }
}

const struct end_class *end_class(enum end_kind kind)
{
    static const struct end_class cls = {fake_end_create, free, fake_end_opened, fake_end_input, fake_end_closed};
    return kind == END_GDB ? NULL : &cls;
}
