// The words of `-d` (QEMU's, see `-d help`) and of `--trace`.
//
// Not implemented: the items about code generation, and mmu, page, pcall, plugin, strace, tid: they are taken and show
// nothing.
#include "machine/log_words.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name, *doc;
} items[] = {
    [LOG_ITEM_INT] = {"int", "show interrupts/exceptions in short format"},
    [LOG_ITEM_IN_ASM] = {"in_asm", "show the assembly code of each block when it is decoded"},
    [LOG_ITEM_EXEC] = {"exec", "show trace before each executed block (lots of logs)"},
    [LOG_ITEM_CPU] = {"cpu", "show CPU registers before entering a block (lots of logs)"},
    [LOG_ITEM_FPU] = {"fpu", "include FPU registers in the 'cpu' logging"},
    [LOG_ITEM_RESET] = {"cpu_reset", "show CPU state before CPU resets"},
    [LOG_ITEM_UNIMP] = {"unimp", "log unimplemented functionality"},
    [LOG_ITEM_GUEST] = {"guest_errors", "log when the guest OS does something invalid"},
    {"nochain", "taken: 'exec' and 'cpu' always show complete traces"},
    {"mmu", "taken, shows nothing (monitor: info pagewalk)"},
    {"pcall", "taken, shows nothing"},
    {"page", "taken, shows nothing"},
    {"out_asm", "taken, shows nothing"},
    {"op", "taken, shows nothing"},
    {"op_opt", "taken, shows nothing"},
    {"op_ind", "taken, shows nothing"},
    {"plugin", "taken, shows nothing"},
    {"strace", "taken, shows nothing"},
    {"tid", "taken, shows nothing"},
};

bool log_item(unsigned n, const char **name, const char **doc)
{
    if (n >= ARRAY_LEN(items))
        return false;
    *name = items[n].name;
    *doc = items[n].doc;
    return true;
}

bool log_parse_items(const char *words, uint32_t *on, char *error, size_t size)
{
    *on = 0;
    for (const char *w = words; *w;) {
        size_t length = strcspn(w, ","), n = 0;
        while (n < ARRAY_LEN(items) && (strlen(items[n].name) != length || memcmp(items[n].name, w, length) != 0))
            n++;
        bool none = length == 4 && !memcmp(w, "none", 4);
        if (n == ARRAY_LEN(items) && !none) {
            snprintf(error, size, "there is no log item '%.*s'", (int)(length < 60 ? length : 60), w);
            return false;
        }
        *on = none ? 0 : n < LOG_ITEMS ? *on | 1u << n : *on;
        w += length + (w[length] == ',');
    }
    return true;
}

// "FROM-TO"; false: it is not that.
static bool parse_range(const char *text, uint64_t *from, uint64_t *to)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *from = strtoull(text, &end, 0);
    if (*end != '-' || end[1] < '0' || end[1] > '9')
        return false;
    *to = strtoull(end + 1, &end, 0);
    return !*end && *from <= *to;
}

bool log_parse_trace(const char *what, struct log_trace *trace, char *error, size_t size)
{
    static const struct {
        const char *name;
        enum trace_kind kind;
    } kinds[] = {
        {"insn", TRACE_INSN}, {"block", TRACE_BLOCK}, {"int", TRACE_INT}, {"io", TRACE_IO}, {"mem", TRACE_MEM}};
    size_t length = strcspn(what, ","), n = 0;
    *trace = (struct log_trace){.to = UINT64_MAX};
    if (strcmp(what, "none") == 0)
        return true;
    while (n < ARRAY_LEN(kinds) && (strlen(kinds[n].name) != length || memcmp(kinds[n].name, what, length) != 0))
        n++;
    if (n == ARRAY_LEN(kinds) || (what[length] && !parse_range(what + length + 1, &trace->from, &trace->to))) {
        snprintf(error, size, "'%.60s': expected insn, block, int, io or mem, and perhaps ,FROM-TO", what);
        return false;
    }
    trace->kind = kinds[n].kind;
    return true;
}
