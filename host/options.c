// The command line in QEMU's spelling. A single and a double dash are the same, and `--name=value` is `--name value`.
// Not implemented: disks, firmware, displays, networks: each says so.
#include "host/options_parse.h"
#include "host/smbios.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#ifndef SNOWGLOBE_VERSION
#define SNOWGLOBE_VERSION "unknown"
#endif

enum argument { ARG_NONE, ARG_NEEDED, ARG_OPTIONAL };

struct option {
    const char *name;
    const char *dashes; // as -help prints it
    enum argument argument;
    const char *usage; // what follows the name in -help
    const char *help;  // NULL: not in -help
    // Takes the value (NULL without one); false with a line in p->error.
    bool (*take)(struct parser *p, const char *value);
};

bool __attribute__((format(printf, 2, 3))) bad(struct parser *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->error, p->error_size, fmt, ap);
    va_end(ap);
    return false;
}

bool __attribute__((format(printf, 2, 3))) note(struct parser *p, const char *fmt, ...)
{
    struct options *o = p->o;
    if (o->notes == OPTIONS_NOTES)
        return true;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(o->note[o->notes++], sizeof o->note[0], fmt, ap);
    va_end(ap);
    return true;
}

bool bad_value(struct parser *p, const char *value, const char *expected)
{
    return bad(p, "%s %s: expected %s", p->shown, value, expected);
}

// ---- words and numbers
// ------------------------------------------------------------------------------------------------

const char *value_of(const char *text, const char *word)
{
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && text[n] == '=' ? text + n + 1 : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool parse_u64(const char *text, uint64_t *out)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return false;
    uint64_t v = 0;
    for (; *text; text++) {
        unsigned digit;
        if (is_digit(*text))
            digit = (unsigned)(*text - '0');
        else if (base == 16 && ((*text | 32) >= 'a' && (*text | 32) <= 'f'))
            digit = (unsigned)((*text | 32) - 'a' + 10);
        else
            return false;
        if (v > (UINT64_MAX - digit) / base)
            return false;
        v = v * base + digit;
    }
    *out = v;
    return true;
}

bool parse_decimal(const char *text, const char **end, uint64_t *whole, uint64_t *billionths)
{
    if (!is_digit(*text))
        return false;
    *whole = 0;
    for (; is_digit(*text); text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (*whole > (UINT64_MAX - digit) / 10)
            return false;
        *whole = *whole * 10 + digit;
    }
    *billionths = 0;
    if (*text == '.') {
        if (!is_digit(*++text))
            return false;
        uint64_t place = 100000000;
        for (; is_digit(*text); text++, place /= 10)
            *billionths += place * (unsigned)(*text - '0');
    }
    *end = text;
    return true;
}

bool scale(uint64_t whole, uint64_t billionths, uint64_t unit, uint64_t *out)
{
    if (whole > UINT64_MAX / unit)
        return false;
    uint64_t part = mul_div_u64(billionths, unit, 1000000000);
    if (whole * unit > UINT64_MAX - part)
        return false;
    *out = whole * unit + part;
    return true;
}

// ---- the options, in the order of the table
// ---------------------------------------------------------------------------

static bool take_help(struct parser *p, const char *value)
{
    (void)value;
    p->result = OPTIONS_HELP;
    return true;
}

static bool take_version(struct parser *p, const char *value)
{
    (void)value;
    p->result = OPTIONS_VERSION;
    return true;
}

static bool take_kernel(struct parser *p, const char *value)
{
    p->o->kernel = value;
    return true;
}

static bool take_initrd(struct parser *p, const char *value)
{
    p->o->initrd = value;
    return true;
}

static bool take_append(struct parser *p, const char *value)
{
    p->o->append = value;
    return true;
}

static bool take_guest_unpack(struct parser *p, const char *value)
{
    (void)value;
    p->o->guest_unpack = true;
    return true;
}

static bool take_memory(struct parser *p, const char *value)
{
    static const char expected[] = "a size such as 128, 512M or 1G";
    const char *text = value_of(value, "size"), *end;
    text = text ? text : value;
    uint64_t whole, billionths, unit = 1 << 20, bytes;
    if (!parse_decimal(text, &end, &whole, &billionths))
        return bad_value(p, value, expected);
    if (*end) {
        static const char suffixes[] = "bkmgt";
        const char *suffix = strchr(suffixes, *end | 32);
        if (!suffix || end[1])
            return bad_value(p, value, expected);
        unit = (uint64_t)1 << 10 * (suffix - suffixes);
    }
    if (!scale(whole, billionths, unit, &bytes) || bytes > MACHINE_MAX_RAM)
        return bad(p, "%s %s: more than %u GiB", p->shown, value, (unsigned)(MACHINE_MAX_RAM >> 30));
    if (bytes < (1 << 20) || bytes % (1 << 20))
        return bad(p, "%s %s: not a whole number of MiB, at least one", p->shown, value);
    p->o->ram_bytes = bytes;
    return true;
}

