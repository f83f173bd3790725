// Delivery of interrupts and exceptions (SDM vol. 3A, chapter 6; real mode: vol. 3B, 20.1.4; virtual-8086 mode: 20.3),
// IRET, and double and triple faults.
//
// Differs: pushes of a delivery that then fails stay in memory below the stack pointer, as the architecture allows.
#include "cpu/exec_table.h"
#include "cpu/segment.h"
#include "cpu/stack.h"

enum { GATE_TASK = 5, GATE_INT16 = 6, GATE_TRAP16 = 7, GATE_INT32 = 14, GATE_TRAP32 = 15 };

// What differs between the ways an interrupt can come.
struct delivery {
    unsigned vector;
    enum intr_kind kind;
    bool has_error;
    unsigned error;
    unsigned ext;   // EXT bit of error codes that arise meanwhile
    uint64_t flags; // RFLAGS as they are pushed
};

// Whether the gate's DPL counts.
static bool by_software(enum intr_kind kind)
{
    return kind == INTR_SOFTWARE || kind == INTR_TRAP;
}

static bool real_enter(struct cpu *c, const struct delivery *e)
{
    struct stack_frame f;
    uint64_t entry;
    if (e->vector * 4 + 3 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, e->vector * 8 + 2 + e->ext);
    if (!system_read(c, c->s.idtr[0].base + e->vector * 4, 4, &entry))
        return false;
    frame_current(c, &f, 2, false);
    if (!frame_room(c, &f, 3, 0))
        return false;
    if (!frame_push(c, &f, e->flags) || !frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, c->s.rip))
        return false;
    frame_commit(c, &f, false);
    c->s.rflags &= ~(uint64_t)(F_IF | F_TF | F_AC | F_RF);
    c->s.rip = entry & 0xffff;
    segment_load_real(c, SEG_CS, (uint16_t)(entry >> 16));
    return true;
}

static void enter_handler(struct cpu *c, uint16_t selector, uint64_t raw, unsigned cpl, uint64_t rip,
                          bool interrupt_gate)
{
    segment_set(c, SEG_CS, (uint16_t)((selector & 0xfffc) | cpl), raw);
    c->s.rip = rip;
    c->s.rflags &= ~(uint64_t)(F_TF | F_NT | F_RF | F_VM | (interrupt_gate ? F_IF : 0));
    cpu_update_mode(c);
}

static bool long_enter(struct cpu *c, const struct delivery *e)
{
    unsigned gate_error = e->vector * 8 + 2 + e->ext;
    if (e->vector * 16 + 15 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, gate_error);
    uint64_t lo, hi;
    if (!system_read(c, c->s.idtr[0].base + e->vector * 16, 8, &lo) ||
        !system_read(c, c->s.idtr[0].base + e->vector * 16 + 8, 8, &hi))
        return false;
    unsigned type = lo >> 40 & 31, dpl = lo >> 45 & 3, ist = lo >> 32 & 7;
    if ((type != GATE_INT32 && type != GATE_TRAP32) || (by_software(e->kind) && dpl < c->cpl))
        return raise_code(c, EXC_GP, gate_error);
    if (!(lo >> 47 & 1))
        return raise_code(c, EXC_NP, gate_error);
    uint16_t selector = (uint16_t)(lo >> 16);
    uint64_t rip = (lo & 0xffff) | (lo >> 32 & 0xffff0000) | hi << 32;
    struct descriptor d;
    if (!gate_target(c, selector, e->ext, &d))
        return false;
    unsigned cpl = descriptor_attr(d.raw) & 4 ? c->cpl : descriptor_dpl(d.raw); // conforming code keeps the level
    bool inner = cpl < c->cpl;
    struct stack_frame f;
    frame_current(c, &f, 8, true);
    f.sp = c->s.reg[RSP];
    f.context = tlb_context_at(c, cpl);
    if (ist || inner)
        if (!frame_inner64(c, ist ? 28 + 8 * ist : 4 + 8 * cpl, e->ext, &f.sp))
            return false;
    f.sp &= ~(uint64_t)15;
    if (!frame_room(c, &f, e->has_error ? 6 : 5, e->ext))
        return false;
    if (!canonical(rip))
        return raise_code(c, EXC_GP, e->ext);
    if (!descriptor_accessed(c, &d))
        return false;
    if (!frame_push(c, &f, c->s.seg[SEG_SS].selector) || !frame_push(c, &f, c->s.reg[RSP]) ||
        !frame_push(c, &f, e->flags) || !frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, c->s.rip) ||
        (e->has_error && !frame_push(c, &f, e->error)))
        return false;
    frame_commit(c, &f, false);
    if (inner)
        c->s.seg[SEG_SS] = stack_null(cpl);
    enter_handler(c, selector, d.raw, cpl, rip, type == GATE_INT32);
    return true;
}

