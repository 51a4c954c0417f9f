/* Torn tail or damage: what of an acknowledged record is wrong is damage, whatever lies behind. And
 * what of a batch is lost with it. */
#include "wal_sample.h"

#include "base/crc32c.h"

/* Five batches, the fifth of them over several pages if it is large; returns where that begins. */
static size_t make_five(struct sample *s, uint64_t id, size_t n_last)
{
	uint64_t seed = id;
	uint32_t v[2];
	size_t at = 0;

	sample_begin(s, id);
	v[0] = sample_stream(s, "fake", "web");
	v[1] = sample_stream(s, "fake", "db");
	for (int i = 0; i < 5; i++) {
		at = s->bytes.n;
		sample_batch(s, &seed, v, 2, i < 4 ? 3 : n_last, n_last > 100 ? 400 : 20, 0);
	}
	return at;
}

static void add_nuls(struct buf *b, size_t n)
{
	memset(buf_reserve(b, n), 0, n);
	b->n += n;
}

/* What a crash leaves behind the acknowledged records. */
enum behind { NOTHING, TORN_RECORD, NULS, PAGES_OF_NULS, TORN_AND_NULS, A_SEGMENT, N_BEHIND };

static void add_behind(struct buf *b, struct sample *s, enum behind what)
{
	struct sample other;
	uint64_t seed = 5;
	uint32_t v = 0;
	size_t n = s->bytes.n;

	switch (what) {
	case NOTHING:
	case N_BEHIND:
		break;
	case TORN_RECORD:
	case TORN_AND_NULS:
		sample_batch(s, &seed, &v, 1, 40, 100, 0);
		buf_add(b, s->bytes.p + n, (s->bytes.n - n) / 2);
		if (what == TORN_AND_NULS)
			add_nuls(b, 3000);
		break;
	case NULS:
		add_nuls(b, 4000);
		break;
	case PAGES_OF_NULS:
		add_nuls(b, 3 * WAL_PAGE);
		break;
	case A_SEGMENT:
		make_five(&other, 99, 3);
		buf_add_bytes(b, buf_bytes(&other.bytes));
		sample_release(&other);
		break;
	}
}

static void expect(const struct buf *b, bool damaged)
{
	for (int m = WAL_READ_ALL; m <= WAL_READ_HEADS; m++) {
		struct seen v;

		see_bytes(&v, buf_bytes(b), (enum wal_read)m);
		assert_false(v.failed);
		assert_int_equal(v.n_damage > 0, damaged);
		seen_release(&v);
	}
}

static void flip(struct buf *b, size_t at, int bit)
{
	b->p[at] = (char)(b->p[at] ^ 1 << bit);
}

static void a_bit_of_the_last_acknowledged_record(void **state)
{
	(void)state;
	for (int what = NOTHING; what < N_BEHIND; what++) {
		struct sample s;
		struct buf b = { 0 };
		size_t at = make_five(&s, 41, 3), end = s.bytes.n;

		buf_add_bytes(&b, buf_bytes(&s.bytes));
		add_behind(&b, &s, (enum behind)what);
		if (what != A_SEGMENT)
			expect(&b, false);
		for (size_t k = at; k < end; k++)
			for (int bit = 0; bit < 8; bit++) {
				flip(&b, k, bit);
				expect(&b, true);
				flip(&b, k, bit);
			}
		buf_release(&b);
		sample_release(&s);
	}
}

/* The same of one that lies in many pages: the heads of its fragments, and bytes anywhere. */
static void a_bit_of_a_long_one(void **state)
{
	(void)state;
	for (int what = NOTHING; what < N_BEHIND; what++) {
		uint64_t seed = env_number("SEED", 7);
		struct sample s;
		struct buf b = { 0 };
		size_t at = make_five(&s, 42, 600), end = s.bytes.n;

		assert_true(end > 2 * WAL_PAGE + 100);
		buf_add_bytes(&b, buf_bytes(&s.bytes));
		add_behind(&b, &s, (enum behind)what);
		for (int i = 0; i < 8 * WAL_FRAG_HEAD * 3 + 60; i++) {
			size_t k = i % (8 * WAL_FRAG_HEAD), page = i / (8 * WAL_FRAG_HEAD);
			size_t where = (page ? (end / WAL_PAGE + page - 2) * WAL_PAGE : at) + k / 8;

			if (page >= 3)
				where = at + rnd_below(&seed, end - at);
			flip(&b, where, (int)k % 8);
			expect(&b, true);
			flip(&b, where, (int)k % 8);
		}
		buf_release(&b);
		sample_release(&s);
	}
}

/* A length or a type that is another altogether. */
static void any_length_or_type(void **state)
{
	(void)state;
	for (int what = NOTHING; what < N_BEHIND; what++) {
		struct sample s;
		struct buf b = { 0 };
		size_t at = make_five(&s, 43, 3);
		unsigned char was[2];

		buf_add_bytes(&b, buf_bytes(&s.bytes));
		add_behind(&b, &s, (enum behind)what);
		memcpy(was, b.p + at + 6, 2);
		for (unsigned n = 0; n < 65536; n += 307) {
			b.p[at + 6] = (char)(n >> 8);
			b.p[at + 7] = (char)n;
			if (memcmp(was, b.p + at + 6, 2) != 0)
				expect(&b, true);
		}
		memcpy(b.p + at + 6, was, 2);
		for (int type = 0; type < 256; type += 3) {
			b.p[at + 8] = (char)type;
			expect(&b, true);
		}
		buf_release(&b);
		sample_release(&s);
	}
}

