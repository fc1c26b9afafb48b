/* Aligned, counted memory. Each block has a line of DG_ALIGNMENT bytes before it for its size. */
#define _GNU_SOURCE /* MADV_HUGEPAGE */
#include "engine/base/memory.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

static atomic_llong live;
static dg_memory_hook *memory_hook;
static void *memory_hook_context;

int64_t dg_memory_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}

void dg_memory_set_hook(dg_memory_hook *hook, void *context)
{
    memory_hook = hook;
    memory_hook_context = context;
}

static size_t *header_of(void *memory)
{
    return (size_t *)((char *)memory - DG_ALIGNMENT);
}

/* Large blocks ask Linux for huge pages: writing fresh memory is two to four times as fast. */
static void *try_alloc(size_t bytes)
{
    void *block = aligned_alloc(DG_ALIGNMENT, bytes);
#ifdef MADV_HUGEPAGE
    enum { LARGE = 4 << 20, PAGE = 4096 };
    if (block && bytes >= LARGE) {
        char *first = (char *)(((uintptr_t)block + PAGE - 1) / PAGE * PAGE);
        madvise(first, bytes - PAGE, MADV_HUGEPAGE); /* only a hint: it may fail */
    }
#endif
    return block;
}

dg_status dg_alloc(void *out, int64_t count, size_t size)
{
    void **result = out;
    size_t bytes;
    *result = NULL;
    if (count < 0 || __builtin_mul_overflow((size_t)count, size, &bytes) ||
        bytes > (size_t)INT64_MAX - 2 * DG_ALIGNMENT)
        return dg_error(DG_NO_MEMORY, "out of memory: cannot allocate %" PRId64 " times %zu bytes",
                        count, size);
    size_t whole = (bytes + 2 * DG_ALIGNMENT - 1) / DG_ALIGNMENT * DG_ALIGNMENT;
    if (memory_hook) memory_hook(memory_hook_context, whole, false);
    char *block = try_alloc(whole);
    if (!block && memory_hook && memory_hook(memory_hook_context, whole, true))
        block = try_alloc(whole);
    if (!block)
        return dg_error(DG_NO_MEMORY, "out of memory: cannot allocate %.1f MB, %.1f MB are in use",
                        (double)bytes / 1e6, (double)dg_memory_live() / 1e6);
    *(size_t *)block = whole;
    atomic_fetch_add_explicit(&live, (long long)whole, memory_order_relaxed);
    *result = block + DG_ALIGNMENT;
    return DG_OK;
}

dg_status dg_alloc_zero(void *out, int64_t count, size_t size)
{
    DG_TRY(dg_alloc(out, count, size));
    memset(*(void **)out, 0, (size_t)count * size);
    return DG_OK;
}

dg_status dg_resize(void *out, int64_t count, size_t size)
{
    void **place = out;
    void *resized;
    DG_TRY(dg_alloc(&resized, count, size));
    if (*place) {
        size_t old = *header_of(*place) - DG_ALIGNMENT, new = (size_t)count *size;
        memcpy(resized, *place, old < new ? old : new);
    }
    dg_free(*place);
    *place = resized;
    return DG_OK;
}

dg_status dg_grow(void *array, int64_t count, size_t size)
{
    if (count & (count - 1)) return DG_OK;
    return dg_resize(array, count > 0 ? 2 * count : 1, size);
}

void dg_free(void *memory)
{
    if (!memory) return;
    size_t *header = header_of(memory);
    atomic_fetch_sub_explicit(&live, (long long)*header, memory_order_relaxed);
    free(header);
}

void dg_free_owned(void *place)
{
    dg_free(*(void **)place);
}

dg_status dg_copy_text(char **out, const char *text)
{
    size_t size = strlen(text) + 1;
    DG_TRY(dg_alloc(out, (int64_t)size, 1));
    memcpy(*out, text, size);
    return DG_OK;
}
