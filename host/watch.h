// Serial output, line by line: is it a panic, does it match a text, and what came last. Reads and writes nothing.
#ifndef HOST_WATCH_H
#define HOST_WATCH_H

#include "machine/machine.h"

#include <regex.h>

#define WATCH_LINE  4096u // longer lines are looked at in pieces of this many bytes
#define WATCH_KEPT  20u   // lines that are kept of each port
#define WATCH_SHOWN 400u  // bytes that are kept of each
#define WATCH_TEXTS 16u

enum watch_hit { WATCH_NOTHING, WATCH_PANIC, WATCH_TEXT };

struct watch_port {
    char line[WATCH_LINE + 1]; // the present one, without NULs and carriage returns
    size_t length, looked;     // bytes; how many of them have been looked at
    char kept[WATCH_KEPT][WATCH_SHOWN + 1];
    uint64_t lines; // ended so far; the last ones are kept[(lines - 1) % WATCH_KEPT] and before
};

struct watch {
    bool panic; // looks for a kernel's panic
    regex_t text[WATCH_TEXTS];
    unsigned texts;
    enum watch_hit hit;          // the first
    char found[WATCH_SHOWN + 1]; // the line of it
    struct watch_port port[MACHINE_SERIAL_PORTS];
};

// Adds a POSIX extended regular expression. False with what is wrong in `why`.
bool watch_add(struct watch *w, const char *regex, char *why, size_t size);
void watch_free(struct watch *w);

void watch_byte(struct watch *w, unsigned port, uint8_t byte);

// Looks also at lines that have not ended. `ended`: no more will come, so that $ may match at their ends.
void watch_look(struct watch *w, bool ended);

// The last lines of a port, oldest first, with the present one if it is not empty: how many, up to WATCH_KEPT.
unsigned watch_lines(const struct watch *w, unsigned port, const char *lines[WATCH_KEPT]);

#endif
