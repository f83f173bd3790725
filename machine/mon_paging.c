// The monitor's words about the guest's page tables: info mem and tlb in QEMU's shape, pagewalk in words
// (SDM vol. 3A, 4.3 to 4.6). They read the tables from memory and set no accessed bits.
#include "cpu/paging.h"
#include "machine/mon.h"

#include <inttypes.h>
#include <stdio.h>

enum { P = 1, W = 2, U = 4, PWT = 8, PCD = 16, A = 32, D = 64, PS = 128, G = 256 };
#define NX   ((uint64_t)1 << 63)
#define ADDR 0x000ffffffffff000ull

struct form {
    unsigned levels; // 0: paging is off
    unsigned bits;   // of the index at each level
    unsigned size;   // of an entry
    const char *name;
};

static struct form form_of(const struct cpu_state *s)
{
    if (!(s->cr0 & CR0_PG))
        return (struct form){0, 0, 0, "off"};
    if (s->efer & EFER_LMA)
        return (struct form){4, 9, 8, "4-level"};
    if (s->cr4 & CR4_PAE)
        return (struct form){3, 9, 8, "PAE"};
    return (struct form){2, 10, 4, "32-bit"};
}

// One entry: where it stands and what follows from it.
struct entry {
    uint64_t at, value;
    unsigned level; // 1: page table
    bool readable;  // the table lies in RAM or ROM
    bool pdpte;     // one of PAE's registers
    bool leaf;
    uint64_t next; // the table, or the page
};

static void read_entry(struct monitor *m, const struct form *f, uint64_t table, unsigned level, unsigned index,
                       struct entry *e)
{
    const struct cpu *c = m->c->m->cpu;
    uint8_t bytes[8] = {0};
    *e = (struct entry){.at = table + index * f->size, .level = level, .readable = true};
    if (f->levels == 3 && level == 3) {
        e->value = c->s.pdpte[index];
        e->pdpte = true;
    } else {
        e->readable = control_read(m->c, SPACE_PHYSICAL, e->at & c->phys->a20_mask, bytes, f->size) == f->size;
        e->value = load_le(bytes, f->size);
    }
    bool large = e->value & PS && !e->pdpte && level > 1 &&
                 (f->size == 4 ? (c->s.cr4 & CR4_PSE) != 0 : level == 2 || (level == 3 && c->gib_pages));
    e->leaf = level == 1 || large;
    uint64_t mask = ((uint64_t)1 << (12 + f->bits * (level - 1))) - 1;
    if (!e->leaf || level == 1)
        e->next = f->size == 8 ? e->value & ADDR : e->value & 0xfffff000u;
    else if (f->size == 8)
        e->next = e->value & ADDR & ~mask;
    else
        e->next = (e->value & 0xffc00000u) | (e->value >> 13 & 0xff) << 32;
}

static uint64_t top(const struct cpu_state *s, const struct form *f)
{
    return f->levels == 4 ? s->cr3 & ADDR : f->levels == 3 ? s->cr3 & 0xffffffe0u : s->cr3 & 0xfffff000u;
}

static unsigned entries(const struct form *f, unsigned level)
{
    return f->levels == 3 && level == 3 ? 4 : 1u << f->bits;
}

static uint64_t reach(const struct form *f, unsigned level) // bytes that an entry of this level covers
{
    return (uint64_t)1 << (12 + f->bits * (level - 1));
}

// ---- all mappings
// -----------------------------------------------------------------------------------------------------

#define LINES_MAX 200000u // tables that point to themselves make 2^36 pages

struct scan {
    struct monitor *m;
    struct form f;
    bool tlb;
    unsigned lines, tables;
    // info mem: the range so far.
    uint64_t begin, end, rights;
    bool any;
};

static uint64_t canonical_form(const struct scan *s, uint64_t linear)
{
    return s->f.levels == 4 ? (uint64_t)((int64_t)(linear << 16) >> 16) : linear;
}

static void end_range(struct scan *s)
{
    if (s->any)
        mon_print(s->m, "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " %cr%c\n", canonical_form(s, s->begin), s->end,
                  s->end - canonical_form(s, s->begin), s->rights & U ? 'u' : '-', s->rights & W ? 'w' : '-');
    s->lines += s->any;
    s->any = false;
}

