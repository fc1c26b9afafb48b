/* Where two files of tensors differ. */
#ifndef DG_STORE_COMPARE_H
#define DG_STORE_COMPARE_H

#include "engine/store/safetensors.h"

/* `*out` (dg_free it) becomes a line for people about the first difference, "'dense.kernel'[2, 7]
 * was 0.5, is now 0.25; 12 of 7850 values differ, in 2 of 2 tensors", or NULL if all tensors have
 * the same names, types, shapes and bits (NaN is NaN). Indices count from 1. */
dg_status dg_tensor_file_difference(char **out, const dg_tensor_file *then,
                                    const dg_tensor_file *now);

#endif
