// SMBIOS tables for kernels that are started without firmware.
#ifndef MACHINE_SMBIOS_H
#define MACHINE_SMBIOS_H

#include "core/phys.h"
#include "machine/machine.h"

#define SMBIOS_ENTRY 0xf7000u // entry point, in the memory that systems search
#define SMBIOS_TABLE 0xf7020u
#define SMBIOS_END   0xfa000u

struct smbios_config {
    const struct machine_smbios *texts;
    unsigned cpus;
    uint32_t signature, features; // CPUID leaf 1, EAX and EDX
    uint64_t low_bytes;           // RAM below 4 GiB
    uint64_t high_bytes;          // RAM above
};

// Writes entry point and structures. False if the memory cannot be written (see acpi_build()).
bool smbios_build(struct phys *phys, const struct smbios_config *config);

#endif
