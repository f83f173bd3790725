// Direct start of kernels: what firmware would have left in memory, the kernel, and the processor at its entry. The
// files are kept, so that a reset starts the same kernel again.
#include "cpu/model.h"
#include "machine/acpi.h"
#include "machine/kernel.h"
#include "machine/mptable.h"
#include "machine/pc.h"
#include "machine/smbios.h"

#include <stdio.h>
#include <stdlib.h>

static void set_flat(struct segment_state *s, uint16_t selector, uint16_t attr)
{
    *s = (struct segment_state){0, 0xffffffffu, selector, attr};
}

static void enter_kernel(struct machine *m, const struct kernel_entry *entry)
{
    struct cpu_state *s = &m->cpu->s;
    s->cr0 = entry->cr0;
    if (entry->long_mode) {
        s->cr0 |= CR0_PG;
        s->cr3 = entry->cr3;
        s->cr4 = CR4_PAE;
        s->efer = EFER_LME | EFER_LMA;
    }
    s->gdtr[0] = (struct segment_state){.base = entry->gdt_base, .limit = entry->gdt_limit};
    s->idtr[0] = (struct segment_state){.limit = 0};
    set_flat(&s->seg[SEG_CS], KERNEL_CS, ATTR_G | (entry->long_mode ? ATTR_L : ATTR_DB) | ATTR_P | ATTR_S | 11);
    static const uint8_t data[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned n = 0; n < ARRAY_LEN(data); n++)
        set_flat(&s->seg[data[n]], KERNEL_DS, ATTR_G | ATTR_DB | ATTR_P | ATTR_S | 3);
    s->rip = entry->rip;
    s->reg[RAX] = entry->rax;
    s->reg[RBX] = entry->rbx;
    s->reg[RDX] = 0;
    s->reg[RSI] = entry->rsi;
    s->reg[RSP] = entry->rsp;
    s->rflags = 2;
    s->mtrr_def_type = 0xc06; // enabled, write-back, as firmware leaves it
    cpu_update(m->cpu);
}

// The tables that firmware leaves in the shadow memory and at the top of RAM.
static bool build_tables(struct machine *m, uint64_t *rsdp)
{
    const struct cpuid_leaf *leaf = cpu_model_leaf(cpu_model_find(m->config.cpu_model), 1, CPUID_ANY);
    uint32_t signature = leaf ? leaf->eax : 0, features = leaf ? leaf->edx : 0;
    const struct acpi_config acpi = {.cpus = 1,
                                     .serial_count = m->config.serial_count,
                                     .pvpanic = m->config.pvpanic,
                                     .pm_base = PC_PM_BASE,
                                     .low_ram_top = m->phys.low_size};
    const struct mptable_config mptable = {.cpus = 1, .signature = signature, .features = features};
    const struct smbios_config smbios = {.texts = &m->config.smbios,
                                         .cpus = 1,
                                         .signature = signature,
                                         .features = features,
                                         .low_bytes = m->phys.low_size,
                                         .high_bytes = m->phys.ram_size - m->phys.low_size};
    return (m->config.no_acpi || acpi_build(&m->phys, &acpi, rsdp)) && mptable_build(&m->phys, &mptable) &&
           smbios_build(&m->phys, &smbios);
}

bool pc_boot(struct machine *m, char *error, size_t size)
{
    uint64_t rsdp = 0;
    pc_open_shadow(m);
    if (!build_tables(m, &rsdp)) {
        snprintf(error, size, "too little memory for the ACPI tables");
        return false;
    }
    struct kernel_entry entry;
    char why[256];
    bool ok = kernel_load(&m->phys, &m->kernel, rsdp, &entry, why, sizeof why);
    i440fx_firmware_setup(&m->i440fx);
    if (!ok) {
        snprintf(error, size, "%s: %s", m->kernel.name, why);
        return false;
    }
    if (entry.note)
        log_line(&m->log, LOG_NOT_IMPLEMENTED, "%s: %s", m->kernel.name, entry.note);
    enter_kernel(m, &entry);
    return true;
}

// Copies `n` bytes to *at, which is moved on.
static void *put(uint8_t **at, const void *bytes, size_t n)
{
    void *copy = *at;
    if (n)
        memcpy(copy, bytes, n);
    *at += n;
    return copy;
}

static bool keep(struct machine *m, const struct machine_kernel *k)
{
    size_t table = k->module_count * sizeof *k->modules;
    size_t size = table + k->size + strlen(k->name) + 1 + strlen(k->append) + 1;
    for (unsigned n = 0; n < k->module_count; n++)
        size += k->modules[n].size + strlen(k->modules[n].text) + 1;
    free(m->kernel_copy);
    uint8_t *at = m->kernel_copy = malloc(size);
    if (!at)
        return false;
    struct machine_module *modules = put(&at, k->modules, table);
    m->kernel = *k;
    m->kernel.modules = modules;
    m->kernel.bytes = put(&at, k->bytes, k->size);
    m->kernel.name = put(&at, k->name, strlen(k->name) + 1);
    m->kernel.append = put(&at, k->append, strlen(k->append) + 1);
    for (unsigned n = 0; n < k->module_count; n++) {
        const struct machine_module *from = &k->modules[n];
        modules[n].bytes = put(&at, from->bytes, from->size);
        modules[n].text = put(&at, from->text, strlen(from->text) + 1);
    }
    return true;
}

bool machine_load_kernel(struct machine *m, const struct machine_kernel *kernel, char *error, size_t size)
{
    if (!keep(m, kernel)) {
        snprintf(error, size, "out of memory");
        return false;
    }
    if (!pc_describe_kernel(m)) {
        snprintf(error, size, "%s: kernel, initrd and command line must each be smaller than 4 GiB", m->kernel.name);
        return false;
    }
    return pc_boot(m, error, size);
}
