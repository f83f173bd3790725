// Decoded instructions and the rows of the instruction table (cpu/insn.def).
#ifndef CPU_INSN_H
#define CPU_INSN_H

#include "cpu/cpu.h"

// One decoded instruction, 32 bytes. Blocks are position-independent: `ip` is relative to the code page.
struct insn {
    exec_fn *fn;   // the function that executes it; may be a faster one (see fuse.c)
    int32_t disp;  // displacement; or the upper half of a 64-bit immediate or address
    uint32_t imm;  // immediate, sign-extended to 32 bits where the row says so; of VEX rows see insn_vvvv()
    uint16_t ip;   // page offset of the next instruction (up to PAGE_SIZE + 14)
    uint16_t row;  // index in insn_rows
    uint8_t index; // position in the block
    uint8_t len;   // bytes
    uint8_t base;  // address: register slots, REG_ZERO if absent, REG_PAGE_RIP for RIP-relative
    uint8_t idx;
    uint8_t scale;  // shift 0..3
    uint8_t seg;    // enum segment
    uint8_t ea;     // enum ea_kind
    uint8_t reg;    // ModRM.reg with REX.R, or the register in the opcode; byte registers: see reg_code8()
    uint8_t rm;     // ModRM.rm with REX.B for register forms; byte registers likewise
    uint8_t opsize; // operand size in bytes: 2, 4 or 8
    uint8_t flags;  // enum insn_flag
    uint8_t modrm;  // the ModRM byte; the condition for A_CC rows; the opcode of rows without ModRM
};

_Static_assert(sizeof(struct insn) == 32 || sizeof(void *) != 8, "struct insn is 32 bytes on 64-bit hosts");

// How an effective address becomes a linear one.
enum ea_kind {
    EA_FLAT,    // 64-bit address size, segment base 0
    EA_BASE64,  // 64-bit address size, FS or GS base
    EA_FLAT32,  // 32-bit wrap, segment base 0, limit 4 GiB - 1
    EA_SEG32,   // 32-bit wrap, base and limit checked (in long mode: base only)
    EA_SEG16,   // 16-bit wrap, base and limit checked
    EA_RIP_FAR, // 64-bit address size, RIP-relative, and disp + ip does not fit insn.disp: ip is still to be added
};

enum insn_flag {
    INSN_LOCK = 1,
    INSN_REP = 2,      // F3
    INSN_REPNE = 4,    // F2
    INSN_MEM = 8,      // the ModRM operand is memory
    INSN_ASIZE64 = 16, // address size
    INSN_ASIZE32 = 32, // address size; neither: 16
    INSN_FUSED = 64,   // fn is not the row's own; it may do the next instruction, too
};

// A run of instructions, at most 64, within one physical page but for a crossing last one.
#ifndef BLOCK_MAX
#define BLOCK_MAX 64
#endif
struct block {
    struct block *link[2]; // successors in the same page: 0 taken, 1 fall-through
    struct block *next;    // chain in the page's hash
    struct code_page *page;
    uint32_t mode;
    uint16_t off;          // of the first byte in the page
    uint16_t end;          // of the first byte behind; may exceed PAGE_SIZE
    uint8_t count;         // instructions that count ticks
    uint8_t dead;          // invalidated
    uint8_t crosses;       // its only instruction goes on into page `second`
    uint8_t unlinked;      // the run loop has to see its begin: it crosses, or a breakpoint may stand there
    uint8_t heat;          // times that the run loop has met it
    void *code;            // its translation by the second engine (cpu/engine.h), or NULL
    struct link *in;       // links that point here
    struct block *next_in; // chain of crossing blocks in the second page
    struct code_page *second;
    struct insn insn[];
};

static inline struct block *block_of(const struct insn *i)
{
    return (struct block *)((char *)(uintptr_t)(i - i->index) - offsetof(struct block, insn));
}

// ---- rows
// --------------------------------------------------------------------------------------------------------------

// Opcode maps. X87 rows are keyed by (opcode & 7) << 3 | ModRM.reg for memory forms and by the ModRM byte for
// registers. Instructions behind a VEX prefix have maps of their own, in the order of VEX.mmmmm.
enum opcode_map { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX_0F, MAP_VEX_0F38, MAP_VEX_0F3A, MAP_COUNT };

// Mandatory prefix, or VEX.pp. P_ANY: prefixes only modify. P_NONE: no 66, F2, F3. P_NO_REP: no F2, F3; 66 modifies.
enum opcode_prefix { P_ANY, P_NONE, P_66, P_F3, P_F2, P_NO_REP };

