/* Where two JSON values differ. */
#ifndef DG_STORE_JSON_DIFFERENCE_H
#define DG_STORE_JSON_DIFFERENCE_H

#include "engine/store/json.h"

/* `*out` (dg_free it) becomes a line for people about the first difference, "layers[2].options.rate
 * was 0.5, is now 0.25", or NULL if there is none. Indices count from 1. */
dg_status dg_json_difference(char **out, const cJSON *then, const cJSON *now);

#endif
