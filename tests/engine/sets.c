/* For tests: small datasets, and what they must hold. */
#include "tests/engine/sets.h"

#include <string.h>

#include "tests/engine/support.h"

const dg_dataset *make_set(int64_t rows, const int32_t *labels)
{
    dg_tensor x, y = { 0 };
    const dg_dataset *set;
    assert_ok(dg_tensor_new(&x, DG_FLOAT32, 2, (int64_t[]){ rows, 2 }));
    for (int64_t row = 0; row < rows; row++) {
        dg_floats(&x)[2 * row] = (float)row;
        dg_floats(&x)[2 * row + 1] = 10 * (float)row;
    }
    if (labels) {
        assert_ok(dg_tensor_new(&y, DG_INT32, 1, &rows));
        if (rows > 0) memcpy(y.data, labels, (size_t)rows * sizeof *labels);
    }
    assert_ok(dg_dataset_new(&set, &x, labels ? &y : NULL, 0, NULL));
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return set;
}

int64_t row_name(const dg_dataset *set, int64_t row)
{
    float name = dg_floats(&set->x)[2 * row];
    assert_true(dg_floats(&set->x)[2 * row + 1] == 10 * name);
    return (int64_t)name;
}

/* y, labels and positions agree in row `row`. */
static void expect_labels(const dg_dataset *set, int64_t row)
{
    int32_t label = dg_int32s(&set->labels)[row], at = dg_int32s(&set->positions)[row];
    assert_in_range(at, 0, set->class_count - 1);
    assert_int_equal(set->classes[at], label);
    if (!set->one_hot) {
        assert_int_equal(dg_int32s(&set->y)[row], label);
        return;
    }
    for (int64_t k = 0; k < set->class_count; k++)
        assert_true(dg_floats(&set->y)[row * set->class_count + k] == (k == at));
}

void expect_set(const dg_dataset *set, int64_t rows, const int64_t *names, int64_t class_count,
                const int32_t *classes, const int64_t *counts)
{
    int64_t found[64];
    assert_int_equal(dg_dataset_rows(set), rows);
    for (int64_t row = 0; names && row < rows; row++)
        assert_int_equal(row_name(set, row), names[row]);
    assert_int_equal(set->class_count, class_count);
    for (int64_t k = 0; k < class_count; k++) assert_int_equal(set->classes[k], classes[k]);
    assert_in_range(class_count, 0, 64);
    dg_dataset_counts(set, found);
    for (int64_t k = 0; counts && k < class_count; k++) assert_int_equal(found[k], counts[k]);
    for (int64_t row = 0; set->target == DG_TARGET_LABELS && row < rows; row++)
        expect_labels(set, row);
}
