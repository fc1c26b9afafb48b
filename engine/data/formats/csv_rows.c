/* What the lines of a CSV file hold: libcsv finds the fields, here they become values. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/formats/csv_file.h"
#include "engine/base/file.h"
#include "engine/data/number.h"

/* --- messages ----------------------------------------------------------------------------- */

void dg_csv_fail(dg_csv_pass *pass, int64_t column, const char *format, ...)
{
    char text[512], where[48] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (column > 0) snprintf(where, sizeof where, " column %" PRId64 ":", column);
    pass->status =
        dg_error(DG_FORMAT, "%s:%" PRId64 ":%s %s", pass->file->path, pass->line, where, text);
}

const char *dg_csv_show(const void *text, size_t size, char *out, size_t out_size)
{
    const unsigned char *bytes = text;
    size_t used = 0;
    out[used++] = '\'';
    for (size_t i = 0; i < size; i++) {
        if (used + 10 > out_size) {
            used += (size_t)snprintf(out + used, out_size - used, "...");
            break;
        }
        if (isprint(bytes[i]) && bytes[i] < 0x80)
            out[used++] = (char)bytes[i];
        else
            used += (size_t)snprintf(out + used, out_size - used, "\\x%02X", bytes[i]);
    }
    snprintf(out + used, out_size - used, "'");
    return out;
}

bool dg_csv_refuse(dg_csv_pass *pass, const char *text, size_t size)
{
    if (!memchr(text, 0, size)) return false;
    pass->status =
        dg_error(DG_FORMAT,
                 "%s:%" PRId64 ": a NUL byte at column %" PRId64 " (is this a CSV file in UTF-8?)",
                 pass->file->path, pass->line, pass->column);
    return true;
}

/* --- libcsv ------------------------------------------------------------------------------- */

/* Limits how far a field may grow if a quote is not closed. */
static void *bounded_realloc(void *memory, size_t size)
{
    return size > DG_CSV_FIELD ? NULL : realloc(memory, size);
}

/* libcsv stopped: in an unquoted field at a quote, in a quoted one at what follows its second quote
 * or at the end, or at the limit. */
static void fail_parse(dg_csv_pass *pass)
{
    const struct csv_parser *p = &pass->parser;
    int64_t column = pass->column + 1;
    bool full = csv_error(&pass->parser) != CSV_EPARSE;
    bool ended = p->quoted && p->pstate == 3; /* after its second quote: FIELD_MIGHT_HAVE_ENDED */
    bool breaks = p->entry_pos > 0 && (memchr(p->entry_buf, '\n', p->entry_pos) ||
                                       memchr(p->entry_buf, '\r', p->entry_pos));
    if (full && p->entry_size + p->blk_size <= DG_CSV_FIELD)
        pass->status = dg_error(DG_NO_MEMORY, "out of memory: reading %s", pass->file->path);
    else if (p->quoted && (!ended || breaks))
        dg_csv_fail(pass, 0, "a quote is not closed (column %" PRId64 ")", column);
    else if (full)
        dg_csv_fail(pass, column, "more than %d bytes, expected a number", DG_CSV_FIELD);
    else if (p->quoted)
        dg_csv_fail(pass, column, "text after a closing quote, expected a comma");
    else
        dg_csv_fail(pass, column, "a quote inside a field that does not begin with one");
}

void dg_csv_fail_long(dg_csv_pass *pass)
{
    int64_t most = pass->file->max_line;
    dg_csv_fail(pass, 0,
                "a line of more than %" PRId64 " bytes (are there no line ends? max_line = %" PRId64
                " allows longer ones)",
                most, most < INT64_MAX / 4 ? 4 * most : INT64_MAX);
}

/* After a block: updates the length of the line in which it ends; the part in the block where the
 * line began is not counted. */
static void measure_line(dg_csv_pass *pass, int64_t line, int64_t size)
{
    if (pass->line != line)
        pass->line_bytes = 0;
    else if ((pass->line_bytes += size) > pass->file->max_line && pass->status == DG_OK)
        dg_csv_fail_long(pass);
}

