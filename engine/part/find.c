/* Looking parts up by name in the registry. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/part/part.h"

/* Appends "'word'" to a list, and cuts off what does not fit. */
static void append_word(char *list, size_t size, const char *word)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s'%s'", used ? ", " : "", word);
}

static const char *word_for(const dg_descriptor *type)
{
    return type->alias ? type->alias : type->name;
}

const dg_descriptor *dg_next_of_kind(const char *kind, int *at)
{
    while (dg_registry[*at] && strcmp(dg_registry[*at]->kind, kind) != 0) ++*at;
    return dg_registry[*at] ? dg_registry[(*at)++] : NULL;
}

bool dg_is_peer(const dg_descriptor *type, const char *name)
{
    for (const char *const *peer = type->peers; peer && *peer; peer++)
        if (strcasecmp(*peer, name) == 0) return true;
    return false;
}

const dg_descriptor *dg_find_peer(const char *kind, const char *name)
{
    const dg_descriptor *type;
    for (int at = 0; (type = dg_next_of_kind(kind, &at));)
        if (dg_is_peer(type, name)) return type;
    return NULL;
}

const dg_descriptor *dg_find_descriptor(const char *kind, const char *name)
{
    enum { MOST = 256, LIST_SIZE = 512 };
    const char *names[MOST] = { NULL };
    int count = 0;
    char known[LIST_SIZE] = "";
    const dg_descriptor *type;
    for (int at = 0; (type = dg_next_of_kind(kind, &at));) {
        if (strcmp(type->name, name) == 0) return type;
        if (type->alias && strcmp(type->alias, name) == 0) return type;
        append_word(known, sizeof known, word_for(type));
        /* the word first: of two that are equally near, the first is suggested */
        if (count < MOST) names[count++] = word_for(type);
        if (type->alias && count < MOST) names[count++] = type->name;
    }
    const dg_descriptor *ours = dg_find_peer(kind, name);
    const char *nearest = ours ? NULL : dg_nearest(name, names, count);
    if (ours)
        dg_error(DG_INVALID, "unknown %s '%.100s': here it is '%s'", kind, name, word_for(ours));
    else if (nearest)
        dg_error(DG_INVALID, "unknown %s '%.100s', did you mean '%s'?", kind, name, nearest);
    else if (count)
        dg_error(DG_INVALID, "unknown %s '%.100s', expected one of %s", kind, name, known);
    else
        dg_error(DG_INVALID, "unknown %s '%.100s': no %s is registered", kind, name, kind);
    return NULL;
}
