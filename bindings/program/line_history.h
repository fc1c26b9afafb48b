/* The lines that the user typed, kept from one session to the next. */
#ifndef DIGITS_BINDINGS_PROGRAM_LINE_HISTORY_H
#define DIGITS_BINDINGS_PROGRAM_LINE_HISTORY_H

/* Reads the last 1000 entries of ${XDG_STATE_HOME:-~/.local/state}/digits-lua/history into
 * libedit's list, and cuts a file that has grown beyond. An entry is a line of the file; "\n" in
 * it stands for a line break and "\\" for a backslash. Where the file cannot be read or written,
 * the history lives as long as the program. */
void dg_line_history_open(void);

/* Adds an entry, which may have several lines, unless it is empty or repeats the last one. The
 * file gets it at once, in one write, so that several sessions can share it. */
void dg_line_history_add(const char *entry);

void dg_line_history_close(void);

#endif
