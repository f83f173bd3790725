// The board pc-1: every chip and how they are wired (machine/pc.c reads like the schematic).
#ifndef MACHINE_PC_H
#define MACHINE_PC_H

#include "core/device.h"
#include "core/journal.h"
#include "core/pci_bus.h"
#include "cpu/cpu.h"
#include "devices/debug_exit.h"
#include "devices/debugcon.h"
#include "devices/fw_cfg.h"
#include "devices/hpet.h"
#include "devices/i440fx.h"
#include "devices/ioapic_82093aa.h"
#include "devices/kbc_8042.h"
#include "devices/pic_8259a.h"
#include "devices/piix3.h"
#include "devices/piix4_pm.h"
#include "devices/pit_8254.h"
#include "devices/port61.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/pvpanic.h"
#include "devices/reset_control.h"
#include "devices/rtc_mc146818.h"
#include "devices/uart_16550a.h"
#include "machine/machine.h"

// Fixed event ids: at equal deadlines the lower one runs first.
enum pc_event {
    EVENT_PIT = 0, // three
    EVENT_RTC = 3,
    EVENT_PM = 4,
    EVENT_LAPIC = 5,
    EVENT_HPET = 6,
    EVENT_UART = 8, // four
    EVENT_KBC = 12,
    EVENT_KEYBOARD = 13, // two
    EVENT_MOUSE = 15,    // two
};

#define PC_PM_BASE     0xb000
#define PC_MAX_DEVICES 32

struct machine {
    struct machine_config config;
    struct log log;
    struct clock clock;
    struct phys phys;
    struct map ports, memory;
    struct cpu *cpu;
    struct jit *jit; // NULL: none
    struct lapic lapic;
    struct ioapic ioapic;
    struct pic_8259a pic;
    struct pit_8254 pit;
    struct port61 port61;
    struct rtc_mc146818 rtc;
    struct uart_16550a uart[MACHINE_SERIAL_PORTS];
    struct pci_bus pci;
    struct i440fx i440fx;
    struct piix3 piix3;
    struct piix4_pm pm;
    struct reset_control reset;
    struct debugcon debugcon;
    struct debug_exit debug_exit;
    struct hpet hpet;
    struct kbc_8042 kbc;
    struct ps2_keyboard keyboard;
    struct ps2_mouse mouse;
    struct pvpanic pvpanic;
    struct fw_cfg fw_cfg;

    struct device device[PC_MAX_DEVICES]; // board order: of saving, digests and `info`
    unsigned device_count;
    struct journal journal;

    // Derived from the chips.
    bool uart_irq[MACHINE_SERIAL_PORTS];
    bool timer_irq[2], hpet_irq[2]; // of the 8254 and the clock, and of the HPET's timers in their place
    bool hpet_mode;
    uint64_t lapic_base; // where the windows are mapped now; 0: not
    uint64_t ioapic_base;
    uint16_t pm_base;

    // Why the run must end, or MACHINE_SLICE; and a reset that waits for the processor to stop.
    enum machine_stop stop;
    bool reset_wanted;
    uint8_t exit_value;
    uint64_t resets;     // since the process began
    uint32_t port_value; // of the last JOURNAL_PORT_READ

    // What fw_cfg's files consist of.
    uint8_t e820[2 * 20];
    uint8_t pvpanic_port[2];

    // For resets: what was loaded.
    struct machine_kernel kernel;
    void *kernel_copy; // all that `kernel` points to

    uint64_t shakes; // how often machine_shake() was called

    uint8_t *packed;                            // room for the packed state of any one chip
    uint8_t (*page_hash)[MACHINE_DIGEST_BYTES]; // per directory page, made by the first digest
};

// Enters one input through the journal, at the present tick.
void machine_enter(struct machine *m, enum journal_kind kind, unsigned index, uint64_t value, const uint8_t *data,
                   uint32_t size);

// Saves processor and chips, forgets them and every armed event, and loads them, as the mean build does behind each
// event. NULL, or what a check refused.
const char *machine_shake(struct machine *m);
#ifndef SNOWGLOBE_MEAN
#define SNOWGLOBE_MEAN 0
#endif

// Wires the board. The machine's memory, config and cpu exist.
bool pc_build(struct machine *m);
// After a load or reset, before the chips' updates: what the board derives from several chips. Else the first of two
// ports that share an IRQ would lower the line that the other one holds, and an edge would follow.
void pc_derive(struct machine *m);
// Power-on state of all chips, as firmware leaves it for a directly booted kernel.
void pc_reset(struct machine *m);
// Asks for a reset, done as soon as the processor has stopped.
void pc_want_reset(struct machine *m);
// Fills fw_cfg with what firmware wants to know of the board; with the kernel that was loaded, its initial RAM disk
// (the first module) and command line. False when something does not fit.
bool pc_describe_board(struct machine *m);
bool pc_describe_kernel(struct machine *m);
// Opens the shadow memory C0000h..FFFFFh for loaders; closed again by i440fx_firmware_setup().
void pc_open_shadow(struct machine *m);
// Loads the kept kernel into freshly reset hardware. False with a line in `error`.
bool pc_boot(struct machine *m, char *error, size_t size);

#endif
