// The command line's devices: what is connected to serial ports, debug console, monitor, gdb and QMP.
#include "host/options_parse.h"

#include <stdio.h>

// ---- character devices
// ------------------------------------------------------------------------------------------------

static bool add_device(struct parser *p, const struct chardev_options *c, int *index)
{
    struct options *o = p->o;
    if (o->chardevs == OPTIONS_CHARDEVS)
        return bad(p, "%s: there are %d character devices at most", p->shown, OPTIONS_CHARDEVS);
    *index = (int)o->chardevs;
    o->chardev[o->chardevs++] = *c;
    return true;
}

// A device in the short form. With `chardev:ID` only *id is set, to be looked up later; null and none are PORT_NOWHERE.
static bool parse_device(struct parser *p, const char *value, const char *label, int *index, const char **id)
{
    struct chardev_options c;
    char why[200];
    *index = PORT_NOWHERE;
    *id = NULL;
    if (strncmp(value, "chardev:", 8) == 0) {
        *id = value + 8;
        return true;
    }
    if (!chardev_parse(&c, value, why, sizeof why))
        return bad(p, "%s %s: %s", p->shown, value, why);
    if (c.kind == CHARDEV_NULL)
        return true;
    snprintf(c.label, sizeof c.label, "%s", label);
    return add_device(p, &c, index);
}

static int find_device(const struct options *o, const char *id)
{
    for (unsigned n = 0; n < o->chardevs; n++)
        if (*id && strcmp(o->chardev[n].id, id) == 0)
            return (int)n;
    return PORT_NOWHERE;
}

bool take_chardev(struct parser *p, const char *value)
{
    struct chardev_options c;
    char why[200];
    int index;
    if (!chardev_parse_long(&c, value, why, sizeof why))
        return bad(p, "%s %s: %s", p->shown, value, why);
    if (find_device(p->o, c.id) != PORT_NOWHERE)
        return bad(p, "%s %s: there is a device '%s' already", p->shown, value, c.id);
    snprintf(c.label, sizeof c.label, "%s", c.id);
    return add_device(p, &c, &index);
}

// ---- ports
// ------------------------------------------------------------------------------------------------------------

bool take_serial(struct parser *p, const char *value)
{
    char label[16];
    if (p->ports == MACHINE_SERIAL_PORTS)
        return bad(p, "%s %s: there are %u serial ports at most", p->shown, value, MACHINE_SERIAL_PORTS);
    unsigned n = p->ports++;
    snprintf(label, sizeof label, "serial%u", n);
    p->serial_absent[n] = strcmp(value, "none") == 0;
    return parse_device(p, value, label, &p->o->serial[n], &p->serial_id[n]);
}

bool take_parallel(struct parser *p, const char *value)
{
    return strcmp(value, "none") == 0 || bad(p, "%s %s: there is no parallel port; only 'none' works", p->shown, value);
}

bool take_debugcon(struct parser *p, const char *value)
{
    return parse_device(p, value, "debugcon", &p->o->debugcon, &p->debugcon_id);
}

bool take_echr(struct parser *p, const char *value)
{
    uint64_t key;
    if (!parse_u64(value, &key) || key == 0 || key > 255)
        return bad_value(p, value, "the number of a key from 1 (Ctrl-A) to 255");
    p->o->escape = (uint8_t)key;
    return true;
}

// ---- monitor, QMP, gdb
// ------------------------------------------------------------------------------------------------

static bool add_end(struct parser *p, enum end_kind kind, int dev, const char *id)
{
    static const char *const options[END_KINDS] = {"-monitor", "-qmp", "-gdb"};
    struct options *o = p->o;
    if (o->ends == OPTIONS_ENDS)
        return bad(p, "%s: there are %d monitors, gdbs and QMPs at most", p->shown, OPTIONS_ENDS);
    p->end_id[o->ends] = id;
    o->end[o->ends++] = (struct end_options){kind, (unsigned)dev, options[kind]};
    return true;
}

