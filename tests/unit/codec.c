/* codec: every encoding gives back what it got, and refuses what is not its own. */
#include "unit.h"

#include "codec/codec.h"

static void every_encoding_comes_back(void **state)
{
	struct codec *c = codec_new(3);
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		enum codec_id id = (enum codec_id)(i % CODEC_COUNT);
		size_t n = rnd_below(&seed, 3000);
		char *text = malloc(n + 1), *back = malloc(n + 1);
		struct buf packed = { 0 };
		struct err e = { 0 };

		for (size_t k = 0; k < n; k++)
			text[k] = (char)("abc \n"[rnd_below(&seed, 5)]);
		codec_compress(c, id, bytes_of(text, n), &packed);
		assert_int_equal(codec_decompress(c, id, buf_bytes(&packed), back, n, &e), 0);
		assert_memory_equal(text, back, n);
		assert_int_equal(codec_decompress(c, id, buf_bytes(&packed), back, n + 1, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		if (n > 0)
			assert_int_equal(
				codec_decompress(c, id, buf_bytes(&packed), back, n - 1, &e), -1);
		for (size_t cut = 0; cut < packed.n; cut += 1 + packed.n / 20)
			if (n > 0)
				assert_int_equal(
					codec_decompress(c, id,
							 bytes_sub(buf_bytes(&packed), 0, cut),
							 back, n, &e),
					-1);
		buf_release(&packed);
		free(text);
		free(back);
	}
	codec_free(c);
}

static void names_and_numbers(void **state)
{
	struct codec *c = codec_new(1);
	struct err e;
	char to;

	(void)state;
	assert_string_equal(codec_name(CODEC_SNAPPY), "snappy");
	assert_null(codec_name(99));
	assert_int_equal(codec_decompress(c, 99, bytes_str("x"), &to, 1, &e), -1);
	assert_int_equal(e.code, ERR_VERSION);
	codec_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_encoding_comes_back),
					    cmocka_unit_test(names_and_numbers) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
