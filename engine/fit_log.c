/* Logs of fits as CSV files. */
#include "engine/fit_log.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/base/text.h"

static dg_status write_line(dg_fit_log *log, dg_text *line)
{
    DG_OWNED char *text = NULL;
    DG_TRY(dg_text_take(line, &text));
    dg_status status = dg_journal_append(&log->file, text, strlen(text));
    return status == DG_OK ? DG_OK : dg_error_context(status, "fit: log");
}

static dg_status write_header(dg_fit_log *log, const dg_log *epoch)
{
    dg_text line = { 0 };
    DG_TRY(dg_journal_cut(&log->file, 0));
    dg_text_add(&line, "%s", log->step ? log->step : "epoch");
    for (int i = 0; i < epoch->scores; i++) dg_text_add(&line, ",%s", epoch->score[i].name);
    dg_text_add(&line, ",seconds");
    log->begun = true;
    return write_line(log, &line);
}

static void add_number(dg_text *line, double number)
{
    char text[32];
    dg_number_text(number, text, sizeof text);
    dg_text_add(line, ",%s", isinf(number) ? number > 0 ? "inf" : "-inf" : text);
}

static dg_status write_epoch(dg_fit_log *log, const dg_log *epoch)
{
    dg_text line = { 0 };
    if (!log->begun) DG_TRY(write_header(log, epoch));
    dg_text_add(&line, "%" PRId64, epoch->epoch);
    for (int i = 0; i < epoch->scores; i++) add_number(&line, epoch->score[i].value);
    add_number(&line, epoch->seconds);
    return write_line(log, &line);
}

static dg_status on_epoch(void *context, const dg_log *epoch, bool *stop)
{
    dg_fit_log *log = context;
    const dg_fit_options *options = log->options;
    DG_TRY(write_epoch(log, epoch));
    return options->on_epoch ? options->on_epoch(options->context, epoch, stop) : DG_OK;
}

static dg_status on_past(void *context, const dg_log *epoch, bool *stop)
{
    dg_fit_log *log = context;
    const dg_fit_options *options = log->options;
    DG_TRY(write_epoch(log, epoch));
    return options->on_past ? options->on_past(options->context, epoch, stop) : DG_OK;
}

static dg_status on_batch(void *context, const dg_log *batch, bool *stop)
{
    const dg_fit_options *options = ((dg_fit_log *)context)->options;
    return options->on_batch(options->context, batch, stop);
}

dg_status dg_fit_log_begin(dg_fit_log *log, const dg_fit_options *options, const char *step,
                           dg_fit_options *own)
{
    *log = (dg_fit_log){ .options = options, .step = step, .file = { .descriptor = -1 } };
    if (!options->log) return DG_OK;
    dg_status status = dg_journal_open(&log->file, options->log);
    if (status != DG_OK) return dg_error_context(status, "fit: log");
    own->on_epoch = on_epoch;
    own->on_past = on_past;
    if (options->on_batch) own->on_batch = on_batch;
    own->context = log;
    return DG_OK;
}

void dg_fit_log_end(dg_fit_log *log)
{
    dg_journal_close(&log->file);
}
