/* Chunks and packs: what goes in comes out, whatever the entries; damage never gives a wrong entry.
 */
#include "unit.h"

#include "base/crc32c.h"
#include "base/wr.h"
#include "chunk/chunk.h"
#include "chunk/pack.h"
#include "chunk/scan.h"

static uint64_t seed;

static struct labels some_labels(struct label *v, const char *app)
{
	v[0] = (struct label){ bytes_str("app"), bytes_str(app) };
	v[1] = (struct label){ bytes_str("host"), bytes_str("h1") };
	return (struct labels){ v, 2 };
}

/* n entries, sorted by time: equal times, gaps of every size, empty lines, newlines in lines,
 * metadata. */
static void fill(struct entries *es, size_t n)
{
	int64_t ts = 1700000000000000000 + (int64_t)rnd_below(&seed, 1000);
	bool with_meta = rnd_below(&seed, 2);

	for (size_t i = 0; i < n; i++) {
		char line[300];
		size_t len =
			rnd_below(&seed, 4) ? rnd_below(&seed, sizeof(line)) : rnd_below(&seed, 3);
		struct label pair[2] = { { BYTES_LIT("trace"), bytes_of(line, len < 8 ? len : 8) },
					 { BYTES_LIT("user"), BYTES_LIT("bob") } };
		uint32_t meta = 0;

		for (size_t k = 0; k < len; k++)
			line[k] = (char)(rnd_below(&seed, 8) ? 'a' + rnd_below(&seed, 4)
							     : rnd_below(&seed, 256));
		if (with_meta && rnd_below(&seed, 3))
			meta = metatab_add(&es->meta, pair, 1 + rnd_below(&seed, 2));
		ts += rnd_below(&seed, 3) ? (int64_t)rnd_below(&seed, 1000000) : 0;
		ts += rnd_below(&seed, 50) ? 0 : (int64_t)rnd_below(&seed, UINT64_C(1) << 40);
		entries_add(es, 0, ts, bytes_of(line, len), meta);
	}
}