static bool take_end(struct parser *p, enum end_kind kind, const char *value, const char *label)
{
    int dev;
    const char *id;
    if (!parse_device(p, value, label, &dev, &id))
        return false;
    if (dev == PORT_NOWHERE && !id)
        return true;
    // Whoever asks for gdb on a socket wants to connect to it, and later.
    struct chardev_options *c = dev == PORT_NOWHERE ? NULL : &p->o->chardev[dev];
    if (c && kind == END_GDB && !c->server_said && (c->kind == CHARDEV_TCP || c->kind == CHARDEV_UNIX)) {
        c->server = true;
        c->wait = false;
    }
    return add_end(p, kind, dev, id);
}

bool take_monitor(struct parser *p, const char *value)
{
    p->monitor_given = true;
    return take_end(p, END_MONITOR, value, "monitor");
}

bool take_qmp(struct parser *p, const char *value)
{
    return take_end(p, END_QMP, value, "qmp");
}

bool take_gdb(struct parser *p, const char *value)
{
    return take_end(p, END_GDB, value, "gdb");
}

bool take_gdb_default(struct parser *p, const char *value)
{
    (void)value;
    return take_end(p, END_GDB, "tcp::1234", "gdb");
}

bool take_mon(struct parser *p, const char *value)
{
    static const char expected[] = "chardev=ID,mode=readline or chardev=ID,mode=control";
    const char *id = NULL, *rest = value;
    char word[128];
    enum end_kind kind = END_MONITOR;
    while (rest) {
        const char *at = rest;
        if (!next_word(&rest, word, sizeof word))
            return bad_value(p, value, expected);
        const char *mode = value_of(word, "mode"), *pretty = value_of(word, "pretty");
        const char *dev = value_of(word, "chardev") ? value_of(at, "chardev") : NULL;
        if (!dev && !mode && !pretty && at == value && !strchr(word, '='))
            dev = value;
        if (dev)
            id = dev;
        else if (mode && (strcmp(mode, "readline") == 0 || strcmp(mode, "control") == 0))
            kind = mode[0] == 'c' ? END_QMP : END_MONITOR;
        else if (!pretty)
            return bad_value(p, value, expected);
    }
    if (!id)
        return bad_value(p, value, expected);
    p->monitor_given |= kind == END_MONITOR;
    return add_end(p, kind, PORT_NOWHERE, id);
}

// ---- -device
// ----------------------------------------------------------------------------------------------------------

struct property {
    const char *name;
    uint64_t low, high; // what it may be; low > high: a text
    const char *text;   // where the text begins
    uint64_t number;    // the number; as it was without this property
};

// Checks the properties behind the device's name.
static bool take_properties(struct parser *p, const char *value, const char *list, struct property *props,
                            unsigned count)
{
    char word[128];
    while (list) {
        const char *at = list;
        uint64_t number;
        if (!next_word(&list, word, sizeof word))
            return bad(p, "%s %s: too long", p->shown, value);
        unsigned n = 0;
        while (n < count && !value_of(word, props[n].name))
            n++;
        if (n == count && props[0].low > props[0].high)
            return bad(p, "%s %s: '%s' is not known; %s is", p->shown, value, word, props[0].name);
        if (n == count)
            return bad(p, "%s %s: '%s' is not known; %s=0x%llx is", p->shown, value, word, props[0].name,
                       (unsigned long long)props[0].low);
        if (props[n].low > props[n].high)
            props[n].text = value_of(at, props[n].name);
        else if (!parse_u64(value_of(word, props[n].name), &number) || number < props[n].low || number > props[n].high)
            return bad(p, "%s %s: '%s'; the device is at %s=0x%llx", p->shown, value, word, props[n].name,
                       (unsigned long long)props[n].low);
        else
            props[n].number = number;
    }
    return true;
}

// At port F4h it is always; whoever names it without a port has QEMU's own in mind, 501h.
static bool take_debug_exit(struct parser *p, const char *value, const char *list)
{
    struct property props[] = {{"iobase", 0xf4, 0x501, NULL, 0x501}, {"iosize", 1, 4, NULL, 2}};
    if (!take_properties(p, value, list, props, ARRAY_LEN(props)))
        return false;
    if (props[0].number != 0xf4 && props[0].number != 0x501)
        return bad(p, "%s %s: the device is at iobase=0xf4 or 0x501", p->shown, value);
    p->o->debug_exit_501 |= props[0].number == 0x501;
    return true;
}

