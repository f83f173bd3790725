// In place of machine/disasm.c where Zydis is not installed.
#include "machine/disasm.h"

#include <stdio.h>

bool disasm_present(void)
{
    return false;
}

unsigned disasm(const uint8_t *bytes, size_t n, unsigned bits, uint64_t address, char text[DISASM_TEXT])
{
    (void)bytes;
    (void)n;
    (void)bits;
    (void)address;
    snprintf(text, DISASM_TEXT, "(built without the disassembler)");
    return 0;
}
