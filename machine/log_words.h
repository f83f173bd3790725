// The words of `-d` and `--trace`, for the command line and for the monitor.
#ifndef MACHINE_LOG_WORDS_H
#define MACHINE_LOG_WORDS_H

#include "cpu/observe.h"

// What can be logged (-d): bits of a mask.
enum log_item {
    LOG_ITEM_INT,
    LOG_ITEM_IN_ASM,
    LOG_ITEM_EXEC,
    LOG_ITEM_CPU,
    LOG_ITEM_FPU,
    LOG_ITEM_RESET,
    LOG_ITEM_UNIMP,
    LOG_ITEM_GUEST,
    LOG_ITEMS,
};

// What items there are: name and meaning of number `n`; false behind the last. Those from LOG_ITEMS on are only taken.
bool log_item(unsigned n, const char **name, const char **doc);
// "int,cpu_reset": a mask of 1 << enum log_item; "none" or "" for none. False with a line in `error`.
bool log_parse_items(const char *words, uint32_t *on, char *error, size_t size);

struct log_trace {
    enum trace_kind kind; // 0: "none"
    uint64_t from, to;    // linear addresses, of the code or (TRACE_MEM) of what it accesses
};

// "KIND[,FROM-TO]", KIND insn, block, int, io or mem, numbers as in C; or "none". False with a line in `error`.
bool log_parse_trace(const char *what, struct log_trace *trace, char *error, size_t size);

#endif
