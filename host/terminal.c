// Raw mode and the signals that must not leave the terminal in it. The process has one controlling terminal and one set of
// signal handlers, so this file, and no other, has state of its own.
#include "host/terminal.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved, raw;
static volatile sig_atomic_t is_raw, ended;

void terminal_restore(void)
{
    if (is_raw) {
        is_raw = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
    }
}

void terminal_die(int signal_number)
{
    terminal_restore();
    signal(signal_number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signal_number);
}

// A crash: restore and die of it.
static void crash(int signal_number) { terminal_die(signal_number); }

static void end(int signal_number)
{
    if (ended)
        terminal_die(signal_number);
    ended = signal_number;
}

// Ctrl-Z from outside: the shell must get a sane terminal, and we ours back.
static void stop(int signal_number)
{
    bool was = is_raw;
    terminal_restore();
    signal(signal_number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signal_number);
    // Continued.
    signal(signal_number, stop);
    if (was) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
        is_raw = 1;
    }
}

static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction sa = {.sa_handler = handler};
    sigemptyset(&sa.sa_mask);
    sigaction(signal_number, &sa, NULL);
}

void terminal_watch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++)
        handle(ends[n], end);
    signal(SIGPIPE, SIG_IGN);
}

int terminal_ended(void) { return ended; }

bool terminal_raw(bool keep_signals)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
        return false;
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    for (size_t n = 0; n < sizeof crashes / sizeof crashes[0]; n++)
        handle(crashes[n], crash);
    handle(SIGTSTP, stop);
    atexit(terminal_restore);
    raw = saved;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON | INLCR | IGNCR);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | (keep_signals ? 0 : ISIG));
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
        return false;
    is_raw = 1;
    return true;
}
