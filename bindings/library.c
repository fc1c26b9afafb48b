/* The C half of the library: settings, what the scripts ask for, and the opening of all rooms. */
#include "bindings/library.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/calls/check.h"
#include "bindings/calls/class.h"
#include "bindings/calls/constructors.h"
#include "bindings/calls/define.h"
#include "bindings/calls/described.h"
#include "bindings/calls/documents.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/reference.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/background.h"
#include "bindings/learners/fit.h"
#include "bindings/learners/graph.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/learners/model.h"
#include "bindings/metrics/metrics.h"
#include "bindings/services/journal.h"
#include "bindings/services/picture.h"
#include "bindings/services/redirect.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/base/clock.h"
#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/base/random.h"
#include "engine/base/redirect.h"
#include "engine/parallel.h"
#include "engine/tensor/bfloat16.h"
#include "engine/tensor/blas.h"

/* --- settings ------------------------------------------------------------------------------- */

typedef struct setting {
    dg_optional_seed n;
    int64_t count;
} setting;

static int seed(lua_State *L, const void *options)
{
    const setting *o = options;
    if (o->n.given) dg_set_seed(o->n.value);
    lua_pushinteger(L, (lua_Integer)dg_seed());
    return 1;
}

static int threads(lua_State *L, const void *options)
{
    const setting *o = options;
    if (o->count) dg_check_status(L, dg_set_threads((int)o->count));
    lua_pushinteger(L, dg_threads());
    return 1;
}

static int clock_seconds(lua_State *L)
{
    lua_pushnumber(L, dg_clock());
    return 1;
}

static const dg_function functions[] = {
    DG_FUNCTION("seed", seed,
                "Sets the seed of all random choices that have no seed of their own, and returns "
                "it.\nInitially it is 0.",
                "digits.seed(7)", .arguments = 1,
                DG_TAKES(setting, DG_SEED(setting, n, .doc = "nil: only returns it"))),
    DG_FUNCTION(
        "threads", threads,
        "Sets the number of threads, and returns it. Initially it is the number of processors "
        "that\nthis process may use. Results do not depend on it.",
        "digits.threads(2)", .arguments = 1,
        DG_TAKES(setting, DG_INT(setting, count, .optional = true, DG_WITHIN(1, DG_MAX_THREADS),
                                 .doc = "nil: only returns it"))),
    DG_PLAIN_FUNCTION("clock", clock_seconds,
                      "Seconds since some moment in the past, for measuring durations.",
                      "local start = digits.clock()"),
    { NULL, NULL, NULL },
};

/* --- for the scripts ------------------------------------------------------------------------ */

/* raise(message): an error at the line of the user's code. */
static int raise_at_user(lua_State *L)
{
    return dg_raise(L, "%s", luaL_checkstring(L, 1));
}

/* document(value, name, text) */
static int document(lua_State *L)
{
    luaL_checkany(L, 1);
    dg_document(L, 1, luaL_checkstring(L, 2), luaL_checkstring(L, 3));
    lua_settop(L, 1);
    return 1;
}

/* strict(table, name) returns the table. */
static int strict(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *name = luaL_checkstring(L, 2);
    lua_pushvalue(L, 1);
    dg_make_strict(L, name);
    lua_settop(L, 1);
    return 1;
}

/* suggestion(word, table) returns ", did you mean 'words'?", for the key of the table that is
 * nearest, or nil. */
static int suggestion(lua_State *L)
{
    const char *word = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    const char *found = dg_suggest(L, 1, word);
    if (!found) return 0;
    lua_pushfstring(L, ", did you mean '%s'?", found);
    return 1;
}

/* found(value) returns how a message describes a value: "a tensor", "'x' (a string)". */
static int found(lua_State *L)
{
    dg_push_found(L, 1);
    return 1;
}

/* kind_of(path) returns "file", "folder" or nil. */
static int kind_of(lua_State *L)
{
    struct stat status;
    char room[PATH_MAX];
    bool found = stat(dg_redirect_read(luaL_checkstring(L, 1), room), &status) == 0;
    lua_pushstring(L, !found ? NULL : S_ISDIR(status.st_mode) ? "folder" : "file");
    return 1;
}

/* make_folder(path) makes it and its parents; returns true, or false and a message. */
static int make_folder(lua_State *L)
{
    const char *given = dg_want_text(L, 1, "path", "the path");
    char *path = dg_scratch(L, strlen(given) + 1, 1);
    strcpy(path, given);
    for (char *slash = path; slash; *slash = '/') {
        slash = strchr(slash + 1, '/');
        if (slash) *slash = '\0';
        struct stat status;
        char room[PATH_MAX];
        const char *to = path;
        bool made = dg_redirect_write(&to, path, room) == DG_OK && mkdir(to, 0777) == 0;
        int error = errno;
        if (!made && (stat(to, &status) != 0 || !S_ISDIR(status.st_mode))) {
            lua_pushboolean(L, 0);
            lua_pushfstring(L, "cannot make the folder %s: %s", path, strerror(error));
            return 2;
        }
        if (!slash) break;
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* The path of the running program, or nil. */
static int program_path(lua_State *L)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length > 0) lua_pushlstring(L, path, (size_t)length);
    return length > 0;
}

