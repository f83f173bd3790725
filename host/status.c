// The file of --status-json: written beside its place, then moved there.
#include "host/status.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A new file beside `path`, its name in `name`; -1 with a line in `error`.
static int create_beside(const char *path, char *name, size_t room, char *error, size_t size)
{
    int n = snprintf(name, room, "%s.XXXXXX", path), fd = -1;
    errno = ENAMETOOLONG;
    if (n > 0 && (size_t)n < room)
        fd = mkstemp(name);
    if (fd < 0)
        snprintf(error, size, "%s: %s", path, strerror(errno));
    return fd;
}

bool status_possible(const char *path, char *error, size_t size)
{
    char name[4096];
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        snprintf(error, size, "%s: is a directory", path);
        return false;
    }
    int fd = create_beside(path, name, sizeof name, error, size);
    if (fd < 0)
        return false;
    close(fd);
    unlink(name);
    return true;
}

// JSON is Unicode, what a guest writes need not be.
static json_t *text(const char *line)
{
    json_t *s = json_string(line);
    if (s)
        return s;
    char *safe = malloc(3 * strlen(line) + 1), *to = safe;
    if (!safe)
        return json_string("");
    for (; *line; line++) {
        if ((unsigned char)*line < 0x80)
            *to++ = *line;
        else
            to = stpcpy(to, "\xef\xbf\xbd");
    }
    *to = 0;
    s = json_string(safe);
    free(safe);
    return s;
}

static json_t *serial(const struct status_report *r)
{
    json_t *ports = json_array();
    for (unsigned n = 0; r->watch && n < r->serial_count; n++) {
        const char *lines[WATCH_KEPT];
        unsigned count = watch_lines(r->watch, n, lines);
        json_t *all = json_array();
        for (unsigned i = 0; i < count; i++)
            json_array_append_new(all, text(lines[i]));
        json_array_append_new(ports, json_pack("{s:i, s:I, s:o}", "port", (int)n, "lines_total",
                                               (json_int_t)r->watch->port[n].lines, "last_lines", all));
    }
    return ports;
}

bool status_write(const char *path, const struct status_report *r, char *error, size_t size)
{
    char name[4096];
    json_t *all = json_pack("{s:i, s:s, s:o, s:I, s:I, s:I, s:o}", "status", r->status, "reason", r->reason, "text",
                            text(r->text), "ticks", (json_int_t)r->ticks, "guest_ns", (json_int_t)r->guest_ns,
                            "wall_ns", (json_int_t)r->wall_ns, "serial", serial(r));
    int fd = all ? create_beside(path, name, sizeof name, error, size) : -1;
    bool ok = fd >= 0;
    if (ok) {
        mode_t mask = umask(0);
        umask(mask);
        errno = EIO;
        ok = json_dumpfd(all, fd, JSON_INDENT(2)) == 0 && write(fd, "\n", 1) == 1 && fchmod(fd, 0666 & ~mask) == 0;
        ok = close(fd) == 0 && ok && rename(name, path) == 0;
        if (!ok) {
            snprintf(error, size, "%s: %s", path, strerror(errno));
            unlink(name);
        }
    }
    json_decref(all);
    return ok;
}
