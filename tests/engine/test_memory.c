/* Memory: allocation, arrays that grow, owned values. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tensor/tensor.h"
#include "tests/engine/support.h"

static void memory_is_aligned_and_counted(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    for (int64_t size = 0; size < 300; size += 7) {
        unsigned char *block;
        assert_ok(dg_alloc_zero(&block, size, 1));
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % DG_ALIGNMENT, 0);
        for (int64_t i = 0; i < size; i++) assert_int_equal(block[i], 0);
        assert_true(dg_memory_live() >= before + size);
        memset(block, 1, (size_t)size);
        dg_free(block);
        assert_int_equal(dg_memory_live(), before);
    }
    dg_free(NULL);
}

static void resizing_keeps_what_was_there(void **state)
{
    (void)state;
    int32_t *numbers = NULL;
    int64_t before = dg_memory_live();
    assert_ok(dg_resize(&numbers, 10, sizeof *numbers));
    for (int i = 0; i < 10; i++) numbers[i] = i;
    assert_ok(dg_resize(&numbers, 1000, sizeof *numbers));
    for (int i = 0; i < 10; i++) assert_int_equal(numbers[i], i);
    int32_t *kept = numbers;
    support_fail_allocation(0);
    assert_fails_with(dg_resize(&numbers, 2000, sizeof *numbers), DG_NO_MEMORY, "out of memory");
    assert_ptr_equal(numbers, kept);
    assert_ok(dg_resize(&numbers, 3, sizeof *numbers));
    assert_int_equal(numbers[2], 2);
    dg_free(numbers);
    assert_int_equal(dg_memory_live(), before);
}

static void arrays_grow_by_doubling(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    int32_t *numbers = NULL;
    int moved = 0;
    for (int count = 0; count < 1000; count++) {
        int32_t *old = numbers;
        assert_ok(dg_grow(&numbers, count, sizeof *numbers));
        moved += numbers != old;
        numbers[count] = count;
    }
    assert_int_equal(moved, 11);
    for (int i = 0; i < 1000; i++) assert_int_equal(numbers[i], i);
    assert_true(dg_memory_live() - before >= 1024 * (int64_t)sizeof *numbers);
    dg_free(numbers);
    assert_int_equal(dg_memory_live(), before);
}

static void an_array_that_cannot_grow_is_as_before(void **state)
{
    (void)state;
    int32_t *numbers = NULL;
    support_fail_allocation(0);
    assert_fails_with(dg_grow(&numbers, 0, sizeof *numbers), DG_NO_MEMORY, "out of memory");
    assert_null(numbers);
    for (int count = 0; count < 4; count++) {
        assert_ok(dg_grow(&numbers, count, sizeof *numbers));
        numbers[count] = count;
    }
    int32_t *kept = numbers;
    support_fail_allocation(0);
    assert_fails_with(dg_grow(&numbers, 4, sizeof *numbers), DG_NO_MEMORY, "out of memory");
    assert_ptr_equal(numbers, kept);
    for (int i = 0; i < 4; i++) assert_int_equal(numbers[i], i);
    assert_fails_with(dg_grow(&numbers, (int64_t)1 << 61, 8), DG_NO_MEMORY, "out of memory");
    assert_ptr_equal(numbers, kept);
    dg_free(numbers);
}

static dg_status make_owned(char **out, dg_status before_the_end)
{
    DG_OWNED char *never_allocated = NULL;
    DG_OWNED char *text = never_allocated;
    DG_TRY(dg_copy_text(&text, "owned"));
    for (int i = 0; i < 3; i++) {
        DG_OWNED int32_t *each = NULL;
        DG_TRY(dg_alloc(&each, 10, sizeof *each));
        if (i == 1) break;
    }
    DG_TRY(before_the_end);
    *out = DG_TAKE(text);
    assert_null(text);
    return DG_OK;
}

static void owned_values_are_freed_on_every_way_out(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    char *text = NULL;
    assert_int_equal(make_owned(&text, DG_IO), DG_IO);
    assert_null(text);
    assert_int_equal(dg_memory_live(), before);
    for (int i = 0; i < 2; i++) {
        support_fail_allocation(i);
        assert_int_equal(make_owned(&text, DG_OK), DG_NO_MEMORY);
        assert_int_equal(dg_memory_live(), before);
    }
    assert_ok(make_owned(&text, DG_OK));
    assert_string_equal(text, "owned");
    dg_free(text);
    assert_int_equal(dg_memory_live(), before);
}

static void tensors_can_be_owned(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    dg_tensor taken;
    {
        DG_OWNED_TENSOR empty = { 0 };
        assert_null(empty.storage);
        DG_OWNED_TENSOR released = { 0 }, handed_over = { 0 };
        assert_ok(dg_tensor_zeros(&released, DG_FLOAT32, 1, (int64_t[]){ 5 }));
        assert_ok(dg_tensor_zeros(&handed_over, DG_UINT8, 1, (int64_t[]){ 3 }));
        taken = DG_TAKE(handed_over);
        assert_null(handed_over.storage);
    }
    assert_int_equal(taken.shape[0], 3);
    dg_tensor_release(&taken);
    assert_int_equal(dg_memory_live(), before);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    void *block = &block;
    assert_fails_with(dg_alloc(&block, INT64_MAX, 8), DG_NO_MEMORY, "cannot allocate");
    assert_null(block);
    assert_fails_with(dg_alloc(&block, -1, 1), DG_NO_MEMORY, "cannot allocate");
    assert_fails_with(dg_alloc(&block, INT64_MAX, 1), DG_NO_MEMORY, "cannot allocate");
    assert_fails_with(dg_alloc(&block, INT64_MAX / 2, 1), DG_NO_MEMORY, "are in use");
}

struct hooked {
    int asked, failed;
    bool again;
};

static bool count_calls(void *context, size_t bytes, bool failed)
{
    struct hooked *hooked = context;
    assert_true(bytes >= 100);
    hooked->asked += !failed;
    hooked->failed += failed;
    return hooked->again;
}

static void the_hook_is_asked_before_and_after(void **state)
{
    (void)state;
    struct hooked hooked = { .again = true };
    char *block;
    dg_memory_set_hook(count_calls, &hooked);
    assert_ok(dg_alloc(&block, 100, 1));
    dg_free(block);
    assert_true(hooked.asked == 1 && hooked.failed == 0);
    support_fail_allocation(0); /* once: the second attempt succeeds */
    assert_ok(dg_alloc(&block, 100, 1));
    dg_free(block);
    assert_true(hooked.asked == 2 && hooked.failed == 1);
    hooked.again = false;
    support_fail_allocation(0);
    assert_fails_with(dg_alloc(&block, 100, 1), DG_NO_MEMORY, "out of memory");
    assert_true(hooked.asked == 3 && hooked.failed == 2);
    dg_memory_set_hook(NULL, NULL);
}

static void texts_are_copied(void **state)
{
    (void)state;
    char text[] = "seven", *copy;
    assert_ok(dg_copy_text(&copy, text));
    text[0] = 'S';
    assert_string_equal(copy, "seven");
    dg_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_counted),
        cmocka_unit_test(resizing_keeps_what_was_there),
        cmocka_unit_test(arrays_grow_by_doubling),
        cmocka_unit_test(an_array_that_cannot_grow_is_as_before),
        cmocka_unit_test(owned_values_are_freed_on_every_way_out),
        cmocka_unit_test(tensors_can_be_owned),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(the_hook_is_asked_before_and_after),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
