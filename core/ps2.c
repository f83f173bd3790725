// The sending half of a PS/2 device: answers go before what the device says by itself, and each byte takes its time.
#include "core/ps2.h"

STATE_TABLE(ps2_sender, PS2_SENDER_STATE);

// The first byte begins now; the others wait for the one before them.
static void begin(struct ps2_sender *s, uint64_t now)
{
    if (s->replies + s->queued == 0)
        s->ready_ns = now + PS2_BYTE_NS;
}

void ps2_reply(struct ps2_sender *s, uint64_t now, uint8_t byte)
{
    begin(s, now);
    if (s->replies < sizeof s->reply)
        s->reply[s->replies++] = byte;
}

void ps2_queue(struct ps2_sender *s, uint64_t now, uint8_t byte)
{
    begin(s, now);
    if (s->queued < PS2_QUEUE_BYTES)
        s->queue[s->queued++] = byte;
}

void ps2_interrupt(struct ps2_sender *s, uint64_t now)
{
    s->replies = 0;
    s->ready_ns = now + PS2_BYTE_NS;
}

bool ps2_clock(struct ps2_sender *s, uint64_t now, bool free)
{
    if (s->clock == free)
        return false;
    s->clock = free;
    s->ready_ns = now + PS2_BYTE_NS;
    return true;
}

uint64_t ps2_deadline(const struct ps2_sender *s)
{
    return s->clock && s->replies + s->queued ? s->ready_ns : CLOCK_NEVER;
}

uint8_t ps2_take(struct ps2_sender *s, uint64_t now)
{
    s->ready_ns = now + PS2_BYTE_NS;
    if (s->replies) {
        s->last = s->reply[0];
        memmove(s->reply, s->reply + 1, --s->replies);
    } else if (s->queued) {
        s->last = s->queue[0];
        memmove(s->queue, s->queue + 1, --s->queued);
    }
    return s->last;
}

bool ps2_plausible(const struct ps2_sender *s)
{
    return s->replies <= sizeof s->reply && s->queued <= PS2_QUEUE_BYTES && s->clock <= 1;
}
