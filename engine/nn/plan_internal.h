/* What plan.c lays out, and forward.c, backward.c and update.c run. */
#ifndef DG_NN_PLAN_INTERNAL_H
#define DG_NN_PLAN_INTERNAL_H

#include "engine/nn/arena.h"
#include "engine/nn/plan.h"

/* Gradients of weights are summed in at most this many pieces, whatever the threads. */
enum { DG_MAX_PIECES = 16 };

/* Rows of a value in the arena: those of the batch, or those of a piece, for each worker. */
struct rows {
    int value;    /* 0: there is none */
    int64_t step; /* bytes from a row of the batch to the next; 0: a piece begins at row 0 */
};

/* Where one node's values are. */
struct node_memory {
    int64_t size; /* floats in a row of the output */
    int stage;
    bool view;       /* output is the input's; gradients likewise */
    bool sums;       /* DG_CUT_SUMS, in a training plan */
    bool relu;       /* it applies the relu of the node that reads it, which is a view */
    bool picks_relu; /* its backward takes the relu in which the node that it reads ends */
    bool relu_taken; /* that node: its backward does without the relu, hence without its output */
    bool wants_gradient;
    int consumers; /* edges that lead here from later nodes */
    struct rows output;
    struct rows gradient;            /* of the output; none when not wanted */
    struct rows edge[DG_MAX_INPUTS]; /* gradient for each input; none when it wants none */
    struct rows saved_rows;
    bool joins;        /* training: it warps what it reads together with that node, a view */
    int sampler;       /* the node of these whose sampling applies; 0: any will do */
    struct rows warps; /* of all that are joined */
    int saved_batch, prepared; /* values of the arena */
    int folds;      /* predicting: the node, a view, whose factors its weights take in; 0: none */
    int folded;     /* its weights with these, and the factors */
    int scratch[2]; /* forward, backward */
    int sum[2];     /* what gather() and gather_back() leave of each piece */
    int partial;    /* weight gradients of each piece; 0: straight into the model's */
    int64_t partial_size; /* floats of one piece: the layer's part of the model's gradients */
};

struct stage {
    int first, last; /* nodes; last < first: there are none */
    bool whole_batch;
    bool starts_after_sums; /* the first node is cut by its sums: its upper half is here */
    int gathers;            /* the node after the last, whose lower half is here; 0: none */
    bool forward, backward; /* whether there is anything to do */
    int64_t row_cost;       /* approximate operations per row */
    int64_t piece_rows;     /* the most rows of a piece */
};

/* A run of neighbouring weights that are updated in one go. */
struct chunk {
    int weight;
    int64_t begin, count;
    bool announced; /* its layer may have updated it in backward() */
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
    struct rows logits; /* what the last activation is given, if the loss is fused with it */
    dg_arena arena;

    int64_t derived; /* what model->changes was when layers derived from their weights */

    /* the batch under way */
    const dg_source *source;
    int64_t rows;
    uint64_t key;
    double learning_rate; /* of its update */
    bool updates_parts;   /* as they get ready: dg_pass_ready */
    dg_job job;           /* never cancelled: a batch is done whole or not at all */
};

/* Steps of the arena: sums are gathered for a node before it goes forward, and its gradient is
 * joined, and sums gathered of it, before it goes backward. */
static inline int dg_plan_gather_step(int node)
{
    return 2 * node;
}

static inline int dg_plan_forward_step(int node)
{
    return 2 * node + 1;
}

static inline int dg_plan_loss_step(const dg_plan *plan)
{
    return 2 * plan->model->node_count;
}

static inline int dg_plan_gather_back_step(const dg_plan *plan, int node)
{
    return 4 * plan->model->node_count - 2 * node - 1;
}

static inline int dg_plan_backward_step(const dg_plan *plan, int node)
{
    return 4 * plan->model->node_count - 2 * node;
}

static inline int dg_plan_update_step(const dg_plan *plan)
{
    return 4 * plan->model->node_count + 1;
}

/* The node of a step that belongs to one. */
static inline int dg_plan_step_node(const dg_plan *plan, int step)
{
    return (step < dg_plan_loss_step(plan) ? step : 4 * plan->model->node_count - step) / 2;
}

/* The steps of a stage's run forward, or backward. */
struct steps {
    int first, last;
};

static inline struct steps dg_stage_steps(const dg_plan *plan, const struct stage *stage,
                                          bool forward)
{
    int first = stage->first, last = stage->last;
    if (forward)
        return (struct steps){ dg_plan_gather_step(first) + stage->starts_after_sums,
                               dg_plan_forward_step(last) + (stage->gathers > 0) };
    return (struct steps){ dg_plan_gather_back_step(plan, last) - (stage->gathers > 0),
                           dg_plan_backward_step(plan, first) - stage->starts_after_sums };
}

/* The rows from `begin` of the batch on, as a piece on this worker sees them; NULL if there are
 * none. */
static inline void *dg_plan_rows(const dg_plan *plan, struct rows rows, int64_t begin, int worker)
{
    char *first = dg_arena_at(&plan->arena, rows.value, worker);
    return first ? first + begin * rows.step : NULL;
}

/* The weights of a node that takes in the factors of another; NULL before the arena has memory. */
struct dg_folded {
    int64_t rows, size; /* of the kernel: size is that of its last axis */
    float *kernel, *bias, *a, *b;
    int64_t floats; /* of all */
};

struct dg_folded dg_folded_of(const dg_plan *plan, int node);

/* Computes them. */
void dg_plan_fold(const dg_plan *plan, int node);

/* The batch's job, for the pieces of a stage of rows. */
static inline dg_job dg_plan_row_job(const dg_plan *plan)
{
    int threads = plan->job.threads;
    return (dg_job){ .threads = threads < plan->workers ? threads : plan->workers };
}

/* How many pieces this stage makes of a batch; and in how many the gradients of a node's weights
 * come. */
int64_t dg_stage_pieces(const dg_plan *plan, const struct stage *stage, int64_t rows);
int64_t dg_gradient_pieces(const dg_plan *plan, int node, int64_t rows);

/* The pieces of a stage of the batch under way: the context of dg_parallel. */
struct stage_run {
    const dg_plan *plan;
    const struct stage *stage;
    int64_t pieces;
};

/* Whether the optimizer can update parts of weights before it has seen all gradients. */
bool dg_plan_can_update_parts(const dg_plan *plan);

/* Gathers the gradients of all weights into the model's; with `update` the optimizer then updates
 * the weights. `*penalty` becomes the sum of the penalties of the weights as they were. */
dg_status dg_plan_update(const dg_plan *plan, bool update, double *penalty);

/* What forward() of a node is given, for rows begin .. end-1; and what backward() is given. */
void dg_plan_pass(const dg_plan *plan, int node, int64_t begin, int64_t end, int worker,
                  dg_pass *pass);
void dg_plan_pass_back(const dg_plan *plan, int node, int64_t begin, int64_t end, int64_t piece,
                       int worker, dg_pass *pass);

/* Makes of these what gather() and gather_back() of piece `piece` are given, or join() and
 * join_back() of all `pieces`. */
void dg_plan_pass_gather(const dg_plan *plan, int node, bool forward, int64_t piece, dg_pass *pass);
void dg_plan_pass_join(const dg_plan *plan, int node, bool forward, int64_t pieces, dg_pass *pass);

#endif
