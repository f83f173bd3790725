// Breakpoints of the debug registers (SDM vol. 3B, 17.2, 17.3.1). They cost nothing while DR7 enables none: instruction
// breakpoints make the mode word differ, data breakpoints keep their pages out of the first-level TLB.
#ifndef CPU_DEBUG_H
#define CPU_DEBUG_H

#include "cpu/paging.h"

// After DR0 to DR3, DR7 or CR4.DE changed. The mode word follows.
void debug_update(struct cpu *c);

// Whether some data breakpoint lies in the page of a linear address.
bool debug_page(const struct cpu *c, uint64_t linear);
static inline bool debug_watched(const struct cpu *c, uint64_t linear)
{
    return unlikely(c->watch_data) && debug_page(c, linear);
}

// Notes the breakpoints that an access meets, in c->watch_hit: they trap when the instruction has completed.
void debug_access(struct cpu *c, uint64_t linear, unsigned size, bool write);
void debug_port(struct cpu *c, unsigned port, unsigned size);
// Makes the noted ones pending.
void debug_commit(struct cpu *c);

// Whether an instruction at this linear address meets a breakpoint: then #DB is in c->exc.
bool debug_fetch(struct cpu *c, uint64_t linear);

#endif
