// Which ends there are.
// Not implemented: monitor, QMP.
#include "host/ends.h"
#include "machine/gdb.h"

static void *gdb_end_create(struct control *c, const struct char_backend *out)
{
    return gdb_create(c, out);
}
static void gdb_end_destroy(void *end)
{
    gdb_destroy(end);
}
static void gdb_end_opened(void *end)
{
    gdb_opened(end);
}
static void gdb_end_input(void *end, const uint8_t *bytes, size_t n)
{
    gdb_input(end, bytes, n);
}
static void gdb_end_closed(void *end)
{
    gdb_closed(end);
}

const struct end_class *end_class(enum end_kind kind)
{
    static const struct end_class gdb = {gdb_end_create, gdb_end_destroy, gdb_end_opened, gdb_end_input,
                                         gdb_end_closed};
    return kind == END_GDB ? &gdb : NULL;
}
