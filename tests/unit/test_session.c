// The whole of host/ around a scripted machine: exit statuses, pacing, pipes, files, and a terminal that is always
// restored. Each run is a process of its own.
#include "tests/unit/session_rig.h"

// ---- statuses
// ---------------------------------------------------------------------------------------------------------

static void statuses(void **state)
{
    static const struct {
        const char *script;
        int status;
        const char *error; // part of standard error, or ""
    } cases[] = {
        {"say:hi| poweroff", 0, ""},
        {"say:hi| reset", 0, ""},
        {"say:hi| exit:0", 1, ""},
        {"say:hi| exit:3", 7, ""},
        {"say:hi| exit:255", 255, ""},
        {"say:hi| triple", 0, "triple fault"},
        {"say:hi| panic", 4, "the guest has panicked"},
        {"say:hi| stuck", 10, "halted for ever"},
        {"say:hi| halt", 10, "halted for ever"},
        {"say:hi| log poweroff", 0, "snowglobe: fake: a line of the log\n"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct run r;
        char error[1024];
        int status = whole(&r, place_of(state), cases[n].script, "-nographic -no-reboot", IN_NULL, error, sizeof error);
        assert_int_equal(status, cases[n].status);
        assert_string_equal(r.text, "hi\n");
        assert_non_null(strstr(error, cases[n].error));
        assert_true(*cases[n].error || !*error);
    }
}

static void notes(void **state)
{
    struct run r;
    char error[1024];
    assert_int_equal(whole(&r, place_of(state), "say:hi poweroff", "-smp 2", IN_NULL, error, sizeof error), 0);
    assert_string_equal(r.text, "hi");
    assert_non_null(strstr(error, "no window yet"));
    assert_non_null(strstr(error, "-smp 2: one processor runs"));
}

static void bad_files(void **state)
{
    struct place *p = *state, missing = *p;
    struct run r;
    char error[1024];
    snprintf(missing.kernel, sizeof missing.kernel, "%s/no-such-file", p->dir);
    assert_int_equal(whole(&r, &missing, "", "-nographic", IN_NULL, error, sizeof error), 2);
    assert_non_null(strstr(error, "no-such-file: No such file or directory\n"));
    snprintf(missing.kernel, sizeof missing.kernel, "%s", p->dir);
    assert_int_equal(whole(&r, &missing, "", "-nographic", IN_NULL, error, sizeof error), 2);
    assert_non_null(strstr(error, ": is a directory\n"));
    assert_int_equal(whole(&r, p, "", "-nographic -initrd /dev/null", IN_NULL, error, sizeof error), 2);
    assert_string_equal(error, "snowglobe: /dev/null: the file is empty\n");
    assert_int_equal(whole(&r, p, "", "-nographic -m 1 -initrd /dev/zero", IN_NULL, error, sizeof error), 2);
    assert_string_equal(error, "snowglobe: /dev/zero: does not fit into the guest's memory (-m)\n");
    assert_int_equal(whole(&r, p, "", "-serial file:/no/such/place", IN_NULL, error, sizeof error), 2);
    assert_string_equal(error, "snowglobe: /no/such/place: No such file or directory\n");
    write_file(p->input, "not a kernel");
    snprintf(missing.kernel, sizeof missing.kernel, "%s", p->input);
    assert_int_equal(whole(&r, &missing, "", "", IN_NULL, error, sizeof error), 2);
    assert_string_equal(error, "snowglobe: not a fake kernel\n");
}

static void slow_steps_are_told(void **state)
{
    struct run r;
    char error[1024];
    assert_int_equal(whole(&r, place_of(state), "slow-load poweroff", "-nographic", IN_NULL, error, sizeof error), 0);
    assert_string_equal(error, "snowglobe: being slow ...\n");
}

// ---- output
// -----------------------------------------------------------------------------------------------------------

static void output_to_files(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[256], error[1024];
    write_file(p->output, "old contents");
    snprintf(options, sizeof options, "-display none -serial file:%s -debugcon stdio", p->output);
    assert_int_equal(whole(&r, p, "say:serial| debug:debug| poweroff", options, IN_NULL, error, sizeof error), 0);
    assert_string_equal(read_file(p->output), "serial\n");
    assert_string_equal(r.text, "debug\n");
    assert_string_equal(error, "");
}

static void reader_that_goes(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "say:hi| flood:1000000000", "-nographic", IN_NULL);
    expect(&r, "hi\n");
    close(r.out);
    r.out = open("/dev/null", O_RDONLY);
    int status = finish(&r, error, sizeof error);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_string_equal(error, "snowglobe: standard output: Broken pipe; the run ends\n");
}

