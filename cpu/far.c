// Far transfers (SDM vol. 2 and vol. 3A, 5.8): far JMP, CALL and RET, moves to segment registers, SYSCALL, SYSRET,
// SYSENTER, SYSEXIT, and the protection helpers LAR, LSL, VERR, VERW, ARPL.
#include "cpu/exec_table.h"
#include "cpu/segment.h"
#include "cpu/stack.h"

enum exec_result checked_fault(struct cpu *c, const struct insn *i)
{
    if (!c->switched)
        c->s.rip = rip_of(c, i);
    c->switched = 0;
    c->tick += i->index;
    return EXEC_FAULT;
}

static bool code_return(struct cpu *c, uint16_t selector, struct descriptor *d)
{
    unsigned rpl = selector & 3, error = selector & 0xfffc;
    if (!error)
        return raise_code(c, EXC_GP, 0);
    enum descriptor_status status = descriptor_read(c, selector, false, d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d->raw);
    unsigned dpl = descriptor_dpl(d->raw);
    if (status == DESC_OUTSIDE || !(attr & ATTR_S) || !(attr & 8) || rpl < c->cpl ||
        (attr & 4 ? dpl > rpl : dpl != rpl))
        return raise_code(c, EXC_GP, error);
    if (c->s.efer & EFER_LMA && attr & ATTR_L && attr & ATTR_DB)
        return raise_code(c, EXC_GP, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_NP, error);
    return true;
}

static bool stack_return(struct cpu *c, uint16_t selector, unsigned rpl, bool to64, struct descriptor *d)
{
    unsigned error = selector & 0xfffc;
    d->raw = 0;
    if (!error) {
        if (to64 && rpl != 3 && (selector & 3) == rpl)
            return true;
        return raise_code(c, EXC_GP, 0);
    }
    enum descriptor_status status = descriptor_read(c, selector, false, d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d->raw);
    if (status == DESC_OUTSIDE || (selector & 3) != rpl || !(attr & ATTR_S) || attr & 8 || !(attr & 2) ||
        descriptor_dpl(d->raw) != rpl)
        return raise_code(c, EXC_GP, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_SS, error);
    return true;
}

// After a return to an outer level: data segments that the new level may not use become null.
static void clear_inner(struct cpu *c)
{
    static const uint8_t data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned n = 0; n < 4; n++) {
        struct segment_state *s = &c->s.seg[data[n]];
        bool conforming = (s->attr & 12) == 12;
        if (s->attr & ATTR_P && !conforming && (s->attr >> ATTR_DPL_SHIFT & 3) < c->cpl) {
            s->selector = 0;
            s->attr = 0;
            s->limit = 0;
            if (!(c->s.efer & EFER_LMA))
                s->base = 0;
        }
    }
}

enum exec_result far_return(struct cpu *c, const struct insn *i, const struct far_frame *f)
{
    struct descriptor code, stack = {0};
    if (!code_return(c, f->cs, &code))
        return checked_fault(c, i);
    unsigned rpl = f->cs & 3;
    bool outer = rpl > c->cpl, to64 = c->s.efer & EFER_LMA && descriptor_attr(code.raw) & ATTR_L;
    bool with_stack = outer || f->always_stack;
    uint64_t sp = 0;
    uint16_t ss = 0;
    if (with_stack) {
        TRY(stack_read(c, i, f->stack_at, i->opsize));
        sp = c->mem_value;
        TRY(stack_read(c, i, f->stack_at + i->opsize, i->opsize));
        ss = (uint16_t)c->mem_value;
        if (!stack_return(c, ss, rpl, to64, &stack))
            return checked_fault(c, i);
    }
    if (to64 ? !canonical(f->rip) : f->rip > descriptor_limit(code.raw))
        return fault_gp0(c, i);
    if (!descriptor_accessed(c, &code) || (stack.raw && !descriptor_accessed(c, &stack)))
        return checked_fault(c, i);
    if (!with_stack)
        stack_move(c, (int)f->pops);
    flags_write(c, f->flags, f->flags_mask);
    segment_set(c, SEG_CS, f->cs, code.raw);
    if (with_stack) {
        if (stack.raw)
            segment_set(c, SEG_SS, ss, stack.raw);
        else
            c->s.seg[SEG_SS] = stack_null(rpl);
        cpu_update_mode(c);
        stack_set(c, sp + f->extra);
    }
    if (outer)
        clear_inner(c);
    cpu_update_mode(c);
    return leave_to(c, i, f->rip);
}

