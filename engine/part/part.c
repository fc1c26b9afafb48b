/* Parts: setting, reading and comparing options by a descriptor. */
#include "engine/part/part.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"

enum { EXPECTS_SIZE = 512 };

/* --- the parameters of a descriptor --------------------------------------------------------- */

int dg_descriptor_param_count(const dg_descriptor *type)
{
    return dg_params_count(type->params);
}

int dg_descriptor_param_index(const dg_descriptor *type, const char *name)
{
    return dg_params_index(type->params, name);
}

int dg_descriptor_param_find(const dg_descriptor *type, const char *name)
{
    int index = dg_descriptor_param_index(type, name);
    if (index < 0) dg_params_unknown(type->name, type->params, type->hints, name);
    return index;
}

/* --- setting -------------------------------------------------------------------------------- */

static void *field_of(const dg_part *part, const dg_param *param)
{
    return (char *)part->options + param->offset;
}

/* The part of `kind` named `name`, with its defaults. */
static dg_status part_named(const char *kind, const char *name, const dg_part **out)
{
    const dg_descriptor *type = dg_find_descriptor(kind, name);
    if (!type) return DG_INVALID;
    dg_part *made;
    DG_TRY(dg_part_default(type, &made));
    *out = made;
    return DG_OK;
}

/* Parts are retained, maps copied: the part owns what its options refer to. */
static dg_status set_field(dg_part *part, const dg_param *param, const dg_value *given)
{
    const char *who = part->type->name;
    dg_value value = *given;
    bool named = param->type == DG_TYPE_PART && value.type == DG_VALUE_TEXT && !part->borrows;
    if (named) {
        dg_status status = part_named(param->kind, given->text, &value.part);
        if (status != DG_OK) return dg_error_context(status, "%s: %s", who, param->name);
        value.type = DG_VALUE_PART;
    }
    DG_TRY(dg_param_check(who, param, &value));
    if (value.type == DG_VALUE_PART && !named && !part->borrows) dg_part_retain(value.part);
    if (value.type == DG_VALUE_MAP && !part->borrows) {
        struct dg_map_entry *at;
        size_t size = (size_t)value.map.count * sizeof *at;
        DG_TRY(dg_alloc(&at, value.map.count, sizeof *at));
        if (size) memcpy(at, value.map.at, size);
        value.map.at = at;
    }
    dg_param_put(param, &value, part->options);
    return DG_OK;
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
    int index = dg_descriptor_param_find(part->type, name);
    if (index < 0) return DG_INVALID;
    return set_index(part, index, value, false);
}

/* Adds a single number to a list that gathers positional values. Whether there are too few is known
 * only at the end. */
static dg_status gather(dg_part *part, const dg_param *param, const dg_value *value)
{
    uint64_t bit = (uint64_t)1 << (param - part->type->params);
    dg_ints *ints = field_of(part, param);
    int64_t whole;
    if (ints->count >= dg_param_count_high(param) || !dg_value_whole(value, &whole) ||
        !dg_param_in_range(param, (double)whole)) {
        if (ints->count < dg_param_count_high(param))
            return dg_param_mismatch(part->type->name, param, value);
        char expects[EXPECTS_SIZE];
        dg_param_expects(param, expects, sizeof expects);
        return dg_error(DG_INVALID, "%s: %s must be %s, found more", part->type->name, param->name,
                        expects);
    }
    ints->at[ints->count++] = whole;
    part->given |= bit;
    part->positional |= bit;
    part->gathering = param;
    return DG_OK;
}

/* The list to which a positional value is added: the first or last parameter. NULL: none. */
static const dg_param *list_for(const dg_part *part, int position, int positions,
                                const dg_value *value)
{
    bool single = value->type == DG_VALUE_INT || value->type == DG_VALUE_FLOAT;
    if (part->gathering) return single || position >= positions ? part->gathering : NULL;
    if (!single || positions == 0 || (position > 0 && position != positions - 1)) return NULL;
    const dg_param *list = dg_params_at(part->type->params, position);
    bool given = part->given >> (list - part->type->params) & 1;
    return list->type == DG_TYPE_INTS && !given ? list : NULL;
}

