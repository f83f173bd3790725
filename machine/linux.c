// Direct start of Linux by its 64-bit boot protocol, or the 32-bit one for kernels that have no other (the kernel's
// Documentation/arch/x86/boot.rst and zero-page.rst). The packed vmlinux in the bzImage is unpacked here and entered at
// its own first instruction, as the image's decompressor does: segments at their physical addresses (as with "nokaslr":
// the relocations after the ELF file are not needed), KASLR_FLAG clear, RSDP address in the boot parameters, identity
// mapping (none in 32-bit mode). With `guest_unpack` the image's protected-mode part is entered (64-bit: 200h bytes
// in), and does all that itself.
//
// Not implemented: kernels or initial RAM disks above 4 GiB, EFI, setup_data.
#include "machine/linux.h"

#include <stdio.h>
#include <stdlib.h>

#include "machine/acpi.h"
#include "machine/unpack.h"

enum {
    SECTOR = 512,
    MIB = 1 << 20,
    TEXT_MAX = 160,

    // Where things are put below 640 KiB. 9D000h and above is used by the decompressor for its own trampoline.
    BDA_EBDA = 0x40e,     // BIOS data area: segment of the extended area
    BDA_BASE_KIB = 0x413, // KiB of RAM below it
    STACK_TOP = 0x7000,
    GDT = 0x7000,
    ZERO_PAGE = 0x10000,
    COMMAND_LINE = 0x20000,
    COMMAND_LINE_MAX = 0x10000, // with its NUL
    PAGE_TABLES = 0x30000,      // PML4, PDPT, four page directories
    BASE_END = 0x9fc00,         // of RAM below the extended BIOS data area
};

// The setup header and the boot parameters: offsets of struct setup_header are the same in both.
enum {
    ACPI_RSDP_ADDR = 0x070,
    E820_ENTRIES = 0x1e8,
    SETUP_SECTS = 0x1f1,
    SYSSIZE = 0x1f4,
    BOOT_FLAG = 0x1fe,
    JUMP = 0x200, // its second byte gives the header's end
    HEADER_MAGIC = 0x202,
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    CODE32_START = 0x214,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    XLOADFLAGS = 0x236,
    CMDLINE_SIZE = 0x238,
    HARDWARE_SUBARCH = 0x23c,
    PAYLOAD_OFFSET = 0x248,
    PAYLOAD_LENGTH = 0x24c,
    SETUP_DATA = 0x250,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_LEAST = 0x264, // of version 2.12
    HEADER_END_MAX = 0x290,
    E820_TABLE = 0x2d0,
    ZERO_PAGE_SIZE = 0x1000,

    LOADED_HIGH = 0x01, // loadflags
    KASLR_FLAG = 0x02,
    KEEP_SEGMENTS = 0x40,
    CAN_USE_HEAP = 0x80,
    XLF_KERNEL_64 = 0x0001, // xloadflags
    UNKNOWN_LOADER = 0xff,
    ENTRY_64 = 0x200, // of the protected-mode part
};

enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

struct image {
    const uint8_t *setup; // the file: boot sector and setup
    const uint8_t *code;  // the protected-mode part
    size_t code_size;
    const uint8_t *payload; // within `code`
    size_t payload_size;
    size_t header_end;
    uint64_t address;    // preferred
    uint64_t init_size;  // bytes from there that the kernel needs until it has read the memory map
    uint64_t initrd_max; // last address an initial RAM disk may have
    size_t cmdline_max;  // bytes without NUL
    bool long_mode;      // has the 64-bit entry
};

struct loader {
    struct phys *phys;
    const struct machine_linux *l;
    struct image image;
    uint64_t rsdp;
    uint64_t ram_end; // of what the kernel may use below 4 GiB
    char *error;
    size_t error_size;
};

static bool fail(struct loader *o, const char *text)
{
    snprintf(o->error, o->error_size, "%s", text);
    return false;
}

static unsigned long long mib_up(uint64_t bytes)
{
    return bytes / MIB + (bytes % MIB != 0);
}

// Writes to RAM, but leaves pages alone that have the content already: large parts of a kernel are zero, and pages that
// were never written cost the host nothing. NULL stands for zeros.
static void store(struct phys *phys, uint64_t addr, const uint8_t *bytes, uint64_t n)
{
    static const uint8_t zeros[PAGE_SIZE];
    while (n) {
        uint64_t off = addr & PAGE_MASK, part = PAGE_SIZE - off;
        part = part < n ? part : n;
        const uint8_t *from = bytes ? bytes : zeros;
        const struct phys_page *page = phys_page(phys, addr);
        if (!page || memcmp(page->host + off, from, part))
            phys_write(phys, addr, from, part);
        addr += part;
        n -= part;
        if (bytes)
            bytes += part;
    }
}

