/* One value against one parameter: the check, with a message that says what is wrong, and the way
 * into and out of an options struct. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/part.h"

enum { EXPECTS_SIZE = 512, FOUND_SIZE = 256 };

/* --- checking ------------------------------------------------------------------------------- */

dg_status dg_param_mismatch(const char *who, const dg_param *param, const dg_value *value)
{
    char expects[EXPECTS_SIZE], found[FOUND_SIZE];
    dg_param_expects(param, expects, sizeof expects);
    dg_value_text(value, found, sizeof found);
    return dg_error(DG_INVALID, "%s: %s must be %s, found %s", who, param->name, expects, found);
}

bool dg_value_whole(const dg_value *value, int64_t *out)
{
    if (value->type == DG_VALUE_INT) {
        *out = value->integer;
        return true;
    }
    if (value->type != DG_VALUE_FLOAT || value->number != floor(value->number) ||
        !(value->number >= (double)INT64_MIN && value->number < -(double)INT64_MIN))
        return false;
    *out = (int64_t)value->number;
    return true;
}

static dg_status check_int(const char *who, const dg_param *param, dg_value *value)
{
    int64_t whole;
    if (param->optional && value->type == DG_VALUE_NIL) return DG_OK;
    if (!dg_value_whole(value, &whole) || !dg_param_in_range(param, (double)whole))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_INT, .integer = whole };
    return DG_OK;
}

static dg_status check_float(const char *who, const dg_param *param, dg_value *value)
{
    if (param->optional && value->type == DG_VALUE_NIL) return DG_OK;
    double number = NAN;
    if (value->type == DG_VALUE_INT) number = (double)value->integer;
    if (value->type == DG_VALUE_FLOAT) number = value->number;
    if (!isfinite(number) || !dg_param_in_range(param, number))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_FLOAT, .number = number };
    return DG_OK;
}

/* Finds the place of a text among the choices. */
static dg_status check_choice(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type != DG_VALUE_TEXT || !param->choices)
        return dg_param_mismatch(who, param, value);
    int count = 0;
    for (; param->choices[count]; count++) {
        if (strcmp(param->choices[count], value->text) != 0) continue;
        value->text = param->choices[count];
        value->integer = count;
        return DG_OK;
    }
    const char *nearest = dg_nearest(value->text, param->choices, count);
    char expects[EXPECTS_SIZE];
    dg_param_expects(param, expects, sizeof expects);
    return dg_error(DG_INVALID, "%s: %s must be %s, found '%.100s'%s%s%s", who, param->name,
                    expects, value->text, nearest ? ", did you mean '" : "", nearest ? nearest : "",
                    nearest ? "'?" : "");
}

static dg_status check_ints(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL) return DG_OK;
    dg_ints ints = { 0 };
    if (value->type == DG_VALUE_INTS)
        ints = value->ints;
    else if (dg_value_whole(value, &ints.at[0]))
        ints.count = 1;
    else
        return dg_param_mismatch(who, param, value);
    bool fits = ints.count >= dg_param_count_low(param) && ints.count <= dg_param_count_high(param);
    for (int i = 0; i < ints.count && fits; i++)
        fits = dg_param_in_range(param, (double)ints.at[i]);
    if (!fits) return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_INTS, .ints = ints };
    return DG_OK;
}

static dg_status check_pair(const char *who, const dg_param *param, dg_value *value)
{
    dg_ints pair = { .count = 2 };
    if (value->type == DG_VALUE_INTS && value->ints.count == 2)
        pair = value->ints;
    else if (dg_value_whole(value, &pair.at[0]))
        pair.at[1] = pair.at[0];
    else
        return dg_param_mismatch(who, param, value);
    if (!dg_param_in_range(param, (double)pair.at[0]) ||
        !dg_param_in_range(param, (double)pair.at[1]))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_INTS, .ints = pair };
    return DG_OK;
}

