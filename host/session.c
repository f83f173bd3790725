// The loop around machine_run(): input, output, idle time, the speed of live time, pauses, digests, the end.
//
// In fast time a run is a function of its inputs: idle time is skipped by the machine itself, a file is read as guest
// time passes, and no clock is looked at but to look at a terminal, pipe or socket from time to time. In live time
// guest time follows the clock on the wall (host/pace.h); while the machine is paused it stands.
#include "host/session.h"
#include "host/connect.h"
#include "host/files.h"
#include "host/outside.h"
#include "host/pace.h"
#include "host/status.h"
#include "host/terminal.h"
#include "machine/tracing.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEVER        UINT64_MAX
#define LOOK_NS      2000000u    // a busy machine's input is looked at this often, in wall time
#define STEP_NS      20000000u   // a sleeping machine that must stop at a tick sleeps no longer than this
#define LEAVE_NS     1000000000u // whoever reads the output has this long when the run was ended from outside
#define DEFAULT_DATE 1767225600  // 2026-01-01T00:00:00Z, for runs that are to be repeated

enum end {
    END_NOT,
    END_POWER_OFF,
    END_RESET,
    END_EXIT,
    END_TRIPLE,
    END_PANIC,
    END_TEXT,
    END_HALTED,
    END_PAUSED,
    END_UNTIL,
    END_TICKS,
    END_TIMEOUT,
    END_KEY,
    END_QUIT,
    END_SIGNAL,
    END_OUTPUT,
    END_SETUP,
};

struct session {
    const struct options *o;
    struct machine *m;
    struct control control;
    struct connections c;
    struct host_outside outside;
    struct tracing *tracing;
    struct chardev *stdio;   // NULL: nothing is connected there
    enum end end, unresumed; // of the run; and what it is when nobody resumes the machine
    FILE *log;               // NULL: stderr
    FILE *digest;            // NULL: no digests
    uint64_t last_digest;    // tick, NEVER: none yet
    uint64_t next_digest;    // tick, NEVER: no series
    bool digest_failed;
    bool live;
    struct pace pace;
    uint64_t looked;   // wall time of the last look at the input
    uint64_t started;  // wall time
    uint64_t deadline; // wall time, NEVER: none
    uint64_t ended;    // wall time
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
    struct chardev *out = s->stdio;
    if (!out)
        return;
    chardev_flush(out);
    if (out->mid_line && !out->error && same_file(STDOUT_FILENO, STDERR_FILENO)) {
        fputc('\n', stderr);
        out->mid_line = false;
    }
}

// ---- connecting
// -------------------------------------------------------------------------------------------------------

static FILE *open_file(const char *path, char *error, size_t size)
{
    int fd = file_create(path, error, size);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f && fd >= 0) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        close(fd);
    }
    return f;
}

static bool open_files(struct session *s, char *error, size_t size)
{
    const struct options *o = s->o;
    if (o->status_file && !status_possible(o->status_file, error, size))
        return false;
    if (o->log_file && !(s->log = open_file(o->log_file, error, size)))
        return false;
    if (o->digest)
        s->digest = o->digest_file ? open_file(o->digest_file, error, size) : s->stdio ? stderr : stdout;
    return !o->digest || s->digest;
}

static bool write_pid(const char *path, char *error, size_t size)
{
    FILE *f = open_file(path, error, size);
    if (!f)
        return false;
    bool ok = fprintf(f, "%ld\n", (long)getpid()) > 0;
    ok = fclose(f) == 0 && ok;
    if (!ok)
        snprintf(error, size, "%s: %s", path, strerror(errno));
    return ok;
}

struct session *session_create(const struct options *o, char *error, size_t size)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    s->o = o;
    s->last_digest = NEVER;
    s->next_digest = o->digest_every ? o->digest_every : NEVER;
    s->started = wall_ns();
    s->deadline = o->timeout_ns > NEVER - s->started ? NEVER : s->started + o->timeout_ns;
    bool ok = connections_open(&s->c, o, error, size);
    s->stdio = connections_stdio(&s->c);
    if (ok && open_files(s, error, size) && (!o->pid_file || write_pid(o->pid_file, error, size)))
        return s;
    session_destroy(s);
    return NULL;
}

void session_destroy(struct session *s)
{
    if (s->digest && s->o->digest_file)
        fclose(s->digest);
    if (s->log)
        fclose(s->log);
    connections_close(&s->c);
    if (s->o->pid_file)
        unlink(s->o->pid_file);
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
    struct session *s = ctx;
    if (s->tracing && tracing_log(s->tracing, kind, line))
        return;
    if (s->log) {
        fprintf(s->log, "%s\n", line);
        fflush(s->log);
        return;
    }
    fresh_line(s);
    session_say("%s", line);
}

