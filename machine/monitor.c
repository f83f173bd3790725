// The human monitor: its client, its commands and their arguments, after QEMU's documentation ("QEMU Monitor"). The
// commands themselves are in machine/mon_*.c, one file a family.
//
// Not implemented: QEMU's commands about media, migration, block jobs, host networks, hot plugging and displays.
// Differs: there are `step`, `break`, `watch`, `delete`, `info idt` and other words to look at a guest with; the line
// editor is ours (machine/edit.c), because a terminal library cannot work on a multiplexed stream of bytes.
#include "machine/keys.h"
#include "machine/mon.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct mon_command *const families[] = {mon_run_commands, mon_memory_commands, mon_log_commands};
static const struct mon_command *const info_families[] = {mon_run_infos, mon_cpu_infos, mon_paging_infos,
                                                          mon_chip_infos, mon_bus_infos};

// ---- output
// -----------------------------------------------------------------------------------------------------------

static void put(struct monitor *m, const char *text, size_t n)
{
    if (m->out.write && n)
        m->out.write(m->out.ctx, (const uint8_t *)text, n);
}

// Terminals want a carriage return before each newline.
static void put_lines(struct monitor *m, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')) && m->style != MONITOR_COMMANDS; text = end + 1) {
        put(m, text, (size_t)(end - text));
        put(m, "\r\n", 2);
    }
    put(m, text, strlen(text));
}

static void print_list(struct monitor *m, const char *fmt, va_list list)
{
    char text[2048];
    vsnprintf(text, sizeof text, fmt, list);
    put_lines(m, text);
}

void mon_print(struct monitor *m, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    print_list(m, fmt, list);
    va_end(list);
}

void mon_fail(struct monitor *m, const struct mon_args *a, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    print_list(m, fmt, list);
    va_end(list);
    mon_print(m, "\nTry \"help %s\" for more information\n", a->name);
}

// ---- arguments
// --------------------------------------------------------------------------------------------------------

static void skip_spaces(struct mon_args *a)
{
    while (isspace((unsigned char)*a->rest))
        a->rest++;
}

bool mon_more(struct mon_args *a)
{
    skip_spaces(a);
    return *a->rest;
}

bool mon_end(struct monitor *m, struct mon_args *a)
{
    if (!mon_more(a))
        return true;
    mon_fail(m, a, "%s: extraneous characters at the end of line", a->name);
    return false;
}

bool mon_word(struct monitor *m, struct mon_args *a, char *word, size_t size)
{
    size_t n = 0;
    if (!mon_more(a)) {
        mon_fail(m, a, "%s: string expected", a->name);
        return false;
    }
    bool quoted = *a->rest == '"';
    for (a->rest += quoted; *a->rest && (quoted ? *a->rest != '"' : !isspace((unsigned char)*a->rest)); a->rest++) {
        if (quoted && a->rest[0] == '\\' && a->rest[1])
            a->rest++;
        if (n + 1 >= size) {
            mon_fail(m, a, "%s: a word is too long", a->name);
            return false;
        }
        word[n++] = *a->rest;
    }
    word[n] = 0;
    if (quoted && *a->rest++ != '"') {
        a->rest--;
        mon_fail(m, a, "%s: unterminated string", a->name);
        return false;
    }
    return true;
}

bool mon_format(struct monitor *m, struct mon_args *a, struct mon_format *f)
{
    f->count = 1;
    skip_spaces(a);
    if (*a->rest != '/')
        return true;
    a->rest++;
    if (isdigit((unsigned char)*a->rest)) {
        char *end;
        unsigned long n = strtoul(a->rest, &end, 10);
        f->count = n < 1u << 24 ? (unsigned)n : 1u << 24;
        a->rest = end;
    }
    for (; *a->rest && !isspace((unsigned char)*a->rest); a->rest++) {
        static const char sizes[] = "bhwg";
        const char *size = strchr(sizes, *a->rest);
        if (strchr("xduoci", *a->rest)) {
            f->letter = *a->rest;
        } else if (size) {
            f->size = 1u << (size - sizes);
        } else {
            mon_fail(m, a, "invalid char in format: '%c'", *a->rest);
            return false;
        }
    }
    return true;
}