static void page(struct scan *s, uint64_t linear, const struct entry *e, uint64_t rights)
{
    uint64_t v = e->value, size = reach(&s->f, e->level);
    if (s->tlb) {
        mon_print(s->m, "%016" PRIx64 ": %016" PRIx64 " %c%c%c%c%c%c%c%c%c\n", canonical_form(s, linear), e->next,
                  v & NX && s->f.size == 8 ? 'X' : '-', v & G ? 'G' : '-', v & PS && e->level > 1 ? 'P' : '-',
                  v & D ? 'D' : '-', v & A ? 'A' : '-', v & PCD ? 'C' : '-', v & PWT ? 'T' : '-', v & U ? 'U' : '-',
                  v & W ? 'W' : '-');
        s->lines++;
        return;
    }
    uint64_t begin = linear;
    if (!s->any || s->end != canonical_form(s, begin) || s->rights != rights) {
        end_range(s);
        s->begin = begin;
        s->rights = rights;
        s->any = true;
    }
    s->end = canonical_form(s, begin) + size;
}

static void scan_table(struct scan *s, uint64_t table, unsigned level, uint64_t linear, uint64_t rights)
{
    s->tables++;
    for (unsigned n = 0; n < entries(&s->f, level) && s->lines < LINES_MAX && s->tables < LINES_MAX; n++) {
        uint64_t here = linear + n * reach(&s->f, level);
        struct entry e;
        read_entry(s->m, &s->f, table, level, n, &e);
        if (!(e.value & P) || !e.readable)
            continue;
        uint64_t below = e.pdpte ? rights : rights & e.value;
        if (e.leaf)
            page(s, here, &e, below & (U | W));
        else
            scan_table(s, e.next, level - 1, here, below);
    }
}

static void scan(struct monitor *m, struct mon_args *a, bool tlb)
{
    const struct cpu_state *cpu = control_cpu(m->c);
    struct scan s = {.m = m, .f = form_of(cpu), .tlb = tlb};
    if (!mon_end(m, a))
        return;
    if (!s.f.levels) {
        mon_print(m, "PG disabled\n");
        return;
    }
    scan_table(&s, top(cpu, &s.f), s.f.levels, 0, U | W);
    end_range(&s);
    if (s.lines >= LINES_MAX || s.tables >= LINES_MAX)
        mon_print(m, "(cut: the tables go on)\n");
}

static void info_mem(struct monitor *m, struct mon_args *a)
{
    scan(m, a, false);
}

static void info_tlb(struct monitor *m, struct mon_args *a)
{
    scan(m, a, true);
}

// ---- one address
// ------------------------------------------------------------------------------------------------------

