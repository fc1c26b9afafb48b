/* CSV as a format: options are checked, tables become x and y. Reading is in csv_lines.c and
 * csv_rows.c. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/formats/csv.h"
#include "engine/data/formats/csv_file.h"

/* An open file, and the tensors to be made of it. */
struct csv_table {
    dg_csv_file file;
    dg_tensor *x, *y;
};

/* Before a long file is read: there must be values beside the label, as many as the shape has. */
static dg_status check_width(const dg_csv_file *file, int64_t label_column, const dg_ints *shape)
{
    char text[128];
    int64_t width = file->columns - (label_column > 0), product = 1;
    bool fits = true;
    if (label_column > file->columns)
        return dg_error(DG_INVALID,
                        "csv: label_column = %" PRId64 ", but %s has %" PRId64 " values per line",
                        label_column, file->path, file->columns);
    if (width == 0)
        return dg_error(DG_INVALID,
                        "csv: %s has one value per line: with label_column = 1, the rows "
                        "have no values",
                        file->path);
    for (int i = 0; i < shape->count; i++)
        fits = fits && !__builtin_mul_overflow(product, shape->at[i], &product);
    if (shape->count == 0 || (fits && product == width)) return DG_OK;
    return dg_error(
        DG_INVALID, "csv: shape = %s does not fit the %" PRId64 " values per line of %s%s",
        dg_shape_text(shape->count, shape->at, text, sizeof text), width, file->path,
        fits && product == width - 1 ? " (is one the label? say label_column = 1)" : "");
}

/* --- names of columns ------------------------------------------------------------------------ */

struct csv_names {
    dg_csv_pass pass; /* first */
    int64_t label_column;
    const char **names;
    char *text; /* where the next name goes */
};

static void csv_on_name(void *text, size_t size, void *context)
{
    struct csv_names *names = context;
    if (++names->pass.column == names->label_column) return;
    *names->names++ = memcpy(names->text, text, size);
    names->text[size] = '\0';
    names->text += size + 1;
}

static void csv_on_end(int end, void *context)
{
    (void)end;
    (void)context;
}

/* The fields of a header, without the label's. They take no more room than in the file. */
static dg_status read_names(const dg_csv_file *file, int64_t label_column, char ***out)
{
    DG_OWNED const char **names = NULL;
    DG_OWNED char *text = NULL;
    DG_TRY(dg_alloc(&names, file->columns, sizeof *names));
    DG_TRY(dg_alloc(&text, file->first_line_end - file->begin + 1, 1));
    struct csv_names pass = { .pass = { .file = file, .line = 1 },
                              .label_column = label_column,
                              .names = names,
                              .text = text };
    DG_TRY(dg_csv_run(&pass.pass, file->begin, file->first_line_end, csv_on_name, csv_on_end));
    return dg_shared_texts(out, pass.names - names, names);
}

/* --- tables ---------------------------------------------------------------------------------- */

/* For how many rows to allocate: a value takes two bytes of the file at least, so more rows than
 * that cannot be complete, and lines that are too short must not ask for more memory than the file
 * has bytes. Where rows do not fit, an earlier one is too short, which is found first. */
static int64_t find_room(const dg_csv_file *file)
{
    int64_t most = (file->end - file->begin + 1) / (2 * file->columns) + 1;
    return file->rows < most ? file->rows : most;
}

