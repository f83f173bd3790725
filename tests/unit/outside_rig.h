// A machine with a small program, a client that remembers what it hears, and an outside whose files are in memory: for
// tests of monitor, QMP and traces.
#ifndef TESTS_UNIT_OUTSIDE_RIG_H
#define TESTS_UNIT_OUTSIDE_RIG_H

#include "machine/control.h"
#include "machine/pc.h"
#include "machine/tracing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define CODE 0x8000u

// 16-bit code: a loop that counts in AX and stores it, then an interrupt through the table at 0, then a halt.
static const uint8_t program[] = {
    0x31, 0xc0,             // 8000 xor ax, ax
    0x40,                   // 8002 inc ax
    0xa3, 0x00, 0x90,       // 8003 mov [9000h], ax
    0x8b, 0x1e, 0x00, 0x90, // 8006 mov bx, [9000h]
    0xe6, 0x80,             // 800a out 80h, al
    0x3d, 0x64, 0x00,       // 800c cmp ax, 100
    0x75, 0xf1,             // 800f jne 8002
    0xcd, 0x40,             // 8011 int 40h
    0xf4,                   // 8013 hlt
    0xeb, 0xfd,             // 8014 jmp 8013
    0xcf,                   // 8016 iret
};

#define HEARD (4u << 20)

struct rig {
    struct machine *m;
    struct control c;
    struct outside outside;
    struct tracing *tracing;
    char *heard; // by the client, or of the log
    size_t length;
    uint8_t file[65536];
    size_t file_length;
    char file_name[64];
    unsigned files;
};

static inline void rig_hear(void *ctx, const uint8_t *bytes, size_t n)
{
    struct rig *r = ctx;
    assert_true(r->length + n < HEARD);
    memcpy(r->heard + r->length, bytes, n);
    r->length += n;
    r->heard[r->length] = 0;
}

static inline struct char_backend rig_out(struct rig *r)
{
    return (struct char_backend){rig_hear, r};
}

static inline void rig_forget(struct rig *r)
{
    r->length = 0;
    r->heard[0] = 0;
}

static inline void *rig_create(void *ctx, const char *path, char *error, size_t size)
{
    struct rig *r = ctx;
    if (strcmp(path, "bad") == 0) {
        snprintf(error, size, "bad: no such place");
        return NULL;
    }
    snprintf(r->file_name, sizeof r->file_name, "%s", path);
    r->file_length = 0;
    r->files++;
    return r;
}

static inline bool rig_write(void *ctx, void *file, const void *bytes, size_t n)
{
    struct rig *r = ctx;
    assert_ptr_equal(file, r);
    if (r->file_length + n > sizeof r->file)
        return false;
    memcpy(r->file + r->file_length, bytes, n);
    r->file_length += n;
    return true;
}

static inline bool rig_close(void *ctx, void *file)
{
    assert_ptr_equal(ctx, file);
    ((struct rig *)ctx)->files--;
    return true;
}

static inline void rig_chardevs(void *ctx, void (*each)(void *to, const char *label, const char *what), void *to)
{
    (void)ctx;
    each(to, "serial0", "null");
    each(to, "mon", "unix:/tmp/m,server=on");
}

static inline void rig_begin(struct rig *r, bool paused)
{
    struct machine_config config = {.ram_bytes = 2 << 20, .cpus = 1, .serial_count = 1, .no_reboot = false};
    static const uint8_t vector40[] = {0x16, 0x80, 0x00, 0x00};
    char error[200];
    *r = (struct rig){.m = machine_create(&config, error, sizeof error), .heard = malloc(HEARD)};
    assert_non_null(r->m);
    assert_non_null(r->heard);
    rig_forget(r);
    r->outside = (struct outside){.version = "1.2.3",
                                  .name = "globe",
                                  .create_file = rig_create,
                                  .write_file = rig_write,
                                  .close_file = rig_close,
                                  .chardevs = rig_chardevs,
                                  .ctx = r};
    control_init(&r->c, r->m, paused);
    r->c.outside = &r->outside;
    r->tracing = tracing_create(&r->c, &(struct char_backend){rig_hear, r});
    assert_non_null(r->tracing);
    r->outside.tracing = r->tracing;
    assert_int_equal(control_write(&r->c, SPACE_PHYSICAL, CODE, program, sizeof program), sizeof program);
    assert_int_equal(control_write(&r->c, SPACE_PHYSICAL, 4 * 0x40, vector40, 4), 4);
    struct cpu_state s = *control_cpu(&r->c);
    s.seg[SEG_CS] = (struct segment_state){0, 0xffff, 0, 0x93};
    s.rip = CODE;
    s.reg[RSP] = 0x7000;
    assert_null(control_set_cpu(&r->c, &s));
}

static inline void rig_end(struct rig *r)
{
    tracing_destroy(r->tracing);
    machine_destroy(r->m);
    free(r->heard);
}

// Runs until the machine pauses or ends.
static inline enum machine_stop rig_go(struct rig *r)
{
    enum machine_stop stop = MACHINE_SLICE;
    while (control_running(&r->c) && (stop == MACHINE_SLICE || stop == MACHINE_STOPPED || stop == MACHINE_UNTIL)) {
        stop = machine_run(r->m, r->c.until, true);
        control_ran(&r->c, stop);
    }
    return stop;
}

// The digest at the program's end, in a machine that nobody looks at.
static inline void rig_plain(uint8_t digest[MACHINE_DIGEST_BYTES])
{
    struct rig r;
    rig_begin(&r, false);
    assert_int_equal(rig_go(&r), MACHINE_STUCK);
    machine_digest(r.m, digest);
    rig_end(&r);
}

static inline void rig_says(struct rig *r, const char *text)
{
    if (!strstr(r->heard, text))
        fail_msg("no '%s' in '%.3000s'", text, r->heard);
}

static inline void rig_silent_of(struct rig *r, const char *text)
{
    if (strstr(r->heard, text))
        fail_msg("'%s' in '%.3000s'", text, r->heard);
}

#endif
