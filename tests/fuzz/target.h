/* What the targets of libFuzzer share: the bytes that it gives become a file, which is read. A
 * target includes this and defines ENDING and fuzz_file. */
#ifndef DG_TESTS_FUZZ_TARGET_H
#define DG_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/status.h"

/* Reads the file; aborts where the engine breaks a promise. */
static void fuzz_file(const char *path);

/* What is refused has a message that names the file. */
static inline void check_refusal(dg_status status, const char *path)
{
    if (status == DG_OK || status == DG_NO_MEMORY) return;
    if (!strstr(dg_error_message(), path)) {
        fprintf(stderr, "no file in the message: %s\n", dg_error_message());
        abort();
    }
}

static char fuzz_path[256];

static void remove_fuzz_path(void)
{
    unlink(fuzz_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!*fuzz_path) {
        const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(fuzz_path, sizeof fuzz_path, "%s/digits-fuzz-%ld" ENDING, folder, (long)getpid());
        atexit(remove_fuzz_path);
    }
    FILE *file = fopen(fuzz_path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
    fuzz_file(fuzz_path);
    return 0;
}

#endif
