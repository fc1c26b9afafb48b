/* The command line of digits-lua. */
#ifndef DIGITS_BINDINGS_PROGRAM_COMMAND_LINE_H
#define DIGITS_BINDINGS_PROGRAM_COMMAND_LINE_H

#include <stdbool.h>
#include <stdio.h>

/* Something to do before the script, in the order given: 'e' runs `text`, 'l' requires it,
 * 'W' turns warnings on. */
struct dg_action {
    char kind;
    const char *text;
};

struct dg_command_line {
    bool help, version, interactive, no_environment;
    int threads;               /* 0: not given */
    struct dg_action *actions; /* `action_count` of them, pointing into argv */
    int action_count;
    bool executes;        /* one of the actions is 'e' */
    const char *redirect; /* a folder, or NULL */
    int script;           /* index in argv of the script; argc where there is none */
};

/* Reads argv, which must outlive the result. If it is wrong, writes to stderr what is wrong and how
 * to use the program, and returns false. Free `actions` in either case. Takes the words of
 * --redirect out of argv, so that a script runs as it would without. */
bool dg_command_line_read(int *argc, char **argv, struct dg_command_line *out);

void dg_command_line_usage(FILE *file);

#endif
