// Buffered output that may meet a slow reader, a reader that has gone, or a full disk.
#include "host/sink.h"
#include "host/terminal.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

// As long as a reader is slow, the input is looked at this often.
#define LOOK_NS 20000000u

// Whether there is room for PIPE_BUF bytes, so that write() does not block.
static bool wait_for_room(struct sink *s)
{
    for (;;) {
        struct pollfd fd = {.fd = s->fd, .events = POLLOUT};
        if (terminal_wait(&fd, 1, LOOK_NS) > 0)
            return true;
        if (terminal_signal() || (s->blocked && s->blocked(s->blocked_ctx)))
            return false;
    }
}

void sink_flush(struct sink *s)
{
    size_t done = 0;
    while (done < s->count && s->fd >= 0 && !s->error && !s->abandoned) {
        if (!wait_for_room(s)) {
            s->abandoned = true;
            break;
        }
        size_t piece = s->count - done < PIPE_BUF ? s->count - done : PIPE_BUF;
        ssize_t n = write(s->fd, s->bytes + done, piece);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR && errno != EAGAIN)
            s->error = errno;
    }
    if (done)
        s->mid_line = s->bytes[done - 1] != '\n';
    s->count = 0;
}

static void put(struct sink *s, const void *bytes, size_t n)
{
    if (s->count + n > sizeof s->bytes)
        sink_flush(s);
    memcpy(s->bytes + s->count, bytes, n);
    s->count += n;
}

void sink_write(void *ctx, const uint8_t *bytes, size_t n)
{
    struct sink *s = ctx;
    for (size_t i = 0; i < n; i++) {
        char stamp[CONSOLE_STAMP];
        size_t length = s->console ? console_stamp(s->console, bytes[i], s->now(s->now_ctx), stamp) : 0;
        if (length)
            put(s, stamp, length);
        put(s, &bytes[i], 1);
    }
}
