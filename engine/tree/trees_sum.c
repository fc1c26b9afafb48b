/* The outputs of many trees for rows. The values of a row's leaves are added in the order of the
 * trees, whatever way the rows go down them: by byte_tree.h, or by the rules of the trees. */
#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tree/tree.h"

/* Walks go down side by side, so that the processor waits for the memory of all at once: many rows
 * down one tree, or few rows down many trees. Rows are taken in chunks that stay in the
 * second-level cache while all trees pass. */
enum { WALKS = 256, STEPS = 4, CHUNK_BYTES = 1 << 18, LEAST_CHUNK = 32, LEAST_PIECES = 16 };

/* For fewer rows or trees, columns would cost more than they save. */
enum { LEAST_ROWS = 8, VALUES_PER_TREE = 32 };

struct sum {
    const dg_trees *trees;
    int64_t begin, end, rows, chunk_rows;
    const dg_tensor *x;
    const uint64_t *const *skip;
    float *out;
};

/* A row on its way down a tree, whose nodes are dg_tree_rule or as byte_tree.h says. */
struct walk {
    const void *nodes, *x;
    uint32_t at, slot;
};

/* Some of the rows. */
struct chunk {
    const struct sum *sum;
    int64_t begin, rows;
    const uint8_t *x; /* the first one's values, */
    int64_t row_size; /* and how many bytes those of a row take */
    bool bytes;       /* values are bytes, not floats */
    bool nan;         /* there is NaN among floats */
    uint8_t *read;    /* owned: floats that are bytes by their values, as bytes */
    int8_t *columns;  /* room for those of DG_COMPLETE_ROWS rows; NULL: rows go alone */
    uint8_t *place;   /* of dg_chosen_leaves */
    struct walk walk[WALKS];
    uint32_t found[WALKS]; /* where walks ended, by their slots */
    uint32_t only[WALKS];  /* of trees for bytes: the class there, or DG_MIXED_LEAF */
};

static bool is_left_out(const struct sum *sum, int64_t t, int64_t row)
{
    return sum->skip && sum->skip[t][row / 64] >> (row % 64) & 1;
}

static void add_values(const struct sum *sum, int64_t t, int64_t row, const float *value)
{
    const dg_trees *trees = sum->trees;
    float *out = sum->out + row * dg_trees_outputs(trees);
    if (is_left_out(sum, t, row)) return;
    if (trees->group) {
        out[t % trees->group] += value[0];
        return;
    }
    for (int64_t k = 0; k < trees->width; k++) out[k] += value[k];
}

/* --- side by side --------------------------------------------------------------------------- */

/* Takes all walks to their leaves: a few steps each, then those that have arrived drop out. */
static void walk_bytes(struct chunk *chunk, int64_t count)
{
    struct walk *walk = chunk->walk;
    while (count > 0) {
        int64_t left = 0;
        for (int64_t i = 0; i < count; i++) {
            struct walk w = walk[i];
            const uint64_t *nodes = w.nodes;
            const uint8_t *x = w.x;
            uint64_t node = nodes[w.at];
            for (int step = 0; step < STEPS; step++) {
                w.at = (uint32_t)(node >> 32) + (x[node & 0xffff] >= (node >> 16 & 0xffff));
                node = nodes[w.at];
            }
            uint32_t right = node >> 16 & 0xffff;
            chunk->found[w.slot] = w.at;
            chunk->only[w.slot] = right - 256;
            walk[left] = w;
            left += right < 256;
        }
        count = left;
    }
}

/* The same by the rules of the trees, for values of either type. */
DG_INLINE void walk_rules(struct chunk *chunk, int64_t count, bool bytes, bool nan)
{
    struct walk *walk = chunk->walk;
    while (count > 0) {
        int64_t left = 0;
        for (int64_t i = 0; i < count; i++) {
            struct walk w = walk[i];
            const dg_tree_rule *nodes = w.nodes, *node = nodes + w.at;
            for (int step = 0; step < STEPS; step++) {
                int32_t f = dg_tree_rule_feature(node);
                float x = bytes ? (float)((const uint8_t *)w.x)[f] : ((const float *)w.x)[f];
                bool right = x > node->threshold;
                if (nan) right |= (x != x) & (node->feature >= 0);
                node = nodes + node->left + right;
            }
            w.at = (uint32_t)(node - nodes);
            chunk->found[w.slot] = w.at;
            walk[left] = w;
            left += node->left != (int32_t)w.at;
        }
        count = left;
    }
}

