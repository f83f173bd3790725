// Raw mode and signals. Signal handlers reach nothing but static data, so this file has some, as progress.c has.
#include "host/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct {
    volatile sig_atomic_t fd;  // -1: none is raw
    volatile sig_atomic_t end; // signal that asks for the end
    struct termios normal, raw;
    struct sigaction old_crash[NSIG];
    int fault_status; // 0: a crash ends the process by its signal
    bool at_exit;
} terminal = {.fd = -1};

static const int end_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// ---- raw mode
// ---------------------------------------------------------------------------------------------------------

// In the background the terminal is someone else's, and setting it would stop this process.
static bool in_background(int fd)
{
    pid_t group = tcgetpgrp(fd);
    return group >= 0 && group != getpgrp();
}

static void apply(int fd, const struct termios *t)
{
    while (tcsetattr(fd, TCSANOW, t) != 0 && errno == EINTR) {
    }
}

// Also called by handlers: what it calls is async-signal-safe.
void terminal_restore(void)
{
    int fd = terminal.fd;
    terminal.fd = -1;
    if (fd >= 0 && !in_background(fd))
        apply(fd, &terminal.normal);
}

bool terminal_raw(int fd, bool signals)
{
    if (tcgetattr(fd, &terminal.normal) != 0)
        return false;
    struct termios *raw = &terminal.raw;
    *raw = terminal.normal;
    raw->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals)
        raw->c_lflag &= ~(tcflag_t)ISIG;
    raw->c_cflag = (raw->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw->c_cc[VMIN] = 1;
    raw->c_cc[VTIME] = 0;
    if (!terminal.at_exit)
        terminal.at_exit = atexit(terminal_restore) == 0;
    terminal.fd = fd;
    apply(fd, raw);
    return true;
}

// ---- signals
// ----------------------------------------------------------------------------------------------------------

static void default_action(int signo)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigaction(signo, &dfl, NULL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    raise(signo);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void on_end(int signo)
{
    int saved = errno;
    if (terminal.end) {
        terminal_restore();
        default_action(signo);
    }
    terminal.end = signo;
    errno = saved;
}

// What was there before (a sanitizer's handler, or the default) comes after.
static void on_crash(int signo, siginfo_t *info, void *context)
{
    static const char line[] = "snowglobe: a fault of the emulator\n";
    (void)context;
    terminal_restore();
    bool handled = terminal.old_crash[signo].sa_handler != SIG_DFL;
    if (terminal.fault_status && (!handled || info->si_code <= 0)) {
        ssize_t n = write(STDERR_FILENO, line, sizeof line - 1);
        (void)n;
        _exit(terminal.fault_status);
    }
    sigaction(signo, &terminal.old_crash[signo], NULL);
    // A fault happens again when this returns; a signal that was sent does not.
    if (info->si_code <= 0)
        raise(signo);
}

// Takes the terminal again, if it was ours.
static void resume(int fd)
{
    terminal.fd = fd;
    if (fd >= 0 && !in_background(fd))
        apply(fd, &terminal.raw);
}

static void on_stop(int signo)
{
    int saved = errno;
    int fd = terminal.fd;
    struct sigaction mine;
    terminal_restore();
    sigaction(signo, NULL, &mine);
    default_action(signo);
    // Here the process has been continued, or there was nobody who could do so, and it was not stopped.
    sigaction(signo, &mine, NULL);
    resume(fd);
    errno = saved;
}

// After a stop that could not be caught.
static void on_continue(int signo)
{
    (void)signo;
    int saved = errno;
    resume(terminal.fd);
    errno = saved;
}

static void catch_signal(int signo, void (*handler)(int), int flags)
{
    struct sigaction old, action = {.sa_handler = handler, .sa_flags = flags};
    sigfillset(&action.sa_mask);
    if (sigaction(signo, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(signo, &action, NULL);
}

// So that a stack that has run out can still be cleaned up after.
static void alternate_stack(void)
{
    static _Alignas(16) uint8_t stack[1 << 16];
    stack_t old, mine = {.ss_sp = stack, .ss_size = sizeof stack};
    if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
        sigaltstack(&mine, NULL);
}

void terminal_init(int fault_status)
{
    terminal.fault_status = fault_status;
    alternate_stack();
    // Waiting and writing are interrupted by those that ask for the end, so these have no SA_RESTART.
    for (unsigned n = 0; n < ARRAY_LEN(end_signals); n++)
        catch_signal(end_signals[n], on_end, 0);
    for (unsigned n = 0; n < ARRAY_LEN(crash_signals); n++) {
        struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigfillset(&action.sa_mask);
        sigaction(crash_signals[n], &action, &terminal.old_crash[crash_signals[n]]);
    }
    catch_signal(SIGTSTP, on_stop, SA_RESTART);
    catch_signal(SIGCONT, on_continue, SA_RESTART);
    signal(SIGPIPE, SIG_IGN);
}

int terminal_signal(void)
{
    return terminal.end;
}

int terminal_wait(struct pollfd *fds, unsigned count, uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    sigset_t block, before;
    int ready = 0;
    sigemptyset(&block);
    for (unsigned n = 0; n < ARRAY_LEN(end_signals); n++)
        sigaddset(&block, end_signals[n]);
    sigprocmask(SIG_BLOCK, &block, &before);
    for (unsigned n = 0; n < count; n++)
        fds[n].revents = 0;
    if (!terminal.end)
        ready = ppoll(fds, count, ns == UINT64_MAX ? NULL : &time, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (ready >= 0)
        return ready;
    for (unsigned n = 0; n < count; n++)
        fds[n].revents = 0;
    return 0;
}

void terminal_die(void)
{
    terminal_restore();
    default_action(terminal.end);
    _exit(128 + terminal.end);
}