static const char *table_name(unsigned level)
{
    static const char *const wide[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
    return wide[level];
}

static void show_entry(struct monitor *m, const struct form *f, const struct entry *e, unsigned index)
{
    uint64_t v = e->value;
    bool reserved = f->size == 8 && v & NX && !(m->c->m->cpu->s.efer & EFER_NXE);
    if (e->pdpte)
        mon_print(m, "%-5s %3u  register            = %0*" PRIx64, table_name(e->level), index, (int)f->size * 2, v);
    else
        mon_print(m, "%-5s %3u  at 0x%012" PRIx64 "   = %0*" PRIx64, table_name(e->level), index, e->at,
                  (int)f->size * 2, v);
    if (!e->readable) {
        mon_print(m, "  the table is not in RAM\n");
        return;
    }
    if (!(v & P)) {
        mon_print(m, "  P=0: not present\n");
        return;
    }
    bool large = e->leaf && e->level > 1;
    if (e->pdpte) {
        mon_print(m, "  P present -> table 0x%" PRIx64 "\n", e->next);
        return;
    }
    mon_print(m, "  %c%c%c%c%c%c%c%c%c", v & NX && f->size == 8 ? 'X' : '-', e->leaf && v & G ? 'G' : '-',
              large ? 'P' : '-', e->leaf && v & D ? 'D' : '-', v & A ? 'A' : '-', v & PCD ? 'C' : '-',
              v & PWT ? 'T' : '-', v & U ? 'U' : '-', v & W ? 'W' : '-');
    mon_print(m, "  present, %s, %s%s, %saccessed", v & U ? "user" : "supervisor", v & W ? "writable" : "read-only",
              v & NX && f->size == 8 ? reserved ? ", bit 63 RESERVED (EFER.NXE=0)" : ", no execute" : "",
              v & A ? "" : "not ");
    if (e->leaf)
        mon_print(m, ", %s%s", v & D ? "dirty" : "clean", v & G ? ", global" : "");
    if (v & PCD)
        mon_print(m, ", uncached");
    else if (v & PWT)
        mon_print(m, ", write-through");
    if (!e->leaf)
        mon_print(m, " -> table 0x%" PRIx64 "\n", e->next);
    else
        mon_print(m, " -> %s page 0x%" PRIx64 "\n",
                  e->level == 1   ? "4 KiB"
                  : e->level == 3 ? "1 GiB"
                  : f->size == 8  ? "2 MiB"
                                  : "4 MiB",
                  e->next);
}

// What each kind of access would do, with the rights of all levels together.
static void verdict(struct monitor *m, uint64_t rights, bool nx)
{
    const struct cpu_state *s = &m->c->m->cpu->s;
    bool u = rights & U, w = rights & W;
    const char *kernel_write = "yes", *kernel_data = "yes", *kernel_exec = "yes";
    if (!w)
        kernel_write = s->cr0 & CR0_WP ? "NO (read-only, CR0.WP=1)" : "yes (read-only, but CR0.WP=0)";
    if (u && s->cr4 & CR4_SMAP && !(s->rflags & F_AC))
        kernel_data = kernel_write = "NO (user page, CR4.SMAP=1, EFLAGS.AC=0)";
    if (nx)
        kernel_exec = "NO (no execute)";
    else if (u && s->cr4 & CR4_SMEP)
        kernel_exec = "NO (user page, CR4.SMEP=1)";
    mon_print(m, "level 3 (user):   read %s, write %s, execute %s\n", u ? "yes" : "NO (supervisor page)",
              !u  ? "NO (supervisor page)"
              : w ? "yes"
                  : "NO (read-only)",
              !u   ? "NO (supervisor page)"
              : nx ? "NO (no execute)"
                   : "yes");
    mon_print(m, "level 0 (kernel): read %s, write %s, execute %s\n", kernel_data, kernel_write, kernel_exec);
}

static void info_pagewalk(struct monitor *m, struct mon_args *a)
{
    const struct cpu_state *s = control_cpu(m->c);
    struct form f = form_of(s);
    uint64_t linear, phys;
    if (!mon_expression(m, a, &linear) || !mon_end(m, a))
        return;
    if (!f.levels) {
        mon_print(m, "paging is off (CR0.PG=0): physical address 0x%" PRIx64 "\n", linear & m->c->m->phys.a20_mask);
        return;
    }
    if (f.levels != 4)
        linear = (uint32_t)linear;
    mon_print(m, "0x%0*" PRIx64 ", %s paging, CR3 = 0x%" PRIx64 "\n", f.levels == 4 ? 16 : 8, linear, f.name, s->cr3);
    if (f.levels == 4 && !canonical(linear)) {
        mon_print(m, "not canonical (bits 63 to 47 differ): any access raises #GP (#SS by the stack)\n");
        return;
    }
    uint64_t table = top(s, &f), rights = U | W;
    bool nx = false;
    for (unsigned level = f.levels; level; level--) {
        unsigned index = (unsigned)(linear >> (12 + f.bits * (level - 1))) & (entries(&f, level) - 1);
        struct entry e;
        read_entry(m, &f, table, level, index, &e);
        show_entry(m, &f, &e, index);
        if (!(e.value & P) || !e.readable) {
            mon_print(m, "any access raises #PF, error code bit 0 = 0: not present in the %s\n", table_name(level));
            return;
        }
        if (!e.pdpte) {
            rights &= e.value;
            nx |= f.size == 8 && e.value & NX;
        }
        table = e.next;
        if (!e.leaf)
            continue;
        if (!translate_peek(m->c->m->cpu, linear, &phys)) {
            mon_print(m, "any access raises #PF, error code bit 3 = 1: a reserved bit is set\n");
            return;
        }
        mon_print(m, "physical address 0x%" PRIx64 "\n", phys);
        verdict(m, rights, nx);
        return;
    }
}

const struct mon_command mon_paging_infos[] = {
    {"mem", "", "show the active virtual memory mappings", info_mem},
    {"tlb", "", "show virtual to physical memory mappings", info_tlb},
    {"pagewalk", "addr", "show how an address is translated: each level's entry, and who may access it", info_pagewalk},
    {NULL, NULL, NULL, NULL},
};
