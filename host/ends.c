// Which ends there are.
#include "host/ends.h"
#include "machine/gdb.h"
#include "machine/monitor.h"
#include "machine/qmp.h"

// gdb's `monitor COMMAND`.
static void run_command(void *ctx, const char *line, const struct char_backend *out)
{
    struct monitor *m = monitor_create(ctx, out, MONITOR_COMMANDS);
    if (!m)
        return;
    monitor_command(m, line);
    monitor_destroy(m);
}

static void *open_gdb(struct control *c, const struct char_backend *out)
{
    struct gdb *g = gdb_create(c, out);
    if (g)
        gdb_set_monitor(g, run_command, c);
    return g;
}

static void close_gdb(void *end)
{
    gdb_destroy(end);
}

static void gdb_met(void *end)
{
    gdb_opened(end);
}

static void gdb_hears(void *end, const uint8_t *bytes, size_t n)
{
    gdb_input(end, bytes, n);
}

static void gdb_left(void *end)
{
    gdb_closed(end);
}

static void *open_monitor(struct control *c, const struct char_backend *out)
{
    return monitor_create(c, out, MONITOR_TERMINAL);
}

static void close_monitor(void *end)
{
    monitor_destroy(end);
}

static void monitor_met(void *end)
{
    monitor_opened(end);
}

static void monitor_hears(void *end, const uint8_t *bytes, size_t n)
{
    monitor_input(end, bytes, n);
}

static void monitor_left(void *end)
{
    monitor_closed(end);
}

static void *open_qmp(struct control *c, const struct char_backend *out)
{
    return qmp_create(c, out);
}

static void close_qmp(void *end)
{
    qmp_destroy(end);
}

static void qmp_met(void *end)
{
    qmp_opened(end);
}

static void qmp_hears(void *end, const uint8_t *bytes, size_t n)
{
    qmp_input(end, bytes, n);
}

static void qmp_left(void *end)
{
    qmp_closed(end);
}

const struct end_class *end_class(enum end_kind kind)
{
    static const struct end_class gdb = {open_gdb, close_gdb, gdb_met, gdb_hears, gdb_left};
    static const struct end_class monitor = {open_monitor, close_monitor, monitor_met, monitor_hears, monitor_left};
    static const struct end_class qmp = {open_qmp, close_qmp, qmp_met, qmp_hears, qmp_left};
    static const struct end_class *const classes[END_KINDS] = {
        [END_GDB] = &gdb, [END_MONITOR] = &monitor, [END_QMP] = &qmp};
    return classes[kind];
}
