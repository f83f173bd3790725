// What looks at the processor from outside: the breakpoints and watchpoints of a debugger, and traces. None of it is
// guest state, and none of it changes what the guest does or when: digests are the same with and without.
//
// Unused it costs nothing. Breakpoints cut blocks at their page offset, and a block that begins at one is neither
// linked nor jumped to, so that the run loop meets it. Watchpoints and memory traces keep their pages out of the
// first-level TLB, as the debug registers do.
#ifndef CPU_OBSERVE_H
#define CPU_OBSERVE_H

#include "core/types.h"

struct cpu;

enum observe_kind { OBSERVE_EXEC, OBSERVE_WRITE, OBSERVE_READ, OBSERVE_ACCESS };

// `size` bytes from a linear address on (OBSERVE_EXEC: 1).
struct observe_point {
    uint64_t addr, size;
    enum observe_kind kind;
};
#define OBSERVE_POINTS 64u

enum trace_kind {
    TRACE_INSN = 1,    // before each instruction: linear address, bytes follow from memory
    TRACE_BLOCK = 2,   // before each block
    TRACE_INT = 4,     // a delivery through the IDT begins
    TRACE_IO = 8,      // port access, done
    TRACE_MEM = 16,    // access to memory by an instruction, done
    TRACE_DECODE = 32, // a block has been decoded
    TRACE_RESET = 64,  // the processor is about to be reset
};

enum { TRACE_FLOW = TRACE_INSN | TRACE_BLOCK };

struct trace_event {
    enum trace_kind kind;
    uint64_t tick;
    uint64_t rip;   // linear address of the instruction
    uint64_t addr;  // IO: port; MEM: linear address; INT: vector
    uint64_t value; // IO, MEM: transferred; INT: error code
    uint8_t size;   // IO, MEM: bytes; BLOCK, DECODE: instructions
    bool write;     // IO, MEM
    bool has_error; // INT
    bool external;  // INT: an interrupt, not an exception or INT n
    bool software;  // INT: INT n, INT1, INT3 or INTO
};

struct observer {
    struct observe_point point[OBSERVE_POINTS];
    unsigned count;
    bool code, data; // some point is of this sort
    // Where the last stop was told, so that going on from there goes on.
    bool told;
    uint64_t told_tick, told_rip;
    // The point that ended cpu_run() with CPU_STOPPED: its kind and, for data, the address that was accessed.
    bool hit;
    enum observe_kind hit_kind;
    uint64_t hit_addr;

    uint64_t interrupts; // external interrupts taken
    uint32_t traces;     // enum trace_kind bits
    void (*trace)(void *ctx, const struct trace_event *e);
    void *trace_ctx;
    uint64_t trace_from, trace_to; // only code (all but MEM) or data (MEM) in [from, to]
};

// Adds a point; false when there are too many. Equal ones count once each, and are removed one by one.
bool observe_add(struct cpu *c, const struct observe_point *p);
// False: there is no such point.
bool observe_remove(struct cpu *c, const struct observe_point *p);

// The machine goes on from here on purpose: a breakpoint at the next instruction does not stop it.
void observe_pass(struct cpu *c);

// Sends the events of `kinds` whose address lies in [from, to] to `fn`; 0 ends it.
void observe_trace(struct cpu *c, uint32_t kinds, uint64_t from, uint64_t to,
                   void (*fn)(void *ctx, const struct trace_event *e), void *ctx);

// ---- for cpu/ only
// -----------------------------------------------------------------------------------------------------

// Whether a breakpoint stands at the linear address of the next instruction and has not just been told: then the hit is
// noted.
bool observe_fetch(struct cpu *c, uint64_t linear);
// Notes that an instruction accesses memory. It counts when the instruction completes.
void observe_access(struct cpu *c, uint64_t linear, unsigned size, bool write);
// Whether accesses to the page of a linear address must be seen.
bool observe_page(const struct cpu *c, uint64_t linear);

void observe_code(struct cpu *c, enum trace_kind kind, uint64_t linear, unsigned size);
void observe_memory(struct cpu *c, uint64_t rip, uint64_t tick, uint64_t linear, unsigned size, bool write,
                    uint64_t value);
void observe_port(struct cpu *c, uint64_t rip, uint64_t port, unsigned size, bool write, uint64_t value);
void observe_delivery(struct cpu *c, unsigned vector, bool external, bool software, bool has_error, unsigned error);

// ---- for machine/
// The processor is about to be reset.
void observe_reset(struct cpu *c);

#endif
