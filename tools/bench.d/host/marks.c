// Runs an emulator and prints, for each mark that its guest writes to the serial port, the processor
// time that the emulator has used so far.
//
//   marks [--fifo PATH] [--timeout SECONDS] [--log FILE] -- COMMAND...
//
// The guest's serial port is the command's standard output, or with --fifo a named pipe, which is
// made here. A mark is a line that begins with `@@`; printed are its text, a tab, nanoseconds of
// processor time of the whole process, a tab, nanoseconds of wall time since its start. Everything that
// comes goes to the log. After the line `@@DONE` the command is ended. Status 0 after @@DONE, 1 if the
// command ended before, 124 after the timeout.
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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run {
    const char *fifo, *log;
    int timeout_s;
    char **command;
    pid_t pid;
    clockid_t cpu_clock;
    int from_guest, log_fd;
    int64_t began_ns;
    char line[256];
    size_t line_size;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "marks: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        return -1;
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static _Noreturn void become_command(const struct run *r, int out, pid_t parent)
{
    int nothing = open("/dev/null", O_RDWR);
    // Whatever becomes of this program, no emulator stays behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(2);
    dup2(nothing, 0);
    dup2(out, 1);
    dup2(r->log_fd, 2);
    execvp(r->command[0], r->command);
    dprintf(2, "marks: cannot run %s: %s\n", r->command[0], strerror(errno));
    _exit(2);
}

static void start(struct run *r)
{
    int ends[2] = {-1, -1};
    r->log_fd = open(r->log ? r->log : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (r->log_fd < 0)
        fail(r->log);
    if (r->fifo) {
        unlink(r->fifo);
        if (mkfifo(r->fifo, 0600) != 0)
            fail(r->fifo);
        // Also for writing: so that opening waits for nobody and the end of one writer is not the end.
        r->from_guest = open(r->fifo, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    } else if (pipe2(ends, O_CLOEXEC) == 0) {
        r->from_guest = ends[0];
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    } else {
        fail("pipe");
    }
    if (r->from_guest < 0)
        fail(r->fifo);

    pid_t self = getpid();
    r->began_ns = clock_ns(CLOCK_MONOTONIC);
    r->pid = fork();
    if (r->pid < 0)
        fail("fork");
    if (r->pid == 0)
        become_command(r, r->fifo ? r->log_fd : ends[1], self);
    if (ends[1] >= 0)
        close(ends[1]);
    if (clock_getcpuclockid(r->pid, &r->cpu_clock) != 0)
        fail("no processor clock of the emulator");
}

// Takes what has come; true after the last mark.
static bool take(struct run *r, const char *bytes, size_t n)
{
    // One sample serves all marks that came together: they are that close.
    int64_t cpu = clock_ns(r->cpu_clock), wall = clock_ns(CLOCK_MONOTONIC) - r->began_ns;
    bool done = false;
    if (write(r->log_fd, bytes, n) < 0)
        fail("log");
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r') {
            if (r->line_size < sizeof r->line - 1)
                r->line[r->line_size++] = bytes[i];
            continue;
        }
        r->line[r->line_size] = '\0';
        r->line_size = 0;
        // The firmware's last line may end without a newline.
        const char *mark = strstr(r->line, "@@");
        if (!mark)
            continue;
        printf("%s\t%lld\t%lld\n", mark, (long long)cpu, (long long)wall);
        fflush(stdout);
        done |= strcmp(mark, "@@DONE") == 0;
    }
    return done;
}

static int follow(struct run *r)
{
    int64_t end = clock_ns(CLOCK_MONOTONIC) + r->timeout_s * INT64_C(1000000000);
    for (;;) {
        char bytes[4096];
        struct pollfd p = {.fd = r->from_guest, .events = POLLIN};
        // A turn a second looks at the command and at the time.
        if (poll(&p, 1, 1000) < 0 && errno != EINTR)
            fail("poll");
        ssize_t n = read(r->from_guest, bytes, sizeof bytes);
        if (n > 0) {
            if (take(r, bytes, (size_t)n))
                return 0;
            continue;
        }
        if (n == 0 || waitpid(r->pid, NULL, WNOHANG) != 0) {
            fprintf(stderr, "marks: the emulator ended before its guest was done\n");
            return 1;
        }
        if (clock_ns(CLOCK_MONOTONIC) > end) {
            fprintf(stderr, "marks: no end after %d s\n", r->timeout_s);
            return 124;
        }
    }
}

int main(int argc, char **argv)
{
    struct run r = {.timeout_s = 600};
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--fifo") == 0)
            r.fifo = argv[i + 1];
        else if (strcmp(argv[i], "--log") == 0)
            r.log = argv[i + 1];
        else if (strcmp(argv[i], "--timeout") == 0)
            r.timeout_s = atoi(argv[i + 1]);
        else
            break;
    }
    if (i + 1 >= argc || strcmp(argv[i], "--") != 0 || r.timeout_s <= 0) {
        fprintf(stderr, "usage: marks [--fifo PATH] [--timeout SECONDS] [--log FILE] -- COMMAND...\n");
        return 2;
    }
    r.command = argv + i + 1;
    start(&r);
    int status = follow(&r);
    // It holds nothing that a clean end would save. (Once waited for, kill finds no process.)
    if (waitpid(r.pid, NULL, WNOHANG) == 0) {
        kill(r.pid, SIGKILL);
        waitpid(r.pid, NULL, 0);
    }
    if (r.fifo)
        unlink(r.fifo);
    return status;
}
