# tests/cross: what stands in for cmocka and the libraries in tests of another processor.
. tests/setup/tap.sh
cat >"$scratch/test_some.c" <<'END'
#include "tests/cross/cmocka.h"
void *cJSON_Parse(const char *text);
static void holds(void **state)
{
    (void)state;
    assert_int_equal(2, 2);
    assert_string_equal("a", "a");
}
static void is_absent(void **state)
{
    (void)state;
    assert_null(cJSON_Parse("{}"));
    assert_true(0);
}
static void fails(void **state)
{
    (void)state;
    assert_int_equal(2, 3);
}
static void is_needed(void **state)
{
    cross_never_skip();
    is_absent(state);
}
static int never(void **state)
{
    (void)state;
    return -1;
}
int main(int count, char **words)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(is_absent), cmocka_unit_test(holds) };
    const struct CMUnitTest bad[] = { cmocka_unit_test(fails),
                                      cmocka_unit_test_setup_teardown(holds, NULL, never),
                                      cmocka_unit_test(is_needed) };
    if (count == 1) return cmocka_run_group_tests(tests, NULL, NULL);
    return words[1][0] == 'b' ? cmocka_run_group_tests(bad, NULL, NULL) : cJSON_Parse("") != NULL;
}
END
gcc -I. -c "$scratch/test_some.c" -o "$scratch/test_some.o"
tests/cross/absent nm "$scratch/test_some.o" >"$scratch/absent.c"
gcc -I. -Wall -Wextra -Werror tests/cross/cmocka.c "$scratch/absent.c" "$scratch/test_some.o" -o "$scratch/some"
"$scratch/some" >"$out" 2>&1
check "a program whose tests hold or are skipped succeeds" [ $? = 0 ]
check "says how many tests it has" says '^1\.\.2$'
check "skips a test that needs what is absent, and names it" says '^ok 1 - is_absent # SKIP without cJSON_Parse$'
check "goes on after it" says '^ok 2 - holds$'
"$scratch/some" bad >"$out" 2>&1
check "counts what fails" [ $? = 3 ]
check "a check that does not hold" says '^not ok 1 - fails$'
check "with what it found" says '^2 is 2, wanted 3$'
check "and a teardown that fails" says '^not ok 2 - holds$'
check "a test that must not be skipped" says '^not ok 3 - is_needed$'
check "with what it lacked" says '^cJSON_Parse was called in a test that must not be skipped$'
"$scratch/some" none >"$out" 2>&1
check "does not return from what is absent outside of a test" [ $? != 0 ]
check "and names it" says '^cJSON_Parse was called'

build() { ${MAKE:-make} --no-print-directory -s BUILD="$scratch/b" CROSS_COMPILE=nowhere- programs >"$out" 2>&1; }
check "without the compiler nothing is built" not build
check "and it is named" says 'needs nowhere-gcc for CROSS_COMPILE'

bare=$scratch/bare
mkdir "$bare"
for program in sh basename dirname mktemp rm date sed grep getconf timeout cat; do
    ln -s "$(command -v $program)" "$bare/$program"
done
PATH=$bare tests/run --arm64 kernel >"$out" 2>&1
check "tests that were asked for fail without the compiler" [ $? = 1 ]
check "and say what they need" says 'skipped, since there is no aarch64-linux-gnu-gcc (.vendor/install arm64.)'
finish
