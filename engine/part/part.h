/* Parts describe themselves.
 *
 * A part is anything that people configure by name: a layer, an optimizer, a loss, an initialiser,
 * a regulariser, a learner. Its C file ends in one descriptor; constructors in Lua, error messages,
 * help, completion, summaries, saving and loading are written once, against it.
 */
#ifndef DG_PART_H
#define DG_PART_H

#include "engine/part/param.h"

/* The description of a part. The first member of dg_layer_type, dg_optimizer_type and the rest. */
typedef struct dg_descriptor {
    const char *kind;    /* "layer", "optimizer", "loss", "initializer", "regularizer" ... */
    const char *name;    /* "Conv2D" */
    const char *alias;   /* "conv2d", the word that a text parameter may use; or NULL */
    const char *doc;     /* one line, then the source: "2-D convolution ... (LeCun et al. 1989)" */
    const char *example; /* one line of Lua */
    const dg_param *params; /* in the order of positional values, then DG_END */
    size_t options_size;
    /* Checks options against each other, after all are set; may be NULL. */
    dg_status (*check)(const void *options);
    const dg_hint *hints; /* advice about options of peers; or NULL */
    /* Names of the part in other libraries, then NULL; messages answer them with ours. May be
     * NULL. */
    const char *const *peers;
} dg_descriptor;

/* An immutable, reference-counted description: a descriptor and the options that were given. */
struct dg_part {
    const dg_descriptor *type;
    void *options; /* options_size bytes */
    int references;
    uint64_t given;            /* bit i: parameter i was set by the user */
    uint64_t positional;       /* bit i: and that by its position */
    const dg_param *gathering; /* the list that single positional values are added to; or NULL */
    bool borrows;              /* opened for a call: owns nothing */
};

/* All descriptors (engine/registry.list), in the order of the manual, then NULL. */
extern const dg_descriptor *const dg_registry[];

/* The next descriptor of `kind` in it, from place `*at` on, which then is the place after; or NULL:
 *
 *     for (int at = 0; (type = dg_next_of_kind("layer", &at));) */
const dg_descriptor *dg_next_of_kind(const char *kind, int *at);

/* The descriptor of `kind` whose name or alias is `name`, or NULL with DG_INVALID's message, which
 * suggests the nearest name. */
const dg_descriptor *dg_find_descriptor(const char *kind, const char *name);

/* Whether `name` is what another library calls the part; the descriptor of `kind` with such a name,
 * or NULL. */
bool dg_is_peer(const dg_descriptor *type, const char *name);
const dg_descriptor *dg_find_peer(const char *kind, const char *name);

/* Making a part: begin, set each option, finish; after that it never changes. If a set or the
 * finish fails, release it. dg_part_set copies maps and takes its own reference to a part. Nil
 * means "not given" for a part, a list, a seed or one of several. A whole float is accepted as an
 * integer, an integer as a float, a string never as a number; setting an option twice is an error.
 */
dg_status dg_part_begin(const dg_descriptor *type, dg_part **out);
dg_status dg_part_set(dg_part *part, const char *name, const dg_value *value);
/* Positional value `position`, from 0. */
dg_status dg_part_set_at(dg_part *part, int position, const dg_value *value);
dg_status dg_part_finish(dg_part *part);

/* Fills `part` with defaults for one call of a function, which is described as a part is. `options`
 * (type->options_size bytes) and everything that values refer to remain the caller's; nothing is
 * allocated, and nothing need be released. Here texts do not name parts. */
void dg_part_open(dg_part *part, const dg_descriptor *type, void *options);

/* A part with all defaults. */
dg_status dg_part_default(const dg_descriptor *type, dg_part **out);

/* A copy of `part` in which the option `name` has another value. */
dg_status dg_part_with(dg_part **out, const dg_part *part, const char *name, const dg_value *value);

/* The value of parameter `index` of `part`; texts and parts in it live as long as the part. */
dg_value dg_part_get(const dg_part *part, int index);

const dg_part *dg_part_retain(const dg_part *part);
void dg_part_release(const dg_part *part); /* NULL is allowed */

/* Whether two parts have the same type and equal options. */
bool dg_part_equal(const dg_part *a, const dg_part *b);

/* The number of parameters of a descriptor; the index of one by its name, or -1. */
int dg_descriptor_param_count(const dg_descriptor *type);
int dg_descriptor_param_index(const dg_descriptor *type, const char *name);
/* The same; if it is -1, leaves DG_INVALID's message, which suggests the nearest name. */
int dg_descriptor_param_find(const dg_descriptor *type, const char *name);

#endif
