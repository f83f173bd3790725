// Local APIC of one processor in xAPIC mode: Intel SDM vol. 3A, chapter 11 "Advanced Programmable Interrupt
// Controller".
#ifndef CPU_LAPIC_H
#define CPU_LAPIC_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/log.h"
#include "core/map.h"

// Input clock of the timer in Hz: the "core crystal clock" that CPUID leaf 15h must report in ECX (SDM 11.5.4).
#define LAPIC_BUS_HZ 200000000u

// Size of the register window in bytes, at the base address of IA32_APIC_BASE.
#define LAPIC_WINDOW 4096u

// Local vector table entries, in the order of their addresses 320h to 370h.
enum lapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

// clang-format off
#define LAPIC_STATE(F, A, S, T)                                                                                        \
    F(T, uint64_t, apic_base,     0xfee00800, "IA32_APIC_BASE: base, enable (bit 11), BSP (bit 8)")                    \
    F(T, uint8_t,  id,            0,     "local APIC ID register, bits 31:24")                                         \
    F(T, uint8_t,  tpr,           0,     "task priority")                                                              \
    F(T, uint8_t,  ldr,           0,     "logical destination register, bits 31:24")                                   \
    F(T, uint8_t,  dfr,           15,    "destination format register, bits 31:28: 15 flat, 0 cluster")                \
    F(T, uint32_t, svr,           0xff,  "spurious-interrupt vector register; bit 8 software enable")                  \
    A(T, uint32_t, isr,           8, 0,  "in-service register")                                                        \
    A(T, uint32_t, tmr,           8, 0,  "trigger mode register: 1 level")                                             \
    A(T, uint32_t, irr,           8, 0,  "interrupt request register")                                                 \
    F(T, uint8_t,  esr,           0,     "error status register as software reads it")                                 \
    F(T, uint8_t,  esr_pending,   0,     "errors logged since the last write to the error status register")            \
    F(T, uint32_t, icr_low,       0,     "interrupt command register, bits 31:0")                                      \
    F(T, uint8_t,  icr_dest,      0,     "interrupt command register, bits 63:56")                                     \
    A(T, uint32_t, lvt,           6, 0x10000, "local vector table: timer, thermal, performance, LINT0, LINT1, error")  \
    F(T, uint8_t,  divide,        0,     "divide configuration register, bits 3, 1 and 0")                             \
    F(T, uint32_t, timer_initial, 0,     "initial-count register")                                                     \
    F(T, uint32_t, timer_count,   0,     "count at timer_base; 0: stopped")                                            \
    F(T, uint64_t, timer_base,    0,     "bus clocks since power-on at which timer_count held")                        \
    F(T, uint64_t, tsc_deadline,  0,     "IA32_TSC_DEADLINE, 0: disarmed")                                             \
    A(T, uint8_t,  lint,          2, 0,  "levels of the pins LINT0 and LINT1")                                         \
    F(T, uint8_t,  extint,        0,     "an ExtINT message waits for the processor")
STATE_STRUCT(lapic_state, LAPIC_STATE);
// clang-format on

// One local APIC. Must not move once initialised: the clock's queue points into it.
struct lapic {
    struct lapic_state s;

    // Wiring, set by lapic_init().
    struct clock *clock;
    struct event timer;
    uint8_t boot_id; // APIC ID after reset
    bool bsp;
    uint8_t phys_bits; // physical address width, 36 to 52, bounds the base address; 40 unless the board says otherwise

