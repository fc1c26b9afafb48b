/* Where two JSON values differ. */
#include "engine/store/json_difference.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"

enum { PATH_SIZE = 512, VALUE_SIZE = 80 };

/* A difference: a path, and what is there; NULL is nothing. */
struct difference {
    char path[PATH_SIZE];
    const cJSON *then, *now;
};

/* Leaves the path at the first difference, if there is one. */
static bool differ(struct difference *found, size_t length, const cJSON *then, const cJSON *now);

static bool differ_in(struct difference *found, size_t length, const char *name, int index,
                      const cJSON *then, const cJSON *now)
{
    char *end = found->path + length;
    size_t room = sizeof found->path - length;
    if (name)
        snprintf(end, room, "%s%s", length ? "." : "", name);
    else
        snprintf(end, room, "[%d]", index);
    if (differ(found, length + strlen(end), then, now)) return true;
    *end = '\0';
    return false;
}

static bool lists_differ(struct difference *found, size_t length, const cJSON *then,
                         const cJSON *now)
{
    const cJSON *a = then->child, *b = now->child;
    for (int i = 1; a || b; i++) {
        if (differ_in(found, length, NULL, i, a, b)) return true;
        a = a->next;
        b = b->next;
    }
    return false;
}

static bool objects_differ(struct difference *found, size_t length, const cJSON *then,
                           const cJSON *now)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, then)
    {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(now, item->string);
        if (differ_in(found, length, item->string, 0, item, other)) return true;
    }
    cJSON_ArrayForEach(item, now)
    {
        if (!cJSON_GetObjectItemCaseSensitive(then, item->string))
            return differ_in(found, length, item->string, 0, NULL, item);
    }
    return false;
}

static bool differ(struct difference *found, size_t length, const cJSON *then, const cJSON *now)
{
    found->then = then;
    found->now = now;
    if (!then || !now || (then->type & 0xFF) != (now->type & 0xFF)) return true;
    if (cJSON_IsObject(then)) return objects_differ(found, length, then, now);
    if (cJSON_IsArray(then)) return lists_differ(found, length, then, now);
    return !cJSON_Compare(then, now, true);
}

static dg_status value_text(const cJSON *item, char *out, size_t size)
{
    DG_OWNED char *text = NULL;
    if (!item || cJSON_IsNull(item)) {
        snprintf(out, size, "not given");
        return DG_OK;
    }
    DG_TRY(dg_json_text(&text, item));
    bool fits = strlen(text) < size;
    snprintf(out, size, "%.*s%s", (int)size - (fits ? 1 : 4), text, fits ? "" : "...");
    return DG_OK;
}

dg_status dg_json_difference(char **out, const cJSON *then, const cJSON *now)
{
    struct difference found = { .path = "" };
    char was[VALUE_SIZE], is[VALUE_SIZE];
    dg_text text = { 0 };
    *out = NULL;
    if (!differ(&found, 0, then, now)) return DG_OK;
    DG_TRY(value_text(found.then, was, sizeof was));
    DG_TRY(value_text(found.now, is, sizeof is));
    dg_text_add(&text, "%s was %s, is now %s", found.path[0] ? found.path : "the whole", was, is);
    return dg_text_take(&text, out);
}
