// The keys of the stdio multiplexer (QEMU's Ctrl-A escapes): takes what was typed, gives what the guest gets.
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console {
    bool escape;     // Ctrl-A was typed
    bool quit;       // Ctrl-A x was typed
    bool send_break; // Ctrl-A b was typed; the caller clears it
    bool timestamps; // Ctrl-A t: lines of output begin with the guest's time
    bool line_start;
    const char *message; // to show to the user, or NULL; the caller clears it
};

// Filters `n` typed bytes into `out` (room for 2 * n); returns how many bytes go to the guest. Stops at Ctrl-A x.
size_t console_type(struct console *c, const uint8_t *in, size_t n, uint8_t *out);

#endif
