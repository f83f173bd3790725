// Instructions as text, by Zydis.
#include "machine/disasm.h"

#include <Zydis/Zydis.h>
#include <stdio.h>

bool disasm_present(void)
{
    return true;
}

unsigned disasm(const uint8_t *bytes, size_t n, unsigned bits, uint64_t address, char text[DISASM_TEXT])
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
    ZydisMachineMode mode = bits == 64   ? ZYDIS_MACHINE_MODE_LONG_64
                            : bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                         : ZYDIS_MACHINE_MODE_LEGACY_16;
    ZydisStackWidth stack = bits == 64   ? ZYDIS_STACK_WIDTH_64
                            : bits == 32 ? ZYDIS_STACK_WIDTH_32
                                         : ZYDIS_STACK_WIDTH_16;
    if (n > DISASM_BYTES)
        n = DISASM_BYTES;
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, mode, stack)) ||
        ZYAN_FAILED(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT)) ||
        ZYAN_FAILED(ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE)) ||
        ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, n, &insn, operand)) ||
        ZYAN_FAILED(ZydisFormatterFormatInstruction(&formatter, &insn, operand, insn.operand_count_visible, text,
                                                    DISASM_TEXT, address, NULL))) {
        snprintf(text, DISASM_TEXT, "(bad)");
        return 0;
    }
    return insn.length;
}
