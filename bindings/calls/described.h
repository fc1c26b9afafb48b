/* Functions that describe themselves, as parts do: from one description come the reading of their
 * arguments, messages, help, completion and the reference.
 *
 *     typedef struct { const dg_dataset *set; int64_t repeats; dg_optional_seed seed; } options;
 *     static const dg_param params[] = {
 *         DG_HANDLE(options, set, .handle = &dg_dataset_handle.handle, .required = true,
 *                   .doc = "the rows"),
 *         DG_INT(options, repeats, DG_WITHIN(1, 1000000), .default_number = 5,
 *                .doc = "shuffles of each column"),
 *         DG_SEED(options, seed, .doc = "of the shuffles"),
 *         DG_END };
 *     { .name = "importance", .call = importance, .params = params, .size = sizeof(options),
 *       .arguments = 1, .doc = "How much ...", .example = "model:importance(test)" }
 *
 * Functions written in Lua say the same in a table, see dg_define. */
#ifndef DIGITS_BINDINGS_CALLS_DESCRIBED_H
#define DIGITS_BINDINGS_CALLS_DESCRIBED_H

#include "bindings/calls/class.h"
#include "bindings/calls/options.h"

/* A function of a list, and perhaps more of its fields. */
#define DG_FUNCTION(word, called, text, sample, ...)                                               \
    {                                                                                              \
        .name = word, .call = called, .doc = text, .example = sample, __VA_ARGS__                  \
    }
/* One without options. */
#define DG_PLAIN_FUNCTION(word, called, text, sample, ...)                                         \
    {                                                                                              \
        .name = word, .function = called, .doc = text, .example = sample, __VA_ARGS__              \
    }
/* Its parameters, for the fields of a struct. */
#define DG_TAKES(options, ...)                                                                     \
    .params = (const dg_param[]){ __VA_ARGS__, DG_END }, .size = sizeof(options)
/* Its hints, each { theirs, ours }. */
#define DG_HINTS(...)                                                                              \
    .hints = (const dg_hint[])                                                                     \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL                                                                                   \
        }                                                                                          \
    }
/* Its parameters word_params, for a struct word_options. */
#define DG_OPTIONS(word) .params = word##_params, .size = sizeof(word##_options)
/* And those of a C function that is called so in Lua, too. */
#define DG_CALLED(word, count) .name = #word, .call = word, DG_OPTIONS(word), .arguments = count

enum { DG_MAX_OPTIONS_SIZE = 1024 }; /* bytes of an options struct */

/* Pushes the Lua function that `function` describes. prefix: what its name stands
 * behind in help, "data." or "dataset:". */
void dg_push_described(lua_State *L, const dg_function *function, const char *prefix);

/* The same for a method, whose first argument is an object with the metatable at stack index
 * `meta`, or of another class with this method. Classes that share a method share the value. */
void dg_push_described_method(lua_State *L, const dg_function *function, int meta,
                              const char *prefix);

/* Within it: the function that was called. Raises its error, unless the status is DG_OK; else
 * returns 1, for what it has filled lies on top of the stack. */
const dg_function *dg_called(lua_State *L);
int dg_check_done(lua_State *L, dg_status status);

/* Pushes how a function is called: "split { parts..., seed = nil, stratify = false }". */
void dg_push_signature(lua_State *L, const dg_descriptor *type, int arguments);

/* The description of the function that runs, for a dg_call that serves several. */
const dg_descriptor *dg_running(lua_State *L);

/* define(table, call): a function that describes itself and is written in Lua.
 *
 *     internals.define({ path = "plot.histogram", arguments = 1, doc = "...", example = "...",
 *       hints = { "nbins", "use bins = ..." }, params = {
 *         { "values", { "tensor", "table" }, required = true, doc = "numbers" },
 *         { "bins", "integer", low = 1, high = 1000, default = 30, doc = "how many" } } },
 *       function(values, options) ... end)
 *
 * Of a parameter: low, high, above, below, choices, count (of "integers"), default, required,
 * named_only, rest, doc; its type is one of words[] (described.c), with `of`, `fields`, `some` and
 * `open` where that holds values, or a list of them, of which one fits (what holds values stands
 * last, for it raises where one of these does not fit); `expects` says it in words of its own.
 * Where nothing is given and there is no default, it is nil. `name` stands in messages, by default
 * the last word of the path. method = true and class = a metatable make a method. The call gets the
 * object of a method, the arguments, and a table of all other options. */
int dg_define(lua_State *L);

/* The description of the function at `index`, and how its arguments stand; or NULL. */
const dg_descriptor *dg_test_described(lua_State *L, int index, int *arguments);

/* describe(value) (bindings/calls/parts.c), for help and completion: the table of a part, a
 * constructor or a function that describes itself, or nothing. */
int dg_describe(lua_State *L);

#endif
