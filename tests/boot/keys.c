// A key combination of the PS/2 keyboard arrives in a system: a kernel boots to its shell, and there ctrl-alt-delete
// makes it restart the machine.
//
//   keys KERNEL INITRD
#include "machine/keys.h"
#include "host/files.h"
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 4000000000u // ticks

struct console {
    char tail[64];
    bool prompt;
};

static void console_write(void *ctx, const uint8_t *bytes, size_t n)
{
    struct console *c = ctx;
    for (size_t k = 0; k < n; k++) {
        memmove(c->tail, c->tail + 1, sizeof c->tail - 2);
        c->tail[sizeof c->tail - 2] = bytes[k] ? (char)bytes[k] : ' ';
        c->prompt |= strstr(c->tail, "root@snowglobe:~#") != NULL;
    }
}

static const uint8_t *read_file(const char *name, size_t *size)
{
    struct file_bytes file;
    char error[200];
    if (!file_read(name, MACHINE_MAX_RAM, &file, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    *size = file.size;
    return file.bytes;
}

static void fail(const char *what, const struct machine *m)
{
    printf("FAIL: %s at tick %llu\n", what, (unsigned long long)machine_tick(m));
    exit(1);
}

// Slices until the prompt has come, or until the machine stops.
static enum machine_stop run(struct machine *m, const struct console *c, bool to_prompt)
{
    enum machine_stop stop = MACHINE_SLICE;
    while (stop == MACHINE_SLICE && !(to_prompt && c->prompt)) {
        if (machine_tick(m) > LIMIT)
            fail("nothing happens", m);
        stop = machine_run(m, LIMIT, true);
    }
    return stop;
}

int main(int argc, char **argv)
{
    static const char combination[] = "ctrl-alt-delete";
    if (argc != 3) {
        fprintf(stderr, "usage: keys KERNEL INITRD\n");
        return 2;
    }
    struct console console = {{0}, false};
    memset(console.tail, ' ', sizeof console.tail - 1);
    struct machine_config config = {.ram_bytes = 128 << 20,
                                    .cpus = 1,
                                    .serial_count = 1,
                                    .serial = {{console_write, &console}},
                                    .date = 1767225600,
                                    .no_reboot = true};
    struct machine_module initrd = {.text = ""};
    struct machine_kernel image = {
        .name = argv[1], .modules = &initrd, .module_count = 1, .append = "console=ttyS0 quiet panic=-1"};
    image.bytes = read_file(argv[1], &image.size);
    initrd.bytes = read_file(argv[2], &initrd.size);
    char error[200];
    uint32_t key[KEYS_MAX];
    struct machine *m = machine_create(&config, error, sizeof error);
    unsigned keys = m ? keys_parse(combination, key, error, sizeof error) : 0;
    if (!keys || !machine_load_kernel(m, &image, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    enum machine_stop stop = run(m, &console, true);
    if (!console.prompt)
        fail("no prompt", m);
    uint64_t tick = machine_tick(m);
    if (stop == MACHINE_RESET)
        fail("a reset without keys", m);
    for (unsigned n = 0; n < keys; n++)
        machine_key(m, key[n], true);
    for (unsigned n = keys; n--;)
        machine_key(m, key[n], false);
    stop = run(m, &console, false);
    if (stop != MACHINE_RESET)
        fail("no reset", m);
    printf("%s at tick %llu, reset %llu ticks later\n", combination, (unsigned long long)tick,
           (unsigned long long)(machine_tick(m) - tick));
    machine_destroy(m);
    free((void *)image.bytes);
    free((void *)initrd.bytes);
    return 0;
}
