/* t[key] and t[key] = value. */
#include <inttypes.h>
#include <stdio.h>

#include "bindings/calls/check.h"
#include "bindings/values/tensor.h"

static int out_of_range(lua_State *L, int64_t index, int64_t size)
{
    if (index == 0) return dg_raise(L, "index 0: indices count from 1");
    return dg_raise(L, "index %I is out of range, the axis has %I", (lua_Integer)index,
                    (lua_Integer)size);
}

/* An index of an axis of `size`, as the engine counts it. */
static int64_t want_index(lua_State *L, int64_t index, int64_t size)
{
    if (index == 0 || index > size || index < -size) out_of_range(L, index, size);
    return index > 0 ? index - 1 : size + index;
}

/* Puts the view `next` in the place of the one in the userdata `view`. */
static void replace_view(lua_State *L, dg_tensor *view, dg_tensor *next, dg_status status)
{
    dg_check_status(L, status);
    dg_tensor_release(view);
    *view = *next;
}

/* The pair { first, last } on top of the stack, or {} for the whole axis. */
static void slice_axis(lua_State *L, dg_tensor *view, int axis)
{
    int64_t ends[2], size = view->shape[axis];
    int count = dg_want_integers(L, -1, "index", "a range", ends, 2);
    if (count == 0) return;
    if (count == 1) dg_raise(L, "index: a range is { first, last } or {}, found one number");
    int64_t begin = ends[0] < 0 ? size + ends[0] : ends[0] - 1;
    int64_t end = ends[1] < 0 ? size + ends[1] + 1 : ends[1];
    if (ends[0] == 0 || begin < 0 || begin > size) out_of_range(L, ends[0], size);
    if (end < begin || end > size)
        dg_raise(L, "index: the range { %I, %I } does not lie within 1 to %I", (lua_Integer)ends[0],
                 (lua_Integer)ends[1], (lua_Integer)size);
    dg_tensor next;
    dg_status status = dg_tensor_slice(&next, view, axis, begin, end);
    replace_view(L, view, &next, status);
}

/* Applies the list at `key`: a number, a range or {} for each axis, to the view. */
static void select_list(lua_State *L, dg_tensor *view, int key)
{
    int count = (int)lua_rawlen(L, key), axes = view->axes, axis = 0;
    if (count > axes)
        dg_raise(L, "index: %d indices were given, the tensor has %d ax%cs", count, axes,
                 axes == 1 ? 'i' : 'e');
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, key, i);
        int64_t index;
        if (dg_is_integer(L, -1, &index)) {
            dg_tensor next;
            index = want_index(L, index, view->shape[axis]);
            dg_status status = dg_tensor_select(&next, view, axis, index);
            replace_view(L, view, &next, status);
        } else if (lua_type(L, -1) == LUA_TTABLE) {
            slice_axis(L, view, axis++);
        } else {
            dg_raise(L,
                     "index: expected a whole number, { first, last } or {} for axis %d, found %s",
                     i, dg_push_found(L, -1));
        }
        lua_pop(L, 1);
    }
}

/* Pushes the view that the key, a number or a list, selects. */
static dg_tensor *push_view(lua_State *L, const dg_tensor *tensor, int key)
{
    int64_t index;
    dg_tensor *view = dg_push_tensor(L);
    if (dg_is_integer(L, key, &index)) {
        if (tensor->axes == 0) dg_raise(L, "index: the tensor has no axes");
        index = want_index(L, index, tensor->shape[0]);
        dg_check_status(L, dg_tensor_select(view, tensor, 0, index));
    } else if (lua_type(L, key) == LUA_TTABLE) {
        *view = dg_tensor_retain(tensor);
        select_list(L, view, key);
    } else {
        dg_raise(L, "a tensor cannot be indexed with %s", dg_push_found(L, key));
    }
    return view;
}