static uint32_t *identity(size_t n)
{
	uint32_t *order = malloc(n * sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	return order;
}

static void same_meta(const struct entries *es, size_t i, const struct run *run, size_t k)
{
	struct metaview v = metatab_view(&es->meta);
	uint32_t set = run->meta_set ? run->meta_set[k] : 0;
	size_t n = meta_n_pairs(&v, es->v[i].meta);

	assert_int_equal(n, set ? meta_n_pairs(&run->meta, set) : 0);
	for (size_t p = 0; p < n; p++) {
		struct label a = meta_pair(&v, es->v[i].meta, p), b = meta_pair(&run->meta, set, p);

		assert_true(bytes_eq(a.name, b.name) && bytes_eq(a.value, b.value));
	}
}

/* The run holds entries from number `at` on. */
static void same_entries(const struct entries *es, size_t at, const struct run *run)
{
	for (size_t k = 0; k < run->n; k++) {
		assert_int_equal(run->ts_ns[k], es->v[at + k].ts_ns);
		assert_true(bytes_eq(run_line(run, k), entries_line(es, at + k)));
		same_meta(es, at + k, run, k);
	}
}

/* Encodes all entries as chunks one after another. */
static size_t encode_all(const struct chunk_params *p, const struct entries *es, const char *app,
			 struct buf *out, struct pack_chunk *dir)
{
	struct chunk_writer *w = chunk_writer_new(p);
	uint32_t *order = identity(es->n);
	uint64_t weight = chunk_weight(es, order, es->n);
	struct label v[2];
	struct labels labels = some_labels(v, app);
	struct hash128 id = labels_stream_id(BYTES_LIT("fake"), &labels);
	size_t n_chunks = 0;

	for (size_t i = 0; i < es->n; n_chunks++) {
		size_t n = chunk_split(p, es, order + i, es->n - i, &weight);
		uint64_t off = out->n;
		uint32_t head_len;

		assert_true(n >= 1 && n <= es->n - i);
		head_len = chunk_encode(w, BYTES_LIT("fake"), &labels, &id, es, order + i, n, out);
		if (dir)
			dir[n_chunks] =
				(struct pack_chunk){ off, (uint32_t)(out->n - off), head_len };
		i += n;
	}
	free(order);
	chunk_writer_free(w);
	return n_chunks;
}

static size_t read_chunk(struct bytes in, const struct entries *es, size_t at,
			 struct chunk_scratch *s, const struct chunk_params *p)
{
	struct arena a = { 0 };
	struct chunk c;
	struct err e;

	assert_int_equal(chunk_parse(in, &a, &c, &e), 0);
	assert_true(bytes_is(c.tenant, "fake"));
	assert_true(bytes_is(labels_get(&c.labels, "app"), "web"));
	assert_int_equal(c.from, es->v[at].ts_ns);
	for (uint32_t i = 0; i < c.fixed.n_blocks; i++) {
		struct bytes stored = bytes_sub(in, chunk_block_off(&c, i), c.block[i].stored_len);
		struct run run;

		assert_true(c.block[i].n <= p->block_entries);
		assert_true(c.block[i].n == 1 ||
			    c.block[i].line_bytes + c.block[i].n + c.block[i].meta_bytes <=
				    p->block_bytes);
		assert_int_equal(chunk_check_block(&c.block[i], stored, &e), 0);
		assert_int_equal(chunk_read_block(&c, &c.block[i], stored, WANT_ALL, s, &run, &e),
				 0);
		same_entries(es, at, &run);
		/* without the lines, their bytes need not be there */
		stored.n = chunk_block_need(&c.block[i], WANT_TS | WANT_LENS);
		assert_int_equal(
			chunk_read_block(&c, &c.block[i], stored, WANT_TS | WANT_LENS, s, &run, &e),
			0);
		assert_int_equal(run.ts_ns[run.n - 1], es->v[at + run.n - 1].ts_ns);
		assert_int_equal(run.line_off[run.n], c.block[i].line_bytes + c.block[i].n);
		at += run.n;
	}
	assert_int_equal(c.through, es->v[at - 1].ts_ns);
	arena_release(&a);
	return at;
}

static void round_trip(void **state)
{
	static const size_t sizes[] = { 1, 2, 10, 100, 3000 };
	struct chunk_scratch *s = chunk_scratch_new();
	struct pack_chunk dir[3000];

	(void)state;
	for (uint64_t round = 1; round < 60; round++) {
		seed = round;
		struct chunk_params p = { (enum codec_id)rnd_below(&seed, CODEC_COUNT),
					  (int)(1 + rnd_below(&seed, 3)),
					  (uint32_t)(1024 << rnd_below(&seed, 6)),
					  0,
					  (uint32_t)(1 + rnd_below(&seed, 500)),
					  BLOOM_NONE,
					  CHUNK_LINES_APART,
					  CHUNK_SMALL_APART };
		struct entries es = { 0 };
		struct buf out = { 0 };
		size_t n_chunks, at = 0;

		p.chunk_bytes = p.block_bytes * (uint32_t)(1 + rnd_below(&seed, 8));
		fill(&es, sizes[rnd_below(&seed, 5)]);
		n_chunks = encode_all(&p, &es, "web", &out, dir);
		for (size_t i = 0; i < n_chunks; i++)
			at = read_chunk(bytes_sub(buf_bytes(&out), dir[i].off, dir[i].len), &es, at,
					s, &p);
		assert_int_equal(at, es.n);
		entries_release(&es);
		buf_release(&out);
	}
	chunk_scratch_free(s);
}

/* A block of several parts, of which lines are wanted here and there. */
static void lines_of_some_entries(void **state)
{
	enum { N = 6000 };
	struct chunk_params p = chunk_params_default;
	struct entries es = { 0 };
	struct arena mem = { 0 };
	struct buf out = { 0 };
	struct pack_chunk dir[1];
	struct chunk_scratch *s = chunk_scratch_new();
	struct chunk c;
	struct bytes stored;
	struct run run;
	struct err e;

	(void)state;
	fill(&es, N);
	assert_int_equal(encode_all(&p, &es, "web", &out, dir), 1);
	assert_int_equal(chunk_parse(buf_bytes(&out), &mem, &c, &e), 0);
	assert_int_equal(c.fixed.n_blocks, 1);
	assert_true(c.block[0].col_raw[COL_LINES] > 600 << 10);
	stored = bytes_sub(buf_bytes(&out), chunk_block_off(&c, 0), c.block[0].stored_len);
	for (int i = 0; i < 100; i++) {
		uint32_t first = (uint32_t)rnd_below(&seed, N);
		uint32_t end = first + (uint32_t)rnd_below(&seed, i < 50 ? N - first + 1 : 3);
		struct shape_pick pick = { .first = first, .n = end - first };

		chunk_scratch_narrow(s, &pick);
		assert_int_equal(chunk_read_block(&c, &c.block[0], stored, WANT_LINES, s, &run, &e),
				 0);
		for (uint32_t k = first; k < end && k < N; k++)
			assert_true(bytes_eq(run_line(&run, k), entries_line(&es, k)));
	}
	chunk_scratch_narrow(s, &(struct shape_pick){ .n = 0 });
	assert_int_equal(chunk_read_block(&c, &c.block[0], stored, WANT_ALL, s, &run, &e), 0);
	same_entries(&es, 0, &run);
	chunk_scratch_free(s);
	buf_release(&out);
	arena_release(&mem);
	entries_release(&es);
}

static void extreme_times(void **state)
{
	struct chunk_scratch *s = chunk_scratch_new();
	struct entries es = { 0 };
	struct buf out = { 0 };

	(void)state;
	entries_add(&es, 0, INT64_MIN, BYTES_LIT("first"), 0);
	entries_add(&es, 0, 0, BYTES_LIT(""), 0);
	entries_add(&es, 0, INT64_MAX, BYTES_LIT("last"), 0);
	assert_int_equal(encode_all(&chunk_params_default, &es, "web", &out, NULL), 1);
	assert_int_equal(read_chunk(buf_bytes(&out), &es, 0, s, &chunk_params_default), 3);
	entries_release(&es);
	buf_release(&out);
	chunk_scratch_free(s);
}

/* Two streams, several chunks, a trailer. */
static void make_pack(struct buf *out, struct entries *es, struct arena *a, size_t *ret_chunks)
{
	static const struct chunk_params p = {
		CODEC_ZSTD, 1, 1024, 2048, 100, BLOOM_NONE, CHUNK_LINES_APART, CHUNK_SMALL_APART
	};
	struct pack_chunk dir[100];
	struct hash128 seg[2] = { { { 1 } }, { { 2 } } };
	struct pack_trailer t = { .tenant = BYTES_LIT("fake"), .day = 20000, .order_key = 77 };

	seed = 9;
	fill(es, 30);
	t.n_chunks = encode_all(&p, es, "db", out, dir);
	t.n_chunks += encode_all(&p, es, "web", out, dir + t.n_chunks);
	t.params = p;
	t.chunk = dir;
	t.segments = (struct hash_list){ seg, 2 };
	t.parts = (struct hash_list){ seg, 1 };
	t.mixed = true;
	t.deletes = arena_alloc(a, sizeof(struct bytes));
	t.deletes[0] = BYTES_LIT("req-1");
	t.n_deletes = 1;
	pack_trailer_encode(&t, out);
	*ret_chunks = t.n_chunks;
}

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	struct bytes b = bytes_sub(*(struct bytes *)data, off, n);

	if (b.n < n)
		return err_set(e, ERR_CORRUPT, "short");
	memcpy(p, b.p, n);
	return 0;
}