// ---- far jumps and calls
// -----------------------------------------------------------------------------------------------------

enum { TYPE_TSS16 = 1, TYPE_GATE16 = 4, TYPE_TASK_GATE = 5, TYPE_TSS32 = 9, TYPE_GATE32 = 12 };

// Real and virtual-8086 mode.
static enum exec_result far_real(struct cpu *c, const struct insn *i, uint16_t selector, uint64_t rip, bool call)
{
    unsigned size = i->opsize;
    uint64_t after = rip_after(c, i);
    if (call) {
        TRY(stack_probe(c, i, -(int)size, size, FOR_WRITE));
        TRY(stack_probe(c, i, -2 * (int)size, size, FOR_WRITE));
    }
    if (rip > c->s.seg[SEG_CS].limit)
        return fault_gp0(c, i);
    if (call) {
        TRY(stack_write(c, i, -(int)size, size, c->s.seg[SEG_CS].selector));
        TRY(stack_write(c, i, -2 * (int)size, size, after));
        stack_move(c, -2 * (int)size);
    }
    segment_load_real(c, SEG_CS, selector);
    return leave_to(c, i, rip);
}

static enum exec_result far_task(struct cpu *c, const struct insn *i, uint16_t selector, struct descriptor *tss,
                                 bool call)
{
    c->s.rip = rip_after(c, i);
    c->switched = 0;
    if (!task_switch(c, selector, tss, call ? TASK_CALL : TASK_JMP, 0, cpu_rflags(c)))
        return checked_fault(c, i);
    if (c->s.rip > c->s.seg[SEG_CS].limit) {
        raise_code(c, EXC_GP, 0);
        return checked_fault(c, i);
    }
    c->switched = 0;
    c->tick += i->index + 1u;
    return EXEC_LEAVE;
}

// The parameters that a 16- or 32-bit call gate copies, from the old stack with the old level's rights.
static enum exec_result gate_parameters(struct cpu *c, const struct insn *i, unsigned count, unsigned size, uint32_t *p)
{
    for (unsigned n = 0; n < count; n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        p[n] = (uint32_t)c->mem_value;
    }
    return EXEC_NEXT;
}

// CALL through a gate to a more privileged level.
static enum exec_result gate_call_inner(struct cpu *c, const struct insn *i, const struct descriptor *gate,
                                        struct descriptor *code, uint64_t rip)
{
    bool lma = c->s.efer & EFER_LMA;
    unsigned type = descriptor_attr(gate->raw) & ATTR_TYPE, size = lma ? 8 : type == TYPE_GATE32 ? 4 : 2;
    unsigned count = lma ? 0 : gate->raw >> 32 & 31, cpl = descriptor_dpl(code->raw);
    uint16_t selector = (uint16_t)(gate->raw >> 16), old_cs = c->s.seg[SEG_CS].selector;
    uint16_t old_ss = c->s.seg[SEG_SS].selector;
    uint64_t old_sp = c->s.reg[RSP], after = rip_after(c, i);
    uint32_t parameter[32];
    struct stack_frame f;
    if (lma) {
        frame_current(c, &f, 8, true);
        f.context = tlb_context_at(c, cpl);
        if (!frame_inner64(c, 4 + 8 * cpl, 0, &f.sp) || !frame_room(c, &f, 4, 0))
            return checked_fault(c, i);
        f.ss = stack_null(cpl);
    } else if (!frame_inner(c, &f, cpl, size, 0) || !frame_room(c, &f, 4 + count, f.ss.selector & 0xfffcu)) {
        return checked_fault(c, i);
    }
    if (lma ? !canonical(rip) : rip > descriptor_limit(code->raw))
        return fault_gp0(c, i);
    TRY(gate_parameters(c, i, count, size, parameter));
    if (!descriptor_accessed(c, code) || !frame_push(c, &f, old_ss) || !frame_push(c, &f, old_sp))
        return checked_fault(c, i);
    for (unsigned n = count; n-- > 0;)
        if (!frame_push(c, &f, parameter[n]))
            return checked_fault(c, i);
    if (!frame_push(c, &f, old_cs) || !frame_push(c, &f, after))
        return checked_fault(c, i);
    frame_commit(c, &f, true);
    segment_set(c, SEG_CS, (uint16_t)((selector & 0xfffc) | cpl), code->raw);
    cpu_update_mode(c);
    return leave_to(c, i, rip);
}

