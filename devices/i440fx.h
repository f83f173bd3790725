// Host bridge of the board: Intel 440FX PCIset, 82441FX PCI and Memory Controller (PMC) data sheet (290549).
#ifndef DEVICES_I440FX_H
#define DEVICES_I440FX_H

#include "core/device.h"
#include "core/map.h"
#include "core/pci_bus.h"

#define I440FX_PORT   0xcf8u // where the board maps i440fx_io
#define I440FX_WINDOW 8u     // ports

// clang-format off
#define I440FX_STATE(F, A, S, T)                                                                                       \
    S(T, pci_config, pci, 1,    "function 0: 8086:1237")                                                               \
    F(T, uint32_t, confadd, 0,  "CONFADD: configuration address register, port CF8h")
STATE_STRUCT(i440fx_state, I440FX_STATE);
// clang-format on

// What an address of C0000h to FFFFFh does (PAM registers): reads and writes go to DRAM, or to the PCI bus (ROM).
enum i440fx_pam { I440FX_PAM_READ = 1, I440FX_PAM_WRITE = 2 };

struct i440fx {
    struct i440fx_state s;
    struct pci_function pci;
    uint8_t write_mask[256]; // derived: of `pci`, narrower once SMRAM is locked

    // Wiring.
    struct pci_bus *bus;      // set by i440fx_init()
    const struct io_ops *cf9; // answers byte accesses to port CF9h (the south bridge's reset control); may be NULL
    void *cf9_ctx;
    void (*pam_changed)(void *ctx); // PAM or SMRAM registers were written, or state was loaded; may be NULL
    void *pam_ctx;
};

extern const struct device_class i440fx_class;
extern const struct io_ops i440fx_io; // ctx = struct i440fx *, ports CF8h to CFFh

// Clears `h`, plugs it into `bus` as device 0 function 0, and resets its state.
void i440fx_init(struct i440fx *h, struct pci_bus *bus);

// As firmware leaves it: C0000h to FFFFFh are shadow RAM, read from DRAM and write protected.
void i440fx_firmware_setup(struct i440fx *h);

// OR of enum i440fx_pam for a physical address in C0000h..FFFFFh.
unsigned i440fx_pam(const struct i440fx *h, uint32_t addr);

// Whether A0000h..BFFFFh reach DRAM outside system management mode (DOPEN of the SMRAM register).
bool i440fx_smram_open(const struct i440fx *h);

#endif
