// The command line: what each option does, and one clear line for each mistake.
#include "host/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_ARGS 32

// Parses the words of `line`, which are divided by single spaces.
static enum options_result parse(struct options *o, const char *line, char *error, size_t size)
{
    static char copy[2048];
    char *argv[MAX_ARGS] = {"snowglobe"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc < MAX_ARGS);
        argv[argc++] = word;
    }
    error[0] = 0;
    return options_parse(o, argc, argv, error, size);
}

static struct options good(const char *line)
{
    struct options o;
    char error[300];
    if (parse(&o, line, error, sizeof error) != OPTIONS_RUN)
        fail_msg("'%s' is refused: %s", line, error);
    return o;
}

// The line is refused with one line that contains `part`.
static void refused(const char *line, const char *part)
{
    struct options o;
    char error[300];
    if (parse(&o, line, error, sizeof error) != OPTIONS_BAD)
        fail_msg("'%s' is taken", line);
    if (!error[0] || strchr(error, '\n') || !strstr(error, part))
        fail_msg("'%s' is refused with '%s', without '%s'", line, error, part);
}

// The device of a serial port, of the debug console.
static const struct chardev_options *dev(const struct options *o, int index)
{
    assert_true(index >= 0 && (unsigned)index < o->chardevs);
    return &o->chardev[index];
}

static void defaults(void **state)
{
    (void)state;
    struct options o = good("-kernel k");
    assert_string_equal(o.kernel, "k");
    assert_null(o.initrd);
    assert_null(o.append);
    assert_int_equal(o.ram_bytes, 128 << 20);
    assert_int_equal(o.cpus, 1);
    assert_true(o.window_wanted);
    assert_int_equal(o.serial_count, 1);
    assert_int_equal(dev(&o, o.serial[0])->kind, CHARDEV_STDIO);
    assert_true(dev(&o, o.serial[0])->mux && !dev(&o, o.serial[0])->signals);
    assert_true(o.ends == 1 && o.end[0].kind == END_MONITOR && o.end[0].dev == 0 && !o.end[0].option);
    assert_int_equal(o.debugcon, PORT_NOWHERE);
    assert_true(o.timeout_ns == UINT64_MAX && o.max_ticks == UINT64_MAX && !o.notes && !options_judged(&o));
    assert_int_equal(o.time, TIME_AUTO);
    assert_int_equal(o.rtc, RTC_DEFAULT);
    assert_true(o.until_ticks == UINT64_MAX && o.until_ns == UINT64_MAX);
    assert_false(o.digest || o.digest_every || o.seed_given || o.no_reboot || o.guest_unpack);
}

static void both_dashes_and_equal_signs(void **state)
{
    (void)state;
    struct options o = good("--kernel=k --initrd i -append=console=ttyS0 --nographic -no-reboot -guest-unpack");
    assert_string_equal(o.kernel, "k");
    assert_string_equal(o.initrd, "i");
    assert_string_equal(o.append, "console=ttyS0");
    assert_true(o.no_reboot && o.guest_unpack);
    assert_false(o.window_wanted);
    refused("-kernel k -nographic=1", "-nographic takes no value");
}

static void memory(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t mib;
    } sizes[] = {{"1", 1},
                 {"256", 256},
                 {"512M", 512},
                 {"512m", 512},
                 {"1G", 1024},
                 {"1.5G", 1536},
                 {"size=64M", 64},
                 {"0.5g", 512},
                 {"2097152K", 2048},
                 {"size=2", 2},
                 {"0x10", 0},
                 {"64G", 64 * 1024},
                 {"65G", 0},
                 {"0", 0},
                 {"-1", 0},
                 {"1048576b", 1},
                 {"1k", 0},
                 {"1.3M", 0},
                 {"M", 0},
                 {"512MB", 0},
                 {"1e3", 0},
                 {"1.G", 0},
                 {"nan", 0},
                 {"99999999999999", 0},
                 {"18446744073709551616", 0},
                 {"512,slots=2", 0},
                 {"0.1", 0},
                 {"17179869184G", 0}};
    for (unsigned n = 0; n < ARRAY_LEN(sizes); n++) {
        char line[100];
        snprintf(line, sizeof line, "-kernel k -m %s", sizes[n].text);
        if (sizes[n].mib)
            assert_int_equal(good(line).ram_bytes, sizes[n].mib << 20);
        else
            refused(line, sizes[n].text);
    }
}

