/* The Lua half of the library, scripts/, and the experiments, held inside the program.
 *
 * The build writes the array (vendor/embed), so that digits-lua runs anywhere without its sources.
 */
#ifndef DIGITS_BINDINGS_EMBEDDED_H
#define DIGITS_BINDINGS_EMBEDDED_H

/* One script. Its bytes run from data up to, not including, end. Module names follow the paths:
 * scripts/init.lua is "digits", scripts/a/b.lua is "digits.a.b", scripts/a/init.lua is
 * "digits.a", experiments/a.lua is "experiments.a". */
struct digits_embedded {
    const char *name; /* of the module */
    const char *path; /* in the source tree: "scripts/a/b.lua" */
    const unsigned char *data;
    const unsigned char *end;
};

/* All scripts, sorted by path; the last entry's name is NULL. */
extern const struct digits_embedded digits_embedded[];

#endif