static void add_found(const struct chunk *chunk, int64_t t, int64_t row, int64_t slot, bool laid)
{
    const struct sum *sum = chunk->sum;
    const dg_tree *tree = &sum->trees->tree[t];
    if (is_left_out(sum, t, row)) return; /* and has not been walked */
    uint32_t at = chunk->found[slot];
    if (!laid || sum->trees->group || chunk->only[slot] == DG_MIXED_LEAF) {
        int32_t leaf = laid ? tree->bytes.leaf[at] : tree->fact[at].leaf;
        add_values(sum, t, row, tree->value + leaf * sum->trees->width);
    } else {
        sum->out[row * sum->trees->width + chunk->only[slot]] += 1;
    }
}

/* Trees begin .. end-1, as many at once as there is room for walks. laid: by byte_tree.h. */
static void sum_walks(struct chunk *chunk, int64_t begin, int64_t end, bool laid)
{
    const struct sum *sum = chunk->sum;
    int64_t most = WALKS / chunk->rows;
    for (int64_t first = begin, last; first < end; first = last) {
        int64_t count = 0;
        last = first + most < end ? first + most : end;
        for (int64_t t = first; t < last; t++) {
            const dg_tree *tree = &sum->trees->tree[t];
            const void *nodes = laid ? (const void *)tree->bytes.node : tree->rule;
            for (int64_t i = 0; i < chunk->rows; i++) {
                uint32_t slot = (uint32_t)((t - first) * chunk->rows + i);
                const void *x = chunk->x + i * chunk->row_size;
                chunk->walk[count] = (struct walk){ nodes, x, 0, slot };
                count += !is_left_out(sum, t, chunk->begin + i);
            }
        }
        if (laid)
            walk_bytes(chunk, count);
        else if (chunk->bytes)
            walk_rules(chunk, count, true, false);
        else if (chunk->nan)
            walk_rules(chunk, count, false, true);
        else
            walk_rules(chunk, count, false, false);
        for (int64_t t = first; t < last; t++)
            for (int64_t i = 0; i < chunk->rows; i++)
                add_found(chunk, t, chunk->begin + i, (t - first) * chunk->rows + i, laid);
    }
}

/* --- by columns ----------------------------------------------------------------------------- */

/* Complete trees. */
static void sum_rows(const struct chunk *chunk, int64_t begin, int64_t end)
{
    const struct sum *sum = chunk->sum;
    for (int64_t i = 0; i < chunk->rows; i++)
        for (int64_t t = begin; t < end; t++) {
            const dg_byte_tree *tree = &sum->trees->tree[t].bytes;
            int64_t leaf = dg_complete_leaf(tree, chunk->x + i * chunk->row_size);
            add_values(sum, t, chunk->begin + i, tree->value + leaf * sum->trees->width);
        }
}

/* `leaf` {count}: of tree t, for rows from `first` of the chunk. */
static void add_leaves(const struct chunk *chunk, int64_t t, int64_t first, int64_t count,
                       const uint8_t *leaf)
{
    const struct sum *sum = chunk->sum;
    const float *value = sum->trees->tree[t].bytes.value;
    int64_t group = sum->trees->group, width = sum->trees->width, row = chunk->begin + first;
    if (group == 0 || sum->skip) {
        for (int64_t i = 0; i < count; i++) add_values(sum, t, row + i, value + leaf[i] * width);
        return;
    }
    float *restrict out = sum->out + row * group + t % group;
    for (int64_t i = 0; i < count; i++) out[i * group] += value[leaf[i]];
}

static void sum_columns(const struct chunk *chunk, int64_t begin, int64_t end)
{
    const struct sum *sum = chunk->sum;
    int64_t features = sum->trees->features;
    for (int64_t first = 0; first < chunk->rows; first += DG_COMPLETE_ROWS) {
        int64_t count = chunk->rows - first;
        if (count > DG_COMPLETE_ROWS) count = DG_COMPLETE_ROWS;
        dg_complete_columns(chunk->x + first * features, count, features, chunk->columns);
        for (int64_t t = begin; t < end; t++) {
            const dg_byte_tree *tree = &sum->trees->tree[t].bytes;
            uint8_t leaf[DG_COMPLETE_ROWS];
            if (tree->choice)
                dg_chosen_leaves(tree->choice, tree->choices, chunk->columns, chunk->place, leaf);
            else
                dg_complete_leaves(tree->rule, tree->depth, chunk->columns, leaf);
            add_leaves(chunk, t, first, count, leaf);
        }
    }
}

/* Makes room for columns if they are worth while for some of the trees. */
static dg_status take_columns(struct chunk *chunk)
{
    const struct sum *sum = chunk->sum;
    int64_t features = sum->trees->features, able = 0;
    for (int64_t t = sum->begin; t < sum->end; t++) able += sum->trees->tree[t].bytes.value != NULL;
    if (!chunk->bytes || chunk->rows < LEAST_ROWS || able * VALUES_PER_TREE < features)
        return DG_OK;
    DG_TRY(dg_alloc(&chunk->columns, features * DG_COMPLETE_ROWS, 1));
    DG_TRY(dg_alloc(&chunk->place, 2 * DG_CHOSEN_LEAVES * DG_COMPLETE_ROWS, 1));
    dg_chosen_places(chunk->place);
    return DG_OK;
}

