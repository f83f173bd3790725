// Ends of the outside that talk to the machine itself through machine/control.h: monitor, QMP, gdb. Each is a protocol:
// bytes in, bytes out. The session connects them to character devices.
#ifndef HOST_ENDS_H
#define HOST_ENDS_H

#include "host/options.h"
#include "machine/control.h"

struct end_class {
    // `out` takes any number of bytes at any time and never fails; it is copied. NULL when out of memory.
    void *(*create)(struct control *c, const struct char_backend *out);
    void (*destroy)(void *end);
    void (*opened)(void *end); // somebody has connected
    void (*input)(void *end, const uint8_t *bytes, size_t n);
    void (*closed)(void *end); // and has gone
};

// NULL: there is none of this kind yet.
const struct end_class *end_class(enum end_kind kind);

#endif
