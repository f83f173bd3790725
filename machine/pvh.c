// Kernels with a PVH entry (Xen's public headers: elfnote.h, arch-x86/hvm/start_info.h; docs/misc/pvh): ELF files with
// the note XEN_ELFNOTE_PHYS32_ENTRY, told about the machine by an hvm_start_info of version 1 at 80000h.
//
// Not implemented: hypercalls; the entry is used as one without a hypervisor, as Linux takes it.
#include "machine/elf.h"
#include "machine/kernel.h"

#include "cpu/cpu.h"

enum {
    MIB = 1 << 20,
    PHYS32_ENTRY = 18,
    START_MAGIC = 0x336ec578,
    START_INFO = 0x80000,
    START_SIZE = 56,
    MEMORY_MAP = START_INFO + 0x100,
    MEMORY_ENTRY = 24,
    MODULE = START_INFO + 0x300,
    MODULE_SIZE = 32,
    MODULE_TEXT = START_INFO + 0x8000,
    MODULE_TEXT_MAX = 0x1000, // with its NUL
    GDT = START_INFO + 0x400,
    COMMAND_LINE = START_INFO + 0x1000,
    COMMAND_LINE_MAX = 0x7000, // with its NUL
    LOW_FIRST = 0x500,         // RAM below the start information that a kernel may be linked to
};

static bool find_entry(const struct elf *elf, uint64_t *entry)
{
    uint32_t size;
    const uint8_t *note = elf_note(elf, "Xen", PHYS32_ENTRY, &size);
    if (!note || (size != 4 && size != 8))
        return false;
    *entry = load_le(note, size);
    return true;
}

bool pvh_probe(const uint8_t *bytes, size_t size)
{
    struct elf elf;
    uint64_t entry;
    return !elf_open(&elf, bytes, size) && find_entry(&elf, &entry);
}

static bool put_text(struct kernel_loader *o, uint64_t addr, const char *text, size_t max, const char *what)
{
    size_t size = strlen(text) + 1;
    if (size > max)
        return kernel_fail(o, "the %s has %zu bytes, there is room for %zu", what, size - 1, max - 1);
    elf_store(o->phys, addr, (const uint8_t *)text, size);
    return true;
}

// As high as it goes below 2 GiB.
static bool put_module(struct kernel_loader *o, uint64_t kernel_end)
{
    const struct machine_module *module = o->k->modules;
    uint64_t low = (kernel_end + PAGE_MASK) & ~PAGE_MASK, top = o->ram_end;
    low = low < MIB ? MIB : low;
    top = top < (uint64_t)1 << 31 ? top : (uint64_t)1 << 31;
    if (o->k->module_count > 1)
        return kernel_fail(o, "a PVH kernel takes one initrd");
    if (low > top || module->size > top - low || ((top - module->size) & ~PAGE_MASK) < low)
        return kernel_fail(o, "the initrd of %llu MiB does not fit in %llu MiB of RAM behind the kernel",
                           kernel_mib_up(module->size), (unsigned long long)(o->phys->ram_size / MIB));
    uint64_t addr = (top - module->size) & ~PAGE_MASK;
    if (!put_text(o, MODULE_TEXT, module->text, MODULE_TEXT_MAX, "initrd's command line"))
        return false;
    elf_store(o->phys, addr, module->bytes, module->size);
    uint8_t entry[MODULE_SIZE] = {0};
    store_u64(entry, addr);
    store_u64(entry + 8, module->size);
    store_u64(entry + 16, MODULE_TEXT);
    elf_store(o->phys, MODULE, entry, sizeof entry);
    return true;
}

static unsigned put_memory_map(struct kernel_loader *o)
{
    struct kernel_range ranges[KERNEL_RANGES_MAX];
    unsigned count = kernel_memory_map(o, ranges);
    for (unsigned n = 0; n < count; n++) {
        uint8_t entry[MEMORY_ENTRY] = {0};
        store_u64(entry, ranges[n].from);
        store_u64(entry + 8, ranges[n].size);
        store_u32(entry + 16, ranges[n].type);
        elf_store(o->phys, MEMORY_MAP + n * MEMORY_ENTRY, entry, sizeof entry);
    }
    return count;
}

bool pvh_load(struct kernel_loader *o, struct kernel_entry *entry)
{
    const struct elf_range ranges[] = {{LOW_FIRST, START_INFO}, {MIB, o->ram_end}};
    struct elf elf;
    uint64_t end, noted = 0;
    const char *wrong = elf_open(&elf, o->k->bytes, o->k->size);
    if (!wrong && !find_entry(&elf, &noted))
        wrong = "it has no PVH note";
    if (!wrong)
        wrong = elf_load(&elf, o->phys, ranges, ARRAY_LEN(ranges), &end);
    if (!wrong && (!elf_entry(&elf, noted, &entry->rip) || entry->rip != noted))
        wrong = "its PVH entry lies outside its segments";
    if (wrong)
        return kernel_fail(o, "the kernel cannot be loaded: %s", wrong);
    if (!put_text(o, COMMAND_LINE, o->k->append, COMMAND_LINE_MAX, "kernel command line"))
        return false;
    if (o->k->module_count && !put_module(o, end))
        return false;
    uint8_t info[START_SIZE] = {0};
    store_u32(info, START_MAGIC);
    store_u32(info + 4, 1); // version
    store_u32(info + 12, o->k->module_count);
    store_u64(info + 16, o->k->module_count ? MODULE : 0);
    store_u64(info + 24, COMMAND_LINE);
    store_u64(info + 32, o->rsdp);
    store_u64(info + 40, MEMORY_MAP);
    store_u32(info + 48, put_memory_map(o));
    elf_store(o->phys, START_INFO, info, sizeof info);
    kernel_base_memory(o->phys);
    kernel_gdt(o->phys, GDT, false, entry);
    entry->rbx = START_INFO;
    entry->cr0 = CR0_PE | CR0_ET;
    return true;
}
