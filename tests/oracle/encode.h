// The shortest encoding of each row and cell, with harmless operands.
#ifndef TESTS_ORACLE_ENCODE_H
#define TESTS_ORACLE_ENCODE_H

#include "tests/oracle/gen.h"

enum { ENCODE_MAX = 20 };

// Lays out the row's bytes, prefixes `before` first (0-terminated; NULL: none). Memory operands are at [RBX], [EBX] or
// [BX], absolute ones at `absolute`; registers are CX and DX, immediates 0 but for the port and vector 0x80 and an
// AAM's base. Returns the length.
unsigned encode_row(const struct insn_row *row, const struct cell *cell, const char *before, uint64_t absolute,
                    uint8_t out[ENCODE_MAX]);

// "64 32 mem", into buf.
const char *cell_text(const struct cell *cell, char buf[24]);

#endif
