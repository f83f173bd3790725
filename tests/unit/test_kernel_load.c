// Multiboot and PVH kernels: small made-up ones land where the specifications say, and damaged ones are refused with a
// line.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/cpu.h"
#include "machine/acpi.h"
#include "machine/kernel.h"

enum {
    MIB = 1 << 20,
    RAM_SIZE = 12 * MIB,
    HIGH_SIZE = 4 * MIB, // of this, above 4 GiB
    LOW_SIZE = RAM_SIZE - HIGH_SIZE,
    RSDP = 0xf5000,
    RAM_END = LOW_SIZE - ACPI_AREA_BYTES,
    TEXT = 200,

    FILE_SIZE = 0x3000,
    CODE_AT = 0x100000, // physical
    CODE_FROM = 0x1000, // in the file
    CODE_SIZE = 0x1000,
    DATA_AT = 0x104000,
    DATA_FROM = 0x2000,
    DATA_SIZE = 0x234,
    DATA_ROOM = 0x3000,
    ENTRY = CODE_AT + 0x20,
    NOTE_FROM = 0x2800,
    HEADER_FROM = CODE_FROM + 0x40,
};

struct bench {
    struct phys phys;
    struct map devices;
    struct phys_page dir[RAM_SIZE / PAGE_SIZE];
    uint8_t *ram;
    uint8_t file[FILE_SIZE];
    struct machine_kernel k;
    struct machine_module module[3];
    struct kernel_entry entry;
    char error[TEXT];
};

// Offsets of what the tests damage, by class.
struct layout {
    unsigned wide, entry, phoff, phentsize, phnum, headers, header, offset, vaddr, paddr, filesz, memsz;
};
static const struct layout layout64 = {8, 24, 32, 54, 56, 64, 56, 8, 16, 24, 32, 40};
static const struct layout layout32 = {4, 24, 28, 42, 44, 52, 32, 4, 8, 12, 16, 20};

static uint8_t *header_at(struct bench *b, const struct layout *f, unsigned n)
{
    return b->file + f->headers + n * f->header;
}

static void put_header(struct bench *b, const struct layout *f, unsigned n, uint32_t type, uint64_t from, uint64_t to,
                       uint64_t size, uint64_t memory)
{
    uint8_t *h = header_at(b, f, n);
    store_u32(h, type);
    store_le(h + f->offset, f->wide, from);
    store_le(h + f->vaddr, f->wide, to ? 0xc0000000 + to : 0);
    store_le(h + f->paddr, f->wide, to);
    store_le(h + f->filesz, f->wide, size);
    store_le(h + f->memsz, f->wide, memory);
}

static void make_elf(struct bench *b, const struct layout *f)
{
    uint8_t *e = b->file;
    for (size_t n = 0; n < FILE_SIZE; n++)
        e[n] = (uint8_t)(n * 7 ^ n >> 8) | 1;
    memset(e, 0, 0x400);
    memcpy(e,
           "\x7f"
           "ELF\0\1\1",
           7);
    e[4] = f->wide / 4;
    store_u16(e + 16, 2);
    store_u16(e + 18, f->wide == 8 ? 62 : 3);
    store_le(e + f->entry, f->wide, ENTRY);
    store_le(e + f->phoff, f->wide, f->headers);
    store_u16(e + f->phentsize, (uint16_t)f->header);
    store_u16(e + f->phnum, 3);
    put_header(b, f, 0, 1, CODE_FROM, CODE_AT, CODE_SIZE, CODE_SIZE);
    put_header(b, f, 1, 1, DATA_FROM, DATA_AT, DATA_SIZE, DATA_ROOM);
    put_header(b, f, 2, 4, NOTE_FROM, 0, 0x60, 0x60);
    memset(e + NOTE_FROM, 0, 0x60);
    // A note of somebody else first.
    store_u32(e + NOTE_FROM, 5);
    store_u32(e + NOTE_FROM + 4, 5);
    store_u32(e + NOTE_FROM + 8, 18);
    memcpy(e + NOTE_FROM + 12, "Else", 5);
    b->k = (struct machine_kernel){
        .name = "dir/kernel", .bytes = e, .size = FILE_SIZE, .modules = b->module, .append = "one two"};
}

