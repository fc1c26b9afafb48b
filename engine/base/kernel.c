/* Which clone of the kernels runs here; the order is the one in which the resolvers choose. */
#include "engine/base/kernel.h"

const char *dg_kernel_name(void)
{
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(DG_NO_CLONES)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
    if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
#endif
    return "default";
}
