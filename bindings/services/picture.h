/* What scripts/plot needs of C: gnuplot, rasters, the terminal, files. */
#ifndef DIGITS_BINDINGS_SERVICES_PICTURE_H
#define DIGITS_BINDINGS_SERVICES_PICTURE_H

#include <lua.h>

/* Sets the table `picture` in the table on top of the stack. */
void dg_open_picture(lua_State *L);

/* --- bindings/services/gnuplot.c --- */

/* gnuplot(commands, seconds) runs gnuplot on a text of commands. Returns what it wrote to its
 * standard output and what it said (warnings), or raises: gnuplot is missing, fails (with what it
 * said), or does not end in time. */
int dg_gnuplot(lua_State *L);

#endif