static void add_multiboot(struct bench *b, uint32_t flags)
{
    uint8_t *h = b->file + HEADER_FROM;
    store_u32(h, 0x1badb002);
    store_u32(h + 4, flags);
    store_u32(h + 8, (uint32_t) - (int32_t)(0x1badb002 + flags));
}

static void add_note(struct bench *b, unsigned size, uint64_t entry)
{
    uint8_t *n = b->file + NOTE_FROM + 12 + 8 + 8;
    store_u32(n, 4);
    store_u32(n + 4, size);
    store_u32(n + 8, 18);
    memcpy(n + 12, "Xen", 4);
    store_le(n + 16, size, entry);
}

static void set_addresses(struct bench *b, const uint32_t fields[5])
{
    add_multiboot(b, 0x10003);
    for (unsigned n = 0; n < 5; n++)
        store_u32(b->file + HEADER_FROM + 12 + 4 * n, fields[n]);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->ram = calloc(1, RAM_SIZE);
    assert_non_null(b->ram);
    phys_init(&b->phys, b->ram, RAM_SIZE, b->dir, &b->devices);
    b->phys.low_size = LOW_SIZE;
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

static bool load(struct bench *b)
{
    memset(b->error, 0, sizeof b->error);
    return kernel_load(&b->phys, &b->k, RSDP, &b->entry, b->error, sizeof b->error);
}

static void assert_loads(struct bench *b)
{
    if (!load(b))
        fail_msg("%s", b->error);
}

static void assert_refused(struct bench *b, const char *why)
{
    assert_false(load(b));
    assert_null(strchr(b->error, '\n'));
    if (!strstr(b->error, why))
        fail_msg("'%s' instead of '%s'", b->error, why);
}

static void assert_zero(const uint8_t *bytes, size_t n)
{
    while (n--)
        assert_int_equal(*bytes++, 0);
}

static void assert_segments(struct bench *b)
{
    assert_memory_equal(b->ram + CODE_AT, b->file + CODE_FROM, CODE_SIZE);
    assert_memory_equal(b->ram + DATA_AT, b->file + DATA_FROM, DATA_SIZE);
    assert_zero(b->ram + DATA_AT + DATA_SIZE, DATA_ROOM - DATA_SIZE);
    assert_int_equal(b->ram[DATA_AT + DATA_ROOM], 0x5a);
}

static void assert_state(struct bench *b)
{
    assert_false(b->entry.long_mode);
    assert_int_equal(b->entry.cr0, CR0_PE | CR0_ET);
    assert_int_equal(b->entry.gdt_limit, 31);
    const uint8_t *gdt = b->ram + b->entry.gdt_base;
    assert_int_equal(load_u64(gdt), 0);
    assert_int_equal(load_u64(gdt + KERNEL_CS), 0x00cf9b000000ffff);
    assert_int_equal(load_u64(gdt + KERNEL_DS), 0x00cf93000000ffff);
}

// ---- multiboot ----------------------------------------------------------------------------------------------------

static void check_multiboot(struct bench *b)
{
    memset(b->ram + MIB, 0x5a, 4 * MIB); // a reset machine has old contents
    assert_loads(b);
    assert_state(b);
    assert_int_equal(b->entry.rip, ENTRY);
    assert_int_equal(b->entry.rax, 0x2badb002);
    assert_null(b->entry.note);
    assert_segments(b);
    const uint8_t *info = b->ram + b->entry.rbx;
    assert_int_equal(load_u32(info), 0x24d); // memory, command line, modules, map, name; neither drives nor video
    assert_int_equal(load_u32(info + 4), 639);
    assert_int_equal(load_u32(info + 8), (RAM_END - MIB) / 1024);
    assert_string_equal((const char *)b->ram + load_u32(info + 16), "dir/kernel one two");
    assert_string_equal((const char *)b->ram + load_u32(info + 64), "snowglobe");
    assert_int_equal(load_u32(info + 20), 0);
    const struct {
        uint64_t from, to;
        unsigned type;
    } map[] = {{0, 0x9fc00, 1},
               {0x9fc00, 0xa0000, 2},
               {0xf0000, MIB, 2},
               {MIB, RAM_END, 1},
               {RAM_END, RAM_END + ACPI_NVS_BYTES, 4},
               {RAM_END + ACPI_NVS_BYTES, LOW_SIZE, 3},
               {(uint64_t)1 << 32, ((uint64_t)1 << 32) + HIGH_SIZE, 1}};
    assert_int_equal(load_u32(info + 44), ARRAY_LEN(map) * 24);
    const uint8_t *e = b->ram + load_u32(info + 48);
    for (unsigned n = 0; n < ARRAY_LEN(map); n++, e += load_u32(e) + 4) {
        assert_int_equal(load_u32(e), 20);
        assert_int_equal(load_u64(e + 4), map[n].from);
        assert_int_equal(load_u64(e + 12), map[n].to - map[n].from);
        assert_int_equal(load_u32(e + 20), map[n].type);
    }
}

static void test_multiboot(void **state)
{
    struct bench *b = *state;
    make_elf(b, &layout32);
    add_multiboot(b, 3);
    check_multiboot(b);
    make_elf(b, &layout64);
    add_multiboot(b, 3);
    check_multiboot(b);
    // An entry by its virtual address.
    store_u64(b->file + layout64.entry, 0xc0000000 + ENTRY);
    check_multiboot(b);
    assert_int_equal(machine_kernel_kind(b->file, FILE_SIZE), MACHINE_KERNEL_MULTIBOOT);
    // A video mode is not had; that is said.
    add_multiboot(b, 7);
    assert_loads(b);
    assert_non_null(strstr(b->entry.note, "video mode"));
}

static void test_addresses(void **state)
{
    struct bench *b = *state;
    enum { LOAD = 0x200000, SIZE = FILE_SIZE - CODE_FROM };
    make_elf(b, &layout32); // the address fields win
    set_addresses(b, (const uint32_t[]){LOAD + 0x40, LOAD, LOAD + 0x1800, LOAD + 0x2800, LOAD + 0x17ff});
    memset(b->ram + MIB, 0x5a, 4 * MIB);
    assert_loads(b);
    assert_state(b);
    assert_int_equal(b->entry.rip, LOAD + 0x17ff);
    assert_memory_equal(b->ram + LOAD, b->file + CODE_FROM, 0x1800);
    assert_zero(b->ram + LOAD + 0x1800, 0x1000);
    assert_int_equal(b->ram[LOAD + 0x2800], 0x5a);
    assert_int_equal(b->ram[LOAD - 1], 0x5a);
    assert_int_equal(b->ram[CODE_AT], 0x5a);
    // All of the file, no zeros.
    set_addresses(b, (const uint32_t[]){LOAD + 0x40, LOAD, 0, 0, LOAD});
    memset(b->ram + LOAD, 0x5a, MIB);
    assert_loads(b);
    assert_memory_equal(b->ram + LOAD, b->file + CODE_FROM, SIZE);
    assert_int_equal(b->ram[LOAD + SIZE], 0x5a);
    static const struct {
        uint32_t fields[5];
        const char *why;
    } cases[] = {
        {{LOAD, LOAD + 1, 0, 0, LOAD}, "load address lies outside the file"},
        {{LOAD + HEADER_FROM + 1, LOAD, 0, 0, LOAD}, "load address lies outside the file"},
        {{UINT32_MAX, 0, 0, 0, 0}, "load address lies outside the file"},
        {{LOAD + 0x40, LOAD, LOAD + SIZE + 1, 0, LOAD}, "load end lies outside the file"},
        {{LOAD + 0x40, LOAD, LOAD, 0, LOAD}, "load end lies outside the file"},
        {{LOAD + 0x40, LOAD, UINT32_MAX, 0, LOAD}, "load end lies outside the file"},
        {{LOAD + 0x40, LOAD, LOAD + 0x100, LOAD + 0xff, LOAD}, "before the load end"},
        {{LOAD + 0x40, LOAD, LOAD + 0x100, 0, LOAD - 1}, "entry lies outside"},
        {{LOAD + 0x40, LOAD, LOAD + 0x100, 0, LOAD + 0x100}, "entry lies outside"},
        {{LOAD + 0x40, LOAD, LOAD + 0x100, UINT32_MAX, LOAD}, "which is not there"},
        {{LOAD + 0x40, LOAD, LOAD + 0x100, RAM_END + 1, LOAD}, "which is not there"},
        {{0x440, 0x400, 0x500, 0, 0x400}, "which is not there"},
        {{0x7ff40, 0x7ff00, 0x80100, 0, 0x7ff00}, "which is not there"},
        {{0xa0040, 0xa0000, 0xa0100, 0, 0xa0000}, "which is not there"},
        {{0xffffff40, 0xffffff00, 0, 0, 0xffffff00}, "which is not there"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        set_addresses(b, cases[n].fields);
        assert_refused(b, cases[n].why);
    }
    // Below 640 KiB, up to the loader's own data.
    set_addresses(b, (const uint32_t[]){0x7f040, 0x7f000, 0x80000, 0, 0x7f000});
    b->k.size = FILE_SIZE;
    assert_loads(b);
}

static void test_header(void **state)
{
    struct bench *b = *state;
    make_elf(b, &layout32);
    add_multiboot(b, 0);
    assert_loads(b);
    add_multiboot(b, 0x20004); // bits above 15 that are not known are no matter
    assert_loads(b);
    add_multiboot(b, 8);
    assert_refused(b, "features that are not known (flags 8h)");
    add_multiboot(b, 0x8003);
    assert_refused(b, "features that are not known");
    // The last place that counts, and the next one; not aligned; a wrong sum.
    make_elf(b, &layout32);
    uint8_t header[12];
    add_multiboot(b, 3);
    memcpy(header, b->file + HEADER_FROM, sizeof header);
    static const struct {
        unsigned at;
        bool good;
    } places[] = {{8192 - 12, true}, {8192 - 8, false}, {8192, false}, {0x802, false}, {0x404, true}};
    for (unsigned n = 0; n < ARRAY_LEN(places); n++) {
        make_elf(b, &layout32);
        memcpy(b->file + places[n].at, header, sizeof header);
        if (places[n].good)
            assert_loads(b);
        else
            assert_refused(b, "neither a multiboot header nor a PVH note: Linux bzImage, multiboot 1 and PVH kernels");
    }
    make_elf(b, &layout32);
    add_multiboot(b, 3);
    b->file[HEADER_FROM + 8]++;
    assert_refused(b, "neither a multiboot header nor a PVH note");
    // A header, but neither an ELF file nor addresses.
    memset(b->file, 0, 16);
    add_multiboot(b, 3);
    assert_refused(b, "without addresses, and not an ELF file");
}

static void test_modules(void **state)
{
    struct bench *b = *state;
    static uint8_t bytes[3][6000];
    for (unsigned n = 0; n < 3; n++)
        memset(bytes[n], (int)n + 1, sizeof bytes[n]);
    make_elf(b, &layout32);
    add_multiboot(b, 3);
    b->module[0] = (struct machine_module){bytes[0], 6000, "a x y"};
    b->module[1] = (struct machine_module){bytes[1], 4096, ""};
    b->module[2] = (struct machine_module){bytes[2], 1, "c"};
    b->k.module_count = 3;
    assert_loads(b);
    const uint8_t *info = b->ram + b->entry.rbx, *m = b->ram + load_u32(info + 24);
    assert_int_equal(load_u32(info + 20), 3);
    uint32_t end = DATA_AT + DATA_ROOM;
    for (unsigned n = 0; n < 3; n++, m += 16) {
        uint32_t at = load_u32(m);
        assert_int_equal(at, (end + 4095) & ~4095u);
        end = load_u32(m + 4);
        assert_int_equal(end - at, b->module[n].size);
        assert_memory_equal(b->ram + at, bytes[n], end - at);
        assert_string_equal((const char *)b->ram + load_u32(m + 8), b->module[n].text);
        assert_int_equal(load_u32(m + 12), 0);
    }
    assert_segments((memset(b->ram + DATA_AT + DATA_ROOM, 0x5a, 1), b));
    // Exactly what is left, and one byte more.
    uint8_t *large = calloc(1, LOW_SIZE);
    b->module[0] = (struct machine_module){large, RAM_END - DATA_AT - DATA_ROOM, "a"};
    b->k.module_count = 1;
    assert_loads(b);
    b->module[0].size++;
    assert_refused(b, "module 1 of 7 MiB does not fit in 12 MiB of RAM");
    b->module[0].size = SIZE_MAX;
    assert_refused(b, "does not fit");
    free(large);
    // Texts that fill the area.
    static char text[0x10001];
    memset(text, 'x', sizeof text - 1);
    b->module[0] = (struct machine_module){bytes[0], 1, text};
    assert_refused(b, "command lines of the modules are too long");
    b->k.module_count = 0;
    b->k.append = text;
    assert_refused(b, "command line is too long");
    b->k.append = "";
    b->k.module_count = UINT32_MAX;
    assert_refused(b, "too many modules");
}

// ---- PVH ----------------------------------------------------------------------------------------------------------

static void check_pvh(struct bench *b)
{
    memset(b->ram + MIB, 0x5a, 4 * MIB);
    b->module[0] = (struct machine_module){b->file, 5000, "text"};
    b->k.module_count = 1;
    assert_int_equal(machine_kernel_kind(b->file, FILE_SIZE), MACHINE_KERNEL_PVH);
    assert_loads(b);
    assert_state(b);
    assert_int_equal(b->entry.rip, ENTRY + 4);
    assert_segments(b);
    const uint8_t *info = b->ram + b->entry.rbx;
    assert_int_equal(load_u32(info), 0x336ec578);
    assert_int_equal(load_u32(info + 4), 1);
    assert_int_equal(load_u32(info + 8), 0);
    assert_int_equal(load_u32(info + 12), 1);
    assert_string_equal((const char *)b->ram + load_u64(info + 24), "one two");
    assert_int_equal(load_u64(info + 32), RSDP);
    const uint8_t *m = b->ram + load_u64(info + 16);
    assert_int_equal(load_u64(m), (RAM_END - 5000) & ~4095u);
    assert_int_equal(load_u64(m + 8), 5000);
    assert_memory_equal(b->ram + load_u64(m), b->file, 5000);
    assert_string_equal((const char *)b->ram + load_u64(m + 16), "text");
    assert_int_equal(load_u32(info + 48), 7);
    assert_int_equal(load_u32(info + 52), 0);
    const uint8_t *map = b->ram + load_u64(info + 40);
    assert_int_equal(load_u64(map + 3 * 24), MIB);
    assert_int_equal(load_u64(map + 3 * 24 + 8), RAM_END - MIB);
    assert_int_equal(load_u32(map + 3 * 24 + 16), 1);
    assert_int_equal(load_u64(map + 6 * 24), (uint64_t)1 << 32);
}

static void test_pvh(void **state)
{
    struct bench *b = *state;
    make_elf(b, &layout64);
    add_note(b, 8, ENTRY + 4);
    check_pvh(b);
    make_elf(b, &layout32);
    add_note(b, 4, ENTRY + 4);
    check_pvh(b);
    b->k.module_count = 0;
    assert_loads(b);
    assert_int_equal(load_u32(b->ram + b->entry.rbx + 12), 0);
    assert_int_equal(load_u64(b->ram + b->entry.rbx + 16), 0);
    b->k.module_count = 2;
    assert_refused(b, "takes one initrd");
    b->k.module_count = 1;
    b->module[0].size = RAM_END - DATA_AT - DATA_ROOM + 1;
    assert_refused(b, "the initrd of 7 MiB does not fit in 12 MiB");
    b->k.module_count = 0;
    static char text[0x7001];
    memset(text, 'x', 0x7000);
    b->k.append = text;
    assert_refused(b, "the kernel command line has 28672 bytes, there is room for 28671");
    text[0x6fff] = 0;
    assert_loads(b);
}

static void test_bad_note(void **state)
{
    struct bench *b = *state;
    enum { NOTE = NOTE_FROM + 28 };
    static const struct {
        unsigned at;
        uint32_t value;
    } cases[] = {
        {NOTE_FROM, UINT32_MAX},
        {NOTE_FROM, 0x80000000},
        {NOTE_FROM + 4, UINT32_MAX},
        {NOTE_FROM + 4, 0x50},
        {NOTE_FROM + 4, 0x7ffffffc},
        {NOTE, 5},
        {NOTE, UINT32_MAX},
        {NOTE + 4, 5},
        {NOTE + 4, 0x80},
        {NOTE + 4, UINT32_MAX},
        {NOTE + 8, 17},
        {NOTE + 12, 0},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        make_elf(b, &layout64);
        add_note(b, 8, ENTRY);
        store_u32(b->file + cases[n].at, cases[n].value);
        assert_refused(b, "neither a multiboot header nor a PVH note");
    }
    static const uint64_t entries[] = {
        0, CODE_AT - 1, CODE_AT + CODE_SIZE, DATA_AT + DATA_SIZE, 0xc0000000 + ENTRY, UINT64_MAX};
    for (unsigned n = 0; n < ARRAY_LEN(entries); n++) {
        make_elf(b, &layout64);
        add_note(b, 8, entries[n]);
        assert_refused(b, "PVH entry lies outside its segments");
    }
    // Its segment outside the file.
    make_elf(b, &layout64);
    add_note(b, 8, ENTRY);
    store_u64(header_at(b, &layout64, 2) + 8, UINT64_MAX - 4);
    assert_refused(b, "neither");
}

// ---- hostile files -------------------------------------------------------------------------------------------------

static void check_bad_elf(struct bench *b, const struct layout *f)
{
    const unsigned first = f->headers, second = f->headers + f->header, w = f->wide;
    const struct {
        unsigned at, size;
        uint64_t value;
        const char *why;
    } cases[] = {
        {5, 1, 2, "not for i386 or x86-64"},
        {4, 1, 3, "not for i386 or x86-64"},
        {18, 2, 40, "not for i386 or x86-64"},
        {16, 2, 1, "not an executable"},
        {f->phoff, w, UINT64_MAX, "program headers are damaged"},
        {f->phoff, w, FILE_SIZE - 8, "program headers are damaged"},
        {f->phentsize, 2, 0, "program headers are damaged"},
        {f->phnum, 2, 0xffff, "program headers are damaged"},
        {f->phnum, 2, 0, "no segments to load"},
        {f->entry, w, 0, "its entry lies outside"},
        {f->entry, w, CODE_AT + CODE_SIZE, "its entry lies outside"},
        {f->entry, w, DATA_AT + DATA_SIZE, "its entry lies outside"},
        {f->entry, w, UINT64_MAX, "its entry lies outside"},
        {first + f->offset, w, UINT64_MAX, "outside the file"},
        {first + f->offset, w, FILE_SIZE - CODE_SIZE + 1, "outside the file"},
        {first + f->filesz, w, CODE_SIZE + 1, "outside the file"},
        {second + f->memsz, w, UINT64_MAX, "outside the memory"},
        {second + f->memsz, w, RAM_END - DATA_AT + 1, "outside the memory"},
        {second + f->paddr, w, 0, "outside the memory"},
        {second + f->paddr, w, 0x4ff, "outside the memory"},
        {second + f->paddr, w, 0x80000 - DATA_ROOM + 1, "outside the memory"},
        {second + f->paddr, w, 0xf0000, "outside the memory"},
        {second + f->paddr, w, RAM_END, "outside the memory"},
        {second + f->paddr, w, UINT64_MAX - 0x1000, "outside the memory"},
        {second + f->paddr, w, CODE_AT, "two segments overlap"},
        {second + f->paddr, w, CODE_AT + CODE_SIZE - 1, "two segments overlap"},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        make_elf(b, f);
        add_multiboot(b, 3);
        store_le(b->file + cases[n].at, cases[n].size, cases[n].value);
        assert_refused(b, cases[n].why);
    }
    // As many segments as there may be, and one more.
    for (unsigned count = 64; count <= 65; count++) {
        make_elf(b, f);
        memset(header_at(b, f, 0), 0, 66 * f->header);
        add_multiboot(b, 3);
        store_u16(b->file + f->phnum, 65);
        for (unsigned n = 0; n < count; n++)
            put_header(b, f, n, 1, CODE_FROM, CODE_AT + n * CODE_SIZE, CODE_SIZE, CODE_SIZE);
        if (count == 64)
            assert_loads(b);
        else
            assert_refused(b, "too many segments");
    }
}

static void test_bad_elf(void **state)
{
    check_bad_elf(*state, &layout32);
    check_bad_elf(*state, &layout64);
}

// Every length of file, in memory of just that size.
static void test_truncated(void **state)
{
    struct bench *b = *state;
    for (unsigned kind = 0; kind < 3; kind++) {
        make_elf(b, kind ? &layout32 : &layout64);
        if (kind == 2)
            add_note(b, 4, ENTRY);
        else
            add_multiboot(b, 3);
        if (kind == 1)
            set_addresses(b, (const uint32_t[]){CODE_AT + 0x40, CODE_AT, CODE_AT + 0x1f00, 0, CODE_AT});
        for (size_t size = 1; size < DATA_FROM + DATA_SIZE; size += size < 0x200 ? 1 : 13) {
            uint8_t *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, b->file, size);
            b->k.bytes = copy;
            b->k.size = size;
            assert_refused(b, "");
            assert_true(strlen(b->error) > 10);
            free(copy);
        }
    }
    b->k.bytes = NULL;
    b->k.size = 0;
    assert_refused(b, "not a kernel: Linux bzImage, multiboot 1 and PVH kernels can be started");
}

// Random damage: it loads or says why not, in one line, and stays inside its buffers.
static void test_damage(void **state)
{
    struct bench *b = *state;
    uint32_t seed = 1;
    unsigned loaded = 0, refused = 0;
    for (unsigned round = 0; round < 20000; round++) {
        make_elf(b, round & 1 ? &layout64 : &layout32);
        if (round % 3 == 0)
            add_multiboot(b, 3);
        else if (round % 3 == 1)
            set_addresses(b, (const uint32_t[]){CODE_AT + 0x40, CODE_AT, CODE_AT + 0x1800, CODE_AT + 0x2000, CODE_AT});
        else
            add_note(b, round & 1 ? 8 : 4, ENTRY);
        static const unsigned from[] = {0, 0, HEADER_FROM, NOTE_FROM}, room[] = {64, 256, 32, 64};
        for (unsigned n = 0; n < 1 + round % 2; n++) {
            uint32_t r = seed = seed * 1664525 + 1013904223;
            unsigned part = r >> 30;
            uint8_t *at = b->file + from[part] + (r >> 8) % room[part];
            *at = (uint8_t)(r & 0x10000000 ? r >> 20 : *at ^ 1u << (r >> 5 & 7));
        }
        if (load(b)) {
            loaded++;
            assert_true(b->entry.rip < LOW_SIZE);
        } else {
            refused++;
            assert_true(strlen(b->error) > 10);
            assert_null(strchr(b->error, '\n'));
        }
    }
    assert_true(loaded > 1000);
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_multiboot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_modules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pvh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_elf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
