// Buffered character devices that meet slow readers, readers that have gone, full disks, and clients that come, go, and
// come twice. Only poll() says when to read or write standard input and output, so that these descriptors, which other
// processes may share, stay as they are.
#include "host/chardev.h"
#include "host/files.h"
#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define POLLS         3         // descriptors of a device
#define PTY_NS        100000000 // how often a pty is looked at that nobody has opened
#define PIECE         4096u
#define COMMAND_BYTES 256u
#define POLL_MAX      64u

// ---- buffers
// ----------------------------------------------------------------------------------------------------------

static void bytes_add(struct bytes *b, const uint8_t *data, size_t n)
{
    if (b->head + b->count + n > b->size && b->head) {
        memmove(b->data, b->data + b->head, b->count);
        b->head = 0;
    }
    if (b->count + n > b->size) {
        size_t size = b->size ? b->size : PIECE;
        while (size < b->count + n)
            size *= 2;
        uint8_t *bigger = realloc(b->data, size);
        if (!bigger) {
            fputs("snowglobe: out of memory\n", stderr);
            abort();
        }
        b->data = bigger;
        b->size = size;
    }
    memcpy(b->data + b->head + b->count, data, n);
    b->count += n;
}

static void bytes_taken(struct bytes *b, size_t n)
{
    b->head += n;
    b->count -= n;
    if (b->count == 0)
        b->head = 0;
}

static void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

// ---- opening and closing
// ----------------------------------------------------------------------------------------------

static enum chardev_input input_of(int fd)
{
    struct stat st;
    if (isatty(fd))
        return INPUT_LIVE;
    return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) ? INPUT_LIVE : INPUT_PULLED;
}

static void open_stdio(struct chardev *c)
{
    c->in = STDIN_FILENO;
    c->out = STDOUT_FILENO;
    c->input = input_of(c->in);
    c->terminal = isatty(c->in);
    c->connected = true;
    snprintf(c->name, sizeof c->name, "standard output");
}

static bool open_file(struct chardev *c, char *error, size_t size)
{
    c->out = c->o->append ? file_append(c->o->path, error, size) : file_create(c->o->path, error, size);
    c->connected = c->out >= 0;
    snprintf(c->name, sizeof c->name, "%.79s", c->o->path);
    return c->connected;
}