static bool take_smp(struct parser *p, const char *value)
{
    static const char expected[] = "a number of processors from 1 to 255";
    static const char *const topology[] = {"maxcpus", "sockets", "dies", "clusters", "modules", "cores", "threads"};
    char copy[128];
    uint64_t cpus = 0, product = 1;
    if (strlen(value) >= sizeof copy)
        return bad_value(p, value, expected);
    strcpy(copy, value);
    char *rest = copy;
    for (unsigned n = 0; rest; n++) {
        char *word = rest, *comma = strchr(rest, ',');
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = 0;
        const char *number = n == 0 && is_digit(*word) ? word : value_of(word, "cpus");
        if (number) {
            if (!parse_u64(number, &cpus) || cpus == 0)
                return bad_value(p, value, expected);
            continue;
        }
        unsigned t = 0;
        while (t < ARRAY_LEN(topology) && !value_of(word, topology[t]))
            t++;
        uint64_t factor;
        if (t == ARRAY_LEN(topology) || !parse_u64(value_of(word, topology[t]), &factor) || factor == 0 || factor > 255)
            return bad_value(p, value, expected);
        if (t > 0 && (product *= factor) > 255)
            return bad_value(p, value, expected);
    }
    cpus = cpus ? cpus : product;
    if (cpus > 255)
        return bad_value(p, value, expected);
    p->o->cpus = (unsigned)cpus;
    return true;
}

static bool take_cpu(struct parser *p, const char *value)
{
    if (strchr(value, ','))
        return bad(p, "%s %s: features of a model cannot be changed", p->shown, value);
    p->o->cpu_model = value;
    return true;
}

static bool take_smbios(struct parser *p, const char *value)
{
    char word[128];
    const char *wrong = smbios_option(&p->o->smbios, value, word, sizeof word);
    return !wrong || bad(p, "%s %s: '%s' %s", p->shown, value, word, wrong);
}

