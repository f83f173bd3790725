// The command line: one table of options, from which parsing, `-help` and the suggestion for a wrong name come.
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include "host/chardev_options.h"
#include "machine/machine.h"

#include <stdio.h>

#define OPTIONS_CHARDEVS 16
#define OPTIONS_ENDS     8
#define OPTIONS_NOTES    24
#define OPTIONS_TEXTS    16 // --fail-on text=...

// Ends of the outside that talk to the machine itself (host/ends.h), and where each is connected.
enum end_kind { END_MONITOR, END_QMP, END_GDB, END_KINDS };
struct end_options {
    enum end_kind kind;
    unsigned dev;       // index into `chardev`
    const char *option; // as the user spelled it; NULL: nobody asked for it, it is there if it can be
};

#define FW_CFG_OPTIONS 16 // files that the command line can name

// A file of fw_cfg.
struct fw_cfg_option {
    char name[56];
    char value[1024]; // the text, or the name of the file that has it
    bool from_file;
};

#define OPTIONS_TRACES 16

#define PORT_NOWHERE (-1) // what the guest writes there is dropped

enum panic_action { PANIC_FAIL, PANIC_SHUTDOWN, PANIC_PAUSE, PANIC_NONE };

enum time_mode { TIME_AUTO, TIME_FAST, TIME_LIVE };
enum rtc_base { RTC_DEFAULT, RTC_UTC, RTC_LOCALTIME, RTC_DATE };

// What the command line asks for. Pointers go into argv.
struct options {
    const char *kernel, *initrd, *append; // NULL: not given
    uint64_t ram_bytes;
    unsigned cpus;         // 1..255
    const char *cpu_model; // NULL: the default
    struct machine_smbios smbios;
    struct chardev_options chardev[OPTIONS_CHARDEVS];
    unsigned chardevs;
    unsigned serial_count;
    int serial[MACHINE_SERIAL_PORTS]; // index into `chardev`, or PORT_NOWHERE
    int debugcon;                     // the same
    struct end_options end[OPTIONS_ENDS];
    unsigned ends;
    uint8_t escape;     // key that begins a multiplexer's commands
    bool window_wanted; // neither -nographic nor -display none was given
    struct fw_cfg_option fw_cfg[FW_CFG_OPTIONS];
    unsigned fw_cfg_count;
    bool debug_exit_501;
    bool pvpanic;
    bool no_acpi;
    bool paused; // -S: nothing runs until someone says so
    bool no_reboot;
    bool no_shutdown; // a guest that switches off is paused
    enum panic_action panic;
    bool fail_panic, fail_triple, fail_halt;
    const char *fail_text[OPTIONS_TEXTS]; // POSIX extended regular expressions
    unsigned fail_texts;
    uint64_t timeout_ns;                           // on the wall, UINT64_MAX: none
    uint64_t max_ticks;                            // UINT64_MAX: none
    const char *status_file, *pid_file, *log_file; // NULL: none
    const char *name;                              // of the machine; NULL: none
    const char *log_items;                         // of -d; NULL: none
    const char *trace[OPTIONS_TRACES];
    unsigned traces;
    char note[OPTIONS_NOTES][160]; // what an option does not do, to be told once
    unsigned notes;
    bool guest_unpack;
    bool jit;
    enum time_mode time;
    enum rtc_base rtc;
    uint64_t rtc_date;    // RTC_DATE: seconds since 1970
    uint64_t until_ticks; // UINT64_MAX: no such limit
    uint64_t until_ns;    // guest time, UINT64_MAX: no such limit
    bool digest;
    const char *digest_file;
    uint64_t digest_every; // ticks, 0: no series
    bool seed_given;
    uint64_t seed;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_LOG_HELP, OPTIONS_VERSION, OPTIONS_BAD };

// Parses argv[1..argc-1]. OPTIONS_BAD comes with one line in `error` (size bytes). Opens and reads nothing.
enum options_result options_parse(struct options *o, int argc, char **argv, char *error, size_t size);

// Whether how the run ends is somebody's verdict: then a fault of the emulator has a status, too.
static inline bool options_judged(const struct options *o)
{
    return o->fail_panic || o->fail_triple || o->fail_halt || o->fail_texts || o->status_file ||
           o->timeout_ns != UINT64_MAX || o->max_ticks != UINT64_MAX;
}

// Prints all options, each at column 0.
void options_help(FILE *to);
// The items of -d.
void options_log_help(FILE *to);

const char *options_version(void);

#endif
