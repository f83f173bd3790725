// Segmentation, control transfers, tasks, debug registers (SDM vol. 3A, chapters 3, 5 and 6).
#ifndef CPU_SEGMENT_H
#define CPU_SEGMENT_H

#include "cpu/paging.h"

// Accesses by the processor itself, with supervisor rights unless `context` says otherwise. False: c->exc has the #PF.
bool system_read(struct cpu *c, uint64_t linear, unsigned size, uint64_t *v);
bool system_write(struct cpu *c, uint64_t linear, unsigned size, uint64_t v, unsigned context);
// Whether [linear, linear + size) can be read, or written, so.
bool system_probe(struct cpu *c, uint64_t linear, unsigned size, enum access_kind kind);

// The linear address of an offset in a segment, in c->mem_value; FAULT (limit, type) or NEXT.
enum exec_result segment_linear(struct cpu *c, const struct insn *i, unsigned seg, uint64_t a, unsigned size,
                                enum access_kind kind);

// IN, OUT and kin: IOPL and the TSS's I/O permission map (SDM vol. 1, 19.5).
enum exec_result port_allowed(struct cpu *c, const struct insn *i, unsigned port, unsigned size);
// The access, at its exact tick, with port breakpoints and traces.
uint64_t port_read(struct cpu *c, const struct insn *i, unsigned port, unsigned size);
void port_write(struct cpu *c, const struct insn *i, unsigned port, unsigned size, uint64_t value);

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

// Sets the accessed bit of a code or data descriptor in memory. False: #PF in c->exc.
bool descriptor_accessed(struct cpu *c, struct descriptor *d);

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

// Delivers through the IDT. SOFTWARE (INT n) and TRAP (INT3, INTO) check the gate's DPL; they and ICEBP (INT1) come
// with RIP behind the instruction. Only INT n is sensitive to IOPL and redirected in virtual-8086 mode.
enum intr_kind { INTR_EXCEPTION, INTR_EXTERNAL, INTR_SOFTWARE, INTR_TRAP, INTR_ICEBP };
// False: a fault occurred meanwhile and is in c->exc.
bool interrupt_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error);

// Delivers c->exc, with double and triple faults (SDM vol. 3A, 6.15, interrupt 8).
void exception_deliver(struct cpu *c);

// Ends an instruction with the fault that a check left in c->exc. After a task switch the fault belongs to the new
// task, whose RIP stays.
enum exec_result checked_fault(struct cpu *c, const struct insn *i);

// Whether a data access of `size` bytes at `offset` is inside a segment and of an allowed type (SDM vol. 3A, 5.3, 5.5).
bool segment_allows(const struct cpu *c, unsigned seg, const struct segment_state *s, uint32_t offset, unsigned size,
                    enum access_kind kind);

// A stack on which the processor builds a frame, for an inner or the same privilege level: call gates, interrupts.
struct stack_frame {
    struct segment_state ss;
    uint64_t sp, mask;
    unsigned size;    // bytes of a slot
    unsigned context; // enum tlb_context of the pushes
};
// The present stack, for slots of `size` bytes. `flat64`: as 64-bit code sees it.
void frame_current(const struct cpu *c, struct stack_frame *f, unsigned size, bool flat64);
// The stack of level `cpl` from a 16- or 32-bit TSS, with all checks; `ext` is the EXT bit of error codes. False:
// c->exc.
bool frame_inner(struct cpu *c, struct stack_frame *f, unsigned cpl, unsigned size, unsigned ext);
// RSPn or ISTn of a 64-bit TSS (its offset), canonical. False: #TS, #SS or #PF in c->exc.
bool frame_inner64(struct cpu *c, unsigned offset, unsigned ext, uint64_t *sp);
// Whether `slots` more fit; else #SS(error) in c->exc.
bool frame_room(struct cpu *c, const struct stack_frame *f, unsigned slots, unsigned error);
bool frame_push(struct cpu *c, struct stack_frame *f, uint64_t v);
// Makes the frame's stack the current one (the mode is updated by the caller).
void frame_commit(struct cpu *c, const struct stack_frame *f, bool new_segment);
// The SS that 64-bit mode has after a change of level: null, RPL = DPL = `cpl`.
struct segment_state stack_null(unsigned cpl);