// ---- finding commands
// -------------------------------------------------------------------------------------------------

// Whether `word` is one of the names "a|b".
static bool is_named(const char *names, const char *word, size_t length)
{
    for (const char *n = names; n; n = strchr(n, '|') ? strchr(n, '|') + 1 : NULL)
        if (strcspn(n, "|") == length && !memcmp(n, word, length))
            return true;
    return false;
}

static const struct mon_command *find(const struct mon_command *const *tables, size_t count, const char *word,
                                      size_t length)
{
    for (size_t t = 0; t < count; t++)
        for (const struct mon_command *c = tables[t]; c->names; c++)
            if (is_named(c->names, word, length))
                return c;
    return NULL;
}

static void show(struct monitor *m, const char *prefix, const struct mon_command *c)
{
    mon_print(m, "%s%s %s -- %s\n", prefix, c->names, c->params, c->help);
}

static const char info_help[] = "info [subcommand] -- show various information about the system state\n";
static const char help_help[] = "help|? [cmd] -- show the help\n";

static void help_info(struct monitor *m)
{
    char name[32];
    for (size_t t = 0; t < ARRAY_LEN(info_families); t++)
        for (const struct mon_command *c = info_families[t]; c->names; c++)
            show(m, "info ", c);
    for (unsigned n = 0; mon_device_name(m, n, name, sizeof name); n++)
        if (!find(info_families, ARRAY_LEN(info_families), name, strlen(name)))
            mon_print(m, "info %s  -- registers: %s\n", name, m->c->m->device[n].cls->title);
}

static void run_help(struct monitor *m, struct mon_args *a)
{
    char word[32];
    if (!mon_more(a)) {
        for (size_t t = 0; t < ARRAY_LEN(families); t++)
            for (const struct mon_command *c = families[t]; c->names; c++)
                show(m, "", c);
        mon_print(m, "%s%s", help_help, info_help);
        return;
    }
    if (!mon_word(m, a, word, sizeof word))
        return;
    const struct mon_command *c = find(families, ARRAY_LEN(families), word, strlen(word));
    if (c) {
        show(m, "", c);
        if (is_named(c->names, "log", 3)) {
            struct mon_args none = {"log", "help"};
            c->run(m, &none);
        }
    } else if (strcmp(word, "info") == 0) {
        char sub[32];
        if (!mon_more(a)) {
            help_info(m);
        } else if (mon_word(m, a, sub, sizeof sub)) {
            c = find(info_families, ARRAY_LEN(info_families), sub, strlen(sub));
            if (c)
                show(m, "info ", c);
            else
                mon_print(m, "unknown command: 'info %s'\n", sub);
        }
    } else if (strcmp(word, "help") == 0 || strcmp(word, "?") == 0) {
        mon_print(m, "%s", help_help);
    } else {
        mon_print(m, "unknown command: '%s'\n", word);
    }
}

static void run_info(struct monitor *m, struct mon_args *a)
{
    char word[32];
    if (!mon_more(a)) {
        help_info(m);
        return;
    }
    size_t length = strcspn(a->rest, " \t");
    if (length >= sizeof word)
        length = sizeof word - 1;
    memcpy(word, a->rest, length);
    word[length] = 0;
    const struct mon_command *c = find(info_families, ARRAY_LEN(info_families), word, length);
    const struct device *d = c ? NULL : mon_device(m, word);
    a->rest += length;
    if (c)
        c->run(m, a);
    else if (d)
        mon_device_state(m, d);
    else
        mon_print(m, "unknown command: 'info %s'\n", word);
}

