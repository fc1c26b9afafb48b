/* Runs another program, without a shell, and collects what it writes. */
#ifndef DG_BASE_PROCESS_H
#define DG_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/parallel.h"
#include "engine/base/status.h"

typedef struct dg_process_result {
    char *output; /* its standard output; ends with a NUL that is not counted */
    size_t output_size;
    char *messages; /* its standard error, likewise */
    size_t messages_size;
    int status;   /* the exit status, or 128 + the signal that ended it */
    bool missing; /* there is no such program in PATH (with DG_IO) */
} dg_process_result;

/* Runs `arguments` (the program's name, looked for in PATH, its arguments, then NULL), writes
 * `input` to its standard input and waits until it has ended. What it does not read is no failure,
 * and neither is its exit status: the caller looks at it. DG_IO when it cannot be started, or when
 * it still runs after `seconds`; DG_CANCELLED when the job is; it is then killed. The program has a
 * process group of its own: Ctrl-C reaches the job only. The result is safe to release always. job:
 * NULL is dg_job_default(). */
dg_status dg_process_run(dg_process_result *out, const char *const *arguments, const void *input,
                         size_t size, double seconds, const dg_job *job);

/* May be called again. */
void dg_process_release(dg_process_result *result);

#endif
