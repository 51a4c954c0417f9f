/* push: bodies as they were sent, without their Content-Encoding. */
#include "unit.h"

#include <snappy-c.h>
#include <sys/resource.h>
#include <zlib.h>
#include <zstd.h>

#include "base/crc32c.h"
#include "base/sanitized.h"
#include "push/body.h"

enum { MAX = 1 << 20 };

static const enum push_encoding encodings[] = { PUSH_PLAIN, PUSH_GZIP, PUSH_DEFLATE, PUSH_SNAPPY,
						PUSH_ZSTD };

static void add_deflated(struct buf *out, int window, const char *text, size_t n)
{
	z_stream z = { .next_in = (Bytef *)text, .avail_in = (uInt)n };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.avail_out = (uInt)deflateBound(&z, n) + 64;
	z.next_out = (Bytef *)buf_reserve(out, z.avail_out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

static void add_packed(struct buf *out, enum push_encoding how, const char *text, size_t n)
{
	size_t room = snappy_max_compressed_length(n);

	switch (how) {
	case PUSH_PLAIN:
		buf_add(out, text, n);
		break;
	case PUSH_GZIP:
		add_deflated(out, 15 + 16, text, n);
		break;
	case PUSH_DEFLATE:
		add_deflated(out, 15, text, n);
		break;
	case PUSH_SNAPPY:
		assert_int_equal(snappy_compress(text, n, buf_reserve(out, room), &room),
				 SNAPPY_OK);
		out->n += room;
		break;
	case PUSH_ZSTD:
		room = ZSTD_compressBound(n);
		room = ZSTD_compress(buf_reserve(out, room), room, text, n, 3);
		assert_false(ZSTD_isError(room));
		out->n += room;
		break;
	}
}

static void unpacks_to(enum push_encoding how, const struct buf *packed, size_t max,
		       struct bytes text)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	char *copy = malloc(packed->n ? packed->n : 1);

	assert_non_null(copy);
	if (packed->n)
		memcpy(copy, packed->p, packed->n);
	buf_add_str(&out, "what was there before");
	if (push_decompress(how, bytes_of(copy, packed->n), max, &out, &e) < 0)
		fail_msg("encoding %d: %s", how, e.msg);
	assert_true(bytes_eq(buf_bytes(&out), text));
	buf_release(&out);
	free(copy);
}

static void is_refused(enum push_encoding how, struct bytes packed, size_t max, enum err_code code,
		       const char *text)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(push_decompress(how, packed, max, &out, &e), -1);
	assert_int_equal(e.code, code);
	if (text)
		assert_string_equal(e.msg, text);
	buf_release(&out);
}

static void every_encoding_comes_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 300; i++) {
		enum push_encoding how = encodings[i % 5];
		size_t n = rnd_below(&seed, i < 250 ? 3000 : 300000);
		char *text = malloc(n + 1);
		struct buf packed = { 0 };

		assert_non_null(text);
		for (size_t k = 0; k < n; k++)
			text[k] = (char)("abc \n"[rnd_below(&seed, 5)]);
		add_packed(&packed, how, text, n);
		unpacks_to(how, &packed, MAX, bytes_of(text, n));
		unpacks_to(how, &packed, n, bytes_of(text, n));
		if (n > 0)
			is_refused(how, buf_bytes(&packed), n - 1, ERR_LIMIT, NULL);
		for (size_t cut = 0; how != PUSH_PLAIN && cut < packed.n; cut += 1 + packed.n / 20)
			is_refused(how, bytes_of(packed.p, cut), MAX, ERR_CORRUPT, NULL);
		buf_release(&packed);
		free(text);
	}
}

