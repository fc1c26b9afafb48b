/* Parameters: each says its name, type, range, default and meaning.
 *
 * A list of dg_param describes the fields of an options struct. Constructors of parts
 * (engine/part/part.h), functions that scripts call (bindings/calls/described.h), error messages,
 * help, completion, the reference and model files follow from it. Values are checked against
 * parameters in dg_param_check, and nowhere else.
 *
 *     typedef struct { double rate; } dropout_options;
 *     static const dg_param params[] = {
 *         DG_FLOAT(dropout_options, rate, .required = true, DG_FROM_BELOW(0, 1),
 *                  .doc = "fraction of the values set to zero"),
 *         DG_END };
 */
#ifndef DG_PART_PARAM_H
#define DG_PART_PARAM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

enum { DG_MAX_INTS = 8, DG_MAX_NUMBERS = 8, DG_MAX_PARAMS = 64 };

typedef struct dg_part dg_part;

/* A short list of whole numbers: a shape, a window, a pair of strides. */
typedef struct dg_ints {
    int count;
    int64_t at[DG_MAX_INTS];
} dg_ints;

/* A short list of finite numbers. */
typedef struct dg_numbers {
    int count;
    double at[DG_MAX_NUMBERS];
} dg_numbers;

/* The kind of a value that is opaque to the engine, in words: a tensor, a dataset, a function. */
typedef struct dg_handle {
    const char *name;    /* "tensor" */
    const char *expects; /* "a tensor", "a dataset, or a table of two tensors, x and y" */
} dg_handle;

/* The type of a parameter, and in brackets the C type of its field in the options struct. */
typedef enum dg_param_type {
    DG_TYPE_BOOL,   /* bool */
    DG_TYPE_INT,    /* int64_t; if `optional` is set, nil is 0, which is then out of range */
    DG_TYPE_FLOAT,  /* double, always finite; if `optional` is set, nil, the default, is NaN */
    DG_TYPE_TEXT,   /* const char *, without NUL bytes, borrowed for a call (no part has one); NULL
                      if it is not given and has no default */
    DG_TYPE_PATH,   /* const char *, as DG_TYPE_TEXT: the path of a file */
    DG_TYPE_CHOICE, /* int: the index of the word in `choices`; words such as "0" and "nan" stand
                       for numbers, and are not given as texts */
    DG_TYPE_INTS,   /* dg_ints: `count_low` .. `count_high` numbers; as the first or last positional
                       parameter it gathers single numbers: Input { 28, 28, 1 } */
    DG_TYPE_NUMBERS, /* dg_numbers: 1 to DG_MAX_NUMBERS; one number n stands for {n} */
    DG_TYPE_PAIR,    /* int64_t[2]; one number n stands for {n, n} */
    DG_TYPE_SPAN,   /* double[2]: two numbers, the lesser first; one number n stands for {-n, n}, or
                       for {low, n} where the range ends at a low above -n; if `optional` is set,
                       nil, the default, is two NaN */
    DG_TYPE_PART,   /* dg_part *: NULL or a part of kind `kind`, owned; a text names one by its
                       registered name with its defaults ("he_normal", "adam"); false is NULL */
    DG_TYPE_SEED,   /* dg_optional_seed */
    DG_TYPE_MAP,    /* dg_map: a number for each of some labels; nil is none */
    DG_TYPE_ONE_OF, /* dg_one_of: the value as the first of `alternatives` that accepts it takes it;
                       nil is none of them */
    DG_TYPE_HANDLE, /* a pointer to an object of kind `handle`, borrowed for a call (no part has
                        one); NULL if it is not given */
    DG_TYPE_SLOT,   /* int: the index on the caller's stack of a value of `handle`; 0: not given */
} dg_param_type;

typedef struct dg_optional_seed {
    bool given;
    uint64_t value;
} dg_optional_seed;

/* Numbers by label, owned by the part. */
typedef struct dg_map {
    int64_t count;
    struct dg_map_entry {
        int64_t label;
        double number;
    } * at;
} dg_map;

/* One value on its way into or out of an options struct: from Lua, or from the JSON of a model
 * file. It owns nothing that it points to. */