/* --- all ------------------------------------------------------------------------------------ */

typedef enum { BY_RULES, BY_NODES, BY_ROWS, BY_COLUMNS } way;

static way way_of(const struct chunk *chunk, int64_t t)
{
    const dg_byte_tree *tree = &chunk->sum->trees->tree[t].bytes;
    if (!chunk->bytes || !dg_byte_tree_is_made(tree)) return BY_RULES;
    if (tree->value && chunk->columns) return BY_COLUMNS;
    return tree->depth < 0 ? BY_NODES : BY_ROWS;
}

/* Writes floats as bytes; false if a value is not a whole number 0 .. 255. */
DG_KERNEL(bool, write_bytes, (const float *restrict x, int64_t count, uint8_t *restrict out),
          (x, count, out))
{
    int32_t others = 0;
    for (int64_t i = 0; i < count; i++) {
        float within = x[i] > 0 ? x[i] : 0; /* NaN becomes 0 */
        within = within < 255 ? within : 255;
        int32_t whole = (int32_t)within;
        others |= (float)whole != x[i];
        out[i] = (uint8_t)whole;
    }
    return !others;
}

DG_KERNEL(bool, has_nan, (const float *x, int64_t count), (x, count))
{
    int32_t found = 0;
    for (int64_t i = 0; i < count; i++) found |= x[i] != x[i];
    return found;
}

/* Images are bytes even if they come as floats. */
static dg_status read_floats(struct chunk *chunk)
{
    const float *x = (const float *)(const void *)chunk->x;
    int64_t features = chunk->sum->trees->features;
    DG_TRY(dg_alloc(&chunk->read, chunk->rows * features, 1));
    chunk->bytes = true;
    for (int64_t i = 0; chunk->bytes && i < chunk->rows; i++)
        chunk->bytes = write_bytes(x + i * features, features, chunk->read + i * features);
    if (!chunk->bytes) {
        chunk->nan = has_nan(x, chunk->rows * features);
        return DG_OK;
    }
    chunk->x = chunk->read;
    chunk->row_size = features;
    return DG_OK;
}

static void chunk_release(struct chunk *chunk)
{
    dg_free(chunk->columns);
    dg_free(chunk->place);
    dg_free(chunk->read);
}

static dg_status sum_chunk(void *context, int64_t piece, int worker)
{
    const struct sum *sum = context;
    int64_t begin = piece * sum->chunk_rows, left = sum->rows - begin;
    int64_t row_size = sum->trees->features * (int64_t)dg_dtype_size(sum->x->dtype);
    DG_CLEANUP(chunk_release)
    struct chunk chunk = { .sum = sum,
                           .begin = begin,
                           .rows = left < sum->chunk_rows ? left : sum->chunk_rows,
                           .x = dg_bytes(sum->x) + begin * row_size,
                           .row_size = row_size,
                           .bytes = sum->x->dtype == DG_UINT8 };
    (void)worker;
    if (!chunk.bytes) DG_TRY(read_floats(&chunk));
    DG_TRY(take_columns(&chunk));
    /* one after another, trees that are walked in the same way */
    for (int64_t t = sum->begin, end; t < sum->end; t = end) {
        way here = way_of(&chunk, t);
        for (end = t + 1; end < sum->end && way_of(&chunk, end) == here; end++) continue;
        if (here == BY_COLUMNS)
            sum_columns(&chunk, t, end);
        else if (here == BY_ROWS)
            sum_rows(&chunk, t, end);
        else
            sum_walks(&chunk, t, end, here == BY_NODES);
    }
    return DG_OK;
}

dg_status dg_trees_sum(const dg_trees *trees, int64_t begin, int64_t end, const dg_tensor *x,
                       const uint64_t *const *skip, float *out, const dg_job *job)
{
    int64_t rows = x->shape[0], most = CHUNK_BYTES / trees->features, even = rows / LEAST_PIECES;
    struct sum sum = {
        .trees = trees, .begin = begin, .end = end, .rows = rows, .x = x, .skip = skip, .out = out
    };
    if (most > WALKS) most = WALKS;
    if (most > even) most = even;
    sum.chunk_rows = most < LEAST_CHUNK ? LEAST_CHUNK : most / LEAST_CHUNK * LEAST_CHUNK;
    return dg_parallel(job, (rows + sum.chunk_rows - 1) / sum.chunk_rows, sum_chunk, &sum);
}
