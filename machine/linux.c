// Direct start of Linux by its 64-bit boot protocol, or the 32-bit one for kernels that have no other (the kernel's
// Documentation/arch/x86/boot.rst and zero-page.rst). The packed vmlinux in the bzImage is unpacked here and entered at
// its own first instruction, as the image's decompressor does: segments at their physical addresses (as with "nokaslr":
// the relocations after the ELF file are not needed), KASLR_FLAG clear, RSDP address in the boot parameters, identity
// mapping (none in 32-bit mode). With `guest_unpack` the image's protected-mode part is entered (64-bit: 200h bytes
// in), and does all that itself.
//
// Not implemented: kernels or initial RAM disks above 4 GiB, EFI, setup_data.
#include "machine/kernel.h"

#include <stdlib.h>

#include "cpu/cpu.h"
#include "machine/elf.h"
#include "machine/unpack.h"

enum {
    SECTOR = 512,
    MIB = 1 << 20,
    TEXT_MAX = 160,

    // Where things are put below 640 KiB. 9D000h and above is used by the decompressor for its own trampoline.
    STACK_TOP = 0x7000,
    GDT = 0x7000,
    ZERO_PAGE = 0x10000,
    COMMAND_LINE = 0x20000,
    COMMAND_LINE_MAX = 0x10000, // with its NUL
    PAGE_TABLES = 0x30000,      // PML4, PDPT, four page directories
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
    struct kernel_loader *o;
    const struct machine_kernel *k;
    struct image image;
};

static void progress(const struct loader *l, const char *what)
{
    if (l->k->progress)
        l->k->progress(l->k->progress_ctx, what);
}

// ---- the image -----------------------------------------------------------------------------------------------------

static bool read_image(struct loader *l)
{
    const uint8_t *file = l->k->bytes;
    size_t size = l->k->size;
    struct image *i = &l->image;
    if (size < HEADER_END_MAX)
        return kernel_fail(l->o, "the kernel image is truncated");
    unsigned version = load_u16(file + VERSION);
    if (version < 0x20c) {
        return kernel_fail(l->o, "the kernel's boot protocol %u.%02u is too old (2.12 is needed)", version >> 8,
                           version & 0xff);
    }
    i->long_mode = load_u16(file + XLOADFLAGS) & XLF_KERNEL_64;
    i->header_end = (size_t)HEADER_MAGIC + file[JUMP + 1];
    if (i->header_end < HEADER_LEAST || i->header_end > HEADER_END_MAX || !(file[LOADFLAGS] & LOADED_HIGH))
        return kernel_fail(l->o, "the kernel's setup header is damaged");

    size_t setup = (size_t)(file[SETUP_SECTS] ? file[SETUP_SECTS] + 1 : 5) * SECTOR;
    uint64_t code = (uint64_t)load_u32(file + SYSSIZE) * 16;
    if (size < setup || size - setup < code)
        return kernel_fail(l->o, "the kernel image is truncated");
    i->setup = file;
    i->code = file + setup;
    i->code_size = (size_t)code;
    uint32_t offset = load_u32(file + PAYLOAD_OFFSET), length = load_u32(file + PAYLOAD_LENGTH);
    if (offset > code || length > code - offset || !length || code <= ENTRY_64)
        return kernel_fail(l->o, "the kernel's setup header is damaged");
    i->payload = i->code + offset;
    i->payload_size = length;
    i->address = load_u64(file + PREF_ADDRESS);
    i->init_size = load_u32(file + INIT_SIZE);
    i->initrd_max = load_u32(file + INITRD_ADDR_MAX);
    i->cmdline_max = load_u32(file + CMDLINE_SIZE);
    if (i->address < MIB || i->address & PAGE_MASK || i->init_size < code)
        return kernel_fail(l->o, "the kernel's setup header is damaged");
    if (i->address >= l->o->ram_end || i->init_size > l->o->ram_end - i->address) {
        uint64_t end = i->address > UINT32_MAX ? i->address : i->address + i->init_size;
        end += l->o->phys->low_size - l->o->ram_end;
        return kernel_fail(l->o, "the kernel needs at least %llu MiB of RAM, the machine has %llu MiB",
                           kernel_mib_up(end), (unsigned long long)(l->o->phys->ram_size / MIB));
    }
    return true;
}