typedef struct dg_value {
    enum {
        DG_VALUE_NIL,
        DG_VALUE_BOOL,
        DG_VALUE_INT,
        DG_VALUE_FLOAT,
        DG_VALUE_TEXT,
        DG_VALUE_INTS,
        DG_VALUE_SPAN,
        DG_VALUE_NUMBERS,
        DG_VALUE_PART,
        DG_VALUE_MAP,
        DG_VALUE_HANDLE,
        DG_VALUE_OTHER, /* a value that no parameter takes; `text` describes it */
    } type;
    bool boolean;
    int64_t integer; /* also a seed, by its bits; of a checked DG_CHOICE: the index of the word */
    double number;
    const char *text;
    union {
        dg_ints ints;
        dg_numbers numbers;
    };
    double span[2];
    const dg_part *part;
    dg_map map;
    const dg_handle *handle;
    const void *pointer; /* of a handle */
    int slot;            /* of a handle: its index on the caller's stack */
    int alternative;     /* of a checked DG_ONE_OF: the index of the one that took it */
} dg_value;

/* A value of one of several types, which `type` or `alternative` tells; DG_VALUE_NIL if it was not
 * given. */
typedef dg_value dg_one_of;

/* The numbers that a parameter takes; without flags: all. */
typedef struct dg_range {
    enum { DG_LOW = 1, DG_HIGH = 2, DG_LOW_OPEN = 4, DG_HIGH_OPEN = 8 } limits;
    double low, high;
} dg_range;

/* For DG_INT, DG_FLOAT, and each number of DG_INTS, DG_NUMBERS, DG_PAIR, DG_SPAN and DG_MAP. */
#define DG_AT_LEAST(a) .range = { DG_LOW, a, 0 }
#define DG_ABOVE(a) .range = { DG_LOW | DG_LOW_OPEN, a, 0 }
#define DG_WITHIN(a, b) .range = { DG_LOW | DG_HIGH, a, b }                    /* a <= x <= b */
#define DG_FROM_BELOW(a, b) .range = { DG_LOW | DG_HIGH | DG_HIGH_OPEN, a, b } /* a <= x < b */
#define DG_ABOVE_TO(a, b) .range = { DG_LOW | DG_HIGH | DG_LOW_OPEN, a, b }    /* a < x <= b */
#define DG_BETWEEN(a, b)                                                                           \
    .range = { DG_LOW | DG_HIGH | DG_LOW_OPEN | DG_HIGH_OPEN, a, b } /* a < x < b */

/* One parameter. One that is neither required nor given takes its default; a DG_TYPE_PART without
 * `default_text` is NULL by default. */
