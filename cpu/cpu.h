// The processor: its architectural state, the soft TLB, and what the machine calls. Any number of processors can exist;
// the clock and physical memory belong to the machine.
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "core/clock.h"
#include "core/device.h"
#include "core/line.h"
#include "core/log.h"
#include "core/phys.h"
#include "cpu/lapic.h"
#include "cpu/model.h"
#include "cpu/observe.h"

enum reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

// Two more slots behind the sixteen, so that an address is always reg[base] + (reg[index] << scale) + disp.
enum { REG_ZERO = 16, REG_PAGE_RIP = 17, REG_SLOTS = 18 };

enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

// RFLAGS (SDM vol. 1, 3.4.3).
enum rflags {
    F_CF = 1 << 0,
    F_PF = 1 << 2,
    F_AF = 1 << 4,
    F_ZF = 1 << 6,
    F_SF = 1 << 7,
    F_TF = 1 << 8,
    F_IF = 1 << 9,
    F_DF = 1 << 10,
    F_OF = 1 << 11,
    F_IOPL = 3 << 12,
    F_NT = 1 << 14,
    F_RF = 1 << 16,
    F_VM = 1 << 17,
    F_AC = 1 << 18,
    F_VIF = 1 << 19,
    F_VIP = 1 << 20,
    F_ID = 1 << 21,
    F_ARITH = F_CF | F_PF | F_AF | F_ZF | F_SF | F_OF,
};

