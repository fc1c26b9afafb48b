/* JSON from untrusted files. cJSON does the parsing; what it accepts and a file must not contain
 * is refused here: two members with the same name, bytes after the end, NUL characters (which would
 * end a string early), lists nested too deeply. */
#ifndef DG_STORE_JSON_H
#define DG_STORE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "engine/base/memory.h"
#include "engine/base/status.h"

/* `*out` is freed with cJSON_Delete; NULL on failure. DG_FORMAT: not valid JSON, or refused; the
 * message begins with `what` ("cnn.safetensors: the header"). */
dg_status dg_json_parse(cJSON **out, const char *what, const char *text, size_t length);

/* A local item that is deleted wherever its scope is left: DG_OWNED_JSON *root = NULL. */
#define DG_OWNED_JSON DG_CLEANUP(dg_json_delete_owned) cJSON
void dg_json_delete_owned(cJSON **item);

/* DG_INVALID if an object in `item` has two members with the same name. */
dg_status dg_json_check_names(const cJSON *item);

/* --- reading: DG_FORMAT says what was expected and what was found, but not in which file ---- */

/* "a number", "a list" ...: what `item` is, in words; NULL is "nothing". */
const char *dg_json_kind(const cJSON *item);

/* The member `name` of `object`, which must be of `type` (cJSON_Array, cJSON_Number ...; or-ed if
 * several are accepted). */
dg_status dg_json_member(const cJSON *object, const char *name, int type, const cJSON **out);

/* A whole number from low to high that a double holds exactly. `what` names it in the message. */
dg_status dg_json_whole(const cJSON *item, const char *what, int64_t low, int64_t high,
                        int64_t *out);

/* Turns DG_INVALID into DG_FORMAT, with the same message: a file that contains invalid options is
 * damaged, or was written by a newer program. Other statuses are returned unchanged. */
dg_status dg_as_format_error(dg_status status);

/* --- writing -------------------------------------------------------------------------------- */

/* Adds `item` to the object `to` under `name`, or (NULL) to the list `to`. Takes ownership of
 * `item`, which may be NULL: that is how cJSON reports that memory has run out. */
dg_status dg_json_add(cJSON *to, const char *name, cJSON *item);

/* The same for a new object or list, `*out`. */
dg_status dg_json_add_object(cJSON *to, const char *name, cJSON **out);
dg_status dg_json_add_list(cJSON *to, const char *name, cJSON **out);

/* Numbers that read back as the same number; NULL if memory has run out. A number that is not
 * finite, which JSON cannot express, becomes null. */
cJSON *dg_json_integer(int64_t number);
cJSON *dg_json_number(double number);

/* Makes all numbers in `item` be written so that they read back as the same; afterwards it can only
 * be written. */
dg_status dg_json_keep_numbers(cJSON *item);

/* DG_NO_MEMORY if `item` is NULL. */
dg_status dg_json_made(const cJSON *item);

/* `item` as text without spaces; free it with dg_free. */
dg_status dg_json_text(char **out, const cJSON *item);

#endif