static bool take_isa_debugcon(struct parser *p, const char *value, const char *list)
{
    struct property props[] = {
        {"iobase", 0xe9, 0xe9, NULL, 0}, {"readback", 0xe9, 0xe9, NULL, 0}, {"chardev", 1, 0, NULL, 0}};
    if (!take_properties(p, value, list, props, ARRAY_LEN(props)))
        return false;
    p->debugcon_id = props[2].text;
    return p->debugcon_id || bad(p, "%s %s: chardev=ID is missing", p->shown, value);
}

// The next port, where a PC has it; `index` only says which that is.
static bool take_isa_serial(struct parser *p, const char *value, const char *list)
{
    struct property props[] = {{"chardev", 1, 0, NULL, 0}, {"index", p->ports, p->ports, NULL, 0}};
    if (p->ports == MACHINE_SERIAL_PORTS)
        return bad(p, "%s %s: there are %u serial ports at most", p->shown, value, MACHINE_SERIAL_PORTS);
    if (!take_properties(p, value, list, props, ARRAY_LEN(props)))
        return false;
    if (!props[0].text)
        return bad(p, "%s %s: chardev=ID is missing", p->shown, value);
    p->o->serial[p->ports] = PORT_NOWHERE;
    p->serial_id[p->ports++] = props[0].text;
    return true;
}

static bool take_pvpanic(struct parser *p, const char *value, const char *list)
{
    struct property props[] = {{"ioport", 0x505, 0x505, NULL, 0}};
    p->o->pvpanic = true;
    return take_properties(p, value, list, props, ARRAY_LEN(props));
}

bool take_device(struct parser *p, const char *value)
{
    static const struct {
        const char *name;
        bool (*take)(struct parser *p, const char *value, const char *list);
    } devices[] = {{"isa-debug-exit", take_debug_exit},
                   {"pvpanic", take_pvpanic},
                   {"isa-debugcon", take_isa_debugcon},
                   {"isa-serial", take_isa_serial}};
    char name[64];
    const char *list = value;
    if (!next_word(&list, name, sizeof name))
        return bad(p, "%s %s: there is no such device", p->shown, value);
    for (unsigned n = 0; n < ARRAY_LEN(devices); n++)
        if (strcmp(name, devices[n].name) == 0)
            return devices[n].take(p, value, list);
    if (is_harmless_device(name))
        return note(p, "%s %s: there is no such device; the guest has to do without it", p->shown, name);
    return bad(p, "%s %s: there is no such device; isa-debug-exit, pvpanic, isa-debugcon and isa-serial are", p->shown,
               value);
}

bool take_fw_cfg(struct parser *p, const char *value)
{
    static const char expected[] = "name=NAME,file=FILE or name=NAME,string=TEXT";
    struct options *o = p->o;
    if (o->fw_cfg_count == FW_CFG_OPTIONS)
        return bad(p, "%s %s: there are %u at most", p->shown, value, FW_CFG_OPTIONS);
    struct fw_cfg_option *f = &o->fw_cfg[o->fw_cfg_count++];
    char word[sizeof f->value + 8];
    bool named = false, given = false, first = true;
    for (const char *rest = value; rest; first = false) {
        if (!next_word(&rest, word, sizeof word))
            return bad(p, "%s: more than %zu characters", p->shown, sizeof f->value - 1);
        const char *name = value_of(word, "name"), *file = value_of(word, "file"), *text = value_of(word, "string");
        const char *content = file ? file : text;
        if (first && !name && !content && !strchr(word, '='))
            name = word;
        if (name ? named || !*name : !content || given || (file && !*file))
            return bad_value(p, value, expected);
        if (strlen(name ? name : content) >= (name ? sizeof f->name : sizeof f->value))
            return bad(p, "%s: '%.60s' is too long", p->shown, name ? name : content);
        strcpy(name ? f->name : f->value, name ? name : content);
        f->from_file |= file != NULL;
        named |= name != NULL;
        given |= content != NULL;
    }
    for (unsigned n = 0; n + 1 < o->fw_cfg_count; n++)
        if (!strcmp(o->fw_cfg[n].name, f->name))
            return bad(p, "%s %s: '%s' is there already", p->shown, value, f->name);
    if (!strncmp(f->name, "etc/", 4) || !strncmp(f->name, "genroms/", 8))
        return bad(p, "%s %s: this name is the board's; use opt/...", p->shown, value);
    return (named && given) || bad_value(p, value, expected);
}

