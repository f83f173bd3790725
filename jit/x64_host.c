// What this host's processor makes of the flags that the manual leaves undefined after shifts and rotates (SDM vol. 2:
// AF after a shift, OF after one by more than a bit), against what the instruction table says (cpu/alu.h).
#include "cpu/alu.h"
#include "jit/x64_tr.h"

static uint16_t to_ax(uint32_t f)
{
    return (uint16_t)((f & 0xff) << 8 | (f >> 11 & 1));
}

static void expected(struct cpu *c, unsigned n, unsigned bits, uint64_t a, unsigned count)
{
    switch (n) {
    case 0:
        alu_rol(c, a, count, bits);
        break;
    case 1:
        alu_ror(c, a, count, bits);
        break;
    case 5:
        alu_shr(c, a, count, bits);
        break;
    case 7:
        alu_sar(c, a, count, bits);
        break;
    default:
        alu_shl(c, a, count, bits);
        break;
    }
}

// uint32_t f(uint64_t operand, uint32_t flags): the flags in AX's form after operation /n of the operand.
static uint32_t host_flags(struct jit *j, unsigned n, unsigned size, unsigned count, uint64_t operand, uint32_t flags)
{
    struct emit e = {.base = j->mem.write, .at = j->fixed, .end = j->room};
    mov_rr(&e, X_64, HDX, HDI);
    mov_rr(&e, X_32, HAX, HSI);
    emit_byte(&e, 0x04); // add al, 7Fh
    emit_byte(&e, 0x7f);
    emit_byte(&e, 0x9e); // sahf
    emit_rr(&e, size == 1 ? 0xc0 : 0xc1, width(size) & ~(unsigned)X_BYTE_REG, n, HDX);
    emit_byte(&e, count);
    emit_byte(&e, 0x9f); // lahf
    emit_rr(&e, X_0F | 0x90, 0, 0, HAX);
    emit_rr(&e, X_0F | 0xb7, X_32, HAX, HAX);
    emit_byte(&e, 0xc3);
    uint32_t (*f)(uint64_t operand, uint32_t flags);
    const uint8_t *p = j->mem.exec + j->fixed;
    memcpy(&f, &p, sizeof f);
    return f(operand, flags);
}

static enum host_shift try_shift(struct jit *j, unsigned n, unsigned size)
{
    static const uint64_t operands[] = {0x8000000080008081, 0x7ffffffe7ffe7f7e, 0x0123456789abcdef, 0xfedcba9876543210};
    static const uint32_t before[] = {2, 2 | F_ARITH};
    unsigned bits = 8 * size;
    bool same = true, sets_af = true;
    for (unsigned k = 0; k < ARRAY_LEN(operands) * ARRAY_LEN(before); k++) {
        uint64_t a = operands[k / 2] & size_mask(size);
        for (unsigned count = 1; count < bits && count < 64; count++) {
            flags_import(j->c, before[k % 2]);
            uint32_t got = host_flags(j, n, size, count, a, to_ax(before[k % 2]));
            expected(j->c, n, bits, a, count);
            uint32_t want = to_ax(flags_arith(j->c)), af = F_AF << 8, differs = (got ^ want) & 0xd501;
            same &= differs == 0;
            sets_af &= (differs & ~af) == 0 && got & af;
        }
    }
    return same ? HOST_SAME : sets_af ? HOST_SETS_AF : HOST_DIFFERS;
}

void translate_try_host(struct jit *j)
{
    static const uint8_t operations[] = {0, 1, 4, 5, 7};
    uint64_t res = j->c->flag_res, aux = j->c->flag_aux;
    for (unsigned k = 0; k < ARRAY_LEN(operations); k++)
        for (unsigned size = 0; size < 4; size++)
            j->shift[operations[k]][size] = try_shift(j, operations[k], 1u << size);
    memcpy(j->shift[6], j->shift[4], sizeof j->shift[6]); // /6 is SHL, too
    flags_set(j->c, res, aux);
    __builtin_cpu_init();
    j->has_sse3 = __builtin_cpu_supports("sse3");
    j->has_ssse3 = __builtin_cpu_supports("ssse3");
    j->has_sse41 = __builtin_cpu_supports("sse4.1");
    j->has_sse42 = __builtin_cpu_supports("sse4.2");
    j->has_aes = __builtin_cpu_supports("aes");
    j->has_pclmul = __builtin_cpu_supports("pclmul");
    j->has_popcnt = __builtin_cpu_supports("popcnt");
    j->has_bmi2 = __builtin_cpu_supports("bmi2");
}