// ModRM constraint (`ext`): NX none; 0..7 that reg field; plus EXT_MEM or EXT_REG for the form; or EXT_FULL | byte for
// one exact ModRM byte.
enum { NX = -1, EXT_MEM = 0x10, EXT_REG = 0x20, EXT_FULL = 0x100, EXT_ANYREG = 0x40, EXT_ANYMEM = 0x80 };

// Operands in the SDM's codes (vol. 2, appendix A.2), plus: Z the register in the opcode's low bits, sI a sign-extended
// immediate, fixed registers by name.
enum operand {
    NO,
    Eb,
    Ew,
    Ed,
    Eq,
    Ev,
    Ey,
    Gb,
    Gw,
    Gd,
    Gq,
    Gv,
    Gy,
    By,
    Zb,
    Zv,
    Zq,
    Ib,
    Iw,
    Iz,
    Iv,
    sIb,
    sIz,
    Jb,
    Jz,
    Ob,
    Ov,
    M,
    Mb,
    Mw,
    Md,
    Mq,
    Mdq,
    Mt,
    Mp,
    Ms,
    Sw,
    Cd,
    Dd,
    Ap,
    I1,
    rCL,
    rAL,
    rAX,
    rEAX,
    rDX,
    rST0,
    rST,
    Vx,
    Vd,
    Vq,
    Wx,
    Wd,
    Wq,
    Ux,
    Uq,
    Pq,
    Qq,
    Qd,
    Nq,
    Xb,
    Xv,
    Yb,
    Yv,
    sFS,
    sGS,
    sES,
    sCS,
    sSS,
    sDS,
};

// What the row says beyond its operands.
enum attr {
    A_LOCK = 1 << 0,    // LOCK allowed with a memory destination
    A_NO64 = 1 << 1,    // #UD in 64-bit mode
    A_ONLY64 = 1 << 2,  // #UD outside 64-bit mode
    A_CPL0 = 1 << 3,    // #GP(0) unless CPL is 0
    A_ENDS = 1 << 4,    // ends the block: a branch, or a function that ends with leave()
    A_D64 = 1 << 5,     // operand size defaults to 64 bit in 64-bit mode
    A_F64 = 1 << 6,     // operand size is 64 bit in 64-bit mode
    A_PE = 1 << 7,      // #UD in real and virtual-8086 mode
    A_FPU = 1 << 8,     // x87: #NM if CR0.EM or TS
    A_SSE = 1 << 9,     // #UD if CR0.EM or not CR4.OSFXSR, #NM if CR0.TS
    A_MMX = 1 << 10,    // #UD if CR0.EM, #NM if CR0.TS
    A_ALIGN = 1 << 11,  // a 16-byte memory operand must be aligned: #GP(0)
    A_SYSTEM = 1 << 12, // not comparable with the host in user mode
    A_STRING = 1 << 13, // REP repeats it; ends the block when prefixed
    A_WAIT = 1 << 14,   // FWAIT: #NM if CR0.MP and TS
    A_CC = 1 << 15,     // the row stands for sixteen opcodes; insn.modrm is the condition code
    A_BYTE = 1 << 16,   // ModRM byte registers: E and G are 8 bit (set by the operand codes too)
    A_RING0 = 1 << 17,  // #UD unless CPL is 0
    A_XSAVE = 1 << 18,  // #UD unless CR4.OSXSAVE
};

// Accesses to the memory operand.
enum access { ACC_NONE, ACC_R, ACC_W, ACC_RW };

// Flags that the manual leaves undefined, and what this processor makes of them.
enum undefined { U_NONE, U_ZERO, U_KEEP, U_FUNC };

// CPUID features that a row needs.
enum feature {
    FEAT_NONE,
    FEAT_CMOV,
    FEAT_TSC,
    FEAT_MSR,
    FEAT_SEP,
    FEAT_HINTS, // NOP with operands, PREFETCHh: from the P6 family on
    FEAT_RDPMC,
    FEAT_CX8,
    FEAT_CX16,
    FEAT_MMX,
    FEAT_SSE,
    FEAT_SSE2,
    FEAT_SSE3,
    FEAT_SSSE3,
    FEAT_SSE41,
    FEAT_SSE42,
    FEAT_POPCNT,
    FEAT_LM,
    FEAT_SYSCALL,
    FEAT_RDTSCP,
    FEAT_LAHF64,
    FEAT_FXSR,
    FEAT_CLFLUSH,
    FEAT_XSAVE,
    FEAT_MONITOR,
    FEAT_FSGSBASE,
    FEAT_MOVBE,
    FEAT_AES,
    FEAT_PCLMULQDQ,
    FEAT_BMI1,
    FEAT_BMI2,
    FEAT_ADX,
    FEAT_SMAP,
    FEAT_INVPCID,
    FEAT_RDRAND,
    FEAT_RDSEED,
    FEAT_RDPID,
    FEAT_XSAVEOPT,
    FEAT_XSAVEC,
    FEAT_CLFLUSHOPT,
    FEAT_CLWB,
};

