// One run of a machine: its ports connected to the outside, its time passing at the right speed, and its end.
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "host/options.h"

struct session;

// Status of the process; a debug exit has (value << 1) | 1.
enum {
    STATUS_END = 0,       // power-off, the reset that -no-reboot ends with, --until, the key to leave, quit
    STATUS_OUTPUT = 1,    // output cannot be written
    STATUS_BAD_INPUT = 2, // wrong option or file
    STATUS_PANIC = 4,     // pvpanic, --fail-on panic
    STATUS_TRIPLE = 6,    // --fail-on triple-fault
    STATUS_LIMIT = 8,     // --timeout, --max-ticks
    STATUS_HALTED = 10,   // nothing can wake the machine again
    STATUS_TEXT = 12,     // --fail-on text=...
    STATUS_FAULT = 14,    // a fault of the emulator itself, in a run with one of these options
};

// Opens what the options name. NULL with a line in `error` (size bytes). `o` must live as long.
struct session *session_create(const struct options *o, char *error, size_t size);
void session_destroy(struct session *s);

// Fills in all of `config`, with backends that belong to the session.
void session_configure(struct session *s, struct machine_config *config);

// Runs the machine, created with that configuration, to its end; the status. Asked to end by a signal it comes back
// with everything written, and terminal_signal() tells. With STATUS_BAD_INPUT there is a line in `error`.
int session_run(struct session *s, struct machine *m, char *error, size_t size);

// Writes the file of --status-json, if there is one. `s` is NULL when nothing has run, and then `error` says why. False
// with a line in `error`.
bool session_report(const struct session *s, const struct options *o, int status, char *error, size_t size);

// A line on stderr, "snowglobe: ..." and a newline.
void session_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
