// Output of a serial port or the debug console: collected during a slice, written at its end.
#ifndef HOST_SINK_H
#define HOST_SINK_H

#include "host/console.h"

#define SINK_BYTES 16384u

struct sink {
    int fd;                     // -1: bytes go nowhere
    const char *name;           // for messages
    struct console *console;    // stamps lines; may be NULL
    uint64_t (*now)(void *ctx); // guest ns for stamps, needed with `console`
    void *now_ctx;
    // Called when the reader is slow, to look at the input meanwhile; true: give up. May be NULL.
    bool (*blocked)(void *ctx);
    void *blocked_ctx;
    int error;      // errno of a failed write; from then on bytes are discarded
    bool abandoned; // given up: bytes are discarded
    bool mid_line;  // the last byte written was no newline
    size_t count;
    uint8_t bytes[SINK_BYTES];
};

// Of a struct char_backend; ctx is the sink.
void sink_write(void *ctx, const uint8_t *bytes, size_t n);

// Writes what has been collected. Waits for a slow reader, until a signal asks for the end or `blocked` does.
void sink_flush(struct sink *s);

#endif