static enum exec_result gate_transfer(struct cpu *c, const struct insn *i, const struct descriptor *gate, bool call)
{
    bool lma = c->s.efer & EFER_LMA;
    unsigned type = descriptor_attr(gate->raw) & ATTR_TYPE, size = lma ? 8 : type == TYPE_GATE32 ? 4 : 2;
    uint16_t selector = (uint16_t)(gate->raw >> 16);
    uint64_t rip = (gate->raw & 0xffff) | (size > 2 ? gate->raw >> 32 & 0xffff0000 : 0) | gate->upper << 32;
    uint64_t after = rip_after(c, i);
    struct descriptor code;
    if (!gate_target(c, selector, 0, &code))
        return checked_fault(c, i);
    unsigned dpl = descriptor_dpl(code.raw);
    bool conforming = descriptor_attr(code.raw) & 4;
    if (!conforming && dpl < c->cpl) {
        if (!call)
            return fault_code(c, i, EXC_GP, selector & 0xfffc);
        return gate_call_inner(c, i, gate, &code, rip);
    }
    struct stack_frame f;
    frame_current(c, &f, size, lma);
    if (call && !frame_room(c, &f, 2, 0))
        return checked_fault(c, i);
    if (lma ? !canonical(rip) : rip > descriptor_limit(code.raw))
        return fault_gp0(c, i);
    if (!descriptor_accessed(c, &code))
        return checked_fault(c, i);
    if (call) {
        if (!frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, after))
            return checked_fault(c, i);
        frame_commit(c, &f, false);
    }
    segment_set(c, SEG_CS, (uint16_t)((selector & 0xfffc) | c->cpl), code.raw);
    cpu_update_mode(c);
    return leave_to(c, i, rip);
}

// A selector of a gate or a task: which one, and may it be used?
static enum exec_result far_system(struct cpu *c, const struct insn *i, uint16_t selector, struct descriptor *d,
                                   bool call)
{
    uint16_t attr = descriptor_attr(d->raw);
    unsigned error = selector & 0xfffc, type = attr & ATTR_TYPE, dpl = descriptor_dpl(d->raw);
    bool lma = c->s.efer & EFER_LMA, tss = type == TYPE_TSS16 || type == TYPE_TSS32;
    if (lma ? type != TYPE_GATE32 : !tss && type != TYPE_GATE16 && type != TYPE_TASK_GATE && type != TYPE_GATE32)
        return fault_code(c, i, EXC_GP, error);
    if (dpl < c->cpl || dpl < (selector & 3u))
        return fault_code(c, i, EXC_GP, error);
    if (lma) {
        enum descriptor_status status = descriptor_read(c, selector, true, d);
        if (status == DESC_FAULT)
            return checked_fault(c, i);
        if (status == DESC_OUTSIDE || d->upper >> 40 & 31)
            return fault_code(c, i, EXC_GP, error);
    }
    if (tss && selector & 4)
        return fault_code(c, i, EXC_GP, error);
    if (!(attr & ATTR_P))
        return fault_code(c, i, EXC_NP, error);
    if (tss)
        return far_task(c, i, selector, d, call);
    if (type != TYPE_TASK_GATE)
        return gate_transfer(c, i, d, call);
    struct descriptor task;
    uint16_t task_selector = (uint16_t)(d->raw >> 16);
    c->switched = 0;
    if (!task_find(c, task_selector, 0, &task))
        return checked_fault(c, i);
    return far_task(c, i, task_selector, &task, call);
}

