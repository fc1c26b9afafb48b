/* The options of CSV files, for callers in C; those of all sets are dg_dataset_fields. */
#ifndef DG_DATA_FORMATS_CSV_H
#define DG_DATA_FORMATS_CSV_H

#include "engine/data/format.h"

typedef struct dg_csv_options {
    const char *images;   /* path: one row of values per line */
    const char *labels;   /* path of a file of one label per line; or NULL */
    int64_t label_column; /* from 1: the column of `images` that is the label; 0: none */
    dg_one_of header;     /* a bool: whether the first line is one; else it is if all its fields are
                             names (engine/data/number.h), and a line of names and values is
                             refused */
    int dtype;            /* 0: uint8, 1: float32 */
    int64_t max_line; /* the greatest length of a line in bytes (later lines may be longer by 128
                             KiB); 0: 16 MiB */
} dg_csv_options;

/* Strict RFC 4180, by libcsv. DG_FORMAT: the message has file, line, column, what was found and
 * what was expected. A header names the features, unless the rows are given a shape. */
extern const dg_format_type dg_csv;

#endif
