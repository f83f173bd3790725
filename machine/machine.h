// The board pc-1 as the outside sees it: create, load a kernel, run, read digests, save and load. Only the thread that
// calls machine_run() touches guest state; everything that enters does so through the journal.
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "core/backend.h"
#include "core/journal.h"
#include "core/log.h"
#include "core/types.h"

#define MACHINE_SERIAL_PORTS 4
#define MACHINE_DIGEST_BYTES 32

struct machine;

// Texts of the SMBIOS tables that the user can set, by structure type.
enum machine_smbios_text {
    SMBIOS_BIOS_VENDOR, // type 0
    SMBIOS_BIOS_VERSION,
    SMBIOS_BIOS_DATE,
    SMBIOS_SYSTEM_MANUFACTURER, // type 1
    SMBIOS_SYSTEM_PRODUCT,
    SMBIOS_SYSTEM_VERSION,
    SMBIOS_SYSTEM_SERIAL,
    SMBIOS_SYSTEM_SKU,
    SMBIOS_SYSTEM_FAMILY,
    SMBIOS_CHASSIS_MANUFACTURER, // type 3
    SMBIOS_CHASSIS_VERSION,
    SMBIOS_CHASSIS_SERIAL,
    SMBIOS_CHASSIS_ASSET,
    SMBIOS_CHASSIS_SKU,
    SMBIOS_PROCESSOR_MANUFACTURER, // type 4
    SMBIOS_PROCESSOR_VERSION,
    SMBIOS_PROCESSOR_SERIAL,
    SMBIOS_PROCESSOR_ASSET,
    SMBIOS_PROCESSOR_PART,
    SMBIOS_MEMORY_MANUFACTURER, // type 17
    SMBIOS_MEMORY_SERIAL,
    SMBIOS_MEMORY_ASSET,
    SMBIOS_MEMORY_PART,
    SMBIOS_TEXTS,
};
#define MACHINE_SMBIOS_TEXT_MAX 65u // with the NUL

struct machine_smbios {
    char text[SMBIOS_TEXTS][MACHINE_SMBIOS_TEXT_MAX]; // "" for the board's own
    uint8_t uuid[16];                                 // in the order in which it is written
};

// A file of fw_cfg. Name and bytes are the caller's and must last as long as the machine.
struct machine_file {
    const char *name; // 1 to 55 characters
    const void *bytes;
    uint32_t size;
};

struct machine_config {
    uint64_t ram_bytes;    // a multiple of 1 MiB, 1 MiB..MACHINE_MAX_RAM
    unsigned cpus;         // announced; one runs
    const char *cpu_model; // a name (docs/cpu.md), NULL for the default; "host" and "max" are the richest
    unsigned serial_count; // 16550A ports present, 0..4: 3F8h/4, 2F8h/3, 3E8h/4, 2E8h/3
    struct char_backend serial[MACHINE_SERIAL_PORTS];
    struct char_backend debugcon;
    unsigned jit_threshold; // the second engine translates what the run loop has met so often; 0: interpreter only
    uint64_t date;          // seconds since 1970 at power-on; journalled
    uint64_t seed;          // journalled
    bool debug_exit_501;    // the debug exit is at port 501h, too
    bool pvpanic;           // there is a pvpanic device
    const struct machine_file *file; // files that fw_cfg has beside the board's own
    unsigned file_count;
    struct machine_smbios smbios;
    bool no_acpi;                                                 // no ACPI tables for a kernel started directly
    bool no_reboot;                                               // a guest reset ends the run
    bool end_on_triple;                                           // a triple fault does, too
    void (*log)(void *ctx, enum log_kind kind, const char *line); // may be NULL
    void *log_ctx;
    void (*record)(void *ctx, const struct journal_entry *entry); // journal recorder; may be NULL
    void *record_ctx;
};

#define MACHINE_JIT_THRESHOLD 4u // jit_threshold where speed is wanted

#define MACHINE_MAX_RAM ((uint64_t)64 << 30)

// Why machine_run() came back.
enum machine_stop {
    MACHINE_SLICE,     // the slice is over: drain host inputs, call again
    MACHINE_UNTIL,     // the tick asked for has been reached exactly
    MACHINE_IDLE,      // halted; machine_idle_deadline() says until when
    MACHINE_POWER_OFF, // ACPI S5
    MACHINE_RESET,     // guest reset with no_reboot
    MACHINE_EXIT,      // debug exit: machine_exit_value()
    MACHINE_TRIPLE,    // triple fault with no_reboot or end_on_triple
    MACHINE_PANIC,     // the guest said by pvpanic that it has panicked
    MACHINE_STUCK,     // halted for ever: interrupts off, nothing inside can wake it
    MACHINE_STOPPED,   // a breakpoint or watchpoint of the processor's observer (machine/pc.h)
};

