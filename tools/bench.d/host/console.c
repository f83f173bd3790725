// Sits at a guest's console as a person would: starts an emulator in a terminal of its own (a pty),
// follows a script, and measures from outside.
//
//   console [--log FILE] STEP... -- COMMAND...
//
//   expect TEXT       waits until the guest has written TEXT (60 s)
//   send TEXT         types it; `\r` there is the Enter key
//   settle SECONDS    lets time pass
//   cpu SECONDS       prints `cpu PERCENT`: processor time of the emulator, of one core
//   echo COUNT        types COUNT keys, prints `echo MEDIAN WORST`: milliseconds from key to echo
//   line PREFIX       waits for a line that begins so, prints it
//   memory            prints `memory RSS PEAK`: kB resident now and at most
//
// Status 0 if all steps were done, 1 if the guest did not answer or the emulator ended.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60, KEYS_MAX = 1000 };

struct console {
    pid_t pid;
    int terminal, log_fd;
    clockid_t cpu_clock;
    // What the guest has written since the last step that looked for something; the oldest goes first.
    char seen[8192];
    size_t size;
};

static _Noreturn void fail(const char *what, const char *detail)
{
    fprintf(stderr, "console: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(1);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        fail("cannot read a clock", strerror(errno));
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void start(struct console *c, char **command, const char *log)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    c->log_fd = open(log ? log : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    c->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (c->log_fd < 0 || c->terminal < 0 || grantpt(c->terminal) != 0 || unlockpt(c->terminal) != 0)
        fail("no terminal", strerror(errno));
    ioctl(c->terminal, TIOCSWINSZ, &size);
    const char *name = ptsname(c->terminal);
    pid_t self = getpid();
    c->pid = fork();
    if (c->pid < 0)
        fail("fork", strerror(errno));
    if (c->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self)
            _exit(2);
        setsid();
        // A session's leader gets the first terminal that it opens.
        int inner = open(name, O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(inner, fd);
        execvp(command[0], command);
        dprintf(2, "console: cannot run %s: %s\n", command[0], strerror(errno));
        _exit(2);
    }
    if (clock_getcpuclockid(c->pid, &c->cpu_clock) != 0)
        fail("no processor clock of the emulator", NULL);
}

// Waits at most until `deadline` (CLOCK_MONOTONIC, ns) for something from the guest and keeps it.
// False if nothing came.
static bool hear(struct console *c, int64_t deadline)
{
    int64_t left = deadline - clock_ns(CLOCK_MONOTONIC);
    struct pollfd p = {.fd = c->terminal, .events = POLLIN};
    struct timespec wait = {left / 1000000000, left % 1000000000};
    if (left <= 0 || ppoll(&p, 1, &wait, NULL) <= 0)
        return false;
    if (c->size > sizeof c->seen / 2) {
        size_t half = sizeof c->seen / 4;
        memmove(c->seen, c->seen + half, c->size - half);
        c->size -= half;
    }
    ssize_t n = read(c->terminal, c->seen + c->size, sizeof c->seen - c->size - 1);
    if (n <= 0)
        fail("the emulator ended", NULL);
    if (write(c->log_fd, c->seen + c->size, (size_t)n) < 0)
        fail("cannot write the log", strerror(errno));
    for (ssize_t i = 0; i < n; i++)
        if (c->seen[c->size + (size_t)i] == '\0')
            c->seen[c->size + (size_t)i] = ' ';
    c->size += (size_t)n;
    c->seen[c->size] = '\0';
    return true;
}

static int64_t patience(void)
{
    return clock_ns(CLOCK_MONOTONIC) + PATIENCE_S * INT64_C(1000000000);
}

// Forgets what was written up to `end`.
static void forget(struct console *c, const char *end)
{
    c->size -= (size_t)(end - c->seen);
    memmove(c->seen, end, c->size + 1);
}

static void expect(struct console *c, const char *text)
{
    int64_t end = patience();
    for (;;) {
        const char *at = strstr(c->seen, text);
        if (at) {
            forget(c, at + strlen(text));
            return;
        }
        if (!hear(c, end))
            fail("the guest did not write", text);
    }
}

static void line(struct console *c, const char *prefix)
{
    int64_t end = patience();
    for (;;) {
        char *at = c->seen, *stop;
        while ((stop = strpbrk(at, "\r\n")) != NULL) {
            if (strncmp(at, prefix, strlen(prefix)) == 0) {
                printf("%.*s\n", (int)(stop - at), at);
                forget(c, stop + 1);
                return;
            }
            at = stop + 1;
        }
        if (!hear(c, end))
            fail("the guest did not write a line", prefix);
    }
}

static void type(struct console *c, const char *text)
{
    for (; *text; text++) {
        char key = *text;
        if (key == '\\' && text[1] == 'r') {
            key = '\r';
            text++;
        }
        if (write(c->terminal, &key, 1) != 1)
            fail("cannot type", strerror(errno));
    }
}

static void settle(struct console *c, double seconds)
{
    int64_t end = clock_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
    while (hear(c, end) || clock_ns(CLOCK_MONOTONIC) < end)
        continue;
}

static void cpu(struct console *c, double seconds)
{
    int64_t wall = clock_ns(CLOCK_MONOTONIC), used = clock_ns(c->cpu_clock);
    settle(c, seconds);
    used = clock_ns(c->cpu_clock) - used;
    wall = clock_ns(CLOCK_MONOTONIC) - wall;
    printf("cpu %.2f\n", 100.0 * (double)used / (double)wall);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void echo(struct console *c, int count)
{
    static int64_t took[KEYS_MAX];
    if (count < 1 || count > KEYS_MAX)
        fail("a number of keys from 1 to 1000, please", NULL);
    for (int i = 0; i < count; i++) {
        // The gaps differ, so that they do not fall into step with a clock in the emulator.
        settle(c, 0.06 + 0.0071 * (i % 13));
        forget(c, c->seen + c->size);
        char key[2] = {(char)('a' + i % 26), '\0'};
        int64_t began = clock_ns(CLOCK_MONOTONIC), end = patience();
        type(c, key);
        while (!strchr(c->seen, key[0]))
            if (!hear(c, end))
                fail("no echo of a key", key);
        took[i] = clock_ns(CLOCK_MONOTONIC) - began;
        // The line stays short: Ctrl-U empties it.
        if (i % 20 == 19) {
            type(c, "\x15");
            settle(c, 0.2);
        }
    }
    type(c, "\x15");
    settle(c, 0.2);
    qsort(took, (size_t)count, sizeof took[0], by_time);
    printf("echo %.1f %.1f\n", (double)took[count / 2] / 1e6, (double)took[count - 1] / 1e6);
}

static void memory(struct console *c)
{
    char path[64], text[256];
    long now = 0, peak = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)c->pid);
    FILE *f = fopen(path, "r");
    if (!f)
        fail(path, strerror(errno));
    while (fgets(text, sizeof text, f)) {
        sscanf(text, "VmRSS: %ld", &now);
        sscanf(text, "VmHWM: %ld", &peak);
    }
    fclose(f);
    printf("memory %ld %ld\n", now, peak);
}

// One step of the script; the number of words that it took, 0 if it is none.
static int step(struct console *c, char **word)
{
    if (strcmp(word[0], "memory") == 0) {
        memory(c);
        return 1;
    }
    if (strcmp(word[1], "--") == 0)
        return 0;
    if (strcmp(word[0], "expect") == 0)
        expect(c, word[1]);
    else if (strcmp(word[0], "send") == 0)
        type(c, word[1]);
    else if (strcmp(word[0], "settle") == 0)
        settle(c, atof(word[1]));
    else if (strcmp(word[0], "cpu") == 0)
        cpu(c, atof(word[1]));
    else if (strcmp(word[0], "echo") == 0)
        echo(c, atoi(word[1]));
    else if (strcmp(word[0], "line") == 0)
        line(c, word[1]);
    else
        return 0;
    return 2;
}

int main(int argc, char **argv)
{
    static struct console c;
    const char *log = NULL;
    int first = 1, command = 1;
    if (argc > 2 && strcmp(argv[1], "--log") == 0) {
        log = argv[2];
        first = 3;
    }
    while (command < argc && strcmp(argv[command], "--") != 0)
        command++;
    if (command + 1 >= argc) {
        fprintf(stderr, "usage: console [--log FILE] STEP... -- COMMAND...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    start(&c, argv + command + 1, log);
    for (int i = first; i < command;) {
        int words = step(&c, argv + i);
        if (!words)
            fail("not a step", argv[i]);
        i += words;
    }
    kill(c.pid, SIGKILL);
    waitpid(c.pid, NULL, 0);
    return 0;
}
