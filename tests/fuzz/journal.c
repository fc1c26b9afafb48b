/* libFuzzer: journals, read whole and line by line, cut and appended to. */
#define ENDING ".jsonl"
#include "tests/fuzz/target.h"

#include "engine/base/memory.h"
#include "engine/store/journal.h"
#include "engine/store/json.h"

static void fuzz_file(const char *path)
{
    dg_journal journal;
    char *text = NULL;
    if (dg_journal_open(&journal, path) != DG_OK) abort();
    int64_t size = journal.size;
    if (dg_journal_read(&journal, &text) != DG_OK) abort();
    char *line = text;
    for (char *end = memchr(line, '\n', (size_t)(text + size - line)); end;
         end = memchr(line, '\n', (size_t)(text + size - line))) {
        cJSON *item;
        dg_status status = dg_json_parse(&item, path, line, (size_t)(end - line));
        check_refusal(status, path);
        cJSON_Delete(item);
        line = end + 1;
    }
    if (dg_journal_cut(&journal, line - text) != DG_OK) abort(); /* what was torn */
    if (dg_journal_append(&journal, "{}", 2) != DG_OK || journal.size != line - text + 3) abort();
    dg_free(text);
    dg_journal_close(&journal);
}