// Through a task gate: the handler is a task of its own, on whose stack the error code goes.
static bool task_enter(struct cpu *c, const struct delivery *e, uint16_t selector)
{
    struct descriptor tss;
    struct stack_frame f;
    if (!task_find(c, selector, e->ext, &tss))
        return false;
    if (!task_switch(c, selector, &tss, TASK_INTERRUPT, e->ext, e->flags))
        return false;
    if (e->has_error) {
        frame_current(c, &f, c->s.tr[0].attr & 8 ? 4 : 2, false);
        if (!frame_room(c, &f, 1, e->ext) || !frame_push(c, &f, e->error))
            return false;
        frame_commit(c, &f, false);
    }
    if (c->s.rip > c->s.seg[SEG_CS].limit)
        return raise_code(c, EXC_GP, e->ext);
    return true;
}

static bool protected_enter(struct cpu *c, const struct delivery *e)
{
    unsigned gate_error = e->vector * 8 + 2 + e->ext;
    if (e->vector * 8 + 7 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, gate_error);
    uint64_t gate;
    if (!system_read(c, c->s.idtr[0].base + e->vector * 8, 8, &gate))
        return false;
    unsigned type = gate >> 40 & 31, dpl = gate >> 45 & 3;
    if ((type != GATE_INT16 && type != GATE_TRAP16 && type != GATE_INT32 && type != GATE_TRAP32 && type != GATE_TASK) ||
        (by_software(e->kind) && dpl < c->cpl))
        return raise_code(c, EXC_GP, gate_error);
    if (!(gate >> 47 & 1))
        return raise_code(c, EXC_NP, gate_error);
    uint16_t selector = (uint16_t)(gate >> 16);
    if (type == GATE_TASK)
        return task_enter(c, e, selector);
    bool wide = type >= GATE_INT32, v86 = c->s.rflags & F_VM;
    uint64_t rip = wide ? (gate & 0xffff) | (gate >> 32 & 0xffff0000) : gate & 0xffff;
    struct descriptor d;
    if (!gate_target(c, selector, e->ext, &d))
        return false;
    bool conforming = descriptor_attr(d.raw) & 4;
    unsigned cpl = conforming ? c->cpl : descriptor_dpl(d.raw);
    if (v86 && cpl) // virtual-8086 mode can be left for ring 0 only
        return raise_code(c, EXC_GP, (selector & 0xfffc) | e->ext);
    const struct segment_state *s = c->s.seg;
    bool inner = cpl < c->cpl;
    unsigned slots = (v86 ? 9 : inner ? 5 : 3) + e->has_error;
    struct stack_frame f;
    if (inner) {
        if (!frame_inner(c, &f, cpl, wide ? 4 : 2, e->ext) ||
            !frame_room(c, &f, slots, (f.ss.selector & 0xfffcu) | e->ext))
            return false;
    } else {
        frame_current(c, &f, wide ? 4 : 2, false);
        if (!frame_room(c, &f, slots, e->ext))
            return false;
    }
    if (rip > descriptor_limit(d.raw))
        return raise_code(c, EXC_GP, e->ext);
    if (!descriptor_accessed(c, &d))
        return false;
    if (v86 && (!frame_push(c, &f, s[SEG_GS].selector) || !frame_push(c, &f, s[SEG_FS].selector) ||
                !frame_push(c, &f, s[SEG_DS].selector) || !frame_push(c, &f, s[SEG_ES].selector)))
        return false;
    if (inner && (!frame_push(c, &f, s[SEG_SS].selector) || !frame_push(c, &f, c->s.reg[RSP])))
        return false;
    if (!frame_push(c, &f, e->flags) || !frame_push(c, &f, s[SEG_CS].selector) || !frame_push(c, &f, c->s.rip) ||
        (e->has_error && !frame_push(c, &f, e->error)))
        return false;
    frame_commit(c, &f, inner);
    if (v86) {
        static const uint8_t data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
        for (unsigned n = 0; n < ARRAY_LEN(data); n++)
            c->s.seg[data[n]] = (struct segment_state){0, 0, 0, 0};
    }
    enter_handler(c, selector, d.raw, cpl, rip, type == GATE_INT16 || type == GATE_INT32);
    return true;
}

bool interrupt_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error)
{
    struct delivery e = {vector, kind, has_error, error, !by_software(kind), cpu_rflags(c)};
    c->link_from = NULL;
    c->delivered = 1;
    if (unlikely(c->s.monitor)) // any event ends what MONITOR began
        monitor_arm(c, 0);
    c->switched = 0;
    if (unlikely(c->observer.traces & TRACE_INT))
        observe_delivery(c, vector, kind == INTR_EXTERNAL, kind >= INTR_SOFTWARE, has_error, error);
    // Faults push RF set, so that the instruction does not meet its breakpoint again (SDM vol. 3B, 17.3.1.1).
    if (kind == INTR_EXCEPTION && (vector != EXC_DB || c->exc.dr6 & DR6_BD))
        e.flags |= F_RF;
    bool done = !(c->s.cr0 & CR0_PE)   ? real_enter(c, &e)
                : c->s.efer & EFER_LMA ? long_enter(c, &e)
                                       : protected_enter(c, &e);
    if (done)
        c->switched = 0;
    return done;
}