static void processors(void **state)
{
    (void)state;
    assert_null(good("-kernel k").cpu_model);
    assert_string_equal(good("-kernel k -cpu pentium3").cpu_model, "pentium3");
    assert_int_equal(good("-kernel k -smp 4").cpus, 4);
    assert_int_equal(good("-kernel k -smp cpus=3,maxcpus=4").cpus, 3);
    assert_int_equal(good("-kernel k -smp 2,sockets=1,cores=2,threads=1").cpus, 2);
    assert_int_equal(good("-kernel k -smp sockets=2,cores=3").cpus, 6);
    refused("-kernel k -cpu v2,+avx", "cannot be changed");
    refused("-kernel k -smp 0", "-smp 0");
    refused("-kernel k -smp 256", "-smp 256");
    refused("-kernel k -smp two", "-smp two");
    refused("-kernel k -smp 2,cows=3", "cows");
    refused("-kernel k -smp sockets=200,cores=200", "200");
}

static void ports(void **state)
{
    (void)state;
    struct options o = good("-kernel k -serial file:a -serial null -serial stdio -serial file:b:c,d");
    assert_int_equal(o.serial_count, 4);
    assert_int_equal(dev(&o, o.serial[0])->kind, CHARDEV_FILE);
    assert_string_equal(dev(&o, o.serial[0])->path, "a");
    assert_int_equal(o.serial[1], PORT_NOWHERE);
    assert_int_equal(dev(&o, o.serial[2])->kind, CHARDEV_STDIO);
    assert_true(!dev(&o, o.serial[2])->mux && dev(&o, o.serial[2])->signals);
    assert_string_equal(dev(&o, o.serial[3])->path, "b:c,d");
    assert_string_equal(dev(&o, o.serial[3])->label, "serial3");
    o = good("-kernel k -serial mon:stdio");
    assert_true(dev(&o, o.serial[0])->mux && !dev(&o, o.serial[0])->signals);
    assert_int_equal(good("-kernel k -serial none").serial_count, 0);
    assert_int_equal(good("-kernel k -serial null -serial none").serial_count, 1);
    assert_int_equal(good("-kernel k -nodefaults").serial_count, 0);
    assert_int_equal(good("-kernel k -nodefaults -serial null").serial_count, 1);
    refused("-kernel k -serial none -serial null", "null");
    refused("-kernel k -serial stdio -serial mon:stdio", "only once");
    refused("-kernel k -serial null -serial null -serial null -serial null -serial null", "4");
    refused("-kernel k -serial file:", "name is missing");
    refused("-kernel k -serial telnet:localhost:4444,server", "telnet is not there");
    refused("-kernel k -serial vc", "not there");
    good("-kernel k -parallel none");
    refused("-kernel k -parallel stdio", "no parallel port");
}

