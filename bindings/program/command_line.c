/* Reading the command line: the options of lua, and a few of our own. */
#include "bindings/program/command_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/program/program.h"
#include "engine/parallel.h"
#include "engine/part/part.h"

static const char *const long_options[] = { "--help", "--version", "--threads", "--redirect" };
enum { LONG_OPTIONS = sizeof long_options / sizeof *long_options };

void dg_command_line_usage(FILE *file)
{
    fprintf(
        file,
        "usage: " DG_PROGRAM_NAME " [options] [script or command [arguments]]\n"
        "  -e code        run the Lua code\n"
        "  -l module      require the module into a global of its name\n"
        "  -l name=module require the module into the global 'name'\n"
        "  -i             enter the interactive mode after the script, even if it fails\n"
        "  -W             turn warnings on\n"
        "  -E             ignore LUA_INIT, LUA_PATH, LUA_CPATH and DIGITS_LUA_PATH\n"
        "  --threads N    compute on N threads, 1 to %d (without it: all processors)\n"
        "  --redirect F   write all files below the folder F instead, under their whole paths,\n"
        "                 and read from there what was written\n"
        "  -v, --version  print the version\n"
        "  -h, --help     print this text\n"
        "  --             end the options\n"
        "  -              end the options and run standard input\n"
        "Without a script, standard input is run, or on a terminal the interactive mode.\n"
        "All arguments after the script's name are passed to the script.\n",
        DG_MAX_THREADS);
}

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs(DG_PROGRAM_NAME ": ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    dg_command_line_usage(stderr);
    return false;
}

static bool unknown(const char *word)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *nearest = name[1] && name[2] ? dg_nearest(name, long_options, LONG_OPTIONS) : NULL;
    if (nearest) return wrong("unknown option '%s', did you mean '%s'?", word, nearest);
    if (word[1] == '-')
        return wrong("unknown option '%s' (a script's options come after its name)", word);
    return wrong("unknown option '%s'", word);
}

static bool read_threads(const char *text, int *out)
{
    if (!text) return wrong("'--threads' needs a number from 1 to %d", DG_MAX_THREADS);
    char *end;
    errno = 0;
    long threads = strtol(text, &end, 10);
    if (end == text || *end || errno || threads < 1 || threads > DG_MAX_THREADS)
        return wrong("'--threads' needs a number from 1 to %d, found '%s'", DG_MAX_THREADS, text);
    *out = (int)threads;
    return true;
}

static bool read_redirect(int *argc, char **argv, int *i, struct dg_command_line *out)
{
    const char *equals = strchr(argv[*i], '=');
    int count = equals ? 1 : 2;
    out->redirect = equals ? equals + 1 : argv[*i + 1];
    if (!out->redirect || !*out->redirect) return wrong("'--redirect' needs a folder after it");
    *argc -= count;
    memmove(argv + *i, argv + *i + count, sizeof *argv * (size_t)(*argc - *i + 1));
    --*i;
    return true;
}

/* A word that begins with "--" and goes on. */
static bool read_long(int *argc, char **argv, int *i, struct dg_command_line *out)
{
    const char *word = argv[*i];
    if (strcmp(word, "--help") == 0) return out->help = true;
    if (strcmp(word, "--version") == 0) return out->version = true;
    if (strncmp(word, "--threads=", 10) == 0) return read_threads(word + 10, &out->threads);
    if (strcmp(word, "--redirect") == 0 || strncmp(word, "--redirect=", 11) == 0)
        return read_redirect(argc, argv, i, out);
    if (strcmp(word, "--threads") != 0) return unknown(word);
    if (!read_threads(argv[*i + 1], &out->threads)) return false;
    ++*i;
    return true;
}

/* -e and -l: their text is the rest of the word, or the next word unless that is an option. */
static bool read_action(char **argv, int *i, struct dg_command_line *out)
{
    char kind = argv[*i][1];
    const char *text = argv[*i] + 2;
    if (!*text) text = argv[++*i];
    if (!text || (text == argv[*i] && *text == '-'))
        return wrong("'-%c' needs %s after it", kind, kind == 'e' ? "code" : "a module's name");
    out->actions[out->action_count++] = (struct dg_action){ kind, text };
    if (kind == 'e') out->executes = true;
    return true;
}

static bool read_short(char **argv, int *i, struct dg_command_line *out)
{
    const char *word = argv[*i];
    if (word[1] == 'e' || word[1] == 'l') return read_action(argv, i, out);
    if (word[2]) return unknown(word);
    switch (word[1]) {
    case 'E': return out->no_environment = true;
    case 'h': return out->help = true;
    case 'i': return out->interactive = true;
    case 'v': return out->version = true;
    case 'W': out->actions[out->action_count++] = (struct dg_action){ 'W', NULL }; return true;
    default: return unknown(word);
    }
}

bool dg_command_line_read(int *argc, char **argv, struct dg_command_line *out)
{
    *out = (struct dg_command_line){ .script = 0 };
    out->actions = calloc((size_t)*argc + 1, sizeof *out->actions);
    if (!out->actions) return wrong("not enough memory");
    for (int i = 1; i < *argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1]) {
            out->script = i;
            return true;
        }
        if (strcmp(argv[i], "--") == 0) {
            out->script = i + 1;
            return true;
        }
        bool ok = argv[i][1] == '-' ? read_long(argc, argv, &i, out) : read_short(argv, &i, out);
        if (!ok) return false;
    }
    out->script = *argc;
    return true;
}
