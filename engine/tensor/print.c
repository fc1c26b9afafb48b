/* Tensors as text: aligned columns, and "..." in place of elements that would not fit a screen. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/number.h"
#include "engine/base/text.h"
#include "engine/tensor/tensor.h"

/* Up to LINE characters or ROWS rows are shown in full; beyond that, EDGE at each end. With more
 * than two axes, up to MATRICES matrices are shown. */
enum { LINE = 120, ROWS = 32, EDGE = 8, MATRICES = 6, WORD = 32, DECIMALS = 4 };

/* --- which elements are shown --------------------------------------------------------------- */

/* Of `size` positions: all, or `edge` at each end. */
struct shown {
    int64_t size, edge;
};

static int64_t shown_count(const struct shown *shown)
{
    return shown->size > 2 * shown->edge ? 2 * shown->edge : shown->size;
}

static int64_t shown_place(const struct shown *shown, int64_t i)
{
    return shown->size > 2 * shown->edge && i >= shown->edge ? shown->size - 2 * shown->edge + i
                                                             : i;
}

/* Whether "..." stands before the i-th position that is shown. */
static bool gap_before(const struct shown *shown, int64_t i)
{
    return shown->size > 2 * shown->edge && i == shown->edge;
}

/* A tensor as matrices: the axes of their rows and columns (-1: none), and the number format. */
struct layout {
    const dg_tensor *tensor;
    int row_axis, column_axis;
    struct shown matrices, rows, columns;
    double largest; /* magnitude */
    bool whole, scientific;
    int decimals, most_decimals, width;
};

static double value_at(const struct layout *layout, int64_t matrix, int64_t row, int64_t column)
{
    const dg_tensor *tensor = layout->tensor;
    int64_t at[DG_MAX_AXES] = { 0 };
    for (int axis = tensor->axes - 1; axis >= 0; axis--) {
        if (axis == layout->row_axis) {
            at[axis] = row;
        } else if (axis == layout->column_axis) {
            at[axis] = column;
        } else {
            at[axis] = matrix % tensor->shape[axis];
            matrix /= tensor->shape[axis];
        }
    }
    double value = 0;
    dg_tensor_get(tensor, at, &value);
    return value;
}

/* Calls `visit` for every element that is shown. */
static void each_shown(struct layout *layout, void (*visit)(struct layout *, double))
{
    for (int64_t m = 0; m < shown_count(&layout->matrices); m++)
        for (int64_t r = 0; r < shown_count(&layout->rows); r++)
            for (int64_t c = 0; c < shown_count(&layout->columns); c++)
                visit(layout,
                      value_at(layout, shown_place(&layout->matrices, m),
                               shown_place(&layout->rows, r), shown_place(&layout->columns, c)));
}

/* --- the format of numbers ------------------------------------------------------------------ */

static void format_number(const struct layout *layout, int decimals, double value, char *out)
{
    if (isnan(value))
        snprintf(out, WORD, "nan");
    else if (isinf(value))
        snprintf(out, WORD, value < 0 ? "-inf" : "inf");
    else
        dg_snprintf(out, WORD, layout->scientific ? "%.*e" : "%.*f", decimals, value);
}

/* Raises the number of decimals to what `value` needs, so that only zeros common to all numbers are
 * dropped. */
static void need_decimals(struct layout *layout, double value)
{
    char word[WORD];
    int most = layout->most_decimals;
    if (!isfinite(value)) return;
    format_number(layout, most, value, word);
    char *end = strchr(word, 'e');
    size_t last = end ? (size_t)(end - word) : strlen(word);
    int needed = most;
    while (needed > 0 && word[--last] == '0') needed--;
    if (needed > layout->decimals) layout->decimals = needed;
}

static void need_width(struct layout *layout, double value)
{
    char word[WORD];
    format_number(layout, layout->decimals, value, word);
    int length = (int)strlen(word);
    if (length > layout->width) layout->width = length;
}

static void need_range(struct layout *layout, double value)
{
    if (!isfinite(value)) return;
    if (fabs(value) > layout->largest) layout->largest = fabs(value);
    if (value != floor(value)) layout->whole = false;
}

/* One format for all numbers shown: whole numbers without decimals; else DECIMALS decimals, more if
 * all are below a tenth; exponents if the largest is below 0.001 or above a million. */
static void choose_look(struct layout *layout)
{
    layout->largest = 0;
    layout->whole = true;
    each_shown(layout, need_range);
    double largest = layout->largest;
    layout->scientific = layout->whole ? largest >= 1e10 : largest >= 1e6 || largest < 1e-3;
    layout->most_decimals = DECIMALS;
    if (!layout->scientific && largest < 0.1) layout->most_decimals += largest < 0.01 ? 2 : 1;
    layout->decimals = 0;
    if (!layout->whole || layout->scientific) each_shown(layout, need_decimals);
    layout->width = 1;
    each_shown(layout, need_width);
}

