// QMP, the protocol: greeting, negotiation, packets, answers, errors and events, after QEMU's documentation ("QEMU
// Machine Protocol Specification"). Packets may come in any pieces, several in one piece, strings in ' or ".
//
// Not implemented: out-of-band execution; bytes 0xFF do not reset the parser, a newline after garbage does.
#include "machine/qmp.h"
#include "machine/pc.h"
#include "machine/qmp_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// ---- sending
// ----------------------------------------------------------------------------------------------------------

// Takes `message`.
static void send(struct qmp *q, json_t *message)
{
    char *text = message ? json_dumps(message, JSON_ENSURE_ASCII) : NULL;
    if (text && q->out.write) {
        q->out.write(q->out.ctx, (const uint8_t *)text, strlen(text));
        q->out.write(q->out.ctx, (const uint8_t *)"\r\n", 2);
    }
    free(text);
    json_decref(message);
}

// Takes nothing.
static json_t *with_id(json_t *answer, const json_t *id)
{
    if (answer && id)
        json_object_set(answer, "id", (json_t *)id);
    return answer;
}

static void refuse(struct qmp *q, const json_t *id, const char *cls, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void refuse(struct qmp *q, const json_t *id, const char *cls, const char *fmt, ...)
{
    char desc[512];
    va_list list;
    va_start(list, fmt);
    vsnprintf(desc, sizeof desc, fmt, list);
    va_end(list);
    for (char *p = desc; *p; p++) // a name may have been cut inside a character
        if ((uint8_t)*p >= 0x80)
            *p = '?';
    send(q, with_id(json_pack("{s:{s:s, s:s}}", "error", "class", cls, "desc", desc), id));
}

static json_t *timestamp(struct qmp *q)
{
    const struct outside *o = q->c->outside;
    uint64_t us = o->microseconds ? o->microseconds(o->ctx) : machine_ns(q->c->m) / 1000;
    return json_pack("{s:I, s:I}", "seconds", (json_int_t)(us / 1000000), "microseconds", (json_int_t)(us % 1000000));
}

// Takes `data`, which may be NULL.
static void tell(struct qmp *q, const char *event, json_t *data)
{
    if (q->open && q->negotiated)
        send(q, json_pack("{s:o, s:s, s:o*}", "timestamp", timestamp(q), "event", event, "data", data));
    else
        json_decref(data);
}

static json_t *shutdown_data(enum control_reason reason)
{
    switch (reason) {
    case REASON_POWER_OFF:
    case REASON_EXIT:
        return json_pack("{s:b, s:s}", "guest", 1, "reason", "guest-shutdown");
    case REASON_RESET:
    case REASON_TRIPLE:
        return json_pack("{s:b, s:s}", "guest", 1, "reason", "guest-reset");
    case REASON_QUIT:
        return json_pack("{s:b, s:s}", "guest", 0, "reason", "host-qmp-quit");
    default:
        return json_pack("{s:b, s:s}", "guest", 0, "reason", "host-error");
    }
}

static void event(void *ctx, enum control_event event)
{
    struct qmp *q = ctx;
    bool asked = q->c->reset_asked;
    switch (event) {
    case CONTROL_PAUSED:
        tell(q, "STOP", NULL);
        break;
    case CONTROL_RESUMED:
        tell(q, "RESUME", NULL);
        break;
    case CONTROL_RESET:
        tell(q, "RESET",
             json_pack("{s:b, s:s}", "guest", !asked, "reason", asked ? "host-qmp-system-reset" : "guest-reset"));
        break;
    case CONTROL_POWER_DOWN:
        tell(q, "POWERDOWN", NULL);
        break;
    case CONTROL_SHUTDOWN:
        tell(q, "SHUTDOWN", shutdown_data(q->c->reason));
        break;
    case CONTROL_PANIC:
        tell(q, "GUEST_PANICKED", json_pack("{s:s}", "action", "pause"));
        break;
    }
}

// ---- commands
// ---------------------------------------------------------------------------------------------------------

static bool is_type(const json_t *value, char type)
{
    switch (type) {
    case 'i':
        return json_is_integer(value);
    case 's':
        return json_is_string(value);
    case 'a':
        return json_is_array(value);
    case 'b':
        return json_is_boolean(value);
    default:
        return json_is_object(value);
    }
}

static const char *type_name(char type)
{
    return type == 'i'   ? "integer"
           : type == 's' ? "string"
           : type == 'a' ? "array"
           : type == 'b' ? "boolean"
                         : "object";
}

// Where the description of an argument is in "name:i other:s?"; NULL: there is none of that name.
static const char *find_argument(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = list; *p; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, ":") == length && !memcmp(p, name, length))
            return p;
    return NULL;
}

