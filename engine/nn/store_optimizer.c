/* The state of a network's optimizer in its file: the section "optimizer" has the members
 *   step    the number of updates done
 *   slots   how many numbers the optimizer keeps for each weight
 * and for each weight the tensors "WEIGHT/1", "WEIGHT/2" ...: these numbers. */
#include <inttypes.h>

#include "engine/base/memory.h"
#include "engine/nn/network.h"
#include "engine/store/sections.h"

static bool has_optimizer(const dg_learner *learner, const dg_save_options *options)
{
    return options->optimizer && ((const dg_model *)learner)->optimizer;
}

static dg_status write_optimizer(const dg_learner *learner, const dg_section_target *to,
                                 cJSON *object, dg_tensor_file *file)
{
    const dg_model *model = (const dg_model *)learner;
    int slots = dg_optimizer_slots(model->optimizer);
    (void)to;
    DG_TRY(dg_json_add(object, "step", dg_json_integer(model->step)));
    DG_TRY(dg_json_add(object, "slots", dg_json_integer(slots)));
    for (int slot = 0; slot < slots; slot++)
        DG_TRY(dg_network_put_values(model, model->slots[slot], slot + 1, file));
    return DG_OK;
}

static dg_status read_optimizer(dg_learner *learner, const cJSON *object,
                                const dg_tensor_file *file)
{
    dg_model *model = (dg_model *)learner;
    const cJSON *item;
    int64_t step, slots, expected;
    if (!model->optimizer)
        return dg_error(DG_FORMAT, "belongs to a compiled network, but there is no 'compile'");
    expected = dg_optimizer_slots(model->optimizer);
    DG_TRY(dg_json_member(object, "step", cJSON_Number, &item));
    DG_TRY(dg_json_whole(item, "'step'", 0, INT64_MAX, &step));
    DG_TRY(dg_json_member(object, "slots", cJSON_Number, &item));
    DG_TRY(dg_json_whole(item, "'slots'", 0, INT32_MAX, &slots));
    if (slots != expected)
        return dg_error(DG_FORMAT,
                        "has %" PRId64 " slots for each weight, the optimizer %s keeps %" PRId64,
                        slots, model->optimizer->type->name, expected);
    if (file->count != slots * model->weight_count)
        return dg_error(DG_FORMAT, "has %d tensors, expected %" PRId64 " slots of %d weights",
                        file->count, expected, model->weight_count);
    for (int slot = 0; slot < slots; slot++)
        DG_TRY(dg_network_get_values(model, model->slots[slot], slot + 1, file));
    model->step = step;
    return DG_OK;
}

const dg_section dg_optimizer_section = {
    .name = "optimizer",
    .has = has_optimizer,
    .write = write_optimizer,
    .read = read_optimizer,
};