typedef struct dg_param {
    const char *name;
    const char *doc;     /* one line: meaning, unit */
    const char *expects; /* what it expects, if the type does not say enough; or NULL */
    dg_param_type type;
    size_t offset; /* of the field in the options struct */
    bool required;
    bool named_only; /* cannot be given by position */
    bool later;      /* came after parts of its type were first saved: it is saved only where it was
                         given, so that earlier programs read all other files. Its default never
                         changes */
    bool rest;       /* DG_SLOT, the only one by position: takes all values by position together,
                         as the table that holds them */
    dg_range range;
    bool fraction; /* DG_FLOAT: refuses integers, so that 1 is a count and 1.0 means all */
    bool optional; /* DG_INT, DG_FLOAT, DG_SPAN, DG_CHOICE: may be nil */
    int count_low, count_high; /* DG_INTS; 0, 0 means 1 .. DG_MAX_INTS */
    bool pairs; /* DG_INTS: in Lua, { { a, b }, { c, d } } is read as { a, b, c, d } */
    const char *const *choices;          /* DG_CHOICE: words, then NULL */
    const struct dg_param *alternatives; /* DG_ONE_OF, then DG_END; their names are ignored */
    const char *kind;                    /* DG_PART, also among alternatives: "initializer" ... */
    const dg_handle *handle;             /* DG_HANDLE, DG_SLOT */
    double default_number;    /* bool, int, float, both of a pair, one of several; the greater of a
                                 span */
    double default_low;       /* the lesser of a span */
    const char *default_text; /* text, choice, part; of one of several: a word; of other types
                                   it is shown in help: the meaning of nil */
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
#define DG_NUMBERS(options, field, ...) DG_PARAM(options, field, DG_TYPE_NUMBERS, __VA_ARGS__)
#define DG_PAIR(options, field, ...) DG_PARAM(options, field, DG_TYPE_PAIR, __VA_ARGS__)
#define DG_SPAN(options, field, ...) DG_PARAM(options, field, DG_TYPE_SPAN, __VA_ARGS__)
#define DG_PART(options, field, ...) DG_PARAM(options, field, DG_TYPE_PART, __VA_ARGS__)
#define DG_SEED(options, field, ...) DG_PARAM(options, field, DG_TYPE_SEED, __VA_ARGS__)
#define DG_MAP(options, field, ...) DG_PARAM(options, field, DG_TYPE_MAP, __VA_ARGS__)
#define DG_ONE_OF(options, field, ...) DG_PARAM(options, field, DG_TYPE_ONE_OF, __VA_ARGS__)
/* Alternatives, which have no field of their own: DG_EITHER(DG_TYPE_INT, DG_AT_LEAST(1)). */
#define DG_EITHER(kind_of, ...)                                                                    \
    {                                                                                              \
        .name = "", .type = kind_of, __VA_ARGS__                                                   \
    }
#define DG_HANDLE(options, field, ...) DG_PARAM(options, field, DG_TYPE_HANDLE, __VA_ARGS__)
#define DG_SLOT(options, field, ...) DG_PARAM(options, field, DG_TYPE_SLOT, __VA_ARGS__)
#define DG_END                                                                                     \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* --- one value and one parameter (engine/part/value.c) ------------------------------------- */

/* Checks `value` against the parameter and converts it to the type of the field: a whole float to
 * an integer, a number to a pair, a word to its index. Nil is accepted if the parameter need not be
 * given. DG_INVALID: "who: name must be EXPECTED, found FOUND". Here a text does not name a part.
 */
dg_status dg_param_check(const char *who, const dg_param *param, dg_value *value);
/* Only the message, and DG_INVALID. */
dg_status dg_param_mismatch(const char *who, const dg_param *param, const dg_value *value);
/* Writes a checked value, or the default, into its field; copies and retains nothing. A
 * DG_TYPE_INTS, a DG_TYPE_NUMBERS and a DG_TYPE_PART have no default but zero. */
void dg_param_put(const dg_param *param, const dg_value *value, void *options);
void dg_param_put_default(const dg_param *param, void *options);
/* The value of the field; it points into the options and lives as long as they do. */
dg_value dg_param_get(const dg_param *param, const void *options);
/* Whether `value` is a whole number: an integer, or a float without fraction that fits. */
bool dg_value_whole(const dg_value *value, int64_t *out);

/* --- in words (engine/part/param.c) -------------------------------------------------------- */

/* "a" or "an", to stand before the noun. */
const char *dg_article(const char *noun);

/* What a parameter expects: "a number of at least 0 and below 1", "one of 'valid', 'same'". */
void dg_param_expects(const dg_param *param, char *out, size_t size);

/* The type in one word: "integer", "choice"; for a handle its name, "tensor". */
const char *dg_param_type_word(const dg_param *param);

/* A value in words: "1.5", "'abc' (a string)", "the layer Conv2D". */
void dg_value_text(const dg_value *value, char *out, size_t size);

/* Whether a word of `choices` stands for a number. */
bool dg_choice_is_number(const char *word);

/* Whether `number` lies in the range of `param`; the least and most numbers of a DG_INTS. */
bool dg_param_in_range(const dg_param *param, double number);
int dg_param_count_low(const dg_param *param);
int dg_param_count_high(const dg_param *param);

/* A peer's name for an option, and our advice, which follows "Dense: unknown option 'input_dim': ":
 * "use nn.Input { n } before it". A list of hints ends with { NULL }. */
typedef struct dg_hint {
    const char *theirs, *ours;
} dg_hint;

/* --- lists of parameters ------------------------------------------------------------------- */

/* The number of parameters before DG_END (0 for NULL); the index of one by its name, or -1. */
int dg_params_count(const dg_param *params);
int dg_params_index(const dg_param *params, const char *name);
/* DG_INVALID and the message for an unknown name: "who: unknown option ...", with the advice in
 * `hints` (may be NULL), or the nearest name, or all names. */
dg_status dg_params_unknown(const char *who, const dg_param *params, const dg_hint *hints,
                            const char *name);
/* The parameter that positional value `position`, from 0, sets; beyond the end the last one; NULL
 * if there is none. */
const dg_param *dg_params_at(const dg_param *params, int position);

/* The name in `names` (`count` of them) nearest to `word`, or NULL if none is near: at most a third
 * of the letters may differ (Damerau and Levenshtein; case is ignored). */
const char *dg_nearest(const char *word, const char *const *names, int count);

#endif
