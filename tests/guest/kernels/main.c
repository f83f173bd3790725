// Start: what the loader told, then the programs, then the act.
#include "kernel.h"

enum { LOADER_MAGIC = 0x2badb002, MEMORY_MAX = 32 << 20 };

static const char *command_line = "";

const char *word(const char *name)
{
    const char *at = command_line;
    while (*at) {
        const char *rest = at;
        while (*at && *at != ' ')
            at++;
        if (starts_with(rest, name)) {
            for (const char *p = name; *p; p++)
                rest++;
            if (rest == at)
                return "";
            if (*rest == '=')
                return rest + 1;
        }
        while (*at == ' ')
            at++;
    }
    return NULL;
}

unsigned number(const char *text, unsigned otherwise)
{
    if (!text || *text < '0' || *text > '9')
        return otherwise;
    unsigned v = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        v = v * 10 + (unsigned)(*text - '0');
    return v;
}

void panic(const char *why)
{
    print("Kernel panic - not syncing: %s\n", why);
    for (;;)
        __asm__ volatile("cli; hlt");
}

struct module {
    uint32_t start, end, text, reserved;
};

struct mmap {
    uint32_t size;
    uint64_t address, length;
    uint32_t type;
} __attribute__((packed));

// Prints what came with the kernel; the address behind it.
static uintptr_t show_info(const struct multiboot_info *info)
{
    extern char kernel_end[];
    uintptr_t end = (uintptr_t)kernel_end;
    print("loader: %s\n", (const char *)(uintptr_t)info->boot_loader_name);
    print("command line: %s\n", (const char *)(uintptr_t)info->cmdline);
    print("memory: lower %u KiB, upper %u KiB\n", info->mem_lower, info->mem_upper);
    uintptr_t map = info->mmap_addr;
    while (map < info->mmap_addr + info->mmap_length) {
        const struct mmap *e = (const void *)map;
        print("map: %x%x bytes %x%x type %u\n", (unsigned)(e->address >> 32), (unsigned)e->address,
              (unsigned)(e->length >> 32), (unsigned)e->length, e->type);
        map += e->size + 4;
    }
    const struct module *m = (const void *)(uintptr_t)info->mods_addr;
    for (unsigned n = 0; n < info->mods_count; n++, m++) {
        unsigned sum = 0;
        for (uintptr_t at = m->start; at < m->end; at++)
            sum = sum * 31 + *(const uint8_t *)at;
        print("module: %s, %u bytes, sum %x\n", (const char *)(uintptr_t)m->text, m->end - m->start, sum);
        end = m->end > end ? m->end : end;
    }
    return end;
}

void kmain(uint32_t magic, const struct multiboot_info *info)
{
    serial_init();
    print("hello from kernel%u\n", (unsigned)sizeof(uintptr_t) * 8);
    if (magic != LOADER_MAGIC)
        panic("not started by a multiboot loader");
    command_line = (const char *)(uintptr_t)info->cmdline;
    uintptr_t end = show_info(info), memory = ((uintptr_t)info->mem_upper << 10) + 0x100000;
    segments_init();
    paging_init(end, memory < MEMORY_MAX ? memory : MEMORY_MAX);
    timer_init(number(word("hz"), 100));
    tasks_start();
    __asm__ volatile("sti");
    while (tasks_alive())
        __asm__ volatile("hlt");
    print("all programs have ended: %u ticks, %u switches, %u page faults, %u system calls\n", ticks, task_switches,
          page_faults, system_calls);
    act();
}

#ifndef __x86_64__
void main32(uint32_t magic, const struct multiboot_info *info)
{
    kmain(magic, info);
}
#endif