dg_status dg_part_set_at(dg_part *part, int position, const dg_value *value)
{
    const dg_descriptor *type = part->type;
    int positions = 0;
    for (const dg_param *param = type->params; param && param->name; param++)
        positions += !param->named_only;
    const dg_param *list = list_for(part, position, positions, value);
    if (list) return gather(part, list, value);
    if (position < positions)
        return set_index(part, (int)(dg_params_at(type->params, position) - type->params), value,
                         true);
    if (positions == 0) return dg_error(DG_INVALID, "%s takes no positional values", type->name);
    return dg_error(DG_INVALID, "%s takes at most %d positional value%s", type->name, positions,
                    positions == 1 ? "" : "s");
}

/* --- making --------------------------------------------------------------------------------- */

static void put_defaults(dg_part *part)
{
    for (const dg_param *param = part->type->params; param && param->name; param++)
        dg_param_put_default(param, part->options);
}

dg_status dg_part_begin(const dg_descriptor *type, dg_part **out)
{
    DG_OWNED dg_part *part = NULL;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&part, 1, sizeof *part));
    DG_TRY(dg_alloc_zero(&part->options, 1, type->options_size));
    part->type = type;
    part->references = 1;
    put_defaults(part);
    *out = DG_TAKE(part);
    return DG_OK;
}

void dg_part_open(dg_part *part, const dg_descriptor *type, void *options)
{
    *part = (dg_part){ .type = type, .options = options, .references = 1, .borrows = true };
    put_defaults(part);
}

dg_status dg_part_finish(dg_part *part)
{
    const dg_descriptor *type = part->type;
    int count = dg_descriptor_param_count(type);
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
                return dg_param_check(type->name, param, &list);
        }
        if (!given && param->type == DG_TYPE_PART && param->default_text) {
            dg_value named = { .type = DG_VALUE_TEXT, .text = param->default_text };
            DG_TRY(set_field(part, param, &named));
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

dg_status dg_part_with(dg_part **out, const dg_part *part, const char *name, const dg_value *value)
{
    DG_TRY(dg_part_begin(part->type, out));
    dg_status status = dg_part_set(*out, name, value);
    for (int i = 0; status == DG_OK && i < dg_descriptor_param_count(part->type); i++) {
        dg_value kept = dg_part_get(part, i);
        if ((part->given >> i & 1) && strcmp(part->type->params[i].name, name) != 0)
            status = set_index(*out, i, &kept, false);
    }
    if (status == DG_OK) status = dg_part_finish(*out);
    if (status == DG_OK) return DG_OK;
    dg_part_release(*out);
    *out = NULL;
    return status;
}

dg_value dg_part_get(const dg_part *part, int index)
{
    return dg_param_get(&part->type->params[index], part->options);
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
    int count = dg_descriptor_param_count(mine->type);
    for (int i = 0; i < count; i++) {
        dg_value value = dg_part_get(mine, i);
        if (value.type == DG_VALUE_PART) dg_part_release(value.part);
        if (value.type == DG_VALUE_MAP) dg_free(value.map.at);
    }
    dg_free(mine->options);
    dg_free(mine);
}

/* --- comparing ------------------------------------------------------------------------------ */

static bool value_equal(const dg_value *a, const dg_value *b)
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
    case DG_VALUE_SPAN: return a->span[0] == b->span[0] && a->span[1] == b->span[1];
    case DG_VALUE_NUMBERS:
        return a->numbers.count == b->numbers.count &&
               memcmp(a->numbers.at, b->numbers.at, (size_t)a->numbers.count * sizeof(double)) == 0;
    case DG_VALUE_PART: return dg_part_equal(a->part, b->part);
    case DG_VALUE_MAP:
        if (a->map.count != b->map.count) return false;
        for (int64_t i = 0; i < a->map.count; i++)
            if (a->map.at[i].label != b->map.at[i].label ||
                a->map.at[i].number != b->map.at[i].number)
                return false;
        return true;
    case DG_VALUE_HANDLE:
        return a->handle == b->handle && a->pointer == b->pointer && a->slot == b->slot;
    case DG_VALUE_OTHER: break;
    }
    return false;
}

bool dg_part_equal(const dg_part *a, const dg_part *b)
{
    if (a == b) return true;
    if (!a || !b || a->type != b->type) return false;
    int count = dg_descriptor_param_count(a->type);
    for (int i = 0; i < count; i++) {
        dg_value left = dg_part_get(a, i), right = dg_part_get(b, i);
        if (!value_equal(&left, &right)) return false;
    }
    return true;
}
