// The loop around machine_run(): input, output, idle time, the speed of live time, digests, the end.
//
// In fast time a run is a function of its inputs: idle time is skipped by the machine itself, a file is read as guest
// time passes, and no clock is looked at but to look at a terminal or pipe from time to time. In live time guest time
// follows the clock on the wall (host/pace.h).
#include "host/session.h"
#include "host/files.h"
#include "host/input.h"
#include "host/pace.h"
#include "host/sink.h"
#include "host/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEVER        UINT64_MAX
#define LOOK_NS      2000000u   // a busy machine's input is looked at this often, in wall time
#define STEP_NS      20000000u  // a sleeping machine that must stop at a tick sleeps no longer than this
#define DEFAULT_DATE 1767225600 // 2026-01-01T00:00:00Z, for runs that are to be repeated

enum end { END_NOT, END_SIGNAL, END_KEY, END_OUTPUT, END_HALTED, END_UNTIL, END_MACHINE };

struct session {
    const struct options *o;
    struct machine *m;
    struct console console;
    struct input input;
    unsigned input_port;
    struct sink serial[MACHINE_SERIAL_PORTS], debugcon;
    struct sink *stdout_sink; // the one of them that writes to stdout, or NULL
    FILE *digest;             // NULL: no digests
    uint64_t last_digest;     // tick, NEVER: none yet
    uint64_t next_digest;     // tick, NEVER: no series
    bool digest_failed;
    bool live;
    struct pace pace;
    uint64_t looked; // wall time of the last look at the input
    bool told_stuck;
};

void session_say(const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    fprintf(stderr, "snowglobe: %s\n", line);
}

static uint64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool same_file(int a, int b)
{
    struct stat sa, sb;
    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

// What goes to stderr begins at column 0 also where the guest's output goes to the same place.
static void fresh_line(struct session *s)
{
    struct sink *out = s->stdout_sink;
    if (!out)
        return;
    sink_flush(out);
    if (out->mid_line && !out->error && same_file(STDOUT_FILENO, STDERR_FILENO)) {
        fputc('\n', stderr);
        out->mid_line = false;
    }
}

// ---- connecting
// -------------------------------------------------------------------------------------------------------

static uint64_t now(void *ctx)
{
    return machine_ns(((struct session *)ctx)->m);
}

static bool blocked(void *ctx)
{
    struct session *s = ctx;
    input_wait(&s->input, 0);
    return s->input.exit;
}

static void answer(void *ctx, const char *text)
{
    struct session *s = ctx;
    sink_write(s->stdout_sink, (const uint8_t *)text, strlen(text));
    sink_flush(s->stdout_sink);
}

static bool open_sink(struct session *s, struct sink *sink, const struct port_options *port, char *error, size_t size)
{
    *sink = (struct sink){.fd = -1};
    if (port->kind == PORT_FILE) {
        sink->name = port->file;
        sink->fd = file_create(port->file, error, size);
        return sink->fd >= 0;
    }
    if (port->kind != PORT_STDIO)
        return true;
    sink->fd = STDOUT_FILENO;
    sink->name = "standard output";
    sink->console = &s->console;
    sink->now = now;
    sink->blocked = blocked;
    sink->now_ctx = sink->blocked_ctx = s;
    s->stdout_sink = sink;
    return true;
}

static bool open_digest(struct session *s, char *error, size_t size)
{
    if (!s->o->digest)
        return true;
    s->digest = s->stdout_sink ? stderr : stdout;
    if (!s->o->digest_file)
        return true;
    int fd = file_create(s->o->digest_file, error, size);
    s->digest = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (s->digest)
        return true;
    if (fd >= 0) {
        snprintf(error, size, "%s: %s", s->o->digest_file, strerror(errno));
        close(fd);
    }
    return false;
}

struct session *session_create(const struct options *o, char *error, size_t size)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    *s = (struct session){.o = o, .last_digest = NEVER, .next_digest = o->digest_every ? o->digest_every : NEVER};
    for (unsigned n = 0; n < MACHINE_SERIAL_PORTS; n++)
        s->serial[n].fd = -1;
    s->debugcon.fd = -1;
    console_init(&s->console, false);
    bool ok = open_sink(s, &s->debugcon, &o->debugcon, error, size);
    for (unsigned n = 0; n < o->serial_count && ok; n++) {
        ok = open_sink(s, &s->serial[n], &o->serial[n], error, size);
        if (o->serial[n].kind != PORT_STDIO)
            continue;
        s->console.keys = o->serial[n].keys;
        s->input_port = n;
        s->input = (struct input){.fd = STDIN_FILENO,
                                  .kind = input_kind_of(STDIN_FILENO),
                                  .terminal = isatty(STDIN_FILENO),
                                  .console = &s->console,
                                  .say = answer,
                                  .say_ctx = s};
    }
    if (ok && open_digest(s, error, size))
        return s;
    session_destroy(s);
    return NULL;
}

