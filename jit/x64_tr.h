// The emitter for x86-64 hosts: a guest instruction becomes, where it can, the same instruction with other registers.
//
//   RAX        the guest's arithmetic flags: LAHF's byte in AH, OF in AL; scratch where they are not there
//   RCX RDX    guest RCX RDX;  RBX guest RAX;  R8 to R14 guest RBX RSP RBP RSI RDI R8 R9; the rest is in memory
//   RSI RDI    scratch: addresses, then page offset and host page of a memory operand
//   R15        ticks left when the block has ended
//   RBP        struct cpu;  XMM0 to XMM15 the guest's, loaded on demand
//
// The guest's flags are in the host's after an instruction that sets them, and move to AX before anything that destroys
// them (SDM vol. 1, 3.4.3.1). Everything that the fast code cannot do, from a TLB miss to a row without a template, is
// one call of the row's own function, after which the code goes on behind the instruction; or leaves, when that
// function says so.
#ifndef JIT_X64_TR_H
#define JIT_X64_TR_H

#include "cpu/exec_table.h"
#include "jit/translate.h"
#include "jit/x64.h"

enum { NOWHERE = -1 };
static const int8_t host_of[16] = {HBX, HCX, HDX,     H8,      H9,      H10,     H11,     H12,
                                   H13, H14, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE};

#define ALWAYS   16u
#define CC_NC    3u
#define CC_Z     4u
#define CC_NZ    5u
#define CC_S     8u
#define CC_A     7u
#define MAX_SLOW (BLOCK_MAX + 4)

// The eight operations of 00h to 3Fh by their number, and TEST.
enum { OP_ADC = 2, OP_SBB = 3, OP_CMP = 7, OP_TEST = 8 };

// Where code goes when the fast way does not work out.
struct slow {
    uint32_t site[8];
    unsigned sites;
    unsigned k;       // instruction
    uint32_t resume;  // behind it
    bool hot_after;   // the code there expects the flags in the host's
    bool last;        // it ends the block
    bool flags_saved; // AX is in engine.flags
    bool leaves;      // the code behind counts on a window: leave instead of going there
};

// See jit/x64_window.c.
#define WINDOWS 4u
struct window {
    uint8_t base; // guest register
    bool write, live;
    int lo, hi; // range of displacements from the register's value where it began ...
    int moved;  // ... which has moved by so much since then
};

struct tr {
    struct emit e;
    struct jit *j;
    struct block *b;
    unsigned k;
    unsigned context;
    bool long_mode;
    bool in_ax, in_host; // where the guest's flags are
    bool but_af;         // those in the host's are right but for AF
    bool ended;          // control does not come here
    bool failed;         // no room
    struct slow *slow;   // of the present instruction
    struct slow *slows;  // MAX_SLOW
    unsigned slow_count;
    struct window window[WINDOWS];
    unsigned next_window;
    struct jit_edge *edge[2];
    unsigned edges;
};

// ---- small pieces
// ----

static inline struct mem cpu_at(size_t offset)
{
    return (struct mem){HBP, HSP, 0, (int32_t)offset};
}
#define CPU(field) cpu_at(offsetof(struct cpu, field))

static inline struct mem slot(unsigned n)
{
    return cpu_at(offsetof(struct cpu, s.reg) + 8 * n);
}

static inline unsigned width(unsigned size)
{
    return size == 1 ? X_BYTE | X_BYTE_REG | X_BYTE_RM : size == 2 ? X_16 : size == 4 ? X_32 : X_64;
}

static inline void mov_imm(struct emit *e, unsigned reg, uint64_t v)
{
    if (v >> 32 == 0) {
        emit_head(e, 0xb8 + (reg & 7), X_32, 0, 0, reg);
        emit_u32(e, (uint32_t)v);
    } else if ((uint64_t)(int64_t)(int32_t)v == v) {
        emit_rr(e, 0xc7, X_64, 0, reg);
        emit_u32(e, (uint32_t)v);
    } else {
        emit_head(e, 0xb8 + (reg & 7), X_64, 0, 0, reg);
        emit_u64(e, v);
    }
}