static enum exec_result far_transfer(struct cpu *c, const struct insn *i, uint16_t selector, uint64_t rip, bool call)
{
    unsigned size = i->opsize, error = selector & 0xfffc;
    uint64_t after = rip_after(c, i);
    if (!(c->mode & MODE_PE) || c->mode & MODE_VM)
        return far_real(c, i, selector, rip, call);
    if (!error)
        return fault_gp0(c, i);
    struct descriptor d;
    enum descriptor_status status = descriptor_read(c, selector, false, &d);
    if (status == DESC_FAULT)
        return checked_fault(c, i);
    uint16_t attr = descriptor_attr(d.raw);
    unsigned dpl = descriptor_dpl(d.raw);
    if (status == DESC_OK && !(attr & ATTR_S))
        return far_system(c, i, selector, &d, call);
    if (status == DESC_OUTSIDE || !(attr & 8) || (attr & 4 ? dpl > c->cpl : dpl != c->cpl || (selector & 3) > c->cpl))
        return fault_code(c, i, EXC_GP, error);
    bool lma = c->s.efer & EFER_LMA, to64 = lma && attr & ATTR_L;
    if (to64 && attr & ATTR_DB)
        return fault_code(c, i, EXC_GP, error);
    if (!(attr & ATTR_P))
        return fault_code(c, i, EXC_NP, error);
    if (call) {
        TRY(stack_probe(c, i, -(int)size, size, FOR_WRITE));
        TRY(stack_probe(c, i, -2 * (int)size, size, FOR_WRITE));
    }
    if (to64 ? !canonical(rip) : rip > descriptor_limit(d.raw))
        return fault_gp0(c, i);
    if (!descriptor_accessed(c, &d))
        return checked_fault(c, i);
    if (call) {
        TRY(stack_write(c, i, -(int)size, size, c->s.seg[SEG_CS].selector));
        TRY(stack_write(c, i, -2 * (int)size, size, after));
        stack_move(c, -2 * (int)size);
    }
    segment_set(c, SEG_CS, (uint16_t)(error | c->cpl), d.raw);
    cpu_update_mode(c);
    return leave_to(c, i, rip);
}

enum exec_result x_callf_Ap(struct cpu *c, const struct insn *i)
{
    return far_transfer(c, i, (uint16_t)i->disp, i->imm, true);
}

enum exec_result x_jmpf_Ap(struct cpu *c, const struct insn *i)
{
    return far_transfer(c, i, (uint16_t)i->disp, i->imm, false);
}

static enum exec_result far_pointer(struct cpu *c, const struct insn *i, uint16_t *selector, uint64_t *offset)
{
    uint8_t bytes[10];
    TRY(load_bytes(c, i, 0, bytes, i->opsize + 2u));
    *offset = load_le(bytes, i->opsize);
    *selector = load_u16(bytes + i->opsize);
    return EXEC_NEXT;
}

enum exec_result x_callf_Mp(struct cpu *c, const struct insn *i)
{
    uint16_t selector;
    uint64_t offset;
    TRY(far_pointer(c, i, &selector, &offset));
    return far_transfer(c, i, selector, offset, true);
}

enum exec_result x_jmpf_Mp(struct cpu *c, const struct insn *i)
{
    uint16_t selector;
    uint64_t offset;
    TRY(far_pointer(c, i, &selector, &offset));
    return far_transfer(c, i, selector, offset, false);
}

enum exec_result x_retf(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize, extra = i->modrm == 0xca ? i->imm : 0;
    TRY(stack_probe_each(c, i, 2, size, FOR_READ));
    TRY(stack_read(c, i, 0, size));
    uint64_t rip = c->mem_value;
    TRY(stack_read(c, i, (int)size, size));
    uint16_t cs = (uint16_t)c->mem_value;
    if (!(c->mode & MODE_PE) || c->mode & MODE_VM) {
        if (rip > c->s.seg[SEG_CS].limit)
            return fault_gp0(c, i);
        stack_move(c, (int)(2 * size + extra));
        segment_load_real(c, SEG_CS, cs);
        return leave_to(c, i, rip);
    }
    struct far_frame f = {
        .cs = cs, .rip = rip, .stack_at = (int)(2 * size + extra), .pops = 2 * size + extra, .extra = extra};
    return far_return(c, i, &f);
}

