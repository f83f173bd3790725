// Files, devices and time for the commands of monitor and QMP.
#include "host/outside.h"
#include "host/files.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

static FILE *open_output(const char *path, char *error, size_t size)
{
    int fd = file_create(path, error, size);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f && fd >= 0) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        close(fd);
    }
    return f;
}

static void *create_file(void *ctx, const char *path, char *error, size_t size)
{
    (void)ctx;
    return open_output(path, error, size);
}

static bool write_file(void *ctx, void *file, const void *bytes, size_t n)
{
    (void)ctx;
    return fwrite(bytes, 1, n, file) == n;
}

static bool close_file(void *ctx, void *file)
{
    (void)ctx;
    return fclose(file) == 0;
}

static bool log_to(void *ctx, const char *path, char *error, size_t size)
{
    struct host_outside *h = ctx;
    FILE *f = open_output(path, error, size);
    if (!f)
        return false;
    if (*h->log)
        fclose(*h->log);
    *h->log = f;
    return true;
}

static void chardevs(void *ctx, void (*each)(void *to, const char *label, const char *what), void *to)
{
    const struct host_outside *h = ctx;
    for (unsigned n = 0; n < h->connections->devs; n++) {
        const struct chardev_options *o = h->connections->dev[n].o;
        const char *server = o->server ? ",server=on" : "";
        char what[1400] = "null";
        if (o->kind == CHARDEV_STDIO)
            snprintf(what, sizeof what, "stdio");
        else if (o->kind == CHARDEV_FILE)
            snprintf(what, sizeof what, "file");
        else if (o->kind == CHARDEV_UNIX)
            snprintf(what, sizeof what, "%sunix:%s%s", h->connections->dev[n].connected ? "" : "disconnected:", o->path,
                     server);
        else if (o->kind == CHARDEV_TCP)
            snprintf(what, sizeof what, "%stcp:%s:%s%s",
                     h->connections->dev[n].connected ? "" : "disconnected:", o->host, o->port, server);
        else if (o->kind == CHARDEV_PTY)
            snprintf(what, sizeof what, "pty");
        each(to, o->label, what);
    }
}

static uint64_t microseconds(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void host_outside_init(struct host_outside *h, const struct options *o, const struct connections *c, FILE **log)
{
    *h = (struct host_outside){
        .api = {.version = options_version(),
                .name = o->name,
                .create_file = create_file,
                .write_file = write_file,
                .close_file = close_file,
                .log_to = log_to,
                .chardevs = chardevs,
                .microseconds = microseconds,
                .ctx = h},
        .connections = c,
        .log = log,
    };
}
