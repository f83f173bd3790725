// The command line: one table of options, from which parsing, `-help` and the suggestion for a wrong name come.
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include "machine/machine.h"

#include <stdio.h>

enum port_kind { PORT_NULL, PORT_STDIO, PORT_FILE };

// Where a serial port or the debug console is connected.
struct port_options {
    enum port_kind kind;
    bool keys;        // PORT_STDIO: Ctrl-A commands are taken out of the input (mon:stdio)
    const char *file; // PORT_FILE
};

#define FW_CFG_OPTIONS 16 // files that the command line can name

// A file of fw_cfg.
struct fw_cfg_option {
    char name[56];
    char value[1024]; // the text, or the name of the file that has it
    bool from_file;
};

enum time_mode { TIME_AUTO, TIME_FAST, TIME_LIVE };
enum rtc_base { RTC_DEFAULT, RTC_UTC, RTC_LOCALTIME, RTC_DATE };

// What the command line asks for. Pointers go into argv.
struct options {
    const char *kernel, *initrd, *append; // NULL: not given
    uint64_t ram_bytes;
    unsigned cpus;         // 1..255
    const char *cpu_model; // NULL: the default
    struct machine_smbios smbios;
    unsigned serial_count;
    struct port_options serial[MACHINE_SERIAL_PORTS];
    struct port_options debugcon;
    bool window_wanted; // neither -nographic nor -display none was given
    struct fw_cfg_option fw_cfg[FW_CFG_OPTIONS];
    unsigned fw_cfg_count;
    bool pvpanic;
    bool no_reboot;
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

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

// Parses argv[1..argc-1]. OPTIONS_BAD comes with one line in `error` (size bytes). Opens and reads nothing.
enum options_result options_parse(struct options *o, int argc, char **argv, char *error, size_t size);

// Prints all options, each at column 0.
void options_help(FILE *to);

const char *options_version(void);

#endif
