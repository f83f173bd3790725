// The interpreter's run loop: finds blocks, runs them within the budget, and looks between them at whatever needs
// attention. Interrupts are therefore taken at ticks that depend on the guest alone, never on how it was cut into
// blocks.
//
// Not implemented: execution from device memory (#UD instead).
#include "cpu/code.h"
#include "cpu/debug.h"
#include "cpu/engine.h"
#include "cpu/observe.h"
#include "cpu/segment.h"

#include <stdlib.h>

// ---- endings
// -------------------------------------------------------------------------------------------------------------

enum exec_result leave(struct cpu *c, const struct insn *i)
{
    return leave_to(c, i, rip_after(c, i));
}

enum exec_result leave_to(struct cpu *c, const struct insn *i, uint64_t rip)
{
    c->tick += i->index + 1u;
    c->s.rip = rip;
    return EXEC_LEAVE;
}

enum exec_result fault(struct cpu *c, const struct insn *i, unsigned vector)
{
    c->s.rip = rip_of(c, i);
    c->tick += i->index;
    raise_vector(c, vector);
    return EXEC_FAULT;
}

enum exec_result fault_code(struct cpu *c, const struct insn *i, unsigned vector, unsigned error)
{
    fault(c, i, vector);
    raise_code(c, vector, error);
    return EXEC_FAULT;
}

// Blocks at s.rip that need no check go on at once: 64-bit mode, and flat segments; everything else is for the run
// loop.
enum exec_result jump_indirect(struct cpu *c)
{
    uint64_t rip = c->s.rip;
    struct tlb_entry *e = &c->exec_tlb[tlb_index(rip)];
    // Neither 64-bit nor flat, or with breakpoints: MODE_DEBUG is the highest of the three bits.
    bool slow = (c->mode & (MODE_64 | MODE_FLAT | MODE_DEBUG)) - 1u >= MODE_DEBUG - 1u;
    if (!CPU_TAIL_CALLS || unlikely((rip ^ e->tag) >= PAGE_SIZE) || unlikely(slow))
        return EXEC_NEXT;
    unsigned off = (unsigned)(rip & PAGE_MASK);
    struct block *b = code_find((struct code_page *)e->host, off, c->mode);
    if (unlikely(!b) || unlikely(b->unlinked) || unlikely(c->tick >= c->chain_limit) || c->stepping)
        return EXEC_NEXT;
    c->s.reg[REG_PAGE_RIP] = rip - off;
    return b->insn[0].fn(c, b->insn);
}

enum exec_result branch_slow(struct cpu *c, const struct insn *i, uint64_t rip, unsigned slot)
{
    c->s.rip = rip;
    struct block *b = block_of(i);
    if (((rip ^ c->s.reg[REG_PAGE_RIP]) & ~PAGE_MASK) != 0) {
        // A branch out of the address space faults itself; running off its end (slot 1), the next fetch does.
        if (unlikely(c->mode & MODE_64 && slot == 0 && !canonical(rip))) {
            c->tick -= i->index + 1u;
            return fault_gp0(c, i);
        }
        return jump_indirect(c); // another page: never linked
    }
    // A 16-bit target wraps by where the page is, which a link does not know.
    if (!b->link[slot] && !b->dead && i->opsize != 2) {
        c->link_from = b;
        c->link_slot = slot;
    }
    return EXEC_NEXT;
}

enum exec_result x_block_end(struct cpu *c, const struct insn *i)
{
    return branch(c, i, i->index, i->ip, 1);
}

enum exec_result x_step_end(struct cpu *c, const struct insn *i)
{
    c->tick += i->index;
    c->s.rip = rip_after(c, i);
    return EXEC_NEXT;
}

enum exec_result x_undefined(struct cpu *c, const struct insn *i)
{
    return fault(c, i, EXC_UD);
}
enum exec_result x_too_long(struct cpu *c, const struct insn *i)
{
    return fault_gp0(c, i);
}
enum exec_result x_privileged(struct cpu *c, const struct insn *i)
{
    return fault_gp0(c, i);
}
enum exec_result x_no_fpu(struct cpu *c, const struct insn *i)
{
    return fault(c, i, EXC_NM);
}
enum exec_result x_no_mmx(struct cpu *c, const struct insn *i)
{
    return fault(c, i, c->s.cr0 & CR0_EM ? EXC_UD : EXC_NM);
}

