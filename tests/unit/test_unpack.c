// Unpacking of kernel payloads: what the libraries' own encoders make comes back, and damaged input is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "machine/unpack.h"

enum { PLAIN_SIZE = 3 << 20, TEXT = 200, LZ4_BLOCK = 8 << 20 };

struct buffer {
    uint8_t *data;
    size_t size;
};

// Noise, runs, and x86 calls for the branch filter to convert.
static struct buffer make_plain(size_t size)
{
    struct buffer b = {malloc(size), size};
    assert_non_null(b.data);
    uint32_t seed = 12345;
    for (size_t n = 0; n < size; n++) {
        seed = seed * 1664525 + 1013904223;
        b.data[n] = n % 4096 < 512 ? (uint8_t)(seed >> 24) : n % 5 ? (uint8_t)(n >> 12) : 0xe8;
    }
    return b;
}

static struct buffer room_for(size_t plain)
{
    struct buffer b = {malloc(plain + plain / 8 + 4096), plain + plain / 8 + 4096};
    assert_non_null(b.data);
    return b;
}

static struct buffer pack_gzip(const uint8_t *plain, size_t size)
{
    struct buffer b = room_for(size);
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (uint8_t *)(uintptr_t)plain;
    z.avail_in = (unsigned)size;
    z.next_out = b.data;
    z.avail_out = (unsigned)b.size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.size -= z.avail_out;
    deflateEnd(&z);
    return b;
}

// As kernels are packed: CRC32, x86 filter, LZMA2.
static struct buffer pack_xz(const uint8_t *plain, size_t size)
{
    struct buffer b = room_for(size);
    lzma_options_lzma options;
    assert_false(lzma_lzma_preset(&options, 1));
    lzma_filter filters[] = {{LZMA_FILTER_X86, NULL}, {LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t used = 0;
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, plain, size, b.data, &used, b.size),
                     LZMA_OK);
    b.size = used;
    return b;
}

static struct buffer pack_lzma(const uint8_t *plain, size_t size)
{
    struct buffer b = room_for(size);
    lzma_options_lzma options;
    assert_false(lzma_lzma_preset(&options, 1));
    lzma_stream z = LZMA_STREAM_INIT;
    assert_int_equal(lzma_alone_encoder(&z, &options), LZMA_OK);
    z.next_in = plain;
    z.avail_in = size;
    z.next_out = b.data;
    z.avail_out = b.size;
    assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
    b.size -= z.avail_out;
    lzma_end(&z);
    return b;
}

