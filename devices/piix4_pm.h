// ACPI power management of the board: Intel 82371AB (PIIX4), function 3. Data sheet 290562 "82371AB PCI-TO-ISA / IDE
// XCELERATOR", sections 7 and 11.
//
// What the ACPI tables must say: FADT PM1a_EVT_BLK = base + 0, PM1a_CNT_BLK = base + 4, PM_TMR_BLK = base + 8
// (TMR_VAL_EXT clear: 24 bits), GPE0_BLK = base + 0Ch (4 bytes), SCI_INT = 9, SMI_CMD = B2h, ACPI_ENABLE = F1h,
// ACPI_DISABLE = F0h, flags FIX_RTC and SLP_BUTTON set, PWR_BUTTON clear; DSDT \_S5 = {0, 0, 0, 0}.
#ifndef DEVICES_PIIX4_PM_H
#define DEVICES_PIIX4_PM_H

#include "core/clock.h"
#include "core/device.h"
#include "core/log.h"
#include "core/map.h"
#include "core/pci_bus.h"

#define PIIX4_PM_DEVICE   1u // device and function on the bus
#define PIIX4_PM_FUNCTION 3u
#define PIIX4_PM_WINDOW   64u      // ports at PMBA
#define PIIX4_PM_TIMER_HZ 3579545u // of PMTMR
#define PIIX4_APM_PORT    0xb2u    // APMC; APMS follows
#define PIIX4_SCI_IRQ     9u

// clang-format off
#define PIIX4_PM_STATE(F, A, S, T)                                                                                     \
    S(T, pci_config, pci, 1,    "function 3: 8086:7113")                                                               \
    F(T, uint16_t, pmsts,    0, "PMSTS without TMROF_STS, which follows from tmrof_seen")                              \
    F(T, uint16_t, pmen,     0, "PMEN")                                                                                \
    F(T, uint16_t, pmcntrl,  0, "PMCNTRL without SUS_EN")                                                              \
    F(T, uint64_t, tmrof_seen, 0, "changes of PMTMR bit 23 since power-on when TMROF_STS was last cleared")            \
    F(T, uint16_t, gpsts,    0, "GPSTS")                                                                               \
    F(T, uint16_t, gpen,     0, "GPEN")                                                                                \
    A(T, uint8_t,  other, 48, 0, "registers 10h to 3Fh, kept without effect")                                          \
    F(T, uint8_t,  apmc,     0, "APMC, port B2h")                                                                      \
    F(T, uint8_t,  apms,     0, "APMS, port B3h")
STATE_STRUCT(piix4_pm_state, PIIX4_PM_STATE);
// clang-format on

// Must not move once initialised: the clock's queue points into it.
struct piix4_pm {
    struct piix4_pm_state s;
    struct pci_function pci;
    struct clock *clock;   // set by piix4_pm_init()
    struct event overflow; // armed only while an overflow would raise the SCI

    // Wiring, filled in by the board after piix4_pm_init(); what is not connected stays zero.
    struct line sci;              // level, to IRQ 9
    void (*power_off)(void *ctx); // the guest has entered S5
    void *power_off_ctx;
    void (*io_changed)(void *ctx); // piix4_pm_io_base() may have changed; also after a load
    void *io_ctx;
    struct log *log;
};

extern const struct device_class piix4_pm_class;
extern const struct io_ops piix4_pm_io;  // ctx = struct piix4_pm *, PIIX4_PM_WINDOW ports at PMBA
extern const struct io_ops piix4_apm_io; // ctx = struct piix4_pm *, two ports: B2h, B3h

// Clears `pm`, plugs it into `bus`, and resets its state. `overflow_event` is the board's event id.
void piix4_pm_init(struct piix4_pm *pm, struct pci_bus *bus, struct clock *clock, uint32_t overflow_event);

// As firmware leaves it: register block decoded at `io_base` (a multiple of 64), interrupt line 9, ACPI mode off.
void piix4_pm_firmware_setup(struct piix4_pm *pm, uint16_t io_base);

// Where the register block is decoded; false while it is not (PMREGMISC bit 0).
bool piix4_pm_io_base(const struct piix4_pm *pm, uint16_t *base);

// The power button is pressed and released: PWRBTN_STS, and the SCI if the guest enabled it.
void piix4_pm_power_button(struct piix4_pm *pm);

// General-purpose event n of GPSTS happens: 0 THRM#, 8 USB, 9 GPI1, 10 RI#, 11 LID; others are ignored.
void piix4_pm_gpe(struct piix4_pm *pm, unsigned n);

#endif