enum cr0 {
    CR0_PE = 1,
    CR0_MP = 2,
    CR0_EM = 4,
    CR0_TS = 8,
    CR0_ET = 16,
    CR0_NE = 32,
    CR0_WP = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30
};
#define CR0_PG 0x80000000u
enum cr4 {
    CR4_VME = 1,
    CR4_PVI = 2,
    CR4_TSD = 4,
    CR4_DE = 8,
    CR4_PSE = 16,
    CR4_PAE = 32,
    CR4_MCE = 64,
    CR4_PGE = 128,
    CR4_PCE = 256,
    CR4_OSFXSR = 512,
    CR4_OSXMMEXCPT = 1024,
    CR4_UMIP = 2048,
    CR4_FSGSBASE = 1 << 16,
    CR4_PCIDE = 1 << 17,
    CR4_OSXSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21
};
enum efer { EFER_SCE = 1, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

enum exception {
    EXC_DE = 0,
    EXC_DB = 1,
    EXC_NMI = 2,
    EXC_BP = 3,
    EXC_OF = 4,
    EXC_BR = 5,
    EXC_UD = 6,
    EXC_NM = 7,
    EXC_DF = 8,
    EXC_TS = 10,
    EXC_NP = 11,
    EXC_SS = 12,
    EXC_GP = 13,
    EXC_PF = 14,
    EXC_MF = 16,
    EXC_AC = 17,
    EXC_MC = 18,
    EXC_XM = 19
};

// DR6 and DR7 (SDM vol. 3B, 17.2).
enum debug_bits { DR6_BD = 1 << 13, DR6_BS = 1 << 14, DR6_BT = 1 << 15, DR7_LOCAL = 0x155, DR7_GD = 1 << 13 };

// A segment register with its hidden part. `attr` is the descriptor's second dword, bits 8..23, moved to bit 0: type
// 0..3, S 4, DPL 5..6, P 7, AVL 12, L 13, D/B 14, G 15 (bits 8..11 zero). The limit is in bytes.
#define SEGMENT_STATE(F, A, S, T)                                                                                      \
    F(T, uint64_t, base, 0, "linear address of offset 0")                                                              \
    F(T, uint32_t, limit, 0xffff, "last valid offset, in bytes")                                                       \
    F(T, uint16_t, selector, 0, "visible part")                                                                        \
    F(T, uint16_t, attr, 0x93, "type, S, DPL, P, AVL, L, D/B, G")
STATE_STRUCT(segment_state, SEGMENT_STATE);

enum seg_attr {
    ATTR_TYPE = 15,
    ATTR_S = 16,
    ATTR_DPL_SHIFT = 5,
    ATTR_P = 128,
    ATTR_L = 1 << 13,
    ATTR_DB = 1 << 14,
    ATTR_G = 1 << 15,
    ATTR_V86 = 0xf3 // every segment in virtual-8086 mode
};

// Everything that the guest can see of a processor but its local APIC. Arithmetic flags, REG_ZERO and REG_PAGE_RIP are
// canonical after cpu_sync() only.
#define CPU_STATE(F, A, S, T)                                                                                          \
    A(T, uint64_t, reg, REG_SLOTS, 0, "RAX to R15 in encoding order; a zero; RIP at which the code page begins")       \
    F(T, uint64_t, rip, 0xfff0, "instruction pointer")                                                                 \
    F(T, uint64_t, rflags, 2, "RFLAGS")                                                                                \
    S(T, segment_state, seg, SEG_COUNT, "ES CS SS DS FS GS")                                                           \
    S(T, segment_state, ldtr, 1, "local descriptor table")                                                             \
    S(T, segment_state, tr, 1, "task register")                                                                        \
    S(T, segment_state, gdtr, 1, "global descriptor table: base and limit")                                            \
    S(T, segment_state, idtr, 1, "interrupt descriptor table: base and limit")                                         \
    F(T, uint64_t, cr0, 0x60000010, "CR0")                                                                             \
    F(T, uint64_t, cr2, 0, "page-fault linear address")                                                                \
    F(T, uint64_t, cr3, 0, "top table's physical address")                                                             \
    F(T, uint64_t, cr4, 0, "CR4")                                                                                      \
    A(T, uint64_t, pdpte, 4, 0, "PAE page-directory-pointer registers, loaded with CR3")                               \
    A(T, uint64_t, dr, 4, 0, "DR0 to DR3")                                                                             \
    F(T, uint64_t, dr6, 0xffff0ff0, "debug status")                                                                    \
    F(T, uint64_t, dr7, 0x400, "debug control")                                                                        \
    F(T, uint64_t, efer, 0, "IA32_EFER")                                                                               \
    F(T, uint64_t, xcr0, 1, "extended states enabled")                                                                 \
    F(T, uint64_t, tsc_offset, 0, "TSC minus guest nanoseconds")                                                       \
    F(T, uint64_t, tsc_aux, 0, "IA32_TSC_AUX")                                                                         \
    F(T, uint64_t, star, 0, "IA32_STAR")                                                                               \
    F(T, uint64_t, lstar, 0, "IA32_LSTAR")                                                                             \
    F(T, uint64_t, cstar, 0, "IA32_CSTAR")                                                                             \
    F(T, uint64_t, fmask, 0, "IA32_FMASK")                                                                             \
    F(T, uint64_t, kernel_gs_base, 0, "IA32_KERNEL_GS_BASE")                                                           \
    F(T, uint64_t, sysenter_cs, 0, "IA32_SYSENTER_CS")                                                                 \
    F(T, uint64_t, sysenter_esp, 0, "IA32_SYSENTER_ESP")                                                               \
    F(T, uint64_t, sysenter_eip, 0, "IA32_SYSENTER_EIP")                                                               \
    F(T, uint64_t, pat, 0x0007040600070406, "IA32_PAT")                                                                \
    F(T, uint64_t, misc_enable, 0x41801, "IA32_MISC_ENABLE")                                                           \
    F(T, uint64_t, mtrr_def_type, 0, "IA32_MTRR_DEF_TYPE")                                                             \
    A(T, uint64_t, mtrr_var, 16, 0, "IA32_MTRR_PHYSBASEn, PHYSMASKn")                                                  \
    A(T, uint64_t, mtrr_fix, 11, 0, "fixed-range MTRRs in MSR order")                                                  \
    F(T, uint64_t, mcg_status, 0, "IA32_MCG_STATUS")                                                                   \
    A(T, uint64_t, mc, 16, 0, "IA32_MCi_CTL, STATUS, ADDR, MISC of four banks")                                        \
    F(T, uint64_t, bios_sign_id, 0, "IA32_BIOS_SIGN_ID")                                                               \
    A(T, uint64_t, st_frac, 8, 0, "x87 R0 to R7: significand")                                                         \
    A(T, uint16_t, st_sexp, 8, 0, "x87 R0 to R7: sign and exponent")                                                   \
    F(T, uint16_t, fcw, 0x40, "x87 control word")                                                                      \
    F(T, uint16_t, fsw, 0, "x87 status word, TOP included")                                                            \
    F(T, uint8_t, ftw, 0xff, "x87 register Rn is not empty: bit n")                                                    \
    F(T, uint16_t, fop, 0, "x87 last opcode, 11 bits")                                                                 \
    F(T, uint64_t, fip, 0, "x87 last instruction offset")                                                              \
    F(T, uint64_t, fdp, 0, "x87 last operand offset")                                                                  \
    F(T, uint16_t, fcs, 0, "x87 last instruction selector")                                                            \
    F(T, uint16_t, fds, 0, "x87 last operand selector")                                                                \
    A(T, uint64_t, vec, 64, 0, "vector registers: four quadwords each, the lower two are XMMn")                        \
    F(T, uint32_t, mxcsr, 0x1f80, "MXCSR")                                                                             \
    F(T, uint8_t, activity, 0, "enum activity")                                                                        \
    F(T, uint8_t, shadow, 0, "held off for one instruction: 1 interrupts (STI), 2 debug traps too (MOV SS, POP SS)")   \
    F(T, uint8_t, ferr, 0, "level of FERR#: an x87 exception waits, with CR0.NE clear")                                \
    F(T, uint8_t, ignne, 0, "level of IGNNE#: go on in spite of it")                                                   \
    F(T, uint8_t, nmi_pending, 0, "an NMI is latched")                                                                 \
    F(T, uint8_t, nmi_blocked, 0, "NMIs are blocked until IRET")                                                       \
    F(T, uint8_t, nmi_level, 0, "level of the NMI pin; a rising edge latches")                                         \
    F(T, uint8_t, intr, 0, "level of the INTR line from the local APIC")                                               \
    F(T, uint8_t, db_pending, 0,                                                                                       \
      "debug traps to deliver before the next instruction: DR6 bits 0..3, bit 4 single step, bit 5 task switch")       \
    F(T, uint64_t, monitor, 0, "physical address of the line that MONITOR has armed, plus 1; or 0")                    \
    F(T, uint64_t, rng, 0, "state of the generator behind RDRAND and RDSEED")
STATE_STRUCT(cpu_state, CPU_STATE);

// MWAIT waits for a store to the monitored line or what ends a HLT, MWAIT_ANY for an interrupt that IF holds off, too.
enum activity { CPU_RUNNING, CPU_HALTED, CPU_SHUTDOWN, CPU_WAIT_SIPI, CPU_MWAIT, CPU_MWAIT_ANY };

struct insn;
struct cpu;

// How an instruction ended. Only NEXT and LEAVE have committed anything.
enum exec_result {
    EXEC_NEXT,  // go on with the next instruction
    EXEC_LEAVE, // done, and s.rip and the tick are stored: leave the block
    EXEC_FAULT, // cpu->exc says which exception
    EXEC_STEP,  // it touches a device, code or a used table entry: run it again by itself (cpu->stepping)
    EXEC_STOP,  // the host must act first; restartable
};

typedef enum exec_result exec_fn(struct cpu *c, const struct insn *i);

// ---- the soft TLB
// ----------------------------------------------------------------------------------------------------

#ifndef TLB_ENTRIES
#define TLB_ENTRIES 1024u // of each kind and context; a power of two
#endif

// An entry matches linear address `a` for `size` bytes when (a ^ tag) <= PAGE_SIZE - size: same page, not crossing it.
struct tlb_entry {
    uint64_t tag;
    uintptr_t host; // for data: where the page is, plus (a ^ tag) is the byte; for execute: struct code_page *
};

// Which privileges an entry was made for: user (CPL 3), kernel, kernel with EFLAGS.AC set (SMAP let through).
enum tlb_context { TLB_USER, TLB_KERNEL, TLB_KERNEL_AC, TLB_CONTEXTS };

struct tlb {
    struct tlb_entry read[TLB_ENTRIES];
    struct tlb_entry write[TLB_ENTRIES];
};

struct tlb2;       // the second level, cpu/tlb.c
struct code_cache; // decoded blocks, cpu/block.c
struct block;

// Direct-mapped index of a linear address.
static inline unsigned tlb_index(uint64_t linear)
{
    return (unsigned)(linear >> PAGE_SHIFT) & (TLB_ENTRIES - 1);
}

struct exception_info {
    uint8_t vector;
    bool has_error;
    uint16_t error;
    uint64_t cr2;
    uint64_t dr6; // for #DB: bits to set
};

// Ports, and what the board decides. All functions are required.
struct cpu_wiring {
    struct map *ports;
    void (*fatal)(void *ctx); // triple fault: the board resets or ends
    void *ctx;
    const struct cpu_model *model; // NULL: the default
};

// What the second engine's code keeps here.
struct cpu_engine_state {
    uint64_t word;        // scratch
    uint64_t window[4];   // distances between host and guest
    const void *link;     // the edge by which code was left, or NULL
    const void *code;     // where the code memory runs
    uint32_t host_mxcsr;  // the host's while the guest's is in force
    uint16_t flags;       // RFLAGS bits 7..0 in the upper byte, OF in bit 0
    uint8_t flags_valid;  // `flags` has the arithmetic flags, not the lazy ones
    uint8_t vectors_live; // XMM0 to XMM15 and MXCSR are in the host's registers
};

enum { WATCH_OUTSIDE = 16 }; // in watch_data

struct cpu {
    struct cpu_state s;

