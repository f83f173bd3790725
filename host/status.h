// How a run ended, for programs: one JSON object in a file.
#ifndef HOST_STATUS_H
#define HOST_STATUS_H

#include "host/watch.h"

struct status_report {
    int status;         // of the process; 128 + n when it ends by signal n
    const char *reason; // "power-off", "reset", "debug-exit", "until", "key", "quit", "signal", "output", "bad-input",
                        // "panic", "triple-fault", "timeout", "max-ticks", "halted", "text"
    const char *text;   // the message of bad input, or the line that was found; "" without
    uint64_t ticks, guest_ns, wall_ns;
    const struct watch *watch; // NULL: nothing has run
    unsigned serial_count;
};

// Whether the file can be written; false with a line in `error`.
bool status_possible(const char *path, char *error, size_t size);

// Writes it as a whole: whoever reads the file sees all of it or what was there before. False with a line in `error`.
bool status_write(const char *path, const struct status_report *r, char *error, size_t size);

#endif
