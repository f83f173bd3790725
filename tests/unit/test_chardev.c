// Character devices as clients meet them: sockets, pseudoterminals, the multiplexer, pauses, and how a run ends.
#include "tests/unit/session_rig.h"

#include <sys/socket.h>
#include <sys/un.h>

// ---- clients
// ----------------------------------------------------------------------------------------------------------

// A client of the place's socket; it may not be there yet.
static int dial(const struct place *p)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    uint64_t from = ms();
    strcpy(a.sun_path, p->socket);
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        close(fd);
        if (ms() - from > PATIENCE)
            fail_msg("nobody listens at %s", p->socket);
        usleep(1000);
    }
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

// Reads from `fd` until `text` has come (NULL: until the end); all that came.
static const char *hear(int fd, const char *text)
{
    static char heard[1 << 20];
    size_t n = 0;
    uint64_t from = ms();
    heard[0] = 0;
    while (!text || !strstr(heard, text)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (ms() - from > PATIENCE)
            fail_msg("hangs, after '%s'", heard);
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t got = read(fd, heard + n, sizeof heard - 1 - n);
        if (got <= 0 && text)
            fail_msg("ends without '%s', with '%s'", text, heard);
        if (got <= 0)
            break;
        n += (size_t)got;
        heard[n] = 0;
    }
    return heard;
}

static void with_socket(const struct place *p, const char *format, char *out, size_t size)
{
    snprintf(out, size, format, p->socket);
}

static int ends_with(struct run *r, char *error, size_t size)
{
    int status = finish(r, error, size);
    if (!WIFEXITED(status))
        fail_msg("ends by signal %d: %s", WTERMSIG(status), error);
    return WEXITSTATUS(status);
}

static void one_client_at_a_time(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-display none -serial unix:%s,server=on,wait=off", options, sizeof options);
    begin(&r, p, "read until:q say:bye poweroff", options, IN_NULL);
    int one = dial(p);
    say(one, "ab");
    assert_string_equal(hear(one, "ab"), "ab");
    // Whoever comes second is turned away, and the first does not notice.
    for (unsigned n = 0; n < 3; n++) {
        int two = dial(p);
        assert_string_equal(hear(two, NULL), "");
        close(two);
    }
    say(one, "c");
    assert_string_equal(hear(one, "c"), "c");
    // One that goes makes place, in the middle of whatever it said.
    close(one);
    one = -1;
    for (unsigned n = 0; n < 20; n++) {
        int next = dial(p);
        uint64_t from = ms();
        say(next, "d");
        struct pollfd fd = {.fd = next, .events = POLLIN};
        char byte = 0;
        while (poll(&fd, 1, 100) <= 0 && ms() - from < PATIENCE) {
        }
        // Turned away means: the one before has not been missed yet.
        if (read(next, &byte, 1) == 1) {
            assert_int_equal(byte, 'd');
            one = next;
            break;
        }
        close(next);
    }
    assert_true(one >= 0);
    say(one, "q");
    assert_string_equal(hear(one, NULL), "qbye");
    close(one);
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
    assert_string_equal(error, "");
    assert_int_equal(access(p->socket, F_OK), -1);
}

static void stale_sockets_are_replaced(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, p->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    // It is somebody's as long as somebody listens.
    assert_int_equal(listen(fd, 1), 0);
    with_socket(p, "-display none -serial unix:%s,server,nowait", options, sizeof options);
    assert_int_equal(whole(&r, p, "poweroff", options, IN_NULL, error, sizeof error), 2);
    assert_non_null(strstr(error, "Address already in use"));
    close(fd);
    assert_int_equal(access(p->socket, F_OK), 0);
    assert_int_equal(whole(&r, p, "poweroff", options, IN_NULL, error, sizeof error), 0);
    assert_int_equal(access(p->socket, F_OK), -1);
    // A file of another kind is never touched.
    write_file(p->socket, "precious");
    assert_int_equal(whole(&r, p, "poweroff", options, IN_NULL, error, sizeof error), 2);
    assert_string_equal(read_file(p->socket), "precious");
    unlink(p->socket);
    // And there must be someone to connect to.
    with_socket(p, "-display none -serial unix:%s", options, sizeof options);
    assert_int_equal(whole(&r, p, "poweroff", options, IN_NULL, error, sizeof error), 2);
    assert_non_null(strstr(error, "No such file or directory"));
}

