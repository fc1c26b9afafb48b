/* Sharing memory among values that are not alive at the same time: greedily, the largest first,
 * each at the lowest place that is free for all of its life (Pisarchyk and Lee 2020). */
#include "engine/nn/arena.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define DG_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DG_CHECKED 1
#endif
#endif
#ifdef DG_CHECKED
#include <sanitizer/asan_interface.h>
#endif

/* Sizes stop here, so that no sum of two overflows; nobody has as much memory. */
static const int64_t most = (int64_t)1 << 61;

static int64_t add(int64_t a, int64_t b)
{
    return a + b < most ? a + b : most;
}

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) || product > most ? most : product;
}

static dg_status append(dg_arena *arena, dg_arena_value value)
{
    DG_TRY(dg_grow(&arena->values, arena->count, sizeof *arena->values));
    arena->values[arena->count++] = value;
    return DG_OK;
}

dg_status dg_arena_add(dg_arena *arena, int room, int64_t count, int64_t size, int begin, int end,
                       int *value)
{
    int64_t bytes = multiply(count, size);
    *value = 0;
    if (!arena->count) DG_TRY(append(arena, (dg_arena_value){ 0 }));
    if (bytes == 0) return DG_OK;
    *value = arena->count;
    bytes = add(bytes, DG_ALIGNMENT - 1) / DG_ALIGNMENT * DG_ALIGNMENT;
    return append(arena, (dg_arena_value){ bytes, begin, end, .room = room });
}

/* --- places ------------------------------------------------------------------------------- */

struct order {
    int64_t bytes;
    int value;
};

static int compare(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return x->value - y->value;
}

static bool meet(const dg_arena_value *a, const dg_arena_value *b)
{
    return a->begin <= b->end && b->begin <= a->end;
}

/* The lowest place for `value` beside those of its room that come before it in `order`. */
static int64_t find_place(const dg_arena *arena, const struct order *order, int before,
                          const dg_arena_value *value)
{
    int64_t offset = 0;
    for (int i = 0; i < before; i++) {
        const dg_arena_value *other = &arena->values[order[i].value];
        int64_t end = add(other->offset, other->bytes);
        if (offset >= end || other->offset >= add(offset, value->bytes) || !meet(value, other))
            continue;
        offset = end;
        i = -1; /* what was passed over may be in the way now */
    }
    return offset;
}

/* Returns the bytes of the room. */
static int64_t place_room(dg_arena *arena, struct order *order, int room)
{
    int64_t bytes = 0;
    int count = 0;
    for (int i = 1; i < arena->count; i++)
        if (arena->values[i].room == room)
            order[count++] = (struct order){ arena->values[i].bytes, i };
    qsort(order, (size_t)count, sizeof *order, compare);
    for (int i = 0; i < count; i++) {
        dg_arena_value *value = &arena->values[order[i].value];
        value->offset = find_place(arena, order, i, value);
        int64_t end = add(value->offset, value->bytes);
        if (end > bytes) bytes = end;
    }
    return bytes;
}

/* Puts a room, a copy for each worker, among the values of room 0. */
static dg_status enclose(dg_arena *arena, struct order *order, int room, int workers)
{
    int64_t bytes = place_room(arena, order, room);
    dg_arena_value whole = { multiply(bytes, workers), .begin = INT_MAX, .end = INT_MIN };
    for (int i = 1; i < arena->count; i++) {
        dg_arena_value *value = &arena->values[i];
        if (value->room != room) continue;
        if (value->begin < whole.begin) whole.begin = value->begin;
        if (value->end > whole.end) whole.end = value->end;
        value->worker_bytes = bytes;
    }
    return append(arena, whole);
}

dg_status dg_arena_close(dg_arena *arena, int workers)
{
    int rooms = 0, own = arena->count;
    for (int i = 1; i < own; i++)
        if (arena->values[i].room > rooms) rooms = arena->values[i].room;
    DG_OWNED struct order *order = NULL;
    DG_TRY(dg_alloc(&order, own + rooms, sizeof *order));
    for (int room = 1; room <= rooms; room++) DG_TRY(enclose(arena, order, room, workers));
    arena->bytes = place_room(arena, order, 0);
    for (int i = 1; i < own; i++) {
        dg_arena_value *value = &arena->values[i];
        if (value->room) value->offset += arena->values[own + value->room - 1].offset;
    }
    return dg_alloc(&arena->memory, arena->bytes, 1);
}

/* --- checking ----------------------------------------------------------------------------- */

#ifdef DG_CHECKED
void dg_arena_enter(const dg_arena *arena, int begin, int end)
{
    ASAN_POISON_MEMORY_REGION(arena->memory, (size_t)arena->bytes);
    for (int i = 1; i < arena->count; i++) {
        const dg_arena_value *value = &arena->values[i];
        if (value->room || value->begin > end || value->end < begin) continue;
        ASAN_UNPOISON_MEMORY_REGION(arena->memory + value->offset, (size_t)value->bytes);
        if (value->begin >= begin)
            memset(arena->memory + value->offset, 0xff, (size_t)value->bytes);
    }
}
#else
void dg_arena_enter(const dg_arena *arena, int begin, int end)
{
    (void)arena;
    (void)begin;
    (void)end;
}
#endif

void dg_arena_free(dg_arena *arena)
{
#ifdef DG_CHECKED
    if (arena->memory) ASAN_UNPOISON_MEMORY_REGION(arena->memory, (size_t)arena->bytes);
#endif
    dg_free(arena->values);
    dg_free(arena->memory);
    *arena = (dg_arena){ 0 };
}