// ---- finding blocks
// -------------------------------------------------------------------------------------------------------

static void drop_all(struct cpu *c)
{
    tlb_flush(c);
    code_flush(c->code, c->phys);
    c->link_from = NULL;
    c->alone = NULL;
}

// The code page at a linear address, or NULL with the fault in c->exc.
static struct code_page *fetch_page(struct cpu *c, uint64_t linear)
{
    struct tlb_entry *e = &c->exec_tlb[tlb_index(linear)];
    if (likely((linear ^ e->tag) < PAGE_SIZE))
        return (struct code_page *)e->host;
    if (c->s.efer & EFER_LMA && !canonical(linear)) {
        raise_code(c, EXC_GP, 0);
        return NULL;
    }
    struct translation t;
    if (!translate(c, linear, FOR_EXEC, tlb_context(c), &t))
        return NULL;
    if (!t.page) {
        log_line(c->log, LOG_GUEST_ERROR, "cpu: execution outside RAM at %llx", (unsigned long long)t.phys);
        raise_vector(c, EXC_UD);
        return NULL;
    }
    struct code_page *page = code_page(c->code, c->phys, t.page);
    if (!page) {
        drop_all(c);
        page = code_page(c->code, c->phys, t.page);
    }
    if (t.cacheable)
        tlb_fill_fetch(c, linear, page);
    return page;
}

// The block at a linear address, decoded if need be; NULL with the fault in c->exc. Looking up a page can empty the
// cache, after which every pointer into it is stale: then it begins again.
static struct block *find_block(struct cpu *c, uint64_t linear)
{
    unsigned off = (unsigned)(linear & PAGE_MASK);
    bool crosses = false;
    for (int tries = 0; tries < 8; tries++) {
        uint64_t flushed = c->code->flushed;
        struct code_page *page = fetch_page(c, linear), *second = NULL;
        if (!page)
            return NULL;
        struct block *b = code_find(page, off, c->mode);
        if (crosses || (b && b->crosses)) {
            second = fetch_page(c, code_linear(c, c->s.rip - off + PAGE_SIZE));
            if (!second)
                return NULL;
        }
        if (c->code->flushed != flushed)
            continue;
        if (b && b->second == second)
            return b;
        if (b) // another page follows now
            code_invalidate(c->code, page->phys, off, PAGE_SIZE - off);
        if (!page->phys->code)
            tlb_protect(c, page->phys);
        if (second && !second->phys->code)
            tlb_protect(c, second->phys);
        b = code_decode(c->code, page, off, c->mode, second, &crosses);
        if (b && unlikely(c->observer.traces & TRACE_DECODE))
            observe_code(c, TRACE_DECODE, linear, b->count);
        if (b)
            return b;
        if (!crosses)
            drop_all(c);
    }
    // An empty cache has room for any block.
    log_line(c->log, LOG_HOST_ERROR, "cpu: the code cache is too small");
    raise_vector(c, EXC_MC);
    return NULL;
}

// The single instruction at s.rip, decoded anew, when only `room` bytes of the code segment are left: it must not reach
// beyond them, nor may the page behind be looked at for their sake.
static struct block *limited(struct cpu *c, uint64_t linear, uint64_t room)
{
    unsigned off = (unsigned)(linear & PAGE_MASK), here = PAGE_SIZE - off, n = room < 15 ? (unsigned)room : 15;
    struct code_page *page = fetch_page(c, linear);
    if (!page)
        return NULL;
    uint8_t bytes[16];
    memcpy(bytes, page->host + off, n < here ? n : here);
    struct block *b = c->step_block;
    struct insn *i = b->insn;
    i->index = 0;
    enum decode_status status = decode(&c->code->index, c->mode, bytes, n < here ? n : here, off, i);
    if (status == DECODE_MORE && n > here) {
        page = fetch_page(c, code_linear(c, c->s.rip + here));
        if (!page)
            return NULL;
        memcpy(bytes + here, page->host, n - here);
        status = decode(&c->code->index, c->mode, bytes, n, off, i);
    }
    if (status == DECODE_MORE) {
        raise_code(c, EXC_GP, 0);
        return NULL;
    }
    *b = (struct block){.mode = c->mode, .off = (uint16_t)off, .end = i->ip, .count = 1, .dead = 1};
    i[1] = (struct insn){.fn = x_step_end, .index = 1, .ip = i->ip};
    c->link_from = NULL;
    c->s.reg[REG_PAGE_RIP] = c->s.rip - off;
    return b;
}

