// Lockstep: a second machine with the interpreter alone follows the first one, and both are compared every few dozen
// ticks. The first difference ends the run with a report.
#ifndef MACHINE_COSIM_H
#define MACHINE_COSIM_H

#include "machine/machine.h"

struct cosim;

// `follower` was created and loaded as `leader` was, without the second engine, outputs and recorder; both are at the
// same tick. The cosim owns neither. NULL: out of memory. Compared are ticks in [from, to]; memory every 2^22 ticks.
struct cosim *cosim_create(struct machine *leader, struct machine *follower, uint64_t from, uint64_t to);
void cosim_destroy(struct cosim *s);

// As machine_run() of the leader, with the follower behind it. *differs: they differ, and `report` was called for each
// line of what is known.
enum machine_stop cosim_run(struct cosim *s, uint64_t until, bool skip_idle, bool *differs,
                            void (*report)(void *ctx, const char *line), void *ctx);

// An input of the leader, for its recorder: the follower gets the same.
void cosim_record(void *cosim, const struct journal_entry *entry);

#endif
