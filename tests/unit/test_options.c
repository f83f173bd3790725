// The command line: what each option does, and one clear line for each mistake.
#include "host/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_ARGS 24

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
    assert_int_equal(o.serial[0].kind, PORT_STDIO);
    assert_true(o.serial[0].keys);
    assert_int_equal(o.debugcon.kind, PORT_NULL);
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
    struct options o = good("-kernel k -serial file:a -serial null -serial stdio -serial file:b:c");
    assert_int_equal(o.serial_count, 4);
    assert_int_equal(o.serial[0].kind, PORT_FILE);
    assert_string_equal(o.serial[0].file, "a");
    assert_int_equal(o.serial[1].kind, PORT_NULL);
    assert_int_equal(o.serial[2].kind, PORT_STDIO);
    assert_false(o.serial[2].keys);
    assert_string_equal(o.serial[3].file, "b:c");
    assert_true(good("-kernel k -serial mon:stdio").serial[0].keys);
    assert_int_equal(good("-kernel k -serial none").serial_count, 0);
    assert_int_equal(good("-kernel k -serial null -serial none").serial_count, 1);
    refused("-kernel k -serial none -serial null", "null");
    refused("-kernel k -serial stdio -serial mon:stdio", "only once");
    refused("-kernel k -serial null -serial null -serial null -serial null -serial null", "4");
    refused("-kernel k -serial file:", "name is missing");
    refused("-kernel k -serial tcp:localhost:4444", "tcp:localhost:4444");
}

static void displays_decide_the_first_port(void **state)
{
    (void)state;
    struct options o = good("-kernel k -nographic");
    assert_int_equal(o.serial[0].kind, PORT_STDIO);
    o = good("-kernel k -display none");
    assert_false(o.window_wanted);
    assert_int_equal(o.serial_count, 1);
    assert_int_equal(o.serial[0].kind, PORT_NULL);
    o = good("-kernel k -display none -serial stdio -monitor none -nic none -net none");
    assert_int_equal(o.serial[0].kind, PORT_STDIO);
    o = good("-kernel k -debugcon stdio");
    assert_int_equal(o.serial[0].kind, PORT_NULL);
    assert_int_equal(o.debugcon.kind, PORT_STDIO);
    refused("-kernel k -nographic -debugcon stdio", "only once");
    refused("-kernel k -display sdl", "no window yet");
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
    good("-kernel k -device isa-debug-exit");
    good("-kernel k -device isa-debug-exit,iobase=0xf4,iosize=0x04");
    good("-kernel k -device isa-debug-exit,iosize=1,iobase=244");
    refused("-kernel k -device isa-debug-exit,iobase=0x501", "0xf4");
    refused("-kernel k -device isa-debug-exit,iosize=8", "iosize=4");
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
    refused("-kernel k -monitor stdio", "monitor comes later");
    refused("-kernel k -nic user", "networks come later");
    refused("-kernel k -net nic", "networks come later");
    refused("-kernel k -hda disk.img", "disks come later");
    refused("-kernel k disk.img", "disk.img: disks come later");
    refused("-kernel k -s", "gdb comes later");
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
    static const char *const rows[] = {"\n-h ",         "\n-m ",      "\n-kernel ",
                                       "\n-nographic ", "\n-serial ", "\n--digest[=FILE] "};
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
        cmocka_unit_test(displays_decide_the_first_port),
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
