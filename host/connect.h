// What the machine is connected to: character devices, the front ends behind them, and who watches the serial output.
#ifndef HOST_CONNECT_H
#define HOST_CONNECT_H

#include "host/chardev.h"
#include "host/ends.h"
#include "host/watch.h"

struct connection_port {
    struct connections *all;
    unsigned n;
    struct chardev *dev; // NULL: what is written goes nowhere
    struct chardev_front front;
};

struct connection_end {
    const struct end_class *cls;
    void *end;
    struct chardev_front front;
};

struct connections {
    const struct options *o;
    struct machine *m;
    struct control *control;
    struct chardev dev[OPTIONS_CHARDEVS];
    unsigned devs; // open
    struct connection_port serial[MACHINE_SERIAL_PORTS], debugcon;
    struct connection_end end[OPTIONS_ENDS];
    unsigned ends; // created
    struct watch watch;
    bool watching;
};

// Opens all devices. `c` must stay where it is. False with a line in `error`; connections_close() is called all the
// same.
bool connections_open(struct connections *c, const struct options *o, char *error, size_t size);
void connections_close(struct connections *c);

// Fills in the backends of `config`.
void connections_configure(struct connections *c, struct machine_config *config);

// Creates and attaches the front ends. False with a line in `error`.
bool connections_start(struct connections *c, struct machine *m, struct control *control, char *error, size_t size);

// Destroys the ends, before `control` and the machine go.
void connections_stop(struct connections *c);

// Gives the guest and the ends what has come for them; whether there was something.
bool connections_deliver(struct connections *c, enum chardev_pull pull);

// Writes what can be written without waiting; false when some device's output has failed.
bool connections_flush(struct connections *c);

// Whether so much output waits that the guest should, too; whether any waits.
bool connections_full(const struct connections *c);
bool connections_waiting(const struct connections *c);

// Whether bytes may still come from someone outside; from someone who can resume a paused machine.
bool connections_attached(const struct connections *c);
bool connections_commanded(const struct connections *c);

// Whether a file is still to be read by a front end.
bool connections_pulled(const struct connections *c);

// Whether somebody typed the key to leave.
bool connections_left(const struct connections *c);

// The first server that waits for its first client, or NULL.
struct chardev *connections_unmet(struct connections *c);

// The device that is this process's terminal or standard output, or NULL.
struct chardev *connections_stdio(struct connections *c);

#endif
