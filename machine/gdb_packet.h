// Packets of gdb's remote serial protocol: bytes to packets and back (gdb manual, "Remote Protocol", "Overview").
#ifndef MACHINE_GDB_PACKET_H
#define MACHINE_GDB_PACKET_H

#include "core/backend.h"

// The largest content of a packet either way, in bytes, as gdb is told.
#define GDB_PACKET_MAX 0x4000u

enum gdb_event {
    GDB_NONE,
    GDB_PACKET, // link.packet holds one, link.size bytes and a NUL
    GDB_BREAK,  // Ctrl-C outside of packets
};

struct gdb_link {
    const struct char_backend *out;
    bool acks; // packets are acknowledged: until QStartNoAckMode
    enum { LINK_IDLE, LINK_DATA, LINK_ESCAPE, LINK_CHECK1, LINK_CHECK2 } state;
    uint8_t sum, claimed;
    bool too_long;
    size_t size;
    uint8_t packet[GDB_PACKET_MAX + 1];
    // The last packet sent, as it went out: sent again when it came to harm.
    size_t sent;
    uint8_t frame[2 * GDB_PACKET_MAX + 4];
};

// A client has connected.
void gdb_link_open(struct gdb_link *l, const struct char_backend *out);
// Takes one byte of the stream. Acknowledges packets, drops those that are damaged. One that is too long comes as an
// empty one, to which the answer is that it is not known.
enum gdb_event gdb_link_byte(struct gdb_link *l, uint8_t byte);
// Sends one packet of at most GDB_PACKET_MAX bytes, escaped where needed.
void gdb_link_send(struct gdb_link *l, const void *content, size_t size);

#endif