static void sockets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool server, wait;
    } cases[] = {{"unix:/p", false, false},
                 {"unix:/p,server", true, true},
                 {"unix:/p,server,nowait", true, false},
                 {"unix:/p,server=on,wait=off", true, false},
                 {"unix:/p,server=on,wait=on", true, true},
                 {"unix:/p,wait=off,server=on", true, false},
                 {"unix:/p,server=off", false, false},
                 {"tcp:h:1", false, false},
                 {"tcp:h:1,server,nowait,nodelay", true, false},
                 {"tcp:h:1,server=on,ipv4=on", true, true}};
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        char line[100];
        snprintf(line, sizeof line, "-kernel k -serial %s", cases[n].text);
        struct options o = good(line);
        const struct chardev_options *c = dev(&o, o.serial[0]);
        if (c->server != cases[n].server || c->wait != cases[n].wait)
            fail_msg("%s: server %d, wait %d", cases[n].text, c->server, c->wait);
        if (c->kind == CHARDEV_UNIX)
            assert_string_equal(c->path, "/p");
        else
            assert_true(!strcmp(c->host, "h") && !strcmp(c->port, "1"));
    }
    struct options o = good("-kernel k -serial tcp::65535,server -serial tcp:[::1]:0,server -serial unix:a,,b");
    assert_string_equal(dev(&o, o.serial[0])->host, "");
    assert_string_equal(dev(&o, o.serial[1])->host, "::1");
    assert_string_equal(dev(&o, o.serial[2])->path, "a,b");
    static const char *const wrong[] = {"tcp:4444",       "tcp:h:65536",  "tcp:h:",         "tcp:h:x",
                                        "tcp:h:-1",       "unix:",        "unix:/p,serv",   "unix:/p,wait",
                                        "unix:/p,wait=1", "unix:/p,mux=", "tcp:h:1,path=x", "unix:/p,port=1"};
    for (unsigned n = 0; n < ARRAY_LEN(wrong); n++) {
        char line[100];
        snprintf(line, sizeof line, "-kernel k -serial %s", wrong[n]);
        refused(line, wrong[n]);
    }
    char line[300] = "-kernel k -serial unix:/";
    memset(line + strlen(line), 'x', 200);
    refused(line, "107 characters");
}

static void character_devices(void **state)
{
    (void)state;
    struct options o = good("-kernel k -serial chardev:b -chardev file,id=a,path=x,,y,append=on,logfile=l "
                            "-chardev socket,id=b,host=h,port=7,server=on,wait=off -device isa-serial,chardev=a");
    assert_int_equal(o.serial_count, 2);
    assert_string_equal(dev(&o, o.serial[1])->path, "x,y");
    assert_true(dev(&o, o.serial[1])->append);
    assert_string_equal(dev(&o, o.serial[1])->logfile, "l");
    assert_string_equal(dev(&o, o.serial[0])->port, "7");
    assert_true(dev(&o, o.serial[0])->server && !dev(&o, o.serial[0])->wait);
    o = good(
        "-kernel k -chardev stdio,id=c,mux=on,signal=off -serial chardev:c -device isa-debugcon,iobase=0xe9,chardev=c "
        "-mon chardev=c,mode=readline -mon c,mode=control");
    assert_int_equal(o.chardevs, 1);
    assert_true(o.serial[0] == 0 && o.debugcon == 0 && !o.chardev[0].signals);
    assert_int_equal(o.ends, 2);
    assert_true(o.end[0].kind == END_MONITOR && o.end[1].kind == END_QMP);
    refused("-kernel k -chardev stdio,id=c -serial chardev:c -mon chardev=c", "only once, or with mux=on");
    refused("-kernel k -serial chardev:c", "id=c");
    refused("-kernel k -chardev stdio,id=c -chardev null,id=c", "already");
    refused("-kernel k -chardev stdio", "id=ID is missing");
    refused("-kernel k -chardev file,id=c", "name is missing");
    refused("-kernel k -chardev socket,id=c", "port is missing");
    refused("-kernel k -chardev socket,id=c,path=p,host=h", "'host' is not known");
    refused("-kernel k -chardev spicevmc,id=c", "there is no 'spicevmc'");
    refused("-kernel k -chardev null,id=c,server=on", "does not fit");
    refused("-kernel k -chardev stdio,id=c,mux=perhaps", "on or off");
    refused("-kernel k -device isa-serial", "chardev=ID is missing");
    refused("-kernel k -device isa-debugcon,chardev=c,iobase=0x402", "0xe9");
}

static void ends_of_the_outside(void **state)
{
    (void)state;
    struct options o = good("-kernel k -nographic -s -S -qmp unix:q,server,nowait -monitor tcp::2,server -echr 0x14");
    assert_int_equal(o.ends, 3);
    assert_true(o.paused && o.escape == 0x14);
    assert_int_equal(o.end[0].kind, END_GDB);
    const struct chardev_options *c = &o.chardev[o.end[0].dev];
    assert_true(c->kind == CHARDEV_TCP && !strcmp(c->port, "1234") && c->server && !c->wait);
    assert_true(o.end[1].kind == END_QMP && o.end[2].kind == END_MONITOR);
    // Somebody else has the monitor, so the terminal is the port's alone.
    assert_false(dev(&o, o.serial[0])->mux);
    assert_int_equal(good("-kernel k -nographic -monitor none").ends, 0);
    o = good("-kernel k -gdb unix:g -gdb tcp:h:1,server=off -gdb tcp::3,server=on,wait=on");
    assert_true(o.chardev[0].server && !o.chardev[0].wait && !o.chardev[1].server && o.chardev[2].wait);
    refused("-kernel k -monitor file:x", "a file cannot ask");
    refused("-kernel k -echr 0", "Ctrl-A");
    refused("-kernel k -echr 256", "255");
    refused("-kernel k -mon mode=control", "chardev=ID");
    refused("-kernel k -mon chardev=x,mode=strange", "chardev=ID");
}