// The block at s.rip, or NULL with the fault in c->exc.
static struct block *lookup(struct cpu *c)
{
    uint64_t linear = code_linear(c, c->s.rip);
    unsigned off = (unsigned)(linear & PAGE_MASK);
    if (!(c->mode & MODE_64)) {
        c->s.rip = (uint32_t)c->s.rip;
        uint64_t limit = c->s.seg[SEG_CS].limit, left = limit - c->s.rip;
        if (unlikely(c->s.rip > limit)) {
            raise_code(c, EXC_GP, 0);
            return NULL;
        }
        // A block may run up to the end of its page, an instruction at its end 14 bytes further.
        if (unlikely(left < PAGE_SIZE - 1 - off || (left < 14 && off > PAGE_SIZE - 15)))
            return limited(c, linear, left + 1);
    }
    struct code_page *page = fetch_page(c, linear);
    if (unlikely(!page))
        return NULL;
    struct block *b = code_find(page, off, c->mode);
    if (unlikely(!b || b->crosses)) {
        b = find_block(c, linear);
        if (!b)
            return NULL;
    }
    uint64_t page_rip = c->s.rip - off;
    struct block *from = c->link_from;
    if (from) {
        if (from->page == b->page && from->mode == b->mode && !b->unlinked && !from->dead &&
            page_rip == c->s.reg[REG_PAGE_RIP] && b->mode & (MODE_64 | MODE_FLAT) && !(b->mode & MODE_DEBUG))
            code_link(c->code, from, c->link_slot, b);
        c->link_from = NULL;
    }
    c->s.reg[REG_PAGE_RIP] = page_rip;
    return b;
}

// ---- running
// --------------------------------------------------------------------------------------------------------------

// Runs one decoded instruction by itself. `alone`: with everything allowed that must be done alone, and a REP for one
// iteration only.
static enum exec_result run_insn(struct cpu *c, const struct insn *i, bool alone)
{
    struct block *b = c->step_block;
    struct insn *copy = b->insn;
    b->link[0] = b->link[1] = NULL;
    b->dead = 1;
    copy[0] = *i;
    copy[0].index = 0;
    if (i->flags & INSN_FUSED)
        copy[0].fn = insn_plain_fn(i);
    copy[1] = (struct insn){.fn = x_step_end, .index = 1, .ip = i->ip};
    c->stepping = alone;
    enum exec_result r = copy[0].fn(c, copy);
    c->stepping = 0;
    c->link_from = NULL;
    return r;
}

static enum exec_result step_insn(struct cpu *c, const struct insn *i)
{
    enum exec_result r = run_insn(c, i, true);
    if (unlikely(c->watch_hit)) {
        if (r == EXEC_FAULT)
            c->watch_hit = 0;
        debug_commit(c);
    }
    if (r == EXEC_FAULT)
        c->observer.hit = false; // it did not complete
    return r;
}

static void finish(struct cpu *c, enum exec_result r)
{
    if (unlikely(r == EXEC_STEP))
        r = step_insn(c, c->alone);
    if (unlikely(r == EXEC_FAULT))
        exception_deliver(c);
}

// Whether an instruction breakpoint stands at s.rip: then #DB is in c->exc.
static bool breakpoint(struct cpu *c)
{
    return c->mode & MODE_DEBUG && !(c->s.rflags & F_RF) && debug_fetch(c, code_linear(c, c->s.rip));
}

// Whether the run stops before the instruction at s.rip, for an observer.
static bool stops(struct cpu *c)
{
    return unlikely(c->observer.code) && observe_fetch(c, code_linear(c, c->s.rip));
}

