/* Aligned memory that is counted, so that a garbage collector outside the engine can be told. */
#ifndef DG_BASE_MEMORY_H
#define DG_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

/* Bytes of alignment of all that dg_alloc gives: a cache line, and the widest vector register. */
enum { DG_ALIGNMENT = 64 };

/* `*out` becomes `count` times `size` bytes, aligned to DG_ALIGNMENT, of any content; never NULL on
 * DG_OK, even for zero bytes. On failure `*out` is NULL, the status DG_NO_MEMORY, the message says
 * how much was wanted. A product that overflows is such a failure. `out` is the address of a
 * pointer of any type. */
dg_status dg_alloc(void *out, int64_t count, size_t size);

/* As dg_alloc, filled with zero bytes. */
dg_status dg_alloc_zero(void *out, int64_t count, size_t size);

/* Changes the size of `*out` (NULL or from dg_alloc) and keeps what was in it; on failure `*out` is
 * as before. */
dg_status dg_resize(void *out, int64_t count, size_t size);

/* Gives memory back; NULL is allowed. */
void dg_free(void *memory);

/* A copy of `text`, to be given back with dg_free. */
dg_status dg_copy_text(char **out, const char *text);

/* Bytes that dg_alloc has given and dg_free has not taken back. */
int64_t dg_memory_live(void);

/* `hook` is called before an allocation of `bytes` (failed = false), and again after malloc
 * returned NULL (failed = true); if it then returns true, malloc is tried once more. It may free
 * memory. The hook must itself see to it that it acts only on the thread where it may. NULL takes
 * it away. */
typedef bool dg_memory_hook(void *context, size_t bytes, bool failed);
void dg_memory_set_hook(dg_memory_hook *hook, void *context);

#endif
