// Puts a Linux kernel into RAM, ready to be entered without firmware.
#ifndef MACHINE_LINUX_H
#define MACHINE_LINUX_H

#include "core/phys.h"
#include "machine/machine.h"

#define LINUX_CS 0x10 // __BOOT_CS: flat code; 64-bit in long mode, else 32-bit
#define LINUX_DS 0x18 // __BOOT_DS: flat data, for DS, ES and SS

// How the processor must stand to enter the kernel. Interrupts are off (RFLAGS = 2), the direction flag clear; CS, DS,
// ES and SS have the selectors above with descriptors loaded from the GDT. In long mode CR0 has PE and PG, CR4 has PAE,
// EFER has LME and LMA; else CR0 has PE. The other registers are as after reset; EBX, EBP and EDI are zero.
struct linux_entry {
    uint64_t rip;
    uint64_t rsi; // physical address of the boot parameters
    uint64_t rsp; // top of a small stack
    uint64_t cr3; // in long mode: identity mapping of the first 4 GiB with 2 MiB pages
    uint64_t gdt_base;
    uint16_t gdt_limit;
    bool long_mode; // else 32-bit protected mode without paging
};

// Checks the image, unpacks it unless l->guest_unpack, and writes kernel, initrd, command line, boot parameters, GDT
// and page tables to RAM. `rsdp` is the address that acpi_build() gave, or 0 if there are no tables; if there are,
// their area at the top of low RAM is kept free and reserved. RAM below 1 MiB from 400h to 36000h is overwritten. False
// with a line in `error` (size bytes) that names what is wrong; RAM may then hold parts of it. All of `l` is treated as
// hostile. The caller's memory is not kept.
bool linux_load(struct phys *phys, const struct machine_linux *l, uint64_t rsdp, struct linux_entry *entry, char *error,
                size_t size);

#endif
