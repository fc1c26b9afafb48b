/* Parts: setting options against a descriptor, with messages that say what is wrong. */
#include "engine/base/part.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"

enum { EXPECTS_SIZE = 512, FOUND_SIZE = 256 };

static dg_status mismatch(const dg_part *part, const dg_param *param, const dg_value *value)
{
    char expects[EXPECTS_SIZE], found[FOUND_SIZE];
    dg_param_expects(param, expects, sizeof expects);
    dg_value_text(value, found, sizeof found);
    return dg_error(DG_INVALID, "%s: %s must be %s, found %s", part->type->name, param->name,
                    expects, found);
}

/* --- setting -------------------------------------------------------------------------------- */

static void *field_of(const dg_part *part, const dg_param *param)
{
    return (char *)part->options + param->offset;
}

/* Whether `value` is a whole number: an integer, or a float without fraction that fits. */
static bool whole_number(const dg_value *value, int64_t *out)
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

static dg_status set_int(dg_part *part, const dg_param *param, const dg_value *value)
{
    int64_t whole;
    if (!whole_number(value, &whole) || !dg_param_in_range(param, (double)whole))
        return mismatch(part, param, value);
    *(int64_t *)field_of(part, param) = whole;
    return DG_OK;
}

static dg_status set_float(dg_part *part, const dg_param *param, const dg_value *value)
{
    double number = NAN;
    bool none = param->optional && value->type == DG_VALUE_NIL;
    if (value->type == DG_VALUE_INT) number = (double)value->integer;
    if (value->type == DG_VALUE_FLOAT) number = value->number;
    if (!none && (!isfinite(number) || !dg_param_in_range(param, number)))
        return mismatch(part, param, value);
    *(double *)field_of(part, param) = number;
    return DG_OK;
}

/* The place of a text among the choices. */
static dg_status find_choice(const dg_part *part, const dg_param *param, const dg_value *value,
                             int *out)
{
    if (value->type != DG_VALUE_TEXT || !param->choices) return mismatch(part, param, value);
    int count = 0;
    for (; param->choices[count]; count++) {
        if (strcmp(param->choices[count], value->text) != 0) continue;
        *out = count;
        return DG_OK;
    }
    const char *nearest = dg_nearest(value->text, param->choices, count);
    char expects[EXPECTS_SIZE];
    dg_param_expects(param, expects, sizeof expects);
    return dg_error(DG_INVALID, "%s: %s must be %s, found '%.100s'%s%s%s", part->type->name,
                    param->name, expects, value->text, nearest ? ", did you mean '" : "",
                    nearest ? nearest : "", nearest ? "'?" : "");
}

static dg_status set_ints(dg_part *part, const dg_param *param, const dg_value *value)
{
    dg_ints ints = { 0 };
    if (value->type == DG_VALUE_INTS)
        ints = value->ints;
    else if (whole_number(value, &ints.at[0]))
        ints.count = 1;
    else if (value->type != DG_VALUE_NIL)
        return mismatch(part, param, value);
    bool fits = value->type == DG_VALUE_NIL || (ints.count >= dg_param_count_low(param) &&
                                                ints.count <= dg_param_count_high(param));
    for (int i = 0; i < ints.count && fits; i++)
        fits = dg_param_in_range(param, (double)ints.at[i]);
    if (!fits) return mismatch(part, param, value);
    *(dg_ints *)field_of(part, param) = ints;
    return DG_OK;
}

static dg_status set_pair(dg_part *part, const dg_param *param, const dg_value *value)
{
    int64_t pair[2];
    if (value->type == DG_VALUE_INTS && value->ints.count == 2) {
        pair[0] = value->ints.at[0];
        pair[1] = value->ints.at[1];
    } else if (whole_number(value, &pair[0])) {
        pair[1] = pair[0];
    } else {
        return mismatch(part, param, value);
    }
    if (!dg_param_in_range(param, (double)pair[0]) || !dg_param_in_range(param, (double)pair[1]))
        return mismatch(part, param, value);
    memcpy(field_of(part, param), pair, sizeof pair);
    return DG_OK;
}

/* The part of `kind` that `name` stands for, with its defaults. */
static dg_status part_named(const char *kind, const char *name, const dg_part **out)
{
    const dg_descriptor *type = dg_find_descriptor(kind, name);
    if (!type) return DG_INVALID;
    dg_part *made;
    DG_TRY(dg_part_default(type, &made));
    *out = made;
    return DG_OK;
}

