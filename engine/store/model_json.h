/* What the writer and the reader of network files agree on.
 *
 * Metadata "digits_lua" is an object with these members:
 *   format       1: DG_MODEL_FORMAT; a change that old programs cannot read raises it
 *   kind         "network"
 *   program      which program wrote it, for people
 *   layers       [{"name", "type", "options", "defaults"}]: see part_json.h
 *   nodes        [{"layer", "inputs"}]: uses of layers, counted from 0, inputs before uses
 *   output       the node whose output is the network's
 *   seed         of the initial weights, as a text
 *   compile      null, or {"optimizer", "loss", "accuracy", "epoch"}; epoch: how many are done
 *   classes      null, or the label of each output
 *   class_names  only if there are names: one for each class
 *   input_range  null before the first fit, then [least, greatest] value seen
 * Each weight is a tensor of its own, "layer.weight": "conv2d.kernel". */
#ifndef DG_STORE_MODEL_JSON_H
#define DG_STORE_MODEL_JSON_H

#define DG_MODEL_KEY "digits_lua"

enum { DG_MODEL_FORMAT = 1 };

#endif
