/* For tests: CSV files of a few bytes or many, read with some options. */
#ifndef DG_TESTS_CSV_TEXTS_H
#define DG_TESTS_CSV_TEXTS_H

#include "engine/data/formats/csv.h"

extern const dg_csv_options plain, as_float, with_header, without_header;

dg_status read_path(const dg_dataset **out, dg_csv_options options);

/* Reads a file of these bytes; the shape of a row is {} for that of the file. */
dg_status read_bytes(const dg_dataset **out, const char *bytes, size_t size,
                     dg_csv_options options);
dg_status read_shaped(const dg_dataset **out, const char *text, dg_csv_options options,
                      dg_ints shape);

/* The text loads, as rows times columns of these values. */
void expect_values(const char *text, dg_csv_options options, int64_t rows, int64_t columns,
                   const double *values);

/* The bytes are refused; the message is "path" and `words`. */
void refuse_bytes(const char *bytes, size_t size, dg_csv_options options, const char *words);
void refuse(const char *text, const char *words);

#endif
