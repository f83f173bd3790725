// From the command line to a running machine.
#include "host/start.h"
#include "host/files.h"
#include "host/progress.h"
#include "host/session.h"
#include "host/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define MODULES_MAX 64

// What -kernel and -initrd name.
struct boot_files {
    struct file_bytes kernel, module[MODULES_MAX];
    struct machine_module table[MODULES_MAX];
    unsigned count;
    char *names; // a copy of -initrd, cut into parts
};

static bool read_module(struct boot_files *f, const char *path, const char *text, uint64_t limit, char *error,
                        size_t size)
{
    if (f->count == MODULES_MAX) {
        snprintf(error, size, "-initrd: there are %d modules at most", MODULES_MAX);
        return false;
    }
    struct file_bytes *file = &f->module[f->count];
    if (!file_read(path, limit, file, error, size))
        return false;
    f->table[f->count++] = (struct machine_module){file->bytes, file->size, text};
    return true;
}

// "FILE WORDS,FILE WORDS": a module's command line is all of its part. Two commas are one that does not separate.
static bool read_modules(struct boot_files *f, const char *list, uint64_t limit, char *error, size_t size)
{
    size_t room = strlen(list) + 1;
    char *text = f->names = malloc(2 * room), *path = text + room;
    if (!text) {
        snprintf(error, size, "out of memory");
        return false;
    }
    while (*list) {
        char *to = text;
        for (; *list && (*list != ',' || list[1] == ','); list++) {
            list += *list == ',';
            *to++ = *list;
        }
        list += *list == ',';
        *to++ = 0;
        size_t length = strcspn(text, " ");
        memcpy(path, text, length);
        path[length] = 0;
        if (!read_module(f, path, text, limit, error, size))
            return false;
        text = to;
    }
    return true;
}

static bool read_boot_files(struct boot_files *f, const struct options *o, char *error, size_t size)
{
    if (!file_read(o->kernel, o->ram_bytes, &f->kernel, error, size))
        return false;
    if (!o->initrd)
        return true;
    if (machine_kernel_kind(f->kernel.bytes, f->kernel.size) == MACHINE_KERNEL_MULTIBOOT)
        return read_modules(f, o->initrd, o->ram_bytes, error, size);
    return read_module(f, o->initrd, "", o->ram_bytes, error, size);
}

// Reads the files and puts them into the machine.
static bool load(struct machine *m, const struct options *o, char *error, size_t size)
{
    struct boot_files f = {0};
    bool ok = read_boot_files(&f, o, error, size);
    if (ok) {
        struct machine_kernel kernel = {.name = o->kernel,
                                        .bytes = f.kernel.bytes,
                                        .size = f.kernel.size,
                                        .modules = f.table,
                                        .module_count = f.count,
                                        .append = o->append ? o->append : "",
                                        .guest_unpack = o->guest_unpack,
                                        .progress = progress_step};
        ok = machine_load_kernel(m, &kernel, error, size);
        progress_done();
    }
    file_free(&f.kernel);
    for (unsigned n = 0; n < f.count; n++)
        file_free(&f.module[n]);
    free(f.names);
    return ok;
}

// Reads what -fw_cfg names; the bytes go to `bytes`, which the caller frees.
static bool read_fw_cfg(const struct options *o, struct file_bytes *bytes, struct machine_file *file, char *error,
                        size_t size)
{
    for (unsigned n = 0; n < o->fw_cfg_count; n++) {
        const struct fw_cfg_option *f = &o->fw_cfg[n];
        file[n] = (struct machine_file){f->name, f->value, (uint32_t)strlen(f->value)};
        if (!f->from_file)
            continue;
        if (!file_read(f->value, o->ram_bytes < UINT32_MAX ? o->ram_bytes : UINT32_MAX, &bytes[n], error, size))
            return false;
        file[n].bytes = bytes[n].bytes;
        file[n].size = (uint32_t)bytes[n].size;
    }
    return true;
}

static int run(const struct options *o, char *error, size_t size)
{
    struct file_bytes bytes[FW_CFG_OPTIONS] = {{0}};
    struct machine_file file[FW_CFG_OPTIONS];
    struct machine_config config;
    struct session *s = session_create(o, error, size);
    if (!s) {
        session_report(NULL, o, STATUS_BAD_INPUT, error, size);
        return STATUS_BAD_INPUT;
    }
    session_configure(s, &config);
    config.file = file;
    config.file_count = o->fw_cfg_count;
    struct machine *m = read_fw_cfg(o, bytes, file, error, size) ? machine_create(&config, error, size) : NULL;
    int status = STATUS_BAD_INPUT;
    if (m && load(m, o, error, size)) {
        for (unsigned n = 0; n < o->notes; n++)
            session_say("%s", o->note[n]);
        if (o->window_wanted)
            session_say("there is no window yet; going on as with -nographic");
        if (o->cpu_model && !strcmp(o->cpu_model, "host"))
            session_say("-cpu host: the richest model there is, v2; the guest never sees this computer's processor");
        if (o->cpus > 1)
            session_say("-smp %u: one processor runs; more come later", o->cpus);
        *error = 0;
        status = session_run(s, m, error, size);
    }
    if (!session_report(s, o, status, error, size))
        status = STATUS_OUTPUT;
    machine_destroy(m);
    session_destroy(s);
    for (unsigned n = 0; n < o->fw_cfg_count; n++)
        file_free(&bytes[n]);
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
        return fflush(stdout) == 0 && !ferror(stdout) ? STATUS_END : STATUS_OUTPUT;
    case OPTIONS_LOG_HELP:
        options_log_help(stdout);
        return fflush(stdout) == 0 && !ferror(stdout) ? STATUS_END : STATUS_OUTPUT;
    case OPTIONS_VERSION:
        printf("snowglobe %s\n", options_version());
        return fflush(stdout) == 0 ? STATUS_END : STATUS_OUTPUT;
    case OPTIONS_BAD:
        session_say("%s", error);
        return STATUS_BAD_INPUT;
    case OPTIONS_RUN:
        break;
    }
    terminal_init(options_judged(&o) ? STATUS_FAULT : 0);
    int status = run(&o, error, sizeof error);
    if (*error && !terminal_signal())
        session_say("%s", error);
    if (terminal_signal())
        terminal_die();
    return status;
}
