/* The hook that joins the engine's allocator to Lua's collector. */
#include "bindings/memory.h"

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/job.h"
#include "engine/base/memory.h"

#define LEAST_BYTES ((int64_t)64 << 20)

/* A thread's own, so that workers, which have none, leave the collector alone. */
static _Thread_local lua_State *current;
static _Thread_local int64_t after_last; /* live bytes after the last collection */
static _Thread_local bool collecting;

void dg_memory_enter(lua_State *L)
{
    current = L;
}

static bool collect(void *context, size_t bytes, bool failed)
{
    (void)context;
    lua_State *L = current;
    if (!L || collecting || dg_in_piece()) return false;
    if (!failed) {
        int64_t limit = 2 * after_last > LEAST_BYTES ? 2 * after_last : LEAST_BYTES;
        if (dg_memory_live() + (int64_t)bytes <= limit || !lua_gc(L, LUA_GCISRUNNING)) return false;
    }
    collecting = true;
    int done = lua_gc(L, LUA_GCCOLLECT);
    collecting = false;
    current = L; /* a finalizer may have entered from elsewhere */
    after_last = dg_memory_live();
    return done == 0;
}

static int forget(lua_State *L)
{
    (void)L;
    dg_memory_set_hook(NULL, NULL);
    current = NULL;
    return 0;
}

void dg_memory_watch(lua_State *L)
{
    static const char key;
    lua_newuserdatauv(L, 1, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, forget);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    current = L;
    dg_memory_set_hook(collect, NULL);
}
