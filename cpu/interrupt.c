// Delivery of interrupts and exceptions (SDM vol. 3A, chapter 6; real mode: vol. 3B, 20.1.4), IRET, and double and
// triple faults.
//
// Not implemented: task gates, delivery from and to virtual-8086 mode.
#include "cpu/exec_table.h"
#include "cpu/segment.h"
#include "cpu/stack.h"

enum { GATE_TASK = 5, GATE_INT16 = 6, GATE_TRAP16 = 7, GATE_INT32 = 14, GATE_TRAP32 = 15 };

static bool real_enter(struct cpu *c, unsigned vector)
{
    if (vector * 4 + 3 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, 0);
    uint64_t entry;
    if (!system_read(c, c->s.idtr[0].base + vector * 4, 4, &entry))
        return false;
    uint16_t words[3] = {(uint16_t)cpu_rflags(c), c->s.seg[SEG_CS].selector, (uint16_t)c->s.rip};
    uint16_t sp = (uint16_t)c->s.reg[RSP];
    for (unsigned n = 0; n < 3; n++) {
        sp = (uint16_t)(sp - 2);
        if (!system_write(c, (uint32_t)(c->s.seg[SEG_SS].base + sp), 2, words[n], TLB_KERNEL_AC))
            return false;
    }
    c->s.reg[RSP] = (c->s.reg[RSP] & ~(uint64_t)0xffff) | sp;
    c->s.rflags &= ~(uint64_t)(F_IF | F_TF | F_AC);
    c->s.rip = entry & 0xffff;
    segment_load_real(c, SEG_CS, (uint16_t)(entry >> 16));
    return true;
}

// A stack being built for an inner or the same privilege level.
struct frame {
    uint64_t base, sp, mask;
    unsigned size, context;
};

static bool frame_push(struct cpu *c, struct frame *f, uint64_t v)
{
    f->sp = (f->sp - f->size) & f->mask;
    return system_write(c, f->base + f->sp, f->size, v, f->context);
}

// Reads RSPn or ISTn of a 64-bit TSS.
static bool tss64_stack(struct cpu *c, unsigned offset, uint64_t *sp)
{
    if (offset + 7 > c->s.tr[0].limit)
        return raise_code(c, EXC_TS, c->s.tr[0].selector & 0xfffc);
    if (!system_read(c, c->s.tr[0].base + offset, 8, sp))
        return false;
    return canonical(*sp) || raise_code(c, EXC_SS, 0);
}

// Checks a gate's code segment descriptor for delivery: error code bit 0 is EXT.
static bool target_code(struct cpu *c, uint16_t selector, unsigned ext, struct descriptor *d)
{
    unsigned error = (selector & 0xfffc) | ext;
    if (!(selector & 0xfffc))
        return raise_code(c, EXC_GP, ext);
    enum descriptor_status status = descriptor_read(c, selector, false, d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d->raw);
    if (status == DESC_OUTSIDE || !(attr & ATTR_S) || !(attr & 8) || descriptor_dpl(d->raw) > c->cpl)
        return raise_code(c, EXC_GP, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_NP, error);
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

static bool long_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error)
{
    unsigned ext = kind != INTR_SOFTWARE, gate_error = vector * 8 + 2 + ext;
    if (vector * 16 + 15 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, gate_error);
    uint64_t lo, hi;
    if (!system_read(c, c->s.idtr[0].base + vector * 16, 8, &lo) ||
        !system_read(c, c->s.idtr[0].base + vector * 16 + 8, 8, &hi))
        return false;
    unsigned type = lo >> 40 & 15, dpl = lo >> 45 & 3, ist = lo >> 32 & 7;
    if ((type != GATE_INT32 && type != GATE_TRAP32) || lo >> 44 & 1 || (kind == INTR_SOFTWARE && dpl < c->cpl))
        return raise_code(c, EXC_GP, gate_error);
    if (!(lo >> 47 & 1))
        return raise_code(c, EXC_NP, gate_error);
    uint16_t selector = (uint16_t)(lo >> 16);
    uint64_t rip = (lo & 0xffff) | (lo >> 32 & 0xffff0000) | hi << 32;
    struct descriptor d;
    if (!target_code(c, selector, ext, &d))
        return false;
    uint16_t attr = descriptor_attr(d.raw);
    if (!(attr & ATTR_L) || attr & ATTR_DB)
        return raise_code(c, EXC_GP, (selector & 0xfffc) | ext);
    unsigned cpl = attr & 4 ? c->cpl : descriptor_dpl(d.raw); // conforming code keeps the level
    bool inner = cpl < c->cpl;
    uint64_t sp = c->s.reg[RSP];
    if (ist) {
        if (!tss64_stack(c, 28 + 8 * ist, &sp))
            return false;
    } else if (inner) {
        if (!tss64_stack(c, 4 + 8 * cpl, &sp))
            return false;
    }
    if (!canonical(rip))
        return raise_code(c, EXC_GP, ext);
    struct frame f = {0, sp & ~(uint64_t)15, ~(uint64_t)0, 8, cpl == 3 ? TLB_USER : TLB_KERNEL_AC};
    if (!canonical(f.sp - 48))
        return raise_code(c, EXC_SS, ext);
    uint64_t flags = cpu_rflags(c) | (kind == INTR_EXCEPTION && vector != EXC_DB ? F_RF : 0);
    if (!frame_push(c, &f, c->s.seg[SEG_SS].selector) || !frame_push(c, &f, c->s.reg[RSP]) ||
        !frame_push(c, &f, flags) || !frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, c->s.rip) ||
        (has_error && !frame_push(c, &f, error)))
        return false;
    c->s.reg[RSP] = f.sp;
    if (inner) // a null SS with the new RPL
        c->s.seg[SEG_SS] = (struct segment_state){.selector = (uint16_t)cpl,
                                                  .attr = (uint16_t)(cpl << ATTR_DPL_SHIFT | ATTR_P | ATTR_S | 3),
                                                  .limit = 0xffffffffu};
    enter_handler(c, selector, d.raw, cpl, rip, type == GATE_INT32);
    return true;
}

