// The host's own processor as the oracle: state is loaded by FXRSTOR, POPs and an IRETQ that sets the trap flag, so
// that exactly one instruction runs; the signal that it ends in (SIGTRAP, or the one of its fault) carries the whole
// state, the vector, the error code and CR2 in its frame. The handler then puts the caller's context into the frame and
// returns.
//
// 16-bit code and FS and GS outside 64-bit code have segments in the process' local descriptor table. FS is also where
// the C library's thread data is: the handler takes it back before anything else.
//
// Built with _GNU_SOURCE (memfd_create, the REG_ names).
//
// Not implemented: hosts other than x86-64 Linux.
#include "tests/oracle/native.h"

#if defined(__x86_64__) && defined(__linux__)

#include "cpu/insn.h"

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { TF = 0x100, IF = 0x200, FIXED = 2, NT = 0x4000, ALT_STACK = 256 * 1024 };

// Popped from top to bottom by oracle_enter.
struct native_entry {
    uint64_t gpr[16];
    uint64_t rip, cs, rflags, rsp, ss;
    _Alignas(16) uint8_t fx[FX_SIZE];
    uint16_t ds, es, fs, gs; // FS and GS: 0 to leave them alone
};

void oracle_enter(const struct native_entry *e, uint64_t *saved_rsp);
void oracle_signal(int sig, siginfo_t *info, void *ucontext);
extern const char oracle_resume[];

// What oracle_signal restores before it goes on to handler(): a signal handler has no argument of its own, so this and
// `run` are the static objects here.
static struct {
    uint64_t changed, fs_base, gs_base;
} bases __asm__("oracle_bases") __attribute__((used));

// clang-format off
__asm__(
    ".text\n"
    ".globl oracle_enter, oracle_resume\n"
    "oracle_enter:\n"
    "    push %rbx\n"
    "    push %rbp\n"
    "    push %r12\n"
    "    push %r13\n"
    "    push %r14\n"
    "    push %r15\n"
    "    mov %rsp, (%rsi)\n"
    "    fxrstor64 176(%rdi)\n"
    "    movw 688(%rdi), %ds\n"
    "    movw 690(%rdi), %es\n"
    "    cmpw $0, 692(%rdi)\n"
    "    je 1f\n"
    "    movw 692(%rdi), %fs\n"
    "    movw 694(%rdi), %gs\n"
    "1:\n"
    "    mov %rdi, %rsp\n"
    "    pop %rax\n"
    "    pop %rcx\n"
    "    pop %rdx\n"
    "    pop %rbx\n"
    "    lea 8(%rsp), %rsp\n" // RSP comes with IRETQ
    "    pop %rbp\n"
    "    pop %rsi\n"
    "    pop %rdi\n"
    "    pop %r8\n"
    "    pop %r9\n"
    "    pop %r10\n"
    "    pop %r11\n"
    "    pop %r12\n"
    "    pop %r13\n"
    "    pop %r14\n"
    "    pop %r15\n"
    "    iretq\n"
    "oracle_resume:\n"
    "    pop %r15\n"
    "    pop %r14\n"
    "    pop %r13\n"
    "    pop %r12\n"
    "    pop %rbp\n"
    "    pop %rbx\n"
    "    ret\n"
    ".globl oracle_signal\n"
    "oracle_signal:\n"
    "    cmpq $0, oracle_bases(%rip)\n"
    "    je 1f\n"
    "    push %rdi\n"
    "    push %rsi\n"
    "    push %rdx\n"
    "    mov $158, %eax\n" // arch_prctl
    "    mov $0x1002, %edi\n" // ARCH_SET_FS
    "    mov oracle_bases+8(%rip), %rsi\n"
    "    syscall\n"
    "    mov $158, %eax\n"
    "    mov $0x1001, %edi\n" // ARCH_SET_GS
    "    mov oracle_bases+16(%rip), %rsi\n"
    "    syscall\n"
    "    pop %rdx\n"
    "    pop %rsi\n"
    "    pop %rdi\n"
    "1:  jmp oracle_handler\n");
// clang-format on

_Static_assert(offsetof(struct native_entry, fx) == 176 && offsetof(struct native_entry, ds) == 688 &&
                   sizeof(struct native_entry) <= ORACLE_PAGE,
               "oracle_enter knows the offsets of fx and ds");

// What the handler works on.
static struct {
    volatile sig_atomic_t running;
    uint64_t saved_rsp;
    struct context *out;
    void *alt_stack;
} run;

static const int handled[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS};

