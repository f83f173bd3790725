// Runs a fuzzer's inputs without libFuzzer: all files that are named, and all files in the folders that are named, in
// the order of their names.
//
//   fuzz_NAME PATH...
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static uint8_t data[1 << 20];

static bool run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return false;
    }
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    // The name is on the screen if the input ends the process.
    printf("%s\n", path);
    fflush(stdout);
    // A copy of its exact size, so that a sanitizer sees a read behind the end.
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return false;
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return true;
}

static int is_input(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool run_folder(const char *path, unsigned *count)
{
    struct dirent **entry;
    int n = scandir(path, &entry, is_input, alphasort);
    bool ok = n >= 0;
    if (n < 0)
        perror(path);
    for (int k = 0; k < n; k++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry[k]->d_name);
        ok &= run_file(file);
        free(entry[k]);
    }
    if (n >= 0)
        free(entry);
    *count += n > 0 ? (unsigned)n : 0;
    return ok;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    bool ok = true;
    for (int k = 1; k < argc; k++) {
        struct stat st;
        if (!stat(argv[k], &st) && S_ISDIR(st.st_mode)) {
            ok &= run_folder(argv[k], &count);
        } else {
            ok &= run_file(argv[k]);
            count++;
        }
    }
    printf("%u inputs\n", count);
    return ok && count ? 0 : 1;
}
