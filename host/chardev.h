// Character devices: who is connected to the guest's serial ports, to the debug console, the monitor, gdb and QMP.
//
// A device has descriptors, one front end or (with the multiplexer) several, and buffers. Output is kept in order and
// never waits inside a slice; whoever runs the guest lets it wait while chardev_full(). Nothing here blocks but
// chardevs_wait() and the reading of files.
#ifndef HOST_CHARDEV_H
#define HOST_CHARDEV_H

#include "core/backend.h"
#include "host/chardev_options.h"
#include "host/console.h"
#include "host/socket.h"

#include <poll.h>
#include <stdio.h>

#define CHARDEV_FRONTS 8
#define CHARDEV_OUTPUT 16384u // output that waits beyond this lets the guest wait
#define CHARDEV_INPUT  65536u // of a front end

struct bytes {
    uint8_t *data;
    size_t head, count, size; // data[head .. head + count)
};

// What a device is connected to on the inside. Who attaches it owns it, and sets the first part.
struct chardev_front {
    size_t (*room)(void *ctx); // how many bytes it takes now; NULL: it takes none, ever
    void (*receive)(void *ctx, const uint8_t *bytes, size_t n);
    bool (*send_break)(void *ctx); // false: later. NULL: breaks mean nothing to it
    void (*opened)(void *ctx); // someone is there now; may be NULL. Of a multiplexer's: it has the focus the first time
    void (*closed)(void *ctx);
    void *ctx;
    bool end; // answers at once whatever the guest does: monitor, gdb, QMP
    // Of this file.
    struct chardev *dev;
    bool open;
    struct bytes in;
    bool break_waits;
    size_t break_after; // bytes of `in` before the break
};

enum chardev_input {
    INPUT_NONE,
    INPUT_LIVE,   // terminal, pipe or socket: someone may answer at any time
    INPUT_PULLED, // file or device: read when the guest has room, so that runs are the same
};

struct chardev {
    const struct chardev_options *o;
    int in, out; // -1: none
    struct socket_place server;
    FILE *log;
    enum chardev_input input;
    bool terminal;  // `in` is one
    bool connected; // someone is there
    bool met;       // someone has been there
    bool hung_up;   // CHARDEV_PTY: nobody has opened it
    bool ended;     // end of input
    bool overrun;   // a terminal's bytes were dropped since the last that was kept
    bool exit;      // the key to leave was typed
    bool mid_line;  // the last byte written was no newline
    bool abandoned; // given up: output is discarded
    int error;      // errno of a failed write; from then on output is discarded
    char name[80];  // for messages
    struct console console;
    uint64_t (*now)(void *ctx); // guest ns, for timestamps
    void *now_ctx;
    struct chardev_front *front[CHARDEV_FRONTS];
    unsigned fronts, focus;
    struct bytes output;
};

// Opens what `o` says; `escape` begins a multiplexer's commands. False with a line in `error`. A pty's name is told on
// stderr.
bool chardev_open(struct chardev *c, const struct chardev_options *o, uint8_t escape, char *error, size_t size);
void chardev_close(struct chardev *c);

// False when there is no place for another front end. The first one has a multiplexer's focus.
bool chardev_attach(struct chardev *c, struct chardev_front *front);

// All are attached: those hear it behind whom somebody is already.
void chardev_begin(struct chardev *c);

// Output of a front end. Takes all; without anybody there it is lost.
void chardev_write(struct chardev *c, const uint8_t *bytes, size_t n);

// Writes what can be written without waiting.
void chardev_flush(struct chardev *c);

static inline bool chardev_full(const struct chardev *c)
{
    return c->output.count > CHARDEV_OUTPUT;
}

// How much of a file that is the input is read: as much as the front end takes now, or as much as can be kept, which is
// for a machine that is paused, so that keys and commands in it are found.
enum chardev_pull { PULL_NOTHING, PULL_ROOM, PULL_AHEAD };

// Gives front ends what they have room for; whether there was something.
bool chardev_deliver(struct chardev *c, enum chardev_pull pull);

// Whether a front end, or a key, may want what comes.
bool chardev_takes_input(const struct chardev *c);

// Whether bytes may still come from someone outside, now or later.
bool chardev_attached(const struct chardev *c);

// Waits for at most `ns` (UINT64_MAX: no limit) until one of the devices has something to do or a signal asks for the
// end, and does it: accepts, reads, writes. Of front ends it calls opened() and closed(), and receive() of monitor, gdb
// and QMP.
void chardevs_wait(struct chardev *devices, unsigned count, uint64_t ns);

#endif
