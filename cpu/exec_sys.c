// System instructions (SDM vol. 2): control and debug registers, descriptor-table registers, MSRs, CPUID, time stamps,
// ports, CLI, STI, HLT.
#include "cpu/debug.h"
#include "cpu/exec_table.h"
#include "cpu/segment.h"

// ---- descriptor-table registers
// ------------------------------------------------------------------------------------------------

// CR4.UMIP keeps the system registers from user mode.
static bool umip(const struct cpu *c)
{
    return c->cpl && c->s.cr4 & CR4_UMIP;
}

// SGDT (reg 0) and SIDT (reg 1).
enum exec_result x_sgdt(struct cpu *c, const struct insn *i)
{
    if (umip(c))
        return fault_gp0(c, i);
    const struct segment_state *t = (i->modrm >> 3 & 7) ? &c->s.idtr[0] : &c->s.gdtr[0];
    uint8_t bytes[10];
    store_u16(bytes, (uint16_t)t->limit);
    store_u64(bytes + 2, t->base);
    TRY(store_bytes(c, i, 0, bytes, c->mode & MODE_64 ? 10 : 6));
    return leave(c, i);
}

// LGDT (reg 2) and LIDT (reg 3).
enum exec_result x_lgdt(struct cpu *c, const struct insn *i)
{
    struct segment_state *t = (i->modrm >> 3 & 7) == 3 ? &c->s.idtr[0] : &c->s.gdtr[0];
    uint8_t bytes[10] = {0};
    bool mode64 = c->mode & MODE_64;
    TRY(load_bytes(c, i, 0, bytes, mode64 ? 10 : 6));
    uint64_t base = load_u64(bytes + 2);
    if (!mode64)
        base &= i->opsize == 2 ? 0xffffff : 0xffffffffu;
    else if (!canonical(base))
        return fault_gp0(c, i);
    t->limit = load_u16(bytes);
    t->base = base;
    return leave(c, i);
}

static enum exec_result store_selector(struct cpu *c, const struct insn *i, uint16_t selector)
{
    if (umip(c))
        return fault_gp0(c, i);
    TRY(write_rm(c, i, i->flags & INSN_MEM ? 2 : i->opsize, selector));
    return next(c, i);
}

enum exec_result x_sldt(struct cpu *c, const struct insn *i)
{
    return store_selector(c, i, c->s.ldtr[0].selector);
}
enum exec_result x_str(struct cpu *c, const struct insn *i)
{
    return store_selector(c, i, c->s.tr[0].selector);
}

// The common part of LLDT and LTR: reads and checks the system descriptor. `types`: bit n allows type n.
static bool system_descriptor(struct cpu *c, uint16_t selector, uint32_t types, struct descriptor *d)
{
    unsigned error = selector & 0xfffc;
    if (selector & 4)
        return raise_code(c, EXC_GP, error);
    enum descriptor_status status = descriptor_read(c, selector, true, d);
    if (status == DESC_FAULT)
        return false;
    uint16_t attr = descriptor_attr(d->raw);
    if (status == DESC_OUTSIDE || attr & ATTR_S || !(types >> (attr & ATTR_TYPE) & 1) || d->upper >> 40 & 31)
        return raise_code(c, EXC_GP, error);
    if (!(attr & ATTR_P))
        return raise_code(c, EXC_NP, error);
    return true;
}

static void set_system(struct cpu *c, struct segment_state *s, uint16_t selector, const struct descriptor *d)
{
    *s = (struct segment_state){descriptor_base(d->raw), descriptor_limit(d->raw), selector, descriptor_attr(d->raw)};
    if (c->s.efer & EFER_LMA)
        s->base |= d->upper << 32;
}

enum exec_result x_lldt(struct cpu *c, const struct insn *i)
{
    uint64_t selector;
    struct descriptor d;
    TRY(read_rm(c, i, 2, &selector));
    if (!(selector & 0xfffc)) {
        c->s.ldtr[0] = (struct segment_state){.selector = (uint16_t)selector};
        return leave(c, i);
    }
    if (!system_descriptor(c, (uint16_t)selector, 1 << 2, &d))
        return checked_fault(c, i);
    set_system(c, &c->s.ldtr[0], (uint16_t)selector, &d);
    return leave(c, i);
}