static void progress(const struct loader *o, const char *what)
{
    if (o->l->progress)
        o->l->progress(o->l->progress_ctx, what);
}

// ---- the image -----------------------------------------------------------------------------------------------------

static bool read_image(struct loader *o)
{
    const uint8_t *file = o->l->kernel;
    size_t size = o->l->kernel_size;
    struct image *i = &o->image;
    if (!file || size < HEADER_MAGIC + 4 || memcmp(file + HEADER_MAGIC, "HdrS", 4) ||
        load_u16(file + BOOT_FLAG) != 0xaa55)
        return fail(o, "not a Linux kernel image (bzImage)");
    if (size < HEADER_END_MAX)
        return fail(o, "the kernel image is truncated");
    unsigned version = load_u16(file + VERSION);
    if (version < 0x20c) {
        snprintf(o->error, o->error_size, "the kernel's boot protocol %u.%02u is too old (2.12 is needed)",
                 version >> 8, version & 0xff);
        return false;
    }
    i->long_mode = load_u16(file + XLOADFLAGS) & XLF_KERNEL_64;
    i->header_end = (size_t)HEADER_MAGIC + file[JUMP + 1];
    if (i->header_end < HEADER_LEAST || i->header_end > HEADER_END_MAX || !(file[LOADFLAGS] & LOADED_HIGH))
        return fail(o, "the kernel's setup header is damaged");

    size_t setup = (size_t)(file[SETUP_SECTS] ? file[SETUP_SECTS] + 1 : 5) * SECTOR;
    uint64_t code = (uint64_t)load_u32(file + SYSSIZE) * 16;
    if (size < setup || size - setup < code)
        return fail(o, "the kernel image is truncated");
    i->setup = file;
    i->code = file + setup;
    i->code_size = (size_t)code;
    uint32_t offset = load_u32(file + PAYLOAD_OFFSET), length = load_u32(file + PAYLOAD_LENGTH);
    if (offset > code || length > code - offset || !length || code <= ENTRY_64)
        return fail(o, "the kernel's setup header is damaged");
    i->payload = i->code + offset;
    i->payload_size = length;
    i->address = load_u64(file + PREF_ADDRESS);
    i->init_size = load_u32(file + INIT_SIZE);
    i->initrd_max = load_u32(file + INITRD_ADDR_MAX);
    i->cmdline_max = load_u32(file + CMDLINE_SIZE);
    if (i->address < MIB || i->address & PAGE_MASK || i->init_size < code)
        return fail(o, "the kernel's setup header is damaged");
    if (i->address >= o->ram_end || i->init_size > o->ram_end - i->address) {
        uint64_t end = i->address > UINT32_MAX ? i->address : i->address + i->init_size;
        end += o->phys->low_size - o->ram_end;
        snprintf(o->error, o->error_size, "the kernel needs at least %llu MiB of RAM, the machine has %llu MiB",
                 mib_up(end), (unsigned long long)(o->phys->ram_size / MIB));
        return false;
    }
    return true;
}

// ---- the kernel ----------------------------------------------------------------------------------------------------

// ELF headers: where their fields are in each class, and how wide addresses and offsets are.
enum { EI_CLASS = 4, EI_DATA = 5, E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24, P_TYPE = 0, PT_LOAD = 1, ET_EXEC = 2 };
struct elf_layout {
    uint8_t wide; // bytes
    uint8_t class_id;
    uint16_t machine;
    uint8_t e_phoff, e_phentsize, e_phnum, ehdr_size;
    uint8_t p_offset, p_paddr, p_filesz, p_memsz, phdr_size;
};
// clang-format off
static const struct elf_layout elf64 = {8, 2, 62, 32, 54, 56, 64, 8, 24, 32, 40, 56}; // x86-64
static const struct elf_layout elf32 = {4, 1,  3, 28, 42, 44, 52, 4, 12, 16, 20, 32}; // i386
// clang-format on

// Whether the unpacked payload is what can be loaded at all.
static bool check_elf(const struct elf_layout *f, const uint8_t *elf, size_t size)
{
    if (size < f->ehdr_size ||
        memcmp(elf,
               "\x7f"
               "ELF",
               4) ||
        elf[EI_CLASS] != f->class_id || elf[EI_DATA] != 1)
        return false;
    if (load_u16(elf + E_TYPE) != ET_EXEC || load_u16(elf + E_MACHINE) != f->machine)
        return false;
    uint64_t table = load_le(elf + f->e_phoff, f->wide);
    uint64_t bytes = (uint64_t)load_u16(elf + f->e_phnum) * f->phdr_size;
    return load_u16(elf + f->e_phentsize) == f->phdr_size && table <= size && bytes <= size - table;
}

