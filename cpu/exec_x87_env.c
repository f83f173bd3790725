// x87 control: FINIT, FCLEX, FLDCW, FSTCW, FSTSW, FSTENV, FLDENV, FSAVE, FRSTOR, FWAIT and the 8087's and 80287's
// FENI, FDISI, FSETPM, which do nothing.
//
// After Intel SDM volume 1, 8.1.10 (images, figures 8-9 to 8-12), and the instructions' pages in volume 2.
// With CR0.NE clear a pending exception asserts FERR# at the next waiting instruction, and the processor stands still
// before it until an interrupt comes or IGNNE# lets it go on (SDM vol. 1, D.2.1). Differs: FCS and FDS are always zero
// (CPUID.07H:EBX[13]); loading an image ignores them.
#include "cpu/exec_table.h"
#include "cpu/x87.h"

enum { ENV_SIZE16 = 14, ENV_SIZE32 = 28, REGS_SIZE = 80 };

uint16_t x87_tag_word(const struct cpu *c)
{
    unsigned tags = 0;
    for (unsigned r = 0; r < 8; r++) {
        unsigned tag = 3;
        if (c->s.ftw >> r & 1) {
            enum fp_class class = f80_classify(f80_make(c->s.st_sexp[r], c->s.st_frac[r]));
            tag = class == FP_CLASS_NORMAL ? 0 : class == FP_CLASS_ZERO ? 1 : 2;
        }
        tags |= tag << (2 * r);
    }
    return (uint16_t)tags;
}

// ---- images -------------------------------------------------------------------------------------------------------

// Real-address and virtual-8086 mode have linear pointers and the opcode in their images, protected mode selectors.
static bool protected_image(const struct cpu *c)
{
    return (c->mode & (MODE_PE | MODE_VM)) == MODE_PE;
}

static unsigned env_size(const struct insn *i)
{
    return i->opsize == 2 ? ENV_SIZE16 : ENV_SIZE32;
}

static void put_env16(const struct cpu *c, uint8_t *p)
{
    store_u16(p, c->s.fcw);
    store_u16(p + 2, c->s.fsw);
    store_u16(p + 4, x87_tag_word(c));
    store_u16(p + 6, (uint16_t)c->s.fip);
    store_u16(p + 10, (uint16_t)c->s.fdp);
    if (protected_image(c)) {
        store_u16(p + 8, 0);
        store_u16(p + 12, 0);
    } else {
        store_u16(p + 8, (uint16_t)((c->s.fip >> 16 & 15) << 12 | c->s.fop));
        store_u16(p + 12, (uint16_t)((c->s.fdp >> 16 & 15) << 12));
    }
}

static void put_env32(const struct cpu *c, uint8_t *p)
{
    const uint32_t reserved = 0xffff0000u; // what processors write into the reserved halves
    store_u32(p, reserved | c->s.fcw);
    store_u32(p + 4, reserved | c->s.fsw);
    store_u32(p + 8, reserved | x87_tag_word(c));
    if (protected_image(c)) {
        store_u32(p + 12, (uint32_t)c->s.fip);
        store_u32(p + 16, (uint32_t)c->s.fop << 16);
        store_u32(p + 20, (uint32_t)c->s.fdp);
        store_u32(p + 24, reserved);
    } else {
        store_u32(p + 12, reserved | (uint16_t)c->s.fip);
        store_u32(p + 16, (uint32_t)(c->s.fip >> 16 & 0xffff) << 12 | c->s.fop);
        store_u32(p + 20, reserved | (uint16_t)c->s.fdp);
        store_u32(p + 24, (uint32_t)(c->s.fdp >> 16 & 0xffff) << 12);
    }
}

static void get_env16(struct cpu *c, const uint8_t *p)
{
    c->s.fip = load_u16(p + 6);
    c->s.fdp = load_u16(p + 10);
    c->s.fop = 0;
    if (!protected_image(c)) {
        c->s.fip |= (uint64_t)(load_u16(p + 8) >> 12) << 16;
        c->s.fdp |= (uint64_t)(load_u16(p + 12) >> 12) << 16;
        c->s.fop = load_u16(p + 8) & 0x7ff;
    }
}

static void get_env32(struct cpu *c, const uint8_t *p)
{
    if (protected_image(c)) {
        c->s.fip = load_u32(p + 12);
        c->s.fdp = load_u32(p + 20);
        c->s.fop = load_u32(p + 16) >> 16 & 0x7ff;
    } else {
        c->s.fip = load_u16(p + 12) | (uint64_t)(load_u32(p + 16) >> 12 & 0xffff) << 16;
        c->s.fdp = load_u16(p + 20) | (uint64_t)(load_u32(p + 24) >> 12 & 0xffff) << 16;
        c->s.fop = load_u32(p + 16) & 0x7ff;
    }
}

static void set_control(struct cpu *c, uint16_t fcw)
{
    c->s.fcw = (fcw & FCW_WRITABLE) | FCW_ONE;
    x87_update_summary(c);
}

static void put_env(const struct cpu *c, const struct insn *i, uint8_t *p)
{
    if (i->opsize == 2)
        put_env16(c, p);
    else
        put_env32(c, p);
}

