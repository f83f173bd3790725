// The step itself has no time to look at the clock, so an alarm does. Its handler reaches nothing but static data.
#include "host/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    char line[160];
    volatile sig_atomic_t shown;
} progress;

static void put(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

static void on_alarm(int signo)
{
    (void)signo;
    int saved = errno;
    progress.shown = 1;
    put(progress.line);
    errno = saved;
}

void progress_step(void *ctx, const char *what)
{
    (void)ctx;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    progress_done();
    snprintf(progress.line, sizeof progress.line, isatty(STDERR_FILENO) ? "\rsnowglobe: %s ..." : "snowglobe: %s ...\n",
             what);
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
}

void progress_done(void)
{
    alarm(0);
    // On a terminal the line gives its place to what follows.
    if (progress.shown && isatty(STDERR_FILENO))
        put("\r\033[K");
    progress.shown = 0;
}