static dg_status check_part(const char *who, const dg_param *param, dg_value *value)
{
    bool none = value->type == DG_VALUE_NIL || (value->type == DG_VALUE_BOOL && !value->boolean);
    if (value->type == DG_VALUE_PART && strcmp(value->part->type->kind, param->kind) == 0)
        return DG_OK;
    if (!none || param->required) return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_NIL };
    return DG_OK;
}

static dg_status check_amount(const char *who, const dg_param *param, dg_value *value)
{
    int64_t whole;
    if (value->type == DG_VALUE_NIL) return DG_OK;
    if (value->type == DG_VALUE_TEXT) return check_choice(who, param, value);
    if (param->fraction && value->type == DG_VALUE_FLOAT && value->number > 0 && value->number <= 1)
        return DG_OK;
    if (!dg_value_whole(value, &whole) || !dg_param_in_range(param, (double)whole))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_INT, .integer = whole };
    return DG_OK;
}

static dg_status check_weights(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL) return DG_OK;
    if (value->type == DG_VALUE_TEXT) return check_choice(who, param, value);
    if (value->type != DG_VALUE_WEIGHTS) return dg_param_mismatch(who, param, value);
    for (int64_t i = 0; i < value->weight_count; i++) {
        const dg_label_weight *each = &value->weights[i];
        if (!(each->weight > 0 && isfinite(each->weight)))
            return dg_error(DG_INVALID,
                            "%s: %s must be positive numbers, found %.14g for the label %" PRId64,
                            who, param->name, each->weight, each->label);
    }
    return DG_OK;
}

static dg_status check_seed(const char *who, const dg_param *param, dg_value *value)
{
    int64_t whole;
    if (value->type == DG_VALUE_NIL) return DG_OK;
    if (!dg_value_whole(value, &whole)) return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_INT, .integer = whole };
    return DG_OK;
}

dg_status dg_param_check(const char *who, const dg_param *param, dg_value *value)
{
    bool fits = false;
    switch (param->type) {
    case DG_TYPE_BOOL: fits = value->type == DG_VALUE_BOOL; break;
    case DG_TYPE_INT: return check_int(who, param, value);
    case DG_TYPE_FLOAT: return check_float(who, param, value);
    case DG_TYPE_TEXT:
    case DG_TYPE_PATH: fits = value->type == DG_VALUE_TEXT; break;
    case DG_TYPE_CHOICE: return check_choice(who, param, value);
    case DG_TYPE_INTS: return check_ints(who, param, value);
    case DG_TYPE_PAIR: return check_pair(who, param, value);
    case DG_TYPE_PART: return check_part(who, param, value);
    case DG_TYPE_SEED: return check_seed(who, param, value);
    case DG_TYPE_AMOUNT: return check_amount(who, param, value);
    case DG_TYPE_WEIGHTS: return check_weights(who, param, value);
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT:
        fits = value->type == DG_VALUE_HANDLE && value->handle == param->handle;
        break;
    }
    return fits ? DG_OK : dg_param_mismatch(who, param, value);
}

/* --- fields --------------------------------------------------------------------------------- */

static dg_amount amount_of(const dg_value *value)
{
    switch (value->type) {
    case DG_VALUE_INT:
        return (dg_amount){ .kind = value->integer ? DG_AMOUNT_COUNT : DG_AMOUNT_NONE,
                            .count = value->integer };
    case DG_VALUE_FLOAT:
        return (dg_amount){ .kind = DG_AMOUNT_FRACTION, .fraction = value->number };
    case DG_VALUE_TEXT: return (dg_amount){ .kind = DG_AMOUNT_WORD, .word = (int)value->integer };
    default: return (dg_amount){ .kind = DG_AMOUNT_NONE };
    }
}

static dg_weights weights_of(const dg_value *value)
{
    switch (value->type) {
    case DG_VALUE_TEXT: return (dg_weights){ .kind = DG_WEIGHTS_WORD, .word = (int)value->integer };
    case DG_VALUE_WEIGHTS:
        return (dg_weights){ .kind = DG_WEIGHTS_TABLE,
                             .count = value->weight_count,
                             .table = (dg_label_weight *)value->weights };
    default: return (dg_weights){ .kind = DG_WEIGHTS_NONE };
    }
}

