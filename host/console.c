// The stdio multiplexer's keys, as in QEMU: Ctrl-A, then a letter.
#include "host/console.h"

#include <stdio.h>

enum { CTRL_A = 1 };

static const char help[] = "\r\n"
                           "Ctrl-A h       this help\r\n"
                           "Ctrl-A x       end the emulator\r\n"
                           "Ctrl-A s       save disk data (there are no disks yet)\r\n"
                           "Ctrl-A t       time stamps on or off\r\n"
                           "Ctrl-A b       send a break (comes later)\r\n"
                           "Ctrl-A c       monitor (comes later)\r\n"
                           "Ctrl-A Ctrl-A  send Ctrl-A\r\n";

void console_init(struct console *c, bool keys)
{
    *c = (struct console){.keys = keys, .line_start = true};
}

enum console_key console_key(struct console *c, uint8_t byte, const char **answer)
{
    if (!c->escape) {
        c->escape = c->keys && byte == CTRL_A;
        return c->escape ? CONSOLE_NONE : CONSOLE_SEND;
    }
    c->escape = false;
    switch (byte) {
    case 'x':
        return CONSOLE_EXIT;
    case 'h':
    case '?':
        *answer = help;
        return CONSOLE_SAY;
    case 'c':
        *answer = "\r\nThe monitor comes later.\r\n";
        return CONSOLE_SAY;
    case 's':
        *answer = "\r\nThere are no disks yet.\r\n";
        return CONSOLE_SAY;
    case 'b':
        *answer = "\r\nSending a break comes later.\r\n";
        return CONSOLE_SAY;
    case 't':
        c->stamps = !c->stamps;
        return CONSOLE_NONE;
    case CTRL_A:
        return CONSOLE_SEND;
    default:
        return CONSOLE_NONE;
    }
}

size_t console_stamp(struct console *c, uint8_t byte, uint64_t ns, char stamp[CONSOLE_STAMP])
{
    bool start = c->line_start;
    c->line_start = byte == '\n';
    if (!c->stamps || !start)
        return 0;
    uint64_t ms = ns / 1000000;
    int n = snprintf(stamp, CONSOLE_STAMP, "[%02llu:%02llu:%02llu.%03llu] ", (unsigned long long)(ms / 3600000),
                     (unsigned long long)(ms / 60000 % 60), (unsigned long long)(ms / 1000 % 60),
                     (unsigned long long)(ms % 1000));
    return n > 0 && n < CONSOLE_STAMP ? (size_t)n : 0;
}
