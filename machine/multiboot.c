// Multiboot kernels (Multiboot Specification 0.6.96): ELF files, or images with the address fields in the header;
// modules behind the kernel; the information structure, command lines and memory map from 80000h on.
//
// Not implemented: video modes, drive and APM tables, the symbol tables of the information structure.
// Differs: ELF files for x86-64 are loaded, too, and entered in 32-bit mode. A request for a video mode is only logged.
#include "machine/elf.h"
#include "machine/kernel.h"

#include "cpu/cpu.h"

enum {
    MIB = 1 << 20,
    SEARCH = 8192, // bytes of the file in which the header must lie
    HEADER_MAGIC = 0x1badb002,
    LOADER_MAGIC = 0x2badb002,

    // Header: offsets and flags.
    H_FLAGS = 4,
    H_CHECKSUM = 8,
    H_ADDRESSES = 12, // header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr
    H_SMALL = 12,
    H_ADDRESSES_END = 32,
    WANT_ALIGNED = 1, // modules on page boundaries
    WANT_MEMORY = 2,
    WANT_VIDEO = 4,
    MUST_HAVE = 0xffff, // unknown bits here mean that the kernel must not be started
    HAS_ADDRESSES = 1 << 16,

    // Where things are put, and the information structure.
    AREA = 0x80000,
    AREA_END = 0x90000,
    LOW_FIRST = 0x500, // RAM below AREA that a kernel may be linked to
    INFO_SIZE = 120,
    MODULE_SIZE = 16,
    MMAP_ENTRY = 24, // with its size field
    INFO_MEMORY = 1,
    INFO_CMDLINE = 4,
    INFO_MODULES = 8,
    INFO_MMAP = 0x40,
    INFO_LOADER_NAME = 0x200,
};

struct multiboot {
    struct kernel_loader *o;
    const uint8_t *header;
    uint32_t flags;
    uint64_t entry;
    uint64_t end;  // of the kernel in memory, and then of the modules
    uint32_t next; // what is free of the area
};

static const uint8_t *find_header(const uint8_t *bytes, size_t size)
{
    size = size < SEARCH ? size : SEARCH;
    for (size_t at = 0; at + H_SMALL <= size; at += 4) {
        const uint8_t *h = bytes + at;
        if (load_u32(h) == HEADER_MAGIC && !(uint32_t)(HEADER_MAGIC + load_u32(h + H_FLAGS) + load_u32(h + H_CHECKSUM)))
            return h;
    }
    return NULL;
}

bool multiboot_probe(const uint8_t *bytes, size_t size)
{
    return find_header(bytes, size);
}

// ---- the kernel
// ----------------------------------------------------------------------------------------------------

static unsigned usable(const struct kernel_loader *o, struct elf_range ranges[2])
{
    ranges[0] = (struct elf_range){LOW_FIRST, AREA};
    ranges[1] = (struct elf_range){MIB, o->ram_end};
    return 2;
}

// The image is one piece of the file, with zeros behind it.
static bool load_by_addresses(struct multiboot *b)
{
    const struct machine_kernel *k = b->o->k;
    size_t at = (size_t)(b->header - k->bytes);
    if (k->size - at < H_ADDRESSES_END)
        return kernel_fail(b->o, "the multiboot header is truncated");
    uint32_t field[5];
    for (unsigned n = 0; n < ARRAY_LEN(field); n++)
        field[n] = load_u32(b->header + H_ADDRESSES + 4 * n);
    uint64_t header = field[0], load = field[1], load_end = field[2], bss_end = field[3], entry = field[4];
    if (load > header || header - load > at)
        return kernel_fail(b->o, "the multiboot header's load address lies outside the file");
    size_t from = at - (size_t)(header - load);
    if (!load_end)
        load_end = load + (k->size - from);
    if (load_end <= load || load_end - load > k->size - from)
        return kernel_fail(b->o, "the multiboot header's load end lies outside the file");
    if (!bss_end)
        bss_end = load_end;
    if (bss_end < load_end)
        return kernel_fail(b->o, "the multiboot header's end of the zeros lies before the load end");
    if (entry < load || entry >= load_end)
        return kernel_fail(b->o, "the multiboot header's entry lies outside the image");
    struct elf_range ranges[2];
    bool fits = false;
    for (unsigned n = usable(b->o, ranges); n--;)
        fits |= load >= ranges[n].from && bss_end <= ranges[n].to;
    if (!fits)
        return kernel_fail(b->o, "the image needs memory from %llxh to %llxh, which is not there",
                           (unsigned long long)load, (unsigned long long)bss_end);
    elf_store(b->o->phys, load, k->bytes + from, load_end - load);
    elf_store(b->o->phys, load_end, NULL, bss_end - load_end);
    b->entry = entry;
    b->end = bss_end;
    return true;
}

static bool load_by_elf(struct multiboot *b)
{
    struct elf elf;
    struct elf_range ranges[2];
    unsigned count = usable(b->o, ranges);
    const char *wrong = elf_open(&elf, b->o->k->bytes, b->o->k->size);
    if (wrong)
        return kernel_fail(b->o, "a multiboot header without addresses, and %s", wrong);
    wrong = elf_load(&elf, b->o->phys, ranges, count, &b->end);
    if (!wrong && !elf_entry(&elf, elf.entry, &b->entry))
        wrong = "its entry lies outside its segments";
    return !wrong || kernel_fail(b->o, "the kernel cannot be loaded: %s", wrong);
}

