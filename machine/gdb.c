// The gdb stub (machine/gdb.h), after the gdb manual, "Remote Protocol", with QEMU's packets for physical memory and
// for kinds of steps. There is one thread, 1. Breakpoints of all kinds are comparisons of linear addresses: guest
// memory is never patched, and they can stand where nothing is mapped yet.
//
// Not implemented: non-stop mode, extended mode, reverse execution, range stepping, several processors.
// Differs: packets that ask or set something are answered while the machine runs, too.
#include "machine/gdb.h"
#include "machine/gdb_packet.h"
#include "machine/gdb_regs.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGNAL_INT = 2, SIGNAL_TRAP = 5 };
enum { ERROR_MEMORY = 14, ERROR_INVALID = 22, ERROR_FULL = 28 };
// Bits of QEMU's packet sstep.
enum { STEP_ENABLE = 1, STEP_NO_INTERRUPTS = 2, STEP_NO_TIMERS = 4, STEP_ALL = 7 };

// As in packet Z.
enum point_type { POINT_SOFTWARE, POINT_HARDWARE, POINT_WRITE, POINT_READ, POINT_ACCESS, POINT_TYPES };

struct point {
    enum point_type type;
    uint64_t addr, size; // size as given: of breakpoints a kind
};

struct gdb {
    struct control *control;
    struct char_backend out;
    struct gdb_link link;
    bool connected;
    bool waiting; // for a stop reply
    bool pausing; // the machine is being paused from here
    bool holds;   // a pause now is for the sake of the client
    bool physical;
    bool says_sw, says_hw; // the client knows these stop reasons
    unsigned step;         // STEP_ bits
    struct point point[OBSERVE_POINTS];
    unsigned points;

    bool wide;                  // the set of registers of this connection
    bool refused, refused_wide; // a client could not do with that set
    bool told;                  // the client has read the description
    unsigned gs;                // packets g so far, up to 2
    bool last_g;                // the last packet was one

    void (*monitor)(void *ctx, const char *line, const struct char_backend *out);
    void *monitor_ctx;

    size_t size; // of the answer in the making
    char answer[GDB_PACKET_MAX];
    char description[GDB_DESCRIPTION_MAX];
};

// ---- answers -------------------------------------------------------------------------------------------------------

static void send(struct gdb *g, const char *text)
{
    gdb_link_send(&g->link, text, strlen(text));
}

static void send_error(struct gdb *g, unsigned number)
{
    char text[8];
    snprintf(text, sizeof text, "E%02u", number);
    send(g, text);
}

// Sends OK, or "invalid".
static void send_done(struct gdb *g, bool ok)
{
    if (ok)
        send(g, "OK");
    else
        send_error(g, ERROR_INVALID);
}

static void add_hex(struct gdb *g, const uint8_t *bytes, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t k = 0; k < n && g->size + 2 <= sizeof g->answer; k++) {
        g->answer[g->size++] = digit[bytes[k] >> 4];
        g->answer[g->size++] = digit[bytes[k] & 15];
    }
}

static void send_answer(struct gdb *g)
{
    gdb_link_send(&g->link, g->answer, g->size);
    g->size = 0;
}

// ---- packets as text -----------------------------------------------------------------------------------------------

struct scan {
    const uint8_t *at, *end;
};

static bool scan_char(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != (uint8_t)c)
        return false;
    s->at++;
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

static int digit_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// 1 to 16 digits.
static bool scan_hex(struct scan *s, uint64_t *value)
{
    unsigned n = 0;
    *value = 0;
    for (; s->at < s->end && digit_value(*s->at) >= 0; s->at++, n++)
        *value = *value << 4 | (unsigned)digit_value(*s->at);
    return n >= 1 && n <= 16;
}

