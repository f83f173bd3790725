// One look into the TLB for several accesses of a block: those with the same base register, no index, and displacements
// close to each other. The first of them checks the whole range, a window; the others add the register to the distance
// between host and guest that it left in engine.window, and touch no flags.
//
// A window ends when its register is set to something else (the stack pointer may move by constants), and at every call
// of a C function, which could change what the page may be used for: so a slow path behind which a window would go on
// leaves the block instead.
#include "jit/x64_tr.h"

#define WINDOW_SPAN 256 // bytes: more would lie across two pages too often

// Bytes of the ModRM memory operand where templates use windows, else 0.
static unsigned access_size(const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    unsigned size = 0;
    if (!(i->flags & INSN_MEM) || r->access == ACC_NONE || r->map > MAP_0F3A || r->attr & (A_FPU | A_MMX | A_STRING))
        return 0;
    for (unsigned n = 0; n < 3; n++) {
        switch (r->op[n]) {
        case Ev:
        case Ey:
            size = i->opsize;
            break;
        case Eb:
        case Mb:
            size = 1;
            break;
        case Ew:
        case Mw:
            size = 2;
            break;
        case Ed:
        case Wd:
        case Md:
            size = 4;
            break;
        case Eq:
        case Wq:
        case Mq:
            size = 8;
            break;
        case Wx:
        case Mdq:
            return 0; // may have to be aligned
        default:
            break;
        }
    }
    return size;
}

static bool flat(const struct tr *t, const struct insn *i)
{
    return i->ea == (t->long_mode ? EA_FLAT : EA_FLAT32) && i->idx == REG_ZERO && i->base < 16;
}

// What an instruction does to the stack pointer by a constant. False: nothing of that kind.
static bool stack_step(const struct tr *t, const struct insn *i, int *by)
{
    const struct insn_row *r = tr_row_of(i);
    int size = (int)tr_stack_size(t);
    unsigned n = i->modrm >> 3 & 7;
    if (r->map != MAP_1 || (int)i->opsize != size)
        return false;
    switch (r->opcode) {
    case 0x50:
    case 0x68:
    case 0x6a:
    case 0xe8:
        *by = -size;
        return true;
    case 0x58:
        *by = size;
        return i->reg != RSP;
    case 0xff:
        *by = -size;
        return n == 6 || n == 2;
    case 0x81:
    case 0x83:
        *by = n == 5 ? -(int)i->imm : (int)i->imm;
        return !(i->flags & INSN_MEM) && i->rm == RSP && (n == 0 || n == 5);
    case 0x8d:
        *by = i->disp;
        return i->reg == RSP && i->base == RSP && i->idx == REG_ZERO && i->ea == (t->long_mode ? EA_FLAT : EA_FLAT32);
    default:
        return false;
    }
}

// Whether it may set guest register `g`.
static bool modifies(const struct insn *i, unsigned g)
{
    const struct insn_row *r = tr_row_of(i);
    if (r->implicit_written & R_(g))
        return true;
    for (unsigned n = 0; n < 3; n++) {
        switch (r->op[n]) {
        case Gb:
        case Gw:
        case Gd:
        case Gq:
        case Gv:
        case Gy:
            if ((i->reg & 15) == g)
                return true;
            break;
        case Zb:
        case Zv:
        case Zq:
            if ((i->reg & 15) == g || (i->rm & 15) == g)
                return true;
            break;
        case Eb:
        case Ew:
        case Ed:
        case Eq:
        case Ev:
        case Ey:
            if (!(i->flags & INSN_MEM) && (i->rm & 15) == g)
                return true;
            break;
        case rAL:
        case rAX:
        case rEAX:
            if (g == RAX)
                return true;
            break;
        default:
            break;
        }
    }
    return false;
}

// Whether it compares or tests, or otherwise only reads its register operands: the frequent cases.
static bool reads_only(const struct insn *i)
{
    const struct insn_row *r = tr_row_of(i);
    unsigned o = r->opcode, n = i->modrm >> 3 & 7;
    if (r->map != MAP_1)
        return false;
    if ((o >= 0x38 && o <= 0x3d) || o == 0x84 || o == 0x85 || o == 0xa8 || o == 0xa9)
        return true;
    if (o >= 0x80 && o <= 0x83)
        return n == 7;
    if (o == 0xf6 || o == 0xf7)
        return n < 2;
    if (i->flags & INSN_MEM) // a register is stored, or read beside memory
        return (o < 0x40 && !(o & 2)) || o == 0x88 || o == 0x89;
    return false;
}

