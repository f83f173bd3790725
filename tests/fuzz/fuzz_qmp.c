// Fuzzer of QMP: see tests/fuzz/ends.h.
#include "machine/qmp.h"
#include "tests/fuzz/ends.h"
#include "tests/fuzz/fuzz.h"

static void *create(struct control *c, const struct char_backend *out)
{
    return qmp_create(c, out);
}

static void destroy(void *end)
{
    qmp_destroy(end);
}

static void opened(void *end)
{
    qmp_opened(end);
}

static void input(void *end, const uint8_t *bytes, size_t n)
{
    qmp_input(end, bytes, n);
}

static void closed(void *end)
{
    qmp_closed(end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_end end = {create, destroy, opened, input, closed};
    return fuzz_end(&end, data, size);
}