static void slow_clients_lose_nothing(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-display none -serial unix:%s,server", options, sizeof options);
    begin(&r, p, "flood:700000 say:end poweroff", options, IN_NULL);
    int fd = dial(p);
    usleep(200000);
    const char *heard = hear(fd, NULL);
    assert_int_equal(strlen(heard), 700003);
    for (size_t n = 0; n < 700000; n++)
        if (heard[n] != ((700000 - n) % 64 ? 'x' : '\n'))
            fail_msg("byte %zu is wrong", n);
    assert_string_equal(heard + 700000, "end");
    close(fd);
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
    assert_non_null(strstr(error, "serial0: waiting for a client at unix:"));
}

static void clients_that_never_read_are_abandoned(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    // By a signal, by a limit, by the monitor on another device.
    for (unsigned n = 0; n < 3; n++) {
        with_socket(p, "-display none -serial unix:%s,server -monitor stdio", options, sizeof options);
        if (n == 1)
            strcat(options, " --timeout 0.5");
        begin(&r, p, "flood:100000000", options, IN_PIPE);
        int fd = dial(p);
        expect(&r, "(fake) ");
        usleep(200000);
        if (n == 0)
            kill(r.pid, SIGTERM);
        if (n == 2)
            type(&r, "ping\nquit\n");
        if (n == 2)
            expect(&r, "pong");
        int status = finish(&r, error, sizeof error);
        if (n == 0)
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        else
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (n == 1 ? 8 : 0));
        close(fd);
        assert_int_equal(access(p->socket, F_OK), -1);
    }
}

static void waiting_can_be_ended(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-display none -serial unix:%s,server=on,wait=on --timeout 0.2", options, sizeof options);
    assert_int_equal(whole(&r, p, "say:x poweroff", options, IN_NULL, error, sizeof error), 8);
    with_socket(p, "-display none -serial unix:%s,server", options, sizeof options);
    begin(&r, p, "say:x poweroff", options, IN_NULL);
    while (access(p->socket, F_OK) != 0)
        usleep(1000);
    usleep(50000);
    assert_int_equal(waitpid(r.pid, NULL, WNOHANG), 0);
    kill(r.pid, SIGINT);
    int status = finish(&r, error, sizeof error);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_int_equal(access(p->socket, F_OK), -1);
}

// One that has said its last still gets its answer, and then makes place.
static void half_closed_clients_are_answered(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-display none -monitor unix:%s,server,nowait", options, sizeof options);
    begin(&r, p, "read", options, IN_NULL);
    for (unsigned n = 0; n < 3; n++) {
        int fd = dial(p);
        say(fd, "pi");
        usleep(10000);
        say(fd, "ng\nflood\n");
        shutdown(fd, SHUT_WR);
        const char *heard = hear(fd, NULL);
        assert_non_null(strstr(heard, "(fake) pong\n"));
        assert_int_equal(strlen(heard), strlen("(fake) pong\n(fake) (fake) ") + 1000 * 50);
        close(fd);
    }
    // Half a line of one is not the other's.
    int fd = dial(p);
    say(fd, "pi");
    hear(fd, "(fake) ");
    close(fd);
    usleep(50000);
    fd = dial(p);
    say(fd, "ng\nquit\n");
    assert_null(strstr(hear(fd, NULL), "pong"));
    close(fd);
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
}

// Who asks and asks and never reads is not read either, and the rest goes on.
static void answers_do_not_pile_up(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-display none -serial stdio -monitor unix:%s,server,nowait", options, sizeof options);
    begin(&r, p, "read until:q poweroff", options, IN_PIPE);
    int fd = dial(p);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    uint64_t sent = 0, from = ms();
    while (ms() - from < 500) {
        ssize_t n = write(fd, "flood\n", 6);
        sent += n > 0;
    }
    assert_true(sent < 300000);
    type(&r, "q");
    close(fd);
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
}

// Where only the guest speaks a client that has gone makes place, too; and the key to leave works on any device.
static void who_only_listens(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p, "-serial mon:stdio -display none -debugcon unix:%s,server,nowait", options, sizeof options);
    begin(&r, p, "say:> read debug:a read debug:b read poweroff", options, IN_PIPE);
    expect(&r, ">");
    for (unsigned n = 0; n < 2; n++) {
        int fd = dial(p);
        say(fd, "nobody wants this");
        usleep(50000);
        type(&r, "x");
        hear(fd, n ? "b" : "a");
        close(fd);
        usleep(50000);
    }
    type(&r, "x");
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
    with_socket(p, "-display none -chardev socket,id=c,path=%s,server=on,mux=on -serial chardev:c", options,
                sizeof options);
    begin(&r, p, "spin", options, IN_NULL);
    int fd = dial(p);
    say(fd, "\001x");
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
    close(fd);
}