// Exactly n bytes as pairs of digits; they may lie where the digits do.
static bool scan_bytes(struct scan *s, uint8_t *out, size_t n)
{
    if ((size_t)(s->end - s->at) / 2 < n)
        return false;
    for (size_t k = 0; k < n; k++, s->at += 2) {
        int high = digit_value(s->at[0]), low = digit_value(s->at[1]);
        if (high < 0 || low < 0)
            return false;
        out[k] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool scan_end(const struct scan *s)
{
    return s->at == s->end;
}

// A thread, and perhaps a process before it: whether ours is meant.
static bool scan_thread(struct scan *s)
{
    uint64_t process = 1, thread;
    if (scan_char(s, 'p')) {
        if (scan_word(s, "-1"))
            process = 1;
        else if (!scan_hex(s, &process))
            return false;
        if (!scan_char(s, '.'))
            return process <= 1;
    }
    if (scan_word(s, "-1"))
        return process <= 1;
    return scan_hex(s, &thread) && thread <= 1 && process <= 1;
}

// ---- points --------------------------------------------------------------------------------------------------------

static enum observe_kind observed(enum point_type type)
{
    return type == POINT_WRITE    ? OBSERVE_WRITE
           : type == POINT_READ   ? OBSERVE_READ
           : type == POINT_ACCESS ? OBSERVE_ACCESS
                                  : OBSERVE_EXEC;
}

static uint64_t watched(const struct point *p)
{
    return p->type <= POINT_HARDWARE ? 1 : p->size;
}

static void drop_point(struct gdb *g, unsigned n)
{
    const struct point *p = &g->point[n];
    control_remove_point(g->control, observed(p->type), p->addr, watched(p));
    g->point[n] = g->point[--g->points];
}

// Z and z: adding what there is and removing what there is not is fine.
static void set_point(struct gdb *g, struct scan *s, bool add)
{
    uint64_t type, addr, size;
    if (!scan_hex(s, &type) || !scan_char(s, ',') || !scan_hex(s, &addr) || !scan_char(s, ',') || !scan_hex(s, &size)) {
        send_error(g, ERROR_INVALID);
        return;
    }
    if (type >= POINT_TYPES) {
        send(g, "");
        return;
    }
    struct point p = {(enum point_type)type, addr, size};
    if (type >= POINT_WRITE && (!size || addr + size - 1 < addr)) {
        send_error(g, ERROR_INVALID);
        return;
    }
    unsigned n = 0;
    while (n < g->points && (g->point[n].type != p.type || g->point[n].addr != addr || g->point[n].size != size))
        n++;
    if (!add && n < g->points)
        drop_point(g, n);
    if (add && n == g->points) {
        if (n == OBSERVE_POINTS || !control_add_point(g->control, observed(p.type), addr, watched(&p))) {
            send_error(g, ERROR_FULL);
            return;
        }
        g->point[g->points++] = p;
    }
    send(g, "OK");
}

// The point of ours that was met; NULL: somebody else's.
static const struct point *point_met(const struct gdb *g)
{
    const struct control *c = g->control;
    for (unsigned n = 0; n < g->points; n++) {
        const struct point *p = &g->point[n];
        if (observed(p->type) == c->address_kind && c->address - p->addr < watched(p))
            return p;
    }
    return NULL;
}

// ---- running and standing ------------------------------------------------------------------------------------------

static void stop_reply(struct gdb *g)
{
    static const char *const watch[] = {[POINT_WRITE] = "watch", [POINT_READ] = "rwatch", [POINT_ACCESS] = "awatch"};
    const struct control *c = g->control;
    bool met = c->reason == REASON_BREAKPOINT || c->reason == REASON_WATCHPOINT;
    const struct point *p = met ? point_met(g) : NULL;
    char text[80];
    int n = snprintf(text, sizeof text, "T%02xthread:01;", c->reason == REASON_COMMAND ? SIGNAL_INT : SIGNAL_TRAP);
    if (p && p->type >= POINT_WRITE)
        snprintf(text + n, sizeof text - (size_t)n, "%s:%llx;", watch[p->type], (unsigned long long)c->address);
    else if (p && p->type == POINT_SOFTWARE && g->says_sw)
        snprintf(text + n, sizeof text - (size_t)n, "swbreak:;");
    else if (p && p->type == POINT_HARDWARE && g->says_hw)
        snprintf(text + n, sizeof text - (size_t)n, "hwbreak:;");
    g->waiting = false;
    send(g, text);
}

static void pause_machine(struct gdb *g)
{
    g->pausing = true;
    control_pause(g->control, REASON_COMMAND);
    g->pausing = false;
}

static void go_on(struct gdb *g, bool step)
{
    g->waiting = true;
    if (!step)
        control_resume(g->control, UINT64_MAX);
    else if (g->step & STEP_NO_INTERRUPTS)
        control_step(g->control);
    else
        control_resume(g->control, machine_tick(g->control->m) + 1);
}

static bool set_ip(struct gdb *g, uint64_t addr)
{
    struct cpu_state s = *control_cpu(g->control);
    s.rip = addr;
    return !control_set_cpu(g->control, &s);
}

// c, s: perhaps an address follows.
static void resume_at(struct gdb *g, struct scan *s, bool step)
{
    uint64_t addr;
    if (!scan_end(s) && (!scan_hex(s, &addr) || !scan_end(s) || !set_ip(g, addr)))
        send_error(g, ERROR_INVALID);
    else
        go_on(g, step);
}

// C, S: a signal that nothing is done with, and perhaps an address.
static void resume_with_signal(struct gdb *g, struct scan *s, bool step)
{
    uint64_t signal;
    if (!scan_hex(s, &signal) || (!scan_end(s) && !scan_char(s, ';')))
        send_error(g, ERROR_INVALID);
    else
        resume_at(g, s, step);
}

// vCont;ACTION[:THREAD]...: the first action that is for our thread counts.
static void resume_threads(struct gdb *g, struct scan *s)
{
    char chosen = 0;
    while (scan_char(s, ';') && !scan_end(s)) {
        char action = (char)*s->at++;
        uint64_t signal;
        bool ok = strchr("cCsSt", action) && action;
        if (action == 'C' || action == 'S')
            ok = ok && scan_hex(s, &signal);
        bool ours = !scan_char(s, ':') || scan_thread(s);
        if (!ok || (!scan_end(s) && *s->at != ';')) {
            chosen = 0;
            break;
        }
        if (ours && !chosen)
            chosen = action;
    }
    if (!chosen || !scan_end(s)) {
        send_error(g, ERROR_INVALID);
    } else if (chosen == 't') {
        g->waiting = true;
        if (control_running(g->control))
            pause_machine(g);
        else
            stop_reply(g);
    } else {
        go_on(g, chosen == 's' || chosen == 'S');
    }
}

static void heard(void *ctx, enum control_event event)
{
    struct gdb *g = ctx;
    struct control *c = g->control;
    char text[8];
    if (event == CONTROL_PAUSED) {
        g->holds = g->pausing || (g->waiting && c->reason != REASON_COMMAND);
        if (g->waiting)
            stop_reply(g);
    } else if (event == CONTROL_RESUMED) {
        g->holds = false;
    } else if (event == CONTROL_SHUTDOWN && g->waiting) {
        g->waiting = false;
        unsigned status = c->reason == REASON_EXIT ? (machine_exit_value(c->m) << 1 | 1) & 0xff : 0;
        snprintf(text, sizeof text, "W%02x", status);
        send(g, text);
    }
}

// The client is no longer interested. With `go`, the machine runs on without a limit: a step in progress ends, too.
static void leave(struct gdb *g, bool go)
{
    g->waiting = false;
    while (g->points)
        drop_point(g, g->points - 1);
    if (go)
        control_resume(g->control, UINT64_MAX);
}

// ---- memory and registers ------------------------------------------------------------------------------------------

static enum control_space space(const struct gdb *g)
{
    return g->physical ? SPACE_PHYSICAL : SPACE_LINEAR;
}

static bool scan_place(struct scan *s, uint64_t *addr, uint64_t *size)
{
    return scan_hex(s, addr) && scan_char(s, ',') && scan_hex(s, size);
}

static void read_memory(struct gdb *g, struct scan *s)
{
    uint8_t bytes[GDB_PACKET_MAX / 2];
    uint64_t addr, size;
    if (!scan_place(s, &addr, &size) || !scan_end(s)) {
        send_error(g, ERROR_INVALID);
        return;
    }
    size_t n = control_read(g->control, space(g), addr, bytes, size < sizeof bytes ? (size_t)size : sizeof bytes);
    if (!n && size) {
        send_error(g, ERROR_MEMORY);
        return;
    }
    add_hex(g, bytes, n);
    send_answer(g);
}

static void write_memory(struct gdb *g, struct scan *s, bool binary)
{
    uint8_t bytes[GDB_PACKET_MAX];
    uint64_t addr, size;
    bool ok = scan_place(s, &addr, &size) && scan_char(s, ':') && size <= sizeof bytes;
    if (ok && binary) {
        ok = (size_t)(s->end - s->at) == size;
        if (ok)
            memcpy(bytes, s->at, (size_t)size);
    } else if (ok) {
        ok = scan_bytes(s, bytes, (size_t)size) && scan_end(s);
    }
    if (!ok)
        send_error(g, ERROR_INVALID);
    else if (control_write(g->control, space(g), addr, bytes, (size_t)size) != size)
        send_error(g, ERROR_MEMORY);
    else
        send(g, "OK");
}

static void read_registers(struct gdb *g)
{
    for (unsigned n = 0; n < gdb_register_standard(g->wide); n++) {
        uint8_t bytes[GDB_REGISTER_MAX];
        add_hex(g, bytes, gdb_register_read(g->control, g->wide, n, bytes));
    }
    send_answer(g);
}

static void write_registers(struct gdb *g, struct scan *s)
{
    struct cpu_state state = *control_cpu(g->control);
    bool ok = true;
    for (unsigned n = 0; ok && n < gdb_register_standard(g->wide) && !scan_end(s); n++) {
        uint8_t bytes[GDB_REGISTER_MAX];
        ok = scan_bytes(s, bytes, gdb_register_size(g->wide, n)) &&
             gdb_register_write(g->control, &state, g->wide, n, bytes);
    }
    send_done(g, ok && scan_end(s) && !control_set_cpu(g->control, &state));
}

static void read_register(struct gdb *g, struct scan *s)
{
    uint8_t bytes[GDB_REGISTER_MAX];
    uint64_t n;
    if (!scan_hex(s, &n) || n >= gdb_register_count(g->wide)) {
        send_error(g, ERROR_INVALID);
        return;
    }
    add_hex(g, bytes, gdb_register_read(g->control, g->wide, (unsigned)n, bytes));
    send_answer(g);
}

static void write_register(struct gdb *g, struct scan *s)
{
    struct cpu_state state = *control_cpu(g->control);
    uint8_t bytes[GDB_REGISTER_MAX];
    uint64_t n;
    send_done(g, scan_hex(s, &n) && scan_char(s, '=') && n < gdb_register_count(g->wide) &&
                     scan_bytes(s, bytes, gdb_register_size(g->wide, (unsigned)n)) && scan_end(s) &&
                     gdb_register_write(g->control, &state, g->wide, (unsigned)n, bytes) &&
                     !control_set_cpu(g->control, &state));
}

// ---- questions -----------------------------------------------------------------------------------------------------

static void supported(struct gdb *g, const struct scan *s)
{
    // The packet ends with a NUL.
    g->says_sw = strstr((const char *)s->at, "swbreak+") != NULL;
    g->says_hw = strstr((const char *)s->at, "hwbreak+") != NULL;
    char text[120];
    snprintf(text, sizeof text, "PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+;swbreak+;hwbreak+",
             GDB_PACKET_MAX);
    send(g, text);
}

static void describe(struct gdb *g, struct scan *s)
{
    uint64_t offset, size;
    if (!scan_word(s, "target.xml:") || !scan_place(s, &offset, &size) || !scan_end(s)) {
        send(g, "E00");
        return;
    }
    g->told = true;
    size_t length = gdb_description(g->wide, g->description, sizeof g->description);
    size_t left = offset < length ? length - (size_t)offset : 0;
    size_t n = size < left ? (size_t)size : left;
    n = n < sizeof g->answer - 1 ? n : sizeof g->answer - 1;
    g->answer[0] = n < left ? 'm' : 'l';
    memcpy(g->answer + 1, g->description + (left ? offset : 0), n);
    g->size = n + 1;
    send_answer(g);
}

// What the monitor says goes to the client's console.
static void console(void *ctx, const uint8_t *bytes, size_t n)
{
    struct gdb *g = ctx;
    while (n) {
        size_t part = n < 1024 ? n : 1024;
        g->answer[0] = 'O';
        g->size = 1;
        add_hex(g, bytes, part);
        send_answer(g);
        bytes += part;
        n -= part;
    }
}

static void monitor_command(struct gdb *g, struct scan *s)
{
    static const char none[] = "there is no monitor\n";
    const struct char_backend out = {console, g};
    char line[1024];
    size_t n = (size_t)(s->end - s->at) / 2;
    if (n >= sizeof line || !scan_bytes(s, (uint8_t *)line, n) || !scan_end(s) || memchr(line, 0, n)) {
        send_error(g, ERROR_INVALID);
        return;
    }
    line[n] = 0;
    if (g->monitor)
        g->monitor(g->monitor_ctx, line, &out);
    else
        console(g, (const uint8_t *)none, sizeof none - 1);
    send(g, "OK");
}

static void set_step(struct gdb *g, struct scan *s)
{
    uint64_t bits;
    scan_word(s, "0x");
    bool ok = scan_hex(s, &bits) && scan_end(s) && bits <= STEP_ALL;
    if (ok)
        g->step = (unsigned)bits;
    send_done(g, ok);
}

static void set_physical(struct gdb *g, struct scan *s)
{
    uint64_t value;
    bool ok = scan_hex(s, &value) && scan_end(s) && value <= 1;
    if (ok)
        g->physical = value;
    send_done(g, ok);
}

static void query(struct gdb *g, struct scan s)
{
    static const char extra[] = "processor 0";
    char text[16];
    if (scan_word(&s, "Supported")) {
        supported(g, &s);
    } else if (scan_word(&s, "Xfer:features:read:")) {
        describe(g, &s);
    } else if (scan_word(&s, "fThreadInfo")) {
        send(g, "m01");
    } else if (scan_word(&s, "sThreadInfo")) {
        send(g, "l");
    } else if (scan_word(&s, "ThreadExtraInfo,")) {
        add_hex(g, (const uint8_t *)extra, sizeof extra - 1);
        send_answer(g);
    } else if (scan_word(&s, "Attached")) {
        send(g, "1");
    } else if (scan_word(&s, "Rcmd,")) {
        monitor_command(g, &s);
    } else if (scan_word(&s, "qemu.PhyMemMode")) {
        send(g, g->physical ? "1" : "0");
    } else if (scan_word(&s, "qemu.sstepbits")) {
        send(g, "ENABLE=1,NOIRQ=2,NOTIMER=4");
    } else if (scan_word(&s, "qemu.sstep=")) {
        set_step(g, &s);
    } else if (scan_word(&s, "qemu.sstep")) {
        snprintf(text, sizeof text, "0x%x", g->step);
        send(g, text);
    } else {
        send(g, scan_word(&s, "C") && scan_end(&s) ? "QC01" : "");
    }
}

static void set(struct gdb *g, struct scan s)
{
    if (scan_word(&s, "StartNoAckMode") && scan_end(&s)) {
        send(g, "OK");
        g->link.acks = false;
    } else if (scan_word(&s, "qemu.PhyMemMode:")) {
        set_physical(g, &s);
    } else if (scan_word(&s, "qemu.sstep=")) {
        set_step(g, &s);
    } else {
        send(g, "");
    }
}

static void long_name(struct gdb *g, struct scan s)
{
    if (scan_word(&s, "Cont?")) {
        send(g, "vCont;c;C;s;S;t");
    } else if (scan_word(&s, "Cont")) {
        resume_threads(g, &s);
    } else if (scan_word(&s, "Kill;")) {
        send(g, "OK");
        control_quit(g->control);
    } else {
        send(g, "");
    }
}

static void packet(struct gdb *g)
{
    struct scan s = {g->link.packet + 1, g->link.packet + g->link.size};
    if (!g->link.size) {
        send(g, "");
        return;
    }
    g->last_g = g->link.packet[0] == 'g';
    g->gs += g->last_g && g->gs < 2;
    switch (g->link.packet[0]) {
    case '?':
        g->waiting = false;
        pause_machine(g);
        send(g, "T05thread:01;");
        break;
    case 'g':
        read_registers(g);
        break;
    case 'G':
        write_registers(g, &s);
        break;
    case 'p':
        read_register(g, &s);
        break;
    case 'P':
        write_register(g, &s);
        break;
    case 'm':
        read_memory(g, &s);
        break;
    case 'M':
    case 'X':
        write_memory(g, &s, g->link.packet[0] == 'X');
        break;
    case 'c':
    case 's':
        resume_at(g, &s, g->link.packet[0] == 's');
        break;
    case 'C':
    case 'S':
        resume_with_signal(g, &s, g->link.packet[0] == 'S');
        break;
    case 'Z':
    case 'z':
        set_point(g, &s, g->link.packet[0] == 'Z');
        break;
    case 'D':
        send(g, "OK");
        leave(g, true);
        break;
    case 'k':
        control_quit(g->control);
        break;
    case 'H': // for which operations, and the thread
        send_done(g, !scan_end(&s) && (s.at++, scan_thread(&s)));
        break;
    case 'T':
        send_done(g, scan_thread(&s));
        break;
    case 'q':
        query(g, s);
        break;
    case 'Q':
        set(g, s);
        break;
    case 'v':
        long_name(g, s);
        break;
    default:
        send(g, "");
        break;
    }
}

// ---- the client ----------------------------------------------------------------------------------------------------

struct gdb *gdb_create(struct control *c, const struct char_backend *out)
{
    struct gdb *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->control = c;
    g->out = *out;
    if (control_listen(c, heard, g))
        return g;
    free(g);
    return NULL;
}

void gdb_destroy(struct gdb *g)
{
    if (!g)
        return;
    gdb_closed(g);
    control_unlisten(g->control, g);
    free(g);
}

void gdb_set_monitor(struct gdb *g, void (*command)(void *ctx, const char *line, const struct char_backend *out),
                     void *ctx)
{
    g->monitor = command;
    g->monitor_ctx = ctx;
}

void gdb_opened(struct gdb *g)
{
    if (g->connected)
        gdb_closed(g);
    gdb_link_open(&g->link, &g->out);
    g->connected = true;
    g->physical = g->says_sw = g->says_hw = g->told = g->last_g = false;
    g->gs = 0;
    g->step = STEP_ALL;
    g->wide = g->refused ? !g->refused_wide : gdb_wide(g->control);
    pause_machine(g);
}

void gdb_input(struct gdb *g, const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; k < n && g->connected; k++) {
        switch (gdb_link_byte(&g->link, bytes[k])) {
        case GDB_NONE:
            break;
        case GDB_PACKET:
            packet(g);
            break;
        case GDB_BREAK:
            if (control_running(g->control)) {
                g->waiting = true;
                pause_machine(g);
            }
            break;
        }
    }
}

void gdb_closed(struct gdb *g)
{
    if (!g->connected)
        return;
    g->connected = false;
    // gdb gives up at its first look at the registers when their set is not that of its program. It does not say so,
    // but from then on the other one is offered.
    if (g->told && g->gs == 1 && g->last_g) {
        g->refused = true;
        g->refused_wide = g->wide;
    }
    leave(g, g->holds || g->waiting);
}