int64_t *dg_want_rows(lua_State *L, int index, const char *function, int64_t size, int64_t *count)
{
    index = lua_absindex(L, index);
    const dg_tensor *tensor = dg_test_tensor(L, index);
    if (tensor && tensor->dtype == DG_UINT8)
        dg_raise(L,
                 "%s: row numbers must be an int32 tensor, found uint8, which comparisons return: "
                 "mask:nonzero() returns the row numbers",
                 function);
    if (tensor && (tensor->axes != 1 || tensor->dtype == DG_FLOAT32)) {
        char shape[160];
        dg_raise(L, "%s: row numbers must be an int32 tensor {n}, found %s %s", function,
                 dg_dtype_name(tensor->dtype),
                 dg_shape_text(tensor->axes, tensor->shape, shape, sizeof shape));
    }
    if (!tensor && lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, function, "the rows", "a list of row numbers or an integer tensor");
    int64_t n = tensor ? tensor->shape[0] : (int64_t)lua_rawlen(L, index);
    int64_t *rows = dg_scratch(L, (size_t)n, sizeof *rows);
    for (int64_t i = 0; i < n; i++) {
        double value;
        if (tensor) {
            dg_check_status(L, dg_tensor_get(tensor, &i, &value));
            rows[i] = (int64_t)value;
        } else {
            lua_rawgeti(L, index, i + 1);
            rows[i] = dg_want_integer(L, -1, function, "a row number", INT64_MIN, INT64_MAX);
            lua_pop(L, 1);
        }
        if (rows[i] == 0 || rows[i] > size || rows[i] < -size)
            dg_raise(L, "%s: row %I is out of range 1 to %I", function, (lua_Integer)rows[i],
                     (lua_Integer)size);
        rows[i] += rows[i] > 0 ? -1 : size;
    }
    *count = n;
    return rows;
}

int dg_lua_tensor_index(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "index", "the value");
    int64_t index;
    if (dg_is_integer(L, 2, &index)) {
        if (tensor->axes > 0 && index == tensor->shape[0] + 1) {
            lua_pushnil(L); /* where ipairs ends */
            return 1;
        }
        if (tensor->axes == 1) {
            double value;
            index = want_index(L, index, tensor->shape[0]);
            dg_check_status(L, dg_tensor_get(tensor, &index, &value));
            dg_push_element(L, tensor->dtype, value);
            return 1;
        }
    } else if (lua_type(L, 2) == LUA_TSTRING) {
        return dg_class_unknown(L, DG_TENSOR, lua_tostring(L, 2), 0);
    } else if (dg_test_tensor(L, 2)) {
        if (tensor->axes == 0) dg_raise(L, "index: the tensor has no axes");
        int64_t count, *rows = dg_want_rows(L, 2, "index", tensor->shape[0], &count);
        dg_check_status(L, dg_tensor_take(dg_push_tensor(L), tensor, rows, count));
        return 1;
    }
    push_view(L, tensor, 2);
    return dg_return_tensor(L);
}

/* Pushes, as a tensor, what is assigned: the value at 3. */
static const dg_tensor *push_value(lua_State *L, dg_dtype dtype)
{
    if (lua_type(L, 3) == LUA_TNUMBER) {
        dg_tensor *value = dg_push_tensor(L);
        dg_check_status(L, dg_tensor_full(value, dtype, 0, NULL, lua_tonumber(L, 3)));
    } else if (lua_type(L, 3) == LUA_TTABLE) {
        dg_push_tensor_of(L, 3, "assignment", NULL);
    } else if (dg_test_tensor(L, 3)) {
        lua_pushvalue(L, 3);
    } else {
        dg_wrong_type(L, 3, "assignment", "the value", "a number, a tensor or a table of numbers");
    }
    return lua_touserdata(L, -1);
}

int dg_lua_tensor_newindex(lua_State *L)
{
    dg_tensor *tensor = dg_want_tensor(L, 1, "index", "the value");
    int64_t index;
    if (lua_type(L, 2) == LUA_TSTRING)
        return dg_raise(L, "the field '%s' of a tensor cannot be set", lua_tostring(L, 2));
    dg_make_writable(L, tensor);
    if (lua_type(L, 3) == LUA_TNUMBER && tensor->axes == 1 && dg_is_integer(L, 2, &index)) {
        index = want_index(L, index, tensor->shape[0]);
        dg_check_status(L, dg_tensor_set(tensor, &index, lua_tonumber(L, 3)));
        return 0;
    }
    if (dg_test_tensor(L, 2)) {
        if (tensor->axes == 0) dg_raise(L, "index: the tensor has no axes");
        int64_t count, *rows = dg_want_rows(L, 2, "index", tensor->shape[0], &count);
        const dg_tensor *value = push_value(L, tensor->dtype);
        dg_check_call(L, dg_tensor_put(tensor, rows, count, value), "assignment");
        return 0;
    }
    dg_tensor *view = push_view(L, tensor, 2);
    dg_check_call(L, dg_tensor_assign(view, push_value(L, view->dtype)), "assignment");
    return 0;
}
