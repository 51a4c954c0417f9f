/* codec: every encoding gives back what it got, and refuses what is not its own. */
#include "unit.h"

#include <snappy-c.h>
#include <zstd.h>

#include "codec/codec.h"
#include "codec/snap.h"
#include "codec/unsnap.h"

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

static void parts_are_decompressed_apart(void **state)
{
	enum { N = 10000, PART = 900, EVEN = N / 12 }; /* 12 parts, of 833 bytes or 834 */
	struct codec *c = codec_new(3);
	char text[N], back[N];
	uint64_t seed = 5;

	(void)state;
	for (size_t k = 0; k < N; k++)
		text[k] = (char)("abc \n"[rnd_below(&seed, 5)]);
	for (int i = 0; i < 300; i++) {
		enum codec_id id = (enum codec_id)(i % CODEC_COUNT);
		size_t n = i < 30 ? (size_t)i * 331 : N, from = rnd_below(&seed, n + 1);
		size_t to = from + rnd_below(&seed, n - from + 1);
		struct buf packed = { 0 };
		struct err e = { 0 };

		codec_compress_parts(c, id, bytes_of(text, n), PART, &packed);
		memset(back, 'x', N);
		assert_int_equal(
			codec_decompress_range(c, id, buf_bytes(&packed), back, n, from, to, &e),
			0);
		assert_memory_equal(text + from, back + from, to - from);
		if (id == CODEC_ZSTD && n == N && to > from) {
			if (from > EVEN + 1)
				assert_int_equal(back[0], 'x');
			if (to < N - EVEN - 1)
				assert_int_equal(back[N - 1], 'x');
		}
		/* All of it, by those who know of no parts. */
		assert_int_equal(codec_decompress(c, id, buf_bytes(&packed), back, n, &e), 0);
		assert_memory_equal(text, back, n);
		assert_int_equal(codec_decompress_range(c, id, buf_bytes(&packed), back, n + 1,
							from, to, &e),
				 -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		for (size_t cut = 1; n > 0 && cut <= packed.n; cut += 1 + packed.n / 20)
			assert_int_equal(codec_decompress_range(
						 c, id,
						 bytes_sub(buf_bytes(&packed), 0, packed.n - cut),
						 back, n, from, to, &e),
					 -1);
		buf_release(&packed);
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

/* As logs are: words again and again, runs of one byte, and some that come never again. */
static char *make_text(uint64_t *seed, size_t n)
{
	static const char *const words[] = { "level=info", " msg=\"request done\"",
					     "\n",	   "0000000000",
					     "ab",	   "abcdefg abcdefg ",
					     " " };
	char *text = malloc(n + 1);
	size_t at = 0, some = 1 + rnd_below(seed, 9);

	while (at < n) {
		size_t k = rnd_below(seed, 10), len = 1 + rnd_below(seed, some * some * some);
		const char *word = words[k % 7];

		for (size_t i = 0; at < n && i < (k < 7 ? strlen(word) : len); i++)
			text[at++] = k < 7 ? word[i] : k < 9 ? (char)rnd_below(seed, 256) : 'x';
	}
	return text;
}

/* By a reader that keeps no more of the text than the frame says it has to. */
static void expect_streamed(struct bytes packed, struct bytes text)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { packed.p, packed.n, 0 };
	char to[1000];

	for (size_t at = 0, rc = 1; rc;) {
		ZSTD_outBuffer out = { to, sizeof(to), 0 };

		rc = ZSTD_decompressStream(z, &out, &in);
		assert_false(ZSTD_isError(rc));
		assert_in_range(out.pos, 0, text.n - at);
		assert_memory_equal(to, text.p + at, out.pos);
		at += out.pos;
		assert_true(rc || at == text.n);
	}
	assert_int_equal(in.pos, in.size);
	ZSTD_freeDStream(z);
}

/* As long as blocks, and as what our levels look back, and a little less or more. */
static void levels_of_our_own_come_back(void **state)
{
	static const size_t near[] = { 0,	  21,	   1000,    128 << 10,
				       256 << 10, 1 << 20, 2 << 20, 300 << 10 };
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < 160; i++) {
		struct codec *c = codec_new((int)(4 + i % 4));
		size_t n = near[i / 4 % 8] + (i < 32 ? 0 : rnd_below(&seed, 60));
		char *text = make_text(&seed, n), *back = malloc(n + 1), *exact = malloc(n);
		struct buf packed = { 0 };
		struct err e;

		memcpy(exact, text, n);
		for (int again = 0; again < 2; again++) {
			buf_reset(&packed);
			codec_compress(c, CODEC_ZSTD, bytes_of(exact, n), &packed);
			assert_int_equal(
				codec_decompress(c, CODEC_ZSTD, buf_bytes(&packed), back, n, &e),
				0);
			assert_memory_equal(back, text, n);
		}
		expect_streamed(buf_bytes(&packed), bytes_of(text, n));
		buf_release(&packed);
		codec_free(c);
		free(text);
		free(back);
		free(exact);
	}
}

static size_t size_at(int level, struct bytes text)
{
	struct codec *c = codec_new(level);
	struct buf packed = { 0 };
	size_t n;

	codec_compress(c, CODEC_ZSTD, text, &packed);
	n = packed.n;
	buf_release(&packed);
	codec_free(c);
	return n;
}

static size_t zstds_size_at(int level, struct bytes text)
{
	size_t bound = ZSTD_compressBound(text.n);
	char *to = malloc(bound);
	size_t n = ZSTD_compress(to, bound, text.p, text.n, level);

	free(to);
	return n;
}

/* Lines of three kinds, with numbers and ids in them. */
static void levels_of_our_own_are_smaller(void **state)
{
	struct buf b = { 0 };
	uint64_t seed = 3;

	(void)state;
	while (b.n < 400000) {
		unsigned long id = rnd_below(&seed, 1UL << 40), n = rnd_below(&seed, 50000);

		switch (rnd_below(&seed, 3)) {
		case 0:
			buf_addf(&b, "level=info msg=\"request done\" id=%010lx took=%lums\n", id,
				 n);
			break;
		case 1:
			buf_addf(&b, "level=warn msg=\"queue is long\" waiting=%lu id=%010lx\n", n,
				 id);
			break;
		default:
			buf_addf(&b, "level=info msg=\"job begins\" kind=%c job=%lu trace=%010lx\n",
				 "abc"[n % 3], n, id);
		}
	}
	for (int level = 4; level <= 7; level++)
		assert_true(size_at(level, buf_bytes(&b)) * 100 <
			    zstds_size_at(level, buf_bytes(&b)) * 97);
	buf_release(&b);
}

/* Buffers have exactly the size they need, so that a tool like asan sees what is touched besides.
 */
static void snappy_is_the_librarys(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		size_t n = rnd_below(&seed, i % 50 ? 3000 : 200000), ours_n, said, back_n = n;
		size_t theirs_n = snappy_max_compressed_length(n);
		char *text = make_text(&seed, n), *back = malloc(n + 1), *exact = malloc(n);
		char *ours = malloc(snap_bound(n)), *theirs = malloc(theirs_n);

		ours_n = snap(bytes_of(text, n), ours);
		ours = realloc(ours, ours_n);
		assert_int_equal(snappy_uncompress(ours, ours_n, back, &back_n), SNAPPY_OK);
		assert_int_equal(back_n, n);
		assert_memory_equal(back, text, n);
		assert_true(unsnap_size(bytes_of(ours, ours_n), &said) && said == n);
		assert_true(unsnap(bytes_of(ours, ours_n), exact, n));
		assert_memory_equal(exact, text, n);
		assert_int_equal(snappy_compress(text, n, theirs, &theirs_n), SNAPPY_OK);
		theirs = realloc(theirs, theirs_n);
		memset(exact, 0, n);
		assert_true(unsnap(bytes_of(theirs, theirs_n), exact, n));
		assert_memory_equal(exact, text, n);
		free(text);
		free(back);
		free(exact);
		free(ours);
		free(theirs);
	}
}

