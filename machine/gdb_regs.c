// Registers for gdb and their description (machine/gdb_regs.h), after the gdb manual, "Target Descriptions": "i386
// Features". General registers and the instruction pointer have 32 bits unless 64-bit code runs.
//
// Not implemented: AVX registers; loading of segment registers from descriptors, and of page-directory pointers: in
// protected mode segment registers, with PAE paging CR3 cannot be changed.
#include "machine/gdb_regs.h"
#include "cpu/paging.h"
#include "machine/pc.h"

#include <stdarg.h>
#include <stdio.h>

enum kind {
    REG_GENERAL, // index: enum reg
    REG_IP,
    REG_FLAGS,
    REG_SEGMENT, // index: enum segment
    REG_ST,      // index: from the top
    REG_X87,     // index: enum x87_register
    REG_XMM,     // index
    REG_MXCSR,
    REG_BASE,     // index: enum segment
    REG_GS_OTHER, // of SWAPGS
    REG_CR,       // index
    REG_EFER,
};

enum x87_register { X87_CTRL, X87_STAT, X87_TAG, X87_ISEG, X87_IOFF, X87_OSEG, X87_OOFF, X87_OP };

struct row {
    const char *name;
    uint8_t size, kind, index;
    const char *type;
};

// clang-format off
#define ST_REGISTERS                                                                                                   \
    {"st0", 10, REG_ST, 0, "i387_ext"}, {"st1", 10, REG_ST, 1, "i387_ext"}, {"st2", 10, REG_ST, 2, "i387_ext"},        \
    {"st3", 10, REG_ST, 3, "i387_ext"}, {"st4", 10, REG_ST, 4, "i387_ext"}, {"st5", 10, REG_ST, 5, "i387_ext"},        \
    {"st6", 10, REG_ST, 6, "i387_ext"}, {"st7", 10, REG_ST, 7, "i387_ext"},                                            \
    {"fctrl", 4, REG_X87, X87_CTRL, "int32"}, {"fstat", 4, REG_X87, X87_STAT, "int32"},                                \
    {"ftag", 4, REG_X87, X87_TAG, "int32"}, {"fiseg", 4, REG_X87, X87_ISEG, "int32"},                                  \
    {"fioff", 4, REG_X87, X87_IOFF, "int32"}, {"foseg", 4, REG_X87, X87_OSEG, "int32"},                                \
    {"fooff", 4, REG_X87, X87_OOFF, "int32"}, {"fop", 4, REG_X87, X87_OP, "int32"}
#define SEGMENT_REGISTERS                                                                                              \
    {"cs", 4, REG_SEGMENT, SEG_CS, "int32"}, {"ss", 4, REG_SEGMENT, SEG_SS, "int32"},                                  \
    {"ds", 4, REG_SEGMENT, SEG_DS, "int32"}, {"es", 4, REG_SEGMENT, SEG_ES, "int32"},                                  \
    {"fs", 4, REG_SEGMENT, SEG_FS, "int32"}, {"gs", 4, REG_SEGMENT, SEG_GS, "int32"}
#define XMM_REGISTERS_8                                                                                                \
    {"xmm0", 16, REG_XMM, 0, "vec128"}, {"xmm1", 16, REG_XMM, 1, "vec128"}, {"xmm2", 16, REG_XMM, 2, "vec128"},        \
    {"xmm3", 16, REG_XMM, 3, "vec128"}, {"xmm4", 16, REG_XMM, 4, "vec128"}, {"xmm5", 16, REG_XMM, 5, "vec128"},        \
    {"xmm6", 16, REG_XMM, 6, "vec128"}, {"xmm7", 16, REG_XMM, 7, "vec128"}
#define SYSTEM_REGISTERS(size, type)                                                                                   \
    {"cr0", size, REG_CR, 0, "cr0_flags"}, {"cr2", size, REG_CR, 2, type}, {"cr3", size, REG_CR, 3, type},             \
    {"cr4", size, REG_CR, 4, "cr4_flags"}, {"cr8", size, REG_CR, 8, type}, {"efer", size, REG_EFER, 0, "efer_flags"}

