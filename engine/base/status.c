/* The message slot of each thread. */
#include "engine/base/status.h"

#include <string.h>

#include "engine/base/number.h"

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];

dg_status dg_error(dg_status status, const char *format, ...)
{
    /* the arguments may point into the old message: format aside first */
    char text[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    dg_vprint(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(message, text, sizeof text);
    return status;
}

dg_status dg_error_context(dg_status status, const char *format, ...)
{
    char context[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    dg_vprint(context, sizeof context, format, arguments);
    va_end(arguments);
    return dg_error(status, "%s: %s", context, message);
}

const char *dg_error_message(void)
{
    return message;
}
