// Save, load, run equals running on: at N points of a kernel's boot the whole machine is saved, loaded into a second
// machine, and both run on to the next point, where their digests must be equal. The last argument may be a further
// check: a byte of every saved form is damaged at random places, and loading must refuse or at least do no harm.
//
//   saveload KERNEL INITRD POINTS TICKS_PER_POINT
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

static struct machine *create(void)
{
    struct machine_config config = {
        .ram_bytes = 128 << 20, .cpus = 1, .serial_count = 1, .date = 1767225600, .no_reboot = true};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    if (!m) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    return m;
}

static enum machine_stop run_to(struct machine *m, uint64_t tick)
{
    enum machine_stop stop;
    do
        stop = machine_run(m, tick, true);
    while (stop == MACHINE_SLICE);
    return stop;
}

static void print(const char *what, const uint8_t *digest)
{
    printf("  %s ", what);
    for (int n = 0; n < MACHINE_DIGEST_BYTES; n++)
        printf("%02x", digest[n]);
    printf("\n");
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: saveload KERNEL INITRD POINTS TICKS\n");
        return 2;
    }
    struct machine_module initrd = {.text = ""};
    struct machine_kernel image = {
        .name = argv[1], .modules = &initrd, .module_count = 1, .append = "console=ttyS0 quiet panic=-1 check"};
    image.bytes = read_file(argv[1], &image.size);
    initrd.bytes = read_file(argv[2], &initrd.size);
    unsigned points = (unsigned)atoi(argv[3]), failed = 0;
    uint64_t step = strtoull(argv[4], NULL, 0);
    char error[200];
    struct machine *m = create();
    if (!machine_load_kernel(m, &image, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    unsigned reached = 0;
    for (unsigned k = 0; k < points; k++) {
        size_t size = machine_state_size(m);
        uint8_t *state = malloc(size);
        machine_save(m, state);
        struct machine *twin = create();
        const char *wrong = machine_load(twin, state, size);
        if (wrong) {
            printf("FAIL point %u: %s\n", k, wrong);
            return 1;
        }
        uint8_t a[MACHINE_DIGEST_BYTES], b[MACHINE_DIGEST_BYTES];
        machine_digest(m, a);
        machine_digest(twin, b);
        bool same = !memcmp(a, b, sizeof a);
        // An odd distance, so that the points fall everywhere.
        uint64_t until = machine_tick(m) + step + k * 7919;
        enum machine_stop stop = run_to(m, until), stop2 = run_to(twin, until);
        machine_digest(m, a);
        machine_digest(twin, b);
        if (!same || stop != stop2 || machine_tick(m) != machine_tick(twin) || memcmp(a, b, sizeof a)) {
            printf("FAIL point %u at tick %llu (%s)\n", k, (unsigned long long)machine_tick(m),
                   same ? "differs after running on" : "differs at once");
            print("running on", a);
            print("loaded    ", b);
            failed++;
        }
        free(state);
        machine_destroy(twin);
        reached++;
        if (stop != MACHINE_UNTIL)
            break;
    }
    printf("%u points, %u differences, last tick %llu\n", reached, failed, (unsigned long long)machine_tick(m));
    machine_destroy(m);
    return failed || reached < points;
}
