// Page tables of two or four levels: the kernel's memory is mapped to itself in every address space, the user code
// within it for all to read, and each program's own memory at USER_BASE, page by page as it is touched.
#include "kernel.h"

#ifdef __x86_64__
enum { LEVELS = 4, BITS = 9 };
#else
enum { LEVELS = 2, BITS = 10 };
#endif
enum { PAGE = 4096, PRESENT = 1, WRITABLE = 2, USER = 4, INDEX = (1 << BITS) - 1 };

extern char user_begin[], user_end[];

static uintptr_t next_page, last_page, kernel_space, present_space;

void *page_alloc(void)
{
    if (next_page + PAGE > last_page)
        panic("out of memory");
    void *page = (void *)next_page;
    next_page += PAGE;
    return memset(page, 0, PAGE);
}

static unsigned index_at(uintptr_t address, unsigned level)
{
    return (unsigned)(address >> (12 + BITS * level)) & INDEX;
}

static void map(uintptr_t space, uintptr_t address, uintptr_t to, unsigned flags)
{
    uintptr_t *table = (uintptr_t *)space;
    for (unsigned level = LEVELS - 1; level; level--) {
        uintptr_t *entry = &table[index_at(address, level)];
        if (!(*entry & PRESENT))
            *entry = (uintptr_t)page_alloc() | PRESENT | WRITABLE | USER;
        table = (uintptr_t *)(*entry & ~(uintptr_t)(PAGE - 1));
    }
    table[index_at(address, 0)] = to | flags;
}

void paging_init(uintptr_t first_free, uintptr_t end)
{
    next_page = (first_free + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    last_page = end;
    kernel_space = (uintptr_t)page_alloc();
    for (uintptr_t at = PAGE; at < end; at += PAGE) { // page 0 catches NULL
        bool user = at >= (uintptr_t)user_begin && at < (uintptr_t)user_end;
        map(kernel_space, at, at, user ? PRESENT | USER : PRESENT | WRITABLE);
    }
    paging_switch(kernel_space);
    uintptr_t cr0;
    __asm__ volatile("mov %%cr0, %0; or %1, %0; mov %0, %%cr0" : "=&r"(cr0) : "r"((uintptr_t)0x80010000)); // PG, WP
}

uintptr_t paging_new_space(void)
{
    uintptr_t *space = page_alloc();
    memcpy(space, (void *)kernel_space, index_at(USER_BASE, LEVELS - 1) * sizeof *space);
    return (uintptr_t)space;
}

void paging_switch(uintptr_t space)
{
    present_space = space ? space : kernel_space;
    __asm__ volatile("mov %0, %%cr3" : : "r"(present_space) : "memory");
}

void paging_map_user(uintptr_t address)
{
    map(present_space, address & ~(uintptr_t)(PAGE - 1), (uintptr_t)page_alloc(), PRESENT | WRITABLE | USER);
}

void paging_map_kernel(uintptr_t address)
{
    address &= ~(uintptr_t)(PAGE - 1);
    map(present_space, address, address, PRESENT | WRITABLE);
    map(present_space, address + PAGE, address + PAGE, PRESENT | WRITABLE);
}