/* What a bad one is is the library's opinion too. */
static void snappy_damaged(void **state)
{
	uint64_t seed = 7;
	size_t good = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = rnd_below(&seed, 400), packed_n, said, theirs_n;
		char *text = make_text(&seed, n), *packed = malloc(snap_bound(n));
		char *ours, *theirs;
		bool valid;

		packed_n = snap(bytes_of(text, n), packed);
		for (size_t k = rnd_below(&seed, 3); k > 0; k--)
			packed[rnd_below(&seed, packed_n)] = (char)rnd_below(&seed, 256);
		packed_n -= i % 5 ? 0 : rnd_below(&seed, packed_n);
		packed = realloc(packed, packed_n);
		valid = snappy_uncompressed_length(packed, packed_n, &theirs_n) == SNAPPY_OK;
		assert_int_equal(unsnap_size(bytes_of(packed, packed_n), &said), valid);
		if (valid && said < 1 << 20) {
			assert_int_equal(said, theirs_n);
			ours = calloc(1, said + 1);
			theirs = calloc(1, said + 1);
			valid = snappy_uncompress(packed, packed_n, theirs, &theirs_n) == SNAPPY_OK;
			assert_int_equal(unsnap(bytes_of(packed, packed_n), ours, said), valid);
			if (valid)
				assert_memory_equal(ours, theirs, said);
			good += valid;
			free(ours);
			free(theirs);
		}
		free(text);
		free(packed);
	}
	assert_true(good > 5000 && good < 15000);
}