static bool protected_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error)
{
    unsigned ext = kind != INTR_SOFTWARE, gate_error = vector * 8 + 2 + ext;
    if (vector * 8 + 7 > c->s.idtr[0].limit)
        return raise_code(c, EXC_GP, gate_error);
    uint64_t gate;
    if (!system_read(c, c->s.idtr[0].base + vector * 8, 8, &gate))
        return false;
    unsigned type = gate >> 40 & 31, dpl = gate >> 45 & 3;
    if ((type != GATE_INT16 && type != GATE_TRAP16 && type != GATE_INT32 && type != GATE_TRAP32) ||
        (kind == INTR_SOFTWARE && dpl < c->cpl))
        return raise_code(c, EXC_GP, gate_error);
    if (!(gate >> 47 & 1))
        return raise_code(c, EXC_NP, gate_error);
    bool wide = type >= GATE_INT32;
    uint16_t selector = (uint16_t)(gate >> 16);
    uint64_t rip = wide ? (gate & 0xffff) | (gate >> 32 & 0xffff0000) : gate & 0xffff;
    struct descriptor d;
    if (!target_code(c, selector, ext, &d))
        return false;
    if (rip > descriptor_limit(d.raw))
        return raise_code(c, EXC_GP, ext);
    unsigned cpl = descriptor_attr(d.raw) & 4 ? c->cpl : descriptor_dpl(d.raw);
    const struct segment_state *ss = &c->s.seg[SEG_SS];
    struct frame f = {ss->base, c->s.reg[RSP], ss->attr & ATTR_DB ? 0xffffffffu : 0xffffu, wide ? 4 : 2, TLB_KERNEL_AC};
    f.sp &= f.mask;
    bool inner = cpl < c->cpl;
    uint64_t new_ss = 0, new_sp = 0;
    struct descriptor sd;
    if (inner) {
        bool tss32 = c->s.tr[0].attr & 8;
        unsigned at = tss32 ? 4 + 8 * cpl : 2 + 4 * cpl, size = tss32 ? 4 : 2;
        if (at + 2 * size - 1 > c->s.tr[0].limit)
            return raise_code(c, EXC_TS, (c->s.tr[0].selector & 0xfffc) | ext);
        if (!system_read(c, c->s.tr[0].base + at, size, &new_sp) ||
            !system_read(c, c->s.tr[0].base + at + size, 2, &new_ss))
            return false;
        unsigned ss_error = (new_ss & 0xfffc) | ext;
        if (!(new_ss & 0xfffc))
            return raise_code(c, EXC_TS, ext);
        enum descriptor_status status = descriptor_read(c, (uint16_t)new_ss, false, &sd);
        if (status == DESC_FAULT)
            return false;
        uint16_t attr = descriptor_attr(sd.raw);
        if (status == DESC_OUTSIDE || (new_ss & 3) != cpl || descriptor_dpl(sd.raw) != cpl || !(attr & ATTR_S) ||
            attr & 8 || !(attr & 2))
            return raise_code(c, EXC_TS, ss_error);
        if (!(attr & ATTR_P))
            return raise_code(c, EXC_SS, ss_error);
        f.base = descriptor_base(sd.raw);
        f.mask = attr & ATTR_DB ? 0xffffffffu : 0xffffu;
        f.sp = new_sp & f.mask;
        if (!frame_push(c, &f, ss->selector) || !frame_push(c, &f, c->s.reg[RSP]))
            return false;
    } else if (cpl == 3) {
        f.context = TLB_USER;
    }
    uint64_t flags = cpu_rflags(c) | (kind == INTR_EXCEPTION && vector != EXC_DB ? F_RF : 0);
    if (!frame_push(c, &f, flags) || !frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, c->s.rip) ||
        (has_error && !frame_push(c, &f, error)))
        return false;
    if (inner)
        segment_set(c, SEG_SS, (uint16_t)new_ss, sd.raw);
    c->s.reg[RSP] = f.mask == 0xffff ? (c->s.reg[RSP] & ~(uint64_t)0xffff) | f.sp : f.sp;
    enter_handler(c, selector, d.raw, cpl, rip, type == GATE_INT16 || type == GATE_INT32);
    return true;
}