static void tcp_too(void **state)
{
    struct run r;
    char error[1024], options[128];
    unsigned port = 20000 + (unsigned)getpid() % 20000;
    snprintf(options, sizeof options, "-display none -serial tcp:127.0.0.1:%u,server,nowait -serial tcp::%u,server=on",
             port, port);
    assert_int_equal(whole(&r, place_of(state), "poweroff", options, IN_NULL, error, sizeof error), 2);
    assert_non_null(strstr(error, "Address already in use"));
    // One run is the server, another one its client.
    struct run server, client;
    snprintf(options, sizeof options, "-display none -serial tcp::%u,server", port);
    begin(&server, place_of(state), "read read say:ok poweroff", options, IN_NULL);
    snprintf(options, sizeof options, "-display none -serial tcp:localhost:%u -debugcon stdio", port);
    int status = 2;
    for (uint64_t from = ms(); status == 2 && ms() - from < PATIENCE; usleep(20000))
        status = whole(&client, place_of(state), "say:ab read read read read debug:done exit:1", options, IN_NULL,
                       error, sizeof error);
    assert_int_equal(status, 3);
    assert_string_equal(client.text, "done");
    assert_int_equal(ends_with(&server, error, sizeof error), 0);
}

static void pseudoterminals(void **state)
{
    struct run r;
    char error[1024] = "";
    begin(&r, place_of(state), "read until:q say:bye read poweroff", "-display none -serial pty", IN_NULL);
    size_t n = 0;
    while (!strchr(error, ')') && n < sizeof error - 1)
        n += (size_t)read(r.err, error + n, sizeof error - 1 - n);
    char name[64];
    assert_int_equal(sscanf(error, "char device redirected to %63s (label serial0)", name), 1);
    for (unsigned turn = 0; turn < 3; turn++) {
        int fd = open(name, O_RDWR | O_NOCTTY);
        assert_true(fd >= 0);
        say(fd, turn < 2 ? "a\x03\r" : "q");
        // Raw: nothing is echoed, nothing changed. What came before somebody was noticed may be lost, not what is
        // typed.
        assert_string_equal(hear(fd, turn < 2 ? "\r" : "bye"), turn < 2 ? "a\x03\r" : "qbye");
        if (turn == 2)
            say(fd, "x");
        close(fd);
        usleep(300000);
    }
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
}

// ---- the multiplexer
// ---------------------------------------------------------------------------------------------------