static bool load_elf(struct loader *o, const uint8_t *elf, size_t size, uint64_t *entry)
{
    const struct elf_layout *f = o->image.long_mode ? &elf64 : &elf32;
    if (!check_elf(f, elf, size))
        return fail(o, o->image.long_mode ? "the unpacked kernel is not an x86-64 ELF file"
                                          : "the unpacked kernel is not an i386 ELF file");
    const uint8_t *header = elf + load_le(elf + f->e_phoff, f->wide);
    uint64_t first = o->image.address, end = first + o->image.init_size;
    bool entered = false;
    *entry = load_le(elf + E_ENTRY, f->wide);
    for (unsigned n = load_u16(elf + f->e_phnum); n; n--, header += f->phdr_size) {
        uint64_t from = load_le(header + f->p_offset, f->wide), to = load_le(header + f->p_paddr, f->wide);
        uint64_t bytes = load_le(header + f->p_filesz, f->wide), room = load_le(header + f->p_memsz, f->wide);
        if (load_u32(header + P_TYPE) != PT_LOAD || !room)
            continue;
        if (bytes > room || from > size || bytes > size - from)
            return fail(o, "the unpacked kernel is damaged: a segment lies outside the file");
        if (to < first || to > end || room > end - to)
            return fail(o, "the unpacked kernel is damaged: a segment lies outside the memory that it asks for");
        store(o->phys, to, elf + from, bytes);
        store(o->phys, to + bytes, NULL, room - bytes);
        entered |= *entry >= to && *entry - to < bytes;
    }
    return entered || fail(o, "the unpacked kernel is damaged: its entry lies outside its segments");
}

static bool load_kernel(struct loader *o, uint64_t *entry)
{
    const struct image *i = &o->image;
    if (o->l->guest_unpack) {
        store(o->phys, i->address, i->code, i->code_size);
        *entry = i->address + (i->long_mode ? ENTRY_64 : 0);
        return true;
    }
    progress(o, "unpacking the kernel");
    // The decompressor unpacks in place, so init_size covers the payload's size.
    uint8_t *elf;
    size_t size;
    char why[TEXT_MAX];
    if (!unpack(i->payload, i->payload_size, i->init_size, &elf, &size, why, sizeof why)) {
        snprintf(o->error, o->error_size, "the kernel cannot be unpacked: %s", why);
        return false;
    }
    bool good = load_elf(o, elf, size, entry);
    free(elf);
    return good;
}

// ---- what the kernel is told ---------------------------------------------------------------------------------------

// As high as it goes; *address is 0 if there is none.
static bool load_initrd(struct loader *o, uint64_t *address)
{
    uint64_t size = o->l->initrd ? o->l->initrd_size : 0;
    uint64_t low = (o->image.address + o->image.init_size + PAGE_MASK) & ~PAGE_MASK;
    uint64_t top = o->image.initrd_max + 1;
    *address = 0;
    if (!size)
        return true;
    top = top < o->ram_end ? top : o->ram_end;
    top = top < (uint64_t)1 << 31 ? top : (uint64_t)1 << 31;
    if (top < low || size > top - low || ((top - size) & ~PAGE_MASK) < low) {
        snprintf(o->error, o->error_size,
                 "the initrd of %llu MiB does not fit in %llu MiB of RAM beside the kernel of %llu MiB", mib_up(size),
                 (unsigned long long)(o->phys->ram_size / MIB), mib_up(o->image.init_size));
        return false;
    }
    *address = (top - size) & ~PAGE_MASK;
    store(o->phys, *address, o->l->initrd, size);
    return true;
}

static bool load_command_line(struct loader *o)
{
    const char *text = o->l->append ? o->l->append : "";
    size_t length = strlen(text);
    size_t max = o->image.cmdline_max < COMMAND_LINE_MAX - 1 ? o->image.cmdline_max : COMMAND_LINE_MAX - 1;
    if (length > max) {
        snprintf(o->error, o->error_size, "the kernel command line has %zu bytes, the kernel takes at most %zu", length,
                 max);
        return false;
    }
    store(o->phys, COMMAND_LINE, (const uint8_t *)text, length + 1);
    return true;
}

static void add_memory(uint8_t *page, uint64_t from, uint64_t to, enum e820_type type)
{
    if (from >= to)
        return;
    uint8_t *e = page + E820_TABLE + page[E820_ENTRIES]++ * 20u;
    store_u64(e, from);
    store_u64(e + 8, to - from);
    store_u32(e + 16, type);
}