void monitor_command(struct monitor *m, const char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    // A format follows the name directly: "x/4i".
    size_t length = strcspn(line, " \t/");
    char name[32];
    if (!*line)
        return;
    if (length == 0 || length >= sizeof name) {
        mon_print(m, "unknown command: '%.*s'\n", (int)(length ? length < 60 ? length : 60 : strcspn(line, " \t")),
                  line);
        return;
    }
    memcpy(name, line, length);
    name[length] = 0;
    struct mon_args a = {name, line + length};
    const struct mon_command *c = find(families, ARRAY_LEN(families), name, length);
    if (c)
        c->run(m, &a);
    else if (strcmp(name, "info") == 0)
        run_info(m, &a);
    else if (strcmp(name, "help") == 0 || strcmp(name, "?") == 0)
        run_help(m, &a);
    else
        mon_print(m, "unknown command: '%s'\n", name);
}

// ---- completion
// -------------------------------------------------------------------------------------------------------

struct candidates {
    struct monitor *m;
    const char *begin; // what has been typed of the word
    size_t length;
    char common[64]; // what all that match begin with
    unsigned count;
    bool list; // show them, instead of counting
};

static void candidate(struct candidates *c, const char *name, size_t length)
{
    if (length < c->length || length >= sizeof c->common || memcmp(name, c->begin, c->length) != 0)
        return;
    if (c->list) {
        mon_print(c->m, "%.*s\n", (int)length, name);
        return;
    }
    if (!c->count++) {
        memcpy(c->common, name, length);
        c->common[length] = 0;
        return;
    }
    size_t n = 0;
    while (n < length && c->common[n] == name[n])
        n++;
    c->common[n] = 0;
}

static void each_command(struct candidates *c, const struct mon_command *const *tables, size_t count)
{
    for (size_t t = 0; t < count; t++)
        for (const struct mon_command *k = tables[t]; k->names; k++)
            for (const char *n = k->names; n; n = strchr(n, '|') ? strchr(n, '|') + 1 : NULL)
                candidate(c, n, strcspn(n, "|"));
}

enum words { WORD_COMMAND, WORD_INFO, WORD_REGISTER, WORD_KEY, WORD_NONE };

static void each(struct candidates *c, enum words what)
{
    char name[32];
    const char *text;
    switch (what) {
    case WORD_COMMAND:
        each_command(c, families, ARRAY_LEN(families));
        candidate(c, "help", 4);
        candidate(c, "info", 4);
        break;
    case WORD_INFO:
        each_command(c, info_families, ARRAY_LEN(info_families));
        for (unsigned n = 0; mon_device_name(c->m, n, name, sizeof name); n++)
            if (!find(info_families, ARRAY_LEN(info_families), name, strlen(name)))
                candidate(c, name, strlen(name));
        break;
    case WORD_REGISTER:
        for (unsigned n = 0; (text = mon_register_name(n)); n++)
            candidate(c, text, strlen(text));
        break;
    case WORD_KEY:
        for (unsigned n = 0; (text = keys_name(n)); n++)
            candidate(c, text, strlen(text));
        break;
    case WORD_NONE:
        break;
    }
}

// What the word that ends at the cursor could be; its begin in *from.
static enum words word_at_cursor(const struct edit *e, size_t *from)
{
    size_t first = strspn(e->line, " "), end = first + strcspn(e->line + first, " /"), n = e->at;
    *from = first;
    if (e->at <= end)
        return WORD_COMMAND;
    bool key = end - first == 7 && !memcmp(e->line + first, "sendkey", 7);
    bool info = end - first == 4 && !memcmp(e->line + first, "info", 4);
    bool help = end - first == 4 && !memcmp(e->line + first, "help", 4);
    while (n > end && (isalnum((unsigned char)e->line[n - 1]) || strchr("_-?", e->line[n - 1])) &&
           !(key && e->line[n - 1] == '-'))
        n--;
    *from = n;
    if (n && e->line[n - 1] == '$')
        return WORD_REGISTER;
    if (key)
        return WORD_KEY;
    if (strspn(e->line + end, " ") + end != n)
        return WORD_NONE;
    return info ? WORD_INFO : help ? WORD_COMMAND : WORD_NONE;
}

