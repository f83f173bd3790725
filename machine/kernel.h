// Kernels that start without firmware: what the loaders have in common. linux.c, multiboot.c and pvh.c are one each.
#ifndef MACHINE_KERNEL_H
#define MACHINE_KERNEL_H

#include "core/phys.h"
#include "machine/machine.h"

#define KERNEL_CS 0x10 // flat code; 64-bit in long mode, else 32-bit (Linux calls it __BOOT_CS)
#define KERNEL_DS 0x18 // flat data, for all data segments

// The end of RAM below the extended BIOS data area, which ends at 640 KiB.
#define KERNEL_BASE_END 0x9fc00u

// How the processor must stand to enter the kernel. Interrupts are off (RFLAGS = 2), the direction flag clear; CS, and
// DS, ES, SS, FS and GS have the selectors above with descriptors loaded from the GDT. In long mode CR0 has PG besides
// `cr0`, CR4 has PAE, EFER has LME and LMA. The other registers are as after reset; EBP, ECX, EDX and EDI are zero.
struct kernel_entry {
    uint64_t rip, rax, rbx, rsi, rsp;
    uint64_t cr0;
    uint64_t cr3; // in long mode: identity mapping of the first 4 GiB with 2 MiB pages
    uint64_t gdt_base;
    uint16_t gdt_limit;
    bool long_mode;   // else 32-bit protected mode without paging
    const char *note; // a line for the log about what the kernel asks for and does not get, or NULL
};

// What a loader works with. All of `k` is hostile.
struct kernel_loader {
    struct phys *phys;
    const struct machine_kernel *k;
    uint64_t rsdp;    // 0: there are no ACPI tables
    uint64_t ram_end; // of what the kernel may use below 4 GiB
    char *error;
    size_t error_size;
};

// Writes the line; always false.
bool kernel_fail(struct kernel_loader *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
unsigned long long kernel_mib_up(uint64_t bytes);

// The memory map in address order: types as in the BIOS call E820h.
enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };
struct kernel_range {
    uint64_t from, size;
    enum e820_type type;
};
#define KERNEL_RANGES_MAX 8u
unsigned kernel_memory_map(const struct kernel_loader *o, struct kernel_range ranges[KERNEL_RANGES_MAX]);

// Where the BIOS data area says that RAM below 640 KiB ends.
void kernel_base_memory(struct phys *phys);

// Writes null, code and data descriptors to RAM and points the entry's GDT at them. KERNEL_GDT_BYTES bytes.
#define KERNEL_GDT_BYTES (KERNEL_DS + 8u)
void kernel_gdt(struct phys *phys, uint64_t addr, bool long_mode, struct kernel_entry *entry);

// One loader each. RAM below 1 MiB from 400h to 90000h is overwritten. False with a line in o->error; RAM may then hold
// parts of the kernel.
bool linux_load(struct kernel_loader *o, struct kernel_entry *entry);
bool multiboot_load(struct kernel_loader *o, struct kernel_entry *entry);
bool pvh_load(struct kernel_loader *o, struct kernel_entry *entry);

// Whether the file is one for the loader.
bool linux_probe(const uint8_t *bytes, size_t size);
bool multiboot_probe(const uint8_t *bytes, size_t size);
bool pvh_probe(const uint8_t *bytes, size_t size);

// Checks the file, loads it by what it is, and tells it about memory and modules. `rsdp` is the address that
// acpi_build() gave, or 0 if there are no tables; if there are, their area at the top of low RAM is kept free and
// reserved. False with a line in `error` (size bytes) that names what is wrong. The caller's memory is not kept.
bool kernel_load(struct phys *phys, const struct machine_kernel *k, uint64_t rsdp, struct kernel_entry *entry,
                 char *error, size_t size);

#endif