static const struct row wide_set[] = {
    {"rax", 8, REG_GENERAL, RAX, "int64"}, {"rbx", 8, REG_GENERAL, RBX, "int64"},
    {"rcx", 8, REG_GENERAL, RCX, "int64"}, {"rdx", 8, REG_GENERAL, RDX, "int64"},
    {"rsi", 8, REG_GENERAL, RSI, "int64"}, {"rdi", 8, REG_GENERAL, RDI, "int64"},
    {"rbp", 8, REG_GENERAL, RBP, "data_ptr"}, {"rsp", 8, REG_GENERAL, RSP, "data_ptr"},
    {"r8", 8, REG_GENERAL, R8, "int64"}, {"r9", 8, REG_GENERAL, R9, "int64"},
    {"r10", 8, REG_GENERAL, R10, "int64"}, {"r11", 8, REG_GENERAL, R11, "int64"},
    {"r12", 8, REG_GENERAL, R12, "int64"}, {"r13", 8, REG_GENERAL, R13, "int64"},
    {"r14", 8, REG_GENERAL, R14, "int64"}, {"r15", 8, REG_GENERAL, R15, "int64"},
    {"rip", 8, REG_IP, 0, "code_ptr"}, {"eflags", 4, REG_FLAGS, 0, "i386_eflags"},
    SEGMENT_REGISTERS, ST_REGISTERS, XMM_REGISTERS_8,
    {"xmm8", 16, REG_XMM, 8, "vec128"}, {"xmm9", 16, REG_XMM, 9, "vec128"}, {"xmm10", 16, REG_XMM, 10, "vec128"},
    {"xmm11", 16, REG_XMM, 11, "vec128"}, {"xmm12", 16, REG_XMM, 12, "vec128"}, {"xmm13", 16, REG_XMM, 13, "vec128"},
    {"xmm14", 16, REG_XMM, 14, "vec128"}, {"xmm15", 16, REG_XMM, 15, "vec128"},
    {"mxcsr", 4, REG_MXCSR, 0, "i386_mxcsr"},
    {"fs_base", 8, REG_BASE, SEG_FS, "int64"}, {"gs_base", 8, REG_BASE, SEG_GS, "int64"},
    {"k_gs_base", 8, REG_GS_OTHER, 0, "int64"}, SYSTEM_REGISTERS(8, "int64"),
};

static const struct row narrow_set[] = {
    {"eax", 4, REG_GENERAL, RAX, "int32"}, {"ecx", 4, REG_GENERAL, RCX, "int32"},
    {"edx", 4, REG_GENERAL, RDX, "int32"}, {"ebx", 4, REG_GENERAL, RBX, "int32"},
    {"esp", 4, REG_GENERAL, RSP, "data_ptr"}, {"ebp", 4, REG_GENERAL, RBP, "data_ptr"},
    {"esi", 4, REG_GENERAL, RSI, "int32"}, {"edi", 4, REG_GENERAL, RDI, "int32"},
    {"eip", 4, REG_IP, 0, "code_ptr"}, {"eflags", 4, REG_FLAGS, 0, "i386_eflags"},
    SEGMENT_REGISTERS, ST_REGISTERS, XMM_REGISTERS_8,
    {"mxcsr", 4, REG_MXCSR, 0, "i386_mxcsr"},
    {"fs_base", 4, REG_BASE, SEG_FS, "int32"}, {"gs_base", 4, REG_BASE, SEG_GS, "int32"},
    {"k_gs_base", 4, REG_GS_OTHER, 0, "int32"}, SYSTEM_REGISTERS(4, "int32"),
};
// clang-format on

static const struct row *set(bool wide, unsigned *count)
{
    *count = wide ? ARRAY_LEN(wide_set) : ARRAY_LEN(narrow_set);
    return wide ? wide_set : narrow_set;
}