bool interrupt_enter(struct cpu *c, unsigned vector, enum intr_kind kind, bool has_error, unsigned error)
{
    c->link_from = NULL;
    c->delivered = 1;
    if (c->s.rflags & F_VM) {
        log_line(c->log, LOG_NOT_IMPLEMENTED, "cpu: interrupt %u in virtual-8086 mode", vector);
        return raise_code(c, EXC_GP, 0);
    }
    if (!(c->s.cr0 & CR0_PE))
        return real_enter(c, vector);
    if (c->s.efer & EFER_LMA)
        return long_enter(c, vector, kind, has_error, error);
    return protected_enter(c, vector, kind, has_error, error);
}

static bool contributory(unsigned vector)
{
    return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

void exception_deliver(struct cpu *c)
{
    struct exception_info first = c->exc;
    for (;;) {
        struct exception_info e = c->exc;
        c->link_from = NULL;
        if (e.vector == EXC_PF)
            c->s.cr2 = e.cr2;
        if (e.vector == EXC_DB) {
            c->s.dr6 |= e.dr6;
            c->s.dr7 &= ~(uint64_t)0x2000; // GD
        }
        // INT3 and INTO get here with RIP behind the instruction; as software interrupts they are delivered elsewhere.
        if (interrupt_enter(c, e.vector, INTR_EXCEPTION, e.has_error && c->s.cr0 & CR0_PE, e.error)) {
            c->tick++;
            return;
        }
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

static enum exec_result software(struct cpu *c, const struct insn *i, unsigned vector)
{
    c->s.rip = rip_after(c, i);
    if (!interrupt_enter(c, vector, INTR_SOFTWARE, false, 0)) {
        // A fault of the instruction: it restarts at the INT.
        c->s.rip = rip_of(c, i);
        c->tick += i->index;
        return EXEC_FAULT;
    }
    c->tick += i->index + 1u;
    return EXEC_LEAVE;
}

enum exec_result x_int3(struct cpu *c, const struct insn *i)
{
    return software(c, i, EXC_BP);
}
enum exec_result x_int(struct cpu *c, const struct insn *i)
{
    return software(c, i, i->imm & 0xff);
}
enum exec_result x_into(struct cpu *c, const struct insn *i)
{
    return flag_o(c) ? software(c, i, EXC_OF) : leave(c, i);
}
enum exec_result x_int1(struct cpu *c, const struct insn *i)
{
    return software(c, i, EXC_DB);
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
    if (v[0] > 0xffff)
        return fault_gp0(c, i);
    stack_move(c, 3 * (int)size);
    segment_load_real(c, SEG_CS, (uint16_t)v[1]);
    flags_write(c, v[2], iret_mask(c, size));
    return leave_to(c, i, v[0]);
}

enum exec_result x_iret(struct cpu *c, const struct insn *i)
{
    c->s.nmi_blocked = 0;
    c->attention = 1;
    if (!(c->s.cr0 & CR0_PE))
        return iret_real(c, i);
    if (c->s.rflags & (F_NT | F_VM)) {
        log_line(c->log, LOG_NOT_IMPLEMENTED, "cpu: IRET with NT or VM set");
        return fault_gp0(c, i);
    }
    unsigned size = i->opsize;
    bool mode64 = c->mode & MODE_64;
    TRY(stack_probe(c, i, 0, (mode64 ? 5 : 3) * size, FOR_READ));
    uint64_t v[5] = {0};
    for (unsigned n = 0; n < (mode64 ? 5u : 3u); n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        v[n] = c->mem_value;
    }
    if (!mode64 && v[2] & F_VM && c->cpl == 0 && !(c->s.efer & EFER_LMA)) {
        log_line(c->log, LOG_NOT_IMPLEMENTED, "cpu: IRET to virtual-8086 mode");
        return fault_gp0(c, i);
    }
    unsigned rpl = v[1] & 3;
    bool outer = rpl > c->cpl;
    if (outer && !mode64) {
        TRY(stack_probe(c, i, 0, 5 * size, FOR_READ));
        for (unsigned n = 3; n < 5; n++) {
            TRY(stack_read(c, i, (int)(n * size), size));
            v[n] = c->mem_value;
        }
    }
    return far_return(c, i, (uint16_t)v[1], v[0], outer || mode64, (uint16_t)v[4], v[3], (mode64 ? 5 : 3) * size, v[2],
                      iret_mask(c, size));
}
