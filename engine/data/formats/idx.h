/* IDX files that are no datasets. */
#ifndef DG_DATA_FORMATS_IDX_H
#define DG_DATA_FORMATS_IDX_H

#include "engine/data/format.h"

/* The values of an IDX file, gzipped or not: unsigned bytes, int32 or float32 with any axes. Errors
 * name the file. */
dg_status dg_idx_values(dg_tensor *out, const char *path);

#endif
