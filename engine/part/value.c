/* One value and one parameter: checking, with a message that says what is wrong, and writing to and
 * reading from an options struct. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/part/part.h"

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
    if (value->type == DG_VALUE_INT && !param->fraction) number = (double)value->integer;
    if (value->type == DG_VALUE_FLOAT) number = value->number;
    if (!isfinite(number) || !dg_param_in_range(param, number))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_FLOAT, .number = number };
    return DG_OK;
}

/* A word, or the number that it spells. */
static bool is_choice(const char *word, const dg_value *value)
{
    if (!dg_choice_is_number(word))
        return value->type == DG_VALUE_TEXT && strcmp(word, value->text) == 0;
    double number = strtod(word, NULL);
    if (value->type == DG_VALUE_INT) return number == (double)value->integer;
    return value->type == DG_VALUE_FLOAT &&
           (number == value->number || (isnan(number) && isnan(value->number)));
}

/* Finds the index of a value among the choices. */
static dg_status check_choice(const char *who, const dg_param *param, dg_value *value)
{
    int count = 0;
    for (; param->choices && param->choices[count]; count++) {
        if (!is_choice(param->choices[count], value)) continue;
        *value =
            (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[count], .integer = count };
        return DG_OK;
    }
    if (value->type != DG_VALUE_TEXT) return dg_param_mismatch(who, param, value);
    const char *nearest = dg_nearest(value->text, param->choices, count);
    if (nearest && dg_choice_is_number(nearest)) nearest = NULL;
    char expects[EXPECTS_SIZE];
    dg_param_expects(param, expects, sizeof expects);
    return dg_error(DG_INVALID, "%s: %s must be %s, found '%.100s'%s%s%s", who, param->name,
                    expects, value->text, nearest ? ", did you mean '" : "", nearest ? nearest : "",
                    nearest ? "'?" : "");
}

static dg_status check_ints(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL && !param->required) return DG_OK;
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

static dg_status check_numbers(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL && !param->required) return DG_OK;
    dg_numbers numbers = { .count = 1 };
    if (value->type == DG_VALUE_NUMBERS)
        numbers = value->numbers;
    else if (value->type == DG_VALUE_FLOAT || value->type == DG_VALUE_INT)
        numbers.at[0] = value->type == DG_VALUE_INT ? (double)value->integer : value->number;
    else
        return dg_param_mismatch(who, param, value);
    bool fits = numbers.count > 0;
    for (int i = 0; i < numbers.count && fits; i++)
        fits = isfinite(numbers.at[i]) && dg_param_in_range(param, numbers.at[i]);
    if (!fits) return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_NUMBERS, .numbers = numbers };
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

static dg_status check_span(const char *who, const dg_param *param, dg_value *value)
{
    if (param->optional && value->type == DG_VALUE_NIL) return DG_OK;
    double one = NAN, a = NAN, b = NAN;
    if (value->type == DG_VALUE_INT) one = (double)value->integer;
    if (value->type == DG_VALUE_FLOAT) one = value->number;
    if (isfinite(one) && dg_param_in_range(param, one)) {
        b = fabs(one);
        a = (param->range.limits & DG_LOW) && param->range.low > -b ? param->range.low : -b;
    } else if (value->type == DG_VALUE_SPAN) {
        a = value->span[0], b = value->span[1];
    } else if (value->type == DG_VALUE_INTS && value->ints.count == 2) {
        a = (double)value->ints.at[0], b = (double)value->ints.at[1];
    }
    if (!isfinite(a) || !isfinite(b) || !dg_param_in_range(param, fmin(a, b)) ||
        !dg_param_in_range(param, fmax(a, b)))
        return dg_param_mismatch(who, param, value);
    *value = (dg_value){ .type = DG_VALUE_SPAN, .span = { fmin(a, b), fmax(a, b) } };
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

static dg_status check_map(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL) return DG_OK;
    if (value->type != DG_VALUE_MAP) return dg_param_mismatch(who, param, value);
    for (int64_t i = 0; i < value->map.count; i++) {
        const struct dg_map_entry *each = &value->map.at[i];
        if (isfinite(each->number) && dg_param_in_range(param, each->number)) continue;
        char expects[EXPECTS_SIZE];
        dg_param_expects(param, expects, sizeof expects);
        return dg_error(DG_INVALID, "%s: %s must be %s, found %.14g for the label %" PRId64, who,
                        param->name, expects, each->number, each->label);
    }
    return DG_OK;
}

