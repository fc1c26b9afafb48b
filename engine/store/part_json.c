/* Parts as JSON. */
#include "engine/store/part_json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/number.h"

/* --- writing -------------------------------------------------------------------------------- */

cJSON *dg_json_seed(uint64_t seed)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, seed);
    return cJSON_CreateString(text);
}

static dg_status add_ints(cJSON *to, const char *name, const dg_ints *ints)
{
    cJSON *list;
    DG_TRY(dg_json_add_list(to, name, &list));
    for (int i = 0; i < ints->count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_integer(ints->at[i])));
    return DG_OK;
}

static dg_status add_span(cJSON *to, const char *name, const double *span)
{
    cJSON *list;
    DG_TRY(dg_json_add_list(to, name, &list));
    DG_TRY(dg_json_add(list, NULL, dg_json_number(span[0])));
    return dg_json_add(list, NULL, dg_json_number(span[1]));
}

static dg_status add_numbers(cJSON *to, const char *name, const dg_numbers *numbers)
{
    cJSON *list;
    DG_TRY(dg_json_add_list(to, name, &list));
    for (int i = 0; i < numbers->count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_number(numbers->at[i])));
    return DG_OK;
}

static dg_status add_part(cJSON *to, const char *name, const dg_part *part)
{
    cJSON *object;
    DG_TRY(dg_json_add_object(to, name, &object));
    return dg_part_to_json(object, part);
}

/* A list of pairs of label and number. */
static dg_status add_map(cJSON *to, const char *name, const dg_value *value)
{
    cJSON *list, *pair;
    DG_TRY(dg_json_add_list(to, name, &list));
    for (int64_t i = 0; i < value->map.count; i++) {
        DG_TRY(dg_json_add_list(list, NULL, &pair));
        DG_TRY(dg_json_add(pair, NULL, dg_json_integer(value->map.at[i].label)));
        DG_TRY(dg_json_add(pair, NULL, dg_json_number(value->map.at[i].number)));
    }
    return DG_OK;
}

/* A fraction is written as a string, to distinguish the fraction 1.0 from the count 1. */
static cJSON *fraction_text(double fraction)
{
    char text[40];
    dg_snprintf(text, sizeof text, "%.17g of all", fraction);
    return cJSON_CreateString(text);
}

static bool is_fraction(const dg_param *param, const dg_value *value)
{
    if (param->type == DG_TYPE_ONE_OF) param = &param->alternatives[value->alternative];
    return param->fraction;
}

static dg_status add_option(cJSON *to, const dg_param *param, const void *from)
{
    const char *name = param->name;
    dg_value value = dg_param_get(param, from);
    switch (value.type) {
    case DG_VALUE_NIL: return dg_json_add(to, name, cJSON_CreateNull());
    case DG_VALUE_BOOL: return dg_json_add(to, name, cJSON_CreateBool(value.boolean));
    case DG_VALUE_FLOAT:
        return dg_json_add(to, name,
                           is_fraction(param, &value) ? fraction_text(value.number)
                                                      : dg_json_number(value.number));
    case DG_VALUE_MAP: return add_map(to, name, &value);
    case DG_VALUE_TEXT: return dg_json_add(to, name, cJSON_CreateString(value.text));
    case DG_VALUE_INTS: return add_ints(to, name, &value.ints);
    case DG_VALUE_SPAN: return add_span(to, name, value.span);
    case DG_VALUE_NUMBERS: return add_numbers(to, name, &value.numbers);
    case DG_VALUE_PART: return add_part(to, name, value.part);
    case DG_VALUE_HANDLE: /* of functions only, which are not saved */
    case DG_VALUE_OTHER: break;
    case DG_VALUE_INT:
        return dg_json_add(to, name,
                           param->type == DG_TYPE_SEED ? dg_json_seed((uint64_t)value.integer)
                                                       : dg_json_integer(value.integer));
    }
    return DG_OK;
}

