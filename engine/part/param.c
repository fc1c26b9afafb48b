/* Parameters in words: what they expect, what was found, and which names there are. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/number.h"
#include "engine/part/part.h"

enum { LIST_SIZE = 512 };

/* --- words ---------------------------------------------------------------------------------- */

/* Appends to the text in `out`, and cuts off what does not fit. */
__attribute__((format(printf, 3, 4))) static void append(char *out, size_t size, const char *format,
                                                         ...)
{
    size_t used = strlen(out);
    if (used + 1 >= size) return;
    va_list arguments;
    va_start(arguments, format);
    dg_vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}

const char *dg_article(const char *noun)
{
    return strchr("aeiouAEIOU", noun[0]) ? "an" : "a";
}

bool dg_choice_is_number(const char *word)
{
    char *end;
    strtod(word, &end);
    return end > word && !*end;
}

static void append_choices(const dg_param *param, char *out, size_t size)
{
    for (int i = 0; param->choices && param->choices[i]; i++)
        append(out, size, dg_choice_is_number(param->choices[i]) ? "%s%s" : "%s'%s'", i ? ", " : "",
               param->choices[i]);
}

static void append_range(const dg_param *param, char *out, size_t size)
{
    const dg_range *range = &param->range;
    bool low_open = range->limits & DG_LOW_OPEN, high_open = range->limits & DG_HIGH_OPEN;
    if ((range->limits & DG_LOW) && (range->limits & DG_HIGH)) {
        if (!low_open && !high_open)
            append(out, size, " from %.14g to %.14g", range->low, range->high);
        else
            append(out, size, " %s %.14g and %s %.14g", low_open ? "above" : "of at least",
                   range->low, high_open ? "below" : "at most", range->high);
    } else if (range->limits & DG_LOW) {
        append(out, size, low_open ? " above %.14g" : " of at least %.14g", range->low);
    } else if (range->limits & DG_HIGH) {
        append(out, size, high_open ? " below %.14g" : " of at most %.14g", range->high);
    }
}

int dg_param_count_low(const dg_param *param)
{
    return param->count_low || param->count_high ? param->count_low : 1;
}

int dg_param_count_high(const dg_param *param)
{
    return param->count_high ? param->count_high : DG_MAX_INTS;
}

/* "a or b"; "a, b or nil" */
static void append_alternatives(const dg_param *param, char *out, size_t size)
{
    char each[LIST_SIZE];
    for (int i = 0; param->alternatives[i].name; i++) {
        bool last = param->required && !param->alternatives[i + 1].name;
        dg_param_expects(&param->alternatives[i], each, sizeof each);
        append(out, size, "%s%s", i == 0 ? "" : last ? " or " : ", ", each);
    }
    if (!param->required) append(out, size, " or nil");
}

void dg_param_expects(const dg_param *param, char *out, size_t size)
{
    if (size == 0) return;
    out[0] = '\0';
    if (param->expects) {
        append(out, size, "%s", param->expects);
        return;
    }
    switch (param->type) {
    case DG_TYPE_BOOL: append(out, size, "true or false"); break;
    case DG_TYPE_INT:
        append(out, size, "a whole number");
        append_range(param, out, size);
        break;
    case DG_TYPE_FLOAT:
        append(out, size, param->fraction ? "a fraction" : "a number");
        append_range(param, out, size);
        if (param->optional) append(out, size, " or nil");
        break;
    case DG_TYPE_CHOICE:
        if (param->choices[0] && param->choices[1]) append(out, size, "one of ");
        append_choices(param, out, size);
        break;
    case DG_TYPE_INTS:
        if (dg_param_count_low(param) == dg_param_count_high(param))
            append(out, size, "a list of %d whole numbers", dg_param_count_low(param));
        else
            append(out, size, "a list of %d to %d whole numbers", dg_param_count_low(param),
                   dg_param_count_high(param));
        append_range(param, out, size);
        break;
    case DG_TYPE_NUMBERS:
        append(out, size, "a list of 1 to %d numbers", DG_MAX_NUMBERS);
        append_range(param, out, size);
        break;
    case DG_TYPE_PAIR:
        append(out, size, "a whole number");
        append_range(param, out, size);
        append(out, size, ", or a list of two");
        break;
    case DG_TYPE_SPAN:
        append(out, size, "a number");
        append_range(param, out, size);
        append(out, size, param->optional ? ", a list of two or nil" : ", or a list of two");
        break;
    case DG_TYPE_PART:
        append(out, size, "%s %s or the name of one", dg_article(param->kind), param->kind);
        break;
    case DG_TYPE_SEED: append(out, size, "a whole number (a seed)"); break;
    case DG_TYPE_TEXT: append(out, size, "a string"); break;
    case DG_TYPE_PATH: append(out, size, "the path of a file"); break;
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT: append(out, size, "%s", param->handle->expects); break;
    case DG_TYPE_ONE_OF: append_alternatives(param, out, size); break;
    case DG_TYPE_MAP:
        append(out, size, "a table of a number");
        append_range(param, out, size);
        append(out, size, " for each label");
        break;
    }
}

