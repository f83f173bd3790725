// Two small kernels in the style of those that are written in courses: kernel32 (i386) and kernel64 (x86-64), for tests
// of everything that starts, watches or ends a guest. They are started by multiboot, talk on COM1, run three user
// programs preemptively, and then do what a word of the command line says (acts.c). Words that change the run:
//
//   hz=N          timer interrupts a second (100)
//   user-fault    the program "counter" reads the kernel's memory and is ended
//   boots=N       with `reboot`: power off instead, the Nth time that the kernel starts
#ifndef KERNEL_H
#define KERNEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

// What an interrupt or system call leaves on the kernel stack (traps32.S, traps64.S).
#ifdef __x86_64__
struct frame {
    uintptr_t r15, r14, r13, r12, r11, r10, r9, r8, bp, di, si, dx, cx, bx, ax;
    uintptr_t vector, error, ip, cs, flags, sp, ss;
};
#else
struct frame {
    uintptr_t es, ds, di, si, bp, unused, bx, dx, cx, ax;
    uintptr_t vector, error, ip, cs, flags, sp, ss; // the last two only from user mode
};
#endif

// ---- console.c: COM1, texts ----
void serial_init(void);
void putch(char c);
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2))); // %s %c %u %x %lx
bool starts_with(const char *text, const char *word);
void *memset(void *to, int value, size_t n);
void *memcpy(void *to, const void *from, size_t n);

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

// ---- main.c ----
struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr,
        drives_length, drives_addr, config_table, boot_loader_name;
};
void kmain(uint32_t magic, const struct multiboot_info *info);
// The value of a word of the command line ("word" or "word=value"): NULL if it is not there, "" if it has none.
const char *word(const char *name);
unsigned number(const char *text, unsigned otherwise);
__attribute__((noreturn)) void panic(const char *why);

// ---- segments.c: GDT, IDT, TSS ----
void segments_init(void);
void segments_kernel_stack(uintptr_t top);

// ---- paging.c ----
void paging_init(uintptr_t first_free, uintptr_t end);
void *page_alloc(void); // zeroed
uintptr_t paging_new_space(void);
void paging_switch(uintptr_t space);
// Gives the present address space a page of its own there.
void paging_map_user(uintptr_t address);
// Maps the page of an address and the next one to themselves, for the kernel alone.
void paging_map_kernel(uintptr_t address);

// ---- timer.c: 8259A pair, 8254, keyboard ----
extern volatile unsigned ticks;
extern volatile unsigned keys; // scan codes that came
void timer_init(unsigned hz);
void irq(unsigned n);

// ---- task.c ----
void tasks_start(void);
unsigned tasks_alive(void);
struct frame *tasks_next(struct frame *now);
struct frame *trap(struct frame *f); // called by traps32.S and traps64.S
extern unsigned task_switches, page_faults, system_calls;

// ---- acts.c ----
__attribute__((noreturn)) void act(void);

// ---- user.c ----
int user_main(unsigned id, struct user_data *data);

#endif
