// GDT, IDT and TSS.
#include "kernel.h"

enum { ENTRIES = 7, GATES = 256, VECTORS = 49, STUB = 16 };

extern char vectors[];
void load_segments(void);

static uint64_t gdt[ENTRIES];

struct table_pointer {
    uint16_t limit;
    uintptr_t base;
} __attribute__((packed));

#ifdef __x86_64__
enum { USER_CODE = 0xaffb, KERNEL_CODE = 0xaf9b };
extern uintptr_t kernel_stack;
void syscall_entry(void);

static struct {
    uint32_t reserved;
    uint64_t rsp[3], reserved2, ist[7], reserved3;
    uint16_t reserved4, map;
} __attribute__((packed)) tss;

static struct gate {
    uint16_t low, selector, type, middle;
    uint32_t high, reserved;
} idt[GATES];

static void wrmsr(uint32_t index, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void system_calls_init(void)
{
    wrmsr(0xc0000081, (uint64_t)KERNEL_DS << 48 | (uint64_t)KERNEL_CS << 32); // STAR
    wrmsr(0xc0000082, (uintptr_t)syscall_entry);                              // LSTAR
    wrmsr(0xc0000084, 0x600);                                                 // FMASK: IF, DF
}

void segments_kernel_stack(uintptr_t top)
{
    tss.rsp[0] = kernel_stack = top;
}
#else
enum { USER_CODE = 0xcffb, KERNEL_CODE = 0xcf9b };

static struct {
    uint32_t link, esp0, ss0, rest[22];
    uint16_t trap, map;
} tss;

static struct gate {
    uint16_t low, selector, type, middle;
} idt[GATES];

static void system_calls_init(void)
{
    idt[SYSTEM_CALL] = idt[VECTORS - 1];
    idt[SYSTEM_CALL].type |= 3 << 13; // user mode may
}

void segments_kernel_stack(uintptr_t top)
{
    tss.ss0 = KERNEL_DS;
    tss.esp0 = top;
}
#endif

static uint64_t flat(unsigned flags)
{
    return (uint64_t)flags << 40 | 0xffff | (uint64_t)(flags >> 8 & 0xf) << 48;
}

void segments_init(void)
{
    uintptr_t at = (uintptr_t)&tss;
    gdt[1] = flat(KERNEL_CODE & 0xff) | (uint64_t)(KERNEL_CODE >> 8) << 48;
    gdt[2] = flat(0x93) | (uint64_t)0xcf << 48;
    gdt[3] = flat(0xf3) | (uint64_t)0xcf << 48;
    gdt[4] = flat(USER_CODE & 0xff) | (uint64_t)(USER_CODE >> 8) << 48;
    gdt[5] =
        (sizeof tss - 1) | (uint64_t)(at & 0xffffff) << 16 | (uint64_t)0x89 << 40 | (uint64_t)(at >> 24 & 0xff) << 56;
    tss.map = sizeof tss;
    for (unsigned n = 0; n < VECTORS; n++) {
        uintptr_t stub = (uintptr_t)vectors + n * STUB;
        idt[n].low = (uint16_t)stub;
        idt[n].middle = (uint16_t)(stub >> 16);
        idt[n].selector = KERNEL_CS;
        idt[n].type = 0x8e00; // interrupt gate
    }
    idt[3].type |= 3 << 13; // breakpoints
    system_calls_init();
    const struct table_pointer gdtr = {sizeof gdt - 1, (uintptr_t)gdt}, idtr = {sizeof idt - 1, (uintptr_t)idt};
    __asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
    load_segments();
    __asm__ volatile("ltr %w0" : : "r"(TSS_SEL));
}