enum exec_result x_ltr(struct cpu *c, const struct insn *i)
{
    uint64_t selector;
    struct descriptor d;
    TRY(read_rm(c, i, 2, &selector));
    if (!(selector & 0xfffc))
        return fault_gp0(c, i);
    uint32_t types = c->s.efer & EFER_LMA ? 1 << 9 : 1 << 1 | 1 << 9;
    if (!system_descriptor(c, (uint16_t)selector, types, &d))
        return checked_fault(c, i);
    d.raw |= (uint64_t)2 << 40; // busy
    if (!system_write(c, d.linear + 5, 1, d.raw >> 40 & 0xff, TLB_KERNEL))
        return checked_fault(c, i);
    set_system(c, &c->s.tr[0], (uint16_t)selector, &d);
    return leave(c, i);
}

// ---- control registers
// --------------------------------------------------------------------------------------------------------------

#define CR0_FIXED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

static bool write_cr0(struct cpu *c, uint64_t v)
{
    uint64_t old = c->s.cr0;
    if (v >> 32 || (v & CR0_PG && !(v & CR0_PE)) || (v & CR0_NW && !(v & CR0_CD)))
        return false;
    v = (v & CR0_FIXED) | CR0_ET;
    if (v & CR0_PG && !(old & CR0_PG)) {
        if (c->s.efer & EFER_LME) {
            // A 16-bit TSS cannot go along (SDM vol. 3A, 9.8.5.1).
            if (!(c->s.cr4 & CR4_PAE) || c->s.seg[SEG_CS].attr & ATTR_L || !(c->s.tr[0].attr & 8))
                return false;
            c->s.efer |= EFER_LMA;
        }
    } else if (!(v & CR0_PG) && old & CR0_PG) {
        if (c->mode & MODE_64 || c->s.cr4 & CR4_PCIDE)
            return false;
        c->s.efer &= ~(uint64_t)EFER_LMA;
    }
    // PAE's directory pointers are loaded again (SDM vol. 3A, 4.4.1).
    bool reload = v & CR0_PG && c->s.cr4 & CR4_PAE && !(c->s.efer & EFER_LMA) && (old ^ v) & (CR0_PG | CR0_CD | CR0_NW);
    if (reload && !paging_load_pdptes(c, c->s.cr3))
        return false;
    c->s.cr0 = v;
    if (reload || (old ^ v) & (CR0_PG | CR0_WP | CR0_PE))
        tlb_flush_all(c);
    return true;
}

static bool write_cr3(struct cpu *c, uint64_t v)
{
    bool lma = c->s.efer & EFER_LMA;
    // With process-context identifiers bit 63 says that nothing is to be invalidated, and is not kept.
    if (c->s.cr4 & CR4_PCIDE)
        v &= ~((uint64_t)1 << 63);
    if (lma && v >> c->phys_bits)
        return false;
    if (!lma)
        v = (uint32_t)v;
    if (!lma && c->s.cr0 & CR0_PG && c->s.cr4 & CR4_PAE && !paging_load_pdptes(c, v))
        return false;
    c->s.cr3 = v;
    // The second level is keyed by CR3 and stays; PAE's pointers are registers, so their translations go.
    if (lma || !(c->s.cr4 & CR4_PAE))
        tlb_flush(c);
    else
        tlb_flush_all(c);
    return true;
}

static bool write_cr4(struct cpu *c, uint64_t v)
{
    uint64_t old = c->s.cr4;
    if (v & ~old & CR4_PCIDE && (!(c->s.efer & EFER_LMA) || c->s.cr3 & 0xfff))
        return false;
    if (v & ~c->cr4_known || (c->s.efer & EFER_LMA && !(v & CR4_PAE)))
        return false;
    if (c->s.cr0 & CR0_PG && !(c->s.efer & EFER_LMA) && v & CR4_PAE &&
        (old ^ v) & (CR4_PAE | CR4_PSE | CR4_PGE | CR4_SMEP) && !paging_load_pdptes(c, c->s.cr3))
        return false;
    c->s.cr4 = v;
    if ((old ^ v) & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP))
        tlb_flush_all(c);
    return true;
}

