// Makes test cases from the rows of the instruction table: encodings of every operand size and form, operand values
// that lie at the edges, and memory operands that fault. The same (row, cell, seed) always gives the same case.
#ifndef TESTS_ORACLE_GEN_H
#define TESTS_ORACLE_GEN_H

#include "cpu/insn.h"
#include "tests/oracle/case.h"

// Operand kinds that are counted apart.
enum cell_kind { CELL_NONE, CELL_REG, CELL_MEM, CELL_KINDS };

// One way to encode a row: mode, operand size (0: the row has only one) and kind of the ModRM operand.
struct cell {
    enum code_mode mode;
    unsigned opsize; // bytes
    enum cell_kind kind;
};

enum { MAX_CELLS = 24 };

// What of the host decides about cases.
struct gen_host {
    bool has_32, has_16;
    bool has_ldt;     // FS and GS can be used outside 64-bit code
    uint64_t fs_base; // what FS overrides add in 64-bit code
};

// Why a row is not compared, or NULL if it is: system rows, and those that would take the host's thread state away.
const char *gen_excluded(const struct insn_row *row);

// All cells of a row, in every mode.
unsigned gen_cells(const struct insn_row *row, struct cell cell[MAX_CELLS]);

// The cells of one mode, whether the row is legal in it or not.
unsigned gen_cells_of(const struct insn_row *row, enum code_mode mode, struct cell cell[MAX_CELLS]);

// The case number `n` of a cell.
void gen_case(const struct insn_row *row, const struct cell *cell, uint64_t seed, uint64_t n,
              const struct gen_host *host, struct test_case *t);

// The row's operands, "Ev,Gv", into buf of at least 24 bytes. Returns buf.
const char *gen_operands(const struct insn_row *row, char *buf);

// What transcendentals and the approximations may differ by.
enum tolerance { EXACT, TRANSCENDENTAL, RECIPROCAL, RECIPROCAL_ROOT };
enum tolerance gen_tolerance(const struct insn_row *row);

// RFLAGS bits that this instance of the row leaves undefined: the row's, without those that its count still defines.
uint32_t gen_undefined(const struct insn_row *row, const struct cell *cell, const struct test_case *t);

#endif