/* --- the text ------------------------------------------------------------------------------- */

static void put_row(dg_text *text, const struct layout *layout, int64_t matrix, int64_t row)
{
    char word[WORD];
    for (int64_t c = 0; c < shown_count(&layout->columns); c++) {
        if (gap_before(&layout->columns, c)) dg_text_add(text, "  ...");
        format_number(layout, layout->decimals,
                      value_at(layout, matrix, row, shown_place(&layout->columns, c)), word);
        dg_text_add(text, " %*s", layout->width, word);
    }
    dg_text_add(text, "\n");
}

/* "(2, ., .)": which matrix follows, counted from 1. */
static void put_label(dg_text *text, const struct layout *layout, int64_t matrix)
{
    const dg_tensor *tensor = layout->tensor;
    int64_t at[DG_MAX_AXES] = { 0 };
    for (int axis = tensor->axes - 1; axis >= 0; axis--) {
        if (axis == layout->row_axis || axis == layout->column_axis) continue;
        at[axis] = matrix % tensor->shape[axis] + 1;
        matrix /= tensor->shape[axis];
    }
    for (int axis = 0; axis < tensor->axes; axis++) {
        dg_text_add(text, axis ? ", " : "(");
        if (at[axis])
            dg_text_add(text, "%lld", (long long)at[axis]);
        else
            dg_text_add(text, ".");
    }
    dg_text_add(text, ")\n");
}

static void put_matrices(dg_text *text, const struct layout *layout)
{
    bool labels = layout->tensor->axes > 2;
    for (int64_t m = 0; m < shown_count(&layout->matrices); m++) {
        int64_t matrix = shown_place(&layout->matrices, m);
        if (gap_before(&layout->matrices, m)) dg_text_add(text, "...\n");
        if (labels) put_label(text, layout, matrix);
        for (int64_t r = 0; r < shown_count(&layout->rows); r++) {
            if (gap_before(&layout->rows, r)) dg_text_add(text, " ...\n");
            put_row(text, layout, matrix, shown_place(&layout->rows, r));
        }
    }
}

/* The last two axes make the matrices; where there are more than two axes, the last two that are
 * longer than 1, so that an image {28, 28, 1} is a picture. */
static void choose_axes(struct layout *layout)
{
    const dg_tensor *tensor = layout->tensor;
    layout->row_axis = layout->column_axis = -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int axis = tensor->axes - 1; axis >= 0; axis--) {
            bool taken = axis == layout->column_axis || axis == layout->row_axis;
            bool skip = pass == 0 && tensor->axes > 2 && tensor->shape[axis] == 1;
            if (taken || skip) continue;
            if (layout->column_axis < 0)
                layout->column_axis = axis;
            else if (layout->row_axis < 0)
                layout->row_axis = axis;
        }
    }
    if (layout->row_axis > layout->column_axis) {
        int axis = layout->row_axis;
        layout->row_axis = layout->column_axis;
        layout->column_axis = axis;
    }
    int64_t rows = layout->row_axis < 0 ? 1 : tensor->shape[layout->row_axis];
    int64_t columns = layout->column_axis < 0 ? 1 : tensor->shape[layout->column_axis];
    layout->matrices = (struct shown){ dg_tensor_count(tensor) / rows / columns, MATRICES / 2 };
    layout->rows = (struct shown){ rows, rows > ROWS ? EDGE : ROWS };
    /* at least two characters per number: more columns than that never fit */
    layout->columns = (struct shown){ columns, columns > LINE / 2 ? EDGE : LINE };
}

dg_status dg_tensor_text(const dg_tensor *tensor, char **out)
{
    dg_text text = { 0 };
    char shape[256];
    dg_text_add(&text, "%s tensor %s\n", dg_dtype_name(tensor->dtype),
                dg_shape_text(tensor->axes, tensor->shape, shape, sizeof shape));
    if (dg_tensor_count(tensor) > 0) {
        struct layout layout = { .tensor = tensor };
        choose_axes(&layout);
        choose_look(&layout);
        if ((layout.width + 1) * shown_count(&layout.columns) > LINE) {
            int64_t fitting = (LINE - 5) / (layout.width + 1) / 2;
            layout.columns.edge = fitting < EDGE ? fitting : EDGE;
            choose_look(&layout);
        }
        put_matrices(&text, &layout);
    }
    if (text.status == DG_OK) text.data[--text.length] = '\0'; /* no newline at the end */
    return dg_text_take(&text, out);
}
