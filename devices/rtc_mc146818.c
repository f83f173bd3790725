// Real-time clock: Motorola MC146818A data sheet (ADI1014), with 114 bytes of memory behind it, as in a PC: ports 70h
// and 71h, and the century in byte 32h (IBM PS/2 and ACPI's FADT).
//
// Time registers are kept as of the last update and brought up to date when someone looks, so that nothing runs while
// no interrupt is enabled. Every byte that a guest writes there counts on from the values that it stands for.
//
// Not implemented: SQW (a PC leaves the pin open), daylight savings (DSE is only kept), the time bases other
// than 32.768 kHz: with DV other than 010 the divider is held in reset. Differs: time registers keep their old values
// during an update instead of undefined ones; the century is counted too, as in later chips, and years divisible by 100
// are Gregorian.
#include "devices/rtc_mc146818.h"

STATE_TABLE(rtc_mc146818_state, RTC_MC146818_STATE);

enum {
    SECONDS,
    SECONDS_ALARM,
    MINUTES,
    MINUTES_ALARM,
    HOURS,
    HOURS_ALARM,
    DAY_OF_WEEK,
    DATE_OF_MONTH,
    MONTH,
    YEAR,
    REG_A,
    REG_B,
    REG_C,
    REG_D,
    FIRST_RAM,
    CENTURY = 0x32,
};

enum {
    A_RS = 0x0f,
    A_DV = 0x70,
    A_DV_RUN = 0x20,
    A_UIP = 0x80,

    B_24H = 0x02,
    B_DM = 0x04,
    B_SQWE = 0x08,
    B_UIE = 0x10,
    B_AIE = 0x20,
    B_PIE = 0x40,
    B_SET = 0x80,

    C_UF = 0x10,
    C_AF = 0x20,
    C_PF = 0x40,
    C_IRQF = 0x80,
    C_FLAGS = C_UF | C_AF | C_PF,

    D_VRT = 0x80,

    HOURS_PM = 0x80,
    ALARM_ANY = 0xc0, // alarm bytes from here on match everything
};

enum { CRYSTAL_HZ = 32768 };

#define SECOND_NS      ((uint64_t)1000000000)
#define HALF_SECOND_NS (SECOND_NS / 2)
#define UIP_NS         ((uint64_t)(244 + 1984) * 1000) // tBUC and tUC: from UIP's rise to the end of the update
#define DAY_SECONDS    ((uint64_t)86400)
#define EPOCH_DAYS     ((uint64_t)719528) // from year 0 to 1970-01-01
#define GREGORIAN_DAYS ((uint64_t)146097) // in 400 years
#define STAMP_LIMIT    ((uint64_t)1 << 63)

// ---- Calendar ----

static uint64_t days_before_year(uint64_t y)
{
    return 365 * y + (y + 3) / 4 - (y + 99) / 100 + (y + 399) / 400;
}

static bool leap(uint64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

// Month 1 to 12.
static unsigned month_days(uint64_t y, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(y));
}

static bool binary(const struct rtc_mc146818_state *s)
{
    return s->ram[REG_B] & B_DM;
}

static unsigned decode(const struct rtc_mc146818_state *s, uint8_t byte)
{
    return binary(s) ? byte : (byte >> 4) * 10u + (byte & 15);
}

// `v` is 0 to 99.
static uint8_t encode(const struct rtc_mc146818_state *s, unsigned v)
{
    return (uint8_t)(binary(s) ? v : v / 10 << 4 | v % 10);
}

static unsigned decode_hour(const struct rtc_mc146818_state *s, uint8_t byte)
{
    if (s->ram[REG_B] & B_24H)
        return decode(s, byte);
    return decode(s, byte & (uint8_t)~HOURS_PM) % 12 + (byte & HOURS_PM ? 12 : 0);
}

// `hour` is 0 to 23.
static uint8_t encode_hour(const struct rtc_mc146818_state *s, unsigned hour)
{
    if (s->ram[REG_B] & B_24H)
        return encode(s, hour);
    return encode(s, (hour + 11) % 12 + 1) | (hour >= 12 ? HOURS_PM : 0);
}

