// Reading the standard input without ever blocking on it: only poll() says when to read, so that the descriptor, which
// other processes may share, stays as it is.
#include "host/input.h"
#include "host/terminal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum input_kind input_kind_of(int fd)
{
    struct stat st;
    if (isatty(fd))
        return INPUT_LIVE;
    return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) ? INPUT_LIVE : INPUT_PULLED;
}

static size_t make_room(struct input *in)
{
    if (in->head && in->head + in->count == sizeof in->bytes) {
        memmove(in->bytes, in->bytes + in->head, in->count);
        in->head = 0;
    }
    return sizeof in->bytes - in->head - in->count;
}

static void key(struct input *in, uint8_t byte)
{
    const char *answer = NULL;
    switch (console_key(in->console, byte, &answer)) {
    case CONSOLE_NONE:
        break;
    case CONSOLE_SEND:
        in->overrun = make_room(in) == 0;
        if (!in->overrun)
            in->bytes[in->head + in->count++] = byte;
        break;
    case CONSOLE_EXIT:
        in->exit = true;
        break;
    case CONSOLE_SAY:
        in->say(in->say_ctx, answer);
        break;
    }
}

// Reads once, at most n bytes.
static void read_some(struct input *in, size_t n)
{
    uint8_t bytes[512];
    ssize_t got = read(in->fd, bytes, n < sizeof bytes ? n : sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0)
        in->ended = true;
    for (ssize_t i = 0; i < got && !in->exit; i++)
        key(in, bytes[i]);
}

void input_wait(struct input *in, uint64_t ns)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};
    size_t room = make_room(in);
    // A pipe waits for the guest; from a terminal the key to leave must come through also when the guest does not
    // listen.
    bool want = input_attached(in) && (room || in->terminal);
    if (terminal_wait(&fd, want, ns) <= 0)
        return;
    read_some(in, in->terminal ? SIZE_MAX : room);
    // Something that is not readable and not at its end says so for ever.
    if (fd.revents & POLLNVAL)
        in->ended = true;
}

void input_pull(struct input *in, size_t n)
{
    while (in->kind == INPUT_PULLED && !in->ended && !in->exit && in->count < n && !terminal_signal())
        read_some(in, n - in->count);
}

const uint8_t *input_bytes(const struct input *in, size_t *n)
{
    *n = in->count;
    return in->bytes + in->head;
}

void input_taken(struct input *in, size_t n)
{
    in->head += n;
    in->count -= n;
    if (in->count == 0)
        in->head = 0;
}
