/* JSON from files that may come from strangers. cJSON does the parsing; what it lets pass and a
 * file must not have is refused here: two members of one name, bytes after the end, NUL characters
 * (which would end a text early), lists nested too deep. */
#ifndef DG_STORE_JSON_H
#define DG_STORE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "engine/base/status.h"

/* `*out` is given back with cJSON_Delete; NULL on failure. DG_FORMAT: not such a text; the message
 * begins with `what` ("cnn.safetensors: the header"). */
dg_status dg_json_parse(cJSON **out, const char *what, const char *text, size_t length);

/* DG_INVALID when an object in `item` has two members of one name. */
dg_status dg_json_check_names(const cJSON *item);

/* --- reading: DG_FORMAT says what was expected and what was found; not in which file -------- */

/* "a number", "a list" ...: what `item` is, in words; NULL is "nothing". */
const char *dg_json_kind(const cJSON *item);

/* The member `name` of `object`, which must be of `type` (cJSON_Array, cJSON_Number ...; or-ed
 * where several will do). */
dg_status dg_json_member(const cJSON *object, const char *name, int type, const cJSON **out);

/* A whole number low .. high that a double holds exactly. `what` names it in the message. */
dg_status dg_json_whole(const cJSON *item, const char *what, int64_t low, int64_t high,
                        int64_t *out);

/* DG_INVALID as DG_FORMAT, with its message: a file that asks for what cannot be is damaged, or
 * made by a newer program. Other statuses stay. */
dg_status dg_format_error(dg_status status);

/* --- writing -------------------------------------------------------------------------------- */

/* Adds `item` to the object `to` under `name`, or (NULL) to the list `to`. Takes `item`, which may
 * be NULL: cJSON's way of saying that memory has run out. */
dg_status dg_json_add(cJSON *to, const char *name, cJSON *item);

/* The same for a new object or list, `*out`. */
dg_status dg_json_add_object(cJSON *to, const char *name, cJSON **out);
dg_status dg_json_add_list(cJSON *to, const char *name, cJSON **out);

/* Numbers that read back as the same number; NULL without memory. A number that is not finite,
 * which JSON cannot say, becomes null. */
cJSON *dg_json_integer(int64_t number);
cJSON *dg_json_number(double number);

/* DG_NO_MEMORY unless `item` was made. */
dg_status dg_json_made(const cJSON *item);

#endif
