/* http/digest.c: SHA-256 and HMAC against published vectors, comparison, hexadecimal digits. */
#include "http/digest.h"

#include "unit.h"

static void assert_hex(const struct digest *d, const char *hex)
{
	struct digest want;

	assert_true(digest_parse(bytes_str(hex), &want));
	assert_true(digest_equal(d, &want));
}

static void test_sha256(void **state)
{
	struct digest d;
	struct err e;

	(void)state;
	assert_int_equal(digest_sha256(BYTES_LIT("abc"), &d, &e), 0); /* FIPS 180-4 */
	assert_hex(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(digest_sha256((struct bytes){ 0 }, &d, &e), 0);
	assert_hex(&d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_keyed(void **state)
{
	struct digest key = { "Jefe" }, d, other;
	struct err e;

	(void)state;
	/* RFC 4231, test case 2: a key is filled up with NULs, as ours is. */
	assert_int_equal(digest_keyed(&key, BYTES_LIT("what do ya want for nothing?"), &d, &e), 0);
	assert_hex(&d, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(digest_random(&key, &e), 0);
	assert_int_equal(digest_keyed(&key, BYTES_LIT("what do ya want for nothing?"), &other, &e),
			 0);
	assert_false(digest_equal(&d, &other));
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"", "ba", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0"
	};
	struct digest d;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(digest_parse(bytes_str(bad[i]), &d));
	assert_true(digest_parse(
		BYTES_LIT("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"), &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_keyed),
		cmocka_unit_test(test_parse),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