unsigned gdb_register_count(bool wide)
{
    unsigned count;
    set(wide, &count);
    return count;
}

unsigned gdb_register_standard(bool wide)
{
    unsigned count, n = 0;
    const struct row *r = set(wide, &count);
    while (r[n].kind <= REG_XMM)
        n++;
    return n;
}

unsigned gdb_register_size(bool wide, unsigned n)
{
    unsigned count;
    return set(wide, &count)[n].size;
}

// ---- values --------------------------------------------------------------------------------------------------------

static bool in_64(const struct cpu_state *s)
{
    return s->efer & EFER_LMA && s->seg[SEG_CS].attr & ATTR_L;
}

// The bits of general registers that the running code has. R8 to R15 are those of 64-bit code in any case.
static uint64_t used(const struct cpu_state *s, const struct row *r)
{
    return in_64(s) || (r->kind == REG_GENERAL && r->index >= R8) ? UINT64_MAX : UINT32_MAX;
}

// Two bits for each of R0 to R7: valid, zero, special, empty (SDM vol. 1, 8.1.7).
static uint16_t tag_word(const struct cpu_state *s)
{
    uint16_t word = 0;
    for (unsigned n = 0; n < 8; n++) {
        unsigned exp = s->st_sexp[n] & 0x7fff, tag = 0;
        if (!(s->ftw >> n & 1))
            tag = 3;
        else if (!exp && !s->st_frac[n])
            tag = 1;
        else if (!exp || exp == 0x7fff || !(s->st_frac[n] >> 63))
            tag = 2;
        word |= (uint16_t)(tag << 2 * n);
    }
    return word;
}

static uint32_t x87_read(const struct cpu_state *s, unsigned which)
{
    switch ((enum x87_register)which) {
    case X87_CTRL:
        return s->fcw;
    case X87_STAT:
        return s->fsw;
    case X87_TAG:
        return tag_word(s);
    case X87_ISEG:
        return s->fcs;
    case X87_IOFF:
        return (uint32_t)s->fip;
    case X87_OSEG:
        return s->fds;
    case X87_OOFF:
        return (uint32_t)s->fdp;
    case X87_OP:
        break;
    }
    return s->fop;
}

static void x87_write(struct cpu_state *s, unsigned which, uint32_t value)
{
    switch ((enum x87_register)which) {
    case X87_CTRL:
        s->fcw = (uint16_t)((value & 0x1f3f) | 0x40);
        break;
    case X87_STAT:
        s->fsw = (uint16_t)value;
        break;
    case X87_TAG:
        s->ftw = 0;
        for (unsigned n = 0; n < 8; n++)
            s->ftw |= (uint8_t)((value >> 2 * n & 3) != 3) << n;
        break;
    case X87_ISEG:
        s->fcs = (uint16_t)value;
        break;
    case X87_IOFF:
        s->fip = value;
        break;
    case X87_OSEG:
        s->fds = (uint16_t)value;
        break;
    case X87_OOFF:
        s->fdp = value;
        break;
    case X87_OP:
        s->fop = value & 0x7ff;
        break;
    }
}

static uint64_t control_register(struct control *c, const struct cpu_state *s, unsigned n)
{
    return n == 0 ? s->cr0 : n == 2 ? s->cr2 : n == 3 ? s->cr3 : n == 4 ? s->cr4 : lapic_tpr_read(&c->m->lapic);
}

// Of the registers that have at most eight bytes.
static uint64_t value_of(struct control *c, const struct cpu_state *s, const struct row *r)
{
    switch ((enum kind)r->kind) {
    case REG_GENERAL:
        return s->reg[r->index] & used(s, r);
    case REG_IP:
        return s->rip & used(s, r);
    case REG_FLAGS:
        return s->rflags;
    case REG_SEGMENT:
        return s->seg[r->index].selector;
    case REG_X87:
        return x87_read(s, r->index);
    case REG_MXCSR:
        return s->mxcsr;
    case REG_BASE:
        return s->seg[r->index].base;
    case REG_GS_OTHER:
        return s->kernel_gs_base;
    case REG_CR:
        return control_register(c, s, r->index);
    case REG_EFER:
        return s->efer;
    case REG_ST:
    case REG_XMM:
        break;
    }
    return 0;
}