    // Lazy flags (cpu/flags.h). They stand for the six arithmetic flags; s.rflags has the rest.
    uint64_t flag_res; // last result, sign-extended: ZF, SF, PF
    uint64_t flag_aux; // carries: CF bit 31, CF^OF bit 30, AF bit 3; PF correction 32..39; SF correction 40

    // The run loop. `tick` is exact at block entries; inside a block it is tick + insn->index.
    uint64_t tick;
    uint64_t limit;       // run until tick reaches this
    uint64_t chain_limit; // blocks go straight on to one that begins before this tick: it ends within `limit`, and the
                          // host stack is bounded where a tail call is not one
    uint32_t mode;        // enum mode_bit, part of the block key
    uint8_t cpl;
    uint8_t stepping;      // this instruction runs by itself: device, code and table accesses are allowed
    uint8_t attention;     // something to look at between instructions: interrupt line, NMI, shadow, TF, pending #DB
    uint8_t walk_hit_code; // a page walk set a flag in a granule of decoded code
    uint8_t delivered;     // set by every delivery through the IDT and every task switch: no single-step trap
    uint8_t switched;      // a task switch has been committed: a fault that follows belongs to the new task
    uint8_t align_check;   // CPL 3 with EFLAGS.AC and CR0.AM: unaligned accesses raise #AC
    uint8_t watch_code;    // DR7 enables: bit n, DRn is an instruction breakpoint
    uint8_t watch_data;    // a data breakpoint; WATCH_OUTSIDE: a watchpoint or trace (cpu/observe.h)
    uint8_t watch_port;    // an I/O breakpoint
    uint8_t watch_hit;     // breakpoints that the present instruction's accesses have met
    uint8_t map_changed;   // a device access changed the address map
    struct phys_page *monitor_page; // marked PHYS_MONITOR
    struct tlb *tlb;                // of the current context
    struct tlb_entry *exec_tlb;
    struct block *link_from; // the block whose link the next lookup can fill in, or NULL
    unsigned link_slot;
    const struct insn *alone; // after EXEC_STEP: the instruction to run by itself
    uint64_t mem_value;       // result of a slow load
    uint8_t rmw[16];          // buffer of a slow read-modify-write
    uint64_t rmw_linear;

