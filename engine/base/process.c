/* Runs another program: posix_spawnp, three pipes and poll. */
#define _GNU_SOURCE /* addchdir */
#include "engine/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"

extern char **environ;

enum { SLICE = 50 /* milliseconds between looks at the job */, CHUNK = 1 << 16 };

struct buffer {
    char *data;
    size_t size, capacity;
};

struct process {
    const char *name;
    pid_t pid;
    bool started, ended;
    int in, out, err;   /* our ends of its pipes; -1: closed */
    const char *folder; /* to run in; NULL: this one, in a process group of its own */
    const char *input;
    size_t left;
    struct buffer output, messages;
    double deadline, seconds;
    const dg_job *job;
};

static void close_end(int *descriptor)
{
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
}

/* --- starting ------------------------------------------------------------------------------- */

/* Descriptors above those of the standard streams, which may be closed. */
static bool move_up(int *descriptor)
{
    if (*descriptor > STDERR_FILENO) return true;
    int higher = fcntl(*descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (higher < 0) return false;
    close(*descriptor);
    *descriptor = higher;
    return true;
}

static bool make_pipe(int ends[2])
{
    if (pipe(ends) != 0) return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return move_up(&ends[0]) && move_up(&ends[1]);
}

/* Starts the program with `theirs` as its standard streams; returns an errno. */
static int spawn(struct process *process, const char *const *arguments, const int theirs[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        for (int i = 0; i < 3 && !error; i++)
            error = posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
        if (process->folder && !error)
            error = posix_spawn_file_actions_addchdir_np(&actions, process->folder);
        short group = process->folder ? 0 : POSIX_SPAWN_SETPGROUP;
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes,
                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group);
        if (!error)
            error = posix_spawnp(&process->pid, arguments[0], &actions, &attributes,
                                 (char *const *)arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Whether a folder of PATH contains a visible file of that name. */
static bool is_in_path(const char *name)
{
    const char *folder = getenv("PATH");
    while (folder) {
        const char *end = strchr(folder, ':');
        int length = (int)(end ? end - folder : (ptrdiff_t)strlen(folder));
        char path[PATH_MAX];
        int needed = snprintf(path, sizeof path, "%.*s/%s", length, folder, name);
        if (needed < (int)sizeof path && access(path, F_OK) == 0) return true;
        folder = end ? end + 1 : NULL;
    }
    return false;
}

static dg_status start(struct process *process, const char *const *arguments, bool *missing)
{
    int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } }, error = 0;
    for (int i = 0; i < 3 && !error; i++)
        if (!make_pipe(pipes[i])) error = errno;
    if (!error) {
        const int theirs[3] = { pipes[0][0], pipes[1][1], pipes[2][1] };
        error = spawn(process, arguments, theirs);
        /* EACCES may also come from a folder in PATH that this user may not read */
        if (error == EACCES && !strchr(arguments[0], '/') && !is_in_path(arguments[0]))
            error = ENOENT;
        *missing = error == ENOENT;
    }
    close_end(&pipes[0][0]);
    close_end(&pipes[1][1]);
    close_end(&pipes[2][1]);
    process->in = pipes[0][1];
    process->out = pipes[1][0];
    process->err = pipes[2][0];
    if (error) return dg_error(DG_IO, "cannot start %s: %s", process->name, strerror(error));
    fcntl(process->in, F_SETFL, O_NONBLOCK);
    return DG_OK;
}

/* --- talking -------------------------------------------------------------------------------- */

/* write(), but if the reader has gone, it fails with EPIPE and raises no signal. */
static ssize_t write_quietly(int descriptor, const void *bytes, size_t count)
{
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t done = write(descriptor, bytes, count);
    int error = errno;
    if (done < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE)) {
        int number;
        sigpending(&pending);
        if (sigismember(&pending, SIGPIPE)) sigwait(&pipe_signal, &number);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return done;
}

static void feed(struct process *process)
{
    ssize_t done = write_quietly(process->in, process->input, process->left);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (done > 0) {
        process->input += done;
        process->left -= (size_t)done;
    }
    if (done < 0 || process->left == 0) close_end(&process->in);
}

static dg_status collect(int *descriptor, struct buffer *into)
{
    if (into->size + CHUNK + 1 > into->capacity) {
        size_t capacity = 2 * into->capacity + CHUNK + 1;
        DG_TRY(dg_resize(&into->data, (int64_t)capacity, 1));
        into->capacity = capacity;
    }
    ssize_t done = read(*descriptor, into->data + into->size, CHUNK);
    if (done > 0)
        into->size += (size_t)done;
    else if (done == 0 || errno != EINTR)
        close_end(descriptor);
    into->data[into->size] = '\0';
    return DG_OK;
}

/* Whether there is time left and the job is not cancelled. */
static dg_status check(const struct process *process)
{
    DG_TRY(dg_job_check(process->job));
    if (dg_clock() < process->deadline) return DG_OK;
    return dg_error(DG_IO, "%s did not end within %g s", process->name, process->seconds);
}

/* Until the program has closed its ends of the pipes. */
static dg_status talk(struct process *process)
{
    if (process->left == 0) close_end(&process->in);
    while (process->out >= 0 || process->err >= 0) {
        struct pollfd ends[3] = { { .fd = process->in, .events = POLLOUT },
                                  { .fd = process->out, .events = POLLIN },
                                  { .fd = process->err, .events = POLLIN } };
        DG_TRY(check(process));
        if (poll(ends, 3, SLICE) < 0) continue; /* EINTR */
        if (ends[0].revents) feed(process);
        if (ends[1].revents) DG_TRY(collect(&process->out, &process->output));
        if (ends[2].revents) DG_TRY(collect(&process->err, &process->messages));
    }
    close_end(&process->in);
    return DG_OK;
}

static dg_status wait_for_end(struct process *process, int *status)
{
    int code = 0;
    struct timespec pause = { .tv_nsec = 200000 };
    for (;;) {
        pid_t found = waitpid(process->pid, &code, WNOHANG);
        if (found == process->pid) break;
        if (found < 0 && errno != EINTR) { /* unknown if the caller ignores SIGCHLD */
            process->ended = true;
            return DG_OK;
        }
        DG_TRY(check(process));
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 10000000) pause.tv_nsec *= 2;
    }
    process->ended = true;
    *status = WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
    return DG_OK;
}

