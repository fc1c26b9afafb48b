/* The table of a network's layers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/nn/network.h"
#include "engine/tensor/tensor.h"

enum { COLUMNS = 4, CELL_SIZE = 192 };

/* 600810 as "600,810". */
static const char *grouped(int64_t number, char *out, size_t size)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* A layer's weights are counted where it is first used. */
static bool first_use(const dg_model *model, int index)
{
    for (int i = 0; i < index; i++)
        if (model->nodes[i].layer == model->nodes[index].layer) return false;
    return true;
}

static void fill_row(const dg_model *model, int index, char row[COLUMNS][CELL_SIZE])
{
    const dg_node *node = &model->nodes[index];
    const dg_layer *layer = &model->layers[node->layer];
    char shape[160];
    snprintf(row[0], CELL_SIZE, "%s (%s)", layer->name, layer->part->type->name);
    dg_shape_text(node->build.output.count, node->build.output.at, shape, sizeof shape);
    snprintf(row[1], CELL_SIZE, "%s", shape);
    grouped(first_use(model, index) ? layer->parameters : 0, row[2], CELL_SIZE);
    row[3][0] = '\0';
    for (int k = 0; k < node->inputs; k++) {
        size_t used = strlen(row[3]);
        snprintf(row[3] + used, CELL_SIZE - used, "%s%s", k ? ", " : "",
                 model->layers[model->nodes[node->input[k]].layer].name);
    }
}

/* Only a graph that branches needs the column of inputs. */
static bool is_chain(const dg_model *model)
{
    for (int i = 1; i < model->node_count; i++)
        if (model->nodes[i].inputs != 1 || model->nodes[i].input[0] != i - 1) return false;
    return true;
}

static void add_row(dg_text *text, char row[COLUMNS][CELL_SIZE], const int *width, int columns)
{
    for (int c = 0; c < columns; c++) {
        bool right = c == 2, last = c == columns - 1;
        if (right)
            dg_text_add(text, "%*s%s", width[c], row[c], last ? "" : "  ");
        else
            dg_text_add(text, "%-*s%s", last ? 0 : width[c], row[c], last ? "" : "  ");
    }
    dg_text_add(text, "\n");
}

static void add_rule(dg_text *text, const int *width, int columns)
{
    int total = 2 * (columns - 1);
    for (int c = 0; c < columns; c++) total += width[c];
    for (int i = 0; i < total; i++) dg_text_add(text, "-");
    dg_text_add(text, "\n");
}

/* Only where it is not float32 throughout. */
static void add_precision(dg_text *text, const dg_model *model)
{
    const bool *in = model->trained_in;
    const char *asked = dg_precision_names[model->precision];
    if (model->precision == DG_PRECISION_FLOAT32 && !in[DG_PRECISION_BFLOAT16]) return;
    dg_text_add(text, "\nprecision of products in training: %s", asked);
    for (int i = 0, named = 0; dg_precision_names[i]; i++)
        if (in[i])
            dg_text_add(text, "%s%s", named++ ? " and " : "; trained in ", dg_precision_names[i]);
}

dg_status dg_network_summary(const dg_learner *learner, char **out)
{
    const dg_model *model = (const dg_model *)learner;
    char header[COLUMNS][CELL_SIZE] = { "layer", "output shape", "parameters", "inputs" };
    char row[COLUMNS][CELL_SIZE], number[32];
    int columns = is_chain(model) ? 3 : 4, width[COLUMNS] = { 0 };
    dg_text text = { 0 };
    int64_t total = 0, trainable = 0;
    for (int i = -1; i < model->node_count; i++) {
        if (i >= 0) fill_row(model, i, row);
        for (int c = 0; c < columns; c++) {
            int length = (int)strlen(i < 0 ? header[c] : row[c]);
            if (length > width[c]) width[c] = length;
        }
    }
    add_row(&text, header, width, columns);
    add_rule(&text, width, columns);
    for (int i = 0; i < model->node_count; i++) {
        fill_row(model, i, row);
        add_row(&text, row, width, columns);
    }
    add_rule(&text, width, columns);
    for (int i = 0; i < model->layer_count; i++) {
        total += model->layers[i].parameters;
        trainable += model->layers[i].trainable;
    }
    dg_text_add(&text, "parameters: %s", grouped(total, number, sizeof number));
    if (trainable != total)
        dg_text_add(&text, " (trainable: %s)", grouped(trainable, number, sizeof number));
    dg_text_add(&text, "\nmultiply-adds of one row: %s",
                grouped(dg_model_multiply_adds(model), number, sizeof number));
    add_precision(&text, model);
    return dg_text_take(&text, out);
}
