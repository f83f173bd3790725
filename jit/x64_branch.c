// Translation of branches: edges within the page, and the way to other pages.
#include "jit/x64_tr.h"

void tr_edge(struct tr *t, unsigned cc, unsigned target)
{
    struct jit_edge *x = code_alloc(t->j->c->code, sizeof *x);
    if (!x) {
        t->failed = true;
        return;
    }
    *x = (struct jit_edge){.from = t->b, .target = (uint16_t)target};
    x->site = emit_jump(&t->e, cc);
    t->edge[t->edges++] = x;
}

void tr_put_flags_aside(struct tr *t)
{
    tr_clobber(t);
    tr_slow_of(t)->flags_saved = true;
    mov_store(&t->e, X_16, CPU(engine.flags), HAX);
}

// Goes to the block at the RIP in RSI, if the fetch TLB and the page's entries know it; else the slow way. Just before
// it, the stack pointer moves by `stack`. The flags have been put aside.
static void indirect(struct tr *t, int stack)
{
    struct emit *e = &t->e;
    size_t array = offsetof(struct cpu, fetch_tlb) + t->context * sizeof(t->j->c->fetch_tlb[0]);
    struct mem tag = {HBP, HDI, 0, (int32_t)array}, page = tag;
    page.disp += (int32_t)offsetof(struct tlb_entry, host);
    mov_rr(e, X_32, HDI, HSI);
    shift_imm(e, X_32, 5, HDI, PAGE_SHIFT - 4);
    emit_rr(e, 0x81, X_32, 4, HDI);
    emit_u32(e, (TLB_ENTRIES - 1) << 4);
    mov_rr(e, X_64, HAX, HSI);
    emit_rm(e, 0x33, X_64, HAX, tag);
    emit_rr(e, 0x81, X_64, 7, HAX);
    emit_u32(e, PAGE_SIZE - 1);
    tr_slow_jump(t, CC_A);
    mov_load(e, X_64, HDI, page);
    emit_rm(e, 0x81, X_32, 7, (struct mem){HDI, HSP, 0, offsetof(struct code_page, entry_mode)});
    emit_u32(e, t->b->mode);
    tr_slow_jump(t, CC_NZ);
    mov_load(e, X_64, HDI, (struct mem){HDI, HSP, 0, offsetof(struct code_page, entry)});
    mov_load(e, X_32, HDI, (struct mem){HDI, HAX, 2, 0});
    emit_rr(e, 0x85, X_32, HDI, HDI);
    tr_slow_jump(t, CC_Z);
    emit_rr(e, 0x2b, X_64, HSI, HAX);
    mov_store(e, X_64, slot(REG_PAGE_RIP), HSI);
    if (stack)
        tr_stack_add(t, stack);
    emit_rm(e, X_0F | 0xb7, X_32, HAX, CPU(engine.flags));
    emit_rm(e, 0x03, X_64, HDI, CPU(engine.code));
    emit_rr(e, 0xff, 0, 4, HDI);
    t->ended = true;
}

void tr_rip_at(struct tr *t, int64_t off)
{
    mov_load(&t->e, X_64, HSI, slot(REG_PAGE_RIP));
    emit_rm(&t->e, 0x8d, t->long_mode ? X_64 : X_32, HSI, (struct mem){HSI, HSP, 0, (int32_t)off});
}

int64_t tr_branch_target(const struct insn *i)
{
    return i->ip + (int64_t)(int32_t)i->imm;
}

bool tr_in_page(int64_t target)
{
    return target >= 0 && target < PAGE_SIZE;
}

void tr_jump(struct tr *t, int64_t target, int stack)
{
    if (tr_in_page(target)) {
        tr_clobber(t);
        if (stack)
            tr_stack_add(t, stack);
        tr_edge(t, ALWAYS, (unsigned)target);
        t->ended = true;
        return;
    }
    tr_rip_at(t, target);
    indirect(t, stack);
}

bool tr_jcc(struct tr *t, const struct insn *i)
{
    int64_t target = tr_branch_target(i);
    if (!tr_in_page(i->ip))
        return false; // the page's last instruction: rare
    tr_save_flags(t);
    unsigned cc;
    if (t->in_host) {
        cc = i->modrm & 15;
    } else {
        cc = tr_condition_code(t, i->modrm & 15);
        if (!t->in_ax) { // it had to restore them
            tr_save_flags(t);
        }
    }
    if (tr_in_page(target)) {
        tr_edge(t, cc, (unsigned)target);
        tr_edge(t, ALWAYS, i->ip);
    } else {
        tr_edge(t, cc ^ 1, i->ip);
        tr_put_flags_aside(t);
        tr_rip_at(t, target);
        indirect(t, 0);
    }
    t->ended = true;
    return true;
}

// A CALL to the address in RSI, which is not canonical, must fault before it has written to the stack. The flags have
// been put aside. Uses RAX.
static void check_target(struct tr *t)
{
    struct emit *e = &t->e;
    if (!t->long_mode)
        return;
    mov_rr(e, X_64, HAX, HSI);
    shift_imm(e, X_64, 7, HAX, 47);
    group1(e, X_64, 0, HAX, 1); // 0 or 1 if all upper bits are the same
    group1(e, X_64, 7, HAX, 1);
    tr_slow_jump(t, CC_A);
}

bool tr_call_rel(struct tr *t, const struct insn *i)
{
    if (!tr_in_page(tr_branch_target(i))) {
        tr_put_flags_aside(t);
        tr_rip_at(t, tr_branch_target(i));
        check_target(t);
    }
    struct mem m = tr_push_place(t);
    tr_collapse(t, &m);
    tr_rip_at(t, i->ip);
    mov_store(&t->e, width(tr_stack_size(t)), m, HSI);
    tr_jump(t, tr_branch_target(i), -(int)tr_stack_size(t));
    return true;
}

bool tr_branch_ev(struct tr *t, const struct insn *i, bool call)
{
    unsigned size = tr_stack_size(t), w = width(size);
    tr_put_flags_aside(t);
    if (i->flags & INSN_MEM) {
        struct mem m;
        if (!tr_operand(t, i, size, false, &m))
            return false;
        mov_load(&t->e, w, HSI, m);
    } else {
        mov_rr(&t->e, w, HSI, tr_read_reg(t, i->rm, HSI));
    }
    if (call) {
        check_target(t);
        mov_store(&t->e, X_64, CPU(engine.word), HSI);
        struct mem m = tr_push_place(t);
        tr_collapse(t, &m);
        tr_rip_at(t, i->ip);
        mov_store(&t->e, w, m, HSI);
        mov_load(&t->e, X_64, HSI, CPU(engine.word));
    }
    indirect(t, call ? -(int)size : 0);
    return true;
}

bool tr_ret(struct tr *t)
{
    unsigned size = tr_stack_size(t);
    tr_put_flags_aside(t);
    struct mem m = tr_pop_place(t);
    mov_load(&t->e, width(size), HSI, m);
    indirect(t, (int)size);
    return true;
}
