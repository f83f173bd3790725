// Translated code against the interpreter, where a directed program does not reach: flags that hosts leave differently,
// full code memory, links that are undone, remapped pages.
#include "jit/jit.h"
#include "jit/translate.h"
#include "machine/control.h"
#include "machine/pc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define CODE 0x8000u

static struct machine *begin(unsigned jit_threshold, const uint8_t *code, size_t size)
{
    struct machine_config config = {.ram_bytes = 4 << 20, .cpus = 1, .no_reboot = true, .jit_threshold = jit_threshold};
    char error[200];
    struct machine *m = machine_create(&config, error, sizeof error);
    assert_non_null(m);
    struct control c;
    control_init(&c, m, false);
    assert_int_equal(control_write(&c, SPACE_PHYSICAL, CODE, code, size), size);
    struct cpu_state s = *control_cpu(&c);
    s.cr0 |= CR0_PE;
    for (unsigned n = 0; n < SEG_COUNT; n++)
        s.seg[n] = (struct segment_state){0, 0xffffffffu, n == SEG_CS ? 8 : 16,
                                          ATTR_G | ATTR_DB | ATTR_P | ATTR_S | (n == SEG_CS ? 11 : 3)};
    s.rip = CODE;
    s.reg[RSP] = 0x200000;
    assert_null(control_set_cpu(&c, &s));
    return m;
}

static void finish(struct machine *m, uint8_t digest[MACHINE_DIGEST_BYTES], uint64_t *tick)
{
    enum machine_stop stop;
    do
        stop = machine_run(m, 200000000, true);
    while (stop == MACHINE_SLICE);
    assert_int_equal(stop, MACHINE_STUCK);
    machine_digest(m, digest);
    *tick = machine_tick(m);
    machine_destroy(m);
}

// Shifts and rotates of all widths by constants and by CL, each with its flags stored.
static size_t shifts_program(uint8_t *p)
{
    uint8_t *begin = p;
#define BYTES(...)                                                                                                     \
    do {                                                                                                               \
        static const uint8_t bytes_[] = {__VA_ARGS__};                                                                 \
        memcpy(p, bytes_, sizeof bytes_);                                                                              \
        p += sizeof bytes_;                                                                                            \
    } while (0)
    BYTES(0xbb, 0x21, 0x43, 0x65, 0x87); // mov ebx, 87654321h
    BYTES(0xbe, 0x64, 0x00, 0x00, 0x00); // mov esi, 100
    BYTES(0xb9, 0x00, 0x00, 0x00, 0x00); // mov ecx, 0
    uint8_t *loop = p;
    for (unsigned n = 0; n < 8; n++) {
        for (unsigned form = 0; form < 6; form++) {
            BYTES(0x89, 0xd8); // mov eax, ebx
            BYTES(0x01, 0xf0); // add eax, esi
            if (form == 0)     // shift al, 3
                BYTES(0xc0);
            else if (form == 1) // shift ax, 3
                BYTES(0x66, 0xc1);
            else if (form == 2) // shift eax, 3
                BYTES(0xc1);
            else if (form == 3) // shift eax, 1
                BYTES(0xd1);
            else if (form == 4) // shift eax, cl
                BYTES(0xd3);
            else // shift dword [100000h], 5
                BYTES(0xc1);
            *p++ = form == 5 ? (uint8_t)(0x05 | n << 3) : (uint8_t)(0xc0 | n << 3);
            if (form == 5)
                BYTES(0x00, 0x00, 0x10, 0x00);
            if (form < 3 || form == 5)
                *p++ = form == 5 ? 5 : 3;
            BYTES(0x9c);                               // pushf
            BYTES(0x5a);                               // pop edx
            BYTES(0x01, 0xd3);                         // add ebx, edx
            BYTES(0x31, 0xc3);                         // xor ebx, eax
            BYTES(0x89, 0x1d, 0x00, 0x00, 0x10, 0x00); // mov [100000h], ebx
        }
    }
    BYTES(0x41);       // inc ecx
    BYTES(0x4e);       // dec esi
    BYTES(0x0f, 0x85); // jnz loop
    int32_t back = (int32_t)(loop - (p + 4));
    store_u32(p, (uint32_t)back);
    p += 4;
    BYTES(0xf4); // hlt
    return (size_t)(p - begin);
}

static void test_host_flags(void **state)
{
    static const int claims[] = {-1, HOST_DIFFERS};
    uint8_t code[4096], want[MACHINE_DIGEST_BYTES], got[MACHINE_DIGEST_BYTES];
    uint64_t tick, tick2;
    size_t size = shifts_program(code);
    (void)state;
    finish(begin(0, code, size), want, &tick);
    for (unsigned k = 0; k < ARRAY_LEN(claims); k++) {
        struct machine *m = begin(1, code, size);
        if (!m->jit)
            skip();
        // As on a host whose shifts give flags of their own.
        if (claims[k] >= 0)
            memset(m->jit->shift, claims[k], sizeof m->jit->shift);
        finish(m, got, &tick2);
        assert_int_equal(tick2, tick);
        assert_memory_equal(got, want, sizeof want);
    }
}

// Code memory that is full is emptied and filled again.
static void test_full(void **state)
{
    uint8_t code[4096], want[MACHINE_DIGEST_BYTES], got[MACHINE_DIGEST_BYTES];
    uint64_t tick, tick2;
    size_t size = shifts_program(code);
    struct jit_stats stats;
    (void)state;
    finish(begin(0, code, size), want, &tick);
    struct machine *m = begin(1, code, size);
    if (!m->jit)
        skip();
    m->jit->room = m->jit->fixed + 8192;
    for (unsigned n = 0; n < 50; n++)
        machine_run(m, machine_tick(m) + 500, true);
    jit_stats(m->jit, &stats);
    assert_true(stats.flushes > 3);
    assert_true(stats.blocks > 10);
    finish(m, got, &tick2);
    assert_int_equal(tick2, tick);
    assert_memory_equal(got, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_flags),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
