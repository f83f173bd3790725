// Character devices in QEMU's two spellings.
// Not implemented: telnet, udp, pipe, vc, host serial ports: each says so.
#include "host/chardev_options.h"

#include <stdarg.h>
#include <stdio.h>

static const char kinds[] = "stdio, mon:stdio, null, none, file:F, unix:P, tcp:HOST:PORT, pty or chardev:ID";

struct text {
    char *why;
    size_t size;
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct text t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t.why, t.size, fmt, ap);
    va_end(ap);
    return false;
}

bool next_word(const char **list, char *out, size_t size)
{
    const char *in = *list;
    size_t n = 0;
    for (; *in && (*in != ',' || in[1] == ','); in++) {
        in += *in == ',';
        if (n + 1 == size)
            return false;
        out[n++] = *in;
    }
    out[n] = 0;
    *list = *in ? in + 1 : NULL;
    return true;
}

static bool copy(char *to, size_t room, const char *from, struct text t)
{
    if (strlen(from) >= room)
        return wrong(t, "'%.40s...' is too long", from);
    strcpy(to, from);
    return true;
}

// "on", "off", "yes", "no", "true", "false"; a NULL is "on".
static bool parse_switch(const char *value, bool *out)
{
    static const char *const words[] = {"off", "on", "no", "yes", "false", "true"};
    *out = true;
    for (unsigned n = 0; value && n < ARRAY_LEN(words); n++) {
        *out = n & 1;
        if (strcmp(value, words[n]) == 0)
            return true;
    }
    return !value;
}

static bool parse_port(struct chardev_options *c, const char *port, struct text t)
{
    unsigned long n = 0;
    const char *digit = port;
    for (; *digit >= '0' && *digit <= '9' && n <= 65535; digit++)
        n = n * 10 + (unsigned long)(*digit - '0');
    if (!*port || *digit || n > 65535)
        return wrong(t, "'%s' is no TCP port", port);
    snprintf(c->port, sizeof c->port, "%lu", n);
    return true;
}

// One property, NAME=VALUE or NAME or the old noNAME; `value` is NULL without one.
static bool take_property(struct chardev_options *c, const char *name, const char *value, struct text t)
{
    struct {
        const char *name;
        bool *flag;
        bool sockets;
    } flags[] = {{"server", &c->server, true},         {"wait", &c->wait, true},      {"mux", &c->mux, false},
                 {"logappend", &c->log_append, false}, {"append", &c->append, false}, {"signal", &c->signals, false}};
    bool socket = c->kind == CHARDEV_UNIX || c->kind == CHARDEV_TCP;
    bool no = strncmp(name, "no", 2) == 0 && !value;
    for (unsigned n = 0; n < ARRAY_LEN(flags); n++) {
        if (strcmp(name + (no ? 2 : 0), flags[n].name) != 0)
            continue;
        if ((flags[n].sockets && !socket) || (flags[n].flag == &c->append && c->kind != CHARDEV_FILE) ||
            (flags[n].flag == &c->signals && c->kind != CHARDEV_STDIO))
            return wrong(t, "'%s' does not fit this kind", flags[n].name);
        if (!parse_switch(value, flags[n].flag))
            return wrong(t, "%s=%s: expected on or off", name, value);
        *flags[n].flag ^= no;
        c->server_said |= n == 0;
        c->wait_said |= n == 1;
        return true;
    }
    // Harmless: bytes are never kept back, and both address families are tried.
    if ((strcmp(name, "delay") == 0 || strcmp(name, "nodelay") == 0 || strcmp(name, "ipv4") == 0 ||
         strcmp(name, "ipv6") == 0) &&
        socket)
        return true;
    if (!value)
        return wrong(t, "'%s' is not known", name);
    if (strcmp(name, "id") == 0)
        return copy(c->id, sizeof c->id, value, t);
    if (strcmp(name, "logfile") == 0)
        return copy(c->logfile, sizeof c->logfile, value, t);
    if (strcmp(name, "path") == 0 && (c->kind == CHARDEV_FILE || c->kind == CHARDEV_UNIX))
        return copy(c->path, sizeof c->path, value, t);
    if (strcmp(name, "host") == 0 && c->kind == CHARDEV_TCP)
        return copy(c->host, sizeof c->host, value, t);
    if (strcmp(name, "port") == 0 && c->kind == CHARDEV_TCP)
        return parse_port(c, value, t);
    return wrong(t, "'%s' is not known", name);
}