/* For a word and for a map, the message is that of the choice or the map among the alternatives. */
static dg_status check_one_of(const char *who, const dg_param *param, dg_value *value)
{
    if (value->type == DG_VALUE_NIL) return DG_OK;
    const dg_param *each = param->alternatives;
    for (int i = 0; each[i].name; i++) {
        dg_value copy = *value;
        if (dg_param_check(who, &each[i], &copy) != DG_OK) continue;
        *value = copy;
        value->alternative = i;
        return DG_OK;
    }
    for (; each->name; each++) {
        dg_param named = *each;
        named.name = param->name;
        bool word = value->type == DG_VALUE_TEXT && each->type == DG_TYPE_CHOICE;
        if (word || (value->type == DG_VALUE_MAP && each->type == DG_TYPE_MAP))
            return dg_param_check(who, &named, value);
    }
    return dg_param_mismatch(who, param, value);
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
    case DG_TYPE_NUMBERS: return check_numbers(who, param, value);
    case DG_TYPE_PAIR: return check_pair(who, param, value);
    case DG_TYPE_SPAN: return check_span(who, param, value);
    case DG_TYPE_PART: return check_part(who, param, value);
    case DG_TYPE_SEED: return check_seed(who, param, value);
    case DG_TYPE_MAP: return check_map(who, param, value);
    case DG_TYPE_ONE_OF: return check_one_of(who, param, value);
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT:
        fits = value->type == DG_VALUE_HANDLE && value->handle == param->handle;
        break;
    }
    return fits ? DG_OK : dg_param_mismatch(who, param, value);
}

/* --- fields --------------------------------------------------------------------------------- */

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
    case DG_TYPE_NUMBERS: *(dg_numbers *)field = value->numbers; break;
    case DG_TYPE_PAIR: memcpy(field, value->ints.at, 2 * sizeof(int64_t)); break;
    case DG_TYPE_SPAN:
        memcpy(field, given ? value->span : (double[]){ NAN, NAN }, sizeof value->span);
        break;
    case DG_TYPE_PART: *(const dg_part **)field = given ? value->part : NULL; break;
    case DG_TYPE_SEED:
        *(dg_optional_seed *)field =
            (dg_optional_seed){ .given = given, .value = (uint64_t)value->integer };
        break;
    case DG_TYPE_MAP: *(dg_map *)field = value->map; break;
    case DG_TYPE_ONE_OF: *(dg_one_of *)field = *value; break;
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

static dg_value default_of_several(const dg_param *param)
{
    dg_value value = { .type = DG_VALUE_NIL };
    if (param->default_text)
        value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->default_text };
    else if (param->default_number != 0)
        value = (dg_value){ .type = DG_VALUE_FLOAT, .number = param->default_number };
    if (dg_value_whole(&value, &value.integer)) value.type = DG_VALUE_INT; /* may be a count */
    if (dg_param_check("default", param, &value) != DG_OK) value.type = DG_VALUE_NIL;
    return value;
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
    case DG_TYPE_SPAN:
        if (!param->optional)
            value = (dg_value){ .type = DG_VALUE_SPAN, .span = { param->default_low, number } };
        break;
    case DG_TYPE_TEXT:
    case DG_TYPE_PATH:
        if (param->default_text)
            value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->default_text };
        break;
    case DG_TYPE_ONE_OF: value = default_of_several(param); break;
    case DG_TYPE_CHOICE:
        value = default_word(param);
        if (!param->optional && value.type == DG_VALUE_NIL)
            value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->choices[0] };
        break;
    case DG_TYPE_INTS:
    case DG_TYPE_NUMBERS:
    case DG_TYPE_PART:
    case DG_TYPE_SEED:
    case DG_TYPE_MAP:
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT: break;
    }
    dg_param_put(param, &value, options);
}

/* The value of a field that holds several numbers. */
static dg_value get_list(const dg_param *param, const void *field)
{
    dg_value value = { .type = DG_VALUE_NIL };
    switch (param->type) {
    case DG_TYPE_INTS:
        value.ints = *(const dg_ints *)field;
        if (value.ints.count) value.type = DG_VALUE_INTS;
        break;
    case DG_TYPE_NUMBERS:
        value.numbers = *(const dg_numbers *)field;
        if (value.numbers.count) value.type = DG_VALUE_NUMBERS;
        break;
    case DG_TYPE_PAIR:
        value.type = DG_VALUE_INTS;
        value.ints.count = 2;
        memcpy(value.ints.at, field, 2 * sizeof(int64_t));
        break;
    case DG_TYPE_SPAN:
        memcpy(value.span, field, sizeof value.span);
        if (!isnan(value.span[0])) value.type = DG_VALUE_SPAN;
        break;
    default: break;
    }
    return value;
}

dg_value dg_param_get(const dg_param *param, const void *options)
{
    const void *field = (const char *)options + param->offset;
    dg_value value = { .type = DG_VALUE_NIL };
    switch (param->type) {
    case DG_TYPE_BOOL: return (dg_value){ .type = DG_VALUE_BOOL, .boolean = *(const bool *)field };
    case DG_TYPE_INT:
        value.integer = *(const int64_t *)field;
        if (!param->optional || value.integer != 0) value.type = DG_VALUE_INT;
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
        value.type = DG_VALUE_TEXT;
        value.text = param->choices[value.integer];
        break;
    case DG_TYPE_INTS:
    case DG_TYPE_NUMBERS:
    case DG_TYPE_PAIR:
    case DG_TYPE_SPAN: return get_list(param, field);
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
    case DG_TYPE_MAP:
        value.map = *(const dg_map *)field;
        if (value.map.at) value.type = DG_VALUE_MAP;
        break;
    case DG_TYPE_ONE_OF: return *(const dg_one_of *)field;
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
