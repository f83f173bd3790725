// Fuzzer of the monitor: see tests/fuzz/ends.h.
#include "machine/monitor.h"
#include "tests/fuzz/ends.h"
#include "tests/fuzz/fuzz.h"

static void *create(struct control *c, const struct char_backend *out)
{
    return monitor_create(c, out, MONITOR_TERMINAL);
}

static void destroy(void *end)
{
    monitor_destroy(end);
}

static void opened(void *end)
{
    monitor_opened(end);
}

static void input(void *end, const uint8_t *bytes, size_t n)
{
    monitor_input(end, bytes, n);
}

static void closed(void *end)
{
    monitor_closed(end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_end end = {create, destroy, opened, input, closed};
    return fuzz_end(&end, data, size);
}
