/* The message slot of each thread. */
#include "engine/base/status.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/number.h"

static _Thread_local char message[DG_ERROR_SIZE];

/* NaN has no sign: turns words that are "-nan" into "nan". */
static void drop_signs(char *text)
{
    static const char around[] = " ,:;(){}'\"";
    for (char *at = strstr(text, "-nan"); at; at = strstr(at, "-nan")) {
        bool begins = at == text || strchr(around, at[-1]);
        if (begins && strchr(around, at[4])) /* 0, too */
            memmove(at, at + 1, strlen(at));
        else
            at += 4;
    }
}

dg_status dg_error(dg_status status, const char *format, ...)
{
    /* the arguments may point into the old message: format aside first */
    char text[DG_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    dg_vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    drop_signs(text);
    memcpy(message, text, sizeof text);
    return status;
}

dg_status dg_error_context(dg_status status, const char *format, ...)
{
    char context[DG_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    dg_vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    return dg_error(status, "%s: %s", context, message);
}

const char *dg_error_message(void)
{
    return message;
}
