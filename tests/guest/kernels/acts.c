// How the run ends, by a word of the command line:
//
//   exit=N         debug exit, port F4h, or port=P
//   poweroff       ACPI S5, by the FADT's PM1a control register (also without any word)
//   reboot[=HOW]   cf9 (the default), 8042 or triple
//   triple         an exception that cannot be delivered
//   panic          a line, then halted for ever
//   halt           cli; hlt
//   spin           jmp to itself
//   idle           hlt with timer interrupts, for ever
//   flood          writes to COM1 without end
//   echo           what comes on COM1 goes back; Ctrl-D exits with 0
//   kernel-fault   an undefined instruction in the kernel
#include "kernel.h"

enum { COM1 = 0x3f8, END_OF_TEXT = 4, SLP_EN = 1 << 13, CMOS_BOOTS = 0x50 };

static const uint8_t *find_rsdp(void)
{
    for (uintptr_t at = 0xe0000; at < 0x100000; at += 16)
        if (starts_with((const char *)at, "RSD PTR "))
            return (const uint8_t *)at;
    return NULL;
}

static uint32_t get32(const uint8_t *at)
{
    return *(const uint32_t *)at;
}

// The tables lie above what paging_init() has mapped. Sleep type 0 is S5 on this board.
__attribute__((noreturn)) static void power_off(void)
{
    print("power off\n");
    const uint8_t *rsdp = find_rsdp();
    if (!rsdp)
        panic("no RSDP");
    paging_map_kernel(get32(rsdp + 16));
    const uint8_t *rsdt = (const uint8_t *)(uintptr_t)get32(rsdp + 16);
    for (unsigned n = 36; n < get32(rsdt + 4); n += 4) {
        paging_map_kernel(get32(rsdt + n));
        const uint8_t *table = (const uint8_t *)(uintptr_t)get32(rsdt + n);
        if (starts_with((const char *)table, "FACP"))
            outw((uint16_t)get32(table + 64), SLP_EN);
    }
    panic("power is still on");
}

static uint8_t boots(void)
{
    outb(0x70, CMOS_BOOTS);
    uint8_t count = (uint8_t)(inb(0x71) + 1);
    outb(0x70, CMOS_BOOTS);
    outb(0x71, count);
    return count;
}

static void triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uintptr_t base;
    } __attribute__((packed)) none = {0, 0};
    __asm__ volatile("lidt %0; int3" : : "m"(none));
}

static void reboot(const char *how)
{
    if (word("boots")) {
        unsigned count = boots();
        print("boot %u\n", count);
        if (count >= number(word("boots"), 1))
            power_off();
    }
    if (starts_with(how, "8042"))
        outb(0x64, 0xfe);
    else if (starts_with(how, "triple"))
        triple_fault();
    else
        outb(0xcf9, 6);
    for (;;)
        __asm__ volatile("hlt");
}

static void echo(void)
{
    outb(COM1 + 1, 1); // an interrupt when a byte comes
    print("echo\n");
    for (;;) {
        __asm__ volatile("cli");
        while (inb(COM1 + 5) & 1) {
            char c = (char)inb(COM1);
            if (c == END_OF_TEXT) {
                print("end of text\n");
                outb(0xf4, 0);
            }
            putch(c == '\r' ? '\n' : c);
        }
        __asm__ volatile("sti; hlt");
    }
}

static void flood(void)
{
    for (unsigned n = 0;; n++)
        print("line %u of a flood without end\n", n);
}

static void idle(void)
{
    for (;;)
        __asm__ volatile("sti; hlt");
}

static void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void spin(void)
{
    __asm__ volatile("1: jmp 1b");
}

void act(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } acts[] = {{"triple", triple_fault}, {"halt", halt},   {"spin", spin},
                {"idle", idle},           {"flood", flood}, {"echo", echo}};
    if (word("exit")) {
        print("debug exit\n");
        outb((uint16_t)number(word("port"), 0xf4), (uint8_t)number(word("exit"), 0));
    }
    if (word("reboot")) {
        print("rebooting\n");
        reboot(word("reboot"));
    }
    if (word("panic"))
        panic("test");
    if (word("kernel-fault"))
        __asm__ volatile("ud2");
    for (unsigned n = 0; n < sizeof acts / sizeof acts[0]; n++) {
        if (word(acts[n].name)) {
            print("%s\n", acts[n].name);
            acts[n].run();
        }
    }
    power_off();
}
