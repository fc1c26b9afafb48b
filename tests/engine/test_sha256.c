/* SHA-256 against the answers of NIST: the examples of FIPS 180-4 and SHA256ShortMsg.rsp. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/sha256.h"
#include "tests/engine/support.h"

/* Checks the digest of the text, added in pieces of every size. */
static void expect_here(const char *text, size_t count, const char *digest)
{
    char hex[DG_SHA256_HEX];
    dg_sha256_of(text, count, hex);
    assert_string_equal(hex, digest);
    for (size_t piece = 1; piece < count; piece++) {
        dg_sha256 hash;
        dg_sha256_begin(&hash);
        for (size_t at = 0; at < count; at += piece)
            dg_sha256_add(&hash, text + at, count - at < piece ? count - at : piece);
        dg_sha256_end(&hash, hex);
        assert_string_equal(hex, digest);
    }
}

/* The same, with and without the instructions that the processor may have for it. */
static void expect(const char *text, size_t count, const char *digest)
{
    const char *level = dg_kernel_name();
    expect_here(text, count, digest);
    assert_ok(dg_kernel_use("default"));
    expect_here(text, count, digest);
    assert_ok(dg_kernel_use(level));
}

static void test_examples(void **state)
{
    (void)state;
    static const char short_text[] = "abc",
                      two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                      long_text[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(short_text, strlen(short_text),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(two_blocks, strlen(two_blocks),
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect(long_text, strlen(long_text),
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void test_bytes(void **state)
{
    (void)state;
    expect("\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
    expect("\x74\xba\x25\x21", 4,
           "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e");
}

/* Around the places where the padding needs another block; 0 bytes, as NIST's examples of SHA-256
 * beyond the standard have them. */
static void test_padding(void **state)
{
    (void)state;
    char zeros[1000] = { 0 };
    expect(zeros, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
    expect(zeros, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
    expect(zeros, 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785");
    expect(zeros, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
    expect(zeros, 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53");
}

static void test_million(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    char hex[DG_SHA256_HEX], *text = malloc(MILLION);
    memset(text, 'a', MILLION);
    dg_sha256_of(text, MILLION, hex);
    free(text);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_million),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
