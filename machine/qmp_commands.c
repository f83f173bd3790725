// QMP's commands, after QEMU's documentation ("QEMU QMP Reference Manual"): those that scripts drive a machine with.
//
// Not implemented: media, migration, hot plugging, displays (screendump says so), QEMU's object model.
#include "machine/keys.h"
#include "machine/memory_save.h"
#include "machine/mon.h"
#include "machine/qmp_int.h"

#include <stdio.h>

static json_t *done(void)
{
    return json_object();
}

static json_t *failed(char *error, size_t size, const char *why)
{
    snprintf(error, size, "%s", why);
    return NULL;
}

// ---- the protocol and the machine
// -------------------------------------------------------------------------------------

static json_t *qmp_capabilities(struct qmp *q, json_t *a, char *error, size_t size)
{
    if (json_array_size(json_object_get(a, "enable")))
        return failed(error, size, "Capability is not available");
    q->negotiated = true;
    return done();
}

static json_t *query_version(struct qmp *q, json_t *a, char *error, size_t size)
{
    unsigned major = 0, minor = 0, micro = 0;
    (void)a, (void)error, (void)size;
    if (q->c->outside->version)
        sscanf(q->c->outside->version, "%u.%u.%u", &major, &minor, &micro);
    return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", (int)micro, "minor", (int)minor, "major", (int)major,
                     "package", "Snowglobe");
}

static json_t *query_commands(struct qmp *q, json_t *a, char *error, size_t size)
{
    json_t *list = json_array();
    (void)q, (void)a, (void)error, (void)size;
    for (const struct qmp_command *c = qmp_commands; c->name; c++)
        json_array_append_new(list, json_pack("{s:s}", "name", c->name));
    return list;
}

static json_t *query_status(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    return json_pack("{s:s, s:b, s:b}", "status", control_status(q->c), "singlestep", 0, "running", !q->c->paused);
}

static json_t *query_name(struct qmp *q, json_t *a, char *error, size_t size)
{
    const char *name = q->c->outside->name;
    (void)a, (void)error, (void)size;
    return name ? json_pack("{s:s}", "name", name) : json_object();
}

static json_t *query_kvm(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)q, (void)a, (void)error, (void)size;
    return json_pack("{s:b, s:b}", "enabled", 0, "present", 0);
}

static json_t *query_uuid(struct qmp *q, json_t *a, char *error, size_t size)
{
    const uint8_t *u = q->c->m->config.smbios.uuid;
    char text[37], *p = text;
    (void)a, (void)error, (void)size;
    for (unsigned n = 0; n < 16; n++)
        p += snprintf(p, 4, "%s%02x", n == 4 || n == 6 || n == 8 || n == 10 ? "-" : "", u[n]);
    return json_pack("{s:s}", "UUID", text);
}

static json_t *query_cpus_fast(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)q, (void)a, (void)error, (void)size;
    return json_pack("[{s:i, s:{s:i, s:i, s:i}, s:s, s:i, s:s}]", "thread-id", 1, "props", "core-id", 0, "thread-id", 0,
                     "socket-id", 0, "qom-path", "/machine/cpu[0]", "cpu-index", 0, "target", "x86_64");
}

static void add_chardev(void *to, const char *label, const char *what)
{
    json_array_append_new(to, json_pack("{s:b, s:s, s:s}", "frontend-open", strncmp(what, "disconnected:", 13) != 0,
                                        "filename", what, "label", label));
}

static json_t *query_chardev(struct qmp *q, json_t *a, char *error, size_t size)
{
    const struct outside *o = q->c->outside;
    json_t *list = json_array();
    (void)a, (void)error, (void)size;
    if (o->chardevs && list)
        o->chardevs(o->ctx, add_chardev, list);
    return list;
}

static json_t *nothing_there(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)q, (void)a, (void)error, (void)size;
    return json_array();
}