static void full_disk(void **state)
{
    struct run r;
    char error[1024];
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(whole(&r, place_of(state), "flood:1000000000", "-serial file:/dev/full -nographic", IN_NULL, error,
                           sizeof error),
                     1);
    assert_string_equal(error, "snowglobe: /dev/full: No space left on device; the run ends\n");
}

static void slow_reader_holds_the_guest_but_not_the_end(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "say:hi| flood:1000000000", "-nographic", IN_NULL);
    expect(&r, "hi\n");
    usleep(300000);
    kill(r.pid, SIGTERM);
    int status = finish(&r, error, sizeof error);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void nothing_is_lost_by_a_slow_reader(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "flood:60000 say:end poweroff", "-nographic", IN_NULL);
    usleep(100000);
    expect(&r, NULL);
    assert_int_equal(r.length, 60003);
    assert_string_equal(r.text + 60000, "end");
    assert_int_equal(finish(&r, error, sizeof error), 0);
}

// ---- time and digests
// -------------------------------------------------------------------------------------------------

static void fast_time_skips(void **state)
{
    struct run r;
    char error[1024];
    uint64_t from = ms();
    assert_int_equal(
        whole(&r, place_of(state), "time sleep:60000000000 time poweroff", "-nographic", IN_NULL, error, sizeof error),
        0);
    assert_string_equal(r.text, "0 ms\n60000 ms\n");
    assert_true(ms() - from < 10000);
}