static void the_multiplexer_switches(void **state)
{
    struct run r;
    begin_terminal(&r, place_of(state), "say:> read until:q say:bye poweroff", "-nographic");
    expect(&r, ">");
    assert_null(strstr(r.text, "(fake)"));
    type(&r, "a\001c");
    expect(&r, "(fake) ");
    type(&r, "ping\r");
    expect(&r, "pong");
    type(&r, "\001cb");
    expect(&r, "b");
    forget(&r);
    // The second time it shows where one is.
    type(&r, "\001c");
    expect(&r, "(fake) ");
    type(&r, "\001cq");
    expect(&r, "qbye");
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void breaks_and_another_escape(void **state)
{
    struct run r;
    begin_terminal(&r, place_of(state), "say:> read break say:broken read until:q poweroff", "-nographic -echr 20");
    expect(&r, ">");
    type(&r, "\x01\x14"
             "b");
    expect(&r, "\x01"
               "broken");
    type(&r, "\x14x");
    expect(&r, "ended by Ctrl-T x");
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void several_on_one_socket(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    with_socket(p,
                "-display none -chardev socket,id=c,path=%s,server=on,mux=on,logfile=/dev/null -serial chardev:c -mon "
                "chardev=c -mon chardev=c,mode=control -device isa-debugcon,chardev=c",
                options, sizeof options);
    begin(&r, p, "say:1 debug:2 read poweroff", options, IN_NULL);
    int fd = dial(p);
    hear(fd, "12");
    // Who comes next begins where the first one did.
    say(fd, "\001c");
    hear(fd, "(fake) ");
    close(fd);
    usleep(100000);
    fd = dial(p);
    say(fd, "\001cping\n\001cping\n\001cq");
    const char *heard = hear(fd, NULL);
    assert_string_equal(heard, "(fake) pong\n(fake) (fake) pong\n(fake) q");
    close(fd);
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
}

// ---- pauses
// -----------------------------------------------------------------------------------------------------------

static void paused_machines_stand(void **state)
{
    struct run r;
    begin(&r, place_of(state), "say:on time read time poweroff", "-display none -serial mon:stdio -S", IN_PIPE);
    type(&r, "\001c");
    expect(&r, "(fake) ");
    usleep(100000);
    type(&r, "time\n");
    expect(&r, "tick 0\n");
    assert_null(strstr(r.text, "on"));
    type(&r, "cont\n");
    expect(&r, "0 ms\n");
    type(&r, "stop\n");
    usleep(600000);
    // Half a second of the wall is not the guest's.
    type(&r, "cont\n\001cx");
    expect(&r, NULL);
    char *x = strstr(r.text, "x");
    assert_non_null(x);
    assert_true(strtol(x + 1, NULL, 10) < 500);
    assert_int_equal(finish(&r, NULL, 0), 0);
}

static void nobody_to_resume(void **state)
{
    struct run r;
    char error[1024];
    assert_int_equal(whole(&r, place_of(state), "poweroff", "-nographic -S", IN_NULL, error, sizeof error), 10);
    assert_non_null(strstr(error, "nobody is there who could resume it"));
    assert_int_equal(whole(&r, place_of(state), "poweroff", "-nographic -no-shutdown", IN_NULL, error, sizeof error),
                     0);
}

static void power_off_can_pause(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "say:x poweroff say:y poweroff",
          "-display none -serial null -monitor stdio -no-shutdown", IN_PIPE);
    expect(&r, "(fake) ");
    usleep(100000);
    assert_int_equal(waitpid(r.pid, NULL, WNOHANG), 0);
    type(&r, "quit\n");
    assert_int_equal(ends_with(&r, error, sizeof error), 0);
}

static void commands_from_a_file(void **state)
{
    struct place *p = *state;
    struct run r;
    char error[1024];
    write_file(p->input, "\001cstep\ntime\ncont\n\001cab");
    assert_int_equal(whole(&r, p, "busy:100 read read poweroff", "-nographic -S", IN_FILE, error, sizeof error), 0);
    assert_non_null(strstr(r.text, "(fake) (fake) tick "));
    assert_non_null(strstr(r.text, "ab"));
}

// ---- verdicts
// ---------------------------------------------------------------------------------------------------------

static void verdicts(void **state)
{
    static const struct {
        const char *script, *options;
        int status;
        const char *error;
    } cases[] = {
        {"say:Kernel_panic_-_not_syncing:_x| busy:9999999999", "--fail-on panic", 4, "panicked: Kernel panic - not"},
        {"say:Kernel_panic_-_not_syncing busy:9999999999", "--fail-on halt,panic", 4, "panicked"},
        {"say:Kernel_panic_-_not_syncing:_x| exit:3", "--fail-on text=nothing", 7, ""},
        {"panic", "", 4, "panicked"},
        {"panic", "-action panic=shutdown", 0, ""},
        {"panic", "-action panic=shutdown --fail-on panic", 4, "panicked"},
        {"panic exit:1", "-action panic=none", 3, ""},
        {"panic", "-action panic=pause", 4, "panicked"},
        {"triple", "--fail-on triple-fault", 6, "triple fault"},
        {"stuck", "--fail-on halt", 10, "halted for ever"},
        {"busy:9999999999", "--timeout 0.1", 8, "--timeout is over"},
        {"sleep:99999999999 halt", "--timeout 0.1 --time live", 8, "--timeout is over"},
        {"busy:9999999999", "--max-ticks 100000", 8, "used up its 100000 ticks"},
        {"busy:9999999999", "--max-ticks 100000 --until 99999", 0, ""},
        {"sleep:99999999999999 halt", "--max-ticks 1000000000", 8, "used up"},
        {"say:abc| busy:100 exit:1", "--fail-on text=^b", 3, ""},
        {"say:abc|bcd| busy:100 exit:1", "--fail-on text=^b", 12, "names: bcd"},
        {"say:login:_ busy:9999999999", "--fail-on text=^login:", 12, "names: login: "},
        // The end of a line that has not ended yet is not known.
        {"say:done busy:100000 say:_not| exit:1", "--fail-on text=^done$", 3, ""},
        {"say:done busy:100000 halt", "--fail-on text=^done$", 12, "names: done"},
        {"say:a,b| busy:9999999999", "--fail-on panic,text=a,,b --fail-on text=x", 12, "names: a,b"},
        {"poweroff", "--fail-on text=(", 2, "--fail-on text=(: "},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct run r;
        char error[1024], options[200];
        snprintf(options, sizeof options, "-nographic %s", cases[n].options);
        int status = whole(&r, place_of(state), cases[n].script, options, IN_NULL, error, sizeof error);
        if (status != cases[n].status || !strstr(error, cases[n].error) || (!*cases[n].error && *error))
            fail_msg("'%s' %s: status %d, '%s'", cases[n].script, options, status, error);
    }
}

static void halting_is_judged_with_somebody_there(void **state)
{
    struct run r;
    char error[1024];
    begin(&r, place_of(state), "stuck", "-nographic --fail-on halt", IN_PIPE);
    assert_int_equal(ends_with(&r, error, sizeof error), 10);
}

static void faults_have_a_status(void **state)
{
    struct run r;
    char error[4096];
    begin(&r, place_of(state), "say:> spin", "-nographic --timeout 60", IN_NULL);
    expect(&r, ">");
    kill(r.pid, SIGSEGV);
    assert_int_equal(ends_with(&r, error, sizeof error), 14);
    assert_string_equal(error, "snowglobe: a fault of the emulator\n");
}

static void status_in_a_file(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    snprintf(options, sizeof options, "-nographic --status-json %s -pidfile %s", p->output, p->input);
    assert_int_equal(whole(&r, p, "say:one|two busy:1000 exit:2", options, IN_NULL, error, sizeof error), 5);
    const char *json = read_file(p->output);
    static const char *const parts[] = {
        "\"status\": 5", "\"reason\": \"debug-exit\"", "\"ticks\": 1000,", "\"guest_ns\": 1000,", "\"one\"", "\"two\""};
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (!strstr(json, parts[n]))
            fail_msg("no %s in %s", parts[n], json);
    assert_int_equal(access(p->input, F_OK), -1);
    // By a signal; bytes that are no Unicode.
    begin(&r, p, "say:>\xff| spin", options, IN_NULL);
    expect(&r, ">");
    assert_int_equal(strtol(read_file(p->input), NULL, 10), r.pid);
    kill(r.pid, SIGTERM);
    int status = finish(&r, error, sizeof error);
    assert_true(WIFSIGNALED(status));
    json = read_file(p->output);
    assert_non_null(strstr(json, "\"status\": 143"));
    assert_non_null(strstr(json, "\"reason\": \"signal\""));
    assert_non_null(strstr(json, ">\xef\xbf\xbd\""));
    // Nothing has run.
    struct place missing = *p;
    snprintf(missing.kernel, sizeof missing.kernel, "%s/no-such-file", p->dir);
    assert_int_equal(whole(&r, &missing, "", options, IN_NULL, error, sizeof error), 2);
    json = read_file(p->output);
    assert_non_null(strstr(json, "\"reason\": \"bad-input\""));
    assert_non_null(strstr(json, "no-such-file: No such file"));
    assert_int_equal(whole(&r, p, "", "-nographic --status-json /no/such/place", IN_NULL, error, sizeof error), 2);
}

static void log_in_a_file(void **state)
{
    struct place *p = *state;
    struct run r;
    char options[400], error[1024];
    snprintf(options, sizeof options, "-nographic -D %s", p->output);
    assert_int_equal(whole(&r, p, "log poweroff", options, IN_NULL, error, sizeof error), 0);
    assert_string_equal(error, "");
    assert_string_equal(read_file(p->output), "fake: a line of the log\n");
}

static void what_is_not_there_yet(void **state)
{
    struct run r;
    char error[1024];
    assert_int_equal(whole(&r, place_of(state), "", "-nographic -s", IN_NULL, error, sizeof error), 2);
    assert_string_equal(error, "snowglobe: -gdb: gdb comes later\n");
}

int main(void)
{
    default_signals();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_client_at_a_time),
        cmocka_unit_test(stale_sockets_are_replaced),
        cmocka_unit_test(slow_clients_lose_nothing),
        cmocka_unit_test(clients_that_never_read_are_abandoned),
        cmocka_unit_test(waiting_can_be_ended),
        cmocka_unit_test(half_closed_clients_are_answered),
        cmocka_unit_test(answers_do_not_pile_up),
        cmocka_unit_test(who_only_listens),
        cmocka_unit_test(tcp_too),
        cmocka_unit_test(pseudoterminals),
        cmocka_unit_test(the_multiplexer_switches),
        cmocka_unit_test(breaks_and_another_escape),
        cmocka_unit_test(several_on_one_socket),
        cmocka_unit_test(paused_machines_stand),
        cmocka_unit_test(nobody_to_resume),
        cmocka_unit_test(power_off_can_pause),
        cmocka_unit_test(commands_from_a_file),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(halting_is_judged_with_somebody_there),
        cmocka_unit_test(faults_have_a_status),
        cmocka_unit_test(status_in_a_file),
        cmocka_unit_test(log_in_a_file),
        cmocka_unit_test(what_is_not_there_yet),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
