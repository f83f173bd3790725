// The monitor's commands about the run: stop, cont, step, points, keys, reset, power, end; and what it says about them.
#include "cpu/paging.h"
#include "machine/keys.h"
#include "machine/mon.h"

#include <inttypes.h>
#include <stdio.h>

// ---- running
// ----------------------------------------------------------------------------------------------------------

static void run_stop(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        control_pause(m->c, REASON_COMMAND);
}

static void run_cont(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        control_resume(m->c, UINT64_MAX);
}

static void run_step(struct monitor *m, struct mon_args *a)
{
    uint64_t count = 1, tick = machine_tick(m->c->m);
    if (mon_more(a) && !mon_expression(m, a, &count))
        return;
    if (!mon_end(m, a))
        return;
    if (!m->c->paused) {
        mon_print(m, "the machine runs: stop it first\n");
        return;
    }
    if (!count)
        return;
    m->stepping = m->style != MONITOR_COMMANDS;
    if (count == 1)
        control_step(m->c);
    else
        control_resume(m->c, count < UINT64_MAX - tick ? tick + count : UINT64_MAX);
}

static void run_reset(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        control_reset(m->c);
}

static void run_powerdown(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        control_power_down(m->c);
}

static void run_quit(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        control_quit(m->c);
}

// ---- points
// -----------------------------------------------------------------------------------------------------------

static const char *const kinds[] = {[OBSERVE_EXEC] = "break",
                                    [OBSERVE_WRITE] = "watch write",
                                    [OBSERVE_READ] = "watch read",
                                    [OBSERVE_ACCESS] = "watch"};

static void add_point(struct monitor *m, enum observe_kind kind, uint64_t addr, uint64_t size)
{
    unsigned n = 0;
    while (n < MON_POINTS && m->point[n].number)
        n++;
    if (n == MON_POINTS || !control_add_point(m->c, kind, addr, size)) {
        mon_print(m, "there are too many points\n");
        return;
    }
    m->point[n] = (struct mon_point){++m->last_point, kind, addr, size};
    mon_print(m, "%s %u at 0x%" PRIx64 "\n", kind == OBSERVE_EXEC ? "Breakpoint" : "Watchpoint", m->last_point, addr);
}

static void run_break(struct monitor *m, struct mon_args *a)
{
    uint64_t addr;
    if (mon_expression(m, a, &addr) && mon_end(m, a))
        add_point(m, OBSERVE_EXEC, addr, 1);
}

static void run_watch(struct monitor *m, struct mon_args *a)
{
    enum observe_kind kind = OBSERVE_WRITE;
    uint64_t addr, size = 0;
    char word[8] = "w";
    if (!mon_expression(m, a, &addr))
        return;
    if (mon_more(a) && !mon_expression(m, a, &size))
        return;
    if (mon_more(a) && !mon_word(m, a, word, sizeof word))
        return;
    if (!mon_end(m, a))
        return;
    size = size ? size : 4;
    if (strcmp(word, "r") == 0)
        kind = OBSERVE_READ;
    else if (strcmp(word, "rw") == 0)
        kind = OBSERVE_ACCESS;
    else if (strcmp(word, "w") != 0) {
        mon_fail(m, a, "watch: r, w or rw expected");
        return;
    }
    if (addr + (size - 1) < addr)
        mon_fail(m, a, "watch: it goes beyond the end of memory");
    else
        add_point(m, kind, addr, size);
}

static void remove_point(struct monitor *m, struct mon_point *p)
{
    control_remove_point(m->c, p->kind, p->addr, p->size);
    p->number = 0;
}

static void run_delete(struct monitor *m, struct mon_args *a)
{
    uint64_t number = 0;
    bool all = !mon_more(a), found = all;
    if ((!all && !mon_expression(m, a, &number)) || !mon_end(m, a))
        return;
    for (unsigned n = 0; n < MON_POINTS; n++) {
        struct mon_point *p = &m->point[n];
        if (p->number && (all || p->number == number)) {
            remove_point(m, p);
            found = true;
        }
    }
    if (!found)
        mon_print(m, "there is no point %" PRIu64 "\n", number);
}