static void trailer_round_trip(void **state)
{
	struct entries es = { 0 };
	struct buf out = { 0 };
	struct arena a = { 0 };
	struct pack_trailer t;
	struct bytes whole;
	struct err e;
	size_t n;

	(void)state;
	make_pack(&out, &es, &a, &n);
	whole = buf_bytes(&out);
	assert_int_equal(pack_read_trailer(read_at, &whole, whole.n, &a, &t, &e), 0);
	assert_true(bytes_is(t.tenant, "fake"));
	assert_int_equal(t.day, 20000);
	assert_int_equal(t.order_key, 77);
	assert_int_equal(t.params.block_entries, 100);
	assert_int_equal(t.n_chunks, n);
	assert_int_equal(t.segments.n, 2);
	assert_int_equal(t.segments.v[1].b[0], 2);
	assert_int_equal(t.parts.n, 1);
	assert_int_equal(t.replaced.n, 0);
	assert_true(t.mixed);
	assert_true(bytes_is(t.deletes[0], "req-1"));
	/* bytes in front: the chunks do not fill what is before the trailer */
	assert_int_equal(pack_parse_trailer(whole, whole.n + 1, &a, &t, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
}

/* Lengths, checksum and end of a trailer that has none. */
static void trailer_end(struct buf *b)
{
	uint32_t head_len = (uint32_t)b->n + 4;

	wr_patch_u32be(b, 8, head_len + 8);
	wr_patch_u32be(b, 12, head_len - 24);
	wr_u32be(b, crc32c(b->p, b->n));
	wr_u32be(b, head_len + 8);
	buf_add_str(b, "LKPT");
}

/* Sources stand behind all that the first trailers had, and only when there are any. */
static void trailer_with_sources(void **state)
{
	struct hash128 id[] = { { { 1 } }, { { 2 } } };
	struct pack_trailer t = { .tenant = BYTES_LIT("t"), .day = 3 }, got;
	struct buf without = { 0 }, with = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	pack_trailer_encode(&t, &without);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&without), without.n, &a, &got, &e));
	assert_int_equal(got.sources.n, 0);
	t.sources = (struct hash_list){ id, 2 };
	pack_trailer_encode(&t, &with);
	assert_int_equal(with.n, without.n + 1 + 32);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&with), with.n, &a, &got, &e));
	assert_int_equal(got.sources.n, 2);
	assert_int_equal(0, hash128_cmp(&got.sources.v[1], &id[1]));
	for (unsigned i = 1; i < 33; i++) { /* cut, with lengths and checksum of the rest */
		struct buf cut = { 0 };

		buf_add(&cut, with.p, with.n - 12 - i); /* checksum, length, end magic */
		trailer_end(&cut);
		assert_int_equal(-1, pack_parse_trailer(buf_bytes(&cut), cut.n, &a, &got, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
		buf_release(&cut);
	}
	with.n -= 12;
	buf_add_str(&with, "what a later version has");
	trailer_end(&with);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&with), with.n, &a, &got, &e));
	assert_int_equal(got.sources.n, 2);
	arena_release(&a);
	buf_release(&without);
	buf_release(&with);
}

