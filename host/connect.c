// From the command line's devices to front ends: serial ports, debug console, monitor, QMP, gdb.
#include "host/connect.h"

#include <stdio.h>

// Whoever does not hear the answers of a monitor does not hold the guest, but for events without number.
#define END_OUTPUT_BYTES (1u << 20)

// ---- the guest's ports
// ------------------------------------------------------------------------------------------------

// While the machine is paused nothing happens to it, so what comes waits outside.
static size_t serial_room(void *ctx)
{
    const struct connection_port *p = ctx;
    return p->all->control->paused ? 0 : machine_serial_room(p->all->m, p->n);
}

static void serial_receive(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct connection_port *p = ctx;
    machine_serial_input(p->all->m, p->n, bytes, n);
}

static bool serial_break(void *ctx)
{
    const struct connection_port *p = ctx;
    return !p->all->control->paused && machine_serial_break(p->all->m, p->n);
}

static void serial_write(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct connection_port *p = ctx;
    for (size_t i = 0; p->all->watching && i < n; i++)
        watch_byte(&p->all->watch, p->n, bytes[i]);
    if (p->dev)
        chardev_write(p->dev, bytes, n);
}

static void port_write(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct connection_port *p = ctx;
    chardev_write(p->dev, bytes, n);
}

static uint64_t now(void *ctx)
{
    const struct connections *c = ctx;
    return machine_ns(c->m);
}

// ---- monitor, QMP, gdb
// ------------------------------------------------------------------------------------------------

static size_t end_room(void *ctx)
{
    (void)ctx;
    return SIZE_MAX;
}

static void end_receive(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct connection_end *e = ctx;
    e->cls->input(e->end, bytes, n);
}

static void end_opened(void *ctx)
{
    const struct connection_end *e = ctx;
    e->cls->opened(e->end);
}

static void end_closed(void *ctx)
{
    const struct connection_end *e = ctx;
    e->cls->closed(e->end);
}

static void end_write(void *ctx, const uint8_t *bytes, size_t n)
{
    chardev_write(ctx, bytes, n);
}

static bool start_end(struct connections *c, const struct end_options *o, struct control *control, char *error,
                      size_t size)
{
    struct connection_end *e = &c->end[c->ends];
    struct chardev *dev = &c->dev[o->dev];
    const struct char_backend out = {end_write, dev};
    *e = (struct connection_end){.cls = end_class(o->kind)};
    if (!e->cls)
        return true; // one that nobody asked for
    e->front = (struct chardev_front){
        .room = end_room, .receive = end_receive, .opened = end_opened, .closed = end_closed, .ctx = e, .end = true};
    e->end = e->cls->create(control, &out);
    if (!e->end) {
        snprintf(error, size, "out of memory");
        return false;
    }
    c->ends++;
    if (chardev_attach(dev, &e->front))
        return true;
    snprintf(error, size, "%s: '%s' has no place for it", o->option ? o->option : "monitor", dev->o->label);
    return false;
}

// ---- opening, starting
// ------------------------------------------------------------------------------------------------

static bool open_watch(struct connections *c, char *error, size_t size)
{
    const struct options *o = c->o;
    c->watch.panic = o->fail_panic;
    c->watching = o->fail_panic || o->fail_texts || o->status_file;
    for (unsigned n = 0; n < o->fail_texts; n++) {
        char regex[512], why[128];
        const char *list = o->fail_text[n];
        if (next_word(&list, regex, sizeof regex) && watch_add(&c->watch, regex, why, sizeof why))
            continue;
        snprintf(error, size, "--fail-on text=%s: %s", regex, why);
        return false;
    }
    return true;
}

static struct chardev *device(struct connections *c, int index)
{
    return index == PORT_NOWHERE ? NULL : &c->dev[index];
}

bool connections_open(struct connections *c, const struct options *o, char *error, size_t size)
{
    static const char *const names[END_KINDS] = {"the monitor", "QMP", "gdb"};
    c->o = o;
    for (unsigned n = 0; n < o->ends; n++) {
        const struct end_options *e = &o->end[n];
        if (e->option && !end_class(e->kind)) {
            snprintf(error, size, "%s: %s comes later", e->option, names[e->kind]);
            return false;
        }
    }
    if (!open_watch(c, error, size))
        return false;
    for (unsigned n = 0; n < MACHINE_SERIAL_PORTS; n++)
        c->serial[n] =
            (struct connection_port){.all = c, .n = n, .dev = n < o->serial_count ? device(c, o->serial[n]) : NULL};
    c->debugcon = (struct connection_port){.all = c, .dev = device(c, o->debugcon)};
    for (; c->devs < o->chardevs; c->devs++) {
        struct chardev *dev = &c->dev[c->devs];
        if (!chardev_open(dev, &o->chardev[c->devs], o->escape, error, size)) {
            chardev_close(dev);
            return false;
        }
        dev->now = now;
        dev->now_ctx = c;
    }
    return true;
}

