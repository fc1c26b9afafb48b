/* The odometer behind all elementwise work. */
#include "engine/tensor/walk.h"

#include <string.h>

#include "engine/parallel.h"

/* Elements of a piece: about ten times the cost of waking threads. */
enum { GRAIN = 128 * 1024, MOST_PIECES = 64 };

/* Whether, for every operand, one step along axis `outer` equals a full pass along `inner`. */
static bool joins(const dg_walk *walk, int outer, int inner)
{
    for (int i = 0; i < walk->operands; i++)
        if (walk->stride[i][outer] != walk->stride[i][inner] * walk->shape[inner]) return false;
    return true;
}

void dg_walk_begin(dg_walk *walk, int operands, const dg_tensor *const *tensors)
{
    const dg_tensor *first = tensors[0];
    *walk = (dg_walk){ .operands = operands, .count = dg_tensor_count(first) };
    for (int i = 0; i < operands; i++) walk->data[i] = tensors[i]->data;
    for (int axis = 0; axis < first->axes; axis++) {
        if (first->shape[axis] == 1) continue;
        int last = walk->axes;
        walk->shape[last] = first->shape[axis];
        for (int i = 0; i < operands; i++)
            walk->stride[i][last] =
                tensors[i]->stride[axis] * (int64_t)dg_dtype_size(tensors[i]->dtype);
        if (last == 0 || !joins(walk, last - 1, last)) {
            walk->axes++;
            continue;
        }
        walk->shape[last - 1] *= walk->shape[last];
        for (int i = 0; i < operands; i++) walk->stride[i][last - 1] = walk->stride[i][last];
    }
    if (walk->axes == 0) { /* a single value is a run of one */
        walk->axes = 1;
        walk->shape[0] = 1;
        for (int i = 0; i < operands; i++) walk->stride[i][0] = 0;
    }
}

dg_status dg_walk_range(const dg_walk *walk, int64_t begin, int64_t end, dg_run_function *function,
                        void *context)
{
    if (begin >= end) return DG_OK;
    int inner = walk->axes - 1;
    int64_t at[DG_MAX_AXES] = { 0 }, rest = begin;
    dg_run run = { .first = begin };
    for (int axis = inner; axis >= 0; axis--) {
        at[axis] = rest % walk->shape[axis];
        rest /= walk->shape[axis];
    }
    for (int i = 0; i < walk->operands; i++) {
        run.data[i] = walk->data[i];
        run.stride[i] = walk->stride[i][inner];
        for (int axis = 0; axis <= inner; axis++) run.data[i] += at[axis] * walk->stride[i][axis];
    }
    for (;;) {
        run.n = walk->shape[inner] - at[inner];
        if (run.n > end - run.first) run.n = end - run.first;
        DG_TRY(function(context, &run));
        run.first += run.n;
        if (run.first >= end) return DG_OK;
        for (int i = 0; i < walk->operands; i++) run.data[i] -= at[inner] * run.stride[i];
        at[inner] = 0;
        for (int axis = inner - 1; axis >= 0; axis--) {
            for (int i = 0; i < walk->operands; i++) run.data[i] += walk->stride[i][axis];
            if (++at[axis] < walk->shape[axis]) break;
            for (int i = 0; i < walk->operands; i++)
                run.data[i] -= walk->shape[axis] * walk->stride[i][axis];
            at[axis] = 0;
        }
    }
}

struct walk_pieces {
    const dg_walk *walk;
    dg_run_function *function;
    void *context;
    int64_t count;
};

static dg_status walk_piece(void *context, int64_t piece, int worker)
{
    (void)worker;
    const struct walk_pieces *all = context;
    int64_t elements = all->walk->count;
    return dg_walk_range(all->walk, dg_piece_begin(elements, all->count, piece),
                         dg_piece_begin(elements, all->count, piece + 1), all->function,
                         all->context);
}

dg_status dg_walk_all(const dg_walk *walk, dg_run_function *function, void *context)
{
    int64_t pieces = dg_pieces(walk->count, GRAIN, MOST_PIECES);
    if (pieces == 1) return dg_walk_range(walk, 0, walk->count, function, context);
    struct walk_pieces all = { walk, function, context, pieces };
    return dg_parallel(NULL, pieces, walk_piece, &all);
}
