// The clock and CMOS memory of a PC: Motorola MC146818A data sheet (ADI1014).
#ifndef DEVICES_RTC_MC146818_H
#define DEVICES_RTC_MC146818_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/map.h"

#define RTC_MC146818_PORT   0x70u // where the board maps rtc_mc146818_io
#define RTC_MC146818_WINDOW 2u
#define RTC_MC146818_BYTES  128u // 14 registers and 114 bytes of memory

// clang-format off
#define RTC_MC146818_STATE(F, A, S, T)                                                                                 \
    F(T, uint8_t,  index,       0,      "port 70h bits 6:0: register that port 71h reaches")                           \
    F(T, uint8_t,  nmi_mask,    0,      "port 70h bit 7: 1 masks the NMI")                                             \
    A(T, uint8_t,  ram,         128, 0, "registers and memory; time as of just before update_ns; C without IRQF")      \
    F(T, uint64_t, update_ns,   1000000000, "guest ns at which the next update of the time ends")                      \
    F(T, uint64_t, divider_ns,  0,      "guest ns at which the divider chain began to run")                            \
    F(T, uint64_t, settled_ns,  0,      "guest ns up to which `ram` has the periodic flag")
STATE_STRUCT(rtc_mc146818_state, RTC_MC146818_STATE);
// clang-format on

struct rtc_mc146818 {
    struct rtc_mc146818_state s;
    struct clock *clock;
    struct event event;
    // Wiring, set by the board after rtc_mc146818_init().
    struct line irq;        // IRQ, asserted or not (the pin is active low)
    struct line nmi_enable; // high while port 70h bit 7 is 0
};

extern const struct device_class rtc_mc146818_class;
extern const struct io_ops rtc_mc146818_io; // ctx = struct rtc_mc146818 *, bytes

// Clears `rtc` and resets its state: power-on without a battery, 1970-01-01 00:00:00.
void rtc_mc146818_init(struct rtc_mc146818 *rtc, struct clock *clock, uint32_t event_id);

// The RESET# pin: no interrupt is enabled or pending, time and memory stay. A board reset does this in place of
// device_reset(), because the chip has a battery.
void rtc_mc146818_reset_pin(struct rtc_mc146818 *rtc);

// Sets the time registers and century to a date, in the present format; the next second begins one second from now.
void rtc_set_date(struct rtc_mc146818 *rtc, uint64_t unix_seconds);

// Sets a byte of CMOS memory, index 0Eh..7Fh; others are ignored. For the board's configuration bytes.
void rtc_mc146818_set_cmos(struct rtc_mc146818 *rtc, unsigned index, uint8_t value);

#endif
