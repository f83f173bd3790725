// Unpacking by magic number: gzip (RFC 1952), xz (with the filters that liblzma has, so x86 BCJ too), LZMA alone,
// Zstandard (RFC 8878) and LZ4's legacy frame (lz4_Frame_format.md), each by its own library.
//
// Not implemented: bzip2 and LZO. Only the first stream or frame is unpacked, later ones count as bytes after the end.
#include "machine/unpack.h"

#include <stdio.h>
#include <stdlib.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum result { DONE, TRUNCATED, CORRUPT, TOO_LARGE, TOO_HUNGRY, NO_MEMORY };

// Decoders with a dictionary larger than this are refused; kernels use up to 128 MiB.
#define DICTIONARY_LOG 29
#define DICTIONARY_MAX ((uint64_t)1 << DICTIONARY_LOG)

// The growing output. One byte more than `max` is allowed inside, so that a decoder that has not ended there shows it.
struct sink {
    uint8_t *data;
    size_t size;
    size_t room; // bytes allocated
    size_t max;
};

// Makes room for at least one more byte, at most for `max` + 1 in all.
static enum result grow(struct sink *s)
{
    if (s->size < s->room)
        return DONE;
    if (s->size > s->max)
        return TOO_LARGE;
    size_t room = s->room ? s->room : (size_t)1 << 20;
    room = room > s->max / 2 ? s->max + 1 : room * 2;
    uint8_t *data = realloc(s->data, room);
    if (!data)
        return NO_MEMORY;
    s->data = data;
    s->room = room;
    return DONE;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum result gunzip(const uint8_t *in, size_t size, struct sink *s)
{
    z_stream z = {0};
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return NO_MEMORY;
    enum { STEP = 1 << 30 }; // zlib counts in unsigned int
    enum result result;
    for (size_t used = 0;;) {
        result = grow(s);
        if (result)
            break;
        unsigned given = (unsigned)smaller(size - used, STEP), room = (unsigned)smaller(s->room - s->size, STEP);
        z.next_in = (uint8_t *)(uintptr_t)(in + used); // zlib does not write there
        z.avail_in = given;
        z.next_out = s->data + s->size;
        z.avail_out = room;
        int code = inflate(&z, Z_NO_FLUSH);
        used += given - z.avail_in;
        s->size += room - z.avail_out;
        if (code == Z_STREAM_END)
            break;
        if (code == Z_BUF_ERROR || (code == Z_OK && used == size && z.avail_out)) {
            result = TRUNCATED;
            break;
        }
        if (code != Z_OK) {
            result = code == Z_MEM_ERROR ? NO_MEMORY : CORRUPT;
            break;
        }
    }
    inflateEnd(&z);
    return result;
}

static enum result unlzma(const uint8_t *in, size_t size, struct sink *s, bool alone)
{
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_ret code = alone ? lzma_alone_decoder(&z, DICTIONARY_MAX) : lzma_stream_decoder(&z, DICTIONARY_MAX, 0);
    if (code != LZMA_OK)
        return NO_MEMORY;
    z.next_in = in;
    z.avail_in = size;
    enum result result = DONE;
    while (code == LZMA_OK) {
        result = grow(s);
        if (result)
            break;
        z.next_out = s->data + s->size;
        z.avail_out = s->room - s->size;
        code = lzma_code(&z, LZMA_FINISH);
        s->size = s->room - z.avail_out;
    }
    lzma_end(&z);
    if (result)
        return result;
    switch (code) {
    case LZMA_STREAM_END:
        return DONE;
    case LZMA_BUF_ERROR:
        return TRUNCATED;
    case LZMA_MEM_ERROR:
        return NO_MEMORY;
    case LZMA_MEMLIMIT_ERROR:
        return TOO_HUNGRY;
    default:
        return CORRUPT;
    }
}

static enum result unzstd(const uint8_t *in, size_t size, struct sink *s)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    if (!z)
        return NO_MEMORY;
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, DICTIONARY_LOG);
    ZSTD_inBuffer input = {in, size, 0};
    enum result result = DONE;
    for (size_t left = 1; left;) {
        result = grow(s);
        if (result)
            break;
        ZSTD_outBuffer output = {s->data, s->room, s->size};
        size_t before = input.pos;
        left = ZSTD_decompressStream(z, &output, &input);
        if (ZSTD_isError(left)) {
            ZSTD_ErrorCode code = ZSTD_getErrorCode(left);
            result = code == ZSTD_error_frameParameter_windowTooLarge ? TOO_HUNGRY
                     : code == ZSTD_error_memory_allocation           ? NO_MEMORY
                                                                      : CORRUPT;
            break;
        }
        bool moved = output.pos != s->size || input.pos != before;
        s->size = output.pos;
        if (left && (!moved || (input.pos == size && s->size < s->room))) {
            result = TRUNCATED;
            break;
        }
    }
    ZSTD_freeDCtx(z);
    return result;
}