static unsigned read_register(struct control *c, const struct cpu_state *s, const struct row *r,
                              uint8_t out[GDB_REGISTER_MAX])
{
    if (r->kind == REG_ST) {
        unsigned n = ((s->fsw >> 11) + r->index) & 7;
        store_u64(out, s->st_frac[n]);
        store_u16(out + 8, s->st_sexp[n]);
    } else if (r->kind == REG_XMM) {
        store_u64(out, s->vec[4 * r->index]);
        store_u64(out + 8, s->vec[4 * r->index + 1]);
    } else {
        uint8_t bytes[8];
        store_u64(bytes, value_of(c, s, r));
        memcpy(out, bytes, r->size);
    }
    return r->size;
}

unsigned gdb_register_read(struct control *c, bool wide, unsigned n, uint8_t out[GDB_REGISTER_MAX])
{
    unsigned count;
    return read_register(c, control_cpu(c), &set(wide, &count)[n], out);
}

static bool write_segment(struct cpu_state *s, unsigned n, uint64_t value)
{
    if ((s->cr0 & CR0_PE && !(s->rflags & F_VM)) || value > 0xffff)
        return false;
    s->seg[n].selector = (uint16_t)value;
    s->seg[n].base = value << 4;
    return true;
}

static bool write_control(struct cpu_state *s, unsigned n, uint64_t value)
{
    const uint64_t cr0_known =
        CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
    bool pae = s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA);
    if ((n == 0 && value & ~cr0_known) || (n == 3 && pae) || n == 8)
        return false;
    *(n == 0 ? &s->cr0 : n == 2 ? &s->cr2 : n == 3 ? &s->cr3 : &s->cr4) = value;
    return true;
}

static bool write_value(struct cpu_state *s, const struct row *r, uint64_t value)
{
    const uint64_t settable = F_ARITH | F_TF | F_IF | F_DF | F_IOPL | F_NT | F_RF | F_AC | F_VIF | F_VIP | F_ID;
    uint64_t mask = r->size == 8 ? used(s, r) : UINT32_MAX;
    switch ((enum kind)r->kind) {
    case REG_GENERAL:
        s->reg[r->index] = (s->reg[r->index] & ~mask) | (value & mask);
        break;
    case REG_IP:
        if (in_64(s) && r->size == 8 && !canonical(value))
            return false;
        s->rip = value & mask;
        break;
    case REG_FLAGS:
        s->rflags = (s->rflags & ~settable) | (value & settable);
        break;
    case REG_SEGMENT:
        return write_segment(s, r->index, value);
    case REG_X87:
        x87_write(s, r->index, (uint32_t)value);
        break;
    case REG_MXCSR:
        s->mxcsr = (uint32_t)value;
        break;
    case REG_BASE:
    case REG_GS_OTHER:
        if (!canonical(value))
            return false;
        *(r->kind == REG_BASE ? &s->seg[r->index].base : &s->kernel_gs_base) = value;
        break;
    case REG_CR:
        return write_control(s, r->index, value);
    case REG_EFER:
        if (value & ~(uint64_t)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
            return false;
        s->efer = value;
        break;
    case REG_ST:
    case REG_XMM:
        break;
    }
    return true;
}

bool gdb_register_write(struct control *c, struct cpu_state *s, bool wide, unsigned n, const uint8_t *in)
{
    unsigned count;
    const struct row *r = &set(wide, &count)[n];
    uint8_t now[GDB_REGISTER_MAX];
    // gdb writes all of them to change one: those that stay as they are keep what the set does not show.
    read_register(c, s, r, now);
    if (!memcmp(now, in, r->size))
        return true;
    if (r->kind == REG_ST) {
        unsigned top = ((s->fsw >> 11) + r->index) & 7;
        s->st_frac[top] = load_u64(in);
        s->st_sexp[top] = load_u16(in + 8);
        return true;
    }
    if (r->kind == REG_XMM) {
        s->vec[4 * r->index] = load_u64(in);
        s->vec[4 * r->index + 1] = load_u64(in + 8);
        return true;
    }
    return write_value(s, r, load_le(in, r->size));
}

// ---- which set -----------------------------------------------------------------------------------------------------

enum { LINUX_MAGIC = 0x202, LINUX_VERSION = 0x206, LINUX_XLOADFLAGS = 0x236, LINUX_HEADER = 0x238, XLF_KERNEL_64 = 1 };

bool gdb_wide(struct control *c)
{
    const struct cpu_state *s = control_cpu(c);
    const struct machine_kernel *k = &c->m->kernel;
    if (!cpu_model_has(c->m->cpu->model, 0x80000001u, 0, CPUID_EDX, 29))
        return false;
    if (s->efer & EFER_LMA || s->cr0 & CR0_PG)
        return s->efer & EFER_LMA;
    if (!c->m->kernel_copy)
        return true;
    switch (machine_kernel_kind(k->bytes, k->size)) {
    case MACHINE_KERNEL_LINUX:
        return k->size >= LINUX_HEADER && load_u16(k->bytes + LINUX_VERSION) >= 0x20c &&
               load_u16(k->bytes + LINUX_XLOADFLAGS) & XLF_KERNEL_64;
    case MACHINE_KERNEL_MULTIBOOT:
    case MACHINE_KERNEL_PVH:
        return !memcmp(k->bytes, "\177ELF\2", 5);
    case MACHINE_KERNEL_UNKNOWN:
        break;
    }
    return true;
}

// ---- the description -----------------------------------------------------------------------------------------------

struct text {
    char *out;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->length < t->size ? t->out + t->length : NULL, t->length < t->size ? t->size - t->length : 0,
                      fmt, args);
    va_end(args);
    t->length += n > 0 ? (size_t)n : 0;
}

