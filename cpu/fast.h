// What the faster functions (cpu/fast*.c) are made of. They do just what the functions of the rows do, for frequent
// shapes in 64-bit mode: register forms, and memory operands with a flat 64-bit address. They call nothing, so they
// need no stack frame: whatever the first-level TLB does not have at hand is left to the row's own function, which
// begins the instruction anew. cpu/fuse.c chooses them when a block is decoded.
//
// Register forms have their destination in insn.base and their source in insn.idx (which mean nothing else there),
// whichever of the encoding's two directions was used.
#ifndef CPU_FAST_H
#define CPU_FAST_H

#include "cpu/alu.h"
#include "cpu/exec.h"

#define FAST_INLINE static inline __attribute__((always_inline))

// Goes on with the row's own function.
enum exec_result fast_miss(struct cpu *c, const struct insn *i);

// ---- bodies: statements over `c` that execute instruction `i`, or leave the function
// --------------------------------------

#define FAST_IMM(i, B) (B == 64 ? (uint64_t)(int64_t)(int32_t)(i)->imm : (i)->imm & (~(uint64_t)0 >> (64 - B)))

// Linear addresses: base and displacement; the same with an index.
#define FAST_EA_b(i) (c->s.reg[(i)->base] + (uint64_t)(int64_t)(i)->disp)
#define FAST_EA_x(i) ea_offset(c, i)

// Declares v, the operand at a linear address.
#define FAST_LOAD(i, address, size, v)                                                                                 \
    uint64_t v;                                                                                                        \
    {                                                                                                                  \
        uint64_t linear_ = (address);                                                                                  \
        const struct tlb_entry *e_ = &c->tlb->read[tlb_index(linear_)];                                                \
        if (unlikely((linear_ ^ e_->tag) > PAGE_SIZE - (size)))                                                        \
            return fast_miss(c, i);                                                                                    \
        v = load_le((const void *)(e_->host + (linear_ ^ e_->tag)), size);                                             \
    }
// Declares p, where the operand at a linear address can be written.
#define FAST_PLACE(i, address, size, p)                                                                                \
    uint8_t *p;                                                                                                        \
    {                                                                                                                  \
        uint64_t linear_ = (address);                                                                                  \
        const struct tlb_entry *e_ = &c->tlb->write[tlb_index(linear_)];                                               \
        if (unlikely((linear_ ^ e_->tag) > PAGE_SIZE - (size)))                                                        \
            return fast_miss(c, i);                                                                                    \
        p = (uint8_t *)(e_->host + (linear_ ^ e_->tag));                                                               \
    }

// Register forms. SRC is the operand's kind: r or i.
#define FAST_SRC_r(i, B) get##B(c, (i)->idx)
#define FAST_SRC_i(i, B) FAST_IMM(i, B)
#define FAST_BINARY(i, op, SRC, B)                                                                                     \
    {                                                                                                                  \
        unsigned d_ = (i)->base;                                                                                       \
        uint64_t b_ = FAST_SRC_##SRC(i, B);                                                                            \
        set##B(c, d_, (uint##B##_t)alu_##op(c, get##B(c, d_), b_, B));                                                 \
    }
#define FAST_SHIFT(i, op, B)                                                                                           \
    {                                                                                                                  \
        unsigned d_ = (i)->base;                                                                                       \
        set##B(c, d_, (uint##B##_t)alu_##op(c, get##B(c, d_), (i)->imm, B));                                           \
    }
#define FAST_UNARY(i, op, B)                                                                                           \
    {                                                                                                                  \
        unsigned d_ = (i)->base;                                                                                       \
        set##B(c, d_, (uint##B##_t)alu_##op(c, get##B(c, d_), B));                                                     \
    }
#define FAST_MOV(i, SRC, B)                                                                                            \
    {                                                                                                                  \
        set##B(c, (i)->base, (uint##B##_t)FAST_SRC_##SRC(i, B));                                                       \
    }