static void displays_decide_the_first_port(void **state)
{
    (void)state;
    struct options o = good("-kernel k -nographic");
    assert_int_equal(dev(&o, o.serial[0])->kind, CHARDEV_STDIO);
    o = good("-kernel k -display none");
    assert_false(o.window_wanted);
    assert_int_equal(o.serial_count, 1);
    assert_int_equal(o.serial[0], PORT_NOWHERE);
    o = good("-kernel k -display none -serial stdio -monitor none -nic none -net none");
    assert_int_equal(dev(&o, o.serial[0])->kind, CHARDEV_STDIO);
    o = good("-kernel k -debugcon stdio");
    assert_int_equal(o.serial[0], PORT_NOWHERE);
    assert_int_equal(dev(&o, o.debugcon)->kind, CHARDEV_STDIO);
    refused("-kernel k -nographic -debugcon stdio", "only once");
    refused("-kernel k -display sdl", "no window yet");
}

static void verdicts(void **state)
{
    (void)state;
    struct options o = good("-kernel k --fail-on panic,text=a,,b,halt --fail-on triple-fault,text=c=d --timeout 1.5 "
                            "--max-ticks 0x10 --status-json s -pidfile p -D l");
    assert_true(o.fail_panic && o.fail_triple && o.fail_halt && o.fail_texts == 2 && options_judged(&o));
    assert_memory_equal(o.fail_text[0], "a,,b,halt", 10);
    assert_string_equal(o.fail_text[1], "c=d");
    assert_true(o.timeout_ns == 1500000000 && o.max_ticks == 16);
    assert_string_equal(o.status_file, "s");
    assert_string_equal(o.pid_file, "p");
    assert_string_equal(o.log_file, "l");
    assert_true(good("-kernel k -action reboot=shutdown").no_reboot);
    o = good("-kernel k -no-shutdown -action reboot=reset,panic=none");
    assert_true(o.no_shutdown && !o.no_reboot && o.panic == PANIC_NONE);
    assert_int_equal(good("-kernel k -action panic=pause,shutdown=pause").panic, PANIC_PAUSE);
    refused("-kernel k --fail-on fire", "fire");
    refused("-kernel k --fail-on text=", "text=");
    refused("-kernel k --timeout 0", "more than 0");
    refused("-kernel k --timeout -1", "-1");
    refused("-kernel k --timeout soon", "soon");
    refused("-kernel k --max-ticks 0", "at least 1");
    refused("-kernel k -action panic=cry", "exit-failure");
    refused("-kernel k -action watchdog=reset", "no watchdog");
}