static dg_status set_part(dg_part *part, const dg_param *param, const dg_value *value)
{
    const dg_part *chosen = NULL;
    bool none = value->type == DG_VALUE_NIL || (value->type == DG_VALUE_BOOL && !value->boolean);
    if (value->type == DG_VALUE_TEXT) {
        dg_status status = part_named(param->kind, value->text, &chosen);
        if (status != DG_OK)
            return dg_error_context(status, "%s: %s", part->type->name, param->name);
    } else if (value->type == DG_VALUE_PART && strcmp(value->part->type->kind, param->kind) == 0) {
        chosen = dg_part_retain(value->part);
    } else if (!none || param->required) {
        return mismatch(part, param, value);
    }
    *(const dg_part **)field_of(part, param) = chosen;
    return DG_OK;
}

static dg_status set_seed(dg_part *part, const dg_param *param, const dg_value *value)
{
    int64_t whole = 0;
    if (value->type != DG_VALUE_NIL && !whole_number(value, &whole))
        return mismatch(part, param, value);
    dg_optional_seed *seed = field_of(part, param);
    seed->given = value->type != DG_VALUE_NIL;
    seed->value = (uint64_t)whole;
    return DG_OK;
}

static dg_status set_amount(dg_part *part, const dg_param *param, const dg_value *value)
{
    dg_amount amount = { 0 };
    bool whole =
        whole_number(value, &amount.count) && dg_param_in_range(param, (double)amount.count);
    bool share = value->type == DG_VALUE_FLOAT && value->number > 0 && value->number <= 1;
    if (share && param->fraction) {
        amount = (dg_amount){ .kind = DG_AMOUNT_FRACTION, .fraction = value->number };
    } else if (whole) {
        amount.kind = DG_AMOUNT_COUNT;
    } else if (value->type == DG_VALUE_TEXT) {
        DG_TRY(find_choice(part, param, value, &amount.word));
        amount.kind = DG_AMOUNT_WORD;
    } else if (value->type != DG_VALUE_NIL) {
        return mismatch(part, param, value);
    }
    *(dg_amount *)field_of(part, param) = amount;
    return DG_OK;
}

static dg_status set_weights(dg_part *part, const dg_param *param, const dg_value *value)
{
    dg_weights weights = { 0 };
    if (value->type == DG_VALUE_TEXT) {
        DG_TRY(find_choice(part, param, value, &weights.word));
        weights.kind = DG_WEIGHTS_WORD;
    } else if (value->type == DG_VALUE_WEIGHTS) {
        const dg_label_weight *table = value->weights;
        for (int64_t i = 0; i < value->weight_count; i++)
            if (!(table[i].weight > 0 && isfinite(table[i].weight)))
                return dg_error(
                    DG_INVALID,
                    "%s: %s must be positive numbers, found %.14g for the label %" PRId64,
                    part->type->name, param->name, table[i].weight, table[i].label);
        weights.kind = DG_WEIGHTS_TABLE;
        weights.count = value->weight_count;
        DG_TRY(dg_alloc(&weights.table, weights.count, sizeof *table));
        if (weights.count) memcpy(weights.table, table, (size_t)weights.count * sizeof *table);
    } else if (value->type != DG_VALUE_NIL) {
        return mismatch(part, param, value);
    }
    *(dg_weights *)field_of(part, param) = weights;
    return DG_OK;
}

static dg_status set_field(dg_part *part, const dg_param *param, const dg_value *value)
{
    switch (param->type) {
    case DG_TYPE_BOOL:
        if (value->type != DG_VALUE_BOOL) return mismatch(part, param, value);
        *(bool *)field_of(part, param) = value->boolean;
        return DG_OK;
    case DG_TYPE_INT: return set_int(part, param, value);
    case DG_TYPE_FLOAT: return set_float(part, param, value);
    case DG_TYPE_CHOICE: return find_choice(part, param, value, field_of(part, param));
    case DG_TYPE_INTS: return set_ints(part, param, value);
    case DG_TYPE_PAIR: return set_pair(part, param, value);
    case DG_TYPE_PART: return set_part(part, param, value);
    case DG_TYPE_SEED: return set_seed(part, param, value);
    case DG_TYPE_AMOUNT: return set_amount(part, param, value);
    case DG_TYPE_WEIGHTS: return set_weights(part, param, value);
    }
    return DG_INVALID;
}