// Seconds since the beginning of year 0 that the time registers stand for; fields out of range carry.
static uint64_t time_of_registers(const struct rtc_mc146818_state *s)
{
    uint64_t year = decode(s, s->ram[CENTURY]) * 100u + decode(s, s->ram[YEAR]);
    unsigned month = decode(s, s->ram[MONTH]);
    month = month >= 1 && month <= 12 ? month : 1;
    uint64_t days = days_before_year(year);
    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    unsigned date = decode(s, s->ram[DATE_OF_MONTH]);
    days += date ? date - 1 : 0;
    return days * DAY_SECONDS + decode_hour(s, s->ram[HOURS]) * 3600u + decode(s, s->ram[MINUTES]) * 60u +
           decode(s, s->ram[SECONDS]);
}

static void registers_of_time(struct rtc_mc146818_state *s, uint64_t seconds)
{
    uint64_t days = seconds / DAY_SECONDS;
    unsigned of_day = (unsigned)(seconds % DAY_SECONDS);
    uint64_t year = days / GREGORIAN_DAYS * 400 + days % GREGORIAN_DAYS / 366;
    while (days_before_year(year + 1) <= days)
        year++;
    unsigned date = (unsigned)(days - days_before_year(year)), month = 1;
    while (date >= month_days(year, month))
        date -= month_days(year, month++);
    s->ram[SECONDS] = encode(s, of_day % 60);
    s->ram[MINUTES] = encode(s, of_day / 60 % 60);
    s->ram[HOURS] = encode_hour(s, of_day / 3600);
    s->ram[DATE_OF_MONTH] = encode(s, date + 1);
    s->ram[MONTH] = encode(s, month);
    s->ram[YEAR] = encode(s, (unsigned)(year % 100));
    s->ram[CENTURY] = encode(s, (unsigned)(year / 100 % 100));
}

// Counts the time registers on. The day of the week is the guest's own count from 1 to 7.
static void advance(struct rtc_mc146818_state *s, uint64_t seconds)
{
    uint64_t from = time_of_registers(s), to = from + seconds;
    uint64_t days = to / DAY_SECONDS - from / DAY_SECONDS;
    s->ram[DAY_OF_WEEK] = (uint8_t)((s->ram[DAY_OF_WEEK] + 6u + days) % 7 + 1);
    registers_of_time(s, to);
}

// ---- Alarm ----

static bool alarm_matches(uint8_t alarm, uint8_t byte)
{
    return alarm >= ALARM_ANY || alarm == byte;
}

// Seconds, 1 to 86400, until the time registers will match the alarm registers; 0 if they never do.
static unsigned seconds_to_alarm(const struct rtc_mc146818_state *s)
{
    unsigned now = (unsigned)((time_of_registers(s) + 1) % DAY_SECONDS);
    unsigned from_minute = now / 60 % 60, from_second = now % 60;
    for (unsigned h = 0; h <= 24; h++) {
        unsigned hour = (now / 3600 + h) % 24;
        if (!alarm_matches(s->ram[HOURS_ALARM], encode_hour(s, hour))) {
            from_minute = 0;
            from_second = 0;
            continue;
        }
        for (unsigned minute = from_minute; minute < 60; minute++) {
            if (alarm_matches(s->ram[MINUTES_ALARM], encode(s, minute)))
                for (unsigned second = from_second; second < 60; second++)
                    if (alarm_matches(s->ram[SECONDS_ALARM], encode(s, second)))
                        return (h + now / 3600) * 3600 + minute * 60 + second - now + 1;
            from_second = 0;
        }
        from_minute = 0;
        from_second = 0;
    }
    return 0;
}

// ---- Divider, updates and flags ----

static bool running(const struct rtc_mc146818_state *s)
{
    return (s->ram[REG_A] & A_DV) == A_DV_RUN;
}

static bool updating(const struct rtc_mc146818_state *s)
{
    return running(s) && !(s->ram[REG_B] & B_SET);
}

// The period of the periodic interrupt is 2^this crystal periods (data sheet, table 5); only with RS other than 0.
static unsigned period_shift(const struct rtc_mc146818_state *s)
{
    unsigned rs = s->ram[REG_A] & A_RS;
    return rs <= 2 ? rs + 6 : rs - 1;
}

