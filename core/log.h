// Logging says whose fault it is. The sink is set once per machine by the host layer; a pure room formats into a fixed
// buffer and hands the line over. Messages of one call site are limited, so a guest cannot flood the host.
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/types.h"

enum log_kind { LOG_HOST_ERROR, LOG_GUEST_ERROR, LOG_NOT_IMPLEMENTED, LOG_UNVERIFIED, LOG_INFO, LOG_TRACE, LOG_KINDS };

struct log {
    void (*sink)(void *ctx, enum log_kind kind, const char *line); // may be NULL: nothing is logged
    void *ctx;
    uint32_t seen[LOG_KINDS];  // lines so far
    uint32_t limit[LOG_KINDS]; // at most that many lines of a kind, 0 = none
};

void log_init(struct log *log, void (*sink)(void *ctx, enum log_kind kind, const char *line), void *ctx);

// One line without a newline, prefixed by the chip's name: "uart0: FCR bit 3 ignored". `log` may be NULL.
void log_line(struct log *log, enum log_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
