/* Parameters: what can be configured says so, by name, type, range, default and meaning.
 *
 * A list of dg_param describes the fields of an options struct. Constructors of parts
 * (engine/base/part.h), functions that scripts call (bindings/described.h), error messages, help,
 * completion, the reference and model files follow from it. One value meets one parameter in
 * dg_param_check, and nowhere else.
 *
 *     typedef struct { double rate; } dropout_options;
 *     static const dg_param params[] = {
 *         DG_FLOAT(dropout_options, rate, .required = true, .high = 1, .high_open = true,
 *                  .doc = "fraction of the values set to zero"),
 *         DG_END };
 */
#ifndef DG_BASE_PARAM_H
#define DG_BASE_PARAM_H

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

/* What a value that the engine cannot look into is, in words: a tensor, a dataset, a function. */
typedef struct dg_handle {
    const char *name;    /* "tensor" */
    const char *expects; /* "a tensor", "a dataset, or a table of two tensors, x and y" */
} dg_handle;

/* The type of a parameter, and in brackets the C type of its field in the options struct. */
typedef enum dg_param_type {
    DG_TYPE_BOOL,   /* bool */
    DG_TYPE_INT,    /* int64_t, low .. high; where `optional` is set, 0, which is then out of range,
                     stands for nil */
    DG_TYPE_FLOAT,  /* double, low .. high, always finite; where `optional` is set, NaN stands for
                      nil, which is its default */
    DG_TYPE_TEXT,   /* const char *, without NUL bytes, borrowed for a call (no part has one); NULL
                      where it is not given and has no default */
    DG_TYPE_PATH,   /* const char *, as DG_TYPE_TEXT: the path of a file */
    DG_TYPE_CHOICE, /* int: the index of the word in `choices` */
    DG_TYPE_INTS,   /* dg_ints: `count_low` .. `count_high` numbers, each low .. high; as the last
                       positional parameter it gathers single numbers: Input { 28, 28, 1 } */
    DG_TYPE_PAIR,   /* int64_t[2]; one number n stands for {n, n} */
    DG_TYPE_PART,   /* dg_part *: NULL or a part of kind `kind`, owned; a text names one by its
                       registered name with its defaults ("he_normal", "adam"); false is NULL */
    DG_TYPE_SEED,   /* dg_optional_seed */
    DG_TYPE_AMOUNT, /* dg_amount: a count low .. high; where `fraction` is set, a float above 0 and
                       at most 1 (so 1 is a count and 1.0 a fraction); one of `choices`, if any; nil
                       is none of these */
    DG_TYPE_WEIGHTS, /* dg_weights: a positive number for each of some labels; one of `choices`, if
                        any; nil is neither */
    DG_TYPE_HANDLE,  /* a pointer to what `handle` stands for, borrowed for a call (no part has
                        one); NULL where it is not given */
    DG_TYPE_SLOT,    /* int: where on the caller's stack a value of `handle` lies; 0: not given */
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

/* One value on its way into or out of an options struct: from Lua, or from the JSON of a model
 * file. What it points to is borrowed. */
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
        DG_VALUE_HANDLE,
        DG_VALUE_OTHER, /* what no parameter takes; `text` says what it is */
    } type;
    bool boolean;
    int64_t integer; /* also a seed, by its bits; of a checked DG_CHOICE: the index of the word */
    double number;
    const char *text;
    dg_ints ints;
    const dg_part *part;
    const dg_label_weight *weights;
    int64_t weight_count;
    const dg_handle *handle;
    const void *pointer; /* of a handle */
    int slot;            /* of a handle: its place on the caller's stack */
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
    bool rest;        /* DG_SLOT, the only one by position: takes all values by position together,
                         as the table that holds them */
    double low, high; /* DG_INT, DG_FLOAT, DG_INTS, DG_PAIR; high 0 with low 0 means no limits;
                         high below low means no upper limit, and so does high 0 with low_open */
    bool low_open, high_open;
    bool fraction;              /* DG_AMOUNT: may be a fraction too */
    bool optional;              /* DG_INT, DG_FLOAT, DG_CHOICE: may be nil */
    int count_low, count_high;  /* DG_INTS; 0, 0 means 1 .. DG_MAX_INTS */
    const char *const *choices; /* DG_CHOICE, DG_AMOUNT, DG_WEIGHTS: words, then NULL */
    const char *kind;           /* DG_PART: "initializer", "regularizer" ... */
    const dg_handle *handle;    /* DG_HANDLE, DG_SLOT */
    double default_number;      /* bool, int, float, both of a pair, an amount's count (0: none) */
    const char *default_text;   /* text, choice, part, an amount's word; of the rest, in help: what
                                   nil stands for */
} dg_param;

#define DG_PARAM(options, field, kind_of, ...)                                                     \
    {                                                                                              \
        .name = #field, .type = kind_of, .offset = offsetof(options, field), __VA_ARGS__           \
    }