// Implicit registers: bit n for register n, and these.
enum { R_ST = 1 << 16, R_SEG = 1 << 17, R_SYS = 1 << 18 };
#define R_(n) (1u << (n))

struct insn_row {
    uint8_t map, opcode;
    int16_t ext;
    uint8_t prefix;
    uint8_t access;
    uint8_t feature;
    uint8_t undefined; // enum undefined
    const char *name;
    uint8_t op[3];
    uint32_t attr;
    uint32_t implicit_read, implicit_written; // R_ bits
    uint16_t flags_read, flags_written, flags_undefined;
    // [0..2]: register form with operand size 2, 4, 8; [3..5]: memory form.
    exec_fn *fn[6];
};

extern const struct insn_row insn_rows[];
extern const unsigned insn_row_count;

// Function columns of insn.def: one for everything; by operand size; by form; by both; by both where an operand is 4 or
// 8 bytes.
#define FN1(f)  f, f, f, f, f, f
#define FNW(f)  f##_16, f##_32, f##_64, f##_16, f##_32, f##_64
#define FNF(f)  f##_r, f##_r, f##_r, f##_m, f##_m, f##_m
#define FNWF(f) f##_16r, f##_32r, f##_64r, f##_16m, f##_32m, f##_64m
#define FNY(f)  f##_32r, f##_32r, f##_64r, f##_32m, f##_32m, f##_64m

// A byte register as a register code: slot in the low bits, 0x80 for the second byte (AH, CH, DH, BH).
static inline uint8_t reg_code8(unsigned n, bool rex)
{
    return (uint8_t)(rex || n < 4 ? n : (n - 4) | 0x80);
}

// VEX rows have a register number, VEX.vvvv, in bits 8..11 of insn.imm, above an 8-bit immediate.
static inline unsigned insn_vvvv(const struct insn *i)
{
    return i->imm >> 8 & 15;
}

// ---- decoding
// ------------------------------------------------------------------------------------------------------------

// Where the rows of each opcode are, and which CPUID features the model has.
struct decode_index {
    uint16_t first[MAP_COUNT][257]; // positions in order[] where the rows of an opcode begin
    uint16_t order[2048];           // row numbers, sorted by map and opcode
    uint8_t choice[1024][6];        // by row and form: what fuse() knows of it
};
// Only rows whose feature is among `features` (bit n: enum feature n) get in: the others do not exist in this model, so
// that what their opcode means without them comes forward (TZCNT is a BSF), or nothing (#UD).
void decode_index_init(struct decode_index *index, uint64_t features);

enum decode_status { DECODE_OK, DECODE_MORE, DECODE_INVALID, DECODE_TOO_LONG };

// Decodes one instruction from `n` bytes (at most 15 are looked at). DECODE_MORE: the instruction goes on behind them.
// `off` is its page offset. Everything in `out` but `index` is set; DECODE_INVALID and TOO_LONG set len to the bytes
// seen, and `fn` raises #UD or #GP.
enum decode_status decode(const struct decode_index *index, uint32_t mode, const uint8_t *bytes, unsigned n,
                          unsigned off, struct insn *out);

// Which of a row's functions a decoded instruction has.
static inline unsigned insn_form(const struct insn *i)
{
    return (i->opsize == 2 ? 0 : i->opsize == 4 ? 1 : 2) + (i->flags & INSN_MEM ? 3 : 0);
}

// The row's own function for a decoded instruction (never a faster one).
static inline exec_fn *insn_plain_fn(const struct insn *i)
{
    return insn_rows[i->row].fn[insn_form(i)];
}

// Replaces functions of a decoded block by faster ones that do the same, some of them for two instructions.
void fuse(const struct decode_index *index, struct insn *insn, unsigned count);
void fuse_index_init(struct decode_index *index);

// Functions that are no rows: raise #UD, #GP, #NM; end of a block without a branch; end of a single step.
exec_fn x_undefined, x_too_long, x_no_fpu, x_no_mmx, x_privileged, x_block_end, x_step_end;

#endif