static void complete(struct monitor *m)
{
    struct edit *e = &m->edit;
    size_t from;
    enum words what = word_at_cursor(e, &from);
    struct candidates c = {.m = m, .begin = e->line + from, .length = e->at - from};
    if (e->at < from)
        return;
    each(&c, what);
    size_t common = strlen(c.common);
    if (c.count == 1 || common > c.length)
        edit_insert(e, c.common + c.length, common - c.length);
    if (c.count == 1 && what != WORD_KEY && e->at == e->length)
        edit_insert(e, " ", 1);
    if (c.count > 1 && common == c.length && e->echo) {
        c.list = true;
        mon_print(m, "\n");
        each(&c, what);
        edit_show(e);
    }
}

// ---- the client
// --------------------------------------------------------------------------------------------------------

// What the machine does by itself is shown above the line that is being typed.
static void event(void *ctx, enum control_event event)
{
    struct monitor *m = ctx;
    bool told = event == CONTROL_PAUSED && mon_point_met(m);
    if (event != CONTROL_PAUSED && event != CONTROL_RESET && event != CONTROL_SHUTDOWN)
        return;
    bool stepped = m->stepping && event != CONTROL_RESET;
    if (!m->open || m->style == MONITOR_COMMANDS || !(stepped || told))
        return;
    if (!stepped)
        edit_hide(&m->edit);
    if (event == CONTROL_PAUSED)
        mon_stopped(m);
    m->stepping = false;
    if (!stepped) {
        edit_show(&m->edit);
        return;
    }
    edit_begin(&m->edit);
    uint8_t pending[MON_PENDING];
    size_t count = m->pending_count;
    memcpy(pending, m->pending, count);
    m->pending_count = 0;
    monitor_input(m, pending, count);
}

struct monitor *monitor_create(struct control *c, const struct char_backend *out, enum monitor_style style)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->c = c;
    m->out = *out;
    m->outside = c->outside;
    m->style = style;
    m->format = 'x';
    m->size = 4;
    edit_init(&m->edit, style == MONITOR_COMMANDS ? "" : "(qemu) ", out, style == MONITOR_TERMINAL);
    if (style != MONITOR_COMMANDS && !control_listen(c, event, m)) {
        free(m);
        return NULL;
    }
    return m;
}

void monitor_destroy(struct monitor *m)
{
    if (!m)
        return;
    control_unlisten(m->c, m);
    for (unsigned n = 0; n < MON_POINTS; n++)
        if (m->point[n].number)
            control_remove_point(m->c, m->point[n].kind, m->point[n].addr, m->point[n].size);
    free(m);
}

void monitor_opened(struct monitor *m)
{
    const char *version = m->outside->version;
    m->open = true;
    mon_print(m, "Snowglobe %s%smonitor - type 'help' for more information\n", version ? version : "",
              version ? " " : "");
    edit_begin(&m->edit);
}

void monitor_closed(struct monitor *m)
{
    m->open = m->stepping = false;
    m->pending_count = 0;
}

void monitor_input(struct monitor *m, const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (m->stepping) { // Ctrl-C ends the steps, all else waits
            if (bytes[k] == 3)
                control_pause(m->c, REASON_COMMAND);
            else if (m->pending_count < MON_PENDING)
                m->pending[m->pending_count++] = bytes[k];
            continue;
        }
        switch (edit_byte(&m->edit, bytes[k])) {
        case EDIT_MORE:
            break;
        case EDIT_COMPLETE:
            complete(m);
            break;
        case EDIT_DONE:
            monitor_command(m, m->edit.line);
            if (!m->stepping)
                edit_begin(&m->edit);
            break;
        case EDIT_CANCEL:
            edit_begin(&m->edit);
            break;
        }
    }
}
