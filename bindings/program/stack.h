/* A large stack for the program, also under a small `ulimit -s`. */
#ifndef DIGITS_BINDINGS_PROGRAM_STACK_H
#define DIGITS_BINDINGS_PROGRAM_STACK_H

/* Calls function(argc, argv) on this thread; if the limit of its stack is small, on another, large
 * stack. Without memory for that, it runs on the existing one. */
int dg_on_large_stack(int (*function)(int argc, char **argv), int argc, char **argv);

#endif
