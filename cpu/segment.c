// Descriptors and segment registers (SDM vol. 3A, chapters 3 and 5), the stacks of inner levels, and the mode word
// derived from all that.
//
// Differs: a segment that protected mode left unusable gets 64 KiB when real mode loads it.
#include "cpu/segment.h"

bool raise_vector(struct cpu *c, unsigned vector)
{
    c->exc = (struct exception_info){.vector = (uint8_t)vector};
    return false;
}

bool raise_code(struct cpu *c, unsigned vector, unsigned error)
{
    c->exc = (struct exception_info){.vector = (uint8_t)vector, .has_error = true, .error = (uint16_t)error};
    return false;
}

enum descriptor_status descriptor_read(struct cpu *c, uint16_t selector, bool system, struct descriptor *d)
{
    const struct segment_state *table = selector & 4 ? &c->s.ldtr[0] : &c->s.gdtr[0];
    unsigned size = system && c->s.efer & EFER_LMA ? 16 : 8, at = selector & 0xfff8u;
    if (selector & 4 && !(table->attr & ATTR_P))
        return DESC_OUTSIDE;
    if (at + size - 1 > table->limit)
        return DESC_OUTSIDE;
    d->linear = table->base + at;
    d->upper = 0;
    if (!system_read(c, d->linear, 8, &d->raw))
        return DESC_FAULT;
    if (size == 16 && !system_read(c, d->linear + 8, 8, &d->upper))
        return DESC_FAULT;
    return DESC_OK;
}

void segment_set(struct cpu *c, unsigned seg, uint16_t selector, uint64_t raw)
{
    c->s.seg[seg] = (struct segment_state){descriptor_base(raw), descriptor_limit(raw), selector, descriptor_attr(raw)};
}

void segment_load_real(struct cpu *c, unsigned seg, uint16_t selector)
{
    struct segment_state *s = &c->s.seg[seg];
    s->selector = selector;
    s->base = (uint64_t)selector << 4;
    if (!(s->attr & ATTR_P) || c->s.rflags & F_VM)
        s->limit = 0xffff; // else it stays, and D/B too ("unreal" mode); every segment, CS too, can be written
    s->attr = c->s.rflags & F_VM ? ATTR_V86 : (s->attr & 0xff00) | ATTR_P | ATTR_S | 3;
    cpu_update_mode(c);
}

bool descriptor_accessed(struct cpu *c, struct descriptor *d)
{
    if (d->raw >> 40 & 1)
        return true;
    d->raw |= (uint64_t)1 << 40;
    return system_write(c, d->linear + 5, 1, d->raw >> 40 & 0xff, TLB_KERNEL);
}

bool segment_load(struct cpu *c, unsigned seg, uint16_t selector)
{
    if (!(c->s.cr0 & CR0_PE) || c->s.rflags & F_VM) {
        segment_load_real(c, seg, selector);
        return true;
    }
    bool mode64 = c->mode & MODE_64;
    unsigned rpl = selector & 3;
    if (!(selector & 0xfffc)) {
        // A null selector: allowed in data registers, and in SS of 64-bit code that is not in ring 3.
        if (seg == SEG_SS && !(mode64 && c->cpl != 3 && rpl == c->cpl))
            return raise_code(c, EXC_GP, 0);
        struct segment_state *s = &c->s.seg[seg];
        s->selector = selector;
        s->attr = seg == SEG_SS ? (uint16_t)(c->cpl << ATTR_DPL_SHIFT | ATTR_DB) : 0;
        s->base = 0;
        s->limit = 0;
        cpu_update_mode(c);
        return true;
    }
    struct descriptor d;
    enum descriptor_status status = descriptor_read(c, selector, false, &d);
    if (status == DESC_FAULT)
        return false;
    unsigned error = selector & 0xfffc;
    if (status == DESC_OUTSIDE)
        return raise_code(c, EXC_GP, error);
    uint16_t attr = descriptor_attr(d.raw);
    unsigned dpl = descriptor_dpl(d.raw);
    bool code = attr & 8, conforming = attr & 4;
    if (seg == SEG_SS) {
        if (!(attr & ATTR_S) || code || !(attr & 2) || rpl != c->cpl || dpl != c->cpl)
            return raise_code(c, EXC_GP, error);
        if (!(attr & ATTR_P))
            return raise_code(c, EXC_SS, error);
    } else {
        if (!(attr & ATTR_S) || (code && !(attr & 2)))
            return raise_code(c, EXC_GP, error);
        if (!(code && conforming) && (rpl > dpl || c->cpl > dpl))
            return raise_code(c, EXC_GP, error);
        if (!(attr & ATTR_P))
            return raise_code(c, EXC_NP, error);
    }
    if (!descriptor_accessed(c, &d))
        return false;
    segment_set(c, seg, selector, d.raw);
    cpu_update_mode(c);
    return true;
}

