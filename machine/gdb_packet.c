// Packets of gdb's remote serial protocol (machine/gdb_packet.h).
//
// Not implemented: run-length encoding, which nobody needs to send; gdb does not.
#include "machine/gdb_packet.h"

enum { ESCAPE = 0x7d, ESCAPE_XOR = 0x20, CTRL_C = 3 };

static const char digit[] = "0123456789abcdef";

void gdb_link_open(struct gdb_link *l, const struct char_backend *out)
{
    l->out = out;
    l->acks = true;
    l->state = LINK_IDLE;
    l->sent = 0;
}

static void write_bytes(struct gdb_link *l, const void *bytes, size_t n)
{
    if (l->out->write)
        l->out->write(l->out->ctx, bytes, n);
}

static void begin(struct gdb_link *l)
{
    l->state = LINK_DATA;
    l->size = 0;
    l->sum = 0;
    l->too_long = false;
}

static void take(struct gdb_link *l, uint8_t byte)
{
    if (l->size < GDB_PACKET_MAX)
        l->packet[l->size++] = byte;
    else
        l->too_long = true;
}

static int hex_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static enum gdb_event end(struct gdb_link *l, uint8_t second)
{
    int high = hex_value(l->claimed), low = hex_value(second);
    bool good = high >= 0 && low >= 0 && (high << 4 | low) == l->sum;
    l->state = LINK_IDLE;
    if (l->acks)
        write_bytes(l, good ? "+" : "-", 1);
    if (!good)
        return GDB_NONE;
    if (l->too_long)
        l->size = 0;
    l->packet[l->size] = 0;
    return GDB_PACKET;
}

enum gdb_event gdb_link_byte(struct gdb_link *l, uint8_t byte)
{
    if (l->state == LINK_CHECK1) {
        l->claimed = byte;
        l->state = LINK_CHECK2;
        return GDB_NONE;
    }
    if (l->state == LINK_CHECK2)
        return end(l, byte);
    if (byte == '$') { // also where the end of the one before was lost: neither it nor # occurs inside
        begin(l);
        return GDB_NONE;
    }
    if (l->state == LINK_IDLE) {
        if (byte == '-' && l->acks && l->sent)
            write_bytes(l, l->frame, l->sent);
        return byte == CTRL_C ? GDB_BREAK : GDB_NONE;
    }
    if (byte == '#') {
        l->state = LINK_CHECK1;
        return GDB_NONE;
    }
    l->sum += byte;
    if (l->state == LINK_ESCAPE) {
        take(l, byte ^ ESCAPE_XOR);
        l->state = LINK_DATA;
    } else if (byte == ESCAPE) {
        l->state = LINK_ESCAPE;
    } else {
        take(l, byte);
    }
    return GDB_NONE;
}

void gdb_link_send(struct gdb_link *l, const void *content, size_t size)
{
    const uint8_t *from = content;
    uint8_t *to = l->frame, sum = 0;
    *to++ = '$';
    for (size_t n = 0; n < size; n++) {
        bool escape = from[n] == '$' || from[n] == '#' || from[n] == '*' || from[n] == ESCAPE;
        if (escape)
            *to++ = ESCAPE;
        *to++ = escape ? from[n] ^ ESCAPE_XOR : from[n];
    }
    for (const uint8_t *p = l->frame + 1; p < to; p++)
        sum += *p;
    *to++ = '#';
    *to++ = (uint8_t)digit[sum >> 4];
    *to++ = (uint8_t)digit[sum & 15];
    l->sent = (size_t)(to - l->frame);
    write_bytes(l, l->frame, l->sent);
}