static void info_breakpoints(struct monitor *m, struct mon_args *a)
{
    unsigned shown = 0;
    if (!mon_end(m, a))
        return;
    for (unsigned number = 1; number <= m->last_point; number++) {
        for (unsigned n = 0; n < MON_POINTS; n++) {
            const struct mon_point *p = &m->point[n];
            if (p->number != number)
                continue;
            if (!shown++)
                mon_print(m, "Num  Type         Address             Size\n");
            mon_print(m, "%-4u %-12s 0x%016" PRIx64 "  %" PRIu64 "\n", number, kinds[p->kind], p->addr, p->size);
        }
    }
    if (!shown)
        mon_print(m, "No breakpoints or watchpoints.\n");
}

const struct mon_point *mon_point_met(const struct monitor *m)
{
    const struct control *c = m->c;
    if (c->reason != REASON_BREAKPOINT && c->reason != REASON_WATCHPOINT)
        return NULL;
    for (unsigned n = 0; n < MON_POINTS; n++) {
        const struct mon_point *p = &m->point[n];
        if (p->number && p->kind == c->address_kind && c->address - p->addr < p->size)
            return p;
    }
    return NULL;
}

void mon_stopped(struct monitor *m)
{
    const struct mon_point *p = mon_point_met(m);
    if (p)
        mon_print(m, "%s %u, 0x%" PRIx64 "\n", p->kind == OBSERVE_EXEC ? "Breakpoint" : "Watchpoint", p->number,
                  m->c->address);
    mon_instruction(m, SPACE_LINEAR, mon_pc(m), mon_bits(m));
}

// ---- keys and mouse
// ---------------------------------------------------------------------------------------------------

#define HOLD_MS     100u
#define HOLD_MS_MAX 3600000u

static void run_sendkey(struct monitor *m, struct mon_args *a)
{
    uint32_t usage[KEYS_MAX];
    uint64_t hold = HOLD_MS;
    char keys[256], error[200];
    if (!mon_word(m, a, keys, sizeof keys))
        return;
    if (mon_more(a) && !mon_expression(m, a, &hold))
        return;
    if (!mon_end(m, a))
        return;
    unsigned count = keys_parse(keys, usage, error, sizeof error);
    if (!count)
        mon_print(m, "invalid parameter: %s\n", error);
    else if (!control_keys(m->c, usage, count, (hold < HOLD_MS_MAX ? hold : HOLD_MS_MAX) * 1000000))
        mon_print(m, "too many keys wait to be pressed\n");
}

static void run_mouse_move(struct monitor *m, struct mon_args *a)
{
    uint64_t dx, dy, dz = 0;
    if (!mon_expression(m, a, &dx) || !mon_expression(m, a, &dy))
        return;
    if (mon_more(a) && !mon_expression(m, a, &dz))
        return;
    if (mon_end(m, a))
        machine_mouse(m->c->m, (int16_t)dx, (int16_t)dy, (int16_t)dz, m->buttons);
}

static void run_mouse_button(struct monitor *m, struct mon_args *a)
{
    uint64_t buttons;
    if (!mon_expression(m, a, &buttons) || !mon_end(m, a))
        return;
    // Left, middle, right here; left, right, middle there.
    m->buttons = (unsigned)((buttons & 1) | (buttons & 2) << 1 | (buttons & 4) >> 1);
    machine_mouse(m->c->m, 0, 0, 0, m->buttons);
}

// ---- about it
// ---------------------------------------------------------------------------------------------------------

static void info_status(struct monitor *m, struct mon_args *a)
{
    if (!mon_end(m, a))
        return;
    const char *why = control_status(m->c);
    if (!m->c->paused)
        mon_print(m, "VM status: running\n");
    else if (strcmp(why, "paused") == 0)
        mon_print(m, "VM status: paused\n");
    else
        mon_print(m, "VM status: paused (%s)\n", why);
}

static void info_version(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        mon_print(m, "%s (Snowglobe)\n", m->outside->version ? m->outside->version : "unknown");
}