static void close_sink(struct sink *sink)
{
    if (sink->fd > STDERR_FILENO)
        close(sink->fd);
}

void session_destroy(struct session *s)
{
    if (s->digest && s->o->digest_file)
        fclose(s->digest);
    for (unsigned n = 0; n < MACHINE_SERIAL_PORTS; n++)
        close_sink(&s->serial[n]);
    close_sink(&s->debugcon);
    free(s);
}

static uint64_t power_on_date(const struct options *o)
{
    if (o->rtc == RTC_DATE)
        return o->rtc_date;
    if (o->rtc == RTC_DEFAULT && (o->until_ticks != NEVER || o->until_ns != NEVER || o->digest || o->seed_given))
        return DEFAULT_DATE;
    time_t t = time(NULL);
    struct tm tm;
    if (o->rtc == RTC_LOCALTIME && localtime_r(&t, &tm))
        t += tm.tm_gmtoff;
    return (uint64_t)t;
}

static uint64_t entropy(const struct options *o)
{
    uint64_t seed = 0;
    if (o->seed_given || o->until_ticks != NEVER || o->until_ns != NEVER || o->digest)
        return o->seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = wall_ns() * 0x9e3779b97f4a7c15u + (uint64_t)getpid();
    return seed;
}

static void log_line_out(void *ctx, enum log_kind kind, const char *line)
{
    (void)kind;
    fresh_line(ctx);
    session_say("%s", line);
}

static struct char_backend backend(struct sink *sink)
{
    return sink->fd < 0 ? (struct char_backend){0} : (struct char_backend){sink_write, sink};
}

void session_configure(struct session *s, struct machine_config *config)
{
    const struct options *o = s->o;
    *config = (struct machine_config){.ram_bytes = o->ram_bytes,
                                      .cpus = o->cpus,
                                      .cpu_model = o->cpu_model,
                                      .smbios = o->smbios,
                                      .serial_count = o->serial_count,
                                      .jit_threshold = o->jit ? 4 : 0,
                                      .debugcon = backend(&s->debugcon),
                                      .date = power_on_date(o),
                                      .seed = entropy(o),
                                      .no_reboot = o->no_reboot,
                                      .pvpanic = o->pvpanic,
                                      .log = log_line_out,
                                      .log_ctx = s};
    for (unsigned n = 0; n < o->serial_count; n++)
        config->serial[n] = backend(&s->serial[n]);
}

// ---- input, output, digests
// -------------------------------------------------------------------------------------------

// Gives the guest what it has room for; whether there was something.
static bool deliver(struct session *s)
{
    size_t waiting, room = s->input.kind == INPUT_NONE ? 0 : machine_serial_room(s->m, s->input_port);
    if (!room)
        return false;
    input_pull(&s->input, room);
    const uint8_t *bytes = input_bytes(&s->input, &waiting);
    size_t taken = waiting ? machine_serial_input(s->m, s->input_port, bytes, waiting < room ? waiting : room) : 0;
    input_taken(&s->input, taken);
    return taken != 0;
}

// Looks at a live input, but not at every slice: that would cost more than the slice.
static void look(struct session *s)
{
    if (!input_attached(&s->input))
        return;
    uint64_t wall = wall_ns();
    if (wall - s->looked < LOOK_NS)
        return;
    s->looked = wall;
    input_wait(&s->input, 0);
}