/* Makes y of the column that was read: labels or numbers, as `as` or how they are written says. */
static dg_status make_y(struct csv_table *t, dg_csv_values *into)
{
    int64_t rows = t->file.rows;
    if (into->as == DG_TARGET_NONE)
        into->as = into->fractions ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
    bool numbers = into->as == DG_TARGET_NUMBERS, fit = true;
    DG_TRY(dg_tensor_new(t->y, numbers ? DG_FLOAT32 : DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows && fit; row++) {
        double value = into->targets[row];
        fit = numbers || (value >= INT32_MIN && value <= INT32_MAX);
        if (numbers)
            dg_floats(t->y)[row] = (float)value;
        else if (fit)
            dg_int32s(t->y)[row] = (int32_t)value;
    }
    if (fit) return DG_OK;
    return dg_csv_fill(&t->file, into); /* fails now, with a message that names the line */
}

static dg_status read_table(struct csv_table *t, const dg_csv_options *o,
                            const dg_dataset_fields *record, bool only_labels, char ***names)
{
    const char *path = only_labels ? o->labels : o->images;
    dg_csv_header header = o->header.type != DG_VALUE_BOOL ? DG_CSV_HEADER_AUTO
                           : o->header.boolean             ? DG_CSV_HEADER_YES
                                                           : DG_CSV_HEADER_NO;
    dg_csv_values into = { .dtype = o->dtype ? DG_FLOAT32 : DG_UINT8,
                           .label_column = only_labels ? 1 : o->label_column,
                           .as = record->target };
    DG_TRY(dg_csv_open(&t->file, path, header));
    if (only_labels && t->file.columns != 1)
        return dg_error(DG_FORMAT, "%s:1: %" PRId64 " values, expected one label per line", path,
                        t->file.columns);
    if (!only_labels) {
        DG_TRY(check_width(&t->file, o->label_column, &record->shape));
        if (t->file.header && !record->shape.count)
            DG_TRY(read_names(&t->file, o->label_column, names));
    }
    DG_TRY(dg_csv_cut(&t->file));
    into.room = find_room(&t->file);
    if (!only_labels) {
        int64_t shape[] = { into.room, t->file.columns - (o->label_column > 0) };
        DG_TRY(dg_tensor_new(t->x, into.dtype, 2, shape));
        into.x = t->x->data;
    }
    if (!into.label_column) return dg_csv_fill(&t->file, &into);
    DG_OWNED double *targets = NULL;
    DG_TRY(dg_alloc(&targets, into.room, sizeof *targets));
    into.targets = targets;
    DG_TRY(dg_csv_fill(&t->file, &into));
    return make_y(t, &into);
}

static void csv_table_close(struct csv_table *t)
{
    dg_csv_close(&t->file);
}

static dg_status csv_read(dg_format_found *out, const void *options,
                          const dg_dataset_fields *record, const dg_job *job)
{
    const dg_csv_options *o = options;
    if (o->labels && o->label_column)
        return dg_error(DG_INVALID,
                        "csv: labels come from a file or from label_column = %" PRId64 ", not both",
                        o->label_column);
    int files = o->labels ? 2 : 1;
    for (int i = 0; i < files; i++) {
        DG_CLEANUP(csv_table_close)
        struct csv_table t = { .file = { .job = job, .max_line = o->max_line, .descriptor = -1 },
                               .x = &out->x,
                               .y = &out->y };
        DG_TRY(read_table(&t, o, record, i == 1, &out->feature_names));
    }
    return DG_OK;
}

/* --- the format ------------------------------------------------------------------------------ */

static const char *const auto_word[] = { "auto", NULL };
static const char *const dtypes[] = { "uint8", "float32", NULL };
static const dg_param headers[] = { DG_EITHER(DG_TYPE_BOOL),
                                    DG_EITHER(DG_TYPE_CHOICE, .choices = auto_word), DG_END };

static const dg_param params[] = {
    DG_PATH(dg_csv_options, images, .required = true, .doc = "the rows, one per line"),
    DG_PATH(dg_csv_options, labels, .named_only = true, .doc = "the labels, one per line"),
    DG_INT(dg_csv_options, label_column, .named_only = true, DG_AT_LEAST(1), .optional = true,
           .doc = "the column that holds the labels, counted from 1"),
    DG_ONE_OF(dg_csv_options, header, .named_only = true, .alternatives = headers,
              .default_text = "auto", .expects = "true, false or 'auto'",
              .doc =
                  "whether the first line is a header; auto: it is if all its fields are names; a "
                  "mix of names and values is refused"),
    DG_CHOICE(dg_csv_options, dtype, .named_only = true, .choices = dtypes,
              .doc = "uint8 is for whole numbers from 0 to 255, float32 for any number"),
    DG_INT(dg_csv_options, max_line, .named_only = true, DG_AT_LEAST(1), .default_number = 1 << 24,
           .doc = "maximum length of a line, in bytes"),
    DG_END,
};

static const dg_hint hints[] = {
    { "path", "give the path first: data.csv { \"file.csv\" }" },
    { "file", "give the path first: data.csv { \"file.csv\" }" },
    { NULL },
};

const dg_format_type dg_csv = {
    .part = { .kind = "format",
              .name = "csv",
              .doc = "A dataset from a CSV file, one row per line. Labels come from one of its "
                     "columns "
                     "or from a second file. If all\nare written as integers, they are labels; "
                     "if one is not (151.0), all are numbers. The names of a header\nbecome "
                     "feature_names, unless shape is given.",
              .example = "data.csv { \"mnist_train.csv\", label_column = 1, "
                         "shape = { 28, 28, 1 } }",
              .params = params,
              .options_size = sizeof(dg_csv_options),
              .hints = hints },
    .endings = (const char *const[]){ ".csv", NULL },
    .read = csv_read,
};
