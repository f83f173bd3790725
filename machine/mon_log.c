// The monitor's commands about logs and traces: log, logfile, trace.
#include "machine/log_words.h"
#include "machine/mon.h"
#include "machine/tracing.h"

#include <stdio.h>

static bool can_trace(struct monitor *m)
{
    if (!m->outside->tracing)
        mon_print(m, "logs cannot be written from here\n");
    return m->outside->tracing;
}

static void show_items(struct monitor *m)
{
    const char *name, *doc;
    mon_print(m, "Log items (comma separated):\n%-15s remove all logs\n", "none");
    for (unsigned n = 0; log_item(n, &name, &doc); n++)
        mon_print(m, "%-15s %s%s\n", name, doc,
                  m->outside->tracing && tracing_item_on(m->outside->tracing, n) ? " (on)" : "");
}

static void run_log(struct monitor *m, struct mon_args *a)
{
    char words[256], error[200];
    if (!mon_word(m, a, words, sizeof words) || !mon_end(m, a))
        return;
    uint32_t on;
    if (strcmp(words, "help") == 0 || !log_parse_items(words, &on, error, sizeof error))
        show_items(m);
    else if (can_trace(m))
        tracing_set_items(m->outside->tracing, words, error, sizeof error);
}

static void run_logfile(struct monitor *m, struct mon_args *a)
{
    const struct outside *o = m->outside;
    char path[512], error[512];
    if (!mon_word(m, a, path, sizeof path) || !mon_end(m, a) || !can_trace(m))
        return;
    if (!o->log_to)
        mon_print(m, "files cannot be written from here\n");
    else if (!o->log_to(o->ctx, path, error, sizeof error))
        mon_print(m, "Error: %s\n", error);
}

static void run_trace(struct monitor *m, struct mon_args *a)
{
    char what[256], error[200];
    if (!mon_word(m, a, what, sizeof what) || !mon_end(m, a) || !can_trace(m))
        return;
    if (!tracing_add(m->outside->tracing, what, error, sizeof error))
        mon_fail(m, a, "%s", error);
}

const struct mon_command mon_log_commands[] = {
    {"log", "item1[,...]", "activate logging of the specified items", run_log},
    {"logfile", "filename", "output logs to 'filename'", run_logfile},
    {"trace", "insn|block|int|io|mem[,from-to] or none", "add a trace, a line per event, or end all traces", run_trace},
    {NULL, NULL, NULL, NULL},
};