// Streaming, so that the frame does not tell the content's size; with checksum.
static struct buffer pack_zstd(const uint8_t *plain, size_t size)
{
    struct buffer b = room_for(size);
    ZSTD_CCtx *z = ZSTD_createCCtx();
    assert_non_null(z);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
    ZSTD_inBuffer in = {plain, size, 0};
    ZSTD_outBuffer out = {b.data, b.size, 0};
    assert_false(ZSTD_isError(ZSTD_compressStream2(z, &out, &in, ZSTD_e_continue)));
    assert_int_equal(ZSTD_compressStream2(z, &out, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(z);
    b.size = out.pos;
    return b;
}

static struct buffer pack_lz4(const uint8_t *plain, size_t size)
{
    struct buffer b = room_for(size);
    size_t used = 4;
    store_u32(b.data, 0x184c2102);
    for (size_t at = 0; at < size; at += LZ4_BLOCK) {
        size_t part = size - at < LZ4_BLOCK ? size - at : LZ4_BLOCK;
        int n = LZ4_compress_default((const char *)plain + at, (char *)b.data + used + 4, (int)part,
                                     (int)(b.size - used - 4));
        assert_true(n > 0);
        store_u32(b.data + used, (uint32_t)n);
        used += 4 + (size_t)n;
    }
    b.size = used;
    return b;
}

static const struct {
    const char *name;
    struct buffer (*pack)(const uint8_t *plain, size_t size);
    bool checked; // the format has a checksum of the content
} formats[] = {
    {"gzip", pack_gzip, true}, {"xz", pack_xz, true},    {"lzma", pack_lzma, false},
    {"zstd", pack_zstd, true}, {"lz4", pack_lz4, false},
};

static void assert_unpacks(const uint8_t *in, size_t size, size_t max, const struct buffer *plain)
{
    char error[TEXT] = "";
    uint8_t *out;
    size_t out_size;
    if (!unpack(in, size, max, &out, &out_size, error, sizeof error))
        fail_msg("%s", error);
    assert_int_equal(out_size, plain->size);
    assert_memory_equal(out, plain->data, plain->size);
    free(out);
}

static void assert_refused(const uint8_t *in, size_t size, size_t max, const char *name, const char *why)
{
    char error[TEXT] = "";
    uint8_t *out = (uint8_t *)error;
    size_t out_size;
    assert_false(unpack(in, size, max, &out, &out_size, error, sizeof error));
    assert_null(out);
    assert_null(strchr(error, '\n'));
    if (!strstr(error, name) || !strstr(error, why))
        fail_msg("'%s' instead of '%s ... %s'", error, name, why);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct buffer plain = make_plain(PLAIN_SIZE);
    for (unsigned n = 0; n < ARRAY_LEN(formats); n++) {
        struct buffer packed = formats[n].pack(plain.data, plain.size);
        assert_true(packed.size < plain.size);
        assert_unpacks(packed.data, packed.size, (size_t)1 << 30, &plain);
        // Exactly as large as allowed, and one byte larger.
        assert_unpacks(packed.data, packed.size, plain.size, &plain);
        assert_refused(packed.data, packed.size, plain.size - 1, formats[n].name, "more than 3145727 bytes");
        assert_refused(packed.data, packed.size, 1000, formats[n].name, "more than 1000 bytes");
        // The size behind it, as a kernel's build appends it.
        store_u32(packed.data + packed.size, (uint32_t)plain.size);
        assert_unpacks(packed.data, packed.size + 4, plain.size, &plain);
        memset(packed.data + packed.size, 0xa5, 100);
        assert_unpacks(packed.data, packed.size + 100, plain.size, &plain);
        free(packed.data);
    }
    free(plain.data);
}

static void test_truncated(void **state)
{
    (void)state;
    struct buffer plain = make_plain(20000);
    for (unsigned n = 0; n < ARRAY_LEN(formats); n++) {
        struct buffer packed = formats[n].pack(plain.data, plain.size);
        for (size_t size = 6; size < packed.size; size += size < 40 || packed.size - size < 40 ? 1 : 211) {
            uint8_t *copy = malloc(size); // so that a sanitizer sees reading past the end
            assert_non_null(copy);
            memcpy(copy, packed.data, size);
            assert_refused(copy, size, plain.size, formats[n].name, "truncated");
            free(copy);
        }
        free(packed.data);
    }
    free(plain.data);
}

static void test_corrupt(void **state)
{
    (void)state;
    struct buffer plain = make_plain(20000);
    for (unsigned n = 0; n < ARRAY_LEN(formats); n++) {
        struct buffer packed = formats[n].pack(plain.data, plain.size);
        unsigned refused = 0;
        for (size_t at = 6; at < packed.size; at += 3) {
            packed.data[at] ^= 0x55;
            char error[TEXT] = "";
            uint8_t *out;
            size_t size;
            if (unpack(packed.data, packed.size, plain.size, &out, &size, error, sizeof error)) {
                assert_true(size <= plain.size);
                if (formats[n].checked) {
                    assert_int_equal(size, plain.size);
                    assert_memory_equal(out, plain.data, plain.size);
                }
                free(out);
            } else {
                refused++;
                assert_non_null(strstr(error, formats[n].name));
                assert_null(out);
            }
            packed.data[at] ^= 0x55;
        }
        assert_true(refused > 0);
        free(packed.data);
    }
    free(plain.data);
}

// Whole blocks only: nothing but the input's end, or the appended size, shows where the stream ends.
static void test_lz4_blocks(void **state)
{
    (void)state;
    for (size_t size = LZ4_BLOCK; size <= 2 * LZ4_BLOCK + 5; size += size == 2 * LZ4_BLOCK ? 5 : LZ4_BLOCK) {
        struct buffer plain = make_plain(size), packed = pack_lz4(plain.data, size);
        assert_unpacks(packed.data, packed.size, size, &plain);
        store_u32(packed.data + packed.size, (uint32_t)size);
        assert_unpacks(packed.data, packed.size + 4, size, &plain);
        free(plain.data);
        free(packed.data);
    }
}

static void test_not_supported(void **state)
{
    (void)state;
    static const uint8_t bzip2[] = "BZh91AY&SY", lzo[] = "\x89LZO\0\r\n\x1a\n", other[] = "something else";
    assert_refused(bzip2, sizeof bzip2, 1000, "bzip2", "--guest-unpack");
    assert_refused(lzo, sizeof lzo, 1000, "lzo", "--guest-unpack");
    assert_refused(other, sizeof other, 1000, "not packed", "--guest-unpack");
    assert_refused(other, 0, 1000, "not packed", "--guest-unpack");
    for (size_t n = 1; n < 6; n++)
        assert_refused((const uint8_t *)"\xfd"
                                        "7zXZ",
                       n, 1000, "not packed", "--guest-unpack");
}

static void test_dictionary_limit(void **state)
{
    (void)state;
    // A header that asks for a dictionary of 3 GiB.
    static const uint8_t huge[32] = {0x5d, 0, 0, 0, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_refused(huge, sizeof huge, 1000, "lzma", "dictionary of more than 512 MiB");
    // A frame header with a window of 2^30 bytes.
    static const uint8_t wide[16] = {0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3};
    assert_refused(wide, sizeof wide, 1000, "zstd", "dictionary of more than 512 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_corrupt),       cmocka_unit_test(test_lz4_blocks),
        cmocka_unit_test(test_not_supported), cmocka_unit_test(test_dictionary_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