bool cr_write(struct cpu *c, unsigned n, uint64_t v)
{
    bool ok = true;
    switch (n) {
    case 0:
        ok = write_cr0(c, v);
        break;
    case 2:
        c->s.cr2 = v;
        break;
    case 3:
        ok = write_cr3(c, v);
        break;
    case 4:
        ok = write_cr4(c, v);
        break;
    default:
        if (v >> 4)
            return false;
        lapic_tpr_write(c->lapic, (uint8_t)v);
        break;
    }
    if (n == 4)
        debug_update(c);
    cpu_update_mode(c);
    return ok;
}

static bool control_exists(const struct cpu *c, unsigned n)
{
    return n == 0 || n == 2 || n == 3 || n == 4 || (n == 8 && c->mode & MODE_64);
}

enum exec_result x_mov_RdCd(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    if (!control_exists(c, i->reg))
        return fault(c, i, EXC_UD);
    switch (i->reg) {
    case 0:
        v = c->s.cr0;
        break;
    case 2:
        v = c->s.cr2;
        break;
    case 3:
        v = c->s.cr3;
        break;
    case 4:
        v = c->s.cr4;
        break;
    default:
        v = lapic_tpr_read(c->lapic);
        break;
    }
    set_reg(c, i->rm, c->mode & MODE_64 ? 8 : 4, v);
    return next(c, i);
}

enum exec_result x_mov_CdRd(struct cpu *c, const struct insn *i)
{
    if (!control_exists(c, i->reg))
        return fault(c, i, EXC_UD);
    uint64_t v = get_reg(c, i->rm, c->mode & MODE_64 ? 8 : 4);
    tick_sync(c, i);
    if (!cr_write(c, i->reg, v))
        return fault_gp0(c, i);
    return leave(c, i);
}

enum exec_result x_smsw(struct cpu *c, const struct insn *i)
{
    if (umip(c))
        return fault_gp0(c, i);
    TRY(write_rm(c, i, i->flags & INSN_MEM ? 2 : i->opsize, c->s.cr0));
    return next(c, i);
}

enum exec_result x_lmsw(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(read_rm(c, i, 2, &v));
    // Sets PE but cannot clear it; changes MP, EM and TS.
    uint64_t cr0 = (c->s.cr0 & ~(uint64_t)(CR0_MP | CR0_EM | CR0_TS)) | (v & (CR0_PE | CR0_MP | CR0_EM | CR0_TS));
    if (!cr_write(c, 0, cr0))
        return fault_gp0(c, i);
    return leave(c, i);
}

enum exec_result x_clts(struct cpu *c, const struct insn *i)
{
    c->s.cr0 &= ~(uint64_t)CR0_TS;
    cpu_update_mode(c);
    return leave(c, i);
}

// The TLB is invisible, so there is nothing to invalidate.
enum exec_result x_invlpg(struct cpu *c, const struct insn *i)
{
    return next(c, i);
}

// ---- debug registers
// --------------------------------------------------------------------------------------------------------------------

static enum exec_result debug_register(struct cpu *c, const struct insn *i, unsigned *n)
{
    *n = i->reg & 15;
    if (*n > 7 || ((*n == 4 || *n == 5) && c->s.cr4 & CR4_DE))
        return fault(c, i, EXC_UD);
    if (*n == 4 || *n == 5)
        *n += 2;
    if (c->s.dr7 & DR7_GD) {
        fault(c, i, EXC_DB);
        c->exc.dr6 = DR6_BD;
        return EXEC_FAULT;
    }
    return EXEC_NEXT;
}

enum exec_result x_mov_RdDd(struct cpu *c, const struct insn *i)
{
    unsigned n;
    TRY(debug_register(c, i, &n));
    set_reg(c, i->rm, c->mode & MODE_64 ? 8 : 4, n < 4 ? c->s.dr[n] : n == 6 ? c->s.dr6 : c->s.dr7);
    return next(c, i);
}