    // Wiring, filled in by the board after lapic_init(); what is not connected stays zero.
    struct apic_bus bus; // where interrupt commands go; also this APIC's own, if they are addressed to it
    struct intr_ack pic; // the 8259A behind LINT0
    struct line intr;    // to the processor: something is deliverable (lapic_pending())
    struct line nmi;     // to the processor: raised and lowered at once, a pulse is one NMI
    void (*eoi)(void *ctx, uint8_t vector); // EOI broadcast for a level-triggered vector
    void *eoi_ctx;
    void (*init)(void *ctx);                    // INIT received; the receiver calls lapic_init_reset() as part of it
    void (*startup)(void *ctx, uint8_t vector); // start-up IPI received: real mode at vector * 4096
    void (*base_changed)(void *ctx);            // the window has moved, appeared or gone; also after a load
    // Guest ns at which the time-stamp counter reaches `tsc`, CLOCK_NEVER if it will not. NULL: TSC counts are guest
    // ns.
    uint64_t (*tsc_deadline_ns)(void *ctx, uint64_t tsc);
    void *ctx; // of init, startup, base_changed and tsc_deadline_ns
    struct log *log;

    bool excluded; // while an all-but-self command is on the bus; not state, false between calls
};

extern const struct device_class lapic_class;
extern const struct io_ops lapic_io; // ctx = struct lapic *, window of LAPIC_WINDOW bytes, dwords only

// Clears `l`, keeps the wiring given here and resets the state. `timer_event` is the board's event id of the timer.
void lapic_init(struct lapic *l, struct clock *clock, uint32_t timer_event, uint8_t apic_id, bool bsp);

// What an INIT does to the APIC (SDM 11.4.7.3): power-up state, but the ID, the base and the pins stay.
void lapic_init_reset(struct lapic *l);

// Virtual wire mode as firmware leaves it to a directly booted kernel (MultiProcessor Specification 3.6.2.2): software
// enabled, LINT0 = ExtINT, LINT1 = NMI.
void lapic_firmware_setup(struct lapic *l);

// Re-arms the timer and recomputes the lines; changes no state. The processor calls it after it changed the TSC.
void lapic_update(struct lapic *l);

// Settles timer expiries up to now. The processor calls it before it changes the TSC.
void lapic_timer_sync(struct lapic *l);

// Whether an interrupt is deliverable: an IRR vector above the processor priority, or an ExtINT. With the APIC globally
// disabled LINT0 is the processor's INTR pin.
bool lapic_pending(const struct lapic *l);

// Takes the interrupt: moves the highest vector from IRR to ISR, or runs the 8259A's acknowledge cycle. Gives the
// spurious vector if nothing is deliverable any more. Returns 0..255.
int lapic_acknowledge(struct lapic *l);

// Whether a message to `dest` is for this APIC (SDM 11.6.2); `logical` as in apic_message.
bool lapic_matches(const struct lapic *l, uint8_t dest, bool logical);

// Takes a message off the bus; the board has picked this APIC with lapic_matches().
void lapic_receive(struct lapic *l, const struct apic_message *msg);

// Arbitration priority (SDM 11.6.2.4), for the board's choice among several targets of a lowest-priority message.
uint8_t lapic_arbitration_priority(const struct lapic *l);

// Pins LINT0 (n = 0) and LINT1 (n = 1), as a target of struct line; ctx = struct lapic *.
void lapic_lint(void *ctx, unsigned n, bool level);

// CR8: task priority class 0..15 (SDM 11.8.6).
uint8_t lapic_tpr_read(const struct lapic *l);
void lapic_tpr_write(struct lapic *l, uint8_t cr8);

// IA32_APIC_BASE. The write returns false, and changes nothing, if it must raise #GP.
uint64_t lapic_base_msr_read(const struct lapic *l);
bool lapic_base_msr_write(struct lapic *l, uint64_t value);

// Whether the register window is decoded, i.e. IA32_APIC_BASE[11]; this is also CPUID.1:EDX.APIC.
bool lapic_enabled(const struct lapic *l);

// IA32_TSC_DEADLINE in TSC counts; reads 0 once expired. Writes count in TSC-deadline mode only.
uint64_t lapic_tsc_deadline_read(const struct lapic *l);
void lapic_tsc_deadline_write(struct lapic *l, uint64_t tsc);

#endif