static void live_time_waits(void **state)
{
    struct run r;
    char error[1024];
    uint64_t from = ms();
    assert_int_equal(whole(&r, place_of(state), "sleep:300000000 time poweroff", "-nographic --time live", IN_NULL,
                           error, sizeof error),
                     0);
    assert_string_equal(r.text, "300 ms\n");
    assert_true(ms() - from >= 300);
    // A pipe that is open makes it live, too; its end makes it fast.
    from = ms();
    begin(&r, place_of(state), "sleep:300000000 say:a sleep:100000000000 say:b| poweroff", "-nographic", IN_PIPE);
    expect(&r, "a");
    assert_true(ms() - from >= 300);
    close(r.in);
    r.in = -1;
    expect(&r, "b\n");
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void ends_exactly(void **state)
{
    struct run r;
    char error[4096];
    struct place *p = *state;
    assert_int_equal(whole(&r, p, "busy:99999999", "-nographic --until 1234567 --digest", IN_NULL, error, sizeof error),
                     0);
    assert_memory_equal(error, "digest 1234567 ", 15);
    assert_int_equal(strlen(error), 15 + 64 + 1);
    assert_int_equal(
        whole(&r, p, "sleep:99999999", "-display none --until 2.5ms --digest", IN_NULL, error, sizeof error), 0);
    assert_memory_equal(r.text, "digest 2500000 ", 15);
    assert_string_equal(error, "");
    // The guest's last line was not ended: the digest still begins at column 0 where both go to one place.
    begin_terminal(&r, p, "say:abc poweroff", "-nographic --digest");
    expect(&r, "abc\r\ndigest 0 ");
    assert_int_equal(finish(&r, NULL, 0), 0);
    // An end that comes from the machine.
    assert_int_equal(
        whole(&r, p, "busy:500 exit:1", "-nographic --until 1234567 --digest", IN_NULL, error, sizeof error), 3);
    assert_memory_equal(error, "digest 500 ", 11);
}

static void digests_in_series(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[256], error[1024];
    snprintf(options, sizeof options, "-nographic --digest=%s --digest-every 1000 --until 2500", p->output);
    assert_int_equal(whole(&r, p, "busy:99999999", options, IN_NULL, error, sizeof error), 0);
    assert_string_equal(error, "");
    static const char *const ticks[] = {"1000", "2000", "2500"};
    char *line = strtok(read_file(p->output), "\n");
    for (unsigned n = 0; n < ARRAY_LEN(ticks); n++, line = strtok(NULL, "\n")) {
        char begin[32];
        snprintf(begin, sizeof begin, "digest %s ", ticks[n]);
        assert_non_null(line);
        assert_memory_equal(line, begin, strlen(begin));
    }
    assert_null(line);
}

// ---- input
// ------------------------------------------------------------------------------------------------------------

static void files_are_read_by_guest_time(void **state)
{
    struct place *p = *state;
    static const char script[] = "busy:100000 read busy:500 read sleep:3000000 read busy:70000 read until:q poweroff";
    static const char *const options[] = {"", "", "--digest-every 65536", "--digest-every 70001", "--until 1000000000"};
    char first[128] = "";
    write_file(p->input, "abcdefghijklmnopqrstuvwxyz0123456789q");
    for (unsigned n = 0; n < ARRAY_LEN(options); n++) {
        struct run r;
        char words[256], error[1024];
        snprintf(words, sizeof words, "-nographic --digest=%s %s", p->output, options[n]);
        assert_int_equal(whole(&r, p, script, words, IN_FILE, error, sizeof error), 0);
        assert_string_equal(r.text, "abcdefghijklmnopq");
        char *last = read_file(p->output), *next;
        while ((next = strchr(last, '\n')) && next[1])
            last = next + 1;
        if (n == 0)
            snprintf(first, sizeof first, "%.127s", last);
        else
            assert_string_equal(last, first);
    }
}

static void end_of_input_ends_input_only(void **state)
{
    struct place *p = *state;
    struct run r;
    char error[1024];
    write_file(p->input, "ab");
    assert_int_equal(
        whole(&r, p, "read read busy:1000000 say:done| exit:2", "-nographic", IN_FILE, error, sizeof error), 5);
    assert_string_equal(r.text, "abdone\n");
    assert_int_equal(whole(&r, p, "read read read poweroff", "-nographic", IN_FILE, error, sizeof error), 10);
    assert_string_equal(r.text, "ab");
    assert_string_equal(error, "snowglobe: the machine has halted for ever\n");
}

static void pipes_are_live(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "say:> read until:q say:|bye| halt", "-nographic", IN_PIPE);
    expect(&r, ">");
    type(&r, "abc");
    expect(&r, "abc");
    // More than a FIFO holds at once.
    static const char much[] = "0123456789012345678901234567890123456789q";
    type(&r, much);
    expect(&r, "0123456789012345678901234567890123456789q\nbye\n");
    // It halts, but the pipe is open: it waits, until nobody can write to it.
    usleep(200000);
    assert_int_equal(waitpid(r.pid, NULL, WNOHANG), 0);
    close(r.in);
    r.in = -1;
    int status = finish(&r, error, sizeof error);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 10);
}

