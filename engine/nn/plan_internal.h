/* What plan.c lays out, and forward.c and backward.c run. */
#ifndef DG_NN_PLAN_INTERNAL_H
#define DG_NN_PLAN_INTERNAL_H

#include "engine/nn/plan.h"

/* Gradients of weights are summed in at most this many pieces, whatever the threads. */
enum { DG_MOST_PIECES = 16 };

/* Where one node's values are. Rows lie behind one another. */
struct node_memory {
    int64_t size; /* floats in a row of the output */
    bool view;    /* output is the input's; gradients likewise */
    bool local;   /* predicting: room for the rows of one piece only */
    bool wants_gradient;
    float *output;
    float *gradient;            /* of the output; NULL when nobody wants it */
    float *edge[DG_MAX_INPUTS]; /* gradient for each input; NULL when it wants none */
    int consumers;              /* edges that lead here from later nodes */
    char *saved_rows, *saved_batch;
    void *prepared;
    float *partial;       /* weight gradients of each piece, or NULL: straight into the model's */
    int64_t partial_size; /* floats of one piece */
};

struct stage {
    int first, last; /* nodes */
    bool whole_batch;
    bool idle;          /* views only */
    int64_t row_cost;   /* rough operations a row */
    int64_t piece_rows; /* predicting: rows that pass at a time */
};

/* A run of neighbouring weights that are updated in one go. */
struct chunk {
    int weight;
    int64_t begin, count;
};

struct dg_plan {
    dg_model *model; /* a plan for prediction does not change it */
    int64_t capacity;
    int workers;
    bool training;
    struct node_memory *nodes;
    int stage_count;
    struct stage *stages;
    int64_t chunk_count;
    struct chunk *chunks;
    double *chunk_penalties;
    double (*found)[DG_MAX_FOUND]; /* of each weight: what the optimizer found of it as a whole */
    float *logits; /* {capacity, width}: what the last activation is given, if the loss fuses */
    int64_t scratch_bytes; /* of one worker */
    char *scratch;
    int block_count;
    void **blocks; /* all memory above, to be given back */

    /* the batch under way */
    const dg_source *source;
    int64_t rows;
    uint64_t key;
    dg_job job; /* never cancelled: a batch is done whole or not at all */
};

/* How many pieces this stage makes of a batch. */
int64_t dg_stage_pieces(const dg_plan *plan, const struct stage *stage, int64_t rows);

/* Runs `function` on the rows of each piece of the batch under way. */
typedef dg_status dg_stage_piece(const dg_plan *plan, const struct stage *stage, int64_t begin,
                                 int64_t end, int64_t piece, int worker);
dg_status dg_run_stage(const dg_plan *plan, const struct stage *stage, const dg_job *job,
                       dg_stage_piece *function);

/* What forward() and backward() of a node are given, for rows begin .. end-1. */
void dg_plan_pass(const dg_plan *plan, int node, int64_t begin, int64_t end, int worker,
                  dg_pass *pass);

static inline const dg_layer_type *dg_node_type(const dg_model *model, int node)
{
    return (const dg_layer_type *)model->layers[model->nodes[node].layer].part->type;
}

#endif
