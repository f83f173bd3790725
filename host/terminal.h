// The terminal: raw mode while the machine has it, restored at every end of the process.
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include <stdbool.h>

// Puts standard input into raw mode if it is a terminal; `keep_signals`: Ctrl-C still interrupts the emulator instead of
// reaching the guest. Installs the handlers that restore it at signals and crashes. False: not a terminal.
bool terminal_raw(bool keep_signals);

// Restores the terminal; safe to call at any time, also from a signal handler.
void terminal_restore(void);

// Installs handlers for the signals that end the process, so that the run loop can end it in order: terminal_ended() then
// gives the signal. A second one ends the process at once.
void terminal_watch_signals(void);
int terminal_ended(void);

// Ends the process by the signal, as its parent expects.
void terminal_die(int signal);

#endif