/* Tags that neither side makes: an offset of four bytes, lengths of three and four, and copies of
 * each short pattern. */
static void snappy_tags(void **state)
{
	static const char four[] = "\x08\x0c"
				   "abcd\x0f\x04\0\0\0";
	static const char len_3[] = "\x05\xf8\x04\0\0hello", len_4[] = "\x05\xfc\x04\0\0\0hello";
	static const char none[] = "\x08\x0c"
				   "abcd\x0d\0",
			  far[] = "\x08\x0c"
				  "abcd\x0d\x05";
	char to[400] = { 0 };

	(void)state;
	assert_true(unsnap(bytes_of(four, sizeof(four) - 1), to, 8));
	assert_memory_equal(to, "abcdabcd", 8);
	assert_true(unsnap(bytes_of(len_3, sizeof(len_3) - 1), to, 5));
	assert_memory_equal(to, "hello", 5);
	assert_true(unsnap(bytes_of(len_4, sizeof(len_4) - 1), to, 5));
	assert_false(unsnap(bytes_of(none, sizeof(none) - 1), to, 8));
	assert_false(unsnap(bytes_of(far, sizeof(far) - 1), to, 8));
	for (size_t offset = 1; offset <= 20; offset++) {
		struct buf b = { 0 };

		buf_add(&b, "\xc0\x02", 2); /* 320 bytes */
		buf_add_char(&b, 19 << 2);
		buf_add_str(&b, "abcdefghijklmnopqrst");
		for (size_t n = 20; n < 320; n += 60) {
			buf_add_char(&b, (char)(59 << 2 | 2));
			buf_add_char(&b, (char)offset);
			buf_add_char(&b, 0);
		}
		assert_true(unsnap(buf_bytes(&b), to, 320));
		for (size_t i = 20; i < 320; i++)
			assert_int_equal(to[i], to[i - offset]);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding_comes_back),
		cmocka_unit_test(parts_are_decompressed_apart),
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(levels_of_our_own_come_back),
		cmocka_unit_test(levels_of_our_own_are_smaller),
		cmocka_unit_test(snappy_is_the_librarys),
		cmocka_unit_test(snappy_damaged),
		cmocka_unit_test(snappy_tags),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