// ---- what the kernel is told
// ---------------------------------------------------------------------------------------

// Room for `n` bytes in the area; 0 when it is full.
static uint32_t room(struct multiboot *b, size_t n)
{
    uint32_t at = (b->next + 3) & ~3u;
    if (n > AREA_END - at)
        return 0;
    b->next = at + (uint32_t)n;
    return at;
}

// One text of up to three parts; 0 when the area is full.
static uint32_t put_text(struct multiboot *b, const char *first, const char *between, const char *last)
{
    const char *parts[] = {first, between, last};
    size_t size = 1;
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        size += strlen(parts[n]);
    uint32_t addr = room(b, size), at = addr;
    for (unsigned n = 0; addr && n < ARRAY_LEN(parts); n++) {
        elf_store(b->o->phys, at, (const uint8_t *)parts[n], strlen(parts[n]) + 1);
        at += (uint32_t)strlen(parts[n]);
    }
    return addr;
}

static bool put_modules(struct multiboot *b, uint8_t *info)
{
    const struct machine_kernel *k = b->o->k;
    uint32_t table = room(b, (size_t)k->module_count * MODULE_SIZE);
    if (k->module_count > AREA_END / MODULE_SIZE || !table)
        return kernel_fail(b->o, "too many modules");
    // Above the kernel, also if all of it lies below 640 KiB.
    b->end = b->end < MIB ? MIB : b->end;
    for (unsigned n = 0; n < k->module_count; n++) {
        const struct machine_module *module = &k->modules[n];
        uint64_t at = (b->end + PAGE_MASK) & ~PAGE_MASK;
        if (at > b->o->ram_end || module->size > b->o->ram_end - at)
            return kernel_fail(b->o, "module %u of %llu MiB does not fit in %llu MiB of RAM behind the kernel", n + 1,
                               kernel_mib_up(module->size), (unsigned long long)(b->o->phys->ram_size / MIB));
        uint32_t text = put_text(b, module->text, "", "");
        if (!text)
            return kernel_fail(b->o, "the command lines of the modules are too long");
        elf_store(b->o->phys, at, module->bytes, module->size);
        b->end = at + module->size;
        uint8_t entry[MODULE_SIZE] = {0};
        store_u32(entry, (uint32_t)at);
        store_u32(entry + 4, (uint32_t)b->end);
        store_u32(entry + 8, text);
        elf_store(b->o->phys, table + n * MODULE_SIZE, entry, sizeof entry);
    }
    store_u32(info + 20, k->module_count);
    store_u32(info + 24, k->module_count ? table : 0);
    return true;
}

static bool put_memory_map(struct multiboot *b, uint8_t *info)
{
    struct kernel_range ranges[KERNEL_RANGES_MAX];
    unsigned count = kernel_memory_map(b->o, ranges);
    uint32_t table = room(b, count * MMAP_ENTRY);
    for (unsigned n = 0; table && n < count; n++) {
        uint8_t entry[MMAP_ENTRY];
        store_u32(entry, MMAP_ENTRY - 4);
        store_u64(entry + 4, ranges[n].from);
        store_u64(entry + 12, ranges[n].size);
        store_u32(entry + 20, ranges[n].type);
        elf_store(b->o->phys, table + n * MMAP_ENTRY, entry, sizeof entry);
    }
    store_u32(info + 4, KERNEL_BASE_END >> 10);
    store_u32(info + 8, (uint32_t)((b->o->ram_end - MIB) >> 10));
    store_u32(info + 44, count * MMAP_ENTRY);
    store_u32(info + 48, table);
    return table;
}

bool multiboot_load(struct kernel_loader *o, struct kernel_entry *entry)
{
    struct multiboot b = {.o = o, .header = find_header(o->k->bytes, o->k->size), .next = AREA};
    b.flags = load_u32(b.header + H_FLAGS);
    if (b.flags & MUST_HAVE & ~(WANT_ALIGNED | WANT_MEMORY | WANT_VIDEO))
        return kernel_fail(o, "the multiboot header asks for features that are not known (flags %xh)", b.flags);
    if (!(b.flags & HAS_ADDRESSES ? load_by_addresses(&b) : load_by_elf(&b)))
        return false;
    uint8_t info[INFO_SIZE] = {0};
    uint32_t at = room(&b, INFO_SIZE), gdt = room(&b, KERNEL_GDT_BYTES);
    uint32_t loader = put_text(&b, "snowglobe", "", "");
    if (!put_memory_map(&b, info))
        return false;
    uint32_t command = put_text(&b, o->k->name, " ", o->k->append);
    if (!command)
        return kernel_fail(o, "the kernel command line is too long");
    if (!put_modules(&b, info))
        return false;
    store_u32(info, INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MMAP | INFO_LOADER_NAME);
    store_u32(info + 16, command);
    store_u32(info + 64, loader);
    elf_store(o->phys, at, info, sizeof info);
    kernel_base_memory(o->phys);
    kernel_gdt(o->phys, gdt, false, entry);
    entry->rip = b.entry;
    entry->rax = LOADER_MAGIC;
    entry->rbx = at;
    entry->cr0 = CR0_PE | CR0_ET;
    if (b.flags & WANT_VIDEO)
        entry->note = "the kernel asks for a video mode; there is none";
    return true;
}
