/* Aligned memory that is counted, so that a garbage collector outside the engine knows of it;
 * arrays that grow, and variables that own what they point to. */
#ifndef DG_BASE_MEMORY_H
#define DG_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

/* The alignment in bytes of what dg_alloc returns: a cache line, and the widest vector register. */
enum { DG_ALIGNMENT = 64 };

/* `*out` becomes `count` times `size` uninitialised bytes, aligned to DG_ALIGNMENT; never NULL on
 * DG_OK, even for zero bytes. On failure, also if the product overflows, `*out` is NULL, the status
 * DG_NO_MEMORY, and the message says how much was requested. `out` is the address of a pointer of
 * any type. */
dg_status dg_alloc(void *out, int64_t count, size_t size);

/* As dg_alloc, filled with zero bytes. */
dg_status dg_alloc_zero(void *out, int64_t count, size_t size);

/* Changes the size of `*out` (NULL or from dg_alloc) and keeps its content; on failure `*out` is as
 * before. */
dg_status dg_resize(void *out, int64_t count, size_t size);

/* Makes room for element `count` of the array `*array` (NULL while `count` is 0), whose elements
 * have `size` bytes: called before each element is appended. On failure the array is as before.
 *
 *     DG_TRY(dg_grow(&names, count, sizeof *names));
 *     names[count++] = name;
 *
 * The capacity is kept nowhere: it follows from `count`, as it doubles where `count` is a power of
 * two. So an array that grows is allocated by dg_grow alone, from its first element on. */
dg_status dg_grow(void *array, int64_t count, size_t size);

/* Frees memory from dg_alloc; NULL is allowed. */
void dg_free(void *memory);

/* --- owned values ---------------------------------------------------------------------------
 *
 * A local variable that is declared with DG_OWNED owns its memory: dg_free is called on what it
 * points to wherever its scope is left, by return, DG_TRY, break or the closing brace. It is
 * initialised in its declaration, with NULL at the latest. What is to outlive the scope is
 * handed over with DG_TAKE.
 *
 *     dg_status make_table(float **out, int64_t count)
 *     {
 *         DG_OWNED float *table = NULL;
 *         DG_TRY(dg_alloc(&table, count, sizeof *table));
 *         DG_TRY(fill(table, count));   // a failure frees the table
 *         *out = DG_TAKE(table);
 *         return DG_OK;
 *     }
 *
 * DG_CLEANUP(function) does the same for values of any type: `function` is called with the
 * variable's address, so it must accept what the variable is initialised with. Variables of one
 * scope are released in the reverse order of their declarations, after the value of a return has
 * been computed. longjmp, and so an error raised in Lua, skips all of this. */
#define DG_CLEANUP(function) __attribute__((cleanup(function)))
#define DG_OWNED DG_CLEANUP(dg_free_owned)

/* The value of a variable, which becomes NULL (a struct: all zeros) and so owns nothing more. */
#define DG_TAKE(variable)                                                                          \
    __extension__({                                                                                \
        __typeof__(variable) dg_taken = (variable);                                                \
        (variable) = (__typeof__(variable)){ 0 };                                                  \
        dg_taken;                                                                                  \
    })

/* Frees what the pointer at `place` points to; what DG_OWNED calls. */
void dg_free_owned(void *place);

/* A copy of `text`; free it with dg_free. */
dg_status dg_copy_text(char **out, const char *text);

/* The bytes that are allocated and not yet freed. */
int64_t dg_memory_live(void);

/* `hook` is called before an allocation of `bytes` (failed = false), and again if malloc returns
 * NULL (failed = true); if it then returns true, malloc is tried once more. It may free memory. It
 * is called on any thread, and must check for itself whether it may act there. NULL removes it. */
typedef bool dg_memory_hook(void *context, size_t bytes, bool failed);
void dg_memory_set_hook(dg_memory_hook *hook, void *context);

#endif
