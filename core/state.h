// The state table: each chip lists its guest-visible fields once, and the struct, its reset values, saving, loading,
// digests, `info NAME` and the documentation come from that list.
//
// A list is a macro over two column macros, F for a scalar and A for an array, and S for a nested list:
//
//     #define PIT_CHANNEL_STATE(F, A, S, T)
//         F(T, uint16_t, reload, 0, "CR: value loaded at the next reload")
//         A(T, uint8_t, latch, 2, 0, "OL: latched count, low byte first")
//     STATE_STRUCT(pit_channel, PIT_CHANNEL_STATE);            // in the header: declares struct pit_channel
//     STATE_TABLE(pit_channel, PIT_CHANNEL_STATE);             // in the .c file: defines pit_channel_fields[]
//
//     #define PIT_STATE(F, A, S, T) S(T, pit_channel, channel, 3, "counters 0 to 2")
//
// (each but the last line of a list ends in a backslash).
//
// Fields are uint8_t, uint16_t, uint32_t or uint64_t only: any bit pattern of a hostile snapshot is then a valid
// object, and a chip's `check` rejects values that it cannot work with. The saved form is packed, little endian, in
// list order.
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "core/types.h"

struct state_field {
    const char *name;
    const char *doc;
    uint32_t offset;               // in the struct
    uint16_t size;                 // bytes of one element: 1, 2, 4, 8, or a nested struct's sizeof
    uint32_t count;                // elements
    uint64_t reset;                // value of each element at power-on
    const struct state_field *sub; // nested list, or NULL for an integer
};

#define STATE_DECL_F(T, type, name, reset, doc)        type name;
#define STATE_DECL_A(T, type, name, count, reset, doc) type name[count];
#define STATE_DECL_S(T, sub, name, count, doc)         struct sub name[count];
#define STATE_ROW_F(T, type, name, reset, doc)         {#name, doc, offsetof(T, name), sizeof(type), 1, reset, NULL},
#define STATE_ROW_A(T, type, name, count, reset, doc)  {#name, doc, offsetof(T, name), sizeof(type), count, reset, NULL},
#define STATE_ROW_S(T, sub, name, count, doc)                                                                          \
    {#name, doc, offsetof(T, name), sizeof(struct sub), count, 0, sub##_fields},

// Declares `struct NAME` with the fields of LIST, and its table `NAME_fields`.
#define STATE_STRUCT(NAME, LIST)                                                                                       \
    struct NAME {                                                                                                      \
        LIST(STATE_DECL_F, STATE_DECL_A, STATE_DECL_S, struct NAME)                                                    \
    };                                                                                                                 \
    extern const struct state_field NAME##_fields[]

// Defines the table. The last row has a NULL name.
#define STATE_TABLE(NAME, LIST)                                                                                        \
    const struct state_field NAME##_fields[] = {                                                                       \
        LIST(STATE_ROW_F, STATE_ROW_A, STATE_ROW_S, struct NAME){NULL, NULL, 0, 0, 0, 0, NULL}}

// Sets every field of `obj` to its reset value.
void state_reset(const struct state_field *fields, void *obj);

// Bytes of the packed form.
size_t state_size(const struct state_field *fields);

// Writes the packed form; `out` has state_size() bytes. Changes nothing in `obj`.
void state_save(const struct state_field *fields, const void *obj, uint8_t *out);

// Reads the packed form; `in` has state_size() bytes. The caller runs the chip's check afterwards.
void state_load(const struct state_field *fields, void *obj, const uint8_t *in);

// Calls `emit` once per integer element in list order with a dotted path such as "channel[1].reload".
void state_each(const struct state_field *fields, const void *obj,
                void (*emit)(void *ctx, const char *path, uint64_t value, const struct state_field *field), void *ctx);

#endif
