/* Runs another program, without a shell, and collects its output. */
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
    bool missing; /* the program is not in PATH (with DG_IO) */
} dg_process_result;

/* Runs `arguments` (the program's name, searched for in PATH, its arguments, then NULL), writes
 * `input` to its standard input and waits until it has ended. Unread input is not a failure, and
 * neither is a non-zero exit status: the caller checks it. DG_IO if the program cannot be started
 * or still runs after `seconds`, DG_CANCELLED if the job is cancelled; then the program is killed.
 * It has a process group of its own, so Ctrl-C reaches the job only. The result may always be
 * released. job: NULL is dg_job_default(). */
dg_status dg_process_run(dg_process_result *out, const char *const *arguments, const void *input,
                         size_t size, double seconds, const dg_job *job);

/* Runs `arguments` in `folder` with the standard error of this program, its standard output (quiet:
 * none) and the file `input` (NULL: none) as its standard input, and waits until it has ended;
 * `*status` is as above. It stays in the process group, so Ctrl-C reaches it as well. DG_IO if it
 * cannot be started; DG_CANCELLED if the job is cancelled: then it is killed. */
dg_status dg_process_attend(int *status, const char *const *arguments, const char *folder,
                            const char *input, bool quiet, const dg_job *job);

/* May be called again. */
void dg_process_release(dg_process_result *result);

#endif
