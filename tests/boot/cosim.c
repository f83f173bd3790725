// Lockstep of the two engines along a kernel's boot and its programs (machine/cosim.h): the first difference is
// reported and fails.
//
//   cosim KERNEL INITRD MODEL UNTIL [FROM [THRESHOLD [APPEND]]]
#include "machine/cosim.h"
#include "host/files.h"
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void serial(void *ctx, const uint8_t *bytes, size_t n)
{
    fwrite(bytes, 1, n, ctx);
}

static struct machine *create(const char *model, unsigned jit_threshold, bool output,
                              const struct machine_kernel *image)
{
    struct machine_config config = {.ram_bytes = 128 << 20,
                                    .cpus = 1,
                                    .cpu_model = model,
                                    .serial_count = 1,
                                    .date = 1767225600,
                                    .no_reboot = true,
                                    .jit_threshold = jit_threshold};
    char error[200];
    if (output)
        config.serial[0] = (struct char_backend){serial, stdout};
    struct machine *m = machine_create(&config, error, sizeof error);
    if (!m || !machine_load_kernel(m, image, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    return m;
}

static void report(void *ctx, const char *line)
{
    (void)ctx;
    printf("%s\n", line);
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 8) {
        fprintf(stderr, "usage: cosim KERNEL INITRD MODEL UNTIL [FROM [THRESHOLD [APPEND]]]\n");
        return 2;
    }
    struct machine_module initrd = {.text = ""};
    struct machine_kernel image = {.name = argv[1],
                                   .modules = &initrd,
                                   .module_count = 1,
                                   .append = argc > 7 ? argv[7] : "console=ttyS0 quiet panic=-1 check"};
    image.bytes = read_file(argv[1], &image.size);
    initrd.bytes = read_file(argv[2], &initrd.size);
    uint64_t until = strtoull(argv[4], NULL, 0), from = argc > 5 ? strtoull(argv[5], NULL, 0) : 0;
    struct machine *leader = create(argv[3], argc > 6 ? (unsigned)atoi(argv[6]) : MACHINE_JIT_THRESHOLD, true, &image);
    struct machine *follower = create(argv[3], 0, false, &image);
    struct cosim *s = cosim_create(leader, follower, from, UINT64_MAX);
    bool differs = false;
    enum machine_stop stop = MACHINE_SLICE;
    while (stop == MACHINE_SLICE && !differs)
        stop = cosim_run(s, until, true, &differs, report, NULL);
    printf("%llu ticks in lockstep, %s\n", (unsigned long long)machine_tick(leader),
           differs ? "a difference" : "no difference");
    cosim_destroy(s);
    machine_destroy(leader);
    machine_destroy(follower);
    return differs;
}