// Whether this build has a second engine for this host.
bool machine_has_jit(void);

// NULL when out of memory, with a line in `error` (size bytes).
struct machine *machine_create(const struct machine_config *config, char *error, size_t size);
void machine_destroy(struct machine *m);

// What a kernel file is, by its content.
enum machine_kernel_kind {
    MACHINE_KERNEL_UNKNOWN,
    MACHINE_KERNEL_LINUX,     // bzImage
    MACHINE_KERNEL_MULTIBOOT, // has a multiboot 1 header
    MACHINE_KERNEL_PVH,       // ELF with a PVH entry note
};
enum machine_kernel_kind machine_kernel_kind(const uint8_t *bytes, size_t size);

// A file that is loaded beside the kernel: the initial RAM disk, or a multiboot module.
struct machine_module {
    const uint8_t *bytes;
    size_t size;
    const char *text; // its command line, may be ""
};

struct machine_kernel {
    const char *name; // of the file, for messages and for multiboot's command line
    const uint8_t *bytes;
    size_t size;
    const struct machine_module *modules; // Linux and PVH take one
    unsigned module_count;
    const char *append;                            // command line, may be ""
    bool guest_unpack;                             // bzImage: enter the image's own decompressor
    void (*progress)(void *ctx, const char *what); // may be NULL: called before steps that can take a second
    void *progress_ctx;
};

// Puts a kernel into RAM and points the processor at it. False with a line in `error` that names the file and what is
// wrong; the machine must then be destroyed. All of it is kept for machine resets (copied).
bool machine_load_kernel(struct machine *m, const struct machine_kernel *kernel, char *error, size_t size);

// Runs until something above happens, at most until tick `until` (UINT64_MAX: none) and for one slice (at most
// MACHINE_SLICE_TICKS ticks, ending at a multiple of it, so that slice ends are the same in every run; skipped idle
// time may go beyond). `skip_idle`: idle time is skipped at once (--time fast); else MACHINE_IDLE is returned when the
// processor halts.
#define MACHINE_SLICE_TICKS 65536u
enum machine_stop machine_run(struct machine *m, uint64_t until, bool skip_idle);

uint64_t machine_tick(const struct machine *m);
uint64_t machine_ns(const struct machine *m);                   // guest nanoseconds
uint64_t machine_tick_at(const struct machine *m, uint64_t ns); // first tick at or after ns
uint8_t machine_exit_value(const struct machine *m);            // what the guest wrote to the debug exit

// While idle: guest ns of the next inside event, UINT64_MAX if none.
uint64_t machine_idle_deadline(const struct machine *m);
// While idle: moves guest time on by up to `ns` nanoseconds, at most to the next deadline and `until` (a journalled
// input).
void machine_idle_skip(struct machine *m, uint64_t ns, uint64_t until);
// Guest ns per 2^20 ticks from here on (1 << 20 is one ns a tick); journalled. 1..2^32.
void machine_set_ratio(struct machine *m, uint64_t ns_per_mega);

// Serial input: how many bytes port n takes now; and delivery (journalled). Returns the bytes taken.
size_t machine_serial_room(const struct machine *m, unsigned port);
size_t machine_serial_input(struct machine *m, unsigned port, const uint8_t *bytes, size_t n);
// The line is held at 0 for longer than a character: port n receives a break (journalled). False without room for it.
bool machine_serial_break(struct machine *m, unsigned port);
void machine_power_button(struct machine *m);
// A reset from outside, as by the button (journalled).
void machine_reset(struct machine *m);
// A key of the PS/2 keyboard goes down or up (journalled). `usage` is a USB HID usage: page << 16 | id, with 0 in place
// of the page of keyboards (7).
void machine_key(struct machine *m, uint32_t usage, bool down);
// The PS/2 mouse (journalled): movement in counts to the right and down, of the wheel in notches towards the user, each
// cut to 16 bits; bits 0 to 4 of `buttons` are left, right, middle, fourth and fifth, as they are now.
void machine_mouse(struct machine *m, int dx, int dy, int dz, unsigned buttons);

// BLAKE2b-256 over processor, chips in board order and RAM. Changes nothing that the guest can see.
void machine_digest(struct machine *m, uint8_t digest[MACHINE_DIGEST_BYTES]);

// The whole machine in one buffer of machine_state_size() bytes. Loading checks everything as hostile input: NULL or
// the reason; after a failure the machine must be destroyed. Configuration (RAM size, ports) must match.
size_t machine_state_size(struct machine *m);
void machine_save(struct machine *m, uint8_t *out);
const char *machine_load(struct machine *m, const uint8_t *in, size_t size);

// How many events the clock has run since the machine was created, and how often the mean build has saved and loaded
// processor and chips: there the two are equal. In other builds the second is 0.
uint64_t machine_events(const struct machine *m);
uint64_t machine_shakes(const struct machine *m);

#endif