// Logs and traces come in pieces of lines.
static void write_trace(void *ctx, const uint8_t *bytes, size_t n)
{
    struct session *s = ctx;
    if (!s->log)
        fresh_line(s);
    fwrite(bytes, 1, n, s->log ? s->log : stderr);
}

static bool start_tracing(struct session *s, char *error, size_t size)
{
    const struct options *o = s->o;
    host_outside_init(&s->outside, o, &s->c, &s->log);
    s->tracing = tracing_create(&s->control, &(struct char_backend){write_trace, s});
    if (!s->tracing) {
        snprintf(error, size, "out of memory");
        return false;
    }
    s->outside.api.tracing = s->tracing;
    s->control.outside = &s->outside.api;
    bool ok = !o->log_items || tracing_set_items(s->tracing, o->log_items, error, size);
    for (unsigned n = 0; ok && n < o->traces; n++)
        ok = tracing_add(s->tracing, o->trace[n], error, size);
    return ok;
}

void session_configure(struct session *s, struct machine_config *config)
{
    const struct options *o = s->o;
    *config = (struct machine_config){.ram_bytes = o->ram_bytes,
                                      .cpus = o->cpus,
                                      .cpu_model = o->cpu_model,
                                      .smbios = o->smbios,
                                      .serial_count = o->serial_count,
                                      .jit_threshold = o->jit ? MACHINE_JIT_THRESHOLD : 0,
                                      .date = power_on_date(o),
                                      .seed = entropy(o),
                                      .no_acpi = o->no_acpi,
                                      .no_reboot = o->no_reboot,
                                      .debug_exit_501 = o->debug_exit_501,
                                      .pvpanic = o->pvpanic,
                                      .end_on_triple = o->fail_triple,
                                      .log = log_line_out,
                                      .log_ctx = s};
    connections_configure(&s->c, config);
}

// ---- input, output, digests
// -------------------------------------------------------------------------------------------

// Waits for at most `ns` of wall time, but not beyond --timeout.
static void wait_outside(struct session *s, uint64_t ns)
{
    if (s->deadline != NEVER) {
        uint64_t wall = wall_ns(), left = wall < s->deadline ? s->deadline - wall : 0;
        ns = ns < left ? ns : left;
    }
    chardevs_wait(s->c.dev, s->c.devs, ns);
}

// Looks at what is live, but not at every slice: that would cost more than the slice.
static void look(struct session *s)
{
    if (!connections_attached(&s->c))
        return;
    uint64_t wall = wall_ns();
    if (wall - s->looked < LOOK_NS)
        return;
    s->looked = wall;
    wait_outside(s, 0);
}

// Whether the run must end whatever the guest does.
static bool is_over(struct session *s)
{
    if (s->end != END_NOT)
        return true;
    if (terminal_signal())
        s->end = END_SIGNAL;
    else if (connections_left(&s->c))
        s->end = END_KEY;
    else if (s->control.quit)
        s->end = END_QUIT;
    else if (s->deadline != NEVER && wall_ns() >= s->deadline)
        s->end = END_TIMEOUT;
    return s->end != END_NOT;
}

// After a slice: its output goes out. Where somebody does not read, the guest waits, but nobody else does.
static void let_out(struct session *s)
{
    bool ok = connections_flush(&s->c);
    while (ok && connections_full(&s->c) && !is_over(s)) {
        wait_outside(s, NEVER);
        connections_deliver(&s->c, PULL_NOTHING);
        ok = connections_flush(&s->c);
    }
    if (!ok)
        s->end = END_OUTPUT;
}

// At the end: all of the output, if somebody reads it. Whoever ended the run from outside does not wait long.
static void let_all_out(struct session *s)
{
    bool hurry = s->end == END_KEY || s->end == END_QUIT || s->end == END_TIMEOUT;
    uint64_t until = hurry ? wall_ns() + LEAVE_NS : s->deadline;
    while (connections_flush(&s->c) && connections_waiting(&s->c) && !terminal_signal()) {
        uint64_t wall = wall_ns();
        if (wall >= until)
            break;
        chardevs_wait(s->c.dev, s->c.devs, until == NEVER ? NEVER : until - wall);
        if (connections_left(&s->c) && !hurry) {
            hurry = true;
            until = wall + LEAVE_NS;
        }
    }
}