// ---- all together
// -----------------------------------------------------------------------------------------------------

// An id that may be followed by a comma and more.
static bool look_up(struct parser *p, const char *id, int *dev)
{
    char name[64];
    const char *list = id;
    bool fits = next_word(&list, name, sizeof name);
    *dev = fits ? find_device(p->o, name) : PORT_NOWHERE;
    return *dev != PORT_NOWHERE || bad(p, "there is no -chardev with id=%.64s", fits ? name : id);
}

static bool add_stdio(struct parser *p, const char *label, bool mux, int *index)
{
    struct chardev_options c = {.kind = CHARDEV_STDIO, .mux = mux, .signals = !mux};
    snprintf(c.label, sizeof c.label, "%s", label);
    return add_device(p, &c, index);
}

static bool uses_stdio(const struct options *o)
{
    for (unsigned n = 0; n < o->chardevs; n++)
        if (o->chardev[n].kind == CHARDEV_STDIO)
            return true;
    return false;
}

// What QEMU has without being asked: the first port and the monitor share the terminal.
static bool add_defaults(struct parser *p)
{
    struct options *o = p->o;
    if (p->ports == 0 && !p->nodefaults) {
        o->serial_count = 1;
        o->serial[0] = PORT_NOWHERE;
        // Without a display option somebody else may have the terminal: the port would be in the window.
        if (p->nographic || (o->window_wanted && !uses_stdio(o))) {
            if (!add_stdio(p, "serial0", !p->monitor_given, &o->serial[0]))
                return false;
        }
    }
    // The monitor is behind the multiplexer of whatever has one first.
    for (unsigned n = 0; n < o->serial_count && !p->monitor_given && o->ends < OPTIONS_ENDS; n++) {
        int dev = o->serial[n];
        if (dev == PORT_NOWHERE || !o->chardev[dev].mux || *o->chardev[dev].id)
            continue;
        p->monitor_given = true;
        o->end[o->ends++] = (struct end_options){END_MONITOR, (unsigned)dev, NULL};
    }
    return true;
}

static bool check_users(struct parser *p)
{
    struct options *o = p->o;
    unsigned users[OPTIONS_CHARDEVS] = {0}, terminals = 0;
    for (unsigned n = 0; n < o->serial_count; n++)
        if (o->serial[n] != PORT_NOWHERE)
            users[o->serial[n]]++;
    if (o->debugcon != PORT_NOWHERE)
        users[o->debugcon]++;
    for (unsigned n = 0; n < o->ends; n++) {
        const struct chardev_options *c = &o->chardev[o->end[n].dev];
        users[o->end[n].dev]++;
        if (c->kind == CHARDEV_FILE)
            return bad(p, "%s: a file cannot ask anything", o->end[n].option);
    }
    for (unsigned n = 0; n < o->chardevs; n++) {
        if (users[n] > 1 && !o->chardev[n].mux)
            return bad(p, "'%s' can be used only once, or with mux=on", o->chardev[n].label);
        if (users[n] > 8)
            return bad(p, "'%s' is used more than 8 times", o->chardev[n].label);
        terminals += o->chardev[n].kind == CHARDEV_STDIO;
    }
    if (terminals > 1)
        return bad(p, "stdio can be used only once; -chardev stdio,id=ID,mux=on is for several");
    return true;
}

bool complete_devices(struct parser *p)
{
    struct options *o = p->o;
    o->serial_count = p->ports;
    for (unsigned n = 0; n < p->ports; n++)
        if (p->serial_id[n] && !look_up(p, p->serial_id[n], &o->serial[n]))
            return false;
    if (p->debugcon_id && !look_up(p, p->debugcon_id, &o->debugcon))
        return false;
    for (unsigned n = 0; n < o->ends; n++) {
        int dev;
        if (!p->end_id[n])
            continue;
        if (!look_up(p, p->end_id[n], &dev))
            return false;
        o->end[n].dev = (unsigned)dev;
    }
    if (!add_defaults(p))
        return false;
    while (o->serial_count && p->serial_absent[o->serial_count - 1])
        o->serial_count--;
    for (unsigned n = 0; n < o->serial_count; n++)
        if (p->serial_absent[n])
            return bad(p, "-serial none: only the last ports can be absent; use null");
    return check_users(p);
}
