// Translation of blocks, and the common parts of translated code.
#include "jit/x64_tr.h"

// ---- blocks
// ----

static void emit_slow(struct tr *t, const struct slow *s)
{
    struct emit *e = &t->e;
    for (unsigned n = 0; n < s->sites && !e->full; n++)
        emit_patch(e->base, s->site[n], e->at);
    if (s->last) {
        if (s->flags_saved) {
            emit_rm(e, X_0F | 0xb7, X_32, HAX, CPU(engine.flags));
        }
        tr_last_insn(t, s->k);
        return;
    }
    tr_call_insn(t, s->k);
    if (s->leaves) {
        tr_leave_at(t, t->b->insn[s->k].ip, t->b->count - s->k - 1);
        return;
    }
    if (s->hot_after) {
        emit_byte(e, 0x04);
        emit_byte(e, 0x7f);
        emit_byte(e, 0x9e);
    }
    emit_jump_to(e, ALWAYS, s->resume);
}

uint32_t translate_block(struct jit *j, struct block *b)
{
    struct tr t = {.e = {.base = j->mem.write, .at = (j->used + 15) & ~15u, .end = j->room},
                   .j = j,
                   .b = b,
                   .context = b->mode & MODE_CPL3 ? TLB_USER : TLB_KERNEL,
                   .long_mode = b->mode & MODE_64,
                   .in_ax = true};
    struct slow slows[MAX_SLOW];
    t.slows = slows;
    struct emit *e = &t.e;
    uint32_t entry = e->at, load_site = 0, load_back = 0;
    bool vectors = false;
    for (unsigned k = 0; k < b->count; k++)
        vectors |= (tr_row_of(&b->insn[k])->attr & A_SSE) != 0;

    group1(e, X_64, 5, H15, b->count); // sub r15, count
    uint32_t budget_site = emit_jump(e, CC_S);
    if (vectors) {
        emit_rm(e, 0x80, 0, 7, CPU(engine.vectors_live)); // cmp byte, 0
        emit_byte(e, 0);
        load_site = emit_jump(e, CC_Z);
        load_back = e->at;
    }
    for (t.k = 0; t.k < b->count && !t.ended; t.k++)
        tr_translate_insn(&t);
    if (!t.ended) {
        tr_clobber(&t);
        if (b->end < PAGE_SIZE)
            tr_edge(&t, ALWAYS, b->end);
        else
            tr_leave_at(&t, b->end, 0);
    }
    for (unsigned n = 0; n < t.slow_count; n++)
        emit_slow(&t, &t.slows[n]);
    if (!e->full)
        emit_patch(e->base, budget_site, e->at);
    tr_leave_at(&t, b->off, b->count);
    if (vectors) {
        if (!e->full)
            emit_patch(e->base, load_site, e->at);
        emit_byte(e, 0xe8);
        emit_u32(e, j->load_vectors - (e->at + 4));
        emit_jump_to(e, ALWAYS, load_back);
    }
    for (unsigned n = 0; n < t.edges && !t.failed; n++) {
        struct jit_edge *x = t.edge[n];
        x->stub = e->at;
        mov_imm(e, HDI, (uintptr_t)x);
        emit_jump_to(e, ALWAYS, j->leave_edge);
        if (!e->full)
            emit_patch(e->base, x->site, x->stub);
    }
    if (e->full || t.failed)
        return 0;
    j->used = e->at;
    return entry;
}

void translate_link(struct jit *j, const struct jit_edge *e, uint32_t target)
{
    emit_patch(j->mem.write, e->site, target);
}

// ---- the common parts
// ----

static void store_regs(struct emit *e)
{
    for (unsigned g = 0; g < 16; g++)
        if (host_of[g] != NOWHERE)
            mov_store(e, X_64, slot(g), (unsigned)host_of[g]);
}

static void load_regs(struct emit *e)
{
    for (unsigned g = 0; g < 16; g++)
        if (host_of[g] != NOWHERE)
            mov_load(e, X_64, (unsigned)host_of[g], slot(g));
    emit_rm(e, X_0F | 0xb7, X_32, HAX, CPU(engine.flags));
}

static struct mem vector_slot(unsigned n)
{
    return cpu_at(offsetof(struct cpu, s.vec) + 32 * n);
}

static const uint8_t saved[] = {HBX, HBP, H12, H13, H14, H15};

static void call_c(struct emit *e, uintptr_t fn)
{
    mov_imm(e, HAX, fn);
    emit_rr(e, 0xff, 0, 2, HAX);
}

// The exact tick at the block's begin; ESI is its length. Uses RAX.
static void store_tick(struct emit *e)
{
    mov_load(e, X_64, HAX, CPU(limit));
    emit_rr(e, 0x2b, X_64, HAX, H15);
    emit_rr(e, 0x2b, X_64, HAX, HSI);
    mov_store(e, X_64, CPU(tick), HAX);
}

// Calls `save` if the vectors are live.
static void drop_vectors(struct emit *e, uint32_t save)
{
    emit_rm(e, 0x80, 0, 7, CPU(engine.vectors_live));
    emit_byte(e, 0);
    uint32_t skip = emit_jump(e, CC_Z);
    emit_byte(e, 0xe8);
    emit_u32(e, save - (e->at + 4));
    emit_patch(e->base, skip, e->at);
}