void dg_param_put(const dg_param *param, const dg_value *value, void *options)
{
    void *field = (char *)options + param->offset;
    bool given = value->type != DG_VALUE_NIL;
    switch (param->type) {
    case DG_TYPE_BOOL: *(bool *)field = value->boolean; break;
    case DG_TYPE_INT: *(int64_t *)field = value->integer; break;
    case DG_TYPE_FLOAT: *(double *)field = given ? value->number : NAN; break;
    case DG_TYPE_TEXT:
    case DG_TYPE_PATH: *(const char **)field = given ? value->text : NULL; break;
    case DG_TYPE_CHOICE: *(int *)field = given ? (int)value->integer : -1; break;
    case DG_TYPE_INTS: *(dg_ints *)field = value->ints; break;
    case DG_TYPE_PAIR: memcpy(field, value->ints.at, 2 * sizeof(int64_t)); break;
    case DG_TYPE_PART: *(const dg_part **)field = given ? value->part : NULL; break;
    case DG_TYPE_SEED:
        *(dg_optional_seed *)field =
            (dg_optional_seed){ .given = given, .value = (uint64_t)value->integer };
        break;
    case DG_TYPE_AMOUNT: *(dg_amount *)field = amount_of(value); break;
    case DG_TYPE_WEIGHTS: *(dg_weights *)field = weights_of(value); break;
    case DG_TYPE_HANDLE: *(const void **)field = given ? value->pointer : NULL; break;
    case DG_TYPE_SLOT: *(int *)field = given ? value->slot : 0; break;
    }
}

/* A default that is a word: its text and its index. */
static dg_value default_word(const dg_param *param)
{
    for (int i = 0; param->default_text && param->choices && param->choices[i]; i++)
        if (strcmp(param->choices[i], param->default_text) == 0)
            return (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[i], .integer = i };
    return (dg_value){ .type = DG_VALUE_NIL };
}

void dg_param_put_default(const dg_param *param, void *options)
{
    double number = param->default_number;
    dg_value value = { .type = DG_VALUE_NIL };
    switch (param->type) {
    case DG_TYPE_BOOL: value = (dg_value){ .type = DG_VALUE_BOOL, .boolean = number != 0 }; break;
    case DG_TYPE_INT:
    case DG_TYPE_PAIR:
        value = (dg_value){ .type = DG_VALUE_INT, .integer = (int64_t)number };
        value.ints = (dg_ints){ 2, { (int64_t)number, (int64_t)number } };
        break;
    case DG_TYPE_FLOAT:
        if (!param->optional) value = (dg_value){ .type = DG_VALUE_FLOAT, .number = number };
        break;
    case DG_TYPE_TEXT:
    case DG_TYPE_PATH:
        if (param->default_text)
            value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->default_text };
        break;
    case DG_TYPE_AMOUNT:
        value = default_word(param);
        if (number != 0) value = (dg_value){ .type = DG_VALUE_INT, .integer = (int64_t)number };
        break;
    case DG_TYPE_CHOICE:
        value = default_word(param);
        if (!param->optional && value.type == DG_VALUE_NIL)
            value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[0] };
        break;
    case DG_TYPE_INTS:
    case DG_TYPE_PART:
    case DG_TYPE_SEED:
    case DG_TYPE_WEIGHTS:
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT: break;
    }
    dg_param_put(param, &value, options);
}

static dg_value amount_value(const dg_param *param, const dg_amount *amount)
{
    switch (amount->kind) {
    case DG_AMOUNT_COUNT: return (dg_value){ .type = DG_VALUE_INT, .integer = amount->count };
    case DG_AMOUNT_FRACTION:
        return (dg_value){ .type = DG_VALUE_FLOAT, .number = amount->fraction };
    case DG_AMOUNT_WORD:
        return (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[amount->word] };
    default: return (dg_value){ .type = DG_VALUE_NIL };
    }
}

