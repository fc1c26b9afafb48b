#include "engine/linear/lbfgs.h"

#include <math.h>
#include <string.h>

#include "engine/base/memory.h"

enum { PAIRS = 10, MOST_TRIALS = 50 };

struct lbfgs_minimum {
    const dg_lbfgs *problem;
    int64_t size;
    double value;         /* at x */
    double *x, *gradient; /* {size} */
    double *trial, *trial_gradient;
    double *direction;
    double *step[PAIRS], *change[PAIRS]; /* of x, of its gradient; a ring */
    double product[PAIRS];               /* of the two */
    int count, next;                     /* pairs in the ring; where the next one goes */
    double *room;                        /* of all arrays above except x */
};

static double dot(const double *a, const double *b, int64_t size)
{
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += a[i] * b[i];
    return sum;
}

/* to = x + factor direction */
static void move(double *to, const double *x, double factor, const double *direction, int64_t size)
{
    for (int64_t i = 0; i < size; i++) to[i] = x[i] + factor * direction[i];
}

static double greatest(const double *gradient, int64_t size)
{
    double most = 0;
    for (int64_t i = 0; i < size; i++)
        if (!(fabs(gradient[i]) <= most)) most = fabs(gradient[i]);
    return most;
}

/* The direction that the pairs make of the gradient: Nocedal and Wright, Algorithm 7.4. */
static void choose_direction(struct lbfgs_minimum *m)
{
    double factor[PAIRS] = { 0 };
    int64_t size = m->size;
    for (int64_t i = 0; i < size; i++) m->direction[i] = -m->gradient[i];
    for (int k = 1; k <= m->count; k++) {
        int at = (m->next - k + PAIRS) % PAIRS;
        factor[at] = dot(m->step[at], m->direction, size) / m->product[at];
        move(m->direction, m->direction, -factor[at], m->change[at], size);
    }
    if (m->count) {
        int last = (m->next - 1 + PAIRS) % PAIRS;
        double scale = m->product[last] / dot(m->change[last], m->change[last], size);
        for (int64_t i = 0; i < size; i++) m->direction[i] *= scale;
    }
    for (int k = m->count; k >= 1; k--) {
        int at = (m->next - k + PAIRS) % PAIRS;
        double back = dot(m->change[at], m->direction, size) / m->product[at];
        move(m->direction, m->direction, factor[at] - back, m->step[at], size);
    }
}

/* A point on the line: how far, the value, its slope. */
struct lbfgs_point {
    double at, value, slope;
};

/* The minimum of the cubic through two points, kept away from both ends; halfway if it has none. */
static double between(const struct lbfgs_point *a, const struct lbfgs_point *b)
{
    double width = b->at - a->at, low = a->at + 0.1 * width, high = b->at - 0.1 * width;
    double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->at - b->at);
    double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), width);
    double at = b->at - width * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    if (!isfinite(at)) return a->at + 0.5 * width;
    return at < low ? low : at > high ? high : at;
}

/* Whether the value has fallen enough. Near the minimum, where only its rounding changes it,
 * the slope decides (Hager and Zhang 2005). */
static bool has_fallen(const struct lbfgs_point *start, const struct lbfgs_point *now)
{
    const double least = 1e-3, rounding = 1e-13;
    if (now->value <= start->value + least * now->at * start->slope) return true;
    return now->value <= start->value + rounding * fmax(1, fabs(start->value)) &&
           now->slope <= (2 * least - 1) * start->slope;
}

/* Searches along the direction from x for a point that satisfies the strong Wolfe conditions, which
 * is then in `trial`. `*found` = false: there was none. */
