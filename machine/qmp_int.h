// QMP's inside: what the protocol (machine/qmp.c) and its commands (machine/qmp_commands.c) have in common.
#ifndef MACHINE_QMP_INT_H
#define MACHINE_QMP_INT_H

#include "machine/monitor.h"
#include "machine/qmp.h"

#include <jansson.h>

#define QMP_PACKET  65536u // bytes of a command
#define QMP_NESTING 32u
#define QMP_TEXT    (1u << 20) // of what a human monitor command prints

struct qmp {
    struct control *c;
    struct char_backend out;
    bool open, negotiated;
    unsigned buttons;
    // The packet that is being received.
    char packet[QMP_PACKET + 1];
    size_t length;
    unsigned depth;
    char quote; // ' or " within a string
    bool backslash;
    bool skip; // what does not belong to any packet, until a line ends
    bool too_much;
    // For human-monitor-command.
    struct monitor *monitor;
    char *text;
    size_t text_length;
};

struct qmp_command {
    const char *name;
    const char *arguments; // "val:i size:i filename:s cpu-index:i?": i integer, s string, a array, b boolean, o object
    // What it returns, owned by the caller; NULL with a line in `error`.
    json_t *(*run)(struct qmp *q, json_t *arguments, char *error, size_t size);
};

extern const struct qmp_command qmp_commands[]; // ends with a NULL name

#endif