static dg_value weights_value(const dg_param *param, const dg_weights *weights)
{
    switch (weights->kind) {
    case DG_WEIGHTS_WORD:
        return (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[weights->word] };
    case DG_WEIGHTS_TABLE:
        return (dg_value){ .type = DG_VALUE_WEIGHTS,
                           .weights = weights->table,
                           .weight_count = weights->count };
    default: return (dg_value){ .type = DG_VALUE_NIL };
    }
}

dg_value dg_param_get(const dg_param *param, const void *options)
{
    const void *field = (const char *)options + param->offset;
    dg_value value = { .type = DG_VALUE_NIL };
    switch (param->type) {
    case DG_TYPE_BOOL:
        value = (dg_value){ .type = DG_VALUE_BOOL, .boolean = *(const bool *)field };
        break;
    case DG_TYPE_INT:
        value = (dg_value){ .type = DG_VALUE_INT, .integer = *(const int64_t *)field };
        if (param->optional && value.integer == 0) value.type = DG_VALUE_NIL;
        break;
    case DG_TYPE_FLOAT:
        value.number = *(const double *)field;
        if (!isnan(value.number)) value.type = DG_VALUE_FLOAT;
        break;
    case DG_TYPE_TEXT:
    case DG_TYPE_PATH:
        value.text = *(const char *const *)field;
        if (value.text) value.type = DG_VALUE_TEXT;
        break;
    case DG_TYPE_CHOICE:
        value.integer = *(const int *)field;
        if (value.integer < 0) return (dg_value){ .type = DG_VALUE_NIL };
        value = (dg_value){ .type = DG_VALUE_TEXT,
                            .text = param->choices[value.integer],
                            .integer = value.integer };
        break;
    case DG_TYPE_INTS:
        value.ints = *(const dg_ints *)field;
        if (value.ints.count) value.type = DG_VALUE_INTS;
        break;
    case DG_TYPE_PAIR:
        value.type = DG_VALUE_INTS;
        value.ints.count = 2;
        memcpy(value.ints.at, field, 2 * sizeof(int64_t));
        break;
    case DG_TYPE_PART:
        value.part = *(const dg_part *const *)field;
        if (value.part) value.type = DG_VALUE_PART;
        break;
    case DG_TYPE_SEED: {
        const dg_optional_seed *seed = field;
        value.integer = (int64_t)seed->value;
        if (seed->given) value.type = DG_VALUE_INT;
        break;
    }
    case DG_TYPE_AMOUNT: return amount_value(param, field);
    case DG_TYPE_WEIGHTS: return weights_value(param, field);
    case DG_TYPE_HANDLE:
        value.pointer = *(const void *const *)field;
        value.handle = param->handle;
        if (value.pointer) value.type = DG_VALUE_HANDLE;
        break;
    case DG_TYPE_SLOT:
        value.slot = *(const int *)field;
        value.handle = param->handle;
        if (value.slot) value.type = DG_VALUE_HANDLE;
        break;
    }
    return value;
}

bool dg_value_equal(const dg_value *a, const dg_value *b)
{
    if (a->type != b->type) return false;
    switch (a->type) {
    case DG_VALUE_NIL: return true;
    case DG_VALUE_BOOL: return a->boolean == b->boolean;
    case DG_VALUE_INT: return a->integer == b->integer;
    case DG_VALUE_FLOAT: return a->number == b->number;
    case DG_VALUE_TEXT: return strcmp(a->text, b->text) == 0;
    case DG_VALUE_INTS:
        return a->ints.count == b->ints.count &&
               memcmp(a->ints.at, b->ints.at, (size_t)a->ints.count * sizeof(int64_t)) == 0;
    case DG_VALUE_PART: return dg_part_equal(a->part, b->part);
    case DG_VALUE_WEIGHTS:
        if (a->weight_count != b->weight_count) return false;
        for (int64_t i = 0; i < a->weight_count; i++)
            if (a->weights[i].label != b->weights[i].label ||
                a->weights[i].weight != b->weights[i].weight)
                return false;
        return true;
    case DG_VALUE_HANDLE:
        return a->handle == b->handle && a->pointer == b->pointer && a->slot == b->slot;
    case DG_VALUE_OTHER: break;
    }
    return false;
}