/* Whether it is nil, or a number that is the default. */
static bool is_default(const dg_param *param, const void *options)
{
    dg_value value = dg_param_get(param, options);
    if (value.type == DG_VALUE_NIL) return true;
    if (value.type == DG_VALUE_BOOL) return value.boolean == (param->default_number != 0);
    if (value.type == DG_VALUE_INT) return (double)value.integer == param->default_number;
    return value.type == DG_VALUE_FLOAT && value.number == param->default_number;
}

dg_status dg_options_to_json(cJSON *object, const dg_param *params, const void *options)
{
    for (; params && params->name; params++)
        if (!params->later || !is_default(params, options))
            DG_TRY(add_option(object, params, options));
    return DG_OK;
}

dg_status dg_part_to_json(cJSON *object, const dg_part *part)
{
    DG_TRY(dg_json_add(object, "type", cJSON_CreateString(part->type->name)));
    cJSON *options, *defaults;
    DG_TRY(dg_json_add_object(object, "options", &options));
    DG_TRY(dg_json_add_object(object, "defaults", &defaults));
    int count = dg_descriptor_param_count(part->type);
    for (int i = 0; i < count; i++) {
        bool given = part->given >> i & 1;
        if (given || !part->type->params[i].later)
            DG_TRY(add_option(given ? options : defaults, &part->type->params[i], part->options));
    }
    return DG_OK;
}

/* --- reading -------------------------------------------------------------------------------- */

dg_status dg_json_seed_value(const cJSON *item, const char *what, uint64_t *out)
{
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return dg_error(DG_FORMAT, "%s must be a string of digits that fit 64 bits", what);
    return DG_OK;
}

static dg_status read_ints(const cJSON *list, const char *name, dg_ints *out)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (out->count == DG_MAX_INTS)
            return dg_error(DG_FORMAT, "%s has more than %d numbers", name, DG_MAX_INTS);
        DG_TRY(dg_json_whole(item, name, INT64_MIN, INT64_MAX, &out->at[out->count++]));
    }
    return DG_OK;
}

static dg_status read_span(const cJSON *list, const char *name, dg_value *value)
{
    const cJSON *low = cJSON_GetArrayItem(list, 0), *high = cJSON_GetArrayItem(list, 1);
    if (cJSON_GetArraySize(list) != 2 || !cJSON_IsNumber(low) || !cJSON_IsNumber(high))
        return dg_error(DG_FORMAT, "%s must be a list of two numbers", name);
    *value = (dg_value){ .type = DG_VALUE_SPAN, .span = { low->valuedouble, high->valuedouble } };
    return DG_OK;
}

static dg_status read_numbers(const cJSON *list, const char *name, dg_numbers *out)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (out->count == DG_MAX_NUMBERS || !cJSON_IsNumber(item))
            return dg_error(DG_FORMAT, "%s must be a list of at most %d numbers", name,
                            DG_MAX_NUMBERS);
        out->at[out->count++] = item->valuedouble;
    }
    return DG_OK;
}

/* A map, which the caller frees, also on failure. */
static dg_status read_map(const cJSON *list, const char *name, dg_value *value)
{
    const cJSON *pair;
    DG_TRY(dg_alloc(&value->map.at, cJSON_GetArraySize(list), sizeof *value->map.at));
    value->type = DG_VALUE_MAP;
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *weight = cJSON_GetArrayItem(pair, 1);
        if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2 || !cJSON_IsNumber(weight))
            return dg_error(DG_FORMAT, "%s must be a list of pairs of a label and a weight", name);
        struct dg_map_entry *entry = &value->map.at[value->map.count++];
        entry->number = weight->valuedouble;
        DG_TRY(dg_json_whole(pair->child, name, INT32_MIN, INT32_MAX, &entry->label));
    }
    return DG_OK;
}

/* Whether `text` was written by fraction_text. */
static bool read_fraction(const char *text, double *out)
{
    char *end;
    *out = dg_strtod(text, &end);
    return end != text && strcmp(end, " of all") == 0;
}

/* The kind of the parts that `param` takes, also as one of several; or NULL. */
static const char *kind_of(const dg_param *param)
{
    if (param->type != DG_TYPE_ONE_OF) return param->kind;
    for (const dg_param *each = param->alternatives; each->name; each++)
        if (each->kind) return each->kind;
    return NULL;
}