/* A trailer beyond the first read, which is 64 KiB. */
static void long_trailer(void **state)
{
	size_t n = 100000;
	struct pack_chunk *dir = malloc(n * sizeof(*dir));
	struct pack_trailer t = { .tenant = BYTES_LIT("t"), .chunk = dir, .n_chunks = n };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct bytes whole;
	struct err e;

	(void)state;
	for (size_t i = 0; i < n; i++)
		dir[i] = (struct pack_chunk){ i * 100, 100, 80 };
	memset(buf_reserve(&out, n * 100), 'x', n * 100);
	out.n = n * 100;
	pack_trailer_encode(&t, &out);
	whole = buf_bytes(&out);
	assert_int_equal(pack_read_trailer(read_at, &whole, whole.n, &a, &t, &e), 0);
	assert_int_equal(t.chunk[n - 1].off, (n - 1) * 100);
	arena_release(&a);
	buf_release(&out);
	free(dir);
}

struct pipe {
	struct bytes left;
	size_t step;
};

static int64_t fill_pipe(void *data, void *p, size_t n, struct err *e)
{
	struct pipe *in = data;
	struct bytes b = bytes_sub(in->left, 0, n < in->step ? n : in->step);

	(void)e;
	if (b.n > 0)
		memcpy(p, b.p, b.n);
	in->left = bytes_sub(in->left, b.n, in->left.n);
	return (int64_t)b.n;
}

