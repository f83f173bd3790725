// Expressions of the monitor: numbers as in C, 'c', $registers, unary + - ~, * / %, & | ^, + - (in this order of
// precedence, which is QEMU's), parentheses; 64 bits, wrapping.
#include "machine/mon.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

// ---- registers
// --------------------------------------------------------------------------------------------------------

static const char general[16][4] = {"ax", "cx", "dx",  "bx",  "sp",  "bp",  "si",  "di",
                                    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
static const char segments[SEG_COUNT][3] = {"es", "cs", "ss", "ds", "fs", "gs"};

// What the others are called, without their widths: for completion.
static const char *const names[] = {
    "rax",     "rcx",      "rdx",      "rbx",      "rsp",     "rbp",
    "rsi",     "rdi",      "r8",       "r9",       "r10",     "r11",
    "r12",     "r13",      "r14",      "r15",      "rip",     "eax",
    "ecx",     "edx",      "ebx",      "esp",      "ebp",     "esi",
    "edi",     "eip",      "rflags",   "eflags",   "pc",      "es",
    "cs",      "ss",       "ds",       "fs",       "gs",      "ldt",
    "tr",      "es.base",  "cs.base",  "ss.base",  "ds.base", "fs.base",
    "gs.base", "gdt.base", "idt.base", "ldt.base", "tr.base", "cr0",
    "cr2",     "cr3",      "cr4",      "cr8",      "dr0",     "dr1",
    "dr2",     "dr3",      "dr6",      "dr7",      "efer",    "kernel_gs_base",
    "tick",
};

const char *mon_register_name(unsigned n)
{
    return n < ARRAY_LEN(names) ? names[n] : NULL;
}

uint64_t mon_pc(struct monitor *m)
{
    const struct cpu_state *s = control_cpu(m->c);
    return code_linear(m->c->m->cpu, s->rip);
}

unsigned mon_bits(const struct monitor *m)
{
    uint32_t mode = m->c->m->cpu->mode;
    return mode & MODE_64 ? 64 : mode & MODE_32 ? 32 : 16;
}

static bool general_register(const struct cpu_state *s, const char *name, uint64_t *v)
{
    static const char bytes[8][3] = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
    bool wide = *name == 'r' || *name == 'e';
    for (unsigned n = 0; n < 16; n++) {
        if (n >= 8) {
            size_t length = strlen(general[n]);
            const char *suffix = name + length;
            if (strncmp(name, general[n], length) != 0 || (*suffix && (!strchr("dwb", *suffix) || suffix[1])))
                continue;
            *v = !*suffix         ? s->reg[n]
                 : *suffix == 'd' ? (uint32_t)s->reg[n]
                 : *suffix == 'w' ? (uint16_t)s->reg[n]
                                  : (uint8_t)s->reg[n];
            return true;
        }
        if (strcmp(name + wide, general[n]) == 0) {
            *v = *name == 'r' ? s->reg[n] : *name == 'e' ? (uint32_t)s->reg[n] : (uint16_t)s->reg[n];
            return true;
        }
        if (strcmp(name, bytes[n]) == 0) {
            *v = (uint8_t)(s->reg[n & 3] >> (n & 4 ? 8 : 0));
            return true;
        }
    }
    return false;
}

static bool segment_register(const struct cpu_state *s, const char *name, uint64_t *v)
{
    const struct segment_state *seg = NULL;
    for (unsigned n = 0; n < SEG_COUNT; n++)
        if (strncmp(name, segments[n], 2) == 0)
            seg = &s->seg[n], name += 2;
    if (!seg && strncmp(name, "tr", 2) == 0)
        seg = &s->tr[0], name += 2;
    else if (!seg && strncmp(name, "ldt", 3) == 0)
        seg = &s->ldtr[0], name += 3;
    if (!seg) {
        if (strcmp(name, "gdt.base") == 0 || strcmp(name, "idt.base") == 0) {
            *v = *name == 'g' ? s->gdtr[0].base : s->idtr[0].base;
            return true;
        }
        return false;
    }
    *v = strcmp(name, ".base") == 0 ? seg->base : seg->selector;
    return !*name || strcmp(name, ".base") == 0;
}

bool mon_register(struct monitor *m, const char *name, uint64_t *value)
{
    const struct cpu_state *s = control_cpu(m->c);
    const struct {
        const char *name;
        uint64_t value;
    } others[] = {
        {"rip", s->rip},
        {"eip", (uint32_t)s->rip},
        {"pc", mon_pc(m)},
        {"rflags", s->rflags},
        {"eflags", s->rflags},
        {"cr0", s->cr0},
        {"cr2", s->cr2},
        {"cr3", s->cr3},
        {"cr4", s->cr4},
        {"cr8", lapic_tpr_read(&m->c->m->lapic)},
        {"dr0", s->dr[0]},
        {"dr1", s->dr[1]},
        {"dr2", s->dr[2]},
        {"dr3", s->dr[3]},
        {"dr6", s->dr6},
        {"dr7", s->dr7},
        {"efer", s->efer},
        {"kernel_gs_base", s->kernel_gs_base},
        {"tick", machine_tick(m->c->m)},
    };
    for (size_t n = 0; n < ARRAY_LEN(others); n++) {
        if (strcmp(name, others[n].name) == 0) {
            *value = others[n].value;
            return true;
        }
    }
    return general_register(s, name, value) || segment_register(s, name, value);
}

// ---- the parser
// -------------------------------------------------------------------------------------------------------

#define DEPTH 64u // of parentheses and signs

struct parser {
    struct monitor *m;
    const char *p;
    const char *wrong;
    unsigned depth;
};

static void skip(struct parser *x)
{
    while (isspace((unsigned char)*x->p))
        x->p++;
}

static uint64_t sum(struct parser *x);

static uint64_t fail(struct parser *x, const char *wrong)
{
    if (!x->wrong)
        x->wrong = wrong;
    return 0;
}

static uint64_t register_value(struct parser *x)
{
    char name[32];
    size_t n = 0;
    uint64_t v = 0;
    for (x->p++; isalnum((unsigned char)*x->p) || *x->p == '.' || *x->p == '_'; x->p++)
        if (n < sizeof name - 1)
            name[n++] = *x->p;
    name[n] = 0;
    return mon_register(x->m, name, &v) ? v : fail(x, "unknown register");
}

static uint64_t primary(struct parser *x)
{
    char *end;
    uint64_t v;
    switch (*x->p) {
    case 0:
        return fail(x, "unexpected end of expression");
    case '(':
        x->p++;
        v = sum(x);
        if (!x->wrong && *x->p != ')')
            return fail(x, "')' expected");
        x->p += !x->wrong;
        return v;
    case '\'':
        if (!x->p[1] || x->p[2] != '\'')
            return fail(x, "missing terminating \' character");
        v = (uint8_t)x->p[1];
        x->p += 3;
        return v;
    case '$':
        return register_value(x);
    default:
        if (!isdigit((unsigned char)*x->p))
            return fail(x, "invalid char in expression");
        v = strtoull(x->p, &end, 0);
        x->p = end;
        return v;
    }
}

static uint64_t unary(struct parser *x)
{
    uint64_t v;
    skip(x);
    if (++x->depth > DEPTH)
        return fail(x, "the expression is too deep");
    char op = *x->p;
    if (op == '+' || op == '-' || op == '~') {
        x->p++;
        v = unary(x);
        v = op == '-' ? 0 - v : op == '~' ? ~v : v;
    } else {
        v = primary(x);
    }
    x->depth--;
    skip(x);
    return v;
}

static uint64_t product(struct parser *x)
{
    uint64_t v = unary(x);
    while (!x->wrong && *x->p && strchr("*/%", *x->p)) {
        char op = *x->p++;
        uint64_t w = unary(x);
        if (op == '*')
            v *= w;
        else if (!w)
            return fail(x, "division by zero");
        else
            v = op == '/' ? v / w : v % w;
    }
    return v;
}

static uint64_t logic(struct parser *x)
{
    uint64_t v = product(x);
    while (!x->wrong && *x->p && strchr("&|^", *x->p)) {
        char op = *x->p++;
        uint64_t w = product(x);
        v = op == '&' ? v & w : op == '|' ? v | w : v ^ w;
    }
    return v;
}

static uint64_t sum(struct parser *x)
{
    uint64_t v = logic(x);
    while (!x->wrong && (*x->p == '+' || *x->p == '-')) {
        char op = *x->p++;
        uint64_t w = logic(x);
        v = op == '+' ? v + w : v - w;
    }
    return v;
}

bool mon_expression(struct monitor *m, struct mon_args *a, uint64_t *value)
{
    struct parser x = {.m = m, .p = a->rest};
    *value = sum(&x);
    a->rest = x.p;
    if (x.wrong)
        mon_fail(m, a, "%s", x.wrong);
    return !x.wrong;
}
