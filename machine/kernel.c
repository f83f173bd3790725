// What a kernel file is, and what all loaders tell a kernel: memory map, BIOS data area, descriptors.
#include "machine/kernel.h"

#include <stdarg.h>
#include <stdio.h>

#include "machine/acpi.h"
#include "machine/elf.h"

enum {
    MIB = 1 << 20,
    BDA_EBDA = 0x40e,     // BIOS data area: segment of the extended area
    BDA_BASE_KIB = 0x413, // KiB of RAM below it
};

bool kernel_fail(struct kernel_loader *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(o->error, o->error_size, fmt, ap);
    va_end(ap);
    return false;
}

unsigned long long kernel_mib_up(uint64_t bytes)
{
    return bytes / MIB + (bytes % MIB != 0);
}

static unsigned add_range(struct kernel_range *ranges, unsigned n, uint64_t from, uint64_t to, enum e820_type type)
{
    if (from < to)
        ranges[n++] = (struct kernel_range){from, to - from, type};
    return n;
}

unsigned kernel_memory_map(const struct kernel_loader *o, struct kernel_range ranges[KERNEL_RANGES_MAX])
{
    const struct phys *phys = o->phys;
    uint64_t high = (uint64_t)1 << 32;
    unsigned n = 0;
    n = add_range(ranges, n, 0, KERNEL_BASE_END, E820_RAM);
    n = add_range(ranges, n, KERNEL_BASE_END, 0xa0000, E820_RESERVED);
    n = add_range(ranges, n, 0xf0000, MIB, E820_RESERVED);
    n = add_range(ranges, n, MIB, o->ram_end, E820_RAM);
    if (o->rsdp) {
        n = add_range(ranges, n, o->ram_end, o->ram_end + ACPI_NVS_BYTES, E820_NVS);
        n = add_range(ranges, n, o->ram_end + ACPI_NVS_BYTES, phys->low_size, E820_ACPI);
    }
    return add_range(ranges, n, high, high + (phys->ram_size - phys->low_size), E820_RAM);
}

void kernel_base_memory(struct phys *phys)
{
    uint8_t word[2];
    store_u16(word, KERNEL_BASE_END >> 4);
    elf_store(phys, BDA_EBDA, word, sizeof word);
    store_u16(word, KERNEL_BASE_END >> 10);
    elf_store(phys, BDA_BASE_KIB, word, sizeof word);
}

void kernel_gdt(struct phys *phys, uint64_t addr, bool long_mode, struct kernel_entry *entry)
{
    uint8_t gdt[KERNEL_GDT_BYTES] = {0};
    // Code, readable, accessed; L or D.
    store_u64(gdt + KERNEL_CS, long_mode ? 0x00af9b000000ffff : 0x00cf9b000000ffff);
    store_u64(gdt + KERNEL_DS, 0x00cf93000000ffff); // data, writable, accessed
    elf_store(phys, addr, gdt, sizeof gdt);
    entry->gdt_base = addr;
    entry->gdt_limit = sizeof gdt - 1;
}

enum machine_kernel_kind machine_kernel_kind(const uint8_t *bytes, size_t size)
{
    if (linux_probe(bytes, size))
        return MACHINE_KERNEL_LINUX;
    if (multiboot_probe(bytes, size))
        return MACHINE_KERNEL_MULTIBOOT;
    return pvh_probe(bytes, size) ? MACHINE_KERNEL_PVH : MACHINE_KERNEL_UNKNOWN;
}

bool kernel_load(struct phys *phys, const struct machine_kernel *k, uint64_t rsdp, struct kernel_entry *entry,
                 char *error, size_t size)
{
    struct kernel_loader o = {.phys = phys, .k = k, .rsdp = rsdp, .error = error, .error_size = size};
    static const char supported[] = "Linux bzImage, multiboot 1 and PVH kernels can be started";
    *entry = (struct kernel_entry){0};
    if (phys->low_size < 2 * MIB)
        return kernel_fail(&o, "the machine has too little RAM for a kernel");
    o.ram_end = phys->low_size - (rsdp ? ACPI_AREA_BYTES : 0);
    switch (machine_kernel_kind(k->bytes, k->size)) {
    case MACHINE_KERNEL_LINUX:
        return linux_load(&o, entry);
    case MACHINE_KERNEL_MULTIBOOT:
        return multiboot_load(&o, entry);
    case MACHINE_KERNEL_PVH:
        return pvh_load(&o, entry);
    case MACHINE_KERNEL_UNKNOWN:
        break;
    }
    struct elf elf;
    const char *wrong = elf_open(&elf, k->bytes, k->size);
    if (!elf_magic(k->bytes, k->size))
        return kernel_fail(&o, "not a kernel: %s", supported);
    return kernel_fail(&o, "%s: %s", wrong ? wrong : "the ELF file has neither a multiboot header nor a PVH note",
                       supported);
}