static json_t *query_pci(struct qmp *q, json_t *a, char *error, size_t size)
{
    json_t *list = json_array();
    (void)a, (void)error, (void)size;
    for (unsigned n = 0; n < 256; n++) {
        const struct pci_function *f = q->c->m->pci.function[n];
        if (!f)
            continue;
        const uint8_t *c = f->s->config;
        const char *cls = mon_pci_class(load_u16(c + 0x0a));
        json_t *d =
            json_pack("{s:i, s:i, s:i, s:{s:i, s:s*}, s:{s:i, s:i}, s:s, s:i, s:[]}", "bus", 0, "slot", (int)n / 8,
                      "function", (int)n % 8, "class_info", "class", load_u16(c + 0x0a), "desc", cls, "id", "device",
                      load_u16(c + 2), "vendor", load_u16(c), "qdev_id", "", "irq_pin", c[0x3d], "regions");
        if (c[0x3d] && d)
            json_object_set_new(d, "irq", json_integer(c[0x3c]));
        json_array_append_new(list, d);
    }
    return json_pack("[{s:i, s:o}]", "bus", 0, "devices", list);
}

// ---- the run
// ----------------------------------------------------------------------------------------------------------

static json_t *stop(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    control_pause(q->c, REASON_COMMAND);
    return done();
}

static json_t *cont(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    control_resume(q->c, UINT64_MAX);
    return done();
}

static json_t *system_reset(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    control_reset(q->c);
    return done();
}

static json_t *system_powerdown(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    control_power_down(q->c);
    return done();
}

static json_t *quit(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)a, (void)error, (void)size;
    control_quit(q->c);
    return done();
}

static json_t *human_monitor_command(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)error, (void)size;
    q->text_length = 0;
    monitor_command(q->monitor, json_string_value(json_object_get(a, "command-line")));
    q->text[q->text_length] = 0;
    json_t *text = json_string(q->text);
    for (char *p = q->text; !text && *p; p++) // a word may have been cut inside a character
        if ((uint8_t)*p >= 0x80)
            *p = '?';
    return text ? text : json_string(q->text);
}

// ---- memory
// -----------------------------------------------------------------------------------------------------------

static json_t *save(struct qmp *q, json_t *a, enum control_space space, char *error, size_t size)
{
    json_int_t from = json_integer_value(json_object_get(a, "val")), n = json_integer_value(json_object_get(a, "size"));
    const char *path = json_string_value(json_object_get(a, "filename"));
    if (n < 0)
        return failed(error, size, "Parameter 'size' expects a number that is not negative");
    return memory_save(q->c, space, (uint64_t)from, (uint64_t)n, path, error, size) ? done() : NULL;
}

static json_t *memsave(struct qmp *q, json_t *a, char *error, size_t size)
{
    if (json_integer_value(json_object_get(a, "cpu-index")))
        return failed(error, size, "Parameter 'cpu-index' expects a CPU number");
    return save(q, a, SPACE_LINEAR, error, size);
}

static json_t *pmemsave(struct qmp *q, json_t *a, char *error, size_t size)
{
    return save(q, a, SPACE_PHYSICAL, error, size);
}

static json_t *screendump(struct qmp *q, json_t *a, char *error, size_t size)
{
    (void)q, (void)a;
    return failed(error, size, "there is no display");
}

// ---- keys and mouse
// ---------------------------------------------------------------------------------------------------

#define HOLD_MS_MAX 3600000

// The usage of {"type": "qcode", "data": NAME}; 0 with a line in `error`.
static uint32_t key_of(const json_t *key, char *error, size_t size)
{
    const char *type = json_string_value(json_object_get(key, "type"));
    const char *name = json_string_value(json_object_get(key, "data"));
    uint32_t usage[KEYS_MAX];
    if (!type || strcmp(type, "qcode") != 0 || !name)
        snprintf(error, size, "a key is {\"type\": \"qcode\", \"data\": NAME}");
    else if (strchr(name, '-'))
        snprintf(error, size, "there is no key '%.80s'", name);
    else if (keys_parse(name, usage, error, size) == 1)
        return usage[0];
    return 0;
}

static json_t *send_key(struct qmp *q, json_t *a, char *error, size_t size)
{
    const json_t *keys = json_object_get(a, "keys"), *hold = json_object_get(a, "hold-time");
    json_int_t ms = hold ? json_integer_value(hold) : 100;
    uint32_t usage[KEYS_MAX];
    size_t count = json_array_size(keys);
    if (!count || count > KEYS_MAX)
        return failed(error, size, "Parameter 'keys' expects 1 to 16 keys");
    for (size_t n = 0; n < count; n++)
        if (!(usage[n] = key_of(json_array_get(keys, n), error, size)))
            return NULL;
    if (ms < 0 || ms > HOLD_MS_MAX)
        return failed(error, size, "Parameter 'hold-time' expects at most an hour");
    if (!control_keys(q->c, usage, (unsigned)count, (uint64_t)ms * 1000000))
        return failed(error, size, "too many keys wait to be pressed");
    return done();
}