#define FAST_LEA(i, SHAPE, B)                                                                                          \
    {                                                                                                                  \
        set##B(c, (i)->reg, (uint##B##_t)FAST_EA_##SHAPE(i));                                                          \
    }
// Loads of `size` bytes as type T into a register of B bits; stores.
#define FAST_FETCH(i, SHAPE, S, T, B)                                                                                  \
    {                                                                                                                  \
        FAST_LOAD(i, FAST_EA_##SHAPE(i), S / 8, v_)                                                                    \
        set##B(c, (i)->reg, (uint##B##_t)(T)v_);                                                                       \
    }
#define FAST_STORE(i, SHAPE, B, value)                                                                                 \
    {                                                                                                                  \
        FAST_PLACE(i, FAST_EA_##SHAPE(i), B / 8, p_)                                                                   \
        store_le(p_, B / 8, value);                                                                                    \
    }
#define FAST_BINARY_LOAD(i, op, SHAPE, B)                                                                              \
    {                                                                                                                  \
        unsigned d_ = (i)->reg;                                                                                        \
        FAST_LOAD(i, FAST_EA_##SHAPE(i), B / 8, b_)                                                                    \
        set##B(c, d_, (uint##B##_t)alu_##op(c, get##B(c, d_), b_, B));                                                 \
    }
#define FAST_BINARY_RMW(i, op, SHAPE, B, value)                                                                        \
    {                                                                                                                  \
        FAST_PLACE(i, FAST_EA_##SHAPE(i), B / 8, p_)                                                                   \
        store_le(p_, B / 8, alu_##op(c, load_le(p_, B / 8), value, B));                                                \
    }
#define FAST_UNARY_RMW(i, op, SHAPE, B)                                                                                \
    {                                                                                                                  \
        FAST_PLACE(i, FAST_EA_##SHAPE(i), B / 8, p_)                                                                   \
        store_le(p_, B / 8, alu_##op(c, load_le(p_, B / 8), B));                                                       \
    }
#define FAST_PUSH(i)                                                                                                   \
    {                                                                                                                  \
        uint64_t sp_ = c->s.reg[RSP] - 8;                                                                              \
        FAST_PLACE(i, sp_, 8, p_)                                                                                      \
        store_u64(p_, c->s.reg[(i)->reg]);                                                                             \
        c->s.reg[RSP] = sp_;                                                                                           \
    }
#define FAST_POP(i)                                                                                                    \
    {                                                                                                                  \
        uint64_t sp_ = c->s.reg[RSP];                                                                                  \
        FAST_LOAD(i, sp_, 8, v_)                                                                                       \
        c->s.reg[RSP] = sp_ + 8;                                                                                       \
        c->s.reg[(i)->reg] = v_;                                                                                       \
    }

// All kinds of bodies: their names, and the body for instruction `i`. r, i: register and immediate; b, x: memory
// operand without and with index, L loads, S stores.
// clang-format off
#define FAST_mov_r32(i)   FAST_MOV(i, r, 32)
#define FAST_mov_r64(i)   FAST_MOV(i, r, 64)
#define FAST_mov_i32(i)   FAST_MOV(i, i, 32)
#define FAST_mov_i64(i)   FAST_MOV(i, i, 64)
#define FAST_add_r32(i)   FAST_BINARY(i, add, r, 32)
#define FAST_add_r64(i)   FAST_BINARY(i, add, r, 64)
#define FAST_add_i32(i)   FAST_BINARY(i, add, i, 32)
#define FAST_add_i64(i)   FAST_BINARY(i, add, i, 64)
#define FAST_sub_r32(i)   FAST_BINARY(i, sub, r, 32)
#define FAST_sub_r64(i)   FAST_BINARY(i, sub, r, 64)
#define FAST_sub_i32(i)   FAST_BINARY(i, sub, i, 32)
#define FAST_sub_i64(i)   FAST_BINARY(i, sub, i, 64)
#define FAST_and_r32(i)   FAST_BINARY(i, and, r, 32)
#define FAST_and_r64(i)   FAST_BINARY(i, and, r, 64)
#define FAST_and_i32(i)   FAST_BINARY(i, and, i, 32)
#define FAST_and_i64(i)   FAST_BINARY(i, and, i, 64)
#define FAST_or_r32(i)    FAST_BINARY(i, or, r, 32)
#define FAST_or_r64(i)    FAST_BINARY(i, or, r, 64)
#define FAST_or_i32(i)    FAST_BINARY(i, or, i, 32)
#define FAST_or_i64(i)    FAST_BINARY(i, or, i, 64)
#define FAST_xor_r32(i)   FAST_BINARY(i, xor, r, 32)
#define FAST_xor_r64(i)   FAST_BINARY(i, xor, r, 64)
#define FAST_xor_i32(i)   FAST_BINARY(i, xor, i, 32)
#define FAST_xor_i64(i)   FAST_BINARY(i, xor, i, 64)
#define FAST_adc_r64(i)   FAST_BINARY(i, adc, r, 64)
#define FAST_imul_r32(i)  FAST_BINARY(i, imul, r, 32)
#define FAST_imul_r64(i)  FAST_BINARY(i, imul, r, 64)
#define FAST_shl_i32(i)   FAST_SHIFT(i, shl, 32)
#define FAST_shl_i64(i)   FAST_SHIFT(i, shl, 64)
#define FAST_shr_i32(i)   FAST_SHIFT(i, shr, 32)
#define FAST_shr_i64(i)   FAST_SHIFT(i, shr, 64)
#define FAST_sar_i32(i)   FAST_SHIFT(i, sar, 32)
#define FAST_sar_i64(i)   FAST_SHIFT(i, sar, 64)
#define FAST_rol_i32(i)   FAST_SHIFT(i, rol, 32)
#define FAST_rol_i64(i)   FAST_SHIFT(i, rol, 64)
#define FAST_ror_i32(i)   FAST_SHIFT(i, ror, 32)
#define FAST_ror_i64(i)   FAST_SHIFT(i, ror, 64)
#define FAST_inc_32(i)    FAST_UNARY(i, inc, 32)
#define FAST_inc_64(i)    FAST_UNARY(i, inc, 64)
#define FAST_dec_32(i)    FAST_UNARY(i, dec, 32)
#define FAST_dec_64(i)    FAST_UNARY(i, dec, 64)
#define FAST_lea_b32(i)   FAST_LEA(i, b, 32)
#define FAST_lea_b64(i)   FAST_LEA(i, b, 64)
#define FAST_lea_x32(i)   FAST_LEA(i, x, 32)
#define FAST_lea_x64(i)   FAST_LEA(i, x, 64)
#define FAST_movzx_r8(i)  { set32(c, (i)->reg, get8(c, (i)->rm)); }
#define FAST_movzx_r16(i) { set32(c, (i)->reg, get16(c, (i)->rm)); }
#define FAST_movsxd_r(i)  { set64(c, (i)->reg, (uint64_t)(int32_t)get32(c, (i)->rm)); }
#define FAST_Lb64(i)      FAST_FETCH(i, b, 64, uint64_t, 64)
#define FAST_Lx64(i)      FAST_FETCH(i, x, 64, uint64_t, 64)
#define FAST_Lb32(i)      FAST_FETCH(i, b, 32, uint32_t, 32)
#define FAST_Lx32(i)      FAST_FETCH(i, x, 32, uint32_t, 32)
#define FAST_Lbz16(i)     FAST_FETCH(i, b, 16, uint16_t, 32)
#define FAST_Lxz16(i)     FAST_FETCH(i, x, 16, uint16_t, 32)
#define FAST_Lbz8(i)      FAST_FETCH(i, b, 8, uint8_t, 32)
#define FAST_Lxz8(i)      FAST_FETCH(i, x, 8, uint8_t, 32)
#define FAST_Lbs8(i)      FAST_FETCH(i, b, 8, int8_t, 32)
#define FAST_Lxs8(i)      FAST_FETCH(i, x, 8, int8_t, 32)
#define FAST_Lbs32(i)     FAST_FETCH(i, b, 32, int32_t, 64)
#define FAST_Lxs32(i)     FAST_FETCH(i, x, 32, int32_t, 64)
#define FAST_Sb64(i)      FAST_STORE(i, b, 64, get64(c, (i)->reg))
#define FAST_Sx64(i)      FAST_STORE(i, x, 64, get64(c, (i)->reg))
#define FAST_Sb32(i)      FAST_STORE(i, b, 32, get32(c, (i)->reg))
#define FAST_Sx32(i)      FAST_STORE(i, x, 32, get32(c, (i)->reg))
#define FAST_Sb16(i)      FAST_STORE(i, b, 16, get16(c, (i)->reg))
#define FAST_Sx16(i)      FAST_STORE(i, x, 16, get16(c, (i)->reg))
#define FAST_Sb8(i)       FAST_STORE(i, b, 8, get8(c, (i)->reg))
#define FAST_Sx8(i)       FAST_STORE(i, x, 8, get8(c, (i)->reg))
#define FAST_Sbi64(i)     FAST_STORE(i, b, 64, FAST_IMM(i, 64))
#define FAST_Sxi64(i)     FAST_STORE(i, x, 64, FAST_IMM(i, 64))
#define FAST_Sbi32(i)     FAST_STORE(i, b, 32, (i)->imm)
#define FAST_Sxi32(i)     FAST_STORE(i, x, 32, (i)->imm)
#define FAST_Sbi8(i)      FAST_STORE(i, b, 8, (i)->imm)
#define FAST_Sxi8(i)      FAST_STORE(i, x, 8, (i)->imm)
#define FAST_add_Lb32(i)  FAST_BINARY_LOAD(i, add, b, 32)
#define FAST_add_Lb64(i)  FAST_BINARY_LOAD(i, add, b, 64)
#define FAST_add_Lx32(i)  FAST_BINARY_LOAD(i, add, x, 32)
#define FAST_add_Lx64(i)  FAST_BINARY_LOAD(i, add, x, 64)
#define FAST_sub_Lb32(i)  FAST_BINARY_LOAD(i, sub, b, 32)
#define FAST_sub_Lb64(i)  FAST_BINARY_LOAD(i, sub, b, 64)
#define FAST_sub_Lx32(i)  FAST_BINARY_LOAD(i, sub, x, 32)
#define FAST_sub_Lx64(i)  FAST_BINARY_LOAD(i, sub, x, 64)
#define FAST_and_Lb32(i)  FAST_BINARY_LOAD(i, and, b, 32)
#define FAST_and_Lb64(i)  FAST_BINARY_LOAD(i, and, b, 64)
#define FAST_or_Lb32(i)   FAST_BINARY_LOAD(i, or, b, 32)
#define FAST_or_Lb64(i)   FAST_BINARY_LOAD(i, or, b, 64)
#define FAST_xor_Lb32(i)  FAST_BINARY_LOAD(i, xor, b, 32)
#define FAST_xor_Lb64(i)  FAST_BINARY_LOAD(i, xor, b, 64)
#define FAST_xor_Lx32(i)  FAST_BINARY_LOAD(i, xor, x, 32)
#define FAST_xor_Lx64(i)  FAST_BINARY_LOAD(i, xor, x, 64)
#define FAST_imul_Lb64(i) FAST_BINARY_LOAD(i, imul, b, 64)
#define FAST_add_Sb32(i)  FAST_BINARY_RMW(i, add, b, 32, get32(c, (i)->reg))
#define FAST_add_Sb64(i)  FAST_BINARY_RMW(i, add, b, 64, get64(c, (i)->reg))
#define FAST_add_Sx32(i)  FAST_BINARY_RMW(i, add, x, 32, get32(c, (i)->reg))
#define FAST_add_Sx64(i)  FAST_BINARY_RMW(i, add, x, 64, get64(c, (i)->reg))
#define FAST_add_Sbi32(i) FAST_BINARY_RMW(i, add, b, 32, FAST_IMM(i, 32))
#define FAST_add_Sbi64(i) FAST_BINARY_RMW(i, add, b, 64, FAST_IMM(i, 64))
#define FAST_sub_Sb64(i)  FAST_BINARY_RMW(i, sub, b, 64, get64(c, (i)->reg))
#define FAST_sub_Sbi32(i) FAST_BINARY_RMW(i, sub, b, 32, FAST_IMM(i, 32))
#define FAST_sub_Sbi64(i) FAST_BINARY_RMW(i, sub, b, 64, FAST_IMM(i, 64))
#define FAST_and_Sbi32(i) FAST_BINARY_RMW(i, and, b, 32, FAST_IMM(i, 32))
#define FAST_or_Sbi32(i)  FAST_BINARY_RMW(i, or, b, 32, FAST_IMM(i, 32))
#define FAST_inc_S32(i)   FAST_UNARY_RMW(i, inc, b, 32)
#define FAST_dec_S32(i)   FAST_UNARY_RMW(i, dec, b, 32)
#define FAST_push(i)      FAST_PUSH(i)
#define FAST_pop(i)       FAST_POP(i)
#define FAST_nop(i)       (void)(i);

#define FAST_KINDS(K)                                                                                                  \
    K(mov_r32) K(mov_r64) K(mov_i32) K(mov_i64) K(add_r32) K(add_r64) K(add_i32) K(add_i64) K(sub_r32) K(sub_r64)      \
    K(sub_i32) K(sub_i64) K(and_r32) K(and_r64) K(and_i32) K(and_i64) K(or_r32) K(or_r64) K(or_i32) K(or_i64)          \
    K(xor_r32) K(xor_r64) K(xor_i32) K(xor_i64) K(adc_r64) K(imul_r32) K(imul_r64) K(shl_i32) K(shl_i64) K(shr_i32)    \
    K(shr_i64) K(sar_i32) K(sar_i64) K(rol_i32) K(rol_i64) K(ror_i32) K(ror_i64) K(inc_32) K(inc_64) K(dec_32)         \
    K(dec_64) K(lea_b32) K(lea_b64) K(lea_x32) K(lea_x64) K(movzx_r8) K(movzx_r16) K(movsxd_r) K(Lb64) K(Lx64) K(Lb32) \
    K(Lx32) K(Lbz16) K(Lxz16) K(Lbz8) K(Lxz8) K(Lbs8) K(Lxs8) K(Lbs32) K(Lxs32) K(Sb64) K(Sx64) K(Sb32) K(Sx32)        \
    K(Sb16) K(Sx16) K(Sb8) K(Sx8) K(Sbi64) K(Sxi64) K(Sbi32) K(Sxi32) K(Sbi8) K(Sxi8) K(add_Lb32) K(add_Lb64)          \
    K(add_Lx32) K(add_Lx64) K(sub_Lb32) K(sub_Lb64) K(sub_Lx32) K(sub_Lx64) K(and_Lb32) K(and_Lb64) K(or_Lb32)         \
    K(or_Lb64) K(xor_Lb32) K(xor_Lb64) K(xor_Lx32) K(xor_Lx64) K(imul_Lb64) K(add_Sb32) K(add_Sb64) K(add_Sx32)        \
    K(add_Sx64) K(add_Sbi32) K(add_Sbi64) K(sub_Sb64) K(sub_Sbi32) K(sub_Sbi64) K(and_Sbi32) K(or_Sbi32) K(inc_S32)    \
    K(dec_S32) K(push) K(pop) K(nop)
// clang-format on
#endif
