/* Which level of kernels runs here. */
#include "engine/base/kernel.h"

#include <stdlib.h>
#include <string.h>

dg_level dg_kernel_level = DG_LEVEL_DEFAULT;

static const char *const names[DG_LEVELS] = { "default", "x86-64-v3", "x86-64-v4" };

const char *dg_level_name(dg_level level)
{
    return names[level];
}

const char *dg_kernel_name(void)
{
    return names[dg_kernel_level];
}

bool dg_kernel_fuses(void)
{
    return dg_kernel_level != DG_LEVEL_DEFAULT || DG_DEFAULT_FUSES;
}

/* By features: before version 16 clang does not know the names of levels here. */
bool dg_has_level(dg_level level)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
    if (level == DG_LEVEL_V3) return v3;
    if (level == DG_LEVEL_V4) return v4;
#endif
    return level == DG_LEVEL_DEFAULT;
}

static dg_level highest(void)
{
    dg_level level = DG_LEVELS - 1;
    while (!dg_has_level(level)) level--;
    return level;
}

dg_status dg_kernel_use(const char *name)
{
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (strcmp(name, names[level]) != 0) continue;
        if (!dg_has_level(level))
            return dg_error(DG_INVALID,
                            "this processor does not have the instructions of kernel level "
                            "'%s'; its highest level is '%s'",
                            name, names[highest()]);
        dg_kernel_level = level;
        return DG_OK;
    }
    return dg_error(DG_INVALID, "there is no kernel level '%s': expected '%s', '%s' or '%s'", name,
                    names[DG_LEVEL_V4], names[DG_LEVEL_V3], names[DG_LEVEL_DEFAULT]);
}

dg_status dg_kernel_choose(void)
{
    const char *asked = getenv("DIGITS_KERNEL");
    dg_kernel_level = highest();
    if (!asked || !*asked) return DG_OK;
    return dg_error_context(dg_kernel_use(asked), "the environment variable DIGITS_KERNEL");
}

__attribute__((constructor)) static void choose_before_main(void)
{
    (void)dg_kernel_choose(); /* who minds what the variable holds chooses again */
}
