/* Finds the format of a file, and makes a dataset of what its reader found. */
#include "engine/data/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/base/memory.h"
#include "engine/data/packed.h"

enum { HEAD = 16, MOST_OPTIONS = 512 };

/* The format at or after `*at` in the registry, or NULL. */
static const dg_format_type *next_format(int *at)
{
    return (const dg_format_type *)dg_next_of_kind("format", at);
}

static bool ends_in(const char *name, size_t length, const char *ending)
{
    size_t size = strlen(ending);
    return length >= size && strncasecmp(name + length - size, ending, size) == 0;
}

static bool is_named(const dg_format_type *format, const char *name)
{
    size_t length = strlen(name);
    if (ends_in(name, length, ".gz")) length -= 3;
    for (const char *const *ending = format->endings; *ending; ending++)
        if (ends_in(name, length, *ending)) return true;
    return false;
}

dg_status dg_format_find(const dg_format_type **out, const char *path)
{
    unsigned char head[HEAD];
    DG_CLEANUP(dg_packed_close) dg_packed file = { .path = path };
    int64_t size;
    DG_TRY(dg_packed_open(&file));
    DG_TRY(dg_packed_read(&file, HEAD, head, &size));
    for (int at = 0; (*out = next_format(&at));)
        if ((*out)->knows && (*out)->knows(head, (size_t)size)) return DG_OK;
    for (int at = 0; (*out = next_format(&at));)
        if (is_named(*out, path)) return DG_OK;
    char known[512] = "";
    const dg_format_type *format;
    for (int at = 0; (format = next_format(&at));)
        for (const char *const *ending = format->endings; *ending; ending++) {
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, "%s%s (data.%s)", used ? ", " : "", *ending,
                     format->part.name);
        }
    return dg_error(
        DG_FORMAT,
        "%s: neither its first bytes nor its name are those of a known format: expected %s", path,
        known);
}

/* The parameter that is the path of a file of labels; NULL if labels are in the file of rows. */
static const dg_param *labels_path(const dg_format_type *format)
{
    const dg_param *params = format->part.params;
    return params[0].name && params[1].type == DG_TYPE_PATH ? &params[1] : NULL;
}

/* Makes a set of what was found. If that fails, the message names the file that caused it. */
static dg_status make(const dg_dataset **out, const dg_format_type *format, const void *options,
                      const dg_dataset_fields *record, const dg_format_found *found)
{
    const char *rows = dg_param_get(&format->part.params[0], options).text;
    const dg_param *beside = labels_path(format);
    const char *labels = beside ? dg_param_get(beside, options).text : NULL;
    dg_dataset_fields fields = { .x = &found->x, .target = record->target };
    if (found->y.storage) fields.y = &found->y;
    if (labels && found->x.shape[0] != found->y.shape[0])
        return dg_error(DG_FORMAT, "%s has %" PRId64 " labels, %s has %" PRId64 " rows", labels,
                        found->y.shape[0], rows, found->x.shape[0]);
    if (found->feature_names) {
        fields.feature_names = (const char *const *)found->feature_names;
        fields.feature_count = found->x.shape[1];
    }
    dg_status status = dg_dataset_make(out, &fields);
    if (status != DG_INVALID) return status;
    return dg_error_context(DG_FORMAT, "%s", labels ? labels : rows);
}

/* Gives the set the rest of the record; x, y and target stay. */
static dg_status complete(const dg_dataset **out, const dg_dataset_fields *record)
{
    DG_OWNED_DATASET set = *out;
    dg_dataset_fields rest = *record;
    rest.x = rest.y = NULL;
    rest.target = DG_TARGET_NONE;
    return dg_dataset_with(out, set, &rest);
}

static void found_release(dg_format_found *found)
{
    dg_tensor_release(&found->x);
    dg_tensor_release(&found->y);
    dg_shared_release(found->feature_names);
}

dg_status dg_format_read(const dg_dataset **out, const dg_format_type *format, const void *options,
                         const dg_dataset_fields *record, const dg_job *job)
{
    dg_job usual = dg_job_default();
    DG_CLEANUP(found_release) dg_format_found found = { 0 };
    *out = NULL;
    DG_TRY(format->read(&found, options, record, job ? job : &usual));
    DG_TRY(make(out, format, options, record, &found));
    return complete(out, record);
}

dg_status dg_format_open(const dg_dataset **out, const dg_format_type *format, const char *rows,
                         const char *labels)
{
    _Alignas(16) char options[MOST_OPTIONS] = { 0 };
    dg_part part;
    *out = NULL;
    dg_part_open(&part, &format->part, options);
    dg_param_put(&part.type->params[0], &(dg_value){ .type = DG_VALUE_TEXT, .text = rows },
                 options);
    if (labels && !labels_path(format))
        return dg_error(DG_INVALID, "%s: files of the format %s contain their labels", labels,
                        format->part.name);
    if (labels)
        dg_param_put(labels_path(format), &(dg_value){ .type = DG_VALUE_TEXT, .text = labels },
                     options);
    return dg_format_read(out, format, options, &(dg_dataset_fields){ 0 }, NULL);
}
