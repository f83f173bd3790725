// Logging: formats into a fixed buffer and hands the line to the machine's sink, within per-kind limits.
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

void log_init(struct log *log, void (*sink)(void *ctx, enum log_kind kind, const char *line), void *ctx)
{
    *log = (struct log){.sink = sink, .ctx = ctx};
    log->limit[LOG_HOST_ERROR] = UINT32_MAX;
    log->limit[LOG_INFO] = UINT32_MAX;
    log->limit[LOG_NOT_IMPLEMENTED] = 10; // the guest's own errors are for those who ask for them
}

void log_line(struct log *log, enum log_kind kind, const char *fmt, ...)
{
    if (!log || !log->sink || log->seen[kind] >= log->limit[kind])
        return;
    log->seen[kind]++;
    char line[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    log->sink(log->ctx, kind, line);
}
