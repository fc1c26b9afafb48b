/* Data formats: the files that datasets are read from. A format is one C file in
 * engine/data/formats, which ends in its dg_format_type, and a line in engine/registry.list. From
 * these follow data.NAME { ... }, which takes the format's own parameters and those of any set
 * (shape, target and more), its help and completion, and that data.open reads such files. */
#ifndef DG_DATA_FORMAT_H
#define DG_DATA_FORMAT_H

#include "engine/part/part.h"
#include "engine/data/build.h" /* dg_shared_texts */
#include "engine/data/dataset.h"

/* What a reader found. The caller releases it, also if reading failed. */
typedef struct dg_format_found {
    dg_tensor x, y;       /* as in dg_dataset_fields; without y, it stays empty */
    char **feature_names; /* a list of dg_shared_texts, as many as values in a row; or NULL */
} dg_format_found;

typedef struct dg_format_type {
    /* Of kind "format". The first parameter is the path of the rows; if the second is a path, too,
     * it is that of their labels. */
    dg_descriptor part;
    const char *const *endings; /* of file names, also before ".gz"; then NULL */
    /* Whether a file that begins with these `size` bytes, unpacked, is of the format; or NULL. */
    bool (*knows)(const unsigned char *bytes, size_t size);
    /* Fills `out`, which is zero, according to the options of the part. `record` describes the
     * set that is wanted: the caller applies it, but a reader may look at it. Errors name the
     * file. */
    dg_status (*read)(dg_format_found *out, const void *options, const dg_dataset_fields *record,
                      const dg_job *job);
} dg_format_type;

/* The format of a file, by its first bytes, else by its name. DG_FORMAT if there is none; the
 * message lists all formats. */
dg_status dg_format_find(const dg_format_type **out, const char *path);

/* Reads a dataset from files. `record`: all fields but x and y. job: NULL is dg_job_default(). */
dg_status dg_format_read(const dg_dataset **out, const dg_format_type *format, const void *options,
                         const dg_dataset_fields *record, const dg_job *job);

/* The same with the format's default options; `labels` may be NULL. */
dg_status dg_format_open(const dg_dataset **out, const dg_format_type *format, const char *rows,
                         const char *labels);

#endif