enum exec_result x_mov_DdRd(struct cpu *c, const struct insn *i)
{
    unsigned n;
    TRY(debug_register(c, i, &n));
    uint64_t v = get_reg(c, i->rm, c->mode & MODE_64 ? 8 : 4);
    if (n >= 4 && v >> 32)
        return fault_gp0(c, i);
    if (n < 4)
        c->s.dr[n] = v;
    else if (n == 6)
        c->s.dr6 = (v & 0xe00f) | 0xffff0ff0;
    else
        c->s.dr7 = (v & 0xffff23ff) | 0x400;
    debug_update(c);
    return leave(c, i);
}

// ---- MSRs, CPUID, time
// -------------------------------------------------------------------------------------------------------------------

static void set_edx_eax(struct cpu *c, uint64_t v)
{
    set32(c, RAX, (uint32_t)v);
    set32(c, RDX, (uint32_t)(v >> 32));
}

enum exec_result x_rdmsr(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    tick_sync(c, i);
    if (!msr_read(c, get32(c, RCX), &v))
        return fault_gp0(c, i);
    set_edx_eax(c, v);
    return leave(c, i);
}

enum exec_result x_wrmsr(struct cpu *c, const struct insn *i)
{
    tick_sync(c, i);
    if (!msr_write(c, get32(c, RCX), (uint64_t)get32(c, RDX) << 32 | get32(c, RAX)))
        return fault_gp0(c, i);
    cpu_update_mode(c);
    return leave(c, i);
}

uint64_t cpu_tsc(const struct cpu *c)
{
    return clock_ns(c->clock) + c->s.tsc_offset;
}

enum exec_result x_rdtsc(struct cpu *c, const struct insn *i)
{
    if (c->s.cr4 & CR4_TSD && c->cpl)
        return fault_gp0(c, i);
    tick_sync(c, i);
    set_edx_eax(c, cpu_tsc(c));
    return next(c, i);
}

enum exec_result x_rdtscp(struct cpu *c, const struct insn *i)
{
    if (c->s.cr4 & CR4_TSD && c->cpl)
        return fault_gp0(c, i);
    tick_sync(c, i);
    set_edx_eax(c, cpu_tsc(c));
    set32(c, RCX, (uint32_t)c->s.tsc_aux);
    return next(c, i);
}

// There are no performance counters.
enum exec_result x_rdpmc(struct cpu *c, const struct insn *i)
{
    return fault_gp0(c, i);
}

enum exec_result x_cpuid(struct cpu *c, const struct insn *i)
{
    uint32_t r[4];
    cpuid(c, get32(c, RAX), get32(c, RCX), r);
    set32(c, RAX, r[0]);
    set32(c, RBX, r[1]);
    set32(c, RCX, r[2]);
    set32(c, RDX, r[3]);
    return leave(c, i);
}

enum exec_result x_swapgs(struct cpu *c, const struct insn *i)
{
    uint64_t v = c->s.seg[SEG_GS].base;
    c->s.seg[SEG_GS].base = c->s.kernel_gs_base;
    c->s.kernel_gs_base = v;
    return next(c, i);
}

// ---- interrupts and halt
// ------------------------------------------------------------------------------------------------------------------

// Whether CLI and STI work on VIF instead of IF: below the needed IOPL, in virtual-8086 mode with CR4.VME or in ring 3
// with CR4.PVI (SDM vol. 3B, 20.3, 20.4).
static bool virtual_if(const struct cpu *c)
{
    return c->mode & MODE_VM ? c->s.cr4 & CR4_VME : c->cpl == 3 && c->s.cr4 & CR4_PVI;
}

enum exec_result x_cli(struct cpu *c, const struct insn *i)
{
    if (!(c->mode & MODE_PE) || c->cpl <= (c->s.rflags >> 12 & 3))
        c->s.rflags &= ~(uint64_t)F_IF;
    else if (virtual_if(c))
        c->s.rflags &= ~(uint64_t)F_VIF;
    else
        return fault_gp0(c, i);
    return leave(c, i);
}

