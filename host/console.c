// The stdio multiplexer's keys, as in QEMU: Ctrl-A, then a letter.
#include "host/console.h"

enum { CTRL_A = 1 };

static const char help[] = "\r\n"
                           "Ctrl-A h    this help\r\n"
                           "Ctrl-A x    end the emulator\r\n"
                           "Ctrl-A s    save disk data (there are no disks yet)\r\n"
                           "Ctrl-A t    time stamps on or off\r\n"
                           "Ctrl-A b    send a break\r\n"
                           "Ctrl-A c    monitor (comes later)\r\n"
                           "Ctrl-A Ctrl-A  send Ctrl-A\r\n";

size_t console_type(struct console *c, const uint8_t *in, size_t n, uint8_t *out)
{
    size_t k = 0;
    for (size_t at = 0; at < n && !c->quit; at++) {
        if (!c->escape) {
            if (in[at] == CTRL_A)
                c->escape = true;
            else
                out[k++] = in[at];
            continue;
        }
        c->escape = false;
        switch (in[at]) {
        case 'x':
            c->quit = true;
            break;
        case 'h':
        case '?':
            c->message = help;
            break;
        case 'c':
            c->message = "\r\nThe monitor comes later.\r\n";
            break;
        case 's':
            c->message = "\r\nThere are no disks yet.\r\n";
            break;
        case 't':
            c->timestamps = !c->timestamps;
            break;
        case 'b':
            c->send_break = true;
            break;
        case CTRL_A:
            out[k++] = CTRL_A;
            break;
        default:
            break;
        }
    }
    return k;
}
