// A line is looked at when it ends; one that has not ended, at each call of watch_look(), and there $ does not match.
#include "host/watch.h"

#include <stdio.h>

bool watch_add(struct watch *w, const char *regex, char *why, size_t size)
{
    if (w->texts == WATCH_TEXTS) {
        snprintf(why, size, "too many texts");
        return false;
    }
    int wrong = regcomp(&w->text[w->texts], regex, REG_EXTENDED | REG_NOSUB);
    if (wrong) {
        regerror(wrong, &w->text[w->texts], why, size);
        return false;
    }
    w->texts++;
    return true;
}

void watch_free(struct watch *w)
{
    for (unsigned n = 0; n < w->texts; n++)
        regfree(&w->text[n]);
    w->texts = 0;
}

static void look(struct watch *w, struct watch_port *p, bool ended)
{
    p->looked = p->length;
    if (w->hit)
        return;
    p->line[p->length] = 0;
    if (w->panic && strstr(p->line, "Kernel panic - not syncing"))
        w->hit = WATCH_PANIC;
    for (unsigned n = 0; n < w->texts && !w->hit; n++)
        if (regexec(&w->text[n], p->line, 0, NULL, ended ? 0 : REG_NOTEOL) == 0)
            w->hit = WATCH_TEXT;
    if (w->hit)
        snprintf(w->found, sizeof w->found, "%.*s", (int)WATCH_SHOWN, p->line);
}

static void end_line(struct watch *w, struct watch_port *p)
{
    look(w, p, true);
    char *kept = p->kept[p->lines++ % WATCH_KEPT];
    size_t n = p->length < WATCH_SHOWN ? p->length : WATCH_SHOWN;
    memcpy(kept, p->line, n);
    kept[n] = 0;
    p->length = p->looked = 0;
}

void watch_byte(struct watch *w, unsigned port, uint8_t byte)
{
    struct watch_port *p = &w->port[port];
    if (byte == '\n') {
        end_line(w, p);
        return;
    }
    if (byte == 0 || byte == '\r')
        return;
    if (p->length == WATCH_LINE)
        end_line(w, p);
    p->line[p->length++] = (char)byte;
}

void watch_look(struct watch *w, bool ended)
{
    for (unsigned n = 0; n < MACHINE_SERIAL_PORTS; n++) {
        struct watch_port *p = &w->port[n];
        if (p->length && (ended || p->looked != p->length))
            look(w, p, ended);
    }
}

unsigned watch_lines(const struct watch *w, unsigned port, const char *lines[WATCH_KEPT])
{
    const struct watch_port *p = &w->port[port];
    unsigned count = 0, present = p->length != 0;
    uint64_t kept = p->lines < WATCH_KEPT ? p->lines : WATCH_KEPT;
    if (kept + present > WATCH_KEPT)
        kept--;
    for (uint64_t n = p->lines - kept; n < p->lines; n++)
        lines[count++] = p->kept[n % WATCH_KEPT];
    // It may be longer than those that are kept.
    if (present)
        lines[count++] = p->line;
    return count;
}