static dg_status set_index(dg_part *part, int index, const dg_value *value, bool by_position)
{
    const dg_param *param = &part->type->params[index];
    uint64_t bit = (uint64_t)1 << index;
    if (part->given & bit) {
        bool both = by_position || (part->positional & bit);
        return dg_error(DG_INVALID, "%s: %s was given %s", part->type->name, param->name,
                        both ? "by position and by name" : "twice");
    }
    DG_TRY(set_field(part, param, value));
    part->given |= bit;
    if (by_position) part->positional |= bit;
    return DG_OK;
}

dg_status dg_part_set(dg_part *part, const char *name, const dg_value *value)
{
    int index = dg_param_find(part->type, name);
    if (index < 0) return DG_INVALID;
    return set_index(part, index, value, false);
}

/* One more single number for a list that gathers positional values. How many are too few is known
 * in the end only. */
static dg_status gather(dg_part *part, int index, const dg_value *value)
{
    const dg_param *param = &part->type->params[index];
    uint64_t bit = (uint64_t)1 << index;
    if ((part->given & bit) && !(part->positional & bit))
        return set_index(part, index, value, true);
    dg_ints *ints = field_of(part, param);
    int64_t whole;
    if (ints->count >= dg_param_count_high(param) || !whole_number(value, &whole) ||
        !dg_param_in_range(param, (double)whole)) {
        dg_status status = mismatch(part, param, value);
        if (ints->count < dg_param_count_high(param)) return status;
        char expects[EXPECTS_SIZE];
        dg_param_expects(param, expects, sizeof expects);
        return dg_error(DG_INVALID, "%s: %s must be %s, found more", part->type->name, param->name,
                        expects);
    }
    ints->at[ints->count++] = whole;
    part->given |= bit;
    part->positional |= bit;
    return DG_OK;
}

dg_status dg_part_set_at(dg_part *part, int position, const dg_value *value)
{
    const dg_descriptor *type = part->type;
    int count = dg_param_count(type), positions = 0;
    int order[DG_MAX_PARAMS] = { 0 };
    for (int i = 0; i < count; i++)
        if (!type->params[i].named_only) order[positions++] = i;
    bool single = value->type == DG_VALUE_INT || value->type == DG_VALUE_FLOAT;
    if (single && positions && position >= positions - 1 &&
        type->params[order[positions - 1]].type == DG_TYPE_INTS)
        return gather(part, order[positions - 1], value);
    if (position < positions) return set_index(part, order[position], value, true);
    if (positions == 0) return dg_error(DG_INVALID, "%s takes no positional values", type->name);
    return dg_error(DG_INVALID, "%s takes at most %d positional value%s", type->name, positions,
                    positions == 1 ? "" : "s");
}

/* --- making --------------------------------------------------------------------------------- */

static void set_plain_default(dg_part *part, const dg_param *param)
{
    switch (param->type) {
    case DG_TYPE_BOOL: *(bool *)field_of(part, param) = param->default_number != 0; break;
    case DG_TYPE_INT: *(int64_t *)field_of(part, param) = (int64_t)param->default_number; break;
    case DG_TYPE_FLOAT:
        *(double *)field_of(part, param) = param->optional ? NAN : param->default_number;
        break;
    case DG_TYPE_CHOICE:
        for (int i = 0; param->default_text && param->choices[i]; i++)
            if (strcmp(param->choices[i], param->default_text) == 0)
                *(int *)field_of(part, param) = i;
        break;
    case DG_TYPE_PAIR: {
        int64_t *pair = field_of(part, param);
        pair[0] = pair[1] = (int64_t)param->default_number;
        break;
    }
    case DG_TYPE_AMOUNT: {
        dg_amount *amount = field_of(part, param);
        amount->count = (int64_t)param->default_number;
        amount->kind = amount->count ? DG_AMOUNT_COUNT : DG_AMOUNT_NONE;
        for (int i = 0; param->default_text && param->choices[i]; i++)
            if (strcmp(param->choices[i], param->default_text) == 0)
                *amount = (dg_amount){ .kind = DG_AMOUNT_WORD, .word = i };
        break;
    }
    case DG_TYPE_INTS:
    case DG_TYPE_PART: /* made by dg_part_finish, if it was not given */
    case DG_TYPE_SEED:
    case DG_TYPE_WEIGHTS: break;
    }
}