void connections_close(struct connections *c)
{
    for (unsigned n = 0; n < c->devs; n++)
        chardev_close(&c->dev[n]);
    watch_free(&c->watch);
}

void connections_configure(struct connections *c, struct machine_config *config)
{
    for (unsigned n = 0; n < c->o->serial_count; n++)
        if (c->serial[n].dev || c->watching)
            config->serial[n] = (struct char_backend){serial_write, &c->serial[n]};
    if (c->debugcon.dev)
        config->debugcon = (struct char_backend){port_write, &c->debugcon};
}

bool connections_start(struct connections *c, struct machine *m, struct control *control, char *error, size_t size)
{
    c->m = m;
    c->control = control;
    for (unsigned n = 0; n < c->o->serial_count; n++) {
        struct connection_port *p = &c->serial[n];
        p->front = (struct chardev_front){
            .room = serial_room, .receive = serial_receive, .send_break = serial_break, .ctx = p};
        if (p->dev)
            chardev_attach(p->dev, &p->front);
    }
    for (unsigned n = 0; n < c->o->ends; n++)
        if (!start_end(c, &c->o->end[n], control, error, size))
            return false;
    if (c->debugcon.dev)
        chardev_attach(c->debugcon.dev, &c->debugcon.front);
    for (unsigned n = 0; n < c->devs; n++)
        chardev_begin(&c->dev[n]);
    return true;
}

void connections_stop(struct connections *c)
{
    for (; c->ends; c->ends--) {
        struct connection_end *e = &c->end[c->ends - 1];
        e->cls->destroy(e->end);
    }
}

// ---- all devices
// ------------------------------------------------------------------------------------------------------

bool connections_deliver(struct connections *c, enum chardev_pull pull)
{
    bool some = false;
    for (unsigned n = 0; n < c->devs; n++)
        some |= chardev_deliver(&c->dev[n], pull);
    return some;
}

bool connections_flush(struct connections *c)
{
    bool ok = true;
    for (unsigned n = 0; n < c->devs; n++) {
        chardev_flush(&c->dev[n]);
        ok &= !c->dev[n].error;
    }
    return ok;
}

bool connections_full(const struct connections *c)
{
    bool full = false;
    for (unsigned n = 0; n < c->devs; n++) {
        const struct chardev *dev = &c->dev[n];
        bool guest = false;
        for (unsigned i = 0; i < dev->fronts; i++)
            guest |= !dev->front[i]->end;
        full |= guest ? chardev_full(dev) : dev->output.count > END_OUTPUT_BYTES;
    }
    return full;
}

bool connections_waiting(const struct connections *c)
{
    bool waits = false;
    for (unsigned n = 0; n < c->devs; n++)
        waits |= c->dev[n].output.count != 0;
    return waits;
}

bool connections_attached(const struct connections *c)
{
    bool attached = false;
    for (unsigned n = 0; n < c->devs; n++)
        attached |= chardev_attached(&c->dev[n]);
    return attached;
}

bool connections_commanded(const struct connections *c)
{
    bool attached = false;
    for (unsigned n = 0; n < c->ends; n++) {
        const struct chardev *dev = c->end[n].front.dev;
        bool file = dev->input == INPUT_PULLED && !dev->ended && dev->front[dev->focus]->in.count < CHARDEV_INPUT;
        attached |= chardev_attached(dev) || file;
    }
    return attached;
}

bool connections_pulled(const struct connections *c)
{
    bool pulled = false;
    for (unsigned n = 0; n < c->devs; n++)
        pulled |= c->dev[n].input == INPUT_PULLED && !c->dev[n].ended && chardev_takes_input(&c->dev[n]);
    return pulled;
}

bool connections_left(const struct connections *c)
{
    bool left = false;
    for (unsigned n = 0; n < c->devs; n++)
        left |= c->dev[n].exit;
    return left;
}

struct chardev *connections_unmet(struct connections *c)
{
    for (unsigned n = 0; n < c->devs; n++)
        if (c->dev[n].o->wait && !c->dev[n].connected && !c->dev[n].met)
            return &c->dev[n];
    return NULL;
}

struct chardev *connections_stdio(struct connections *c)
{
    for (unsigned n = 0; n < c->devs; n++)
        if (c->dev[n].o->kind == CHARDEV_STDIO)
            return &c->dev[n];
    return NULL;
}