static dg_status search_line(struct lbfgs_minimum *m, double at, bool *found)
{
    struct lbfgs_point start = { 0, m->value, dot(m->gradient, m->direction, m->size) };
    struct lbfgs_point low = start, high = { INFINITY, 0, 0 };
    *found = false;
    if (!(start.slope < 0)) return DG_OK;
    for (int trial = 0; trial < MOST_TRIALS; trial++) {
        struct lbfgs_point now = { .at = at };
        move(m->trial, m->x, at, m->direction, m->size);
        DG_TRY(m->problem->evaluate(m->problem->context, m->trial, &now.value, m->trial_gradient));
        now.slope = dot(m->trial_gradient, m->direction, m->size);
        bool fallen = isfinite(now.value) && isfinite(now.slope) && has_fallen(&start, &now);
        if (fallen && fabs(now.slope) <= -0.9 * start.slope) {
            m->value = now.value;
            *found = true;
            return DG_OK;
        }
        if (fallen && now.slope < 0)
            low = now;
        else
            high = now;
        at = isinf(high.at) ? 4 * low.at : between(&low, &high);
        if (at == low.at || at == high.at || !isfinite(at)) return DG_OK;
    }
    return DG_OK;
}

/* Moves to the trial, and remembers how the gradient changed on the way. */
static void take_step(struct lbfgs_minimum *m)
{
    double *step = m->step[m->next], *change = m->change[m->next];
    move(step, m->trial, -1, m->x, m->size);
    move(change, m->trial_gradient, -1, m->gradient, m->size);
    double product = dot(step, change, m->size);
    memcpy(m->x, m->trial, (size_t)m->size * sizeof *m->x);
    memcpy(m->gradient, m->trial_gradient, (size_t)m->size * sizeof *m->gradient);
    if (!(product > 0)) { /* rounding: the earlier pairs are no longer valid */
        m->count = 0;
        return;
    }
    m->product[m->next] = product;
    m->next = (m->next + 1) % PAIRS;
    if (m->count < PAIRS) m->count++;
}

/* One iteration; `*found` = false: there is no better point. */
static dg_status iterate(struct lbfgs_minimum *m, bool *found)
{
    for (;;) {
        choose_direction(m);
        double first = m->count ? 1 : fmin(1, 1 / sqrt(dot(m->gradient, m->gradient, m->size)));
        DG_TRY(search_line(m, first, found));
        if (*found || m->count == 0) return DG_OK;
        m->count = 0; /* once more along the gradient itself */
    }
}

static dg_status minimise(struct lbfgs_minimum *m, dg_lbfgs_result *result)
{
    const dg_lbfgs *problem = m->problem;
    bool found;
    DG_TRY(problem->evaluate(problem->context, m->x, &m->value, m->gradient));
    for (;;) {
        result->value = m->value;
        result->steepest = greatest(m->gradient, m->size);
        if (result->steepest <= problem->tol) result->converged = true;
        if (result->converged || result->stopped || result->iterations == problem->max_iter)
            return DG_OK;
        double before = m->value;
        DG_TRY(iterate(m, &found));
        if (!found) return DG_OK;
        take_step(m);
        result->iterations++;
        if (problem->on_step)
            DG_TRY(problem->on_step(problem->context, result->iterations, m->x, m->value,
                                    &result->stopped));
        double size = fmax(fmax(fabs(before), fabs(m->value)), 1);
        if (before - m->value <= problem->precision * size) result->converged = true;
    }
}

dg_status dg_lbfgs_minimise(const dg_lbfgs *problem, double *x, dg_lbfgs_result *result)
{
    int64_t size = problem->size;
    struct lbfgs_minimum m = { .problem = problem, .size = size, .x = x };
    *result = (dg_lbfgs_result){ 0 };
    DG_TRY(dg_alloc(&m.room, (4 + 2 * PAIRS) * size, sizeof *m.room));
    m.gradient = m.room;
    m.trial = m.room + size;
    m.trial_gradient = m.room + 2 * size;
    m.direction = m.room + 3 * size;
    for (int k = 0; k < PAIRS; k++) {
        m.step[k] = m.room + (4 + 2 * k) * size;
        m.change[k] = m.room + (5 + 2 * k) * size;
    }
    dg_status status = minimise(&m, result);
    dg_free(m.room);
    return status;
}