static void habits(void **state)
{
    (void)state;
    static const char *const noted[] = {"-enable-kvm",      "-accel kvm",   "-machine q35",       "-M accel=tcg",
                                        "-M pc,vmport=off", "-usb",         "-device usb-tablet", "-k de",
                                        "-icount shift=1",  "-vga std",     "-no-user-config",    "-boot order=c",
                                        "-no-hpet",         "-global a.b=c"};
    for (unsigned n = 0; n < ARRAY_LEN(noted); n++) {
        char line[100], option[100];
        snprintf(line, sizeof line, "-kernel k %s", noted[n]);
        struct options o = good(line);
        if (o.notes != 1)
            fail_msg("%s: %u notes", noted[n], o.notes);
        snprintf(option, sizeof option, "%.*s", (int)strcspn(noted[n], " "), noted[n]);
        assert_memory_equal(o.note[0], option, strlen(option));
    }
    // These do what they say.
    assert_int_equal(good("-kernel k -machine pc -net none -parallel none -M type=pc-i440fx-7.2").notes, 0);
    assert_true(good("-kernel k -no-acpi").no_acpi);
    assert_true(good("-kernel k -M pc,acpi=off").no_acpi);
    refused("-kernel k -daemonize", "foreground");
    assert_string_equal(good("-kernel k -name globe").name, "globe");
    assert_string_equal(good("-kernel k -name guest=globe").name, "globe");
    refused("-kernel k -name globe,process=x", "only a name");
    refused("-kernel k -M virt", "no machine 'virt'");
    char many[1024] = "-kernel k";
    for (unsigned n = 0; n < 20; n++)
        strcat(many, " -usb");
    assert_int_equal(good(many).notes, 20);
}

static void logs(void **state)
{
    (void)state;
    char error[200];
    struct options o = good("-kernel k -d int,cpu_reset,mmu -D f --trace insn,0x1000-0x1fff --trace io");
    assert_string_equal(o.log_items, "int,cpu_reset,mmu");
    assert_string_equal(o.log_file, "f");
    assert_int_equal(o.traces, 2);
    assert_string_equal(o.trace[1], "io");
    assert_int_equal(parse(&o, "-d help", error, sizeof error), OPTIONS_LOG_HELP);
    refused("-kernel k -d int,foo", "-d int,foo: there is no log item 'foo' (-d help has them)");
    refused("-kernel k --trace insn,9", "expected insn, block, int, io or mem");
    char many[1024] = "-kernel k";
    for (unsigned n = 0; n <= OPTIONS_TRACES; n++)
        strcat(many, " --trace=io");
    refused(many, "more than 16");
}

static void dates(void **state)
{
    (void)state;
    assert_int_equal(good("-kernel k -rtc base=utc").rtc, RTC_UTC);
    assert_int_equal(good("-kernel k -rtc clock=vm,base=localtime").rtc, RTC_LOCALTIME);
    assert_int_equal(good("-kernel k -rtc base=1970-01-01").rtc_date, 0);
    assert_int_equal(good("-kernel k -rtc base=2026-01-01T00:00:00").rtc_date, 1767225600);
    assert_int_equal(good("-kernel k -rtc base=2000-02-29T23:59:59").rtc_date, 951868799);
    assert_int_equal(good("-kernel k -rtc base=2000-03-01,clock=vm").rtc_date, 951868800);
    assert_true(good("-kernel k -rtc base=2106-02-07T06:28:16").rtc_date == 4294967296);
    assert_int_equal(good("-kernel k -rtc base=2106-02-07").rtc, RTC_DATE);
    static const char *const wrong[] = {"base=1969-12-31",
                                        "base=2023-02-29",
                                        "base=2100-02-29",
                                        "base=2026-13-01",
                                        "base=2026-01-01T24:00:00",
                                        "base=2026-01-01T00:00",
                                        "base=26-01-01",
                                        "base=now",
                                        "clock=host",
                                        "soon",
                                        "base"};
    for (unsigned n = 0; n < ARRAY_LEN(wrong); n++) {
        char line[100];
        snprintf(line, sizeof line, "-kernel k -rtc %s", wrong[n]);
        refused(line, wrong[n]);
    }
}

