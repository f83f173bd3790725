// Loading a bzImage: a small made-up one lands where the boot protocol says, and damaged ones are refused with a line.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "machine/acpi.h"
#include "machine/kernel.h"

enum {
    MIB = 1 << 20,
    RAM_SIZE = 24 * MIB,
    HIGH_SIZE = 4 * MIB, // of this, above 4 GiB
    LOW_SIZE = RAM_SIZE - HIGH_SIZE,
    TEXT = 200,

    SETUP_SIZE = 3 * 512,
    PAYLOAD_AT = 0x300, // in the protected-mode part
    KERNEL_AT = 0x200000,
    INIT_SIZE = 0x300000,
    ENTRY = KERNEL_AT + 0x10,

    TEXT_SIZE = 0x3000,
    DATA_AT = KERNEL_AT + 0x100000,
    DATA_SIZE = 0x123,
    DATA_ROOM = 0x5000,
    ELF_SIZE = 0x4000,
};

struct bench {
    struct phys phys;
    struct map devices;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t *ram;
    uint8_t elf[ELF_SIZE + 16]; // and some relocations behind it
    uint8_t image[2 * ELF_SIZE];
    size_t image_size;
    struct machine_kernel k;
    struct machine_module initrd;
    struct kernel_entry entry;
    char error[TEXT];
};

static void segment(uint8_t *header, uint32_t type, uint64_t offset, uint64_t addr, uint64_t bytes, uint64_t room)
{
    store_u32(header, type);
    store_u64(header + 8, offset);
    store_u64(header + 16, 0xffffffff80000000 + addr);
    store_u64(header + 24, addr);
    store_u64(header + 32, bytes);
    store_u64(header + 40, room);
}

static void make_elf(struct bench *b)
{
    uint8_t *e = b->elf;
    for (size_t n = 0; n < sizeof b->elf; n++)
        e[n] = (uint8_t)(n * 7 ^ n >> 8);
    memset(e, 0, 64 + 3 * 56);
    memcpy(e,
           "\x7f"
           "ELF\2\1\1",
           7);
    store_u16(e + 16, 2);
    store_u16(e + 18, 62);
    store_u64(e + 24, ENTRY);
    store_u64(e + 32, 64);
    store_u16(e + 54, 56);
    store_u16(e + 56, 3);
    segment(e + 64, 1, 0x200, KERNEL_AT, TEXT_SIZE, TEXT_SIZE);
    segment(e + 64 + 56, 4, 0, 0, 0x10000000, 0x10000000); // a note, not loaded
    segment(e + 64 + 112, 1, 0x3800, DATA_AT, DATA_SIZE, DATA_ROOM);
}

