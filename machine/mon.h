// The monitor's inside: what its families of commands (machine/mon_*.c) have in common.
#ifndef MACHINE_MON_H
#define MACHINE_MON_H

#include "machine/edit.h"
#include "machine/monitor.h"
#include "machine/pc.h"

#define MON_POINTS  OBSERVE_POINTS
#define MON_PENDING 8192u

struct mon_point {
    unsigned number; // 0: free
    enum observe_kind kind;
    uint64_t addr, size;
};

struct monitor {
    struct control *c;
    struct char_backend out;
    const struct outside *outside; // never NULL
    enum monitor_style style;
    struct edit edit;
    char format; // of `x` and `p`, remembered as QEMU does
    unsigned size;
    struct mon_point point[MON_POINTS];
    unsigned last_point;
    unsigned buttons;             // of the mouse, as machine_mouse() has them
    bool open;                    // a client is there
    bool stepping;                // `step` runs: the prompt comes when it is done
    uint8_t pending[MON_PENDING]; // what came meanwhile
    size_t pending_count;
};

void mon_print(struct monitor *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// ---- commands and their arguments

struct mon_args {
    const char *name; // of the command as it was typed, for messages
    const char *rest; // not read yet
};

struct mon_command {
    const char *names;  // "print|p"
    const char *params; // for help
    const char *help;
    void (*run)(struct monitor *m, struct mon_args *a);
};

// Tables end with a NULL name.
extern const struct mon_command mon_run_commands[], mon_memory_commands[], mon_log_commands[];
extern const struct mon_command mon_run_infos[], mon_cpu_infos[], mon_paging_infos[], mon_chip_infos[], mon_bus_infos[];

// Ends a command with a line, and with where help is.
void mon_fail(struct monitor *m, const struct mon_args *a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// An expression (numbers, $registers, operators). False: it has been said what is wrong.
bool mon_expression(struct monitor *m, struct mon_args *a, uint64_t *value);
// Whether another argument follows.
bool mon_more(struct mon_args *a);
// The next word, "..." may have spaces. False: there is none, or it is too long, which has been said.
bool mon_word(struct monitor *m, struct mon_args *a, char *word, size_t size);
// False: there is something behind the last argument, which has been said.
bool mon_end(struct monitor *m, struct mon_args *a);

// "/FMT" in front of the arguments: digits, one of "xduoci", one of "bhwg". Leaves what is not given.
struct mon_format {
    unsigned count; // 1 unless given
    char letter;
    unsigned size; // bytes; 0: not given
};
bool mon_format(struct monitor *m, struct mon_args *a, struct mon_format *f);

// Registers by name ("rax", "eip", "cs", "cr3"). False: there is none.
bool mon_register(struct monitor *m, const char *name, uint64_t *value);
// Their names, for completion; NULL behind the last.
const char *mon_register_name(unsigned n);

// A device of the board by its class's name, "uart0" for the first of several; NULL: there is none.
const struct device *mon_device(struct monitor *m, const char *name);
// The name of device `n` so written; false behind the last.
bool mon_device_name(struct monitor *m, unsigned n, char *name, size_t size);
// Every field of a device's state table with its meaning.
void mon_device_state(struct monitor *m, const struct device *d);

// Description of a PCI class, or NULL.
const char *mon_pci_class(unsigned cls);

// 16, 32 or 64: what the code segment says.
unsigned mon_bits(const struct monitor *m);
// Shows the instruction at a linear (or physical) address; its length, or 0.
unsigned mon_instruction(struct monitor *m, enum control_space space, uint64_t addr, unsigned bits);
// Linear address of the next instruction.
uint64_t mon_pc(struct monitor *m);

// 'A' or '\n' or '\x80', as `x/c` and `p/c` show a byte.
void mon_char(char text[8], uint8_t byte);

// The point of this monitor at which the machine has stopped, or NULL.
const struct mon_point *mon_point_met(const struct monitor *m);
// What to say when the machine has stopped at a point or after steps.
void mon_stopped(struct monitor *m);

#endif