// ---- gates and their stacks -----------------------------------------------------------------------------------------

bool gate_target(struct cpu *c, uint16_t selector, unsigned ext, struct descriptor *d)
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
    // In long mode gates lead to 64-bit code.
    if (c->s.efer & EFER_LMA && (!(attr & ATTR_L) || attr & ATTR_DB))
        return raise_code(c, EXC_GP, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_NP, error);
    return true;
}

void frame_current(const struct cpu *c, struct stack_frame *f, unsigned size, bool flat64)
{
    f->ss = c->s.seg[SEG_SS];
    f->size = size;
    f->context = tlb_context(c);
    f->mask = flat64 ? ~(uint64_t)0 : f->ss.attr & ATTR_DB && !(c->mode & MODE_VM) ? 0xffffffffu : 0xffffu;
    if (flat64)
        f->ss.base = 0;
    f->sp = c->s.reg[RSP] & f->mask;
}

bool frame_inner(struct cpu *c, struct stack_frame *f, unsigned cpl, unsigned size, unsigned ext)
{
    const struct segment_state *tr = &c->s.tr[0];
    bool tss32 = tr->attr & 8;
    unsigned at = tss32 ? 4 + 8 * cpl : 2 + 4 * cpl, width = tss32 ? 4 : 2;
    uint64_t sp, ss;
    struct descriptor d;
    if (at + width + 1 > tr->limit)
        return raise_code(c, EXC_TS, (tr->selector & 0xfffc) | ext);
    if (!system_read(c, tr->base + at, width, &sp) || !system_read(c, tr->base + at + width, 2, &ss))
        return false;
    unsigned error = (ss & 0xfffc) | ext;
    if (!(ss & 0xfffc))
        return raise_code(c, EXC_TS, ext);
    enum descriptor_status status = descriptor_read(c, (uint16_t)ss, false, &d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d.raw);
    if (status == DESC_OUTSIDE || (ss & 3) != cpl || descriptor_dpl(d.raw) != cpl || !(attr & ATTR_S) || attr & 8 ||
        !(attr & 2))
        return raise_code(c, EXC_TS, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_SS, error);
    if (!descriptor_accessed(c, &d))
        return false;
    f->ss =
        (struct segment_state){descriptor_base(d.raw), descriptor_limit(d.raw), (uint16_t)ss, descriptor_attr(d.raw)};
    f->mask = attr & ATTR_DB ? 0xffffffffu : 0xffffu;
    f->sp = sp & f->mask;
    f->size = size;
    f->context = tlb_context_at(c, cpl);
    return true;
}

bool frame_inner64(struct cpu *c, unsigned offset, unsigned ext, uint64_t *sp)
{
    const struct segment_state *tr = &c->s.tr[0];
    if (offset + 7 > tr->limit)
        return raise_code(c, EXC_TS, (tr->selector & 0xfffc) | ext);
    if (!system_read(c, tr->base + offset, 8, sp))
        return false;
    return canonical(*sp) || raise_code(c, EXC_SS, ext);
}

bool frame_room(struct cpu *c, const struct stack_frame *f, unsigned slots, unsigned error)
{
    uint64_t sp = f->sp;
    for (unsigned n = 0; n < slots; n++) {
        sp = (sp - f->size) & f->mask;
        if (f->mask == ~(uint64_t)0 ? !canonical(sp) || !canonical(sp + f->size - 1)
                                    : !segment_allows(c, SEG_SS, &f->ss, (uint32_t)sp, f->size, FOR_WRITE))
            return raise_code(c, EXC_SS, error);
    }
    return true;
}

