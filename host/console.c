// The keys that QEMU's character multiplexer has, after Ctrl-A: x, h, c, b, t, s and Ctrl-A itself. Not implemented:
// the monitor (c), a break (b: the board's serial input carries bytes only), saving disks (s). Differs: timestamps (t)
// are guest time since power-on, so that they are the same in every run.
#include "host/console.h"

#include <stdio.h>

#define ESCAPE 0x01 // Ctrl-A

void console_init(struct console *c, bool keys)
{
    *c = (struct console){.keys = keys, .line_start = true};
}

enum console_action console_key(struct console *c, uint8_t byte, const char **answer)
{
    if (!c->keys)
        return CONSOLE_SEND;
    if (!c->escaped) {
        c->escaped = byte == ESCAPE;
        return c->escaped ? CONSOLE_NONE : CONSOLE_SEND;
    }
    c->escaped = false;
    switch (byte) {
    case ESCAPE:
        return CONSOLE_SEND;
    case 'x':
        return CONSOLE_EXIT;
    case 'h':
    case '?':
        *answer = "\n"
                  "Ctrl-A h    this help\n"
                  "Ctrl-A x    leave: the machine is switched off at once\n"
                  "Ctrl-A s    save the disks (there are none yet)\n"
                  "Ctrl-A t    guest time before each line, on or off\n"
                  "Ctrl-A b    send a break (not there yet)\n"
                  "Ctrl-A c    the monitor (comes later)\n"
                  "Ctrl-A Ctrl-A    send a Ctrl-A\n";
        return CONSOLE_SAY;
    case 'c':
        *answer = "\nthe monitor comes later\n";
        return CONSOLE_SAY;
    case 'b':
        *answer = "\na break cannot be sent yet\n";
        return CONSOLE_SAY;
    case 's':
        *answer = "\nthere are no disks yet\n";
        return CONSOLE_SAY;
    case 't':
        c->timestamps = !c->timestamps;
        return CONSOLE_NONE;
    default:
        return CONSOLE_NONE;
    }
}

size_t console_stamp(struct console *c, uint8_t byte, uint64_t ns, char out[CONSOLE_STAMP])
{
    bool stamp = c->timestamps && c->line_start;
    c->line_start = byte == '\n';
    if (!stamp)
        return 0;
    uint64_t ms = ns / 1000000;
    int n = snprintf(out, CONSOLE_STAMP, "[%02u:%02u:%02u.%03u] ", (unsigned)(ms / 3600000 % 1000),
                     (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
    return (size_t)n;
}
