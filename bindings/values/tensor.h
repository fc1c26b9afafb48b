/* The room values/ uses calls/ alone; in it, datasets use tensors.
 *
 * Tensors as Lua values. Lua counts from 1: indices, axes and positions are converted here. */
#ifndef DIGITS_BINDINGS_VALUES_TENSOR_H
#define DIGITS_BINDINGS_VALUES_TENSOR_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "bindings/calls/options.h"
#include "engine/tensor/tensor.h"

#define DG_TENSOR "digits.tensor" /* the name of the class */

extern const dg_lua_handle dg_tensor_handle;
extern const dg_lua_handle dg_number_handle; /* any number, infinite or NaN too */
extern const dg_lua_handle dg_axis_handle;

/* An axis that was read, as the engine counts it; the engine checks that the tensor has it. */
static inline int dg_axis(lua_Integer axis)
{
    return (int)(axis > 0 ? axis - 1 : axis);
}

/* A new, empty tensor on top of the stack, for the engine to fill. */
dg_tensor *dg_push_tensor(lua_State *L);

/* The tensor at `index`, or NULL for another value; a closed one raises. */
dg_tensor *dg_test_tensor(lua_State *L, int index);
dg_tensor *dg_want_tensor(lua_State *L, int index, const char *function, const char *name);

/* Call it before writing to a tensor of Lua's: if it shares its memory with a dataset, it moves to
 * a copy, together with all other tensors that do, so that these still share theirs. */
void dg_make_writable(lua_State *L, dg_tensor *tensor);

int dg_lua_tensor_gc(lua_State *L);

/* Pushes a number of a tensor of this type: an integer or a float. */
void dg_push_element(lua_State *L, dg_dtype dtype, double value);

/* Replaces a tensor without axes, on top of the stack, by its number. */
int dg_return_tensor(lua_State *L);

/* --- bindings/values/tensor_index.c --- */

int dg_lua_tensor_index(lua_State *L);    /* t[key] */
int dg_lua_tensor_newindex(lua_State *L); /* t[key] = value */

/* Row numbers, a list or an integer tensor of one axis at `index`, as the engine counts them:
 * `*count` of them in scratch memory that it leaves on top of the stack. Negative ones count from
 * the end of the `size` rows. */
int64_t *dg_want_rows(lua_State *L, int index, const char *function, int64_t size, int64_t *count);

/* --- bindings/values/tensor_table.c --- */

/* Pushes the tensor that the nested table (or number, or tensor) at `index` spells out. `dtype`:
 * NULL chooses int32 when all values are Lua integers, else float32. */
void dg_push_tensor_of(lua_State *L, int index, const char *function, const dg_dtype *dtype);
int dg_lua_tensor_totable(lua_State *L);

/* __elements(tensor, nested): the elements as a list, nested only if `nested`; else nothing. */
int dg_lua_tensor_elements(lua_State *L);

/* --- bindings/values/tensor_make.c --- */

/* Registers the class and sets the functions that make tensors in the table on top of the stack. */
void dg_open_tensor(lua_State *L);

/* --- bindings/values/tensor_methods.c --- */

extern const dg_function dg_tensor_methods[];
extern const luaL_Reg dg_tensor_metamethods[];
void dg_set_tensor_operators(lua_State *L); /* in the metatable on top of the stack */

#endif
