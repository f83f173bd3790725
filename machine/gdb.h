// The gdb stub: a debugger's end of the machine, speaking gdb's remote serial protocol. Pure: bytes in, bytes out.
//
// A client that connects finds the machine paused. One that goes away takes its points with it, and a machine that
// stands for its sake goes on.
#ifndef MACHINE_GDB_H
#define MACHINE_GDB_H

#include "core/backend.h"
#include "machine/control.h"

struct gdb;

// `out->write` takes any number of bytes and never fails. NULL: out of memory, or too many listeners.
struct gdb *gdb_create(struct control *c, const struct char_backend *out);
void gdb_destroy(struct gdb *g);

// Who answers `monitor COMMAND`: writes its answer to `out`, valid during the call only. NULL: nobody, as at first.
void gdb_set_monitor(struct gdb *g, void (*command)(void *ctx, const char *line, const struct char_backend *out),
                     void *ctx);

// A client has connected; bytes from it, in pieces of any size; it has gone.
void gdb_opened(struct gdb *g);
void gdb_input(struct gdb *g, const uint8_t *bytes, size_t n);
void gdb_closed(struct gdb *g);

#endif