dg_status dg_part_begin(const dg_descriptor *type, dg_part **out)
{
    dg_part *part;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&part, 1, sizeof *part));
    dg_status status = dg_alloc_zero(&part->options, 1, type->options_size);
    if (status != DG_OK) {
        dg_free(part);
        return status;
    }
    part->type = type;
    part->references = 1;
    int count = dg_param_count(type);
    for (int i = 0; i < count; i++) set_plain_default(part, &type->params[i]);
    *out = part;
    return DG_OK;
}

dg_status dg_part_finish(dg_part *part)
{
    const dg_descriptor *type = part->type;
    int count = dg_param_count(type);
    for (int i = 0; i < count; i++) {
        const dg_param *param = &type->params[i];
        bool given = part->given >> i & 1;
        if (!given && param->required) {
            char expects[EXPECTS_SIZE];
            dg_param_expects(param, expects, sizeof expects);
            return dg_error(DG_INVALID, "%s: %s is required (%s)", type->name, param->name,
                            expects);
        }
        if (given && param->type == DG_TYPE_INTS) {
            dg_value list = { .type = DG_VALUE_INTS, .ints = *(dg_ints *)field_of(part, param) };
            if (list.ints.count && list.ints.count < dg_param_count_low(param))
                return mismatch(part, param, &list);
        }
        if (!given && param->type == DG_TYPE_PART && param->default_text) {
            dg_value named = { .type = DG_VALUE_TEXT, .text = param->default_text };
            DG_TRY(set_part(part, param, &named));
        }
    }
    if (!type->check) return DG_OK;
    dg_status status = type->check(part->options);
    size_t letters = strlen(type->name);
    if (status != DG_OK && strncmp(dg_error_message(), type->name, letters) != 0)
        dg_error_context(status, "%s", type->name);
    return status;
}

dg_status dg_part_default(const dg_descriptor *type, dg_part **out)
{
    DG_TRY(dg_part_begin(type, out));
    dg_status status = dg_part_finish(*out);
    if (status != DG_OK) {
        dg_part_release(*out);
        *out = NULL;
    }
    return status;
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

dg_value dg_part_get(const dg_part *part, int index)
{
    const dg_param *param = &part->type->params[index];
    const void *field = field_of(part, param);
    dg_value value = { .type = DG_VALUE_NIL };
    switch (param->type) {
    case DG_TYPE_BOOL:
        value.type = DG_VALUE_BOOL;
        value.boolean = *(const bool *)field;
        break;
    case DG_TYPE_INT:
        value.type = DG_VALUE_INT;
        value.integer = *(const int64_t *)field;
        break;
    case DG_TYPE_FLOAT:
        value.number = *(const double *)field;
        if (!isnan(value.number)) value.type = DG_VALUE_FLOAT;
        break;
    case DG_TYPE_CHOICE:
        value.type = DG_VALUE_TEXT;
        value.text = param->choices[*(const int *)field];
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
    }
    return value;
}

const dg_part *dg_part_retain(const dg_part *part)
{
    __atomic_fetch_add(&((dg_part *)part)->references, 1, __ATOMIC_RELAXED);
    return part;
}

void dg_part_release(const dg_part *part)
{
    dg_part *mine = (dg_part *)part;
    if (!mine || __atomic_sub_fetch(&mine->references, 1, __ATOMIC_ACQ_REL) > 0) return;
    int count = dg_param_count(mine->type);
    for (int i = 0; i < count; i++) {
        const dg_param *param = &mine->type->params[i];
        if (param->type == DG_TYPE_PART)
            dg_part_release(*(const dg_part *const *)field_of(mine, param));
        if (param->type == DG_TYPE_WEIGHTS) dg_free(((dg_weights *)field_of(mine, param))->table);
    }
    dg_free(mine->options);
    dg_free(mine);
}

static bool values_equal(const dg_value *a, const dg_value *b)
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
    }
    return false;
}

bool dg_part_equal(const dg_part *a, const dg_part *b)
{
    if (a == b) return true;
    if (!a || !b || a->type != b->type) return false;
    int count = dg_param_count(a->type);
    for (int i = 0; i < count; i++) {
        dg_value left = dg_part_get(a, i), right = dg_part_get(b, i);
        if (!values_equal(&left, &right)) return false;
    }
    return true;
}