static void set_processor(lua_State *L)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    dg_set_text(L, "processor", "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        dg_set_text(L, "processor", colon + 1 + strspn(colon + 1, " \t"));
        break;
    }
    if (file) fclose(file);
}

/* facts() returns what digits.info() shows; without OpenBLAS, why it is missing. */
static int facts(lua_State *L)
{
    dg_blas_facts blas;
    lua_newtable(L);
    dg_set_text(L, "version", DIGITS_VERSION);
    set_processor(L);
    dg_set_integer(L, "processors", sysconf(_SC_NPROCESSORS_ONLN));
    dg_set_text(L, "kernels", dg_kernel_name());
    dg_set_text(L, "bfloat16", dg_bfloat16_products());
    dg_set_integer(L, "threads", dg_threads());
    dg_set_text(L, "lua", LUA_RELEASE);
    bool found = dg_blas_describe(&blas) == DG_OK;
    dg_set_text(L, "openblas", found ? blas.config : dg_error_message());
    if (!found) return 1;
    dg_set_text(L, "openblas_core", blas.core);
    dg_set_text(L, "openblas_build", blas.build);
    dg_set_text(L, "openblas_path", blas.path);
    dg_set_integer(L, "openblas_threads", blas.threads);
    return 1;
}

/* Whether what is printed goes to a terminal. */
static int is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty(STDOUT_FILENO));
    return 1;
}

/* Bytes that tensors and models hold. */
static int memory(lua_State *L)
{
    lua_pushinteger(L, dg_memory_live());
    return 1;
}

/* printable(name) returns the metatable of tables that C makes: "list", "counts", "history" ... */
static int printable(lua_State *L)
{
    lua_pushfstring(L, "digits.%s", luaL_checkstring(L, 1));
    luaL_newmetatable(L, lua_tostring(L, -1));
    return 1;
}

/* c_locale(f, ...) calls f(...) with a decimal point in all numbers, whatever the locale. */
static int c_locale(lua_State *L)
{
    dg_c_locale locale = dg_c_locale_enter();
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    dg_c_locale_leave(locale);
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* number_text(number) returns the fewest digits that read back as the same number. */
static int number_text(lua_State *L)
{
    char text[40];
    dg_number_text(luaL_checknumber(L, 1), text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

/* log_uniform(low, high, u): see dg_log_uniform. */
static int log_uniform(lua_State *L)
{
    double low = luaL_checknumber(L, 1), high = luaL_checknumber(L, 2);
    lua_pushnumber(L, dg_log_uniform(low, high, luaL_checknumber(L, 3)));
    return 1;
}

/* documents() returns the table value -> { name, text } and the table of classes. */
static int documents(lua_State *L)
{
    dg_push_documents(L);
    dg_push_classes(L);
    return 2;
}

static const luaL_Reg internals[] = {
    { "raise", raise_at_user },
    { "document", document },
    { "strict", strict },
    { "make_folder", make_folder },
    { "asks_functions", dg_lua_asks_functions },
    { "suggestion", suggestion },
    { "found", found },
    { "kind_of", kind_of },
    { "program_path", program_path },
    { "facts", facts },
    { "memory", memory },
    { "is_terminal", is_terminal },
    { "printable", printable },
    { "documents", documents },
    { "number_text", number_text },
    { "log_uniform", log_uniform },
    { "c_locale", c_locale },
    { "describe", dg_lua_describe },
    { "define", dg_lua_define },
    { "format_of", dg_lua_format_of },
    { "idx_values", dg_lua_idx_values },
    { "label_doubt", dg_lua_label_doubt },
    { "put_back", dg_lua_put_back },
    { "set_progress", dg_lua_set_progress },
    { "open_journal", dg_lua_open_journal },
    { "is_model", dg_lua_is_learner },
    { "is_model_path", dg_lua_is_learner_path },
    { "save_for", dg_lua_save_for },
    { "saved_for", dg_lua_saved_for },
    { "parse_json", dg_lua_parse_json },
    { "check_writable", dg_lua_check_writable },
    { "model_text", dg_lua_model_text },
    { "model_difference", dg_lua_model_difference },
    { NULL, NULL },
};

int luaopen_digits_core(lua_State *L)
{
    dg_memory_watch(L);
    dg_push_functions(L, functions, "digits.");
    dg_open_parts(L);
    dg_open_tensor(L);
    dg_open_data(L);
    lua_setfield(L, -2, "data");
    dg_open_learner(L);
    dg_open_model(L);
    dg_open_graph(L);
    dg_add_constructors(L);
    dg_open_metrics(L);
    lua_setfield(L, -2, "metrics");
    dg_set_text(L, "version", DIGITS_VERSION);
    luaL_newlib(L, internals);
    dg_open_background(L);
    dg_open_picture(L);
    dg_open_redirect(L);
    lua_setfield(L, -2, "internals");
    return 1;
}