static void make_image(struct bench *b)
{
    uint8_t *i = b->image, *code = i + SETUP_SIZE;
    memset(i, 0, sizeof b->image);
    for (size_t n = 0; n < PAYLOAD_AT; n++)
        code[n] = (uint8_t)(n * 3 + 1);
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = b->elf;
    z.avail_in = sizeof b->elf;
    z.next_out = code + PAYLOAD_AT;
    z.avail_out = sizeof b->image - SETUP_SIZE - PAYLOAD_AT;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    uint32_t packed = (uint32_t)z.total_out, units = (PAYLOAD_AT + packed + 15) / 16;
    deflateEnd(&z);
    b->image_size = SETUP_SIZE + units * 16;
    i[0x1f1] = SETUP_SIZE / 512 - 1;
    store_u32(i + 0x1f4, units);
    store_u16(i + 0x1fa, 0xffff); // vid_mode
    store_u16(i + 0x1fe, 0xaa55);
    i[0x200] = 0xeb;
    i[0x201] = 0x6a;
    memcpy(i + 0x202, "HdrS", 4);
    store_u16(i + 0x206, 0x20f);
    i[0x211] = 0x83; // loaded high, and flags that do not belong there
    store_u32(i + 0x214, 0x100000);
    store_u32(i + 0x22c, 0x7fffffff);
    store_u32(i + 0x230, 0x200000);
    i[0x234] = 1;
    store_u16(i + 0x236, 0x7f);
    store_u32(i + 0x238, 2047);
    store_u32(i + 0x248, PAYLOAD_AT);
    store_u32(i + 0x24c, packed);
    store_u64(i + 0x258, KERNEL_AT);
    store_u32(i + 0x260, INIT_SIZE);
    b->k = (struct machine_kernel){.name = "k", .bytes = i, .size = b->image_size, .modules = &b->initrd, .append = ""};
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->ram = calloc(1, RAM_SIZE);
    assert_non_null(b->ram);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
    b->phys.low_size = LOW_SIZE;
    make_elf(b);
    make_image(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    free(b->ram);
    free(b);
    return 0;
}

static bool load(struct bench *b, uint64_t rsdp)
{
    memset(b->error, 0, sizeof b->error);
    return kernel_load(&b->phys, &b->k, rsdp, &b->entry, b->error, sizeof b->error);
}

static void assert_loads(struct bench *b, uint64_t rsdp)
{
    if (!load(b, rsdp))
        fail_msg("%s", b->error);
}

static void assert_refused(struct bench *b, const char *why)
{
    assert_false(load(b, 0));
    assert_null(strchr(b->error, '\n'));
    if (!strstr(b->error, why))
        fail_msg("'%s' instead of '%s'", b->error, why);
}

// ---- what is loaded ------------------------------------------------------------------------------------------------

static void assert_zero(const uint8_t *bytes, size_t n)
{
    while (n--)
        assert_int_equal(*bytes++, 0);
}

static void test_segments(void **state)
{
    struct bench *b = *state;
    memset(b->ram + KERNEL_AT, 0x5a, INIT_SIZE); // a reset machine has old contents
    assert_loads(b, 0);
    assert_int_equal(b->entry.rip, ENTRY);
    assert_memory_equal(b->ram + KERNEL_AT, b->elf + 0x200, TEXT_SIZE);
    assert_memory_equal(b->ram + DATA_AT, b->elf + 0x3800, DATA_SIZE);
    assert_zero(b->ram + DATA_AT + DATA_SIZE, DATA_ROOM - DATA_SIZE);
    assert_int_equal(b->ram[KERNEL_AT + TEXT_SIZE], 0x5a);
    assert_int_equal(b->ram[DATA_AT + DATA_ROOM], 0x5a);
    assert_zero(b->ram + MIB, MIB);
    assert_zero(b->ram + KERNEL_AT + INIT_SIZE, RAM_SIZE - KERNEL_AT - INIT_SIZE);
}

// Pages that are zero stay untouched, so that the host need not give memory for them.
static void test_clean_pages(void **state)
{
    struct bench *b = *state;
    assert_loads(b, 0);
    assert_true(b->dir[DATA_AT >> PAGE_SHIFT].flags & PHYS_DIRTY);
    for (unsigned n = 1; n < DATA_ROOM / PAGE_SIZE; n++)
        assert_false(b->dir[(DATA_AT >> PAGE_SHIFT) + n].flags & PHYS_DIRTY);
}

static void test_guest_unpack(void **state)
{
    struct bench *b = *state;
    b->k.guest_unpack = true;
    assert_loads(b, 0);
    assert_int_equal(b->entry.rip, KERNEL_AT + 0x200);
    assert_memory_equal(b->ram + KERNEL_AT, b->image + SETUP_SIZE, b->image_size - SETUP_SIZE);
    assert_int_equal(load_u32(b->ram + b->entry.rsi + 0x214), KERNEL_AT);
    // Also when the host could not unpack it.
    memset(b->image + SETUP_SIZE + PAYLOAD_AT, 0xcc, 16);
    assert_loads(b, 0);
    b->k.guest_unpack = false;
    assert_refused(b, "cannot be unpacked: not packed in a known way: use --guest-unpack");
}

// The identity mapping, by walking it; the descriptors; the stack.
static void test_processor(void **state)
{
    struct bench *b = *state;
    assert_loads(b, 0);
    assert_true(b->entry.long_mode);
    for (uint64_t addr = 0; addr < (uint64_t)1 << 32; addr += (2 * MIB) - 8) {
        uint64_t e4 = load_u64(b->ram + b->entry.cr3 + (addr >> 39) * 8);
        uint64_t e3 = load_u64(b->ram + (e4 & ~PAGE_MASK) + (addr >> 30 & 511) * 8);
        uint64_t e2 = load_u64(b->ram + (e3 & ~PAGE_MASK) + (addr >> 21 & 511) * 8);
        assert_int_equal(e4 & PAGE_MASK, 3);
        assert_int_equal(e3 & PAGE_MASK, 3);
        assert_int_equal(e2, (addr & ~(uint64_t)(2 * MIB - 1)) | 0x83);
    }
    assert_int_equal(b->entry.gdt_limit, 31);
    const uint8_t *gdt = b->ram + b->entry.gdt_base;
    assert_int_equal(load_u64(gdt), 0);
    assert_int_equal(load_u64(gdt + KERNEL_CS), 0x00af9b000000ffff);
    assert_int_equal(load_u64(gdt + KERNEL_DS), 0x00cf93000000ffff);
    assert_in_range(b->entry.rsp, 0x2000, 0x9c000);
    assert_int_equal(b->entry.rsp % 16, 0);
    assert_int_equal(b->entry.rsi % PAGE_SIZE, 0);
}

// A 32-bit kernel: the same segments behind headers of the other class.
static void make_elf32(struct bench *b)
{
    uint8_t *e = b->elf;
    memset(e, 0, 0x200);
    memcpy(e,
           "\x7f"
           "ELF\1\1\1",
           7);
    store_u16(e + 16, 2);
    store_u16(e + 18, 3);
    store_u32(e + 24, ENTRY);
    store_u32(e + 28, 52);
    store_u16(e + 42, 32);
    store_u16(e + 44, 2);
    const uint32_t segments[2][6] = {{1, 0x200, 0xc0000000u + KERNEL_AT, KERNEL_AT, TEXT_SIZE, TEXT_SIZE},
                                     {1, 0x3800, 0xc0000000u + DATA_AT, DATA_AT, DATA_SIZE, DATA_ROOM}};
    for (unsigned n = 0; n < 12; n++)
        store_u32(e + 52 + n / 6 * 32 + n % 6 * 4, segments[n / 6][n % 6]);
    make_image(b);
    store_u16(b->image + 0x236, 0);
}

static void test_32_bit(void **state)
{
    struct bench *b = *state;
    make_elf32(b);
    assert_loads(b, 0);
    assert_false(b->entry.long_mode);
    assert_int_equal(b->entry.rip, ENTRY);
    assert_memory_equal(b->ram + KERNEL_AT, b->elf + 0x200, TEXT_SIZE);
    assert_memory_equal(b->ram + DATA_AT, b->elf + 0x3800, DATA_SIZE);
    const uint8_t *gdt = b->ram + b->entry.gdt_base;
    assert_int_equal(load_u64(gdt + KERNEL_CS), 0x00cf9b000000ffff);
    assert_int_equal(load_u64(gdt + KERNEL_DS), 0x00cf93000000ffff);
    assert_int_equal(load_u32(b->ram + b->entry.rsi + 0x214), KERNEL_AT);

    b->k.guest_unpack = true;
    assert_loads(b, 0);
    assert_int_equal(b->entry.rip, KERNEL_AT); // code32_start
    b->k.guest_unpack = false;

    // A header that promises a 64-bit kernel; tables and segments outside.
    store_u16(b->image + 0x236, 1);
    assert_refused(b, "not an x86-64 ELF file");
    const struct {
        unsigned at;
        uint32_t value;
        const char *why;
    } cases[] = {
        {28, ELF_SIZE, "not an i386 ELF file"},
        {28, UINT32_MAX, "not an i386 ELF file"},
        {24, KERNEL_AT + TEXT_SIZE, "its entry lies outside"},
        {52 + 4, UINT32_MAX, "outside the file"},
        {52 + 12, UINT32_MAX, "outside the memory"},
        {52 + 16, TEXT_SIZE + 1, "outside the file"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        make_elf(b);
        make_elf32(b);
        store_u32(b->elf + cases[n].at, cases[n].value);
        make_image(b);
        store_u16(b->image + 0x236, 0);
        assert_refused(b, cases[n].why);
    }
}

static void test_header(void **state)
{
    struct bench *b = *state;
    b->k.append = "console=ttyS0 quiet";
    store_u32(b->image + 0x210, 0x8300); // loadflags 83h
    store_u64(b->image + 0x250, 0x1234);
    store_u32(b->image + 0x218, 0x99999);
    assert_loads(b, 0);
    const uint8_t *zero = b->ram + b->entry.rsi;
    assert_zero(zero, 0x1e8); // no screen, no APM, no EFI, no RSDP
    assert_int_equal(zero[0x1ef], 0);
    assert_memory_equal(zero + 0x1f1, b->image + 0x1f1, 0x210 - 0x1f1);
    assert_int_equal(zero[0x210], 0xff);
    assert_int_equal(zero[0x211], 0x01);
    assert_int_equal(load_u32(zero + 0x218), 0);
    assert_int_equal(load_u32(zero + 0x21c), 0);
    assert_string_equal((const char *)b->ram + load_u32(zero + 0x228), b->k.append);
    assert_int_equal(load_u64(zero + 0x250), 0);
    assert_int_equal(load_u64(zero + 0x258), KERNEL_AT);
    assert_int_equal(load_u32(zero + 0x260), INIT_SIZE);
    assert_zero(zero + 0x26c, 0x2d0 - 0x26c);
    assert_int_equal(load_u16(b->ram + 0x40e), 0x9fc0);
    assert_int_equal(load_u16(b->ram + 0x413), 639);
}

struct range {
    uint64_t from, to;
    uint32_t type;
};

static void assert_map(const struct bench *b, const struct range *ranges, unsigned count)
{
    const uint8_t *zero = b->ram + b->entry.rsi;
    assert_int_equal(zero[0x1e8], count);
    for (unsigned n = 0; n < count; n++) {
        const uint8_t *e = zero + 0x2d0 + 20 * n;
        assert_int_equal(load_u64(e), ranges[n].from);
        assert_int_equal(load_u64(e + 8), ranges[n].to - ranges[n].from);
        assert_int_equal(load_u32(e + 16), ranges[n].type);
    }
}

static void test_memory_map(void **state)
{
    struct bench *b = *state;
    const uint64_t high = (uint64_t)1 << 32;
    const uint64_t acpi = LOW_SIZE - ACPI_AREA_BYTES;
    const struct range with[] = {
        {0, 0x9fc00, 1},
        {0x9fc00, 0xa0000, 2},
        {0xf0000, MIB, 2},
        {MIB, acpi, 1},
        {acpi, acpi + ACPI_NVS_BYTES, 4},
        {acpi + ACPI_NVS_BYTES, LOW_SIZE, 3},
        {high, high + HIGH_SIZE, 1},
    };
    const struct acpi_config config = {.cpus = 1, .serial_count = 1, .pm_base = 0x600, .low_ram_top = LOW_SIZE};
    uint64_t rsdp;
    assert_true(acpi_build(&b->phys, &config, &rsdp));
    assert_loads(b, rsdp);
    assert_int_equal(load_u64(b->ram + b->entry.rsi + 0x70), rsdp);
    assert_map(b, with, ARRAY_LEN(with));

    const struct range without[] = {
        {0, 0x9fc00, 1}, {0x9fc00, 0xa0000, 2}, {0xf0000, MIB, 2}, {MIB, LOW_SIZE, 1}, {high, high + HIGH_SIZE, 1},
    };
    assert_loads(b, 0);
    assert_map(b, without, ARRAY_LEN(without));
    b->phys.ram_size = LOW_SIZE;
    assert_loads(b, 0);
    assert_map(b, without, ARRAY_LEN(without) - 1);
}

static void test_initrd(void **state)
{
    struct bench *b = *state;
    enum { SIZE = 5000 };
    uint8_t *initrd = malloc(LOW_SIZE);
    assert_non_null(initrd);
    for (size_t n = 0; n < LOW_SIZE; n++)
        initrd[n] = (uint8_t)(n ^ n >> 7);
    b->initrd = (struct machine_module){initrd, SIZE, ""};
    b->k.module_count = 1;
    assert_loads(b, 0xf5000);
    const uint8_t *zero = b->ram + b->entry.rsi;
    assert_int_equal(load_u32(zero + 0x218), LOW_SIZE - ACPI_AREA_BYTES - 2 * PAGE_SIZE);
    assert_int_equal(load_u32(zero + 0x21c), SIZE);
    assert_memory_equal(b->ram + load_u32(zero + 0x218), initrd, SIZE);

    assert_loads(b, 0);
    assert_int_equal(load_u32(zero + 0x218), LOW_SIZE - 2 * PAGE_SIZE);
    store_u32(b->image + 0x22c, 0x7fffff); // the kernel's own limit
    assert_loads(b, 0);
    assert_int_equal(load_u32(zero + 0x218), 8 * MIB - 2 * PAGE_SIZE);
    assert_memory_equal(b->ram + load_u32(zero + 0x218), initrd, SIZE);
    store_u32(b->image + 0x22c, 0x7fffffff);

    // Exactly what is left beside the kernel, and one byte more.
    b->initrd.size = LOW_SIZE - KERNEL_AT - INIT_SIZE;
    assert_loads(b, 0);
    assert_int_equal(load_u32(zero + 0x218), KERNEL_AT + INIT_SIZE);
    b->initrd.size++;
    assert_refused(b, "the initrd of 16 MiB does not fit in 24 MiB of RAM beside the kernel of 3 MiB");
    b->initrd.size = SIZE_MAX / 2;
    assert_refused(b, "does not fit");
    b->initrd.size = SIZE;
    store_u32(b->image + 0x22c, 0);
    assert_refused(b, "does not fit");
    store_u32(b->image + 0x22c, UINT32_MAX);
    assert_loads(b, 0);
    assert_int_equal(load_u32(zero + 0x218), LOW_SIZE - 2 * PAGE_SIZE);
    free(initrd);
}

static void count_progress(void *ctx, const char *what)
{
    assert_non_null(what);
    ++*(unsigned *)ctx;
}

static void test_progress(void **state)
{
    struct bench *b = *state;
    unsigned calls = 0;
    b->k.progress = count_progress;
    b->k.progress_ctx = &calls;
    assert_loads(b, 0);
    assert_int_equal(calls, 1);
}

// ---- what is refused -----------------------------------------------------------------------------------------------

static void test_bad_image(void **state)
{
    struct bench *b = *state;
    static const struct {
        unsigned at, size;
        uint64_t value;
        const char *why;
    } cases[] = {
        {0x202, 1, 'h', "not a kernel: Linux bzImage"},
        {0x1fe, 2, 0xaa54, "not a kernel: Linux bzImage"},
        {0x206, 2, 0x20b, "boot protocol 2.11 is too old"},
        {0x206, 2, 0, "boot protocol 0.00 is too old"},
        {0x236, 2, 0x7e, "not an i386 ELF file"},
        {0x201, 1, 0x61, "setup header is damaged"},
        {0x201, 1, 0x8f, "setup header is damaged"},
        {0x211, 1, 0, "setup header is damaged"},
        {0x1f1, 1, 255, "truncated"},
        {0x1f4, 4, 0xffffffff, "truncated"},
        {0x1f4, 4, 0, "setup header is damaged"},
        {0x248, 4, 0xffffffff, "setup header is damaged"},
        {0x24c, 4, 0xffffffff, "setup header is damaged"},
        {0x24c, 4, 0, "setup header is damaged"},
        {0x24c, 4, 0x100, "the gzip data is truncated"},
        {0x248, 4, PAYLOAD_AT - 1, "not packed in a known way"},
        {0x258, 8, 0, "setup header is damaged"},
        {0x258, 8, KERNEL_AT + 1, "setup header is damaged"},
        {0x258, 8, UINT64_MAX - 0xfff, "MiB of RAM, the machine has 24 MiB"},
        {0x258, 8, (uint64_t)1 << 32, "MiB of RAM, the machine has 24 MiB"},
        {0x260, 4, 18 * MIB + 1, "needs at least 21 MiB of RAM"},
        {0x260, 4, 0xffffffff, "needs at least 4098 MiB of RAM"},
        {0x260, 4, ELF_SIZE, "the gzip data unpacks to more than 16384 bytes"},
        {0x260, 4, 0, "setup header is damaged"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        make_image(b);
        store_le(b->image + cases[n].at, cases[n].size, cases[n].value);
        assert_refused(b, cases[n].why);
    }
    make_image(b);
    b->k.bytes = NULL;
    b->k.size = 0;
    assert_refused(b, "not a kernel: Linux bzImage");
}

// Every length of file, in memory of just that size.
static void test_truncated(void **state)
{
    struct bench *b = *state;
    for (size_t size = 1; size < b->image_size; size += size < 0x300 ? 1 : 61) {
        uint8_t *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, b->image, size);
        b->k.bytes = copy;
        b->k.size = size;
        assert_refused(b, size < 0x206 ? "not a kernel: Linux bzImage" : "the kernel image is truncated");
        free(copy);
    }
}

static void test_bad_elf(void **state)
{
    struct bench *b = *state;
    enum { FIRST = 64, LAST = 64 + 112 };
    static const struct {
        unsigned at, size;
        uint64_t value;
        const char *why;
    } cases[] = {
        {0, 1, 0, "not an x86-64 ELF file"},
        {4, 1, 1, "not an x86-64 ELF file"},
        {5, 1, 2, "not an x86-64 ELF file"},
        {16, 2, 3, "not an x86-64 ELF file"},
        {18, 2, 3, "not an x86-64 ELF file"},
        {32, 8, UINT64_MAX, "not an x86-64 ELF file"},
        {32, 8, ELF_SIZE, "not an x86-64 ELF file"},
        {54, 2, 0, "not an x86-64 ELF file"},
        {56, 2, 0xffff, "not an x86-64 ELF file"},
        {56, 2, 0, "it has no segments to load"},
        {24, 8, 0, "its entry lies outside"},
        {24, 8, KERNEL_AT + TEXT_SIZE, "its entry lies outside"},
        {FIRST + 8, 8, UINT64_MAX, "a segment lies outside the file"},
        {FIRST + 8, 8, ELF_SIZE, "a segment lies outside the file"},
        {FIRST + 32, 8, UINT64_MAX, "a segment lies outside the file"},
        {LAST + 32, 8, DATA_ROOM + 1, "a segment lies outside the file"},
        {FIRST + 24, 8, KERNEL_AT - 1, "a segment lies outside the memory"},
        {FIRST + 24, 8, 0, "a segment lies outside the memory"},
        {FIRST + 24, 8, UINT64_MAX, "a segment lies outside the memory"},
        {LAST + 24, 8, KERNEL_AT + INIT_SIZE - DATA_ROOM + 1, "a segment lies outside the memory"},
        {LAST + 40, 8, UINT64_MAX, "a segment lies outside the memory"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        make_elf(b);
        store_le(b->elf + cases[n].at, cases[n].size, cases[n].value);
        make_image(b);
        assert_refused(b, cases[n].why);
    }
    make_elf(b);
    store_u64(b->elf + LAST + 24, KERNEL_AT + INIT_SIZE - DATA_ROOM);
    make_image(b);
    assert_loads(b, 0);
}

static void test_command_line(void **state)
{
    struct bench *b = *state;
    char text[0x10001];
    memset(text, 'x', sizeof text);
    b->k.append = text;
    text[2047] = 0;
    assert_loads(b, 0);
    text[2047] = 'x';
    text[2048] = 0;
    assert_refused(b, "the kernel command line has 2048 bytes, the kernel takes at most 2047");
    // A kernel that claims to take more than there is room for.
    store_u32(b->image + 0x238, UINT32_MAX);
    text[2048] = 'x';
    text[0xffff] = 0;
    assert_loads(b, 0);
    assert_string_equal((const char *)b->ram + load_u32(b->ram + b->entry.rsi + 0x228), text);
    text[0xffff] = 'x';
    text[0x10000] = 0;
    assert_refused(b, "the kernel takes at most 65535");
    b->k.append = "";
    assert_loads(b, 0);
    assert_int_equal(b->ram[load_u32(b->ram + b->entry.rsi + 0x228)], 0);
}

static void test_small_machine(void **state)
{
    struct bench *b = *state;
    static const struct {
        unsigned mib;
        const char *why;
    } cases[] = {{1, "too little RAM"}, {2, "needs at least 5 MiB of RAM, the machine has 2 MiB"}, {4, "5 MiB"}};
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        phys_init(&b->phys, b->ram, (uint64_t)cases[n].mib * MIB, b->dir, &b->devices);
        assert_refused(b, cases[n].why);
    }
    phys_init(&b->phys, b->ram, 5 * MIB, b->dir, &b->devices);
    assert_loads(b, 0);
    assert_false(load(b, 0xf5000));
    assert_non_null(strstr(b->error, "needs at least 6 MiB of RAM, the machine has 5 MiB"));
}

// Random damage: it loads or says why not, in one line, and stays inside its buffers.
static void test_damage(void **state)
{
    struct bench *b = *state;
    uint32_t seed = 1;
    unsigned loaded = 0, refused = 0;
    for (unsigned round = 0; round < 3000; round++) {
        make_elf(b);
        uint32_t r[4];
        for (unsigned n = 0; n < ARRAY_LEN(r); n++)
            r[n] = seed = seed * 1664525 + 1013904223;
        if (round & 1)
            b->elf[r[0] >> 8 & 255] = (uint8_t)(r[1] >> 16);
        make_image(b);
        if (!(round & 1))
            b->image[0x1f1 + (r[0] >> 8) % 0x80] = (uint8_t)(r[1] >> 16);
        if (round % 3 == 0)
            b->image[(r[2] >> 4) % b->image_size] ^= (uint8_t)(1 << (r[3] >> 29));
        b->k.guest_unpack = round % 7 == 0;
        if (load(b, round % 5 ? 0 : 0xf5000)) {
            loaded++;
            assert_true(b->entry.rip >= MIB && b->entry.rip < LOW_SIZE);
        } else {
            refused++;
            assert_true(strlen(b->error) > 10);
            assert_null(strchr(b->error, '\n'));
        }
    }
    assert_true(loaded > 100);
    assert_true(refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clean_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guest_unpack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_processor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_32_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_map, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_initrd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_progress, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_elf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_command_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