static inline void mov_rr(struct emit *e, unsigned size, unsigned to, unsigned from)
{
    emit_rr(e, 0x8b, size, to, from);
}
static inline void mov_load(struct emit *e, unsigned size, unsigned to, struct mem m)
{
    emit_rm(e, 0x8b, size, to, m);
}
static inline void mov_store(struct emit *e, unsigned size, struct mem m, unsigned from)
{
    emit_rm(e, 0x89, size, from, m);
}

// op /n with an immediate of 8 or 32 bits.
static inline void group1(struct emit *e, unsigned size, unsigned n, unsigned reg, int32_t imm)
{
    bool small = imm >= -128 && imm < 128;
    emit_rr(e, small ? 0x83 : 0x81, size, n, reg);
    if (small)
        emit_byte(e, (unsigned)imm & 0xff);
    else
        emit_u32(e, (uint32_t)imm);
}

static inline void shift_imm(struct emit *e, unsigned size, unsigned n, unsigned reg, unsigned count)
{
    emit_rr(e, 0xc1, size, n, reg);
    emit_byte(e, count);
}

// ---- jit/x64_operand.c
// ----

void tr_save_flags(struct tr *t);
// Before code that destroys the host's flags.
void tr_clobber(struct tr *t);
void tr_restore_flags(struct tr *t);
void tr_restore_carry(struct tr *t);
// All six flags have just been set by a host instruction.
void tr_produced(struct tr *t);
// Makes the host's flags such that the condition that is returned is guest condition `cc`. The guest's flags stay where
// they are, unless they had to be restored.
unsigned tr_condition_code(struct tr *t, unsigned cc);
const struct insn_row *tr_row_of(const struct insn *i);
bool tr_plain(const struct insn *i);
// Whether nothing can see the flags that instruction k leaves: they are all set anew before anything that reads them,
// can fault, or leaves the block.
bool tr_flags_dead(const struct tr *t);
struct slow *tr_slow_of(struct tr *t);
void tr_slow_jump(struct tr *t, unsigned cc);
// The linear address of the ModRM operand in RSI. False: a kind that the row's function must deal with.
bool tr_effective_address(struct tr *t, const struct insn *i);
// Looks up the linear address in RSI. The operand is [RDI + RSI] then. The host's flags are gone.
struct mem tr_lookup(struct tr *t, unsigned size, bool write, bool aligned);
bool tr_operand(struct tr *t, const struct insn *i, unsigned size, bool write, struct mem *m);
// The host's register for guest register `g`, loaded into `scratch` if it has none.
unsigned tr_read_reg(struct tr *t, unsigned g, unsigned scratch);
// The one to write all of it to.
unsigned tr_write_reg(unsigned g, unsigned scratch);
// After it was written.
void tr_done_reg(struct tr *t, unsigned g, unsigned host);
// With a memory operand in use: makes RSI free.
void tr_collapse(struct tr *t, struct mem *m);
// The register operand of `size` bytes (byte registers by code) beside a memory operand in use; false if it cannot be
// encoded. A second byte (AH) goes with no register above 7.
bool tr_beside(struct tr *t, unsigned size, unsigned g, struct mem *m, unsigned *host);
// The same for the register operand beside a memory operand.
unsigned tr_read_beside(struct tr *t, unsigned g, struct mem *m);
// A byte register by code; false if it cannot be encoded.
bool tr_byte_reg(struct tr *t, unsigned code, unsigned scratch, unsigned *host);
void tr_done_byte(struct tr *t, unsigned code, unsigned host);
// Two register operands of `size` bytes; byte registers by code. False: not in one instruction.
bool tr_pair(struct tr *t, unsigned size, unsigned to, unsigned from, unsigned *d, unsigned *s);
void tr_done(struct tr *t, unsigned size, unsigned g, unsigned host);
bool tr_reg_operand(struct tr *t, unsigned size, unsigned g, unsigned scratch, unsigned *host);
void tr_immediate(struct emit *e, unsigned size, uint32_t v);

// ---- jit/x64_window.c
// ----

// The operand [base + at] of `size` bytes through a window, if that pays off: true, and *m is it, with RDI in use.
bool tr_window(struct tr *t, unsigned base, int at, unsigned size, bool write, struct mem *m);
bool tr_windows_live(const struct tr *t);
void tr_windows_end(struct tr *t);
// Instruction `i` has been translated.
void tr_windows_after(struct tr *t, const struct insn *i);

