// The command line's logs and traces.
#include "host/options_parse.h"
#include "machine/log_words.h"

bool take_log_file(struct parser *p, const char *value)
{
    p->o->log_file = value;
    return *value || bad(p, "%s: the file's name is missing", p->shown);
}

bool take_log_items(struct parser *p, const char *value)
{
    char why[160];
    uint32_t on;
    if (strcmp(value, "help") == 0 || strcmp(value, "?") == 0) {
        p->result = OPTIONS_LOG_HELP;
        return true;
    }
    p->o->log_items = value;
    return log_parse_items(value, &on, why, sizeof why) ||
           bad(p, "%s %s: %s (%s help has them)", p->shown, value, why, p->shown);
}

bool take_trace(struct parser *p, const char *value)
{
    char why[160];
    struct log_trace trace;
    if (!log_parse_trace(value, &trace, why, sizeof why))
        return bad(p, "%s %s", p->shown, why);
    if (p->o->traces == OPTIONS_TRACES)
        return bad(p, "%s: more than %u of them", p->shown, OPTIONS_TRACES);
    p->o->trace[p->o->traces++] = value;
    return true;
}

void options_log_help(FILE *to)
{
    const char *name, *doc;
    fprintf(to, "Log items (comma separated):\n%-15s remove all logs\n", "none");
    for (unsigned n = 0; log_item(n, &name, &doc); n++)
        fprintf(to, "%-15s %s\n", name, doc);
}