// Whether the arguments are those that the command has; else it has been said what is wrong.
static bool check(struct qmp *q, const struct qmp_command *command, json_t *arguments, const json_t *id)
{
    const char *name;
    json_t *value;
    json_object_foreach(arguments, name, value)
    {
        const char *known = find_argument(command->arguments, name);
        char type = known ? known[strcspn(known, ":") + 1] : 0;
        if (!known) {
            refuse(q, id, "GenericError", "Parameter '%.200s' is unexpected", name);
            return false;
        }
        if (!is_type(value, type)) {
            refuse(q, id, "GenericError", "Invalid parameter type for '%s', expected: %s", name, type_name(type));
            return false;
        }
    }
    for (const char *p = command->arguments; *p; p += strcspn(p, " "), p += *p == ' ') {
        char word[32];
        size_t length = strcspn(p, ":");
        snprintf(word, sizeof word, "%.*s", (int)length, p);
        if (p[length + 2] != '?' && !json_object_get(arguments, word)) {
            refuse(q, id, "GenericError", "Parameter '%s' is missing", word);
            return false;
        }
    }
    return true;
}

static const struct qmp_command *find_command(const char *name)
{
    for (const struct qmp_command *c = qmp_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static void execute(struct qmp *q, const char *name, json_t *arguments, const json_t *id)
{
    const struct qmp_command *command = find_command(name);
    bool negotiation = strcmp(name, "qmp_capabilities") == 0;
    char error[700] = "out of memory";
    if (!q->negotiated && !negotiation) {
        refuse(q, id, "CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
    } else if (q->negotiated && negotiation) {
        refuse(q, id, "CommandNotFound", "Capabilities negotiation is already complete, command ignored");
    } else if (!command) {
        refuse(q, id, "CommandNotFound", "The command %.200s has not been found", name);
    } else if (check(q, command, arguments, id)) {
        json_t *result = command->run(q, arguments, error, sizeof error);
        if (result)
            send(q, with_id(json_pack("{s:o}", "return", result), id));
        else
            refuse(q, id, "GenericError", "%s", error);
    }
}

static void packet(struct qmp *q)
{
    json_error_t why;
    json_t *all = json_loadb(q->packet, q->length, JSON_REJECT_DUPLICATES, &why), *value;
    json_t *id = json_object_get(all, "id"), *arguments = json_object_get(all, "arguments"), *none = NULL;
    const char *name, *command = json_string_value(json_object_get(all, "execute"));
    if (!all) {
        refuse(q, NULL, "GenericError", "JSON parse error, %.200s", why.text);
        return;
    }
    json_object_foreach(all, name, value)
    {
        if (strcmp(name, "execute") == 0 || strcmp(name, "arguments") == 0 || strcmp(name, "id") == 0)
            continue;
        refuse(q, id, "GenericError", "QMP input member '%.200s' is unexpected", name);
        json_decref(all);
        return;
    }
    if (!json_object_get(all, "execute"))
        refuse(q, id, "GenericError", "QMP input lacks member 'execute'");
    else if (!command)
        refuse(q, id, "GenericError", "QMP input member 'execute' must be a string");
    else if (arguments && !json_is_object(arguments))
        refuse(q, id, "GenericError", "QMP input member 'arguments' must be an object");
    else
        execute(q, command, arguments ? arguments : (none = json_object()), id);
    json_decref(none);
    json_decref(all);
}

// ---- receiving
// --------------------------------------------------------------------------------------------------------

static void keep(struct qmp *q, char c)
{
    if (q->length < QMP_PACKET)
        q->packet[q->length++] = c;
    else
        q->too_much = true;
}

// A byte within a string; 'text' becomes "text".
static void string_byte(struct qmp *q, char c)
{
    bool single = q->quote == '\'';
    if (q->backslash) {
        q->backslash = false;
        if (c != '\'')
            keep(q, '\\');
        keep(q, c);
    } else if (c == '\\') {
        q->backslash = true;
    } else if (c == q->quote) {
        q->quote = 0;
        keep(q, '"');
    } else {
        if (single && c == '"')
            keep(q, '\\');
        keep(q, c);
    }
}

static void byte(struct qmp *q, char c)
{
    if (q->quote) {
        string_byte(q, c);
        return;
    }
    if (!q->depth) {
        if (c == '\n')
            q->skip = false;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || (q->skip && c != '{'))
            return;
        if (c != '{') {
            q->skip = true;
            refuse(q, NULL, "GenericError", "JSON parse error, a command is an object");
            return;
        }
        q->length = 0;
        q->too_much = q->skip = false;
    }
    if (c == '\'' || c == '"') {
        q->quote = c;
        c = '"';
    }
    keep(q, c);
    if (c == '{' || c == '[')
        q->depth++;
    else if (c == '}' || c == ']')
        q->depth--;
    if (q->depth > QMP_NESTING)
        q->too_much = true;
    if (q->depth && !(q->too_much && c == '\n'))
        return;
    q->depth = 0;
    if (q->too_much)
        refuse(q, NULL, "GenericError", "JSON parse error, more than %u bytes or %u levels", QMP_PACKET, QMP_NESTING);
    else
        packet(q);
    q->length = 0;
    q->too_much = false;
}

void qmp_input(struct qmp *q, const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; k < n; k++)
        byte(q, (char)bytes[k]);
}

// ---- the client
// -------------------------------------------------------------------------------------------------------

static void collect(void *ctx, const uint8_t *bytes, size_t n)
{
    struct qmp *q = ctx;
    size_t room = QMP_TEXT - q->text_length;
    n = n < room ? n : room;
    memcpy(q->text + q->text_length, bytes, n);
    q->text_length += n;
}

struct qmp *qmp_create(struct control *c, const struct char_backend *out)
{
    struct qmp *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    q->c = c;
    q->out = *out;
    q->text = malloc(QMP_TEXT + 1);
    q->monitor = q->text ? monitor_create(c, &(struct char_backend){collect, q}, MONITOR_COMMANDS) : NULL;
    if (q->monitor && control_listen(c, event, q))
        return q;
    monitor_destroy(q->monitor);
    free(q->text);
    free(q);
    return NULL;
}

void qmp_destroy(struct qmp *q)
{
    if (!q)
        return;
    control_unlisten(q->c, q);
    monitor_destroy(q->monitor);
    free(q->text);
    free(q);
}

void qmp_opened(struct qmp *q)
{
    const char *version = q->c->outside->version;
    unsigned major = 0, minor = 0, micro = 0;
    if (version)
        sscanf(version, "%u.%u.%u", &major, &minor, &micro);
    q->open = true;
    q->negotiated = false;
    q->depth = 0;
    q->quote = 0;
    q->backslash = q->skip = q->too_much = false;
    send(q, json_pack("{s:{s:{s:{s:i, s:i, s:i}, s:s}, s:[]}}", "QMP", "version", "qemu", "micro", (int)micro, "minor",
                      (int)minor, "major", (int)major, "package", "Snowglobe", "capabilities"));
}

void qmp_closed(struct qmp *q)
{
    q->open = q->negotiated = false;
}