static bool tell_output_errors(struct session *s)
{
    bool some = false;
    for (unsigned n = 0; n < s->c.devs; n++) {
        const struct chardev *dev = &s->c.dev[n];
        if (dev->error)
            session_say("%s: %s; the run ends", dev->name, strerror(dev->error));
        some |= dev->error != 0;
    }
    return some;
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
    tick = tick < s->o->until_ticks ? tick : s->o->until_ticks;
    return tick < s->o->max_ticks ? tick : s->o->max_ticks;
}

static uint64_t stop_tick(const struct session *s)
{
    uint64_t end = end_tick(s), step = s->control.until;
    end = end < s->next_digest ? end : s->next_digest;
    return end < step ? end : step;
}

static void choose_time(struct session *s)
{
    const struct options *o = s->o;
    bool exact = o->until_ticks != NEVER || o->until_ns != NEVER || o->digest;
    bool live = o->time == TIME_LIVE || (o->time == TIME_AUTO && !exact && connections_attached(&s->c));
    if (live && !s->live)
        pace_start(&s->pace, wall_ns(), machine_ns(s->m), s->pace.ratio ? s->pace.ratio : PACE_RATIO_MIN);
    if (!live && s->live) {
        machine_set_ratio(s->m, PACE_RATIO_MIN);
        s->pace.ratio = 0;
    }
    s->live = live;
}