static void forms_that_clients_send(void **state)
{
	struct buf b = { 0 };

	(void)state;
	add_deflated(&b, -15, "raw", 3);
	unpacks_to(PUSH_DEFLATE, &b, MAX, BYTES_LIT("raw"));
	buf_reset(&b);
	/* a stored block whose first two bytes look like zlib's: 0x78 of no meaning, then a length
	 */
	buf_add(&b, "\x78\x9c\x00\x63\xff", 5);
	for (int i = 0; i < 0x9c; i++)
		buf_add_char(&b, 'x');
	buf_add(&b, "\x03\x00", 2);
	unpacks_to(PUSH_DEFLATE, &b, MAX, bytes_of(b.p + 5, 0x9c));
	buf_reset(&b);
	add_packed(&b, PUSH_GZIP, "one", 3);
	add_packed(&b, PUSH_GZIP, "two", 3);
	unpacks_to(PUSH_GZIP, &b, MAX, BYTES_LIT("onetwo"));
	is_refused(PUSH_GZIP, buf_bytes(&b), 5, ERR_LIMIT,
		   "message size too large: it unpacks to more than 5 bytes");
	buf_reset(&b);
	add_packed(&b, PUSH_ZSTD, "one", 3);
	add_packed(&b, PUSH_ZSTD, "two", 3);
	unpacks_to(PUSH_ZSTD, &b, MAX, BYTES_LIT("onetwo"));
	buf_release(&b);
}

static void add_chunk(struct buf *b, char type, struct bytes data, struct bytes content)
{
	uint32_t crc = crc32c(content.p, content.n);

	crc = (crc >> 15 | crc << 17) + 0xa282ead8;
	buf_add_char(b, type);
	buf_add_char(b, (char)(data.n + 4));
	buf_add_char(b, (char)((data.n + 4) >> 8));
	buf_add_char(b, 0);
	buf_add(b, &crc, 4);
	buf_add_bytes(b, data);
}

static void framed_snappy_is_read(void **state)
{
	struct buf b = { 0 }, packed = { 0 };

	(void)state;
	buf_add(&b, "\xff\x06\x00\x00sNaPpY", 10);
	add_packed(&packed, PUSH_SNAPPY, "aaaaaaaaaaaaaaaaaaaaaaaa", 24);
	add_chunk(&b, 0, buf_bytes(&packed), BYTES_LIT("aaaaaaaaaaaaaaaaaaaaaaaa"));
	add_chunk(&b, 1, BYTES_LIT("plain"), BYTES_LIT("plain"));
	buf_add(&b, "\xfe\x02\x00\x00..", 6);
	unpacks_to(PUSH_SNAPPY, &b, 29, BYTES_LIT("aaaaaaaaaaaaaaaaaaaaaaaaplain"));
	is_refused(PUSH_SNAPPY, buf_bytes(&b), 28, ERR_LIMIT, NULL);
	is_refused(PUSH_SNAPPY, buf_bytes(&b), 23, ERR_LIMIT, NULL);
	b.p[b.n - 7] ^= 1; /* of "plain" */
	is_refused(PUSH_SNAPPY, buf_bytes(&b), MAX, ERR_CORRUPT, "snappy: corrupt input");
	b.p[b.n - 7] ^= 1;
	b.p[b.n - 6] = 2; /* a chunk that nobody may skip */
	is_refused(PUSH_SNAPPY, buf_bytes(&b), MAX, ERR_CORRUPT, "snappy: corrupt input");
	buf_release(&b);
	buf_release(&packed);
}

static void damage_is_told(void **state)
{
	struct buf b = { 0 };

	(void)state;
	is_refused(PUSH_PLAIN, BYTES_LIT("12345"), 4, ERR_LIMIT,
		   "message size too large: 5 bytes, at most 4");
	is_refused(PUSH_GZIP, BYTES_LIT("x"), MAX, ERR_CORRUPT, "gzip: cut short at byte 1");
	is_refused(PUSH_GZIP, BYTES_LIT("{\"streams\":[]}"), MAX, ERR_CORRUPT,
		   "gzip: incorrect header check at byte 2");
	is_refused(PUSH_SNAPPY, BYTES_LIT("x"), MAX, ERR_CORRUPT, "snappy: corrupt input");
	is_refused(PUSH_SNAPPY, BYTES_LIT(""), MAX, ERR_CORRUPT, "snappy: corrupt input");
	is_refused(PUSH_ZSTD, BYTES_LIT("xxxxxxxx"), MAX, ERR_CORRUPT,
		   "zstd: Unknown frame descriptor at byte 0");
	add_packed(&b, PUSH_DEFLATE, "text", 4);
	buf_add_char(&b, 'x');
	is_refused(PUSH_DEFLATE, buf_bytes(&b), MAX, ERR_CORRUPT,
		   "deflate: something stands behind its end at byte 12");
	/* what promises 900 MB in ten bytes is not believed */
	is_refused(PUSH_SNAPPY, BYTES_LIT("\x80\xd2\x93\xad\x03xxxxx"), SIZE_MAX / 2, ERR_CORRUPT,
		   "snappy: corrupt input");
	/* nor is zstd's window of 2 GiB */
	is_refused(PUSH_ZSTD, BYTES_LIT("\x28\xb5\x2f\xfd\x00\xa8\x03\x00\x00"), MAX, ERR_CORRUPT,
		   "zstd: a window of more than 8388608 bytes at byte 0");
	buf_release(&b);
}