// Blocks of 8 MiB, each with the size of its packed form before it; only the last one can be shorter. There is no mark
// of the end: it is a short block, or the end of the input, or the appended size in place of a block.
static enum result unlz4(const uint8_t *in, size_t size, struct sink *s)
{
    enum { BLOCK = 8 << 20, TAIL = 4 };
    size_t at = 4;
    if (size - at < TAIL)
        return TRUNCATED;
    for (;;) {
        size_t left = size - at;
        if (s->size && left < TAIL)
            return DONE;
        if (left < TAIL)
            return TRUNCATED;
        uint32_t packed = load_u32(in + at);
        if (s->size && ((left == TAIL && packed == (uint32_t)s->size) || packed > (uint32_t)LZ4_compressBound(BLOCK)))
            return DONE;
        if (packed == 0 || packed > (uint32_t)LZ4_compressBound(BLOCK))
            return CORRUPT;
        if (packed > left - TAIL)
            return TRUNCATED;
        if (s->room - s->size < BLOCK) {
            size_t room = s->room * 2 > s->room + BLOCK ? s->room * 2 : s->room + BLOCK;
            uint8_t *data = realloc(s->data, room);
            if (!data)
                return NO_MEMORY;
            s->data = data;
            s->room = room;
        }
        int n = LZ4_decompress_safe((const char *)in + at + TAIL, (char *)s->data + s->size, (int)packed, BLOCK);
        if (n < 0)
            return CORRUPT;
        s->size += (size_t)n;
        at += TAIL + packed;
        if (s->size > s->max)
            return TOO_LARGE;
        if (n < BLOCK)
            return DONE;
    }
}

enum format { GZIP, XZ, LZMA, ZSTD, LZ4, BZIP2, LZO, UNKNOWN };

static const struct {
    const char *name;
    uint8_t size;
    uint8_t bytes[6];
} magic[] = {
    // clang-format off
    [GZIP]  = {"gzip",  2, {0x1f, 0x8b}},
    [XZ]    = {"xz",    6, {0xfd, '7', 'z', 'X', 'Z', 0}},
    [LZMA]  = {"lzma",  3, {0x5d, 0x00, 0x00}},
    [ZSTD]  = {"zstd",  4, {0x28, 0xb5, 0x2f, 0xfd}},
    [LZ4]   = {"lz4",   4, {0x02, 0x21, 0x4c, 0x18}},
    [BZIP2] = {"bzip2", 3, {'B', 'Z', 'h'}},
    [LZO]   = {"lzo",   4, {0x89, 'L', 'Z', 'O'}},
    // clang-format on
};

static enum format recognise(const uint8_t *in, size_t size)
{
    for (unsigned n = 0; n < ARRAY_LEN(magic); n++)
        if (size >= magic[n].size && !memcmp(in, magic[n].bytes, magic[n].size))
            return (enum format)n;
    return UNKNOWN;
}

bool unpack(const uint8_t *in, size_t size, size_t max, uint8_t **out, size_t *out_size, char *error, size_t error_size)
{
    struct sink s = {.max = smaller(max, SIZE_MAX / 4)};
    enum result result = CORRUPT;
    enum format format = recognise(in, size);
    *out = NULL;
    *out_size = 0;
    switch (format) {
    case GZIP:
        result = gunzip(in, size, &s);
        break;
    case XZ:
    case LZMA:
        result = unlzma(in, size, &s, format == LZMA);
        break;
    case ZSTD:
        result = unzstd(in, size, &s);
        break;
    case LZ4:
        result = unlz4(in, size, &s);
        break;
    case BZIP2:
    case LZO:
        snprintf(error, error_size, "packing by %s is not supported: use --guest-unpack", magic[format].name);
        return false;
    case UNKNOWN:
        snprintf(error, error_size, "not packed in a known way: use --guest-unpack");
        return false;
    }
    if (result == DONE && s.size > s.max)
        result = TOO_LARGE;
    const char *name = magic[format].name;
    switch (result) {
    case DONE:
        *out = s.data;
        *out_size = s.size;
        return true;
    case TRUNCATED:
        snprintf(error, error_size, "the %s data is truncated", name);
        break;
    case CORRUPT:
        snprintf(error, error_size, "the %s data is corrupt", name);
        break;
    case TOO_LARGE:
        snprintf(error, error_size, "the %s data unpacks to more than %zu bytes", name, max);
        break;
    case TOO_HUNGRY:
        snprintf(error, error_size, "the %s data needs a dictionary of more than %u MiB", name,
                 (unsigned)(DICTIONARY_MAX >> 20));
        break;
    case NO_MEMORY:
        snprintf(error, error_size, "out of memory while unpacking the %s data", name);
        break;
    }
    free(s.data);
    return false;
}
