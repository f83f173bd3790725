// Instructions as text, for people: in the monitor and in traces.
#ifndef MACHINE_DISASM_H
#define MACHINE_DISASM_H

#include "core/types.h"

#define DISASM_TEXT  96u // room for a text
#define DISASM_BYTES 15u // of the longest instruction

// The instruction that begins at `bytes` (n of them are there) for code of 16, 32 or 64 bits, at `address` (linear, for
// the targets of jumps). Gives its length, or 0 when there is none; the text is then "(bad)". AT&T syntax, as QEMU's.
unsigned disasm(const uint8_t *bytes, size_t n, unsigned bits, uint64_t address, char text[DISASM_TEXT]);

// False: this build has no disassembler, and every text says so.
bool disasm_present(void);

#endif
