/* Errors as values: every engine function that can fail returns a dg_status, and leaves a message
 * for people in a slot of its thread. Nothing in the engine prints, exits or asserts on input. */
#ifndef DG_BASE_STATUS_H
#define DG_BASE_STATUS_H

#include <stdarg.h>

enum { DG_ERROR_SIZE = 1024 }; /* of a message, with its NUL; longer ones are cut */

typedef enum dg_status {
    DG_OK = 0,
    DG_INVALID,   /* an argument is wrong: the caller can correct it */
    DG_NO_MEMORY, /* malloc returned NULL, or a size does not fit an int64_t */
    DG_IO,        /* the operating system refused a file or a device */
    DG_FORMAT,    /* a file is damaged or of another kind */
    DG_NUMERIC,   /* a result is not finite */
    DG_CANCELLED, /* the user asked to stop (Ctrl-C) */
    DG_STOPPED,   /* a callback failed; its own error is kept by whoever owns the callback */
} dg_status;

/* Sets the message, as by printf, and returns `status`, so that `return dg_error(...)` reads
 * well. A good message says what was found, what was expected, and the likely fix; no final full
 * stop. */
dg_status dg_error(dg_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the current message; returns `status` unchanged. */
dg_status dg_error_context(dg_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The message of the last failure on this thread; "" if there was none. */
const char *dg_error_message(void);

/* Returns from the calling function with the status of `expression` unless it is DG_OK. */
#define DG_TRY(expression)                                                                         \
    do {                                                                                           \
        dg_status dg_try_status = (expression);                                                    \
        if (dg_try_status != DG_OK) return dg_try_status;                                          \
    } while (0)

#endif
