// The custom mutator of the fuzzer `cpu`: keeps header, set-up operations and code apart, and writes whole instructions
// from the instruction table.
#include "tests/fuzz/cpu_setup.h"

#include "cpu/insn.h"

struct random {
    uint64_t state;
};

static unsigned below(struct random *r, unsigned n)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((r->state >> 33) % n);
}

// ---- instructions --------------------------------------------------------------------------------------------------

static uint8_t *put_bytes(struct random *r, uint8_t *p, unsigned n)
{
    static const uint8_t edge[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 8, 0x10};
    for (unsigned k = 0; k < n; k++)
        *p++ = (uint8_t)(below(r, 2) ? below(r, 256) : edge[below(r, ARRAY_LEN(edge))]);
    return p;
}

static uint8_t *put_modrm(struct random *r, uint8_t *p, const struct insn_row *row)
{
    if (row->ext != NX && row->ext & EXT_FULL) {
        *p++ = (uint8_t)row->ext;
        return p;
    }
    bool constrained = row->ext != NX && !(row->ext & (EXT_ANYREG | EXT_ANYMEM));
    unsigned reg = constrained ? row->ext & 7 : below(r, 8);
    bool memory = below(r, 3) != 0;
    if (row->ext != NX && row->ext & (EXT_MEM | EXT_ANYMEM))
        memory = true;
    if (row->ext != NX && row->ext & (EXT_REG | EXT_ANYREG))
        memory = false;
    unsigned mod = memory ? below(r, 3) : 3, rm = below(r, 8);
    *p++ = (uint8_t)(mod << 6 | reg << 3 | rm);
    if (mod != 3 && rm == 4)
        *p++ = (uint8_t)below(r, 256); // SIB, or the first byte of 16-bit code's displacement
    if (mod == 1)
        return put_bytes(r, p, 1);
    if (mod == 2 || (mod == 0 && rm == 5)) {
        // Among the data, around the code, in the tables, or anywhere.
        static const uint32_t place[] = {0x20000, 0x10000, 0x10ff0,  0x20ff8,   0x7000,
                                         0x2000,  0x3000,  0x200000, 0xfee00000};
        uint32_t disp = place[below(r, ARRAY_LEN(place))] + below(r, 0x100);
        if (below(r, 3)) {
            for (unsigned k = 0; k < 4; k++)
                *p++ = (uint8_t)(disp >> 8 * k);
            return p;
        }
        return put_bytes(r, p, 4);
    }
    return p;
}

// At most 24 bytes.
static unsigned put_instruction(struct random *r, uint8_t *out)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    static const uint8_t mandatory[] = {[P_66] = 0x66, [P_F3] = 0xf3, [P_F2] = 0xf2};
    const struct insn_row *row = &insn_rows[below(r, insn_row_count)];
    uint8_t *p = out;
    while (below(r, 4) == 0 && p - out < 4)
        *p++ = prefixes[below(r, ARRAY_LEN(prefixes))];
    if (row->map >= MAP_VEX_0F) {
        static const uint8_t pp[] = {[P_66] = 1, [P_F3] = 2, [P_F2] = 3};
        *p++ = 0xc4;
        *p++ = (uint8_t)(0xe0 | (row->map - MAP_VEX_0F + 1));
        *p++ = (uint8_t)(below(r, 32) << 3 | (row->prefix < sizeof pp ? pp[row->prefix] : 0));
    } else {
        if (row->prefix == P_66 || row->prefix == P_F3 || row->prefix == P_F2)
            *p++ = mandatory[row->prefix];
        if (below(r, 4) == 0)
            *p++ = (uint8_t)(0x40 | below(r, 16));
        if (row->map != MAP_1)
            *p++ = 0x0f;
        if (row->map == MAP_0F38 || row->map == MAP_0F3A)
            *p++ = row->map == MAP_0F38 ? 0x38 : 0x3a;
    }
    unsigned opcode = row->opcode;
    for (unsigned n = 0; n < 3; n++)
        if (row->op[n] == Zb || row->op[n] == Zv || row->op[n] == Zq)
            opcode += below(r, 8);
    if (row->attr & A_CC)
        opcode += below(r, 16);
    *p++ = (uint8_t)opcode;
    // Whether there is a ModRM byte is not in the row in so many words; its bytes do as immediates as well.
    p = put_modrm(r, p, row);
    unsigned n = 0;
    for (unsigned k = 0; k < 3; k++)
        n += row->op[k] == Ib || row->op[k] == sIb || row->op[k] == Jb   ? 1
             : row->op[k] == Iz || row->op[k] == sIz || row->op[k] == Jz ? 4
                                                                         : 0;
    if (n == 1 && below(r, 2)) {
        *p++ = (uint8_t)below(r, 16); // short jumps, small counts
        return (unsigned)(p - out);
    }
    return (unsigned)(put_bytes(r, p, n) - out);
}

// ---- the three parts -----------------------------------------------------------------------------------------------

