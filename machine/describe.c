// What the board tells about itself by fw_cfg (QEMU, docs/specs/fw_cfg), for firmware and for systems that look.
//
// Not implemented: etc/acpi, etc/smbios and whatever else firmware would take from there, because there is no firmware.
// Differs: the setup of a Linux kernel is offered as it is in the file.
#include "machine/acpi.h"
#include "machine/pc.h"

static void add_e820(struct machine *m, uint32_t *size, uint64_t from, uint64_t bytes)
{
    enum { ENTRY = 20, RAM = 1 };
    uint8_t *e = m->e820 + *size;
    if (!bytes)
        return;
    store_u64(e, from);
    store_u64(e + 8, bytes);
    store_u32(e + 16, RAM);
    *size += ENTRY;
}

bool pc_describe_board(struct machine *m)
{
    struct fw_cfg *f = &m->fw_cfg;
    uint64_t low = m->phys.low_size;
    uint32_t size = 0;
    bool ok = true;
    add_e820(m, &size, 0, low);
    add_e820(m, &size, (uint64_t)1 << 32, m->phys.ram_size - low);
    ok &= fw_cfg_add_file(f, "etc/e820", m->e820, size);
    ok &= fw_cfg_add(f, FW_CFG_UUID, m->config.smbios.uuid, sizeof m->config.smbios.uuid);
    ok &= fw_cfg_add_number(f, FW_CFG_RAM_SIZE, 8, m->phys.ram_size);
    ok &= fw_cfg_add_number(f, FW_CFG_NOGRAPHIC, 2, 1);
    ok &= fw_cfg_add_number(f, FW_CFG_NB_CPUS, 2, 1);
    ok &= fw_cfg_add_number(f, FW_CFG_MAX_CPUS, 2, 1);
    ok &= fw_cfg_add_number(f, FW_CFG_BOOT_DEVICE, 2, 'c');
    ok &= fw_cfg_add_number(f, FW_CFG_BOOT_MENU, 2, 0);
    ok &= fw_cfg_add_number(f, FW_CFG_NUMA, 8, 0); // no nodes
    ok &= fw_cfg_add_number(f, FW_CFG_IRQ0_OVERRIDE, 4, 1);
    if (m->config.pvpanic) {
        store_u16(m->pvpanic_port, PVPANIC_PORT);
        ok &= fw_cfg_add_file(f, "etc/pvpanic-port", m->pvpanic_port, sizeof m->pvpanic_port);
    }
    for (unsigned n = 0; n < m->config.file_count; n++)
        ok &= fw_cfg_add_file(f, m->config.file[n].name, m->config.file[n].bytes, m->config.file[n].size);
    return ok;
}

// Where the setup header of a Linux kernel has what matters here.
enum { SETUP_SECTS = 0x1f1, MAGIC = 0x202, VERSION = 0x206, INITRD_MAX = 0x22c, HEADER = 0x260, SECTOR = 512 };

bool pc_describe_kernel(struct machine *m)
{
    enum { SETUP_ADDR = 0x10000, CMDLINE_ADDR = 0x20000, KERNEL_ADDR = 0x100000 };
    const struct machine_kernel *k = &m->kernel;
    const struct machine_module *initrd = k->module_count ? &k->modules[0] : NULL;
    struct fw_cfg *f = &m->fw_cfg;
    size_t setup = 0, initrd_size = initrd ? initrd->size : 0, cmdline = strlen(k->append) + 1;
    uint64_t top = m->phys.low_size - ACPI_AREA_BYTES, max = 0x38000000;
    if (k->size > UINT32_MAX || initrd_size > UINT32_MAX || cmdline > UINT32_MAX)
        return false;
    // A bzImage is divided in setup and protected-mode part; what is something else is the kernel as a whole.
    if (k->size >= HEADER && !memcmp(k->bytes + MAGIC, "HdrS", 4)) {
        setup = (size_t)(k->bytes[SETUP_SECTS] ? k->bytes[SETUP_SECTS] + 1 : 5) * SECTOR;
        setup = setup < k->size ? setup : k->size;
        if (load_u16(k->bytes + VERSION) >= 0x203)
            max = load_u32(k->bytes + INITRD_MAX) + (uint64_t)1;
    }
    top = top < max ? top : max;
    bool ok = true;
    ok &= fw_cfg_add_number(f, FW_CFG_SETUP_ADDR, 4, SETUP_ADDR);
    ok &= fw_cfg_add_number(f, FW_CFG_SETUP_SIZE, 4, setup);
    ok &= fw_cfg_add(f, FW_CFG_SETUP_DATA, k->bytes, (uint32_t)setup);
    ok &= fw_cfg_add_number(f, FW_CFG_KERNEL_ADDR, 4, KERNEL_ADDR);
    ok &= fw_cfg_add_number(f, FW_CFG_KERNEL_ENTRY, 4, KERNEL_ADDR);
    ok &= fw_cfg_add_number(f, FW_CFG_KERNEL_SIZE, 4, k->size - setup);
    ok &= fw_cfg_add(f, FW_CFG_KERNEL_DATA, k->bytes + setup, (uint32_t)(k->size - setup));
    ok &= fw_cfg_add_number(f, FW_CFG_CMDLINE_ADDR, 4, CMDLINE_ADDR);
    ok &= fw_cfg_add_number(f, FW_CFG_CMDLINE_SIZE, 4, cmdline);
    ok &= fw_cfg_add(f, FW_CFG_CMDLINE_DATA, k->append, (uint32_t)cmdline);
    ok &= fw_cfg_add_number(f, FW_CFG_INITRD_ADDR, 4, initrd_size < top ? (top - initrd_size) & ~PAGE_MASK : 0);
    ok &= fw_cfg_add_number(f, FW_CFG_INITRD_SIZE, 4, initrd_size);
    ok &= fw_cfg_add(f, FW_CFG_INITRD_DATA, initrd ? initrd->bytes : NULL, (uint32_t)initrd_size);
    return ok;
}
