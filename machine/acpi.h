// ACPI tables for kernels that are started without firmware.
//
// dsdt.asl is compiled when the program is built; acpi.c includes the result as "machine/dsdt_aml.h":
//   iasl -vs -vi -we -p OUT/machine/dsdt machine/dsdt.asl
//   cmake -DAML=OUT/machine/dsdt.aml -DHEADER=OUT/machine/dsdt_aml.h -P machine/aml.cmake
// with OUT in the include path.
#ifndef MACHINE_ACPI_H
#define MACHINE_ACPI_H

#include "core/phys.h"

#define ACPI_AREA_BYTES 0x10000u // at the top of low RAM: first the FACS, then the tables; not RAM to the kernel
#define ACPI_NVS_BYTES  0x1000u  // of these, for the FACS: the system must keep them
#define ACPI_RSDP       0xf5000u // where the RSDP is, for kernels that search F0000h to FFFFFh
#define ACPI_CPUS_MAX   255u

struct acpi_config {
    unsigned cpus;         // local APICs in the MADT, 1..ACPI_CPUS_MAX; only the first is enabled
    unsigned serial_count; // COM ports that the DSDT announces, 0..4
    bool pvpanic;          // there is a pvpanic device
    uint64_t pm_base;      // I/O base of the PIIX4's register block
    uint64_t low_ram_top;  // end of the RAM below 4 GiB, a multiple of 4 KiB
};

// Writes all tables and gives the RSDP's address. False if a value is out of range, or if the RSDP's page cannot be
// written (C0000h to FFFFFh must still be plain RAM at this moment; write protect it afterwards).
bool acpi_build(struct phys *phys, const struct acpi_config *config, uint64_t *rsdp);

#endif
