// Processor models by name: what CPUID answers, and what follows from it (instructions, control-register bits, MSRs,
// width of physical addresses).
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include "core/types.h"

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };
enum { CPUID_ANY = 0xffff };

// The answer to `leaf` and `subleaf` (CPUID_ANY: whatever ECX holds). Leaves that a model has no row for, up to its
// highest ones, answer zeros.
struct cpuid_leaf {
    uint32_t leaf, subleaf;
    uint32_t eax, ebx, ecx, edx;
};

// The four registers by enum cpuid_register.
static inline void cpuid_registers(const struct cpuid_leaf *l, uint32_t out[4])
{
    out[CPUID_EAX] = l->eax;
    out[CPUID_EBX] = l->ebx;
    out[CPUID_ECX] = l->ecx;
    out[CPUID_EDX] = l->edx;
}

struct cpu_model {
    const char *name; // of option -cpu
    const char *text; // one line for people
    const struct cpuid_leaf *leaf;
    unsigned leaves;
};

// The default.
extern const struct cpu_model cpu_model_v2;

// The model of a name; NULL if there is none. "host" and "max" are the richest model; no name (NULL) is the default.
const struct cpu_model *cpu_model_find(const char *name);
// Model n, from the oldest; NULL behind the last.
const struct cpu_model *cpu_model_at(unsigned n);

// The row that answers, or NULL.
const struct cpuid_leaf *cpu_model_leaf(const struct cpu_model *m, uint32_t leaf, uint32_t subleaf);
// Whether a feature bit is set.
bool cpu_model_has(const struct cpu_model *m, uint32_t leaf, uint32_t subleaf, enum cpuid_register reg, unsigned bit);

// Family, model and stepping, as EDX has them after RESET.
uint32_t cpu_model_signature(const struct cpu_model *m);
// Width of physical addresses in bits: 32, 36 or what leaf 80000008h says.
unsigned cpu_model_phys_bits(const struct cpu_model *m);
// The bits of CR4 that can be set.
uint64_t cpu_model_cr4(const struct cpu_model *m);
// Instruction rows: bit n is enum feature n.
uint64_t cpu_features(const struct cpu_model *m);

#endif