const char *dg_param_type_word(const dg_param *param)
{
    static const char *const words[] = {
        [DG_TYPE_BOOL] = "boolean",    [DG_TYPE_INT] = "integer", [DG_TYPE_FLOAT] = "number",
        [DG_TYPE_TEXT] = "string",     [DG_TYPE_PATH] = "path",   [DG_TYPE_CHOICE] = "choice",
        [DG_TYPE_INTS] = "integers",   [DG_TYPE_PAIR] = "pair",   [DG_TYPE_PART] = "part",
        [DG_TYPE_SEED] = "seed",       [DG_TYPE_MAP] = "map",     [DG_TYPE_ONE_OF] = "one of",
        [DG_TYPE_NUMBERS] = "numbers", [DG_TYPE_SPAN] = "span",
    };
    return param->handle ? param->handle->name : words[param->type];
}

void dg_value_text(const dg_value *value, char *out, size_t size)
{
    out[0] = '\0';
    switch (value->type) {
    case DG_VALUE_NIL: append(out, size, "nil"); break;
    case DG_VALUE_BOOL: append(out, size, value->boolean ? "true" : "false"); break;
    case DG_VALUE_INT: append(out, size, "%" PRId64, value->integer); break;
    case DG_VALUE_FLOAT:
        append(out, size, "%.14g", value->number);
        if (!isfinite(value->number)) append(out, size, " (not a finite number)");
        break;
    case DG_VALUE_TEXT: append(out, size, "'%.100s' (a string)", value->text); break;
    case DG_VALUE_INTS:
        append(out, size, "{");
        for (int i = 0; i < value->ints.count; i++)
            append(out, size, "%s%" PRId64, i ? ", " : "", value->ints.at[i]);
        append(out, size, "} (a list)");
        break;
    case DG_VALUE_SPAN:
        append(out, size, "{%.14g, %.14g} (a list)", value->span[0], value->span[1]);
        break;
    case DG_VALUE_NUMBERS:
        append(out, size, "{");
        for (int i = 0; i < value->numbers.count; i++)
            append(out, size, "%s%.14g", i ? ", " : "", value->numbers.at[i]);
        append(out, size, "} (a list)");
        break;
    case DG_VALUE_PART:
        append(out, size, "the %s %s", value->part->type->kind, value->part->type->name);
        break;
    case DG_VALUE_MAP: append(out, size, "a table of numbers by label"); break;
    case DG_VALUE_HANDLE: append(out, size, "a %s", value->handle->name); break;
    case DG_VALUE_OTHER: append(out, size, "%s", value->text); break;
    }
}

bool dg_param_in_range(const dg_param *param, double number)
{
    const dg_range *range = &param->range;
    if ((range->limits & DG_LOW) &&
        (range->limits & DG_LOW_OPEN ? number <= range->low : number < range->low))
        return false;
    return !(range->limits & DG_HIGH) ||
           (range->limits & DG_HIGH_OPEN ? number < range->high : number <= range->high);
}

/* --- lists of parameters -------------------------------------------------------------------- */

int dg_params_count(const dg_param *params)
{
    int count = 0;
    while (params && params[count].name) count++;
    return count;
}

int dg_params_index(const dg_param *params, const char *name)
{
    for (int i = 0; params && params[i].name; i++)
        if (strcmp(params[i].name, name) == 0) return i;
    return -1;
}

const dg_param *dg_params_at(const dg_param *params, int position)
{
    const dg_param *found = NULL;
    for (; params && params->name && position >= 0; params++) {
        if (params->named_only) continue;
        found = params;
        position--;
    }
    return found;
}

dg_status dg_params_unknown(const char *who, const dg_param *params, const dg_hint *hints,
                            const char *name)
{
    for (; hints && hints->theirs; hints++)
        if (strcmp(hints->theirs, name) == 0)
            return dg_error(DG_INVALID, "%s: unknown option '%s': %s", who, name, hints->ours);
    const char *names[DG_MAX_PARAMS] = { NULL };
    int count = dg_params_count(params);
    char known[LIST_SIZE] = "";
    for (int i = 0; i < count; i++) {
        names[i] = params[i].name;
        append(known, sizeof known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = dg_nearest(name, names, count);
    if (nearest)
        return dg_error(DG_INVALID, "%s: unknown option '%.100s', did you mean '%s'?", who, name,
                        nearest);
    if (count == 0)
        return dg_error(DG_INVALID, "%s: unknown option '%.100s': it has no options", who, name);
    return dg_error(DG_INVALID, "%s: unknown option '%.100s', its options are %s", who, name,
                    known);
}
