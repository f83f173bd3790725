// MultiProcessor tables for kernels that are started without firmware and do not read ACPI's.
#ifndef MACHINE_MPTABLE_H
#define MACHINE_MPTABLE_H

#include "core/phys.h"

#define MPTABLE_POINTER  0xf5040u // floating pointer structure, in the memory that systems search
#define MPTABLE_CONFIG   0xf5100u // configuration table
#define MPTABLE_END      0xf7000u
#define MPTABLE_CPUS_MAX 255u

struct mptable_config {
    unsigned cpus;      // local APICs, 1..MPTABLE_CPUS_MAX; only the first is enabled
    uint32_t signature; // family, model and stepping: CPUID leaf 1, EAX
    uint32_t features;  // CPUID leaf 1, EDX
};

// Writes both structures. False if a value is out of range or the memory cannot be written (see acpi_build()).
bool mptable_build(struct phys *phys, const struct mptable_config *config);

#endif
