/* Predictions for shifted copies of images. */
#include "engine/augmented.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"

/* An image in bytes. */
struct image {
    int64_t height, width;
    size_t pixel;
};

static const struct shift {
    int down, right;
} shifts[DG_MOST_SHIFTS] = { { 1, 0 }, { -1, 0 }, { 0, 1 },  { 0, -1 },
                             { 1, 1 }, { 1, -1 }, { -1, 1 }, { -1, -1 } };

static dg_status image_of(const dg_learner *learner, const dg_tensor *x, int64_t rows,
                          struct image *out)
{
    int64_t values = dg_tensor_count(x) / rows;
    if (x->axes >= 3 && x->shape[0] == rows)
        *out = (struct image){ .height = x->shape[1], .width = x->shape[2] };
    else if (learner->row.count >= 2)
        *out = (struct image){ .height = learner->row.at[0], .width = learner->row.at[1] };
    int64_t pixels = out->height * out->width;
    if (pixels == 0 || values % pixels != 0)
        return dg_error(DG_INVALID,
                        "predict: augment shifts images, but the rows of %" PRId64
                        " values have no height and width: give rows of shape {height, width, "
                        "channels}",
                        values);
    out->pixel = (size_t)(values / pixels) * dg_dtype_size(x->dtype);
    return DG_OK;
}

static int64_t within(int64_t place, int64_t size)
{
    return place < 0 ? 0 : place >= size ? size - 1 : place;
}

static void shift_image(const struct image *image, const struct shift *shift, const char *from,
                        char *to)
{
    size_t line = (size_t)image->width * image->pixel;
    for (int64_t y = 0; y < image->height; y++, to += line) {
        const char *source = from + (size_t)within(y - shift->down, image->height) * line;
        if (shift->right == 0) {
            memcpy(to, source, line);
            continue;
        }
        for (int64_t x = 0; x < image->width; x++)
            memcpy(to + (size_t)x * image->pixel,
                   source + (size_t)within(x - shift->right, image->width) * image->pixel,
                   image->pixel);
    }
}

static void add(double *sum, const dg_tensor *outputs)
{
    int64_t count = dg_tensor_count(outputs);
    const float *from = dg_floats(outputs);
    for (int64_t i = 0; i < count; i++) sum[i] += (double)from[i];
}

static dg_status add_shifted(const dg_learner *learner, const dg_tensor *x, int64_t rows,
                             int copies, const dg_job *job, double *sum)
{
    struct image image = { 0 };
    DG_OWNED_TENSOR from = { 0 };
    DG_OWNED_TENSOR to = { 0 };
    DG_TRY(image_of(learner, x, rows, &image));
    DG_TRY(dg_tensor_contiguous(&from, x));
    DG_TRY(dg_tensor_new(&to, x->dtype, x->axes, x->shape));
    size_t size = (size_t)(image.height * image.width) * image.pixel;
    for (int k = 0; k < copies; k++) {
        DG_OWNED_TENSOR outputs = { 0 };
        for (int64_t i = 0; i < rows; i++)
            shift_image(&image, &shifts[k], (const char *)from.data + (size_t)i * size,
                        (char *)to.data + (size_t)i * size);
        DG_TRY(dg_learner_outputs(learner, &to, job, &outputs));
        add(sum, &outputs);
    }
    return DG_OK;
}

static dg_status augmented_outputs(const dg_learner *learner, const dg_tensor *x, int copies,
                                   const dg_job *job, dg_tensor *out)
{
    DG_OWNED_TENSOR outputs = { 0 };
    DG_OWNED double *sum = NULL;
    DG_TRY(dg_learner_outputs(learner, x, job, &outputs));
    int64_t count = dg_tensor_count(&outputs);
    if (copies > 0 && count > 0) {
        DG_TRY(dg_alloc_zero(&sum, count, sizeof *sum));
        add(sum, &outputs);
        DG_TRY(add_shifted(learner, x, outputs.shape[0], copies, job, sum));
        for (int64_t i = 0; i < count; i++) dg_floats(&outputs)[i] = (float)(sum[i] / (copies + 1));
    }
    *out = DG_TAKE(outputs);
    return DG_OK;
}

dg_status dg_learner_augmented_proba(const dg_learner *learner, const dg_tensor *x, int copies,
                                     const dg_job *job, dg_tensor *out)
{
    *out = (dg_tensor){ 0 };
    if (copies == 0 || learner->target == DG_TARGET_NUMBERS)
        return dg_learner_predict_proba(learner, x, job, out);
    return augmented_outputs(learner, x, copies, job, out);
}

dg_status dg_learner_augmented_predict(const dg_learner *learner, const dg_tensor *x, int copies,
                                       const dg_job *job, dg_tensor *out)
{
    DG_OWNED_TENSOR outputs = { 0 };
    *out = (dg_tensor){ 0 };
    if (copies == 0 || learner->target == DG_TARGET_NONE)
        return dg_learner_predict(learner, x, job, out);
    DG_TRY(augmented_outputs(learner, x, copies, job, &outputs));
    return dg_learner_decide(learner, &outputs, out);
}
