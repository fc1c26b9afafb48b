/* Where the lines of a CSV file begin and end: its first line, its last, and where to cut it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/kernel.h"
#include "engine/data/formats/csv_file.h"
#include "engine/base/file.h"
#include "engine/data/number.h"

/* --- the first line and the last ------------------------------------------------------------ */

/* Skips a byte order mark; refuses gzipped files. */
static dg_status skip_mark(dg_csv_file *file)
{
    unsigned char b[3] = { 0 };
    size_t size = file->end < 3 ? (size_t)file->end : 3;
    DG_TRY(dg_file_read(file->path, file->descriptor, 0, size, b));
    if (b[0] == 0x1F && b[1] == 0x8B)
        return dg_error(DG_FORMAT, "%s: is a .gz, expected CSV: unpack it first (gunzip)",
                        file->path);
    file->begin = b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF ? 3 : 0;
    return DG_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Removes blank lines at the end and the last line end. */
static dg_status trim_end(dg_csv_file *file)
{
    char block[DG_CSV_BLOCK];
    int64_t whole = file->end;
    while (file->end > file->begin) {
        if (whole - file->end > file->max_line)
            return dg_error(DG_FORMAT,
                            "%s: ends in more than %" PRId64 " blanks and line ends (max_line = "
                            "%" PRId64 " allows them)",
                            file->path, file->max_line, whole);
        int64_t size = file->end - file->begin;
        if (size > DG_CSV_BLOCK) size = DG_CSV_BLOCK;
        DG_TRY(dg_job_check(file->job));
        DG_TRY(dg_file_read(file->path, file->descriptor, file->end - size, (size_t)size, block));
        while (size > 0 && is_blank(block[size - 1])) size--, file->end--;
        if (size > 0) return DG_OK;
    }
    return dg_error(DG_FORMAT, "%s: is empty: there are only blank lines", file->path);
}

/* Finds the end of the first line: the first line end outside quotes. */
static dg_status find_first_line(dg_csv_file *file, dg_csv_pass *pass)
{
    char block[DG_CSV_BLOCK];
    bool quoted = false, done = false;
    char before = 0;
    int64_t at = file->begin;
    file->first_lines = 1;
    while (at < file->end && !done) {
        int64_t size = file->end - at < DG_CSV_BLOCK ? file->end - at : DG_CSV_BLOCK, i = 0;
        DG_TRY(dg_job_check(file->job));
        DG_TRY(dg_file_read(file->path, file->descriptor, at, (size_t)size, block));
        for (; i < size; before = block[i++]) {
            char c = block[i];
            if (before == '\r' && c != '\n' && !quoted) break;
            if (c == '"') quoted = !quoted;
            if (c == '\n' && !quoted) break;
            if (quoted && (c == '\r' || (c == '\n' && before != '\r'))) file->first_lines++;
        }
        done = i < size;
        at += i + (done && block[i] == '\n');
        if (at - file->begin > file->max_line) {
            dg_csv_fail_long(pass);
            return pass->status;
        }
    }
    file->first_line_end = at;
    return DG_OK;
}

/* Refuses a file with an endless second line without reading all of it; if quotes are the cause,
 * reading the fields says so. */
static dg_status probe_second_line(const dg_csv_file *file, dg_csv_pass *pass)
{
    char block[DG_CSV_BLOCK];
    for (int64_t at = file->first_line_end; at < file->end; at += DG_CSV_BLOCK) {
        int64_t size = file->end - at < DG_CSV_BLOCK ? file->end - at : DG_CSV_BLOCK;
        DG_TRY(dg_job_check(file->job));
        DG_TRY(dg_file_read(file->path, file->descriptor, at, (size_t)size, block));
        for (const char *end = "\n\r\""; *end; end++)
            if (memchr(block, *end, (size_t)size)) return DG_OK;
        if (at + size - file->first_line_end <= file->max_line) continue;
        pass->line += file->first_lines;
        dg_csv_fail_long(pass);
        return pass->status;
    }
    return DG_OK;
}

static void csv_on_first_field(void *text, size_t size, void *context)
{
    dg_csv_pass *pass = context;
    dg_csv_file *file = (dg_csv_file *)pass->file;
    pass->column++;
    if (pass->status != DG_OK || dg_csv_refuse(pass, text, size)) return;
    if (pass->column > DG_CSV_COLUMNS) {
        dg_csv_fail(pass, 0, "more than %d values", DG_CSV_COLUMNS);
        return;
    }
    dg_csv_seen *seen = dg_is_name(text, size) ? &file->name : &file->value;
    if (seen->column) return;
    seen->column = pass->column;
    dg_csv_show(text, size, seen->text, sizeof seen->text);
}

static void csv_on_first_row(int end, void *context)
{
    dg_csv_pass *pass = context;
    (void)end;
    if (pass->column > 0) ((dg_csv_file *)pass->file)->columns = pass->column;
}

/* A first line of names is a header, one of values is a row. One that has both could be either, so
 * the user must say: "label,0,1,2" as pandas writes it, or a row with a mistake. */
static dg_status find_header(dg_csv_file *file, dg_csv_header header)
{
    const dg_csv_seen *name = &file->name, *value = &file->value;
    file->header = header == DG_CSV_HEADER_YES || (header == DG_CSV_HEADER_AUTO && name->column);
    if (header != DG_CSV_HEADER_AUTO || !name->column || !value->column) return DG_OK;
    return dg_error(DG_FORMAT,
                    "%s:1: is this line a header? column %" PRId64 ", %s, looks like a name, but "
                    "column %" PRId64 ", %s, like a value: say header = true or header = false",
                    file->path, name->column, name->text, value->column, value->text);
}

static dg_status read_first_line(dg_csv_file *file, dg_csv_header header)
{
    dg_csv_pass pass = { .file = file, .line = 1 };
    DG_TRY(find_first_line(file, &pass));
    DG_TRY(
        dg_csv_run(&pass, file->begin, file->first_line_end, csv_on_first_field, csv_on_first_row));
    DG_TRY(probe_second_line(file, &pass));
    if (file->columns == 0) {
        dg_csv_fail(&pass, 0, "an empty line, expected values");
        return pass.status;
    }
    const char *odd = file->name.column ? file->name.text : file->value.text; /* tabs as "\x09" */
    if (header != DG_CSV_HEADER_YES && file->columns == 1 &&
        (strpbrk(odd, ";|") || strstr(odd, "\\x09")))
        return dg_error(DG_FORMAT, "%s:1: %s is one value: separate values by commas", file->path,
                        odd);
    DG_TRY(find_header(file, header));
    if (!file->header || file->first_line_end < file->end) return DG_OK;
    if (header == DG_CSV_HEADER_YES)
        return dg_error(DG_FORMAT, "%s: has a header line, but no rows", file->path);
    return dg_error(DG_FORMAT,
                    "%s:1: column %" PRId64 ": %s is not a number, so this is a header "
                    "line, and no rows follow it",
                    file->path, file->name.column, file->name.text);
}

dg_status dg_csv_open(dg_csv_file *file, const char *path, dg_csv_header header)
{
    file->path = path;
    if (file->max_line == 0) file->max_line = DG_CSV_LINE;
    DG_TRY(dg_file_open(path, &file->descriptor, &file->end));
    DG_TRY(skip_mark(file));
    DG_TRY(trim_end(file));
    return read_first_line(file, header);
}

void dg_csv_close(dg_csv_file *file)
{
    if (file->descriptor >= 0) close(file->descriptor);
}

/* --- cutting -------------------------------------------------------------------------------- */

/* A range of bytes is scanned before it is known whether it begins inside quotes, so the results
 * are kept for both cases: [0] if it begins outside, [1] if inside. Outside quotes, the number of
 * quotes before a byte is even. */
struct csv_range {
    int64_t ends[2];    /* line ends after an even and after an odd number of its quotes */
    int64_t cut[2];     /* the byte after the first LF that is outside quotes in case k; 0: none */
    int64_t at_cut[2];  /* line ends before that byte that are outside quotes in case k */
    int64_t all_cut[2]; /* all line ends before that byte */
    int odd;            /* 1 after an odd number of quotes */
    bool after_return;  /* the last byte was CR: an LF now belongs to it */
};

/* How many LF the block has; `*special`: whether it has a CR or a quote. */
DG_KERNEL(int64_t, count_line_feeds, (const unsigned char *block, int64_t size, bool *special),
          (block, size, special))
{
    int64_t count = 0, i = 0;
    unsigned char seen = 0;
    while (i < size) {
        int64_t end = size - i < 255 ? size : i + 255;
        unsigned char part = 0; /* at most 255 */
        for (; i < end; i++) {
            part += block[i] == '\n';
            seen |= (block[i] == '\r') | (block[i] == '"');
        }
        count += part;
    }
    *special = seen;
    return count;
}

static void note_cut(struct csv_range *r, int side, int64_t after)
{
    if (r->cut[side]) return;
    r->cut[side] = after;
    r->at_cut[side] = r->ends[side];
    r->all_cut[side] = r->ends[0] + r->ends[1];
}

/* A block with CR or quotes, byte by byte. */
static void look_closely(struct csv_range *r, const unsigned char *block, int64_t size,
                         int64_t offset)
{
    for (int64_t i = 0; i < size; i++) {
        unsigned char c = block[i];
        if (c == '"') r->odd ^= 1;
        if (c == '\r' || (c == '\n' && !r->after_return)) r->ends[r->odd]++;
        if (c == '\n') note_cut(r, r->odd, offset + i + 1);
        r->after_return = c == '\r';
    }
}

static void look(struct csv_range *r, const unsigned char *block, int64_t size, int64_t offset)
{
    bool special;
    int64_t count = count_line_feeds(block, size, &special);
    if (special || r->after_return) {
        look_closely(r, block, size, offset);
        return;
    }
    if (count > 0 && !r->cut[r->odd]) {
        const unsigned char *first = memchr(block, '\n', (size_t)size);
        r->ends[r->odd]++;
        note_cut(r, r->odd, offset + (first - block) + 1);
        count--;
    }
    r->ends[r->odd] += count;
}

struct csv_scan {
    const dg_csv_file *file;
    int64_t begin, count;
    struct csv_range ranges[DG_CSV_CHUNKS];
};

static dg_status csv_scan_piece(void *context, int64_t piece, int worker)
{
    struct csv_scan *scan = context;
    const dg_csv_file *file = scan->file;
    int64_t size = file->end - scan->begin;
    int64_t at = scan->begin + dg_piece_begin(size, scan->count, piece);
    int64_t end = scan->begin + dg_piece_begin(size, scan->count, piece + 1);
    unsigned char block[DG_CSV_BLOCK];
    struct csv_range r = { 0 };
    (void)worker;
    if (piece > 0) {
        DG_TRY(dg_file_read(file->path, file->descriptor, at - 1, 1, block));
        r.after_return = block[0] == '\r';
    }
    for (; at < end; at += DG_CSV_BLOCK) {
        int64_t part = end - at < DG_CSV_BLOCK ? end - at : DG_CSV_BLOCK;
        DG_TRY(dg_job_check(file->job));
        DG_TRY(dg_file_read(file->path, file->descriptor, at, (size_t)part, block));
        look(&r, block, part, at);
    }
    scan->ranges[piece] = r;
    return DG_OK;
}

dg_status dg_csv_cut(dg_csv_file *file)
{
    struct csv_scan scan = { .file = file,
                             .begin = file->header ? file->first_line_end : file->begin };
    int64_t line = 1 + (file->header ? file->first_lines : 0), row = 0;
    int inside = 0; /* quotes */
    scan.count = dg_pieces(file->end - scan.begin, DG_CSV_CHUNK_SIZE, DG_CSV_CHUNKS);
    DG_TRY(dg_parallel(file->job, scan.count, csv_scan_piece, &scan));
    file->chunks[0] = (dg_csv_chunk){ .begin = scan.begin, .line = line, .row = 0 };
    file->chunk_count = 1;
    for (int64_t i = 0; i < scan.count; i++) {
        const struct csv_range *r = &scan.ranges[i];
        if (i > 0 && r->cut[inside] && r->cut[inside] < file->end) {
            dg_csv_chunk *last = &file->chunks[file->chunk_count - 1];
            dg_csv_chunk next = { .begin = r->cut[inside],
                                  .line = line + r->all_cut[inside],
                                  .row = row + r->at_cut[inside] };
            last->end = next.begin;
            last->row_end = next.row;
            file->chunks[file->chunk_count++] = next;
        }
        line += r->ends[0] + r->ends[1];
        row += r->ends[inside];
        inside ^= r->odd;
    }
    file->rows = row + 1; /* trim_end removed the last line end */
    file->chunks[file->chunk_count - 1].end = file->end;
    file->chunks[file->chunk_count - 1].row_end = file->rows;
    return DG_OK;
}
