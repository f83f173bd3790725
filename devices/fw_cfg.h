// QEMU's firmware configuration device: what the board tells firmware and systems about itself (QEMU,
// docs/specs/fw_cfg).
#ifndef DEVICES_FW_CFG_H
#define DEVICES_FW_CFG_H

#include "core/device.h"
#include "core/map.h"
#include "core/phys.h"

#define FW_CFG_PORT       0x510u // where the board maps fw_cfg_io
#define FW_CFG_WINDOW     12u    // selector and data, then the DMA address register
#define FW_CFG_ITEMS      48u    // room for items with fixed keys
#define FW_CFG_FILES      64u    // room for files
#define FW_CFG_NAME_BYTES 56u    // of a file, with NUL

// Keys of items that are no files. FW_CFG_LOCAL ones are the PC's own.
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_LOCAL = 0x8000,
    FW_CFG_IRQ0_OVERRIDE = 0x8002,
};

// clang-format off
#define FW_CFG_STATE(F, A, S, T)                                                                                       \
    F(T, uint16_t, selector, 0, "key of the selected item")                                                            \
    F(T, uint32_t, offset,   0, "bytes of it that were read")                                                          \
    F(T, uint64_t, dma,      0, "DMA address register")
STATE_STRUCT(fw_cfg_state, FW_CFG_STATE);
// clang-format on

// What can be read: `bytes` belong to the board; NULL: they are in `number`.
struct fw_cfg_item {
    uint16_t key;
    uint32_t size;
    const uint8_t *bytes;
    uint8_t number[8];
};

struct fw_cfg {
    struct fw_cfg_state s;
    // Wiring: the board's memory, and the items. They are the machine's configuration and no state.
    struct phys *phys;
    struct fw_cfg_item item[FW_CFG_ITEMS];
    unsigned items;
    struct fw_cfg_item file[FW_CFG_FILES]; // sorted by name
    unsigned files;
    uint8_t directory[4 + FW_CFG_FILES * 64]; // as the guest reads it
};

extern const struct device_class fw_cfg_class;
extern const struct io_ops fw_cfg_io; // ctx = struct fw_cfg *

// Clears `f` and resets its state. It has the signature, the ID and an empty directory.
void fw_cfg_init(struct fw_cfg *f, struct phys *phys);

// Adds an item or replaces the one with that key. `bytes` stay the caller's and must last; may be NULL when size is 0.
// False when there is no room.
bool fw_cfg_add(struct fw_cfg *f, unsigned key, const void *bytes, uint32_t size);
// An item of `size` bytes (2, 4 or 8), little endian.
bool fw_cfg_add_number(struct fw_cfg *f, unsigned key, unsigned size, uint64_t value);
// A file. Files must all be added before the guest runs, because their keys follow from their order. False when there
// is no room, the name is too long or empty, or there is one of that name.
bool fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *bytes, uint32_t size);

#endif
