/* Parts describe themselves.
 *
 * A part is anything that people configure by name: a layer, an optimizer, a loss, an initialiser,
 * a regulariser, a learner. Its C file ends in one descriptor; constructors in Lua, error messages,
 * help, completion, summaries, saving and loading are written once, against it.
 *
 *     typedef struct { double rate; } dropout_options;
 *     static const dg_param params[] = {
 *         DG_FLOAT(dropout_options, rate, .required = true, .high = 1, .high_open = true,
 *                  .doc = "fraction of the values set to zero"),
 *         DG_END };
 */
#ifndef DG_BASE_PART_H
#define DG_BASE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

enum { DG_MAX_INTS = 8, DG_MAX_PARAMS = 32 };

typedef struct dg_part dg_part;

/* A short list of whole numbers: a shape, a window, a pair of strides. */
typedef struct dg_ints {
    int count;
    int64_t at[DG_MAX_INTS];
} dg_ints;

/* The type of a parameter, and in brackets the C type of its field in the options struct. */
typedef enum dg_param_type {
    DG_TYPE_BOOL,    /* bool */
    DG_TYPE_INT,     /* int64_t, low .. high */
    DG_TYPE_FLOAT,   /* double, low .. high, always finite; where `optional` is set, nil (its
                       default) is NaN */
    DG_TYPE_CHOICE,  /* int: the index of the word in `choices` */
    DG_TYPE_INTS,    /* dg_ints: `count_low` .. `count_high` numbers, each low .. high; as the last
                       positional parameter it gathers single numbers: Input { 28, 28, 1 } */
    DG_TYPE_PAIR,    /* int64_t[2]; one number n stands for {n, n} */
    DG_TYPE_PART,    /* dg_part *: NULL or a part of kind `kind`, owned; a text names one by its
                       registered name with its defaults ("he_normal", "adam"); false is NULL */
    DG_TYPE_SEED,    /* dg_optional_seed */
    DG_TYPE_AMOUNT,  /* dg_amount: a count low .. high; where `fraction` is set, a float above 0 and
                       at most 1 (so 1 is a count and 1.0 a fraction); one of `choices`, if any; nil
                       is none of these */
    DG_TYPE_WEIGHTS, /* dg_weights: a positive number for each of some labels; one of `choices`, if
                        any; nil is neither */
} dg_param_type;

typedef struct dg_optional_seed {
    bool given;
    uint64_t value;
} dg_optional_seed;

/* How much of something: depths without a limit, rows by count or by share, "sqrt". */
typedef struct dg_amount {
    enum { DG_AMOUNT_NONE, DG_AMOUNT_COUNT, DG_AMOUNT_FRACTION, DG_AMOUNT_WORD } kind;
    int word; /* index into `choices` */
    int64_t count;
    double fraction;
} dg_amount;

/* A number for a label. */
typedef struct dg_label_weight {
    int64_t label;
    double weight;
} dg_label_weight;

/* Numbers by label, or a rule that makes them. */
typedef struct dg_weights {
    enum { DG_WEIGHTS_NONE, DG_WEIGHTS_WORD, DG_WEIGHTS_TABLE } kind;
    int word; /* index into `choices` */
    int64_t count;
    dg_label_weight *table; /* owned by the part */
} dg_weights;

/* One value on its way into or out of a part: from Lua, or from the JSON of a model file. */
typedef struct dg_value {
    enum {
        DG_VALUE_NIL,
        DG_VALUE_BOOL,
        DG_VALUE_INT,
        DG_VALUE_FLOAT,
        DG_VALUE_TEXT,
        DG_VALUE_INTS,
        DG_VALUE_PART,
        DG_VALUE_WEIGHTS,
    } type;
    bool boolean;
    int64_t integer; /* also a seed, by its bits */
    double number;
    const char *text; /* borrowed */
    dg_ints ints;
    const dg_part *part;            /* borrowed */
    const dg_label_weight *weights; /* borrowed */
    int64_t weight_count;
} dg_value;

/* One parameter. Ranges are inclusive unless said open. A parameter that is neither required nor
 * given takes its default; a DG_TYPE_PART without `default_text` is NULL by default. */
typedef struct dg_param {
    const char *name;
    const char *doc; /* one line: meaning, unit */
    dg_param_type type;
    size_t offset; /* of the field in the options struct */
    bool required;
    bool named_only;  /* is never filled by position */
    double low, high; /* DG_INT, DG_FLOAT, DG_INTS, DG_PAIR; high 0 with low 0 means no limits;
                         high below low means no upper limit, and so does high 0 with low_open */
    bool low_open, high_open;
    bool fraction;              /* DG_AMOUNT: may be a fraction too */
    bool optional;              /* DG_FLOAT: may be nil */
    int count_low, count_high;  /* DG_INTS; 0, 0 means 1 .. DG_MAX_INTS */
    const char *const *choices; /* DG_CHOICE, DG_AMOUNT, DG_WEIGHTS: words, then NULL */
    const char *kind;           /* DG_PART: "initializer", "regularizer" ... */
    double default_number;      /* bool, int, float, both of a pair, an amount's count (0: none) */
    const char *default_text;   /* choice, part, an amount's word */
} dg_param;

#define DG_PARAM(options, field, kind_of, ...)                                                     \
    {                                                                                              \
        .name = #field, .type = kind_of, .offset = offsetof(options, field), __VA_ARGS__           \
    }
