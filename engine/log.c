/* Scores by name. */
#include "engine/log.h"

#include <math.h>
#include <string.h>

void dg_log_add(dg_log *log, const char *name, double value)
{
    log->score[log->scores].name = name;
    log->score[log->scores++].value = value;
}

double dg_log_find(const dg_log *log, const char *name)
{
    for (int i = 0; i < log->scores; i++)
        if (strcmp(log->score[i].name, name) == 0) return log->score[i].value;
    return NAN;
}