    struct exception_info exc;
    struct observer observer;
    struct cpu_engine_state engine; // of the second engine while it runs

    struct clock *clock;
    struct phys *phys;
    struct code_cache *code;
    struct tlb2 *tlb2;
    struct lapic *lapic;
    struct log *log;
    struct cpu_wiring w;
    struct line ferr; // FERR#, filled in by the board
    const struct cpu_model *model;
    // What follows from the model (cpu/model.h).
    uint64_t cr4_known;       // bits of CR4 that can be set
    uint64_t pte_reserved;    // bits of 64-bit table entries above the physical address, up to bit 51
    uint8_t phys_bits;        // width of physical addresses
    bool gib_pages;           // 1 GiB pages
    struct block *step_block; // room for one instruction and its end

    struct tlb data_tlb[TLB_CONTEXTS];
    struct tlb_entry fetch_tlb[TLB_CONTEXTS][TLB_ENTRIES];
    struct tlb no_tlb; // always empty
};

// The block key's mode word: what decoding and the handlers' choice depend on.
enum mode_bit {
    MODE_64 = 1,      // CS.L in long mode
    MODE_32 = 2,      // CS.D
    MODE_STACK32 = 4, // SS.B
    MODE_PE = 8,
    MODE_VM = 16,
    MODE_CPL3 = 32,
    MODE_LMA = 64,
    MODE_FLAT = 128,   // ES CS SS DS have base 0 and limit 4 GiB - 1
    MODE_NO_FPU = 256, // CR0.EM or CR0.TS: x87 and SSE instructions fault
    MODE_NO_SSE = 512, // CR4.OSFXSR clear, or CR0.EM
    MODE_CPL0 = 1024,
    MODE_NO_WAIT = 2048,  // CR0.MP and CR0.TS: FWAIT faults
    MODE_DEBUG = 4096,    // an instruction breakpoint is enabled: blocks of one instruction, never linked
    MODE_NO_XSAVE = 8192, // CR4.OSXSAVE clear
};

// The linear address of an offset in the code segment.
static inline uint64_t code_linear(const struct cpu *c, uint64_t rip)
{
    return c->mode & MODE_64 ? rip : (uint32_t)(rip + c->s.seg[SEG_CS].base);
}

// Allocates and resets. Returns NULL when out of memory. `phys`, `clock`, `lapic`, `log` outlive it.
struct cpu *cpu_create(struct phys *phys, struct clock *clock, struct lapic *lapic, struct log *log,
                       const struct cpu_wiring *wiring);
void cpu_destroy(struct cpu *c);

// State after RESET (SDM vol. 3A, 10.1.1).
void cpu_reset(struct cpu *c);

// Runs until clock->s.tick has advanced by `budget`, an event deadline changed, the processor stopped, or it met a
// point of its observer (CPU_STOPPED: before the instruction at a breakpoint, behind one that met a watchpoint). The
// clock's tick is exact on return.
enum cpu_stop { CPU_BUDGET, CPU_DEADLINE, CPU_HALT, CPU_DEAD, CPU_STOPPED };
enum cpu_stop cpu_run(struct cpu *c, uint64_t budget);

// Makes `s` canonical (flags, page RIP). Changes nothing that a guest can see.
void cpu_sync(struct cpu *c);

// After `s` was set from outside: NULL or what is wrong with it.
const char *cpu_check(const struct cpu *c);
// Recomputes all derived state; drops every translation.
void cpu_update(struct cpu *c);

// Line targets.
void cpu_set_intr(void *cpu, unsigned n, bool level);
void cpu_pulse_nmi(void *cpu, unsigned n, bool level);
void cpu_set_ignne(void *cpu, unsigned n, bool level);

// Physical memory watches (wire them into struct phys).
void cpu_code_write(void *cpu, struct phys_page *page, uint64_t addr, unsigned size);
void cpu_table_write(void *cpu, struct phys_page *page, uint64_t addr);

// Drops all cached translations and decoded code: after the memory map or A20 changed.
void cpu_map_changed(struct cpu *c);

// Clean pages must be noticed again: call after PHYS_DIRTY bits were cleared.
void cpu_flush_writes(struct cpu *c);

extern const struct device_class cpu_class;

#endif