// The instruction at s.rip by itself, because of TF, RF or a shadow. TF set before it makes a single-step trap, but not
// if it faulted or entered a handler: the delivery has cleared TF. RF set before it is spent.
static void step(struct cpu *c, unsigned shadow)
{
    bool trap = c->s.rflags & F_TF;
    if (stops(c)) {
        c->s.shadow = (uint8_t)shadow;
        c->attention = 1;
        return;
    }
    c->delivered = 0;
    struct block *b = shadow != 2 && breakpoint(c) ? NULL : lookup(c);
    if (b) {
        c->s.rflags &= ~(uint64_t)F_RF;
        if (unlikely(c->observer.traces & TRACE_INSN))
            observe_code(c, TRACE_INSN, code_linear(c, c->s.rip), b->insn[0].len);
        finish(c, trap || shadow ? step_insn(c, b->insn) : run_insn(c, b->insn, false));
    } else {
        exception_deliver(c);
    }
    if (trap && !c->delivered && c->s.shadow != 2) {
        c->s.db_pending |= 16;
        c->attention = 1;
    }
}

// Whether the page of the next instruction is still known to be where it was.
static bool same_page(const struct cpu *c)
{
    uint64_t linear = code_linear(c, c->s.rip);
    return (linear ^ c->exec_tlb[tlb_index(linear)].tag) < PAGE_SIZE;
}

// A block instruction by instruction: only the first ones fit the budget, or each is to be traced.
static void run_single(struct cpu *c, struct block *b)
{
    if (unlikely(c->observer.traces & TRACE_BLOCK))
        observe_code(c, TRACE_BLOCK, code_linear(c, c->s.rip), b->count);
    for (unsigned k = 0; k < b->count && c->tick < c->limit; k++) {
        if (unlikely(c->observer.traces & TRACE_INSN))
            observe_code(c, TRACE_INSN, code_linear(c, rip_of(c, &b->insn[k])), b->insn[k].len);
        enum exec_result r = step_insn(c, &b->insn[k]);
        // An access done alone may have changed where code is.
        if (r != EXEC_NEXT || b->dead || c->attention || c->clock->deadline_changed || c->observer.hit ||
            c->map_changed || !same_page(c)) {
            finish(c, r);
            return;
        }
    }
}

// Between two instructions. True if it did something that takes time.
static bool attend(struct cpu *c)
{
    c->attention = 0;
    if (c->s.activity == CPU_SHUTDOWN || c->s.activity == CPU_WAIT_SIPI)
        return false;
    unsigned shadow = c->s.shadow;
    c->s.shadow = 0;
    if (c->s.db_pending && shadow != 2) {
        unsigned pending = c->s.db_pending;
        raise_vector(c, EXC_DB);
        c->exc.dr6 = (pending & 15) | (pending & 16 ? DR6_BS : 0) | (pending & 32 ? DR6_BT : 0);
        c->s.db_pending = 0;
        c->s.activity = CPU_RUNNING;
        c->attention = 1;
        exception_deliver(c);
        return true;
    }
    if (shadow) {
        c->attention = 1;
        if (c->s.activity == CPU_RUNNING)
            step(c, shadow);
        return true;
    }
    if (c->s.nmi_pending && !c->s.nmi_blocked) {
        c->s.nmi_pending = 0;
        c->s.nmi_blocked = 1;
        c->s.activity = CPU_RUNNING;
        c->attention = 1;
        c->observer.interrupts++;
        if (interrupt_enter(c, EXC_NMI, INTR_EXTERNAL, false, 0))
            c->tick++;
        else
            exception_deliver(c);
        return true;
    }
    if (c->s.intr && c->s.activity == CPU_MWAIT_ANY)
        c->s.activity = CPU_RUNNING;
    if (c->s.intr && c->s.rflags & F_IF) {
        c->clock->s.tick = c->tick;
        int vector = lapic_acknowledge(c->lapic);
        c->s.activity = CPU_RUNNING;
        c->attention = 1;
        if (vector >= 0) {
            c->observer.interrupts++;
            if (interrupt_enter(c, (unsigned)vector, INTR_EXTERNAL, false, 0))
                c->tick++;
            else
                exception_deliver(c);
        }
        return true;
    }
    if (c->s.rflags & (F_TF | F_RF) && c->s.activity == CPU_RUNNING) {
        c->attention = (c->s.rflags & F_TF) != 0;
        step(c, 0);
        return true;
    }
    return false;
}