static bool take_uuid(struct parser *p, const char *value)
{
    return smbios_uuid(&p->o->smbios, value) || bad_value(p, value, "a UUID, xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

static bool take_nographic(struct parser *p, const char *value)
{
    (void)value;
    p->nographic = p->display_given = true;
    return true;
}

static bool take_display(struct parser *p, const char *value)
{
    if (strcmp(value, "none") != 0)
        return bad(p, "%s %s: there is no window yet; only 'none' works", p->shown, value);
    p->display_given = true;
    return true;
}

static bool take_network(struct parser *p, const char *value)
{
    return strcmp(value, "none") == 0 || bad(p, "%s %s: networks come later; only 'none' works", p->shown, value);
}

// Days from 1970-01-01 to a day of the proleptic Gregorian calendar, year 1 or later.
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    // Years that begin in March have their leap day at the end.
    if (month <= 2) {
        year--;
        month += 12;
    }
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
}

// Exactly `n` digits at *text, which is moved on.
static bool parse_digits(const char **text, unsigned n, int *out)
{
    *out = 0;
    for (; n; n--, ++*text) {
        if (!is_digit(**text))
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool parse_mark(const char **text, char mark)
{
    return *(*text)++ == mark;
}

// YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, from 1970 on.
static bool parse_date(const char *text, uint64_t *seconds)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour = 0, minute = 0, second = 0;
    if (!parse_digits(&text, 4, &year) || !parse_mark(&text, '-') || !parse_digits(&text, 2, &month) ||
        !parse_mark(&text, '-') || !parse_digits(&text, 2, &day))
        return false;
    if (*text && (!parse_mark(&text, 'T') || !parse_digits(&text, 2, &hour) || !parse_mark(&text, ':') ||
                  !parse_digits(&text, 2, &minute) || !parse_mark(&text, ':') || !parse_digits(&text, 2, &second)))
        return false;
    if (*text || year < 1970 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > lengths[month - 1] + (month == 2 && leap))
        return false;
    *seconds = (uint64_t)(days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
    return true;
}

static bool take_rtc(struct parser *p, const char *value)
{
    static const char expected[] = "base=utc, base=localtime or base=YYYY-MM-DDTHH:MM:SS";
    char copy[128];
    if (!*value || strlen(value) >= sizeof copy)
        return bad_value(p, value, expected);
    strcpy(copy, value);
    for (char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
        const char *base = value_of(word, "base"), *clock = value_of(word, "clock");
        if (clock) {
            if (strcmp(clock, "vm") != 0)
                return bad(p, "%s %s: the clock runs in guest time; only clock=vm works", p->shown, value);
            continue;
        }
        if (base && strcmp(base, "utc") == 0)
            p->o->rtc = RTC_UTC;
        else if (base && strcmp(base, "localtime") == 0)
            p->o->rtc = RTC_LOCALTIME;
        else if (base && parse_date(base, &p->o->rtc_date))
            p->o->rtc = RTC_DATE;
        else
            return bad_value(p, value, expected);
    }
    return true;
}

static bool take_time(struct parser *p, const char *value)
{
    if (strcmp(value, "fast") == 0)
        p->o->time = TIME_FAST;
    else if (strcmp(value, "live") == 0)
        p->o->time = TIME_LIVE;
    else
        return bad_value(p, value, "fast or live");
    return true;
}

static bool take_digest(struct parser *p, const char *value)
{
    if (value && !*value)
        return bad(p, "%s=: the file's name is missing", p->shown);
    p->o->digest = true;
    p->o->digest_file = value;
    return true;
}

static bool take_digest_every(struct parser *p, const char *value)
{
    if (!parse_u64(value, &p->o->digest_every) || p->o->digest_every == 0)
        return bad_value(p, value, "a number of ticks, at least 1");
    p->o->digest = true;
    return true;
}

static bool take_seed(struct parser *p, const char *value)
{
    p->o->seed_given = true;
    return parse_u64(value, &p->o->seed) || bad_value(p, value, "a number of 64 bits");
}

static bool take_engine(struct parser *p, const char *value)
{
    p->o->jit = strcmp(value, "jit") == 0;
    if (p->o->jit && !machine_has_jit())
        return bad(p, "%s jit: this build has only the interpreter", p->shown);
    return p->o->jit || strcmp(value, "interp") == 0 || bad_value(p, value, "interp or jit");
}

static bool take_disk(struct parser *p, const char *value)
{
    (void)value;
    return bad(p, "%s: disks come later", p->shown);
}

static bool take_firmware(struct parser *p, const char *value)
{
    (void)value;
    return bad(p, "%s: firmware comes later; start a kernel with -kernel", p->shown);
}

static bool take_nodefaults(struct parser *p, const char *value)
{
    (void)value;
    p->nodefaults = true;
    return true;
}

static bool take_no_acpi(struct parser *p, const char *value)
{
    (void)value;
    p->o->no_acpi = true;
    return true;
}

static bool take_paused(struct parser *p, const char *value)
{
    (void)value;
    p->o->paused = true;
    return true;
}

static bool take_pid_file(struct parser *p, const char *value)
{
    p->o->pid_file = value;
    return *value || bad(p, "%s: the file's name is missing", p->shown);
}

static bool take_name(struct parser *p, const char *value)
{
    const char *name = value_of(value, "guest");
    p->o->name = name ? name : value;
    return !strchr(p->o->name, ',') || bad(p, "%s %s: only a name", p->shown, value);
}

// clang-format off
static const struct option options[] = {
    {"h",            "-",  ARG_NONE,     "",                "print this help", take_help},
    {"help",         "-",  ARG_NONE,     "",                "print this help", take_help},
    {"version",      "-",  ARG_NONE,     "",                "print the version", take_version},
    {"kernel",       "-",  ARG_NEEDED,   " FILE",           "kernel to start: Linux bzImage, multiboot or PVH", take_kernel},
    {"initrd",       "-",  ARG_NEEDED,   " FILE",           "initial RAM disk; multiboot modules: \"FILE WORDS,FILE WORDS\"", take_initrd},
    {"append",       "-",  ARG_NEEDED,   " STRING",         "kernel command line", take_append},
    {"m",            "-",  ARG_NEEDED,   " [size=]SIZE",    "guest memory: 128, 512M, 1G (default 128 MiB)", take_memory},
    {"cpu",          "-",  ARG_NEEDED,   " 486|pentium|pentium3|qemu64|v2|max", "processor (default v2)", take_cpu},
    {"smp",          "-",  ARG_NEEDED,   " [cpus=]N",       "processors announced to the guest (one runs)", take_smp},
    {"smbios",       "-",  ARG_NEEDED,   " type=N,NAME=TEXT,...", "texts in the SMBIOS tables: types 0, 1, 3, 4 and 17", take_smbios},
    {"uuid",         "-",  ARG_NEEDED,   " UUID",           "the machine's UUID in the SMBIOS tables", take_uuid},
    {"nographic",    "-",  ARG_NONE,     "",                "no window; serial port 1 and the monitor share this terminal", take_nographic},
    {"display",      "-",  ARG_NEEDED,   " none",           "no window", take_display},
    {"serial",       "-",  ARG_NEEDED,   " DEV",            "next serial port, up to 4 times: stdio, mon:stdio (with Ctrl-A keys),\n"
                                                            "null, none, file:F, pty, unix:PATH[,server=on][,wait=off],\n"
                                                            "tcp:HOST:PORT[,server=on][,wait=off], chardev:ID", take_serial},
    {"parallel",     "-",  ARG_NEEDED,   " none",           "no parallel port", take_parallel},
    {"chardev",      "-",  ARG_NEEDED,   " KIND,id=ID,...", "a device to refer to: stdio, file, socket, pty or null, with path=,\n"
                                                            "host=, port=, server=, wait=, mux=, signal=, logfile=", take_chardev},
    {"debugcon",     "-",  ARG_NEEDED,   " DEV",            "debug console, port 0xe9", take_debugcon},
    {"monitor",      "-",  ARG_NEEDED,   " DEV",            "where the monitor is; none", take_monitor},
    {"mon",          "-",  ARG_NEEDED,   " chardev=ID,...", "one more: mode=readline for people, mode=control for QMP", take_mon},
    {"qmp",          "-",  ARG_NEEDED,   " DEV",            "where QMP is", take_qmp},
    {"gdb",          "-",  ARG_NEEDED,   " DEV",            "wait for gdb: tcp::PORT, unix:PATH; does not hold the guest", take_gdb},
    {"s",            "-",  ARG_NONE,     "",                "-gdb tcp::1234", take_gdb_default},
    {"S",            "-",  ARG_NONE,     "",                "do not start before gdb, the monitor or QMP says so", take_paused},
    {"echr",         "-",  ARG_NEEDED,   " N",              "the key that begins commands instead of Ctrl-A, as a number", take_echr},
    {"device",       "-",  ARG_NEEDED,   " NAME,...",       "isa-debug-exit: writing v to port 0x501, or to 0xf4, where it always\n"
                                                            "is, ends with status (v << 1) | 1; pvpanic: the guest can tell that\n"
                                                            "it panicked; isa-serial and isa-debugcon, chardev=ID", take_device},
    {"fw_cfg",       "-",  ARG_NEEDED,   " name=N,file=F",  "give the guest a file of this name by fw_cfg; or string=TEXT", take_fw_cfg},
    {"nic",          "-",  ARG_NEEDED,   " none",           "no network card", take_network},
    {"net",          "-",  ARG_NEEDED,   " none",           "no network card", take_network},
    {"nodefaults",   "-",  ARG_NONE,     "",                "no serial port and no monitor but those asked for", take_nodefaults},
    {"no-acpi",      "-",  ARG_NONE,     "",                "no ACPI tables", take_no_acpi},
    {"no-reboot",    "-",  ARG_NONE,     "",                "a guest's reset ends the run", take_no_reboot},
    {"no-shutdown",  "-",  ARG_NONE,     "",                "a guest that switches off is paused, for the monitor", take_no_shutdown},
    {"action",       "-",  ARG_NEEDED,   " EVENT=WHAT,...", "reboot=reset|shutdown, shutdown=poweroff|pause,\n"
                                                            "panic=exit-failure|shutdown|pause|none", take_action},
    {"pidfile",      "-",  ARG_NEEDED,   " FILE",           "write the process's number there", take_pid_file},
    {"D",            "-",  ARG_NEEDED,   " FILE",           "write logs, traces and what the machine reports there, not to this terminal", take_log_file},
    {"d",            "-",  ARG_NEEDED,   " ITEM,...",       "log what the guest does: int, in_asm, exec, cpu, ... (-d help)", take_log_items},
    {"trace",        "--", ARG_NEEDED,   " KIND[,FROM-TO]", "a line for each insn, block, int, io or mem at these linear addresses;\n"
                                                            "more than once: all of them", take_trace},
    {"name",         "-",  ARG_NEEDED,   " NAME",           "the machine's name", take_name},
    {"rtc",          "-",  ARG_NEEDED,   " base=BASE",      "date at power-on: utc, localtime or YYYY-MM-DDTHH:MM:SS", take_rtc},
    {"guest-unpack", "--", ARG_NONE,     "",                "let the kernel unpack itself", take_guest_unpack},
    {"engine",       "--", ARG_NEEDED,   " interp|jit",     "how guest code is executed: the interpreter (default), or translated where\n"
                                                            "it is hot", take_engine},
    {"time",         "--", ARG_NEEDED,   " fast|live",      "skip idle time, or follow the clock on the wall (default: live with a\n"
                                                            "terminal, pipe or socket as input of a serial port)", take_time},
    {"until",        "--", ARG_NEEDED,   " N",              "end at tick N, or at guest time N with s, ms, us or ns", take_until},
    {"max-ticks",    "--", ARG_NEEDED,   " N",              "give up at tick N, with status 8", take_max_ticks},
    {"timeout",      "--", ARG_NEEDED,   " SECONDS",        "give up after this time on the wall, with status 8", take_timeout},
    {"fail-on",      "--", ARG_NEEDED,   " WHAT,...",       "end with a status of its own: panic 4, triple-fault 6, halt 10,\n"
                                                            "text=REGEX 12 (a line of serial output)", take_fail_on},
    {"status-json",  "--", ARG_NEEDED,   " FILE",           "write how the run ended there", take_status_json},
    {"digest",       "--", ARG_OPTIONAL, "[=FILE]",         "print 'digest TICK HEX' of the whole machine at the end", take_digest},
    {"digest-every", "--", ARG_NEEDED,   " N",              "print it at each multiple of N ticks, too", take_digest_every},
    {"seed",         "--", ARG_NEEDED,   " N",              "seed of everything random", take_seed},
    // What makefiles written for QEMU ask for and is not there yet says so, rather than being called unknown.
    {"hda",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"hdb",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"hdc",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"hdd",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"fda",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"fdb",          "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"cdrom",        "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"drive",        "-",  ARG_NEEDED,   "",                NULL, take_disk},
    {"bios",         "-",  ARG_NEEDED,   "",                NULL, take_firmware},
    // And what has no meaning here is taken, with a line that says so.
    {"M",            "-",  ARG_NEEDED,   "",                NULL, take_machine},
    {"machine",      "-",  ARG_NEEDED,   " pc",             "the machine: an i440FX PC; acpi=off", take_machine},
    {"accel",        "-",  ARG_NEEDED,   "",                NULL, take_accel},
    {"enable-kvm",   "-",  ARG_NONE,     "",                NULL, take_enable_kvm},
    {"no-kvm",       "-",  ARG_NONE,     "",                NULL, take_enable_kvm},
    {"daemonize",    "-",  ARG_NONE,     "",                NULL, take_daemonize},
    {"usb",          "-",  ARG_NONE,     "",                NULL, take_no_effect},
    {"usbdevice",    "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"k",            "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"icount",       "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"vga",          "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"no-user-config", "-", ARG_NONE,    "",                NULL, take_no_effect},
    {"boot",         "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"no-hpet",      "-",  ARG_NONE,     "",                NULL, take_no_effect},
    {"no-fd-bootchk", "-", ARG_NONE,     "",                NULL, take_no_effect},
    {"global",       "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"overcommit",   "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"msg",          "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"sandbox",      "-",  ARG_NEEDED,   "",                NULL, take_no_effect},
    {"rtc-td-hack",  "-",  ARG_NONE,     "",                NULL, take_no_effect},
    {"full-screen",  "-",  ARG_NONE,     "",                NULL, take_no_effect},
};
// clang-format on

#define HELP_COLUMN 24

// At least two spaces end what belongs to the option: the manual and the completions are made from this.
void options_help(FILE *to)
{
    fprintf(to, "usage: snowglobe [options]\n\n");
    for (unsigned n = 0; n < ARRAY_LEN(options); n++) {
        const struct option *o = &options[n];
        if (!o->help)
            continue;
        int column = fprintf(to, "%s%s%s", o->dashes, o->name, o->usage);
        const char *line = o->help;
        for (;;) {
            int length = (int)strcspn(line, "\n");
            fprintf(to, "%*s%.*s\n", column < HELP_COLUMN - 1 ? HELP_COLUMN - column : 2, "", length, line);
            if (!line[length])
                break;
            line += length + 1;
            column = 0;
        }
    }
    fprintf(to,
            "\nCtrl-A h in the terminal lists the keys. Status: 0 the guest powered off, or the run was ended by key,\n"
            "by a command or by --until; (v << 1) | 1 debug exit; 1 output cannot be written; 2 wrong option or file;\n"
            "4 panic; 6 triple fault; 8 --timeout or --max-ticks; 10 halted for ever; 12 a text; 14 a fault of the\n"
            "emulator. A triple fault resets the machine unless -no-reboot or --fail-on says otherwise.\n");
}

const char *options_version(void)
{
    return SNOWGLOBE_VERSION;
}

// ---- names
// ------------------------------------------------------------------------------------------------------------

#define NAME_MAX_LENGTH 24

// How many insertions, deletions, replacements and swaps of neighbours make `b` of `a`.
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned d[NAME_MAX_LENGTH + 1][NAME_MAX_LENGTH + 1];
    for (size_t i = 0; i <= na; i++) {
        for (size_t j = 0; j <= nb; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[na][nb];
}

static const struct option *nearest(const char *name, size_t length)
{
    const struct option *best = NULL;
    unsigned best_distance = 0;
    if (length > NAME_MAX_LENGTH)
        length = NAME_MAX_LENGTH;
    for (unsigned n = 0; n < ARRAY_LEN(options); n++) {
        unsigned d = distance(name, length, options[n].name, strlen(options[n].name));
        if (options[n].help && (!best || d < best_distance)) {
            best = &options[n];
            best_distance = d;
        }
    }
    return best;
}

static const struct option *find(const char *name, size_t length)
{
    for (unsigned n = 0; n < ARRAY_LEN(options); n++)
        if (strlen(options[n].name) == length && memcmp(options[n].name, name, length) == 0)
            return &options[n];
    return NULL;
}

// ---- parsing
// ----------------------------------------------------------------------------------------------------------

// What the options mean together.
static bool complete(struct parser *p)
{
    struct options *o = p->o;
    o->window_wanted = !p->display_given;
    if (!complete_devices(p))
        return false;
    if (!o->kernel && o->initrd)
        return bad(p, "-initrd needs -kernel");
    if (!o->kernel && o->append)
        return bad(p, "-append needs -kernel");
    if (!o->kernel)
        return bad(p, "nothing to start: -kernel FILE is missing (-help lists the options)");
    return true;
}

enum options_result options_parse(struct options *o, int argc, char **argv, char *error, size_t size)
{
    struct parser p = {.o = o, .error = error, .error_size = size, .result = OPTIONS_RUN};
    *o = (struct options){.ram_bytes = (uint64_t)128 << 20,
                          .cpus = 1,
                          .until_ticks = UINT64_MAX,
                          .until_ns = UINT64_MAX,
                          .timeout_ns = UINT64_MAX,
                          .max_ticks = UINT64_MAX,
                          .debugcon = PORT_NOWHERE,
                          .escape = 0x01};
    for (int n = 1; n < argc; n++) {
        const char *name = argv[n], *value = NULL;
        char shown[64];
        if (name[0] != '-' || !name[1]) {
            bad(&p, "%s: disks come later; start a kernel with -kernel", name);
            return OPTIONS_BAD;
        }
        name += name[1] == '-' ? 2 : 1;
        size_t length = strcspn(name, "=");
        const struct option *option = find(name, length);
        snprintf(shown, sizeof shown, "%.*s", (int)(name - argv[n] + (ptrdiff_t)length), argv[n]);
        p.shown = shown;
        if (!option) {
            const struct option *near = nearest(name, length);
            bad(&p, "unknown option '%s'; did you mean '%s%s'?", shown, near->dashes, near->name);
            return OPTIONS_BAD;
        }
        if (name[length]) {
            value = name + length + 1;
            if (option->argument == ARG_NONE) {
                bad(&p, "%s takes no value", shown);
                return OPTIONS_BAD;
            }
        } else if (option->argument == ARG_NEEDED) {
            if (n + 1 == argc) {
                bad(&p, "%s needs an argument:%s", shown, *option->usage ? option->usage : " VALUE");
                return OPTIONS_BAD;
            }
            value = argv[++n];
        }
        if (!option->take(&p, value))
            return OPTIONS_BAD;
        if (p.result != OPTIONS_RUN)
            return p.result;
    }
    return complete(&p) ? OPTIONS_RUN : OPTIONS_BAD;
}