static void memory_map(const struct loader *o, uint8_t *page)
{
    const struct phys *phys = o->phys;
    add_memory(page, 0, BASE_END, E820_RAM);
    add_memory(page, BASE_END, 0xa0000, E820_RESERVED);
    add_memory(page, 0xf0000, MIB, E820_RESERVED);
    add_memory(page, MIB, o->ram_end, E820_RAM);
    if (o->rsdp) {
        add_memory(page, o->ram_end, o->ram_end + ACPI_NVS_BYTES, E820_NVS);
        add_memory(page, o->ram_end + ACPI_NVS_BYTES, phys->low_size, E820_ACPI);
    }
    uint64_t high = (uint64_t)1 << 32;
    add_memory(page, high, high + (phys->ram_size - phys->low_size), E820_RAM);
}

static void boot_parameters(const struct loader *o, uint64_t initrd)
{
    uint8_t page[ZERO_PAGE_SIZE] = {0};
    memcpy(page + SETUP_SECTS, o->image.setup + SETUP_SECTS, o->image.header_end - SETUP_SECTS);
    page[TYPE_OF_LOADER] = UNKNOWN_LOADER;
    page[LOADFLAGS] &= (uint8_t) ~(KASLR_FLAG | KEEP_SEGMENTS | CAN_USE_HEAP);
    store_u32(page + CODE32_START, (uint32_t)o->image.address);
    store_u32(page + RAMDISK_IMAGE, (uint32_t)initrd);
    store_u32(page + RAMDISK_SIZE, initrd ? (uint32_t)o->l->initrd_size : 0);
    store_u32(page + CMD_LINE_PTR, COMMAND_LINE);
    store_u32(page + HARDWARE_SUBARCH, 0);
    store_u64(page + SETUP_DATA, 0);
    store_u64(page + ACPI_RSDP_ADDR, o->rsdp);
    memory_map(o, page);
    store(o->phys, ZERO_PAGE, page, sizeof page);
}

// ---- what the processor needs --------------------------------------------------------------------------------------

static void page_tables(struct phys *phys)
{
    enum { PRESENT_WRITABLE = 3, LARGE = 0x80, GIBS = 4 };
    uint8_t table[PAGE_SIZE] = {0};
    store_u64(table, (PAGE_TABLES + PAGE_SIZE) | PRESENT_WRITABLE);
    store(phys, PAGE_TABLES, table, sizeof table);
    for (unsigned n = 0; n < GIBS; n++)
        store_u64(table + 8 * n, (PAGE_TABLES + (2 + n) * PAGE_SIZE) | PRESENT_WRITABLE);
    store(phys, PAGE_TABLES + PAGE_SIZE, table, sizeof table);
    for (unsigned n = 0; n < GIBS * 512; n++) {
        store_u64(table + 8 * (n % 512), ((uint64_t)n << 21) | LARGE | PRESENT_WRITABLE);
        if (n % 512 == 511)
            store(phys, PAGE_TABLES + (2 + n / 512) * PAGE_SIZE, table, sizeof table);
    }
}

static void processor_state(struct phys *phys, bool long_mode, struct linux_entry *entry)
{
    uint8_t gdt[LINUX_DS + 8] = {0};
    // Code, readable, accessed; L or D.
    store_u64(gdt + LINUX_CS, long_mode ? 0x00af9b000000ffff : 0x00cf9b000000ffff);
    store_u64(gdt + LINUX_DS, 0x00cf93000000ffff); // data, writable, accessed
    store(phys, GDT, gdt, sizeof gdt);
    if (long_mode) {
        page_tables(phys);
        entry->cr3 = PAGE_TABLES;
    }
    entry->rsi = ZERO_PAGE;
    entry->rsp = STACK_TOP;
    entry->gdt_base = GDT;
    entry->gdt_limit = sizeof gdt - 1;
    entry->long_mode = long_mode;
}

bool linux_load(struct phys *phys, const struct machine_linux *l, uint64_t rsdp, struct linux_entry *entry, char *error,
                size_t size)
{
    struct loader o = {.phys = phys, .l = l, .rsdp = rsdp, .error = error, .error_size = size};
    if (phys->low_size < 2 * MIB)
        return fail(&o, "the machine has too little RAM for a Linux kernel");
    o.ram_end = phys->low_size - (rsdp ? ACPI_AREA_BYTES : 0);
    uint64_t initrd;
    *entry = (struct linux_entry){0};
    if (!read_image(&o) || !load_command_line(&o) || !load_initrd(&o, &initrd) || !load_kernel(&o, &entry->rip))
        return false;
    // Where the BIOS data area says that RAM below 640 KiB ends.
    uint8_t word[2];
    store_u16(word, BASE_END >> 4);
    store(phys, BDA_EBDA, word, sizeof word);
    store_u16(word, BASE_END >> 10);
    store(phys, BDA_BASE_KIB, word, sizeof word);
    boot_parameters(&o, initrd);
    processor_state(phys, o.image.long_mode, entry);
    return true;
}
