// The journal's door: stamp, record, apply.
#include "core/journal.h"

void journal_enter(struct journal *j, uint64_t tick, enum journal_kind kind, unsigned index, uint64_t value,
                   const uint8_t *data, uint32_t size)
{
    j->sequence = tick == j->last_tick ? j->sequence + 1 : 0;
    j->last_tick = tick;
    struct journal_entry e = {tick, j->sequence, (uint16_t)kind, (uint16_t)index, value, data, size};
    if (j->record)
        j->record(j->record_ctx, &e);
    j->apply(j->apply_ctx, &e);
}