/* `item` as a value for `param`. The caller releases parts and maps in it. */
static dg_status read_value(const cJSON *item, const dg_param *param, dg_value *value)
{
    uint64_t seed;
    switch (item->type & 0xFF) {
    case cJSON_NULL: return DG_OK;
    case cJSON_False:
    case cJSON_True:
        value->type = DG_VALUE_BOOL;
        value->boolean = cJSON_IsTrue(item);
        return DG_OK;
    case cJSON_Number:
        value->type = DG_VALUE_FLOAT;
        value->number = item->valuedouble;
        if (param->type == DG_TYPE_ONE_OF && dg_value_whole(value, &value->integer))
            value->type = DG_VALUE_INT;
        return DG_OK;
    case cJSON_String:
        value->type = DG_VALUE_TEXT;
        value->text = item->valuestring;
        if (param->type == DG_TYPE_ONE_OF && read_fraction(value->text, &value->number))
            value->type = DG_VALUE_FLOAT;
        if (param->type != DG_TYPE_SEED) return DG_OK;
        DG_TRY(dg_json_seed_value(item, param->name, &seed));
        value->type = DG_VALUE_INT;
        value->integer = (int64_t)seed;
        return DG_OK;
    case cJSON_Array:
        if (param->type == DG_TYPE_ONE_OF || param->type == DG_TYPE_MAP)
            return read_map(item, param->name, value);
        if (param->type == DG_TYPE_SPAN) return read_span(item, param->name, value);
        if (param->type == DG_TYPE_NUMBERS) {
            value->type = DG_VALUE_NUMBERS;
            return read_numbers(item, param->name, &value->numbers);
        }
        value->type = DG_VALUE_INTS;
        return read_ints(item, param->name, &value->ints);
    default:
        if (!kind_of(param)) return dg_error(DG_FORMAT, "%s cannot be an object", param->name);
        value->type = DG_VALUE_PART;
        return dg_part_from_json(&value->part, kind_of(param), item);
    }
}

static dg_status set_option(dg_part *part, const cJSON *item)
{
    int index = dg_descriptor_param_find(part->type, item->string);
    if (index < 0) return dg_as_format_error(DG_INVALID);
    dg_value value = { .type = DG_VALUE_NIL };
    dg_status status = read_value(item, &part->type->params[index], &value);
    if (status != DG_OK)
        dg_error_context(status, "%s", part->type->name);
    else
        status = dg_as_format_error(dg_part_set(part, item->string, &value));
    if (value.type == DG_VALUE_PART) dg_part_release(value.part);
    if (value.type == DG_VALUE_MAP) dg_free(value.map.at);
    return status;
}

static dg_status set_options(dg_part *part, const cJSON *object)
{
    const cJSON *options, *defaults, *item;
    DG_TRY(dg_json_member(object, "options", cJSON_Object, &options));
    DG_TRY(dg_json_member(object, "defaults", cJSON_Object, &defaults));
    cJSON_ArrayForEach(item, options) DG_TRY(set_option(part, item));
    uint64_t given = part->given;
    cJSON_ArrayForEach(item, defaults) DG_TRY(set_option(part, item));
    DG_TRY(dg_as_format_error(dg_part_finish(part)));
    part->given = given;
    return DG_OK;
}

dg_status dg_part_from_json(const dg_part **out, const char *kind, const cJSON *object)
{
    *out = NULL;
    if (!cJSON_IsObject(object))
        return dg_error(DG_FORMAT, "expected an object for the %s, found %s", kind,
                        dg_json_kind(object));
    const cJSON *name;
    DG_TRY(dg_json_member(object, "type", cJSON_String, &name));
    const dg_descriptor *type = dg_find_descriptor(kind, name->valuestring);
    if (!type) return dg_as_format_error(DG_INVALID);
    dg_part *part;
    DG_TRY(dg_part_begin(type, &part));
    dg_status status = set_options(part, object);
    if (status != DG_OK)
        dg_part_release(part);
    else
        *out = part;
    return status;
}
