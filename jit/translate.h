// Between jit.c, which knows blocks and when to run them, and the emitter of the host.
#ifndef JIT_TRANSLATE_H
#define JIT_TRANSLATE_H

#include "cpu/engine.h"
#include "cpu/exec.h"
#include "jit/codemem.h"
#include "jit/jit.h"

// A branch to a block of the same page that may go straight there. Lives in the code cache's memory.
struct jit_edge {
    struct block *from;
    uint32_t site;   // offset of the 32-bit displacement in the code memory
    uint32_t stub;   // where it leads while there is no link
    uint16_t target; // page offset
    bool linked;
    struct jit_edge *next; // those that lead to the same block
};

// A translated block's record, b->code.
struct jit_code {
    uint32_t entry; // offset in the code memory
    struct jit_edge *in;
};

// Flags after shifts and rotates: the table's; AF set, where the table has it clear; something else.
enum host_shift { HOST_SAME, HOST_SETS_AF, HOST_DIFFERS };

struct jit {
    struct cpu *c;
    struct cpu_engine engine;
    struct codemem mem;
    uint32_t room;        // bytes of code memory that may be used
    uint32_t used, fixed; // bytes of code memory; of them the common parts
    uint32_t *entries;    // PAGE_SIZE for each code page
    uint32_t entry_pages; // in use
    bool full;            // flush before the next translation
    struct jit_stats stats;
    // The common parts, offsets in the code memory.
    uint32_t enter, leave_next, leave_edge, call, last, load_vectors;
    // What this host makes of flags that the manual leaves undefined.
    uint8_t shift[8][4]; // enum host_shift: by ModRM.reg of C1h and operand size
    bool has_sse3, has_ssse3, has_sse41, has_sse42, has_aes, has_pclmul, has_popcnt, has_bmi2;
};

// Tries out what the host does; uses the code memory behind the common parts.
void translate_try_host(struct jit *j);
// Emits the common parts. False: the host lacks something that the code needs.
bool translate_init(struct jit *j);
// Translates `b`; the entry's offset, or 0 when there is no room.
uint32_t translate_block(struct jit *j, struct block *b);
// Makes an edge lead to `target`, an offset in the code memory.
void translate_link(struct jit *j, const struct jit_edge *e, uint32_t target);
// Runs from `entry` until code is left. What C functions returned, or NEXT.
enum exec_result translate_enter(struct jit *j, uint32_t entry);

// Called by translated code. They find the flags in c->engine.flags and leave them there.
enum exec_result jit_call_insn(struct cpu *c, const struct insn *i);
enum exec_result jit_last_insn(struct cpu *c, const struct insn *i);

#endif
