// The monitor's commands about memory and ports: x, xp, print, i, o, sum, gva2gpa, memsave, pmemsave.
//
// Differs: `x/d` shows negative numbers as such; a dump ends after 64 KiB.
#include "cpu/paging.h"
#include "machine/disasm.h"
#include "machine/memory_save.h"
#include "machine/mon.h"

#include <inttypes.h>
#include <stdio.h>

void mon_char(char text[8], uint8_t c)
{
    static const char from[] = "\n\r\t\a\b\f\v\\'", to[] = "nrtabfv\\'";
    const char *special = c ? strchr(from, c) : NULL;
    if (special)
        snprintf(text, 8, "'\\%c'", to[special - from]);
    else if (c >= 32 && c < 127)
        snprintf(text, 8, "'%c'", c);
    else
        snprintf(text, 8, "'\\x%02x'", c);
}

// ---- dumps
// ------------------------------------------------------------------------------------------------------------

#define DUMP_MAX 65536u

unsigned mon_instruction(struct monitor *m, enum control_space space, uint64_t addr, unsigned bits)
{
    uint8_t bytes[DISASM_BYTES];
    char text[DISASM_TEXT], hex[3 * DISASM_BYTES + 1] = "";
    size_t n = control_read(m->c, space, addr, bytes, sizeof bytes);
    if (!n) {
        mon_print(m, "0x%08" PRIx64 ": unable to read memory\n", addr);
        return 0;
    }
    unsigned length = disasm(bytes, n, bits, addr, text);
    for (unsigned k = 0; k < (length ? length : 1); k++)
        snprintf(hex + 3 * k, 4, "%02x ", bytes[k]);
    mon_print(m, "0x%08" PRIx64 ":  %-24s %s\n", addr, hex, text);
    return length ? length : disasm_present() ? 1 : 0;
}

static void dump_code(struct monitor *m, enum control_space space, uint64_t addr, unsigned count, unsigned bits)
{
    for (unsigned n = 0; n < count && n < DUMP_MAX / 4; n++) {
        unsigned length = mon_instruction(m, space, addr, bits);
        if (!length)
            return;
        addr += length;
    }
}

// One number, in as many columns as its size takes at most.
static void dump_value(struct monitor *m, char letter, unsigned size, uint64_t v)
{
    unsigned bits = size * 8, shift = 64 - bits;
    char text[8];
    switch (letter) {
    case 'o':
        mon_print(m, " %#*" PRIo64, (int)(bits + 2) / 3, v);
        break;
    case 'u':
        mon_print(m, " %*" PRIu64, (int)(bits * 10 + 32) / 33, v);
        break;
    case 'd':
        mon_print(m, " %*" PRId64, (int)(bits * 10 + 32) / 33, (int64_t)(v << shift) >> shift);
        break;
    case 'c':
        mon_char(text, (uint8_t)v);
        mon_print(m, " %s", text);
        break;
    default:
        mon_print(m, " 0x%0*" PRIx64, (int)size * 2, v);
    }
}

static void dump(struct monitor *m, enum control_space space, uint64_t addr, const struct mon_format *f)
{
    unsigned size = f->letter == 'c' ? 1 : f->size, per_line = f->letter == 'c' ? 8 : 16;
    uint64_t left = (uint64_t)size * f->count;
    bool cut = left > DUMP_MAX;
    for (left = cut ? DUMP_MAX : left; left;) {
        uint8_t bytes[16];
        size_t n = left < per_line ? (size_t)left : per_line;
        mon_print(m, "%016" PRIx64 ":", addr);
        if (control_read(m->c, space, addr, bytes, n) < n) {
            mon_print(m, " Cannot access memory\n");
            return;
        }
        for (size_t k = 0; k < n; k += size)
            dump_value(m, f->letter, size, load_le(bytes + k, size));
        mon_print(m, "\n");
        addr += n;
        left -= n;
    }
    if (cut)
        mon_print(m, "(cut after %u KiB)\n", DUMP_MAX / 1024);
}

static void examine(struct monitor *m, struct mon_args *a, enum control_space space)
{
    struct mon_format f = {.letter = m->format, .size = 0};
    uint64_t addr;
    if (!mon_format(m, a, &f) || !mon_expression(m, a, &addr) || !mon_end(m, a))
        return;
    m->format = f.letter;
    if (f.letter == 'i') {
        dump_code(m, space, addr, f.count, f.size == 2 ? 16 : f.size == 4 ? 32 : f.size == 8 ? 64 : mon_bits(m));
        return;
    }
    f.size = f.size ? f.size : m->size;
    m->size = f.size;
    dump(m, space, addr, &f);
}

static void run_x(struct monitor *m, struct mon_args *a)
{
    examine(m, a, SPACE_LINEAR);
}

static void run_xp(struct monitor *m, struct mon_args *a)
{
    examine(m, a, SPACE_PHYSICAL);
}

static void run_print(struct monitor *m, struct mon_args *a)
{
    struct mon_format f = {.letter = m->format};
    uint64_t v;
    char text[8];
    if (!mon_format(m, a, &f) || !mon_expression(m, a, &v) || !mon_end(m, a))
        return;
    m->format = f.letter;
    switch (f.letter) {
    case 'o':
        mon_print(m, "%#" PRIo64 "\n", v);
        break;
    case 'u':
        mon_print(m, "%" PRIu64 "\n", v);
        break;
    case 'd':
        mon_print(m, "%" PRId64 "\n", (int64_t)v);
        break;
    case 'c':
        mon_char(text, (uint8_t)v);
        mon_print(m, "%s\n", text);
        break;
    default:
        mon_print(m, "%#" PRIx64 "\n", v);
    }
}