static void ends_and_digests(void **state)
{
    (void)state;
    assert_int_equal(good("-kernel k --until 0").until_ticks, 0);
    assert_int_equal(good("-kernel k --until 123456789").until_ticks, 123456789);
    struct options o = good("-kernel k --until 2.5s");
    assert_true(o.until_ticks == UINT64_MAX && o.until_ns == 2500000000);
    assert_int_equal(good("-kernel k --until 100ms").until_ns, 100000000);
    assert_int_equal(good("-kernel k --until 1.5us").until_ns, 1500);
    assert_int_equal(good("-kernel k --until 0.0000000019s").until_ns, 1);
    refused("-kernel k --until 3m", "3m");
    refused("-kernel k --until s", "--until s");
    refused("-kernel k --until 99999999999999s", "99999999999999s");
    o = good("-kernel k --digest");
    assert_true(o.digest && !o.digest_file);
    assert_string_equal(good("-kernel k --digest=f").digest_file, "f");
    o = good("-kernel k --digest-every 1000");
    assert_true(o.digest && o.digest_every == 1000);
    refused("-kernel k --digest-every 0", "at least 1");
    refused("-kernel k --digest=", "missing");
    o = good("-kernel k --seed 0xffffffffffffffff --time fast --engine interp");
    assert_true(o.seed_given && o.seed == UINT64_MAX && o.time == TIME_FAST);
    assert_int_equal(good("-kernel k --time live").time, TIME_LIVE);
    refused("-kernel k --seed 0x", "0x");
    refused("-kernel k --seed 18446744073709551616", "18446744073709551616");
    refused("-kernel k --time slow", "slow");
    if (machine_has_jit())
        assert_true(good("-kernel k --engine jit").jit);
    else
        refused("-kernel k --engine jit", "only the interpreter");
    refused("-kernel k --engine steam", "steam");
}

static void devices(void **state)
{
    (void)state;
    assert_false(good("-kernel k").debug_exit_501);
    assert_true(good("-kernel k -device isa-debug-exit").debug_exit_501);
    assert_true(good("-kernel k -device isa-debug-exit,iobase=0x501").debug_exit_501);
    assert_false(good("-kernel k -device isa-debug-exit,iobase=0xf4").debug_exit_501);
    good("-kernel k -device isa-debug-exit,iobase=0xf4,iosize=0x04");
    good("-kernel k -device isa-debug-exit,iosize=1,iobase=244");
    refused("-kernel k -device isa-debug-exit,iobase=0x500", "0xf4 or 0x501");
    refused("-kernel k -device isa-debug-exit,iosize=8", "iosize=");
    refused("-kernel k -device isa-debug-exit,colour=red", "colour=red");
    refused("-kernel k -device isa-debug-exits", "isa-debug-exits");
    refused("-kernel k -device e1000", "e1000");
    refused("-kernel k -device isa-debug-exit,iobase=0x000000000000000000000000000000000000000000000000000000000000000"
            "00000000000000000000000000000000000000000000000000000000000f4",
            "too long");
    assert_false(good("-kernel k").pvpanic);
    assert_true(good("-kernel k -device pvpanic").pvpanic);
    assert_true(good("-kernel k -device pvpanic,ioport=0x505").pvpanic);
    refused("-kernel k -device pvpanic,ioport=0x506", "ioport=0x505");
    refused("-kernel k -device pvpanic,events=1", "ioport=0x505");
    refused("-kernel k -device pvpanics", "pvpanics");
}

static void firmware_configuration(void **state)
{
    (void)state;
    struct options o = good("-kernel k -fw_cfg name=opt/a,string=b,,c -fw_cfg opt/d,file=e -fw_cfg file=f,name=opt/g");
    assert_int_equal(o.fw_cfg_count, 3);
    assert_string_equal(o.fw_cfg[0].name, "opt/a");
    assert_string_equal(o.fw_cfg[0].value, "b,c");
    assert_false(o.fw_cfg[0].from_file);
    assert_string_equal(o.fw_cfg[1].name, "opt/d");
    assert_string_equal(o.fw_cfg[1].value, "e");
    assert_true(o.fw_cfg[1].from_file);
    assert_string_equal(o.fw_cfg[2].name, "opt/g");
    assert_string_equal(good("-kernel k -fw_cfg opt/a,string=").fw_cfg[0].value, "");
    refused("-kernel k -fw_cfg opt/a", "string=TEXT");
    refused("-kernel k -fw_cfg string=x", "string=TEXT");
    refused("-kernel k -fw_cfg name=,string=x", "string=TEXT");
    refused("-kernel k -fw_cfg opt/a,file=", "string=TEXT");
    refused("-kernel k -fw_cfg opt/a,string=x,", "string=TEXT");
    refused("-kernel k -fw_cfg opt/a,string=x,file=y", "string=TEXT");
    refused("-kernel k -fw_cfg opt/a,name=opt/b,string=x", "string=TEXT");
    refused("-kernel k -fw_cfg etc/e820,string=x", "the board's");
    refused("-kernel k -fw_cfg opt/a,string=x -fw_cfg opt/a,string=y", "there already");
    refused("-kernel k -fw_cfg opt/56789012345678901234567890123456789012345678901234567,string=x", "too long");
    char line[1400] = "-kernel k -fw_cfg opt/a,string=", *end = line + strlen(line);
    memset(end, 'x', 1023);
    assert_int_equal(strlen(good(line).fw_cfg[0].value), 1023);
    end[1023] = 'x';
    refused(line, "long");
    memset(end, 'x', 1100);
    refused(line, "1023");
    strcpy(line, "-kernel k");
    for (char n = 'a'; n <= 'p'; n++)
        snprintf(line + strlen(line), 40, " -fw_cfg=opt/%c,string=x", n);
    good(line);
    strcat(line, " -fw_cfg=opt/q,string=x");
    refused(line, "at most");
}

