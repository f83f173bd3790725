// Raw mode, and the signals that must not leave the terminal in it. A process has one controlling terminal and one set
// of signal handlers, so this file, and no other, has state of its own.
#include "host/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct termios saved, raw;
static int terminal = -1;
static volatile sig_atomic_t is_raw, ending;

void terminal_restore(void)
{
    if (is_raw) {
        is_raw = 0;
        tcsetattr(terminal, TCSADRAIN, &saved);
    }
}

static void raise_default(int number)
{
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

static void crash(int number)
{
    terminal_restore();
    raise_default(number);
}

static void end(int number)
{
    if (ending)
        crash(number);
    ending = number;
}

// Stopped from outside: the shell gets a sane terminal, and we ours back.
static void stop(int number)
{
    int old = errno;
    bool was = is_raw;
    terminal_restore();
    raise_default(number);
    signal(number, stop);
    if (was && !tcsetattr(terminal, TCSADRAIN, &raw))
        is_raw = 1;
    errno = old;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction sa = {.sa_handler = handler};
    sigemptyset(&sa.sa_mask);
    sigaction(number, &sa, NULL);
}

void terminal_init(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    for (size_t n = 0; n < ARRAY_LEN(ends); n++)
        handle(ends[n], end);
    for (size_t n = 0; n < ARRAY_LEN(crashes); n++)
        handle(crashes[n], crash);
    handle(SIGTSTP, stop);
    signal(SIGPIPE, SIG_IGN);
    atexit(terminal_restore);
}

void terminal_raw(int fd, bool take_signals)
{
    if (tcgetattr(fd, &saved))
        return;
    terminal = fd;
    raw = saved;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | (take_signals ? ISIG : 0));
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    is_raw = 1;
    if (tcsetattr(fd, TCSADRAIN, &raw))
        is_raw = 0;
}

int terminal_signal(void)
{
    return ending;
}

void terminal_die(void)
{
    terminal_restore();
    raise_default(ending);
}

int terminal_wait(struct pollfd *fd, bool want, uint64_t ns)
{
    // Between looking at `ending` and waiting, the signals are blocked; ppoll() lets them in.
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGQUIT);
    sigprocmask(SIG_BLOCK, &block, &old);
    int n = 0;
    if (!ending) {
        struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
        n = ppoll(fd, want ? 1 : 0, ns == UINT64_MAX ? NULL : &t, &old);
    }
    int why = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = why;
    return n;
}
