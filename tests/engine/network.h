/* Building small networks in tests, in a line a layer. */
#ifndef TESTS_ENGINE_NETWORK_H
#define TESTS_ENGINE_NETWORK_H

#include "engine/nn/model.h"
#include "tests/engine/support.h"

/* A part of `kind` by name with options in one text: "units=10 activation=relu kernel_size=3,3
 * kernel_regularizer=l2". A number is an integer if it reads as one; one with a comma is a list. */
const dg_part *network_part(const char *kind, const char *name, const char *options);

/* Adds a layer on top of `input` (-1 for an Input) and returns its node; the part is released. */
int network_add(dg_model *model, int input, const char *name, const char *options);

/* A network of layers one after another, "Input shape=4; Dense units=3", that is not finished. */
dg_model *network_of(const char *layers);

/* Adds a layer with two inputs. */
int network_join(dg_model *model, int first, int second, const char *name, const char *options);

void network_compile(dg_model *model, const char *optimizer, const char *options, const char *loss);

/* A set of `rows` rows of the shape of the model's input with normal values (bytes if `bytes`), and
 * labels 0 .. classes-1 that a linear rule over the values decides, so that they can be learnt. */
const dg_dataset *network_set(const dg_model *model, int64_t rows, int classes, bool bytes,
                              uint64_t seed);

/* The network in a file. */
dg_status network_load(dg_model **out, const char *path);

#endif
