// The terminal and the signals: raw mode while the machine has it, restored at every end of the process.
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include "core/types.h"

#include <poll.h>

// Installs the handlers: SIGINT, SIGTERM, SIGHUP and SIGQUIT ask for an end in order (a second one ends at once),
// crashes and SIGTSTP give the terminal back first. SIGPIPE is ignored.
void terminal_init(void);

// Puts the terminal `fd` into raw mode; `take_signals`: Ctrl-C and kin become bytes for the guest. Nothing if it is
// none.
void terminal_raw(int fd, bool take_signals);

// Gives the terminal back. Safe at any time, also in a signal handler.
void terminal_restore(void);

// The signal that asks for the end, or 0.
int terminal_signal(void);

// Ends the process by that signal, as its parent expects.
void terminal_die(void);

// poll() on one descriptor (none if `want` is false) for at most `ns` (UINT64_MAX: for ever), which a signal that asks
// for the end interrupts without a gap. As poll() returns.
int terminal_wait(struct pollfd *fd, bool want, uint64_t ns);

#endif
