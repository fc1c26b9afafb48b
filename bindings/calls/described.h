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
 * Functions written in Lua say the same in a table, see bindings/calls/define.h. */
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

/* Pushes the Lua function that `function` describes. prefix: what help puts before its name,
 * "data." or "dataset:". */
void dg_push_described(lua_State *L, const dg_function *function, const char *prefix);

/* The same for a method, whose first argument is an object with the metatable at stack index
 * `meta`, or of another class with this method. Classes that share a method share the value. */
void dg_push_described_method(lua_State *L, const dg_function *function, int meta,
                              const char *prefix);

/* A function written in Lua. keeper, call and class are places on the stack. */
typedef struct dg_lua_function {
    dg_descriptor type; /* alias: its name in full, for help */
    int arguments;
    int keeper; /* what keeps all that `type` refers to */
    int call;   /* the function: called with the object of a method, the arguments, and a table of
                    all other options */
    int class;  /* of a method: the metatable of its objects; or 0 */
} dg_lua_function;

/* Pushes the function that reads what it is called with as `function` says. */
void dg_push_described_lua(lua_State *L, const dg_lua_function *function);

/* For the body of a dg_call: the function that was called; and a check that raises its error unless
 * `status` is DG_OK, and else returns 1, for the result on top of the stack. */
const dg_function *dg_called(lua_State *L);
int dg_check_done(lua_State *L, dg_status status);

/* The description of the running function, for a dg_call that serves several. */
const dg_descriptor *dg_running(lua_State *L);

/* The description of the function at `index`, with its number of arguments; or NULL. */
const dg_descriptor *dg_test_described(lua_State *L, int index, int *arguments);

#endif