static bool contributory(unsigned vector)
{
    return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

void exception_deliver(struct cpu *c)
{
    struct exception_info first = c->exc;
    // CR2 is set when a page fault is detected, even if a double fault or shutdown comes of it (SDM vol. 3A, 6.15,
    // #PF).
    if (first.vector == EXC_PF)
        c->s.cr2 = first.cr2;
    for (;;) {
        struct exception_info e = c->exc;
        c->link_from = NULL;
        if (e.vector == EXC_DB) {
            c->s.dr6 |= e.dr6;
            c->s.dr7 &= ~(uint64_t)DR7_GD;
        }
        // INT3 and INTO get here with RIP behind the instruction; as software interrupts they are delivered elsewhere.
        if (interrupt_enter(c, e.vector, INTR_EXCEPTION, e.has_error && c->s.cr0 & CR0_PE, e.error)) {
            c->tick++;
            return;
        }
        if (c->exc.vector == EXC_PF)
            c->s.cr2 = c->exc.cr2;
        if (first.vector == EXC_DF) {
            c->s.activity = CPU_SHUTDOWN;
            c->w.fatal(c->w.ctx);
            return;
        }
        bool doubles = (contributory(first.vector) && contributory(c->exc.vector)) ||
                       (first.vector == EXC_PF && (contributory(c->exc.vector) || c->exc.vector == EXC_PF));
        if (doubles)
            raise_code(c, EXC_DF, 0);
        first = c->exc;
    }
}

// ---- software interrupts
// -----------------------------------------------------------------------------------------------------

static enum exec_result software(struct cpu *c, const struct insn *i, unsigned vector, enum intr_kind kind)
{
    bool redirected = false, failed = false;
    c->switched = 0;
    if (kind == INTR_SOFTWARE && c->mode & MODE_VM) {
        redirected = v86_redirected(c, vector, &failed);
        if (failed)
            return checked_fault(c, i);
        if (!redirected && (c->s.rflags & F_IOPL) != F_IOPL)
            return fault_gp0(c, i);
    }
    c->s.rip = rip_after(c, i);
    bool entered = redirected ? v86_enter(c, vector) : interrupt_enter(c, vector, kind, false, 0);
    if (!entered)
        return checked_fault(c, i); // a fault of the instruction: it restarts at the INT
    c->tick += i->index + 1u;
    return EXEC_LEAVE;
}

enum exec_result x_int3(struct cpu *c, const struct insn *i)
{
    return software(c, i, EXC_BP, INTR_TRAP);
}
enum exec_result x_int(struct cpu *c, const struct insn *i)
{
    return software(c, i, i->imm & 0xff, INTR_SOFTWARE);
}
enum exec_result x_into(struct cpu *c, const struct insn *i)
{
    return flag_o(c) ? software(c, i, EXC_OF, INTR_TRAP) : leave(c, i);
}
enum exec_result x_int1(struct cpu *c, const struct insn *i)
{
    return software(c, i, EXC_DB, INTR_ICEBP);
}

// ---- IRET
// --------------------------------------------------------------------------------------------------------------------------

// Bits of RFLAGS that IRET may change at this privilege.
static uint64_t iret_mask(const struct cpu *c, unsigned size)
{
    uint64_t mask = F_ARITH | F_TF | F_DF | F_NT;
    if (size > 2)
        mask |= F_RF | F_AC | F_ID;
    if (c->cpl <= (c->s.rflags >> 12 & 3))
        mask |= F_IF;
    if (c->cpl == 0)
        mask |= F_IOPL | (size > 2 ? F_VIF | F_VIP : 0);
    return mask;
}

static enum exec_result iret_real(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize;
    TRY(stack_probe_each(c, i, 3, size, FOR_READ));
    uint64_t v[3];
    for (unsigned n = 0; n < 3; n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        v[n] = c->mem_value;
    }
    if (v[0] > c->s.seg[SEG_CS].limit)
        return fault_gp0(c, i);
    stack_move(c, 3 * (int)size);
    segment_load_real(c, SEG_CS, (uint16_t)v[1]);
    flags_write(c, v[2], iret_mask(c, size) & ~(uint64_t)(F_VIF | F_VIP));
    return leave_to(c, i, v[0]);
}

enum exec_result x_iret(struct cpu *c, const struct insn *i)
{
    c->s.nmi_blocked = 0;
    c->attention = 1;
    if (!(c->s.cr0 & CR0_PE))
        return iret_real(c, i);
    if (c->mode & MODE_VM)
        return v86_iret(c, i);
    if (c->s.rflags & F_NT)
        return c->s.efer & EFER_LMA ? fault_gp0(c, i) : task_return(c, i);
    unsigned size = i->opsize;
    uint64_t v[3];
    for (unsigned n = 0; n < 3; n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        v[n] = c->mem_value;
    }
    if (size == 4 && v[2] & F_VM && c->cpl == 0 && !(c->s.efer & EFER_LMA))
        return v86_return(c, i, v[0], (uint16_t)v[1], v[2]);
    struct far_frame f = {
        .cs = (uint16_t)v[1],
        .rip = v[0],
        .flags = v[2],
        .flags_mask = iret_mask(c, size),
        .stack_at = 3 * (int)size,
        .pops = 3 * size,
        .always_stack = c->mode & MODE_64,
    };
    return far_return(c, i, &f);
}