bool frame_push(struct cpu *c, struct stack_frame *f, uint64_t v)
{
    f->sp = (f->sp - f->size) & f->mask;
    return system_write(c, f->ss.base + f->sp, f->size, v, f->context);
}

void frame_commit(struct cpu *c, const struct stack_frame *f, bool new_segment)
{
    if (new_segment)
        c->s.seg[SEG_SS] = f->ss;
    c->s.reg[RSP] = f->mask == 0xffff ? (c->s.reg[RSP] & ~(uint64_t)0xffff) | f->sp : f->sp;
}

struct segment_state stack_null(unsigned cpl)
{
    return (struct segment_state){.selector = (uint16_t)cpl, .attr = (uint16_t)(cpl << ATTR_DPL_SHIFT)};
}

// ---- the mode word --------------------------------------------------------------------------------------------------

static bool flat(const struct segment_state *s)
{
    return s->base == 0 && s->limit == 0xffffffffu && (s->attr & (ATTR_P | ATTR_S)) == (ATTR_P | ATTR_S) &&
           !(s->attr & 4);
}

void cpu_update_mode(struct cpu *c)
{
    const struct segment_state *cs = &c->s.seg[SEG_CS], *ss = &c->s.seg[SEG_SS];
    bool pe = c->s.cr0 & CR0_PE, vm = c->s.rflags & F_VM, lma = c->s.efer & EFER_LMA;
    c->cpl = !pe ? 0 : vm ? 3 : ss->attr >> ATTR_DPL_SHIFT & 3;
    uint32_t mode = 0;
    if (lma && cs->attr & ATTR_L)
        mode |= MODE_64;
    else if (cs->attr & ATTR_DB && !vm)
        mode |= MODE_32;
    if (ss->attr & ATTR_DB && !vm && !(mode & MODE_64))
        mode |= MODE_STACK32;
    mode |= (pe ? MODE_PE : 0) | (vm ? MODE_VM : 0) | (lma ? MODE_LMA : 0);
    mode |= c->cpl == 3 ? MODE_CPL3 : c->cpl == 0 ? MODE_CPL0 : 0;
    // Writable data everywhere, readable code: then no access can fail a segment check but by its type.
    if (!(mode & MODE_64) && flat(cs) && flat(ss) && flat(&c->s.seg[SEG_DS]) && flat(&c->s.seg[SEG_ES]) &&
        c->s.seg[SEG_DS].attr & 2 && c->s.seg[SEG_ES].attr & 2 && !(c->s.seg[SEG_DS].attr & 8) &&
        !(c->s.seg[SEG_ES].attr & 8) && cs->attr & 2)
        mode |= MODE_FLAT;
    if (c->s.cr0 & (CR0_EM | CR0_TS))
        mode |= MODE_NO_FPU;
    if (c->s.cr0 & CR0_EM || !(c->s.cr4 & CR4_OSFXSR))
        mode |= MODE_NO_SSE;
    if ((c->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        mode |= MODE_NO_WAIT;
    if (c->watch_code)
        mode |= MODE_DEBUG;
    if (!(c->s.cr4 & CR4_OSXSAVE))
        mode |= MODE_NO_XSAVE;
    c->mode = mode;
    unsigned context = tlb_context(c);
    // Alignment is checked by the slow paths: a TLB that has nothing leads every access there.
    c->align_check = c->cpl == 3 && c->s.rflags & F_AC && c->s.cr0 & CR0_AM;
    c->tlb = c->align_check ? &c->no_tlb : &c->data_tlb[context];
    // Instruction fetch knows user and kernel only.
    c->exec_tlb = c->fetch_tlb[context == TLB_USER ? TLB_USER : TLB_KERNEL];
}

void flags_write(struct cpu *c, uint64_t value, uint64_t mask)
{
    flags_import(c, (flags_arith(c) & ~mask) | (value & mask));
    mask &= ~(uint64_t)F_ARITH;
    uint64_t old = c->s.rflags;
    c->s.rflags = (old & ~mask) | (value & mask) | 2;
    if ((old ^ c->s.rflags) & (F_VM | F_AC))
        cpu_update_mode(c);
    if (c->s.rflags & (F_IF | F_TF | F_RF))
        c->attention = 1;
}
