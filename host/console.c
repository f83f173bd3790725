// The keys that QEMU's character multiplexer has, after Ctrl-A: x, h, c, b, t, s and Ctrl-A itself. Not implemented:
// saving disks (s). Differs: timestamps (t) are guest time since power-on, so that they are the same in every run.
#include "host/console.h"

#include <stdio.h>

void console_init(struct console *c, bool keys, uint8_t escape)
{
    *c = (struct console){.keys = keys, .escape = escape, .line_start = true};
}

enum console_action console_key(struct console *c, uint8_t byte)
{
    if (!c->keys)
        return CONSOLE_SEND;
    if (!c->escaped) {
        c->escaped = byte == c->escape;
        return c->escaped ? CONSOLE_NONE : CONSOLE_SEND;
    }
    c->escaped = false;
    if (byte == c->escape)
        return CONSOLE_SEND;
    switch (byte) {
    case 'x':
        return CONSOLE_EXIT;
    case 'h':
    case '?':
        return CONSOLE_HELP;
    case 'c':
        return CONSOLE_SWITCH;
    case 'b':
        return CONSOLE_BREAK;
    case 's':
        return CONSOLE_SAVE;
    case 't':
        c->timestamps = !c->timestamps;
        return CONSOLE_NONE;
    default:
        return CONSOLE_NONE;
    }
}

const char *console_key_name(uint8_t escape, char out[CONSOLE_KEY_NAME])
{
    if (escape < 0x20)
        snprintf(out, CONSOLE_KEY_NAME, "Ctrl-%c", '@' + escape);
    else if (escape < 0x7f)
        snprintf(out, CONSOLE_KEY_NAME, "%c", escape);
    else
        snprintf(out, CONSOLE_KEY_NAME, "0x%02x", escape);
    return out;
}

const char *console_help(const struct console *c, char out[CONSOLE_HELP_BYTES])
{
    char k[CONSOLE_KEY_NAME];
    console_key_name(c->escape, k);
    snprintf(out, CONSOLE_HELP_BYTES,
             "\n"
             "%s h    this help\n"
             "%s x    leave: the machine is switched off at once\n"
             "%s s    save the disks (there are none yet)\n"
             "%s t    guest time before each line, on or off\n"
             "%s b    send a break\n"
             "%s c    to the monitor and back\n"
             "%s %s    send a %s\n",
             k, k, k, k, k, k, k, k, k);
    return out;
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