static const unsigned greg_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void handler(int sig, siginfo_t *info, void *ucontext) __asm__("oracle_handler") __attribute__((used));
static void handler(int sig, siginfo_t *info, void *ucontext)
{
    (void)info;
    ucontext_t *uc = ucontext;
    greg_t *g = uc->uc_mcontext.gregs;
    if (!run.running) { // our own bug, not the instruction's
        signal(sig, SIG_DFL);
        return;
    }
    run.running = 0;
    struct context *out = run.out;
    for (unsigned r = 0; r < 16; r++)
        out->gpr[r] = (uint64_t)g[greg_of[r]];
    out->rip = (uint64_t)g[REG_RIP];
    out->rflags = (uint64_t)g[REG_EFL];
    out->vector = (int)g[REG_TRAPNO];
    bool has_error = out->vector == EXC_GP || out->vector == EXC_SS || out->vector == EXC_PF || out->vector == EXC_AC;
    out->error = has_error ? (uint32_t)g[REG_ERR] : 0;
    out->cr2 = out->vector == EXC_PF ? (uint64_t)g[REG_CR2] : 0;

    uint8_t *fx = (uint8_t *)uc->uc_mcontext.fpregs;
    memcpy(out->fx, fx, FX_SIZE);
    store_u16(fx + FX_FCW, 0x37f);
    store_u16(fx + FX_FSW, 0);
    store_u16(fx + FX_FTW, 0);
    store_u32(fx + FX_MXCSR, 0x1f80);
    g[REG_RIP] = (greg_t)(uintptr_t)oracle_resume;
    g[REG_RSP] = (greg_t)run.saved_rsp;
    g[REG_EFL] = IF | FIXED;
    uint64_t selectors = (uint64_t)g[REG_CSGSFS];
    g[REG_CSGSFS] = (greg_t)((selectors & 0x0000ffffffff0000) | SEL_CODE64 | (uint64_t)SEL_DATA << 48);
}

void native_run(struct native *n, enum code_mode mode, bool to_end, const struct context *in, struct context *out)
{
    struct native_entry *e = n->entry;
    memcpy(e->gpr, in->gpr, sizeof e->gpr);
    memcpy(e->fx, in->fx, FX_SIZE);
    e->rip = in->rip;
    e->cs = mode_selector(mode, SEG_CS);
    e->rflags = in->rflags | FIXED | IF | (to_end ? 0 : TF);
    e->rsp = in->gpr[RSP];
    e->ss = mode_selector(mode, SEG_SS);
    e->ds = mode_selector(mode, SEG_DS);
    e->es = mode_selector(mode, SEG_ES);
    e->fs = n->has_ldt ? mode_selector(mode, SEG_FS) : 0;
    e->gs = n->has_ldt ? mode_selector(mode, SEG_GS) : 0;
    bases.changed = e->fs;
    memset(out, 0, sizeof *out);
    run.out = out;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    run.running = 1;
    oracle_enter(e, &run.saved_rsp);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    // SYSCALL took NT and ID over from the code under test: sigreturn does not restore them.
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" ::"i"(~(NT | 0x200000)) : "memory", "cc");
}

// The segments of case.h. False if the kernel has no local descriptor tables or no 16-bit segments.
static bool set_ldt(void)
{
    for (unsigned k = 0; k < ORACLE_LDT_ENTRIES; k++) {
        struct user_desc d = {
            .entry_number = k,
            .base_addr = ldt_entry[k].base,
            .limit = ldt_entry[k].limit,
            .seg_32bit = ldt_entry[k].big,
            .contents = ldt_entry[k].code   ? MODIFY_LDT_CONTENTS_CODE
                        : ldt_entry[k].down ? 1
                                            : 0,
            .useable = 1,
        };
        if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d) != 0)
            return false;
    }
    return true;
}

static bool map_view(int fd, uint64_t addr, size_t size, size_t off, int prot)
{
    return mmap((void *)(uintptr_t)addr, size, prot, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, (off_t)off) !=
           MAP_FAILED;
}

// Runs `code` with all registers 0 but the stack pointer.
static void try_code(struct native *n, enum code_mode mode, const void *code, size_t len, struct context *out)
{
    struct context in = {.rip = CODE_ADDR, .gpr[RSP] = STACK_END};
    if (mode == CODE_16)
        in.rip = -WRAP & UINT16_MAX, in.gpr[RSP] = ENTRY_ADDR;
    store_u16(in.fx + FX_FCW, 0x37f);
    store_u32(in.fx + FX_MXCSR, 0x1f80);
    memcpy(n->code, code, len);
    native_run(n, mode, false, &in, out);
}