static dg_status run_blocks(dg_csv_pass *pass, int64_t begin, int64_t end,
                            dg_csv_on_field *on_field, dg_csv_on_row *on_row)
{
    const dg_csv_file *file = pass->file;
    char block[DG_CSV_BLOCK];
    while (begin < end) {
        size_t size = end - begin < DG_CSV_BLOCK ? (size_t)(end - begin) : DG_CSV_BLOCK;
        DG_TRY(dg_job_check(file->job));
        DG_TRY(dg_file_read(file->path, file->descriptor, begin, size, block));
        int64_t line = pass->line;
        size_t done = csv_parse(&pass->parser, block, size, on_field, on_row, pass);
        if (pass->status == DG_OK && done < size) fail_parse(pass);
        measure_line(pass, line, (int64_t)size);
        if (pass->status != DG_OK) return pass->status;
        begin += (int64_t)size;
    }
    if (csv_fini(&pass->parser, on_field, on_row, pass) != 0 && pass->status == DG_OK)
        fail_parse(pass);
    return pass->status;
}

dg_status dg_csv_run(dg_csv_pass *pass, int64_t begin, int64_t end, dg_csv_on_field *on_field,
                     dg_csv_on_row *on_row)
{
    csv_init(&pass->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    csv_set_realloc_func(&pass->parser, bounded_realloc);
    dg_status status = run_blocks(pass, begin, end, on_field, on_row);
    csv_free(&pass->parser);
    return status;
}

/* --- values ------------------------------------------------------------------------------- */

struct csv_fill {
    dg_csv_pass pass; /* first */
    const dg_csv_values *into;
    bool fractions; /* as in dg_csv_values */
    int64_t row, row_end;
    int64_t label_at; /* label_column, or -1 */
    int64_t columns;
    bool after_return; /* the last line ended in CR: an LF now belongs to it */
    uint8_t *bytes;    /* where the next value goes; one of the two */
    float *floats;
};

static void begin_row(struct csv_fill *fill)
{
    const dg_csv_values *into = fill->into;
    int64_t width = fill->columns - (into->label_column > 0);
    fill->bytes = NULL;
    fill->floats = NULL;
    if (!into->x || fill->row >= fill->row_end) return;
    if (into->dtype == DG_UINT8)
        fill->bytes = (uint8_t *)into->x + fill->row * width;
    else
        fill->floats = (float *)into->x + fill->row * width;
}

/* The hint is for a header that does not look like one, and for header = false. */
static void fail_number(struct csv_fill *fill, const char *text, size_t size)
{
    dg_csv_pass *pass = &fill->pass;
    const char *hint = pass->line == 1 ? " (if line 1 names the columns, say header = true)" : "";
    char shown[64];
    if (dg_csv_refuse(pass, text, size)) return;
    if (size == 0)
        dg_csv_fail(pass, pass->column, "an empty field, expected a number%s", hint);
    else if (memchr(text, '\n', size) || memchr(text, '\r', size))
        dg_csv_fail(pass, pass->column, "%s is not a number (is a quote not closed?)",
                    dg_csv_show(text, size, shown, sizeof shown));
    else
        dg_csv_fail(pass, pass->column, "%s is not a number%s",
                    dg_csv_show(text, size, shown, sizeof shown), hint);
}

static void take_label(struct csv_fill *fill, const char *text, size_t size)
{
    double value;
    char shown[64];
    dg_csv_pass *pass = &fill->pass;
    bool labels = fill->into->as == DG_TARGET_LABELS;
    if (!dg_parse_number(text, size, &value)) {
        fail_number(fill, text, size);
    } else if (labels && (!(value >= INT32_MIN && value <= INT32_MAX) || value != floor(value))) {
        dg_csv_fail(pass, pass->column,
                    "label %s is not a 32-bit integer (target = \"numbers\" allows it)",
                    dg_csv_show(text, size, shown, sizeof shown));
    } else if (!isfinite((float)value)) {
        dg_csv_fail(pass, pass->column, "label %s is not a finite float32 number",
                    dg_csv_show(text, size, shown, sizeof shown));
    } else {
        fill->into->targets[fill->row] = value;
        fill->fractions |= !dg_is_integer_text(text, size);
    }
}

static void take_value(struct csv_fill *fill, const char *text, size_t size)
{
    dg_csv_pass *pass = &fill->pass;
    double value;
    char shown[64];
    if (!dg_parse_number(text, size, &value)) {
        fail_number(fill, text, size);
    } else if (fill->floats) {
        *fill->floats = (float)value;
        if (isinf(*fill->floats) && !isinf(value))
            dg_csv_fail(pass, pass->column, "%s is outside the range of float32",
                        dg_csv_show(text, size, shown, sizeof shown));
        fill->floats++;
    } else if (value >= 0 && value <= 255 && value == floor(value)) {
        *fill->bytes++ = (uint8_t)value;
    } else {
        const char *field = dg_csv_show(text, size, shown, sizeof shown);
        bool out = value < 0 || value > 255;
        dg_csv_fail(pass, pass->column,
                    "%.*s is not %s from 0 to 255 (use dtype = \"float32\" for other numbers)",
                    (int)strlen(field) - 2, field + 1, out ? "in the range" : "a whole number");
    }
}

static void csv_on_field(void *text, size_t size, void *context)
{
    struct csv_fill *fill = context;
    unsigned value;
    int64_t column = ++fill->pass.column;
    if (fill->pass.status != DG_OK || column > fill->columns) return;
    if (fill->row >= fill->row_end) {
        dg_csv_fail(&fill->pass, 0, "more lines than line ends");
    } else if (column == fill->label_at) {
        take_label(fill, text, size);
    } else if (dg_small_number(text, size, &value) && (value <= 255 || fill->floats)) {
        if (fill->bytes)
            *fill->bytes++ = (uint8_t)value;
        else
            *fill->floats++ = (float)value;
    } else {
        take_value(fill, text, size);
    }
}

static void csv_on_row(int end, void *context)
{
    struct csv_fill *fill = context;
    dg_csv_pass *pass = &fill->pass;
    if (pass->status != DG_OK) return;
    if (end == '\n' && fill->after_return && pass->column == 0) {
        fill->after_return = false;
        return;
    }
    fill->after_return = end == '\r';
    if (pass->column == 0) {
        dg_csv_fail(pass, 0, "an empty line between rows");
    } else if (pass->column != fill->columns) {
        dg_csv_fail(pass, 0, "%" PRId64 " %s, expected %" PRId64 " as in line 1", pass->column,
                    pass->column == 1 ? "value" : "values", fill->columns);
    } else {
        pass->column = 0;
        pass->line++;
        fill->row++;
        begin_row(fill);
    }
}

struct csv_fill_all {
    const dg_csv_file *file;
    dg_csv_values *into;
};

static dg_status csv_fill_piece(void *context, int64_t piece, int worker)
{
    struct csv_fill_all *all = context;
    const dg_csv_chunk *chunk = &all->file->chunks[piece];
    int64_t room = all->into->room;
    struct csv_fill fill = { .into = all->into, .row = chunk->row, .columns = all->file->columns };
    (void)worker;
    fill.pass.file = all->file;
    fill.pass.line = chunk->line;
    fill.row_end = chunk->row_end < room ? chunk->row_end : room;
    fill.label_at = all->into->label_column > 0 ? all->into->label_column : -1;
    begin_row(&fill);
    DG_TRY(dg_csv_run(&fill.pass, chunk->begin, chunk->end, csv_on_field, csv_on_row));
    if (fill.fractions) __atomic_store_n(&all->into->fractions, true, __ATOMIC_RELAXED);
    if (fill.row != chunk->row_end)
        return dg_error(DG_FORMAT,
                        "%s: from line %" PRId64 " on, there are blanks between a carriage "
                        "return and its line feed",
                        all->file->path, chunk->line);
    return DG_OK;
}

dg_status dg_csv_fill(const dg_csv_file *file, dg_csv_values *into)
{
    struct csv_fill_all all = { file, into };
    return dg_parallel(file->job, file->chunk_count, csv_fill_piece, &all);
}