// ---- segment registers
// --------------------------------------------------------------------------------------------------------

enum exec_result x_mov_EvSw(struct cpu *c, const struct insn *i)
{
    unsigned seg = i->reg & 7;
    if (seg >= SEG_COUNT)
        return fault(c, i, EXC_UD);
    TRY(write_rm(c, i, i->flags & INSN_MEM ? 2 : i->opsize, c->s.seg[seg].selector));
    return next(c, i);
}

static enum exec_result load_seg(struct cpu *c, const struct insn *i, unsigned seg, uint16_t selector)
{
    if (!segment_load(c, seg, selector))
        return checked_fault(c, i);
    return leave(c, i);
}

// Behind MOV SS and POP SS neither interrupts nor debug traps come (SDM vol. 3A, 6.8.3).
static void stack_shadow(struct cpu *c, unsigned seg)
{
    if (seg == SEG_SS) {
        c->s.shadow = 2;
        c->attention = 1;
    }
}

enum exec_result x_mov_SwEw(struct cpu *c, const struct insn *i)
{
    unsigned seg = i->reg & 7;
    if (seg >= SEG_COUNT || seg == SEG_CS)
        return fault(c, i, EXC_UD);
    uint64_t v;
    TRY(read_rm(c, i, 2, &v));
    enum exec_result r = load_seg(c, i, seg, (uint16_t)v);
    if (r != EXEC_FAULT)
        stack_shadow(c, seg);
    return r;
}

enum exec_result x_push_seg(struct cpu *c, const struct insn *i)
{
    // A 32-bit push writes the selector's 16 bits only, as processors do.
    unsigned size = i->opsize;
    if (size == 4) {
        TRY(stack_probe(c, i, -4, 4, FOR_WRITE));
        TRY(stack_write(c, i, -4, 2, c->s.seg[i->reg].selector));
    } else {
        TRY(stack_write(c, i, -(int)size, size, c->s.seg[i->reg].selector));
    }
    stack_move(c, -(int)size);
    return next(c, i);
}

enum exec_result x_pop_seg(struct cpu *c, const struct insn *i)
{
    TRY(stack_read(c, i, 0, i->opsize));
    uint64_t old = c->s.reg[RSP];
    uint16_t selector = (uint16_t)c->mem_value;
    stack_move(c, i->opsize);
    enum exec_result r = load_seg(c, i, i->reg, selector);
    if (r == EXEC_FAULT)
        c->s.reg[RSP] = old;
    else
        stack_shadow(c, i->reg);
    return r;
}

enum exec_result x_lxs(struct cpu *c, const struct insn *i)
{
    uint16_t selector;
    uint64_t offset;
    uint8_t opcode = insn_rows[i->row].opcode;
    unsigned seg = opcode == 0xc4   ? SEG_ES
                   : opcode == 0xc5 ? SEG_DS
                   : opcode == 0xb2 ? SEG_SS
                   : opcode == 0xb4 ? SEG_FS
                                    : SEG_GS;
    TRY(far_pointer(c, i, &selector, &offset));
    enum exec_result r = load_seg(c, i, seg, selector);
    if (r != EXEC_FAULT)
        set_reg(c, i->reg, i->opsize, offset);
    return r;
}

// ---- fast system calls
// -----------------------------------------------------------------------------------------------------------

static void flat_segment(struct cpu *c, unsigned seg, uint16_t selector, uint16_t attr)
{
    c->s.seg[seg] = (struct segment_state){0, 0xffffffffu, selector, attr};
}

