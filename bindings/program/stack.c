#define _GNU_SOURCE /* MAP_STACK */
#include "bindings/program/stack.h"

#include <stdlib.h>

#ifdef __GLIBC__ /* other libraries may lack makecontext */
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

/* The engine's largest frames take 64 kB; Lua's calls of C, up to 200 deep, more. */
enum { ENOUGH = 1 << 20, LARGE = 8 << 20 };

/* makecontext passes nothing but int. */
static struct {
    int (*function)(int, char **);
    int argc, result;
    char **argv;
} call;

static void run(void)
{
    call.result = call.function(call.argc, call.argv);
}

int dg_on_large_stack(int (*function)(int argc, char **argv), int argc, char **argv)
{
    struct rlimit limit;
    ucontext_t here, there;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= ENOUGH || getcontext(&there) != 0)
        return function(argc, argv);
    void *stack = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return function(argc, argv);
    call.function = function;
    call.argc = argc;
    call.argv = argv;
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = LARGE;
    there.uc_link = &here;
    makecontext(&there, run, 0);
    if (swapcontext(&here, &there) != 0) call.result = function(argc, argv);
    munmap(stack, LARGE);
    return call.result;
}
#else
int dg_on_large_stack(int (*function)(int argc, char **argv), int argc, char **argv)
{
    return function(argc, argv);
}
#endif
