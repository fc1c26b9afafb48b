/* The C half of the library.
 *
 * The rooms of bindings/, each of which includes only what stands below it:
 *
 *     program/    main, the prompt, the command line, where require finds the library
 *     library.c   opens all that follows
 *     learners/   networks, trees and all other learners: making, fitting, predicting
 *     metrics/    judging predictions
 *     services/   what the scripts need besides: pictures, gnuplot, journals
 *     values/     tensors and datasets
 *     calls/      errors, options, functions, classes and parts that describe themselves
 *
 * Rooms on one level (learners, metrics, services) do not include each other. */
#ifndef DIGITS_BINDINGS_LIBRARY_H
#define DIGITS_BINDINGS_LIBRARY_H

#include <lua.h>

/* Opens "digits.core": pushes its table, which scripts/init.lua makes into the module "digits". */
int luaopen_digits_core(lua_State *L);

#endif