enum {
    CODE64 = ATTR_G | ATTR_L | ATTR_P | ATTR_S | 11,
    CODE32 = ATTR_G | ATTR_DB | ATTR_P | ATTR_S | 11,
    DATA32 = ATTR_G | ATTR_DB | ATTR_P | ATTR_S | 3,
    DPL3 = 3 << ATTR_DPL_SHIFT
};

// SYSCALL and SYSRET trap by the TF that they leave, all others by the one that they find.
static void step_trap(struct cpu *c)
{
    c->delivered = 1;
    if (c->s.rflags & F_TF)
        c->s.db_pending |= 16;
    if (c->s.db_pending)
        c->attention = 1;
}

enum exec_result x_syscall(struct cpu *c, const struct insn *i)
{
    if (!(c->s.efer & EFER_SCE))
        return fault(c, i, EXC_UD);
    c->s.reg[RCX] = rip_after(c, i);
    c->s.reg[R11] = cpu_rflags(c) & ~(uint64_t)F_RF;
    uint16_t cs = (uint16_t)(c->s.star >> 32 & 0xfffc);
    flags_write(c, 0, (c->s.fmask & 0x3f7fd7) | F_RF);
    flat_segment(c, SEG_CS, cs, CODE64);
    flat_segment(c, SEG_SS, (uint16_t)(cs + 8), DATA32);
    cpu_update_mode(c);
    step_trap(c);
    return leave_to(c, i, c->s.lstar);
}

enum exec_result x_sysret(struct cpu *c, const struct insn *i)
{
    if (!(c->s.efer & EFER_SCE))
        return fault(c, i, EXC_UD);
    bool to64 = i->opsize == 8;
    uint64_t rip = to64 ? c->s.reg[RCX] : get32(c, RCX);
    if (to64 && !canonical(rip))
        return fault_gp0(c, i);
    uint16_t base = (uint16_t)(c->s.star >> 48);
    flags_write(c, c->s.reg[R11], 0x3c7fd7);
    c->s.rflags &= ~(uint64_t)(F_RF | F_VM);
    flat_segment(c, SEG_CS, (uint16_t)((base + (to64 ? 16 : 0)) | 3), (to64 ? CODE64 : CODE32) | DPL3);
    flat_segment(c, SEG_SS, (uint16_t)((base + 8) | 3), DATA32 | DPL3);
    cpu_update_mode(c);
    step_trap(c);
    return leave_to(c, i, rip);
}

enum exec_result x_sysenter(struct cpu *c, const struct insn *i)
{
    if (!(c->mode & MODE_PE) || !(c->s.sysenter_cs & 0xfffc))
        return fault_gp0(c, i);
    bool lma = c->s.efer & EFER_LMA;
    uint16_t cs = (uint16_t)(c->s.sysenter_cs & 0xfffc);
    flags_write(c, 0, F_VM | F_IF | F_RF);
    flat_segment(c, SEG_CS, cs, lma ? CODE64 : CODE32);
    flat_segment(c, SEG_SS, (uint16_t)(cs + 8), DATA32);
    cpu_update_mode(c);
    c->s.reg[RSP] = lma ? c->s.sysenter_esp : (uint32_t)c->s.sysenter_esp;
    return leave_to(c, i, lma ? c->s.sysenter_eip : (uint32_t)c->s.sysenter_eip);
}

enum exec_result x_sysexit(struct cpu *c, const struct insn *i)
{
    if (!(c->mode & MODE_PE) || !(c->s.sysenter_cs & 0xfffc))
        return fault_gp0(c, i);
    bool to64 = i->opsize == 8;
    uint64_t rip = c->s.reg[RDX], sp = c->s.reg[RCX];
    if (to64 && (!canonical(rip) || !canonical(sp)))
        return fault_gp0(c, i);
    uint16_t cs = (uint16_t)((c->s.sysenter_cs & 0xfffc) + (to64 ? 32 : 16));
    flat_segment(c, SEG_CS, cs | 3, (to64 ? CODE64 : CODE32) | DPL3);
    flat_segment(c, SEG_SS, (uint16_t)(cs + 8) | 3, DATA32 | DPL3);
    cpu_update_mode(c);
    c->s.reg[RSP] = to64 ? sp : (uint32_t)sp;
    return leave_to(c, i, to64 ? rip : (uint32_t)rip);
}

