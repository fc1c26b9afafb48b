/* The hook that joins the engine's allocator to Lua's collector. */
#include "bindings/calls/memory.h"

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/memory.h"
#include "engine/parallel.h"

#define LEAST_BYTES ((int64_t)64 << 20)

/* Small tensors cost Lua's own heap as much as this memory, and the incremental collector, which
 * needs two rounds for what has a finalizer, lets them pile up: their number counts too. */
#define LEAST_ALLOCATIONS ((int64_t)1 << 15)
#define SMALL_BYTES 128

/* A thread's own, so that workers, which have none, leave the collector alone. */
static _Thread_local lua_State *current;
static _Thread_local int64_t after_last;  /* live bytes after the last collection */
static _Thread_local int64_t allocations; /* since then */
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
    if (dg_memory_live() < after_last) after_last = dg_memory_live(); /* Lua collected by itself */
    if (!failed) {
        int64_t limit = 2 * after_last > LEAST_BYTES ? 2 * after_last : LEAST_BYTES;
        int64_t most = after_last / SMALL_BYTES;
        if (most < LEAST_ALLOCATIONS) most = LEAST_ALLOCATIONS;
        bool enough = dg_memory_live() + (int64_t)bytes > limit || ++allocations > most;
        if (!enough || !lua_gc(L, LUA_GCISRUNNING)) return false;
    }
    collecting = true;
    int done = lua_gc(L, LUA_GCCOLLECT);
    collecting = false;
    current = L; /* a finalizer may have entered from elsewhere */
    after_last = dg_memory_live();
    allocations = 0;
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
    current = L;
    /* the module may be opened again, as busted does: the first guard stays */
    int known = lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
    lua_pop(L, 1);
    if (known != LUA_TNIL) return;
    lua_newuserdatauv(L, 1, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, forget);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    dg_memory_set_hook(collect, NULL);
}