// ---- ports
// ------------------------------------------------------------------------------------------------------------

static char size_letter(unsigned size)
{
    return size == 4 ? 'l' : size == 2 ? 'w' : 'b';
}

static bool port_size(struct monitor *m, struct mon_args *a, unsigned *size)
{
    struct mon_format f = {.letter = 'x', .size = 1};
    if (!mon_format(m, a, &f))
        return false;
    if (f.size == 8)
        mon_fail(m, a, "a port access has 1, 2 or 4 bytes");
    *size = f.size;
    return f.size != 8;
}

static void run_in(struct monitor *m, struct mon_args *a)
{
    uint64_t port, index;
    unsigned size;
    if (!port_size(m, a, &size) || !mon_expression(m, a, &port))
        return;
    port &= 0xffff;
    if (mon_more(a)) { // of a pair of index and data register
        if (!mon_expression(m, a, &index) || !mon_end(m, a))
            return;
        control_port_write(m->c, (uint16_t)port++, 1, (uint8_t)index);
    }
    uint32_t v = control_port_read(m->c, (uint16_t)port, size);
    mon_print(m, "port%c[0x%04x] = 0x%0*x\n", size_letter(size), (unsigned)(uint16_t)port, (int)size * 2, v);
}

static void run_out(struct monitor *m, struct mon_args *a)
{
    uint64_t port, v;
    unsigned size;
    if (port_size(m, a, &size) && mon_expression(m, a, &port) && mon_expression(m, a, &v) && mon_end(m, a))
        control_port_write(m->c, (uint16_t)port, size, (uint32_t)(v & size_mask(size)));
}

// ---- others
// -----------------------------------------------------------------------------------------------------------

#define SUM_MAX ((uint64_t)1 << 30)

// The checksum of BSD's sum(1).
static void run_sum(struct monitor *m, struct mon_args *a)
{
    uint64_t addr, size;
    uint16_t sum = 0;
    if (!mon_expression(m, a, &addr) || !mon_expression(m, a, &size) || !mon_end(m, a))
        return;
    if (size > SUM_MAX) {
        mon_print(m, "sum: at most 1 GiB\n");
        return;
    }
    for (uint64_t done = 0; done < size;) {
        uint8_t bytes[PAGE_SIZE];
        size_t n = size - done < sizeof bytes ? (size_t)(size - done) : sizeof bytes;
        if (control_read(m->c, SPACE_PHYSICAL, addr + done, bytes, n) < n) {
            mon_print(m, "Cannot access memory\n");
            return;
        }
        for (size_t k = 0; k < n; k++)
            sum = (uint16_t)((sum >> 1 | sum << 15) + bytes[k]);
        done += n;
    }
    mon_print(m, "%05u\n", sum);
}

static void run_gva2gpa(struct monitor *m, struct mon_args *a)
{
    uint64_t addr, phys;
    if (!mon_expression(m, a, &addr) || !mon_end(m, a))
        return;
    bool lma = control_cpu(m->c)->efer & EFER_LMA;
    addr = lma ? addr : (uint32_t)addr;
    if ((!lma || canonical(addr)) && translate_peek(m->c->m->cpu, addr, &phys))
        mon_print(m, "gpa: %#" PRIx64 "\n", phys);
    else
        mon_print(m, "Unmapped\n");
}

static void save(struct monitor *m, struct mon_args *a, enum control_space space)
{
    uint64_t addr, size;
    char path[512], error[640];
    if (!mon_expression(m, a, &addr) || !mon_expression(m, a, &size) || !mon_word(m, a, path, sizeof path) ||
        !mon_end(m, a))
        return;
    if (!memory_save(m->c, space, addr, size, path, error, sizeof error))
        mon_print(m, "Error: %s\n", error);
}

static void run_memsave(struct monitor *m, struct mon_args *a)
{
    save(m, a, SPACE_LINEAR);
}

static void run_pmemsave(struct monitor *m, struct mon_args *a)
{
    save(m, a, SPACE_PHYSICAL);
}

const struct mon_command mon_memory_commands[] = {
    {"x", "/fmt addr", "virtual memory dump starting at 'addr'", run_x},
    {"xp", "/fmt addr", "physical memory dump starting at 'addr'", run_xp},
    {"print|p", "/fmt expr", "print expression value (use $reg for CPU register access)", run_print},
    {"i", "/fmt addr", "I/O port read", run_in},
    {"o", "/fmt addr value", "I/O port write", run_out},
    {"sum", "addr size", "compute the checksum of a memory region", run_sum},
    {"gva2gpa", "addr", "print the guest physical address corresponding to a guest virtual address", run_gva2gpa},
    {"memsave", "addr size file", "save to disk virtual memory dump starting at 'addr' of size 'size'", run_memsave},
    {"pmemsave", "addr size file", "save to disk physical memory dump starting at 'addr' of size 'size'", run_pmemsave},
    {NULL, NULL, NULL, NULL},
};