static long max_rss_kib(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_maxrss;
}

/* 1 GB of zeros: refused with the memory that the limit allows, not with what it would take. */
static void a_bomb_takes_little(void **state)
{
	enum { PIECE = 1 << 20, PIECES = 1000 };
	struct buf bomb[3] = { 0 };
	z_stream z = { 0 };
	ZSTD_CStream *c = ZSTD_createCStream();
	char *zeros = calloc(1, PIECE), *to = malloc(PIECE);
	long before;

	(void)state;
	assert_true(zeros && to && c);
	deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	for (int i = 0; i < PIECES; i++) {
		ZSTD_inBuffer in = { zeros, PIECE, 0 };
		ZSTD_outBuffer out = { to, PIECE, 0 };

		z.next_in = (Bytef *)zeros;
		z.avail_in = PIECE;
		z.next_out = (Bytef *)to;
		z.avail_out = PIECE;
		deflate(&z, i + 1 < PIECES ? Z_NO_FLUSH : Z_FINISH);
		buf_add(&bomb[0], to, PIECE - z.avail_out);
		ZSTD_compressStream2(c, &out, &in, i + 1 < PIECES ? ZSTD_e_continue : ZSTD_e_end);
		buf_add(&bomb[1], to, out.pos);
	}
	buf_add(&bomb[2], "\x80\x94\xeb\xdc\x03\x00\x00", 7); /* 1 GB, snappy says */
	for (int i = 0; i < 16 << 20; i++)
		buf_add(&bomb[2], "\xfe\x01\x00", 3);
	before = max_rss_kib();
	is_refused(PUSH_GZIP, buf_bytes(&bomb[0]), 20 * MAX, ERR_LIMIT, NULL);
	is_refused(PUSH_ZSTD, buf_bytes(&bomb[1]), 20 * MAX, ERR_LIMIT, NULL);
	is_refused(PUSH_SNAPPY, buf_bytes(&bomb[2]), 20 * MAX, ERR_LIMIT, NULL);
	if (!SANITIZED) /* which keeps what is freed, to watch it */
		assert_in_range(max_rss_kib() - before, 0, 80 << 10);
	deflateEnd(&z);
	ZSTD_freeCStream(c);
	for (int i = 0; i < 3; i++)
		buf_release(&bomb[i]);
	free(zeros);
	free(to);
}

static void names_of_encodings(void **state)
{
	static const struct {
		const char *name;
		enum push_encoding encoding;
	} good[] = { { "", PUSH_PLAIN },      { "identity", PUSH_PLAIN },
		     { "gzip", PUSH_GZIP },   { "GZip", PUSH_GZIP },
		     { "x-gzip", PUSH_GZIP }, { " snappy ", PUSH_SNAPPY },
		     { "zstd", PUSH_ZSTD },   { "deflate", PUSH_DEFLATE },
		     { "zlib", PUSH_DEFLATE } };
	enum push_encoding found;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(push_encoding_of(bytes_str(good[i].name), &found, &e), 0);
		assert_int_equal(found, good[i].encoding);
	}
	assert_int_equal(push_encoding_of(bytes_of(NULL, 0), &found, &e), 0);
	assert_int_equal(push_encoding_of(BYTES_LIT("lz4"), &found, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_string_equal(e.msg, "Content-Encoding \"lz4\" not supported");
	assert_int_equal(push_encoding_of(BYTES_LIT("gzip, zstd"), &found, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bomb_takes_little), /* first: it looks at the memory in use */
		cmocka_unit_test(every_encoding_comes_back),
		cmocka_unit_test(forms_that_clients_send),
		cmocka_unit_test(framed_snappy_is_read),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(names_of_encodings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
