// From the command line to a running machine.
#include "host/start.h"
#include "host/files.h"
#include "host/progress.h"
#include "host/session.h"
#include "host/terminal.h"

#include <fcntl.h>
#include <unistd.h>

// A file must not come to lie at a descriptor that means something else. Nothing can be read from, or written to, what
// was closed.
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

// Reads the files and puts them into the machine.
static bool load(struct machine *m, const struct options *o, char *error, size_t size)
{
    struct file_bytes kernel = {0}, initrd = {0};
    bool ok = file_read(o->kernel, o->ram_bytes, &kernel, error, size) &&
              (!o->initrd || file_read(o->initrd, o->ram_bytes, &initrd, error, size));
    if (ok) {
        struct machine_linux linux = {.kernel = kernel.bytes,
                                      .kernel_size = kernel.size,
                                      .initrd = initrd.bytes,
                                      .initrd_size = initrd.size,
                                      .append = o->append ? o->append : "",
                                      .guest_unpack = o->guest_unpack,
                                      .progress = progress_step};
        ok = machine_load_linux(m, &linux, error, size);
        progress_done();
    }
    file_free(&kernel);
    file_free(&initrd);
    return ok;
}

static int run(const struct options *o, char *error, size_t size)
{
    struct machine_config config;
    struct session *s = session_create(o, error, size);
    if (!s)
        return STATUS_BAD_INPUT;
    session_configure(s, &config);
    struct machine *m = machine_create(&config, error, size);
    int status = STATUS_BAD_INPUT;
    if (m && load(m, o, error, size)) {
        if (o->window_wanted)
            session_say("there is no window yet; going on as with -nographic");
        if (o->cpu_model && !strcmp(o->cpu_model, "host"))
            session_say("-cpu host: the richest model there is, v2; the guest never sees this computer's processor");
        if (o->cpus > 1)
            session_say("-smp %u: one processor runs; more come later", o->cpus);
        terminal_init();
        status = session_run(s, m);
        *error = 0;
    }
    machine_destroy(m);
    session_destroy(s);
    return status;
}

int start(int argc, char **argv)
{
    struct options o;
    char error[1024] = "";
    fill_standard_descriptors();
    switch (options_parse(&o, argc, argv, error, sizeof error)) {
    case OPTIONS_HELP:
        options_help(stdout);
        return fflush(stdout) == 0 ? STATUS_END : STATUS_OUTPUT;
    case OPTIONS_VERSION:
        printf("snowglobe %s\n", options_version());
        return fflush(stdout) == 0 ? STATUS_END : STATUS_OUTPUT;
    case OPTIONS_BAD:
        session_say("%s", error);
        return STATUS_BAD_INPUT;
    case OPTIONS_RUN:
        break;
    }
    int status = run(&o, error, sizeof error);
    if (*error)
        session_say("%s", error);
    if (terminal_signal())
        terminal_die();
    return status;
}