static void what_comes_later_says_so(void **state)
{
    (void)state;
    refused("-kernel k -nic user", "networks come later");
    refused("-kernel k -net nic", "networks come later");
    refused("-kernel k -hda disk.img", "disks come later");
    refused("-kernel k disk.img", "disk.img: disks come later");
    refused("-bios b", "firmware comes later");
}

static void wrong_names_get_the_nearest(void **state)
{
    (void)state;
    refused("-kernal k", "'-kernal'; did you mean '-kernel'?");
    refused("-nograhpic", "did you mean '-nographic'?");
    refused("--digest_every 5", "did you mean '--digest-every'?");
    refused("--untill=5", "unknown option '--untill'; did you mean '--until'?");
    refused("-seriall stdio", "did you mean '-serial'?");
    refused("--fail-om panic", "did you mean '--fail-on'?");
    refused("-Kernel k", "did you mean '-kernel'?");
    refused("--", "unknown option '--'");
    refused("-this-is-a-very-long-name-of-an-option-that-nobody-has-heard-of-and-that-goes-on-and-on", "did you mean");
}

static void missing_arguments(void **state)
{
    (void)state;
    refused("-kernel", "-kernel needs an argument: FILE");
    refused("-kernel k -m", "-m needs an argument");
    refused("", "-kernel FILE is missing");
    refused("-nographic -initrd i", "-initrd needs -kernel");
    refused("-append a", "-append needs -kernel");
}

static void help_and_version(void **state)
{
    (void)state;
    struct options o;
    char error[300], *text = NULL;
    size_t size;
    assert_int_equal(parse(&o, "-help", error, sizeof error), OPTIONS_HELP);
    assert_int_equal(parse(&o, "-h -zzz", error, sizeof error), OPTIONS_HELP);
    assert_int_equal(parse(&o, "--help", error, sizeof error), OPTIONS_HELP);
    assert_int_equal(parse(&o, "-version", error, sizeof error), OPTIONS_VERSION);
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    options_help(f);
    fclose(f);
    static const char *const rows[] = {"\n-h ",         "\n-m ",      "\n-kernel ",         "\n-gdb ", "\n-D ",
                                       "\n-nographic ", "\n-serial ", "\n--digest[=FILE] ", "\n-s ",   "\n-S "};
    for (unsigned n = 0; n < ARRAY_LEN(rows); n++)
        assert_non_null(strstr(text, rows[n]));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 120);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(both_dashes_and_equal_signs),
        cmocka_unit_test(memory),
        cmocka_unit_test(processors),
        cmocka_unit_test(ports),
        cmocka_unit_test(sockets),
        cmocka_unit_test(character_devices),
        cmocka_unit_test(ends_of_the_outside),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(habits),
        cmocka_unit_test(displays_decide_the_first_port),
        cmocka_unit_test(logs),
        cmocka_unit_test(dates),
        cmocka_unit_test(ends_and_digests),
        cmocka_unit_test(devices),
        cmocka_unit_test(firmware_configuration),
        cmocka_unit_test(what_comes_later_says_so),
        cmocka_unit_test(wrong_names_get_the_nearest),
        cmocka_unit_test(missing_arguments),
        cmocka_unit_test(help_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