#define DG_BOOL(options, field, ...) DG_PARAM(options, field, DG_TYPE_BOOL, __VA_ARGS__)
#define DG_INT(options, field, ...) DG_PARAM(options, field, DG_TYPE_INT, __VA_ARGS__)
#define DG_FLOAT(options, field, ...) DG_PARAM(options, field, DG_TYPE_FLOAT, __VA_ARGS__)
#define DG_TEXT(options, field, ...) DG_PARAM(options, field, DG_TYPE_TEXT, __VA_ARGS__)
#define DG_PATH(options, field, ...) DG_PARAM(options, field, DG_TYPE_PATH, __VA_ARGS__)
#define DG_CHOICE(options, field, ...) DG_PARAM(options, field, DG_TYPE_CHOICE, __VA_ARGS__)
#define DG_INTS(options, field, ...) DG_PARAM(options, field, DG_TYPE_INTS, __VA_ARGS__)
#define DG_PAIR(options, field, ...) DG_PARAM(options, field, DG_TYPE_PAIR, __VA_ARGS__)
#define DG_PART(options, field, ...) DG_PARAM(options, field, DG_TYPE_PART, __VA_ARGS__)
#define DG_SEED(options, field, ...) DG_PARAM(options, field, DG_TYPE_SEED, __VA_ARGS__)
#define DG_AMOUNT(options, field, ...) DG_PARAM(options, field, DG_TYPE_AMOUNT, __VA_ARGS__)
#define DG_WEIGHTS(options, field, ...) DG_PARAM(options, field, DG_TYPE_WEIGHTS, __VA_ARGS__)
#define DG_HANDLE(options, field, ...) DG_PARAM(options, field, DG_TYPE_HANDLE, __VA_ARGS__)
#define DG_SLOT(options, field, ...) DG_PARAM(options, field, DG_TYPE_SLOT, __VA_ARGS__)
#define DG_END                                                                                     \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* --- one value and one parameter (engine/base/value.c) ------------------------------------- */

/* Whether `value` may be the parameter's; then it becomes what the field takes: a whole float an
 * integer, a number a pair, a word also its index. A nil stands for what is not given, where that
 * can be. DG_INVALID: "who: name must be EXPECTED, found FOUND". A text does not name a part here.
 */
dg_status dg_param_check(const char *who, const dg_param *param, dg_value *value);
/* The message alone. */
dg_status dg_param_mismatch(const char *who, const dg_param *param, const dg_value *value);
/* Writes a checked value, or the default, into its field; copies and retains nothing. A
 * DG_TYPE_INTS and a DG_TYPE_PART have no default but zero. */
void dg_param_put(const dg_param *param, const dg_value *value, void *options);
void dg_param_put_default(const dg_param *param, void *options);
/* The value of the field; what it points to lives as long as the options. */
dg_value dg_param_get(const dg_param *param, const void *options);
/* Whether two values say the same. */
bool dg_value_equal(const dg_value *a, const dg_value *b);
/* Whether `value` is a whole number: an integer, or a float without fraction that fits. */
bool dg_value_whole(const dg_value *value, int64_t *out);

/* --- in words (engine/base/param.c) -------------------------------------------------------- */

/* "a number from 0 to 1 (below 1)", "one of 'valid', 'same'": what a parameter expects. */
void dg_param_expects(const dg_param *param, char *out, size_t size);

/* "1.5", "'abc' (a string)", "the layer Conv2D": what was found. */
void dg_value_text(const dg_value *value, char *out, size_t size);

/* Whether `number` lies in the range of `param`; how many numbers a DG_INTS has at least, at most.
 */
bool dg_param_in_range(const dg_param *param, double number);
int dg_param_count_low(const dg_param *param);
int dg_param_count_high(const dg_param *param);

/* --- lists of parameters ------------------------------------------------------------------- */

/* How many there are before DG_END; NULL has none. The index of one by its name, or -1. */
int dg_params_count(const dg_param *params);
int dg_params_index(const dg_param *params, const char *name);
/* DG_INVALID's message for a name that is none of the parameters': "who: unknown option ...", with
 * the sentence of `hints` (pairs of a peer's name and ours about it, then NULL; or NULL), or the
 * nearest name, or all names. */
dg_status dg_params_unknown(const char *who, const dg_param *params, const char *const *hints,
                            const char *name);
/* The parameter that positional value `position`, from 0, fills; the last one beyond the end; NULL
 * where there is none. */
const dg_param *dg_params_at(const dg_param *params, int position);

/* The name in `names` (`count` of them) nearest to `word`, or NULL if none is near: at most a
 * third of its letters differ (Damerau and Levenshtein; case does not count). */
const char *dg_nearest(const char *word, const char *const *names, int count);

#endif
