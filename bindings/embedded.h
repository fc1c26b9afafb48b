// The Lua half of the library, scripts/, held inside the program.
//
// The build writes the array (vendor/embed), so that digits-lua runs from any folder without its sources.
#ifndef DIGITS_BINDINGS_EMBEDDED_H
#define DIGITS_BINDINGS_EMBEDDED_H

// One script. Its bytes run from data up to, not including, end.
struct digits_embedded {
    const char *name; // of the module: "digits.report" for scripts/report.lua, "digits" for scripts/init.lua
    const char *path; // in the source tree: "scripts/report.lua"
    const unsigned char *data;
    const unsigned char *end;
};

// All scripts, sorted by path; the last entry's name is NULL.
extern const struct digits_embedded digits_embedded[];

#endif