static bool take_properties(struct chardev_options *c, const char *list, struct text t)
{
    char word[1100];
    while (list) {
        if (!next_word(&list, word, sizeof word))
            return wrong(t, "too long");
        char *value = strchr(word, '=');
        if (value)
            *value++ = 0;
        if (!take_property(c, word, value, t))
            return false;
    }
    return true;
}

// What must be there, and what follows from it.
static bool complete(struct chardev_options *c, struct text t)
{
    if ((c->kind == CHARDEV_FILE || c->kind == CHARDEV_UNIX) && !*c->path)
        return wrong(t, c->kind == CHARDEV_FILE ? "the file's name is missing" : "the socket's name is missing");
    if (c->kind == CHARDEV_TCP && !*c->port)
        return wrong(t, "the port is missing");
    if (c->kind == CHARDEV_UNIX && strlen(c->path) > 107)
        return wrong(t, "a socket's name has 107 characters at most");
    if (c->wait_said && c->wait && !c->server)
        return wrong(t, "only a server can wait for its client");
    c->wait = c->server && (c->wait || !c->wait_said);
    return true;
}

// tcp:HOST:PORT, HOST perhaps in brackets.
static bool parse_address(struct chardev_options *c, char *text, struct text t)
{
    char *colon = strrchr(text, ':');
    if (!colon)
        return wrong(t, "expected tcp:HOST:PORT");
    *colon = 0;
    size_t length = strlen(text);
    if (text[0] == '[' && length > 1 && text[length - 1] == ']') {
        text[length - 1] = 0;
        text++;
    }
    return copy(c->host, sizeof c->host, text, t) && parse_port(c, colon + 1, t);
}

bool chardev_parse(struct chardev_options *c, const char *text, char *why, size_t size)
{
    struct text t = {why, size};
    char first[1100];
    *c = (struct chardev_options){.signals = true};
    if (strncmp(text, "mon:", 4) == 0) {
        c->mux = true;
        text += 4;
    }
    if (strncmp(text, "file:", 5) == 0) {
        c->kind = CHARDEV_FILE;
        return copy(c->path, sizeof c->path, text + 5, t) && complete(c, t);
    }
    const char *rest = text;
    if (!next_word(&rest, first, sizeof first))
        return wrong(t, "too long");
    if (strncmp(first, "unix:", 5) == 0) {
        c->kind = CHARDEV_UNIX;
        return copy(c->path, sizeof c->path, first + 5, t) && take_properties(c, rest, t) && complete(c, t);
    }
    if (strncmp(first, "tcp:", 4) == 0) {
        c->kind = CHARDEV_TCP;
        return parse_address(c, first + 4, t) && take_properties(c, rest, t) && complete(c, t);
    }
    if (strcmp(text, "stdio") == 0) {
        c->kind = CHARDEV_STDIO;
        c->signals = !c->mux;
        return true;
    }
    if (strcmp(text, "pty") == 0) {
        c->kind = CHARDEV_PTY;
        return true;
    }
    if (strcmp(text, "null") == 0 || strcmp(text, "none") == 0) {
        c->absent = text[1] == 'o';
        return true;
    }
    if (strncmp(text, "telnet:", 7) == 0)
        return wrong(t, "telnet is not there; tcp:HOST:PORT is, for 'nc' or 'socat'");
    return wrong(t, "not there; use %s", kinds);
}

bool chardev_parse_long(struct chardev_options *c, const char *text, char *why, size_t size)
{
    struct text t = {why, size};
    char kind[32];
    *c = (struct chardev_options){.signals = true};
    if (!next_word(&text, kind, sizeof kind))
        return wrong(t, "expected a kind first: stdio, file, socket, pty or null");
    if (strcmp(kind, "stdio") == 0) {
        c->kind = CHARDEV_STDIO;
    } else if (strcmp(kind, "file") == 0) {
        c->kind = CHARDEV_FILE;
    } else if (strcmp(kind, "pty") == 0) {
        c->kind = CHARDEV_PTY;
    } else if (strcmp(kind, "socket") == 0) {
        bool path = text && (strncmp(text, "path=", 5) == 0 || strstr(text, ",path="));
        c->kind = path ? CHARDEV_UNIX : CHARDEV_TCP;
    } else if (strcmp(kind, "null") != 0) {
        return wrong(t, "there is no '%s'; there are stdio, file, socket, pty and null", kind);
    }
    if (!take_properties(c, text, t))
        return false;
    if (!*c->id)
        return wrong(t, "id=ID is missing");
    return complete(c, t);
}
