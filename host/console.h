// The keys of the terminal: Ctrl-A commands in the input, timestamps in the output. Pure: reads and writes nothing.
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include "core/types.h"

struct console {
    bool keys;       // Ctrl-A commands are taken out; otherwise every byte is the guest's
    bool escaped;    // Ctrl-A came last
    bool timestamps; // lines are stamped
    bool line_start; // the next byte out begins a line
};

enum console_action {
    CONSOLE_NONE, // the byte was used up
    CONSOLE_SEND, // the byte goes to the guest
    CONSOLE_EXIT, // end the run
    CONSOLE_SAY,  // show *answer
};

#define CONSOLE_STAMP 20 // room that console_stamp() needs

void console_init(struct console *c, bool keys);

// Takes one byte of input. With CONSOLE_SAY, *answer is text to show, lines ending in a newline.
enum console_action console_key(struct console *c, uint8_t byte, const char **answer);

// Before `byte` goes out at guest time `ns`: writes the stamp that belongs before it, if any, to `out`; returns its
// length.
size_t console_stamp(struct console *c, uint8_t byte, uint64_t ns, char out[CONSOLE_STAMP]);

#endif
