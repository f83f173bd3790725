// Sockets of character devices: made, connected, and removed. All are non-blocking and not inherited.
#ifndef HOST_SOCKET_H
#define HOST_SOCKET_H

#include "host/chardev_options.h"

#include <sys/types.h>

struct socket_place {
    int fd; // -1: none
    // The file of a UNIX socket, removed only if it is still this one.
    const char *path; // NULL: none
    dev_t dev;
    ino_t ino;
};

// Listens where `o` says. A UNIX socket's file that nobody listens to any more is replaced. False with a line in
// `error`.
bool socket_listen(struct socket_place *p, const struct chardev_options *o, char *error, size_t size);
void socket_close(struct socket_place *p);

// The next client, -1 without one.
int socket_accept(int listener);

// Connects to where `o` says; -1 with a line in `error`.
int socket_connect(const struct chardev_options *o, char *error, size_t size);

#endif
