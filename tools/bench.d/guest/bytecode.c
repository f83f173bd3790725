// An interpreter of bytecode for a small stack machine: one switch, an indirect jump per operation.
// Its program looks for the number below a bound with the longest Collatz sequence.
#include "start.h"

enum { BOUND = 11000 };

enum op { PUSH, LOAD, STORE, INC, ADD, MUL, SHR, AND, LESS, JUMP, JUMP_IF, JUMP_UNLESS, HALT };
enum { N, X, STEPS, BEST, WHICH, VARIABLES };

// Eight bits of operation, 24 of operand.
struct word {
    u32 op : 8, operand : 24;
};

// clang-format off
static const struct word program[] = {
    /*  0 */ {PUSH, 1}, {STORE, N},                                     // n = 1
    /*  2 */ {LOAD, N}, {STORE, X}, {PUSH, 0}, {STORE, STEPS},          // do: x = n, steps = 0
    /*  6 */ {PUSH, 1}, {LOAD, X}, {LESS, 0}, {JUMP_UNLESS, 25},        // while 1 < x:
    /* 10 */ {LOAD, X}, {PUSH, 1}, {AND, 0}, {JUMP_IF, 17},
    /* 14 */ {LOAD, X}, {SHR, 1}, {JUMP, 22},                           // even: x / 2
    /* 17 */ {LOAD, X}, {PUSH, 3}, {MUL, 0}, {PUSH, 1}, {ADD, 0},       // odd: 3 x + 1
    /* 22 */ {STORE, X}, {INC, STEPS}, {JUMP, 6},
    /* 25 */ {LOAD, BEST}, {LOAD, STEPS}, {LESS, 0}, {JUMP_UNLESS, 33}, // if best < steps:
    /* 29 */ {LOAD, STEPS}, {STORE, BEST}, {LOAD, N}, {STORE, WHICH},
    /* 33 */ {INC, N}, {LOAD, N}, {PUSH, BOUND}, {LESS, 0}, {JUMP_IF, 2},
    /* 38 */ {HALT, 0},
};
// clang-format on

static NOINLINE u64 run(const struct word *code, u64 *var)
{
    u64 stack[16], *top = stack, executed = 0;
    for (u32 at = 0;;) {
        struct word w = code[at++];
        executed++;
        switch ((enum op)w.op) {
        case PUSH:
            *top++ = w.operand;
            break;
        case LOAD:
            *top++ = var[w.operand];
            break;
        case STORE:
            var[w.operand] = *--top;
            break;
        case INC:
            var[w.operand]++;
            break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case MUL:
            top--;
            top[-1] *= top[0];
            break;
        case SHR:
            top[-1] >>= w.operand;
            break;
        case AND:
            top--;
            top[-1] &= top[0];
            break;
        case LESS:
            top--;
            top[-1] = top[-1] < top[0];
            break;
        case JUMP:
            at = w.operand;
            break;
        case JUMP_IF:
            if (*--top)
                at = w.operand;
            break;
        case JUMP_UNLESS:
            if (!*--top)
                at = w.operand;
            break;
        case HALT:
            return executed;
        }
    }
}

static u64 bench(void)
{
    u64 var[VARIABLES] = {0}, sum = MIX_BEGIN;
    sum = mix(sum, run(program, var));
    sum = mix(sum, var[BEST]);
    return mix(sum, var[WHICH]);
}
