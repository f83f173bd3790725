// The keys of a multiplexer: commands after Ctrl-A in the input, timestamps in the output. Pure: reads and writes
// nothing.
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include "core/types.h"

struct console {
    bool keys;       // commands are taken out; otherwise every byte is the guest's
    uint8_t escape;  // what begins a command, Ctrl-A unless changed
    bool escaped;    // it came last
    bool timestamps; // lines are stamped
    bool line_start; // the next byte out begins a line
};

enum console_action {
    CONSOLE_NONE,   // the byte was used up
    CONSOLE_SEND,   // the byte goes to the front end that has the focus
    CONSOLE_EXIT,   // end the run
    CONSOLE_HELP,   // show console_help()
    CONSOLE_SWITCH, // the next front end has the focus
    CONSOLE_BREAK,  // a break goes to the front end
    CONSOLE_SAVE,   // write out what the disks hold back
};

#define CONSOLE_STAMP 20 // room that console_stamp() needs

#define CONSOLE_ESCAPE     0x01 // Ctrl-A
#define CONSOLE_HELP_BYTES 1024

void console_init(struct console *c, bool keys, uint8_t escape);

// Takes one byte of input.
enum console_action console_key(struct console *c, uint8_t byte);

// The list of keys.
const char *console_help(const struct console *c, char out[CONSOLE_HELP_BYTES]);

// The escape key as it is read: "Ctrl-A".
#define CONSOLE_KEY_NAME 8
const char *console_key_name(uint8_t escape, char out[CONSOLE_KEY_NAME]);

// Before `byte` goes out at guest time `ns`: writes the stamp that belongs before it, if any, to `out`; returns its
// length.
size_t console_stamp(struct console *c, uint8_t byte, uint64_t ns, char out[CONSOLE_STAMP]);

#endif