// ---- the kernel ----------------------------------------------------------------------------------------------------

static bool load_elf(struct loader *l, const uint8_t *bytes, size_t size, uint64_t *entry)
{
    const struct image *i = &l->image;
    struct elf elf;
    if (elf_open(&elf, bytes, size) || elf.machine != (i->long_mode ? ELF_X86_64 : ELF_I386))
        return kernel_fail(l->o, "the unpacked kernel is not an %s ELF file", i->long_mode ? "x86-64" : "i386");
    const struct elf_range room = {i->address, i->address + i->init_size};
    uint64_t end;
    const char *wrong = elf_load(&elf, l->o->phys, &room, 1, &end);
    if (!wrong && !elf_entry(&elf, elf.entry, entry))
        wrong = "its entry lies outside its segments";
    return !wrong || kernel_fail(l->o, "the unpacked kernel is damaged: %s", wrong);
}

static bool load_kernel(struct loader *l, uint64_t *entry)
{
    const struct image *i = &l->image;
    if (l->k->guest_unpack) {
        elf_store(l->o->phys, i->address, i->code, i->code_size);
        *entry = i->address + (i->long_mode ? ENTRY_64 : 0);
        return true;
    }
    progress(l, "unpacking the kernel");
    // The decompressor unpacks in place, so init_size covers the payload's size.
    uint8_t *elf;
    size_t size;
    char why[TEXT_MAX];
    if (!unpack(i->payload, i->payload_size, i->init_size, &elf, &size, why, sizeof why)) {
        return kernel_fail(l->o, "the kernel cannot be unpacked: %s", why);
    }
    bool good = load_elf(l, elf, size, entry);
    free(elf);
    return good;
}

// ---- what the kernel is told ---------------------------------------------------------------------------------------

// As high as it goes; *address is 0 if there is none.
static bool load_initrd(struct loader *l, uint64_t *address)
{
    uint64_t size = l->k->module_count ? l->k->modules[0].size : 0;
    uint64_t low = (l->image.address + l->image.init_size + PAGE_MASK) & ~PAGE_MASK;
    uint64_t top = l->image.initrd_max + 1;
    *address = 0;
    if (l->k->module_count > 1)
        return kernel_fail(l->o, "a Linux kernel takes one initrd");
    if (!size)
        return true;
    top = top < l->o->ram_end ? top : l->o->ram_end;
    top = top < (uint64_t)1 << 31 ? top : (uint64_t)1 << 31;
    if (top < low || size > top - low || ((top - size) & ~PAGE_MASK) < low) {
        return kernel_fail(l->o, "the initrd of %llu MiB does not fit in %llu MiB of RAM beside the kernel of %llu MiB",
                           kernel_mib_up(size), (unsigned long long)(l->o->phys->ram_size / MIB),
                           kernel_mib_up(l->image.init_size));
    }
    *address = (top - size) & ~PAGE_MASK;
    elf_store(l->o->phys, *address, l->k->modules[0].bytes, size);
    return true;
}

static bool load_command_line(struct loader *l)
{
    const char *text = l->k->append;
    size_t length = strlen(text);
    size_t max = l->image.cmdline_max < COMMAND_LINE_MAX - 1 ? l->image.cmdline_max : COMMAND_LINE_MAX - 1;
    if (length > max) {
        return kernel_fail(l->o, "the kernel command line has %zu bytes, the kernel takes at most %zu", length, max);
    }
    elf_store(l->o->phys, COMMAND_LINE, (const uint8_t *)text, length + 1);
    return true;
}