/* A record that ends a few bytes into a sector, and those are NULs: no sector that was not written.
 */
static void a_record_that_ends_in_nuls(void **state)
{
	(void)state;
	for (int what = NOTHING; what < N_BEHIND; what++)
		for (size_t tail = 1; tail < 8; tail++) {
			struct sample s;
			struct buf data = { 0 }, b = { 0 };
			size_t at, end;

			make_five(&s, 44, 3);
			at = s.bytes.n;
			buf_add_str(&data, "\x81 passed over");
			add_nuls(&data, 512 - (at + WAL_FRAG_HEAD + data.n) % 512 + tail);
			memset(data.p + 13, 'x', data.n - 13 - tail);
			wal_packer_copy(s.packer, buf_bytes(&data), 0, &s.bytes);
			end = s.bytes.n;
			assert_int_equal(end % 512, tail);
			buf_add_bytes(&b, buf_bytes(&s.bytes));
			add_behind(&b, &s, (enum behind)what);
			for (size_t k = at; k < end; k++) {
				flip(&b, k, (int)k % 8);
				expect(&b, true);
				flip(&b, k, (int)k % 8);
			}
			buf_release(&b);
			buf_release(&data);
			sample_release(&s);
		}
}

/* Of a batch that lacks a fragment, what is in the others is read. */
static void a_broken_batch(void **state)
{
	struct sample s;
	uint64_t seed = 51;
	uint32_t v[200];
	size_t at, end;

	(void)state;
	sample_begin(&s, 51);
	for (size_t i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "app-%zu", i);
		v[i] = sample_stream(&s, "fake", name);
	}
	sample_batch(&s, &seed, v, 200, 3000, 20, 0); /* describes all streams */
	at = s.bytes.n;
	sample_batch(&s, &seed, v, 200, 3000, 400, 0);
	end = s.bytes.n;
	sample_batch(&s, &seed, v, 200, 20, 50, 0);
	wal_packer_end(s.packer, &s.bytes);
	assert_true(end - at > 10 * WAL_PAGE);
	for (size_t k = at + 3; k < end; k += WAL_PAGE / 2 + 77) {
		bool in_head = k / WAL_PAGE == at / WAL_PAGE;
		struct seen all, heads;

		flip(&s.bytes, k, (int)k % 8);
		see_bytes(&all, buf_bytes(&s.bytes), WAL_READ_ALL);
		see_bytes(&heads, buf_bytes(&s.bytes), WAL_READ_HEADS);
		assert_true(all.n_damage > 0);
		assert_int_equal(all.n_whole, 0);
		assert_int_equal(all.n_batches, in_head ? 2 : 3);
		assert_true(seen_is_part(&all, &s));
		assert_true(in_head ? all.n == 3020 : all.n > s.n * 2 / 3 && all.n < s.n);
		assert_int_equal(all.n, heads.n);
		seen_release(&all);
		seen_release(&heads);
		flip(&s.bytes, k, (int)k % 8);
	}
	sample_release(&s);
}

/* What a sidecar says of the first segment of a file it does not say of the next. */
static void what_was_good_was_the_first(void **state)
{
	struct streams *streams = streams_new();
	struct wal_reader *r;
	struct sample a, b;
	struct buf all = { 0 };
	struct seen v;
	size_t at;

	(void)state;
	make_five(&a, 61, 3);
	at = make_five(&b, 62, 3);
	buf_add_bytes(&all, buf_bytes(&a.bytes));
	buf_add(&all, b.bytes.p, at + 40); /* a torn tail */
	r = wal_reader_new_bytes(buf_bytes(&all), WAL_READ_ALL, streams);
	wal_reader_set_good(r, a.bytes.n + 1000);
	see(&v, r, streams);
	assert_int_equal(v.n_torn, 1);
	assert_int_equal(v.n_damage, 0);
	seen_release(&v);
	wal_reader_free(r);
	streams_free(streams);
	buf_release(&all);
	sample_release(&a);
	sample_release(&b);
}

static void one_bit_of_a_checksum(void **state)
{
	char b[300], c[300];
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = c[i] = (char)rnd_below(&seed, 256);
	for (size_t i = 0; i < 8 * sizeof(b); i++) {
		uint32_t diff;

		c[i / 8] = (char)(c[i / 8] ^ 1 << i % 8);
		diff = crc32c(b, sizeof(b)) ^ crc32c(c, sizeof(c));
		assert_true(crc32c_is_one_bit(diff, sizeof(b)));
		assert_int_equal(crc32c_is_one_bit(diff, sizeof(b) - 1 - i / 8), false);
		c[i / 8] = (char)(c[i / 8] ^ 1 << i % 8);
	}
	c[17] ^= 3;
	c[40] ^= 8;
	assert_false(crc32c_is_one_bit(crc32c(b, sizeof(b)) ^ crc32c(c, sizeof(c)), sizeof(b)));
	assert_false(crc32c_is_one_bit(0, sizeof(b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bit_of_a_checksum),
		cmocka_unit_test(a_bit_of_the_last_acknowledged_record),
		cmocka_unit_test(a_bit_of_a_long_one),
		cmocka_unit_test(any_length_or_type),
		cmocka_unit_test(a_record_that_ends_in_nuls),
		cmocka_unit_test(a_broken_batch),
		cmocka_unit_test(what_was_good_was_the_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
