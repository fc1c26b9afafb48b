/* Many trees: keeping them, and as tensors. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/tree.h"

dg_status dg_trees_add(dg_trees *trees, dg_tree *tree)
{
    DG_TRY(dg_grow(&trees->tree, trees->count, sizeof *trees->tree));
    DG_TRY(dg_byte_tree_make(&tree->bytes, tree, trees->features, trees->width));
    trees->tree[trees->count++] = DG_TAKE(*tree);
    return DG_OK;
}

void dg_trees_keep(dg_trees *trees, int64_t count)
{
    while (trees->count > count) dg_tree_free(&trees->tree[--trees->count]);
}

void dg_trees_free(dg_trees *trees)
{
    dg_trees_keep(trees, 0);
    dg_free(trees->tree);
    trees->tree = NULL;
}

int64_t dg_trees_outputs(const dg_trees *trees)
{
    return trees->group ? trees->group : trees->width;
}

/* --- as tensors --------------------------------------------------------------------------- */

const char *const dg_trees_tensor_names[DG_TREES_TENSORS] = { "nodes", "facts", "sizes", "values" };

static void pack_tree(const dg_tree *tree, int32_t *node, float *fact)
{
    for (int32_t i = 0; i < tree->nodes; i++) {
        const dg_tree_rule *rule = &tree->rule[i];
        const dg_tree_fact *known = &tree->fact[i];
        memcpy(node + 3 * i, (int32_t[]){ rule->feature, rule->left, known->leaf }, 12);
        memcpy(fact + 4 * i, (float[]){ rule->threshold, known->gain, known->cover, known->weight },
               16);
    }
}

dg_status dg_trees_pack(const dg_trees *trees, dg_tensor *out)
{
    int64_t nodes = 0, leaves = 0, n = 0, l = 0;
    for (int i = 0; i < DG_TREES_TENSORS; i++) out[i] = (dg_tensor){ 0 };
    for (int64_t t = 0; t < trees->count; t++) {
        nodes += trees->tree[t].nodes;
        leaves += trees->tree[t].leaves;
    }
    dg_status status = dg_tensor_new(&out[0], DG_INT32, 2, (int64_t[]){ nodes, 3 });
    if (status == DG_OK) status = dg_tensor_new(&out[1], DG_FLOAT32, 2, (int64_t[]){ nodes, 4 });
    if (status == DG_OK)
        status = dg_tensor_new(&out[2], DG_INT32, 2, (int64_t[]){ trees->count, 2 });
    if (status == DG_OK)
        status = dg_tensor_new(&out[3], DG_FLOAT32, 2, (int64_t[]){ leaves, trees->width });
    for (int i = 0; status != DG_OK && i < DG_TREES_TENSORS; i++) dg_tensor_release(&out[i]);
    for (int64_t t = 0; status == DG_OK && t < trees->count; t++) {
        const dg_tree *tree = &trees->tree[t];
        pack_tree(tree, dg_int32s(&out[0]) + 3 * n, dg_floats(&out[1]) + 4 * n);
        dg_int32s(&out[2])[2 * t] = tree->nodes;
        dg_int32s(&out[2])[2 * t + 1] = tree->leaves;
        /* cppcheck-suppress arrayIndexOutOfBounds ; it takes `out` for two tensors */
        memcpy(dg_floats(&out[3]) + l * trees->width, tree->value,
               (size_t)(tree->leaves * trees->width) * sizeof(float));
        n += tree->nodes;
        l += tree->leaves;
    }
    return status;
}

static dg_status unpack_tree(dg_tree *tree, const dg_trees *trees, const int32_t *size,
                             const int32_t *node, const float *fact, const float *value)
{
    DG_TRY(dg_tree_begin(tree, size[0]));
    tree->nodes = size[0];
    tree->leaves = size[1];
    for (int32_t i = 0; i < tree->nodes; i++) {
        const int32_t *n = node + 3 * i;
        const float *f = fact + 4 * i;
        tree->rule[i] = (dg_tree_rule){ f[0], n[0], n[1] };
        tree->fact[i] = (dg_tree_fact){ f[1], f[2], f[3], n[2] };
    }
    DG_TRY(dg_tree_check(tree, trees->features));
    int64_t count = tree->leaves * trees->width;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(value[i])) return dg_error(DG_FORMAT, "a leaf's value is not finite");
    DG_TRY(dg_alloc(&tree->value, count, sizeof *tree->value));
    memcpy(tree->value, value, (size_t)count * sizeof *tree->value);
    return DG_OK;
}

static bool has_shape(const dg_tensor *tensor, dg_dtype dtype, int64_t columns)
{
    return tensor->dtype == dtype && tensor->axes == 2 && tensor->shape[1] == columns &&
           dg_tensor_is_contiguous(tensor);
}

dg_status dg_trees_unpack(dg_trees *trees, const dg_tensor in[DG_TREES_TENSORS])
{
    if (!has_shape(&in[0], DG_INT32, 3) || !has_shape(&in[1], DG_FLOAT32, 4) ||
        !has_shape(&in[2], DG_INT32, 2) || !has_shape(&in[3], DG_FLOAT32, trees->width))
        return dg_error(DG_FORMAT,
                        "the tensors of the trees have other types or shapes than nodes "
                        "{n, 3}, facts {n, 4}, sizes {trees, 2}, values {leaves, %" PRId64 "}",
                        trees->width);
    int64_t n = 0, l = 0, nodes = in[0].shape[0], leaves = in[3].shape[0];
    if (in[1].shape[0] != nodes)
        return dg_error(DG_FORMAT, "found %" PRId64 " nodes, but the facts of %" PRId64, nodes,
                        in[1].shape[0]);
    for (int64_t t = 0; t < in[2].shape[0]; t++) {
        const int32_t *size = dg_int32s(&in[2]) + 2 * t;
        DG_CLEANUP(dg_tree_free) dg_tree tree = { 0 };
        if (size[0] < 1 || size[1] < 1 || size[0] > nodes - n || size[1] > leaves - l)
            return dg_error(DG_FORMAT, "tree %" PRId64 " cannot have %d nodes and %d leaves", t + 1,
                            size[0], size[1]);
        dg_status status =
            unpack_tree(&tree, trees, size, dg_int32s(&in[0]) + 3 * n, dg_floats(&in[1]) + 4 * n,
                        dg_floats(&in[3]) + l * trees->width);
        if (status == DG_OK) status = dg_trees_add(trees, &tree);
        if (status != DG_OK) return dg_error_context(status, "tree %" PRId64, t + 1);
        n += size[0];
        l += size[1];
    }
    if (n == nodes && l == leaves) return DG_OK;
    return dg_error(DG_FORMAT, "%" PRId64 " nodes and %" PRId64 " leaves belong to no tree",
                    nodes - n, leaves - l);
}
