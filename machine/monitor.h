// The human monitor: QEMU's words, typed by a person or a script. A pure end of machine/control.h: bytes in, bytes out.
#ifndef MACHINE_MONITOR_H
#define MACHINE_MONITOR_H

#include "machine/control.h"

struct monitor;

enum monitor_style {
    MONITOR_TERMINAL, // lines are edited and echoed, as QEMU's monitor does on every device
    MONITOR_PLAIN,    // no echo
    MONITOR_COMMANDS, // no banner, no prompt, no events, lines end with a newline only: for monitor_command()
};

// `out` is copied. NULL: out of memory, or the control has no place for a listener.
struct monitor *monitor_create(struct control *c, const struct char_backend *out, enum monitor_style style);
void monitor_destroy(struct monitor *m);
void monitor_opened(struct monitor *m);
void monitor_input(struct monitor *m, const uint8_t *bytes, size_t n);
void monitor_closed(struct monitor *m);

// Runs one command line.
void monitor_command(struct monitor *m, const char *line);

#endif