// ---- jit/x64_alu.c
// ----

// E op= G, or G op= E (`to_reg`).
bool tr_alu_eg(struct tr *t, const struct insn *i, unsigned op, unsigned size, bool to_reg);
bool tr_alu_ei(struct tr *t, const struct insn *i, unsigned op, unsigned size);
// INC DEC NOT NEG: opcode / n.
bool tr_unary(struct tr *t, const struct insn *i, unsigned size, unsigned opcode, unsigned n);
bool tr_shift(struct tr *t, const struct insn *i, unsigned size, unsigned n, bool by_one);
// By CL: a count of zero leaves the flags alone.
bool tr_shift_cl(struct tr *t, const struct insn *i, unsigned size, unsigned n);
bool tr_imul_to(struct tr *t, const struct insn *i, unsigned size, bool has_imm);
// MUL and IMUL of RAX: F7 /4, /5.
bool tr_multiply(struct tr *t, const struct insn *i, unsigned size, unsigned n);
// DIV and IDIV, where they cannot fault: F7 /6, /7. The flags stay.
bool tr_divide(struct tr *t, const struct insn *i, unsigned size, unsigned n);

// ---- jit/x64_move.c
// ----

bool tr_mov_eg(struct tr *t, const struct insn *i, unsigned size, bool to_reg);
bool tr_mov_ei(struct tr *t, const struct insn *i, unsigned size);
// MOVZX, MOVSX, MOVSXD: `from` bytes to the operand size.
bool tr_extend(struct tr *t, const struct insn *i, unsigned opcode, unsigned from);
bool tr_lea(struct tr *t, const struct insn *i);
bool tr_xchg(struct tr *t, unsigned size, unsigned a, unsigned b);
bool tr_setcc(struct tr *t, const struct insn *i);
bool tr_cmov(struct tr *t, const struct insn *i);
// BT and kin with a register operand: only CF changes.
bool tr_bit_test(struct tr *t, const struct insn *i, unsigned n, bool by_imm);
// BSF and BSR of something that is not zero: ZF is clear, the other flags stay.
bool tr_bit_scan(struct tr *t, const struct insn *i, unsigned opcode);
unsigned tr_stack_size(const struct tr *t);
void tr_stack_add(struct tr *t, int by);
// The place of a push; RSI is free then.
struct mem tr_push_place(struct tr *t);
struct mem tr_pop_place(struct tr *t);
bool tr_push_reg(struct tr *t, unsigned g);
bool tr_pop_reg(struct tr *t, unsigned g);
bool tr_push_imm(struct tr *t, uint32_t imm);
// The operand at [RDI + RSI], through engine.word, where nothing else can be kept.
bool tr_push_mem(struct tr *t, const struct insn *i);
bool tr_leave_frame(struct tr *t);

// ---- jit/x64_branch.c
// ----

// A jump (on `cc`) to page offset `target` of the same page, to be linked.
void tr_edge(struct tr *t, unsigned cc, unsigned target);
// The first thing of an instruction that ends in indirect(): it needs AX.
void tr_put_flags_aside(struct tr *t);
// RIP of page offset `off` (which may lie outside the page) in RSI.
void tr_rip_at(struct tr *t, int64_t off);
int64_t tr_branch_target(const struct insn *i);
bool tr_in_page(int64_t target);
void tr_jump(struct tr *t, int64_t target, int stack);
bool tr_jcc(struct tr *t, const struct insn *i);
bool tr_call_rel(struct tr *t, const struct insn *i);
// CALL and JMP Ev.
bool tr_branch_ev(struct tr *t, const struct insn *i, bool call);
bool tr_ret(struct tr *t);

// ---- jit/x64_vector.c
// ----

// SSE instructions whose result every processor defines in the same way: with XMM registers one to one.
bool tr_vector(struct tr *t, const struct insn *i);
bool tr_popcnt(struct tr *t, const struct insn *i);

// ---- jit/x64_insn.c
// ----

void tr_call_insn(struct tr *t, unsigned k);
void tr_last_insn(struct tr *t, unsigned k);
// Leaves with RIP at page offset `off`, `rest` instructions of the block undone.
void tr_leave_at(struct tr *t, unsigned off, unsigned rest);
void tr_translate_insn(struct tr *t);

#endif