static void keys_work_in_a_pipe(void **state)
{
    struct run r;
    begin(&r, place_of(state), "read until:q poweroff", "-nographic", IN_PIPE);
    type(&r, "a\x01xq");
    expect(&r, NULL);
    int status = finish(&r, NULL, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// ---- the terminal
// -----------------------------------------------------------------------------------------------------

static bool is_raw(struct run *r)
{
    struct termios t;
    assert_int_equal(tcgetattr(r->in, &t), 0);
    return !(t.c_lflag & ICANON);
}

static void wait_for(bool (*condition)(struct run *r), struct run *r, bool wanted)
{
    uint64_t from = ms();
    while (condition(r) != wanted && ms() - from < PATIENCE)
        usleep(1000);
    assert_int_equal(condition(r), wanted);
}

static void terminal_is_raw_and_restored(void **state)
{
    struct run r;
    begin_terminal(&r, place_of(state), "say:> read until:q poweroff", "-nographic");
    expect(&r, ">");
    assert_true(is_raw(&r));
    // These are the guest's.
    type(&r, "a\x03\x1a\x1c\x01\x01\r");
    expect(&r, "a\x03\x1a\x1c\x01\r");
    type(&r, "q");
    assert_int_equal(finish(&r, NULL, 0), 0);
    begin_terminal(&r, place_of(state), "say:> read until:q poweroff", "-nographic");
    expect(&r, ">");
    type(&r, "\x01h");
    expect(&r, "Ctrl-A Ctrl-A");
    type(&r, "\x01x");
    expect(&r, "ended by Ctrl-A x");
    wait_for(is_raw, &r, false);
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void restored_by(void **state, int signo)
{
    static const char *const scripts[] = {"say:> read until:q", "say:> spin until:q"};
    for (unsigned n = 0; n < ARRAY_LEN(scripts); n++) {
        struct run r;
        begin_terminal(&r, place_of(state), scripts[n], "-nographic");
        expect(&r, ">");
        assert_true(is_raw(&r));
        kill(r.pid, signo);
        wait_for(is_raw, &r, false);
        int status = finish(&r, NULL, 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signo);
    }
}

static void terminal_is_restored_by_signals(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (unsigned n = 0; n < ARRAY_LEN(signals); n++)
        restored_by(state, signals[n]);
}

static void terminal_is_restored_by_sent_faults(void **state)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    if (getenv("SNOWGLOBE_TEST_QEMU_USER")) {
        // Any program with a handler for them, of which one in fifty dies by SIGSEGV (version 7.2).
        print_message("SKIP: qemu-user crashes now and then when such a signal is sent\n");
        skip();
    }
    for (unsigned n = 0; n < ARRAY_LEN(signals); n++)
        restored_by(state, signals[n]);
}

static void terminal_is_restored_by_crashes(void **state)
{
    static const struct {
        const char *script;
        int signo;
    } crashes[] = {{"say:> spin crash", SIGSEGV}, {"say:> spin abort", SIGABRT}};
    for (unsigned n = 0; n < ARRAY_LEN(crashes); n++) {
        struct run r;
        begin_terminal(&r, place_of(state), crashes[n].script, "-nographic");
        expect(&r, ">");
        assert_true(is_raw(&r));
        type(&r, "x");
        wait_for(is_raw, &r, false);
        int status = finish(&r, NULL, 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), crashes[n].signo);
    }
}

// As a shell does: a session leader with the emulator as its job. `r->err` has a line for each stop, and the job's pid
// first.
static void begin_job(struct run *r, const struct place *p, const char *script, pid_t *job)
{
    int notes[2];
    *r = (struct run){.err = -1};
    assert_int_equal(pipe(notes), 0);
    r->in = r->out = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(r->in >= 0);
    assert_int_equal(grantpt(r->in) | unlockpt(r->in), 0);
    fflush(NULL);
    r->pid = fork();
    if (r->pid == 0) {
        int fd = open_controlling(r->in), status;
        signal(SIGTTOU, SIG_IGN);
        pid_t pid = fork();
        setpgid(pid, 0);
        tcsetpgrp(fd, pid ? pid : getpid());
        signal(SIGTTOU, SIG_DFL);
        if (pid == 0) {
            close(notes[1]);
            be_child(p, fd, script, "-nographic");
        }
        dprintf(notes[1], "%d\n", (int)pid);
        while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status))
            dprintf(notes[1], "stopped by %d\n", WSTOPSIG(status));
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
    }
    close(notes[1]);
    r->err = notes[0];
    char line[32] = "";
    assert_true(read(r->err, line, sizeof line - 1) > 0);
    *job = (pid_t)strtol(line, NULL, 10);
}