#define DG_BOOL(options, field, ...) DG_PARAM(options, field, DG_TYPE_BOOL, __VA_ARGS__)
#define DG_INT(options, field, ...) DG_PARAM(options, field, DG_TYPE_INT, __VA_ARGS__)
#define DG_FLOAT(options, field, ...) DG_PARAM(options, field, DG_TYPE_FLOAT, __VA_ARGS__)
#define DG_CHOICE(options, field, ...) DG_PARAM(options, field, DG_TYPE_CHOICE, __VA_ARGS__)
#define DG_INTS(options, field, ...) DG_PARAM(options, field, DG_TYPE_INTS, __VA_ARGS__)
#define DG_PAIR(options, field, ...) DG_PARAM(options, field, DG_TYPE_PAIR, __VA_ARGS__)
#define DG_PART(options, field, ...) DG_PARAM(options, field, DG_TYPE_PART, __VA_ARGS__)
#define DG_SEED(options, field, ...) DG_PARAM(options, field, DG_TYPE_SEED, __VA_ARGS__)
#define DG_AMOUNT(options, field, ...) DG_PARAM(options, field, DG_TYPE_AMOUNT, __VA_ARGS__)
#define DG_WEIGHTS(options, field, ...) DG_PARAM(options, field, DG_TYPE_WEIGHTS, __VA_ARGS__)
#define DG_END                                                                                     \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* What a part says of itself. The first member of dg_layer_type, dg_optimizer_type and the rest. */
typedef struct dg_descriptor {
    const char *kind;    /* "layer", "optimizer", "loss", "initializer", "regularizer" ... */
    const char *name;    /* "Conv2D" */
    const char *alias;   /* "conv2d", the word that a text parameter may use; or NULL */
    const char *doc;     /* one line, then the source: "2-D convolution ... (LeCun et al. 1989)" */
    const char *example; /* one line of Lua */
    const dg_param *params; /* in the order of positional values, then DG_END */
    size_t options_size;
    /* Checks what no single parameter can, after all are set; may be NULL. */
    dg_status (*check)(const void *options);
    /* Pairs, then NULL: a peer's name for an option, and our sentence about it, which follows
     * "Dense: unknown option 'input_dim': ", such as "use nn.Input { n } before it". Or NULL. */
    const char *const *hints;
    /* Names that peers have for the part, then NULL: they are answered by ours. May be NULL. */
    const char *const *peers;
} dg_descriptor;

/* An immutable, counted description: a descriptor and the options that were given. */
struct dg_part {
    const dg_descriptor *type;
    void *options; /* options_size bytes */
    int references;
    uint64_t given;      /* bit i: parameter i was set by the user */
    uint64_t positional; /* bit i: and that by its position */
};

/* Every descriptor there is (engine/registry.c), in the order of the manual, then NULL. */
extern const dg_descriptor *const dg_registry[];

/* The descriptor of `kind` whose name or alias is `name`, or NULL with DG_INVALID's message, which
 * suggests the nearest name. */
const dg_descriptor *dg_find_descriptor(const char *kind, const char *name);

/* The descriptor of `kind` (NULL: of any kind) that peers call `name`, or NULL. */
const dg_descriptor *dg_find_peer(const char *kind, const char *name);

/* Making a part: begin, set each option, finish; then it never changes again. If a set or the
 * finish fails, release it. dg_part_set copies texts and takes its own reference to a part. A nil
 * stands for a part, a list, a seed, an amount or weights that are not given. A whole float passes
 * as an integer, an integer as a float, a string never as a number; setting twice is an error. */
dg_status dg_part_begin(const dg_descriptor *type, dg_part **out);
dg_status dg_part_set(dg_part *part, const char *name, const dg_value *value);
/* Positional value `position`, from 0. */
dg_status dg_part_set_at(dg_part *part, int position, const dg_value *value);
dg_status dg_part_finish(dg_part *part);

/* A part with all defaults. */
dg_status dg_part_default(const dg_descriptor *type, dg_part **out);

/* The value of parameter `index` of `part`; texts and parts in it live as long as the part. */
dg_value dg_part_get(const dg_part *part, int index);

const dg_part *dg_part_retain(const dg_part *part);
void dg_part_release(const dg_part *part); /* NULL is allowed */

/* Whether two descriptions say the same. */
bool dg_part_equal(const dg_part *a, const dg_part *b);

/* How many parameters a descriptor has; the index of one by its name, or -1. */
int dg_param_count(const dg_descriptor *type);
int dg_param_index(const dg_descriptor *type, const char *name);
/* The same, and where it is -1, DG_INVALID's message, which suggests the nearest name. */
int dg_param_find(const dg_descriptor *type, const char *name);

/* "a number from 0 to 1 (below 1)", "one of 'valid', 'same'": what a parameter expects. */
void dg_param_expects(const dg_param *param, char *out, size_t size);

/* "1.5", "'abc' (a string)", "the layer Conv2D": what was found. */
void dg_value_text(const dg_value *value, char *out, size_t size);

/* Whether `number` lies in the range of `param`; how many numbers a DG_INTS has at least, at most.
 */
bool dg_param_in_range(const dg_param *param, double number);
int dg_param_count_low(const dg_param *param);
int dg_param_count_high(const dg_param *param);

/* The name in `names` (`count` of them) nearest to `word`, or NULL if none is near: at most a
 * third of its letters differ (Damerau and Levenshtein; case does not count). */
const char *dg_nearest(const char *word, const char *const *names, int count);

#endif
