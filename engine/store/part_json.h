/* Parts as JSON: {"type": "Dense", "options": {"units": 10}, "defaults": {"use_bias": true ...}}.
 * Written once, against the descriptors. Options that were not given are kept as well, so that a
 * file means the same when a default changes; but for parameters that came `later`. */
#ifndef DG_STORE_PART_JSON_H
#define DG_STORE_PART_JSON_H

#include "engine/part/part.h"
#include "engine/store/json.h"

/* Adds the members "type", "options" and "defaults" to `object`. */
dg_status dg_part_to_json(cJSON *object, const dg_part *part);

/* The part of `kind` that `object` describes; DG_FORMAT says what is wrong, not in which file. */
dg_status dg_part_from_json(const dg_part **out, const char *kind, const cJSON *object);

/* A 64-bit seed as a text, since JSON's numbers are doubles. */
cJSON *dg_json_seed(uint64_t seed);
dg_status dg_json_seed_value(const cJSON *item, const char *what, uint64_t *out);

#endif
