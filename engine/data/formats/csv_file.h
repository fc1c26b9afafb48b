/* What the files that read CSV share. A file is cut at line ends into chunks, which depend on the
 * file alone and are read in parallel. */
#ifndef DG_DATA_CSV_FILE_H
#define DG_DATA_CSV_FILE_H

#include <csv.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/data/dataset.h"

typedef enum dg_csv_header {
    DG_CSV_HEADER_AUTO,
    DG_CSV_HEADER_YES,
    DG_CSV_HEADER_NO
} dg_csv_header;

enum {
    DG_CSV_CHUNKS = 256,         /* at most */
    DG_CSV_CHUNK_SIZE = 1 << 20, /* bytes of a chunk, at least */
    DG_CSV_BLOCK = 1 << 16,      /* bytes read at once */
    DG_CSV_FIELD = 1 << 16,      /* bytes of a field, at most: an unclosed quote stops there */
    DG_CSV_COLUMNS = 1 << 24,    /* at most */
    DG_CSV_LINE = 1 << 24,       /* bytes of a line, at most, unless max_line says otherwise */
};

/* Whole lines of a file, from byte `begin` up to `end`. */
typedef struct dg_csv_chunk {
    int64_t begin, end;
    int64_t line;         /* number of its first line, from 1 */
    int64_t row, row_end; /* numbers of its rows, from 0, without the header */
} dg_csv_chunk;

/* A field of the first line. */
typedef struct dg_csv_seen {
    int64_t column; /* from 1; 0: no such field */
    char text[64];  /* what it holds, in quotes */
} dg_csv_seen;

typedef struct dg_csv_file {
    const char *path;
    const dg_job *job;
    int descriptor;     /* -1: not open */
    int64_t max_line;   /* bytes */
    int64_t begin, end; /* of the lines: after a byte order mark, before trailing blank lines */
    int64_t columns;    /* of the first line */
    dg_csv_seen name,
        value;   /* the first field there that is a name, and the first that is a value */
    bool header; /* the first line is one */
    int64_t first_line_end; /* its last byte, line end included */
    int64_t first_lines;    /* how many lines it covers: more than 1 if quotes contain line ends */
    int64_t rows;
    int64_t chunk_count;
    dg_csv_chunk chunks[DG_CSV_CHUNKS];
} dg_csv_file;

/* One pass of libcsv over some lines. The receiver's struct has this as its first member. */
typedef struct dg_csv_pass {
    const dg_csv_file *file;
    struct csv_parser parser;
    int64_t line, column; /* the current line, from 1, and how many fields of it were seen */
    int64_t line_bytes;   /* the length of the line so far, at least */
    dg_status status;     /* the first failure; fields and rows after it are ignored */
} dg_csv_pass;

typedef void dg_csv_on_field(void *text, size_t size, void *pass);
typedef void dg_csv_on_row(int end, void *pass);

/* --- csv_lines.c: where lines begin and end ------------------------------------------------ */

/* Opens `path` and finds its first line; dg_csv_close must be called on failure, too.
 * The caller sets file->job, max_line (0: the default) and descriptor = -1; the rest is filled. */
dg_status dg_csv_open(dg_csv_file *file, const char *path, dg_csv_header header);
void dg_csv_close(dg_csv_file *file);

/* Fills rows and chunks. */
dg_status dg_csv_cut(dg_csv_file *file);

/* --- csv_rows.c: what lines hold ----------------------------------------------------------- */

/* Parses the bytes from `begin` to `end` of the file with libcsv. `pass` is zero at first, except
 * for file and line. */
dg_status dg_csv_run(dg_csv_pass *pass, int64_t begin, int64_t end, dg_csv_on_field *on_field,
                     dg_csv_on_row *on_row);

/* Records a failure in column `column` (0: of the line): "file:line: column n: ...". */
void dg_csv_fail(dg_csv_pass *pass, int64_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The text of a field for a message, in quotes, shortened and escaped; returns `out`. */
const char *dg_csv_show(const void *text, size_t size, char *out, size_t out_size);

/* Fails, and returns true, if the field has a NUL byte, which neither numbers nor names have. */
bool dg_csv_refuse(dg_csv_pass *pass, const char *text, size_t size);

/* Fails because a line is longer than max_line. */
void dg_csv_fail_long(dg_csv_pass *pass);

/* Where the values go: x (uint8 or float32) has a row of `columns` values, without the label;
 * targets has the values of the label column, finite, and whole numbers of 32 bits if they are to
 * be labels. x or targets may be NULL; both have room for `room` rows. */
typedef struct dg_csv_values {
    dg_dtype dtype;
    void *x;
    double *targets;
    int64_t label_column; /* from 1; 0: none */
    dg_target as;         /* what the targets are to be; none: as they are written */
    bool fractions;       /* result: a target was not written as an integer: "1.0", "1e3" */
    int64_t room;
} dg_csv_values;

dg_status dg_csv_fill(const dg_csv_file *file, dg_csv_values *into);

#endif
