/* The descriptors of engine/registry.list, for those who look parts up. */
#include "engine/data/format.h"
#include "engine/learner.h"
#include "engine/metrics/metric.h"
#include "engine/nn/layer.h"
#include "engine/nn/parts.h"
#include "engine/preparation/preparation.h"

#define PART(kind, name) extern const dg_##kind##_type name;
#include "engine/registry.list"
#undef PART

const dg_descriptor *const dg_registry[] = {
#define PART(kind, name) &name.part,
#include "engine/registry.list"
#undef PART
    NULL,
};
