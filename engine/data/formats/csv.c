/* CSV as a format: options are checked, tables become x and y. Reading is in csv_lines.c and
 * csv_rows.c. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/formats/csv.h"
#include "engine/data/formats/csv_file.h"

/* An open file and what is to come of it. */
typedef struct table {
    dg_csv_file file;
    dg_tensor *x, *y;
} table;

/* Before a long file is read: whether there are values beside the label, as many as the shape. */
static dg_status check_width(const dg_csv_file *file, int64_t label_column, const dg_ints *shape)
{
    char text[128];
    int64_t width = file->columns - (label_column > 0), product = 1;
    bool fits = true;
    if (label_column > file->columns)
        return dg_error(DG_INVALID,
                        "csv: label_column = %" PRId64 ", but %s has %" PRId64 " values a line",
                        label_column, file->path, file->columns);
    if (width == 0)
        return dg_error(DG_INVALID,
                        "csv: %s has one value a line: with label_column = 1, nothing "
                        "is left to learn from",
                        file->path);
    for (int i = 0; i < shape->count; i++)
        fits = fits && !__builtin_mul_overflow(product, shape->at[i], &product);
    if (shape->count == 0 || (fits && product == width)) return DG_OK;
    return dg_error(
        DG_INVALID, "csv: shape = %s does not fit the %" PRId64 " values a line of %s%s",
        dg_shape_text(shape->count, shape->at, text, sizeof text), width, file->path,
        fits && product == width - 1 ? " (is one the label? say label_column = 1)" : "");
}

/* --- names of columns ------------------------------------------------------------------------ */

typedef struct names_pass {
    dg_csv_pass pass; /* first */
    int64_t label_column;
    const char **names;
    char *text; /* where the next name goes */
} names_pass;

static void on_name(void *text, size_t size, void *context)
{
    names_pass *names = context;
    if (++names->pass.column == names->label_column) return;
    *names->names++ = memcpy(names->text, text, size);
    names->text[size] = '\0';
    names->text += size + 1;
}

static void on_end(int end, void *context)
{
    (void)end;
    (void)context;
}

/* The fields of a header, but for that of the label. They take no more room than in the file. */
static dg_status read_names(const dg_csv_file *file, int64_t label_column, char ***out)
{
    const char **names;
    char *text = NULL;
    DG_TRY(dg_alloc(&names, file->columns, sizeof *names));
    dg_status status = dg_alloc(&text, file->first_line_end - file->begin + 1, 1);
    names_pass pass = { .pass = { .file = file, .line = 1 },
                        .label_column = label_column,
                        .names = names,
                        .text = text };
    if (status == DG_OK)
        status = dg_csv_run(&pass.pass, file->begin, file->first_line_end, on_name, on_end);
    if (status == DG_OK) status = dg_shared_texts(out, pass.names - names, names);
    dg_free(names);
    dg_free(text);
    return status;
}

/* --- tables ---------------------------------------------------------------------------------- */

/* How many rows there is room to be made for: lines that are too short to hold the columns could
 * ask for more memory than the file has bytes, but a row takes two bytes a value at least. Where
 * rows do not fit, one before them is too short, and is found before it matters. */
static int64_t find_room(const dg_csv_file *file)
{
    int64_t most = (file->end - file->begin + 1) / (2 * file->columns) + 1;
    return file->rows < most ? file->rows : most;
}

