// Hardware task switches (SDM vol. 3A, chapter 7) by JMP, CALL, interrupt and IRET, with 16- and 32-bit task-state
// segments.
//
// A switch has a point of no return: before it, faults belong to the old task, which has not changed; behind it all the
// new task's registers are loaded, and faults (descriptors, its page tables) belong to the new one.
//
// Differs: from a 16-bit TSS the registers' upper halves are set to ones, as processors do (the manual is silent).
#include "cpu/debug.h"
#include "cpu/segment.h"
#include "cpu/stack.h"

enum { TSS_BUSY = 2, TSS_32 = 8 };

// The dynamic part of a task state, of either size.
struct task_state {
    uint64_t eip, eflags, cr3;
    uint64_t reg[8];
    uint16_t seg[SEG_COUNT], ldt;
    bool trap;
};

// Where things are. The registers and the segment selectors follow each other in encoding order.
struct tss_layout {
    unsigned limit; // smallest limit
    unsigned eip, eflags, reg, seg, segments, ldt, width;
};
static const struct tss_layout layouts[2] = {
    {0x2b, 0x0e, 0x10, 0x12, 0x22, 4, 0x2a, 2},
    {0x67, 0x20, 0x24, 0x28, 0x48, 6, 0x60, 4},
};
enum { TSS32_CR3 = 0x1c, TSS32_TRAP = 0x64 };

static const struct tss_layout *layout(uint16_t attr)
{
    return &layouts[attr & TSS_32 ? 1 : 0];
}

static bool is_tss(uint16_t attr, bool busy)
{
    return (attr & (ATTR_S | ATTR_TYPE) & ~TSS_32) == (busy ? 3 : 1);
}

bool task_find(struct cpu *c, uint16_t selector, unsigned ext, struct descriptor *tss)
{
    unsigned error = (selector & 0xfffc) | ext;
    if (selector & 4)
        return raise_code(c, EXC_GP, error);
    enum descriptor_status status = descriptor_read(c, selector, false, tss);
    if (status == DESC_FAULT)
        return false;
    if (status == DESC_OUTSIDE || !is_tss(descriptor_attr(tss->raw), false))
        return raise_code(c, EXC_GP, error);
    if (!(descriptor_attr(tss->raw) & ATTR_P))
        return raise_code(c, EXC_NP, error);
    return true;
}

static bool read_state(struct cpu *c, uint64_t base, uint16_t attr, struct task_state *t)
{
    const struct tss_layout *l = layout(attr);
    uint64_t v = 0;
    *t = (struct task_state){0};
    if (!system_read(c, base + l->eip, l->width, &t->eip) || !system_read(c, base + l->eflags, l->width, &t->eflags))
        return false;
    for (unsigned n = 0; n < 8; n++) {
        if (!system_read(c, base + l->reg + n * l->width, l->width, &t->reg[n]))
            return false;
        if (l->width == 2)
            t->reg[n] |= 0xffff0000u;
    }
    for (unsigned n = 0; n < l->segments; n++) {
        if (!system_read(c, base + l->seg + n * l->width, 2, &v))
            return false;
        t->seg[n] = (uint16_t)v;
    }
    if (!system_read(c, base + l->ldt, 2, &v))
        return false;
    t->ldt = (uint16_t)v;
    if (l->width == 2)
        return true;
    if (!system_read(c, base + TSS32_CR3, 4, &t->cr3) || !system_read(c, base + TSS32_TRAP, 1, &v))
        return false;
    t->trap = v & 1;
    return true;
}

// All of it was probed before, so it cannot fail.
static void write_state(struct cpu *c, uint64_t base, uint16_t attr, uint64_t flags)
{
    const struct tss_layout *l = layout(attr);
    system_write(c, base + l->eip, l->width, c->s.rip, TLB_KERNEL);
    system_write(c, base + l->eflags, l->width, flags, TLB_KERNEL);
    for (unsigned n = 0; n < 8; n++)
        system_write(c, base + l->reg + n * l->width, l->width, c->s.reg[n], TLB_KERNEL);
    for (unsigned n = 0; n < l->segments; n++)
        system_write(c, base + l->seg + n * l->width, 2, c->s.seg[n].selector, TLB_KERNEL);
}