// Flushes all output; false when some cannot be written.
static bool flush(struct session *s)
{
    bool ok = true;
    for (unsigned n = 0; n <= MACHINE_SERIAL_PORTS; n++) {
        struct sink *sink = n < MACHINE_SERIAL_PORTS ? &s->serial[n] : &s->debugcon;
        if (sink->count)
            sink_flush(sink);
        ok = ok && !sink->error;
    }
    return ok;
}

static void tell_output_error(struct session *s)
{
    for (unsigned n = 0; n <= MACHINE_SERIAL_PORTS; n++) {
        struct sink *sink = n < MACHINE_SERIAL_PORTS ? &s->serial[n] : &s->debugcon;
        if (sink->error)
            session_say("%s: %s; the run ends", sink->name, strerror(sink->error));
    }
}

static void print_digest(struct session *s)
{
    uint8_t digest[MACHINE_DIGEST_BYTES];
    uint64_t tick = machine_tick(s->m);
    if (!s->digest || tick == s->last_digest)
        return;
    s->last_digest = tick;
    machine_digest(s->m, digest);
    if (s->digest == stderr)
        fresh_line(s);
    fprintf(s->digest, "digest %llu ", (unsigned long long)tick);
    for (unsigned n = 0; n < sizeof digest; n++)
        fprintf(s->digest, "%02x", digest[n]);
    fputc('\n', s->digest);
    if (fflush(s->digest) != 0 && !s->digest_failed) {
        s->digest_failed = true;
        session_say("%s: %s", s->o->digest_file ? s->o->digest_file : "digest", strerror(errno));
    }
}

// ---- time
// -------------------------------------------------------------------------------------------------------------

// The tick at which the run ends. It moves with the ratio when it is a time.
static uint64_t end_tick(const struct session *s)
{
    uint64_t tick = s->o->until_ns == NEVER ? NEVER : machine_tick_at(s->m, s->o->until_ns);
    return tick < s->o->until_ticks ? tick : s->o->until_ticks;
}

static uint64_t stop_tick(const struct session *s)
{
    uint64_t end = end_tick(s);
    return end < s->next_digest ? end : s->next_digest;
}

static void choose_time(struct session *s)
{
    const struct options *o = s->o;
    bool exact = o->until_ticks != NEVER || o->until_ns != NEVER || o->digest;
    bool live = o->time == TIME_LIVE || (o->time == TIME_AUTO && !exact && input_attached(&s->input));
    if (live && !s->live)
        pace_start(&s->pace, wall_ns(), machine_ns(s->m), PACE_RATIO_MIN);
    if (!live && s->live)
        machine_set_ratio(s->m, PACE_RATIO_MIN);
    s->live = live;
}

static enum machine_stop run_slice(struct session *s)
{
    uint64_t until = stop_tick(s);
    uint64_t tick = machine_tick(s->m), wall = wall_ns();
    if (!s->live) {
        // While there is a file to read, idle time stops at the ends of slices too, where it is read.
        uint64_t slice_end = (tick / MACHINE_SLICE_TICKS + 1) * MACHINE_SLICE_TICKS;
        if (s->input.kind == INPUT_PULLED && !s->input.ended && slice_end < until)
            until = slice_end;
        return machine_run(s->m, until, true);
    }
    enum machine_stop stop = machine_run(s->m, until, false);
    uint64_t end = wall_ns();
    uint64_t ratio = pace_measure(&s->pace, machine_tick(s->m) - tick, end - wall, end, machine_ns(s->m));
    if (ratio)
        machine_set_ratio(s->m, ratio);
    return stop;
}

// The machine waits for an interrupt, or is `stuck`: nothing inside ends that. END_HALTED when nothing outside does.
static enum end pass_idle_time(struct session *s, bool stuck)
{
    uint64_t until = stop_tick(s), deadline = stuck ? NEVER : machine_idle_deadline(s->m);
    if (deliver(s))
        return END_NOT;
    if (deadline == NEVER && !input_attached(&s->input))
        return END_HALTED;
    if (stuck && s->input.terminal && !s->told_stuck) {
        s->told_stuck = true;
        fresh_line(s);
        session_say("the machine has halted for ever; %s leaves", s->console.keys ? "Ctrl-A x" : "Ctrl-C");
    }
    if (!s->live) {
        if (end_tick(s) != NEVER)
            machine_idle_skip(s->m, NEVER, until);
        else
            input_wait(&s->input, NEVER);
    } else {
        uint64_t guest = machine_ns(s->m), due = pace_guest_at(&s->pace, wall_ns());
        if (due < deadline) {
            uint64_t wait = deadline == NEVER ? NEVER : deadline - due;
            input_wait(&s->input, until != NEVER && wait > STEP_NS ? STEP_NS : wait);
            s->looked = wall_ns();
            due = pace_guest_at(&s->pace, s->looked);
        }
        if (due > guest)
            machine_idle_skip(s->m, due - guest, until);
    }
    deliver(s);
    return END_NOT;
}

