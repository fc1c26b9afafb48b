/* Small networks for tests. */
#include "tests/engine/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"
#include "engine/learner_metrics.h"
#include "engine/store/learner_file.h"

static dg_value value_of(const char *text)
{
    dg_value value = { .type = DG_VALUE_TEXT, .text = text };
    char *end;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        value.type = DG_VALUE_BOOL;
        value.boolean = text[0] == 't';
        return value;
    }
    double number = strtod(text, &end);
    if (end == text || (*end && *end != ',')) return value;
    if (!*end) {
        bool whole = number == floor(number) && fabs(number) < 0x1p53;
        value.type = whole ? DG_VALUE_INT : DG_VALUE_FLOAT;
        value.integer = whole ? (int64_t)number : 0;
        value.number = number;
        return value;
    }
    if (strchr(text, '.')) {
        value.type = DG_VALUE_SPAN;
        assert_int_equal(sscanf(text, "%lf,%lf", &value.span[0], &value.span[1]), 2);
        return value;
    }
    value.type = DG_VALUE_INTS;
    for (const char *at = text; *at; at = *end ? end + 1 : end) {
        value.ints.at[value.ints.count++] = strtoll(at, &end, 10);
        if (end == at) break;
    }
    return value;
}

const dg_part *network_part(const char *kind, const char *name, const char *options)
{
    dg_part *part;
    const dg_descriptor *type = dg_find_descriptor(kind, name);
    if (!type) fail_msg("%s", dg_error_message());
    assert_ok(dg_part_begin(type, &part));
    char copy[512], *rest = copy;
    assert_true(strlen(options) < sizeof copy);
    strcpy(copy, options);
    for (char *word; (word = strsep(&rest, " "));) {
        char *equals = strchr(word, '=');
        if (!equals) continue;
        *equals = '\0';
        dg_value value = value_of(equals + 1);
        assert_ok(dg_part_set(part, word, &value));
    }
    assert_ok(dg_part_finish(part));
    return part;
}

int network_add(dg_model *model, int input, const char *name, const char *options)
{
    int node = -1;
    const dg_part *part = network_part("layer", name, options);
    assert_ok(dg_model_add(model, part, input >= 0, &input, NULL, &node));
    dg_part_release(part);
    return node;
}

int network_join(dg_model *model, int first, int second, const char *name, const char *options)
{
    int node = -1, inputs[] = { first, second };
    const dg_part *part = network_part("layer", name, options);
    assert_ok(dg_model_add(model, part, 2, inputs, NULL, &node));
    dg_part_release(part);
    return node;
}

dg_model *network_of(const char *layers)
{
    char text[512], *rest = text;
    assert_true(strlen(layers) < sizeof text);
    strcpy(text, layers);
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = -1;
    for (char *layer; (layer = strsep(&rest, ";"));) {
        layer += strspn(layer, " ");
        char *options = strchr(layer, ' ');
        if (options) *options++ = '\0';
        node = network_add(model, node, layer, options ? options : "");
    }
    return model;
}

void network_compile(dg_model *model, const char *optimizer, const char *options, const char *loss)
{
    const dg_part *recipe = network_part("optimizer", optimizer, options);
    const dg_part *aim = network_part("loss", loss, "");
    dg_metric accuracy;
    assert_ok(dg_metric_find(&accuracy, "accuracy"));
    assert_ok(dg_model_compile(model, recipe, aim, 1, &accuracy));
    dg_part_release(recipe);
    dg_part_release(aim);
}

const dg_dataset *network_set(const dg_model *model, int64_t rows, int classes, bool bytes,
                              uint64_t seed)
{
    const dg_shape *input = &model->nodes[0].build.output;
    int64_t shape[DG_MAX_AXES] = { rows }, size = dg_shape_size(input);
    memcpy(shape + 1, input->at, sizeof *shape * (size_t)input->count);
    dg_tensor x, y;
    const dg_dataset *set;
    if (bytes) {
        assert_ok(dg_tensor_new(&x, DG_UINT8, input->count + 1, shape));
        for (int64_t i = 0; i < rows * size; i++)
            dg_bytes(&x)[i] = (uint8_t)dg_random_word(seed, (uint64_t)i);
    } else {
        assert_ok(dg_tensor_normal(&x, input->count + 1, shape, 0, 1, seed));
    }
    assert_ok(dg_tensor_new(&y, DG_INT32, 1, &rows));
    for (int64_t i = 0; i < rows; i++) {
        double best = -INFINITY;
        for (int c = 0; c < classes; c++) {
            double sum = 0;
            for (int64_t j = 0; j < size; j++) {
                double value = bytes ? dg_bytes(&x)[i * size + j] / 255.0
                                     : (double)dg_floats(&x)[i * size + j];
                sum += value * sin((double)(j + 1) * (c + 1) * 0.7);
            }
            if (sum > best) dg_int32s(&y)[i] = c;
            if (sum > best) best = sum;
        }
    }
    for (int c = 0; c < classes; c++) dg_int32s(&y)[c] = c; /* each class is there */
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return set;
}

dg_status network_load(dg_model **out, const char *path)
{
    dg_learner *learner;
    *out = NULL;
    DG_TRY(dg_learner_load(&learner, path));
    *out = dg_model_of(learner);
    return DG_OK;
}
