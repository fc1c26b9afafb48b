/* Whether and how products in bfloat16 are computed here. */
#include "engine/tensor/bfloat16.h"

#include <stdlib.h>

#include "engine/base/kernel.h"

const char *const dg_precision_names[] = {
    [DG_PRECISION_FLOAT32] = "float32", [DG_PRECISION_BFLOAT16] = "bfloat16", NULL
};

static const char *const modes[] = { [DG_BFLOAT16_OFF] = "off",
                                     [DG_BFLOAT16_PROCESSOR] = "processor",
                                     [DG_BFLOAT16_EMULATED] = "emulated" };

static dg_bfloat16_mode chosen = DG_BFLOAT16_PROCESSOR;
static bool has, exact; /* this processor has the instructions; computes as is defined */

dg_bfloat16_mode dg_bfloat16(void)
{
    bool able = has && dg_kernel_level == DG_LEVEL_V4;
    return chosen == DG_BFLOAT16_PROCESSOR && !able ? DG_BFLOAT16_OFF : chosen;
}

bool dg_bfloat16_is_exact(void)
{
    return exact || dg_bfloat16() != DG_BFLOAT16_PROCESSOR;
}

const char *dg_bfloat16_products(void)
{
    if (dg_bfloat16() == DG_BFLOAT16_OFF) return dg_precision_names[DG_PRECISION_FLOAT32];
    return dg_bfloat16_is_exact() ? dg_precision_names[DG_PRECISION_BFLOAT16]
                                  : "bfloat16, rounded otherwise";
}

dg_status dg_bfloat16_use(const char *name)
{
    for (dg_bfloat16_mode mode = DG_BFLOAT16_OFF; mode <= DG_BFLOAT16_EMULATED; mode++) {
        if (strcmp(name, modes[mode]) != 0) continue;
        chosen = mode;
        return DG_OK;
    }
    return dg_error(DG_INVALID, "there is no mode '%s': expected '%s', '%s' or '%s'", name,
                    modes[DG_BFLOAT16_PROCESSOR], modes[DG_BFLOAT16_OFF],
                    modes[DG_BFLOAT16_EMULATED]);
}

dg_status dg_bfloat16_choose(void)
{
    const char *asked = getenv("DIGITS_BFLOAT16");
    chosen = DG_BFLOAT16_PROCESSOR;
    if (!asked || !*asked) return DG_OK;
    return dg_error_context(dg_bfloat16_use(asked), "the environment variable DIGITS_BFLOAT16");
}

void dg_bfloat16_found(bool on_processor, bool is_exact)
{
    has = on_processor;
    exact = is_exact;
    (void)dg_bfloat16_choose(); /* who minds what the variable holds chooses again */
}
