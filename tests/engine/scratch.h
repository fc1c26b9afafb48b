/* For tests: a folder for files, gone when the program ends; and what errors must say. */
#ifndef DG_TESTS_SCRATCH_H
#define DG_TESTS_SCRATCH_H

#include <stddef.h>

#include "engine/base/status.h"

/* The path of `name` in the folder; good for the next few calls. */
const char *scratch_path(const char *name);

/* Writes a file; reads one whole, with a NUL behind it, to be given back with free(). */
void scratch_write(const char *path, const void *bytes, size_t count);
char *scratch_read(const char *path, size_t *count);

/* How many files the folder has. */
int scratch_files(void);

/* Fails unless `found` is `expected` and the message has `words` in it. */
void expect_error(dg_status found, dg_status expected, const char *words);

/* Fails with the message unless `found` is DG_OK. */
void expect_ok(dg_status found);

#endif
