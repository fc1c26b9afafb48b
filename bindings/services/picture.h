/* What scripts/plot needs of C: gnuplot, rasters, the terminal, files. The room services/ uses
 * values/ and calls/. */
#ifndef DIGITS_BINDINGS_SERVICES_PICTURE_H
#define DIGITS_BINDINGS_SERVICES_PICTURE_H

#include <lua.h>

/* Sets the table `picture` in the table on top of the stack. */
void dg_open_picture(lua_State *L);

/* --- bindings/services/gnuplot.c --- */

/* gnuplot(commands, seconds) runs gnuplot on a text of commands. Returns its standard output and
 * its warnings; raises if gnuplot is missing, fails (with its message), or does not end in time. */
int dg_lua_gnuplot(lua_State *L);

#endif