enum exec_result x_sti(struct cpu *c, const struct insn *i)
{
    if (!(c->mode & MODE_PE) || c->cpl <= (c->s.rflags >> 12 & 3)) {
        if (!(c->s.rflags & F_IF)) {
            c->s.rflags |= F_IF;
            c->s.shadow = 1;
        }
        c->attention = 1;
    } else if (virtual_if(c) && !(c->s.rflags & F_VIP)) {
        c->s.rflags |= F_VIF;
    } else {
        return fault_gp0(c, i);
    }
    return leave(c, i);
}

enum exec_result x_hlt(struct cpu *c, const struct insn *i)
{
    c->s.activity = CPU_HALTED;
    c->attention = 1;
    return leave(c, i);
}

// ---- ports
// ----------------------------------------------------------------------------------------------------------------------------------

enum exec_result port_allowed(struct cpu *c, const struct insn *i, unsigned port, unsigned size)
{
    if (!(c->s.cr0 & CR0_PE) || (!(c->s.rflags & F_VM) && c->cpl <= (c->s.rflags >> 12 & 3)))
        return EXEC_NEXT;
    const struct segment_state *tr = &c->s.tr[0];
    uint64_t base, bits;
    // A 32- or 64-bit TSS has the map's offset at 102.
    if (!(tr->attr & ATTR_P) || !(tr->attr & 8) || tr->limit < 103)
        return fault_gp0(c, i);
    if (!system_read(c, tr->base + 102, 2, &base))
        return checked_fault(c, i);
    if (base + port / 8 + 1 > tr->limit)
        return fault_gp0(c, i);
    if (!system_read(c, tr->base + base + port / 8, 2, &bits))
        return checked_fault(c, i);
    return bits >> (port & 7) & ((1u << size) - 1) ? fault_gp0(c, i) : EXEC_NEXT;
}

static void port_done(struct cpu *c, const struct insn *i, unsigned port, unsigned size, bool write, uint64_t value)
{
    if (unlikely(c->watch_port))
        debug_port(c, port, size);
    if (unlikely(c->observer.traces & TRACE_IO))
        observe_port(c, (c->mode & MODE_64 ? 0 : c->s.seg[SEG_CS].base) + rip_of(c, i), port, size, write, value);
}

uint64_t port_read(struct cpu *c, const struct insn *i, unsigned port, unsigned size)
{
    tick_sync(c, i);
    uint64_t value = map_read(c->w.ports, port, size);
    port_done(c, i, port, size, false, value);
    return value;
}

void port_write(struct cpu *c, const struct insn *i, unsigned port, unsigned size, uint64_t value)
{
    tick_sync(c, i);
    map_write(c->w.ports, port, size, value);
    port_done(c, i, port, size, true, value);
}

static unsigned port_of(const struct cpu *c, const struct insn *i)
{
    return i->modrm & 8 ? get16(c, RDX) : i->imm & 0xff; // EC..EF against E4..E7
}

static enum exec_result in(struct cpu *c, const struct insn *i, unsigned size)
{
    unsigned port = port_of(c, i);
    TRY(port_allowed(c, i, port, size));
    set_reg(c, RAX, size, port_read(c, i, port, size));
    return leave(c, i);
}

static enum exec_result out(struct cpu *c, const struct insn *i, unsigned size)
{
    unsigned port = port_of(c, i);
    TRY(port_allowed(c, i, port, size));
    port_write(c, i, port, size, get_reg(c, RAX, size));
    return leave(c, i);
}

enum exec_result x_in_8(struct cpu *c, const struct insn *i)
{
    return in(c, i, 1);
}
enum exec_result x_in(struct cpu *c, const struct insn *i)
{
    return in(c, i, i->opsize == 2 ? 2 : 4);
}
enum exec_result x_out_8(struct cpu *c, const struct insn *i)
{
    return out(c, i, 1);
}
enum exec_result x_out(struct cpu *c, const struct insn *i)
{
    return out(c, i, i->opsize == 2 ? 2 : 4);
}