static void memory_map(const struct loader *l, uint8_t *page)
{
    struct kernel_range ranges[KERNEL_RANGES_MAX];
    unsigned count = kernel_memory_map(l->o, ranges);
    for (unsigned n = 0; n < count; n++) {
        uint8_t *e = page + E820_TABLE + n * 20;
        store_u64(e, ranges[n].from);
        store_u64(e + 8, ranges[n].size);
        store_u32(e + 16, ranges[n].type);
    }
    page[E820_ENTRIES] = (uint8_t)count;
}

static void boot_parameters(const struct loader *l, uint64_t initrd)
{
    uint8_t page[ZERO_PAGE_SIZE] = {0};
    memcpy(page + SETUP_SECTS, l->image.setup + SETUP_SECTS, l->image.header_end - SETUP_SECTS);
    page[TYPE_OF_LOADER] = UNKNOWN_LOADER;
    page[LOADFLAGS] &= (uint8_t) ~(KASLR_FLAG | KEEP_SEGMENTS | CAN_USE_HEAP);
    store_u32(page + CODE32_START, (uint32_t)l->image.address);
    store_u32(page + RAMDISK_IMAGE, (uint32_t)initrd);
    store_u32(page + RAMDISK_SIZE, initrd ? (uint32_t)l->k->modules[0].size : 0);
    store_u32(page + CMD_LINE_PTR, COMMAND_LINE);
    store_u32(page + HARDWARE_SUBARCH, 0);
    store_u64(page + SETUP_DATA, 0);
    store_u64(page + ACPI_RSDP_ADDR, l->o->rsdp);
    memory_map(l, page);
    elf_store(l->o->phys, ZERO_PAGE, page, sizeof page);
}

// ---- what the processor needs --------------------------------------------------------------------------------------

static void page_tables(struct phys *phys)
{
    enum { PRESENT_WRITABLE = 3, LARGE = 0x80, GIBS = 4 };
    uint8_t table[PAGE_SIZE] = {0};
    store_u64(table, (PAGE_TABLES + PAGE_SIZE) | PRESENT_WRITABLE);
    elf_store(phys, PAGE_TABLES, table, sizeof table);
    for (unsigned n = 0; n < GIBS; n++)
        store_u64(table + 8 * n, (PAGE_TABLES + (2 + n) * PAGE_SIZE) | PRESENT_WRITABLE);
    elf_store(phys, PAGE_TABLES + PAGE_SIZE, table, sizeof table);
    for (unsigned n = 0; n < GIBS * 512; n++) {
        store_u64(table + 8 * (n % 512), ((uint64_t)n << 21) | LARGE | PRESENT_WRITABLE);
        if (n % 512 == 511)
            elf_store(phys, PAGE_TABLES + (2 + n / 512) * PAGE_SIZE, table, sizeof table);
    }
}

bool linux_probe(const uint8_t *bytes, size_t size)
{
    return size >= HEADER_MAGIC + 4 && !memcmp(bytes + HEADER_MAGIC, "HdrS", 4) &&
           load_u16(bytes + BOOT_FLAG) == 0xaa55;
}

bool linux_load(struct kernel_loader *o, struct kernel_entry *entry)
{
    struct loader l = {.o = o, .k = o->k};
    uint64_t initrd;
    if (!read_image(&l) || !load_command_line(&l) || !load_initrd(&l, &initrd) || !load_kernel(&l, &entry->rip))
        return false;
    kernel_base_memory(o->phys);
    boot_parameters(&l, initrd);
    kernel_gdt(o->phys, GDT, l.image.long_mode, entry);
    entry->long_mode = l.image.long_mode;
    if (entry->long_mode) {
        page_tables(o->phys);
        entry->cr3 = PAGE_TABLES;
    }
    entry->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP;
    entry->rsi = ZERO_PAGE;
    entry->rsp = STACK_TOP;
    return true;
}