struct tally {
	size_t entries, chunks, trailers, faults;
	bool only_true; /* every entry given is one that was written, in its place */
};

static void count_chunk(const struct chunk_piece *piece, const struct entries *es,
			struct chunk_scratch *s, struct tally *t)
{
	const struct chunk *c = &piece->chunk;
	size_t at = 0;

	t->chunks++;
	while (at < es->n && es->v[at].ts_ns != c->from)
		at++;
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		struct bytes stored =
			bytes_sub(piece->bytes, chunk_block_off(c, i), piece->bytes.n);
		struct run run;

		if (chunk_read_block(c, &c->block[i], stored, WANT_ALL, s, &run, NULL) < 0) {
			t->faults++;
			at += c->block[i].n;
			continue;
		}
		for (size_t k = 0; k < run.n; k++, at++, t->entries++)
			if (at >= es->n || run.ts_ns[k] != es->v[at].ts_ns ||
			    !bytes_eq(run_line(&run, k), entries_line(es, at)))
				t->only_true = false;
	}
}

static struct tally scan(struct chunk_scan *scan, const struct entries *es)
{
	struct chunk_scratch *s = chunk_scratch_new();
	struct tally t = { .only_true = true };
	struct chunk_piece piece;
	struct err e;
	int rc;

	while ((rc = chunk_scan_next(scan, &piece, &e)) > 0) {
		if (piece.kind == PIECE_CHUNK)
			count_chunk(&piece, es, s, &t);
		else if (piece.kind == PIECE_TRAILER)
			t.trailers++;
		else
			t.faults++;
	}
	assert_int_equal(rc, 0);
	chunk_scan_free(scan);
	chunk_scratch_free(s);
	return t;
}

static struct tally scan_pipe(struct bytes in, const struct entries *es, size_t step)
{
	struct pipe pipe = { in, step };

	return scan(chunk_scan_new(fill_pipe, &pipe), es);
}

static void scan_whole(void **state)
{
	static const size_t steps[] = { 1, 7, 100000 };
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct bytes once;
	size_t n;

	(void)state;
	make_pack(&out, &es, &a, &n);
	once = bytes_of(memcpy(malloc(out.n), out.p, out.n), out.n);
	buf_add_bytes(&out, once); /* as `cat a.pack b.pack` gives it */
	for (size_t i = 0; i < 3; i++) {
		struct tally t = scan_pipe(buf_bytes(&out), &es, steps[i]);

		assert_int_equal(t.chunks, 2 * n);
		assert_int_equal(t.trailers, 2);
		assert_int_equal(t.entries, 4 * es.n);
		assert_int_equal(t.faults, 0);
		assert_true(t.only_true);
	}
	free((char *)once.p);
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
}

static void cut_everywhere(void **state)
{
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	size_t n, faultless = 0;

	(void)state;
	make_pack(&out, &es, &a, &n);
	for (size_t cut = 0; cut < out.n; cut++) {
		struct bytes in = bytes_sub(buf_bytes(&out), 0, cut);
		struct tally t = scan(chunk_scan_new_bytes(in), &es);

		assert_true(t.only_true);
		assert_int_equal(t.trailers, 0);
		assert_true(t.faults <= n);
		faultless += t.faults == 0;
	}
	/* only a cut between two chunks leaves nothing to see: chunks without a trailer are valid
	 */
	assert_int_equal(faultless, n + 1);
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
}

