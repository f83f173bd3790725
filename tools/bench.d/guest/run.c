// Runs benchmark programs one after the other and tells the outside through the serial port.
//
//   bench-run NAME...      as process 1's last word: /bench-NAME each, then power off
//
// Lines: `@@BOOT TSC`, then for each program `@@BEGIN NAME`, `@@END NAME`, `@@RESULT NAME TICKS CHECK`,
// at last `@@DONE`. TICKS is the time-stamp counter's difference, which is the number of instructions
// where the counter counts these; CHECK is what the program printed, or `failed`.
#include "guest.h"

enum { PORT = 1, TCSBRK = 0x5409 };

// Text is gathered here, so that a line goes out by one call.
struct line {
    char text[160];
    size_t size;
};

static void add(struct line *l, const char *text, size_t n)
{
    for (size_t i = 0; i < n && l->size < sizeof l->text; i++)
        l->text[l->size++] = text[i];
}

static void add_text(struct line *l, const char *text)
{
    add(l, text, length(text));
}

static void add_number(struct line *l, u64 value)
{
    char digits[20];
    int n = 20;
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    add(l, digits + n, (size_t)(20 - n));
}

// Returns when the last character has left the port.
static void send(struct line *l)
{
    add_text(l, "\n");
    sys3(__NR_write, PORT, (long)l->text, (long)l->size);
    sys3(__NR_ioctl, PORT, TCSBRK, 1);
    l->size = 0;
}

static u64 tsc(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

static void measure(const char *name)
{
    struct line line = {.size = 0}, path = {.size = 0};
    char said[64];
    int ends[2], status = -1;
    const char *argv[] = {name, NULL}, *envp[] = {NULL};

    add_text(&path, "/bench-");
    add(&path, name, length(name) < 100 ? length(name) : 100);
    add(&path, "", 1);
    add_text(&line, "@@BEGIN ");
    add_text(&line, name);
    send(&line);

    u64 begin = tsc();
    sys1(__NR_pipe, (long)ends);
    long child = sys0(__NR_fork);
    if (child == 0) {
        sys2(__NR_dup2, ends[1], 1);
        sys3(__NR_execve, (long)path.text, (long)argv, (long)envp);
        quit(127);
    }
    sys(__NR_wait4, child, (long)&status, 0, 0, 0, 0);
    u64 end = tsc();

    add_text(&line, "@@END ");
    add_text(&line, name);
    send(&line);
    sys1(__NR_close, ends[1]);
    long n = sys3(__NR_read, ends[0], (long)said, sizeof said);
    sys1(__NR_close, ends[0]);

    add_text(&line, "@@RESULT ");
    add_text(&line, name);
    add_text(&line, " ");
    add_number(&line, end - begin);
    add_text(&line, " ");
    if (status == 0 && n > 1)
        add(&line, said, (size_t)n - 1);
    else
        add_text(&line, "failed");
    send(&line);
}

__attribute__((used)) static _Noreturn void begin(long *stack)
{
    struct line line = {.size = 0};
    long count = stack[0];
    char **args = (char **)(stack + 1);

    add_text(&line, "@@BOOT ");
    add_number(&line, tsc());
    send(&line);
    for (long i = 1; i < count; i++)
        measure(args[i]);
    add_text(&line, "@@DONE");
    send(&line);
    // LINUX_REBOOT_CMD_POWER_OFF
    sys3(__NR_reboot, (long)0xfee1dead, 672274793, 0x4321fedc);
    quit(0);
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n call begin\n hlt\n");
