// Differs from QEMU: a TCP server without a host listens on this computer's own address (127.0.0.1), not on all of
// them, because whoever connects to a monitor or debugger can do anything to the guest.
#include "host/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool fail(char *error, size_t size, const struct chardev_options *o, const char *reason)
{
    if (o->kind == CHARDEV_UNIX)
        snprintf(error, size, "%s: %s", o->path, reason);
    else
        snprintf(error, size, "tcp:%s:%s: %s", o->host, o->port, reason);
    return false;
}

static bool fail_errno(char *error, size_t size, const struct chardev_options *o)
{
    return fail(error, size, o, strerror(errno));
}

// ---- UNIX sockets
// -----------------------------------------------------------------------------------------------------

static struct sockaddr_un unix_address(const struct chardev_options *o)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    memcpy(a.sun_path, o->path, strlen(o->path));
    return a;
}

static int unix_socket(int flags)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

// Whether the file is a socket that nobody listens to.
static bool is_stale(const struct chardev_options *o)
{
    struct sockaddr_un a = unix_address(o);
    struct stat st;
    int fd = unix_socket(SOCK_NONBLOCK);
    bool stale = fd >= 0 && lstat(o->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
                 connect(fd, (struct sockaddr *)&a, sizeof a) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return stale;
}

static bool listen_unix(struct socket_place *p, const struct chardev_options *o, char *error, size_t size)
{
    struct sockaddr_un a = unix_address(o);
    struct stat st;
    p->fd = unix_socket(SOCK_NONBLOCK);
    if (p->fd < 0)
        return fail_errno(error, size, o);
    int failed = bind(p->fd, (struct sockaddr *)&a, sizeof a);
    if (failed && errno == EADDRINUSE && is_stale(o)) {
        unlink(o->path);
        failed = bind(p->fd, (struct sockaddr *)&a, sizeof a);
    }
    if (failed)
        return fail_errno(error, size, o);
    if (lstat(o->path, &st) == 0) {
        p->path = o->path;
        p->dev = st.st_dev;
        p->ino = st.st_ino;
    }
    return listen(p->fd, 4) == 0 || fail_errno(error, size, o);
}

// ---- TCP
// --------------------------------------------------------------------------------------------------------------

static struct addrinfo *resolve(const struct chardev_options *o, char *error, size_t size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int wrong = getaddrinfo(*o->host ? o->host : "127.0.0.1", o->port, &hints, &found);
    if (wrong)
        fail(error, size, o, gai_strerror(wrong));
    return wrong ? NULL : found;
}

static bool listen_tcp(struct socket_place *p, const struct chardev_options *o, char *error, size_t size)
{
    struct addrinfo *all = resolve(o, error, size);
    if (!all)
        return false;
    bool ok = false;
    for (struct addrinfo *a = all; a && !ok; a = a->ai_next) {
        int on = 1;
        p->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        if (p->fd < 0)
            continue;
        setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ok = bind(p->fd, a->ai_addr, a->ai_addrlen) == 0 && listen(p->fd, 4) == 0;
        if (!ok) {
            int saved = errno;
            close(p->fd);
            p->fd = -1;
            errno = saved;
        }
    }
    if (!ok)
        fail_errno(error, size, o);
    freeaddrinfo(all);
    return ok;
}

static void set_tcp(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int connect_tcp(const struct chardev_options *o, char *error, size_t size)
{
    struct addrinfo *all = resolve(o, error, size);
    if (!all)
        return -1;
    int fd = -1;
    for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            int saved = errno;
            close(fd);
            fd = -1;
            errno = saved;
        }
    }
    if (fd < 0)
        fail_errno(error, size, o);
    else
        set_tcp(fd);
    freeaddrinfo(all);
    return fd;
}

// ---- both
// -------------------------------------------------------------------------------------------------------------

bool socket_listen(struct socket_place *p, const struct chardev_options *o, char *error, size_t size)
{
    *p = (struct socket_place){.fd = -1};
    bool ok = o->kind == CHARDEV_UNIX ? listen_unix(p, o, error, size) : listen_tcp(p, o, error, size);
    if (!ok)
        socket_close(p);
    return ok;
}

void socket_close(struct socket_place *p)
{
    struct stat st;
    if (p->path && lstat(p->path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino)
        unlink(p->path);
    if (p->fd >= 0)
        close(p->fd);
    *p = (struct socket_place){.fd = -1};
}

int socket_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        set_tcp(fd); // fails, and matters, for TCP only
    return fd;
}

int socket_connect(const struct chardev_options *o, char *error, size_t size)
{
    int fd;
    if (o->kind == CHARDEV_TCP) {
        fd = connect_tcp(o, error, size);
    } else {
        struct sockaddr_un a = unix_address(o);
        fd = unix_socket(0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
            fail_errno(error, size, o);
            if (fd >= 0)
                close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}
