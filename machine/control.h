// Who may stop, step and inspect the machine: the monitor, gdb, QMP and the session's loop meet here. The loop runs the
// machine while control_running() and then tells control_ran(); the others call the functions below, between slices,
// and hear of changes as listeners. Whatever changes the guest from here is a journalled input.
#ifndef MACHINE_CONTROL_H
#define MACHINE_CONTROL_H

#include "cpu/cpu.h"
#include "machine/machine.h"
#include "machine/outside.h"

enum control_event {
    CONTROL_PAUSED,     // the machine stands; control.reason says why
    CONTROL_RESUMED,    //
    CONTROL_RESET,      // the guest or a command has reset it
    CONTROL_POWER_DOWN, // the power button was pressed by a command
    CONTROL_SHUTDOWN,   // the run is about to end; control.reason says why
    CONTROL_PANIC,      // the guest reports a panic
};

enum control_reason {
    REASON_NONE,
    REASON_START,      // -S: nothing has run yet
    REASON_COMMAND,    // stop, Ctrl-C in gdb
    REASON_STEP,       // the tick asked for was reached
    REASON_BREAKPOINT, // at the next instruction
    REASON_WATCHPOINT, // the last instruction accessed control.address
    REASON_POWER_OFF,  // the guest switched off
    REASON_RESET,      // a reset with -no-reboot
    REASON_EXIT,       // debug exit
    REASON_TRIPLE,
    REASON_QUIT,  // quit, the key to leave, a signal
    REASON_OTHER, // a limit of the run
};

#define CONTROL_LISTENERS 16
#define CONTROL_CHORDS    64
#define CONTROL_LATER     64

// Keys that are down together, and for how long.
struct control_chord {
    uint32_t usage[16];
    unsigned count;
    uint64_t hold; // guest ns
};

struct control_listener {
    void (*event)(void *ctx, enum control_event event);
    void *ctx;
};

// One instruction in progress (control_step()).
struct control_step {
    bool active;
    bool halted;         // the processor waits before it
    bool away;           // handlers run, until the instruction's address is met again
    uint64_t rip;        // linear address of the instruction
    uint64_t rsp, cr3;   // as they are before it
    uint64_t interrupts; // control_interrupts() then
};

struct control {
    struct machine *m;
    const struct outside *outside; // what commands may use; never NULL
    bool paused;
    bool quit;                      // a command asks for the end of the run
    enum control_reason reason;     // of the last CONTROL_PAUSED or CONTROL_SHUTDOWN
    uint64_t address;               // REASON_BREAKPOINT, REASON_WATCHPOINT
    enum observe_kind address_kind; // of the point that was met
    uint64_t until;                 // pauses at this tick (UINT64_MAX: none)
    uint64_t resets_told;
    struct control_step step;
    bool reset_asked; // CONTROL_RESET: by a command
    // Keys of commands, pressed one after the other. Not guest state: a saved machine has only what was entered.
    struct control_chord chord[CONTROL_CHORDS];
    unsigned chord_first, chords;
    bool chord_down;
    uint64_t chord_until; // guest ns at which the first comes up
    struct control_listener listener[CONTROL_LISTENERS];
    bool telling; // events that happen meanwhile are told later, so that all hear them in one order
    enum control_event later[CONTROL_LATER];
    unsigned later_count;
};

void control_init(struct control *c, struct machine *m, bool paused);
// False when there are too many.
bool control_listen(struct control *c, void (*event)(void *ctx, enum control_event event), void *ctx);
void control_unlisten(struct control *c, void *ctx);
void control_tell(struct control *c, enum control_event event);

void control_pause(struct control *c, enum control_reason reason);
// Goes on, up to tick `until` (UINT64_MAX: without a limit), where it pauses with REASON_STEP.
void control_resume(struct control *c, uint64_t until);
// Goes on by one instruction (of a repeated one: one iteration; or the delivery of its fault) and pauses with
// REASON_STEP, or with what was met before. External interrupts that come first are taken as ever, and their handlers
// run until the instruction's address is met again with the same stack pointer; a halt lasts until its end.
void control_step(struct control *c);
void control_quit(struct control *c);
void control_reset(struct control *c);
void control_power_down(struct control *c);

// Presses keys together (at most 16) and lets them go after `hold` guest ns; behind what still waits. False: too many.
bool control_keys(struct control *c, const uint32_t *usage, unsigned count, uint64_t hold);

// QEMU's word for the machine's state: "running", "paused", "prelaunch", "debug", "shutdown", ...
const char *control_status(const struct control *c);

static inline bool control_running(const struct control *c)
{
    return !c->paused && !c->quit;
}
// After each machine_run(): pauses where a point was met or the tick is reached.
void control_ran(struct control *c, enum machine_stop stop);

// ---- looking at the machine, changing it
// -------------------------------------------------------------------------------

// The processor's canonical state. The pointer stays valid; the content is right until the machine runs.
const struct cpu_state *control_cpu(struct control *c);
// Sets it (journalled): NULL, or what is wrong with it; then nothing has changed.
const char *control_set_cpu(struct control *c, const struct cpu_state *s);

enum control_space { SPACE_LINEAR, SPACE_PHYSICAL };
// Bytes of RAM and ROM; whatever else reads as absent: returns how many bytes from `addr` on could be read. No side
// effects: no accessed bits, no device reads.
size_t control_read(struct control *c, enum control_space space, uint64_t addr, void *buf, size_t n);
// Writes RAM (journalled); returns how many bytes could be written.
size_t control_write(struct control *c, enum control_space space, uint64_t addr, const void *buf, size_t n);
// Port access with all its effects (journalled); size 1, 2 or 4.
uint32_t control_port_read(struct control *c, uint16_t port, unsigned size);
void control_port_write(struct control *c, uint16_t port, unsigned size, uint32_t value);

// External interrupts taken since power-on of the process, for who steps over them. Not guest state.
uint64_t control_interrupts(const struct control *c);

// Points are shared by everybody who sets them. False: too many; or none such.
bool control_add_point(struct control *c, enum observe_kind kind, uint64_t addr, uint64_t size);
bool control_remove_point(struct control *c, enum observe_kind kind, uint64_t addr, uint64_t size);

#endif
