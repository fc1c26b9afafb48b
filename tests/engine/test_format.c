/* Formats whose files have the labels in them: they need not say where labels lie. */
#include "engine/part/part.h"
#include "engine/data/format.h"
#include "tests/engine/support.h"

typedef struct counting_options {
    const char *file;
    int64_t rows;
} counting_options;

/* Row i is {i}, its label i. */
static dg_status count(dg_format_found *out, const void *options, const dg_dataset_fields *record,
                       const dg_job *job)
{
    const counting_options *o = options;
    (void)record;
    (void)job;
    DG_TRY(dg_tensor_new(&out->x, DG_FLOAT32, 2, (int64_t[]){ o->rows, 1 }));
    DG_TRY(dg_tensor_new(&out->y, DG_INT32, 1, &o->rows));
    for (int64_t i = 0; i < o->rows; i++) {
        dg_floats(&out->x)[i] = (float)i;
        dg_int32s(&out->y)[i] = (int32_t)i;
    }
    return DG_OK;
}

static const dg_param params[] = {
    DG_PATH(counting_options, file, .required = true, .doc = "the rows and their labels"),
    DG_INT(counting_options, rows, DG_AT_LEAST(1), .default_number = 3, .doc = "how many"),
    DG_END,
};

static const dg_format_type counting = {
    .part = { .kind = "format",
              .name = "counting",
              .params = params,
              .options_size = sizeof(counting_options) },
    .endings = (const char *const[]){ ".counting", NULL },
    .read = count,
};

static const dg_format_type only_a_path = {
    .part = { .kind = "format",
              .name = "only_a_path",
              .params =
                  (const dg_param[]){ DG_PATH(counting_options, file, .doc = "both"), DG_END },
              .options_size = sizeof(counting_options) },
    .endings = (const char *const[]){ ".counting", NULL },
    .read = count,
};

static void labels_may_lie_in_the_file_of_rows(void **state)
{
    (void)state;
    const dg_dataset *set;
    assert_ok(dg_format_open(&set, &counting, "x.counting", NULL));
    assert_int_equal(dg_dataset_rows(set), 3);
    assert_int_equal(dg_int32s(&set->labels)[2], 2);
    dg_dataset_release(set);
    counting_options options = { .file = "x.counting", .rows = 2 };
    assert_ok(dg_format_read(&set, &only_a_path, &options, &(dg_dataset_fields){ 0 }, NULL));
    assert_int_equal(dg_dataset_rows(set), 2);
    dg_dataset_release(set);
}

static void labels_beside_it_are_refused(void **state)
{
    (void)state;
    const dg_dataset *set = NULL;
    assert_fails_with(dg_format_open(&set, &counting, "x.counting", "y.counting"), DG_INVALID,
                      "y.counting: files of the format counting contain their labels");
    assert_null(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(labels_may_lie_in_the_file_of_rows),
        leaving_nothing(labels_beside_it_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
