// The fuzzers of protocol ends that talk in lines: the monitor, QMP.
//
// The input: one byte (the processor model), then lines, each sent with its newline; one that begins with FEh is a new
// client. Two machines get the same, one in single bytes, and run a little behind each line. Their answers and states
// must be the same, and no point may be left behind.
#ifndef TESTS_FUZZ_ENDS_H
#define TESTS_FUZZ_ENDS_H

#include "machine/control.h"

struct fuzz_end {
    void *(*create)(struct control *c, const struct char_backend *out);
    void (*destroy)(void *end);
    void (*opened)(void *end);
    void (*input)(void *end, const uint8_t *bytes, size_t n);
    void (*closed)(void *end);
};

// Runs one input.
int fuzz_end(const struct fuzz_end *f, const uint8_t *data, size_t size);

#endif
