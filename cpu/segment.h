// Segmentation and control transfers (SDM vol. 3A, chapters 3, 5 and 6).
#ifndef CPU_SEGMENT_H
#define CPU_SEGMENT_H

#include "cpu/paging.h"

// Accesses by the processor itself, with supervisor rights unless `context` says otherwise. False: c->exc has the #PF.
bool system_read(struct cpu *c, uint64_t linear, unsigned size, uint64_t *v);
bool system_write(struct cpu *c, uint64_t linear, unsigned size, uint64_t v, unsigned context);

// The linear address of an offset in a segment, in c->mem_value; FAULT (limit, type) or NEXT.
enum exec_result segment_linear(struct cpu *c, const struct insn *i, unsigned seg, uint64_t a, unsigned size,
                                enum access_kind kind);

// IN, OUT and kin: IOPL and the TSS's I/O permission map (SDM vol. 1, 19.5).
enum exec_result port_allowed(struct cpu *c, const struct insn *i, unsigned port, unsigned size);

// A descriptor as it stands in memory, and where.
struct descriptor {
    uint64_t raw;
    uint64_t upper; // second half of a 16-byte system descriptor in long mode
    uint64_t linear;
};

static inline uint16_t descriptor_attr(uint64_t raw)
{
    return (uint16_t)(raw >> 40 & 0xf0ff);
}
static inline unsigned descriptor_dpl(uint64_t raw)
{
    return raw >> 45 & 3;
}
static inline uint32_t descriptor_limit(uint64_t raw)
{
    uint32_t limit = (uint32_t)(raw & 0xffff) | (uint32_t)(raw >> 32 & 0xf0000);
    return raw >> 55 & 1 ? limit << 12 | 0xfff : limit;
}
static inline uint64_t descriptor_base(uint64_t raw)
{
    return (raw >> 16 & 0xffffff) | (raw >> 32 & 0xff000000);
}

enum descriptor_status { DESC_OK, DESC_OUTSIDE, DESC_FAULT };

// Reads the descriptor of a selector from GDT or LDT. OUTSIDE: beyond the limit; FAULT: #PF in c->exc.
enum descriptor_status descriptor_read(struct cpu *c, uint16_t selector, bool system, struct descriptor *d);

// Loads a data segment register (MOV, POP, LSS...) with all checks. False: c->exc has the fault.
bool segment_load(struct cpu *c, unsigned seg, uint16_t selector);
// Loads it as real and virtual-8086 mode do.
void segment_load_real(struct cpu *c, unsigned seg, uint16_t selector);
// Sets the hidden part from a descriptor.
void segment_set(struct cpu *c, unsigned seg, uint16_t selector, uint64_t raw);

// After anything that the mode word depends on: CR0, CR4, EFER, CPL, CS, SS, EFLAGS.VM/AC.
void cpu_update_mode(struct cpu *c);

// Records an exception in c->exc without an instruction. Return false, so that checks can end with it.
bool raise_code(struct cpu *c, unsigned vector, unsigned error);
bool raise_vector(struct cpu *c, unsigned vector);

// Delivers through the IDT. `software`: INT n, INT3, INTO (checks the gate's DPL; RIP already behind the instruction).
enum intr_kind { INTR_EXCEPTION, INTR_EXTERNAL, INTR_SOFTWARE };
// False: a fault occurred meanwhile and is in c->exc.
bool interrupt_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error);

// Delivers c->exc, with double and triple faults (SDM vol. 3A, 6.15, interrupt 8).
void exception_deliver(struct cpu *c);

// The common end of IRET and RET far: checks code and stack segments of the target level, then commits. `with_stack`:
// SS:SP come from the frame; else the stack pointer moves by `pops`.
enum exec_result far_return(struct cpu *c, const struct insn *i, uint16_t cs, uint64_t rip, bool with_stack,
                            uint16_t ss, uint64_t sp, unsigned pops, uint64_t flags, uint64_t flags_mask);

// Writes RFLAGS under `mask` (bits that change).
void flags_write(struct cpu *c, uint64_t value, uint64_t mask);

// MSRs and CPUID. False: #GP(0).
bool msr_read(struct cpu *c, uint32_t index, uint64_t *v);
bool msr_write(struct cpu *c, uint32_t index, uint64_t v);
void cpuid(const struct cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
uint64_t cpu_features(void);
uint64_t cpu_tsc(const struct cpu *c);
// MXCSR and control-register bits that this model has.
bool control_write(struct cpu *c, unsigned n, uint64_t v);

#endif