static void stopping_and_continuing(void **state)
{
    static const int signals[] = {SIGTSTP, SIGSTOP};
    struct run r;
    pid_t job;
    begin_job(&r, place_of(state), "say:> read until:q poweroff", &job);
    expect(&r, ">");
    for (unsigned n = 0; n < ARRAY_LEN(signals); n++) {
        char line[32] = "", expected[32];
        assert_true(is_raw(&r));
        kill(job, signals[n]);
        assert_true(read(r.err, line, sizeof line - 1) > 0);
        snprintf(expected, sizeof expected, "stopped by %d\n", signals[n]);
        assert_string_equal(line, expected);
        if (signals[n] == SIGTSTP)
            assert_false(is_raw(&r));
        // What a shell does to the terminal meanwhile.
        struct termios t;
        assert_int_equal(tcgetattr(r.in, &t), 0);
        t.c_lflag |= ICANON;
        assert_int_equal(tcsetattr(r.in, TCSANOW, &t), 0);
        kill(job, SIGCONT);
        wait_for(is_raw, &r, true);
        forget(&r);
        type(&r, "abc");
        expect(&r, "abc");
    }
    type(&r, "q");
    assert_int_equal(finish(&r, NULL, 0), 0);
    // Without a shell nobody could continue it, so it is not stopped, and keeps the terminal.
    begin_terminal(&r, place_of(state), "say:> read until:q poweroff", "-nographic");
    expect(&r, ">");
    kill(r.pid, SIGTSTP);
    type(&r, "abc");
    expect(&r, "abc");
    wait_for(is_raw, &r, true);
    type(&r, "q");
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void plain_stdio_keeps_control_c(void **state)
{
    struct run r;
    begin_terminal(&r, place_of(state), "say:> spin until:q poweroff", "-display none -serial stdio");
    expect(&r, ">");
    assert_true(is_raw(&r));
    type(&r, "a\x01x");
    expect(&r, "a\x01x");
    type(&r, "\x03");
    int status = finish(&r, NULL, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void halted_machine_waits_at_a_terminal(void **state)
{
    struct run r;
    begin_terminal(&r, place_of(state), "say:> stuck", "-nographic");
    expect(&r, "halted for ever; Ctrl-A x leaves");
    usleep(100000);
    assert_int_equal(waitpid(r.pid, NULL, WNOHANG), 0);
    // Nobody takes what is typed; the keys to leave work all the same.
    for (unsigned n = 0; n < 40; n++)
        type(&r, "a guest that does not listen ");
    type(&r, "\x01x");
    assert_int_equal(finish(&r, NULL, 0), 0);
}

int main(void)
{
    default_signals();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(notes),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(slow_steps_are_told),
        cmocka_unit_test(output_to_files),
        cmocka_unit_test(reader_that_goes),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(slow_reader_holds_the_guest_but_not_the_end),
        cmocka_unit_test(nothing_is_lost_by_a_slow_reader),
        cmocka_unit_test(fast_time_skips),
        cmocka_unit_test(live_time_waits),
        cmocka_unit_test(ends_exactly),
        cmocka_unit_test(digests_in_series),
        cmocka_unit_test(files_are_read_by_guest_time),
        cmocka_unit_test(end_of_input_ends_input_only),
        cmocka_unit_test(pipes_are_live),
        cmocka_unit_test(keys_work_in_a_pipe),
        cmocka_unit_test(terminal_is_raw_and_restored),
        cmocka_unit_test(terminal_is_restored_by_signals),
        cmocka_unit_test(terminal_is_restored_by_sent_faults),
        cmocka_unit_test(terminal_is_restored_by_crashes),
        cmocka_unit_test(stopping_and_continuing),
        cmocka_unit_test(plain_stdio_keeps_control_c),
        cmocka_unit_test(halted_machine_waits_at_a_terminal),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
