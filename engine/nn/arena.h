/* An arena: one block of memory for values that live for a while each. Time counts steps; values
 * whose lives do not meet may share space.
 *
 *     dg_arena arena = { 0 };
 *     DG_TRY(dg_arena_add(&arena, 0, rows, row_bytes, 3, 7, &value));     (for each value)
 *     DG_TRY(dg_arena_close(&arena, workers));
 *     float *first = dg_arena_at(&arena, value, 0);
 *     dg_arena_free(&arena);
 *
 * Pieces of work that run at the same time are at different steps, so what they share must live as
 * long as any of them runs. What belongs to one piece alone goes to a room: each worker has a copy
 * of the room, in which values that the piece needs one after another share space. */
#ifndef DG_NN_ARENA_H
#define DG_NN_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef struct dg_arena_value {
    int64_t bytes;        /* of one copy */
    int begin, end;       /* the first and the last step of its life */
    int room;             /* 0: there is one copy for all */
    int64_t offset;       /* of the first worker's copy, a multiple of 64 */
    int64_t worker_bytes; /* from one worker's copy to the next one's; 0 in room 0 */
} dg_arena_value;

typedef struct dg_arena {
    int count; /* value 0 is none */
    dg_arena_value *values;
    int64_t bytes;
    char *memory;
} dg_arena;

/* A value of `count` times `size` bytes that lives from step `begin` to step `end`. `*value`
 * becomes its number, which is 0 if it has no bytes. */
dg_status dg_arena_add(dg_arena *arena, int room, int64_t count, int64_t size, int begin, int end,
                       int *value);

/* Gives each value its place; the memory is not initialised. A room lives as long as any value in
 * it. */
dg_status dg_arena_close(dg_arena *arena, int workers);

void dg_arena_free(dg_arena *arena);

/* Where a value is for this worker; NULL for value 0. */
static inline void *dg_arena_at(const dg_arena *arena, int value, int worker)
{
    const dg_arena_value *at = &arena->values[value];
    return value ? arena->memory + at->offset + worker * at->worker_bytes : NULL;
}

/* Steps begin .. end are about to run. In a build with AddressSanitizer it is an error from here on
 * to touch what is not alive in them, and what begins to live is NaN until it is assigned;
 * elsewhere nothing happens. Rooms are left out: workers are at steps of their own. */
void dg_arena_enter(const dg_arena *arena, int begin, int end);

#endif