static bool periodic(const struct rtc_mc146818_state *s)
{
    return running(s) && s->ram[REG_A] & A_RS;
}

// Periods that have ended by `ns` since the divider began to run.
static uint64_t periods(const struct rtc_mc146818_state *s, uint64_t ns)
{
    if (ns < s->divider_ns)
        return 0;
    return mul_div_u64(ns - s->divider_ns, CRYSTAL_HZ, SECOND_NS) >> period_shift(s);
}

// Brings flags and time up to `ns`.
static void settle(struct rtc_mc146818_state *s, uint64_t ns)
{
    if (periodic(s) && periods(s, ns) > periods(s, s->settled_ns))
        s->ram[REG_C] |= C_PF;
    s->settled_ns = ns;
    if (!updating(s) || ns < s->update_ns)
        return;
    uint64_t updates = 1 + (ns - s->update_ns) / SECOND_NS;
    unsigned to_alarm = seconds_to_alarm(s);
    s->ram[REG_C] |= C_UF;
    if (to_alarm && to_alarm <= updates)
        s->ram[REG_C] |= C_AF;
    advance(s, updates);
    s->update_ns += updates * SECOND_NS;
}

static bool irqf(const struct rtc_mc146818_state *s)
{
    return s->ram[REG_C] & s->ram[REG_B] & C_FLAGS; // flags and enables have the same bits
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// When IRQ will be asserted, CLOCK_NEVER if the time alone does not do it.
static uint64_t next_irq(const struct rtc_mc146818_state *s)
{
    uint64_t when = CLOCK_NEVER;
    unsigned enabled = s->ram[REG_B];
    if (irqf(s))
        return when;
    if (enabled & B_PIE && periodic(s)) {
        uint64_t crystal = (periods(s, s->settled_ns) + 1) << period_shift(s);
        when = sooner(when, s->divider_ns + clock_ns_of_count(crystal, CRYSTAL_HZ));
    }
    if (enabled & B_UIE && updating(s))
        when = sooner(when, s->update_ns);
    if (enabled & B_AIE && updating(s)) {
        unsigned to_alarm = seconds_to_alarm(s);
        if (to_alarm)
            when = sooner(when, s->update_ns + (to_alarm - 1) * SECOND_NS);
    }
    return when;
}

static void update(void *self)
{
    struct rtc_mc146818 *rtc = self;
    line_set(&rtc->nmi_enable, !rtc->s.nmi_mask);
    line_set(&rtc->irq, irqf(&rtc->s));
    event_set(&rtc->event, next_irq(&rtc->s));
}

static void fire(void *ctx)
{
    struct rtc_mc146818 *rtc = ctx;
    settle(&rtc->s, clock_ns(rtc->clock));
    update(rtc);
}

// ---- Ports ----

static uint64_t read_port(void *ctx, uint64_t offset, unsigned size)
{
    (void)size;
    struct rtc_mc146818 *rtc = ctx;
    struct rtc_mc146818_state *s = &rtc->s;
    if (offset == 0)
        return 0xff; // write only
    uint64_t now = clock_ns(rtc->clock);
    settle(s, now);
    uint8_t value = s->ram[s->index];
    switch (s->index) {
    case REG_A:
        return value | (updating(s) && now + UIP_NS >= s->update_ns ? A_UIP : 0u);
    case REG_C:
        value |= irqf(s) ? C_IRQF : 0;
        s->ram[REG_C] = 0;
        update(rtc);
        return value;
    default:
        return value;
    }
}

static void write_reg_a(struct rtc_mc146818_state *s, uint8_t value, uint64_t now)
{
    bool was_running = running(s);
    s->ram[REG_A] = value & (A_DV | A_RS);
    if (!was_running && running(s)) {
        // "The first update cycle begins one-half second later."
        s->divider_ns = now;
        s->update_ns = now + HALF_SECOND_NS;
    }
}

static void write_reg_b(struct rtc_mc146818_state *s, uint8_t value, uint64_t now)
{
    bool was_set = s->ram[REG_B] & B_SET;
    if (value & B_SET && !was_set)
        value &= (uint8_t)~B_UIE;
    s->ram[REG_B] = value;
    // The updates that SET inhibited are lost; the divider chain, and with it the beginning of seconds, went on.
    if (was_set && !(value & B_SET) && now >= s->update_ns)
        s->update_ns += (1 + (now - s->update_ns) / SECOND_NS) * SECOND_NS;
}

static void write_port(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)size;
    struct rtc_mc146818 *rtc = ctx;
    struct rtc_mc146818_state *s = &rtc->s;
    uint64_t now = clock_ns(rtc->clock);
    if (offset == 0) {
        s->index = value & 0x7f;
        s->nmi_mask = value >> 7 & 1;
        line_set(&rtc->nmi_enable, !s->nmi_mask);
        return;
    }
    settle(s, now);
    switch (s->index) {
    case REG_A:
        write_reg_a(s, (uint8_t)value, now);
        break;
    case REG_B:
        write_reg_b(s, (uint8_t)value, now);
        break;
    case REG_C:
    case REG_D:
        break;
    default:
        s->ram[s->index] = (uint8_t)value;
        break;
    }
    update(rtc);
}

