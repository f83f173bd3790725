// The standard input as a serial port's input.
#ifndef HOST_INPUT_H
#define HOST_INPUT_H

#include "host/console.h"

#define INPUT_BYTES 65536u

enum input_kind {
    INPUT_NONE,   // no port uses it
    INPUT_LIVE,   // terminal, pipe or socket: someone may answer at any time
    INPUT_PULLED, // file or device: read when the guest has room, so that runs are the same
};

struct input {
    int fd;
    enum input_kind kind;
    bool terminal;
    bool ended;   // end of input
    bool overrun; // a terminal's bytes were dropped since the last key that was kept
    bool exit;    // the key to leave was typed
    struct console *console;
    void (*say)(void *ctx, const char *text); // answers to keys
    void *say_ctx;
    size_t head, count; // bytes[head .. head + count) wait
    uint8_t bytes[INPUT_BYTES];
};

// What kind of input `fd` is.
enum input_kind input_kind_of(int fd);

// Whether bytes may still come from someone outside.
static inline bool input_attached(const struct input *in)
{
    return in->kind == INPUT_LIVE && !in->ended;
}

// INPUT_LIVE: reads what is there, after waiting for it for at most `ns` (UINT64_MAX: until it comes or a signal asks
// for the end). Also waits when no input is attached.
void input_wait(struct input *in, uint64_t ns);

// INPUT_PULLED: reads on until `n` bytes for the guest are there, the input ends or the key to leave comes.
void input_pull(struct input *in, size_t n);

// The bytes that wait for the guest; the first `n` of them are done with.
const uint8_t *input_bytes(const struct input *in, size_t *n);
void input_taken(struct input *in, size_t n);

#endif