static void get_env(struct cpu *c, const struct insn *i, const uint8_t *p)
{
    unsigned step = i->opsize == 2 ? 2 : 4, tags = load_u16(p + 2 * step);
    if (i->opsize == 2)
        get_env16(c, p);
    else
        get_env32(c, p);
    c->s.fcs = c->s.fds = 0;
    c->s.ftw = 0;
    for (unsigned r = 0; r < 8; r++)
        c->s.ftw |= (uint8_t)(((tags >> (2 * r) & 3) != 3) << r);
    c->s.fsw = load_u16(p + step);
    set_control(c, load_u16(p));
}

static void initialise(struct cpu *c)
{
    c->s.fcw = FCW_INIT;
    c->s.fsw = 0;
    c->s.ftw = 0;
    c->s.fip = c->s.fdp = 0;
    c->s.fcs = c->s.fds = c->s.fop = 0;
    x87_settled(c);
}

// ---- pending exceptions -------------------------------------------------------------------------------------------

__attribute__((noinline)) void x87_ferr(struct cpu *c, bool level)
{
    c->s.ferr = level;
    line_set(&c->ferr, level);
}

enum exec_result x87_error(struct cpu *c, const struct insn *i)
{
    if (c->s.cr0 & CR0_NE)
        return fault(c, i, EXC_MF);
    if (c->s.ignne)
        return EXEC_NEXT;
    tick_sync(c, i);
    // The line before the halt: the interrupt that it causes may be there at once.
    if (!c->s.ferr)
        x87_ferr(c, true);
    c->s.rip = rip_of(c, i);
    c->tick += i->index;
    c->s.activity = CPU_HALTED;
    c->attention = 1;
    c->delivered = 1; // it has not been executed: no single-step trap
    return EXEC_LEAVE;
}

void cpu_set_ignne(void *cpu, unsigned n, bool level)
{
    struct cpu *c = cpu;
    (void)n;
    c->s.ignne = level;
}

// ---- instructions -------------------------------------------------------------------------------------------------

enum exec_result x_fwait(struct cpu *c, const struct insn *i)
{
    TRY(x87_wait(c, i));
    return next(c, i);
}

enum exec_result x_fninit(struct cpu *c, const struct insn *i)
{
    initialise(c);
    return next(c, i);
}

enum exec_result x_fnclex(struct cpu *c, const struct insn *i)
{
    c->s.fsw &= (uint16_t) ~(FSW_EXCEPTIONS | FSW_SF | FSW_ES | FSW_B);
    x87_settled(c);
    return next(c, i);
}

// FNENI, FNDISI, FNSETPM.
enum exec_result x_fpu_ignored(struct cpu *c, const struct insn *i)
{
    return next(c, i);
}

enum exec_result x_fldcw(struct cpu *c, const struct insn *i)
{
    uint64_t v;
    TRY(x87_wait(c, i));
    TRY(load(c, i, 2, &v));
    set_control(c, (uint16_t)v);
    return next(c, i);
}

enum exec_result x_fnstcw(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 2, c->s.fcw));
    return next(c, i);
}

enum exec_result x_fnstsw_m(struct cpu *c, const struct insn *i)
{
    TRY(store(c, i, 2, c->s.fsw));
    return next(c, i);
}

enum exec_result x_fnstsw_r(struct cpu *c, const struct insn *i)
{
    set16(c, RAX, c->s.fsw);
    return next(c, i);
}

enum exec_result x_fnstenv(struct cpu *c, const struct insn *i)
{
    uint8_t image[ENV_SIZE32];
    put_env(c, i, image);
    TRY(store_bytes(c, i, 0, image, env_size(i)));
    set_control(c, c->s.fcw | FCW_MASKS);
    return leave(c, i);
}

enum exec_result x_fldenv(struct cpu *c, const struct insn *i)
{
    uint8_t image[ENV_SIZE32];
    TRY(x87_wait(c, i));
    TRY(load_bytes(c, i, 0, image, env_size(i)));
    get_env(c, i, image);
    return leave(c, i);
}

enum exec_result x_fnsave(struct cpu *c, const struct insn *i)
{
    uint8_t image[ENV_SIZE32 + REGS_SIZE];
    unsigned n = env_size(i);
    put_env(c, i, image);
    for (unsigned k = 0; k < 8; k++) {
        struct float80 v = x87_get(c, k);
        store_u64(image + n + 10 * k, v.frac);
        store_u16(image + n + 10 * k + 8, v.sexp);
    }
    TRY(store_bytes(c, i, 0, image, n + REGS_SIZE));
    initialise(c);
    return leave(c, i);
}

enum exec_result x_frstor(struct cpu *c, const struct insn *i)
{
    uint8_t image[ENV_SIZE32 + REGS_SIZE];
    unsigned n = env_size(i);
    TRY(x87_wait(c, i));
    TRY(load_bytes(c, i, 0, image, n + REGS_SIZE));
    get_env(c, i, image);
    for (unsigned k = 0; k < 8; k++) {
        unsigned r = x87_phys(c, k);
        c->s.st_frac[r] = load_u64(image + n + 10 * k);
        c->s.st_sexp[r] = load_u16(image + n + 10 * k + 8);
    }
    return leave(c, i);
}
