// What the fuzzers share: reading an input, telling two machines apart, and how a finding ends the process. A fuzzer is
// one file fuzz_NAME.c with LLVMFuzzerTestOneInput() (and, if it helps, LLVMFuzzerCustomMutator()); its inputs lie in
// corpus/NAME/. See docs/fuzzing.md.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "machine/pc.h"

// One input. Beyond its end everything reads as zero, so that any bytes are an input.
struct fuzz_input {
    const uint8_t *at, *end;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

// Little endian, n bytes, at most 8.
uint64_t fuzz_le(struct fuzz_input *in, unsigned n);

#define FUZZ_SLOTS 5

// The machine of a slot, made when it is first asked for and put back to power-on by a load of what it was then each
// later time, because making one takes long. Model and slot tell machines apart; RAM and ports are the same in each
// call. The process ends if there is no memory.
struct machine *fuzz_machine(unsigned slot, const char *model, uint64_t ram_bytes, unsigned serial_count);

// The machine of that slot in the state of `m`, through machine_save() and machine_load().
struct machine *fuzz_move(struct machine *m, unsigned slot);

// Saves and loads processor and chips in place, then calls every `update` once more. Neither may change any field or
// the next deadline; a finding if it does.
void fuzz_shake(struct machine *m);

// Whether all chips have the same fields (RAM is not looked at).
bool fuzz_same_chips(struct machine *a, struct machine *b);

// Prints every field and the first byte of RAM that differ.
void fuzz_print_difference(struct machine *a, struct machine *b);

// Ends the process as a finding, after one line.
_Noreturn void fuzz_finding(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
