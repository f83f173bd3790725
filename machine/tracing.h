// Logs of what the guest does, as `-d` and `--trace` ask for them: a text line per event, made from the events of
// cpu/observe.h. Not guest state, and without effect on the guest; costs nothing while nothing is asked for.
#ifndef MACHINE_TRACING_H
#define MACHINE_TRACING_H

#include "machine/control.h"

struct tracing;

// `out` is copied; it takes any number of bytes. NULL: out of memory.
struct tracing *tracing_create(struct control *c, const struct char_backend *out);
void tracing_destroy(struct tracing *t);
// From here on the lines go there.
void tracing_set_out(struct tracing *t, const struct char_backend *out);

// Log items in place of those before, and one more trace or the end of all ("none"): words as machine/log_words.h has
// them. False with a line in `error`; nothing has changed then.
bool tracing_set_items(struct tracing *t, const char *items, char *error, size_t size);
bool tracing_add(struct tracing *t, const char *what, char *error, size_t size);
// Whether item number `n` is on.
bool tracing_item_on(const struct tracing *t, unsigned n);

// A line of the machine's log (machine_config.log). False: it is of a kind that no item asks for.
bool tracing_log(struct tracing *t, enum log_kind kind, const char *line);

#endif