// ---- protection helpers
// ------------------------------------------------------------------------------------------------------------

static void set_zf(struct cpu *c, bool zf)
{
    flags_import(c, (flags_arith(c) & ~(uint32_t)F_ZF) | (zf ? F_ZF : 0));
}

// Whether a selector is visible at the current privilege; fills the descriptor. FAULT through c->exc if *fault.
static bool visible(struct cpu *c, uint16_t selector, struct descriptor *d, bool *fault)
{
    *fault = false;
    if (!(selector & 0xfffc))
        return false;
    enum descriptor_status status = descriptor_read(c, selector, false, d);
    *fault = status == DESC_FAULT;
    if (status != DESC_OK)
        return false;
    uint16_t attr = descriptor_attr(d->raw);
    unsigned dpl = descriptor_dpl(d->raw);
    bool conforming = (attr & (ATTR_S | 12)) == (ATTR_S | 12);
    return conforming || (dpl >= c->cpl && dpl >= (selector & 3u));
}

static enum exec_result access_or_limit(struct cpu *c, const struct insn *i, uint32_t types, bool limit)
{
    uint64_t selector;
    struct descriptor d;
    bool faulted;
    TRY(read_rm(c, i, 2, &selector));
    bool ok = visible(c, (uint16_t)selector, &d, &faulted);
    if (faulted)
        return checked_fault(c, i);
    if (ok && !(descriptor_attr(d.raw) & ATTR_S))
        ok = types >> (descriptor_attr(d.raw) & ATTR_TYPE) & 1;
    set_zf(c, ok);
    if (ok)
        set_reg(c, i->reg, i->opsize, limit ? descriptor_limit(d.raw) : d.raw >> 32 & 0x00ffff00);
    return leave(c, i);
}

// System types that LAR and LSL accept; fewer in long mode (SDM vol. 2, LAR, LSL).
enum exec_result x_lar(struct cpu *c, const struct insn *i)
{
    return access_or_limit(c, i, c->s.efer & EFER_LMA ? 0x1a04 : 0x1a3e, false);
}

enum exec_result x_lsl(struct cpu *c, const struct insn *i)
{
    return access_or_limit(c, i, c->s.efer & EFER_LMA ? 0x0a04 : 0x0a0e, true);
}

// VERR (reg 4) and VERW (reg 5).
enum exec_result x_verr(struct cpu *c, const struct insn *i)
{
    uint64_t selector;
    struct descriptor d;
    bool faulted;
    TRY(read_rm(c, i, 2, &selector));
    bool ok = visible(c, (uint16_t)selector, &d, &faulted);
    if (faulted)
        return checked_fault(c, i);
    if (ok) {
        uint16_t attr = descriptor_attr(d.raw);
        bool code = attr & 8;
        ok = attr & ATTR_S && ((i->modrm >> 3 & 7) == 4 ? !code || attr & 2 : !code && attr & 2);
    }
    set_zf(c, ok);
    return leave(c, i);
}

enum exec_result x_arpl(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(read_rm(c, i, 2, &v));
    unsigned rpl = get16(c, i->reg) & 3;
    bool raised = (v & 3) < rpl;
    if (raised)
        TRY(write_rm(c, i, 2, (v & ~(uint64_t)3) | rpl));
    set_zf(c, raised);
    return next(c, i);
}

enum exec_result x_bound(struct cpu *c, const struct insn *i)
{
    uint8_t bytes[8];
    TRY(load_bytes(c, i, 0, bytes, 2u * i->opsize));
    int64_t v = sign_extend(get_reg(c, i->reg, i->opsize), 8u * i->opsize);
    int64_t low = sign_extend(load_le(bytes, i->opsize), 8u * i->opsize);
    int64_t high = sign_extend(load_le(bytes + i->opsize, i->opsize), 8u * i->opsize);
    if (v < low || v > high)
        return fault(c, i, EXC_BR);
    return leave(c, i);
}