static enum machine_stop run_slice(struct session *s)
{
    uint64_t until = stop_tick(s);
    uint64_t tick = machine_tick(s->m), wall = wall_ns();
    if (!s->live) {
        // While there is a file to read, idle time stops at the ends of slices too, where it is read.
        uint64_t slice_end = (tick / MACHINE_SLICE_TICKS + 1) * MACHINE_SLICE_TICKS;
        if (slice_end < until && connections_pulled(&s->c))
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

// The machine waits for an interrupt, or is `stuck`: nothing inside ends that.
static void pass_idle_time(struct session *s, bool stuck)
{
    uint64_t until = stop_tick(s), deadline = stuck ? NEVER : machine_idle_deadline(s->m);
    if (connections_deliver(&s->c, PULL_ROOM))
        return;
    if ((deadline == NEVER && !connections_attached(&s->c)) || (stuck && s->o->fail_halt)) {
        s->end = END_HALTED;
        return;
    }
    if (stuck && s->stdio && s->stdio->terminal && !s->told_stuck) {
        char key[CONSOLE_KEY_NAME];
        s->told_stuck = true;
        fresh_line(s);
        session_say("the machine has halted for ever; %s%s leaves",
                    s->stdio->o->mux ? console_key_name(s->o->escape, key) : "Ctrl-C", s->stdio->o->mux ? " x" : "");
    }
    if (!s->live) {
        if (end_tick(s) != NEVER || s->control.until != NEVER)
            machine_idle_skip(s->m, NEVER, until);
        else
            wait_outside(s, NEVER);
    } else {
        uint64_t guest = machine_ns(s->m), due = pace_guest_at(&s->pace, wall_ns());
        if (due < deadline) {
            uint64_t wait = deadline == NEVER ? NEVER : deadline - due;
            wait_outside(s, until != NEVER && wait > STEP_NS ? STEP_NS : wait);
            s->looked = wall_ns();
            due = pace_guest_at(&s->pace, s->looked);
        }
        if (due > guest)
            machine_idle_skip(s->m, due - guest, until);
    }
    connections_deliver(&s->c, PULL_ROOM);
}

// A slice is over, or a tick that was asked for has come.
static void pass_busy_time(struct session *s)
{
    look(s);
    // A file is read at the same ticks whatever else makes a run stop.
    connections_deliver(&s->c, machine_tick(s->m) % MACHINE_SLICE_TICKS ? PULL_NOTHING : PULL_ROOM);
    if (!s->live)
        return;
    uint64_t ahead = pace_ahead(&s->pace, wall_ns(), machine_ns(s->m));
    if (ahead) {
        wait_outside(s, ahead);
        connections_deliver(&s->c, PULL_NOTHING);
    }
}

// ---- the run
// ----------------------------------------------------------------------------------------------------------

// The run ends for `end`, unless someone wants to look at the machine as it is then.
static void end_or_pause(struct session *s, enum end end, bool pause, enum control_reason reason)
{
    if (pause) {
        s->unresumed = end;
        control_pause(&s->control, reason);
        return;
    }
    s->control.reason = reason;
    s->end = end;
}

static void at_panic(struct session *s)
{
    enum panic_action action = s->o->fail_panic ? PANIC_FAIL : s->o->panic;
    control_tell(&s->control, CONTROL_PANIC);
    if (action == PANIC_SHUTDOWN)
        end_or_pause(s, END_POWER_OFF, s->o->no_shutdown, REASON_OTHER);
    else if (action != PANIC_NONE)
        end_or_pause(s, END_PANIC, action == PANIC_PAUSE, REASON_OTHER);
}

static void watch_output(struct session *s)
{
    if (!s->c.watching || s->end != END_NOT)
        return;
    watch_look(&s->c.watch, false);
    if (s->c.watch.hit)
        s->end = s->c.watch.hit == WATCH_PANIC ? END_PANIC : END_TEXT;
}

static void at_tick(struct session *s)
{
    if (machine_tick(s->m) >= s->next_digest) {
        print_digest(s);
        uint64_t every = s->o->digest_every;
        s->next_digest = s->next_digest > NEVER - every ? NEVER : s->next_digest + every;
    }
    if (machine_tick(s->m) >= end_tick(s))
        s->end = machine_tick(s->m) >= s->o->max_ticks ? END_TICKS : END_UNTIL;
    else if (control_running(&s->control))
        pass_busy_time(s);
}

static void run(struct session *s)
{
    s->unresumed = END_NOT;
    choose_time(s);
    enum machine_stop stop = run_slice(s);
    control_ran(&s->control, stop);
    watch_output(s);
    let_out(s);
    if (s->end != END_NOT)
        return;
    switch (stop) {
    case MACHINE_UNTIL:
        at_tick(s);
        break;
    case MACHINE_SLICE:
    case MACHINE_STOPPED:
        pass_busy_time(s);
        break;
    case MACHINE_IDLE:
    case MACHINE_STUCK:
        if (control_running(&s->control))
            pass_idle_time(s, stop == MACHINE_STUCK);
        break;
    case MACHINE_POWER_OFF:
        end_or_pause(s, END_POWER_OFF, s->o->no_shutdown, REASON_POWER_OFF);
        break;
    case MACHINE_RESET:
        end_or_pause(s, END_RESET, s->o->no_shutdown, REASON_RESET);
        break;
    case MACHINE_EXIT:
        end_or_pause(s, END_EXIT, false, REASON_EXIT);
        break;
    case MACHINE_TRIPLE:
        end_or_pause(s, END_TRIPLE, s->o->no_shutdown && !s->o->fail_triple, REASON_TRIPLE);
        break;
    case MACHINE_PANIC:
        at_panic(s);
        break;
    }
}

// Guest time stands. Only what is connected can change that.
static void stay_paused(struct session *s)
{
    s->live = false;
    let_out(s);
    if (!connections_deliver(&s->c, PULL_AHEAD) && s->control.paused && !s->control.quit) {
        if (!connections_commanded(&s->c)) {
            s->end = s->unresumed != END_NOT ? s->unresumed : END_PAUSED;
            return;
        }
        wait_outside(s, NEVER);
    }
}

// Servers whose first client the guest waits for.
static void meet_clients(struct session *s)
{
    const struct chardev *told = NULL, *dev;
    while (!is_over(s) && (dev = connections_unmet(&s->c))) {
        if (dev != told)
            session_say("%s: waiting for a client at %s%s%s%s", dev->o->label,
                        dev->o->kind == CHARDEV_UNIX ? "unix:" : "tcp:",
                        dev->o->kind == CHARDEV_UNIX ? dev->o->path : dev->o->host,
                        dev->o->kind == CHARDEV_UNIX ? "" : ":", dev->o->kind == CHARDEV_UNIX ? "" : dev->o->port);
        told = dev;
        wait_outside(s, NEVER);
    }
}

static int status_of(const struct session *s)
{
    switch (s->end) {
    case END_EXIT:
        return (machine_exit_value(s->m) << 1 | 1) & 0xff;
    case END_TRIPLE:
        return s->o->fail_triple ? STATUS_TRIPLE : STATUS_END;
    case END_PANIC:
        return STATUS_PANIC;
    case END_TEXT:
        return STATUS_TEXT;
    case END_HALTED:
    case END_PAUSED:
        return STATUS_HALTED;
    case END_TICKS:
    case END_TIMEOUT:
        return STATUS_LIMIT;
    case END_OUTPUT:
        return STATUS_OUTPUT;
    case END_SETUP:
        return STATUS_BAD_INPUT;
    default:
        return STATUS_END;
    }
}

static void tell_end(struct session *s)
{
    char key[CONSOLE_KEY_NAME];
    const char *found = s->c.watch.found;
    switch (s->end) {
    case END_HALTED:
        session_say("the machine has halted for ever");
        break;
    case END_PAUSED:
        session_say("the machine is paused, and nobody is there who could resume it");
        break;
    case END_KEY:
        session_say("ended by %s x", console_key_name(s->o->escape, key));
        break;
    case END_TRIPLE:
        session_say("the processor was shut down by a triple fault");
        break;
    case END_PANIC:
        session_say("the guest has panicked%s%s", *found ? ": " : "", found);
        break;
    case END_TEXT:
        session_say("a line that --fail-on names: %s", found);
        break;
    case END_TICKS:
        session_say("the guest has used up its %llu ticks", (unsigned long long)s->o->max_ticks);
        break;
    case END_TIMEOUT:
        session_say("the time of --timeout is over, at tick %llu", (unsigned long long)machine_tick(s->m));
        break;
    default:
        break;
    }
}

static bool is_told(enum end end)
{
    return end != END_NOT && end != END_POWER_OFF && end != END_RESET && end != END_EXIT && end != END_UNTIL &&
           end != END_QUIT && end != END_SIGNAL;
}

int session_run(struct session *s, struct machine *m, char *error, size_t size)
{
    s->m = m;
    control_init(&s->control, m, s->o->paused);
    if (!start_tracing(s, error, size) || !connections_start(&s->c, m, &s->control, error, size))
        s->end = END_SETUP;
    meet_clients(s);
    if (s->stdio && s->stdio->terminal && chardev_takes_input(s->stdio))
        terminal_raw(STDIN_FILENO, s->stdio->o->signals);
    while (!is_over(s)) {
        if (s->control.paused)
            stay_paused(s);
        else
            run(s);
    }
    if (s->c.watching && !s->c.watch.hit) {
        watch_look(&s->c.watch, true);
        if (s->c.watch.hit &&
            (s->end == END_POWER_OFF || s->end == END_RESET || s->end == END_HALTED || s->end == END_EXIT))
            s->end = s->c.watch.hit == WATCH_PANIC ? END_PANIC : END_TEXT;
    }
    control_tell(&s->control, CONTROL_SHUTDOWN);
    let_all_out(s);
    terminal_restore();
    bool failed = !connections_flush(&s->c);
    if (failed || is_told(s->end))
        fresh_line(s);
    tell_end(s);
    print_digest(s);
    if (machine_shakes(m)) {
        fresh_line(s);
        session_say("mean build: %llu events, saved and loaded at %llu", (unsigned long long)machine_events(m),
                    (unsigned long long)machine_shakes(m));
    }
    if (tell_output_errors(s) || s->digest_failed)
        s->end = END_OUTPUT;
    connections_stop(&s->c);
    tracing_destroy(s->tracing);
    s->tracing = NULL;
    s->ended = wall_ns();
    return status_of(s);
}

bool session_report(const struct session *s, const struct options *o, int status, char *error, size_t size)
{
    static const char *const reasons[] = {
        [END_NOT] = "bad-input",   [END_POWER_OFF] = "power-off", [END_RESET] = "reset",
        [END_EXIT] = "debug-exit", [END_TRIPLE] = "triple-fault", [END_PANIC] = "panic",
        [END_TEXT] = "text",       [END_HALTED] = "halted",       [END_PAUSED] = "paused",
        [END_UNTIL] = "until",     [END_TICKS] = "max-ticks",     [END_TIMEOUT] = "timeout",
        [END_KEY] = "key",         [END_QUIT] = "quit",           [END_SIGNAL] = "signal",
        [END_OUTPUT] = "output",   [END_SETUP] = "bad-input",
    };
    bool ran = s && s->ended;
    struct status_report r = {.status = terminal_signal() ? 128 + terminal_signal() : status,
                              .reason = reasons[terminal_signal() ? END_SIGNAL
                                                : s               ? s->end
                                                                  : END_NOT],
                              .text = ran ? s->c.watch.found : error};
    if (!o->status_file)
        return true;
    if (ran) {
        r.ticks = machine_tick(s->m);
        r.guest_ns = machine_ns(s->m);
        r.wall_ns = s->ended - s->started;
        r.watch = &s->c.watch;
        r.serial_count = o->serial_count;
    }
    char why[300];
    if (status_write(o->status_file, &r, why, sizeof why))
        return true;
    snprintf(error, size, "%s", why);
    return false;
}