// A code segment's check for a call gate or an interrupt gate. `ext`: EXT. False: c->exc.
bool gate_target(struct cpu *c, uint16_t selector, unsigned ext, struct descriptor *d);

// The common end of IRET and RET far, which reads the stack itself beyond CS:RIP: checks code and stack segments of the
// target level, then commits.
struct far_frame {
    uint64_t rip, flags, flags_mask; // flags_mask: bits of RFLAGS that change
    uint16_t cs;
    int stack_at;      // offset of SP and SS from the stack pointer, if they are popped
    unsigned pops;     // bytes that a return to the same level pops
    unsigned extra;    // parameter bytes that the outer stack drops too
    bool always_stack; // SP and SS are popped at any level
};
enum exec_result far_return(struct cpu *c, const struct insn *i, const struct far_frame *f);

// ---- task switches (cpu/task.c) ------------------------------------------------------------------------------------

enum task_source { TASK_JMP, TASK_CALL, TASK_INTERRUPT, TASK_IRET };
// Switches to the task of a TSS descriptor that was read from the GDT; `from` decides on busy bits, NT and the link.
// s.rip is what the old task goes on with. False: c->exc; c->switched then says in which task.
bool task_switch(struct cpu *c, uint16_t selector, struct descriptor *tss, enum task_source from, unsigned ext,
                 uint64_t flags);
// The TSS of a task gate (or a selector), checked for being available. False: c->exc.
bool task_find(struct cpu *c, uint16_t selector, unsigned ext, struct descriptor *tss);
// IRET with NT set.
enum exec_result task_return(struct cpu *c, const struct insn *i);

// ---- virtual-8086 mode (cpu/v86.c) ---------------------------------------------------------------------------------

// Whether INT n goes to the 8086 program's own handler (CR4.VME and the redirection bitmap). `error`: it cannot be
// known, because the TSS is too short or not there: c->exc.
bool v86_redirected(struct cpu *c, unsigned vector, bool *error);
// Enters that handler. False: c->exc.
bool v86_enter(struct cpu *c, unsigned vector);
// IRET within virtual-8086 mode, and into it (frame at the stack pointer, CS:EIP and EFLAGS known).
enum exec_result v86_iret(struct cpu *c, const struct insn *i);
enum exec_result v86_return(struct cpu *c, const struct insn *i, uint64_t eip, uint16_t cs, uint64_t flags);
// All segment registers as virtual-8086 mode has them.
void v86_segments(struct cpu *c, const uint16_t selector[SEG_COUNT]);

// Writes RFLAGS under `mask` (bits that change).
void flags_write(struct cpu *c, uint64_t value, uint64_t mask);

// IA32_MISC_ENABLE (SDM vol. 4, table 2-2): what CPUID follows.
#define MISC_MONITOR     ((uint64_t)1 << 18)
#define MISC_LIMIT_CPUID ((uint64_t)1 << 22)
#define MISC_XD_DISABLE  ((uint64_t)1 << 34)

// MSRs and CPUID. False: #GP(0).
bool msr_read(struct cpu *c, uint32_t index, uint64_t *v);
bool msr_write(struct cpu *c, uint32_t index, uint64_t v);
void cpuid(const struct cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
uint64_t cpu_tsc(const struct cpu *c);

// Arms the monitor for the 64-byte line at a physical address plus 1, or disarms it: 0 (SDM vol. 3A, 9.10.4).
void monitor_arm(struct cpu *c, uint64_t line);
// Bytes of a PHYS_MONITOR page are written.
void monitor_write(struct cpu *c, uint64_t addr, unsigned size);

// MXCSR and control-register bits that this model has.
bool cr_write(struct cpu *c, unsigned n, uint64_t v);

#endif