// INC EAX, a REX prefix in 64-bit mode: some sandboxes refuse compatibility mode.
static bool try_32(struct native *n)
{
    struct context out;
    try_code(n, CODE_32, "\x40\x90", 2, &out);
    return out.vector == EXC_DB && out.rip == CODE_ADDR + 1 && out.gpr[RAX] == 1;
}

// INC AX; the whole of ESP must come back.
static bool try_16(struct native *n)
{
    struct context out;
    try_code(n, CODE_16, "\x40\x90", 2, &out);
    return out.vector == EXC_DB && out.rip == (-WRAP & UINT16_MAX) + 1 && out.gpr[RAX] == 1 &&
           out.gpr[RSP] == ENTRY_ADDR;
}

// Whether the kernel steps single instructions and tells vector, error code and CR2: user-space kernels may not.
static bool kernel_tells(struct native *n)
{
    struct context out;
    try_code(n, CODE_64, "\x48\xff\xc0\x90", 4, &out); // inc rax
    if (out.vector != EXC_DB || out.rip != CODE_ADDR + 3 || out.gpr[RAX] != 1)
        return false;
    try_code(n, CODE_64, "\xf4", 1, &out); // hlt
    if (out.vector != EXC_GP || out.rip != CODE_ADDR)
        return false;
    try_code(n, CODE_64, "\xff\x34\x25\x00\x20\x01\x30", 7, &out); // push qword [DATA_END]
    return out.vector == EXC_PF && out.error == 4 && out.cr2 == DATA_END && out.gpr[RSP] == STACK_END;
}

