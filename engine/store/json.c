/* JSON from untrusted files. */
#include "engine/store/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/number.h"

/* Far more than our model files need; a value costs cJSON about 100 bytes. */
enum { MOST_NESTING = 64, MOST_VALUES = 2000000 };

/* --- parsing -------------------------------------------------------------------------------- */

/* Checks a text before cJSON parses it: NUL, nesting, number of values. */
static dg_status scan(const char *text, size_t length)
{
    bool quoted = false;
    int nesting = 0, values = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\0') return dg_error(DG_FORMAT, "has a NUL byte at byte %zu", i);
        if (quoted && c == '\\') {
            if (length - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
                return dg_error(DG_FORMAT, "has a NUL character at byte %zu", i);
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[')) {
            if (++nesting > MOST_NESTING)
                return dg_error(DG_FORMAT, "is nested deeper than %d levels at byte %zu",
                                MOST_NESTING, i);
        } else if (!quoted && (c == '}' || c == ']')) {
            nesting--;
        } else if (!quoted && c == ',' && ++values > MOST_VALUES) {
            return dg_error(DG_FORMAT, "has more than %d values", MOST_VALUES);
        }
    }
    return DG_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static dg_status check_members(const cJSON *object)
{
    DG_OWNED const char **names = NULL;
    int count = 0;
    const cJSON *member;
    DG_TRY(dg_alloc(&names, cJSON_GetArraySize(object), sizeof *names));
    cJSON_ArrayForEach(member, object) names[count++] = member->string;
    qsort(names, (size_t)count, sizeof *names, compare_names);
    for (int i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return dg_error(DG_INVALID, "has two members named '%.100s'", names[i]);
    return DG_OK;
}

dg_status dg_json_check_names(const cJSON *item)
{
    if (cJSON_IsObject(item)) DG_TRY(check_members(item));
    const cJSON *child;
    cJSON_ArrayForEach(child, item) if (child->child) DG_TRY(dg_json_check_names(child));
    return DG_OK;
}

static dg_status parse(cJSON **out, const char *text, size_t length)
{
    DG_TRY(scan(text, length));
    /* with a NUL after it, cJSON distinguishes the end from a truncation and from further bytes */
    DG_OWNED char *copy = NULL;
    DG_TRY(dg_alloc(&copy, (int64_t)length + 1, 1));
    memcpy(copy, text, length);
    copy[length] = '\0';
    const char *end = copy;
    dg_c_locale locale = dg_c_locale_enter();
    *out = cJSON_ParseWithLengthOpts(copy, length + 1, &end, 1);
    dg_c_locale_leave(locale);
    if (!*out)
        return dg_error(DG_FORMAT, "is not valid JSON at byte %zu of %zu", (size_t)(end - copy),
                        length);
    return dg_json_check_names(*out);
}

dg_status dg_json_parse(cJSON **out, const char *what, const char *text, size_t length)
{
    *out = NULL;
    dg_status status = parse(out, text, length);
    if (status == DG_OK) return DG_OK;
    cJSON_Delete(*out);
    *out = NULL;
    if (status == DG_NO_MEMORY) return dg_error_context(status, "%s", what);
    return dg_error(DG_FORMAT, "%s %s", what, dg_error_message());
}

/* --- reading -------------------------------------------------------------------------------- */

static const struct {
    int type;
    const char *words;
} kinds[] = {
    { cJSON_False | cJSON_True, "true or false" },
    { cJSON_NULL, "null" },
    { cJSON_Number, "a number" },
    { cJSON_String, "a string" },
    { cJSON_Array, "a list" },
    { cJSON_Object, "an object" },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const char *kind_of_type(int type)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].type & type) return kinds[i].words;
    return "nothing";
}

const char *dg_json_kind(const cJSON *item)
{
    return kind_of_type(item ? item->type & 0xFF : cJSON_Invalid);
}

dg_status dg_json_member(const cJSON *object, const char *name, int type, const cJSON **out)
{
    *out = cJSON_GetObjectItemCaseSensitive(object, name);
    if (*out && ((*out)->type & 0xFF & type)) return DG_OK;
    /* null comes first in the table, but is never the only type that is expected */
    int expected = type == cJSON_NULL ? type : type & ~cJSON_NULL;
    return dg_error(DG_FORMAT, "'%s' must be %s, found %s", name, kind_of_type(expected),
                    dg_json_kind(*out));
}

dg_status dg_json_whole(const cJSON *item, const char *what, int64_t low, int64_t high,
                        int64_t *out)
{
    if (!cJSON_IsNumber(item))
        return dg_error(DG_FORMAT, "%s must be a whole number, found %s", what, dg_json_kind(item));
    double number = item->valuedouble;
    /* 2^53 itself may stand for 2^53 + 1 */
    if (!(fabs(number) < 0x1p53) || number != floor(number) || number < (double)low ||
        number > (double)high)
        return dg_error(DG_FORMAT,
                        "%s must be a whole number from %" PRId64 " to %" PRId64 ", found %.17g",
                        what, low, high, number);
    *out = (int64_t)number;
    return DG_OK;
}

dg_status dg_as_format_error(dg_status status)
{
    return status == DG_INVALID ? dg_error(DG_FORMAT, "%s", dg_error_message()) : status;
}

/* --- writing -------------------------------------------------------------------------------- */

void dg_json_delete_owned(cJSON **item)
{
    cJSON_Delete(*item);
}

dg_status dg_json_text(char **out, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);
    dg_status status = text ? dg_copy_text(out, text) : dg_json_made(NULL);
    cJSON_free(text);
    return status;
}

dg_status dg_json_made(const cJSON *item)
{
    return item ? DG_OK : dg_error(DG_NO_MEMORY, "out of memory while writing JSON");
}

dg_status dg_json_add(cJSON *to, const char *name, cJSON *item)
{
    DG_TRY(dg_json_made(item));
    bool added = name ? cJSON_AddItemToObject(to, name, item) : cJSON_AddItemToArray(to, item);
    if (added) return DG_OK;
    cJSON_Delete(item);
    return dg_json_made(NULL);
}

dg_status dg_json_add_object(cJSON *to, const char *name, cJSON **out)
{
    *out = cJSON_CreateObject();
    return dg_json_add(to, name, *out);
}

dg_status dg_json_add_list(cJSON *to, const char *name, cJSON **out)
{
    *out = cJSON_CreateArray();
    return dg_json_add(to, name, *out);
}

cJSON *dg_json_integer(int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, number);
    return cJSON_CreateRaw(text);
}

cJSON *dg_json_number(double number)
{
    if (!isfinite(number)) return cJSON_CreateNull();
    char text[40]; /* cJSON's own printing may be off in the last bit */
    dg_number_text(number, text, sizeof text);
    return cJSON_CreateRaw(text);
}

dg_status dg_json_keep_numbers(cJSON *item)
{
    for (cJSON *child = item->child; child; child = child->next) {
        DG_TRY(dg_json_keep_numbers(child));
        if (!cJSON_IsNumber(child)) continue;
        cJSON *exact = dg_json_number(child->valuedouble);
        DG_TRY(dg_json_made(exact));
        child->type = exact->type | (child->type & cJSON_StringIsConst);
        child->valuestring = exact->valuestring;
        exact->valuestring = NULL;
        cJSON_Delete(exact);
    }
    return DG_OK;
}