static dg_status run_process(struct process *process, const char *const *arguments,
                             dg_process_result *out)
{
    DG_TRY(dg_alloc_zero(&process->output.data, 1, 1));
    DG_TRY(dg_alloc_zero(&process->messages.data, 1, 1));
    DG_TRY(start(process, arguments, &out->missing));
    process->started = true;
    DG_TRY(talk(process));
    return wait_for_end(process, &out->status);
}

/* Kills a process that still runs, with its group if that is its own. */
static void put_down(const struct process *process)
{
    if (!process->started || process->ended) return;
    kill(process->folder ? process->pid : -process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {}
}

dg_status dg_process_run(dg_process_result *out, const char *const *arguments, const void *input,
                         size_t size, double seconds, const dg_job *job)
{
    struct process process = { .name = arguments[0], .in = -1, .out = -1, .err = -1 };
    *out = (dg_process_result){ 0 };
    process.input = input;
    process.left = size;
    process.seconds = seconds;
    process.deadline = dg_clock() + seconds;
    process.job = job;
    dg_status status = run_process(&process, arguments, out);
    close_end(&process.in);
    close_end(&process.out);
    close_end(&process.err);
    put_down(&process);
    out->output = process.output.data;
    out->output_size = process.output.size;
    out->messages = process.messages.data;
    out->messages_size = process.messages.size;
    return status;
}

static dg_status attend(struct process *process, const char *const *arguments, const int ends[3],
                        int *status)
{
    if (ends[0] < 0 || ends[1] < 0)
        return dg_error(DG_IO, "cannot start %s: %s", process->name, strerror(errno));
    int error = spawn(process, arguments, ends);
    if (error) return dg_error(DG_IO, "cannot start %s: %s", process->name, strerror(error));
    process->started = true;
    return wait_for_end(process, status);
}

dg_status dg_process_attend(int *status, const char *const *arguments, const char *folder,
                            const char *input, bool quiet, const dg_job *job)
{
    struct process process = { .name = arguments[0], .folder = folder, .job = job };
    int ends[3] = { open(input ? input : "/dev/null", O_RDONLY | O_CLOEXEC), STDOUT_FILENO,
                    STDERR_FILENO };
    if (quiet) ends[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
    process.deadline = INFINITY;
    dg_status result = attend(&process, arguments, ends, status);
    close_end(&ends[0]);
    if (quiet) close_end(&ends[1]);
    put_down(&process);
    return result;
}

void dg_process_release(dg_process_result *result)
{
    dg_free(result->output);
    dg_free(result->messages);
    result->output = result->messages = NULL;
    result->output_size = result->messages_size = 0;
}
