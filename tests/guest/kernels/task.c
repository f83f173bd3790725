// Preemptive tasks: three user programs, each with an address space and a kernel stack, and task 0, the kernel's own
// thread, which runs when no other can. A task that does not run is its frame on its kernel stack.
#include "kernel.h"

enum { TASKS = 4, PAGE = 4096, FLAGS_IF = 0x200, PAGE_FAULT = 14, IRQ = 32 };

extern char user_begin[], user_end[];
void user_start(void);

static struct task {
    struct frame *frame;
    uintptr_t space, stack; // of task 0: none
    bool alive;
} task[TASKS];
static unsigned current;
unsigned task_switches, page_faults, system_calls;

void tasks_start(void)
{
    for (unsigned n = 1; n < TASKS; n++) {
        struct task *t = &task[n];
        unsigned program = n == 1 && word("user-fault") ? 0 : n;
        t->space = paging_new_space();
        t->stack = (uintptr_t)page_alloc() + PAGE;
        t->frame = (struct frame *)t->stack - 1;
        t->frame->ip = (uintptr_t)user_start;
        t->frame->cs = USER_CS;
        t->frame->ss = USER_DS;
        t->frame->flags = FLAGS_IF | 2;
        t->frame->sp = USER_BASE + USER_PAGES * PAGE;
#ifdef __x86_64__
        t->frame->di = program;
        t->frame->si = USER_BASE;
#else
        t->frame->ax = program;
        t->frame->bx = USER_BASE;
        t->frame->ds = t->frame->es = USER_DS;
#endif
        t->alive = true;
    }
}

unsigned tasks_alive(void)
{
    unsigned count = 0;
    for (unsigned n = 1; n < TASKS; n++)
        count += *(volatile bool *)&task[n].alive;
    return count;
}

struct frame *tasks_next(struct frame *now)
{
    task[current].frame = now;
    unsigned next = current;
    for (unsigned n = 0; n < TASKS; n++) {
        next = next % (TASKS - 1) + 1; // 1, 2, 3, 1, ...
        if (task[next].alive)
            break;
    }
    if (!task[next].alive)
        next = 0;
    if (next != current) {
        current = next;
        task_switches++;
        segments_kernel_stack(task[next].stack);
        paging_switch(task[next].space);
    }
    return task[next].frame;
}

static struct frame *end_task(struct frame *f)
{
    task[current].alive = false;
    return tasks_next(f);
}

static bool own_memory(uintptr_t address)
{
    return current && address >= USER_BASE && address < USER_BASE + USER_PAGES * PAGE;
}

static bool readable(uintptr_t address, uintptr_t size)
{
    if (size > PAGE)
        return false;
    bool code = address >= (uintptr_t)user_begin && address + size <= (uintptr_t)user_end;
    return !size || code || (own_memory(address) && own_memory(address + size - 1));
}

static struct frame *system_call(struct frame *f)
{
#ifdef __x86_64__
    uintptr_t first = f->di, second = f->si;
#else
    uintptr_t first = f->bx, second = f->cx;
#endif
    system_calls++;
    switch (f->ax) {
    case CALL_EXIT:
        print("task %u exits with %u\n", current, (unsigned)first);
        return end_task(f);
    case CALL_WRITE:
        f->ax = readable(first, second) ? second : (uintptr_t)-1;
        for (uintptr_t n = 0; f->ax == second && n < second; n++)
            putch(((const char *)first)[n]);
        return f;
    case CALL_YIELD:
        return tasks_next(f);
    case CALL_TICKS:
        f->ax = ticks;
        return f;
    default:
        f->ax = (uintptr_t)-1;
        return f;
    }
}

static struct frame *exception(struct frame *f)
{
    uintptr_t address = 0;
    if (f->vector == PAGE_FAULT) {
        __asm__ volatile("mov %%cr2, %0" : "=r"(address));
        if (!(f->error & 1) && own_memory(address)) {
            page_faults++;
            paging_map_user(address);
            return f;
        }
    }
    bool user = f->cs & 3;
    print("%s fault: vector %u error %x address %lx at %lx\n", user ? "user" : "kernel", (unsigned)f->vector,
          (unsigned)f->error, (unsigned long)address, (unsigned long)f->ip);
    if (!user)
        panic("fault in the kernel");
    print("task %u is ended\n", current);
    return end_task(f);
}

struct frame *trap(struct frame *f)
{
    if (f->vector == SYSTEM_CALL)
        return system_call(f);
    if (f->vector < IRQ || f->vector >= IRQ + 16)
        return exception(f);
    irq((unsigned)f->vector - IRQ);
    return f->vector == IRQ ? tasks_next(f) : f;
}
