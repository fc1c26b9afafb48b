/* Fits on threads of their own, for the trials of a search, and the scopes of their seeds.
 *
 * Lua stays on its thread: what runs elsewhere is the engine's, on a learner that is taken out of
 * its Lua value meanwhile, and on sets that are retained. The thread tells its failure through the
 * fit, since the message slot of the engine belongs to a thread. */
#ifndef DIGITS_BINDINGS_BACKGROUND_H
#define DIGITS_BINDINGS_BACKGROUND_H

#include <lua.h>

/* start_fit(learner, set, options, judge, threads) begins to fit as learner:fit does, on `threads`
 * threads, and then to judge the learner on the set `judge`, unless that is nil; returns the fit.
 * Raises what is wrong with the options, among which may be no functions. Methods:
 *   done()      whether it has ended
 *   progress()  the part of the fit that is done, 0 to 1
 *   finish()    waits, and returns the history and the scores (or nil); or nil and a message
 *   cancel()    asks it to end soon
 *   close()     cancel, and wait */
int dg_start_fit(lua_State *L);

/* check_fit(learner, set, options) raises what is wrong with the options of learner:fit. */
int dg_check_fit(lua_State *L);

/* wait_fits(list, seconds) returns when one of the fits has ended or the time is over; raises
 * "interrupted" on Ctrl-C. */
int dg_wait_fits(lua_State *L);

/* whole_call() returns a value; until it is closed, Ctrl-C does not end single fits, but raises:
 * local _ <close> = whole_call() */
int dg_whole_call(lua_State *L);

/* seed_scope(seed) opens a scope of seeds, which ends when the value is closed:
 * local scope <close> = seed_scope(seed) */
int dg_seed_scope_open(lua_State *L);

/* key(seed, purpose, index) returns a seed for that purpose; next_seed() one for the next
 * object. */
int dg_seed_key(lua_State *L);
int dg_seed_next(lua_State *L);

/* fingerprint(set) returns a number that differs between sets. */
int dg_set_fingerprint(lua_State *L);

/* is_interrupt(value): whether an error's value says that the user pressed Ctrl-C. */
int dg_is_interrupt(lua_State *L);

#endif
