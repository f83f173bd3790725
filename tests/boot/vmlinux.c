// Takes the ELF file out of a bzImage, as the loader does before it starts it.
//
//   vmlinux BZIMAGE OUT
#include "core/types.h"
#include "machine/unpack.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "%s: %s\n", name, why);
    return 2;
}

int main(int argc, char **argv)
{
    enum { MAX = 1 << 28 };
    if (argc != 3)
        return fail("usage", "vmlinux BZIMAGE OUT");
    FILE *in = fopen(argv[1], "rb");
    uint8_t *image = malloc(MAX), *elf;
    size_t size = in && image ? fread(image, 1, MAX, in) : 0, elf_size;
    if (size < 0x264 || memcmp(image + 0x202, "HdrS", 4))
        return fail(argv[1], "not a bzImage");
    fclose(in);
    // The payload of the protected-mode part, which follows boot sector and setup.
    uint64_t from = (image[0x1f1] + 1) * 512u + (uint64_t)load_u32(image + 0x248), length = load_u32(image + 0x24c);
    char why[200];
    if (from > size || length > size - from)
        return fail(argv[1], "damaged");
    if (!unpack(image + from, length, MAX, &elf, &elf_size, why, sizeof why))
        return fail(argv[1], why);
    FILE *out = fopen(argv[2], "wb");
    if (!out || fwrite(elf, 1, elf_size, out) != elf_size || fclose(out))
        return fail(argv[2], "cannot be written");
    free(elf);
    free(image);
    return 0;
}