static bool set_busy(struct cpu *c, uint64_t linear, bool busy)
{
    uint64_t v;
    return system_read(c, linear + 5, 1, &v) &&
           system_write(c, linear + 5, 1, busy ? v | TSS_BUSY : v & ~(uint64_t)TSS_BUSY, TLB_KERNEL);
}

// ---- the new task's segments: faults are its own --------------------------------------------------------------------

static bool load_ldt(struct cpu *c, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    unsigned error = (selector & 0xfffc) | ext;
    if (!(selector & 0xfffc))
        return true;
    if (selector & 4)
        return raise_code(c, EXC_TS, error);
    enum descriptor_status status = descriptor_read(c, selector, false, &d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d.raw);
    if (status == DESC_OUTSIDE || (attr & (ATTR_S | ATTR_TYPE)) != 2 || !(attr & ATTR_P))
        return raise_code(c, EXC_TS, error);
    c->s.ldtr[0] = (struct segment_state){descriptor_base(d.raw), descriptor_limit(d.raw), selector, attr};
    return true;
}

static bool load_segment(struct cpu *c, unsigned seg, uint16_t selector, unsigned ext)
{
    struct descriptor d;
    unsigned error = (selector & 0xfffc) | ext, rpl = selector & 3;
    if (!(selector & 0xfffc))
        return seg == SEG_CS || seg == SEG_SS ? raise_code(c, EXC_TS, error) : true;
    enum descriptor_status status = descriptor_read(c, selector, false, &d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d.raw);
    unsigned dpl = descriptor_dpl(d.raw);
    bool code = attr & 8, conforming = attr & 4, ok;
    if (seg == SEG_CS)
        ok = code && (conforming ? dpl <= rpl : dpl == rpl);
    else if (seg == SEG_SS)
        ok = !code && attr & 2 && dpl == c->cpl && rpl == c->cpl;
    else
        ok = (!code || attr & 2) && ((code && conforming) || (dpl >= c->cpl && dpl >= rpl));
    if (status == DESC_OUTSIDE || !(attr & ATTR_S) || !ok)
        return raise_code(c, EXC_TS, error);
    if (!(attr & ATTR_P))
        return raise_code(c, seg == SEG_SS ? EXC_SS : EXC_NP, error);
    if (!descriptor_accessed(c, &d))
        return false;
    segment_set(c, seg, selector, d.raw);
    cpu_update_mode(c);
    return true;
}

