// The input of the fuzzer `cpu`: a header that chooses mode and processor, set-up operations that bend the state away
// from a sane one, and code. The layout of memory is in cpu_setup.c.
#ifndef TESTS_FUZZ_CPU_SETUP_H
#define TESTS_FUZZ_CPU_SETUP_H

#include "tests/fuzz/fuzz.h"

enum cpu_mode {
    CPU_REAL,
    CPU_BIG_REAL, // real mode with segment limits of 4 GiB - 1
    CPU_PROT16,
    CPU_PROT32,
    CPU_PAGED32, // 4 KiB pages, two levels
    CPU_PSE,     // the same with CR4.PSE and a large page
    CPU_PAE,
    CPU_V86,
    CPU_V86_PAGED,
    CPU_LONG,
    CPU_COMPAT32,
    CPU_COMPAT16,
    CPU_MODES
};

enum {
    CPU_HEADER_BYTES = 12,
    CPU_OP_BYTES = 10,
    CPU_MAX_OPS = 31,
    CPU_MAX_EVENTS = 16,
};

// The header's bytes.
enum cpu_header {
    CPU_H_MODE,     // modulo CPU_MODES
    CPU_H_MODEL,    // modulo their number
    CPU_H_FLAGS,    // CPL 0..1, IOPL 2..3, IF 4, TF 5, AC 6, NT 7
    CPU_H_CR0,      // flipped: MP EM TS NE WP AM CD, 7: PS/2 A20 off
    CPU_H_CR4,      // flipped, two bytes: see cr4_bit[]
    CPU_H_EFER = 6, // SCE 0, NXE 1; 2: system pages are open to users; 3: interrupt controllers set up
    CPU_H_TICKS,    // 0..1: 64 << n ticks; 2..7: where it is saved
    CPU_H_OPS,      // modulo CPU_MAX_OPS + 1: how many set-up operations follow
    CPU_H_OFFSET,   // page offset of the code, in units of 16
    CPU_H_PAGE,     // which page of the 64 KiB at the code's place, mostly the first: see code_offset()
    CPU_H_SHAKE,    // ticks between saves in place, see cpu_setup()
};

// A set-up operation: kind, index, 8 bytes of value.
enum cpu_op {
    CPU_OP_REG,
    CPU_OP_PAGE,  // flips bits of the lowest table's entry for page `index`
    CPU_OP_UPPER, // of an upper table: index bits 0..1 which, 2..7 entry
    CPU_OP_GDT,
    CPU_OP_IDT,
    CPU_OP_TSS,
    CPU_OP_MEMORY,
    CPU_OP_SEGMENT, // a segment register with its hidden part
    CPU_OP_DEBUG,
    CPU_OP_CONTROL,
    CPU_OP_FPU,
    CPU_OP_VECTOR,
    CPU_OP_MSR,
    CPU_OP_EVENT, // something from outside at a tick
    CPU_OP_PIT,
    CPU_OP_FIELD, // flips bits of a byte of the packed state
    CPU_OPS
};

enum cpu_event_kind {
    CPU_EVENT_NMI,
    CPU_EVENT_FIXED, // a fixed interrupt of any vector to the local APIC
    CPU_EVENT_ISA,   // a pulse on an ISA IRQ
    CPU_EVENT_MESSAGE,
    CPU_EVENT_SERIAL,
    CPU_EVENT_A20,
    CPU_EVENT_TIMER, // the local APIC's
    CPU_EVENT_DMA,   // a store by somebody else
    CPU_EVENTS
};

struct cpu_event {
    uint64_t tick;
    uint64_t value;
    uint8_t kind;
};

struct cpu_plan {
    uint64_t ticks;       // so long it runs
    uint64_t save_at;     // tick of a save
    uint64_t shake_ticks; // between saves in place
    struct cpu_event event[CPU_MAX_EVENTS];
    unsigned events; // sorted by tick
};

// Puts the input into a fresh machine of cpu_setup_model() and 2 MiB. False if it is no state that a machine can be in.
bool cpu_setup(struct machine *m, const uint8_t *data, size_t size, struct cpu_plan *plan);
const char *cpu_setup_model(const uint8_t *data, size_t size);
void cpu_event_apply(struct machine *m, const struct cpu_event *e);

// The custom mutator: as LLVMFuzzerCustomMutator(), with libFuzzer's own for parts of the input.
size_t cpu_mutate(uint8_t *data, size_t size, size_t max, unsigned seed,
                  size_t (*mutate)(uint8_t *data, size_t size, size_t max));

#endif
