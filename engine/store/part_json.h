/* Parts as JSON: {"type": "Dense", "options": {"units": 10}, "defaults": {"use_bias": true ...}}.
 * Options that were not given are written as well, so that a file keeps its meaning when a default
 * changes; except for parameters that are `later`. */
#ifndef DG_STORE_PART_JSON_H
#define DG_STORE_PART_JSON_H

#include "engine/part/part.h"
#include "engine/store/json.h"

/* Adds the members "type", "options" and "defaults" to `object`. */
dg_status dg_part_to_json(cJSON *object, const dg_part *part);

/* Adds a member for each of the parameters, with its value in `options`; not for one that is
 * `later` and has its default. */
dg_status dg_options_to_json(cJSON *object, const dg_param *params, const void *options);

/* The part of `kind` that `object` describes; DG_FORMAT says what is wrong, but not in which
 * file. */
dg_status dg_part_from_json(const dg_part **out, const char *kind, const cJSON *object);

/* A 64-bit seed as a string, since JSON's numbers are doubles. */
cJSON *dg_json_seed(uint64_t seed);
dg_status dg_json_seed_value(const cJSON *item, const char *what, uint64_t *out);

#endif
