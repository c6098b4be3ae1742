/* The main of a fuzzer in builds without libFuzzer: runs every file named on the command line, or
 * found in a folder named there, through the target once. So the seeds, and what fuzzing once
 * found, stay tested by every compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (4 * MIB)

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    uint8_t *all = mem_alloc(INPUT_MAX);
    size_t len = fread(all, 1, INPUT_MAX, f);
    (void)fclose(f);
    uint8_t *data = mem_alloc(len); /* of exactly this size, so that reading on is seen */
    memcpy(data, all, len);
    mem_free(all);
    (void)LLVMFuzzerTestOneInput(data, len);
    mem_free(data);
    return 0;
}

/* The number of files run, -1 when one could not be read. */
static int run_path(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return run_file(path) == 0 ? 1 : -1;
    int count = 0;
    for (struct dirent *entry; count >= 0 && (entry = readdir(dir));) {
        char file[4096];
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        count = run_file(file) == 0 ? count + 1 : -1;
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = run_path(argv[i]);
        if (count < 0) return 1;
        total += count;
    }
    (void)printf("%d inputs\n", total);
    return total > 0 ? 0 : 1;
}
