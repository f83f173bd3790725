// What the generator's two halves know about rows of the instruction table.
#ifndef TESTS_ORACLE_GEN_ROW_H
#define TESTS_ORACLE_GEN_ROW_H

#include "tests/oracle/gen.h"

// The ModRM byte that a row wants.
struct form {
    bool modrm;
    bool reg, mem; // which forms of the ModRM operand exist
    int digit;     // fixed reg field, or -1
    int full;      // fixed ModRM byte, or -1
};
struct form form_of(const struct insn_row *row);

static inline bool row_is(const struct insn_row *row, const char *name)
{
    return strcmp(row->name, name) == 0;
}
static inline bool row_starts(const struct insn_row *row, const char *prefix)
{
    return strncmp(row->name, prefix, strlen(prefix)) == 0;
}
static inline bool has_op(const struct insn_row *row, enum operand op)
{
    return row->op[0] == op || row->op[1] == op || row->op[2] == op;
}
bool has_any_op(const struct insn_row *row, const enum operand *ops, size_t n);
#define HAS_ANY_OP(row, ...)                                                                                           \
    has_any_op(row, (const enum operand[]){__VA_ARGS__}, ARRAY_LEN(((const enum operand[]){__VA_ARGS__})))

bool row_is_shift(const struct insn_row *row);    // ROL to SAR, SHLD, SHRD
bool row_is_bit_test(const struct insn_row *row); // BT, BTS, BTR, BTC
bool row_is_env(const struct insn_row *row);      // FNSTENV, FLDENV, FNSAVE, FRSTOR
bool row_no_access(const struct insn_row *row);   // has a memory operand that it does not access

#endif