static void info_name(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a) && m->outside->name)
        mon_print(m, "%s\n", m->outside->name);
}

static void info_uuid(struct monitor *m, struct mon_args *a)
{
    const uint8_t *u = m->c->m->config.smbios.uuid;
    if (mon_end(m, a))
        mon_print(m, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", u[0], u[1], u[2], u[3],
                  u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void info_kvm(struct monitor *m, struct mon_args *a)
{
    if (mon_end(m, a))
        mon_print(m, "kvm support: disabled\n");
}

static void info_history(struct monitor *m, struct mon_args *a)
{
    const char *line;
    if (!mon_end(m, a))
        return;
    for (unsigned n = 0; (line = edit_history(&m->edit, n)); n++)
        mon_print(m, "%u: '%s'\n", n, line);
}

struct listing {
    struct monitor *m;
    unsigned count;
};

static void show_chardev(void *to, const char *label, const char *what)
{
    struct listing *l = to;
    l->count++;
    mon_print(l->m, "%s: filename=%s\n", label, what);
}

static void info_chardev(struct monitor *m, struct mon_args *a)
{
    struct listing l = {m, 0};
    if (mon_end(m, a) && m->outside->chardevs)
        m->outside->chardevs(m->outside->ctx, show_chardev, &l);
}

// There is nothing of the kind yet, which is no error in a script.
static void info_nothing(struct monitor *m, struct mon_args *a)
{
    (void)m;
    a->rest += strlen(a->rest);
}

static void info_time(struct monitor *m, struct mon_args *a)
{
    if (!mon_end(m, a))
        return;
    uint64_t ns = machine_ns(m->c->m), next = machine_idle_deadline(m->c->m);
    mon_print(m, "tick %" PRIu64 ", guest time %" PRIu64 ".%09" PRIu64 " s\n", machine_tick(m->c->m), ns / 1000000000,
              ns % 1000000000);
    if (next == UINT64_MAX)
        mon_print(m, "no event is armed\n");
    else
        mon_print(m, "next event at %" PRIu64 ".%09" PRIu64 " s\n", next / 1000000000, next % 1000000000);
}

const struct mon_command mon_run_commands[] = {
    {"stop|s", "", "stop emulation", run_stop},
    {"cont|c", "", "resume emulation", run_cont},
    {"step", "[count]", "run an instruction, over interrupts, or 'count' ticks, and show the next one", run_step},
    {"break|b", "addr", "stop before the instruction at a linear address", run_break},
    {"watch", "addr [size [r|w|rw]]", "stop after an instruction that accesses memory (default: writes 4 bytes)",
     run_watch},
    {"delete|d", "[number]", "remove a breakpoint or watchpoint, or all", run_delete},
    {"system_reset", "", "reset the system", run_reset},
    {"system_powerdown", "", "send system power down event", run_powerdown},
    {"quit|q", "", "quit the emulator", run_quit},
    {"sendkey", "keys [hold_ms]", "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)",
     run_sendkey},
    {"mouse_move", "dx dy [dz]", "send mouse move events", run_mouse_move},
    {"mouse_button", "state", "change mouse button state (1=L, 2=M, 4=R)", run_mouse_button},
    {NULL, NULL, NULL, NULL},
};

const struct mon_command mon_run_infos[] = {
    {"breakpoints", "", "show breakpoints and watchpoints", info_breakpoints},
    {"block", "", "show info of the block devices (there are none yet)", info_nothing},
    {"chardev", "", "show the character devices", info_chardev},
    {"history", "", "show the command line history", info_history},
    {"kvm", "", "show KVM information", info_kvm},
    {"name", "", "show the current VM name", info_name},
    {"network", "", "show the network state (there is none yet)", info_nothing},
    {"status", "", "show the current VM status (running|paused)", info_status},
    {"time", "", "show the guest's time", info_time},
    {"uuid", "", "show the current VM UUID", info_uuid},
    {"version", "", "show the version", info_version},
    {NULL, NULL, NULL, NULL},
};