const struct io_ops rtc_mc146818_io = {.read = read_port, .write = write_port, .sizes = 1};

// ---- The board's side ----

void rtc_set_date(struct rtc_mc146818 *rtc, uint64_t unix_seconds)
{
    uint64_t now = clock_ns(rtc->clock), days = unix_seconds / DAY_SECONDS;
    settle(&rtc->s, now);
    // 1970-01-01 was a Thursday, day 5 of a week that begins on Sunday.
    rtc->s.ram[DAY_OF_WEEK] = (uint8_t)((days + 4) % 7 + 1);
    registers_of_time(&rtc->s, EPOCH_DAYS * DAY_SECONDS + unix_seconds);
    rtc->s.update_ns = now + SECOND_NS;
    update(rtc);
}

void rtc_mc146818_set_cmos(struct rtc_mc146818 *rtc, unsigned index, uint8_t value)
{
    if (index < FIRST_RAM || index >= RTC_MC146818_BYTES)
        return;
    settle(&rtc->s, clock_ns(rtc->clock));
    rtc->s.ram[index] = value;
    update(rtc);
}

void rtc_mc146818_reset_pin(struct rtc_mc146818 *rtc)
{
    settle(&rtc->s, clock_ns(rtc->clock));
    rtc->s.index = 0;
    rtc->s.nmi_mask = 0;
    rtc->s.ram[REG_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    rtc->s.ram[REG_C] = 0;
    update(rtc);
}

static void reset(void *self)
{
    struct rtc_mc146818 *rtc = self;
    rtc->s.ram[REG_A] = A_DV_RUN | 6; // 1024 Hz
    rtc->s.ram[REG_B] = B_24H;
    rtc->s.ram[REG_D] = D_VRT;
    rtc->s.update_ns = UINT64_MAX; // nothing to settle yet
    rtc->s.settled_ns = clock_ns(rtc->clock);
    rtc_set_date(rtc, 0);
}

static const char *check(const void *self)
{
    const struct rtc_mc146818 *rtc = self;
    const struct rtc_mc146818_state *s = &rtc->s;
    if (s->index >= RTC_MC146818_BYTES || s->nmi_mask > 1)
        return "rtc: index or nmi_mask is out of range";
    if (s->ram[REG_A] & A_UIP || s->ram[REG_C] & ~C_FLAGS || s->ram[REG_D] != D_VRT)
        return "rtc: a register has reserved bits set";
    if (s->update_ns >= STAMP_LIMIT || s->divider_ns >= STAMP_LIMIT || s->settled_ns >= STAMP_LIMIT)
        return "rtc: a time stamp is out of range";
    return NULL;
}

const struct device_class rtc_mc146818_class = {
    .name = "rtc",
    .title = "Motorola MC146818A real-time clock",
    .version = 1,
    .fields = rtc_mc146818_state_fields,
    .state_offset = offsetof(struct rtc_mc146818, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void rtc_mc146818_init(struct rtc_mc146818 *rtc, struct clock *clock, uint32_t event_id)
{
    *rtc = (struct rtc_mc146818){.clock = clock};
    event_init(&rtc->event, clock, event_id, fire, rtc);
    device_reset(&(struct device){&rtc_mc146818_class, rtc});
}
