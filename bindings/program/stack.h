/* A program needs a stack: under a small `ulimit -s` this one brings its own. */
#ifndef DIGITS_BINDINGS_PROGRAM_STACK_H
#define DIGITS_BINDINGS_PROGRAM_STACK_H

/* function(argc, argv), on this thread; where the limit of its stack is small, on another stack,
 * which is large. Without the memory for that it runs on the one that there is. */
int dg_on_large_stack(int (*function)(int argc, char **argv), int argc, char **argv);

#endif