// A slice is over, or a tick that was asked for has come.
static void pass_busy_time(struct session *s)
{
    look(s);
    // A file is read at the same ticks whatever else makes a run stop.
    if (s->input.kind != INPUT_PULLED || machine_tick(s->m) % MACHINE_SLICE_TICKS == 0)
        deliver(s);
    if (!s->live)
        return;
    uint64_t ahead = pace_ahead(&s->pace, wall_ns(), machine_ns(s->m));
    if (ahead) {
        input_wait(&s->input, ahead);
        deliver(s);
    }
}

// ---- the run
// ----------------------------------------------------------------------------------------------------------

static enum end step(struct session *s, enum machine_stop *stop)
{
    *stop = run_slice(s);
    if (!flush(s))
        return END_OUTPUT;
    switch (*stop) {
    case MACHINE_UNTIL:
        if (machine_tick(s->m) >= s->next_digest) {
            print_digest(s);
            uint64_t every = s->o->digest_every;
            s->next_digest = s->next_digest > NEVER - every ? NEVER : s->next_digest + every;
        }
        if (machine_tick(s->m) >= end_tick(s))
            return END_UNTIL;
        pass_busy_time(s);
        break;
    case MACHINE_SLICE:
    case MACHINE_STOPPED: // nobody sets points yet
        pass_busy_time(s);
        break;
    case MACHINE_IDLE:
    case MACHINE_STUCK:
        return pass_idle_time(s, *stop == MACHINE_STUCK);
    case MACHINE_POWER_OFF:
    case MACHINE_RESET:
    case MACHINE_EXIT:
    case MACHINE_TRIPLE:
    case MACHINE_PANIC:
        return END_MACHINE;
    }
    return END_NOT;
}

int session_run(struct session *s, struct machine *m)
{
    enum end end = END_NOT;
    enum machine_stop stop = MACHINE_SLICE;
    s->m = m;
    if (s->input.terminal)
        terminal_raw(STDIN_FILENO, !s->console.keys);
    while (end == END_NOT) {
        choose_time(s);
        end = step(s, &stop);
        if (end == END_NOT && s->input.exit)
            end = END_KEY;
        if ((end == END_NOT || end == END_HALTED) && terminal_signal())
            end = END_SIGNAL;
    }
    bool written = flush(s);
    terminal_restore();
    if (end == END_HALTED || end == END_KEY || !written || stop == MACHINE_TRIPLE || stop == MACHINE_PANIC)
        fresh_line(s);
    if (end == END_HALTED)
        session_say("the machine has halted for ever");
    if (end == END_KEY)
        session_say("ended by Ctrl-A x");
    if (stop == MACHINE_TRIPLE)
        session_say("the processor was shut down by a triple fault");
    if (stop == MACHINE_PANIC)
        session_say("the guest has panicked");
    print_digest(s);
    if (machine_shakes(m)) {
        fresh_line(s);
        session_say("mean build: %llu events, saved and loaded at %llu", (unsigned long long)machine_events(m),
                    (unsigned long long)machine_shakes(m));
    }
    if (!written)
        tell_output_error(s);
    if (!written || s->digest_failed)
        return STATUS_OUTPUT;
    if (end == END_HALTED)
        return STATUS_HALTED;
    if (end == END_MACHINE && stop == MACHINE_EXIT)
        return (machine_exit_value(m) << 1 | 1) & 0xff;
    if (end == END_MACHINE && stop == MACHINE_PANIC)
        return STATUS_PANIC;
    return STATUS_END;
}
