/* Data formats: the files that datasets are read from. A format is one C file of
 * engine/data/formats, which ends in its dg_format_type, and a line of engine/registry.list. From
 * that come data.NAME { ... }, which takes the format's own parameters and those of any set (shape,
 * target, class_names ...), its help and completion, and that data.open knows such files. */
#ifndef DG_DATA_FORMAT_H
#define DG_DATA_FORMAT_H

#include "engine/part/part.h"
#include "engine/data/build.h" /* dg_shared_texts */
#include "engine/data/dataset.h"

/* What a reader found. It is released by the caller, also where reading failed. */
typedef struct dg_found {
    dg_tensor x, y;       /* as in dg_dataset_parts; y is left empty where there is none */
    char **feature_names; /* a list of dg_shared_texts, as many as values in a row; or NULL */
} dg_found;

typedef struct dg_format_type {
    /* Of kind "format". The first parameter is the path of the rows; where the second is a path,
     * too, it is that of their labels. */
    dg_descriptor part;
    const char *const *endings; /* of names of files, with or without ".gz" after them; then NULL */
    /* Whether a file that begins with these `size` bytes, unpacked, is of the format; or NULL. */
    bool (*knows)(const unsigned char *bytes, size_t size);
    /* Fills `out`, which is zero, by the options of the part. `record` says what is asked of the
     * set: the caller sees to it, but a reader may go by it. Errors name the file. */
    dg_status (*read)(dg_found *out, const void *options, const dg_dataset_parts *record,
                      const dg_job *job);
} dg_format_type;

/* The format of a file: by its first bytes, else by its name. DG_FORMAT for another one lists all
 * that there are. */
dg_status dg_format_find(const dg_format_type **out, const char *path);

/* The dataset in files. `record`: all but x and y. job: NULL is dg_job_default(). */
dg_status dg_format_read(const dg_dataset **out, const dg_format_type *format, const void *options,
                         const dg_dataset_parts *record, const dg_job *job);

/* The same with the format's defaults; labels may be NULL. */
dg_status dg_format_open(const dg_dataset **out, const dg_format_type *format, const char *rows,
                         const char *labels);

#endif
