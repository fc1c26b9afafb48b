/* Ctrl-C.
 *
 * The handler sets dg_interrupt, which long loops of the engine poll, and a hook on the Lua thread
 * that runs, which raises the error "interrupted" at its next instruction or call. pcall catches
 * that error like any other, so that a script can save what it has. A second Ctrl-C within two
 * seconds of the first one's error cannot be caught: it goes on being raised until it has reached
 * the program. A second Ctrl-C while the first still waits for an answer (within C code) ends the
 * process, unless it comes within 0.3 s of the first. What arrives within 0.05 s is the same
 * Ctrl-C: timeout(1) signals both the process and its group.
 *
 * While model:fit runs, the first Ctrl-C is soft: it raises nothing, not even in a callback; the
 * handler says on stderr what happens, the fit ends after its batch, tree or round, and returns its
 * history. A second one within a second is not soft, and cannot be caught. Within a call that ends
 * as a whole (a search, label_issues), none is soft.
 *
 * A binding that turns the engine's DG_CANCELLED into a Lua error sets dg_interrupt to 0 before it
 * raises: otherwise the hook raises once more where the script goes on.
 *
 * Lua does not tell C which coroutine runs; hence the program's own coroutine.resume, wrap and
 * close, which behave as the library's do. */
#ifndef DIGITS_BINDINGS_CALLS_INTERRUPT_H
#define DIGITS_BINDINGS_CALLS_INTERRUPT_H

#include <lua.h>
#include <stdbool.h>

/* Installs the handler, unless SIGINT was ignored when the program began (as in a background job
 * of a script), and the functions in the global `coroutine`. L is the main thread. */
void dg_interrupt_install(lua_State *L);

/* The default action is back: call it before closing L. */
void dg_interrupt_remove(void);

/* Nothing is left to be answered: forgets the request and takes the hook from L. */
void dg_interrupt_answered(lua_State *L);

/* Whether Ctrl-C was pressed since the last dg_interrupt_answered. */
bool dg_interrupt_arrived(void);

/* Around a fit: begin gives whether Ctrl-C ends it softly, which end takes; end gives whether one
 * did, and answers it. Between them, is_soft says that one did so far. */
bool dg_interrupt_begin_fit(void);
bool dg_interrupt_is_soft(void);
bool dg_interrupt_end_fit(bool soft);

/* Around a call that Ctrl-C ends as a whole; such calls may be nested. */
void dg_interrupt_whole(bool begins);

/* From now on, what Ctrl-C ends leads back to the prompt. */
void dg_interrupt_at_prompt(void);

/* Whether the error value at `index` says that the user interrupted the program. */
bool dg_interrupt_is_error(lua_State *L, int index);

/* Ends the process by SIGINT, as shells expect of a program that was interrupted (status 130). */
void dg_interrupt_exit(void);

#endif