static bool changes(const struct insn *i, unsigned g)
{
    return !reads_only(i) && modifies(i, g);
}

struct range {
    int lo, hi;
    unsigned count;
};

static void include(struct range *r, int at, unsigned size)
{
    int lo = r->count && r->lo < at ? r->lo : at, end = at + (int)size, hi = r->count && r->hi > end ? r->hi : end;
    if (hi - lo > WINDOW_SPAN)
        return;
    *r = (struct range){lo, hi, r->count + 1};
}

// The accesses from instruction k on that a window on `base` could serve.
static struct range group(const struct tr *t, unsigned base, bool write)
{
    struct range r = {0};
    int moved = 0;
    for (unsigned n = t->k; n < t->b->count; n++) {
        const struct insn *i = &t->b->insn[n];
        const struct insn_row *row = tr_row_of(i);
        unsigned size = access_size(i);
        int by;
        if (!tr_plain(i))
            break;
        if (size && i->base == base && flat(t, i) && (base == RSP || (row->access != ACC_R) == write))
            include(&r, i->disp + moved, size);
        bool step = stack_step(t, i, &by);
        if (base == RSP && row->map == MAP_1) {
            unsigned o = row->opcode;
            if (step && by < 0 && (o == 0x50 || o == 0x68 || o == 0x6a || o == 0xe8 || o == 0xff))
                include(&r, moved + by, tr_stack_size(t));
            if (o == 0x58 || o == 0xc3)
                include(&r, moved, tr_stack_size(t));
        }
        if (base == RSP && step)
            moved += by;
        else if (changes(i, base))
            break;
    }
    return r;
}

static struct window *find(struct tr *t, unsigned base, bool write, int at, unsigned size)
{
    for (unsigned n = 0; n < WINDOWS; n++) {
        struct window *w = &t->window[n];
        if (w->live && w->base == base && (w->write || !write) && at + w->moved >= w->lo &&
            at + w->moved + (int)size <= w->hi)
            return w;
    }
    return NULL;
}

static struct mem window_slot(unsigned n)
{
    return cpu_at(offsetof(struct cpu, engine.window) + 8 * n);
}

bool tr_window(struct tr *t, unsigned base, int at, unsigned size, bool write, struct mem *m)
{
    struct emit *e = &t->e;
    if (base >= 16 || host_of[base] == NOWHERE)
        return false;
    unsigned host = (unsigned)host_of[base];
    *m = (struct mem){HDI, (uint8_t)host, 0, at};
    struct window *w = find(t, base, write, at, size);
    if (w) {
        mov_load(e, X_64, HDI, window_slot((unsigned)(w - t->window)));
        return true;
    }
    bool as_write = base == RSP || write;
    struct range r = group(t, base, as_write);
    if (r.count < 2 || at < r.lo || at + (int)size > r.hi)
        return false;
    unsigned n = t->next_window++ % WINDOWS;
    tr_clobber(t);
    emit_rm(e, 0x8d, t->long_mode ? X_64 : X_32, HSI, (struct mem){(uint8_t)host, HSP, 0, r.lo});
    struct mem place = tr_lookup(t, (unsigned)(r.hi - r.lo), as_write, false);
    emit_rm(e, 0x8d, X_64, HDI, place);
    emit_rr(e, 0x2b, X_64, HDI, host);
    if (r.lo)
        emit_rm(e, 0x8d, X_64, HDI, (struct mem){HDI, HSP, 0, -r.lo});
    mov_store(e, X_64, window_slot(n), HDI);
    t->window[n] = (struct window){.base = (uint8_t)base, .write = as_write, .live = true, .lo = r.lo, .hi = r.hi};
    tr_slow_of(t)->leaves = true;
    return true;
}

bool tr_windows_live(const struct tr *t)
{
    for (unsigned n = 0; n < WINDOWS; n++)
        if (t->window[n].live)
            return true;
    return false;
}

void tr_windows_end(struct tr *t)
{
    for (unsigned n = 0; n < WINDOWS; n++)
        t->window[n].live = false;
}

void tr_windows_after(struct tr *t, const struct insn *i)
{
    int by;
    bool step = stack_step(t, i, &by);
    for (unsigned n = 0; n < WINDOWS; n++) {
        struct window *w = &t->window[n];
        if (!w->live)
            continue;
        if (w->base == RSP && step)
            w->moved += by;
        else if (changes(i, w->base))
            w->live = false;
    }
}
