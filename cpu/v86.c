// Virtual-8086 mode (SDM vol. 3B, chapter 20): entry by IRET, the instructions that depend on IOPL, and the
// virtual-mode extensions (CR4.VME): the interrupt redirection bitmap, VIF and VIP. CLI, STI, PUSHF and POPF stand with
// their fellows; what is delivered to ring 0 is in cpu/interrupt.c; entry by a task switch in cpu/task.c.
#include "cpu/segment.h"
#include "cpu/stack.h"

void v86_segments(struct cpu *c, const uint16_t selector[SEG_COUNT])
{
    for (unsigned n = 0; n < SEG_COUNT; n++)
        c->s.seg[n] = (struct segment_state){(uint64_t)selector[n] << 4, 0xffff, selector[n], ATTR_V86};
}

bool v86_redirected(struct cpu *c, unsigned vector, bool *error)
{
    const struct segment_state *tr = &c->s.tr[0];
    uint64_t map, bits;
    *error = false;
    if (!(c->s.cr4 & CR4_VME))
        return false;
    // The bitmap's 32 bytes end where the I/O permission map begins (20.3.3).
    *error = true;
    if (!(tr->attr & ATTR_P) || !(tr->attr & 8) || tr->limit < 103)
        return raise_code(c, EXC_GP, 0);
    if (!system_read(c, tr->base + 102, 2, &map))
        return false;
    uint64_t at = map - 32 + vector / 8;
    if (map < 32 || at > tr->limit)
        return raise_code(c, EXC_GP, 0);
    if (!system_read(c, tr->base + at, 1, &bits))
        return false;
    *error = false;
    return !(bits >> (vector & 7) & 1);
}

bool v86_enter(struct cpu *c, unsigned vector)
{
    struct stack_frame f;
    uint64_t entry, flags = cpu_rflags(c);
    bool virtual = (flags & F_IOPL) != F_IOPL;
    // Below IOPL 3 the program sees VIF as its IF, and IOPL as 3.
    if (virtual)
        flags = (flags & ~(uint64_t)F_IF) | F_IOPL | (flags & F_VIF ? F_IF : 0);
    if (!system_read(c, 4 * vector, 4, &entry))
        return false;
    frame_current(c, &f, 2, false);
    if (!frame_room(c, &f, 3, 0))
        return false;
    if (!frame_push(c, &f, flags) || !frame_push(c, &f, c->s.seg[SEG_CS].selector) || !frame_push(c, &f, c->s.rip))
        return false;
    frame_commit(c, &f, false);
    c->s.rflags &= ~(uint64_t)(F_TF | F_RF | F_NT | (virtual ? F_VIF : F_IF));
    c->s.rip = entry & 0xffff;
    segment_load_real(c, SEG_CS, (uint16_t)(entry >> 16));
    c->link_from = NULL;
    c->delivered = 1;
    return true;
}

enum exec_result v86_iret(struct cpu *c, const struct insn *i)
{
    unsigned size = i->opsize;
    bool virtual = (c->s.rflags & F_IOPL) != F_IOPL;
    if (virtual && (!(c->s.cr4 & CR4_VME) || size != 2))
        return fault_gp0(c, i);
    uint64_t v[3];
    for (unsigned n = 0; n < 3; n++) {
        TRY(stack_read(c, i, (int)(n * size), size));
        v[n] = c->mem_value;
    }
    if (v[0] > 0xffff || (virtual && (v[2] & F_TF || (v[2] & F_IF && c->s.rflags & F_VIP))))
        return fault_gp0(c, i);
    stack_move(c, 3 * (int)size);
    uint64_t mask = F_ARITH | F_TF | F_DF | F_NT | (size > 2 ? F_RF | F_AC | F_ID : 0);
    if (virtual) {
        v[2] |= v[2] & F_IF ? F_VIF : 0;
        mask |= F_VIF;
    } else {
        mask |= F_IF;
    }
    segment_load_real(c, SEG_CS, (uint16_t)v[1]);
    flags_write(c, v[2], mask);
    return leave_to(c, i, v[0]);
}

enum exec_result v86_return(struct cpu *c, const struct insn *i, uint64_t eip, uint16_t cs, uint64_t flags)
{
    static const uint8_t order[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint16_t selector[SEG_COUNT];
    TRY(stack_read(c, i, 12, 4));
    uint64_t sp = c->mem_value;
    TRY(stack_read(c, i, 16, 4));
    selector[SEG_SS] = (uint16_t)c->mem_value;
    selector[SEG_CS] = cs;
    for (int n = 0; n < (int)ARRAY_LEN(order); n++) {
        TRY(stack_read(c, i, 20 + 4 * n, 4));
        selector[order[n]] = (uint16_t)c->mem_value;
    }
    if (eip > 0xffff)
        return fault_gp0(c, i);
    v86_segments(c, selector);
    c->s.reg[RSP] = sp;
    flags_write(c, flags, F_ARITH | F_TF | F_IF | F_DF | F_IOPL | F_NT | F_RF | F_VM | F_AC | F_VIF | F_VIP | F_ID);
    cpu_update_mode(c);
    return leave_to(c, i, eip);
}