static void flip_every_bit(void **state)
{
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct tally t;
	size_t n;

	(void)state;
	make_pack(&out, &es, &a, &n);
	for (size_t bit = 0; bit < 8 * out.n; bit++) {
		out.p[bit / 8] ^= (char)(1 << (bit % 8));
		t = bit % 2 ? scan_pipe(buf_bytes(&out), &es, 1000)
			    : scan(chunk_scan_new_bytes(buf_bytes(&out)), &es);
		out.p[bit / 8] ^= (char)(1 << (bit % 8));
		assert_true(t.only_true);
		assert_true(t.faults >= 1);
		assert_true(t.chunks >= n - 1); /* one bit costs one chunk at most */
	}
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
}

/* Bytes lost in a block: the chunks behind it are found all the same. */
static void bytes_lost(void **state)
{
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct tally t;
	size_t n;

	(void)state;
	make_pack(&out, &es, &a, &n);
	for (size_t at = 0; at + 10 < out.n; at++) {
		struct buf cut = { 0 };

		buf_add(&cut, out.p, at);
		buf_add(&cut, out.p + at + 10, out.n - at - 10);
		t = at % 2 ? scan_pipe(buf_bytes(&cut), &es, 1000)
			   : scan(chunk_scan_new_bytes(buf_bytes(&cut)), &es);
		assert_true(t.only_true && t.faults >= 1);
		assert_true(t.chunks >= n - 2); /* the ten bytes may have lain in two */
		buf_release(&cut);
	}
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
}

/* A head changed by someone who also mends its checksum. */
static int forged(void (*change)(struct buf *), enum err_code *ret)
{
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct pack_chunk dir[1];
	struct chunk c;
	struct err e;
	int rc;

	entries_add(&es, 0, 1, BYTES_LIT("line"), 0);
	encode_all(&chunk_params_default, &es, "web", &out, dir);
	change(&out);
	wr_patch_u32be(&out, dir[0].head_len - 4, crc32c(out.p, dir[0].head_len - 4));
	rc = chunk_parse(buf_bytes(&out), &a, &c, &e);
	*ret = rc < 0 ? e.code : ERR_NONE;
	arena_release(&a);
	entries_release(&es);
	buf_release(&out);
	return rc;
}

static void no_change(struct buf *b)
{
	(void)b;
}

static void other_version(struct buf *b)
{
	b->p[4] = 2;
}

static void unknown_flag_refused(struct buf *b)
{
	b->p[5] = 0x10;
}

static void unknown_flag_ignored(struct buf *b)
{
	b->p[5] = 0x02;
}

static void with_dictionary(struct buf *b)
{
	wr_patch_u32be(b, 20, 1);
}

static void longer(struct buf *b)
{
	wr_patch_u32be(b, 8, (uint32_t)b->n + 1);
}

static void is_trailer(struct buf *b)
{
	b->p[5] = 1;
}