static bool load_segments(struct cpu *c, const struct task_state *t, unsigned ext)
{
    static const uint8_t order[] = {SEG_SS, SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    if (!load_ldt(c, t->ldt, ext))
        return false;
    if (c->s.rflags & F_VM) {
        v86_segments(c, t->seg);
        cpu_update_mode(c);
        return true;
    }
    if (!load_segment(c, SEG_CS, t->seg[SEG_CS], ext))
        return false;
    for (unsigned n = 0; n < ARRAY_LEN(order); n++)
        if (!load_segment(c, order[n], t->seg[order[n]], ext))
            return false;
    return true;
}

// ---- the switch -----------------------------------------------------------------------------------------------------

bool task_switch(struct cpu *c, uint16_t selector, struct descriptor *tss, enum task_source from, unsigned ext,
                 uint64_t flags)
{
    uint16_t attr = descriptor_attr(tss->raw), old_selector = c->s.tr[0].selector;
    uint64_t base = descriptor_base(tss->raw), old_base = c->s.tr[0].base, old_linear;
    const struct tss_layout *l = layout(attr), *old = layout(c->s.tr[0].attr);
    struct task_state t;
    bool nested = from == TASK_CALL || from == TASK_INTERRUPT;
    if (descriptor_limit(tss->raw) < l->limit)
        return raise_code(c, EXC_TS, (selector & 0xfffc) | ext);
    if (c->s.tr[0].limit < old->limit)
        return raise_code(c, EXC_TS, (old_selector & 0xfffc) | ext);
    old_linear = c->s.gdtr[0].base + (old_selector & 0xfff8u);
    if (!system_probe(c, base, l->limit + 1, nested ? FOR_WRITE : FOR_READ) ||
        !system_probe(c, old_base, old->limit + 1, FOR_WRITE) || !read_state(c, base, attr, &t))
        return false;
    if (from == TASK_IRET)
        flags &= ~(uint64_t)F_NT;
    // The busy bits go first: they are the last thing that can fault.
    if (!nested && !set_busy(c, old_linear, false))
        return false;
    if (from != TASK_IRET && !set_busy(c, tss->linear, true))
        return false;
    write_state(c, old_base, c->s.tr[0].attr, flags);
    if (nested)
        system_write(c, base, 2, old_selector, TLB_KERNEL);

    // Behind the point of no return.
    c->switched = 1;
    c->delivered = 1;
    c->attention = 1;
    c->link_from = NULL;
    c->s.tr[0] = (struct segment_state){base, descriptor_limit(tss->raw), selector, attr | TSS_BUSY};
    c->s.cr0 |= CR0_TS;
    c->s.dr7 &= ~(uint64_t)DR7_LOCAL;
    for (unsigned n = 0; n < 8; n++)
        c->s.reg[n] = t.reg[n];
    c->s.rip = t.eip;
    if (l->width == 2) // a 16-bit image has no upper half
        t.eflags &= 0xffff;
    uint64_t mask = F_ARITH | F_TF | F_IF | F_DF | F_IOPL | F_NT | F_RF | F_VM | F_AC | F_VIF | F_VIP | F_ID;
    flags_write(c, t.eflags | (nested ? F_NT : 0), mask);
    // Until its descriptor is there, a segment register holds its selector but is unusable.
    unsigned cpl = c->s.rflags & F_VM ? 3 : t.seg[SEG_CS] & 3;
    for (unsigned n = 0; n < SEG_COUNT; n++)
        c->s.seg[n] =
            (struct segment_state){.selector = t.seg[n], .attr = (uint16_t)(n == SEG_SS ? cpl << ATTR_DPL_SHIFT : 0)};
    c->s.ldtr[0] = (struct segment_state){.selector = t.ldt};
    debug_update(c); // and the mode
    if (l->width == 4 && c->s.cr0 & CR0_PG && !cr_write(c, 3, t.cr3))
        return raise_code(c, EXC_GP, 0);
    if (!load_segments(c, &t, ext))
        return false;
    if (t.trap)
        c->s.db_pending |= 32;
    return true;
}

enum exec_result task_return(struct cpu *c, const struct insn *i)
{
    uint64_t link;
    struct descriptor tss;
    c->switched = 0;
    if (!system_read(c, c->s.tr[0].base, 2, &link))
        return checked_fault(c, i);
    unsigned error = link & 0xfffc;
    if (link & 4)
        return fault_code(c, i, EXC_TS, error);
    enum descriptor_status status = descriptor_read(c, (uint16_t)link, false, &tss);
    if (status == DESC_FAULT)
        return checked_fault(c, i);
    if (status == DESC_OUTSIDE || !is_tss(descriptor_attr(tss.raw), true))
        return fault_code(c, i, EXC_TS, error);
    if (!(descriptor_attr(tss.raw) & ATTR_P))
        return fault_code(c, i, EXC_NP, error);
    c->s.rip = rip_after(c, i);
    if (!task_switch(c, (uint16_t)link, &tss, TASK_IRET, 0, cpu_rflags(c)))
        return checked_fault(c, i);
    if (c->s.rip > c->s.seg[SEG_CS].limit) {
        raise_code(c, EXC_GP, 0);
        return checked_fault(c, i);
    }
    c->switched = 0;
    c->tick += i->index + 1u;
    return EXEC_LEAVE;
}
