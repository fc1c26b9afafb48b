/* For tests: a folder for files, gone when the program ends. */
#ifndef DG_TESTS_SCRATCH_H
#define DG_TESTS_SCRATCH_H

#include <stddef.h>

#include "tests/engine/support.h"

/* The path of `name` in the folder; good for the next few calls. */
const char *scratch_path(const char *name);

/* Writes a file; reads one whole, with a NUL behind it, to be given back with free(). */
void scratch_write(const char *path, const void *bytes, size_t count);
char *scratch_read(const char *path, size_t *count);

/* How many files the folder has. */
int scratch_files(void);

#endif