struct flag {
    const char *name;
    uint8_t from, to;
};

static void put_flags(struct text *t, const char *id, unsigned size, const struct flag *f, unsigned count)
{
    put(t, "<flags id=\"%s\" size=\"%u\">\n", id, size);
    for (unsigned n = 0; n < count; n++)
        put(t, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n", f[n].name, f[n].from, f[n].to);
    put(t, "</flags>\n");
}

static void put_core_types(struct text *t)
{
    static const struct flag eflags[] = {
        {"CF", 0, 0},   {"", 1, 1},     {"PF", 2, 2},    {"AF", 4, 4},    {"ZF", 6, 6},   {"SF", 7, 7},
        {"TF", 8, 8},   {"IF", 9, 9},   {"DF", 10, 10},  {"OF", 11, 11},  {"NT", 14, 14}, {"RF", 16, 16},
        {"VM", 17, 17}, {"AC", 18, 18}, {"VIF", 19, 19}, {"VIP", 20, 20}, {"ID", 21, 21}};
    put_flags(t, "i386_eflags", 4, eflags, ARRAY_LEN(eflags));
}

static void put_sse_types(struct text *t)
{
    static const char *const view[][4] = {
        {"v4f", "ieee_single", "4", "v4_float"}, {"v2d", "ieee_double", "2", "v2_double"},
        {"v16i8", "int8", "16", "v16_int8"},     {"v8i16", "int16", "8", "v8_int16"},
        {"v4i32", "int32", "4", "v4_int32"},     {"v2i64", "int64", "2", "v2_int64"}};
    static const struct flag mxcsr[] = {{"IE", 0, 0},   {"DE", 1, 1},   {"ZE", 2, 2},   {"OE", 3, 3},  {"UE", 4, 4},
                                        {"PE", 5, 5},   {"DAZ", 6, 6},  {"IM", 7, 7},   {"DM", 8, 8},  {"ZM", 9, 9},
                                        {"OM", 10, 10}, {"UM", 11, 11}, {"PM", 12, 12}, {"FZ", 15, 15}};
    for (unsigned n = 0; n < ARRAY_LEN(view); n++)
        put(t, "<vector id=\"%s\" type=\"%s\" count=\"%s\"/>\n", view[n][0], view[n][1], view[n][2]);
    put(t, "<union id=\"vec128\">\n");
    for (unsigned n = 0; n < ARRAY_LEN(view); n++)
        put(t, "<field name=\"%s\" type=\"%s\"/>\n", view[n][3], view[n][0]);
    put(t, "<field name=\"uint128\" type=\"uint128\"/>\n</union>\n");
    put_flags(t, "i386_mxcsr", 4, mxcsr, ARRAY_LEN(mxcsr));
}

static void put_system_types(struct text *t, unsigned size)
{
    static const struct flag cr0[] = {{"PE", 0, 0},   {"MP", 1, 1},   {"EM", 2, 2},   {"TS", 3, 3},
                                      {"ET", 4, 4},   {"NE", 5, 5},   {"WP", 16, 16}, {"AM", 18, 18},
                                      {"NW", 29, 29}, {"CD", 30, 30}, {"PG", 31, 31}};
    static const struct flag cr4[] = {{"VME", 0, 0},        {"PVI", 1, 1},     {"TSD", 2, 2},          {"DE", 3, 3},
                                      {"PSE", 4, 4},        {"PAE", 5, 5},     {"MCE", 6, 6},          {"PGE", 7, 7},
                                      {"PCE", 8, 8},        {"OSFXSR", 9, 9},  {"OSXMMEXCPT", 10, 10}, {"UMIP", 11, 11},
                                      {"FSGSBASE", 16, 16}, {"PCIDE", 17, 17}, {"OSXSAVE", 18, 18},    {"SMEP", 20, 20},
                                      {"SMAP", 21, 21}};
    static const struct flag efer[] = {{"SCE", 0, 0}, {"LME", 8, 8}, {"LMA", 10, 10}, {"NXE", 11, 11}};
    put_flags(t, "cr0_flags", size, cr0, ARRAY_LEN(cr0));
    put_flags(t, "cr4_flags", size, cr4, ARRAY_LEN(cr4));
    put_flags(t, "efer_flags", size, efer, ARRAY_LEN(efer));
}

// Which feature of gdb's a register belongs to.
enum part { PART_CORE, PART_SSE, PART_SEGMENTS, PART_SYSTEM };

static enum part part_of(bool wide, const struct row *r)
{
    if (r->kind < REG_XMM)
        return PART_CORE;
    if (r->kind <= REG_MXCSR)
        return PART_SSE;
    return wide && r->kind == REG_BASE ? PART_SEGMENTS : PART_SYSTEM;
}

size_t gdb_description(bool wide, char *out, size_t size)
{
    static const char *const name[] = {"org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse", "org.gnu.gdb.i386.segments",
                                       "org.snowglobe.i386.system"};
    struct text t = {out, size, 0};
    unsigned count;
    const struct row *r = set(wide, &count);
    put(&t,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM "
        "\"gdb-target.dtd\">\n<target>\n<architecture>%s</architecture>\n",
        wide ? "i386:x86-64" : "i386");
    for (unsigned n = 0; n < count; n++) {
        enum part f = part_of(wide, &r[n]);
        if (n == 0 || f != part_of(wide, &r[n - 1])) {
            put(&t, "%s<feature name=\"%s\">\n", n ? "</feature>\n" : "", name[f]);
            if (f == PART_CORE)
                put_core_types(&t);
            else if (f == PART_SSE)
                put_sse_types(&t);
            else if (f == PART_SYSTEM)
                put_system_types(&t, wide ? 8 : 4);
        }
        put(&t, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"%s/>\n", r[n].name, 8u * r[n].size, r[n].type,
            n, r[n].kind == REG_X87 ? " group=\"float\"" : "");
    }
    put(&t, "</feature>\n</target>\n");
    return t.length;
}