const char *native_open(struct native *n)
{
    memset(n, 0, sizeof *n);
    void *region = mmap((void *)(uintptr_t)REGION_ADDR, REGION_SIZE, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (region != (void *)(uintptr_t)REGION_ADDR)
        return "the arena's addresses are taken";
    int fd = memfd_create("oracle", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, ARENA_SIZE + CODE_SIZE) != 0)
        return "no memory for the arena";
    void *views = mmap(NULL, ARENA_SIZE + CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (views == MAP_FAILED)
        return "no memory for the arena";
    n->arena = views;
    n->code = n->arena + ARENA_SIZE;
    memset(n->arena, 0, ARENA_SIZE + CODE_SIZE);
    if (!map_view(fd, DATA_ADDR, DATA_SIZE, 0, PROT_READ | PROT_WRITE) ||
        !map_view(fd, RDONLY_ADDR, RDONLY_SIZE, DATA_SIZE, PROT_READ) ||
        !map_view(fd, STACK_ADDR, STACK_SIZE, DATA_SIZE + RDONLY_SIZE, PROT_READ | PROT_WRITE) ||
        !map_view(fd, CODE_ADDR, CODE_SIZE, ARENA_SIZE, PROT_READ | PROT_EXEC))
        return "the arena cannot be mapped (executable memory refused?)";
    const int rw = PROT_READ | PROT_WRITE;
    // The windows of 16-bit code: the second of two pages comes first, the first at the end.
    for (unsigned k = 0; k < 2; k++) {
        uint64_t at = k ? 0 : 0x10000 - ORACLE_PAGE, page = k * ORACLE_PAGE;
        if (!map_view(fd, CODE16_ADDR + at, ORACLE_PAGE, ARENA_SIZE + page, PROT_READ | PROT_EXEC) ||
            !map_view(fd, DATA16_ADDR + at, ORACLE_PAGE, page, rw) ||
            !map_view(fd, STACK16_ADDR + at, ORACLE_PAGE, DATA_SIZE + RDONLY_SIZE + page, rw))
            return "the arena cannot be mapped";
    }
    if (!map_view(fd, CODE16_ADDR + CODE16_DATA, DATA_SIZE, 0, PROT_READ) ||
        !map_view(fd, DATA16_ADDR + RDONLY_ADDR - DATA_ADDR - WRAP, RDONLY_SIZE, DATA_SIZE, PROT_READ))
        return "the arena cannot be mapped";
    close(fd);
    n->entry = mmap((void *)(uintptr_t)ENTRY_ADDR, ORACLE_PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (n->entry != (void *)(uintptr_t)ENTRY_ADDR)
        return "the arena cannot be mapped";

    if (syscall(SYS_arch_prctl, ARCH_GET_FS, &n->fs_base) != 0 ||
        syscall(SYS_arch_prctl, ARCH_SET_GS, (long)GS_BASE) != 0)
        return "arch_prctl is refused";
    bases.fs_base = n->fs_base;
    bases.gs_base = GS_BASE;

    run.alt_stack = malloc(ALT_STACK);
    stack_t stack = {.ss_sp = run.alt_stack, .ss_size = ALT_STACK};
    if (!run.alt_stack || sigaltstack(&stack, NULL) != 0)
        return "no memory for the signal stack";
    struct sigaction action = {.sa_sigaction = oracle_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (unsigned k = 0; k < ARRAY_LEN(handled); k++)
        sigaction(handled[k], &action, NULL);
    if (!kernel_tells(n))
        return "the kernel's signal frames do not tell what is needed";
    n->has_32 = try_32(n);
    n->has_ldt = n->has_32 && set_ldt();
    n->has_16 = n->has_ldt && try_16(n);
    uint32_t a, b = 0, c = 0, d = 0;
    __get_cpuid(0, &a, &b, &c, &d);
    n->amd = c == 0x444d4163 || c == 0x656e6975; // AuthenticAMD, HygonGenuine
    return NULL;
}

void native_close(struct native *n)
{
    for (unsigned k = 0; k < ARRAY_LEN(handled); k++)
        signal(handled[k], SIG_DFL);
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, NULL);
    free(run.alt_stack);
    munmap(n->arena, ARENA_SIZE + CODE_SIZE);
    munmap((void *)(uintptr_t)REGION_ADDR, REGION_SIZE);
}

// Where CPUID announces a feature (SDM vol. 2, CPUID): leaf, register (0 EAX to 3 EDX), bit. EDX bit 4 of leaf 1 is the
// time-stamp counter, which every host has.
static const struct {
    uint32_t leaf;
    uint8_t reg, bit;
} feature_bits[] = {
    [FEAT_NONE] = {1, 3, 4},
    [FEAT_CMOV] = {1, 3, 15},
    [FEAT_CX8] = {1, 3, 8},
    [FEAT_CX16] = {1, 2, 13},
    [FEAT_MMX] = {1, 3, 23},
    [FEAT_SSE] = {1, 3, 25},
    [FEAT_SSE2] = {1, 3, 26},
    [FEAT_SSE3] = {1, 2, 0},
    [FEAT_SSSE3] = {1, 2, 9},
    [FEAT_SSE41] = {1, 2, 19},
    [FEAT_SSE42] = {1, 2, 20},
    [FEAT_POPCNT] = {1, 2, 23},
    [FEAT_LM] = {0x80000001, 3, 29},
    [FEAT_SYSCALL] = {0x80000001, 3, 11},
    [FEAT_RDTSCP] = {0x80000001, 3, 27},
    [FEAT_LAHF64] = {0x80000001, 2, 0},
    [FEAT_FXSR] = {1, 3, 24},
    [FEAT_CLFLUSH] = {1, 3, 19},
    [FEAT_XSAVE] = {1, 2, 27},
    [FEAT_MONITOR] = {1, 2, 3},
    [FEAT_FSGSBASE] = {7, 1, 0},
    [FEAT_MOVBE] = {1, 2, 22},
    [FEAT_HINTS] = {1, 3, 15}, // what has CMOV has them
    [FEAT_AES] = {1, 2, 25},
    [FEAT_PCLMULQDQ] = {1, 2, 1},
    [FEAT_CLFLUSHOPT] = {7, 1, 23},
    [FEAT_CLWB] = {7, 1, 24},
    [FEAT_BMI1] = {7, 1, 3},
    [FEAT_BMI2] = {7, 1, 8},
    [FEAT_ADX] = {7, 1, 19},
};

bool native_has_feature(unsigned feature)
{
    uint32_t r[4];
    if (feature >= ARRAY_LEN(feature_bits) || !feature_bits[feature].leaf ||
        !__get_cpuid_count(feature_bits[feature].leaf, 0, &r[0], &r[1], &r[2], &r[3]))
        return false;
    return r[feature_bits[feature].reg] >> feature_bits[feature].bit & 1;
}

#else

const char *native_open(struct native *n)
{
    memset(n, 0, sizeof *n);
    return "this host is not x86-64 Linux";
}

void native_close(struct native *n)
{
    (void)n;
}

void native_run(struct native *n, enum code_mode mode, bool to_end, const struct context *in, struct context *out)
{
    (void)n, (void)mode, (void)to_end;
    *out = *in;
}

bool native_has_feature(unsigned feature)
{
    (void)feature;
    return false;
}

#endif