// How long blocks may follow each other without coming back here.
#define CHAIN_TICKS 4096

// Whether the second engine has, or now makes, code for block `b` that may run now. Its code is for the plain data
// TLBs: not for SMAP let through by AC, nor for alignment checks; and it raises no floating-point exceptions.
static bool engine_runs(struct cpu *c, const struct cpu_engine *engine, struct block *b)
{
    if (!b->code) {
        // A dead block is the copy of an instruction at the end of the code segment: it has no page.
        if (b->heat >= engine->threshold || b->dead)
            return false;
        if (++b->heat < engine->threshold || b->unlinked)
            return false;
        engine->translate(engine->ctx, b);
        if (!b->code)
            return false;
        b->unlinked = 1;
        code_unlink(b);
    }
    return c->tlb == &c->data_tlb[c->cpl == 3 ? TLB_USER : TLB_KERNEL] && (c->s.mxcsr & 0x1f80) == 0x1f80;
}

enum cpu_stop cpu_run(struct cpu *c, uint64_t budget)
{
    const struct cpu_engine *engine = c->code->engine;
    c->tick = c->clock->s.tick;
    c->limit = budget > UINT64_MAX - c->tick ? UINT64_MAX : c->tick + budget;
    c->clock->deadline_changed = false;
    c->observer.hit = false;
    enum cpu_stop stop;
    for (;;) {
        // First, because the access that met a watchpoint may have been the last one of the budget.
        if (unlikely(c->observer.hit)) {
            stop = CPU_STOPPED;
            break;
        }
        if (c->tick >= c->limit) {
            stop = CPU_BUDGET;
            break;
        }
        if (unlikely(c->clock->deadline_changed)) {
            stop = CPU_DEADLINE;
            break;
        }
        if (unlikely(c->map_changed))
            cpu_map_changed(c);
        if (unlikely(c->attention) && attend(c))
            continue;
        if (unlikely(c->s.activity != CPU_RUNNING)) {
            stop = c->s.activity == CPU_SHUTDOWN || c->s.activity == CPU_WAIT_SIPI ? CPU_DEAD : CPU_HALT;
            break;
        }
        if (stops(c))
            continue;
        struct block *b = unlikely(c->mode & MODE_DEBUG) && breakpoint(c) ? NULL : lookup(c);
        if (unlikely(!b))
            exception_deliver(c);
        else if (unlikely(c->tick + b->count > c->limit) || unlikely(c->observer.traces & TRACE_FLOW))
            run_single(c, b);
        else {
            // A block that begins before this one ends within the budget.
            uint64_t left = c->limit - c->tick;
            if (engine && engine_runs(c, engine, b)) {
                c->link_from = NULL;
                c->chain_limit = 0;
                finish(c, engine->run(engine->ctx, b));
                continue;
            }
            if (engine && left > ENGINE_CHAIN_TICKS + BLOCK_MAX)
                left = ENGINE_CHAIN_TICKS + BLOCK_MAX;
            c->chain_limit = c->tick + (left >= CHAIN_TICKS + BLOCK_MAX ? CHAIN_TICKS
                                        : left > BLOCK_MAX              ? left - BLOCK_MAX
                                                                        : 0);
            finish(c, b->insn[0].fn(c, b->insn));
        }
    }
    c->clock->s.tick = c->tick;
    return stop;
}

// ---- watches
// ----------------------------------------------------------------------------------------------------------------

void cpu_code_write(void *cpu, struct phys_page *page, uint64_t addr, unsigned size)
{
    struct cpu *c = cpu;
    if (unlikely(page->flags & PHYS_MONITOR))
        monitor_write(c, addr, size);
    code_invalidate(c->code, page, (unsigned)(addr & PAGE_MASK), size);
    c->link_from = NULL;
}

void cpu_map_changed(struct cpu *c)
{
    c->map_changed = 0;
    tlb_flush_all(c);
    drop_all(c);
}
