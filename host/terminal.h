// The terminal and the signals of this process: raw mode that is always undone, signals that end the run in good order,
// and waiting that neither misses a signal nor outlives it. One per process, as both belong to the process.
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include "core/types.h"

#include <poll.h>

// Catches the signals that end a process. Those that ask for the end are kept for terminal_signal(); a second one, and
// crashes, undo raw mode and then have their usual effect. Ignored ones stay ignored. SIGPIPE becomes an error of
// write(). With a `fault_status` a crash does not end the process by its signal, but with a line and this status.
void terminal_init(int fault_status);

// Puts the terminal `fd` into raw mode, until terminal_restore(), exit() or the end by a signal. With `signals`,
// Ctrl-C, Ctrl-Z and Ctrl-\ keep their meaning. Stopping (SIGTSTP) undoes it, continuing does it again. False if fd is
// no terminal or refuses.
bool terminal_raw(int fd, bool signals);
void terminal_restore(void);

// The signal that asks for the end, 0 if none has come.
int terminal_signal(void);

// As poll(), for at most `ns` nanoseconds (UINT64_MAX: no limit). Comes back early (0) when a signal asks for the end,
// also if it came before the call.
int terminal_wait(struct pollfd *fds, unsigned count, uint64_t ns);

// Ends this process by the signal that asked for the end.
_Noreturn void terminal_die(void);

#endif