bool translate_init(struct jit *j)
{
    struct emit e = {.base = j->mem.write, .at = 64, .end = j->room};

    uint32_t save = e.at;
    for (unsigned n = 0; n < 16; n++)
        emit_rm(&e, X_0F | 0x11, 0, n, vector_slot(n));
    emit_rm(&e, X_0F | 0xae, 0, 3, CPU(s.mxcsr));
    emit_rm(&e, X_0F | 0xae, 0, 2, CPU(engine.host_mxcsr));
    emit_rm(&e, 0xc6, 0, 0, CPU(engine.vectors_live));
    emit_byte(&e, 0);
    emit_byte(&e, 0xc3);

    j->load_vectors = e.at;
    for (unsigned n = 0; n < 16; n++)
        emit_rm(&e, X_0F | 0x10, 0, n, vector_slot(n));
    emit_rm(&e, X_0F | 0xae, 0, 3, CPU(engine.host_mxcsr));
    emit_rm(&e, X_0F | 0xae, 0, 2, CPU(s.mxcsr));
    emit_rm(&e, 0xc6, 0, 0, CPU(engine.vectors_live));
    emit_byte(&e, 1);
    emit_byte(&e, 0xc3);

    // enum exec_result enter(struct cpu *, const void *code)
    j->enter = e.at;
    for (unsigned n = 0; n < ARRAY_LEN(saved); n++)
        emit_head(&e, 0x50 + (saved[n] & 7), 0, 0, 0, saved[n]);
    group1(&e, X_64, 5, HSP, 8);
    mov_rr(&e, X_64, HBP, HDI);
    mov_load(&e, X_64, H15, CPU(limit));
    emit_rm(&e, 0x2b, X_64, H15, CPU(tick));
    load_regs(&e);
    emit_rr(&e, 0xff, 0, 4, HSI);

    uint32_t out = e.at;
    group1(&e, X_64, 0, HSP, 8);
    for (unsigned n = ARRAY_LEN(saved); n-- > 0;)
        emit_head(&e, 0x58 + (saved[n] & 7), 0, 0, 0, saved[n]);
    emit_byte(&e, 0xc3);

    // RDI: the edge
    j->leave_edge = e.at;
    mov_store(&e, X_64, CPU(engine.link), HDI);
    j->leave_next = e.at;
    mov_store(&e, X_16, CPU(engine.flags), HAX);
    emit_rm(&e, 0xc6, 0, 0, CPU(engine.flags_valid));
    emit_byte(&e, 1);
    mov_imm(&e, HSI, 0);
    store_tick(&e);
    store_regs(&e);
    drop_vectors(&e, save);
    mov_imm(&e, HAX, EXEC_NEXT);
    emit_jump_to(&e, ALWAYS, out);

    // RDI: the instruction; ESI: the block's length
    j->last = e.at;
    mov_store(&e, X_16, CPU(engine.flags), HAX);
    store_tick(&e);
    store_regs(&e);
    drop_vectors(&e, save);
    mov_rr(&e, X_64, HSI, HDI);
    mov_rr(&e, X_64, HDI, HBP);
    call_c(&e, (uintptr_t)jit_last_insn);
    emit_jump_to(&e, ALWAYS, out);

    // The same, called; comes back if the function has returned NEXT.
    j->call = e.at;
    group1(&e, X_64, 5, HSP, 8);
    mov_store(&e, X_16, CPU(engine.flags), HAX);
    store_tick(&e);
    store_regs(&e);
    emit_rm(&e, X_0F | 0xb6, X_32, HAX, CPU(engine.vectors_live));
    mov_store(&e, X_32, (struct mem){HSP, HSP, 0, 0}, HAX);
    drop_vectors(&e, save);
    mov_rr(&e, X_64, HSI, HDI);
    mov_rr(&e, X_64, HDI, HBP);
    call_c(&e, (uintptr_t)jit_call_insn);
    emit_rr(&e, 0x85, X_32, HAX, HAX);
    uint32_t stop = emit_jump(&e, CC_NZ);
    emit_rm(&e, 0x80, 0, 7, (struct mem){HSP, HSP, 0, 0});
    emit_byte(&e, 0);
    uint32_t skip = emit_jump(&e, CC_Z);
    emit_byte(&e, 0xe8);
    emit_u32(&e, j->load_vectors - (e.at + 4));
    emit_patch(e.base, skip, e.at);
    load_regs(&e);
    group1(&e, X_64, 0, HSP, 8);
    emit_byte(&e, 0xc3);
    emit_patch(e.base, stop, e.at);
    group1(&e, X_64, 0, HSP, 16);
    emit_jump_to(&e, ALWAYS, out);

    j->fixed = j->used = e.at;
    if (e.full)
        return false;
    translate_try_host(j);
    return true;
}

enum exec_result translate_enter(struct jit *j, uint32_t entry)
{
    enum exec_result (*enter)(struct cpu * c, const void *code);
    const uint8_t *p = j->mem.exec + j->enter;
    memcpy(&enter, &p, sizeof enter);
    return enter(j->c, j->mem.exec + entry);
}
