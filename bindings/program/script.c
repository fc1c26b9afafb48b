/* Loading the script, and remembering it. */
#include "bindings/program/script.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/redirect.h"
#include "engine/store/recipe.h"

static dg_origin origin; /* as long as the program */

void dg_script_begin(int argc, char **argv, int script)
{
    const char *const *words = (const char *const *)argv;
    origin = (dg_origin){ .before = words + 1, .before_count = script - 1 };
    if (script < argc) {
        origin.script = argv[script];
        origin.arguments = words + script + 1;
        origin.argument_count = argc - script - 1;
    }
    dg_recipe_set_origin(&origin);
}

void dg_script_prompt(void)
{
    origin.prompt = true;
}

/* The whole file, to be freed; NULL if it cannot be read. */
static char *read_all(FILE *file, size_t *length)
{
    char *text = NULL;
    size_t capacity = 0, got = 1;
    *length = 0;
    while (got > 0) {
        if (*length == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *longer = realloc(text, capacity);
            if (!longer) break;
            text = longer;
        }
        got = fread(text + *length, 1, capacity - *length, file);
        *length += got;
    }
    if (got == 0 && !ferror(file)) return text;
    free(text);
    return NULL;
}

/* Where memory or the file is missing, the module is not noted. */
void dg_script_note_module(const char *path)
{
    char room[PATH_MAX];
    size_t length = 0;
    FILE *file = fopen(dg_redirect_read(path, room), "rb");
    char *text = file ? read_all(file, &length) : NULL;
    dg_origin_module module = { .path = text ? strdup(path) : NULL };
    if (file) fclose(file);
    if (module.path && dg_grow(&origin.modules, origin.module_count, sizeof module) == DG_OK) {
        dg_sha256_of(text, length, module.digest);
        origin.modules[origin.module_count++] = module;
    } else {
        free(module.path);
    }
    free(text);
}

/* Without a byte order mark and a first line that begins with #. */
static int load_text(lua_State *L, const char *text, size_t length, const char *name)
{
    const char *end = text + length;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
    if (text < end && *text == '#') {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        text = line ? line : end; /* the line's end stays, so that lines are counted right */
    }
    return luaL_loadbuffer(L, text, (size_t)(end - text), name);
}

int dg_script_load(lua_State *L, const char *path)
{
    char room[PATH_MAX];
    size_t length = 0;
    FILE *file = path ? fopen(dg_redirect_read(path, room), "rb") : stdin;
    char *text = file ? read_all(file, &length) : NULL;
    if (path && file) fclose(file);
    if (!text) return luaL_loadfile(L, path); /* says why not */
    origin.script = path ? path : "-";
    origin.text = text;
    origin.length = (int64_t)length;
    const char *name = path ? lua_pushfstring(L, "@%s", path) : lua_pushliteral(L, "=stdin");
    int status = load_text(L, text, length, name);
    lua_remove(L, -2);
    return status;
}