static void refusals(void **state)
{
	static const struct {
		void (*change)(struct buf *);
		enum err_code code;
	} cases[] = {
		{ no_change, ERR_NONE },
		{ other_version, ERR_VERSION },
		{ unknown_flag_refused, ERR_VERSION },
		{ unknown_flag_ignored, ERR_NONE },
		{ with_dictionary, ERR_VERSION },
		{ longer, ERR_CORRUPT },
		{ is_trailer, ERR_VERSION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum err_code code;

		forged(cases[i].change, &code);
		assert_int_equal(code, cases[i].code);
	}
}

/* Seconds from a log with many lines in each: no timestamp lies in two blocks, or in two chunks. */
static void blocks_end_where_the_time_changes(void **state)
{
	struct chunk_params p = chunk_params_default;
	struct entries es = { 0 };
	struct buf out = { 0 };
	struct arena a = { 0 };
	int64_t last = INT64_MIN;
	size_t n_blocks = 0;

	(void)state;
	p.block_bytes = 4096;
	p.chunk_bytes = 16384;
	for (int i = 0; i < 20000; i++)
		entries_add(&es, 0, 1000 + i / 30, BYTES_LIT("a line of twenty byt"), 0);
	encode_all(&p, &es, "web", &out, NULL);
	for (size_t off = 0; off < out.n;) {
		struct chunk c;
		struct err e;

		assert_int_equal(
			chunk_parse(bytes_sub(buf_bytes(&out), off, out.n - off), &a, &c, &e), 0);
		for (uint32_t i = 0; i < c.fixed.n_blocks; i++, n_blocks++) {
			assert_true(c.block[i].min_ts > last);
			last = c.block[i].max_ts;
		}
		off += c.fixed.len;
	}
	assert_int_equal(last, 1000 + 19999 / 30);
	assert_true(n_blocks > 100 && n_blocks < 200);
	arena_release(&a);
	buf_release(&out);
	entries_release(&es);
}

/* Of another tenant, and back, a chunk is what it was; only ours are moved. */
static void moved_and_back(void **state)
{
	static const struct chunk_params p = {
		CODEC_ZSTD, 1, 4096, 1 << 16, 1000, BLOOM_NONE, CHUNK_LINES_APART, CHUNK_SMALL_APART
	};
	struct buf out = { 0 }, other = { 0 }, again = { 0 };
	struct entries es = { 0 };
	struct arena a = { 0 };
	struct chunk c, moved;
	uint32_t head_len;
	struct hash128 id;
	struct err e;

	(void)state;
	seed = 7;
	fill(&es, 300);
	assert_int_equal(encode_all(&p, &es, "web", &out, NULL), 1);
	assert_int_equal(chunk_parse(buf_bytes(&out), &a, &c, &e), 0);
	assert_int_equal(
		chunk_move(&c, buf_bytes(&out), BYTES_LIT("another"), &other, &head_len, &e), 0);
	assert_int_equal(chunk_parse(buf_bytes(&other), &a, &moved, &e), 0);
	id = labels_stream_id(BYTES_LIT("another"), &c.labels);
	assert_true(bytes_is(moved.tenant, "another"));
	assert_int_equal(hash128_cmp(&moved.stream_id, &id), 0);
	assert_int_equal(moved.fixed.head_len, head_len);
	assert_int_equal(moved.fixed.len, other.n);
	assert_int_equal(moved.n, c.n);
	assert_true(
		bytes_eq(bytes_sub(buf_bytes(&other), head_len, other.n - head_len),
			 bytes_sub(buf_bytes(&out), c.fixed.head_len, out.n - c.fixed.head_len)));
	assert_int_equal(
		chunk_move(&moved, buf_bytes(&other), BYTES_LIT("fake"), &again, &head_len, &e), 0);
	assert_true(bytes_eq(buf_bytes(&again), buf_bytes(&out)));
	out.p[CHUNK_FIXED_LEN + 1] ^= 1; /* as if the tenant were written otherwise */
	assert_int_equal(chunk_move(&c, buf_bytes(&again), BYTES_LIT("x"), &other, &head_len, &e),
			 -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	arena_release(&a);
	buf_release(&out);
	buf_release(&other);
	buf_release(&again);
	entries_release(&es);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_end_where_the_time_changes),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(lines_of_some_entries),
		cmocka_unit_test(extreme_times),
		cmocka_unit_test(trailer_round_trip),
		cmocka_unit_test(trailer_with_sources),
		cmocka_unit_test(long_trailer),
		cmocka_unit_test(scan_whole),
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(flip_every_bit),
		cmocka_unit_test(bytes_lost),
		cmocka_unit_test(refusals),
		cmocka_unit_test(moved_and_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
