// The command line's ends of a run: what ends it, and what its status is then.
#include "host/options_parse.h"

bool take_no_reboot(struct parser *p, const char *value)
{
    (void)value;
    p->o->no_reboot = true;
    return true;
}

bool take_no_shutdown(struct parser *p, const char *value)
{
    (void)value;
    p->o->no_shutdown = true;
    return true;
}

bool take_action(struct parser *p, const char *value)
{
    static const char expected[] = "reboot=reset|shutdown, shutdown=poweroff|pause or "
                                   "panic=exit-failure|shutdown|pause|none";
    static const char *const panics[] = {"exit-failure", "shutdown", "pause", "none"};
    struct options *o = p->o;
    char word[64];
    for (const char *rest = value; rest;) {
        if (!next_word(&rest, word, sizeof word))
            return bad_value(p, value, expected);
        const char *reboot = value_of(word, "reboot"), *shutdown = value_of(word, "shutdown");
        const char *panic = value_of(word, "panic");
        unsigned n = 0;
        if (reboot && (strcmp(reboot, "reset") == 0 || strcmp(reboot, "shutdown") == 0)) {
            o->no_reboot = reboot[0] == 's';
        } else if (shutdown && (strcmp(shutdown, "poweroff") == 0 || strcmp(shutdown, "pause") == 0)) {
            o->no_shutdown = strcmp(shutdown, "pause") == 0;
        } else if (panic) {
            while (n < ARRAY_LEN(panics) && strcmp(panic, panics[n]) != 0)
                n++;
            if (n == ARRAY_LEN(panics))
                return bad_value(p, value, expected);
            o->panic = (enum panic_action)n;
        } else if (value_of(word, "watchdog")) {
            return bad(p, "%s %s: there is no watchdog", p->shown, value);
        } else {
            return bad_value(p, value, expected);
        }
    }
    return true;
}

bool take_until(struct parser *p, const char *value)
{
    static const struct {
        const char *suffix;
        uint64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    static const char expected[] = "a tick, or a guest time such as 2.5s or 100ms";
    p->o->until_ticks = p->o->until_ns = UINT64_MAX;
    if (parse_u64(value, &p->o->until_ticks))
        return true;
    const char *end;
    uint64_t whole, billionths;
    if (!parse_decimal(value, &end, &whole, &billionths))
        return bad_value(p, value, expected);
    for (unsigned n = 0; n < ARRAY_LEN(units); n++)
        if (strcmp(end, units[n].suffix) == 0 && scale(whole, billionths, units[n].ns, &p->o->until_ns))
            return true;
    return bad_value(p, value, expected);
}

bool take_max_ticks(struct parser *p, const char *value)
{
    return (parse_u64(value, &p->o->max_ticks) && p->o->max_ticks) ||
           bad_value(p, value, "a number of ticks, at least 1");
}

bool take_timeout(struct parser *p, const char *value)
{
    const char *end;
    uint64_t whole, billionths;
    if (!parse_decimal(value, &end, &whole, &billionths) || (*end && strcmp(end, "s") != 0) ||
        !scale(whole, billionths, 1000000000, &p->o->timeout_ns) || p->o->timeout_ns == 0)
        return bad_value(p, value, "seconds on the clock on the wall, more than 0");
    return true;
}

bool take_fail_on(struct parser *p, const char *value)
{
    static const char expected[] = "panic, triple-fault, halt or text=REGEX, with commas between them";
    struct options *o = p->o;
    char word[512];
    for (const char *rest = value; rest;) {
        const char *at = rest;
        if (!next_word(&rest, word, sizeof word))
            return bad(p, "%s: more than %zu characters", p->shown, sizeof word - 1);
        if (strcmp(word, "panic") == 0) {
            o->fail_panic = true;
        } else if (strcmp(word, "triple-fault") == 0) {
            o->fail_triple = true;
        } else if (strcmp(word, "halt") == 0) {
            o->fail_halt = true;
        } else if (value_of(word, "text") && *value_of(word, "text")) {
            if (o->fail_texts == OPTIONS_TEXTS)
                return bad(p, "%s: there are %d texts at most", p->shown, OPTIONS_TEXTS);
            o->fail_text[o->fail_texts++] = value_of(at, "text");
        } else {
            return bad_value(p, value, expected);
        }
    }
    return true;
}

bool take_status_json(struct parser *p, const char *value)
{
    p->o->status_file = value;
    return *value || bad(p, "%s: the file's name is missing", p->shown);
}