static void put_op(struct random *r, uint8_t *op)
{
    static const uint8_t pages[] = {0x07, 0x10, 0x11, 0x18, 0x1f, 0x20, 0x21, 0x00, 0x02, 0x0f};
    static const uint64_t values[] = {0, 1, 0x20000, 0x10ff8, 0x7fff, 0x8000000000000000u, 0xffffffff, 0xfee000b0};
    uint64_t v = values[below(r, ARRAY_LEN(values))];
    op[0] = (uint8_t)below(r, CPU_OPS);
    op[1] = (uint8_t)below(r, 256);
    if (op[0] == CPU_OP_PAGE || op[0] == CPU_OP_UPPER) {
        static const uint64_t bit[] = {1,
                                       2,
                                       4,
                                       8,
                                       0x20,
                                       0x40,
                                       0x80,
                                       0x100,
                                       0x1000,
                                       0x10000,
                                       (uint64_t)1 << 63,
                                       (uint64_t)1 << 51,
                                       (uint64_t)1 << 32};
        v = bit[below(r, ARRAY_LEN(bit))] ^ (below(r, 2) ? bit[below(r, ARRAY_LEN(bit))] : 0);
        if (op[0] == CPU_OP_PAGE && below(r, 4))
            op[1] = pages[below(r, ARRAY_LEN(pages))];
    } else if (op[0] == CPU_OP_DEBUG) {
        v = op[1] % 6 == 5 ? below(r, 256) | (uint64_t)below(r, 65536) << 16 : 0x10000 + below(r, 256);
    } else if (op[0] == CPU_OP_EVENT || op[0] == CPU_OP_SEGMENT || op[0] == CPU_OP_FIELD || below(r, 2)) {
        v = (uint64_t)below(r, 1u << 31) << 33 ^ (uint64_t)below(r, 1u << 31) << 8 ^ below(r, 256);
    } else {
        v += below(r, 32);
    }
    store_u64(op + 2, v);
}

static size_t insert(uint8_t *data, size_t size, size_t max, size_t at, const uint8_t *bytes, size_t n)
{
    if (size + n > max)
        return size;
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, bytes, n);
    return size + n;
}

static size_t erase(uint8_t *data, size_t size, size_t at, size_t n)
{
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

size_t cpu_mutate(uint8_t *data, size_t size, size_t max, unsigned seed,
                  size_t (*mutate)(uint8_t *data, size_t size, size_t max))
{
    struct random r = {seed * 0x9e3779b97f4a7c15u + 1};
    if (max < CPU_HEADER_BYTES + 64)
        return mutate(data, size, max);
    if (size < CPU_HEADER_BYTES) {
        memset(data + size, 0, CPU_HEADER_BYTES - size);
        size = CPU_HEADER_BYTES;
    }
    unsigned ops = data[CPU_H_OPS] % (CPU_MAX_OPS + 1);
    size_t code = CPU_HEADER_BYTES + (size_t)ops * CPU_OP_BYTES;
    if (code > size) {
        ops = (unsigned)((size - CPU_HEADER_BYTES) / CPU_OP_BYTES);
        code = CPU_HEADER_BYTES + (size_t)ops * CPU_OP_BYTES;
    }
    data[CPU_H_OPS] = (uint8_t)ops;
    uint8_t bytes[32];
    size_t op = CPU_HEADER_BYTES + (ops ? below(&r, ops) : 0) * (size_t)CPU_OP_BYTES;
    switch (below(&r, 10)) {
    case 0: { // a field of the header
        unsigned n = below(&r, CPU_HEADER_BYTES);
        if (n == CPU_H_OPS)
            n = CPU_H_MODE;
        if (below(&r, 2))
            data[n] ^= (uint8_t)(1 << below(&r, 8));
        else
            data[n] = (uint8_t)below(&r, 256);
        return size;
    }
    case 1: // one more operation
    case 2:
        put_op(&r, bytes);
        if (ops == CPU_MAX_OPS || size + CPU_OP_BYTES > max)
            return size;
        data[CPU_H_OPS]++;
        return insert(data, size, max, op, bytes, CPU_OP_BYTES);
    case 3: // one changed, or one less
        if (!ops)
            break;
        if (below(&r, 3)) {
            mutate(data + op + 1, CPU_OP_BYTES - 1, CPU_OP_BYTES - 1);
            return size;
        }
        data[CPU_H_OPS]--;
        return erase(data, size, op, CPU_OP_BYTES);
    case 4: // code, by libFuzzer
        return code + mutate(data + code, size - code, max - code);
    default:
        break;
    }
    // Some instructions, between or over others.
    for (unsigned n = 1 + below(&r, 4); n; n--) {
        unsigned len = put_instruction(&r, bytes);
        size_t at = code + (size > code ? below(&r, (unsigned)(size - code)) : 0);
        if (below(&r, 2) && at + len <= size)
            memcpy(data + at, bytes, len);
        else
            size = insert(data, size, max, at, bytes, len);
    }
    return size;
}
