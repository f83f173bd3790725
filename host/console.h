// The keys of the stdio multiplexer (QEMU's Ctrl-A commands) and time stamps of output lines. Pure.
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include "core/types.h"

struct console {
    bool keys;       // Ctrl-A begins a command (mon:stdio); else every byte goes to the guest
    bool escape;     // Ctrl-A was typed
    bool stamps;     // lines of output begin with the guest's time
    bool line_start; // the next byte of output begins a line
};

// What a typed byte means.
enum console_key { CONSOLE_NONE, CONSOLE_SEND, CONSOLE_EXIT, CONSOLE_SAY };

void console_init(struct console *c, bool keys);

// CONSOLE_SEND: the byte goes to the guest. CONSOLE_SAY: *answer is to be shown; it has CR LF line ends.
enum console_key console_key(struct console *c, uint8_t byte, const char **answer);

// Before an output byte is written: the stamp that goes in front of it, if any. `ns` is guest time. Returns its length.
#define CONSOLE_STAMP 40
size_t console_stamp(struct console *c, uint8_t byte, uint64_t ns, char stamp[CONSOLE_STAMP]);

#endif
