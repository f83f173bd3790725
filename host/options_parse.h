// What the parts of the command line's parser share (host/options*.c).
#ifndef HOST_OPTIONS_PARSE_H
#define HOST_OPTIONS_PARSE_H

#include "host/options.h"

struct parser {
    struct options *o;
    const char *shown; // the option as the user spelled it, without a value after `=`
    char *error;
    size_t error_size;
    enum options_result result;
    unsigned ports; // serial ports asked for so far
    // Which device each front end named by chardev:ID, looked up when all are known.
    const char *serial_id[MACHINE_SERIAL_PORTS], *debugcon_id, *end_id[OPTIONS_ENDS];
    bool serial_absent[MACHINE_SERIAL_PORTS];
    bool display_given, nographic, nodefaults, monitor_given;
};

// One line for the error; false.
bool __attribute__((format(printf, 2, 3))) bad(struct parser *p, const char *fmt, ...);
bool bad_value(struct parser *p, const char *value, const char *expected);

// A line that is told when something starts; true.
bool __attribute__((format(printf, 2, 3))) note(struct parser *p, const char *fmt, ...);

// If `text` begins with `word` and a `=`, the value behind it, else NULL.
const char *value_of(const char *text, const char *word);

// A whole number, decimal or 0x, that takes all of `text`.
bool parse_u64(const char *text, uint64_t *out);

// A decimal number with an optional fraction, in billionths; stops at the first other character, which goes to *end.
// False without digits or beyond 64 bits.
bool parse_decimal(const char *text, const char **end, uint64_t *whole, uint64_t *billionths);

// That number times `unit`, rounded down. False beyond 64 bits.
bool scale(uint64_t whole, uint64_t billionths, uint64_t unit, uint64_t *out);

// ---- options_dev.c: devices and what they are connected to

bool take_serial(struct parser *p, const char *value);
bool take_parallel(struct parser *p, const char *value);
bool take_debugcon(struct parser *p, const char *value);
bool take_chardev(struct parser *p, const char *value);
bool take_monitor(struct parser *p, const char *value);
bool take_mon(struct parser *p, const char *value);
bool take_qmp(struct parser *p, const char *value);
bool take_gdb(struct parser *p, const char *value);
bool take_gdb_default(struct parser *p, const char *value);
bool take_echr(struct parser *p, const char *value);
bool take_device(struct parser *p, const char *value);
bool take_fw_cfg(struct parser *p, const char *value);
// After all options: defaults, and who uses what.
bool complete_devices(struct parser *p);

// ---- options_end.c: how a run ends

bool take_no_reboot(struct parser *p, const char *value);
bool take_no_shutdown(struct parser *p, const char *value);
bool take_action(struct parser *p, const char *value);
bool take_until(struct parser *p, const char *value);
bool take_max_ticks(struct parser *p, const char *value);
bool take_timeout(struct parser *p, const char *value);
bool take_fail_on(struct parser *p, const char *value);
bool take_status_json(struct parser *p, const char *value);

// ---- options_log.c: logs and traces

bool take_log_file(struct parser *p, const char *value);
bool take_log_items(struct parser *p, const char *value);
bool take_trace(struct parser *p, const char *value);

// ---- options_habit.c: what command lines written for QEMU contain

bool take_enable_kvm(struct parser *p, const char *value);
bool take_accel(struct parser *p, const char *value);
bool take_machine(struct parser *p, const char *value);
bool take_no_effect(struct parser *p, const char *value);
bool take_daemonize(struct parser *p, const char *value);
// A device that this machine does not have and whose absence does no harm.
bool is_harmless_device(const char *name);

#endif