// The slave side is raw and closed again: who opens it is there, who closes it has gone.
static bool open_pty(struct chardev *c, char *error, size_t size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *name = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    int slave = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    struct termios t;
    if (slave < 0 || tcgetattr(slave, &t) != 0) {
        snprintf(error, size, "pty: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    close(slave);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    c->in = c->out = fd;
    c->input = INPUT_LIVE;
    c->hung_up = true;
    snprintf(c->name, sizeof c->name, "%s", name);
    fprintf(stderr, "char device redirected to %s (label %s)\n", name, c->o->label);
    return true;
}

static void client_came(struct chardev *c, int fd)
{
    c->in = c->out = fd;
    c->connected = c->met = true;
    c->ended = false;
}

static bool open_socket(struct chardev *c, char *error, size_t size)
{
    c->input = INPUT_LIVE;
    snprintf(c->name, sizeof c->name, "%.79s", c->o->label);
    if (c->o->server)
        return socket_listen(&c->server, c->o, error, size);
    int fd = socket_connect(c->o, error, size);
    if (fd >= 0)
        client_came(c, fd);
    return fd >= 0;
}

static bool open_log(struct chardev *c, char *error, size_t size)
{
    if (!*c->o->logfile)
        return true;
    int fd = c->o->log_append ? file_append(c->o->logfile, error, size) : file_create(c->o->logfile, error, size);
    c->log = fd >= 0 ? fdopen(fd, "w") : NULL;
    return c->log != NULL;
}

bool chardev_open(struct chardev *c, const struct chardev_options *o, uint8_t escape, char *error, size_t size)
{
    *c = (struct chardev){.o = o, .in = -1, .out = -1, .server.fd = -1};
    console_init(&c->console, o->mux, escape);
    if (!open_log(c, error, size))
        return false;
    switch (o->kind) {
    case CHARDEV_NULL:
        break;
    case CHARDEV_STDIO:
        open_stdio(c);
        break;
    case CHARDEV_FILE:
        return open_file(c, error, size);
    case CHARDEV_UNIX:
    case CHARDEV_TCP:
        return open_socket(c, error, size);
    case CHARDEV_PTY:
        return open_pty(c, error, size);
    }
    return true;
}

void chardev_close(struct chardev *c)
{
    if (c->in > STDERR_FILENO)
        close(c->in);
    if (c->out > STDERR_FILENO && c->out != c->in)
        close(c->out);
    socket_close(&c->server);
    if (c->log)
        fclose(c->log);
    for (unsigned n = 0; n < c->fronts; n++)
        bytes_free(&c->front[n]->in);
    bytes_free(&c->output);
}

// ---- front ends
// -------------------------------------------------------------------------------------------------------

static void open_front(struct chardev_front *f)
{
    if (f->open)
        return;
    f->open = true;
    if (f->opened)
        f->opened(f->ctx);
}

// What a client sent to a serial port still arrives; what it asked of a monitor has nobody to be told to.
static void close_front(struct chardev_front *f)
{
    if (!f->open)
        return;
    f->open = false;
    if (f->end)
        bytes_taken(&f->in, f->in.count);
    if (f->closed)
        f->closed(f->ctx);
}

// Someone is there: all front ends hear of it, but those of a multiplexer that wait for the focus.
static void open_fronts(struct chardev *c)
{
    for (unsigned n = 0; n < c->fronts; n++)
        if (!c->o->mux || n == c->focus || !c->front[n]->end)
            open_front(c->front[n]);
}

bool chardev_attach(struct chardev *c, struct chardev_front *front)
{
    if (c->fronts == CHARDEV_FRONTS || (c->fronts && !c->o->mux))
        return false;
    front->dev = c;
    c->front[c->fronts++] = front;
    return true;
}

void chardev_begin(struct chardev *c)
{
    if (c->connected)
        open_fronts(c);
}

static void client_went(struct chardev *c)
{
    if (c->in >= 0 && c->o->kind != CHARDEV_PTY) {
        close(c->in);
        c->in = c->out = -1;
    }
    c->connected = false;
    c->ended = !c->o->server && c->o->kind != CHARDEV_PTY;
    bytes_taken(&c->output, c->output.count);
    c->console.escaped = false;
    c->focus = 0;
    for (unsigned n = 0; n < c->fronts; n++)
        close_front(c->front[n]);
}

// ---- output
// -----------------------------------------------------------------------------------------------------------

void chardev_write(struct chardev *c, const uint8_t *bytes, size_t n)
{
    if (c->log)
        fwrite(bytes, 1, n, c->log);
    if (!c->connected || c->out < 0 || c->error || c->abandoned)
        return;
    if (!c->console.timestamps) {
        bytes_add(&c->output, bytes, n);
        c->console.line_start = n ? bytes[n - 1] == '\n' : c->console.line_start;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char stamp[CONSOLE_STAMP];
        size_t length = console_stamp(&c->console, bytes[i], c->now(c->now_ctx), stamp);
        bytes_add(&c->output, (const uint8_t *)stamp, length);
        bytes_add(&c->output, &bytes[i], 1);
    }
}

static void say(struct chardev *c, const char *text)
{
    chardev_write(c, (const uint8_t *)text, strlen(text));
}

// Whether write() of PIPE_BUF bytes does not block.
static bool can_write(const struct chardev *c)
{
    struct pollfd fd = {.fd = c->out, .events = POLLOUT};
    return poll(&fd, 1, 0) > 0;
}

static ssize_t write_some(struct chardev *c, const uint8_t *bytes, size_t n)
{
    if (c->o->kind == CHARDEV_UNIX || c->o->kind == CHARDEV_TCP)
        return send(c->out, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (c->o->kind == CHARDEV_STDIO && !can_write(c)) {
        errno = EAGAIN;
        return -1;
    }
    return write(c->out, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

void chardev_flush(struct chardev *c)
{
    if (c->log)
        fflush(c->log);
    while (c->output.count && c->out >= 0) {
        const uint8_t *bytes = c->output.data + c->output.head;
        ssize_t n = write_some(c, bytes, c->output.count);
        if (n >= 0) {
            c->mid_line = n ? bytes[n - 1] != '\n' : c->mid_line;
            bytes_taken(&c->output, (size_t)n);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        // A client that goes is no error of the run.
        if (c->o->kind == CHARDEV_STDIO || c->o->kind == CHARDEV_FILE) {
            c->error = errno;
            bytes_taken(&c->output, c->output.count);
        } else {
            c->hung_up = c->o->kind == CHARDEV_PTY;
            client_went(c);
        }
        return;
    }
}

// ---- input
// ------------------------------------------------------------------------------------------------------------

static struct chardev_front *focus(const struct chardev *c)
{
    return c->focus < c->fronts ? c->front[c->focus] : NULL;
}

// Ends get their input in small pieces, at most a line, so that answers do not pile up.
static size_t command_length(const uint8_t *bytes, size_t n)
{
    size_t length = 0;
    n = n < COMMAND_BYTES ? n : COMMAND_BYTES;
    while (length < n && bytes[length] != '\n' && bytes[length] != '\r')
        length++;
    return length < n ? length + 1 : n;
}

static bool deliver_to(struct chardev_front *f)
{
    bool some = false;
    if (!f->room)
        return false;
    while (!f->end || !chardev_full(f->dev)) {
        if (f->break_waits && f->break_after == 0) {
            if (!f->send_break(f->ctx))
                return some;
            f->break_waits = false;
            some = true;
        }
        size_t n = f->in.count, room = n ? f->room(f->ctx) : 0;
        n = n < room ? n : room;
        if (f->end)
            n = command_length(f->in.data + f->in.head, n);
        if (f->break_waits && n > f->break_after)
            n = f->break_after;
        if (n == 0)
            return some;
        // What is received can make more be sent, or change the room, but not the bytes that wait.
        f->receive(f->ctx, f->in.data + f->in.head, n);
        bytes_taken(&f->in, n);
        f->break_after -= f->break_waits ? n : 0;
        some = true;
    }
    return some;
}

// To the next front end that takes input.
static void switch_focus(struct chardev *c)
{
    for (unsigned n = 1; n < c->fronts; n++) {
        unsigned next = (c->focus + n) % c->fronts;
        struct chardev_front *f = c->front[next];
        if (!f->room)
            continue;
        c->focus = next;
        // It greets whoever comes first; later an empty line makes it show where one is.
        if (!f->open)
            open_front(f);
        else if (f->end)
            bytes_add(&f->in, (const uint8_t *)"\r", 1);
        return;
    }
    say(c, "\nnothing else is connected here\n");
}

static void take_byte(struct chardev *c, uint8_t byte)
{
    struct chardev_front *f = focus(c);
    char help[CONSOLE_HELP_BYTES];
    switch (console_key(&c->console, byte)) {
    case CONSOLE_NONE:
        break;
    case CONSOLE_SEND:
        if (!f || !f->room)
            break;
        c->overrun = f->in.count >= CHARDEV_INPUT;
        if (!c->overrun)
            bytes_add(&f->in, &byte, 1);
        break;
    case CONSOLE_EXIT:
        c->exit = true;
        break;
    case CONSOLE_HELP:
        say(c, console_help(&c->console, help));
        break;
    case CONSOLE_SWITCH:
        if (f && f->end)
            deliver_to(f);
        switch_focus(c);
        break;
    case CONSOLE_BREAK:
        if (f && f->send_break) {
            f->break_waits = true;
            f->break_after = f->in.count;
        }
        break;
    case CONSOLE_SAVE:
        say(c, "\nthere are no disks yet\n");
        break;
    }
}

// Reads once, at most n bytes. A client that has sent its last may still listen: it goes when it has heard all.
static void read_some(struct chardev *c, size_t n)
{
    uint8_t bytes[PIECE];
    ssize_t got = read(c->in, bytes, n < sizeof bytes ? n : sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (got < 0 && c->o->kind == CHARDEV_PTY) {
        c->hung_up = true;
        client_went(c);
    } else if (got < 0 && (c->o->kind == CHARDEV_UNIX || c->o->kind == CHARDEV_TCP)) {
        client_went(c);
    } else if (got <= 0) {
        c->ended = true;
    }
    for (ssize_t i = 0; i < got && !c->exit; i++)
        take_byte(c, bytes[i]);
}

// How many bytes may be read. From a terminal the keys must come through also when nobody listens; what an end answers
// must not pile up before a client that does not read.
static size_t input_room(const struct chardev *c)
{
    const struct chardev_front *f = focus(c);
    if (c->terminal)
        return PIECE;
    if (!f || !f->room)
        return c->o->mux || !f || c->in == c->out ? PIECE : 0;
    return f->in.count >= CHARDEV_INPUT || (f->end && chardev_full(c)) ? 0 : CHARDEV_INPUT - f->in.count;
}

static void pull(struct chardev *c, bool ahead)
{
    while (c->input == INPUT_PULLED && !c->ended && !c->exit && !terminal_signal()) {
        struct chardev_front *f = focus(c);
        size_t room = f && f->room ? f->room(f->ctx) : 0;
        room = room < CHARDEV_INPUT && !ahead ? room : CHARDEV_INPUT;
        if (!f || f->in.count >= room)
            return;
        read_some(c, room - f->in.count);
        if (f->end)
            deliver_to(f);
    }
}

bool chardev_deliver(struct chardev *c, enum chardev_pull how)
{
    bool some = false;
    if (how != PULL_NOTHING)
        pull(c, how == PULL_AHEAD);
    for (unsigned n = 0; n < c->fronts; n++) {
        struct chardev_front *f = c->front[n];
        if (f->end || c->input != INPUT_PULLED || how == PULL_ROOM)
            some |= deliver_to(f);
    }
    return some;
}

// ---- waiting
// ----------------------------------------------------------------------------------------------------------

bool chardev_takes_input(const struct chardev *c)
{
    bool takes = c->o->mux;
    for (unsigned n = 0; n < c->fronts; n++)
        takes |= c->front[n]->room != NULL;
    return takes;
}

bool chardev_attached(const struct chardev *c)
{
    return c->fronts && c->input == INPUT_LIVE && chardev_takes_input(c) &&
           (c->server.fd >= 0 || c->o->kind == CHARDEV_PTY || (c->in >= 0 && !c->ended));
}

// A client is alone: whoever comes while it is there is turned away.
static void accept_client(struct chardev *c)
{
    int fd = socket_accept(c->server.fd);
    if (fd < 0)
        return;
    if (c->connected) {
        close(fd);
        return;
    }
    client_came(c, fd);
    open_fronts(c);
}

// A pty that nobody has opened says so at once at each poll().
static bool pty_is_open(struct chardev *c)
{
    struct pollfd fd = {.fd = c->in, .events = POLLIN};
    poll(&fd, 1, 0);
    bool open = !(fd.revents & POLLHUP);
    if (open && !c->connected) {
        c->hung_up = false;
        c->connected = true;
        open_fronts(c);
    }
    return open;
}

static unsigned wait_for(struct chardev *c, struct pollfd *fds)
{
    unsigned n = 0;
    if (c->server.fd >= 0)
        fds[n++] = (struct pollfd){.fd = c->server.fd, .events = POLLIN};
    if (c->in >= 0 && c->input == INPUT_LIVE && !c->hung_up) {
        // What nobody wants is read from a client all the same, so that its end is seen.
        bool wanted = chardev_takes_input(c) || c->in == c->out;
        short events = !c->ended && wanted && input_room(c) ? POLLIN : 0;
        if (c->in == c->out && c->output.count)
            events |= POLLOUT;
        // One that has gone would say so at each poll(), also while what it sent has no room yet.
        if (events)
            fds[n++] = (struct pollfd){.fd = c->in, .events = events};
    }
    if (c->out >= 0 && c->out != c->in && c->output.count)
        fds[n++] = (struct pollfd){.fd = c->out, .events = POLLOUT};
    return n;
}

static bool input_waits(const struct chardev *c)
{
    for (unsigned n = 0; n < c->fronts; n++)
        if (c->front[n]->end && c->front[n]->in.count)
            return true;
    return false;
}

static void polled(struct chardev *c, const struct pollfd *fds, unsigned count)
{
    bool accepts = false;
    for (unsigned n = 0; n < count; n++) {
        const struct pollfd *p = &fds[n];
        if (!p->revents)
            continue;
        if (p->fd == c->server.fd) {
            accepts = true;
        } else if (p->fd == c->in) {
            size_t room = input_room(c);
            if (p->revents & POLLIN && room)
                read_some(c, room);
            else if (p->revents & (POLLHUP | POLLERR) && c->o->kind == CHARDEV_PTY)
                c->hung_up = true;
            else if (p->revents & (POLLHUP | POLLERR) && c->in == c->out && !(p->revents & POLLIN))
                client_went(c);
            else if (p->revents & (POLLHUP | POLLERR | POLLNVAL) && room)
                read_some(c, room);
            if (p->revents & POLLNVAL)
                c->ended = true;
        }
    }
    if (c->o->kind == CHARDEV_PTY && c->hung_up && c->connected)
        client_went(c);
    chardev_flush(c);
    if (c->ended && c->connected && c->server.fd >= 0 && !c->output.count && !input_waits(c))
        client_went(c);
    // Last, so that one that has just gone makes place for the next.
    if (accepts)
        accept_client(c);
}

void chardevs_wait(struct chardev *devices, unsigned count, uint64_t ns)
{
    struct pollfd fds[POLL_MAX];
    unsigned first[POLL_MAX / POLLS + 1] = {0}, n = 0;
    for (unsigned d = 0; d < count; d++) {
        struct chardev *c = &devices[d];
        if (c->hung_up && !pty_is_open(c) && ns > PTY_NS)
            ns = PTY_NS;
        first[d] = n;
        n += wait_for(c, &fds[n]);
        // What waits only for this function to be called again.
        if (c->ended && c->connected && c->server.fd >= 0 && !c->output.count && !input_waits(c))
            ns = 0;
    }
    first[count] = n;
    terminal_wait(fds, n, ns);
    for (unsigned d = 0; d < count; d++)
        polled(&devices[d], &fds[first[d]], first[d + 1] - first[d]);
}