struct input {
    uint32_t usage; // 0: mouse
    bool down;
    int dx, dy, dz;
    unsigned set, clear; // buttons
};

static bool parse_button(const json_t *data, struct input *in)
{
    static const char *const names[] = {"left", "right", "middle"};
    const char *button = json_string_value(json_object_get(data, "button"));
    bool down = json_is_true(json_object_get(data, "down"));
    if (!button)
        return false;
    if (strcmp(button, "wheel-up") == 0 || strcmp(button, "wheel-down") == 0) {
        in->dz = down ? button[6] == 'u' ? -1 : 1 : 0;
        return true;
    }
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        if (strcmp(button, names[n]) == 0) {
            *(down ? &in->set : &in->clear) = 1u << n;
            return true;
        }
    }
    return false;
}

static bool parse_input(const json_t *event, struct input *in, char *error, size_t size)
{
    const json_t *data = json_object_get(event, "data"), *value = json_object_get(data, "value");
    const char *type = json_string_value(json_object_get(event, "type"));
    const char *axis = json_string_value(json_object_get(data, "axis"));
    *in = (struct input){0};
    if (type && strcmp(type, "key") == 0) {
        in->down = json_is_true(json_object_get(data, "down"));
        in->usage = key_of(json_object_get(data, "key"), error, size);
        return in->usage;
    }
    if (type && strcmp(type, "btn") == 0 && parse_button(data, in))
        return true;
    if (type && strcmp(type, "rel") == 0 && axis && json_is_integer(value) && (*axis == 'x' || *axis == 'y') &&
        !axis[1]) {
        json_int_t v = json_integer_value(value);
        *(*axis == 'x' ? &in->dx : &in->dy) = (int)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
        return true;
    }
    snprintf(error, size, "an event is of type key, btn or rel, with its data");
    return false;
}

// All are checked before the first is sent.
static json_t *input_send_event(struct qmp *q, json_t *a, char *error, size_t size)
{
    const json_t *events = json_object_get(a, "events");
    for (int sending = 0; sending < 2; sending++) {
        for (size_t n = 0; n < json_array_size(events); n++) {
            struct input in;
            if (!parse_input(json_array_get(events, n), &in, error, size))
                return NULL;
            if (!sending)
                continue;
            q->buttons = (q->buttons | in.set) & ~in.clear;
            if (in.usage)
                machine_key(q->c->m, in.usage, in.down);
            else
                machine_mouse(q->c->m, in.dx, in.dy, in.dz, q->buttons);
        }
    }
    return done();
}

const struct qmp_command qmp_commands[] = {
    {"qmp_capabilities", "enable:a?", qmp_capabilities},
    {"query-version", "", query_version},
    {"query-commands", "", query_commands},
    {"query-status", "", query_status},
    {"query-name", "", query_name},
    {"query-kvm", "", query_kvm},
    {"query-uuid", "", query_uuid},
    {"query-cpus-fast", "", query_cpus_fast},
    {"query-chardev", "", query_chardev},
    {"query-block", "", nothing_there},
    {"query-blockstats", "query-nodes:b?", nothing_there},
    {"query-pci", "", query_pci},
    {"stop", "", stop},
    {"cont", "", cont},
    {"system_reset", "", system_reset},
    {"system_powerdown", "", system_powerdown},
    {"quit", "", quit},
    {"human-monitor-command", "command-line:s cpu-index:i?", human_monitor_command},
    {"memsave", "val:i size:i filename:s cpu-index:i?", memsave},
    {"pmemsave", "val:i size:i filename:s", pmemsave},
    {"screendump", "filename:s device:s? head:i? format:s?", screendump},
    {"send-key", "keys:a hold-time:i?", send_key},
    {"input-send-event", "device:s? head:i? events:a", input_send_event},
    {NULL, NULL, NULL},
};
