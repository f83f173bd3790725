// The emulator around a scripted machine, each run in a process of its own, for tests of host/. Includes all it needs.
#ifndef TESTS_UNIT_SESSION_RIG_H
#define TESTS_UNIT_SESSION_RIG_H

#include "host/start.h"
#include "tests/unit/fake_machine.c"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_ARGS 24
#define PATIENCE 20000 // ms that anything may take before it counts as hanging

struct run {
    pid_t pid;
    int in, out, err; // our ends; out and in are the same descriptor with a terminal
    char text[65536]; // what came from `out` so far
    size_t length;
};

struct place {
    char dir[64], kernel[96], input[96], output[96], socket[96];
};

static struct place *place_of(void **state)
{
    return *state;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static char *read_file(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    const char *tmp = getenv("TMPDIR");
    snprintf(p->dir, sizeof p->dir, "%.40s/session-XXXXXX", tmp && strlen(tmp) <= 40 ? tmp : "/tmp");
    if (!mkdtemp(p->dir))
        return -1;
    snprintf(p->kernel, sizeof p->kernel, "%s/kernel", p->dir);
    snprintf(p->input, sizeof p->input, "%s/input", p->dir);
    snprintf(p->output, sizeof p->output, "%s/output", p->dir);
    snprintf(p->socket, sizeof p->socket, "%s/socket", p->dir);
    write_file(p->kernel, "fake");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    unlink(p->kernel);
    unlink(p->input);
    unlink(p->output);
    unlink(p->socket);
    int status = rmdir(p->dir);
    free(p);
    return status;
}

static uint64_t ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// ---- starting and watching
// --------------------------------------------------------------------------------------------

// In the child: the emulator with this script and the words of `options`.
static void run_child(const struct place *p, const char *script, const char *options)
{
    static char copy[512];
    char *argv[MAX_ARGS + 1] = {"snowglobe", "-kernel", (char *)p->kernel, "-append", (char *)script};
    int argc = 5;
    // A test that fails leaves its child behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // cmocka's handlers would go on with the tests.
    static const int caught[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
    for (unsigned n = 0; n < ARRAY_LEN(caught); n++)
        signal(caught[n], SIG_DFL);
    snprintf(copy, sizeof copy, "%s", options);
    for (char *word = strtok(copy, " "); word && argc < MAX_ARGS; word = strtok(NULL, " "))
        argv[argc++] = word;
    exit(start(argc, argv));
}

enum { IN_PIPE, IN_NULL, IN_FILE }; // the child's standard input

static void begin(struct run *r, const struct place *p, const char *script, const char *options, int in)
{
    int input[2] = {-1, -1}, output[2], error[2];
    *r = (struct run){.in = -1};
    assert_int_equal(pipe(output) | pipe(error), 0);
    if (in == IN_PIPE)
        assert_int_equal(pipe(input), 0);
    else
        input[0] = open(in == IN_NULL ? "/dev/null" : p->input, O_RDONLY);
    fflush(NULL);
    r->pid = fork();
    if (r->pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        dup2(error[1], 2);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        run_child(p, script, options);
    }
    close(input[0]);
    close(output[1]);
    close(error[1]);
    r->in = input[1];
    r->out = output[0];
    r->err = error[0];
}

// In a child: a new session with the terminal behind `master`.
static int open_controlling(int master)
{
    const char *name = ptsname(master);
    setsid();
    int fd = open(name, O_RDWR);
    ioctl(fd, TIOCSCTTY, 0);
    return fd;
}

static void be_child(const struct place *p, int fd, const char *script, const char *options)
{
    for (int n = 0; n < 3; n++)
        dup2(fd, n);
    for (int n = 3; n < 64; n++)
        close(n);
    run_child(p, script, options);
}

// In a terminal of its own.
static void begin_terminal(struct run *r, const struct place *p, const char *script, const char *options)
{
    *r = (struct run){.err = -1};
    r->in = r->out = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(r->in >= 0);
    assert_int_equal(grantpt(r->in) | unlockpt(r->in), 0);
    fflush(NULL);
    r->pid = fork();
    if (r->pid == 0)
        be_child(p, open_controlling(r->in), script, options);
}

// Reads until `text` has come (NULL: until the end).
static void expect(struct run *r, const char *text)
{
    uint64_t from = ms();
    while (!text || !strstr(r->text, text)) {
        struct pollfd fd = {.fd = r->out, .events = POLLIN};
        if (ms() - from > PATIENCE)
            fail_msg("hangs, after '%s'", r->text);
        if (poll(&fd, 1, 100) <= 0)
            continue;
        ssize_t n = read(r->out, r->text + r->length, sizeof r->text - 1 - r->length);
        if (n <= 0) {
            if (text)
                fail_msg("ends without '%s', with '%s'", text, r->text);
            return;
        }
        r->length += (size_t)n;
        r->text[r->length] = 0;
    }
}

static void forget(struct run *r)
{
    r->length = 0;
    r->text[0] = 0;
}

static void type(struct run *r, const char *text)
{
    assert_int_equal(write(r->in, text, strlen(text)), strlen(text));
}

// Waits for the end; wait()'s status. Standard error comes in `error` (NULL: of no interest).
static int finish(struct run *r, char *error, size_t size)
{
    uint64_t from = ms();
    int status;
    while (waitpid(r->pid, &status, WNOHANG) == 0) {
        if (ms() - from > PATIENCE) {
            kill(r->pid, SIGKILL);
            fail_msg("does not end, after '%s'", r->text);
        }
        usleep(1000);
    }
    if (error) {
        ssize_t n = read(r->err, error, size - 1);
        error[n > 0 ? n : 0] = 0;
    }
    close(r->out);
    if (r->in >= 0 && r->in != r->out)
        close(r->in);
    if (r->err >= 0)
        close(r->err);
    return status;
}

// A run from beginning to end; its exit status. `out` has what came.
static int whole(struct run *r, const struct place *p, const char *script, const char *options, int in, char *error,
                 size_t size)
{
    begin(r, p, script, options, in);
    if (in == IN_PIPE) {
        close(r->in);
        r->in = -1;
    }
    expect(r, NULL);
    int status = finish(r, error, size);
    if (!WIFEXITED(status))
        fail_msg("ends by signal %d: %s", WTERMSIG(status), error);
    return WEXITSTATUS(status);
}

// Whoever starts the tests may have signals ignored or blocked, as background jobs of a shell do.
static void default_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU, SIGTTIN, SIGCONT};
    sigset_t none;
    for (unsigned n = 0; n < ARRAY_LEN(numbers); n++)
        signal(numbers[n], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

#endif