/* y of the column that was read: labels or numbers, as its fields were written or as asked for. */
static dg_status make_y(table *t, dg_csv_target *target)
{
    int64_t rows = t->file.rows;
    if (target->as == DG_TARGET_NONE)
        target->as = target->fractions ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
    bool numbers = target->as == DG_TARGET_NUMBERS, fit = true;
    DG_TRY(dg_tensor_new(t->y, numbers ? DG_FLOAT32 : DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows && fit; row++) {
        double value = target->targets[row];
        fit = numbers || (value >= INT32_MIN && value <= INT32_MAX);
        if (numbers)
            dg_floats(t->y)[row] = (float)value;
        else if (fit)
            dg_int32s(t->y)[row] = (int32_t)value;
    }
    if (fit) return DG_OK;
    return dg_csv_fill(&t->file, target); /* fails now, with a message that names the line */
}

static dg_status read_table(table *t, const dg_csv_options *o, const dg_dataset_parts *record,
                            bool only_labels, char ***names)
{
    const char *path = only_labels ? o->labels : o->images;
    dg_header header = o->header.type != DG_VALUE_BOOL ? DG_HEADER_AUTO
                       : o->header.boolean             ? DG_HEADER_YES
                                                       : DG_HEADER_NO;
    dg_csv_target target = { .dtype = o->dtype ? DG_FLOAT32 : DG_UINT8,
                             .label_column = only_labels ? 1 : o->label_column,
                             .as = record->target };
    DG_TRY(dg_csv_open(&t->file, path, header));
    if (only_labels && t->file.columns != 1)
        return dg_error(DG_FORMAT, "%s:1: %" PRId64 " values, expected one label a line", path,
                        t->file.columns);
    if (!only_labels) {
        DG_TRY(check_width(&t->file, o->label_column, &record->shape));
        if (t->file.header && !record->shape.count)
            DG_TRY(read_names(&t->file, o->label_column, names));
    }
    DG_TRY(dg_csv_cut(&t->file));
    target.room = find_room(&t->file);
    if (!only_labels) {
        int64_t shape[] = { target.room, t->file.columns - (o->label_column > 0) };
        DG_TRY(dg_tensor_new(t->x, target.dtype, 2, shape));
        target.x = t->x->data;
    }
    if (!target.label_column) return dg_csv_fill(&t->file, &target);
    double *targets;
    DG_TRY(dg_alloc(&targets, target.room, sizeof *targets));
    target.targets = targets;
    dg_status status = dg_csv_fill(&t->file, &target);
    if (status == DG_OK) status = make_y(t, &target);
    dg_free(targets);
    return status;
}

static dg_status read_csv(dg_found *out, const void *options, const dg_dataset_parts *record,
                          const dg_job *job)
{
    const dg_csv_options *o = options;
    if (o->labels && o->label_column)
        return dg_error(DG_INVALID,
                        "csv: labels come from a file or from label_column = %" PRId64 ", not both",
                        o->label_column);
    int files = o->labels ? 2 : 1;
    for (int i = 0; i < files; i++) {
        table t = { .file = { .job = job, .max_line = o->max_line, .descriptor = -1 },
                    .x = &out->x,
                    .y = &out->y };
        dg_status status = read_table(&t, o, record, i == 1, &out->feature_names);
        dg_csv_close(&t.file);
        DG_TRY(status);
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
              .doc = "whether the first line has names; auto: if all of them are, and a line of "
                     "names and values is refused"),
    DG_CHOICE(dg_csv_options, dtype, .named_only = true, .choices = dtypes,
              .doc = "uint8 is for whole numbers 0..255; float32 admits any number"),
    DG_INT(dg_csv_options, max_line, .named_only = true, DG_AT_LEAST(1), .default_number = 1 << 24,
           .doc = "bytes that a line may have"),
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
              .doc = "A dataset from a CSV file: a row a line. Labels come from one of its columns "
                     "or from a second file. If all\nof them are written as integers they are "
                     "labels, if one is not (151.0) all are numbers. Names of a header\nbecome "
                     "feature_names, unless shape is given.",
              .example = "data.csv { \"mnist_train.csv\", label_column = 1, "
                         "shape = { 28, 28, 1 } }",
              .params = params,
              .options_size = sizeof(dg_csv_options),
              .hints = hints },
    .endings = (const char *const[]){ ".csv", NULL },
    .read = read_csv,
};
